/* See pipeline.h. Waypoints of one record: grep -rn '\[CDR '. */
#include "tools/pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/clock.h"
#include "tools/router.h"
#include "tools/shard_crew.h"
#include "tools/worker.h"

#define WORKERS_MAX 32

struct sp_pipeline {
  struct sp_world *world;
  struct sp_shard *shards; /* one per shard of the store */
  struct sp_worker *workers;
  uint32_t workers_count;
  struct sp_writer *writer;
  struct sp_router *router;
};

static uint32_t workers_by_cores(uint32_t shard_count)
{
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  uint32_t count = cores > 3 ? (uint32_t)cores - 2 : cores > 1 ? 2 : 1;
  count = count < WORKERS_MAX ? count : WORKERS_MAX;
  return count < shard_count ? count : shard_count;
}

static int failed(const struct sp_pipeline *pipeline, enum sp_status status)
{
  const struct sp_world *world = pipeline->world;
  fprintf(stderr, "suanpan: %s: %s\n", world->dir.path,
          atomic_load(&world->stop) != 0 ? world->failure : sp_status_text(status));
  return SP_EXIT_ENVIRONMENT;
}

static enum sp_status open_work(void *context, uint32_t index, const char **error)
{
  struct sp_pipeline *pipeline = context;
  struct sp_shard *shard = &pipeline->shards[index];
  *error = shard->error;
  return sp_shard_open(shard, pipeline->world, index, true);
}

static enum sp_status begin_work(void *context, uint32_t index, const char **error)
{
  struct sp_pipeline *pipeline = context;
  struct sp_shard *shard = &pipeline->shards[index];
  *error = shard->error;
  return sp_shard_begin(shard);
}

/* Recovery: no shard is changed before all were opened. */
static enum sp_status shards_open(struct sp_pipeline *pipeline, uint32_t workers_asked)
{
  uint32_t threads = sp_crew_threads(pipeline->world, workers_asked);
  SP_TRY(sp_crew_run(pipeline->world, threads, open_work, pipeline));
  return sp_crew_run(pipeline->world, threads, begin_work, pipeline);
}

static uint64_t replayed_count(const struct sp_pipeline *pipeline)
{
  uint64_t records = 0;
  for (uint32_t i = 0; i < pipeline->world->dir.shard_count; i++) {
    records += pipeline->shards[i].meta.ordinal - pipeline->shards[i].checkpointed_ordinal;
  }
  return records;
}

static void pipeline_free(struct sp_pipeline *pipeline)
{
  sp_router_free(pipeline->router);
  sp_writer_free(pipeline->writer);
  free(pipeline->workers);
  for (uint32_t i = 0; pipeline->shards != NULL && i < pipeline->world->dir.shard_count; i++) {
    sp_shard_close(&pipeline->shards[i]);
  }
  free(pipeline->shards);
}

static enum sp_status pipeline_make(struct sp_pipeline *pipeline,
                                    const struct sp_pipeline_options *options)
{
  struct sp_world *world = pipeline->world;
  uint32_t shard_count = world->dir.shard_count;
  pipeline->shards = aligned_alloc(64, sizeof(struct sp_shard) * shard_count);
  if (pipeline->shards == NULL) {
    return SP_NO_MEMORY;
  }
  memset(pipeline->shards, 0, sizeof(struct sp_shard) * shard_count);
  pipeline->workers_count =
      options->workers != 0 ? options->workers : workers_by_cores(shard_count);
  if (pipeline->workers_count > shard_count) {
    pipeline->workers_count = shard_count;
  }
  if (pipeline->workers_count > WORKERS_MAX) {
    pipeline->workers_count = WORKERS_MAX;
  }
  pipeline->workers = aligned_alloc(64, sizeof(struct sp_worker) * pipeline->workers_count);
  if (pipeline->workers == NULL) {
    return SP_NO_MEMORY;
  }
  memset(pipeline->workers, 0, sizeof(struct sp_worker) * pipeline->workers_count);
  SP_TRY(shards_open(pipeline, options->workers));
  SP_TRY(sp_writer_make(&pipeline->writer, world, pipeline->workers_count));
  for (uint32_t i = 0; i < pipeline->workers_count; i++) {
    sp_worker_make(&pipeline->workers[i], i, pipeline->workers_count, pipeline->shards,
                   pipeline->writer);
    for (uint32_t s = i + pipeline->workers_count; s < shard_count; s += pipeline->workers_count) {
      sp_shard_share_rater(&pipeline->shards[s], &pipeline->shards[i]);
    }
  }
  return sp_router_make(&pipeline->router, world, options, pipeline->shards, pipeline->workers,
                        pipeline->workers_count);
}

int sp_pipeline_run(struct sp_world *world, const struct sp_pipeline_options *options,
                    struct sp_pipeline_report *report)
{
  struct sp_pipeline pipeline = {.world = world};
  memset(report, 0, sizeof(*report));
  double began = sp_clock_s();
  enum sp_status status = pipeline_make(&pipeline, options);
  if (status != SP_OK) {
    int code = failed(&pipeline, status);
    pipeline_free(&pipeline);
    return code;
  }
  report->replayed = replayed_count(&pipeline);
  report->open_seconds = sp_clock_s() - began;
  int code = SP_EXIT_DONE;
  status = sp_writer_start(pipeline.writer);
  uint32_t started = 0;
  for (; status == SP_OK && started < pipeline.workers_count; started++) {
    status = sp_worker_start(&pipeline.workers[started]);
  }
  if (status == SP_OK) {
    status = sp_router_run(pipeline.router, report);
  } else {
    sp_router_abandon(pipeline.router, started);
  }
  for (uint32_t i = 0; i < started; i++) {
    sp_worker_join(&pipeline.workers[i]);
  }
  sp_writer_finish(pipeline.writer, report);
  if (atomic_load(&world->stop) != 0) {
    fprintf(stderr, "suanpan: %s: %s\n", world->dir.path, world->failure);
    code = SP_EXIT_ENVIRONMENT;
  } else if (status != SP_OK) {
    code = SP_EXIT_ENVIRONMENT;
  }
  pipeline_free(&pipeline);
  return code;
}
