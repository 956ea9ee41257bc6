#!/usr/bin/env python3
"""`suanpan tariff`: check, compile, show and diff as a tariff desk uses them; exit codes, JSON keys, damaged files."""

import json
import os
import shutil
import stat
import subprocess
import sys

SUANPAN = os.environ["SUANPAN"]
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
failed = []


def expect(what, got, wanted):
    if got != wanted:
        failed.append(f"{what}: got {got!r}, expected {wanted!r}")


def expect_in(what, part, text):
    if part not in text:
        failed.append(f"{what}: no {part!r} in {text!r}")


def suanpan(*arguments):
    return subprocess.run([SUANPAN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


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
    run = suanpan("tariff", "check", good, "--json")
    expect("check", (run.returncode, json.loads(run.stdout)), (0, {"problems": [], "warnings": []}))
    bad = book("bad", rates={"1/3,1,": "1/3,1min,"}, plans={"group": "grupo"}, book={"name: one": "name: one\ncolour: red"})
    run = suanpan("tariff", "check", bad, "--json")
    report = json.loads(run.stdout)
    expect("exit of a bad book", run.returncode, 3)
    expect("problems", [(one["file"], one["line"]) for one in report["problems"]],
           [("book.yaml", 2), ("plans.csv", 3), ("rates.csv", 4)])
    expect("keys", sorted(report["problems"][0]), ["column", "file", "line", "message"])
    run = suanpan("tariff", "check", bad)
    expect("text", [line.split(": ")[0] for line in run.stdout.splitlines()],
           [f"{bad}/book.yaml:2:1", f"{bad}/plans.csv:3:6", f"{bad}/rates.csv:4:11"])
    warned = book("warned", rates={"basic,msg,sms,,": "basic,msg,sms,local,foreign"})
    run = suanpan("tariff", "check", warned, "--json")
    expect("a warning", (run.returncode, len(json.loads(run.stdout)["warnings"])), (0, 1))
    for zone, (first, second, example) in {
            "near": ("local;service,", ",onnet;service", "zone=local, net=onnet; expected"),
            "never": ("service,", ",onnet", "no number has these together"),
            "foreign": ("local;international,", ",foreign", "zone=international, net=foreign; expected")}.items():
        tied = book(f"tied_{zone}", rates={"basic,msg,sms,,,,1/3,1,,\n":
                                           f"basic,x,voice,{first},,1,1min,,\nbasic,x,voice,{second},,1,1min,,\n"})
        expect_in("an example of a tie", example, suanpan("tariff", "check", tied).stdout)
    one_set = {"plan,discount,kind,value": "plan,discount,kind,value,set", "10.5\n": "10.5,s\n",
               "basic,cap,cap_month,600": "basic,twentieth,percent,5,s"}
    expect_in("what is in one set", "10.5 % off on all items (all); only the best of its set, with basic/twentieth",
              suanpan("tariff", "show", book("one_set", discounts=one_set), "plus").stdout)
    expect("no such folder", suanpan("tariff", "check", os.path.join(PLACE, "nowhere")).returncode, 3)
    expect("no argument", suanpan("tariff", "check").returncode, 2)
    expect("no verb", suanpan("tariff", "chek").returncode, 2)
    later = book("later", book={"name: one": "name: two", "2026-01-01": "2026-02-01"})
    expect("two books", suanpan("tariff", "check", good, later).returncode, 0)
    for number, (old, new) in enumerate((("CNY", "EUR"), ("name: one", "name: two"), ("Asia/Shanghai", "Asia/Tokyo"))):
        other = book(f"other{number}", book={old: new})
        run = suanpan("tariff", "check", good, other)
        expect(f"clash {number}", (run.returncode, run.stdout.split(":")[0]), (3, os.path.join(other, "book.yaml")))


def check_compile():
    good, image = os.path.join(PLACE, "good"), os.path.join(PLACE, "good.img")
    run = suanpan("tariff", "compile", good, image)
    expect("compile", run.returncode, 0)
    with open(image, "rb") as file:
        content = file.read()
    expect("hash", run.stdout.split()[0], content[24:40].hex())
    expect("compiled again", suanpan("tariff", "compile", image, image + "2").stdout.split()[0], run.stdout.split()[0])
    expect("a compiled book is checked, too", suanpan("tariff", "check", image).returncode, 0)
    expect("shown alike", suanpan("tariff", "show", image).stdout, suanpan("tariff", "show", good).stdout)
    for name, damaged in (("short", content[:-100]), ("altered", content[:900] + b"\1" + content[901:]), ("empty", b""),
                          ("text", b"name: one\n"), ("version", content[:8] + b"\x09" + content[9:])):
        path = os.path.join(PLACE, name + ".img")
        with open(path, "wb") as file:
            file.write(damaged)
        run = suanpan("tariff", "show", path)
        expect(name, (run.returncode, run.stdout, len(run.stderr.splitlines())), (3, "", 1))
    expect("a bad book is not written", suanpan("tariff", "compile", os.path.join(PLACE, "bad"), image + "3").returncode, 3)
    expect("nothing there", os.path.exists(image + "3"), False)
    expect("no place", suanpan("tariff", "compile", good, os.path.join(PLACE, "no", "where")).returncode, 4)


def check_show():
    run = suanpan("tariff", "show", os.path.join(PLACE, "good"), "basic")
    for line in ('plan basic: base "Basic", 5.00 a month',
                 "  cost       a local minute (own network), workdays: 0.15; from 08:00 0.20; from 20:00 0.15",
                 "  cost       a local minute (own network), weekends, holidays: 0.15",
                 "  cost       a message, always: 0.333",
                 "  rate       base: voice, band day: 0.20 per 1min  [rates.csv:2]",
                 "  rate       base: voice, band rest: 0.10 per 1min by 6s; connect fee 0.05  [rates.csv:3]",
                 "  rate       msg: sms: 1/3 per 1  [rates.csv:4]",
                 "  allowance  free: 100min free a cycle (voice), what is left rolls over once  [allowances.csv:2]",
                 "  discount   cap: at most 600.00 a cycle on all items (all)  [discounts.csv:3]"):
        expect_in("show", line + "\n", run.stdout)
    run = suanpan("tariff", "show", os.path.join(PLACE, "good"))
    for line in ("  cost       a minute within the group, always: free", "  discount   tenth: 10.5 % off on all items (all)",
                 "  payer      boss on item base: the group pays 50 % (all), at most 1000.00 for the group"):
        expect_in("show", line, run.stdout)
    expect("no such plan", suanpan("tariff", "show", os.path.join(PLACE, "good"), "xyz").returncode, 1)
    facts = json.loads(suanpan("tariff", "show", os.path.join(PLACE, "good"), "--json").stdout)["facts"]
    expect("facts", sorted(facts[0]), ["about", "file", "line", "plan", "says", "section"])


def check_diff():
    good = os.path.join(PLACE, "good")
    run = suanpan("tariff", "diff", good, good)
    expect("no difference", (run.returncode, run.stdout), (0, ""))
    dearer = book("dearer", rates={"day,0.20": "day,0.30"}, discounts={"plus,tenth,percent,10.5\n": ""},
                  payers={"share,50": "share,60"})
    lines = suanpan("tariff", "diff", good, dearer).stdout.splitlines()
    for line in ("plan basic, for its subscribers:", "  ~ rate base: voice, band day: 0.20 per 1min -> 0.30 per 1min",
                 "plan team, for members of the groups that have it:", "plan plus, for subscribers who add it:",
                 "  - discount tenth: 10.5 % off on all items (all)"):
        expect_in("diff", line, lines)
    changes = json.loads(suanpan("tariff", "diff", good, dearer, "--json").stdout)["changes"]
    one = [change for change in changes if change["section"] == "payer"]
    expect("change", [(change["plan"], change["was"].split(",")[0], change["is"].split(",")[0]) for change in one],
           [("team", "the group pays 50 % (all)", "the group pays 60 % (all)")])
    expect("one book", suanpan("tariff", "diff", good).returncode, 2)


def check_devices():
    fifo = os.path.join(PLACE, "fifo")
    os.mkfifo(fifo)
    run = suanpan("tariff", "compile", book("device"), fifo)
    expect("compile into what is no file", (run.returncode, stat.S_ISFIFO(os.stat(fifo).st_mode)), (4, True))
    odd = book("odd")
    os.remove(os.path.join(odd, "rates.csv"))
    os.mkdir(os.path.join(odd, "rates.csv"))
    os.mkfifo(os.path.join(odd, "cells.csv"))  # nobody writes to it: reading it would wait for ever
    run = suanpan("tariff", "check", odd)
    said = [f"{odd}/{name}.csv: is not a file; expected a table" for name in ("cells", "rates")]
    expect("tables that are no files", (run.returncode, sorted(run.stdout.splitlines())), (3, said))


def check_unreadable():
    """A table that cannot be read hides no problem of another one, and makes none."""
    odd = book("unreadable", rates={"0.20,1min": "0.2O,1min"}, allowances={"free,s": "free,d"})
    for file in ("plans.csv", "bands.csv"):
        os.remove(os.path.join(odd, file))
        os.symlink("nowhere", os.path.join(odd, file))
    run = suanpan("tariff", "check", odd)
    expect("a table that cannot be read", (run.returncode, [line.split(": ")[0] for line in run.stdout.splitlines()]),
           (3, [f"{odd}/{place}" for place in ("bands.csv", "plans.csv", "rates.csv:2:24", "allowances.csv:2:12")]))
    expect_in("why", "plans.csv: cannot be read: No such file or directory", run.stdout)
    expect("it is not compiled", suanpan("tariff", "compile", odd, os.path.join(PLACE, "odd.img")).returncode, 3)
    alone = book("alone_unreadable")
    os.remove(os.path.join(alone, "discounts.csv"))
    os.symlink("nowhere", os.path.join(alone, "discounts.csv"))
    for verb in (("check",), ("show",)):
        run = suanpan("tariff", *verb, alone)
        expect_in(f"{verb[0]}, nothing else is wrong", "discounts.csv: cannot be read", run.stdout + run.stderr)
        expect(f"{verb[0]}, exit status", run.returncode, 3)
    strays = book("strays")
    for i in range(80):  # more files than a book has
        open(os.path.join(strays, f"{i:02}.csv"), "wb").close()
    os.mkdir(os.path.join(strays, "notes.csv"))
    run = suanpan("tariff", "check", strays)
    expect("files that are no tables", run.returncode, 0)
    named = book("named")
    for name in ("a\x1b[2J.csv", "Rates.CSV"):
        open(os.path.join(named, name), "wb").close()
    expect_in("a name in capitals", "/Rates.CSV: warning: is no table of a book and is not read; expected areas.csv,", suanpan("tariff", "check", named).stdout)
    expect_in("a name that steers a terminal", "/a?[2J.csv: warning: is no table", suanpan("tariff", "check", named).stdout)
    expect_in("files that are no tables", ".csv: warning: is no table of a book and is not read", run.stdout)


def check_limits():
    """What is too large is told how large it may be."""
    large = {"0.20,1min": "9223372036854.775808,1min", "0.10,1min,6s,": "0.10,1000000000000000000s,6s,", "1/3,1,,": "1,1,,123456789012345678901"}
    said = suanpan("tariff", "check", book("limits", rates=large, discounts={"cap_month,600": "cap_month,9999999999999"})).stdout.splitlines()
    expect("limits", len(said), 4)
    for part, line in (('price "9223372036854.775808": is too large; expected an amount up to 9223372036854.775807', 0),
                       ("10MB), at most 999999999999999999 items, s or B", 1),
                       ('connect_fee "123456789012345678901": is too large; expected an amount up to 9223372036854.775807', 2),
                       ('value "9999999999999": is too large; expected an amount up to 9223372036854.775807', 3)):
        expect_in("limits", part, (said + [""] * 4)[line])
    large = {"day,0.20,1min,,": "day,9000000000,1s,,\nbasic,base,voice,local,,day,1/999999937,1s,,"}
    expect_in("a price with its denominator", "common denominator 999999937 the price of an increment or the fee is too large; expected up to 9223.372617",
              suanpan("tariff", "check", book("denominator", rates=large)).stdout)


def check_bytes():
    odd = book("bytes", plans={"group": "gr\0ou\x1b[2J\x7fp"})
    said = suanpan("tariff", "check", odd).stdout
    expect_in("a message goes on behind a NUL", ':3:6: "gr?ou?[2J?p" holds a byte that is no text; expected UTF-8', said)
    wide = book("wide")
    with open(os.path.join(wide, "plans.csv"), "w", encoding="utf-16") as out:
        out.write(BOOK["plans.csv"])
    said = suanpan("tariff", "check", wide).stdout
    expect("UTF-16 is said once", (said.count("\n"), said.split("/wide/")[1].split(";")[0]),
           (1, 'plans.csv:1:1: this header is no UTF-8: it begins with "??p?l?a?n?" and has no column of this table'))
    said = suanpan("tariff", "check", book("key", book={"name: one": "na\0me: one\nname: one"})).stdout
    expect_in("of a key, too", '"na?me": unknown key; expected name', said)
    said = suanpan("tariff", "check", book("long", plans={"group": "g" * 300})).stdout
    expect_in("of a long cell the beginning", f'kind "{"g" * 128}": expected base', said)


def check_expected():
    """What was expected is said also of rows that are wrong beside others."""
    odd = book("expected", book={"name: one": "name: one\nname: two"}, plans={"plus,add_on,,": "plus,add_on,,\nplus,add_on,,"},
               rates={"basic,msg": "other,msg"}, allowances={"100min,1": "100MB,1\nbasic,free,s,voice,1min,1"},
               payers={"boss,base,share,50,1000": "boss,base,share,50,1000,9"})
    said = suanpan("tariff", "check", odd).stdout.splitlines()
    expect("places", [line.split(odd + "/")[1].split(": ")[0] for line in said],
           ["book.yaml:2:1", "plans.csv:5:1", "rates.csv:4:1", "allowances.csv:2:20", "allowances.csv:3:7", "payers.csv:2:30"])
    expect("without what was expected", [line for line in said if "expected" not in line], [])


def check_together():
    """All that keeps books from going together, in one run."""
    zone, free = {"Asia/Shanghai": "Europe/Berlin\ncycle_day: 3"}, {"CNY": "EUR", "2026-01-01": "2027-01-01"}
    paths = [book("alone"), book("unlike", book=zone), book("third", book=free)]
    said = suanpan("tariff", "check", *paths).stdout.splitlines()
    wanted = [(paths[1], "the same cycle_day"), (paths[1], "the same timezone"),
              (paths[2], "the same currency")]
    bad = book("bad_one", book={"2026-01-01": "2028-01-01"}, rates={"1/3,1,": "1/3,1x,"})
    odd = suanpan("tariff", "check", paths[0], bad, paths[2]).stdout.splitlines()
    expect("a bad book, and two that are unlike", [line.split(": ")[0] for line in odd], [f"{bad}/rates.csv:4:22", f"{paths[2]}/book.yaml:1:1"])
    many = suanpan("tariff", "check", *paths[:1] * 5).stdout.splitlines()
    expect("one valid_from for five", len(many), 4)
    expect("unlike books", sorted(said), sorted(f"{path}/book.yaml:1:1: does not go with book one: expected {what}" for path, what in wanted))


def check_lines():
    """A cell behind a line break in its row is said where it is."""
    odd = book("lines", plans={"plan,kind,name,monthly_fee\nbasic,base,Basic,5": "plan,name,kind,monthly_fee\nbasic,\"Basic\nplan\",bass,5.x",
                               "team,group,,": "team,,groups,", "plus,add_on,,": "plus,,add_on,"})
    said = suanpan("tariff", "check", odd).stdout.splitlines()
    expect("lines", [line.split(odd + "/plans.csv:")[1].split(": ")[0] for line in said], ["3:7", "3:12", "4:7"])


def check_columns():
    """A service that is all of its unit counts as a column, so it is said."""
    rates = {"team,base,voice,,group,,0,1min,,\n": "team,base,voice,,group,,0,1min,,\nbasic,web,data,,,,1,1MB,,\nbasic,web,,,,,2,1MB,,\n"}
    run = suanpan("tariff", "show", book("columns", rates=rates), "basic")
    for line in ("web: data: 1.00 per 1MB  [rates.csv:6]", "web: all: 2.00 per 1MB  [rates.csv:7]"):
        expect_in("columns", line, run.stdout)


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(PLACE)
    for step in (check_check, check_compile, check_show, check_diff, check_devices, check_unreadable, check_limits, check_bytes, check_expected, check_together, check_lines, check_columns):
        step()
    print("\n".join(failed) if failed else "tariff: all as expected")
    return 1 if failed else 0


sys.exit(main())
