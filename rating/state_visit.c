/* State as entries: visited in order of their keys for checkpoint and hash, put back at start.
 * Value of a subscriber or group: struct owner_head, then its cells. Of a chain: its record. */
#include "rating/chain_record.h"
#include "rating/state_cells.h"

#include <string.h>

#define ENTRY_VERSION 2u

struct owner_head {     /* 16 bytes */
  int64_t latest_utc_s; /* 0 unless seen */
  uint32_t domain;
  uint16_t count;
  uint8_t version;
  uint8_t seen;
};

static void put_big_endian(uint8_t *to, uint64_t word, unsigned bytes)
{
  for (unsigned i = 0; i < bytes; i++) {
    to[i] = (uint8_t)(word >> 8 * (bytes - 1 - i));
  }
}

static uint64_t get_big_endian(const uint8_t *from, unsigned bytes)
{
  uint64_t word = 0;
  for (unsigned i = 0; i < bytes; i++) {
    word = word << 8 | from[i];
  }
  return word;
}

static enum sp_status owner_visit(struct sp_state *state, unsigned kind, uint32_t index,
                                  sp_state_visit *visit, void *context)
{
  const struct sp__owner *slot = state->slots[kind] + index;
  struct owner_head head = {slot->seen ? sp__owner_latest(slot) : 0, slot->seen ? slot->domain : 0,
                            (uint16_t)slot->count, ENTRY_VERSION, (uint8_t)slot->seen};
  memcpy(state->value, &head, sizeof(head));
  if (slot->count > 0) {
    memcpy(state->value + sizeof(head), sp__slab(state, slot->slab),
           slot->count * sizeof(struct sp__cell));
  }
  struct sp_state_entry entry = {.key_length = 5, .value = state->value};
  entry.value_length = (uint32_t)(sizeof(head) + slot->count * sizeof(struct sp__cell));
  entry.key[0] = (uint8_t)kind;
  put_big_endian(entry.key + 1, index, 4);
  return visit(context, &entry);
}

static enum sp_status owners_visit(struct sp_state *state, unsigned kind, bool all,
                                   sp_state_visit *visit, void *context)
{
  for (uint32_t word = 0; word < (state->count[kind] + 63) / 64; word++) {
    uint64_t bits = state->dirty[kind][word];
    for (uint64_t known = all ? state->known[kind][word] : 0; known != 0; known &= known - 1) {
      uint32_t i = (uint32_t)__builtin_ctzll(known);
      const struct sp__owner *slot = state->slots[kind] + word * 64 + i;
      bits |= (uint64_t)(slot->seen || slot->count > 0) << i;
    }
    for (; bits != 0; bits &= bits - 1) {
      uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);
      SP_TRY(owner_visit(state, kind, index, visit, context));
    }
  }
  return SP_OK;
}

static enum sp_status chain_visit(struct sp_state *state, const struct sp__chain_slot *slot,
                                  sp_state_visit *visit, void *context)
{
  struct sp_state_entry entry = {.key_length = SP_STATE_KEY_BYTES, .value_length = slot->bytes};
  entry.value = sp__slab(state, slot->at);
  entry.key[0] = SP_STATE_CHAIN;
  put_big_endian(entry.key + 1, slot->hash[0], 8);
  put_big_endian(entry.key + 9, slot->hash[1], 8);
  return visit(context, &entry);
}

static enum sp_status chains_visit(struct sp_state *state, bool all, sp_state_visit *visit,
                                   void *context)
{
  size_t count = all ? state->chains_count : state->chains_dirty, filled = 0;
  if (count == 0) {
    return SP_OK;
  }
  /* By their hashes: cells (period, key) with the slot as value. */
  struct sp__cell *orders = sp_memory_take_table(state->memory, count * sizeof(*orders));
  if (orders == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 0; i < state->chains_room; i++) {
    const struct sp__chain_slot *slot = state->chains + i;
    if (slot->at != 0 && (all || slot->dirty)) {
      SP_ASSERT(filled < count);
      orders[filled++] =
          (struct sp__cell){.period = slot->hash[0], .key = slot->hash[1], .value = i};
    }
  }
  sp__cells_sort(orders, filled);
  enum sp_status status = SP_OK;
  for (size_t i = 0; i < filled && status == SP_OK; i++) {
    status = chain_visit(state, state->chains + orders[i].value, visit, context);
  }
  sp_memory_give_table(state->memory, orders, count * sizeof(*orders));
  return status;
}

enum sp_status sp_state_visit_entries(struct sp_state *state, bool all, sp_state_visit *visit,
                                      void *context)
{
  SP_ASSERT(state->magic == SP__STATE_MAGIC);
  SP_TRY(owners_visit(state, 0, all, visit, context));
  SP_TRY(owners_visit(state, 1, all, visit, context));
  return chains_visit(state, all, visit, context);
}

uint64_t sp_state_dirty_count(const struct sp_state *state)
{
  uint64_t count = state->chains_dirty;
  for (unsigned kind = 0; kind < 2; kind++) {
    for (uint32_t word = 0; word < (state->count[kind] + 63) / 64; word++) {
      count += (uint64_t)__builtin_popcountll(state->dirty[kind][word]);
    }
  }
  return count;
}

void sp_state_clean(struct sp_state *state)
{
  for (unsigned kind = 0; kind < 2; kind++) {
    for (uint32_t word = 0; word < (state->count[kind] + 63) / 64; word++) {
      state->known[kind][word] |= state->dirty[kind][word];
      state->dirty[kind][word] = 0;
    }
  }
  for (uint32_t i = 0; i < state->chains_room && state->chains_dirty > 0; i++) {
    state->chains_dirty -= state->chains[i].dirty;
    state->chains[i].dirty = 0;
  }
}

static enum sp_status owner_load(struct sp_state *state, uint32_t owner, const uint8_t *value,
                                 size_t length)
{
  struct owner_head head;
  if (length < sizeof(head)) {
    return SP_BAD_FORMAT;
  }
  memcpy(&head, value, sizeof(head));
  size_t cells_bytes = head.count * sizeof(struct sp__cell);
  if (head.version != ENTRY_VERSION || head.seen > 1 || length != sizeof(head) + cells_bytes ||
      !sp__owner_latest_fits(head.latest_utc_s) ||
      (!head.seen && (head.latest_utc_s != 0 || head.domain != 0))) {
    return SP_BAD_FORMAT;
  }
  struct sp__cell last = {0, 0, 0};
  for (unsigned i = 0; i < head.count; i++) {
    struct sp__cell cell;
    memcpy(&cell, value + sizeof(head) + i * sizeof(cell), sizeof(cell));
    bool rising =
        i == 0 || last.period < cell.period || (last.period == cell.period && last.key < cell.key);
    if (!rising || (cell.period >> SP__PERIOD_SUB_BITS & 15) >= SP__CELL_KINDS || cell.value < 0) {
      return SP_BAD_FORMAT;
    }
    last = cell;
  }
  struct sp__owner *slot = sp__owner_of(state, owner);
  uint32_t index = owner & ~SP_OWNER_GROUP;
  state->known[owner >> 31][index / 64] |= UINT64_C(1) << index % 64;
  slot->count = 0;
  if (head.count > 0) {
    SP_TRY(sp__cells_reserve(state, owner, head.count));
    memcpy(sp__slab(state, slot->slab), value + sizeof(head), cells_bytes);
  }
  slot->count = head.count & SP_STATE_CELLS_MAX;
  slot->seen = head.seen & 1u;
  sp__owner_set_latest(slot, head.latest_utc_s);
  slot->domain = head.domain;
  return SP_OK;
}

static bool owner_is_known(const struct sp_state *state, uint32_t owner)
{
  return (owner & ~SP_OWNER_GROUP) < state->count[owner >> 31];
}

static bool lead_is_valid(const struct sp_state *state, const struct sp_usage *lead)
{
  return lead->subscriber < state->count[0] && lead->service < SP_SERVICE_COUNT &&
         lead->direction <= SP_DIRECTION_CF && lead->partial <= SP_PARTIAL_LAST &&
         lead->roam < SP_ROAM_COUNT && lead->zone < SP_ZONE_COUNT && lead->net < SP_NET_COUNT &&
         (lead->group == SP_NONE || lead->group < state->count[1]) &&
         sp__owner_latest_fits(lead->start_utc_s);
}

static bool head_is_valid(const struct sp_state *state, const struct sp__chain_head *head)
{
  return head->version == SP__CHAIN_VERSION && head->items_count <= SP_CHARGE_ITEMS_MAX &&
         head->allowances_count <= SP_CHARGE_ALLOWANCES_MAX &&
         head->payers_count <= SP_CHARGE_PAYERS_MAX && lead_is_valid(state, &head->lead) &&
         head->duration_s >= 0 && head->bytes >= 0 && head->items >= 0 && head->list_micro >= 0 &&
         head->net_micro >= 0 && head->rated <= 1 &&
         (head->flags & ~(SP_FLAG_CAPPED | SP_FLAG_LATE)) == 0;
}

/* What F came to is never below 0, so a difference of two of them fits. */
static bool charged_is_valid(const struct sp_state *state, const struct sp__chain_head *head)
{
  const struct sp_charge_item *item = sp__chain_items(head);
  for (unsigned i = 0; i < head->items_count; i++, item++) {
    if (item->list_micro < 0 || item->net_micro < 0 || item->increments < 0) {
      return false;
    }
  }
  const struct sp__chain_allowance *line = sp__chain_allowances(head);
  for (unsigned i = 0; i < head->allowances_count; i++, line++) {
    if (line->pool > 1 || !owner_is_known(state, line->owner) || line->used < 0 ||
        line->granted < 0 || line->rolled < -1) {
      return false;
    }
  }
  const struct sp_charge_payer *payer = sp__chain_payers(head);
  for (unsigned i = 0; i < head->payers_count; i++, payer++) {
    if (payer->amount_micro < 0) {
      return false;
    }
  }
  return true;
}

static bool cells_are_valid(const struct sp_state *state, const struct sp__chain_head *head)
{
  const struct sp__chain_cell *cell = sp__chain_cells(head);
  for (unsigned i = 0; i < head->cells_count; i++, cell++) {
    if (!owner_is_known(state, cell->owner) || cell->added < 0 || cell->start < 0 ||
        (cell->period >> SP__PERIOD_SUB_BITS & 15) >= SP__CELL_CHAIN) {
      return false;
    }
  }
  return true;
}

/* value: aligned to 8, as it lies in a slab. */
static bool chain_is_valid(const struct sp_state *state, const void *value, size_t length)
{
  const struct sp__chain_head *head = value;
  return length >= sizeof(*head) && length == sp__chain_bytes(head) && head_is_valid(state, head) &&
         charged_is_valid(state, head) && cells_are_valid(state, head);
}

static enum sp_status entry_load(struct sp_state *state, const uint8_t *key, const uint8_t *value,
                                 size_t value_length)
{
  if (key[0] == SP_STATE_CHAIN) {
    uint64_t hash[2] = {get_big_endian(key + 1, 8), get_big_endian(key + 9, 8)};
    if (value_length > SP_STATE_VALUE_BYTES_MAX || (hash[0] | hash[1]) == 0) {
      return SP_BAD_FORMAT;
    }
    memcpy(state->value, value, value_length); /* aligned, which pages of a database are not */
    if (!chain_is_valid(state, state->value, value_length)) {
      return SP_BAD_FORMAT;
    }
    SP_TRY(sp__chain_reserve(state, hash, value_length));
    sp__chain_set(state, hash, state->value, value_length);
    struct sp__chain_slot *slot = sp__chain_find(state, hash);
    SP_ASSERT(slot != NULL);
    slot->dirty = 0;
    state->chains_dirty--;
    return SP_OK;
  }
  uint32_t index = (uint32_t)get_big_endian(key + 1, 4);
  if (index >= state->count[key[0]]) {
    return SP_BAD_FORMAT;
  }
  return owner_load(state, index | (uint32_t)key[0] << 31, value, value_length);
}

enum sp_status sp_state_load(struct sp_state *state, const uint8_t *key, size_t key_length,
                             const uint8_t *value, size_t value_length)
{
  SP_ASSERT(state->magic == SP__STATE_MAGIC);
  if (key_length == 0 || key[0] > SP_STATE_CHAIN ||
      key_length != (key[0] == SP_STATE_CHAIN ? SP_STATE_KEY_BYTES : 5u)) {
    return SP_BAD_FORMAT;
  }
  return entry_load(state, key, value, value_length);
}
