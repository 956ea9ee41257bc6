/* Chains by their 128-bit key: a hash table of slots, each naming a record of variable size in the
 * slabs. */
#include "rating/state_cells.h"

#include <string.h>

#define CHAINS_ROOM_FIRST 1024u

static uint32_t chain_place(const struct sp_state *state, const uint64_t hash[2])
{
  uint32_t mask = state->chains_room - 1;
  uint32_t i = (uint32_t)(hash[0] >> 8) & mask;
  while (state->chains[i].at != 0 &&
         (state->chains[i].hash[0] != hash[0] || state->chains[i].hash[1] != hash[1])) {
    i = (i + 1) & mask;
  }
  return i;
}

struct sp__chain_slot *sp__chain_find(const struct sp_state *state, const uint64_t hash[2])
{
  if (state->chains_room == 0) {
    return NULL;
  }
  struct sp__chain_slot *slot = state->chains + chain_place(state, hash);
  return slot->at == 0 ? NULL : slot;
}

static enum sp_status table_double(struct sp_state *state)
{
  uint32_t room = state->chains_room == 0 ? CHAINS_ROOM_FIRST : state->chains_room * 2;
  uint32_t old_room = state->chains_room;
  struct sp__chain_slot *old = state->chains;
  struct sp__chain_slot *made = sp_memory_take_table(state->memory, (size_t)room * sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  state->chains = made;
  state->chains_room = room;
  for (uint32_t i = 0; i < old_room; i++) {
    if (old[i].at != 0) {
      made[chain_place(state, old[i].hash)] = old[i];
    }
  }
  sp_memory_give_table(state->memory, old, (size_t)old_room * sizeof(*old));
  return SP_OK;
}

enum sp_status sp__chain_reserve(struct sp_state *state, const uint64_t hash[2], size_t bytes)
{
  if (bytes > SP_STATE_VALUE_BYTES_MAX) {
    return SP_LIMIT;
  }
  if (state->chains_count >= state->chains_room / 2) {
    if (state->chains_room > UINT32_MAX / 4) {
      return SP_LIMIT;
    }
    SP_TRY(table_double(state));
  }
  unsigned class = sp__slab_class(bytes);
  struct sp__chain_slot *slot = state->chains + chain_place(state, hash);
  if (slot->at != 0 && slot->class >= class) {
    return SP_OK;
  }
  /* One slab of the class waits in its list for sp__chain_set. */
  uint32_t at = sp__slab_take(state, class);
  if (at == 0) {
    return SP_NO_MEMORY;
  }
  sp__slab_give(state, at, class);
  return SP_OK;
}

void sp__chain_set(struct sp_state *state, const uint64_t hash[2], const void *record, size_t bytes)
{
  unsigned class = sp__slab_class(bytes);
  struct sp__chain_slot *slot = state->chains + chain_place(state, hash);
  if (slot->at == 0 || slot->class < class) {
    uint32_t at = sp__slab_take(state, class);
    SP_ASSERT(at != 0);
    if (slot->at != 0) {
      sp__slab_give(state, slot->at, slot->class);
    } else {
      slot->hash[0] = hash[0];
      slot->hash[1] = hash[1];
      state->chains_count++;
    }
    slot->at = at;
    slot->class = class & 15u;
  }
  memcpy(sp__slab(state, slot->at), record, bytes);
  slot->bytes = (uint32_t)bytes & 0x3FFFFFu;
  state->chains_dirty += !slot->dirty;
  slot->dirty = 1;
}
