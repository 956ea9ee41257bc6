#!/usr/bin/env python3
"""Files to durable journal and checkpoint: records/s on this machine's cores, CPU and journal bytes per record.

  bench/bench_stream.py                  5 million records of 200,000 subscribers, 3 runs
  bench/bench_stream.py --runs 5 --row   the row of bench/README.md's table last
  bench/bench_stream.py --world DIR      a province that `suanpan gen` made before

Seconds are those from the first read to the last checkpoint, as `run --json` reports them; CPU is of the whole process less
that of a run over no records, so opening the store and loading customers do not count in it.
"""
import argparse
import datetime
import os
import statistics
import sys

import machine
import stores


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--subscribers", type=int, default=200000)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--records", type=int, default=5000000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--workers", type=int, default=0, help="threads that rate (0 = by cores)")
    parser.add_argument("--world", help="a folder that `suanpan gen` made with these numbers")
    parser.add_argument("--keep", action="store_true", help="keep the province and the last store")
    parser.add_argument("--row", action="store_true", help="print the table row of bench/README.md last")
    return parser.parse_args()


def measure(folder, options):
    world = options.world
    if world is None:
        world = f"{folder}/world"
        stores.make_world(world, options.seed, options.subscribers, options.groups, options.days, options.records)
    begin_s = stores.start_cpu_s(folder, world, options.shards, options.workers)
    runs, probes = [], []
    for number in range(options.runs):
        stores.make_store(f"{folder}/store", world, options.shards)
        probes.append(machine.Probe().members)
        with machine.Stolen() as stolen:
            run = stores.Run(f"{folder}/store", ["--files", f"{world}/usage"], options.workers)
        run.stolen, run.cpu_s = stolen.share, run.cpu_s - begin_s
        runs.append(run)
        machine.note(f"run {number + 1} of {options.runs}: {run.report['records_per_s']} records/s, "
                     f"{run.cpu_s * 1e6 / run.report['records']:.2f} us CPU a record, stolen {stolen.share:.0%}")
    return runs, probes


def show(runs, probes, options):
    records = runs[0].report["records"]
    more = {key: round(statistics.median(probe[key] for probe in probes), 2) for key in probes[0]}
    more.update(subscribers=options.subscribers, shards=options.shards, workers=options.workers,
                stolen=round(statistics.median(run.stolen for run in runs), 3),
                checkpoints=statistics.median(run.report["checkpoints"] for run in runs))

    def line(what, unit, value):
        return machine.figure("stream", what, unit, [value(run) for run in runs], records, **more)

    line("file to durable, with start and end", "records/s", lambda run: records / run.wall_s)
    line("CPU", "us/record", lambda run: run.cpu_s * 1e6 / records)
    line("journal", "bytes/record", lambda run: run.report["journal_bytes"] / records)
    line("block", "records", lambda run: records / max(run.report["blocks"], 1))
    line("resident", "bytes", lambda run: run.resident_bytes)
    return line("file to durable", "records/s", lambda run: run.report["records_per_s"])


def row_print(line, runs, command):
    """The row for the table "File to durable" of bench/README.md."""
    records = line["n"]
    cpu = statistics.median(run.cpu_s for run in runs) * 1e6 / records
    journal = statistics.median(run.report["journal_bytes"] for run in runs) / records
    print(f"| {datetime.date.today()} | {line['value'] / 1e6:.2f} M/s ({line['min'] / 1e6:.2f}–{line['max'] / 1e6:.2f}, "
          f"{line['runs']} runs) | {cpu:.2f} µs | {journal:.1f} B | load {line['load']}, stolen {line['stolen']:.0%}, "
          f"step {line['probe_step_ns']:.2f} ns, read {line['probe_read_ns']:.0f} ns | `{command}` |")


def main():
    options = options_read()
    with stores.Folder("stream", options.keep) as folder:
        runs, probes = measure(folder, options)
        line = show(runs, probes, options)
        if options.row:
            row_print(line, runs, " ".join(["bench/" + os.path.basename(sys.argv[0]), *sys.argv[1:]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
