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
  const struct sp__met *met = &rater->met;
  if (met->frame == rater->work.frame) {
    for (uint32_t i = 0; i < met->count; i++) {
      if (met->rules[i].item == item) {
        best_visit(&best, met->rules[i].rule, met->rules[i].length);
      }
    }
    *length = best.length;
    return best.rule;
  }
  struct sp__asked asked = sp__frame_asked(rater->work.frame);
  if (sp__match_unit(&asked, item->unit)) {
    sp__match_rules(rater->work.book, item, &asked, best_visit, &best);
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

static struct sp__winner winner_of(const struct sp_rater *rater, const struct sp_book_rule *rule,
                                   const struct sp_book_item *item, uint32_t name)
{
  const struct sp_book *book = rater->work.book;
  return (struct sp__winner){
      .size = rule->increment,
      .price = rule->price,
      .fee = rule->connect_fee,
      .rule = (uint32_t)(rule - SP_BOOK_TABLE(book, rules, struct sp_book_rule)),
      .name = rater->books->item_ids[rater->work.usage->book][name],
      .denominator = (uint32_t)item->denominator,
      .unit = item->unit,
      .rounding = item->rounding,
      .digits = item->digits & 15u,
      .band_mode = item->band_mode & 15u,
      .simple = rule->single && !rule->counter,
      .free = rule->price_zero && rule->connect_fee == 0,
  };
}

/* The contest of §9.1: a group's or family's rule beats the base plan's; among them priority, then
 * plan name. */
static struct sp__winner winner_find(struct sp_rater *rater, uint32_t name, uint64_t bands)
{
  const struct sp__plan_set *set = sp__set_of(rater);
  const struct sp_book_plan *of = NULL;
  const struct sp_book_rule *won = NULL;
  const struct sp_book_item *by = NULL;
  for (uint32_t p = 0; p < set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, set->plans[p]);
    const struct sp_book_item *item = plan_item(rater, plan, name);
    int length;
    const struct sp_book_rule *rule =
        item == NULL ? NULL : sp__plan_best(rater, item, bands, &length);
    if (rule == NULL) {
      continue;
    }
    bool outranks =
        plan->kind != SP_PLAN_BASE && of != NULL &&
        (rule->priority > won->priority || (rule->priority == won->priority && plan < of));
    if (of == NULL || of->kind == SP_PLAN_BASE || outranks) {
      of = plan;
      won = rule;
      by = item;
    }
  }
  return won == NULL ? (struct sp__winner){.rule = SP_NONE} : winner_of(rater, won, by, name);
}

static bool offer_before(const struct sp_rater *rater, const struct sp__offer *a,
                         const struct sp__offer *b)
{
  const struct sp_book_allowance *x = sp__offer_row(rater, a), *y = sp__offer_row(rater, b);
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

static bool cut_before(const struct sp_rater *rater, const struct sp__cut *a,
                       const struct sp__cut *b)
{
  const struct sp_book_discount *x = sp__cut_row(rater, a), *y = sp__cut_row(rater, b);
  if (x->pass != y->pass) {
    return x->pass < y->pass;
  }
  if (x->set_order != y->set_order) {
    return x->set_order < y->set_order;
  }
  return x->name_id != y->name_id ? x->name_id < y->name_id : x->plan < y->plan;
}

static bool claim_before(const struct sp_rater *rater, const struct sp__claim *a,
                         const struct sp__claim *b)
{
  const struct sp_book_payer *x = sp__claim_row(rater, a), *y = sp__claim_row(rater, b);
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

/* Index of an item among the frame's, SP__ITEM_NONE for a blank one. false: the record never has
 * it. */
static bool item_index(const struct sp__frame *frame, uint32_t name, uint8_t *index)
{
  *index = SP__ITEM_NONE;
  if (name == SP_NONE) {
    return true;
  }
  for (uint8_t i = 0; i < frame->items_count; i++) {
    if (frame->names[i] == name) {
      *index = i;
      return true;
    }
  }
  return false;
}

struct draft { /* a choice while it is made: room for all rows of the plans */
  struct sp__choice *choice;
  struct sp__winner *winners; /* behind the choice; each list behind the room of the one before */
  struct sp__offer *offers;   /* allowances, by static order of §10.5 */
  struct sp__cut *cuts;       /* discounts by pass, set, name, plan */
  struct sp__claim *claims;   /* payers in order of §12.1 */
  struct sp__asked asked;
};

#define AMOUNT_MASK ((UINT64_C(1) << SP__OFFER_AMOUNT_BITS) - 1) /* of all: for the compiler */

static void offers_add(struct sp_rater *rater, struct draft *draft, uint64_t bands,
                       const struct sp_book_plan *plan, uint32_t position)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_allowance *row =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  const uint32_t *names = rater->books->allowance_ids[rater->work.usage->book];
  for (uint32_t i = 0; i < plan->allowances_count; i++, row++) {
    if (!sp__match(book, &row->match, &draft->asked, bands)) {
      continue;
    }
    uint32_t name = names[row->name_id];
    struct sp__offer offer = {.key = row->key,
                              .amount = (uint64_t)row->amount & AMOUNT_MASK,
                              .pool = row->pool != 0,
                              .rollover = row->rollover != 0,
                              .capped = row->pool != 0 && row->member_cap >= 0,
                              .joins = plan->kind >= SP_PLAN_GROUP && !row->pool,
                              .row = plan->allowances_at + i,
                              .name = (name < SP__OFFER_NAME_MAX ? name : SP__OFFER_NAME_MAX) &
                                      SP__OFFER_NAME_MAX,
                              .unit = row->unit & 3u,
                              .position = position & UINT8_MAX};
    uint32_t at = draft->choice->offers_count++;
    for (; at > 0 && offer_before(rater, &offer, draft->offers + at - 1); at--) {
      draft->offers[at] = draft->offers[at - 1];
    }
    draft->offers[at] = offer;
  }
}

static void cuts_add(struct sp_rater *rater, struct draft *draft, uint64_t bands,
                     const struct sp_book_plan *plan)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_discount *row =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++, row++) {
    struct sp__cut cut = {
        .key = row->key, .value = row->value, .row = plan->discounts_at + i, .kind = row->kind};
    if (!sp__match(book, &row->match, &draft->asked, bands) ||
        !item_index(rater->work.frame, row->item, &cut.item)) {
      continue;
    }
    uint32_t at = draft->choice->cuts_count++;
    for (; at > 0 && cut_before(rater, &cut, draft->cuts + at - 1); at--) {
      draft->cuts[at] = draft->cuts[at - 1];
    }
    draft->cuts[at] = cut;
  }
}

static void claims_add(struct sp_rater *rater, struct draft *draft, uint64_t bands,
                       const struct sp_book_plan *plan, uint32_t position)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_payer *row =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++, row++) {
    struct sp__claim claim = {
        .key = row->key,
        .value = row->value,
        .member_cap_micro = row->member_cap_micro,
        .group_cap_micro = row->group_cap_micro,
        .row = plan->payers_at + i,
        .position = (uint8_t)position,
        .mode = (uint8_t)row->mode,
    };
    if (!sp__match(book, &row->match, &draft->asked, bands) ||
        !item_index(rater->work.frame, row->item, &claim.item)) {
      continue;
    }
    uint32_t at = draft->choice->claims_count++;
    for (; at > 0 && claim_before(rater, &claim, draft->claims + at - 1); at--) {
      draft->claims[at] = draft->claims[at - 1];
    }
    draft->claims[at] = claim;
  }
}

/* Room for a choice: the first of a frame behind it, others from the beginning of a line on, whose
 * place the frame then has. NULL: none. */
static struct sp__choice *choice_take(struct sp_rater *rater, size_t bytes)
{
  struct sp__frame *frame = rater->work.frame;
  if (bytes > SP__CACHE_CHUNK_BYTES) {
    return NULL; /* more rows than a record may have in reach: overflow, not a want of memory */
  }
  struct sp__choice *choice = frame->begun ? NULL : sp__cache_take_behind(rater, frame + 1, bytes);
  if (choice != NULL) {
    frame->begun = true;
    return choice;
  }
  uint32_t place;
  choice = sp__cache_take_lines(rater, bytes, &place);
  if (choice != NULL) {
    choice->next = frame->choices;
    frame->choices = place & SP__PLACE;
  }
  return choice;
}

static bool draft_begin(struct sp_rater *rater, struct draft *draft)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp__plan_set *set = sp__set_of(rater);
  size_t offers = 0, cuts = 0, claims = 0;
  for (uint32_t p = 0; p < set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, set->plans[p]);
    offers += plan->allowances_count;
    cuts += plan->discounts_count;
    claims += plan->payers_count;
  }
  size_t winners_bytes = frame->items_count * sizeof(struct sp__winner);
  draft->choice = choice_take(
      rater, sizeof(struct sp__choice) + winners_bytes + offers * sizeof(struct sp__offer) +
                 cuts * sizeof(struct sp__cut) + claims * sizeof(struct sp__claim));
  if (draft->choice == NULL) {
    return false;
  }
  draft->winners = (struct sp__winner *)(void *)(draft->choice + 1);
  draft->offers = (struct sp__offer *)(void *)(draft->winners + frame->items_count);
  draft->cuts = (struct sp__cut *)(void *)(draft->offers + offers);
  draft->claims = (struct sp__claim *)(void *)(draft->cuts + cuts);
  draft->asked = sp__frame_asked(frame);
  return true;
}

/* Where the set keeps lists like these, which are not empty; 0: nowhere. */
static uint32_t lists_seek(const struct sp_rater *rater, const char *lists, size_t bytes)
{
  const struct sp__plan_set *set = sp__set_of(rater);
  for (unsigned i = 0; i < SP__LISTS_KEPT; i++) {
    const struct sp__set_lists *kept = set->lists + i;
    if (kept->bytes == bytes && memcmp(sp__cache_at_eight(rater, kept->at), lists, bytes) == 0) {
      return kept->at;
    }
  }
  return 0;
}

/* The next choices with such lists refer to these. */
static void lists_keep(struct sp_rater *rater, const char *lists, size_t bytes)
{
  struct sp__plan_set *set = sp__set_at(rater, rater->work.frame->set);
  size_t eight = (size_t)(lists - rater->chunks[rater->chunk_now]) / 8;
  set->lists[set->lists_next] = (struct sp__set_lists){
      (uint32_t)(rater->chunk_now * SP__CHUNK_EIGHTS + eight), (uint32_t)bytes};
  set->lists_next = (set->lists_next + 1) % SP__LISTS_KEPT;
}

static size_t line_of(const char *at)
{
  return (uintptr_t)at / SP__LINE_BYTES;
}

/* Moves the lists together and gives back what they leave; all of their room where the choice takes
 * a line less without them and another one has the same. */
static void draft_end(struct sp_rater *rater, const struct draft *draft)
{
  struct sp__choice *choice = draft->choice;
  char *lists = (char *)draft->offers, *end = (char *)(draft->offers + choice->offers_count);
  memmove(end, draft->cuts, choice->cuts_count * sizeof(*draft->cuts));
  end += choice->cuts_count * sizeof(*draft->cuts);
  memmove(end, draft->claims, choice->claims_count * sizeof(*draft->claims));
  end += choice->claims_count * sizeof(*draft->claims);
  if (line_of(end - 1) != line_of(lists - 1)) {
    choice->lists = lists_seek(rater, lists, (size_t)(end - lists));
    if (choice->lists != 0) {
      end = lists;
    } else {
      lists_keep(rater, lists, (size_t)(end - lists));
    }
  }
  sp__cache_end(rater, end);
}

/* Where sets and passes end among the cuts. */
static void sets_find(const struct sp_rater *rater, struct sp__choice *choice, struct sp__cut *cuts)
{
  unsigned sets = 0;
  choice->bounds_at = choice->cuts_count;
  for (uint16_t i = choice->cuts_count; i-- > 0;) {
    const struct sp_book_discount *row = sp__cut_row(rater, cuts + i), *next = row + 1;
    bool last = i + 1 == choice->cuts_count;
    if (!last) {
      next = sp__cut_row(rater, cuts + i + 1);
      last = next->pass != row->pass || next->set_order != row->set_order;
    }
    cuts[i].set_end = last ? (uint16_t)(i + 1) : cuts[i + 1].set_end;
    sets += last && row->pass == 1;
    choice->bounds_at = row->pass > 1 ? i : choice->bounds_at;
  }
  choice->sets_many = sets > SP__SETS_MAX;
}

static __attribute__((noinline)) struct sp__choice *choice_make(struct sp_rater *rater,
                                                                uint64_t bands)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp__plan_set *set = sp__set_of(rater);
  struct draft draft;
  if (!draft_begin(rater, &draft)) {
    return NULL;
  }
  draft.choice->bands = bands;
  for (uint32_t i = 0; i < frame->items_count; i++) {
    draft.winners[i] = winner_find(rater, frame->names[i], bands);
  }
  for (uint32_t p = 0; p < set->count; p++) {
    const struct sp_book_plan *plan = sp__plan_at(rater, set->plans[p]);
    offers_add(rater, &draft, bands, plan, p);
    claims_add(rater, &draft, bands, plan, p);
    if (sp__plan_is_first(set, p)) {
      cuts_add(rater, &draft, bands, plan);
    }
  }
  sets_find(rater, draft.choice, draft.cuts);
  draft_end(rater, &draft);
  draft.choice->fits_short = sp__short_fits(rater, draft.choice);
  return draft.choice;
}

struct sp__choice *sp__choice_find(struct sp_rater *rater, uint64_t bands)
{
  struct sp__frame *frame = rater->work.frame;
  bands &= frame->bands;
  struct sp__choice *choice = (struct sp__choice *)(void *)(frame + 1);
  if (SP_LIKELY(frame->begun && choice->bands == bands)) {
    return choice;
  }
  for (uint32_t place = frame->choices; place != 0; place = choice->next) {
    choice = sp__cache_at(rater, place);
    if (choice->bands == bands) {
      return choice;
    }
  }
  return choice_make(rater, bands);
}
