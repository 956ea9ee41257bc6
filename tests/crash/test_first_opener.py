#!/usr/bin/env python3
"""LMDB's first opener writes the number of the latest instant to lock.mdb. Killed just then it leaves those that wait for it with another
number, and they would read what was there before the first commit: no customers, no checkpoint. Here such a number stands there while
somebody holds the file open; a verb waits, and says what it says else."""
import fcntl
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

NUMBER_AT = 48  # in lock.mdb: magic, format, a mutex, the number
HELD_S = 0.2


def opened_meanwhile(path, arguments):
    """How a verb ends that comes while lock.mdb is held with number 0; None: the number is not there in this LMDB."""
    with open(path, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_SH, 1, 0)
        file.seek(NUMBER_AT)
        number, = struct.unpack("<Q", file.read(8))
        if not 0 < number < 1000:
            return None
        file.seek(NUMBER_AT)
        file.write(bytes(8))
        file.flush()
        with subprocess.Popen([crash.SUANPAN, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as child:
            time.sleep(HELD_S)
            fcntl.lockf(file, fcntl.LOCK_UN, 1, 0)
            out, errors = child.communicate(timeout=crash.HANG_S)
    return child.returncode, out, errors


def main():
    with crash.folder_of("first-opener") as folder:
        world, store = f"{folder}/world", f"{folder}/store"
        crash.generate(world, 1, 300, subscribers=100, days=10)
        crash.init(store, world, 1)
        crash.call("run", store, "--files", f"{world}/usage", "--until-end")
        wanted = (0, crash.call("dump", store, "customers").stdout, "")
        for of in ("directory", "shards/0/state"):
            found = opened_meanwhile(f"{store}/{of}/lock.mdb", ["dump", store, "customers"])
            if found is None:
                print(f"skipped: {of}/lock.mdb of this LMDB is laid out otherwise")
                sys.exit(crash.SKIPPED)
            if found != wanted:
                sys.exit(f"{of}: exit {found[0]}, {found[2]!r}, {len(found[1])} bytes instead of {len(wanted[1])}")
        crash.answer(store)
        print("the first opener gone: read as else")


if __name__ == "__main__":
    main()
