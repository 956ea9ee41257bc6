#!/usr/bin/env python3
"""branches.py [--check] BUILD FOLDER...: branch coverage of each file from gcov's JSON, and what was never taken.

Left out as no branches to be tested: the failing side of an SP_ASSERT, which stops the process. What else is never
taken stands in tests/coverage_exceptions.txt, function by function, with the number of branches, class and reason; with
--check a branch more than listed is a failure, and so is one less: what is listed has to be there. BUILD/branches.txt
gets each line with such a branch.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
EXCEPTIONS = os.path.join(HERE, "coverage_exceptions.txt")
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


def gcov(build):
    """The reports of all objects of libraries and tests, one JSON document a line."""
    for top in (os.path.join(build, "CMakeFiles"), os.path.join(build, "tests", "CMakeFiles")):
        for folder, _, names in sorted(os.walk(top)):
            notes = sorted(name for name in names if name.endswith(".gcno"))
            if not notes:
                continue
            done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *notes], cwd=folder,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            for line in done.stdout.split("\n"):
                if line.startswith("{"):
                    yield json.loads(line)


def counted(build, folders):
    """{path: ({line: count}, {(function, line, place): count})}; a header's are summed over all that include it."""
    files = {}
    for report in gcov(build):
        for file in report["files"]:
            path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]), TOP)
            if path.split(os.sep)[0] not in folders:
                continue
            lines, branches = files.setdefault(path, ({}, {}))
            functions = [(one["start_line"], one["end_line"], one["name"]) for one in file["functions"]]
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
                name = max((one for one in functions if one[0] <= number <= one[1]), default=(0, 0, "?"))[2]
                for place, branch in enumerate(line["branches"]):
                    key = (name, number, place)
                    branches[key] = branches.get(key, 0) + branch["count"]
    for path, (_, branches) in files.items():
        asserted = assertion_lines(os.path.join(TOP, path))
        for key in [key for key in branches if key[1] in asserted]:
            del branches[key]
    return files


def listed(folders):
    """{"file:function": number} of coverage_exceptions.txt."""
    found = {}
    with open(EXCEPTIONS, encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            where, number, _, reason = line.split(None, 3)
            assert reason and where not in found, line
            if where.split("/")[0] in folders:
                found[where] = int(number)
    return found


def main():
    check = "--check" in sys.argv
    build, *folders = [word for word in sys.argv[1:] if word != "--check"]
    allowed = listed(folders)
    total = total_taken = 0
    missed, missing = [], {}
    print(f"{'file':32} {'lines':>6} {'run':>7} {'branches':>8} {'taken':>7} {'listed':>6}")
    for path, (lines, branches) in sorted(counted(build, folders).items()):
        for (function, number, _), count in sorted(branches.items(), key=lambda item: item[0][1:]):
            if count == 0:
                missed.append(f"{path}:{number} {function}")
                missing[f"{path}:{function}"] = missing.get(f"{path}:{function}", 0) + 1
        taken = sum(count != 0 for count in branches.values())
        total += len(branches)
        total_taken += taken
        known = sum(number for where, number in allowed.items() if where.startswith(f"{path}:"))
        print(f"{path:32} {len(lines):6} {100 * sum(count > 0 for count in lines.values()) / max(len(lines), 1):6.1f}% "
              f"{len(branches):8} {100 * taken / max(len(branches), 1):6.1f}% {known:6}")
    print(f"branches: {total_taken} of {total} taken = {100 * total_taken / max(total, 1):.1f} %, "
          f"{sum(allowed.values())} listed")
    with open(os.path.join(build, "branches.txt"), "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in dict.fromkeys(missed)))
    if not check:
        return 0
    wrong = 0
    for where in sorted(missing.keys() | allowed.keys()):
        if missing.get(where, 0) != allowed.get(where, 0):
            wrong += 1
            print(f"{where}: {missing.get(where, 0)} branches never taken, {allowed.get(where, 0)} listed")
    print(f"{wrong} functions differ from coverage_exceptions.txt")
    return 1 if wrong else 0


sys.exit(main())
