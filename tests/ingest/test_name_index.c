/* ingest/name_index.h: every name is found at its place, however many share a hash, and none that
 * is not there. */
#include "ingest/name_index.h"
#include "tests/check_run.h"

enum { NAMES = 5000, HASHES = 700 };

/* How often `place` is among those of a hash; *all: how many those are. */
static uint32_t times(const struct sp_name_index *index, uint32_t hash, uint32_t place,
                      uint32_t *all)
{
  uint32_t at = 0, found, count = 0;
  *all = 0;
  while ((found = sp_name_index_next(index, hash, &at)) != SP_NAME_NONE) {
    count += found == place;
    ++*all;
  }
  return count;
}

START_TEST(test_found)
{
  struct sp_name_index index = {NULL, 0, 0};
  uint32_t all;
  ck_assert_uint_eq(times(&index, 7, 0, &all), 0);
  for (uint32_t i = 0; i < NAMES; i++) {
    /* neighbours' hashes lie in each other's way, and some are at the end of the table */
    ck_assert_int_eq(sp_name_index_add(&index, UINT32_MAX - i % HASHES, i), SP_OK);
  }
  for (uint32_t i = 0; i < NAMES; i++) {
    ck_assert_uint_eq(times(&index, UINT32_MAX - i % HASHES, i, &all), 1);
    ck_assert_uint_eq(all, (NAMES - 1 - i % HASHES) / HASHES + 1);
  }
  ck_assert_uint_eq(times(&index, 5, 0, &all), 0);
  ck_assert_uint_eq(all, 0);
  sp_name_index_free(&index);
  ck_assert_uint_eq(times(&index, UINT32_MAX, 0, &all), 0);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_found);
  return check_run("name_index", tests);
}
