/* suanpan bench: how fast this machine is with us: a made province, files to durable journal and
 * checkpoint, one JSON line a run. The folder bench/ of the source measures each part by itself. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "ingest/source.h"
#include "tools/pipeline.h"
#include "tools/verbs.h"

#define CUT_MS 20
#define CHECKPOINT_MS 10000
#define TAIL_BYTES_MAX 32 /* of a path, behind DIR */
#define RUNS_MAX 100

struct bench {
  const char *folder;
  int64_t seed, subscribers, records, shards, runs;
  char world[SP_PATH_BYTES_MAX], book[SP_PATH_BYTES_MAX], customers[SP_PATH_BYTES_MAX];
  char usage[SP_PATH_BYTES_MAX], store[SP_PATH_BYTES_MAX];
};

static const struct sp_verb_help help = {
    "suanpan bench DIR [--records N] [--subscribers N] [--runs N] [--shards N] [--seed S]",
    "  suanpan bench /tmp/speed\n"
    "  suanpan bench /tmp/speed --subscribers 1000000 --records 5000000 --runs 3\n",
    "Makes a province in DIR, which must not be there, and for each run a store of it; rates its "
    "usage records\n"
    "from files to durable journal and checkpoint. Prints one JSON line a run: records/s from the "
    "first read to\n"
    "the last checkpoint, CPU microseconds and journal bytes a record, peak memory. DIR is left "
    "for you to see."};

static void path_set(char path[SP_PATH_BYTES_MAX], const char *folder, const char *tail)
{
  snprintf(path, SP_PATH_BYTES_MAX, "%s/%s", folder, tail);
}

static int world_make(struct bench *bench)
{
  char numbers[4][24];
  const int64_t values[4] = {bench->seed, bench->subscribers, bench->subscribers / 200 + 1,
                             bench->records};
  for (int i = 0; i < 4; i++) {
    snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, values[i]);
  }
  char verb[] = "gen", seed[] = "--seed", subscribers[] = "--subscribers", groups[] = "--groups";
  char records[] = "--records", days[] = "--days", two_months[] = "60";
  char *words[] = {verb,       bench->world, seed,       numbers[0], subscribers,
                   numbers[1], groups,       numbers[2], records,    numbers[3],
                   days,       two_months,   NULL};
  return sp_cmd_gen(sizeof(words) / sizeof(words[0]) - 1, words);
}

static int store_make(struct bench *bench, int64_t number)
{
  char tail[TAIL_BYTES_MAX], count[24];
  snprintf(tail, sizeof(tail), "store-%" PRId64, number);
  snprintf(count, sizeof(count), "%" PRId64, bench->shards);
  path_set(bench->store, bench->folder, tail);
  char verb[] = "init", book[] = "--book", customers[] = "--customers", shards[] = "--shards";
  char *words[] = {verb,   bench->store, book, bench->book, customers, bench->customers,
                   shards, count,        NULL};
  return sp_cmd_init(sizeof(words) / sizeof(words[0]) - 1, words);
}

static double cpu_seconds(void)
{
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void report_print(const struct bench *bench, int64_t number,
                         const struct sp_pipeline_report *report, double cpu_s)
{
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  double records = report->records > 0 ? (double)report->records : 1;
  printf("{\"bench\":\"stream\",\"what\":\"file to durable\",\"run\":%" PRId64 ",\"value\":%.0f,"
         "\"unit\":\"records/s\",\"n\":%" PRIu64 ",\"seconds\":%.3f,\"cpu_us_per_record\":%.3f,"
         "\"journal_bytes_per_record\":%.1f,\"blocks\":%" PRIu64 ",\"checkpoints\":%" PRIu64 ","
         "\"subscribers\":%" PRId64 ",\"shards\":%" PRId64 ",\"peak_bytes\":%" PRId64 "}\n",
         number, report->seconds > 0 ? (double)report->records / report->seconds : 0,
         report->records, report->seconds, cpu_s * 1e6 / records, (double)report->bytes / records,
         report->blocks, report->checkpoints, bench->subscribers, bench->shards,
         (int64_t)usage.ru_maxrss * 1024);
  fflush(stdout);
}

static int store_rate(const struct bench *bench, int64_t number)
{
  struct sp_world world;
  struct sp_source *source = NULL;
  struct sp_pipeline_report report;
  const char *paths[] = {bench->usage};
  int code = sp_world_open(&world, bench->store);
  if (code == SP_EXIT_DONE) {
    code = sp_store_dir_lock(&world.dir);
  }
  const struct sp_source_options options = {
      .paths = paths, .paths_count = 1, .until_end = true, .zone = world.zone};
  if (code == SP_EXIT_DONE && sp_source_open(&source, &options) != SP_OK) {
    fprintf(stderr, "suanpan: %s\n", source != NULL ? sp_source_error(source) : "out of memory");
    code = SP_EXIT_ENVIRONMENT;
  }
  if (code == SP_EXIT_DONE) {
    const struct sp_pipeline_options pipeline = {
        .cut_ms = CUT_MS, .checkpoint_ms = CHECKPOINT_MS, .source = source};
    double from = cpu_seconds();
    code = sp_pipeline_run(&world, &pipeline, &report);
    if (code == SP_EXIT_DONE) {
      report_print(bench, number, &report, cpu_seconds() - from);
    }
  }
  sp_source_close(source);
  sp_world_close(&world);
  return code;
}

static int measure(struct bench *bench)
{
  if (mkdir(bench->folder, 0755) != 0) {
    fprintf(stderr, "suanpan: %s: %s\n", bench->folder, strerror(errno));
    return SP_EXIT_ENVIRONMENT;
  }
  path_set(bench->world, bench->folder, "world");
  path_set(bench->book, bench->folder, "world/book");
  path_set(bench->customers, bench->folder, "world/customers");
  path_set(bench->usage, bench->folder, "world/usage");
  int code = world_make(bench);
  for (int64_t number = 1; code == SP_EXIT_DONE && number <= bench->runs; number++) {
    code = store_make(bench, number);
    /* A row that cannot stand would make the store, and exit 1. */
    if (code == SP_EXIT_DONE || code == SP_EXIT_REJECTED) {
      code = store_rate(bench, number);
    }
  }
  return code;
}

int sp_cmd_bench(int argc, char **argv)
{
  static struct bench bench = {
      .seed = 11, .subscribers = 40000, .records = 1000000, .shards = 4, .runs = 1};
  struct sp_option_list rest = {.count = 0};
  const struct sp_option options[] = {
      {"--records", SP_OPTION_NUMBER, &bench.records, "N", "usage records (1000000)"},
      {"--subscribers", SP_OPTION_NUMBER, &bench.subscribers, "N", "subscribers (40000)"},
      {"--runs", SP_OPTION_NUMBER, &bench.runs, "N", "1 to 100, each into a store of its own (1)"},
      {"--shards", SP_OPTION_NUMBER, &bench.shards, "N", "1 to 64 (4)"},
      {"--seed", SP_OPTION_NUMBER, &bench.seed, "S", "which province (11)"}};
  int code =
      sp_options_read(&help, options, sizeof(options) / sizeof(options[0]), argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count != 1 || strlen(rest.values[0]) + TAIL_BYTES_MAX > SP_PATH_BYTES_MAX) {
    return sp_usage_error(&help, "expected one DIR");
  }
  if (bench.runs < 1 || bench.runs > RUNS_MAX) {
    return sp_usage_error(&help, "--runs: expected 1 to %d", RUNS_MAX);
  }
  bench.folder = rest.values[0];
  return measure(&bench);
}
