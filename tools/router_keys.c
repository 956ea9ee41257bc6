/* Keys of sessions over all shards; see router_keys.h. */
#include "tools/router_keys.h"

#include <string.h>

#include "ingest/conflict.h"
#include "tools/heap.h"

struct gathering {
  struct sp_session_keys *keys;
  uint32_t shard;
};

static enum sp_status mark_take(void *context, const uint64_t key_hash[2], int64_t start_utc_s,
                                uint32_t ordinal)
{
  const struct gathering *gathering = context;
  return sp_session_keys_add(gathering->keys, key_hash, start_utc_s,
                             (struct sp_session_place){gathering->shard, ordinal});
}

enum sp_status sp_router_keys_make(struct sp_router_keys *keys, struct sp_shard *shards,
                                   uint32_t shard_count, int64_t watermark_utc_s)
{
  memset(keys, 0, sizeof(*keys));
  sp_heap_init(&keys->memory);
  if (shard_count == 1) {
    return SP_OK;
  }
  int64_t from_s = watermark_utc_s - SP_DEDUP_WINDOW_S;
  SP_TRY(sp_session_keys_open(&keys->keys, &keys->memory, SP_DEDUP_WINDOW_S));
  for (uint32_t i = 0; i < shard_count; i++) {
    struct gathering gathering = {keys->keys, i};
    keys->ordinals[i] = (uint32_t)shards[i].meta.ordinal;
    SP_TRY(sp_marks_visit(shards[i].marks, SP_KEY_OF_SESSION, from_s, mark_take, &gathering));
    sp_marks_hold_end(shards[i].marks);
  }
  return SP_OK;
}

void sp_router_keys_free(struct sp_router_keys *keys)
{
  sp_session_keys_close(keys->keys);
  keys->keys = NULL;
  sp_memory_free(&keys->memory);
}

/* Both are in this batch: the nth that went to the shard is the first of the key. */
static void compare_here(const struct sp_router_look *look, uint32_t i, uint32_t shard,
                         uint32_t nth)
{
  struct sp_parcel *parcel = look->parcel;
  uint32_t at = 0;
  for (uint32_t seen = 0;; at++) {
    seen += look->shards[at] == shard ? 1 : 0;
    if (seen > nth) {
      break;
    }
  }
  SP_ASSERT(at < i);
  const struct sp_cdr *first = &parcel->batch.cdrs[at], *cdr = &parcel->batch.cdrs[i];
  struct sp_numbers first_numbers, numbers;
  sp_resolve_numbers(look->resolver, first, &first_numbers);
  sp_resolve_numbers(look->resolver, cdr, &numbers);
  parcel->elsewhere_fields[i] = sp_conflict_fields(first, &first_numbers, cdr, &numbers);
}

enum sp_status sp_router_keys_look(struct sp_router_keys *keys, const struct sp_router_look *look,
                                   uint32_t i)
{
  struct sp_usage *usage = &look->parcel->usages[i];
  uint32_t shard = look->shards[i];
  if (sp_usage_is_beyond_window(usage)) {
    return SP_OK;
  }
  struct sp_session_place first = {shard, keys->ordinals[shard] + look->counts[shard]};
  int64_t watermark_s = usage->start_utc_s + (int64_t)usage->behind_s;
  const struct sp_session_record record = {usage->start_utc_s,
                                           watermark_s - (int64_t)look->earlier_s, watermark_s};
  SP_TRY(sp_session_keys_look(keys->keys, usage->key_hash, &record, &first));
  if (SP_UNLIKELY(first.shard != shard)) {
    uint32_t here = look->counts[first.shard];
    uint32_t back = keys->ordinals[first.shard] + here - first.ordinal;
    usage->flags |= SP_USAGE_ELSEWHERE;
    if (back <= here) {
      compare_here(look, i, first.shard, here - back);
    } else {
      look->parcel->elsewhere[look->parcel->elsewhere_count++] =
          (struct sp_elsewhere){first.ordinal, (uint16_t)i, (uint8_t)first.shard};
    }
  }
  return SP_OK;
}
