#!/usr/bin/env python3
"""What is printed comes out whole or is said not to have: a full disk behind stdout, a stdout that is closed, a pipe whose reader has gone."""
import glob
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import SUANPAN, done, run  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLE = os.path.join(os.environ["SUANPAN_SOURCE"], "tests", "cli", "example")
DESK = ("--book", f"{EXAMPLE}/book", "--customers", f"{EXAMPLE}/customers")
DONE, REJECTED, USAGE, BOOK, ENVIRONMENT = range(5)
RECORDS = 2000
checks = Checks()


def calls(store, world, book):
    """Each verb that prints data, by what it does."""
    desk = ("--book", f"{world}/book", "--customers", f"{world}/customers", glob.glob(f"{world}/usage/*.csv")[0])
    first = done("dump", store, "rated").stdout.split('"')[3]
    yield from ((word,) for word in ("--help", "--version", "help"))
    yield ("rate", "--help")
    for form in ("--json", "--csv", "--table"):
        yield ("rate", form, *desk)
        yield ("rate", form, *DESK, f"{EXAMPLE}/usage.csv")
    yield ("explain", "--all", *DESK, f"{EXAMPLE}/usage.csv")
    yield ("explain", "--json", *DESK, f"{EXAMPLE}/usage.csv")
    yield ("explain", store, first)
    yield ("replay", store, "--book", f"{world}/book")
    yield ("replay", "--json", *desk)
    yield ("tariff", "check", "--json", book)
    yield ("tariff", "show", book)
    yield ("tariff", "diff", f"{world}/book", book)
    yield from (("dump", store, what) for what in ("rated", "suspense", "customers"))
    yield from ((verb, store, *form) for verb in ("verify", "audit", "segment") for form in ((), ("--json",)))
    yield ("churn", "list", store, "--json")
    yield ("view", store, "subscriber:S00000001")
    yield ("book", "list", store)
    yield ("run", store, "--print-config")


def check_outputs(store, world):
    for call in calls(store, world, f"{EXAMPLE}/book"):
        what = " ".join(os.path.basename(word) for word in call)
        with open("/dev/full", "w", encoding="utf-8") as full:
            ended = run(*call, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        said = [line for line in ended.stderr.splitlines() if line.startswith("suanpan: the output")]
        checks.equal(f"{what} to a full disk", (ended.returncode, said),
                     (ENVIRONMENT, ["suanpan: the output cannot be written: No space left on device"]))
        ended = run(*call, capture_output=False, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
        said = [line for line in ended.stderr.splitlines() if line.startswith("suanpan: the output")]
        checks.equal(f"{what} to nobody", (ended.returncode, said),
                     (ENVIRONMENT, ["suanpan: the output cannot be written: Bad file descriptor"]))


def check_closed(store, usage):
    """With 0, 1 and 2 closed no file of the store comes to be stdout or stderr."""
    books = {path: open(path, "rb").read() for path in glob.glob(f"{store}/books/*")}
    ended = run("run", store, "--files", usage, "--until-end", capture_output=False, stdin=None,
                preexec_fn=lambda: [os.close(fd) for fd in range(3)])
    checks.equal("run with all closed", ended.returncode, ENVIRONMENT)  # its sums could not be written
    checks.equal("verify behind it", run("verify", store).returncode, DONE)
    checks.equal("its books", {path: open(path, "rb").read() for path in books}, books)


def piped(*call):
    """Exit code of a call whose reader takes one byte and goes."""
    with subprocess.Popen([SUANPAN, *call], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.read(1)
        process.stdout.close()
        return process.wait()


def check_pipes(store, usage):
    checks.equal("dump | head", piped("dump", store, "rated"), -signal.SIGPIPE)
    with subprocess.Popen([SUANPAN, "run", store, "--files", usage, "/nowhere", "--until-end"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        process.stderr.close()  # before anything is said
        checks.equal("run whose log nobody reads", process.wait(), ENVIRONMENT)


def check_inputs(folder):
    """Nothing is printed of an input that is not there; of one without records the header is."""
    for form in ("--json", "--csv", "--table"):
        ended = run("rate", form, *DESK, f"{folder}/nowhere.csv")
        checks.equal(f"rate {form} of nothing", (ended.returncode, ended.stdout), (ENVIRONMENT, ""))
    with open(f"{folder}/empty.csv", "w", encoding="utf-8") as file:
        file.write("id,service,served,start\n")
    for form, lines in (("--json", 0), ("--csv", 1), ("--table", 1)):
        ended = run("rate", form, *DESK, f"{folder}/empty.csv")
        checks.equal(f"rate {form} of no record", (ended.returncode, len(ended.stdout.splitlines())), (DONE, lines))
    for verb in (("rate", *DESK[:2], "--customers", f"{folder}/nowhere", f"{EXAMPLE}/usage.csv"),
                 ("init", f"{folder}/none", *DESK[:2], "--customers", f"{folder}/nowhere")):
        ended = run(*verb)
        checks.equal(f"{verb[0]} without customers", (ended.returncode, ended.stdout), (ENVIRONMENT, ""))
        checks.inside(f"{verb[0]} without customers", "the customers cannot be read", ended.stderr)


def main():
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="streams-", dir=base) as folder:
        world, store = f"{folder}/world", f"{folder}/store"
        done("gen", world, "--seed", 1, "--subscribers", 100, "--groups", 4, "--days", 10, "--records", RECORDS)
        done("init", store, "--book", f"{world}/book", "--customers", f"{world}/customers", "--shards", 2)
        check_closed(store, f"{world}/usage")
        check_outputs(store, world)
        check_pipes(store, f"{world}/usage")
        check_inputs(folder)
    checks.finish()


main()
