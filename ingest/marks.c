/* Duplicate marks; see marks.h. */
#include "ingest/marks.h"

#include "rating/hash.h"

#include <string.h>

#define MARKS_MAGIC 0x53504D4Bu /* "SPMK" */
#define TABLES 256
#define TABLE_BITS 8
#define SLOTS_MIN 64u
#define LOAD_AHEAD 16 /* marks whose places are fetched while others are loaded */

/* One mark as it lies in a table, in a chunk and in the checkpoint: little-endian, no padding.
 * `key` 0 is an empty place. */
struct mark {
  uint64_t key; /* 96 bits of the 128 of the key's hash */
  uint32_t key_more;
  uint32_t ordinal; /* low 32 bits */
  uint32_t start_s; /* since 1970, held to 0 .. UINT32_MAX (2106) */
  uint32_t payload;
};

_Static_assert(sizeof(struct mark) == SP_MARK_BYTES, "marks are stored as they lie");
_Static_assert(offsetof(struct mark, ordinal) == 12 && offsetof(struct mark, payload) == 20,
               "stored layout of a mark");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored formats are little-endian");

struct table {
  struct mark *slots;
  uint32_t mask; /* slots - 1 */
  uint32_t count;
};

struct chunk {
  struct chunk *next;
  uint64_t count;
  struct mark marks[SP_MARKS_CHUNK_RECORDS_MAX];
};

struct sp_marks {
  uint32_t magic;
  struct sp_memory *memory;
  uint64_t ordinal_next; /* above every ordinal so far */
  uint32_t window_start_s;
  struct chunk *first, *last; /* marks since the last checkpoint, in order */
  struct chunk *spare;
  struct mark *found; /* where check found found_key missing, for add; NULL: nowhere */
  struct mark found_key;
  struct chunk *cursor; /* chunk cursor_index, for reading the list in order */
  size_t cursor_index;
  struct table tables[TABLES];
};

static uint32_t clamp_s(int64_t utc_s)
{
  return utc_s < 0 ? 0 : utc_s > UINT32_MAX ? UINT32_MAX : (uint32_t)utc_s;
}

/* The stored part of a key: never 0 in the first word. */
static inline void key_take(struct mark *mark, const uint64_t key_hash[2])
{
  mark->key = key_hash[0] + (key_hash[0] == 0);
  mark->key_more = (uint32_t)key_hash[1];
}

static inline unsigned table_of(const struct mark *mark)
{
  return (unsigned)(mark->key >> (64 - TABLE_BITS));
}

/* Where the key is, or the empty place where it would be. A table is never full. */
static inline struct mark *slot_find(const struct table *table, const struct mark *mark)
{
  uint32_t at = (uint32_t)mark->key & table->mask;
  for (;;) {
    struct mark *slot = &table->slots[at];
    if (slot->key == 0 || (slot->key == mark->key && slot->key_more == mark->key_more)) {
      return slot;
    }
    at = (at + 1) & table->mask;
  }
}

static uint32_t live_count(const struct table *table, uint32_t window_start_s)
{
  uint32_t live = 0;
  for (size_t i = 0; i <= table->mask; i++) {
    live += table->slots[i].key != 0 && table->slots[i].start_s >= window_start_s ? 1 : 0;
  }
  return live;
}

/* Moves what still counts to a new table, twice as large if that would fill more than three
 * eighths. */
static enum sp_status table_grow(struct sp_marks *marks, struct table *table)
{
  uint64_t live = live_count(table, marks->window_start_s);
  uint64_t slots = (uint64_t)table->mask + 1;
  slots = live * 8 > slots * 3 ? slots * 2 : slots;
  if (slots > UINT32_MAX) {
    return SP_LIMIT;
  }
  struct table grown = {sp_memory_take_table(marks->memory, slots * sizeof(struct mark)),
                        (uint32_t)slots - 1, 0};
  if (grown.slots == NULL) {
    return SP_NO_MEMORY;
  }
  for (size_t i = 0; i <= table->mask; i++) {
    const struct mark *mark = &table->slots[i];
    if (mark->key != 0 && mark->start_s >= marks->window_start_s) {
      *slot_find(&grown, mark) = *mark;
      grown.count++;
    }
  }
  sp_memory_give_table(marks->memory, table->slots,
                       ((size_t)table->mask + 1) * sizeof(struct mark));
  *table = grown;
  return SP_OK;
}

/* A new mark, or one in place of a gone one of the same key. At most three quarters are filled. */
static enum sp_status mark_put(struct sp_marks *marks, const struct mark *mark)
{
  struct table *table = &marks->tables[table_of(mark)];
  struct mark *slot = marks->found;
  bool known = slot != NULL && marks->found_key.key == mark->key &&
               marks->found_key.key_more == mark->key_more;
  marks->found = NULL;
  if (SP_UNLIKELY((uint64_t)table->count * 4 >= ((uint64_t)table->mask + 1) * 3)) {
    SP_TRY(table_grow(marks, table));
    known = false;
  }
  slot = known ? slot : slot_find(table, mark);
  table->count += slot->key == 0 ? 1 : 0;
  *slot = *mark;
  return SP_OK;
}

enum sp_status sp_marks_open(struct sp_marks **marks, struct sp_memory *memory, uint64_t expected)
{
  SP_ASSERT(marks != NULL && memory != NULL);
  uint64_t slots = SLOTS_MIN;
  /* Keys are spread by their hash: a sixteenth more fits the fullest table in but the rarest case.
   */
  while (slots * TABLES * 3 / 4 <= expected + expected / 16 && slots < UINT32_MAX / 4) {
    slots *= 2;
  }
  struct sp_marks *made = sp_memory_take_table(memory, sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = MARKS_MAGIC;
  made->memory = memory;
  for (unsigned i = 0; i < TABLES; i++) {
    struct mark *at = sp_memory_take_table(memory, slots * sizeof(struct mark));
    if (at == NULL) {
      sp_marks_close(made);
      return SP_NO_MEMORY;
    }
    made->tables[i] = (struct table){at, (uint32_t)slots - 1, 0};
  }
  *marks = made;
  return SP_OK;
}

static void chunks_give(struct sp_memory *memory, struct chunk *chunk)
{
  while (chunk != NULL) {
    struct chunk *next = chunk->next;
    sp_memory_give_table(memory, chunk, sizeof(*chunk));
    chunk = next;
  }
}

void sp_marks_close(struct sp_marks *marks)
{
  if (marks == NULL) {
    return;
  }
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  struct sp_memory *memory = marks->memory;
  for (unsigned i = 0; i < TABLES; i++) {
    struct table *table = &marks->tables[i];
    sp_memory_give_table(memory, table->slots, ((size_t)table->mask + 1) * sizeof(struct mark));
  }
  chunks_give(memory, marks->first);
  chunks_give(memory, marks->spare);
  marks->magic = 0;
  sp_memory_give_table(memory, marks, sizeof(*marks));
}

static inline void slot_prefetch(const struct sp_marks *marks, const struct mark *mark)
{
  const struct table *table = &marks->tables[table_of(mark)];
  const char *slot = (const char *)&table->slots[(uint32_t)mark->key & table->mask];
  sp_line_fetch(slot);
  sp_line_fetch(slot + SP_MARK_BYTES * 2);
}

void sp_marks_prefetch(const struct sp_marks *marks, const uint64_t key_hash[2])
{
  struct mark mark;
  key_take(&mark, key_hash);
  slot_prefetch(marks, &mark);
}

static enum sp_status chunk_add(struct sp_marks *marks)
{
  struct chunk *chunk = marks->spare;
  if (chunk != NULL) {
    marks->spare = chunk->next;
  } else {
    chunk = sp_memory_take_table(marks->memory, sizeof(*chunk));
    if (chunk == NULL) {
      return SP_NO_MEMORY;
    }
  }
  chunk->next = NULL;
  chunk->count = 0;
  if (marks->last == NULL) {
    marks->first = chunk;
  } else {
    marks->last->next = chunk;
  }
  marks->last = chunk;
  return SP_OK;
}

enum sp_status sp_marks_reserve(struct sp_marks *marks, uint32_t count)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC && count <= SP_MARKS_CHUNK_RECORDS_MAX);
  if (marks->last != NULL && marks->last->count + count <= SP_MARKS_CHUNK_RECORDS_MAX) {
    return SP_OK;
  }
  if (marks->spare == NULL) {
    struct chunk *chunk = sp_memory_take_table(marks->memory, sizeof(*chunk));
    if (chunk == NULL) {
      return SP_NO_MEMORY;
    }
    chunk->next = NULL;
    marks->spare = chunk;
  }
  return SP_OK;
}

enum sp_mark_seen sp_marks_check(struct sp_marks *marks, const uint64_t key_hash[2],
                                 uint64_t payload_hash, int64_t window_start_s, uint64_t *first)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  struct mark mark;
  key_take(&mark, key_hash);
  uint32_t start_s = clamp_s(window_start_s);
  if (start_s < marks->window_start_s) {
    start_s = marks->window_start_s; /* gone is gone for ever */
  }
  marks->window_start_s = start_s;
  struct mark *slot = slot_find(&marks->tables[table_of(&mark)], &mark);
  if (SP_LIKELY(slot->key == 0) || slot->start_s < start_s) {
    marks->found = slot;
    marks->found_key = mark;
    return SP_MARK_NEW;
  }
  /* the latest ordinal with these low bits: the window holds fewer than 2^32 records of a shard */
  uint64_t ordinal = (marks->ordinal_next & ~(uint64_t)UINT32_MAX) | slot->ordinal;
  *first = ordinal >= marks->ordinal_next ? ordinal - ((uint64_t)UINT32_MAX + 1) : ordinal;
  return slot->payload == (uint32_t)payload_hash ? SP_MARK_DUPLICATE : SP_MARK_CONFLICT;
}

enum sp_status sp_marks_add(struct sp_marks *marks, const uint64_t key_hash[2],
                            uint64_t payload_hash, int64_t start_utc_s, uint64_t ordinal)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC && ordinal >= marks->ordinal_next);
  struct mark mark = {.ordinal = (uint32_t)ordinal,
                      .start_s = clamp_s(start_utc_s),
                      .payload = (uint32_t)payload_hash};
  key_take(&mark, key_hash);
  if (marks->last == NULL || marks->last->count == SP_MARKS_CHUNK_RECORDS_MAX) {
    SP_TRY(chunk_add(marks));
  }
  SP_TRY(mark_put(marks, &mark));
  marks->last->marks[marks->last->count++] = mark;
  marks->ordinal_next = ordinal + 1;
  return SP_OK;
}

bool sp_marks_chunk(struct sp_marks *marks, size_t index, const void **bytes, size_t *length)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  if (marks->cursor == NULL || index < marks->cursor_index) {
    marks->cursor = marks->first;
    marks->cursor_index = 0;
  }
  for (; marks->cursor != NULL && marks->cursor_index < index; marks->cursor_index++) {
    marks->cursor = marks->cursor->next;
  }
  const struct chunk *chunk = marks->cursor;
  if (chunk == NULL || chunk->count == 0) {
    return false;
  }
  *bytes = chunk->marks;
  *length = (size_t)chunk->count * SP_MARK_BYTES;
  return true;
}

void sp_marks_saved(struct sp_marks *marks)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  if (marks->last != NULL) {
    marks->last->next = marks->spare;
    marks->spare = marks->first;
    marks->first = marks->last = marks->cursor = NULL;
  }
}

void sp_marks_resume(struct sp_marks *marks, uint64_t ordinal)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC && ordinal >= marks->ordinal_next);
  marks->ordinal_next = ordinal;
}

enum sp_status sp_marks_load(struct sp_marks *marks, const void *bytes, size_t length,
                             int64_t window_start_s)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  uint32_t start_s = clamp_s(window_start_s);
  if (length % SP_MARK_BYTES != 0) {
    return SP_BAD_FORMAT;
  }
  for (size_t at = 0; at < length; at += SP_MARK_BYTES) {
    struct mark mark;
    size_t ahead = at + (size_t)LOAD_AHEAD * SP_MARK_BYTES;
    if (ahead < length) {
      memcpy(&mark, (const char *)bytes + ahead, sizeof(mark));
      slot_prefetch(marks, &mark);
    }
    memcpy(&mark, (const char *)bytes + at, sizeof(mark));
    if (mark.key == 0) {
      return SP_BAD_FORMAT;
    }
    if (mark.start_s >= start_s) {
      SP_TRY(mark_put(marks, &mark));
    }
  }
  return SP_OK;
}

bool sp_marks_chunk_is_gone(const void *bytes, size_t length, int64_t window_start_s)
{
  uint32_t start_s = clamp_s(window_start_s);
  for (size_t at = 0; at + SP_MARK_BYTES <= length; at += SP_MARK_BYTES) {
    struct mark mark;
    memcpy(&mark, (const char *)bytes + at, sizeof(mark));
    if (mark.start_s >= start_s) {
      return false;
    }
  }
  return true;
}

struct sp_marks_sum sp_marks_sum(const struct sp_marks *marks, int64_t window_start_s)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  struct sp_marks_sum sum = {0, 0, 0};
  uint32_t start_s = clamp_s(window_start_s);
  for (unsigned t = 0; t < TABLES; t++) {
    const struct table *table = &marks->tables[t];
    for (size_t i = 0; i <= table->mask; i++) {
      const struct mark *mark = &table->slots[i];
      if (mark->key == 0 || mark->start_s < start_s) {
        continue;
      }
      struct mark content = *mark;
      content.ordinal = 0; /* another shard count gives it another one */
      struct sp_hash128 hash = sp_hash128(&content, sizeof(content), 0);
      sum.low += hash.low;
      sum.high += hash.high;
      sum.count++;
    }
  }
  return sum;
}

uint64_t sp_marks_count(const struct sp_marks *marks)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  uint64_t count = 0;
  for (unsigned i = 0; i < TABLES; i++) {
    count += marks->tables[i].count;
  }
  return count;
}
