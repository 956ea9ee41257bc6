"""A folder of cases in the form of ../shared/golden through `suanpan rate` and `suanpan tariff check`, to the last digit."""

import csv
import json
import os
import subprocess

SUANPAN = os.environ.get("SUANPAN", "")
RATED_KEYS = ("id", "outcome", "reason", "flags", "subscriber", "account", "group", "start", "service", "quantity",
              "items", "allowances", "payers", "list", "net", "book")
# Of a record that is not rated these say nothing, whatever the case's file says of it (book.md §17.3).
NOTHING = {"flags": [], "items": [], "allowances": [], "payers": [], "list": "0.000000", "net": "0.000000"}


def suanpan(folder, *arguments):
    return subprocess.run([SUANPAN, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def books(folder):
    names = ["book"] + (["book2"] if os.path.isdir(os.path.join(folder, "book2")) else [])
    return [word for name in names for word in ("--book", name)]


def reported(text):
    """{(file, line)} of all lines FILE:LINE:... of a report, without what stands before the file's name."""
    found = set()
    for line in text.split("\n"):
        parts = line.split(":")
        if len(parts) >= 3 and parts[1].isdigit():
            found.add((os.path.basename(parts[0]), int(parts[1])))
    return found


def refused(folder):
    path = os.path.join(folder, "refused.csv")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8", newline="") as file:
        return {(row["file"], int(row["line"])) for row in csv.DictReader(file)}


def line_problem(number, expected, got):
    if list(got) != list(RATED_KEYS):
        return f"line {number}: keys are {list(got)}"
    if expected["outcome"] != "rated":
        expected = {key: expected[key] for key in ("id", "outcome", "reason")} | NOTHING
    for key in expected:
        if got[key] != expected[key] or type(got[key]) is not type(expected[key]):
            return f"line {number} ({expected['id']}): {key} is {got[key]!r}, expected {expected[key]!r}"
    return None


def check_rated(folder):
    problems = []
    run = suanpan(folder, "rate", *books(folder), "--customers", "customers", "--json", "usage.csv")
    if run.returncode != 0:
        problems.append(f"exit {run.returncode}: {run.stderr.strip()[:500]}")
    with open(os.path.join(folder, "expected.jsonl"), encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    got = [json.loads(line) for line in run.stdout.splitlines()]
    if len(got) != len(expected):
        problems.append(f"{len(got)} lines, expected {len(expected)}")
    for number, (one, other) in enumerate(zip(expected, got), 1):
        problem = line_problem(number, one, other)
        if problem:
            problems.append(problem)
    wanted = refused(folder)
    if wanted and reported(run.stderr) != wanted:
        problems.append(f"customer rows reported {sorted(reported(run.stderr))}, expected {sorted(wanted)}")
    return problems


def check_refused(folder):
    run = suanpan(folder, "tariff", "check", "book")
    problems = [] if run.returncode == 3 else [f"tariff check: exit {run.returncode}"]
    if reported(run.stdout) != refused(folder):
        problems.append(f"reported {sorted(reported(run.stdout))}, expected {sorted(refused(folder))}")
    run = suanpan(folder, "rate", "--book", "book", "--customers", "customers", "--json", "-")
    if run.returncode == 0 or run.stdout:
        problems.append(f"rate: exit {run.returncode}, {len(run.stdout)} bytes on stdout")
    return problems


def check_all(root):
    """Every folder of root: problems printed, the exit status returned."""
    folders = sorted(name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name)) and name[0] not in "._")
    failed = 0
    for name in folders:
        folder = os.path.join(root, name)
        rated = os.path.exists(os.path.join(folder, "usage.csv"))
        problems = check_rated(folder) if rated else check_refused(folder)
        failed += bool(problems)
        for problem in problems:
            print(f"{name}: {problem}")
    print(f"{len(folders) - failed} of {len(folders)} cases")
    return 1 if failed or not folders else 0
