"""A folder of cases in the form of ../shared/golden through a store: init, run --files, dump; with a kill -9 in the middle, and on 1
and 3 shards.

What the store holds must be what `expected.jsonl` says, record by record, to the last digit: rated and zero_rated ones in
`dump rated`, suspended ones and conflicts in `dump suspense`, duplicates counted by `audit`. The order is the journal's,
shard by shard, so that records are matched by what they are and not by their line. The state must be one and the same.

The kill: usage.csv is cut in two files. The first is read by a run that does not end and never makes a checkpoint; once all of
its records are durable the process is killed. The next run replays them and reads the second file."""
import collections
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

LOOK_S = 0.05
AT_ONCE = 4
SUANPAN = os.environ.get("SUANPAN", "")


def suanpan(*arguments):
    done = subprocess.run([SUANPAN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout


def audit(store):
    return json.loads(suanpan("audit", store, "--json"))


def init(case, store, shards, *more):
    books = [word for name in ("book", "book2") if os.path.isdir(f"{case}/{name}") for word in ("--book", f"{case}/{name}")]
    suanpan("init", store, *books, "--customers", f"{case}/customers", "--shards", str(shards), *more)


def comparable(row):
    """As golden/README.md compares: everything of a rated record, id, outcome and reason of the others."""
    kept = row if row["outcome"] == "rated" else {key: row[key] for key in ("id", "outcome", "reason")}
    return json.dumps(kept, sort_keys=True)


def rows_of(text):
    return collections.Counter(comparable(json.loads(line)) for line in text.splitlines())


def problems_of(store, expected):
    """What of the store is not as expected, in words."""
    said = audit(store)
    if not said["ok"] or said["in"] != len(expected):
        return [f"audit: ok {said['ok']}, in {said['in']} of {len(expected)}"]
    by_outcome = collections.Counter(row["outcome"] for row in expected)
    problems = [f"audit: {said[outcome]} {outcome}, expected {by_outcome[outcome]}"
                for outcome in ("rated", "zero_rated", "duplicate", "conflict", "suspended")
                if said[outcome] != by_outcome[outcome]]
    found = rows_of(suanpan("dump", store, "rated")) + rows_of(suanpan("dump", store, "suspense"))
    wanted = collections.Counter(comparable(row) for row in expected if row["outcome"] != "duplicate")
    problems += [f"missing: {row}" for row in wanted - found] + [f"instead: {row}" for row in found - wanted]
    return problems


def state_hash(store):
    return json.loads(suanpan("verify", store, "--json"))["state_hash"]


def cut_usage(case, folder):
    """The two halves of usage.csv, each with the header, cut behind a whole record."""
    with open(f"{case}/usage.csv", encoding="utf-8", newline="") as file:
        lines = file.readlines()
    header = next(at for at, line in enumerate(lines) if not line.lstrip("\ufeff").startswith("#"))
    cut = header + 1 + (len(lines) - header - 1) // 2
    while cut < len(lines) and "".join(lines[:cut]).count('"') % 2 != 0:
        cut += 1
    paths = [f"{folder}/1.csv", f"{folder}/2.csv"]
    for path, part in zip(paths, (lines[header + 1:cut], lines[cut:])):
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.writelines([lines[header], *part])
    return paths


def kill_behind(case, store, path):
    """A run over one file that is killed once all its records are durable, before any checkpoint."""
    books = [word for name in ("book", "book2") if os.path.isdir(f"{case}/{name}") for word in ("--book", f"{case}/{name}")]
    records = len(suanpan("rate", *books, "--customers", f"{case}/customers", "--json", path).splitlines())
    with subprocess.Popen([SUANPAN, "run", store, "--files", path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            # However long a busy disk takes. Looks are far between: each is a process of its own, and the run needs the time.
            while process.poll() is None and audit(store)["in"] < records:
                time.sleep(LOOK_S)
        finally:
            process.send_signal(signal.SIGKILL)
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"run ended by itself: {process.returncode}")


def check(case, folder, whole):
    """One case; whole: also undisturbed on 1 and 3 shards."""
    with open(f"{case}/expected.jsonl", encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    with open(f"{folder}/suanpan.yaml", "w", encoding="utf-8") as file:
        file.write("cut_ms: 1\ncheckpoint_ms: 1000000000\n")
    stores = {}
    for shards in (1, 3) if whole else ():
        stores[f"{shards} shards"] = store = f"{folder}/{shards}"
        init(case, store, shards)
        suanpan("run", store, "--files", f"{case}/usage.csv", "--until-end")
    stores["killed"] = store = f"{folder}/killed"
    init(case, store, 3, "--config", f"{folder}/suanpan.yaml")
    parts = cut_usage(case, folder)
    kill_behind(case, store, parts[0])
    suanpan("run", store, "--files", *parts, "--until-end")
    problems = [f"{name}: {problem}" for name, store in stores.items() for problem in problems_of(store, expected)]
    hashes = {name: state_hash(store) for name, store in stores.items()}
    if len(set(hashes.values())) != 1:
        problems.append(f"states differ: {hashes}")
    return problems


def problems_in(case, base, whole):
    folder = tempfile.mkdtemp(prefix="golden-store-", dir=base)
    try:
        return check(case, folder, whole)
    except RuntimeError as error:
        return [str(error)]
    finally:
        shutil.rmtree(folder)


def check_all(root, names, whole):
    """The cases of root, which must be those of names: differences printed, the exit status returned."""
    there = [name for name in sorted(os.listdir(root)) if os.path.exists(os.path.join(root, name, "usage.csv"))]
    if there != names:
        print(f"not the cases this test names: {sorted(set(there) ^ set(names))}")
        return 1
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    failed = 0
    # They mostly wait for the disk.
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for name, problems in zip(names, pool.map(lambda name: problems_in(os.path.join(root, name), base, whole), names)):
            failed += bool(problems)
            print(f"{name}: {'; '.join(problems) if problems else 'equal'}", flush=True)
    print(f"{len(names) - failed} of {len(names)} cases through a store")
    return 1 if failed else 0
