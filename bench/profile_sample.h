/* Made-up profiles for benchmarks: customers who call every day or now and then, some fallen
 * silent. One seeded stream. */
#ifndef SP_BENCH_PROFILE_SAMPLE_H
#define SP_BENCH_PROFILE_SAMPLE_H

#include <string.h>

#include "segment/fold.h"

enum { TEMPLATES = 4096, FIRST_DAY = 20500, DAYS = 150 };

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

/* TEMPLATES of them, then copies drawn from these. */
static void make_profiles(struct sp_profile *profiles, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (i < TEMPLATES) {
      make_profile(&profiles[i]);
    } else {
      profiles[i] = profiles[draw(TEMPLATES)];
    }
  }
}

#endif
