"""A generated province in a store, for the tests of scores and snapshots, and the answers of verbs."""
import glob
import json
import os
import subprocess

SEED, SUBSCRIBERS, GROUPS, DAYS, RECORDS = 7, 900, 40, 90, 40000


class Store:
    def __init__(self, folder):
        self.suanpan = os.environ["SUANPAN"]
        self.province = os.path.join(folder, "province")
        self.path = os.path.join(folder, "store")
        self.call("gen", self.province, "--seed", SEED, "--subscribers", SUBSCRIBERS, "--groups", GROUPS,
                  "--days", DAYS, "--records", RECORDS)
        self.call("init", self.path, "--book", os.path.join(self.province, "book"),
                  "--customers", os.path.join(self.province, "customers"), "--shards", 3)
        files = sorted(glob.glob(os.path.join(self.province, "usage", "*.csv")))
        self.call("run", self.path, "--files", *files, "--until-end", codes=(0, 1))

    def run(self, *arguments):
        return subprocess.run([self.suanpan] + [str(a) for a in arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)

    def call(self, *arguments, codes=(0,)):
        result = self.run(*arguments)
        if result.returncode not in codes:
            raise SystemExit("%s: exit %d, expected %s\n%s" % (arguments, result.returncode, codes,
                                                               result.stderr))
        return result.stdout

    def object(self, *arguments):
        return json.loads(self.call(*arguments, "--json"))

    def lines(self, *arguments):
        return [json.loads(line) for line in self.call(*arguments).splitlines()]

