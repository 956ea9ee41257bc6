#include "segment/card.h"

#include <string.h>

/* round(10^6 / (1 + exp(-x))) for x from -12 to 12 in steps of a quarter. */
enum { STEP = SP_CARD_POINTS_PER_LOGIT / 4, STEPS = 96, LOWEST = -48 * STEP };
static const uint32_t logistic_ppm[STEPS + 1] = {
    6,      8,      10,     13,     17,     21,     28,     35,     45,     58,     75,
    96,     123,    158,    203,    261,    335,    431,    553,    710,    911,    1170,
    1501,   1927,   2473,   3173,   4070,   5220,   6693,   8577,   10987,  14064,  17986,
    22977,  29312,  37327,  47426,  60087,  75858,  95349,  119203, 148047, 182426, 222700,
    268941, 320821, 377541, 437823, 500000, 562177, 622459, 679179, 731059, 777300, 817574,
    851953, 880797, 904651, 924142, 939913, 952574, 962673, 970688, 977023, 982014, 985936,
    989013, 991423, 993307, 994780, 995930, 996827, 997527, 998073, 998499, 998830, 999089,
    999290, 999447, 999569, 999665, 999739, 999797, 999842, 999877, 999904, 999925, 999942,
    999955, 999965, 999972, 999979, 999983, 999987, 999990, 999992, 999994};

uint32_t sp_card_probability_ppm(int32_t points)
{
  int32_t kept = points < LOWEST ? LOWEST : points > -LOWEST ? -LOWEST : points;
  int32_t above = kept - LOWEST;
  uint32_t index = (uint32_t)above / STEP;
  uint32_t rest = (uint32_t)above % STEP;
  if (rest == 0) {
    return logistic_ppm[index];
  }
  uint32_t step = logistic_ppm[index + 1U] - logistic_ppm[index];
  return logistic_ppm[index] + step * rest / STEP;
}

void sp_card_lay_out(const struct sp_card *card, struct sp_card_layout *layout)
{
  SP_ASSERT(card->feature_count <= SP_CARD_FEATURES_MAX);
  memset(layout, 0, sizeof *layout);
  layout->feature_count = card->feature_count;
  layout->base_points = card->base_points;
  for (uint32_t k = 0; k < SP_CARD_FEATURES_MAX; k++) {
    const struct sp_card_feature *feature = k < card->feature_count ? &card->features[k] : NULL;
    uint32_t cut_count = feature == NULL ? 0 : feature->cut_count;
    SP_ASSERT(cut_count <= SP_CARD_CUTS_MAX);
    layout->cut_count = cut_count > layout->cut_count ? cut_count : layout->cut_count;
    for (uint32_t cut = 0; cut < SP_CARD_CUTS_MAX; cut++) {
      layout->cuts[cut][k] = cut < cut_count ? feature->cuts[cut] : INT32_MAX;
    }
    for (uint32_t bin = 0; feature != NULL && bin < SP_CARD_BINS_MAX; bin++) {
      layout->points[k][bin] = feature->points[bin];
    }
  }
}

/* Numbers of four features in one register; gcc and clang know this. */
enum { LANES = 4 };
typedef int32_t lanes __attribute__((vector_size(LANES * sizeof(int32_t))));

static lanes load(const int32_t *from)
{
  lanes four;
  memcpy(&four, from, sizeof four);
  return four;
}

void sp_card_rate(const struct sp_card_layout *layout, const int32_t values[SP_CARD_FEATURES_MAX],
                  struct sp_card_score *score, struct sp_card_means *means)
{
  int32_t bins[SP_CARD_FEATURES_MAX];
  uint64_t packed = 0;
  int32_t points = layout->base_points;
  for (uint32_t k = 0; k < SP_CARD_FEATURES_MAX; k += LANES) {
    lanes four = load(values + k);
    lanes sum = (lanes){0} - (four > SP_CARD_UNKNOWN); /* true is -1 */
    for (uint32_t cut = 0; cut < layout->cut_count; cut++) {
      sum -= four >= load(layout->cuts[cut] + k);
    }
    memcpy(bins + k, &sum, sizeof sum);
  }
  for (uint32_t k = 0; k < layout->feature_count; k++) {
    int32_t gained = layout->points[k][bins[k]];
    points += gained;
    packed |= (uint64_t)(uint32_t)bins[k] << (4U * k);
    if (means != NULL) {
      means->sum[k] += gained;
    }
  }
  if (means != NULL) {
    means->count++;
  }
  score->bins = packed;
  score->points = points;
  score->probability_ppm = sp_card_probability_ppm(points);
}

void sp_card_means_add(const struct sp_card *card, const struct sp_card_score *score,
                       struct sp_card_means *means)
{
  means->count++;
  for (uint32_t k = 0; k < card->feature_count; k++) {
    means->sum[k] += card->features[k].points[sp_card_bin(score, k)];
  }
}

int64_t sp_card_contribution(const struct sp_card *card, const struct sp_card_score *score,
                             uint32_t feature, const struct sp_card_means *means)
{
  SP_ASSERT(feature < card->feature_count);
  if (means->count == 0) {
    return 0;
  }
  int64_t count = (int64_t)means->count;
  int64_t points = card->features[feature].points[sp_card_bin(score, feature)];
  int64_t difference = (points * count - means->sum[feature]) * 1000;
  return (difference >= 0 ? difference + count / 2 : difference - count / 2) / count;
}

uint32_t sp_card_reasons(const struct sp_card *card, const struct sp_card_score *score,
                         const struct sp_card_means *means, int sign, uint32_t most,
                         uint32_t *features)
{
  int64_t found[SP_CARD_FEATURES_MAX];
  uint32_t count = 0;
  SP_ASSERT(most <= SP_CARD_FEATURES_MAX && (sign == 1 || sign == -1));
  for (uint32_t k = 0; k < card->feature_count; k++) {
    int64_t contribution = sign * sp_card_contribution(card, score, k, means);
    uint32_t at = count;
    if (contribution <= 0) {
      continue;
    }
    while (at > 0 && found[at - 1U] < contribution) {
      at--;
    }
    count += count < most;
    for (uint32_t i = count; i > at + 1U; i--) {
      found[i - 1U] = found[i - 2U];
      features[i - 1U] = features[i - 2U];
    }
    if (at < count) {
      found[at] = contribution;
      features[at] = k;
    }
  }
  return count;
}
