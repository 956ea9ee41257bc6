#!/usr/bin/env python3
"""Usage files and customer tables at the tariff desk: packed, cut, of another kind, no files at all. Each is rated as `run` would take it,
or ends with the right exit code and a line that says what was expected."""
import gzip
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import run  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLE = os.path.join(os.environ["SUANPAN_SOURCE"], "tests", "cli", "example")
DESK = ("--book", f"{EXAMPLE}/book", "--customers", f"{EXAMPLE}/customers")
DONE, REJECTED, USAGE, BOOK, ENVIRONMENT = range(5)
checks = Checks()


def suanpan(*arguments, data=b""):
    ended = run(*arguments, input=data, text=False, timeout=60)
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def zstd_of(text, frames=1):
    """Frames of raw blocks (RFC 8878): nothing of it is compressed."""
    packed = b""
    size = -(-len(text) // frames)
    for at in range(0, len(text), size):
        part = text[at:at + size]
        packed += b"\x28\xb5\x2f\xfd\x00\x58" + (len(part) << 3 | 1).to_bytes(3, "little") + part
    return packed


def file_of(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def check_packed(folder):
    with open(f"{EXAMPLE}/usage.csv", "rb") as file:
        text = file.read()
    packed = file_of(folder, "usage.csv.zst", zstd_of(text, 2))
    for verb in (("rate", "--json"), ("explain", "--all", "--json"), ("replay", "--json")):
        plain, other = (suanpan(*verb, *DESK, path) for path in (f"{EXAMPLE}/usage.csv", packed))
        told = other[1].replace(packed, f"{EXAMPLE}/usage.csv")
        checks.equal(f"{verb[0]} of a packed file", (other[0], told, other[2]), plain)
        checks.inside(f"{verb[0]} of a packed file", "2.42", told)
    checks.equal("packed behind stdin", suanpan("rate", "--json", *DESK, "-", data=zstd_of(text)),
                 suanpan("rate", "--json", *DESK, f"{EXAMPLE}/usage.csv"))
    cut = file_of(folder, "cut.zst", zstd_of(text)[:-40])
    broken = file_of(folder, "broken.zst", zstd_of(text, 2)[:-2] + b"\x28\xb5\x2f\xfd" + b"\xff" * 20)
    other = file_of(folder, "usage.csv.gz", gzip.compress(text, mtime=0))
    for path, says in ((cut, "the zstd data end in the middle; expected the whole file"),
                       (broken, "broken zstd data behind byte"),
                       (other, "is packed with gzip; expected CSV or JSON lines, plain or zstd"),
                       (folder, "cannot be read: Is a directory"),
                       (os.path.join(folder, "nowhere"), "cannot be read: No such file or directory")):
        for verb in (("rate", "--json"), ("explain",), ("replay",)):
            code, out, err = suanpan(*verb, *DESK, path)
            checks.equal(f"{verb[0]} {os.path.basename(path)}", (code, out), (ENVIRONMENT, ""))
            checks.inside(f"{verb[0]} {os.path.basename(path)}", f"suanpan: {path}: {says}", err)


def check_headers(folder):
    """A header that is none: each line under it is a bad_line, and why is said once, with what was expected."""
    for what, text, says, lines in (
            ("twice", b"id,served,id\na,b,c\n", "the header names id twice; expected each column once", 2),
            ("of another table", b"plan,kind\ntalk,base\n", "the header has no column of a usage record; expected some of id, service, direction,", 2),
            ("semicolons", b"id;service\na;voice\n", "the header has no column of a usage record; expected some of id, service,", 2),
            ("an array", b'[{"id":"a"}]\n', "the header has no column of a usage record; expected some of id,", 1),
            ("UTF-16", "id,service\n".encode("utf-16"), "a quote of the header does not close well, or it is not UTF-8; expected the names", 2),
            ("text behind a quote", b'"id"x,service\n', "a quote of the header does not close well", 1),
            ("an open quote", b'"id,service\na,b\n', "a quote of the header does not close well", 2),
            ("too long", b"id" + b",x" * 70 + b"\n", "the header is too long; expected at most 64 columns and 8192 bytes", 1),
            ("control bytes", b"id,a\x1b[2J\n", "unknown columns are left out: a?[2J", 0),
            ("control bytes of a key", b'{"id":"a","b\x7f":1}\n', "unknown keys are left out: b?", 1),
            ("no line", b"", "holds no record", 0),
            ("a header alone", b"id,service\r\n", "holds no record", 0)):
        path = file_of(folder, "usage.csv", text)
        code, out, err = suanpan("rate", "--json", *DESK, path)
        checks.equal(what, (code, [json.loads(line)["outcome"] for line in out.splitlines()]), (DONE, ["suspended"] * lines))
        checks.inside(what, f"suanpan: {path}: {says}", err)
        if what == "an array":
            checks.inside(what, "cause, charge; or JSON objects, one a line\n", err)
    checks.inside("replay of no record", "holds no record", suanpan("replay", "--json", *DESK, path)[2])


def customers_of(folder, name, table, content):
    path = os.path.join(folder, name)
    shutil.copytree(f"{EXAMPLE}/customers", path)
    os.remove(os.path.join(path, table))
    if content is None:
        os.symlink("nowhere", os.path.join(path, table))
    else:
        file_of(path, table, content)
    return path


def check_customers(folder):
    """Rows and headers of customer tables: where, and what was expected; what hangs on them is refused as well (book.md §18.6)."""
    for i, (table, content, said) in enumerate((
            ("groups.csv", b"group,kind,name,parent\nworks,enterprise,,works\nx,enterprise,,no\nx,enterprise,\"\n\",\nx,enterprise,,\n",
             ("2:19: parent leads back to the group itself, expected a tree", "3:15: parent is not there, expected an enterprise",
              "6:1: group has an earlier row, expected one row")),
            ("accounts.csv", b"account,name\nA1,\nA2,\nW1,\nB1,x,y\nB2,\"x\n,x\n",
             ("5:6: the row has more cells than the header, expected no more",
              "6:4: a quote opens here and does not close well; expected", "7:1: account '' is not a name, expected")),
            ("accounts.csv", b'account,"name\nA1,\nA2,\n', ("1:9: a quote opens here and does not close well",)),
            ("accounts.csv", b"account;name\nA1;\nA2;\n", ("1:1: column 'account;name' is none of this table and no other is, expected some of: account",)),
            ("accounts.csv", b"account,a\x1bb,account\nA1,,\nA2,,\nW1,,\n",
             ("1:9: warning: column 'a?b' is not known, expected one of: account", "1:13: warning: column 'account' is there twice")),
            ("accounts.csv", b" \n", ("1:1: warning: is empty, expected a header",)),
            ("accounts.csv", b"account,credit\nA1,9223372036854.775808\nA2,\nW1,\n",
             ("2:4: credit '9223372036854.775808' is not an amount, expected a decimal with at most 6 decimals up to 9223372036854.775807",)))):
        path = customers_of(folder, f"customers{i}", table, content)
        code, _, err = suanpan("rate", "--book", f"{EXAMPLE}/book", "--customers", path, f"{EXAMPLE}/usage.csv")
        checks.equal(f"customers {i}", code, DONE)
        lines = [line for line in err.splitlines() if line.startswith(f"{path}/{table}")]
        checks.equal(f"customers {i}", [line[:len(f"{path}/{table}:{part}")] for line, part in zip(lines, said)],
                     [f"{path}/{table}:{part}" for part in said])
        checks.equal(f"customers {i}, lines", len(lines), len(said))
    path = customers_of(folder, "lost", "accounts.csv", None)
    code, out, err = suanpan("rate", *DESK[:2], "--customers", path, f"{EXAMPLE}/usage.csv")
    checks.equal("a table that cannot be read", (code, out), (ENVIRONMENT, ""))
    checks.inside("a table that cannot be read", f"{path}/accounts.csv: cannot be read: No such file or directory", err)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_packed(folder)
        check_headers(folder)
        check_customers(folder)
    checks.finish()


main()
