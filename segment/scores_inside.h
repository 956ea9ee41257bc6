/* What scores.c and scores_groups.c share. Internal. */
#ifndef SP_SEGMENT_SCORES_INSIDE_H
#define SP_SEGMENT_SCORES_INSIDE_H

#include "segment/scores.h"

struct sp__scores_work {
  uint32_t *stamps;      /* by group: subscriber + 1 that was last added as a member */
  uint32_t *left_stamps; /* by group: subscriber + 1 that was last added as gone */
  int64_t *values;
  uint32_t *counts;
};

/* Whether a membership makes its subscriber a member of an enterprise group at the instant. */
bool sp__scores_is_member(const struct sp_scores *scores, const struct sp_membership *membership);

/* Adds a scored subscriber to its groups and all groups above them, once each. */
void sp__scores_add_member(struct sp_scores *scores, struct sp__scores_work *work,
                           uint32_t subscriber, const struct sp_membership *memberships,
                           uint32_t count);

/* After all members: records of trees, risks, levels, measures. */
void sp__scores_groups(struct sp_scores *scores, const struct sp_scores_input *input);

/* Facts of a subject (subscriber index, or group | SP_SUBJECT_GROUP) at the instant; the fields of
 * members and contract are left at none. */
void sp__scores_facts(const struct sp_scores *scores, uint32_t subject,
                      struct sp_group_facts *facts);

#endif
