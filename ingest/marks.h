/* Duplicate marks of one shard (book.md §15): who has been here within the window. Open addressing, 24-byte entries, one cache
 * line per look-up after a prefetch. Pure; memory through struct sp_memory. One thread: the shard's worker.
 * A mark exists if and only if its record's block is durable: the shard adds it when it judges the record, and
 * on recovery gets it back from checkpoint and journal. */
#ifndef SP_INGEST_MARKS_H
#define SP_INGEST_MARKS_H

#include "rating/memory.h"

struct sp_marks;

enum sp_mark_verdict { SP_MARK_NEW, SP_MARK_DUPLICATE, SP_MARK_CONFLICT };

#define SP_MARKS_CHUNK 512 /* entries of a chunk given to the checkpoint */

SP_MUST_CHECK enum sp_status sp_marks_make(struct sp_marks **marks, struct sp_memory *memory);
void sp_marks_free(struct sp_marks *marks);
/* Room for so many more without growing in between: once per batch. May drop marks older than the given start. */
SP_MUST_CHECK enum sp_status sp_marks_reserve(struct sp_marks *marks, uint32_t more, int64_t window_start_utc_s);
void sp_marks_prefetch(const struct sp_marks *marks, const uint64_t key_hash[2]);
/* Is the key there? Marks that start before the window's start count as gone. *ordinal: of the first record of the key. */
enum sp_mark_verdict sp_marks_check(const struct sp_marks *marks, const uint64_t key_hash[2], uint64_t payload_hash,
                                    int64_t window_start_utc_s, uint64_t *ordinal);
/* After sp_marks_check said new. ordinal: number of the record in its shard (kept modulo 2^32, below the current one). */
SP_MUST_CHECK enum sp_status sp_marks_add(struct sp_marks *marks, const uint64_t key_hash[2], uint64_t payload_hash,
                                          int64_t start_utc_s, uint64_t ordinal);

/* Checkpoint: the marks added since the last sp_marks_clean, in order, in chunks of up to SP_MARKS_CHUNK entries (the last may be
 * shorter). false: no more. */
bool sp_marks_next_chunk(struct sp_marks *marks, const void **bytes, size_t *length);
void sp_marks_clean(struct sp_marks *marks);
/* A chunk comes back at start; entries before the window may be left out. BAD_FORMAT: not a chunk. */
SP_MUST_CHECK enum sp_status sp_marks_load(struct sp_marks *marks, const void *bytes, size_t length,
                                           int64_t window_start_utc_s);
/* Sum over the marks within the window, of key, payload and start but not ordinal: equal for any number of shards when added. */
void sp_marks_sum(const struct sp_marks *marks, int64_t window_start_utc_s, uint64_t sum[2]);
uint64_t sp_marks_bytes(const struct sp_marks *marks);

#endif
