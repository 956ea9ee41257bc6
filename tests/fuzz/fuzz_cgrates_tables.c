/* CGRateS tables and calls: whatever the bytes, every problem is told and a plan that stands
 * answers every call. An input is tables, each behind a line "== NAME"; lines behind "== calls" are
 * calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/cgrates.h"
#include "tools/heap.h"
#include "tools/rate_cgrates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(void *context, const struct sp_problem *problem)
{
  (void)context;
  SP_ASSERT(problem->file != NULL && problem->message[0] != '\0');
}

/* The end of the text before the next line "== ". */
static size_t section_end(const char *text, size_t at, size_t size)
{
  while (at < size && !(size - at >= 3 && memcmp(text + at, "== ", 3) == 0)) {
    const char *mark = memchr(text + at, '\n', size - at);
    at = mark == NULL ? size : (size_t)(mark - text) + 1;
  }
  return at;
}

static void sections_take(struct sp_cgrates_file files[SP_CGRATES_TABLES + 1], char *text,
                          size_t size)
{
  for (size_t at = section_end(text, 0, size); at < size;) {
    const char *mark = memchr(text + at, '\n', size - at);
    size_t name_end = mark == NULL ? size : (size_t)(mark - text);
    size_t from = mark == NULL ? size : name_end + 1, end = section_end(text, from, size);
    for (int i = 0; i <= SP_CGRATES_TABLES; i++) {
      const char *name =
          i == SP_CGRATES_TABLES ? "calls" : sp_cgrates_table_name((enum sp_cgrates_table)i);
      if (strlen(name) == name_end - at - 3 && memcmp(text + at + 3, name, strlen(name)) == 0) {
        files[i] = (struct sp_cgrates_file){text + from, end - from, false};
      }
    }
    at = end;
  }
}

static void call_rate(const struct sp_cgrates *tariff, const struct sp_cgrates_call *call)
{
  struct sp_cgrates_cost cost, again;
  char buffer[64];
  struct sp_text text = SP_TEXT_INIT(buffer);
  enum sp_cgrates_answer answer = sp_cgrates_rate(tariff, call, &cost);
  SP_ASSERT(sp_cgrates_rate(tariff, call, &again) == answer);
  SP_ASSERT(cost.call == again.call && cost.event == again.event);
  SP_ASSERT(cost.call >= 0 && cost.event >= 0);
  sp_cgrates_amount_add(&text, cost.call);
  SP_ASSERT(!text.cut);
}

static void calls_rate(const struct sp_cgrates *tariff, struct sp_cgrates_file calls)
{
  char *texts = malloc(calls.length + 1);
  SP_ASSERT(texts != NULL);
  for (size_t at = 0; at < calls.length;) {
    const char *mark = memchr(calls.bytes + at, '\n', calls.length - at);
    size_t end = mark == NULL ? calls.length : (size_t)(mark - calls.bytes);
    struct sp_cgrates_line line = {.texts = texts};
    sp_cgrates_line_read(&line, calls.bytes + at, end - at);
    if (line.wrong == NULL && tariff != NULL) {
      call_rate(tariff, &line.call);
    }
    at = end + 1;
  }
  free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sp_cgrates_file files[SP_CGRATES_TABLES + 1] = {{NULL, 0, false}};
  struct sp_problems problems = {quiet, NULL, 0, 0};
  struct sp_memory memory;
  struct sp_cgrates *tariff = NULL;
  char *text = malloc(size + 1);
  SP_ASSERT(text != NULL);
  memcpy(text, data, size);
  sp_heap_init(&memory);
  sections_take(files, text, size);
  unsigned digits = (unsigned)(size % (SP_CGRATES_DIGITS_MAX + 1));
  enum sp_status status = sp_cgrates_read(&tariff, files, digits, &memory, &problems);
  SP_ASSERT(status == SP_OK || (status == SP_BAD_BOOK && problems.errors > 0));
  calls_rate(status == SP_OK ? tariff : NULL, files[SP_CGRATES_TABLES]);
  sp_memory_free(&memory);
  free(text);
  return 0;
}
