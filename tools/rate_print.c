#include "tools/rate_print.h"

#include "rating/text.h"

#include <stdlib.h>
#include <string.h>

#define CELL_BYTES 65536
#define BUFFER_BYTES (SP_CHARGE_JSON_BYTES_MAX + 1)

enum sp_status sp_rate_printer_open(struct sp_rate_printer *printer, enum sp_rate_format format,
                                    FILE *to)
{
  *printer = (struct sp_rate_printer){format, to, malloc(BUFFER_BYTES), false};
  return printer->buffer == NULL ? SP_NO_MEMORY : SP_OK;
}

void sp_rate_printer_head(struct sp_rate_printer *printer)
{
  if (printer->headed) {
    return;
  }
  printer->headed = true;
  if (printer->format == SP_RATE_CSV) {
    fputs(
        "id,outcome,reason,flags,subscriber,account,group,start,service,quantity,items,allowances,"
        "payers,list,net,book\n",
        printer->to);
  } else if (printer->format == SP_RATE_TABLE) {
    fprintf(printer->to, "%-12s %-10s %-12s %-25s %-7s %12s %14s %14s  %s\n", "id", "outcome",
            "subscriber", "start", "service", "quantity", "list", "net", "what");
  }
}

static enum sp_status json_print(const struct sp_rate_printer *printer,
                                 const struct sp_charge_view *view)
{
  size_t length;
  SP_TRY(sp_charge_json(view, printer->buffer, BUFFER_BYTES - 1, &length));
  printer->buffer[length++] = '\n';
  fwrite(printer->buffer, 1, length, printer->to);
  return SP_OK;
}

static void amount_add(struct sp_text *text, int64_t micro)
{
  char amount[32];
  sp_text_add_bytes(text, amount, sp_charge_amount(micro, amount));
}

static void set_name_add(struct sp_text *text, const struct sp_charge_view *view, uint32_t name)
{
  if (name == SP_NAME_PRE_RATED) {
    sp_text_add(text, "pre_rated");
  } else {
    sp_text_add_bytes(text, view->books->names[name].text, view->books->names[name].length);
  }
}

static struct sp_name account_name(const struct sp_charge_view *view, uint32_t account)
{
  struct sp_name none = {"", 0};
  return account == SP_NONE ? none : sp_directory_account_name(view->directory, account);
}

/* "base=0.400000 (2); ld=0.770000 (11)" */
static void items_text(struct sp_text *text, const struct sp_charge_view *view)
{
  for (unsigned i = 0; i < view->charge->items_count; i++) {
    const struct sp_charge_item *item = view->charge->items + i;
    sp_text_add(text, i > 0 ? "; " : "");
    set_name_add(text, view, item->name);
    sp_text_add(text, "=");
    amount_add(text, item->net_micro);
    sp_text_add(text, " of ");
    amount_add(text, item->list_micro);
    sp_text_add(text, " (");
    sp_text_add_i64(text, item->increments);
    sp_text_add(text, ")");
  }
}

/* "free of subscriber:S1: 120, 480 left" */
static void allowances_text(struct sp_text *text, const struct sp_charge_view *view)
{
  for (unsigned i = 0; i < view->charge->allowances_count; i++) {
    const struct sp_charge_allowance *line = view->charge->allowances + i;
    bool group = (line->owner & SP_OWNER_GROUP) != 0;
    struct sp_name owner =
        group ? sp_directory_group_name(view->directory, line->owner & ~SP_OWNER_GROUP)
              : sp_directory_subscriber_name(view->directory, line->owner);
    sp_text_add(text, i > 0 ? "; " : "");
    set_name_add(text, view, line->name);
    sp_text_add(text, group ? " of group:" : " of subscriber:");
    sp_text_add_bytes(text, owner.text, owner.length);
    sp_text_add(text, ": ");
    sp_text_add_i64(text, line->used);
    sp_text_add(text, ", ");
    sp_text_add_i64(text, line->left);
    sp_text_add(text, " left");
  }
}

static void payers_text(struct sp_text *text, const struct sp_charge_view *view)
{
  for (unsigned i = 0; i < view->charge->payers_count; i++) {
    struct sp_name name = account_name(view, view->charge->payers[i].account);
    sp_text_add(text, i > 0 ? "; " : "");
    sp_text_add_bytes(text, name.text, name.length);
    sp_text_add(text, "=");
    amount_add(text, view->charge->payers[i].amount_micro);
  }
}

static void flags_text(struct sp_text *text, const struct sp_charge_view *view)
{
  uint8_t flag;
  const char *word;
  for (unsigned i = 0; (word = sp_charge_flag_word(i, &flag)) != NULL; i++) {
    if ((view->charge->flags & flag) != 0) {
      sp_text_add(text, text->length > 0 ? ";" : "");
      sp_text_add(text, word);
    }
  }
}

static struct sp_name reason_of(const struct sp_charge_view *view)
{
  const char *word = sp_reason_word(view->charge->reason);
  struct sp_name name = {word, (uint32_t)strlen(word)};
  return view->charge->outcome == SP_OUTCOME_CONFLICT ? view->conflict : name;
}

static struct sp_name start_of(const struct sp_charge_view *view, char to[SP_CHARGE_START_BYTES])
{
  struct sp_name start = {to, 0};
  if (sp_charge_has_start(view->usage)) {
    start.length = (uint32_t)sp_charge_start(view->books, view->usage->start_utc_s, to);
  }
  return start;
}

/* A cell with quotes where it needs them (RFC 4180). */
static void cell_print(FILE *to, const char *text, size_t length, char end)
{
  bool quotes = false;
  for (size_t i = 0; i < length; i++) {
    quotes = quotes || strchr(",\"\r\n", text[i]) != NULL;
  }
  if (!quotes) {
    fwrite(text, 1, length, to);
  } else {
    fputc('"', to);
    for (size_t i = 0; i < length; i++) {
      fputs(text[i] == '"' ? "\"" : "", to);
      fputc(text[i], to);
    }
    fputc('"', to);
  }
  fputc(end, to);
}

static void text_print(FILE *to, struct sp_text *text, char end)
{
  cell_print(to, text->at, text->length, end);
  text->length = 0;
}

static void name_print(FILE *to, struct sp_name name, char end)
{
  cell_print(to, name.text, name.length, end);
}

static void csv_print(const struct sp_rate_printer *printer, const struct sp_charge_view *view)
{
  const struct sp_usage *usage = view->usage;
  const struct sp_name none = {"", 0};
  FILE *to = printer->to;
  char start[SP_CHARGE_START_BYTES];
  struct sp_text text = {printer->buffer, 0, CELL_BYTES, false};
  const char *service = sp_service_word(usage->service);
  name_print(to, view->id, ',');
  fprintf(to, "%s,", sp_outcome_word(view->charge->outcome));
  name_print(to, reason_of(view), ',');
  flags_text(&text, view);
  text_print(to, &text, ',');
  name_print(to,
             usage->subscriber == SP_NONE
                 ? none
                 : sp_directory_subscriber_name(view->directory, usage->subscriber),
             ',');
  name_print(to, account_name(view, usage->account), ',');
  name_print(
      to, usage->group == SP_NONE ? none : sp_directory_group_name(view->directory, usage->group),
      ',');
  name_print(to, start_of(view, start), ',');
  fprintf(to, "%s,%lld,", service == NULL ? "" : service, (long long)sp_charge_quantity(usage));
  items_text(&text, view);
  text_print(to, &text, ',');
  allowances_text(&text, view);
  text_print(to, &text, ',');
  payers_text(&text, view);
  text_print(to, &text, ',');
  amount_add(&text, view->charge->list_micro);
  text_print(to, &text, ',');
  amount_add(&text, view->charge->net_micro);
  text_print(to, &text, ',');
  struct sp_name book = none;
  if (view->charge->book < view->books->count) {
    const struct sp_book *of = view->books->book + view->charge->book;
    book = (struct sp_name){sp_book_text(of, of->header->name), of->header->name.length};
  }
  name_print(to, book, '\n');
}

static void table_print(const struct sp_rate_printer *printer, const struct sp_charge_view *view)
{
  const struct sp_usage *usage = view->usage;
  const char *service = sp_service_word(usage->service);
  struct sp_name subscriber = {"", 0}, reason = reason_of(view);
  char start[SP_CHARGE_START_BYTES], list[32], net[32];
  struct sp_text text = {printer->buffer, 0, CELL_BYTES, false};
  if (usage->subscriber != SP_NONE) {
    subscriber = sp_directory_subscriber_name(view->directory, usage->subscriber);
  }
  struct sp_name when = start_of(view, start);
  list[sp_charge_amount(view->charge->list_micro, list)] = '\0';
  net[sp_charge_amount(view->charge->net_micro, net)] = '\0';
  sp_text_add_bytes(&text, reason.text, reason.length);
  items_text(&text, view);
  if (view->charge->allowances_count > 0) {
    sp_text_add(&text, " | ");
    allowances_text(&text, view);
  }
  if (view->charge->payers_count > 0) {
    sp_text_add(&text, " | ");
    payers_text(&text, view);
  }
  struct sp_text flags = {printer->buffer + CELL_BYTES, 0, CELL_BYTES, false};
  struct sp_text id = {printer->buffer + 2 * CELL_BYTES, 0, CELL_BYTES, false};
  sp_text_add_shown(&id, view->id.text, view->id.length);
  flags_text(&flags, view);
  fprintf(printer->to, "%-12.*s %-10s %-12.*s %-25.*s %-7s %12lld %14s %14s  %.*s%s%.*s\n",
          (int)id.length, id.at, sp_outcome_word(view->charge->outcome), (int)subscriber.length,
          subscriber.text, (int)when.length, when.text, service == NULL ? "" : service,
          (long long)sp_charge_quantity(usage), list, net, (int)text.length, text.at,
          flags.length > 0 ? " | " : "", (int)flags.length, flags.at);
}

enum sp_status sp_rate_print(struct sp_rate_printer *printer, const struct sp_charge_view *view)
{
  bool failed = ferror(printer->to) != 0; /* one line later: what it leaves there tells why */
  sp_rate_printer_head(printer);
  if (printer->format == SP_RATE_JSON) {
    SP_TRY(json_print(printer, view));
  } else if (printer->format == SP_RATE_CSV) {
    csv_print(printer, view);
  } else {
    table_print(printer, view);
  }
  return failed ? SP_IO : SP_OK;
}

void sp_rate_printer_close(struct sp_rate_printer *printer)
{
  free(printer->buffer);
  printer->buffer = NULL;
}
