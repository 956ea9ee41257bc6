#!/usr/bin/env python3
"""Real calls and messages from files: totals per plan and service equal an independent count, on 1 and 4 shards, from CSV and JSON."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cns_store  # noqa: E402  pylint: disable=wrong-import-position


def main():
    folder, records = cns_store.make_world("cns_files")
    hashes = {}
    for name, shards, usage in (("csv-4", 4, "usage"), ("csv-1", 1, "usage"), ("json-3", 3, "json")):
        store = f"{folder}/{name}"
        cns_store.init(folder, store, shards)
        cns_store.call("run", store, "--files", f"{folder}/world/{usage}", "--until-end")
        hashes[name] = cns_store.check(store, folder, records, show=name == "csv-4")
    if len(set(hashes.values())) != 1:
        sys.exit(f"state hashes differ: {hashes}")
    again = cns_store.call("run", f"{folder}/csv-4", "--files", f"{folder}/world/usage", "--until-end")
    audit = json.loads(cns_store.call("audit", f"{folder}/csv-4", "--json"))
    if audit["in"] != records:
        sys.exit(f"read once more: {audit['in']} of {records} records; {again}")
    print(f"{records} records of real calls and messages from files: totals as counted, state {hashes['csv-4'][:16]}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
