#include "tools/scored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rating/civil.h"
#include "tools/shard_crew.h"
#include "tools/store_dir.h"

static int complain(const struct sp_scored *scored, const char *what)
{
  fprintf(stderr, "suanpan: %s: %s\n", scored->world.dir.path, what);
  return SP_EXIT_ENVIRONMENT;
}

/* ---- state ---- */

static struct sp_shard *shard_make(void)
{
  return aligned_alloc(64, (sizeof(struct sp_shard) + 63U) / 64U * 64U);
}

struct reading {
  struct sp_scored *scored;
  bool with_sum; /* the sum needs all shards together; without it only their profiles stay */
  struct sp_shard *shards[SP_SHARDS_MAX];
};

static void close_shard(struct reading *reading, uint32_t index)
{
  if (reading->shards[index] != NULL) {
    sp_shard_close(reading->shards[index]);
    free(reading->shards[index]);
    reading->shards[index] = NULL;
  }
}

static enum sp_status read_shard(void *context, uint32_t index, const char **error)
{
  struct reading *reading = context;
  struct sp_shard *shard = reading->shards[index] = shard_make();
  if (shard == NULL) {
    return SP_NO_MEMORY;
  }
  *error = shard->error;
  SP_TRY(sp_shard_open(shard, &reading->scored->world, index, false));
  reading->scored->metas[index] = shard->meta;
  if (!reading->with_sum) {
    close_shard(reading, index);
  }
  return SP_OK;
}

/* As verify does: marks older than the window behind the latest record of the store do not count.
 */
static int sum_shards(struct sp_scored *scored, struct sp_shard **shards, uint32_t count)
{
  int64_t watermark_utc_s = SP_TIME_MIN;
  for (uint32_t i = 0; i < count; i++) {
    int64_t of_shard = shards[i]->watermark_utc_s;
    watermark_utc_s = of_shard > watermark_utc_s ? of_shard : watermark_utc_s;
  }
  scored->world.window_start_utc_s = watermark_utc_s - (int64_t)SP_DEDUP_WINDOW_DAYS * SP_DAY_S;
  for (uint32_t i = 0; i < count; i++) {
    enum sp_status status = sp_shard_sum(shards[i], &scored->sum);
    if (status != SP_OK) {
      return complain(scored, sp_status_text(status));
    }
  }
  return SP_EXIT_DONE;
}

static int read_state(struct sp_scored *scored, bool with_sum)
{
  struct reading reading = {.scored = scored, .with_sum = with_sum};
  uint32_t count = scored->world.dir.shard_count;
  int code = SP_EXIT_DONE;
  if (sp_crew_run(&scored->world, sp_crew_threads(&scored->world, 0), read_shard, &reading) !=
      SP_OK) {
    code = complain(scored, scored->world.failure);
  }
  for (uint32_t i = 0; i < count; i++) {
    scored->records += scored->metas[i].ordinal;
  }
  if (code == SP_EXIT_DONE && with_sum) {
    code = sum_shards(scored, reading.shards, count);
  }
  for (uint32_t i = 0; i < count; i++) {
    close_shard(&reading, i);
  }
  return code;
}

/* ---- frozen cut points: STORE/cuts-YYYYMM, three struct sp_rfm_cuts as they lie ---- */

static void cuts_path(const struct sp_scored *scored, uint32_t month, char *path)
{
  sp_store_path(&scored->world.dir, path, "cuts-%04u%02u", month / 12U, month % 12U + 1U);
}

static bool read_cuts(const struct sp_scored *scored, uint32_t month,
                      struct sp_rfm_cuts cuts[SP_POPULATION_COUNT])
{
  char path[SP_PATH_BYTES_MAX];
  char *bytes;
  size_t length;
  cuts_path(scored, month, path);
  if (sp_file_read(path, &bytes, &length) != SP_OK) {
    return false;
  }
  bool good = length == SP_POPULATION_COUNT * sizeof *cuts;
  if (good) {
    memcpy(cuts, bytes, length);
  } else {
    fprintf(stderr, "suanpan: %s: expected %zu bytes of cut points; they are made anew\n", path,
            SP_POPULATION_COUNT * sizeof *cuts);
  }
  free(bytes);
  return good;
}

/* ---- levels of the last review: STORE/levels ---- */

#define LEVELS_VERSION 1U
struct levels {
  uint32_t version, day, count, reserved;
  struct sp_warning warnings[]; /* by group */
};

static size_t levels_bytes(uint32_t count)
{
  return sizeof(struct levels) + (size_t)count * sizeof(struct sp_warning);
}

/* NULL: there are none, or not of this version; give it to free. */
static struct levels *read_levels(const struct sp_scored *scored)
{
  char path[SP_PATH_BYTES_MAX];
  char *bytes;
  size_t length;
  sp_store_path(&scored->world.dir, path, "levels");
  if (sp_file_read(path, &bytes, &length) != SP_OK) {
    return NULL;
  }
  struct levels *levels = (struct levels *)(void *)bytes;
  bool good = length >= sizeof *levels && levels->version == LEVELS_VERSION &&
              length == levels_bytes(levels->count);
  for (uint32_t i = 0; good && i < levels->count; i++) {
    good = levels->warnings[i].level < SP_LEVEL_COUNT;
  }
  if (!good) {
    fprintf(stderr, "suanpan: %s: expected levels of version %u; they are made anew\n", path,
            LEVELS_VERSION);
    free(bytes);
    return NULL;
  }
  return levels;
}

static bool keep_levels(const struct sp_scored *scored)
{
  char path[SP_PATH_BYTES_MAX];
  uint32_t count = scored->scores.groups;
  struct levels *levels = calloc(1, levels_bytes(count));
  sp_store_path(&scored->world.dir, path, "levels");
  if (levels == NULL) {
    return false;
  }
  levels->version = LEVELS_VERSION;
  levels->day = scored->scores.review.at.day;
  levels->count = count;
  for (uint32_t g = 0; g < count; g++) {
    levels->warnings[g] = scored->scores.group_scores[g].warning;
  }
  bool good = sp_file_write(path, levels, levels_bytes(count)) == SP_OK;
  if (!good) {
    fprintf(stderr, "suanpan: %s: %s; the levels are not kept\n", path, strerror(errno));
  }
  free(levels);
  return good;
}

static bool keep_cuts(const struct sp_scored *scored)
{
  char path[SP_PATH_BYTES_MAX];
  cuts_path(scored, scored->scores.review.at.month, path);
  if (sp_file_write(path, scored->scores.cuts, sizeof scored->scores.cuts) != SP_OK) {
    fprintf(stderr, "suanpan: %s: %s; the month's cut points are not kept\n", path,
            strerror(errno));
    return false;
  }
  return true;
}

bool sp_scored_keep(const struct sp_scored *scored)
{
  bool good = scored->cuts_frozen || keep_cuts(scored);
  if (scored->scores.review.at.day > scored->kept_day) {
    good = keep_levels(scored) && good;
  }
  return good;
}

/* ---- scores ---- */

static bool instant_of(const struct sp_scored *scored, const char *as_of, int64_t *utc_s)
{
  const struct sp_books *books = scored->world.books[scored->world.books_count];
  if (as_of == NULL) {
    *utc_s = sp_scores_latest_utc_s(scored->world.profiles,
                                    sp_directory_subscriber_count(scored->world.directory));
    return true;
  }
  enum sp_civil_kind kind = sp_civil_parse(as_of, strlen(as_of), utc_s);
  if (kind == SP_CIVIL_LOCAL) {
    *utc_s = sp_book_from_local(&books->book[0], *utc_s);
  }
  return kind != SP_CIVIL_NONE && *utc_s >= 0 && *utc_s <= UINT32_MAX;
}

static int make_scores(struct sp_scored *scored, const char *as_of)
{
  struct sp_rfm_cuts cuts[SP_POPULATION_COUNT];
  struct sp_world *world = &scored->world;
  struct sp_scores_input input = {
      .directory = world->directory, .profiles = world->profiles, .groups = world->group_profiles};
  if (!instant_of(scored, as_of, &input.as_of_utc_s)) {
    fprintf(stderr, "suanpan: --as-of: %s: expected a time such as 2026-11-30T12:00:00+08:00\n",
            as_of);
    return SP_EXIT_USAGE;
  }
  const struct sp_book *book = &world->books[world->books_count]->book[0];
  int32_t day = sp_book_local_day(book, input.as_of_utc_s);
  input.as_of_day = day < 1 ? 1U : (uint32_t)day;
  uint32_t month = sp_month_of_day(input.as_of_day, NULL);
  scored->cuts_frozen = read_cuts(scored, month, cuts);
  input.frozen = scored->cuts_frozen ? cuts : NULL;
  struct levels *levels = read_levels(scored);
  if (levels != NULL) {
    scored->kept_day = levels->day;
    input.kept = levels->warnings;
    input.kept_count = levels->count;
    input.kept_day = levels->day;
  }
  enum sp_status status = sp_scores_make(&scored->scores, &input, &world->memory);
  free(levels);
  return status == SP_OK ? SP_EXIT_DONE : complain(scored, sp_status_text(status));
}

int sp_scored_open(struct sp_scored *scored, const char *store, const char *as_of, bool with_sum)
{
  memset(scored, 0, sizeof *scored);
  int code = sp_world_open(&scored->world, store);
  if (code == SP_EXIT_DONE) {
    code = read_state(scored, with_sum);
  }
  return code == SP_EXIT_DONE ? make_scores(scored, as_of) : code;
}

void sp_scored_close(struct sp_scored *scored)
{
  if (scored->scores.directory != NULL) {
    sp_scores_free(&scored->scores, &scored->world.memory);
  }
  sp_world_close(&scored->world);
}

void sp_instant_text(int64_t utc_s, char text[SP_INSTANT_BYTES])
{
  int32_t day = sp_civil_day_of(utc_s);
  struct sp_civil date = sp_civil_from_day(day);
  int of_day = (int)(utc_s - (int64_t)day * SP_DAY_S);
  snprintf(text, SP_INSTANT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", date.year, date.month,
           date.day, of_day / 3600, of_day / 60 % 60, of_day % 60);
}
