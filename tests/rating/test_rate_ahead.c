/* What is fetched ahead changes nothing: records of a tariff too large for one chunk of the rater's
 * caches, with all steps of sp_rater_prefetch before each and without any, members of two groups
 * and none with equal plans of their own, give the charges that they should. */
#include "rating/book_lookup.h"
#include "rating/number.h"
#include "rating/rate_parts.h"
#include "tests/rating/rate_case.h"

#include <check.h>

#define JUNE_UTC_S INT64_C(1780243200) /* 2026-06-01 00:00 in Shanghai */
#define TEXT_BYTES (256u << 10)

enum { PREFIXES = 4000, RECORDS = 16001, AHEAD = 4 };

static char destinations[TEXT_BYTES], rates[TEXT_BYTES];

static const struct rate_case_file customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,13800000001,A\n"
                        "T,13800000002,A\nU,13800000003,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nH,enterprise,GA\n"},
    {"members.csv", "group,subscriber\nG,T\nH,U\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2026-01-01\n"
                          "subscriber:T,p,2026-01-01\nsubscriber:U,p,2026-01-01\n"
                          "group:G,g,2026-01-01\ngroup:H,g,2026-01-01\ngroup:H,h,2026-01-01\n"},
    {NULL, NULL}};

static void books_open(struct rate_case *it)
{
  const struct rate_case_file book[] = {
      {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
      {"plans.csv", "plan,kind\np,base\ng,group\nh,group\n"},
      {"destinations.csv", destinations},
      {"rates.csv", rates},
      {NULL, NULL}};
  rate_case_open(it, book, customers);
}

static struct sp_usage call_of(const struct rate_case *it, uint32_t i)
{
  struct sp_usage usage = rate_case_usage(it, i % 3, JUNE_UTC_S + i);
  char text[16];
  int length = snprintf(text, sizeof(text), "9%u", 10000 + i / 4 % PREFIXES);
  uint64_t digits = sp_number_pack(text, (size_t)length).digits;
  usage.group = usage.subscriber == 0 ? SP_NONE : usage.subscriber - 1;
  usage.zone = SP_ZONE_INTERNATIONAL;
  usage.duration_s = 60 + i % 7 * 60;
  usage.dest_node = sp_book_find_dest_node(it->books.book, digits);
  return usage;
}

START_TEST(test_ahead_changes_nothing)
{
  static struct rate_case with, without;
  static struct sp_usage usages[RECORDS];
  static struct sp_charge one, other;
  size_t length = (size_t)snprintf(destinations, TEXT_BYTES, "destination,prefix\n");
  size_t rows = (size_t)snprintf(rates, TEXT_BYTES,
                                 "plan,item,service,zone,price,per,dest\n"
                                 "p,base,voice,,0.10,1min,\n"
                                 "g,club,voice,,0.01,1min,\nh,hall,voice,,0.02,1min,\n");
  for (uint32_t i = 0; i < PREFIXES; i++) { /* each a destination of its own */
    length +=
        (size_t)snprintf(destinations + length, TEXT_BYTES - length, "d%u,9%u\n", i, 10000 + i);
    rows += (size_t)snprintf(rates + rows, TEXT_BYTES - rows,
                             "p,far,voice,international,0.30,1min,d%u\n", i);
  }
  ck_assert_uint_lt(length, TEXT_BYTES);
  ck_assert_uint_lt(rows, TEXT_BYTES);
  books_open(&with);
  books_open(&without);
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), 2); /* nothing is known yet */
  for (uint32_t i = 0; i < RECORDS; i++) {
    usages[i] = call_of(&with, i);
  }
  for (uint32_t i = 0; i < RECORDS; i++) {
    for (uint32_t step = 1; step <= 4; step++) {
      uint32_t at = i + (4 - step) * AHEAD;
      if (at < RECORDS) {
        sp_rater_prefetch(with.rater, usages + at, (int)step);
      }
    }
    memset(&one, 0, sizeof(one));
    memset(&other, 0, sizeof(other));
    rate_case_rate(&with, usages + i, &one);
    rate_case_rate(&without, usages + i, &other);
    ck_assert_mem_eq(&one, &other, sizeof(one));
    ck_assert_uint_eq(one.outcome, SP_OUTCOME_RATED);
    /* 0.10 and 0.30 a minute; G's plan takes 0.01 more, those of H 0.01 and 0.02 */
    static const int64_t cents_of[] = {40, 41, 43};
    int64_t minutes = usages[i].duration_s / 60, cents = cents_of[i % 3];
    ck_assert_int_eq(one.net_micro, minutes * cents * 10000);
  }
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), 4);
  const struct sp__frame *seen = sp__frame_seen(with.rater, usages + RECORDS - 1);
  ck_assert_ptr_nonnull(seen);
  ck_assert_uint_eq(seen->dest_node, usages[RECORDS - 1].dest_node);
  sp__cache_clear(with.rater); /* as at a change of books: nothing is known any more */
  ck_assert_ptr_null(sp__set_seen(with.rater, usages));
  ck_assert_ptr_null(sp__frame_seen(with.rater, usages));
  rate_case_close(&with);
  rate_case_close(&without);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("rate_ahead");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 0);
  tcase_add_test(all, test_ahead_changes_nothing);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
