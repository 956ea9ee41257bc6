/* Duplicate marks; see marks.h. */
#include "ingest/marks.h"

#include "ingest/mark_table.h"
#include "rating/hash.h"

#include <string.h>

#define MARKS_MAGIC 0x53504D4Bu /* "SPMK" */
#define LOAD_AHEAD 16           /* marks whose places are fetched while others are loaded */

_Static_assert(sizeof(struct sp__mark) == SP_MARK_BYTES, "marks are stored as they lie");
_Static_assert(offsetof(struct sp__mark, ordinal) == 12 && offsetof(struct sp__mark, payload) == 20,
               "stored layout of a mark");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored formats are little-endian");

struct chunk {
  struct chunk *next;
  uint64_t count;
  struct sp__mark marks[SP_MARKS_CHUNK_RECORDS_MAX];
};

struct sp_marks {
  uint32_t magic;
  struct sp_memory *memory;
  uint64_t ordinal_next; /* above every ordinal so far */
  uint32_t window_start_s;
  bool holds; /* gone marks from held_from_s on */
  uint32_t held_from_s;
  struct chunk *first, *last; /* marks since the last checkpoint, in order */
  struct chunk *spare;
  struct chunk *held;     /* gone marks that a new one of their key has replaced */
  struct sp__mark *found; /* where check found found_key missing, for add; NULL: nowhere */
  struct sp__mark found_key;
  struct chunk *cursor; /* chunk cursor_index, for reading the list in order */
  size_t cursor_index;
  struct sp__mark_tables at;
};

/* A gone mark that is held goes to a list when its place is taken. */
static enum sp_status held_add(struct sp_marks *marks, const struct sp__mark *mark)
{
  struct chunk *chunk = marks->held;
  if (chunk == NULL || chunk->count == SP_MARKS_CHUNK_RECORDS_MAX) {
    chunk = sp_memory_take_table(marks->memory, sizeof(*chunk));
    if (chunk == NULL) {
      return SP_NO_MEMORY;
    }
    chunk->next = marks->held;
    chunk->count = 0;
    marks->held = chunk;
  }
  chunk->marks[chunk->count++] = *mark;
  return SP_OK;
}

/* A new mark, or one in place of a gone one of the same key. */
static enum sp_status mark_put(struct sp_marks *marks, const struct sp__mark *mark)
{
  struct sp__mark_table *table = sp__mark_table_of(&marks->at, mark);
  struct sp__mark *slot = marks->found;
  bool known = slot != NULL && sp__mark_has_key(&marks->found_key, mark);
  marks->found = NULL;
  if (SP_UNLIKELY(sp__mark_table_is_full(table))) {
    bool held = marks->holds && marks->held_from_s < marks->window_start_s;
    SP_TRY(
        sp__mark_table_grow(&marks->at, table, held ? marks->held_from_s : marks->window_start_s));
    known = false;
  }
  slot = known ? slot : sp__mark_find(table, mark);
  if (slot->key == 0) {
    table->count++;
  } else if (SP_UNLIKELY(marks->holds) && slot->start_s >= marks->held_from_s) {
    SP_TRY(held_add(marks, slot));
  }
  *slot = *mark;
  return SP_OK;
}

enum sp_status sp_marks_open(struct sp_marks **marks, struct sp_memory *memory, uint64_t expected)
{
  SP_ASSERT(marks != NULL && memory != NULL);
  struct sp_marks *made = sp_memory_take_table(memory, sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = MARKS_MAGIC;
  made->memory = memory;
  enum sp_status status = sp__mark_tables_open(&made->at, memory, expected);
  if (status != SP_OK) {
    sp_marks_close(made);
    return status;
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
  sp__mark_tables_close(&marks->at);
  chunks_give(memory, marks->first);
  chunks_give(memory, marks->held);
  chunks_give(memory, marks->spare);
  marks->magic = 0;
  sp_memory_give_table(memory, marks, sizeof(*marks));
}

void sp_marks_prefetch(const struct sp_marks *marks, const uint64_t key_hash[2])
{
  struct sp__mark mark;
  sp__mark_key_take(&mark, key_hash);
  sp__mark_prefetch(&marks->at, &mark);
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
  struct sp__mark mark;
  sp__mark_key_take(&mark, key_hash);
  uint32_t start_s = sp__mark_clamp_s(window_start_s);
  if (start_s < marks->window_start_s) {
    start_s = marks->window_start_s; /* gone is gone for ever */
  }
  marks->window_start_s = start_s;
  struct sp__mark *slot = sp__mark_find(sp__mark_table_of(&marks->at, &mark), &mark);
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
  struct sp__mark mark = {.ordinal = (uint32_t)ordinal,
                          .start_s = sp__mark_clamp_s(start_utc_s),
                          .payload = (uint32_t)payload_hash};
  sp__mark_key_take(&mark, key_hash);
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
  uint32_t start_s = sp__mark_clamp_s(window_start_s);
  if (length % SP_MARK_BYTES != 0) {
    return SP_BAD_FORMAT;
  }
  for (size_t at = 0; at < length; at += SP_MARK_BYTES) {
    struct sp__mark mark;
    size_t ahead = at + (size_t)LOAD_AHEAD * SP_MARK_BYTES;
    if (ahead < length) {
      memcpy(&mark, (const char *)bytes + ahead, sizeof(mark));
      sp__mark_prefetch(&marks->at, &mark);
    }
    memcpy(&mark, (const char *)bytes + at, sizeof(mark));
    if (mark.key == 0 || mark.ordinal >= marks->ordinal_next) {
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
  uint32_t start_s = sp__mark_clamp_s(window_start_s);
  for (size_t at = 0; at + SP_MARK_BYTES <= length; at += SP_MARK_BYTES) {
    struct sp__mark mark;
    memcpy(&mark, (const char *)bytes + at, sizeof(mark));
    if (mark.start_s >= start_s) {
      return false;
    }
  }
  return true;
}

void sp_marks_hold(struct sp_marks *marks, int64_t from_utc_s)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC && !marks->holds);
  marks->holds = true;
  marks->held_from_s = sp__mark_clamp_s(from_utc_s);
}

void sp_marks_hold_end(struct sp_marks *marks)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  marks->holds = false;
  chunks_give(marks->memory, marks->held);
  marks->held = NULL;
}

struct visit {
  uint32_t bit, from_s;
  sp_marks_visitor *visit;
  void *context;
};

static enum sp_status visit_marks(const struct visit *visit, const struct sp__mark *marks,
                                  size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct sp__mark *mark = &marks[i];
    if ((mark->key_more & visit->bit) != visit->bit || mark->start_s < visit->from_s ||
        mark->key == 0) {
      continue;
    }
    const uint64_t key_hash[2] = {mark->key, mark->key_more};
    SP_TRY(visit->visit(visit->context, key_hash, mark->start_s, mark->ordinal));
  }
  return SP_OK;
}

enum sp_status sp_marks_visit(const struct sp_marks *marks, uint64_t bit, int64_t from_utc_s,
                              sp_marks_visitor *visit, void *context)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC && bit <= UINT32_MAX);
  const struct visit all = {(uint32_t)bit, sp__mark_clamp_s(from_utc_s), visit, context};
  for (unsigned t = 0; t < SP__MARK_TABLES; t++) {
    const struct sp__mark_table *table = &marks->at.tables[t];
    SP_TRY(visit_marks(&all, table->slots, (size_t)table->mask + 1));
  }
  for (const struct chunk *chunk = marks->held; chunk != NULL; chunk = chunk->next) {
    SP_TRY(visit_marks(&all, chunk->marks, chunk->count));
  }
  return SP_OK;
}

struct sp_marks_sum sp_marks_sum(const struct sp_marks *marks, int64_t window_start_s)
{
  SP_ASSERT(marks->magic == MARKS_MAGIC);
  struct sp_marks_sum sum = {0, 0, 0};
  uint32_t start_s = sp__mark_clamp_s(window_start_s);
  for (unsigned t = 0; t < SP__MARK_TABLES; t++) {
    const struct sp__mark_table *table = &marks->at.tables[t];
    for (size_t i = 0; i <= table->mask; i++) {
      const struct sp__mark *mark = &table->slots[i];
      if (mark->key == 0 || mark->start_s < start_s) {
        continue;
      }
      struct sp__mark content = *mark;
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
  return sp__mark_tables_count(&marks->at);
}
