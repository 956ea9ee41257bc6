/* Events for explain. Nothing here runs when nobody listens. */
#include "rating/rate_match.h"

void sp__trace(struct sp_rater *rater, struct sp_trace_event event)
{
  struct sp_trace *trace = rater->work.trace;
  event.book = rater->work.usage->book;
  trace->event(trace->context, &event);
}

void sp__trace_exact(struct sp_trace_event *event, const struct sp__item *item, sp_i128 sum)
{
  bool fits = sum <= INT64_MAX;
  event->price = fits ? (int64_t)sum : 0;
  event->denominator = fits ? item->denominator : 0;
}

/* The first column of a row that does not hold, or NONE; the event says which values or how long.
 */
static enum sp_trace_why match_why(const struct sp_rater *rater, const struct sp_book_match *match,
                                   uint64_t bands, struct sp_trace_event *event)
{
  struct sp__asked asked = sp__frame_asked(rater->work.frame);
  if ((asked.features & match->refused) != 0) {
    /* the record's own values: a frame's may stand for others that the rows do not tell apart */
    event->used = (int64_t)(sp_usage_features(rater->work.usage) & match->refused);
    return SP_WHY_FEATURES;
  }
  if (!sp__match_plain(rater->work.book, match, &asked)) {
    return SP_WHY_RATING_GROUP;
  }
  int length = sp__match_dest(rater->work.book, match, &asked);
  if (length < 0) {
    return SP_WHY_DEST;
  }
  event->size = length;
  return sp__match_bands(match, bands) ? SP_WHY_NONE : SP_WHY_BAND;
}

/* Why a rule is not the one of its plan, or NONE if it is. */
static enum sp_trace_why rule_why(const struct sp_rater *rater, const struct sp_book_item *item,
                                  const struct sp_book_rule *rule, uint64_t bands,
                                  struct sp_trace_event *event)
{
  struct sp__asked asked = sp__frame_asked(rater->work.frame);
  if (!sp__match_unit(&asked, item->unit)) {
    return SP_WHY_UNIT;
  }
  enum sp_trace_why why = match_why(rater, &rule->match, bands, event);
  if (why != SP_WHY_NONE) {
    return why;
  }
  int best_length;
  const struct sp_book_rule *best = sp__plan_best(rater, item, bands, &best_length);
  if (best == rule) {
    return SP_WHY_NONE;
  }
  static const enum sp_trace_why whys[4] = {SP_WHY_LENGTH, SP_WHY_PRIORITY, SP_WHY_COLUMNS,
                                            SP_WHY_LENGTH};
  event->count = best - SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule);
  return whys[sp__rule_compare(best, best_length, rule, (int)event->size) & 3];
}

static void item_rules(struct sp_rater *rater, const struct sp__segment *segment, uint32_t index,
                       const struct sp_book_plan *plan, const struct sp_book_item *item)
{
  const struct sp_book_rule *rules = SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule);
  const struct sp_book_rule_rest *rests =
      SP_BOOK_TABLE(rater->work.book, rule_rests, struct sp_book_rule_rest);
  const struct sp__winner *winner = sp__winners(segment->choice) + index;
  for (uint32_t r = item->rules_at; r < item->rules_at + item->rules_count; r++) {
    struct sp_trace_event event = {.kind = SP_TRACE_RULE,
                                   .plan = rests[r].plan,
                                   .item = item->name_id,
                                   .index = r,
                                   .offset = segment->from_s};
    enum sp_trace_why why = rule_why(rater, item, rules + r, segment->choice->bands, &event);
    if (why == SP_WHY_NONE) {
      why = winner->rule == r            ? SP_WHY_TAKEN
            : plan->kind == SP_PLAN_BASE ? SP_WHY_REPLACED
                                         : SP_WHY_CONTEST;
    }
    event.why = why;
    sp__trace(rater, event);
  }
}

void sp__trace_rules(struct sp_rater *rater, const struct sp__segment *segment)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp__plan_set *set = sp__set_of(rater);
  const struct sp_book *book = rater->work.book;
  const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  const struct sp_book_item *items = SP_BOOK_TABLE(book, items, struct sp_book_item);
  sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_SEGMENT,
                                           .item = SP_NONE,
                                           .offset = segment->from_s,
                                           .used = (int64_t)segment->choice->bands});
  for (uint32_t i = 0; i < frame->items_count; i++) {
    for (uint32_t p = 0; p < set->count; p++) {
      const struct sp_book_plan *plan = plans + set->plans[p];
      for (uint32_t k = plan->items_at; k < plan->items_at + plan->items_count; k++) {
        if (items[k].name_id == frame->names[i] && sp__plan_is_first(set, p)) {
          item_rules(rater, segment, i, plan, items + k);
        }
      }
    }
    const struct sp__winner *winner = sp__winners(segment->choice) + i;
    sp__trace(rater,
              (struct sp_trace_event){.kind = SP_TRACE_CHOSEN,
                                      .why = winner->rule == SP_NONE ? SP_WHY_NONE : SP_WHY_TAKEN,
                                      .item = frame->names[i],
                                      .index = winner->rule,
                                      .offset = segment->from_s});
  }
}

static bool is_priced(const struct sp__frame *frame, uint32_t item)
{
  for (uint32_t i = 0; i < frame->items_count; i++) {
    if (frame->names[i] == item) {
      return true;
    }
  }
  return false;
}

static void item_unpriced(struct sp_rater *rater, const struct sp_book_item *item)
{
  const struct sp_book_rule *rules = SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule);
  const struct sp_book_rule_rest *rests =
      SP_BOOK_TABLE(rater->work.book, rule_rests, struct sp_book_rule_rest);
  for (uint32_t r = item->rules_at; r < item->rules_at + item->rules_count; r++) {
    struct sp_trace_event event = {
        .kind = SP_TRACE_RULE, .plan = rests[r].plan, .item = item->name_id, .index = r};
    event.why = rule_why(rater, item, rules + r, 0, &event);
    sp__trace(rater, event);
  }
}

void sp__trace_unpriced(struct sp_rater *rater)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp__plan_set *set = sp__set_of(rater);
  const struct sp_book *book = rater->work.book;
  const struct sp_book_item *items = SP_BOOK_TABLE(book, items, struct sp_book_item);
  for (uint32_t p = 0; p < set->count; p++) {
    const struct sp_book_plan *plan =
        SP_BOOK_TABLE(book, plans, struct sp_book_plan) + set->plans[p];
    for (uint32_t k = plan->items_at; k < plan->items_at + plan->items_count; k++) {
      if (!is_priced(frame, items[k].name_id) && sp__plan_is_first(set, p)) {
        item_unpriced(rater, items + k);
      }
    }
  }
}

/* The event has table, row, plan and item. */
static void row_passed(struct sp_rater *rater, const struct sp_book_match *match,
                       struct sp_trace_event event)
{
  event.kind = SP_TRACE_PASSED;
  event.why = match_why(rater, match, rater->segments[0].choice->bands, &event);
  if (event.why == SP_WHY_NONE && event.item != SP_NONE &&
      !is_priced(rater->work.frame, event.item)) {
    event.why = SP_WHY_ITEM;
  }
  if (event.why != SP_WHY_NONE) {
    sp__trace(rater, event);
  }
}

void sp__trace_passed(struct sp_rater *rater)
{
  const struct sp_book *book = rater->work.book;
  const struct sp__plan_set *set = sp__set_of(rater);
  const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  const struct sp_book_allowance *allowances =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance);
  const struct sp_book_discount *discounts =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount);
  const struct sp_book_payer *payers = SP_BOOK_TABLE(book, payers, struct sp_book_payer);
  for (uint32_t p = 0; p < set->count; p++) {
    const struct sp_book_plan *plan = plans + set->plans[p];
    struct sp_trace_event row = {.plan = set->plans[p], .item = SP_NONE};
    if (!sp__plan_is_first(set, p)) {
      continue;
    }
    row.slot = SP_TRACE_ALLOWANCES;
    for (uint32_t i = 0; i < plan->allowances_count; i++) {
      row.index = plan->allowances_at + i;
      row_passed(rater, &allowances[row.index].match, row);
    }
    row.slot = SP_TRACE_DISCOUNTS;
    for (uint32_t i = 0; i < plan->discounts_count; i++) {
      row.index = plan->discounts_at + i;
      row.item = discounts[row.index].item;
      row_passed(rater, &discounts[row.index].match, row);
    }
    row.slot = SP_TRACE_PAYERS;
    for (uint32_t i = 0; i < plan->payers_count; i++) {
      row.index = plan->payers_at + i;
      row.item = payers[row.index].item;
      row_passed(rater, &payers[row.index].match, row);
    }
  }
}
