/* What the router hands to the workers: one source batch, decoded, resolved and sorted by shard,
 * with the bytes it points into; now and then with a cut, at which every shard closes its block.
 *
 * A parcel is written by the router only, then read by all workers, each for its own shards; they
 * write nothing but the fields of `elsewhere` for one another, before any takes its records. The
 * last one to finish lets `pending` fall to 0 and the router reuses it. Publication: ck_ring's
 * release store; give-back: atomic decrement (release), read by the router (acquire). Parcels are
 * reused in order. */
#ifndef SP_TOOLS_PARCEL_H
#define SP_TOOLS_PARCEL_H

#include <stdatomic.h>

#include "ingest/source.h"
#include "rating/book_lookup.h"
#include "store/block.h"
#include "tools/gate.h"
#include "tools/store_dir.h"

#define SP_PARCELS_MAX 32

/* A stream of the run (file, partition): made by the router, never changed or moved afterwards but
 * for `next`. */
struct sp_stream {
  uint32_t index;
  uint32_t format;
  const char *name, *columns;
  uint32_t name_length, columns_length;
};

struct sp_cut_stream {
  const struct sp_stream *stream;
  uint32_t source_index;   /* of the source's stream */
  struct sp_position next; /* every record before it has been handed over */
};

struct sp_cut {
  bool now;                     /* a cut stands behind this parcel's records */
  bool checkpoint;              /* and a checkpoint is due */
  bool last;                    /* and nothing follows */
  const struct sp_books *books; /* from the next block on */
  int64_t watermark_utc_s;
  int64_t settled_utc_s; /* watermark of a cut before it that all shards have on disk */
  uint32_t streams_count, streams_size;
  struct sp_cut_stream *streams;      /* those that moved since the cut before */
  struct sp_totals in[SP_SHARDS_MAX]; /* what the router gave each shard since the cut before */
};

/* A record whose key another shard has: that shard compares it with its first record. */
struct sp_elsewhere {
  uint32_t ordinal; /* low 32 bits of the first record's in `shard` */
  uint16_t record;  /* of the batch */
  uint8_t shard;
};

struct sp_parcel {
  struct sp_batch batch;
  struct sp_usage usages[SP_BATCH_RECORDS_MAX];
  uint16_t
      order[SP_BATCH_RECORDS_MAX];    /* record indices, shard by shard, in the order of arrival */
  uint16_t starts[SP_SHARDS_MAX + 1]; /* shard s has order[starts[s] .. starts[s + 1]) */
  const struct sp_stream *stream;     /* of all its records */
  struct sp_cut cut;
  /* Of records with SP_USAGE_ELSEWHERE the fields in which they differ from the first one: the
   * router's word where both are in this batch, else written by the worker of the shard in
   * `elsewhere` and read by that of the record's, once elsewhere_open has fallen to 0. */
  uint32_t elsewhere_fields[SP_BATCH_RECORDS_MAX];
  struct sp_elsewhere elsewhere[SP_BATCH_RECORDS_MAX];
  uint32_t elsewhere_count;
  struct sp_gate compared; /* advanced by workers that have lowered elsewhere_open */
  _Alignas(64) _Atomic uint32_t elsewhere_open; /* not compared yet: release, acquire */
  _Alignas(64) _Atomic uint32_t pending;        /* workers that are not done with it */
};

#endif
