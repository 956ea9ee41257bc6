/* Changed state to LMDB, and the sum over all state; see shard.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tools/shard_inside.h"

#define MARKS_TRIM_MIN 64 /* chunks */
#define ENTRY_BYTES_MAX (SP_STATE_VALUE_BYTES_MAX + sizeof(struct sp_profile))

struct entry_sink {
  struct sp_shard *shard;
  enum sp_status (*take)(struct entry_sink *sink, const void *key, size_t key_length,
                         const void *value, size_t value_length);
  struct sp_state_sum *sum;
  uint8_t value[ENTRY_BYTES_MAX];
};

static uint32_t index_of(const uint8_t *key)
{
  return (uint32_t)key[1] << 24 | (uint32_t)key[2] << 16 | (uint32_t)key[3] << 8 | key[4];
}

/* A subscriber's entry gets its profile behind the state. */
static enum sp_status entry_visit(void *context, const struct sp_state_entry *entry)
{
  struct entry_sink *sink = context;
  if (entry->key[0] != SP_STATE_SUBSCRIBER) {
    return sink->take(sink, entry->key, entry->key_length, entry->value, entry->value_length);
  }
  memcpy(sink->value, entry->value, entry->value_length);
  memcpy(sink->value + entry->value_length, &sink->shard->world->profiles[index_of(entry->key)],
         sizeof(struct sp_profile));
  return sink->take(sink, entry->key, entry->key_length, sink->value,
                    entry->value_length + sizeof(struct sp_profile));
}

/* Profiles of groups: those touched, or all of this shard that were ever seen. */
static enum sp_status groups_visit(struct entry_sink *sink, bool all)
{
  struct sp_world *world = sink->shard->world;
  uint32_t count = sp_directory_group_count(world->directory);
  static const struct sp_group_profile unseen;
  for (uint32_t group = 0; group < count; group++) {
    bool touched = (sink->shard->groups_touched[group / 64] >> group % 64 & 1) != 0;
    if (world->shard_of_group[group] != sink->shard->index || !(all || touched) ||
        memcmp(&world->group_profiles[group], &unseen, sizeof(unseen)) == 0) {
      continue;
    }
    const uint8_t key[5] = {SP_ENTRY_GROUP_PROFILE, (uint8_t)(group >> 24), (uint8_t)(group >> 16),
                            (uint8_t)(group >> 8), (uint8_t)group};
    SP_TRY(sink->take(sink, key, sizeof(key), &world->group_profiles[group],
                      sizeof(struct sp_group_profile)));
  }
  return SP_OK;
}

static enum sp_status entry_put(struct entry_sink *sink, const void *key, size_t key_length,
                                const void *value, size_t value_length)
{
  sink->shard->meta.entries++;
  return sp_checkpoint_put(sink->shard->checkpoint, key, key_length, value, value_length);
}

/* What a start behind this checkpoint would not load (shard_open.c). */
static bool marks_are_gone(void *context, const void *marks, size_t length)
{
  const struct sp_shard *shard = context;
  return sp_marks_chunk_is_gone(marks, length, shard->meta.settled_utc_s - SP_DEDUP_WINDOW_S);
}

/* New chunks behind, those before the window out: starting does not take longer year by year. A
 * checkpoint removes twice as many as it adds at most, so that none takes long for it. */
static enum sp_status marks_put(struct sp_shard *shard)
{
  const void *bytes;
  size_t length;
  uint64_t added = 0;
  for (; sp_marks_chunk(shard->marks, added, &bytes, &length); added++) {
    SP_TRY(sp_checkpoint_put_marks(shard->checkpoint, shard->meta.marks_chunks++, bytes, length));
  }
  return sp_checkpoint_trim_marks(shard->checkpoint, added * 2 + MARKS_TRIM_MIN, marks_are_gone,
                                  shard);
}

static enum sp_status streams_put(struct sp_shard *shard)
{
  for (uint32_t i = 0; i < shard->positions_count; i++) {
    const struct sp_name_position *position = &shard->positions[i];
    if (position->changed) {
      SP_TRY(sp_checkpoint_put_stream(shard->checkpoint, position->name, position->name_length,
                                      position->next));
    }
  }
  return SP_OK;
}

enum sp_status sp__shard_durable_wait(struct sp_shard *shard)
{
  for (;;) {
    uint32_t seen = sp_gate_count(&shard->durable);
    if (atomic_load_explicit(&shard->durable_block, memory_order_acquire) >= shard->meta.block) {
      return SP_OK;
    }
    if (atomic_load_explicit(&shard->world->stop, memory_order_acquire) != 0) {
      return SP_IO;
    }
    sp_gate_wait(&shard->durable, seen);
  }
}

/* [CDR 9/9] checkpoint. in: a shard's changed state and the place in its journal; out: both in one
 * LMDB transaction; next: snapshots and reports, which read nothing else. */
static enum sp_status everything_put(struct sp_shard *shard, struct entry_sink *sink)
{
  SP_TRY(sp_checkpoint_begin(shard->checkpoint));
  SP_TRY(sp_state_visit_entries(shard->state, false, entry_visit, sink));
  SP_TRY(groups_visit(sink, false));
  SP_TRY(marks_put(shard));
  SP_TRY(streams_put(shard));
  return sp_checkpoint_commit(shard->checkpoint, &shard->meta);
}

enum sp_status sp_shard_checkpoint(struct sp_shard *shard)
{
  SP_ASSERT(shard->magic == SP_SHARD_MAGIC);
  SP_ASSERT(sp_block_records(shard->builders[shard->builder_open]) == 0);
  SP_TRY(sp__shard_durable_wait(shard));
  struct entry_sink *sink = malloc(sizeof(*sink));
  if (sink == NULL) {
    return SP_NO_MEMORY;
  }
  sink->shard = shard;
  sink->take = entry_put;
  struct sp_checkpoint_meta before = shard->meta;
  enum sp_status status = everything_put(shard, sink);
  free(sink);
  if (status != SP_OK) {
    sp_checkpoint_abort(shard->checkpoint);
    shard->meta = before;
    snprintf(shard->error, sizeof(shard->error), "shard %u: checkpoint: %s", shard->index,
             status == SP_NO_MEMORY ? sp_status_text(status)
                                    : sp_checkpoint_error(shard->checkpoint));
    return status;
  }
  sp_state_clean(shard->state);
  sp_marks_saved(shard->marks);
  memset(shard->groups_touched, 0,
         (sp_directory_group_count(shard->world->directory) / 64 + 1) * 8);
  for (uint32_t i = 0; i < shard->positions_count; i++) {
    shard->positions[i].changed = false;
  }
  return SP_OK;
}

static enum sp_status entry_sum(struct entry_sink *sink, const void *key, size_t key_length,
                                const void *value, size_t value_length)
{
  XXH128_hash_t of_key = XXH3_128bits(key, key_length);
  XXH128_hash_t hash = XXH3_128bits_withSeed(value, value_length, of_key.low64 ^ of_key.high64);
  sink->sum->low += hash.low64;
  sink->sum->high += hash.high64;
  sink->sum->entries++;
  return SP_OK;
}

enum sp_status sp_shard_sum(struct sp_shard *shard, struct sp_state_sum *sum)
{
  SP_ASSERT(shard->magic == SP_SHARD_MAGIC);
  struct entry_sink *sink = malloc(sizeof(*sink));
  if (sink == NULL) {
    return SP_NO_MEMORY;
  }
  sink->shard = shard;
  sink->take = entry_sum;
  sink->sum = sum;
  enum sp_status status = sp_state_visit_entries(shard->state, true, entry_visit, sink);
  if (status == SP_OK) {
    status = groups_visit(sink, true);
  }
  free(sink);
  struct sp_marks_sum marks = sp_marks_sum(shard->marks, shard->world->window_start_utc_s);
  sum->low += marks.low + shard->meta.suspense_sum;
  sum->high += marks.high + shard->meta.suspense_sum * UINT64_C(0x9E3779B97F4A7C15);
  return status;
}
