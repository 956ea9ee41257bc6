#!/usr/bin/env python3
"""No allocation, lock or system call per record between decode and journal (house.md): counted, not believed.

hot_path_shim.c counts them in a run over 100,000 and in one over 300,000 records of one generated stream, from CSV and from JSON
lines. What a run does once falls out of the difference, what it does per block or batch is small, what it did per record would
be 1 or more. Blocks are cut by their size and not by the clock (suanpan.yaml), so that a slow machine counts the same."""
import csv
import glob
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

SHORT, LONG = 100000, 300000
LIMIT = 0.05  # of each class per additional record
ALLOCATIONS = ("malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign")


def kind_of(name):
    if name in ALLOCATIONS:
        return "allocations"
    return "locks" if name.startswith("pthread_") else "system calls"


def counted_run(folder, world, usage):
    store = f"{folder}/store"
    crash.init(store, world, 4, f"{folder}/suanpan.yaml")
    counts = f"{folder}/counts.json"
    shim = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "libhot_path_shim.so")
    crash.call("run", store, "--files", usage, "--until-end", "--workers", 2,
               env={**os.environ, "LD_PRELOAD": shim, "HOT_PATH_COUNTS": counts})
    records = crash.records_in(store)
    shutil.rmtree(store)
    with open(counts, encoding="utf-8") as file:
        return records, json.load(file)


def check(form, short, long):
    problems = []
    more = long[0] - short[0]
    if more < LONG - SHORT or short[1]["fdatasync"] == 0 or short[1]["malloc"] == 0:
        return [f"{form}: nothing was counted: {short}, {long}"]
    growth = {name: (long[1][name] - short[1][name]) / more for name in long[1]}
    for kind in ("allocations", "locks", "system calls"):
        per_record = sum(max(value, 0) for name, value in growth.items() if kind_of(name) == kind)
        most = sorted((name for name in growth if kind_of(name) == kind), key=growth.get, reverse=True)[:3]
        text = f"{form}: {per_record:.4f} {kind} per record ({', '.join(f'{name} {growth[name]:.4f}' for name in most)})"
        print(text, flush=True)
        if per_record >= LIMIT:
            problems.append(text)
    return problems


def write_streams(folder, world):
    """The first 100,000 and all lines, as CSV and as JSON lines: {form: (short, long)}."""
    paths = {}
    lines = []
    for path in sorted(glob.glob(f"{world}/usage/*.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            header, *rest = file.readlines()
            lines += rest
    names = header.strip().split(",")
    for size, count in (("short", SHORT), ("long", len(lines))):
        paths[("csv", size)] = f"{folder}/{size}.csv"
        with open(paths[("csv", size)], "w", encoding="utf-8", newline="") as file:
            file.writelines([header, *lines[:count]])
        paths[("json", size)] = f"{folder}/{size}.jsonl"
        with open(paths[("json", size)], "w", encoding="utf-8") as file:
            for row in csv.reader(lines[:count]):
                file.write(json.dumps({name: cell for name, cell in zip(names, row) if cell}) + "\n")
    return {form: (paths[(form, "short")], paths[(form, "long")]) for form in ("csv", "json")}


def main():
    if os.environ.get("SUANPAN_SANITIZE"):
        print("skipped: a sanitizer brings its own allocator and locks")
        sys.exit(crash.SKIPPED)
    _, seed = crash.seed_of("hot_path")
    with crash.folder_of("hot-path") as folder:
        world = f"{folder}/world"
        crash.generate(world, seed, LONG, days=30)
        crash.write_config(f"{folder}/suanpan.yaml", cut_ms=1000000, checkpoint_ms=1000000000)
        problems = []
        for form, (short, long) in write_streams(folder, world).items():
            problems += check(form, counted_run(folder, world, short), counted_run(folder, world, long))
        if problems:
            sys.exit(f"seed {seed}: more than {LIMIT} per record")


if __name__ == "__main__":
    main()
