"""One usage record: its fields, who and where it is (book.md §5.1, §5.5, §6)."""

import re
from fractions import Fraction

from model_book import MATCH
from model_tables import MICRO, by_name

FIELDS = (
    "id",
    "service",
    "direction",
    "served",
    "other",
    "third",
    "start",
    "duration_s",
    "up_bytes",
    "down_bytes",
    "items",
    "home_area",
    "visited_area",
    "other_area",
    "plmn",
    "lac",
    "cell",
    "rating_group",
    "service_id",
    "apn",
    "node",
    "session",
    "seq",
    "partial",
    "cause",
    "charge",
)
SERVICES = ("voice", "sms", "mms", "data", "vas", "fee")
NUMBERS = {
    "duration_s": 0,
    "up_bytes": 0,
    "down_bytes": 0,
    "items": 1,
    "seq": 0,
    "cause": 0,
    "lac": None,
}
IP_PREFIXES = ("17951", "17911", "12593")
HMT_MCC, HMT_COUNTRY = ("454", "455", "466"), ("852", "853", "886")


class Usage:
    """The fields of a record with their defaults; `start` is an instant, `charge` micro-units."""

    def __init__(self, row, zone):
        self.text = {field: row[field] for field in FIELDS}
        self.fault = self.read(row, zone)

    def read(self, row, zone):
        """Fills the fields in the order of §5.3; the reason of the first test that fails."""
        for field in FIELDS:
            setattr(self, field, row[field])
        if self.service not in SERVICES:
            return "service_unknown"
        try:
            self.start = zone.record_start(row["start"])
        except ValueError:
            return "bad_start"
        for field, default in NUMBERS.items():
            if row[field] and not re.fullmatch("[0-9]{1,18}", row[field]):
                return "bad_field"
            setattr(self, field, int(row[field]) if row[field] else default)
        if row["charge"] and not re.fullmatch(r"[0-9]+(\.[0-9]{1,6})?", row["charge"]):
            return "bad_field"
        self.charge = int(Fraction(row["charge"]) * MICRO) if row["charge"] else None
        self.partial = row["partial"] or "whole"
        if self.direction not in ("", "mo", "mt", "cf"):
            return "bad_field"
        if self.partial not in ("whole", "first", "middle", "last"):
            return "bad_field"
        if self.partial != "whole" and self.charge is None and not self.session:
            return "bad_field"
        return ""

    def quantities(self):
        """What is used, by unit (§5.2): the unit of a rule says which of them it counts."""
        return {"s": self.duration_s, "B": self.up_bytes + self.down_bytes, "": self.items}

    def shown_quantity(self):
        unit = {"voice": "s", "data": "B"}.get(self.service, "")
        return self.quantities()[unit]

    def nothing_used(self):
        """§5.6."""
        if self.service == "voice":
            return self.duration_s == 0
        if self.service == "data":
            return self.duration_s == 0 and self.up_bytes + self.down_bytes == 0
        return self.items == 0 or (self.service in ("sms", "mms") and self.cause != 0)


def normalise(text, country, short=None):
    """§6.1: the number, and whether an IP prefix came off. `short` looks short numbers up."""
    number, ip = re.sub("[ \t-]", "", text), False
    if short and re.fullmatch("[0-9]{3,6}", number) and short(number):
        return short(number), False
    if number.startswith(("+", "00")):
        return number[1 if number[0] == "+" else 2 :], False
    if number[:5] in IP_PREFIXES and number[5:]:
        number, ip = number[5:], True
        if number.startswith(("+", "00")):
            return number[1 if number[0] == "+" else 2 :], True
    if number.startswith("0"):
        return country + number[1:], ip
    if re.fullmatch("1[0-9]{10}", number):
        return country + number, ip
    return number, ip


class Party:
    """Who and where a usage is: all that rules, allowances, discounts and payers look at."""

    def __init__(self, usage, book, customers, subscriber):
        self.usage, self.book, self.customers = usage, book, customers
        self.start = usage.start
        self.subscriber, self.account = subscriber["subscriber"], subscriber["account"]
        self.served = subscriber["number"]

        def short(digits):
            return customers.short_number(self.subscriber, digits, self.start)

        self.other, self.ip = normalise(usage.other, book.home_country, short)
        self.third, _ = normalise(usage.third, book.home_country, short)
        self.domain = customers.domain(self.subscriber, self.account, self.start)
        groups = customers.direct_groups(
            self.subscriber, self.start, False
        ) or customers.direct_groups(self.subscriber, self.start, True)
        self.group = groups[0] if groups else ""
        self.row = book.number_row(self.other) if self.other else None
        self.places(subscriber["home_area"])
        self.values = {
            "service": {usage.service},
            "direction": {usage.direction} - {""},
            "roam": {self.roam()},
            "rating_group": {usage.rating_group} - {""},
            "zone": set(),
            "net": set(),
        }
        if usage.direction == "cf":
            self.values["direction"].add("mo")
        if self.other:
            self.values["zone"] = {self.zone()}
            self.values["net"] = self.nets()

    def unknown_prefix(self):
        """§6.3."""
        return 0 < len(self.other) <= 6 and not self.row

    # Places (§6.5-6.7)

    def places(self, home_area):
        usage, book = self.usage, self.book
        self.home = home_area or usage.home_area or self.area_of(book.number_row(self.served))
        self.visited = usage.visited_area or self.cell_area() or self.home
        self.abroad = bool(usage.plmn) and usage.plmn[:3] not in book.home_mcc
        self.charging = "" if self.abroad else self.visited
        self.other_area = usage.other_area or self.area_of(self.row)

    def area_of(self, row):
        return row["area"] if row else ""

    def cell_area(self):
        if self.usage.lac is None:
            return ""
        for row in self.book.cells:
            if row["plmn"] == self.usage.plmn and (
                int(row["lac_from"]) <= self.usage.lac <= int(row["lac_to"])
            ):
                return row["area"]
        return ""

    def one_province(self, a, b):
        """§6.6: a blank area, an area without row and a blank province are in none."""
        province = self.book.province.get(a, "") if a else ""
        return province != "" and b != "" and province == self.book.province.get(b, "")

    def roam(self):
        if self.abroad:
            return "hmt" if self.usage.plmn[:3] in HMT_MCC else "international"
        if self.visited and self.visited == self.home:
            return "home"
        return "province" if self.one_province(self.visited, self.home) else "domestic"

    # The other party (§6.8-6.11)

    def kind(self):
        return self.row["kind"] if self.row else ""

    def foreign(self):
        return self.kind() == "international" or (
            not self.row and not self.other.startswith(self.book.home_country)
        )

    def zone(self):
        if self.kind() == "service":
            return "service"
        if self.foreign():
            return "hmt" if self.other.startswith(HMT_COUNTRY) else "international"
        if self.other_area and self.other_area == self.charging:
            return "local"
        return "province" if self.one_province(self.other_area, self.charging) else "domestic"

    def nets(self):
        """The value of `net`, and `group_tree` besides when both are in one tree."""
        customers, other = self.customers, self.customers.with_number(self.other, self.start)
        name = other["subscriber"] if other else None

        def share(family):
            both = [
                set(customers.direct_groups(who, self.start, family))
                for who in (self.subscriber, name)
                if who
            ]
            return len(both) == 2 and bool(both[0] & both[1])

        tree = name and customers.trees(self.subscriber, self.start) & customers.trees(
            name, self.start
        )
        return {self.net(share)} | ({"group_tree"} if tree else set())

    def net(self, share):
        if share(False):
            return "group"
        if share(True):
            return "family"
        if self.kind() in ("service", "sp", "fixed"):
            return self.kind()
        if self.foreign():
            return "foreign"
        operator = self.book.operator(self.other, self.start)
        return "onnet" if operator and operator == self.book.home_operator else "mobile"

    # Matching (§2.3, §8.2)

    def matches(self, match, bands):
        """Whether every match cell does; `bands` None leaves the band out of it."""
        for column in MATCH:
            cell = match.get(column)
            if cell is None or (column == "band" and bands is None):
                continue
            if column == "dest":
                if self.dest_length(match) == 0:
                    return False
            elif not cell & (bands if column == "band" else self.values[column]):
                return False
        return True

    def dest_length(self, match):
        """The longest prefix that a destination of the cell has of the number of `other`."""
        prefixes = [
            prefix
            for name in match.get("dest", ())
            for prefix in self.book.destinations.get(name, ())
        ]
        return max((len(prefix) for prefix in prefixes if self.other.startswith(prefix)), default=0)

    # Plans (§7)

    def look_up_plans(self):
        """Fills base, group_plans and subscriptions; the reason when there is not one base plan."""
        active = self.customers.active_subscriptions(self.subscriber, self.start)
        plans = self.book.plans
        self.subscriptions = [
            row for row in active if row.plan in plans and _valid(plans[row.plan], self.start)
        ]
        names = {row.plan for row in self.subscriptions}
        base = [name for name in names if plans[name].kind == "base"]
        self.plans = sorted(names, key=by_name)
        self.group_plans = [name for name in self.plans if plans[name].kind in ("group", "family")]
        self.base = base[0] if base else ""
        return "" if len(base) == 1 else "two_base_plans" if base else "no_plan"


def _valid(plan, instant):
    return (plan.start is None or plan.start <= instant) and (
        plan.end is None or instant < plan.end
    )
