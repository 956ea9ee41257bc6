/* What cannot be read is told once, where it is: rules and names that it may have held are in
 * doubt, and nothing is reported for want of them. */
#include "rating/book_tables.h"

#include <string.h>

#define SP_DOUBT_SOME (SP_NONE - 1) /* in place of a plan: any one */

static void pair_put(struct sp__draft *draft, uint32_t plan, uint32_t item)
{
  (void)sp__keys_put(draft, &draft->doubt.rates, (uint64_t)plan << 32 | item, 0);
}

static bool pair_has(const struct sp__draft *draft, uint32_t plan, uint32_t item)
{
  return sp__keys_find(&draft->doubt.rates, (uint64_t)plan << 32 | item) != SP_NONE;
}

void sp__doubt_rate(struct sp__draft *draft, uint32_t plan, uint32_t item)
{
  draft->doubt.rates_all = draft->doubt.rates_all || (plan == SP_NONE && item == SP_NONE);
  pair_put(draft, plan, item);
  pair_put(draft, SP_DOUBT_SOME, item);
}

bool sp__doubt_of(const struct sp__draft *draft, uint32_t plan, uint32_t item)
{
  return draft->doubt.rates_all || pair_has(draft, plan, item) || pair_has(draft, plan, SP_NONE) ||
         pair_has(draft, SP_NONE, item);
}

bool sp__doubt_of_others(const struct sp__draft *draft, uint32_t item)
{
  return draft->plans.lost || pair_has(draft, SP_DOUBT_SOME, item) ||
         pair_has(draft, SP_DOUBT_SOME, SP_NONE);
}

void sp__doubt_table(struct sp__draft *draft, const char *file)
{
  const struct {
    const char *file;
    bool *lost;
  } tables[] = {{"areas.csv", &draft->areas.lost},        {"bands.csv", &draft->bands.lost},
                {"destinations.csv", &draft->dests.lost}, {"plans.csv", &draft->plans.lost},
                {"rates.csv", &draft->doubt.rates_all},   {"numbers.csv", &draft->doubt.numbers}};
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
    *tables[i].lost = *tables[i].lost || strcmp(file, tables[i].file) == 0;
  }
}
