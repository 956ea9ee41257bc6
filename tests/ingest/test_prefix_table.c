/* The table of stretches says of every number what the two searches of the book say. */
#include "ingest/prefix_table.h"
#include "tests/rating/book_made.h"

#include <check.h>

enum { ROWS = 3000, ASKED = 20000, TEXT_BYTES = 1 << 18 };

static uint64_t state;

static uint32_t draw(uint32_t below)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((state >> 33) % below);
}

/* Few different digits, so that prefixes lie in each other. */
static size_t number_draw(char *text, uint32_t longest)
{
  size_t length = 1 + draw(longest);
  for (size_t i = 0; i < length; i++) {
    text[i] = "0123456789199"[draw(i < 3 ? 13 : 4)];
  }
  return length;
}

/* A table with a row for each of so many different prefixes. */
static void table_draw(struct made_book *made, const char *name, const char *head, uint32_t rows,
                       uint32_t longest)
{
  static char bytes[TEXT_BYTES];
  static uint64_t seen[ROWS];
  size_t at = (size_t)snprintf(bytes, sizeof(bytes), "%s\n", head);
  bool numbers = strcmp(name, "numbers.csv") == 0;
  for (uint32_t i = 0, count = 0; i < rows; i++) {
    char text[16];
    int length = (int)number_draw(text, longest);
    uint64_t digits = sp_number_pack(text, (size_t)length).digits;
    uint32_t k = 0;
    while (k < count && seen[k] != digits) {
      k++;
    }
    if (k < count) {
      continue;
    }
    seen[count++] = digits;
    at += numbers ? (size_t)snprintf(bytes + at, sizeof(bytes) - at, "%.*s,O%u,mobile,%u\n", length,
                                     text, draw(3), draw(5))
                  : (size_t)snprintf(bytes + at, sizeof(bytes) - at, "d%u,%.*s\n", draw(20), length,
                                     text);
  }
  made_add(made, name, bytes);
}

static void compare(const struct sp__prefix_table *table, const struct sp_book *book,
                    const struct sp__prefix_row *rows, uint64_t digits)
{
  size_t line = sp__prefix_table_begin(table, digits);
  line = sp__prefix_table_go(table, digits, line);
  struct sp__prefix_found found = sp__prefix_table_end(table, digits, line);
  ck_assert_uint_eq(found.prefix, sp_book_find_prefix(book, digits));
  ck_assert_uint_eq(found.dest_node, sp_book_find_dest_node(book, digits));
  ck_assert_mem_eq(found.row, rows + found.prefix, sizeof(*rows));
}

static void book_compare(uint32_t count, uint32_t longest)
{
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\np,base\n");
  made_add(made, "areas.csv", "area,name,province\n0,a,P\n1,b,P\n2,c,P\n3,d,P\n4,e,P\n");
  table_draw(made, "numbers.csv", "prefix,operator,kind,area", count, longest);
  table_draw(made, "destinations.csv", "destination,prefix", count, longest);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  const struct sp_book *book = &made->book;
  uint64_t prefixes = book->header->prefixes.count;
  struct sp__prefix_row *rows = calloc(prefixes + 1, sizeof(*rows));
  const struct sp_book_prefix *row = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  for (uint64_t i = 0; i < prefixes; i++) {
    rows[i + 1] = (struct sp__prefix_row){row[i].area.at, row[i].operator_id, row[i].kind};
  }
  struct sp__prefix_table table;
  ck_assert_int_eq(sp__prefix_table_make(&table, book, rows, &made->memory), SP_OK);
  ck_assert_uint_gt(table.levels, 0);
  const uint64_t *keys[2] = {SP_BOOK_TABLE(book, prefix_keys, uint64_t),
                             SP_BOOK_TABLE(book, dest_keys, uint64_t)};
  const uint64_t counts[2] = {prefixes, book->header->dest_keys.count};
  for (int k = 0; k < 2; k++) {
    for (uint64_t i = 0; i < counts[k]; i++) { /* where stretches begin and end */
      unsigned length = sp_number_length(keys[k][i]);
      uint64_t one = UINT64_C(1) << (64 - 4 * length);
      compare(&table, book, rows, keys[k][i]);
      compare(&table, book, rows, keys[k][i] - one);
      if ((keys[k][i] / one & 15) < 10) {
        compare(&table, book, rows, keys[k][i] + one);
      }
      compare(&table, book, rows, keys[k][i] | (one - 1) / 15 * 10); /* 999... behind it */
    }
  }
  for (uint32_t i = 0; i < ASKED; i++) {
    char text[16];
    size_t length = number_draw(text, 16);
    compare(&table, book, rows, sp_number_pack(text, length).digits);
  }
  compare(&table, book, rows, 0);
  free(rows);
  made_end(made);
}

START_TEST(test_compare)
{
  static const struct {
    uint32_t count, longest;
  } books[] = {{0, 1}, {1, 1}, {1, 15}, {5, 3}, {40, 8}, {700, 15}, {ROWS, 9}, {ROWS, 15}};
  for (size_t i = 0; i < sizeof(books) / sizeof(*books); i++) {
    state = i;
    book_compare(books[i].count, books[i].longest);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("prefix_table");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 0);
  tcase_add_test(all, test_compare);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
