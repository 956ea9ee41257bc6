#include "segment/churn.h"

#include <string.h>

#include "rating/money.h"
#include "segment/profile_read.h"

enum { PERCENT_MAX = 1000, RUNNING_MONTH_FROM_DAY = 15, CIRCLE_FROM_DAY = 20, CONTACTS_MIN = 10 };
enum { SLOPE_TENURE_MIN = 21, DAYS_TENURE_MIN = 60, MONTH_DAYS = 30, CIRCLE_TENTHS_MIN = 50 };

/* Points are hundredths of log-odds. The first of each row is for "cannot be told". */
static const struct sp_card_feature features[SP_FEATURE_COUNT] = {
    [SP_FEATURE_SILENT] = {"silent_days", 5, 1, {4, 8, 15, 31, 61}, {0, 0, 20, 60, 130, 230, 330}},
    [SP_FEATURE_SLOPE] = {"usage_slope", 4, -1, {25, 50, 75, 126}, {0, 120, 70, 30, 0, -20}},
    [SP_FEATURE_MINUTES] = {"minutes_change", 4, -1, {-79, -49, -24, 26}, {0, 110, 70, 25, 0, -15}},
    [SP_FEATURE_DATA] = {"data_change", 4, -1, {-79, -49, -24, 26}, {0, 60, 40, 15, 0, -10}},
    [SP_FEATURE_SPEND] = {"spend_change", 4, -1, {-79, -49, -24, 26}, {0, 90, 60, 20, 0, -10}},
    [SP_FEATURE_CIRCLE] = {"circle_change", 2, -1, {-59, -29}, {0, 70, 30, 0}},
    [SP_FEATURE_OFFNET] = {"offnet_growth", 2, 1, {10, 20}, {0, 0, 40, 80}},
    [SP_FEATURE_HOTLINE] = {"competitor_hotline", 3, 1, {1, 2, 4}, {0, 0, 50, 90, 120}},
    [SP_FEATURE_FORWARD] = {"forwarding_out", 2, 1, {1, 5}, {0, 0, 60, 110}},
    [SP_FEATURE_INSIDE] = {"inside_share", 3, -1, {10, 30, 60}, {0, 0, -20, -40, -60}},
    [SP_FEATURE_TENURE] = {"tenure_days", 3, -1, {30, 90, 365}, {0, 30, 10, 0, -20}},
    [SP_FEATURE_ABNORMAL] = {"abnormal_ends", 2, 1, {3, 10}, {0, 0, 25, 50}},
    [SP_FEATURE_DAYS] = {"active_days_change", 3, -1, {-9, -3, 5}, {0, 50, 20, 0, -15}},
};

const struct sp_card sp_churn_card = {features, SP_FEATURE_COUNT, -350};

void sp_review_set(struct sp_review *review, int64_t as_of_utc_s, uint32_t as_of_day)
{
  memset(review, 0, sizeof *review);
  review->at.utc_s = as_of_utc_s;
  sp_as_of_day(&review->at, as_of_day);
  bool running = review->at.day_of_month >= RUNNING_MONTH_FROM_DAY;
  review->latest_month = running ? review->at.month : review->at.month - 1U;
  review->scale_days = running ? review->at.days_in_month : 1U;
  review->scale_of_days = running ? review->at.day_of_month : 1U;
  /* Rounded up, so that amounts below 2^32 that divide evenly stay even. */
  review->scale_q32 =
      (((uint64_t)review->scale_days << 32U) + review->scale_of_days - 1U) / review->scale_of_days;
  for (uint32_t k = 0; k < SP_BASELINE_MONTHS; k++) {
    review->month_start_day[k] = sp_day_of_month_start(review->latest_month - 1U - k);
  }
  sp_card_lay_out(&sp_churn_card, &review->layout);
}

/* 100 part / whole, cut towards 0. In double precision, whose division costs a third of that of
 * 64-bit integers: below 2^46 both give the same, beyond that a percent more or less says nothing.
 * IEEE 754 makes it the same everywhere. */
static int32_t percent_of(int64_t part, int64_t whole)
{
  double percent = (double)part * 100.0 / (double)whole;
  return (int32_t)(percent > PERCENT_MAX    ? PERCENT_MAX
                   : percent < -PERCENT_MAX ? -PERCENT_MAX
                                            : percent);
}

/* least: amount of a month below which a change means nothing. */
static void set_change(struct sp_change *change, const struct sp_review *review, int64_t latest,
                       int64_t before, uint32_t months, int64_t least)
{
  /* Divisors as constants are multiplications. */
  change->before = months == 3U   ? before / 3
                   : months == 2U ? before / 2
                   : months == 1U ? before
                                  : 0;
  change->now = latest;
  if (review->scale_days != review->scale_of_days) {
    change->now = (int64_t)((sp_i128)latest * review->scale_q32 >> 32U);
  }
  change->percent = SP_CARD_UNKNOWN;
  if (months != 0 && change->before >= least) {
    change->percent =
        percent_of((change->now < 0 ? 0 : change->now) - change->before, change->before);
  }
}

/* What is compared: sums of a customer's latest month and of the months before it. */
struct amounts {
  int64_t net_micro, voice_s, bytes;
  uint32_t contacts, offnet;
};
struct window {
  struct amounts latest, before;
  uint32_t months; /* how many in before */
};

static void add_month(struct amounts *sums, const struct sp_profile_month *month)
{
  sums->net_micro += sp__month_net(month);
  sums->voice_s += sp__month_voice(month);
  sums->bytes += sp__month_bytes(month);
  sums->contacts += sp__month_contacts(month);
  sums->offnet += month->offnet;
}

/* Months before the first activity, and the one that it cut, are no baseline. */
static void read_window(const struct sp_profile *profile, const struct sp_review *review,
                        struct window *window)
{
  uint32_t first_day = profile->first_utc_s / 86400U;
  const struct sp_profile_month *month = sp__ring_month(profile, review->latest_month);
  memset(window, 0, sizeof *window);
  if (month != NULL) {
    add_month(&window->latest, month);
  }
  for (uint32_t k = 0; k < SP_BASELINE_MONTHS && first_day <= review->month_start_day[k]; k++) {
    month = sp__ring_month(profile, review->latest_month - 1U - k);
    if (month != NULL) {
      add_month(&window->before, month);
      window->months++;
    }
  }
}

static void change_of(const struct window *window, const struct sp_review *review,
                      enum sp_feature feature, struct sp_change *change)
{
  const struct amounts *now = &window->latest;
  const struct amounts *before = &window->before;
  if (feature == SP_FEATURE_MINUTES) {
    set_change(change, review, now->voice_s, before->voice_s, window->months, 600);
  } else if (feature == SP_FEATURE_DATA) {
    set_change(change, review, now->bytes, before->bytes, window->months, 10 << 20);
  } else {
    SP_ASSERT(feature == SP_FEATURE_SPEND);
    set_change(change, review, now->net_micro, before->net_micro, window->months, 1000000);
  }
}

void sp_churn_change(const struct sp_profile *profile, const struct sp_review *review,
                     enum sp_feature feature, struct sp_change *change)
{
  struct window window;
  read_window(profile, review, &window);
  change_of(&window, review, feature, change);
}

/* A group's sums stay far from overflow when three months are added and scaled by 31. */
static int64_t bounded(int64_t amount)
{
  const int64_t most = INT64_MAX / 256;
  return amount > most ? most : amount < -most ? -most : amount;
}

static void add_group_month(struct amounts *sums, const struct sp_month *month)
{
  sums->net_micro += bounded(month->net_micro);
  sums->voice_s += bounded(month->voice_s);
  sums->bytes += bounded(month->bytes);
}

void sp_group_change(const struct sp_group_profile *group, const struct sp_review *review,
                     enum sp_feature feature, struct sp_change *change)
{
  struct window window;
  struct sp_month month;
  uint32_t first_day = group->first_utc_s / 86400U;
  memset(&window, 0, sizeof window);
  (void)sp_group_month_at(group, review->latest_month, &month);
  add_group_month(&window.latest, &month);
  for (uint32_t k = 0; k < SP_BASELINE_MONTHS && group->first_utc_s != 0; k++) {
    if (first_day <= review->month_start_day[k] &&
        sp_group_month_at(group, review->latest_month - 1U - k, &month)) {
      add_group_month(&window.before, &month);
      window.months++;
    }
  }
  change_of(&window, review, feature, change);
}

/* Short counter against long, both as a share of what a steady customer of the same age has: the
 * counters of a new one have not filled yet. 1229 = 100 (1 - 2^(-1/7)) / (1 - 2^(-1/90)). */
static int32_t slope_of(const struct sp_profile *profile, uint32_t silent, uint32_t tenure)
{
  enum { WHOLE = 1 << 20 };
  int64_t now = sp_decay_short(profile->activity_short, silent);
  int64_t usual = sp_decay_long(profile->activity_long, silent);
  if (tenure < SLOPE_TENURE_MIN || usual < (int64_t)SP_ACTIVITY_ONE) {
    return SP_CARD_UNKNOWN;
  }
  int64_t filled_short = WHOLE - (int64_t)sp_decay_short(WHOLE, tenure + 1U);
  int64_t filled_long = WHOLE - (int64_t)sp_decay_long(WHOLE, tenure + 1U);
  double percent = (double)(now * filled_long) * 12.29 / (double)(usual * filled_short) * 100.0;
  return (int32_t)(percent > PERCENT_MAX ? PERCENT_MAX : percent);
}

static int32_t circle_of(const struct sp_profile *profile, const struct sp_review *review)
{
  bool comparable = review->latest_month == review->at.month &&
                    review->at.day_of_month >= CIRCLE_FROM_DAY &&
                    profile->month == review->at.month;
  int32_t before = (int32_t)sp_contacts_tenths(profile->contacts_before);
  if (!comparable || before < CIRCLE_TENTHS_MIN) {
    return SP_CARD_UNKNOWN;
  }
  return percent_of((int64_t)sp_contacts_tenths(profile->contacts_now) - before, before);
}

static int32_t offnet_of(const struct window *window)
{
  const struct amounts *now = &window->latest;
  const struct amounts *before = &window->before;
  if (now->contacts < CONTACTS_MIN || before->contacts < CONTACTS_MIN) {
    return SP_CARD_UNKNOWN;
  }
  /* Contacts of a month fit 17 bits, so 32 bits do. */
  return (int32_t)(now->offnet * 100U / now->contacts) -
         (int32_t)(before->offnet * 100U / before->contacts);
}

static int32_t inside_of(const struct sp_profile *profile)
{
  const struct sp_profile_month *now = sp__ring_month(profile, profile->month);
  const struct sp_profile_month *before = sp__ring_month(profile, profile->month - 1U);
  uint32_t contacts = sp__month_contacts(now) + sp__month_contacts(before);
  uint32_t inside = (uint32_t)profile->inside_now + profile->inside_before;
  return contacts < CONTACTS_MIN ? SP_CARD_UNKNOWN : (int32_t)(inside * 100U / contacts);
}

/* This month and last. */
static int32_t mark_of(const struct sp_profile *profile, const struct sp_review *review,
                       enum sp_mark mark)
{
  uint32_t both = profile->marks[mark];
  if (profile->month == review->at.month) {
    return (int32_t)((both & SP_MARK_MAX) + (both >> 4U));
  }
  return profile->month + 1U == review->at.month ? (int32_t)(both & SP_MARK_MAX) : 0;
}

void sp_churn_values(const struct sp_profile *profile, const struct sp_review *review, bool member,
                     int32_t values[SP_CARD_FEATURES_MAX])
{
  struct window window;
  struct sp_change change;
  uint32_t day = review->at.day;
  uint32_t first_day = profile->first_utc_s / 86400U;
  uint32_t silent = day > profile->last_day ? day - profile->last_day : 0;
  uint32_t tenure = day > first_day ? day - first_day : 0;
  SP_ASSERT(profile->last_day != 0);
  read_window(profile, review, &window);
  values[SP_FEATURE_SILENT] = (int32_t)silent;
  values[SP_FEATURE_SLOPE] = slope_of(profile, silent, tenure);
  for (uint32_t k = SP_FEATURE_MINUTES; k <= SP_FEATURE_SPEND; k++) {
    change_of(&window, review, (enum sp_feature)k, &change);
    values[k] = change.percent;
  }
  values[SP_FEATURE_CIRCLE] = circle_of(profile, review);
  values[SP_FEATURE_OFFNET] = offnet_of(&window);
  values[SP_FEATURE_HOTLINE] = mark_of(profile, review, SP_MARK_HOTLINE);
  values[SP_FEATURE_FORWARD] = mark_of(profile, review, SP_MARK_FORWARD);
  values[SP_FEATURE_INSIDE] = member ? inside_of(profile) : SP_CARD_UNKNOWN;
  values[SP_FEATURE_TENURE] = (int32_t)tenure;
  values[SP_FEATURE_ABNORMAL] = mark_of(profile, review, SP_MARK_ABNORMAL);
  values[SP_FEATURE_DAYS] = SP_CARD_UNKNOWN;
  if (tenure >= DAYS_TENURE_MIN) {
    int32_t now = (int32_t)sp_profile_active_days(profile, day, MONTH_DAYS);
    int32_t both = (int32_t)sp_profile_active_days(profile, day, 2U * MONTH_DAYS);
    values[SP_FEATURE_DAYS] = 2 * now - both;
  }
  for (uint32_t k = SP_FEATURE_COUNT; k < SP_CARD_FEATURES_MAX; k++) {
    values[k] = SP_CARD_UNKNOWN;
  }
}

void sp_churn_rate(const struct sp_profile *profile, const struct sp_review *review, bool member,
                   struct sp_card_score *score, struct sp_card_means *means)
{
  int32_t values[SP_CARD_FEATURES_MAX];
  sp_churn_values(profile, review, member, values);
  sp_card_rate(&review->layout, values, score, means);
}
