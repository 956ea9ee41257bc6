/* One shard's checkpoint: an LMDB environment with the state as of one journal block, all in one
 * transaction. Tables: entries (key -> value, opaque here), marks (chunk number -> marks), streams
 * (hash of name -> name and position), meta (one record). Pages from LMDB are borrowed until the
 * read ends. One writer thread; readers see one consistent instant. SP_IO: sp_checkpoint_error()
 * says what LMDB said; BAD_CHECKSUM: a value is not as it was put. */
#ifndef SP_STORE_CHECKPOINT_H
#define SP_STORE_CHECKPOINT_H

#include "store/journal.h"

struct sp_checkpoint;

#define SP_CHECKPOINT_VERSION 5u
#define SP_CHECKPOINT_MAP_BYTES (UINT64_C(64) << 30) /* address space, not memory or disk */

struct sp_checkpoint_meta {
  uint32_t version;
  uint32_t shard, shard_count, books_count;
  uint64_t block;                /* last journal block inside, 0 = none */
  uint64_t ordinal;              /* records of the shard so far */
  struct sp_journal_place place; /* where the next block begins */
  uint8_t block_hash[16];        /* of that last block */
  uint8_t books_hash[16];
  int64_t watermark_utc_s;
  uint64_t marks_chunks; /* chunks of marks so far */
  uint64_t suspense_sum;
  struct sp_totals in;
  struct sp_totals outcomes[SP_OUTCOME_COUNT];
  int64_t list_micro, net_micro;
  uint64_t entries;      /* written so far: for reports */
  int64_t settled_utc_s; /* watermark of a cut that every shard had on disk: marks that count behind
                          * it are kept */
  uint64_t reserved[15];
};

struct sp_stream_position {
  struct sp_position next;
  uint32_t name_length;
  uint32_t reserved;
  /* the name follows */
};

SP_MUST_CHECK enum sp_status sp_checkpoint_open(struct sp_checkpoint **checkpoint, const char *dir,
                                                bool writable);
void sp_checkpoint_close(struct sp_checkpoint *checkpoint);
/* What LMDB or the system said of the last SP_IO. */
const char *sp_checkpoint_error(const struct sp_checkpoint *checkpoint);

/* Writing: begin, any puts, commit (or abort). */
SP_MUST_CHECK enum sp_status sp_checkpoint_begin(struct sp_checkpoint *checkpoint);
/* Keys should come ascending: neighbours are then written to the same page. */
SP_MUST_CHECK enum sp_status sp_checkpoint_put(struct sp_checkpoint *checkpoint, const void *key,
                                               size_t key_length, const void *value,
                                               size_t value_length);
SP_MUST_CHECK enum sp_status sp_checkpoint_put_marks(struct sp_checkpoint *checkpoint,
                                                     uint64_t chunk, const void *marks,
                                                     size_t length);
/* Removes the first chunks of marks, as long as `is_gone` says so of them, at most chunks_max. */
typedef bool sp_checkpoint_gone(void *context, const void *marks, size_t length);
SP_MUST_CHECK enum sp_status sp_checkpoint_trim_marks(struct sp_checkpoint *checkpoint,
                                                      uint64_t chunks_max,
                                                      sp_checkpoint_gone *is_gone, void *context);
SP_MUST_CHECK enum sp_status sp_checkpoint_put_stream(struct sp_checkpoint *checkpoint,
                                                      const char *name, size_t name_length,
                                                      struct sp_position next);
SP_MUST_CHECK enum sp_status sp_checkpoint_commit(struct sp_checkpoint *checkpoint,
                                                  const struct sp_checkpoint_meta *meta);
void sp_checkpoint_abort(struct sp_checkpoint *checkpoint);

/* Reading: one instant from read_begin to read_end. NOT_FOUND from meta: a fresh checkpoint. */
SP_MUST_CHECK enum sp_status sp_checkpoint_read_begin(struct sp_checkpoint *checkpoint);
void sp_checkpoint_read_end(struct sp_checkpoint *checkpoint);
SP_MUST_CHECK enum sp_status sp_checkpoint_meta(struct sp_checkpoint *checkpoint,
                                                struct sp_checkpoint_meta *meta);
typedef enum sp_status sp_checkpoint_visit(void *context, const void *key, size_t key_length,
                                           const void *value, size_t value_length);
SP_MUST_CHECK enum sp_status sp_checkpoint_entries(struct sp_checkpoint *checkpoint,
                                                   sp_checkpoint_visit *visit, void *context);
SP_MUST_CHECK enum sp_status sp_checkpoint_marks(struct sp_checkpoint *checkpoint,
                                                 sp_checkpoint_visit *visit, void *context);
/* About as many bytes of marks as there are, by the pages that hold them: to make room for. */
SP_MUST_CHECK enum sp_status sp_checkpoint_marks_bytes(struct sp_checkpoint *checkpoint,
                                                       uint64_t *bytes);
/* key = name, value = struct sp_position. */
SP_MUST_CHECK enum sp_status sp_checkpoint_streams(struct sp_checkpoint *checkpoint,
                                                   sp_checkpoint_visit *visit, void *context);

#endif
