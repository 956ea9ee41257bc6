"""A tariff book as the contract reads it (book.md §2, §4, §8.1); books are checked before."""

import datetime
import os

from model_tables import (
    Zone,
    amount,
    by_name,
    cell_list,
    holds,
    quantity,
    read_table,
    read_yaml,
    round_to,
    whole,
)

MATCH = ("service", "direction", "roam", "zone", "net", "dest", "band", "rating_group")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SERVICES_OF_UNIT = {"s": ("voice", "data"), "B": ("data",), "": ("sms", "mms", "vas", "fee")}


def match_of(row):
    """The match columns that are set, each a set of values (§2.3)."""
    return {column: frozenset(cell_list(row[column])) for column in MATCH if row[column]}


class Slot:
    def __init__(self, row, unit, increment_digits):
        self.start = quantity(row["from"] or "0", unit)[1]
        self.price = amount(row["price"])
        self.per = quantity(row["per"] or "1")[1]
        self.size = quantity(row["increment"] or row["per"] or "1")[1]
        self.fee = amount(row["connect_fee"] or "0")
        # The price of one increment (§8.5), rounded where the book says so (§8.9).
        self.cost = self.price * self.size / self.per
        if increment_digits is not None:
            self.cost = round_to(self.cost, increment_digits, "half_up")


class Rule:
    """The rows of `rates` with equal plan, item, match and priority (§8.1)."""

    def __init__(self, key, rows, defaults):
        self.key = key
        self.plan, self.item, _, self.priority = key
        self.match = match_of(rows[0])
        self.unit = quantity(rows[0]["per"] or "1")[0]
        digits = defaults.get("increment_digits")
        digits = int(digits) if digits and digits != "none" else None
        self.slots = sorted(
            (Slot(row, self.unit, digits) for row in rows), key=lambda slot: slot.start
        )
        self.fee = self.slots[0].fee

        def said(column, default):
            return next((row[column] for row in rows if row[column]), default)

        self.counter = said("counter", "")
        self.rounding = said("rounding", defaults.get("rounding", "half_up"))
        self.digits = int(said("digits", defaults.get("rounding_digits", "3")))
        self.band_mode = said("band_mode", "unit_start")

    def slot_at(self, offset):
        return [slot for slot in self.slots if slot.start <= offset][-1]


class Entry:
    """A row of plans, allowances, discounts or payers; its cells under their column names."""

    def __init__(self, row):
        self.row = row
        self.plan = row["plan"]
        self.match = match_of(row)
        self.priority = whole(row["priority"], 0)
        self.item = row["item"]
        self.value = amount(row["value"]) if row["value"] else None


class Allowance(Entry):
    def __init__(self, row):
        super().__init__(row)
        self.name, self.unit = row["allowance"], "" if row["unit"] == "item" else row["unit"]
        self.amount = quantity(row["amount"], self.unit)[1]
        self.pool = row["scope"] == "pool"
        cap = row["member_cap"]
        self.member_cap = quantity(cap, self.unit)[1] if cap else None
        self.rollover = row["rollover"] == "1"
        self.by_day = row["proration"] == "by_day"


class Discount(Entry):
    PASS = {"percent": 1, "free": 1, "price_cap": 2, "block_cap": 2, "cap_day": 3, "cap_month": 3}

    def __init__(self, row):
        super().__init__(row)
        self.name, self.kind = row["discount"], row["kind"]
        self.run = self.PASS[self.kind]
        self.threshold = quantity(row["threshold"])[1] if row["threshold"] else None
        # A row without set is a set of its own, named like the discount, one for each plan (§11.3).
        self.set = (row["set"], "") if row["set"] else (self.name, self.plan)


class Payer(Entry):
    def __init__(self, row):
        super().__init__(row)
        self.name, self.mode = row["payer"], row["mode"]
        self.member_cap = amount(row["member_cap"]) if row["member_cap"] else None
        self.group_cap = amount(row["group_cap"]) if row["group_cap"] else None


class Plan:
    def __init__(self, row, zone):
        self.name, self.kind = row["plan"], row["kind"]
        self.start = zone.table_time(row["valid_from"])
        self.end = zone.table_time(row["valid_to"])


class Book:
    def __init__(self, folder):
        self.settings = read_yaml(os.path.join(folder, "book.yaml"))
        get = self.settings.get
        self.name = get("name", "")
        self.zone = Zone(get("timezone"))
        self.home_operator = get("home_operator", "")
        self.home_country = get("home_country") or "86"
        self.home_mcc = cell_list(get("home_mcc") or "460;461")
        self.cycle_day = int(get("cycle_day") or 1)
        self.rounding_digits = int(get("rounding_digits") or 3)
        self.valid_from = self.zone.table_time(get("valid_from") or "")
        self.read_places(folder)
        self.read_bands(folder)
        self.read_plans(folder)

    def read_places(self, folder):
        self.province = {row["area"]: row["province"] for row in read_table(folder, "areas.csv")}
        self.numbers = {row["prefix"]: row for row in read_table(folder, "numbers.csv")}
        self.ported = [
            (
                row["number"],
                row["operator"],
                self.zone.table_time(row["from"]),
                self.zone.table_time(row["to"]),
            )
            for row in read_table(folder, "ported.csv")
        ]
        self.cells = read_table(folder, "cells.csv")
        self.destinations = {}
        for row in read_table(folder, "destinations.csv"):
            self.destinations.setdefault(row["destination"], []).append(row["prefix"])

    def read_bands(self, folder):
        self.day_types = {row["date"]: row["day"] for row in read_table(folder, "calendar.csv")}
        self.bands = [
            (row["band"], cell_list(row["days"]), clock(row["from"]), clock(row["to"]))
            for row in read_table(folder, "bands.csv")
        ]
        self.days = {}

    def read_plans(self, folder):
        self.plans = {row["plan"]: Plan(row, self.zone) for row in read_table(folder, "plans.csv")}
        rows_of = {}
        for row in read_table(folder, "rates.csv"):
            match = tuple(sorted((c, tuple(sorted(v))) for c, v in match_of(row).items()))
            key = (row["plan"], row["item"], match, whole(row["priority"], 0))
            rows_of.setdefault(key, []).append(row)
        self.rules = {}
        for key, rows in rows_of.items():
            self.rules.setdefault(key[0], []).append(Rule(key, rows, self.settings))
        self.allowances = entries(folder, "allowances.csv", Allowance)
        self.discounts = entries(folder, "discounts.csv", Discount)
        for plan, rows in self.discounts.items():
            self.discounts[plan] = [row for row in rows if row.row["stage"] in ("", "record")]
        self.payers = entries(folder, "payers.csv", Payer)

    # Calendar and cycles (§4.3-4.5)

    def day_bands(self, date):
        """The bands of a date as (from, to, band) in seconds of the wall clock."""
        if date not in self.days:
            kind = self.day_types.get(date.isoformat())
            kind = kind or ("weekend" if date.weekday() >= 5 else "workday")
            names = {"all", kind, WEEKDAYS[date.weekday()]}
            self.days[date] = [
                (begin, end, band) for band, days, begin, end in self.bands if names & set(days)
            ]
        return self.days[date]

    def bands_at(self, instant):
        second = instant + self.zone.offset_s(instant)
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=second // 86400)
        clock_s = second % 86400
        return frozenset(
            band for begin, end, band in self.day_bands(date) if begin <= clock_s < end
        )

    def bands_may_change_after(self, instant):
        """The next instant at which another set of bands may hold: an edge or a new offset."""
        second = instant + self.zone.offset_s(instant)
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=second // 86400)
        edges = {edge for row in self.day_bands(date) for edge in row[:2]} | {86400}
        step = min(edge - second % 86400 for edge in edges if edge > second % 86400)
        return min(instant + step, (instant // 900 + 1) * 900)

    def cycle(self, instant):
        """The first date of the cycle of an instant."""
        date = self.zone.date(instant)
        if date.day < self.cycle_day:
            date = date.replace(day=1) - datetime.timedelta(days=1)
        return date.replace(day=self.cycle_day)

    def cycle_after(self, cycle):
        return (cycle.replace(day=1) + datetime.timedelta(days=31)).replace(day=self.cycle_day)

    def cycle_before(self, cycle):
        return (cycle.replace(day=1) - datetime.timedelta(days=1)).replace(day=self.cycle_day)

    # Number plan (§6.4)

    def number_row(self, number):
        """The row with the longest prefix of a number, or None."""
        for length in range(len(number), 0, -1):
            if number[:length] in self.numbers:
                return self.numbers[number[:length]]
        return None

    def operator(self, number, instant):
        for ported, operator, start, end in self.ported:
            if ported == number and holds(start, end, instant):
                return operator
        row = self.number_row(number)
        return row["operator"] if row else ""


def entries(folder, name, kind):
    by_plan = {}
    for row in read_table(folder, name):
        by_plan.setdefault(row["plan"], []).append(kind(row))
    return by_plan


def clock(cell):
    parts = [int(part) for part in cell.split(":")] + [0]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def book_at(books, instant):
    """The loaded book with the latest valid_from not after an instant, or None (§4.7)."""
    valid = [book for book in books if book.valid_from is None or book.valid_from <= instant]
    return max(valid, key=began) if valid else None


def began(book):
    return float("-inf") if book.valid_from is None else book.valid_from


def plan_rows(table, plans):
    """The rows that a list of plan names has in allowances, discounts or payers."""
    return [row for plan in sorted(set(plans), key=by_name) for row in table.get(plan, [])]
