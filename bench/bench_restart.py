#!/usr/bin/env python3
"""From the start after `kill -9` to the first new durable block: recovery loads customers and the checkpoint and rates the
journal's tail again.

  bench/bench_restart.py                 1 million customers, 10 s of records behind the last checkpoint, 3 runs
  bench/bench_restart.py --subscribers 10000 --records 2000000 --seconds 1 --runs 1

The first million records (the first file) is in a checkpoint, then the service reads on and makes none of its own; SIGKILL
comes `--seconds` after its first block. There must be records for so long, else it says so. --seconds 0 (killed at the first
block) shows what loading costs; --cold drops the store's files from the cache before the restart, as after a power cut.
"""
import argparse
import os
import signal
import subprocess
import sys
import time

import machine
import stores

NEVER_MS = 1000000000
LOOK_S = 0.002
GIVE_UP_S = 300


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=1000000)
    parser.add_argument("--records", type=int, default=15000000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--cold", action="store_true")
    return parser.parse_args()


def journal_bytes(store):
    return sum(os.path.getsize(os.path.join(path, name))
               for path, _, names in os.walk(store) for name in names if "journal" in f"{path}/{name}"[len(store):])


def start(folder):
    errors = open(f"{folder}/errors", "wb")  # pylint: disable=consider-using-with
    with errors:
        return subprocess.Popen([machine.SUANPAN, "run", f"{folder}/store", "--files", f"{folder}/world/usage",
                                 "--until-end"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)


def wait_growth(folder, child, above):
    """Seconds until the journals hold more than `above` bytes."""
    began = time.monotonic()
    while journal_bytes(f"{folder}/store") <= above:
        if child.poll() is not None or time.monotonic() - began > GIVE_UP_S:
            child.kill()
            sys.exit("the records came to an end before the kill: more --records or fewer --seconds")
        time.sleep(LOOK_S)
    return time.monotonic() - began


def drop(store):
    for path, _, names in os.walk(store):
        for name in names:
            file = os.open(f"{path}/{name}", os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def end(child):
    child.send_signal(signal.SIGKILL)
    child.wait()


def one(folder, options):
    """The bytes of journal that were replayed, and the seconds to the first block behind them."""
    stores.make_store(f"{folder}/store", f"{folder}/world", options.shards, checkpoint_ms=NEVER_MS, checkpoint_records=NEVER_MS)
    stores.call("run", f"{folder}/store", "--files", f"{folder}/world/usage/usage-00001.csv", "--until-end")
    empty = journal_bytes(f"{folder}/store")
    child = start(folder)
    wait_growth(folder, child, empty)
    time.sleep(options.seconds)
    if child.poll() is not None:
        sys.exit("the records came to an end before the kill: more --records or fewer --seconds")
    end(child)
    tail = journal_bytes(f"{folder}/store")
    if options.cold:
        drop(f"{folder}/store")
    child = start(folder)
    seconds = wait_growth(folder, child, tail)
    end(child)
    return tail - empty, seconds


def main():
    options = options_read()
    with stores.Folder("restart") as folder:
        stores.make_world(f"{folder}/world", 11, options.subscribers, max(options.subscribers // 200, 4), 60,
                          options.records)
        runs = [one(folder, options) for _ in range(options.runs)]
    more = {"records_behind_s": options.seconds, "cold": options.cold, "shards": options.shards, **machine.Probe().members}
    machine.figure("restart", "start to first new block", "s", [seconds for _, seconds in runs], options.subscribers, **more)
    machine.figure("restart", "journal replayed", "bytes", [tail for tail, _ in runs], options.subscribers, **more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
