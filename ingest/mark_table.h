/* Places by key, with open addressing: what duplicate marks and the keys of sessions lie in. 256
 * tables by the key's top bits, each grows on its own, so that no growth stops its owner for long.
 * Inside ingest/; one owner thread. */
#ifndef SP_INGEST_MARK_TABLE_H
#define SP_INGEST_MARK_TABLE_H

#include "rating/memory.h"

#define SP__MARK_TABLES 256
#define SP__MARK_TABLE_BITS 8

/* A mark as it lies in a table, in a chunk and in the checkpoint: little-endian, no padding. `key`
 * 0 is an empty place. */
struct sp__mark {
  uint64_t key; /* 96 bits of the 128 of the key's hash */
  uint32_t key_more;
  uint32_t ordinal; /* low 32 bits */
  uint32_t start_s; /* since 1970, held to 0 .. UINT32_MAX (2106) */
  uint32_t payload; /* of a session's key: the shard that has its mark */
};

struct sp__mark_table {
  struct sp__mark *slots;
  uint32_t mask; /* slots - 1 */
  uint32_t count;
};

struct sp__mark_tables {
  struct sp_memory *memory;
  struct sp__mark_table tables[SP__MARK_TABLES];
};

/* `expected`: marks to make room for at once, 0 = few. Errors: NO_MEMORY; close afterwards. */
SP_MUST_CHECK enum sp_status sp__mark_tables_open(struct sp__mark_tables *tables,
                                                  struct sp_memory *memory, uint64_t expected);
void sp__mark_tables_close(struct sp__mark_tables *tables);
/* Marks that lie in the tables, those that are gone included. */
uint64_t sp__mark_tables_count(const struct sp__mark_tables *tables);
/* Moves what starts at gone_s or later to a new table, twice as large if that would fill more than
 * three eighths. Errors: NO_MEMORY, LIMIT. */
SP_MUST_CHECK enum sp_status sp__mark_table_grow(struct sp__mark_tables *tables,
                                                 struct sp__mark_table *table, uint32_t gone_s);

static inline uint32_t sp__mark_clamp_s(int64_t utc_s)
{
  return utc_s < 0 ? 0 : utc_s > UINT32_MAX ? UINT32_MAX : (uint32_t)utc_s;
}

/* The stored part of a key: never 0 in the first word. */
static inline void sp__mark_key_take(struct sp__mark *mark, const uint64_t key_hash[2])
{
  mark->key = key_hash[0] + (key_hash[0] == 0);
  mark->key_more = (uint32_t)key_hash[1];
}

static inline struct sp__mark_table *sp__mark_table_of(struct sp__mark_tables *tables,
                                                       const struct sp__mark *mark)
{
  return &tables->tables[mark->key >> (64 - SP__MARK_TABLE_BITS)];
}

/* At most three quarters are filled. */
static inline bool sp__mark_table_is_full(const struct sp__mark_table *table)
{
  return (uint64_t)table->count * 4 >= ((uint64_t)table->mask + 1) * 3;
}

static inline bool sp__mark_has_key(const struct sp__mark *slot, const struct sp__mark *mark)
{
  return slot->key == mark->key && slot->key_more == mark->key_more;
}

/* Where the key is first, or the empty place where it would be. A table is never full. */
static inline struct sp__mark *sp__mark_find(const struct sp__mark_table *table,
                                             const struct sp__mark *mark)
{
  uint32_t at = (uint32_t)mark->key & table->mask;
  while (table->slots[at].key != 0 && !sp__mark_has_key(&table->slots[at], mark)) {
    at = (at + 1) & table->mask;
  }
  return &table->slots[at];
}

/* The empty place of a mark that comes to a table: several may have one key. */
static inline struct sp__mark *sp__mark_room(const struct sp__mark_table *table,
                                             const struct sp__mark *mark)
{
  uint32_t at = (uint32_t)mark->key & table->mask;
  while (table->slots[at].key != 0) {
    at = (at + 1) & table->mask;
  }
  return &table->slots[at];
}

static inline void sp__mark_prefetch(const struct sp__mark_tables *tables,
                                     const struct sp__mark *mark)
{
  const struct sp__mark_table *table = &tables->tables[mark->key >> (64 - SP__MARK_TABLE_BITS)];
  const char *slot = (const char *)&table->slots[(uint32_t)mark->key & table->mask];
  sp_line_fetch_once(slot);
  sp_line_fetch_once(slot + 64);
}

#endif
