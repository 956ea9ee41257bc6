/* Rated output as JSON. The writer is a pointer into the caller's buffer: one line per record,
 * millions of them. */
#include "rating/charge_json.h"

#include "rating/money.h"
#include "rating/text.h"

#include <string.h>

struct writer {
  char *at, *end;
  bool cut; /* something did not fit; nothing more is written */
};

static void put(struct writer *writer, const char *bytes, size_t length)
{
  if (SP_UNLIKELY((size_t)(writer->end - writer->at) < length)) {
    writer->cut = true;
    writer->end = writer->at;
    return;
  }
  memcpy(writer->at, bytes, length);
  writer->at += length;
}

#define PUT(writer, literal) put((writer), (literal), sizeof(literal) - 1)

static bool is_plain(unsigned char byte)
{
  return byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F;
}

/* A JSON string; bytes that are no UTF-8 become U+FFFD, so that every line is JSON. */
static void put_text(struct writer *writer, const char *text, size_t length)
{
  static const char hex[16] = "0123456789abcdef";
  const unsigned char *at = (const unsigned char *)text;
  PUT(writer, "\"");
  for (size_t i = 0; i < length;) {
    size_t run = 0;
    while (i + run < length && at[i + run] < 0x80 && is_plain(at[i + run])) {
      run++;
    }
    put(writer, text + i, run);
    i += run;
    if (i == length) {
      break;
    }
    if (at[i] >= 0x80) {
      size_t character = sp_text_utf8(at + i, length - i);
      if (character == 0) {
        PUT(writer, "\\ufffd");
        i++;
      } else {
        put(writer, text + i, character);
        i += character;
      }
    } else if (at[i] == '"' || at[i] == '\\') {
      char escaped[2] = {'\\', (char)at[i++]};
      put(writer, escaped, 2);
    } else {
      char escaped[6] = {'\\', 'u', '0', '0', hex[at[i] >> 4], hex[at[i] & 15]};
      put(writer, escaped, 6);
      i++;
    }
  }
  PUT(writer, "\"");
}

static void put_name(struct writer *writer, struct sp_name name)
{
  put_text(writer, name.text, name.length);
}

static void put_word(struct writer *writer, const char *word)
{
  put_text(writer, word, strlen(word));
}

static size_t digits_write(uint64_t value, char to[20])
{
  char reversed[20];
  size_t length = 0;
  do {
    reversed[length++] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  for (size_t i = 0; i < length; i++) {
    to[i] = reversed[length - 1 - i];
  }
  return length;
}

static void put_i64(struct writer *writer, int64_t value)
{
  char text[21];
  size_t length = 0;
  uint64_t size = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
  if (value < 0) {
    text[length++] = '-';
  }
  length += digits_write(size, text + length);
  put(writer, text, length);
}

size_t sp_charge_amount(int64_t micro, char to[32])
{
  size_t length = 0;
  uint64_t size = micro < 0 ? (uint64_t)0 - (uint64_t)micro : (uint64_t)micro;
  if (micro < 0) {
    to[length++] = '-';
  }
  length += digits_write(size / SP_MICRO, to + length);
  to[length++] = '.';
  for (unsigned rest = (unsigned)(size % SP_MICRO), unit = SP_MICRO / 10; unit > 0; unit /= 10) {
    to[length++] = (char)('0' + rest / unit % 10);
  }
  return length;
}

static void put_amount(struct writer *writer, int64_t micro)
{
  char text[34] = "\"";
  size_t length = 1 + sp_charge_amount(micro, text + 1);
  text[length++] = '"';
  put(writer, text, length);
}

static void two_digits(char *to, int64_t value)
{
  to[0] = (char)('0' + value / 10 % 10);
  to[1] = (char)('0' + value % 10);
}

#define YEAR_0_UTC_S INT64_C(-62167219200)
#define YEAR_10000_UTC_S INT64_C(253402300800)
#define SHOWN_OFFSET_MAX_S 86340 /* 23:59 */

/* Whether the year of the local second has four digits. */
static bool has_year(int64_t local_s)
{
  return local_s >= YEAR_0_UTC_S && local_s < YEAR_10000_UTC_S;
}

/* The zone's offset in what RFC 3339 can say: whole minutes (local mean times have seconds), and a
 * year of four digits, for which UTC or the farthest offset serves. The instant said is the same.
 */
static int32_t shown_offset(const struct sp_books *books, int64_t start_utc_s)
{
  int32_t offset_s = books->count > 0 ? sp_book_offset(books->book, start_utc_s) : 0;
  offset_s -= offset_s % 60;
  if (SP_LIKELY(has_year(start_utc_s + offset_s))) {
    return offset_s;
  }
  if (has_year(start_utc_s)) {
    return 0;
  }
  return start_utc_s < YEAR_0_UTC_S ? SHOWN_OFFSET_MAX_S : -SHOWN_OFFSET_MAX_S;
}

size_t sp_charge_start(const struct sp_books *books, int64_t start_utc_s,
                       char to[SP_CHARGE_START_BYTES])
{
  int32_t offset_s = shown_offset(books, start_utc_s);
  int64_t local_s = start_utc_s + offset_s;
  int64_t day = local_s / 86400 - (local_s % 86400 < 0), second = local_s - day * 86400;
  /* Days to a date of the proleptic Gregorian calendar, years from 1 March (era of 400 years). */
  int64_t shifted = day + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int64_t of_era = shifted - era * 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  int64_t march = (5 * of_year + 2) / 153, month = march < 10 ? march + 3 : march - 9;
  year += era * 400 + (month <= 2);
  int64_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
  two_digits(to, year / 100);
  two_digits(to + 2, year);
  two_digits(to + 5, month);
  two_digits(to + 8, of_year - (153 * march + 2) / 5 + 1);
  two_digits(to + 11, second / 3600);
  two_digits(to + 14, second / 60 % 60);
  two_digits(to + 17, second % 60);
  two_digits(to + 20, minutes / 60);
  two_digits(to + 23, minutes % 60);
  to[4] = to[7] = '-';
  to[10] = 'T';
  to[13] = to[16] = to[22] = ':';
  to[19] = offset_s < 0 ? '-' : '+';
  return 25;
}

int64_t sp_charge_quantity(const struct sp_usage *usage)
{
  switch (usage->service) {
  case SP_SERVICE_VOICE:
    return usage->duration_s;
  case SP_SERVICE_DATA:
    return usage->bytes;
  case SP_SERVICE_COUNT:
    return 0;
  default:
    return usage->items;
  }
}

bool sp_charge_has_start(const struct sp_usage *usage)
{
  return usage->reason != SP_REASON_BAD_LINE && usage->reason != SP_REASON_BAD_START &&
         usage->reason != SP_REASON_SERVICE_UNKNOWN;
}

const char *sp_charge_flag_word(unsigned index, uint8_t *flag)
{
  static const char *const words[] = {"capped", "corrected", "ip", "late", "pre_rated"};
  if (index >= sizeof(words) / sizeof(words[0])) {
    return NULL;
  }
  *flag = (uint8_t)(1u << index);
  return words[index];
}

static void put_flags(struct writer *writer, uint8_t flags)
{
  uint8_t flag;
  bool first = true;
  const char *word;
  PUT(writer, "[");
  for (unsigned i = 0; flags != 0 && (word = sp_charge_flag_word(i, &flag)) != NULL; i++) {
    if ((flags & flag) != 0) {
      put(writer, ",", first ? 0 : 1);
      put_word(writer, word);
      first = false;
    }
  }
  PUT(writer, "]");
}

static struct sp_name owner_name(const struct sp_directory *directory, uint32_t owner)
{
  return (owner & SP_OWNER_GROUP) != 0 ? sp_directory_group_name(directory, owner & ~SP_OWNER_GROUP)
                                       : sp_directory_subscriber_name(directory, owner);
}

static void put_owner(struct writer *writer, const struct sp_directory *directory, uint32_t owner)
{
  struct writer name = *writer;
  size_t prefix = (owner & SP_OWNER_GROUP) != 0 ? 6 : 11;
  PUT(writer, "\"");
  put(writer, prefix == 6 ? "group:" : "subscriber:", prefix);
  name = *writer;
  put_name(writer, owner_name(directory, owner));
  if (!writer->cut) { /* one string: the name's opening quote goes */
    memmove(name.at, name.at + 1, (size_t)(writer->at - name.at - 1));
    writer->at--;
  }
}

static void put_items(struct writer *writer, const struct sp_charge_view *view)
{
  const struct sp_charge *charge = view->charge;
  PUT(writer, ",\"items\":[");
  for (unsigned i = 0; i < charge->items_count; i++) {
    const struct sp_charge_item *item = charge->items + i;
    put(writer, ",", i > 0);
    PUT(writer, "{\"item\":");
    if (item->name == SP_NAME_PRE_RATED) {
      PUT(writer, "\"pre_rated\"");
    } else {
      put_text(writer, view->books->names[item->name].text, view->books->names[item->name].length);
    }
    PUT(writer, ",\"list\":");
    put_amount(writer, item->list_micro);
    PUT(writer, ",\"net\":");
    put_amount(writer, item->net_micro);
    PUT(writer, ",\"increments\":");
    put_i64(writer, item->increments);
    PUT(writer, "}");
  }
  PUT(writer, "]");
}

static void put_allowances(struct writer *writer, const struct sp_charge_view *view)
{
  PUT(writer, ",\"allowances\":[");
  for (unsigned i = 0; i < view->charge->allowances_count; i++) {
    const struct sp_charge_allowance *line = view->charge->allowances + i;
    const struct sp_set_name *name = view->books->names + line->name;
    put(writer, ",", i > 0);
    PUT(writer, "{\"allowance\":");
    put_text(writer, name->text, name->length);
    PUT(writer, ",\"owner\":");
    put_owner(writer, view->directory, line->owner);
    PUT(writer, ",\"used\":");
    put_i64(writer, line->used);
    PUT(writer, ",\"left\":");
    put_i64(writer, line->left);
    PUT(writer, "}");
  }
  PUT(writer, "]");
}

static void put_account(struct writer *writer, const struct sp_charge_view *view, uint32_t account)
{
  struct sp_name name = {"", 0};
  if (account != SP_NONE) {
    name = sp_directory_account_name(view->directory, account);
  }
  put_name(writer, name);
}

static void put_payers(struct writer *writer, const struct sp_charge_view *view)
{
  PUT(writer, ",\"payers\":[");
  for (unsigned i = 0; i < view->charge->payers_count; i++) {
    const struct sp_charge_payer *payer = view->charge->payers + i;
    put(writer, ",", i > 0);
    PUT(writer, "{\"account\":");
    put_account(writer, view, payer->account);
    PUT(writer, ",\"amount\":");
    put_amount(writer, payer->amount_micro);
    PUT(writer, "}");
  }
  PUT(writer, "]");
}

static void put_reason(struct writer *writer, const struct sp_charge_view *view)
{
  if (view->charge->outcome == SP_OUTCOME_CONFLICT) {
    put_name(writer, view->conflict);
  } else {
    put_word(writer, sp_reason_word(view->charge->reason));
  }
}

/* Who, when, what: known or "". */
static void put_record(struct writer *writer, const struct sp_charge_view *view)
{
  const struct sp_usage *usage = view->usage;
  struct sp_name none = {"", 0};
  const char *service = sp_service_word(usage->service);
  PUT(writer, ",\"subscriber\":");
  put_name(writer, usage->subscriber == SP_NONE
                       ? none
                       : sp_directory_subscriber_name(view->directory, usage->subscriber));
  PUT(writer, ",\"account\":");
  put_account(writer, view, usage->account);
  PUT(writer, ",\"group\":");
  put_name(writer,
           usage->group == SP_NONE ? none : sp_directory_group_name(view->directory, usage->group));
  PUT(writer, ",\"start\":\"");
  if (sp_charge_has_start(usage)) {
    char start[SP_CHARGE_START_BYTES];
    put(writer, start, sp_charge_start(view->books, usage->start_utc_s, start));
  }
  PUT(writer, "\",\"service\":");
  put_word(writer, service == NULL ? "" : service);
  PUT(writer, ",\"quantity\":");
  put_i64(writer, sp_charge_quantity(usage));
}

enum sp_status sp_charge_json(const struct sp_charge_view *view, char *to, size_t size,
                              size_t *length)
{
  struct writer writer = {to, to + size, false};
  const struct sp_charge *charge = view->charge;
  PUT(&writer, "{\"id\":");
  put_name(&writer, view->id);
  PUT(&writer, ",\"outcome\":");
  put_word(&writer, sp_outcome_word(charge->outcome));
  PUT(&writer, ",\"reason\":");
  put_reason(&writer, view);
  PUT(&writer, ",\"flags\":");
  put_flags(&writer, charge->flags);
  put_record(&writer, view);
  put_items(&writer, view);
  put_allowances(&writer, view);
  put_payers(&writer, view);
  PUT(&writer, ",\"list\":");
  put_amount(&writer, charge->list_micro);
  PUT(&writer, ",\"net\":");
  put_amount(&writer, charge->net_micro);
  PUT(&writer, ",\"book\":");
  struct sp_name name = {"", 0};
  if (charge->book < view->books->count) {
    const struct sp_book *book = view->books->book + charge->book;
    name = (struct sp_name){sp_book_text(book, book->header->name), book->header->name.length};
  }
  put_name(&writer, name);
  PUT(&writer, "}");
  *length = (size_t)(writer.at - to);
  return writer.cut ? SP_LIMIT : SP_OK;
}
