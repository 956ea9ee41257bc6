#!/usr/bin/env python3
"""Many books are swapped in under workers that rate (book.md §4.8), and the service is killed right behind the last.

A stream of messages and calls runs through a pipe without a pause. Book k costs 0.10 + k x 0.01 a minute, is valid from
June 1st, k o'clock, and grants an allowance of 1,000,000 + k x 1,000 messages on June 5th. So each record says by which
books it was rated: a message by what was granted, a call by its price. Whatever the moment of a swap:

* a record is rated by the latest book in force at its start of those that its block had, and what is granted is of one
  of these: the price, the grant and the name of the book agree;
* behind the first record that a book has rated no record of that customer is rated as if the book was not there;
* who verifies the store meanwhile finds all well;
* after kill -9 all blocks are rated again, byte for byte the same, by the books they had; one more run adds the rest.

On one and on three workers for five shards, so that shards share a worker and a rater."""
import collections
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import SUANPAN, done  # noqa: E402  pylint: disable=wrong-import-position

SEED = int(os.environ.get("SUANPAN_SEED", "20261130"))
SWAPS = int(os.environ.get("SUANPAN_SWAPS", "4" if os.environ.get("SUANPAN_SANITIZE") else "8"))
SUBSCRIBERS = 40
CHUNK = 100  # records written at once
GRANT = 1000000


def call(*arguments):
    return done(*arguments).stdout


def table(folder, name, *lines):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def valid_from(number):
    return datetime.datetime(2026, 6, 1) + datetime.timedelta(hours=number)


def write_book(folder, number):
    table(folder, "book.yaml", f"name: b{number}", "currency: CNY", "timezone: Asia/Shanghai",
          *([f"valid_from: {valid_from(number).isoformat()}"] if number else []))
    table(folder, "plans.csv", "plan,kind", "p,base", "x,add_on", f"z{number},add_on")
    table(folder, "rates.csv", "plan,item,service,price,per", f"p,base,voice,{0.1 + number / 100:.2f},1min",
          f"p,text{number},sms,0.10,1")
    table(folder, "allowances.csv", "plan,allowance,unit,service,amount", f"x,free,item,sms,{GRANT + number * 1000}")


def write_customers(folder):
    who = range(SUBSCRIBERS)
    table(folder, "accounts.csv", "account", *(f"A{i}" for i in who))
    table(folder, "subscribers.csv", "subscriber,number,account", *(f"S{i},86138000{i:05},A{i}" for i in who))
    table(folder, "subscriptions.csv", "owner,plan,from", *(f"subscriber:S{i},p,2025-01-01" for i in who),
          *(f"subscriber:S{i},x,2026-06-05" for i in who))


class Stream(threading.Thread):
    """Writes records into the service until it is told to stop, or the service is gone."""

    def __init__(self, pipe, seed):
        super().__init__()
        self.pipe, self.rng, self.stopped, self.written = pipe, random.Random(seed), threading.Event(), 0

    def line(self, number):
        start = datetime.datetime(2026, 6, 10)
        if number % 3 == 0:
            start = datetime.datetime(2026, 6, 1) + datetime.timedelta(minutes=self.rng.randrange((SWAPS + 2) * 60))
        service = "voice" if number % 3 == 0 else "sms"
        return (f"r{number},{service},mo,86138000{self.rng.randrange(SUBSCRIBERS):05},8613900000000,"
                f"{start.isoformat()}+08:00,{60 if service == 'voice' else 0},{number}\n")

    def run(self):
        try:
            self.pipe.write("id,service,direction,served,other,start,duration_s,seq\n")
            while not self.stopped.is_set():
                lines = [self.line(self.written + i) for i in range(CHUNK)]
                self.pipe.write("".join(lines))
                self.pipe.flush()
                self.written += CHUNK
                time.sleep(0.005)
        except BrokenPipeError:
            pass


def check(rows, loaded):
    """What stands above, of each customer's records in the order of the journal."""
    seen, messages = collections.Counter(), collections.Counter()
    of_books, sides = collections.Counter(), collections.Counter()
    for row in rows:
        assert row["outcome"] == "rated", row
        who, book = row["subscriber"], int(row["book"][1:])
        assert 0 <= book <= loaded, row
        start = datetime.datetime.fromisoformat(row["start"]).replace(tzinfo=None)
        assert book == 0 or valid_from(book) <= start, row
        best = max(k for k in range(seen[who] + 1) if k == 0 or valid_from(k) <= start)
        assert book >= best, f"book {seen[who]} was there: {row}"
        seen[who] = max(seen[who], book)
        of_books[book] += 1
        if row["service"] == "sms":
            messages[who] += 1
            granted = row["allowances"][0]["left"] + messages[who]
            assert granted == GRANT + book * 1000, (granted, row)
            assert row["items"][0]["item"] == f"text{book}" and row["net"] == "0.000000", row
        else:
            sides[book < loaded and valid_from(book + 1) <= start] += 1
            assert row["net"] == f"{0.1 + book / 100:.6f}", row
    return of_books, sides


def wait_for(store, count, service):
    """Until so many records are durable: those that had been written when the book before was loaded, and some more."""
    while service.poll() is None:
        if json.loads(call("audit", store, "--json"))["in"] >= count:
            return
        time.sleep(0.02)
    sys.exit(f"the service ended with {service.poll()}")


def swap(folder, workers):
    """One service from its first book to kill -9 behind the last."""
    store = f"{folder}/store{workers}"
    call("init", store, "--book", f"{folder}/book0", "--customers", f"{folder}/customers", "--shards", "5")
    environment = {**os.environ, "SUANPAN_CUT_MS": "2", "SUANPAN_CHECKPOINT_MS": "1000000"}
    with open(f"{store}.stderr", "w", encoding="utf-8") as said:
        service = subprocess.Popen([SUANPAN, "run", store, "--files", "-", "--workers", str(workers)], env=environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, text=True)
    stream = Stream(service.stdin, SEED + workers)
    stream.start()
    try:
        for number in range(1, SWAPS + 1):
            if number > 1:
                wait_for(store, stream.written, service)
            out = call("book", "load", store, f"{folder}/book{number}")
            # The first may come before there is a service to tell; it finds the book by itself.
            assert number == 1 or f"told the running service {service.pid}" in out, (out, service.poll())
            if number == 2:  # blocks and books come while it reads
                call("verify", store)
        time.sleep(stream.rng.random() * 0.1)  # the last swap is taken, or is not
    finally:
        service.send_signal(signal.SIGKILL)
        service.wait()
        stream.stopped.set()
        stream.join()
    with open(f"{store}.stderr", encoding="utf-8") as said:
        assert said.read() == "", f"{store}.stderr"  # a killed process cannot fail by what a sanitizer found
    call("run", store, "--files", "/dev/null", "--until-end")
    assert json.loads(call("verify", store, "--json"))["ok"]
    rows = [json.loads(line) for line in call("dump", store, "rated").splitlines()]
    of_books, sides = check(rows, SWAPS)
    assert len(of_books) > SWAPS / 2 and sides[True] > 0 and sides[False] > 0, of_books
    table(folder, "more.csv", "id,service,direction,served,other,start,duration_s,seq",
          *(f"m{i},voice,mo,86138000{i:05},8613900000000,2026-06-10T00:00:00+08:00,60,9" for i in range(SUBSCRIBERS)))
    call("run", store, "--files", f"{folder}/more.csv", "--until-end")
    more = [row for row in map(json.loads, call("dump", store, "rated").splitlines()) if row["id"].startswith("m")]
    assert len(more) == SUBSCRIBERS and all(row["book"] == f"b{SWAPS}" for row in more), more
    print(f"{workers} workers: {len(rows)} records before the kill, rated by {len(of_books)} of {SWAPS + 1} books")


def main():
    print(f"seed {SEED}")
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="book-swap-", dir=base)
    for number in range(SWAPS + 1):
        write_book(f"{folder}/book{number}", number)
    write_customers(f"{folder}/customers")
    for workers in (1, 3):
        swap(folder, workers)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
