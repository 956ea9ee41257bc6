/* All customers' scores at one instant: measures, cards, frozen cuts, groups with everything below
 * them, warning levels (analytics.md §1 to §4). A pass over the profiles in the order of the
 * directory; the same input gives the same result. Pure: memory comes from the caller. One thread;
 * the result may be read by any number. */
#ifndef SP_SEGMENT_SCORES_H
#define SP_SEGMENT_SCORES_H

#include "rating/directory.h"
#include "rating/memory.h"
#include "segment/warning.h"

#define SP_GROUP_TOP 5U /* members kept by money at risk */

struct sp_scores_input {
  const struct sp_directory *directory;
  const struct sp_profile *profiles;     /* by subscriber */
  const struct sp_group_profile *groups; /* by group: what its direct members did */
  int64_t as_of_utc_s;
  uint32_t as_of_day;               /* local, of that instant */
  const struct sp_rfm_cuts *frozen; /* SP_POPULATION_COUNT of the instant's month, or NULL */
  const struct sp_warning *kept;    /* by group: levels of the last review, or NULL */
  uint32_t kept_count;              /* how many; later groups have none */
  uint32_t kept_day;                /* its day; the instant is a review if it is later */
};

struct sp_group_score {
  struct sp_group_profile profile; /* with all groups below */
  struct sp_group_sums sums;
  struct sp_group_facts facts;
  struct sp_group_risk risk;
  int64_t top_at_risk_micro[SP_GROUP_TOP]; /* falling; ties: the lower subscriber first */
  uint32_t top[SP_GROUP_TOP];
  uint32_t top_count;
  struct sp_warning warning; /* its level, and what the next review begins with */
};

struct sp_scores {
  const struct sp_directory *directory;
  const struct sp_profile *profiles;
  struct sp_review review;
  uint32_t subscribers, groups;
  struct sp_rfm *rfm;                  /* by subscriber */
  struct sp_card_score *scores;        /* by subscriber; zero without activity */
  struct sp_rfm *group_rfm;            /* by group; families and closed groups: r_days never */
  struct sp_group_score *group_scores; /* by group; not scored: no warning, unknown risk */
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  struct sp_card_means means[SP_POPULATION_COUNT];
  struct sp_loss loss; /* of all members of enterprise groups */
};

/* The latest activity in all profiles, 0 = none: the instant by default. */
int64_t sp_scores_latest_utc_s(const struct sp_profile *profiles, uint32_t subscribers);

/* Tables come from memory and go back by sp_scores_free. NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_scores_make(struct sp_scores *scores,
                                            const struct sp_scores_input *input,
                                            struct sp_memory *memory);
void sp_scores_free(struct sp_scores *scores, struct sp_memory *memory);

/* Groups that warn (level above none), by falling money at risk, then by name; returns how many.
 * order, scratch: room for all groups. */
uint32_t sp_scores_warnings(const struct sp_scores *scores, uint32_t *order, uint32_t *scratch);

/* The direct enterprise group of a subscriber at the instant (lowest name), else its family, else
 * SP_NONE (book.md §6.13). */
uint32_t sp_scores_group_of(const struct sp_scores *scores, uint32_t subscriber);
/* A subscriber's level: by its probability, red after a port-out request of the last 90 days. */
enum sp_level sp_scores_level(const struct sp_scores *scores, uint32_t subscriber);
/* The case behind a group's risk, for its reasons. */
struct sp_group_case sp_scores_case(const struct sp_scores *scores, uint32_t group);

#endif
