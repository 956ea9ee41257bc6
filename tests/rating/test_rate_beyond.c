/* Records beyond every limit: `overflow` and nothing changed, or the exact amount just below it;
 * the next record costs what it always does. */
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"

#define TABLE_BYTES 65536

static char extra[TABLE_BYTES]; /* rows that a test makes */

static const struct rate_case_file customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\nT,8613800000002,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nF,family,\n"},
    {"members.csv", "group,subscriber\nG,S\nG,T\nF,S\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\nsubscriber:T,p,2025-01-01\n"
                          "group:G,g,2025-01-01\ngroup:F,f,2025-01-01\n"},
    {NULL, NULL}};

#define PLANS                                             \
  {                                                       \
    "plans.csv", "plan,kind\np,base\ng,group\nf,family\n" \
  }
#define RATE_HEAD                                                                             \
  "plan,item,service,zone,band,price,per,increment,from,connect_fee,counter,rounding,digits," \
  "priority\n"

struct beyond {
  const struct rate_case_file book[8];
  uint8_t service;
  int64_t quantity;
  uint16_t reason;
  int64_t net_micro; /* where it is rated */
};

static struct sp_usage usage_of(const struct rate_case *it, const struct beyond *one)
{
  struct sp_usage usage = rate_case_usage(it, 0, JUNE_UTC_S);
  usage.service = one->service;
  usage.duration_s = one->service == SP_SERVICE_VOICE ? one->quantity : 0;
  if (one->service == SP_SERVICE_DATA) {
    usage.bytes = one->quantity;
    usage.zone = SP_ZONE_NONE;
    usage.net = SP_NET_NONE;
    usage.flags = 0;
  }
  return usage;
}

static void beyond_check(const struct beyond *one, size_t number)
{
  static struct rate_case it;
  static struct sp_charge charge, small, again;
  rate_case_open(&it, one->book, customers);
  struct sp_usage usage = usage_of(&it, one), little = usage;
  little.subscriber = 1;
  little.duration_s = one->service == SP_SERVICE_VOICE ? 61 : 0;
  little.bytes = one->service == SP_SERVICE_DATA ? 5000 : 0;
  memset(&charge, 0, sizeof(charge));
  memset(&small, 0, sizeof(small));
  memset(&again, 0, sizeof(again));
  rate_case_rate(&it, &usage, &charge);
  ck_assert_msg(charge.reason == one->reason, "%zu: reason %u", number, charge.reason);
  if (one->reason == SP_REASON_NONE) {
    ck_assert_msg(charge.net_micro == one->net_micro, "%zu: %lld", number,
                  (long long)charge.net_micro);
    rate_case_close(&it);
    return;
  }
  rate_case_rate(&it, &little, &small); /* as if the large one had never been */
  rate_case_close(&it);
  rate_case_open(&it, one->book, customers);
  rate_case_rate(&it, &little, &again);
  ck_assert_msg(memcmp(&small, &again, sizeof(small)) == 0, "%zu", number);
  rate_case_close(&it);
}

#define VOICE SP_SERVICE_VOICE
#define DATA SP_SERVICE_DATA
#define OVER SP_REASON_OVERFLOW

static const struct beyond cases[] = {
    /* one item's amount */
    {{BOOK_YAML, PLANS, {"rates.csv", RATE_HEAD "p,base,voice,,,9000000,1s,,,,,,,\n"}},
     VOICE,
     2000000000000,
     OVER,
     0},
    {{BOOK_YAML, PLANS, {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,,6,\n"}},
     DATA,
     INT64_MAX / 2,
     0,
     INT64_MAX / 2},
    {{BOOK_YAML, PLANS, {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,0.05,,,6,\n"}},
     DATA,
     INT64_MAX - 10,
     OVER,
     0},
    {{BOOK_YAML, PLANS, {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,ceil,0,\n"}},
     DATA,
     INT64_MAX - 10,
     OVER,
     0},
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,flow,data,,,9000000,1B,,,,,,6,\np,flow,data,,,9000000,"
                              "1B,,10B,,,,6,\n"}},
     DATA,
     INT64_MAX - 10,
     OVER,
     0},
    /* two items together */
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,,6,\n"
                              "p,more,data,,,0.000001,1B,,,,,,6,\n"}},
     DATA,
     INT64_MAX / 2 + 10,
     OVER,
     0},
    /* time that ends behind all time, and more changes of bands than a record may have */
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,base,voice,,,0.000001,1h,,,,,,6,\n"},
      {"bands.csv", "band,days,from,to\na,all,00:00,24:00\n"}},
     VOICE,
     INT64_MAX - 10,
     OVER,
     0},
    {{BOOK_YAML,
      PLANS,
      {"rates.csv",
       RATE_HEAD "p,base,voice,,a,0.000001,1h,,,,,,6,\np,base,voice,,b,0.000002,1h,,,,,,6,\n"},
      {"bands.csv", "band,days,from,to\na,all,00:00,12:00\nb,all,12:00,24:00\n"}},
     VOICE,
     INT64_C(50000000000),
     OVER,
     0},
    {{BOOK_YAML,
      PLANS,
      {"rates.csv",
       RATE_HEAD "p,base,voice,,a,0.000001,1h,,,,,,6,\np,base,voice,,b,0.000002,1h,,,,,,6,\n"
                 "p,ld,voice,,a,0.000001,1h,,,,,,6,\np,ld,voice,,b,0.000002,1h,,,,,,6,\n"},
      {"bands.csv", "band,days,from,to\na,all,00:00,12:00\nb,all,12:00,24:00\n"}},
     VOICE,
     INT64_C(2000000000),
     OVER,
     0},
    /* denominators of three plans that have no common one */
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,base,voice,,,1/999999937,1s,,,,,,6,\n"
                              "g,base,voice,,b,1/999999893,1s,,,,,,6,1\n"
                              "f,base,voice,,c,1/999999883,1s,,,,,,6,1\n"},
      {"bands.csv",
       "band,days,from,to\na,all,00:00,00:10\nb,all,00:10,00:20\nc,all,00:20,24:00\n"}},
     VOICE,
     3600,
     OVER,
     0},
    /* percents of what no longer fits 64 bits times 10,000 */
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,,6,\n"},
      {"discounts.csv", "plan,discount,item,kind,value\np,half,,percent,50\n"}},
     DATA,
     INT64_MAX / 4,
     0,
     INT64_MAX / 8 + 1},
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,,6,\n"},
      {"discounts.csv", "plan,discount,item,kind,value,threshold\np,b,flow,block_cap,1,1B\n"}},
     DATA,
     INT64_C(1000000000000),
     OVER,
     0},
    {{BOOK_YAML,
      PLANS,
      {"rates.csv", RATE_HEAD "p,flow,data,,,0.000001,1B,,,,,,6,\n"},
      {"discounts.csv", "plan,discount,item,kind,value,threshold\np,b,flow,block_cap,1,4GB\n"
                        "p,d,,cap_day,3\np,m,,cap_month,2\np,c,flow,price_cap,9\n"}},
     DATA,
     INT64_C(1000000000000),
     0,
     2000000},
};

START_TEST(test_amounts)
{
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    beyond_check(&cases[i], i);
  }
}
END_TEST

static void rows_make(const char *head, const char *format, int count)
{
  size_t at = (size_t)snprintf(extra, sizeof(extra), "%s", head);
  for (int i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    at += (size_t)snprintf(extra + at, sizeof(extra) - at, format, i);
#pragma GCC diagnostic pop
    ck_assert_uint_lt(at, sizeof(extra));
  }
}

/* Allowances in reach, allowances used, payers: one more than a record may have. */
START_TEST(test_counts)
{
  struct beyond one = {{BOOK_YAML,
                        PLANS,
                        {"rates.csv", RATE_HEAD "p,base,voice,,,0.1,1s,,,,,,6,\n"},
                        {"allowances.csv", extra}},
                       VOICE,
                       100,
                       SP_REASON_OVERFLOW,
                       0};
  rows_make("plan,allowance,unit,amount,rollover\n", "p,a%d,s,0s,1\n", 257);
  beyond_check(&one, 0);
  rows_make("plan,allowance,unit,amount,rollover\n", "p,a%d,s,1s,\n", 65);
  beyond_check(&one, 1);
  rows_make("plan,allowance,unit,amount,rollover\n", "p,a%d,s,1s,\n", 64);
  one.reason = 0;
  one.net_micro = 3600000;
  beyond_check(&one, 2);
  struct beyond paid = {{BOOK_YAML,
                         PLANS,
                         {"rates.csv", RATE_HEAD "p,base,voice,,,0.1,1s,,,,,,6,\n"},
                         {"payers.csv", extra}},
                        VOICE,
                        100,
                        0,
                        10000000};
  rows_make("plan,payer,mode,value,priority\n", "g,y%1$d,amount,0.01,%1$d\n", 100);
  beyond_check(&paid, 3);
}
END_TEST

/* Counters and chains that add up to more than a number holds. */
START_TEST(test_sums)
{
  static const struct beyond counted = {
      {BOOK_YAML,
       PLANS,
       {"rates.csv",
        RATE_HEAD "p,flow,data,,,0,1B,,,,cycle,,6,\np,flow,data,,,0,1B,,1GB,,cycle,,6,\n"
                  "p,v,voice,,,0,1s,,,,cycle,,6,\np,n,sms,,,0,1,,,,,,6,\n"}},
      DATA,
      INT64_MAX / 4 * 3,
      0,
      0};
  static struct rate_case it;
  static struct sp_charge charge;
  rate_case_open(&it, counted.book, customers);
  struct sp_usage usage = usage_of(&it, &counted);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, 0);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  static const uint8_t services[3] = {SP_SERVICE_DATA, SP_SERVICE_VOICE, SP_SERVICE_SMS};
  for (uint64_t i = 0; i < 3; i++) {
    usage.subscriber = 1;
    usage.partial = SP_PARTIAL_MIDDLE;
    usage.chain_hash[0] = i + 1;
    usage.chain_hash[1] = 5;
    usage.service = services[i];
    usage.bytes = i == 0 ? INT64_MAX / 4 * 3 : 0;
    usage.duration_s = i == 1 ? INT64_MAX / 4 * 3 : 0;
    usage.items = i == 2 ? INT32_MAX : 1;
    rate_case_rate(&it, &usage, &charge);
    ck_assert_msg(charge.reason == (i == 1 ? SP_REASON_OVERFLOW : 0), "%u", charge.reason);
    rate_case_rate(&it, &usage, &charge);
    ck_assert_msg(charge.reason == (i < 2 ? SP_REASON_OVERFLOW : 0), "%u", charge.reason);
  }
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_amounts);
  tcase_add_test(tests, test_counts);
  tcase_add_test(tests, test_sums);
  return check_run("rate_beyond", tests);
}
