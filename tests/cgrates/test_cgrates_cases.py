#!/usr/bin/env python3
"""CGRateS plans by hand: cases worked out on paper, errors of tables, errors of calls."""

import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import run  # noqa: E402  pylint: disable=wrong-import-position

HERE = os.path.join(os.environ["SUANPAN_SOURCE"], "tests", "cgrates")
PLACE = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "cgrates_cases")
TABLES = ("Destinations", "Timings", "Rates", "DestinationRates", "RatingPlans", "RatingProfiles")
UNITS = {"s": 10 ** 9, "m": 60 * 10 ** 9}
checks = Checks()


def ns(text):
    return int(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else int(text)


def cases(folder_name, tenant):
    with open(os.path.join(HERE, folder_name, "cases.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                digits, rest = line.split(" | ")
                call, answer = rest.split(" -> ")
                subject, category, destination, at, usage, *more = call.split()
                record = {"tenant": tenant, "category": category, "subject": subject, "destination": destination,
                          "answer_time": at, "usage_ns": ns(usage)}
                for one in more:
                    key, value = one.split("=")
                    record[key] = int(value) if key == "loop_index" else value
                answer = answer.split()
                wanted = {"error": answer[0]} if len(answer) == 1 else {"call_cost": answer[0], "event_cost": answer[1]}
                yield int(digits), record, wanted, line.strip()


def priced(book, mine):
    rated = run("rate", "--book", book, "--cgrates", "-", input="".join(json.dumps(case[1]) + "\n" for case in mine))
    checks.equal("exit of rate", (rated.returncode, rated.stderr), (0, ""))
    answers = rated.stdout.splitlines()
    checks.equal("answers", len(answers), len(mine))
    for answer, case in zip(answers, mine):
        checks.equal(case[3], answer, json.dumps(case[2], separators=(",", ":")))


def check_edges():
    """What a plan may have and most have not; figures of CGRateS's own tests."""
    for digits in (5, 6):
        book = os.path.join(PLACE, f"edges{digits}")
        made = run("tariff", "import", "cgrates", os.path.join(HERE, "edges"), book, "--digits", str(digits))
        warnings = [line for line in made.stderr.splitlines() if ": warning: " in line]
        checks.equal(f"import of edges with {digits} digits", (made.returncode, len(warnings)), (0, 1))
        checks.equal("a fallback subject without a profile", "RatingProfiles.csv:5:46: warning: fallback subject 'nobody'" in warnings[0], True)
        checks.equal("tariff check of edges", run("tariff", "check", book).returncode, 0)
        priced(book, [case for case in cases("edges", "org") if case[0] == digits])


def check_cases():
    for digits in (5, 6):
        book = os.path.join(PLACE, f"book{digits}")
        made = run("tariff", "import", "cgrates", os.path.join(HERE, "tutorial"), book, "--digits", str(digits))
        checks.equal(f"import with {digits} digits", (made.returncode, "error" in made.stderr), (0, False))
        priced(book, [case for case in cases("tutorial", "cgrates.org") if case[0] == digits])
        checks.equal("told", [line.split(" ")[2] for line in made.stderr.splitlines()], ["RP_RETAIL2", "RP_RETAIL2", "RP_GERMANY", "RP_DATA"])
        for table in ("bands", "destinations", "plans", "rates"):
            with open(os.path.join(book, table + ".csv"), encoding="utf-8") as file:
                got = file.read()
            with open(os.path.join(HERE, "tutorial", "book", table + ".csv"), encoding="utf-8") as file:
                checks.equal(f"{table}.csv of the book", got, file.read())
        for table in TABLES:
            with open(os.path.join(book, "cgrates", table + ".csv"), "rb") as file, \
                    open(os.path.join(HERE, "tutorial", table + ".csv"), "rb") as original:
                checks.equal(f"{table}.csv kept", file.read(), original.read())
        check = run("tariff", "check", book)
        checks.equal("tariff check of the book", (check.returncode, check.stdout), (0, ""))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check_own_tables():
    """The plans that became plans of ours cost the same there."""
    book, customers = os.path.join(PLACE, "book5"), os.path.join(PLACE, "customers")
    write(os.path.join(customers, "accounts.csv"), "account\nA\n")
    write(os.path.join(customers, "subscribers.csv"), "subscriber,number,account,from\nS,8613800000001,A,2010-01-01\n")
    write(os.path.join(customers, "subscriptions.csv"), "owner,plan,from\nsubscriber:S,RP_RETAIL1,2010-01-01\n")
    starts = ("2014-08-04T07:59:10Z", "2014-08-04T18:58:30Z", "2014-08-04T13:00:00Z", "2014-08-02T23:59:30Z", "2014-08-03T23:59:59Z")
    calls = [(at, seconds, other) for at in starts for seconds in (1, 30, 59, 60, 61, 95, 3601) for other in ("10091234567", "10071234567")]
    usage = "id,seq,service,direction,served,other,start,duration_s\n" + "".join(
        f"{i},{i},voice,mo,8613800000001,+{other},{at},{seconds}\n" for i, (at, seconds, other) in enumerate(calls))
    ours = run("rate", "--book", book, "--customers", customers, "--json", "-", text=usage)
    lines = "".join(json.dumps({"tenant": "x", "category": "x", "destination": other, "answer_time": at, "usage_ns": seconds * 10 ** 9,
                                "rating_plan": "RP_RETAIL1"}) + "\n" for at, seconds, other in calls)
    theirs = run("rate", "--book", book, "--cgrates", "-", input=lines)
    checks.equal("both rated", (ours.returncode, theirs.returncode), (0, 0))
    for call, our, their in zip(calls, ours.stdout.splitlines(), theirs.stdout.splitlines()):
        checks.equal(f"{call} by our own tables", f'{float(json.loads(our)["net"]):.6f}', f'{float(json.loads(their)["call_cost"]):.6f}')


def folder(name, **changes):
    """The tutorial with pieces of tables replaced."""
    path = os.path.join(PLACE, name)
    shutil.copytree(os.path.join(HERE, "tutorial"), path)
    for table, (old, new) in changes.items():
        file = os.path.join(path, table + ".csv")
        with open(file, encoding="utf-8") as source:
            text = source.read()
        if old not in text:
            raise SystemExit(f"{table} has no {old}")
        with open(file, "w", encoding="utf-8") as to:
            to.write(text.replace(old, new))
    return path


def refused(name, wanted, **changes):
    path = folder(name, **changes)
    got = run("tariff", "import", "cgrates", path, os.path.join(PLACE, name + "-book"))
    checks.equal(f"exit of {name}", got.returncode, 3)
    checks.equal(f"{name}: no book", os.path.exists(os.path.join(PLACE, name + "-book")), False)
    for place, part in wanted:
        checks.holds(any(line.startswith(f"{path}/{place}: ") and part in line for line in got.stderr.splitlines()),
                            f"{name}: no {place} with {part!r} in\n{got.stderr}")


def check_refused():
    refused("gap", [("RatingPlans.csv:2:24", "1969-12-30 (Tuesday)"), ("RatingPlans.csv:2:24", "expected timings from 00:00:00")],
            RatingPlans=("RP_RETAIL1,DR_FS_10CNT,OFFPEAK_MORNING,10\n", ""))
    refused("many", [("Destinations.csv:2:10", "expected a prefix"), ("Timings.csv:3:21", "from 0 to 7"),
                     ("Rates.csv:2:10", "expected an amount"), ("Rates.csv:2:18", "expected a duration"),
                     ("DestinationRates.csv:2:33", "expected *up, *middle or *down"),
                     ("RatingPlans.csv:2:24", "no such timing"), ("RatingProfiles.csv:2:23", "expected a time"),
                     ("RatingProfiles.csv:3:44", "no such plan")],
            Destinations=("DST_1002,1002", "DST_1002,"), Timings=("1;2;3;4;5,08", "1;2;3;4;8,08"),
            Rates=("RT_20CNT,0.4,0.2,60s,60s,0s", "RT_20CNT,0.x,0.2,60q,60s,0s"),
            DestinationRates=("DR_1002_20CNT,DST_1002,RT_20CNT,*up", "DR_1002_20CNT,DST_1002,RT_20CNT,*over"),
            RatingPlans=("RP_RETAIL1,DR_FS_40CNT,PEAK,10", "RP_RETAIL1,DR_FS_40CNT,    PEEK,10"),
            RatingProfiles=("*any,2014-01-14T00:00:00Z,RP_RETAIL1,\ncgrates.org,call,1001,2014-01-14T00:00:00Z,RP_RETAIL2",
                            "*any,2014-01-32T00:00:00Z,RP_RETAIL1,\ncgrates.org,call,1001,2014-01-14T00:00:00Z,RP_RETAIL9"))
    refused("missing rate", [("DestinationRates.csv:2:24", "no such rate")],
            DestinationRates=("DST_1002,RT_20CNT", "DST_1002,RT_21CNT"))
    refused("missing destination", [("DestinationRates.csv:2:15", "no such destination")],
            DestinationRates=("DR_1002_20CNT,DST_1002,", "DR_1002_20CNT,DST_1004,"))
    refused("a timing of another form", [("Timings.csv:5:1", "a second timing of this name")],
            Timings=("OFFPEAK_EVENING,*any,*any,*any,1;2;3;4;5,19", "PEAK,*any,*any,*any,1;2;3;4;5,19"))
    refused("a timing for actions", [("RatingPlans.csv:2:24", "a timing without a time of day")],
            Timings=("PEAK,*any,*any,*any,1;2;3;4;5,08:00:00", "PEAK,*any,*any,*any,1;2;3;4;5,*asap"))
    refused("two plans", [("RatingProfiles.csv:3:23", "a second plan of this profile from the same time")],
            RatingProfiles=("*any,2014-01-14T00:00:00Z,RP_RETAIL1,\n", "*any,2014-01-14T00:00:00Z,RP_RETAIL1,\n"
                            "cgrates.org,call,*any,2014-01-14T01:00:00+01:00,RP_ANY,\n"))
    for clock in ("08:00", "08:00:00:00", "24:00:00", "8:0:60", "123:00:00", "08:00:", "a:00:00", "::"):
        refused("clock " + clock, [("Timings.csv:3:31", "expected a time of day as HH:MM:SS")],
                Timings=("PEAK,*any,*any,*any,1;2;3;4;5,08:00:00", "PEAK,*any,*any,*any,1;2;3;4;5," + clock))
    refused("no beginning", [("Rates.csv:8:24", "no price at the beginning")],
            Rates=("RT_1CNT,0,0.01,60s,60s,0s", "RT_1CNT,0,0.01,60s,60s,5s"))
    refused("twice", [("Rates.csv:3:23", "a second row of this rate")], Rates=("0.1,60s,1s,60s\nRT_10CNT,0.2", "0.1,60s,1s,0s\nRT_10CNT,0.2"))
    for path, why in ((os.path.join(PLACE, "nowhere"), "No such file or directory"),
                      (os.path.join(HERE, "tutorial", "cases.txt"), "Not a directory")):
        got = run("tariff", "import", "cgrates", path, PLACE)
        checks.equal(f"import of {path}", (got.returncode, got.stderr), (3, f"suanpan: {path}: expected the folder of a tariff plan: {why}\n"))
    refused("short", [("Timings.csv:2", "a cell is missing at the end of the row: expected Tag,Years,Months,MonthDays,WeekDays,Time")], Timings=(",*any,00:00:00\nPEAK", "\nPEAK"))
    refused("bytes", [("Rates.csv:2:10", "'0?4?': expected an amount")], Rates=("RT_20CNT,0.4,", "RT_20CNT,0\0004\x7f,"))
    path = folder("nothing")
    os.remove(os.path.join(path, "Rates.csv"))
    got = run("tariff", "import", "cgrates", path, os.path.join(PLACE, "nothing-book"))
    wanted = f"{path}/Rates.csv: the table is missing: expected a file of this name with rows of Tag,ConnectFee,Rate,"
    checks.equal("a missing table", (got.returncode, wanted in got.stderr), (3, True))
    os.mkdir(os.path.join(path, "Rates.csv"))
    got = run("tariff", "import", "cgrates", path, os.path.join(PLACE, "nothing-book"))
    checks.equal("a table that is a folder", (got.returncode, f"{path}/Rates.csv: cannot be read: Is a directory" in got.stderr), (3, True))
    with open(os.path.join(path, "Timings.csv"), "a", encoding="utf-8") as file:
        file.write("LATE,*any,*any,*any,9,00:00:00\n")
    got = run("tariff", "import", "cgrates", path, os.path.join(PLACE, "nothing-book"))
    checks.equal("and what is wrong beside it", (f"{path}/Rates.csv: cannot be read" in got.stderr, "Timings.csv:8:" in got.stderr,
                                                 "no such" in got.stderr), (True, True, False))
    path = folder("linked")
    os.remove(os.path.join(path, "Destinations.csv"))
    os.symlink("nowhere", os.path.join(path, "Destinations.csv"))
    got = run("tariff", "import", "cgrates", path, os.path.join(PLACE, "out"))
    checks.equal("a link that leads nowhere", (got.returncode, f"{path}/Destinations.csv: cannot be read: No such file" in got.stderr), (3, True))


def check_no_profiles():
    """Plans alone are enough for calls that name theirs."""
    path, book = folder("plans-only"), os.path.join(PLACE, "plans-only-book")
    os.remove(os.path.join(path, "RatingProfiles.csv"))
    got = run("tariff", "import", "cgrates", path, book)
    checks.equal("import without profiles", (got.returncode, got.stderr.splitlines()[0]), (
        0, f"{path}/RatingProfiles.csv: warning: the table is missing: only calls that name their rating_plan have a price"))
    call = {"destination": "1002", "answer_time": "2014-08-04T13:00:00Z", "usage_ns": 20000000000}
    lines = [json.dumps({**call, "rating_plan": "RP_RETAIL2"}), json.dumps({**call, "tenant": "cgrates.org", "category": "call"})]
    rated = run("rate", "--book", book, "--cgrates", "-", input="\n".join(lines))
    checks.equal("calls without profiles", (rated.returncode, rated.stdout, rated.stderr),
                 (0, '{"call_cost":"0.6","event_cost":"0.6"}\n{"error":"RATING_PLAN_NOT_FOUND"}\n', ""))


def check_places():
    """What is written over: an earlier import, from its own tables, too; never another book."""
    own = os.path.join(PLACE, "own")
    os.makedirs(own)
    write(os.path.join(own, "book.yaml"), "name: own\ncurrency: CNY\ntimezone: UTC\n")
    write(os.path.join(own, "plans.csv"), "plan,kind\nmine,base\n")
    got = run("tariff", "import", "cgrates", os.path.join(HERE, "tutorial"), own)
    checks.equal("over a book of one's own", (got.returncode, "is a book that no import wrote" in got.stderr), (4, True))
    checks.equal("the book of one's own", sorted(os.listdir(own)), ["book.yaml", "plans.csv"])
    again = os.path.join(PLACE, "again")
    call = json.dumps({"tenant": "cgrates.org", "category": "call", "subject": "1001", "destination": "1002",
                       "answer_time": "2014-08-04T13:00:00Z", "usage_ns": 20000000000})
    for tables in (os.path.join(HERE, "tutorial"), os.path.join(again, "cgrates"), os.path.join(PLACE, ".", "again", "cgrates")):
        checks.equal(f"import of {tables}", run("tariff", "import", "cgrates", tables, again).returncode, 0)
        checks.equal(f"price after {tables}", run("rate", "--book", again, "--cgrates", "-", input=call).stdout,
                     '{"call_cost":"0.6","event_cost":"0.6"}\n')
    small = os.path.join(PLACE, "small")
    os.makedirs(small)
    for name, text in (("Rates", "RT,0,0.1,60s,60s,0s"), ("DestinationRates", "DR,*any,RT,*up,4,0,"), ("RatingPlans", "RP,DR,*any,10"),
                       ("RatingProfiles", "cgrates.org,call,*any,,RP,")):
        write(os.path.join(small, name + ".csv"), text + "\n")
    checks.equal("fewer tables", run("tariff", "import", "cgrates", small, again).returncode, 0)
    checks.equal("no table of the earlier import", sorted(os.listdir(os.path.join(again, "cgrates"))),
                 ["DestinationRates.csv", "Rates.csv", "RatingPlans.csv", "RatingProfiles.csv"])


def check_calls():
    book = os.path.join(PLACE, "book5")
    good = {"tenant": "cgrates.org", "category": "call", "subject": "1001", "destination": "1002",
            "answer_time": "2014-08-04T13:00:00Z", "usage_ns": 20000000000}
    wrong = [({"usage_ns": -1}, "usage_ns"), ({"usage_ns": 1.5}, "usage_ns"), ({"answer_time": "soon"}, "answer_time"),
             ({"answer_time": "2014-02-30T00:00:00Z"}, "answer_time"), ({"colour": "red"}, "keys"), ({"tenant": 7}, "quotes")]
    lines = [json.dumps({**good, **change}) for change, _ in wrong]
    lines += ["{}", "[]", "{", '{"tenant":"a" "b"}', json.dumps(good) + "x"]
    rated = run("rate", "--book", book, "--cgrates", "-", input="\n".join([json.dumps(good), "", *lines, json.dumps(good)]) + "\n")
    checks.equal("exit with bad lines", rated.returncode, 1)
    fine = '{"call_cost":"0.6","event_cost":"0.6"}'
    checks.equal("answers", rated.stdout.splitlines(), [fine] + ['{"error":"BAD_LINE"}'] * len(lines) + [fine])
    told = rated.stderr.splitlines()
    checks.equal("lines told", [line.split(":")[:2] for line in told], [["stdin", str(i + 3)] for i in range(len(lines))])
    columns = [line.index(f'"{part}"') + len(part) + 5 if part in line else None for line, (_, part) in zip(lines, wrong)]
    columns[4], columns[5] = lines[4].index('"colour"') + 1, lines[5].index("7,") + 1  # a key that is none; a value
    checks.equal("columns", [int(line.split(":")[2]) for line in told], columns + [1, 1, 2, 15, len(lines[-1])])
    text = json.dumps(good)
    for usage in ("2e10", "2E+10", "20000000000.0", "2.00e10", "200000000000e-1", "0.2e11", "20000000000.0000000000", f"2.{'0' * 30}e10", '"20s"', '"+0.33333333333333333m"', "20000000000e0"):
        written = text.replace("20000000000", usage)
        checks.equal(f"usage_ns {usage}", run("rate", "--book", book, "--cgrates", "-", input=written).stdout, fine + "\n")
    for usage in ("-1", "1.5", "25e-1", "1e19", "1e1000000000000", "9223372036854775808", "1152921504606846977", "e5", ".", "2e", "2e+", "1.2.3",
                  "true", "[1]", '"-1s"', '"1d"', "NaN"):
        got = run("rate", "--book", book, "--cgrates", "-", input=text.replace("20000000000", usage))
        checks.equal(f"usage_ns {usage}", (got.returncode, got.stdout), (1, '{"error":"BAD_LINE"}\n'))
        checks.holds(got.stderr.startswith(f"stdin:1:{text.index('20000000000') + 1}: "), f"usage_ns {usage}: {got.stderr}")
    got = run("rate", "--book", book, "--cgrates", "-", input="\ufeff" + text + "\n\ufeff" + text)
    checks.equal("a byte order mark, then one in the middle", (got.returncode, got.stdout), (1, fine + '\n{"error":"BAD_LINE"}\n'))
    by_any = [json.dumps({**good, "tor": tor}) for tor in ("*sms", "*data", "*mms", "*generic", "*monetary", "voice", "")]
    rated_by = run("rate", "--book", book, "--cgrates", "-", input="\n".join(by_any))
    checks.equal("any tor", (rated_by.returncode, set(rated_by.stdout.splitlines())), (0, {fine}))
    for line, (_, part) in zip(told, wrong):
        checks.equal(f"{line} says {part}", part in line, True)
    text = json.dumps(good).encode()
    packed = b"\x28\xb5\x2f\xfd\x00\x58" + (len(text) << 3 | 1).to_bytes(3, "little") + text  # a frame with one raw block
    for name, content, wanted in (("packed", packed, (0, fine + "\n", "")), ("two", text + b"\n\r\n" + text, (0, (fine + "\n") * 2, "")),
                                  ("cut", packed[:-9], (4, "", "suanpan: FILE: broken zstd data, or they end in the middle\n")),
                                  ("empty", b" \n\n", (0, "", "suanpan: FILE: holds no call\n"))):
        path = os.path.join(PLACE, name + ".jsonl")
        with open(path, "wb") as to:
            to.write(content)
        got = run("rate", "--book", book, "--cgrates", path)
        checks.equal(f"{name} calls", (got.returncode, got.stdout, got.stderr.replace(path, "FILE")), wanted)
    long = json.dumps({**good, "rating_plan": "x" * 3000000})  # longer than what is read at once
    got = run("rate", "--book", book, "--cgrates", "-", input="\n".join([long, json.dumps(good), long]))
    checks.equal("long lines", got.stdout.splitlines(), ['{"error":"RATING_PLAN_NOT_FOUND"}', fine, '{"error":"RATING_PLAN_NOT_FOUND"}'])
    checks.equal("no book", run("rate", "--book", PLACE, "--cgrates", "-").returncode, 3)
    checks.equal("no calls", run("rate", "--book", book, "--cgrates", os.path.join(PLACE, "none")).returncode, 4)
    checks.equal("usage", run("rate", "--book", book, "--customers", PLACE, "--cgrates", "-").returncode, 2)
    checks.equal("import without a book", run("tariff", "import", "cgrates", HERE).returncode, 2)
    checks.equal("import of others", run("tariff", "import", "others", HERE, PLACE).returncode, 2)


def check_altered_calls():
    """Lines of any kind: one answer each, in order, one complaint for each that is no call."""
    pieces = ['"', "{", "}", "\\", "\\u", "\\ud800", "\\u0000", "null", "true", "1e999", "-1", ".", "e", "9" * 30, "\0", "\xff", ",", ":", "[1]", " ",
              '"2014-13-01T00:00:00Z"', '"2099-12-31T23:59:59.999999999Z"', '"*sms"', "2e10", '""']
    good = {"tenant": "cgrates.org", "category": "call", "subject": "1001", "destination": "1002", "answer_time": "2014-08-04T13:00:00Z",
            "usage_ns": 20000000000, "tor": "*voice", "loop_index": 0, "rating_plan": None}
    chance, lines = random.Random(20261201), []
    for _ in range(1500):
        text = json.dumps({key: value for key, value in good.items() if chance.random() < 0.93})
        for _ in range(chance.randrange(3)):
            at, piece = chance.randrange(len(text)), chance.choice(pieces)
            begin, kind = text.find(": ", at) + 2, chance.randrange(3)
            end = text.find(", ", begin) if ", " in text[begin:] else len(text) - 1
            if kind == 0:
                text = text[:at] + piece + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + chance.randrange(1, 6):] + "x"
            elif begin > 1:
                text = text[:begin] + piece + text[end:]
        lines.append(text)
        if chance.random() < 0.1:
            lines.append(json.dumps({**good, "usage_ns": 0}))
    rated = run("rate", "--book", os.path.join(PLACE, "book5"), "--cgrates", "-", input="\n".join(lines))
    answers = rated.stdout.splitlines()
    bad = [str(i + 1) for i, answer in enumerate(answers) if answer == '{"error":"BAD_LINE"}']
    checks.equal("altered lines", (rated.returncode, len(answers), 0 < len(bad) < len(lines)), (1, len(lines), True))
    checks.equal("altered lines told", [line.split(":")[1] for line in rated.stderr.splitlines()], bad)
    free = [answer for line, answer in zip(lines, answers) if line == json.dumps({**good, "usage_ns": 0})]
    checks.equal("calls of 0 between them", set(free), {'{"call_cost":"0","event_cost":"0"}'})


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(PLACE)
    check_cases()
    check_edges()
    check_own_tables()
    check_refused()
    check_no_profiles()
    check_places()
    check_calls()
    check_altered_calls()
    checks.finish()


main()
