/* Rescoring of N customers on one core (quality.md §1: 10 M within 1 s): measures, scorecard,
 * frozen cuts, scores. bench_segment [customers [rounds]]; one JSON line a step. */
#include "bench/figure.h"
#include "bench/profile_sample.h"
#include "segment/churn.h"
#include "segment/rfm.h"

struct tables {
  struct sp_profile *profiles;
  struct sp_rfm *rfm;
  struct sp_card_score *scores;
  int64_t *values;
  uint32_t *counts;
};

enum step { RATE, CUTS, SCORE, ALL, STEPS };
static const char *const step_words[STEPS] = {"measure and rate", "cuts", "score", "all"};

static uint64_t pass(struct tables *tables, size_t n, struct figure_samples samples[STEPS])
{
  struct sp_review review;
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  struct sp_card_means means = {0};
  memset(cuts, 0, sizeof cuts);
  sp_review_set(&review, (int64_t)(FIRST_DAY + DAYS) * 86400, FIRST_DAY + DAYS);
  double at[ALL + 1];
  at[0] = figure_cpu_ns();
  for (size_t i = 0; i < n; i++) {
    sp_rfm_measure(&tables->profiles[i], &review.at, (enum sp_population)(i % 3U == 0),
                   &tables->rfm[i]);
    sp_churn_rate(&tables->profiles[i], &review, i % 3U == 0, &tables->scores[i], &means);
  }
  at[1] = figure_cpu_ns();
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    sp_rfm_cuts_make(&cuts[k], tables->rfm, n, (enum sp_population)k, tables->values,
                     tables->counts);
  }
  at[2] = figure_cpu_ns();
  sp_rfm_score(tables->rfm, n, cuts);
  at[3] = figure_cpu_ns();
  for (uint32_t k = 0; k < ALL; k++) {
    figure_add(&samples[k], (at[k + 1U] - at[k]) / (double)n);
  }
  figure_add(&samples[ALL], (at[ALL] - at[0]) / (double)n);
  uint64_t sum = means.count;
  for (size_t i = 0; i < n; i++) {
    sum = sum * 31U + tables->rfm[i].r * 100U + tables->rfm[i].customer_class +
          tables->scores[i].probability_ppm;
  }
  return sum;
}

int main(int argc, char **argv)
{
  size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  unsigned rounds = figure_runs(argc > 2 ? argv[2] : NULL, 3);
  struct tables tables = {malloc(n * sizeof *tables.profiles), malloc(n * sizeof *tables.rfm),
                          malloc(n * sizeof *tables.scores), malloc(n * sizeof *tables.values),
                          malloc(SP_SELECT_COUNTS * sizeof *tables.counts)};
  struct figure_samples samples[STEPS] = {{.count = 0}};
  uint64_t sum = 0;
  if (n < TEMPLATES || tables.profiles == NULL || tables.rfm == NULL || tables.scores == NULL ||
      tables.values == NULL || tables.counts == NULL) {
    fprintf(stderr, "bench_segment: at least %d customers, and memory for them\n", TEMPLATES);
    return 2;
  }
  make_profiles(tables.profiles, n);
  for (unsigned round = 0; round < rounds; round++) {
    sum = pass(&tables, n, samples);
  }
  char more[64];
  snprintf(more, sizeof(more), "\"check\":\"%016" PRIx64 "\"", sum);
  for (uint32_t k = 0; k < STEPS; k++) {
    figure_print(&(struct figure){"segment", step_words[k], "ns/customer", n, more}, &samples[k]);
  }
  free(tables.profiles);
  free(tables.rfm);
  free(tables.scores);
  free(tables.values);
  free(tables.counts);
  return 0;
}
