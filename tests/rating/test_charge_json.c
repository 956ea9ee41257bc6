/* rating/charge_json.h: every key in order, amounts, instants, texts that need escapes, lines that
 * do not fit. */
#include "rating/charge_json.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"

static const struct rate_case_file book[] = {
    {"book.yaml", "name: b\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\np,base\n"},
    {"rates.csv", "plan,item,service,price,per\np,base,voice,0.2,1min\n"},
    {"allowances.csv", "plan,allowance,unit,amount\np,free,s,1min\n"},
    {NULL, NULL}};

static const struct rate_case_file customers[] = {
    {"accounts.csv", "account\nA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\n"},
    {"groups.csv", "group,kind\nG,enterprise\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\n"},
    {NULL, NULL}};

static struct rate_case it;
static char line[SP_CHARGE_JSON_BYTES_MAX];

static size_t write_line(const struct sp_charge *charge, const struct sp_usage *usage,
                         const char *id)
{
  size_t length;
  struct sp_charge_view view = {
      charge, usage, {id, (uint32_t)strlen(id)}, {"seq;partial", 11}, it.directory, &it.books};
  ck_assert_int_eq(sp_charge_json(&view, line, sizeof(line) - 1, &length), SP_OK);
  line[length] = '\0';
  return length;
}

START_TEST(test_rated)
{
  static struct sp_charge charge;
  rate_case_open(&it, book, customers);
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = 61;
  usage.flags |= SP_USAGE_IP;
  usage.group = 0;
  rate_case_rate(&it, &usage, &charge);
  write_line(&charge, &usage, "a\"b\\\n\x01\xE7\xAE\x97\xFF");
  ck_assert_str_eq(
      line,
      "{\"id\":\"a\\\"b\\\\\\u000a\\u0001\xE7\xAE\x97\\ufffd\",\"outcome\":\"rated\",\"reason\":"
      "\"\","
      "\"flags\":[\"ip\"],\"subscriber\":\"S\",\"account\":\"A\",\"group\":\"G\","
      "\"start\":\"2026-06-01T00:00:00+08:00\",\"service\":\"voice\",\"quantity\":61,"
      "\"items\":[{\"item\":\"base\",\"list\":\"0.400000\",\"net\":\"0.200000\",\"increments\":2}],"
      "\"allowances\":[{\"allowance\":\"free\",\"owner\":\"subscriber:S\",\"used\":60,\"left\":0}],"
      "\"payers\":[{\"account\":\"A\",\"amount\":\"0.200000\"}],"
      "\"list\":\"0.400000\",\"net\":\"0.200000\",\"book\":\"b\"}");
  charge.flags = 0xFF;
  charge.allowances[0].owner = SP_OWNER_GROUP;
  charge.items[0].net_micro = -1;
  charge.items[0].name = SP_NAME_PRE_RATED;
  charge.net_micro = INT64_MIN;
  write_line(&charge, &usage, "");
  ck_assert_ptr_nonnull(
      strstr(line, "\"flags\":[\"capped\",\"corrected\",\"ip\",\"late\",\"pre_rated\"]"));
  ck_assert_ptr_nonnull(strstr(line, "\"owner\":\"group:G\""));
  ck_assert_ptr_nonnull(strstr(line, "\"item\":\"pre_rated\""));
  ck_assert_ptr_nonnull(strstr(line, "\"net\":\"-0.000001\""));
  ck_assert_ptr_nonnull(strstr(line, "\"net\":\"-9223372036854.775808\""));
  rate_case_close(&it);
}
END_TEST

START_TEST(test_not_rated)
{
  static struct sp_charge charge;
  rate_case_open(&it, book, customers);
  struct sp_usage usage = rate_case_usage(&it, 0, 0);
  usage.subscriber = usage.account = usage.group = SP_NONE;
  usage.service = SP_SERVICE_COUNT;
  usage.reason = SP_REASON_BAD_LINE;
  usage.book = UINT16_MAX;
  ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, NULL), SP_OK);
  write_line(&charge, &usage, "");
  ck_assert_str_eq(line,
                   "{\"id\":\"\",\"outcome\":\"suspended\",\"reason\":\"bad_line\",\"flags\":[],"
                   "\"subscriber\":\"\",\"account\":\"\",\"group\":\"\",\"start\":\"\","
                   "\"service\":\"\",\"quantity\":0,\"items\":[],\"allowances\":[],\"payers\":[],"
                   "\"list\":\"0.000000\",\"net\":\"0.000000\",\"book\":\"\"}");
  charge.outcome = SP_OUTCOME_CONFLICT;
  write_line(&charge, &usage, "");
  ck_assert_ptr_nonnull(strstr(line, "\"outcome\":\"conflict\",\"reason\":\"seq;partial\""));
  rate_case_close(&it);
}
END_TEST

START_TEST(test_cut)
{
  static struct sp_charge charge;
  rate_case_open(&it, book, customers);
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = 61;
  rate_case_rate(&it, &usage, &charge);
  size_t whole = write_line(&charge, &usage, "x"), length;
  struct sp_charge_view view = {&charge, &usage, {"x", 1}, {"", 0}, it.directory, &it.books};
  for (size_t size = 0; size < whole; size++) {
    ck_assert_int_eq(sp_charge_json(&view, line, size, &length), SP_LIMIT);
    ck_assert_uint_le(length, size);
  }
  ck_assert_int_eq(sp_charge_json(&view, line, whole, &length), SP_OK);
  rate_case_close(&it);
}
END_TEST

/* Days of the calendar, counted one by one over four centuries. */
START_TEST(test_start)
{
  static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  char text[SP_CHARGE_START_BYTES + 1], expected[64];
  int64_t day = 0;
  rate_case_open(&it, book, customers);
  for (int year = 1970; year < 2400; year++) {
    for (int month = 0; month < 12; month++) {
      bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
      int days = lengths[month] + (month == 1 && leap);
      int64_t noon = day * 86400 + 12 * 3600 + 34 * 60 + 56 - 8 * 3600;
      if (year > 1992 && year < 2037) { /* the zone's offset is +08:00 without summer time */
        text[sp_charge_start(&it.books, noon, text)] = '\0';
        snprintf(expected, sizeof(expected), "%04d-%02d-01T12:34:56+08:00", year, month + 1);
        ck_assert_str_eq(text, expected);
        text[sp_charge_start(&it.books, noon + 86400 * (days - 1), text)] = '\0';
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT12:34:56+08:00", year, month + 1,
                 days);
        ck_assert_str_eq(text, expected);
      }
      day += days;
    }
  }
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_rated);
  tcase_add_test(tests, test_not_rated);
  tcase_add_test(tests, test_cut);
  tcase_add_test(tests, test_start);
  return check_run("charge_json", tests);
}
