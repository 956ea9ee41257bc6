"""CGRateS pricing as slowly and obviously as it can be said: tables as lists of rows, a call as a list of spans that are
cut, widened and priced one after the other, in the binary floating point that CGRateS itself uses. Written from the
rules in rating/README.md and the behaviour of CGRateS; shares nothing with the engine, which has no floating point."""

import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from go_sort import go_sort

ANY = "*any"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 10 ** 9
DAY = 86400 * SECOND
NONE, PARTLY, WHOLE = range(3)


def nanoseconds(text):
    units = [("ns", 1), ("us", 10 ** 3), ("ms", 10 ** 6), ("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND)]
    for unit, size in units:
        if text.endswith(unit):
            number = text[:-len(unit)]
            if number.replace(".", "").isdigit():
                return int(Fraction(number) * size)
    return int(text or 0)


def instant(text):
    """(nanoseconds since 1970, offset in seconds)"""
    when, fraction = text, 0
    if "." in text:
        at = text.index(".")
        end = at + 1
        while text[end].isdigit():
            end += 1
        fraction = int(text[at + 1:end].ljust(9, "0")[:9])
        when = text[:at] + text[end:]
    moment = datetime.fromisoformat(when.replace("Z", "+00:00"))
    return (moment - EPOCH) // timedelta(seconds=1) * SECOND + fraction, int(moment.utcoffset().total_seconds())


def rounded(value, digits, method):
    """In floating point, with all its noise."""
    scaled = value * 10.0 ** digits
    fraction, _ = math.modf(scaled)
    if method == "*up":
        whole = math.ceil(scaled) if fraction >= 10.0 ** -max(7, digits) else math.floor(scaled)
    elif method == "*middle":
        whole = math.ceil(scaled) if fraction >= 0.5 else math.floor(scaled)
    elif method == "*down":
        whole = math.floor(scaled)
    else:
        return value
    return whole / 10.0 ** digits


class Span:
    def __init__(self, start, end, intervals):
        self.start, self.end = start, end  # into the usage
        self.intervals = intervals         # the destination's, as the plan has them
        self.interval = None


class Plan:
    def __init__(self, tables, digits):
        self.digits = digits
        self.destinations = tables["Destinations"]
        self.timings = {row[0]: row[1:] for row in tables["Timings"]}
        self.timings[ANY] = [ANY, ANY, ANY, ANY, "00:00:00"]
        self.rates = tables["Rates"]
        self.destination_rates = tables["DestinationRates"]
        self.rating_plans = tables["RatingPlans"]
        self.profiles = tables["RatingProfiles"]
        self.parsed = {}  # slots of a rate, read once

    # which plan -----------------------------------------------------------------------------------------------------------

    def intervals(self, plan, destination):
        """[(weight, timing, row of DestinationRates)] of one destination name, in order of rows."""
        found = []
        for tag, rates, timing, weight in self.rating_plans:
            for row in self.destination_rates:
                if tag == plan and row[0] == rates and row[1] == destination:
                    one = (float(weight or 0), timing, row)
                    if not any(self.alike(one, other) for other in found):
                        found.append(one)
        return found

    def alike(self, one, other):
        """To CGRateS these are one: how many there are bears on the sort."""
        def priced(row):
            return self.slots(row), row[3], int(row[4] or 0), float(row[5] or 0), row[6]
        return one[:2] == other[:2] and (one[2] == other[2] or priced(one[2]) == priced(other[2]))

    def serve(self, plan, number):
        """The intervals of the longest prefix that the plan serves, None: it serves none."""
        if number not in ("", ANY):
            for length in range(len(number), 0, -1):
                best = None
                for name, prefix in self.destinations:
                    if prefix == number[:length]:
                        intervals = self.intervals(plan, name)
                        if intervals and (best is None or max(i[0] for i in intervals) > max(i[0] for i in best)):
                            best = intervals
                if best:
                    return best
        return self.intervals(plan, ANY) or None

    def activations(self, tenant, category, subject):
        rows = [row for row in self.profiles if row[:3] == [tenant, category, subject]]
        found = [((instant(row[3])[0] if row[3] else -10 ** 30), row[4],
                  sorted({s.encode() for s in row[5].split(";") if s})) for row in rows]
        return sorted(found, key=lambda one: one[0])

    def cover(self, key, number, start, end, depth):
        """How much of start to end is priced, and [(from, intervals or None)]."""
        found = self.activations(*key)
        if not found or depth > 3:
            return NONE, []
        begun = [i for i, one in enumerate(found) if one[0] <= start]
        held = [one for one in found[begun[-1] if begun else 0:] if one[0] <= end]
        parts = []
        if held and held[0][0] > start:
            parts += self.hand_over(key, [ANY.encode()], number, start, held[0][0], depth)
        for i, (at, plan, fallbacks) in enumerate(held):
            begin, finish = max(at, start), held[i + 1][0] if i + 1 < len(held) else end
            intervals = self.serve(plan, number)
            if intervals:
                parts.append((begin, intervals))
            elif fallbacks:
                parts += self.hand_over(key, fallbacks, number, begin, finish, depth)
        if not parts:
            return NONE, []
        return (WHOLE if parts[0][0] == start and all(part[1] for part in parts) else PARTLY), parts

    def hand_over(self, key, subjects, number, start, end, depth):
        """A stretch for other subjects: the first that has something to say decides."""
        for subject in subjects:
            how, parts = self.cover((key[0], key[1], subject.decode()), number, start, end, depth + 1)
            if how != NONE:
                return parts[:1] + [part for part in parts[1:] if part[1]]
        return [(start, None)]

    # where it is cut ------------------------------------------------------------------------------------------------------

    def begin(self, timing):
        hours, minutes, seconds = self.timings[timing][4].split(":")
        return (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * SECOND

    def holds(self, timing, local):
        years, months, days, week_days, _ = self.timings[timing]
        moment = datetime(1970, 1, 1) + timedelta(days=local // DAY)

        def within(cell, value):
            return cell in ("", ANY) or value in [int(part) for part in cell.split(";")]

        return (within(years, moment.year) and within(months, moment.month) and within(days, moment.day) and
                (within(week_days, moment.isoweekday()) or (moment.isoweekday() == 7 and within(week_days, 0))) and
                self.begin(timing) <= local % DAY)

    def arrange(self, intervals):
        """By an order that is none when weights and starts disagree; in place, so it adds up."""
        go_sort(intervals, lambda a, b: b[0] < a[0] or self.begin(b[1]) > self.begin(a[1]))

    def select(self, span, local):
        """Those that may bear on a span: the best at its start, then who follows in the order and begins in it."""
        self.arrange(span.intervals)
        best, weight, distance = None, 0, None
        for i, one in enumerate(span.intervals):
            if not self.holds(one[1], local):
                continue
            if one[0] < weight:
                break
            if distance is None or local % DAY - self.begin(one[1]) < distance:
                best, weight, distance = i, one[0], local % DAY - self.begin(one[1])
        chosen = [span.intervals[best]]
        for one in span.intervals[best + 1:]:
            if one[0] < weight:
                break
            if local - local % DAY + self.begin(one[1]) < local + span.end - span.start:
                chosen.append(one)
        return chosen

    def take(self, span, local, interval):
        own = span.interval
        if self.begin(interval[1]) <= local % DAY and (own is None or own[0] < interval[0] or
                                                       self.begin(own[1]) < self.begin(interval[1])):
            span.interval = interval

    def cut_by(self, span, interval, clock, voice):
        """The rest of a span that is cut by one interval, None: it is not cut."""
        local, end = clock + span.start, clock + span.end
        if end % DAY < SECOND:
            end -= SECOND
        starts, ends = self.holds(interval[1], local), self.holds(interval[1], end)
        if not starts and not ends:
            return None
        for at, *_ in self.slots(interval[2])[1]:
            if span.start < at < span.end:
                self.take(span, local, interval)
                rest = Span(at, span.end, span.intervals)
                self.take(rest, clock + at, interval)
                span.end = at
                return rest
        if starts:
            self.take(span, local, interval)
            midnight = span.start + DAY - local % DAY
            if voice and not ends and midnight < span.end:
                rest = Span(midnight, span.end, span.intervals)
                span.end = midnight
                return rest
            return None
        at = span.start + self.begin(interval[1]) - local % DAY
        if self.begin(interval[1]) == 0:
            at = span.end - (clock + span.end) % DAY
        if not voice or not span.start < at < span.end:
            return None
        rest = Span(at, span.end, span.intervals)
        rest.interval = interval
        span.end = at
        return rest

    @staticmethod
    def midnight_cuts(start, end):
        """Only where the day of the month changes, and not what ends in the first second of a day."""
        first, last = (datetime(1970, 1, 1) + timedelta(days=one // DAY) for one in (start, end))
        return first.day != last.day and end % DAY >= SECOND

    def spans(self, call, parts, answer, offset):
        voice = call.get("tor", "*voice") in ("*voice", "")
        usage, clock = call["usage_ns"], answer + offset * SECOND
        if not voice:
            parts = parts[:1]
        spans = []
        for i, (at, intervals) in enumerate(parts):
            start = at - answer
            end = min(usage, parts[i + 1][0] - answer if i + 1 < len(parts) else usage)
            while voice and start < end and self.midnight_cuts(clock + start, clock + end):
                midnight = ((clock + start) // DAY + 1) * DAY - clock
                spans.append(Span(start, midnight, intervals))
                start = midnight
            if start < end:
                spans.append(Span(start, end, intervals))
        i = 0
        while i < len(spans):
            for interval in self.select(spans[i], clock + spans[i].start):
                rest = self.cut_by(spans[i], interval, clock, voice)
                if rest:
                    spans.insert(i + 1, rest)
                    break
            i += 1
        return spans

    # which price ----------------------------------------------------------------------------------------------------------

    def slots(self, row):
        if row[2] in self.parsed:
            return self.parsed[row[2]]
        found = []
        for tag, fee, rate, unit, increment, start in self.rates:
            if tag == row[2]:
                found.append((nanoseconds(start), float(rate or 0), nanoseconds(unit) or SECOND,
                              nanoseconds(increment) or SECOND, float(fee or 0)))
        self.parsed[row[2]] = found[0][4], sorted(found)
        return self.parsed[row[2]]

    def widen(self, spans):
        """Each to whole increments; what is under it goes."""
        kept, at = [], 0
        for span in spans:
            if span.end <= at:
                continue
            span.start = max(span.start, at)
            span.slot = [one for one in self.slots(span.interval[2])[1] if one[0] <= span.start][-1]
            span.count = -((span.start - span.end) // span.slot[3])
            at = span.end = span.start + span.count * span.slot[3]
            kept.append(span)
        return kept

    def cost(self, call):
        answer, offset = instant(call["answer_time"])
        usage = call["usage_ns"]
        if usage == 0:
            return {"call_cost": "0", "event_cost": "0"}
        if call.get("rating_plan"):
            if not any(row[0] == call["rating_plan"] for row in self.rating_plans):
                return {"error": "RATING_PLAN_NOT_FOUND"}
            intervals = self.serve(call["rating_plan"], call["destination"])
            how, parts = (WHOLE, [(answer, intervals)]) if intervals else (NONE, [])
        else:
            key = (call["tenant"], call["category"], call.get("subject", ""))
            if not self.activations(*key):
                key = (key[0], key[1], ANY)
            if not self.activations(*key):
                return {"error": "RATING_PLAN_NOT_FOUND"}
            how, parts = self.cover(key, call["destination"], answer, answer + usage, 1)
        if how != WHOLE:
            return {"error": "UNAUTHORIZED_DESTINATION"}
        parts = [(at, list(intervals)) for at, intervals in parts]
        return self.price(call, self.widen(self.spans(call, parts, answer, offset)))

    def price(self, call, spans):
        groups = []  # equal spans one behind the other are one that is multiplied, while their sum deals back to the same
        for i, span in enumerate(spans):
            row, (_, rate, unit, increment, _) = span.interval[2], span.slot
            whole = rounded(float(span.count * increment) * (rate / float(unit)), self.digits, "*middle")
            each = rounded(whole / float(span.count), self.digits, "*middle")
            fee = self.slots(row)[0] if i == 0 and call.get("loop_index", 0) == 0 else 0.0
            cost = rounded(fee + float(span.count) * each, self.digits, "*middle")
            alike, plain = (id(span.interval), span.end - span.start, fee), float(span.count) * each
            if groups and groups[-1][0] == alike and groups[-1][1] / float(groups[-1][2]) == plain:
                groups[-1][1] += plain
                groups[-1][2] += 1
            else:
                groups.append([alike, plain, 1, cost, row])
        event, total, decimals, method = 0.0, 0.0, 0, ""
        for _, _, times, cost, row in groups:
            event += rounded(cost * float(times), self.digits, "*middle")
            total += cost * float(times)
            if row[6] == "*free" and float(row[5] or 0) > 0:
                total = min(total, float(row[5]))
            if int(row[4] or 0) > decimals:
                decimals, method = int(row[4]), row[3]
        return {"call_cost": decimal(rounded(total, decimals, method)), "event_cost": decimal(rounded(event, self.digits, "*middle"))}


def decimal(value):
    """Without the noise behind 15 digits."""
    text = f"{Decimal(f'{value:.15g}'):.10f}"
    return text.rstrip("0").rstrip(".")
