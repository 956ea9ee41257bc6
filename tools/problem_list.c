#include "tools/problem_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json_text.h"

struct sp_kept_problem {
  const char *folder;
  char *file, *message; /* one allocation, at `file` */
  size_t number;        /* in order of appearance */
  uint32_t line, column, folder_rank;
  int file_rank; /* of book.md §2's order */
  bool warning;
};

/* The tables in the order of book.md §2. */
static int file_rank(const char *file)
{
  static const char *const files[] = {
      "book.yaml",      "areas.csv",     "numbers.csv",      "ported.csv", "cells.csv",
      "calendar.csv",   "bands.csv",     "destinations.csv", "plans.csv",  "rates.csv",
      "allowances.csv", "discounts.csv", "payers.csv"};
  int count = (int)(sizeof(files) / sizeof(files[0]));
  int rank = 0;
  while (rank < count && strcmp(files[rank], file) != 0) {
    rank++;
  }
  return rank;
}

static void report(void *context, const struct sp_problem *problem)
{
  struct sp_problem_list *list = context;
  if (list->count == list->room) {
    size_t room = list->room == 0 ? 64 : list->room * 2;
    struct sp_kept_problem *kept = realloc(list->kept, room * sizeof(*kept));
    if (kept == NULL) {
      list->lost++;
      return;
    }
    list->kept = kept;
    list->room = room;
  }
  size_t file = strlen(problem->file) + 1;
  size_t message = strlen(problem->message) + 1;
  char *texts = malloc(file + message);
  if (texts == NULL) {
    list->lost++;
    return;
  }
  memcpy(texts, problem->file, file);
  memcpy(texts + file, problem->message, message);
  struct sp_kept_problem *former = list->count == 0 ? NULL : &list->kept[list->count - 1];
  uint32_t rank = former == NULL ? 0 : former->folder_rank + (former->folder != list->folder);
  list->kept[list->count] = (struct sp_kept_problem){
      list->folder,    texts, texts + file,     list->count,     problem->line,
      problem->column, rank,  file_rank(texts), problem->warning};
  list->count++;
}

void sp_problem_list_init(struct sp_problem_list *list)
{
  memset(list, 0, sizeof(*list));
  list->problems.report = report;
  list->problems.context = list;
}

void sp_problem_list_free(struct sp_problem_list *list)
{
  for (size_t i = 0; i < list->count; i++) {
    free(list->kept[i].file);
  }
  free(list->kept);
  sp_problem_list_init(list);
}

static int before(const void *a, const void *b)
{
  const struct sp_kept_problem *x = a;
  const struct sp_kept_problem *y = b;
  if (x->folder_rank != y->folder_rank) {
    return x->folder_rank < y->folder_rank ? -1 : 1;
  }
  int ranks = x->file_rank - y->file_rank;
  int order = ranks != 0 ? ranks : strcmp(x->file, y->file);
  if (order != 0) {
    return order;
  }
  if (x->line != y->line) {
    return x->line < y->line ? -1 : 1;
  }
  if (x->column != y->column) {
    return x->column < y->column ? -1 : 1;
  }
  return x->number < y->number ? -1 : x->number > y->number;
}

static void list_sort(struct sp_problem_list *list)
{
  if (list->count > 0) {
    qsort(list->kept, list->count, sizeof(*list->kept), before);
  }
}

void sp_problem_list_print(struct sp_problem_list *list, FILE *to)
{
  list_sort(list);
  for (size_t i = 0; i < list->count; i++) {
    const struct sp_kept_problem *problem = &list->kept[i];
    char path[PATH_MAX]; /* files are anybody's, and what they are called */
    struct sp_text text = SP_TEXT_INIT(path);
    const char *folder = problem->folder == NULL ? "" : problem->folder;
    sp_text_add_shown(&text, folder, strlen(folder));
    sp_text_add(&text, problem->folder == NULL ? "" : "/");
    sp_text_add_shown(&text, problem->file, strlen(problem->file));
    fputs(path, to);
    if (problem->line > 0) {
      fprintf(to, ":%u", problem->line);
    }
    if (problem->column > 0) {
      fprintf(to, ":%u", problem->column);
    }
    fprintf(to, ": %s%s\n", problem->warning ? "warning: " : "", problem->message);
  }
  if (list->lost > 0) {
    fprintf(to, "suanpan: %zu more problems (no memory to keep them)\n", list->lost);
  }
}

static void json_part(const struct sp_problem_list *list, bool warnings, bool folders, FILE *to)
{
  const char *comma = "";
  for (size_t i = 0; i < list->count; i++) {
    const struct sp_kept_problem *problem = &list->kept[i];
    if (problem->warning != warnings) {
      continue;
    }
    char file[PATH_MAX];
    snprintf(file, sizeof(file), "%s%s%s",
             folders && problem->folder != NULL ? problem->folder : "",
             folders && problem->folder != NULL ? "/" : "", problem->file);
    fprintf(to, "%s{\"file\":", comma);
    sp_json_text(to, file, strlen(file));
    fprintf(to, ",\"line\":%u,\"column\":%u,\"message\":", problem->line, problem->column);
    sp_json_text(to, problem->message, strlen(problem->message));
    putc('}', to);
    comma = ",";
  }
}

void sp_problem_list_json(struct sp_problem_list *list, FILE *to, bool folders)
{
  list_sort(list);
  fprintf(to, "{\"problems\":[");
  json_part(list, false, folders, to);
  fprintf(to, "],\"warnings\":[");
  json_part(list, true, folders, to);
  fprintf(to, "]}\n");
}
