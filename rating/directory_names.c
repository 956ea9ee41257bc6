#include "rating/directory_names.h"

#include <string.h>

enum sp_status sp__array_room(struct sp__array *array, struct sp_memory *memory, size_t bytes)
{
  if (bytes <= array->bytes) {
    return SP_OK;
  }
  size_t room = array->bytes * 2 > bytes ? array->bytes * 2 : bytes;
  room = (room + 63) & ~(size_t)63;
  void *at = sp_memory_take_table(memory, room);
  if (at == NULL) {
    return SP_NO_MEMORY;
  }
  if (array->bytes > 0) {
    memcpy(at, array->at, array->bytes);
    sp_memory_give_table(memory, array->at, array->bytes);
  }
  array->at = at;
  array->bytes = room;
  return SP_OK;
}

void sp__array_free(struct sp__array *array, struct sp_memory *memory)
{
  sp_memory_give_table(memory, array->at, array->bytes);
  *array = (struct sp__array){NULL, 0};
}

static enum sp_status chunk_begin(struct sp__names *names)
{
  SP_TRY(sp__array_room(&names->chunks, names->memory, (names->chunks_count + 1) * sizeof(char *)));
  char *chunk = sp_memory_take(names->memory, SP__NAMES_CHUNK_BYTES);
  if (chunk == NULL) {
    return SP_NO_MEMORY;
  }
  names->used = (uint64_t)names->chunks_count << SP__NAMES_CHUNK_SHIFT;
  ((char **)names->chunks.at)[names->chunks_count++] = chunk;
  return SP_OK;
}

enum sp_status sp__names_add(struct sp__names *names, const char *text, size_t length)
{
  SP_ASSERT(length <= SP__NAME_BYTES_MAX && names->count < SP_NONE - 1);
  if (names->count % SP__NAMES_BLOCK == 0) {
    uint32_t block = names->count / SP__NAMES_BLOCK;
    SP_TRY(sp__array_room(&names->blocks, names->memory, (block + 1) * sizeof(uint32_t)));
    /* A block lies in one chunk whatever the lengths of its names. */
    uint64_t end = (uint64_t)names->chunks_count << SP__NAMES_CHUNK_SHIFT;
    if (end - names->used < SP__NAMES_BLOCK * (SP__NAME_BYTES_MAX + 1)) {
      if (end > UINT32_MAX) {
        return SP_LIMIT;
      }
      SP_TRY(chunk_begin(names));
    }
    ((uint32_t *)names->blocks.at)[block] = (uint32_t)names->used;
  }
  char *at = ((char **)names->chunks.at)[names->used >> SP__NAMES_CHUNK_SHIFT] +
             (names->used & (SP__NAMES_CHUNK_BYTES - 1));
  *at = (char)(unsigned char)length;
  if (length > 0) {
    memcpy(at + 1, text, length);
  }
  names->used += 1 + length;
  names->count++;
  return SP_OK;
}

void sp__names_free(struct sp__names *names)
{
  if (names->memory != NULL) {
    sp__array_free(&names->chunks, names->memory);
    sp__array_free(&names->blocks, names->memory);
  }
}

enum sp_status sp__index_make(struct sp__index *index, struct sp_memory *memory, uint64_t count)
{
  /* Lines are at most four fifths full on average: few spill over into the next. */
  uint64_t lines = (count * 5 + 31) / 32 + 1;
  if (lines > UINT32_MAX) {
    return SP_LIMIT;
  }
  sp__index_free(index, memory);
  SP_TRY(sp__array_room(&index->lines, memory, lines * sizeof(struct sp__index_line)));
  index->lines_count = (uint32_t)lines;
  index->count_max = (uint32_t)(lines * SP__INDEX_SLOTS - lines);
  return SP_OK;
}

void sp__index_free(struct sp__index *index, struct sp_memory *memory)
{
  if (memory != NULL) {
    sp__array_free(&index->lines, memory);
  }
  index->lines_count = index->count = index->count_max = 0;
}

void sp__index_add(struct sp__index *index, uint64_t hash, uint32_t ref)
{
  SP_ASSERT(index->count < index->count_max);
  struct sp__index_line *lines = (struct sp__index_line *)index->lines.at;
  uint32_t at = sp__index_home(index, hash);
  for (;;) {
    for (uint32_t slot = 0; slot < SP__INDEX_SLOTS; slot++) {
      if (lines[at].refs[slot] == 0) {
        lines[at].tags[slot] = (uint32_t)hash;
        lines[at].refs[slot] = ref + 1;
        index->count++;
        return;
      }
    }
    at = at + 1 == index->lines_count ? 0 : at + 1;
  }
}

void sp__index_flush(struct sp__index_batch *batch)
{
  for (uint32_t i = 0; i < batch->count; i++) {
    sp__index_add(batch->index, batch->hashes[i], batch->refs[i]);
  }
  batch->count = 0;
}

void sp__index_add_ahead(struct sp__index_batch *batch, uint64_t hash, uint32_t ref)
{
  sp__index_prefetch(batch->index, hash);
  batch->hashes[batch->count] = hash;
  batch->refs[batch->count++] = ref;
  if (batch->count == SP__INDEX_AHEAD) {
    sp__index_flush(batch);
  }
}

enum sp_status sp__words_make(struct sp__words *words, struct sp_memory *memory, uint64_t count)
{
  *words = (struct sp__words){.names = {.memory = memory}};
  return sp__index_make(&words->index, memory, count);
}

void sp__words_free(struct sp__words *words)
{
  sp__index_free(&words->index, words->names.memory);
  sp__names_free(&words->names);
}

uint32_t sp__words_find(const struct sp__words *words, struct sp_name name)
{
  uint64_t hash = sp__words_hash(name);
  struct sp__index_cursor cursor = sp__index_begin(&words->index, hash);
  uint32_t id;
  while ((id = sp__index_next(&words->index, hash, &cursor)) != SP_NONE) {
    if (sp__name_equal(sp__names_at(&words->names, id), name)) {
      return id;
    }
  }
  return SP_NONE;
}

enum sp_status sp__words_index(struct sp__words *words, uint64_t count)
{
  SP_TRY(sp__index_make(&words->index, words->names.memory,
                        count > words->names.count ? count : words->names.count));
  struct sp__index_batch batch = {.index = &words->index};
  for (uint32_t id = 0; id < words->names.count; id++) {
    sp__index_add_ahead(&batch, sp__words_hash(sp__names_at(&words->names, id)), id);
  }
  sp__index_flush(&batch);
  return SP_OK;
}

enum sp_status sp__words_add(struct sp__words *words, struct sp_name name, uint32_t *id)
{
  *id = sp__words_find(words, name);
  if (*id != SP_NONE) {
    return SP_OK;
  }
  if (words->index.count == words->index.count_max) {
    SP_TRY(sp__words_index(words, (uint64_t)words->names.count * 2 + 64));
  }
  *id = words->names.count;
  SP_TRY(sp__names_add(&words->names, name.text, name.length));
  sp__index_add(&words->index, sp__words_hash(name), *id);
  return SP_OK;
}

int sp__name_compare(struct sp_name a, struct sp_name b)
{
  uint32_t both = a.length < b.length ? a.length : b.length;
  int order = both == 0 ? 0 : memcmp(a.text, b.text, both);
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}
