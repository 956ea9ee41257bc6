/* What must come out: the generator's own judgement of each record it sends, in the order it sends
 * them, and the totals. Written from book.md without the rating code. */
#ifndef SP_TOOLS_GEN_JUDGE_H
#define SP_TOOLS_GEN_JUDGE_H

#include "tools/gen_usage.h"

enum sp_gen_outcome {
  SP_GEN_RATED,
  SP_GEN_ZERO_RATED,
  SP_GEN_DUPLICATED,
  SP_GEN_CONFLICTED,
  SP_GEN_SUSPENDED,
  SP_GEN_OUTCOME_MAX
};

struct sp_gen_verdict {
  uint8_t outcome;    /* enum sp_gen_outcome */
  const char *reason; /* of suspended and conflict, else "" */
  uint8_t plan;       /* base plan of a rated record; SP_GEN_BASE_MAX = pre-rated */
  bool has_list;      /* list is known for this record alone (not: partial) */
  bool has_net;       /* no state takes part: net is known, too */
  int64_t list_micro, net_micro;
};

struct sp_gen_sum {
  uint64_t records, duration_s, bytes, items;
  int64_t list_micro;
};

#define SP_GEN_REASONS_MAX 16
struct sp_gen_reason_count {
  const char *reason;
  uint64_t records;
};

struct sp_gen_counter; /* cycle counters of the plan steps */

struct sp_gen_judge {
  const struct sp_gen_world *world; /* borrowed */
  uint64_t in;
  int64_t latest_s; /* latest start of an identified record */
  struct sp_gen_sum outcome[SP_GEN_OUTCOME_MAX];
  struct sp_gen_sum service[SP_GEN_SERVICE_MAX];                   /* rated */
  struct sp_gen_sum plan[SP_GEN_BASE_MAX + 1][SP_GEN_SERVICE_MAX]; /* rated */
  struct sp_gen_reason_count reasons[SP_GEN_REASONS_MAX];
  uint64_t planted[SP_GEN_PLANT_MAX];
  uint64_t net_records;
  int64_t net_micro, net_list_micro; /* of the records with has_net */
  struct sp_gen_counter *counters;   /* owned */
  uint64_t counter_room, counter_used;
};

/* False: not enough memory. */
bool sp__gen_judge_init(struct sp_gen_judge *judge, const struct sp_gen_world *world);
void sp__gen_judge_free(struct sp_gen_judge *judge);

/* Judges the next record of the stream and counts it. False: not enough memory. */
bool sp__gen_judge(struct sp_gen_judge *judge, const struct sp_gen_usage *usage,
                   struct sp_gen_verdict *verdict);

#endif
