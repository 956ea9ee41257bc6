#include "rating/book_image.h"

#include "rating/book_dests.h"
#include "rating/book_prefix.h"
#include "rating/hash.h"
#include "rating/sort.h"

/* An open hash table with at most half its slots used. */
static uint32_t *slots_take(struct sp__draft *draft, uint32_t entries, uint32_t *count)
{
  *count = 16;
  while (*count / 2 < entries) {
    *count *= 2;
  }
  return sp__draft_take(draft, (size_t)*count * sizeof(uint32_t));
}

static void slot_put(uint32_t *slots, uint32_t count, uint64_t hash, uint32_t value)
{
  uint32_t slot = (uint32_t)hash & (count - 1);
  while (slots[slot] != 0) {
    slot = (slot + 1) & (count - 1);
  }
  slots[slot] = value + 1;
}

static int area_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__area_row *rows = SP_LIST_AT(&draft->area_rows, struct sp__area_row, 0);
  return sp_compare_u64(sp__terms_at(&draft->areas, rows[a].area)->rank,
                        sp__terms_at(&draft->areas, rows[b].area)->rank);
}

static void areas_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->area_rows.count;
  uint32_t slots_count;
  uint32_t *order = sp__draft_order(draft, count, area_compare, draft);
  struct sp_book_area *out = sp__draft_take(draft, count * sizeof(*out));
  uint32_t *slots = slots_take(draft, count, &slots_count);
  for (uint32_t i = 0; order != NULL && out != NULL && slots != NULL && i < count; i++) {
    const struct sp__area_row *row = SP_LIST_AT(&draft->area_rows, struct sp__area_row, order[i]);
    const struct sp__term *text = sp__terms_at(&draft->areas, row->area);
    out[i].area = sp__image_name(image, &draft->areas, row->area);
    out[i].name = sp__image_name(image, &draft->strings, row->name - 1);
    out[i].province = sp__image_rank(&draft->provinces, row->province - 1) + 1;
    slot_put(slots, slots_count, sp_hash64(text->text, text->length, 0), i);
  }
  sp__image_section(image, &image->header.areas, out, count, sizeof(*out));
  sp__image_section(image, &image->header.area_slots, slots, slots_count, sizeof(*slots));
}

static int prefix_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__prefix *rows = context;
  return sp_compare_u64(rows[a].digits, rows[b].digits);
}

static void prefixes_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->prefixes.count;
  const struct sp__prefix *rows = SP_LIST_AT(&draft->prefixes, struct sp__prefix, 0);
  uint32_t *order = sp__draft_order(draft, count, prefix_compare, rows);
  struct sp_book_prefix *out = sp__draft_take(draft, count * sizeof(*out));
  uint64_t *keys = sp__draft_take(draft, count * sizeof(*keys));
  uint32_t *parents = sp__draft_take(draft, count * sizeof(*parents));
  struct sp__list index = {NULL, 0, 0, 0};
  if (draft->status != SP_OK) {
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = rows[order[i]].digits;
  }
  sp__prefix_parents(keys, count, parents);
  for (uint32_t i = 0; i < count; i++) {
    const struct sp__prefix *row = &rows[order[i]];
    out[i].digits = row->digits;
    out[i].parent = parents[i];
    out[i].operator_id = sp__image_rank(&draft->operators, row->operator_id - 1) + 1;
    out[i].area = sp__image_name(image, &draft->areas, row->area - 1);
    out[i].kind = row->kind;
    out[i].length = row->length;
  }
  sp__prefix_build(draft, keys, count, &index);
  sp__image_section(image, &image->header.prefixes, out, count, sizeof(*out));
  sp__image_section(image, &image->header.prefix_keys, keys, count, sizeof(*keys));
  sp__image_section(image, &image->header.prefix_index, index.at, index.count, sizeof(uint32_t));
}

static void dests_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  const struct sp__dest_tree *tree = draft->dest_tree;
  size_t count = tree->nodes;
  struct sp_book_dest_node *nodes = sp__draft_take(draft, (count + 1) * sizeof(*nodes));
  uint32_t dests_count = tree->node_dests.at[count];
  uint32_t *dests = sp__draft_take(draft, dests_count * sizeof(*dests));
  struct sp__list index = {NULL, 0, 0, 0};
  if (draft->status != SP_OK) {
    return;
  }
  for (uint32_t i = 0; i < dests_count; i++) {
    dests[i] = sp__image_rank(&draft->dests, tree->node_dests.ids[i]);
  }
  for (size_t i = 0; i < count; i++) {
    uint32_t at = tree->node_dests.at[i];
    nodes[i + 1] = (struct sp_book_dest_node){tree->keys[i], tree->parents[i], at,
                                              tree->node_dests.at[i + 1] - at,
                                              sp_number_length(tree->keys[i])};
  }
  sp__prefix_build(draft, tree->keys, count, &index);
  sp__image_section(image, &image->header.dest_nodes, nodes, count + 1, sizeof(*nodes));
  sp__image_section(image, &image->header.dest_keys, tree->keys, count, sizeof(*tree->keys));
  sp__image_section(image, &image->header.dest_index, index.at, index.count, sizeof(uint32_t));
  sp__image_section(image, &image->header.node_dests, dests, dests_count, sizeof(*dests));
}

static int ported_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__ported *rows = context;
  return rows[a].digits != rows[b].digits ? sp_compare_u64(rows[a].digits, rows[b].digits)
                                          : sp_compare_i64(rows[a].from_utc_s, rows[b].from_utc_s);
}

static void ported_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->ported.count;
  const struct sp__ported *rows = SP_LIST_AT(&draft->ported, struct sp__ported, 0);
  uint32_t slots_count;
  uint32_t *order = sp__draft_order(draft, count, ported_compare, rows);
  struct sp_book_ported *out = sp__draft_take(draft, count * sizeof(*out));
  uint32_t *slots = slots_take(draft, count, &slots_count);
  for (uint32_t i = 0; order != NULL && out != NULL && slots != NULL && i < count; i++) {
    const struct sp__ported *row = &rows[order[i]];
    out[i].digits = row->digits;
    out[i].from_utc_s = row->from_utc_s;
    out[i].to_utc_s = row->to_utc_s;
    out[i].operator_id = sp__image_rank(&draft->operators, row->operator_id - 1) + 1;
    if (i == 0 || out[i - 1].digits != row->digits) {
      slot_put(slots, slots_count, sp_hash_word(row->digits), i);
    }
  }
  sp__image_section(image, &image->header.ported, out, count, sizeof(*out));
  sp__image_section(image, &image->header.ported_slots, slots, slots_count, sizeof(*slots));
}

static int cell_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__cell *rows = SP_LIST_AT(&draft->cells, struct sp__cell, 0);
  return rows[a].plmn != rows[b].plmn
             ? sp_compare_u64(sp__terms_at(&draft->plmns, rows[a].plmn)->rank,
                              sp__terms_at(&draft->plmns, rows[b].plmn)->rank)
             : sp_compare_i64(rows[a].lac_from, rows[b].lac_from);
}

static void cells_put(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  uint32_t count = draft->cells.count;
  uint32_t *order = sp__draft_order(draft, count, cell_compare, draft);
  struct sp_book_cell *out = sp__draft_take(draft, count * sizeof(*out));
  struct sp__list plmns = {NULL, 0, 0, 0};
  uint32_t former = SP_NONE;
  for (uint32_t i = 0; order != NULL && out != NULL && i < count; i++) {
    const struct sp__cell *row = SP_LIST_AT(&draft->cells, struct sp__cell, order[i]);
    out[i].plmn = sp__image_name(image, &draft->plmns, row->plmn);
    out[i].area = sp__image_name(image, &draft->areas, row->area);
    out[i].lac_from = row->lac_from;
    out[i].lac_to = row->lac_to;
    if (row->plmn != former) {
      *(struct sp_book_plmn *)sp__list_add(draft, &plmns, sizeof(struct sp_book_plmn)) =
          (struct sp_book_plmn){out[i].plmn, i, 0};
      former = row->plmn;
    }
    if (draft->status == SP_OK) {
      SP_LIST_AT(&plmns, struct sp_book_plmn, plmns.count - 1)->cells_count++;
    }
  }
  sp__image_section(image, &image->header.cells, out, count, sizeof(*out));
  sp__image_section(image, &image->header.cell_plmns, plmns.at, plmns.count,
                    sizeof(struct sp_book_plmn));
}

void sp__image_places(struct sp__image *image)
{
  areas_put(image);
  prefixes_put(image);
  dests_put(image);
  ported_put(image);
  cells_put(image);
}
