"""What the tests of real input share: the world in a folder, and a store's totals against the independent count."""
import collections
import csv
import json
import os
import sys
import tempfile
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
import cns_count  # noqa: E402  pylint: disable=wrong-import-position
import cns_world  # noqa: E402  pylint: disable=wrong-import-position
from program import done  # noqa: E402  pylint: disable=wrong-import-position

SHARED = cns_world.shared_folder()


def call(*arguments):
    return done(*arguments).stdout


def make_world(name):
    """A folder of its own with the world in it; ends the test with 77 where the data are not there."""
    absent = cns_world.missing(SHARED)
    if absent:
        print(f"skipped: {name} needs {absent}")
        sys.exit(cns_world.SKIPPED)
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"{name}-", dir=base)
    return folder, cns_world.make(f"{folder}/world", SHARED)


def init(folder, store, shards):
    call("init", store, "--book", f"{folder}/world/book", "--customers", f"{folder}/world/customers", "--shards", shards)


def totals_of(store, folder):
    """{(plan, service, outcome): [records, quantity, list, net]} of a store, money in thousandths."""
    with open(f"{folder}/world/customers/subscriptions.csv", encoding="utf-8", newline="") as file:
        plan_of = {row["owner"]: row["plan"] for row in csv.DictReader(file)}
    totals = collections.defaultdict(lambda: [0, 0, 0, 0])
    for line in call("dump", store, "rated").splitlines():
        rated = json.loads(line)
        row = totals[(plan_of[f"subscriber:{rated['subscriber']}"], rated["service"], rated["outcome"])]
        row[0] += 1
        if rated["outcome"] == "rated":
            row[1] += rated["quantity"]
        row[2] += Decimal(rated["list"]) * 1000
        row[3] += Decimal(rated["net"]) * 1000
    return dict(totals)


def check(store, folder, records, show=False):
    """The store holds every record, its books balance, and its totals are those of the count. Returns its state hash."""
    audit = json.loads(call("audit", store, "--json"))
    verified = json.loads(call("verify", store, "--json"))
    if not (audit["ok"] and verified["ok"]):
        sys.exit(f"{store}: audit {audit['ok']}, verify {verified['ok']}")
    if audit["in"] != records or audit["rated"] + audit["zero_rated"] != records:
        sys.exit(f"{store}: {records} records were sent: {audit}")
    expected = cns_count.counted(f"{folder}/world/customers", SHARED)
    found = totals_of(store, folder)
    for key in sorted(set(expected) | set(found)):
        one, other = expected.get(key), found.get(key)
        if one != other:
            sys.exit(f"{store}: {key}: counted {one}, the store says {other} (records, quantity, list, net)")
        if show:
            print("%-8s %-6s %-10s %6d records %8d used  list %9.3f  net %9.3f" %
                  (*key, one[0], one[1], one[2] / 1000, one[3] / 1000))
    net = sum(row[3] for row in expected.values())
    if Decimal(audit["net"]) * 1000 != net:
        sys.exit(f"{store}: audit says net {audit['net']}, counted {net / 1000}")
    return verified["state_hash"]
