/* Building blocks of the directory: growing arrays, packed names, a hash index of 64-byte lines.
 * Only rating/directory*.c and rating/customers*.c use them. One writer while loading, then
 * read-only for any number of threads. Memory comes from struct sp_memory: arrays and index lines
 * as tables, names from the arena. */
#ifndef SP_RATING_DIRECTORY_NAMES_H
#define SP_RATING_DIRECTORY_NAMES_H

#include "rating/directory.h"
#include "rating/hash.h"
#include "rating/memory.h"

struct sp__array { /* zeroed beyond what was written */
  void *at;
  size_t bytes;
};

/* Room for `bytes` in all; doubles and copies. NO_MEMORY: as before. */
SP_MUST_CHECK enum sp_status sp__array_room(struct sp__array *array, struct sp_memory *memory,
                                            size_t bytes);
void sp__array_free(struct sp__array *array, struct sp_memory *memory);

/* Names, id = order of arrival. In chunks, each name a length byte and its text; every 16th name
 * has its place kept. */
#define SP__NAME_BYTES_MAX 255
#define SP__NAMES_BLOCK 16u
#define SP__NAMES_CHUNK_SHIFT 18
#define SP__NAMES_CHUNK_BYTES (UINT32_C(1) << SP__NAMES_CHUNK_SHIFT)

struct sp__names {
  struct sp_memory *memory;
  struct sp__array chunks; /* char * */
  struct sp__array blocks; /* uint32_t */
  uint32_t count, chunks_count;
  uint64_t used; /* where the next name goes, counted over whole chunks */
};

/* LIMIT: 4 GiB of names. `length` <= SP__NAME_BYTES_MAX is asserted. */
SP_MUST_CHECK enum sp_status sp__names_add(struct sp__names *names, const char *text,
                                           size_t length);
void sp__names_free(struct sp__names *names);

static inline struct sp_name sp__names_at(const struct sp__names *names, uint32_t id)
{
  SP_ASSERT(id < names->count);
  uint32_t place = ((const uint32_t *)names->blocks.at)[id / SP__NAMES_BLOCK];
  const char *at = ((char *const *)names->chunks.at)[place >> SP__NAMES_CHUNK_SHIFT] +
                   (place & (SP__NAMES_CHUNK_BYTES - 1));
  for (uint32_t skip = id % SP__NAMES_BLOCK; skip > 0; skip--) {
    at += 1 + (unsigned char)*at;
  }
  return (struct sp_name){at + 1, (unsigned char)*at};
}

/* Hash index: from a 64-bit hash to references, several may share a hash. Eight slots a line, so
 * that a look-up touches one cache line unless that line is full. */
#define SP__INDEX_SLOTS 8

struct sp__index_line {
  uint32_t tags[SP__INDEX_SLOTS]; /* low half of the hash */
  uint32_t refs[SP__INDEX_SLOTS]; /* reference + 1; 0 = free: nothing stands behind it */
};
_Static_assert(sizeof(struct sp__index_line) == 64, "a line of the index is a cache line");

struct sp__index {
  struct sp__array lines;
  uint32_t lines_count, count, count_max;
};

/* Empties it and makes room for `count` references. */
SP_MUST_CHECK enum sp_status sp__index_make(struct sp__index *index, struct sp_memory *memory,
                                            uint64_t count);
void sp__index_free(struct sp__index *index, struct sp_memory *memory);
/* Adds a reference; there must be room (asserted). */
void sp__index_add(struct sp__index *index, uint64_t hash, uint32_t ref);

/* References on their way into an index whose lines are not in the cache: their lines are fetched,
 * then they are added in the same order. Begin with {index}; end with sp__index_flush. */
#define SP__INDEX_AHEAD 32
struct sp__index_batch {
  struct sp__index *index;
  uint32_t count;
  uint32_t refs[SP__INDEX_AHEAD];
  uint64_t hashes[SP__INDEX_AHEAD];
};
void sp__index_flush(struct sp__index_batch *batch);
void sp__index_add_ahead(struct sp__index_batch *batch, uint64_t hash, uint32_t ref);

static inline uint32_t sp__index_home(const struct sp__index *index, uint64_t hash)
{
  return (uint32_t)(((hash >> 32) * index->lines_count) >> 32);
}

static inline void sp__index_prefetch(const struct sp__index *index, uint64_t hash)
{
  if (index->lines_count > 0) {
    sp_line_fetch_once((const struct sp__index_line *)index->lines.at +
                       sp__index_home(index, hash));
  }
}

struct sp__index_cursor {
  uint32_t line, slot;
};

static inline struct sp__index_cursor sp__index_begin(const struct sp__index *index, uint64_t hash)
{
  return (struct sp__index_cursor){sp__index_home(index, hash), 0};
}

/* The next reference under the hash (its tag: the caller compares the key) or SP_NONE. Slots and
 * lines fill from the front, so a free slot ends the search; that there is one is sp__index_add's
 * promise. */
static inline uint32_t sp__index_next(const struct sp__index *index, uint64_t hash,
                                      struct sp__index_cursor *cursor)
{
  const struct sp__index_line *lines = (const struct sp__index_line *)index->lines.at;
  uint32_t tag = (uint32_t)hash;
  if (index->lines_count == 0) {
    return SP_NONE;
  }
  for (;;) {
    const struct sp__index_line *line = &lines[cursor->line];
    for (uint32_t slot = cursor->slot; slot < SP__INDEX_SLOTS; slot++) {
      if (line->tags[slot] == tag) {
        cursor->slot = slot + 1;
        return line->refs[slot] - 1; /* of a free slot, whose tag is 0: SP_NONE */
      }
    }
    if (line->refs[SP__INDEX_SLOTS - 1] == 0) {
      return SP_NONE;
    }
    cursor->slot = 0;
    cursor->line = cursor->line + 1 == index->lines_count ? 0 : cursor->line + 1;
  }
}

/* Names with an index: text to id. */
struct sp__words {
  struct sp__names names;
  struct sp__index index;
};

static inline uint64_t sp__words_hash(struct sp_name name)
{
  return sp_hash64(name.text, name.length, 0);
}

/* Room for `count` names without growing. */
SP_MUST_CHECK enum sp_status sp__words_make(struct sp__words *words, struct sp_memory *memory,
                                            uint64_t count);
void sp__words_free(struct sp__words *words);
uint32_t sp__words_find(const struct sp__words *words, struct sp_name name);
/* Id of a name, which is added if it is not there. */
SP_MUST_CHECK enum sp_status sp__words_add(struct sp__words *words, struct sp_name name,
                                           uint32_t *id);
/* Makes the index anew from the names, for `count` of them at least. */
SP_MUST_CHECK enum sp_status sp__words_index(struct sp__words *words, uint64_t count);

static inline bool sp__name_equal(struct sp_name a, struct sp_name b)
{
  return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* By UTF-8 bytes (book.md §1.7): below, equal or above 0. */
int sp__name_compare(struct sp_name a, struct sp_name b);

#endif
