#include "segment/warning.h"

enum { NEVER = SP_INDICATOR_NEVER, MEMBERS_MIN = 3 };

const struct sp_indicator sp_indicators[] = {
    {"C1", "usage_drop", SP_GROUP_MINUTES, -1, {-20, -35, -50, -70}},
    {"C2", "silent_days", SP_GROUP_SILENT, 1, {4, 8, 15, 31}},
    {"C3", "data_drop", SP_GROUP_DATA, -1, {-30, -50, -70, NEVER}},
    {"C4", "competitor_hotline", SP_GROUP_HOTLINE, 1, {50, 100, 200, NEVER}},
    {"C5", "forwarding_out", SP_GROUP_FORWARD, 1, {50, 100, 200, NEVER}},
    {"C7", "circle_loss", SP_GROUP_CIRCLE, 1, {200, 350, 500, NEVER}},
    {"C8", "inside_share", SP_GROUP_INSIDE, -1, {-10, -20, -30, NEVER}},
    {"C9", "member_loss", SP_GROUP_LOSS, 1, {50, 100, 200, 350}},
    {"C10", "key_person", SP_GROUP_KEY, 1, {NEVER, 1, 2, NEVER}},
    {"C11", "revenue_drop", SP_GROUP_SPEND, -1, {-30, -50, -70, NEVER}},
    {"C12", "payment", SP_GROUP_ARREARS, 1, {1, 30, 60, NEVER}},
    {"C13", "complaints", SP_GROUP_COMPLAINTS, 1, {1, 3, NEVER, NEVER}},
    {"C14", "contract_end", SP_GROUP_CONTRACT, -1, {90, 30, NEVER, NEVER}},
    {"C19", "satisfaction", SP_GROUP_SATISFACTION, -1, {74, 59, NEVER, NEVER}},
    {"C20", "network_failures", SP_GROUP_ABNORMAL, 1, {100, 300, NEVER, NEVER}},
};
const uint32_t sp_indicator_count = sizeof sp_indicators / sizeof *sp_indicators;

/* Lines on the score in millionths: entered at the upper one, left below the lower one. */
static const uint32_t upper_ppm[SP_LEVEL_COUNT] = {0, 80000, 150000, 250000, 400000};
static const uint32_t lower_ppm[SP_LEVEL_COUNT] = {0, 60000, 120000, 200000, 320000};

enum sp_level sp_indicator_level(const struct sp_indicator *indicator, int32_t value)
{
  uint32_t level = SP_LEVEL_NONE;
  if (value == SP_CARD_UNKNOWN) {
    return SP_LEVEL_NONE;
  }
  for (uint32_t k = 0; k < SP_LEVEL_COUNT - 1U; k++) {
    int32_t line = indicator->lines[k];
    if (line != NEVER && (indicator->sense > 0 ? value >= line : value <= line)) {
      level = k + 1U;
    }
  }
  return (enum sp_level)level;
}

enum sp_level sp_score_level(uint32_t probability_ppm, bool lower)
{
  const uint32_t *lines = lower ? lower_ppm : upper_ppm;
  uint32_t level = SP_LEVEL_NONE;
  for (uint32_t k = 1; k < SP_LEVEL_COUNT; k++) {
    level = probability_ppm >= lines[k] ? k : level;
  }
  return (enum sp_level)level;
}

enum sp_level sp_group_level(const struct sp_group_risk *risk, uint32_t members, bool lower)
{
  enum sp_level level = sp_score_level(risk->score.probability_ppm, lower);
  for (uint32_t i = 0; i < sp_indicator_count; i++) {
    enum sp_level called =
        sp_indicator_level(&sp_indicators[i], risk->values[sp_indicators[i].feature]);
    level = called > level ? called : level;
  }
  return members < MEMBERS_MIN && level > SP_LEVEL_YELLOW ? SP_LEVEL_YELLOW : level;
}

void sp_warning_review(struct sp_warning *warning, enum sp_level upper, enum sp_level lower,
                       bool port_out_request)
{
  SP_ASSERT(lower >= upper && warning->level < SP_LEVEL_COUNT);
  enum sp_level called = port_out_request ? SP_LEVEL_RED : upper;
  enum sp_level kept = port_out_request ? SP_LEVEL_RED : lower;
  if (called >= warning->level) {
    warning->level = (uint8_t)called;
    warning->reviews = 0;
  } else if (kept >= warning->level) {
    warning->reviews = 0;
  } else if (++warning->reviews >= SP_REVIEWS_TO_LEAVE) {
    warning->level = (uint8_t)kept;
    warning->reviews = 0;
  }
}

const char *sp_level_word(unsigned level)
{
  static const char *const words[SP_LEVEL_COUNT] = {"none", "blue", "yellow", "orange", "red"};
  return level < SP_LEVEL_COUNT ? words[level] : "";
}
