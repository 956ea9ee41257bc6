"""Rates usage records one after the other (book.md §5.3, §13-§15, §17)."""

from model_book import book_at, began
from model_price import INT64_MAX, NothingCounted, Price, Pricing, Suspended, left_of
from model_tables import by_name
from model_usage import FIELDS, Party, Usage, normalise

KEYS = {
    "voice": ("service", "direction", "served", "other", "start", "node", "seq"),
    "data": ("service", "node", "session", "seq", "rating_group"),
}
KEY_OF_MESSAGE = ("service", "served", "other", "start", "node", "id")
COUNTERS = ("counter", "block_counter")


class Chain:
    """The partials of one usage so far (§14)."""

    def __init__(self):
        self.lead, self.lead_rank, self.come = None, None, 0
        self.quantities = {"s": 0, "B": 0, "": 0}
        self.price = Price({})  # F so far
        self.stood = {}  # where counters stood when the chain first used them


class Rater:
    def __init__(self, books, customers, window_s=None):
        """A store has a window, `rate` none (§15.5)."""
        self.books, self.customers = sorted(books, key=began), customers
        self.state, self.marks, self.chains, self.present = {}, {}, {}, {}
        self.window_s, self.oldest = window_s, None

    def add_book(self, book):
        """§4.8: it holds from the next record on."""
        self.books = sorted(self.books + [book], key=began)

    def rate(self, row):
        """The rated output of one usage row; None stands for a line that is no record."""
        output = {
            "id": "",
            "outcome": "suspended",
            "reason": "bad_line",
            "flags": [],
            "subscriber": "",
            "account": "",
            "group": "",
            "start": "",
            "service": "",
            "quantity": 0,
            "items": [],
            "allowances": [],
            "payers": [],
            "list": "0.000000",
            "net": "0.000000",
            "book": "",
        }
        if row is not None:
            usage = Usage(row, self.books[0].zone)
            output.update(id=usage.id, service=usage.service)
            outcome, reason = self.identify(usage, output)
            output.update(outcome=outcome, reason=reason)
        return output

    def identify(self, usage, output):
        """Tests 2 to 8."""
        if usage.fault:
            return "suspended", usage.fault
        zone = self.books[0].zone
        output.update(start=zone.local(usage.start).isoformat(), quantity=usage.shown_quantity())
        book = book_at(self.books, usage.start)
        if not book:
            return "suspended", "no_book"
        output.update(book=book.name)
        served, _ = normalise(usage.served, book.home_country)
        subscriber = self.customers.with_number(served, usage.start)
        if not subscriber:
            return "suspended", "unknown_subscriber"
        party = Party(usage, book, self.customers, subscriber)
        output.update(subscriber=party.subscriber, account=party.account, group=party.group)
        self.follow_domain(party)
        if self.is_beyond_window(usage.start):
            return "suspended", "dup_window_exceeded"
        differing = self.compare_with_first(party)
        if differing is not None:
            return ("conflict", ";".join(differing)) if differing else ("duplicate", "")
        try:
            return self.rate_identified(party, output)
        except Suspended as suspended:
            return "suspended", str(suspended)
        except NothingCounted:
            return "zero_rated", ""

    def follow_domain(self, party):
        """§13.3: the present domain is that at the latest start so far."""
        latest, _ = self.present.get(party.subscriber, (party.start, ""))
        if party.start >= latest:
            self.present[party.subscriber] = (party.start, party.domain)

    def is_late(self, party):
        return party.domain != self.present[party.subscriber][1]

    def is_beyond_window(self, start):
        """§15.5: whether a record is older than the window behind the latest start so far."""
        if self.window_s is None:
            return False
        oldest = start - self.window_s
        self.oldest = oldest if self.oldest is None else max(self.oldest, oldest)
        return start < self.oldest

    def compare_with_first(self, party):
        """§15: the differing fields of a second record, or None when the key is new."""
        usage = party.usage
        values = {field: getattr(usage, field) for field in FIELDS}
        values.update(served=party.served, other=party.other, third=party.third)
        names = KEYS.get(usage.service, KEY_OF_MESSAGE)
        if usage.service == "data" and not usage.session:
            names += ("served", "start")
        key = tuple((name, values[name]) for name in names)
        if key not in self.marks or (self.window_s and self.marks[key]["start"] < self.oldest):
            self.marks[key] = values
            return None
        first = self.marks[key]
        return [field for field in FIELDS if field != "id" and values[field] != first[field]]

    # Tests 9 to 16

    def rate_identified(self, party, output):
        usage = party.usage
        if usage.charge is not None:
            return self.pre_rated(party, output)
        if usage.nothing_used():
            return "zero_rated", ""
        if usage.partial != "whole":
            return self.partial(party, output)
        late = self.is_late(party)
        pricing = Pricing(
            party, usage.quantities(), self.books, self.stand, (lambda key: 0) if late else None
        )
        price = pricing.run()
        self.apply(price.effects, {})
        self.show(party, output, price, Price({}), late)
        return "rated", ""

    def pre_rated(self, party, output):
        """§5.7."""
        charge = party.usage.charge
        if charge > INT64_MAX:
            raise Suspended("overflow")
        flags = (
            ["pre_rated"] + (["ip"] if party.ip else []) + (["late"] if self.is_late(party) else [])
        )
        output.update(
            flags=sorted(flags),
            list=decimal(charge),
            net=decimal(charge),
            items=[
                {
                    "item": "pre_rated",
                    "list": decimal(charge),
                    "net": decimal(charge),
                    "increments": 0,
                }
            ],
        )
        if charge:
            output.update(payers=[{"account": party.account, "amount": decimal(charge)}])
        return "rated", ""

    def stand(self, key):
        return self.state.get(key, 0)

    def apply(self, effects, before):
        """The state takes what F puts there, less what F before had put there."""
        for key in before.keys() | effects.keys():
            self.state[key] = self.stand(key) + effects.get(key, 0) - before.get(key, 0)
            assert self.state[key] >= 0, key

    # Partial records (§14)

    def partial(self, party, output):
        usage = party.usage
        key = (usage.node, usage.session, party.subscriber, usage.rating_group)
        chain = self.chains.get(key) or Chain()
        rank = (usage.start, usage.seq, chain.come)
        if chain.lead is None or rank < chain.lead_rank:
            lead = party, rank
        else:
            lead = chain.lead, chain.lead_rank
        quantities = {
            unit: chain.quantities[unit] + used for unit, used in usage.quantities().items()
        }
        before, late = chain.price, self.is_late(lead[0])
        pricing = Pricing(
            lead[0],
            quantities,
            self.books,
            lambda state_key: self.stand_for(chain, state_key),
            (lambda key: before.effects.get(key, 0)) if late else None,
        )
        try:
            price = pricing.run()
        except NothingCounted:
            price = Price({})
        if price.items:
            for state_key in price.effects:
                if state_key[0] in COUNTERS and state_key not in chain.stood:
                    chain.stood[state_key] = self.stand_for(chain, state_key)
        self.apply(price.effects, before.effects)
        (chain.lead, chain.lead_rank), chain.quantities, chain.price = lead, quantities, price
        chain.come += 1
        self.chains[key] = chain
        if not price.items and not before.items:
            return "zero_rated", ""
        self.show(party, output, price, before, late, chain.lead)
        return "rated", ""

    def stand_for(self, chain, key):
        """§14.4: the state as the chain's F finds it."""
        if key in chain.stood:
            return chain.stood[key]
        return self.stand(key) - chain.price.effects.get(key, 0)

    # Output (§14.5, §17)

    def show(self, party, output, price, before, late, lead=None):
        lead = lead or party
        flags = {"capped": price.capped, "ip": party.ip, "late": late}
        output.update(flags=sorted(flag for flag in flags if flags[flag]), book=lead.book.name)
        lists = {
            name: [p.items[name].list if name in p.items else 0 for p in (price, before)]
            for name in price.items | before.items
        }
        nets = {name: [p.net.get(name, 0) for p in (price, before)] for name in lists}
        counts = {
            name: [len(p.items[name].increments) if name in p.items else 0 for p in (price, before)]
            for name in lists
        }

        def less(pair):
            return pair[0] - pair[1]

        output["items"] = [
            {
                "item": name,
                "list": decimal(less(lists[name])),
                "net": decimal(less(nets[name])),
                "increments": less(counts[name]),
            }
            for name in sorted(lists, key=by_name)
        ]
        output["list"] = decimal(sum(map(less, lists.values())))
        output["net"] = decimal(sum(map(less, nets.values())))
        self.show_allowances(output, price, before)
        self.show_payers(output, price, before, lead.account)

    def show_allowances(self, output, price, before):
        for key in list(price.lines) + [key for key in before.lines if key not in price.lines]:
            used, line = price.lines.get(key) or before.lines[key]
            used = (used if key in price.lines else 0) - before.lines.get(key, [0])[0]
            if used:
                sub, allowance, party, _ = line
                owner = sub.row["owner"] if allowance.pool else "subscriber:" + party.subscriber
                output["allowances"].append(
                    {
                        "allowance": allowance.name,
                        "owner": owner,
                        "used": used,
                        "left": left_of(line, self.books, self.stand),
                    }
                )

    def show_payers(self, output, price, before, own):
        accounts = [account for account in price.accounts if account != own]
        accounts += [account for account in before.accounts if account not in accounts + [own]]
        for account in accounts + [own]:
            paid = price.accounts.get(account, 0) - before.accounts.get(account, 0)
            if paid:
                output["payers"].append({"account": account, "amount": decimal(paid)})


def decimal(micro):
    """An amount with 6 decimals."""
    assert micro == int(micro), micro
    micro = int(micro)
    return "%s%d.%06d" % ("-" if micro < 0 else "", abs(micro) // 10**6, abs(micro) % 10**6)
