"""suanpan replay --cycle: a cycle is priced by another book from the state in which it opened; by the same tables nothing
differs in any cycle, and by other ones it comes to what a store comes to whose book changed when the cycle began."""
import json
import os
import re
import shutil
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import done, run  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
SEED = 31
CYCLES = ("2026-01", "2026-02", "2026-03")
checks = Checks()


def one(*args):
    """The object that it prints."""
    said = done(*args, codes=(0, 1)).stdout
    return json.loads(said) if said.startswith("{") else None


def book_change(book, to, table, pattern, by):
    """A copy of a book in which one table has other text."""
    shutil.copytree(book, to)
    path = os.path.join(to, table)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    checks.holds(re.search(pattern, text) is not None, to, "has nothing to change")
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(pattern, by, text))
    return to


def store_make(work, name, *books):
    world, store = os.path.join(work, "world"), os.path.join(work, name)
    named = [word for book in books for word in ("--book", book)]
    one("init", store, *named, "--customers", os.path.join(world, "customers"), "--shards", "3")
    one("run", store, "--files", os.path.join(world, "usage"), "--until-end")
    return store


def cycles_check(store, book, what):
    """Nothing differs in any of them, and together they are all records."""
    whole = one("replay", store, "--book", book, "--json")
    parts = [one("replay", store, "--book", book, "--cycle", cycle, "--json") for cycle in CYCLES]
    for cycle, part in zip(CYCLES, parts):
        checks.holds(part["cycle"] == cycle and part["records"] > 0, what, cycle, "has no records")
        checks.holds(Fraction(part["difference"]) == 0 and part["changed"] == 0, what, cycle, "differs by", part["difference"])
    checks.holds(sum(part["records"] for part in parts) == whole["records"], what, "records of the cycles are not all")
    checks.holds(sum(Fraction(part["charged"]) for part in parts) == Fraction(whole["charged"]), what, "charged")


def other_check(work, store, own, other):
    """The last cycle by another book: as a store whose book changes when it begins."""
    last = CYCLES[-1]
    both = store_make(work, "both", own, book_change(other, os.path.join(work, "later"), "book.yaml",
                                                     "valid_from: .*", f"valid_from: {last}-01"))
    nets = [Fraction(one("audit", at, "--json")["net"]) for at in (store, both)]
    part = one("replay", store, "--book", other, "--cycle", last, "--json")
    checks.holds(Fraction(part["difference"]) == nets[1] - nets[0], "the last cycle", part["difference"], nets)
    checks.holds(Fraction(part["difference"]) != 0, "other prices make no difference")
    future = book_change(other, os.path.join(work, "future"), "book.yaml", "valid_from: .*", "valid_from: 2031-01-01")
    checks.holds(one("replay", store, "--book", future, "--cycle", last, "--json") == part, "a later valid_from")
    text = run("replay", store, "--book", other, "--cycle", last).stdout
    checks.holds(f"of records that start in cycle {last}" in text and part["replayed"] in text, "the table for the eye")
    first = one("replay", store, "--book", other, "--cycle", CYCLES[0], "--json")
    whole = one("replay", store, "--book", other, "--json")
    checks.holds(Fraction(first["difference"]) != 0 and first["records"] < whole["records"], "the first cycle", first["difference"])


def refused_check(work, store, book):
    for cycle in ("2026-13", "2026-00", "2026-3", "2026-030", "march", "2026/03", ""):
        ended = run("replay", store, "--book", book, "--cycle", cycle)
        checks.holds(ended.returncode == 2 and "expected YYYY-MM" in ended.stderr, cycle, ended)
    ended = run("replay", "--book", book, "--customers", store, "--cycle", CYCLES[0], book)
    checks.holds(ended.returncode == 2 and "for a STORE" in ended.stderr, "of a file", ended)
    for cycle in ("0000-01", "2024-12", "9999-12"):
        ended = run("replay", store, "--book", book, "--cycle", cycle, "--json")
        checks.holds(ended.returncode == 0 and json.loads(ended.stdout)["records"] == 0, cycle, ended)
        checks.holds(f"starts in cycle {cycle}" in ended.stderr, cycle, "is not said to be empty")
    unlike = book_change(book, os.path.join(work, "unlike"), "book.yaml", "timezone: .*", "timezone: Asia/Tokyo")
    ended = run("replay", store, "--book", unlike, "--cycle", CYCLES[0])
    checks.holds(ended.returncode == 3 and ended.stdout == "" and "the same timezone" in ended.stderr, "another zone", ended)


def main():
    os.makedirs(BUILD, exist_ok=True)
    work = tempfile.mkdtemp(prefix="replay-cycle.", dir=BUILD)
    try:
        world = os.path.join(work, "world")
        one("gen", world, "--seed", str(SEED), "--subscribers", "300", "--groups", "6", "--days", "88", "--records", "6000")
        own = os.path.join(world, "book")
        store = store_make(work, "store", own)
        cycles_check(store, own, "the same book")
        twin = book_change(own, os.path.join(work, "twin"), "book.yaml", "name: .*", "name: twin")
        cycles_check(store, twin, "a book of the same tables")
        other_check(work, store, own, book_change(own, os.path.join(work, "other"), "rates.csv", r",0\.1", ",0.3"))
        refused_check(work, store, twin)
    finally:
        shutil.rmtree(work)
    checks.finish()


main()
