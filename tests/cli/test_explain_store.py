"""suanpan explain over a store: records of a small province, before and behind the checkpoint, by id
and by position, come out as they were journaled and as `dump` shows them."""
import glob
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import done, run  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
SEED = 11
checks = Checks()


def lines(*args):
    """The objects that it prints."""
    said = done(*args, codes=(0, 1)).stdout
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def store_make(work):
    world, store = os.path.join(work, "world"), os.path.join(work, "store")
    done("gen", world, "--seed", str(SEED), "--subscribers", "800", "--groups", "12", "--days", "40",
         "--records", "6000")
    parts = []
    with open(glob.glob(os.path.join(world, "usage", "*"))[0], "rb") as file:
        head, *lines = file.readlines()
    for number, part in enumerate((lines[:3500], lines[3500:])):
        parts.append(os.path.join(work, f"part{number}.csv"))
        with open(parts[-1], "wb") as file:
            file.writelines([head, *part])
    done("init", store, "--book", os.path.join(world, "book"), "--customers", os.path.join(world, "customers"),
         "--shards", "3")
    for part in parts:
        done("run", store, "--files", part, "--until-end", codes=(0, 1))
    return store


def record_check(store, want):
    got = run("explain", store, want["id"], "--json")
    checks.holds(got.returncode == 0, want["id"], "ended with", got.returncode, got.stderr)
    told = [json.loads(line) for line in got.stdout.splitlines()]
    checks.holds(all(one["equal"] and one["id"] == want["id"] for one in told), want["id"], "is not as journaled")
    same = [one for one in told if {key: one[key] for key in want} == want]
    checks.holds(len(same) > 0, want["id"], "is not what dump shows")
    for one in told:
        where = one["stations"][0]["steps"][0]
        place = f"{where['stream']}:{where['offset']}.{where['sub']}"
        again = [json.loads(line) for line in run("explain", store, place, "--json").stdout.splitlines()]
        checks.holds(again == [one], "by its position", place, "it is another")
        short = f"{os.path.basename(where['stream'])}:{where['offset']}"
        again = [json.loads(line) for line in run("explain", store, short, "--json").stdout.splitlines()]
        checks.holds(one in again, "by the end of its path", short, "it is not told")
        checks.holds(run("explain", store, short[1:]).returncode == 1, short[1:], "is no name of a stream")


def raw_check(store, want):
    """Raw bytes are those of the file while it lies where it was read; then the journal has the fields alone."""
    def raw():
        told = json.loads(run("explain", store, want["id"], "--json").stdout.splitlines()[0])
        return told["stations"][0]["steps"][0], told["stations"][0]["steps"][1]
    place, step = raw()
    with open(place["stream"], "rb") as file:
        content = file.read()
    line = content[place["offset"]:].split(b"\n")[0].rstrip(b"\r").decode()
    checks.holds(step.get("raw") == line and "as the file has it now" in step["says"], want["id"], "raw", step, "is not", line)
    with open(place["stream"], "wb") as file:
        file.write(b"x" + content)
    checks.holds("were not kept" in raw()[1]["says"], "raw bytes of a file that is another now")
    end = place["offset"] + len(line.encode())
    with open(place["stream"], "wb") as file:
        file.write(content[:end] + b"," + b"y" * 5000 + content[end:])
    checks.holds("were not kept" in raw()[1]["says"], "of a line that is longer now its beginning is told as if it were all")
    os.remove(place["stream"])
    checks.holds("were not kept" in raw()[1]["says"], "raw bytes of a file that is not there")
    with open(place["stream"], "wb") as file:
        file.write(content)


def suspense_check(store, want):
    got = run("explain", store, f"{want['stream']}:{want['offset']}", "--json")
    told = [json.loads(line) for line in got.stdout.splitlines()]
    checks.holds(len(told) == 1 and told[0]["equal"], want["offset"], "suspended:", got.stderr)
    checks.holds(len(told) == 1 and told[0]["reason"] == want["reason"], "suspended for another reason", want["reason"])
    checks.holds(len(told) == 1 and (told[0]["book"] == "") == (told[0]["start"] == ""), want["offset"], "the book at its start is not told")
    raw = [step.get("raw") for step in told[0]["stations"][0]["steps"] if step["kind"] == "raw"]
    checks.holds(raw == [want["raw"]], "raw bytes", raw, "are not", want["raw"])


def main():
    os.makedirs(BUILD, exist_ok=True)
    work = tempfile.mkdtemp(prefix="explain.", dir=BUILD)
    try:
        store = store_make(work)
        hash_before = lines("verify", store, "--json")[0]["state_hash"]
        chance = random.Random(SEED)
        rated = lines("dump", store, "rated")
        suspended = lines("dump", store, "suspense")
        chosen = chance.sample(rated, 6) + [one for one in rated if one["allowances"]][-2:]
        chosen += [one for one in rated if len(one["payers"]) > 1][-2:]
        for want in chosen:
            if want["id"] != "":
                record_check(store, want)
        raw_check(store, next(one for one in chosen if one["id"] != ""))
        nobodys = [one for one in suspended if one["reason"] == "unknown_subscriber"]
        for want in chance.sample(suspended, min(4, len(suspended))) + nobodys[:1]:
            suspense_check(store, want)
        checks.holds(run("explain", store, "no-such-record").returncode == 1, "an id that does not exist")
        checks.holds(run("explain", store, "nowhere.csv:17").returncode == 1, "a position that does not exist")
        checks.holds(run("explain", os.path.join(work, "none"), "x").returncode == 4, "no such store")
        checks.holds(run("explain", store).returncode == 2, "no id")
        checks.holds(lines("verify", store, "--json")[0]["state_hash"] == hash_before, "explain changed the store")
        print(f"seed {SEED}: {len(chosen)} rated and {len(suspended)} suspended records to choose from")
    finally:
        shutil.rmtree(work)
    checks.finish()


main()
