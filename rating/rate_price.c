/* Quantity to increments to list price (book.md §8, §9). Increments are never looped over: they
 * come in runs of like ones, which end where the rule, the slot or the usage ends. */
#include "rating/rate_parts.h"

/* Denominators of runs of different plans meet in their least common multiple. */
static int64_t common_multiple(int64_t a, int64_t b)
{
  int64_t x = a, y = b, product;
  while (y != 0) {
    int64_t rest = x % y;
    x = y;
    y = rest;
  }
  return __builtin_mul_overflow(a / x, b, &product) ? 0 : product;
}

static bool i128_multiply(sp_i128 *product, sp_i128 a, int64_t b)
{
  return !__builtin_mul_overflow(a, (sp_i128)b, product);
}

static bool item_rescale(struct sp__item *item, int64_t denominator)
{
  int64_t to = common_multiple(item->denominator, denominator);
  if (to == 0) {
    return false;
  }
  int64_t factor = to / item->denominator;
  item->denominator = to;
  return i128_multiply(&item->list_sum, item->list_sum, factor) &&
         i128_multiply(&item->due_sum, item->due_sum, factor) &&
         i128_multiply(&item->fee, item->fee, factor);
}

/* numerator += value over `denominator`, in the item's own denominator. */
static bool item_add(struct sp__item *item, sp_i128 *sum, sp_i128 value, int64_t denominator)
{
  if (SP_UNLIKELY(item->denominator != denominator)) {
    if (item->denominator % denominator != 0 && !item_rescale(item, denominator)) {
      return false;
    }
    if (!i128_multiply(&value, value, item->denominator / denominator)) {
      return false;
    }
  }
  return !__builtin_add_overflow(*sum, value, sum);
}

/* Rounds as the item's rule at the start says (§8.10). false: more than an amount can be (§16.1).
 */
bool sp__item_round(int64_t *micro, sp_i128 numerator, const struct sp__item *item)
{
  const struct sp__winner *by = item->start;
  int64_t step = sp_money_step(by->digits);
  if (SP_LIKELY(item->denominator == by->denominator && (uint64_t)(numerator >> 62) == 0)) {
    int64_t divisor = sp__winner_divisor(by, step);
    uint64_t small = (uint64_t)numerator + (uint64_t)sp__winner_bias(by, divisor);
    *micro = (int64_t)(small / (uint64_t)divisor) * step;
    return true;
  }
  sp_i128 steps =
      sp_money_divide(numerator, (sp_i128)item->denominator * step, (enum sp_rounding)by->rounding);
  if (steps > INT64_MAX / step) {
    return false;
  }
  *micro = (int64_t)steps * step;
  return true;
}

static struct sp__run *run_push(struct sp_rater *rater)
{
  if (rater->work.runs_count == SP__RUNS_MAX) {
    rater->work.overflow = true;
    return NULL;
  }
  return rater->runs + rater->work.runs_count++;
}

static uint32_t slot_at(const struct sp_book_slot *slots, uint32_t count, int64_t position)
{
  uint32_t low = 0, high = count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (slots[middle].from <= position) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static int64_t divide_up(int64_t a, int64_t b) /* a > 0, b > 0 */
{
  return (a - 1) / b + 1;
}

struct stretch { /* where increments of one rule may start, and where use of them ends */
  int64_t offset, start_limit, use_limit;
};

/* Emits the increments of one rule; offset moves on to the first that is not its own. */
static bool rule_runs(struct sp_rater *rater, struct sp__item *item,
                      const struct sp__winner *winner, struct stretch *at)
{
  const struct sp_book_rule *rule =
      SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule) + winner->rule;
  const struct sp_book_rule_rest *rest = sp_book_rest(rater->work.book, rule);
  uint32_t stage = SP_NONE;
  int64_t position = at->offset;
  if (rule->counter) {
    stage = sp__stage_of(rater, rater->work.usage->subscriber, rest->key,
                         sp__period(rater->work.cycle, SP__CELL_RULE, 0), true);
    rater->stages[stage].used = true;
    position = sp__stage_value(rater, stage);
  }
  const struct sp_book_slot *slots =
      SP_BOOK_TABLE(rater->work.book, slots, struct sp_book_slot) + rule->slots_at;
  uint32_t s = slot_at(slots, rest->slots_count, position);
  while (at->offset < at->start_limit) {
    const struct sp_book_slot *slot = slots + s;
    int64_t reach = at->start_limit - at->offset;
    if (s + 1 < rest->slots_count && slots[s + 1].from - position < reach) {
      reach = slots[s + 1].from - position;
    }
    struct sp__run *run = run_push(rater);
    if (run == NULL) {
      return false;
    }
    int64_t count = divide_up(reach, slot->increment), left = at->use_limit - at->offset;
    uint64_t whole = (uint64_t)count * (uint64_t)slot->increment; /* < reach + increment < 2^64 */
    int64_t used = whole < (uint64_t)left ? (int64_t)whole : left;
    *run = (struct sp__run){at->offset, slot->increment,    count, used, slot->price,
                            winner,     rule->slots_at + s, 0};
    item->increments += count;
    if (!item_add(item, &item->list_sum, (sp_i128)count * slot->price, winner->denominator) ||
        !sp_money_add(&position, position, used)) {
      rater->work.overflow = true;
      return false;
    }
    at->offset += used;
    while (s + 1 < rest->slots_count && slots[s + 1].from <= position) {
      s++;
    }
    if (stage != SP_NONE) {
      sp__stage_add(rater, stage, used);
    }
  }
  return !rater->work.overflow;
}

/* Rule of an item from a segment on, and the second at which it ends. */
static const struct sp__winner *rule_until(const struct sp_rater *rater, uint32_t index,
                                           uint32_t *segment, int64_t quantity, int64_t *until)
{
  const struct sp__segment *segments = rater->segments;
  const struct sp__winner *winner = sp__winners(segments[*segment].choice) + index;
  uint32_t next = *segment + 1;
  while (next < rater->work.segments_count &&
         sp__winners(segments[next].choice)[index].rule == winner->rule) {
    next++;
  }
  *segment = next;
  *until = next < rater->work.segments_count && segments[next].from_s < quantity
               ? segments[next].from_s
               : quantity;
  return winner;
}

/* One run of like increments (one slot, no counter, one rule for all of the usage) in 64 bits.
 * false: anything else, and what does not fit. */
static bool simple_price(struct sp_rater *rater, struct sp__item *item)
{
  const struct sp__winner *winner = item->start;
  int64_t count = divide_up(item->quantity, winner->size), step = sp_money_step(winner->digits);
  int64_t divisor = sp__winner_divisor(winner, step);
  int64_t bias = sp__winner_bias(winner, divisor), sum;
  if (__builtin_mul_overflow(count, winner->price, &sum) ||
      __builtin_add_overflow(sum, winner->fee, &sum) || sum > INT64_MAX - bias) {
    return false;
  }
  struct sp__run *run = run_push(rater);
  if (run == NULL) {
    return false;
  }
  const struct sp_book_rule *rule =
      SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule) + winner->rule;
  *run = (struct sp__run){0,      winner->size,   count, item->quantity, winner->price,
                          winner, rule->slots_at, 0};
  item->increments = count;
  item->list_sum = sum;
  uint64_t steps = (uint64_t)(sum + bias) / (uint64_t)divisor;
  item->list_micro = (int64_t)steps * step;
  return true;
}

static enum sp_reason item_runs(struct sp_rater *rater, uint32_t index)
{
  struct sp__item *item = rater->work.items + index;
  uint8_t mode = item->start->band_mode;
  struct stretch at = {0, item->quantity, item->quantity};
  if (rater->work.segments_count == 1 || mode == SP_BAND_CALL_START ||
      item->start->unit != SP_UNIT_SECOND) {
    return rule_runs(rater, item, item->start, &at) ? SP_REASON_NONE : SP_REASON_OVERFLOW;
  }
  uint32_t segment = 0;
  while (at.offset < item->quantity) {
    while (segment + 1 < rater->work.segments_count &&
           rater->segments[segment + 1].from_s <= at.offset) {
      segment++; /* an increment of the rule before ran over this one */
    }
    const struct sp__winner *winner =
        rule_until(rater, index, &segment, item->quantity, &at.start_limit);
    at.use_limit = mode == SP_BAND_SPLIT_CEIL ? at.start_limit : item->quantity;
    if (winner->rule == SP_NONE || winner->unit != SP_UNIT_SECOND) {
      return SP_REASON_NO_RATE;
    }
    if (!rule_runs(rater, item, winner, &at)) {
      return SP_REASON_OVERFLOW;
    }
    segment = segment == rater->work.segments_count ? segment - 1 : segment;
  }
  return SP_REASON_NONE;
}

static int64_t quantity_in(const struct sp_usage *usage, uint8_t unit)
{
  return unit == SP_UNIT_SECOND ? usage->duration_s
         : unit == SP_UNIT_BYTE ? usage->bytes
                                : usage->items;
}

/* Cuts the usage where the choice changes. */
static enum sp_reason segments_find(struct sp_rater *rater, int64_t until_utc_s)
{
  struct sp__work *work = &rater->work;
  int64_t start = work->usage->start_utc_s, end;
  if (!sp_money_add(&end, start, work->usage->duration_s) || end > SP_TIME_MAX) {
    return SP_REASON_OVERFLOW; /* a chain of partials may last longer than time does */
  }
  for (uint32_t changes = 0; until_utc_s < end; changes++) {
    int64_t from = until_utc_s;
    uint64_t bands = sp__bands_at(rater, from, &until_utc_s);
    struct sp__choice *choice = sp__choice_find(rater, bands);
    if (choice == NULL || changes == SP__CHANGES_MAX) {
      return SP_REASON_OVERFLOW;
    }
    if (choice == rater->segments[work->segments_count - 1].choice) {
      continue;
    }
    if (work->segments_count == SP__SEGMENTS_MAX) {
      return SP_REASON_OVERFLOW;
    }
    rater->segments[work->segments_count++] = (struct sp__segment){from - start, choice};
  }
  return SP_REASON_NONE;
}

/* Items with a rule, their quantities, and the segments. No item has a quantity: all count 0 (§5.3
 * test 14). */
static enum sp_reason items_find(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  int64_t until = SP_TIME_MAX;
  uint64_t bands =
      work->frame->bands == 0 ? 0 : sp__bands_at(rater, work->usage->start_utc_s, &until);
  struct sp__choice *choice = sp__choice_find(rater, bands);
  if (choice == NULL) {
    return SP_REASON_OVERFLOW;
  }
  rater->segments[0] = (struct sp__segment){0, choice};
  work->segments_count = 1;
  bool timed = false;
  work->counts = false;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    const struct sp__winner *winner = sp__winners(choice) + i;
    if (winner->rule == SP_NONE) {
      return SP_REASON_NO_RATE; /* a gap, which no checked book has */
    }
    struct sp__item *item = work->items + i;
    item->start = winner;
    item->quantity = quantity_in(work->usage, winner->unit);
    work->counts |= item->quantity > 0;
    timed |= item->quantity > 0 && winner->unit == SP_UNIT_SECOND;
  }
  return timed ? segments_find(rater, until) : SP_REASON_NONE;
}

/* Where a rule's counter stood when a run of it began, -1: it has none. All runs are made by now.
 */
static int64_t run_counter(struct sp_rater *rater, const struct sp__item *item, uint32_t at,
                           const struct sp_book_rule *rule)
{
  if (!rule->counter) {
    return -1;
  }
  const struct sp_book_rule_rest *rest = sp_book_rest(rater->work.book, rule);
  uint32_t stage = sp__stage_of(rater, rater->work.usage->subscriber, rest->key,
                                sp__period(rater->work.cycle, SP__CELL_RULE, 0), true);
  int64_t counter = sp__stage_value(rater, stage);
  for (uint32_t i = at; i < item->runs_count; i++) {
    const struct sp__run *run = rater->runs + item->runs_at + i;
    counter -= run->slot - rule->slots_at < rest->slots_count ? run->used : 0;
  }
  return counter;
}

static void item_trace(struct sp_rater *rater, uint32_t index)
{
  const struct sp__item *item = rater->work.items + index;
  const struct sp_book_rule *rules = SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule);
  struct sp_trace_event event = {.kind = SP_TRACE_RUN, .item = rater->work.frame->names[index]};
  for (uint32_t i = 0; i < item->runs_count; i++) {
    const struct sp__run *run = rater->runs + item->runs_at + i;
    event.index = run->by->rule;
    event.plan = sp_book_rest(rater->work.book, rules + event.index)->plan;
    event.before = run_counter(rater, item, i, rules + event.index);
    event.slot = run->slot;
    event.offset = run->offset;
    event.size = run->size;
    event.count = run->count;
    event.used = run->used;
    event.price = run->price;
    event.denominator = run->by->denominator;
    sp__trace(rater, event);
  }
  event.kind = SP_TRACE_FEE;
  event.before = -1;
  event.price = item->start->fee;
  event.denominator = item->start->denominator;
  event.index = item->start->rule;
  event.plan = sp_book_rest(rater->work.book, rules + event.index)->plan;
  sp__trace(rater, event);
  event.kind = SP_TRACE_LIST;
  sp__trace_exact(&event, item, item->list_sum);
  event.count = item->increments;
  event.amount_micro = item->list_micro;
  sp__trace(rater, event);
}

/* Runs of any kind, sums in 128 bits. */
static enum sp_reason general_price(struct sp_rater *rater, uint32_t index)
{
  struct sp__item *item = rater->work.items + index;
  rater->work.runs_count = item->runs_at;
  item->list_sum = item->due_sum = 0;
  item->increments = 0;
  enum sp_reason reason = item_runs(rater, index);
  if (reason != SP_REASON_NONE) {
    return reason;
  }
  if (__builtin_add_overflow(item->list_sum, item->fee, &item->list_sum) ||
      !sp__item_round(&item->list_micro, item->list_sum, item)) {
    return SP_REASON_OVERFLOW;
  }
  return SP_REASON_NONE;
}

static enum sp_reason item_price(struct sp_rater *rater, uint32_t index)
{
  struct sp__work *work = &rater->work;
  struct sp__item *item = work->items + index;
  const struct sp__winner *winner = item->start;
  bool simple = winner->simple && (work->segments_count == 1 || winner->unit != SP_UNIT_SECOND);
  item->denominator = winner->denominator;
  item->runs_at = work->runs_count;
  item->is_cut = item->all_waived = false;
  item->fee = winner->fee;
  if (!simple || !simple_price(rater, item)) {
    enum sp_reason reason = general_price(rater, index);
    if (reason != SP_REASON_NONE) {
      return reason;
    }
  }
  item->runs_count = work->runs_count - item->runs_at;
  item->due_sum = item->list_sum;
  item->amount_micro = item->list_micro;
  if (!sp_money_add(&work->list_micro, work->list_micro, item->list_micro)) {
    return SP_REASON_OVERFLOW;
  }
  if (sp__traced(rater)) {
    item_trace(rater, index);
  }
  return SP_REASON_NONE;
}

enum sp_reason sp__price(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  work->runs_count = 0;
  work->list_micro = 0;
  enum sp_reason reason = items_find(rater);
  if (reason != SP_REASON_NONE || !work->counts) {
    return reason;
  }
  for (uint32_t i = 0; i < work->segments_count && sp__traced(rater); i++) {
    sp__trace_rules(rater, rater->segments + i);
  }
  if (sp__traced(rater)) {
    sp__trace_unpriced(rater);
    sp__trace_passed(rater);
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (work->items[i].quantity > 0) {
      reason = item_price(rater, i);
      if (reason != SP_REASON_NONE) {
        return reason;
      }
    }
  }
  return SP_REASON_NONE;
}
