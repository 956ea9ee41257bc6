#include "rating/sort.h"

#include <string.h>

#define SP_SORT_RUN 8

static void run_sort(uint32_t *order, size_t count, sp_sort_compare *compare, const void *context)
{
  for (size_t i = 1; i < count; i++) {
    uint32_t moved = order[i];
    size_t at = i;
    while (at > 0 && compare(context, order[at - 1], moved) > 0) {
      order[at] = order[at - 1];
      at--;
    }
    order[at] = moved;
  }
}

struct sort_merge {
  const uint32_t *from;
  uint32_t *to;
  sp_sort_compare *compare;
  const void *context;
};

static void merge(const struct sort_merge *m, size_t low, size_t middle, size_t high)
{
  size_t a = low;
  size_t b = middle;
  for (size_t to = low; to < high; to++) {
    bool left = b == high || (a < middle && m->compare(m->context, m->from[a], m->from[b]) <= 0);
    m->to[to] = left ? m->from[a++] : m->from[b++];
  }
}

void sp_sort(uint32_t *order, uint32_t *scratch, size_t count, sp_sort_compare *compare,
             const void *context)
{
  SP_ASSERT(count == 0 || (order != NULL && scratch != NULL));
  for (size_t low = 0; low < count; low += SP_SORT_RUN) {
    size_t left = count - low;
    run_sort(order + low, left < SP_SORT_RUN ? left : SP_SORT_RUN, compare, context);
  }
  uint32_t *from = order;
  uint32_t *to = scratch;
  for (size_t width = SP_SORT_RUN; width < count; width *= 2) {
    struct sort_merge pass = {from, to, compare, context};
    for (size_t low = 0; low < count; low += 2 * width) {
      size_t middle = low + width < count ? low + width : count;
      size_t high = middle + width < count ? middle + width : count;
      merge(&pass, low, middle, high);
    }
    uint32_t *swapped = from;
    from = to;
    to = swapped;
  }
  if (from != order) {
    memcpy(order, from, count * sizeof(*order));
  }
}

int sp_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
  size_t shorter = a_length < b_length ? a_length : b_length;
  int order = shorter == 0 ? 0 : memcmp(a, b, shorter);
  return order != 0 ? order : sp_compare_u64(a_length, b_length);
}
