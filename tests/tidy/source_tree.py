"""What the tidy tests know about the source tree: its files, its C text without comments, its functions.

Not a parser: the C here is formatted by clang-format and free of clever macros, so braces and parentheses suffice.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.environ.get("SUANPAN_SOURCE") or
                       os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("SUANPAN_BUILD", "")
PRODUCT = ("rating", "segment", "ingest", "store", "tools")
SKIPPED = 77

# A rule may be broken beside a comment that says which one and why: `rule zero: columns: the table reads as one`.
MARK = re.compile(r"rule zero: (\w+): +(\S.{9,})")
MARK_NAMES = {"function", "columns", "parameters", "nesting", "file", "header", "float", "banned", "include", "name"}


def files(*endings, under=None):
    """Tracked files and new ones that git does not ignore, sorted; paths relative to the root."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if listed.returncode == 0:
        found = listed.stdout.decode().split("\0")
    else:  # a source archive without its repository
        found = [os.path.relpath(os.path.join(folder, name), ROOT)
                 for folder, _, names in os.walk(ROOT) for name in names]
        found = [path for path in found if path.split("/")[0] not in ("build", ".git")]
    found = sorted({path for path in found if path and os.path.isfile(os.path.join(ROOT, path))})
    if endings:
        found = [path for path in found if path.endswith(endings)]
    if under:
        found = [path for path in found if path.split("/")[0] in under]
    return found


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code_only(text, keep_strings=False):
    """The text with comments (and strings) blanked, every line and column where it was."""
    def blank(match):
        token = match.group(0)
        if token[0] == "/" or not keep_strings:
            return re.sub(r"[^\n]", " ", token) if token[0] == "/" else token[0] + " " * (len(token) - 2) + token[0]
        return token
    return TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def marks(text):
    """{line: rule} of the exceptions that a file claims; a mark holds for its own and the next five lines."""
    found = {}
    for match in MARK.finditer(text):
        line = line_of(text, match.start())
        for near in range(line, line + 6):
            found.setdefault(near, set()).add(match.group(1))
    return found


def excepted(text, rule, line):
    return rule in marks(text).get(line, ())


def excepted_file(text, rule):
    return any(match.group(1) == rule for match in MARK.finditer("\n".join(text.split("\n")[:40])))


def matching(code, position):
    """Where the bracket at position closes."""
    opening = code[position]
    closing = {"(": ")", "{": "}"}[opening]
    depth = 0
    for at in range(position, len(code)):
        if code[at] == opening:
            depth += 1
        elif code[at] == closing:
            depth -= 1
            if depth == 0:
                return at
    return len(code) - 1


class Function:
    """One definition: name, first and last line, its parameters' text, its body, and whether it is static."""

    def __init__(self, code, start, name, parameters, body, end):
        self.name = name
        self.start_line = line_of(code, start)
        self.end_line = line_of(code, end)
        self.parameters = parameters
        self.body = code[body:end + 1]
        self.body_line = line_of(code, body)
        self.head = code[start:body]

    def static(self):
        return re.search(r"\bstatic\b", self.head) is not None


NAME_AND_PARENTHESIS = re.compile(r"([A-Za-z_]\w*)\s*\(")


def without_directives(code):
    """Preprocessor lines (with their continuations) blanked."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group(0)), code,
                  flags=re.M)


def functions(text):
    """Every function defined at the top of a C file, in order."""
    code = without_directives(code_only(text))
    found = []
    at = 0
    start = 0
    while at < len(code):
        character = code[at]
        if character in ";}":
            start = at + 1
        elif character == "{":
            end = matching(code, at)
            head = code[start:at]
            function = function_of(code, start, head, at, end)
            if function:
                found.append(function)
                start = end + 1
            at = end
        at += 1
    return found


def function_of(code, start, head, body, end):
    bare = head.rstrip()
    if "=" in bare or not bare.endswith(")"):
        return None
    match = NAME_AND_PARENTHESIS.search(bare)
    while match and match.group(1) in ("__attribute__", "_Alignas", "SP_PRINTF"):
        match = NAME_AND_PARENTHESIS.search(bare, matching(bare, match.end() - 1))
    if not match:
        return None
    name = match.group(1)
    opening = match.end() - 1
    parameters = bare[opening + 1:matching(bare, opening)]
    first = start + len(head) - len(head.lstrip())
    if name in ("START_TEST",):
        name = parameters.strip()
        parameters = "void"
    return Function(code, first, name, parameters, body, end)


def split_parameters(text):
    """The parameters of a list, split at the commas outside brackets."""
    parts, depth, part = [], 0, ""
    for character in text:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    parts.append(part)
    parts = [part.strip() for part in parts]
    return [] if parts in ([""], ["void"]) else parts


def report(problems, checked):
    """Prints the problems (a set or list of lines) and ends the test."""
    for problem in sorted(set(problems)):
        print(problem)
    print(f"{checked}; {len(set(problems))} problems")
    sys.exit(1 if problems else 0)
