/* Words and texts: UTF-8 byte by byte as a name of a book, of customers and in JSON; which signs
 * are no letters; cells of customers that cannot stand; words of every number. */
#include "rating/book_values.h"
#include "rating/cdr.h"
#include "rating/charge_json.h"
#include "rating/reason.h"
#include "rating/text.h"
#include "tests/check_run.h"
#include "tests/rating/customers_case.h"

static const struct case_file book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\nb,base\n"},
    {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};

static const struct {
  const char *text;
  bool good;
} utf8[] = {
    {"a", true},
    {"\xC2\xAA", true},
    {"\xC3\xA9", true},
    {"\xDF\xBF", true},
    {"\xE0\xA0\x80", true},
    {"\xE1\x80\x80", true},
    {"\xE7\xAE\x97", true},
    {"\xED\x9F\xBF", true},
    {"\xF0\x90\x80\x80", true},
    {"\xF1\x80\x80\x80", true},
    {"\xF3\x9F\xBF\xBF", true},
    {"\x80", false},
    {"\xBF", false},
    {"\xC1\x80", false},
    {"\xC2", false},
    {"\xC3(", false},
    {"\xC3\xC3", false},
    {"\xE0\x9F\xBF", false}, /* longer than need be */
    {"\xE7\xAE", false},
    {"\xE7(\x97", false},
    {"\xE7\xAE(", false},
    {"\xED\xA0\x80", false}, /* surrogates */
    {"\xED\xBF\xBF", false},
    {"\xF0\x8F\xBF\xBF", false},
    {"\xF0\x90\x80", false},
    {"\xF0\x90(\x80", false},
    {"\xF4\x90\x80\x80", false}, /* beyond U+10FFFF */
    {"\xF5\x80\x80\x80", false},
    {"\xFF", false},
};

/* A name of customers.csv and a text of it; true: no row was refused. */
static bool customers_take(const char *name, const char *text)
{
  static struct customers_case own;
  char table[2048];
  snprintf(table, sizeof(table), "account,name\n%s,%s\n", name, text);
  const struct case_file files[] = {{"accounts.csv", table}};
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 1);
  bool good = own.problems.errors == 0;
  ck_assert_uint_eq(own.problems.warnings, 0);
  case_end(&own);
  return good;
}

START_TEST(test_utf8)
{
  for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
    const char *text = utf8[i].text;
    ck_assert_msg(sp_value_name(text, strlen(text)) == utf8[i].good, "%zu", i);
    ck_assert_msg(customers_take(text, "x") == utf8[i].good, "%zu", i);
    ck_assert_msg(customers_take("x", text) == utf8[i].good, "%zu", i);
  }
  static const unsigned char last[] =
      "\xF4\x8F\xBF\xBF"; /* U+10FFFF is no letter, but a character */
  ck_assert_uint_eq(sp_text_utf8(last, 4), 4);
  static const struct sp_charge charge;
  struct sp_usage usage = {.subscriber = SP_NONE, .account = SP_NONE, .group = SP_NONE};
  static struct sp_books none;
  for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
    char line[2048];
    size_t length;
    struct sp_charge_view view = {&charge,   &usage, {utf8[i].text, (uint32_t)strlen(utf8[i].text)},
                                  {NULL, 0}, NULL,   &none};
    ck_assert_int_eq(sp_charge_json(&view, line, sizeof(line) - 1, &length), SP_OK);
    line[length] = '\0';
    ck_assert_msg((strstr(line, "ufffd") == NULL) == utf8[i].good, "%zu %s", i, line);
  }
}
END_TEST

static void code_write(char text[8], uint32_t code)
{
  memset(text, 0, 8);
  if (code < 0x80) {
    text[0] = (char)code;
  } else if (code < 0x800) {
    text[0] = (char)(0xC0 | code >> 6);
    text[1] = (char)(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text[0] = (char)(0xE0 | code >> 12);
    text[1] = (char)(0x80 | (code >> 6 & 0x3F));
    text[2] = (char)(0x80 | (code & 0x3F));
  } else {
    text[0] = (char)(0xF0 | code >> 18);
    text[1] = (char)(0x80 | (code >> 12 & 0x3F));
    text[2] = (char)(0x80 | (code >> 6 & 0x3F));
    text[3] = (char)(0x80 | (code & 0x3F));
  }
}

/* Borders of what is no letter: the last that may stand in a name, then the first and the last that
 * may not, and so on. */
START_TEST(test_signs)
{
  static const uint32_t borders[][2] = {
      {0x00, 0x2C},       {0x2F, 0x2F},     {0x3A, 0x40},     {0x5B, 0x5E},     {0x60, 0x60},
      {0x7B, 0xA9},       {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},     {0xD7, 0xD7},
      {0xF7, 0xF7},       {0x2000, 0x206F}, {0x20A0, 0x20CF}, {0x2190, 0x2BFF}, {0x3000, 0x3004},
      {0x3008, 0x3020},   {0xD800, 0xF8FF}, {0xFE00, 0xFE6F}, {0xFF00, 0xFF20}, {0xFFF0, 0xFFFF},
      {0xE0000, 0x110000}};
  size_t at = 0;
  for (uint32_t code = 1; code < 0x110000; code += code < 0x10100 ? 1 : 0x3FF) {
    char text[8];
    while (code > borders[at][1]) {
      at++;
    }
    bool sign = code >= borders[at][0];
    code_write(text, code);
    ck_assert_msg(sp_value_name(text, strlen(text)) == !sign, "U+%04X", code);
  }
}
END_TEST

START_TEST(test_customer_cells)
{
  char name[300];
  memset(name, 'n', sizeof(name));
  name[64] = '\0';
  ck_assert(customers_take(name, "x"));
  ck_assert(sp_value_name(name, 64) && !sp_value_name(name, 65));
  name[64] = 'n';
  name[65] = '\0';
  ck_assert(!customers_take(name, "x"));
  name[65] = 'n';
  name[255] = '\0';
  ck_assert(customers_take("x", name));
  name[255] = 'n';
  name[256] = '\0';
  ck_assert(!customers_take("x", name));
  ck_assert(customers_take("Aa09_.-Zz", ""));
  static const char *const bad[] = {"a b", "a@", "a[",   "a`",    "a{",
                                    "a/",  "a:", "\x01", "a\x7F", "\"\""};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    ck_assert_msg(!customers_take(bad[i], "x"), "%s", bad[i]);
  }
  static const struct { /* all rows behind the header are refused, one by one */
    const char *table, *text;
    uint32_t errors;
  } cases[] = {
      {"accounts.csv", "account,credit,from,to\nA,x,,\nA,,2026-01-01,x\nA,,x,\n", 3},
      {"subscribers.csv", "subscriber,number,account,home_area\nS,1,A,\xC3\nS,2,A,\xE7\nS,2\n", 3},
      {"subscribers.csv",
       "subscriber,number,account,from\nS,1,A,2026-01-01T00:00:00+08:000000000000000000000000000\n",
       1},
      {"groups.csv",
       "group,kind,name,class,industry,region,section,manager,contract_end,from\n"
       "G,enterprise,\xC3,,,,,,,\nG,enterprise,,\xC3,,,,,,\nG,enterprise,,,\xC3,,,,,\n"
       "G,enterprise,,,,\xC3,,,,\nG,enterprise,,,,,\xC3,,,\nG,enterprise,,,,,,a b,,\n"
       "G,enterprise,,,,,,,x,\nG,enterprise,,,,,,,,x\nG,\n",
       9},
      {"members.csv", "group,subscriber,from\nG,S,x\nH,S,\nG\n", 3},
      {"managers.csv",
       "manager,name,section,region,role,from\nM,\xC3,,,,\nM,,\xC3,,,\nM,,,\xC3,,\n"
       "M,,,,\xC3,\nM,,,,,x\n",
       5},
      {"facts.csv", "subject,kind,value,at\ngroup:,k,1,\nsubscriber:,k,1,\ngroupG,k,1,\n", 3},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    static struct customers_case own;
    const struct case_file files[] = {{cases[i].table, cases[i].text}};
    case_begin(&own);
    case_book(&own, book, sizeof(book) / sizeof(book[0]));
    case_customers(&own, files, 1);
    ck_assert_msg(own.problems.errors == cases[i].errors, "%s: %s", cases[i].table, own.lines);
    case_end(&own);
  }
}
END_TEST

/* What reaches a terminal of a text, and where it is cut. */
START_TEST(test_shown)
{
  static const struct {
    const char *text, *shown;
    size_t length, cut; /* at most 4 bytes of it, whole characters */
    bool plain;
  } cases[] = {
      {"a\tb", "a?b", 3, 3, true},
      {"a\0b\x7F", "a?b?", 4, 4, false},
      {"\x1B[2J", "?[2J", 4, 4, false},
      {"\xC2\x9B[2J", "?[2J", 5, 4, false}, /* the same as one control character of two bytes */
      {"\xC2\xA0x", "\xC2\xA0x", 3, 3, true},
      {"\xFF\xE4\xB8", "???", 3, 3, false},
      {"ab\xE4\xB8\xAD", "ab\xE4\xB8\xAD", 5, 2, true},
      {"\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 8, 4, true},
      {"\x80\x80\x80\x80\x80", "?????", 5, 1, false},
      {"12345678\n", "12345678?", 9, 4, true},
      {"1234567\x7F", "1234567?", 8, 4, false},
      {"123456\x1F"
       "8",
       "123456?8", 8, 4, false},
      {"", "", 0, 0, true},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char buffer[64];
    struct sp_text text = SP_TEXT_INIT(buffer);
    buffer[0] = '\0';
    sp_text_add_shown(&text, cases[i].text, cases[i].length);
    ck_assert_msg(strcmp(buffer, cases[i].shown) == 0, "%zu: %s", i, buffer);
    ck_assert_msg(sp_text_cut(cases[i].text, cases[i].length, 4) == cases[i].cut, "%zu", i);
    ck_assert_msg(sp_text_is_plain(cases[i].text, cases[i].length) == cases[i].plain, "%zu", i);
  }
  ck_assert_uint_eq(sp_text_cut("\x80\x80\x80", 3, 2), 0);
}
END_TEST

START_TEST(test_tables)
{
  static const struct {
    const char *table, *text;
    uint32_t errors, warnings;
  } cases[] = {
      {"accounts.csv", "", 0, 1},
      {"accounts.csv", "\n \n# a\n", 0, 1},
      {"accounts.csv", "account", 0, 0},
      {"accounts.csv", "account\r\nA\rB\r\n", 1, 0},
      {"accounts.csv", "account,name\nA,\"x\n", 1, 0},
      {"accounts.csv", "account,name\nA,\"x\" \t,\nB,\"y\"\t\n", 1, 0},
      {"accounts.csv", "account,name\nA,\"x\"y,z\nB,\"y\ny\"\n\tC\t,\"\"\r", 1, 0},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    static struct customers_case own;
    const struct case_file files[] = {{cases[i].table, cases[i].text}};
    case_begin(&own);
    case_book(&own, book, sizeof(book) / sizeof(book[0]));
    case_customers(&own, files, 1);
    ck_assert_msg(own.problems.errors == cases[i].errors, "%zu: %s", i, own.lines);
    ck_assert_uint_eq(own.problems.warnings, cases[i].warnings);
    case_end(&own);
  }
}
END_TEST

/* A header of more than 64 cells. */
START_TEST(test_wide_table)
{
  static struct customers_case own;
  char table[1024];
  size_t at = (size_t)snprintf(table, sizeof(table), "account");
  for (int i = 0; i < 70; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, ",c");
  }
  at += (size_t)snprintf(table + at, sizeof(table) - at, "\nA,,,,\nB");
  memset(table + at, ',', 72); /* more cells than the header has, and than are kept */
  table[at + 72] = '\0';
  const struct case_file files[] = {{"accounts.csv", table}};
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 1);
  ck_assert_uint_eq(own.problems.errors, 1);
  ck_assert_uint_gt(own.problems.warnings, 60);
  ck_assert_uint_eq(sp_directory_find_account(own.directory, (struct sp_name){"A", 1}), 0);
  case_end(&own);
}
END_TEST

START_TEST(test_words)
{
  static const char *const no = "unknown";
  for (int i = 0; i < 300; i++) {
    const char *word = sp_status_word((enum sp_status)i);
    ck_assert_msg((strcmp(word, no) == 0) == (i > SP_USAGE), "%d %s", i, word);
    ck_assert((strcmp(sp_status_text((enum sp_status)i), "unknown status") == 0) == (i > SP_USAGE));
    ck_assert((strcmp(sp_outcome_word((unsigned)i), no) == 0) == (i >= SP_OUTCOME_COUNT));
    ck_assert((sp_service_word((unsigned)i) == NULL) == (i > 6));
    ck_assert((sp_direction_word((unsigned)i) == NULL) == (i > 3));
    ck_assert((sp_partial_word((unsigned)i) == NULL) == (i > 3));
  }
  static const unsigned reasons[] = {
#define X(number, name, word) number,
      SP_REASON_TABLE(X)
#undef X
  };
  for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
    ck_assert_str_ne(sp_reason_word(reasons[i]), no);
    ck_assert_str_eq(sp_reason_word(reasons[i] + 50), no);
  }
}
END_TEST

START_TEST(test_added_text)
{
  char at[32], small[4];
  struct sp_text text = SP_TEXT_INIT(at);
  sp_text_add_micro(&text, -1234567);
  ck_assert_str_eq(at, "-1.234567");
  text = (struct sp_text)SP_TEXT_INIT(at);
  sp_text_add_micro(&text, 5);
  sp_text_add_i64(&text, -7);
  ck_assert_str_eq(at, "0.000005-7");
  ck_assert(!text.cut);
  text = (struct sp_text)SP_TEXT_INIT(small);
  sp_text_add(&text, "abcdef");
  ck_assert_str_eq(small, "abc");
  ck_assert(text.cut);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_utf8);
  tcase_add_test(tests, test_signs);
  tcase_add_test(tests, test_customer_cells);
  tcase_add_test(tests, test_shown);
  tcase_add_test(tests, test_tables);
  tcase_add_test(tests, test_wide_table);
  tcase_add_test(tests, test_words);
  tcase_add_test(tests, test_added_text);
  return check_run("texts", tests);
}
