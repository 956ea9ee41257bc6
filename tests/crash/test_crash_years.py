#!/usr/bin/env python3
"""Four years of customers with three daily caps: cells that no record can reach any more are dropped (rating/README.md, "State").

The store, killed at random moments, on 1, 2 and 4 shards, must be what the uninterrupted run makes of it; and its charges must
be those of `rate`, which has no window and drops nothing. SUANPAN_KILLS (6; 2 under sanitizers) and SUANPAN_SEED widen it."""
import datetime
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position

SLOW = bool(os.environ.get("SUANPAN_SANITIZE"))
KILLS = int(os.environ.get("SUANPAN_KILLS", "2" if SLOW else "6"))
SUBSCRIBERS = 16
DAYS = 1461
BIG_DAYS = (10, 50, 60, 1000)
FIRST = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))

BOOK = {
    "book.yaml": "name: years\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: own\n",
    "numbers.csv": "prefix,operator,kind,area\n861380000,own,mobile,571\n",
    "areas.csv": "area,name,province\n571,A,A\n",
    "plans.csv": "plan,kind\np,base\nbig,base\n",
    "rates.csv": "plan,item,service,price,per,increment,counter\np,base,voice,0.3,1min,1min,cycle\np,data,data,0.2,1MB,1KB,\n"
                 "big,data,data,0.01,1KB,1KB,\n",
    "allowances.csv": "plan,allowance,unit,service,amount,rollover\np,minutes,s,voice,20min,1\n",
    "discounts.csv": "plan,discount,item,service,kind,value,threshold,priority\np,block,data,data,block_cap,1,8MB,\n"
                     "big,block,data,data,block_cap,0.005,1KB,\np,day,,,cap_day,1.5,,1\np,voice,,voice,cap_day,0.9,,2\np,data,,data,cap_day,0.8,,3\n",
}


def write_world(folder, rng):
    crash.write_tables(folder, BOOK, customers())
    with open(f"{folder}/usage.csv", "w", encoding="utf-8") as file:
        file.write("id,service,direction,served,other,start,duration_s,up_bytes,node,session,seq,partial\n")
        for number, line in enumerate(usage(rng)):
            file.write(f"{number},{line}\n")
    return f"{folder}/usage.csv"


def customers():
    of_all = range(SUBSCRIBERS + 1)
    plans = ["p"] * SUBSCRIBERS + ["big"]
    return {
        "accounts.csv": "account,name,kind\n" + "".join(f"A{i},a,postpaid\n" for i in of_all),
        "subscribers.csv": "subscriber,number,account\n" + "".join(f"S{i},{8613800000000 + i},A{i}\n" for i in of_all),
        "subscriptions.csv": "owner,plan,from\n" + "".join(f"subscriber:S{i},{plans[i]},2024-01-01\n" for i in of_all),
    }


def usage(rng):
    """A record of each subscriber a day; some up to 61 days late; now and then a partial of a session of half a year. One more
    subscriber has entries of a megabyte: a record, then a session, each over tens of thousands of blocks."""
    for day in range(DAYS):
        if day in BIG_DAYS:
            at, session = (FIRST + datetime.timedelta(days=day)).isoformat(), "" if day == 10 else "big"
            yield f"data,,{13800000000 + SUBSCRIBERS},,{at},0,{15000 << 10},n,{session},{day},{'middle' if session else ''}"
        for i in range(SUBSCRIBERS):
            back = rng.choice((0, 0, 0, rng.randrange(min(day, 61) + 1)))
            start = FIRST + datetime.timedelta(days=day - back, seconds=rng.randrange(86000))
            served, at = 13800000000 + i, start.isoformat()
            if rng.random() < 0.02:
                session = f"{i}-{day // 180}"
                yield f"data,,{served},,{at},0,{rng.randrange(1, 9 << 20)},n,{session},{day},middle"
            elif rng.random() < 0.5:
                yield f"data,,{served},,{at},0,{rng.randrange(1, 9 << 20)},n,,{day},"
            else:
                yield f"voice,mo,{served},13800000099,{at},{rng.randrange(1, 700)},0,n,,{day},"


def by_id(text):
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return {row["id"]: row for row in rows}


def check(folder, rng, seed):
    path = write_world(f"{folder}/world", rng)
    config = f"{folder}/suanpan.yaml"
    crash.write_config(config, cut_ms=1, checkpoint_ms=30)
    crash.init(f"{folder}/whole", f"{folder}/world", 2, config)
    whole_s = [crash.timed(lambda: crash.call("run", f"{folder}/whole", "--files", path, "--until-end"))]
    expected = crash.answer(f"{folder}/whole")
    assert expected["audit"]["in"] == expected["rated_lines"] == SUBSCRIBERS * DAYS + len(BIG_DAYS), expected
    stored = by_id(crash.call("dump", f"{folder}/whole", "rated", "--json").stdout)
    plain = by_id(crash.call("rate", "--book", f"{folder}/world/book", "--customers", f"{folder}/world/customers", "--json",
                             path).stdout)
    different = [key for key in plain if plain[key] != stored.get(key)]
    assert not different, (len(different), plain[different[0]], stored.get(different[0]))
    hits, rounds, places = 0, 0, []
    while hits < KILLS or rounds < 3:
        store, shards = f"{folder}/killed", (1, 2, 4)[rounds % 3]
        crash.init(store, f"{folder}/world", shards, config)
        hits += crash.run_killed(["run", store, "--files", path, "--until-end"], rng, whole_s, min(2, KILLS - hits), places)
        found = crash.answer(store)
        if found != expected:
            sys.exit(f"seed {seed}, round {rounds}, {shards} shards:\n{expected}\n{found}")
        shutil.rmtree(store)
        rounds += 1
        if rounds > 30 + KILLS:
            sys.exit(f"only {hits} of {KILLS} kills hit a running process")
    middle = sum(0 < place < len(plain) for place in places)
    print(f"{hits} kills ({middle} in the middle) over {rounds} runs of {len(plain)} records of four years: all equal")


def main():
    rng, seed = crash.seed_of("crash_years")
    with crash.folder_of("crash-years") as folder:
        check(folder, rng, seed)


if __name__ == "__main__":
    main()
