#!/usr/bin/env python3
"""kill -9 at random moments over one stream in a real Apache Kafka: everything equals the uninterrupted run.

The stream lies in a topic of four partitions, dealt by domain (crash_domains.py says why nothing then depends on how the
partitions interleave, which differs from run to run). Compared are, with an uninterrupted run over the same topic: state hash,
totals of `audit` by outcome (records, seconds, bytes, money), the set of rated records with their charges, the set of suspended
ones with partition, offset and raw bytes; and with a run over the same lines as files: all of that but the places.

Then a service that runs without end while the producer is at work and the broker is killed and comes back; one whose topic gets
more partitions while it runs; and a broker that is not there. SUANPAN_KILLS (8), SUANPAN_CRASH_RECORDS (60000) and SUANPAN_SEED widen it."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "kafka")]
import crash_domains  # noqa: E402  pylint: disable=wrong-import-position
import crash_store as crash  # noqa: E402  pylint: disable=wrong-import-position
import kafka_broker  # noqa: E402  pylint: disable=wrong-import-position

KILLS = int(os.environ.get("SUANPAN_KILLS", "8"))
RECORDS = int(os.environ.get("SUANPAN_CRASH_RECORDS", "60000"))
PARTITIONS = 4
DAYS = 40  # and five for what is late: well below the window of 62
SERVICE_RECORDS_MAX = 20000  # of each partition, through the broker that dies
SERVICE_SECONDS = 8  # that the producers take
GROWN_RECORDS = 2000  # in each partition of a topic that grows
ROUNDS_MAX = 200
ENVIRONMENT = 4  # the exit code


def run_arguments(store, broker, topic, *more):
    return ["run", store, "--kafka", broker, "--topic", topic, "--format", "canonical-csv", *more]


def killed_runs(folder, world, broker, rng, whole_s, expected):
    hits, rounds, places = 0, 0, []
    while hits < KILLS:
        shards = (1, 2, 4)[rounds % 3]
        store = f"{folder}/killed"
        crash.init(store, world, shards, f"{folder}/suanpan.yaml")
        arguments = run_arguments(store, broker.address, "usage", "--until-end", "--workers", 1 + rounds % 2)
        hits += crash.run_killed(arguments, rng, whole_s, KILLS - hits, places)
        found = crash.answer(store)
        if found != expected:
            sys.exit(f"round {rounds}, {shards} shards, after {hits} kills:\n{expected}\n{found}")
        shutil.rmtree(store)
        rounds += 1
        if rounds > ROUNDS_MAX:
            sys.exit(f"only {hits} of {KILLS} kills hit a running process")
    records = expected["audit"]["in"]
    middle = sum(0 < place < records for place in places)
    print(f"{hits} kills ({middle} in the middle of the stream) over {rounds} runs of {records} records from Kafka: all equal",
          flush=True)


class Service:
    """`run` without end. It stops with exit 4 when the broker is away for too long (15 s), which is up to the machine here; it is
    then started again, as a supervisor would."""

    def __init__(self, store, broker, topic="service"):
        self.store, self.starts = store, 0
        self.arguments = [crash.SUANPAN, *run_arguments(store, broker.address, topic)]
        self.start()

    def start(self):
        self.starts += 1
        with open(f"{self.store}.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(f"{self.store}.log", encoding="utf-8") as log:
            return log.read()

    def wait_for(self, records):
        since = time.monotonic()
        while crash.records_in(self.store) < records:
            if self.process.poll() is not None:
                if self.process.returncode != ENVIRONMENT:
                    sys.exit(f"the service ended by itself: {self.process.returncode}\n{self.log()}")
                self.start()
            if time.monotonic() - since > crash.HANG_S:
                sys.exit(f"{crash.records_in(self.store)} of {records} records after {crash.HANG_S} s")
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            sys.exit(f"the service ended with {self.process.returncode}:\n{self.log()}")


def broker_dies(folder, world, broker, paths):
    """A service and producers at work, the broker killed between them once, and back: nothing lost, nothing doubled."""
    parts, lines = [], 0
    for at, path in enumerate(paths):
        with open(path, encoding="utf-8") as file:
            rows = file.readlines()[:SERVICE_RECORDS_MAX + 1]
        parts.append(f"{folder}/service{at}.csv")
        lines += len(rows) - 1
        with open(parts[-1], "w", encoding="utf-8") as file:
            file.writelines(rows)
    options = ["--header", "--lines", 20, "--partitions", PARTITIONS]
    for at, part in enumerate(parts):  # the first lines, so that the topic is there when the service starts
        broker.produce("service", part, *options, "--partition", at, "--to", 100)
    store = f"{folder}/service"
    crash.init(store, world, 4, f"{folder}/suanpan.yaml")
    service, producers = Service(store, broker), []
    rate = max(1, lines // len(parts) // SERVICE_SECONDS)
    try:
        for at, part in enumerate(parts):
            producers.append(subprocess.Popen(  # pylint: disable=consider-using-with
                broker.producing("service", part, *options, "--partition", at, "--from", 100, "--rate", rate),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        service.wait_for(lines // 4)
        broker.kill()
        before = crash.records_in(store)
        broker.restart()
        failed = [producer.wait() for producer in producers]
        if any(failed):
            sys.exit(f"the producers ended with {failed}")
        service.wait_for(lines)
        service.stop()
    finally:
        for process in [service.process, *producers]:
            process.kill()
            process.wait()
    crash.init(f"{folder}/service-files", world, 2)
    crash.call("run", f"{folder}/service-files", "--files", *parts, "--until-end")
    expected, found = crash.answer(f"{folder}/service-files"), crash.answer(store)
    if without_places(expected) != without_places(found):
        sys.exit(f"after the broker's death:\n{expected}\n{found}")
    print(f"{lines} records across a broker killed when {before} were durable, {service.starts} starts of the service: "
          "nothing lost, nothing doubled", flush=True)


def partitions_come(folder, world, broker, paths):
    """A topic of one partition gets a second while the service runs, and a third while it is killed and started again."""
    parts = []
    for at, path in enumerate(paths[:3]):
        parts.append(f"{folder}/grown{at}.csv")
        with open(path, encoding="utf-8") as file, open(parts[-1], "w", encoding="utf-8") as part:
            part.writelines(file.readlines()[:GROWN_RECORDS + 1])
    store = f"{folder}/grown"
    crash.init(store, world, 4, f"{folder}/suanpan.yaml")
    service = None
    try:
        for at, part in enumerate(parts):
            broker.produce("grown", part, "--header", "--lines", 20, "--partitions", at + 1, "--partition", at)
            if at == 0:
                service = Service(store, broker, "grown")
            if at == 2:
                service.process.kill()
                service.process.wait()
                service.start()
            service.wait_for((at + 1) * GROWN_RECORDS)
        service.stop()
    finally:
        if service is not None:
            service.process.kill()
            service.process.wait()
    crash.init(f"{folder}/grown-files", world, 2)
    crash.call("run", f"{folder}/grown-files", "--files", *parts, "--until-end")
    expected, found = crash.answer(f"{folder}/grown-files"), crash.answer(store)
    if without_places(expected) != without_places(found):
        sys.exit(f"partitions that came later:\n{expected}\n{found}")
    print(f"{len(parts)} partitions, two of them new while the service ran: all {len(parts) * GROWN_RECORDS} records", flush=True)


def without_places(answer):
    return {key: value for key, value in answer.items() if key != "suspense"}


def broker_absent(folder, world):
    store = f"{folder}/absent"
    crash.init(store, world, 1)
    done = subprocess.run([crash.SUANPAN, *run_arguments(store, "127.0.0.1:1", "usage", "--until-end")],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    if done.returncode != ENVIRONMENT or len(lines) != 1 or "127.0.0.1:1" not in lines[0] or crash.records_in(store) != 0:
        sys.exit(f"a broker that is not there: exit {done.returncode}, expected 4 and one line:\n{done.stderr}")
    print(f"a broker that is not there: {lines[0]}", flush=True)


def check(folder, rng, seed):
    world = f"{folder}/world"
    crash.generate(world, seed, RECORDS, days=DAYS)
    crash.write_config(f"{folder}/suanpan.yaml", cut_ms=1, checkpoint_ms=30)
    paths, lines = crash_domains.deal(world, sorted(glob.glob(f"{world}/usage/*.csv")), folder, PARTITIONS)
    broker_absent(folder, world)
    with kafka_broker.Broker(f"{folder}/kafka", "test_crash_kafka") as broker:
        for at, path in enumerate(paths):
            broker.produce("usage", path, "--header", "--lines", 7, "--partitions", PARTITIONS, "--partition", at)
        crash.init(f"{folder}/whole", world, 4, f"{folder}/suanpan.yaml")
        whole_s = crash.timed(
            lambda: crash.call(*run_arguments(f"{folder}/whole", broker.address, "usage", "--until-end")))
        expected = crash.answer(f"{folder}/whole")
        if expected["audit"]["in"] != lines:
            sys.exit(f"{lines} lines were sent: {expected['audit']}")
        crash.init(f"{folder}/files", world, 2)
        crash.call("run", f"{folder}/files", "--files", *paths, "--until-end")
        from_files = crash.answer(f"{folder}/files")
        if without_places(from_files) != without_places(expected):
            sys.exit(f"from files:\n{from_files}\nfrom Kafka:\n{expected}")
        killed_runs(folder, world, broker, rng, [whole_s], expected)
        partitions_come(folder, world, broker, paths)
        broker_dies(folder, world, broker, paths)


def main():
    if os.environ.get("SUANPAN_SANITIZE"):
        print("skipped: sanitizers see the Kafka source on the mock cluster (test_source_kafka, test_demo_feed)")
        sys.exit(kafka_broker.SKIPPED)
    rng, seed = crash.seed_of("crash_kafka")
    with crash.folder_of("crash-kafka") as folder:
        check(folder, rng, seed)


if __name__ == "__main__":
    main()
