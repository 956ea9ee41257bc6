#include "tools/shard_crew.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tools/worker.h"

struct crew {
  struct sp_world *world;
  sp_crew_work *work;
  void *context;
  _Atomic uint32_t next; /* the shard to take */
  struct {               /* of each shard, by the thread that took it */
    enum sp_status status;
    const char *error;
  } done[SP_SHARDS_MAX];
};

uint32_t sp_crew_threads(const struct sp_world *world, uint32_t asked)
{
  long cores = asked > 0 ? (long)asked : sysconf(_SC_NPROCESSORS_ONLN);
  uint32_t count = cores < 1                     ? 1
                   : cores > SP_CREW_THREADS_MAX ? SP_CREW_THREADS_MAX
                                                 : (uint32_t)cores;
  return count < world->dir.shard_count ? count : world->dir.shard_count;
}

/* Shards from `index` on are of no use any more. */
static void needed_below(struct sp_world *world, uint32_t index)
{
  uint32_t needed = atomic_load(&world->shards_needed);
  while (index < needed && !atomic_compare_exchange_weak(&world->shards_needed, &needed, index)) {
  }
}

static void *crew_main(void *context)
{
  struct crew *crew = context;
  for (;;) {
    uint32_t index = atomic_fetch_add(&crew->next, 1);
    if (index >= atomic_load(&crew->world->shards_needed)) {
      return NULL;
    }
    enum sp_status status = crew->work(crew->context, index, &crew->done[index].error);
    crew->done[index].status = status;
    if (status != SP_OK) {
      needed_below(crew->world, index + 1);
    }
  }
}

/* What the first shard that failed says. */
static enum sp_status crew_status(const struct crew *crew)
{
  for (uint32_t i = 0; i < crew->world->dir.shard_count; i++) {
    enum sp_status status = crew->done[i].status;
    if (status != SP_OK) {
      const char *error = crew->done[i].error;
      sp_world_fail(crew->world, "%s", error != NULL ? error : sp_status_text(status));
      return status;
    }
  }
  return SP_OK;
}

enum sp_status sp_crew_run(struct sp_world *world, uint32_t threads, sp_crew_work *work,
                           void *context)
{
  SP_ASSERT(threads >= 1 && threads <= SP_CREW_THREADS_MAX);
  struct crew crew = {.world = world, .work = work, .context = context};
  pthread_t others[SP_CREW_THREADS_MAX];
  uint32_t started = 0;
  int refused = 0;
  atomic_store(&world->shards_needed, world->dir.shard_count);
  while (started + 1 < threads && refused == 0) {
    refused = pthread_create(&others[started], NULL, crew_main, &crew);
    started += refused == 0 ? 1 : 0;
  }
  if (refused != 0) {
    needed_below(world, 0);
  } else {
    crew_main(&crew);
  }
  for (uint32_t i = 0; i < started; i++) {
    pthread_join(others[i], NULL);
  }
  if (refused != 0) {
    sp_world_fail(world, "a thread for the shards: %s", strerror(refused));
    return SP_NO_MEMORY;
  }
  return crew_status(&crew);
}
