/* A store opened for reading, with the scores of all its customers: what segment, churn, view, dump
 * customers and snapshot begin with. The state is that of the last durable block. */
#ifndef SP_TOOLS_SCORED_H
#define SP_TOOLS_SCORED_H

#include "segment/scores.h"
#include "tools/shard.h"
#include "tools/world.h"

struct sp_scored {
  struct sp_world world;
  struct sp_scores scores;
  struct sp_checkpoint_meta metas[SP_SHARDS_MAX]; /* of each shard's last block */
  struct sp_state_sum sum;                        /* state hash; only if asked for */
  uint64_t records;
  bool cuts_frozen;  /* the cut points are those kept for the month */
  uint32_t kept_day; /* day of the last review, 0 = none */
};

/* as_of: NULL (the latest activity in the store) or an instant as in the tables (book.md §1.6).
 * Messages go to stderr; 0 or an exit code. Close it in both cases. */
int sp_scored_open(struct sp_scored *scored, const char *store, const char *as_of, bool with_sum);
void sp_scored_close(struct sp_scored *scored);

/* Makes the scores a review (analytics.md §2, §4): keeps the cut points as those of their month,
 * unless some are kept already, and each group's level, unless one of this or a later day is.
 * false: they could not be written; a line on stderr says why. */
bool sp_scored_keep(const struct sp_scored *scored);

/* The instant of the scores as RFC 3339 in UTC: "2026-11-30T04:05:06Z". */
#define SP_INSTANT_BYTES 32
void sp_instant_text(int64_t utc_s, char text[SP_INSTANT_BYTES]);

#endif
