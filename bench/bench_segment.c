/* Rescoring of N customers on one core (quality.md §1: 10 M within 1 s): measures, scorecard,
 * frozen cuts, scores. bench_segment [customers [rounds]]; one JSON line a step, nanoseconds per
 * customer, least of the rounds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/profile_sample.h"
#include "segment/churn.h"
#include "segment/rfm.h"

static double cpu_ns(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

struct tables {
  struct sp_profile *profiles;
  struct sp_rfm *rfm;
  struct sp_card_score *scores;
  int64_t *values;
  uint32_t *counts;
};

enum step { RATE, CUTS, SCORE, STEPS };
static const char *const step_words[STEPS] = {"measure_and_rate", "cuts", "rfm_score"};

static uint64_t pass(struct tables *tables, size_t n, double ns[STEPS])
{
  struct sp_review review;
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  struct sp_card_means means = {0};
  memset(cuts, 0, sizeof cuts);
  sp_review_set(&review, (int64_t)(FIRST_DAY + DAYS) * 86400, FIRST_DAY + DAYS);
  double at[STEPS + 1];
  at[0] = cpu_ns();
  for (size_t i = 0; i < n; i++) {
    sp_rfm_measure(&tables->profiles[i], &review.at, (enum sp_population)(i % 3U == 0),
                   &tables->rfm[i]);
    sp_churn_rate(&tables->profiles[i], &review, i % 3U == 0, &tables->scores[i], &means);
  }
  at[1] = cpu_ns();
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    sp_rfm_cuts_make(&cuts[k], tables->rfm, n, (enum sp_population)k, tables->values,
                     tables->counts);
  }
  at[2] = cpu_ns();
  sp_rfm_score(tables->rfm, n, cuts);
  at[3] = cpu_ns();
  for (uint32_t k = 0; k < STEPS; k++) {
    double took = (at[k + 1U] - at[k]) / (double)n;
    ns[k] = ns[k] == 0 || took < ns[k] ? took : ns[k];
  }
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
  size_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 3;
  struct tables tables = {malloc(n * sizeof *tables.profiles), malloc(n * sizeof *tables.rfm),
                          malloc(n * sizeof *tables.scores), malloc(n * sizeof *tables.values),
                          malloc(SP_SELECT_COUNTS * sizeof *tables.counts)};
  double ns[STEPS] = {0};
  uint64_t sum = 0;
  if (n < TEMPLATES || tables.profiles == NULL || tables.rfm == NULL || tables.scores == NULL ||
      tables.values == NULL || tables.counts == NULL) {
    fprintf(stderr, "bench_segment: at least %d customers, and memory for them\n", TEMPLATES);
    return 2;
  }
  make_profiles(tables.profiles, n);
  for (size_t round = 0; round < rounds; round++) {
    sum = pass(&tables, n, ns);
  }
  double total = 0;
  for (uint32_t k = 0; k < STEPS; k++) {
    total += ns[k];
    printf("{\"bench\":\"segment\",\"step\":\"%s\",\"customers\":%zu,\"ns\":%.1f}\n", step_words[k],
           n, ns[k]);
  }
  printf("{\"bench\":\"segment\",\"step\":\"all\",\"customers\":%zu,\"ns\":%.1f,"
         "\"customers_per_s\":%.0f,\"check\":\"%016" PRIx64 "\"}\n",
         n, total, 1e9 / total, sum);
  free(tables.profiles);
  free(tables.rfm);
  free(tables.scores);
  free(tables.values);
  free(tables.counts);
  return 0;
}
