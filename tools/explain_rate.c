/* Station rate: the plans that apply, every rule that was looked at and why it lost, and the
 * outcome. Prices, allowances, discounts and payers are told by explain_price.c and explain_cut.c.
 */
#include <string.h>

#include "tools/book_words.h"
#include "tools/explain.h"

#define LOSERS_MAX \
  12 /* rules of one plan and item that a person is shown though they do not hold */

static const struct sp_book_plan *plan_of(const struct sp_book *book, uint32_t plan)
{
  return SP_BOOK_TABLE(book, plans, struct sp_book_plan) + plan;
}

/* "always", "from 2026-03-01 on", "until 2026-04-01", "from 2026-03-01 until 2026-04-01" */
static void span_add(struct sp_text *text, const struct sp_book *book, int64_t from, int64_t to)
{
  bool begins = from > SP_TIME_MIN, ends = to < SP_TIME_MAX;
  sp_text_add(text, begins ? "from " : ends ? "" : "always");
  if (begins) {
    sp_words_time(text, book, from);
    sp_text_add(text, ends ? " " : " on");
  }
  if (ends) {
    sp_text_add(text, "until ");
    sp_words_time(text, book, to);
  }
}

static void plan_tell(const struct sp_told *told, struct sp_tell *tell,
                      const struct sp_trace_event *event)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book *book = sp__told_book(told, event);
  const struct sp_book_plan *plan = plan_of(book, event->plan);
  sp_tell_step(tell, "plan");
  sp_tell_name(tell, "plan", sp__told_name(book, plan->name));
  sp_tell_word(tell, "plan_kind", sp_words_kind(plan->kind));
  sp_words_owner(&text, told->directory, event->owner);
  sp_tell_text(tell, "owner", words, text.length);
  text.length = 0;
  sp_text_add(&text, "plan ");
  sp_words_name(&text, book, plan->name);
  sp_text_add(&text, " (");
  sp_text_add(&text, sp_words_kind(plan->kind));
  sp_text_add(&text, ") applies: ");
  sp_words_owner(&text, told->directory, event->owner);
  sp_text_add(&text, " has it ");
  span_add(&text, book, event->before, event->after);
  sp__told_place_add(&text, "plans.csv", plan->row);
  sp_tell_says(tell, &text);
}

/* Own subscriptions; `all` = false: only those that do not hold. */
static void subscriptions_tell(const struct sp_told *told, struct sp_tell *tell, bool all)
{
  struct sp_subscription one;
  uint32_t count;
  const struct sp_usage *usage = told->usage;
  const struct sp_subscription *row =
      sp_directory_subscriptions(told->directory, usage->subscriber, &one, &count);
  if (usage->book >= told->books->count) {
    return;
  }
  const struct sp_book *book = told->books->book + usage->book;
  for (; count > 0; count--, row++) {
    char words[SP_SAYS_BYTES_MAX];
    struct sp_text text = SP_TEXT_INIT(words);
    struct sp_name name = sp_directory_plan_name(told->directory, row->plan);
    uint32_t plan = sp_book_find_plan(book, name.text, name.length);
    bool dated = usage->start_utc_s >= row->from_utc_s && usage->start_utc_s < row->to_utc_s;
    bool holds = plan != SP_NONE && dated &&
                 usage->start_utc_s >= plan_of(book, plan)->valid_from_utc_s &&
                 usage->start_utc_s < plan_of(book, plan)->valid_to_utc_s;
    if (holds && !all) {
      continue;
    }
    sp_tell_step(tell, "subscription");
    sp_tell_name(tell, "plan", name);
    sp_tell_word(tell, "holds", holds ? "yes" : "no");
    sp_text_add(&text, "subscription of plan ");
    sp__told_name_add(&text, name);
    sp_text_add(&text, ", ");
    span_add(&text, book, row->from_utc_s, row->to_utc_s);
    sp_text_add(&text, holds             ? ": it holds at start"
                       : plan == SP_NONE ? ": this book has no such plan"
                       : dated           ? ": the plan is not valid at start"
                                         : ": not at start");
    sp_tell_says(tell, &text);
  }
}

static void segment_tell(const struct sp_told *told, struct sp_tell *tell,
                         const struct sp_trace_event *event)
{
  char words[SP_SAYS_BYTES_MAX] = "";
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book *book = sp__told_book(told, event);
  const struct sp_book_name *names = SP_BOOK_TABLE(book, band_names, struct sp_book_name);
  const char *between = "";
  if (event->offset == 0 && event->used == 0) {
    return;
  }
  for (uint64_t bands = (uint64_t)event->used; bands != 0; bands &= bands - 1) {
    sp_text_add(&text, between);
    sp_words_name(&text, book, names[__builtin_ctzll(bands)]);
    between = ";";
  }
  sp_tell_step(tell, "bands");
  sp_tell_number(tell, "offset", event->offset);
  sp_tell_text(tell, "bands", words, text.length);
  char line[SP_SAYS_BYTES_MAX];
  struct sp_text says = SP_TEXT_INIT(line);
  sp_text_add(&says, "from second ");
  sp_text_add_i64(&says, event->offset);
  sp_text_add(&says, text.length == 0 ? " on: no band that a rule asks for" : " on: band ");
  sp_text_add(&says, words);
  sp_tell_says(tell, &says);
}

static const char *why_word(enum sp_trace_why why)
{
  static const char *const words[] = {"none",          "taken",          "columns", "dest",
                                      "band",          "rating_group",   "unit",    "priority",
                                      "fewer_columns", "shorter_prefix", "contest", "replaced",
                                      "set_lost",      "item",           "late"};
  return (unsigned)why < sizeof(words) / sizeof(words[0]) ? words[why] : "?";
}

/* The rule that prices the item where this one does not. */
static const struct sp_trace_event *chosen_for(const struct sp_told_events *events,
                                               const struct sp_trace_event *event)
{
  const struct sp_trace_event *at = event;
  while (at->kind != SP_TRACE_CHOSEN || at->item != event->item) {
    at++;
    SP_ASSERT(at < events->event + events->count);
  }
  return at;
}

/* Why the rule of another group's or family's plan is the one, or of a group's and no base plan's
 * (book.md §9.1). */
static void winner_add(struct sp_text *text, const struct sp_told *told, const struct sp_book *book,
                       const struct sp_trace_event *event)
{
  const struct sp_book_rule *rules = SP_BOOK_TABLE(book, rules, struct sp_book_rule);
  const struct sp_trace_event *chosen = chosen_for(told->events, event);
  const struct sp_book_rule_rest *rest = sp_book_rest(book, rules + chosen->index);
  bool replaced = event->why == SP_WHY_REPLACED;
  const struct sp_book_plan *plan = plan_of(book, rest->plan);
  sp_text_add(text, replaced ? "holds, but is replaced by the " : "holds, but lost the contest: ");
  sp_text_add(text, replaced ? sp_words_kind(plan->kind) : "");
  sp_text_add(text, replaced ? " price of " : "");
  sp_words_name(text, book, plan->name);
  sp__told_place_add(text, "rates.csv", rest->row);
  if (!replaced) {
    bool higher = rules[chosen->index].priority > rules[event->index].priority;
    sp_text_add(text, higher ? " has the higher priority" : " comes first by the plan's name");
  }
}

static void why_add(struct sp_text *text, const struct sp_told *told, const struct sp_book *book,
                    const struct sp_trace_event *event)
{
  const struct sp_book_rule_rest *rests = SP_BOOK_TABLE(book, rule_rests, struct sp_book_rule_rest);
  switch (event->why) {
  case SP_WHY_FEATURES:
    sp_text_add(text, "no, ");
    sp_words_features(text, (uint64_t)event->used);
    return;
  case SP_WHY_DEST:
    sp_text_add(text, "no, the other number has none of these prefixes");
    return;
  case SP_WHY_BAND:
    sp_text_add(text, "no, none of these bands holds now");
    return;
  case SP_WHY_RATING_GROUP:
    sp_text_add(text, "no, another rating group");
    return;
  case SP_WHY_UNIT:
    sp_text_add(text, "no, the service is not counted in this unit");
    return;
  case SP_WHY_PRIORITY:
  case SP_WHY_COLUMNS:
  case SP_WHY_LENGTH:
    sp_text_add(text, "holds, but lost:");
    sp__told_place_add(text, "rates.csv", rests[event->count].row);
    sp_text_add(text, event->why == SP_WHY_PRIORITY  ? " has the higher priority"
                      : event->why == SP_WHY_COLUMNS ? " has more columns set"
                                                     : " has the longer prefix");
    return;
  case SP_WHY_CONTEST:
  case SP_WHY_REPLACED:
    winner_add(text, told, book, event);
    return;
  case SP_WHY_TAKEN:
    sp_text_add(text, "taken");
    return;
  case SP_WHY_NONE:
  case SP_WHY_SET_LOST:
  case SP_WHY_ITEM:
  case SP_WHY_LATE:
    return;
  }
}

static void rule_tell(const struct sp_told *told, struct sp_tell *tell,
                      const struct sp_trace_event *event)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book *book = sp__told_book(told, event);
  const struct sp_book_rule *rule = SP_BOOK_TABLE(book, rules, struct sp_book_rule) + event->index;
  uint32_t line = sp_book_rest(book, rule)->row;
  const struct sp_book_plan *plan = plan_of(book, event->plan);
  const struct sp_book_item *item = SP_BOOK_TABLE(book, items, struct sp_book_item);
  item += plan->items_at;
  while (item->name_id != event->item) {
    item++;
  }
  struct sp_name item_name =
      sp__told_name(book, SP_BOOK_TABLE(book, item_names, struct sp_book_name)[event->item]);
  sp_tell_step(tell, "rule");
  sp_tell_name(tell, "plan", sp__told_name(book, plan->name));
  sp_tell_name(tell, "item", item_name);
  sp_tell_number(tell, "line", line);
  sp_tell_number(tell, "offset", event->offset);
  sp_tell_word(tell, "why", why_word(event->why));
  sp_text_add(&text, "rule of ");
  sp_words_name(&text, book, plan->name);
  sp_text_add(&text, "/");
  sp__told_name_add(&text, item_name);
  sp__told_place_add(&text, "rates.csv", line);
  sp_text_add(&text, " for ");
  sp_words_match(&text, book, &rule->match, item->unit);
  sp_text_add(&text, ": ");
  why_add(&text, told, book, event);
  sp_tell_says(tell, &text);
}

static bool rule_holds(const struct sp_trace_event *event)
{
  return event->why != SP_WHY_FEATURES && event->why != SP_WHY_DEST &&
         event->why != SP_WHY_RATING_GROUP && event->why != SP_WHY_UNIT;
}

static bool is_other_service(const struct sp_trace_event *event)
{
  return event->why == SP_WHY_UNIT ||
         (event->why == SP_WHY_FEATURES && ((uint64_t)event->used & SP_FEATURES_SERVICE) != 0);
}

/* Rules of one plan and item at one offset, from `event` on; returns how many events. Those for
 * other services of an item that has no rule for this one are only counted: `others`. */
static size_t rules_tell(const struct sp_told *told, struct sp_tell *tell,
                         const struct sp_trace_event *event, size_t count, size_t *others)
{
  size_t n = 0, losers = 0, end = 0;
  bool any_holds = false;
  while (end < count && event[end].kind == SP_TRACE_RULE && event[end].plan == event->plan &&
         event[end].item == event->item && event[end].offset == event->offset) {
    any_holds |= rule_holds(event + end++);
  }
  for (; n < end; n++) {
    bool holds = rule_holds(event + n);
    if (!any_holds && is_other_service(event + n) && !tell->json) {
      *others += event->offset == 0;
      continue;
    }
    losers += !holds;
    if (holds || tell->json || (event->offset == 0 && losers <= LOSERS_MAX)) {
      rule_tell(told, tell, event + n);
    }
  }
  if (!tell->json && event->offset == 0 && losers > LOSERS_MAX) {
    char words[96];
    struct sp_text text = SP_TEXT_INIT(words);
    sp_text_add(&text, "... and ");
    sp_text_add_u64(&text, losers - LOSERS_MAX);
    sp_text_add(&text, " more rules that do not hold (--json shows all)");
    sp_tell_plain(tell, "more", words);
  }
  return n;
}

static void others_tell(struct sp_tell *tell, size_t *others)
{
  char words[96];
  struct sp_text text = SP_TEXT_INIT(words);
  if (*others > 0) {
    sp_text_add_u64(&text, *others);
    sp_text_add(&text, *others == 1 ? " rule" : " rules");
    sp_text_add(&text, " of other items: no, for other services (--json shows all)");
    sp_tell_plain(tell, "more", words);
  }
  *others = 0;
}

static void set_name_add(struct sp_text *text, const struct sp_told *told, uint32_t name)
{
  sp_text_add_bytes(text, told->books->names[name].text, told->books->names[name].length);
}

/* Of an allowance that the chain has; an item's, where it has it no more. */
static uint8_t unit_of(const struct sp_told *told, const struct sp_charge_allowance *line)
{
  const struct sp_set_name *name = told->books->names + line->name;
  const struct sp_trace_event *end = told->events->event + told->events->count;
  for (const struct sp_trace_event *event = told->events->event; event < end; event++) {
    const struct sp_book *book = sp__told_book(told, event);
    const struct sp_book_allowance *row =
        SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + event->index;
    if (event->kind == SP_TRACE_PART && event->owner == line->owner) {
      struct sp_name own = sp__told_name(
          book, SP_BOOK_TABLE(book, allowance_names, struct sp_book_name)[row->name_id]);
      if (own.length == name->length && memcmp(own.text, name->text, own.length) == 0) {
        return row->unit;
      }
    }
  }
  return SP_UNIT_ITEM;
}

/* What is this partial's of the chain's items, balances and payments. */
static void parts_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_charge *charge = told->charge;
  for (unsigned i = 0; i < charge->items_count; i++, text.length = 0) {
    const struct sp_charge_item *item = charge->items + i;
    sp_text_add(&text, "this partial's ");
    set_name_add(&text, told, item->name);
    sp_text_add(&text, ": list ");
    sp_words_money(&text, item->list_micro);
    sp_text_add(&text, ", net ");
    sp_words_money(&text, item->net_micro);
    sp_text_add(&text, ", increments ");
    sp_text_add_i64(&text, item->increments);
    sp_tell_plain(tell, "partial_item", words);
  }
  for (unsigned i = 0; i < charge->allowances_count; i++, text.length = 0) {
    const struct sp_charge_allowance *line = charge->allowances + i;
    sp_text_add(&text, "this partial's use of ");
    set_name_add(&text, told, line->name);
    sp_text_add(&text, " of ");
    sp_words_owner(&text, told->directory, line->owner);
    sp_text_add(&text, ": ");
    uint8_t unit = unit_of(told, line);
    sp_words_amount(&text, line->used, unit);
    sp_text_add(&text, ", left ");
    sp_words_amount(&text, line->left, unit);
    sp_tell_plain(tell, "partial_use", words);
  }
  for (unsigned i = 0; i < charge->payers_count; i++, text.length = 0) {
    sp_text_add(&text, "of this partial account ");
    sp__told_name_add(&text, sp_directory_account_name(told->directory, charge->payers[i].account));
    sp_text_add(&text, " pays ");
    sp_words_money(&text, charge->payers[i].amount_micro);
    sp_tell_plain(tell, "partial_payer", words);
  }
}

static void chain_tell(const struct sp_told *told, struct sp_tell *tell,
                       const struct sp_trace_event *event)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_tell_step(tell, "chain");
  sp_tell_micro(tell, "before", event->before);
  sp_tell_micro(tell, "after", event->after);
  sp_text_add(&text, "a partial is charged the whole chain with it less the chain before it: ");
  sp_words_money(&text, event->after);
  sp_text_add(&text, " - ");
  sp_words_money(&text, event->before);
  sp_text_add(&text, " = ");
  sp_words_money(&text, told->charge->net_micro);
  sp_tell_says(tell, &text);
  parts_tell(told, tell);
}

static void events_tell(const struct sp_told *told, struct sp_tell *tell)
{
  const struct sp_told_events *events = told->events;
  size_t others = 0;
  for (size_t i = 0; i < events->count;) {
    const struct sp_trace_event *event = events->event + i;
    size_t done = 1;
    if (event->kind != SP_TRACE_RULE && event->kind != SP_TRACE_CHOSEN) {
      others_tell(tell, &others);
    }
    if (event->kind == SP_TRACE_PLAN) {
      plan_tell(told, tell, event);
    } else if (event->kind == SP_TRACE_SEGMENT) {
      segment_tell(told, tell, event);
    } else if (event->kind == SP_TRACE_RULE) {
      done = rules_tell(told, tell, event, events->count - i, &others);
    } else if (event->kind == SP_TRACE_CHAIN) {
      chain_tell(told, tell, event);
    } else if (event->kind >= SP_TRACE_DISCOUNT) {
      sp__told_cut(told, tell, event);
    } else if (event->kind != SP_TRACE_CHOSEN) { /* the rules have said it */
      sp__told_price(told, tell, event);
    }
    i += done;
  }
  others_tell(tell, &others);
}

static const char *reason_says(unsigned reason)
{
  switch ((enum sp_reason)reason) {
  case SP_REASON_NO_PLAN:
    return "no_plan: no base plan is active at its start";
  case SP_REASON_TWO_BASE_PLANS:
    return "two_base_plans: more than one base plan is active at its start";
  case SP_REASON_UNKNOWN_PREFIX:
    return "unknown_prefix: the short other number has no row in numbers.csv";
  case SP_REASON_NO_RATE:
    return "no_rate: no item of its plans has a rule for it";
  case SP_REASON_OVERFLOW:
    return "overflow: amounts or lists do not fit";
  case SP_REASON_TOO_MANY_DISCOUNTS:
    return "too_many_discounts: an item has more than 4 sets of percents";
  case SP_REASON_NONE:
  case SP_REASON_BAD_LINE:
  case SP_REASON_SERVICE_UNKNOWN:
  case SP_REASON_BAD_START:
  case SP_REASON_BAD_FIELD:
  case SP_REASON_UNKNOWN_SUBSCRIBER:
  case SP_REASON_NO_BOOK:
  case SP_REASON_CONFLICT:
  case SP_REASON_DUP_WINDOW_EXCEEDED:
    break;
  }
  return sp_reason_word(reason);
}

/* Why nothing is to pay (book.md §5.6; else what the rules count is 0 beside what is not). */
static const char *zero_says(const struct sp_told *told)
{
  const struct sp_cdr *cdr = told->cdr;
  enum sp_service service = (enum sp_service)told->usage->service;
  bool used = cdr->duration_s != 0 || cdr->up_bytes != 0 || cdr->down_bytes != 0;
  if (service == SP_SERVICE_VOICE) {
    return "zero_rated: its duration is 0";
  }
  if (service == SP_SERVICE_DATA) {
    return used ? "zero_rated: what its rules count, seconds or bytes, is 0"
                : "zero_rated: it has neither bytes nor seconds";
  }
  bool message = service == SP_SERVICE_SMS || service == SP_SERVICE_MMS;
  return message && cdr->cause != 0 ? "zero_rated: the message failed, its cause is not 0"
                                    : "zero_rated: its items are 0";
}

static void outcome_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_charge *charge = told->charge;
  sp_tell_step(tell, "outcome");
  sp_tell_word(tell, "outcome", sp_outcome_word(charge->outcome));
  if (charge->outcome == SP_OUTCOME_RATED) {
    sp_tell_micro(tell, "list", charge->list_micro);
    sp_tell_micro(tell, "net", charge->net_micro);
    sp_text_add(&text, (charge->flags & SP_FLAG_PRE_RATED) != 0
                           ? "rated as it came: the record brought its charge; "
                           : "rated: ");
    sp_text_add(&text, "list ");
    sp_words_money(&text, charge->list_micro);
    sp_text_add(&text, ", net ");
    sp_words_money(&text, charge->net_micro);
    sp_text_add(&text, (charge->flags & SP_FLAG_CAPPED) != 0 ? ", capped" : "");
    sp_text_add(
        &text,
        (charge->flags & SP_FLAG_LATE) != 0
            ? ", late: its subscriber moved to another domain since; pools and payers give nothing "
              "but what its chain has from them already"
            : "");
  } else if (charge->outcome == SP_OUTCOME_ZERO_RATED) {
    sp_text_add(&text, zero_says(told));
  } else {
    sp_tell_word(tell, "reason", sp_reason_word(charge->reason));
    sp_text_add(&text, charge->outcome == SP_OUTCOME_SUSPENDED ? "suspended, " : "not rated: ");
    sp_text_add(&text, charge->outcome == SP_OUTCOME_SUSPENDED ? reason_says(charge->reason)
                                                               : sp_outcome_word(charge->outcome));
  }
  sp_tell_says(tell, &text);
}

/* The chain's sums stand in its last event; a partial that is not rated has none. */
static void partial_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_told_events *events = told->events;
  const struct sp_trace_event *chain = events->event + events->count - 1;
  uint8_t service = told->usage->service;
  sp_tell_step(tell, "partial");
  sp_text_add(&text, "a partial: its chain so far");
  if (chain->kind == SP_TRACE_CHAIN) {
    sp_tell_number(tell, "quantity", chain->used);
    sp_text_add(&text, ", ");
    sp_words_amount(&text, chain->used,
                    service == SP_SERVICE_VOICE  ? SP_UNIT_SECOND
                    : service == SP_SERVICE_DATA ? SP_UNIT_BYTE
                                                 : SP_UNIT_ITEM);
    sp_text_add(&text, " from ");
    sp_words_time(&text, sp__told_book(told, chain), chain->offset);
    sp_text_add(&text, " on,");
  }
  sp_text_add(&text,
              " is rated as one whole record with the parties and places of its lead partial");
  uint64_t others =
      chain->kind == SP_TRACE_CHAIN ? (uint64_t)chain->count & ~sp_usage_features(told->usage) : 0;
  sp_text_add(&text, others != 0 ? ": " : "");
  sp_words_features(&text, others);
  sp_tell_says(tell, &text);
}

void sp__told_rate(const struct sp_told *told, struct sp_tell *tell)
{
  const struct sp_usage *usage = told->usage;
  unsigned reason = told->charge->reason;
  bool plans = reason == SP_REASON_NO_PLAN || reason == SP_REASON_TWO_BASE_PLANS;
  sp_tell_station(tell, "rate", "the charge, fee by fee");
  if (told->events->count > 0 && (usage->chain_hash[0] | usage->chain_hash[1]) != 0) {
    partial_tell(told, tell);
  }
  if (usage->subscriber != SP_NONE && (told->events->count > 0 || plans)) {
    subscriptions_tell(told, tell, plans);
  }
  events_tell(told, tell);
  if (told->events->failed) {
    sp_tell_plain(tell, "missing", "steps are missing: out of memory");
  }
  outcome_tell(told, tell);
}
