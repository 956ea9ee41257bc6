#!/usr/bin/env python3
"""`suanpan tariff`: check, compile, show and diff as a tariff desk uses them; exit codes, JSON keys, damaged files."""

import json
import os
import shutil
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from program import run  # noqa: E402  pylint: disable=wrong-import-position

PLACE = os.path.join(os.environ["SUANPAN_BUILD"], "tests", "tariff")
BOOK = {
    "book.yaml": "name: one\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2026-01-01\n",
    "bands.csv": "band,days,from,to\nday,workday,08:00,20:00\nrest,workday,00:00,08:00\nrest,workday,20:00,24:00\n"
                 "rest,weekend;holiday,00:00,24:00\n",
    "plans.csv": "plan,kind,name,monthly_fee\nbasic,base,Basic,5\nteam,group,,\nplus,add_on,,\n",
    "rates.csv": "plan,item,service,zone,net,band,price,per,increment,connect_fee\n"
                 "basic,base,voice,,,day,0.20,1min,,\nbasic,base,voice,,,rest,0.10,1min,6s,0.05\n"
                 "basic,msg,sms,,,,1/3,1,,\nteam,base,voice,,group,,0,1min,,\n",
    "allowances.csv": "plan,allowance,unit,service,amount,rollover\nbasic,free,s,voice,100min,1\n",
    "discounts.csv": "plan,discount,kind,value\nplus,tenth,percent,10.5\nbasic,cap,cap_month,600\n",
    "payers.csv": "plan,payer,item,mode,value,group_cap\nteam,boss,base,share,50,1000\n",
}
checks = Checks()


def book(name, **changes):
    folder = os.path.join(PLACE, name)
    os.makedirs(folder)
    for file, text in BOOK.items():
        for old, new in changes.get(file.split(".")[0], {}).items():
            if old not in text:
                raise SystemExit(f"{file} has no {old}")
            text = text.replace(old, new)
        with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
            out.write(text)
    return folder


def check_check():
    good = book("good")
    ended = run("tariff", "check", good, "--json")
    checks.equal("check", (ended.returncode, json.loads(ended.stdout)), (0, {"problems": [], "warnings": []}))
    bad = book("bad", rates={"1/3,1,": "1/3,1min,"}, plans={"group": "grupo"}, book={"name: one": "name: one\ncolour: red"})
    ended = run("tariff", "check", bad, "--json")
    report = json.loads(ended.stdout)
    checks.equal("exit of a bad book", ended.returncode, 3)
    checks.equal("problems", [(one["file"], one["line"]) for one in report["problems"]],
                 [("book.yaml", 2), ("plans.csv", 3), ("rates.csv", 4)])
    checks.equal("keys", sorted(report["problems"][0]), ["column", "file", "line", "message"])
    ended = run("tariff", "check", bad)
    checks.equal("text", [line.split(": ")[0] for line in ended.stdout.splitlines()],
                 [f"{bad}/book.yaml:2:1", f"{bad}/plans.csv:3:6", f"{bad}/rates.csv:4:11"])
    warned = book("warned", rates={"basic,msg,sms,,": "basic,msg,sms,local,foreign"})
    ended = run("tariff", "check", warned, "--json")
    checks.equal("a warning", (ended.returncode, len(json.loads(ended.stdout)["warnings"])), (0, 1))
    for zone, (first, second, example) in {
            "near": ("local;service,", ",onnet;service", "zone=local, net=onnet; expected"),
            "never": ("service,", ",onnet", "no number has these together"),
            "foreign": ("local;international,", ",foreign", "zone=international, net=foreign; expected")}.items():
        tied = book(f"tied_{zone}", rates={"basic,msg,sms,,,,1/3,1,,\n":
                                           f"basic,x,voice,{first},,1,1min,,\nbasic,x,voice,{second},,1,1min,,\n"})
        checks.inside("an example of a tie", example, run("tariff", "check", tied).stdout)
    one_set = {"plan,discount,kind,value": "plan,discount,kind,value,set", "10.5\n": "10.5,s\n",
               "basic,cap,cap_month,600": "basic,twentieth,percent,5,s"}
    checks.inside("what is in one set", "10.5 % off on all items (all); only the best of set s, with basic/twentieth",
                  run("tariff", "show", book("one_set", discounts=one_set), "plus").stdout)
    checks.equal("no such folder", run("tariff", "check", os.path.join(PLACE, "nowhere")).returncode, 3)
    checks.equal("no argument", run("tariff", "check").returncode, 2)
    checks.equal("no verb", run("tariff", "chek").returncode, 2)
    later = book("later", book={"name: one": "name: two", "2026-01-01": "2026-02-01"})
    checks.equal("two books", run("tariff", "check", good, later).returncode, 0)
    for number, (old, new) in enumerate((("CNY", "EUR"), ("name: one", "name: two"), ("Asia/Shanghai", "Asia/Tokyo"))):
        other = book(f"other{number}", book={old: new})
        ended = run("tariff", "check", good, other)
        checks.equal(f"clash {number}", (ended.returncode, ended.stdout.split(":")[0]), (3, os.path.join(other, "book.yaml")))


def check_compile():
    good, image = os.path.join(PLACE, "good"), os.path.join(PLACE, "good.img")
    ended = run("tariff", "compile", good, image)
    checks.equal("compile", ended.returncode, 0)
    with open(image, "rb") as file:
        content = file.read()
    checks.equal("hash", ended.stdout.split()[0], content[24:40].hex())
    checks.equal("compiled again", run("tariff", "compile", image, image + "2").stdout.split()[0], ended.stdout.split()[0])
    checks.equal("a compiled book is checked, too", run("tariff", "check", image).returncode, 0)
    checks.equal("shown alike", run("tariff", "show", image).stdout, run("tariff", "show", good).stdout)
    for name, damaged in (("short", content[:-100]), ("altered", content[:900] + b"\1" + content[901:]), ("empty", b""),
                          ("text", b"name: one\n"), ("version", content[:8] + b"\x09" + content[9:])):
        path = os.path.join(PLACE, name + ".img")
        with open(path, "wb") as file:
            file.write(damaged)
        ended = run("tariff", "show", path)
        checks.equal(name, (ended.returncode, ended.stdout, len(ended.stderr.splitlines())), (3, "", 1))
    checks.equal("a bad book is not written", run("tariff", "compile", os.path.join(PLACE, "bad"), image + "3").returncode, 3)
    checks.equal("nothing there", os.path.exists(image + "3"), False)
    checks.equal("no place", run("tariff", "compile", good, os.path.join(PLACE, "no", "where")).returncode, 4)


def check_show():
    ended = run("tariff", "show", os.path.join(PLACE, "good"), "basic")
    for line in ('plan basic: base "Basic", 5.00 a month',
                 "  cost       a local minute (own network), workdays: 0.15; from 08:00 0.20; from 20:00 0.15",
                 "  cost       a local minute (own network), weekends, holidays: 0.15",
                 "  cost       a message, always: 0.333",
                 "  rate       base: voice, band day: 0.20 per 1min  [rates.csv:2]",
                 "  rate       base: voice, band rest: 0.10 per 1min by 6s; connect fee 0.05  [rates.csv:3]",
                 "  rate       msg: sms: 1/3 per 1  [rates.csv:4]",
                 "  allowance  free: 100min free a cycle (voice), what is left rolls over once  [allowances.csv:2]",
                 "  discount   cap: at most 600.00 a cycle on all items (all)  [discounts.csv:3]"):
        checks.inside("show", line + "\n", ended.stdout)
    ended = run("tariff", "show", os.path.join(PLACE, "good"))
    for line in ("  cost       a minute within the group, always: free", "  discount   tenth: 10.5 % off on all items (all)",
                 "  payer      boss on item base: the group pays 50 % (all), at most 1000.00 for the group"):
        checks.inside("show", line, ended.stdout)
    checks.equal("no such plan", run("tariff", "show", os.path.join(PLACE, "good"), "xyz").returncode, 1)
    facts = json.loads(run("tariff", "show", os.path.join(PLACE, "good"), "--json").stdout)["facts"]
    checks.equal("facts", sorted(facts[0]), ["about", "file", "line", "plan", "says", "section"])


def check_diff():
    good = os.path.join(PLACE, "good")
    ended = run("tariff", "diff", good, good)
    checks.equal("no difference", (ended.returncode, ended.stdout), (0, ""))
    dearer = book("dearer", rates={"day,0.20": "day,0.30"}, discounts={"plus,tenth,percent,10.5\n": ""},
                  payers={"share,50": "share,60"})
    lines = run("tariff", "diff", good, dearer).stdout.splitlines()
    for line in ("plan basic, for its subscribers:", "  ~ rate base: voice, band day: 0.20 per 1min -> 0.30 per 1min",
                 "plan team, for members of the groups that have it:", "plan plus, for subscribers who add it:",
                 "  - discount tenth: 10.5 % off on all items (all)"):
        checks.inside("diff", line, lines)
    changes = json.loads(run("tariff", "diff", good, dearer, "--json").stdout)["changes"]
    one = [change for change in changes if change["section"] == "payer"]
    checks.equal("change", [(change["plan"], change["was"].split(",")[0], change["is"].split(",")[0]) for change in one],
                 [("team", "the group pays 50 % (all)", "the group pays 60 % (all)")])
    checks.equal("one book", run("tariff", "diff", good).returncode, 2)


def check_diff_columns():
    """What one changed cell changes is said, if it changes anything."""
    head = {"plan,kind,name,monthly_fee": "plan,kind,name,monthly_fee,fee_item,proration,exclusion", "basic,base,Basic,5": "basic,base,Basic,5,fee,,x",
            "team,group,,": "team,group,,,,,", "plus,add_on,,": "plus,add_on,,,,,"}
    discounts = {"plan,discount,kind,value": "plan,discount,kind,value,set", "10.5\n": "10.5,a\n", "600\n": "600,\n"}
    was = book("columns_was", plans=head, discounts=discounts)
    says = {("plans", "fee,,x"): {"fees,,x": "fee item fees, exclusion set x", "fee,by_day,x": "fee item fee, first month by day, ",
                                  "fee,half,x": "first month half", "fee,first_free,x": "first month free", "fee,,y": "exclusion set y"},
            ("discounts", "10.5,a"): {"10.5,b": "10.5 % off on all items (all); in set b"},
            ("discounts", "600,"): {"600,c": "; in set c"},
            ("rates", "voice,,group,,0,1min,,"): {"voice,,group,,0,2min,,": "free by 1min -> free by 2min"},
            ("rates", "6s,0.05"): {"6s,1/3": "connect fee 0.05 -> 0.10 per 1min by 6s; connect fee 1/3", "6s,2/40": ""},
            ("rates", "1/3,1,,"): {"2/6,1,,": "", "0.333333,1,,": "1/3 per 1 -> 0.333333 per 1"}}
    for i, ((table, old), news) in enumerate(says.items()):
        for k, (new, part) in enumerate(news.items()):
            changes = {"plans": dict(head), "discounts": dict(discounts), "rates": {}}
            if table == "plans":
                changes["plans"]["basic,base,Basic,5"] = f"basic,base,Basic,5,{new}"
            else:
                changes[table] = {**{a: b.replace(old, new) for a, b in changes[table].items()}, **({old: new} if table == "rates" else {})}
            said = run("tariff", "diff", was, book(f"columns{i}_{k}", **changes)).stdout
            checks.equal(f"{table}: {old} -> {new}", (part in said, bool(said)), (True, bool(part)))


def check_devices():
    fifo = os.path.join(PLACE, "fifo")
    os.mkfifo(fifo)
    ended = run("tariff", "compile", book("device"), fifo)
    checks.equal("compile into what is no file", (ended.returncode, stat.S_ISFIFO(os.stat(fifo).st_mode)), (4, True))
    odd = book("odd")
    os.remove(os.path.join(odd, "rates.csv"))
    os.mkdir(os.path.join(odd, "rates.csv"))
    os.mkfifo(os.path.join(odd, "cells.csv"))  # nobody writes to it: reading it would wait for ever
    ended = run("tariff", "check", odd)
    said = [f"{odd}/{name}.csv: is not a file; expected a table" for name in ("cells", "rates")]
    checks.equal("tables that are no files", (ended.returncode, sorted(ended.stdout.splitlines())), (3, said))


def check_unreadable():
    """A table that cannot be read hides no problem of another one, and makes none."""
    odd = book("unreadable", rates={"0.20,1min": "0.2O,1min"}, allowances={"free,s": "free,d"})
    for file in ("plans.csv", "bands.csv"):
        os.remove(os.path.join(odd, file))
        os.symlink("nowhere", os.path.join(odd, file))
    ended = run("tariff", "check", odd)
    checks.equal("a table that cannot be read", (ended.returncode, [line.split(": ")[0] for line in ended.stdout.splitlines()]),
                 (3, [f"{odd}/{place}" for place in ("bands.csv", "plans.csv", "rates.csv:2:24", "allowances.csv:2:12")]))
    checks.inside("why", "plans.csv: cannot be read: No such file or directory", ended.stdout)
    checks.equal("it is not compiled", run("tariff", "compile", odd, os.path.join(PLACE, "odd.img")).returncode, 3)
    alone = book("alone_unreadable")
    os.remove(os.path.join(alone, "discounts.csv"))
    os.symlink("nowhere", os.path.join(alone, "discounts.csv"))
    for verb in (("check",), ("show",)):
        ended = run("tariff", *verb, alone)
        checks.inside(f"{verb[0]}, nothing else is wrong", "discounts.csv: cannot be read", ended.stdout + ended.stderr)
        checks.equal(f"{verb[0]}, exit status", ended.returncode, 3)
    strays = book("strays")
    for i in range(80):  # more files than a book has
        open(os.path.join(strays, f"{i:02}.csv"), "wb").close()
    os.mkdir(os.path.join(strays, "notes.csv"))
    ended = run("tariff", "check", strays)
    checks.equal("files that are no tables", ended.returncode, 0)
    named = book("named")
    for name in ("a\x1b[2J.csv", "Rates.CSV"):
        open(os.path.join(named, name), "wb").close()
    checks.inside("a name in capitals", "/Rates.CSV: warning: is no table of a book and is not read; expected areas.csv,", run("tariff", "check", named).stdout)
    checks.inside("a name that steers a terminal", "/a?[2J.csv: warning: is no table", run("tariff", "check", named).stdout)
    checks.inside("files that are no tables", ".csv: warning: is no table of a book and is not read", ended.stdout)


def check_limits():
    """What is too large is told how large it may be."""
    large = {"0.20,1min": "9223372036854.775808,1min", "0.10,1min,6s,": "0.10,1000000000000000000s,6s,", "1/3,1,,": "1,1,,123456789012345678901"}
    said = run("tariff", "check", book("limits", rates=large, discounts={"cap_month,600": "cap_month,9999999999999"})).stdout.splitlines()
    checks.equal("limits", len(said), 4)
    for part, line in (('price "9223372036854.775808": is too large; expected an amount up to 9223372036854.775807', 0),
                       ("10MB), at most 999999999999999999 items, s or B", 1),
                       ('connect_fee "123456789012345678901": is too large; expected an amount up to 9223372036854.775807', 2),
                       ('value "9999999999999": is too large; expected an amount up to 9223372036854.775807', 3)):
        checks.inside("limits", part, (said + [""] * 4)[line])
    large = {"day,0.20,1min,,": "day,9000000000,1s,,\nbasic,base,voice,local,,day,1/999999937,1s,,"}
    checks.inside("a price with its denominator", "common denominator 999999937 the price of an increment or the fee is too large; expected up to 9223.372617",
                  run("tariff", "check", book("denominator", rates=large)).stdout)


def check_bytes():
    odd = book("bytes", plans={"group": "gr\0ou\x1b[2J\x7fp"})
    said = run("tariff", "check", odd).stdout
    checks.inside("a message goes on behind a NUL", ':3:6: "gr?ou?[2J?p" holds a byte that is no text; expected UTF-8', said)
    wide = book("wide")
    with open(os.path.join(wide, "plans.csv"), "w", encoding="utf-16") as out:
        out.write(BOOK["plans.csv"])
    said = run("tariff", "check", wide).stdout
    checks.equal("UTF-16 is said once", (said.count("\n"), said.split("/wide/")[1].split(";")[0]),
                 (1, 'plans.csv:1:1: this header is no UTF-8: it begins with "??p?l?a?n?" and has no column of this table'))
    said = run("tariff", "check", book("key", book={"name: one": "na\0me: one\nname: one"})).stdout
    checks.inside("of a key, too", '"na?me": unknown key; expected name', said)
    said = run("tariff", "check", book("long", plans={"group": "g" * 300})).stdout
    checks.inside("of a long cell the beginning", f'kind "{"g" * 128}": expected base', said)


def check_expected():
    """What was expected is said also of rows that are wrong beside others."""
    odd = book("expected", book={"name: one": "name: one\nname: two"}, plans={"plus,add_on,,": "plus,add_on,,\nplus,add_on,,"},
               rates={"basic,msg": "other,msg"}, allowances={"100min,1": "100MB,1\nbasic,free,s,voice,1min,1"},
               payers={"boss,base,share,50,1000": "boss,base,share,50,1000,9"})
    said = run("tariff", "check", odd).stdout.splitlines()
    checks.equal("places", [line.split(odd + "/")[1].split(": ")[0] for line in said],
                 ["book.yaml:2:1", "plans.csv:5:1", "rates.csv:4:1", "allowances.csv:2:20", "allowances.csv:3:7", "payers.csv:2:30"])
    checks.equal("without what was expected", [line for line in said if "expected" not in line], [])


def check_expected_rows():
    """The same of rows that are wrong in themselves, and which name of a list is none."""
    odd = book("expected_rows", bands={"00:00,08:00": "08:00,00:00"}, rates={
        "basic,base,voice,,,day": "plus,base,voice,,,day", "basic,msg,sms,,,,1/3,1,,": "basic,msg,sms,,,day;dawn;rest;eve,1/3,1,,"},
        allowances={"plan,allowance,unit,service,amount,rollover\n": "plan,allowance,unit,service,amount,rollover,scope,member_cap\n",
                    "100min,1": "100min,1,pool,\nbasic,more,s,voice,1min,,,5min"},
        discounts={"plan,discount,kind,value": "plan,discount,kind,value,item,threshold,set,priority",
                   "plus,tenth,percent,10.5\n": "plus,tenth,percent,,,,s,1\nplus,b,block_cap,5,,,,\nplus,c,free,,,,s,2\nplus,d,cap_day,5,,,s,2\n"},
        payers={"team,boss,base,share,50,1000": "team,boss,base,share,,1000\nbasic,boss,,full,,\nteam,two,,full,,5\nteam,two,base,full,,6"})
    said = run("tariff", "check", odd).stdout.splitlines()
    checks.equal("rows without what was expected", [line for line in said if "expected" not in line], [])
    for place, part in (("bands.csv:3:20", "is not after"), ("rates.csv:2:1", "is an add_on"), ("rates.csv:4:17", '"dawn" is not in bands.csv'),
                        ("rates.csv:4:17", '"eve" is not in bands.csv'), ("allowances.csv:2:29", "a pool belongs"),
                        ("allowances.csv:3:27", "only a pool"), ("discounts.csv:2:20", "the value that this kind needs"),
                        ("discounts.csv:3:20", "the one item"), ("discounts.csv:3:21", "the size of a block"),
                        ("payers.csv:2:22", "the value that this mode"), ("payers.csv:3:1", "only group and family"),
                        ("payers.csv:5:21", "one cap for all rows"), ("discounts.csv:5:8", "one pass")):
        checks.holds(any(f"/{place}: " in line and part in line for line in said), "rows:", place, part)


def check_together():
    """All that keeps books from going together, in one run."""
    zone, free = {"Asia/Shanghai": "Europe/Berlin\ncycle_day: 3"}, {"CNY": "EUR", "2026-01-01": "2027-01-01"}
    paths = [book("alone"), book("unlike", book=zone), book("third", book=free)]
    said = run("tariff", "check", *paths).stdout.splitlines()
    wanted = [(paths[1], "the same cycle_day"), (paths[1], "the same timezone"),
              (paths[2], "the same currency")]
    bad = book("bad_one", book={"2026-01-01": "2028-01-01"}, rates={"1/3,1,": "1/3,1x,"})
    odd = run("tariff", "check", paths[0], bad, paths[2]).stdout.splitlines()
    checks.equal("a bad book, and two that are unlike", [line.split(": ")[0] for line in odd], [f"{bad}/rates.csv:4:22", f"{paths[2]}/book.yaml:1:1"])
    many = run("tariff", "check", *paths[:1] * 5).stdout.splitlines()
    checks.equal("one valid_from for five", len(many), 4)
    checks.equal("unlike books", sorted(said), sorted(f"{path}/book.yaml:1:1: does not go with book one: expected {what}" for path, what in wanted))


def check_lines():
    """A cell behind a line break in its row is said where it is."""
    odd = book("lines", plans={"plan,kind,name,monthly_fee\nbasic,base,Basic,5": "plan,name,kind,monthly_fee\nbasic,\"Basic\nplan\",bass,5.x",
                               "team,group,,": "team,,groups,", "plus,add_on,,": "plus,,add_on,"})
    said = run("tariff", "check", odd).stdout.splitlines()
    checks.equal("lines", [line.split(odd + "/plans.csv:")[1].split(": ")[0] for line in said], ["3:7", "3:12", "4:7"])


def check_columns():
    """A service that is all of its unit counts as a column, so it is said."""
    rates = {"team,base,voice,,group,,0,1min,,\n": "team,base,voice,,group,,0,1min,,\nbasic,web,data,,,,1,1MB,,\nbasic,web,,,,,2,1MB,,\n"}
    ended = run("tariff", "show", book("columns", rates=rates), "basic")
    for line in ("web: data: 1.00 per 1MB  [rates.csv:6]", "web: all: 2.00 per 1MB  [rates.csv:7]"):
        checks.inside("columns", line, ended.stdout)


def check_examples():
    """The number of an example lies in the zone of the example."""
    far = book("examples", rates={"basic,msg": "basic,far,voice,local,,day,1,1min,,\nbasic,msg"})
    with open(os.path.join(far, "rates.csv"), encoding="utf-8") as file:
        rows = [line.split(",") for line in file.read().splitlines()]
    rows = [row[:5] + ["dest" if row[0] == "plan" else "d" if row[1] == "far" else ""] + row[5:] for row in rows]
    rows.append("basic,near,voice,local,,d,,1,1min,,".split(","))
    rows.append("basic,near,voice,,onnet,d,,1,1min,,".split(","))
    with open(os.path.join(far, "rates.csv"), "w", encoding="utf-8") as file:
        file.write("".join(",".join(row) + "\n" for row in rows))
    with open(os.path.join(far, "destinations.csv"), "w", encoding="utf-8") as file:
        file.write("destination,prefix\nd,1\nd,86138\nd,9\n")
    said = run("tariff", "check", far).stdout
    checks.inside("of a gap", "rates.csv:4:1: item far has no rule on mon (a workday) at 00:00, but at other times, for a record with service=voice, "
                  "direction=blank, roam=home, zone=local, net=family, other=86138...", said)
    checks.inside("of a tie", "both match a record with service=voice, zone=local, net=onnet, other=86138...; expected", said)


    with open(os.path.join(far, "destinations.csv"), "a", encoding="utf-8") as file:
        file.write("e,44\ne,49\n")
    with open(os.path.join(far, "rates.csv"), "a", encoding="utf-8") as file:
        file.write("basic,there,voice,local,,e,,1,1min,,\nbasic,there,voice,,onnet,e,,1,1min,,\n")
    checks.inside("of what no number is", "zone=local, net=onnet, other=44... (the columns are compared one by one", run("tariff", "check", far).stdout)


def check_hidden():
    """A rule hides another one if it has all its rating groups, however many."""
    hidden = book("hidden", discounts={"basic,cap,cap_month,600\n": ""})
    groups = ";".join(f"g{i}" for i in range(20))
    with open(os.path.join(hidden, "rates.csv"), "w", encoding="utf-8") as file:
        file.write(f"plan,item,service,direction,rating_group,priority,price,per\nbasic,a,data,,{groups},2,1,1MB\nbasic,a,data,,g1;h,1,1,1MB\n"
                   "basic,a,data,,g1;g2,,1,1MB\nbasic,a,data,mo,g1;h,,1,1MB\nbasic,a,data,mo,g1;i,-1,1,1MB\n"
                   "basic,b,data,mo,,1,1,1MB\nbasic,b,data,,,,1,1MB\n")
    ended = run("tariff", "check", hidden, "--json")
    checks.equal("hidden by", [(one["line"], one["message"].split()[-1]) for one in json.loads(ended.stdout)["warnings"] if one["file"] == "rates.csv"],
                 [(4, "2"), (5, "3")])


def check_covered():
    """A rule for what is near leaves no gap where every number that is near has a destination that is always priced."""
    near = book("covered", payers={"team,boss,base,share,50,1000\n": ""})
    with open(os.path.join(near, "rates.csv"), "w", encoding="utf-8") as file:
        file.write("plan,item,service,zone,dest,band,price,per\nbasic,base,voice,,home,,0.1,1min\nbasic,base,voice,local,,day,0.2,1min\n")
    for prefixes, gaps in ((["86"], 0), (["8"], 0), (["8613"], 1), ([f"86{i}" for i in range(10)], 0), ([f"86{i}" for i in range(9)], 1)):
        with open(os.path.join(near, "destinations.csv"), "w", encoding="utf-8") as file:
            file.write("destination,prefix\n" + "".join(f"home,{prefix}\n" for prefix in prefixes))
        said = run("tariff", "check", near).stdout
        checks.equal(f"home is {prefixes}", said.count("item base has no rule on"), gaps)
    with open(os.path.join(near, "destinations.csv"), "w", encoding="utf-8") as file:
        file.write("destination,prefix\nhome,86\n")
    with open(os.path.join(near, "numbers.csv"), "w", encoding="utf-8") as file:
        file.write("prefix,operator,kind\n10086,H,sp\n")
    checks.inside("a short number without destination", "item base has no rule on", run("tariff", "check", near).stdout)


def check_many():
    """A check takes time as rows do: none of these ends within the time of a test if rows are compared with all others."""
    many = 60000
    tables = {
        "bands.csv": "band,days,from,to\n" + "".join(
            f"b{i % 64},all,{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02},{(i + 1) // 3600:02}:{(i + 1) // 60 % 60:02}:{(i + 1) % 60:02}\n"
            for i in range(many)),
        "destinations.csv": "destination,prefix\nd,1\n",
        "plans.csv": "plan,kind\np,base\nq,base\nr,base\n",
        "rates.csv": "plan,item,service,rating_group,dest,priority,price,per\n" + "".join(
            f"p,b,data,g{i},,,0.1,1MB\nq,b,data,,d,{i},0.1,1MB\n" for i in range(many))}
    folder = os.path.join(PLACE, "many")
    os.makedirs(folder)
    for name, text in {"book.yaml": BOOK["book.yaml"], **tables}.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    ended = run("tariff", "check", folder, timeout=300)
    checks.equal("many rows", (ended.returncode, ended.stdout.count("another rule comes before it")), (0, many - 1))
    with open(os.path.join(folder, "rates.csv"), "a", encoding="utf-8") as file:
        file.write("".join(f"r,b,data,x;g{i},,,0.1,1MB\n" for i in range(many)))
    ended = run("tariff", "check", folder, timeout=300)
    checks.equal("many ties", (ended.returncode, ended.stdout.count(f"ambiguous with line {2 * many + 2}:")), (3, many - 1))


def check_apart():
    """A cost that is not that of numbers of a destination or of a rating group says so, to a person who reads, not to one who compares."""
    apart = book("apart", plans={"team,group,,": "team,group,,\nfar,base,,"})
    with open(os.path.join(apart, "rates.csv"), "w", encoding="utf-8") as file:
        file.write("plan,item,service,dest,rating_group,price,per\nfar,a,voice,,,0.10,1min\nfar,a,voice,abroad,,1,1min\nfar,a,sms,near,,0.2,\n"
                   "far,b,sms,,,0.1,\nfar,c,data,,,0.3,1MB\nfar,c,data,,x,0.2,1MB\n".replace("far,a,sms", "far,b,sms"))
    with open(os.path.join(apart, "destinations.csv"), "w", encoding="utf-8") as file:
        file.write("destination,prefix\nabroad,1\nabroad,49\nnear,8613\n")
    os.remove(os.path.join(apart, "discounts.csv"))
    said = run("tariff", "show", apart, "far").stdout
    for line in ("a local minute (own network), always: 0.10", "an international minute (destinations apart), always: 0.10",
                 "a message (destinations apart), always: 0.10", "a megabyte (rating groups apart), always: 0.30"):
        checks.inside("apart", f"  cost       {line}\n", said)
    other = os.path.join(PLACE, "apart_other")
    shutil.copytree(apart, other)
    with open(os.path.join(other, "rates.csv"), "a", encoding="utf-8") as file:
        file.write("far,b,sms,abroad,,0.5,\n")
    said = run("tariff", "diff", apart, other).stdout
    checks.equal("one rate more", said, "plan far, for its subscribers:\n  + rate b: sms, dest abroad: 0.50 per 1\n")


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(PLACE)
    for step in (check_check, check_compile, check_show, check_diff, check_diff_columns, check_devices, check_unreadable, check_limits, check_bytes, check_expected, check_expected_rows, check_together, check_lines, check_columns,
                 check_examples, check_hidden, check_covered, check_many, check_apart):
        step()
    checks.finish()


main()
