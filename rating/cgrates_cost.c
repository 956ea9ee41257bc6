/* What a call costs by CGRateS rules. The call is cut into spans: at the change of a plan, at local
 * midnight, where another timing begins and where another group interval starts. A span is rounded
 * up to whole increments; what it takes beyond its end, the next one has not. Each span costs its
 * price rounded to `digits` decimals, dealt to its increments and rounded again; the sum is exact.
 */
#include "rating/cgrates_parts.h"

#define COST_MAX (INT64_C(9000000000000000000)) /* 9 × 10^8 with 10 decimals */

struct walk {
  const struct sp_cgrates *tariff;
  const struct sp_cgrates_call *call;
  const struct sp_cg_target *target;
  int64_t at_ns;                       /* into the usage */
  int64_t period_ns;                   /* into the usage: the plan changes */
  sp_i128 event;                       /* in 10^-digits */
  sp_i128 total;                       /* in 10^-SP_CGRATES_DECIMALS, cut by *free */
  const struct sp_cg_rating *rounding; /* the one with most decimals */
  bool overflow;
};

/* Time of the local day at an offset into the usage, and the day. */
static int64_t day_time(const struct walk *walk, int32_t *day)
{
  int64_t local_ns =
      walk->call->answer_utc_ns + walk->at_ns + (int64_t)walk->call->offset_s * 1000000000;
  int64_t days = local_ns / SP_CG_DAY_NS;
  days -= local_ns % SP_CG_DAY_NS < 0;
  *day = (int32_t)days;
  return local_ns - days * SP_CG_DAY_NS;
}

/* The interval that holds now; `until_ns`: time of the day at which a better one begins. */
static const struct sp_cg_interval *interval_choose(const struct walk *walk, int64_t *until_ns)
{
  const struct sp_cg_interval *intervals = walk->tariff->intervals + walk->target->first;
  int32_t day;
  int64_t now_ns = day_time(walk, &day);
  const struct sp_cg_interval *chosen = NULL;
  *until_ns = SP_CG_DAY_NS;
  for (uint32_t i = 0; i < walk->target->count; i++) {
    const struct sp_cg_timing *timing = walk->tariff->timings + intervals[i].timing;
    if (!sp__cg_timing_on(timing, day)) {
      continue;
    }
    if (timing->start_ns <= now_ns) {
      chosen = intervals + i;
      break; /* those behind it are lighter or began earlier */
    }
    if (timing->start_ns < *until_ns) {
      *until_ns = timing->start_ns;
    }
  }
  SP_ASSERT(chosen != NULL); /* a tariff with a gap is refused */
  *until_ns -= now_ns;
  return chosen;
}

static const struct sp_cg_slot *slot_choose(const struct sp_cgrates *tariff,
                                            const struct sp_cg_rate *rate, int64_t at_ns,
                                            int64_t *until_ns)
{
  const struct sp_cg_slot *slots = tariff->slots + rate->first;
  uint32_t i = 0;
  SP_ASSERT(rate->count > 0);
  while (i + 1 < rate->count && slots[i + 1].from_ns <= at_ns) {
    i++;
  }
  *until_ns = i + 1 < rate->count ? slots[i + 1].from_ns - at_ns : INT64_MAX;
  return slots + i;
}

/* Adds a span's cost, cut at its *free limit. */
static void cost_add(struct walk *walk, const struct sp_cg_rating *rating, sp_i128 cost)
{
  if (cost > COST_MAX || walk->event > COST_MAX || walk->total > COST_MAX) {
    walk->overflow = true;
    return;
  }
  walk->event += cost;
  walk->total += cost * sp__cg_power(SP_CGRATES_DECIMALS - walk->tariff->digits);
  if (rating->free_above && rating->cost_max > 0 && walk->total > rating->cost_max) {
    walk->total = rating->cost_max;
  }
  if (rating->decimals > (walk->rounding == NULL ? 0 : walk->rounding->decimals)) {
    walk->rounding = rating;
  }
}

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* One span from walk->at_ns on. */
static void span_walk(struct walk *walk)
{
  const struct sp_cgrates *tariff = walk->tariff;
  int64_t timing_ns, slot_ns;
  const struct sp_cg_interval *interval = interval_choose(walk, &timing_ns);
  const struct sp_cg_rating *rating = tariff->ratings + interval->rating;
  const struct sp_cg_rate *rate = tariff->rates + rating->rate;
  const struct sp_cg_slot *slot = slot_choose(tariff, rate, walk->at_ns, &slot_ns);
  int64_t length = least(walk->call->usage_ns - walk->at_ns, slot_ns);
  if (walk->call->voice) {
    length = least(length, least(timing_ns, walk->period_ns - walk->at_ns));
  }
  SP_ASSERT(length > 0);
  int64_t count = length / slot->increment_ns + (length % slot->increment_ns != 0);
  sp_i128 cost = (sp_i128)slot->each * count;
  if (walk->at_ns == 0 && !walk->call->goes_on) {
    cost += rate->fee_rounded;
  }
  cost_add(walk, rating, cost);
  walk->at_ns += slot->increment_ns * count;
}

/* An amount in 10^-SP_CGRATES_DECIMALS rounded as the rating says. */
static sp_i128 amount_round(sp_i128 amount, const struct sp_cg_rating *rating)
{
  if (rating == NULL || rating->rounding == SP_CG_AS_IS) {
    return amount;
  }
  sp_i128 step = sp__cg_power(SP_CGRATES_DECIMALS - rating->decimals);
  sp_i128 rest = amount % step;
  amount -= rest;
  if (rating->rounding == SP_CG_MIDDLE) {
    return 2 * rest >= step ? amount + step : amount;
  }
  /* *up: less than 10^-7 of a step is no reason to go up (10^-decimals from 8 on) */
  sp_i128 parts = sp__cg_power(rating->decimals > 7 ? rating->decimals : 7);
  return rating->rounding == SP_CG_UP && rest * parts >= step && rest > 0 ? amount + step : amount;
}

static enum sp_cgrates_answer cost_say(const struct walk *walk, struct sp_cgrates_cost *cost)
{
  sp_i128 call = amount_round(walk->total, walk->rounding);
  sp_i128 event = walk->event * sp__cg_power(SP_CGRATES_DECIMALS - walk->tariff->digits);
  if (walk->overflow || call > COST_MAX || event > COST_MAX) {
    return SP_CGRATES_OVERFLOW;
  }
  cost->call = (int64_t)call;
  cost->event = (int64_t)event;
  return SP_CGRATES_COST;
}

/* One rate, always: all of the usage is one span. */
static bool plain_walk(struct walk *walk, const struct sp_cg_route *route)
{
  const struct sp_cg_target *target = route->periods[0].target;
  int32_t day;
  if (!target->plain || (walk->call->voice && route->count > 1) ||
      (walk->call->voice && day_time(walk, &day) + walk->call->usage_ns > SP_CG_DAY_NS)) {
    return false;
  }
  const struct sp_cg_rating *rating =
      walk->tariff->ratings + walk->tariff->intervals[target->first].rating;
  const struct sp_cg_rate *rate = walk->tariff->rates + rating->rate;
  const struct sp_cg_slot *slot = walk->tariff->slots + rate->first;
  int64_t count = walk->call->usage_ns / slot->increment_ns;
  count += walk->call->usage_ns != count * slot->increment_ns;
  sp_i128 cost = (sp_i128)slot->each * count;
  cost_add(walk, rating, walk->call->goes_on ? cost : cost + rate->fee_rounded);
  return true;
}

enum sp_cgrates_answer sp_cgrates_rate(const struct sp_cgrates *tariff,
                                       const struct sp_cgrates_call *call,
                                       struct sp_cgrates_cost *cost)
{
  struct sp_cg_route route;
  struct walk walk = {.tariff = tariff, .call = call};
  SP_ASSERT(call->usage_ns >= 0 && call->usage_ns <= SP_CGRATES_NS_MAX);
  SP_ASSERT(call->answer_utc_ns >= 0 && call->answer_utc_ns <= SP_CGRATES_TIME_MAX_NS);
  *cost = (struct sp_cgrates_cost){0, 0};
  if (call->usage_ns == 0) { /* whatever the plans say */
    return SP_CGRATES_COST;
  }
  enum sp_cgrates_answer answer = sp__cg_route_find(tariff, call, &route);
  if (answer != SP_CGRATES_COST) {
    return answer;
  }
  if (plain_walk(&walk, &route)) {
    return cost_say(&walk, cost);
  }
  for (uint32_t i = 0; i < route.count && walk.at_ns < call->usage_ns; i++) {
    bool last = i + 1 == route.count || !call->voice;
    walk.target = route.periods[i].target;
    walk.period_ns = last ? INT64_MAX : route.periods[i + 1].from_ns - call->answer_utc_ns;
    while (walk.at_ns < call->usage_ns && walk.at_ns < walk.period_ns) {
      span_walk(&walk);
    }
    if (!call->voice) {
      break;
    }
  }
  return cost_say(&walk, cost);
}
