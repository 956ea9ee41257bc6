#!/usr/bin/env python3
"""What lies where: the root's folders and files, and a README.md in every folder that holds code."""

import os

import source_tree as tree

ROOT_ENTRIES = {"rating", "segment", "ingest", "store", "tools", "tests", "bench", "CMakeLists.txt",
                "CMakePresets.json", "README.md", "LICENSE", "CHANGELOG.md"}
CODE = (".c", ".h", ".py", ".sh", ".cmake")


def main():
    problems, folders = [], set()
    paths = tree.files()
    for path in paths:
        first = path.split("/")[0]
        if first not in ROOT_ENTRIES and not first.startswith("."):
            problems.append(f"{path}: the root holds only {', '.join(sorted(ROOT_ENTRIES))} and dot files")
        runs = os.access(os.path.join(tree.ROOT, path), os.X_OK)
        if "/" in path and (path.endswith(CODE) or runs) and not path.startswith("."):
            folders.add(os.path.dirname(path))
    for name in ROOT_ENTRIES:
        if not os.path.exists(os.path.join(tree.ROOT, name)):
            problems.append(f"{name}: missing in the root")
    for folder in folders:
        if f"{folder}/README.md" not in paths:
            problems.append(f"{folder}/: no README.md")
    tree.report(problems, f"{len(paths)} files, {len(folders)} folders with code")


main()
