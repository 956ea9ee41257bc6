#!/usr/bin/env python3
"""The cases of this folder with usage through a store of 3 shards that is killed half way and goes on."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
import golden_store  # noqa: E402


def main():
    names = sorted(name for name in os.listdir(HERE) if os.path.exists(os.path.join(HERE, name, "usage.csv")))
    return golden_store.check_all(HERE, names, whole=False)


sys.exit(main())
