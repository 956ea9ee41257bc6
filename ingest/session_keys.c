/* Keys of sessions by shard; see session_keys.h. */
#include "ingest/session_keys.h"

#include "ingest/mark_table.h"

#define KEYS_MAGIC 0x53504B59u /* "SPKY" */

struct sp_session_keys {
  uint32_t magic;
  uint32_t window_start_s;
  int64_t window_s;
  struct sp_memory *memory;
  struct sp__mark_tables at;
};

enum sp_status sp_session_keys_open(struct sp_session_keys **keys, struct sp_memory *memory,
                                    int64_t window_s)
{
  SP_ASSERT(keys != NULL && memory != NULL);
  struct sp_session_keys *made = sp_memory_take_table(memory, sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = KEYS_MAGIC;
  made->memory = memory;
  made->window_s = window_s;
  enum sp_status status = sp__mark_tables_open(&made->at, memory, 0);
  if (status != SP_OK) {
    sp_session_keys_close(made);
    return status;
  }
  *keys = made;
  return SP_OK;
}

void sp_session_keys_close(struct sp_session_keys *keys)
{
  if (keys == NULL) {
    return;
  }
  SP_ASSERT(keys->magic == KEYS_MAGIC);
  sp__mark_tables_close(&keys->at);
  keys->magic = 0;
  sp_memory_give_table(keys->memory, keys, sizeof(*keys));
}

/* `slot`: where it goes, NULL: not known. */
static enum sp_status key_put(struct sp_session_keys *keys, struct sp__mark_table *table,
                              const struct sp__mark *mark, struct sp__mark *slot)
{
  if (SP_UNLIKELY(sp__mark_table_is_full(table))) {
    SP_TRY(sp__mark_table_grow(&keys->at, table, keys->window_start_s));
    slot = NULL;
  }
  slot = slot != NULL ? slot : sp__mark_room(table, mark);
  table->count += slot->key == 0 ? 1 : 0;
  *slot = *mark;
  return SP_OK;
}

enum sp_status sp_session_keys_add(struct sp_session_keys *keys, const uint64_t key_hash[2],
                                   int64_t start_utc_s, struct sp_session_place place)
{
  SP_ASSERT(keys->magic == KEYS_MAGIC);
  struct sp__mark mark = {
      .ordinal = place.ordinal, .start_s = sp__mark_clamp_s(start_utc_s), .payload = place.shard};
  sp__mark_key_take(&mark, key_hash);
  return key_put(keys, sp__mark_table_of(&keys->at, &mark), &mark, NULL);
}

void sp_session_keys_prefetch(const struct sp_session_keys *keys, const uint64_t key_hash[2])
{
  struct sp__mark mark;
  sp__mark_key_take(&mark, key_hash);
  sp__mark_prefetch(&keys->at, &mark);
}

enum sp_status sp_session_keys_look(struct sp_session_keys *keys, const uint64_t key_hash[2],
                                    const struct sp_session_record *record,
                                    struct sp_session_place *place)
{
  SP_ASSERT(keys->magic == KEYS_MAGIC && record->watermark_s <= record->shard_watermark_s);
  struct sp__mark mark = {.ordinal = place->ordinal,
                          .start_s = sp__mark_clamp_s(record->start_s),
                          .payload = place->shard};
  sp__mark_key_take(&mark, key_hash);
  uint32_t from_s = sp__mark_clamp_s(record->watermark_s - keys->window_s);
  from_s = from_s > keys->window_start_s ? from_s : keys->window_start_s;
  keys->window_start_s = from_s;
  struct sp__mark_table *table = sp__mark_table_of(&keys->at, &mark);
  const struct sp__mark *first = NULL;
  struct sp__mark *gone = NULL;
  uint32_t at = (uint32_t)mark.key & table->mask;
  for (; table->slots[at].key != 0; at = (at + 1) & table->mask) {
    struct sp__mark *slot = &table->slots[at];
    if (SP_LIKELY(!sp__mark_has_key(slot, &mark))) {
      continue;
    }
    if (slot->start_s < from_s ||
        (slot->payload == place->shard &&
         slot->start_s < sp__mark_clamp_s(record->shard_watermark_s - keys->window_s))) {
      gone = slot;
    } else if ((int64_t)slot->start_s <= (int64_t)mark.start_s + keys->window_s &&
               (first == NULL || slot->start_s < first->start_s)) {
      first = slot;
    }
  }
  if (SP_LIKELY(first == NULL)) {
    return key_put(keys, table, &mark, gone != NULL ? gone : &table->slots[at]);
  }
  *place = (struct sp_session_place){first->payload, first->ordinal};
  return SP_OK;
}

uint64_t sp_session_keys_count(const struct sp_session_keys *keys)
{
  SP_ASSERT(keys->magic == KEYS_MAGIC);
  return sp__mark_tables_count(&keys->at);
}
