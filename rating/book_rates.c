#include "rating/book_rules.h"

#include <string.h>

#define SP_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

const char *const sp__band_modes[3] = {"unit_start", "call_start", "split_ceil"};

enum {
  PLAN,
  ITEM,
  MATCH,
  PRIORITY = MATCH + SP_COLUMN_COUNT,
  FROM,
  COUNTER,
  CONNECT_FEE,
  PRICE,
  PER,
  INCREMENT,
  ROUNDING,
  DIGITS,
  BAND_MODE
};

static const char *const columns[] = {
    "plan",  "item", SP_MATCH_COLUMNS, "priority", "from",   "counter",  "connect_fee",
    "price", "per",  "increment",      "rounding", "digits", "band_mode"};

/* The services counted in a unit (§8.2). */
uint64_t sp__unit_services(enum sp_unit unit)
{
  uint64_t voice = UINT64_C(1) << (SP_FEATURE_SERVICE + SP_SERVICE_VOICE);
  uint64_t data = UINT64_C(1) << (SP_FEATURE_SERVICE + SP_SERVICE_DATA);
  switch (unit) {
  case SP_UNIT_SECOND:
    return voice | data;
  case SP_UNIT_BYTE:
    return data;
  case SP_UNIT_ITEM:
    break;
  }
  return SP_FEATURES_SERVICE & ~(voice | data);
}

static void plan_take(struct sp__book_reader *reader, struct sp__rate *row)
{
  struct sp__draft *draft = reader->draft;
  if (sp__book_reader_blank(reader, PLAN)) {
    sp__book_reader_error(reader, PLAN, "is blank; expected the name of a plan");
  }
  row->plan = sp__book_reader_known(reader, PLAN, &draft->plans, "plans.csv");
  if (row->plan != SP_NONE && sp__plan_kind(draft, row->plan) == SP_PLAN_ADD_ON) {
    sp__book_reader_error(
        reader, PLAN, "is an add_on, which has no rates; expected a base, group or family plan");
  }
}

/* A price or fee that is none. */
static void price_error(struct sp__book_reader *reader, uint32_t column)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  sp__book_reader_error(
      reader, column,
      sp_value_is_decimal(cell.text, cell.length, 6)
          ? SP_VALUE_AMOUNT_WORDS
          : "expected an amount >= 0 with at most 6 decimals, or a/b with a and b below 10^9");
}

static void amounts_take(struct sp__book_reader *reader, struct sp__rate *row)
{
  struct sp_cell_text price = sp__book_reader_cell(reader, PRICE);
  struct sp_cell_text fee = sp__book_reader_cell(reader, CONNECT_FEE);
  struct sp_rational value = {0, 1};
  if (price.length == 0) {
    sp__book_reader_error(reader, PRICE, "is blank; expected a price (0 for what is free)");
  } else if (!sp_value_price(price.text, price.length, &value)) {
    price_error(reader, PRICE);
  }
  row->price_n = value.n;
  row->price_d = value.d;
  row->price_zero = value.n == 0;
  row->fee_d = 1;
  if (fee.length == 0) {
    return;
  }
  if (!sp_value_price(fee.text, fee.length, &value)) {
    price_error(reader, CONNECT_FEE);
    return;
  }
  if (row->from != 0) {
    sp__book_reader_error(reader, CONNECT_FEE,
                          "a connect fee stands only on the slot at 0; expected a blank cell");
    return;
  }
  sp_i128 n = (sp_i128)value.n * SP_MICRO;
  int64_t common = sp_value_gcd((int64_t)(n % value.d), value.d);
  if (n / common > INT64_MAX) {
    sp__book_reader_error(reader, CONNECT_FEE, SP_VALUE_AMOUNT_WORDS);
    return;
  }
  row->fee_n = (int64_t)(n / common);
  row->fee_d = value.d / common;
  row->has_fee = 1;
}

/* Returns whether the unit is known. */
static bool quantities_take(struct sp__book_reader *reader, struct sp__rate *row)
{
  struct sp_quantity per = {1, SP_UNIT_ITEM, true};
  struct sp_quantity increment;
  struct sp_quantity from = {0, SP_UNIT_ITEM, true};
  bool per_given = sp__book_reader_quantity(reader, PER, &per);
  bool blank = sp__book_reader_blank(reader, PER) && !sp__book_reader_is_lost(reader, PER);
  bool known = per_given || blank;
  increment = per;
  bool increment_given = sp__book_reader_quantity(reader, INCREMENT, &increment);
  bool from_given = sp__book_reader_quantity(reader, FROM, &from);
  row->unit = (uint8_t)per.unit;
  row->per = per.value;
  row->increment = increment.value;
  row->from = from.value;
  if (per.value == 0) {
    sp__book_reader_error(reader, PER, "expected more than 0");
  }
  if (increment_given && increment.value == 0) {
    sp__book_reader_error(reader, INCREMENT, "expected more than 0");
  }
  if (known && increment_given && increment.unit != per.unit) {
    sp__book_reader_error(reader, INCREMENT, "is in another unit; expected that of `per`");
  }
  if (known && from_given && from.value != 0 && from.unit != per.unit) {
    sp__book_reader_error(reader, FROM, "is in another unit; expected that of `per`");
  }
  return known;
}

/* Some service has to be counted in the unit, whatever else is wrong with the row. */
static void service_check(struct sp__book_reader *reader, const struct sp__rate *row)
{
  uint64_t services = row->match.accepted & SP_FEATURES_SERVICE;
  if (services != 0 && (services & sp__unit_services((enum sp_unit)row->unit)) == 0) {
    sp__book_reader_error(
        reader, MATCH + SP_COLUMN_SERVICE,
        "is not counted in the unit of `per`: voice in s, data in s or B, the others "
        "by item; expected one that is");
  }
}

static void row_take(struct sp__book_reader *reader, struct sp__rate *row)
{
  static const char *const counters[] = {"cycle"};
  memset(row, 0, sizeof(*row));
  row->line = sp__book_reader_line(reader);
  plan_take(reader, row);
  row->item = sp__book_reader_name(reader, ITEM, &reader->draft->items, true);
  sp__book_reader_match(reader, MATCH, &row->match);
  row->priority =
      sp__book_reader_integer(reader, PRIORITY, -SP_DRAFT_QUANTITY_MAX, SP_DRAFT_QUANTITY_MAX, 0);
  if (quantities_take(reader, row)) {
    service_check(reader, row);
  }
  amounts_take(reader, row);
  row->counter = sp__book_reader_word(reader, COUNTER, counters, 1, SP_BLANK);
  row->rounding = sp__book_reader_word(reader, ROUNDING, sp__roundings, 3, SP_BLANK);
  row->digits = (uint8_t)sp__book_reader_integer(reader, DIGITS, 0, 6, SP_BLANK);
  row->mode = sp__book_reader_word(reader, BAND_MODE, sp__band_modes, 3, SP_BLANK);
  row->column_per = sp__book_reader_column(reader, PER);
  row->column_from = sp__book_reader_column(reader, FROM);
  row->column_rounding = sp__book_reader_column(reader, ROUNDING);
  row->column_digits = sp__book_reader_column(reader, DIGITS);
  row->column_mode = sp__book_reader_column(reader, BAND_MODE);
  row->column_counter = sp__book_reader_column(reader, COUNTER);
  row->column_price = sp__book_reader_column(reader, PRICE);
}

void sp__read_rates(struct sp__draft *draft)
{
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "rates.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__rate row;
    row_take(&reader, &row);
    /* Of a plan of wrong kind, itself an error, no row is compared with others (§18.2). */
    if (sp__book_reader_sound(&reader) && sp__plan_kind(draft, row.plan) != SP_PLAN_UNKNOWN) {
      *(struct sp__rate *)sp__list_add(draft, &draft->rates, sizeof(row)) = row;
    } else if (reader.unread || reader.lost) {
      sp__doubt_rate(draft, row.plan, row.item);
    }
  }
}
