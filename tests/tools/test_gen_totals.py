#!/usr/bin/env python3
"""A generated province rated by the engine gives what the generator expected, to the last digit.

Twice: `rate` line by line against expected/records.csv, and a store (init, run, audit, dump) against
expected/totals.json. SUANPAN_RECORDS (100000) and SUANPAN_SEED choose the province.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import SUANPAN, done  # noqa: E402  pylint: disable=wrong-import-position

SEED = os.environ.get("SUANPAN_SEED", "20261130")
RECORDS = int(os.environ.get("SUANPAN_RECORDS", "100000"))
RATE_MAX = 200000  # of so many records every one is in records.csv
COUNTS = ("in", "rated", "zero_rated", "duplicate", "conflict", "suspended", "filtered", "held_partial")
SHOWN_MAX = 20


class Problems:
    def __init__(self):
        self.count = 0

    def add(self, text):
        self.count += 1
        if self.count <= SHOWN_MAX:
            print(f"FAILED: {text}")

    def equal(self, what, got, expected):
        if got != expected:
            self.add(f"{what}: {got}, expected {expected}")


def json_lines(*arguments):
    """The objects that a command prints, one a line, without keeping them all."""
    command = [SUANPAN, *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode not in (0, 1):
        print(f"FAILED: suanpan {' '.join(arguments)}: exit {process.returncode}")
        sys.exit(1)


def usage_files(world):
    folder = os.path.join(world, "usage")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def rate_check(world, problems):
    """Line by line: outcome, reason, list, and net where no state takes part."""
    book = ("--book", os.path.join(world, "book"), "--customers", os.path.join(world, "customers"))
    nets = lists = 0
    with open(os.path.join(world, "expected", "records.csv"), newline="", encoding="utf-8") as file:
        expected = iter(list(csv.DictReader(file)))
    for path in usage_files(world):
        for got in json_lines("rate", *book, "--json", path):
            row = next(expected)
            if row["reason"] == "dup_window_exceeded":
                continue  # rate has no window (book.md §15.5)
            where = f"{row['file']}:{row['line']} ({row['id']})"
            problems.equal(f"{where} outcome", (got["outcome"], got["reason"]), (row["outcome"], row["reason"]))
            if got["outcome"] != "rated" or row["outcome"] != "rated":
                continue
            if row["list"]:
                lists += 1
                problems.equal(f"{where} list", Decimal(got["list"]), Decimal(row["list"]))
            if row["net"]:
                nets += 1
                problems.equal(f"{where} net", Decimal(got["net"]), Decimal(row["net"]))
    problems.equal("lines without a rated object", len(list(expected)), 0)
    print(f"rate: {lists} list prices and {nets} net prices compared")


def base_plans(world):
    """subscriber -> [(from, to, plan)] of the base plans, by the written dates."""
    with open(os.path.join(world, "book", "plans.csv"), newline="", encoding="utf-8") as file:
        base = {row["plan"] for row in csv.DictReader(file) if row["kind"] == "base"}
    plans = defaultdict(list)
    with open(os.path.join(world, "customers", "subscriptions.csv"), newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind, _, owner = row["owner"].partition(":")
            if kind == "subscriber" and row["plan"] in base:
                plans[owner].append((row["from"], row["to"] or "9999", row["plan"]))
    return plans


def plan_of(plans, record):
    if "pre_rated" in record["flags"]:
        return "pre_rated"
    day = record["start"][:10]
    return next(plan for since, to, plan in plans[record["subscriber"]] if since <= day < to)


def rated_check(world, store, totals, problems):
    """Counts, quantities and list per service and plan, counted again from every rated record."""
    plans = base_plans(world)
    services, by_plan = defaultdict(lambda: [0, 0, Decimal(0)]), defaultdict(lambda: [0, Decimal(0)])
    outcomes = defaultdict(int)
    for record in json_lines("dump", store, "rated", "--json"):
        outcomes[record["outcome"]] += 1
        if record["outcome"] != "rated":
            continue
        amount = Decimal(record["list"])
        sums = services[record["service"]]
        sums[0] += 1
        sums[1] += record["quantity"]
        sums[2] += amount
        sums = by_plan[plan_of(plans, record), record["service"]]
        sums[0] += 1
        sums[1] += amount
    problems.equal("rated in dump", outcomes["rated"], totals["rated"])
    problems.equal("zero_rated in dump", outcomes["zero_rated"], totals["zero_rated"])
    quantity = {"voice": "duration_s", "data": "bytes"}
    for name, row in totals["services"].items():
        got = services[name]
        problems.equal(f"{name} records", got[0], row["records"])
        problems.equal(f"{name} quantity", got[1], row[quantity.get(name, "items")])
        problems.equal(f"{name} list", got[2], Decimal(row["list"]))
    for plan, row in totals["plans"].items():
        for name, cell in row.items():
            got = by_plan[plan, name]
            problems.equal(f"plan {plan} {name}", (got[0], got[1]), (cell["records"], Decimal(cell["list"])))


def suspense_check(store, totals, problems):
    reasons = defaultdict(int)
    for record in json_lines("dump", store, "suspense", "--json"):
        reasons[record["reason"] if record.get("outcome") != "conflict" else "conflict"] += 1
    for reason, count in totals["suspended_by_reason"].items():
        problems.equal(f"suspended {reason}", reasons[reason], count)


def store_check(world, work, totals, problems):
    store = os.path.join(work, "store")
    done("init", store, "--book", os.path.join(world, "book"), "--customers", os.path.join(world, "customers"))
    done("run", store, "--files", *usage_files(world), "--until-end", codes=(0, 1))
    audit = json.loads(done("audit", store, "--json").stdout)
    for key in COUNTS:
        problems.equal(f"audit {key}", audit[key], totals[key])
    problems.equal("audit list", Decimal(str(audit["list"])), Decimal(totals["list"]))
    problems.equal("audit ok", audit["ok"], True)
    rated_check(world, store, totals, problems)
    suspense_check(store, totals, problems)
    print(f"store: {audit['in']} records, list {audit['list']}, net {audit['net']}")


def main():
    verbs = done("--help").stdout
    has = {line.split()[0] for line in verbs.splitlines() if line.startswith("  ")}
    rates, stores = "rate" in has and RECORDS <= RATE_MAX, {"init", "run", "audit", "dump"} <= has
    if not rates and not stores:
        print("skipped: this suanpan has neither rate nor init, run, audit, dump")
        sys.exit(77)
    work = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "gen_totals")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    world = os.path.join(work, "world")
    print(f"seed {SEED}, {RECORDS} records")
    done("gen", world, "--seed", SEED, "--subscribers", str(max(5000, RECORDS // 25)), "--groups",
        str(max(80, RECORDS // 1500)), "--days", "90", "--records", str(RECORDS))
    with open(os.path.join(world, "expected", "totals.json"), encoding="utf-8") as file:
        totals = json.load(file)
    problems = Problems()
    if rates:
        rate_check(world, problems)
    if stores:
        store_check(world, work, totals, problems)
    if problems.count:
        print(f"FAILED: {problems.count} differences")
        sys.exit(1)
    shutil.rmtree(work, ignore_errors=True)
    print("ok")


if __name__ == "__main__":
    main()
