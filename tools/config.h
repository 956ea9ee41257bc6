/* Configuration of `suanpan run`: STORE/suanpan.yaml (or --config FILE), read by libcyaml, unknown
 * keys are errors with line and column. flag > environment (SUANPAN_WORKERS, SUANPAN_CUT_MS,
 * SUANPAN_CHECKPOINT_MS, SUANPAN_CHECKPOINT_RECORDS) > file > default. Every key stands in
 * tools/suanpan.example.yaml. */
#ifndef SP_TOOLS_CONFIG_H
#define SP_TOOLS_CONFIG_H

#include "tools/options.h"

struct sp_config_setting {
  const char *name, *value;
};

struct sp_config_kafka {
  const char *brokers, *topic, *format, *group;
  struct sp_config_setting *settings; /* librdkafka's, passed through */
  unsigned settings_count;
};

struct sp_config {
  const char **files;
  unsigned files_count;
  const char *format; /* of files: canonical-csv or canonical-json, NULL = by content */
  struct sp_config_kafka *kafka;
  int64_t workers, cut_ms, checkpoint_ms, checkpoint_records;
  bool until_end;
};

/* Reads a file; a missing one with must_exist = false gives the defaults. 0, or SP_EXIT_BOOK with
 * its message and nothing to free. The texts live until sp_config_free, which takes NULL too. */
int sp_config_read(struct sp_config **config, const char *path, bool must_exist);
void sp_config_free(struct sp_config *config);
void sp_config_print(const struct sp_config *config, FILE *to);

#endif
