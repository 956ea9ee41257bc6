#!/usr/bin/env python3
"""Dead files and functions: a header nobody includes, C that nothing builds, a public function nobody calls."""

import os
import re

import source_tree as tree

INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+\"([^\"]+)\"", re.M)
WORD = re.compile(r"\b[A-Za-z_]\w*\b")


def check_files(problems):
    build_text = "\n".join(tree.read(path) for path in tree.files("CMakeLists.txt", ".cmake"))
    included = set()
    for path in tree.files(".c", ".h", ".inc"):
        for match in INCLUDE.finditer(tree.read(path)):
            included.add(os.path.basename(match.group(1)))
    for path in tree.files(".h", ".inc"):
        if os.path.basename(path) not in included:
            problems.append(f"{path}: nothing includes it")
    for path in tree.files(".c"):
        name, parts = os.path.basename(path), path.split("/")
        globbed = f"/{parts[-2]}/*.c" in build_text or name.startswith("bench_") or parts[0] in tree.PRODUCT and len(parts) == 2 or name.startswith(("test_", "fuzz_"))
        if not globbed and name not in build_text and name not in included and f"{parts[0]}/*.c" not in build_text:
            problems.append(f"{path}: no CMakeLists.txt builds it")
    texts = {path: tree.read(path) for path in tree.files() if not path.endswith((".c", ".h", ".csv", ".jsonl"))}
    for path in tree.files(".py", ".sh"):
        name = os.path.splitext(os.path.basename(path))[0]
        word = re.compile(rf"\b{re.escape(name)}\b")
        if not name.startswith("test_") and not any(word.search(text) for at, text in texts.items() if at != path):
            problems.append(f"{path}: nothing mentions it")


def check_functions(problems):
    """A public function stands in its definition and its header; a third place must use it."""
    uses, defined = {}, {}
    for path in tree.files(".c", ".h"):
        text = tree.read(path)
        for word in WORD.findall(tree.code_only(text)):
            uses[word] = uses.get(word, 0) + 1
        if path.split("/")[0] in tree.PRODUCT and path.endswith(".c"):
            for function in tree.functions(text):
                if not function.static() and function.name != "main":
                    defined[function.name] = f"{path}:{function.start_line}"
    for name, where in defined.items():
        if uses.get(name, 0) < 3 and not name.startswith("sp_cmd_"):  # those stand in the table of verbs
            problems.append(f"{where}: {name}: nobody calls it")
    return len(defined)


def main():
    problems = []
    check_files(problems)
    count = check_functions(problems)
    tree.report(problems, f"{count} public functions")


main()
