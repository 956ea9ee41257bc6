#!/usr/bin/env python3
"""Every golden case and every case of tests/cases with usage.csv through the model, compared field by field."""

import csv
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model_rate  # noqa: E402


def check(folder):
    """The differences of one case, as lines for a person."""
    books = [os.path.join(folder, name) for name in ("book", "book2")]
    rater = model_rate.rater_of(
        [book for book in books if os.path.isdir(book)], os.path.join(folder, "customers")
    )
    with open(os.path.join(folder, "expected.jsonl"), encoding="utf-8") as file:
        expected = [json.loads(line) for line in file if line.strip()]
    found = [rater.rate(row) for row in model_rate.usage_rows(os.path.join(folder, "usage.csv"))]
    wrong = [] if len(found) == len(expected) else [f"{len(found)} lines, {len(expected)} expected"]
    for number, (mine, his) in enumerate(zip(found, expected)):
        # A case of tests/cases says only id, outcome and reason of a record that is not rated.
        if {key: mine[key] for key in his} != his:
            wrong.append(
                f"line {number + 1}\n  model    {json.dumps(mine)}\n  expected {json.dumps(his)}"
            )
    refused = set()
    if os.path.exists(os.path.join(folder, "refused.csv")):
        with open(os.path.join(folder, "refused.csv"), encoding="utf-8") as file:
            refused = {(row["file"], int(row["line"])) for row in csv.DictReader(file)}
    if refused != set(rater.customers.refused):
        wrong.append(f"refused rows {sorted(refused ^ set(rater.customers.refused))}")
    return wrong


def check_all(root, word):
    """How many of the cases of one folder do not agree."""
    names = [name for name in sorted(os.listdir(root)) if os.path.exists(os.path.join(root, name, "usage.csv"))]
    failed = 0
    for name in names:
        wrong = check(os.path.join(root, name))
        failed += bool(wrong)
        for line in wrong:
            print(f"{name}: {line}")
    print(f"{len(names) - failed} of {len(names)} {word} agree with the model")
    return failed + (not names)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.environ.get("SUANPAN_SHARED") or os.path.join(here, "../../../shared")
    golden = os.path.join(shared, "golden")
    failed = check_all(os.path.join(here, "../cases"), "cases")
    if os.path.isdir(golden):
        failed += check_all(golden, "golden cases")
    else:
        print(f"there are no golden cases at {golden}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
