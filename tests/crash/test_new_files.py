#!/usr/bin/env python3
"""A service that runs over a folder: it waits while there is nothing, takes what comes, be it renamed into place or written in halves,
and is killed on the way. Then it must say of itself what a store says that read all the files at once."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

RECORDS = 6000
FILES = 6
SHARDS = 2


class Service:
    """`run` over a folder; `records` records are durable once wait_records returns."""

    def __init__(self, store, folder):
        self.store, self.folder, self.child = store, folder, None

    def start(self):
        self.child = subprocess.Popen([crash.SUANPAN, "run", self.store, "--files", self.folder],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait_records(self, records):
        until = time.monotonic() + crash.HANG_S
        while crash.records_in(self.store) < records:
            if self.child.poll() is not None or time.monotonic() > until:
                sys.exit(f"{crash.records_in(self.store)} of {records} records: exit {self.child.poll()}, "
                         f"{self.child.stderr.read() if self.child.poll() is not None else 'no end in sight'}")
            time.sleep(0.05)

    def end(self, number):
        self.child.send_signal(number)
        errors = self.child.communicate()[1]
        return self.child.returncode, errors


def parts(path):
    with open(path, "rb") as usage:
        header, *lines = usage.readlines()
    step = (len(lines) + FILES - 1) // FILES
    return [header + b"".join(lines[at:at + step]) for at in range(0, len(lines), step)], step


def files_come(service, contents, step, rng):
    """Whole ones and, every second time, one half first; two kills. The first file is moved away when it is done with."""
    time.sleep(0.3)
    kills = 0
    for i, content in enumerate(contents):
        name = f"{service.folder}/part-{i}.csv"
        half = rng.randrange(1, len(content)) if i % 2 else len(content)
        with open(f"{name}.part", "wb") as file:
            file.write(content[:half])
        os.rename(f"{name}.part", name)
        if i in (1, 4):
            time.sleep(rng.random() * 1.5)  # it may have seen the file, half of it, or nothing
            service.end(signal.SIGKILL)
            kills += 1
            service.start()
        with open(name, "ab") as file:
            file.write(content[half:])
        service.wait_records(min((i + 1) * step, RECORDS))
        if i == 2:
            os.rename(f"{service.folder}/part-0.csv", f"{service.folder}/../part-0.csv")
    return kills


def main():
    rng, seed = crash.seed_of("new files")
    with crash.folder_of("new-files") as folder:
        crash.generate(f"{folder}/world", seed, RECORDS, subscribers=300)
        contents, step = parts(f"{folder}/world/usage/usage-00001.csv")
        spool, store = f"{folder}/spool", f"{folder}/store"
        os.makedirs(spool)
        crash.write_config(f"{folder}/suanpan.yaml", cut_ms=1, checkpoint_ms=100)
        for name in ("store", "whole"):
            crash.init(f"{folder}/{name}", f"{folder}/world", SHARDS, f"{folder}/suanpan.yaml")
        service = Service(store, spool)
        service.start()
        try:
            kills = files_come(service, contents, step, rng)
            code, errors = service.end(signal.SIGTERM)
        finally:
            service.child.kill()
            service.child.wait()
        if code != 0 or errors:
            sys.exit(f"SIGTERM: exit {code}, {errors!r}")
        os.rename(f"{folder}/part-0.csv", f"{spool}/part-0.csv")
        crash.call("run", f"{folder}/whole", "--files", spool, "--until-end")
        expected, found = crash.answer(f"{folder}/whole"), crash.answer(store)
        if found != expected:
            sys.exit(f"found {found}, expected {expected}, SUANPAN_SEED={seed}")
        print(f"{FILES} files came while the service ran, {kills} kills: all equal")


if __name__ == "__main__":
    main()
