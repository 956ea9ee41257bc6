#include "segment/select.h"

#include <string.h>

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS };

/* Search for one cut: values whose bits above `shift` are `prefix` are still candidates, and the
 * one of rank `rank` (from 0) among them is wanted. */
struct search {
  uint64_t prefix;
  size_t rank;
};

/* The first digit: all searches have the same candidates, all values. */
static void count_first(const int64_t *values, size_t n, uint64_t low, uint32_t shift,
                        uint32_t *counts)
{
  memset(counts, 0, DIGITS * sizeof *counts);
  for (size_t i = 0; i < n; i++) {
    counts[((uint64_t)values[i] - low) >> shift]++;
  }
}

/* Counts, for each search, the next digit of its candidates. */
static void count_next(const int64_t *values, size_t n, uint64_t low, uint32_t shift,
                       const struct search searches[SP_CUTS], uint32_t *counts)
{
  memset(counts, 0, SP_SELECT_COUNTS * sizeof *counts);
  for (size_t i = 0; i < n; i++) {
    uint64_t value = (uint64_t)values[i] - low;
    uint64_t above = value >> (shift + DIGIT_BITS);
    for (uint32_t k = 0; k < SP_CUTS; k++) {
      if (above == searches[k].prefix) { /* rare: a cut's own bucket */
        counts[k * DIGITS + ((value >> shift) & (DIGITS - 1))]++;
      }
    }
  }
}

static void narrow(struct search *search, const uint32_t *counts)
{
  uint64_t digit = 0;
  while (search->rank >= counts[digit]) {
    search->rank -= counts[digit++];
    SP_ASSERT(digit < DIGITS);
  }
  search->prefix = (search->prefix << DIGIT_BITS) | digit;
}

void sp_fifths(const int64_t *values, size_t n, int64_t cuts[SP_CUTS], uint32_t *counts)
{
  SP_ASSERT(n >= 1U && n < UINT32_MAX);
  int64_t low = values[0];
  int64_t high = values[0];
  for (size_t i = 1; i < n; i++) {
    low = values[i] < low ? values[i] : low;
    high = values[i] > high ? values[i] : high;
  }
  struct search searches[SP_CUTS];
  for (uint32_t k = 0; k < SP_CUTS; k++) {
    searches[k].prefix = 0;
    searches[k].rank = ((k + 1U) * n + SP_CUTS) / 5U - 1U;
  }
  uint64_t range = (uint64_t)high - (uint64_t)low;
  uint32_t shift = 0; /* of the first digit: the range's highest one that is not 0 */
  while (shift < 64U - DIGIT_BITS && range >> (shift + DIGIT_BITS) != 0) {
    shift += DIGIT_BITS;
  }
  count_first(values, n, (uint64_t)low, shift, counts);
  for (uint32_t k = 0; k < SP_CUTS; k++) {
    narrow(&searches[k], counts);
  }
  while (shift != 0) {
    shift -= DIGIT_BITS;
    count_next(values, n, (uint64_t)low, shift, searches, counts);
    for (uint32_t k = 0; k < SP_CUTS; k++) {
      narrow(&searches[k], counts + (size_t)k * DIGITS);
    }
  }
  for (uint32_t k = 0; k < SP_CUTS; k++) {
    cuts[k] = (int64_t)(searches[k].prefix + (uint64_t)low);
  }
}
