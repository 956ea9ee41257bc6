/* Rules of a book in the making: rows of rates joined, sorted and with their prices. Inside rating/
 * only. */
#ifndef SP_RATING_BOOK_RULES_H
#define SP_RATING_BOOK_RULES_H

#include "rating/book_tables.h"

struct sp__rule *sp__rule_at(const struct sp__draft *draft, uint32_t rule);
/* Its first row, whose match, plan, item and priority are the rule's. */
const struct sp__rate *sp__rule_row(const struct sp__draft *draft, uint32_t rule);
/* Feature bits of the services that are counted in a unit (§8.2). */
uint64_t sp__unit_services(enum sp_unit unit);

#endif
