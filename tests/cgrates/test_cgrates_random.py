#!/usr/bin/env python3
"""Random CGRateS plans and calls: the engine's answers equal the slow model's, digit by digit.
test_cgrates_random.py [PLANS [SEED]]; the seed is printed where they differ."""

import json
import os
import random
import shutil
import subprocess
import sys

import cgrates_model as model

SUANPAN = os.environ["SUANPAN"]
PLACE = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "cgrates_random")
PREFIXES = ["1", "10", "100", "1002", "10025", "+49", "+4917", "49", "8", "80", "800"]
SUBJECTS = ["ann", "bob", "eve", "*any"]
CALLS = 60


def timings(chance):
    rows = [["ALWAYS", "*any", "*any", "*any", "*any", "00:00:00"], ["MORNING", "*any", "*any", "*any", "1;2;3;4;5", "00:00:00"],
            ["PEAK", "*any", "", "*any", "1;2;3;4;5", "08:00:00"], ["EVENING", "*any", "*any", "*any", "1;2;3;4;5", "19:00:00"],
            ["WEEKEND", "*any", "*any", "*any", chance.choice(["6;7", "6;0"]), "00:00:00"]]
    for i in range(chance.randrange(4)):
        rows.append([f"T{i}", chance.choice(["*any", "2026", "2025;2026"]), chance.choice(["*any", "11", "11;12"]),
                     chance.choice(["*any", "29;30", "1"]), chance.choice(["*any", "1", "6;7"]),
                     f"{chance.randrange(24):02d}:{chance.choice([0, 30, 59]):02d}:{chance.choice([0, 59]):02d}"])
    return rows


def amount(chance):
    return chance.choice(["0", "0.1", "0.2", "1", "0.0125", "0.05", f"{chance.randrange(10 ** 6) / 10 ** 6:.6f}", "7.5", "0.01",
                          "0.000005", "0.00005", "0.29", f"{chance.randrange(10 ** 5) / 10 ** 8:.8f}", f"{chance.randrange(999)}.15"])


def price(chance):
    """An amount, at times with more decimals than we count with."""
    kind = chance.random()
    if kind < 0.12:
        return repr(chance.randrange(1, 2000) / chance.choice([3, 7, 60, 6000, 600000, 90]) / chance.choice([1, 10, 1000]))
    if kind < 0.18:
        return chance.choice(["+0.05", "1e-11", f"{chance.randrange(1, 10 ** 6) / 6e5:.{chance.choice([11, 18, 30])}f}"])
    return amount(chance)


def rates(chance, count):
    rows = []
    for i in range(count):
        starts = sorted(chance.sample([30, 45, 60, 90, 100, 600], chance.randrange(3)))
        for start in [0, *starts]:
            unit = chance.choice(["60s", "1m", "1s", "60000000000", "1h", "", "90s", "1m30s"])
            increment = chance.choice(["1s", "6s", "60s", "30s", "10s", "7s", "500ms", "1.5s", "", "1m"])
            rows.append([f"R{i}", price(chance) if start == 0 or chance.random() < 0.2 else "", price(chance),
                         unit.replace("1m30s", "90000000000"), increment, f"{start}s"])
    return rows


def tables(chance):
    destinations = [[f"D{chance.randrange(6)}", prefix] for prefix in PREFIXES for _ in range(chance.randrange(1, 3))]
    names = sorted({row[0] for row in destinations}) + ["*any"]
    clocks = timings(chance)
    prices = rates(chance, 6)
    destination_rates = []
    for tag in range(8):
        for name in chance.sample(names, chance.randrange(1, 4)):
            strategy = chance.choice(["", "", "*free", "*disconnect"])
            destination_rates.append([f"DR{tag}", name, f"R{chance.randrange(6)}", chance.choice(["*up", "*middle", "*down", ""]),
                                      chance.choice(["0", "2", "4", "4", "6", "", "7", "8", "10", "12"]), amount(chance) if strategy else "0", strategy])
    plans = []
    for tag in range(4):
        for rate in chance.sample(range(8), chance.randrange(1, 4)):
            weight = chance.choice(["10", "20", "5"])
            base = [["ALWAYS"], ["*any"], ["MORNING", "PEAK", "EVENING", "WEEKEND"], ["MORNING", "WEEKEND"]]
            plans += [[f"P{tag}", f"DR{rate}", timing, weight] for timing in chance.choice(base)]
            for _ in range(chance.randrange(3)):
                plans.append([f"P{tag}", f"DR{rate}", chance.choice(clocks)[0], chance.choice(["10", "20", "0.5", ""])])
    profiles = []
    for subject in SUBJECTS:
        for at in chance.sample(["", "2026-11-29T23:59:30Z", "2026-11-30T00:00:00Z", "2026-11-30T08:00:30+01:00", "2020-01-01T00:00:00Z"],
                                chance.randrange(1, 4)):
            fallbacks = ";".join(chance.sample(SUBJECTS, chance.randrange(3)))
            profiles.append(["org", "call", subject, at, f"P{chance.randrange(4)}", fallbacks])
    kept = [row for row in profiles if row[2] == "*any" or chance.random() < 0.8]
    present = {row[2] for row in kept}
    for row in kept:
        row[5] = ";".join(one for one in row[5].split(";") if one in present)
    return {"Destinations": destinations, "Timings": clocks, "Rates": prices, "DestinationRates": destination_rates,
            "RatingPlans": plans, "RatingProfiles": kept}


def calls(chance):
    for _ in range(CALLS):
        day = chance.choice(["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01", "2025-06-02"])
        hour, minute, second = chance.choice([(0, 0, 0), (23, 59, 30), (7, 59, 50), (18, 59, 59), (8, 0, 0),
                                              (chance.randrange(24), chance.randrange(60), chance.randrange(60))])
        call = {"tenant": "org", "category": chance.choice(["call"] * 9 + ["sms"]), "subject": chance.choice(SUBJECTS[:3] + ["zoe"]),
                "destination": chance.choice(PREFIXES) + chance.choice(["", "1", "2", "77"]),
                "answer_time": f"{day}T{hour:02d}:{minute:02d}:{second:02d}" + chance.choice(["", "", ".25"]) +
                chance.choice(["Z", "Z", "+08:00", "-05:30"]),
                "usage_ns": chance.choice([0, 1, 10 ** 9, chance.randrange(10) * 10 ** 9, 61 * 10 ** 9, chance.randrange(300) * 10 ** 9, chance.randrange(10 ** 12),
                                           60 * 10 ** 9, 60 * 10 ** 9])}
        if chance.random() < 0.004:
            call["usage_ns"] = chance.choice([3600, 30 * 3600]) * 10 ** 9
        if chance.random() < 0.05:  # to the first second of a day, to midnight, over days
            left = 86400 - (hour * 3600 + minute * 60 + second)
            call["usage_ns"] = (left + 86400 * chance.choice([0, 0, 0, 1, 2])) * 10 ** 9 + chance.choice([0, 0, 1, 5 * 10 ** 8])
        if chance.random() < 0.2:
            call["loop_index"] = chance.choice([0, 1, 2])
        if chance.random() < 0.2:
            call["tor"] = chance.choice(["*voice", "*data", "*sms"])
        if chance.random() < 0.15:
            call["rating_plan"] = f"P{chance.randrange(5)}"
        yield call


HEADERS = {"Destinations": "Tag,Prefix", "Timings": "Tag,Years,Months,MonthDays,WeekDays,Time",
           "Rates": "Tag,ConnectFee,Rate,RateUnit,RateIncrement,GroupIntervalStart",
           "DestinationRates": "Tag,DestinationsTag,RatesTag,RoundingMethod,RoundingDecimals,MaxCost,MaxCostStrategy",
           "RatingPlans": "Tag,DestRatesTag,TimingTag,Weight",
           "RatingProfiles": "Tenant,Category,Subject,ActivationTime,RatingPlanId,RatesFallbackSubject"}


def written(chance, name, rows):
    """A table in one of the ways in which people write it; what it says is the same."""
    style = chance.randrange(8)
    head = chance.choice(["#header\n", "# " + HEADERS[name] + "\n", HEADERS[name] + "\n", ""])
    if name == "RatingProfiles" and style == 1:
        head, rows = "", [["*out", *row, ""] for row in rows]
    lines = []
    for row in rows:
        if style == 2:
            row = ['"' + cell + '"' if chance.random() < 0.3 else cell for cell in row]
        elif style == 3:
            row = [chance.choice(["", " ", "\t"]) + cell + chance.choice(["", " "]) for cell in row]
        lines.append(",".join(row))
        if style == 4:
            lines += chance.choice([[], [], [""], ["# a note, with a comma"], ["", "#"]])
        if style == 5:
            lines += [",".join(row)] * chance.randrange(2)  # the same row twice is one
    text = head + "\n".join(lines) + chance.choice(["\n", ""])
    if style == 6:
        text = text.replace("\n", "\r\n")
    return ("\ufeff" if style == 7 else "") + text


def day_begins(plan):
    """Whether every (plan, destination) has a rate from midnight on every day: else the import is refused."""
    for tag in {row[0] for row in plan.rating_plans}:
        for name in {row[1] for row in plan.destination_rates}:
            intervals = [one for one in plan.intervals(tag, name) if plan.timings[one[1]][4] == "00:00:00"]
            if plan.intervals(tag, name) and not any(one[1] in ("ALWAYS", "*any") for one in intervals) and \
                    not {"MORNING", "WEEKEND"} <= {one[1] for one in intervals}:
                return False
    return True


def compare(seed, digits, answers):
    chance = random.Random(seed)
    content = tables(chance)
    plan = model.Plan(content, digits)
    folder, book = os.path.join(PLACE, f"plan{seed}"), os.path.join(PLACE, f"book{seed}")
    os.makedirs(folder)
    for name, rows in content.items():
        with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8", newline="") as file:
            file.write(written(chance, name, rows))
    made = subprocess.run([SUANPAN, "tariff", "import", "cgrates", folder, book, "--digits", str(digits)],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return [] if made.returncode == 3 and not day_begins(plan) else [f"seed {seed}: import says {made.stderr}"]
    asked = list(calls(chance))
    rated = subprocess.run([SUANPAN, "rate", "--book", book, "--cgrates", "-"], input="".join(json.dumps(c) + "\n" for c in asked),
                           capture_output=True, text=True, check=False)
    got = rated.stdout.splitlines()
    if rated.returncode != 0 or len(got) != len(asked):
        return [f"seed {seed}: exit {rated.returncode}, {len(got)} answers: {rated.stderr}"]
    wrong = []
    for call, line in zip(asked, got):
        wanted = plan.cost(call)
        kind = wanted.get("error", "cost")
        answers[kind] = answers.get(kind, 0) + 1
        if json.loads(line) != wanted:
            wrong.append(f"seed {seed}, {digits} digits: {json.dumps(call)}\n  got {line}, the model says {json.dumps(wanted)}")
    if not wrong:
        shutil.rmtree(folder)
        shutil.rmtree(book)
    return wrong


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 20261130
    shutil.rmtree(PLACE, ignore_errors=True)
    wrong, answers = [], {}
    for i in range(count):
        wrong += compare(first + i, (5, 6, 5, 6, 5, 6, (first + i) % 10)[i % 7], answers)
    for line in wrong[:10]:
        print(line)
    print(f"seeds {first} to {first + count - 1}: {answers}")
    enough = len(answers) == 3
    print(f"{1 if enough and not wrong else 0} passed, {len(wrong) + (not enough)} failed")
    sys.exit(0 if enough and not wrong else 1)


main()
