/* rating/cgrates.h: writings of durations, times and amounts as tables of text, and what a call may
 * cost at most. */
#include <string.h>

#include "rating/cgrates.h"
#include "tests/check_run.h"
#include "tools/heap.h"

START_TEST(test_duration)
{
  static const struct {
    const char *text;
    int64_t ns; /* -1: none */
  } cases[] = {{"60s", 60000000000},
               {"1m30s", 90000000000},
               {"1.5h", 5400000000000},
               {"500ms", 500000000},
               {"2us", 2000},
               {"2\xC2\xB5s", 2000},
               {"2\xCE\xBCs", 2000},
               {"7ns", 7},
               {"60000000000", 60000000000},
               {"0", 0},
               {"0.25", 0},
               {"60000000000.0", 60000000000},
               {"+60s", 60000000000},
               {"+7", 7},
               {"5.m", 300000000000},
               {".5m", 30000000000},
               {"0.333333333333333333m", 19999999999},
               {"0.3333333333333333333m", -1},
               {"9223372036854775808ns", -1},
               {".", -1},
               {".s", -1},
               {"+", -1},
               {"++1", -1},
               {"1152921504606846976", INT64_C(1) << 60},
               {"1152921504606846977", -1},
               {"320256h", -1},
               {"0000000000000000000000000000000000000000000000000000000000000007", 7},
               {"00000000000000000000000000000000000000000000000000000000000000007", -1},
               {"", -1},
               {"s", -1},
               {"-1s", -1},
               {"1d", -1},
               {"1s2", -1},
               {"1..5s", -1},
               {"1 s", -1}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    int64_t ns = 0;
    bool read = sp_cgrates_duration_read(&ns, cases[i].text, strlen(cases[i].text));
    ck_assert_msg((read ? ns : -1) == cases[i].ns, "%s -> %lld", cases[i].text, (long long)ns);
  }
}
END_TEST

START_TEST(test_time)
{
  static const struct {
    const char *text;
    int64_t ns; /* -1: none */
    int32_t offset_s;
  } cases[] = {{"1970-01-01T00:00:00Z", 0, 0},
               {"2014-08-04T13:00:00Z", 1407157200000000000, 0},
               {"2014-08-04 13:00:00", 1407157200000000000, 0},
               {"2014-08-04T21:00:00+08:00", 1407157200000000000, 28800},
               {"2014-08-04T07:30:00-05:30", 1407157200000000000, -19800},
               {"2014-08-04T13:00:00.25Z", 1407157200250000000, 0},
               {"2014-08-04T13:00:00.1234567899+00:00", 1407157200123456789, 0},
               {"2013-12-30 15:00:01 +0000 UTC", 1388415601000000000, 0},
               {"2013-12-30 15:00:01.5 +0100 CET", 1388412001500000000, 3600},
               {"2013-12-30T15:00:01.1234567891-0530", 1388435401123456789, -19800},
               {"2013-12-30T15:00:01+0000", 1388415601000000000, 0},
               {"2013-12-30T15:00:01.123456789012345678901234567890+0000", 1388415601123456789, 0},
               {"2013-12-30T15:00:01.123456789012345678901234567890", -1, 0},
               {"2013-12-30 15:00:01.5x00", -1, 0},
               {"2013-12-30 15:00:01 +0000x", -1, 0},
               {"2013-12-30 15:00:01 0000 UTC", -1, 0},
               {"2013-12-30 15:00:01.5000", -1, 0},
               {"2013-12-30 15:00:01.5000 ", -1, 0},
               {"2013-12-30 15:00:01.5000000000000000", -1, 0},
               {"2013-12-30-15:00:01 +0000 UTC", -1, 0},
               {"2099-12-31T23:59:59Z", 4102444799000000000, 0},
               {"2100-01-01T00:00:00Z", -1, 0},
               {"1969-12-31T23:59:59Z", -1, 0},
               {"2014-08-04T13:00:00", 1407157200000000000, 0},
               {"20140804130000", 1407157200000000000, 0},
               {"1407157200", 1407157200000000000, 0},
               {"1407157200250", 1407157200250000000, 0},
               {"1407157200250001", 1407157200250001000, 0},
               {"1407157200250000001", 1407157200250000001, 0},
               {"4102444799", 4102444799000000000, 0},
               {"4102444800", -1, 0},
               {"9102444800000000000", -1, 0},
               {"140715720", -1, 0},
               {"1407157200.", -1, 0},
               {"140715720x", -1, 0},
               {"20140804250000", -1, 0},
               {"19691231235959", -1, 0},
               {"21000101000000", -1, 0},
               {"99991231235959", -1, 0},
               {"62000000000001", -1, 0},
               {"1e00000009", -1, 0},
               {"2014-08-04Q13:00:00", -1, 0},
               {"2014-02-30T13:00:00Z", -1, 0},
               {"2014-08-04 25:00:00", -1, 0},
               {"soon", -1, 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    int64_t ns = 0;
    int32_t offset_s = 0;
    bool read = sp_cgrates_time_read(&ns, &offset_s, cases[i].text, strlen(cases[i].text));
    ck_assert_msg((read ? ns : -1) == cases[i].ns, "%s -> %lld", cases[i].text, (long long)ns);
    ck_assert(!read || offset_s == cases[i].offset_s);
  }
}
END_TEST

START_TEST(test_amount)
{
  static const struct {
    int64_t amount;
    const char *text;
  } cases[] = {{0, "0"},
               {1, "0.0000000001"},
               {6000000000, "0.6"},
               {120000000000, "12"},
               {1000000000050, "100.000000005"},
               {INT64_MAX, "922337203.6854775807"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char buffer[32];
    struct sp_text text = SP_TEXT_INIT(buffer);
    sp_cgrates_amount_add(&text, cases[i].amount);
    ck_assert_str_eq(buffer, cases[i].text);
  }
}
END_TEST

/* A plan of one rate at 1.5 an increment of 1 s; its answer for a usage. */
static enum sp_cgrates_answer one_rate(int64_t usage_ns, struct sp_cgrates_cost *cost)
{
  char rates[] = "R,0.25,1.5,1s,1s,0s\n", ratings[] = "D,*any,R,*up,1,0,\n",
       plans[] = "P,D,*any,1\n";
  char profiles[] = "t,c,*any,,P,\n";
  const struct sp_cgrates_file files[SP_CGRATES_TABLES] = {{NULL, 0, false},
                                                           {NULL, 0, false},
                                                           {rates, sizeof(rates) - 1, false},
                                                           {ratings, sizeof(ratings) - 1, false},
                                                           {plans, sizeof(plans) - 1, false},
                                                           {profiles, sizeof(profiles) - 1, false}};
  const struct sp_cgrates_call call = {.tenant = {"t", 1},
                                       .category = {"c", 1},
                                       .destination = {"1", 1},
                                       .usage_ns = usage_ns,
                                       .voice = true};
  struct sp_problems problems = {NULL, NULL, 0, 0};
  struct sp_memory memory;
  struct sp_cgrates *tariff;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_cgrates_read(&tariff, files, 0, &memory, &problems), SP_OK);
  enum sp_cgrates_answer answer = sp_cgrates_rate(tariff, &call, cost);
  sp_memory_free(&memory);
  return answer;
}

START_TEST(test_most)
{
  struct sp_cgrates_cost cost;
  /* without decimals 1.5 is 2 and the connect fee 0; 9 × 10^8 is the most */
  ck_assert_int_eq(one_rate(INT64_C(1000000000), &cost), SP_CGRATES_COST);
  ck_assert(cost.call == INT64_C(20000000000) && cost.event == cost.call);
  ck_assert_int_eq(one_rate(INT64_C(450000000) * 1000000000, &cost), SP_CGRATES_COST);
  ck_assert(cost.event == INT64_C(9000000000000000000));
  ck_assert_int_eq(one_rate(INT64_C(450000001) * 1000000000, &cost), SP_CGRATES_OVERFLOW);
  ck_assert_int_eq(one_rate(SP_CGRATES_NS_MAX, &cost), SP_CGRATES_OVERFLOW);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_duration);
  tcase_add_test(tests, test_time);
  tcase_add_test(tests, test_amount);
  tcase_add_test(tests, test_most);
  return check_run("cgrates_values", tests);
}
