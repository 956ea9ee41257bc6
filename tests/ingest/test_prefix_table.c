/* The table of a large book says of every number what the two searches of the book say. */
#include "ingest/prefix_table.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/book_made.h"
#include "tests/refusing.h"

#include <inttypes.h>

enum { ROWS = 3000, DENSE = 20000, ASKED = 5000, TEXT_BYTES = 1 << 20 };

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
  unsigned fan[SP__PREFIX_FAN_MAX + 1], line, pair, bytes, links[SP_NUMBER_DIGITS_MAX + 2];
};

static struct tried tried;

static void links_note(const struct sp__prefix_table *table, uint64_t digits)
{
  uint32_t link = table->words[digits >> table->root_shift];
  unsigned links = 1;
  tried.fan[(64 - table->root_shift) / 4]++;
  for (; (link & 3) != SP__PREFIX_ANSWER; links++) {
    const uint32_t *at = sp__prefix_line(table, link);
    ck_assert_uint_le(links, SP_NUMBER_DIGITS_MAX);
    if ((link & 3) == SP__PREFIX_NODE) {
      tried.fan[(64 - (link >> 6 & 63)) / 4]++;
      link = at[sp__prefix_next(link, digits)];
    } else if ((link & 3) == SP__PREFIX_BYTES) {
      tried.bytes++;
      link = at[*sp__prefix_byte(at, link, digits)];
    } else {
      *((link & SP__PREFIX_PAIR) == 0 ? &tried.line : &tried.pair) += 1;
      link = sp__prefix_head_link(at, link, digits);
    }
  }
  tried.links[links]++;
}

static void compare(const struct sp__prefix_table *table, const struct sp_book *book,
                    const struct sp__prefix_rows *rows, uint64_t digits)
{
  sp__prefix_fetch(table, digits);
  uint32_t begun = sp__prefix_begin(table, digits);
  uint32_t link = begun == 0 ? 0 : sp__prefix_end(table, begun, digits);
  uint32_t prefix = sp_book_find_prefix(book, digits);
  if (link == 0 || sp__prefix_row(table, link) != &rows->row[rows->at[prefix]] ||
      sp__prefix_dest_node(table, link) != sp_book_find_dest_node(book, digits)) {
    ck_abort_msg("%016" PRIx64 ": row %u, node %u", digits, prefix,
                 sp__prefix_dest_node(table, link));
  }
  links_note(table, digits);
}

/* So many different rows. */
static struct sp__prefix_rows rows_make(const struct sp_book *book, uint32_t different)
{
  uint64_t count = book->header->prefixes.count;
  struct sp__prefix_row *row = calloc(different + 1, sizeof(*row));
  uint32_t *at = calloc(count + 1, sizeof(*at));
  for (uint64_t i = 1; i <= count; i++) {
    at[i] = 1 + draw(different);
  }
  return (struct sp__prefix_rows){at, row, different + 1};
}

static void rows_free(struct sp__prefix_rows rows)
{
  free((void *)(uintptr_t)rows.at);
  free((void *)(uintptr_t)rows.row);
}

/* Where prefixes begin and end, and within them. */
static void keys_compare(const struct sp__prefix_table *table, const struct sp_book *book,
                         const struct sp__prefix_rows *rows, const uint64_t *keys, uint64_t count)
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

static void book_compare(struct made_book *made, uint32_t different)
{
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  const struct sp_book *book = &made->book;
  struct sp__prefix_rows rows = rows_make(book, different);
  struct sp__prefix_table table;
  ck_assert_int_eq(sp__prefix_table_make(&table, book, &rows, SP__PREFIX_WORDS_MAX, &made->memory),
                   SP_OK);
  ck_assert_ptr_nonnull(table.words);
  ck_assert_uint_eq((uintptr_t)table.words % 64, 0);
  keys_compare(&table, book, &rows, SP_BOOK_TABLE(book, prefix_keys, uint64_t),
               book->header->prefix_keys.count);
  keys_compare(&table, book, &rows, SP_BOOK_TABLE(book, dest_keys, uint64_t),
               book->header->dest_keys.count);
  for (uint32_t i = 0; i < ASKED; i++) {
    char text[16];
    size_t length = number_draw(text, 16);
    compare(&table, book, &rows, sp_number_pack(text, length).digits);
  }
  compare(&table, book, &rows, 0);
  rows_free(rows);
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
    draw_seed = i;
    digits_deep = i % 2 == 0 ? "0123" : "0899";
    book_compare(book_draw(books[i].count, books[i].longest), 8);
  }
  ck_assert_uint_gt(tried.fan[1], 0);
  ck_assert_uint_gt(tried.fan[2], 0);
  ck_assert_uint_gt(tried.fan[3], 0);
  ck_assert_uint_gt(tried.line, 0);
  ck_assert_uint_gt(tried.pair, 0);
  for (unsigned links = 1; links < 6; links++) {
    ck_assert_msg(tried.links[links] > 0, "no answer behind %u nodes and lines", links);
  }
}
END_TEST

/* One row for each of the first so many numbers of `digits` digits between head and tail. */
static struct made_book *book_dense(unsigned rows, const char *head, int digits, const char *tail,
                                    uint32_t dests)
{
  static char bytes[TEXT_BYTES];
  struct made_book *made = book_begin();
  size_t at = (size_t)snprintf(bytes, sizeof(bytes), "prefix,operator,kind,area\n");
  for (unsigned i = 0; i < rows; i++) {
    at += (size_t)snprintf(bytes + at, sizeof(bytes) - at, "%s%0*u%s,O%u,mobile,%u\n", head, digits,
                           i, tail, i % 3, i % 2);
  }
  made_add(made, "numbers.csv", bytes);
  digits_deep = "0123";
  table_draw(made, "destinations.csv", "destination,prefix", dests, 15);
  return made;
}

/* All numbers of a range have a prefix of their own, as large plans have them: nodes of four
 * digits, of bytes where they say few different things. */
START_TEST(test_dense)
{
  draw_seed = 1;
  tried = (struct tried){.line = 0};
  book_compare(book_dense(DENSE, "86130", 5, "", 40), 8);
  ck_assert_uint_gt(tried.bytes, DENSE);
  tried = (struct tried){.line = 0};
  book_compare(book_dense(DENSE, "86130", 5, "", 40), 5000);
  ck_assert_uint_eq(tried.bytes, 0);
  ck_assert_uint_gt(tried.fan[3], DENSE);
  tried = (struct tried){.line = 0};
  book_compare(book_dense(7000, "861", 4, "00123", 0), 5000);
  ck_assert_uint_gt(tried.fan[3], 7000); /* the first node, then */
  ck_assert_uint_gt(tried.fan[4], 7000);
}
END_TEST

/* Just so many different things as bytes can tell, with the one of numbers outside, and one more:
 * then the parts have bytes that have fewer. */
START_TEST(test_bytes)
{
  for (uint32_t different = 254; different <= 256; different++) {
    draw_seed = different;
    tried = (struct tried){.line = 0};
    book_compare(book_dense(DENSE, "86130", 5, "", 0), different);
    ck_assert_uint_gt(tried.bytes, DENSE);
    ck_assert_int_eq(tried.fan[1] > DENSE, different == 256);
    ck_assert_int_eq(tried.links[4] > DENSE, different == 256);
  }
}
END_TEST

/* Under one head so many prefixes that a line or a pair is just full, and one more; short and long
 * ones. */
START_TEST(test_lines)
{
  static const uint8_t counts[] = {1, 2, 9, 10, 11, 19, 20, 21, 22};
  tried = (struct tried){.line = 0};
  for (size_t k = 0; k < sizeof(counts); k++) {
    for (unsigned length = 3; length <= 15; length++) {
      char numbers[1024] = "prefix,operator,kind,area\n";
      for (unsigned i = 0; i < counts[k]; i++) {
        size_t at = strlen(numbers);
        snprintf(numbers + at, sizeof(numbers) - at, "4%0*u,O1,mobile,%u\n", (int)length - 1,
                 i + (i > 7) + (i > 15), i % 2);
      }
      struct made_book *made = book_begin();
      made_add(made, "numbers.csv", numbers);
      draw_seed = k;
      digits_deep = "0010";
      book_compare(made, 8);
    }
  }
  ck_assert_uint_gt(tried.line, 0);
  ck_assert_uint_gt(tried.pair, 0);
  ck_assert_uint_gt(tried.links[4], 0); /* a line for each four digits, the last for less */
}
END_TEST

/* Prefixes of every length, each within the one before. */
START_TEST(test_nested)
{
  char numbers[4096] = "prefix,operator,kind,area\n";
  char dests[4096] = "destination,prefix\n";
  for (unsigned i = 0; i < 75; i++) {
    unsigned length = 1 + i / 5;
    char last = "01899"[i % 5];
    size_t at = strlen(numbers), dest_at = strlen(dests);
    if (i % 5 < 4) { /* 9 is in both: behind it the next digit is one of the digit before */
      snprintf(numbers + at, sizeof(numbers) - at, "%.*s%c,O1,mobile,%u\n", (int)length - 1,
               "999999899999910", last, i % 4);
    } else {
      snprintf(dests + dest_at, sizeof(dests) - dest_at, "d%u,%.*s%c\n", i, (int)length - 1,
               "999999899999910", last);
    }
  }
  struct made_book *made = book_begin();
  made_add(made, "numbers.csv", numbers);
  made_add(made, "destinations.csv", dests);
  draw_seed = 5;
  digits_deep = "9998";
  book_compare(made, 1000);
}
END_TEST

/* No table where it would be too large, and none a word too early. */
START_TEST(test_limit)
{
  draw_seed = 3;
  digits_deep = "0123";
  struct made_book *made = book_draw(700, 15);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  struct sp__prefix_rows rows = rows_make(&made->book, 8);
  struct sp__prefix_table table;
  uint32_t none = 0, made_with = SP__PREFIX_WORDS_MAX;
  while (made_with - none > 1) {
    uint32_t words_max = none + (made_with - none) / 2;
    ck_assert_int_eq(sp__prefix_table_make(&table, &made->book, &rows, words_max, &made->memory),
                     SP_OK);
    *(table.words == NULL ? &none : &made_with) = words_max;
  }
  ck_assert_uint_gt(made_with, 700);
  ck_assert_uint_eq(made_with % 16, 0); /* whole lines */
  ck_assert_int_eq(sp__prefix_table_make(&table, &made->book, &rows, made_with, &made->memory),
                   SP_OK);
  keys_compare(&table, &made->book, &rows, SP_BOOK_TABLE(&made->book, prefix_keys, uint64_t),
               made->book.header->prefix_keys.count);
  rows_free(rows);
  made_end(made);
}
END_TEST

/* No table where row and destination do not fit into a link. */
START_TEST(test_wide)
{
  draw_seed = 6;
  digits_deep = "0123";
  struct made_book *made = book_draw(700, 15); /* destinations of ten bits */
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  struct sp__prefix_rows rows = rows_make(&made->book, 8);
  struct sp__prefix_table table;
  for (uint32_t more = 0; more < 2; more++) {
    rows.count = (1u << 20) + more;
    ck_assert_int_eq(
        sp__prefix_table_make(&table, &made->book, &rows, SP__PREFIX_WORDS_MAX, &made->memory),
        SP_OK);
    ck_assert_int_eq(table.words != NULL, more == 0);
  }
  rows_free(rows);
  made_end(made);
}
END_TEST

/* Wherever memory is refused there is no table, and all goes back but what is the arena's. */
START_TEST(test_refused)
{
  draw_seed = 4;
  digits_deep = "0123";
  struct made_book *made = book_draw(ROWS, 15);
  ck_assert_msg(made_compile(made) == SP_OK, "%s", made->last);
  struct sp__prefix_rows rows = rows_make(&made->book, 8);
  struct sp__prefix_table table;
  enum sp_status status = SP_NO_MEMORY;
  unsigned grows = 0;
  for (; status != SP_OK; grows++) {
    struct refusing refusing = {.left = grows};
    struct sp_memory memory = refusing_memory(&refusing);
    status = sp__prefix_table_make(&table, &made->book, &rows, SP__PREFIX_WORDS_MAX, &memory);
    ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d", status);
    ck_assert_int_eq(table.words != NULL, status == SP_OK);
    sp_memory_free(&memory);
    ck_assert_int_eq(refusing.held, 0);
  }
  ck_assert_uint_eq(grows, 4); /* two for the list of prefixes, one for the table */
  rows_free(rows);
  made_end(made);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_compare);
  tcase_add_test(tests, test_dense);
  tcase_add_test(tests, test_bytes);
  tcase_add_test(tests, test_lines);
  tcase_add_test(tests, test_nested);
  tcase_add_test(tests, test_limit);
  tcase_add_test(tests, test_wide);
  tcase_add_test(tests, test_refused);
  return check_run("prefix_table", tests);
}
