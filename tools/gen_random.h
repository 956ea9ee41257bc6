/* Seeded random numbers of the generator: integers only, so that one seed gives the same bytes on
 * every machine and compiler. */
#ifndef SP_TOOLS_GEN_RANDOM_H
#define SP_TOOLS_GEN_RANDOM_H

#include <stdint.h>

/* xoshiro256**; four words, never all 0. A plain value, one thread. */
struct sp_random {
  uint64_t word[4];
};

/* Fills the state from one seed by splitmix64. */
void sp__random_seed(struct sp_random *random, uint64_t seed);

uint64_t sp__random_next(struct sp_random *random);

/* Uniform in [0, bound), bound from 1 (multiply and shift: the bias is below bound / 2^64). */
uint64_t sp__random_below(struct sp_random *random, uint64_t bound);

/* A fixed 64-bit mix of (seed, salt, index): what a subscriber is, without remembering it. */
uint64_t sp__random_mix(uint64_t seed, uint64_t salt, uint64_t index);

/* A log-normal whole number from a table of normal quantiles. median from 1; spread_q8 is the
 * standard deviation of log2 in 1/256 (256 = one doubling); at most max. */
uint64_t sp__random_lognormal(struct sp_random *random, uint64_t median, uint32_t spread_q8,
                              uint64_t max);

#endif
