/* A stable merge sort of indices: the order of equal ones is that in which they stood, on every
 * machine. Pure. */
#ifndef SP_RATING_SORT_H
#define SP_RATING_SORT_H

#include "rating/status.h"

/* Below 0, 0 or above 0: whether record `a` comes before, with or after record `b`. */
typedef int sp_sort_compare(const void *context, uint32_t a, uint32_t b);

/* Sorts `order` (count indices); `scratch` has room for as many. */
void sp_sort(uint32_t *order, uint32_t *scratch, size_t count, sp_sort_compare *compare,
             const void *context);

static inline int sp_compare_u64(uint64_t a, uint64_t b)
{
  return (a > b) - (a < b);
}

static inline int sp_compare_i64(int64_t a, int64_t b)
{
  return (a > b) - (a < b);
}

/* Texts by their bytes, the shorter first where one begins the other (book.md §1.7). */
int sp_compare_text(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
