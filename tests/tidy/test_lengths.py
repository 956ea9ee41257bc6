#!/usr/bin/env python3
"""Lengths of house.md: functions, columns, parameters, nesting, files, public headers."""

import re

import source_tree as tree

FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
PARAMETERS_MAX = 6
NESTING_MAX = 4
FILE_LINES_MAX = 800
HEADER_LINES_MAX = 200
CONTROL = re.compile(r"(?:\b(?:else|do)|(\)))\s*$")


def opens_block(body, position):
    """Whether the brace at position begins the block of an if, for, while, switch, else or do."""
    match = CONTROL.search(body, max(0, position - 400), position)
    if not match:
        return False
    if not match.group(1):
        return True
    depth = 0
    for at in range(match.start(1), -1, -1):
        depth += body[at] == ")"
        depth -= body[at] == "("
        if depth == 0:
            word = re.search(r"(\w+)\s*$", body[:at])
            return bool(word) and (word.group(1) in ("if", "for", "while", "switch") or
                                   "foreach" in word.group(1).lower())
    return False


def nesting(body):
    """(depth, line within the body) of the deepest block."""
    deepest, line, stack = 0, 0, []
    for at, character in enumerate(body):
        if character == "{":
            stack.append(at > 0 and opens_block(body, at))
            depth = sum(stack)
            if depth > deepest:
                deepest, line = depth, body.count("\n", 0, at)
        elif character == "}":
            stack.pop()
    return deepest, line


def check_functions(path, text, problems):
    count = 0
    for function in tree.functions(text):
        count += 1
        where = f"{path}:{function.start_line}: {function.name}"
        lines = function.end_line - function.start_line + 1
        if lines > FUNCTION_LINES_MAX and not tree.excepted(text, "function", function.start_line):
            problems.append(f"{where}: {lines} lines, expected at most {FUNCTION_LINES_MAX}")
        parameters = len(tree.split_parameters(function.parameters))
        if parameters > PARAMETERS_MAX and not tree.excepted(text, "parameters", function.start_line):
            problems.append(f"{where}: {parameters} parameters, expected at most {PARAMETERS_MAX}")
        depth, line = nesting(function.body)
        line += function.body_line
        if depth > NESTING_MAX and not tree.excepted(text, "nesting", line):
            problems.append(f"{path}:{line}: {function.name}: nesting {depth}, expected at most {NESTING_MAX}")
    return count


def check_lines(path, text, problems):
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if len(line.rstrip("\r")) > COLUMNS_MAX and not tree.excepted(text, "columns", number):
            problems.append(f"{path}:{number}: {len(line)} columns, expected at most {COLUMNS_MAX}")
    if len(lines) - 1 > FILE_LINES_MAX and not tree.excepted_file(text, "file"):
        problems.append(f"{path}: {len(lines) - 1} lines, expected at most {FILE_LINES_MAX}")
    public = path.endswith(".h") and path.split("/")[0] in tree.PRODUCT
    if public and len(lines) - 1 > HEADER_LINES_MAX and not tree.excepted_file(text, "header"):
        problems.append(f"{path}: {len(lines) - 1} lines, expected at most {HEADER_LINES_MAX} in a public header")


def main():
    problems = []
    functions = 0
    paths = tree.files(".c", ".h")
    for path in paths:
        text = tree.read(path)
        check_lines(path, text, problems)
        functions += check_functions(path, text, problems)
        for match in tree.MARK.finditer(text):
            if match.group(1) not in tree.MARK_NAMES:
                problems.append(f"{path}:{tree.line_of(text, match.start())}: unknown rule {match.group(1)!r}")
    tree.report(problems, f"{len(paths)} files, {functions} functions")


main()
