"""What one whole usage costs: increments, allowances, discounts, payers (book.md §8-§12).

`Pricing.run` is the function F of §14.2. It reads the state through `view` and changes
nothing; what it adds to the state is in `Price.effects`, keyed as the state is. State keys:

    ("balance", subscription, allowance, member, cycle)   used of a balance (§10.1)
    ("taken", subscription, allowance, member, cycle)     what one member took from a pool (§10.7)
    ("counter", subscriber, rule, cycle)                  cycle counter of a rule (§8.7)
    ("block_counter", subscriber, plan, discount, cycle)  quantity of a block_cap (§11.7)
    ("block", subscriber, plan, discount, cycle, block)   money that a block took
    ("cap", subscriber, plan, discount, day or cycle)     money counted by cap_day, cap_month
    ("paid", plan, group, payer, member, cycle)           money paid for a member (§12.2)
    ("paid_all", plan, group, payer, cycle)               the same for all members
"""

from fractions import Fraction

from model_book import SERVICES_OF_UNIT, book_at, began, plan_rows
from model_tables import MICRO, by_name, deal, round_to

INT64_MAX = 2**63 - 1


class Suspended(Exception):
    """The usage is suspended with this reason."""


class NothingCounted(Exception):
    """All rules that match count what is 0 (§5.3 test 14)."""


class Increment:
    def __init__(self, offset, slot, used, rule, bands):
        self.offset, self.slot, self.size, self.used, self.rule = (
            offset,
            slot,
            slot.size,
            used,
            rule,
        )
        self.bands = bands
        self.waived = False


class Item:
    """One fee item of the usage: its increments, list, and what is charged so far."""

    def __init__(self, first, increments):
        self.first, self.increments, self.digits = first, increments, first.digits
        self.list = self.amount()

    def amount(self):
        """§8.10: the connect fee and the increments that are not waived, rounded once."""
        paid = [increment for increment in self.increments if not increment.waived]
        exact = sum((increment.slot.cost for increment in paid), self.first.fee if paid else 0)
        return round_to(Fraction(exact), self.first.digits, self.first.rounding)


class Price:
    def __init__(self, items):
        self.items = items  # {name: Item}, by name
        self.net = {}  # {name: micro-units}
        self.effects = {}  # what is added to the state
        self.lines = {}  # {(subscription, allowance name): used}, in order of first use
        self.accounts = {}  # {account: micro-units}, in order of the first payment
        self.capped = False


class Pricing:
    """One run of F. `given` holds, for a late usage, what pools and payers may give at most."""

    def __init__(self, party, quantities, books, view, given=None):
        self.party, self.book, self.books = party, party.book, books
        self.quantities, self.view, self.given = quantities, view, given
        self.start, self.cycle = party.start, party.book.cycle(party.start)
        self.day = party.book.zone.date(party.start)
        self.start_bands = self.book.bands_at(self.start)
        self.effects = {}
        self.chosen = {}

    def now(self, key):
        return self.view(key) + self.effects.get(key, 0)

    def add(self, key, value):
        self.effects[key] = self.effects.get(key, 0) + value

    def run(self):
        reason = self.party.look_up_plans()
        if reason:
            raise Suspended(reason)
        if self.party.unknown_prefix():
            raise Suspended("unknown_prefix")
        price = Price(self.cut_items())
        if sum(item.list for item in price.items.values()) > INT64_MAX:
            raise Suspended("overflow")
        self.walk_allowances(price)
        self.discount(price)
        self.pay(price)
        price.effects = self.effects
        return price

    # First rating (§8, §9)

    def rules(self, plan, item):
        return [
            rule
            for rule in self.book.rules.get(plan, ())
            if rule.item == item and self.party.usage.service in SERVICES_OF_UNIT[rule.unit]
        ]

    def cut_items(self):
        priced = {}
        for plan in [self.party.base] + self.party.group_plans:
            for rule in self.book.rules.get(plan, ()):
                if self.party.usage.service in SERVICES_OF_UNIT[rule.unit] and (
                    self.party.matches(rule.match, None)
                ):
                    priced[rule.item] = rule.unit
        if not priced:
            raise Suspended("no_rate")
        items = {}
        for name in sorted(priced, key=by_name):
            if self.quantities[priced[name]]:
                items[name] = self.cut(name, priced[name], self.quantities[priced[name]])
        if not items:
            raise NothingCounted()
        return items

    def best_of_plan(self, plan, item, bands):
        """§8.3: higher priority, then more columns, then the longer destination prefix."""
        fit = [rule for rule in self.rules(plan, item) if self.party.matches(rule.match, bands)]
        ranks = [
            (rule.priority, len(rule.match), self.party.dest_length(rule.match)) for rule in fit
        ]
        assert not ranks or ranks.count(max(ranks)) == 1, "a tie in a checked book"
        return fit[ranks.index(max(ranks))] if fit else None

    def choose(self, item, bands):
        """§9.1: the best offer of the group and family plans, else the base plan's rule."""
        if (item, bands) not in self.chosen:
            offers = [self.best_of_plan(plan, item, bands) for plan in self.party.group_plans]
            offers = [rule for rule in offers if rule]
            best = (
                min(offers, key=lambda rule: (-rule.priority, by_name(rule.plan)))
                if offers
                else self.best_of_plan(self.party.base, item, bands)
            )
            assert best, "a gap in a checked book"
            self.chosen[item, bands] = best
        return self.chosen[item, bands]

    def bands_of(self, unit, offset):
        """§4.6: only what is counted in time moves along the bands."""
        return self.book.bands_at(self.start + offset) if unit == "s" else self.start_bands

    def pieces(self, item, unit, total, first):
        """(begin, end, the piece's rule or None to choose at each increment) (§8.6)."""
        if first.band_mode == "call_start":
            return [(0, total, first)]
        if first.band_mode == "unit_start" or unit != "s":
            return [(0, total, None)]
        pieces, begin, rule, at = [], 0, first, 0
        while at < total:
            at = min(total, self.book.bands_may_change_after(self.start + at) - self.start)
            after = self.choose(item, self.bands_of(unit, at)) if at < total else None
            if after is not rule:
                pieces.append((begin, at, rule))
                begin, rule = at, after
        return pieces

    def cut(self, name, unit, total):
        """The increments of one item (§8.5), each with its rule and slot."""
        first, increments = self.choose(name, self.start_bands), []
        for begin, end, of_piece in self.pieces(name, unit, total, first):
            offset = begin
            while offset < end:
                bands = self.bands_of(unit, offset)
                rule = of_piece or self.choose(name, bands)
                counter = ("counter", self.party.subscriber, rule.key, self.cycle)
                slot = rule.slot_at(self.now(counter) if rule.counter else offset)
                used = min(slot.size, end - offset)
                if rule.counter:
                    self.add(counter, used)
                if first.band_mode == "call_start":
                    bands = self.start_bands
                increments.append(Increment(offset, slot, used, rule, bands))
                offset += slot.size
        return Item(first, increments)

    # Allowances (§10)

    def walk_allowances(self, price):
        walked = price.items.get("base") or next(iter(price.items.values()))
        free = all(
            increment.slot.price == 0
            for item in price.items.values()
            for increment in item.increments
        )
        if free and not any(item.first.fee for item in price.items.values()):
            return
        unit = walked.first.unit
        parts, alike = self.parts(unit), {}
        for item in price.items.values():
            for increment in item.increments if item.first.unit == unit else ():
                alike.setdefault((increment.offset, increment.size), []).append(increment)
        for increment in walked.increments if parts else ():
            part = next((part for part in parts if part.gives(increment, self)), None)
            if part:
                part.take(increment.size, self, price)
                for waived in alike[increment.offset, increment.size]:
                    waived.waived = True

    def parts(self, unit):
        parts = []
        for sub in self.party.subscriptions:
            for allowance in self.book.allowances.get(sub.plan, ()):
                if allowance.unit == unit:
                    parts += parts_of(self, sub, allowance)
        return sorted(parts, key=lambda part: part.rank)

    # Discounts and caps (§11)

    def on(self, price, row):
        """The names of the record's items that a discount or payer is on."""
        return [name for name in price.items if row.item in ("", name)]

    def discount(self, price):
        price.net = {name: item.amount() for name, item in price.items.items()}
        rows = [
            row
            for row in plan_rows(self.book.discounts, self.party.plans)
            if self.party.matches(row.match, self.start_bands) and self.on(price, row)
        ]
        self.check_percents(price, rows)
        for run in (1, 2, 3):
            sets = {}
            for row in rows:
                if row.run == run:
                    sets.setdefault(row.set, []).append(row)
            order = sorted(
                sets, key=lambda key: (sets[key][0].priority, by_name(key[0]), by_name(key[1]))
            )
            for key in order:
                self.take_best(price, sets[key])
            if run == 1:
                price.net = {
                    name: round_to(Fraction(value), price.items[name].digits, "half_up")
                    for name, value in price.net.items()
                }
        for row in rows:
            if row.run == 3:
                self.add(self.cap_key(row), sum(price.net[name] for name in self.on(price, row)))

    def check_percents(self, price, rows):
        for name in price.items:
            if len({row.set for row in rows if row.run == 1 and row.item in ("", name)}) > 4:
                raise Suspended("too_many_discounts")

    def take_best(self, price, rows):
        """§11.3: of a set the one that leaves the least sum, ties by name, then plan."""
        tried = []
        for row in rows:
            net, effects = self.apply(price, row)
            tried.append(
                (sum(net.values()), by_name(row.name), by_name(row.plan), row, net, effects)
            )
        _, _, _, row, net, effects = min(tried, key=lambda entry: entry[:3])
        price.capped |= row.run == 3 and net != price.net
        price.net = net
        for key, value in effects.items():
            self.add(key, value)

    def apply(self, price, row):
        """The amounts after one discount, and what it adds to the state when it is taken."""
        names = self.on(price, row)
        if row.kind == "block_cap":
            return self.block_cap(price, row)
        if row.run == 1:
            factor = 0 if row.kind == "free" else 1 - Fraction(row.value, 100 * MICRO)
            return {
                name: value * factor if name in names else value
                for name, value in price.net.items()
            }, {}
        bound = row.value if row.kind == "price_cap" else row.value - self.view(self.cap_key(row))
        return self.cap(price, names, max(bound, 0), row.item == ""), {}

    def cap(self, price, names, bound, several):
        """§11.5: cuts the sum of the items and deals what is left in proportion."""
        before = [price.net[name] for name in names]
        if sum(before) <= bound:
            return price.net
        if several:
            digits = max(
                [self.book.rounding_digits, decimals(bound)]
                + [price.items[name].digits for name in names]
            )
            after = deal(bound, before, Fraction(MICRO, 10**digits))
        else:
            after = [bound]
        return price.net | dict(zip(names, after))

    def cap_key(self, row):
        when = self.day if row.kind == "cap_day" else self.cycle
        return ("cap", self.party.subscriber, row.plan, row.name, when)

    def block_cap(self, price, row):
        """§11.7."""
        item, own = price.items[row.item], (self.party.subscriber, row.plan, row.name, self.cycle)
        paid = [increment for increment in item.increments if not increment.waived]
        counter = ("block_counter",) + own
        if not paid:
            return price.net, {counter: 0}
        position, belongs = self.now(counter), {}
        for increment in paid:
            block = position // row.threshold
            fee = item.first.fee if increment is paid[0] else 0
            belongs[block] = belongs.get(block, 0) + increment.slot.cost + fee
            position += increment.used
        effects = {counter: position - self.now(counter)}
        enters, whole, before, cumulated, amount = (
            price.net[row.item],
            sum(belongs.values()),
            0,
            0,
            0,
        )
        for block in sorted(belongs):
            cumulated += belongs[block]
            upto = enters
            if block != max(belongs) and whole:
                upto = round_to(Fraction(enters) * cumulated / whole, item.digits, "half_up")
            share, before = upto - before, upto
            key = ("block",) + own + (block,)
            takes = max(min(share, row.value - self.now(key)), 0)
            effects[key] = takes
            amount += takes
        return price.net | {row.item: amount}, effects

    # Payers (§12)

    def pay(self, price):
        left = dict(price.net)
        own = self.party.account
        for row, group, account in self.payer_rows(price):
            take = self.payer_takes(row, group, sum(left[name] for name in self.on(price, row)))
            if take:
                names = self.on(price, row)
                for name, part in zip(names, deal(take, [left[name] for name in names])):
                    left[name] -= part
                self.add(
                    ("paid", row.plan, group, row.name, self.party.subscriber, self.cycle), take
                )
                self.add(("paid_all", row.plan, group, row.name, self.cycle), take)
                price.accounts[account] = price.accounts.get(account, 0) + take
        rest = price.accounts.pop(own, 0) + sum(left.values())
        if rest:
            price.accounts[own] = rest

    def payer_rows(self, price):
        rows = []
        for sub in self.party.subscriptions:
            for row in self.book.payers.get(sub.plan, ()) if sub.kind == "group" else ():
                if self.party.matches(row.match, self.start_bands) and self.on(price, row):
                    account = self.party.customers.group[sub.owner].row["account"]
                    rows.append((row, sub.owner, account))
        return sorted(
            rows,
            key=lambda entry: (
                entry[0].priority,
                by_name(entry[0].plan),
                by_name(entry[0].name),
                by_name(entry[1]),
            ),
        )

    def payer_takes(self, row, group, left):
        member = ("paid", row.plan, group, row.name, self.party.subscriber, self.cycle)
        everybody = ("paid_all", row.plan, group, row.name, self.cycle)
        if row.mode == "full":
            want = left
        elif row.mode == "share":
            want = round_to(
                Fraction(left) * row.value / (100 * MICRO), self.book.rounding_digits, "half_up"
            )
        else:
            want = row.value - self.now(member)
        bounds = [left, want]
        if row.member_cap is not None:
            bounds.append(row.member_cap - self.now(member))
        if row.group_cap is not None:
            bounds.append(row.group_cap - self.now(everybody))
        if self.given is not None:
            bounds.append(self.given(member) - self.effects.get(member, 0))
        return max(min(bounds), 0)


def decimals(value):
    """How many decimals of the currency an amount in micro-units has."""
    return next(digits for digits in range(7) if value % Fraction(MICRO, 10**digits) == 0)


class Part:
    """The base part or the rolled part of an allowance (§10.4)."""

    def __init__(self, pricing, sub, allowance, rolled):
        book, cycle = pricing.book, pricing.cycle
        self.sub, self.allowance = sub, allowance
        self.of = book.cycle_before(cycle) if rolled else cycle
        subscriber = pricing.party.subscriber
        self.key = (
            "balance",
            sub.line,
            allowance.name,
            "" if allowance.pool else subscriber,
            self.of,
        )
        self.taken = ("taken", sub.line, allowance.name, subscriber, cycle)
        self.grant = grant(pricing.books, book, pricing.party, sub, allowance.name, self.of)
        ends = [book.zone.midnight(book.cycle_after(cycle)), sub.end, book.plans[sub.plan].end]
        self.rank = (
            not rolled,
            allowance.priority,
            min(end for end in ends if end is not None),
            allowance.pool,
            by_name(allowance.name),
            by_name(sub.plan),
            by_name(sub.row["owner"]),
        )

    def gives(self, increment, pricing):
        """Whether this part matches an increment and has it whole (§10.6, §10.7, §13.4)."""
        if not pricing.party.matches(self.allowance.match, increment.bands):
            return False
        has = [self.grant.amount - pricing.now(self.key)]
        if self.allowance.pool and pricing.given is not None:
            has.append(pricing.given(self.key) - pricing.effects.get(self.key, 0))
        if self.allowance.member_cap is not None:
            has.append(self.allowance.member_cap - pricing.now(self.taken))
        return min(has) >= increment.size

    def take(self, size, pricing, price):
        pricing.add(self.key, size)
        pricing.add(self.taken, size)
        line = (self.sub, self.allowance, pricing.party, pricing.cycle)
        price.lines.setdefault(line_key(line), [0, line])[0] += size


def line_key(line):
    """A line of the output: one allowance of one subscription in one cycle (§17.2)."""
    sub, allowance, _, cycle = line
    return (sub.line, allowance.name, cycle)


def parts_of(pricing, sub, allowance):
    """The base part and, where the former cycle's grant rolls over, the rolled part."""
    base, rolled = (Part(pricing, sub, allowance, flag) for flag in (False, True))
    begin = pricing.book.zone.midnight(pricing.cycle)
    before = sub.start is None or sub.start < begin
    return [rolled, base] if rolled.grant.rolls and before else [base]


class Grant:
    def __init__(self, amount, rolls):
        self.amount, self.rolls = amount, rolls


def grant(books, book, party, sub, name, cycle):
    """§10.2, §10.3: what a subscription grants of an allowance in a cycle."""
    zone = book.zone
    after = book.cycle_after(cycle)
    begin, end = zone.midnight(cycle), zone.midnight(after)
    if (sub.start is not None and sub.start >= end) or (sub.end is not None and sub.end <= begin):
        return Grant(0, False)
    instant = max(begin, begin if sub.start is None else sub.start)
    row = _row_at(books, instant, sub.plan, name)
    # Whether an allowance is own or pool is said by the record's book.
    now = _find(book, sub.plan, name)
    if sub.kind == "group" and not now.pool:
        first = party.customers.first_membership(party.subscriber, sub.owner, begin, end)
        if first is None:
            return Grant(0, False)
        instant = max(instant, first)
        row = _row_at(books, instant, sub.plan, name)
    if not row:
        return Grant(0, False)
    date, days = zone.date(instant), (after - cycle).days
    if not row.by_day or date == cycle:
        return Grant(row.amount, row.rollover)
    step = {"": 1, "s": 60, "B": 1024**2}[row.unit]
    exact = Fraction(row.amount * (after - date).days, days * step)
    return Grant(-(-exact.numerator // exact.denominator) * step, row.rollover)


def _find(book, plan, name):
    return next((row for row in book.allowances.get(plan, ()) if row.name == name), None)


def _row_at(books, instant, plan, name):
    """The allowance in the book in force at an instant, of the first book if none was."""
    return _find(book_at(books, instant) or min(books, key=began), plan, name)


def left_of(line, books, state):
    """What base and rolled part of a line have left together; nothing where a book that came later
    grants less than was used."""
    sub, allowance, party, cycle = line
    pricing = Pricing(party, {}, books, state)
    assert pricing.cycle == cycle
    parts = parts_of(pricing, sub, allowance)
    return sum(max(0, part.grant.amount - state(part.key)) for part in parts)
