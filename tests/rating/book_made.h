/* A book from tables written in a test. Sizes of a test, not of a tariff. */
#ifndef SP_TESTS_BOOK_MADE_H
#define SP_TESTS_BOOK_MADE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/book_compile.h"
#include "rating/book_lookup.h"
#include "rating/number.h"

#define MADE_FILES_MAX 32
#define MADE_REPORT_BYTES 65536

struct made_book {
  struct sp_book_file file[MADE_FILES_MAX];
  size_t files;
  struct sp_memory memory;
  struct sp_problems problems;
  struct sp_book_image image;
  struct sp_book book;
  long grows_left;                /* how often memory may grow; below 0 = always */
  char report[MADE_REPORT_BYTES]; /* file:line[:w] of each problem, one a line */
  char last[SP_PROBLEM_BYTES_MAX];
};

static inline void *made_grow(void *context, size_t bytes)
{
  struct made_book *made = context;
  if (made->grows_left == 0) {
    return NULL;
  }
  made->grows_left -= made->grows_left > 0;
  void *at = aligned_alloc(64, (bytes + 63) / 64 * 64);
  return at == NULL ? NULL : memset(at, 0, bytes);
}

static inline void made_release(void *context, void *at, size_t bytes)
{
  (void)context;
  (void)bytes;
  free(at);
}

static inline void made_report(void *context, const struct sp_problem *problem)
{
  struct made_book *made = context;
  size_t at = strlen(made->report);
  snprintf(made->report + at, sizeof(made->report) - at, "%s:%u%s\n", problem->file, problem->line,
           problem->warning ? ":w" : "");
  snprintf(made->last, sizeof(made->last), "%s", problem->message);
}

static inline void made_text(struct made_book *made, const char *name, const char *text,
                             size_t length)
{
  char *bytes = malloc(length + 1);
  memcpy(bytes, text, length);
  bytes[length] = '\0';
  made->file[made->files++] = (struct sp_book_file){name, bytes, length};
}

static inline void made_add(struct made_book *made, const char *name, const char *text)
{
  made_text(made, name, text, strlen(text));
}

/* The rules of a zone from the system; false: it is not there. */
static inline bool made_zone(struct made_book *made, const char *zone)
{
  char path[256];
  char bytes[16384];
  snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return false;
  }
  size_t length = fread(bytes, 1, sizeof(bytes), file);
  fclose(file);
  made_text(made, SP_BOOK_ZONE_FILE, bytes, length);
  return true;
}

static inline struct made_book *made_begin(const char *zone)
{
  struct made_book *made = calloc(1, sizeof(*made));
  char yaml[256];
  made->grows_left = -1;
  made->memory = (struct sp_memory){.grow = made_grow, .release = made_release, .context = made};
  made->problems = (struct sp_problems){made_report, made, 0, 0};
  snprintf(yaml, sizeof(yaml), "name: made\ncurrency: CNY\ntimezone: %s\nhome_operator: CMCC\n",
           zone);
  made_add(made, "book.yaml", yaml);
  (void)made_zone(made, zone);
  return made;
}

static inline enum sp_status made_compile(struct made_book *made)
{
  struct sp_book_files files = {made->file, made->files};
  enum sp_status status = sp_book_compile(&files, &made->problems, &made->memory, &made->image);
  if (status == SP_OK) {
    status = sp_book_open(&made->book, made->image.bytes, made->image.length);
  }
  return status;
}

static inline void made_end(struct made_book *made)
{
  for (size_t i = 0; i < made->files; i++) {
    free(made->file[i].bytes);
  }
  sp_memory_free(&made->memory);
  free(made->image.bytes);
  free(made);
}

/* Asks an image that opens everything; answers only have to come. */
static inline void made_questions(const struct sp_book *book)
{
  static const char *const numbers[] = {
      "", "1", "8613800138000", "85261234567", "10086", "9999999999999999"};
  static const char *const texts[] = {"", "755", "46000", "day", "1001"};
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    uint64_t digits = sp_number_pack(numbers[i], strlen(numbers[i])).digits;
    sum += sp_book_find_prefix(book, digits) + sp_book_find_dest_node(book, digits);
    sum += sp_book_find_ported(book, digits, 1790000000) != NULL;
  }
  const struct sp_book_prefix *prefixes = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  for (uint64_t i = 0; i < book->header->prefixes.count; i++) {
    SP_ASSERT(prefixes[i].length == sp_number_length(prefixes[i].digits)); /* read by resolve */
  }
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    size_t length = strlen(texts[i]);
    sum += sp_book_find_province(book, texts[i], length) +
           sp_book_find_plan(book, texts[i], length) +
           sp_book_find_rating_group(book, texts[i], length) +
           sp_book_find_cell_area(book, texts[i], length, 1500).length;
  }
  for (int64_t utc_s = -4000000000; utc_s < 5000000000; utc_s += 123456789) {
    int64_t until_s;
    sum += sp_book_bands(book, utc_s, &until_s);
    SP_ASSERT(until_s > utc_s);
    sum += (uint64_t)sp_book_from_local(book, utc_s + sp_book_offset(book, utc_s));
    sum += (uint64_t)sp_book_cycle_start(book, sp_book_cycle(book, utc_s));
  }
  SP_ASSERT(sum != 1); /* is used */
}

#endif
