/* Money: int64 micro-units (1 yuan = 1,000,000), checked; products and exact rationals in 128 bits
 * (engine.md §3). The only file in which amounts are multiplied, rounded, read or written. */
#ifndef SP_RATING_MONEY_H
#define SP_RATING_MONEY_H

#include "rating/book.h"

__extension__ typedef __int128 sp_i128;
__extension__ typedef unsigned __int128 sp_u128;

#define SP_MICRO 1000000

static inline SP_MUST_CHECK bool sp_money_add(int64_t *sum, int64_t a, int64_t b)
{
  return !__builtin_add_overflow(a, b, sum);
}

/* numerator / denominator (> 0) rounded to a whole number; half_up: halves away from zero (amounts
 * are >= 0). */
static inline sp_i128 sp_money_divide(sp_i128 numerator, sp_i128 denominator,
                                      enum sp_rounding rounding)
{
  sp_i128 quotient = numerator / denominator;
  sp_i128 rest = numerator - quotient * denominator;
  if (rounding == SP_ROUND_HALF_UP) {
    if (rest >= 0 ? rest >= denominator - rest : -rest >= denominator + rest) {
      quotient += rest >= 0 ? 1 : -1;
    }
  } else if (rounding == SP_ROUND_CEIL) {
    quotient += rest > 0;
  } else {
    quotient -= rest < 0;
  }
  return quotient;
}

/* 10^(6 - digits): the step in micro-units of amounts with so many decimals (0..6). */
static inline int64_t sp_money_step(unsigned digits)
{
  static const int64_t steps[7] = {1000000, 100000, 10000, 1000, 100, 10, 1};
  SP_ASSERT(digits < 7);
  return steps[digits];
}

/* (numerator / denominator) micro-units rounded to `digits` decimals. false: does not fit
 * an amount. */
static inline SP_MUST_CHECK bool sp_money_round(int64_t *micro, sp_i128 numerator,
                                                sp_i128 denominator, unsigned digits,
                                                enum sp_rounding rounding)
{
  int64_t step = sp_money_step(digits);
  sp_i128 steps = sp_money_divide(numerator, denominator * step, rounding);
  if (steps > INT64_MAX / step || steps < -(sp_i128)(INT64_MAX / step)) {
    return false;
  }
  *micro = (int64_t)steps * step;
  return true;
}

/* amount x part / whole exactly: the whole number and what is left over `whole`. part <= whole, 0 <
 * whole < 2^125. */
void sp_money_ratio(uint64_t amount, sp_u128 part, sp_u128 whole, uint64_t *quotient,
                    sp_u128 *rest);
/* amount x part / whole, half_up to the step (a power of ten). amount >= 0. */
int64_t sp_money_part(int64_t amount, sp_i128 part, sp_i128 whole, int64_t step);

#define SP_MONEY_SHARES_MAX 64
/* Deals `total` in whole steps in proportion to shares[0..count) (>= 0, their sum > 0), which
 * become the parts: largest remainder, ties to the lower index. total is a multiple of step and >=
 * 0. */
void sp_money_deal(int64_t *shares, unsigned count, int64_t total, int64_t step);
/* How many decimals (0..6) an amount needs. */
unsigned sp_money_decimals(int64_t micro);

/* Reads a decimal >= 0 with at most `decimals_max` (<= 6) decimals: digits, optional point and
 * digits. false: it is not one or does not fit. */
SP_MUST_CHECK bool sp_money_parse(int64_t *micro, const char *text, size_t length,
                                  unsigned decimals_max);

#endif
