/* Calls by a CGRateS plan of one destination and one rate, and by one of peak and off-peak hours.
 * bench_cgrates [CALLS]   default 2,000,000. One JSON line each, CPU time of one core. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rating/cgrates.h"
#include "tools/heap.h"

#define CALLS 4096u

static const char *const simple[SP_CGRATES_TABLES] = {
    "D,1002\n",
    "",
    "R,0.4,0.2,60s,1s,0s\n",
    "DR,D,R,*up,4,0,\n",
    "P,DR,*any,10\n",
    "cgrates.org,call,*any,2014-01-14T00:00:00Z,P,\n"};

static const char *const hours[SP_CGRATES_TABLES] = {
    "D,1002\nE,10\nF,49\n",
    ("PEAK,*any,*any,*any,1;2;3;4;5,08:00:00\nMORNING,*any,*any,*any,1;2;3;4;5,00:00:00\n"
     "EVENING,*any,*any,*any,1;2;3;4;5,19:00:00\nWEEKEND,*any,*any,*any,6;7,00:00:00\n"),
    "R,0.4,0.2,60s,60s,0s\nR,0,0.1,60s,1s,60s\nS,0.2,0.1,60s,60s,0s\nS,0,0.05,60s,1s,60s\n",
    "DR,D,R,*up,4,0,\nDR,F,R,*up,4,0,\nDS,D,S,*up,4,0,\nDS,F,S,*up,4,0,\n",
    "P,DR,PEAK,10\nP,DS,MORNING,10\nP,DS,EVENING,10\nP,DS,WEEKEND,10\n",
    "cgrates.org,call,*any,2014-01-14T00:00:00Z,P,\n"};

static double cpu_s(void)
{
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void said(void *context, const struct sp_problem *problem)
{
  (void)context;
  fprintf(stderr, "%s:%u: %s\n", problem->file, problem->line, problem->message);
}

static uint64_t seed = 20261130;

static uint32_t draw(uint32_t below)
{
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(seed >> 33U) % below;
}

static void calls_make(struct sp_cgrates_call calls[CALLS])
{
  static char numbers[CALLS][16];
  for (uint32_t i = 0; i < CALLS; i++) {
    snprintf(numbers[i], sizeof(numbers[i]), "1002%07" PRIu32, draw(10000000));
    calls[i] =
        (struct sp_cgrates_call){.tenant = {"cgrates.org", 11},
                                 .category = {"call", 4},
                                 .subject = {numbers[CALLS - 1 - i], 11},
                                 .destination = {numbers[i], 11},
                                 .answer_utc_ns = (1407110400 + (int64_t)draw(604800)) * 1000000000,
                                 .usage_ns = (1 + (int64_t)draw(300)) * 1000000000,
                                 .voice = true};
  }
}

static void plan_rate(const char *what, const char *const tables[SP_CGRATES_TABLES], long count)
{
  static struct sp_cgrates_call calls[CALLS];
  struct sp_cgrates_file files[SP_CGRATES_TABLES];
  char *bytes[SP_CGRATES_TABLES];
  struct sp_problems problems = {said, NULL, 0, 0};
  struct sp_memory memory;
  struct sp_cgrates *tariff;
  sp_heap_init(&memory);
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    bytes[i] = strdup(tables[i]);
    SP_ASSERT(bytes[i] != NULL);
    files[i] = (struct sp_cgrates_file){bytes[i], strlen(bytes[i]), false};
  }
  enum sp_status status = sp_cgrates_read(&tariff, files, 5, &memory, &problems);
  SP_ASSERT(status == SP_OK);
  calls_make(calls);
  uint64_t sum = 0;
  double before_s = cpu_s();
  for (long i = 0; i < count; i++) {
    struct sp_cgrates_cost cost;
    enum sp_cgrates_answer answer = sp_cgrates_rate(tariff, calls + i % CALLS, &cost);
    SP_ASSERT(answer == SP_CGRATES_COST);
    sum += (uint64_t)cost.event;
  }
  double seconds = cpu_s() - before_s;
  printf("{\"bench\":\"cgrates\",\"what\":\"%s\",\"calls\":%ld,\"ns\":%.1f,\"calls_per_s\":%.0f,"
         "\"sum\":%" PRIu64 "}\n",
         what, count, seconds * 1e9 / (double)count, (double)count / seconds, sum);
  sp_memory_free(&memory);
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    free(bytes[i]);
  }
}

int main(int argc, char **argv)
{
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : 2000000;
  count = count < 1 ? 1 : count;
  plan_rate("one destination, one rate", simple, count);
  plan_rate("peak and off-peak, two slots", hours, count);
  return 0;
}
