#!/usr/bin/env python3
"""The layout of all C by .clang-format, judged by clang-format 14 (Debian 12); another version is no judge."""

import re
import shutil
import subprocess
import sys

import source_tree as tree

VERSION = "14"
BATCH = 40


def judge():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(rf"version {VERSION}\.", text):
                return path
    print(f"skipped: no clang-format {VERSION} here")
    return sys.exit(tree.SKIPPED)


def main():
    program = judge()
    problems = []
    paths = tree.files(".c", ".h")
    for at in range(0, len(paths), BATCH):
        done = subprocess.run([program, "--dry-run", "--ferror-limit=1", *paths[at:at + BATCH]], cwd=tree.ROOT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        for line in done.stderr.split("\n"):
            match = re.match(r"^(\S+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", line)
            if match:
                problems.append(f"{match.group(1)}:{match.group(2)}: not as clang-format lays it out")
        if done.returncode not in (0, 1):
            problems.append(f"clang-format ended with {done.returncode}: {done.stderr[:300]}")
    if problems:
        print("tests/tidy/format lays them out")
    tree.report(problems, f"{len(paths)} files")


main()
