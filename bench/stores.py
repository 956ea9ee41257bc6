"""Made provinces, stores of them, and runs of the program with what they cost."""
import json
import os
import shutil
import subprocess
import sys
import time

from machine import BUILD, SUANPAN

SAMPLE_S = 0.02


class Folder:
    """A folder of one measurement, below SUANPAN_BENCH_FOLDER or the build folder; removed at the end."""

    def __init__(self, name, keep=False):
        base = os.environ.get("SUANPAN_BENCH_FOLDER") or os.path.join(BUILD, "bench", "made")
        self.path, self.keep = os.path.join(os.path.abspath(base), name), keep

    def __enter__(self):
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path)
        return self.path

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


def call(*words):
    """Runs the program; its text on stdout. Exit 1 (something was refused or suspended) is as good as 0."""
    done = subprocess.run([SUANPAN, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"suanpan {words[0]}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def make_world(folder, seed, subscribers, groups, days, records):
    call("gen", folder, "--seed", seed, "--subscribers", subscribers, "--groups", groups, "--days", days,
         "--records", records)
    return f"{folder}/usage/usage-00001.csv"


def make_store(store, world, shards=4, **settings):
    """A new store; settings are keys of suanpan.yaml."""
    shutil.rmtree(store, ignore_errors=True)
    call("init", store, "--book", f"{world}/book", "--customers", f"{world}/customers", "--shards", shards)
    with open(f"{store}/suanpan.yaml", "w", encoding="utf-8") as file:
        file.writelines(f"{key}: {value}\n" for key, value in {"workers": 0, **settings}.items())


class Run:
    """One `suanpan run ... --until-end --json`: its report, wall and CPU seconds, resident bytes.

    Anonymous bytes are what the process took for itself; mapped files (LMDB, books) are resident too, but the kernel
    takes them back when it needs the room.
    """

    def __init__(self, store, source, workers=0):
        words = [SUANPAN, "run", store, *map(str, source), "--until-end", "--json", "--workers", str(workers)]
        began = time.monotonic()
        with open(f"{store}.out", "w+b") as out, open(f"{store}.err", "w+b") as errors:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
            usage = self.watch(child)
            self.wall_s = time.monotonic() - began
            out.seek(0)
            errors.seek(0)
            if child.returncode != 0:
                sys.exit(f"suanpan run: exit {child.returncode}\n{errors.read().decode()}")
            self.report = json.loads(out.read())
        self.user_s = usage.ru_utime
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.resident_bytes = usage.ru_maxrss * 1024

    def watch(self, child):
        self.anonymous_bytes = 0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid != 0:
                child.returncode = os.waitstatus_to_exitcode(status)
                return usage
            self.anonymous_bytes = max(self.anonymous_bytes, anonymous(child.pid))
            time.sleep(SAMPLE_S)


def start_cpu_s(folder, world, shards=4, workers=0):
    """The CPU of a run without records: opening a store, loading customers and book, closing."""
    empty = f"{folder}/empty.csv"
    with open(f"{world}/usage/usage-00001.csv", "rb") as usage, open(empty, "wb") as out:
        out.write(usage.readline())
    make_store(f"{folder}/empty", world, shards)
    return Run(f"{folder}/empty", ["--files", empty], workers).cpu_s


def anonymous(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:")), 0)
    except (OSError, ValueError):
        return 0


def bytes_under(store, part):
    """What the files in folders of this name take on disk (LMDB's are sparse)."""
    return sum(os.stat(os.path.join(path, name)).st_blocks * 512
               for path, _, names in os.walk(store) if os.path.basename(path) == part for name in names)
