/* More of something than a record may have: items, payers, plans of a group, discounts in reach; in
 * one record, and in the difference that a partial is charged. `overflow`, nothing changed; as many
 * as it may have cost what they should. And amounts beyond 64 bits on the way to one that fits. */
#include "rating/rate_parts.h"
#include "rating/trace.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"
#include "tests/refusing.h"

#define TEXT_BYTES (4u << 20)

enum {
  PLANS,
  RATES,
  ALLOWANCES,
  DISCOUNTS,
  PAYERS,
  ACCOUNTS,
  GROUPS,
  MEMBERS,
  SUBSCRIPTIONS,
  TEXTS
};

static char *texts[TEXTS];
static size_t lengths[TEXTS];

static void text_begin(int which, const char *head)
{
  texts[which] = texts[which] == NULL ? malloc(TEXT_BYTES) : texts[which];
  ck_assert_ptr_nonnull(texts[which]);
  lengths[which] = (size_t)snprintf(texts[which], TEXT_BYTES, "%s", head);
}

static void text_add(int which, const char *format, int number)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  lengths[which] += (size_t)snprintf(texts[which] + lengths[which], TEXT_BYTES - lengths[which],
                                     format, number, number);
#pragma GCC diagnostic pop
  ck_assert_uint_lt(lengths[which], TEXT_BYTES);
}

/* S has the base plan p until noon of June 10 and q from then on, and is in group G. */
static void texts_begin(void)
{
  text_begin(PLANS, "plan,kind\np,base\nq,base\ng,group\n");
  text_begin(RATES, "plan,item,service,price,per\n");
  text_begin(ALLOWANCES, "plan,allowance,unit,service,amount\n");
  text_begin(DISCOUNTS, "plan,discount,kind,value\n");
  text_begin(PAYERS, "plan,payer,mode,value\n");
  text_begin(ACCOUNTS, "account\nA\nGA\n");
  text_begin(GROUPS, "group,kind,account,parent\nG,enterprise,GA,\n");
  text_begin(MEMBERS, "group,subscriber\nG,S\nG,T\n");
  text_begin(SUBSCRIPTIONS, "owner,plan,from,to\nsubscriber:S,p,2025-01-01,2026-06-10T12:00:00\n"
                            "subscriber:S,q,2026-06-10T12:00:00,\nsubscriber:T,p,2025-01-01,\n");
}

static void many_open(struct rate_case *it)
{
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"plans.csv", texts[PLANS]},
                                        {"rates.csv", texts[RATES]},
                                        {"allowances.csv", texts[ALLOWANCES]},
                                        {"discounts.csv", texts[DISCOUNTS]},
                                        {"payers.csv", texts[PAYERS]},
                                        {NULL, NULL}};
  const struct rate_case_file customers[] = {
      {"accounts.csv", texts[ACCOUNTS]},
      {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\nT,8613800000002,A\n"},
      {"groups.csv", texts[GROUPS]},
      {"members.csv", texts[MEMBERS]},
      {"subscriptions.csv", texts[SUBSCRIPTIONS]},
      {NULL, NULL}};
  rate_case_open(it, book, customers);
}

/* One call of S of so many minutes on June 9: reason and net. */
static void call_is(int64_t minutes, uint16_t reason, int64_t net_micro)
{
  static struct rate_case it;
  static struct sp_charge charge;
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S + 8 * DAY_S, 60 * minutes);
  for (int again = 0; again < 2; again++) {
    rate_case_rate(&it, &usage, &charge);
    ck_assert_uint_eq(charge.reason, reason);
    ck_assert_int_eq(charge.net_micro, net_micro);
  }
  rate_case_close(&it);
}

/* A partial under plan q, then one that starts before it, under plan p: the chain's plan is p then.
 * Back comes what q had cost, and what p costs for both; or nothing at all changes. */
static void move_is(uint16_t reason, int64_t first_micro, int64_t second_micro)
{
  static struct rate_case it;
  static struct sp_charge charge;
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S + 10 * DAY_S, 60);
  usage.partial = SP_PARTIAL_MIDDLE;
  usage.chain_hash[0] = 1;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, 0);
  ck_assert_int_eq(charge.net_micro, first_micro);
  usage.start_utc_s -= 2 * DAY_S;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, reason);
  ck_assert_int_eq(charge.net_micro, second_micro);
  usage.start_utc_s += 3 * DAY_S; /* the chain goes on from where it was */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, 0);
  rate_case_close(&it);
}

static void items_make(int base, int group)
{
  texts_begin();
  text_add(SUBSCRIPTIONS, "group:G,g,2025-01-01,\n", 0);
  for (int i = 0; i < base; i++) {
    text_add(RATES, "p,b%02d,voice,0.01,1min\n", i);
    text_add(RATES, "q,b%02d,voice,0.01,1min\n", i);
  }
  for (int i = 0; i < group; i++) {
    text_add(RATES, "g,g%02d,voice,0.01,1min\n", i);
  }
}

START_TEST(test_items)
{
  items_make(40, SP_CHARGE_ITEMS_MAX - 40);
  call_is(1, 0, 10000 * SP_CHARGE_ITEMS_MAX);
  items_make(40, SP_CHARGE_ITEMS_MAX - 39);
  call_is(1, SP_REASON_OVERFLOW, 0);
  items_make(40, 40);
  call_is(1, SP_REASON_OVERFLOW, 0);
}
END_TEST

/* Items of the plan that is left and of the one that comes, of which no two have one name. */
START_TEST(test_items_of_chain)
{
  for (int more = 0; more < 2; more++) {
    texts_begin();
    for (int i = 0; i < 32 + more; i++) {
      text_add(RATES, "p,p%02d,voice,0.01,1min\n", i);
    }
    for (int i = 0; i < SP_CHARGE_ITEMS_MAX - 32; i++) {
      text_add(RATES, "q,q%02d,voice,0.02,1min\n", i);
    }
    int64_t first = 20000 * (SP_CHARGE_ITEMS_MAX - 32);
    move_is(more ? SP_REASON_OVERFLOW : 0, first, more ? 0 : 20000 * INT64_C(32) - first);
  }
}
END_TEST

/* More allowances in reach than a record may have, and one set too many: test 15 of book.md §5.3
 * comes before test 16. */
START_TEST(test_allowances_before_sets)
{
  for (int more = 0; more < 2; more++) {
    texts_begin();
    text_begin(RATES, "plan,item,service,price,per\np,base,voice,0.01,1s\nq,base,voice,1,1s\n");
    for (unsigned i = 0; i < SP__LINES_MAX + (unsigned)more; i++) {
      text_add(ALLOWANCES, "p,a%03d,s,voice,0s\n", (int)i);
    }
    for (int i = 0; i < 5; i++) {
      text_add(DISCOUNTS, "p,d%d,percent,10\n", i);
    }
    call_is(2, more ? SP_REASON_OVERFLOW : SP_REASON_TOO_MANY_DISCOUNTS, 0);
  }
}
END_TEST

/* Allowances of two plans, each of a second: every increment of a second takes another one. */
START_TEST(test_allowances_of_chain)
{
  for (int more = 0; more < 2; more++) {
    texts_begin();
    text_begin(RATES, "plan,item,service,price,per\np,base,voice,0.01,1s\nq,base,voice,0.02,1s\n");
    for (int i = 0; i < 32 + more; i++) {
      text_add(ALLOWANCES, "p,p%02d,s,voice,1s\n", i);
    }
    for (int i = 0; i < SP_CHARGE_ALLOWANCES_MAX - 32; i++) {
      text_add(ALLOWANCES, "q,q%02d,s,voice,1s\n", i);
    }
    int64_t first = 20000 * (60 - (SP_CHARGE_ALLOWANCES_MAX - 32));
    move_is(more ? SP_REASON_OVERFLOW : 0, first, more ? 0 : 10000 * (120 - 32) - first);
  }
}
END_TEST

/* Groups under G, each with a plan of its own whose payer pays 0.01 from an account of its own. */
static void payers_make(int groups)
{
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,1,1min\nq,base,voice,1,1min\n");
  for (int i = 0; i < groups; i++) {
    text_add(PLANS, "g%d,group\n", i);
    text_add(PAYERS, "g%d,y%d,amount,0.01\n", i);
    text_add(ACCOUNTS, "A%d\n", i);
    text_add(GROUPS, "G%1$d,enterprise,A%1$d,G\n", i);
    text_add(MEMBERS, "G%d,S\n", i);
    text_add(SUBSCRIPTIONS, "group:G%1$d,g%1$d,2025-01-01,\n", i);
  }
}

START_TEST(test_payers)
{
  static struct rate_case it;
  static struct sp_charge charge;
  payers_make(SP_CHARGE_PAYERS_MAX);
  call_is(1, SP_REASON_OVERFLOW, 0); /* and the own account */
  payers_make(SP_CHARGE_PAYERS_MAX - 1);
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 60);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.payers_count, SP_CHARGE_PAYERS_MAX);
  ck_assert_int_eq(charge.payers[SP_CHARGE_PAYERS_MAX - 1].amount_micro,
                   1000000 - 10000 * (SP_CHARGE_PAYERS_MAX - 1));
  rate_case_close(&it);
}
END_TEST

/* Half of the groups are left at noon of June 10, the other half joined: payers of both. */
START_TEST(test_payers_of_chain)
{
  for (int more = 0; more < 2; more++) {
    int groups = SP_CHARGE_PAYERS_MAX - 1 + more;
    payers_make(groups);
    text_begin(MEMBERS, "group,subscriber,from,to\n");
    for (int i = 0; i < groups; i++) {
      text_add(MEMBERS,
               i % 2 == 0 ? "G%d,S,,2026-06-10T12:00:00\n" : "G%d,S,2026-06-10T12:00:00,\n", i);
    }
    move_is(more ? SP_REASON_OVERFLOW : 0, 1000000, more ? 0 : 1000000);
  }
}
END_TEST

START_TEST(test_plans_of_a_group)
{
  for (int more = 0; more < 2; more++) {
    texts_begin();
    text_begin(RATES, "plan,item,service,price,per\np,base,voice,1,1min\nq,base,voice,1,1min\n");
    for (int i = 0; i < 127 + 2 * more; i++) {
      text_add(PLANS, "g%d,group\n", i);
      text_add(RATES, "g%d,base,voice,2,1min\n", i);
      text_add(SUBSCRIPTIONS, "group:G,g%d,2025-01-01,\n", i);
    }
    call_is(1, more ? SP_REASON_OVERFLOW : 0, more ? 0 : 2000000);
  }
}
END_TEST

/* More discounts than the short way takes: 17 caps, none of which cuts. */
START_TEST(test_many_caps)
{
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,0.25,1min\nq,base,voice,1,1min\n");
  for (int i = 0; i < 16; i++) {
    text_add(DISCOUNTS, "p,a%02d,cap_day,500\n", i);
  }
  text_add(DISCOUNTS, "p,b%02d,cap_day,500\n", 1);
  call_is(2, 0, 500000);
}
END_TEST

/* What many subscriptions of a subscriber or a group come to wants memory of its own: without it
 * that is said, and the next try goes on. */
START_TEST(test_no_memory_for_many)
{
  static struct rate_case it;
  static struct sp_charge charge;
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,1,1min\nq,base,voice,1,1min\n");
  for (int i = 0; i < 20; i++) {
    text_add(PLANS, "a%d,add_on\n", i);
    text_add(PLANS, "g%d,group\n", i);
    text_add(RATES, "g%d,base,voice,2,1min\n", i);
    text_add(SUBSCRIPTIONS, "subscriber:S,a%d,2025-01-01,\n", i);
    text_add(SUBSCRIPTIONS, "group:G,g%d,2025-01-01,\n", i);
  }
  many_open(&it);
  struct refusing refusing = {.left = 0};
  it.memory.grow = refusing_grow;
  it.memory.context = &refusing;
  for (uint32_t i = 0; i < 2; i++) { /* S has many itself, T has one and its group many */
    struct sp_usage usage = rate_case_usage(&it, i, JUNE_UTC_S);
    usage.duration_s = 60;
    refusing.left = 0;
    ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, NULL), SP_NO_MEMORY);
    refusing.left = 1000;
  }
  for (uint32_t i = 0; i < 2; i++) {
    struct sp_usage usage = rate_case_usage(&it, i, JUNE_UTC_S);
    usage.duration_s = 60;
    rate_case_rate(&it, &usage, &charge);
    ck_assert_int_eq(charge.net_micro, 2000000);
  }
  rate_case_close(&it);
}
END_TEST

/* A choice that no cache holds is too large for every record: said of the record, while others go
 * on. It is not a want of memory, at which a service would stop. */
START_TEST(test_discounts)
{
  static struct rate_case it;
  static struct sp_charge charge;
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,1,1min\nq,base,voice,1,1min\n");
  for (int i = 0; i < 70000; i++) {
    text_add(DISCOUNTS, "q,d%05d,cap_day,5\n", i);
  }
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S + 20 * DAY_S, 60);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  usage = rate_case_usage(&it, 1, JUNE_UTC_S);
  usage.duration_s = 60;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, 1000000);
  rate_case_close(&it);
}
END_TEST

static void hear(void *context, const struct sp_trace_event *event)
{
  unsigned *beyond = context;
  bool sums = event->kind == SP_TRACE_LIST || event->kind == SP_TRACE_BLOCK;
  *beyond += sums && event->denominator == 0;
}

/* 9,000 a minute and a fee of 1,000, over a denominator near 10^9: more than 63 bits on the way to
 * 10,000. */
START_TEST(test_wide_sum)
{
  static struct rate_case it;
  static struct sp_charge charge;
  unsigned beyond = 0;
  struct sp_trace trace = {&beyond, hear};
  texts_begin();
  text_begin(RATES, "plan,item,service,zone,connect_fee,price,per\np,base,voice,,1000,9000,1min\n"
                    "p,base,voice,hmt,,1/999999937,1min\nq,base,voice,,,1,1min\n");
  call_is(1, 0, INT64_C(10000000000));
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 60);
  ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, &trace), SP_OK);
  ck_assert_int_eq(charge.net_micro, INT64_C(10000000000));
  ck_assert_uint_eq(beyond, 1);
  rate_case_close(&it);
}
END_TEST

/* The same in the blocks of a block_cap: of 19,000 the first takes 5. */
START_TEST(test_wide_block)
{
  static struct rate_case it;
  static struct sp_charge charge;
  unsigned beyond = 0;
  struct sp_trace trace = {&beyond, hear};
  texts_begin();
  text_begin(RATES, "plan,item,service,zone,connect_fee,price,per\np,base,voice,,1000,9000,1min\n"
                    "p,base,voice,hmt,,1/999999937,1min\nq,base,voice,,,1,1min\n");
  text_begin(DISCOUNTS, "plan,discount,item,kind,value,threshold\np,b,base,block_cap,5,10min\n");
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 120);
  ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, &trace), SP_OK);
  ck_assert_int_eq(charge.list_micro, INT64_C(19000000000));
  ck_assert_int_eq(charge.net_micro, 5000000);
  ck_assert_uint_gt(beyond, 1);
  rate_case_close(&it);
}
END_TEST

/* Amounts that the short way does not hold: the general way has 128 bits. */
START_TEST(test_wide_load)
{
  static struct rate_case it;
  static struct sp_charge charge;
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per,increment,digits\n"
                    "p,flow,data,0.000001,1B,1B,6\nq,flow,data,0,1B,999999999999999999B,6\n");
  text_begin(ALLOWANCES, "plan,allowance,unit,amount\nq,some,B,5B\n");
  text_begin(DISCOUNTS, "plan,discount,kind,value\np,none,percent,0\n");
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 0);
  usage.service = SP_SERVICE_DATA;
  usage.bytes = INT64_C(1844674407370955); /* x 10,000 is 1,616 below 2^64 */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, usage.bytes);
  usage.start_utc_s += 20 * DAY_S;
  usage.bytes = INT64_MAX - 10; /* ten increments, more than 2^63 together */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
  ck_assert_int_eq(charge.items[0].increments, 10);
  ck_assert_int_eq(charge.net_micro, 0);
  rate_case_close(&it);
}
END_TEST

/* The stamp of the index of cells in hand comes round once in 2^32 records with many cells: what an
 * entry of that time says does not count. */
START_TEST(test_stamp_comes_round)
{
  static struct rate_case it;
  static struct sp_charge charge, again;
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,1,1min\nq,base,voice,1,1min\n");
  text_begin(DISCOUNTS, "plan,discount,item,kind,value,threshold\np,b,base,block_cap,1.5,2min\n");
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 6000);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, 75000000); /* 50 blocks of 2 minutes, each 1.50 of 2.00 */
  rate_case_close(&it);
  many_open(&it);
  it.rater->index_stamp = UINT32_MAX;
  for (uint32_t i = 0; i < SP__STAGE_INDEX; i++) {
    it.rater->index[i] = (struct sp__stage_place){.stamp = 1, .stage = 0};
  }
  rate_case_rate(&it, &usage, &again);
  ck_assert_int_eq(again.net_micro, charge.net_micro);
  ck_assert_uint_eq(it.rater->index_stamp, 1);
  rate_case_close(&it);
}
END_TEST

/* What a payer without cap has paid in a cycle is a sum that has an end, too. */
START_TEST(test_paid_sum)
{
  static struct rate_case it;
  static struct sp_charge charge;
  texts_begin();
  text_begin(RATES, "plan,item,service,price,per\np,base,voice,6000000,1s\nq,base,voice,1,1min\n");
  text_add(PAYERS, "g,all,full,\n", 0);
  text_add(SUBSCRIPTIONS, "group:G,g,2025-01-01,\n", 0);
  many_open(&it);
  struct sp_usage usage = rate_case_call(&it, JUNE_UTC_S, 1000000);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, INT64_C(6000000000000000000));
  ck_assert_uint_eq(charge.payers_count, 1);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  usage.duration_s = 500000; /* which still fits: nothing had changed */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, INT64_C(3000000000000000000));
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_items);
  tcase_add_test(tests, test_items_of_chain);
  tcase_add_test(tests, test_allowances_before_sets);
  tcase_add_test(tests, test_allowances_of_chain);
  tcase_add_test(tests, test_payers);
  tcase_add_test(tests, test_payers_of_chain);
  tcase_add_test(tests, test_plans_of_a_group);
  tcase_add_test(tests, test_no_memory_for_many);
  tcase_add_test(tests, test_many_caps);
  tcase_add_test(tests, test_discounts);
  tcase_add_test(tests, test_wide_sum);
  tcase_add_test(tests, test_wide_block);
  tcase_add_test(tests, test_wide_load);
  tcase_add_test(tests, test_stamp_comes_round);
  tcase_add_test(tests, test_paid_sum);
  return check_run("rate_many", tests);
}
