"""A book that is large rates as it does small: thousands of prefixes, destinations and plans beside those that a
province uses change no charge and no place, in `rate`, through a store, in what explain tells, on one shard or three."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import done  # noqa: E402  pylint: disable=wrong-import-position

MORE = 6000  # rows more: above what is looked for one by one
FEW = 400  # records explained
failures = []


def run(*args):
    return done(*args, codes=(0, 1)).stdout


def head_of(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\n").split(",")


def rows_add(path, rows):
    """Rows by column name, blank where a column is not told."""
    columns = head_of(path)
    with open(path, "a", encoding="utf-8") as file:
        for row in rows:
            assert set(row) <= set(columns), (path, row)
            file.write(",".join(row.get(column, "") for column in columns) + "\n")


def book_enlarge(book, to):
    shutil.copytree(book, to)
    rows_add(os.path.join(to, "numbers.csv"),
             ({"prefix": f"99{i:06d}", "operator": f"X{i % 7}", "kind": "mobile"} for i in range(MORE)))
    path = os.path.join(to, "destinations.csv")
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("destination,prefix\n")
    rows_add(path, ({"destination": f"far{i % 300}", "prefix": f"98{i:05d}"} for i in range(MORE)))
    rows_add(os.path.join(to, "plans.csv"), ({"plan": f"zz{i}", "kind": "base"} for i in range(MORE)))
    rows_add(os.path.join(to, "rates.csv"),
             ({"plan": f"zz{i}", "item": "base", "service": "voice", "price": "0.10", "per": "1min", "dest": f"far{i % 300}"}
              for i in range(MORE)))


def lines_alike(text):
    lines = []
    for line in text.splitlines():
        row = json.loads(line)
        for key in ("book", "shard", "block"):
            row.pop(key, None)
        lines.append(json.dumps(row, sort_keys=True))
    return lines


def charges_of(book, data):
    usage = os.path.join(data, "usage")
    lines = []
    for name in sorted(name for name in os.listdir(usage) if name.endswith(".csv")):
        lines += lines_alike(run("rate", "--book", book, "--customers", os.path.join(data, "customers"), "--json",
                                  os.path.join(usage, name)))
    return lines


def explained_of(book, data, folder):
    """What explain tells of the first records, word for word."""
    usage = os.path.join(data, "usage")
    few = os.path.join(folder, "few.csv")
    with open(os.path.join(usage, min(os.listdir(usage))), encoding="utf-8") as file:
        head = [line for line, _ in zip(file, range(FEW + 1))]
    with open(few, "w", encoding="utf-8") as file:
        file.writelines(head)
    return run("explain", "--book", book, "--customers", os.path.join(data, "customers"), "--all", "--json", few).splitlines()


def store_make(folder, name, book, data, shards):
    store = os.path.join(folder, name)
    run("init", store, "--book", book, "--customers", os.path.join(data, "customers"), "--shards", str(shards))
    run("run", store, "--files", os.path.join(data, "usage"), "--until-end", "--json")
    return sorted(lines_alike(run("dump", store, "rated") + run("dump", store, "suspense")))


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        run("gen", data, "--subscribers", "300", "--groups", "10", "--records", "4000", "--seed", "7")
        small, large = os.path.join(data, "book"), os.path.join(folder, "large")
        book_enlarge(small, large)
        one, other = charges_of(small, data), charges_of(large, data)
        if not one or one != other:
            at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), None)
            failures.append(f"rate: {len(one)} and {len(other)} lines, the first that differs: {at}: "
                            f"{one[at] if at is not None else ''} {other[at] if at is not None else ''}")
        told, also = explained_of(small, data, folder), explained_of(large, data, folder)
        if len(told) != FEW or told != also:
            at = next((i for i, (a, b) in enumerate(zip(told, also)) if a != b), None)
            failures.append(f"explain: {len(told)} and {len(also)} records, the first that differs: {at}")
        expected = store_make(folder, "small", small, data, 1)
        for shards in (1, 3):
            lines = store_make(folder, f"large{shards}", large, data, shards)
            if not expected or lines != expected:
                a, b = (min(set(x) - set(y), default="") for x, y in ((expected, lines), (lines, expected)))
                failures.append(f"a store of {shards} shards: {len(expected)} and {len(lines)} lines differ:\n{a}\n{b}")
    for failure in failures:
        print(failure)
    print(f"{len(one)} records, {MORE} rows more in four tables: {len(failures)} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
