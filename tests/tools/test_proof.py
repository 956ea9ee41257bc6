#!/usr/bin/env python3
"""The proof between rules (book.md §18.3) against brute force: seeded nasty little books, and for each every
kind of record tried at every time. `tariff check` has to report the same ties and gaps at the same rows, no more, no less.

    SUANPAN=BIN test_proof.py [--seeds 1..20]
"""

import argparse
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import run  # noqa: E402  pylint: disable=wrong-import-position

PLACE = os.path.join(os.environ.get("SUANPAN_BUILD", "."), "tests", "proof")
UNITS = {"s": ["data", "voice"], "B": ["data"], "item": ["fee", "mms", "sms", "vas"]}
PER = {"s": "1min", "B": "1MB", "item": ""}
DIRECTIONS = ["mo", "mt", "cf"]
ROAMS = ["home", "province", "domestic", "hmt", "international"]
ZONES = ["local", "province", "domestic", "hmt", "international", "service"]
NETS = ["group", "group_tree", "family", "service", "sp", "fixed", "foreign", "onnet", "mobile"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_TYPES = ["workday", "weekend", "holiday"]
DAYS = ["all", "workday", "weekend", "holiday", "weekend;holiday", "mon;tue;wed;thu;fri", "sat;sun", "wed",
        "workday;weekend;holiday"]
CLOCKS = [(0, 86400), (0, 25200), (25200, 86400), (25200, 79200), (79200, 86400), (43201, 43202)]
PREFIXES = ["8613", "86139", "861391", "86", "1", "852", "8", "85", "10086", "2", "5", "88", "886", "8610"]
COLUMNS = ["service", "direction", "roam", "zone", "net", "dest", "band", "rating_group"]


class Book:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        pick = self.chance
        self.bands = {f"b{i}": [(pick.choice(DAYS).split(";"), *pick.choice(CLOCKS)) for _ in range(pick.randint(1, 3))]
                      for i in range(pick.randint(1, 4))}
        if pick.random() < 0.5:
            self.bands["night"] = [(["all"], 0, 25200), (["all"], 79200, 86400)]
            self.bands["day"] = [(["all"], 25200, 79200)]
        self.dests = {f"d{i}": pick.sample(PREFIXES, pick.randint(1, 4)) for i in range(pick.randint(0, 3))}
        self.numbers = {prefix: pick.choice(["mobile", "fixed", "service", "sp", "international"])
                        for prefix in pick.sample(PREFIXES + ["8521", "13"], pick.randint(0, 5))}
        self.plans = {"p0": "base"}
        for i in range(pick.randint(0, 3)):
            self.plans[f"q{i}"] = pick.choice(["base", "group", "family", "group"])
        self.units = {"x": pick.choice(list(UNITS)), "y": pick.choice(list(UNITS))}
        self.rules = []
        often = pick.choice([0.25, 0.6, 0.1])
        self.calm = pick.random() < 0.5  # every item has a rule for what no other rule prices
        for plan in self.plans:
            for item, unit in self.units.items():
                if pick.random() < 0.65:
                    self.rules += self.item_rules(plan, item, unit, often)
        for i, rule in enumerate(self.rules):
            rule["line"] = i + 2

    def cell(self, values, often):
        if not values or self.chance.random() > often:
            return set()
        return set(self.chance.sample(values, min(len(values), self.chance.choice([1, 1, 1, 2, 2, 3]))))

    def item_rules(self, plan, item, unit, often):
        rules = []
        for _ in range(self.chance.randint(1, 5)):
            rules.append({"service": self.cell(UNITS[unit], often), "direction": self.cell(DIRECTIONS, often),
                          "roam": self.cell(ROAMS, often * 0.6), "zone": self.cell(ZONES, often),
                          "net": self.cell(NETS, often), "dest": self.cell(sorted(self.dests), often),
                          "band": self.cell(sorted(self.bands), 0.6),
                          "rating_group": self.cell(["g1", "g2"], often * 0.6),
                          "priority": self.chance.choice([0, 0, 0, 1])})
        if self.calm or self.chance.random() < 0.5:
            rules.append({**{column: set() for column in COLUMNS}, "priority": self.chance.choice([0, -1])})
        seen, kept = [], []
        for rule in rules:  # equal matches are slots of one rule
            if rule not in seen:
                seen.append(rule)
                kept.append({**rule, "plan": plan, "item": item})
        return kept

    def write(self, place):
        def clock(second):
            return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"

        def table(name, header, rows):
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write("".join(",".join(row) + "\n" for row in [header] + rows))

        os.makedirs(place)
        with open(os.path.join(place, "book.yaml"), "w", encoding="utf-8") as file:
            file.write("name: proof\ntimezone: Asia/Shanghai\nhome_operator: H\n")
        table("bands.csv", ["band", "days", "from", "to"],
              [[band, ";".join(days), clock(start), clock(end)] for band, rows in self.bands.items()
               for days, start, end in rows])
        table("destinations.csv", ["destination", "prefix"],
              [[dest, prefix] for dest, prefixes in self.dests.items() for prefix in prefixes])
        table("numbers.csv", ["prefix", "operator", "kind"], [[p, "H", kind] for p, kind in self.numbers.items()])
        table("plans.csv", ["plan", "kind"], [[plan, kind] for plan, kind in self.plans.items()])
        table("rates.csv", ["plan", "item", *COLUMNS, "priority", "price", "per"],
              [[rule["plan"], rule["item"], *[";".join(sorted(rule[c])) for c in COLUMNS], str(rule["priority"]), "0.1",
                PER[self.units[rule["item"]]]] for rule in self.rules])


def moments(book):
    """The sets of bands that hold at one time: every weekday with every day type (§18.3)."""
    cuts = {0} | {second for rows in book.bands.values() for _, start, end in rows for second in (start, end)}
    return {frozenset(band for band, rows in book.bands.items()
                      if any({weekday, kind, "all"} & set(days) and start <= second < end for days, start, end in rows))
            for weekday in WEEKDAYS for kind in DAY_TYPES for second in cuts if second < 86400}


def accepted(rule, column):
    return rule[column] | ({"cf"} if column == "direction" and "mo" in rule[column] else set())


def columns_meet(book, column, one, two, times):
    a, b = accepted(one, column), accepted(two, column)
    if column == "dest":
        prefixes = [{prefix for dest in cell for prefix in book.dests[dest]} for cell in (a, b)]
        return bool(a) == bool(b) and (not a or bool(prefixes[0] & prefixes[1]))
    if not a or not b:
        return True
    if column == "band":
        return any(a & time and b & time for time in times)
    return bool(a & b) or column == "net" and "group_tree" in a | b


def ties(book, rules, times):
    """Lines of the rules that tie with an earlier one."""
    def tie(one, two):
        return (one["priority"] == two["priority"]
                and sum(bool(one[c]) for c in COLUMNS) == sum(bool(two[c]) for c in COLUMNS)
                and all(columns_meet(book, c, one, two, times) for c in COLUMNS))
    return {rule["line"] for i, rule in enumerate(rules) if any(tie(rule, other) for other in rules[:i])}


def zones_of(book, number):
    """Zones of a number (§6.9), "" = any number."""
    row = max((prefix for prefix in book.numbers if number.startswith(prefix)), key=len, default=None)
    kind = book.numbers.get(row)
    if kind == "service":
        return ["service"]
    if kind == "international" or row is None and not number.startswith("86"):
        return ["hmt" if number[:3] in ("852", "853", "886") else "international"]
    return ["local", "province", "domestic"]


def parties(book):
    """(destinations, zone) that the other's number may have. Of numbers without destination all zones are asked, those
    near only if some number of the home country, or of a row that is near, has none."""
    keys = set(book.numbers) | {prefix for prefixes in book.dests.values() for prefix in prefixes}
    keys |= {"86", "852", "853", "886"}
    keys |= {key + digit for key in keys for digit in "0123456789"}
    near = ["86"] + [prefix for prefix, kind in book.numbers.items() if kind not in ("service", "international")]
    taken = tuple(prefix for prefixes in book.dests.values() for prefix in prefixes)
    found = {(frozenset(), zone) for zone in ZONES if zone in ("hmt", "international", "service") or
             any(not number.startswith(taken) for number in near)}
    for number in keys:
        dests = frozenset(d for d, prefixes in book.dests.items() if any(number.startswith(p) for p in prefixes))
        found |= {(dests, zone) for zone in zones_of(book, number)}
    return found


def places(book):
    """(roam, zone, net, in one tree, destinations) as §6 lets them occur together."""
    found = {(roam, None, None, False, frozenset()) for roam in ROAMS}
    for dests, zone in parties(book):
        nets = {"service": ["service"], "hmt": ["foreign"], "international": ["foreign"]}
        for net in nets.get(zone, ["sp", "fixed", "onnet", "mobile"]) + ["group", "family"]:
            for roam in ROAMS if zone not in ("local", "province") else ROAMS[:3]:
                found |= {(roam, zone, net, tree, dests) for tree in ([True] if net == "group" else [True, False])}
    return found


def matches(rule, service, direction, place, group):
    roam, zone, net, tree, dests = place
    single = {"service": service, "direction": direction, "roam": roam, "zone": zone, "rating_group": group}
    return (all(not accepted(rule, column) or value in accepted(rule, column) for column, value in single.items())
            and (not rule["net"] or net in rule["net"] or tree and "group_tree" in rule["net"])
            and (not rule["dest"] or bool(rule["dest"] & dests)))


def has_gap(rules, unit, all_places, times):
    if not any(rule["band"] for rule in rules):
        return False
    for service in UNITS[unit]:
        for direction in [None, *DIRECTIONS]:
            for place in all_places:
                for group in [None, "g1", "g2"]:
                    met = [rule for rule in rules if matches(rule, service, direction, place, group)]
                    if met and all(rule["band"] for rule in met):
                        if not all(any(rule["band"] & time for rule in met) for time in times):
                            return True
    return False


def gaps(book, item, times, all_places):
    """Lines of the first rows of the plans' items that have a gap, base plans' first."""
    unit, rules = book.units[item], {}
    for rule in book.rules:
        if rule["item"] == item:
            rules.setdefault(rule["plan"], []).append(rule)
    bases = [plan for plan, kind in book.plans.items() if kind == "base"]
    bad = {plan for plan in bases if has_gap(rules.get(plan, []), unit, all_places, times)}
    for plan in set(rules) - set(bases):
        if any(has_gap(rules.get(base, []) + rules[plan], unit, all_places, times) for base in bases if base not in bad):
            bad.add(plan)
    return {rules[plan][0]["line"] for plan in bad}


def expected(book):
    times, all_places, found = moments(book), places(book), set()
    for plan in book.plans:
        for item in book.units:
            rules = [rule for rule in book.rules if (rule["plan"], rule["item"]) == (plan, item)]
            found |= {("tie", line) for line in ties(book, rules, times)}
    for item in book.units:
        found |= {("gap", line) for line in gaps(book, item, times, all_places)}
    return found


def reported(place):
    ended = run("tariff", "check", place, "--json")
    found = set()
    for problem in json.loads(ended.stdout)["problems"]:
        kind = "tie" if problem["message"].startswith("ambiguous") else "gap" if "has no rule on" in problem["message"] else "?"
        found.add((kind, problem["line"]))
    if ended.returncode != (3 if found else 0):
        found.add(("exit", ended.returncode))
    return found


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", default="1..20")
    first, last = options.parse_args().seeds.split("..")
    wrong = refused = 0
    for seed in range(int(first), int(last) + 1):
        place = os.path.join(PLACE, str(seed))
        shutil.rmtree(place, ignore_errors=True)
        book = Book(seed)
        book.write(place)
        want, got = expected(book), reported(place)
        refused += bool(want)
        if want == got:
            shutil.rmtree(place)
        else:
            wrong += 1
            print(f"seed {seed}: {place}: expected {sorted(want)}, reported {sorted(got)}")
    print(f"{int(last) - int(first) + 1} books, {refused} to be refused, {wrong} told wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
