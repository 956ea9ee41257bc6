/* What the prefixes of a number plan say, once each. */
#include "ingest/resolve_area.h"

#define ROOM_FIRST 128u /* rows */
#define MEMOS 256u      /* power of two */

struct collecting {
  struct sp__prefix_row *rows; /* from 1 on, by an open hash of their numbers */
  uint32_t count, room;
  uint32_t *slots; /* twice the room, a power of two */
};

/* The slot of a row, or the free one where it would stand. */
static uint32_t *row_slot(struct collecting *of, const struct sp__prefix_row *row)
{
  uint64_t rest = (uint64_t)row->operator_id << 3 ^ row->kind;
  uint32_t mask = 2 * of->room - 1;
  uint32_t at = (uint32_t)sp_hash_word((uint64_t)row->area << 32 ^ rest) & mask;
  for (; of->slots[at] != 0; at = (at + 1) & mask) {
    const struct sp__prefix_row *known = &of->rows[of->slots[at]];
    if (known->area == row->area && known->operator_id == row->operator_id &&
        known->kind == row->kind) {
      break;
    }
  }
  return &of->slots[at];
}

static enum sp_status room_grow(struct collecting *of, struct sp_memory *memory)
{
  struct collecting grown = {.count = of->count};
  grown.room = of->room == 0 ? ROOM_FIRST : 2 * of->room;
  grown.rows = sp_memory_take(memory, grown.room * sizeof(*grown.rows));
  grown.slots = sp_memory_take(memory, (size_t)2 * grown.room * sizeof(*grown.slots));
  if (grown.rows == NULL || grown.slots == NULL) {
    return SP_NO_MEMORY;
  }
  if (of->count > 0) {
    memcpy(grown.rows, of->rows, of->count * sizeof(*of->rows));
  }
  for (uint32_t i = 1; i < grown.count; i++) {
    *row_slot(&grown, &grown.rows[i]) = i;
  }
  *of = grown;
  return SP_OK;
}

/* Areas of texts by where they stand in the book. */
struct area_memo {
  struct sp_book_name name;
  uint32_t id;
};

static enum sp_status row_area(struct sp__areas *areas, const struct sp_book *book,
                               struct sp_book_name name, struct area_memo *memos,
                               struct sp_memory *memory, uint32_t *id)
{
  struct area_memo *memo = &memos[name.at * SP_HASH_K0 >> 32 & (MEMOS - 1)];
  if (memo->name.at != name.at || memo->name.length != name.length) {
    struct sp_name text = {sp_book_text(book, name), name.length};
    SP_TRY(sp__area_add(areas, text, memory, &memo->id));
    memo->name = name;
  }
  *id = memo->id;
  return SP_OK;
}

enum sp_status sp__prefix_rows_make(struct sp__prefix_rows *rows, struct sp__areas *areas,
                                    const struct sp_book *book, struct sp_memory *memory)
{
  const struct sp_book_prefix *prefixes = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  uint64_t count = book->header->prefixes.count;
  struct area_memo memos[MEMOS] = {{.id = 0}};
  struct collecting of = {.count = 0};
  SP_TRY(room_grow(&of, memory));
  of.count = 1;
  uint32_t *at = sp_memory_take(memory, (count + 1) * sizeof(*at));
  if (at == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint64_t i = 0; i < count; i++) {
    struct sp__prefix_row row = {
        .operator_id = prefixes[i].operator_id, .kind = prefixes[i].kind, .known = true};
    SP_TRY(row_area(areas, book, prefixes[i].area, memos, memory, &row.area));
    if (of.count == of.room) {
      SP_TRY(room_grow(&of, memory));
    }
    uint32_t *slot = row_slot(&of, &row);
    if (*slot == 0) {
      *slot = of.count;
      of.rows[of.count++] = row;
    }
    at[i + 1] = *slot;
  }
  *rows = (struct sp__prefix_rows){at, of.rows, of.count};
  return SP_OK;
}
