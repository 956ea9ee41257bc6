/* Entries of a state as a checkpoint keeps them: refused, or they come out again as they went in,
 * every cell is found, and records rated on them leave a state that can be loaded again. The input
 * is a row of entries: what it is and whose, length (2 bytes), value. Versions and counts are set
 * right first, so that what lies behind them is met, too; `raw` entries are taken as they lie. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rating/rate_parts.h"
#include "tests/rating/rate_tariff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SUBSCRIBERS = 2, GROUPS = 2, ENTRIES_MAX = 64, RAW = 8 };
#define WINDOW_S (INT64_C(62) * 86400)

static void *grow(void *context, size_t bytes)
{
  (void)context;
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

static void release(void *context, void *at, size_t bytes)
{
  (void)context;
  munmap(at, bytes);
}

static struct sp_state *state_new(struct sp_memory *memory)
{
  struct sp_state *state;
  *memory = (struct sp_memory){.grow = grow, .release = release};
  SP_ASSERT(sp_state_make(&state, SUBSCRIBERS, GROUPS, memory) == SP_OK);
  return state;
}

struct entry {
  uint8_t key[SP_STATE_KEY_BYTES];
  size_t key_length, length;
  uint8_t *value;
};

/* Counts and version of an entry from its length, as far as it has them. */
static void entry_mend(struct entry *entry)
{
  if (entry->key[0] != SP_STATE_CHAIN && entry->length >= 16) {
    uint16_t count = (uint16_t)((entry->length - 16) / sizeof(struct sp__cell));
    memcpy(entry->value + 12, &count, sizeof(count));
    entry->value[14] = 2;
    entry->length = 16 + count * sizeof(struct sp__cell);
  } else if (entry->length >= sizeof(struct sp__chain_head)) {
    struct sp__chain_head head;
    memcpy(&head, entry->value, sizeof(head));
    head.version = SP__CHAIN_VERSION;
    head.items_count &= 3;
    head.allowances_count &= 3;
    head.payers_count &= 1;
    head.cells_count = 0;
    if (sp__chain_bytes(&head) > entry->length) {
      head.items_count = head.allowances_count = head.payers_count = 0;
    }
    size_t rest = entry->length - sp__chain_bytes(&head);
    head.cells_count = (uint16_t)(rest / sizeof(struct sp__chain_cell));
    entry->length = sp__chain_bytes(&head);
    memcpy(entry->value, &head, sizeof(head));
  }
}

/* The next entry of the input; its value has exactly its length, so that a read behind it is seen.
 */
static bool entry_next(struct entry *entry, const uint8_t **data, size_t *size)
{
  if (*size < 4) {
    return false;
  }
  const uint8_t *at = *data;
  memset(entry, 0, sizeof(*entry));
  entry->key[0] = at[0] % 4;
  entry->key_length = entry->key[0] == SP_STATE_CHAIN ? SP_STATE_KEY_BYTES : 5;
  entry->key[entry->key_length == 5 ? 4 : 8] = at[1];
  entry->length = (size_t)at[2] | (size_t)at[3] << 8;
  entry->length = entry->length < *size - 4 ? entry->length : *size - 4;
  *data += 4 + entry->length;
  *size -= 4 + entry->length;
  uint8_t *copy = malloc(entry->length + 1);
  SP_ASSERT(copy != NULL);
  memcpy(copy, at + 4, entry->length);
  entry->value = copy;
  if ((at[0] & RAW) == 0) {
    entry_mend(entry);
  }
  entry->value = malloc(entry->length + (entry->length == 0));
  SP_ASSERT(entry->value != NULL);
  memcpy(entry->value, copy, entry->length);
  free(copy);
  return true;
}

struct seen {
  const struct entry *entry;
  struct sp_state *other;
  bool met;
};

static enum sp_status entry_seen(void *context, const struct sp_state_entry *entry)
{
  struct seen *seen = context;
  const struct entry *like = seen->entry;
  if (like != NULL && like->key_length == entry->key_length &&
      memcmp(like->key, entry->key, entry->key_length) == 0) {
    seen->met = true;
    SP_ASSERT(like->length == entry->value_length &&
              memcmp(like->value, entry->value, like->length) == 0);
  }
  SP_ASSERT(sp_state_load(seen->other, entry->key, entry->key_length, entry->value,
                          entry->value_length) == SP_OK);
  return SP_OK;
}

/* All that is visited can be loaded; an entry that was is among it, byte for byte. */
static void state_comes_back(struct sp_state *state, const struct entry *entry)
{
  struct sp_memory memory;
  struct seen seen = {entry, state_new(&memory), false};
  SP_ASSERT(sp_state_visit_entries(state, true, entry_seen, &seen) == SP_OK);
  /* An owner never seen and without a cell has no entry. */
  SP_ASSERT(entry == NULL || seen.met || (entry->length == 16 && entry->value[15] == 0));
  sp_state_free(seen.other);
}

/* Each cell is found, and forgetting leaves some of them in their order, the same at the second
 * time. */
static void owner_look(struct sp_state *state, uint32_t owner)
{
  const struct sp__owner *slot = sp__owner_of(state, owner);
  const struct sp__cell *cells = slot->count == 0 ? NULL : sp__slab(state, slot->slab);
  int32_t cycle = 0;
  for (uint32_t i = 0; i < slot->count; i++) {
    SP_ASSERT(sp__cell_find(state, owner, cells[i].key, cells[i].period) == cells + i);
    cycle =
        i == slot->count / 2u ? (int32_t)(uint32_t)((cells[i].period >> 32) ^ 0x80000000u) : cycle;
  }
  uint32_t count = slot->count;
  sp__cells_forget(state, owner, cycle);
  uint32_t left = slot->count;
  SP_ASSERT(left <= count);
  sp__cells_forget(state, owner, cycle);
  SP_ASSERT(left == slot->count);
}

/* Records of a day, whole and partial, on whatever the state says. */
static void records_rate(struct rate_case *it, struct sp_state *state, uint8_t chain)
{
  static struct sp_charge charge;
  sp_rater_set_state(it->rater, state);
  for (unsigned i = 0; i < 6; i++) {
    struct sp_usage usage = rate_case_usage(it, i % 2, JUNE_UTC_S + 30000 * i);
    usage.service = i % 3 == 0 ? SP_SERVICE_DATA : SP_SERVICE_VOICE;
    usage.duration_s = 100 + 700 * i;
    usage.bytes = 3000000 * i;
    if (i >= 2) { /* the key of a chain entry, as it lies there */
      usage.chain_hash[0] = chain;
      usage.partial = SP_PARTIAL_MIDDLE;
    }
    SP_ASSERT(sp_rater_notice(it->rater, &usage) == SP_OK);
    enum sp_status status = sp_rate(it->rater, &usage, &charge, NULL);
    SP_ASSERT(status == SP_OK || status == SP_BAD_FORMAT);
  }
  sp_rater_set_state(it->rater, it->state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct rate_case it;
  if (it.rater == NULL) {
    rate_case_open(&it, tariff_book, tariff_customers);
    sp_rater_set_window(it.rater, WINDOW_S);
  }
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  struct entry entry;
  uint8_t chain = 1;
  for (int i = 0; i < ENTRIES_MAX && entry_next(&entry, &data, &size); i++) {
    enum sp_status status =
        sp_state_load(state, entry.key, entry.key_length, entry.value, entry.length);
    SP_ASSERT(status == SP_OK || status == SP_BAD_FORMAT);
    if (status == SP_OK) {
      state_comes_back(state, &entry);
      chain = entry.key[0] == SP_STATE_CHAIN ? entry.key[8] : chain;
    }
    free(entry.value);
  }
  records_rate(&it, state, chain);
  state_comes_back(state, NULL);
  for (uint32_t i = 0; i < 2; i++) {
    owner_look(state, i);
    owner_look(state, i | SP_OWNER_GROUP);
  }
  sp_state_free(state);
  return 0;
}
