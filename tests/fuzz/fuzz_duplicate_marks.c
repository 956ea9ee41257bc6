/* Chunks of duplicate marks as a checkpoint keeps them: refused, or each mark that counts is found
 * and visited, and they make the same sum when they are loaded again. The input is the shard's next
 * ordinal (4 bytes), the window's start (4), where holding begins (4), then chunks: how many marks
 * (1 byte; 255: the last one is cut), and they. */
#include <stdlib.h>
#include <string.h>

#include "ingest/marks.h"
#include "tools/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 12, START_AT = 16 };

struct world {
  uint32_t ordinal, window_start_s, held_from_s;
  const uint8_t *chunks;
  size_t length;
};

/* The next chunk; NULL: no more. Its bytes end where it ends. */
static uint8_t *chunk_next(const struct world *world, size_t *at, size_t *length)
{
  if (*at >= world->length) {
    return NULL;
  }
  uint8_t count = world->chunks[(*at)++];
  *length = count == 255 ? SP_MARK_BYTES - 1 : (size_t)count * SP_MARK_BYTES;
  *length = *length < world->length - *at ? *length : world->length - *at;
  uint8_t *copy = malloc(*length + (*length == 0));
  SP_ASSERT(copy != NULL);
  memcpy(copy, world->chunks + *at, *length);
  *at += *length;
  return copy;
}

/* Whether a chunk is said to be gone when nothing of it counts. */
static void gone_check(const struct world *world, const uint8_t *chunk, size_t length)
{
  bool gone = true;
  for (size_t at = 0; at + SP_MARK_BYTES <= length; at += SP_MARK_BYTES) {
    uint32_t start_s;
    memcpy(&start_s, chunk + at + START_AT, sizeof(start_s));
    gone = gone && start_s < world->window_start_s;
  }
  SP_ASSERT(sp_marks_chunk_is_gone(chunk, length, world->window_start_s) == gone);
}

static struct sp_marks *marks_load(const struct world *world, struct sp_memory *memory)
{
  struct sp_marks *marks;
  uint8_t *chunk;
  size_t length, at = 0;
  sp_heap_init(memory);
  SP_ASSERT(sp_marks_open(&marks, memory, world->length / SP_MARK_BYTES) == SP_OK);
  sp_marks_resume(marks, world->ordinal);
  if (world->held_from_s < world->window_start_s) {
    sp_marks_hold(marks, world->held_from_s);
  }
  while ((chunk = chunk_next(world, &at, &length)) != NULL) {
    enum sp_status status = sp_marks_load(marks, chunk, length, world->window_start_s);
    SP_ASSERT(status == SP_OK || status == SP_BAD_FORMAT);
    SP_ASSERT(status == SP_BAD_FORMAT || length % SP_MARK_BYTES == 0);
    gone_check(world, chunk, length);
    free(chunk);
  }
  return marks;
}

struct seen {
  const struct world *world;
  struct sp_marks *marks;
  uint64_t count, counts; /* all; of them those within the window */
};

static enum sp_status mark_seen(void *context, const uint64_t key_hash[2], int64_t start_utc_s,
                                uint32_t ordinal)
{
  struct seen *seen = context;
  uint64_t first = UINT64_MAX;
  seen->count++;
  if (start_utc_s >= seen->world->window_start_s) {
    seen->counts++;
    SP_ASSERT(sp_marks_check(seen->marks, key_hash, 0, seen->world->window_start_s, &first) !=
              SP_MARK_NEW);
    SP_ASSERT(first < seen->world->ordinal && ordinal < seen->world->ordinal);
  }
  return SP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct world world;
  if (size < HEAD_BYTES) {
    return 0;
  }
  memcpy(&world.ordinal, data, 4);
  memcpy(&world.window_start_s, data + 4, 4);
  memcpy(&world.held_from_s, data + 8, 4);
  world.chunks = data + HEAD_BYTES;
  world.length = size - HEAD_BYTES;
  struct sp_memory memory, again_memory;
  struct sp_marks *marks = marks_load(&world, &memory);
  struct sp_marks *again = marks_load(&world, &again_memory);
  struct seen seen = {&world, marks, 0, 0};
  SP_ASSERT(sp_marks_visit(marks, 0, 0, mark_seen, &seen) == SP_OK);
  struct sp_marks_sum sum = sp_marks_sum(marks, world.window_start_s);
  struct sp_marks_sum other = sp_marks_sum(again, world.window_start_s);
  SP_ASSERT(sum.low == other.low && sum.high == other.high && sum.count == other.count);
  SP_ASSERT(sum.count <= seen.counts && sp_marks_count(marks) <= seen.count); /* some are held */
  sp_marks_close(marks);
  sp_marks_close(again);
  sp_memory_free(&memory);
  sp_memory_free(&again_memory);
  return 0;
}
