#!/usr/bin/env python3
"""Every error of a book (book.md §18) alone in a book that is right besides, and its neighbours that are none.

A fault is a name, the files that differ from BASE, and the lines that are reported, none where the book is right. The first cell
of a header may be left to HEADERS: a text that begins with `+` is rows behind that file's usual header."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
import golden_rate  # noqa: E402

BASE = {
    "book.yaml": "name: n\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
    "areas.csv": "area,name,province\n755,Shenzhen,Guangdong\n20,Guangzhou,Guangdong\n",
    "numbers.csv": "prefix,operator,kind,area\n86138,CMCC,mobile,755\n852,,international,\n",
    "bands.csv": "band,days,from,to\na,all,00:00,12:00\nz,all,12:00,24:00\n",
    "destinations.csv": "destination,prefix\nasia,81\nasia,852\nhk,852\nhkm,8526\n",
    "plans.csv": "plan,kind\nb,base\nb2,base\ng,group\nf,family\nx,add_on\n",
    "rates.csv": "plan,item,service,price,per\nb,base,voice,0.20,1min\n",
}
HEADERS = {
    "areas.csv": "area,name,province",
    "numbers.csv": "prefix,operator,kind,area",
    "ported.csv": "number,operator,from,to",
    "cells.csv": "plmn,lac_from,lac_to,area",
    "calendar.csv": "date,day",
    "bands.csv": "band,days,from,to",
    "plans.csv": "plan,kind,valid_from,valid_to,proration",
    "rates.csv": "plan,item,service,direction,zone,net,dest,band,priority,from,counter,connect_fee,price,per,increment,rounding,"
                 "digits,band_mode,roam,rating_group",
    "allowances.csv": "plan,allowance,unit,amount,scope,member_cap,rollover,proration,band,service",
    "discounts.csv": "plan,discount,kind,value,item,threshold,set,priority,stage,band,dest",
    "payers.csv": "plan,payer,mode,value,item,member_cap,group_cap,priority,band",
}


def rates(*rows):
    """rates.csv of rows `plan item price per, column=value …`; price and per blank where left out."""
    columns = HEADERS["rates.csv"].split(",")
    lines = [HEADERS["rates.csv"]]
    for row in rows:
        words = row.split()
        cells = dict(zip(("plan", "item", "price", "per"), (word for word in words if "=" not in word)))
        cells |= dict(word.split("=", 1) for word in words if "=" in word)
        lines.append(",".join(cells.get(column, "") for column in columns))
    return {"rates.csv": "\n".join(lines) + "\n"}


def more(file, *rows):
    return {file: "\n".join((HEADERS[file],) + rows) + "\n"}


def yaml(*lines):
    return {"book.yaml": BASE["book.yaml"] + "".join(line + "\n" for line in lines)}


def names(*table):
    """Plans and rates that a table of plans needs besides."""
    return more("plans.csv", *table) | rates(*[])


VOICE = "b base 0.20 1min service=voice"
FAULTS = [
    # --- columns and keys
    ("column", {"areas.csv": "area,name,province,region\n755,a,b,\n"}, "areas.csv:1"),
    ("column of rates", {"rates.csv": "plan,item,service,price,per,note\nb,base,voice,0.2,1min,\n"}, "rates.csv:1"),
    ("columns in another order", {"rates.csv": "per,price,service,item,plan\n1min,0.2,voice,base,b\n"}, ""),
    ("key of book.yaml", yaml("colour: red"), "book.yaml:4"),
    ("comment of book.yaml", yaml("# colour: red", "cycle_day: 28"), ""),
    ("quotes and comments of book.yaml", {"book.yaml": "# a book\nname: \"n\"\ncurrency: 'CNY'   # yuan\n\ntimezone: Asia/Shanghai\nhome_country: \"86\"\n"}, ""),
    ("a table of its header alone", more("allowances.csv"), ""),
    ("the physical line", {"plans.csv": "\ufeff# plans\r\nname,plan,kind\r\n\"a\r\nb\",b,base\r\n# more\r\nx,c,best\r\n"}, "plans.csv:6"),
    # --- names that no table has
    ("plan of rates", rates(VOICE, "q base 0.2 1min"), "rates.csv:3"),
    ("plan of allowances", more("allowances.csv", "q,m,s,1min"), "allowances.csv:2"),
    ("plan of discounts", more("discounts.csv", "q,m,percent,10"), "discounts.csv:2"),
    ("plan of payers", more("payers.csv", "q,m,full,"), "payers.csv:2"),
    ("band of rates", rates(VOICE, VOICE + " band=q"), "rates.csv:3"),
    ("one band of a list", rates(VOICE, VOICE + " band=a;q"), "rates.csv:3"),
    ("band of allowances", more("allowances.csv", "b,m,s,1min,,,,,q"), "allowances.csv:2"),
    ("band of discounts", more("discounts.csv", "b,m,percent,10,,,,,,q"), "discounts.csv:2"),
    ("band of payers", more("payers.csv", "g,m,full,,,,,,q"), "payers.csv:2"),
    ("destination", rates(VOICE, VOICE + " dest=q"), "rates.csv:3"),
    ("destination of discounts", more("discounts.csv", "b,m,percent,10,,,,,,,q"), "discounts.csv:2"),
    ("area of numbers", more("numbers.csv", "86138,CMCC,mobile,756"), "numbers.csv:2"),
    ("area of cells", more("cells.csv", "46000,1,2,756"), "cells.csv:2"),
    ("item that nothing prices", more("discounts.csv", "b,m,percent,10,q"), ""),
    ("blank area and operator of numbers", more("numbers.csv", "86138,,mobile,"), ""),
    # --- values
    ("service", rates("b base 0.2 1min service=Voice"), "rates.csv:2"),
    ("direction", rates(VOICE + " direction=in"), "rates.csv:2"),
    ("roam", rates(VOICE + " roam=local"), "rates.csv:2"),
    ("zone", rates(VOICE + " zone=home"), "rates.csv:2"),
    ("net", rates(VOICE + " net=local"), "rates.csv:2"),
    ("one value of a list", rates(VOICE + " net=sp;home"), "rates.csv:2"),
    ("rating group is any text", rates(VOICE + " rating_group=home;x-1"), ""),
    ("counter", rates(VOICE + " counter=day"), "rates.csv:2"),
    ("rounding", rates(VOICE + " rounding=up"), "rates.csv:2"),
    ("band_mode", rates(VOICE + " band_mode=unit"), "rates.csv:2"),
    ("digits 7", rates(VOICE + " digits=7"), "rates.csv:2"),
    ("digits -1", rates(VOICE + " digits=-1"), "rates.csv:2"),
    ("digits 6", rates(VOICE + " digits=6"), ""),
    ("digits 0", rates(VOICE + " digits=0"), ""),
    ("priority", rates(VOICE + " priority=high"), "rates.csv:2"),
    ("kind of a plan", names("b,base", "p,prepaid"), "plans.csv:3"),
    ("proration of a plan", names("b,base,,,daily"), "plans.csv:2"),
    ("prorations of plans", names("b,base,,,none", "c,base,,,by_day", "d,base,,,half", "e,base,,,first_free"), ""),
    ("kind of a number", more("numbers.csv", "86138,CMCC,portable,755"), "numbers.csv:2"),
    ("day", more("calendar.csv", "2026-05-01,workday", "2026-05-02,mon"), "calendar.csv:3"),
    ("days", more("bands.csv", "a,monday,00:00,24:00", "z,all,00:00,24:00"), "bands.csv:2"),
    ("list of days", more("bands.csv", "a,mon;workday;holiday,00:00,24:00", "z,all,00:00,24:00"), ""),
    ("unit", more("allowances.csv", "b,m,min,1min"), "allowances.csv:2"),
    ("scope", more("allowances.csv", "b,m,s,1min,group"), "allowances.csv:2"),
    ("rollover", more("allowances.csv", "b,m,s,1min,,,2"), "allowances.csv:2"),
    ("proration of an allowance", more("allowances.csv", "b,m,s,1min,,,,half"), "allowances.csv:2"),
    ("defaults of an allowance", more("allowances.csv", "b,m,s,1min,own,,0,none"), ""),
    ("kind of a discount", more("discounts.csv", "b,m,half,10"), "discounts.csv:2"),
    ("stage", more("discounts.csv", "b,m,percent,10,,,,,day"), "discounts.csv:2"),
    ("stages", more("discounts.csv", "b,m,percent,10,,,,,record", "b,n,percent,10,,,,,bill"), ""),
    ("mode", more("payers.csv", "g,m,half,10"), "payers.csv:2"),
    ("cycle_day 0", yaml("cycle_day: 0"), "book.yaml:4"),
    ("cycle_day 29", yaml("cycle_day: 29"), "book.yaml:4"),
    ("rounding of the book", yaml("rounding: up"), "book.yaml:4"),
    ("rounding_digits 7", yaml("rounding_digits: 7"), "book.yaml:4"),
    ("rounding_digits 6", yaml("rounding_digits: 6"), ""),
    ("increment_digits 13", yaml("increment_digits: 13"), "book.yaml:4"),
    ("increment_digits 12", yaml("increment_digits: 12"), ""),
    ("increment_digits 0", yaml("increment_digits: 0"), ""),
    ("valid_from", yaml("valid_from: 2026-02-30"), "book.yaml:4"),
    ("valid_from with time and offset", yaml("valid_from: 2026-02-28T01:02:03+05:30"), ""),
    ("timezone", {"book.yaml": "name: n\ncurrency: CNY\ntimezone: Asia/Shenzhen\n"}, "book.yaml:3"),
    ("a line twice wrong, two lines", more("areas.csv", "755,a,b", "x,a,b", "20,a,b", "y,a,b"), "areas.csv:3 areas.csv:5"),
    # --- quantities, amounts, times
    ("quantity with a blank", {"rates.csv": BASE["rates.csv"].replace("1min", "1 min")}, "rates.csv:2"),
    ("quantity with a strange unit", rates("b base 0.2 1m service=voice"), "rates.csv:2"),
    ("not a whole number of bytes", rates("b base 0.2 0.3KB service=data"), "rates.csv:2"),
    ("not a whole number of seconds", rates("b base 0.2 0.01min service=voice"), "rates.csv:2"),
    ("a whole number of seconds", rates("b base 0.2 0.05min service=voice"), ""),
    ("half an item", rates("b base 0.2 1.5 service=sms"), "rates.csv:2"),
    ("negative quantity", rates("b base 0.2 -1min service=voice"), "rates.csv:2"),
    ("a unit alone", rates("b base 0.2 h service=voice increment=min from=0"), ""),
    ("7 decimals", rates("b base 0.2000000 1min service=voice"), "rates.csv:2"),
    ("negative price", rates("b base -0.2 1min service=voice"), "rates.csv:2"),
    ("b of a/b is 0", rates("b base 1/0 1min service=voice"), "rates.csv:2"),
    ("b of a/b is 10^9", rates("b base 1/1000000000 1min service=voice"), "rates.csv:2"),
    ("a of a/b is 10^9", rates("b base 1000000000/3 1min service=voice"), "rates.csv:2"),
    ("the largest a and b", rates("b base 999999999/999999998 1min service=voice"), ""),
    ("a of a/b is 0", rates("b base 0/7 1min service=voice"), ""),
    ("connect fee", rates("b base 0.2 1min service=voice connect_fee=x"), "rates.csv:2"),
    ("connect fee a/b", rates("b base 0.2 1min service=voice connect_fee=1/3"), ""),
    ("value is no rational", more("discounts.csv", "b,m,price_cap,1/3"), "discounts.csv:2"),
    ("value with 7 decimals", more("discounts.csv", "b,m,cap_day,1.0000001"), "discounts.csv:2"),
    ("cap of a payer", more("payers.csv", "g,m,full,,,ten,"), "payers.csv:2"),
    ("date", more("calendar.csv", "2026-02-29,holiday"), "calendar.csv:2"),
    ("leap day", more("calendar.csv", "2028-02-29,holiday"), ""),
    ("valid_to of a plan", names("b,base,,tomorrow"), "plans.csv:2"),
    ("times of a plan", names("b,base,2026-01-01T00:00:00,2026-01-01T00:00:01+08:00"), ""),
    ("from of a ported number", more("ported.csv", "8613,CMCC,2026-13-01,"), "ported.csv:2"),
    ("hour of a band", more("bands.csv", "a,all,00:00,24:01", "z,all,00:00,24:00"), "bands.csv:2"),
    ("minute of a band", more("bands.csv", "a,all,00:60,24:00", "z,all,00:00,24:00"), "bands.csv:2"),
    ("seconds of a band", more("bands.csv", "a,all,00:00:01,23:59:59", "z,all,00:00,24:00"), ""),
    ("a cell more", more("areas.csv", "755,a,b", "20,a,b,c"), "areas.csv:3"),
    ("a cell less", more("areas.csv", "755,a", "20"), ""),
    # --- blanks
    ("blank plan", more("plans.csv", ",base", "b,base"), "plans.csv:2"),
    ("blank item", rates(VOICE, "b item= price=1 per=1min"), "rates.csv:3"),
    ("blank price", rates("b base service=voice per=1min"), "rates.csv:2"),
    ("price 0", rates("b base 0 1min service=voice"), ""),
    ("blank band", more("bands.csv", ",all,00:00,24:00", "a,all,00:00,24:00", "z,all,00:00,24:00"), "bands.csv:2"),
    ("blank days", more("bands.csv", "a,,00:00,24:00", "z,all,00:00,24:00"), "bands.csv:2"),
    ("blank allowance", more("allowances.csv", "b,,s,1min"), "allowances.csv:2"),
    ("blank discount", more("discounts.csv", "b,,percent,10"), "discounts.csv:2"),
    ("blank payer", more("payers.csv", "g,,full,"), "payers.csv:2"),
    ("blank destination", {"destinations.csv": BASE["destinations.csv"] + ",86\n"}, "destinations.csv:6"),
    ("blank prefix of a destination", {"destinations.csv": BASE["destinations.csv"] + "q,\n"}, "destinations.csv:6"),
    ("blank prefix", more("numbers.csv", ",CMCC,mobile,755"), "numbers.csv:2"),
    ("blank area", more("areas.csv", "755,a,b", ",a,b", "20,a,b"), "areas.csv:3"),
    ("blank number", more("ported.csv", ",CMCC,,"), "ported.csv:2"),
    ("blank operator of a ported number", more("ported.csv", "8613,,,"), ""),
    ("blank plmn", more("cells.csv", ",1,2,755"), "cells.csv:2"),
    ("blank lac_from", more("cells.csv", "46000,,2,755"), "cells.csv:2"),
    ("blank lac_to", more("cells.csv", "46000,1,,755"), "cells.csv:2"),
    ("blank area of a cell", more("cells.csv", "46000,1,2,"), "cells.csv:2"),
    ("blank date", more("calendar.csv", ",holiday"), "calendar.csv:2"),
    ("area not of digits", more("areas.csv", "755,a,b", "20,a,b", "2A,a,b"), "areas.csv:4"),
    ("prefix not of digits", more("numbers.csv", "+86138,CMCC,mobile,755"), "numbers.csv:2"),
    ("number not of digits", more("ported.csv", "86-13,CMCC,,"), "ported.csv:2"),
    ("name with a blank", more("plans.csv", "b,base", "big plan,base"), "plans.csv:3"),
    ("name of 65", more("plans.csv", "b,base", "n" * 65 + ",base"), "plans.csv:3"),
    ("name of 64", more("plans.csv", "b,base", "n" * 64 + ",base"), ""),
    # --- intervals, keys, overlaps
    ("empty interval of a plan", names("b,base,2026-01-01,2026-01-01"), "plans.csv:2"),
    ("empty interval of a ported number", more("ported.csv", "8613,CMCC,2026-01-02,2026-01-01"), "ported.csv:2"),
    ("area twice", more("areas.csv", "755,a,b", "20,a,b", "755,c,d"), "areas.csv:4"),
    ("prefix twice", more("numbers.csv", "86138,CMCC,mobile,755", "86138,CUCC,mobile,20"), "numbers.csv:3"),
    ("date twice", more("calendar.csv", "2026-05-01,workday", "2026-05-01,holiday"), "calendar.csv:3"),
    ("plan twice", more("plans.csv", "b,base", "b,base"), "plans.csv:3"),
    ("plan thrice", more("plans.csv", "b,base", "b,base", "b,group"), "plans.csv:3 plans.csv:4"),
    ("allowance twice", more("allowances.csv", "b,m,s,1min", "b,m,s,2min"), "allowances.csv:3"),
    ("allowance in two plans", more("allowances.csv", "b,m,s,1min", "b2,m,s,1min"), ""),
    ("discount twice", more("discounts.csv", "b,m,percent,10", "b,m,percent,20"), "discounts.csv:3"),
    ("discount in two plans", more("discounts.csv", "b,m,percent,10", "b2,m,percent,20"), ""),
    ("destination row twice", {"destinations.csv": BASE["destinations.csv"] + "hk,852\n"}, ""),
    ("band of two equal rows", {"bands.csv": BASE["bands.csv"] + "a,all,00:00,12:00\n"}, ""),
    ("cells overlap", more("cells.csv", "46000,10,20,755", "46001,15,16,20", "46000,20,30,755"), "cells.csv:4"),
    ("cells inside", more("cells.csv", "46000,10,20,755", "46000,12,13,755"), "cells.csv:3"),
    ("cells beside", more("cells.csv", "46000,10,20,755", "46000,21,30,755", "46001,10,20,755", "46000,9,9,20"), ""),
    ("ported overlap", more("ported.csv", "8613,A,2026-01-01,", "8614,B,,", "8613,C,,2026-01-01T00:00:01"), "ported.csv:4"),
    ("ported one behind the other", more("ported.csv", "8613,A,2026-01-01,", "8613,C,,2026-01-01"), ""),
    ("band over midnight", {"bands.csv": BASE["bands.csv"] + "n,all,23:00,07:00\n"}, "bands.csv:4"),
    ("band of nothing", {"bands.csv": BASE["bands.csv"] + "n,all,07:00,07:00\n"}, "bands.csv:4"),
    # --- rows of rates
    ("add_on", rates(VOICE, "x base 0.2 1min service=voice"), "rates.csv:3"),
    ("no service of the unit", rates("b base 0.2 1min service=sms;mms"), "rates.csv:2"),
    ("voice by bytes", rates("b base 0.2 1KB service=voice"), "rates.csv:2"),
    ("one service of the unit", rates("b base 0.2 1min service=sms;voice"), ""),
    ("data by time", rates("b base 0.2 1min service=data"), ""),
    ("any service", rates("b base 0.2 1KB", "b one 0.2", "b time 0.2 1s"), ""),
    ("fee by items", rates("b base 0.2 service=fee"), ""),
    ("from in another unit", rates(VOICE, VOICE + " from=1KB"), "rates.csv:3"),
    ("from 0 in another unit", rates(VOICE + " from=0B"), ""),
    ("increment in another unit", rates("b base 0.2 1min service=data increment=1KB"), "rates.csv:2"),
    ("per 0", rates("b base 0.2 0min service=voice"), "rates.csv:2"),
    ("increment 0", rates("b base 0.2 1min service=voice increment=0s"), "rates.csv:2"),
    ("no common denominator", rates("b base 1/40009 1min service=voice", "b base 1/40013 1min service=voice zone=local"), "rates.csv:3"),
    ("a common denominator", rates("b base 1/31607 1min service=voice", "b base 1/31601 1min service=voice zone=local"), ""),
    ("other items, other denominators", rates("b base 1/999999937 1min service=voice", "b ld 1/999999929 1min service=voice"), ""),
    ("the connect fee counts too", rates("b base 1/40009 1min service=voice", "b base 0 1min service=voice zone=local connect_fee=1/40013"), "rates.csv:3"),
    ("connect fee on a later slot", rates(VOICE, VOICE + " from=1min connect_fee=0.1"), "rates.csv:3"),
    ("no slot at 0", rates("b ld 0.1 1min from=2min", VOICE, "b ld 0.1 1min from=1min"), "rates.csv:2"),
    ("two slots at one offset", rates(VOICE, VOICE + " from=1min", VOICE + " from=60s"), "rates.csv:4"),
    ("two slots at 0", rates(VOICE + " direction=mo;mt", VOICE + " direction=mt;mo"), "rates.csv:3"),
    ("slots in two units", rates("b base 0.2 1min service=data", "b base 0.2 1MB service=data from=1MB"), "rates.csv:3"),
    ("slots unlike in rounding", rates(VOICE, VOICE + " from=1min rounding=ceil", VOICE + " from=2min rounding=floor"), "rates.csv:4"),
    ("slots unlike in digits", rates(VOICE + " digits=2", VOICE + " from=1min", VOICE + " from=2min digits=3"), "rates.csv:4"),
    ("slots unlike in band_mode", rates(VOICE + " band_mode=unit_start", VOICE + " from=2min band_mode=call_start"), "rates.csv:3"),
    ("blank is as the others", rates(VOICE, VOICE + " from=1min counter=cycle rounding=ceil digits=1 band_mode=split_ceil"), ""),
    ("rules in two units", rates("b base 0.2 1min service=data", "b base 0.2 1MB service=data zone=local"), "rates.csv:3"),
    ("rules unlike in rounding, one blank", rates(VOICE, VOICE + " zone=local rounding=ceil"), "rates.csv:3"),
    ("rules unlike in digits, one blank", rates(VOICE + " digits=2", VOICE + " zone=local"), "rates.csv:3"),
    ("rules unlike in band_mode, one blank", rates(VOICE, VOICE + " zone=local band_mode=call_start"), "rates.csv:3"),
    ("blank is the default", rates(VOICE, VOICE + " zone=local rounding=half_up digits=3 band_mode=unit_start"), ""),
    ("blank is the book's default", rates(VOICE, VOICE + " zone=local rounding=ceil digits=2") | yaml("rounding: ceil", "rounding_digits: 2"), ""),
    ("the third rule is as the first", rates(VOICE + " rounding=ceil", VOICE + " zone=local", VOICE + " zone=hmt rounding=ceil"), "rates.csv:3"),
    ("two rules are not as the first", rates(VOICE, VOICE + " zone=local rounding=ceil", VOICE + " zone=hmt rounding=ceil"), "rates.csv:3 rates.csv:4"),
    ("the third slot is as the first", rates(VOICE + " rounding=ceil", VOICE + " from=1min rounding=floor", VOICE + " from=2min rounding=ceil"), "rates.csv:3"),
    ("the third price is as the first", rates("b base 1/40009 1min service=voice", "b base 1/40013 1min service=voice zone=local",
                                              "b base 1/40009 1min service=voice zone=hmt"), "rates.csv:3"),
    ("group and family in another unit than one of two base plans", rates("b base 1 1min service=data", "g base 1 1KB service=data",
                                                                          "f base 1 1KB service=data", "b2 base 1 1KB service=data"), "rates.csv:3 rates.csv:4"),
    ("rules unlike in counter", rates(VOICE, VOICE + " zone=local counter=cycle"), ""),
    ("plans unlike in rounding", rates(VOICE, "b2 base 0.2 1min service=voice rounding=ceil", "g base 0.2 1min rounding=floor"), ""),
    ("group and base in two units", rates("b base 0.2 1min service=data", "g base 0.2 1KB service=data"), "rates.csv:3"),
    ("family first, base in another unit", rates("f base 0.2 1KB service=data", "b base 0.2 1min service=data"), "rates.csv:3"),
    ("group and family in two units", rates("g base 0.2 1KB service=data", "f base 0.2 1min service=data"), ""),
    ("two base plans in two units", rates("b base 0.2 1KB service=data", "b2 base 0.2 1min service=data"), ""),
    # --- allowances, discounts, payers
    ("pool in an add_on", more("allowances.csv", "x,m,s,1min,pool"), "allowances.csv:2"),
    ("pools", more("allowances.csv", "g,m,s,1min,pool,30s", "f,m,s,1min,pool"), ""),
    ("member_cap without pool", more("allowances.csv", "g,m,s,1min,,30s"), "allowances.csv:2"),
    ("amount in another unit", more("allowances.csv", "b,m,item,1min", "b,n,B,1h", "b,o,s,1KB"),
     "allowances.csv:2 allowances.csv:3 allowances.csv:4"),
    ("amount without unit", more("allowances.csv", "b,m,item,1", "b,n,B,1", "b,o,s,1"), ""),
    ("two items of a discount", more("discounts.csv", "b,m,percent,10,base;ld"), "discounts.csv:2"),
    ("two items of a payer", more("payers.csv", "g,m,full,,base;ld"), "payers.csv:2"),
    ("percent 100.01", more("discounts.csv", "b,m,percent,100.01"), "discounts.csv:2"),
    ("percent with 3 decimals", more("discounts.csv", "b,m,percent,33.333"), "discounts.csv:2"),
    ("negative percent", more("discounts.csv", "b,m,percent,-1"), "discounts.csv:2"),
    ("percents", more("discounts.csv", "b,m,percent,100", "b,n,percent,0", "b,o,percent,33.33"), ""),
    ("share 100.01", more("payers.csv", "g,m,share,100.01"), "payers.csv:2"),
    ("share 100", more("payers.csv", "g,m,share,100"), ""),
    ("block_cap without item", more("discounts.csv", "b,m,block_cap,1.00,,1GB"), "discounts.csv:2"),
    ("block_cap without threshold", more("discounts.csv", "b,m,block_cap,1.00,base,"), "discounts.csv:2"),
    ("one set, two priorities, two plans", more("discounts.csv", "b,m,percent,10,,,s,1", "x,n,percent,10,,,s,2"), "discounts.csv:3"),
    ("one set, two passes, two plans", more("discounts.csv", "b,m,percent,10,,,s", "x,n,cap_day,10,,,s"), "discounts.csv:3"),
    ("one set, a wrong row first", more("discounts.csv", "b,m,percent,200,,,s,1", "b,n,percent,10,,,s,2", "b,o,percent,10,,,s,2"), "discounts.csv:2"),
    ("one set, one pass", more("discounts.csv", "b,m,percent,10,,,s,0", "x,n,free,,,,s", "b,o,price_cap,1,,,t", "b,p,block_cap,1,base,1min,t",
                               "b,q,cap_day,1,,,u", "b,r,cap_month,1,,,u"), ""),
    ("a row without set is none of that name", more("discounts.csv", "b,s,percent,10,,,,1", "b,n,price_cap,1,,,s,2", "b2,s,free,,,,,3"), ""),
    ("payer of a base plan", more("payers.csv", "b,m,full,"), "payers.csv:2"),
    ("payer of an add_on", more("payers.csv", "x,m,full,"), "payers.csv:2"),
    ("one payer, unlike member caps", more("payers.csv", "g,m,full,,base,5.00,", "g,m,full,,ld,,"), "payers.csv:3"),
    ("one payer, unlike group caps", more("payers.csv", "g,m,full,,base,5,7", "g,m,full,,ld,5,8"), "payers.csv:3"),
    ("one payer, like caps", more("payers.csv", "g,m,full,,base,5.00,7", "g,m,full,,ld,5,7.0", "f,m,full,,ld,1,1"), ""),
    # --- a row with an error is not looked at by the others
    ("plan of a wrong row is there", names("b,base", "c,basic") | rates(VOICE, "c base 0.2 1min service=voice"), "plans.csv:3"),
    ("area of a wrong row is there", more("areas.csv", "755,a,b", "20,a,b", "30,a,b,c") | more("numbers.csv", "861,,mobile,30"), "areas.csv:4"),
    ("a key is there twice, though its first row is wrong", more("numbers.csv", "86138,CMCC,portable,755", "86138,CMCC,mobile,755"),
     "numbers.csv:2 numbers.csv:3"),
    ("payer rows that are alike", more("payers.csv", "g,m,full,", "g,m,full,"), ""),
    ("band of a wrong row is there", {"bands.csv": BASE["bands.csv"] + "n,never,00:00,24:00\n"} | rates(VOICE, VOICE + " band=n"), "bands.csv:4"),
    ("a wrong row is no slot at 0", rates(VOICE + " digits=9", VOICE + " from=1min"), "rates.csv:2 rates.csv:3"),
    ("a wrong row ties with none", rates(VOICE + " digits=9", VOICE + " direction=mo", VOICE + " zone=local digits=8"), "rates.csv:2 rates.csv:4"),
    # --- ties
    ("tie of two columns", rates(VOICE, VOICE + " direction=mo", VOICE + " zone=local"), "rates.csv:4"),
    ("tie that cannot be met but for the columns", rates(VOICE, VOICE + " zone=service", VOICE + " net=mobile"), "rates.csv:4"),
    ("another priority", rates(VOICE, VOICE + " direction=mo", VOICE + " zone=local priority=1"), ""),
    ("mo and cf", rates(VOICE, VOICE + " direction=mo", VOICE + " direction=cf"), "rates.csv:4"),
    ("mo and mt", rates(VOICE, VOICE + " direction=mo", VOICE + " direction=mt"), ""),
    ("mt and cf", rates(VOICE, VOICE + " direction=mt", VOICE + " direction=cf"), ""),
    ("lists that share a value", rates(VOICE, VOICE + " zone=local;province", VOICE + " zone=province;domestic"), "rates.csv:4"),
    ("lists that share none", rates(VOICE, VOICE + " zone=local;province", VOICE + " zone=hmt;domestic"), ""),
    ("group_tree and any net", rates(VOICE, VOICE + " net=group_tree", VOICE + " net=foreign"), "rates.csv:4"),
    ("two nets", rates(VOICE, VOICE + " net=group", VOICE + " net=foreign"), ""),
    ("with and without dest", rates(VOICE, VOICE + " dest=hk", VOICE + " zone=hmt"), ""),
    ("dests that share a prefix", rates(VOICE, VOICE + " dest=hk", VOICE + " dest=asia"), "rates.csv:4"),
    ("a dest inside another", rates(VOICE, VOICE + " dest=asia", VOICE + " dest=hkm"), ""),
    ("bands of one time", {"bands.csv": BASE["bands.csv"] + "t,thu,11:00,13:00\n"} | rates(VOICE, VOICE + " band=a", VOICE + " band=t"), "rates.csv:4"),
    ("bands of other times", rates(VOICE, VOICE + " band=a", VOICE + " band=z"), ""),
    ("a weekday and a day type", {"bands.csv": BASE["bands.csv"] + "t,thu,00:00,24:00\nh,weekend,00:00,24:00\n"}
     | rates(VOICE, VOICE + " band=t", VOICE + " band=h"), "rates.csv:4"),
    ("two day types", {"bands.csv": BASE["bands.csv"] + "w,workday,00:00,24:00\nh,weekend;holiday,00:00,24:00\n"}
     | rates(VOICE, VOICE + " band=w", VOICE + " band=h"), ""),
    ("two weekdays", {"bands.csv": BASE["bands.csv"] + "t,thu,00:00,24:00\nm,mon;fri,00:00,24:00\n"}
     | rates(VOICE, VOICE + " band=t", VOICE + " band=m"), ""),
    ("rating groups", rates("b base 1 1KB", "b base 1 1KB rating_group=1", "b base 1 1KB rating_group=2"), ""),
    ("rating group and another column", rates("b base 1 1KB", "b base 1 1KB rating_group=1", "b base 1 1KB direction=mo"), "rates.csv:4"),
    ("services", rates("b base 1 1min service=voice", "b base 1 1min service=data"), ""),
    ("service and another column", rates("b base 1 1min", "b base 1 1min service=voice", "b base 1 1min zone=local"), "rates.csv:4"),
    ("two ties", rates(VOICE, VOICE + " direction=mo", VOICE + " zone=local", VOICE + " net=sp"), "rates.csv:4 rates.csv:5"),
    ("a tie of two plans is none", rates(VOICE, VOICE + " direction=mo", "g base 1 1min service=voice zone=local"), ""),
    ("a tie of two items is none", rates(VOICE, VOICE + " direction=mo", "b ld 1 1min service=voice zone=local"), ""),
    # --- gaps
    ("gap", rates("b ld 1 1min", VOICE + " band=a", VOICE + " zone=hmt priority=1"), "rates.csv:3"),
    ("gap of some records", rates(VOICE + " zone=local band=a", VOICE + " zone=hmt band=a", VOICE + " zone=hmt band=z"), "rates.csv:2"),
    ("two bands", rates(VOICE + " band=a", VOICE + " band=z"), ""),
    ("a list of bands", rates(VOICE + " band=a;z"), ""),
    ("one band and any time", rates(VOICE + " band=a", VOICE), ""),
    ("gap of a second", more("bands.csv", "a,all,00:00,11:59:59", "z,all,12:00,24:00") | rates(VOICE + " band=a", VOICE + " band=z"), "rates.csv:2"),
    ("gap where the band's row is wrong", more("bands.csv", "a,all,23:00,07:00", "z,all,07:00,23:00") | rates(VOICE + " band=z", VOICE + " band=a"),
     "bands.csv:2 rates.csv:2"),
    ("gap of holidays", {"bands.csv": BASE["bands.csv"] + "w,workday,00:00,24:00\nh,weekend,00:00,24:00\n"} | rates(VOICE + " band=w;h"), "rates.csv:2"),
    ("day types", {"bands.csv": BASE["bands.csv"] + "w,workday,00:00,24:00\nh,weekend;holiday,00:00,24:00\n"} | rates(VOICE + " band=w;h"), ""),
    ("gap of a Saturday that is a workday", {"bands.csv": BASE["bands.csv"] + "w,mon;tue;wed;thu;fri,00:00,24:00\nh,weekend,00:00,24:00\n"}
     | rates(VOICE + " band=w;h"), "rates.csv:2"),
    ("weekdays", {"bands.csv": BASE["bands.csv"] + "w,mon;tue;wed;thu;fri,00:00,24:00\nh,sat;sun,00:00,24:00\n"} | rates(VOICE + " band=w;h"), ""),
    ("gap of an item of a group", rates(VOICE, "g ld 1 1min service=voice band=a"), "rates.csv:3"),
    ("gap of an item without base plan", names("g,group") | rates("g ld 1 1min service=voice band=a"), "rates.csv:2"),
    ("the base plan fills it", names("b,base", "g,group") | rates(VOICE, "g base 1 1min service=voice band=a"), ""),
    ("one of two base plans fills it", rates(VOICE, "g base 1 1min service=voice band=a"), "rates.csv:3"),
    ("the base plan fills a part of it", rates(VOICE + " zone=local", "g base 1 1min service=voice band=a"), "rates.csv:3"),
    ("the group fills no gap of the base plan", rates(VOICE + " band=a", "g base 1 1min service=voice"), "rates.csv:2"),
    ("both at all times where they price", names("b,base", "g,group") | rates(VOICE + " zone=local", "g base 1 1min service=voice zone=local band=a"), ""),
    ("bands cover not all times", more("bands.csv", "a,all,00:00,01:00"), ""),
    ("rates of a plan of a wrong kind", names("b,bas") | rates(VOICE + " band=a", VOICE + " direction=mo", VOICE + " direction=cf", "b ld 1 1min from=1min"),
     "plans.csv:2"),
    ("one row of a plan of a wrong kind", names("b,bas") | rates(VOICE + " digits=7"), "plans.csv:2 rates.csv:2"),
    ("discounts of a plan of a wrong kind", names("b,base", "c,bas") | more("discounts.csv", "b,m,percent,10,,,s,1", "c,n,percent,10,,,s,2"), "plans.csv:3"),
    ("payers of a plan of a wrong kind", names("b,base", "c,bas") | more("payers.csv", "c,m,full,,base,5,", "c,m,full,,ld,6,"), "plans.csv:3"),
    ("gap of a destination", rates(VOICE + " dest=hkm band=a"), "rates.csv:2"),
    ("a wider destination fills it", rates(VOICE + " dest=hkm band=a", VOICE + " dest=hk"), ""),
    ("gap of another service", rates("b base 1 1min band=a", VOICE + " priority=1"), "rates.csv:2"),
    ("gap of mo, not of cf", rates(VOICE + " direction=mo band=a", VOICE + " direction=cf"), "rates.csv:2"),
    ("the rule of mo fills that of cf", rates(VOICE + " direction=mo", VOICE + " direction=cf band=a priority=1"), ""),
    ("gap of those in the tree", rates(VOICE + " net=group_tree band=a", VOICE + " net=group priority=1"), "rates.csv:2"),
    ("gap abroad at home numbers", rates(VOICE, "b ld 1 1min service=voice roam=hmt zone=domestic band=a"), "rates.csv:3"),
    ("no local number abroad", rates(VOICE, "b ld 1 1min service=voice roam=hmt zone=local band=a"), ""),
    ("gap of members with a service number", rates(VOICE, "b ld 1 1min service=voice zone=service net=group band=a"), "rates.csv:3"),
    ("no own number in Hong Kong", rates(VOICE, "b ld 1 1min service=voice zone=hmt net=onnet band=a"), ""),
    ("gap of a prefix in Hong Kong", rates(VOICE, "b ld 1 1min service=voice zone=hmt dest=hk band=a"), "rates.csv:3"),
    ("no local number of that prefix", rates(VOICE, "b ld 1 1min service=voice zone=local dest=hk band=a"), ""),
    ("gap of no record", rates(VOICE, "b ld 1 1min service=voice zone=service net=mobile band=a"), ""),
    # --- warnings
    ("a rule that can never match", rates(VOICE, VOICE + " zone=service net=mobile"), ""),
]
# Two books loaded together (§18.5): what of the second differs from the first, and whether they may stand together.
BOOKS = [
    ("another time", "valid_from: 2026-01-01", True),
    ("one valid_from twice", "", False),
    ("timezone", "valid_from: 2026-01-01\ntimezone: Asia/Tokyo", False),
    ("currency", "valid_from: 2026-01-01\ncurrency: USD", False),
    ("cycle_day", "valid_from: 2026-01-01\ncycle_day: 2", False),
    ("cycle_day said", "valid_from: 2026-01-01\ncycle_day: 1", True),
    ("home_country", "valid_from: 2026-01-01\nhome_country: 1", False),
    ("home_operator", "valid_from: 2026-01-01\nhome_operator: X\nrounding_digits: 2\nhome_mcc: 460", True),
]


def book_write(folder, files):
    os.makedirs(folder)
    for name, text in (BASE | files).items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)


def check_fault(folder, files, lines):
    book_write(folder, files)
    run = golden_rate.suanpan(folder, "tariff", "check", ".")
    wanted = {(word.split(":")[0], int(word.split(":")[1])) for word in lines.split()}
    if run.returncode != (3 if wanted else 0):
        return f"exit {run.returncode}: {run.stdout}"
    if wanted and golden_rate.reported(run.stdout) != wanted:
        return f"reported {run.stdout}, expected {lines}"
    return None


def check_books(folder, second, good):
    book_write(os.path.join(folder, "1"), {})
    keys = dict(line.split(": ") for line in (BASE["book.yaml"] + second).strip().split("\n"))
    book_write(os.path.join(folder, "2"), {"book.yaml": "".join(f"{key}: {value}\n" for key, value in keys.items())})
    os.makedirs(os.path.join(folder, "customers"))
    with open(os.path.join(folder, "usage.csv"), "w", encoding="utf-8") as file:
        file.write("id,service,served,start\nx,voice,13800000001,2026-03-03T10:00:00+08:00\n")
    run = golden_rate.suanpan(folder, "rate", "--book", "1", "--book", "2", "--customers", "customers", "--json", "usage.csv")
    if (run.returncode == 0) != good or (run.stdout != "") != good:
        return f"exit {run.returncode}: {run.stdout}{run.stderr}"
    return None


def main():
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    failed = 0
    checks = [(name, check_fault, files, lines) for name, files, lines in FAULTS]
    checks += [(f"two books: {name}", check_books, second, good) for name, second, good in BOOKS]
    with tempfile.TemporaryDirectory(prefix="cases-faults-", dir=base) as folder:
        for number, (name, check, what, expected) in enumerate(checks):
            problem = check(os.path.join(folder, str(number)), what, expected)
            failed += problem is not None
            if problem:
                print(f"{name}: {problem}")
    print(f"{len(checks) - failed} of {len(checks)} faults and neighbours")
    return 1 if failed else 0


sys.exit(main())
