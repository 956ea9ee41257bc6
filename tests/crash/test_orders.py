#!/usr/bin/env python3
"""Crashes and sources that are read in any order: between runs over some of the files, in an order of chance, each shard falls back to a
block of its own. What holds whatever the order: every record is counted once, the store opens and proves itself after each crash, no
record is rated beside its exact copy, and of one key (book.md §15.1) no two that the window holds at the end. Many records are late by about
the window, many keys come again, some of sessions with other customers, whose domains lie in other shards.
SUANPAN_ORDERS and SUANPAN_SEED widen it."""
import collections
import datetime
import glob
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position
import test_conflicts as world  # noqa: E402  pylint: disable=wrong-import-position

ORDERS = int(os.environ.get("SUANPAN_ORDERS", "1" if world.SLOW else "4"))
RUNS, FILES, RECORDS, DAYS, SESSIONS = 9, 14, 1680, 140, 150
DAY = datetime.timedelta(days=1)


def usage(rng):
    records = []
    for number in range(RECORDS):
        now = world.FIRST + DAY * (DAYS * number / RECORDS)
        back = rng.choice((rng.randrange(1, 30), int(RECORDS * rng.uniform(55, 66) / DAYS)))
        if back <= len(records) and rng.random() < 0.45:
            record = dict(records[-back])
            record.update({"served": world.served(rng)} if rng.random() < 0.4 else {})
            record.update({"up_bytes": rng.randrange(1, 9 << 20), "start": now.replace(microsecond=0)} if rng.random() < 0.2 else {})
        else:
            late, kind = rng.choice((0, 0, rng.uniform(0, 3), rng.uniform(58, 66))), rng.random()
            record = dict.fromkeys(world.COLUMNS, "")
            record.update(service="data", served=world.served(rng), up_bytes=rng.randrange(1, 9 << 20), node="n", seq=0,
                          start=max(now - late * DAY, world.FIRST).replace(microsecond=0))
            if kind < 0.3:
                record.update(service="voice", direction="mo", duration_s=rng.randrange(1, 600), up_bytes="")
            elif kind < 0.9:
                record["session"] = f"s{rng.randrange(SESSIONS)}"
        records.append({**record, "id": str(number)})
    return records


class Orders:
    def __init__(self, folder, rng):
        self.rng, self.store, self.before = rng, f"{folder}/store", f"{folder}/before"
        self.records = usage(rng)
        step = RECORDS // FILES
        os.makedirs(f"{folder}/usage")
        self.paths = [f"{folder}/usage/part{part}.csv" for part in range(FILES)]
        for part, path in enumerate(self.paths):
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join([",".join(world.COLUMNS), *map(world.line_of, self.records[part * step:(part + 1) * step]), ""]))
        world.write_world(f"{folder}/world", [])
        self.shards = rng.choice((2, 3, 5))
        crash.write_config(f"{folder}/suanpan.yaml", cut_ms=1, checkpoint_ms=world.NEVER_MS)  # the one at a run's end has what was settled before it
        crash.init(self.store, f"{folder}/world", self.shards, f"{folder}/suanpan.yaml")

    def run(self, paths):
        crash.call("run", self.store, "--files", *paths, "--until-end", "--workers", self.rng.choice((1, 2)))

    def crashed_run(self, number):
        """Some files around the number, then shards fall back, to the checkpoint before and a block behind it."""
        shutil.rmtree(self.before, ignore_errors=True)
        shutil.copytree(self.store, self.before)
        middle = min(FILES - 1, number + self.rng.randrange(4))
        near = self.paths[max(0, middle - 3):middle + 3]
        self.run(self.rng.sample(near, self.rng.randrange(1, len(near) + 1)))
        for shard in range(self.shards):
            if self.rng.random() < 0.6:
                self.fall_back(f"shards/{shard}")
        crash.call("verify", self.store)

    def fall_back(self, shard):
        shutil.rmtree(f"{self.store}/{shard}/state")
        shutil.copytree(f"{self.before}/{shard}/state", f"{self.store}/{shard}/state")
        for path in glob.glob(f"{self.store}/{shard}/journal/*.spj"):
            old = self.before + path[len(self.store):]
            kept = os.path.getsize(old) if os.path.exists(old) else 0
            with open(path, "rb") as file:
                content = file.read()
            ends, at = [len(content)], content.find(b"SPBLOCK", kept)
            while at >= 0:
                ends.append(at)
                at = content.find(b"SPBLOCK", at + 1)
            os.truncate(path, self.rng.choice(ends))

    def problems(self):
        self.run(self.paths)
        crash.call("verify", self.store)
        audited = json.loads(crash.call("audit", self.store, "--json").stdout)
        found = [] if audited["ok"] and audited["in"] == RECORDS else [f"{audited['in']} of {RECORDS} records"]
        copies, keys, window = collections.Counter(), collections.Counter(), max(record["start"] for record in self.records) - 62 * DAY
        for line in crash.call("dump", self.store, "rated", "--json").stdout.splitlines():
            record = self.records[int(json.loads(line)["id"])]
            copies[tuple(record[column] for column in world.COLUMNS if column != "id")] += 1
            keys[world.key_of(record)] += record["start"] >= window
        for what, counted in (("exact copies", copies), ("of one key in the window", keys)):
            twice = [of for of, count in counted.items() if count > 1]
            found += [f"{len(twice)} rated twice, {what}: {twice[0]}"] if twice else []
        return found


def main():
    rng, seed = crash.seed_of("orders")
    for number in range(ORDERS):
        with crash.folder_of("orders") as folder:
            orders = Orders(folder, rng)
            for run in range(RUNS):
                orders.crashed_run(run)
            problems = orders.problems()
            if problems:
                sys.exit(f"seed {seed}, order {number}, {orders.shards} shards: " + "; ".join(problems))
    print(f"{ORDERS} orders, {ORDERS * RUNS} crashes: every record once")


if __name__ == "__main__":
    main()
