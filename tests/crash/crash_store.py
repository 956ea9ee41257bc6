"""What the crash tests share: a store, what it says of itself, and runs that are killed at random moments."""
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import SUANPAN, done as call  # noqa: E402  pylint: disable=wrong-import-position

SKIPPED = 77
HANG_S = 300  # a run of seconds that takes so long waits for something that never comes


@contextlib.contextmanager
def folder_of(name):
    """A folder in the build folder, which stays if what is done in it fails, and is told."""
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"{name}-", dir=base)
    kept = True
    try:
        yield folder
        kept = False
    except SystemExit as end:
        kept = end.code != SKIPPED
        raise
    finally:
        if kept:
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder)


def lines_hash(lines):
    """A hash of lines whatever their order: which shard a line stands in depends on the number of shards."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def without_places(line):
    row = json.loads(line)
    for key in ("shard", "block"):
        row.pop(key, None)
    return json.dumps(row, sort_keys=True)


def answer(store):
    """Everything that must be equal whatever happened on the way."""
    verified = json.loads(call("verify", store, "--json").stdout)
    audited = json.loads(call("audit", store, "--json").stdout)
    assert verified["ok"] and audited["ok"], (verified, audited)
    for key in ("blocks", "torn_bytes", "shards", "streams"):
        audited.pop(key)
    rated = call("dump", store, "rated").stdout.splitlines()
    suspense = [without_places(line) for line in call("dump", store, "suspense").stdout.splitlines()]
    return {
        "state_hash": verified["state_hash"],
        "audit": audited,
        "rated": lines_hash(rated),
        "rated_lines": len(rated),
        "suspense": lines_hash(suspense),
    }


def generate(folder, seed, records, subscribers=2000, days=60):
    call("gen", folder, "--seed", seed, "--subscribers", subscribers, "--groups", 40, "--days", days,
         "--records", records)


def write_tables(folder, book, customers):
    """The world of a store from {name: text}."""
    for part, files in (("book", book), ("customers", customers)):
        os.makedirs(f"{folder}/{part}")
        for name, text in files.items():
            with open(f"{folder}/{part}/{name}", "w", encoding="utf-8") as file:
                file.write(text)


def init(store, world, shards, config=None):
    more = ["--config", config] if config else []
    call("init", store, "--book", f"{world}/book", "--customers", f"{world}/customers", "--shards", shards, *more)


def write_config(path, cut_ms, checkpoint_ms):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"cut_ms: {cut_ms}\ncheckpoint_ms: {checkpoint_ms}\n")


def records_in(store):
    return json.loads(call("audit", store, "--json").stdout)["in"]


def run_killed(arguments, rng, whole_s, kills, places=None):
    """Runs until the end, killed up to `kills` times at random moments; returns how many kills hit it running.

    `whole_s` is a list of one number, the longest wait for a kill: a run that ends before its kill shortens it, so that
    kills hit on a machine whose speed changes. `places` takes how many records were durable at each kill; arguments[1] is the store."""
    hit = 0
    while True:
        process = subprocess.Popen([SUANPAN, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        began = time.monotonic()
        if hit < kills:
            try:
                process.wait(timeout=rng.uniform(0.01, whole_s[0]))
                whole_s[0] = max(0.05, min(whole_s[0], time.monotonic() - began))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        try:
            _, errors = process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            sys.exit(f"run did not end within {HANG_S} s after {hit} kills")
        if process.returncode == -signal.SIGKILL:
            hit += 1
            if places is not None:
                places.append(records_in(arguments[1]))
            continue
        if process.returncode != 0:
            sys.exit(f"run ended with {process.returncode}: {errors}")
        return hit


def seed_of(name):
    seed = int(os.environ.get("SUANPAN_SEED", "1"))
    print(f"{name}: SUANPAN_SEED={seed}", flush=True)
    return random.Random(f"{name} {seed}"), seed


def timed(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began
