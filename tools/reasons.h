/* Why a customer has its score, as lines for people and as JSON: contributions against the
 * population in points, texts with their numbers, what to do about the first. */
#ifndef SP_TOOLS_REASONS_H
#define SP_TOOLS_REASONS_H

#include <stdio.h>

#include "segment/scores.h"

#define SP_REASON_TEXT_BYTES 512
#define SP_REASONS_MOST 3U

struct sp_shown_reason {
  const char *word; /* of the feature */
  int64_t contribution_milli;
  char text[SP_REASON_TEXT_BYTES];
};

struct sp_shown_reasons {
  struct sp_shown_reason reasons[SP_REASONS_MOST]; /* what raises the risk, strongest first */
  struct sp_shown_reason against[SP_REASONS_MOST]; /* what lowers it */
  uint32_t reason_count, against_count;
  const char *action;
};

void sp_reasons_of_subscriber(const struct sp_scores *scores, uint32_t subscriber,
                              struct sp_shown_reasons *shown);
void sp_reasons_of_group(const struct sp_scores *scores, uint32_t group,
                         struct sp_shown_reasons *shown);

/* "reasons":[..],"against":[..],"action":".." */
void sp_reasons_json(FILE *to, const struct sp_shown_reasons *shown);
/* "members_at_risk":[..] of a group, the most money first; levels: each with its level, too. */
void sp_members_json(FILE *to, const struct sp_scores *scores, uint32_t group, bool levels);
/* One indented line each. */
void sp_reasons_print(FILE *to, const struct sp_shown_reasons *shown);
/* Money with two decimals, rounded down, for the eye. */
void sp_money_print(FILE *to, int64_t micro);

#endif
