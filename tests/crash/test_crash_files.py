#!/usr/bin/env python3
"""kill -9 at random moments over one stream of files: everything equals the uninterrupted run, on other numbers of shards too.

SUANPAN_KILLS (12; 4 under sanitizers), SUANPAN_CRASH_RECORDS (120000; 20000) and SUANPAN_SEED widen it."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

SLOW = bool(os.environ.get("SUANPAN_SANITIZE"))
KILLS = int(os.environ.get("SUANPAN_KILLS", "4" if SLOW else "12"))
RECORDS = int(os.environ.get("SUANPAN_CRASH_RECORDS", "20000" if SLOW else "120000"))


def main():
    rng, seed = crash.seed_of("crash_files")
    with crash.folder_of("crash-files") as folder:
        world = f"{folder}/world"
        crash.generate(world, seed, RECORDS)
        config = f"{folder}/suanpan.yaml"
        crash.write_config(config, cut_ms=1, checkpoint_ms=30)
        crash.init(f"{folder}/whole", world, 4, config)
        whole_s = [crash.timed(
            lambda: crash.call("run", f"{folder}/whole", "--files", f"{world}/usage", "--until-end"))]
        expected = crash.answer(f"{folder}/whole")
        assert expected["audit"]["in"] >= RECORDS, expected
        hits, round_number, places = 0, 0, []
        while hits < KILLS:
            shards = (1, 2, 4)[round_number % 3]
            store = f"{folder}/killed"
            crash.init(store, world, shards, config)
            arguments = ["run", store, "--files", f"{world}/usage", "--until-end", "--workers", 1 + round_number % 2]
            hits += crash.run_killed(arguments, rng, whole_s, KILLS - hits, places)
            found = crash.answer(store)
            if found != expected:
                sys.exit(f"seed {seed}, round {round_number}, {shards} shards:\n{expected}\n{found}")
            shutil.rmtree(store)
            round_number += 1
            if round_number > 50 + KILLS:
                sys.exit(f"only {hits} of {KILLS} kills hit a running process")
        middle = sum(0 < place < expected["audit"]["in"] for place in places)
        print(f"{hits} kills ({middle} in the middle of the stream) over {round_number} runs of {RECORDS} records: all equal")


if __name__ == "__main__":
    main()
