#!/usr/bin/env python3
"""Usage files at the tariff desk: packed, cut, of another kind, no files at all. Each is rated as `run` would take it, or ends with the
right exit code and a line that says what was expected."""
import gzip
import os
import subprocess
import sys
import tempfile

SUANPAN = os.environ["SUANPAN"]
EXAMPLE = os.path.join(os.environ["SUANPAN_SOURCE"], "tests", "cli", "example")
DESK = ("--book", f"{EXAMPLE}/book", "--customers", f"{EXAMPLE}/customers")
DONE, REJECTED, USAGE, BOOK, ENVIRONMENT = range(5)
failed = []


def expect(what, got, wanted):
    if got != wanted:
        failed.append(f"{what}: got {got!r}, expected {wanted!r}")


def expect_in(what, part, text):
    if part not in text:
        failed.append(f"{what}: no {part!r} in {text!r}")


def suanpan(*arguments, data=b""):
    run = subprocess.run([SUANPAN, *arguments], input=data, capture_output=True, check=False, timeout=60)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


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
        expect(f"{verb[0]} of a packed file", (other[0], told, other[2]), plain)
        expect_in(f"{verb[0]} of a packed file", "2.42", told)
    expect("packed behind stdin", suanpan("rate", "--json", *DESK, "-", data=zstd_of(text)),
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
            expect(f"{verb[0]} {os.path.basename(path)}", (code, out), (ENVIRONMENT, ""))
            expect_in(f"{verb[0]} {os.path.basename(path)}", f"suanpan: {path}: {says}", err)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_packed(folder)
    print("\n".join(failed) if failed else "input: all as expected")
    return 1 if failed else 0


sys.exit(main())
