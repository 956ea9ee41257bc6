/* The Parquet encoder: hybrid runs decoded again by a slow reader of the specification, choice of
 * the dictionary, statistics, limits, failing sinks, equal bytes for equal input.
 *
 * `test_parquet --write DIR` writes the sample files that test_parquet_duckdb.py reads back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/parquet.h"
#include "store/parquet_page.h"
#include "store/parquet_thrift.h"
#include "tests/check_run.h"
#include "tests/draw.h"

/* ---- a slow reader of the hybrid encoding ---- */

static uint32_t read_varint(const uint8_t **at)
{
  uint32_t value = 0;
  for (uint32_t shift = 0;; shift += 7U) {
    uint8_t byte = *(*at)++;
    value |= (uint32_t)(byte & 0x7FU) << shift;
    if (byte < 0x80U) {
      return value;
    }
  }
}

/* Returns the number of values read; a packed run may bring up to 7 more than `count`. */
static uint32_t read_hybrid(const uint8_t *at, const uint8_t *end, uint32_t width, uint32_t *values,
                            uint32_t count)
{
  uint32_t have = 0;
  while (at < end) {
    uint32_t header = read_varint(&at);
    uint32_t run = header >> 1U;
    if ((header & 1U) == 0) {
      uint32_t value = at[0] | (width > 8U ? (uint32_t)at[1] << 8U : 0);
      at += (width + 7U) / 8U;
      while (run-- != 0 && have < count) {
        values[have++] = value;
      }
      continue;
    }
    for (uint32_t i = 0; i < run * 8U && have < count; i++) {
      uint32_t value = 0;
      for (uint32_t bit = 0; bit < width; bit++) {
        uint32_t place = i * width + bit;
        value |= (uint32_t)((at[place / 8U] >> (place % 8U)) & 1U) << bit;
      }
      values[have++] = value;
    }
    at += run * width;
  }
  return have;
}

START_TEST(hybrid_reads_back)
{
  static uint32_t values[5000];
  static uint32_t back[5000];
  static uint8_t bytes[5000 * 4];
  uint32_t width = (uint32_t)_i;
  for (int round = 0; round < 60; round++) {
    uint32_t count = 1U + draw(round < 30 ? 70U : 5000U);
    uint32_t run_share = draw(4);
    uint32_t run = 0;
    for (uint32_t i = 0; i < count; i++, run = run != 0 ? run - 1U : 0) {
      values[i] = run != 0 ? values[i - 1U] : draw(1U << width);
      run = run == 0 && draw(20) < run_share ? draw(300) : run;
    }
    uint8_t *end = sp__parquet_hybrid(bytes, values, count, width);
    ck_assert_uint_le((size_t)(end - bytes), (size_t)count * 3U + 32U);
    ck_assert_uint_eq(read_hybrid(bytes, end, width, back, count), count);
    ck_assert_mem_eq(values, back, count * sizeof *values);
  }
}
END_TEST

/* ---- chunks ---- */

static struct sp__parquet_work work_of(uint32_t rows, size_t heap)
{
  struct sp__parquet_work work = {.page_bytes_max = sp__parquet_page_bytes(rows, heap)};
  work.slots = calloc(SP__PARQUET_RANGE_MAX, sizeof *work.slots);
  work.entries = calloc(SP__PARQUET_RANGE_MAX, sizeof *work.entries);
  work.codes = calloc(rows + 1U, sizeof *work.codes);
  work.dictionary = calloc(1, work.page_bytes_max);
  work.data = calloc(1, work.page_bytes_max);
  ck_assert(work.slots != NULL && work.entries != NULL && work.codes != NULL);
  ck_assert(work.dictionary != NULL && work.data != NULL);
  return work;
}

static void work_free(struct sp__parquet_work *work)
{
  free(work->slots);
  free(work->entries);
  free(work->codes);
  free(work->dictionary);
  free(work->data);
}

START_TEST(dictionary_only_where_it_pays)
{
  enum { ROWS = 20000 };
  static int64_t values[ROWS];
  struct sp__parquet_work work = work_of(ROWS, 0);
  struct sp__parquet_pages pages;
  struct sp__parquet_chunk chunk = {
      .type = SP_PARQUET_I64, .rows = ROWS, .value_count = ROWS, .values = values};
  for (uint32_t i = 0; i < ROWS; i++) {
    values[i] = -50 + (int64_t)draw(100); /* small range: codes in value order */
  }
  sp__parquet_pages(&chunk, &work, &pages);
  ck_assert_uint_eq(pages.dictionary_count, 100);
  ck_assert(pages.dictionary_sorted);
  ck_assert_uint_eq(work.data[0], 7);
  ck_assert_uint_lt(pages.data_size, ROWS);
  for (uint32_t i = 0; i < ROWS; i++) {
    values[i] = (int64_t)draw(500) * 1000000007; /* large range, few values: found by hashing */
  }
  sp__parquet_pages(&chunk, &work, &pages);
  ck_assert_uint_eq(pages.dictionary_count, 500);
  ck_assert(!pages.dictionary_sorted);
  for (uint32_t i = 0; i < ROWS; i++) {
    values[i] = (int64_t)i * 1000003; /* all distinct: plain */
  }
  sp__parquet_pages(&chunk, &work, &pages);
  ck_assert_uint_eq(pages.dictionary_count, 0);
  ck_assert_uint_eq(pages.data_size, ROWS * 8U);
  ck_assert_mem_eq(work.data, values, sizeof values);
  work_free(&work);
}
END_TEST

START_TEST(levels_of_nulls)
{
  enum { ROWS = 1000 };
  static int64_t values[ROWS];
  static uint8_t nulls[ROWS];
  static uint32_t levels[ROWS];
  struct sp__parquet_work work = work_of(ROWS, 0);
  struct sp__parquet_pages pages;
  struct sp__parquet_chunk chunk = {
      .type = SP_PARQUET_U32, .nullable = true, .rows = ROWS, .nulls = nulls, .values = values};
  for (uint32_t i = 0; i < ROWS; i++) {
    nulls[i] = i % 3U == 0 || (i > 400 && i < 700);
    if (nulls[i] == 0) {
      values[chunk.value_count++] = (int64_t)i * 1000000;
    }
  }
  sp__parquet_pages(&chunk, &work, &pages);
  uint32_t size;
  memcpy(&size, work.data, 4);
  ck_assert_uint_eq(read_hybrid(work.data + 4, work.data + 4 + size, 1, levels, ROWS), ROWS);
  for (uint32_t i = 0; i < ROWS; i++) {
    ck_assert_uint_eq(levels[i], nulls[i] == 0);
  }
  ck_assert_uint_eq(pages.data_size, 4U + size + chunk.value_count * 4U);
  chunk.value_count = 0; /* all null: one run, no value, no range */
  sp__parquet_pages(&chunk, &work, &pages);
  ck_assert(!pages.has_range);
  ck_assert_uint_eq(pages.data_size, 4U + 3U);
  work_free(&work);
}
END_TEST

START_TEST(statistics_in_typed_order)
{
  int64_t values[3] = {5, -1, 7};
  struct sp__parquet_work work = work_of(16, 4096);
  struct sp__parquet_pages pages;
  struct sp__parquet_chunk chunk = {
      .type = SP_PARQUET_I64, .rows = 3, .value_count = 3, .values = values};
  int64_t bound;
  sp__parquet_pages(&chunk, &work, &pages);
  memcpy(&bound, pages.min, 8);
  ck_assert_int_eq(bound, -1);
  memcpy(&bound, pages.max, 8);
  ck_assert_int_eq(bound, 7);
  chunk.type = SP_PARQUET_U64; /* -1 is the greatest now */
  sp__parquet_pages(&chunk, &work, &pages);
  memcpy(&bound, pages.min, 8);
  ck_assert_int_eq(bound, 5);
  memcpy(&bound, pages.max, 8);
  ck_assert_int_eq(bound, -1);

  static const uint8_t heap[] = "ab\xc3\xa9"
                                "a"
                                "abc"; /* "ab", "é", "a", "abc" by unsigned bytes */
  static const uint32_t ends[] = {0, 2, 4, 5, 8};
  struct sp__parquet_chunk text = {
      .type = SP_PARQUET_TEXT, .rows = 4, .value_count = 4, .text_ends = ends, .heap = heap};
  sp__parquet_pages(&text, &work, &pages);
  ck_assert_uint_eq(pages.min_size, 1);
  ck_assert_mem_eq(pages.min, "a", 1);
  ck_assert_uint_eq(pages.max_size, 2);
  ck_assert_mem_eq(pages.max, "\xc3\xa9", 2);
  uint8_t large[SP_PARQUET_STATISTIC_MAX + 1];
  memset(large, 'x', sizeof large);
  const uint32_t large_ends[] = {0, sizeof large};
  text = (struct sp__parquet_chunk){
      .type = SP_PARQUET_TEXT, .rows = 1, .value_count = 1, .text_ends = large_ends, .heap = large};
  sp__parquet_pages(&text, &work, &pages);
  ck_assert(!pages.has_range);
  work_free(&work);
}
END_TEST

START_TEST(thrift_bytes)
{
  uint8_t bytes[64];
  struct sp__thrift out;
  sp__thrift_init(&out, bytes, sizeof bytes);
  sp__thrift_element_struct(&out);
  sp__thrift_int(&out, 1, SP__THRIFT_I32, -3);   /* 15 05 */
  sp__thrift_bool(&out, 3, true);                /* 21 */
  sp__thrift_int(&out, 30, SP__THRIFT_I64, 300); /* 06 3c d8 04 */
  sp__thrift_list(&out, 31, SP__THRIFT_I32, 15); /* 19 f5 0f */
  sp__thrift_binary(&out, 32, "hi", 2);          /* 18 02 68 69 */
  sp__thrift_end(&out);                          /* 00 */
  static const uint8_t expected[] = {0x15, 0x05, 0x21, 0x06, 0x3c, 0xd8, 0x04, 0x19,
                                     0xf5, 0x0f, 0x18, 0x02, 0x68, 0x69, 0x00};
  ck_assert_uint_eq(out.size, sizeof expected);
  ck_assert_mem_eq(bytes, expected, sizeof expected);
  sp__thrift_init(&out, bytes, 3);
  sp__thrift_element_struct(&out);
  sp__thrift_binary(&out, 1, "long", 4);
  ck_assert(out.full);
}
END_TEST

/* ---- whole files ---- */

struct target {
  FILE *file;
  uint64_t hash, size;
  int writes_left; /* -1: no limit */
};

static enum sp_status target_write(void *context, const void *bytes, size_t size)
{
  struct target *target = context;
  if (target->writes_left == 0) {
    return SP_IO;
  }
  target->writes_left -= target->writes_left > 0;
  const uint8_t *at = bytes;
  for (size_t i = 0; i < size; i++) {
    target->hash = (target->hash ^ at[i]) * 0x100000001B3U;
  }
  target->size += size;
  if (target->file != NULL && fwrite(bytes, 1, size, target->file) != size) {
    return SP_IO;
  }
  return SP_OK;
}

/* Every type once required and once nullable; the values are formulas that the reader repeats. */
static const struct sp_parquet_column columns[] = {
    {"row", SP_PARQUET_I64, false},          {"flag", SP_PARQUET_BOOL, false},
    {"flag_or_null", SP_PARQUET_BOOL, true}, {"small", SP_PARQUET_I32, false},
    {"small_or_null", SP_PARQUET_I32, true}, {"count", SP_PARQUET_U32, false},
    {"count_or_null", SP_PARQUET_U32, true}, {"big_or_null", SP_PARQUET_I64, true},
    {"bits", SP_PARQUET_U64, false},         {"bits_or_null", SP_PARQUET_U64, true},
    {"money", SP_PARQUET_MONEY, false},      {"money_or_null", SP_PARQUET_MONEY, true},
    {"at", SP_PARQUET_TIMESTAMP, false},     {"at_or_null", SP_PARQUET_TIMESTAMP, true},
    {"day", SP_PARQUET_DATE, false},         {"day_or_null", SP_PARQUET_DATE, true},
    {"id", SP_PARQUET_TEXT, false},          {"name_or_null", SP_PARQUET_TEXT, true},
    {"nothing", SP_PARQUET_TEXT, true},      {"nothing_i64", SP_PARQUET_I64, true},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int64_t value_of(uint32_t column, uint64_t row)
{
  int64_t i = (int64_t)row;
  bool nullable = columns[column].nullable;
  switch (columns[column].type) {
  case SP_PARQUET_BOOL:
    return i % 3 == 0;
  case SP_PARQUET_I32:
    return nullable ? (i % 2 == 0 ? INT32_MIN : INT32_MAX) : i % 100 - 50;
  case SP_PARQUET_U32:
    return nullable ? (i % 5 == 0 ? UINT32_MAX : i * 65537 % UINT32_MAX) : i % 1000;
  case SP_PARQUET_I64:
    return !nullable ? i : i % 2 == 0 ? INT64_MIN + i : INT64_MAX - i;
  case SP_PARQUET_U64:
    return nullable ? i * 1000000007 : -1 - i;
  case SP_PARQUET_MONEY:
    return nullable ? (i % 7) * 1000 - 3000 : i * 1234567 - 999999;
  case SP_PARQUET_TIMESTAMP:
    return 1764460800000 + i * 1001;
  case SP_PARQUET_DATE:
    return 20000 + i % 400;
  case SP_PARQUET_TEXT:
    break;
  }
  return 0;
}

static bool null_at(uint32_t column, uint64_t row)
{
  return columns[column].nullable &&
         (strncmp(columns[column].name, "nothing", 7) == 0 || (row * 7U + column) % 5U == 0);
}

static const char *const names[] = {"",     "移动集团",    "a",      "Zürich",
                                    "算盘", "line\nbreak", "quo\"te"};

static enum sp_status append_text(struct sp_parquet *writer, uint32_t column, uint64_t first,
                                  uint32_t n, const uint8_t *nulls)
{
  static char ids[SP_PARQUET_BATCH_MAX][32];
  static struct sp_parquet_text texts[SP_PARQUET_BATCH_MAX];
  for (uint32_t i = 0; i < n; i++) {
    uint64_t row = first + i;
    if (columns[column].nullable) {
      texts[i].bytes = names[row % (sizeof names / sizeof *names)];
    } else {
      (void)snprintf(ids[i], sizeof ids[i], "subscriber-%08" PRIu64, row);
      texts[i].bytes = ids[i];
    }
    texts[i].size = (uint32_t)strlen(texts[i].bytes);
  }
  return sp_parquet_append_text(writer, column, texts, columns[column].nullable ? nulls : NULL, n);
}

static enum sp_status write_rows(struct target *target, uint64_t rows, uint32_t batch,
                                 uint32_t sets)
{
  static int64_t values[SP_PARQUET_BATCH_MAX];
  static uint8_t nulls[SP_PARQUET_BATCH_MAX];
  struct sp_parquet_schema schema = {columns, COLUMNS, 3 * SP_PARQUET_BATCH_MAX, 0, sets};
  schema.group_count_max = sp_parquet_groups(rows, rows * 20U, schema.group_rows_max);
  struct sp_parquet_sink sink = {target_write, target};
  size_t size = (sp_parquet_memory_bytes(&schema) + 63U) & ~(size_t)63U;
  void *memory = aligned_alloc(64, size);
  SP_ASSERT(memory != NULL);
  struct sp_parquet *writer;
  struct sp_parquet_group *waiting = NULL;
  enum sp_status status = sp_parquet_open(&writer, memory, &schema, &sink);
  for (uint64_t first = 0; status == SP_OK && first < rows; first += batch) {
    uint32_t n = rows - first < batch ? (uint32_t)(rows - first) : batch;
    for (uint32_t c = 0; status == SP_OK && c < COLUMNS; c++) {
      for (uint32_t i = 0; i < n; i++) {
        values[i] = value_of(c, first + i);
        nulls[i] = null_at(c, first + i);
      }
      if (columns[c].type == SP_PARQUET_TEXT) {
        status = append_text(writer, c, first, n, nulls);
      } else {
        sp_parquet_append_i64(writer, c, values, columns[c].nullable ? nulls : NULL, n);
      }
    }
    struct sp_parquet_group *full = status == SP_OK ? sp_parquet_rows_end(writer) : NULL;
    if (sets == 1U && full != NULL) {
      status = sp_parquet_group_write(writer, full);
    } else if (full != NULL) { /* each one when the next is complete */
      status = waiting != NULL ? sp_parquet_group_write(writer, waiting) : SP_OK;
      waiting = full;
    }
  }
  uint64_t written = 0;
  uint64_t bytes = 0;
  if (status == SP_OK && waiting != NULL) {
    status = sp_parquet_group_write(writer, waiting);
  }
  if (status == SP_OK) {
    status = sp_parquet_close(writer, &written, &bytes);
  }
  if (status == SP_OK) {
    SP_ASSERT(written == rows);
    SP_ASSERT(bytes == target->size);
  }
  free(memory);
  return status;
}

START_TEST(same_rows_same_bytes)
{
  struct target first = {.writes_left = -1};
  struct target again = {.writes_left = -1};
  ck_assert_int_eq(write_rows(&first, 50000, 1024, 1), SP_OK);
  ck_assert_int_eq(write_rows(&again, 50000, 1024, 1), SP_OK);
  ck_assert_uint_eq(first.hash, again.hash);
  ck_assert_uint_eq(first.size, again.size);
  struct target two = {.writes_left = -1}; /* one group is written while the next is filled */
  ck_assert_int_eq(write_rows(&two, 50000, 1024, 2), SP_OK);
  ck_assert_uint_eq(first.hash, two.hash);
}
END_TEST

START_TEST(every_failing_write_is_reported)
{
  int writes = 1;
  enum sp_status status = SP_IO;
  for (; status == SP_IO && writes < 1000; writes++) {
    struct target target = {.writes_left = writes - 1};
    status = write_rows(&target, 100, 64, 1);
    ck_assert(status == SP_IO || status == SP_OK);
  }
  ck_assert_int_eq(status, SP_OK);
  ck_assert_int_gt(writes, COLUMNS);
}
END_TEST

START_TEST(limits_are_refused)
{
  struct target target = {.writes_left = -1};
  struct sp_parquet_sink sink = {target_write, &target};
  struct sp_parquet_column column = {"text", SP_PARQUET_TEXT, false};
  struct sp_parquet_schema schema = {&column, 1, SP_PARQUET_BATCH_MAX, 1, 1};
  size_t size = (sp_parquet_memory_bytes(&schema) + 63U) & ~(size_t)63U;
  void *memory = aligned_alloc(64, size);
  ck_assert_ptr_nonnull(memory);
  struct sp_parquet *writer;
  struct sp_parquet_schema bad = schema;
  bad.group_rows_max = SP_PARQUET_BATCH_MAX - 1U;
  ck_assert_int_eq(sp_parquet_open(&writer, memory, &bad, &sink), SP_LIMIT);
  bad = schema;
  bad.buffer_sets = 3;
  ck_assert_int_eq(sp_parquet_open(&writer, memory, &bad, &sink), SP_LIMIT);
  bad = schema;
  bad.column_count = 0;
  ck_assert_int_eq(sp_parquet_open(&writer, memory, &bad, &sink), SP_LIMIT);

  char *large = calloc(1, SP_PARQUET_BATCH_TEXT_MAX);
  ck_assert_ptr_nonnull(large);
  struct sp_parquet_text text = {large, SP_PARQUET_BATCH_TEXT_MAX};
  ck_assert_int_eq(sp_parquet_open(&writer, memory, &schema, &sink), SP_OK);
  ck_assert_int_eq(sp_parquet_append_text(writer, 0, &text, NULL, 1), SP_OK);
  ck_assert_int_eq(sp_parquet_append_text(writer, 0, &text, NULL, 1), SP_LIMIT);
  struct sp_parquet_group *full = sp_parquet_rows_end(writer); /* the text ends the group */
  ck_assert_ptr_nonnull(full);
  ck_assert_int_eq(sp_parquet_group_write(writer, full), SP_OK);
  ck_assert_int_eq(sp_parquet_append_text(writer, 0, &text, NULL, 1), SP_OK);
  full = sp_parquet_rows_end(writer);
  ck_assert_int_eq(sp_parquet_group_write(writer, full), SP_LIMIT); /* it was not announced */
  free(large);
  free(memory);
}
END_TEST

static int write_samples(const char *folder)
{
  static const struct {
    const char *name;
    uint64_t rows;
  } samples[] = {{"empty", 0}, {"one", 1}, {"many", 50000}};
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.parquet", folder, samples[i].name);
    struct target target = {.file = fopen(path, "wb"), .writes_left = -1};
    if (target.file == NULL || write_rows(&target, samples[i].rows, 1000, 2) != SP_OK ||
        fclose(target.file) != 0) {
      fprintf(stderr, "cannot write %s\n", path);
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "--write") == 0) {
    return write_samples(argv[2]);
  }
  TCase *tests = check_case();
  tcase_add_loop_test(tests, hybrid_reads_back, 1, 17);
  tcase_add_test(tests, dictionary_only_where_it_pays);
  tcase_add_test(tests, levels_of_nulls);
  tcase_add_test(tests, statistics_in_typed_order);
  tcase_add_test(tests, thrift_bytes);
  tcase_add_test(tests, same_rows_same_bytes);
  tcase_add_test(tests, every_failing_write_is_reported);
  tcase_add_test(tests, limits_are_refused);
  return check_run("parquet", tests);
}
