#!/usr/bin/env python3
"""branches.py BUILD FOLDER...: line and branch coverage per file from gcov's JSON; lists branches never taken.

The failing side of an SP_ASSERT is no branch to be tested: it stops the process. Lines of assertions are left out.
"""

import json
import os
import re
import subprocess
import sys

ASSERTION = re.compile(r"\bSP_ASSERT\s*\(")


def assertion_lines(path):
    """The lines on which an assertion stands."""
    found, depth = set(), 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = ASSERTION.search(line)
            if match or depth > 0:
                found.add(number)
                rest = line[match.start():] if match and depth == 0 else line
                depth += rest.count("(") - rest.count(")")
    return found


def gcov(build, folder):
    """The reports of one library's objects, one JSON document a line."""
    objects = os.path.join(build, "CMakeFiles", f"sp_{folder}.dir", folder)
    notes = sorted(name for name in os.listdir(objects) if name.endswith(".gcno")) if os.path.isdir(objects) else []
    for name in notes:
        done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", name], cwd=objects,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        for line in done.stdout.split("\n"):
            if line.startswith("{"):
                yield json.loads(line)


def main():
    build, folders = sys.argv[1], sys.argv[2:]
    total_branches = total_taken = 0
    missed = []
    print(f"{'file':32} {'lines':>6} {'run':>7} {'branches':>8} {'taken':>7}")
    for folder in folders:
        for report in gcov(build, folder):
            for file in report["files"]:
                path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]), build)
                path = os.path.relpath(os.path.join(build, path), os.path.dirname(os.path.dirname(build)))
                if not path.startswith(f"{folder}/") or not path.endswith(".c"):
                    continue
                asserted = assertion_lines(os.path.join(os.path.dirname(os.path.dirname(build)), path))
                lines = len(file["lines"])
                run = sum(line["count"] > 0 for line in file["lines"])
                branches = [(line["line_number"], branch["count"]) for line in file["lines"]
                            for branch in line["branches"]
                            if not branch["throw"] and line["line_number"] not in asserted]
                taken = sum(count > 0 for _, count in branches)
                missed += [f"{path}:{number}" for number, count in branches if count == 0]
                total_branches += len(branches)
                total_taken += taken
                print(f"{path:32} {lines:6} {100 * run / max(lines, 1):6.1f}% {len(branches):8} "
                      f"{100 * taken / max(len(branches), 1):6.1f}%")
    print(f"branches: {total_taken} of {total_branches} taken = {100 * total_taken / max(total_branches, 1):.1f} %")
    with open(os.path.join(build, "branches.txt"), "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in dict.fromkeys(missed)))


main()
