/* Entries of a state with one field wrong, everything else as it was; visitors that stop; memory
 * that is not there. */
#include "rating/chain_record.h"
#include "rating/state_cells.h"
#include "tests/check_run.h"
#include "tests/refusing.h"
#include "tools/heap.h"

#include <string.h>

static size_t stop_at;

static enum sp_status visit_some(void *context, const struct sp_state_entry *entry)
{
  size_t *seen = context;
  (void)entry;
  return (*seen)++ == stop_at ? SP_IO : SP_OK;
}

static uint8_t record[SP_STATE_VALUE_BYTES_MAX + 64];

static void chain_put(struct sp_state *state, uint64_t high, uint64_t low)
{
  struct sp__chain_head *head = (struct sp__chain_head *)(void *)record;
  memset(record, 0, sizeof(record));
  head->version = SP__CHAIN_VERSION;
  head->cells_count = 1;
  uint64_t hash[2] = {high, low};
  ck_assert_int_eq(sp__chain_reserve(state, hash, sp__chain_bytes(head)), SP_OK);
  sp__chain_set(state, hash, record, sp__chain_bytes(head));
}

START_TEST(test_visitors)
{
  struct sp_memory memory;
  struct sp_state *state;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_state_make(&state, 10, 10, &memory), SP_OK);
  for (uint32_t i = 0; i < 6; i++) {
    uint32_t owner = i % 3 | (i < 3 ? 0 : SP_OWNER_GROUP);
    ck_assert_int_eq(sp__cells_reserve(state, owner, 1), SP_OK);
    sp__cell_set(state, owner, 1, sp__period(1, SP__CELL_MONTH, 0), 5);
  }
  for (uint64_t i = 0; i < 4; i++) { /* half of them alike in their first word */
    chain_put(state, 7 + i / 2, 9 - i % 2);
  }
  for (stop_at = 0; stop_at < 11; stop_at++) {
    size_t seen = 0;
    enum sp_status status = sp_state_visit_entries(state, stop_at % 2 == 0, visit_some, &seen);
    ck_assert_int_eq(status, stop_at < 10 ? SP_IO : SP_OK);
    ck_assert_uint_eq(seen, stop_at < 10 ? stop_at + 1 : 10);
  }
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

static struct sp_state *chain_state;

static enum sp_status chain_load(size_t length)
{
  uint8_t key[SP_STATE_KEY_BYTES] = {SP_STATE_CHAIN, 1, 2, 3};
  return sp_state_load(chain_state, key, sizeof(key), record, length);
}

#define WRONG(field, value)                                          \
  do {                                                               \
    struct sp__chain_head kept = *head;                              \
    head->field = (value);                                           \
    size_t bytes = sp__chain_bytes(head);                            \
    ck_assert_msg(chain_load(bytes) == SP_BAD_FORMAT, "%s", #field); \
    *head = kept;                                                    \
  } while (0)

/* Items, allowances, payers and cells behind the head, one field of each wrong at a time. */
static void parts_wrong(struct sp__chain_head *head)
{
  head->items_count = head->allowances_count = head->payers_count = 1;
  struct sp_charge_item *item = (struct sp_charge_item *)(void *)(head + 1);
  struct sp__chain_allowance *line = (struct sp__chain_allowance *)(void *)(item + 1);
  struct sp_charge_payer *payer = (struct sp_charge_payer *)(void *)(line + 1);
  struct sp__chain_cell *cell = (struct sp__chain_cell *)(void *)(payer + 1);
  const size_t bytes = sp__chain_bytes(head);
  memset(head + 1, 0, bytes - sizeof(*head));
  ck_assert_int_eq(chain_load(bytes), SP_OK);
  int64_t *const amounts[] = {&item->list_micro, &item->net_micro, &item->increments,
                              &line->used,       &line->granted,   &payer->amount_micro,
                              &cell->added,      &cell->start};
  for (size_t i = 0; i < sizeof(amounts) / sizeof(*amounts); i++) {
    *amounts[i] = -1;
    ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
    *amounts[i] = 0;
  }
  line->rolled = -2;
  ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
  line->rolled = -1;
  line->pool = 2;
  ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
  line->pool = 1;
  line->owner = SP_OWNER_GROUP | 10;
  ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
  line->owner = SP_OWNER_GROUP | 9;
  ck_assert_int_eq(chain_load(bytes), SP_OK);
  cell->owner = SP_OWNER_GROUP | 10;
  ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
  cell->owner = 0;
  cell->period = sp__period(1, SP__CELL_CHAIN, 0);
  ck_assert_int_eq(chain_load(bytes), SP_BAD_FORMAT);
}

START_TEST(test_chain)
{
  struct sp_memory memory;
  struct sp__chain_head *head = (struct sp__chain_head *)(void *)record;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_state_make(&chain_state, 10, 10, &memory), SP_OK);
  memset(record, 0, sizeof(record));
  head->version = SP__CHAIN_VERSION;
  head->cells_count = 1;
  size_t length = sp__chain_bytes(head);
  ck_assert_int_eq(chain_load(length), SP_OK);
  ck_assert_int_eq(chain_load(length - 1), SP_BAD_FORMAT);
  ck_assert_int_eq(chain_load(sizeof(*head) - 1), SP_BAD_FORMAT);
  ck_assert_int_eq(chain_load(SP_STATE_VALUE_BYTES_MAX + 1), SP_BAD_FORMAT);
  WRONG(items_count, SP_CHARGE_ITEMS_MAX + 1);
  WRONG(allowances_count, SP_CHARGE_ALLOWANCES_MAX + 1);
  WRONG(payers_count, SP_CHARGE_PAYERS_MAX + 1);
  WRONG(lead.subscriber, 10);
  WRONG(lead.service, SP_SERVICE_COUNT);
  WRONG(duration_s, -1);
  WRONG(bytes, -1);
  WRONG(items, -1);
  WRONG(rated, 2);
  WRONG(version, SP__CHAIN_VERSION - 1);
  WRONG(list_micro, -1);
  WRONG(net_micro, -1);
  WRONG(flags, SP_FLAG_IP);
  WRONG(lead.direction, 77);
  WRONG(lead.partial, 77);
  WRONG(lead.roam, SP_ROAM_COUNT);
  WRONG(lead.zone, SP_ZONE_COUNT);
  WRONG(lead.net, SP_NET_COUNT);
  WRONG(lead.group, 10);
  WRONG(lead.start_utc_s, INT64_C(1) << 39);
  parts_wrong(head);
  uint8_t zero[SP_STATE_KEY_BYTES] = {SP_STATE_CHAIN};
  ck_assert_int_eq(sp_state_load(chain_state, zero, sizeof(zero), record, length), SP_BAD_FORMAT);
  sp_state_free(chain_state);
  sp_memory_free(&memory);
}
END_TEST

/* An entry that finds no memory is said so and may be loaded again. */
START_TEST(test_load_without_memory)
{
  struct sp_memory memory;
  struct sp_state *state;
  struct refusing refusing = {.left = 100};
  memory = refusing_memory(&refusing);
  ck_assert_int_eq(sp_state_make(&state, 10, 10, &memory), SP_OK);
  memset(record, 0, sizeof(record));
  ((struct sp__chain_head *)(void *)record)->version = SP__CHAIN_VERSION;
  ((struct sp__chain_head *)(void *)record)->cells_count = 1;
  size_t length = sp__chain_bytes((struct sp__chain_head *)(void *)record);
  uint8_t key[SP_STATE_KEY_BYTES] = {SP_STATE_CHAIN, 1, 2, 3};
  refusing.left = 0;
  ck_assert_int_eq(sp_state_load(state, key, sizeof(key), record, length), SP_NO_MEMORY);
  refusing.left = 100;
  ck_assert_int_eq(sp_state_load(state, key, sizeof(key), record, length), SP_OK);
  sp_state_free(state);
  sp_memory_free(&memory);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_visitors);
  tcase_add_test(tests, test_chain);
  tcase_add_test(tests, test_load_without_memory);
  return check_run("state_damage", tests);
}
