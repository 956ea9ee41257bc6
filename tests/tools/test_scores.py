#!/usr/bin/env python3
"""Scores of a generated province against sums made here from `dump rated` and the customer tables: months, activity,
R, F, M, cut points, classes, groups, money at risk, warnings; the groups and numbers that the generator lets fade are
found; cut points stay frozen; a second run of the same records changes nothing."""
import collections
import csv
import datetime
import decimal
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
from checks import Checks
from score_store import Store

EPOCH = datetime.date(1970, 1, 1)
CLASSES = ["value", "develop", "keep", "win_back"]


def read(store, *path):
    with open(os.path.join(store.province, *path), encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Customer:
    def __init__(self):
        self.months = collections.defaultdict(lambda: collections.Counter())
        self.days = set()
        self.first = self.last = None


def month_of(day):
    date = EPOCH + datetime.timedelta(days=day)
    return date.year * 12 + date.month - 1


def fold(store):
    """What each subscriber did, by the rated records and the lines they came from."""
    lines = {}
    for name in sorted(os.listdir(os.path.join(store.province, "usage"))):
        for row in read(store, "usage", name):
            lines.setdefault(row["id"], row)
    customers = collections.defaultdict(Customer)
    for record in store.lines("dump", store.path, "rated"):
        if record["outcome"] != "rated":
            continue
        start = datetime.datetime.fromisoformat(record["start"])
        day = (start.date() - EPOCH).days
        customer = customers[record["subscriber"]]
        month = customer.months[month_of(day)]
        month["net"] += int(decimal.Decimal(record["net"]).scaleb(6))
        first_part = lines[record["id"]]["partial"] in ("", "whole", "first")
        if record["service"] == "voice":
            month["voice_s"] += record["quantity"]
            month["calls"] += first_part
        elif record["service"] in ("sms", "mms"):
            month["messages"] += record["quantity"]
        elif record["service"] == "data":
            month["bytes"] += record["quantity"]
        if record["service"] != "fee":
            utc_s = int(start.timestamp())
            if day not in customer.days:
                customer.days.add(day)
                month["active_days"] += 1
            customer.first = utc_s if customer.first is None else min(customer.first, utc_s)
            customer.last = utc_s if customer.last is None else max(customer.last, utc_s)
    return customers


def instant(utc_s):
    return datetime.datetime.fromtimestamp(utc_s, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(text):
    return int(decimal.Decimal(text).scaleb(6))


def fifths(values):
    values, n = sorted(values), len(values)
    return [values[-(-k * n // 5) - 1] for k in (1, 2, 3, 4)]


def bin_of(cuts, value):
    return 1 + sum(cut < value for cut in cuts)


def check_profiles(checks, rows, customers, as_of_day):
    for row in rows:
        name, customer = row["subscriber"], customers.get(row["subscriber"], Customer())
        seen = customer.last is not None
        for back in range(6):
            sums = customer.months[month_of(as_of_day) - back]
            what = "%s m%d " % (name, back)
            checks.equal(what + "net", micro(row["m%d_net" % back]), sums["net"])
            for key in ("voice_s", "calls", "messages", "bytes", "active_days"):
                checks.equal(what + key, row["m%d_%s" % (back, key)], sums[key])
        checks.equal(name + " first", row["first_activity"], instant(customer.first) if seen else None)
        checks.equal(name + " last", row["last_activity"], instant(customer.last) if seen else None)
        if seen:
            r = as_of_day - max(customer.days)
            f = sum(as_of_day - 90 < day <= as_of_day for day in customer.days)
            m = sum(customer.months[month_of(as_of_day) - back]["net"] for back in (1, 2, 3))
            checks.equal(name + " R F M", (row["recency_days"], row["active_days_90"], micro(row["money_3m"])),
                         (r, f, m))


def check_rfm(checks, rows, segment, population):
    """Cut points by sorting, scores and classes by the contract's words."""
    scored = [r for r in rows if r["population"] == population and r["recency_days"] is not None]
    r = [x["recency_days"] for x in scored]
    f = [x["active_days_90"] for x in scored]
    m = [micro(x["money_3m"]) for x in scored]
    cuts = next(p for p in segment["populations"] if p["population"] == population)
    checks.equal(population + " count", cuts["customers"], len(scored))
    checks.equal(population + " R cuts", cuts["recency_days"], fifths(r))
    checks.equal(population + " F cuts", cuts["active_days_90"], fifths(f))
    checks.equal(population + " M cuts", [micro(c) for c in cuts["money_3m"]], fifths(m))
    for i, row in enumerate(scored):
        found = (row["r"], row["f"], row["m"])
        checks.equal(row.get("subscriber", row["group"]) + " scores", found,
                     (6 - bin_of(fifths(r), r[i]), bin_of(fifths(f), f[i]), bin_of(fifths(m), m[i])))
        worth = "important_" if m[i] * len(m) > sum(m) else "ordinary_"
        recent, often = r[i] * len(r) < sum(r), f[i] * len(f) > sum(f)
        checks.equal(row.get("subscriber", row["group"]) + " class", row["customer_class"],
                     worth + CLASSES[(0 if recent else 2) + (0 if often else 1)])


def members_at(store, as_of):
    """Direct members of enterprise groups at the instant; the generator has no trees here or dates on groups."""
    date = as_of[:10]
    kinds = {g["group"]: g for g in read(store, "customers", "groups.csv")}
    members = collections.defaultdict(set)
    for row in read(store, "customers", "members.csv"):
        if kinds[row["group"]]["kind"] == "enterprise" and row["from"] <= date and (
                row["to"] == "" or date < row["to"]):
            group = row["group"]
            while group:
                members[group].add(row["subscriber"])
                group = kinds[group]["parent"]
    return members


def check_groups(checks, store, rows, warnings, as_of):
    by_name = {r["subscriber"]: r for r in rows}
    for warning in warnings:
        members = [by_name[m] for m in members_at(store, as_of)[warning["group"]]]
        seen = [m for m in members if m["recency_days"] is not None]
        checks.equal(warning["group"] + " members", warning["members"], len(seen))
        at_risk = sum(max(micro(m["money_3m"]), 0) // 3 * m["churn_ppm"] // 1000000 for m in seen)
        checks.true(warning["group"] + " money at risk",
                    abs(micro(warning["money_at_risk"]) - at_risk) <= 2 * len(seen))
        checks.equal(warning["group"] + " a member's population", {m["population"] for m in members}, {"member"})
        best = max(warning["members_at_risk"], key=lambda m: micro(m["money_at_risk"]), default=None)
        if best:
            checks.equal(warning["group"] + " top member", warning["top_member"], best["subscriber"])
    order = [micro(w["money_at_risk"]) for w in warnings]
    checks.equal("warnings fall", order, sorted(order, reverse=True))


def check_planted(checks, store, rows, warnings):
    churners = read(store, "expected", "churners.csv")
    groups = {c["subject"][6:] for c in churners if c["subject"].startswith("group:")}
    numbers = {c["subject"][11:] for c in churners if c["subject"].startswith("subscriber:")}
    levels = {w["group"]: w["level"] for w in warnings}
    checks.true("the generator planted some", groups and numbers)
    for group in groups:
        checks.true("%s fades and is red or orange: %s" % (group, levels.get(group)),
                    levels.get(group) in ("red", "orange"))
    scored = [r for r in rows if r["churn_ppm"] is not None]
    gone = [r["churn_ppm"] for r in scored if r["subscriber"] in numbers]
    stay = [r["churn_ppm"] for r in scored if r["subscriber"] not in numbers]
    above = sum((g > s) + 0.5 * (g == s) for g in gone for s in stay) / (len(gone) * len(stay))
    checks.true("numbers that fall silent rank above the others: AUC %.3f" % above, above > 0.9)


def check_verbs(checks, store, rows, warnings):
    manager = warnings[0]["manager"]
    own = store.object("churn", "list", store.path, "--manager", manager)["warnings"]
    checks.equal("a manager's own list", own, [w for w in warnings if w["manager"] == manager])
    checks.equal("--most", len(store.object("churn", "list", store.path, "--most", 2)["warnings"]), 2)
    text = store.call("churn", "list", store.path, "--most", 1)
    checks.true("the list names the group", warnings[0]["group"] in text)
    checks.true("the list gives the first reason", warnings[0]["reason_1"] in text)
    group = store.object("view", store.path, "group:" + warnings[0]["group"])
    checks.equal("a group's view", [group[k] for k in ("level", "money_at_risk", "churn_ppm", "members_at_risk")][:3],
                 [warnings[0][k] for k in ("level", "money_at_risk", "churn_ppm")])
    row = rows[10]
    view = store.object("view", store.path, "subscriber:" + row["subscriber"])
    checks.equal("a subscriber's view", {k: view[k] for k in row}, row)
    total = sum(r["contribution"] for r in view["contributions"]["reasons"][:3])
    checks.true("reasons rise the risk", total > 0 or not view["contributions"]["reasons"])
    checks.true("a view for the eye", row["subscriber"] in store.call("view", store.path,
                                                                     "subscriber:" + row["subscriber"]))
    for arguments, code in (
            (("view", store.path, "group:nobody"), 2), (("view", store.path, "nobody"), 2),
            (("churn", "list", store.path, "--manager", "nobody"), 2), (("churn", store.path), 2),
            (("segment", store.path, "--as-of", "never"), 2), (("segment", store.path + "-none"), 4)):
        checks.equal(" ".join(arguments), store.run(*arguments).returncode, code)


def check_frozen(checks, store, before):
    """The month's cut points are those of the first call, also for an earlier instant of that month."""
    again = store.object("segment", store.path)
    checks.true("frozen from the first call on", again["cuts_frozen"])
    checks.equal("a second call says the same", {**again, "cuts_frozen": 0}, {**before, "cuts_frozen": 0})
    earlier = store.object("segment", store.path, "--as-of", "2026-03-20")
    checks.equal("an earlier day of the month has its cuts", earlier["populations"], before["populations"])
    past = store.object("segment", store.path, "--as-of", "2026-02-20T12:00:00+08:00")
    checks.true("another month has its own", past["populations"] != before["populations"])
    checks.equal("the instant given", past["as_of"], "2026-02-20T04:00:00Z")


def check_segment(checks, segment, rows):
    scored = [r for r in rows if r["recency_days"] is not None]
    counted = collections.Counter(r["customer_class"] for r in scored)
    checks.equal("classes", {c["class"]: c["customers"] for c in segment["classes"] if c["customers"]}, dict(counted))
    grid = collections.Counter((r["r"], r["f"], r["m"]) for r in scored)
    checks.equal("grid", {(c["r"], c["f"], c["m"]): c["customers"] for c in segment["grid"]}, dict(grid))
    checks.equal("trend", segment["trend"], {t: sum(r["trend"] == t for r in scored)
                                             for t in ("rising", "steady", "falling")})
    money = sorted((max(micro(r["money_3m"]), 0) for r in scored), reverse=True)
    checks.equal("money", micro(segment["money_3m"]), sum(money))
    fewest = next(n for n in range(len(money) + 1) if sum(money[:n]) * 100 >= sum(money) * 80)
    checks.equal("80 %", segment["eighty_percent"], {"customers": fewest, "of": len(scored)})
    checks.equal("curve", [micro(c["money_3m"]) for c in segment["curve"]],
                 [sum(money[:-(-k * len(money) // 10)]) for k in range(1, 11)])


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(dir=os.path.join(os.environ["SUANPAN_BUILD"], "tests")) as folder:
        store = Store(folder)
        rows = store.lines("dump", store.path, "customers")
        segment = store.object("segment", store.path)
        listed = store.object("churn", "list", store.path)
        customers = fold(store)
        latest = max(c.last for c in customers.values() if c.last is not None)
        checks.equal("as of", segment["as_of"], instant(latest))
        as_of_day = (datetime.datetime.fromtimestamp(
            latest, datetime.timezone(datetime.timedelta(hours=8))).date() - EPOCH).days
        checks.equal("subscribers", len(rows), len(read(store, "customers", "subscribers.csv")))
        check_profiles(checks, rows, customers, as_of_day)
        check_rfm(checks, rows, segment, "individual")
        check_rfm(checks, rows, segment, "member")
        check_segment(checks, segment, rows)
        check_groups(checks, store, rows, listed["warnings"], segment["as_of"])
        check_planted(checks, store, rows, listed["warnings"])
        check_verbs(checks, store, rows, listed["warnings"])
        check_frozen(checks, store, segment)
    checks.finish()


if __name__ == "__main__":
    main()
