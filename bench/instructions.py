#!/usr/bin/env python3
"""Instructions per record by stage, counted by callgrind, and the gate on them.

  bench/instructions.py                    100,000 and 300,000 records, all stages, JSON lines
  bench/instructions.py --records 20000 60000
  bench/instructions.py --top 40           the dearest functions as well
  bench/instructions.py --check            20,000 and 60,000 records against bench/baseline.json
  bench/instructions.py --bless            the same, and these become the baseline

A figure is the difference of two runs over the same beginning of one file, divided by the records between them, so that
opening a store does not count. Exit of --check: 0 within the limit, 1 above it in some stage, 77 cannot be compared here.
"""
import argparse
import json
import os
import re
import subprocess
import sys

import callgrind
import machine
import stores

BASELINE = os.path.join(machine.HERE, "baseline.json")
GATE_RECORDS = (20000, 60000)
LIMIT = 0.03     # of a stage and of the sum
SLACK = 6.0      # instructions: below that a small stage is not judged
NEVER_MS = 1000000000  # blocks are cut by their size alone, the one checkpoint comes at the end

# The stage of a function is that of its file (of its own, wherever the lines inlined into it come from): first match.
STAGES = (
    ("wait", r"tools/gate\.c:|:sp_writer_wake$"),
    ("read back", r"store/block_view\.c:|:sp_cdr_decode$|:sp__row_get$|:sp_charge_decode$|:sp_cdr_coder_begin$"
                  r"|ingest/conflict|tools/journal_walk"),
    ("read", r"ingest/source"),
    ("decode", r"ingest/decode"),
    ("resolve", r"ingest/resolve|rating/directory|rating/number\.h|:sp_book_find_(?:ported|prefix|area|cell)"),
    ("route", r"tools/router|ingest/session_keys\.c"),
    ("dedup", r"ingest/mark"),
    ("rate", r"rating/"),
    ("fold", r"segment/"),
    ("journal row", r"store/(?:block|cdr_codec|charge_codec|varint)"),
    ("checkpoint", r"store/checkpoint|tools/shard_checkpoint|:sp_state_visit_entries|store/lmdb"),
    ("worker", r"tools/(?:shard|worker|writer|parcel)|store/journal"),
)
LIBRARIES = (("compress", "libzstd"), ("checkpoint", "liblmdb"))
UNGATED = {"wait", "read back", "other"}


def stage_of(file, function):
    name = f"{file.replace(machine.ROOT + '/', '')}:{function}"
    return next((stage for stage, pattern in STAGES if re.search(pattern, name)), "other")


class Counts:
    """Per record: own[stage], outside[stage] (libraries that the stage calls) and functions[name]."""

    def __init__(self, few, many, records):
        self.own, self.outside, self.functions = {}, {}, {}
        self.total = (many.total - few.total) / records
        for key in set(few.own) | set(many.own):
            self.add_own(key, (many.own.get(key, 0) - few.own.get(key, 0)) / records)
        for key in set(few.outside) | set(many.outside):
            self.add_outside(key, (many.outside.get(key, 0) - few.outside.get(key, 0)) / records)

    def add_own(self, key, count):
        if key[1] == "(below main)":
            return
        stage = stage_of(*key)
        self.own[stage] = self.own.get(stage, 0.0) + count
        self.functions[f"{key[0].replace(machine.ROOT + '/', '')}:{key[1]}"] = count

    def add_outside(self, key, count):
        if key[1] == "(below main)":
            return
        stage = next((stage for stage, name in LIBRARIES if key[2].startswith(name)), stage_of(*key[:2]))
        self.outside[stage] = self.outside.get(stage, 0.0) + count
        self.functions[f"{key[2]} for {key[1]}"] = count

    def gated(self):
        return {stage: round(count, 1) for stage, count in sorted(self.own.items()) if stage not in UNGATED}


def first_lines(source, target, records):
    """The header and so many records."""
    with open(source, "rb") as lines, open(target, "wb") as out:
        for number, line in enumerate(lines):
            if number > records:
                break
            out.write(line)


def profile(folder, usage, records):
    first_lines(usage, f"{folder}/some.csv", records)
    stores.make_store(f"{folder}/store", f"{folder}/world", cut_ms=NEVER_MS, checkpoint_ms=NEVER_MS)
    out = f"{folder}/callgrind.{records}"
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", machine.SUANPAN, "run",
                           f"{folder}/store", "--files", f"{folder}/some.csv", "--until-end", "--workers", "1", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"valgrind: exit {done.returncode}\n{done.stderr}")
    if json.loads(done.stdout)["records"] != records:
        sys.exit(f"{done.stdout}: not {records} records")
    return callgrind.read(out, os.path.basename(machine.SUANPAN))


def count(few, many):
    """25 records a subscriber, in two months, as of 200,000 subscribers with 5 million records."""
    with stores.Folder("instructions") as folder:
        usage = stores.make_world(f"{folder}/world", 11, many // 25, max(many // 5000, 4), 60, many)
        return Counts(profile(folder, usage, few), profile(folder, usage, many), many - few)


def show(counts, records, top):
    for stage, own in sorted(counts.own.items(), key=lambda item: -item[1]):
        machine.figure("instructions", stage, "instructions/record", [own], records, of="our own functions")
    for stage, outside in sorted(counts.outside.items(), key=lambda item: -item[1]):
        if outside >= 1:
            machine.figure("instructions", stage, "instructions/record", [outside], records, of="libraries it calls")
    machine.figure("instructions", "all", "instructions/record", [sum(counts.own.values())], records,
                   of="our own functions")
    machine.figure("instructions", "all", "instructions/record", [counts.total], records, of="everything")
    for name, value in sorted(counts.functions.items(), key=lambda item: -item[1])[:top]:
        machine.note(f"{value:8.1f}  {name}")


def made_by():
    """What the counts depend on beside the source: the compiler, its flags, and which decoder the processor takes."""
    comment = subprocess.run(["readelf", "-p", ".comment", machine.SUANPAN], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=True).stdout
    with open(os.path.join(machine.BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        cache = file.read()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache, re.M).group(1)
    instrumented = re.search(r"^SUANPAN_(?:SANITIZE:\w+=.+|(?:COVERAGE|FUZZ|LTO):\w+=ON)$", cache, re.M)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = re.search(r"^flags\s*: (.*)$", file.read(), re.M).group(1).split()
    compilers = sorted(set(re.findall(r"\]\s+(\S.*\S)", comment)))
    return {"compiler": "; ".join(compilers), "build": kind + (" instrumented" if instrumented else ""),
            "wide_decoder": "avx2" in flags and "bmi2" in flags, "records": list(GATE_RECORDS)}


def judge(counts, baseline):
    """The stages that cost more than the baseline allows, as lines; none where the sum did not grow: then work has moved."""
    before, now = baseline["stages"], counts.gated()
    pairs = [(stage, before.get(stage, 0.0), now.get(stage, 0.0)) for stage in sorted(set(before) | set(now))]
    pairs.append(("all", sum(before.values()), sum(now.values())))
    worse = []
    for stage, old, new in pairs:
        share = (new - old) / old if old else 0.0
        machine.note(f"{stage:12} {old:8.1f} -> {new:8.1f}  {share:+.1%}")
        if new - old > max(LIMIT * old, SLACK):
            worse.append(f"{stage}: {new:.1f} instructions per record, the baseline has {old:.1f} (limit +{LIMIT:.0%})")
    return worse if sum(now.values()) > sum(before.values()) + SLACK else []


def check():
    with open(BASELINE, encoding="utf-8") as file:
        baseline = json.load(file)
    made = made_by()
    different = [f"{key} is {made[key]}, the baseline's {value}" for key, value in baseline["made_by"].items()
                 if made.get(key) != value]
    if different:
        machine.skip("instruction counts cannot be compared: " + "; ".join(different))
    counts = count(*GATE_RECORDS)
    show(counts, GATE_RECORDS[1] - GATE_RECORDS[0], 0)
    worse = judge(counts, baseline)
    for line in worse:
        print(line)
    if worse:
        print("If this is meant: bench/instructions.py --bless, and say in the commit what it buys.")
    return 1 if worse else 0


def bless():
    counts = count(*GATE_RECORDS)
    with open(BASELINE, "w", encoding="utf-8") as file:
        json.dump({"made_by": made_by(), "stages": counts.gated()}, file, indent=2, sort_keys=True)
        file.write("\n")
    show(counts, GATE_RECORDS[1] - GATE_RECORDS[0], 25)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs=2, default=(100000, 300000), metavar=("FEW", "MANY"))
    parser.add_argument("--top", type=int, default=0, metavar="N")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--bless", action="store_true")
    options = parser.parse_args()
    if subprocess.run(["sh", "-c", "command -v valgrind"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      check=False).returncode != 0:
        machine.skip("valgrind is not there")
    if options.check:
        return check()
    if options.bless:
        return bless()
    few, many = options.records
    show(count(few, many), many - few, options.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
