/* The instant of a record, against tables and against an obvious calendar that counts day by day.
 */
#include "ingest/decode_slots.h"
#include "tests/check_run.h"
#include "tests/ingest/decode_show.h"

static struct sp_decoder decoder;

static void open_decoder(void)
{
  sp_decoder_open(&decoder, &show_zone);
}

static bool parse(const char *text, int64_t *utc_s)
{
  /* no byte behind the text is there to be read */
  size_t length = strlen(text);
  char *copy = malloc(length + (length == 0));
  REQUIRE(copy != NULL);
  memcpy(copy, text, length);
  bool good = sp__start_parse(&decoder, copy, length, utc_s);
  free(copy);
  return good;
}

START_TEST(test_right)
{
  static const struct {
    const char *text;
    int64_t utc_s;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1969-12-31T23:59:59Z", -1},
      {"2026-03-03T10:00:00+08:00", 1772503200},
      {"2026-03-03T02:00:00Z", 1772503200},
      {"2026-03-03t02:00:00z", 1772503200},
      {"2026-03-03T02:00:00.999999999Z", 1772503200},
      {"2026-03-02T20:30:00.5-05:30", 1772503200},
      {"2026-03-03T02:00:00-00:00", 1772503200},
      {"2026-03-04T01:59:00+23:59", 1772503200},
      {"2024-02-29T00:00:00Z", 1709164800},
      {"2000-02-29T00:00:00Z", 951782400},
      {"0000-01-01T00:00:00Z", -62167219200},
      {"0000-02-29T00:00:00Z", -62162121600},
      {"9999-12-31T23:59:59Z", 253402300799},
      {"20260303100000", 1772503200},
      {"19700101080000", 0},
      {"19900415015959", 640115999}, /* before the gap */
      {"19900415020000", 640116000}, /* never occurs: the offset before it */
      {"19900415025959", 640119599},
      {"19900415030000", 640116000}, /* summer time */
      {"19900916005959", 653414399},
      {"19900916010000", 653414400}, /* occurs twice: the first */
      {"19900916015959", 653417999},
      {"19900916020000", 653421600},
      {"19900701120000", 646801200},
  };
  open_decoder();
  for (int round = 0; round < 2; round++) { /* the second round finds its days in the cache */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
      int64_t utc_s = 12345;
      ck_assert_msg(parse(rows[i].text, &utc_s), "%s", rows[i].text);
      ck_assert_msg(utc_s == rows[i].utc_s, "%s is %" PRId64 " not %" PRId64, rows[i].text, utc_s,
                    rows[i].utc_s);
    }
  }
}
END_TEST

START_TEST(test_wrong)
{
  static const char *const rows[] = {
      "",
      "now",
      "2026-02-30T10:00:00+08:00",
      "2026-02-29T10:00:00Z",
      "1900-02-29T10:00:00Z",
      "2026-00-01T10:00:00Z",
      "2026-13-01T10:00:00Z",
      "2026-01-00T10:00:00Z",
      "2026-04-31T10:00:00Z",
      "2026-03-03T24:00:00Z",
      "2026-03-03T10:60:00Z",
      "2016-12-31T23:59:60Z",
      "2026-03-03T10:00:00",
      "2026-03-03 10:00:00Z",
      "2026-03-03T10:00:00.Z",
      "2026-03-03T10:00:00,5Z",
      "2026-03-03T10:00:00+0800",
      "2026-03-03T10:00:00+8:00",
      "2026-03-03T10:00:00+24:00",
      "2026-03-03T10:00:00+08:60",
      "2026-03-03T10:00:00Z ",
      "2026-03-03T10:00:00ZZ",
      "2026-03-03T10:00Z",
      "26-03-03T10:00:00+08:00",
      "2O26-03-03T10:00:00Z",
      "2026/03/03T10:00:00Z",
      "2026-03-03T1a:00:00Z",
      "2026-03-03T10:0a:00Z",
      "2026-03-03T10:00:0aZ",
      "2026-03-03T10:00:00+0a:00",
      "20260230100000",
      "20261303100000",
      "20260303240000",
      "20260303106000",
      "20260303100060",
      "2026030310000",
      "202603031000000",
      "2026030310000a",
      "2026o303100000",
  };
  open_decoder();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    int64_t utc_s = 0;
    ck_assert_msg(!parse(rows[i], &utc_s), "%s is no start", rows[i]);
  }
}
END_TEST

/* Every date of 420 years, and one that never was after each month. */
START_TEST(test_every_day)
{
  static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t day = 0, utc_s = 0;
  char text[32];
  open_decoder();
  for (int year = 1970; year < 2390; year++) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; month++) {
      int count = days[month - 1] + (month == 2 && leap ? 1 : 0);
      for (int date = 1; date <= count + 1; date++) {
        snprintf(text, sizeof(text), "%04d-%02d-%02dT12:34:56Z", year, month, date);
        REQUIRE(parse(text, &utc_s) == (date <= count));
        if (date <= count) {
          REQUIRE(utc_s == day * 86400 + 45296);
          snprintf(text, sizeof(text), "%04d%02d%02d203456", year, month, date);
          REQUIRE(parse(text, &utc_s));
          REQUIRE(utc_s == show_from_local(NULL, day * 86400 + 74096));
          day++;
        }
      }
    }
  }
}
END_TEST

START_TEST(test_every_second)
{
  char text[32];
  int64_t utc_s = 0;
  open_decoder();
  for (int second = 0; second < 86400; second++) {
    int h = second / 3600, m = second / 60 % 60, s = second % 60;
    snprintf(text, sizeof(text), "1990-04-15T%02d:%02d:%02d+00:00", h, m, s);
    REQUIRE(parse(text, &utc_s));
    REQUIRE(utc_s == INT64_C(640137600) + second);
    snprintf(text, sizeof(text), "19900415%02d%02d%02d", h, m, s);
    REQUIRE(parse(text, &utc_s));
    REQUIRE(utc_s == show_from_local(NULL, INT64_C(640137600) + second));
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_right);
  tcase_add_test(tests, test_wrong);
  tcase_add_test(tests, test_every_day);
  tcase_add_test(tests, test_every_second);
  return check_run("decode_start", tests);
}
