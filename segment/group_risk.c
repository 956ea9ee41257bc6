#include "segment/group_risk.h"

#include <string.h>

enum { CIRCLE_LOST_PERCENT = -30, ABNORMAL_MIN = 3, CONTACTS_MIN = 50 };

static const struct sp_card_feature features[SP_GROUP_FEATURE_COUNT] = {
    [SP_GROUP_LOSS] = {"member_loss", 4, 1, {50, 100, 200, 350}, {0, 0, 60, 120, 200, 280}},
    [SP_GROUP_SILENT] = {"silent_days", 4, 1, {4, 8, 15, 31}, {0, 0, 20, 60, 130, 260}},
    [SP_GROUP_MINUTES] = {"usage_change", 4, -1, {-69, -49, -34, -19}, {0, 150, 110, 70, 35, 0}},
    [SP_GROUP_DATA] = {"data_change", 4, -1, {-69, -49, -34, -19}, {0, 80, 60, 40, 20, 0}},
    [SP_GROUP_SPEND] = {"revenue_change", 4, -1, {-69, -49, -34, -19}, {0, 120, 90, 60, 30, 0}},
    [SP_GROUP_INSIDE] = {"inside_share_change", 2, -1, {-19, -9}, {0, 60, 30, 0}},
    [SP_GROUP_HOTLINE] = {"competitor_hotline", 3, 1, {50, 100, 200}, {0, 0, 30, 60, 100}},
    [SP_GROUP_FORWARD] = {"forwarding_out", 3, 1, {50, 100, 200}, {0, 0, 30, 60, 100}},
    [SP_GROUP_CIRCLE] = {"circle_loss", 2, 1, {200, 350}, {0, 0, 30, 60}},
    [SP_GROUP_MEMBER_RISK] = {"member_risk", 4, 1, {50, 100, 200, 350}, {0, 0, 40, 90, 150, 220}},
    [SP_GROUP_ABNORMAL] = {"abnormal_ends", 2, 1, {100, 300}, {0, 0, 20, 40}},
    [SP_GROUP_KEY] = {"key_person", 2, 1, {1, 2}, {0, 0, 80, 140}},
    [SP_GROUP_ARREARS] = {"arrears_days", 3, 1, {1, 30, 60}, {0, 0, 20, 60, 120}},
    [SP_GROUP_COMPLAINTS] = {"complaints", 2, 1, {1, 3}, {0, 0, 40, 90}},
    [SP_GROUP_CONTRACT] = {"contract_end", 3, -1, {0, 31, 91}, {0, 60, 50, 20, 0}},
    [SP_GROUP_SATISFACTION] = {"satisfaction", 3, -1, {60, 75, 90}, {0, 60, 30, 0, -20}},
};

const struct sp_card sp_group_card = {features, SP_GROUP_FEATURE_COUNT, -300};

/* ---- sums ---- */

/* Moves a profile's map of active days so that bit 0 is the instant's day, and adds it. */
static void add_days(struct sp_group_sums *sums, const struct sp_profile *profile, uint32_t silent)
{
  if (silent >= SP_PROFILE_DAYS) {
    return;
  }
  if (silent >= 64U) {
    sums->days_high |= profile->days_low << (silent - 64U);
  } else if (silent == 0) {
    sums->days_low |= profile->days_low;
    sums->days_high |= profile->days_high;
  } else {
    sums->days_low |= profile->days_low << silent;
    sums->days_high |=
        ((uint64_t)profile->days_high << silent) | (profile->days_low >> (64U - silent));
  }
}

static bool marked(const struct sp_profile *profile, const struct sp_review *review,
                   enum sp_mark mark, uint32_t least)
{
  return sp_profile_mark(profile, mark, review->at.month) +
             sp_profile_mark(profile, mark, review->at.month - 1U) >=
         least;
}

int64_t sp_at_risk_micro(const struct sp_rfm *rfm, const struct sp_card_score *score)
{
  int64_t month = rfm->money_micro > 0 ? rfm->money_micro / (int64_t)SP_RFM_MONTHS : 0;
  return month / SP_PPM * score->probability_ppm + month % SP_PPM * score->probability_ppm / SP_PPM;
}

void sp_group_sums_add(struct sp_group_sums *sums, const struct sp_profile *profile,
                       const struct sp_card_score *score, const struct sp_rfm *rfm,
                       const struct sp_review *review)
{
  if (rfm->r_days == SP_RFM_NEVER) {
    sums->unseen++;
    return;
  }
  uint32_t circle = sp_card_bin(score, SP_FEATURE_CIRCLE);
  sums->members++;
  sums->silent_30 += rfm->r_days >= 30U;
  sums->silent_60 += rfm->r_days >= 60U;
  sums->silent_90 += rfm->r_days >= 90U;
  sums->hotline += marked(profile, review, SP_MARK_HOTLINE, 1);
  sums->forward += marked(profile, review, SP_MARK_FORWARD, 1);
  sums->abnormal += marked(profile, review, SP_MARK_ABNORMAL, ABNORMAL_MIN);
  sums->circle_loss += circle == 1U || circle == 2U; /* the two bins of a circle that shrank */
  sums->probability_ppm += score->probability_ppm;
  sums->money_micro += rfm->money_micro;
  sums->at_risk_micro += sp_at_risk_micro(rfm, score);
  if (rfm->money_micro > sums->money_most_micro) {
    sums->money_most_micro = rfm->money_micro;
  }
  add_days(sums, profile, rfm->r_days);
}

void sp_group_sums_left(struct sp_group_sums *sums, uint32_t days)
{
  sums->left_30 += days <= 30U;
  sums->left_60 += days <= 60U;
  sums->left_90 += days <= SP_LEFT_DAYS;
}

static int64_t sum_capped(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

void sp_group_profile_merge(struct sp_group_profile *group, const struct sp_group_profile *below)
{
  struct sp_group_profile sum = *group;
  if (below->first_utc_s != 0 && (sum.first_utc_s == 0 || below->first_utc_s < sum.first_utc_s)) {
    sum.first_utc_s = below->first_utc_s;
  }
  sum.last_utc_s = below->last_utc_s > sum.last_utc_s ? below->last_utc_s : sum.last_utc_s;
  sum.last_day = below->last_day > sum.last_day ? below->last_day : sum.last_day;
  sum.month = below->month > sum.month ? below->month : sum.month;
  for (uint32_t k = 0; k < SP_PROFILE_MONTHS && sum.month >= SP_PROFILE_MONTHS; k++) {
    struct sp_month ours;
    struct sp_month theirs;
    struct sp_group_month *to = &sum.months[(sum.month - k) % SP_PROFILE_MONTHS];
    (void)sp_group_month_at(group, sum.month - k, &ours);
    (void)sp_group_month_at(below, sum.month - k, &theirs);
    to->net_micro = sum_capped(ours.net_micro, theirs.net_micro);
    to->voice_s = sum_capped(ours.voice_s, theirs.voice_s);
    to->bytes = sum_capped(ours.bytes, theirs.bytes);
    to->calls = ours.calls + theirs.calls;
    to->messages = ours.messages + theirs.messages;
    to->offnet = ours.offnet + theirs.offnet;
    to->inside = ours.inside + theirs.inside;
  }
  *group = sum;
}

/* ---- loss ---- */

uint32_t sp_loss_ppm(const struct sp_loss *loss)
{
  return loss->of == 0 ? 0 : (uint32_t)(loss->lost * SP_PPM / loss->of);
}

uint32_t sp_group_loss_ppm(const struct sp_group_sums *sums, uint32_t prior_ppm)
{
  uint64_t lost = (uint64_t)sums->silent_30 + sums->left_90;
  uint64_t of = (uint64_t)sums->members + sums->left_90;
  return (uint32_t)((lost * SP_PPM + (uint64_t)SP_LOSS_SHRINK * prior_ppm) / (of + SP_LOSS_SHRINK));
}

/* ---- score ---- */

/* Share of members, shrunken as if there were some more without the mark: one member of four is not
 * a quarter of the group's trouble. */
static int32_t per_mille(uint32_t part, uint32_t members)
{
  return members == 0 ? SP_CARD_UNKNOWN
                      : (int32_t)(part * UINT64_C(1000) / (members + SP_SHARE_SHRINK));
}

/* Growth of the share of calls and messages inside the group, in points. */
static int32_t inside_change(const struct sp_group_profile *group, const struct sp_review *review)
{
  struct sp_month now;
  struct sp_month sum = {0};
  (void)sp_group_month_at(group, review->latest_month, &now);
  for (uint32_t k = 1; k <= SP_BASELINE_MONTHS; k++) {
    struct sp_month month;
    if (sp_group_month_at(group, review->latest_month - k, &month)) {
      sum.calls += month.calls;
      sum.messages += month.messages;
      sum.inside += month.inside;
    }
  }
  uint64_t contacts_now = (uint64_t)now.calls + now.messages;
  uint64_t contacts_before = (uint64_t)sum.calls + sum.messages;
  if (contacts_now < CONTACTS_MIN || contacts_before < CONTACTS_MIN) {
    return SP_CARD_UNKNOWN;
  }
  return (int32_t)(now.inside * UINT64_C(100) / contacts_now) -
         (int32_t)(sum.inside * UINT64_C(100) / contacts_before);
}

static int32_t change_percent(const struct sp_group_profile *group, const struct sp_review *review,
                              enum sp_feature feature)
{
  struct sp_change change;
  sp_group_change(group, review, feature, &change);
  return change.percent;
}

static void rate_usage(const struct sp_group_case *of, int32_t *values)
{
  const struct sp_group_profile *group = of->profile;
  const struct sp_review *review = of->review;
  if (group->last_day != 0) {
    values[SP_GROUP_SILENT] =
        (int32_t)(review->at.day > group->last_day ? review->at.day - group->last_day : 0);
    values[SP_GROUP_MINUTES] = change_percent(group, review, SP_FEATURE_MINUTES);
    values[SP_GROUP_DATA] = change_percent(group, review, SP_FEATURE_DATA);
    values[SP_GROUP_SPEND] = change_percent(group, review, SP_FEATURE_SPEND);
    values[SP_GROUP_INSIDE] = inside_change(group, review);
  }
}

static void rate_facts(const struct sp_group_facts *facts, int32_t *values)
{
  values[SP_GROUP_KEY] = facts->key_persons == 0 ? SP_CARD_UNKNOWN : (int32_t)facts->key_lost;
  values[SP_GROUP_ARREARS] = facts->arrears_days;
  values[SP_GROUP_COMPLAINTS] = (int32_t)facts->complaints;
  values[SP_GROUP_CONTRACT] = facts->contract_days;
  values[SP_GROUP_SATISFACTION] = facts->satisfaction;
}

void sp_group_rate(const struct sp_group_case *of, uint32_t prior_ppm, struct sp_group_risk *risk)
{
  const struct sp_group_sums *sums = of->sums;
  uint32_t n = sums->members;
  int32_t *values = risk->values;
  struct sp_card_layout layout;
  for (uint32_t k = 0; k < SP_CARD_FEATURES_MAX; k++) {
    values[k] = SP_CARD_UNKNOWN;
  }
  risk->loss_ppm = sp_group_loss_ppm(sums, prior_ppm);
  if (n + sums->left_90 != 0) {
    values[SP_GROUP_LOSS] = (int32_t)(risk->loss_ppm / 1000U);
  }
  rate_usage(of, values);
  rate_facts(of->facts, values);
  values[SP_GROUP_HOTLINE] = per_mille(sums->hotline, n);
  values[SP_GROUP_FORWARD] = per_mille(sums->forward, n);
  values[SP_GROUP_CIRCLE] = per_mille(sums->circle_loss, n);
  values[SP_GROUP_ABNORMAL] = per_mille(sums->abnormal, n);
  if (n != 0) {
    values[SP_GROUP_MEMBER_RISK] = (int32_t)(sums->probability_ppm / 1000U / n);
  }
  sp_card_lay_out(&sp_group_card, &layout);
  sp_card_rate(&layout, values, &risk->score, NULL);
}

void sp_group_rfm(const struct sp_group_profile *group, const struct sp_group_sums *sums,
                  const struct sp_as_of *at, struct sp_rfm *rfm)
{
  /* A subscriber active on the days of all members: F and trend follow as they do for one. */
  struct sp_profile all = {0};
  all.first_utc_s = group->first_utc_s;
  all.days_low = sums->days_low;
  all.days_high = (uint32_t)sums->days_high;
  all.last_day = group->last_day == 0 ? 0 : (uint16_t)at->day;
  sp_rfm_measure(&all, at, SP_POPULATION_GROUP, rfm);
  if (group->last_day != 0) {
    rfm->r_days = at->day > group->last_day ? at->day - group->last_day : 0;
  }
  for (uint32_t back = 1; back <= SP_RFM_MONTHS; back++) {
    struct sp_month month;
    if (sp_group_month_at(group, at->month - back, &month)) {
      rfm->money_micro = sum_capped(rfm->money_micro, month.net_micro);
    }
  }
}
