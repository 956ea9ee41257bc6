#include "rating/book_tables.h"

#define SP_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

const char *const sp__plan_kinds[4] = {"base", "add_on", "group", "family"};

enum {
  PLAN,
  KIND,
  NAME,
  MONTHLY_FEE,
  FEE_ITEM,
  PRORATION,
  MIN_SPEND,
  EXCLUSION,
  VALID_FROM,
  VALID_TO
};

static const char *const columns[] = {"plan",       "kind",      "name",      "monthly_fee",
                                      "fee_item",   "proration", "min_spend", "exclusion",
                                      "valid_from", "valid_to"};

/* The record of a plan by name id, made when the name is first met. */
static struct sp__plan *plan_at(struct sp__draft *draft, uint32_t plan)
{
  while (draft->plan_rows.count <= plan && draft->status == SP_OK) {
    struct sp__plan *row = sp__list_add(draft, &draft->plan_rows, sizeof(*row));
    *row = (struct sp__plan){.name = draft->plan_rows.count - 1, .kind = SP_PLAN_UNKNOWN};
  }
  return draft->status == SP_OK ? SP_LIST_AT(&draft->plan_rows, struct sp__plan, plan) : NULL;
}

uint8_t sp__plan_kind(const struct sp__draft *draft, uint32_t plan)
{
  return plan < draft->plan_rows.count ? SP_LIST_AT(&draft->plan_rows, struct sp__plan, plan)->kind
                                       : SP_PLAN_UNKNOWN;
}

void sp__read_plans(struct sp__draft *draft)
{
  static const char *const prorations[] = {"none", "by_day", "half", "first_free"};
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "plans.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__plan row = {.line = sp__book_reader_line(&reader)};
    uint32_t name = sp__book_reader_name(&reader, PLAN, &draft->plans, true);
    row.kind = sp__book_reader_word(&reader, KIND, sp__plan_kinds, SP_COUNT(sp__plan_kinds),
                                    SP_PLAN_UNKNOWN);
    if (sp__book_reader_blank(&reader, KIND)) {
      sp__book_reader_error(&reader, KIND, "is blank; expected base, add_on, group or family");
    }
    row.title = sp__book_reader_text(&reader, NAME, &draft->strings);
    row.monthly_fee_micro = sp__book_reader_money(&reader, MONTHLY_FEE, -1);
    row.min_spend_micro = sp__book_reader_money(&reader, MIN_SPEND, -1);
    row.from_utc_s = sp__book_reader_time(&reader, VALID_FROM, SP_TIME_MIN);
    row.to_utc_s = sp__book_reader_time(&reader, VALID_TO, SP_TIME_MAX);
    row.proration = sp__book_reader_word(&reader, PRORATION, prorations, SP_COUNT(prorations),
                                         SP_PRORATION_NONE);
    row.fee_item = sp__book_reader_name(&reader, FEE_ITEM, &draft->strings, false);
    row.exclusion = sp__book_reader_name(&reader, EXCLUSION, &draft->strings, false);
    if (row.from_utc_s >= row.to_utc_s) { /* never so by what stands for a wrong time */
      sp__book_reader_error(&reader, VALID_TO,
                            "the interval is empty; expected valid_from before valid_to");
    }
    struct sp__plan *plan = name == SP_NONE ? NULL : plan_at(draft, name);
    if (plan == NULL) {
      continue;
    }
    if (plan->line != 0) {
      char buffer[SP_DRAFT_TEXT_MAX];
      struct sp_text text = SP_TEXT_INIT(buffer);
      sp_text_add(&text, "is there twice: line ");
      sp_text_add_u64(&text, plan->line);
      sp_text_add(&text, " has it, too; expected one row");
      sp__book_reader_error(&reader, PLAN, buffer);
      continue;
    }
    row.name = plan->name;
    *plan = row; /* a row with an error, too: other tables are judged by its name and kind */
  }
}
