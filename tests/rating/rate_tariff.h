/* A small tariff in which everything happens: bands that change within a call, counters, two items,
 * allowances own and pooled, sets, percents, caps, a block_cap, payers. For tests of chains and of
 * events. */
#ifndef SP_TESTS_RATE_TARIFF_H
#define SP_TESTS_RATE_TARIFF_H

#include "rating/number.h"
#include "tests/draw.h"
#include "tests/rating/rate_case.h"

static const struct rate_case_file tariff_book[] = {
    BOOK_YAML,
    {"bands.csv", "band,days,from,to\na,all,08:00,08:10\na,all,08:20,08:30\nb,all,00:00,08:00\n"
                  "b,all,08:10,08:20\nb,all,08:30,24:00\n"},
    {"destinations.csv", "destination,prefix\nasia,81\ntokyo,813\n"},
    {"plans.csv", "plan,kind\np,base\ng,group\nf,family\nnone,add_on\nnil,add_on\n"},
    {"rates.csv",
     "plan,item,service,direction,zone,dest,band,rating_group,priority,from,connect_fee,price,per,"
     "increment,counter,rounding,digits,band_mode\n"
     "p,base,voice,,,,a,,,,0.05,0.33,1min,,cycle,ceil,2,split_ceil\n"
     "p,base,voice,,,,a,,,20min,,0.11,1min,,cycle,ceil,2,split_ceil\n"
     "p,base,voice,,,,b,,,,,0.07,30s,,,ceil,2,split_ceil\n"
     "p,base,voice,mt,,,,,1,,,0,30s,,,ceil,2,split_ceil\n"
     "p,ld,voice,mo,domestic,,,,,,,0.013,6s,,,,3,\n"
     "p,ld,voice,mo,,asia,,,,,,0.023,6s,,,,3,\n"
     "p,ld,voice,mo,,tokyo,,,,,,0.033,6s,,,,3,\n"
     "p,x,voice,mo,domestic,,,,,,,0.02,1min,,,,3,\n"
     "p,data,data,,,,,,,,,0.29,1MB,10KB,,,3,\n"
     "p,data,data,,,,,video,,,,0.19,1MB,10KB,,,3,\n"
     "g,ld,voice,mo,local;domestic,,a,,,,0.01,0.009,6s,,,,3,\n"
     "g,ld,voice,mo,local;domestic,,b,,,,0.01,0.019,6s,,,,3,\n"
     "f,ld,voice,mo,local,,,,2,,,0.015,6s,,,,3,\n"},
    {"allowances.csv",
     "plan,allowance,unit,service,band,amount,scope,member_cap,priority,rollover\n"
     "p,mine,s,voice,a,9min,own,,2,1\ng,ours,s,voice,,40min,pool,15min,3,\n"
     "p,bytes,B,data,,3MB,own,,1,\n"},
    {"discounts.csv",
     "plan,discount,item,service,kind,value,threshold,set,priority\n"
     "p,ten,base,,percent,10,,,1\np,block,data,data,block_cap,0.80,4MB,,1\n"
     "p,day,,,cap_day,2.50,,,1\ng,five,,voice,percent,5,,duo,1\ng,six,ld,voice,percent,6,,duo,1\n"
     "p,most,ld,,price_cap,0.9,,,2\n"},
    {"payers.csv", "plan,payer,item,service,mode,value,member_cap,group_cap,priority\n"
                   "g,half,,voice,share,50,1.5,,1\ng,rest,ld,,full,,,2,2\n"},
    {NULL, NULL}};

static const struct rate_case_file tariff_customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\nT,8613800000002,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nF,family,\n"},
    {"members.csv", "group,subscriber\nG,S\nG,T\nF,S\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\nsubscriber:T,p,2025-01-01\n"
                          "group:G,g,2025-01-01\ngroup:F,f,2025-01-01\n"
                          "subscriber:T,none,2025-01-01\nsubscriber:T,nil,2025-01-01\n"},
    {NULL, NULL}};

static inline struct sp_usage tariff_usage(const struct rate_case *it)
{
  const int64_t eight = JUNE_UTC_S + 8 * 3600;
  struct sp_usage usage = rate_case_usage(it, draw(2), eight - 600 + draw(3000) + 86400 * draw(9));
  usage.duration_s = 1 + draw(2500);
  usage.zone = draw(2) == 0 ? SP_ZONE_DOMESTIC : SP_ZONE_LOCAL;
  usage.direction = draw(8) == 0 ? SP_DIRECTION_MT : SP_DIRECTION_MO;
  struct sp_number tokyo = sp_number_pack("81312345678", 11);
  usage.dest_node = draw(4) == 0 ? sp_book_find_dest_node(it->books.book, tokyo.digits) : 0;
  if (draw(3) == 0) {
    usage.service = SP_SERVICE_DATA;
    usage.rating_group = draw(2) == 0 ? sp_book_find_rating_group(it->books.book, "video", 5) : 0;
    usage.bytes = 1 + draw(6000000);
    usage.zone = SP_ZONE_NONE;
    usage.net = SP_NET_NONE;
    usage.flags = 0;
  }
  return usage;
}

#endif
