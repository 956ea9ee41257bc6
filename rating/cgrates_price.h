/* How a call by a CGRateS tariff is cut and priced; within rating/. CGRateS computes in binary
 * floating point; where that decides the last digit, it is computed here with whole numbers. */
#ifndef SP_RATING_CGRATES_PRICE_H
#define SP_RATING_CGRATES_PRICE_H

#include "rating/cgrates_parts.h"

/* over / under below it: five roundings to 53 bits are too small to bring a quotient that is no
 * half to the other side of one. */
#define SP_CG_BINARY_SAFE (UINT64_C(1) << 49)

/* over / under, to the nearest binary64, ties to even. under > 0. */
struct sp_cg_binary sp__cg_binary_ratio(uint64_t over, uint64_t under);
/* digits * 10^-decimals and a little more if `more`, to the nearest binary64, ties to even. digits
 * below 2^127, decimals up to 37. */
struct sp_cg_binary sp__cg_binary_decimal(sp_u128 digits, unsigned decimals, bool more);
struct sp_cg_binary sp__cg_binary_times(struct sp_cg_binary a, struct sp_cg_binary b);
struct sp_cg_binary sp__cg_binary_over(struct sp_cg_binary a, struct sp_cg_binary b);
struct sp_cg_binary sp__cg_binary_plus(struct sp_cg_binary a, struct sp_cg_binary b);
/* a >= b; b is not 0 */
bool sp__cg_binary_reaches(struct sp_cg_binary a, struct sp_cg_binary b);
/* `a` in units of 10^-decimals as CGRateS rounds it: scaled as a binary64, then by its fraction.
 * UINT64_MAX: beyond 2^63. */
uint64_t sp__cg_binary_round(struct sp_cg_binary a, unsigned decimals, enum sp_cg_rounding method);

/* A stretch of the usage under one rate, before increments are counted. */
struct sp_cg_span {
  int64_t from_ns, to_ns; /* into the usage */
  const struct sp_cg_interval *interval;
};

/* Cuts the usage from its start. Between calls `next` is the last span's end. */
struct sp_cg_cutter {
  const struct sp_cgrates *tariff;
  const struct sp_cgrates_call *call;
  const struct sp_cg_route *route;
  uint32_t period;
  int64_t at_ns;
  int64_t until_ns;                          /* where days or plans cut: rates cut up to there */
  const struct sp_cg_interval *kept;         /* set for the span to come, NULL: none */
  const struct sp_cg_interval *const *order; /* of the period's target */
  const struct sp_cg_interval *moved[SP_CG_TARGET_INTERVALS_MAX]; /* unless it is calm */
};

void sp__cg_cutter_start(struct sp_cg_cutter *cutter, const struct sp_cgrates *tariff,
                         const struct sp_cgrates_call *call, const struct sp_cg_route *route);
/* The next span; only while cutter->at_ns is below the usage. */
struct sp_cg_span sp__cg_cutter_next(struct sp_cg_cutter *cutter);

/* Time of the local day at an offset into the usage, and the day. */
static inline int64_t sp__cg_day_time(const struct sp_cgrates_call *call, int64_t at_ns,
                                      int32_t *day)
{
  int64_t local_ns = call->answer_utc_ns + at_ns + (int64_t)call->offset_s * 1000000000;
  int64_t days = local_ns / SP_CG_DAY_NS;
  days -= local_ns % SP_CG_DAY_NS < 0;
  *day = (int32_t)days;
  return local_ns - days * SP_CG_DAY_NS;
}

/* Puts at most SP_CG_TARGET_INTERVALS_MAX intervals in the order in which CGRateS looks through
 * them: a sort that is not stable, by an order that is none where a heavier interval begins later
 * than a lighter one, so that their rows and the number of sorts before bear on it. */
void sp__cg_intervals_arrange(const struct sp_cgrates *tariff,
                              const struct sp_cg_interval **intervals, uint32_t count);

#endif
