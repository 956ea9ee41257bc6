/* R, F and M of customers, their scores and classes (analytics.md §2). Pure; arrays are the
 * caller's. */
#ifndef SP_SEGMENT_RFM_H
#define SP_SEGMENT_RFM_H

#include "segment/profile.h"
#include "segment/select.h"

#define SP_RFM_CUTS_VERSION 1U
#define SP_RFM_DAYS 90U         /* F counts active days of so many */
#define SP_RFM_MONTHS 3U        /* M adds so many closed months */
#define SP_RFM_NEVER UINT32_MAX /* r_days of a customer without activity: not scored */

enum sp_population {
  SP_POPULATION_INDIVIDUAL,
  SP_POPULATION_MEMBER,
  SP_POPULATION_GROUP,
  SP_POPULATION_COUNT
};

/* Important or ordinary (M above its mean or not) x value, develop, keep, win back. */
#define SP_CLASS_TABLE(X)                                 \
  X(IMPORTANT_VALUE, "important_value", "重要价值")       \
  X(IMPORTANT_DEVELOP, "important_develop", "重要发展")   \
  X(IMPORTANT_KEEP, "important_keep", "重要保持")         \
  X(IMPORTANT_WIN_BACK, "important_win_back", "重要挽留") \
  X(ORDINARY_VALUE, "ordinary_value", "一般价值")         \
  X(ORDINARY_DEVELOP, "ordinary_develop", "一般发展")     \
  X(ORDINARY_KEEP, "ordinary_keep", "一般保持")           \
  X(ORDINARY_WIN_BACK, "ordinary_win_back", "一般挽留")

enum sp_class {
#define X(name, word, label) SP_CUSTOMER_##name,
  SP_CLASS_TABLE(X)
#undef X
      SP_CUSTOMER_CLASSES
};

enum sp_trend { SP_TREND_STEADY, SP_TREND_RISING, SP_TREND_FALLING };

struct sp_rfm {
  int64_t money_micro;    /* M: net charge of the last 3 closed months */
  uint32_t r_days;        /* R: days since the last activity, or SP_RFM_NEVER */
  uint16_t f_days;        /* F: active days in the last 90 */
  uint8_t r, f, m;        /* scores 1..5, 5 is best; 0 = not scored */
  uint8_t customer_class; /* enum sp_class */
  uint8_t trend;          /* enum sp_trend, of F */
  uint8_t population;     /* enum sp_population */
  uint32_t reserved;
};

/* Frozen cut points of one population, renewed at month close; stored as they lie. The means are
 * those of the customers the cuts were made from, rounded so that comparing stays exact. */
struct sp_rfm_cuts {
  uint32_t version, month; /* the month in which they hold */
  uint64_t count;          /* customers they were made from; 0: none, nobody is scored */
  int64_t r[SP_CUTS], f[SP_CUTS], m[SP_CUTS];
  int64_t r_mean_ceil, f_mean_floor, m_mean_floor;
};
_Static_assert(sizeof(struct sp_rfm_cuts) == 136, "cuts are stored as they lie");

/* R, F, M and trend of a subscriber at an instant; scores are left 0. */
void sp_rfm_measure(const struct sp_profile *profile, const struct sp_as_of *at,
                    enum sp_population population, struct sp_rfm *rfm);

/* Cut points from the customers of one population among n. values: n, counts: SP_SELECT_COUNTS. */
void sp_rfm_cuts_make(struct sp_rfm_cuts *cuts, const struct sp_rfm *customers, size_t n,
                      enum sp_population population, int64_t *values, uint32_t *counts);

/* Scores and classes by the cuts of each customer's population. */
void sp_rfm_score(struct sp_rfm *customers, size_t n,
                  const struct sp_rfm_cuts cuts[SP_POPULATION_COUNT]);

/* Words for data and labels for people; "" out of range. */
const char *sp_class_word(unsigned customer_class);
const char *sp_class_label(unsigned customer_class);
const char *sp_trend_word(unsigned trend);
const char *sp_population_word(unsigned population);

#endif
