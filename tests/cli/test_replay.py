"""suanpan replay: by a store's own book nothing differs, to the last digit; by another one it gives
what a store gives that was charged by that book; sums agree with each other; nothing is changed."""
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
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "example")
SEED = 23
checks = Checks()


def one(*args):
    """The object that it prints."""
    said = done(*args, codes=(0, 1)).stdout
    return json.loads(said) if said.startswith("{") else None


def prices_raise(book, to):
    """The same book with every price of a rate that begins with 0.2 raised, and one percent more off."""
    shutil.copytree(book, to)
    path = os.path.join(to, "rates.csv")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r",0\.1", ",0.3", text))
    checks.holds(re.search(r",0\.1", text) is not None, "no price to raise")


def sums_check(report, what):
    for kind in ("plan", "service"):
        rows = report[f"by_{kind}"]
        for key in ("charged", "replayed", "difference"):
            total = sum((Fraction(row[key]) for row in rows), Fraction(0))
            checks.holds(total == Fraction(report[key]), what, f"by_{kind}", key, "does not add up")
        checks.holds(sum(row["records"] for row in rows) == report["records"], what, f"by_{kind} records")
    checks.holds(Fraction(report["replayed"]) - Fraction(report["charged"]) == Fraction(report["difference"]), what)
    winners = [Fraction(row["difference"]) for row in report["subscriber_winners"]]
    losers = [Fraction(row["difference"]) for row in report["subscriber_losers"]]
    checks.holds(winners == sorted(winners) and all(amount < 0 for amount in winners), what, "winners", winners)
    checks.holds(losers == sorted(losers, reverse=True) and all(amount > 0 for amount in losers), what, "losers", losers)


def store_make(work, world, name, book, shards):
    store = os.path.join(work, name)
    one("init", store, "--book", book, "--customers", os.path.join(world, "customers"), "--shards", shards)
    one("run", store, "--files", os.path.join(world, "usage"), "--until-end")
    return store


def others_check(work):
    """Another book without a group's plan, which is told, and one in another currency, which is refused."""
    store, other = os.path.join(work, "example-store"), os.path.join(work, "without")
    book, customers = os.path.join(EXAMPLE, "book"), os.path.join(EXAMPLE, "customers")
    one("init", store, "--book", book, "--customers", customers, "--shards", "2")
    one("run", store, "--files", os.path.join(EXAMPLE, "usage.csv"), "--until-end")
    checks.holds(one("replay", store, "--book", book, "--json")["missing_plans"] == [], "no plan is missing")
    shutil.copytree(book, other)
    for name in os.listdir(other):
        path = os.path.join(other, name)
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("works,")]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)
    checks.holds(one("replay", store, "--book", other, "--json")["missing_plans"] == ["works"], "the plan that is missing")
    checks.holds("plans of customers that the other book has not: works\n" in run("replay", store, "--book", other).stdout, "in the table")
    with open(os.path.join(other, "book.yaml"), "r+", encoding="utf-8") as file:
        text = file.read().replace("CNY", "EUR")
        file.seek(0)
        file.write(text)
    for args in ((store,), ("--charged-by", book, "--customers", customers, os.path.join(EXAMPLE, "usage.csv"))):
        ended = run("replay", "--book", other, *args)
        checks.holds(ended.returncode == 3 and ended.stdout == "" and "EUR" in ended.stderr, "another currency", ended)


def lost_check(work):
    """A block of a book that is in the store no longer is not priced by the book before it."""
    store, later, usage = os.path.join(work, "lost"), os.path.join(work, "later"), os.path.join(work, "later.csv")
    book = os.path.join(EXAMPLE, "book")
    prices_raise(book, later)
    with open(os.path.join(later, "book.yaml"), "a", encoding="utf-8") as file:
        file.write("valid_from: 2026-03-02\n")
    with open(os.path.join(EXAMPLE, "usage.csv"), encoding="utf-8") as file:
        text = file.read().replace("call-", "later-")
    with open(usage, "w", encoding="utf-8") as file:
        file.write(text)
    one("init", store, "--book", book, "--customers", os.path.join(EXAMPLE, "customers"), "--shards", "1")
    one("run", store, "--files", os.path.join(EXAMPLE, "usage.csv"), "--until-end")
    done("book", "load", store, later)
    one("run", store, "--files", usage, "--until-end")
    os.remove(os.path.join(store, "books", "0002.book"))
    ended = run("replay", store, "--book", book)
    checks.holds(ended.returncode == 4 and "rated with books that the store does not have" in ended.stderr, "a lost book", ended)


def stores_check(work):
    world = os.path.join(work, "world")
    one("gen", world, "--seed", str(SEED), "--subscribers", "700", "--groups", "10", "--days", "40",
        "--records", "8000")
    book, other = os.path.join(world, "book"), os.path.join(work, "other")
    prices_raise(book, other)
    store = store_make(work, world, "store", book, "3")
    hash_before = one("verify", store, "--json")["state_hash"]
    audit = one("audit", store, "--json")
    same = one("replay", store, "--book", book, "--json")
    sums_check(same, "same book")
    checks.holds(Fraction(same["difference"]) == 0 and same["changed"] == 0, "the same book differs:", same["difference"])
    checks.holds(all(row["charged"] == row["replayed"] for kind in ("plan", "service", "group")
                     for row in same[f"by_{kind}"]), "the same book: a sum differs")
    checks.holds(same["subscriber_winners"] == same["subscriber_losers"] == [], "the same book has winners")
    checks.holds(Fraction(same["charged"]) == Fraction(audit["net"]), "charged is not the audit's net", audit["net"])
    checks.holds(same["records"] + same["passed_by"] == audit["in"], "records", same["records"], same["passed_by"])
    what_if = one("replay", store, "--book", other, "--json", "--top", "3")
    sums_check(what_if, "other book")
    checks.holds(len(what_if["subscriber_losers"]) == 3, "--top 3")
    charged_by_other = one("audit", store_make(work, world, "there", other, "2"), "--json")
    checks.holds(Fraction(what_if["replayed"]) == Fraction(charged_by_other["net"]),
                 "replayed", what_if["replayed"], "a store charged by that book has", charged_by_other["net"])
    checks.holds(Fraction(what_if["difference"]) > 0, "higher prices do not cost more")
    text = run("replay", store, "--book", other).stdout
    checks.holds("subscribers who lose most" in text and what_if["replayed"] in text, "the table for the eye")
    checks.holds(one("verify", store, "--json")["state_hash"] == hash_before, "replay changed the store")
    checks.holds(run("replay", store, "--book", os.path.join(work, "none")).returncode == 3, "no such book")
    checks.holds(run("replay", os.path.join(work, "none"), "--book", book).returncode == 4, "no such store")
    print(f"seed {SEED}: {same['records']} records, {same['charged']} charged, {what_if['replayed']} by the other")


def file_check(work):
    book, customers = os.path.join(EXAMPLE, "book"), os.path.join(EXAMPLE, "customers")
    usage = os.path.join(EXAMPLE, "usage.csv")
    same = one("replay", "--book", book, "--charged-by", book, "--customers", customers, "--json", usage)
    checks.holds(Fraction(same["difference"]) == 0 and same["changed"] == 0 and same["records"] == 3, "a file:", same)
    other = os.path.join(work, "example")
    prices_raise(book, other)
    what_if = one("replay", "--book", other, "--charged-by", book, "--customers", customers, "--json", usage)
    rated = [json.loads(line) for line in
             run("rate", "--book", other, "--customers", customers, "--json", usage).stdout.splitlines()]
    checks.holds(Fraction(what_if["replayed"]) == sum(Fraction(record["net"]) for record in rated), "a file by another book")
    alone = one("replay", "--book", other, "--customers", customers, "--json", usage)
    checks.holds(alone["difference"] is None and alone["replayed"] == what_if["replayed"], "a file alone", alone)
    checks.holds(run("replay", "--customers", customers, usage).returncode == 2, "no book")
    checks.holds(run("replay", "--book", book, "--customers", customers).returncode == 2, "no file")
    checks.holds(run("replay", "--book", book, "--customers", customers, usage + "x").returncode == 4, "no such file")
    checks.holds(run("replay", "--book", book, "--charged-by", book, work).returncode == 2, "--charged-by of a store")


def main():
    os.makedirs(BUILD, exist_ok=True)
    work = tempfile.mkdtemp(prefix="replay.", dir=BUILD)
    try:
        file_check(work)
        others_check(work)
        lost_check(work)
        stores_check(work)
    finally:
        shutil.rmtree(work)
    checks.finish()


main()
