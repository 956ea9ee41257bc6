#include "segment/rfm.h"

#include <string.h>

#include "rating/money.h"
#include "segment/profile_read.h"

enum { THIRD_DAYS = 30, TREND_DAYS = 3 };

/* Robust slope over the last three times 30 days (Theil-Sen: the median of the pairs' slopes), in
 * active days per 30 days: at least 3 either way counts. The later halves of a month in which a
 * customer was new say nothing: 60 days of history are needed, 90 for the third. */
static enum sp_trend trend_of(const struct sp_profile *profile, const struct sp_as_of *at)
{
  uint32_t first_day = profile->first_utc_s / 86400U;
  uint32_t history = at->day > first_day ? at->day - first_day : 0;
  if (history < 2U * THIRD_DAYS) {
    return SP_TREND_STEADY;
  }
  int32_t up_to_30 = (int32_t)sp_profile_active_days(profile, at->day, THIRD_DAYS);
  int32_t up_to_60 = (int32_t)sp_profile_active_days(profile, at->day, 2U * THIRD_DAYS);
  int32_t newest = 2 * (up_to_30 - (up_to_60 - up_to_30));
  int32_t slope = newest;
  if (history >= 3U * THIRD_DAYS) {
    int32_t up_to_90 = (int32_t)sp_profile_active_days(profile, at->day, 3U * THIRD_DAYS);
    int32_t older = 2 * ((up_to_60 - up_to_30) - (up_to_90 - up_to_60));
    int32_t whole = (newest + older) / 2;
    int32_t low = newest < older ? newest : older;
    int32_t high = newest < older ? older : newest;
    slope = whole < low ? low : whole > high ? high : whole;
  }
  return slope >= 2 * TREND_DAYS    ? SP_TREND_RISING
         : slope <= -2 * TREND_DAYS ? SP_TREND_FALLING
                                    : SP_TREND_STEADY;
}

void sp_rfm_measure(const struct sp_profile *profile, const struct sp_as_of *at,
                    enum sp_population population, struct sp_rfm *rfm)
{
  memset(rfm, 0, sizeof *rfm);
  rfm->population = (uint8_t)population;
  rfm->r_days = SP_RFM_NEVER;
  for (uint32_t back = 1; back <= SP_RFM_MONTHS; back++) {
    const struct sp_profile_month *month = sp__ring_month(profile, at->month - back);
    rfm->money_micro += month == NULL ? 0 : sp__month_net(month);
  }
  if (profile->last_day != 0) {
    rfm->r_days = at->day > profile->last_day ? at->day - profile->last_day : 0;
    rfm->f_days = (uint16_t)sp_profile_active_days(profile, at->day, SP_RFM_DAYS);
    rfm->trend = (uint8_t)trend_of(profile, at);
  }
}

enum dimension { RECENCY, FREQUENCY, MONEY };

static int64_t value_of(const struct sp_rfm *customer, enum dimension dimension)
{
  return dimension == RECENCY     ? customer->r_days
         : dimension == FREQUENCY ? customer->f_days
                                  : customer->money_micro;
}

static size_t gather(const struct sp_rfm *customers, size_t n, enum sp_population population,
                     enum dimension dimension, int64_t *values)
{
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    values[count] = value_of(&customers[i], dimension);
    count += customers[i].population == population && customers[i].r_days != SP_RFM_NEVER;
  }
  return count;
}

static int64_t mean_of(const int64_t *values, size_t n, enum sp_rounding rounding)
{
  sp_i128 sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += values[i];
  }
  return (int64_t)sp_money_divide(sum, (sp_i128)n, rounding);
}

void sp_rfm_cuts_make(struct sp_rfm_cuts *cuts, const struct sp_rfm *customers, size_t n,
                      enum sp_population population, int64_t *values, uint32_t *counts)
{
  uint32_t month = cuts->month;
  memset(cuts, 0, sizeof *cuts);
  cuts->version = SP_RFM_CUTS_VERSION;
  cuts->month = month;
  size_t count = n == 0 ? 0 : gather(customers, n, population, RECENCY, values);
  cuts->count = count;
  if (count == 0) {
    return;
  }
  sp_fifths(values, count, cuts->r, counts);
  cuts->r_mean_ceil = mean_of(values, count, SP_ROUND_CEIL);
  (void)gather(customers, n, population, FREQUENCY, values);
  sp_fifths(values, count, cuts->f, counts);
  cuts->f_mean_floor = mean_of(values, count, SP_ROUND_FLOOR);
  (void)gather(customers, n, population, MONEY, values);
  sp_fifths(values, count, cuts->m, counts);
  cuts->m_mean_floor = mean_of(values, count, SP_ROUND_FLOOR);
}

void sp_rfm_score(struct sp_rfm *customers, size_t n,
                  const struct sp_rfm_cuts cuts[SP_POPULATION_COUNT])
{
  for (size_t i = 0; i < n; i++) {
    struct sp_rfm *customer = &customers[i];
    SP_ASSERT(customer->population < SP_POPULATION_COUNT);
    const struct sp_rfm_cuts *of = &cuts[customer->population];
    if (customer->r_days == SP_RFM_NEVER || of->count == 0) {
      customer->r = customer->f = customer->m = 0;
      continue;
    }
    /* Few days are good, so R's score runs against its fifth. */
    customer->r = (uint8_t)(6U - sp_fifth_of(of->r, customer->r_days));
    customer->f = (uint8_t)sp_fifth_of(of->f, customer->f_days);
    customer->m = (uint8_t)sp_fifth_of(of->m, customer->money_micro);
    uint32_t recent = customer->r_days < of->r_mean_ceil;
    uint32_t frequent = customer->f_days > of->f_mean_floor;
    uint32_t rich = customer->money_micro > of->m_mean_floor;
    customer->customer_class =
        (uint8_t)((rich ? 0U : 4U) + (recent ? 0U : 2U) + (frequent ? 0U : 1U));
  }
}

const char *sp_class_word(unsigned customer_class)
{
  static const char *const words[] = {
#define X(name, word, label) word,
      SP_CLASS_TABLE(X)
#undef X
  };
  return customer_class < SP_CUSTOMER_CLASSES ? words[customer_class] : "";
}

const char *sp_class_label(unsigned customer_class)
{
  static const char *const labels[] = {
#define X(name, word, label) label,
      SP_CLASS_TABLE(X)
#undef X
  };
  return customer_class < SP_CUSTOMER_CLASSES ? labels[customer_class] : "";
}

const char *sp_trend_word(unsigned trend)
{
  static const char *const words[] = {"steady", "rising", "falling"};
  return trend <= SP_TREND_FALLING ? words[trend] : "";
}

const char *sp_population_word(unsigned population)
{
  static const char *const words[] = {"individual", "member", "group"};
  return population < SP_POPULATION_COUNT ? words[population] : "";
}
