/* The generator's own arithmetic against sums done by hand, and its calendar against libc's. */
#include <time.h>

#include "tests/check_run.h"
#include "tools/gen_calendar.h"
#include "tools/gen_random.h"
#include "tools/gen_tariff.h"

#define LAND_MO .direction = SP_GEN_MO, .roam = SP_GEN_HOME
#define NOON (5 * 86400 + 12 * 3600) /* Tuesday 2026-01-06 */
#define MB 1048576u

struct price_case {
  struct sp_gen_facts facts;
  uint8_t lanes[2];
  uint32_t lane_count;
  int64_t list_micro, net_micro;
};

static const struct price_case cases[] = {
    /* talk, local, 61 s: 2 x 0.25 */
    {{.plan = SP_GEN_TALK,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_MOBILE,
      .start_s = NOON,
      .quantity = 61},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     500000,
     500000},
    /* talk, to another province: 2 x 0.25 + 11 x 0.07 */
    {{.plan = SP_GEN_TALK,
      LAND_MO,
      .zone = SP_GEN_ZONE_DOMESTIC,
      .net = SP_GEN_NET_MOBILE,
      .start_s = NOON,
      .quantity = 61},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     1270000,
     1270000},
    /* a forwarded leg is charged as a call made; incoming is free */
    {{.plan = SP_GEN_TALK,
      .direction = SP_GEN_CF,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_MOBILE,
      .start_s = NOON,
      .quantity = 60},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     250000,
     250000},
    {{.plan = SP_GEN_TALK,
      .direction = SP_GEN_MT,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_MOBILE,
      .start_s = NOON,
      .quantity = 600},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     0,
     0},
    /* sixer, onnet 31 s: 6 x 0.012 = 0.072, 5 % off 0.0684 -> 0.068 */
    {{.plan = SP_GEN_SIXER,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_ONNET,
      .start_s = NOON,
      .quantity = 31},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     72000,
     68000},
    /* sixer to Asia, 12 s: base 2 x 0.018, ld 2 x 0.24; 5 % off base only */
    {{.plan = SP_GEN_SIXER,
      LAND_MO,
      .zone = SP_GEN_ZONE_ASIA,
      .net = SP_GEN_NET_FOREIGN,
      .start_s = NOON,
      .quantity = 12},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     516000,
     514000},
    /* night over 21:00: one minute at 0.30, one at 0.12 */
    {{.plan = SP_GEN_NIGHT,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_MOBILE,
      .start_s = 5 * 86400 + 21 * 3600 - 30,
      .quantity = 61},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     420000,
     420000},
    /* flow, 1200 MB: 200 x 0.20 + 824 x 0.10 + 176 x 0.05 */
    {{.plan = SP_GEN_FLOW,
      .direction = SP_GEN_NO_DIRECTION,
      .zone = SP_GEN_ZONE_NONE,
      .net = SP_GEN_NET_NONE,
      .start_s = NOON,
      .quantity = 1200ull * MB},
     {SP_GEN_LANE_DATA},
     1,
     131200000,
     131200000},
    /* talk, 1,234,567 B by the KB at 0.29 per MB: 1206 x 0.29 / 1024 = 0.3415… */
    {{.plan = SP_GEN_TALK,
      .direction = SP_GEN_NO_DIRECTION,
      .zone = SP_GEN_ZONE_NONE,
      .net = SP_GEN_NET_NONE,
      .start_s = NOON,
      .quantity = 1234567},
     {SP_GEN_LANE_DATA},
     1,
     342000,
     342000},
    /* steps at 299.5 MB, 1 MB and a bit: the first at 0.15, the second at 0.08 */
    {{.plan = SP_GEN_STEPS,
      .direction = SP_GEN_NO_DIRECTION,
      .zone = SP_GEN_ZONE_NONE,
      .net = SP_GEN_NET_NONE,
      .start_s = NOON,
      .quantity = MB + 1,
      .counter = 299ull * MB + MB / 2},
     {SP_GEN_LANE_DATA},
     1,
     230000,
     230000},
    /* senior, 200 s: 0.05 + 3 x 0.10 + 0.15 */
    {{.plan = SP_GEN_SENIOR,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_MOBILE,
      .start_s = NOON,
      .quantity = 200},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     500000,
     500000},
    /* senior inside the group at the group's price, no connect fee */
    {{.plan = SP_GEN_SENIOR,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_GROUP,
      .tree = true,
      .vnet = true,
      .vtree = true,
      .start_s = NOON,
      .quantity = 200},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     200000,
     200000},
    /* inside the tree only: 4 x 0.08 */
    {{.plan = SP_GEN_SENIOR,
      LAND_MO,
      .zone = SP_GEN_ZONE_LOCAL,
      .net = SP_GEN_NET_ONNET,
      .tree = true,
      .vnet = true,
      .vtree = true,
      .start_s = NOON,
      .quantity = 200},
     {SP_GEN_LANE_BASE, SP_GEN_LANE_LD},
     2,
     320000,
     320000},
    /* bundle, 1 B over 3 MB: 4 x 0.10, ceil to 0.40; video of flow by the MB */
    {{.plan = SP_GEN_BUNDLE,
      .direction = SP_GEN_NO_DIRECTION,
      .zone = SP_GEN_ZONE_NONE,
      .net = SP_GEN_NET_NONE,
      .start_s = NOON,
      .quantity = 3 * MB + 1},
     {SP_GEN_LANE_DATA},
     1,
     400000,
     400000},
    {{.plan = SP_GEN_FLOW,
      .direction = SP_GEN_NO_DIRECTION,
      .zone = SP_GEN_ZONE_NONE,
      .net = SP_GEN_NET_NONE,
      .start_s = NOON,
      .quantity = 3 * MB + 1},
     {SP_GEN_LANE_VIDEO},
     1,
     200000,
     200000},
};

START_TEST(price_is_as_by_hand)
{
  const struct price_case *row = &cases[_i];
  struct sp_gen_price price;
  ck_assert(sp__gen_price(&row->facts, row->lanes, row->lane_count, &price));
  ck_assert_int_eq(price.list_micro, row->list_micro);
  ck_assert_int_eq(price.net_micro, row->net_micro);
  ck_assert_int_eq(price.counted, row->facts.plan == SP_GEN_STEPS);
}
END_TEST

START_TEST(days_are_those_of_libc)
{
  for (int32_t day = -800; day < 1500; day++) {
    time_t then = (time_t)1767225600 + (time_t)day * 86400; /* 2026-01-01 UTC */
    struct tm tm;
    ck_assert_ptr_nonnull(gmtime_r(&then, &tm));
    struct sp_gen_date date = sp__gen_date(day);
    ck_assert_uint_eq(date.year, (uint32_t)tm.tm_year + 1900u);
    ck_assert_uint_eq(date.month, (uint32_t)tm.tm_mon + 1u);
    ck_assert_uint_eq(date.day, (uint32_t)tm.tm_mday);
    ck_assert_uint_eq(sp__gen_weekday(day), (uint32_t)(tm.tm_wday + 6) % 7u);
  }
}
END_TEST

START_TEST(lognormal_keeps_its_median)
{
  struct sp_random random;
  uint32_t below = 0;
  sp__random_seed(&random, 42);
  for (uint32_t i = 0; i < 100000; i++) {
    uint64_t value = sp__random_lognormal(&random, 1000, 400, 50000);
    ck_assert_uint_le(value, 50000);
    below += value < 1000;
  }
  ck_assert_uint_gt(below, 49000);
  ck_assert_uint_lt(below, 51000);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, price_is_as_by_hand, 0, (int)(sizeof cases / sizeof cases[0]));
  tcase_add_test(tests, days_are_those_of_libc);
  tcase_add_test(tests, lognormal_keeps_its_median);
  return check_run("gen_prices", tests);
}
