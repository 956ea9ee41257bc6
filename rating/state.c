/* The state's tables: slots of subscribers and groups, slabs by size class. */
#include "rating/state_cells.h"

#include <string.h>

static size_t slots_bytes(const struct sp_state *state, unsigned kind, uint32_t count)
{
  return kind == 0 && state->slots_lent ? 0 : (size_t)count * sizeof(struct sp__owner);
}

static size_t bits_bytes(uint32_t count)
{
  return ((size_t)count + 63) / 64 * 8;
}

static void tables_give(struct sp_state *state, unsigned kind)
{
  uint32_t count = state->count[kind];
  if (slots_bytes(state, kind, count) > 0) {
    sp_memory_give_table(state->memory, state->slots[kind], slots_bytes(state, kind, count));
  }
  sp_memory_give_table(state->memory, state->dirty[kind], bits_bytes(count));
  sp_memory_give_table(state->memory, state->known[kind], bits_bytes(count));
}

/* Larger tables with what was in the former ones. */
static enum sp_status tables_take(struct sp_state *state, unsigned kind, uint32_t count)
{
  uint32_t old = state->count[kind];
  if (count <= old) {
    return SP_OK;
  }
  SP_ASSERT(count < SP_OWNER_GROUP && (kind != 0 || !state->slots_lent || old == 0));
  struct sp_state grown = {.memory = state->memory, .slots_lent = state->slots_lent};
  grown.count[kind] = count;
  size_t bytes = slots_bytes(state, kind, count);
  grown.slots[kind] = bytes > 0 ? sp_memory_take_table(state->memory, bytes) : state->slots[kind];
  grown.dirty[kind] = sp_memory_take_table(state->memory, bits_bytes(count));
  grown.known[kind] = sp_memory_take_table(state->memory, bits_bytes(count));
  if (grown.slots[kind] == NULL || grown.dirty[kind] == NULL || grown.known[kind] == NULL) {
    tables_give(&grown, kind);
    return SP_NO_MEMORY;
  }
  if (old > 0) {
    memcpy(grown.slots[kind], state->slots[kind], old * sizeof(struct sp__owner));
    memcpy(grown.dirty[kind], state->dirty[kind], bits_bytes(old));
    memcpy(grown.known[kind], state->known[kind], bits_bytes(old));
    tables_give(state, kind);
  }
  state->slots[kind] = grown.slots[kind];
  state->dirty[kind] = grown.dirty[kind];
  state->known[kind] = grown.known[kind];
  state->count[kind] = count;
  return SP_OK;
}

enum sp_status sp_state_make_within(struct sp_state **state, void *slots, uint32_t subscribers,
                                    uint32_t groups, struct sp_memory *memory)
{
  struct sp_state *made = sp_memory_take_table(memory, sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = SP__STATE_MAGIC;
  made->memory = memory;
  made->slots_lent = slots != NULL;
  made->slots[0] = slots;
  made->value = sp_memory_take_table(memory, SP_STATE_VALUE_BYTES_MAX);
  if (made->value == NULL || sp_state_grow(made, subscribers, groups) != SP_OK) {
    sp_state_free(made);
    return SP_NO_MEMORY;
  }
  *state = made;
  return SP_OK;
}

enum sp_status sp_state_make(struct sp_state **state, uint32_t subscribers, uint32_t groups,
                             struct sp_memory *memory)
{
  return sp_state_make_within(state, NULL, subscribers, groups, memory);
}

enum sp_status sp_state_grow(struct sp_state *state, uint32_t subscribers, uint32_t groups)
{
  SP_ASSERT(state->magic == SP__STATE_MAGIC);
  SP_TRY(tables_take(state, 0, subscribers));
  return tables_take(state, 1, groups);
}

void sp_state_free(struct sp_state *state)
{
  if (state == NULL) {
    return;
  }
  SP_ASSERT(state->magic == SP__STATE_MAGIC);
  struct sp_memory *memory = state->memory;
  for (uint32_t i = 0; i < state->chunks_count; i++) {
    sp_memory_give_table(memory, state->chunks[i], (size_t)SP__CHUNK_UNITS * SP__UNIT_BYTES);
  }
  tables_give(state, 0);
  tables_give(state, 1);
  sp_memory_give_table(memory, state->chains,
                       (size_t)state->chains_room * sizeof(struct sp__chain_slot));
  sp_memory_give_table(memory, state->value, SP_STATE_VALUE_BYTES_MAX);
  state->magic = 0;
  sp_memory_give_table(memory, state, sizeof(*state));
}

uint64_t sp_state_bytes(const struct sp_state *state)
{
  uint64_t bytes = sizeof(*state) + SP_STATE_VALUE_BYTES_MAX;
  bytes += (uint64_t)state->chunks_count * SP__CHUNK_UNITS * SP__UNIT_BYTES;
  bytes += (uint64_t)state->chains_room * sizeof(struct sp__chain_slot);
  for (unsigned kind = 0; kind < 2; kind++) {
    bytes += slots_bytes(state, kind, state->count[kind]) + 2 * bits_bytes(state->count[kind]);
  }
  return bytes;
}

unsigned sp__slab_class(size_t bytes)
{
  unsigned class = 0;
  while ((size_t)SP__UNIT_BYTES << class < bytes) {
    class ++;
  }
  SP_ASSERT(class < SP__CLASSES);
  return class;
}

static bool chunk_add(struct sp_state *state)
{
  if (state->chunks_count == SP__CHUNKS_MAX) {
    return false;
  }
  char *chunk = sp_memory_take_table(state->memory, (size_t)SP__CHUNK_UNITS * SP__UNIT_BYTES);
  if (chunk == NULL) {
    return false;
  }
  state->units_used = state->chunks_count == 0 ? 1 : 0; /* unit 0 is never given: 0 means none */
  state->chunks[state->chunks_count++] = chunk;
  return true;
}

uint32_t sp__slab_take(struct sp_state *state, unsigned class)
{
  SP_ASSERT(class < SP__CLASSES);
  uint32_t at = state->free[class];
  if (at != 0) {
    memcpy(&state->free[class], sp__slab(state, at), sizeof(uint32_t));
    return at;
  }
  uint32_t units = 1u << class;
  if (state->chunks_count == 0 || SP__CHUNK_UNITS - state->units_used < units) {
    /* What is left of a chunk goes to the lists: bits of its size, largest slabs that fit. */
    while (state->chunks_count > 0 && state->units_used < SP__CHUNK_UNITS) {
      unsigned part = 31 - (unsigned)__builtin_clz(SP__CHUNK_UNITS - state->units_used);
      part = part < SP__CLASSES ? part : SP__CLASSES - 1;
      uint32_t rest = (state->chunks_count - 1) * SP__CHUNK_UNITS + state->units_used;
      state->units_used += 1u << part;
      sp__slab_give(state, rest, part);
    }
    if (!chunk_add(state)) {
      return 0;
    }
  }
  at = (state->chunks_count - 1) * SP__CHUNK_UNITS + state->units_used;
  state->units_used += units;
  return at;
}

void sp__slab_give(struct sp_state *state, uint32_t at, unsigned class)
{
  SP_ASSERT(at != 0 && class < SP__CLASSES);
  memcpy(sp__slab(state, at), &state->free[class], sizeof(uint32_t));
  state->free[class] = at;
}
