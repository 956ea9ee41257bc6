/* Check, and what each program of tests needs of it:
 *
 *   int main(void)
 *   {
 *     TCase *tests = check_case();
 *     tcase_add_test(tests, test_one);
 *     return check_run("noun", tests);
 *   }
 */
#ifndef SP_TESTS_CHECK_RUN_H
#define SP_TESTS_CHECK_RUN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* ck_assert tells the runner of every check by a system call; this one only of a wrong one. */
#define REQUIRE(condition)                                       \
  do {                                                           \
    if (!(condition)) {                                          \
      ck_abort_msg("%s:%d: %s", __FILE__, __LINE__, #condition); \
    }                                                            \
  } while (0)

/* The program's only case. Check's limit of time says nothing but how busy the machine is: none. */
static inline TCase *check_case(void)
{
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 0);
  return tests;
}

/* Runs it; what main returns. CK_FORK and CK_VERBOSITY are Check's own. */
static inline int check_run(const char *name, TCase *tests)
{
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  fflush(stdout); /* else each child says it again */
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
