/* Files as sources: formats, folders, zstd, borders of chunks, going on at every position, growing
 * files, what cannot be read. */
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/folder.h"
#include "tests/ingest/source_show.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define T0 "2026-03-03T10:00:00+08:00"

static char folder[PATH_MAX];

static void folder_make(void)
{
  test_folder_make(folder); /* as streams are named */
  warnings[0] = '\0';
}

static void folder_remove(void)
{
  test_folder_remove(folder);
}

static const char *path_of(const char *name)
{
  static char paths[8][PATH_MAX + 64];
  static unsigned turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
  return path;
}

static void file_write(const char *name, const char *how, const char *bytes, size_t length)
{
  FILE *file = fopen(path_of(name), how);
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
  ck_assert_int_eq(fclose(file), 0);
}

static void text_write(const char *name, const char *text)
{
  file_write(name, "w", text, strlen(text));
}

static void zstd_write(const char *name, const char *how, const char *bytes, size_t length)
{
  size_t size = ZSTD_compressBound(length);
  char *packed = malloc(size);
  ck_assert_ptr_nonnull(packed);
  size_t n = ZSTD_compress(packed, size, bytes, length, 1);
  ck_assert(!ZSTD_isError(n));
  file_write(name, how, packed, n);
  free(packed);
}

static struct sp_source_options options_of(const char *const *paths, size_t count)
{
  struct sp_source_options options = {.paths = paths, .paths_count = count, .until_end = true};
  options.zone = show_zone;
  options.warn = note_warning;
  return options;
}

static void read_all(struct records *records, const char *const *paths, size_t count)
{
  struct sp_source *source;
  struct sp_source_options options = options_of(paths, count);
  *records = (struct records){0};
  ck_assert_msg(sp_source_open(&source, &options) == SP_OK, "%s", sp_source_error(source));
  records_read(records, source, SP_END);
  sp_source_close(source);
}

static void expect_lines(const struct records *records, const char *lines)
{
  char all[8192] = "";
  for (size_t i = 0; i < records->count; i++) {
    strncat(all, records->lines[i], sizeof(all) - strlen(all) - 1);
  }
  ck_assert_str_eq(all, lines);
}

START_TEST(test_folder)
{
  struct records records;
  text_write("b.csv", "id,service,start\nb,"
                      "sms," T0 "\n");
  text_write("a.json", "\n {\"id\":\"a\",\"service\":\"sms\",\"start\":\"" T0 "\"}\n");
  text_write("c.csv", "id,service,start,what\nc,sms," T0 ",x"); /* half a line */
  text_write("empty.csv", "");
  text_write("README.md", "no records");
  text_write(".hidden.csv", "id,service,start\nh,sms," T0 "\n");
  zstd_write("d.jsonl.zst", "w", "{\"id\":\"d\",\"service\":\"sms\"}", 26);
  const char *paths[] = {folder, path_of("b.csv")}; /* b a second time is not read again */
  read_all(&records, paths, 2);
  expect_lines(&records,
               "ok service=sms start=1772503200 id=a\nok service=sms start=1772503200 id=b\n"
               "ok service=sms start=1772503200 id=c\nbad_start service=sms id=d\n");
  ck_assert_str_eq(records.streams[0], path_of("a.json"));
  ck_assert_ptr_nonnull(strstr(warnings, "c.csv: unknown columns are left out: what\n"));
  records_free(&records);
  text_write("plain", "{\"service\":\"sms\"}\n");
  const char *named[] = {path_of("plain")};
  read_all(&records, named, 1);
  expect_lines(&records, "bad_start service=sms\n");
  records_free(&records);
}
END_TEST

struct writing {
  char *text;
  size_t length, size;
};

__attribute__((format(printf, 2, 3))) static void write_more(struct writing *writing,
                                                             const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(writing->text + writing->length, writing->size - writing->length, format,
                    arguments);
  va_end(arguments);
  REQUIRE(n >= 0 && (size_t)n < writing->size - writing->length);
  writing->length += (size_t)n;
}

/* Lines of many lengths with quotes and escapes, enough for several chunks. */
static char *large_make(bool json, size_t lines, size_t *length)
{
  struct writing out = {malloc(lines * 260 + 100), 0, lines * 260 + 100};
  draw_seed = 77;
  ck_assert_ptr_nonnull(out.text);
  if (!json) {
    write_more(&out, "# made\nid,service,start,duration_s,node\n");
  }
  for (size_t i = 0; i < lines; i++) {
    int pad = (int)draw(150);
    if (json) {
      write_more(&out, "{\"id\":\"%zu\",\"service\":\"voice\",\"start\":\"" T0 "\",", i);
      write_more(&out, "\"node\":\"%*s%s\"}\n", pad, "x", i % 5 == 0 ? "\\u4e2d" : "");
      continue;
    }
    write_more(&out, "%zu,voice,%s,%zu,\"%s%*s\"\n", i, i % 11 == 0 ? "never" : T0, i % 1000,
               i % 5 == 0 ? "a\"\"b\nc" : "", pad, "x");
    if (i % 13 == 0) {
      write_more(&out, "# a comment\n\n");
    }
  }
  *length = out.length;
  return out.text;
}

/* Decoded in one call, without files. */
static void expect_same(const struct records *records, const char *text, size_t length, bool json)
{
  struct sp_decoder *decoder = calloc(1, sizeof(*decoder));
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert(decoder != NULL && batch != NULL);
  sp_decoder_open(decoder, &show_zone);
  size_t at = 0, record = 0;
  struct show show;
  show_open(&show);
  while (at < length) {
    struct sp_decode decode = {.bytes = text + at, .length = length - at, .last = true};
    decode.count_max = SP_BATCH_RECORDS_MAX;
    decode.cdrs = batch->cdrs;
    decode.raws = batch->raws;
    decode.scratch = batch->scratch;
    decode.scratch_size = sizeof(batch->scratch);
    if (json) {
      sp_decode_json_batch(decoder, &decode);
    } else {
      sp_decode_csv_batch(decoder, &decode);
    }
    for (uint32_t i = 0; i < decode.count; i++, record++) {
      show.length = 0;
      show_cdr(&show, &batch->cdrs[i]);
      REQUIRE(record < records->count);
      REQUIRE(strcmp(records->lines[record], show.text) == 0);
      REQUIRE(records->positions[record].offset == (size_t)(batch->raws[i].at - text));
    }
    at += decode.consumed;
  }
  ck_assert_uint_eq(record, records->count);
  free(show.text);
  free(batch);
  free(decoder);
}

static void check_large(bool json, bool packed)
{
  struct records records;
  size_t length;
  char *text = large_make(json, 40000, &length);
  ck_assert_uint_gt(length, 4u << 20); /* two chunks */
  const char *name = json ? "large.json" : "large.csv";
  if (packed) {
    zstd_write(name, "w", text, length / 2); /* two frames */
    zstd_write(name, "a", text + length / 2, length - length / 2);
  } else {
    file_write(name, "w", text, length);
  }
  const char *paths[] = {path_of(name)};
  read_all(&records, paths, 1);
  expect_same(&records, text, length, json);
  records_free(&records);
  free(text);
}

START_TEST(test_large)
{
  check_large(false, false);
  check_large(true, false);
  check_large(false, true);
  check_large(true, true);
}
END_TEST

/* Goes on at each record of all files: from it, and from right behind it. */
static void check_resume(const char *const *paths, size_t count, size_t step)
{
  struct records all, part;
  read_all(&all, paths, count);
  ck_assert_uint_gt(all.count, 10);
  for (size_t i = 0; i < all.count; i += step) {
    for (uint32_t behind = 0; behind < 2; behind++) {
      struct sp_source *source;
      struct sp_source_options options = options_of(paths, count);
      struct sp_position next = all.positions[i];
      next.sub += behind;
      ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
      for (uint32_t s = 0; s < sp_source_streams(source); s++) {
        const struct sp_source_stream *stream = sp_source_stream(source, s);
        if (strcmp(stream->name, all.streams[i]) == 0) {
          ck_assert_int_eq(sp_source_seek(source, stream->name, stream->name_length, next), SP_OK);
          break;
        }
        /* the files before it are done */
        size_t last = 0;
        for (size_t k = 0; k < all.count; k++) {
          last = strcmp(all.streams[k], stream->name) == 0 ? k : last;
        }
        struct sp_position end = {all.positions[last].offset, all.positions[last].sub + 1, 0};
        ck_assert_int_eq(sp_source_seek(source, stream->name, stream->name_length, end), SP_OK);
      }
      part = (struct records){0};
      records_read(&part, source, SP_END);
      records_equal(&all, i + behind, &part);
      records_free(&part);
      sp_source_close(source);
    }
  }
  records_free(&all);
}

START_TEST(test_resume)
{
  size_t length;
  char *csv = large_make(false, 40, &length);
  file_write("1.csv", "w", "\xEF\xBB\xBF", 3);
  file_write("1.csv", "a", csv, length);
  zstd_write("2.csv.zst", "w", csv, length);
  text_write("3.csv", "no header\nid,service\n\"unclosed,sms\n");
  char *json = large_make(true, 40, &length);
  file_write("4.json", "w", json, length - 1);
  zstd_write("5.json.zst", "w", json, length);
  free(csv);
  free(json);
  const char *paths[] = {folder};
  check_resume(paths, 1, 1);
}
END_TEST

START_TEST(test_resume_large)
{
  size_t length;
  char *csv = large_make(false, 40000, &length);
  file_write("1.csv", "w", csv, length);
  zstd_write("2.csv.zst", "w", csv, length);
  free(csv);
  const char *paths[] = {folder};
  check_resume(paths, 1, 31234);
}
END_TEST

/* A line of more than 1 MiB between two records: one bad_line, also when going on at it and behind
 * it. */
START_TEST(test_long_line)
{
  size_t long_bytes = (1 << 20) + (300 << 10);
  char *line = malloc(long_bytes);
  ck_assert_ptr_nonnull(line);
  memset(line, 'x', long_bytes);
  line[long_bytes - 1] = '\n';
  text_write("long.csv", "id,service,start\n");
  for (int i = 0; i < 12; i++) {
    char row[64];
    int n = snprintf(row, sizeof(row), "%d,sms," T0 "\n", i);
    file_write("long.csv", "a", row, (size_t)n);
    if (i % 4 == 2) {
      file_write("long.csv", "a", line, long_bytes);
    }
  }
  const char *paths[] = {path_of("long.csv")};
  check_resume(paths, 1, 1);
  free(line);
}
END_TEST

/* Not until_end: half a line waits, more lines come, also into an empty file. */
START_TEST(test_growing)
{
  struct records records = {0};
  text_write("1.csv", "id,service,start\na,sms," T0 "\nb,sms,");
  text_write("2.json", "");
  const char *paths[] = {folder};
  struct sp_source *source;
  struct sp_source_options options = options_of(paths, 1);
  options.until_end = false;
  ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
  records_read(&records, source, SP_AGAIN);
  expect_lines(&records, "ok service=sms start=1772503200 id=a\n");
  records_read(&records, source, SP_AGAIN);
  ck_assert_uint_eq(records.count, 1);
  file_write("1.csv", "a", T0 "\nc", sizeof(T0 "\nc") - 1);
  file_write("2.json", "a", "{\"service\":\"sms\",\"id\":\"j\"}\n", 27);
  records_read(&records, source, SP_AGAIN);
  expect_lines(&records,
               "ok service=sms start=1772503200 id=a\nok service=sms start=1772503200 id=b\n"
               "bad_start service=sms id=j\n");
  sp_source_close(source);
  records_free(&records);
}
END_TEST

/* Looks until the source has so many streams; nothing of a new one comes before AGAIN. */
static void wait_streams(struct sp_source *source, uint32_t count)
{
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  while (sp_source_streams(source) < count) {
    ck_assert_int_eq(sp_source_next(source, batch), SP_AGAIN);
    usleep(20000);
  }
  ck_assert_uint_eq(sp_source_streams(source), count);
  free(batch);
}

/* Not until_end: a folder may be empty, and what comes to it is read; until_end: that was all. */
START_TEST(test_new_files)
{
  struct records records = {0};
  const char *paths[] = {folder};
  struct sp_source *source;
  struct sp_source_options options = options_of(paths, 1);
  read_all(&records, paths, 1);
  ck_assert_uint_eq(records.count, 0);
  options.until_end = false;
  ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
  records_read(&records, source, SP_AGAIN);
  ck_assert_uint_eq(sp_source_streams(source), 0);
  text_write("b.csv", "id,service,start\nb,sms," T0 "\n");
  text_write("a.csv", "id,service,start\na1,sms," T0 "\na2,sms," T0 "\n");
  text_write("c.csv.tmp", "id,service,start\nc,sms," T0 "\n");
  ck_assert_int_eq(symlink(path_of("nowhere"), path_of("link.csv")), 0);
  wait_streams(source, 2);
  const struct sp_source_stream *first = sp_source_stream(source, 0);
  ck_assert_str_eq(first->name, path_of("a.csv"));
  const struct sp_position next = {sizeof("id,service,start\n") - 1, 1, 0}; /* behind a1 */
  ck_assert_int_eq(sp_source_seek(source, first->name, first->name_length, next), SP_OK);
  records_read(&records, source, SP_AGAIN);
  expect_lines(&records, "ok service=sms start=1772503200 id=a2\n"
                         "ok service=sms start=1772503200 id=b\n");
  ck_assert_int_eq(unlink(path_of("a.csv")), 0); /* whoever has done with it may take it away */
  ck_assert_int_eq(rename(path_of("c.csv.tmp"), path_of("c.csv")), 0);
  wait_streams(source, 3);
  records_read(&records, source, SP_AGAIN);
  ck_assert_uint_eq(records.count, 3);
  ck_assert_str_eq(records.lines[2], "ok service=sms start=1772503200 id=c\n");
  text_write("d.csv", "id,service,start\nd,sms," T0 "\n");
  wait_streams(source, 4);
  ck_assert_int_eq(unlink(path_of("d.csv")), 0); /* even before it was read */
  records_read(&records, source, SP_AGAIN);
  ck_assert_uint_eq(records.count, 3);
  ck_assert_ptr_nonnull(strstr(warnings, "d.csv: went away before it was read\n"));
  text_write("d.csv", "id,service,start\nd,sms," T0 "\n");
  records_read(&records, source, SP_AGAIN);
  ck_assert_uint_eq(records.count, 4);
  sp_source_close(source);
  records_free(&records);
}
END_TEST

/* until_end takes half a line for a record; when the rest comes later it is not read a second time.
 */
START_TEST(test_half_line_then_rest)
{
  struct records records;
  text_write("1.csv", "id,service,start\na,sms," T0 "\nb,sms");
  const char *paths[] = {path_of("1.csv")};
  read_all(&records, paths, 1);
  expect_lines(&records, "ok service=sms start=1772503200 id=a\nbad_line\n");
  struct sp_position next = {records.positions[1].offset, records.positions[1].sub + 1, 0};
  records_free(&records);
  file_write("1.csv", "a", "," T0 "\nc,sms," T0 "\n", sizeof("," T0 "\nc,sms," T0 "\n") - 1);
  struct sp_source *source;
  struct sp_source_options options = options_of(paths, 1);
  ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
  ck_assert_int_eq(sp_source_seek(source, paths[0], strlen(paths[0]), next), SP_OK);
  records_read(&records, source, SP_END);
  expect_lines(&records, "ok service=sms start=1772503200 id=c\n");
  sp_source_close(source);
  records_free(&records);
}
END_TEST

static void expect_failure(const char *path, struct sp_position from, enum sp_status status,
                           const char *words)
{
  struct sp_source *source;
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  const char *paths[] = {path};
  struct sp_source_options options = options_of(paths, 1);
  ck_assert_ptr_nonnull(batch);
  enum sp_status got = sp_source_open(&source, &options);
  if (got == SP_OK && from.offset > 0) {
    ck_assert_int_eq(sp_source_seek(source, path, strlen(path), from), SP_OK);
  }
  while (got == SP_OK) {
    got = sp_source_next(source, batch);
    if (got == SP_OK) {
      sp_source_release(source, batch);
    }
  }
  ck_assert_msg(got == status, "%s", sp_status_word(got));
  ck_assert_msg(strstr(sp_source_error(source), words) != NULL, "%s", sp_source_error(source));
  ck_assert_ptr_nonnull(strstr(sp_source_error(source), path));
  sp_source_close(source);
  free(batch);
}

START_TEST(test_failures)
{
  const struct sp_position start = {0, 0, 0};
  expect_failure(path_of("nothing.csv"), start, SP_NOT_FOUND, "No such file");
  char zst[200];
  size_t length;
  char *csv = large_make(false, 1000, &length);
  size_t n = ZSTD_compress(zst, sizeof(zst), "id,service\n", 11, 1);
  ck_assert(!ZSTD_isError(n));
  file_write("cut.csv.zst", "w", zst, n - 1);
  expect_failure(path_of("cut.csv.zst"), start, SP_BAD_FORMAT, "end in the middle");
  file_write("broken.csv.zst", "w", zst, n);
  file_write("broken.csv.zst", "a", "garbage behind", 14);
  expect_failure(path_of("broken.csv.zst"), start, SP_BAD_FORMAT, "broken zstd");
  file_write("short.csv", "w", csv, length);
  expect_failure(path_of("short.csv"), (struct sp_position){length + 1, 0, 0}, SP_DIFFERENT,
                 "shorter");
  expect_failure(path_of("short.csv"), (struct sp_position){length, 1, 0}, SP_DIFFERENT, "shorter");
  zstd_write("short.csv.zst", "w", csv, length);
  expect_failure(path_of("short.csv.zst"), (struct sp_position){length + 1, 0, 0}, SP_DIFFERENT,
                 "shorter");
  free(csv);
  struct sp_source *source;
  const char *paths[] = {path_of("short.csv")};
  struct sp_source_options options = options_of(paths, 1);
  ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
  ck_assert_int_eq(sp_source_seek(source, "other", 5, start), SP_NOT_FOUND);
  sp_source_close(source);
}
END_TEST

START_TEST(test_stdin)
{
  text_write("in", "id,service,start\na,sms," T0 "\nb,sms," T0);
  for (int until_end = 0; until_end < 2; until_end++) {
    ck_assert_ptr_nonnull(freopen(path_of("in"), "r", stdin));
    struct records records = {0};
    struct sp_source *source;
    const char *paths[] = {"-"};
    struct sp_source_options options = options_of(paths, 1);
    options.until_end = until_end != 0;
    ck_assert_int_eq(sp_source_open(&source, &options), SP_OK);
    records_read(&records, source, SP_END);
    ck_assert_uint_eq(records.count, 2);
    ck_assert_str_eq(records.streams[1], "stdin");
    sp_source_close(source);
    records_free(&records);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, folder_make, folder_remove);
  tcase_add_test(tests, test_folder);
  tcase_add_test(tests, test_large);
  tcase_add_test(tests, test_resume);
  tcase_add_test(tests, test_resume_large);
  tcase_add_test(tests, test_long_line);
  tcase_add_test(tests, test_growing);
  tcase_add_test(tests, test_new_files);
  tcase_add_test(tests, test_half_line_then_rest);
  tcase_add_test(tests, test_failures);
  tcase_add_test(tests, test_stdin);
  return check_run("source_files", tests);
}
