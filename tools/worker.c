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

static enum sp_status shard_records(struct sp_worker *worker, struct sp_shard *shard,
                                    const struct sp_parcel *parcel)
{
  (void)worker;
  uint16_t from = parcel->starts[shard->index], to = parcel->starts[shard->index + 1];
  return sp_shard_records(shard, parcel, parcel->order + from, (uint32_t)(to - from));
}

static enum sp_status shard_cut(struct sp_worker *worker, struct sp_shard *shard,
                                const struct sp_parcel *parcel)
{
  struct sp_closed closed;
  SP_TRY(sp_shard_cut(shard, &parcel->cut, &closed));
  if (closed.shard != NULL) {
    closed_give(worker, &closed);
    SP_TRY(sp_shard_open_next(shard));
  }
  return SP_OK;
}

static enum sp_status shard_checkpoint(struct sp_worker *worker, struct sp_shard *shard,
                                       const struct sp_parcel *parcel)
{
  (void)parcel;
  SP_TRY(sp_shard_checkpoint(shard));
  worker->checkpoints++;
  return SP_OK;
}

typedef enum sp_status shard_step(struct sp_worker *worker, struct sp_shard *shard,
                                  const struct sp_parcel *parcel);

/* One step for each of the worker's shards; false: the service ends. */
static bool shards_take(struct sp_worker *worker, const struct sp_parcel *parcel, shard_step *step)
{
  const struct sp_world *world = worker->shards[0].world;
  for (uint32_t s = worker->index; s < world->dir.shard_count; s += worker->count) {
    if (atomic_load_explicit(&world->stop, memory_order_acquire) != 0) {
      return false;
    }
    enum sp_status status = step(worker, &worker->shards[s], parcel);
    if (status != SP_OK) {
      shard_failed(worker, &worker->shards[s], status);
      return false;
    }
  }
  return true;
}

/* Conflicts of this parcel with records that the worker's shards have from parcels before it. Each
 * worker does so before it takes records of the parcel, so that none waits for one that waits. */
static void elsewhere_compare(struct sp_worker *worker, struct sp_parcel *parcel)
{
  const struct sp_world *world = worker->shards[0].world;
  uint32_t done = 0;
  for (uint32_t i = 0; i < parcel->elsewhere_count; i++) {
    const struct sp_elsewhere *elsewhere = &parcel->elsewhere[i];
    if (elsewhere->shard % worker->count != worker->index) {
      continue;
    }
    done++;
    if (atomic_load_explicit(&world->stop, memory_order_acquire) != 0) {
      continue; /* nobody will read it */
    }
    struct sp_shard *shard = &worker->shards[elsewhere->shard];
    enum sp_status status =
        sp__first_record_compare(shard, elsewhere->ordinal, &parcel->batch.cdrs[elsewhere->record],
                                 &parcel->elsewhere_fields[elsewhere->record]);
    if (status != SP_OK) {
      shard_failed(worker, shard, status);
    }
  }
  if (done > 0) {
    atomic_fetch_sub_explicit(&parcel->elsewhere_open, done, memory_order_release);
    sp_gate_advance(&parcel->compared);
  }
  for (;;) {
    uint32_t seen = sp_gate_count(&parcel->compared);
    if (atomic_load_explicit(&parcel->elsewhere_open, memory_order_acquire) == 0) {
      return;
    }
    sp_gate_wait(&parcel->compared, seen);
  }
}

/* All records before the first cut: a cut may bring other books, and shards of one worker have one
 * rater. What stands in a block is rated by the books that the block names. */
static void parcel_work(struct sp_worker *worker, struct sp_parcel *parcel)
{
  if (parcel->elsewhere_count > 0) {
    elsewhere_compare(worker, parcel);
  }
  bool goes_on = shards_take(worker, parcel, shard_records);
  goes_on = goes_on && (!parcel->cut.now || shards_take(worker, parcel, shard_cut));
  if (goes_on && parcel->cut.checkpoint) {
    (void)shards_take(worker, parcel, shard_checkpoint);
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
