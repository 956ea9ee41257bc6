/* The table of a large book says of every number what the two searches of the book say. */
#include "ingest/prefix_table.h"
#include "tests/rating/book_made.h"

#include <check.h>
#include <inttypes.h>

enum { ROWS = 3000, DENSE = 20000, ASKED = 20000, TEXT_BYTES = 1 << 20 };

static uint64_t state;

static uint32_t draw(uint32_t below)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((state >> 33) % below);
}

/* Few different digits, so that prefixes lie in each other; with nines, behind which the next digit
 * is one of the digit before. */
static const char *digits_deep; /* of the fourth digit and those behind */

static size_t number_draw(char *text, uint32_t longest)
{
  size_t length = 1 + draw(longest);
  for (size_t i = 0; i < length; i++) {
    text[i] = i < 3 ? "0123456789199"[draw(13)] : digits_deep[draw(4)];
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

struct tried { /* how often an answer came by which links */
  unsigned fan[SP__PREFIX_FAN_MAX + 1], few, more, nodes[SP_NUMBER_DIGITS_MAX + 1];
};

static struct tried tried;

static void links_note(const struct sp__prefix_table *table, uint64_t digits)
{
  uint32_t link = table->words[digits >> table->root_shift];
  unsigned nodes = 1;
  tried.fan[(64 - table->root_shift) / 4]++;
  for (; (link & 3) == 0; link = *sp__prefix_at(table, link, digits), nodes++) {
    tried.fan[(64 - (link >> 6 & 63)) / 4]++;
  }
  tried.few += (link & 3) == SP__PREFIX_FEW;
  tried.more += (link & 3) == SP__PREFIX_MORE;
  tried.nodes[nodes]++;
}

static void compare(const struct sp__prefix_table *table, const struct sp_book *book,
                    const struct sp__prefix_row *rows, uint64_t digits)
{
  uint32_t begun = sp__prefix_begin(table, digits);
  uint32_t link = begun == 0 ? 0 : sp__prefix_go(table, begun, digits);
  uint32_t prefix = sp_book_find_prefix(book, digits);
  const struct sp__prefix_answer *answer = sp__prefix_end(table, link);
  if (link == 0 || answer->row.known != (prefix != 0) ||
      answer->dest_node != sp_book_find_dest_node(book, digits) ||
      answer->row.area != rows[prefix].area ||
      answer->row.operator_id != rows[prefix].operator_id ||
      answer->row.kind != rows[prefix].kind) {
    ck_abort_msg("%016" PRIx64 ": row %u, node %u", digits, prefix, answer->dest_node);
  }
  links_note(table, digits);
}

/* Rows that differ in any one of what they say, one of them in nothing from that of no row. */
static struct sp__prefix_row *rows_make(const struct sp_book *book)
{
  uint64_t count = book->header->prefixes.count;
  struct sp__prefix_row *rows = calloc(count + 1, sizeof(*rows));
  for (uint64_t i = 1; i <= count; i++) {
    rows[i] = (struct sp__prefix_row){draw(2), draw(2), (uint8_t)draw(2), .known = true};
  }
  return rows;
}

/* Where prefixes begin and end, and within them. */
static void keys_compare(const struct sp__prefix_table *table, const struct sp_book *book,
                         const struct sp__prefix_row *rows, const uint64_t *keys, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    unsigned length = sp_number_length(keys[i]);
    uint64_t one = UINT64_C(1) << (64 - 4 * length), nines = (one - 1) / 15 * 10;
    compare(table, book, rows, keys[i]);
    if ((keys[i] / one & 15) > 1) {
      compare(table, book, rows, keys[i] - one);
      compare(table, book, rows, (keys[i] - one) | nines);
    }
    if ((keys[i] / one & 15) < 10) {
      compare(table, book, rows, keys[i] + one);
    }
    compare(table, book, rows, keys[i] | nines);
    for (int k = 0; k < 3; k++) { /* more digits behind */
      char text[16];
      uint64_t more = sp_number_pack(text, number_draw(text, 16)).digits;
      compare(table, book, rows, keys[i] | (length < 16 ? more >> 4 * length : 0));
    }
    compare(table, book, rows, sp_number_head(keys[i], length - 1));
  }
}

static void book_compare(struct made_book *made)
{
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  const struct sp_book *book = &made->book;
  struct sp__prefix_row *rows = rows_make(book);
  struct sp__prefix_table table;
  ck_assert_int_eq(sp__prefix_table_make(&table, book, rows, SP__PREFIX_WORDS_MAX, &made->memory),
                   SP_OK);
  ck_assert_ptr_nonnull(table.words);
  ck_assert_uint_eq((uintptr_t)table.words % 64, 0);
  keys_compare(&table, book, rows, SP_BOOK_TABLE(book, prefix_keys, uint64_t),
               book->header->prefix_keys.count);
  keys_compare(&table, book, rows, SP_BOOK_TABLE(book, dest_keys, uint64_t),
               book->header->dest_keys.count);
  for (uint32_t i = 0; i < ASKED; i++) {
    char text[16];
    size_t length = number_draw(text, 16);
    compare(&table, book, rows, sp_number_pack(text, length).digits);
  }
  compare(&table, book, rows, 0);
  free(rows);
  made_end(made);
}

static struct made_book *book_begin(void)
{
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\np,base\n");
  made_add(made, "areas.csv", "area,name,province\n0,a,P\n1,b,P\n2,c,P\n3,d,P\n4,e,P\n");
  return made;
}

static struct made_book *book_draw(uint32_t count, uint32_t longest)
{
  struct made_book *made = book_begin();
  table_draw(made, "numbers.csv", "prefix,operator,kind,area", count, longest);
  table_draw(made, "destinations.csv", "destination,prefix", count, longest);
  return made;
}

START_TEST(test_compare)
{
  static const struct {
    uint32_t count, longest;
  } books[] = {{0, 1}, {1, 1}, {1, 15}, {5, 3}, {40, 8}, {700, 15}, {ROWS, 9}, {ROWS, 15}};
  for (size_t i = 0; i < sizeof(books) / sizeof(*books); i++) {
    state = i;
    digits_deep = i % 2 == 0 ? "0123" : "0899";
    book_compare(book_draw(books[i].count, books[i].longest));
  }
  ck_assert_uint_gt(tried.fan[1], 0);
  ck_assert_uint_gt(tried.fan[2], 0);
  ck_assert_uint_gt(tried.fan[3], 0);
  ck_assert_uint_gt(tried.few, 0);
  ck_assert_uint_gt(tried.more, 0);
  for (unsigned nodes = 1; nodes < 6; nodes++) {
    ck_assert_msg(tried.nodes[nodes] > 0, "no answer behind %u nodes", nodes);
  }
}
END_TEST

/* All numbers of a range have a prefix of their own, as large plans have them: nodes of four
 * digits. */
START_TEST(test_dense)
{
  static char bytes[TEXT_BYTES];
  struct made_book *made = book_begin();
  size_t at = (size_t)snprintf(bytes, sizeof(bytes), "prefix,operator,kind,area\n");
  for (unsigned i = 0; i < DENSE; i++) {
    at += (size_t)snprintf(bytes + at, sizeof(bytes) - at, "86130%05u,O%u,mobile,%u\n", i, i % 3,
                           i % 2);
  }
  made_add(made, "numbers.csv", bytes);
  state = 1;
  digits_deep = "0123";
  table_draw(made, "destinations.csv", "destination,prefix", 40, 15);
  tried.fan[4] = 0;
  book_compare(made);
  ck_assert_uint_gt(tried.fan[4], 0);
}
END_TEST

/* Under one head so many prefixes that a line of either size is just full, and one more; the last
 * ones as long as a line can tell, and longer. */
START_TEST(test_lines)
{
  tried = (struct tried){.few = 0};
  for (unsigned count = 1; count <= 9; count++) {
    for (unsigned length = 3; length <= 15; length++) {
      char numbers[512] = "prefix,operator,kind,area\n";
      for (unsigned i = 0; i < count; i++) {
        size_t at = strlen(numbers);
        snprintf(numbers + at, sizeof(numbers) - at, "4%0*u,O1,mobile,%u\n", (int)length - 1,
                 i + (i == 8), i % 2);
      }
      struct made_book *made = book_begin();
      made_add(made, "numbers.csv", numbers);
      state = count;
      digits_deep = "0010";
      book_compare(made);
    }
  }
  ck_assert_uint_gt(tried.few, 0);
  ck_assert_uint_gt(tried.more, 0);
  ck_assert_uint_gt(tried.nodes[8], 0); /* of one digit each, then a line of seven */
}
END_TEST

/* No table where it would be too large, and none a word too early. */
START_TEST(test_limit)
{
  state = 3;
  digits_deep = "0123";
  struct made_book *made = book_draw(700, 15);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  struct sp__prefix_row *rows = rows_make(&made->book);
  struct sp__prefix_table table;
  uint32_t none = 0, made_with = SP__PREFIX_WORDS_MAX;
  while (made_with - none > 1) {
    uint32_t words_max = none + (made_with - none) / 2;
    ck_assert_int_eq(sp__prefix_table_make(&table, &made->book, rows, words_max, &made->memory),
                     SP_OK);
    *(table.words == NULL ? &none : &made_with) = words_max;
  }
  ck_assert_uint_gt(made_with, 700);
  ck_assert_uint_eq(made_with % 16, 0); /* whole lines */
  ck_assert_int_eq(sp__prefix_table_make(&table, &made->book, rows, made_with, &made->memory),
                   SP_OK);
  keys_compare(&table, &made->book, rows, SP_BOOK_TABLE(&made->book, prefix_keys, uint64_t),
               made->book.header->prefix_keys.count);
  free(rows);
  made_end(made);
}
END_TEST

struct refusing {
  unsigned left; /* so often memory may grow */
  size_t taken;
};

static void *refusing_grow(void *context, size_t bytes)
{
  struct refusing *refusing = context;
  if (refusing->left == 0) {
    return NULL;
  }
  refusing->left--;
  refusing->taken += bytes;
  void *at = aligned_alloc(64, (bytes + 63) / 64 * 64);
  return at == NULL ? NULL : memset(at, 0, bytes);
}

static void refusing_release(void *context, void *at, size_t bytes)
{
  struct refusing *refusing = context;
  refusing->taken -= bytes;
  free(at);
}

/* Wherever memory is refused there is no table, and all goes back but what is the arena's. */
START_TEST(test_refused)
{
  state = 4;
  digits_deep = "0123";
  struct made_book *made = book_draw(ROWS, 15);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  struct sp__prefix_row *rows = rows_make(&made->book);
  struct sp__prefix_table table;
  enum sp_status status = SP_NO_MEMORY;
  unsigned grows = 0;
  for (; status != SP_OK; grows++) {
    struct refusing refusing = {grows, 0};
    struct sp_memory memory = {
        .grow = refusing_grow, .release = refusing_release, .context = &refusing};
    status = sp__prefix_table_make(&table, &made->book, rows, SP__PREFIX_WORDS_MAX, &memory);
    ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d", status);
    ck_assert_int_eq(table.words != NULL, status == SP_OK);
    sp_memory_free(&memory);
    ck_assert_uint_eq(refusing.taken, 0);
  }
  ck_assert_uint_gt(grows, 5);
  free(rows);
  made_end(made);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("prefix_table");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 0);
  tcase_add_test(all, test_compare);
  tcase_add_test(all, test_dense);
  tcase_add_test(all, test_lines);
  tcase_add_test(all, test_limit);
  tcase_add_test(all, test_refused);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
