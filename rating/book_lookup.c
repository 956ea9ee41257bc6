#include "rating/book_lookup.h"

#include <string.h>

#include "rating/book_prefix.h"
#include "rating/hash.h"
#include "rating/sort.h"

uint32_t sp_book_find_prefix(const struct sp_book *book, uint64_t digits)
{
  const struct sp_book_prefix *rows = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  struct sp__prefix_view view = {book->header->prefix_index.count,
                                 book->header->prefix_keys.count,
                                 SP_BOOK_TABLE(book, prefix_index, uint32_t),
                                 SP_BOOK_TABLE(book, prefix_keys, uint64_t),
                                 (const char *)rows + offsetof(struct sp_book_prefix, parent),
                                 sizeof(*rows)};
  return sp__prefix_find(&view, digits);
}

uint32_t sp_book_find_dest_node(const struct sp_book *book, uint64_t digits)
{
  const struct sp_book_dest_node *nodes =
      SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node) + 1;
  struct sp__prefix_view view = {book->header->dest_index.count,
                                 book->header->dest_keys.count,
                                 SP_BOOK_TABLE(book, dest_index, uint32_t),
                                 SP_BOOK_TABLE(book, dest_keys, uint64_t),
                                 (const char *)nodes + offsetof(struct sp_book_dest_node, parent),
                                 sizeof(*nodes)};
  return sp__prefix_find(&view, digits);
}

static uint32_t ported_slot(const struct sp_book *book, uint64_t digits)
{
  return (uint32_t)sp_hash_word(digits) & ((uint32_t)book->header->ported_slots.count - 1);
}

uint32_t sp_book_prefetch_ported(const struct sp_book *book, uint64_t digits)
{
  uint32_t slot = ported_slot(book, digits);
  sp_line_fetch(SP_BOOK_TABLE(book, ported_slots, uint32_t) + slot);
  return slot;
}

void sp_book_prefetch_ported_row(const struct sp_book *book, uint32_t slot)
{
  uint32_t row = SP_BOOK_TABLE(book, ported_slots, uint32_t)[slot];
  if (row != 0) {
    sp_line_fetch(SP_BOOK_TABLE(book, ported, struct sp_book_ported) + row - 1);
  }
}

const struct sp_book_ported *sp_book_find_ported(const struct sp_book *book, uint64_t digits,
                                                 int64_t at_utc_s)
{
  const struct sp_book_ported *rows = SP_BOOK_TABLE(book, ported, struct sp_book_ported);
  const uint32_t *slots = SP_BOOK_TABLE(book, ported_slots, uint32_t);
  uint32_t mask = (uint32_t)book->header->ported_slots.count - 1;
  uint32_t slot = ported_slot(book, digits);
  for (; slots[slot] != 0; slot = (slot + 1) & mask) {
    uint64_t i = slots[slot] - 1;
    if (rows[i].digits != digits) {
      continue;
    }
    for (; i < book->header->ported.count && rows[i].digits == digits; i++) {
      if (rows[i].from_utc_s <= at_utc_s && at_utc_s < rows[i].to_utc_s) {
        return &rows[i];
      }
    }
    return NULL;
  }
  return NULL;
}

static int text_compare(const struct sp_book *book, struct sp_book_name name, const char *text,
                        size_t length)
{
  return sp_compare_text(sp_book_text(book, name), name.length, text, length);
}

struct sp_book_name sp_book_find_cell_area(const struct sp_book *book, const char *plmn,
                                           size_t length, int64_t lac)
{
  const struct sp_book_plmn *plmns = SP_BOOK_TABLE(book, cell_plmns, struct sp_book_plmn);
  const struct sp_book_cell *cells = SP_BOOK_TABLE(book, cells, struct sp_book_cell);
  uint32_t low = 0;
  uint32_t high = (uint32_t)book->header->cell_plmns.count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (text_compare(book, plmns[middle].plmn, plmn, length) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (lac < 0 || low == book->header->cell_plmns.count ||
      text_compare(book, plmns[low].plmn, plmn, length) != 0) {
    return (struct sp_book_name){0, 0};
  }
  uint32_t at = plmns[low].cells_at;
  uint32_t end = at + plmns[low].cells_count;
  while (end - at > 1) {
    uint32_t middle = at + (end - at) / 2;
    if (cells[middle].lac_from <= lac) {
      at = middle;
    } else {
      end = middle;
    }
  }
  bool inside = end > at && cells[at].lac_from <= lac && lac <= cells[at].lac_to;
  return inside ? cells[at].area : (struct sp_book_name){0, 0};
}

uint32_t sp_book_find_province(const struct sp_book *book, const char *area, size_t length)
{
  const struct sp_book_area *areas = SP_BOOK_TABLE(book, areas, struct sp_book_area);
  const uint32_t *slots = SP_BOOK_TABLE(book, area_slots, uint32_t);
  uint32_t mask = (uint32_t)book->header->area_slots.count - 1;
  uint32_t slot = length == 0 ? 0 : (uint32_t)sp_hash64(area, length, 0) & mask;
  for (; length > 0 && slots[slot] != 0; slot = (slot + 1) & mask) {
    const struct sp_book_area *row = &areas[slots[slot] - 1];
    if (row->area.length == length && memcmp(sp_book_text(book, row->area), area, length) == 0) {
      return row->province;
    }
  }
  return 0;
}

/* Rank of a text among sorted names or SP_NONE. */
static uint32_t name_find(const struct sp_book *book, struct sp_book_array array, size_t stride,
                          const char *text, size_t length)
{
  const char *base = book->base + array.at;
  uint32_t low = 0;
  uint32_t high = (uint32_t)array.count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    struct sp_book_name name;
    memcpy(&name, base + middle * stride, sizeof(name));
    int order = text_compare(book, name, text, length);
    if (order == 0) {
      return middle;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return SP_NONE;
}

uint32_t sp_book_find_rating_group(const struct sp_book *book, const char *text, size_t length)
{
  return name_find(book, book->header->group_names, sizeof(struct sp_book_name), text, length) + 1;
}

uint32_t sp_book_find_plan(const struct sp_book *book, const char *name, size_t length)
{
  _Static_assert(offsetof(struct sp_book_plan, name) == 0, "a plan begins with its name");
  return name_find(book, book->header->plans, sizeof(struct sp_book_plan), name, length);
}
