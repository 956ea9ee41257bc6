/* What is wrong with a file, said once and clearly: file:line:column, what, and what was expected.
 */
#ifndef SP_RATING_PROBLEM_H
#define SP_RATING_PROBLEM_H

#include "rating/text.h"

#define SP_PROBLEM_BYTES_MAX 512

struct sp_problem {
  const char *file;    /* name as given by the caller */
  uint32_t line;       /* physical line from 1; 0 = the whole file */
  uint32_t column;     /* where the cell begins, from 1; 0 = the whole row */
  bool warning;        /* else an error */
  const char *message; /* borrowed during the call */
};

/* Where problems go, in the order in which they are found; the caller sorts or prints. */
struct sp_problems {
  void (*report)(void *context, const struct sp_problem *problem);
  void *context;
  uint32_t errors, warnings;
};

void sp_problem_error(struct sp_problems *problems, const char *file, uint32_t line,
                      uint32_t column, const char *message);
void sp_problem_warning(struct sp_problems *problems, const char *file, uint32_t line,
                        uint32_t column, const char *message);

#endif
