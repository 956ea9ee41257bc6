/* Churn risk of a subscriber by a hand-written scorecard (analytics.md §3), from its profile alone.
 * The card's points are a judgement, not a fit: they order customers and say why. Pure, any thread.
 */
#ifndef SP_SEGMENT_CHURN_H
#define SP_SEGMENT_CHURN_H

#include "rating/text.h"
#include "segment/card.h"
#include "segment/profile.h"

enum sp_feature {
  SP_FEATURE_SILENT,   /* days without activity */
  SP_FEATURE_SLOPE,    /* usage of the last days against the last months, % */
  SP_FEATURE_MINUTES,  /* change of voice against the months before, % */
  SP_FEATURE_DATA,     /* of data */
  SP_FEATURE_SPEND,    /* of the net charge */
  SP_FEATURE_CIRCLE,   /* of distinct contacts against last month, % */
  SP_FEATURE_OFFNET,   /* growth of the off-net share of calls and messages, percentage points */
  SP_FEATURE_HOTLINE,  /* contacts with competitors' hotlines, this month and last */
  SP_FEATURE_FORWARD,  /* calls forwarded to another operator, this month and last */
  SP_FEATURE_INSIDE,   /* share of calls and messages inside the own group, %; only members */
  SP_FEATURE_TENURE,   /* days since the first activity */
  SP_FEATURE_ABNORMAL, /* calls that ended abnormally, this month and last */
  SP_FEATURE_DAYS,     /* active days of the last 30 less those of the 30 before */
  SP_FEATURE_COUNT
};
_Static_assert(SP_FEATURE_COUNT <= SP_CARD_FEATURES_MAX, "bins of a customer fit 64 bits");

/* What a review compares: the running month, scaled up, from its 15th day on, else the month that
 * closed last, with up to three months before it. */
#define SP_BASELINE_MONTHS 3U
struct sp_review {
  struct sp_as_of at;
  uint32_t latest_month;
  uint64_t scale_q32;                           /* scale_days / scale_of_days in 2^-32 */
  uint32_t scale_days, scale_of_days;           /* latest amounts x scale_days / scale_of_days */
  uint32_t month_start_day[SP_BASELINE_MONTHS]; /* of latest_month - 1, - 2, - 3 */
  struct sp_card_layout layout;                 /* of sp_churn_card */
};

/* What changed: the mean of the baseline's whole months and the latest, scaled. */
struct sp_change {
  int64_t before, now;
  int32_t percent; /* SP_CARD_UNKNOWN: no month before, or too little in it */
};

void sp_review_set(struct sp_review *review, int64_t as_of_utc_s, uint32_t as_of_day);

extern const struct sp_card sp_churn_card;

/* Values of all features of a subscriber with activity. */
void sp_churn_values(const struct sp_profile *profile, const struct sp_review *review, bool member,
                     int32_t values[SP_CARD_FEATURES_MAX]);
/* Values and score in one; adds to the means unless they are NULL. */
void sp_churn_rate(const struct sp_profile *profile, const struct sp_review *review, bool member,
                   struct sp_card_score *score, struct sp_card_means *means);

/* Amounts behind SP_FEATURE_MINUTES (s), DATA (bytes), SPEND (micro-units). */
void sp_churn_change(const struct sp_profile *profile, const struct sp_review *review,
                     enum sp_feature feature, struct sp_change *change);
/* The same for the months of a group. */
struct sp_group_profile;
void sp_group_change(const struct sp_group_profile *group, const struct sp_review *review,
                     enum sp_feature feature, struct sp_change *change);

/* A reason with its numbers: "minutes 412 → 150 since 2026-05, −64 %". */
void sp_churn_reason(const struct sp_profile *profile, const struct sp_review *review, bool member,
                     enum sp_feature feature, struct sp_text *text);
/* The part of a reason about a change: amounts in the unit of the feature, month, percent. */
void sp_change_text(const struct sp_change *change, const struct sp_review *review,
                    enum sp_feature feature, struct sp_text *text);
/* What to do about it, by rule. */
const char *sp_churn_action(enum sp_feature feature);

#endif
