#!/usr/bin/env python3
"""Recovery of a store whose journals no checkpoint has: on however many threads shards are replayed, what comes out is the same; what
cannot be replayed ends with one line, exit 4 and a store as it was; `checkpoint_records` bounds what there is to replay.

Copies of one killed store are opened on 1, 2, 3 and 8 threads, to read an empty file; all must say of themselves what the killed
store says."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position
import test_faults  # noqa: E402  pylint: disable=wrong-import-position

NEVER_MS = 1000000000
SHARDS = 4
RECORDS = 12000
PORTION = 1000
FAULTS = 16
THREADS = (1, 2, 3, 8)
ENVIRONMENT = 4


def run_arguments(store, world, *more):
    return ["run", store, "--files", f"{world}/usage", "--until-end", "--json", *map(str, more)]


def journals(store):
    return [f"{store}/shards/{shard}/journal/{name}" for shard in range(SHARDS)
            for name in sorted(os.listdir(f"{store}/shards/{shard}/journal"))]


def settings(store, checkpoint_records):
    with open(f"{store}/suanpan.yaml", "w", encoding="utf-8") as file:
        file.write(f"cut_ms: 1\ncheckpoint_ms: {NEVER_MS}\ncheckpoint_records: {checkpoint_records}\n")


def feed_and_kill(store, lines, portions, already=0):
    """Portions of lines behind those that the store has, each one durable before the next is sent: so many cuts at least,
    on a machine however fast."""
    done = crash.records_in(store)
    with subprocess.Popen([crash.SUANPAN, "run", store, "--files", "-", "--workers", "1"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        child.stdin.write(b"".join(lines[:1 + already]))
        for at in range(1 + already, 1 + already + portions * PORTION, PORTION):
            child.stdin.write(b"".join(lines[at:at + PORTION]))
            child.stdin.flush()
            done += PORTION
            until = time.monotonic() + crash.HANG_S
            while crash.records_in(store) < done:
                assert child.poll() is None and time.monotonic() < until, "the records do not become durable"
                time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()


def content(store):
    """Hashes of all that a start could change: journals and checkpoints."""
    found = {}
    for path, _, names in os.walk(f"{store}/shards"):
        for name in names:
            if name != "lock.mdb":
                with open(f"{path}/{name}", "rb") as file:
                    found[f"{path[len(store):]}/{name}"] = hashlib.sha256(file.read()).hexdigest()
    return found


def break_block(store, shard):
    """A bit of the first block's body, with blocks behind it: damage, not a torn tail."""
    path = next(path for path in journals(store) if f"/shards/{shard}/" in path)
    with open(path, "r+b") as file:
        file.seek(700)
        byte = file.read(1)
        file.seek(700)
        file.write(bytes([byte[0] ^ 1]))


def tear(store, shard):
    with open([path for path in journals(store) if f"/shards/{shard}/" in path][-1], "ab") as file:
        file.write(b"half a block")


class Recovery:
    def __init__(self, folder):
        self.folder = folder
        self.world = f"{folder}/world"
        self.problems = []

    def check(self, good, what):
        if not good:
            self.problems.append(what)

    def copy(self, name):
        shutil.copytree(f"{self.folder}/killed", f"{self.folder}/{name}")
        return f"{self.folder}/{name}"

    def threads(self, expected, tail):
        for count in THREADS:
            store = self.copy(f"threads-{count}")
            tear(store, count % SHARDS)
            report = json.loads(crash.call("run", store, "--files", f"{self.folder}/empty.csv", "--until-end", "--json",
                                           "--workers", count).stdout)
            self.check(report["replayed"] == tail and report["records"] == 0, f"{count} threads: {report}, {tail} to replay")
            found = crash.answer(store)
            self.check(found == expected, f"{count} threads: {found}, expected {expected}")

    def broken(self):
        """Torn tails in front of it stay; the first broken shard is named, whichever is found first."""
        for count in THREADS:
            for shards in ((SHARDS - 1,), (1, SHARDS - 1), (0, 1, 2, 3)):
                store = self.copy("broken")
                tear(store, 0)
                for shard in shards:
                    break_block(store, shard)
                before = content(store)
                done = subprocess.run([crash.SUANPAN, *run_arguments(store, self.world, "--workers", count)], check=False,
                                      capture_output=True, text=True, timeout=crash.HANG_S)
                lines = done.stderr.splitlines()
                self.check(done.returncode == ENVIRONMENT and len(lines) == 1 and f"shard {shards[0]}: " in lines[0],
                           f"shards {shards} broken, {count} threads: exit {done.returncode}, {done.stderr!r}")
                self.check(content(store) == before, f"shards {shards} broken, {count} threads: the store was changed")
                shutil.rmtree(store)

    def refused(self, expected, rng):
        """A thread, memory, a sync, a cut or a checkpoint's write that fails: one line, exit 4, and nothing is lost."""
        faults = test_faults.Faults(self.folder, rng)

        def make():
            store = self.copy("faulted")
            tear(store, 1)
            return store, ["run", store, "--files", f"{self.folder}/empty.csv", "--until-end", "--workers", "3"]

        for kind, k in faults.drawn(faults.places(("thread", "memory", "sync", "truncate", "write"), make), FAULTS):
            store, arguments = make()
            faults.judge(f"start, {kind} {k}", faults.faulted(kind, k, arguments))
            crash.call(*arguments)
            found = crash.answer(store)
            self.check(found == expected, f"start, {kind} {k}, then without faults: {found}")
            shutil.rmtree(store)
        self.check(faults.hits >= 5, f"only {faults.hits} faults were hit")
        self.problems += faults.problems

    def replayed(self, store):
        return json.loads(crash.call("run", store, "--files", f"{self.folder}/empty.csv", "--until-end", "--json").stdout)["replayed"]

    def bounded(self, lines):
        """However seldom the clock asks for one, a checkpoint comes after so many records; one that was begun may be killed."""
        store = f"{self.folder}/bounded"
        crash.init(store, self.world, SHARDS)
        settings(store, 2 * PORTION)
        feed_and_kill(store, lines, 6)
        left = self.replayed(store)
        self.check(left < 3 * PORTION, f"checkpoint_records {2 * PORTION}: {left} of {6 * PORTION} records were replayed")

    def aged(self, seed):
        """Marks that leave the checkpoints with the window (62 days) are missed by nobody."""
        world = f"{self.folder}/aged"
        crash.generate(world, seed, RECORDS // 2, subscribers=300, days=200)
        with open(f"{world}/usage/usage-00001.csv", "rb") as usage:
            lines = usage.readlines()
        found = []
        for name, bound in (("often", 1), ("never", 10 * RECORDS)):
            store = f"{self.folder}/{name}"
            crash.init(store, world, 2)
            settings(store, bound)
            feed_and_kill(store, lines, 4)
            feed_and_kill(store, lines, 1, 4 * PORTION)
            found.append(crash.answer(store))
        self.check(found[0] == found[1], f"200 days, with checkpoints {found[0]}, without {found[1]}")

    def tail_counts(self, lines, tail):
        """What a start has replayed counts: a checkpoint comes with the first cut."""
        store = self.copy("tail")
        settings(store, tail)
        feed_and_kill(store, lines, 2, tail)
        left = self.replayed(store)
        self.check(left <= 2 * PORTION, f"{tail} records replayed, then {2 * PORTION} more: {left} were replayed again")


def main():
    rng, seed = crash.seed_of("recovery")
    with crash.folder_of("recovery") as folder:
        recovery = Recovery(folder)
        crash.generate(recovery.world, seed, RECORDS, subscribers=500)
        with open(f"{recovery.world}/usage/usage-00001.csv", "rb") as file:
            lines = file.readlines()
        with open(f"{folder}/empty.csv", "wb") as file:
            file.write(lines[0])
        tail = 8 * PORTION
        crash.init(f"{folder}/killed", recovery.world, SHARDS)
        settings(f"{folder}/killed", 10 * RECORDS)
        feed_and_kill(f"{folder}/killed", lines, 8)
        expected = crash.answer(f"{folder}/killed")
        recovery.threads(expected, tail)
        recovery.broken()
        if not os.environ.get("SUANPAN_SANITIZE"):  # a library before others does not go with sanitizers
            recovery.refused(expected, rng)
        recovery.bounded(lines)
        recovery.tail_counts(lines, tail)
        recovery.aged(seed)
        if recovery.problems:
            print("\n".join(recovery.problems))
            sys.exit(f"{len(recovery.problems)} problems with SUANPAN_SEED={seed}")
        print(f"{tail} records replayed on {', '.join(map(str, THREADS))} threads: all equal; broken shards change nothing")


if __name__ == "__main__":
    main()
