#include "tools/gen_tariff.h"

#include <string.h>

#define D(x) (uint8_t)(1u << SP_GEN_##x)
#define Z(x) (uint8_t)(1u << SP_GEN_ZONE_##x)
#define N(x) (uint16_t)(1u << SP_GEN_NET_##x)
#define B(x) (uint8_t)(1u << SP_GEN_BAND_##x)
#define NEAR (uint8_t)(D(HOME) | D(PROVINCE))
#define LAND (uint8_t)(D(HOME) | D(PROVINCE) | D(DOMESTIC))
#define FAR (uint8_t)(D(HMT) | D(ABROAD))
#define MB 1048576u
#define KB 1024u

/* A row by the minute, by 6 s, per message, per MB. */
#define MINUTE(plan_, lane_, micro, ...)                                                    \
  {                                                                                         \
    .plan = SP_GEN_##plan_, .lane = SP_GEN_LANE_##lane_, .price_micro = (micro), .per = 60, \
    .increment = 60, __VA_ARGS__                                                            \
  }
#define SIXSEC(plan_, lane_, micro, ...)                                                   \
  {                                                                                        \
    .plan = SP_GEN_##plan_, .lane = SP_GEN_LANE_##lane_, .price_micro = (micro), .per = 6, \
    .increment = 6, __VA_ARGS__                                                            \
  }
#define ITEM(plan_, lane_, micro, ...)                                                     \
  {                                                                                        \
    .plan = SP_GEN_##plan_, .lane = SP_GEN_LANE_##lane_, .price_micro = (micro), .per = 1, \
    .increment = 1, __VA_ARGS__                                                            \
  }
#define DATA(plan_, lane_, micro, step, ...)                                                \
  {                                                                                         \
    .plan = SP_GEN_##plan_, .lane = SP_GEN_LANE_##lane_, .price_micro = (micro), .per = MB, \
    .increment = (step), __VA_ARGS__                                                        \
  }

/* Every base plan: free incoming at home, roaming abroad, service numbers, long distance to other
 * countries, messages. */
#define COMMON(plan_, sms_micro, mms_micro)                                                     \
  MINUTE(plan_, BASE, 0, .direction = D(MT), .roam = LAND),                                     \
      MINUTE(plan_, BASE, 1990000, .roam = D(HMT)),                                             \
      MINUTE(plan_, BASE, 3990000, .roam = D(ABROAD)),                                          \
      MINUTE(plan_, BASE, 0, .direction = D(MO), .zone = Z(SERVICE), .priority = 5),            \
      SIXSEC(plan_, LD, 150000, .direction = D(MO), .roam = LAND, .zone = Z(HMT)),              \
      SIXSEC(plan_, LD, 360000, .direction = D(MO), .roam = LAND, .zone = Z(WORLD)),            \
      SIXSEC(plan_, LD, 240000, .direction = D(MO), .roam = LAND, .zone = Z(ASIA)),             \
      ITEM(plan_, SMS, sms_micro, .direction = D(MO)), ITEM(plan_, SMS, 0, .direction = D(MT)), \
      ITEM(plan_, SMS, 500000, .direction = D(MO),                                              \
           .zone = (uint8_t)(Z(HMT) | Z(WORLD) | Z(ASIA))),                                     \
      ITEM(plan_, MMS, mms_micro, .direction = D(MO))

const struct sp_gen_rate sp__gen_rates[] = {
    COMMON(TALK, 100000, 300000),
    MINUTE(TALK, BASE, 250000, .direction = D(MO), .roam = NEAR),
    MINUTE(TALK, BASE, 600000, .direction = D(MO), .roam = D(DOMESTIC)),
    SIXSEC(TALK, LD, 70000, .direction = D(MO), .roam = NEAR, .zone = Z(DOMESTIC)),
    DATA(TALK, DATA, 290000, KB, .rounding = 'h', .digits = 3),
    DATA(TALK, DATA, 3000000, KB, .roam = FAR, .rounding = 'h', .digits = 3),

    COMMON(SIXER, 80000, 250000),
    SIXSEC(SIXER, BASE, 18000, .direction = D(MO), .roam = LAND),
    SIXSEC(SIXER, BASE, 12000, .direction = D(MO), .roam = LAND, .net = N(ONNET)),
    SIXSEC(SIXER, LD, 30000, .direction = D(MO), .roam = LAND, .zone = Z(DOMESTIC)),
    DATA(SIXER, DATA, 307200, KB, .rounding = 'c', .digits = 2),
    DATA(SIXER, DATA, 3000000, KB, .roam = FAR, .rounding = 'c', .digits = 2),

    COMMON(NIGHT, 100000, 300000),
    MINUTE(NIGHT, BASE, 300000, .direction = D(MO), .roam = LAND, .band = B(DAY)),
    MINUTE(NIGHT, BASE, 120000, .direction = D(MO), .roam = LAND, .band = B(EVE)),
    MINUTE(NIGHT, BASE, 150000, .direction = D(MO), .roam = LAND, .band = B(WEEKEND)),
    MINUTE(NIGHT, BASE, 100000, .direction = D(MO), .roam = LAND, .band = B(HOLIDAY)),
    DATA(NIGHT, DATA, 200000, MB, .rounding = 'h', .digits = 3),
    DATA(NIGHT, DATA, 2500000, MB, .roam = FAR, .rounding = 'h', .digits = 3),

    COMMON(FLOW, 100000, 300000),
    MINUTE(FLOW, BASE, 190000, .direction = D(MO), .roam = LAND),
    DATA(FLOW, DATA, 200000, KB),
    DATA(FLOW, DATA, 100000, KB, .from = 200 * MB),
    DATA(FLOW, DATA, 50000, KB, .from = 1024ull * MB),
    DATA(FLOW, DATA, 3000000, KB, .roam = FAR, .priority = 1),
    DATA(FLOW, VIDEO, 50000, MB),

    COMMON(STEPS, 100000, 300000),
    MINUTE(STEPS, BASE, 220000, .direction = D(MO), .roam = LAND),
    DATA(STEPS, DATA, 150000, MB, .counter = true),
    DATA(STEPS, DATA, 80000, MB, .counter = true, .from = 300 * MB),
    DATA(STEPS, DATA, 30000, MB, .counter = true, .from = 2048ull * MB),
    DATA(STEPS, DATA, 3000000, MB, .roam = FAR),

    COMMON(BUNDLE, 100000, 300000),
    MINUTE(BUNDLE, BASE, 150000, .direction = D(MO), .roam = LAND),
    DATA(BUNDLE, DATA, 100000, MB, .rounding = 'c', .digits = 2),
    DATA(BUNDLE, DATA, 3000000, MB, .roam = FAR, .rounding = 'c', .digits = 2),

    COMMON(SENIOR, 50000, 200000),
    MINUTE(SENIOR, BASE, 100000, .direction = D(MO), .roam = LAND, .connect_micro = 50000),
    MINUTE(SENIOR, BASE, 150000, .direction = D(MO), .roam = LAND, .from = 180),
    SIXSEC(SENIOR, LD, 70000, .direction = D(MO), .roam = NEAR, .zone = Z(DOMESTIC)),
    DATA(SENIOR, DATA, 500000, KB, .rounding = 'f', .digits = 2),

    COMMON(WORKS, 60000, 200000),
    MINUTE(WORKS, BASE, 120000, .direction = D(MO), .roam = LAND),
    DATA(WORKS, DATA, 100000, KB),
    DATA(WORKS, DATA, 2000000, KB, .roam = FAR),

    MINUTE(VNET, BASE, 50000, .direction = D(MO), .roam = LAND, .net = N(GROUP), .priority = 2),
    MINUTE(VTREE, BASE, 80000, .direction = D(MO), .roam = LAND, .tree = true, .priority = 1),
    MINUTE(HOMENET, BASE, 0, .roam = LAND, .net = N(FAMILY)),
};
const uint32_t sp__gen_rate_count = sizeof sp__gen_rates / sizeof sp__gen_rates[0];

const char *const sp__gen_plan_name[SP_GEN_PLAN_MAX] = {
    "talk",  "sixer",   "night",  "flow",   "steps",  "bundle", "senior",   "works",    "vnet",
    "vtree", "homenet", "pool_s", "pool_l", "office", "boss",   "datapack", "talkpack", "smspack"};

static uint32_t columns_of(const struct sp_gen_rate *rate)
{
  /* service always; then each set that is given. asia is zone and dest. */
  uint32_t columns = 1;
  columns += rate->direction != SP_GEN_ANY;
  columns += rate->roam != SP_GEN_ANY;
  columns += rate->zone != SP_GEN_ANY;
  columns += rate->zone == (1u << SP_GEN_ZONE_ASIA);
  columns += rate->net != SP_GEN_ANY || rate->tree;
  columns += rate->band != SP_GEN_ANY;
  columns += rate->lane == SP_GEN_LANE_VIDEO;
  return columns;
}

static bool has(uint32_t set, uint32_t value)
{
  return set == SP_GEN_ANY || ((set >> value) & 1u) != 0;
}

static bool matches(const struct sp_gen_rate *rate, const struct sp_gen_facts *facts, uint32_t band)
{
  uint32_t direction = facts->direction == SP_GEN_CF ? SP_GEN_MO : facts->direction;
  if (!has(rate->direction, direction) || !has(rate->roam, facts->roam)) {
    return false;
  }
  /* A zone cell "international" without dest holds for asia too; SP_GEN_ZONE_ASIA alone
   * stands for international with dest. */
  uint32_t zone = facts->zone;
  bool zone_fits =
      has(rate->zone, zone) || (zone == SP_GEN_ZONE_ASIA && has(rate->zone, SP_GEN_ZONE_WORLD));
  return zone_fits && has(rate->net, facts->net) && (!rate->tree || facts->tree) &&
         has(rate->band, band);
}

static bool lane_fits(uint8_t rule_lane, uint8_t lane)
{
  return rule_lane == lane || (lane == SP_GEN_LANE_VIDEO && rule_lane == SP_GEN_LANE_DATA);
}

static bool beats(const struct sp_gen_rate *a, const struct sp_gen_rate *b)
{
  if (a->priority != b->priority) {
    return a->priority > b->priority;
  }
  return columns_of(a) > columns_of(b);
}

/* The rule of a lane in one plan by plain search: its first row, or NULL. */
static const struct sp_gen_rate *search(const struct sp_gen_facts *facts, uint32_t plan,
                                        uint8_t lane, uint32_t band)
{
  const struct sp_gen_rate *best = NULL;
  for (uint32_t i = 0; i < sp__gen_rate_count; i++) {
    const struct sp_gen_rate *rate = &sp__gen_rates[i];
    if (rate->plan != plan || !lane_fits(rate->lane, lane) || rate->from != 0) {
      continue;
    }
    if (matches(rate, facts, band) && (best == NULL || beats(rate, best))) {
      best = rate;
    }
  }
  return best;
}

/* Searched once per combination: 0 not yet, 1 none, else row + 2. A cache, never a result. */
#define NETS (2u * SP_GEN_NET_MAX)
static uint8_t cache[SP_GEN_RATED_MAX][SP_GEN_LANE_MAX][SP_GEN_BAND_MAX][SP_GEN_DIRECTION_MAX]
                    [SP_GEN_ROAM_MAX][SP_GEN_ZONE_MAX][NETS];

static const struct sp_gen_rate *rule_in_plan(const struct sp_gen_facts *facts, uint32_t plan,
                                              uint8_t lane, uint32_t band)
{
  uint32_t net = facts->net + (facts->tree ? SP_GEN_NET_MAX : 0u);
  uint8_t *seen = &cache[plan][lane][band][facts->direction][facts->roam][facts->zone][net];
  if (*seen == 0) {
    const struct sp_gen_rate *rate = search(facts, plan, lane, band);
    *seen = rate == NULL ? 1 : (uint8_t)(rate - sp__gen_rates + 2);
  }
  return *seen == 1 ? NULL : &sp__gen_rates[*seen - 2];
}

/* The rule of an item at a band: group or family price, else the base plan's (book.md §9). */
static const struct sp_gen_rate *rule_at(const struct sp_gen_facts *facts, uint8_t lane,
                                         uint32_t band)
{
  const struct sp_gen_rate *rate = NULL;
  if (lane == SP_GEN_LANE_BASE && facts->vnet) {
    rate = rule_in_plan(facts, SP_GEN_VNET, lane, band);
  }
  if (rate == NULL && lane == SP_GEN_LANE_BASE && facts->vtree) {
    rate = rule_in_plan(facts, SP_GEN_VTREE, lane, band);
  }
  if (rate == NULL && lane == SP_GEN_LANE_BASE && facts->homenet) {
    rate = rule_in_plan(facts, SP_GEN_HOMENET, lane, band);
  }
  return rate != NULL ? rate : rule_in_plan(facts, facts->plan, lane, band);
}

/* Sums below are in 1/1024 micro-units, so that a price per MB by the KB stays whole. */
static uint64_t increment_price(const struct sp_gen_rate *rate)
{
  return rate->price_micro * rate->increment * 1024 / rate->per;
}

/* The slot of an offset: the last row of the rule that begins at or before it. */
static const struct sp_gen_rate *slot_at(const struct sp_gen_rate *rule, uint64_t offset)
{
  const struct sp_gen_rate *end = sp__gen_rates + sp__gen_rate_count;
  while (rule + 1 < end && rule[1].from != 0 && rule[1].from <= offset) {
    rule++;
  }
  return rule;
}

/* The rule's price of a quantity, slot by slot. */
static uint64_t sum_of_slots(const struct sp_gen_rate *rule, uint64_t quantity, uint64_t base)
{
  const struct sp_gen_rate *end = sp__gen_rates + sp__gen_rate_count;
  uint64_t sum = 0, position = 0;
  while (position < quantity) {
    const struct sp_gen_rate *slot = slot_at(rule, base + position);
    uint64_t step = slot->increment;
    uint64_t count = (quantity - position + step - 1) / step;
    if (slot + 1 < end && slot[1].from != 0) {
      uint64_t until = slot[1].from - base - position;
      uint64_t here = (until + step - 1) / step;
      count = here < count ? here : count;
    }
    sum += count * increment_price(slot);
    position += count * step;
  }
  return sum;
}

/* By the bands: one increment after the other, each with the rule of its start. */
static uint64_t sum_of_bands(const struct sp_gen_facts *facts, uint8_t lane)
{
  uint64_t sum = 0, position = 0;
  while (position < facts->quantity) {
    enum sp_gen_band band = sp__gen_band(facts->start_s + (int64_t)position);
    const struct sp_gen_rate *rule = rule_at(facts, lane, (uint32_t)band);
    sum += increment_price(rule);
    position += rule->increment;
  }
  return sum;
}

static int64_t round_sum(uint64_t sum, char rounding, uint32_t digits)
{
  uint64_t unit = 1024;
  for (uint32_t d = digits; d < 6; d++) {
    unit *= 10;
  }
  uint64_t add = rounding == 'c' ? unit - 1 : rounding == 'f' ? 0 : unit / 2;
  return (int64_t)((sum + add) / unit * (unit / 1024));
}

static int64_t discounted(uint8_t plan, uint8_t lane, int64_t item_micro)
{
  uint64_t percent = 0;
  if (plan == SP_GEN_SIXER && lane == SP_GEN_LANE_BASE) {
    percent = 5;
  }
  if (plan == SP_GEN_NIGHT && (lane == SP_GEN_LANE_SMS || lane == SP_GEN_LANE_MMS)) {
    percent = 20;
  }
  if (percent == 0) {
    return item_micro;
  }
  uint64_t hundredths = (uint64_t)item_micro * (100 - percent);
  return (int64_t)((hundredths + 50000) / 100000 * 1000); /* half_up to 3 digits */
}

bool sp__gen_price(const struct sp_gen_facts *facts, const uint8_t *lanes, uint32_t lane_count,
                   struct sp_gen_price *price)
{
  bool found = false;
  *price = (struct sp_gen_price){0};
  uint32_t band = (uint32_t)sp__gen_band(facts->start_s);
  for (uint32_t i = 0; i < lane_count; i++) {
    uint8_t lane = lanes[i];
    const struct sp_gen_rate *rule = rule_at(facts, lane, band);
    if (rule == NULL) {
      continue;
    }
    found = true;
    uint64_t sum = rule->band != SP_GEN_ANY
                       ? sum_of_bands(facts, lane)
                       : sum_of_slots(rule, facts->quantity, rule->counter ? facts->counter : 0);
    sum += rule->connect_micro * 1024;
    bool own = rule->rounding != 0;
    int64_t micro = round_sum(sum, own ? rule->rounding : 'h', own ? rule->digits : 3u);
    price->list_micro += micro;
    price->net_micro += discounted(facts->plan, lane, micro);
    price->counted = price->counted || rule->counter;
  }
  return found;
}
