#!/usr/bin/env python3
"""cns_world.py DIR [SHARED]: a book, customers and usage files from the real calls and messages of SHARED/data/cns.

In DIR: book/, customers/, usage/usage.csv (canonical CSV) and json/usage.jsonl (the same records as JSON lines).
README.md beside this file says what is real and what is made up. SHARED is ../shared beside the repository unless
SUANPAN_SHARED or the second argument says otherwise. Exit 77: the data are not there."""
import csv
import datetime
import json
import os
import re
import sys

SKIPPED = 77
FIRST_MIDNIGHT = datetime.datetime(2025, 9, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
HOME_OPERATOR = "中国移动"
# Where the phones live, by the last digit of their number in the study: most in one city, some elsewhere.
CITIES = ["湖北省武汉市"] * 6 + ["湖北省宜昌市", "湖北省黄石市", "北京市", "广东省广州市"]
OPERATORS = [HOME_OPERATOR, HOME_OPERATOR, "中国联通", "中国电信"]
PLANS = ["urban", "seconds", "bundle"]
GROUPS = ["physics", "law", "library"]
REGIONS = ("内蒙古", "广西", "宁夏", "新疆", "西藏")
LONE_AREA_FIRST = 99001  # areas of places without a fixed-line prefix: no real code is so long

BOOK = """name: cns
currency: CNY
timezone: Asia/Shanghai
home_operator: 中国移动
home_country: 86
cycle_day: 1
valid_from: 2025-01-01
"""

TABLES = {
    "bands.csv": """band,days,from,to
night,all,00:00,07:00
night,all,22:00,24:00
""",
    "plans.csv": """plan,kind,name
urban,base,By the minute and the place
seconds,base,By six seconds
bundle,base,Forty messages a month
campus,group,Calls and messages inside the university
""",
    "rates.csv": """plan,item,service,direction,zone,net,band,priority,from,connect_fee,price,per
urban,base,voice,mo,,,,,,,0.40,1min
urban,base,voice,mo,province,,,,,,0.25,1min
urban,base,voice,mo,local,,,,,,0.15,1min
urban,base,voice,mo,local,,night,,,,0.10,1min
urban,base,voice,mt,,,,,,,0,1min
urban,message,sms,mo,,,,,,,0.10,
urban,message,sms,mt,,,,,,,0,
seconds,base,voice,mo,,,,,,0.05,0.02,6s
seconds,base,voice,mt,,,,,,,0.01,1min
seconds,message,sms,mo,,,,,,,0.10,
seconds,message,sms,mo,,onnet,,,,,0.08,
seconds,message,sms,mt,,,,,,,0,
bundle,base,voice,mo,,,,,,,0.30,1min
bundle,base,voice,mo,,,,,180s,,0.10,1min
bundle,base,voice,mt,,,,,,,0,1min
bundle,message,sms,mo,,,,,,,0.10,
bundle,message,sms,mt,,,,,,,0,
campus,base,voice,mo,,group,,2,,,0.05,1min
campus,base,voice,mo,,group_tree,,1,,,0.08,1min
campus,message,sms,mo,,group,,2,,,0.02,
""",
    "allowances.csv": """plan,allowance,unit,service,direction,amount,scope
bundle,messages,item,sms,mo,40,own
""",
    "discounts.csv": """plan,discount,stage,item,service,direction,kind,value
urban,voice_cap,record,base,voice,mo,cap_month,15.00
""",
}

MANAGERS = """manager,name,section,region,role
M1,Wu Hua,campus,Wuhan,manager
"""


def number_plan(path):
    """[(prefix, name)] of a file of libphonenumber."""
    with open(path, encoding="utf-8") as file:
        lines = (line.strip() for line in file)
        return [tuple(line.split("|")) for line in lines if line and not line.startswith("#")]


def province_of(place):
    for ending in ("省", "自治区"):
        if ending in place:
            return place[:place.index(ending)]
    return next((region for region in REGIONS if place.startswith(region)), place.removesuffix("市"))


def is_mobile(prefix):
    return re.match("861[3-9]", prefix) is not None


def area_codes(places):
    """{place: area}: its fixed-line prefix without 86 where it has one."""
    codes = {}
    for prefix, place in sorted(places):
        if place and not is_mobile(prefix):
            codes.setdefault(place, prefix[2:])
    lone = sorted({place for _, place in places if place} - set(codes))
    codes.update({place: str(LONE_AREA_FIRST + at) for at, place in enumerate(lone)})
    return codes


def carrier_of(carriers, prefix):
    return next((carriers[prefix[:n]] for n in range(len(prefix), 2, -1) if prefix[:n] in carriers), "")


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_book(folder, carriers, places):
    os.makedirs(folder)
    codes = area_codes(places)
    with open(f"{folder}/book.yaml", "w", encoding="utf-8") as file:
        file.write(BOOK)
    for name, text in TABLES.items():
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    write_csv(f"{folder}/areas.csv", ["area", "name", "province"],
              [(code, place, province_of(place)) for place, code in sorted(codes.items())])
    rows = [(prefix, operator, "mobile", "") for prefix, operator in carriers.items()]
    rows += [(prefix, carrier_of(carriers, prefix) if is_mobile(prefix) else "",
              "mobile" if is_mobile(prefix) else "fixed", codes.get(place, ""))
             for prefix, place in places if prefix not in carriers]
    write_csv(f"{folder}/numbers.csv", ["prefix", "operator", "kind", "area"], sorted(rows))
    return codes


def numbers_of(phones, carriers, places):
    """{phone: number}: a prefix of its city and operator, and four made-up digits that follow from the study's number."""
    prefixes = {}
    for prefix, place in places:
        if is_mobile(prefix) and len(prefix) == 9:
            prefixes.setdefault((place, carrier_of(carriers, prefix)), prefix)
    return {phone: f"{prefixes[(CITIES[phone % 10], OPERATORS[phone % 4])]}{phone:04d}" for phone in phones}


def write_customers(folder, numbers, codes):
    os.makedirs(folder)
    phones = sorted(numbers)
    write_csv(f"{folder}/accounts.csv", ["account", "name", "kind"],
              [(f"A{p:04d}", f"Account {p}", "postpaid") for p in phones] + [("university", "University", "postpaid")])
    # Every fifth moved to Wuhan and kept its number; the others are at home where their number is.
    write_csv(f"{folder}/subscribers.csv", ["subscriber", "number", "account", "home_area"],
              [(f"P{p:04d}", numbers[p], f"A{p:04d}", codes["湖北省武汉市"] if p % 5 == 0 else "") for p in phones])
    write_csv(f"{folder}/groups.csv", ["group", "kind", "parent", "name", "class", "manager", "account"],
              [("university", "enterprise", "", "University", "A", "M1", "university")] +
              [(name, "enterprise", "university", name.capitalize(), "B", "M1", "") for name in GROUPS])
    write_csv(f"{folder}/members.csv", ["group", "subscriber"],
              [(GROUPS[p % 7 // 2], f"P{p:04d}") for p in phones if p % 7 < 5])
    write_csv(f"{folder}/subscriptions.csv", ["owner", "plan", "from"],
              [(f"subscriber:P{p:04d}", PLANS[p % 3], "2025-01-01") for p in phones] +
              [("group:university", "campus", "2025-01-01")])
    with open(f"{folder}/managers.csv", "w", encoding="utf-8") as file:
        file.write(MANAGERS)


def read_events(cns):
    """(second, service, from, to, duration) of all calls and messages in the order of time."""
    events = []
    with open(f"{cns}/calls.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            events.append((int(row["timestamp"]), "voice", int(row["caller"]), int(row["callee"]), int(row["duration"])))
    with open(f"{cns}/sms.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            events.append((int(row["timestamp"]), "sms", int(row["sender"]), int(row["recipient"]), 0))
    events.sort(key=lambda event: event[0])
    return events


def usage_records(events, numbers):
    """Two records an event: of the one who calls or sends, and of the other, who writes the number otherwise."""
    for order, (second, service, caller, callee, duration) in enumerate(events):
        start = (FIRST_MIDNIGHT + datetime.timedelta(seconds=second)).isoformat()
        for direction, served, other in (("mo", caller, callee), ("mt", callee, caller)):
            yield {
                "id": f"{order}-{direction}", "service": service, "direction": direction, "served": numbers[served],
                "other": numbers[other] if direction == "mt" else numbers[other].removeprefix("86"), "start": start,
                "duration_s": max(duration, 0), "node": "cns", "cause": 1 if duration < 0 else 0,
            }


def write_usage(folder, events, numbers):
    for name in ("usage", "json"):
        os.makedirs(f"{folder}/{name}")
    records = list(usage_records(events, numbers))
    write_csv(f"{folder}/usage/usage.csv", records[0].keys(), [record.values() for record in records])
    with open(f"{folder}/json/usage.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return len(records)


def shared_folder():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared")
    return os.environ.get("SUANPAN_SHARED") or os.path.normpath(beside)


def missing(shared):
    """What of the data is not there; "" if all is."""
    names = ("cns/calls.csv", "cns/sms.csv", "china-numbers/carrier_zh_86.txt", "china-numbers/geocoding_zh_86.txt")
    return next((path for path in (f"{shared}/data/{name}" for name in names) if not os.path.exists(path)), "")


def make(folder, shared):
    """Returns the number of usage records."""
    carriers = dict(number_plan(f"{shared}/data/china-numbers/carrier_zh_86.txt"))
    places = [(prefix, place.split("、")[0])
              for prefix, place in number_plan(f"{shared}/data/china-numbers/geocoding_zh_86.txt")]
    codes = write_book(f"{folder}/book", carriers, places)
    events = read_events(f"{shared}/data/cns")
    numbers = numbers_of(sorted({phone for event in events for phone in event[2:4]}), carriers, places)
    write_customers(f"{folder}/customers", numbers, codes)
    return write_usage(folder, events, numbers)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    shared = sys.argv[2] if len(sys.argv) == 3 else shared_folder()
    if missing(shared):
        print(f"skipped: {missing(shared)} is not there", file=sys.stderr)
        sys.exit(SKIPPED)
    print(f"{make(sys.argv[1], shared)} usage records of real calls and messages in {sys.argv[1]}/usage")


if __name__ == "__main__":
    main()
