#!/usr/bin/env python3
"""Purity on the built archives: what rating, segment, decoders and encoders need from outside, by nm -u.

Pure code needs memory and string functions, arithmetic of the compiler, and itself. It has no variable that can be
written. Instrumented builds (sanitizers, coverage, fuzzing) add calls of their own, so they are left out.
"""

import glob
import os
import re
import subprocess
import sys

import source_tree as tree

# What the C library and the compiler may give: no I/O, clock, heap, locale, environment, randomness, threads.
MEMORY = r"mem(?:cpy|move|set|cmp|chr|rchr|mem)|str(?:n?len|n?cmp|chr|rchr|cspn|spn)|explicit_bzero"
CHECKED = r"__(?:memcpy|memmove|memset)_chk|__stack_chk_fail"
COMPILER = r"__[a-z]+(?:ti|di|si)[a-z]*[234]?|_GLOBAL_OFFSET_TABLE_|__assert_fail|abort"
ARITHMETIC = r"log|log2|log10|log1p|exp|exp2|expm1|pow|sqrt|floor|ceil|lround|llround|round|fabs|lgamma_r|fma"
ALLOWED = {"rating": re.compile(rf"^(?:{MEMORY}|{CHECKED}|{COMPILER})$"),
           "segment": re.compile(rf"^(?:{MEMORY}|{CHECKED}|{COMPILER}|{ARITHMETIC})$")}
TABLE = "tests/tidy/pure_objects.txt"
LIBRARIES = {"rating": "libsp_rating.a", "segment": "libsp_segment.a", "ingest": "libsp_ingest.a",
             "store": "libsp_store.a"}


def skip(why):
    print(f"skipped: {why}")
    sys.exit(tree.SKIPPED)


def instrumented():
    with open(os.path.join(tree.BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        cache = file.read()
    found = re.search(r"^\w+:\w+=.*(-fsanitize|--coverage|-fprofile|-fcoverage).*$", cache, re.M)
    if found:
        return True
    with open(os.path.join(tree.BUILD, "build.ninja"), encoding="utf-8") as file:
        return re.search(r"-fsanitize|--coverage|-fprofile-instr", file.read()) is not None


def archive(folder):
    found = glob.glob(os.path.join(tree.BUILD, "**", LIBRARIES[folder]), recursive=True)
    return found[0] if found else None


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def by_object(output):
    """{object: lines} of what nm or objdump print for an archive."""
    found, name = {}, ""
    for line in output.split("\n"):
        match = re.match(r"^(\S+?\.o):", line)
        if match:
            name = os.path.basename(match.group(1))
            found[name] = []
        elif line.strip():
            found.setdefault(name, []).append(line)
    return found


def check(folder, members, problems):
    """members: object names to look at, or None for all of the archive."""
    path = archive(folder)
    if path is None:
        if not tree.files(".c", under=(folder,)):
            return 0
        problems.append(f"{LIBRARIES[folder]} is not in the build folder")
        return 0
    needed = by_object(run("nm", "-u", path))
    symbols = by_object(run("objdump", "-t", path))
    allowed = ALLOWED.get(folder, ALLOWED["rating"])
    names = set(needed) | set(symbols)
    for name in (members or names) - names:
        problems.append(f"{TABLE}: {name} is not in {LIBRARIES[folder]}")
    for name in (members or names) & names:
        for line in needed.get(name, []):
            symbol = line.split()[-1]
            if not symbol.startswith("sp_") and not allowed.match(symbol):
                problems.append(f"{folder}/{name}: needs {symbol}")
        for line in symbols.get(name, []):
            match = re.search(r"\s[lgu!].{6}\s(\.t?(?:data|bss)\S*|\*COM\*)\s+([0-9a-f]+)\s+(.*)$", line)
            if match and not match.group(1).startswith(".data.rel.ro") and int(match.group(2), 16) > 0:
                problems.append(f"{folder}/{name}: {match.group(3)} is a variable that can be written")
    return len(members or names)


def main():
    if not tree.BUILD or not os.path.isfile(os.path.join(tree.BUILD, "CMakeCache.txt")):
        skip("no build folder")
    if instrumented():
        skip("this build is instrumented")
    problems, count = [], 0
    members = {}
    for line in tree.read(TABLE).split("\n"):
        words = line.split("#")[0].split("/")
        if len(words) == 2:
            members.setdefault(words[0], set()).add(words[1].split()[0] + ".o")
    for folder in ("rating", "segment"):
        count += check(folder, None, problems)
    for folder in sorted(members):
        count += check(folder, members[folder], problems)
    tree.report(problems, f"{count} objects")


main()
