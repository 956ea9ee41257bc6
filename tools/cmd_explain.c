/* suanpan explain: one record's whole way, station by station. */
#include "tools/cmd_explain.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan explain STORE ID [--json]   |   suanpan explain --book DIR --customers DIR "
    "[--id ID|--all] [--json] FILE|-",
    "  suanpan explain /var/lib/suanpan c7                               a record of a store\n"
    "  suanpan explain /var/lib/suanpan usage/day1.csv:4711              by stream, or the end of "
    "its path, and offset\n"
    "  suanpan explain --book book --customers customers usage.csv       the last record\n"
    "  suanpan explain --book book --customers customers --id c7 usage.csv\n"
    "  producer | suanpan explain --book book --customers customers --all --json -\n",
    "Prints one record's whole way, station by station as the waypoints in the code: raw bytes "
    "and\nposition, fields, who and where and why, every rule that was looked at and why it lost, "
    "each step of\nthe price as a sum to redo on paper, what each allowance had and has, discounts "
    "pass by pass, who\npays what, and what changed in the profile. Of a file records before it "
    "are "
    "rated first, from empty\nstate. Of a store its shard is played again to that moment, from the "
    "checkpoint if that is older, and\nthe charge is compared with the journaled one; all records "
    "with the id are told. Nothing is changed.\nExit status 1: no such record, or it comes out "
    "otherwise than it was journaled. A service may run meanwhile."};

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
  if (books.count == 0 && customers == NULL && rest.count == 2 && !which.all && which.id == NULL) {
    which.id = rest.values[1];
    return sp_explain_store(&which, rest.values[0]);
  }
  if (books.count == 0 || customers == NULL || rest.count != 1) {
    return sp_usage_error(&help,
                          "expected STORE and ID, or --book, --customers and one FILE (or -)");
  }
  if (which.all && which.id != NULL) {
    return sp_usage_error(&help, "only one of --id, --all");
  }
  return sp_explain_desk(&which, &books, customers, rest.values[0]);
}
