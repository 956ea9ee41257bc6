#!/usr/bin/env python3
"""The slow, obvious model of `suanpan rate --json`, written from book.md alone.

model_rate.py --book DIR [--book DIR2] [--customers DIR] usage.csv
"""

import argparse
import json
import sys

from model_book import Book
from model_customers import Customers
from model_rater import Rater
from model_tables import Row, csv_lines


def usage_rows(path):
    """The lines of usage.csv: a Row for each record, None for a line that is none."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv_lines(file.read())
    header = lines[0][1] if lines else []
    return [
        Row(zip(header, cells)) if len(cells) == len(header) else None for _, cells in lines[1:]
    ]


def rater_of(book_folders, customer_folder):
    books = [Book(folder) for folder in book_folders]
    return Rater(books, Customers(customer_folder, books))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--book", action="append", required=True)
    parser.add_argument("--customers", required=True)
    parser.add_argument("--json", action="store_true", help="accepted; the output is always JSON")
    parser.add_argument("usage")
    options = parser.parse_args()
    rater = rater_of(options.book, options.customers)
    for file, line in rater.customers.refused:
        print(f"{file}:{line}: refused", file=sys.stderr)
    for row in usage_rows(options.usage):
        print(json.dumps(rater.rate(row), ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
