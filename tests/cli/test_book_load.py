#!/usr/bin/env python3
"""A book is added while the service runs: no record is lost or waits, each is rated by the book of its start (book.md §4.8).

The records of golden case 24-two-books come through a pipe, one after the other, the second book is loaded in the middle,
before the first record that needs it; what the store says equals the golden result. Then the same store is killed and
read again."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import SUANPAN, done, run  # noqa: E402  pylint: disable=wrong-import-position

GOLDEN = os.path.join(os.environ.get("SUANPAN_SHARED", ""), "golden", "24-two-books")


def call(*arguments):
    return done(*arguments).stdout


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.02)
    sys.exit(f"waited {seconds} s in vain for {what.__doc__}")


def main():
    if not os.path.isdir(GOLDEN):
        print("skipped: ../shared/golden/24-two-books is not there")
        sys.exit(77)
    folder = tempfile.mkdtemp(prefix="suanpan-book-")
    store = f"{folder}/store"
    call("init", store, "--book", f"{GOLDEN}/book", "--customers", f"{GOLDEN}/customers", "--shards", "2")
    with open(f"{GOLDEN}/usage.csv", encoding="utf-8") as file:
        header, *lines = file.read().splitlines()
    with open(f"{GOLDEN}/expected.jsonl", encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    names = {row["book"] for row in expected if row["book"]}
    first = next(i for i, row in enumerate(expected) if row["book"] and row["book"] != expected[0]["book"])
    with open(f"{folder}/stderr", "w", encoding="utf-8") as said:
        service = subprocess.Popen([SUANPAN, "run", store, "--files", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=said, text=True)

    def handled(count):
        def all_handled():
            """the service to have so many records durable"""
            return json.loads(call("audit", store, "--json"))["in"] == count
        return all_handled

    service.stdin.write("\n".join([header, *lines[:first]]) + "\n")
    service.stdin.flush()
    wait_for(handled(first))
    out = call("book", "load", store, f"{GOLDEN}/book2")
    assert f"told the running service {service.pid}" in out, out
    time.sleep(0.3)  # the signal is on its way; nothing tells when it has been taken
    service.stdin.write("\n".join(lines[first:]) + "\n")
    service.stdin.flush()
    wait_for(handled(len(lines)))
    service.send_signal(signal.SIGKILL)
    service.wait()
    with open(f"{folder}/stderr", encoding="utf-8") as said:
        assert said.read() == "", f"{folder}/stderr"
    call("run", store, "--files", "/dev/null", "--until-end")
    found = {row["id"]: row for row in map(json.loads, call("dump", store, "rated").splitlines())}
    for row in expected:
        if row["outcome"] in ("rated",):
            assert found[row["id"]] == row, (found[row["id"]], row)
    assert len(names) == 2 and json.loads(call("verify", store, "--json"))["ok"]
    assert len(call("book", "list", store).splitlines()) == 2
    again = run("book", "load", store, f"{GOLDEN}/book2")
    assert again.returncode == 3 and "nothing was loaded" in again.stderr, again
    assert "expected another valid_from" in again.stderr, again
    assert len(call("book", "list", store).splitlines()) == 2
    # One that comes after records which it would have priced re-rates nothing: the store's books differ by 0 from it.
    late = f"{folder}/late"
    shutil.copytree(f"{GOLDEN}/book2", late)
    with open(f"{GOLDEN}/book2/book.yaml", encoding="utf-8") as file:
        text = re.sub(r"name:.*", "name: late", re.sub(r"valid_from:.*", "valid_from: 2000-01-01", file.read()))
    os.chmod(f"{late}/book.yaml", 0o644)
    with open(f"{late}/book.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    call("book", "load", store, late)
    assert "late  valid from 2000-01-01  " in call("book", "list", store)
    books = [arg for path in (late, f"{GOLDEN}/book2", f"{GOLDEN}/book") for arg in ("--book", path)]
    same = json.loads(call("replay", store, "--json", *books))
    assert same["changed"] == 0 and float(same["difference"]) == 0, same
    shutil.rmtree(folder)
    print(f"{len(lines)} records, the second book from record {first + 1} on: as golden, also after kill -9")


if __name__ == "__main__":
    main()
