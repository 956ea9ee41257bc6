#!/usr/bin/env python3
"""Nanoseconds of CPU per record by stage: files to durable under `perf record`, samples grouped like instructions.py's.

  bench/bench_stages.py                          2 million records of 80,000 subscribers, 3 runs
  bench/bench_stages.py --records 200000 --subscribers 8000 --runs 1 --top 30

A stage's time = its share of the samples x CPU seconds of the process, opening the store left out. A library's functions
count for the stage that calls it where only one does (zstd: compress; LMDB: checkpoint), else as `libraries`; the kernel's
(reading, writing, syncing, page faults) as `kernel`. Exit 77 where perf is not there or not allowed.
"""
import argparse
import os
import re
import subprocess
import sys

import instructions
import machine
import stores

HERTZ = 1997
ROW = re.compile(r"^\s*[\d.]+%\s*\|\s*(\d+)\s*\|\s*(\S+)\s*\|\s*\[(.)\]\s*(.*?)\s*(?:\||$)")
LOADING = re.compile(r"sp_world_open|customers?_(?:read|load)|sp_directory_(?:db|build|image)|sp_book_open|sp_sha256"
                     r"|sp__image|_dl_|do_lookup")


def source_files(program):
    """{function: its file} of the program's symbols; of functions of one name in several files the first."""
    listed = subprocess.run(["nm", "-l", "--defined-only", program], stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, check=True).stdout
    files = {}
    for line in listed.splitlines():
        words = line.split()
        if len(words) == 4 and words[1] in "tT":
            files.setdefault(words[2], words[3].rsplit(":", 1)[0])
    return files


def stage_of(library, kind, symbol, files):
    if kind == "k":
        return "kernel"
    for stage, name in instructions.LIBRARIES:
        if library.startswith(name):
            return stage
    if library != os.path.basename(machine.SUANPAN):
        return "libraries"
    return instructions.stage_of(files.get(symbol, "?"), symbol)


def samples_of(data):
    listed = subprocess.run(["perf", "report", "-i", data, "--sort", "dso,symbol", "-n", "--stdio", "-t", "|"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        match = ROW.match(line)
        if match:
            yield int(match.group(1)), match.group(2), match.group(3), match.group(4)


def one(folder, options, files):
    """{stage: ns per record} of a run, and {function: the same}."""
    stores.make_store(f"{folder}/store", f"{folder}/world")
    data = f"{folder}/perf.data"
    done = subprocess.run(["perf", "record", "-e", "cpu-clock", "-F", str(HERTZ), "-o", data, machine.SUANPAN, "run",
                           f"{folder}/store", "--files", f"{folder}/world/usage", "--until-end", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        machine.skip(f"perf record: exit {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    stages, functions = {}, {}
    for samples, library, kind, symbol in samples_of(data):
        if LOADING.search(symbol):
            continue
        ns = samples * 1e9 / HERTZ / options.records
        stage = stage_of(library, kind, symbol, files)
        stages[stage] = stages.get(stage, 0.0) + ns
        functions[(stage, symbol)] = functions.get((stage, symbol), 0.0) + ns
    return stages, functions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=80000)
    parser.add_argument("--records", type=int, default=2000000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--top", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if subprocess.run(["sh", "-c", "command -v perf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      check=False).returncode != 0:
        machine.skip("perf is not there")
    with stores.Folder("stages") as folder:
        stores.make_world(f"{folder}/world", 11, options.subscribers, max(options.subscribers // 200, 4), 60,
                          options.records)
        files = source_files(machine.SUANPAN)
        runs = [one(folder, options, files) for _ in range(options.runs)]
    last = runs[-1][0]
    for stage in sorted(last, key=last.get, reverse=True):
        machine.figure("stages", stage, "ns/record", [stages.get(stage, 0.0) for stages, _ in runs], options.records)
    machine.figure("stages", "all", "ns/record", [sum(stages.values()) for stages, _ in runs], options.records)
    for (stage, symbol), ns in sorted(runs[-1][1].items(), key=lambda item: -item[1])[:options.top]:
        machine.note(f"{ns:8.1f} ns  {stage:12} {symbol}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
