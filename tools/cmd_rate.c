/* suanpan rate: prices usage records from a file or stdin without a store. */
#include <string.h>

#include "tools/desk_input.h"
#include "tools/rate_cgrates.h"
#include "tools/rate_print.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan rate --book DIR [--book DIR2 ...] --customers DIR [--json|--csv|--table] FILE|-\n"
    "       suanpan rate --book DIR --cgrates FILE|-",
    "  suanpan rate --book book --customers customers usage.csv           a table for the eye\n"
    "  suanpan rate --book book --customers customers --json usage.csv    one object a line\n"
    "  producer | suanpan rate --book book --customers customers --csv -\n"
    "  suanpan rate --book book --cgrates calls.jsonl                     GetCost and EventCost of "
    "an import\n",
    "Prices usage records (canonical CSV or JSON lines, plain or zstd) in the order in which they "
    "come,\nfrom empty state: no store is read or written. Refused customer rows go to stderr and "
    "are left out.\n"
    "With --cgrates each line is "
    "{\"tenant\",\"category\",\"subject\",\"destination\",\"answer_time\","
    "\"usage_ns\"},\nby choice with tor (*voice; any other is priced as CGRateS does all but "
    "voice), "
    "loop_index, rating_plan.\n"
    "Exit status 0: every record has its outcome; 1: a line of --cgrates is no call; 3: the book "
    "has\nerrors, nothing was rated; 4: the customers, the records or the output cannot be read or "
    "written."};

static enum sp_status record_rate(struct sp_desk_visit *visit, const struct sp_desk_record *record)
{
  struct sp_desk *desk = visit->desk;
  const struct sp_cdr *cdr = record->cdr;
  SP_TRY(sp_desk_input_judge(visit, desk, record));
  struct sp_name id = {sp_cdr_text(cdr, SP_CDR_ID), (uint32_t)sp_cdr_text_length(cdr, SP_CDR_ID)};
  if (cdr->reason == SP_REASON_BAD_LINE) {
    id = (struct sp_name){"", 0};
  }
  const struct sp_charge_view view = {
      &desk->charge,   record->usage, id, {desk->conflict, (uint32_t)desk->conflict_length},
      desk->directory, &desk->books};
  enum sp_status status = sp_rate_print(visit->context, &view);
  return status == SP_IO ? SP_END : status; /* stdout takes no more: main says why */
}

struct asked {
  const char *path;
  enum sp_rate_format format;
};

static int input_rate(struct sp_desk *desk, const void *context)
{
  const struct asked *asked = context;
  const char *path = asked->path;
  struct sp_rate_printer printer;
  if (sp_rate_printer_open(&printer, asked->format, stdout) != SP_OK) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  struct sp_desk_visit visit = {
      .desk = desk, .path = path, .context = &printer, .record = record_rate};
  int code = sp_desk_input_visit(&visit);
  if (code == SP_EXIT_DONE && visit.total == 0) {
    fprintf(stderr, "suanpan: %s: holds no record\n", path);
    sp_rate_printer_head(&printer);
  }
  sp_rate_printer_close(&printer);
  return code;
}

int sp_cmd_rate(int argc, char **argv)
{
  bool json = false, csv = false, table = false;
  struct sp_option_list books = {{NULL}, 0}, paths = {{NULL}, 0};
  const char *customers = NULL, *calls = NULL;
  const struct sp_option options[] = {
      {"--book", SP_OPTION_LIST, &books, "DIR", "a tariff book, folder or compiled; several times"},
      {"--customers", SP_OPTION_TEXT, &customers, "DIR", "folder of the customer tables"},
      {"--cgrates", SP_OPTION_TEXT, &calls, "FILE", "calls as JSON lines, by a CGRateS import"},
      {"--json", SP_OPTION_FLAG, &json, NULL, "one JSON object a line"},
      {"--csv", SP_OPTION_FLAG, &csv, NULL, "CSV with a header"},
      {"--table", SP_OPTION_FLAG, &table, NULL, "a table for the eye (default)"}};
  int code =
      sp_options_read(&help, options, sizeof(options) / sizeof(options[0]), argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (calls != NULL) {
    if (books.count != 1 || customers != NULL || paths.count != 0 || json + csv + table > 0) {
      return sp_usage_error(&help, "--cgrates FILE goes with one --book and nothing else");
    }
    return sp_rate_cgrates(books.values[0], calls);
  }
  if (books.count == 0 || customers == NULL || paths.count != 1) {
    return sp_usage_error(&help, "--book, --customers and one FILE (or -) are needed");
  }
  if (json + csv + table > 1) {
    return sp_usage_error(&help, "only one of --json, --csv, --table");
  }
  const struct asked asked = {paths.values[0], json  ? SP_RATE_JSON
                                               : csv ? SP_RATE_CSV
                                                     : SP_RATE_TABLE};
  return sp_desk_use(&books, customers, input_rate, &asked);
}
