/* suanpan-demo: the main job from end to end in one process: a generated province, produced to
 * librdkafka's mock cluster, read by the real pipeline into a store, scored and written as a
 * snapshot; then what a person wants to see of it. */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ingest/clock.h"
#include "ingest/source.h"
#include "tools/demo_feed.h"
#include "tools/demo_report.h"
#include "tools/gen_file.h"
#include "tools/gen_stream.h"
#include "tools/options.h"
#include "tools/pipeline.h"
#include "tools/verbs.h"

#define WAIT_NS 100000
#define STALL_S 60 /* nothing read for so long: give up */
#define TICK_RECORDS 2048u
#define OPEN_FILES_MAX 16
#define CUT_MS 200
#define CHECKPOINT_MS 5000

static const struct sp_verb_help help = {
    .usage =
        "suanpan-demo [DIR] [--records R] [--subscribers N] [--groups G] [--days D] [--seed S] "
        "[--shards K]",
    .examples = "  suanpan-demo\n  suanpan-demo /tmp/demo --records 200000 --subscribers 20000\n",
    .text =
        "Makes a province, sends its usage through an embedded Kafka, rates and scores it. Writes "
        "below DIR (build/demo) only; what an earlier run left there is replaced."};

struct demo {
  const char *path;
  int64_t records, subscribers, groups, days, seed, shards;
  char book[SP_PATH_BYTES_MAX], customers[SP_PATH_BYTES_MAX], store[SP_PATH_BYTES_MAX];
  char snapshot[SP_PATH_BYTES_MAX];
  struct sp_gen_world province;
  struct sp_gen_stream *stream;
  struct sp_demo_feed *feed;
  struct sp_pipeline_report run;
  double begin_s, last_s;
  uint64_t last_handed; /* at the last look, for stalls */
  double moved_s;
  bool watched;            /* a person looks at stderr */
  const char *failure;     /* of the feeding thread, NULL = none */
  _Atomic uint64_t handed; /* written by the pipeline's router, read by the feeding thread */
  _Atomic int stop;        /* written by the feeding thread, read by the router */
};

static int one_removed(const char *path, const struct stat *status, int kind, struct FTW *place)
{
  (void)status;
  (void)kind;
  (void)place;
  return remove(path);
}

static bool tree_remove(const char *path)
{
  return nftw(path, one_removed, OPEN_FILES_MAX, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

static bool path_make(char to[SP_PATH_BYTES_MAX], const char *path, const char *name)
{
  int n = snprintf(to, SP_PATH_BYTES_MAX, "%s/%s", path, name);
  return n > 0 && n < SP_PATH_BYTES_MAX;
}

/* Folders, book and customers; what an earlier run left goes. */
static bool province_make(struct demo *demo)
{
  struct sp_gen_options wanted = {.seed = (uint64_t)demo->seed,
                                  .records = (uint64_t)demo->records,
                                  .subscribers = (uint32_t)demo->subscribers,
                                  .groups = (uint32_t)demo->groups,
                                  .days = (uint32_t)demo->days};
  bool good = path_make(demo->book, demo->path, "book") &&
              path_make(demo->customers, demo->path, "customers") &&
              path_make(demo->store, demo->path, "store") &&
              path_make(demo->snapshot, demo->path, "snapshot");
  good = good && tree_remove(demo->store) && tree_remove(demo->snapshot) &&
         sp__gen_folder_make(demo->path) && sp__gen_folder_make(demo->book) &&
         sp__gen_folder_make(demo->customers);
  if (good && !sp__gen_world_make(&demo->province, &wanted)) {
    errno = ENOMEM;
    return false;
  }
  good = good && sp__gen_book_write(&demo->province, demo->book) &&
         sp__gen_customers_write(&demo->province, demo->customers);
  if (good) {
    fprintf(stderr, "%s: %" PRId64 " subscribers, %u groups, %u families, %" PRId64 " days\n",
            demo->path, demo->subscribers, demo->province.options.groups, demo->province.families,
            demo->days);
  }
  return good;
}

static void progress_show(struct demo *demo, double now_s)
{
  uint64_t done = atomic_load_explicit(&demo->handed, memory_order_relaxed);
  double rate = (double)done / (now_s - demo->begin_s);
  demo->last_s = now_s;
  if (done != demo->last_handed) {
    demo->last_handed = done;
    demo->moved_s = now_s;
  }
  if (demo->watched && rate > 0.0) {
    fprintf(stderr, "\r%" PRIu64 " of %" PRId64 " records, %.0f/s, %.0f s left   ", done,
            demo->records, rate, ((double)demo->records - (double)done) / rate);
  }
}

/* Waits until at most `ahead` of `sent` records are not read yet. False: nothing moves. */
static bool reader_wait(struct demo *demo, uint64_t sent, uint64_t ahead)
{
  while (sent - atomic_load_explicit(&demo->handed, memory_order_relaxed) > ahead) {
    double now_s = sp_clock_s();
    if (now_s - demo->last_s > 0.5) {
      progress_show(demo, now_s);
    }
    if (atomic_load(&demo->stop) != 0 || now_s - demo->moved_s > STALL_S) {
      return false;
    }
    nanosleep(&(const struct timespec){0, WAIT_NS}, NULL);
  }
  return true;
}

/* Records of one domain keep their order: they share a partition. */
static uint64_t key_of(const struct sp_gen_world *province, uint32_t subscriber)
{
  uint32_t family = sp__gen_family(province, subscriber);
  if (subscriber < province->members) {
    return province->groups[province->group_of[subscriber]].root;
  }
  return family != SP_GEN_NONE ? family : subscriber;
}

static const char *lines_feed(struct demo *demo)
{
  struct sp_gen_record record;
  enum sp_gen_result result;
  uint64_t sent = 0;
  while ((result = sp__gen_stream_next(demo->stream, &record)) == SP_GEN_RECORD) {
    uint64_t key = key_of(&demo->province, record.usage->served);
    if (sp__demo_feed_line(demo->feed, key, record.line, record.bytes) != SP_OK) {
      return "the mock cluster does not take messages";
    }
    sent++;
    if (sent % TICK_RECORDS == 0 && !reader_wait(demo, sent, SP_DEMO_AHEAD_MAX)) {
      return "the pipeline does not read on";
    }
  }
  if (result != SP_GEN_END) {
    return "out of memory";
  }
  if (sp__demo_feed_flush(demo->feed) != SP_OK) {
    return "the mock cluster does not take messages";
  }
  return reader_wait(demo, sent, 0) ? NULL : "the pipeline did not get every record";
}

static void *feed_thread(void *context)
{
  struct demo *demo = context;
  demo->failure = lines_feed(demo);
  atomic_store(&demo->stop, 1);
  return NULL;
}

static void warn(void *context, const char *text)
{
  (void)context;
  fprintf(stderr, "suanpan-demo: %s\n", text);
}

/* Pipeline here, producer in a thread of its own, until everything is rated and durable. */
static int stream_run(struct demo *demo, struct sp_world *world, struct sp_source *source)
{
  struct sp_pipeline_options options = {.cut_ms = CUT_MS,
                                        .checkpoint_ms = CHECKPOINT_MS,
                                        .stop = &demo->stop,
                                        .source = source,
                                        .handed = &demo->handed};
  pthread_t thread;
  demo->begin_s = demo->last_s = demo->moved_s = sp_clock_s();
  if (pthread_create(&thread, NULL, feed_thread, demo) != 0) {
    fprintf(stderr, "suanpan-demo: no thread can be made\n");
    return SP_EXIT_ENVIRONMENT;
  }
  int code = sp_pipeline_run(world, &options, &demo->run);
  atomic_store(&demo->stop, 1);
  (void)pthread_join(thread, NULL);
  if (demo->watched) {
    fprintf(stderr, "\r\033[K");
  }
  if (code == SP_EXIT_DONE && demo->failure != NULL) {
    fprintf(stderr, "suanpan-demo: %s\n", demo->failure);
    code = SP_EXIT_ENVIRONMENT;
  }
  return code;
}

static int job_run(struct demo *demo)
{
  struct sp_world world;
  struct sp_source *source = NULL;
  demo->stream = sp__gen_stream_open(&demo->province);
  if (demo->stream == NULL || sp__demo_feed_open(&demo->feed, sp__gen_header) != SP_OK) {
    fprintf(stderr, "suanpan-demo: the mock cluster does not start\n");
    return SP_EXIT_ENVIRONMENT;
  }
  int code = sp_world_open(&world, demo->store);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  code = sp_store_dir_lock(&world.dir);
  /* The mock answers a fetch that finds nothing only when its time is over. */
  static const struct sp_source_setting settings[] = {{"fetch.wait.max.ms", "2"},
                                                      {"fetch.error.backoff.ms", "2"}};
  const struct sp_source_options options = {.brokers = sp__demo_feed_brokers(demo->feed),
                                            .topic = SP_DEMO_TOPIC,
                                            .group = "suanpan-demo",
                                            .format = SP_FORMAT_CSV,
                                            .settings = settings,
                                            .settings_count = sizeof settings / sizeof settings[0],
                                            .zone = world.zone,
                                            .warn = warn};
  if (code == SP_EXIT_DONE && sp_source_open(&source, &options) != SP_OK) {
    fprintf(stderr, "suanpan-demo: %s\n", sp_source_error(source));
    code = SP_EXIT_ENVIRONMENT;
  }
  if (code == SP_EXIT_DONE) {
    code = stream_run(demo, &world, source);
  }
  sp_source_close(source);
  sp_world_close(&world);
  return code;
}

static int arguments_read(struct demo *demo, int argc, char **argv)
{
  struct sp_option_list rest = {.count = 0};
  const struct sp_option options[] = {
      {"--records", SP_OPTION_NUMBER, &demo->records, "NUMBER", "usage records (2000000)"},
      {"--subscribers", SP_OPTION_NUMBER, &demo->subscribers, "NUMBER", "subscribers (100000)"},
      {"--groups", SP_OPTION_NUMBER, &demo->groups, "NUMBER", "enterprise groups (1000)"},
      {"--days", SP_OPTION_NUMBER, &demo->days, "NUMBER", "days from 2026-01-01 (90)"},
      {"--seed", SP_OPTION_NUMBER, &demo->seed, "NUMBER", "which province (1)"},
      {"--shards", SP_OPTION_NUMBER, &demo->shards, "NUMBER", "shards of the store (4)"},
  };
  int code = sp_options_read(&help, options, sizeof options / sizeof options[0], argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count > 1 || demo->records < 1 || demo->records > INT64_C(10000000000) ||
      demo->subscribers < 100 || demo->subscribers > (int64_t)SP_GEN_SUBSCRIBERS_MAX ||
      demo->groups < 1 || demo->groups > (int64_t)SP_GEN_GROUPS_MAX || demo->days < 1 ||
      demo->days > (int64_t)SP_GEN_DAYS_MAX) {
    return sp_usage_error(&help,
                          "expected at most one folder, 100 to %u subscribers, 1 to %u groups, "
                          "1 to %u days, some records",
                          SP_GEN_SUBSCRIBERS_MAX, SP_GEN_GROUPS_MAX, SP_GEN_DAYS_MAX);
  }
  if (rest.count == 1) {
    demo->path = rest.values[0];
  } else if (!sp__gen_folder_make("build")) {
    fprintf(stderr, "suanpan-demo: build: %s\n", strerror(errno));
    return SP_EXIT_ENVIRONMENT;
  }
  return -1;
}

static int store_init(struct demo *demo)
{
  char shards[24];
  snprintf(shards, sizeof shards, "%" PRId64, demo->shards);
  char *arguments[] = {(char[]){"init"},        demo->store,     (char[]){"--book"},   demo->book,
                       (char[]){"--customers"}, demo->customers, (char[]){"--shards"}, shards};
  return sp_cmd_init(sizeof arguments / sizeof arguments[0], arguments);
}

/* suanpan lies beside this program. */
static void program_path(const char *self, char to[SP_PATH_BYTES_MAX])
{
  const char *slash = strrchr(self, '/');
  int folder = slash == NULL ? 0 : (int)(slash - self) + 1;
  snprintf(to, SP_PATH_BYTES_MAX, "%.*ssuanpan", folder, self);
}

int main(int argc, char **argv)
{
  static struct demo demo = {.path = "build/demo",
                             .records = 2000000,
                             .subscribers = 100000,
                             .groups = 1000,
                             .days = 90,
                             .seed = 1,
                             .shards = 4};
  char program[SP_PATH_BYTES_MAX];
  int code = arguments_read(&demo, argc, argv);
  if (code >= 0) {
    return code;
  }
  program_path(argv[0], program);
  demo.watched = isatty(STDERR_FILENO) != 0;
  if (!province_make(&demo)) {
    fprintf(stderr, "suanpan-demo: %s: %s\n", demo.path, strerror(errno));
    code = SP_EXIT_ENVIRONMENT;
  } else if ((code = store_init(&demo)) == SP_EXIT_DONE) {
    code = job_run(&demo);
  }
  if (code == SP_EXIT_DONE) {
    const struct sp_demo_result result = {.program = program,
                                          .store = demo.store,
                                          .snapshot = demo.snapshot,
                                          .province = &demo.province,
                                          .expected = sp__gen_stream_judge(demo.stream),
                                          .run = &demo.run};
    code = sp__demo_report(&result);
  }
  sp__demo_feed_close(demo.feed);
  if (demo.stream != NULL) {
    sp__gen_stream_close(demo.stream);
  }
  sp__gen_world_free(&demo.province);
  return code;
}
