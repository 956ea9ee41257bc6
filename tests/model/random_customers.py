"""Random customer files, with some rows that must be refused (book.md §3, §18.6)."""

from random_chance import Chance


class CustomerMaker(Chance):
    """Fills the customer files for the plans of a book."""

    def make_customers(self):
        self.customers = {}
        self.numbers = [
            f"{self.country}1380{self.pick('0012')}{number:06d}" for number in range(1, 15)
        ]
        for number in range(1, 15):
            self.add("accounts", account=f"A{number}", name=f"one {number}", kind="postpaid")
        for name in ("GA1", "GA2", "FA1"):
            self.add("accounts", account=name, name=name, kind="postpaid")
        self.make_subscribers()
        for group, kind, parent, account in (
            ("G2", "enterprise", "G1", "GA2"),
            ("G1", "enterprise", "", "GA1"),
            ("G3", "enterprise", "G1", "GA1"),
            ("g4", "enterprise", "G2", "A1"),
            ("H1", "enterprise", "", "GA2"),
            ("H2", "enterprise", "H1", ""),
            ("F1", "family", "", "FA1"),
            ("F2", "family", "", "A3"),
            ("家", "family", "", "FA1"),
        ):
            dates = self.dates(0.15)
            self.add(
                "groups",
                group=group,
                kind=kind,
                parent=parent,
                name=self.pick((group, group, 'the "best", one', "two\nlines")),
                account=account,
                **dates,
            )
        self.groups = ["G1", "G2", "G3", "g4", "H1", "H2"]
        self.families = ["F1", "F2", "家"]
        if self.often(0.3):
            self.add("groups", group="X1", kind="enterprise", parent=self.pick(("X2", "F1", "G9")))
            self.add("groups", group="X2", kind="enterprise", parent="X1")
            self.add("groups", group="G1", kind="enterprise", account="GA1")
        self.make_members()
        self.make_subscriptions()

    def add(self, file, **cells):
        self.customers.setdefault(file, []).append(
            {key: cell for key, cell in cells.items() if cell != ""}
        )

    def when(self):
        """A time in a table: a day, a local time or one with offset."""
        day = self.day(self.rng.randint(0, self.days))
        clock = f"T{self.rng.randint(0, 23):02d}:{self.rng.choice((0, 30, 59)):02d}:00"
        return self.pick(
            (day, day, day + clock, day + clock + self.pick(("Z", "+08:00", "-05:30")))
        )

    def dates(self, share):
        """The from and to of a row: mostly open, else within the usage's days."""
        if not self.often(share):
            return self.pick(
                ({}, {"from": "2020-01-01"}, {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01"})
            )
        times = sorted((self.when(), self.when()))
        return self.pick(
            (
                {"from": times[0]},
                {"to": times[1]},
                {"from": times[0], "to": times[1]},
                {"from": times[0], "to": times[1]},
            )
        )

    def make_subscribers(self):
        self.subscribers = [f"S{number}" for number in range(1, 13)]
        for number, name in enumerate(self.subscribers):
            area = self.pick(("755", "755", "10", "20", "", "898", "777"))
            row = {
                "subscriber": name,
                "number": self.numbers[number],
                "account": f"A{number + 1}",
                "home_area": area,
            }
            if not self.often(0.15):
                self.add("subscribers", **row, **{"from": "2020-01-01"})
                continue
            day = self.when()
            self.add("subscribers", **row, to=day)
            row.update(
                {
                    "account": self.pick(("A13", f"A{number + 1}")),
                    "number": self.pick((self.numbers[12], self.numbers[13], row["number"])),
                }
            )
            self.add("subscribers", **row, **{"from": day})
        if self.often(0.4):
            self.add("subscribers", subscriber="S13", number=self.pick(self.numbers), account="A14")
            self.add("subscribers", subscriber="S14", number="12x", account="A14")
            self.add("subscribers", subscriber="S15", number="8613899999999", account="A99")

    def make_members(self):
        short = 600
        for name in self.subscribers:
            homes = []
            if self.often(0.7):
                tree = self.pick((["G1", "G2", "G3", "g4"], ["G1", "G2", "G3", "g4"], ["H1", "H2"]))
                homes += self.some(tree, 2)
            if self.often(0.5):
                homes.append(self.pick(self.families))
            for group in homes:
                short += 1
                number = self.pick((str(short), str(short), "", "661", "10086"[:3]))
                first = self.dates(0.4)
                self.add("members", group=group, subscriber=name, short_number=number, **first)
                if "to" in first and first["to"] < "2030" and self.often(0.6):
                    other = self.pick([group] + self.groups)
                    self.add(
                        "members",
                        group=other,
                        subscriber=name,
                        short_number=number,
                        **{"from": first["to"] if self.often(0.5) else self.day(50)},
                    )
        if self.often(0.3):
            self.add("members", group="G7", subscriber="S1")
            self.add("members", group="G1", subscriber="S99")

    def make_subscriptions(self):
        kinds = {
            kind: [plan for plan in self.plans if self.plans[plan] == kind]
            for kind in ("base", "add_on", "group", "family")
        }
        for name in self.subscribers:
            owner, plan = "subscriber:" + name, self.pick(kinds["base"])
            if self.often(0.25):
                day = self.when()
                self.add("subscriptions", owner=owner, plan=plan, to=day)
                later = self.when() if self.often(0.2) else day
                self.add(
                    "subscriptions", owner=owner, plan=self.pick(kinds["base"]), **{"from": later}
                )
            else:
                self.add("subscriptions", owner=owner, plan=plan, **self.dates(0.08))
            for plan in kinds["add_on"]:
                if self.often(0.5):
                    self.add("subscriptions", owner=owner, plan=plan, **self.dates(0.4))
        for group in self.groups + self.families:
            for plan in kinds["family" if group in self.families else "group"]:
                if self.often(0.5):
                    self.add("subscriptions", owner="group:" + group, plan=plan, **self.dates(0.35))
        if self.often(0.3):
            self.add("subscriptions", owner="group:G1", plan=self.pick(kinds["base"]))
            self.add("subscriptions", owner="subscriber:S1", plan="nothing")
            self.add("subscriptions", owner="subscriber:S77", plan=self.pick(kinds["base"]))
