/* The writer appends closed blocks to the journals and syncs them; blocks that are there together
 * share the syncs. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/worker.h"

#define GROUP_MAX 64 /* blocks appended before a round of syncs */

struct sp_writer {
  struct sp_world *world;
  struct sp_worker *workers[SP_SHARDS_MAX];
  uint32_t workers_count;
  struct sp_gate gate; /* advanced by workers for each closed block */
  _Atomic int finish;
  uint64_t blocks, bytes;
  bool started;
  pthread_t thread;
};

void sp_world_fail(struct sp_world *world, const char *format, ...)
{
  int free_before = 0;
  if (!atomic_compare_exchange_strong(&world->failing, &free_before, 1)) {
    /* who failed goes on to no other parcel, be the first one still writing its words */
    atomic_store_explicit(&world->stop, 1, memory_order_release);
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(world->failure, sizeof(world->failure), format, arguments);
  va_end(arguments);
  atomic_store_explicit(&world->stop, 1, memory_order_release);
}

enum sp_status sp_writer_make(struct sp_writer **out, struct sp_world *world, uint32_t workers)
{
  SP_ASSERT(workers <= SP_SHARDS_MAX);
  struct sp_writer *writer = aligned_alloc(64, (sizeof(*writer) + 63) / 64 * 64);
  if (writer == NULL) {
    return SP_NO_MEMORY;
  }
  memset(writer, 0, sizeof(*writer));
  writer->world = world;
  *out = writer;
  return SP_OK;
}

void sp_writer_free(struct sp_writer *writer)
{
  free(writer);
}

void sp_writer_add(struct sp_writer *writer, struct sp_worker *worker)
{
  writer->workers[writer->workers_count++] = worker;
}

void sp_writer_wake(struct sp_writer *writer)
{
  sp_gate_advance(&writer->gate);
}

static uint32_t group_take(struct sp_writer *writer, struct sp_closed **group)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < writer->workers_count; i++) {
    struct sp_worker *worker = writer->workers[i];
    while (count < GROUP_MAX &&
           ck_ring_dequeue_spsc(&worker->out, worker->out_buffer, &group[count])) {
      SP_RING_TAKEN(&worker->out);
      count++;
    }
  }
  return count;
}

static bool group_write(struct sp_writer *writer, struct sp_closed *const *group, uint32_t count)
{
  /* [CDR 8/9] journal. in: closed blocks; out: bytes on disk, the records in them count from here;
   * next: checkpoint (tools/shard_checkpoint.c). */
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_closed *closed = group[i];
    if (sp_journal_append(closed->shard->journal, closed->number, closed->bytes, closed->length) !=
        SP_OK) {
      sp_world_fail(writer->world,
                    "shard %u: journal: %s; nothing that was reported durable is lost",
                    closed->shard->index, strerror(errno));
      return false;
    }
    writer->blocks++;
    writer->bytes += closed->length;
  }
  for (uint32_t i = 0; i < count; i++) {
    bool again = false;
    for (uint32_t k = 0; k < i && !again; k++) {
      again = group[k]->shard == group[i]->shard;
    }
    if (!again && sp_journal_sync(group[i]->shard->journal) != SP_OK) {
      sp_world_fail(writer->world, "shard %u: journal: %s", group[i]->shard->index,
                    strerror(errno));
      return false;
    }
  }
  return true;
}

static void *writer_main(void *context)
{
  struct sp_writer *writer = context;
  struct sp_closed *group[GROUP_MAX];
  for (;;) {
    uint32_t seen = sp_gate_count(&writer->gate);
    int finish = atomic_load_explicit(&writer->finish, memory_order_acquire);
    uint32_t count = group_take(writer, group);
    if (count == 0) {
      if (finish != 0) {
        return NULL;
      }
      sp_gate_wait(&writer->gate, seen);
      continue;
    }
    if (atomic_load_explicit(&writer->world->stop, memory_order_acquire) != 0 ||
        !group_write(writer, group, count)) {
      continue; /* drained, not written: the run has failed and the next start reads the sources
                   again */
    }
    for (uint32_t i = 0; i < count; i++) {
      sp_shard_durable(group[i]->shard, group[i]);
    }
  }
}

enum sp_status sp_writer_start(struct sp_writer *writer)
{
  errno = pthread_create(&writer->thread, NULL, writer_main, writer);
  writer->started = errno == 0;
  if (errno != 0) {
    sp_world_fail(writer->world, "the writer's thread: %s", strerror(errno));
  }
  return errno == 0 ? SP_OK : SP_NO_MEMORY;
}

void sp_writer_finish(struct sp_writer *writer, struct sp_pipeline_report *report)
{
  atomic_store_explicit(&writer->finish, 1, memory_order_release);
  sp_writer_wake(writer);
  if (writer->started) {
    pthread_join(writer->thread, NULL);
  }
  report->blocks = writer->blocks;
  report->bytes = writer->bytes;
}
