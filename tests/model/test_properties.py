#!/usr/bin/env python3
"""What must hold for every valid book: properties of the program over random books.

    SUANPAN=BIN test_properties.py [--seeds 1..3]

A difference prints the seed; `random_book.py --seed N` writes that seed's book and customers again.
"""

import argparse
import collections
import csv
import io
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare  # noqa: E402
import model_rate  # noqa: E402
import random_book  # noqa: E402
from model_tables import MICRO, read_table  # noqa: E402
from model_usage import FIELDS  # noqa: E402


def micro(text):
    whole, _, part = text.lstrip("-").partition(".")
    return (-1 if text.startswith("-") else 1) * (int(whole) * MICRO + int(part))


class Case:
    """A random book with customers in a folder, rated by the program."""

    def __init__(self, seed, folder, suanpan, records=150):
        self.seed, self.folder, self.suanpan = seed, folder, suanpan
        self.books = [
            os.path.basename(book) for book in random_book.write_case(seed, records, folder)
        ]
        self.rows = model_rate.usage_rows(os.path.join(folder, "usage.csv"))
        self.rng = random.Random(seed)

    def rate(self, rows, more=()):
        """The outputs for rows; None stands for a line that is no record."""
        with open(os.path.join(self.folder, "usage.csv"), "w", encoding="utf-8") as file:
            file.write(line(FIELDS))
            for row in rows:
                file.write(line([row[field] for field in FIELDS]) if row is not None else "torn\n")
        outputs, _, done = compare.engine_rate(self.suanpan, self.books, self.folder, more)
        assert done.returncode in (0, 1), f"seed {self.seed}: {done.stderr[:2000]}"
        assert len(outputs) == len(rows), f"seed {self.seed}: {len(outputs)} of {len(rows)} lines"
        return outputs

    def rewrite_rates(self, change):
        for book in self.books:
            folder = os.path.join(self.folder, book)
            rows = read_table(folder, "rates.csv")
            columns = [column for column in rows[0] if column != "#line"]
            for row in rows:
                change(row)
            with open(os.path.join(folder, "rates.csv"), "w", encoding="utf-8") as file:
                file.write(line(columns))
                file.writelines(line([row[column] for column in columns]) for row in rows)


def line(cells):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def check_sums(case):
    """Items add up to list and net, payers to net; no balance and no whole charge is negative."""
    for row, output in zip(case.rows, case.rate(case.rows)):
        net = micro(output["net"])
        assert micro(output["list"]) == sum(micro(item["list"]) for item in output["items"]), output
        assert net == sum(micro(item["net"]) for item in output["items"]), output
        assert net == sum(micro(payer["amount"]) for payer in output["payers"]), output
        assert all(entry["left"] >= 0 for entry in output["allowances"]), output
        if row is not None and row["partial"] in ("", "whole"):
            amounts = [net, micro(output["list"])] + [
                micro(item["net"]) for item in output["items"]
            ]
            assert min(amounts + [entry["used"] for entry in output["allowances"]]) >= 0, output


def check_partials(case):
    """Partials in any order, with nothing else between, cost what the whole costs."""
    history = [row for row in case.rows if row is not None and row["partial"] in ("", "whole")][:60]
    compared = 0
    for number in range(12):
        whole = case.rng.choice(history)
        if whole["service"] not in ("voice", "data") or whole["charge"]:
            continue
        whole = type(whole)(whole, id="whole", session=f"p{number}", node="P", seq="0", partial="")
        expected = case.rate(history + [whole])[-1]
        if expected["outcome"] != "rated":
            continue
        parts = split(case.rng, whole)
        case.rng.shuffle(parts)
        outputs = case.rate(history + parts)[-len(parts) :]
        late = any("late" in output["flags"] for output in outputs + [expected])
        if late or any(output["outcome"] not in ("rated", "zero_rated") for output in outputs):
            continue
        compared += 1
        told = [(part["seq"], part["duration_s"], part["up_bytes"]) for part in parts]
        assert totals(outputs) == totals([expected]), (told, expected, outputs)
    return compared


def split(rng, whole):
    """Two to four partials with the whole's start, its quantities dealt at random."""
    parts = [
        type(whole)(whole, id=f"part{seq}", seq=str(seq), partial="middle")
        for seq in range(rng.randint(2, 4))
    ]
    for field in ("duration_s", "up_bytes", "down_bytes"):
        left = int(whole[field] or 0)
        for part in parts[:-1]:
            part[field] = str(rng.randint(0, left))
            left -= int(part[field])
        parts[-1][field] = str(left)
    return parts


def totals(outputs):
    """What some outputs come to together, without what is 0."""
    sums = collections.Counter()
    for output in outputs:
        for item in output["items"]:
            sums["list", item["item"]] += micro(item["list"])
            sums["net", item["item"]] += micro(item["net"])
            sums["increments", item["item"]] += item["increments"]
        for payer in output["payers"]:
            sums["pays", payer["account"]] += micro(payer["amount"])
        for entry in output["allowances"]:
            sums["used", entry["allowance"], entry["owner"]] += entry["used"]
    return {key: value for key, value in sums.items() if value}


def check_durations(case):
    """Without counters the list price of a call does not fall when the call is longer."""
    case.rewrite_rates(lambda row: row.update(counter=""))
    calls = [row for row in case.rows if row is not None and row["service"] == "voice"][:6]
    for call in calls:
        rows = [
            type(call)(call, partial="", charge="", duration_s=str(duration), seq=f"{duration}00")
            for duration in sorted(case.rng.sample(range(1, 5000), 12))
        ]
        lists = [micro(output["list"]) for output in case.rate(rows)]
        assert lists == sorted(lists), (call, lists)


def components(folder):
    """{subscriber: one name for all whose domains may ever meet}."""
    parent = {}

    def root(name):
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    customers = os.path.join(folder, "customers")
    for file, one, two in (
        ("subscribers", "subscriber", "account"),
        ("members", "subscriber", "group"),
        ("groups", "group", "parent"),
    ):
        for row in read_table(customers, file + ".csv"):
            if row[one] and row[two]:
                parent[root(f"{one} {row[one]}")] = root(
                    f"{two} {row[two]}".replace("parent", "group")
                )
    return lambda subscriber: root("subscriber " + subscriber)


def check_domains(case):
    """Records of other domains may come before or after: the outputs are the same."""
    first = case.rate(case.rows)
    component = components(case.folder)
    queues = {}
    for row, output in zip(case.rows, first):
        queues.setdefault(component(output["subscriber"]), []).append((row, output))
    mixed = []
    while queues:
        name = case.rng.choice(sorted(queues))
        for _ in range(case.rng.randint(1, 9)):
            if name in queues:
                mixed.append(queues[name].pop(0))
                if not queues[name]:
                    del queues[name]
    for (_, before), after in zip(mixed, case.rate([row for row, _ in mixed])):
        assert before == after, (before, after)


def check_batches(case):
    """A batch of one record is a batch of many."""
    if "--batch" not in compare.run([case.suanpan, "rate", "--help"], case.folder).stdout:
        return
    assert case.rate(case.rows, ("--batch", "1")) == case.rate(case.rows, ("--batch", "256"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="101..106")
    options = parser.parse_args()
    suanpan = os.environ["SUANPAN"]
    if os.environ.get("SUANPAN_BUILD"):
        tempfile.tempdir = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
        os.makedirs(tempfile.tempdir, exist_ok=True)
    compared = 0
    for seed in compare.seeds_of(options.seeds):
        for check in (check_sums, check_domains, check_partials, check_batches, check_durations):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    compared += check(Case(seed, folder, suanpan)) or 0
                except AssertionError:
                    print(f"seed {seed}, {check.__name__}: {check.__doc__}")
                    raise
        print(f"seed {seed}: all properties hold")
    print(f"{compared} usages in partials cost what they cost whole")


if __name__ == "__main__":
    main()
