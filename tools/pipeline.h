/* The straight line of engine.md §1 with its threads: router (the caller's thread), workers, one
 * writer. The only file that knows the order. Results do not depend on the number of workers, on
 * timing or on where blocks are cut.
 *
 *   source ─► decode ─► resolve ─► route ══ ring ══► worker: dedup ─► rate ─► fold ─► block ══ ring
 * ══► writer: journal worker: checkpoint, when its blocks are durable
 *
 * Rings are single-producer single-consumer (ck_ring); waiting is by struct sp_gate. Nothing is
 * locked. */
#ifndef SP_TOOLS_PIPELINE_H
#define SP_TOOLS_PIPELINE_H

#include "tools/shard.h"

struct sp_pipeline;

/* A core replays them in 3 s at 1.5 µs each, which leaves 2 of the 5 s that a restart may take for
 * customers and checkpoint (bench/README.md, "Restart and memory"). */
#define SP_CHECKPOINT_RECORDS 2000000

struct sp_pipeline_options {
  uint32_t workers; /* 0 = by the number of cores */
  int64_t cut_ms; /* a block is closed at the latest so long after its first record (default 20) */
  int64_t checkpoint_ms;      /* between checkpoints (default 10,000) */
  int64_t checkpoint_records; /* that one core would have to replay after a crash: then it is made
                                 earlier; 0 = SP_CHECKPOINT_RECORDS */
  bool progress;              /* a line each second on stderr */
  _Atomic int *stop;          /* set by a signal handler: finish the block, checkpoint, end */
  _Atomic int *reload;        /* set by a signal handler: look for added books at the next cut */
  struct sp_source *source;   /* the caller's */
  _Atomic uint64_t *handed;   /* records given to shards so far, for a producer that must not run
                               * ahead (relaxed); NULL = nobody asks */
};

struct sp_pipeline_report {
  uint64_t records; /* read and given to shards in this run */
  uint64_t skipped; /* read again after a restart, already in the store */
  double seconds;
  uint64_t blocks, bytes; /* written to journals */
  uint64_t checkpoints;
  uint64_t replayed;   /* records of the journal behind the last checkpoint, at the start */
  double open_seconds; /* checkpoint and replay: until the first new record could come */
};

/* Runs until the source ends or *stop; opens all shards first (recovery) and closes them. Exit
 * code; messages on stderr. */
int sp_pipeline_run(struct sp_world *world, const struct sp_pipeline_options *options,
                    struct sp_pipeline_report *report);

#endif
