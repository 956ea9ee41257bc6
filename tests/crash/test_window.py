#!/usr/bin/env python3
"""Behind a crash one shard's journal ends days before the other's, and the sources are read again in another order. The shard that stands
further has seen the later watermark: a record that was in its window before is not new to it again (book.md §15.4, §15.5), so nothing is
rated twice, and the next start finds in the journal what it would judge itself, wherever a checkpoint fell."""
import collections
import datetime
import json
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position
import test_conflicts as world  # noqa: E402  pylint: disable=wrong-import-position
import test_new_files as new_files  # noqa: E402  pylint: disable=wrong-import-position

SERVED = range(world.PLANLESS, world.SUBSCRIBERS)
HOUR = datetime.timedelta(hours=1)
FAR = 62 * 24 * HOUR


def usage(letter, start, session=True):
    """A record of each customer."""
    for number in SERVED:
        record = dict.fromkeys(world.COLUMNS, "")
        record.update(id=f"{letter}{number}", service="data", served=13800000000 + number, start=start, up_bytes=1000000, seq=0)
        record.update({"session": f"{letter}{number}"} if session else {})
        yield world.line_of(record)


class Shards:
    """`first` is read, then `later`, whose records the shard that falls back loses; then come `again`, which is `first` once more, and
    `between`, from whose records `first` is in the window, as it is not from `later`."""

    def __init__(self, folder):
        self.folder, self.store, self.kept = folder, f"{folder}/store", f"{folder}/kept"
        world.write_world(f"{folder}/world", [])
        self.files = {name: self.write(name, usage(letter, start, session)) for name, letter, start, session in (
            ("first", "m", world.FIRST + HOUR, False), ("later", "l", world.FIRST + FAR + 3 * HOUR, True),
            ("between", "b", world.FIRST + FAR, True), ("again", "m", world.FIRST + HOUR, False))}
        self.problems = []

    def write(self, name, lines):
        path = f"{self.folder}/{name}.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([",".join(world.COLUMNS), *lines, ""]))
        return path

    def run(self, *names):
        crash.call("run", self.store, "--files", *(self.files[name] for name in names), "--until-end")

    def fallen_back(self, shard, checkpoint):
        """Shard 0 or 1 as it was behind `first`; the other one behind `later`, its checkpoint before or behind it."""
        for path in (self.store, self.kept):
            shutil.rmtree(path, ignore_errors=True)
        crash.write_config(f"{self.folder}/suanpan.yaml", cut_ms=1, checkpoint_ms=1)
        crash.init(self.store, f"{self.folder}/world", 2, f"{self.folder}/suanpan.yaml")
        self.run("first")
        shutil.copytree(self.store, self.kept)
        self.run("later")
        self.put_back(self.kept, f"shards/{shard}")
        if checkpoint == "before":
            self.put_back(self.kept, f"shards/{1 - shard}/state")

    def put_back(self, kept, part):
        shutil.rmtree(f"{self.store}/{part}")
        shutil.copytree(f"{kept}/{part}", f"{self.store}/{part}")

    def check(self, what, shard):
        """Of `first` nothing is rated twice; the shard that fell back has it in its window, the other one knows it better."""
        rated = collections.Counter(json.loads(line)["id"] for line in crash.call("dump", self.store, "rated", "--json").stdout.splitlines())
        twice = [number for number, times in rated.items() if times > 1]
        late = [json.loads(line) for line in crash.call("dump", self.store, "suspense", "--json").stdout.splitlines()]
        if twice or not late or any(row["reason"] != "dup_window_exceeded" or row["shard"] != 1 - shard for row in late):
            self.problems.append(f"{what}: rated twice: {twice}; suspended: {late[:2]}")
        if rated.keys() != {f"{letter}{number}" for letter in "mbl" for number in SERVED}:
            self.problems.append(f"{what}: {len(rated)} rated")
        crash.answer(self.store)

    def order(self, shard, checkpoint):
        self.fallen_back(shard, checkpoint)
        self.run("between", "again")
        self.run("later")
        self.check(f"shard {shard} fell back, the other's checkpoint {checkpoint} it", shard)

    def second_crash(self, shard):
        """As above, and the service that reads on writes a checkpoint between two files and loses the one behind them."""
        self.fallen_back(shard, "before")
        inbox, checkpoint = f"{self.folder}/inbox", f"{self.folder}/checkpoint"
        for path in (inbox, checkpoint):
            shutil.rmtree(path, ignore_errors=True)
        os.makedirs(inbox)
        service = new_files.Service(self.store, inbox)
        service.start()
        before = crash.records_in(self.store)
        for name in ("between", "again"):
            shutil.copyfile(self.files[name], f"{inbox}/{name}.part")
            os.rename(f"{inbox}/{name}.part", f"{inbox}/{name}.csv")
            before += len(SERVED)
            service.wait_records(before)
            if name == "between":
                time.sleep(0.3)  # for its checkpoint; one that comes later makes this an easier case
                service.child.send_signal(signal.SIGSTOP)
                shutil.copytree(f"{self.store}/shards", f"{checkpoint}/shards")
                service.child.send_signal(signal.SIGCONT)
        code, errors = service.end(signal.SIGTERM)
        assert code == 0, errors
        for of in range(2):
            self.put_back(checkpoint, f"shards/{of}/state")
        crash.call("verify", self.store)
        self.run("later")
        self.check(f"shard {shard} fell back, and a second crash", shard)


def main():
    with crash.folder_of("window") as folder:
        shards = Shards(folder)
        for shard in range(2):
            for checkpoint in ("before", "behind"):
                shards.order(shard, checkpoint)
            shards.second_crash(shard)
        if shards.problems:
            sys.exit("\n".join(shards.problems))
    print("6 crashes: nothing rated twice")


if __name__ == "__main__":
    main()
