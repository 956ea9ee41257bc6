#include <string.h>

#include "rating/sort.h"
#include "segment/scores_inside.h"

enum { DAY_S = 86400 };

bool sp__scores_is_member(const struct sp_scores *scores, const struct sp_membership *membership)
{
  return !sp_directory_group(scores->directory, membership->group)->family &&
         sp_directory_membership_holds(scores->directory, membership, scores->review.at.utc_s);
}

/* ---- members ---- */

static void keep_top(struct sp_group_score *group, uint32_t subscriber, int64_t at_risk_micro)
{
  uint32_t at = group->top_count;
  while (at > 0 && group->top_at_risk_micro[at - 1U] < at_risk_micro) {
    at--;
  }
  if (at == SP_GROUP_TOP) {
    return;
  }
  group->top_count += group->top_count < SP_GROUP_TOP;
  for (uint32_t i = group->top_count - 1U; i > at; i--) {
    group->top[i] = group->top[i - 1U];
    group->top_at_risk_micro[i] = group->top_at_risk_micro[i - 1U];
  }
  group->top[at] = subscriber;
  group->top_at_risk_micro[at] = at_risk_micro;
}

static void add_current(struct sp_scores *scores, struct sp__scores_work *work, uint32_t subscriber,
                        const struct sp_membership *membership)
{
  const struct sp_rfm *rfm = &scores->rfm[subscriber];
  const struct sp_card_score *score = &scores->scores[subscriber];
  bool silent = rfm->r_days != SP_RFM_NEVER && rfm->r_days >= SP_SILENT_DAYS;
  for (uint32_t g = membership->group; g != SP_NONE && work->stamps[g] != subscriber + 1U;
       g = sp_directory_group(scores->directory, g)->parent) {
    struct sp_group_score *group = &scores->group_scores[g];
    work->stamps[g] = subscriber + 1U;
    sp_group_sums_add(&group->sums, &scores->profiles[subscriber], score, rfm, &scores->review);
    if (rfm->r_days != SP_RFM_NEVER) {
      keep_top(group, subscriber, sp_at_risk_micro(rfm, score));
    }
    group->facts.key_persons += membership->key;
    group->facts.key_lost += membership->key && silent;
  }
}

/* A membership that ended, unless the subscriber is still a member there or further up. */
static bool add_left(struct sp_scores *scores, struct sp__scores_work *work, uint32_t subscriber,
                     const struct sp_membership *membership)
{
  int64_t ago_s = scores->review.at.utc_s - membership->to_utc_s;
  bool added = false;
  if (ago_s < 0 || ago_s > (int64_t)SP_LEFT_DAYS * DAY_S ||
      sp_directory_group(scores->directory, membership->group)->family) {
    return false;
  }
  for (uint32_t g = membership->group; g != SP_NONE && work->stamps[g] != subscriber + 1U &&
                                       work->left_stamps[g] != subscriber + 1U;
       g = sp_directory_group(scores->directory, g)->parent) {
    struct sp_group_score *group = &scores->group_scores[g];
    work->left_stamps[g] = subscriber + 1U;
    sp_group_sums_left(&group->sums, (uint32_t)(ago_s / DAY_S));
    group->facts.key_persons += membership->key;
    group->facts.key_lost += membership->key;
    added = true;
  }
  return added;
}

void sp__scores_add_member(struct sp_scores *scores, struct sp__scores_work *work,
                           uint32_t subscriber, const struct sp_membership *memberships,
                           uint32_t count)
{
  const struct sp_rfm *rfm = &scores->rfm[subscriber];
  bool member = false;
  bool left = false;
  /* Key memberships first: who is a key person anywhere below a group is one of the group's. */
  for (uint32_t k = 0; k < 2U * count; k++) {
    const struct sp_membership *membership = &memberships[k % count];
    if (membership->key == (k < count) && sp__scores_is_member(scores, membership)) {
      add_current(scores, work, subscriber, membership);
      member = true;
    }
  }
  for (uint32_t k = 0; k < 2U * count; k++) {
    const struct sp_membership *membership = &memberships[k % count];
    if (membership->key == (k < count)) {
      left = add_left(scores, work, subscriber, membership) || left;
    }
  }
  /* A subscriber counts once for p0: as what it is now. */
  if (member && rfm->r_days != SP_RFM_NEVER) {
    scores->loss.of++;
    scores->loss.lost += rfm->r_days >= SP_SILENT_DAYS;
  } else if (!member && left) {
    scores->loss.of++;
    scores->loss.lost++;
  }
}

/* ---- facts ---- */

static bool is(struct sp_name name, const char *word)
{
  size_t length = strlen(word);
  return name.length == length && memcmp(name.text, word, length) == 0;
}

void sp__scores_facts(const struct sp_scores *scores, uint32_t subject,
                      struct sp_group_facts *facts)
{
  uint32_t count;
  const struct sp_fact *rows = sp_directory_facts(scores->directory, subject, &count);
  int64_t now = scores->review.at.utc_s;
  facts->complaints = 0;
  facts->arrears_days = 0;
  facts->satisfaction = SP_CARD_UNKNOWN;
  facts->port_out_request = false;
  for (uint32_t k = 0; k < count && rows[k].at_utc_s <= now; k++) {
    struct sp_name kind = sp_directory_text(scores->directory, rows[k].kind);
    bool fresh = now - rows[k].at_utc_s < (int64_t)SP_FACT_DAYS * DAY_S;
    int64_t value = rows[k].value_micro / SP_PPM;
    int32_t bounded = (int32_t)(value > 10000 ? 10000 : value);
    if (is(kind, "satisfaction")) {
      facts->satisfaction = bounded;
    } else if (fresh && is(kind, "complaint")) {
      facts->complaints++;
    } else if (fresh && is(kind, "arrears_days")) {
      facts->arrears_days = bounded;
    } else if (fresh && is(kind, "port_out_request")) {
      facts->port_out_request = true;
    }
  }
}

static void group_facts(struct sp_scores *scores, uint32_t g)
{
  const struct sp_group *group = sp_directory_group(scores->directory, g);
  struct sp_group_facts *facts = &scores->group_scores[g].facts;
  sp__scores_facts(scores, g | SP_SUBJECT_GROUP, facts);
  facts->contract_days = SP_CARD_UNKNOWN;
  if (group->contract_end_utc_s != SP_TIME_MAX) {
    int64_t days = (group->contract_end_utc_s - scores->review.at.utc_s) / DAY_S;
    facts->contract_days = (int32_t)(days > 10000 ? 10000 : days < -10000 ? -10000 : days);
  }
}

/* ---- trees, risks ---- */

static void merge_trees(struct sp_scores *scores, const struct sp_group_profile *own)
{
  for (uint32_t g = 0; g < scores->groups; g++) {
    if (own[g].month != 0 && !sp_directory_group(scores->directory, g)->family) {
      for (uint32_t up = g; up != SP_NONE; up = sp_directory_group(scores->directory, up)->parent) {
        sp_group_profile_merge(&scores->group_scores[up].profile, &own[g]);
      }
    }
  }
}

/* Enterprise groups that are not outside their own dates at the instant. */
static bool is_scored(const struct sp_scores *scores, uint32_t g)
{
  const struct sp_group *group = sp_directory_group(scores->directory, g);
  int64_t now = scores->review.at.utc_s;
  return !group->family && group->from_utc_s <= now && now < group->to_utc_s;
}

/* The level now, given that of the last review: a later day is a review, the same day only adds,
 * an earlier one knows nothing of it. */
static void set_level(const struct sp_scores *scores, const struct sp_scores_input *input,
                      uint32_t g, bool seen)
{
  struct sp_group_score *score = &scores->group_scores[g];
  uint32_t members = score->sums.members;
  bool port_out = score->facts.port_out_request;
  enum sp_level upper = seen ? sp_group_level(&score->risk, members, false) : SP_LEVEL_NONE;
  enum sp_level lower = seen ? sp_group_level(&score->risk, members, true) : SP_LEVEL_NONE;
  bool kept = g < input->kept_count && scores->review.at.day >= input->kept_day;
  struct sp_warning before = {0, 0};
  if (kept) {
    before = input->kept[g];
  }
  score->warning = before;
  if (kept && scores->review.at.day == input->kept_day) {
    upper = port_out ? SP_LEVEL_RED : upper;
    score->warning.level = upper > before.level ? (uint8_t)upper : before.level;
  } else {
    sp_warning_review(&score->warning, upper, lower, port_out);
  }
}

void sp__scores_groups(struct sp_scores *scores, const struct sp_scores_input *input)
{
  uint32_t prior_ppm = sp_loss_ppm(&scores->loss);
  merge_trees(scores, input->groups);
  for (uint32_t g = 0; g < scores->groups; g++) {
    struct sp_group_score *score = &scores->group_scores[g];
    struct sp_group_case of = sp_scores_case(scores, g);
    scores->group_rfm[g].population = SP_POPULATION_GROUP;
    scores->group_rfm[g].r_days = SP_RFM_NEVER;
    group_facts(scores, g);
    if (!is_scored(scores, g)) {
      continue;
    }
    sp_group_rfm(of.profile, of.sums, &scores->review.at, &scores->group_rfm[g]);
    sp_group_rate(&of, prior_ppm, &score->risk);
    bool seen = scores->group_rfm[g].r_days != SP_RFM_NEVER;
    if (seen) {
      sp_card_means_add(&sp_group_card, &score->risk.score, &scores->means[SP_POPULATION_GROUP]);
    }
    set_level(scores, input, g, seen);
  }
}

static int compare_warnings(const void *context, uint32_t a, uint32_t b)
{
  const struct sp_scores *scores = context;
  int order = sp_compare_i64(scores->group_scores[b].sums.at_risk_micro,
                             scores->group_scores[a].sums.at_risk_micro);
  return order != 0 ? order
                    : sp_compare_u64(sp_directory_group(scores->directory, a)->rank,
                                     sp_directory_group(scores->directory, b)->rank);
}

uint32_t sp_scores_warnings(const struct sp_scores *scores, uint32_t *order, uint32_t *scratch)
{
  uint32_t count = 0;
  for (uint32_t g = 0; g < scores->groups; g++) {
    if (scores->group_scores[g].warning.level != SP_LEVEL_NONE) {
      order[count++] = g;
    }
  }
  sp_sort(order, scratch, count, compare_warnings, scores);
  return count;
}
