"""Customer files: what stands, what is refused, and what held at an instant (book.md §3, §18.6)."""

import re

from model_tables import by_name, holds, meet, read_table

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}|[^\W\d_]+")
FILES = ("accounts", "subscribers", "groups", "members", "subscriptions")


class Record:
    """A row of a customer file with its interval."""

    def __init__(self, file, row, zone):
        self.file, self.line, self.row = file, row["#line"], row
        self.start = zone.table_time(row["from"])
        self.end = zone.table_time(row["to"])

    def at(self, instant):
        return holds(self.start, self.end, instant)


class Customers:
    def __init__(self, folder, books):
        self.zone, self.books = books[0].zone, books
        self.refused = []
        for file in FILES:
            setattr(self, file, [])
            rows = [self.record(file, row) for row in read_table(folder, file + ".csv")]
            getattr(self, "add_" + file)([row for row in rows if row])
        self.refused.sort(key=lambda place: (FILES.index(place[0][:-4]), place[1]))
        self.index()

    def refuse(self, record):
        self.refused.append((record.file + ".csv", record.line))

    def record(self, file, row):
        """The row as a Record, or None when it is refused for a cell of its own."""
        try:
            record = Record(file, row, self.zone)
        except ValueError:
            self.refused.append((file + ".csv", row["#line"]))
            return None
        empty = record.start is not None and record.end is not None and record.start >= record.end
        names = {
            "accounts": ["account"],
            "subscribers": ["subscriber", "account"],
            "groups": ["group"],
            "members": ["group", "subscriber"],
            "subscriptions": ["plan"],
        }[file]
        if (
            empty
            or not all(NAME.fullmatch(row[name]) for name in names)
            or (file == "subscribers" and not re.fullmatch("[0-9]+", row["number"]))
        ):
            self.refuse(record)
            return None
        return record

    def keep(self, record, wrong):
        if wrong:
            self.refuse(record)
        else:
            getattr(self, record.file).append(record)

    def add_accounts(self, records):
        for record in records:
            self.keep(record, False)
        self.account_names = {record.row["account"] for record in self.accounts}

    def add_subscribers(self, records):
        for record in records:
            row = record.row
            taken = any(
                meet(record, other)
                and (
                    row["number"] == other.row["number"]
                    or row["subscriber"] == other.row["subscriber"]
                )
                for other in self.subscribers
            )
            self.keep(record, row["account"] not in self.account_names or taken)
        self.subscriber_names = {record.row["subscriber"] for record in self.subscribers}

    def add_groups(self, records):
        """A refused group is not there for its children, so the rows are tried until none falls."""
        standing = list(records)
        while True:
            by_group = {}
            for record in standing:
                by_group.setdefault(record.row["group"], record)
            fallen = [record for record in standing if self.group_falls(record, by_group)]
            if not fallen:
                break
            standing = [record for record in standing if record not in fallen]
        self.group = by_group
        for record in records:
            self.keep(record, by_group.get(record.row["group"]) is not record)

    def group_falls(self, record, by_group):
        row = record.row
        if row["account"] and row["account"] not in self.account_names:
            return True
        if not row["parent"]:
            return False
        parent = by_group.get(row["parent"])
        if row["kind"] == "family" or not parent or parent.row["kind"] != "enterprise":
            return True
        seen = {row["group"]}
        while parent and parent.row["group"] not in seen:
            seen.add(parent.row["group"])
            parent = by_group.get(parent.row["parent"])
        return bool(parent) and parent.row["group"] == row["group"]

    def root(self, group):
        while self.group[group].row["parent"]:
            group = self.group[group].row["parent"]
        return group

    def is_family(self, group):
        return self.group[group].row["kind"] == "family"

    def add_members(self, records):
        for record in records:
            row = record.row
            there = row["group"] in self.group and row["subscriber"] in self.subscriber_names
            self.keep(
                record,
                not there or any(self.members_clash(record, other) for other in self.members),
            )

    def members_clash(self, record, other):
        if not meet(record, other):
            return False
        row, old = record.row, other.row
        same_kind = self.is_family(row["group"]) == self.is_family(old["group"])
        one_tree = self.root(row["group"]) == self.root(old["group"])
        if row["subscriber"] == old["subscriber"]:
            return row["group"] == old["group"] or (same_kind and not one_tree)
        return one_tree and row["short_number"] != "" and row["short_number"] == old["short_number"]

    def add_subscriptions(self, records):
        for record in records:
            record.kind, _, record.owner = record.row["owner"].partition(":")
            record.plan = record.row["plan"]
            self.keep(record, self.subscription_falls(record))

    def subscription_falls(self, record):
        there = {"subscriber": self.subscriber_names, "group": self.group}.get(record.kind, ())
        kinds = {book.plans[record.plan].kind for book in self.books if record.plan in book.plans}
        if record.owner not in there or not kinds:
            return True
        fit = {"base", "add_on"}
        if record.kind == "group":
            fit = {"family"} if self.is_family(record.owner) else {"group"}
        if not kinds <= fit or any(
            other.row["owner"] == record.row["owner"]
            and other.plan == record.plan
            and meet(record, other)
            for other in self.subscriptions
        ):
            return True
        payer = any(book.payers.get(record.plan) for book in self.books)
        pool = any(row.pool for book in self.books for row in book.allowances.get(record.plan, []))
        if payer and not self.group[record.owner].row["account"]:
            return True
        return (payer or pool) and self.spans_domains(record)

    def spans_domains(self, record):
        """Whether at some instant of the subscription the group's members have several domains.

        In an enterprise tree they share its root. In a family they share it or one tree (§13.2)."""
        if not self.is_family(record.owner):
            return False
        edges = {record.start} | {edge for row in self.members for edge in (row.start, row.end)}
        edges = {edge for edge in edges if edge is not None}
        edges.add(min(edges | {record.end or 0}) - 1)
        return any(
            len(self.family_domains(record.owner, edge)) > 1 for edge in edges if record.at(edge)
        )

    def family_domains(self, family, instant):
        domains = set()
        for row in self.members:
            if row.row["group"] == family and row.at(instant):
                trees = [
                    self.root(other.row["group"])
                    for other in self.members
                    if other.row["subscriber"] == row.row["subscriber"]
                    and other.at(instant)
                    and not self.is_family(other.row["group"])
                ]
                domains.add(trees[0] if trees else family)
        return domains

    # What held at an instant

    def index(self):
        self.by_number, self.by_subscriber, self.groups_of, self.by_owner = {}, {}, {}, {}
        for record in self.subscribers:
            self.by_number.setdefault(record.row["number"], []).append(record)
            self.by_subscriber.setdefault(record.row["subscriber"], []).append(record)
        for record in self.members:
            self.groups_of.setdefault(record.row["subscriber"], []).append(record)
        for record in self.subscriptions:
            self.by_owner.setdefault(record.row["owner"], []).append(record)

    def with_number(self, number, instant):
        """The subscriber row that has a number at an instant, or None."""
        rows = [row for row in self.by_number.get(number, []) if row.at(instant)]
        return rows[0].row if rows else None

    def number_of(self, subscriber, instant):
        rows = [row for row in self.by_subscriber[subscriber] if row.at(instant)]
        return rows[0].row["number"] if rows else None

    def memberships(self, subscriber, instant):
        """Rows of members that count (§3.3): within the row's own and the group's dates."""
        return [
            row
            for row in self.groups_of.get(subscriber, [])
            if row.at(instant) and self.group[row.row["group"]].at(instant)
        ]

    def direct_groups(self, subscriber, instant, family):
        names = {row.row["group"] for row in self.memberships(subscriber, instant)}
        return sorted((name for name in names if self.is_family(name) == family), key=by_name)

    def trees(self, subscriber, instant):
        return {self.root(group) for group in self.direct_groups(subscriber, instant, False)}

    def domain(self, subscriber, account, instant):
        """§13.1: the root of the enterprise tree, else the family, else the account."""
        groups = sorted(self.trees(subscriber, instant)) or self.direct_groups(
            subscriber, instant, True
        )
        return "group:" + groups[0] if groups else "account:" + account

    def short_number(self, subscriber, digits, instant):
        """The number of the member with this short number (§6.1, §6.2), or None."""
        for family in (False, True):
            for group in self.direct_groups(subscriber, instant, family):
                if not self.group[group].at(instant):
                    continue
                for row in self.members:
                    if (
                        row.row["group"] == group
                        and row.at(instant)
                        and (row.row["short_number"] == digits)
                    ):
                        return self.number_of(row.row["subscriber"], instant)
        return None

    def and_above(self, group):
        chain = [group]
        while self.group[chain[-1]].row["parent"]:
            chain.append(self.group[chain[-1]].row["parent"])
        return chain

    def active_subscriptions(self, subscriber, instant):
        """Subscriptions that reach a subscriber (§7.2), before the validity of their plans."""
        owners = ["subscriber:" + subscriber]
        for family in (False, True):
            for group in self.direct_groups(subscriber, instant, family):
                for above in self.and_above(group):
                    if self.group[above].at(instant) and "group:" + above not in owners:
                        owners.append("group:" + above)
        return [row for owner in owners for row in self.by_owner.get(owner, []) if row.at(instant)]

    def first_membership(self, subscriber, group, begin, end):
        """The first instant of [begin, end) at which one is in a group or below it, or None."""
        firsts = []
        for row in self.groups_of.get(subscriber, []):
            own = self.group[row.row["group"]]
            if group in self.and_above(row.row["group"]):
                first = max([begin] + [x for x in (row.start, own.start) if x is not None])
                if first < min([end] + [x for x in (row.end, own.end) if x is not None]):
                    firsts.append(first)
        return min(firsts) if firsts else None
