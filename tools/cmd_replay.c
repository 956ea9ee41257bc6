/* suanpan replay: recorded usage priced with another book. */
#include "tools/options.h"
#include "tools/replay.h"
#include "tools/replay_cycle.h"
#include "tools/verbs.h"

#define TOP_MAX 1000

static const struct sp_verb_help help = {
    "suanpan replay STORE --book OTHER [--cycle YYYY-MM] [--json]   |   suanpan replay --book "
    "OTHER --customers DIR "
    "[--charged-by BOOK] [--json] FILE|-",
    "  suanpan replay /var/lib/suanpan --book next-year\n"
    "  suanpan replay /var/lib/suanpan --book next-year --json --top 100\n"
    "  suanpan replay /var/lib/suanpan --book next-year --cycle 2026-03\n"
    "  suanpan replay --book next-year --charged-by book --customers customers usage.csv\n",
    "Prices recorded usage with another book and prints revenue by base plan, service and group, "
    "the "
    "difference\nto what was charged, and the subscribers and groups who win (pay less) and lose "
    "most. Changes nothing.\nOf a store every journal is read from its beginning, shard by shard "
    "in "
    "its own order, and priced from an\nempty state: balances, counters, caps and chains build up "
    "as they did then, by the other book. Records\nare resolved anew with the other book's "
    "numbers, "
    "areas and cells and the store's customers. What was a\nduplicate, in conflict, too old or "
    "nobody's then is not rated now. A record that starts before the other\nbook's valid_from is "
    "suspended (no_book). The store's own books, all of them, are taken as they were loaded, so "
    "the\ndifference is exactly zero. A service may run meanwhile: what its journals have on disk "
    "by then is priced.\nWith --cycle only records that start in that cycle are counted. What "
    "starts before it is "
    "priced by the store's own\nbooks, so that the cycle opens as it did; from its first instant "
    "on OTHER holds, even if its valid_from is later.\nOf a file all "
    "records are priced by both books, each from an empty state; without --charged-by there is\nno "
    "difference to tell. A plan that the other book has not is told; another currency is "
    "refused."};

int sp_cmd_replay(int argc, char **argv)
{
  struct sp_option_list books = {{NULL}, 0}, charged_by = {{NULL}, 0}, rest = {{NULL}, 0};
  struct sp_replay_asked asked = {&books, &charged_by, NULL, NULL, NULL, 0, 10, false};
  int64_t top = asked.top;
  const struct sp_option options[] = {
      {"--book", SP_OPTION_LIST, &books, "OTHER",
       "the other book, folder or compiled; several times"},
      {"--customers", SP_OPTION_TEXT, &asked.customers, "DIR",
       "of a file: folder of the customer tables"},
      {"--charged-by", SP_OPTION_LIST, &charged_by, "BOOK",
       "of a file: the book it was charged with"},
      {"--cycle", SP_OPTION_TEXT, &asked.cycle, "YYYY-MM",
       "of a store: only the cycle that begins in that month, from its opening state"},
      {"--top", SP_OPTION_NUMBER, &top, "N", "so many winners and losers (10)"},
      {"--json", SP_OPTION_FLAG, &asked.json, NULL, "one object"}};
  int code =
      sp_options_read(&help, options, sizeof(options) / sizeof(options[0]), argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (books.count == 0 || rest.count != 1) {
    return sp_usage_error(&help, "expected --book OTHER and one STORE (or FILE with --customers)");
  }
  if (asked.customers == NULL && charged_by.count > 0) {
    return sp_usage_error(&help, "--charged-by is for a file with --customers");
  }
  if (asked.cycle != NULL && asked.customers != NULL) {
    return sp_usage_error(&help, "--cycle is for a STORE");
  }
  if (asked.cycle != NULL && !sp_replay_cycle_read(&asked.cycle_number, asked.cycle)) {
    return sp_usage_error(&help, "--cycle %s: expected YYYY-MM, the month in which it begins",
                          asked.cycle);
  }
  if (top > TOP_MAX) {
    return sp_usage_error(&help, "--top: expected at most %d", TOP_MAX);
  }
  asked.top = (uint32_t)top;
  asked.path = rest.values[0];
  return asked.customers == NULL ? sp_replay_store(&asked) : sp_replay_file(&asked);
}
