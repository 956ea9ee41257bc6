#!/usr/bin/env python3
"""The cases of this folder through `suanpan rate` and `suanpan tariff check`, to the last digit."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
import golden_rate  # noqa: E402

sys.exit(golden_rate.check_all(HERE))
