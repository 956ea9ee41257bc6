/* What a call costs by CGRateS rules. Its spans are rounded up to whole increments; what a span
 * takes beyond its end, those behind it have not. A span's price is rounded to `digits` decimals,
 * dealt to its increments, rounded again and multiplied; the connect fee is one more increment of
 * the first. CGRateS does it in binary numbers: where these are near enough to an edge to choose
 * the side, they are followed, everywhere else whole numbers say the same. */
#include "rating/cgrates_price.h"

#define COST_MAX (INT64_C(9000000000000000000)) /* 9 × 10^8 with 10 decimals */
#define UP_SAFE (INT64_C(1) << 24) /* below it *up takes the noise of a binary number for none */

struct walk {
  const struct sp_cgrates *tariff;
  const struct sp_cgrates_call *call;
  int64_t at_ns;                       /* into the usage: priced up to here */
  sp_i128 event;                       /* in 10^-digits */
  sp_i128 total;                       /* in 10^-SP_CGRATES_DECIMALS, cut by *free */
  struct sp_cg_binary binary;          /* the total as CGRateS has it; kept if `exact` */
  struct sp_cg_binary before;          /* the same without the last equal spans */
  struct sp_cg_binary equals_cost;     /* of the increments of these together */
  struct sp_cg_span last;              /* of these */
  uint64_t equals;                     /* how many they are: CGRateS multiplies */
  const struct sp_cg_rating *rounding; /* the one with most decimals */
  bool exact, first, overflow;
};

static const struct sp_cg_slot *slot_choose(const struct sp_cgrates *tariff,
                                            const struct sp_cg_rate *rate, int64_t at_ns)
{
  const struct sp_cg_slot *slots = tariff->slots + rate->first;
  uint32_t i = 0;
  SP_ASSERT(rate->count > 0);
  while (i + 1 < rate->count && slots[i + 1].from_ns <= at_ns) {
    i++;
  }
  return slots + i;
}

static uint64_t digits_power(const struct walk *walk)
{
  return (uint64_t)sp__cg_power(walk->tariff->digits);
}

/* An amount in 10^-digits as a binary number. */
static struct sp_cg_binary binary_of(const struct walk *walk, uint64_t amount)
{
  return sp__cg_binary_ratio(amount, digits_power(walk));
}

static uint64_t binary_digits(const struct walk *walk, struct sp_cg_binary amount)
{
  return sp__cg_binary_round(amount, walk->tariff->digits, SP_CG_MIDDLE);
}

/* over / under, halves up; false: so near to a half that binary numbers must be asked. */
static inline bool divide_clear(uint64_t *quotient, uint64_t over, uint64_t under)
{
  uint64_t whole = over / under, rest = over - whole * under;
  *quotient = whole + (rest > under - rest);
  return rest != under - rest && over < SP_CG_BINARY_SAFE;
}

/* What `count` increments of a slot cost together before they are dealt. */
static uint64_t span_price(const struct walk *walk, const struct sp_cg_slot *slot, uint64_t count)
{
  uint64_t over, price;
  if (slot->under != 0 && !__builtin_mul_overflow(slot->over, count, &over) &&
      divide_clear(&price, over, slot->under)) {
    return price;
  }
  struct sp_cg_binary rate =
      sp__cg_binary_over(slot->price.binary, sp__cg_binary_ratio((uint64_t)slot->unit_ns, 1));
  struct sp_cg_binary length = sp__cg_binary_ratio(count * (uint64_t)slot->increment_ns, 1);
  return binary_digits(walk, sp__cg_binary_times(length, rate));
}

/* One of `count` increments, in 10^-digits. */
static uint64_t increment_price(const struct walk *walk, const struct sp_cg_slot *slot,
                                uint64_t count)
{
  uint64_t each;
  if (slot->under == 1) {
    return slot->over;
  }
  uint64_t price = span_price(walk, slot, count);
  if (divide_clear(&each, price, count)) {
    return each;
  }
  struct sp_cg_binary dealt =
      sp__cg_binary_over(binary_of(walk, price), sp__cg_binary_ratio(count, 1));
  return binary_digits(walk, dealt);
}

/* Increments and a connect fee with more decimals than `digits`. */
static sp_i128 fee_add(const struct walk *walk, struct sp_cg_binary fee, uint64_t each,
                       uint64_t count)
{
  struct sp_cg_binary sum =
      sp__cg_binary_times(sp__cg_binary_ratio(count, 1), binary_of(walk, each));
  return (sp_i128)binary_digits(walk, sp__cg_binary_plus(fee, sum));
}

/* Adds a span's cost to the binary total. Equal spans one behind the other are one that is
 * multiplied, as long as their sum, dealt to them again, is what one of them costs. */
static void binary_add(struct walk *walk, const struct sp_cg_span *span,
                       struct sp_cg_binary increments, sp_i128 cost)
{
  bool equal = walk->equals > 0 && walk->last.interval == span->interval &&
               walk->last.to_ns - walk->last.from_ns == span->to_ns - span->from_ns;
  if (equal) {
    struct sp_cg_binary dealt =
        sp__cg_binary_over(walk->equals_cost, sp__cg_binary_ratio(walk->equals, 1));
    equal = dealt.bits == increments.bits; /* so near to each other the powers are one */
  }
  walk->before = equal ? walk->before : walk->binary;
  walk->equals_cost = equal ? sp__cg_binary_plus(walk->equals_cost, increments) : increments;
  walk->equals = equal ? walk->equals + 1 : 1;
  walk->last = *span;
  struct sp_cg_binary each = binary_of(walk, (uint64_t)cost);
  walk->binary = sp__cg_binary_plus(
      walk->before, sp__cg_binary_times(each, sp__cg_binary_ratio(walk->equals, 1)));
}

static void total_limit(struct walk *walk, int64_t most)
{
  struct sp_cg_binary binary =
      sp__cg_binary_ratio((uint64_t)most, (uint64_t)sp__cg_power(SP_CGRATES_DECIMALS));
  if (walk->total > most || (walk->total == most && sp__cg_binary_reaches(walk->binary, binary))) {
    walk->total = most;
    walk->binary = binary;
  }
}

/* Adds the cost of a span as it was widened, cut at its *free limit. `each`: of an increment. */
static void cost_add(struct walk *walk, const struct sp_cg_span *span, sp_i128 cost, uint64_t each,
                     uint64_t count)
{
  const struct sp_cg_rating *rating = walk->tariff->ratings + span->interval->rating;
  if (cost > COST_MAX) { /* so few spans of no more fit 128 bits */
    walk->overflow = true;
    return;
  }
  walk->event += cost;
  walk->total += cost * sp__cg_power(SP_CGRATES_DECIMALS - walk->tariff->digits);
  if (walk->exact) {
    binary_add(walk, span,
               sp__cg_binary_times(binary_of(walk, each), sp__cg_binary_ratio(count, 1)), cost);
  }
  if (rating->strategy == SP_CG_FREE && rating->cost_max > 0) {
    total_limit(walk, rating->cost_max);
  }
  if (rating->decimals > (walk->rounding == NULL ? 0 : walk->rounding->decimals)) {
    walk->rounding = rating;
  }
}

/* A span, from where the one before it left something. */
static void span_price_add(struct walk *walk, const struct sp_cg_span *span)
{
  const struct sp_cgrates *tariff = walk->tariff;
  const struct sp_cg_rate *rate = tariff->rates + tariff->ratings[span->interval->rating].rate;
  int64_t from_ns = span->from_ns > walk->at_ns ? span->from_ns : walk->at_ns;
  if (from_ns >= span->to_ns) {
    return;
  }
  const struct sp_cg_slot *slot = slot_choose(tariff, rate, from_ns);
  int64_t length = span->to_ns - from_ns;
  int64_t count = length / slot->increment_ns;
  count += length != count * slot->increment_ns;
  uint64_t each = increment_price(walk, slot, (uint64_t)count);
  sp_i128 cost = (sp_i128)each * count;
  bool has_fee = walk->first && rate->fee.binary.bits > 0;
  if (has_fee) {
    int64_t step = sp__cg_power(SP_CGRATES_DECIMALS - tariff->digits);
    cost = rate->fee.value % step == 0 && !rate->fee.finer
               ? cost + rate->fee.value / step
               : fee_add(walk, rate->fee.binary, each, (uint64_t)count);
  }
  walk->at_ns = from_ns + slot->increment_ns * count;
  cost_add(walk, &(struct sp_cg_span){from_ns, walk->at_ns, span->interval}, cost, each,
           (uint64_t)count);
  walk->equals = has_fee ? 0 : walk->equals; /* no other has its fee */
  walk->first = false;
}

/* What rounds the total, NULL: nothing does. An amount has no more decimals than ours. */
static const struct sp_cg_rating *rounding_find(const struct walk *walk)
{
  const struct sp_cg_rating *rating = walk->rounding;
  bool none =
      rating == NULL || rating->rounding == SP_CG_AS_IS || rating->decimals > SP_CGRATES_DECIMALS;
  return none ? NULL : rating;
}

/* Of so many parts of a last digit *up sees none in one: it may be the noise of a binary number. */
static int64_t up_parts(const struct sp_cg_rating *rating)
{
  return sp__cg_power(rating->decimals > 7 ? rating->decimals : 7);
}

/* Whether binary numbers may round the total to another side: it lies on an edge. */
static bool is_edge(const struct sp_cg_rating *rating, int64_t total)
{
  int64_t step = sp__cg_power(SP_CGRATES_DECIMALS - rating->decimals), whole = total / step;
  int64_t rest = total - whole * step;
  if (rating->rounding == SP_CG_MIDDLE) {
    return 2 * rest == step;
  }
  if (rating->rounding == SP_CG_DOWN) {
    return rest == 0;
  }
  return rest == 0 ? rating->decimals > 7 || whole >= UP_SAFE : rest * up_parts(rating) == step;
}

/* The total, which lies on no edge, rounded as the rating says. */
static int64_t total_round(const struct sp_cg_rating *rating, int64_t total)
{
  int64_t step = sp__cg_power(SP_CGRATES_DECIMALS - rating->decimals), whole = total / step;
  int64_t rest = total - whole * step;
  bool more = rating->rounding == SP_CG_MIDDLE
                  ? 2 * rest > step
                  : rating->rounding == SP_CG_UP && rest * up_parts(rating) > step;
  return (whole + more) * step;
}

/* The costs are too large to be said. The call costs no more than the event. */
static bool is_too_dear(const struct walk *walk)
{
  return walk->overflow ||
         walk->event * sp__cg_power(SP_CGRATES_DECIMALS - walk->tariff->digits) > COST_MAX;
}

/* One rate, always, within a day: all of the usage is one span. */
static bool is_plain(const struct sp_cgrates_call *call, const struct sp_cg_route *route)
{
  int32_t day;
  return route->periods[0].target->plain &&
         (!call->voice ||
          (route->count == 1 && sp__cg_day_time(call, 0, &day) + call->usage_ns <= SP_CG_DAY_NS));
}

/* All spans. `exact`: the total as a binary number, too. */
static void route_walk(struct walk *walk, const struct sp_cg_route *route, bool exact)
{
  struct sp_cg_cutter cutter;
  walk->exact = exact;
  walk->first = !walk->call->goes_on;
  walk->at_ns = 0;
  walk->event = walk->total = 0;
  walk->binary = (struct sp_cg_binary){0, 0};
  walk->equals = 0;
  walk->rounding = NULL;
  if (is_plain(walk->call, route)) {
    const struct sp_cg_interval *interval =
        walk->tariff->intervals + route->periods[0].target->first;
    const struct sp_cg_span span = {0, walk->call->usage_ns, interval};
    span_price_add(walk, &span);
    return;
  }
  sp__cg_cutter_start(&cutter, walk->tariff, walk->call, route);
  while (cutter.at_ns < walk->call->usage_ns) {
    struct sp_cg_span span = sp__cg_cutter_next(&cutter);
    span_price_add(walk, &span);
  }
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
  route_walk(&walk, &route, false);
  if (is_too_dear(&walk)) {
    return SP_CGRATES_OVERFLOW;
  }
  const struct sp_cg_rating *rating = rounding_find(&walk);
  cost->event = (int64_t)walk.event * sp__cg_power(SP_CGRATES_DECIMALS - tariff->digits);
  cost->call = (int64_t)walk.total;
  if (rating != NULL && !is_edge(rating, cost->call)) {
    cost->call = total_round(rating, cost->call);
  } else if (rating != NULL) {
    int64_t step = sp__cg_power(SP_CGRATES_DECIMALS - rating->decimals);
    route_walk(&walk, &route, true);
    cost->call = (int64_t)sp__cg_binary_round(walk.binary, rating->decimals,
                                              (enum sp_cg_rounding)rating->rounding) *
                 step;
  }
  return SP_CGRATES_COST;
}
