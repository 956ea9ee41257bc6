#!/usr/bin/env python3
"""The same input gives the same state: on 1, 2 and 4 shards, and by every other build of suanpan that is named.

SUANPAN is the build under test; SUANPAN_OTHERS names more of them, separated by colons (gcc and clang, debug and
release). Compared are the state hash of `verify`, the equation of `audit` and the rated records, sorted by line.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

SEED = int(os.environ.get("SUANPAN_SEED", "20261130"))
RECORDS = os.environ.get("SUANPAN_RECORDS", "60000")
SHARDS = (1, 2, 4)
AUDIT_KEYS = ("in", "rated", "zero_rated", "duplicate", "conflict", "suspended", "filtered", "held_partial",
              "list", "net")


def run(binary, *arguments, may_reject=False):
    """What the command prints; exit 1 (done, but something was rejected) counts as done where that may be."""
    done = subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not (may_reject and done.returncode == 1):
        print(f"FAILED: {binary} {' '.join(arguments)}: exit {done.returncode}\n{done.stderr[-4000:]}")
        sys.exit(1)
    return done.stdout


def outcome(binary, work, world, shards):
    """What one build makes of the world on so many shards, in a form that can be compared."""
    store = os.path.join(work, f"store-{shards}")
    shutil.rmtree(store, ignore_errors=True)
    usage = sorted(os.path.join(world, "usage", name) for name in os.listdir(os.path.join(world, "usage")))
    run(binary, "init", store, "--book", os.path.join(world, "book"), "--customers", os.path.join(world, "customers"),
        "--shards", str(shards))
    run(binary, "run", store, "--files", *usage, "--until-end", may_reject=True)
    state_hash = json.loads(run(binary, "verify", store, "--json"))["state_hash"]
    audit = json.loads(run(binary, "audit", store, "--json"))
    rated = sorted(run(binary, "dump", store, "rated", "--json").split("\n"))
    shutil.rmtree(store, ignore_errors=True)
    return {"state_hash": state_hash, "audit": {key: audit.get(key) for key in AUDIT_KEYS},
            "rated": hashlib.sha256("\n".join(rated).encode()).hexdigest(), "lines": len(rated)}


def main():
    binary = os.environ["SUANPAN"]
    others = [path for path in os.environ.get("SUANPAN_OTHERS", "").split(":") if path]
    verbs = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False).stdout
    missing = [verb for verb in ("gen", "init", "run", "verify", "audit", "dump") if f"\n  {verb} " not in verbs]
    if missing:
        print(f"skipped: this suanpan has no {', '.join(missing)}")
        sys.exit(77)
    work = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "determinism_work")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    world = os.path.join(work, "world")
    print(f"seed {SEED}, {RECORDS} records")
    run(binary, "gen", world, "--seed", str(SEED), "--subscribers", "2000", "--groups", "60", "--days", "75",
        "--records", RECORDS)
    first, failures = None, 0
    for path in [binary, *others]:
        for shards in SHARDS if path == binary else SHARDS[1:2]:
            found = outcome(path, work, world, shards)
            first = first or found
            same = found == first
            failures += not same
            print(f"{'same' if same else 'DIFFERENT'} {path} on {shards} shards: {json.dumps(found)}")
    shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if failures else 0)


main()
