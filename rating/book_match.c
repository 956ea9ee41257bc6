#include "rating/book_tables.h"

#include <string.h>

/* A value of a match cell and the feature bits that it accepts (book.md §2.3, §6.10 to §6.12). */
struct match_value {
  const char *word;
  uint64_t bits;
};

#define SP_BIT(column, value) (UINT64_C(1) << ((column) + (value)))
#define SP_NET_BITS(value) \
  (SP_BIT(SP_FEATURE_NET, SP_NET_##value) | SP_BIT(SP_FEATURE_NET_TREE, SP_NET_##value))
#define SP_NET_HALF ((UINT64_C(1) << SP_NET_COUNT) - 1)

static const struct match_value services[] = {
    {"voice", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_VOICE)},
    {"sms", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_SMS)},
    {"mms", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_MMS)},
    {"data", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_DATA)},
    {"vas", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_VAS)},
    {"fee", SP_BIT(SP_FEATURE_SERVICE, SP_SERVICE_FEE)},
};
static const struct match_value directions[] = {
    {"mo",
     SP_BIT(SP_FEATURE_DIRECTION, SP_DIRECTION_MO) | SP_BIT(SP_FEATURE_DIRECTION, SP_DIRECTION_CF)},
    {"mt", SP_BIT(SP_FEATURE_DIRECTION, SP_DIRECTION_MT)},
    {"cf", SP_BIT(SP_FEATURE_DIRECTION, SP_DIRECTION_CF)},
};
static const struct match_value roams[] = {
    {"home", SP_BIT(SP_FEATURE_ROAM, SP_ROAM_HOME)},
    {"province", SP_BIT(SP_FEATURE_ROAM, SP_ROAM_PROVINCE)},
    {"domestic", SP_BIT(SP_FEATURE_ROAM, SP_ROAM_DOMESTIC)},
    {"hmt", SP_BIT(SP_FEATURE_ROAM, SP_ROAM_HMT)},
    {"international", SP_BIT(SP_FEATURE_ROAM, SP_ROAM_INTERNATIONAL)},
};
static const struct match_value zones[] = {
    {"local", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_LOCAL)},
    {"province", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_PROVINCE)},
    {"domestic", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_DOMESTIC)},
    {"hmt", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_HMT)},
    {"international", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_INTERNATIONAL)},
    {"service", SP_BIT(SP_FEATURE_ZONE, SP_ZONE_SERVICE)},
};
static const struct match_value nets[] = {
    {"group", SP_NET_BITS(GROUP)},     {"group_tree", SP_NET_HALF << SP_FEATURE_NET_TREE},
    {"family", SP_NET_BITS(FAMILY)},   {"service", SP_NET_BITS(SERVICE)},
    {"sp", SP_NET_BITS(SP)},           {"fixed", SP_NET_BITS(FIXED)},
    {"foreign", SP_NET_BITS(FOREIGN)}, {"onnet", SP_NET_BITS(ONNET)},
    {"mobile", SP_NET_BITS(MOBILE)},
};

#define SP_MATCH_VALUES_MAX 10 /* of a column */
#define SP_VALUES(list) list, (uint32_t)(sizeof(list) / sizeof((list)[0]))

static const struct match_column {
  const struct match_value *values;
  uint32_t count;
  uint64_t all;
} columns[SP_COLUMN_FEATURES] = {
    {SP_VALUES(services), SP_FEATURES_SERVICE}, {SP_VALUES(directions), SP_FEATURES_DIRECTION},
    {SP_VALUES(roams), SP_FEATURES_ROAM},       {SP_VALUES(zones), SP_FEATURES_ZONE},
    {SP_VALUES(nets), SP_FEATURES_NET},
};

uint64_t sp__column_features(uint32_t column)
{
  SP_ASSERT(column < SP_COLUMN_FEATURES);
  return columns[column].all;
}

static void value_error(struct sp__book_reader *reader, uint32_t column,
                        const struct match_column *known)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "expected ");
  for (uint32_t i = 0; i < known->count; i++) {
    sp_text_add(&text, i == 0 ? "" : i + 1 == known->count ? " or " : ", ");
    sp_text_add(&text, known->values[i].word);
  }
  sp_text_add(&text, ", several separated by ';'");
  sp__book_reader_error(reader, column, buffer);
}

static void feature_match(struct sp__book_reader *reader, uint32_t column, uint32_t which,
                          struct sp__match *match)
{
  const struct match_column *known = &columns[which];
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length == 0) {
    match->accepted |= known->all;
    return;
  }
  match->set |= 1u << which;
  struct sp_cell_text element;
  while (sp__list_next(&cell, &element)) {
    uint32_t i = 0;
    while (i < known->count && !sp__cell_is(element, known->values[i].word)) {
      i++;
    }
    if (i == known->count) {
      value_error(reader, column, known);
      return;
    }
    match->accepted |= known->values[i].bits;
    match->written |= UINT64_C(1) << (which * SP_MATCH_VALUES_MAX + i);
  }
}

static void ids_sift(uint32_t *ids, uint32_t count, uint32_t from)
{
  for (uint32_t child = 2 * from + 1; child < count; child = 2 * from + 1) {
    child += child + 1 < count && ids[child + 1] > ids[child];
    if (ids[from] >= ids[child]) {
      return;
    }
    uint32_t id = ids[from];
    ids[from] = ids[child];
    ids[child] = id;
    from = child;
  }
}

/* Sorts ids and leaves each once; returns how many are left. */
uint32_t sp__ids_unique(uint32_t *ids, uint32_t count)
{
  for (uint32_t i = count / 2; i > 0; i--) {
    ids_sift(ids, count, i - 1);
  }
  for (uint32_t end = count; end > 1; end--) {
    uint32_t largest = ids[0];
    ids[0] = ids[end - 1];
    ids[end - 1] = largest;
    ids_sift(ids, end - 1, 0);
  }
  uint32_t kept = count == 0 ? 0 : 1;
  for (uint32_t i = 1; i < count; i++) {
    if (ids[i] != ids[kept - 1]) {
      ids[kept++] = ids[i];
    }
  }
  return kept;
}

/* A cell whose values are names: `known` has them, or with `add` they are any text. */
static void ids_match(struct sp__book_reader *reader, uint32_t column, struct sp__terms *known,
                      const char *table, uint32_t *at, uint32_t *count)
{
  struct sp__draft *draft = reader->draft;
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  struct sp_cell_text element;
  *at = draft->match_ids.count;
  *count = 0;
  while (cell.length > 0 && sp__list_next(&cell, &element)) {
    uint32_t id = SP_NONE;
    if (element.length > 0) {
      id = table != NULL ? sp__terms_find(known, element.text, element.length)
                         : sp__terms_add(draft, known, element.text, element.length);
    }
    if (id == SP_NONE && element.length > 0 && known->lost) {
      reader->lost = true;
      continue;
    }
    if (id == SP_NONE) {
      char buffer[SP_DRAFT_TEXT_MAX];
      struct sp_text text = SP_TEXT_INIT(buffer);
      if (element.length == 0) {
        sp_text_add(&text, "an empty value in the list; expected a name");
      } else {
        sp_text_add(&text, "\"");
        sp_text_add_shown(&text, element.text, sp_text_cut(element.text, element.length, 64));
        sp_text_add(&text, "\" is not in ");
        sp_text_add(&text, table == NULL ? "" : table);
        sp_text_add(&text, "; expected names that are");
      }
      sp__book_reader_error(reader, column, buffer);
      continue;
    }
    *(uint32_t *)sp__list_add(draft, &draft->match_ids, sizeof(uint32_t)) = id;
  }
  if (draft->status == SP_OK && draft->match_ids.count > *at) {
    *count =
        sp__ids_unique(SP_LIST_AT(&draft->match_ids, uint32_t, *at), draft->match_ids.count - *at);
    draft->match_ids.count = *at + *count;
  }
}

void sp__book_reader_match(struct sp__book_reader *reader, uint32_t first, struct sp__match *match)
{
  memset(match, 0, sizeof(*match));
  for (uint32_t i = 0; i < SP_COLUMN_FEATURES; i++) {
    feature_match(reader, first + i, i, match);
  }
  ids_match(reader, first + SP_COLUMN_DEST, &reader->draft->dests, "destinations.csv",
            &match->dests_at, &match->dests_count);
  uint32_t at;
  uint32_t count;
  ids_match(reader, first + SP_COLUMN_BAND, &reader->draft->bands, "bands.csv", &at, &count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t band = *SP_LIST_AT(&reader->draft->match_ids, uint32_t, at + i);
    match->bands |= band < SP_BOOK_BANDS_MAX ? UINT64_C(1) << band : 0;
  }
  reader->draft->match_ids.count = count > 0 ? at : reader->draft->match_ids.count;
  ids_match(reader, first + SP_COLUMN_GROUP, &reader->draft->groups, NULL, &match->groups_at,
            &match->groups_count);
  for (uint32_t i = SP_COLUMN_DEST; i < SP_COLUMN_COUNT; i++) {
    match->set |= sp__book_reader_blank(reader, first + i) ? 0 : 1u << i;
  }
  match->columns = (uint32_t)__builtin_popcount(match->set);
}
