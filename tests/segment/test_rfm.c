/* Cut points against sorting, scores, ties, classes against means, trend. */
#include <stdlib.h>
#include <string.h>

#include "segment/fold.h"
#include "segment/rfm.h"
#include "tests/check_run.h"
#include "tests/draw.h"

enum { VALUES_MAX = 3000 };

static uint32_t counts[SP_SELECT_COUNTS];

static int compare(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a;
  int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int64_t draw_value(int kind)
{
  switch (kind) {
  case 0:
    return draw(4);
  case 1:
    return (int64_t)draw(100000) * 1000 - 500000;
  case 2:
    return (int64_t)(((uint64_t)draw(1U << 31U) << 33U) | draw(1U << 31U)); /* all of int64 */
  case 3:
    return draw(100) == 0 ? INT64_MAX - draw(3) : INT64_MIN + draw(70000);
  default:
    return draw(10) == 0 ? (int64_t)draw(1U << 31U) * 1000 : 0;
  }
}

START_TEST(cuts_equal_those_of_a_sorted_list)
{
  static int64_t values[VALUES_MAX];
  static int64_t sorted[VALUES_MAX];
  draw_begin(100 + (uint64_t)_i);
  for (size_t round = 0; round < 4; round++) {
    size_t n = round == 0 ? 1U + draw(12) : 1U + draw(VALUES_MAX);
    for (size_t i = 0; i < n; i++) {
      values[i] = draw_value(_i % 5);
    }
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, compare);
    int64_t cuts[SP_CUTS];
    sp_fifths(values, n, cuts, counts);
    for (size_t k = 1; k <= SP_CUTS; k++) {
      size_t rank = (k * n + 4U) / 5U; /* ceil(k n / 5) */
      ck_assert_int_eq(cuts[k - 1U], sorted[rank - 1U]);
    }
  }
}
END_TEST

START_TEST(fifths_never_split_ties)
{
  static const int64_t cuts[SP_CUTS] = {10, 20, 20, 40};
  static const struct {
    int64_t value;
    uint32_t fifth;
  } rows[] = {{-5, 1}, {10, 1}, {11, 2}, {20, 2}, {21, 4}, {40, 4}, {41, 5}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert_uint_eq(sp_fifth_of(cuts, rows[i].value), rows[i].fifth);
  }
}
END_TEST

static struct sp_rfm customer(uint32_t r_days, uint16_t f_days, int64_t yuan)
{
  struct sp_rfm made = {.r_days = r_days, .f_days = f_days, .money_micro = yuan * 1000000};
  return made;
}

/* Ten customers worked by hand: sorted R 0 1 2 3 4 10 20 30 40 90, so fifths of two. */
START_TEST(scores_and_classes_by_hand)
{
  struct sp_rfm rows[12] = {customer(0, 80, 100), customer(1, 10, 300),  customer(2, 60, 20),
                            customer(3, 5, 10),   customer(4, 70, 50),   customer(10, 50, 60),
                            customer(20, 8, 5),   customer(30, 40, 400), customer(40, 3, 200),
                            customer(90, 1, 0),   customer(7, 7, 7),     {.r_days = SP_RFM_NEVER}};
  rows[10].population = SP_POPULATION_MEMBER; /* another population, and one never seen */
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  int64_t values[12];
  memset(cuts, 0, sizeof cuts);
  cuts[0].month = 24322;
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    sp_rfm_cuts_make(&cuts[k], rows, 12, (enum sp_population)k, values, counts);
  }
  ck_assert_uint_eq(cuts[0].count, 10);
  ck_assert_uint_eq(cuts[0].month, 24322);
  ck_assert_uint_eq(cuts[1].count, 1);
  ck_assert_uint_eq(cuts[2].count, 0);
  static const int64_t r_cuts[SP_CUTS] = {1, 3, 10, 30};
  static const int64_t f_cuts[SP_CUTS] = {3, 8, 40, 60};
  ck_assert_mem_eq(cuts[0].r, r_cuts, sizeof r_cuts);
  ck_assert_mem_eq(cuts[0].f, f_cuts, sizeof f_cuts);
  ck_assert_int_eq(cuts[0].m[0], 5000000);
  ck_assert_int_eq(cuts[0].m[3], 200000000);
  ck_assert_int_eq(cuts[0].r_mean_ceil, 20);  /* 200 / 10 */
  ck_assert_int_eq(cuts[0].f_mean_floor, 32); /* 327 / 10 */
  ck_assert_int_eq(cuts[0].m_mean_floor, 114500000);
  sp_rfm_score(rows, 12, cuts);
  static const struct {
    uint8_t r, f, m, customer_class;
  } want[] = {{5, 5, 4, SP_CUSTOMER_ORDINARY_VALUE},     {5, 3, 5, SP_CUSTOMER_IMPORTANT_DEVELOP},
              {4, 4, 2, SP_CUSTOMER_ORDINARY_VALUE},     {4, 2, 2, SP_CUSTOMER_ORDINARY_DEVELOP},
              {3, 5, 3, SP_CUSTOMER_ORDINARY_VALUE},     {3, 4, 3, SP_CUSTOMER_ORDINARY_VALUE},
              {2, 2, 1, SP_CUSTOMER_ORDINARY_WIN_BACK},  {2, 3, 5, SP_CUSTOMER_IMPORTANT_KEEP},
              {1, 1, 4, SP_CUSTOMER_IMPORTANT_WIN_BACK}, {1, 1, 1, SP_CUSTOMER_ORDINARY_WIN_BACK}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    ck_assert_uint_eq(rows[i].r, want[i].r);
    ck_assert_uint_eq(rows[i].f, want[i].f);
    ck_assert_uint_eq(rows[i].m, want[i].m);
    ck_assert_uint_eq(rows[i].customer_class, want[i].customer_class);
  }
  ck_assert_uint_eq(rows[11].r, 0);
}
END_TEST

/* Frozen cuts: another customer's change moves nobody else's score. */
START_TEST(a_score_moves_only_with_its_customer)
{
  struct sp_rfm rows[100];
  struct sp_rfm before[100];
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  int64_t values[100];
  draw_seed = 77;
  memset(cuts, 0, sizeof cuts);
  for (uint32_t i = 0; i < 100U; i++) {
    rows[i] = customer(draw(90), (uint16_t)draw(91), draw(500));
  }
  sp_rfm_cuts_make(&cuts[0], rows, 100, SP_POPULATION_INDIVIDUAL, values, counts);
  sp_rfm_score(rows, 100, cuts);
  memcpy(before, rows, sizeof rows);
  rows[5].money_micro = 99000000000;
  rows[5].r_days = 0;
  sp_rfm_score(rows, 100, cuts);
  ck_assert_uint_eq(rows[5].m, 5);
  before[5] = rows[5];
  ck_assert_mem_eq(rows, before, sizeof rows);
}
END_TEST

static void fold_day(struct sp_profile *profile, uint32_t day, int64_t net_micro)
{
  struct sp_fold_event event = {.calls = 1, .active = 1, .net_micro = net_micro};
  event.day = (uint16_t)day;
  event.month = (uint16_t)sp_month_of_day(day, NULL);
  event.start_utc_s = day * 86400U + 7U;
  sp_profile_fold(profile, NULL, &event);
}

START_TEST(measures_of_a_profile)
{
  struct sp_profile profile = {0};
  struct sp_as_of at = {0};
  struct sp_rfm rfm;
  uint32_t start = sp_day_of_month_start(2026U * 12U + 8U); /* 2026-09-01 */
  sp_as_of_day(&at, start + 75U);                           /* 2026-11-15 */
  sp_rfm_measure(&profile, &at, SP_POPULATION_INDIVIDUAL, &rfm);
  ck_assert_uint_eq(rfm.r_days, SP_RFM_NEVER);
  for (uint32_t day = start - 40U; day <= start + 70U; day += 2U) {
    fold_day(&profile, day, 1000000);
  }
  sp_rfm_measure(&profile, &at, SP_POPULATION_MEMBER, &rfm);
  ck_assert_uint_eq(rfm.r_days, 5);
  ck_assert_uint_eq(rfm.f_days,
                    43); /* days 71, 70 .. even ones of the 90 up to day 75: -14 .. 70 */
  /* Every other day of the closed months: 15 in October, 15 in September, 16 in August. */
  ck_assert_uint_eq(rfm.population, SP_POPULATION_MEMBER);
  ck_assert_uint_eq(rfm.trend, SP_TREND_STEADY);
  for (uint32_t day = start + 46U; day <= start + 75U; day++) {
    fold_day(&profile, day, 0);
  }
  sp_rfm_measure(&profile, &at, SP_POPULATION_MEMBER, &rfm);
  ck_assert_uint_eq(rfm.trend, SP_TREND_RISING);
  sp_as_of_day(&at, start + 100U);
  sp_rfm_measure(&profile, &at, SP_POPULATION_MEMBER, &rfm);
  ck_assert_uint_eq(rfm.trend, SP_TREND_FALLING);
}
END_TEST

START_TEST(words)
{
  ck_assert_str_eq(sp_class_word(SP_CUSTOMER_IMPORTANT_KEEP), "important_keep");
  ck_assert_str_eq(sp_class_label(SP_CUSTOMER_ORDINARY_WIN_BACK), "一般挽留");
  ck_assert_str_eq(sp_class_word(8), "");
  ck_assert_str_eq(sp_class_label(8), "");
  ck_assert_str_eq(sp_trend_word(SP_TREND_FALLING), "falling");
  ck_assert_str_eq(sp_trend_word(3), "");
  ck_assert_str_eq(sp_population_word(SP_POPULATION_GROUP), "group");
  ck_assert_str_eq(sp_population_word(3), "");
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, cuts_equal_those_of_a_sorted_list, 0, 25);
  tcase_add_test(tests, fifths_never_split_ties);
  tcase_add_test(tests, scores_and_classes_by_hand);
  tcase_add_test(tests, a_score_moves_only_with_its_customer);
  tcase_add_test(tests, measures_of_a_profile);
  tcase_add_test(tests, words);
  return check_run("rfm", tests);
}
