/* Events for explain. Nothing here runs when nobody listens. */
#include "rating/rate_match.h"

void sp__trace(struct sp_rater *rater, struct sp_trace_event event)
{
  struct sp_trace *trace = rater->work.trace;
  event.book = rater->work.usage->book;
  trace->event(trace->context, &event);
}

/* Why a rule is not the one of its plan, or NONE if it is. */
static enum sp_trace_why rule_why(const struct sp_rater *rater, const struct sp_book_item *item,
                                  const struct sp_book_rule *rule, uint64_t bands)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp_book_match *match = &rule->match;
  if (!sp__match_unit(frame, item->unit)) {
    return SP_WHY_UNIT;
  }
  if ((frame->features & match->refused) != 0) {
    return SP_WHY_FEATURES;
  }
  if (!sp__match_plain(rater->work.book, match, frame)) {
    return SP_WHY_RATING_GROUP;
  }
  int length = sp__match_dest(rater->work.book, match, frame), best_length;
  if (length < 0) {
    return SP_WHY_DEST;
  }
  if (!sp__match_bands(match, bands)) {
    return SP_WHY_BAND;
  }
  const struct sp_book_rule *best = sp__plan_best(rater, item, bands, &best_length);
  if (best == rule) {
    return SP_WHY_NONE;
  }
  static const enum sp_trace_why whys[4] = {SP_WHY_LENGTH, SP_WHY_PRIORITY, SP_WHY_COLUMNS,
                                            SP_WHY_LENGTH};
  return whys[sp__rule_compare(best, best_length, rule, length) & 3];
}

static void item_rules(struct sp_rater *rater, const struct sp__segment *segment, uint32_t index,
                       const struct sp_book_plan *plan, const struct sp_book_item *item)
{
  const struct sp_book_rule *rules = SP_BOOK_TABLE(rater->work.book, rules, struct sp_book_rule);
  const struct sp__winner *winner = segment->choice->winners + index;
  for (uint32_t r = item->rules_at; r < item->rules_at + item->rules_count; r++) {
    enum sp_trace_why why = rule_why(rater, item, rules + r, segment->choice->bands);
    if (why == SP_WHY_NONE) {
      why = winner->rule == rules + r    ? SP_WHY_TAKEN
            : plan->kind == SP_PLAN_BASE ? SP_WHY_REPLACED
                                         : SP_WHY_CONTEST;
    }
    sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_RULE,
                                             .why = why,
                                             .plan = rules[r].plan,
                                             .item = item->name_id,
                                             .index = r,
                                             .offset = segment->from_s});
  }
}

void sp__trace_rules(struct sp_rater *rater, const struct sp__segment *segment)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp_book *book = rater->work.book;
  const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  const struct sp_book_item *items = SP_BOOK_TABLE(book, items, struct sp_book_item);
  for (uint32_t i = 0; i < frame->items_count; i++) {
    for (uint32_t p = 0; p < frame->set->count; p++) {
      const struct sp_book_plan *plan = plans + frame->set->plans[p];
      for (uint32_t k = plan->items_at; k < plan->items_at + plan->items_count; k++) {
        if (items[k].name_id == frame->names[i]) {
          item_rules(rater, segment, i, plan, items + k);
        }
      }
    }
    const struct sp__winner *winner = segment->choice->winners + i;
    sp__trace(rater, (struct sp_trace_event){
                         .kind = SP_TRACE_CHOSEN,
                         .why = winner->rule == NULL ? SP_WHY_NONE : SP_WHY_TAKEN,
                         .item = frame->names[i],
                         .index = winner->rule == NULL
                                      ? SP_NONE
                                      : (uint32_t)(winner->rule -
                                                   SP_BOOK_TABLE(book, rules, struct sp_book_rule)),
                         .offset = segment->from_s});
  }
}
