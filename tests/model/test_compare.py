#!/usr/bin/env python3
"""The engine agrees with the model on some random books: through `rate`, field by field."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    folder = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(folder, exist_ok=True)
    command = [
        sys.executable,
        os.path.join(HERE, "compare.py"),
        "--suanpan",
        os.environ["SUANPAN"],
        "--seeds",
        "1..10",
        "--records",
        "150",
    ]
    return subprocess.run(command, env=dict(os.environ, TMPDIR=folder), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
