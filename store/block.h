/* Journal block: the unit of durability of one shard. A record counts once its block is on disk.
 *
 * On disk: struct sp_block_header (512 B), the stream table, the zstd frame of the payload; then
 * the next block. A block is valid when magic, version and sizes fit, `body_hash` is the XXH3-128
 * of stream table and stored payload and `hash` that of the header (hash as zero); the chain is
 * valid when previous_hash is the hash of the block before (zeros for the first). The payload is
 * rows in runs of SP_BLOCK_RUN_RECORDS, each run readable by itself; the table stands in
 * store/README.md. A record's raw bytes are kept when it is suspended or in conflict; of others the
 * canonical fields (cdr_codec.h).
 *
 * Encoder and decoder are pure but for the memory they are given; one thread at a time. */
#ifndef SP_STORE_BLOCK_H
#define SP_STORE_BLOCK_H

#include "rating/charge.h"
#include "rating/position.h"

#define SP_BLOCK_MAGIC UINT64_C(0x344B434F4C425053) /* "SPBLOCK4" */
#define SP_BLOCK_VERSION 4u
#define SP_BLOCK_RECORDS_MAX 32768u
#define SP_BLOCK_RUN_RECORDS 128u
#define SP_BLOCK_STREAMS_MAX 255u
#define SP_BLOCK_RAW_BYTES_MAX (512u << 20)
#define SP_BLOCK_NAME_BYTES_MAX 1024u
#define SP_BLOCK_COLUMNS_BYTES_MAX 8192u /* a stream's CSV header line */

/* Sums of the audit equation: in = sum over outcomes, each in count, duration, bytes and money
 * (engine.md §1, rule 6). */
struct sp_totals {
  int64_t count;
  int64_t duration_s;
  int64_t bytes;
  int64_t charge_micro; /* of pre-rated records, as they came */
};

/* Adds modulo 2^64, so that the equation holds whatever amounts broken records bring. */
static inline void sp_totals_add(struct sp_totals *sum, const struct sp_totals *more)
{
  sum->count += more->count;
  sum->duration_s = (int64_t)((uint64_t)sum->duration_s + (uint64_t)more->duration_s);
  sum->bytes = (int64_t)((uint64_t)sum->bytes + (uint64_t)more->bytes);
  sum->charge_micro = (int64_t)((uint64_t)sum->charge_micro + (uint64_t)more->charge_micro);
}

struct sp_block_header {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint32_t shard, shard_count;
  uint64_t number;        /* from 1 */
  uint64_t first_ordinal; /* of its first record in the shard, from 0 */
  uint32_t records;
  uint32_t streams;
  uint64_t streams_bytes;
  uint64_t payload_bytes; /* before compression */
  uint64_t stored_bytes;  /* zstd frame */
  uint32_t books_count;
  uint32_t reserved;
  uint8_t books_hash[16];
  uint8_t previous_hash[16];
  int64_t watermark_utc_s;                     /* latest start handled at this cut */
  struct sp_totals in;                         /* counted by the router */
  struct sp_totals outcomes[SP_OUTCOME_COUNT]; /* counted by the worker */
  int64_t list_micro, net_micro;               /* of rated records */
  uint64_t suspense_sum; /* sum of hashes of suspended and conflicting records */
  uint8_t pad[80];
  uint8_t body_hash[16]; /* XXH3-128 of stream table and stored payload */
  uint8_t hash[16];
};

_Static_assert(sizeof(struct sp_block_header) == 512, "header is 512 bytes on disk");

/* A stream (file or partition) as a block names it. */
struct sp_block_stream {
  const char *name;    /* not terminated; borrowed from the block or the caller */
  const char *columns; /* CSV header line its records were decoded with, length 0 for JSON */
  uint32_t name_length, columns_length;
  uint32_t format; /* enum of ingest/, opaque here */
  uint32_t reserved;
  struct sp_position next; /* where this shard goes on in it */
  uint32_t in;             /* records of this stream in this block */
  uint32_t outcomes[SP_OUTCOME_COUNT];
};

/* What one record adds to a block. */
struct sp_block_record {
  const char *raw;          /* read back: NULL when the record was kept as fields */
  const struct sp_cdr *cdr; /* read back: NULL when the raw bytes were kept */
  uint32_t raw_length;
  uint32_t stream; /* index in the block's stream table */
  struct sp_position position;
  uint32_t behind_s;
  uint32_t subscriber, account, group;
  uint8_t roam, zone, net, place_flags;
  uint32_t text_bytes;      /* read back: of the fields' texts together */
  uint32_t conflict_fields; /* read back: of a conflict */
};

/* Where a record that is read back is put. */
struct sp_block_room {
  struct sp_cdr *cdr;
  char *scratch;  /* for its texts: SP_CDR_SCRATCH_BYTES (cdr_codec.h) */
  unsigned texts; /* which are wanted of a whole record: 1 << enum sp_cdr_text */
  struct sp_charge *charge;
  bool sums; /* of the charge only outcome, reason, book, flags, list and net */
};

struct sp_block_builder;

SP_MUST_CHECK enum sp_status sp_block_builder_make(struct sp_block_builder **builder);
void sp_block_builder_free(struct sp_block_builder *builder);
/* Adds a stream's name, format and columns: its index. LIMIT: too many streams, close the block
 * first. */
SP_MUST_CHECK enum sp_status sp_block_stream_add(struct sp_block_builder *builder,
                                                 const struct sp_block_stream *stream,
                                                 uint32_t *index);
void sp_block_stream_next(struct sp_block_builder *builder, uint32_t index,
                          struct sp_position next);
uint32_t sp_block_records(const struct sp_block_builder *builder);
/* Record i < records of the open block, or of the closed one before the next begin, read back as
 * from a view; borrowed until the next call on this builder. What close gave stays as it is. */
SP_MUST_CHECK enum sp_status sp_block_record_at(struct sp_block_builder *builder, uint32_t i,
                                                struct sp_block_record *record,
                                                const struct sp_block_stream **stream);
/* Adds a record and its charge with its sums. FULL: over SP_BLOCK_RECORDS_MAX or the raw bytes'
 * limit. */
SP_MUST_CHECK enum sp_status sp_block_add(struct sp_block_builder *builder,
                                          const struct sp_block_record *record,
                                          const struct sp_charge *charge,
                                          const struct sp_totals *amounts);
/* Closes the block: `header` comes with shard, number, first_ordinal, books, previous hash,
 * watermark and `in` filled; the rest is filled here. Asserts the equation. Gives the whole block's
 * bytes, valid until the next begin; level = zstd level. */
SP_MUST_CHECK enum sp_status sp_block_close(struct sp_block_builder *builder,
                                            struct sp_block_header *header, int level,
                                            const uint8_t **bytes, size_t *length);
/* Empties the builder for the next block. */
void sp_block_begin(struct sp_block_builder *builder);

/* The uncompressed payload of the open block, as close would write it: recovery compares it with
 * the journaled. Borrowed until the next call on this builder. */
void sp_block_payload(struct sp_block_builder *builder, const uint8_t **bytes, size_t *length);

/* A block read back. */
struct sp_block_view;
SP_MUST_CHECK enum sp_status sp_block_view_make(struct sp_block_view **view);
void sp_block_view_free(struct sp_block_view *view);
/* Checks and opens a block at `bytes`: *used = its length. END: `available` is 0. BAD_FORMAT or
 * BAD_CHECKSUM: no valid block here. BAD_VERSION: a block of another version begins here. The bytes
 * must stay until the next open. */
SP_MUST_CHECK enum sp_status sp_block_open(struct sp_block_view *view, const uint8_t *bytes,
                                           size_t available, size_t *used);
/* As sp_block_open but the payload is not unpacked. */
SP_MUST_CHECK enum sp_status sp_block_peek(struct sp_block_view *view, const uint8_t *bytes,
                                           size_t available, size_t *used);
const struct sp_block_header *sp_block_view_header(const struct sp_block_view *view);
const struct sp_block_stream *sp_block_view_stream(const struct sp_block_view *view,
                                                   uint32_t index);
const uint8_t *sp_block_view_payload(const struct sp_block_view *view, size_t *length);
/* Record i < header.records with its charge (NULL: not wanted), borrowed until the next call; in
 * ascending order each costs its own reading, else at most a run's. BAD_FORMAT: the rows are no
 * rows (a hash that fits all the same). */
SP_MUST_CHECK enum sp_status sp_block_view_record(struct sp_block_view *view, uint32_t i,
                                                  struct sp_block_record *record,
                                                  struct sp_charge *charge);
/* The same into the caller's room. */
SP_MUST_CHECK enum sp_status sp_block_view_record_to(struct sp_block_view *view, uint32_t i,
                                                     const struct sp_block_room *room,
                                                     struct sp_block_record *record);

#endif
