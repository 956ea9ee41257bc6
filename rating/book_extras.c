#include "rating/book_tables.h"

#include <string.h>

#include "rating/hash.h"

#define SP_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define SP_PRIORITY_MAX SP_DRAFT_QUANTITY_MAX

static void line_error(struct sp__book_reader *reader, uint32_t column, const char *what,
                       uint32_t line)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, what);
  sp_text_add(&text, " line ");
  sp_text_add_u64(&text, line);
  sp__book_reader_error(reader, column, buffer);
}

static uint32_t plan_take(struct sp__book_reader *reader, uint32_t column)
{
  if (sp__book_reader_blank(reader, column)) {
    sp__book_reader_error(reader, column, "is blank; expected the name of a plan");
  }
  return sp__book_reader_known(reader, column, &reader->draft->plans, "plans.csv");
}

/* Is it a plan of subscribers, not of groups? */
static bool plan_is_own(const struct sp__draft *draft, uint32_t plan)
{
  uint8_t kind = sp__plan_kind(draft, plan);
  return kind == SP_PLAN_BASE || kind == SP_PLAN_ADD_ON;
}

/* One item or blank. */
static uint32_t item_take(struct sp__book_reader *reader, uint32_t column)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length > 0 && memchr(cell.text, ';', cell.length) != NULL) {
    sp__book_reader_error(reader, column, "expected one item, or blank for all");
    return SP_NONE;
  }
  return sp__book_reader_name(reader, column, &reader->draft->items, false);
}

/* Are rows of the plan compared with others? Not if it is of a wrong kind, itself an error (§18.2).
 */
static bool compared(const struct sp__draft *draft, uint32_t plan)
{
  return sp__plan_kind(draft, plan) != SP_PLAN_UNKNOWN;
}

static uint64_t pair_key(uint32_t plan, uint32_t name)
{
  return (uint64_t)plan << 32 | name;
}

/* --- allowances --- */

enum {
  A_PLAN,
  A_ALLOWANCE,
  A_UNIT,
  A_MATCH,
  A_AMOUNT = A_MATCH + SP_COLUMN_COUNT,
  A_SCOPE,
  A_MEMBER_CAP,
  A_PRIORITY,
  A_ROLLOVER,
  A_PRORATION
};

static const char *const allowance_columns[] = {
    "plan",  "allowance",  "unit",     SP_MATCH_COLUMNS, "amount",
    "scope", "member_cap", "priority", "rollover",       "proration"};

/* A quantity in the unit of the row; a number without unit is in it. -1: blank or reported. */
static int64_t in_unit(struct sp__book_reader *reader, uint32_t column, uint8_t unit)
{
  struct sp_quantity quantity;
  if (!sp__book_reader_quantity(reader, column, &quantity)) {
    return -1;
  }
  if (unit != SP_BLANK && !quantity.bare && quantity.unit != (enum sp_unit)unit) {
    sp__book_reader_error(reader, column, "is of another unit; expected the one in `unit`");
  }
  return quantity.value;
}

static void allowance_take(struct sp__book_reader *reader, struct sp__allowance *row)
{
  static const char *const units[] = {"item", "s", "B"}; /* in the order of enum sp_unit */
  static const char *const scopes[] = {"own", "pool"};
  static const char *const switches[] = {"0", "1"};
  static const char *const prorations[] = {"none", "by_day"};
  struct sp__draft *draft = reader->draft;
  memset(row, 0, sizeof(*row));
  row->line = sp__book_reader_line(reader);
  row->plan = plan_take(reader, A_PLAN);
  row->name = sp__book_reader_name(reader, A_ALLOWANCE, &draft->allowance_names, true);
  row->unit = sp__book_reader_word(reader, A_UNIT, units, SP_COUNT(units), SP_BLANK);
  if (sp__book_reader_blank(reader, A_UNIT)) {
    sp__book_reader_error(reader, A_UNIT, "is blank; expected s, B or item");
  }
  sp__book_reader_match(reader, A_MATCH, &row->match);
  row->amount = in_unit(reader, A_AMOUNT, row->unit);
  if (sp__book_reader_blank(reader, A_AMOUNT)) {
    sp__book_reader_error(reader, A_AMOUNT, "is blank; expected a quantity");
  }
  row->pool = sp__book_reader_word(reader, A_SCOPE, scopes, SP_COUNT(scopes), 0);
  row->member_cap = in_unit(reader, A_MEMBER_CAP, row->unit);
  row->priority = sp__book_reader_integer(reader, A_PRIORITY, -SP_PRIORITY_MAX, SP_PRIORITY_MAX, 0);
  row->rollover = sp__book_reader_word(reader, A_ROLLOVER, switches, SP_COUNT(switches), 0);
  row->by_day = sp__book_reader_word(reader, A_PRORATION, prorations, SP_COUNT(prorations), 0);
  if (row->pool && plan_is_own(draft, row->plan)) {
    sp__book_reader_error(reader, A_SCOPE,
                          "a pool belongs to a group or family plan; expected own, or such a plan");
  }
  if (!row->pool && !sp__book_reader_blank(reader, A_MEMBER_CAP)) {
    sp__book_reader_error(
        reader, A_MEMBER_CAP,
        "only a pool has a cap for each member; expected scope pool, or a blank cell");
  }
}

static void allowances_read(struct sp__draft *draft)
{
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "allowances.csv", allowance_columns,
                            SP_COUNT(allowance_columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__allowance row;
    allowance_take(&reader, &row);
    /* Golden 30: a doubled name counts whatever else is wrong with its rows. */
    if (compared(draft, row.plan) && row.name != SP_NONE) {
      uint32_t earlier = sp__keys_put(draft, &keys, pair_key(row.plan, row.name), row.line);
      if (earlier != SP_NONE) {
        line_error(&reader, A_ALLOWANCE, "is there twice; expected one row in a plan, unlike",
                   earlier);
      }
    }
    if (sp__book_reader_sound(&reader)) {
      *(struct sp__allowance *)sp__list_add(draft, &draft->allowances, sizeof(row)) = row;
    }
  }
}

/* --- discounts --- */

enum {
  D_PLAN,
  D_DISCOUNT,
  D_STAGE,
  D_ITEM,
  D_MATCH,
  D_KIND = D_MATCH + SP_COLUMN_COUNT,
  D_VALUE,
  D_THRESHOLD,
  D_SET,
  D_PRIORITY
};

static const char *const discount_columns[] = {
    "plan", "discount", "stage",     "item", SP_MATCH_COLUMNS,
    "kind", "value",    "threshold", "set",  "priority"};

static void value_take(struct sp__book_reader *reader, struct sp__discount *row)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, D_VALUE);
  if (row->kind == SP_DISCOUNT_FREE || row->kind == SP_BLANK) {
    return;
  }
  if (cell.length == 0) {
    sp__book_reader_error(reader, D_VALUE, "is blank; expected the value that this kind needs");
  } else if (row->kind != SP_DISCOUNT_PERCENT) {
    row->value = sp__book_reader_money(reader, D_VALUE, 0);
  } else if (!sp_value_percent(cell.text, cell.length, &row->value)) {
    sp__book_reader_error(reader, D_VALUE,
                          "expected a percentage from 0 to 100 with at most 2 decimals");
  }
}

static void threshold_take(struct sp__book_reader *reader, struct sp__discount *row)
{
  struct sp_quantity quantity = {0, SP_UNIT_ITEM, true};
  bool given = sp__book_reader_quantity(reader, D_THRESHOLD, &quantity);
  row->threshold = quantity.value;
  row->threshold_unit = (uint8_t)quantity.unit;
  if (row->kind != SP_DISCOUNT_BLOCK_CAP) {
    return;
  }
  if (row->item == SP_NONE && sp__book_reader_blank(reader, D_ITEM)) {
    sp__book_reader_error(reader, D_ITEM, "is blank; expected the one item of a block_cap");
  }
  if (sp__book_reader_blank(reader, D_THRESHOLD)) {
    sp__book_reader_error(reader, D_THRESHOLD,
                          "is blank; expected the size of a block, which a block_cap needs");
  } else if (given && quantity.value == 0) {
    sp__book_reader_error(reader, D_THRESHOLD, "expected more than 0");
  }
}

static void discount_take(struct sp__book_reader *reader, struct sp__discount *row)
{
  static const char *const stages[] = {"record", "bill"};
  static const char *const kinds[] = {"percent",   "free",    "price_cap",
                                      "block_cap", "cap_day", "cap_month"};
  struct sp__draft *draft = reader->draft;
  memset(row, 0, sizeof(*row));
  row->line = sp__book_reader_line(reader);
  row->plan = plan_take(reader, D_PLAN);
  row->name = sp__book_reader_name(reader, D_DISCOUNT, &draft->discount_names, true);
  row->bill = sp__book_reader_word(reader, D_STAGE, stages, SP_COUNT(stages), 0);
  row->item = item_take(reader, D_ITEM);
  sp__book_reader_match(reader, D_MATCH, &row->match);
  row->kind = sp__book_reader_word(reader, D_KIND, kinds, SP_COUNT(kinds), SP_BLANK);
  if (sp__book_reader_blank(reader, D_KIND)) {
    sp__book_reader_error(
        reader, D_KIND,
        "is blank; expected percent, free, price_cap, block_cap, cap_day or cap_month");
  }
  row->pass = sp__discount_pass(row->kind);
  value_take(reader, row);
  threshold_take(reader, row);
  row->set = sp__book_reader_name(reader, D_SET, &draft->set_names, false);
  row->priority = sp__book_reader_integer(reader, D_PRIORITY, -SP_PRIORITY_MAX, SP_PRIORITY_MAX, 0);
}

/* Rows of one set agree in priority and pass with the first row of the set (§18.2). */
static void set_check(struct sp__book_reader *reader, struct sp__keys *sets,
                      const struct sp__discount *row)
{
  struct sp__draft *draft = reader->draft;
  uint32_t first = sp__keys_put(draft, sets, row->set, draft->discounts.count);
  if (first == SP_NONE) {
    return;
  }
  const struct sp__discount *earlier = SP_LIST_AT(&draft->discounts, struct sp__discount, first);
  if (earlier->priority != row->priority) {
    line_error(reader, D_PRIORITY, "expected one priority for all rows of one set, unlike",
               earlier->line);
  } else if (earlier->pass != row->pass) {
    line_error(reader, D_KIND, "expected kinds of one pass for all rows of one set, unlike",
               earlier->line);
  }
}

static void discounts_read(struct sp__draft *draft)
{
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  struct sp__keys sets = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "discounts.csv", discount_columns,
                            SP_COUNT(discount_columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__discount row;
    discount_take(&reader, &row);
    if (compared(draft, row.plan) && row.name != SP_NONE) {
      uint32_t earlier = sp__keys_put(draft, &keys, pair_key(row.plan, row.name), row.line);
      if (earlier != SP_NONE) {
        line_error(&reader, D_DISCOUNT, "is there twice; expected one row in a plan, unlike",
                   earlier);
      }
    }
    if (sp__book_reader_sound(&reader) && row.set != SP_NONE && compared(draft, row.plan)) {
      set_check(&reader, &sets, &row);
    }
    if (sp__book_reader_sound(&reader)) {
      *(struct sp__discount *)sp__list_add(draft, &draft->discounts, sizeof(row)) = row;
    }
  }
}

/* --- payers --- */

enum {
  P_PLAN,
  P_PAYER,
  P_ITEM,
  P_MATCH,
  P_MODE = P_MATCH + SP_COLUMN_COUNT,
  P_VALUE,
  P_MEMBER_CAP,
  P_GROUP_CAP,
  P_PRIORITY
};

static const char *const payer_columns[] = {"plan",           "payer",     "item",
                                            SP_MATCH_COLUMNS, "mode",      "value",
                                            "member_cap",     "group_cap", "priority"};

static void payer_value(struct sp__book_reader *reader, struct sp__payer *row)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, P_VALUE);
  if (row->mode == SP_PAYER_FULL || row->mode == SP_BLANK) {
    return;
  }
  if (cell.length == 0) {
    sp__book_reader_error(reader, P_VALUE, "is blank; expected the value that this mode needs");
  } else if (row->mode == SP_PAYER_AMOUNT) {
    row->value = sp__book_reader_money(reader, P_VALUE, 0);
  } else if (!sp_value_percent(cell.text, cell.length, &row->value)) {
    sp__book_reader_error(reader, P_VALUE,
                          "expected a share from 0 to 100 with at most 2 decimals");
  }
}

static void payer_take(struct sp__book_reader *reader, struct sp__payer *row)
{
  static const char *const modes[] = {"full", "share", "amount"};
  memset(row, 0, sizeof(*row));
  row->line = sp__book_reader_line(reader);
  row->plan = plan_take(reader, P_PLAN);
  if (plan_is_own(reader->draft, row->plan)) {
    sp__book_reader_error(reader, P_PLAN,
                          "only group and family plans have payers; expected one of these");
  }
  row->name = sp__book_reader_name(reader, P_PAYER, &reader->draft->payer_names, true);
  row->item = item_take(reader, P_ITEM);
  sp__book_reader_match(reader, P_MATCH, &row->match);
  row->mode = sp__book_reader_word(reader, P_MODE, modes, SP_COUNT(modes), SP_BLANK);
  if (sp__book_reader_blank(reader, P_MODE)) {
    sp__book_reader_error(reader, P_MODE, "is blank; expected full, share or amount");
  }
  payer_value(reader, row);
  row->member_cap = sp__book_reader_money(reader, P_MEMBER_CAP, -1);
  row->group_cap = sp__book_reader_money(reader, P_GROUP_CAP, -1);
  row->priority = sp__book_reader_integer(reader, P_PRIORITY, -SP_PRIORITY_MAX, SP_PRIORITY_MAX, 0);
}

static void caps_check(struct sp__book_reader *reader, struct sp__keys *keys,
                       const struct sp__payer *row)
{
  struct sp__draft *draft = reader->draft;
  uint32_t first = sp__keys_put(draft, keys, pair_key(row->plan, row->name), draft->payers.count);
  if (first == SP_NONE) {
    return;
  }
  const struct sp__payer *earlier = SP_LIST_AT(&draft->payers, struct sp__payer, first);
  if (earlier->member_cap != row->member_cap) {
    line_error(reader, P_MEMBER_CAP, "expected one cap for all rows of one payer, unlike",
               earlier->line);
  } else if (earlier->group_cap != row->group_cap) {
    line_error(reader, P_GROUP_CAP, "expected one cap for all rows of one payer, unlike",
               earlier->line);
  }
}

static void payers_read(struct sp__draft *draft)
{
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "payers.csv", payer_columns, SP_COUNT(payer_columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__payer row;
    payer_take(&reader, &row);
    if (sp__book_reader_sound(&reader) && compared(draft, row.plan)) {
      caps_check(&reader, &keys, &row);
    }
    if (sp__book_reader_sound(&reader)) {
      *(struct sp__payer *)sp__list_add(draft, &draft->payers, sizeof(row)) = row;
    }
  }
}

void sp__read_extras(struct sp__draft *draft)
{
  allowances_read(draft);
  discounts_read(draft);
  payers_read(draft);
}
