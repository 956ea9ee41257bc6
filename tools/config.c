#include "tools/config.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pipeline.h"

#define TEXT(flags, key, type, member) CYAML_FIELD_STRING_PTR(key, (flags), type, member, 0, 65535)

static const cyaml_schema_field_t setting_fields[] = {
    TEXT(CYAML_FLAG_POINTER, "name", struct sp_config_setting, name),
    TEXT(CYAML_FLAG_POINTER, "value", struct sp_config_setting, value), CYAML_FIELD_END};

static const cyaml_schema_value_t setting_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct sp_config_setting, setting_fields)};

static const cyaml_schema_field_t kafka_fields[] = {
    TEXT(CYAML_FLAG_POINTER, "brokers", struct sp_config_kafka, brokers),
    TEXT(CYAML_FLAG_POINTER, "topic", struct sp_config_kafka, topic),
    TEXT(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, "format", struct sp_config_kafka, format),
    TEXT(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, "group", struct sp_config_kafka, group),
    CYAML_FIELD_SEQUENCE("settings", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct sp_config_kafka, settings, &setting_schema, 0, 64),
    CYAML_FIELD_END};

static const cyaml_schema_value_t path_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, 4096)};

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_SEQUENCE("files", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct sp_config, files,
                         &path_schema, 0, SP_OPTION_LIST_MAX),
    TEXT(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, "format", struct sp_config, format),
    CYAML_FIELD_MAPPING_PTR("kafka", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct sp_config,
                            kafka, kafka_fields),
    CYAML_FIELD_INT("workers", CYAML_FLAG_OPTIONAL, struct sp_config, workers),
    CYAML_FIELD_INT("cut_ms", CYAML_FLAG_OPTIONAL, struct sp_config, cut_ms),
    CYAML_FIELD_INT("checkpoint_ms", CYAML_FLAG_OPTIONAL, struct sp_config, checkpoint_ms),
    CYAML_FIELD_INT("checkpoint_records", CYAML_FLAG_OPTIONAL, struct sp_config,
                    checkpoint_records),
    CYAML_FIELD_BOOL("until_end", CYAML_FLAG_OPTIONAL, struct sp_config, until_end),
    CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct sp_config, config_fields)};

__attribute__((format(printf, 3, 0))) static void log_print(cyaml_log_t level, void *context,
                                                            const char *format, va_list arguments)
{
  (void)level;
  fprintf(stderr, "%s: ", (const char *)context);
  vfprintf(stderr, format, arguments);
}

static void defaults(struct sp_config *config)
{
  config->cut_ms = config->cut_ms == 0 ? 20 : config->cut_ms;
  config->checkpoint_ms = config->checkpoint_ms == 0 ? 10000 : config->checkpoint_ms;
  if (config->checkpoint_records == 0) {
    config->checkpoint_records = SP_CHECKPOINT_RECORDS;
  }
}

/* Numbers of the environment over those of the file. */
static int environment_read(struct sp_config *config)
{
  const struct {
    const char *name;
    int64_t *number;
  } numbers[] = {{"SUANPAN_WORKERS", &config->workers},
                 {"SUANPAN_CUT_MS", &config->cut_ms},
                 {"SUANPAN_CHECKPOINT_MS", &config->checkpoint_ms},
                 {"SUANPAN_CHECKPOINT_RECORDS", &config->checkpoint_records}};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    const char *text = getenv(numbers[i].name);
    char *end = NULL;
    errno = 0;
    long long number = text == NULL ? 0 : strtoll(text, &end, 10);
    if (text != NULL && (errno != 0 || end == text || *end != '\0' || number < 0)) {
      fprintf(stderr, "suanpan: %s=%s: expected a number, 0 or more\n", numbers[i].name, text);
      return SP_EXIT_BOOK;
    }
    *numbers[i].number = text == NULL ? *numbers[i].number : number;
  }
  defaults(config);
  return SP_EXIT_DONE;
}

static int finish(struct sp_config **config)
{
  int code = environment_read(*config);
  if (code != SP_EXIT_DONE) {
    sp_config_free(*config);
    *config = NULL;
  }
  return code;
}

void sp_config_free(struct sp_config *config)
{
  const cyaml_config_t cyaml = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
  (void)cyaml_free(&cyaml, &config_schema, config, 0);
}

int sp_config_read(struct sp_config **out, const char *path, bool must_exist)
{
  if (!must_exist && access(path, F_OK) != 0) {
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
      fprintf(stderr, "suanpan: out of memory\n");
      return SP_EXIT_ENVIRONMENT;
    }
    return finish(out);
  }
  char *name = strdup(path);
  const cyaml_config_t cyaml = {
      .log_fn = log_print, .log_ctx = name, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
  cyaml_err_t error = cyaml_load_file(path, &cyaml, &config_schema, (cyaml_data_t **)out, NULL);
  free(name);
  if (error != CYAML_OK) {
    fprintf(stderr, "suanpan: %s: %s; tools/suanpan.example.yaml shows every key\n", path,
            cyaml_strerror(error));
    bool no_memory = error == CYAML_ERR_OOM || error == CYAML_ERR_LIBYAML_PARSER_INIT;
    return no_memory ? SP_EXIT_ENVIRONMENT : SP_EXIT_BOOK;
  }
  if ((*out)->workers < 0 || (*out)->cut_ms < 0 || (*out)->checkpoint_ms < 0 ||
      (*out)->checkpoint_records < 0) {
    fprintf(stderr,
            "suanpan: %s: workers, cut_ms, checkpoint_ms and checkpoint_records are 0 or more\n",
            path);
    sp_config_free(*out);
    *out = NULL;
    return SP_EXIT_BOOK;
  }
  return finish(out);
}

void sp_config_print(const struct sp_config *config, FILE *to)
{
  fprintf(to,
          "workers: %lld\ncut_ms: %lld\ncheckpoint_ms: %lld\ncheckpoint_records: %lld\n"
          "until_end: %s\n",
          (long long)config->workers, (long long)config->cut_ms, (long long)config->checkpoint_ms,
          (long long)config->checkpoint_records, config->until_end ? "true" : "false");
  if (config->format != NULL) {
    fprintf(to, "format: %s\n", config->format);
  }
  fprintf(to, "files:%s\n", config->files_count == 0 ? " []" : "");
  for (unsigned i = 0; i < config->files_count; i++) {
    fprintf(to, "  - %s\n", config->files[i]);
  }
  if (config->kafka != NULL) {
    fprintf(to, "kafka:\n  brokers: %s\n  topic: %s\n", config->kafka->brokers,
            config->kafka->topic);
    fprintf(to, "  format: %s\n",
            config->kafka->format != NULL ? config->kafka->format : "canonical-json");
    if (config->kafka->group != NULL) {
      fprintf(to, "  group: %s\n", config->kafka->group);
    }
    fprintf(to, "  settings:%s\n", config->kafka->settings_count == 0 ? " []" : "");
    for (unsigned i = 0; i < config->kafka->settings_count; i++) { /* values may be secrets */
      fprintf(to, "    - {name: %s, value: ***}\n", config->kafka->settings[i].name);
    }
  }
}
