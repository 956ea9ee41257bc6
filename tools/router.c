/* One batch after the other: read, resolved, given a shard, cut into blocks. See router.h. */
#include "tools/router.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ingest/clock.h"
#include "ingest/resolve.h"
#include "tools/heap.h"
#include "tools/router_keys.h"
#include "tools/shard_crew.h"
#include "tools/shard_inside.h"

#define CUT_RECORDS 32000 /* of all shards; one shard's block holds SP_BLOCK_RECORDS_MAX */
#define CUT_RAW_BYTES (16u << 20)
#define CUT_STREAMS 200 /* of SP_BLOCK_STREAMS_MAX */
#define IDLE_NS 5000000 /* between looks when nothing is there */
#define BACKLOG_CUTS \
  5 /* times cut_ms while batches come full: the source is behind, larger blocks catch up */
#define PAUSE_AFTER_MS 200 /* the workers are that far behind: the source stops fetching */

_Static_assert(CUT_RECORDS + SP_BATCH_RECORDS_MAX <= SP_BLOCK_RECORDS_MAX,
               "a block takes what is between cuts");

struct route {      /* of one name: a file, a partition */
  const char *name; /* the source's */
  uint32_t name_length;
  bool moved, catching_up;
  const struct sp_stream *last; /* of its last batch */
  uint32_t last_index;          /* its index in the source */
  struct sp_position next;
  struct sp_position *resume; /* by shard, while catching up */
};

struct stream_slot {        /* by the source's stream index */
  struct sp_stream *stream; /* NULL until its first batch */
  uint32_t route;
};

struct sp_router {
  struct sp_world *world;
  const struct sp_pipeline_options *options;
  struct sp_shard *shards;
  struct sp_worker *workers;
  uint32_t workers_count;
  struct sp_resolver *resolver;
  struct sp_memory memory, resolving; /* resolving: the resolver's */
  const struct sp_books *books;
  struct sp_parcel *parcels;
  uint64_t parcel_number; /* of the next parcel */
  struct sp_gate done;    /* advanced by workers for each parcel that all have done */
  struct route *routes;
  uint32_t routes_count;
  struct sp_name_index route_names;
  struct stream_slot *streams;
  uint32_t streams_count;
  int64_t watermark_utc_s;
  int64_t settled_utc_s; /* watermark of the last cut that all shards have on disk for sure */
  int64_t seen_utc_s[SP_SHARDS_MAX]; /* watermark of each shard when it was opened */
  int64_t seen_most_utc_s;
  bool seen_later; /* by some shard, than the watermark before the batch at hand */
  struct sp_router_keys keys;
  struct sp_totals in[SP_SHARDS_MAX]; /* since the last cut */
  uint64_t behind[SP_SHARDS_MAX];     /* records of each shard that no checkpoint has */
  uint32_t replay_threads;            /* of a start after a crash */
  uint32_t cut_records, cut_streams;
  uint64_t cut_raw_bytes;
  bool backlog; /* the last batch was full */
  int64_t cut_since_ms, checkpoint_ms, progress_ms, begin_ms;
  uint64_t records, skipped, checkpoints, progress_records;
};

enum sp_status sp_router_make(struct sp_router **out, struct sp_world *world,
                              const struct sp_pipeline_options *options, struct sp_shard *shards,
                              struct sp_worker *workers, uint32_t workers_count)
{
  struct sp_router *router = aligned_alloc(64, (sizeof(*router) + 63) / 64 * 64);
  if (router == NULL) {
    return SP_NO_MEMORY;
  }
  memset(router, 0, sizeof(*router));
  *out = router;
  router->world = world;
  router->options = options;
  router->shards = shards;
  router->workers = workers;
  router->workers_count = workers_count;
  sp_heap_init(&router->memory);
  sp_heap_init(&router->resolving);
  router->parcels = sp_heap_take(SP_PARCELS_MAX * sizeof(struct sp_parcel));
  router->books = sp_world_books(world, world->books_count);
  if (router->parcels == NULL || router->books == NULL) {
    return SP_NO_MEMORY;
  }
  router->watermark_utc_s = INT64_MAX;
  router->seen_most_utc_s = SP_TIME_MIN;
  router->replay_threads = sp_crew_threads(world, options->workers);
  for (uint32_t i = 0; i < world->dir.shard_count; i++) {
    router->behind[i] = shards[i].meta.ordinal - shards[i].checkpointed_ordinal;
    int64_t seen = router->seen_utc_s[i] = shards[i].watermark_utc_s;
    router->watermark_utc_s = seen < router->watermark_utc_s ? seen : router->watermark_utc_s;
    router->seen_most_utc_s = seen > router->seen_most_utc_s ? seen : router->seen_most_utc_s;
  }
  router->settled_utc_s = router->watermark_utc_s;
  for (uint32_t i = 0; i < workers_count; i++) {
    workers[i].done_gate = &router->done;
  }
  SP_TRY(
      sp_router_keys_make(&router->keys, shards, world->dir.shard_count, router->watermark_utc_s));
  return sp_resolver_make(&router->resolver, world->directory, router->books, &router->resolving);
}

void sp_router_free(struct sp_router *router)
{
  if (router == NULL) {
    return;
  }
  for (uint32_t i = 0; router->parcels != NULL && i < SP_PARCELS_MAX; i++) {
    sp_source_release(router->options->source, &router->parcels[i].batch);
    free(router->parcels[i].cut.streams);
  }
  for (uint32_t i = 0; i < router->routes_count; i++) {
    free(router->routes[i].resume);
  }
  for (uint32_t i = 0; i < router->streams_count; i++) {
    free(router->streams[i].stream);
  }
  free(router->routes);
  sp_name_index_free(&router->route_names);
  sp_router_keys_free(&router->keys);
  free(router->streams);
  sp_memory_free(&router->resolving);
  sp_memory_free(&router->memory);
  sp_heap_give(router->parcels, SP_PARCELS_MAX * sizeof(struct sp_parcel));
  free(router);
}

/* The stream object of a batch: made at its first batch, when its columns are known. */
static enum sp_status stream_of(struct sp_router *router, uint32_t index,
                                const struct sp_stream **out)
{
  struct stream_slot *slot = &router->streams[index];
  if (slot->stream == NULL) {
    const struct sp_source_stream *source = sp_source_stream(router->options->source, index);
    struct sp_stream *stream =
        malloc(sizeof(*stream) + source->name_length + source->columns_length + 1);
    if (stream == NULL) {
      return SP_NO_MEMORY;
    }
    char *name = (char *)(stream + 1);
    memcpy(name, source->name, source->name_length);
    if (source->columns_length > 0) {
      memcpy(name + source->name_length, source->columns, source->columns_length);
    }
    *stream = (struct sp_stream){index,
                                 source->format,
                                 name,
                                 name + source->name_length,
                                 source->name_length,
                                 source->columns_length};
    slot->stream = stream;
  }
  *out = slot->stream;
  return SP_OK;
}

/* Files come for years: what is known of each shard is kept no longer than it is asked for. */
static void resume_forget(struct route *route)
{
  if (!route->catching_up) {
    free(route->resume);
    route->resume = NULL;
  }
}

/* Where the store stands in a stream: the source goes on at the lowest position of all shards; what
 * a shard has already is skipped for it. */
static enum sp_status route_open(struct sp_router *router, struct route *route)
{
  uint32_t shard_count = router->world->dir.shard_count;
  route->resume = calloc(shard_count, sizeof(*route->resume));
  if (route->resume == NULL) {
    return SP_NO_MEMORY;
  }
  struct sp_position low = {UINT64_MAX, UINT32_MAX, 0}, high = {0, 0, 0};
  for (uint32_t s = 0; s < shard_count; s++) {
    (void)sp_shard_position(&router->shards[s], route->name, route->name_length, &route->resume[s]);
    low = sp_position_compare(route->resume[s], low) < 0 ? route->resume[s] : low;
    high = sp_position_compare(route->resume[s], high) > 0 ? route->resume[s] : high;
  }
  route->catching_up = sp_position_compare(low, high) < 0;
  resume_forget(route);
  route->next = low;
  if (low.offset == 0 && low.sub == 0) {
    return SP_OK;
  }
  return sp_source_seek(router->options->source, route->name, route->name_length, low);
}

/* Until workers have nothing left to do and what their shards know may be read. */
static void parcels_wait(struct sp_router *router)
{
  for (uint32_t i = 0; i < SP_PARCELS_MAX; i++) {
    for (;;) {
      uint32_t seen = sp_gate_count(&router->done);
      if (atomic_load_explicit(&router->parcels[i].pending, memory_order_acquire) == 0) {
        break;
      }
      sp_gate_wait(&router->done, seen);
    }
  }
}

static enum sp_status route_of(struct sp_router *router, const struct sp_source_stream *source,
                               uint32_t *index)
{
  uint32_t at = 0, hash = sp_name_hash(source->name, source->name_length), place;
  while ((place = sp_name_index_next(&router->route_names, hash, &at)) != SP_NAME_NONE) {
    const struct route *route = &router->routes[place];
    if (route->name_length == source->name_length &&
        memcmp(route->name, source->name, source->name_length) == 0) {
      *index = place;
      return SP_OK;
    }
  }
  struct route *moved = realloc(router->routes, (router->routes_count + 1) * sizeof(*moved));
  if (moved == NULL) {
    return SP_NO_MEMORY;
  }
  router->routes = moved;
  SP_TRY(sp_name_index_add(&router->route_names, hash, router->routes_count));
  struct route *route = &moved[router->routes_count];
  *route = (struct route){.name = source->name, .name_length = source->name_length};
  *index = router->routes_count++;
  parcels_wait(router); /* positions are the shards': of a new file or partition, now and then */
  return route_open(router, route);
}

/* Streams that were found since the last look (partitions, files, other headers). */
static enum sp_status streams_add(struct sp_router *router)
{
  uint32_t count = sp_source_streams(router->options->source);
  if (count == router->streams_count) {
    return SP_OK;
  }
  struct stream_slot *moved = realloc(router->streams, count * sizeof(*moved));
  if (moved == NULL) {
    return SP_NO_MEMORY;
  }
  router->streams = moved;
  while (router->streams_count < count) {
    struct stream_slot *slot = &moved[router->streams_count];
    slot->stream = NULL;
    SP_TRY(route_of(router, sp_source_stream(router->options->source, router->streams_count),
                    &slot->route));
    router->streams_count++;
  }
  return SP_OK;
}

static void committed_tell(struct sp_router *router, const struct sp_parcel *parcel)
{
  for (uint32_t i = 0; i < parcel->cut.streams_count; i++) {
    sp_source_commit(router->options->source, parcel->cut.streams[i].source_index,
                     parcel->cut.streams[i].next);
  }
}

/* The next parcel to fill: waits until all workers have done it the last time round. */
static struct sp_parcel *parcel_take(struct sp_router *router)
{
  struct sp_parcel *parcel = &router->parcels[router->parcel_number % SP_PARCELS_MAX];
  int64_t since_ms = 0;
  bool paused = false;
  for (;;) {
    uint32_t seen = sp_gate_count(&router->done);
    if (atomic_load_explicit(&parcel->pending, memory_order_acquire) == 0) {
      break;
    }
    sp_gate_wait(&router->done, seen);
    since_ms = since_ms == 0 ? sp_clock_ms() : since_ms;
    if (!paused && sp_clock_ms() - since_ms > PAUSE_AFTER_MS) {
      sp_source_pause(router->options->source, true);
      paused = true;
    }
  }
  if (paused) {
    sp_source_pause(router->options->source, false);
  }
  if (parcel->cut.checkpoint &&
      atomic_load_explicit(&router->world->stop, memory_order_acquire) == 0) {
    committed_tell(router, parcel);
    router->settled_utc_s = parcel->cut.watermark_utc_s;
  }
  sp_source_release(router->options->source, &parcel->batch);
  parcel->batch.count = 0;
  parcel->cut.now = parcel->cut.checkpoint = parcel->cut.last = false;
  parcel->cut.streams_count = 0;
  parcel->elsewhere_count = 0;
  return parcel;
}

static void parcel_give(struct sp_router *router, struct sp_parcel *parcel)
{
  atomic_store_explicit(&parcel->pending, router->workers_count, memory_order_relaxed);
  atomic_store_explicit(&parcel->elsewhere_open, parcel->elsewhere_count, memory_order_relaxed);
  for (uint32_t i = 0; i < router->workers_count; i++) {
    sp_worker_give(&router->workers[i], parcel);
  }
  router->parcel_number++;
}

/* How far behind the latest start so far each record is (§15.5): in the order of reading, whatever
 * shard it goes to. */
static void watermark_move(struct sp_router *router, struct sp_parcel *parcel)
{
  int64_t watermark = router->watermark_utc_s;
  router->seen_later = router->seen_most_utc_s > watermark;
  for (uint32_t i = 0; i < parcel->batch.count; i++) {
    struct sp_usage *usage = &parcel->usages[i];
    if (usage->subscriber == SP_NONE) {
      usage->behind_s = 0;
      continue;
    }
    sp_line_fetch(&router->world->shard_of[usage->subscriber]);
    if (sp_router_keys_has(&router->keys, usage)) {
      sp_session_keys_prefetch(router->keys.keys, usage->key_hash);
    }
    watermark = usage->start_utc_s > watermark ? usage->start_utc_s : watermark;
    int64_t behind = watermark - usage->start_utc_s;
    usage->behind_s = behind > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)behind;
  }
  router->watermark_utc_s = watermark;
}

/* A shard that stands further than others behind a crash has seen a later watermark and counts from
 * it: a record whose mark was gone there is no new one. Only where sources are read in another
 * order than before does such a record come before that watermark. Returns by how many seconds. */
static uint32_t behind_raise(const struct sp_router *router, struct sp_usage *usage, uint32_t shard)
{
  uint32_t before_s = usage->behind_s;
  int64_t behind = router->seen_utc_s[shard] - usage->start_utc_s;
  if (usage->subscriber != SP_NONE && behind > (int64_t)before_s) {
    usage->behind_s = behind > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)behind;
  }
  return usage->behind_s - before_s;
}

static uint32_t shard_of(const struct sp_router *router, const struct sp_usage *usage)
{
  return usage->subscriber == SP_NONE ? 0 : router->world->shard_of[usage->subscriber];
}

/* [CDR 4/9] route. in: resolved records of one batch; out: their indices shard by shard, in the
 * order of arrival; next: dedup (tools/shard.c), over the ring to the worker that owns the shard.
 * Records a shard has already (after a restart) are left out. Errors: NO_MEMORY, nothing counted.
 */
static enum sp_status route_records(struct sp_router *router, struct sp_parcel *parcel,
                                    const struct route *route)
{
  uint32_t shard_count = router->world->dir.shard_count;
  uint8_t shards[SP_BATCH_RECORDS_MAX];
  uint16_t counts[SP_SHARDS_MAX + 1] = {0};
  struct sp_router_look look = {parcel, shards, counts, router->resolver, 0};
  const bool seen_later = router->seen_later;
  for (uint32_t i = 0; i < parcel->batch.count; i++) {
    uint32_t shard = shard_of(router, &parcel->usages[i]);
    if (route->catching_up &&
        sp_position_compare(parcel->batch.positions[i], route->resume[shard]) < 0) {
      router->skipped++;
      shards[i] = SP_SHARD_NONE;
      continue;
    }
    shards[i] = (uint8_t)shard;
    struct sp_usage *usage = &parcel->usages[i];
    if (SP_UNLIKELY(seen_later)) {
      look.earlier_s = behind_raise(router, usage, shard);
    }
    if (sp_router_keys_has(&router->keys, usage)) {
      SP_TRY(sp_router_keys_look(&router->keys, &look, i));
    }
    counts[shard]++;
  }
  sp_router_keys_advance(&router->keys, counts, shard_count);
  uint16_t at = 0;
  for (uint32_t s = 0; s < shard_count; s++) {
    parcel->starts[s] = at;
    at = (uint16_t)(at + counts[s]);
    counts[s] = parcel->starts[s];
  }
  parcel->starts[shard_count] = at;
  for (uint32_t i = 0; i < parcel->batch.count; i++) {
    if (shards[i] == SP_SHARD_NONE) {
      continue;
    }
    parcel->order[counts[shards[i]]++] = (uint16_t)i;
    struct sp_totals amounts = sp__record_amounts(&parcel->usages[i]);
    sp_totals_add(&router->in[shards[i]], &amounts);
    router->cut_raw_bytes += parcel->batch.raws[i].length;
  }
  router->records += at;
  router->cut_records += at;
  return SP_OK;
}

static void caught_up_check(const struct sp_router *router, struct route *route)
{
  bool behind = false;
  for (uint32_t s = 0; route->catching_up && s < router->world->dir.shard_count; s++) {
    behind = behind || sp_position_compare(route->next, route->resume[s]) < 0;
  }
  route->catching_up = behind;
  resume_forget(route);
}

static enum sp_status batch_route(struct sp_router *router, struct sp_parcel *parcel)
{
  SP_TRY(streams_add(router));
  struct route *route = &router->routes[router->streams[parcel->batch.stream].route];
  SP_TRY(stream_of(router, parcel->batch.stream, &parcel->stream));
  sp_resolve_batch(router->resolver, parcel->batch.cdrs, parcel->usages, parcel->batch.count);
  int64_t watermark_utc_s = router->watermark_utc_s;
  watermark_move(router, parcel);
  enum sp_status status = route_records(router, parcel, route);
  if (status != SP_OK) { /* the cut that follows has none of these records */
    router->watermark_utc_s = watermark_utc_s;
    parcel->elsewhere_count = 0;
    return status;
  }
  route->next = parcel->batch.next;
  route->last = parcel->stream;
  route->last_index = parcel->batch.stream;
  caught_up_check(router, route);
  if (!route->moved) {
    route->moved = true;
    router->cut_streams++;
  }
  return SP_OK;
}

static enum sp_status cut_streams(struct sp_router *router, struct sp_cut *cut)
{
  if (cut->streams_size < router->cut_streams) {
    struct sp_cut_stream *moved = realloc(cut->streams, router->cut_streams * 2 * sizeof(*moved));
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    cut->streams = moved;
    cut->streams_size = router->cut_streams * 2;
  }
  for (uint32_t i = 0; i < router->routes_count; i++) {
    if (router->routes[i].moved) {
      SP_ASSERT(cut->streams_count < cut->streams_size);
      cut->streams[cut->streams_count++] = (struct sp_cut_stream){
          router->routes[i].last, router->routes[i].last_index, router->routes[i].next};
      router->routes[i].moved = false;
    }
  }
  router->cut_streams = 0;
  return SP_OK;
}

/* Books that were added take effect behind a cut (book.md §4.8). */
static enum sp_status books_reload(struct sp_router *router)
{
  if (router->options->reload == NULL || atomic_exchange(router->options->reload, 0) == 0) {
    return SP_OK;
  }
  if (sp_world_add_books(router->world) <= 0) {
    return SP_OK;
  }
  const struct sp_books *books = sp_world_books(router->world, router->world->books_count);
  if (books == NULL) {
    return SP_NO_MEMORY;
  }
  router->books = books;
  sp_memory_free(&router->resolving); /* nothing of the former resolver is kept in usages */
  return sp_resolver_make(&router->resolver, router->world->directory, books, &router->resolving);
}

/* Whether a start after a crash would have so much to replay by now that a checkpoint is due
 * whatever the clock says: by the busiest core, shards being replayed side by side. */
static bool replay_is_long(struct sp_router *router)
{
  uint64_t all = 0, busiest = 0;
  for (uint32_t i = 0; i < router->world->dir.shard_count; i++) {
    router->behind[i] += (uint64_t)router->in[i].count;
    all += router->behind[i];
    busiest = router->behind[i] > busiest ? router->behind[i] : busiest;
  }
  uint64_t share = all / router->replay_threads;
  int64_t most = router->options->checkpoint_records;
  most = most == 0 ? SP_CHECKPOINT_RECORDS : most;
  return (share > busiest ? share : busiest) >= (uint64_t)most;
}

static enum sp_status cut_make(struct sp_router *router, struct sp_parcel *parcel, bool last)
{
  int64_t now = sp_clock_ms();
  struct sp_cut *cut = &parcel->cut;
  cut->now = true;
  cut->last = last;
  bool long_replay = replay_is_long(router);
  cut->checkpoint =
      last || long_replay || now - router->checkpoint_ms >= router->options->checkpoint_ms;
  cut->watermark_utc_s = router->watermark_utc_s;
  cut->settled_utc_s = router->settled_utc_s;
  memcpy(cut->in, router->in, sizeof(cut->in));
  memset(router->in, 0, sizeof(router->in));
  SP_TRY(cut_streams(router, cut));
  if (cut->checkpoint) {
    router->checkpoint_ms = now;
    router->checkpoints++;
    memset(router->behind, 0, sizeof(router->behind));
  }
  SP_TRY(books_reload(router));
  cut->books = router->books;
  router->cut_records = 0;
  router->cut_raw_bytes = 0;
  return SP_OK;
}

static bool cut_due(const struct sp_router *router, int64_t now)
{
  int64_t wait_ms = router->options->cut_ms * (router->backlog ? BACKLOG_CUTS : 1);
  return router->cut_records >= CUT_RECORDS || router->cut_raw_bytes >= CUT_RAW_BYTES ||
         router->cut_streams >= CUT_STREAMS ||
         (router->cut_streams > 0 && now - router->cut_since_ms >= wait_ms) ||
         (router->options->reload != NULL && atomic_load(router->options->reload) != 0);
}

static void progress_print(struct sp_router *router, int64_t now)
{
  if (!router->options->progress || now - router->progress_ms < 1000) {
    return;
  }
  double rate = (double)(router->records - router->progress_records) * 1000.0 /
                (double)(now - router->progress_ms);
  fprintf(stderr, "\r%llu records, %.0f/s   ", (unsigned long long)router->records, rate);
  router->progress_ms = now;
  router->progress_records = router->records;
}

static enum sp_status source_failed(struct sp_router *router, enum sp_status status)
{
  const char *text = sp_source_error(router->options->source);
  fprintf(stderr, "suanpan: %s\n", text[0] != '\0' ? text : sp_status_text(status));
  return status;
}

/* The cut could not be made: nothing of this block is written, everybody comes to an end. */
static void cut_failed(struct sp_router *router, struct sp_parcel *parcel, enum sp_status status)
{
  sp_world_fail(router->world, "%s", sp_status_text(status));
  parcel->cut.now = parcel->cut.checkpoint = false;
  parcel->cut.last = true;
}

/* [CDR 1/9] source. in: files, stdin or Kafka; out: a batch of decoded records with their
 * positions; next: decode (ingest/), inside the source's own turn. One turn: a batch or a pause. */
static enum sp_status turn(struct sp_router *router, bool *end)
{
  struct sp_parcel *parcel = parcel_take(router);
  enum sp_status status = sp_source_next(router->options->source, &parcel->batch);
  bool stop = (router->options->stop != NULL && atomic_load(router->options->stop) != 0) ||
              atomic_load(&router->world->stop) != 0;
  *end = status == SP_END || stop;
  enum sp_status result = SP_OK;
  memset(parcel->starts, 0, sizeof(parcel->starts));
  if (status == SP_OK && parcel->batch.count > 0) {
    if (router->cut_streams == 0) {
      router->cut_since_ms = sp_clock_ms();
    }
    result = batch_route(router, parcel);
    if (result != SP_OK) {
      (void)source_failed(router, result);
    }
    if (router->options->handed != NULL) {
      atomic_store_explicit(router->options->handed, router->records, memory_order_relaxed);
    }
  } else if (status != SP_OK && status != SP_END && status != SP_AGAIN) {
    result = source_failed(router, status);
  } else if (status == SP_AGAIN) {
    result = streams_add(router); /* new ones are told where to go on before they are read */
    if (result != SP_OK) {
      (void)source_failed(router, result);
    }
    nanosleep(&(const struct timespec){0, IDLE_NS}, NULL);
  }
  *end = *end || result != SP_OK;
  router->backlog = parcel->batch.count == SP_BATCH_RECORDS_MAX;
  int64_t now = sp_clock_ms();
  if (*end || cut_due(router, now)) {
    enum sp_status cut = cut_make(router, parcel, *end);
    if (cut != SP_OK) {
      cut_failed(router, parcel, cut);
      *end = true;
    }
    result = result == SP_OK ? cut : result;
  }
  if (parcel->cut.now || parcel->cut.last || parcel->batch.count > 0) {
    parcel_give(router, parcel);
  }
  progress_print(router, now);
  return result;
}

enum sp_status sp_router_run(struct sp_router *router, struct sp_pipeline_report *report)
{
  double begin_s = sp_clock_s();
  router->begin_ms = router->checkpoint_ms = router->progress_ms = sp_clock_ms();
  bool end = false;
  enum sp_status status = streams_add(router);
  if (status != SP_OK) {
    status = source_failed(router, status);
    sp_router_abandon(router, router->workers_count);
    end = true;
  }
  while (!end) {
    status = turn(router, &end);
  }
  parcels_wait(router);
  report->records = router->records;
  report->skipped = router->skipped;
  report->checkpoints = router->checkpoints;
  report->seconds = sp_clock_s() - begin_s;
  if (router->options->progress) {
    fprintf(stderr, "\r\033[K");
  }
  return status;
}

void sp_router_abandon(struct sp_router *router, uint32_t started)
{
  struct sp_parcel *parcel = parcel_take(router);
  memset(parcel->starts, 0, sizeof(parcel->starts));
  parcel->cut.last = true;
  atomic_store_explicit(&parcel->elsewhere_open, 0, memory_order_relaxed);
  atomic_store_explicit(&parcel->pending, started, memory_order_relaxed);
  for (uint32_t i = 0; i < started; i++) {
    sp_worker_give(&router->workers[i], parcel);
  }
}
