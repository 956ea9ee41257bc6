/* The steady clock, for waiting and for telling how long something took; never for what a record
 * costs or how it is judged. Any thread. */
#ifndef SP_INGEST_CLOCK_H
#define SP_INGEST_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t sp_clock_ns(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t sp_clock_ms(void)
{
  return sp_clock_ns() / 1000000;
}

static inline double sp_clock_s(void)
{
  return (double)sp_clock_ns() / 1e9;
}

#endif
