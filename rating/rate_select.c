/* Which rules, allowances, discounts and payers a record meets (book.md §8.2-8.4, §9, §10.5, §11.1,
 * §12.1). Found once for all records with one frame and one set of bands, and looked up ever after.
 */
#include "rating/hash.h"
#include "rating/rate_match.h"

#include <string.h>

struct best { /* the best rule of one item in one plan so far */
  const struct sp_book_rule *rule;
  int length;
  uint64_t bands; /* those that hold now */
};

static void best_visit(void *context, const struct sp_book_rule *rule, int length)
{
  struct best *best = context;
  if (sp__match_bands(&rule->match, best->bands) &&
      (best->rule == NULL || sp__rule_compare(rule, length, best->rule, best->length) > 0)) {
    best->rule = rule;
    best->length = length;
  }
}

const struct sp_book_rule *sp__plan_best(const struct sp_rater *rater,
                                         const struct sp_book_item *item, uint64_t bands,
                                         int *length)
{
  struct best best = {NULL, 0, bands};
  if (sp__match_unit(rater->work.frame, item->unit)) {
    sp__match_rules(rater->work.book, item, rater->work.frame, best_visit, &best);
  }
  *length = best.length;
  return best.rule;
}

static const struct sp_book_item *plan_item(const struct sp_rater *rater,
                                            const struct sp_book_plan *plan, uint32_t name)
{
  const struct sp_book_item *items =
      SP_BOOK_TABLE(rater->work.book, items, struct sp_book_item) + plan->items_at;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    if (items[i].name_id == name) {
      return items + i;
    }
  }
  return NULL;
}

static struct sp__winner winner_of(const struct sp_book_rule *rule, const struct sp_book_item *item,
                                   const struct sp_book_slot *slots, uint32_t name)
{
  int64_t step = sp_money_step(item->digits);
  return (struct sp__winner){
      .rule = rule,
      .item = item,
      .divisor = item->denominator * step,
      .step = (uint32_t)step,
      .size = slots->increment,
      .price = slots->price,
      .fee = rule->connect_fee,
      .unit = item->unit,
      .rounding = item->rounding,
      .name = name,
      .simple = rule->slots_count == 1 && !rule->counter,
      .free = slots->price_zero && rule->connect_fee == 0,
  };
}

/* The contest of §9.1: a group's or family's rule beats the base plan's; among them priority, then
 * plan name. */
static void winner_find(struct sp_rater *rater, uint32_t name, uint64_t bands,
                        struct sp__winner *winner)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp_book_slot *slots = SP_BOOK_TABLE(rater->work.book, slots, struct sp_book_slot);
  const struct sp_book_plan *of = NULL;
  for (uint32_t p = 0; p < frame->set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, frame->set->plans[p]);
    const struct sp_book_item *item = plan_item(rater, plan, name);
    int length;
    const struct sp_book_rule *rule =
        item == NULL ? NULL : sp__plan_best(rater, item, bands, &length);
    if (rule == NULL) {
      continue;
    }
    bool outranks = plan->kind != SP_PLAN_BASE && of != NULL &&
                    (rule->priority > winner->rule->priority ||
                     (rule->priority == winner->rule->priority && plan < of));
    if (of == NULL || of->kind == SP_PLAN_BASE || outranks) {
      of = plan;
      *winner = winner_of(rule, item, slots + rule->slots_at,
                          rater->books->item_ids[rater->work.usage->book][name]);
    }
  }
}

static bool offer_before(const struct sp__offer *a, const struct sp__offer *b)
{
  const struct sp_book_allowance *x = a->allowance, *y = b->allowance;
  if (x->priority != y->priority) {
    return x->priority < y->priority;
  }
  if (x->pool != y->pool) {
    return x->pool < y->pool;
  }
  if (x->name_id != y->name_id) {
    return x->name_id < y->name_id;
  }
  return x->plan != y->plan ? x->plan < y->plan : a->position < b->position;
}

static bool cut_before(const struct sp__cut *a, const struct sp__cut *b)
{
  const struct sp_book_discount *x = a->discount, *y = b->discount;
  if (x->pass != y->pass) {
    return x->pass < y->pass;
  }
  if (x->set_order != y->set_order) {
    return x->set_order < y->set_order;
  }
  return x->name_id != y->name_id ? x->name_id < y->name_id : x->plan < y->plan;
}

static bool claim_before(const struct sp__claim *a, const struct sp__claim *b)
{
  const struct sp_book_payer *x = a->payer, *y = b->payer;
  if (x->priority != y->priority) {
    return x->priority < y->priority;
  }
  if (x->plan != y->plan) {
    return x->plan < y->plan;
  }
  if (x->name_id != y->name_id) {
    return x->name_id < y->name_id;
  }
  return a->position != b->position ? a->position < b->position : x->row < y->row;
}

/* Index of an item among the frame's, SP_NONE for a blank one. false: the record never has it. */
static bool item_index(const struct sp__frame *frame, uint32_t name, uint32_t *index)
{
  *index = SP_NONE;
  if (name == SP_NONE) {
    return true;
  }
  for (uint32_t i = 0; i < frame->items_count; i++) {
    if (frame->names[i] == name) {
      *index = i;
      return true;
    }
  }
  return false;
}

static void offers_add(struct sp_rater *rater, struct sp__choice *choice, uint64_t bands,
                       const struct sp_book_plan *plan, uint32_t position)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_allowance *row =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  const uint32_t *names = rater->books->allowance_ids[rater->work.usage->book];
  for (uint32_t i = 0; i < plan->allowances_count; i++, row++) {
    if (!sp__match(book, &row->match, rater->work.frame, bands)) {
      continue;
    }
    struct sp__offer offer = {.allowance = row,
                              .key = row->key,
                              .amount = row->amount,
                              .member_cap = row->member_cap,
                              .name = names[row->name_id],
                              .position = (uint8_t)position,
                              .unit = row->unit,
                              .pool = row->pool != 0,
                              .rollover = row->rollover != 0,
                              .joins = plan->kind >= SP_PLAN_GROUP && !row->pool};
    uint32_t at = choice->offers_count++;
    for (; at > 0 && offer_before(&offer, choice->offers + at - 1); at--) {
      choice->offers[at] = choice->offers[at - 1];
    }
    choice->offers[at] = offer;
  }
}

static void cuts_add(struct sp_rater *rater, struct sp__choice *choice, uint64_t bands,
                     const struct sp_book_plan *plan)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_discount *row =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++, row++) {
    struct sp__cut cut = {row, row->key, row->value, 0, 0, row->kind};
    if (!sp__match(book, &row->match, rater->work.frame, bands) ||
        !item_index(rater->work.frame, row->item, &cut.item)) {
      continue;
    }
    uint32_t at = choice->cuts_count++;
    for (; at > 0 && cut_before(&cut, choice->cuts + at - 1); at--) {
      choice->cuts[at] = choice->cuts[at - 1];
    }
    choice->cuts[at] = cut;
  }
}

static void claims_add(struct sp_rater *rater, struct sp__choice *choice, uint64_t bands,
                       const struct sp_book_plan *plan, uint32_t position)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_payer *row =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++, row++) {
    struct sp__claim claim = {
        .payer = row,
        .key = row->key,
        .value = row->value,
        .member_cap_micro = row->member_cap_micro,
        .group_cap_micro = row->group_cap_micro,
        .position = (uint8_t)position,
        .mode = (uint8_t)row->mode,
    };
    if (!sp__match(book, &row->match, rater->work.frame, bands) ||
        !item_index(rater->work.frame, row->item, &claim.item)) {
      continue;
    }
    uint32_t at = choice->claims_count++;
    for (; at > 0 && claim_before(&claim, choice->claims + at - 1); at--) {
      choice->claims[at] = choice->claims[at - 1];
    }
    choice->claims[at] = claim;
  }
}

static struct sp__choice *choice_take(struct sp_rater *rater)
{
  const struct sp__frame *frame = rater->work.frame;
  size_t offers = 0, cuts = 0, claims = 0;
  for (uint32_t p = 0; p < frame->set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, frame->set->plans[p]);
    offers += plan->allowances_count;
    cuts += plan->discounts_count;
    claims += plan->payers_count;
  }
  size_t winners_bytes = frame->items_count * sizeof(struct sp__winner);
  size_t bytes = sizeof(struct sp__choice) + winners_bytes + offers * sizeof(struct sp__offer) +
                 cuts * sizeof(struct sp__cut) + claims * sizeof(struct sp__claim);
  if (bytes > SP__CACHE_CHUNK_BYTES) {
    return NULL; /* more rows than a record may have in reach: overflow, not a want of memory */
  }
  struct sp__choice *choice = sp__cache_take(rater, bytes);
  if (choice != NULL) {
    choice->winners = (struct sp__winner *)(void *)(choice + 1);
    choice->offers = (struct sp__offer *)(void *)(choice->winners + frame->items_count);
    choice->cuts = (struct sp__cut *)(void *)(choice->offers + offers);
    choice->claims = (struct sp__claim *)(void *)(choice->cuts + cuts);
  }
  return choice;
}

/* Where sets and passes end among the cuts. */
static void sets_find(struct sp__choice *choice)
{
  choice->caps_at = choice->bounds_at = choice->cuts_count;
  for (uint16_t i = choice->cuts_count; i-- > 0;) {
    const struct sp_book_discount *row = choice->cuts[i].discount, *next = row + 1;
    bool last = i + 1 == choice->cuts_count;
    if (!last) {
      next = choice->cuts[i + 1].discount;
      last = next->pass != row->pass || next->set_order != row->set_order;
    }
    choice->cuts[i].set_end = last ? (uint16_t)(i + 1) : choice->cuts[i + 1].set_end;
    choice->sets_count = (uint16_t)(choice->sets_count + (last && row->pass == 1));
    choice->caps_at = row->pass == 3 ? i : choice->caps_at;
    choice->bounds_at = row->pass > 1 ? i : choice->bounds_at;
  }
}

static struct sp__choice *choice_make(struct sp_rater *rater, uint64_t bands)
{
  struct sp__frame *frame = rater->work.frame;
  struct sp__choice *choice = choice_take(rater);
  if (choice == NULL) {
    return NULL;
  }
  choice->bands = bands;
  for (uint32_t i = 0; i < frame->items_count; i++) {
    winner_find(rater, frame->names[i], bands, choice->winners + i);
  }
  for (uint32_t p = 0; p < frame->set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, frame->set->plans[p]);
    offers_add(rater, choice, bands, plan, p);
    claims_add(rater, choice, bands, plan, p);
    if (sp__plan_is_first(frame->set, p)) {
      cuts_add(rater, choice, bands, plan);
    }
  }
  sets_find(choice);
  choice->fits_short = sp__short_fits(frame, choice);
  choice->next = frame->choices;
  frame->choices = choice;
  return choice;
}

struct sp__choice *sp__choice_find(struct sp_rater *rater, uint64_t bands)
{
  bands &= rater->work.frame->bands;
  for (struct sp__choice *choice = rater->work.frame->choices; choice != NULL;
       choice = choice->next) {
    if (choice->bands == bands) {
      return choice;
    }
  }
  return choice_make(rater, bands);
}
