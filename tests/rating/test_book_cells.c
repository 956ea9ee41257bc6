/* Cells of a book that cannot stand: which line is refused (":w" warned of), and that the rest is
 * read. */

#include "tests/check_run.h"
#include "tests/rating/book_made.h"

#define HEAD "plan,item,service,zone,dest,band,rating_group,price,per,increment,from,"
#define RATES                                                                               \
  HEAD "connect_fee,counter,rounding,digits,band_mode,priority\np,base,voice,,,,,0.1,1min," \
       ",,,,,,,\n"
#define PLANS "plan,kind\np,base\na,add_on\ng,group\nf,family\n"

static const struct book_case {
  const char *table, *text, *report;
} cases[] = {
    {"bands.csv",
     "band,days,from,to\na,all,24:00,24:00\na,all,0:00,24:00\na,all,00:00,24:01\n"
     "a,all,00:00,24:00:01\na,,00:00,12:00\na,mo,00:00,12:00\na,all,12:00,12:00\n"
     "a,all,12:00:00,12:0x\na,all,00:61,12:00\n",
     "bands.csv:2\n"
     "bands.csv:3\n"
     "bands.csv:4\n"
     "bands.csv:5\n"
     "bands.csv:6\n"
     "bands.csv:7\n"
     "bands.csv:8\n"
     "bands.csv:9\n"
     "bands.csv:10\n"},
    {"x", "", ""},
    {"data", "", ""},
    {"areas.csv", "area,province\n10,B,more\n20,\"C\" x\n30,\"D\n",
     "areas.csv:2\n"
     "areas.csv:3\n"
     "areas.csv:4\n"},
    {"areas.csv", "area,\"province\"x\n10,B\n", "areas.csv:1\n"},
    {"areas.csv", "area,province,area,unheard\n10,B\n",
     "areas.csv:1\n"
     "areas.csv:1\n"},
    {"areas.csv", "", "areas.csv:1:w\n"},
    {"areas.csv",
     "\xEF\xBB\xBF"
     "area,province\r\n \t\r\n# no, row\r\n 10 ,\t\"B\"\"b\" \r\n,\n",
     "areas.csv:5\n"},
    {"areas.csv", "area,province\n10,\"B\r\nC\"\n", ""},
    {"areas.csv", "area,province\n10,B\rC\r", ""},
    {"ported.csv",
     "number,operator,from,to\n86138,o,2026-01-01T00:00:00Z,\n86139,o,x,\n"
     "86140,o,2026-02-30,\n86141,o,2026-01-01 00:00:00,2026-01-01T00:00:60\n"
     "12345678901234567,o,,\n,o,,\n86142,,,\n86143,o,2026-01-02,2026-01-01\n"
     "86144,o,2026-01-02T00:00:00+08:00,2026-01-02T00:00:00\n",
     "ported.csv:3\n"
     "ported.csv:4\n"
     "ported.csv:5\n"
     "ported.csv:5\n"
     "ported.csv:6\n"
     "ported.csv:7\n"
     "ported.csv:9\n"
     "ported.csv:10\n"},
    {"ported.csv",
     "number,operator,from,to\n86138,o,2026-01-01,\n86138,q,2026-01-01,\n"
     "86138,r,2026-01-01,\n",
     "ported.csv:3\n"
     "ported.csv:4\n"},
    {"ported.csv",
     "number,operator,from\n1,o,2026-01-0\n2,o,2026-01-\n3,o,2026-0\n4,o,2026-01-01T00\n"
     "5,o,2026-01-01T00:0\n6,o,2026-01-01T00:00:0\n7,o,2026-01-01T0\n8,o,2026-01-01T00:00:\n",
     "ported.csv:2\nported.csv:3\nported.csv:4\nported.csv:5\nported.csv:6\nported.csv:7\n"
     "ported.csv:8\nported.csv:9\n"},
    {"numbers.csv",
     "prefix,operator,kind,area\n1234567890123456,o,mobile,\n"
     "1234567890123456,p,mobile,\n1234567890123455,p,tower,\n",
     "numbers.csv:2\n"
     "numbers.csv:3\n"
     "numbers.csv:4\n"
     "numbers.csv:4\n"},
    {"destinations.csv",
     "destination,prefix\nd,1234567890123456\ne,1234567890123457\nf,1\n"
     "\xC3\xA9,33\n\xC3,34\nd e,35\n",
     "destinations.csv:2\n"
     "destinations.csv:3\n"
     "destinations.csv:6\n"
     "destinations.csv:7\n"},
    {"calendar.csv",
     "date,day\n2026-10-01,feast\n2026-1-01,holiday\n2026-13-01,holiday\n"
     "2026-10-02,holiday\n2026-10-02,workday\n",
     "calendar.csv:2\n"
     "calendar.csv:3\n"
     "calendar.csv:4\n"
     "calendar.csv:6\n"},
    {"cells.csv",
     "plmn,lac_from,lac_to,area\n46000,2,1,10\n46000,x,1,10\n46000,1,99999999999,10\n"
     "4600,1,2,10\n46000,1,5,10\n46000,5,6,10\n46000,1,2,10\n",
     "cells.csv:2\n"
     "cells.csv:2\n"
     "cells.csv:3\n"
     "cells.csv:3\n"
     "cells.csv:4\n"
     "cells.csv:5\n"
     "cells.csv:6\n"
     "cells.csv:7\n"
     "cells.csv:8\n"},
    {"plans.csv", PLANS "p,base\nq,best\nr,\ns,base\n",
     "plans.csv:6\n"
     "plans.csv:7\n"
     "plans.csv:8\n"},
    {"plans.csv",
     "plan,kind,name,monthly_fee,valid_from,valid_to\np,base,,-1,,\nq,base,,1.1234567,,\n"
     "r,base,,1,2026-01-02,2026-01-02\ns,base,,1,2026-01-01,2026-01-02\n",
     "plans.csv:2\n"
     "plans.csv:3\n"
     "plans.csv:4\n"},
    /* rates */
    {"rates.csv",
     RATES "p,x,voice,,,,,,1min,,,,,,,,\np,x,voice,,,,,-1,1min,,,,,,,,\n"
           "p,x,voice,,,,,1,0s,,,,,,,,\np,x,voice,,,,,1,1min,0s,,,,,,,\n"
           "p,x,voice,,,,,1,1MB,,,,,,,,\np,x,data,,,,,1,1min,,,,,,,,\n"
           "p,x,sms,,,,,1,1min,,,,,,,,\np,x,voice,,,,,1,1min,1KB,,,,,,,\n"
           "p,x,voice,,,,,1,1min,,1KB,,,,,,\np,x,voice,,,,,1,1min,,,x,,,,,\n"
           "p,x,voice,,,,,1,1min,,1min,1,,,,,\np,x,voice,,,,,1,1min,,,,day,,,,\n"
           "p,x,voice,,,,,1,1min,,,,,up,,,\np,x,voice,,,,,1,1min,,,,,,7,,\n"
           "p,x,voice,,,,,1,1min,,,,,,,cut,\np,x,voice,,,,,1,1min,,,,,,,,x\n",
     "rates.csv:3\n"
     "rates.csv:4\n"
     "rates.csv:5\n"
     "rates.csv:6\n"
     "rates.csv:7\n"
     "rates.csv:9\n"
     "rates.csv:10\n"
     "rates.csv:11\n"
     "rates.csv:12\n"
     "rates.csv:13\n"
     "rates.csv:14\n"
     "rates.csv:15\n"
     "rates.csv:16\n"
     "rates.csv:17\n"
     "rates.csv:18\n"},
    {"rates.csv",
     RATES "p,x,voice,,nowhere,,,1,1min,,,,,,,,\np,x,voice,,,never,,1,1min,,,,,,,,\n"
           "p,x,data,,,,a;;b,1,1MB,,,,,,,,\np,x,call,,,,,1,1min,,,,,,,,\n"
           "p,x,voice,moon,,,,1,1min,,,,,,,,\nq,x,voice,,,,,1,1min,,,,,,,,\n"
           ",x,voice,,,,,1,1min,,,,,,,,\np,,voice,,,,,1,1min,,,,,,,,\n"
           "p,y,voice,local ;\tdomestic,,,,1,1min,,,,,,,,\n",
     "rates.csv:3\n"
     "rates.csv:4\n"
     "rates.csv:5\n"
     "rates.csv:6\n"
     "rates.csv:7\n"
     "rates.csv:8\n"
     "rates.csv:9\n"
     "rates.csv:10\n"},
    /* slots of one rule that do not agree */
    {"rates.csv",
     RATES "p,x,voice,,,,,1,1min,,,,cycle,ceil,2,split_ceil,\n"
           "p,x,voice,,,,,1,1min,,1min,,record,,,,\np,x,voice,,,,,1,1min,,2min,,,floor,,,\n"
           "p,x,voice,,,,,1,1min,,3min,,,,3,,\np,x,voice,,,,,1,1min,,4min,,,,,call_start,\n"
           "p,x,voice,,,,,1,1min,,5min,,,,,,\np,x,voice,,,,,1,1min,,5min,,,,,,\n",
     "rates.csv:4\n"
     "rates.csv:5\n"
     "rates.csv:6\n"
     "rates.csv:7\n"
     "rates.csv:9\n"},
    {"rates.csv",
     RATES "p,x,data;voice,,,,,1,1min,,,,,,,,\np,x,data;voice,,,,,1,1MB,,1MB,,,,,,\n"
           "p,x,voice,,,,,1,1min,,1min,,,,,,\n",
     "rates.csv:4\n"
     "rates.csv:5\n"
     "rates.csv:5\n"},
    {"rates.csv",
     RATES "p,x,sms,,,,,1,,,,,,,,,\ng,x,voice,,,,,1,1min,,,,,,,,\n"
           "f,x,voice,,,,,1,1min,,,,,,,,\na,y,voice,,,,,1,1min,,,,,,,,\n",
     "rates.csv:6\n"
     "rates.csv:5\n"
     "rates.csv:4\n"},
    /* amounts beyond every limit */
    {"rates.csv",
     RATES "p,x,sms,,,,,999999999999,1,999999999999999999,,,,,,,\n"
           "p,y,sms,,,,,9000000000000,1,900000000,,,,,,,\n"
           "p,z,sms,,,,,1/999999999,999999999999999999,1,,,,,,,\n"
           "p,v,sms,,,,,1/999999937,1,,,,,,,,\np,v,sms,,,,,1/999999893,1,,,,,,,,1\n"
           "p,w,sms,,,,,0.1,1,,,9999999999999,,,,,\n"
           "p,u,sms,,,,,1/999999937,1,,,9000000000,,,,,\n"
           "p,t,sms,,,,,1,1,,,999999999/1,,,,,\np,t,sms,,,,,1,1,,,1/999999937,,,,,2\n",
     "rates.csv:8\n"
     "rates.csv:3\n"
     "rates.csv:4\n"
     "rates.csv:5\n"
     "rates.csv:7\n"
     "rates.csv:9\n"
     "rates.csv:10\n"},
    /* allowances, discounts, payers */
    {"allowances.csv",
     "plan,allowance,unit,service,amount,scope,member_cap,rollover\np,a,s,,1min,pool,,\n"
     "g,b,s,,1min,own,,\np,c,s,,1min,own,1min,\np,d,min,,1min,own,,\np,e,s,,,own,,\n"
     "p,f,s,,1MB,own,,\np,g,s,,1min,ours,,\nq,h,s,,1min,own,,\n,i,s,,1min,own,,\n"
     "p,,s,,1min,own,,\np,k,s,,1min,own,,\np,k,s,,1min,own,,\np,l,s,data,1min,own,,\n"
     "g,m,s,,1min,pool,1MB,\np,n,s,,1min,own,,2\na,o,B,,1GB,own,,1\nf,q,item,,5,pool,2,\n",
     "allowances.csv:2\n"
     "allowances.csv:4\n"
     "allowances.csv:5\n"
     "allowances.csv:6\n"
     "allowances.csv:7\n"
     "allowances.csv:8\n"
     "allowances.csv:9\n"
     "allowances.csv:10\n"
     "allowances.csv:11\n"
     "allowances.csv:13\n"
     "allowances.csv:15\n"
     "allowances.csv:16\n"},
    {"discounts.csv",
     "plan,discount,item,kind,value,threshold,set,priority,service\np,a,,percent,101,,,,\n"
     "p,b,,percent,,,,,\np,c,,free,,,,,\np,d,,block_cap,1,1MB,,,\np,e,base,block_cap,1,,,,\n"
     "p,f,base,block_cap,1,0s,,,\np,g,base,block_cap,1,x,,,\np,h,,,1,,,,\np,i,,gift,1,,,,\n"
     "q,j,,free,,,,,\np,,,free,,,,,\np,k,,free,,,,,\np,k,,free,,,,,\np,l,base;x,free,,,,,\n"
     "p,m,,percent,1,,s,1,\np,n,,percent,1,,s,2,\np,o,,cap_day,1,,s,1,\np,q,,price_cap,-1,,,,\n"
     "p,r,never,free,,,,,\np,s,,percent,10.123,,,,\n,t,,free,,,,,\np,u,unheard;,block_cap,1,1s,,,"
     "\n",
     "discounts.csv:2\n"
     "discounts.csv:3\n"
     "discounts.csv:5\n"
     "discounts.csv:6\n"
     "discounts.csv:7\n"
     "discounts.csv:8\n"
     "discounts.csv:9\n"
     "discounts.csv:10\n"
     "discounts.csv:11\n"
     "discounts.csv:12\n"
     "discounts.csv:14\n"
     "discounts.csv:15\n"
     "discounts.csv:17\n"
     "discounts.csv:18\n"
     "discounts.csv:19\n"
     "discounts.csv:21\n"
     "discounts.csv:22\n"
     "discounts.csv:23\n"},
    {"payers.csv",
     "plan,payer,item,mode,value,member_cap,group_cap,priority\np,a,,full,,,,\ng,b,,share,,,,\n"
     "g,c,,share,101,,,\ng,d,,amount,,,,\ng,e,,amount,-1,,,\ng,f,,some,1,,,\ng,g,,,,,,\n"
     "g,h,,full,,x,,\ng,i,,full,,,y,\ng,i,,full,,,,\nf,j,,full,5,,,\nq,k,,full,,,,\n,l,,full,,,,\n"
     "g,,,full,,,,\ng,m,a;b,full,,,,\n",
     "payers.csv:2\n"
     "payers.csv:3\n"
     "payers.csv:4\n"
     "payers.csv:5\n"
     "payers.csv:6\n"
     "payers.csv:7\n"
     "payers.csv:8\n"
     "payers.csv:9\n"
     "payers.csv:10\n"
     "payers.csv:13\n"
     "payers.csv:14\n"
     "payers.csv:15\n"
     "payers.csv:16\n"},
};

static struct made_book *made_case(const struct book_case *one)
{
  struct made_book *made = made_begin("Asia/Shanghai");
  if (strcmp(one->table, "plans.csv") != 0) {
    made_add(made, "plans.csv", PLANS);
  }
  if (strcmp(one->table, "rates.csv") != 0) {
    made_add(made, "rates.csv", "plan,item,service,price,per\np,base,voice,0.1,1min\n");
  }
  made_add(made, one->table, one->text);
  return made;
}

START_TEST(test_cases)
{
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct made_book *made = made_case(&cases[i]);
    enum sp_status status = made_compile(made);
    ck_assert_msg(strcmp(made->report, cases[i].report) == 0, "%zu %s:\n%s", i, cases[i].table,
                  made->report);
    ck_assert_int_eq(status, made->problems.errors > 0 ? SP_BAD_BOOK : SP_OK);
    struct sp_book_files files = {made->file, made->files}; /* only checked: the same */
    made->problems.errors = 0;
    ck_assert_int_eq(sp_book_compile(&files, &made->problems, &made->memory, NULL), status);
    made_end(made);
  }
}
END_TEST

/* Increments rounded to so many decimals: the price of one in micro-units, or refused. */
START_TEST(test_increment_digits)
{
  static const struct {
    int digits;
    const char *price, *increment;
    int64_t micro; /* of one increment, in the item's denominator; -1: refused */
    int64_t denominator;
  } increments[] = {{2, "0.125", "1", 130000, 1},
                    {6, "0.000001", "4", 4, 1},
                    {0, "0.4", "1", 0, 1},
                    {8, "1/3", "1", 33333333, 100},
                    {12, "1/3", "1", 333333333333, 1000000},
                    {12, "999999999", "999999999999999999", -1, 0},
                    {12, "999999999999", "99999999", -1, 0},
                    {12, "9", "9999999999999", -1, 0},
                    {0, "999999999999", "999999999999999999", -1, 0}};
  for (size_t i = 0; i < sizeof(increments) / sizeof(increments[0]); i++) {
    char yaml[256], rates[256];
    struct made_book *made = made_begin("Asia/Shanghai");
    snprintf(yaml, sizeof(yaml), "name: d\ntimezone: Asia/Shanghai\nincrement_digits: %d\n",
             increments[i].digits);
    snprintf(rates, sizeof(rates), "plan,item,service,price,per,increment\np,n,sms,%s,%s,%s\n",
             increments[i].price, "1", increments[i].increment);
    free(made->file[0].bytes);
    made->file[0].bytes = strdup(yaml);
    made->file[0].length = strlen(yaml);
    made_add(made, "plans.csv", PLANS);
    made_add(made, "rates.csv", rates);
    enum sp_status status = made_compile(made);
    ck_assert_msg((status == SP_OK) == (increments[i].micro >= 0), "%zu %s", i, made->last);
    if (status == SP_OK) {
      const struct sp_book_item *item = SP_BOOK_TABLE(&made->book, items, struct sp_book_item);
      const struct sp_book_slot *slot = SP_BOOK_TABLE(&made->book, slots, struct sp_book_slot);
      ck_assert_msg(slot->price == increments[i].micro &&
                        item->denominator == increments[i].denominator,
                    "%zu: %lld / %lld", i, (long long)slot->price, (long long)item->denominator);
    }
    made_end(made);
  }
}
END_TEST

/* 64 bands, and one more. */
START_TEST(test_bands)
{
  for (int count = 64; count < 66; count++) {
    char table[8192];
    size_t at = (size_t)snprintf(table, sizeof(table), "band,days,from,to\n");
    for (int i = 0; i < count; i++) {
      at += (size_t)snprintf(table + at, sizeof(table) - at, "b%d,all,00:00,24:00\n", i);
    }
    struct made_book *made = made_begin("Asia/Shanghai");
    made_add(made, "plans.csv", PLANS);
    made_add(made, "bands.csv", table);
    made_add(made, "rates.csv",
             "plan,item,service,band,price,per\np,base,voice,,0.1,1min\n"
             "p,x,voice,b0;b63,0.1,1min\n");
    ck_assert_int_eq(made_compile(made), count == 64 ? SP_OK : SP_BAD_BOOK);
    ck_assert_msg(count == 64 || strstr(made->report, "bands.csv:66\n") != NULL, "%s",
                  made->report);
    made_end(made);
  }
}
END_TEST

/* More than 64 columns, and a row behind them. */
START_TEST(test_columns)
{
  char table[2048];
  size_t at = (size_t)snprintf(table, sizeof(table), "area,province");
  for (int i = 0; i < 70; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, ",c");
  }
  at += (size_t)snprintf(table + at, sizeof(table) - at, "\n10,B");
  for (int i = 0; i < 80; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, ",");
  }
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", PLANS);
  made_add(made, "areas.csv", table);
  ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
  ck_assert_ptr_nonnull(strstr(made->report, "areas.csv:2\n"));
  made_end(made);
}
END_TEST

/* What is said of rules that tie or leave a gap, and rules that are none of these. */
START_TEST(test_examples)
{
  static const struct {
    const char *plans, *bands, *dests,
        *rates; /* rates: behind plan,item,service,zone,dest,band,... */
    const char *report, *said;
  } examples[] = {
      {PLANS, "x,sat,00:00:30,12:00\ny,workday,00:00,24:00\n", "",
       "p,base,voice,,,,0.1,1min,\np,base,voice,,,x,0.1,1min,1\np,base,voice,,,y,0.1,1min,1\n",
       "rates.csv:4\n", "sat (a workday) at 00:00:30"},
      {"plan,kind\ng,group\n", "x,all,00:00,12:00\n", "", "g,base,voice,,,x,0.1,1min,\n",
       "rates.csv:2\n", "no rule on"},
      {PLANS, "", "d,8\ne,85\nf,869\n",
       "p,base,voice,,,,0.1,1min,\np,base,voice,hmt,d,,0.1,1min,1\np,base,voice,local,d,,0.1,1min,"
       "1\n"
       "p,base,voice,hmt,e,,0.1,1min,1\np,base,voice,local,f,,0.1,1min,1\n",
       "", ""},
      {PLANS, "", "d,49\ne,86138\n",
       "p,base,voice,,,,0.1,1min,\np,base,voice,hmt,d,,0.1,1min,1\np,base,voice,hmt,e,,0.1,1min,"
       "1\n",
       "rates.csv:3:w\nrates.csv:4:w\n", ""},
  };
  for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
    char bands[256], dests[256], rates[1024];
    struct made_book *made = made_begin("Asia/Shanghai");
    snprintf(bands, sizeof(bands), "band,days,from,to\n%s", examples[i].bands);
    snprintf(dests, sizeof(dests), "destination,prefix\n%s", examples[i].dests);
    snprintf(rates, sizeof(rates), "plan,item,service,zone,dest,band,price,per,priority\n%s",
             examples[i].rates);
    made_add(made, "plans.csv", examples[i].plans);
    made_add(made, "bands.csv", bands);
    made_add(made, "destinations.csv", dests);
    made_add(made, "numbers.csv", "prefix,operator,kind\n86138,CMCC,mobile\n85,x,international\n");
    made_add(made, "rates.csv", rates);
    (void)made_compile(made);
    ck_assert_msg(strcmp(made->report, examples[i].report) == 0, "%zu: %s %s", i, made->report,
                  made->last);
    ck_assert_msg(strstr(made->last, examples[i].said) != NULL, "%zu: %s", i, made->last);
    made_end(made);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_cases);
  tcase_add_test(tests, test_increment_digits);
  tcase_add_test(tests, test_examples);
  tcase_add_test(tests, test_bands);
  tcase_add_test(tests, test_columns);
  return check_run("book_cells", tests);
}
