/* Risk of a group (analytics.md §4): what its members add up to, shrunken member loss, a score with
 * exact reasons, money at risk. Pure, any thread. */
#ifndef SP_SEGMENT_GROUP_RISK_H
#define SP_SEGMENT_GROUP_RISK_H

#include "segment/churn.h"
#include "segment/rfm.h"

#define SP_SILENT_DAYS 30U /* a member silent for so long counts as lost */
#define SP_LEFT_DAYS 90U   /* a membership that ended within so many days does too */
#define SP_LOSS_SHRINK 20U /* k of (lost + k p0) / (n + k) */
#define SP_SHARE_SHRINK 8U /* k of marked / (n + k) */

/* Sums over the members of a group, and of the groups below it. Zero it first. */
struct sp_group_sums {
  uint32_t members;                         /* at the instant, with activity at some time */
  uint32_t unseen;                          /* at the instant, never with activity */
  uint32_t silent_30, silent_60, silent_90; /* members without activity for so many days */
  uint32_t left_30, left_60, left_90;       /* whose membership ended within so many days */
  uint32_t hotline, forward, abnormal;      /* members with such marks, this month and last */
  uint32_t circle_loss;                     /* members whose circle shrank by 30 % and more */
  uint64_t probability_ppm;                 /* sum of the members' */
  int64_t money_micro;                      /* sum of the members' M */
  int64_t at_risk_micro;                    /* sum of probability x a month's money (M / 3) */
  int64_t money_most_micro;                 /* the greatest member's M */
  uint64_t days_low,
      days_high; /* days on which any member was active: bit i = the instant's day - i */
};

/* What the customer tables say of a group at an instant; nothing later is looked at. */
struct sp_group_facts {
  uint32_t key_persons, key_lost; /* members with role key; of them silent for 30 days or left */
  uint32_t complaints;            /* of the group, in the last 90 days */
  int32_t arrears_days;           /* the latest such fact of the last 90 days, else 0 */
  int32_t contract_days;          /* until the contract ends, negative after; SP_CARD_UNKNOWN */
  int32_t satisfaction;           /* the latest such fact, 0..100; SP_CARD_UNKNOWN */
  bool port_out_request;          /* in the last 90 days */
};
#define SP_FACT_DAYS 90U

void sp_group_sums_add(struct sp_group_sums *sums, const struct sp_profile *profile,
                       const struct sp_card_score *score, const struct sp_rfm *rfm,
                       const struct sp_review *review);
/* A member whose membership ended `days` days before the instant. */
void sp_group_sums_left(struct sp_group_sums *sums, uint32_t days);
/* Adds the own record of a group below. */
void sp_group_profile_merge(struct sp_group_profile *group, const struct sp_group_profile *below);

/* A month's money (M / 3) times the probability of losing the customer; 0 for a negative M. */
int64_t sp_at_risk_micro(const struct sp_rfm *rfm, const struct sp_card_score *score);

/* Members lost, and of how many: over all groups its share is p0, in millionths. */
struct sp_loss {
  uint64_t lost, of;
};
uint32_t sp_loss_ppm(const struct sp_loss *loss);
/* (lost + k p0) / (n + k) of one group. */
uint32_t sp_group_loss_ppm(const struct sp_group_sums *sums, uint32_t prior_ppm);

enum sp_group_feature {
  SP_GROUP_LOSS,        /* shrunken member loss, per mille */
  SP_GROUP_SILENT,      /* days since any member's activity */
  SP_GROUP_MINUTES,     /* change of voice, % */
  SP_GROUP_DATA,        /* of data */
  SP_GROUP_SPEND,       /* of the net charge */
  SP_GROUP_INSIDE,      /* change of the share of calls inside the group, percentage points */
  SP_GROUP_HOTLINE,     /* members who called competitors' hotlines, per mille, shrunken */
  SP_GROUP_FORWARD,     /* members who forward to another operator, the same */
  SP_GROUP_CIRCLE,      /* members whose circle shrank, the same */
  SP_GROUP_MEMBER_RISK, /* mean probability of the members, per mille */
  SP_GROUP_ABNORMAL,    /* members whose calls break off, the same */
  SP_GROUP_KEY,         /* key persons lost */
  SP_GROUP_ARREARS,     /* days */
  SP_GROUP_COMPLAINTS,  /* in the last 90 days */
  SP_GROUP_CONTRACT,    /* days until the contract ends */
  SP_GROUP_SATISFACTION,
  SP_GROUP_FEATURE_COUNT
};
_Static_assert(SP_GROUP_FEATURE_COUNT <= SP_CARD_FEATURES_MAX, "bins of a group fit 64 bits");

extern const struct sp_card sp_group_card;

struct sp_group_risk {
  struct sp_card_score score;
  uint32_t loss_ppm;
  int32_t values[SP_CARD_FEATURES_MAX]; /* by enum sp_group_feature */
};

/* What a group's risk is judged by. */
struct sp_group_case {
  const struct sp_group_profile *profile; /* with all groups below */
  const struct sp_group_sums *sums;       /* the same */
  const struct sp_group_facts *facts;
  const struct sp_review *review;
};
void sp_group_rate(const struct sp_group_case *of, uint32_t prior_ppm, struct sp_group_risk *risk);

/* R, F (days on which any member was active), M and trend of a group. */
void sp_group_rfm(const struct sp_group_profile *group, const struct sp_group_sums *sums,
                  const struct sp_as_of *at, struct sp_rfm *rfm);

/* A reason with its numbers, and what to do about it. */
void sp_group_reason(const struct sp_group_case *of, const struct sp_group_risk *risk,
                     enum sp_group_feature feature, struct sp_text *text);
const char *sp_group_action(enum sp_group_feature feature);

#endif
