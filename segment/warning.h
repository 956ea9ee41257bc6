/* Warning levels (analytics.md §4): lines on a group's score, indicators C1 to C20 as far as usage
 * records and customer tables feed them, and the rule by which a level is entered and left. Pure,
 * any thread. */
#ifndef SP_SEGMENT_WARNING_H
#define SP_SEGMENT_WARNING_H

#include "segment/group_risk.h"

enum sp_level { SP_LEVEL_NONE, SP_LEVEL_BLUE, SP_LEVEL_YELLOW, SP_LEVEL_ORANGE, SP_LEVEL_RED };
#define SP_LEVEL_COUNT 5U
#define SP_REVIEWS_TO_LEAVE 2U
#define SP_INDICATOR_NEVER INT32_MAX

struct sp_indicator {
  const char *code; /* as in analytics.md §4: C1 .. C20 */
  const char *word;
  enum sp_group_feature feature;
  int32_t sense;                      /* +1: warns from a line upwards, -1: downwards */
  int32_t lines[SP_LEVEL_COUNT - 1U]; /* of blue, yellow, orange, red; SP_INDICATOR_NEVER */
};
extern const struct sp_indicator sp_indicators[];
extern const uint32_t sp_indicator_count;

/* The level an indicator calls for. */
enum sp_level sp_indicator_level(const struct sp_indicator *indicator, int32_t value);

/* The level that a probability calls for by the upper or the lower lines. */
enum sp_level sp_score_level(uint32_t probability_ppm, bool lower);

/* The level the score and the indicators call for now. A group of fewer than 3 members, of whom one
 * makes a third, warns in yellow at most. lower: by the lower lines of the score, which only decide
 * about leaving a level. */
enum sp_level sp_group_level(const struct sp_group_risk *risk, uint32_t members, bool lower);

/* What is kept of a group's warning between reviews. Zero: none. */
struct sp_warning {
  uint8_t level;   /* enum sp_level */
  uint8_t reviews; /* in a row that asked for less */
};
/* One review: a level is entered at once and left after two reviews below its lower line; a
 * port-out request is red at once. */
void sp_warning_review(struct sp_warning *warning, enum sp_level upper, enum sp_level lower,
                       bool port_out_request);

const char *sp_level_word(unsigned level); /* "none", "blue", .. */

#endif
