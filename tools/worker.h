/* Worker and writer threads of the pipeline; inside of pipeline.c. */
#ifndef SP_TOOLS_WORKER_H
#define SP_TOOLS_WORKER_H

/* rule zero: include: the rings lie inside struct sp_worker, and router and worker use both ends.
 */
#include <ck_ring.h>
#include <pthread.h>

#include "tools/pipeline.h"

#define SP_RING_SIZE 64 /* > SP_PARCELS_MAX, a power of two */

struct sp_writer;

/* One worker: parcels in by one ring (router is the producer), closed blocks out by another (writer
 * is the consumer). */
struct sp_worker {
  ck_ring_t in;
  ck_ring_buffer_t in_buffer[SP_RING_SIZE];
  struct sp_gate in_gate; /* advanced by the router */
  ck_ring_t out;
  ck_ring_buffer_t out_buffer[SP_RING_SIZE * 4];
  struct sp_closed
      closed[SP_SHARDS_MAX * SP_BUILDERS_MAX]; /* what `out` points to: by shard and builder */
  uint32_t index, count;                       /* its shards: those with shard % count == index */
  struct sp_shard *shards;
  struct sp_writer *writer;
  struct sp_gate *done_gate; /* advanced for each finished parcel; the router's */
  uint64_t checkpoints;
  pthread_t thread;
};

void sp_worker_make(struct sp_worker *worker, uint32_t index, uint32_t count,
                    struct sp_shard *shards, struct sp_writer *writer);
SP_MUST_CHECK enum sp_status sp_worker_start(struct sp_worker *worker);
void sp_worker_join(struct sp_worker *worker);
/* The router's: hands a parcel over. The ring always has room: there are fewer parcels than places.
 */
void sp_worker_give(struct sp_worker *worker, struct sp_parcel *parcel);

SP_MUST_CHECK enum sp_status sp_writer_make(struct sp_writer **writer, struct sp_world *world,
                                            uint32_t workers);
void sp_writer_free(struct sp_writer *writer);
void sp_writer_add(struct sp_writer *writer, struct sp_worker *worker);
void sp_writer_wake(struct sp_writer *writer);
SP_MUST_CHECK enum sp_status sp_writer_start(struct sp_writer *writer);
/* After all workers have ended: writes what is left and joins. */
void sp_writer_finish(struct sp_writer *writer, struct sp_pipeline_report *report);

/* The first failure of any thread: everybody comes to an end, and the message is printed once. */
void sp_world_fail(struct sp_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
