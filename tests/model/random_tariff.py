"""Random valid tariff books (book.md §2, §18).

Valid by construction: a rule that could tie with an earlier one is not taken, rules with bands come
as whole partitions of the week, and the common denominator of an item is kept below the bound.
"""

import datetime
import math
from fractions import Fraction

from random_chance import Chance

MATCH = ("service", "direction", "roam", "zone", "net", "dest", "band", "rating_group")
UNIT_SERVICES = {"s": ("voice", "data"), "B": ("data",), "": ("sms", "mms", "vas", "fee")}
VALUES = {
    "direction": ("mo", "mt", "cf"),
    "roam": ("home", "province", "domestic", "hmt", "international"),
    "zone": ("local", "province", "domestic", "hmt", "international", "service"),
    "net": (
        "group",
        "group_tree",
        "family",
        "service",
        "sp",
        "fixed",
        "foreign",
        "onnet",
        "mobile",
    ),
    "rating_group": ("10", "20", "30"),
}
ZONES = (
    "Asia/Shanghai",
    "Asia/Shanghai",
    "Europe/Berlin",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "Africa/Cairo",
)
PARTITIONS = {  # every one covers the whole week
    "clock": {"early": [("all", "00:00", "07:00")], "late": [("all", "07:00", "24:00")]},
    "day": {
        "work": [("workday", "00:00", "24:00")],
        "rest": [("weekend;holiday", "00:00", "24:00")],
    },
    "night": {
        "night": [("all", "22:00:30", "24:00"), ("all", "00:00", "06:30:10")],
        "noon": [("all", "06:30:10", "12:00")],
        "eve": [("all", "12:00", "22:00:30")],
    },
    "peak": {
        "peak": [("workday", "08:00", "18:00")],
        "off": [
            ("workday", "00:00", "08:00"),
            ("workday", "18:00", "24:00"),
            ("weekend;holiday", "00:00", "24:00"),
        ],
    },
    "week": {
        "mid": [("mon;tue;wed;thu;fri", "00:00", "24:00")],
        "end": [("sat;sun", "00:00", "24:00")],
    },
}
DESTINATIONS = {
    "hk": ["852"],
    "hkm": ["8526", "8529"],
    "world": ["1", "81", "852"],
    "usa": ["1"],
    "york": ["1212"],
    "near": ["CC13001"],
    "sp": ["12590"],
    "far": ["CC10", "CC20"],
}
DENOMINATOR_MAX = 10**9


class TariffMaker(Chance):
    """Fills settings and tables of a book."""

    def make_book(self):
        self.zone = self.pick(ZONES)
        self.first_day = self.pick(
            (
                datetime.date(2026, 3, 5),
                datetime.date(2026, 1, 18),
                datetime.date(2026, 10, 2),
                datetime.date(2028, 2, 1),
            )
        )
        self.days = 56
        self.country = "49" if self.zone == "Europe/Berlin" and self.often(0.5) else "86"
        self.small = self.often(0.2)
        settings = {
            "name": f"random-{self.seed}",
            "currency": "CNY",
            "timezone": self.zone,
            "home_operator": "HOME",
            "home_country": self.country,
            "cycle_day": self.pick((1, 1, 15, 28, self.rng.randint(1, 28))),
        }
        if self.often(0.5):
            settings["rounding"] = self.pick(("half_up", "ceil", "floor"))
        if self.often(0.6):
            settings["rounding_digits"] = self.rng.randint(0, 6)
        if self.often(0.15):
            settings["increment_digits"] = self.pick((2, 3, 4, 5, 6, 12))
        if self.often(0.8):
            early = self.first_day + datetime.timedelta(days=2)
            settings["valid_from"] = self.pick(("2020-01-01", "2020-01-01", early.isoformat()))
        self.settings = settings
        self.make_places()
        self.make_bands()
        self.make_plans()
        for plan in self.plans:
            self.make_rates(plan)
            self.make_allowances(plan)
            self.make_discounts(plan)
            self.make_payers(plan)

    def row(self, table, **cells):
        self.tables.setdefault(table, []).append(
            {key: str(cell) for key, cell in cells.items() if cell != ""}
        )

    def make_places(self):
        cc = self.country
        for area, province in (
            ("755", "South"),
            ("20", "South"),
            ("10", "North"),
            ("571", "East"),
            ("898", ""),
            ("899", ""),
        ):
            self.row("areas", area=area, name="Town " + area, province=province)
        for prefix, operator, kind, area in (
            ("13800", "HOME", "mobile", "755"),
            ("138001", "HOME", "mobile", "20"),
            ("13801", "HOME", "mobile", "10"),
            ("13802", "HOME", "mobile", "898"),
            ("13000", "OTHER", "mobile", "755"),
            ("13001", "OTHER", "mobile", "571"),
            ("13002", "", "mobile", ""),
            ("755", "WIRE", "fixed", "755"),
            ("10", "HOME", "fixed", "10"),
            ("20", "WIRE", "fixed", "20"),
        ):
            self.row("numbers", prefix=cc + prefix, operator=operator, kind=kind, area=area)
        for prefix, operator, kind in (
            ("10086", "HOME", "service"),
            ("110", "", "service"),
            ("12590", "SP", "sp"),
            ("852", "", "international"),
            ("1", "", "international"),
            ("81", "", "international"),
        ):
            self.row("numbers", prefix=prefix, operator=operator, kind=kind)
        day = self.day(20)
        self.row("ported", number=cc + "13000000001", operator="HOME", to=day)
        self.row("ported", number=cc + "13000000001", operator="OTHER", **{"from": day})
        self.row("ported", number=cc + "13800000003", operator="OTHER", **{"from": self.day(10)})
        for plmn, low, high, area in (
            ("46000", 1, 100, "755"),
            ("46000", 101, 200, "10"),
            ("46001", 1, 65535, "571"),
            ("46000", 300, 300, "899"),
        ):
            self.row("cells", plmn=plmn, lac_from=low, lac_to=high, area=area)
        for name, prefixes in DESTINATIONS.items():
            for prefix in prefixes:
                self.row("destinations", destination=name, prefix=prefix.replace("CC", cc))

    def make_bands(self):
        for number in self.rng.sample(range(self.days), 6):
            self.row(
                "calendar", date=self.day(number), day=self.pick(("workday", "weekend", "holiday"))
            )
        self.partitions = [PARTITIONS[name] for name in self.some(PARTITIONS, 3)]
        for partition in self.partitions:
            for band, rows in partition.items():
                for days, begin, end in rows:
                    self.row("bands", band=band, days=days, to=end, **{"from": begin})
        self.row("bands", band="lunch", days="all", to="13:00", **{"from": "11:30:05"})
        self.band_names = [band for partition in self.partitions for band in partition] + ["lunch"]

    def make_plans(self):
        """Names on purpose in no order, with capitals and letters beyond ASCII."""
        self.plans = {
            name: kind
            for kind, names, most in (
                ("base", ("basic", "Basic", "套餐"), 3),
                ("add_on", ("pack", "Extra"), 2),
                ("group", ("vnet", "office", "Work"), 3),
                ("family", ("home", "Kin"), 2),
            )
            for name in self.some(names, most)
        }
        for plan, kind in self.plans.items():
            valid = {}
            if kind != "base" and self.often(0.2):
                valid["valid_to" if self.often(0.5) else "valid_from"] = self.day(
                    self.rng.randint(10, 45)
                )
            self.row("plans", plan=plan, kind=kind, **valid)
        self.units = {
            "base": self.pick(("s", "s", "s", "B", "")),
            "ld": "s",
            "msg": "",
            "data": "B",
            "Extra": self.pick(("s", "B", "")),
            "附加": "s",
        }

    # Rates

    def make_rates(self, plan):
        kind = self.plans[plan]
        if kind == "add_on":
            return
        items = self.some(self.units, 6 if kind == "base" else 3)
        if kind == "base":
            items = [
                item for item in self.units if item in items or item in ("base", "msg", "data")
            ]
        for item in items:
            self.make_item(plan, item)

    def make_item(self, plan, item):
        unit = self.units[item]
        shared = {
            "plan": plan,
            "item": item,
            "unit": unit,
            "digits": self.rng.randint(0, 6) if self.often(0.4) else "",
            "rounding": self.pick(("half_up", "ceil", "floor")) if self.often(0.4) else "",
            "band_mode": self.pick(("", "unit_start", "call_start", "split_ceil")),
        }
        taken, self.denominator = [], 1
        families = self.rng.randint(1, 5)
        for number in range(families):
            general = number == 0 and self.plans[plan] == "base" and self.often(0.85)
            matches = self.random_matches(unit, general)
            priority = "" if general else self.pick(("", "", "", "0", "5", "10"))
            new = [(match, int(priority or 0)) for match in matches]
            if any(self.tie(a, b) for a in new for b in taken):
                continue
            rows, denominator = self.family_rows(shared, matches, priority)
            if denominator <= DENOMINATOR_MAX:
                taken += new
                self.denominator = denominator
                for row in rows:
                    self.row("rates", **row)

    def random_match(self, unit, general, bands=0.15):
        """Random match cells without band, or with any bands where gaps do not matter."""
        match = {}
        if general or self.often(0.7):
            services = list(UNIT_SERVICES[unit])
            match["service"] = services if self.often(0.5) else self.some(services, len(services))
            if self.often(0.1):
                match["service"] = match["service"] + ["voice" if unit != "s" else "sms"]
        if not general:
            for column, share in (
                ("direction", 0.2),
                ("roam", 0.2),
                ("zone", 0.25),
                ("net", 0.3),
                ("rating_group", 0.08),
            ):
                if self.often(share):
                    match[column] = self.some(VALUES[column], 3)
            if self.often(0.2):
                match["dest"] = self.some(DESTINATIONS, 2)
            if self.often(bands):
                match["band"] = self.some(self.band_names, 2)
        return match

    def random_matches(self, unit, general):
        """The cells of a family of rules: one rule, or one for each part of a partition."""
        match = self.random_match(unit, general, bands=0)
        if not self.often(0.35):
            return [match]
        bands = list(self.pick(self.partitions))
        self.rng.shuffle(bands)
        cut = self.rng.randint(1, len(bands))
        cells = [bands[:cut], bands[cut:]] if self.often(0.3) else [[band] for band in bands]
        return [dict(match, band=cell) for cell in cells if cell]

    def tie(self, a, b):
        """Whether two rules might be of equal right; unlike partitions count as overlapping."""
        (one, first), (two, second) = a, b
        if first != second or len(one) != len(two) or ("dest" in one) != ("dest" in two):
            return False
        return all(self.cells_meet(column, one.get(column), two.get(column)) for column in MATCH)

    def cells_meet(self, column, a, b):
        if a is None or b is None or (column == "net" and "group_tree" in a + b):
            return True
        if column == "dest":
            a, b = ([prefix for name in cell for prefix in DESTINATIONS[name]] for cell in (a, b))
        if column == "direction":
            a, b = (cell + ["mo"] * ("cf" in cell) + ["cf"] * ("mo" in cell) for cell in (a, b))
        if column == "band":
            return any(x == y or not self.apart(x, y) for x in a for y in b)
        return bool(set(a) & set(b))

    def apart(self, x, y):
        return any(x in partition and y in partition for partition in self.partitions)

    def family_rows(self, shared, matches, priority):
        rows, denominator = [], self.denominator
        for match in matches:
            cells = {column: ";".join(values) for column, values in match.items()}
            counter = "cycle" if self.often(0.25) else ""
            fee = self.money(1) if self.often(0.3) else ""
            starts = [0] + self.slot_starts(shared["unit"], counter)
            for number, start in enumerate(starts):
                per, increment = self.per_and_increment(shared["unit"])
                price = self.price()
                row = dict(
                    cells, priority=priority, price=price, per=per[0], increment=increment[0]
                )
                row.update({key: value for key, value in shared.items() if key != "unit"})
                row["from"] = self.shown(start, shared["unit"]) if start else self.pick(("", "0"))
                if number:
                    row["digits"], row["rounding"] = (
                        row[key] if self.often(0.5) else "" for key in ("digits", "rounding")
                    )
                    row["counter"] = self.pick((counter, ""))
                else:
                    row.update(counter=counter, connect_fee=fee)
                micro = Fraction(price) * 10**6 * (increment[1] or per[1]) / per[1]
                denominator = math.lcm(denominator, micro.denominator)
                rows.append(row)
        return rows, denominator

    def shown(self, number, unit):
        if unit == "s" and number % 60 == 0 and self.often(0.7):
            return f"{number // 60}min"
        if unit == "B" and number % 1024 == 0 and self.often(0.7):
            return f"{number // 1024}KB"
        return f"{number}{unit}"

    def slot_starts(self, unit, counter):
        if not self.often(0.6 if counter else 0.25):
            return []
        steps = {"s": (60, 90, 180, 600), "B": (2**20, 5 * 2**20, 300 * 1024), "": (2, 5, 10)}[unit]
        scale = self.pick((1, 5, 10)) if counter else 1
        return sorted({step * scale for step in self.rng.sample(steps, self.rng.randint(1, 2))})

    def per_and_increment(self, unit):
        pers = {
            "s": (("1min", 60), ("min", 60), ("6s", 6), ("1s", 1), ("1h", 3600), ("30s", 30)),
            "B": (
                ("1MB", 2**20),
                ("1KB", 1024),
                ("0.5MB", 2**19),
                ("1GB", 2**30),
                ("100KB", 102400),
            ),
            "": (("", 1), ("1", 1), ("1", 1), ("10", 10)),
        }[unit]
        increments = {
            "s": (("6s", 6), ("1min", 60), ("90s", 90), ("1s", 1), ("3min", 180)),
            "B": (("256KB", 2**18), ("1MB", 2**20), ("100KB", 102400), ("1.5MB", 3 * 2**19)),
            "": (("1", 1), ("2", 2), ("7", 7)),
        }[unit]
        if unit == "B" and self.small:
            increments += (("1KB", 1024), ("1KB", 1024), ("1000B", 1000))
        per, increment = self.pick(pers), self.pick(increments)
        if self.often(0.5) and not (unit == "B" and per[1] == 1024):
            increment = ("", 0)
        return per, increment

    def money(self, most):
        digits = self.pick((0, 1, 2, 2, 3, 4, 6))
        return (
            f"{Fraction(self.rng.randint(0, most * 10**digits), 10**digits).__float__():.{digits}f}"
        )

    def price(self):
        if self.often(0.08):
            return "0"
        if self.often(0.12):
            return self.pick(("1/3", "2/7", "5/12", "1/9", "22/13", "3/97"))
        return self.money(1)

    # Allowances, discounts, payers

    def make_allowances(self, plan):
        group = self.plans[plan] in ("group", "family")
        for name in (
            self.some(("minutes", "Minutes", "free", "流量"), 3) if self.often(0.75) else ()
        ):
            unit = self.pick(("s", "s", "B", "item"))
            per = {"s": 60, "B": 2**20, "item": 1}[unit]
            most = {"s": 60, "B": 30, "item": 25}[unit]
            row = {
                "plan": plan,
                "allowance": name,
                "unit": unit,
                "amount": self.amount(unit, self.rng.randint(0, most) * per),
            }
            if group and self.often(0.6):
                row["scope"] = "pool"
                row["amount"] = self.amount(unit, self.rng.randint(1, 3 * most) * per)
                if self.often(0.6):
                    row["member_cap"] = self.amount(unit, self.rng.randint(1, most) * per)
            elif self.often(0.3):
                row["scope"] = "own"
            if self.often(0.5):
                row["priority"] = self.rng.randint(0, 3)
            row["rollover"] = self.pick(("", "0", "1", "1"))
            row["proration"] = self.pick(("", "none", "by_day"))
            match = self.random_match("" if unit == "item" else unit, self.often(0.4))
            row.update({column: ";".join(values) for column, values in match.items()})
            self.row("allowances", **row)

    def amount(self, unit, number):
        if unit == "item":
            return str(number)
        return self.pick((str(number), self.shown(number, unit)))

    def make_discounts(self, plan):
        if not hasattr(self, "sets"):
            kinds = {
                1: ("percent", "free"),
                2: ("price_cap", "block_cap"),
                3: ("cap_day", "cap_month"),
            }
            runs = [1, 1, 2, 3]
            self.sets = {
                f"set{number}": (kinds[run], self.rng.randint(0, 4))
                for number, run in enumerate(runs)
            }
        for name in (
            self.some(("off", "Off", "cap", "day", "month", "优惠"), 5) if self.often(0.7) else ()
        ):
            kind = self.pick(
                (
                    "percent",
                    "percent",
                    "percent",
                    "free",
                    "price_cap",
                    "block_cap",
                    "block_cap",
                    "cap_day",
                    "cap_month",
                )
            )
            row = {
                "plan": plan,
                "discount": name,
                "stage": self.pick(("", "record")),
                "priority": self.rng.randint(0, 4) if self.often(0.6) else "",
            }
            if self.often(0.5):
                row["set"] = self.pick(list(self.sets))
                kinds, row["priority"] = self.sets[row["set"]]
                kind = self.pick(kinds)
            self.discount_cells(row, kind)
            self.row("discounts", **row)
        for number in range(5 if self.often(0.05) else 0):
            self.row(
                "discounts",
                plan=plan,
                discount=f"many{number}",
                kind="percent",
                value="5",
                item=self.pick(("", "base")),
                priority=number,
            )
        if self.often(0.1):
            self.row(
                "discounts", plan=plan, discount="bill", stage="bill", kind="percent", value="10"
            )

    def discount_cells(self, row, kind):
        row["kind"] = kind
        items = list(self.units)
        row["item"] = self.pick(items + ["base"]) if self.often(0.5) or kind == "block_cap" else ""
        if kind == "percent":
            row["value"] = self.pick(("10", "12.5", "33.33", "50", "0.01", "100", "0"))
        elif kind != "free":
            row["value"] = self.money(self.pick((1, 5, 30)))
        if kind == "block_cap":
            unit = self.units[row["item"]]
            row["threshold"] = self.pick(
                {"s": ("10min", "100s", "1h"), "B": ("1MB", "10MB", "300KB"), "": ("3", "10")}[unit]
            )
        match = self.random_match(self.pick(("s", "B", "")), False)
        if self.often(0.4):
            match = {}
        row.update({column: ";".join(values) for column, values in match.items()})

    def make_payers(self, plan):
        if self.plans[plan] not in ("group", "family"):
            return
        priority = 0
        for name in self.some(("boss", "Fund", "half"), 3) if self.often(0.6) else ():
            caps = {
                cap: self.money(self.pick((2, 20, 100)))
                for cap in ("member_cap", "group_cap")
                if self.often(0.5)
            }
            for _ in range(self.pick((1, 1, 2))):
                priority += self.rng.randint(0, 2) if _ == 0 else 1
                mode = self.pick(("full", "share", "share", "amount"))
                value = {
                    "full": "",
                    "share": self.pick(("50", "33.33", "100", "10.5")),
                    "amount": self.money(10),
                }[mode]
                match = self.random_match("s", self.often(0.5)) if self.often(0.5) else {}
                self.row(
                    "payers",
                    plan=plan,
                    payer=name,
                    mode=mode,
                    value=value,
                    priority=priority,
                    item=self.pick(("", "", "base", "msg", "ld")),
                    **caps,
                    **{column: ";".join(values) for column, values in match.items()},
                )

    def later_book(self):
        """The same book from a later day on: other prices, amounts and caps, some rows gone."""
        tables = {name: [dict(row) for row in rows] for name, rows in self.tables.items()}
        with_rational = {
            (row["plan"], row["item"]) for row in tables.get("rates", ()) if "/" in row["price"]
        }
        for row in tables.get("rates", ()):
            if (row["plan"], row["item"]) not in with_rational and self.often(0.6):
                row["price"] = f"{self.rng.randint(0, 200) / 100:.2f}"
        for name, columns in (
            ("allowances", ("amount", "rollover", "member_cap")),
            ("discounts", ("value",)),
            ("payers", ("group_cap",)),
        ):
            tables[name] = [row for row in tables.get(name, ()) if self.often(0.9)]
            for row in tables[name]:
                if "amount" in row and self.often(0.5):
                    row["amount"] = self.amount(
                        row["unit"],
                        {"s": 60, "B": 2**20, "item": 1}[row["unit"]] * self.rng.randint(0, 40),
                    )
                if columns == ("value",) and "value" in row and row["kind"] != "percent":
                    row["value"] = self.money(20)
                if "rollover" in columns and self.often(0.3):
                    row["rollover"] = self.pick(("0", "1"))
                if row.get("scope") == "pool" and self.often(0.4):
                    per, most = {"s": (60, 60), "B": (2**20, 30), "item": (1, 25)}[row["unit"]]
                    cap = self.amount(row["unit"], self.rng.randint(1, most) * per)
                    row["member_cap"] = self.pick(("", cap))
        settings = dict(
            self.settings,
            name=f"random-{self.seed}-later",
            valid_from=self.day(self.rng.randint(15, 40)),
        )
        return settings, tables
