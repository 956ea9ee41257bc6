#include "tools/book_words.h"

#include <stdio.h>
#include <string.h>

#include "rating/civil.h"

const char *sp_words_kind(uint32_t kind)
{
  static const char *const words[] = {"base", "add_on", "group", "family"};
  return kind < 4 ? words[kind] : "?";
}

const char *sp_words_proration(uint32_t proration)
{
  static const char *const words[] = {"", ", first month by day", ", first month half",
                                      ", first month free"};
  return proration < 4 ? words[proration] : "?";
}

const char *sp_words_rounding(uint32_t rounding)
{
  static const char *const words[] = {"half_up", "ceil", "floor"};
  return rounding < 3 ? words[rounding] : "?";
}

const char *sp_words_band_mode(uint32_t mode)
{
  static const char *const words[] = {"unit_start", "call_start", "split_ceil"};
  return mode < 3 ? words[mode] : "?";
}

const char *sp_words_discount(uint32_t kind)
{
  static const char *const words[] = {"percent",   "free",    "price_cap",
                                      "block_cap", "cap_day", "cap_month"};
  return kind < 6 ? words[kind] : "?";
}

void sp_words_name(struct sp_text *text, const struct sp_book *book, struct sp_book_name name)
{
  sp_text_add_bytes(text, sp_book_text(book, name), name.length);
}

void sp_words_quantity(struct sp_text *text, int64_t value, enum sp_unit unit)
{
  static const struct {
    enum sp_unit unit;
    int64_t size;
    const char *word;
  } sizes[] = {{SP_UNIT_SECOND, 3600, "h"},   {SP_UNIT_SECOND, 60, "min"},
               {SP_UNIT_SECOND, 1, "s"},      {SP_UNIT_BYTE, 1073741824, "GB"},
               {SP_UNIT_BYTE, 1048576, "MB"}, {SP_UNIT_BYTE, 1024, "KB"},
               {SP_UNIT_BYTE, 1, "B"},        {SP_UNIT_ITEM, 1, ""}};
  size_t i = 0;
  while (sizes[i].unit != unit || value % sizes[i].size != 0) {
    i++;
  }
  sp_text_add_i64(text, value / sizes[i].size);
  sp_text_add(text, sizes[i].word);
}

void sp_words_money(struct sp_text *text, int64_t micro)
{
  char digits[40];
  struct sp_text whole = SP_TEXT_INIT(digits);
  sp_text_add_micro(&whole, micro);
  size_t length = whole.length;
  while (length > 4 && digits[length - 1] == '0' && digits[length - 3] != '.') {
    length--;
  }
  sp_text_add_bytes(text, digits, length);
}

void sp_words_price(struct sp_text *text, int64_t n, int64_t d)
{
  int64_t a = n;
  for (int64_t b = d; b != 0;) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  if (1000000 % (d / a) == 0) {
    sp_words_money(text, n / a * (1000000 / (d / a)));
    return;
  }
  sp_text_add_i64(text, n / a);
  sp_text_add(text, "/");
  sp_text_add_i64(text, d / a);
}

void sp_words_date(struct sp_text *text, int32_t day)
{
  struct sp_civil date = sp_civil_from_day(day);
  char words[64];
  snprintf(words, sizeof(words), "%04d-%02d-%02d", date.year, date.month, date.day);
  sp_text_add(text, words);
}

void sp_words_time(struct sp_text *text, const struct sp_book *book, int64_t utc_s)
{
  if (utc_s <= SP_TIME_MIN || utc_s >= SP_TIME_MAX) {
    sp_text_add(text, "always");
    return;
  }
  int64_t local_s = utc_s + sp_book_offset(book, utc_s);
  int32_t day = sp_civil_day_of(local_s);
  int second = (int)(local_s - (int64_t)day * SP_DAY_S);
  char words[32];
  snprintf(words, sizeof(words), "T%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
  sp_words_date(text, day);
  sp_text_add(text, second == 0 ? "" : words);
}

struct word_bits {
  const char *word;
  uint64_t bits; /* of the column, from its first bit on */
};

#define SP_BIT(value) (UINT64_C(1) << (value))

static const struct word_bits services[] = {
    {"voice", SP_BIT(SP_SERVICE_VOICE)}, {"sms", SP_BIT(SP_SERVICE_SMS)},
    {"mms", SP_BIT(SP_SERVICE_MMS)},     {"data", SP_BIT(SP_SERVICE_DATA)},
    {"vas", SP_BIT(SP_SERVICE_VAS)},     {"fee", SP_BIT(SP_SERVICE_FEE)}};
static const struct word_bits directions[] = {
    {"mo", SP_BIT(SP_DIRECTION_MO) | SP_BIT(SP_DIRECTION_CF)},
    {"mt", SP_BIT(SP_DIRECTION_MT)},
    {"cf", SP_BIT(SP_DIRECTION_CF)}};
static const struct word_bits roams[] = {{"home", SP_BIT(SP_ROAM_HOME)},
                                         {"province", SP_BIT(SP_ROAM_PROVINCE)},
                                         {"domestic", SP_BIT(SP_ROAM_DOMESTIC)},
                                         {"hmt", SP_BIT(SP_ROAM_HMT)},
                                         {"international", SP_BIT(SP_ROAM_INTERNATIONAL)}};
static const struct word_bits zones[] = {{"local", SP_BIT(SP_ZONE_LOCAL)},
                                         {"province", SP_BIT(SP_ZONE_PROVINCE)},
                                         {"domestic", SP_BIT(SP_ZONE_DOMESTIC)},
                                         {"hmt", SP_BIT(SP_ZONE_HMT)},
                                         {"international", SP_BIT(SP_ZONE_INTERNATIONAL)},
                                         {"service", SP_BIT(SP_ZONE_SERVICE)}};
/* `group_tree` first: it takes the whole second half; the others are told by the first half. */
static const struct word_bits nets[] = {{"group_tree", UINT64_C(0x1FF) << SP_NET_COUNT},
                                        {"group", SP_BIT(SP_NET_GROUP)},
                                        {"family", SP_BIT(SP_NET_FAMILY)},
                                        {"service", SP_BIT(SP_NET_SERVICE)},
                                        {"sp", SP_BIT(SP_NET_SP)},
                                        {"fixed", SP_BIT(SP_NET_FIXED)},
                                        {"foreign", SP_BIT(SP_NET_FOREIGN)},
                                        {"onnet", SP_BIT(SP_NET_ONNET)},
                                        {"mobile", SP_BIT(SP_NET_MOBILE)}};

static void comma(struct sp_text *text, size_t from)
{
  sp_text_add(text, text->length > from ? ", " : "");
}

static void column_add(struct sp_text *text, size_t from, const char *column, uint64_t bits,
                       const struct word_bits *words, size_t count)
{
  const char *mark = "";
  comma(text, from);
  sp_text_add(text, column);
  for (size_t i = 0; i < count; i++) {
    if ((bits & words[i].bits) == words[i].bits) {
      sp_text_add(text, mark);
      sp_text_add(text, words[i].word);
      bits &= ~words[i].bits;
      mark = ";";
    }
  }
}

/* The words of one match column: ids of names, counted from `first`. */
struct id_list {
  const char *column;
  struct sp_book_array names;
  const uint32_t *ids;
  uint32_t count, first;
};

static void ids_add(struct sp_text *text, size_t from, const struct sp_book *book,
                    const struct id_list *list)
{
  comma(text, from);
  sp_text_add(text, list->column);
  for (uint32_t i = 0; i < list->count; i++) {
    struct sp_book_name name;
    memcpy(&name, book->base + list->names.at + (list->ids[i] - list->first) * sizeof(name),
           sizeof(name));
    sp_text_add(text, i == 0 ? "" : ";");
    sp_words_name(text, book, name);
  }
}

static uint64_t unit_services(uint32_t unit)
{
  uint64_t timed = SP_BIT(SP_SERVICE_VOICE) | SP_BIT(SP_SERVICE_DATA);
  return unit == SP_UNIT_SECOND ? timed
         : unit == SP_UNIT_BYTE ? SP_BIT(SP_SERVICE_DATA)
         : unit == SP_UNIT_ITEM ? 0x3F & ~timed
                                : 0x3F;
}

/* The words of the five columns that are features, of which the service is also said if its cell is
 * set though every service of the unit is in it: it counts as a column (book.md §8.3). `other`: how
 * many other columns are set. */
static void features_add(struct sp_text *text, size_t from, const struct sp_book_match *match,
                         uint32_t unit, uint32_t other)
{
  const struct {
    const char *column;
    unsigned at;
    uint64_t all;
    const struct word_bits *words;
    size_t count;
  } columns[] = {{"", SP_FEATURE_SERVICE, unit_services(unit), services, 6},
                 {"direction ", SP_FEATURE_DIRECTION, 0xF, directions, 3},
                 {"roam ", SP_FEATURE_ROAM, 0x1F, roams, 5},
                 {"zone ", SP_FEATURE_ZONE, 0x7F, zones, 6},
                 {"net ", SP_FEATURE_NET, 0x3FFFF, nets, 9}};
  uint64_t bits[5];
  for (size_t i = 0; i < 5; i++) {
    bits[i] = ~match->refused >> columns[i].at & (i == 0 ? 0x3F : columns[i].all);
    other += i > 0 && bits[i] != columns[i].all;
  }
  for (size_t i = 0; i < 5; i++) {
    if (bits[i] != columns[i].all || (i == 0 && match->columns > other)) {
      column_add(text, from, columns[i].column, bits[i], columns[i].words, columns[i].count);
    }
  }
}

void sp_words_match(struct sp_text *text, const struct sp_book *book,
                    const struct sp_book_match *match, uint32_t unit)
{
  const struct sp_book_header *header = book->header;
  size_t from = text->length;
  features_add(text, from, match, unit,
               (match->dests != 0) + (uint32_t)(match->bands != 0) + (match->groups != 0));
  if (match->dests != 0) {
    const uint32_t *dests = SP_BOOK_LIST(book, match_dests, match->dests);
    ids_add(text, from, book,
            &(struct id_list){"dest ", header->dest_names, dests, sp_book_list_count(dests), 1});
  }
  if (match->bands != 0) {
    uint32_t bands[SP_BOOK_BANDS_MAX];
    uint32_t count = 0;
    for (uint64_t rest = match->bands; rest != 0; rest &= rest - 1) {
      bands[count++] = (uint32_t)__builtin_ctzll(rest);
    }
    ids_add(text, from, book, &(struct id_list){"band ", header->band_names, bands, count, 0});
  }
  if (match->groups != 0) {
    const uint32_t *groups = SP_BOOK_LIST(book, match_groups, match->groups);
    ids_add(text, from, book,
            &(struct id_list){"rating_group ", header->group_names, groups,
                              sp_book_list_count(groups), 1});
  }
  sp_text_add(text, text->length == from ? "all" : "");
}

void sp_words_rule(struct sp_text *text, const struct sp_book *book,
                   const struct sp_book_item *item, const struct sp_book_rule *rule)
{
  enum sp_unit unit = (enum sp_unit)item->unit;
  uint32_t slots_count = sp_book_rest(book, rule)->slots_count;
  for (uint32_t i = 0; i < slots_count; i++) {
    const struct sp_book_slot *slot =
        SP_BOOK_TABLE(book, slots, struct sp_book_slot) + rule->slots_at + i;
    if (i > 0) {
      sp_text_add(text, "; from ");
      sp_words_quantity(text, slot->from, unit);
      sp_text_add(text, " on ");
    }
    if (slot->price_zero) {
      sp_text_add(text, "free");
    } else {
      sp_words_price(text, slot->price_per_numerator, slot->price_per_denominator);
      sp_text_add(text, " per ");
      sp_words_quantity(text, slot->per, unit);
    }
    if (slot->increment != slot->per || (slot->price_zero && unit != SP_UNIT_ITEM)) {
      sp_text_add(text, " by ");
      sp_words_quantity(text, slot->increment, unit);
    }
  }
  if (rule->connect_fee > 0) {
    sp_text_add(text, "; connect fee ");
    sp_words_price(text, rule->connect_fee, item->denominator * 1000000);
  }
  sp_text_add(text, rule->counter && slots_count > 1 ? "; slots by what the cycle used" : "");
}

void sp_words_clock(struct sp_text *text, uint32_t second)
{
  char words[16];
  snprintf(words, sizeof(words), second % 60 == 0 ? "%02u:%02u" : "%02u:%02u:%02u", second / 3600,
           second / 60 % 60, second % 60);
  sp_text_add(text, words);
}

static void day_word(struct sp_text *text, const char *type, const char *weekday)
{
  sp_text_add(text, text->length == 0 || text->at[text->length - 1] == ' ' ? "" : ", ");
  sp_text_add(text, type);
  sp_text_add(text, weekday[0] == '\0' ? "" : " on ");
  sp_text_add(text, weekday);
}

void sp_words_days(struct sp_text *text, uint32_t kinds)
{
  static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  static const char *const types[] = {"workdays", "weekends", "holidays"};
  if (kinds == (1u << 21) - 1) {
    sp_text_add(text, "always");
    return;
  }
  for (uint32_t type = 0; type < 3; type++) {
    uint32_t all = UINT32_C(0x49249) << type; /* every third of 21 bits */
    if ((kinds & all) == all) {
      day_word(text, types[type], "");
      continue;
    }
    for (uint32_t weekday = 0; weekday < 7; weekday++) {
      if ((kinds >> (weekday * 3 + type) & 1u) != 0) {
        day_word(text, types[type], weekdays[weekday]);
      }
    }
  }
}
