#include <string.h>

#include "rating/book_lookup.h"
#include "rating/book_prefix.h"
#include "rating/hash.h"

/* Every offset and index of an image is checked here once, so that nobody has to check them later.
 */

struct opening {
  struct sp_book book;
  const struct sp_book_header *header;
};

static bool part(uint64_t at, uint64_t count, uint64_t all)
{
  return count == 0 || (at < all && count <= all - at);
}

static bool section_good(const struct sp_book_header *header, struct sp_book_array array,
                         size_t size)
{
  return array.at % 64 == 0 && array.at >= sizeof(*header) && array.at <= header->bytes &&
         array.count <= UINT32_MAX - 2 && array.count <= (header->bytes - array.at) / size;
}

static bool sections_good(const struct sp_book_header *h)
{
#define GOOD(section, type) section_good(h, h->section, sizeof(type))
  return GOOD(strings, char) && GOOD(plans, struct sp_book_plan) &&
         GOOD(items, struct sp_book_item) && GOOD(rules, struct sp_book_rule) &&
         GOOD(rule_rests, struct sp_book_rule_rest) && GOOD(dest_rules, struct sp_book_dest_rule) &&
         GOOD(slots, struct sp_book_slot) && GOOD(allowances, struct sp_book_allowance) &&
         GOOD(discounts, struct sp_book_discount) && GOOD(payers, struct sp_book_payer) &&
         GOOD(match_dests, uint32_t) && GOOD(match_groups, uint32_t) &&
         GOOD(item_names, struct sp_book_name) && GOOD(allowance_names, struct sp_book_name) &&
         GOOD(discount_names, struct sp_book_name) && GOOD(payer_names, struct sp_book_name) &&
         GOOD(set_names, struct sp_book_name) && GOOD(band_names, struct sp_book_name) &&
         GOOD(dest_names, struct sp_book_name) && GOOD(group_names, struct sp_book_name) &&
         GOOD(operator_names, struct sp_book_name) && GOOD(province_names, struct sp_book_name) &&
         GOOD(areas, struct sp_book_area) && GOOD(area_slots, uint32_t) &&
         GOOD(prefixes, struct sp_book_prefix) && GOOD(prefix_keys, uint64_t) &&
         GOOD(prefix_index, uint32_t) && GOOD(dest_nodes, struct sp_book_dest_node) &&
         GOOD(dest_keys, uint64_t) && GOOD(dest_index, uint32_t) && GOOD(node_dests, uint32_t) &&
         GOOD(ported, struct sp_book_ported) && GOOD(ported_slots, uint32_t) &&
         GOOD(cells, struct sp_book_cell) && GOOD(cell_plmns, struct sp_book_plmn) &&
         GOOD(offsets, struct sp_book_offset) && GOOD(days, struct sp_book_day) &&
         GOOD(span_starts, uint32_t) && GOOD(spans, struct sp_book_span);
#undef GOOD
}

static bool text_good(const struct opening *o, struct sp_book_name name)
{
  return part(name.at, name.length, o->header->strings.count);
}

static bool names_good(const struct opening *o, struct sp_book_array array)
{
  const struct sp_book_name *names =
      (const struct sp_book_name *)(const void *)(o->book.base + array.at);
  for (uint64_t i = 0; i < array.count; i++) {
    if (!text_good(o, names[i])) {
      return false;
    }
  }
  return true;
}

static bool all_names_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  return names_good(o, h->item_names) && names_good(o, h->allowance_names) &&
         names_good(o, h->discount_names) && names_good(o, h->payer_names) &&
         names_good(o, h->set_names) && names_good(o, h->band_names) &&
         names_good(o, h->dest_names) && names_good(o, h->group_names) &&
         names_good(o, h->operator_names) && names_good(o, h->province_names) &&
         text_good(o, h->name) && text_good(o, h->currency) && text_good(o, h->timezone) &&
         text_good(o, h->home_country);
}

static bool header_good(const struct sp_book_header *h)
{
  return h->cycle_day >= 1 && h->cycle_day <= 28 && h->rounding_digits >= 0 &&
         h->rounding_digits <= 6 && h->increment_digits >= -1 && h->increment_digits <= 12 &&
         h->rounding <= SP_ROUND_FLOOR && h->home_operator <= h->operator_names.count &&
         h->home_mcc_count <= 16 && h->band_names.count <= SP_BOOK_BANDS_MAX &&
         h->valid_from_utc_s >= SP_TIME_MIN && h->valid_from_utc_s <= SP_TIME_MAX;
}

static bool ids_good(const struct opening *o, struct sp_book_array array, uint64_t first,
                     uint64_t end)
{
  const uint32_t *ids = (const uint32_t *)(const void *)(o->book.base + array.at);
  for (uint64_t i = 0; i < array.count; i++) {
    if (ids[i] < first || ids[i] >= end) {
      return false;
    }
  }
  return true;
}

static bool list_good(const struct opening *o, struct sp_book_array array, uint32_t place)
{
  const uint32_t *ids = (const uint32_t *)(const void *)(o->book.base + array.at);
  return place == 0 || (place < array.count && part(place, ids[place - 1], array.count));
}

static bool match_good(const struct opening *o, const struct sp_book_match *match)
{
  const struct sp_book_header *h = o->header;
  uint64_t bands =
      h->band_names.count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << h->band_names.count) - 1;
  return list_good(o, h->match_dests, match->dests) &&
         list_good(o, h->match_groups, match->groups) && (match->bands & ~bands) == 0 &&
         match->columns <= 8;
}

static bool plans_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_plan *plans = SP_BOOK_TABLE(&o->book, plans, struct sp_book_plan);
  for (uint64_t i = 0; i < h->plans.count; i++) {
    const struct sp_book_plan *p = &plans[i];
    if (!text_good(o, p->name) || !text_good(o, p->title) || !text_good(o, p->fee_item) ||
        !text_good(o, p->exclusion) || p->proration > SP_PRORATION_FIRST_FREE ||
        p->kind > SP_PLAN_FAMILY || p->name_id != i ||
        !part(p->items_at, p->items_count, h->items.count) ||
        !part(p->allowances_at, p->allowances_count, h->allowances.count) ||
        !part(p->discounts_at, p->discounts_count, h->discounts.count) ||
        !part(p->payers_at, p->payers_count, h->payers.count) ||
        p->valid_from_utc_s < SP_TIME_MIN || p->valid_to_utc_s > SP_TIME_MAX) {
      return false;
    }
  }
  return true;
}

/* Slots of a rule lie behind those of the rule before, so that each is looked at once; what the
 * rule has of the first is what stands there. */
static bool slots_good(const struct opening *o, const struct sp_book_rule *rule, uint32_t count)
{
  const struct sp_book_slot *slots =
      SP_BOOK_TABLE(&o->book, slots, struct sp_book_slot) + rule->slots_at;
  for (uint32_t i = 0; i < count; i++) {
    if ((i == 0 ? slots[i].from != 0 : slots[i].from <= slots[i - 1].from) ||
        slots[i].increment <= 0 || slots[i].price < 0 || slots[i].per <= 0 ||
        slots[i].price_per_denominator <= 0) {
      return false;
    }
  }
  return rule->increment == slots->increment && rule->price == slots->price &&
         rule->price_zero == slots->price_zero && rule->single == (count == 1);
}

static bool rules_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_rule *rules = SP_BOOK_TABLE(&o->book, rules, struct sp_book_rule);
  const struct sp_book_rule_rest *rests =
      SP_BOOK_TABLE(&o->book, rule_rests, struct sp_book_rule_rest);
  if (h->rule_rests.count != h->rules.count) {
    return false;
  }
  uint64_t slots = 0;
  for (uint64_t i = 0; i < h->rules.count; i++) {
    if (!match_good(o, &rules[i].match) || rules[i].slots_at != slots ||
        rests[i].slots_count == 0 || rests[i].slots_count > h->slots.count - slots ||
        rests[i].plan >= h->plans.count || rules[i].connect_fee < 0 ||
        !slots_good(o, rules + i, rests[i].slots_count)) {
      return false;
    }
    slots += rests[i].slots_count;
  }
  return slots == h->slots.count;
}

/* What all rules of a part refuse is what the item says. */
static bool refused_good(const struct sp_book_rule *rules, uint32_t count, uint64_t refused)
{
  uint64_t all = SP_FEATURES_ALL;
  for (uint32_t i = 0; i < count; i++) {
    all &= rules[i].match.refused;
  }
  return all == refused;
}

/* Its rules are of that item, in a plan that has it. */
static bool rests_good(const struct opening *o, uint64_t index)
{
  const struct sp_book_item *item = SP_BOOK_TABLE(&o->book, items, struct sp_book_item) + index;
  const struct sp_book_plan *plans = SP_BOOK_TABLE(&o->book, plans, struct sp_book_plan);
  const struct sp_book_rule_rest *rests =
      SP_BOOK_TABLE(&o->book, rule_rests, struct sp_book_rule_rest) + item->rules_at;
  for (uint32_t i = 0; i < item->rules_count; i++) {
    const struct sp_book_plan *plan = plans + rests[i].plan;
    if (rests[i].item != item->name_id || index < plan->items_at ||
        index - plan->items_at >= plan->items_count) {
      return false;
    }
  }
  return true;
}

/* Rows of an item by destination: of its rules with dest cell. */
static bool dest_rows_good(const struct opening *o, const struct sp_book_item *item)
{
  const struct sp_book_dest_rule *rows =
      SP_BOOK_TABLE(&o->book, dest_rules, struct sp_book_dest_rule) + item->dest_index_at;
  uint32_t count = item->dest_index_count, first = item->rules_at + item->rules_plain;
  if (count == 0) {
    return item->dest_first == SP_NONE && item->dest_last == 0;
  }
  for (uint32_t i = 0; i < count; i++) {
    if ((i > 0 && rows[i].dest < rows[i - 1].dest) || rows[i].rule < first ||
        rows[i].rule - first >= item->rules_count - item->rules_plain) {
      return false;
    }
  }
  return item->dest_first == rows[0].dest && item->dest_last == rows[count - 1].dest &&
         item->dest_last < o->header->dest_names.count;
}

/* The rules and rows of an item lie behind those of the item before. */
static bool items_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_item *items = SP_BOOK_TABLE(&o->book, items, struct sp_book_item);
  const struct sp_book_rule *rules = SP_BOOK_TABLE(&o->book, rules, struct sp_book_rule);
  uint64_t rules_end = 0, rows_end = 0;
  for (uint64_t i = 0; i < h->items.count; i++) {
    const struct sp_book_item *item = &items[i];
    if (item->name_id >= h->item_names.count || item->rules_count == 0 ||
        item->rules_at != rules_end || item->rules_count > h->rules.count - rules_end ||
        item->rules_plain > item->rules_count || item->dest_index_at != rows_end ||
        item->dest_index_count > h->dest_rules.count - rows_end || item->denominator < 1 ||
        item->denominator > SP_BOOK_DENOMINATOR_MAX || item->unit > SP_UNIT_BYTE ||
        item->rounding > SP_ROUND_FLOOR || item->digits > 6 ||
        item->band_mode > SP_BAND_SPLIT_CEIL) {
      return false;
    }
    const struct sp_book_rule *of = rules + item->rules_at, *plain_end = of + item->rules_plain;
    if (!refused_good(of, item->rules_plain, item->plain_refused) ||
        !refused_good(plain_end, item->rules_count - item->rules_plain, item->dest_refused) ||
        !rests_good(o, i) || !dest_rows_good(o, item)) {
      return false;
    }
    rules_end += item->rules_count;
    rows_end += item->dest_index_count;
  }
  return rules_end == h->rules.count && rows_end == h->dest_rules.count;
}

static bool item_or_none(const struct opening *o, uint32_t item)
{
  return item == SP_NONE || item < o->header->item_names.count;
}

static bool extras_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_allowance *a = SP_BOOK_TABLE(&o->book, allowances, struct sp_book_allowance);
  const struct sp_book_discount *d = SP_BOOK_TABLE(&o->book, discounts, struct sp_book_discount);
  const struct sp_book_payer *p = SP_BOOK_TABLE(&o->book, payers, struct sp_book_payer);
  for (uint64_t i = 0; i < h->allowances.count; i++) {
    if (!match_good(o, &a[i].match) || a[i].name_id >= h->allowance_names.count ||
        a[i].plan >= h->plans.count || a[i].unit > SP_UNIT_BYTE || a[i].amount < 0 ||
        a[i].amount > SP_BOOK_QUANTITY_MAX || a[i].member_cap < -1 || a[i].pool > 1 ||
        a[i].rollover > 1 || a[i].by_day > 1) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->discounts.count; i++) {
    if (!match_good(o, &d[i].match) || d[i].name_id >= h->discount_names.count ||
        d[i].plan >= h->plans.count || !item_or_none(o, d[i].item) ||
        d[i].kind > SP_DISCOUNT_CAP_MONTH || d[i].pass != sp__discount_pass(d[i].kind) ||
        !text_good(o, d[i].set) || d[i].threshold_unit > SP_UNIT_BYTE || d[i].value < 0 ||
        d[i].value_decimals > 6 ||
        (d[i].kind == SP_DISCOUNT_BLOCK_CAP && (d[i].threshold <= 0 || d[i].item == SP_NONE)) ||
        (d[i].kind == SP_DISCOUNT_PERCENT && d[i].value > 10000)) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->payers.count; i++) {
    if (!match_good(o, &p[i].match) || p[i].name_id >= h->payer_names.count ||
        p[i].plan >= h->plans.count || !item_or_none(o, p[i].item) || p[i].mode > SP_PAYER_AMOUNT ||
        p[i].value < 0 || p[i].member_cap_micro < -1 || p[i].group_cap_micro < -1) {
      return false;
    }
  }
  return true;
}

/* A hash table of index + 1: a power of two, in bounds, and not so full that a search would not
 * end. */
static bool slots_table_good(const struct opening *o, struct sp_book_array array, uint64_t count)
{
  const uint32_t *slots = (const uint32_t *)(const void *)(o->book.base + array.at);
  uint64_t used = 0;
  if (array.count == 0 || (array.count & (array.count - 1)) != 0) {
    return false;
  }
  for (uint64_t i = 0; i < array.count; i++) {
    used += slots[i] != 0;
    if (slots[i] > count) {
      return false;
    }
  }
  return used < array.count;
}

static bool keys_good(const uint64_t *keys, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    char digits[SP_NUMBER_DIGITS_MAX];
    unsigned length = sp_number_print(keys[i], digits);
    if (length == 0 || (i > 0 && keys[i] <= keys[i - 1]) ||
        sp_number_pack(digits, length).digits != keys[i]) {
      return false;
    }
  }
  return true;
}

static bool prefixes_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_prefix *rows = SP_BOOK_TABLE(&o->book, prefixes, struct sp_book_prefix);
  const uint64_t *keys = SP_BOOK_TABLE(&o->book, prefix_keys, uint64_t);
  if (h->prefix_keys.count != h->prefixes.count || !keys_good(keys, h->prefixes.count)) {
    return false;
  }
  for (uint64_t i = 0; i < h->prefixes.count; i++) {
    if (rows[i].digits != keys[i] || rows[i].length != sp_number_length(keys[i]) ||
        rows[i].parent > i || rows[i].operator_id > h->operator_names.count ||
        rows[i].kind > SP_KIND_INTERNATIONAL || !text_good(o, rows[i].area)) {
      return false;
    }
  }
  return sp__prefix_good(SP_BOOK_TABLE(&o->book, prefix_index, uint32_t), h->prefix_index.count,
                         h->prefixes.count);
}

static bool dests_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_dest_node *nodes =
      SP_BOOK_TABLE(&o->book, dest_nodes, struct sp_book_dest_node);
  const uint64_t *keys = SP_BOOK_TABLE(&o->book, dest_keys, uint64_t);
  if (h->dest_nodes.count != h->dest_keys.count + 1 || !keys_good(keys, h->dest_keys.count) ||
      nodes[0].dests_count != 0 || nodes[0].parent != 0) {
    return false;
  }
  for (uint64_t i = 1; i < h->dest_nodes.count; i++) {
    if (nodes[i].digits != keys[i - 1] || nodes[i].parent >= i ||
        nodes[i].length != sp_number_length(nodes[i].digits) ||
        !part(nodes[i].dests_at, nodes[i].dests_count, h->node_dests.count)) {
      return false;
    }
  }
  return ids_good(o, h->node_dests, 0, h->dest_names.count) &&
         ids_good(o, h->match_dests, 1, h->dest_names.count + 1) &&
         ids_good(o, h->match_groups, 1, h->group_names.count + 1) &&
         sp__prefix_good(SP_BOOK_TABLE(&o->book, dest_index, uint32_t), h->dest_index.count,
                         h->dest_keys.count);
}

static bool places_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_area *areas = SP_BOOK_TABLE(&o->book, areas, struct sp_book_area);
  const struct sp_book_ported *ported = SP_BOOK_TABLE(&o->book, ported, struct sp_book_ported);
  const struct sp_book_cell *cells = SP_BOOK_TABLE(&o->book, cells, struct sp_book_cell);
  const struct sp_book_plmn *plmns = SP_BOOK_TABLE(&o->book, cell_plmns, struct sp_book_plmn);
  for (uint64_t i = 0; i < h->areas.count; i++) {
    if (!text_good(o, areas[i].area) || !text_good(o, areas[i].name) ||
        areas[i].province > h->province_names.count) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->ported.count; i++) {
    if (ported[i].operator_id > h->operator_names.count) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->cells.count; i++) {
    if (!text_good(o, cells[i].plmn) || !text_good(o, cells[i].area)) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->cell_plmns.count; i++) {
    if (!text_good(o, plmns[i].plmn) ||
        !part(plmns[i].cells_at, plmns[i].cells_count, h->cells.count)) {
      return false;
    }
  }
  return slots_table_good(o, h->area_slots, h->areas.count) &&
         slots_table_good(o, h->ported_slots, h->ported.count);
}

static bool calendar_good(const struct opening *o)
{
  const struct sp_book_header *h = o->header;
  const struct sp_book_offset *offsets = SP_BOOK_TABLE(&o->book, offsets, struct sp_book_offset);
  const struct sp_book_day *days = SP_BOOK_TABLE(&o->book, days, struct sp_book_day);
  const uint32_t *starts = SP_BOOK_TABLE(&o->book, span_starts, uint32_t);
  const struct sp_book_span *spans = SP_BOOK_TABLE(&o->book, spans, struct sp_book_span);
  if (h->offsets.count == 0 || h->span_starts.count != 22 || starts[0] != 0 ||
      starts[21] != h->spans.count) {
    return false;
  }
  for (uint64_t i = 0; i < h->offsets.count; i++) {
    if (offsets[i].offset_s < -26 * 3600 || offsets[i].offset_s > 26 * 3600 ||
        (i == 0 ? offsets[i].from_utc_s != SP_TIME_MIN
                : offsets[i].from_utc_s <= offsets[i - 1].from_utc_s)) {
      return false;
    }
  }
  for (uint64_t i = 0; i < h->days.count; i++) {
    if (days[i].type > 2 || (i > 0 && days[i].day <= days[i - 1].day)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < 21; i++) {
    if (starts[i] >= starts[i + 1] || starts[i + 1] > h->spans.count) {
      return false;
    }
    for (uint32_t k = starts[i]; k < starts[i + 1]; k++) {
      if (k == starts[i] ? spans[k].from_s != 0
                         : spans[k].from_s <= spans[k - 1].from_s || spans[k].from_s >= 86400) {
        return false;
      }
    }
  }
  return true;
}

enum sp_status sp_book_open(struct sp_book *book, const void *image, size_t bytes)
{
  SP_ASSERT(book != NULL && image != NULL && (uintptr_t)image % 64 == 0);
  const struct sp_book_header *header = image;
  if (bytes < sizeof(*header) || header->magic != SP_BOOK_MAGIC) {
    return SP_BAD_FORMAT;
  }
  if (header->version != SP_BOOK_VERSION) {
    return SP_BAD_VERSION;
  }
  static const uint8_t zeros[sizeof(header->pad)] = {0};
  if (header->bytes != bytes || header->reserved != 0 ||
      memcmp(header->pad, zeros, sizeof(zeros)) != 0) {
    return SP_BAD_FORMAT;
  }
  const char *base = image;
  struct sp_hash128 hash =
      sp_hash128(base + SP_BOOK_UNHASHED, bytes - SP_BOOK_UNHASHED, SP_BOOK_VERSION);
  if (memcmp(header->hash, &hash, sizeof(hash)) != 0) {
    return SP_BAD_CHECKSUM;
  }
  struct opening opening = {{header, base}, header};
  if (!sections_good(header) || !header_good(header) || !all_names_good(&opening) ||
      !plans_good(&opening) || !rules_good(&opening) || !items_good(&opening) ||
      !extras_good(&opening) || !prefixes_good(&opening) || !dests_good(&opening) ||
      !places_good(&opening) || !calendar_good(&opening)) {
    return SP_BAD_FORMAT;
  }
  *book = opening.book;
  return SP_OK;
}
