#include "tools/snapshot_relay.h"

#include <pthread.h>
#include <stdlib.h>

/* All fields but the thread are guarded by the lock; what group and writer point to is handed over
 * with it. */
struct sp_relay {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct sp_parquet *writer;
  struct sp_parquet_group *group; /* to be written, NULL: nothing */
  enum sp_status status;          /* the first error */
  bool stop;
};

static void *relay_main(void *context)
{
  struct sp_relay *relay = context;
  (void)pthread_mutex_lock(&relay->lock);
  for (;;) {
    while (relay->group == NULL && !relay->stop) {
      (void)pthread_cond_wait(&relay->changed, &relay->lock);
    }
    if (relay->group == NULL) {
      break;
    }
    struct sp_parquet *writer = relay->writer;
    struct sp_parquet_group *group = relay->group;
    (void)pthread_mutex_unlock(&relay->lock);
    enum sp_status status = sp_parquet_group_write(writer, group);
    (void)pthread_mutex_lock(&relay->lock);
    relay->status = relay->status == SP_OK ? status : relay->status;
    relay->group = NULL;
    (void)pthread_cond_broadcast(&relay->changed);
  }
  (void)pthread_mutex_unlock(&relay->lock);
  return NULL;
}

struct sp_relay *sp_relay_start(void)
{
  struct sp_relay *relay = calloc(1, sizeof *relay);
  if (relay == NULL) {
    return NULL;
  }
  (void)pthread_mutex_init(&relay->lock, NULL);
  (void)pthread_cond_init(&relay->changed, NULL);
  if (pthread_create(&relay->thread, NULL, relay_main, relay) != 0) {
    (void)pthread_cond_destroy(&relay->changed);
    (void)pthread_mutex_destroy(&relay->lock);
    free(relay);
    return NULL;
  }
  return relay;
}

/* With the lock held: until nothing is at work. */
static void wait_idle(struct sp_relay *relay)
{
  while (relay->group != NULL) {
    (void)pthread_cond_wait(&relay->changed, &relay->lock);
  }
}

static enum sp_status relay_write(void *context, struct sp_parquet *writer,
                                  struct sp_parquet_group *group)
{
  struct sp_relay *relay = context;
  (void)pthread_mutex_lock(&relay->lock);
  wait_idle(relay);
  enum sp_status status = relay->status;
  if (status == SP_OK) {
    relay->writer = writer;
    relay->group = group;
    (void)pthread_cond_broadcast(&relay->changed);
  }
  (void)pthread_mutex_unlock(&relay->lock);
  return status;
}

static enum sp_status relay_wait(void *context)
{
  struct sp_relay *relay = context;
  (void)pthread_mutex_lock(&relay->lock);
  wait_idle(relay);
  enum sp_status status = relay->status;
  (void)pthread_mutex_unlock(&relay->lock);
  return status;
}

struct sp_snapshot_relay sp_relay_of(struct sp_relay *relay)
{
  return (struct sp_snapshot_relay){relay_write, relay_wait, relay};
}

void sp_relay_stop(struct sp_relay *relay)
{
  if (relay == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&relay->lock);
  wait_idle(relay);
  relay->stop = true;
  (void)pthread_cond_broadcast(&relay->changed);
  (void)pthread_mutex_unlock(&relay->lock);
  (void)pthread_join(relay->thread, NULL);
  (void)pthread_cond_destroy(&relay->changed);
  (void)pthread_mutex_destroy(&relay->lock);
  free(relay);
}
