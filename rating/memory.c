#include "rating/memory.h"

#include <string.h>

struct sp_memory_chunk {
  struct sp_memory_chunk *next;
  size_t bytes;
  char pad[48];
};

static char *chunk_add(struct sp_memory *memory, size_t bytes)
{
  struct sp_memory_chunk *chunk = memory->grow(memory->context, bytes + sizeof(*chunk));
  if (chunk == NULL) {
    return NULL;
  }
  chunk->bytes = bytes + sizeof(*chunk);
  chunk->next = memory->chunks;
  memory->chunks = chunk;
  memory->bytes_total += chunk->bytes;
  return (char *)(chunk + 1);
}

void *sp_memory_take(struct sp_memory *memory, size_t bytes)
{
  SP_ASSERT(bytes < SIZE_MAX / 2);
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > SP_MEMORY_CHUNK_BYTES / 4) {
    return chunk_add(memory, bytes);
  }
  if (memory->size - memory->used < bytes) {
    char *chunk = chunk_add(memory, SP_MEMORY_CHUNK_BYTES);
    if (chunk == NULL) {
      return NULL;
    }
    memory->chunk = chunk;
    memory->used = 0;
    memory->size = SP_MEMORY_CHUNK_BYTES;
  }
  void *at = memory->chunk + memory->used;
  memory->used += bytes;
  return at;
}

void *sp_memory_take_table(struct sp_memory *memory, size_t bytes)
{
  void *at = memory->grow(memory->context, bytes);
  if (at != NULL) {
    memory->bytes_total += bytes;
  }
  return at;
}

void sp_memory_give_table(struct sp_memory *memory, void *at, size_t bytes)
{
  if (at != NULL && memory->release != NULL) {
    memory->bytes_total -= bytes;
    memory->release(memory->context, at, bytes);
  }
}

void sp_memory_free(struct sp_memory *memory)
{
  struct sp_memory_chunk *chunk = memory->chunks;
  while (chunk != NULL && memory->release != NULL) {
    struct sp_memory_chunk *next = chunk->next;
    memory->release(memory->context, chunk, chunk->bytes);
    chunk = next;
  }
  memory->chunks = NULL;
  memory->chunk = NULL;
  memory->used = memory->size = 0;
  memory->bytes_total = 0;
}
