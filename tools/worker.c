/* A worker takes parcels in order and is the only writer of its shards. */
#include "tools/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/shard_inside.h"

void sp_worker_make(struct sp_worker *worker, uint32_t index, uint32_t count,
                    struct sp_shard *shards, struct sp_writer *writer)
{
  worker->index = index;
  worker->count = count;
  worker->shards = shards;
  worker->writer = writer;
  ck_ring_init(&worker->in, SP_RING_SIZE);
  ck_ring_init(&worker->out, SP_RING_SIZE * 4);
  sp_writer_add(writer, worker);
}

void sp_worker_give(struct sp_worker *worker, struct sp_parcel *parcel)
{
  SP_RING_GIVES(&worker->in);
  bool given = ck_ring_enqueue_spsc(&worker->in, worker->in_buffer, parcel);
  SP_ASSERT(given);
  sp_gate_advance(&worker->in_gate);
}

static void shard_failed(struct sp_worker *worker, struct sp_shard *shard, enum sp_status status)
{
  sp_world_fail(shard->world, "%s",
                shard->error[0] != '\0' ? shard->error : sp_status_text(status));
  (void)worker;
}

static void closed_give(struct sp_worker *worker, const struct sp_closed *closed)
{
  struct sp_shard *shard = closed->shard;
  uint32_t slot = shard->index * SP_BUILDERS_MAX;
  while (shard->builders[slot - shard->index * SP_BUILDERS_MAX] != closed->builder) {
    slot++;
  }
  worker->closed[slot] = *closed;
  SP_RING_GIVES(&worker->out);
  bool given = ck_ring_enqueue_spsc(&worker->out, worker->out_buffer, &worker->closed[slot]);
  SP_ASSERT(given); /* at most SP_BUILDERS_MAX per shard are on their way */
  sp_writer_wake(worker->writer);
}

static enum sp_status shard_parcel(struct sp_worker *worker, struct sp_shard *shard,
                                   const struct sp_parcel *parcel)
{
  uint16_t from = parcel->starts[shard->index], to = parcel->starts[shard->index + 1];
  SP_TRY(sp_shard_records(shard, parcel, parcel->order + from, (uint32_t)(to - from)));
  if (!parcel->cut.now) {
    return SP_OK;
  }
  struct sp_closed closed;
  SP_TRY(sp_shard_cut(shard, &parcel->cut, &closed));
  if (closed.shard != NULL) {
    closed_give(worker, &closed);
    SP_TRY(sp_shard_open_next(shard));
  }
  return SP_OK;
}

static void parcel_work(struct sp_worker *worker, const struct sp_parcel *parcel)
{
  struct sp_world *world = worker->shards[0].world;
  uint32_t shard_count = world->dir.shard_count;
  for (uint32_t s = worker->index; s < shard_count; s += worker->count) {
    if (atomic_load_explicit(&world->stop, memory_order_acquire) != 0) {
      return;
    }
    enum sp_status status = shard_parcel(worker, &worker->shards[s], parcel);
    if (status != SP_OK) {
      shard_failed(worker, &worker->shards[s], status);
      return;
    }
  }
  for (uint32_t s = worker->index; parcel->cut.checkpoint && s < shard_count; s += worker->count) {
    enum sp_status status = sp_shard_checkpoint(&worker->shards[s]);
    if (status != SP_OK) {
      shard_failed(worker, &worker->shards[s], status);
      return;
    }
    worker->checkpoints++;
  }
}

static void *worker_main(void *context)
{
  struct sp_worker *worker = context;
  for (;;) {
    uint32_t seen = sp_gate_count(&worker->in_gate);
    struct sp_parcel *parcel;
    if (!ck_ring_dequeue_spsc(&worker->in, worker->in_buffer, &parcel)) {
      sp_gate_wait(&worker->in_gate, seen);
      continue;
    }
    SP_RING_TAKEN(&worker->in);
    parcel_work(worker, parcel);
    bool last = parcel->cut.last;
    if (atomic_fetch_sub_explicit(&parcel->pending, 1, memory_order_acq_rel) == 1) {
      sp_gate_advance(worker->done_gate);
    }
    if (last) {
      return NULL;
    }
  }
}

enum sp_status sp_worker_start(struct sp_worker *worker)
{
  errno = pthread_create(&worker->thread, NULL, worker_main, worker);
  if (errno != 0) {
    sp_world_fail(worker->shards[0].world, "a worker's thread: %s", strerror(errno));
    return SP_NO_MEMORY;
  }
  return SP_OK;
}

void sp_worker_join(struct sp_worker *worker)
{
  pthread_join(worker->thread, NULL);
}
