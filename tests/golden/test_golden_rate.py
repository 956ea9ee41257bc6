#!/usr/bin/env python3
"""The golden cases through `suanpan rate` and `suanpan tariff check`, to the last digit."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import golden_rate  # noqa: E402

SKIPPED = 77


def main():
    root = os.path.join(os.environ.get("SUANPAN_SHARED", ""), "golden")
    if not os.path.isdir(root):
        print(f"skipped: no golden cases at {root}")
        return SKIPPED
    return golden_rate.check_all(root)


sys.exit(main())
