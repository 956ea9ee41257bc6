"""suanpan explain over the golden cases and random books: what it says of each record is what `rate` says, every
sum that it prints can be done again by anyone, and wrong calls end as the contract says."""
import glob
import json
import os
import re
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import run  # noqa: E402  pylint: disable=wrong-import-position
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
from random_book import write_case  # noqa: E402  pylint: disable=wrong-import-position

GOLDEN = os.path.join(os.environ["SUANPAN_SHARED"], "golden")
HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(HERE, "example")
STATIONS = ["source", "decode", "resolve", "route", "dedup", "rate", "fold", "journal", "checkpoint"]
SEEDS = [int(os.environ["SEED"])] if "SEED" in os.environ else [7, 33]
checks = Checks()


def steps_of(record, kind):
    return [step for station in record["stations"] for step in station["steps"] if step["kind"] == kind]


def rounded(value, digits):
    step = Fraction(1, 10 ** digits)
    return (value / step + Fraction(1, 2)).__floor__() * step


NUMBER = r"(\(?-?\d[\d./]*\)?)"


def exact(text):
    """An amount, or a fraction of which both parts may have decimals."""
    above, _, below = text.strip("()").partition("/")
    return Fraction(above) / Fraction(below or 1)


def said_check(where, record):
    """The equations as a person would redo them from the sentences alone."""
    for step in steps_of(record, "block"):
        parts = re.search(rf"(?:: {NUMBER} x {NUMBER} / {NUMBER}(?:, half_up to (\d) decimals)? = {NUMBER}, share|: share)"
                          rf" {NUMBER} - {NUMBER} = {NUMBER}, takes min\({NUMBER}, {NUMBER} - {NUMBER}\) = {NUMBER}$", step["says"])
        if checks.holds(parts is not None, where, step["says"]) or parts is None:
            continue
        amount, upto, whole, digits, result, upto_again, earlier, share, share_again, value, taken, takes = parts.groups()
        if amount is not None:
            near = exact(amount) * exact(upto) / exact(whole)
            near = near if digits is None else rounded(near, int(digits))
            checks.holds(near == exact(result) == exact(upto_again), where, step["says"])
        checks.holds(exact(upto_again) - exact(earlier) == exact(share) == exact(share_again), where, step["says"])
        checks.holds(max(min(exact(share), exact(value) - exact(taken)), 0) == exact(takes), where, step["says"])
    for step in steps_of(record, "list"):
        parts = re.search(rf": (?:(.+) = )?{NUMBER}, (half_up|ceil|floor) to (\d) decimals = {NUMBER}$", step["says"])
        terms = [step_of[key] for kind, key in (("increments", "sum"), ("fee", "fee"))
                 for step_of in steps_of(record, kind) if step_of["item"] == step["item"]]
        checks.holds(parts is not None and ((parts[1] or parts[2]) == " + ".join(terms) or not terms)
                     and sum(map(exact, terms)) == exact(parts[2]), where, "a list is no sum:", step["says"])
    for step in steps_of(record, "discount"):
        parts = re.search(rf": (?:price_cap {NUMBER}|cap_.*, so at most {NUMBER})(?:; \S+ {NUMBER} -> {NUMBER}, all items .*|"
                          rf"; all items {NUMBER} -> {NUMBER})$", step["says"])
        if parts is not None:
            value, most, *amounts = (part and exact(part) for part in parts.groups())
            before, after = amounts[:2] if amounts[0] is not None else amounts[2:]
            checks.holds(min(before, most if value is None else value) == after, where, step["says"])
    for step in steps_of(record, "payer"):
        parts = re.search(rf"left {NUMBER}, wants {NUMBER} %, half_up to (\d) decimals = {NUMBER}[,;]", step["says"])
        checks.holds((parts is None) == ("%" not in step["says"]), where, step["says"])
        if parts is not None:
            checks.holds(rounded(exact(parts[1]) * exact(parts[2]) / 100, int(parts[3])) == exact(parts[4]), where, step["says"])
        bounds = [Fraction(step["left"]), Fraction(step["want"])]
        bounds += [exact(cap) - exact(paid) for cap, paid in re.findall(rf" cap {NUMBER} - {NUMBER}", step["says"])]
        bounds += [exact(had) for had in re.findall(rf"had from it, {NUMBER}", step["says"])]
        checks.holds(max(min(bounds), 0) == Fraction(step["amount"]), where, "not the least of its bounds:", step["says"])
    for step in steps_of(record, "share"):
        parts = re.search(rf": {NUMBER} x {NUMBER} / {NUMBER}, by largest remainder = {NUMBER}; {NUMBER} - {NUMBER} = {NUMBER} left$",
                          step["says"])
        checks.holds(parts is not None and abs(exact(parts[1]) * exact(parts[2]) / exact(parts[3]) - exact(parts[4])) < Fraction(1, 10 ** 6)
                     and exact(parts[5]) - exact(parts[6]) == exact(parts[7]), where, step["says"])
    for step in steps_of(record, "pass"):
        parts = re.search(r": ([\d.]+)((?: x [\d.]+ %)+), half_up to (\d) decimals = ([\d.]+)$", step["says"])
        if step["pass"] == 1 and parts is not None:
            value = Fraction(parts[1])
            for percent in re.findall(r"x ([\d.]+) %", parts[2]):
                value *= Fraction(percent) / 100
            checks.holds(rounded(value, int(parts[3])) == Fraction(parts[4]), where, step["says"])
        checks.holds(step["pass"] != 1 or parts is not None, where, "percents are no equation:", step["says"])
        parts = re.search(rf": {NUMBER} x {NUMBER} / {NUMBER}, by largest remainder to (\d) decimals = {NUMBER}$", step["says"])
        if parts is not None:
            near = exact(parts[1]) * exact(parts[2]) / exact(parts[3]) - exact(parts[5])
            checks.holds(abs(near) < Fraction(1, 10 ** int(parts[4])), where, step["says"])
    for step in steps_of(record, "grant"):
        parts = re.search(r": (\d+)(\S*) x (\d+) / (\d+) days, rounded up to whole \w+ = (\d+)(\S*)$", step["says"])
        if step["of_days"] and parts is not None and parts[2] == parts[6]:
            due = -(-int(parts[1]) * int(parts[3]) // int(parts[4]))
            checks.holds(due == int(parts[5]), where, step["says"])
    if record["outcome"] == "zero_rated":
        field = {step["field"]: step["value"] for step in steps_of(record, "field")}
        why = steps_of(record, "outcome")[0]["says"].removeprefix("zero_rated: ")
        true = {"its duration is 0": record["service"] == "voice" and "duration_s" not in field,
                "its items are 0": field.get("items") == "0", "the message failed, its cause is not 0": "cause" in field,
                "it has neither bytes nor seconds": not {"duration_s", "up_bytes", "down_bytes"} & field.keys(),
                "what its rules count, seconds or bytes, is 0": record["service"] == "data"}
        checks.holds(true.get(why, False), where, "is zero_rated:", why)
    if record["reason"] == "no_rate":
        rules = steps_of(record, "rule")
        checks.holds(rules and all(step["why"] not in ("taken", "none") for step in rules), where, "rules that lost", rules)
    if record["reason"] == "bad_field":
        checks.holds(any("expected" in step["says"] for step in steps_of(record, "wrong")), where, "which field?")


def sums_check(where, record):
    """Each number once more: increments, balances, caps, percents, payers."""
    for step in steps_of(record, "increments"):
        checks.holds(Fraction(step["price"]) * step["count"] == Fraction(step["sum"]), where, step)
    for step in steps_of(record, "cover"):
        checks.holds(step["before"] - step["size"] * step["count"] == step["after"], where, step)
    lists = {step["item"]: step for step in steps_of(record, "list")}
    for item, step in lists.items():
        count = sum(run["count"] for run in steps_of(record, "increments") if run["item"] == item)
        checks.holds(step["increments"] == count, where, step)
        exact = sum((Fraction(run["sum"]) for run in steps_of(record, "increments") if run["item"] == item),
                    Fraction(0))
        exact += sum((Fraction(fee["fee"]) for fee in steps_of(record, "fee") if fee["item"] == item), Fraction(0))
        checks.holds(abs(Fraction(step["list"]) - exact) <= 1, where, "list", step["list"], "is not", exact)
    for step in steps_of(record, "block"):
        checks.holds(Fraction(step["takes"]) <= Fraction(step["share"]), where, step)
    for step in steps_of(record, "payer"):
        checks.holds(Fraction(step["amount"]) <= Fraction(step["left"]), where, step)
    shares = steps_of(record, "share")
    checks.holds(sum(Fraction(step["takes"]) for step in shares)
                 == sum(Fraction(step["amount"]) for step in steps_of(record, "payer")) or not shares or
                 len(steps_of(record, "payer")) > 1, where, "shares of a payer", shares)
    said_check(where, record)
    if record["outcome"] != "rated" or steps_of(record, "chain") or "pre_rated" in record["flags"]:
        return
    listed = sum((Fraction(step["list"]) for step in lists.values()), Fraction(0))
    checks.holds(listed == Fraction(record["list"]), where, "items do not add up to the list")
    paid = sum((Fraction(step["amount"]) for kind in ("payer", "own") for step in steps_of(record, kind)),
               Fraction(0))
    checks.holds(paid == Fraction(record["net"]), where, "what is paid is not the net")


def case_check(case):
    books = [arg for path in sorted(glob.glob(os.path.join(case, "book*"))) for arg in ("--book", path)]
    args = [*books, "--customers", os.path.join(case, "customers")]
    usage = os.path.join(case, "usage.csv")
    rated = [json.loads(line) for line in run("rate", *args, "--json", usage).stdout.splitlines()]
    ended = run("explain", *args, "--all", "--json", usage)
    checks.holds(ended.returncode == 0, case, "ended with", ended.returncode, ended.stderr)
    explained = [json.loads(line) for line in ended.stdout.splitlines()]
    checks.holds(len(explained) == len(rated), case, len(explained), "explained of", len(rated))
    for one, other in zip(explained, rated):
        where = f"{os.path.basename(case)} {other['id']}:"
        checks.holds({key: one[key] for key in other} == other, where, "is not what rate says")
        checks.holds([station["name"] for station in one["stations"]] == STATIONS, where, "stations")
        checks.holds(all(step["says"] for station in one["stations"] for step in station["steps"]), where, "says nothing")
        sums_check(where, one)
    last = run("explain", *args, "--json", usage)
    checks.holds(json.loads(last.stdout) == explained[-1], case, "the last record is not that of --all")
    text = run("explain", *args, usage)
    said = [step["says"] for station in explained[-1]["stations"] for step in station["steps"]
            if not re.search(r"no, (service is|the service)", step["says"])]  # counted in the text
    checks.holds(all("\n  " + words + "\n" in text.stdout for words in said if "increments" not in words or len(said) < 60),
                 case, "the text does not say what the JSON says")
    return len(rated)


LATE = {
    "book/book.yaml": "name: late\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
    "book/plans.csv": "plan,kind\ntalk,base\nteam,group\n",
    "book/rates.csv": "plan,item,service,price,per,connect_fee\ntalk,base,voice,0.20,1min,0.05\n",
    "book/allowances.csv": "plan,allowance,unit,amount,scope\nteam,free,s,60min,pool\n",
    "book/payers.csv": "plan,payer,mode,value\nteam,boss,share,50\n",
    "customers/accounts.csv": "account\nA\nG\n",
    "customers/subscribers.csv": "subscriber,number,account\nann,8613000000001,A\n",
    "customers/groups.csv": "group,kind,account\nteam,enterprise,G\n",
    "customers/members.csv": "group,subscriber,to\nteam,ann,2026-02-05\n",
    "customers/subscriptions.csv": "owner,plan\nsubscriber:ann,talk\ngroup:team,team\n",
    "usage.csv": "id,service,served,start,duration_s,session,seq,partial\n"
                 "first,voice,13000000001,20260204100000,600,S,0,first\n"
                 "after,voice,13000000001,20260206100000,60,,,\n"
                 "last,voice,13000000001,20260204101000,600,S,1,last\n",
}


def explained(files):
    with tempfile.TemporaryDirectory(dir=os.environ["SUANPAN_BUILD"]) as work:
        for name, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(work, name)), exist_ok=True)
            with open(os.path.join(work, name), "w", encoding="utf-8") as file:
                file.write(text)
        args = ("--book", f"{work}/book", "--customers", f"{work}/customers", "--all", f"{work}/usage.csv")
        ended, shown = run("explain", *args, "--json"), run("explain", *args).stdout + run("rate", *args[:4], args[5]).stdout
    checks.holds(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown), "what steers a terminal is shown")
    checks.holds(ended.returncode == 0, "ended with", ended.returncode, ended.stderr)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def long_check():
    """A call over 150 days: its list is not cut in the middle of 300 sums."""
    record = explained({**LATE, "book/bands.csv": "band,days,from,to\nday,all,08:00,24:00\nnight,all,00:00,08:00\n",
                        "book/rates.csv": "plan,item,service,band,price,per,connect_fee\n"
                                          "talk,base,voice,day,0.20,1min,0.05\ntalk,base,voice,night,0.10,1min,0.05\n",
                        "usage.csv": f"id,service,served,start,duration_s\nlong,voice,13000000001,20260204000000,{150 * 86400}\n"})[0]
    said = [step["says"] for step in steps_of(record, "list")]
    checks.holds(said == ["list of base: the 301 sums above add up to 36000.05, half_up to 3 decimals = 36000.05"], "long", said)


def cap_check():
    """A cap on one item of two, then one over both."""
    record = explained({**LATE, "book/rates.csv": "plan,item,service,price,per\ntalk,base,voice,0.20,1min\ntalk,far,voice,0.07,6s\n",
                        "book/discounts.csv": "plan,discount,item,kind,value\ntalk,low,far,price_cap,0.25\ntalk,month,,cap_month,0.50\n",
                        "usage.csv": "id,service,served,start,duration_s\ntwo,voice,13000000001,20260206000000,61\n"})[0]
    sums_check("cap:", record)
    said = [step["says"].split(": ")[1] for kind in ("discount", "pass") for step in steps_of(record, kind)]
    wanted = ["price_cap 0.25; far 0.77 -> 0.25, all items 1.17 -> 0.65",
              "cap_month 0.50, counted so far 0.00, so at most 0.50; all items 0.65 -> 0.50", "0.77 -> 0.25",
              "0.40 x 0.50 / 0.65, by largest remainder to 3 decimals = 0.308",
              "0.25 x 0.50 / 0.65, by largest remainder to 3 decimals = 0.192"]
    checks.holds(said == wanted, "caps", said)


def exact_check():
    """Four percents of four decimals each: what the fourth set would leave has more digits than 64 bits hold."""
    record = explained({**LATE, "book/rates.csv": "plan,item,service,price,per\ntalk,base,voice,1234.567,1min\n",
                        "book/discounts.csv": "plan,discount,kind,value,set\ntalk,a,percent,0.01,a\ntalk,b,percent,0.03,b\n"
                                              "talk,c,percent,0.07,c\ntalk,d,percent,0.09,d\ntalk,e,percent,0.01,d\n",
                        "usage.csv": "id,service,served,start,duration_s\nexact,voice,13000000001,20260206000000,60\n"})[0]
    sums_check("exact:", record)
    said = [step["says"] for kind in ("discount", "pass") for step in steps_of(record, kind)]
    # 1234.567 x 0.9999 x 0.9997 x 0.9993 x 0.9991 = 1232.09947...
    checks.holds(any("not taken: of its set d [discounts.csv:5] leaves less, or as much and comes first by name" in words for words in said)
                 and said[-1].endswith("half_up to 3 decimals = 1232.099"), "exact", said)


def late_check():
    """A chain whose subscriber has left the group: pool and payer give no more than they gave before."""
    records = explained(LATE)
    checks.holds([record["flags"] for record in records] == [[], [], ["late"]], "late")
    for record in records:
        sums_check(f"late {record['id']}:", record)
    said = [step["says"] for step in steps_of(records[-1], "balance") + steps_of(records[-1], "payer")]
    for part in ("late, so no more than its chain had from it, 10min", "late, so no more than its chain had from it, 0.00; account G"):
        checks.holds(any(part in words for words in said), "no", part, "in", said)
    said = [step["says"] for step in steps_of(records[0], "list")]
    checks.holds(said == ["list of base: 2.00 + 0.05 = 2.05, half_up to 3 decimals = 2.05"], "the connect fee is in the sum", said)


WORDS = {
    **LATE,
    "book/book.yaml": "name: words\ncurrency: CNY\ntimezone: Asia/Shanghai\nincrement_digits: 3\n",
    "book/plans.csv": "plan,kind\ntalk,base\nteam,group\nteem,group\nkin,family\n",
    "book/rates.csv": "plan,item,service,price,per,increment,connect_fee,priority\ntalk,base,voice,1/3,1min,,0.05,\n"
                      "team,base,voice,0.20,1min,6s,,7\nteem,base,voice,0.20,1min,,,7\nkin,base,voice,0.10,1min,,,\n"
                      "talk,text,sms,0.10,,,,\n",
    "book/allowances.csv": "plan,allowance,unit,amount,rollover,direction\ntalk,free,s,1min,1,mt\ntalk,bytes,B,1MB,,\n",
    "book/discounts.csv": "plan,discount,item,kind,value,set\ntalk,ten,,percent,10,off\ntalk,five,,percent,5,off\n"
                          "talk,also,base,percent,10,off\ntalk,text,text,percent,10,\ntalk,most,,price_cap,9,caps\ntalk,mist,,price_cap,8,caps\n",
    "book/payers.csv": "plan,payer,mode,value,item\nteam,boss,share,50,text\n",
    "customers/groups.csv": "group,kind,account\nteam,enterprise,G\nkin,family,\n",
    "customers/members.csv": "group,subscriber,to\nteam,ann,2026-03-05\nkin,ann,2026-03-05\n",
    "customers/subscribers.csv": "subscriber,number,account,from,to\nann,8613000000001,A,,2026-02-07\nann,8613000000001,B,2026-02-07,\n",
    "customers/accounts.csv": "account\nA\nB\nG\n",
    "customers/subscriptions.csv": "owner,plan\nsubscriber:ann,talk\ngroup:team,team\ngroup:team,teem\ngroup:kin,kin\n",
    "usage.csv": "id,service,served,start,duration_s,session,seq,partial,direction\n"
                 "\x1b[2J\x9b,voice,13000000001,20260204100000,61,,,,\n"
                 "first,voice,13000000001,20260206100000,600,S,0,first,\n"
                 "last,voice,13000000001,20260207101000,600,S,1,last,\n"
                 "rolled,voice,13000000001,20260306100000,61,,,,mt\n",
}


def words_check():
    """Each loser names the one that won and why; what an amount comes of is said where it is not plain."""
    records = explained(WORDS)
    for record in records:
        sums_check(f"words {record['id']}:", record)
    said = ["\n".join(step["says"] for station in record["stations"] for step in station["steps"]) for record in records]
    for where, words in enumerate((
            ("[rates.csv:2] for voice: holds, but is replaced by the group price of team [rates.csv:3]",
             "[rates.csv:4] for voice: holds, but lost the contest: team [rates.csv:3] comes first by the plan's name",
             "[rates.csv:5] for voice: holds, but lost the contest: team [rates.csv:3] has the higher priority",
             "base: 11 increments of 6s from 0s on, 61s used: 11 x 0.02 (0.20 x 6s / 1min) = 0.22 [rates.csv:3]",
             "allowance bytes [allowances.csv:3] is not for this record: base is counted in another unit",
             "payer boss [payers.csv:2] is not for this record: it has no text",
             "discount text [discounts.csv:5] is not for this record: it has no text",
             "discount five [discounts.csv:3] in pass 1 on all: percent 5 %; not taken: it would leave 0.209 of all items, also [discounts.csv:4] leaves 0.198",
             "discount ten [discounts.csv:2] in pass 1 on all: percent 10 %; not taken: it would leave 0.198 of all items, as does "
             "also [discounts.csv:4], which comes first by name"),
            ("subscriber:ann has it always [plans.csv:2]",),
            ("a partial: its chain so far, 20min from 2026-02-06T10:00:00 on, is rated as one whole record with the parties and places of its lead partial",
             "own account A pays", "this partial's base: list 2.00, net ", "of this partial account A pays "),
            ("base: 2 increments of 1min from 0s on, 61s used: 2 x 0.333 (1/3, half_up to 3 decimals) = 0.666 [rates.csv:2]",
             "base: connect fee 0.05 [rates.csv:2]",
             "allowance free of subscriber:ann [allowances.csv:2]: 1min left of 1min"))):
        for part in words:
            checks.holds(part in said[where], "words", records[where]["id"], "do not say:", part, "but", said[where])
    rolled = [step["says"] for step in steps_of(explained({**WORDS, "usage.csv": "id,service,served,start,duration_s,direction\n"
                                                          "now,voice,13000000001,20260306100000,61,mt\n"})[0], "cover")]
    checks.holds(rolled == ["allowance free of subscriber:ann [allowances.csv:2], rolled over, gives 1 increment of 1min from 0s on: 1min - 1min = 0s left",
                            "allowance free of subscriber:ann [allowances.csv:2] gives 1 increment of 1min from 1min on: 1min - 1min = 0s left"], "rolled", rolled)


def calls_check():
    book = ["--book", os.path.join(EXAMPLE, "book"), "--customers", os.path.join(EXAMPLE, "customers")]
    usage = os.path.join(EXAMPLE, "usage.csv")
    with open(usage, encoding="utf-8") as lines:
        text = lines.read()
    checks.holds(run("explain", *book, "-", input=text).stdout.count("[CDR 6/9] rate") == 1, "stdin")
    checks.holds(run("explain", *book, "--id", "call-2", usage).returncode == 0, "--id of a record")
    twice = run("explain", *book, "--id", "call-1", "--json", usage)
    checks.holds([json.loads(line)["outcome"] for line in twice.stdout.splitlines()] == ["rated", "duplicate"],
                 "two records with one id:", twice.stdout)
    lost = run("explain", *book, "--id", "nobody", usage)
    checks.holds(lost.returncode == 1 and lost.stdout == "" and "nobody" in lost.stderr, "an id that is not there", lost)
    checks.holds(run("explain", *book, "-", input="").returncode == 1, "an empty file")
    checks.holds(run("explain", usage).returncode == 2, "no book")
    checks.holds(run("explain", *book).returncode == 2, "no file")
    checks.holds(run("explain", *book, "--all", "--id", "x", usage).returncode == 2, "--all and --id")
    checks.holds(run("explain", *book, usage + ".none").returncode == 4, "no such file")
    checks.holds(run("explain", "--book", EXAMPLE + "/none", "--customers", EXAMPLE, usage).returncode == 3, "no such book")
    odd = run("explain", *book, "-", input="id,service,start\nx\n\x1b[2J\n")
    checks.holds("\x1b" not in odd.stdout, "control bytes reach the terminal")


def main():
    calls_check()
    late_check()
    long_check()
    cap_check()
    exact_check()
    words_check()
    count = 0
    cases = [case for case in sorted(glob.glob(os.path.join(GOLDEN, "*")))
             if os.path.exists(os.path.join(case, "usage.csv"))]
    for case in cases:
        refused = run("tariff", "check", os.path.join(case, "book")).returncode
        if refused == 0 or os.path.isdir(os.path.join(case, "book1")):
            count += case_check(case)
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(dir=os.environ["SUANPAN_BUILD"]) as work:
            case = os.path.join(work, f"seed-{seed}")
            write_case(seed, 120, case)
            count += case_check(case)
    checks.holds(count > 0, "no record is explained")
    print(f"{count} records of {len(cases)} cases and seeds {SEEDS} explained")
    checks.finish()


main()
