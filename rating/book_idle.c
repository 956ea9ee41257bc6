#include "rating/book_checks.h"

/* Warnings of rows of allowances, discounts and payers that can do nothing: what a person meant by
 * them is silently not done. Only of books without errors, as names may yet be mended. Discounts of
 * the bill take part in no record (§7.4). */

struct idlers {
  struct sp__checks *checks;
  struct sp__draft *draft;
  uint8_t *units; /* by item id: bit per unit that a plan counts it in */
};

static void warn(struct sp__draft *draft, const char *file, uint32_t line, const char *what)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "this row does nothing: ");
  sp_text_add(&text, what);
  sp_problem_warning(draft->problems, file, line, 1, buffer);
}

static bool match_never(const struct idlers *idlers, const char *file, uint32_t line,
                        const struct sp__match *match)
{
  if (sp__feasible_match(idlers->checks, match)) {
    return false;
  }
  warn(idlers->draft, file, line, "no record has such a roam, zone, net and dest together");
  return true;
}

static bool item_never(const struct idlers *idlers, const char *file, uint32_t line, uint32_t item)
{
  if (item == SP_NONE || idlers->units[item] != 0) {
    return false;
  }
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  const struct sp__term *name = sp__terms_at(&idlers->draft->items, item);
  sp_text_add(&text, "no row of rates.csv has item ");
  sp_text_add_bytes(&text, name->text, name->length);
  warn(idlers->draft, file, line, buffer);
  return true;
}

static void allowances_check(const struct idlers *idlers)
{
  const struct sp__draft *draft = idlers->draft;
  for (uint32_t i = 0; i < draft->allowances.count; i++) {
    const struct sp__allowance *row = SP_LIST_AT(&draft->allowances, struct sp__allowance, i);
    uint64_t counted = sp__unit_services((enum sp_unit)row->unit);
    if (!match_never(idlers, "allowances.csv", row->line, &row->match) &&
        (row->match.accepted & counted) == 0) {
      warn(idlers->draft, "allowances.csv", row->line,
           "its service is not counted in its unit: voice in s, data in s or B, "
           "the others by item");
    }
  }
}

static void discounts_check(const struct idlers *idlers)
{
  const struct sp__draft *draft = idlers->draft;
  for (uint32_t i = 0; i < draft->discounts.count; i++) {
    const struct sp__discount *row = SP_LIST_AT(&draft->discounts, struct sp__discount, i);
    if (row->bill || match_never(idlers, "discounts.csv", row->line, &row->match) ||
        item_never(idlers, "discounts.csv", row->line, row->item)) {
      continue;
    }
    if (row->kind == SP_DISCOUNT_BLOCK_CAP &&
        (idlers->units[row->item] >> row->threshold_unit & 1u) == 0) {
      sp_problem_warning(idlers->draft->problems, "discounts.csv", row->line, 1,
                         "the threshold is in another unit than its item is counted in: the blocks "
                         "are not what is meant");
    }
  }
}

static void payers_check(const struct idlers *idlers)
{
  const struct sp__draft *draft = idlers->draft;
  for (uint32_t i = 0; i < draft->payers.count; i++) {
    const struct sp__payer *row = SP_LIST_AT(&draft->payers, struct sp__payer, i);
    if (!match_never(idlers, "payers.csv", row->line, &row->match)) {
      (void)item_never(idlers, "payers.csv", row->line, row->item);
    }
  }
}

void sp__check_idle(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  struct idlers idlers = {checks, draft, NULL};
  idlers.units = sp__draft_take(draft, (size_t)draft->items.list.count + 1);
  if (draft->problems->errors > 0 || idlers.units == NULL) {
    return;
  }
  for (uint32_t i = 0; i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    idlers.units[item->item] = (uint8_t)(idlers.units[item->item] | 1u << item->unit);
  }
  allowances_check(&idlers);
  discounts_check(&idlers);
  payers_check(&idlers);
}
