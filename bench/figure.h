/* One line of JSON per figure, of the keys that bench/README.md names: the median of the runs with
 * their spread, the machine and how busy it was. */
#ifndef SP_BENCH_FIGURE_H
#define SP_BENCH_FIGURE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rating/status.h"

#define FIGURE_RUNS_MAX 64
#define FIGURE_MACHINE_BYTES 128

struct figure {
  const char *bench, *what, *unit;
  uint64_t n;       /* records, customers, look-ups of one run */
  const char *more; /* further members: "\"customers\":5"; NULL = none */
};

struct figure_samples {
  double at[FIGURE_RUNS_MAX];
  unsigned count;
};

static inline double figure_clock_ns(clockid_t clock)
{
  struct timespec now;
  (void)clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Of this thread: what neighbours take of the machine does not count. */
static inline double figure_cpu_ns(void)
{
  return figure_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline double figure_wall_ns(void)
{
  return figure_clock_ns(CLOCK_MONOTONIC);
}

static inline void figure_add(struct figure_samples *samples, double value)
{
  SP_ASSERT(samples->count < FIGURE_RUNS_MAX);
  samples->at[samples->count++] = value;
}

static inline unsigned figure_runs(const char *text, unsigned otherwise)
{
  unsigned long runs = text == NULL ? otherwise : strtoul(text, NULL, 10);
  return runs == 0 ? 1 : runs > FIGURE_RUNS_MAX ? FIGURE_RUNS_MAX : (unsigned)runs;
}

static inline void figure_machine(char machine[FIGURE_MACHINE_BYTES])
{
  char line[256], name[96] = "unknown";
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
    if (sscanf(line, "model name : %95[^\n\"\\]", name) == 1) {
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  snprintf(machine, FIGURE_MACHINE_BYTES, "%s, %ld cores", name, sysconf(_SC_NPROCESSORS_ONLN));
}

static inline const char *figure_number(double value, char text[32])
{
  snprintf(text, 32, value >= 1000 || value <= -1000 ? "%.0f" : "%.4g", value);
  return text;
}

static inline int figure_compare(const void *a, const void *b)
{
  double left, right;
  memcpy(&left, a, sizeof(left));
  memcpy(&right, b, sizeof(right));
  return left < right ? -1 : left > right;
}

/* Sorts the samples. */
static inline void figure_print(const struct figure *figure, struct figure_samples *samples)
{
  char machine[FIGURE_MACHINE_BYTES];
  double load = 0;
  unsigned n = samples->count;
  SP_ASSERT(n > 0);
  qsort(samples->at, n, sizeof(samples->at[0]), figure_compare);
  double least = samples->at[0], most = samples->at[n - 1];
  double median = (samples->at[n / 2] + samples->at[(n - 1) / 2]) / 2;
  figure_machine(machine);
  (void)getloadavg(&load, 1);
  char texts[3][32];
  printf("{\"bench\":\"%s\",\"what\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"min\":%s,\"max\":%s,"
         "\"spread\":%.3f,\"runs\":%u,\"n\":%" PRIu64 ",%s%s\"machine\":\"%s\",\"load\":%.2f}\n",
         figure->bench, figure->what, figure_number(median, texts[0]), figure->unit,
         figure_number(least, texts[1]), figure_number(most, texts[2]),
         median > 0 ? (most - least) / median : 0, n, figure->n,
         figure->more == NULL ? "" : figure->more, figure->more == NULL ? "" : ",", machine, load);
  (void)fflush(stdout);
}

/* A figure that is what it is: bytes, or something done once. */
static inline void figure_print_one(const struct figure *figure, double value)
{
  struct figure_samples samples = {{value}, 1};
  figure_print(figure, &samples);
}

#endif
