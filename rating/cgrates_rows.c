/* Rows of Timings.csv, Rates.csv and RatingProfiles.csv. */
#include <string.h>

#include "rating/cgrates_reading.h"
#include "rating/civil.h"
#include "rating/sort.h"

static bool is_any(struct sp_cell_text cell)
{
  return cell.length == 0 || (cell.length == 4 && (memcmp(cell.text, "*any", 4) == 0 ||
                                                   memcmp(cell.text, "*all", 4) == 0));
}

/* The next part of a `;` list; false: no more. */
static bool part_next(struct sp_cell_text *rest, struct sp_cell_text *part)
{
  if (rest->length == 0) {
    return false;
  }
  const char *mark = memchr(rest->text, ';', rest->length);
  uint32_t length = mark == NULL ? rest->length : (uint32_t)(mark - rest->text);
  *part = (struct sp_cell_text){rest->text, length, rest->column};
  uint32_t past = mark == NULL ? length : length + 1;
  rest->text += past;
  rest->length -= past;
  return true;
}

/* A list of numbers from `least` to `most` as bits; 0: any. */
static bool bits_read(struct sp_cg_reading *reading, uint32_t cell, uint32_t least, uint32_t most,
                      uint32_t *bits)
{
  struct sp_cell_text rest = sp__cg_cell(reading, cell), part;
  *bits = 0;
  if (is_any(rest)) {
    return true;
  }
  while (part_next(&rest, &part)) {
    int64_t number;
    if (most == 31 && part.length == 2 && memcmp(part.text, "-1", 2) == 0) {
      *bits |= 1; /* the last day, for other uses than prices: no day here */
      continue;
    }
    if (!sp__cg_whole_read(&number, part) || number < least || number > most) {
      char what[96];
      struct sp_text to = SP_TEXT_INIT(what);
      sp_text_add(&to, "expected *any or a list of numbers from ");
      sp_text_add_u64(&to, least);
      sp_text_add(&to, " to ");
      sp_text_add_u64(&to, most);
      sp__cg_error(reading, cell, what, part);
      return false;
    }
    *bits |= UINT32_C(1) << number;
  }
  return true;
}

static bool years_read(struct sp_cg_reading *reading, struct sp_cg_timing *timing)
{
  struct sp_cell_text rest = sp__cg_cell(reading, 1), part;
  if (is_any(rest)) {
    return true;
  }
  while (part_next(&rest, &part)) {
    int64_t year;
    if (!sp__cg_whole_read(&year, part) || year < 1 || year > 9999 ||
        timing->years_count == SP_CG_YEARS_MAX) {
      sp__cg_error(reading, 1, "expected *any or a list of at most 32 years", part);
      return false;
    }
    timing->years[timing->years_count++] = (uint16_t)year;
  }
  return true;
}

/* Three numbers of one or two digits, `:` between them. */
static bool clock_read(struct sp_cell_text clock, int64_t *second)
{
  *second = 0;
  for (uint32_t i = 0; i < 3; i++) {
    const char *mark = memchr(clock.text, ':', clock.length);
    struct sp_cell_text part = clock;
    int64_t number;
    if ((mark == NULL) != (i == 2)) {
      return false;
    }
    part.length = mark == NULL ? clock.length : (uint32_t)(mark - clock.text);
    if (part.length > 2 || !sp__cg_whole_read(&number, part) || number >= (i == 0 ? 24 : 60)) {
      return false;
    }
    *second = *second * 60 + number;
    part.length += mark != NULL;
    clock.text += part.length;
    clock.length -= part.length;
  }
  return true;
}

/* "HH:MM:SS"; an end behind `;` is there for other uses and does not bear on prices. */
static bool start_read(struct sp_cg_reading *reading, struct sp_cg_timing *timing)
{
  struct sp_cell_text rest = sp__cg_cell(reading, 5), start = rest;
  int64_t second = 0;
  if (is_any(rest)) {
    return true;
  }
  (void)part_next(&rest, &start);
  if (start.length == 0) {
    return true;
  }
  timing->clockless = start.text[0] == '*';
  if (!timing->clockless && !clock_read(start, &second)) {
    sp__cg_error(reading, 5, "expected a time of day as HH:MM:SS", sp__cg_cell(reading, 5));
    return false;
  }
  timing->start_ns = second * 1000000000;
  return true;
}

static bool timing_equal(const struct sp_cg_timing *a, const struct sp_cg_timing *b)
{
  return a->start_ns == b->start_ns && a->month_days == b->month_days && a->months == b->months &&
         a->week_days == b->week_days && a->clockless == b->clockless &&
         a->years_count == b->years_count &&
         memcmp(a->years, b->years, a->years_count * sizeof(*a->years)) == 0;
}

void sp__cg_timing_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cg_timing timing = {.years_count = 0};
  uint32_t months = 0, week_days = 0;
  struct sp_cell_text tag = sp__cg_cell(reading, 0);
  if (tag.length == 0) {
    sp__cg_error(reading, 0, "expected a name", tag);
    return;
  }
  timing.name = sp__cg_name_take(reading, tag);
  bool fits = years_read(reading, &timing);
  fits &= bits_read(reading, 2, 1, 12, &months);
  fits &= bits_read(reading, 3, 1, 31, &timing.month_days);
  fits &= bits_read(reading, 4, 0, 7, &week_days);
  fits &= start_read(reading, &timing);
  timing.months = (uint16_t)months;
  timing.week_days = (uint8_t)((week_days & 0x7F) | (week_days >> 7 & 1)); /* 7 is Sunday, too */
  uint32_t known = tariff->names[timing.name].timing;
  if (timing.name == tariff->any) {
    return; /* *any stays what it is */
  }
  if (known != SP_CG_NONE) {
    if (fits && !timing_equal(tariff->timings + known, &timing)) {
      sp__cg_error(reading, 0, "a second timing of this name that is not the same: expected one",
                   tag);
    }
    return;
  }
  /* a wrong one stands by its name, so that no row is blamed for it again */
  tariff->names[timing.name].timing = tariff->timings_count;
  tariff->timings[tariff->timings_count++] = timing;
}

static bool amount_read(struct sp_cg_reading *reading, uint32_t cell, struct sp_cg_amount *amount)
{
  struct sp_cell_text text = sp__cg_cell(reading, cell);
  *amount = (struct sp_cg_amount){.value = 0};
  if (text.length > 0 && !sp__cg_amount_read(amount, text)) {
    sp__cg_error(reading, cell,
                 text.text[0] == '-' ? "expected an amount from 0: no price is below it"
                                     : "expected an amount from 0 to 200,000,000 as 0.25",
                 text);
    return false;
  }
  return true;
}

static bool duration_read(struct sp_cg_reading *reading, uint32_t cell, int64_t *ns)
{
  struct sp_cell_text text = sp__cg_cell(reading, cell);
  *ns = 0;
  if (text.length > 0 && !sp_cgrates_duration_read(ns, text.text, text.length)) {
    sp__cg_error(reading, cell, "expected a duration as 60s, 1m or nanoseconds", text);
    return false;
  }
  return true;
}

void sp__cg_rate_row_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cg_slot slot = {.line = reading->table.row_line,
                            .price_column = sp__cg_cell(reading, 2).column,
                            .from_column = sp__cg_cell(reading, 5).column};
  struct sp_cell_text tag = sp__cg_cell(reading, 0);
  if (tag.length == 0) {
    sp__cg_error(reading, 0, "expected a name", tag);
    return;
  }
  struct sp_cg_amount fee;
  bool fits = amount_read(reading, 1, &fee);
  fits &= amount_read(reading, 2, &slot.price);
  fits &= duration_read(reading, 3, &slot.unit_ns);
  fits &= duration_read(reading, 4, &slot.increment_ns);
  fits &= duration_read(reading, 5, &slot.from_ns);
  uint32_t name = sp__cg_name_take(reading, tag);
  if (tariff->names[name].rate == SP_CG_NONE) {
    tariff->rates[tariff->rates_count] =
        (struct sp_cg_rate){.name = name, .fee = fee, .line = slot.line};
    tariff->names[name].rate = tariff->rates_count++;
  }
  if (fits) {
    slot.rate = tariff->names[name].rate;
    slot.unit_ns = slot.unit_ns == 0 ? 1000000000 : slot.unit_ns;
    slot.increment_ns = slot.increment_ns == 0 ? 1000000000 : slot.increment_ns;
    tariff->slots[tariff->slots_count++] = slot;
  }
}

/* The price of one increment as a ratio. */
static void ratio_make(struct sp_cg_reading *reading, struct sp_cg_slot *slot)
{
  sp_u128 power = (uint64_t)sp__cg_power(SP_CGRATES_DECIMALS - reading->tariff->digits);
  sp_u128 over = (sp_u128)(uint64_t)slot->price.value * (uint64_t)slot->increment_ns;
  sp_u128 under = (uint64_t)slot->unit_ns * power, a = over, b = under;
  if (over / (uint64_t)slot->unit_ns > INT64_MAX / 4) {
    sp_problem_error(reading->problems, "Rates.csv", slot->line, slot->price_column,
                     "an increment of this rate costs too much: expected below 200,000,000");
    return;
  }
  while (b != 0) { /* their greatest common divisor */
    sp_u128 rest = a % b;
    a = b;
    b = rest;
  }
  over /= a;
  under /= a;
  if (over <= UINT64_MAX && under <= UINT64_MAX && !slot->price.finer) {
    slot->over = (uint64_t)over;
    slot->under = (uint64_t)under;
  }
}

/* By rate, then by where they begin. */
static int slot_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp_cg_slot *x = (const struct sp_cg_slot *)context + a;
  const struct sp_cg_slot *y = (const struct sp_cg_slot *)context + b;
  if (x->rate != y->rate) {
    return x->rate < y->rate ? -1 : 1;
  }
  return sp_compare_i64(x->from_ns, y->from_ns);
}

bool sp__cg_amount_equal(const struct sp_cg_amount *a, const struct sp_cg_amount *b)
{
  return a->binary.bits == b->binary.bits && a->binary.power == b->binary.power;
}

bool sp__cg_slot_equal(const struct sp_cg_slot *a, const struct sp_cg_slot *b)
{
  return a->from_ns == b->from_ns && sp__cg_amount_equal(&a->price, &b->price) &&
         a->unit_ns == b->unit_ns && a->increment_ns == b->increment_ns;
}

/* The same row twice is one. */
static bool slot_again(const struct sp_cg_slot *a, const struct sp_cg_slot *b)
{
  return a->rate == b->rate && sp__cg_slot_equal(a, b);
}

static enum sp_status slots_sort(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  size_t count = tariff->slots_count;
  uint32_t *order = sp_memory_take(reading->memory, (count + 1) * 2 * sizeof(*order));
  struct sp_cg_slot *sorted = sp_memory_take(reading->memory, (count + 1) * sizeof(*sorted));
  if (order == NULL || sorted == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 0; i < count; i++) {
    order[i] = i;
  }
  sp_sort(order, order + count, count, slot_compare, tariff->slots);
  tariff->slots_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_cg_slot *slot = tariff->slots + order[i];
    if (tariff->slots_count == 0 || !slot_again(sorted + tariff->slots_count - 1, slot)) {
      sorted[tariff->slots_count++] = *slot;
    }
  }
  tariff->slots = sorted;
  return SP_OK;
}

static void rate_check(struct sp_cg_reading *reading, const struct sp_cg_rate *rate)
{
  const struct sp_cg_slot *slots = reading->tariff->slots + rate->first;
  if (rate->count == 0) {
    return; /* its rows have errors of their own */
  }
  if (slots[0].from_ns != 0) {
    sp_problem_error(reading->problems, "Rates.csv", slots[0].line, slots[0].from_column,
                     "this rate has no price at the beginning: expected a row whose group interval "
                     "starts at 0s");
  }
  for (uint32_t i = 1; i < rate->count; i++) {
    if (slots[i].from_ns == slots[i - 1].from_ns) {
      sp_problem_error(reading->problems, "Rates.csv", slots[i].line, slots[i].from_column,
                       "a second row of this rate for one group interval start that is not the "
                       "same: expected one");
    }
  }
}

enum sp_status sp__cg_rates_build(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  SP_TRY(slots_sort(reading));
  for (uint32_t i = 0; i < tariff->slots_count; i++) {
    struct sp_cg_rate *rate = tariff->rates + tariff->slots[i].rate;
    rate->first = rate->count == 0 ? i : rate->first;
    rate->count++;
    ratio_make(reading, tariff->slots + i);
  }
  for (uint32_t i = 0; i < tariff->rates_count; i++) {
    rate_check(reading, tariff->rates + i);
  }
  return SP_OK;
}

static bool activation_read(struct sp_cg_reading *reading, uint32_t cell, int64_t *from_ns)
{
  struct sp_cell_text text = sp__cg_cell(reading, cell);
  int32_t offset_s;
  int64_t seconds;
  *from_ns = INT64_MIN;
  if (text.length == 0 || (text.length == 10 && memcmp(text.text, "*unlimited", 10) == 0) ||
      (text.length == 1 && text.text[0] == '0')) {
    return true;
  }
  if (sp_cgrates_time_read(from_ns, &offset_s, text.text, text.length)) {
    return true;
  }
  if (sp_civil_parse(text.text, text.length, &seconds) == SP_CIVIL_UTC) { /* always, or never */
    *from_ns = seconds < 0 ? INT64_MIN : INT64_MAX;
    return true;
  }
  sp__cg_error(reading, cell, "expected a time as 2014-01-14T00:00:00Z", text);
  return false;
}

static uint32_t profile_take(struct sp_cg_reading *reading, uint32_t cell)
{
  struct sp_cgrates *tariff = reading->tariff;
  uint32_t names[3];
  for (uint32_t i = 0; i < 3; i++) {
    struct sp_cell_text text = sp__cg_cell(reading, cell + i);
    if (text.length == 0) {
      sp__cg_error(reading, cell + i, "expected a name", text);
      return SP_CG_NONE;
    }
    names[i] = sp__cg_name_take(reading, text);
  }
  uint32_t at = sp__cg_profile_place(tariff, names[0], names[1], names[2]);
  if (tariff->profiles[at].tenant == SP_CG_NONE) {
    tariff->profiles[at] = (struct sp_cg_profile){names[0], names[1], names[2], 0, 0};
  }
  return at;
}

void sp__cg_profile_row_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cell_text first = sp__cg_cell(reading, 0), part;
  bool old = first.length == 4 && memcmp(first.text, "*out", 4) == 0; /* with a direction */
  uint32_t cell = old ? 1 : 0;
  if (first.length == 3 && memcmp(first.text, "*in", 3) == 0) {
    return; /* the other direction: no call is asked for it */
  }
  if (!old && reading->table.cells_count > 6) {
    sp__cg_cells_error(reading, 6, "one cell too many", sp__cg_cell(reading, 6));
    return;
  }
  struct sp_cg_activation activation = {.fallbacks = tariff->fallbacks_count,
                                        .line = reading->table.row_line};
  activation.profile = profile_take(reading, cell);
  bool fits = activation_read(reading, cell + 3, &activation.from_ns);
  struct sp_cell_text plan = sp__cg_cell(reading, cell + 4);
  activation.plan = tariff->names[sp__cg_name_take(reading, plan)].plan;
  if (activation.plan == SP_CG_NONE) {
    if ((reading->absent >> SP_CGRATES_RATING_PLANS & 1) == 0) {
      sp__cg_error(reading, cell + 4, "no such plan in RatingPlans.csv", plan);
    }
  }
  struct sp_cell_text rest = sp__cg_cell(reading, cell + 5);
  activation.from_column = sp__cg_cell(reading, cell + 3).column;
  activation.fallbacks_column = rest.column;
  while (part_next(&rest, &part)) {
    tariff->fallbacks[tariff->fallbacks_count++] = sp__cg_name_take(reading, part);
    activation.fallbacks_count++;
  }
  if (fits && activation.plan != SP_CG_NONE && activation.profile != SP_CG_NONE) {
    tariff->activations[tariff->activations_count++] = activation;
  }
}
