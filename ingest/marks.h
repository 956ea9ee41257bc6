/* Duplicate marks of one shard (book.md §15): which keys were seen within the window, with what
 * payload, and in which record first. Pure; one owner thread.
 *
 * They lie in the tables of mark_table.h. Marks older than the window count as gone at once and
 * leave when their table grows. Memory comes from the caller's struct sp_memory when a table or a
 * list of new marks grows, never per record. */
#ifndef SP_INGEST_MARKS_H
#define SP_INGEST_MARKS_H

#include "rating/memory.h"

#define SP_MARKS_CHUNK_RECORDS_MAX 511 /* with LMDB's header and the seal three pages */
#define SP_MARK_BYTES 24
#define SP_MARKS_CHUNK_BYTES_MAX (SP_MARKS_CHUNK_RECORDS_MAX * SP_MARK_BYTES)

struct sp_marks;

enum sp_mark_seen { SP_MARK_NEW, SP_MARK_DUPLICATE, SP_MARK_CONFLICT };

/* Sum over marks of a hash of key, payload and start: the same in whatever order and shards they
 * are. */
struct sp_marks_sum {
  uint64_t low, high;
  uint64_t count;
};

/* `expected`: marks to make room for at once, 0 = few. Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_marks_open(struct sp_marks **marks, struct sp_memory *memory,
                                           uint64_t expected);
void sp_marks_close(struct sp_marks *marks);

/* Brings the key's place to the cache; some hundred nanoseconds before check is best. */
void sp_marks_prefetch(const struct sp_marks *marks, const uint64_t key_hash[2]);
/* Room in the list of new marks for `count` (<= SP_MARKS_CHUNK_RECORDS_MAX) adds. Errors:
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_marks_reserve(struct sp_marks *marks, uint32_t count);
/* Whether the key was seen in a record that starts at window_start_s (UTC seconds) or later. The
 * window's start never falls: a lower one counts as the highest so far. `first`: ordinal of that
 * record, unless NEW. Of the payload's hash the low 32 bits are compared. */
enum sp_mark_seen sp_marks_check(struct sp_marks *marks, const uint64_t key_hash[2],
                                 uint64_t payload_hash, int64_t window_start_s, uint64_t *first);
/* Leaves the mark of a key that check called NEW. Ordinals never fall. Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_marks_add(struct sp_marks *marks, const uint64_t key_hash[2],
                                          uint64_t payload_hash, int64_t start_utc_s,
                                          uint64_t ordinal);

/* Chunk `index` of the marks added since sp_marks_saved, in the order of adding, borrowed until the
 * next add; false: no such chunk. Every chunk but the last is full. */
bool sp_marks_chunk(struct sp_marks *marks, size_t index, const void **bytes, size_t *length);
/* They are in the checkpoint: the list begins anew. */
void sp_marks_saved(struct sp_marks *marks);
/* Before loading: the shard's next ordinal, so that 32 stored bits of one are enough. */
void sp_marks_resume(struct sp_marks *marks, uint64_t ordinal);
/* Loads one chunk back; call in the order in which they were saved. Marks older than window_start_s
 * stay out. Errors: BAD_FORMAT (length is not that of whole marks, a mark without key, one of a
 * record that the shard has yet to see), NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_marks_load(struct sp_marks *marks, const void *bytes, size_t length,
                                           int64_t window_start_s);

/* From now on marks that start at from_utc_s or later stay, for visit, though they are gone;
 * nothing else changes. Before the first mark is loaded or added. A shard that comes up holds what
 * others, whose journals end earlier, may still ask for (ingest/session_keys.h). */
void sp_marks_hold(struct sp_marks *marks, int64_t from_utc_s);
void sp_marks_hold_end(struct sp_marks *marks);
/* All marks that start at from_utc_s or later and whose key's hash has `bit` in its second word (of
 * the low 32; 0: all), in no order; those that are held included. Of the key's hash the stored bits
 * are given, of the ordinal the low ones. */
typedef enum sp_status sp_marks_visitor(void *context, const uint64_t key_hash[2],
                                        int64_t start_utc_s, uint32_t ordinal);
SP_MUST_CHECK enum sp_status sp_marks_visit(const struct sp_marks *marks, uint64_t bit,
                                            int64_t from_utc_s, sp_marks_visitor *visit,
                                            void *context);

/* Whether all marks of a saved chunk start before window_start_s, so that loading it would load
 * nothing. */
bool sp_marks_chunk_is_gone(const void *bytes, size_t length, int64_t window_start_s);

/* Of all marks that start at window_start_s or later. */
struct sp_marks_sum sp_marks_sum(const struct sp_marks *marks, int64_t window_start_s);
/* Marks that lie in the tables, those that are gone included. */
uint64_t sp_marks_count(const struct sp_marks *marks);

#endif
