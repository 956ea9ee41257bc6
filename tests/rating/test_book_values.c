/* Cells of a book as text: amounts, quantities, times, names; dates against counting day by day. */
#include <string.h>

#include "rating/book_values.h"
#include "rating/civil.h"
#include "tests/check_run.h"

START_TEST(test_quantities)
{
  static const struct {
    const char *text;
    int64_t value; /* -1: refused */
    enum sp_unit unit;
    bool bare;
  } cases[] = {{"1min", 60, SP_UNIT_SECOND, false},
               {"61s", 61, SP_UNIT_SECOND, false},
               {"2h", 7200, SP_UNIT_SECOND, false},
               {"min", 60, SP_UNIT_SECOND, false},
               {"h", 3600, SP_UNIT_SECOND, false},
               {"1.5min", 90, SP_UNIT_SECOND, false},
               {"0.5KB", 512, SP_UNIT_BYTE, false},
               {"1MB", 1048576, SP_UNIT_BYTE, false},
               {"GB", 1073741824, SP_UNIT_BYTE, false},
               {"0.000001GB", -1, SP_UNIT_BYTE, false},
               {"7B", 7, SP_UNIT_BYTE, false},
               {"80", 80, SP_UNIT_ITEM, true},
               {"0", 0, SP_UNIT_ITEM, true},
               {"1.0", 1, SP_UNIT_ITEM, true},
               {"1.5", -1, SP_UNIT_ITEM, true},
               {"0.3s", -1, SP_UNIT_SECOND, false},
               {"", -1, SP_UNIT_ITEM, false},
               {"1 min", -1, SP_UNIT_ITEM, false},
               {"1kb", -1, SP_UNIT_ITEM, false},
               {"-1s", -1, SP_UNIT_ITEM, false},
               {"1.s", -1, SP_UNIT_ITEM, false},
               {".5h", -1, SP_UNIT_ITEM, false},
               {"1..5h", -1, SP_UNIT_ITEM, false},
               {"999999999999999999", 999999999999999999, SP_UNIT_ITEM, true},
               {"1000000000000000000", -1, SP_UNIT_ITEM, true},
               {"999999999999GB", -1, SP_UNIT_BYTE, false}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct sp_quantity quantity = {0, SP_UNIT_ITEM, false};
    bool good = sp_value_quantity(cases[i].text, strlen(cases[i].text), &quantity);
    ck_assert_msg(good == (cases[i].value >= 0), "%s", cases[i].text);
    if (good) {
      ck_assert_msg(quantity.value == cases[i].value && quantity.unit == cases[i].unit &&
                        quantity.bare == cases[i].bare,
                    "%s", cases[i].text);
    }
  }
}
END_TEST

START_TEST(test_prices)
{
  static const struct {
    const char *text;
    int64_t n, d; /* d = 0: refused */
  } cases[] = {{"0", 0, 1000000},
               {"0.20", 200000, 1000000},
               {"12.345678", 12345678, 1000000},
               {"1/3", 1, 3},
               {"0/7", 0, 7},
               {"999999999/999999999", 999999999, 999999999},
               {"1000000000/3", 0, 0},
               {"1/1000000000", 0, 0},
               {"1/0", 0, 0},
               {"/3", 0, 0},
               {"3/", 0, 0},
               {"-1/3", 0, 0},
               {"1/-3", 0, 0},
               {"0.1234567", 0, 0},
               {"-1", 0, 0},
               {".5", 0, 0},
               {"5.", 0, 0},
               {"", 0, 0},
               {"1e3", 0, 0},
               {"1/3/4", 0, 0},
               {"99999999999999999999", 0, 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct sp_rational price = {0, 1};
    bool good = sp_value_price(cases[i].text, strlen(cases[i].text), &price);
    ck_assert_msg(good == (cases[i].d > 0), "%s", cases[i].text);
    ck_assert_msg(!good || (price.n == cases[i].n && price.d == cases[i].d), "%s", cases[i].text);
  }
}
END_TEST

START_TEST(test_percents_clocks_integers)
{
  static const struct {
    const char *text;
    int64_t value;
  } percents[] = {{"0", 0},       {"10", 1000},      {"10.5", 1050}, {"33.33", 3333},
                  {"100", 10000}, {"100.00", 10000}, {"100.01", -1}, {"33.333", -1},
                  {"-1", -1},     {"", -1},          {"5%", -1},     {"101", -1},
                  {"99999", -1}};
  static const struct {
    const char *text;
    bool decimal;
  } decimals[] = {{"0", true},        {"12345678901234567890", true},
                  {"1.123456", true}, {"1.", false},
                  {".5", false},      {"1.1234567", false},
                  {"12x5", false},    {"1.5x", false},
                  {"", false},        {"1.2.3", false}};
  for (size_t i = 0; i < sizeof(decimals) / sizeof(decimals[0]); i++) {
    bool is = sp_value_is_decimal(decimals[i].text, strlen(decimals[i].text), 6);
    ck_assert_msg(is == decimals[i].decimal, "%s", decimals[i].text);
  }
  for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
    int64_t value = -1;
    bool good = sp_value_percent(percents[i].text, strlen(percents[i].text), &value);
    ck_assert_msg(good == (percents[i].value >= 0) && (!good || value == percents[i].value), "%s",
                  percents[i].text);
  }
  static const struct {
    const char *text;
    bool end;
    uint32_t value; /* 99999: refused */
  } clocks[] = {{"00:00", false, 0},     {"23:59:59", false, 86399}, {"24:00", true, 86400},
                {"24:00", false, 99999}, {"24:00:01", true, 99999},  {"8:00", false, 99999},
                {"08:60", false, 99999}, {"08:00:60", false, 99999}, {"08-00", false, 99999},
                {"25:00", true, 99999},  {"0a:00", false, 99999},    {"08:00:0", false, 99999}};
  for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
    uint32_t value = 0;
    bool good = sp_value_clock(clocks[i].text, strlen(clocks[i].text), clocks[i].end, &value);
    ck_assert_msg(good == (clocks[i].value != 99999) && (!good || value == clocks[i].value), "%s",
                  clocks[i].text);
  }
  int64_t value;
  ck_assert(sp_value_integer("-12", 3, &value) && value == -12);
  ck_assert(!sp_value_integer("-", 1, &value));
  ck_assert(!sp_value_integer("", 0, &value));
  ck_assert(!sp_value_integer("1234567890123456789", 19, &value));
  ck_assert(!sp_value_integer("1x", 2, &value));
}
END_TEST

START_TEST(test_names)
{
  static const char *const good[] = {
      "a",
      "A-Z_0.9",
      "套餐",
      "é",
      "prepaid.2026",
      "ｆｕｌｌ",
      "𠀀",
      "0123456789012345678901234567890123456789012345678901234567890123"};
  static const char *const bad[] = {
      "",
      " a",
      "a b",
      "a;b",
      "a/b",
      "a\xFF",
      "\xC0\x80",
      "\xED\xA0\x80",
      "\xF5\x80\x80\x80",
      "\xE5\xA5",
      "a　b",
      "×",
      "“a”",
      "\xF0\x9F\x98\x80\xF8",
      "01234567890123456789012345678901234567890123456789012345678901234"};
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    ck_assert_msg(sp_value_name(good[i], strlen(good[i])), "%s", good[i]);
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    ck_assert_msg(!sp_value_name(bad[i], strlen(bad[i])), "%s", bad[i]);
  }
}
END_TEST

START_TEST(test_instants)
{
  static const struct {
    const char *text;
    enum sp_civil_kind kind;
    int64_t seconds;
  } cases[] = {{"1970-01-01", SP_CIVIL_LOCAL, 0},
               {"2026-03-01T08:30:15", SP_CIVIL_LOCAL, 1772353815},
               {"2026-03-01T08:30:15Z", SP_CIVIL_UTC, 1772353815},
               {"2026-03-01t08:30:15z", SP_CIVIL_UTC, 1772353815},
               {"2026-03-01T08:30:15.999+08:00", SP_CIVIL_UTC, 1772325015},
               {"2026-03-01T08:30:15-05:30", SP_CIVIL_UTC, 1772373615},
               {"1969-12-31T23:59:59Z", SP_CIVIL_UTC, -1},
               {"2028-02-29", SP_CIVIL_LOCAL, 1835395200},
               {"2026-02-29", SP_CIVIL_NONE, 0},
               {"2100-02-29", SP_CIVIL_NONE, 0},
               {"2000-02-29", SP_CIVIL_LOCAL, 951782400},
               {"2026-13-01", SP_CIVIL_NONE, 0},
               {"2026-00-01", SP_CIVIL_NONE, 0},
               {"2026-01-00", SP_CIVIL_NONE, 0},
               {"2026-04-31", SP_CIVIL_NONE, 0},
               {"2026-1-01", SP_CIVIL_NONE, 0},
               {"20260101", SP_CIVIL_NONE, 0},
               {"2026-01-01 08:00:00", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00", SP_CIVIL_NONE, 0},
               {"2026-01-01T24:00:00", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:60:00", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:60Z", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00.Z", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00.5", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00+8", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00+08:00x", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00+24:00", SP_CIVIL_NONE, 0},
               {"2026-01-01T08:00:00ZZ", SP_CIVIL_NONE, 0},
               {"2026-01-01T", SP_CIVIL_NONE, 0},
               {"2026/01/01", SP_CIVIL_NONE, 0},
               {"", SP_CIVIL_NONE, 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    int64_t seconds = 0;
    enum sp_civil_kind kind = sp_civil_parse(cases[i].text, strlen(cases[i].text), &seconds);
    ck_assert_msg(kind == cases[i].kind, "%s", cases[i].text);
    ck_assert_msg(kind == SP_CIVIL_NONE || seconds == cases[i].seconds, "%s: %lld", cases[i].text,
                  (long long)seconds);
  }
}
END_TEST

/* Every day of 800 years, counted one by one. */
START_TEST(test_every_day)
{
  int32_t day = sp_civil_to_day(1600, 1, 1);
  uint32_t weekday = 5; /* a Saturday */
  for (int32_t year = 1600; year < 2400; year++) {
    for (int32_t month = 1; month <= 12; month++) {
      for (int32_t of_month = 1; of_month <= sp_civil_month_days(year, month); of_month++) {
        struct sp_civil civil = sp_civil_from_day(day);
        ck_assert(civil.year == year && civil.month == month && civil.day == of_month);
        ck_assert_int_eq(sp_civil_to_day(year, month, of_month), day);
        ck_assert_uint_eq(sp_civil_weekday(day), weekday);
        day++;
        weekday = (weekday + 1) % 7;
      }
    }
  }
  ck_assert_int_eq(sp_civil_day_of(-1), -1);
  ck_assert_int_eq(sp_civil_day_of(-86400), -1);
  ck_assert_int_eq(sp_civil_day_of(86399), 0);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_quantities);
  tcase_add_test(tests, test_prices);
  tcase_add_test(tests, test_percents_clocks_integers);
  tcase_add_test(tests, test_names);
  tcase_add_test(tests, test_instants);
  tcase_add_test(tests, test_every_day);
  return check_run("book_values", tests);
}
