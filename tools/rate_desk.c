#include "tools/rate_desk.h"

#include <string.h>

#include "ingest/resolve.h"
#include "tools/customers_folder.h"
#include "tools/heap.h"

static int64_t zone_from_local(const void *context, int64_t local_s)
{
  const struct sp_books *books = context;
  return sp_book_from_local(books->book, local_s);
}

static int failed(enum sp_status status)
{
  fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
  return SP_EXIT_ENVIRONMENT;
}

static int books_open(struct sp_desk *desk, const struct sp_option_list *paths)
{
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  enum sp_status status =
      sp_books_load(&desk->books, desk->loaded, paths->values, paths->count, &desk->memory, &list);
  if (list.problems.errors > 0) {
    sp_problem_list_print(&list, stderr);
    fprintf(stderr, "suanpan: %u %s in the book; no record was rated\n", list.problems.errors,
            list.problems.errors == 1 ? "error" : "errors");
  }
  sp_problem_list_free(&list);
  if (status == SP_OK) {
    desk->loaded_count = paths->count;
    return 0;
  }
  return status == SP_BAD_BOOK ? SP_EXIT_BOOK : failed(status);
}

static int customers_open(struct sp_desk *desk, const char *path)
{
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  enum sp_status status =
      sp_customers_load(&desk->directory, path, &desk->books, &desk->memory, &list.problems);
  sp_problem_list_print(&list, stderr);
  sp_problem_list_free(&list);
  if (status == SP_NOT_FOUND || status == SP_IO) {
    fprintf(stderr, "suanpan: %s: the customers cannot be read; no record was rated\n", path);
    return SP_EXIT_ENVIRONMENT;
  }
  return status == SP_OK ? 0 : failed(status);
}

static enum sp_status parts_make(struct sp_desk *desk)
{
  SP_TRY(sp_state_make(&desk->state, sp_directory_subscriber_count(desk->directory),
                       sp_directory_group_count(desk->directory), &desk->memory));
  SP_TRY(sp_rater_make(&desk->rater, desk->directory, desk->state, &desk->memory));
  SP_TRY(sp_rater_set_books(desk->rater, &desk->books));
  SP_TRY(sp_resolver_make(&desk->resolver, desk->directory, &desk->books, &desk->memory));
  return sp_marks_open(&desk->marks, &desk->memory, 0);
}

int sp_desk_open(struct sp_desk *desk, const struct sp_option_list *books, const char *customers)
{
  memset(desk, 0, sizeof(*desk));
  sp_heap_init(&desk->memory);
  int code = books_open(desk, books);
  code = code == 0 ? customers_open(desk, customers) : code;
  if (code != 0) {
    return code;
  }
  desk->zone = (struct sp_decode_zone){zone_from_local, &desk->books};
  enum sp_status status = parts_make(desk);
  return status == SP_OK ? 0 : failed(status);
}

void sp_desk_close(struct sp_desk *desk)
{
  if (desk->marks != NULL) {
    sp_marks_close(desk->marks);
  }
  sp_rater_free(desk->rater);
  sp_state_free(desk->state);
  sp_directory_free(desk->directory);
  for (size_t i = 0; i < desk->loaded_count; i++) {
    sp_book_unload(desk->loaded + i);
  }
  sp_memory_free(&desk->memory);
}

int sp_desk_use(const struct sp_option_list *books, const char *customers, sp_desk_work *work,
                const void *context)
{
  struct sp_desk *desk = sp_heap_take(sizeof(*desk));
  if (desk == NULL) {
    return failed(SP_NO_MEMORY);
  }
  int code = sp_desk_open(desk, books, customers);
  if (code == SP_EXIT_DONE) {
    code = work(desk, context);
  }
  sp_desk_close(desk);
  sp_heap_give(desk, sizeof(*desk));
  return code;
}

/* Which fields differ; none: a duplicate after all. */
static void conflict_find(struct sp_desk *desk, const struct sp_cdr *cdr,
                          const struct sp_cdr *stood)
{
  struct sp_numbers numbers, stood_numbers;
  sp_resolve_numbers(desk->resolver, cdr, &numbers);
  sp_resolve_numbers(desk->resolver, stood, &stood_numbers);
  uint32_t fields = sp_conflict_fields(stood, &stood_numbers, cdr, &numbers);
  desk->charge.conflict_fields = fields;
  desk->charge.outcome = fields == 0 ? SP_OUTCOME_DUPLICATE : SP_OUTCOME_CONFLICT;
  desk->charge.reason = fields == 0 ? 0 : SP_REASON_CONFLICT;
  struct sp_text text = SP_TEXT_INIT(desk->conflict);
  sp_conflict_reason(&text, fields);
  desk->conflict_length = text.length;
}

enum sp_status sp_desk_judge(struct sp_desk *desk, const struct sp_cdr *cdr,
                             const struct sp_usage *usage, uint64_t number, sp_desk_first *first,
                             void *context)
{
  struct sp_charge *charge = &desk->charge;
  desk->conflict_length = 0;
  if (usage->subscriber != SP_NONE) {
    SP_TRY(sp_rater_notice(desk->rater, usage));
    uint64_t stands = 0;
    enum sp_mark_seen seen =
        sp_marks_check(desk->marks, usage->key_hash, usage->payload_hash, SP_TIME_MIN, &stands);
    if (seen != SP_MARK_NEW) {
      sp_charge_clear(charge);
      charge->book = usage->book;
      charge->outcome = SP_OUTCOME_DUPLICATE;
      struct sp_cdr stood;
      if (seen == SP_MARK_CONFLICT && first(context, stands, &stood)) {
        conflict_find(desk, cdr, &stood);
      }
      return SP_OK;
    }
    SP_TRY(sp_marks_add(desk->marks, usage->key_hash, usage->payload_hash, usage->start_utc_s,
                        number));
  }
  return sp_rate(desk->rater, usage, charge, desk->trace);
}
