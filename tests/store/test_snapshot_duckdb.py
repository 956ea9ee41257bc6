#!/usr/bin/env python3
"""A snapshot of a generated province, read back with DuckDB: every column of subscribers against `dump customers`, of
warnings against `churn list`, of groups against `view`, the grid against sums over both; the manifest against the files,
`verify` and `audit`; the same bytes again and with another number of shards; what must be refused."""
import collections
import decimal
import hashlib
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, ".."), os.path.join(HERE, "..", "tools")]
import duckdb_reader
from checks import Checks
from score_store import Store

TABLES = ("subscribers", "groups", "warnings", "rfm")
MONEY = decimal.Decimal("0.000001")


def rows_of(db, path):
    """Rows as JSON gives them: money with six decimals, instants as text in UTC."""
    described = db.execute("describe select * from read_parquet('%s')" % path).fetchall()
    columns = []
    for name, kind in ((d[0], d[1]) for d in described):
        quoted = '"%s"' % name
        columns.append("strftime(%s at time zone 'UTC', '%%Y-%%m-%%dT%%H:%%M:%%SZ')" % quoted
                       if kind.startswith("TIMESTAMP") else quoted)
    found = db.execute("select %s from read_parquet('%s')" % (", ".join(columns), path)).fetchall()
    names = [d[0] for d in described]
    return dict((d[0], d[1]) for d in described), [
        {n: str(v.quantize(MONEY)) if isinstance(v, decimal.Decimal) else v for n, v in zip(names, row)}
        for row in found]


def check_rows(checks, what, found, expected):
    checks.equal(what + " rows", len(found), len(expected))
    for i, (row, want) in enumerate(zip(found, expected)):
        for name, value in row.items():
            checks.equal("%s row %d %s" % (what, i, name), value, want.get(name, "no such key"))


def check_types(checks, types):
    subscribers = types["subscribers"]
    for name, kind in (("subscriber", "VARCHAR"), ("first_activity", "TIMESTAMP WITH TIME ZONE"),
                       ("money_3m", "DECIMAL(18,6)"), ("recency_days", "UINTEGER"), ("churn_points", "INTEGER"),
                       ("m0_bytes", "BIGINT")):
        checks.equal("type of " + name, subscribers[name], kind)
    checks.equal("type of strategic", types["groups"]["strategic"], "BOOLEAN")
    checks.equal("type of customers", types["rfm"]["customers"], "UBIGINT")


def check_grid(checks, db, folder):
    """The grid is what DuckDB adds up from the other two files."""
    source = ("select population, r, f, m, customer_class, money_3m, money_at_risk from"
              " (select population, r, f, m, customer_class, money_3m, money_at_risk from '{0}/subscribers.parquet'"
              " union all select 'group', r, f, m, customer_class, money_3m, money_at_risk"
              " from '{0}/groups.parquet') where r is not null").format(folder)
    want = db.execute("select population, r, f, m, customer_class, count(*), sum(money_3m), sum(money_at_risk)"
                      " from (%s) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5" % source).fetchall()
    found = db.execute("select population, r, f, m, customer_class, customers, money_3m, money_at_risk"
                       " from '%s/rfm.parquet' order by 1, 2, 3, 4, 5" % folder).fetchall()
    checks.true("the grid has cells of all populations", len({w[0] for w in want}) == 3)
    checks.equal("grid", found, want)


def check_manifest(checks, store, folder, counts):
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    checks.equal("files of the folder", sorted(os.listdir(folder)),
                 sorted([t + ".parquet" for t in TABLES] + ["manifest.json"]))
    checks.equal("files named", [f["name"] for f in manifest["files"]], [t + ".parquet" for t in TABLES])
    for file in manifest["files"]:
        with open(os.path.join(folder, file["name"]), "rb") as stream:
            content = stream.read()
        checks.equal(file["name"] + " sha256", file["sha256"], hashlib.sha256(content).hexdigest())
        checks.equal(file["name"] + " bytes", file["bytes"], len(content))
        checks.equal(file["name"] + " rows", file["rows"], counts[file["name"][:-8]])
    verify = store.object("verify", store.path)
    checks.equal("state hash", manifest["state_hash"], verify["state_hash"])
    checks.equal("records", manifest["records"], verify["records"])
    checks.equal("records of the shards", sum(s["records"] for s in manifest["journal"]), verify["records"])
    checks.equal("blocks", sum(s["block"] for s in manifest["journal"]), verify["blocks"])
    checks.equal("schema version", manifest["schema_version"], 1)
    return manifest


def check_refusals(checks, store, folder, base):
    before = sorted(os.listdir(base))
    result = store.run("snapshot", store.path, folder)
    checks.equal("a folder that is there: exit", result.returncode, 4)
    checks.true("and its message: " + result.stderr, "is there already" in result.stderr)
    checks.equal("no store: exit", store.run("snapshot", base + "/none", base + "/new").returncode, 4)
    checks.equal("no parent: exit", store.run("snapshot", store.path, base + "/no/parent").returncode, 4)
    checks.equal("usage: exit", store.run("snapshot", store.path).returncode, 2)
    checks.equal("nothing is left behind", sorted(os.listdir(base)), before)
    os.mkdir(base + "/empty")
    checks.equal("an empty folder is filled", store.run("snapshot", store.path, base + "/empty/").returncode, 0)


def check_equal_bytes(checks, store, base, manifest):
    """The same state gives the same files, from a store with one shard, too."""
    single = base + "/single"
    store.call("init", single, "--book", store.province + "/book", "--customers", store.province + "/customers",
               "--shards", 1)
    files = sorted(os.path.join(store.province, "usage", f) for f in os.listdir(store.province + "/usage"))
    store.call("run", single, "--files", *files, "--until-end", codes=(0, 1))
    store.call("snapshot", single, base + "/of-single")
    with open(base + "/of-single/manifest.json", encoding="utf-8") as file:
        other = json.load(file)
    checks.equal("one shard: state hash", other["state_hash"], manifest["state_hash"])
    checks.equal("one shard: files", other["files"], manifest["files"])
    with open(base + "/empty/manifest.json", encoding="utf-8") as file:
        checks.equal("again: the whole manifest", json.load(file), manifest)


def main():
    duckdb = duckdb_reader.load()
    checks = Checks()
    with tempfile.TemporaryDirectory(dir=os.path.join(os.environ["SUANPAN_BUILD"], "tests")) as base:
        store = Store(base)
        folder = base + "/snapshot"
        store.call("snapshot", store.path, folder)
        db = duckdb.connect()
        db.execute("set TimeZone='UTC'")
        types, rows = {}, {}
        for table in TABLES:
            types[table], rows[table] = rows_of(db, "%s/%s.parquet" % (folder, table))
        check_types(checks, types)
        check_rows(checks, "subscribers", rows["subscribers"], store.lines("dump", store.path, "customers"))
        check_rows(checks, "warnings", rows["warnings"], store.object("churn", "list", store.path)["warnings"])
        checks.true("there are warnings", rows["warnings"])
        some = [g for g in rows["groups"] if g["kind"] == "enterprise"] + rows["groups"][-2:]
        check_rows(checks, "groups", some, [store.object("view", store.path, "group:" + g["group"]) for g in some])
        levels = collections.Counter(g["level"] for g in rows["groups"] if g["level"] != "none")
        checks.equal("levels", levels, collections.Counter(w["level"] for w in rows["warnings"]))
        check_grid(checks, db, folder)
        manifest = check_manifest(checks, store, folder, {t: len(rows[t]) for t in TABLES})
        check_refusals(checks, store, folder, base)
        check_equal_bytes(checks, store, base, manifest)
    checks.finish()


if __name__ == "__main__":
    main()
