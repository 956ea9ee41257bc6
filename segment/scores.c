#include "segment/scores.h"

#include <string.h>

#include "segment/scores_inside.h"

int64_t sp_scores_latest_utc_s(const struct sp_profile *profiles, uint32_t subscribers)
{
  uint32_t latest = 0;
  for (uint32_t i = 0; i < subscribers; i++) {
    latest = profiles[i].last_utc_s > latest ? profiles[i].last_utc_s : latest;
  }
  return latest;
}

/* ---- memory ---- */

static enum sp_status take(struct sp_memory *memory, size_t count, size_t size, void **table)
{
  *table = sp_memory_take_table(memory, (count + 1U) * size);
  return *table == NULL ? SP_NO_MEMORY : SP_OK;
}

static void give(struct sp_memory *memory, size_t count, size_t size, void *table)
{
  if (table != NULL) {
    sp_memory_give_table(memory, table, (count + 1U) * size);
  }
}

#define TAKE(table, count)                                   \
  do {                                                       \
    void *taken_;                                            \
    SP_TRY(take(memory, (count), sizeof *(table), &taken_)); \
    (table) = taken_;                                        \
  } while (0)

static enum sp_status take_results(struct sp_scores *scores, struct sp_memory *memory)
{
  TAKE(scores->rfm, scores->subscribers);
  TAKE(scores->scores, scores->subscribers);
  TAKE(scores->group_rfm, scores->groups);
  TAKE(scores->group_scores, scores->groups);
  return SP_OK;
}

static size_t most(const struct sp_scores *scores)
{
  return scores->subscribers > scores->groups ? scores->subscribers : scores->groups;
}

static enum sp_status take_work(struct sp__scores_work *work, const struct sp_scores *scores,
                                struct sp_memory *memory)
{
  TAKE(work->stamps, scores->groups);
  TAKE(work->left_stamps, scores->groups);
  TAKE(work->values, most(scores));
  TAKE(work->counts, SP_SELECT_COUNTS);
  return SP_OK;
}

static void give_work(struct sp__scores_work *work, const struct sp_scores *scores,
                      struct sp_memory *memory)
{
  give(memory, scores->groups, sizeof *work->stamps, work->stamps);
  give(memory, scores->groups, sizeof *work->left_stamps, work->left_stamps);
  give(memory, most(scores), sizeof *work->values, work->values);
  give(memory, SP_SELECT_COUNTS, sizeof *work->counts, work->counts);
}

void sp_scores_free(struct sp_scores *scores, struct sp_memory *memory)
{
  give(memory, scores->subscribers, sizeof *scores->rfm, scores->rfm);
  give(memory, scores->subscribers, sizeof *scores->scores, scores->scores);
  give(memory, scores->groups, sizeof *scores->group_rfm, scores->group_rfm);
  give(memory, scores->groups, sizeof *scores->group_scores, scores->group_scores);
  memset(scores, 0, sizeof *scores);
}

/* ---- subscribers ---- */

static void score_subscriber(struct sp_scores *scores, struct sp__scores_work *work,
                             uint32_t subscriber)
{
  const struct sp_profile *profile = &scores->profiles[subscriber];
  uint32_t count;
  const struct sp_membership *memberships =
      sp_directory_memberships(scores->directory, subscriber, &count);
  bool member = false;
  for (uint32_t k = 0; k < count && !member; k++) {
    member = sp__scores_is_member(scores, &memberships[k]);
  }
  enum sp_population population = member ? SP_POPULATION_MEMBER : SP_POPULATION_INDIVIDUAL;
  struct sp_rfm *rfm = &scores->rfm[subscriber];
  struct sp_card_score *score = &scores->scores[subscriber];
  sp_rfm_measure(profile, &scores->review.at, population, rfm);
  memset(score, 0, sizeof *score);
  if (rfm->r_days != SP_RFM_NEVER) {
    sp_churn_rate(profile, &scores->review, member, score, &scores->means[population]);
  }
  if (count != 0) {
    sp__scores_add_member(scores, work, subscriber, memberships, count);
  }
}

static void cut_and_score(struct sp_scores *scores, struct sp__scores_work *work,
                          const struct sp_rfm_cuts *frozen)
{
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    struct sp_rfm_cuts *cuts = &scores->cuts[k];
    bool group = k == SP_POPULATION_GROUP;
    if (frozen != NULL && frozen[k].version == SP_RFM_CUTS_VERSION &&
        frozen[k].month == scores->review.at.month && frozen[k].count != 0) {
      *cuts = frozen[k];
      continue;
    }
    cuts->month = scores->review.at.month;
    sp_rfm_cuts_make(cuts, group ? scores->group_rfm : scores->rfm,
                     group ? scores->groups : scores->subscribers, (enum sp_population)k,
                     work->values, work->counts);
  }
  sp_rfm_score(scores->rfm, scores->subscribers, scores->cuts);
  sp_rfm_score(scores->group_rfm, scores->groups, scores->cuts);
}

enum sp_status sp_scores_make(struct sp_scores *scores, const struct sp_scores_input *input,
                              struct sp_memory *memory)
{
  struct sp__scores_work work = {0};
  memset(scores, 0, sizeof *scores);
  scores->directory = input->directory;
  scores->profiles = input->profiles;
  scores->subscribers = sp_directory_subscriber_count(input->directory);
  scores->groups = sp_directory_group_count(input->directory);
  sp_review_set(&scores->review, input->as_of_utc_s, input->as_of_day);
  enum sp_status status = take_results(scores, memory);
  if (status == SP_OK) {
    status = take_work(&work, scores, memory);
  }
  if (status == SP_OK) {
    for (uint32_t i = 0; i < scores->subscribers; i++) {
      score_subscriber(scores, &work, i);
    }
    sp__scores_groups(scores, input);
    cut_and_score(scores, &work, input->frozen);
  }
  give_work(&work, scores, memory);
  if (status != SP_OK) {
    sp_scores_free(scores, memory);
  }
  return status;
}

/* ---- questions ---- */

uint32_t sp_scores_group_of(const struct sp_scores *scores, uint32_t subscriber)
{
  uint32_t count;
  uint32_t family = SP_NONE;
  const struct sp_membership *memberships =
      sp_directory_memberships(scores->directory, subscriber, &count);
  for (uint32_t k = 0; k < count; k++) {
    if (sp__scores_is_member(scores, &memberships[k])) {
      return memberships[k].group;
    }
    if (family == SP_NONE && sp_directory_membership_holds(scores->directory, &memberships[k],
                                                           scores->review.at.utc_s)) {
      family = memberships[k].group;
    }
  }
  return family;
}

enum sp_level sp_scores_level(const struct sp_scores *scores, uint32_t subscriber)
{
  struct sp_group_facts facts;
  if (scores->rfm[subscriber].r_days == SP_RFM_NEVER) {
    return SP_LEVEL_NONE;
  }
  sp__scores_facts(scores, subscriber, &facts);
  return facts.port_out_request ? SP_LEVEL_RED
                                : sp_score_level(scores->scores[subscriber].probability_ppm, false);
}

struct sp_group_case sp_scores_case(const struct sp_scores *scores, uint32_t group)
{
  const struct sp_group_score *score = &scores->group_scores[group];
  SP_ASSERT(group < scores->groups);
  return (struct sp_group_case){&score->profile, &score->sums, &score->facts, &scores->review};
}
