/* C11 threads by way of POSIX threads, for the ThreadSanitizer builds only.
 * librdkafka starts its threads with thrd_create, which the sanitizer does not see: it would crash
 * in the first callback. These definitions stand before the C library's, as thin as that one's (its
 * types are the same ones). */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

struct start {
  thrd_start_t function;
  void *argument;
};

static void *run(void *argument)
{
  struct start start = *(struct start *)argument;
  free(argument);
  return (void *)(intptr_t)start.function(start.argument);
}

static int result_of(int error)
{
  switch (error) {
  case 0:
    return thrd_success;
  case EBUSY:
    return thrd_busy;
  case ENOMEM:
    return thrd_nomem;
  case ETIMEDOUT:
    return thrd_timedout;
  default:
    return thrd_error;
  }
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
  struct start *start = malloc(sizeof(*start));
  if (start == NULL) {
    return thrd_nomem;
  }
  *start = (struct start){function, argument};
  int error = pthread_create(thread, NULL, run, start);
  if (error != 0) {
    free(start);
  }
  return result_of(error);
}

int thrd_join(thrd_t thread, int *result)
{
  void *value = NULL;
  int error = pthread_join(thread, &value);
  if (result != NULL) {
    *result = (int)(intptr_t)value;
  }
  return result_of(error);
}

int thrd_detach(thrd_t thread)
{
  return result_of(pthread_detach(thread));
}

int mtx_init(mtx_t *mutex, int type)
{
  (void)type;
  return result_of(pthread_mutex_init((pthread_mutex_t *)mutex, NULL));
}

int mtx_lock(mtx_t *mutex)
{
  return result_of(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_trylock(mtx_t *mutex)
{
  return result_of(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
  return result_of(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
  (void)pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *condition)
{
  return result_of(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
  return result_of(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
  return result_of(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
  return result_of(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
  return result_of(
      pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}

void cnd_destroy(cnd_t *condition)
{
  (void)pthread_cond_destroy((pthread_cond_t *)condition);
}
