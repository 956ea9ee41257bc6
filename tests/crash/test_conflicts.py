#!/usr/bin/env python3
"""The key of data with a session holds no subscriber (book.md §15.1): node, session, seq and rating_group come again with another
customer, whose domain another shard may own. Whatever the number of shards and workers, wherever blocks are cut, whatever was
durable when the process was killed: outcome, differing fields, charges and state hash are those of one shard, and the outcomes
are those of a few obvious lines here.

What a crash leaves is each shard's journal up to a block of its own. Beside kills at random moments, stores are made whose
journals end days apart, behind a checkpoint or none. SUANPAN_KILLS, SUANPAN_CRASHES and SUANPAN_SEED widen it."""
import datetime
import glob
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

SLOW = bool(os.environ.get("SUANPAN_SANITIZE"))
KILLS = int(os.environ.get("SUANPAN_KILLS", "2" if SLOW else "6"))
CRASHES = int(os.environ.get("SUANPAN_CRASHES", "3" if SLOW else "10"))
SUBSCRIBERS, PLANLESS = 40, 4
FILES = 18 if SLOW else 36
RECORDS = 5400
SESSIONS = 700
DAYS = 200
WINDOW_S = 62 * 86400
QUIET, GAP_DAYS = FILES * 5 // 6, 67  # from that file on so many days without records before each
NEVER_MS = 1000000000
CHECKPOINTED = ((0, 0), (FILES // 2 - 1, FILES // 2), (FILES * 2 // 3 - 1, FILES * 2 // 3))  # files; a run settles what the one before it left
APART = 2
ZONE = datetime.timezone(datetime.timedelta(hours=8))
FIRST = datetime.datetime(2025, 1, 1, tzinfo=ZONE)
COLUMNS = ("id", "service", "direction", "served", "start", "duration_s", "up_bytes", "rating_group", "node", "session", "seq", "partial",
           "charge")

BOOK = {
    "book.yaml": "name: keys\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: own\n",
    "numbers.csv": "prefix,operator,kind,area\n861380000,own,mobile,571\n",
    "areas.csv": "area,name,province\n571,A,A\n",
    "plans.csv": "plan,kind\np,base\n",
    "rates.csv": "plan,item,service,price,per,increment\np,voice,voice,0.3,1min,1min\np,data,data,0.2,1MB,1KB\n",
    "discounts.csv": "plan,discount,item,service,kind,value\np,day,data,data,cap_day,3\n",
}


def customers():
    of_all = range(SUBSCRIBERS)
    return {
        "accounts.csv": "account\n" + "".join(f"A{i}\n" for i in of_all),
        "subscribers.csv": "subscriber,number,account\n" + "".join(f"S{i},{8613800000000 + i},A{i}\n" for i in of_all),
        "subscriptions.csv": "owner,plan,from\n" + "".join(f"subscriber:S{i},p,2024-01-01\n" for i in of_all[PLANLESS:]),
        "groups.csv": "group,account\n" + "".join(f"G{g},A{g}\n" for g in (10, 20)),
        "members.csv": "group,subscriber\n" + "".join(f"G{g},S{g + i}\n" for g in (10, 20) for i in range(3)),
    }


def usage(rng):
    """Records of a carrier whose charging ids come again: at once, a little later, at the edge of the window and behind it.

    What is late by nearly the window has a session of its own: ingest/README.md, "Keys of sessions", rule 5."""
    records = []
    for number in range(RECORDS):
        now = FIRST + datetime.timedelta(seconds=DAYS * 86400 * number // RECORDS, days=GAP_DAYS * max(0, number * FILES // RECORDS - QUIET))
        record = again(records, now, rng) if rng.random() < 0.35 else None
        if record is None:
            record = dict.fromkeys(COLUMNS, "")
            late = rng.choice((0, 0, 0, 0, rng.randrange(3 * 86400), rng.randrange(58 * 86400, 66 * 86400)))
            record.update(service="data", served=served(rng), up_bytes=rng.randrange(1, 9 << 20), node=rng.choice("nm"), seq=rng.randrange(2),
                          start=max(now - datetime.timedelta(seconds=late), FIRST))
            kind = rng.random()
            if kind < 0.1:
                record.update(service="voice", direction="mo", duration_s=rng.randrange(700), up_bytes="")
            elif kind < 0.9:
                record.update(session=f"late{number}" if late > WINDOW_S / 2 else f"s{rng.randrange(SESSIONS)}", rating_group=rng.choice(("", "7")))
                record.update({"partial": "middle"} if kind < 0.25 else {"charge": "1.5"} if kind < 0.3 else {})
        record["id"] = str(number)
        records.append(record)
    return records


def again(records, now, rng):
    """What was there before, a little or not at all otherwise, or days later another customer's."""
    window = RECORDS * 62 // DAYS
    back = rng.choice((1, 2, 9, 60, window - 3, window - 1, window, window + 1, window + 2))
    if back > len(records) or records[-back]["session"].startswith("late"):
        return None
    record, change = dict(records[-back]), rng.randrange(8)
    if change < 5 or back > 60:
        record["served"] = served(rng)
    if change in (3, 4, 5):
        record["up_bytes"] = rng.randrange(1, 9 << 20)
    if back > 60:
        record["start"] = now
    return record


def served(rng):
    """Now and then nobody's number."""
    return str(13800000000 + rng.randrange(SUBSCRIBERS + 2))


def line_of(record):
    return ",".join(record[column].isoformat() if column == "start" else str(record[column]) for column in COLUMNS)


def write_world(folder, records):
    crash.write_tables(folder, BOOK, customers())
    os.makedirs(f"{folder}/usage")
    step = (len(records) + FILES - 1) // FILES
    for part in range(FILES):
        with open(f"{folder}/usage/part{part}.csv", "w", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")
            file.writelines(line_of(record) + "\n" for record in records[part * step:(part + 1) * step])
    return [f"{folder}/usage/part{part}.csv" for part in range(FILES)]


def key_of(record):
    names = ("service", "direction", "served", "start", "node", "seq") if record["service"] == "voice" else \
        ("service", "node", "session", "seq", "rating_group") if record["session"] else \
        ("service", "node", "seq", "rating_group", "served", "start")
    return tuple(record[name] for name in names)


def differing(one, other):
    """In the order of engine.md §2; quantity and charge as numbers, blank = 0."""
    order = ("direction", "served", "start", "duration_s", "up_bytes", "rating_group", "session", "seq", "partial", "charge")
    return ";".join(name for name in order if (one[name] or ("" if name == "charge" else 0)) !=
                    (other[name] or ("" if name == "charge" else 0)))


def expected(records):
    """{id: outcome, or the differing fields of a conflict}: book.md §15 said plainly."""
    found, marks, watermark = {}, {}, None
    for record in records:
        number = int(record["served"]) - 13800000000
        if number >= SUBSCRIBERS:
            found[record["id"]] = "unknown_subscriber"
            continue
        start, key = record["start"], key_of(record)
        watermark = max(watermark or start, start)
        window = watermark - datetime.timedelta(seconds=WINDOW_S)
        first = marks.get(key)
        if start < window:
            found[record["id"]] = "dup_window_exceeded"
        elif first is not None and first["start"] >= window:
            found[record["id"]] = differing(first, record) or "duplicate"
        else:
            marks[key] = record
            used = record["duration_s"] if record["service"] == "voice" else record["up_bytes"]
            found[record["id"]] = "rated" if record["charge"] else "zero_rated" if not used else \
                "no_plan" if number < PLANLESS else "rated"
    return found


def outcomes(store):
    """{id: outcome …} of all but duplicates, which nothing lists."""
    found = {}
    for line in crash.call("dump", store, "rated", "--json").stdout.splitlines():
        row = json.loads(line)
        found[row["id"]] = row["outcome"]
    for line in crash.call("dump", store, "suspense", "--json").stdout.splitlines():
        row = json.loads(line)
        found[row["raw"].split(",", 1)[0]] = row["reason"]
    return found


class Conflicts:
    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        records = usage(rng)
        self.paths = write_world(f"{folder}/world", records)
        self.model = {number: what for number, what in expected(records).items() if what != "duplicate"}
        self.config = f"{folder}/suanpan.yaml"
        self.answer = None
        self.problems = []

    def run(self, store, *paths, workers=1):
        crash.call("run", store, "--files", *(paths or self.paths), "--until-end", "--workers", workers)

    def init(self, name, shards, cut_ms=1, checkpoint_ms=30):
        store = f"{self.folder}/{name}"
        shutil.rmtree(store, ignore_errors=True)
        crash.write_config(self.config, cut_ms=cut_ms, checkpoint_ms=checkpoint_ms)
        crash.init(store, f"{self.folder}/world", shards, self.config)
        return store

    def check(self, store, what):
        found, answer = outcomes(store), crash.answer(store)
        wrong = {number: (self.model.get(number), found.get(number)) for number in self.model.keys() | found.keys()
                 if self.model.get(number) != found.get(number)}
        if wrong:
            self.problems.append(f"{what}: {len(wrong)} outcomes, such as {sorted(wrong.items(), key=lambda pair: int(pair[0]))[:3]}")
        self.answer = self.answer or answer
        if answer != self.answer:
            self.problems.append(f"{what}: {[key for key in answer if answer[key] != self.answer[key]]} differ")

    def shards_and_workers(self):
        for shards, workers, cut_ms in ((1, 1, 1), (2, 1, NEVER_MS), (2, 2, 1), (4, 1, 1), (4, 2, NEVER_MS), (4, 4, 1), (7, 3, 5)):
            store = self.init("store", shards, cut_ms, NEVER_MS if workers == 1 else 30)
            self.run(store, workers=workers)
            self.check(store, f"{shards} shards, {workers} workers, cut_ms {cut_ms}")
        self.explained(store)

    def explained(self, store):
        """The shards of such records tell them, and come to what was journaled; some have their first record elsewhere."""
        numbers = [number for number, what in sorted(self.model.items()) if what.startswith("served")][:6]
        said = [crash.call("explain", store, number).stdout for number in numbers]
        elsewhere = [text for text in said if "stands: another customer's, in another shard" in text]
        if not elsewhere or not all(text.startswith(f"record {number}: conflict") for number, text in zip(numbers, said)):
            self.problems.append(f"explained: {said[0]}")

    def kills(self):
        whole_s, hits, rounds = [1.0], 0, 0
        while hits < KILLS or rounds < 2:
            store, shards = self.init("killed", (4, 2)[rounds % 2]), (4, 2)[rounds % 2]
            hits += crash.run_killed(["run", store, "--files", *self.paths, "--until-end", "--workers", str(1 + rounds % 3)], self.rng,
                                     whole_s, min(2, KILLS - hits))
            self.check(store, f"{hits} kills, {shards} shards")
            rounds += 1
            assert rounds < 30 + KILLS, f"only {hits} of {KILLS} kills hit a running process"
        return hits

    def whole(self, shards):
        """A store whose shards have at least a block for each file, and copies of it as it was behind some of them."""
        whole = self.init("whole", shards, 1, NEVER_MS)
        for number, path in enumerate([None, *self.paths]):
            if path is not None:
                self.run(whole, path)
            if any(number in pair for pair in CHECKPOINTED):
                shutil.rmtree(f"{self.folder}/start{number}", ignore_errors=True)
                shutil.copytree(whole, f"{self.folder}/start{number}")
        self.check(whole, f"{shards} shards, a run for each file")

    def crashes(self, shards):
        """Checkpoints a file apart or none, and journals that end behind different files."""
        for number in range(CRASHES):
            before, after = self.rng.choice(CHECKPOINTED)
            store = f"{self.folder}/crashed"
            shutil.rmtree(store, ignore_errors=True)
            shutil.copytree(f"{self.folder}/start{before}", store)
            starts = [self.rng.choice((before, after)) for _ in range(shards)]
            place = self.rng.choice((before, self.rng.randrange(before, FILES)))
            ends = [max(start, place + self.rng.randrange(APART + 1)) for start in starts]
            for shard, (start, end) in enumerate(zip(starts, ends)):
                shutil.rmtree(f"{store}/shards/{shard}")
                shutil.copytree(f"{self.folder}/start{start}/shards/{shard}", f"{store}/shards/{shard}")
                cut(f"{self.folder}/whole", store, shard, end)
            crash.call("verify", store)
            self.run(store, workers=1 + number % 2)
            self.check(store, f"checkpoints behind files {starts}, journals behind {ends}")


def cut(whole, store, shard, files):
    """The shard's journal up to its last block of so many files."""
    (path,) = glob.glob(f"{whole}/shards/{shard}/journal/*.spj")
    with open(path, "rb") as file:
        content = file.read()
    with open(f"{store}{path[len(whole):]}", "wb") as file:
        file.write(content[:ends_of_files(content)[files]])


def ends_of_files(content):
    """Where a journal ends behind so many files: a block names the file that it is of."""
    places, names, at = [0], [], content.find(b"SPBLOCK")
    while at >= 0:
        end = content.find(b"SPBLOCK", at + 1)
        end = len(content) if end < 0 else end
        name = re.search(rb"/part(\d+)\.csv", content[at:end]).group(1)
        if names and names[-1] == name:
            places[-1] = end
        else:
            names.append(name)
            places.append(end)
        at = content.find(b"SPBLOCK", end)
    assert len(places) == FILES + 1, len(places)
    return places + [places[-1]] * APART


def main():
    rng, seed = crash.seed_of("conflicts")
    with crash.folder_of("conflicts") as folder:
        conflicts = Conflicts(folder, rng)
        conflicts.shards_and_workers()
        hits = 0
        if not conflicts.problems:
            hits = conflicts.kills()
            for shards in (2, 4):
                conflicts.whole(shards)
                conflicts.crashes(shards)
        if conflicts.problems:
            sys.exit(f"seed {seed}:\n" + "\n".join(conflicts.problems[:20]))
    words = sum(";" in what or what in ("served", "up_bytes", "start") for what in conflicts.model.values())
    print(f"{RECORDS} records, {words} of them conflicts, {hits} kills, {2 * CRASHES} crashes: all equal")


if __name__ == "__main__":
    main()
