#!/usr/bin/env python3
"""What a large book costs a record: `run` with 2,000 plans and 170,000 prefixes beside the same with 2 plans and 38.

  bench/bench_large.py                   100,000 customers, 1 and 3 million records, 5 runs in turns
  bench/bench_large.py --customers 2000 --records 20000 --runs 1
  bench/bench_large.py --streams abroad abroad_even first

`same`: the very same customers, on the two plans that both books have, and the same calls; only the book is larger.
Other streams spread the customers over all 2,000 plans of the large book. Their calls stay in the country: `zipf`, where a plan or a
prefix is as likely as one over its rank (the first tenth of the plans has two thirds of the customers), `uneven`, where the first tenth
has nearly half, and `even`, where each is as likely as any other.
In `abroad` (by Zipf's law) and `abroad_even` half of the voice calls go abroad, behind the prefixes of 125 destinations that each minute
plan of the large book prices on its own; one destination of the small book has them all. `first` is a fifteenth as long, even, with
all voice calls abroad: of those that a minute plan prices, four in five meet their plan and destination for the first time.

Both books must rate all of a stream: a suspended record ends it. Records/s are those of the whole stream, as `run` reports them: first
meeting each plan and prefix counts, opening the store does not. User CPU is the difference to a run over the stream's first third.

Runs follow one another at once, on copies of a store made before: a virtual machine gives free memory back to its host after two
seconds, and what comes back from there costs about a millisecond a megabyte. Making the large store takes longer than that.
"""
import argparse
import collections
import datetime
import json
import os
import random
import shutil
import statistics
import sys

import machine
import stores

# spread: over all plans; abroad: share of voice calls; fraction 1: records of a part as asked
Stream = collections.namedtuple("Stream", "law spread abroad fraction")
STREAMS = {"same": Stream("zipf", False, 0, 1), "zipf": Stream("zipf", True, 0, 1), "uneven": Stream("uneven", True, 0, 1),
           "even": Stream("even", True, 0, 1), "abroad": Stream("zipf", True, 0.5, 1),
           "abroad_even": Stream("even", True, 0.5, 1), "first": Stream("even", True, 1, 15)}
Book = collections.namedtuple("Book", "plans numbers dests dest_prefixes everywhere")  # everywhere: prefixes of d0 beside those drawn
BOOKS = {"small": Book(1, 10, 5, 20, "12345679"), "large": Book(1000, 100000, 250, 70000, "")}
PARTS = 3
RATES = ["{b},base,voice,,,0.15,1min,,", "{b},msg,sms,,,0.10,,,", "{b},data,data,,,0.29,1MB,1KB,",
         "{m},base,voice,,day,0.25,1min,,", "{m},base,voice,,eve,0.12,1min,,", "{m},msg,sms,,,0.10,,,",
         "{m},data,data,,,0.29,1MB,1KB,"]


def write(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def make_book(folder, plans, numbers, dests, dest_prefixes, everywhere):
    draw = random.Random(5)
    write(f"{folder}/book.yaml", ["name: large", "currency: CNY", "timezone: Asia/Shanghai", "valid_from: 2025-01-01"])
    write(f"{folder}/bands.csv", ["band,days,from,to", "day,all,07:00,21:00", "eve,all,00:00,07:00", "eve,all,21:00,24:00"])
    write(f"{folder}/plans.csv", ["plan,kind"] + [f"{kind}{i},base" for i in range(plans) for kind in ("bundle", "minute")])
    rates = ["plan,item,service,zone,band,price,per,increment,dest"]
    allowances, discounts = ["plan,allowance,unit,service,amount"], ["plan,discount,stage,kind,value,priority"]
    for i in range(plans):
        rates += [row.format(b=f"bundle{i}", m=f"minute{i}") for row in RATES]
        rates += [f"minute{i},base,voice,international,{band},0.{draw.randrange(10, 99)},1min,,d{d}"
                  for d in range(0, dests, 2) for band in ("day", "eve")]
        allowances += [f"bundle{i},talk,s,voice,50000min", f"bundle{i},flow,B,data,9000GB"]
        discounts += [f"minute{i},loyal,record,percent,5,1", f"minute{i},most,record,cap_month,300000,3"]
    write(f"{folder}/rates.csv", rates)
    write(f"{folder}/allowances.csv", allowances)
    write(f"{folder}/discounts.csv", discounts)
    prefixes = sorted(draw.sample(range(20, 9999999), dest_prefixes))
    write(f"{folder}/destinations.csv", ["destination,prefix"] + [f"d0,{p}" for p in everywhere] +
          [f"d{p % dests},{p}" for p in prefixes])
    write(f"{folder}/areas.csv", ["area,name,province", "10,H,C", "20,I,J"])
    digits = len(str(numbers - 1))  # of one stretch of numbers: 86130 and all that follows
    write(f"{folder}/numbers.csv", ["prefix,operator,kind,area"] +
          [f"86130{i:0{digits}},O{i % 3},mobile,{10 + i % 2 * 10}" for i in range(numbers)])


def prefixes_abroad(book):
    """Those that every minute plan prices, in the order of their ranks; none begins with 8, as 86 and its neighbours do."""
    with open(f"{book}/destinations.csv", encoding="utf-8") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1:]]
    found = [prefix for dest, prefix in rows if int(dest[1:]) % 2 == 0 and prefix[0] != "8"]
    return random.Random(11).sample(found, len(found))


def skewed(draw, below, law):
    if law == "zipf":
        return min(int(below ** draw.random()), below) - 1
    return draw.randrange(below) if law == "even" else int(below * draw.random() ** 3)


def signed_in(i):
    """Each in a second of its own."""
    return f"{1 + i % 12:02d}-{1 + i // 12 % 28:02d}T{i // 336 % 24:02d}:{i % 59:02d}:{i % 53:02d}"


def make_customers(folder, customers, plans, law):
    draw = random.Random(7)
    write(f"{folder}/accounts.csv", ["account"] + [f"A{i}" for i in range(customers)])
    write(f"{folder}/subscribers.csv", ["subscriber,number,account"] +
          [f"S{i},86138{i:08d},A{i}" for i in range(customers)])
    write(f"{folder}/subscriptions.csv", ["owner,plan,from"] +
          [f"subscriber:S{i},{('bundle', 'minute')[i % 2]}{skewed(draw, plans, law)},2025-{signed_in(i)}+08:00"
           for i in range(customers)])


def make_usage(folder, customers, records, stream, prefixes):
    """A part a month; prefixes of calls abroad."""
    draw = random.Random(9)
    for part in range(PARTS):
        base = datetime.datetime(2026, 1 + part, 1)
        lines = ["id,service,direction,served,other,start,duration_s,down_bytes"]
        for k, second in enumerate(sorted(draw.randrange(28 * 86400) for _ in range(records))):
            start = (base + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
            served = f"138{draw.randrange(customers):08d}"
            other = f"130{skewed(draw, BOOKS['large'].numbers, stream.law):05d}{draw.randrange(1000):03d}"
            kind = draw.random()
            if kind < 0.5:
                if stream.abroad > 0 and draw.random() < stream.abroad:
                    other = f"00{prefixes[skewed(draw, len(prefixes), stream.law)]}{draw.randrange(100000):05d}"
                lines.append(f"p{part}r{k},voice,mo,{served},{other},{start},{20 + draw.randrange(600)},")
            elif kind < 0.8:
                lines.append(f"p{part}r{k},data,,{served},,{start},,{1000 + draw.randrange(50000000)}")
            else:
                lines.append(f"p{part}r{k},sms,mo,{served},{other},{start},,")
        write(f"{folder}/part{part}.csv", lines)


def measure_one(folder, size, records):
    """Records/s of the stream; user CPU of a further record, in nanoseconds."""
    cpu_s = []
    for parts in (1, PARTS):
        shutil.rmtree(f"{folder}/store", ignore_errors=True)
        shutil.copytree(f"{folder}/{size}/store", f"{folder}/store")
        run = stores.Run(f"{folder}/store", ["--files"] + [f"{folder}/usage/part{p}.csv" for p in range(parts)])
        cpu_s.append(run.user_s)
        if run.report["records"] != parts * records:
            sys.exit(f"{size}: not all records were taken")
        suspended = json.loads(stores.call("audit", f"{folder}/store", "--json"))["suspended"]
        if suspended > 0:
            sys.exit(f"{size}: {suspended} of {parts * records} records were not rated but suspended")
    return run.report["records"] / run.report["seconds"], (cpu_s[1] - cpu_s[0]) * 1e9 / ((PARTS - 1) * records)


def measure(folder, options, name):
    stream = STREAMS[name]
    records = max(options.records // stream.fraction, 1)
    for size, book in BOOKS.items():
        plans = book.plans if stream.spread else BOOKS["small"].plans
        make_customers(f"{folder}/{size}/customers", options.customers, plans, stream.law)
        stores.make_store(f"{folder}/{size}/store", f"{folder}/{size}", 2)
    make_usage(f"{folder}/usage", options.customers, records, stream, prefixes_abroad(f"{folder}/large/book"))
    taken = {"small": [], "large": []}
    for _ in range(options.runs):
        for size, samples in taken.items():
            samples.append(measure_one(folder, size, records))
    more = {"customers": options.customers, "stream": name}
    for which, (what, unit) in enumerate((("stream", "records/s"), ("user CPU", "ns/record"))):
        median = {}
        for size, samples in taken.items():
            values = [sample[which] for sample in samples]
            median[size] = statistics.median(values)
            machine.figure("large", f"{what}, {size} book", unit, values, records * PARTS, **more)
        machine.note(f"{name}: {what} by the large book {median['large'] / (median['small'] or 1):.2f} of that by the small one")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100000)
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--streams", nargs="+", choices=STREAMS, default=list(STREAMS))
    options = parser.parse_args()
    with stores.Folder("large") as folder:
        for size, book in BOOKS.items():
            make_book(f"{folder}/{size}/book", *book)
        for name in options.streams:
            measure(folder, options, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
