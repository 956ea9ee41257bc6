/* The cut points of fifths by nearest rank (analytics.md §2): q_k = sorted[ceil(k n / 5) - 1],
 * found without sorting, by counting the values' bits from the top. Any thread; scratch is the
 * caller's. */
#ifndef SP_SEGMENT_SELECT_H
#define SP_SEGMENT_SELECT_H

#include "rating/status.h"

#define SP_CUTS 4U
#define SP_SELECT_COUNTS ((size_t)SP_CUTS << 16U) /* uint32_t of scratch */

/* Cut points of n values, 1 <= n < 2^32. */
void sp_fifths(const int64_t *values, size_t n, int64_t cuts[SP_CUTS], uint32_t *counts);

/* 1 + number of cuts below the value: 1..5. Equal values are never split. */
static inline uint32_t sp_fifth_of(const int64_t cuts[SP_CUTS], int64_t value)
{
  return 1U + (cuts[0] < value) + (cuts[1] < value) + (cuts[2] < value) + (cuts[3] < value);
}

#endif
