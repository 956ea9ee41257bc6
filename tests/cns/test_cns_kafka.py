#!/usr/bin/env python3
"""Real calls and messages through a real Apache Kafka: totals per plan and service equal an independent count.

Canonical JSON, one object a message, in four partitions; canonical CSV, many lines a message, in three. The key is the
served number: what a subscriber's free messages and cap give depends on the order of its own records only."""
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "kafka")]
import cns_store  # noqa: E402  pylint: disable=wrong-import-position
import kafka_broker  # noqa: E402  pylint: disable=wrong-import-position


def main():
    folder, records = cns_store.make_world("cns_kafka")
    cases = (("json", "canonical-json", "json/usage.jsonl", 4, ["--partitions", 4]),
             ("csv", "canonical-csv", "usage/usage.csv", 3, ["--partitions", 3, "--lines", 40, "--header"]))
    try:
        with kafka_broker.Broker(f"{folder}/kafka", "test_cns_kafka") as broker:
            for topic, form, usage, partitions, options in cases:
                broker.produce(topic, f"{folder}/world/{usage}", "--key", "served", *options)
                store = f"{folder}/{topic}-store"
                cns_store.init(folder, store, 4)
                run = ["run", store, "--kafka", broker.address, "--topic", topic, "--format", form, "--until-end"]
                cns_store.call(*run)
                cns_store.check(store, folder, records, show=topic == "json")
                cns_store.call(*run)
                audit = json.loads(cns_store.call("audit", store, "--json"))
                streams = {stream["name"]: stream["in"] for stream in audit["streams"]}
                if audit["in"] != records or len(streams) != partitions or min(streams.values()) == 0:
                    sys.exit(f"{form}, read twice: {audit['in']} of {records} records, {streams}")
                print(f"{form}: {records} records of real calls and messages through Kafka: totals as counted")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
