/* Accounts and subscribers: the two tables that have a row for every customer. */
#include "rating/customers_load.h"
#include "rating/money.h"

#include <string.h>

enum { ACCOUNT, ACCOUNT_NAME, ACCOUNT_KIND, ACCOUNT_CREDIT, ACCOUNT_FROM, ACCOUNT_TO };
static const char *const account_columns[] = {"account", "name", "kind", "credit", "from", "to"};

static bool word_is(struct sp_name cell, const char *word)
{
  return cell.length == strlen(word) && memcmp(cell.text, word, cell.length) == 0;
}

static bool account_row(struct sp__load *load, struct sp_name *name, struct sp_name *title,
                        struct sp__account_class *class)
{
  *class = (struct sp__account_class){.credit_micro = -1};
  if (!sp__load_name(load, ACCOUNT, name) || !sp__load_text(load, ACCOUNT_NAME, title) ||
      !sp__load_interval(load, ACCOUNT_FROM, &class->from_utc_s, &class->to_utc_s)) {
    return false;
  }
  struct sp_name kind = sp__load_cell(load, ACCOUNT_KIND);
  class->kind = word_is(kind, "prepaid");
  if (class->kind == 0 && kind.length > 0 && !word_is(kind, "postpaid")) {
    sp__load_refuse(load, ACCOUNT_KIND, "is not known, expected postpaid or prepaid");
    return false;
  }
  struct sp_name credit = sp__load_cell(load, ACCOUNT_CREDIT);
  if (credit.length > 0 && !sp_money_parse(&class->credit_micro, credit.text, credit.length, 6)) {
    sp__load_refuse(
        load, ACCOUNT_CREDIT,
        "is not an amount, expected a decimal with at most 6 decimals up to 9223372036854.775807");
    return false;
  }
  return true;
}

static enum sp_status class_keep(struct sp__load *load, const struct sp__account_class *class,
                                 uint32_t *id)
{
  struct sp_directory *directory = load->directory;
  const struct sp__account_class *classes = directory->account_classes.at;
  uint64_t hash = sp_hash64(class, sizeof(*class), 0);
  struct sp__index_cursor cursor = sp__index_begin(&load->index, hash);
  while ((*id = sp__index_next(&load->index, hash, &cursor)) != SP_NONE) {
    if (memcmp(&classes[*id], class, sizeof(*class)) == 0) {
      return SP_OK;
    }
  }
  *id = directory->account_classes_count;
  SP_TRY(sp__array_room(&directory->account_classes, load->memory,
                        (size_t)(*id + 1) * sizeof(*class)));
  ((struct sp__account_class *)directory->account_classes.at)[*id] = *class;
  directory->account_classes_count++;
  sp__index_add(&load->index, hash, *id);
  return SP_OK;
}

static enum sp_status account_add(struct sp__load *load, struct sp_name name, struct sp_name title,
                                  const struct sp__account_class *class)
{
  struct sp_directory *directory = load->directory;
  uint32_t account, class_id, count = directory->accounts.names.count;
  if (count >= SP__ACCOUNTS_MAX) {
    return SP_LIMIT;
  }
  SP_TRY(sp__words_add(&directory->accounts, name, &account));
  if (account < count) {
    sp__load_warn(load, ACCOUNT, "has an earlier row, which holds: this one changes nothing");
    return SP_OK;
  }
  SP_TRY(class_keep(load, class, &class_id));
  ((uint32_t *)directory->account_class_of.at)[account] = class_id;
  return sp__names_add(&directory->account_titles, title.text, title.length);
}

enum sp_status sp__load_accounts(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  uint64_t rows = sp__load_rows_max(load, SP_CUSTOMER_ACCOUNTS);
  SP_TRY(sp__array_room(&directory->account_class_of, load->memory, rows * sizeof(uint32_t)));
  SP_TRY(sp__index_make(&directory->accounts.index, load->memory, rows));
  SP_TRY(sp__index_make(&load->index, load->memory, rows));
  if (sp__load_open(load, SP_CUSTOMER_ACCOUNTS, account_columns, 6)) {
    while (sp__load_next(load)) {
      struct sp_name name, title;
      struct sp__account_class class;
      if (account_row(load, &name, &title, &class)) {
        SP_TRY(account_add(load, name, title, &class));
      }
    }
  }
  sp__index_free(&load->index, load->memory);
  return SP_OK;
}

enum { SUBSCRIBER, NUMBER, OWN_ACCOUNT, HOME_AREA, FROM, TO };
static const char *const subscriber_columns[] = {"subscriber", "number", "account",
                                                 "home_area",  "from",   "to"};

static bool number_taken(struct sp__load *load, const struct sp__tenure *row)
{
  uint64_t hash = sp_hash_word(row->digits);
  struct sp__index_cursor cursor = sp__index_begin(&load->directory->numbers, hash);
  uint32_t ref;
  while ((ref = sp__index_next(&load->directory->numbers, hash, &cursor)) != SP_NONE) {
    const struct sp__tenure *other = sp__tenure_at(load->directory, ref);
    if (other->digits == row->digits && sp__tenure_from(other) < sp__tenure_to(row) &&
        sp__tenure_from(row) < sp__tenure_to(other)) {
      return true;
    }
  }
  return false;
}

/* Looks through a subscriber's earlier rows; `last` is where a further one is chained. */
static bool subscriber_taken(struct sp__load *load, uint32_t subscriber,
                             const struct sp__tenure *row, uint32_t *last)
{
  for (uint32_t ref = subscriber;;) {
    const struct sp__tenure *other = sp__tenure_at(load->directory, ref);
    if (sp__tenure_from(other) < sp__tenure_to(row) &&
        sp__tenure_from(row) < sp__tenure_to(other)) {
      return true;
    }
    *last = ref;
    if (other->next == 0) {
      return false;
    }
    ref = (other->next - 1) | SP__TENURE_LATER;
  }
}

static void span_set(struct sp__tenure *row, int64_t from_utc_s, int64_t to_utc_s)
{
  uint64_t from = sp__time_pack(from_utc_s), to = sp__time_pack(to_utc_s);
  row->from_low = (uint32_t)from;
  row->from_high = (uint8_t)(from >> 32);
  row->to_low = (uint32_t)to;
  row->to_high = (uint8_t)(to >> 32);
}

static enum sp_status area_keep(struct sp__load *load, struct sp__tenure *row, bool *fits)
{
  struct sp_name area = sp__load_cell(load, HOME_AREA);
  *fits = true;
  if (area.length > 0) {
    uint32_t id = sp__words_find(&load->directory->areas, area);
    *fits = id != SP_NONE || load->directory->areas.names.count < SP__AREAS_MAX;
    if (*fits) {
      SP_TRY(sp__words_add(&load->directory->areas, area, &id));
      row->home_area = (uint16_t)(id + 1);
    } else {
      sp__load_refuse(load, HOME_AREA, "is one too many, expected at most 65534 different areas");
    }
  }
  return SP_OK;
}

static bool subscriber_row(struct sp__load *load, struct sp_name *name, struct sp__tenure *row)
{
  struct sp_name area;
  int64_t from_utc_s, to_utc_s;
  *row = (struct sp__tenure){0};
  if (!sp__load_name(load, SUBSCRIBER, name) || !sp__load_number(load, NUMBER, &row->digits) ||
      !sp__load_text(load, HOME_AREA, &area) ||
      !sp__load_interval(load, FROM, &from_utc_s, &to_utc_s)) {
    return false;
  }
  span_set(row, from_utc_s, to_utc_s);
  row->account = sp__words_find(&load->directory->accounts, sp__load_cell(load, OWN_ACCOUNT));
  if (row->account == SP_NONE) {
    sp__load_refuse(load, OWN_ACCOUNT, "is not there, expected a row of accounts.csv");
    return false;
  }
  if (number_taken(load, row)) {
    sp__load_refuse(load, NUMBER, "belongs to an earlier row at one time");
    return false;
  }
  return true;
}

static enum sp_status later_add(struct sp__load *load, uint32_t subscriber, uint32_t last,
                                const struct sp__tenure *row)
{
  struct sp_directory *directory = load->directory;
  uint32_t index = directory->later_count;
  SP_TRY(sp__array_room(&directory->later, load->memory,
                        (size_t)(index + 1) * sizeof(struct sp__later)));
  struct sp__later *later = directory->later.at;
  later[index] = (struct sp__later){*row, subscriber, 0};
  directory->later_count++;
  struct sp__tenure *before = last & SP__TENURE_LATER
                                  ? &later[last & ~SP__TENURE_LATER].tenure
                                  : (struct sp__tenure *)directory->tenures.at + last;
  before->next = index + 1;
  sp__index_add(&directory->numbers, sp_hash_word(row->digits), index | SP__TENURE_LATER);
  return SP_OK;
}

static enum sp_status subscriber_add(struct sp__load *load, struct sp_name name,
                                     struct sp__tenure *row)
{
  struct sp_directory *directory = load->directory;
  uint32_t subscriber = sp__words_find(&directory->subscribers, name), last = SP_NONE;
  if (subscriber != SP_NONE && subscriber_taken(load, subscriber, row, &last)) {
    sp__load_refuse(load, SUBSCRIBER, "has an earlier row at one time");
    return SP_OK;
  }
  bool fits;
  SP_TRY(area_keep(load, row, &fits));
  if (!fits) {
    return SP_OK;
  }
  if (subscriber != SP_NONE) {
    return later_add(load, subscriber, last, row);
  }
  if (directory->subscribers.names.count >= SP__SUBSCRIBERS_MAX) {
    return SP_LIMIT;
  }
  SP_TRY(sp__words_add(&directory->subscribers, name, &subscriber));
  ((struct sp__tenure *)directory->tenures.at)[subscriber] = *row;
  sp__index_add(&directory->numbers, sp_hash_word(row->digits), subscriber);
  return SP_OK;
}

enum sp_status sp__load_subscribers(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  uint64_t rows = sp__load_rows_max(load, SP_CUSTOMER_SUBSCRIBERS);
  SP_TRY(sp__array_room(&directory->tenures, load->memory, rows * sizeof(struct sp__tenure)));
  SP_TRY(sp__array_room(&directory->lists, load->memory, (rows + 1) * sizeof(struct sp__lists)));
  SP_TRY(sp__index_make(&directory->subscribers.index, load->memory, rows));
  SP_TRY(sp__index_make(&directory->numbers, load->memory, rows));
  if (sp__load_open(load, SP_CUSTOMER_SUBSCRIBERS, subscriber_columns, 6)) {
    while (sp__load_next(load)) {
      struct sp_name name;
      struct sp__tenure row;
      if (subscriber_row(load, &name, &row)) {
        SP_TRY(subscriber_add(load, name, &row));
      }
    }
  }
  return SP_OK;
}
