#!/usr/bin/env python3
"""What must hold for every valid book: properties of the program over random books.

    SUANPAN=BIN test_properties.py [--seeds 1..3]

A difference prints the seed; `random_book.py --seed N` writes that seed's book and customers again.
"""

import argparse
import collections
import csv
import datetime
import io
import json
import os
import random
import subprocess
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
        self.write("usage.csv", rows)
        outputs, _, done = compare.engine_rate(self.suanpan, self.books, self.folder, more)
        assert done.returncode in (0, 1), f"seed {self.seed}: {done.stderr[:2000]}"
        assert len(outputs) == len(rows), f"seed {self.seed}: {len(outputs)} of {len(rows)} lines"
        return outputs

    def write(self, name, rows):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(line(FIELDS))
            for row in rows:
                file.write(line([row[field] for field in FIELDS]) if row is not None else "torn\n")

    def store(self, name, usage, cut_ms):
        """(`verify`, rated, suspended and conflicting records) of a store of two shards."""
        command = [self.suanpan, "init", name, "--shards", "2", "--customers", "customers"]
        for book in self.books:
            command += ["--book", book]
        self.call(command)
        self.call(
            [self.suanpan, "run", name, "--files", usage, "--until-end"],
            {"SUANPAN_CUT_MS": str(cut_ms), "SUANPAN_CHECKPOINT_MS": "1000000"},
        )
        dumps = [
            sorted(compare.run([self.suanpan, "dump", name, what], self.folder).stdout.splitlines())
            for what in ("rated", "suspense")
        ]
        suspended = [json.loads(text) for text in dumps[1]]
        return (
            json.loads(self.call([self.suanpan, "verify", name, "--json"])),
            dumps[0],
            sorted((row["outcome"], row["reason"], row["raw"]) for row in suspended),
        )

    def call(self, command, more=()):
        """What a command prints that may have refused something."""
        environment = {**os.environ, **dict(more)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode in (0, 1), f"seed {self.seed}: {done.stderr[:2000]}"
        return done.stdout

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
            amounts += [micro(payer["amount"]) for payer in output["payers"]]
            amounts += [item["increments"] for item in output["items"]]
            assert min(amounts + [entry["used"] for entry in output["allowances"]]) >= 0, output
    return sum(row is not None for row in case.rows)


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
        parts = split(case.rng, whole, datetime.datetime.fromisoformat(expected["start"]))
        case.rng.shuffle(parts)
        outputs = case.rate(history + parts)[-len(parts) :]
        late = any("late" in output["flags"] for output in outputs + [expected])
        if late or any(output["outcome"] not in ("rated", "zero_rated") for output in outputs):
            continue
        compared += 1
        told = [
            (part["seq"], part["start"], part["duration_s"], part["up_bytes"]) for part in parts
        ]
        assert totals(outputs) == totals([expected]), (told, expected, outputs)
    return compared


def split(rng, whole, start):
    """Two to four partials, its quantities dealt at random; the lead starts when the whole does,
    the others then or later."""
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
    for part in parts[1:]:
        later = datetime.timedelta(seconds=rng.choice((0, rng.randint(1, 90000))))
        part["start"] = (start + later).isoformat()
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
    """Without counters the list price does not fall when a call is longer or more is loaded."""
    case.rewrite_rates(lambda row: row.update(counter=""))
    records = [row for row in case.rows if row is not None]
    calls = [(row, "duration_s", 5000) for row in records if row["service"] == "voice"][:6]
    loads = [(row, "up_bytes", 1 << 26) for row in records if row["service"] == "data"][:4]
    compared = 0
    for record, field, below in calls + loads:
        more = {"partial": "", "charge": "", "down_bytes": "", "session": ""}
        rows = [
            type(record)(record, **{**more, field: str(quantity)}, seq=str(quantity))
            for quantity in sorted(case.rng.sample(range(1, below), 12))
        ]
        outputs = case.rate(rows)
        lists = [micro(output["list"]) for output in outputs]
        assert lists == sorted(lists), (record, lists)
        compared += lists[0] < lists[-1]
    return compared


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
    return sum(row is not other for row, (other, _) in zip(case.rows, mixed))


def check_batches(case):
    """A batch of one record is a batch of many, a block of few a block of all: a store fed a file
    for each record, cut all the time, holds what one fed all records at once does, and rated
    records are those that `rate` prices one after the other."""
    single = case.rate(case.rows)
    os.mkdir(os.path.join(case.folder, "one"))
    for number, row in enumerate(case.rows):
        case.write(os.path.join("one", f"{number:05}.csv"), [row])
    many, many_rated, many_rest = case.store("many", "usage.csv", 1000000)
    one, one_rated, one_rest = case.store("ones", "one", 1)
    assert many["blocks"] <= 2 < one["blocks"], (many, one)
    assert many["state_hash"] == one["state_hash"], (many, one)
    assert many_rated == one_rated and many_rest == one_rest
    assert compare.rated_by_id(single) == compare.rated_by_id(map(json.loads, one_rated))
    return len(one_rated)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="101..106")
    options = parser.parse_args()
    suanpan = os.environ["SUANPAN"]
    if os.environ.get("SUANPAN_BUILD"):
        tempfile.tempdir = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
        os.makedirs(tempfile.tempdir, exist_ok=True)
    compared = collections.Counter()
    for seed in compare.seeds_of(options.seeds):
        for check in (check_sums, check_domains, check_partials, check_batches, check_durations):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    case = Case(seed, folder, suanpan, 300 if check is check_batches else 150)
                    compared[check] += check(case)
                except AssertionError:
                    print(f"seed {seed}, {check.__name__}: {check.__doc__}")
                    raise
        print(f"seed {seed}: all properties hold")
    for check, count in compared.items():
        print(f"{check.__name__}: {count} compared")
        assert count > 0, f"{check.__name__} compared nothing"


if __name__ == "__main__":
    main()
