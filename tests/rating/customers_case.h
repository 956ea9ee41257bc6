/* A book and customers from texts in a test: compiled and read as from files, problems kept as
 * lines. */
#ifndef SP_TESTS_CUSTOMERS_CASE_H
#define SP_TESTS_CUSTOMERS_CASE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/book_compile.h"
#include "rating/customers.h"
#include "tools/heap.h"

#define CASE_PROBLEM_BYTES 65536
#define CASE_BOOKS_MAX 4

struct case_file {
  const char *name, *text;
};

struct customers_case {
  struct sp_memory memory; /* of books */
  struct sp_memory directory_memory;
  struct sp_book book[CASE_BOOKS_MAX];
  struct sp_book_image images[CASE_BOOKS_MAX];
  struct sp_books books;
  uint32_t books_count;
  struct sp_directory *directory;
  struct sp_problems problems;
  char lines[CASE_PROBLEM_BYTES]; /* "file:line message" */
};

static inline void case_report(void *context, const struct sp_problem *problem)
{
  struct customers_case *own = context;
  size_t length = strlen(own->lines);
  snprintf(own->lines + length, sizeof(own->lines) - length, "%s%s:%u %s\n",
           problem->warning ? "warning " : "", problem->file, problem->line, problem->message);
}

static inline void case_begin(struct customers_case *own)
{
  memset(own, 0, sizeof(*own));
  sp_heap_init(&own->memory);
  sp_heap_init(&own->directory_memory);
  own->problems = (struct sp_problems){case_report, own, 0, 0};
}

static inline char *case_copy(const char *text)
{
  char *copy = malloc(strlen(text) + 1);
  ck_assert_ptr_nonnull(copy);
  return memcpy(copy, text, strlen(text) + 1);
}

/* The zone's rules as the compiler wants them. */
static inline char *case_zone(size_t *length)
{
  FILE *file = fopen("/usr/share/zoneinfo/Asia/Shanghai", "rb");
  ck_assert_msg(file != NULL, "the zone Asia/Shanghai is not installed (package tzdata)");
  char *bytes = malloc(65536);
  ck_assert_ptr_nonnull(bytes);
  *length = fread(bytes, 1, 65536, file);
  fclose(file);
  return bytes;
}

/* Compiles one more book from its files, `count` of them; it must have no errors. */
static inline void case_book(struct customers_case *own, const struct case_file *texts,
                             size_t count)
{
  struct sp_book_file files[16];
  ck_assert_uint_lt(count, 15);
  for (size_t i = 0; i < count; i++) {
    files[i] =
        (struct sp_book_file){texts[i].name, case_copy(texts[i].text), strlen(texts[i].text)};
  }
  files[count].name = SP_BOOK_ZONE_FILE;
  files[count].bytes = case_zone(&files[count].length);
  struct sp_book_files all = {files, count + 1};
  struct sp_memory memory;
  sp_heap_init(&memory);
  struct sp_book_image *image = &own->images[own->books_count];
  enum sp_status status = sp_book_compile(&all, &own->problems, &memory, image);
  ck_assert_msg(status == SP_OK, "%s: %s", sp_status_text(status), own->lines);
  status = sp_book_open(&own->book[own->books_count], image->bytes, image->length);
  ck_assert_msg(status == SP_OK, "%s", sp_status_text(status));
  own->books_count++;
  for (size_t i = 0; i <= count; i++) {
    free(files[i].bytes);
  }
  sp_memory_free(&memory);
}

/* Reads customers; table by file name, those that are not named are not there. */
static inline void case_customers(struct customers_case *own, const struct case_file *texts,
                                  size_t count)
{
  uint32_t clash;
  enum sp_status status =
      sp_books_make(&own->books, own->book, own->books_count, &own->memory, &clash);
  ck_assert_msg(status == SP_OK, "%s", sp_status_text(status));
  struct sp_customer_file files[SP_CUSTOMER_TABLES] = {0};
  for (size_t i = 0; i < count; i++) {
    int table = 0;
    while (strcmp(texts[i].name, sp_customer_table_name((enum sp_customer_table)table)) != 0) {
      ck_assert_int_lt(++table, SP_CUSTOMER_TABLES);
    }
    files[table].bytes = case_copy(texts[i].text);
    files[table].length = strlen(texts[i].text);
  }
  own->lines[0] = '\0';
  own->problems.errors = own->problems.warnings = 0;
  status = sp_customers_read(&own->directory, files, &own->books, &own->directory_memory,
                             &own->problems);
  ck_assert_msg(status == SP_OK, "%s", sp_status_text(status));
  for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
    free(files[i].bytes);
  }
}

static inline void case_end(struct customers_case *own)
{
  sp_directory_free(own->directory);
  sp_memory_free(&own->directory_memory);
  for (uint32_t i = 0; i < own->books_count; i++) {
    sp_memory_give_table(&own->memory, own->images[i].bytes, own->images[i].length);
  }
  sp_memory_free(&own->memory);
}

/* "2026-03-03T10:00:00" in Shanghai as UTC seconds. */
static inline int64_t case_time(const struct customers_case *own, const char *text)
{
  int year, month, day, hour = 0, minute = 0, second = 0;
  ck_assert_int_ge(sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second),
                   3);
  int64_t days = 365 * (int64_t)(year - 1970) + (year - 1969) / 4;
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  days += before[month - 1] + day - 1 + (month > 2 && year % 4 == 0);
  return sp_book_from_local(&own->books.book[0], days * 86400 + hour * 3600 + minute * 60 + second);
}

static inline uint32_t case_subscriber(const struct customers_case *own, const char *name)
{
  return sp_directory_find_subscriber(own->directory,
                                      (struct sp_name){name, (uint32_t)strlen(name)});
}

static inline uint32_t case_group(const struct customers_case *own, const char *name)
{
  return sp_directory_find_group(own->directory, (struct sp_name){name, (uint32_t)strlen(name)});
}

static inline bool case_is(struct sp_name name, const char *text)
{
  return name.length == strlen(text) &&
         (name.length == 0 || memcmp(name.text, text, name.length) == 0);
}

#endif
