#include "rating/book_rules.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/sort.h"

static void row_error(struct sp__draft *draft, const struct sp__rate *row, uint32_t column,
                      const char *what, uint32_t line)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, what);
  if (line != 0) {
    sp_text_add(&text, " line ");
    sp_text_add_u64(&text, line);
  }
  sp_problem_error(draft->problems, "rates.csv", row->line, column, buffer);
}

static struct sp__rate *rate_at(const struct sp__draft *draft, uint32_t i)
{
  return SP_LIST_AT(&draft->rates, struct sp__rate, i);
}

/* --- the price of one increment and the item's common denominator (§8.5, §8.9, §16.2) --- */

static sp_i128 gcd_wide(sp_i128 a, sp_i128 b)
{
  while (b != 0) {
    sp_i128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* price x increment / per in micro-units, lowest terms. false: does not fit. */
static bool cost_make(struct sp__rate *row, int32_t increment_digits)
{
  int64_t common = sp_value_gcd(row->price_n, row->price_d);
  sp_i128 n = row->price_n / common;
  sp_i128 d = row->price_d / common;
  common = sp_value_gcd(row->increment, row->per);
  sp_i128 scale = SP_MICRO;
  sp_i128 unit = 1; /* micro-units x `unit` are what n counts */
  for (int32_t i = 0; i < increment_digits; i++) {
    unit *= i < 6 ? 1 : 10;
    scale = i < 6 ? scale : scale * 10;
  }
  for (int32_t i = increment_digits; increment_digits >= 0 && i < 6; i++) {
    scale /= 10;
  }
  n *= row->increment / common; /* both below 10^18 */
  d *= row->per / common;
  if (__builtin_mul_overflow(n, scale, &n)) {
    return false;
  }
  if (increment_digits >= 0) {
    if (n > ((sp_i128)1 << 126)) {
      return false;
    }
    n = sp_money_divide(n, d, SP_ROUND_HALF_UP);
    d = unit;
    for (int32_t i = increment_digits; i < 6; i++) {
      n *= 10;
    }
  }
  sp_i128 wide = gcd_wide(n, d);
  n /= wide;
  d /= wide;
  row->cost_n = (int64_t)n;
  row->cost_d = d > INT64_MAX ? INT64_MAX : (int64_t)d;
  return n <= INT64_MAX;
}

static bool denominator_add(int64_t *denominator, int64_t d)
{
  int64_t common = sp_value_gcd(*denominator, d);
  sp_i128 both = (sp_i128)(*denominator / common) * d;
  if (both > SP_BOOK_DENOMINATOR_MAX) {
    return false;
  }
  *denominator = (int64_t)both;
  return true;
}

static void costs_make(struct sp__draft *draft)
{
  struct sp__keys keys = {NULL, NULL, 0, 0};
  for (uint32_t i = 0; i < draft->rates.count && draft->status == SP_OK; i++) {
    struct sp__rate *row = rate_at(draft, i);
    uint32_t at = sp__keys_put(draft, &keys, (uint64_t)row->plan << 32 | row->item,
                               draft->denominators.count);
    if (at == SP_NONE) {
      at = draft->denominators.count;
      *(int64_t *)sp__list_add(draft, &draft->denominators, sizeof(int64_t)) = 1;
    }
    row->denominator = at;
    int64_t *denominator = SP_LIST_AT(&draft->denominators, int64_t, at);
    int64_t grown = draft->status == SP_OK ? *denominator : 1;
    if (!cost_make(row, draft->settings.increment_digits)) {
      row_error(draft, row, row->column_price,
                "price: one increment costs more than can be counted; expected up to "
                "9223372036854.775807 an increment",
                0);
      row->bad = true;
    } else if (!denominator_add(&grown, row->cost_d) || !denominator_add(&grown, row->fee_d)) {
      row_error(draft, row, row->column_price,
                "price: the prices per increment and connect fees of this item have no common "
                "denominator up to 10^9 in micro-units; expected rounder prices",
                0);
      row->bad = true;
    } else if (draft->status == SP_OK) {
      *denominator = grown;
    }
  }
}

/* Amounts x denominator have to fit their word; asked when all denominators are known. */
static void costs_check(struct sp__draft *draft)
{
  for (uint32_t i = 0; i < draft->rates.count && draft->status == SP_OK; i++) {
    struct sp__rate *row = rate_at(draft, i);
    int64_t denominator = *SP_LIST_AT(&draft->denominators, int64_t, row->denominator);
    if (row->bad) {
      continue;
    }
    if ((sp_i128)row->cost_n * (denominator / row->cost_d) > INT64_MAX ||
        (sp_i128)row->fee_n * (denominator / row->fee_d) > INT64_MAX) {
      char buffer[SP_DRAFT_TEXT_MAX];
      struct sp_text text = SP_TEXT_INIT(buffer);
      sp_text_add(&text, "price: with the item's common denominator ");
      sp_text_add_i64(&text, denominator);
      sp_text_add(&text, " the price of an increment or the fee is too large; expected up to ");
      sp_text_add_micro(&text, INT64_MAX / denominator);
      row_error(draft, row, row->column_price, buffer, 0);
      row->bad = true;
    }
  }
}

/* --- rows to rules --- */

static const uint32_t *ids_at(const struct sp__draft *draft, uint32_t at)
{
  return SP_LIST_AT(&draft->match_ids, const uint32_t, at);
}

static bool match_equal(const struct sp__draft *draft, const struct sp__match *a,
                        const struct sp__match *b)
{
  return a->written == b->written && a->bands == b->bands && a->set == b->set &&
         a->dests_count == b->dests_count && a->groups_count == b->groups_count &&
         (a->dests_count == 0 || memcmp(ids_at(draft, a->dests_at), ids_at(draft, b->dests_at),
                                        a->dests_count * sizeof(uint32_t)) == 0) &&
         (a->groups_count == 0 || memcmp(ids_at(draft, a->groups_at), ids_at(draft, b->groups_at),
                                         a->groups_count * sizeof(uint32_t)) == 0);
}

static uint64_t row_hash(const struct sp__draft *draft, const struct sp__rate *row)
{
  uint64_t words[6] = {(uint64_t)row->plan << 32 | row->item,
                       (uint64_t)row->priority,
                       row->match.written,
                       row->match.bands,
                       row->match.set,
                       0};
  if (row->match.dests_count > 0) {
    words[5] =
        sp_hash64(ids_at(draft, row->match.dests_at), row->match.dests_count * sizeof(uint32_t), 1);
  }
  if (row->match.groups_count > 0) {
    words[5] += sp_hash64(ids_at(draft, row->match.groups_at),
                          row->match.groups_count * sizeof(uint32_t), 2);
  }
  return sp_hash64(words, sizeof(words), 0);
}

/* The rule of a row, made if it is the first of its kind. Equal hashes of unequal rows try the next
 * hash. */
static void row_join(struct sp__draft *draft, struct sp__keys *keys, uint32_t i)
{
  struct sp__rate *row = rate_at(draft, i);
  uint64_t hash = row_hash(draft, row);
  for (;; hash++) {
    uint32_t rule = sp__keys_put(draft, keys, hash, draft->rules.count);
    if (rule == SP_NONE) {
      break;
    }
    const struct sp__rate *first =
        rate_at(draft, SP_LIST_AT(&draft->rules, struct sp__rule, rule)->first);
    if (first->plan == row->plan && first->item == row->item && first->priority == row->priority &&
        match_equal(draft, &first->match, &row->match)) {
      row->rule = rule;
      return;
    }
  }
  row->rule = draft->rules.count;
  struct sp__rule *rule = sp__list_add(draft, &draft->rules, sizeof(*rule));
  *rule = (struct sp__rule){row->plan, row->item, i,        row->line, 0,       0,
                            SP_BLANK,  SP_BLANK,  SP_BLANK, SP_BLANK,  SP_BLANK};
}

static int slot_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__rate *x = rate_at(draft, a);
  const struct sp__rate *y = rate_at(draft, b);
  if (x->bad != y->bad) {
    return x->bad ? 1 : -1;
  }
  if (x->bad || x->rule != y->rule) {
    return x->bad ? sp_compare_u64(a, b) : sp_compare_u64(x->rule, y->rule);
  }
  return x->from != y->from ? sp_compare_i64(x->from, y->from) : sp_compare_u64(x->line, y->line);
}

static bool attribute_join(uint8_t *rule, uint8_t row)
{
  if (*rule == SP_BLANK) {
    *rule = row;
  }
  return row == SP_BLANK || *rule == row;
}

/* What the rows of one rule say about the whole rule, in file order (§18.2). */
static void attributes_join(struct sp__draft *draft)
{
  for (uint32_t i = 0; i < draft->rates.count; i++) {
    struct sp__rate *row = rate_at(draft, i);
    if (row->bad) {
      continue;
    }
    struct sp__rule *rule = SP_LIST_AT(&draft->rules, struct sp__rule, row->rule);
    uint32_t column = 0;
    const char *what = "";
    if (!attribute_join(&rule->unit, row->unit)) {
      column = row->column_per;
      what = "per: slots of one rule are in one unit, unlike";
    } else if (!attribute_join(&rule->rounding, row->rounding)) {
      column = row->column_rounding;
      what = "rounding: slots of one rule have one rounding, unlike";
    } else if (!attribute_join(&rule->digits, row->digits)) {
      column = row->column_digits;
      what = "digits: slots of one rule have the same digits, unlike";
    } else if (!attribute_join(&rule->mode, row->mode)) {
      column = row->column_mode;
      what = "band_mode: slots of one rule have one band_mode, unlike";
    } else if (!attribute_join(&rule->counter, row->counter)) {
      column = row->column_counter;
      what = "counter: slots of one rule have one counter, unlike";
    }
    if (column != 0) {
      row_error(draft, row, column, what, rule->line);
      row->bad = true;
    }
  }
}

static void slots_sort(struct sp__draft *draft)
{
  draft->slot_order = sp__draft_order(draft, draft->rates.count, slot_compare, draft);
  if (draft->slot_order == NULL) {
    return;
  }
  uint32_t kept = 0;
  const struct sp__rate *former = NULL;
  for (uint32_t i = 0; i < draft->rates.count; i++) {
    struct sp__rate *row = rate_at(draft, draft->slot_order[i]);
    if (row->bad) {
      continue;
    }
    struct sp__rule *rule = SP_LIST_AT(&draft->rules, struct sp__rule, row->rule);
    if (former != NULL && former->rule == row->rule && former->from == row->from) {
      row_error(draft, row, row->column_from,
                "from: expected an offset where no other slot of this rule begins, unlike",
                former->line);
      row->bad = true;
      continue;
    }
    if (rule->slots_count == 0) {
      rule->slots_at = kept;
      if (row->from != 0 && !sp__doubt_of(draft, row->plan, row->item)) {
        row_error(draft, rate_at(draft, rule->first), rate_at(draft, rule->first)->column_from,
                  "from: no slot of this rule begins at 0; expected a row without `from`", 0);
      }
    }
    rule->slots_count++;
    draft->slot_order[kept++] = draft->slot_order[i];
    former = row;
  }
}

/* --- rules of one item --- */

struct sp__rule *sp__rule_at(const struct sp__draft *draft, uint32_t rule)
{
  return SP_LIST_AT(&draft->rules, struct sp__rule, rule);
}

const struct sp__rate *sp__rule_row(const struct sp__draft *draft, uint32_t rule)
{
  return rate_at(draft, sp__rule_at(draft, rule)->first);
}

static int rule_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__rate *x = sp__rule_row(draft, a);
  const struct sp__rate *y = sp__rule_row(draft, b);
  if (x->plan != y->plan) {
    return sp_compare_u64(sp__terms_at(&draft->plans, x->plan)->rank,
                          sp__terms_at(&draft->plans, y->plan)->rank);
  }
  if (x->item != y->item) {
    return sp_compare_u64(sp__terms_at(&draft->items, x->item)->rank,
                          sp__terms_at(&draft->items, y->item)->rank);
  }
  bool x_dest = x->match.dests_count > 0;
  bool y_dest = y->match.dests_count > 0;
  if (x_dest != y_dest) {
    return x_dest ? 1 : -1;
  }
  if (x->priority != y->priority) {
    return sp_compare_i64(y->priority, x->priority);
  }
  return x->match.columns != y->match.columns ? sp_compare_u64(y->match.columns, x->match.columns)
                                              : sp_compare_u64(x->line, y->line);
}

static void items_make(struct sp__draft *draft)
{
  draft->rule_order = sp__draft_order(draft, draft->rules.count, rule_compare, draft);
  struct sp__plan_item *item = NULL;
  for (uint32_t i = 0; draft->rule_order != NULL && i < draft->rules.count; i++) {
    const struct sp__rule *rule = sp__rule_at(draft, draft->rule_order[i]);
    const struct sp__rate *row = sp__rule_row(draft, draft->rule_order[i]);
    if (item == NULL || item->plan != rule->plan || item->item != rule->item) {
      item = sp__list_add(draft, &draft->plan_items, sizeof(*item));
      *item = (struct sp__plan_item){
          .plan = rule->plan, .item = rule->item, .rules_at = i, .first_line = row->line};
      item->denominator = *SP_LIST_AT(&draft->denominators, int64_t, row->denominator);
    }
    item->rules_count++;
    item->rules_plain += row->match.dests_count == 0;
    item->first_line = row->line < item->first_line ? row->line : item->first_line;
  }
}

static uint8_t or_default(uint8_t value, uint32_t other)
{
  return value == SP_BLANK ? (uint8_t)other : value;
}

/* The rule of an item that stands first in the file decides; the others are as it is (§18.2). */
static void item_check(struct sp__draft *draft, struct sp__plan_item *item)
{
  const uint32_t *rules = draft->rule_order + item->rules_at;
  uint32_t first = rules[0];
  for (uint32_t i = 1; i < item->rules_count; i++) {
    first =
        sp__rule_row(draft, rules[i])->line < sp__rule_row(draft, first)->line ? rules[i] : first;
  }
  const struct sp__rule *one = sp__rule_at(draft, first);
  bool doubt =
      sp__doubt_of(draft, item->plan, item->item); /* a row that cannot be read may say it */
  item->unit = one->unit;
  item->rounding = or_default(one->rounding, draft->settings.rounding);
  item->digits = or_default(one->digits, (uint32_t)draft->settings.rounding_digits);
  item->mode = or_default(one->mode, SP_BAND_UNIT_START);
  for (uint32_t i = 0; i < item->rules_count; i++) {
    const struct sp__rule *rule = sp__rule_at(draft, rules[i]);
    const struct sp__rate *row = sp__rule_row(draft, rules[i]);
    if (rule->unit != item->unit) {
      row_error(draft, row, row->column_per,
                "per: expected one unit for all rules of one item, unlike", one->line);
    } else if (doubt) {
      continue;
    } else if (or_default(rule->rounding, draft->settings.rounding) != item->rounding) {
      row_error(draft, row, row->column_rounding,
                "rounding: expected one rounding for all rules of one item, unlike", one->line);
    } else if (or_default(rule->digits, (uint32_t)draft->settings.rounding_digits) !=
               item->digits) {
      row_error(draft, row, row->column_digits,
                "digits: expected the same digits for all rules of one item, unlike", one->line);
    } else if (or_default(rule->mode, SP_BAND_UNIT_START) != item->mode) {
      row_error(draft, row, row->column_mode,
                "band_mode: expected one band_mode for all rules of one item, unlike", one->line);
    }
  }
}

/* First lines of an item by unit, over the base plans and over the group and family plans. */
struct item_units {
  uint32_t line[2][3]; /* [of group or family][unit], 0 = none */
};

/* Rows of add_ons and of plans of wrong kind are in no list. */
static bool of_group(const struct sp__draft *draft, const struct sp__plan_item *item)
{
  return sp__plan_kind(draft, item->plan) != SP_PLAN_BASE;
}

/* An item is in one unit over base plans and group plans together: the later first row is wrong
 * (§18.2). */
static void units_check(struct sp__draft *draft)
{
  struct item_units *units = sp__draft_take(draft, draft->items.list.count * sizeof(*units));
  for (uint32_t i = 0; units != NULL && i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    SP_ASSERT(item->unit < 3);
    uint32_t *line = &units[item->item].line[of_group(draft, item)][item->unit];
    *line = *line == 0 || item->first_line < *line ? item->first_line : *line;
  }
  for (uint32_t i = 0; units != NULL && i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    bool side = of_group(draft, item);
    for (uint32_t unit = 0; unit < 3; unit++) {
      uint32_t other = units[item->item].line[!side][unit];
      if (unit == item->unit || other == 0 || other > item->first_line) {
        continue;
      }
      sp_problem_error(
          draft->problems, "rates.csv", item->first_line, 1,
          side ? "item: counted in another unit than in a base plan; expected the same"
               : "item: counted in another unit than in a group or family plan; expected the same");
      break;
    }
  }
}

/* A record has room for so many items (book.h). */
static void items_limit(struct sp__draft *draft)
{
  uint32_t of_plan = 0;
  for (uint32_t i = 0; i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    of_plan = i > 0 && item[-1].plan == item->plan ? of_plan + 1 : 1;
    if (of_plan > SP_BOOK_ITEMS_MAX) {
      sp_problem_error(draft->problems, "rates.csv", item->first_line, 1,
                       "item: is one too many; expected at most 64 items in a plan");
    }
  }
}

void sp__make_rules(struct sp__draft *draft)
{
  struct sp__keys keys = {NULL, NULL, 0, 0};
  sp__terms_rank(draft, &draft->plans);
  sp__terms_rank(draft, &draft->items);
  costs_make(draft);
  costs_check(draft);
  for (uint32_t i = 0; i < draft->rates.count && draft->status == SP_OK; i++) {
    if (!rate_at(draft, i)->bad) {
      row_join(draft, &keys, i);
    }
  }
  if (draft->status != SP_OK) {
    return;
  }
  attributes_join(draft);
  slots_sort(draft);
  items_make(draft);
  for (uint32_t i = 0; i < draft->plan_items.count && draft->status == SP_OK; i++) {
    item_check(draft, SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i));
  }
  units_check(draft);
  items_limit(draft);
}
