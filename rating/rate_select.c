/* Which rules, allowances, discounts and payers a record meets (book.md §8.2-8.4, §9, §10.5, §11.1,
 * §12.1). Found once for all records with one frame and one set of bands, and looked up ever after.
 */
#include "rating/hash.h"
#include "rating/rate_match.h"

#include <string.h>

#define CACHE_LINE 64u

struct best { /* the best rule of one item in one plan so far */
  const struct sp_book_rule *rule;
  int length;
  uint64_t bands; /* those that hold now, or SP__BANDS_ANY */
  uint64_t asked; /* bands that any matching rule asks for */
};

static void best_visit(void *context, const struct sp_book_rule *rule, int length)
{
  struct best *best = context;
  best->asked |= rule->match.bands;
  if (sp__match_bands(&rule->match, best->bands) &&
      (best->rule == NULL || sp__rule_compare(rule, length, best->rule, best->length) > 0)) {
    best->rule = rule;
    best->length = length;
  }
}

static const struct sp_book_plan *plan_at(const struct sp_rater *rater, uint32_t plan)
{
  return SP_BOOK_TABLE(rater->work.book, plans, struct sp_book_plan) + plan;
}

/* Is this position the first with its plan (§7.3)? */
static bool plan_is_first(const struct sp__plan_set *set, uint32_t position)
{
  for (uint32_t i = 0; i < position; i++) {
    if (set->plans[i] == set->plans[position]) {
      return false;
    }
  }
  return true;
}

/* Keeps names ascending, once each; one more than can be is kept as the sign that there are too
 * many. */
static void names_add(uint32_t *names, uint32_t *count, uint32_t name)
{
  uint32_t at = *count;
  while (at > 0 && names[at - 1] > name) {
    at--;
  }
  if ((at > 0 && names[at - 1] == name) || *count > SP_BOOK_ITEMS_MAX) {
    return;
  }
  memmove(names + at + 1, names + at, (*count - at) * sizeof(*names));
  names[at] = name;
  ++*count;
}

/* Bands that the plan's rows ask for where the rest of them matches; its items that are priced. */
static uint64_t plan_survey(const struct sp_rater *rater, const struct sp_book_plan *plan,
                            const struct sp__frame *key, uint32_t *names, uint32_t *count)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  struct best best = {NULL, 0, SP__BANDS_ANY, 0};
  for (uint32_t i = 0; i < plan->items_count; i++, item++) {
    best.rule = NULL;
    if (sp__match_unit(key, item->unit)) {
      sp__match_rules(book, item, key, best_visit, &best);
    }
    if (best.rule != NULL) {
      names_add(names, count, item->name_id);
    }
  }
  uint64_t bands = best.asked;
  const struct sp_book_allowance *allowance =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    bands |=
        sp__match(book, &allowance[i].match, key, SP__BANDS_ANY) ? allowance[i].match.bands : 0;
  }
  const struct sp_book_discount *discount =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    bands |= sp__match(book, &discount[i].match, key, SP__BANDS_ANY) ? discount[i].match.bands : 0;
  }
  const struct sp_book_payer *payer =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    bands |= sp__match(book, &payer[i].match, key, SP__BANDS_ANY) ? payer[i].match.bands : 0;
  }
  return bands;
}

static struct sp__frame *frame_make(struct sp_rater *rater, const struct sp__plan_set *set,
                                    const struct sp__frame *key)
{
  const struct sp_book *book = rater->work.book;
  uint32_t names[SP_BOOK_ITEMS_MAX + 1], count = 0;
  uint64_t bands = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    if (plan_is_first(set, i)) {
      bands |= plan_survey(rater, plan_at(rater, set->plans[i]), key, names, &count);
    }
  }
  bool too_many = count > SP_BOOK_ITEMS_MAX;
  count = too_many ? SP_BOOK_ITEMS_MAX : count;
  struct sp__frame *frame = sp__cache_take(rater, sizeof(*frame) + count * sizeof(*names));
  if (frame == NULL) {
    return NULL;
  }
  *frame = *key;
  frame->next = NULL;
  frame->set = set;
  frame->bands = bands;
  frame->choices = NULL;
  frame->items_count = count;
  frame->too_many = too_many;
  frame->base = SP_NONE;
  const struct sp_book_name *texts = SP_BOOK_TABLE(book, item_names, struct sp_book_name);
  for (uint32_t i = 0; i < count; i++) {
    frame->names[i] = names[i];
    if (texts[names[i]].length == 4 &&
        memcmp(sp_book_text(book, texts[names[i]]), "base", 4) == 0) {
      frame->base = i;
    }
  }
  return frame;
}

const struct sp_book_rule *sp__plan_best(const struct sp_rater *rater,
                                         const struct sp_book_item *item, uint64_t bands,
                                         int *length)
{
  struct best best = {NULL, 0, bands, 0};
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
  int64_t step = sp_money_step(item->digits), divisor = item->denominator * step;
  return (struct sp__winner){
      .rule = rule,
      .item = item,
      .slots = slots,
      .divisor = divisor,
      .step = step,
      .bias = item->rounding == SP_ROUND_HALF_UP ? divisor / 2
              : item->rounding == SP_ROUND_CEIL  ? divisor - 1
                                                 : 0,
      .size = slots->increment,
      .price = slots->price,
      .fee = rule->connect_fee,
      .unit = item->unit,
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
    const struct sp_book_plan *plan = plan_at(rater, frame->set->plans[p]);
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
  for (uint32_t i = 0; i < plan->allowances_count; i++, row++) {
    if (!sp__match(book, &row->match, rater->work.frame, bands)) {
      continue;
    }
    struct sp__offer offer = {row, position, plan->kind >= SP_PLAN_GROUP && !row->pool};
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
    struct sp__cut cut = {row, 0, 0};
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
    struct sp__claim claim = {row, position, 0};
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
    const struct sp_book_plan *plan = plan_at(rater, frame->set->plans[p]);
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
  for (uint32_t i = choice->cuts_count; i-- > 0;) {
    const struct sp_book_discount *row = choice->cuts[i].discount, *next = row + 1;
    bool last = i + 1 == choice->cuts_count;
    if (!last) {
      next = choice->cuts[i + 1].discount;
      last = next->pass != row->pass || next->set_order != row->set_order;
    }
    choice->cuts[i].set_end = last ? i + 1 : choice->cuts[i + 1].set_end;
    choice->sets_count += last && row->pass == 1;
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
    const struct sp_book_plan *plan = plan_at(rater, frame->set->plans[p]);
    offers_add(rater, choice, bands, plan, p);
    claims_add(rater, choice, bands, plan, p);
    if (plan_is_first(frame->set, p)) {
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

static bool plan_asks(const struct sp_rater *rater, uint32_t index, bool dest)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_plan *plan = plan_at(rater, index);
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  uint32_t asked = 0;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_rule *rule =
        SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item[i].rules_at;
    for (uint32_t r = 0; r < item[i].rules_count; r++) {
      asked |= dest ? rule[r].match.dests_count : rule[r].match.groups_count;
    }
  }
  const struct sp_book_allowance *allowance =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    asked |= dest ? allowance[i].match.dests_count : allowance[i].match.groups_count;
  }
  const struct sp_book_discount *discount =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    asked |= dest ? discount[i].match.dests_count : discount[i].match.groups_count;
  }
  const struct sp_book_payer *payer =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    asked |= dest ? payer[i].match.dests_count : payer[i].match.groups_count;
  }
  return asked != 0;
}

/* For each bit of the feature word what the set's rows say of it: bits of one column with equal
 * signs lead to the same rows, whatever the record. */
static void row_sign(uint64_t *signs, const struct sp_book_match *match)
{
  for (unsigned bit = 0; bit < SP_FEATURE_BITS; bit++) {
    signs[bit] = sp_hash_fold(signs[bit] ^ SP_HASH_K0, (match->refused >> bit & 1) ^ SP_HASH_K1);
  }
}

static void plan_sign(const struct sp_rater *rater, uint32_t index, uint64_t *signs)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_plan *plan = plan_at(rater, index);
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_rule *rule =
        SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item[i].rules_at;
    for (uint32_t r = 0; r < item[i].rules_count; r++) {
      row_sign(signs, &rule[r].match);
    }
  }
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    row_sign(
        signs,
        &SP_BOOK_TABLE(book, allowances, struct sp_book_allowance)[plan->allowances_at + i].match);
  }
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    row_sign(
        signs,
        &SP_BOOK_TABLE(book, discounts, struct sp_book_discount)[plan->discounts_at + i].match);
  }
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    row_sign(signs, &SP_BOOK_TABLE(book, payers, struct sp_book_payer)[plan->payers_at + i].match);
  }
}

/* alike[bit]: the lowest bit of its column that no row of the set tells from it. Services stay
 * apart: they also decide what is counted (book.md §8.2). Fewer frames, so that they stay in the
 * cache. */
static void set_alike(const struct sp_rater *rater, struct sp__plan_set *set)
{
  static const uint8_t columns[] = {SP_FEATURE_SERVICE, SP_FEATURE_DIRECTION, SP_FEATURE_ROAM,
                                    SP_FEATURE_ZONE,    SP_FEATURE_NET,       SP_FEATURE_BITS};
  uint64_t signs[SP_FEATURE_BITS] = {0};
  for (uint16_t i = 0; i < set->count; i++) {
    plan_sign(rater, set->plans[i], signs);
  }
  for (unsigned column = 0; column + 1 < sizeof(columns); column++) {
    for (unsigned bit = columns[column]; bit < columns[column + 1]; bit++) {
      unsigned first = columns[column] == SP_FEATURE_SERVICE ? bit : columns[column];
      while (signs[first] != signs[bit]) {
        first++;
      }
      set->alike[bit] = (uint8_t)first;
    }
  }
}

/* sp_usage_features(), each bit replaced by the one that stands for it. */
static uint64_t features_alike(const struct sp__plan_set *set, const struct sp_usage *usage)
{
  const uint8_t *alike = set->alike;
  unsigned net = (usage->flags & SP_USAGE_TREE) != 0 ? SP_FEATURE_NET_TREE : SP_FEATURE_NET;
  return UINT64_C(1) << alike[SP_FEATURE_SERVICE + usage->service] |
         UINT64_C(1) << alike[SP_FEATURE_DIRECTION + usage->direction] |
         UINT64_C(1) << alike[SP_FEATURE_ROAM + usage->roam] |
         UINT64_C(1) << alike[SP_FEATURE_ZONE + usage->zone] |
         UINT64_C(1) << alike[net + usage->net];
}

static struct sp__plan_set *set_make(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  uint16_t count = work->positions_count;
  char *at =
      sp__cache_take(rater, sizeof(struct sp__plan_set) + count * sizeof(uint32_t) + CACHE_LINE);
  if (at == NULL) {
    return NULL;
  }
  at += (CACHE_LINE - (uintptr_t)at % CACHE_LINE) % CACHE_LINE;
  struct sp__plan_set *set = (struct sp__plan_set *)(void *)at;
  set->hash = work->plans_hash;
  set->book = work->usage->book;
  set->count = count;
  for (uint16_t i = 0; i < count; i++) {
    set->plans[i] = work->positions[i].plan;
    set->uses_dest |= plan_asks(rater, set->plans[i], true);
    set->uses_rating_group |= plan_asks(rater, set->plans[i], false);
  }
  set_alike(rater, set);
  return set;
}

static bool set_is(const struct sp__plan_set *set, const struct sp__work *work)
{
  if (set->count != work->positions_count || set->book != work->usage->book) {
    return false;
  }
  uint16_t same = 0;
  while (same < set->count && set->plans[same] == work->positions[same].plan) {
    same++;
  }
  return same == set->count;
}

static struct sp__plan_set *set_find(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  struct sp__plan_set **bucket = rater->sets + work->plans_hash % SP__SET_BUCKETS;
  for (struct sp__plan_set *set = *bucket; set != NULL; set = set->next) {
    if (set->hash == work->plans_hash && set_is(set, work)) {
      return set;
    }
  }
  struct sp__plan_set *made = set_make(rater);
  if (made != NULL) {
    made->next = *bucket;
    *bucket = made;
  }
  return made;
}

static bool frame_is(const struct sp__frame *frame, const struct sp__frame *key)
{
  return frame->set == key->set && frame->features == key->features &&
         frame->dest_node == key->dest_node && frame->rating_group == key->rating_group;
}

static struct sp__frame *frame_intern(struct sp_rater *rater, const struct sp__frame *key,
                                      uint64_t hash)
{
  struct sp__frame **bucket = rater->frames + (hash >> 8) % SP__FRAME_BUCKETS;
  for (struct sp__frame *frame = *bucket; frame != NULL; frame = frame->next) {
    if (frame_is(frame, key)) {
      return frame;
    }
  }
  struct sp__frame *made = frame_make(rater, key->set, key);
  if (made != NULL) {
    made->next = *bucket;
    *bucket = made;
  }
  return made;
}

/* A frame's key under a plan set; returns its hash. */
static uint64_t frame_key(const struct sp__plan_set *set, const struct sp_usage *usage,
                          struct sp__frame *key)
{
  *key = (struct sp__frame){.set = set,
                            .features = features_alike(set, usage),
                            .dest_node = set->uses_dest ? usage->dest_node : 0,
                            .rating_group = set->uses_rating_group ? usage->rating_group : 0};
  uint64_t hash = sp_hash_fold(key->features ^ SP_HASH_K1, set->hash ^ SP_HASH_K0);
  return sp_hash_fold(hash, ((uint64_t)key->dest_node << 32 | key->rating_group) ^ SP_HASH_K2);
}

struct sp__frame *sp__frame_find(struct sp_rater *rater)
{
  const struct sp_usage *usage = rater->work.usage;
  struct sp__list_plans *own = rater->work.own;
  bool alone = rater->work.positions_count == own->count; /* no group gives a plan */
  struct sp__plan_set **kept = alone ? &own->set : &own->company, *set = *kept;
  if (set == NULL || (!alone && !set_is(set, &rater->work))) {
    set = *kept = set_find(rater);
  }
  if (set == NULL) {
    return NULL;
  }
  struct sp__frame key;
  uint64_t hash = frame_key(set, usage, &key);
  struct sp__frame **known = &set->known[hash % SP__SET_FRAMES];
  if (*known == NULL || !frame_is(*known, &key)) {
    *known = frame_intern(rater, &key, hash);
  }
  return *known;
}

/* Guesses: what was found last may be of another time, or be gone; they are only fetched. */
const struct sp__plan_set *sp__set_seen(const struct sp_rater *rater, const struct sp_usage *usage)
{
  uint32_t list = sp_directory_subscription_list(rater->directory, usage->subscriber);
  const struct sp__list_plans *own = rater->lists + list % SP__LISTS_CACHED;
  bool alone = usage->group >= rater->groups_count || rater->groups[usage->group].count == 0;
  return own->list != list ? NULL : alone ? own->set : own->company;
}

const struct sp__frame *sp__frame_seen(const struct sp_rater *rater, const struct sp_usage *usage)
{
  const struct sp__plan_set *set = sp__set_seen(rater, usage);
  struct sp__frame key;
  return set == NULL ? NULL : set->known[frame_key(set, usage, &key) % SP__SET_FRAMES];
}
