#include "rating/book_checks.h"

void sp__check_rules(struct sp__draft *draft)
{
  (void)draft;
}
