/* A prefix index with one entry wrong; dates before and west of where we are. */
#include "rating/book_prefix.h"
#include "rating/charge_json.h"
#include "tests/check_run.h"
#include "tests/rating/book_made.h"

enum { ENTRIES = SP_PREFIX_ROOT + 2 * SP_PREFIX_NODE, COUNT = 100 };

START_TEST(test_prefix)
{
  static uint32_t index[ENTRIES];
  const uint32_t node = SP_PREFIX_TAG_NODE << SP_PREFIX_TAG;
  const uint32_t bucket = SP_PREFIX_TAG_BUCKET << SP_PREFIX_TAG;
  ck_assert(sp__prefix_good(NULL, 0, SP_PREFIX_BUCKET));
  ck_assert(!sp__prefix_good(NULL, 0, SP_PREFIX_BUCKET + 1));
  ck_assert(!sp__prefix_good(index, SP_PREFIX_ROOT - 1, COUNT));
  ck_assert(!sp__prefix_good(index, SP_PREFIX_ROOT + 1, COUNT));
  ck_assert(sp__prefix_good(index, ENTRIES, COUNT));
  static const struct {
    uint32_t at, tag, value;
    bool good;
  } cases[] = {{5, 0, COUNT, true},
               {5, 0, COUNT + 1, false},
               {5, SP_PREFIX_TAG_NODE, 0, false},
               {5, SP_PREFIX_TAG_NODE, 2, true},
               {5, SP_PREFIX_TAG_NODE, 3, false},
               {SP_PREFIX_ROOT, SP_PREFIX_TAG_NODE, 1, false},
               {SP_PREFIX_ROOT, SP_PREFIX_TAG_NODE, 2, true},
               {SP_PREFIX_ROOT + SP_PREFIX_NODE, SP_PREFIX_TAG_NODE, 1, false},
               {5, SP_PREFIX_TAG_BUCKET, (COUNT - 3) << 5 | 3, true},
               {5, SP_PREFIX_TAG_BUCKET, (COUNT - 3) << 5 | 4, false},
               {5, 3, 0, false}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    index[cases[i].at] = cases[i].tag << SP_PREFIX_TAG | cases[i].value;
    ck_assert_msg(sp__prefix_good(index, ENTRIES, COUNT) == cases[i].good, "%zu", i);
    index[cases[i].at] = 0;
  }
  static const uint64_t keys[COUNT];
  static const uint32_t parents[COUNT];
  struct sp__prefix_view view = {ENTRIES, COUNT, index, keys, (const char *)parents, 4};
  index[11 * 11 * 11 + 11 * 11 + 11 + 1] = node | 1; /* 1111, then 11 11 11 11 11 11 */
  index[SP_PREFIX_ROOT + 12] = node | 2;
  index[SP_PREFIX_ROOT + SP_PREFIX_NODE + 12] = bucket | 0;
  ck_assert_uint_eq(sp__prefix_find(&view, UINT64_C(0x1111111111111111)), 0);
  ck_assert_uint_eq(sp__prefix_find(&view, UINT64_C(0x1111FF0000000000)), 0); /* no digits */
  ck_assert_uint_eq(sp__prefix_find(&view, UINT64_C(0xFFFF000000000000)), 0);
}
END_TEST

START_TEST(test_dates)
{
  static const struct {
    const char *zone;
    int64_t utc_s;
    const char *text;
  } cases[] = {{"America/New_York", 1780243200, "2026-05-31T12:00:00-04:00"},
               {"America/St_Johns", 1767225600, "2025-12-31T20:30:00-03:30"},
               {"Asia/Kathmandu", 1767225600, "2026-01-01T05:45:00+05:45"},
               {"UTC", -62135596800, "0001-01-01T00:00:00+00:00"},
               {"Asia/Shanghai", -3155702400, "1870-01-01T00:05:00+08:05"}, /* LMT +08:05:43 */
               {"UTC", -62167219201, "0000-01-01T23:58:59+23:59"}, /* a year has four digits */
               {"America/New_York", 253402318800, "9999-12-31T05:01:00-23:59"},
               {"Asia/Shanghai", 253402272000, "9999-12-31T16:00:00+00:00"},
               {"Asia/Shanghai", 253402271999, "9999-12-31T23:59:59+08:00"},
               {"America/New_York", -62167219200, "0000-01-01T00:00:00+00:00"},
               {"UTC", -62170000000, NULL}, /* beyond what a record can have: no crash */
               {"UTC", 253402300799, "9999-12-31T23:59:59+00:00"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct made_book *made = made_begin(cases[i].zone);
    made_add(made, "plans.csv", "plan,kind\np,base\n");
    ck_assert_int_eq(made_compile(made), SP_OK);
    static struct sp_books books;
    uint32_t clash;
    char text[SP_CHARGE_START_BYTES + 1];
    ck_assert_int_eq(sp_books_make(&books, &made->book, 1, &made->memory, &clash), SP_OK);
    text[sp_charge_start(&books, cases[i].utc_s, text)] = '\0';
    ck_assert_uint_eq(strlen(text), 25);
    if (cases[i].text != NULL) {
      ck_assert_str_eq(text, cases[i].text);
    }
    made_end(made);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_prefix);
  tcase_add_test(tests, test_dates);
  return check_run("book_index", tests);
}
