#include "tools/cmd_tariff.h"

#include <string.h>

#include "tools/book_load.h"
#include "tools/heap.h"
#include "tools/verbs.h"

static const struct sp_verb_help check_help = {
    "suanpan tariff check DIR... [--json]",
    "  suanpan tariff check book             every problem of a book, one a line\n"
    "  suanpan tariff check book book2       and whether the two go together\n",
    "Proves a tariff book: every problem with file, line, column and what was expected, in one "
    "run.\n"
    "Exit status 0: no error (warnings may be there); 3: errors."};

static int books_check(const struct sp_option_list *paths, struct sp_problem_list *list)
{
  static struct sp_books books;
  struct sp_loaded_book loaded[SP_BOOKS_MAX];
  struct sp_memory memory;
  sp_heap_init(&memory);
  enum sp_status status = sp_books_load(&books, loaded, paths->values, paths->count, &memory, list);
  for (size_t i = 0; status == SP_OK && i < paths->count; i++) {
    sp_book_unload(&loaded[i]);
  }
  sp_memory_free(&memory);
  if (status == SP_OK || status == SP_BAD_BOOK) {
    return status == SP_OK ? SP_EXIT_DONE : SP_EXIT_BOOK;
  }
  fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
  return status == SP_LIMIT ? SP_EXIT_BOOK : SP_EXIT_ENVIRONMENT;
}

static int tariff_check(int argc, char **argv)
{
  bool json = false;
  struct sp_option_list paths = {{NULL}, 0};
  const struct sp_option options[] = {
      {"--json", SP_OPTION_FLAG, &json, NULL, "problems and warnings as one JSON object"}};
  int code = sp_options_read(&check_help, options, 1, argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (paths.count == 0 || paths.count > SP_BOOKS_MAX) {
    return sp_usage_error(&check_help, "expected one to %d directories", SP_BOOKS_MAX);
  }
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  code = books_check(&paths, &list);
  if (json) {
    sp_problem_list_json(&list, stdout, paths.count > 1);
  } else {
    sp_problem_list_print(&list, stdout);
    fflush(stdout); /* the sum comes behind them, also through a pipe */
    fprintf(stderr, "suanpan: %u %s, %u %s\n", list.problems.errors,
            list.problems.errors == 1 ? "error" : "errors", list.problems.warnings,
            list.problems.warnings == 1 ? "warning" : "warnings");
  }
  sp_problem_list_free(&list);
  return code;
}

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} verbs[] = {
    {"check", tariff_check, "prove a book: every problem with file, line and column"},
    {"compile", sp_cmd_tariff_compile, "write a book as one file that is used as it lies"},
    {"show", sp_cmd_tariff_show, "plans as a person reads them: what costs how much when"},
    {"diff", sp_cmd_tariff_diff, "what changes from one book to another, and for whom"},
    {"import", sp_cmd_tariff_import, "make a book of a CGRateS tariff plan"},
};

static void usage_print(FILE *to)
{
  fprintf(to, "suanpan tariff VERB: tariff books (book.md)\n\nVerbs:\n");
  for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
    fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].help);
  }
}

int sp_cmd_tariff(int argc, char **argv)
{
  if (argc < 2) {
    usage_print(stderr);
    return SP_EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    usage_print(stdout);
    return SP_EXIT_DONE;
  }
  for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
    if (strcmp(argv[1], verbs[i].name) == 0) {
      return verbs[i].run(argc - 1, argv + 1);
    }
  }
  fprintf(stderr, "suanpan: tariff %s: no such verb; suanpan tariff --help lists them\n", argv[1]);
  return SP_EXIT_USAGE;
}
