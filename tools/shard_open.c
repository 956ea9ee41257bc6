/* Opening a shard: checkpoint, then the journal's tail through the code of the stream (engine.md
 * §1, rule 5). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/heap.h"
#include "tools/shard_inside.h"

static enum sp_status wrong(struct sp_shard *shard, enum sp_status status, const char *what)
{
  if (shard->error[0] == '\0') {
    snprintf(shard->error, sizeof(shard->error), "shard %u: %s: %s", shard->index, what,
             status == SP_IO && errno != 0 ? strerror(errno) : sp_status_text(status));
  }
  return status;
}

/* Its place in `positions` or SP_NAME_NONE. */
static uint32_t position_find(const struct sp_shard *shard, const char *name, size_t length)
{
  uint32_t at = 0, hash = sp_name_hash(name, length), place;
  do {
    place = sp_name_index_next(&shard->position_names, hash, &at);
  } while (place != SP_NAME_NONE && (shard->positions[place].name_length != length ||
                                     memcmp(shard->positions[place].name, name, length) != 0));
  return place;
}

bool sp_shard_position(const struct sp_shard *shard, const char *name, size_t length,
                       struct sp_position *next)
{
  uint32_t place = position_find(shard, name, length);
  if (place != SP_NAME_NONE) {
    *next = shard->positions[place].next;
  }
  return place != SP_NAME_NONE;
}

enum sp_status sp__shard_position_add(struct sp_shard *shard, const char *name, uint32_t length,
                                      uint32_t *position)
{
  uint32_t place = position_find(shard, name, length);
  if (place != SP_NAME_NONE) {
    *position = place + 1;
    return SP_OK;
  }
  if (shard->positions_count == shard->positions_size) {
    uint32_t size = shard->positions_size * 2 + 8;
    struct sp_name_position *moved = realloc(shard->positions, size * sizeof(*moved));
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    shard->positions = moved;
    shard->positions_size = size;
  }
  char *copy = malloc((size_t)length + 1);
  if (copy == NULL) {
    return SP_NO_MEMORY;
  }
  memcpy(copy, name, length);
  copy[length] = '\0';
  enum sp_status status =
      sp_name_index_add(&shard->position_names, sp_name_hash(name, length), shard->positions_count);
  if (status != SP_OK) {
    free(copy);
    return status;
  }
  shard->positions[shard->positions_count++] =
      (struct sp_name_position){copy, length, false, {0, 0, 0}};
  *position = shard->positions_count;
  return SP_OK;
}

/* END: the shard is not needed. */
static enum sp_status entry_load(void *context, const void *key, size_t key_length,
                                 const void *value, size_t value_length)
{
  struct sp_shard *shard = context;
  if (sp__shard_is_needless(shard)) {
    return SP_END;
  }
  const uint8_t *bytes = key;
  uint32_t index = 0;
  if (key_length == 5) {
    index =
        (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
  }
  if (key_length == 5 && bytes[0] == SP_ENTRY_GROUP_PROFILE) {
    if (index >= sp_directory_group_count(shard->world->directory) ||
        shard->world->shard_of_group[index] != shard->index ||
        value_length != sizeof(struct sp_group_profile)) {
      return SP_BAD_FORMAT;
    }
    memcpy(&shard->world->group_profiles[index], value, value_length);
    return SP_OK;
  }
  if (key_length == 5 && bytes[0] == SP_STATE_SUBSCRIBER) {
    if (index >= sp_directory_subscriber_count(shard->world->directory) ||
        shard->world->shard_of[index] != shard->index || value_length < sizeof(struct sp_profile)) {
      return SP_BAD_FORMAT;
    }
    value_length -= sizeof(struct sp_profile);
    memcpy(&shard->world->profiles[index], (const uint8_t *)value + value_length,
           sizeof(struct sp_profile));
  }
  return sp_state_load(shard->state, key, key_length, value, value_length);
}

static enum sp_status mark_load(void *context, const void *key, size_t key_length,
                                const void *value, size_t value_length)
{
  struct sp_shard *shard = context;
  (void)key;
  (void)key_length;
  return sp_marks_load(shard->marks, value, value_length,
                       shard->meta.settled_utc_s - SP_DEDUP_WINDOW_S);
}

static enum sp_status position_load(void *context, const void *key, size_t key_length,
                                    const void *value, size_t value_length)
{
  struct sp_shard *shard = context;
  struct sp_position next;
  if (value_length != sizeof(next)) {
    return SP_BAD_FORMAT;
  }
  memcpy(&next, value, sizeof(next));
  uint32_t position;
  SP_TRY(sp__shard_position_add(shard, key, (uint32_t)key_length, &position));
  shard->positions[position - 1].next = next;
  return SP_OK;
}

static enum sp_status meta_check(struct sp_shard *shard)
{
  const struct sp_checkpoint_meta *meta = &shard->meta;
  if (meta->shard != shard->index || meta->shard_count != shard->world->dir.shard_count ||
      sp_world_books(shard->world, meta->books_count) == NULL ||
      meta->watermark_utc_s < SP_TIME_MIN || meta->watermark_utc_s > SP_TIME_MAX ||
      meta->settled_utc_s < SP_TIME_MIN || meta->settled_utc_s > SP_TIME_MAX) {
    return SP_BAD_FORMAT;
  }
  return SP_OK;
}

/* Another shard's journal may end earlier, at the cut that was settled: its next records are held
 * against what counted there. */
static void marks_hold(struct sp_shard *shard)
{
  if (shard->holds_marks) {
    sp_marks_hold(shard->marks, shard->meta.settled_utc_s - SP_DEDUP_WINDOW_S);
  }
}

/* Their tables are made for as many as there may be, so that they do not grow while they fill. */
static enum sp_status marks_read(struct sp_shard *shard)
{
  uint64_t bytes;
  SP_TRY(sp_checkpoint_marks_bytes(shard->checkpoint, &bytes));
  sp_marks_close(shard->marks);
  shard->marks = NULL;
  SP_TRY(sp_marks_open(&shard->marks, &shard->memory, bytes / SP_MARK_BYTES));
  sp_marks_resume(shard->marks, shard->meta.ordinal);
  marks_hold(shard);
  return sp_checkpoint_marks(shard->checkpoint, mark_load, shard);
}

static enum sp_status checkpoint_read(struct sp_shard *shard)
{
  SP_TRY(sp_checkpoint_read_begin(shard->checkpoint));
  enum sp_status status = sp_checkpoint_meta(shard->checkpoint, &shard->meta);
  if (status == SP_OK && shard->watch != NULL) {
    shard->watch->checkpoint_ordinal = shard->meta.ordinal;
    status = shard->meta.ordinal > shard->watch->ordinal ? SP_NOT_FOUND : SP_OK;
  }
  if (status == SP_NOT_FOUND) {
    sp_checkpoint_read_end(shard->checkpoint);
    shard->meta = (struct sp_checkpoint_meta){.version = SP_CHECKPOINT_VERSION,
                                              .shard = shard->index,
                                              .shard_count = shard->world->dir.shard_count,
                                              .books_count = 1,
                                              .watermark_utc_s = SP_TIME_MIN,
                                              .settled_utc_s = SP_TIME_MIN};
    marks_hold(shard);
    return SP_OK;
  }
  if (status == SP_OK) {
    status = meta_check(shard);
  }
  if (status == SP_OK) {
    status = sp_checkpoint_entries(shard->checkpoint, entry_load, shard);
  }
  if (status == SP_OK) {
    status = marks_read(shard);
  }
  if (status == SP_OK) {
    status = sp_checkpoint_streams(shard->checkpoint, position_load, shard);
  }
  sp_checkpoint_read_end(shard->checkpoint);
  return status;
}

static enum sp_status parts_make(struct sp_shard *shard)
{
  struct sp_world *world = shard->world;
  uint32_t groups = sp_directory_group_count(world->directory);
  sp_heap_init(&shard->memory);
  SP_TRY(sp_state_make_within(&shard->state, world->state_slots,
                              sp_directory_subscriber_count(world->directory), groups,
                              &shard->memory));
  SP_TRY(sp_rater_make(&shard->rater, world->directory, shard->state, &shard->memory));
  sp_rater_set_window(shard->rater, SP_DEDUP_WINDOW_S);
  SP_TRY(sp_marks_open(&shard->marks, &shard->memory, 0));
  SP_TRY(sp_block_view_make(&shard->view));
  for (unsigned i = 0; i < SP_BUILDERS_MAX; i++) {
    SP_TRY(sp_block_builder_make(&shard->builders[i]));
  }
  shard->groups_touched = calloc((size_t)groups / 64 + 1, 8);
  shard->scratch = malloc(SP_DECODE_SCRATCH_BYTES);
  if (shard->groups_touched == NULL || shard->scratch == NULL) {
    return SP_NO_MEMORY;
  }
  sp_decoder_open(&shard->decoder, &world->zone);
  return SP_OK;
}

enum sp_status sp_shard_begin(struct sp_shard *shard)
{
  SP_ASSERT(shard->magic == SP_SHARD_MAGIC);
  errno = 0;
  enum sp_status status = sp_journal_cut(shard->journal);
  if (status != SP_OK) {
    return wrong(shard, status, "the journal's end cannot be made ready for more");
  }
  /* New records are resolved with all the store's books, those added since the last block included
   * (book.md §4.8). */
  shard->books = sp_world_books(shard->world, shard->world->books_count);
  status = shard->books == NULL ? SP_NO_MEMORY : sp_rater_set_books(shard->rater, shard->books);
  return status == SP_OK ? SP_OK : wrong(shard, status, "its books");
}

static enum sp_status shard_open(struct sp_shard *shard, bool writable)
{
  char path[SP_PATH_BYTES_MAX];
  enum sp_status status = parts_make(shard);
  if (status != SP_OK) {
    return wrong(shard, status, "making its tables");
  }
  sp_store_path(&shard->world->dir, path, "shards/%u/state", shard->index);
  status = sp_checkpoint_open(&shard->checkpoint, path, writable);
  if (status == SP_OK) {
    status = checkpoint_read(shard);
  }
  if (status != SP_OK) {
    snprintf(shard->error, sizeof(shard->error), "shard %u: state: %s", shard->index,
             status == SP_IO ? sp_checkpoint_error(shard->checkpoint) : sp_status_text(status));
    return status;
  }
  shard->watermark_utc_s = shard->meta.watermark_utc_s;
  shard->checkpointed_ordinal = shard->meta.ordinal;
  atomic_store(&shard->durable_block, shard->meta.block);
  shard->books = sp_world_books(shard->world, shard->meta.books_count);
  status = shard->books == NULL ? SP_NO_MEMORY : sp_rater_set_books(shard->rater, shard->books);
  if (status != SP_OK) {
    return wrong(shard, status, "its books");
  }
  sp_fold_clock_set(&shard->clock, &shard->books->book[0]);
  sp_store_path(&shard->world->dir, path, "shards/%u/journal", shard->index);
  status = sp_journal_open(&shard->journal, path, writable);
  if (status == SP_OK) {
    status = sp_journal_seek(shard->journal, shard->meta.place);
  }
  if (status != SP_OK) {
    return wrong(shard, status, path);
  }
  return sp__shard_replay(shard);
}

static void shard_init(struct sp_shard *shard, struct sp_world *world, uint32_t index)
{
  memset(shard, 0, sizeof(*shard));
  shard->magic = SP_SHARD_MAGIC;
  shard->index = index;
  shard->world = world;
  shard->builder_stamp = 1;
  errno = 0;
}

enum sp_status sp_shard_open(struct sp_shard *shard, struct sp_world *world, uint32_t index,
                             bool writable)
{
  shard_init(shard, world, index);
  shard->holds_marks = writable && world->dir.shard_count > 1;
  return shard_open(shard, writable);
}

enum sp_status sp_shard_open_watched(struct sp_shard *shard, struct sp_world *world, uint32_t index,
                                     struct sp_shard_watch *watch)
{
  shard_init(shard, world, index);
  shard->watch = watch;
  return shard_open(shard, false);
}

void sp_shard_close(struct sp_shard *shard)
{
  if (shard->magic != SP_SHARD_MAGIC) {
    return;
  }
  shard->magic = 0;
  for (unsigned i = 0; i < SP_BUILDERS_MAX; i++) {
    sp_block_builder_free(shard->builders[i]);
  }
  sp_block_view_free(shard->view);
  sp_journal_close(shard->journal);
  sp_journal_close(shard->reader);
  sp_checkpoint_close(shard->checkpoint);
  sp_marks_close(shard->marks);
  if (!shard->rater_lent) {
    sp_rater_free(shard->rater);
  }
  sp_state_free(shard->state);
  sp_memory_free(&shard->memory);
  for (uint32_t i = 0; i < shard->positions_count; i++) {
    free(shard->positions[i].name);
  }
  free(shard->positions);
  sp_name_index_free(&shard->position_names);
  free(shard->blocks);
  free(shard->streams);
  free(shard->groups_touched);
  free(shard->scratch);
}
