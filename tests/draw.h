/* Numbers that look random, the same everywhere for the same seed (Knuth's 64-bit linear generator;
 * its upper bits are used). One sequence for each program; Check runs each test from its start. */
#ifndef SP_TESTS_DRAW_H
#define SP_TESTS_DRAW_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t draw_seed = 20261130;

/* 0 to below - 1; below: 1 to 2^31. */
static inline uint32_t draw(uint32_t below)
{
  draw_seed = draw_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(draw_seed >> 33) % below;
}

static inline uint64_t draw_word(void)
{
  (void)draw(1);
  uint64_t high = draw_seed >> 32;
  (void)draw(1);
  return high << 32 | draw_seed >> 32;
}

/* Begins with the seed, or with that of the environment's SEED=n; says which. */
static inline void draw_begin(uint64_t seed)
{
  const char *given = getenv("SEED");
  draw_seed = given == NULL ? seed : strtoull(given, NULL, 10);
  printf("seed %" PRIu64 "\n", draw_seed);
}

#endif
