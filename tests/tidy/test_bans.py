#!/usr/bin/env python3
"""What house.md forbids: words in the code, names of files and folders, unfinished work, paths of a machine."""

import os
import re

import source_tree as tree

# In C code without comments and strings: (pattern, what to say, folders or None for all).
CODE = [
    (r"\b(?:float|double)\b", "no floating point here", {"rating"}),
    (r"\btypedef\s+struct\b", "no typedef of structs", None),
    (r"\btypedef\s+union\b", "no typedef of unions", None),
    (r"\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|strncpy)\s*\(", "unbounded or surprising call", None),
    (r"\b(?:atoi|atol|atoll|atof)\s*\(", "takes anything for a number", None),
    (r"\b(?:system|popen)\s*\(", "no shell", set(tree.PRODUCT)),
    (r"\b(?:localtime|gmtime|asctime|ctime|strerror_l)\s*\(", "shared static buffer", set(tree.PRODUCT)),
    (r"\b(?:rand|srand|random|srandom)\s*\(", "no hidden random state: a seed is an argument", None),
    (r"\basm\b|\b__asm__\b", "no assembler", set(tree.PRODUCT)),
    (r"\b__builtin_prefetch\b", "gcc may leave it out: sp_line_fetch", set(tree.PRODUCT)),
]
UNFINISHED = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
MACHINE = re.compile(r"(?<![\w./$}])/(?:work|root|home)/[\w.]+")
NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc"}
REPEATED_NAMES = {"README.md", "CMakeLists.txt", "run", "note.md"}
NAMED_ONCE = (".c", ".h", ".py", ".sh", ".cmake")


def check_code(problems):
    paths = tree.files(".c", ".h")
    for path in paths:
        text = tree.read(path)
        code = tree.code_only(text)
        for pattern, what, folders in CODE:
            if folders is not None and path.split("/")[0] not in folders:
                continue
            for match in re.finditer(pattern, code):
                line = tree.line_of(code, match.start())
                rule = "float" if "floating" in what else "banned"
                if not tree.excepted(text, rule, line):
                    problems.append(f"{path}:{line}: {match.group(0).strip()}: {what}")
    return len(paths)


def check_text(problems):
    for path in tree.files():
        if path.startswith("tests/golden/") or os.path.getsize(os.path.join(tree.ROOT, path)) > 1000000:
            continue
        text = tree.read(path)
        if "\0" in text[:8000]:
            continue
        for pattern, what in ((UNFINISHED, "unfinished work"), (MACHINE, "a path of one machine")):
            for match in pattern.finditer(text):
                problems.append(f"{path}:{tree.line_of(text, match.start())}: {match.group(0)}: {what}")


def check_names(problems):
    seen = {}
    for path in tree.files():
        for part in path.split("/"):
            if os.path.splitext(part)[0].lower() in NAMELESS:
                problems.append(f"{path}: {part} says nothing; a function lives with the noun it is about")
        name = os.path.basename(path)
        if name.endswith(NAMED_ONCE) and name not in REPEATED_NAMES:
            if name in seen:
                problems.append(f"{path}: file name taken by {seen[name]}")
            seen[name] = path


def main():
    problems = []
    count = check_code(problems)
    check_text(problems)
    check_names(problems)
    tree.report(problems, f"{count} C files")


main()
