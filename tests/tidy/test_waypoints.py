#!/usr/bin/env python3
"""The numbered waypoints of one record's way: [CDR 1/N] … [CDR N/N], each exactly once in the product's code."""

import re

import source_tree as tree

WAYPOINT = re.compile(r"\[CDR (\d+)/(\d+)\](?=([^\n]*))")


def main():
    problems, found = [], []
    for path in tree.files(".c", ".h", under=tree.PRODUCT):
        text = tree.read(path)
        for match in WAYPOINT.finditer(text):
            where = f"{path}:{tree.line_of(text, match.start())}"
            found.append((int(match.group(1)), int(match.group(2)), where, match.group(3).strip(" */")))
    if not found:
        problems.append("no waypoint in the code")
    totals = {total for _, total, _, _ in found}
    if len(totals) > 1:
        problems.append(f"waypoints disagree about their number: {sorted(totals)}")
    for number in range(1, max(totals, default=0) + 1):
        places = [where for at, _, where, _ in found if at == number]
        if len(places) != 1:
            problems.append(f"waypoint {number} appears {len(places)} times: {' '.join(places)}")
    for number, total, where, what in sorted(found):
        if not 1 <= number <= total:
            problems.append(f"{where}: waypoint {number} of {total}")
        print(f"[CDR {number}/{total}] {where} {what}")
    tree.report(problems, f"{len(found)} waypoints")


main()
