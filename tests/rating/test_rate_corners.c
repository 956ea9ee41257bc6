/* Corners of rating with results worked out by hand: what few books have and few records meet. Each
 * record is rated twice, in two states: with a listener and without; both charge the same. */
#include "rating/chain_record.h"
#include "rating/state_cells.h"
#include "rating/trace.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"

#define JULY_UTC_S (JUNE_UTC_S + 30 * DAY_S)
#define NOON_S INT64_C(43200)
#define MB INT64_C(1048576)

#define PLAIN_CUSTOMERS                                                                    \
  {"accounts.csv", "account\nA\nGA\n"},                                                    \
  {                                                                                        \
    "subscribers.csv", "subscriber,number,account\nS,8613800000001,A\nT,8613800000002,A\n" \
  }

static const struct rate_case_file customers[] = {
    PLAIN_CUSTOMERS,
    {"subscriptions.csv",
     "owner,plan,from\nsubscriber:S,p,2025-01-01\nsubscriber:T,p,2025-01-01\n"},
    {NULL, NULL}};

struct corner {
  struct rate_case plain, traced;
  struct sp_charge charge;
  unsigned events[SP_TRACE_CHAIN + 1], whys[SP_WHY_LATE + 1]; /* of the last record */
  struct sp_trace_event last;
};

static void hear(void *context, const struct sp_trace_event *event)
{
  struct corner *corner = context;
  corner->events[event->kind]++;
  corner->whys[event->why]++;
  corner->last = *event;
}

static void corner_open(struct corner *corner, const struct rate_case_file *book,
                        const struct rate_case_file *of)
{
  memset(corner, 0, sizeof(*corner));
  rate_case_open(&corner->plain, book, of);
  rate_case_open(&corner->traced, book, of);
}

static void corner_close(struct corner *corner)
{
  rate_case_close(&corner->plain);
  rate_case_close(&corner->traced);
}

static void corner_rate(struct corner *corner, const struct sp_usage *usage)
{
  static struct sp_charge again;
  struct sp_trace trace = {corner, hear};
  memset(&corner->charge, 0, sizeof(corner->charge));
  memset(&again, 0, sizeof(again));
  memset(corner->events, 0, sizeof(corner->events));
  memset(corner->whys, 0, sizeof(corner->whys));
  rate_case_rate(&corner->plain, usage, &corner->charge);
  ck_assert_int_eq(sp_rater_notice(corner->traced.rater, usage), SP_OK);
  ck_assert_int_eq(sp_rate(corner->traced.rater, usage, &again, &trace), SP_OK);
  ck_assert_mem_eq(&corner->charge, &again, sizeof(again));
}

static struct sp_usage call(const struct corner *corner, int64_t start_utc_s, int64_t duration_s)
{
  return rate_case_call(&corner->plain, start_utc_s, duration_s);
}

static struct sp_usage data(const struct corner *corner, int64_t bytes, int64_t duration_s)
{
  struct sp_usage usage = call(corner, JUNE_UTC_S + NOON_S, duration_s);
  usage.service = SP_SERVICE_DATA;
  usage.bytes = bytes;
  usage.zone = SP_ZONE_NONE;
  usage.net = SP_NET_NONE;
  usage.flags = 0;
  return usage;
}

/* The same as a partial of one chain. */
static struct sp_usage partial(struct sp_usage usage, int64_t seq)
{
  usage.partial = SP_PARTIAL_MIDDLE;
  usage.chain_hash[0] = 11;
  usage.chain_hash[1] = 12;
  usage.seq = seq;
  return usage;
}

static void costs(struct corner *corner, struct sp_usage usage, int64_t net_micro)
{
  corner_rate(corner, &usage);
  ck_assert_int_eq(corner->charge.outcome, SP_OUTCOME_RATED);
  ck_assert_int_eq(corner->charge.net_micro, net_micro);
}

/* Ten caps in one choice, more than are remembered between cutting and counting: the ninth and the
 * tenth count what they should (book.md §11.6). */
START_TEST(test_many_caps)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"discounts.csv", "plan,discount,kind,value,priority\n"
                        "p,c0,cap_month,100,1\np,c1,cap_month,100,2\np,c2,cap_month,100,3\n"
                        "p,c3,cap_month,100,4\np,c4,cap_month,100,5\np,c5,cap_month,100,6\n"
                        "p,c6,cap_day,100,7\np,c7,cap_day,100,8\np,c8,cap_month,0.15,9\n"
                        "p,c9,cap_day,0.12,10\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  costs(&corner, call(&corner, JUNE_UTC_S, 120), 120000); /* 0.20 -> c8 0.15 -> c9 0.12 */
  ck_assert_uint_eq(corner.charge.flags, SP_FLAG_CAPPED);
  costs(&corner, call(&corner, JUNE_UTC_S, 120), 0);             /* c8 0.03, c9 0 left */
  costs(&corner, call(&corner, JUNE_UTC_S + DAY_S, 120), 30000); /* c8 0.03, c9 0.12 left */
  costs(&corner, call(&corner, JUNE_UTC_S + 2 * DAY_S, 120), 0);
  costs(&corner, call(&corner, JULY_UTC_S, 60), 100000); /* another cycle, below both */
  ck_assert_uint_eq(corner.charge.flags, 0);
  ck_assert_uint_eq(corner.events[SP_TRACE_COUNTED], 10);
  corner_close(&corner);
}
END_TEST

/* More caps than are searched one by one. In the third record all that the subscriber counts is
 * there before; only what the group's pool gives of this cycle is new. */
START_TEST(test_many_caps_beside_a_pool)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\ng,group\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"discounts.csv", "plan,discount,kind,value,priority\n"
                        "p,c0,cap_month,100,1\np,c1,cap_month,100,2\np,c2,cap_month,100,3\n"
                        "p,c3,cap_month,100,4\np,c4,cap_month,100,5\np,c5,cap_month,100,6\n"
                        "p,c6,cap_month,100,7\np,c7,cap_month,100,8\np,c8,cap_month,100,9\n"
                        "p,c9,cap_month,100,10\np,ca,cap_month,100,11\np,cb,cap_month,100,12\n"
                        "p,cc,cap_month,100,13\np,cd,cap_month,100,14\np,ce,cap_month,100,15\n"
                        "p,cf,cap_month,100,16\np,cg,cap_month,100,17\n"},
      {"allowances.csv", "plan,allowance,unit,service,zone,amount,scope,rollover\n"
                         "g,pool,s,voice,domestic,3min,pool,1\n"},
      {NULL, NULL}};
  static const struct rate_case_file members[] = {
      PLAIN_CUSTOMERS,
      {"groups.csv", "group,kind,account\nG,enterprise,GA\n"},
      {"members.csv", "group,subscriber\nG,S\n"},
      {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\ngroup:G,g,2025-01-01\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, members);
  struct sp_usage usage = call(&corner, JUNE_UTC_S, 60);
  usage.group = 0;
  costs(&corner, usage, 100000);
  ck_assert_uint_eq(corner.events[SP_TRACE_COUNTED], 17);
  usage.zone = SP_ZONE_DOMESTIC;
  usage.duration_s = 120;
  costs(&corner, usage, 0); /* of May's minutes */
  costs(&corner, usage, 0); /* one of May, one of June */
  ck_assert_uint_eq(corner.events[SP_TRACE_COUNTED], 17);
  usage.duration_s = 180;
  costs(&corner, usage, 100000); /* two were left */
  costs(&corner, usage, 300000);
  corner_close(&corner);
}
END_TEST

/* A fee that rounds to nothing is one all the same: such a call takes its minutes, one without fee
 * and price takes none (book.md §10.6). */
START_TEST(test_fee_rounds_to_nothing)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,zone,connect_fee,price,per,digits\n"
                    "p,base,voice,domestic,0.004,0,1min,2\np,base,voice,local,,0,1min,2\n"},
      {"allowances.csv", "plan,allowance,unit,service,amount\np,mine,s,voice,10min\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  struct sp_usage usage = call(&corner, JUNE_UTC_S, 60);
  for (int fee = 0; fee < 2; fee++) {
    usage.zone = fee != 0 ? SP_ZONE_DOMESTIC : SP_ZONE_LOCAL;
    costs(&corner, usage, 0);
    ck_assert_int_eq(corner.charge.list_micro, 0);
    ck_assert_int_eq(corner.charge.allowances_count, fee);
  }
  corner_close(&corner);
}
END_TEST

/* Sets of which one row is on an item that the record does not have: it is neither taken nor
 * counted (book.md §8.4, §11.1). */
START_TEST(test_row_without_item)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,flow,data,1.00,1MB\np,time,data,0.50,1min\n"},
      {"discounts.csv",
       "plan,discount,item,kind,value,set,priority\n"
       "p,a1,time,percent,90,a,1\np,a2,flow,percent,10,a,1\n"
       "p,b1,time,price_cap,0.01,b,1\np,b2,flow,price_cap,1.50,b,1\np,b3,flow,price_cap,9,b,1\n"
       "p,c1,time,cap_day,0.01,c,1\np,c2,flow,cap_day,1.20,c,1\np,d1,time,free,,d,2\n"
       "p,e1,time,cap_month,0.01,,3\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  /* flow 2.00 -> a2 1.80 -> b2 1.50 -> c2 1.20 */
  costs(&corner, data(&corner, 2 * MB, 0), 1200000);
  ck_assert_uint_eq(corner.events[SP_TRACE_DISCOUNT], 4);
  ck_assert_uint_eq(corner.whys[SP_WHY_SET_LOST], 1); /* b3 */
  ck_assert_uint_eq(corner.events[SP_TRACE_PASS], 4); /* one item; after pass 1, then each set */
  /* flow 2.00, time 0.50; a: 0.05 + 2.00 (a1) or 0.50 + 1.80; d1: time 0; b: b2 flow 1.50;
   * c: c1 leaves 1.50 (0 of time, which counts 0), c2 1.20 - 1.20 = 0 */
  costs(&corner, data(&corner, 2 * MB, 60), 0);
  ck_assert_uint_eq(corner.events[SP_TRACE_DISCOUNT], 9);
  ck_assert_uint_eq(corner.whys[SP_WHY_SET_LOST], 4);
  ck_assert_uint_eq(corner.charge.items_count, 2);
  corner_close(&corner);
}
END_TEST

/* The same where it is the only discount there is. */
START_TEST(test_only_row_without_item)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,flow,data,1.00,1MB\np,time,data,0.50,1min\n"},
      {"discounts.csv", "plan,discount,item,kind,value\np,a,time,percent,90\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  costs(&corner, data(&corner, 2 * MB, 0), 2000000);
  costs(&corner, data(&corner, 2 * MB, 60), 2050000);
  corner_close(&corner);
}
END_TEST

/* What the book at the grant instant says of an allowance decides: no plan, no such allowance,
 * another amount; the first book if none was in force (book.md §10.3). */
START_TEST(test_grant_of_another_book)
{
  static const struct rate_case_file old_book[] = {
      {"book.yaml", "name: old\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2026-06-05\n"},
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"allowances.csv", "plan,allowance,unit,service,zone,amount\np,few,s,voice,domestic,1min\n"},
      {NULL, NULL}};
  static const struct rate_case_file new_book[] = {
      {"book.yaml", "name: new\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2026-06-15\n"},
      {"plans.csv", "plan,kind\np,base\nx,add_on\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"allowances.csv", "plan,allowance,unit,service,zone,amount\nx,free,s,voice,local,10min\n"
                         "p,few,s,voice,domestic,5min\np,more,s,voice,hmt,3min\n"},
      {NULL, NULL}};
  static const struct rate_case_file of[] = {
      PLAIN_CUSTOMERS,
      {"subscriptions.csv",
       "owner,plan,from\nsubscriber:S,p,2025-01-01\nsubscriber:S,x,2026-06-01\n"},
      {NULL, NULL}};
  static const struct {
    int64_t start_utc_s;
    uint8_t zone;
    int64_t net_micro; /* of 5 minutes */
  } calls[] = {
      {JUNE_UTC_S + 9 * DAY_S, SP_ZONE_LOCAL, 500000},     /* the old book has no plan x */
      {JUNE_UTC_S + 19 * DAY_S, SP_ZONE_LOCAL, 500000},    /* granted on 1 June, by the first: 0 */
      {JUNE_UTC_S + 19 * DAY_S, SP_ZONE_HMT, 500000},      /* it has the plan, not the allowance */
      {JUNE_UTC_S + 19 * DAY_S, SP_ZONE_DOMESTIC, 400000}, /* it gives one minute */
      {JULY_UTC_S, SP_ZONE_LOCAL, 0},                      /* granted on 1 July, by the new one */
      {JULY_UTC_S, SP_ZONE_HMT, 200000},
      {JULY_UTC_S, SP_ZONE_DOMESTIC, 0}};
  static struct rate_case it, later;
  static struct sp_charge charge;
  rate_case_open_two(&it, &later, old_book, new_book, of);
  for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
    struct sp_usage usage = rate_case_usage(&it, 0, calls[i].start_utc_s);
    usage.book = (uint16_t)sp_books_at(&it.books, usage.start_utc_s);
    usage.zone = calls[i].zone;
    usage.duration_s = 300;
    rate_case_rate(&it, &usage, &charge);
    ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
    ck_assert_msg(charge.net_micro == calls[i].net_micro, "call %zu: %lld", i,
                  (long long)charge.net_micro);
  }
  rate_case_close(&it);
  rate_case_close(&later);
}
END_TEST

/* by_day from the cycle's first day on is the whole, whatever the hour; from the second day of 31
 * on it is 30 of them (book.md §10.3). */
START_TEST(test_by_day)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\nx,add_on\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"allowances.csv",
       "plan,allowance,unit,amount,proration\nx,few,s,1min,by_day\nx,free,s,31min,by_day\n"},
      {NULL, NULL}};
  static const struct rate_case_file of[] = {
      PLAIN_CUSTOMERS,
      {"subscriptions.csv",
       "owner,plan,from\nsubscriber:S,p,2025-01-01\nsubscriber:T,p,2025-01-01\n"
       "subscriber:S,x,2026-07-01T10:00:00\nsubscriber:T,x,2026-07-02T10:00:00\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, of);
  struct sp_usage usage = call(&corner, JULY_UTC_S + 2 * DAY_S, 1920);
  costs(&corner, usage, 0);
  ck_assert_uint_eq(corner.events[SP_TRACE_GRANT], 0);
  usage.subscriber = 1;
  costs(&corner, usage, 100000);
  ck_assert_uint_eq(corner.events[SP_TRACE_GRANT], 2); /* 30/31 of a minute is one, but by days */
  ck_assert_int_eq(corner.charge.allowances[0].used, 60);
  ck_assert_int_eq(corner.charge.allowances[1].used, 1800);
  ck_assert_int_eq(corner.charge.allowances[1].left, 0);
  corner_close(&corner);
}
END_TEST

/* Two group plans count an item that no base plan has in two units: each takes part for what it
 * counts (book.md §8.2). */
START_TEST(test_two_units)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\ng,group\nh,group\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"
                    "g,x,voice,0.02,1min\nh,x,data,0.03,1MB\n"},
      {NULL, NULL}};
  static const struct rate_case_file of[] = {
      PLAIN_CUSTOMERS,
      {"groups.csv", "group,kind,account\nG,enterprise,GA\n"},
      {"members.csv", "group,subscriber\nG,S\n"},
      {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\n"
                            "group:G,g,2025-01-01\ngroup:G,h,2025-01-01\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, of);
  costs(&corner, call(&corner, JUNE_UTC_S, 60), 120000);
  ck_assert_uint_eq(corner.whys[SP_WHY_UNIT], 1);
  costs(&corner, data(&corner, MB, 0), 30000);
  corner_close(&corner);
}
END_TEST

/* The same where the contest (§9.1) goes to the other unit in the middle of the usage: what is used
 * of the one says nothing of the other, so no rule is there. */
START_TEST(test_unit_changes)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\ng,group\nh,group\n"},
      {"bands.csv", "band,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\n"},
      {"rates.csv", "plan,item,service,band,priority,price,per\np,base,voice,,,0.10,1min\n"
                    "g,x,data,am,5,0.02,1min\ng,x,data,pm,,0.02,1min\nh,x,data,,3,0.03,1MB\n"},
      {NULL, NULL}};
  static const struct rate_case_file of[] = {
      PLAIN_CUSTOMERS,
      {"groups.csv", "group,kind,account\nG,enterprise,GA\n"},
      {"members.csv", "group,subscriber\nG,S\n"},
      {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\n"
                            "group:G,g,2025-01-01\ngroup:G,h,2025-01-01\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, of);
  struct sp_usage usage = data(&corner, 2 * MB, 120);
  costs(&corner, usage, 60000); /* from noon on: by the MB */
  usage.start_utc_s -= 120;
  costs(&corner, usage, 40000); /* to noon: by the minute */
  usage.start_utc_s += 60;
  corner_rate(&corner, &usage);
  ck_assert_uint_eq(corner.charge.reason, SP_REASON_NO_RATE);
  corner_close(&corner);
}
END_TEST

/* Outcomes of chains (book.md §14.7): nothing counts so far; then something does; then the lead
 * changes to one for which nothing counts. */
START_TEST(test_chain_counts)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,roam,price,per\np,flow,data,home,1.00,1MB\n"
                    "p,time,data,international,0.10,1min\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  struct sp_usage usage = partial(data(&corner, 0, 60), 1);
  corner_rate(&corner, &usage); /* a minute, at home, where bytes count */
  ck_assert_uint_eq(corner.charge.outcome, SP_OUTCOME_ZERO_RATED);
  ck_assert_uint_eq(corner.charge.items_count, 0);
  costs(&corner, partial(data(&corner, MB, 0), 2), 1000000);
  usage = partial(data(&corner, MB, 0), 3);
  usage.start_utc_s -= 3600; /* leads; abroad one minute of the chain counts */
  usage.roam = SP_ROAM_INTERNATIONAL;
  costs(&corner, usage, 100000 - 1000000);
  ck_assert_uint_eq(corner.charge.items_count, 2);
  corner_close(&corner);

  corner_open(&corner, book, customers);
  costs(&corner, partial(data(&corner, MB, 0), 1), 1000000);
  costs(&corner, usage, -1000000); /* abroad nothing of the chain counts: it goes back */
  ck_assert_int_eq(corner.last.after, 0);
  usage.seq = 4;
  corner_rate(&corner, &usage); /* neither before nor after it does anything count */
  ck_assert_uint_eq(corner.charge.outcome, SP_OUTCOME_ZERO_RATED);
  costs(&corner, partial(data(&corner, 0, 61), 2), 200000);
  corner_close(&corner);
}
END_TEST

/* A block_cap that was tried but not taken from its set is not used by the chain: once it is, its
 * counter begins where it stands then (book.md §11.7, §14.4). */
START_TEST(test_chain_tries_block_cap)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,flow,data,1.00,1MB\n"},
      {"discounts.csv", "plan,discount,item,kind,value,threshold,set\n"
                        "p,bc,flow,block_cap,2.00,10MB,s\np,pc,flow,price_cap,1.50,,s\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  costs(&corner, partial(data(&corner, 2 * MB, 0), 1), 1500000); /* pc; bc would leave 2.00 */
  costs(&corner, data(&corner, MB, 0), 1000000);                 /* bc, first of two equal ones */
  costs(&corner, data(&corner, MB, 0), 1000000);                 /* block 0 has taken 2.00 */
  costs(&corner, partial(data(&corner, MB, 0), 2), -1500000);    /* bc leaves 0 of 3.00 */
  costs(&corner, data(&corner, 6 * MB, 0), 1000000); /* from 5 MB on: five in block 0, one in 1 */
  corner_close(&corner);
}
END_TEST

/* Messages may come in chains, too; the event of the chain says how many. */
START_TEST(test_chain_of_messages)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,sms,0.10,1\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  struct sp_usage usage = partial(call(&corner, JUNE_UTC_S, 0), 1);
  usage.service = SP_SERVICE_SMS;
  usage.items = 2;
  costs(&corner, usage, 200000);
  usage.seq = 2;
  costs(&corner, usage, 200000);
  ck_assert_uint_eq(corner.last.kind, SP_TRACE_CHAIN);
  ck_assert_int_eq(corner.last.used, 4);
  ck_assert_int_eq(corner.last.before, 200000);
  ck_assert_int_eq(corner.last.after, 400000);
  corner_close(&corner);
}
END_TEST

/* A chain whose lead's book is not in the set: said, nothing charged. */
START_TEST(test_chain_without_book)
{
  static const struct rate_case_file one[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {NULL, NULL}};
  static const struct rate_case_file two[] = {
      {"book.yaml", "name: u\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2026-01-01\n"},
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.20,1min\n"},
      {NULL, NULL}};
  static struct rate_case it, later;
  static struct sp_charge charge;
  rate_case_open_two(&it, &later, one, two, customers);
  struct sp_usage usage = partial(rate_case_usage(&it, 0, JUNE_UTC_S), 1);
  usage.duration_s = 60;
  usage.book = 1;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, 200000);
  static struct sp_books first;
  uint32_t clash;
  ck_assert_int_eq(sp_books_make(&first, it.books.book, 1, &it.memory, &clash), SP_OK);
  ck_assert_int_eq(sp_rater_set_books(it.rater, &first), SP_OK);
  usage.seq = 2;
  usage.start_utc_s += 60;
  usage.book = 0;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_NO_BOOK);
  ck_assert_int_eq(charge.net_micro, 0);
  ck_assert_int_eq(sp_rater_set_books(it.rater, &it.books), SP_OK);
  rate_case_rate(&it, &usage, &charge); /* by the lead's book, as if nothing had been */
  ck_assert_int_eq(charge.net_micro, 200000);
  rate_case_close(&it);
  rate_case_close(&later);
}
END_TEST

/* A chain that the books cannot have: an item, an allowance, a destination that they do not name.
 * The store is broken; nothing is charged by it. */
START_TEST(test_chain_beyond_books)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {"allowances.csv", "plan,allowance,unit,amount\np,free,s,1min\n"},
      {NULL, NULL}};
  static struct rate_case it;
  static struct sp_charge charge;
  rate_case_open(&it, book, customers);
  struct sp_usage usage = partial(rate_case_usage(&it, 0, JUNE_UTC_S), 1);
  usage.duration_s = 60;
  rate_case_rate(&it, &usage, &charge);
  const struct sp__chain_slot *slot = sp__chain_find(it.state, usage.chain_hash);
  struct sp__chain_head *head = sp__slab(it.state, slot->at);
  uint32_t *words[] = {&head->lead.dest_node, (uint32_t *)(uintptr_t)&sp__chain_items(head)[0].name,
                       (uint32_t *)(uintptr_t)&sp__chain_allowances(head)[0].name};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    uint32_t kept = *words[i];
    *words[i] = 1u << 20;
    ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, NULL), SP_BAD_FORMAT);
    *words[i] = kept;
  }
  rate_case_rate(&it, &usage, &charge); /* two minutes, of which one is free */
  ck_assert_int_eq(charge.net_micro, 100000);
  rate_case_close(&it);
}
END_TEST

/* A subscriber of whom nothing has been noticed yet is late for nothing (book.md §13.3, §13.4). */
START_TEST(test_not_noticed)
{
  static const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.10,1min\n"},
      {NULL, NULL}};
  static struct corner corner;
  corner_open(&corner, book, customers);
  struct sp_usage usage = call(&corner, JUNE_UTC_S, 60);
  usage.domain = 77;
  ck_assert_int_eq(sp_rate(corner.plain.rater, &usage, &corner.charge, NULL), SP_OK);
  ck_assert_uint_eq(corner.charge.flags, 0);
  struct sp_usage later = call(&corner, JUNE_UTC_S + 1, 60);
  costs(&corner, later, 100000);
  ck_assert_uint_eq(corner.charge.flags, 0);
  ck_assert_int_eq(sp_rate(corner.plain.rater, &usage, &corner.charge, NULL), SP_OK);
  ck_assert_uint_eq(corner.charge.flags, SP_FLAG_LATE); /* now its domain is a former one */
  corner_close(&corner);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_many_caps);
  tcase_add_test(tests, test_many_caps_beside_a_pool);
  tcase_add_test(tests, test_fee_rounds_to_nothing);
  tcase_add_test(tests, test_row_without_item);
  tcase_add_test(tests, test_only_row_without_item);
  tcase_add_test(tests, test_grant_of_another_book);
  tcase_add_test(tests, test_by_day);
  tcase_add_test(tests, test_two_units);
  tcase_add_test(tests, test_unit_changes);
  tcase_add_test(tests, test_chain_counts);
  tcase_add_test(tests, test_chain_tries_block_cap);
  tcase_add_test(tests, test_chain_of_messages);
  tcase_add_test(tests, test_chain_without_book);
  tcase_add_test(tests, test_chain_beyond_books);
  tcase_add_test(tests, test_not_noticed);
  return check_run("rate_corners", tests);
}
