/* What a CGRateS tariff comes to when its tables are read: targets (plan, destination) with their
 * intervals in order, profiles with their plans in time; and what must fit together. */
#include <string.h>

#include "rating/cgrates_price.h"
#include "rating/cgrates_reading.h"
#include "rating/civil.h"
#include "rating/hash.h"
#include "rating/sort.h"

#define INTERVALS_MAX (UINT32_C(1) << 26)
#define FIRST_DAY (-2)
#define LAST_DAY 65536 /* in 2149: no call that begins before 2100 lasts so long */
#define GAPS 64

uint32_t sp__cg_target_place(const struct sp_cgrates *tariff, uint32_t plan, uint32_t destination)
{
  uint32_t at = (uint32_t)sp_hash_word((uint64_t)plan << 32 | destination) & tariff->targets_mask;
  while (tariff->targets[at].plan != SP_CG_NONE &&
         (tariff->targets[at].plan != plan || tariff->targets[at].destination != destination)) {
    at = (at + 1) & tariff->targets_mask;
  }
  return at;
}

static bool timing_daily(const struct sp_cg_timing *timing)
{
  return timing->years_count == 0 && timing->months == 0 && timing->month_days == 0;
}

static bool week_day_on(const struct sp_cg_timing *timing, int32_t day)
{
  return timing->week_days == 0 ||
         (timing->week_days >> ((sp_civil_weekday(day) + 1) % 7) & 1) != 0;
}

bool sp__cg_timing_on(const struct sp_cg_timing *timing, int32_t day)
{
  if (timing_daily(timing)) {
    return week_day_on(timing, day);
  }
  struct sp_civil date = sp_civil_from_day(day);
  bool year = timing->years_count == 0;
  for (uint32_t i = 0; i < timing->years_count; i++) {
    year |= timing->years[i] == date.year;
  }
  return year && (timing->months == 0 || (timing->months >> date.month & 1)) &&
         (timing->month_days == 0 || (timing->month_days >> date.day & 1)) &&
         week_day_on(timing, day);
}

/* The same for every target whose timings from 00:00:00 are the same: kept by their hash. */
struct gap_memory {
  uint64_t hashes[GAPS];
  int32_t days[GAPS];
};

static uint64_t starts_hash(const struct sp_cgrates *tariff, const struct sp_cg_target *target)
{
  uint64_t hash = 1;
  for (uint32_t i = 0; i < target->count; i++) {
    uint32_t timing = tariff->intervals[target->first + i].timing;
    if (tariff->timings[timing].start_ns == 0) {
      hash = sp_hash_word(hash + timing + 1);
    }
  }
  return hash;
}

/* The first day that begins without a rate, LAST_DAY: none. */
static int32_t gap_find(const struct sp_cgrates *tariff, const struct sp_cg_target *target)
{
  uint32_t week_days = 0;
  const struct sp_cg_interval *intervals = tariff->intervals + target->first;
  for (uint32_t i = 0; i < target->count; i++) {
    const struct sp_cg_timing *timing = tariff->timings + intervals[i].timing;
    if (timing->start_ns == 0 && timing_daily(timing)) {
      week_days |= timing->week_days == 0 ? 0x7F : timing->week_days;
    }
  }
  if (week_days == 0x7F) {
    return LAST_DAY;
  }
  int32_t day = FIRST_DAY;
  for (; day < LAST_DAY; day++) {
    bool covered = false;
    for (uint32_t i = 0; i < target->count && !covered; i++) {
      const struct sp_cg_timing *timing = tariff->timings + intervals[i].timing;
      covered = timing->start_ns == 0 && sp__cg_timing_on(timing, day);
    }
    if (!covered) {
      break;
    }
  }
  return day;
}

static void gap_report(struct sp_cg_reading *reading, const struct sp_cg_target *target,
                       int32_t day)
{
  static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};
  const struct sp_cgrates *tariff = reading->tariff;
  const struct sp_cg_name *plan = tariff->names + tariff->plans[target->plan].name;
  const struct sp_cg_name *destination =
      tariff->names + tariff->destination_names[target->destination];
  char message[SP_PROBLEM_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(message);
  struct sp_civil date = sp_civil_from_day(day);
  sp_text_add(&text, "gap in the timings: plan '");
  sp_text_add_bytes(&text, plan->text, plan->length > 80 ? 80 : plan->length);
  sp_text_add(&text, "' has no rate for destination '");
  sp_text_add_bytes(&text, destination->text, destination->length > 80 ? 80 : destination->length);
  sp_text_add(&text, "' at the beginning of ");
  sp_text_add_i64(&text, date.year);
  sp_text_add(&text, date.month < 10 ? "-0" : "-");
  sp_text_add_i64(&text, date.month);
  sp_text_add(&text, date.day < 10 ? "-0" : "-");
  sp_text_add_i64(&text, date.day);
  sp_text_add(&text, " (");
  sp_text_add(&text, days[sp_civil_weekday(day)]);
  sp_text_add(&text, "): expected timings from 00:00:00 that together hold on every day; "
                     "a row of this plan with timing *any and a lower weight fills it");
  sp_problem_error(reading->problems, "RatingPlans.csv", target->line, target->column, message);
}

/* Heavier first, then the later start, then the earlier row: so the first that holds wins. */
static bool before(const struct sp_cgrates *tariff, const struct sp_cg_interval *a,
                   const struct sp_cg_interval *b)
{
  if (a->weight != b->weight) {
    return a->weight > b->weight;
  }
  return tariff->timings[a->timing].start_ns > tariff->timings[b->timing].start_ns;
}

static void intervals_sort(const struct sp_cgrates *tariff, struct sp_cg_interval *intervals,
                           uint32_t count)
{
  for (uint32_t i = 1; i < count; i++) {
    struct sp_cg_interval interval = intervals[i];
    uint32_t at = i;
    while (at > 0 && before(tariff, &interval, intervals + at - 1)) {
      intervals[at] = intervals[at - 1];
      at--;
    }
    intervals[at] = interval;
  }
}

/* The order in which a call looks through them: arranged, or by rows and arranged by each call. */
static void looked_make(struct sp_cgrates *tariff, struct sp_cg_target *target)
{
  const struct sp_cg_interval **looked = tariff->looked + target->first;
  const struct sp_cg_interval *again[SP_CG_TARGET_INTERVALS_MAX];
  struct sp_cg_interval *intervals = tariff->intervals + target->first;
  for (uint32_t i = 0; i < target->count; i++) {
    looked[intervals[i].row] = intervals + i;
  }
  sp__cg_intervals_arrange(tariff, looked, target->count);
  for (uint32_t i = 0; i < target->count; i++) {
    again[i] = looked[i];
  }
  sp__cg_intervals_arrange(tariff, again, target->count);
  target->calm = true;
  for (uint32_t i = 0; i < target->count; i++) {
    target->calm &= again[i] == looked[i];
  }
  for (uint32_t i = 0; i < target->count && !target->calm; i++) {
    looked[intervals[i].row] = intervals + i;
  }
}

static bool rate_equal(const struct sp_cgrates *tariff, uint32_t a, uint32_t b)
{
  const struct sp_cg_rate *x = tariff->rates + a, *y = tariff->rates + b;
  bool equal = x->count == y->count && sp__cg_amount_equal(&x->fee, &y->fee);
  for (uint32_t i = 0; i < x->count && equal; i++) {
    equal = sp__cg_slot_equal(tariff->slots + x->first + i, tariff->slots + y->first + i);
  }
  return equal;
}

/* To CGRateS what has one timing, one weight and equal prices is one, by whatever names. */
static bool interval_equal(const struct sp_cgrates *tariff, const struct sp_cg_interval *a,
                           const struct sp_cg_interval *b)
{
  const struct sp_cg_rating *x = tariff->ratings + a->rating, *y = tariff->ratings + b->rating;
  return a->timing == b->timing && a->weight == b->weight && x->rounding == y->rounding &&
         x->decimals == y->decimals && x->strategy == y->strategy && x->cost_max == y->cost_max &&
         (x->rate == y->rate || rate_equal(tariff, x->rate, y->rate));
}

/* How many there are bears on the sort. */
static void equals_drop(struct sp_cgrates *tariff, struct sp_cg_target *target)
{
  struct sp_cg_interval *intervals = tariff->intervals + target->first;
  uint32_t count = 0;
  for (uint32_t i = 0; i < target->count; i++) {
    uint32_t at = 0;
    while (at < count && !interval_equal(tariff, intervals + at, intervals + i)) {
      at++;
    }
    if (at == count) {
      intervals[count] = intervals[i];
      intervals[count].row = count;
      count++;
    }
  }
  target->count = count;
}

static void target_finish(struct sp_cg_reading *reading, struct sp_cg_target *target,
                          struct gap_memory *gaps)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cg_interval *intervals = tariff->intervals + target->first;
  equals_drop(tariff, target);
  intervals_sort(tariff, intervals, target->count);
  looked_make(tariff, target);
  const struct sp_cg_timing *timing = tariff->timings + intervals[0].timing;
  const struct sp_cg_rate *rate = tariff->rates + tariff->ratings[intervals[0].rating].rate;
  target->weight = intervals[0].weight;
  target->plain = target->count == 1 && timing_daily(timing) && timing->week_days == 0 &&
                  timing->start_ns == 0 && rate->count == 1;
  uint64_t hash = starts_hash(tariff, target);
  if (gaps->hashes[hash % GAPS] != hash) {
    gaps->hashes[hash % GAPS] = hash;
    gaps->days[hash % GAPS] = gap_find(tariff, target);
  }
  if (gaps->days[hash % GAPS] < LAST_DAY) {
    gap_report(reading, target, gaps->days[hash % GAPS]);
  }
}

/* Goes through all (row of a plan, rating) in order of rows; `fill`: into the places counted. */
static void intervals_walk(struct sp_cgrates *tariff, bool fill)
{
  for (uint32_t i = 0; i < tariff->plan_rows_count; i++) {
    const struct sp_cg_plan_row *row = tariff->plan_rows + i;
    for (uint32_t at = tariff->tag_first[row->ratings]; at != SP_CG_NONE;
         at = tariff->ratings[at].next) {
      uint32_t destination = tariff->ratings[at].destination;
      struct sp_cg_target *target =
          tariff->targets + sp__cg_target_place(tariff, row->plan, destination);
      if (target->plan == SP_CG_NONE) {
        *target = (struct sp_cg_target){row->plan, destination, 0,     0,    0,
                                        row->line, row->column, false, false};
      }
      if (fill) {
        tariff->intervals[target->first + target->count] =
            (struct sp_cg_interval){row->timing, at, row->weight, target->count};
      }
      target->count++;
    }
  }
}

static uint64_t intervals_count(const struct sp_cgrates *tariff)
{
  uint64_t count = 0;
  for (uint32_t i = 0; i < tariff->plan_rows_count && count <= INTERVALS_MAX; i++) {
    for (uint32_t at = tariff->tag_first[tariff->plan_rows[i].ratings]; at != SP_CG_NONE;
         at = tariff->ratings[at].next) {
      count++;
    }
  }
  return count;
}

enum sp_status sp__cg_targets_build(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  uint64_t count = intervals_count(tariff);
  size_t lines = 16;
  if (count > INTERVALS_MAX) {
    sp_problem_error(reading->problems, "RatingPlans.csv", 0, 0,
                     "too many rates in plans: expected at most 67,108,864 (plan, destination)");
    count = 0;
    tariff->plan_rows_count = 0;
  }
  while (lines < 2 * count) {
    lines *= 2;
  }
  tariff->targets_mask = (uint32_t)(lines - 1);
  tariff->targets = sp_memory_take(reading->memory, lines * sizeof(*tariff->targets));
  tariff->intervals = sp_memory_take(reading->memory, (count + 1) * sizeof(*tariff->intervals));
  tariff->looked =
      sp_memory_take(reading->memory, (count + 1) * sizeof(const struct sp_cg_interval *));
  if (tariff->targets == NULL || tariff->intervals == NULL || tariff->looked == NULL) {
    return SP_NO_MEMORY;
  }
  for (size_t i = 0; i < lines; i++) {
    tariff->targets[i].plan = SP_CG_NONE;
  }
  intervals_walk(tariff, false);
  for (size_t i = 0; i < lines; i++) {
    struct sp_cg_target *target = tariff->targets + i;
    if (target->plan == SP_CG_NONE) {
      continue;
    }
    target->first = tariff->intervals_count;
    tariff->intervals_count += target->count;
    if (target->count > SP_CG_TARGET_INTERVALS_MAX) {
      sp_problem_error(reading->problems, "RatingPlans.csv", target->line, target->column,
                       "too many rates of one destination in this plan: expected at most 1024");
    }
    target->count = 0;
  }
  intervals_walk(tariff, true);
  struct gap_memory gaps = {{0}, {0}};
  for (size_t i = 0; i < lines; i++) {
    if (tariff->targets[i].plan != SP_CG_NONE &&
        tariff->targets[i].count <= SP_CG_TARGET_INTERVALS_MAX) {
      target_finish(reading, tariff->targets + i, &gaps);
    }
  }
  return SP_OK;
}

uint32_t sp__cg_profile_place(const struct sp_cgrates *tariff, uint32_t tenant, uint32_t category,
                              uint32_t subject)
{
  uint64_t hash = sp_hash_word(sp_hash_word((uint64_t)tenant << 32 | category) + subject);
  uint32_t at = (uint32_t)hash & tariff->profiles_mask;
  const struct sp_cg_profile *profiles = tariff->profiles;
  while (profiles[at].tenant != SP_CG_NONE &&
         (profiles[at].tenant != tenant || profiles[at].category != category ||
          profiles[at].subject != subject)) {
    at = (at + 1) & tariff->profiles_mask;
  }
  return at;
}

uint32_t sp__cg_profile_find(const struct sp_cgrates *tariff, uint32_t tenant, uint32_t category,
                             uint32_t subject)
{
  uint32_t at = sp__cg_profile_place(tariff, tenant, category, subject);
  return tariff->profiles[at].tenant == SP_CG_NONE ? SP_CG_NONE : at;
}

/* By profile, then by time. */
static int activation_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp_cg_activation *x = (const struct sp_cg_activation *)context + a;
  const struct sp_cg_activation *y = (const struct sp_cg_activation *)context + b;
  if (x->profile != y->profile) {
    return x->profile < y->profile ? -1 : 1;
  }
  return sp_compare_i64(x->from_ns, y->from_ns);
}

/* By their bytes: so CGRateS tries them, whatever their order in the cell. */
static void fallbacks_sort(const struct sp_cgrates *tariff,
                           const struct sp_cg_activation *activation)
{
  uint32_t *fallbacks = tariff->fallbacks + activation->fallbacks;
  for (uint32_t i = 1; i < activation->fallbacks_count; i++) {
    uint32_t fallback = fallbacks[i], at = i;
    const struct sp_cg_name *name = tariff->names + fallback;
    for (; at > 0; at--) {
      const struct sp_cg_name *other = tariff->names + fallbacks[at - 1];
      uint32_t length = name->length < other->length ? name->length : other->length;
      int order = memcmp(name->text, other->text, length);
      if (order > 0 || (order == 0 && name->length >= other->length)) {
        break;
      }
      fallbacks[at] = fallbacks[at - 1];
    }
    fallbacks[at] = fallback;
  }
}

static void fallbacks_link(struct sp_cg_reading *reading, const struct sp_cg_activation *activation)
{
  struct sp_cgrates *tariff = reading->tariff;
  const struct sp_cg_profile *profile = tariff->profiles + activation->profile;
  fallbacks_sort(tariff, activation);
  for (uint32_t i = 0; i < activation->fallbacks_count; i++) {
    uint32_t *fallback = tariff->fallbacks + activation->fallbacks + i;
    const struct sp_cg_name *name = tariff->names + *fallback;
    *fallback = sp__cg_profile_find(tariff, profile->tenant, profile->category, *fallback);
    if (*fallback == SP_CG_NONE) {
      char message[SP_PROBLEM_BYTES_MAX];
      struct sp_text text = SP_TEXT_INIT(message);
      sp_text_add(&text, "fallback subject '");
      sp_text_add_bytes(&text, name->text, name->length > 80 ? 80 : name->length);
      sp_text_add(&text, "' has no profile of this tenant and category: it prices nothing");
      sp_problem_warning(reading->problems, "RatingProfiles.csv", activation->line,
                         activation->fallbacks_column, message);
    }
  }
}

/* Two plans of one profile from one time; the same row twice is none. */
static bool activations_clash(const struct sp_cgrates *tariff, const struct sp_cg_activation *a,
                              const struct sp_cg_activation *b)
{
  const uint32_t *fallbacks = tariff->fallbacks;
  return a->profile == b->profile && a->from_ns == b->from_ns &&
         (a->plan != b->plan || a->fallbacks_count != b->fallbacks_count ||
          memcmp(fallbacks + a->fallbacks, fallbacks + b->fallbacks,
                 a->fallbacks_count * sizeof(*fallbacks)) != 0);
}

enum sp_status sp__cg_profiles_build(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  size_t count = tariff->activations_count;
  uint32_t *order = sp_memory_take(reading->memory, (count + 1) * 2 * sizeof(*order));
  struct sp_cg_activation *sorted = sp_memory_take(reading->memory, (count + 1) * sizeof(*sorted));
  if (order == NULL || sorted == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 0; i < count; i++) {
    order[i] = i;
  }
  sp_sort(order, order + count, count, activation_compare, tariff->activations);
  for (uint32_t i = 0; i < count; i++) {
    sorted[i] = tariff->activations[order[i]];
    struct sp_cg_profile *profile = tariff->profiles + sorted[i].profile;
    profile->first = profile->count == 0 ? i : profile->first;
    profile->count++;
    fallbacks_link(reading, sorted + i);
    if (i > 0 && activations_clash(tariff, sorted + i - 1, sorted + i)) {
      sp_problem_error(reading->problems, "RatingProfiles.csv", sorted[i].line,
                       sorted[i].from_column,
                       "a second plan of this profile from the same time: expected one");
    }
  }
  tariff->activations = sorted;
  return SP_OK;
}
