/* Cells of one owner: a slab that grows by doubling, kept ascending by (period, key), so that the
 * newest are last and the same content always lies in the same bytes. */
#include "rating/state_cells.h"

#include <string.h>

static bool cell_before(const struct sp__cell *cell, uint64_t key, uint64_t period)
{
  return cell->period != period ? cell->period < period : cell->key < key;
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
  slot->count = (count + 1) & 4095u;
}
