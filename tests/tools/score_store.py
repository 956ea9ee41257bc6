"""A generated province in a store, for the tests of scores and snapshots, and the answers of verbs."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import done, run  # noqa: E402  pylint: disable=wrong-import-position

SEED, SUBSCRIBERS, GROUPS, DAYS, RECORDS = 7, 900, 40, 90, 40000


class Store:
    def __init__(self, folder):
        self.province = os.path.join(folder, "province")
        self.path = os.path.join(folder, "store")
        self.call("gen", self.province, "--seed", SEED, "--subscribers", SUBSCRIBERS, "--groups", GROUPS,
                  "--days", DAYS, "--records", RECORDS)
        self.call("init", self.path, "--book", os.path.join(self.province, "book"),
                  "--customers", os.path.join(self.province, "customers"), "--shards", 3)
        files = sorted(glob.glob(os.path.join(self.province, "usage", "*.csv")))
        self.call("run", self.path, "--files", *files, "--until-end", codes=(0, 1))

    def run(self, *arguments):
        return run(*arguments)

    def call(self, *arguments, codes=(0,)):
        return done(*arguments, codes=codes).stdout

    def object(self, *arguments):
        return json.loads(self.call(*arguments, "--json"))

    def lines(self, *arguments):
        return [json.loads(line) for line in self.call(*arguments).splitlines()]

