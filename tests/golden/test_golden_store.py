#!/usr/bin/env python3
"""The golden cases through a store: on 1 and 3 shards, and with a kill -9 in the middle. Under a sanitizer only the store with the
kill is made: it goes through all that the others do, at a third of the time."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import golden_store  # noqa: E402

SKIPPED = 77
# Every case with usage. A new one must be named here, so that none is left out by a folder that was not looked into.
CASES = """
01-minutes 02-two-fees 03-bands 04-calendar 05-data 06-slots-and-counter 07-numbers-and-zones 08-roam 09-net 10-specificity
11-allowance 12-rollover 13-pool 14-proration 15-group-price 16-discounts 17-caps 18-payers 19-partials 20-duplicates
21-suspense 22-cycle-day 23-increment-digits 24-two-books 25-head-office 26-own-of-group 27-late 31-refused-customers
32-block-edge 33-payer-tie 34-chain-moves 35-grant-two-books 36-lines-and-places
""".split()


def main():
    root = os.path.join(os.environ.get("SUANPAN_SHARED", ""), "golden")
    if not os.path.isdir(root):
        print(f"skipped: no golden cases at {root}")
        return SKIPPED
    return golden_store.check_all(root, CASES, whole=not os.environ.get("SUANPAN_SANITIZE"))


sys.exit(main())
