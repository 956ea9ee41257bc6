#include "ingest/name_index.h"

#include <stdlib.h>

#define SIZE_FIRST 64u
#define SIZE_MAX_SLOTS (UINT32_C(1) << 31)

uint32_t sp_name_index_next(const struct sp_name_index *index, uint32_t hash, uint32_t *at)
{
  while (*at < index->size) { /* half are free: it ends before it comes round */
    const struct sp_name_slot *slot = &index->slots[(hash + (*at)++) & (index->size - 1)];
    if (slot->place == 0) {
      return SP_NAME_NONE;
    }
    if (slot->hash == hash) {
      return slot->place - 1;
    }
  }
  return SP_NAME_NONE;
}

static void slot_put(struct sp_name_index *index, struct sp_name_slot slot)
{
  uint32_t at = slot.hash & (index->size - 1);
  while (index->slots[at].place != 0) {
    at = (at + 1) & (index->size - 1);
  }
  index->slots[at] = slot;
}

enum sp_status sp_name_index_add(struct sp_name_index *index, uint32_t hash, uint32_t place)
{
  if (index->count >= index->size / 2) {
    struct sp_name_index grown = {NULL, index->size == 0 ? SIZE_FIRST : index->size * 2,
                                  index->count};
    grown.slots = index->size == SIZE_MAX_SLOTS ? NULL : calloc(grown.size, sizeof(*grown.slots));
    if (grown.slots == NULL) {
      return SP_NO_MEMORY;
    }
    for (uint32_t i = 0; i < index->size; i++) {
      if (index->slots[i].place != 0) {
        slot_put(&grown, index->slots[i]);
      }
    }
    free(index->slots);
    *index = grown;
  }
  slot_put(index, (struct sp_name_slot){hash, place + 1});
  index->count++;
  return SP_OK;
}

void sp_name_index_free(struct sp_name_index *index)
{
  free(index->slots);
  *index = (struct sp_name_index){NULL, 0, 0};
}
