#!/usr/bin/env python3
"""A real Apache Kafka to durable journal and checkpoint: canonical CSV, many lines a message; canonical JSON, one a message.

  bench/bench_kafka.py                   2 million records as CSV, 1 million as JSON, 3 runs each
  bench/bench_kafka.py --records 20000 --subscribers 800 --runs 1

The topic is filled before, so that only reading counts; the broker runs on the same cores, and its CPU stands beside ours.
Seconds and CPU as bench_stream.py has them. Exit 77 without Java or the broker's jars.
"""
import argparse
import csv
import json
import os
import subprocess
import sys

import machine
import stores

sys.path.append(os.path.join(machine.ROOT, "tests", "kafka"))
import kafka_broker  # noqa: E402  pylint: disable=wrong-import-position

NUMBERS = ("duration_s", "up_bytes", "down_bytes", "items", "cause", "seq")
TICKS = os.sysconf("SC_CLK_TCK")
PARTITIONS = 4


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=80000)
    parser.add_argument("--records", type=int, default=2000000)
    parser.add_argument("--lines", type=int, default=256, help="CSV lines in a message")
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def broker_cpu_s(folder):
    with open(f"{folder}/pid", encoding="utf-8") as file:
        pid = file.read().strip()
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def write_json(usage, target, records):
    """One object a line, of the cells that are not blank."""
    with open(usage, encoding="utf-8", newline="") as rows, open(target, "w", encoding="utf-8") as out:
        for number, row in enumerate(csv.DictReader(rows)):
            if number == records:
                break
            cells = {name: int(cell) if name in NUMBERS and cell.isdigit() else cell
                     for name, cell in row.items() if name and cell}
            out.write(json.dumps(cells, separators=(",", ":"), ensure_ascii=False) + "\n")


def produce(broker, topic, path, *words):
    """Sends the lines; says how many messages they made."""
    done = subprocess.run(broker.producing(topic, path, "--partitions", PARTITIONS, "--key", "served", *words),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def measure(folder, broker, topic, sent, options):
    begin_s = stores.start_cpu_s(folder, f"{folder}/world")
    runs, brokers, stolen = [], [], []
    source = ["--kafka", broker.address, "--topic", topic, "--format", f"canonical-{topic}"]
    for number in range(options.runs):
        stores.make_store(f"{folder}/store", f"{folder}/world")
        before_s = broker_cpu_s(broker.folder)
        with machine.Stolen() as share:
            run = stores.Run(f"{folder}/store", source)
        brokers.append(broker_cpu_s(broker.folder) - before_s)
        stolen.append(share.share)
        runs.append(run)
        if run.report["records"] != sent["lines"]:
            sys.exit(f"{topic}: {run.report['records']} records of {sent['lines']} lines")
        machine.note(f"{topic}, run {number + 1} of {options.runs}: {run.report['records_per_s']} records/s")
    records = runs[0].report["records"]
    more = {"format": topic, "messages": sent["messages"], "lines_per_message": options.lines if topic == "csv" else 1,
            "partitions": PARTITIONS, "subscribers": options.subscribers, "stolen": round(max(stolen), 3)}
    machine.figure("kafka", "Kafka to durable", "records/s", [run.report["records_per_s"] for run in runs], records, **more)
    machine.figure("kafka", "CPU", "us/record", [(run.cpu_s - begin_s) * 1e6 / records for run in runs], records, **more)
    machine.figure("kafka", "CPU of the broker", "us/record", [cpu * 1e6 / records for cpu in brokers], records, **more)


def main():
    options = options_read()
    with stores.Folder("kafka") as folder:
        usage = stores.make_world(f"{folder}/world", 11, options.subscribers, max(options.subscribers // 200, 4), 60,
                                  options.records)
        write_json(usage, f"{folder}/usage.jsonl", max(options.records // 2, 1))
        with kafka_broker.Broker(f"{folder}/broker", "bench_kafka") as broker:
            sent = produce(broker, "csv", usage, "--lines", options.lines, "--header")
            measure(folder, broker, "csv", sent, options)
            sent = produce(broker, "json", f"{folder}/usage.jsonl")
            measure(folder, broker, "json", sent, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
