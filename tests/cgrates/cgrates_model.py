"""CGRateS pricing as slowly and obviously as it can be said: tables as lists of rows, one increment after the other.
Written from the rules in rating/README.md alone; shares nothing with the engine."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction

ANY = "*any"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 10 ** 9


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


def half_up(value, digits):
    scaled = value * 10 ** digits
    return Fraction((2 * scaled + 1) // 2, 10 ** digits)


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
                    found.append((Fraction(weight or 0), timing, row))
        return found

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
        found = [((instant(row[3])[0] if row[3] else -10 ** 30), row[4], [s for s in row[5].split(";") if s]) for row in rows]
        return sorted(found, key=lambda one: one[0])

    def cover(self, key, number, start, end, depth):
        """[(from, intervals)] that prices all from start to end, None: something is left."""
        found = self.activations(*key)
        if not found or depth > 3:
            return None
        begun = [i for i, one in enumerate(found) if one[0] <= start]
        held = [one for one in found[begun[-1] if begun else 0:] if one[0] <= end]
        if not held:
            return None
        parts = []
        if held[0][0] > start:
            first = self.cover((key[0], key[1], ANY), number, start, held[0][0], depth + 1)
            if first is None:
                return None
            parts += first
        for i, (at, plan, fallbacks) in enumerate(held):
            begin, finish = max(at, start), held[i + 1][0] if i + 1 < len(held) else end
            intervals = self.serve(plan, number)
            if intervals:
                parts.append((begin, intervals))
            elif fallbacks:
                for subject in fallbacks:
                    part = self.cover((key[0], key[1], subject), number, begin, finish, depth + 1)
                    if part is not None:
                        break
                else:
                    return None
                parts += part
        return parts if parts and parts[0][0] == start else None

    # which price ----------------------------------------------------------------------------------------------------------

    def holds(self, timing, moment):
        years, months, days, week_days, _ = self.timings[timing]

        def within(cell, value):
            return cell in ("", ANY) or value in [int(part) for part in cell.split(";")]

        return (within(years, moment.year) and within(months, moment.month) and within(days, moment.day) and
                (within(week_days, moment.isoweekday()) or (moment.isoweekday() == 7 and within(week_days, 0))))

    def choose(self, intervals, local_ns):
        moment = datetime(1970, 1, 1) + timedelta(days=local_ns // (86400 * SECOND))
        time_ns = local_ns % (86400 * SECOND)
        best = None
        for weight, timing, row in intervals:
            hours, minutes, seconds = self.timings[timing][4].split(":")
            begin = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * SECOND
            if self.holds(timing, moment) and begin <= time_ns and (best is None or (weight, begin) > best[0]):
                best = ((weight, begin), row)
        return best[1]

    def slots(self, row):
        if row[2] in self.parsed:
            return self.parsed[row[2]]
        found = []
        for tag, fee, rate, unit, increment, start in self.rates:
            if tag == row[2]:
                found.append((nanoseconds(start), Fraction(rate or 0), nanoseconds(unit) or SECOND,
                              nanoseconds(increment) or SECOND, Fraction(fee or 0)))
        self.parsed[row[2]] = found[0][4], sorted(found)
        return self.parsed[row[2]]

    def slot(self, row, at):
        return [one for one in self.slots(row)[1] if one[0] <= at][-1]

    # the call -------------------------------------------------------------------------------------------------------------

    def cost(self, call):
        answer, offset = instant(call["answer_time"])
        usage = call["usage_ns"]
        if usage == 0:
            return {"call_cost": "0", "event_cost": "0"}
        if call.get("rating_plan"):
            if not any(row[0] == call["rating_plan"] for row in self.rating_plans):
                return {"error": "RATING_PLAN_NOT_FOUND"}
            intervals = self.serve(call["rating_plan"], call["destination"])
            parts = [(answer, intervals)] if intervals else None
        else:
            key = (call["tenant"], call["category"], call.get("subject", ""))
            if not self.activations(*key):
                key = (key[0], key[1], ANY)
            if not self.activations(*key):
                return {"error": "RATING_PLAN_NOT_FOUND"}
            parts = self.cover(key, call["destination"], answer, answer + usage, 1)
        if parts is None:
            return {"error": "UNAUTHORIZED_DESTINATION"}
        return self.increments(call, parts, answer, offset)

    def increments(self, call, parts, answer, offset):
        voice = call.get("tor", "*voice") in ("*voice", "")
        at, event, total, rows, row, until = 0, Fraction(0), Fraction(0), [], None, 0
        while at < call["usage_ns"]:
            if voice or row is None or at >= until:
                intervals = [part[1] for part in parts if part[0] <= (answer + at if voice else answer)][-1]
                row = self.choose(intervals, answer + at + offset * SECOND)
                until = min([one[0] for one in self.slots(row)[1] if one[0] > at], default=10 ** 30)
            slot = self.slot(row, at)
            price = half_up(slot[1] * slot[3] / slot[2], self.digits)
            if at == 0 and call.get("loop_index", 0) == 0:
                price += half_up(self.slots(row)[0], self.digits)
            event += price
            total += price
            if row[6] == "*free" and Fraction(row[5] or 0) > 0:
                total = min(total, Fraction(row[5]))
            rows.append(row)
            at += slot[3]
        return {"call_cost": decimal(self.rounded(total, rows)), "event_cost": decimal(event)}

    def rounded(self, total, rows):
        decimals, method = 0, ""
        for row in rows:
            if int(row[4] or 0) > decimals:
                decimals, method = int(row[4]), row[3]
        scaled = total * 10 ** decimals
        whole, rest = scaled // 1, scaled % 1
        if method == "*up" and rest >= Fraction(1, 10 ** max(7, decimals)):
            whole += 1
        elif method == "*middle" and rest >= Fraction(1, 2):
            whole += 1
        elif method == "":
            return total
        return Fraction(whole, 10 ** decimals)


def decimal(value):
    scaled = value * 10 ** 12
    assert scaled.denominator == 1
    text = f"{scaled.numerator:013d}"
    return (text[:-12] + "." + text[-12:]).rstrip("0").rstrip(".")
