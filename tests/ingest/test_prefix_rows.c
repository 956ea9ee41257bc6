/* Rows of a number plan that say the same are one, whatever room they grow to; so are areas. */
#include "ingest/resolve_area.h"
#include "tests/check_run.h"
#include "tests/rating/book_made.h"
#include "tests/refusing.h"

enum { ROWS = 3000, AREAS = 701, TEXT_BYTES = 1 << 17 };

static struct made_book *book_make(void)
{
  static char bytes[TEXT_BYTES];
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\np,base\n");
  size_t at = (size_t)snprintf(bytes, sizeof(bytes), "area,name,province\n");
  for (unsigned i = 0; i < AREAS; i++) {
    at += (size_t)snprintf(bytes + at, sizeof(bytes) - at, "%u,a,P\n", i);
  }
  made_add(made, "areas.csv", bytes);
  at = (size_t)snprintf(bytes, sizeof(bytes), "prefix,operator,kind,area\n");
  for (unsigned i = 0; i < ROWS; i++) { /* every third without area */
    const char *kind = i % 2 == 0 ? "mobile" : "fixed";
    at += i % 3 == 0
              ? (size_t)snprintf(bytes + at, sizeof(bytes) - at, "86%05u,O%u,%s,\n", i, i % 5, kind)
              : (size_t)snprintf(bytes + at, sizeof(bytes) - at, "86%05u,O%u,%s,%u\n", i, i % 5,
                                 kind, i % AREAS);
  }
  made_add(made, "numbers.csv", bytes);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  return made;
}

static bool row_equal(const struct sp__prefix_row *a, const struct sp__prefix_row *b)
{
  return a->area == b->area && a->operator_id == b->operator_id && a->kind == b->kind &&
         a->known == b->known;
}

static void rows_check(const struct sp__prefix_rows *rows, struct sp__areas *areas,
                       const struct sp_book *book)
{
  const struct sp_book_prefix *prefixes = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  static const struct sp__prefix_row none;
  ck_assert_uint_eq(rows->at[0], 0);
  ck_assert(row_equal(&rows->row[0], &none));
  for (uint64_t i = 0; i < book->header->prefixes.count; i++) {
    struct sp_book_name area = prefixes[i].area;
    struct sp__prefix_row row = {sp__area_find(areas, sp_book_text(book, area), area.length),
                                 prefixes[i].operator_id, prefixes[i].kind, true};
    ck_assert_int_eq(row.area == 0, area.length == 0);
    ck_assert_uint_lt(rows->at[i + 1], rows->count);
    ck_assert(row_equal(&rows->row[rows->at[i + 1]], &row));
  }
  uint32_t twice = 0;
  for (uint32_t i = 0; i < rows->count; i++) {
    for (uint32_t k = 0; k < i; k++) {
      twice += row_equal(&rows->row[i], &rows->row[k]);
    }
  }
  ck_assert_uint_eq(twice, 0);
}

START_TEST(test_rows)
{
  struct made_book *made = book_make();
  struct sp__areas *areas = calloc(1, sizeof(*areas));
  struct sp__prefix_rows rows;
  ck_assert_int_eq(sp__prefix_rows_make(&rows, areas, &made->book, &made->memory), SP_OK);
  rows_check(&rows, areas, &made->book);
  ck_assert_uint_gt(rows.count, 1000); /* room grew a few times */
  ck_assert_uint_lt(rows.count, ROWS);
  free(areas);
  made_end(made);
}
END_TEST

/* Wherever memory is refused that is said. Each piece is more than a chunk has left. */
START_TEST(test_refused)
{
  struct made_book *made = book_make();
  struct sp__areas *areas = calloc(1, sizeof(*areas));
  struct sp__prefix_rows rows;
  enum sp_status status = SP_NO_MEMORY;
  unsigned grows = 0;
  for (; status != SP_OK; grows++) {
    struct refusing refusing = {.left = grows};
    struct sp_memory memory = refusing_memory(&refusing);
    memset(areas, 0, sizeof(*areas));
    status = sp__prefix_rows_make(&rows, areas, &made->book, &memory);
    ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d", status);
    if (status == SP_OK) {
      rows_check(&rows, areas, &made->book);
    }
    sp_memory_free(&memory);
  }
  ck_assert_uint_gt(grows, 1);
  free(areas);
  made_end(made);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_rows);
  tcase_add_test(tests, test_refused);
  return check_run("prefix_rows", tests);
}
