/* Checks between rules (book.md §18.3, §18.4). Inside rating/ only. */
#ifndef SP_RATING_BOOK_CHECKS_H
#define SP_RATING_BOOK_CHECKS_H

#include "rating/book_rules.h"

void sp__check_rules(struct sp__draft *draft);

#endif
