/* Rescoring of N customers on one core (quality.md §1: 10 M within 1 s): measures, scorecard,
 * frozen cuts, scores. bench_segment [customers [rounds]]; one JSON line a step, nanoseconds per
 * customer, least of the rounds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "segment/churn.h"
#include "segment/fold.h"
#include "segment/rfm.h"

enum { TEMPLATES = 4096, FIRST_DAY = 20500, DAYS = 150 };

static double now_ns(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t seed = 20261130;

static uint32_t draw(uint32_t below)
{
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(seed >> 33U) % below;
}

static void make_profile(struct sp_profile *profile)
{
  uint32_t step = 1U + draw(6);
  uint32_t last = FIRST_DAY + DAYS - (draw(4) == 0 ? draw(DAYS) : draw(5));
  memset(profile, 0, sizeof *profile);
  for (uint32_t day = FIRST_DAY; day <= last; day += 1U + draw(step)) {
    struct sp_fold_event event = {.calls = 1, .active = 1};
    event.day = (uint16_t)day;
    event.month = (uint16_t)sp_month_of_day(day, NULL);
    event.start_utc_s = day * 86400U + draw(86400);
    event.voice_s = draw(1200);
    event.bytes = draw(1U << 28U);
    event.net_micro = draw(3000) * 1000;
    event.offnet = draw(2) == 0;
    event.contact = 1U << 31U | draw(60);
    sp_profile_fold(profile, NULL, &event);
  }
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
  at[0] = now_ns();
  for (size_t i = 0; i < n; i++) {
    sp_rfm_measure(&tables->profiles[i], &review.at, (enum sp_population)(i % 3U == 0),
                   &tables->rfm[i]);
    sp_churn_rate(&tables->profiles[i], &review, i % 3U == 0, &tables->scores[i], &means);
  }
  at[1] = now_ns();
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    sp_rfm_cuts_make(&cuts[k], tables->rfm, n, (enum sp_population)k, tables->values,
                     tables->counts);
  }
  at[2] = now_ns();
  sp_rfm_score(tables->rfm, n, cuts);
  at[3] = now_ns();
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
  for (size_t i = 0; i < n; i++) {
    if (i < TEMPLATES) {
      make_profile(&tables.profiles[i]);
    } else {
      tables.profiles[i] = tables.profiles[draw(TEMPLATES)];
    }
  }
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
