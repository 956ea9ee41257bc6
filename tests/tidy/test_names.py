#!/usr/bin/env python3
"""Visibility by prefix: sp_ outside a folder, sp__ only inside it, static without prefix; macros SP_."""

import re

import source_tree as tree

INNER = re.compile(r"\bsp__\w+")
# X is the one that walks an X-macro table; it is undefined at once.
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
FOREIGN_MACROS = {"X", "_GNU_SOURCE", "_POSIX_C_SOURCE", "_XOPEN_SOURCE", "_FILE_OFFSET_BITS", "_DEFAULT_SOURCE"}


def check_function(path, function, text, problems):
    where = f"{path}:{function.start_line}: {function.name}"
    if tree.excepted(text, "name", function.start_line):
        return
    if function.static():
        if function.name.startswith("sp_") and path.endswith(".c"):
            problems.append(f"{where}: a static function has no prefix")
    elif not function.name.startswith("sp_") and function.name != "main":
        problems.append(f"{where}: seen outside its file, so it begins with sp_ (or it should be static)")


def main():
    problems, inner, count = [], {}, 0
    for path in tree.files(".c", ".h", under=tree.PRODUCT):
        text = tree.read(path)
        code = tree.code_only(text)
        for function in tree.functions(text):
            count += 1
            check_function(path, function, text, problems)
        for match in INNER.finditer(code):
            inner.setdefault(match.group(0), {}).setdefault(path.split("/")[0], path)
        if not path.endswith(".h"):
            continue
        for match in MACRO.finditer(code):
            line = tree.line_of(code, match.start())
            if not match.group(1).startswith("SP_") and match.group(1) not in FOREIGN_MACROS \
                    and not tree.excepted(text, "name", line):
                problems.append(f"{path}:{line}: {match.group(1)}: a header's macros begin with SP_")
    for name, folders in inner.items():
        if len(folders) > 1:
            problems.append(f"{name} is inside one folder only, but stands in {', '.join(sorted(folders.values()))}")
    tree.report(problems, f"{count} functions")


main()
