/* Tables of marks; see mark_table.h. */
#include "ingest/mark_table.h"

#define SLOTS_MIN 64u

enum sp_status sp__mark_tables_open(struct sp__mark_tables *tables, struct sp_memory *memory,
                                    uint64_t expected)
{
  uint64_t slots = SLOTS_MIN;
  /* Keys are spread by their hash: a sixteenth more fits the fullest table in but the rarest case.
   */
  while (slots * SP__MARK_TABLES * 3 / 4 <= expected + expected / 16 && slots < UINT32_MAX / 4) {
    slots *= 2;
  }
  *tables = (struct sp__mark_tables){.memory = memory};
  for (unsigned i = 0; i < SP__MARK_TABLES; i++) {
    struct sp__mark *at = sp_memory_take_table(memory, slots * sizeof(struct sp__mark));
    if (at == NULL) {
      return SP_NO_MEMORY;
    }
    tables->tables[i] = (struct sp__mark_table){at, (uint32_t)slots - 1, 0};
  }
  return SP_OK;
}

void sp__mark_tables_close(struct sp__mark_tables *tables)
{
  for (unsigned i = 0; i < SP__MARK_TABLES; i++) {
    struct sp__mark_table *table = &tables->tables[i];
    sp_memory_give_table(tables->memory, table->slots,
                         ((size_t)table->mask + 1) * sizeof(struct sp__mark));
  }
}

uint64_t sp__mark_tables_count(const struct sp__mark_tables *tables)
{
  uint64_t count = 0;
  for (unsigned i = 0; i < SP__MARK_TABLES; i++) {
    count += tables->tables[i].count;
  }
  return count;
}

static uint32_t live_count(const struct sp__mark_table *table, uint32_t gone_s)
{
  uint32_t live = 0;
  for (size_t i = 0; i <= table->mask; i++) {
    live += table->slots[i].key != 0 && table->slots[i].start_s >= gone_s ? 1 : 0;
  }
  return live;
}

enum sp_status sp__mark_table_grow(struct sp__mark_tables *tables, struct sp__mark_table *table,
                                   uint32_t gone_s)
{
  uint64_t live = live_count(table, gone_s);
  uint64_t slots = (uint64_t)table->mask + 1;
  slots = live * 8 > slots * 3 ? slots * 2 : slots;
  if (slots > UINT32_MAX) {
    return SP_LIMIT;
  }
  struct sp__mark_table grown = {
      sp_memory_take_table(tables->memory, slots * sizeof(struct sp__mark)), (uint32_t)slots - 1,
      0};
  if (grown.slots == NULL) {
    return SP_NO_MEMORY;
  }
  for (size_t i = 0; i <= table->mask; i++) {
    const struct sp__mark *mark = &table->slots[i];
    if (mark->key != 0 && mark->start_s >= gone_s) {
      *sp__mark_room(&grown, mark) = *mark;
      grown.count++;
    }
  }
  sp_memory_give_table(tables->memory, table->slots,
                       ((size_t)table->mask + 1) * sizeof(struct sp__mark));
  *table = grown;
  return SP_OK;
}
