"""What the calls and messages of the study cost, counted without the engine and without cns_world.py.

From the study's files, libphonenumber's files and the customer tables; the prices stand here a second time. Money is in
thousandths of a yuan: every price of this book is a whole number of them."""
import bisect
import collections
import csv
import datetime
import re

FIRST_DAY = datetime.date(2025, 9, 8)
DAY_S = 86400
FREE_MESSAGES = 40
VOICE_CAP = 15000


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class NumberPlan:
    """Place, province and operator of a number by the longest prefix, looked for in sorted lists."""

    def __init__(self, shared):
        self.places = self.load(f"{shared}/data/china-numbers/geocoding_zh_86.txt")
        self.carriers = self.load(f"{shared}/data/china-numbers/carrier_zh_86.txt")

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            return sorted(line.strip().split("|") for line in file if re.match(r"\d", line))

    @staticmethod
    def longest(rows, number):
        for length in range(len(number), 2, -1):
            at = bisect.bisect_left(rows, [number[:length]])
            if at < len(rows) and rows[at][0] == number[:length]:
                return rows[at][1]
        return ""

    def place(self, number):
        return self.longest(self.places, number)

    def operator(self, number):
        return self.longest(self.carriers, number)


class Customer:
    def __init__(self, plan, place, operator, group):
        self.plan, self.place, self.operator, self.group = plan, place, operator, group
        self.province = re.sub("(省|市).*", "", place)


def customers(folder, shared):
    """{phone of the study: Customer}. The tables name a phone P and four digits."""
    numbers = NumberPlan(shared)
    plan_of = {row["owner"].removeprefix("subscriber:"): row["plan"] for row in table(f"{folder}/subscriptions.csv")}
    group_of = {row["subscriber"]: row["group"] for row in table(f"{folder}/members.csv")}
    found = {}
    for row in table(f"{folder}/subscribers.csv"):
        name = row["subscriber"]
        place = numbers.place(row["number"])
        found[int(name[1:])] = Customer(plan_of[name], place, numbers.operator(row["number"]), group_of.get(name))
        if row["home_area"]:
            found[int(name[1:])].moved = True
    return found


def events(shared):
    rows = [(int(row["timestamp"]), "voice", int(row["caller"]), int(row["callee"]), int(row["duration"]))
            for row in table(f"{shared}/data/cns/calls.csv")]
    rows += [(int(row["timestamp"]), "sms", int(row["sender"]), int(row["recipient"]), 1)
             for row in table(f"{shared}/data/cns/sms.csv")]
    return sorted(rows, key=lambda row: row[0])


def minutes(seconds):
    return (seconds + 59) // 60


def zone(own, other):
    home = "湖北省武汉市" if getattr(own, "moved", False) else own.place
    if home == other.place:
        return "local"
    return "province" if re.sub("(省|市).*", "", home) == other.province else "domestic"


def call_price(own, other, second, duration):
    if own.group and other.group:
        return minutes(duration) * (50 if own.group == other.group else 80)
    if own.plan == "seconds":
        return 50 + (duration + 5) // 6 * 20
    if own.plan == "bundle":
        return min(minutes(duration), 3) * 300 + max(minutes(duration) - 3, 0) * 100
    where = zone(own, other)
    if where != "local":
        return minutes(duration) * (250 if where == "province" else 400)
    hours = [(second + 60 * minute) % DAY_S // 3600 for minute in range(minutes(duration))]
    return sum(100 if hour < 7 or hour >= 22 else 150 for hour in hours)


def message_price(own, other):
    if own.group and own.group == other.group:
        return 20
    return 80 if own.plan == "seconds" and other.operator == "中国移动" else 100


def counted(folder, shared):
    """{(plan, service, outcome): [records, quantity, list, net]} over both records of every event."""
    people = customers(folder, shared)
    totals = collections.defaultdict(lambda: [0, 0, 0, 0])
    used = collections.Counter()  # free messages and capped money by (phone, month)
    for second, service, caller, callee, quantity in events(shared):
        month = (FIRST_DAY + datetime.timedelta(days=second // DAY_S)).month
        for direction, phone, other_phone in (("mo", caller, callee), ("mt", callee, caller)):
            own, other = people[phone], people[other_phone]
            outcome, price, net = "rated", 0, None
            if quantity <= 0:
                outcome = "zero_rated"
            elif service == "voice" and direction == "mo":
                price = call_price(own, other, second, quantity)
                if own.plan == "urban":
                    net = min(price, VOICE_CAP - used[(phone, month)])
                    used[(phone, month)] += net
            elif service == "voice" and own.plan == "seconds":
                price = minutes(quantity) * 10
            elif service == "sms" and direction == "mo":
                price = message_price(own, other)
                if own.plan == "bundle" and used[(phone, month)] < FREE_MESSAGES:
                    used[(phone, month)] += 1
                    net = 0
            row = totals[(own.plan, service, outcome)]
            for at, value in enumerate((1, max(quantity, 0), price, price if net is None else net)):
                row[at] += value
    return dict(totals)
