/* Managers and facts: what only analytics asks for. */
#include "rating/customers_load.h"
#include "rating/money.h"

enum {
  MANAGER,
  MANAGER_NAME,
  MANAGER_SECTION,
  MANAGER_REGION,
  MANAGER_ROLE,
  MANAGER_FROM,
  MANAGER_TO
};
static const char *const manager_columns[] = {"manager", "name", "section", "region",
                                              "role",    "from", "to"};

static bool manager_row(struct sp__load *load, struct sp_name *name, struct sp_manager *row,
                        enum sp_status *status)
{
  uint32_t *to[4] = {&row->title, &row->section, &row->region, &row->role};
  *row = (struct sp_manager){.row = load->table.row_line};
  if (!sp__load_name(load, MANAGER, name) ||
      !sp__load_interval(load, MANAGER_FROM, &row->from_utc_s, &row->to_utc_s)) {
    return false;
  }
  for (uint32_t i = 0; i < 4; i++) {
    struct sp_name text;
    if (!sp__load_text(load, MANAGER_NAME + i, &text)) {
      return false;
    }
    *status = sp__words_add(&load->directory->texts, text, to[i]);
    if (*status != SP_OK) {
      return false;
    }
  }
  return true;
}

/* Rows for all managers known by name: those only groups name have no dates and no texts. */
static enum sp_status managers_room(struct sp__load *load, uint32_t before)
{
  struct sp_directory *directory = load->directory;
  uint32_t count = directory->managers.names.count;
  SP_TRY(sp__array_room(&directory->manager_rows, load->memory,
                        ((size_t)count + 1) * sizeof(struct sp_manager)));
  struct sp_manager *rows = directory->manager_rows.at;
  for (uint32_t i = before; i < count; i++) {
    rows[i] = (struct sp_manager){.from_utc_s = SP_TIME_MIN, .to_utc_s = SP_TIME_MAX};
  }
  return SP_OK;
}

enum sp_status sp__load_managers(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  SP_TRY(managers_room(load, 0));
  if (!sp__load_open(load, SP_CUSTOMER_MANAGERS, manager_columns, 7)) {
    return SP_OK;
  }
  while (sp__load_next(load)) {
    struct sp_name name;
    struct sp_manager row;
    enum sp_status status = SP_OK;
    if (!manager_row(load, &name, &row, &status)) {
      SP_TRY(status);
      continue;
    }
    uint32_t manager, before = directory->managers.names.count;
    SP_TRY(sp__words_add(&directory->managers, name, &manager));
    SP_TRY(managers_room(load, before));
    struct sp_manager *to = (struct sp_manager *)directory->manager_rows.at + manager;
    if (to->row != 0) {
      sp__load_warn(load, MANAGER, "has an earlier row, which holds: this one changes nothing");
    } else {
      *to = row;
    }
  }
  return SP_OK;
}

enum { SUBJECT, KIND, VALUE, AT };
static const char *const fact_columns[] = {"subject", "kind", "value", "at"};

/* A decimal, perhaps negative, in micro-units; anything else counts 0 and stays a text. */
static int64_t value_read(struct sp_name value)
{
  int64_t micro;
  bool negative = value.length > 0 && *value.text == '-';
  if (!sp_money_parse(&micro, value.text + negative, value.length - negative, 6)) {
    return 0;
  }
  return negative ? -micro : micro;
}

static bool fact_row(struct sp__load *load, struct sp_fact *row, enum sp_status *status)
{
  struct sp_name kind, value;
  *row = (struct sp_fact){.row = load->table.row_line};
  row->subject = sp__load_subject(load, SUBJECT);
  if (row->subject == SP_NONE) {
    sp__load_refuse(load, SUBJECT, "is not there, expected subscriber:ID or group:ID");
    return false;
  }
  if (!sp__load_name(load, KIND, &kind) || !sp__load_text(load, VALUE, &value) ||
      !sp__load_time(load, AT, 0, SP_TIME_MIN, &row->at_utc_s)) {
    return false;
  }
  row->value_micro = value_read(value);
  *status = sp__words_add(&load->directory->texts, kind, &row->kind);
  if (*status == SP_OK) {
    *status = sp__words_add(&load->directory->texts, value, &row->value);
  }
  return *status == SP_OK;
}

static int fact_order(const void *a, const void *b, const void *context)
{
  (void)context;
  const struct sp_fact *one = a, *other = b;
  if (one->subject != other->subject) {
    return one->subject < other->subject ? -1 : 1;
  }
  if (one->at_utc_s != other->at_utc_s) {
    return one->at_utc_s < other->at_utc_s ? -1 : 1;
  }
  return (one->row > other->row) - (one->row < other->row);
}

enum sp_status sp__load_facts(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  if (!sp__load_open(load, SP_CUSTOMER_FACTS, fact_columns, 4)) {
    return SP_OK;
  }
  while (sp__load_next(load)) {
    struct sp_fact row;
    enum sp_status status = SP_OK;
    if (!fact_row(load, &row, &status)) {
      SP_TRY(status);
      continue;
    }
    SP_TRY(sp__array_room(&directory->facts, load->memory,
                          ((size_t)directory->facts_count + 1) * sizeof(row)));
    ((struct sp_fact *)directory->facts.at)[directory->facts_count++] = row;
  }
  sp__sort(directory->facts.at, directory->facts_count, sizeof(struct sp_fact), fact_order, NULL);
  return SP_OK;
}
