/* Named limits and missing memory: `overflow` or NO_MEMORY, nothing changed, and a later try goes
 * on as if nothing had been. */
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"
#include "tests/refusing.h"

/* The k-th request for memory while the rater is made or its books are set fails. */
START_TEST(test_make)
{
  static struct rate_case it;
  rate_case_open(&it, tariff_book, tariff_customers);
  struct sp_memory memory;
  bool made = false;
  for (int k = 0; !made; k++) {
    ck_assert_int_lt(k, 60);
    struct refusing refusing = {.left = k};
    memory = refusing_memory(&refusing);
    struct sp_rater *rater = NULL;
    struct sp_state *state = NULL;
    made = sp_state_make(&state, 2, 2, &memory) == SP_OK &&
           sp_rater_make(&rater, it.directory, state, &memory) == SP_OK &&
           sp_rater_set_books(rater, &it.books) == SP_OK;
    if (rater != NULL && !made) {
      refusing.left = 100;
      ck_assert_int_eq(sp_rater_set_books(rater, &it.books), SP_OK);
    }
    sp_rater_free(rater);
    sp_state_free(state);
    ck_assert_uint_eq(memory.bytes_total, 0);
    sp_memory_free(&memory);
  }
  rate_case_close(&it);
}
END_TEST

/* The k-th request for memory when a book comes later fails: then the rater has no books, and with
 * the next try it charges as one that was never refused. */
START_TEST(test_later_book)
{
  static const struct rate_case_file later_book[] = {
      {"book.yaml", "name: l\nvalid_from: 2026-06-02\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
      {"plans.csv", "plan,kind\np,base\ng,group\n"},
      {"rates.csv", "plan,item,service,price,per\np,base,voice,0.77,1min\n"},
      {NULL, NULL}};
  static struct rate_case it, later;
  static struct sp_charge before, first, second;
  rate_case_open_two(&it, &later, tariff_book, later_book, tariff_customers);
  struct sp_usage calls[2] = {rate_case_call(&it, JUNE_UTC_S, 60),
                              rate_case_call(&it, JUNE_UTC_S + DAY_S, 60)};
  calls[1].book = 1;
  struct sp_books alone = it.books;
  alone.count = 1;
  enum sp_status status = SP_NO_MEMORY;
  long k = 0;
  for (; status != SP_OK; k++) {
    struct refusing refusing = {.left = 1000};
    struct sp_memory memory = refusing_memory(&refusing);
    struct sp_rater *rater;
    ck_assert_int_eq(sp_rater_make(&rater, it.directory, it.state, &memory), SP_OK);
    ck_assert_int_eq(sp_rater_set_books(rater, &alone), SP_OK);
    ck_assert_int_eq(sp_rate(rater, calls, &before, NULL), SP_OK);
    refusing.left = k;
    status = sp_rater_set_books(rater, &it.books);
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    ck_assert_ptr_eq(rater->books, status == SP_OK ? &it.books : NULL);
    ck_assert_uint_eq(rater->frames.count, 0);
    refusing.left = 1000;
    ck_assert_int_eq(sp_rater_set_books(rater, &it.books), SP_OK);
    ck_assert_int_eq(sp_rate(rater, calls, &first, NULL), SP_OK);
    ck_assert_int_eq(sp_rate(rater, calls + 1, &second, NULL), SP_OK);
    ck_assert_uint_eq(first.outcome, SP_OUTCOME_RATED);
    ck_assert_int_eq(first.net_micro, before.net_micro);
    ck_assert_int_eq(second.net_micro, 770000);
    sp_rater_free(rater);
    ck_assert_int_eq(refusing.held, 0);
    sp_memory_free(&memory);
  }
  ck_assert_int_gt(k, 3);
  rate_case_close(&it);
  rate_case_close(&later);
}
END_TEST

/* No memory in the middle of records: said, nothing changed; the same records afterwards give the
 * same charges. */
START_TEST(test_records)
{
  static struct rate_case plain, poor;
  static struct sp_charge charge, again;
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&poor, tariff_book, tariff_customers);
  struct refusing refusing = {.left = 0};
  poor.memory.grow = refusing_grow;
  poor.memory.context = &refusing;
  int failed = 0;
  for (int round = 0; round < 300; round++) {
    struct sp_usage usage = tariff_usage(&plain);
    bool partial = draw(3) == 0;
    usage.chain_hash[0] = partial ? draw(50) + 1 : 0;
    usage.partial = partial ? SP_PARTIAL_MIDDLE : SP_PARTIAL_WHOLE;
    memset(&charge, 0, sizeof(charge));
    rate_case_rate(&plain, &usage, &charge);
    rate_case_need(sp_rater_notice(poor.rater, &usage) == SP_OK, "notice");
    enum sp_status status = SP_NO_MEMORY;
    for (int k = 0; status != SP_OK; k++) {
      ck_assert_int_lt(k, 30);
      refusing.left = k;
      memset(&again, 0, sizeof(again));
      status = sp_rate(poor.rater, &usage, &again, NULL);
      ck_assert(status == SP_OK || status == SP_NO_MEMORY);
      failed += status == SP_NO_MEMORY;
    }
    ck_assert_mem_eq(&charge, &again, sizeof(charge));
  }
  ck_assert_int_gt(failed, 0);
  rate_case_close(&plain);
  rate_case_close(&poor);
}
END_TEST

/* Caches dropped at any time change nothing; prefetching neither. */
START_TEST(test_caches)
{
  static struct rate_case plain, dropped;
  static struct sp_charge charge, again;
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&dropped, tariff_book, tariff_customers);
  for (int round = 0; round < 200; round++) {
    struct sp_usage usage = tariff_usage(&plain);
    usage.group = draw(2) == 0 ? 0 : SP_NONE;
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    rate_case_rate(&plain, &usage, &charge);
    rate_case_ahead(&dropped, &usage, 1);
    rate_case_ahead(&dropped, &usage, 2);
    if (round % 3 == 0) {
      sp__cache_clear(dropped.rater);
    }
    if (round == 100) { /* as full as it may become */
      while (dropped.rater->chunk_now < SP__CACHE_BYTES_MAX / SP__CACHE_CHUNK_BYTES) {
        ck_assert_ptr_nonnull(sp__cache_take(dropped.rater, SP__CACHE_CHUNK_BYTES));
      }
    }
    rate_case_rate(&dropped, &usage, &again);
    ck_assert_mem_eq(&charge, &again, sizeof(charge));
  }
  ck_assert_uint_lt(dropped.rater->chunk_now, 2);
  struct sp_usage nobody = tariff_usage(&plain);
  nobody.subscriber = SP_NONE;
  rate_case_ahead(&plain, &nobody, 1);
  ck_assert_int_eq(sp_rater_notice(plain.rater, &nobody), SP_OK);
  rate_case_close(&plain);
  rate_case_close(&dropped);
}
END_TEST

enum { TEXT_BYTES = 1 << 16 };

static void text_add(char *text, const char *format, int number)
{
  size_t length = strlen(text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(text + length, TEXT_BYTES - length, format, number, number);
#pragma GCC diagnostic pop
}

static unsigned sets_count(const struct sp_rater *rater)
{
  unsigned count = 0;
  for (uint32_t i = 0; i < SP__SET_BUCKETS; i++) {
    for (uint32_t at = rater->sets[i]; at != 0; at = sp__set_at(rater, at)->next) {
      count++;
    }
  }
  return count;
}

/* `own` add_ons of the subscriber and `groups` groups with a plan of their own each. */
static uint16_t crowd_reason(int own, int groups)
{
  static struct rate_case it;
  static struct sp_charge charge;
  static char plans[TEXT_BYTES], rates[TEXT_BYTES], group[TEXT_BYTES], members[TEXT_BYTES],
      subscriptions[TEXT_BYTES], allowances[TEXT_BYTES];
  snprintf(plans, sizeof(plans), "plan,kind\np,base\n");
  snprintf(rates, sizeof(rates), "plan,item,service,price,per\np,base,voice,0.1,1min\n");
  snprintf(allowances, sizeof(allowances), "plan,allowance,unit,amount\np,none,s,0s\n");
  snprintf(group, sizeof(group), "group,kind,parent\nR,enterprise,\n");
  snprintf(members, sizeof(members), "group,subscriber\nR,S\n");
  snprintf(subscriptions, sizeof(subscriptions), "owner,plan,from\nsubscriber:S,p,2025-01-01\n");
  for (int i = 0; i < own; i++) {
    text_add(plans, "a%d,add_on\n", i);
    text_add(subscriptions, "subscriber:S,a%d,2025-01-01\n", i);
    text_add(allowances, "a%d,free,s,1s\n", i);
  }
  for (int i = 0; i < groups; i++) {
    text_add(plans, "g%d,group\n", i);
    text_add(rates, "g%d,base,voice,0.1,1min\n", i);
    text_add(group, "G%d,enterprise,R\n", i);
    text_add(members, "G%d,S\n", i);
    text_add(subscriptions, "group:G%d,g%d,2025-01-01\n", i);
  }
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"plans.csv", plans},
                                        {"rates.csv", rates},
                                        {"allowances.csv", allowances},
                                        {NULL, NULL}};
  const struct rate_case_file customers[] = {
      {"accounts.csv", "account\nA\n"},
      {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\n"},
      {"groups.csv", group},
      {"members.csv", members},
      {"subscriptions.csv", subscriptions},
      {NULL, NULL}};
  rate_case_open(&it, book, customers);
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = 100;
  rate_case_rate(&it, &usage, &charge);
  uint16_t reason = charge.reason;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, reason);
  ck_assert_uint_eq(sets_count(it.rater), reason == 0); /* but of all plans none is made */
  rate_case_close(&it);
  return reason;
}

START_TEST(test_crowds)
{
  ck_assert_uint_eq(crowd_reason(31, 96), 0);
  ck_assert_uint_eq(crowd_reason(32, 0), SP_REASON_OVERFLOW);
  ck_assert_uint_eq(crowd_reason(31, 97), SP_REASON_OVERFLOW);
}
END_TEST

/* A book whose item `data` has a block_cap of 0.005 for each threshold. */
static void blocks_open(struct rate_case *it, const char *rate, const char *threshold)
{
  static char rates[256], discounts[256];
  snprintf(rates, sizeof(rates), "plan,item,service,price,per,increment,digits\np,data,data,%s,3\n",
           rate);
  snprintf(discounts, sizeof(discounts),
           "plan,discount,item,kind,value,threshold\np,block,data,block_cap,0.005,%s\n", threshold);
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"plans.csv", "plan,kind\np,base\n"},
                                        {"rates.csv", rates},
                                        {"discounts.csv", discounts},
                                        {NULL, NULL}};
  rate_case_open(it, book, one_customer);
}

/* Net of a record, partial if chain is not 0; -1: suspended `overflow`. */
static int64_t blocks_net(struct rate_case *it, int64_t bytes, uint64_t chain)
{
  static struct sp_charge charge;
  struct sp_usage usage = rate_case_usage(it, 0, JUNE_UTC_S);
  usage.service = SP_SERVICE_DATA;
  usage.bytes = bytes;
  usage.chain_hash[0] = chain;
  usage.partial = chain == 0 ? SP_PARTIAL_WHOLE : SP_PARTIAL_MIDDLE;
  rate_case_rate(it, &usage, &charge);
  if (charge.outcome == SP_OUTCOME_SUSPENDED) {
    ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
    return -1;
  }
  return charge.net_micro;
}

/* So many blocks as an owner has cells, in a record, in a chain, and one too many. */
START_TEST(test_blocks)
{
  static struct rate_case it;
  blocks_open(&it, "0.010,1KB,1KB", "1KB");
  ck_assert_int_eq(blocks_net(&it, 60000 * 1024, 0), 60000 * INT64_C(5000));
  ck_assert_int_eq(blocks_net(&it, 5534 * 1024, 0), 5534 * INT64_C(5000));
  ck_assert_uint_eq(sp__owner_of(it.state, 0)->count, SP_STATE_CELLS_MAX);
  ck_assert_int_eq(blocks_net(&it, 1024, 0), -1);
  ck_assert_int_eq(blocks_net(&it, 512, 0), -1);
  rate_case_close(&it);
  blocks_open(&it, "0.010,1KB,1KB", "1KB");
  for (int64_t i = 1; i <= 6; i++) { /* the chain comes to one block that another record filled */
    ck_assert_int_eq(blocks_net(&it, 10000 * 1024, 7), (10000 - (i > 1)) * INT64_C(5000));
    ck_assert_int_eq(blocks_net(&it, 1024, 0), 5000);
  }
  ck_assert_int_eq(blocks_net(&it, 70000 * 1024, 0), -1);
  ck_assert_int_eq(blocks_net(&it, INT64_C(999999999999999999), 0), -1);
  rate_case_close(&it);
}
END_TEST

/* Numbers of blocks beyond 28 bits are blocks of their own. */
START_TEST(test_far_blocks)
{
  static struct rate_case it;
  blocks_open(&it, "1,1MB,1MB", "1B");
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(blocks_net(&it, INT64_C(1000) << 20, 0), 1000 * INT64_C(5000));
  }
  ck_assert_int_eq(blocks_net(&it, INT64_C(30000) << 20, 3), 30000 * INT64_C(5000));
  ck_assert_int_eq(blocks_net(&it, INT64_C(20000) << 20, 3), 20000 * INT64_C(5000));
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_make);
  tcase_add_test(tests, test_later_book);
  tcase_add_test(tests, test_records);
  tcase_add_test(tests, test_caches);
  tcase_add_test(tests, test_crowds);
  tcase_add_test(tests, test_blocks);
  tcase_add_test(tests, test_far_blocks);
  return check_run("rate_limits", tests);
}
