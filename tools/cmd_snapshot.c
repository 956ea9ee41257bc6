/* suanpan snapshot: the customers of a store and their scores as Parquet files and a manifest. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sha256.h"
#include "store/snapshot.h"
#include "tools/json_text.h"
#include "tools/scored.h"
#include "tools/snapshot_relay.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan snapshot STORE DIR [--as-of TIME]",
    "  suanpan snapshot /var/lib/suanpan snapshots/2026-11-30\n"
    "  duckdb -c \"select level, count(*) from 'snapshots/2026-11-30/groups.parquet' group by "
    "1\"\n",
    "Writes one folder: subscribers, groups, warnings and rfm as Parquet (zstd), and "
    "manifest.json\n"
    "with the instant, the journal's positions, the state hash and each file's rows and SHA-256.\n"
    "The folder appears whole or not at all; DIR must not be there yet, or be empty."};

struct written {
  uint64_t rows, bytes;
  char sha256[SP_SHA256_HEX_BYTES];
};

struct out_file {
  int fd;
  int error; /* errno of the first failure */
  struct sp_sha256 sha;
};

static enum sp_status out_write(void *context, const void *bytes, size_t size)
{
  struct out_file *file = context;
  const uint8_t *at = bytes;
  sp_sha256_add(&file->sha, bytes, size);
  while (size > 0) {
    ssize_t wrote = write(file->fd, at, size);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote < 0) {
      file->error = errno;
      return SP_IO;
    }
    at += wrote;
    size -= (size_t)wrote;
  }
  return SP_OK;
}

static int failed(const char *path, const char *why)
{
  fprintf(stderr, "suanpan: %s: %s\n", path, why);
  return SP_EXIT_ENVIRONMENT;
}

static int table_write(struct sp_scored *scored, enum sp_snapshot_table table, const char *path,
                       struct written *written)
{
  struct out_file file = {.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  struct sp_parquet_sink sink = {out_write, &file};
  struct sp_snapshot *snapshot = NULL;
  uint8_t digest[SP_SHA256_BYTES];
  if (file.fd < 0) {
    return failed(path, strerror(errno));
  }
  sp_sha256_begin(&file.sha);
  enum sp_status status =
      sp_snapshot_open(&snapshot, table, &scored->scores, &scored->world.memory);
  if (status == SP_OK) {
    written->rows = sp_snapshot_rows(snapshot);
    struct sp_relay *relay = sp_relay_start(); /* without one, one thread does it all */
    struct sp_snapshot_relay by = sp_relay_of(relay);
    status = sp_snapshot_write(snapshot, &sink, relay == NULL ? NULL : &by, &written->bytes);
    sp_relay_stop(relay);
  }
  sp_snapshot_close(snapshot);
  if (status == SP_OK && fsync(file.fd) != 0) {
    file.error = errno;
    status = SP_IO;
  }
  if (close(file.fd) != 0 && status == SP_OK) {
    file.error = errno;
    status = SP_IO;
  }
  sp_sha256_end(&file.sha, digest);
  sp_sha256_hex(digest, written->sha256);
  return status == SP_OK
             ? SP_EXIT_DONE
             : failed(path, status == SP_IO ? strerror(file.error) : sp_status_text(status));
}

/* ---- manifest ---- */

static void cuts_print(FILE *to, const char *name, const int64_t cuts[SP_CUTS], bool money)
{
  fprintf(to, "\"%s\":[", name);
  for (uint32_t k = 0; k < SP_CUTS; k++) {
    fputs(k == 0 ? "" : ",", to);
    if (money) {
      sp_json_micro(to, cuts[k]);
    } else {
      fprintf(to, "%" PRId64, cuts[k]);
    }
  }
  fputs("]", to);
}

static void manifest_cuts(FILE *to, const struct sp_scores *scores)
{
  fputs("  \"rfm_cuts\": [", to);
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    const struct sp_rfm_cuts *cuts = &scores->cuts[k];
    fprintf(to, "%s\n    {\"population\":\"%s\",\"month\":\"%04u-%02u\",\"customers\":%" PRIu64 ",",
            k == 0 ? "" : ",", sp_population_word(k), cuts->month / 12U, cuts->month % 12U + 1U,
            cuts->count);
    cuts_print(to, "recency_days", cuts->r, false);
    fputs(",", to);
    cuts_print(to, "active_days_90", cuts->f, false);
    fputs(",", to);
    cuts_print(to, "money_3m", cuts->m, true);
    fputs("}", to);
  }
  fputs("\n  ],\n", to);
}

static void manifest_print(FILE *to, const struct sp_scored *scored,
                           const struct written written[SP_SNAPSHOT_TABLES])
{
  char instant[SP_INSTANT_BYTES];
  int64_t utc_s = scored->scores.review.at.utc_s;
  sp_instant_text(utc_s, instant);
  fprintf(to,
          "{\n  \"schema_version\": %u,\n  \"suanpan\": \"%s\",\n  \"as_of\": \"%s\",\n"
          "  \"as_of_utc_ms\": %" PRId64 ",\n  \"state_hash\": \"%016" PRIx64 "%016" PRIx64 "\",\n"
          "  \"records\": %" PRIu64 ",\n",
          SP_SNAPSHOT_VERSION, SP_VERSION, instant, utc_s * 1000, scored->sum.high, scored->sum.low,
          scored->records);
  fputs("  \"journal\": [", to);
  for (uint32_t i = 0; i < scored->world.dir.shard_count; i++) {
    const struct sp_checkpoint_meta *meta = &scored->metas[i];
    fprintf(to,
            "%s\n    {\"shard\":%u,\"block\":%" PRIu64 ",\"records\":%" PRIu64
            ",\"segment\":%" PRIu64 ",\"offset\":%" PRIu64 "}",
            i == 0 ? "" : ",", i, meta->block, meta->ordinal, meta->place.segment,
            meta->place.offset);
  }
  fputs("\n  ],\n", to);
  manifest_cuts(to, &scored->scores);
  fputs("  \"files\": [", to);
  for (uint32_t t = 0; t < SP_SNAPSHOT_TABLES; t++) {
    fprintf(to,
            "%s\n    {\"name\":\"%s.parquet\",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64
            ",\"sha256\":\"%s\"}",
            t == 0 ? "" : ",", sp_snapshot_name((enum sp_snapshot_table)t), written[t].rows,
            written[t].bytes, written[t].sha256);
  }
  fputs("\n  ]\n}\n", to);
}

static int manifest_write(const struct sp_scored *scored, const char *path,
                          const struct written written[SP_SNAPSHOT_TABLES])
{
  char *bytes = NULL;
  size_t length = 0;
  FILE *text = open_memstream(&bytes, &length);
  if (text == NULL) {
    return failed(path, strerror(errno));
  }
  manifest_print(text, scored, written);
  bool good = fclose(text) == 0;
  enum sp_status status = good ? sp_file_write(path, bytes, length) : SP_NO_MEMORY;
  int code = status == SP_OK ? SP_EXIT_DONE
                             : failed(path, good ? strerror(errno) : sp_status_text(status));
  free(bytes);
  return code;
}

/* ---- the folder ---- */

/* Paths fit: DIR is bounded by 64 bytes less. */
static void file_path(const char *folder, const char *name, const char *end, char *path)
{
  struct sp_text text = {path, 0, SP_PATH_BYTES_MAX, false};
  sp_text_add(&text, folder);
  sp_text_add(&text, "/");
  sp_text_add(&text, name);
  sp_text_add(&text, end);
}

static void remove_made(const char *folder)
{
  char path[SP_PATH_BYTES_MAX];
  for (uint32_t t = 0; t < SP_SNAPSHOT_TABLES; t++) {
    file_path(folder, sp_snapshot_name((enum sp_snapshot_table)t), ".parquet", path);
    unlink(path);
  }
  file_path(folder, "manifest", ".json", path);
  unlink(path);
  rmdir(folder);
}

static int folder_fill(struct sp_scored *scored, const char *folder)
{
  struct written written[SP_SNAPSHOT_TABLES];
  char path[SP_PATH_BYTES_MAX];
  memset(written, 0, sizeof written);
  for (uint32_t t = 0; t < SP_SNAPSHOT_TABLES; t++) {
    enum sp_snapshot_table table = (enum sp_snapshot_table)t;
    file_path(folder, sp_snapshot_name(table), ".parquet", path);
    int code = table_write(scored, table, path, &written[t]);
    if (code != SP_EXIT_DONE) {
      return code;
    }
  }
  file_path(folder, "manifest", ".json", path);
  return manifest_write(scored, path, written);
}

static int folder_write(struct sp_scored *scored, const char *folder)
{
  char part[SP_PATH_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(part);
  sp_text_add(&text, folder);
  sp_text_add(&text, ".part-");
  sp_text_add_i64(&text, getpid());
  if (mkdir(part, 0755) != 0) {
    return failed(part, strerror(errno));
  }
  int code = folder_fill(scored, part);
  if (code == SP_EXIT_DONE && sp_path_rename(part, folder) != SP_OK) {
    bool taken = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
    code = failed(folder, taken ? "is there already; expected a new folder" : strerror(errno));
  }
  if (code != SP_EXIT_DONE) {
    remove_made(part);
  }
  return code;
}

static int snapshot_run(const char *store, char *folder, const char *as_of)
{
  struct sp_scored *scored = malloc(sizeof *scored);
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1U] == '/') {
    folder[--length] = '\0';
  }
  if (scored == NULL) {
    return failed(folder, "out of memory");
  }
  int code = sp_scored_open(scored, store, as_of, true);
  if (code == SP_EXIT_DONE) {
    code = folder_write(scored, folder);
  }
  if (code == SP_EXIT_DONE) {
    fprintf(stderr, "suanpan: %s: %u subscribers, %u groups\n", folder, scored->scores.subscribers,
            scored->scores.groups);
  }
  sp_scored_close(scored);
  free(scored);
  return code;
}

int sp_cmd_snapshot(int argc, char **argv)
{
  const char *as_of = NULL;
  struct sp_option_list rest = {.count = 0};
  const struct sp_option table[] = {{"--as-of", SP_OPTION_TEXT, &as_of, "TIME",
                                     "instant of the scores (default: latest record)"}};
  int code = sp_options_read(&help, table, 1, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count != 2) {
    return sp_usage_error(&help, "expected STORE and DIR");
  }
  char folder[SP_PATH_BYTES_MAX];
  if (strlen(rest.values[1]) + 64U > sizeof folder || rest.values[1][0] == '\0') {
    return sp_usage_error(&help, "the path of DIR is empty or too long");
  }
  snprintf(folder, sizeof folder, "%s", rest.values[1]);
  return snapshot_run(rest.values[0], folder, as_of);
}
