/* suanpan gen: a seeded province with its book, customers, usage and what must come out. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ingest/clock.h"
#include "tools/gen_expected.h"
#include "tools/gen_file.h"
#include "tools/options.h"
#include "tools/verbs.h"

#define PROGRESS_STEP 262144u

static const struct sp_verb_help help = {
    .usage = "suanpan gen DIR [--seed S] [--subscribers N] [--groups G] [--days D] [--records R] "
             "[--simple] [--clean]",
    .examples = "  suanpan gen /tmp/lanhe\n"
                "  suanpan gen /tmp/large --seed 7 --subscribers 1000000 --groups 5000 --records "
                "5000000\n",
    .text =
        "Makes a province: book/, customers/, usage/*.csv and, in expected/, the totals that must "
        "come out. One seed gives the same bytes on every machine."};

struct gen_arguments {
  int64_t seed, subscribers, groups, days, records;
  bool simple, clean;
};

static int arguments_check(const struct gen_arguments *a, const struct sp_option_list *rest)
{
  if (rest->count != 1) {
    return sp_usage_error(&help, "expected one folder");
  }
  if (a->subscribers < 100 || a->subscribers > (int64_t)SP_GEN_SUBSCRIBERS_MAX) {
    return sp_usage_error(&help, "--subscribers: expected 100 to %u", SP_GEN_SUBSCRIBERS_MAX);
  }
  if (a->groups > (int64_t)SP_GEN_GROUPS_MAX) {
    return sp_usage_error(&help, "--groups: expected at most %u", SP_GEN_GROUPS_MAX);
  }
  if (a->days < 1 || a->days > (int64_t)SP_GEN_DAYS_MAX) {
    return sp_usage_error(&help, "--days: expected 1 to %u", SP_GEN_DAYS_MAX);
  }
  if (a->records < 1 || a->records > INT64_C(10000000000)) {
    return sp_usage_error(&help, "--records: expected 1 to 10000000000");
  }
  return -1;
}

static bool folders_make(const char *path, char sub[4][SP_GEN_PATH_MAX])
{
  static const char *const name[4] = {"book", "customers", "usage", "expected"};
  bool good = sp__gen_folder_make(path);
  for (int i = 0; good && i < 4; i++) {
    int n = snprintf(sub[i], SP_GEN_PATH_MAX, "%s/%s", path, name[i]);
    good = n > 0 && (uint32_t)n < SP_GEN_PATH_MAX && sp__gen_folder_make(sub[i]);
  }
  return good;
}

/* On a terminal only: how far, how fast, how long still. */
static void progress_show(uint64_t done, uint64_t all, double since)
{
  double taken = sp_clock_s() - since;
  if (taken <= 0.0 || isatty(STDERR_FILENO) == 0) {
    return;
  }
  double rate = (double)done / taken;
  fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " records, %.0f/s, %.0f s left   ", done, all, rate,
          (double)(all - done) / rate);
  if (done == all) {
    fprintf(stderr, "\n");
  }
}

static bool usage_write(const struct sp_gen_world *world, const char *path)
{
  struct sp_gen_writer writer = {.path = path, .world = world};
  struct sp_gen_stream *stream = sp__gen_stream_open(world);
  struct sp_gen_record record;
  enum sp_gen_result result = SP_GEN_RECORD;
  double since = sp_clock_s();
  if (stream == NULL) {
    errno = ENOMEM;
    return false;
  }
  bool good = sp__gen_writer_open(&writer);
  while (good && (result = sp__gen_stream_next(stream, &record)) == SP_GEN_RECORD) {
    good = sp__gen_writer_add(&writer, &record);
    if (writer.written % PROGRESS_STEP == 0) {
      progress_show(writer.written, world->options.records, since);
    }
  }
  if (result == SP_GEN_NO_MEMORY) {
    errno = ENOMEM;
    good = false;
  }
  good = sp__gen_writer_close(&writer, good ? sp__gen_stream_judge(stream) : NULL) && good;
  sp__gen_stream_close(stream);
  if (good) {
    progress_show(writer.written, writer.written, since);
    fprintf(stderr, "suanpan: %s: %" PRIu64 " records in %" PRIu64 " files, %" PRIu64 " bytes\n",
            path, writer.written, writer.file_count, writer.bytes);
  }
  return good;
}

int sp_cmd_gen(int argc, char **argv)
{
  struct gen_arguments a = {
      .seed = 1, .subscribers = 10000, .groups = 100, .days = 90, .records = 100000};
  const struct sp_option options[] = {
      {"--seed", SP_OPTION_NUMBER, &a.seed, "NUMBER",
       "which province; the same seed gives the same bytes (1)"},
      {"--subscribers", SP_OPTION_NUMBER, &a.subscribers, "NUMBER", "how many subscribers (10000)"},
      {"--groups", SP_OPTION_NUMBER, &a.groups, "NUMBER", "how many enterprise groups (100)"},
      {"--days", SP_OPTION_NUMBER, &a.days, "NUMBER", "days from 2026-01-01 (90)"},
      {"--records", SP_OPTION_NUMBER, &a.records, "NUMBER",
       "usage records, planted ones included (100000)"},
      {"--simple", SP_OPTION_FLAG, &a.simple, NULL,
       "first rating only: no allowances, discounts, payers, group plans"},
      {"--clean", SP_OPTION_FLAG, &a.clean, NULL, "no planted faults, no late or partial records"},
  };
  struct sp_option_list rest = {.count = 0};
  static char folders[4][SP_GEN_PATH_MAX];
  struct sp_gen_world world;
  int code = sp_options_read(&help, options, sizeof options / sizeof options[0], argc, argv, &rest);
  if (code < 0) {
    code = arguments_check(&a, &rest);
  }
  if (code >= 0) {
    return code;
  }
  struct sp_gen_options wanted = {.seed = (uint64_t)a.seed,
                                  .records = (uint64_t)a.records,
                                  .subscribers = (uint32_t)a.subscribers,
                                  .groups = (uint32_t)a.groups,
                                  .days = (uint32_t)a.days,
                                  .simple = a.simple,
                                  .clean = a.clean};
  if (!sp__gen_world_make(&world, &wanted)) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  bool good = folders_make(rest.values[0], folders) && sp__gen_book_write(&world, folders[0]) &&
              sp__gen_customers_write(&world, folders[1]) && usage_write(&world, rest.values[0]);
  if (!good) {
    fprintf(stderr, "suanpan: %s: %s\n", rest.values[0], strerror(errno));
  }
  sp__gen_world_free(&world);
  return good ? SP_EXIT_DONE : SP_EXIT_ENVIRONMENT;
}
