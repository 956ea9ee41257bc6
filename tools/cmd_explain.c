/* suanpan explain: one record's whole way, station by station. */
#include <errno.h>
#include <string.h>

#include "tools/cmd_explain.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan explain --book DIR --customers DIR [--id ID|--all] [--json] FILE|-",
    "  suanpan explain --book book --customers customers usage.csv       the last record\n"
    "  suanpan explain --book book --customers customers --id c7 usage.csv\n"
    "  producer | suanpan explain --book book --customers customers --all --json -\n",
    "Prints one record's whole way, station by station as the waypoints in the code: raw bytes\nand position, fields, who and where and why, every rule that was looked at and why it "
    "lost, each\nstep of the price as a sum to redo on paper, what each allowance had and has, "
    "discounts pass by\npass, who pays what, and what changed in the profile. Records before it "
    "are rated first, from empty\nstate. Exit status 1: there is no such record."};

static int output_close(int code)
{
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "suanpan: the output cannot be written: %s\n", strerror(errno));
    return code == SP_EXIT_DONE ? SP_EXIT_ENVIRONMENT : code;
  }
  return code;
}

int sp_cmd_explain(int argc, char **argv)
{
  struct sp_explain_which which = {NULL, false, false};
  struct sp_option_list books = {{NULL}, 0}, rest = {{NULL}, 0};
  const char *customers = NULL;
  const struct sp_option options[] = {
      {"--book", SP_OPTION_LIST, &books, "DIR", "a tariff book, folder or compiled; several times"},
      {"--customers", SP_OPTION_TEXT, &customers, "DIR", "folder of the customer tables"},
      {"--id", SP_OPTION_TEXT, &which.id, "ID", "the records with this id (default: the last)"},
      {"--all", SP_OPTION_FLAG, &which.all, NULL, "every record of the file"},
      {"--json", SP_OPTION_FLAG, &which.json, NULL, "one JSON object a record, for tools"}};
  int code =
      sp_options_read(&help, options, sizeof(options) / sizeof(options[0]), argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (books.count == 0 || customers == NULL || rest.count != 1) {
    return sp_usage_error(&help, "--book, --customers and one FILE (or -) are needed");
  }
  if (which.all && which.id != NULL) {
    return sp_usage_error(&help, "only one of --id, --all");
  }
  return output_close(sp_explain_desk(&which, &books, customers, rest.values[0]));
}
