#!/usr/bin/env python3
"""Replay of a store against another book: records/s on this machine's cores, CPU per record.

  bench/bench_replay.py                  2 million records of 80,000 subscribers, 3 runs
  bench/bench_replay.py --records 20000 --subscribers 800 --runs 1

The other book is the store's own under another name, so the difference must be zero, or the figure is none. Seconds and CPU
are those of the whole process less those of a replay of a store without records.
"""
import argparse
import json
import re
import resource
import sys
import time

import machine
import stores


def replay(store, book):
    """Elapsed seconds, CPU seconds, what was said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    said = json.loads(stores.call("replay", store, "--book", book, "--json"))
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def other_book(world):
    path = f"{world}/book/book.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"^name:.*$", "name: other", text, flags=re.M))
    return f"{world}/book"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=80000)
    parser.add_argument("--records", type=int, default=2000000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with stores.Folder("replay") as folder:
        world = f"{folder}/world"
        stores.make_world(world, 11, options.subscribers, max(options.subscribers // 200, 4), 60, options.records)
        stores.make_store(f"{folder}/store", world)
        stores.Run(f"{folder}/store", ["--files", f"{world}/usage"])
        stores.start_cpu_s(folder, world)
        book = other_book(world)
        begin_s, begin_cpu_s, _ = replay(f"{folder}/empty", book)
        runs = [replay(f"{folder}/store", book) for _ in range(options.runs)]
    records = runs[0][2]["records"]
    if any(float(said["difference"]) != 0 for _, _, said in runs) or records < options.records * 0.9:
        sys.exit(f"replay by the same book: {json.dumps(runs[0][2])[:400]}")
    more = {"subscribers": options.subscribers, **machine.Probe().members}
    machine.figure("replay", "store by another book", "records/s",
                   [records / max(seconds - begin_s, 1e-6) for seconds, _, _ in runs], records, **more)
    machine.figure("replay", "CPU", "us/record", [(cpu - begin_cpu_s) * 1e6 / records for _, cpu, _ in runs], records,
                   **more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
