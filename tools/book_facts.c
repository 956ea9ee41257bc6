#include "tools/book_facts.h"

#include <stdlib.h>
#include <string.h>

#include "rating/civil.h"
#include "rating/number.h"
#include "tools/book_words.h"

#define SP_FACT_TIMES_MAX 16384
#define SP_FACT_BYTES_MAX 1048576 /* of one text; a longer list is cut with "..." */

const char *sp_fact_section_word(enum sp_fact_section section)
{
  static const char *const words[] = {"book",   "band",   "day",       "destination", "area",
                                      "number", "ported", "cell",      "plan",        "cost",
                                      "item",   "rate",   "allowance", "discount",    "payer"};
  return words[section];
}

bool sp_facts_add(struct sp_facts *facts, enum sp_fact_section section, const char *plan,
                  const char *about, const char *says, uint32_t line)
{
  if (facts->count == facts->room) {
    size_t room = facts->room == 0 ? 256 : facts->room * 2;
    struct sp_fact *grown = realloc(facts->fact, room * sizeof(*grown));
    if (grown == NULL) {
      return false;
    }
    facts->fact = grown;
    facts->room = room;
  }
  size_t plan_size = strlen(plan) + 1;
  size_t about_size = strlen(about) + 1;
  size_t says_size = strlen(says) + 1;
  char *texts = malloc(plan_size + about_size + says_size);
  if (texts == NULL) {
    return false;
  }
  memcpy(texts, plan, plan_size);
  memcpy(texts + plan_size, about, about_size);
  memcpy(texts + plan_size + about_size, says, says_size);
  facts->fact[facts->count] =
      (struct sp_fact){texts, texts + plan_size,     texts + plan_size + about_size, section,
                       line,  (uint32_t)facts->count};
  facts->count++;
  return true;
}

void sp_facts_free(struct sp_facts *facts)
{
  for (size_t i = 0; i < facts->count; i++) {
    free(facts->fact[i].plan);
  }
  free(facts->fact);
  memset(facts, 0, sizeof(*facts));
}

int sp_fact_compare(const struct sp_fact *a, const struct sp_fact *b)
{
  int order = strcmp(a->plan, b->plan);
  if (order != 0 || a->section != b->section) {
    return order != 0 ? order : a->section < b->section ? -1 : 1;
  }
  return strcmp(a->about, b->about);
}

static int fact_order(const void *a, const void *b)
{
  const struct sp_fact *x = a;
  const struct sp_fact *y = b;
  int order = sp_fact_compare(x, y);
  return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

void sp_facts_sort(struct sp_facts *facts)
{
  if (facts->count > 0) {
    qsort(facts->fact, facts->count, sizeof(*facts->fact), fact_order);
  }
}

/* One fact in the making. */
struct fact_text {
  char about_bytes[SP_FACT_BYTES_MAX], says_bytes[SP_FACT_BYTES_MAX];
  struct sp_text about, says;
};

static void text_begin(struct fact_text *text)
{
  text->about_bytes[0] = text->says_bytes[0] = '\0';
  text->about = (struct sp_text)SP_TEXT_INIT(text->about_bytes);
  text->says = (struct sp_text)SP_TEXT_INIT(text->says_bytes);
}

static void cut_mark(struct sp_text *text)
{
  if (text->cut) {
    memcpy(text->at + text->length - 3, "...", 3);
  }
}

struct fact_maker {
  struct sp_facts *facts;
  uint8_t *dest_zones; /* NULL where facts are compared: costs say no more than what they are */
  const struct sp_book *book;
  struct fact_text text;
  bool failed;
};

static void fact_end(struct fact_maker *maker, enum sp_fact_section section, const char *plan,
                     uint32_t line)
{
  cut_mark(&maker->text.about);
  cut_mark(&maker->text.says);
  maker->failed =
      maker->failed || !sp_facts_add(maker->facts, section, plan, maker->text.about_bytes,
                                     maker->text.says_bytes, line);
  text_begin(&maker->text);
}

static void book_fact(struct fact_maker *maker, const char *about)
{
  sp_text_add(&maker->text.about, about);
  fact_end(maker, SP_FACT_BOOK, "", 0);
}

static void settings_add(struct fact_maker *maker)
{
  const struct sp_book_header *header = maker->book->header;
  struct sp_text *says = &maker->text.says;
  const struct {
    const char *about;
    struct sp_book_name name;
  } names[] = {{"name", header->name},
               {"currency", header->currency},
               {"timezone", header->timezone},
               {"home_country", header->home_country}};
  for (size_t i = 0; i < 4; i++) {
    sp_words_name(says, maker->book, names[i].name);
    book_fact(maker, names[i].about);
  }
  sp_words_time(says, maker->book, header->valid_from_utc_s);
  book_fact(maker, "valid_from");
  sp_text_add_i64(says, header->cycle_day);
  book_fact(maker, "cycle_day");
  sp_text_add(says, sp_words_rounding(header->rounding));
  sp_text_add(says, " to ");
  sp_text_add_i64(says, header->rounding_digits);
  sp_text_add(says, " decimals");
  book_fact(maker, "rounding");
  if (header->increment_digits < 0) {
    sp_text_add(says, "exact");
  } else {
    sp_text_add_i64(says, header->increment_digits);
  }
  book_fact(maker, "increment_digits");
  if (header->home_operator > 0) {
    sp_words_name(
        says, maker->book,
        SP_BOOK_TABLE(maker->book, operator_names, struct sp_book_name)[header->home_operator - 1]);
  }
  book_fact(maker, "home_operator");
  for (uint32_t i = 0; i < header->home_mcc_count; i++) {
    char code[4] = {(char)('0' + header->home_mcc[i] / 100 % 10),
                    (char)('0' + header->home_mcc[i] / 10 % 10),
                    (char)('0' + header->home_mcc[i] % 10), '\0'};
    sp_text_add(says, i == 0 ? "" : ";");
    sp_text_add(says, code);
  }
  book_fact(maker, "home_mcc");
}

/* The times of one band on one kind of day: "08:00-12:00, 14:00-18:00". */
static void band_times(struct sp_text *text, const struct sp_book *book, uint32_t band,
                       uint32_t kind)
{
  const uint32_t *starts = SP_BOOK_TABLE(book, span_starts, uint32_t) + kind;
  const struct sp_book_span *spans = SP_BOOK_TABLE(book, spans, struct sp_book_span);
  size_t from = text->length;
  for (uint32_t i = starts[0]; i < starts[1]; i++) {
    bool on = (spans[i].bands >> band & 1u) != 0;
    bool before = i > starts[0] && (spans[i - 1].bands >> band & 1u) != 0;
    if (on && !before) {
      sp_text_add(text, text->length > from ? ", " : "");
      sp_words_clock(text, spans[i].from_s);
      sp_text_add(text, "-");
    }
    if (!on && before) {
      sp_words_clock(text, spans[i].from_s);
    }
    if (on && i + 1 == starts[1]) {
      sp_words_clock(text, SP_DAY_S);
    }
  }
  sp_text_add(text, text->length == from ? "never" : "");
}

static void band_add(struct fact_maker *maker, uint32_t band)
{
  char times[21][SP_FACT_TIMES_MAX];
  uint32_t done = 0;
  for (uint32_t kind = 0; kind < 21; kind++) {
    struct sp_text text = SP_TEXT_INIT(times[kind]);
    times[kind][0] = '\0';
    band_times(&text, maker->book, band, kind);
  }
  for (uint32_t kind = 0; kind < 21; kind++) {
    uint32_t alike = 0;
    for (uint32_t other = 0; other < 21; other++) {
      alike |= strcmp(times[kind], times[other]) == 0 ? 1u << other : 0;
    }
    if ((done & alike) == 0) {
      sp_words_name(&maker->text.about, maker->book,
                    SP_BOOK_TABLE(maker->book, band_names, struct sp_book_name)[band]);
      sp_text_add(&maker->text.about, ", ");
      sp_words_days(&maker->text.about, alike);
      sp_text_add(&maker->text.says, times[kind]);
      fact_end(maker, SP_FACT_BAND, "", 0);
    }
    done |= alike;
  }
}

static void calendar_add(struct fact_maker *maker)
{
  static const char *const types[] = {"workday", "weekend", "holiday"};
  for (uint32_t band = 0; band < maker->book->header->band_names.count; band++) {
    band_add(maker, band);
  }
  const struct sp_book_day *days = SP_BOOK_TABLE(maker->book, days, struct sp_book_day);
  for (uint64_t i = 0; i < maker->book->header->days.count; i++) {
    sp_words_date(&maker->text.about, days[i].day);
    sp_text_add(&maker->text.says, types[days[i].type]);
    fact_end(maker, SP_FACT_DAY, "", 0);
  }
}

static void digits_add(struct sp_text *text, uint64_t digits)
{
  char number[SP_NUMBER_DIGITS_MAX];
  sp_text_add_bytes(text, number, sp_number_print(digits, number));
}

static void numbers_add(struct fact_maker *maker)
{
  static const char *const kinds[] = {"", "mobile", "fixed", "service", "sp", "international"};
  const struct sp_book *book = maker->book;
  const struct sp_book_name *operators = SP_BOOK_TABLE(book, operator_names, struct sp_book_name);
  const struct sp_book_prefix *rows = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  for (uint64_t i = 0; i < book->header->prefixes.count; i++) {
    digits_add(&maker->text.about, rows[i].digits);
    sp_text_add(&maker->text.says, kinds[rows[i].kind]);
    sp_text_add(&maker->text.says, " of ");
    if (rows[i].operator_id > 0) {
      sp_words_name(&maker->text.says, book, operators[rows[i].operator_id - 1]);
    }
    sp_text_add(&maker->text.says, " in ");
    sp_words_name(&maker->text.says, book, rows[i].area);
    fact_end(maker, SP_FACT_NUMBER, "", 0);
  }
  const struct sp_book_ported *ported = SP_BOOK_TABLE(book, ported, struct sp_book_ported);
  for (uint64_t i = 0; i < book->header->ported.count; i++) {
    digits_add(&maker->text.about, ported[i].digits);
    sp_text_add(&maker->text.about, " from ");
    sp_words_time(&maker->text.about, book, ported[i].from_utc_s);
    sp_text_add(&maker->text.says, "to ");
    sp_words_time(&maker->text.says, book, ported[i].to_utc_s);
    sp_text_add(&maker->text.says, " at ");
    if (ported[i].operator_id > 0) {
      sp_words_name(&maker->text.says, book, operators[ported[i].operator_id - 1]);
    }
    fact_end(maker, SP_FACT_PORTED, "", 0);
  }
}

static void places_add(struct fact_maker *maker)
{
  const struct sp_book *book = maker->book;
  const struct sp_book_area *areas = SP_BOOK_TABLE(book, areas, struct sp_book_area);
  const struct sp_book_name *provinces = SP_BOOK_TABLE(book, province_names, struct sp_book_name);
  for (uint64_t i = 0; i < book->header->areas.count; i++) {
    sp_words_name(&maker->text.about, book, areas[i].area);
    sp_words_name(&maker->text.says, book, areas[i].name);
    if (areas[i].province > 0) {
      sp_text_add(&maker->text.says, " in ");
      sp_words_name(&maker->text.says, book, provinces[areas[i].province - 1]);
    }
    fact_end(maker, SP_FACT_AREA, "", 0);
  }
  const struct sp_book_cell *cells = SP_BOOK_TABLE(book, cells, struct sp_book_cell);
  for (uint64_t i = 0; i < book->header->cells.count; i++) {
    sp_words_name(&maker->text.about, book, cells[i].plmn);
    sp_text_add(&maker->text.about, " from lac ");
    sp_text_add_i64(&maker->text.about, cells[i].lac_from);
    sp_text_add(&maker->text.says, "to lac ");
    sp_text_add_i64(&maker->text.says, cells[i].lac_to);
    sp_text_add(&maker->text.says, " in ");
    sp_words_name(&maker->text.says, book, cells[i].area);
    fact_end(maker, SP_FACT_CELL, "", 0);
  }
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  const struct sp_book_name *dests = SP_BOOK_TABLE(book, dest_names, struct sp_book_name);
  for (uint64_t i = 1; i < book->header->dest_nodes.count; i++) {
    const uint32_t *ids = SP_BOOK_TABLE(book, node_dests, uint32_t) + nodes[i].dests_at;
    for (uint32_t k = 0; k < nodes[i].dests_count; k++) {
      sp_words_name(&maker->text.about, book, dests[ids[k]]);
      sp_text_add(&maker->text.about, " ");
      digits_add(&maker->text.about, nodes[i].digits);
      sp_text_add(&maker->text.says, "is one of its prefixes");
      fact_end(maker, SP_FACT_DESTINATION, "", 0);
    }
  }
}

static void rates_add(struct fact_maker *maker, const struct sp_book_plan *plan, const char *name)
{
  const struct sp_book *book = maker->book;
  const struct sp_book_name *items = SP_BOOK_TABLE(book, item_names, struct sp_book_name);
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_item *item =
        SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at + i;
    sp_words_name(&maker->text.about, book, items[item->name_id]);
    sp_text_add(&maker->text.says, sp_words_rounding(item->rounding));
    sp_text_add(&maker->text.says, " to ");
    sp_text_add_i64(&maker->text.says, item->digits);
    sp_text_add(&maker->text.says, " decimals, ");
    sp_text_add(&maker->text.says, sp_words_band_mode(item->band_mode));
    fact_end(maker, SP_FACT_ITEM, name, 0);
    for (uint32_t k = 0; k < item->rules_count; k++) {
      const struct sp_book_rule *rule =
          SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item->rules_at + k;
      sp_words_name(&maker->text.about, book, items[item->name_id]);
      sp_text_add(&maker->text.about, ": ");
      sp_words_match(&maker->text.about, book, &rule->match, item->unit);
      if (rule->priority != 0) {
        sp_text_add(&maker->text.about, ", priority ");
        sp_text_add_i64(&maker->text.about, rule->priority);
      }
      sp_words_rule(&maker->text.says, book, item, rule);
      fact_end(maker, SP_FACT_RATE, name, sp_book_rest(book, rule)->row);
    }
  }
}

static void priority_add(struct sp_text *text, int64_t priority)
{
  if (priority != 0) {
    sp_text_add(text, ", priority ");
    sp_text_add_i64(text, priority);
  }
}

static void allowances_add(struct fact_maker *maker, const struct sp_book_plan *plan,
                           const char *name)
{
  const struct sp_book *book = maker->book;
  const struct sp_book_name *names = SP_BOOK_TABLE(book, allowance_names, struct sp_book_name);
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    const struct sp_book_allowance *row =
        SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at + i;
    struct sp_text *says = &maker->text.says;
    sp_words_name(&maker->text.about, book, names[row->name_id]);
    sp_words_quantity(says, row->amount, (enum sp_unit)row->unit);
    sp_text_add(says, row->pool ? " free a cycle for the group together (" : " free a cycle (");
    sp_words_match(says, book, &row->match, SP_NONE);
    sp_text_add(says, ")");
    if (row->member_cap >= 0) {
      sp_text_add(says, ", at most ");
      sp_words_quantity(says, row->member_cap, (enum sp_unit)row->unit);
      sp_text_add(says, " for a member");
    }
    sp_text_add(says, row->rollover ? ", what is left rolls over once" : "");
    sp_text_add(says, row->by_day ? ", by day in the first cycle" : "");
    priority_add(says, row->priority);
    fact_end(maker, SP_FACT_ALLOWANCE, name, row->row);
  }
}

static void percent_add(struct sp_text *text, int64_t hundredths)
{
  sp_text_add_i64(text, hundredths / 100);
  if (hundredths % 100 != 0) {
    char decimals[4] = {'.', (char)('0' + hundredths / 10 % 10), (char)('0' + hundredths % 10),
                        '\0'};
    decimals[hundredths % 10 == 0 ? 2 : 3] = '\0';
    sp_text_add(text, decimals);
  }
  sp_text_add(text, " %");
}

static void discount_add(struct sp_text *says, const struct sp_book_discount *row)
{
  switch ((enum sp_discount_kind)row->kind) {
  case SP_DISCOUNT_PERCENT:
    percent_add(says, row->value);
    sp_text_add(says, " off");
    return;
  case SP_DISCOUNT_FREE:
    sp_text_add(says, "all off");
    return;
  case SP_DISCOUNT_PRICE_CAP:
  case SP_DISCOUNT_BLOCK_CAP:
  case SP_DISCOUNT_CAP_DAY:
  case SP_DISCOUNT_CAP_MONTH:
    break;
  }
  sp_text_add(says, "at most ");
  sp_words_money(says, row->value);
  if (row->kind == SP_DISCOUNT_BLOCK_CAP) {
    sp_text_add(says, " for each ");
    sp_words_quantity(says, row->threshold, (enum sp_unit)row->threshold_unit);
    sp_text_add(says, " of a cycle");
  } else {
    sp_text_add(says, row->kind == SP_DISCOUNT_PRICE_CAP ? " a record"
                      : row->kind == SP_DISCOUNT_CAP_DAY ? " a day"
                                                         : " a cycle");
  }
}

static void item_add(struct sp_text *text, const struct sp_book *book, uint32_t item)
{
  sp_text_add(text, " on ");
  if (item == SP_NONE) {
    sp_text_add(text, "all items");
  } else {
    sp_text_add(text, "item ");
    sp_words_name(text, book, SP_BOOK_TABLE(book, item_names, struct sp_book_name)[item]);
  }
}

#define SET_NAMES_MAX 8 /* that are said */

/* Of a set one discount is taken (book.md §11.3): with which others this one is in a set. */
static void set_add(struct sp_text *text, const struct sp_book *book,
                    const struct sp_book_discount *row)
{
  const struct sp_book_discount *other = SP_BOOK_TABLE(book, discounts, struct sp_book_discount);
  const struct sp_book_name *names = SP_BOOK_TABLE(book, discount_names, struct sp_book_name);
  const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  uint32_t said = 0;
  for (uint64_t i = 0; i < book->header->discounts.count && said <= SET_NAMES_MAX; i++) {
    if (other + i == row || other[i].set_id != row->set_id) {
      continue;
    }
    sp_text_add(text, said == 0 ? "; only the best of set " : "");
    if (said == 0) {
      sp_words_name(text, book, row->set);
    }
    sp_text_add(text, said == 0 ? ", with " : said < SET_NAMES_MAX ? ", " : ", ...");
    if (said++ < SET_NAMES_MAX) {
      sp_words_name(text, book, plans[other[i].plan].name);
      sp_text_add(text, "/");
      sp_words_name(text, book, names[other[i].name_id]);
    }
  }
  if (said == 0 && row->set.length > 0) {
    sp_text_add(text, "; in set ");
    sp_words_name(text, book, row->set);
  }
}

static void discounts_add(struct fact_maker *maker, const struct sp_book_plan *plan,
                          const char *name)
{
  const struct sp_book *book = maker->book;
  const struct sp_book_name *names = SP_BOOK_TABLE(book, discount_names, struct sp_book_name);
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    const struct sp_book_discount *row =
        SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at + i;
    struct sp_text *says = &maker->text.says;
    sp_words_name(&maker->text.about, book, names[row->name_id]);
    discount_add(says, row);
    item_add(says, book, row->item);
    sp_text_add(says, " (");
    sp_words_match(says, book, &row->match, SP_NONE);
    sp_text_add(says, ")");
    priority_add(says, row->priority);
    set_add(says, book, row);
    fact_end(maker, SP_FACT_DISCOUNT, name, row->row);
  }
}

static void payers_add(struct fact_maker *maker, const struct sp_book_plan *plan, const char *name)
{
  const struct sp_book *book = maker->book;
  const struct sp_book_name *names = SP_BOOK_TABLE(book, payer_names, struct sp_book_name);
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    const struct sp_book_payer *row =
        SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at + i;
    struct sp_text *says = &maker->text.says;
    sp_words_name(&maker->text.about, book, names[row->name_id]);
    item_add(&maker->text.about, book, row->item);
    sp_text_add(says, "the group pays ");
    if (row->mode == SP_PAYER_SHARE) {
      percent_add(says, row->value);
    } else if (row->mode == SP_PAYER_AMOUNT) {
      sp_words_money(says, row->value);
      sp_text_add(says, " a member and cycle");
    } else {
      sp_text_add(says, "all");
    }
    sp_text_add(says, " (");
    sp_words_match(says, book, &row->match, SP_NONE);
    sp_text_add(says, ")");
    if (row->member_cap_micro >= 0) {
      sp_text_add(says, ", at most ");
      sp_words_money(says, row->member_cap_micro);
      sp_text_add(says, " for a member");
    }
    if (row->group_cap_micro >= 0) {
      sp_text_add(says, ", at most ");
      sp_words_money(says, row->group_cap_micro);
      sp_text_add(says, " for the group");
    }
    priority_add(says, row->priority);
    fact_end(maker, SP_FACT_PAYER, name, row->row);
  }
}

static void plan_add(struct fact_maker *maker, const struct sp_book_plan *plan)
{
  const struct sp_book *book = maker->book;
  struct sp_text *says = &maker->text.says;
  char name[512];
  struct sp_text name_text = SP_TEXT_INIT(name);
  sp_words_name(&name_text, book, plan->name);
  sp_text_add(&maker->text.about, "plan");
  sp_text_add(says, sp_words_kind(plan->kind));
  if (plan->title.length > 0) {
    sp_text_add(says, " \"");
    sp_words_name(says, book, plan->title);
    sp_text_add(says, "\"");
  }
  if (plan->monthly_fee_micro >= 0) {
    sp_text_add(says, ", ");
    sp_words_money(says, plan->monthly_fee_micro);
    sp_text_add(says, " a month");
  }
  if (plan->fee_item.length > 0) {
    sp_text_add(says, ", fee item ");
    sp_words_name(says, book, plan->fee_item);
  }
  sp_text_add(says, sp_words_proration(plan->proration));
  if (plan->min_spend_micro >= 0) {
    sp_text_add(says, ", at least ");
    sp_words_money(says, plan->min_spend_micro);
  }
  if (plan->exclusion.length > 0) {
    sp_text_add(says, ", exclusion set ");
    sp_words_name(says, book, plan->exclusion);
  }
  if (plan->valid_from_utc_s != SP_TIME_MIN) {
    sp_text_add(says, ", from ");
    sp_words_time(says, book, plan->valid_from_utc_s);
  }
  if (plan->valid_to_utc_s != SP_TIME_MAX) {
    sp_text_add(says, ", until ");
    sp_words_time(says, book, plan->valid_to_utc_s);
  }
  fact_end(maker, SP_FACT_PLAN, name, plan->row);
  maker->failed =
      maker->failed || !sp_facts_add_costs(maker->facts, book, plan, name, maker->dest_zones);
  rates_add(maker, plan, name);
  allowances_add(maker, plan, name);
  discounts_add(maker, plan, name);
  payers_add(maker, plan, name);
}

enum sp_status sp_facts_make(struct sp_facts *facts, const struct sp_book *book, bool places)
{
  struct fact_maker *maker = calloc(1, sizeof(*maker));
  memset(facts, 0, sizeof(*facts));
  if (maker == NULL) {
    return SP_NO_MEMORY;
  }
  maker->facts = facts;
  maker->book = book;
  text_begin(&maker->text);
  settings_add(maker);
  calendar_add(maker);
  if (places) {
    places_add(maker);
    numbers_add(maker);
  } else {
    maker->dest_zones = sp_cost_dest_zones(book);
    maker->failed = maker->dest_zones == NULL;
  }
  const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  for (uint64_t i = 0; i < book->header->plans.count && !maker->failed; i++) {
    plan_add(maker, &plans[i]);
  }
  bool failed = maker->failed;
  free(maker->dest_zones);
  free(maker);
  if (failed) {
    sp_facts_free(facts);
  }
  return failed ? SP_NO_MEMORY : SP_OK;
}
