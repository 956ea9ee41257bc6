/* One shard at work: the only writer of its customers' state. Takes records in order, gives each
 * exactly one outcome, keeps state, marks and profiles, builds journal blocks, writes checkpoints.
 * The same code runs in the stream and in recovery. Owned by one worker thread; the writer thread
 * takes closed blocks (struct sp_closed) and reports them durable. */
#ifndef SP_TOOLS_SHARD_H
#define SP_TOOLS_SHARD_H

#include "ingest/marks.h"
#include "ingest/name_index.h"
#include "ingest/resolve.h"
#include "rating/rate.h"
#include "segment/fold.h"
#include "store/checkpoint.h"
#include "tools/gate.h"
#include "tools/parcel.h"
#include "tools/world.h"

#define SP_SHARD_MAGIC 0x53485244u
#define SP_DEDUP_WINDOW_DAYS 62 /* book.md §15.5 */
#define SP_DEDUP_WINDOW_S ((int64_t)SP_DEDUP_WINDOW_DAYS * 86400)
#define SP_JOURNAL_ZSTD_LEVEL                                        \
  (-40) /* a third of level -10's work for 8 % more: store/README.md \
         */
#define SP_SHARD_ERROR_BYTES 512
#define SP_BUILDERS_MAX 3 /* one open, the others on their way to disk */

/* A closed block on its way from its shard to the writer. */
struct sp_closed {
  struct sp_shard *shard;
  struct sp_block_builder *builder;
  uint64_t number;
  const uint8_t *bytes;
  size_t length;
};

struct sp_block_index { /* where the block with a record ordinal stands: for conflicts with old
                           records */
  uint64_t first_ordinal;
  struct sp_journal_place place;
};

struct sp_shard_stream { /* what a shard knows of a stream of this run */
  uint64_t stamp;        /* the shard's builder_stamp for which `local` holds */
  uint32_t local;        /* index in the open block's stream table */
  uint32_t position;     /* index + 1 in `positions`, 0 = not asked yet */
};

/* Looks on while a shard is opened, for explain: `before` and `after` the record of this ordinal
 * was judged. */
struct sp_shard_watch {
  uint64_t ordinal;       /* `after` moves it on; UINT64_MAX: enough, opening stops there */
  struct sp_trace *trace; /* hears of that record */
  void *context;
  void (*before)(struct sp_shard_watch *watch, struct sp_shard *shard,
                 const struct sp_parcel *parcel, uint32_t i);
  void (*after)(struct sp_shard_watch *watch, struct sp_shard *shard,
                const struct sp_parcel *parcel, uint32_t i);
  uint64_t checkpoint_ordinal; /* set: records in the checkpoint */
};

struct sp_shard {
  uint32_t magic, index;
  struct sp_world *world;
  struct sp_memory memory;
  struct sp_state *state;
  struct sp_rater *rater;
  bool rater_lent;  /* it belongs to another shard of the same worker */
  bool holds_marks; /* until the router knows what all shards have */
  struct sp_marks *marks;
  struct sp_fold_clock clock;
  const struct sp_books *books;
  struct sp_charge charge;      /* scratch of the record at hand */
  struct sp_trace *trace;       /* hears of it; NULL in the stream */
  struct sp_shard_watch *watch; /* NULL in the stream */

  struct sp_block_builder *builders[SP_BUILDERS_MAX];
  _Atomic uint32_t builder_busy[SP_BUILDERS_MAX]; /* 1: with the writer */
  uint32_t builder_open;
  uint64_t builder_stamp;     /* changes with each opened block */
  struct sp_journal *journal; /* the writer's while a pipeline runs */
  struct sp_journal *reader;  /* the worker's, for first records of conflicts */
  uint64_t *groups_touched;   /* bit per group since the last checkpoint */
  struct sp_checkpoint *checkpoint;
  struct sp_gate durable;         /* advanced by the writer for each block on disk */
  _Atomic uint64_t durable_block; /* number of the last one */

  struct sp_checkpoint_meta meta; /* running: as of the last closed block */
  uint64_t checkpointed_ordinal;
  int64_t watermark_utc_s;         /* at the last cut */
  struct sp_shard_stream *streams; /* by struct sp_stream.index */
  uint32_t streams_size;
  struct sp_name_position *positions; /* of streams by name, from checkpoint and journal */
  uint32_t positions_count, positions_size;
  struct sp_name_index position_names;
  struct sp_block_index *blocks;
  size_t blocks_count, blocks_size;
  struct sp_block_view *view;       /* for reading first records back */
  size_t view_block;                /* index + 1 in `blocks` of the block in `view`, 0 = none */
  struct sp_decoder decoder;        /* of raw bytes read back */
  struct sp_resolver *resolver;     /* of numbers in conflicts, made for the first one */
  char *scratch;                    /* SP_DECODE_SCRATCH_BYTES for it */
  uint64_t torn_bytes;              /* cut off, or standing behind the last block, at opening */
  char error[SP_SHARD_ERROR_BYTES]; /* what went wrong, for one line on stderr */
};

struct sp_name_position {
  char *name;
  uint32_t name_length;
  bool changed; /* since the last checkpoint */
  struct sp_position next;
};

/* Where the window starts for a record that is not behind it (book.md §15.5). */
static inline int64_t sp_usage_window_start_s(const struct sp_usage *usage)
{
  return usage->start_utc_s + (int64_t)usage->behind_s - SP_DEDUP_WINDOW_S;
}
static inline bool sp_usage_is_beyond_window(const struct sp_usage *usage)
{
  return (int64_t)usage->behind_s > SP_DEDUP_WINDOW_S;
}

/* Opens shard `index` of a store: checkpoint, then the journal's tail through sp_shard_records,
 * each block compared with what was journaled; writable: for sp_shard_begin. Nothing is changed
 * yet. DIFFERENT: a charge came out otherwise. On an error `shard->error` holds the line to print.
 * Shards may be opened side by side, each by one thread (tools/shard_crew.h). */
SP_MUST_CHECK enum sp_status sp_shard_open(struct sp_shard *shard, struct sp_world *world,
                                           uint32_t index, bool writable);
/* As sp_shard_open to read, but from the last checkpoint before the watched record, or from the
 * journal's beginning; what stands behind the last watched one is not looked at. */
SP_MUST_CHECK enum sp_status sp_shard_open_watched(struct sp_shard *shard, struct sp_world *world,
                                                   uint32_t index, struct sp_shard_watch *watch);
/* After all shards were opened: cuts a torn tail off, and the shard is ready for more. */
SP_MUST_CHECK enum sp_status sp_shard_begin(struct sp_shard *shard);
void sp_shard_close(struct sp_shard *shard);

/* Lets `shard` rate with the rater of another shard of its worker, so that they share its caches.
 */
void sp_shard_share_rater(struct sp_shard *shard, const struct sp_shard *lender);
/* Records of one batch, those in `order`, in that order. */
SP_MUST_CHECK enum sp_status sp_shard_records(struct sp_shard *shard,
                                              const struct sp_parcel *parcel, const uint16_t *order,
                                              uint32_t count);
/* Closes the open block at a cut. *closed has shard = NULL when nothing had to be written. The next
 * block opens with the cut's books. */
SP_MUST_CHECK enum sp_status sp_shard_cut(struct sp_shard *shard, const struct sp_cut *cut,
                                          struct sp_closed *closed);
/* After a closed block was given away: the next builder, waiting for the writer if need be. IO: the
 * writer has failed. */
SP_MUST_CHECK enum sp_status sp_shard_open_next(struct sp_shard *shard);
/* The writer's: block appended and synced. */
void sp_shard_durable(struct sp_shard *shard, const struct sp_closed *closed);
/* Waits until all its blocks are durable, then writes changed state, marks, positions and journal
 * place. */
SP_MUST_CHECK enum sp_status sp_shard_checkpoint(struct sp_shard *shard);
/* Where the shard goes on in a stream by name; false: never seen. */
bool sp_shard_position(const struct sp_shard *shard, const char *name, size_t length,
                       struct sp_position *next);

/* Sum over the logical content of the shard's customers (operations.md §2, state hash): entries
 * with profiles, marks, suspense. */
struct sp_state_sum {
  uint64_t low, high;
  uint64_t entries;
};
SP_MUST_CHECK enum sp_status sp_shard_sum(struct sp_shard *shard, struct sp_state_sum *sum);

/* For checkpoint and sum: the entry with the profile behind its state. Inside tools/. */
#define SP_ENTRY_GROUP_PROFILE 3 /* kind byte behind those of enum sp_state_kind */

#endif
