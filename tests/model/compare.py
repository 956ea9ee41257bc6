#!/usr/bin/env python3
"""Compares the engine with the model over random books, line by line.

    compare.py --suanpan BIN --seeds 1..20 --records 300 [--store] [--keep DIR] [--cover]

Prints the first difference of a seed with both objects and ends with 1 if there was one. --store
goes through `init`, `run` and `dump rated` instead of `rate`. --cover prints what each seed met.
Without --suanpan only the model runs.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model_rate  # noqa: E402
import random_book  # noqa: E402

NOT_RATED_FREE = ("start", "service", "quantity", "book")


def seeds_of(text):
    """`3`, `1..20` or a `,` list of them."""
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("..")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def model_output(books, folder):
    rater = model_rate.rater_of(books, os.path.join(folder, "customers"))
    rows = model_rate.usage_rows(os.path.join(folder, "usage.csv"))
    return [rater.rate(row) for row in rows], rater


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")


def parse(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def engine_rate(suanpan, books, folder, more=()):
    """(objects, refused customer rows, what the engine said) of `rate`."""
    command = [suanpan, "rate", *more]
    for book in books:
        command += ["--book", book]
    done = run(command + ["--customers", "customers", "--json", "usage.csv"], folder)
    rows = re.findall(r"(\w+\.csv):(\d+):", done.stderr)
    return parse(done.stdout), {(name, int(line)) for name, line in rows}, done


def engine_store(suanpan, books, folder):
    """The rated objects of a store that has run over the usage."""
    store = os.path.join(folder, "store")
    shutil.rmtree(store, ignore_errors=True)
    init = [suanpan, "init", store]
    for book in books:
        init += ["--book", book]
    for command in (
        init + ["--customers", "customers"],
        [suanpan, "run", store, "--files", "usage.csv", "--until-end"],
        [suanpan, "dump", store, "rated", "--json"],
    ):
        done = run(command, folder)
        if done.returncode not in (0, 1):
            break
    return parse(done.stdout), done


def visible(output):
    """What the contract fixes of an output: of one that is not rated, not how it is described."""
    if output["outcome"] == "rated":
        return output
    return {key: value for key, value in output.items() if key not in NOT_RATED_FREE}


def first_difference(mine, his):
    """(line, model, engine) of the first difference of two lists of objects, or None."""
    for number in range(max(len(mine), len(his))):
        model = mine[number] if number < len(mine) else None
        engine = his[number] if number < len(his) else None
        if model is None or engine is None or visible(model) != visible(engine):
            return number + 1, model, engine
    return None


def rated_by_id(outputs):
    """Rated and zero_rated objects by id; a store keeps the order within one domain only."""
    by_id = sorted(
        (output for output in outputs if output["outcome"] in ("rated", "zero_rated")),
        key=lambda output: output["id"],
    )
    return by_id


def features(outputs, rater, books):
    """What a seed met, for judging the generator."""
    met = collections.Counter(kind for kind, *_ in rater.state)
    met["books"], met["refused"] = len(books), len(rater.customers.refused)
    met["chains"] = len(rater.chains)
    of_cycle = {key[1:3] + key[4:] for key in rater.state if key[0] == "taken"}
    met["rolled"] = sum(
        key[1:3] + key[4:] not in of_cycle
        for key in rater.state
        if key[0] == "balance" and rater.state[key]
    )
    for output in outputs:
        met[output["outcome"]] += 1
        if output["outcome"] == "suspended":
            met[output["reason"]] += 1
        for flag in output["flags"]:
            met["flag " + flag] += 1
        met["items>1"] += len(output["items"]) > 1
        met["payers>1"] += len(output["payers"]) > 1
        met["negative"] += output["net"].startswith("-")
        met["discounted"] += output["net"] != output["list"]
        for line in output["allowances"]:
            met["pool line" if line["owner"].startswith("group") else "own line"] += 1
            met["line back"] += line["used"] < 0
        met["2 lines"] += len(output["allowances"]) > 1
    return met


def check_seed(seed, options, folder):
    """Whether the seed shows no difference."""
    books = [
        os.path.basename(book) for book in random_book.write_case(seed, options.records, folder)
    ]
    mine, rater = model_output([os.path.join(folder, book) for book in books], folder)
    if options.cover:
        met = features(mine, rater, books)
        print(
            f"seed {seed}: " + ", ".join(f"{name} {met[name]}" for name in sorted(met) if met[name])
        )
        options.total.update(name for name in met if met[name])
    if not options.suanpan:
        return True
    if options.store:
        his, done = engine_store(options.suanpan, books, folder)
        mine, his, refused = rated_by_id(mine), rated_by_id(his), set(rater.customers.refused)
    else:
        his, refused, done = engine_rate(options.suanpan, books, folder)
    if done.returncode not in (0, 1) or not his:
        print(f"seed {seed}: the engine ended with {done.returncode}: {done.stderr[:2000]}")
        return False
    if refused != set(rater.customers.refused):
        print(
            f"seed {seed}: refused by the model only "
            f"{sorted(set(rater.customers.refused) - refused)}, "
            f"by the engine only {sorted(refused - set(rater.customers.refused))}"
        )
        return False
    difference = first_difference(mine, his)
    if difference:
        number, model, engine = difference
        print(
            f"seed {seed}, object {number} of {len(mine)}"
            f"\n  model  {json.dumps(model, ensure_ascii=False)}"
            f"\n  engine {json.dumps(engine, ensure_ascii=False)}"
        )
    return difference is None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suanpan")
    parser.add_argument("--seeds", default="1..20")
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--keep", help="folder that gets the cases with a difference")
    parser.add_argument("--cover", action="store_true")
    options = parser.parse_args()
    options.total, failed, seeds = collections.Counter(), [], seeds_of(options.seeds)
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            if not check_seed(seed, options, folder):
                failed.append(seed)
                if options.keep:
                    shutil.copytree(
                        folder, os.path.join(options.keep, f"seed{seed}"), dirs_exist_ok=True
                    )
    if options.cover:
        print(
            "met in so many seeds: "
            + ", ".join(f"{name} {options.total[name]}" for name in sorted(options.total))
        )
    print(
        f"{len(seeds) - len(failed)} of {len(seeds)} seeds agree, {options.records} records each"
        + (f"; not {failed}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
