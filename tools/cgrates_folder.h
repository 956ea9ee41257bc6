/* A CGRateS tariff plan from its folder, or from the folder `cgrates` of a book that was made by
 * `tariff import cgrates`. */
#ifndef SP_TOOLS_CGRATES_FOLDER_H
#define SP_TOOLS_CGRATES_FOLDER_H

#include "rating/cgrates.h"
#include "tools/problem_list.h"

#define SP_CGRATES_FOLDER "cgrates" /* within a book */

struct sp_cgrates_plan { /* all of it owned */
  struct sp_cgrates *tariff;
  struct sp_memory memory;
  struct sp_cgrates_file files[SP_CGRATES_TABLES];
};

/* Reads the tables of `path`; problems go to `list` with `path` as their folder (borrowed by the
 * list). BAD_BOOK: errors were reported; NO_MEMORY. To be closed even so. */
SP_MUST_CHECK enum sp_status sp_cgrates_plan_open(struct sp_cgrates_plan *plan, const char *path,
                                                  unsigned digits, struct sp_problem_list *list);
void sp_cgrates_plan_close(struct sp_cgrates_plan *plan);
/* The number behind `increment_digits:` in a book's book.yaml. BAD_BOOK: none; said on stderr. */
SP_MUST_CHECK enum sp_status sp_cgrates_book_digits(const char *book, unsigned *digits);

#endif
