/* Every check of book.md §18.2 to §18.4: small books, and which lines they must report, no others.
 */

#include "tests/check_run.h"
#include "tests/rating/book_made.h"

struct check_case {
  const char *what;
  const char *tables;   /* "== NAME\n" begins a file; it takes the place of the plain book's */
  const char *expected; /* file:line, with :w for a warning, one a line, in the order of the text */
};

static const struct check_case cases[] = {
    {"a plain book", "", ""},
    {"a book without yaml", "== book.yaml\n\n", "book.yaml:1\nbook.yaml:1\n"},
    {"unknown, doubled and broken lines of book.yaml",
     "== book.yaml\nname: x\n# comment\ntimezone: Asia/Shanghai # zone\ncolour: red\nname: y\n"
     "rounding_digits: 7\nincrement_digits: 13\nrounding: up\nhome_mcc: 46\nhome_country: x\n"
     "valid_from: 2026-02-30\nno colon\ncycle_day: 0\ncurrency: 'CNY\n",
     "book.yaml:4\nbook.yaml:5\nbook.yaml:6\nbook.yaml:7\nbook.yaml:8\nbook.yaml:9\nbook.yaml:10\n"
     "book.yaml:11\nbook.yaml:12\nbook.yaml:13\nbook.yaml:14\n"},
    {"good values of book.yaml",
     "== book.yaml\n---\nname: \"a b\"\ntimezone: 'Asia/Shanghai'\nincrement_digits: "
     "none\nvalid_from: "
     "2026-01-01T00:00:00+08:00\nhome_mcc: 460;461;262\nrounding: ceil\nrounding_digits: 6\n",
     ""},
    {"a zone that is not there", "== book.yaml\nname: x\ntimezone: Moon/Crater\n", "book.yaml:2\n"},
    {"a csv that is no table", "== rate.csv\na,b\n", "rate.csv:0:w\n"},
    {"unknown and doubled columns, in any order", "== plans.csv\nkind,plan,note,plan\nbase,day,,\n",
     "plans.csv:1\nplans.csv:1\n"},
    {"more cells than the header; a quote that does not end",
     "== plans.csv\nplan,kind\nday,base\nb,base,x\n\"c,base\n", "plans.csv:3\nplans.csv:4\n"},
    {"comments, blank lines, BOM and quotes count as physical lines",
     "== plans.csv\n\xEF\xBB\xBFplan,kind,name\n# "
     "comment\n\n\"day\",base,\"two\nlines\"\nb,bases,\n",
     "plans.csv:6\n"},
    {"plans: names, kinds, times",
     "== "
     "plans.csv\nplan,kind,valid_from,valid_to,monthly_fee,proration\nday,base,,,,\n,base,,,,\nb,,,"
     ",,\n"
     "c d,base,,,,\ne,base,2026-01-01,2026-01-01,,\nf,base,2026-13-01,,,\ng,base,,,-1,\n"
     "h,base,,,1.1234567,\ni,base,,,,weekly\nday,group,,,,\n套餐,base,,,,\n",
     "plans.csv:3\nplans.csv:4\nplans.csv:5\nplans.csv:6\nplans.csv:7\nplans.csv:8\nplans.csv:9\n"
     "plans.csv:10\nplans.csv:11\n"},
    {"cells that accept the same values but are not the same cell are two rules: a tie, and no "
     "slot "
     "at 0",
     "== rates.csv\nplan,item,service,direction,net,from,price,per\nday,base,voice,mo,,,1,1min\n"
     "day,base,voice,mo;cf,,60s,2,1min\nday,b,voice,,group_tree,,1,1min\n"
     "day,b,voice,,group;group_tree,,2,1min\nday,b,voice,,,,3,1min\n",
     "rates.csv:3\nrates.csv:3\nrates.csv:5\n"},
    {"a gap needs a number: those of a longer prefix are of another class",
     "== destinations.csv\ndestination,prefix\nA,8613\nB,86139\n"
     "== numbers.csv\nprefix,operator,kind\n86139,X,service\n8613,X,mobile\n861381,X,fixed\n"
     "== bands.csv\nband,days,from,to\nnight,all,00:00,07:00\n"
     "== plans.csv\nplan,kind\nday,base\n"
     "== "
     "rates.csv\nplan,item,service,zone,dest,band,price,per\nday,x,voice,service,A,night,1,1min\n"
     "day,x,voice,,B,,1,1min\n",
     ""},
    {"a gap of the numbers between two prefixes",
     "== destinations.csv\ndestination,prefix\nA,8613\nB,86139\nB,861382\n"
     "== numbers.csv\nprefix,operator,kind\n861385,X,service\n8613,X,mobile\n"
     "== bands.csv\nband,days,from,to\nnight,all,00:00,07:00\n"
     "== plans.csv\nplan,kind\nday,base\n"
     "== "
     "rates.csv\nplan,item,service,zone,dest,band,price,per\nday,x,voice,service,A,night,1,1min\n"
     "day,x,voice,,B,,1,1min\n",
     "rates.csv:2\n"},
    {"rows that do nothing, said only of a book without errors",
     "== plans.csv\nplan,kind\nday,base\nteam,group\n"
     "== rates.csv\nplan,item,service,price,per\nday,base,voice,1,1min\nday,msg,sms,1,\n"
     "== allowances.csv\nplan,allowance,unit,service,zone,net,amount\nday,a,s,sms,,,60\n"
     "day,b,s,voice,service,onnet,60\nday,c,s,,,,60\n"
     "== discounts.csv\nplan,discount,stage,kind,value,item,threshold,zone,net\n"
     "day,a,,percent,5,bas,,,\nday,b,,block_cap,5,base,1MB,,\nday,c,,block_cap,5,base,10min,,\n"
     "day,d,,percent,5,,,local,foreign\nday,e,bill,percent,5,bas,,,\nday,f,,free,,msg,,,\n"
     "== payers.csv\nplan,payer,mode,item,roam,zone\nteam,a,full,fee,,\n"
     "team,b,full,base,hmt,local\nteam,c,full,base,,\n",
     "allowances.csv:2:w\nallowances.csv:3:w\ndiscounts.csv:2:w\ndiscounts.csv:3:w\n"
     "discounts.csv:5:w\npayers.csv:2:w\npayers.csv:3:w\n"},
    {"areas: blank, no digits, twice", "== areas.csv\narea,province\n,X\n75a,X\n755,X\n755,Y\n",
     "areas.csv:2\nareas.csv:3\nareas.csv:5\n"},
    {"numbers: blank, no digits, too long, twice, kind, area",
     "== "
     "numbers.csv\nprefix,kind,area\n,mobile,\n86a,mobile,\n1234567890123456,mobile,\n86,mobile,"
     "\n86,fixed,\n"
     "87,phone,\n88,mobile,755\n",
     "numbers.csv:2\nnumbers.csv:3\nnumbers.csv:4\nnumbers.csv:6\nnumbers.csv:7\nnumbers.csv:8\n"},
    {"ported: digits, times, overlaps, not at the edge",
     "== "
     "ported.csv\nnumber,operator,from,to\n86a,X,,\n861,X,2026-01-02,2026-01-01\n861,X,2026-01-01,"
     "2026-02-01\n"
     "861,Y,2026-02-01,2026-03-01\n861,Z,2026-02-28,\n861,W,,2026-01-01\n",
     "ported.csv:2\nported.csv:3\nported.csv:6\n"},
    {"ported: the later line of two, whichever begins first",
     "== ported.csv\nnumber,operator,from,to\n861,X,2026-03-01,\n861,Y,2026-01-01,2026-03-02\n",
     "ported.csv:3\n"},
    {"cells: blanks, bounds, area, overlaps of one plmn only",
     "== areas.csv\narea\n755\n== "
     "cells.csv\nplmn,lac_from,lac_to,area\n,1,2,755\n46000,,2,755\n46000,1,,755\n"
     "46000,1,2,\n46000,x,2,755\n46000,9,8,755\n46000,1,2,99\n46000,10,20,755\n46001,10,20,"
     "755\n46000,20,30,755\n",
     "cells.csv:2\ncells.csv:3\ncells.csv:4\ncells.csv:5\ncells.csv:6\ncells.csv:7\ncells.csv:"
     "8\ncells.csv:11\n"},
    {"calendar: dates, days, twice",
     "== "
     "calendar.csv\ndate,day\n2026-02-29,holiday\n2028-02-29,holiday\n2026-1-1,holiday\n2026-01-01,"
     "\n"
     "2026-01-02,off\n2028-02-29,workday\n",
     "calendar.csv:2\ncalendar.csv:4\ncalendar.csv:5\ncalendar.csv:6\ncalendar.csv:7\n"},
    {"bands: times and days",
     "== "
     "bands.csv\nband,days,from,to\na,all,00:00,24:00\nb,all,24:00,24:00\nc,all,08:00,08:00\nd,mon;"
     "xyz,00:00,"
     "01:00\ne,,00:00,01:00\nf,all,8:00,09:00\ng,all,00:60,09:00\nh,mon;holiday,00:00:01,23:59:"
     "59\n,all,00:00,01:00\n",
     "bands.csv:3\nbands.csv:4\nbands.csv:5\nbands.csv:6\nbands.csv:7\nbands.csv:8\nbands.csv:"
     "10\n"},
    {"destinations", "== destinations.csv\ndestination,prefix\njp,81\n,82\nkr,\nkr,8x\njp,81\n",
     "destinations.csv:3\ndestinations.csv:4\ndestinations.csv:5\n"},
    {"rates: names and values of cells",
     "== "
     "rates.csv\nplan,item,service,direction,roam,net,dest,band,priority,price,per\n,base,voice,,,,"
     ",,,1,1min\n"
     "day,,voice,,,,,,,1,1min\nday,base,phone,,,,,,,1,1min\nday,base,voice,in,,,,,,1,1min\n"
     "day,base,voice,,moon,,,,,1,1min\nday,base,voice,,,web,,,,1,1min\nday,base,voice,,,,xx,,,1,"
     "1min\n"
     "day,base,voice,,,,,yy,,1,1min\nday,base,voice,,,,,,x,1,1min\nday,base,voice;,,,,,,,1,1min\n",
     "rates.csv:2\nrates.csv:3\nrates.csv:4\nrates.csv:5\nrates.csv:6\nrates.csv:7\nrates.csv:"
     "8\nrates.csv:9\n"
     "rates.csv:10\nrates.csv:11\n"},
    {"rates: amounts and quantities",
     "== "
     "rates.csv\nplan,item,service,from,connect_fee,price,per,increment,digits,rounding,band_mode\n"
     "day,a,voice,,,1/0,1min,,,,\nday,a,voice,,,1000000000/3,1min,,,,\nday,a,voice,,,-1,1min,,,,\n"
     "day,a,voice,,,1,0s,,,,\nday,a,voice,,,1,1min,0s,,,\nday,a,voice,,,1,1min,1KB,,,\n"
     "day,a,voice,1KB,,1,1min,,,,\nday,a,voice,,1.1234567,1,1min,,,,\nday,a,voice,,,1,1min,,7,,\n"
     "day,a,voice,,,1,1min,,,up,\nday,a,voice,,,1,1min,,,,mixed\nday,a,voice,,,1,0.3B,,,,\n"
     "day,a,voice,,,1,1.5,,,,\nday,b,data,,,1,0.5KB,,,,\nday,c,data,,,1,MB,1KB,,,\n",
     "rates.csv:2\nrates.csv:3\nrates.csv:4\nrates.csv:5\nrates.csv:6\nrates.csv:7\nrates.csv:"
     "8\nrates.csv:9\n"
     "rates.csv:10\nrates.csv:11\nrates.csv:12\nrates.csv:13\nrates.csv:14\n"},
    {"rates: services that are not counted in the unit",
     "== "
     "rates.csv\nplan,item,service,price,per\nday,a,sms,1,1min\nday,b,voice,1,1\nday,c,voice;sms,1,"
     "1\nday,d,,1,1KB\n",
     "rates.csv:2\nrates.csv:3\n"},
    {"rates: slots of one rule",
     "== "
     "rates.csv\nplan,item,service,from,price,per,rounding,counter\nday,a,voice,,1,1min,,\nday,a,"
     "voice,0s,2,1min,,\n"
     "day,a,voice,3min,2,1min,ceil,\nday,a,voice,4min,2,1min,floor,\nday,a,voice,5min,2,1min,ceil,"
     "cycle\n"
     "day,a,voice,6min,2,1min,ceil,\n",
     "rates.csv:5\nrates.csv:3\n"},
    {"rates: a rule is the set of its cells, in any order",
     "== "
     "rates.csv\nplan,item,service,from,price,per\nday,a,voice;data,,1,1min\nday,a,data;voice;data,"
     "3min,1,1min\n",
     ""},
    {"rates: equal denominators add no error, unequal ones do",
     "== "
     "rates.csv\nplan,item,service,zone,price,per\nday,a,voice,,1/7,7s\nday,a,voice,local,1/"
     "999999937,1s\n"
     "day,a,voice,hmt,1/3,1s\nday,b,voice,,1/3,1s\n",
     "rates.csv:3\n"},
    {"a price that its word does not hold with the denominator of its item",
     "== "
     "rates.csv\nplan,item,service,zone,price,per\nday,a,voice,,9000000000,1s\nday,a,voice,local,1/"
     "999999937,1s\n",
     "rates.csv:2\n"},
    {"a price that its word does not hold before its decimals are cut",
     "== book.yaml\nname: x\ntimezone: Asia/Shanghai\nincrement_digits: 2\n== rates.csv\n"
     "plan,item,service,price,per,increment\n"
     "day,a,voice,922337203685.477581,1s,999999999999999999s\nday,b,voice,922337203685.477581,1s,"
     "\n",
     "rates.csv:2\n"},
    {"item of a group plan in another unit than in a base plan: the later first row",
     "== plans.csv\nplan,kind\nday,base\nv,group\nw,family\n== "
     "rates.csv\nplan,item,service,net,price,per\n"
     "v,a,voice,group,1,1min\nday,a,sms,,1,1\nday,b,sms,,1,1\nw,b,voice,family,1,1min\n",
     "rates.csv:3\nrates.csv:5\n"},
    {"allowances",
     "== plans.csv\nplan,kind\nday,base\nplus,add_on\nv,group\n== allowances.csv\n"
     "plan,allowance,unit,amount,scope,member_cap,rollover,proration\nx,a,s,1min,,,,\nday,,s,1min,,"
     ",,\nday,b,,1,,,,\n"
     "day,c,s,,,,,\nday,d,item,1min,,,,\nday,e,s,90,,,,\nv,f,s,1h,pool,1MB,,\nv,g,s,1h,pool,1min,1,"
     "by_day\n"
     "day,h,min,1,,,,\nday,i,s,1,shared,,,\nday,e,s,1,,,,\nday,j,s,1,,,,half\nplus,k,s,1,pool,,,\n"
     "day,l,s,1,pool,,,\n",
     "allowances.csv:2\nallowances.csv:3\nallowances.csv:4\nallowances.csv:5\nallowances.csv:"
     "6\nallowances.csv:8\n"
     "allowances.csv:10\nallowances.csv:11\nallowances.csv:12\nallowances.csv:13\nallowances.csv:"
     "14\nallowances.csv:15\n"},
    {"discounts",
     "== "
     "discounts.csv\nplan,discount,stage,item,kind,value,threshold,set,priority\nday,a,,,percent,"
     "100,,,\n"
     "day,b,,,percent,100.01,,,\nday,c,,,percent,,,,\nday,d,,,free,,,,\nday,e,,,cap_day,1.1234567,,"
     ",\n"
     "day,f,,base,block_cap,1,,,\nday,g,,base,block_cap,1,0s,,\nday,h,,,,1,,,\nday,i,late,,free,,,,"
     "\n"
     "day,j,bill,,cap_month,5,,,\nday,a,,,free,,,,\nzz,k,,,free,,,,\nday,l,,,price_cap,x,,,\n",
     "discounts.csv:3\ndiscounts.csv:4\ndiscounts.csv:6\ndiscounts.csv:7\ndiscounts.csv:"
     "8\ndiscounts.csv:9\n"
     "discounts.csv:10\ndiscounts.csv:12\ndiscounts.csv:13\ndiscounts.csv:14\n"},
    {"payers",
     "== plans.csv\nplan,kind\nday,base\nplus,add_on\nv,group\nw,family\n== payers.csv\n"
     "plan,payer,item,mode,value,member_cap,group_cap\nplus,a,,full,,,\nv,a,,share,,,\nv,a,,share,"
     "33.333,,\n"
     "v,a,,amount,x,,\nv,a,,,,,\nv,b,,full,,1,2\nv,b,x,full,,1,3\nw,b,,full,,,\nv,a,p;q,full,,,\nv,"
     ",,full,,,\n",
     "payers.csv:2\npayers.csv:3\npayers.csv:4\npayers.csv:5\npayers.csv:6\npayers.csv:8\npayers."
     "csv:10\n"
     "payers.csv:11\n"},
    {"ties: priority and number of columns decide",
     "== rates.csv\nplan,item,service,direction,zone,priority,price,per\nday,a,voice,mo,,,1,1min\n"
     "day,a,voice,,local,1,1,1min\nday,a,voice,mo,local,,1,1min\nday,a,voice,mt,,,1,1min\nday,b,"
     "voice,mo,,,1,1min\n"
     "day,a,voice,mo;mt,,,1,1min\n",
     "rates.csv:7\n"},
    {"ties: bands that never hold together, and some that do",
     "== "
     "bands.csv\nband,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\nwe,weekend,00:00,24:"
     "00\n"
     "fr,fri,00:00,24:00\n== "
     "rates.csv\nplan,item,service,band,price,per\nday,a,voice,am,1,1min\nday,a,voice,pm,1,1min\n"
     "day,b,voice,am;pm,1,1min\nday,b,voice,we,1,1min\n",
     "rates.csv:5\n"},
    {"ties: destinations by shared prefix, with and without never",
     "== destinations.csv\ndestination,prefix\na,81\nb,82\nb,81\nc,811\n== "
     "rates.csv\nplan,item,service,dest,zone,price,per\n"
     "day,x,voice,a,,1,1min\nday,x,voice,b,,1,1min\nday,x,voice,c,,1,1min\nday,x,voice,,"
     "international,1,1min\n",
     "rates.csv:3\n"},
    {"ties: rating groups",
     "== "
     "rates.csv\nplan,item,service,rating_group,net,price,per\nday,x,data,1;2,,1,1KB\nday,x,data,3,"
     ",1,1KB\n"
     "day,x,data,2;9,,1,1KB\nday,y,data,1,,1,1KB\nday,y,data,,onnet,1,1KB\n",
     "rates.csv:4\nrates.csv:6\n"},
    {"gaps: none where a rule without band is behind",
     "== bands.csv\nband,days,from,to\nam,all,00:00,12:00\n== "
     "rates.csv\nplan,item,service,band,price,per\n"
     "day,a,voice,am,1,1min\nday,a,voice,,2,1min\n",
     ""},
    {"gaps: of one kind of record only",
     "== bands.csv\nband,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\n== rates.csv\n"
     "plan,item,service,zone,band,price,per\nday,a,voice,local,am,1,1min\nday,a,voice,local;hmt,pm,"
     "1,1min\n"
     "day,b,voice,local;hmt,am,1,1min\nday,b,voice,local,pm,1,1min\nday,b,voice,hmt,pm,2,1min\n",
     "rates.csv:2\n"},
    {"gaps: a record cannot be in the net and in another zone at once",
     "== bands.csv\nband,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\n== rates.csv\n"
     "plan,item,service,zone,net,band,price,per\nday,a,voice,,foreign,am,1,1min\n"
     "day,a,voice,hmt;international,,pm,1,1min\nday,a,voice,hmt;international,group;family,am,1,"
     "1min\n",
     ""},
    {"gaps: destinations and rating groups",
     "== bands.csv\nband,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\n== "
     "destinations.csv\n"
     "destination,prefix\na,81\nb,811\n== "
     "rates.csv\nplan,item,service,dest,rating_group,band,price,per\n"
     "day,x,voice,a,,am,1,1min\nday,x,voice,b,,pm,1,1min\nday,y,voice,a,,am;pm,1,1min\nday,y,voice,"
     "b,,pm,1,1min\n"
     "day,z,data,,1;2,am,1,1KB\nday,z,data,,1,pm,1,1KB\n",
     "rates.csv:2\nrates.csv:6\n"},
    {"gaps: a group plan's that every base plan fills, and one that a base plan does not",
     "== plans.csv\nplan,kind\nday,base\nnight,base\nv,group\nw,group\n== "
     "bands.csv\nband,days,from,to\n"
     "am,all,00:00,12:00\n== "
     "rates.csv\nplan,item,service,net,band,price,per\nday,a,voice,,,1,1min\n"
     "night,a,voice,,,1,1min\nv,a,voice,group,am,1,1min\nday,b,voice,,,1,1min\nw,b,voice,group,am,"
     "1,1min\n"
     "night,b,voice,onnet,,1,1min\n",
     "rates.csv:6\n"},
    {"gaps: a base plan's own gap is its own",
     "== plans.csv\nplan,kind\nday,base\nv,group\n== "
     "bands.csv\nband,days,from,to\nam,all,00:00,12:00\n"
     "== "
     "rates.csv\nplan,item,service,net,band,price,per\nday,a,voice,,am,1,1min\nv,a,voice,group,am,"
     "1,1min\n",
     "rates.csv:2\n"},
    {"warnings: never, hidden by priority, hidden by a cell that lists all",
     "== numbers.csv\nprefix,kind\n81,international\n== "
     "destinations.csv\ndestination,prefix\njp,81\n== rates.csv\n"
     "plan,item,service,roam,zone,net,dest,priority,price,per\nday,a,voice,,local,foreign,,,1,"
     "1min\n"
     "day,b,voice,,domestic,,jp,,1,1min\nday,c,voice,,,,,1,1,1min\nday,c,voice,,local,,,,1,1min\n"
     "day,d,voice,home;province;domestic;hmt;international,,,,,1,1min\nday,d,voice,,,,,,1,1min\n"
     "day,e,voice,hmt,local,,,,1,1min\n",
     "rates.csv:2:w\nrates.csv:3:w\nrates.csv:5:w\nrates.csv:7:w\nrates.csv:8:w\n"},
    {"no warning: a destination's longer prefixes lie in every zone, whatever comes behind them",
     "== numbers.csv\nprefix,kind\n81,service\n82,mobile\n83,mobile\n== "
     "destinations.csv\ndestination,prefix\nx,8\n== rates.csv\n"
     "plan,item,service,zone,dest,price,per\nday,a,voice,service,x,1,1min\nday,b,voice,domestic,"
     "x,1,1min\nday,c,voice,hmt,x,1,1min\nday,d,voice,international,x,1,1min\n",
     ""},
    {"no gap: all service numbers that begin with 8 have the longer prefix 81 of another "
     "destination",
     "== numbers.csv\nprefix,kind\n811,service\n82,mobile\n== destinations.csv\n"
     "destination,prefix\nx,8\ny,81\n== bands.csv\nband,days,from,to\nam,all,00:00,12:00\n== "
     "rates.csv\nplan,item,service,zone,dest,band,price,per\nday,a,voice,service,x,am,1,1min\n"
     "day,a,voice,,y,,1,1min\n",
     ""},
    {"a gap: one service number does not",
     "== numbers.csv\nprefix,kind\n811,service\n82,mobile\n83,service\n== destinations.csv\n"
     "destination,prefix\nx,8\ny,81\n== bands.csv\nband,days,from,to\nam,all,00:00,12:00\n== "
     "rates.csv\nplan,item,service,zone,dest,band,price,per\nday,a,voice,service,x,am,1,1min\n"
     "day,a,voice,,y,,1,1min\n",
     "rates.csv:2\n"},
    {"warnings: a destination whose prefixes lie in no other zone",
     "== numbers.csv\nprefix,kind\n81,international\n82,international\n== "
     "destinations.csv\ndestination,prefix\nx,81\nx,82\n== rates.csv\n"
     "plan,item,service,zone,dest,price,per\nday,a,voice,service,x,1,1min\nday,b,voice,domestic,"
     "x,1,1min\nday,d,voice,international,x,1,1min\n",
     "rates.csv:2:w\nrates.csv:3:w\n"},
    {"warnings: hidden within a destination, a rating group, all bands",
     "== destinations.csv\ndestination,prefix\na,81\na,82\nb,811\nb,82\nc,83\n== "
     "bands.csv\nband,days,from,to\n"
     "am,all,00:00,12:00\npm,all,12:00,24:00\n== "
     "rates.csv\nplan,item,service,zone,dest,rating_group,band,priority,price,per\n"
     "day,x,voice,,a,,,1,1,1min\nday,x,voice,,b,,,,1,1min\nday,x,voice,,c,,,,1,1min\nday,x,voice,,"
     "a;c,,,-1,1,1min\n"
     "day,y,data,,,1;2,,1,1,1KB\nday,y,data,,,2,,,1,1KB\nday,y,data,,,2;3,,2,1,1KB\nday,y,data,,,,,"
     ","
     "1,1KB\n"
     "day,z,voice,,,,am;pm,,1,1min\nday,z,voice,,,,,,1,1min\nday,w,voice,,,,am,1,1,1min\nday,w,"
     "voice,local,,,pm,,1,1min\n"
     "day,w,voice,local,,,am,,1,1min\nday,w,voice,,,,,,1,1min\n",
     "rates.csv:3:w\nrates.csv:7:w\nrates.csv:11:w\nrates.csv:14:w\n"},
    {"a band whose rows are all wrong is no warning besides",
     "== bands.csv\nband,days,from,to\nam,all,12:00,12:00\n== "
     "rates.csv\nplan,item,service,band,price,per\n"
     "day,a,voice,,1,1min\nday,a,voice,am,1,1min\n",
     "bands.csv:2\n"},
    {"a row with an error is not looked at by the checks between rows",
     "== "
     "rates.csv\nplan,item,service,zone,price,per\nday,a,voice,,1,1min\nday,a,voice,far,1,"
     "1min\nday,b,voice,,x,1min\n"
     "day,b,sms,,1,1\n",
     "rates.csv:3\nrates.csv:4\n"},
};

static const char *plain_file(const char *name)
{
  return strcmp(name, "book.yaml") == 0   ? "name: made\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
         : strcmp(name, "plans.csv") == 0 ? "plan,kind\nday,base\n"
                                          : NULL;
}

/* The files of a case, and those of the plain book that it does not replace. */
static struct made_book *case_book(const struct check_case *one, char (*names)[64])
{
  static const char *const plain[] = {"book.yaml", "plans.csv"};
  struct made_book *made = made_begin("Asia/Shanghai");
  free(made->file[0].bytes);
  made->file[0] = made->file[--made->files];
  if (strstr(one->tables, "Moon/") != NULL) {
    free(made->file[0].bytes);
    made->files = 0;
  }
  const char *at = one->tables;
  size_t count = 0;
  while (*at != '\0') {
    const char *name = at + 3;
    const char *text = strchr(name, '\n') + 1;
    const char *end = strstr(text, "\n== ");
    end = end == NULL ? text + strlen(text) : end + 1;
    snprintf(names[count], sizeof(names[count]), "%.*s", (int)(text - name - 1), name);
    made_text(made, names[count++], text, (size_t)(end - text));
    at = end;
  }
  for (size_t i = 0; i < 2; i++) {
    bool there = false;
    for (size_t k = 0; k < count; k++) {
      there = there || strcmp(names[k], plain[i]) == 0;
    }
    if (!there) {
      made_add(made, plain[i], plain_file(plain[i]));
    }
  }
  return made;
}

static int line_compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_sort(char *text, char *to)
{
  char *lines[256];
  size_t count = 0;
  for (char *line = strtok_r(text, "\n", &text); line != NULL; line = strtok_r(NULL, "\n", &text)) {
    lines[count++] = line;
  }
  qsort(lines, count, sizeof(*lines), line_compare);
  to[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    size_t at = strlen(to);
    snprintf(to + at, MADE_REPORT_BYTES - at, "%s\n", lines[i]);
  }
}

START_TEST(test_case)
{
  static char wanted[MADE_REPORT_BYTES];
  static char got[MADE_REPORT_BYTES];
  static char text[MADE_REPORT_BYTES];
  char names[16][64];
  const struct check_case *one = &cases[_i];
  struct made_book *made = case_book(one, names);
  enum sp_status status = made_compile(made);
  snprintf(text, sizeof(text), "%s", one->expected);
  lines_sort(text, wanted);
  lines_sort(made->report, got);
  ck_assert_msg(strcmp(got, wanted) == 0, "%s: reported\n%sexpected\n%s(last: %s)", one->what, got,
                wanted, made->last);
  ck_assert_int_eq(status, made->problems.errors > 0 ? SP_BAD_BOOK : SP_OK);
  made_end(made);
}
END_TEST

START_TEST(test_too_many_bands)
{
  char table[4096];
  size_t at = (size_t)snprintf(table, sizeof(table), "band,days,from,to\n");
  for (int i = 0; i < 66; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "b%d,all,00:00,24:00\n", i);
  }
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\nday,base\n");
  made_add(made, "bands.csv", table);
  ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
  ck_assert_str_eq(made->report, "bands.csv:66\nbands.csv:67\n");
  made_end(made);
}
END_TEST

START_TEST(test_too_many_items)
{
  char table[4096];
  size_t at = (size_t)snprintf(table, sizeof(table), "plan,item,service,price,per\n");
  for (int i = 0; i < 66; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "day,i%02d,voice,1,1min\n", i);
  }
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\nday,base\n");
  made_add(made, "rates.csv", table);
  ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
  ck_assert_str_eq(made->report, "rates.csv:66\nrates.csv:67\n");
  made_end(made);
}
END_TEST

static void column_report(void *context, const struct sp_problem *problem)
{
  *(uint32_t *)context = problem->column;
}

/* A price further to the right than a row keeps a column is said at the last one that it keeps. */
START_TEST(test_far_column)
{
  static char table[100000];
  for (size_t i = 0; i < 2; i++) {
    size_t far = i == 0 ? 65000 : 70000;
    uint32_t column = 0;
    memset(table, 0, sizeof(table));
    size_t at = (size_t)snprintf(table, sizeof(table),
                                 "plan,item,service,rating_group,price,per,increment\nday,a,data,");
    memset(table + at, 'x', far);
    snprintf(table + at + far, sizeof(table) - at - far, ",900000000000,1B,900000000000B\n");
    struct made_book *made = made_begin("Asia/Shanghai");
    made->problems = (struct sp_problems){column_report, &column, 0, 0};
    made_add(made, "plans.csv", "plan,kind\nday,base\n");
    made_add(made, "rates.csv", table);
    ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
    ck_assert_uint_eq(made->problems.errors, 1);
    ck_assert_uint_eq(column, i == 0 ? 65013 : 65535);
    made_end(made);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, test_case, 0, (int)(sizeof(cases) / sizeof(cases[0])));
  tcase_add_test(tests, test_too_many_bands);
  tcase_add_test(tests, test_too_many_items);
  tcase_add_test(tests, test_far_column);
  return check_run("book_checks", tests);
}
