/* rating/money.h: rounding, exact parts and shares, against slow and obvious ways to the same
 * result. */
#include "rating/money.h"
#include "tests/check_run.h"
#include "tests/draw.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_divide)
{
  for (int denominator = 1; denominator <= 12; denominator++) {
    for (int numerator = -60; numerator <= 60; numerator++) {
      int floor = numerator / denominator - (numerator % denominator < 0);
      int ceil = floor + (numerator % denominator != 0);
      int size = abs(numerator), half = (2 * size + denominator) / (2 * denominator);
      half = numerator < 0 ? -half : half;
      ck_assert_int_eq((int)sp_money_divide(numerator, denominator, SP_ROUND_FLOOR), floor);
      ck_assert_int_eq((int)sp_money_divide(numerator, denominator, SP_ROUND_CEIL), ceil);
      ck_assert_int_eq((int)sp_money_divide(numerator, denominator, SP_ROUND_HALF_UP), half);
    }
  }
}
END_TEST

START_TEST(test_parse)
{
  int64_t micro = 0;
  ck_assert(sp_money_parse(&micro, "12.345678", 9, 6) && micro == 12345678);
  ck_assert(sp_money_parse(&micro, "0", 1, 6) && micro == 0);
  ck_assert(sp_money_parse(&micro, "7.5", 3, 6) && micro == 7500000);
  ck_assert(sp_money_parse(&micro, "9223372036854.775807", 20, 6) && micro == INT64_MAX);
  ck_assert(!sp_money_parse(&micro, "9223372036854.775808", 20, 6));
  const char *bad[] = {"",   ".",     "1.",  ".5",        "-1",
                       "+1", "1.2.3", "1,5", "1.2345678", "99999999999999"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    ck_assert_msg(!sp_money_parse(&micro, bad[i], strlen(bad[i]), 6), "%s", bad[i]);
  }
}
END_TEST

/* q x whole + rest = amount x part, compared in 192 bits. */
static void ratio_check(uint64_t amount, sp_u128 part, sp_u128 whole)
{
  uint64_t q;
  sp_u128 rest;
  sp_money_ratio(amount, part, whole, &q, &rest);
  ck_assert(rest < whole);
  uint64_t mask = UINT32_MAX;
  uint64_t left[8] = {0}, right[8] = {0};
  for (unsigned i = 0; i < 4; i++) {
    for (unsigned k = 0; k < 2; k++) {
      sp_u128 a = (sp_u128)(part >> 32 * i & mask) * (amount >> 32 * k & mask);
      sp_u128 b = (sp_u128)(whole >> 32 * i & mask) * (q >> 32 * k & mask);
      left[i + k] += (uint64_t)(a & mask);
      left[i + k + 1] += (uint64_t)(a >> 32);
      right[i + k] += (uint64_t)(b & mask);
      right[i + k + 1] += (uint64_t)(b >> 32);
    }
    right[i] += (uint64_t)(rest >> 32 * i & mask);
  }
  for (unsigned i = 0; i < 7; i++) {
    left[i + 1] += left[i] >> 32;
    right[i + 1] += right[i] >> 32;
    ck_assert_uint_eq(left[i] & mask, right[i] & mask);
  }
}

START_TEST(test_ratio)
{
  draw_begin(20261130);
  for (int i = 0; i < 20000; i++) {
    unsigned bits = (unsigned)(draw_word() % 125);
    sp_u128 whole = (((sp_u128)draw_word() << 64 | draw_word()) >> (127 - bits)) + 1;
    whole = whole >> 125 != 0 ? whole >> 3 : whole;
    sp_u128 part = ((sp_u128)draw_word() << 64 | draw_word()) % (whole + 1);
    ratio_check(draw_word() >> draw_word() % 64, part, whole);
  }
}
END_TEST

START_TEST(test_part)
{
  ck_assert_int_eq(sp_money_part(1184000, 705, 1315, 1000), 635000); /* book.md §11.7, golden 32 */
  ck_assert_int_eq(sp_money_part(5, 1, 2, 1), 3);
  ck_assert_int_eq(sp_money_part(4, 1, 2, 1), 2);
  ck_assert_int_eq(sp_money_part(5000, 1, 10, 1000), 1000);
  ck_assert_int_eq(sp_money_part(4999, 1, 10, 1000), 0);
  ck_assert_int_eq(sp_money_part(INT64_MAX / 2, 1, 1, 1), INT64_MAX / 2);
  ck_assert_int_eq(sp_money_part(INT64_MAX, 1, 1, 1), INT64_MAX);
  ck_assert_int_eq(sp_money_part(INT64_MAX, 1, 1, 1000000), INT64_MAX); /* rounded up it is more */
}
END_TEST

START_TEST(test_deal)
{
  int64_t three[3] = {1, 1, 1}; /* golden/arithmetic.csv: 100.00 in three */
  sp_money_deal(three, 3, 100000000, 10000);
  ck_assert_int_eq(three[0], 33340000);
  ck_assert_int_eq(three[1], 33330000);
  ck_assert_int_eq(three[2], 33330000);
  for (int round = 0; round < 5000; round++) {
    int64_t weights[8], shares[8], sum = 0, step = sp_money_step((unsigned)(draw_word() % 7));
    unsigned count = 1 + (unsigned)(draw_word() % 8);
    for (unsigned i = 0; i < count; i++) {
      weights[i] = shares[i] = (int64_t)(draw_word() % 1000);
      sum += weights[i];
    }
    if (sum == 0) {
      continue;
    }
    int64_t steps = (int64_t)(draw_word() % 100000), dealt = 0;
    sp_money_deal(shares, count, steps * step, step);
    for (unsigned i = 0; i < count; i++) {
      int64_t floor = steps * weights[i] / sum;
      ck_assert(shares[i] == floor * step || shares[i] == (floor + 1) * step);
      dealt += shares[i];
      for (unsigned k = 0; k < count;
           k++) { /* who got one more had the larger rest, or the lower index */
        int64_t mine = steps * weights[i] % sum, other = steps * weights[k] % sum;
        bool more = shares[i] > floor * step, less = shares[k] == steps * weights[k] / sum * step;
        ck_assert(!(more && less && other > mine) && !(more && less && other == mine && k < i));
      }
    }
    ck_assert_int_eq(dealt, steps * step);
  }
}
END_TEST

START_TEST(test_decimals)
{
  ck_assert_uint_eq(sp_money_decimals(0), 0);
  ck_assert_uint_eq(sp_money_decimals(1000000), 0);
  ck_assert_uint_eq(sp_money_decimals(1500000), 1);
  ck_assert_uint_eq(sp_money_decimals(1000001), 6);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_divide);
  tcase_add_test(tests, test_parse);
  tcase_add_test(tests, test_ratio);
  tcase_add_test(tests, test_part);
  tcase_add_test(tests, test_deal);
  tcase_add_test(tests, test_decimals);
  return check_run("money", tests);
}
