/* suanpan run: the service. Sources -> journal -> LMDB. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/source.h"
#include "tools/config.h"
#include "tools/pipeline.h"
#include "tools/verbs.h"

#define SETTINGS_MAX 64

static _Atomic int stop_asked, reload_asked;

static void on_signal(int number)
{
  if (number == SIGHUP) {
    atomic_store(&reload_asked, 1);
  } else {
    atomic_store(&stop_asked, 1);
  }
}

static void signals_set(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL); /* a service outlives the reader of its log */
}

static const struct sp_verb_help help = {
    "suanpan run STORE [--files PATH...] [--kafka BROKERS --topic T [--format F] [--group G]] "
    "[--until-end]",
    "  suanpan run /var/lib/suanpan --files usage/ --until-end\n"
    "  suanpan run /var/lib/suanpan --kafka 127.0.0.1:9092 --topic usage --format canonical-json\n"
    "  suanpan run /var/lib/suanpan              as suanpan.yaml in the store says, until "
    "SIGTERM\n",
    "Reads usage records, rates them and keeps everything durable. Again = only what is new. "
    "SIGTERM finishes the block;\n"
    "SIGHUP takes books that `suanpan book load` added."};

struct run_options {
  struct sp_option_list files, settings;
  const char *brokers, *topic, *format, *group, *config;
  int64_t workers;
  bool until_end, json, print_config;
};

static bool format_of(const char *word, enum sp_decode_format *format)
{
  *format = word == NULL                         ? SP_FORMAT_UNKNOWN
            : strcmp(word, "canonical-csv") == 0 ? SP_FORMAT_CSV
                                                 : SP_FORMAT_JSON;
  return word == NULL || *format == SP_FORMAT_CSV || strcmp(word, "canonical-json") == 0;
}

/* librdkafka's settings of the file, then those of the command line, split in place. */
static int settings_split(const struct run_options *options, const struct sp_config_kafka *kafka,
                          struct sp_source_setting *settings, size_t *count)
{
  for (unsigned i = 0; kafka != NULL && i < kafka->settings_count && *count < SETTINGS_MAX; i++) {
    settings[(*count)++] =
        (struct sp_source_setting){kafka->settings[i].name, kafka->settings[i].value};
  }
  for (size_t i = 0; i < options->settings.count && *count < SETTINGS_MAX; i++) {
    char *copy = strdup(options->settings.values[i]);
    char *equals = copy == NULL ? NULL : strchr(copy, '=');
    if (equals == NULL) {
      free(copy);
      return sp_usage_error(&help, "--kafka-setting %s: expected name=value",
                            options->settings.values[i]);
    }
    *equals = '\0';
    settings[(*count)++] = (struct sp_source_setting){copy, equals + 1};
  }
  return SP_EXIT_DONE;
}

static void warn(void *context, const char *text)
{
  (void)context;
  fprintf(stderr, "suanpan: %s\n", text);
}

/* What to read: the command line's source, else the configuration's. */
static int source_describe(const struct run_options *options, const struct sp_config *config,
                           struct sp_source_options *source, struct sp_source_setting *settings)
{
  const char *format = options->format;
  source->warn = warn;
  source->until_end = options->until_end || config->until_end;
  if (options->files.count > 0) {
    source->paths = options->files.values;
    source->paths_count = options->files.count;
  } else if (options->brokers != NULL) {
    source->brokers = options->brokers;
    source->topic = options->topic;
    source->group = options->group;
  } else if (config->kafka != NULL) {
    source->brokers = config->kafka->brokers;
    source->topic = config->kafka->topic;
    source->group = config->kafka->group;
    format = format != NULL ? format : config->kafka->format;
  } else {
    source->paths = config->files;
    source->paths_count = config->files_count;
    format = format != NULL ? format : config->format;
  }
  if (!format_of(format, &source->format)) {
    return sp_usage_error(&help, "--format %s: expected canonical-csv or canonical-json", format);
  }
  source->settings = settings;
  return settings_split(options,
                        source->brokers != NULL && options->brokers == NULL ? config->kafka : NULL,
                        settings, &source->settings_count);
}

static void report_print(const struct sp_pipeline_report *report, bool json)
{
  double rate = report->seconds > 0 ? (double)report->records / report->seconds : 0;
  if (json) {
    printf("{\"records\":%llu,\"skipped\":%llu,\"seconds\":%.3f,\"records_per_s\":%.0f,\"blocks\":%"
           "llu,"
           "\"journal_bytes\":%llu,\"checkpoints\":%llu,\"replayed\":%llu,"
           "\"open_seconds\":%.3f}\n",
           (unsigned long long)report->records, (unsigned long long)report->skipped,
           report->seconds, rate, (unsigned long long)report->blocks,
           (unsigned long long)report->bytes, (unsigned long long)report->checkpoints,
           (unsigned long long)report->replayed, report->open_seconds);
    return;
  }
  printf("%llu records in %.2f s (%.0f/s), %llu blocks, %llu bytes of journal, %llu checkpoints\n",
         (unsigned long long)report->records, report->seconds, rate,
         (unsigned long long)report->blocks, (unsigned long long)report->bytes,
         (unsigned long long)report->checkpoints);
}

static int run(struct sp_world *world, const struct run_options *options,
               const struct sp_config *config)
{
  struct sp_source_setting settings[SETTINGS_MAX];
  struct sp_source_options source_options = {.zone = world->zone};
  int code = source_describe(options, config, &source_options, settings);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  struct sp_source *source = NULL;
  enum sp_status status = sp_source_open(&source, &source_options);
  if (status != SP_OK) {
    const char *text = sp_source_error(source);
    fprintf(stderr, "suanpan: %s\n", text[0] != '\0' ? text : sp_status_text(status));
    sp_source_close(source);
    return status == SP_BAD_CONFIG ? SP_EXIT_BOOK : SP_EXIT_ENVIRONMENT;
  }
  struct sp_pipeline_options pipeline = {
      .workers = (uint32_t)(options->workers > 0 ? options->workers : config->workers),
      .cut_ms = config->cut_ms,
      .checkpoint_ms = config->checkpoint_ms,
      .checkpoint_records = config->checkpoint_records,
      .progress = isatty(STDERR_FILENO) != 0,
      .stop = &stop_asked,
      .reload = &reload_asked,
      .source = source};
  struct sp_pipeline_report report;
  code = sp_pipeline_run(world, &pipeline, &report);
  sp_source_close(source);
  if (code == SP_EXIT_DONE) {
    report_print(&report, options->json);
  }
  return code;
}

static int config_of(const struct run_options *options, const char *store,
                     struct sp_config **config)
{
  char path[SP_PATH_BYTES_MAX];
  snprintf(path, sizeof(path), "%s/suanpan.yaml", store);
  return sp_config_read(config, options->config != NULL ? options->config : path,
                        options->config != NULL);
}

/* What sp_cmd_run does once it knows flags and configuration. */
static int configured(const struct run_options *options, const char *store,
                      const struct sp_config *config)
{
  if (options->print_config) {
    sp_config_print(config, stdout);
    return SP_EXIT_DONE;
  }
  if (options->brokers == NULL && options->files.count == 0 && config->kafka == NULL &&
      config->files_count == 0) {
    return sp_usage_error(&help,
                          "no source: expected --files or --kafka, or sources in suanpan.yaml");
  }
  struct sp_world world;
  int code = sp_world_open(&world, store);
  if (code == SP_EXIT_DONE) {
    signals_set(); /* whoever finds this process in the lock may send SIGHUP at once */
    code = sp_store_dir_lock(&world.dir);
  }
  if (code == SP_EXIT_DONE) {
    /* Books that came since the store was opened, when there was no service yet to be told of them.
     */
    (void)sp_world_add_books(&world);
    code = run(&world, options, config);
  }
  sp_world_close(&world);
  return code;
}

int sp_cmd_run(int argc, char **argv)
{
  struct run_options options = {.workers = 0};
  const char *store;
  const struct sp_option table[] = {
      {"--files", SP_OPTION_REST, &options.files, "PATH...",
       "files and folders to read; - is stdin"},
      {"--kafka", SP_OPTION_TEXT, &options.brokers, "BROKERS", "read a topic of this cluster"},
      {"--topic", SP_OPTION_TEXT, &options.topic, "T", "the topic"},
      {"--format", SP_OPTION_TEXT, &options.format, "F", "canonical-json or canonical-csv"},
      {"--group", SP_OPTION_TEXT, &options.group, "G", "consumer group to tell the offsets to"},
      {"--kafka-setting", SP_OPTION_LIST, &options.settings, "NAME=VALUE",
       "a setting of librdkafka"},
      {"--until-end", SP_OPTION_FLAG, &options.until_end, NULL,
       "rate what is there, checkpoint, stop"},
      {"--workers", SP_OPTION_NUMBER, &options.workers, "N",
       "threads that rate (default: by cores)"},
      {"--config", SP_OPTION_TEXT, &options.config, "FILE", "instead of STORE/suanpan.yaml"},
      {"--print-config", SP_OPTION_FLAG, &options.print_config, NULL,
       "print the configuration and stop"},
      {"--json", SP_OPTION_FLAG, &options.json, NULL, "report as JSON"}};
  int code =
      sp_options_read_store(&help, table, sizeof(table) / sizeof(table[0]), argc, argv, &store);
  if (code >= 0) {
    return code;
  }
  if ((options.brokers != NULL) != (options.topic != NULL)) {
    return sp_usage_error(&help, "--kafka and --topic belong together");
  }
  if (options.brokers != NULL && options.files.count > 0) {
    return sp_usage_error(&help, "--files or --kafka, not both");
  }
  struct sp_config *config = NULL;
  code = config_of(&options, store, &config);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  code = configured(&options, store, config);
  sp_config_free(config);
  return code;
}
