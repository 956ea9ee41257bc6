#include "rating/problem.h"

static void report(struct sp_problems *problems, const struct sp_problem *problem)
{
  SP_ASSERT(problems != NULL && problem->message != NULL);
  if (problem->warning) {
    problems->warnings++;
  } else {
    problems->errors++;
  }
  if (problems->report != NULL) {
    problems->report(problems->context, problem);
  }
}

void sp_problem_error(struct sp_problems *problems, const char *file, uint32_t line,
                      uint32_t column, const char *message)
{
  report(problems, &(struct sp_problem){file, line, column, false, message});
}

void sp_problem_warning(struct sp_problems *problems, const char *file, uint32_t line,
                        uint32_t column, const char *message)
{
  report(problems, &(struct sp_problem){file, line, column, true, message});
}
