#!/usr/bin/env python3
"""Bytes per customer: resident memory of a run, state and directory on disk.

  bench/bench_memory.py                  100,000 and 1 million customers, 2 records each
  bench/bench_memory.py --subscribers 2000 20000

What rings, batches and blocks take does not grow with customers, so a customer's bytes are the difference of two runs
divided by the customers between them. The duplicate marks of all their records are in it: bench_decode prints bytes per
mark, bench_core the state of a customer alone, bench_directory its entry in the directory.
"""
import argparse
import sys

import machine
import stores


def one(folder, subscribers, records_each):
    """Resident, anonymous, state, directory bytes of a store with so many customers."""
    stores.make_world(f"{folder}/world", 11, subscribers, max(subscribers // 200, 4), 60, subscribers * records_each)
    stores.make_store(f"{folder}/store", f"{folder}/world")
    run = stores.Run(f"{folder}/store", ["--files", f"{folder}/world/usage"])
    return {"resident": run.resident_bytes, "anonymous": run.anonymous_bytes,
            "state on disk": stores.bytes_under(f"{folder}/store", "state"),
            "directory on disk": stores.bytes_under(f"{folder}/store", "directory")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs=2, default=(100000, 1000000), metavar=("FEW", "MANY"))
    parser.add_argument("--records-each", type=int, default=2)
    options = parser.parse_args()
    few, many = options.subscribers
    with stores.Folder("memory") as folder:
        small, large = (one(folder, subscribers, options.records_each) for subscribers in (few, many))
    for what, value in large.items():
        machine.figure("memory", what, "bytes/customer", [(value - small[what]) / (many - few)], many,
                       records_each=options.records_each, bytes=value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
