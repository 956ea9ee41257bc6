/* Cells of one owner: a slab that grows by doubling, kept ascending by (period, key), so that the
 * newest are last and the same content always lies in the same bytes. */
#include "rating/state_cells.h"

#include <string.h>

#define NEWEST 16u /* of many cells, looked at before the others are halved */

static bool cell_before(const struct sp__cell *cell, uint64_t key, uint64_t period)
{
  return cell->period != period ? cell->period < period : cell->key < key;
}

/* How many of the cells come before (period, key). */
static uint32_t cells_below(const struct sp__cell *cells, uint32_t count, uint64_t key,
                            uint64_t period)
{
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (cell_before(cells + middle, key, period)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct sp__cell *sp__cell_seek(struct sp__cell *cells, uint32_t count, uint64_t key,
                               uint64_t period)
{
  SP_ASSERT(count > NEWEST);
  for (struct sp__cell *cell = cells + count; cell-- > cells + (count - NEWEST);) {
    if (cell->period < period) {
      return NULL;
    }
    if (cell->period == period && cell->key == key) {
      return cell;
    }
  }
  count -= NEWEST;
  uint32_t at = cells_below(cells, count, key, period);
  bool found = at < count && cells[at].period == period && cells[at].key == key;
  return found ? cells + at : NULL;
}

enum sp_status sp__cells_reserve(struct sp_state *state, uint32_t owner, uint32_t more)
{
  struct sp__owner *slot = sp__owner_of(state, owner);
  uint32_t count = slot->count;
  if (more > SP_STATE_CELLS_MAX - count) {
    return SP_LIMIT;
  }
  unsigned class = sp__slab_class((count + more) * sizeof(struct sp__cell));
  if (slot->slab != 0 && class <= slot->class) {
    return SP_OK;
  }
  uint32_t at = sp__slab_take(state, class);
  if (at == 0) {
    return SP_NO_MEMORY;
  }
  if (slot->slab != 0) {
    memcpy(sp__slab(state, at), sp__slab(state, slot->slab), count * sizeof(struct sp__cell));
    sp__slab_give(state, slot->slab, slot->class);
  }
  slot->slab = at;
  slot->class = class & 15u;
  return SP_OK;
}

void sp__cell_set(struct sp_state *state, uint32_t owner, uint64_t key, uint64_t period,
                  int64_t value)
{
  sp__owner_dirty(state, owner);
  struct sp__cell *cell = sp__cell_find(state, owner, key, period);
  if (cell != NULL) {
    cell->value = value;
    return;
  }
  struct sp__owner *slot = sp__owner_of(state, owner);
  uint32_t count = slot->count, at = count;
  SP_ASSERT(slot->slab != 0 && (count + 1) * sizeof(*cell) <= (size_t)SP__UNIT_BYTES
                                                                  << slot->class);
  struct sp__cell *cells = sp__slab(state, slot->slab);
  while (at > 0 && !cell_before(cells + at - 1, key, period)) {
    at--;
  }
  memmove(cells + at + 1, cells + at, (count - at) * sizeof(*cells));
  cells[at] = (struct sp__cell){key, period, value};
  slot->count = (count + 1) & SP_STATE_CELLS_MAX;
}

static bool cell_less(const struct sp__cell *a, const struct sp__cell *b)
{
  return cell_before(a, b->key, b->period);
}

static void cell_sink(struct sp__cell *cells, size_t at, size_t count)
{
  struct sp__cell moved = cells[at];
  for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    child += child + 1 < count && cell_less(cells + child, cells + child + 1);
    if (!cell_less(&moved, cells + child)) {
      break;
    }
    cells[at] = cells[child];
    at = child;
  }
  cells[at] = moved;
}

void sp__cells_sort(struct sp__cell *cells, size_t count) /* heap: no worst case, no stack */
{
  for (size_t i = count / 2; i-- > 0;) {
    cell_sink(cells, i, count);
  }
  for (size_t last = count; last-- > 1;) {
    struct sp__cell greatest = cells[0];
    cells[0] = cells[last];
    cells[last] = greatest;
    cell_sink(cells, 0, last);
  }
}

void sp__cells_settle(struct sp_state *state, uint32_t owner, uint32_t appended)
{
  struct sp__owner *slot = sp__owner_of(state, owner);
  if (appended == 0) {
    return;
  }
  uint32_t count = slot->count + appended;
  SP_ASSERT(count <= SP_STATE_CELLS_MAX && count * sizeof(struct sp__cell) <= (size_t)SP__UNIT_BYTES
                                                                                  << slot->class);
  struct sp__cell *cells = sp__slab(state, slot->slab);
  bool rising = true;
  for (uint32_t i = slot->count > 0 ? slot->count : 1; i < count && rising; i++) {
    rising = cell_less(cells + i - 1, cells + i);
  }
  if (!rising) {
    sp__cells_sort(cells, count);
  }
  slot->count = count & SP_STATE_CELLS_MAX;
  sp__owner_dirty(state, owner);
}

/* Days of a cycle with the lead of a chain; 0: there is none. The marker is its cycle's last cell,
 * for its kind is the greatest. */
static int64_t chain_days(const struct sp__cell *cells, uint32_t count, uint32_t cycle_word)
{
  uint32_t end = cells_below(cells, count, 0, ((uint64_t)cycle_word + 1) << 32);
  SP_ASSERT(end > 0); /* the first cell is of the cycle, or of the one before */
  const struct sp__cell *last = cells + end - 1;
  bool is_marker = last->period >> 32 == cycle_word &&
                   (last->period >> SP__PERIOD_SUB_BITS & 15) == SP__CELL_CHAIN;
  return is_marker ? last->value : 0;
}

void sp__cells_forget(struct sp_state *state, uint32_t owner, int32_t cycle)
{
  struct sp__owner *slot = sp__owner_of(state, owner);
  const uint64_t end = sp__period(cycle, SP__CELL_USED, 0);
  struct sp__cell *cells = slot->count == 0 ? NULL : sp__slab(state, slot->slab);
  uint32_t count = slot->count, kept = 0, at = 0, seen_cycle = 0;
  int64_t days = 0, next_days = 0;
  for (; at < count && cells[at].period < end; at++) {
    uint32_t of_cycle = (uint32_t)(cells[at].period >> 32);
    if (at == 0 || of_cycle != seen_cycle) {
      seen_cycle = of_cycle;
      days = chain_days(cells + at, count - at, of_cycle);
      next_days = chain_days(cells + at, count - at, of_cycle + 1);
    }
    unsigned kind = cells[at].period >> SP__PERIOD_SUB_BITS & 15;
    bool needed = days != 0 && (kind != SP__CELL_DAY || (days & SP__DAY_BIT(cells[at].period)));
    if (needed || (next_days != 0 && kind == SP__CELL_USED)) {
      cells[kept++] = cells[at];
    }
  }
  if (kept < at) {
    memmove(cells + kept, cells + at, (count - at) * sizeof(*cells));
    slot->count = (count - (at - kept)) & SP_STATE_CELLS_MAX;
    sp__owner_dirty(state, owner);
  }
}
