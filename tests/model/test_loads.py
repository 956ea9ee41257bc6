#!/usr/bin/env python3
"""Books that are loaded into a store that has records, against the model: book.md §4.7, §4.8, §15.5.

Of each random case one part of the usage is read, then a book is loaded that holds from a day of
the past on, also for records that may still come late and for the partials of open chains, then
the rest is read. Some records are late by about the store's window.
"""

import collections
import csv
import datetime
import io
import json
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare  # noqa: E402
import model_rate  # noqa: E402
import random_book  # noqa: E402
from model_book import Book  # noqa: E402
from model_customers import Customers  # noqa: E402
from model_rater import Rater  # noqa: E402

SEEDS = compare.seeds_of(os.environ.get("SUANPAN_SEEDS", "1..6"))
RECORDS = int(os.environ.get("SUANPAN_RECORDS", "200"))
WINDOW_S = 62 * 86400
LATE_DAYS = (55, 61, 62, 63, 90)


def call(folder, *arguments):
    done = compare.run([os.environ["SUANPAN"], *arguments], folder)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


class Case:
    """A random case in a folder, and the book that comes later."""

    def __init__(self, seed, folder):
        self.folder, self.rng = folder, random.Random(seed)
        books = random_book.write_case(seed, RECORDS, folder)
        self.books = [os.path.basename(book) for book in books]
        maker = random_book.Maker(seed, RECORDS).make()
        self.header, *lines = maker.usage
        lines = self.with_late_ones(lines)
        cut = self.rng.randrange(len(lines) // 4, len(lines) * 3 // 4)
        self.parts = (lines[:cut], lines[cut:])
        self.write_later(maker)

    def with_late_ones(self, lines):
        """Some records come once more, days before what they were."""
        columns, found = next(csv.reader([self.header])), []
        for line in lines:
            found.append(line)
            cells = next(csv.reader(io.StringIO(line, newline="")), [])
            if len(cells) != len(columns) or self.rng.random() > 0.04:
                continue
            record = dict(zip(columns, cells))
            try:
                at = datetime.datetime.fromisoformat(record["start"].replace("Z", "+00:00"))
            except ValueError:
                continue
            at -= datetime.timedelta(days=self.rng.choice(LATE_DAYS))
            record.update(id=f"late{len(found)}", start=at.isoformat())
            text = io.StringIO()
            csv.writer(text, lineterminator="").writerow(record.values())
            found.append(text.getvalue())
        return found

    def write_later(self, maker):
        settings, tables = maker.later_book()
        day = maker.day(self.rng.randint(3, 45)) + "T05:00:00"
        os.makedirs(f"{self.folder}/later")
        with open(f"{self.folder}/later/book.yaml", "w", encoding="utf-8") as file:
            settings.update(name="later", valid_from=day)
            file.writelines(f"{key}: {value}\n" for key, value in settings.items())
        for name, rows in tables.items():
            if rows:
                random_book.write_table(f"{self.folder}/later/{name}.csv", rows, self.rng)

    def write_part(self, number):
        name = f"part{number}.csv"
        with open(f"{self.folder}/{name}", "w", encoding="utf-8", newline="") as file:
            file.write("\n".join([self.header, *self.parts[number], ""]))
        return name

    def model(self):
        books = [Book(f"{self.folder}/{book}") for book in self.books]
        rater = Rater(books, Customers(f"{self.folder}/customers", books), WINDOW_S)
        found = []
        for number in range(2):
            if number == 1:
                rater.add_book(Book(f"{self.folder}/later"))
            rows = model_rate.usage_rows(f"{self.folder}/part{number}.csv")
            found += [rater.rate(row) for row in rows]
        return found

    def engine(self, shards):
        names = [word for book in self.books for word in ("--book", book)]
        call(self.folder, "init", "store", *names, "--customers", "customers", "--shards", shards)
        for number in range(2):
            if number == 1:
                call(self.folder, "book", "load", "store", "later")
            call(self.folder, "run", "store", "--files", f"part{number}.csv", "--until-end")
        kinds = ("rated", "suspense")
        return [json.loads(line) for kind in kinds for line in self.dump(kind)]

    def dump(self, kind):
        return call(self.folder, "dump", "store", kind, "--json").splitlines()


def counted(outputs):
    """What the store keeps of outputs, as often as it comes."""
    kept = collections.Counter()
    for output in outputs:
        if output["outcome"] == "suspended" or output["outcome"] == "conflict":
            output = {key: output[key] for key in ("id", "outcome", "reason")}
        if output["outcome"] != "duplicate":
            kept[json.dumps(compare.visible(output), sort_keys=True, ensure_ascii=False)] += 1
    return kept


def check_seed(seed, folder, met):
    """Whether the store has what the model has."""
    case = Case(seed, folder)
    case.write_part(0)
    case.write_part(1)
    outputs = case.model()
    mine, his = counted(outputs), counted(case.engine(str(1 + seed % 3)))
    for output in outputs:
        met[output["book"] == "later" and output["outcome"] == "rated" and "by the later"] += 1
        met[output["reason"]] += 1
    for name, some in (("model", mine - his), ("engine", his - mine)):
        for line in list(some)[:2]:
            print(f"seed {seed}, {name} only: {line}")
    return mine == his


def main():
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    failed, met = [], collections.Counter()
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(dir=base) as folder:
            if not check_seed(seed, folder, met):
                failed.append(seed)
    print(
        f"{len(SEEDS) - len(failed)} of {len(SEEDS)} seeds agree, {met['by the later']} records by "
        f"the later book, {met['dup_window_exceeded']} beyond the window"
    )
    if met["by the later"] == 0 or met["dup_window_exceeded"] == 0:
        print("the seeds show nothing")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
