/* An additive scorecard (analytics.md §3): every feature's value falls into a bin, every bin has
 * points, points add up to log-odds. Reasons are exact: what a feature contributes is the points of
 * its bin minus the mean points of the population. Tables are constant data; any thread. */
#ifndef SP_SEGMENT_CARD_H
#define SP_SEGMENT_CARD_H

#include "rating/status.h"

#define SP_CARD_FEATURES_MAX 16U
#define SP_CARD_CUTS_MAX 7U
#define SP_CARD_BINS_MAX 9U
#define SP_CARD_POINTS_PER_LOGIT 100
#define SP_CARD_UNKNOWN INT32_MIN /* a value that cannot be told: bin 0 */
#define SP_PPM 1000000

struct sp_card_feature {
  const char *word;  /* key in data */
  uint8_t cut_count; /* bin 1 + number of cuts at or below the value; bin 0 = unknown */
  int8_t sense;      /* +1: points never fall with the value, -1: never rise */
  int32_t cuts[SP_CARD_CUTS_MAX];
  int16_t points[SP_CARD_BINS_MAX];
};

struct sp_card {
  const struct sp_card_feature *features;
  uint32_t feature_count;
  int32_t base_points; /* log-odds of a customer all of whose bins have 0 points */
};

/* A card laid out for scoring many customers: cuts by number, then feature. */
struct sp_card_layout {
  int32_t cuts[SP_CARD_CUTS_MAX][SP_CARD_FEATURES_MAX]; /* INT32_MAX beyond a feature's own */
  int32_t points[SP_CARD_FEATURES_MAX][SP_CARD_BINS_MAX];
  uint32_t cut_count; /* greatest of all features */
  uint32_t feature_count;
  int32_t base_points;
};
void sp_card_lay_out(const struct sp_card *card, struct sp_card_layout *layout);

/* One customer's place in a card. */
struct sp_card_score {
  uint64_t bins;  /* 4 bits a feature */
  int32_t points; /* base and all bins */
  uint32_t probability_ppm;
};

/* Points of a population, feature by feature. */
struct sp_card_means {
  uint64_t count;
  int64_t sum[SP_CARD_FEATURES_MAX];
};

static inline uint32_t sp_card_bin(const struct sp_card_score *score, uint32_t feature)
{
  return (uint32_t)(score->bins >> (4U * feature)) & 15U;
}

/* Scores the values of all features (SP_CARD_FEATURES_MAX of them; what is beyond the card's is not
 * looked at) and, unless means is NULL, adds the customer to the means. */
void sp_card_rate(const struct sp_card_layout *layout, const int32_t values[SP_CARD_FEATURES_MAX],
                  struct sp_card_score *score, struct sp_card_means *means);

/* 1 / (1 + exp(-points / 100)) in millionths, from a table with straight lines between its points:
 * at most 0.1 % off in absolute terms, never falling, within (0, 1000000). */
uint32_t sp_card_probability_ppm(int32_t points);

/* Adds a customer that is scored already. */
void sp_card_means_add(const struct sp_card *card, const struct sp_card_score *score,
                       struct sp_card_means *means);

/* Contribution of a feature in thousandths of a point against the population; 0 without one. */
int64_t sp_card_contribution(const struct sp_card *card, const struct sp_card_score *score,
                             uint32_t feature, const struct sp_card_means *means);

/* The features with the greatest contributions above 0 (sign 1) or the least below 0 (sign -1), in
 * that order, ties by number; returns how many, at most `most`. */
uint32_t sp_card_reasons(const struct sp_card *card, const struct sp_card_score *score,
                         const struct sp_card_means *means, int sign, uint32_t most,
                         uint32_t *features);

#endif
