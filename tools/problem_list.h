/* Problems of a book, kept while it is read, then printed in the order of files and lines. One
 * thread. */
#ifndef SP_TOOLS_PROBLEM_LIST_H
#define SP_TOOLS_PROBLEM_LIST_H

#include <stdio.h>

#include "rating/problem.h"

struct sp_problem_list {
  struct sp_problems problems; /* hand this to what reports */
  struct sp_kept_problem *kept;
  size_t count, room;
  const char *folder; /* of what is reported now; borrowed until the list is freed */
  size_t lost;        /* could not be kept: no memory */
};

void sp_problem_list_init(struct sp_problem_list *list);
void sp_problem_list_free(struct sp_problem_list *list);
/* Lines FOLDER/FILE:LINE:COLUMN: message; warnings say so. Sorted by folder, table, line and
 * column. */
void sp_problem_list_print(struct sp_problem_list *list, FILE *to);
/* {"problems":[{"file","line","column","message"}],"warnings":[...]}; the folder stands before the
 * file if `folders`. */
void sp_problem_list_json(struct sp_problem_list *list, FILE *to, bool folders);

#endif
