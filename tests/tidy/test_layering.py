#!/usr/bin/env python3
"""Layers of house.md by #include: who may include whom, and third-party headers in one .c per use."""

import os
import re

import source_tree as tree

MAY_INCLUDE = {
    "rating": {"rating"},
    "segment": {"segment", "rating"},
    "ingest": {"ingest", "rating"},
    "store": {"store", "segment", "rating"},
    "tools": {"tools", "ingest", "store", "segment", "rating"},
    "tests": {"tests", "bench", "tools", "ingest", "store", "segment", "rating"},
    "bench": {"bench", "tests", "tools", "ingest", "store", "segment", "rating"},
}
# Headers of the C standard that do nothing by themselves: no I/O, clock, heap, locale, environment.
IDLE = {"assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
        "stdnoreturn.h", "string.h"}
PURE_FOLDERS = {"rating": IDLE, "segment": IDLE | {"math.h"}}
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+([<\"])([^>\"]+)[>\"]", re.M)
LIBRARY = re.compile(r"^(?:(?:lmdb|zstd\w*|zdict|xxhash|xxh3|yaml|sodium|microhttpd|xlsxwriter|ck_\w+|check)\.h"
                     r"|(?!sys/|netinet/|arpa/|linux/).+/.+)$")
TABLE = "tests/tidy/third_party.txt"


def third_party_uses():
    """{header: {file}} from the table; a line is `header file what for`."""
    uses = {}
    for line in tree.read(TABLE).split("\n"):
        words = line.split("#")[0].split()
        if words:
            uses.setdefault(words[0], set()).add(words[1])
    return uses


def check_own(path, folder, header, where, owners, problems):
    owner = owners.get(os.path.basename(header))
    if owner is None:
        problems.append(f"{where}: {header} is no header of this tree")
    elif owner.split("/")[0] not in MAY_INCLUDE[folder]:
        problems.append(f"{where}: {folder}/ may not include {owner}")


def main():
    problems, seen, count = [], {}, 0
    uses = third_party_uses()
    headers = tree.files(".h")
    owners = {os.path.basename(path): path for path in headers}
    for path in tree.files(".c", ".h"):
        folder = path.split("/")[0]
        if folder not in MAY_INCLUDE:
            problems.append(f"{path}: C outside the folders of house.md")
            continue
        text = tree.read(path)
        for match in INCLUDE.finditer(tree.code_only(text, keep_strings=True)):
            count += 1
            line = tree.line_of(text, match.start())
            where, header = f"{path}:{line}", match.group(2)
            if tree.excepted(text, "include", line):
                continue
            if match.group(1) == "\"":
                check_own(path, folder, header, where, owners, problems)
            elif folder in PURE_FOLDERS and header not in PURE_FOLDERS[folder]:
                problems.append(f"{where}: {folder}/ may not include <{header}>")
            elif folder in tree.PRODUCT and (header in uses or LIBRARY.match(header)):
                seen.setdefault(header, set()).add(path)
    for header, paths in seen.items():
        for path in paths - uses.get(header, set()):
            problems.append(f"{path}: <{header}> has no line in {TABLE}: one .c per use of a library")
    for header, paths in uses.items():
        for path in paths - seen.get(header, set()):
            problems.append(f"{TABLE}: {path} does not include <{header}>")
        for path in paths:
            if path.endswith(".h"):
                problems.append(f"{TABLE}: {path}: a library's header stays out of ours")
    tree.report(problems, f"{count} includes")


main()
