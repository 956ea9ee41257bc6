/* The order in which CGRateS looks through the rates of a destination: that of the sort in Go's
 * library (1.19 and later), which is not stable, by an order that is none where weights and starts
 * disagree. So the steps themselves decide, and are followed here: insertion up to 12, else a
 * quicksort that looks for patterns and falls back to a heap. */
#include "rating/cgrates_price.h"

#define INSERTION_MAX 12 /* so long is sorted by insertion */
#define NINTHER_MIN 50   /* from there the pivot is a median of medians */
#define SHIFTS_MAX 5     /* so many out of place and it is no longer nearly in order */

struct sorter {
  const struct sp_cgrates *tariff;
  const struct sp_cg_interval **items;
};

enum pattern { PATTERN_NONE, PATTERN_RISING, PATTERN_FALLING };

/* Whether item `a` goes before item `b`. */
static bool is_before(const struct sorter *sorter, uint32_t a, uint32_t b)
{
  const struct sp_cg_interval *x = sorter->items[a], *y = sorter->items[b];
  return y->weight < x->weight ||
         sorter->tariff->timings[y->timing].start_ns > sorter->tariff->timings[x->timing].start_ns;
}

static void exchange(const struct sorter *sorter, uint32_t a, uint32_t b)
{
  const struct sp_cg_interval *kept = sorter->items[a];
  sorter->items[a] = sorter->items[b];
  sorter->items[b] = kept;
}

/* Items from `from` to below `to`, here and below. */
static void insertion_sort(const struct sorter *sorter, uint32_t from, uint32_t to)
{
  for (uint32_t i = from + 1; i < to; i++) {
    for (uint32_t at = i; at > from && is_before(sorter, at, at - 1); at--) {
      exchange(sorter, at, at - 1);
    }
  }
}

/* `root` and `count` are counted from `from`. */
static void heap_sink(const struct sorter *sorter, uint32_t from, uint32_t root, uint32_t count)
{
  for (uint32_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
    if (child + 1 < count && is_before(sorter, from + child, from + child + 1)) {
      child++;
    }
    if (!is_before(sorter, from + root, from + child)) {
      return;
    }
    exchange(sorter, from + root, from + child);
    root = child;
  }
}

static void heap_sort(const struct sorter *sorter, uint32_t from, uint32_t to)
{
  uint32_t count = to - from;
  for (uint32_t i = (count - 1) / 2 + 1; i > 0; i--) {
    heap_sink(sorter, from, i - 1, count);
  }
  for (uint32_t i = count; i > 0; i--) {
    exchange(sorter, from, from + i - 1);
    heap_sink(sorter, from, 0, i - 1);
  }
}

/* Numbers of items, the first not behind the second. */
static void pair_order(const struct sorter *sorter, uint32_t *a, uint32_t *b, uint32_t *swaps)
{
  if (is_before(sorter, *b, *a)) {
    uint32_t kept = *a;
    *a = *b;
    *b = kept;
    *swaps += 1;
  }
}

static uint32_t median(const struct sorter *sorter, const uint32_t of[3], uint32_t *swaps)
{
  uint32_t a = of[0], b = of[1], c = of[2];
  pair_order(sorter, &a, &b, swaps);
  pair_order(sorter, &b, &c, swaps);
  pair_order(sorter, &a, &b, swaps);
  return b;
}

static uint32_t pivot_choose(const struct sorter *sorter, uint32_t from, uint32_t to,
                             enum pattern *pattern)
{
  uint32_t quarter = (to - from) / 4, swaps = 0, of[3];
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t at = from + quarter * (i + 1);
    const uint32_t three[3] = {at - 1, at, at + 1};
    of[i] = to - from < NINTHER_MIN ? at : median(sorter, three, &swaps);
  }
  uint32_t pivot = median(sorter, of, &swaps);
  *pattern = swaps == 0 ? PATTERN_RISING : swaps == 12 ? PATTERN_FALLING : PATTERN_NONE;
  return pivot;
}

static void turn_round(const struct sorter *sorter, uint32_t from, uint32_t to)
{
  for (uint32_t a = from, b = to - 1; a < b; a++, b--) {
    exchange(sorter, a, b);
  }
}

/* A few items in the middle go elsewhere. */
static void pattern_break(const struct sorter *sorter, uint32_t from, uint32_t to)
{
  uint32_t count = to - from, mask = 1;
  uint64_t random = count;
  while (mask <= count) {
    mask *= 2;
  }
  for (uint32_t i = 0; i < 3; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    uint32_t other = (uint32_t)random & (mask - 1);
    other -= other >= count ? count : 0;
    exchange(sorter, from + count / 4 * 2 - 1 + i, from + other);
  }
}

/* true: it was nearly in order, and is now. */
static bool nearly_sort(const struct sorter *sorter, uint32_t from, uint32_t to)
{
  uint32_t i = from + 1;
  for (uint32_t shifts = 0; shifts < SHIFTS_MAX; shifts++) {
    while (i < to && !is_before(sorter, i, i - 1)) {
      i++;
    }
    if (i == to || to - from < NINTHER_MIN) {
      return i == to;
    }
    exchange(sorter, i, i - 1);
    for (uint32_t at = i - 1; i - from >= 2 && at >= 1 && is_before(sorter, at, at - 1); at--) {
      exchange(sorter, at, at - 1);
    }
    for (uint32_t at = i + 1; at < to && is_before(sorter, at, at - 1); at++) {
      exchange(sorter, at, at - 1);
    }
  }
  return false;
}

/* Those before the pivot go to its left; where it then stands. `kept`: no two changed places. */
static uint32_t split(const struct sorter *sorter, uint32_t from, uint32_t to, uint32_t pivot,
                      bool *kept)
{
  uint32_t left = from + 1, right = to - 1;
  exchange(sorter, from, pivot);
  for (*kept = true;; *kept = false) {
    while (left <= right && is_before(sorter, left, from)) {
      left++;
    }
    while (left <= right && !is_before(sorter, right, from)) {
      right--;
    }
    if (left > right) {
      break;
    }
    exchange(sorter, left++, right--);
  }
  exchange(sorter, right, from);
  return right;
}

/* Those that are equal to the pivot go to the left, none is before it; where the others begin. */
static uint32_t split_equals(const struct sorter *sorter, uint32_t from, uint32_t to,
                             uint32_t pivot)
{
  uint32_t left = from + 1, right = to - 1;
  exchange(sorter, from, pivot);
  for (;;) {
    while (left <= right && !is_before(sorter, from, left)) {
      left++;
    }
    while (left <= right && is_before(sorter, from, right)) {
      right--;
    }
    if (left > right) {
      return left;
    }
    exchange(sorter, left++, right--);
  }
}

/* `limit`: so many bad pivots, then a heap. */
static void quick_sort(const struct sorter *sorter, uint32_t from, uint32_t to, uint32_t limit)
{
  bool balanced = true, kept = true;
  while (to - from > INSERTION_MAX && limit > 0) {
    enum pattern pattern;
    uint32_t eighth = (to - from) / 8;
    if (!balanced) {
      pattern_break(sorter, from, to);
      limit--;
    }
    uint32_t pivot = pivot_choose(sorter, from, to, &pattern);
    if (pattern == PATTERN_FALLING) {
      turn_round(sorter, from, to);
      pivot = to - 1 - (pivot - from);
    }
    if (balanced && kept && pattern != PATTERN_NONE && nearly_sort(sorter, from, to)) {
      return;
    }
    if (from > 0 && !is_before(sorter, from - 1, pivot)) {
      from = split_equals(sorter, from, to, pivot);
      continue;
    }
    uint32_t middle = split(sorter, from, to, pivot, &kept);
    bool left = middle - from < to - middle;
    balanced = (left ? middle - from : to - middle) >= eighth;
    if (left) {
      quick_sort(sorter, from, middle, limit);
      from = middle + 1;
    } else {
      quick_sort(sorter, middle + 1, to, limit);
      to = middle;
    }
  }
  if (to - from > INSERTION_MAX) {
    heap_sort(sorter, from, to);
  } else {
    insertion_sort(sorter, from, to);
  }
}

void sp__cg_intervals_arrange(const struct sp_cgrates *tariff,
                              const struct sp_cg_interval **intervals, uint32_t count)
{
  const struct sorter sorter = {tariff, intervals};
  uint32_t limit = 0;
  while (count >> limit != 0) {
    limit++;
  }
  quick_sort(&sorter, 0, count, limit);
}
