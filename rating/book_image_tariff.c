#include "rating/book_image.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/sort.h"

#define SP_KEY_PLAN 1u
#define SP_KEY_RULE 2u
#define SP_KEY_ALLOWANCE 3u
#define SP_KEY_DISCOUNT 4u
#define SP_KEY_PAYER 5u

static uint64_t key_add(uint64_t key, const struct sp__terms *names, uint32_t id)
{
  const struct sp__term *name = sp__terms_at(names, id);
  return sp_hash64(name->text, name->length, key);
}

/* How many ids a list has that a match puts there. */
static uint32_t list_count(struct sp__list *lists, uint32_t place)
{
  return place == 0 ? 0 : *SP_LIST_AT(lists, uint32_t, place - 1);
}

/* Names in sorted order, so that the key is the same in every book that has them. */
static uint64_t key_add_list(uint64_t key, const struct sp__terms *names, struct sp__list *lists,
                             uint32_t place)
{
  uint32_t count = list_count(lists, place);
  key = sp_hash64(&count, sizeof(count), key);
  for (uint32_t i = 0; i < count; i++) {
    key = key_add(key, names, names->order[*SP_LIST_AT(lists, uint32_t, place + i) - 1]);
  }
  return key;
}

static uint64_t rule_key(struct sp__image *image, const struct sp__rate *row,
                         const struct sp_book_match *match)
{
  struct sp__draft *draft = image->draft;
  uint64_t words[3] = {row->match.accepted, row->match.set, (uint64_t)row->priority};
  uint64_t key = key_add(key_add(SP_KEY_RULE, &draft->plans, row->plan), &draft->items, row->item);
  key = sp_hash64(words, sizeof(words), key);
  for (uint64_t rest = match->bands; rest != 0; rest &= rest - 1) {
    key = key_add(key, &draft->bands, draft->bands.order[__builtin_ctzll(rest)]);
  }
  key = key_add_list(key, &draft->dests, &image->match_dests, match->dests);
  return key_add_list(key, &draft->groups, &image->match_groups, match->groups);
}

static void slot_fill(const struct sp__rate *row, int64_t denominator, struct sp_book_slot *out)
{
  out->from = row->from;
  out->increment = row->increment;
  out->price = row->cost_n * (denominator / row->cost_d);
  out->price_per_numerator = row->price_n;
  out->price_per_denominator = row->price_d;
  out->per = row->per;
  out->price_zero = row->price_zero;
  out->row = row->line;
}

struct rules_out {
  struct sp_book_rule *rules;
  struct sp_book_rule_rest *rests;
  struct sp_book_slot *slots;
  struct sp__list dest_rules;
  uint32_t rules_count, slots_count;
};

static void rule_fill(struct sp__image *image, struct rules_out *to,
                      const struct sp__plan_item *item, uint32_t index)
{
  struct sp__draft *draft = image->draft;
  const struct sp__rule *rule = sp__rule_at(draft, index);
  const struct sp__rate *row = sp__rule_row(draft, index);
  uint32_t at = to->rules_count++;
  struct sp_book_rule *out = &to->rules[at];
  struct sp_book_rule_rest *rest = &to->rests[at];
  out->match = sp__image_match(image, &row->match, sp__unit_services((enum sp_unit)item->unit));
  if (draft->status != SP_OK) {
    return;
  }
  out->priority = row->priority;
  rest->key = rule_key(image, row, &out->match);
  rest->plan = sp__image_rank(&draft->plans, row->plan);
  rest->item = sp__image_rank(&draft->items, row->item);
  rest->row = rule->line;
  rest->slots_count = rule->slots_count;
  out->counter = rule->counter == 0;
  out->single = rule->slots_count == 1;
  out->slots_at = to->slots_count;
  for (uint32_t i = 0; i < rule->slots_count; i++) {
    const struct sp__rate *slot =
        SP_LIST_AT(&draft->rates, struct sp__rate, draft->slot_order[rule->slots_at + i]);
    slot_fill(slot, item->denominator, &to->slots[to->slots_count++]);
    out->connect_fee += slot->fee_n * (item->denominator / slot->fee_d);
  }
  out->increment = to->slots[out->slots_at].increment;
  out->price = to->slots[out->slots_at].price;
  out->price_zero = to->slots[out->slots_at].price_zero;
  for (uint32_t i = 0; i < list_count(&image->match_dests, out->match.dests); i++) {
    uint32_t dest = *SP_LIST_AT(&image->match_dests, uint32_t, out->match.dests + i) - 1;
    *(struct sp_book_dest_rule *)sp__list_add(draft, &to->dest_rules,
                                              sizeof(struct sp_book_dest_rule)) =
        (struct sp_book_dest_rule){dest, at};
  }
}

static int dest_rule_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp_book_dest_rule *rules = context;
  return rules[a].dest != rules[b].dest ? sp_compare_u64(rules[a].dest, rules[b].dest)
                                        : sp_compare_u64(rules[a].rule, rules[b].rule);
}

/* Sorts the part of `dest_rules` that one item has added. */
static void dest_rules_sort(struct sp__draft *draft, struct sp__list *list, uint32_t at)
{
  uint32_t count = list->count - at;
  if (count < 2 || draft->status != SP_OK) {
    return;
  }
  struct sp_book_dest_rule *rules = SP_LIST_AT(list, struct sp_book_dest_rule, at);
  uint32_t *order = sp__draft_order(draft, count, dest_rule_compare, rules);
  struct sp_book_dest_rule *sorted = sp__draft_take(draft, count * sizeof(*sorted));
  if (order == NULL || sorted == NULL) {
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    sorted[i] = rules[order[i]];
  }
  memcpy(rules, sorted, count * sizeof(*sorted));
}

static int dest_compare(const void *context, uint32_t a, uint32_t b)
{
  const uint32_t *dests = context;
  return sp_compare_u64(dests[a], dests[b]);
}

static uint32_t dest_first(const struct sp__draft *draft, uint32_t rule)
{
  const struct sp__match *match = &sp__rule_row(draft, rule)->match;
  const uint32_t *ids = SP_LIST_AT(&draft->match_ids, const uint32_t, match->dests_at);
  uint32_t first = SP_NONE;
  for (uint32_t i = 0; i < match->dests_count; i++) {
    uint32_t rank = sp__terms_at(&draft->dests, ids[i])->rank;
    first = rank < first ? rank : first;
  }
  return first;
}

/* The rules of an item: those with dest cell by the first of their destinations, so that what
 * prices one destination lies together. */
static void rules_fill(struct sp__image *image, struct rules_out *to,
                       const struct sp__plan_item *item)
{
  struct sp__draft *draft = image->draft;
  const uint32_t *rules = draft->rule_order + item->rules_at;
  uint32_t count = item->rules_count - item->rules_plain;
  uint32_t *dests = sp__draft_take(draft, count * sizeof(*dests));
  for (uint32_t i = 0; dests != NULL && i < count; i++) {
    dests[i] = dest_first(draft, rules[item->rules_plain + i]);
  }
  uint32_t *order = dests == NULL ? NULL : sp__draft_order(draft, count, dest_compare, dests);
  for (uint32_t i = 0; order != NULL && i < item->rules_count; i++) {
    uint32_t plain = item->rules_plain;
    rule_fill(image, to, item, rules[i < plain ? i : plain + order[i - plain]]);
  }
}

static void item_index(struct sp_book_item *item, const struct rules_out *to)
{
  const struct sp_book_rule *rules = to->rules + item->rules_at;
  item->plain_refused = item->dest_refused = SP_FEATURES_ALL;
  for (uint32_t i = 0; i < item->rules_count; i++) {
    *(i < item->rules_plain ? &item->plain_refused : &item->dest_refused) &= rules[i].match.refused;
  }
  item->dest_first = SP_NONE;
  if (item->dest_index_count > 0) {
    const struct sp_book_dest_rule *rows =
        SP_LIST_AT(&to->dest_rules, const struct sp_book_dest_rule, item->dest_index_at);
    item->dest_first = rows[0].dest;
    item->dest_last = rows[item->dest_index_count - 1].dest;
  }
}

static void items_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->plan_items.count;
  struct rules_out to = {
      .rules = sp__draft_take(draft, draft->rules.count * sizeof(struct sp_book_rule)),
      .rests = sp__draft_take(draft, draft->rules.count * sizeof(struct sp_book_rule_rest)),
      .slots = sp__draft_take(draft, draft->rates.count * sizeof(struct sp_book_slot))};
  struct sp_book_item *items = sp__draft_take(draft, count * sizeof(*items));
  for (uint32_t i = 0; i < count && draft->status == SP_OK; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    struct sp_book_item *out = &items[i];
    out->name_id = sp__image_rank(&draft->items, item->item);
    out->rules_at = item->rules_at;
    out->rules_count = item->rules_count;
    out->rules_plain = item->rules_plain;
    out->denominator = item->denominator;
    out->unit = item->unit;
    out->rounding = item->rounding;
    out->digits = item->digits;
    out->band_mode = item->mode;
    out->dest_index_at = to.dest_rules.count;
    rules_fill(image, &to, item);
    out->dest_index_count = to.dest_rules.count - out->dest_index_at;
    dest_rules_sort(draft, &to.dest_rules, out->dest_index_at);
    if (draft->status == SP_OK) {
      item_index(out, &to);
    }
  }
  struct sp_book_header *header = &image->header;
  sp__image_section(image, &header->items, items, count, sizeof(*items));
  sp__image_section(image, &header->rules, to.rules, draft->rules.count, sizeof(*to.rules));
  sp__image_section(image, &header->rule_rests, to.rests, draft->rules.count, sizeof(*to.rests));
  sp__image_section(image, &header->slots, to.slots, to.slots_count, sizeof(*to.slots));
  sp__image_section(image, &header->dest_rules, to.dest_rules.at, to.dest_rules.count,
                    sizeof(struct sp_book_dest_rule));
}

static int allowance_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__allowance *rows = SP_LIST_AT(&draft->allowances, struct sp__allowance, 0);
  return rows[a].plan != rows[b].plan
             ? sp_compare_u64(sp__image_rank(&draft->plans, rows[a].plan),
                              sp__image_rank(&draft->plans, rows[b].plan))
             : sp_compare_u64(sp__image_rank(&draft->allowance_names, rows[a].name),
                              sp__image_rank(&draft->allowance_names, rows[b].name));
}

static void allowances_put(struct sp__image *image, struct sp_book_plan *plans)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->allowances.count;
  uint32_t *order = sp__draft_order(draft, count, allowance_compare, draft);
  struct sp_book_allowance *out = sp__draft_take(draft, count * sizeof(*out));
  for (uint32_t i = 0; order != NULL && out != NULL && i < count; i++) {
    const struct sp__allowance *row =
        SP_LIST_AT(&draft->allowances, struct sp__allowance, order[i]);
    out[i].match = sp__image_match(image, &row->match, SP_FEATURES_SERVICE);
    out[i].key = key_add(key_add(SP_KEY_ALLOWANCE, &draft->plans, row->plan),
                         &draft->allowance_names, row->name);
    out[i].amount = row->amount;
    out[i].member_cap = row->member_cap;
    out[i].priority = row->priority;
    out[i].name_id = sp__image_rank(&draft->allowance_names, row->name);
    out[i].plan = sp__image_rank(&draft->plans, row->plan);
    out[i].unit = row->unit;
    out[i].pool = row->pool;
    out[i].rollover = row->rollover;
    out[i].by_day = row->by_day;
    out[i].row = row->line;
    struct sp_book_plan *plan = &plans[out[i].plan];
    plan->allowances_at = plan->allowances_count == 0 ? i : plan->allowances_at;
    plan->allowances_count++;
  }
  sp__image_section(image, &image->header.allowances, out, count, sizeof(*out));
}

/* Identity and order of a discount's set (§11.3, §11.4): a named set, or the row by its name and
 * plan. */
static int set_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__discount *x = SP_LIST_AT(&draft->discounts, struct sp__discount, a);
  const struct sp__discount *y = SP_LIST_AT(&draft->discounts, struct sp__discount, b);
  if (x->pass != y->pass || x->priority != y->priority) {
    return x->pass != y->pass ? sp_compare_u64(x->pass, y->pass)
                              : sp_compare_i64(x->priority, y->priority);
  }
  const struct sp__term *p = x->set != SP_NONE ? sp__terms_at(&draft->set_names, x->set)
                                               : sp__terms_at(&draft->discount_names, x->name);
  const struct sp__term *q = y->set != SP_NONE ? sp__terms_at(&draft->set_names, y->set)
                                               : sp__terms_at(&draft->discount_names, y->name);
  int order = sp_compare_text(p->text, p->length, q->text, q->length);
  if (order != 0) {
    return order;
  }
  if (x->set != SP_NONE || y->set != SP_NONE) {
    return (x->set == SP_NONE) - (y->set == SP_NONE);
  }
  return sp_compare_u64(sp__image_rank(&draft->plans, x->plan),
                        sp__image_rank(&draft->plans, y->plan));
}

static int discount_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__discount *rows = SP_LIST_AT(&draft->discounts, struct sp__discount, 0);
  return rows[a].plan != rows[b].plan
             ? sp_compare_u64(sp__image_rank(&draft->plans, rows[a].plan),
                              sp__image_rank(&draft->plans, rows[b].plan))
             : sp_compare_u64(sp__image_rank(&draft->discount_names, rows[a].name),
                              sp__image_rank(&draft->discount_names, rows[b].name));
}

/* For each row the rank of its set. */
static uint32_t *set_ranks(struct sp__draft *draft)
{
  uint32_t count = draft->discounts.count;
  uint32_t *order = sp__draft_order(draft, count, set_compare, draft);
  uint32_t *ranks = sp__draft_take(draft, count * sizeof(*ranks));
  uint32_t rank = 0;
  for (uint32_t i = 0; order != NULL && ranks != NULL && i < count; i++) {
    rank += i > 0 && set_compare(draft, order[i - 1], order[i]) != 0;
    ranks[order[i]] = rank;
  }
  return order == NULL ? NULL : ranks;
}

static uint8_t decimals_of(int64_t micro)
{
  uint8_t decimals = 6;
  for (; decimals > 0 && micro % 10 == 0; micro /= 10) {
    decimals--;
  }
  return decimals;
}

static void discount_fill(struct sp__image *image, const struct sp__discount *row, uint32_t set,
                          struct sp_book_discount *out)
{
  struct sp__draft *draft = image->draft;
  out->match = sp__image_match(image, &row->match, SP_FEATURES_SERVICE);
  out->key = key_add(key_add(SP_KEY_DISCOUNT, &draft->plans, row->plan), &draft->discount_names,
                     row->name);
  out->value = row->value;
  out->threshold = row->threshold;
  out->priority = row->priority;
  out->set_order = set;
  out->set_id = set;
  out->set = sp__image_name(image, &draft->set_names, row->set);
  out->name_id = sp__image_rank(&draft->discount_names, row->name);
  out->plan = sp__image_rank(&draft->plans, row->plan);
  out->item = sp__image_rank(&draft->items, row->item);
  out->kind = row->kind;
  out->pass = row->pass;
  out->threshold_unit = row->threshold_unit;
  out->value_decimals = row->pass == 1 ? 0 : decimals_of(row->value);
  out->row = row->line;
}

static void discounts_put(struct sp__image *image, struct sp_book_plan *plans)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->discounts.count;
  uint32_t *order = sp__draft_order(draft, count, discount_compare, draft);
  uint32_t *sets = set_ranks(draft);
  struct sp_book_discount *out = sp__draft_take(draft, count * sizeof(*out));
  uint32_t kept = 0;
  for (uint32_t i = 0; order != NULL && sets != NULL && out != NULL && i < count; i++) {
    const struct sp__discount *row = SP_LIST_AT(&draft->discounts, struct sp__discount, order[i]);
    if (row->bill) {
      continue;
    }
    discount_fill(image, row, sets[order[i]], &out[kept]);
    struct sp_book_plan *plan = &plans[out[kept].plan];
    plan->discounts_at = plan->discounts_count == 0 ? kept : plan->discounts_at;
    plan->discounts_count++;
    kept++;
  }
  sp__image_section(image, &image->header.discounts, out, kept, sizeof(*out));
}

static int payer_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__payer *x = SP_LIST_AT(&draft->payers, struct sp__payer, a);
  const struct sp__payer *y = SP_LIST_AT(&draft->payers, struct sp__payer, b);
  if (x->plan != y->plan) {
    return sp_compare_u64(sp__image_rank(&draft->plans, x->plan),
                          sp__image_rank(&draft->plans, y->plan));
  }
  if (x->priority != y->priority) {
    return sp_compare_i64(x->priority, y->priority);
  }
  return x->name != y->name ? sp_compare_u64(sp__image_rank(&draft->payer_names, x->name),
                                             sp__image_rank(&draft->payer_names, y->name))
                            : sp_compare_u64(x->line, y->line);
}

static void payers_put(struct sp__image *image, struct sp_book_plan *plans)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->payers.count;
  uint32_t *order = sp__draft_order(draft, count, payer_compare, draft);
  struct sp_book_payer *out = sp__draft_take(draft, count * sizeof(*out));
  for (uint32_t i = 0; order != NULL && out != NULL && i < count; i++) {
    const struct sp__payer *row = SP_LIST_AT(&draft->payers, struct sp__payer, order[i]);
    out[i].match = sp__image_match(image, &row->match, SP_FEATURES_SERVICE);
    out[i].key =
        key_add(key_add(SP_KEY_PAYER, &draft->plans, row->plan), &draft->payer_names, row->name);
    out[i].value = row->value;
    out[i].member_cap_micro = row->member_cap;
    out[i].group_cap_micro = row->group_cap;
    out[i].priority = row->priority;
    out[i].name_id = sp__image_rank(&draft->payer_names, row->name);
    out[i].plan = sp__image_rank(&draft->plans, row->plan);
    out[i].item = sp__image_rank(&draft->items, row->item);
    out[i].mode = row->mode;
    out[i].row = row->line;
    struct sp_book_plan *plan = &plans[out[i].plan];
    plan->payers_at = plan->payers_count == 0 ? i : plan->payers_at;
    plan->payers_count++;
  }
  sp__image_section(image, &image->header.payers, out, count, sizeof(*out));
}

static void plans_fill(struct sp__image *image, struct sp_book_plan *out)
{
  struct sp__draft *draft = image->draft;
  for (uint32_t i = 0; i < draft->plan_rows.count; i++) {
    const struct sp__plan *row = SP_LIST_AT(&draft->plan_rows, struct sp__plan, i);
    struct sp_book_plan *plan = &out[sp__image_rank(&draft->plans, row->name)];
    plan->name = sp__image_name(image, &draft->plans, row->name);
    plan->key = key_add(SP_KEY_PLAN, &draft->plans, row->name);
    plan->valid_from_utc_s = row->from_utc_s;
    plan->valid_to_utc_s = row->to_utc_s;
    plan->kind = row->kind;
    plan->name_id = sp__image_rank(&draft->plans, row->name);
    plan->title = sp__image_name(image, &draft->strings, row->title - 1);
    plan->fee_item = sp__image_name(image, &draft->strings, row->fee_item);
    plan->exclusion = sp__image_name(image, &draft->strings, row->exclusion);
    plan->proration = row->proration;
    plan->monthly_fee_micro = row->monthly_fee_micro;
    plan->min_spend_micro = row->min_spend_micro;
    plan->row = row->line;
  }
  for (uint32_t i = 0; i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    struct sp_book_plan *plan = &out[sp__image_rank(&draft->plans, item->plan)];
    plan->items_at = plan->items_count == 0 ? i : plan->items_at;
    plan->items_count++;
  }
}

void sp__image_tariff(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  struct sp_book_plan *plans = sp__draft_take(draft, draft->plan_rows.count * sizeof(*plans));
  if (plans == NULL) {
    return;
  }
  plans_fill(image, plans);
  items_put(image);
  allowances_put(image, plans);
  discounts_put(image, plans);
  payers_put(image, plans);
  struct sp_book_header *header = &image->header;
  sp__image_section(image, &header->plans, plans, draft->plan_rows.count, sizeof(*plans));
  sp__image_section(image, &header->match_dests, image->match_dests.at, image->match_dests.count,
                    sizeof(uint32_t));
  sp__image_section(image, &header->match_groups, image->match_groups.at, image->match_groups.count,
                    sizeof(uint32_t));
}
