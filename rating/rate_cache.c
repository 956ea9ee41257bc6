/* What the rater remembers between records, none of it truth: memory for frames and choices,
 * cycles, bands. */
#include "rating/rate_parts.h"

#include <string.h>

/* false: no memory. */
static bool chunk_next(struct sp_rater *rater)
{
  uint32_t next = rater->chunks_count == 0 ? 0 : rater->chunk_now + 1;
  if (next == rater->chunks_count) {
    char *chunk = next == SP__CACHE_CHUNKS_MAX
                      ? NULL
                      : sp_memory_take_table(rater->memory, SP__CACHE_CHUNK_BYTES);
    if (chunk == NULL) {
      rater->work.no_memory = true;
      return false;
    }
    rater->chunks[rater->chunks_count++] = chunk;
  }
  rater->chunk_now = next;
  rater->chunk_used = next == 0 ? SP__LINE_BYTES : 0; /* place 0 is nowhere */
  return true;
}

void *sp__cache_take(struct sp_rater *rater, size_t bytes)
{
  bytes = (bytes + 7) & ~(size_t)7;
  SP_ASSERT(bytes <= SP__CACHE_CHUNK_BYTES);
  while (rater->chunk_now == rater->chunks_count ||
         rater->chunk_used + bytes > SP__CACHE_CHUNK_BYTES) {
    if (!chunk_next(rater)) {
      return NULL;
    }
  }
  void *at = rater->chunks[rater->chunk_now] + rater->chunk_used;
  rater->chunk_used += bytes;
  memset(at, 0, bytes);
  return at;
}

void *sp__cache_take_lines(struct sp_rater *rater, size_t bytes, uint32_t *place)
{
  rater->chunk_used = (rater->chunk_used + SP__LINE_BYTES - 1) & ~(size_t)(SP__LINE_BYTES - 1);
  char *at = sp__cache_take(rater, bytes);
  if (at != NULL) {
    size_t line = (size_t)(at - rater->chunks[rater->chunk_now]) / SP__LINE_BYTES;
    *place = (uint32_t)(rater->chunk_now * SP__CHUNK_LINES + line);
  }
  return at;
}

void *sp__cache_take_behind(struct sp_rater *rater, const void *at, size_t bytes)
{
  bool last = rater->chunks[rater->chunk_now] + rater->chunk_used == at;
  return last && rater->chunk_used + bytes <= SP__CACHE_CHUNK_BYTES ? sp__cache_take(rater, bytes)
                                                                    : NULL;
}

void sp__cache_end(struct sp_rater *rater, const void *end)
{
  rater->chunk_used = (size_t)((const char *)end - rater->chunks[rater->chunk_now]);
}

/* A table of frames is at most half full, so that a search reads one place or two. */
static void frames_set(struct sp__frames *frames, uint32_t *at, uint32_t size)
{
  frames->at = at;
  frames->size = size;
}

enum sp_status sp__frames_make(struct sp_rater *rater)
{
  uint32_t *at = sp_memory_take_table(rater->memory, SP__FRAMES_LEAST * sizeof(*at));
  frames_set(&rater->frames, at, at == NULL ? 0 : SP__FRAMES_LEAST);
  return at == NULL ? SP_NO_MEMORY : SP_OK;
}

void sp__frames_free(struct sp_rater *rater)
{
  sp_memory_give_table(rater->memory, rater->frames.at,
                       rater->frames.size * sizeof(*rater->frames.at));
}

/* Twice the places. false: there is no room for them. */
static bool frames_grow(struct sp_rater *rater)
{
  struct sp__frames old = rater->frames;
  uint32_t size = 2 * old.size;
  uint32_t *at =
      size > SP__FRAMES_MOST ? NULL : sp_memory_take_table(rater->memory, size * sizeof(*at));
  if (at == NULL) {
    return false;
  }
  frames_set(&rater->frames, at, size);
  rater->frames.count = 0;
  for (uint32_t i = 0; i < old.size; i++) {
    if (old.at[i] != 0) {
      sp__frames_keep(rater, old.at[i] & SP__PLACE);
    }
  }
  sp_memory_give_table(rater->memory, old.at, old.size * sizeof(*old.at));
  return true;
}

/* What leads to sets, and to frames. */
static void leads_clear(struct sp_rater *rater)
{
  for (size_t i = 0; i < (size_t)rater->books_count * rater->plans_count; i++) {
    rater->plans[i].alone = (struct sp__lead){.set = 0};
  }
  memset(rater->companies, 0, SP__COMPANIES * sizeof(*rater->companies));
}

void sp__cache_clear(struct sp_rater *rater)
{
  memset(rater->sets, 0, SP__SET_BUCKETS * sizeof(*rater->sets));
  memset(rater->frames.at, 0, rater->frames.size * sizeof(*rater->frames.at));
  rater->frames.count = 0;
  rater->met.frame = NULL;
  leads_clear(rater);
  if (rater->groups_count > 0) {
    memset(rater->groups, 0, rater->groups_count * sizeof(struct sp__group_plans));
  }
  memset(rater->bands, 0, (size_t)SP__BANDS_CACHED * SP_BOOKS_MAX * sizeof(struct sp__bands));
  memset(rater->cycles, 0, sizeof(rater->cycles));
  memset(rater->ahead, 0, sizeof(*rater->ahead));
  rater->work.now = rater->work.former = (struct sp__cycle){0, 0, INT32_MIN, 0};
  rater->chunk_now = 0;
  rater->chunk_used = SP__LINE_BYTES;
}

void sp__cache_trim_now(struct sp_rater *rater)
{
  if (rater->chunk_now >= SP__CACHE_CHUNKS_FULL || !frames_grow(rater)) {
    sp__cache_clear(rater);
  }
}

static const struct sp__cycle *cycle_add(struct sp_rater *rater, int32_t cycle)
{
  struct sp__cycle *at = rater->cycles + rater->cycle_next;
  rater->cycle_next = (rater->cycle_next + 1) % SP__CYCLES_CACHED;
  const struct sp_book *book = rater->books->book; /* zone and cycle_day are those of all books */
  at->cycle = cycle;
  at->from_utc_s = sp_book_cycle_start(book, cycle);
  at->to_utc_s = sp_book_cycle_start(book, cycle + 1);
  at->book = sp__grant_book(rater, at->from_utc_s);
  return at;
}

const struct sp__cycle *sp__cycle_at(struct sp_rater *rater, int64_t utc_s)
{
  for (uint32_t i = 0; i < SP__CYCLES_CACHED; i++) {
    const struct sp__cycle *at = rater->cycles + i;
    if (utc_s >= at->from_utc_s && utc_s < at->to_utc_s) {
      return at;
    }
  }
  return cycle_add(rater, sp_book_cycle(rater->books->book, utc_s));
}

const struct sp__cycle *sp__cycle_of(struct sp_rater *rater, int32_t cycle)
{
  for (uint32_t i = 0; i < SP__CYCLES_CACHED; i++) {
    const struct sp__cycle *at = rater->cycles + i;
    if (at->cycle == cycle && at->to_utc_s > at->from_utc_s) {
      return at;
    }
  }
  return cycle_add(rater, cycle);
}

uint64_t sp__bands_at(struct sp_rater *rater, int64_t utc_s, int64_t *until_utc_s)
{
  const struct sp_book *book = rater->work.book;
  uint64_t hour = (uint64_t)(utc_s + (INT64_C(1) << 40)) >> 12;
  struct sp__bands *at = rater->bands + (size_t)(book - rater->books->book) * SP__BANDS_CACHED +
                         hour % SP__BANDS_CACHED;
  if (utc_s < at->from_utc_s || utc_s >= at->until_utc_s) {
    at->bands = sp_book_bands(book, utc_s, &at->until_utc_s);
    at->from_utc_s = utc_s;
    SP_ASSERT(at->until_utc_s > utc_s);
  }
  *until_utc_s = at->until_utc_s;
  return at->bands;
}
