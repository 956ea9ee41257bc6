/* The short way of common records against the general one, which a trace asks for: the same charges
 * and the same cells, over records of which most but not all go the short way. */
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/rate_case.h"

enum { RECORDS = 30000, SUBSCRIBERS = 40, DAYS = 75 };

/* One row more than the short way has room for. */
#define ROWS(row)                                                                            \
  row(0) row(1) row(2) row(3) row(4) row(5) row(6) row(7) row(8) row(9) row(a) row(b) row(c) \
      row(d) row(e) row(f) row(g)
#define GIFT(n) "gifts,g" #n ",item,sms,,2,own,,30,,\n"
#define CAP(n) "caps,c" #n ",record,,sms,price_cap,5,,,9\n"

static const struct rate_case_file book[] = {
    BOOK_YAML,
    {"bands.csv", "band,days,from,to\nday,all,07:00,21:00\neve,all,00:00,07:00\neve,all,21:00,"
                  "24:00\n"},
    {"plans.csv", "plan,kind\nbundle,base\nminute,base\nfree,base\npack,add_on\ntwin,add_on\n"
                  "part,add_on\ngifts,add_on\ncaps,add_on\nvnet,group\nhead,group\nhome,family\n"},
    {"rates.csv",
     "plan,item,service,zone,net,band,connect_fee,price,per,increment,rounding,digits,counter,"
     "from\n"
     "bundle,base,voice,,,,0.03,0.15,1min,,,,,\nbundle,ld,voice,domestic,,,,0.07,6s,,,,,\n"
     "bundle,way,voice,domestic,,,0.01,0.0123,1min,,ceil,4,,\nbundle,msg,sms,,,,,0.10,,,,,,\n"
     "bundle,data,data,,,,,0.29,1MB,1KB,,,,\nbundle,time,data,domestic,,,,0.01,1min,,,,,\n"
     "minute,base,voice,,,day,,0.25,1min,,floor,2,,\nminute,base,voice,,,eve,,0.12,1min,,floor,2,,"
     "\n"
     "minute,ld,voice,domestic,,,,0.07,6s,,,,,\nminute,msg,sms,,,,,0.10,,,,,cycle,\n"
     "minute,msg,sms,,,,,0.05,,,,,cycle,40\nminute,data,data,,,,,0.29,1MB,1KB,,,,\n"
     "free,base,voice,,,,,0,1min,,,,,\nfree,base,voice,domestic,,,,0.0001,1min,,,3,,\n"
     "free,msg,sms,,,,,0,,,,,,\nfree,data,data,,,,,0.1,10MB,,,,,\n"
     "vnet,base,voice,,group_tree,,,0.05,1min,,,,,\nhome,base,voice,,family,,0.02,0,1min,,,,,\n"},
    {"allowances.csv",
     "plan,allowance,unit,service,zone,amount,scope,member_cap,priority,rollover,proration\n"
     "bundle,talk,s,voice,,100min,own,,5,1,\nbundle,flow,B,data,,300MB,own,,5,,\n"
     "pack,texts,item,sms,,30,own,,2,1,\npack,far,s,voice,domestic,20min,own,,3,,\n"
     "twin,one,s,voice,,10min,own,,5,,\ntwin,two,s,voice,,10min,own,,5,,\n"
     "part,days,s,voice,,60min,own,,1,1,by_day\nvnet,shared,B,data,,2GB,pool,100MB,9,1,\n"
     "vnet,minutes,s,voice,,500min,pool,,8,,\nhead,own,item,sms,,20,own,,7,1,\n"
     "free,some,s,voice,,30min,own,,1,,\n" ROWS(GIFT)},
    {"discounts.csv",
     "plan,discount,stage,item,service,kind,value,threshold,set,priority\n"
     "minute,loyal,record,base,,percent,5.5,,,1\nminute,all,record,,,percent,2,,,2\n"
     "minute,most,record,,,cap_month,100,,,3\nminute,day,record,ld,,cap_day,6,,,3\n"
     "bundle,block,record,data,data,block_cap,5,200MB,,1\nbundle,one,record,,voice,price_cap,4,,,"
     "1\n"
     "vnet,works,record,base,voice,percent,10,,,1\nhead,a,record,msg,,percent,10,,duo,1\n"
     "head,b,record,msg,,percent,20,,duo,1\nfree,gift,record,,voice,free,,,,1\n"
     "home,nice,record,,,percent,1,,,5\n" ROWS(CAP)},
    {"payers.csv", "plan,payer,item,mode,value,member_cap,group_cap\nvnet,half,base,share,50,9,\n"
                   "vnet,rest,,amount,3,,\nhead,boss,data,full,,,30\n"},
    {NULL, NULL}};

/* Subscriber i: one of three base plans, add-ons by turns; every second in group V below H, some of
 * them from the middle on, so that their earlier records are late; every fifth in family F. */
static void customers_open(struct rate_case *it)
{
  static char texts[5][16384];
  size_t at[5] = {0};
  static const char *const names[5] = {"accounts.csv", "subscribers.csv", "groups.csv",
                                       "members.csv", "subscriptions.csv"};
  struct rate_case_file files[6] = {{NULL, NULL}};
#define ADD(t, ...) \
  at[t] += (size_t)snprintf(texts[t] + at[t], sizeof(texts[t]) - at[t], __VA_ARGS__)
  ADD(0, "account\nA\nGA\n");
  ADD(1, "subscriber,number,account\n");
  ADD(2, "group,kind,parent,account\nH,enterprise,,A\nV,enterprise,H,GA\nF,family,,\n");
  ADD(3, "group,subscriber,from\n");
  ADD(4, "owner,plan,from,to\ngroup:V,vnet,2026-05-10,\ngroup:H,head,2026-01-01,2026-07-10\n"
         "group:F,home,2026-01-01,\n");
  for (int i = 0; i < SUBSCRIBERS; i++) {
    static const char *const bases[3] = {"bundle", "minute", "free"};
    ADD(1, "S%d,86138%08d,%s\n", i, i, i % 7 == 0 ? "GA" : "A");
    ADD(4, "subscriber:S%d,%s,2026-0%d-01,\n", i, bases[i % 3], 1 + i % 6);
    if (i % 4 == 0) {
      ADD(4, "subscriber:S%d,pack,2026-06-0%d,\n", i, 1 + i % 9);
    }
    if (i % 9 == 0) {
      ADD(4, "subscriber:S%d,twin,2026-05-20,2026-07-04\n", i);
    }
    if (i % 6 == 1) {
      ADD(4, "subscriber:S%d,part,2026-05-1%d,\n", i, i % 10);
    }
    if (i % 2 == 0) {
      ADD(3, "V,S%d,%s\n", i, i % 8 == 0 ? "2026-06-20" : "2026-01-01");
    }
    if (i % 11 == 0) {
      ADD(4, "subscriber:S%d,%s,2026-01-01,\n", i, i % 2 == 0 ? "gifts" : "caps");
    }
    if (i % 5 == 0) {
      ADD(3, "F,S%d,2026-01-01\n", i);
    }
  }
#undef ADD
  for (int t = 0; t < 5; t++) {
    files[t] = (struct rate_case_file){names[t], texts[t]};
  }
  rate_case_open(it, book, files);
}

/* From May to July, roughly in order. */
static struct sp_usage usage_draw(const struct rate_case *it, uint32_t place)
{
  const int64_t from = INT64_C(1778860800); /* 2026-05-16 in Shanghai */
  uint32_t second = (uint32_t)((uint64_t)place * (DAYS * 86400) / RECORDS);
  struct sp_usage usage =
      rate_case_usage(it, draw(SUBSCRIBERS), from + second + draw(draw(9) == 0 ? 800000 : 3600));
  static const uint8_t nets[4] = {SP_NET_MOBILE, SP_NET_ONNET, SP_NET_GROUP, SP_NET_FAMILY};
  uint32_t kind = draw(10);
  usage.duration_s = 1 + draw(draw(20) == 0 ? 9000 : 400);
  usage.zone = draw(3) == 0 ? SP_ZONE_DOMESTIC : SP_ZONE_LOCAL;
  usage.net = nets[draw(4)];
  usage.flags |= usage.net == SP_NET_GROUP ? SP_USAGE_TREE : 0;
  usage.service = kind < 5 ? SP_SERVICE_VOICE : kind < 7 ? SP_SERVICE_SMS : SP_SERVICE_DATA;
  usage.items = 1 + draw(3);
  usage.bytes = usage.service == SP_SERVICE_DATA ? draw(20000000) : 0;
  return usage;
}

static void hear(void *context, const struct sp_trace_event *event)
{
  (void)event;
  ++*(uint64_t *)context;
}

struct entries { /* of a state, one behind the other */
  uint8_t bytes[1 << 20];
  size_t length;
};

static enum sp_status entry_add(void *context, const struct sp_state_entry *entry)
{
  struct entries *all = context;
  ck_assert_uint_lt(all->length + entry->key_length + entry->value_length, sizeof(all->bytes));
  memcpy(all->bytes + all->length, entry->key, entry->key_length);
  memcpy(all->bytes + all->length + entry->key_length, entry->value, entry->value_length);
  all->length += entry->key_length + entry->value_length;
  return SP_OK;
}

START_TEST(test_both_ways)
{
  static struct rate_case plain, traced;
  static struct sp_charge charge, again;
  static struct entries short_entries, general_entries;
  uint64_t events = 0;
  draw_begin(20261130);
  struct sp_trace trace = {&events, hear};
  uint32_t shorts = 0, covered = 0, paid = 0, capped = 0, rated = 0;
  customers_open(&plain);
  customers_open(&traced);
  for (uint32_t place = 0; place < RECORDS; place++) {
    struct sp_usage usage = usage_draw(&plain, place);
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    rate_case_rate(&plain, &usage, &charge);
    rate_case_need(sp_rater_notice(traced.rater, &usage) == SP_OK, "notice");
    ck_assert_int_eq(sp_rate(traced.rater, &usage, &again, &trace), SP_OK);
    ck_assert_msg(memcmp(&charge, &again, sizeof(charge)) == 0, "record %u of seed", place);
    ck_assert(!traced.rater->work.short_way);
    shorts += plain.rater->work.short_way;
    rated += charge.outcome == SP_OUTCOME_RATED;
    covered += plain.rater->work.short_way && charge.allowances_count > 0;
    paid += plain.rater->work.short_way && charge.payers_count > 1;
    capped += (charge.flags & SP_FLAG_CAPPED) != 0;
  }
  ck_assert_int_eq(sp_state_visit_entries(plain.state, true, entry_add, &short_entries), SP_OK);
  ck_assert_int_eq(sp_state_visit_entries(traced.state, true, entry_add, &general_entries), SP_OK);
  ck_assert_uint_eq(short_entries.length, general_entries.length);
  ck_assert_mem_eq(short_entries.bytes, general_entries.bytes, short_entries.length);
  printf(
      "of %d records %u rated, %u the short way: %u covered, %u with several payers; %u capped\n",
      RECORDS, rated, shorts, covered, paid, capped);
  ck_assert_uint_gt(shorts, RECORDS / 3);
  ck_assert_uint_gt(rated - shorts, RECORDS / 10);
  ck_assert_uint_gt(covered, 500);
  ck_assert_uint_gt(paid, 500);
  ck_assert_uint_gt(capped, 100);
  rate_case_close(&plain);
  rate_case_close(&traced);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_both_ways);
  return check_run("rate_short", tests);
}
