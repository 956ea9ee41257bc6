#!/usr/bin/env python3
"""`bench`: one line a run with every figure, the same work in each; a folder that is there already is refused."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import run  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "cli_bench_verb")
RECORDS = 3000
POSITIVE = ("value", "seconds", "cpu_us_per_record", "journal_bytes_per_record", "blocks", "checkpoints", "peak_bytes")


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        ended = run("bench", FOLDER, "--records", RECORDS, "--subscribers", 300, "--runs", 2, "--shards", 2)
        if ended.returncode != 0:
            sys.exit(f"exit {ended.returncode}: {ended.stderr}")
        lines = [json.loads(line) for line in ended.stdout.splitlines()]
        if [line["run"] for line in lines] != [1, 2]:
            sys.exit(f"not two runs: {ended.stdout}")
        for line in lines:
            if line["n"] != RECORDS or line["unit"] != "records/s" or any(line[key] <= 0 for key in POSITIVE):
                sys.exit(f"not {RECORDS} records with every figure: {line}")
        for words, code in (((FOLDER,), 4), ((), 2), ((f"{FOLDER}-x", "--runs", 0), 2), ((f"{FOLDER}/no/such",), 4)):
            ended = run("bench", *words)
            if ended.returncode != code:
                sys.exit(f"bench {words}: exit {ended.returncode}, expected {code}")
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print("two runs, every figure; four wrong calls")


if __name__ == "__main__":
    main()
