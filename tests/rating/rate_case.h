/* A book and customers written as text in a test or a bench, compiled and loaded, with an empty
 * state and a rater. Every failure ends the program with a line. */
#ifndef SP_TESTS_RATE_CASE_H
#define SP_TESTS_RATE_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/book_compile.h"
#include "rating/customers.h"
#include "rating/rate.h"
#include "tools/heap.h"

#define RATE_CASE_FILES_MAX 24

#define JUNE_UTC_S INT64_C(1780243200) /* 2026-06-01 00:00 in Shanghai */
#define DAY_S INT64_C(86400)
#define BOOK_YAML                                                    \
  {                                                                  \
    "book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n" \
  }

struct rate_case {
  struct sp_memory memory;
  struct sp_books books;
  struct sp_book_image image;
  struct sp_problems problems;
  struct sp_directory *directory;
  struct sp_state *state;
  struct sp_rater *rater;
};

struct rate_case_file { /* {NULL, NULL} ends a list */
  const char *name;
  const char *text;
};

static const struct rate_case_file one_customer[] = {
    {"accounts.csv", "account\nA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\n"},
    {NULL, NULL}};

static inline void rate_case_need(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "rate_case: %s\n", what);
    exit(EXIT_FAILURE);
  }
}

static inline void rate_case_report(void *context, const struct sp_problem *problem)
{
  (void)context;
  fprintf(stderr, "%s:%u:%u: %s\n", problem->file, problem->line, problem->column,
          problem->message);
}

static inline char *rate_case_zone(size_t *length)
{
  FILE *file = fopen("/usr/share/zoneinfo/Asia/Shanghai", "rb");
  rate_case_need(file != NULL, "no /usr/share/zoneinfo/Asia/Shanghai");
  char *bytes = malloc(65536);
  rate_case_need(bytes != NULL, "no memory");
  *length = fread(bytes, 1, 65536, file);
  fclose(file);
  return bytes;
}

static inline char *rate_case_copy(const char *text)
{
  char *copy = strdup(text);
  rate_case_need(copy != NULL, "no memory");
  return copy;
}

static inline void rate_case_book(struct rate_case *it, const struct rate_case_file *tables)
{
  struct sp_book_file file[RATE_CASE_FILES_MAX];
  size_t count = 0;
  file[count].name = SP_BOOK_ZONE_FILE;
  file[count].bytes = rate_case_zone(&file[count].length);
  count++;
  for (; tables->name != NULL; tables++) {
    rate_case_need(count < RATE_CASE_FILES_MAX, "too many files");
    file[count] =
        (struct sp_book_file){tables->name, rate_case_copy(tables->text), strlen(tables->text)};
    count++;
  }
  struct sp_book_files files = {file, count};
  enum sp_status status = sp_book_compile(&files, &it->problems, &it->memory, &it->image);
  rate_case_need(status == SP_OK, "the book has errors");
  struct sp_book book;
  uint32_t clash;
  rate_case_need(sp_book_open(&book, it->image.bytes, it->image.length) == SP_OK, "book_open");
  rate_case_need(sp_books_make(&it->books, &book, 1, &it->memory, &clash) == SP_OK, "books_make");
  for (size_t i = 0; i < count; i++) {
    free(file[i].bytes);
  }
}

/* `customers`: names as "accounts.csv"; each text stays the caller's and may be large. */
static inline void rate_case_customers(struct rate_case *it, const struct rate_case_file *customers)
{
  struct sp_customer_file files[SP_CUSTOMER_TABLES];
  memset(files, 0, sizeof(files));
  for (; customers->name != NULL; customers++) {
    for (int t = 0; t < SP_CUSTOMER_TABLES; t++) {
      if (strcmp(sp_customer_table_name((enum sp_customer_table)t), customers->name) == 0) {
        files[t].bytes = rate_case_copy(customers->text);
        files[t].length = strlen(customers->text);
      }
    }
  }
  enum sp_status status =
      sp_customers_read(&it->directory, files, &it->books, &it->memory, &it->problems);
  rate_case_need(status == SP_OK && it->problems.errors == 0, "customers refused");
  for (int t = 0; t < SP_CUSTOMER_TABLES; t++) {
    free(files[t].bytes);
  }
}

static inline void rate_case_make(struct rate_case *it)
{
  bool made = sp_state_make(&it->state, sp_directory_subscriber_count(it->directory),
                            sp_directory_group_count(it->directory), &it->memory) == SP_OK &&
              sp_rater_make(&it->rater, it->directory, it->state, &it->memory) == SP_OK &&
              sp_rater_set_books(it->rater, &it->books) == SP_OK;
  rate_case_need(made, "no memory");
}

static inline void rate_case_open(struct rate_case *it, const struct rate_case_file *book,
                                  const struct rate_case_file *customers)
{
  memset(it, 0, sizeof(*it));
  sp_heap_init(&it->memory);
  it->problems.report = rate_case_report;
  rate_case_book(it, book);
  rate_case_customers(it, customers);
  rate_case_make(it);
}

/* The same with a second book; `later` only owns its image: close both, `it` first. */
static inline void rate_case_open_two(struct rate_case *it, struct rate_case *later,
                                      const struct rate_case_file *book,
                                      const struct rate_case_file *later_book,
                                      const struct rate_case_file *customers)
{
  memset(it, 0, sizeof(*it));
  memset(later, 0, sizeof(*later));
  sp_heap_init(&it->memory);
  sp_heap_init(&later->memory);
  it->problems.report = later->problems.report = rate_case_report;
  rate_case_book(it, book);
  rate_case_book(later, later_book);
  struct sp_book both[2] = {it->books.book[0], later->books.book[0]};
  uint32_t clash;
  rate_case_need(sp_books_make(&it->books, both, 2, &it->memory, &clash) == SP_OK, "books");
  rate_case_customers(it, customers);
  rate_case_make(it);
}

static inline void rate_case_close(struct rate_case *it)
{
  sp_rater_free(it->rater);
  sp_state_free(it->state);
  sp_directory_free(it->directory);
  sp_memory_give_table(&it->memory, it->image.bytes, it->image.length);
  sp_memory_free(&it->memory);
}

/* A whole record of a subscriber with an empty payload; the caller sets what it needs. */
static inline struct sp_usage rate_case_usage(const struct rate_case *it, uint32_t subscriber,
                                              int64_t start_utc_s)
{
  struct sp_usage usage;
  memset(&usage, 0, sizeof(usage));
  usage.start_utc_s = start_utc_s;
  usage.subscriber = subscriber;
  usage.account = sp_directory_account_at(it->directory, subscriber, start_utc_s);
  usage.domain = sp_directory_domain_at(it->directory, subscriber, start_utc_s);
  usage.group = SP_NONE;
  usage.service = SP_SERVICE_VOICE;
  usage.direction = SP_DIRECTION_MO;
  usage.roam = SP_ROAM_HOME;
  usage.zone = SP_ZONE_LOCAL;
  usage.net = SP_NET_MOBILE;
  usage.flags = SP_USAGE_OTHER;
  usage.items = 1;
  return usage;
}

/* A call of the first subscriber. */
static inline struct sp_usage rate_case_call(const struct rate_case *it, int64_t start_utc_s,
                                             int64_t duration_s)
{
  struct sp_usage usage = rate_case_usage(it, 0, start_utc_s);
  usage.duration_s = duration_s;
  return usage;
}

/* One step of what is fetched ahead of one record, from 1. */
static inline void rate_case_ahead(const struct rate_case *it, const struct sp_usage *usage,
                                   int step)
{
  const struct sp_usage *ahead[SP_RATER_STEPS] = {NULL};
  ahead[step - 1] = usage;
  sp_rater_prefetch(it->rater, ahead, SP_RATER_STEPS);
}

/* Notices and rates. */
static inline void rate_case_rate(struct rate_case *it, const struct sp_usage *usage,
                                  struct sp_charge *charge)
{
  rate_case_need(sp_rater_notice(it->rater, usage) == SP_OK, "notice");
  rate_case_need(sp_rate(it->rater, usage, charge, NULL) == SP_OK, "rate");
}

static inline enum sp_status rate_case_entry_load(void *context, const struct sp_state_entry *entry)
{
  return sp_state_load(context, entry->key, entry->key_length, entry->value, entry->value_length);
}

/* The state goes entry by entry into a new one, with which the rater goes on. */
static inline void rate_case_reload(struct rate_case *it, uint32_t subscribers, uint32_t groups)
{
  struct sp_state *fresh;
  rate_case_need(sp_state_make(&fresh, subscribers, groups, &it->memory) == SP_OK, "no memory");
  rate_case_need(sp_state_visit_entries(it->state, true, rate_case_entry_load, fresh) == SP_OK,
                 "an entry of a state is not taken by another");
  sp_state_free(it->state);
  it->state = fresh;
  sp_rater_set_state(it->rater, fresh);
}

#endif
