#!/usr/bin/env python3
"""Reads the sample files of `test_parquet --write` back with DuckDB: schema, every value of every
column by the formulas of test_parquet.c, null counts, extremes, dictionaries, row groups."""
import datetime
import decimal
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, ".."), os.path.join(HERE, "..", "tools")]
import duckdb_reader
from checks import Checks

U32 = 2**32 - 1
NAMES = ["", "移动集团", "a", "Zürich", "算盘", "line\nbreak", "quo\"te"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def micro(value):
    return decimal.Decimal(value).scaleb(-6)


def at(row):
    return EPOCH + datetime.timedelta(milliseconds=1764460800000 + row * 1001)


def day(row):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=20000 + row % 400)


# name, DuckDB type, nullable, value by row; as in test_parquet.c. C's remainder of a negative is not used.
COLUMNS = [
    ("row", "BIGINT", False, lambda r: r),
    ("flag", "BOOLEAN", False, lambda r: r % 3 == 0),
    ("flag_or_null", "BOOLEAN", True, lambda r: r % 3 == 0),
    ("small", "INTEGER", False, lambda r: r % 100 - 50),
    ("small_or_null", "INTEGER", True, lambda r: -2**31 if r % 2 == 0 else 2**31 - 1),
    ("count", "UINTEGER", False, lambda r: r % 1000),
    ("count_or_null", "UINTEGER", True, lambda r: U32 if r % 5 == 0 else r * 65537 % U32),
    ("big_or_null", "BIGINT", True, lambda r: -2**63 + r if r % 2 == 0 else 2**63 - 1 - r),
    ("bits", "UBIGINT", False, lambda r: 2**64 - 1 - r),
    ("bits_or_null", "UBIGINT", True, lambda r: r * 1000000007),
    ("money", "DECIMAL(18,6)", False, lambda r: micro(r * 1234567 - 999999)),
    ("money_or_null", "DECIMAL(18,6)", True, lambda r: micro(r % 7 * 1000 - 3000)),
    ("at", "TIMESTAMP WITH TIME ZONE", False, at),
    ("at_or_null", "TIMESTAMP WITH TIME ZONE", True, at),
    ("day", "DATE", False, day),
    ("day_or_null", "DATE", True, day),
    ("id", "VARCHAR", False, lambda r: "subscriber-%08d" % r),
    ("name_or_null", "VARCHAR", True, lambda r: NAMES[r % len(NAMES)]),
    ("nothing", "VARCHAR", True, None),
    ("nothing_i64", "BIGINT", True, None),
]


def expected(index, row):
    name, _, nullable, value = COLUMNS[index]
    if name.startswith("nothing") or (nullable and (row * 7 + index) % 5 == 0):
        return None
    return value(row)


def check_file(checks, db, path, rows, groups):
    name = os.path.basename(path)
    source = "read_parquet('%s')" % path
    described = db.execute("describe select * from " + source).fetchall()
    checks.equal(name + " schema", [(d[0], d[1]) for d in described], [(c[0], c[1]) for c in COLUMNS])
    # Times as text of microseconds: no time zone data needed in Python.
    selected = ", ".join(
        "epoch_ms(\"%s\")" % c[0] if c[1].startswith("TIMESTAMP") else '"%s"' % c[0] for c in COLUMNS)
    found = db.execute("select %s from %s" % (selected, source)).fetchall()
    checks.equal(name + " rows", len(found), rows)
    for row, values in enumerate(found):
        for index, value in enumerate(values):
            want = expected(index, row)
            if COLUMNS[index][1].startswith("TIMESTAMP") and want is not None:
                want = 1764460800000 + row * 1001
            checks.equal("%s row %d %s" % (name, row, COLUMNS[index][0]), value, want)
    check_statistics(checks, db, path, rows, groups)


def shown(value, kind):
    """A value as parquet_metadata() writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "DECIMAL(18,6)":
        return "%.6f" % value
    if kind == "DATE":
        return value.isoformat()
    if kind.startswith("TIMESTAMP"):
        text = value.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
        return text
    return str(value)


def check_statistics(checks, db, path, rows, groups):
    meta = db.execute(
        "select row_group_id, row_group_num_rows, path_in_schema, stats_null_count, stats_min_value,"
        " stats_max_value, compression, encodings, dictionary_page_offset, num_values"
        " from parquet_metadata('%s') order by row_group_id, column_id" % path).fetchall()
    name = os.path.basename(path)
    checks.equal(name + " chunks", len(meta), groups * len(COLUMNS))
    first, group = 0, 0
    dictionaries = {}
    for i, m in enumerate(meta):
        if m[0] != group:
            first, group = first + meta[i - 1][1], m[0]
        index = i % len(COLUMNS)
        column, kind = COLUMNS[index][:2]
        values = [expected(index, r) for r in range(first, first + m[1])]
        kept = [v for v in values if v is not None]
        what = "%s group %d %s" % (name, group, column)
        checks.equal(what + " name", m[2], column)
        checks.equal(what + " values", m[9], m[1])
        checks.equal(what + " nulls", m[3], len(values) - len(kept))
        checks.equal(what + " codec", m[6], "ZSTD")
        if kept:
            low, high = (min(kept), max(kept))
            if kind == "VARCHAR":
                low, high = min(kept, key=str.encode), max(kept, key=str.encode)
            checks.equal(what + " min", m[4].split("+")[0], shown(low, kind))
            checks.equal(what + " max", m[5].split("+")[0], shown(high, kind))
        else:
            checks.equal(what + " no range", (m[4], m[5]), (None, None))
        has_dictionary = m[8] is not None and m[8] != 0
        checks.equal(what + " encodings", "RLE_DICTIONARY" in m[7], has_dictionary)
        dictionaries.setdefault(column, has_dictionary)  # as in the first group
    checks.equal(name + " sum of group rows", sum(m[1] for m in meta[::len(COLUMNS)]), rows)
    if rows > 1000:
        checks.equal(name + " dictionaries where they pay",
                     {c: d for c, d in dictionaries.items() if c in ("id", "name_or_null", "count", "bits")},
                     {"id": False, "name_or_null": True, "count": True, "bits": False})


def main():
    duckdb = duckdb_reader.load()
    checks = Checks()
    program = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "test_parquet")
    with tempfile.TemporaryDirectory(dir=os.path.join(os.environ["SUANPAN_BUILD"], "tests")) as folder:
        subprocess.run([program, "--write", folder], check=True)
        db = duckdb.connect()
        db.execute("set TimeZone='UTC'")
        for name, rows, groups in (("empty", 0, 0), ("one", 1, 1), ("many", 50000, 6)):
            check_file(checks, db, os.path.join(folder, name + ".parquet"), rows, groups)
        total = db.execute("select sum(money), count(*) filter (where count = 999) from read_parquet('%s')"
                           % os.path.join(folder, "many.parquet")).fetchone()
        checks.equal("sum in DuckDB", total[0], sum(micro(r * 1234567 - 999999) for r in range(50000)))
        checks.equal("filter by statistics", total[1], 50)
    checks.finish()


if __name__ == "__main__":
    main()
