/* The tutorial's tables altered at random: read or refused with a message, never a crash, and what
 * is read prices calls. Each request for memory refused once. SEED=n for other alterations. */
#include "rating/cgrates.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/refusing.h"
#include "tools/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 16384, ROUNDS = 8000 };

static char original[SP_CGRATES_TABLES][FILE_BYTES_MAX], altered[SP_CGRATES_TABLES][FILE_BYTES_MAX];
static size_t lengths[SP_CGRATES_TABLES];
static uint64_t reported;

static void tables_load(void)
{
  const char *source = getenv("SUANPAN_SOURCE");
  draw_begin(20261130);
  for (int t = 0; t < SP_CGRATES_TABLES; t++) {
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/cgrates/tutorial/%s", source == NULL ? "." : source,
             sp_cgrates_table_name((enum sp_cgrates_table)t));
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    lengths[t] = fread(original[t], 1, FILE_BYTES_MAX, file);
    ck_assert_uint_lt(lengths[t], FILE_BYTES_MAX / 2);
    fclose(file);
  }
}

static void report(void *context, const struct sp_problem *problem)
{
  (void)context;
  ck_assert_uint_gt(strlen(problem->message), 0);
  reported++;
}

/* A cell, a character or a line becomes another. */
static size_t alter(char *text, size_t length)
{
  static const char *const cells[] = {
      "",         "*any",         "*free",    "*up",   "*middle",
      "x",        "-1",           "0",        "1",     "60s",
      "1h30m",    "1ns",          "0.5",      "1e9",   "9999999999999",
      "*asap",    "08:00:00",     "24:00:00", "1;2;7", "2014-01-14T00:00:00Z",
      "*monthly", "0.0000000001", "\"q\""};
  static const char signs[] = ",;:*-.0129smhu\n\"#\xFF ";
  uint32_t kind = draw(10);
  if (kind < 7) { /* one cell */
    size_t from = draw((uint32_t)length + 1);
    while (from > 0 && text[from - 1] != ',' && text[from - 1] != '\n') {
      from--;
    }
    size_t to = from;
    while (to < length && text[to] != ',' && text[to] != '\n') {
      to++;
    }
    const char *cell = cells[draw(sizeof(cells) / sizeof(cells[0]))];
    size_t size = strlen(cell);
    memmove(text + from + size, text + to, length - to);
    memcpy(text + from, cell, size);
    return from + size + length - to;
  }
  if (kind < 9 && length > 0) {
    text[draw((uint32_t)length)] = signs[draw(sizeof(signs) - 1)];
    return length;
  }
  return draw((uint32_t)length + 1); /* it ends early */
}

static struct sp_cgrates_text text_of(const char *text)
{
  return (struct sp_cgrates_text){text, (uint32_t)strlen(text)};
}

static void calls_price(const struct sp_cgrates *tariff)
{
  static const char *const subjects[] = {"1001", "1002", "*any", "x", "SPECIAL_1002"};
  static const char *const destinations[] = {"1001", "1002", "1003", "10", "+49", "", "2001"};
  for (int i = 0; i < 6; i++) {
    struct sp_cgrates_cost cost = {-1, -1};
    struct sp_cgrates_call call = {.tenant = text_of(draw(9) == 0 ? "x" : "cgrates.org"),
                                   .category = text_of(draw(9) == 0 ? "x" : "call"),
                                   .subject = text_of(subjects[draw(5)]),
                                   .destination = text_of(destinations[draw(7)]),
                                   .rating_plan = text_of(draw(6) == 0 ? "RP_RETAIL1" : ""),
                                   .answer_utc_ns = (int64_t)draw(1u << 30) * 3 * 1000000000,
                                   .usage_ns = draw(20) == 0 ? SP_CGRATES_NS_MAX
                                                             : (int64_t)draw(1u << 30) * draw(4000),
                                   .voice = draw(4) > 0,
                                   .goes_on = draw(4) == 0};
    enum sp_cgrates_answer answer = sp_cgrates_rate(tariff, &call, &cost);
    ck_assert(answer <= SP_CGRATES_OVERFLOW);
    ck_assert(answer != SP_CGRATES_COST || (cost.call >= 0 && cost.event >= 0));
  }
}

static enum sp_status tables_read(unsigned digits, struct sp_memory *memory,
                                  struct sp_cgrates **tariff)
{
  struct sp_cgrates_file files[SP_CGRATES_TABLES];
  struct sp_problems problems = {report, NULL, 0, 0};
  for (int t = 0; t < SP_CGRATES_TABLES; t++) {
    files[t] = (struct sp_cgrates_file){altered[t], lengths[t], false};
  }
  reported = 0;
  enum sp_status status = sp_cgrates_read(tariff, files, digits, memory, &problems);
  ck_assert((status == SP_BAD_BOOK) == (problems.errors > 0) || status == SP_NO_MEMORY);
  ck_assert_uint_eq(reported, problems.errors + problems.warnings);
  return status;
}

START_TEST(test_altered)
{
  size_t whole[SP_CGRATES_TABLES];
  unsigned good = 0, bad = 0;
  tables_load();
  memcpy(whole, lengths, sizeof(whole));
  for (int round = 0; round < ROUNDS; round++) {
    struct sp_memory memory;
    struct sp_cgrates *tariff;
    memcpy(lengths, whole, sizeof(whole));
    memcpy(altered, original, sizeof(original));
    for (uint32_t n = draw(3); n > 0; n--) {
      uint32_t table = draw(SP_CGRATES_TABLES);
      lengths[table] = alter(altered[table], lengths[table]);
    }
    sp_heap_init(&memory);
    enum sp_status status = tables_read(draw(10), &memory, &tariff);
    ck_assert(status == SP_OK || status == SP_BAD_BOOK);
    if (status == SP_OK) {
      calls_price(tariff);
      good++;
    } else {
      bad++;
    }
    sp_memory_free(&memory);
  }
  printf("%u read, %u refused\n", good, bad);
  ck_assert_uint_gt(good, ROUNDS / 10);
  ck_assert_uint_gt(bad, ROUNDS / 10);
}
END_TEST

START_TEST(test_no_memory)
{
  tables_load();
  enum sp_status status = SP_NO_MEMORY;
  for (long k = 0; status != SP_OK; k++) {
    struct sp_memory memory;
    struct sp_cgrates *tariff;
    memcpy(altered, original, sizeof(original));
    struct refusing refusing = {.left = k, .once = true};
    memory = refusing_memory(&refusing);
    status = tables_read(5, &memory, &tariff);
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    ck_assert_int_lt(k, 100);
    sp_memory_free(&memory);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_altered);
  tcase_add_test(tests, test_no_memory);
  return check_run("cgrates_tables", tests);
}
