#!/usr/bin/env python3
"""Random valid books with customers and usage, for comparing the engine with the model.

    random_book.py --seed 7 --records 300 --out DIR

writes DIR/book, sometimes DIR/book2, DIR/customers and DIR/usage.csv.
"""

import argparse
import csv
import io
import os
import random

from random_customers import CustomerMaker
from random_tariff import TariffMaker
from random_usage import UsageMaker


class Maker(TariffMaker, CustomerMaker):
    """Everything of one seed."""

    def __init__(self, seed, records):
        super().__init__(seed)
        self.records, self.tables = records, {}

    def make(self):
        self.make_book()
        self.make_customers()
        self.books = [(self.settings, self.tables)]
        if self.often(0.35):
            self.books.append(self.later_book())
        self.usage = UsageMaker(self).make()
        return self


def write_table(path, rows, rng):
    """A table with its columns in any order, sometimes with comments, a BOM or CR LF."""
    columns = []
    for row in rows:
        columns += [column for column in row if column not in columns]
    rng.shuffle(columns)
    end, text = rng.choice(("\n", "\n", "\n", "\r\n")), io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator=end)
    writer.writeheader()
    for row in rows:
        if rng.random() < 0.03:
            text.write("# a comment, " + end)
        writer.writerow(row)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(rng.choice(("", "", "", "\ufeff")) + text.getvalue())


def write_case(seed, records, folder):
    """Writes book, book2, customers and usage.csv; the book folders, in the order of --book."""
    maker = Maker(seed, records).make()
    rng, books = random.Random(seed), []
    for number, (settings, tables) in enumerate(maker.books):
        book = os.path.join(folder, "book" if number == 0 else "book2")
        os.makedirs(book, exist_ok=True)
        with open(os.path.join(book, "book.yaml"), "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {value}\n" for key, value in settings.items())
        for name, rows in tables.items():
            if rows:
                write_table(os.path.join(book, name + ".csv"), rows, rng)
        books.append(book)
    os.makedirs(os.path.join(folder, "customers"), exist_ok=True)
    for name, rows in maker.customers.items():
        write_table(os.path.join(folder, "customers", name + ".csv"), rows, rng)
    with open(os.path.join(folder, "usage.csv"), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in maker.usage)
    return books


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    write_case(options.seed, options.records, options.out)


if __name__ == "__main__":
    main()
