/* rating/state.h and state_cells.h: cells against a plain list, slabs reused, chains, entries out
 * and in, broken entries. */
#include "rating/chain_record.h"
#include "rating/state_cells.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/refusing.h"
#include "tools/heap.h"

#include <stdlib.h>
#include <string.h>

enum { OWNERS = 40, GROUPS = 7, CELLS_MAX = 4000, LARGEST = 4 };

struct model { /* the obvious state: a list */
  struct {
    uint32_t owner;
    uint64_t key, period;
    int64_t value;
  } cells[CELLS_MAX];
  size_t count;
};

static int64_t *model_at(struct model *model, uint32_t owner, uint64_t key, uint64_t period)
{
  for (size_t i = 0; i < model->count; i++) {
    if (model->cells[i].owner == owner && model->cells[i].key == key &&
        model->cells[i].period == period) {
      return &model->cells[i].value;
    }
  }
  return NULL;
}

static struct sp_state *state_new(struct sp_memory *memory)
{
  struct sp_state *state;
  sp_heap_init(memory);
  ck_assert_int_eq(sp_state_make(&state, OWNERS, GROUPS, memory), SP_OK);
  return state;
}

static void cell_put(struct sp_state *state, struct model *model, uint32_t owner)
{
  uint64_t key = 1 + draw(5);
  uint64_t period =
      sp__period((int32_t)draw(12), (enum sp__cell_kind)draw(SP__CELL_KINDS), draw(3));
  int64_t value = (int64_t)draw(1000000);
  int64_t *known = model_at(model, owner, key, period);
  ck_assert_int_eq(sp__cells_reserve(state, owner, 1), SP_OK);
  sp__cell_set(state, owner, key, period, value);
  if (known != NULL) {
    *known = value;
  } else {
    ck_assert(model->count < CELLS_MAX);
    model->cells[model->count].owner = owner;
    model->cells[model->count].key = key;
    model->cells[model->count].period = period;
    model->cells[model->count++].value = value;
  }
}

static void state_equals(const struct sp_state *state, struct model *model)
{
  size_t cells = 0;
  for (uint32_t i = 0; i < OWNERS + GROUPS; i++) {
    uint32_t owner = i < OWNERS ? i : (i - OWNERS) | SP_OWNER_GROUP;
    cells += sp__owner_of(state, owner)->count;
  }
  ck_assert_uint_eq(cells, model->count);
  for (size_t i = 0; i < model->count; i++) {
    const struct sp__cell *cell =
        sp__cell_find(state, model->cells[i].owner, model->cells[i].key, model->cells[i].period);
    ck_assert_ptr_nonnull(cell);
    ck_assert_int_eq(cell->value, model->cells[i].value);
  }
}

struct entries { /* a visit kept */
  uint8_t keys[256][SP_STATE_KEY_BYTES];
  size_t key_lengths[256];
  uint8_t *values[256];
  size_t lengths[256];
  size_t count;
};

static enum sp_status entry_keep(void *context, const struct sp_state_entry *entry)
{
  struct entries *kept = context;
  size_t at = kept->count++;
  ck_assert_uint_lt(at, 256);
  memcpy(kept->keys[at], entry->key, SP_STATE_KEY_BYTES);
  kept->key_lengths[at] = entry->key_length;
  kept->lengths[at] = entry->value_length;
  kept->values[at] = malloc(entry->value_length);
  ck_assert_ptr_nonnull(kept->values[at]);
  memcpy(kept->values[at], entry->value, entry->value_length);
  if (at > 0) {
    ck_assert_int_lt(memcmp(kept->keys[at - 1], kept->keys[at], SP_STATE_KEY_BYTES), 0);
  }
  return SP_OK;
}

static void entries_free(struct entries *kept)
{
  for (size_t i = 0; i < kept->count; i++) {
    free(kept->values[i]);
  }
  kept->count = 0;
}

static void chain_put(struct sp_state *state, uint64_t key, unsigned cells)
{
  static uint8_t record[SP_STATE_VALUE_BYTES_MAX];
  struct sp__chain_head *head = (struct sp__chain_head *)(void *)record;
  memset(record, 0, sizeof(record));
  head->version = SP__CHAIN_VERSION;
  head->lead.subscriber = (uint32_t)(key % OWNERS);
  head->duration_s = (int64_t)key;
  head->cells_count = (uint16_t)cells;
  uint64_t hash[2] = {key << 32 | key, key};
  ck_assert_int_eq(sp__chain_reserve(state, hash, sp__chain_bytes(head)), SP_OK);
  sp__chain_set(state, hash, record, sp__chain_bytes(head));
}

START_TEST(test_cells)
{
  draw_begin(20261130);
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  static struct model model;
  model.count = 0;
  for (int i = 0; i < 4000; i++) {
    uint32_t owner = draw(3) == 0 ? draw(GROUPS) | SP_OWNER_GROUP : draw(OWNERS);
    cell_put(state, &model, owner);
  }
  state_equals(state, &model);
  ck_assert_ptr_null(sp__cell_find(state, 0, 99, sp__period(3, SP__CELL_PAID, 0)));
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

START_TEST(test_limit)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  for (uint32_t i = 0; i < SP_STATE_CELLS_MAX; i++) {
    ck_assert_int_eq(sp__cells_reserve(state, 1, 1), SP_OK);
    sp__cell_set(state, 1, i, 1, i);
  }
  for (uint32_t i = 0; i < SP_STATE_CELLS_MAX; i += 977) {
    const struct sp__cell *cell = sp__cell_find(state, 1, i, 1);
    ck_assert(cell != NULL && cell->value == i);
  }
  ck_assert_ptr_null(sp__cell_find(state, 1, SP_STATE_CELLS_MAX, 1));
  ck_assert_ptr_null(sp__cell_find(state, 1, 1, 0));
  ck_assert_int_eq(sp__cells_reserve(state, 1, 1), SP_LIMIT);
  ck_assert_int_eq(sp__cells_reserve(state, 2, SP_STATE_CELLS_MAX + 1), SP_LIMIT);
  struct entries kept = {.count = 0};
  ck_assert_int_eq(sp_state_visit_entries(state, true, entry_keep, &kept), SP_OK);
  ck_assert_uint_eq(kept.lengths[0], 16 + SP_STATE_CELLS_MAX * sizeof(struct sp__cell));
  ck_assert_uint_le(kept.lengths[0], SP_STATE_VALUE_BYTES_MAX);
  struct sp_memory other_memory;
  struct sp_state *other = state_new(&other_memory);
  ck_assert_int_eq(
      sp_state_load(other, kept.keys[0], kept.key_lengths[0], kept.values[0], kept.lengths[0]),
      SP_OK);
  ck_assert_uint_eq(sp__owner_of(other, 1)->count, SP_STATE_CELLS_MAX);
  ck_assert_ptr_nonnull(sp__cell_find(other, 1, 40000, 1));
  sp_state_free(other);
  sp_memory_free(&other_memory);
  entries_free(&kept);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

static void same_entries(const struct entries *a, const struct entries *b)
{
  ck_assert_uint_eq(a->count, b->count);
  for (size_t i = 0; i < a->count; i++) {
    ck_assert_mem_eq(a->keys[i], b->keys[i], SP_STATE_KEY_BYTES);
    ck_assert_uint_eq(a->lengths[i], b->lengths[i]);
    ck_assert_mem_eq(a->values[i], b->values[i], a->lengths[i]);
  }
}

START_TEST(test_entries)
{
  struct sp_memory memory, memory_b;
  struct sp_state *state = state_new(&memory), *other = state_new(&memory_b);
  static struct model model;
  static struct entries kept, again;
  model.count = kept.count = again.count = 0;
  for (int i = 0; i < 900; i++) {
    cell_put(state, &model, draw(4) == 0 ? draw(GROUPS) | SP_OWNER_GROUP : draw(OWNERS));
  }
  for (uint64_t key = 1; key <= 60; key++) {
    chain_put(state, key * 7919 % 61 + 1, (unsigned)(key % 30));
  }
  sp__owner_of(state, 5)->seen = 1;
  sp__owner_set_latest(sp__owner_of(state, 5), -77);
  sp__owner_of(state, 5)->domain = 4;
  ck_assert_int_eq(sp_state_visit_entries(state, true, entry_keep, &kept), SP_OK);
  for (size_t i = 0; i < kept.count; i++) {
    ck_assert_int_eq(
        sp_state_load(other, kept.keys[i], kept.key_lengths[i], kept.values[i], kept.lengths[i]),
        SP_OK);
  }
  state_equals(other, &model);
  ck_assert_uint_eq(sp_state_dirty_count(other), 0);
  ck_assert_int_eq(sp_state_visit_entries(other, true, entry_keep, &again), SP_OK);
  same_entries(&kept, &again);
  ck_assert(sp__owner_latest(sp__owner_of(other, 5)) == -77);
  entries_free(&kept);
  entries_free(&again);
  sp_state_free(state);
  sp_state_free(other);
  sp_memory_free(&memory);
  sp_memory_free(&memory_b);
}
END_TEST

START_TEST(test_dirty)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  static struct model model;
  static struct entries kept;
  model.count = kept.count = 0;
  for (int i = 0; i < 100; i++) {
    cell_put(state, &model, draw(OWNERS));
  }
  chain_put(state, 3, 2);
  sp_state_clean(state);
  ck_assert_uint_eq(sp_state_dirty_count(state), 0);
  ck_assert_int_eq(sp_state_visit_entries(state, false, entry_keep, &kept), SP_OK);
  ck_assert_uint_eq(kept.count, 0);
  cell_put(state, &model, 9);
  cell_put(state, &model, 2 | SP_OWNER_GROUP);
  chain_put(state, 3, 5);
  chain_put(state, 4, 5);
  ck_assert_uint_eq(sp_state_dirty_count(state), 4);
  ck_assert_int_eq(sp_state_visit_entries(state, false, entry_keep, &kept), SP_OK);
  ck_assert_uint_eq(kept.count, 4);
  ck_assert_uint_eq(kept.keys[0][0], SP_STATE_SUBSCRIBER);
  ck_assert_uint_eq(kept.keys[1][0], SP_STATE_GROUP);
  ck_assert_uint_eq(kept.keys[2][0], SP_STATE_CHAIN);
  entries_free(&kept);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

START_TEST(test_grow)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  static struct model model;
  model.count = 0;
  for (int i = 0; i < 200; i++) {
    cell_put(state, &model, draw(OWNERS));
  }
  uint64_t dirty = sp_state_dirty_count(state), bytes = sp_state_bytes(state);
  ck_assert_int_eq(sp_state_grow(state, OWNERS * 50, GROUPS), SP_OK);
  ck_assert_uint_eq(sp_state_dirty_count(state), dirty);
  ck_assert_uint_gt(sp_state_bytes(state), bytes);
  cell_put(state, &model, OWNERS * 50 - 1);
  ck_assert_ptr_nonnull(sp__cell_find(state, OWNERS * 50 - 1, model.cells[model.count - 1].key,
                                      model.cells[model.count - 1].period));
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

/* Two states over one table of slots: each visits what is its own, also after a clean, and gives
 * back nothing of the table. */
START_TEST(test_within)
{
  static struct entries kept;
  struct sp_memory memory;
  sp_heap_init(&memory);
  void *slots = sp_heap_take((size_t)OWNERS * SP_STATE_SLOT_BYTES);
  struct sp_state *states[2];
  ck_assert_ptr_nonnull(slots);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(sp_state_make_within(&states[i], slots, OWNERS, GROUPS, &memory), SP_OK);
  }
  for (uint32_t owner = 0; owner < OWNERS; owner++) {
    ck_assert_int_eq(sp__cells_reserve(states[owner % 2], owner, 1), SP_OK);
    sp__cell_set(states[owner % 2], owner, owner, sp__period(1, SP__CELL_USED, 0), owner);
  }
  for (unsigned i = 0; i < 2; i++) {
    ck_assert_uint_eq(sp_state_dirty_count(states[i]), OWNERS / 2);
    sp_state_clean(states[i]);
    ck_assert_uint_eq(sp_state_dirty_count(states[i]), 0);
    kept.count = 0;
    ck_assert_int_eq(sp_state_visit_entries(states[i], true, entry_keep, &kept), SP_OK);
    ck_assert_uint_eq(kept.count, OWNERS / 2);
    ck_assert_uint_eq(kept.keys[0][4], i);
    ck_assert_uint_eq(kept.keys[1][4], i + 2);
    entries_free(&kept);
  }
  sp_state_free(states[0]);
  ck_assert_ptr_nonnull(sp__cell_find(states[1], 1, 1, sp__period(1, SP__CELL_USED, 0)));
  sp_state_free(states[1]);
  sp_heap_give(slots, (size_t)OWNERS * SP_STATE_SLOT_BYTES);
  sp_memory_free(&memory);
}
END_TEST

/* Slabs fill chunk after chunk, what is left of one is used for smaller ones, what is given back
 * comes again. */
START_TEST(test_slabs)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  uint32_t largest[LARGEST], small[64];
  for (int i = 0; i < LARGEST; i++) {
    largest[i] = sp__slab_take(state, SP__CLASSES - 1);
    ck_assert_uint_ne(largest[i], 0);
    memset(sp__slab(state, largest[i]), i, (size_t)SP__UNIT_BYTES << (SP__CLASSES - 1));
  }
  uint64_t bytes = sp_state_bytes(state);
  for (int i = 0; i < 64; i++) { /* behind the last largest one there is room for them */
    small[i] = sp__slab_take(state, (unsigned)i % 10);
    ck_assert_uint_ne(small[i], 0);
    memset(sp__slab(state, small[i]), 0xEE, (size_t)SP__UNIT_BYTES << (unsigned)i % 10);
  }
  ck_assert_uint_eq(sp_state_bytes(state), bytes);
  for (int i = 0; i < LARGEST; i++) {
    const uint8_t *at = sp__slab(state, largest[i]);
    size_t length = (size_t)SP__UNIT_BYTES << (SP__CLASSES - 1);
    ck_assert(at[0] == (uint8_t)i && at[length / 2] == (uint8_t)i && at[length - 1] == (uint8_t)i);
  }
  sp__slab_give(state, largest[3], SP__CLASSES - 1);
  ck_assert_uint_eq(sp__slab_take(state, SP__CLASSES - 1), largest[3]);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

/* The table of chains grows; each is found again with the bytes it was given last. */
START_TEST(test_many_chains)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  for (uint64_t round = 0; round < 3; round++) {
    for (uint64_t key = 1; key <= 3000; key++) {
      chain_put(state, key, (unsigned)(key % 11 + round * 5));
    }
  }
  for (uint64_t key = 1; key <= 3000; key++) {
    uint64_t hash[2] = {key << 32 | key, key};
    const struct sp__chain_slot *slot = sp__chain_find(state, hash);
    ck_assert_ptr_nonnull(slot);
    const struct sp__chain_head *head = sp__slab(state, slot->at);
    ck_assert_uint_eq(head->cells_count, key % 11 + 10);
    ck_assert_uint_eq(slot->bytes, sp__chain_bytes(head));
  }
  uint64_t none[2] = {1, 2};
  ck_assert_ptr_null(sp__chain_find(state, none));
  ck_assert_uint_eq(sp_state_dirty_count(state), 3000);
  ck_assert_int_eq(sp__chain_reserve(state, none, SP_STATE_VALUE_BYTES_MAX + 1), SP_LIMIT);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

static enum sp_status load(struct sp_state *state, const uint8_t *key, size_t key_length,
                           const uint8_t *value, size_t length)
{
  return sp_state_load(state, key, key_length, value, length);
}

/* Every cut and every changed byte of an entry either loads as some entry or is BAD_FORMAT. */
START_TEST(test_broken)
{
  struct sp_memory memory;
  struct sp_state *state = state_new(&memory);
  static struct model model;
  static struct entries kept;
  model.count = kept.count = 0;
  for (int i = 0; i < 60; i++) {
    cell_put(state, &model, draw(2));
  }
  chain_put(state, 2, 3);
  ck_assert_int_eq(sp_state_visit_entries(state, true, entry_keep, &kept), SP_OK);
  uint8_t key[SP_STATE_KEY_BYTES] = {9};
  ck_assert_int_eq(load(state, key, 5, kept.values[0], kept.lengths[0]), SP_BAD_FORMAT);
  ck_assert_int_eq(load(state, key, 0, kept.values[0], kept.lengths[0]), SP_BAD_FORMAT);
  ck_assert_int_eq(load(state, kept.keys[0], 17, kept.values[0], kept.lengths[0]), SP_BAD_FORMAT);
  for (size_t e = 0; e < kept.count; e++) {
    for (size_t cut = 0; cut < kept.lengths[e]; cut++) {
      ck_assert_int_eq(load(state, kept.keys[e], kept.key_lengths[e], kept.values[e], cut),
                       SP_BAD_FORMAT);
    }
    for (size_t i = 0; i < kept.lengths[e]; i++) {
      kept.values[e][i] ^= 0xA5;
      enum sp_status status =
          load(state, kept.keys[e], kept.key_lengths[e], kept.values[e], kept.lengths[e]);
      ck_assert(status == SP_OK || status == SP_BAD_FORMAT);
      kept.values[e][i] ^= 0xA5;
    }
  }
  memset(key, 0xFF, sizeof(key));
  key[0] = SP_STATE_SUBSCRIBER;
  ck_assert_int_eq(load(state, key, 5, kept.values[0], kept.lengths[0]), SP_BAD_FORMAT);
  entries_free(&kept);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

/* The k-th request for memory fails: nothing is lost, nothing leaks, a later try works. */
START_TEST(test_no_memory)
{
  for (int k = 0; k < 12; k++) {
    struct refusing refusing = {.left = k};
    struct sp_memory memory = refusing_memory(&refusing);
    struct sp_state *state = NULL;
    if (sp_state_make(&state, OWNERS, GROUPS, &memory) != SP_OK) {
      sp_memory_free(&memory);
      continue;
    }
    enum sp_status status = sp__cells_reserve(state, 1, 4);
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    uint64_t hash[2] = {1, 1};
    status = sp__chain_reserve(state, hash, 500);
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    refusing.left = 100;
    ck_assert_int_eq(sp__cells_reserve(state, 1, 4), SP_OK);
    ck_assert_int_eq(sp__chain_reserve(state, hash, 500), SP_OK);
    chain_put(state, 1, 2);
    refusing.left = 0;
    struct entries kept = {.count = 0};
    status = sp_state_visit_entries(state, true, entry_keep, &kept);
    ck_assert_int_eq(status, SP_NO_MEMORY);
    entries_free(&kept);
    sp_state_free(state);
    sp_memory_free(&memory);
    ck_assert_int_eq(refusing.held, 0);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_cells);
  tcase_add_test(tests, test_limit);
  tcase_add_test(tests, test_entries);
  tcase_add_test(tests, test_within);
  tcase_add_test(tests, test_dirty);
  tcase_add_test(tests, test_grow);
  tcase_add_test(tests, test_slabs);
  tcase_add_test(tests, test_many_chains);
  tcase_add_test(tests, test_broken);
  tcase_add_test(tests, test_no_memory);
  return check_run("state", tests);
}
