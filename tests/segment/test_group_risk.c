/* Groups: sums over members, shrunken loss, money at risk, merging trees, levels and how they are
 * entered and left. */
#include <string.h>

#include "segment/fold.h"
#include "segment/warning.h"
#include "tests/check_run.h"
#include "tests/draw.h"

enum { DAY = 20580 }; /* 2026-05-07 */

static struct sp_review review_now(void)
{
  struct sp_review review;
  sp_review_set(&review, (int64_t)DAY * 86400, DAY);
  return review;
}

static void member(struct sp_profile *profile, struct sp_group_profile *group, uint32_t last_ago)
{
  memset(profile, 0, sizeof *profile);
  for (uint32_t day = DAY - 130U; day <= DAY - last_ago; day += 3U) {
    struct sp_fold_event event = {.calls = 1, .voice_s = 300, .net_micro = 1000000, .active = 1};
    event.day = (uint16_t)day;
    event.month = (uint16_t)sp_month_of_day(day, NULL);
    event.start_utc_s = day * 86400U;
    event.inside = draw(2) == 0;
    event.contact = 1U << 31U | draw(40);
    sp_profile_fold(profile, group, &event);
  }
}

START_TEST(loss_is_shrunken)
{
  struct sp_group_sums sums = {0};
  struct sp_loss all = {.lost = 5, .of = 100};
  ck_assert_uint_eq(sp_loss_ppm(&all), 50000);
  ck_assert_uint_eq(sp_group_loss_ppm(&sums, 50000), 50000); /* nobody: what all groups lose */
  sums.members = 2;
  sums.silent_30 = 2;
  ck_assert_uint_eq(sp_group_loss_ppm(&sums, 50000), 136363); /* (2 + 20 x 0.05) / (2 + 20) */
  sums.members = 200;
  sums.silent_30 = 200;
  ck_assert_uint_eq(sp_group_loss_ppm(&sums, 50000), 913636);
  sums.silent_30 = 0;
  sp_group_sums_left(&sums, 25);
  sp_group_sums_left(&sums, 61);
  sp_group_sums_left(&sums, 91);
  ck_assert_uint_eq(sums.left_30, 1);
  ck_assert_uint_eq(sums.left_60, 1);
  ck_assert_uint_eq(sums.left_90, 2);
  ck_assert_uint_eq(sp_group_loss_ppm(&sums, 0), 2 * 1000000 / 222);
  struct sp_loss none = {0};
  ck_assert_uint_eq(sp_loss_ppm(&none), 0);
}
END_TEST

/* Two branches under a head office: their records add up to that of all members at once. */
START_TEST(a_tree_is_the_sum_of_its_members)
{
  struct sp_review review = review_now();
  struct sp_group_sums whole = {0};
  struct sp_group_profile group_whole = {0};
  struct sp_group_profile groups[2] = {{0}};
  double at_risk = 0;
  draw_seed = 12;
  for (uint32_t i = 0; i < 40U; i++) {
    struct sp_profile profile;
    struct sp_card_score score;
    struct sp_rfm rfm;
    uint32_t ago = i % 4U == 0 ? 20U + draw(90) : draw(4);
    uint64_t keep = draw_seed;
    member(&profile, &groups[i % 2U], ago);
    draw_seed = keep;
    member(&profile, &group_whole, ago);
    sp_rfm_measure(&profile, &review.at, SP_POPULATION_MEMBER, &rfm);
    sp_churn_rate(&profile, &review, true, &score, NULL);
    sp_group_sums_add(&whole, &profile, &score, &rfm, &review);
    at_risk += score.probability_ppm / 1e6 * (double)rfm.money_micro / 3;
  }
  struct sp_profile unseen = {0};
  struct sp_card_score no_score = {0};
  struct sp_rfm never;
  sp_rfm_measure(&unseen, &review.at, SP_POPULATION_MEMBER, &never);
  sp_group_sums_add(&whole, &unseen, &no_score, &never, &review);
  ck_assert_uint_eq(whole.unseen, 1);
  ck_assert_uint_eq(whole.members, 40);
  ck_assert_uint_ge(whole.silent_30, whole.silent_60);
  ck_assert_uint_gt(whole.silent_30, 0);
  ck_assert_double_le(at_risk - (double)whole.at_risk_micro, 80.0);
  ck_assert_double_ge(at_risk - (double)whole.at_risk_micro, -1.0);
  sp_group_profile_merge(&groups[0], &groups[1]);
  ck_assert_mem_eq(&groups[0], &group_whole, sizeof group_whole);
  struct sp_rfm rfm;
  sp_group_rfm(&group_whole, &whole, &review.at, &rfm);
  ck_assert_uint_lt(rfm.r_days, 4);
  ck_assert_uint_ge(rfm.f_days, 30);
  ck_assert_uint_eq(rfm.population, SP_POPULATION_GROUP);
}
END_TEST

START_TEST(merging_takes_the_later_ring)
{
  struct sp_group_profile older = {0};
  struct sp_group_profile newer = {0};
  struct sp_fold_event event = {.net_micro = 5, .active = 1, .calls = 1};
  struct sp_profile scratch = {0};
  struct sp_month month;
  event.day = DAY - 300;
  event.month = (uint16_t)sp_month_of_day(event.day, NULL);
  event.start_utc_s = 1000;
  sp_profile_fold(&scratch, &older, &event);
  event.day = DAY;
  event.month = (uint16_t)sp_month_of_day(event.day, NULL);
  event.start_utc_s = 2000;
  sp_profile_fold(&scratch, &newer, &event);
  struct sp_group_profile sum = older;
  sp_group_profile_merge(&sum, &newer);
  ck_assert_uint_eq(sum.first_utc_s, 1000);
  ck_assert_uint_eq(sum.last_utc_s, 2000);
  ck_assert(sp_group_month_at(&sum, event.month, &month));
  ck_assert_int_eq(month.net_micro, 5);
  ck_assert(sp_group_month_at(&sum, event.month - 5U, &month));
  ck_assert_int_eq(month.net_micro, 0);
  struct sp_group_profile other_way = newer;
  sp_group_profile_merge(&other_way, &older);
  ck_assert_mem_eq(&sum, &other_way, sizeof sum);
}
END_TEST

START_TEST(points_follow_the_sense_of_each_feature)
{
  for (uint32_t k = 0; k < sp_group_card.feature_count; k++) {
    const struct sp_card_feature *feature = &sp_group_card.features[k];
    for (uint32_t bin = 2; bin <= feature->cut_count + 1U; bin++) {
      ck_assert_int_ge((feature->points[bin] - feature->points[bin - 1U]) * feature->sense, 0);
      ck_assert(bin == 2U || feature->cuts[bin - 3U] < feature->cuts[bin - 2U]);
    }
  }
}
END_TEST

START_TEST(a_fading_group_is_red_with_reasons)
{
  struct sp_review review = review_now();
  struct sp_group_profile group = {0};
  struct sp_group_sums sums = {0};
  struct sp_group_risk risk;
  char line[256];
  struct sp_text text = SP_TEXT_INIT(line);
  draw_seed = 3;
  for (uint32_t i = 0; i < 30U; i++) {
    struct sp_profile profile;
    struct sp_card_score score;
    struct sp_rfm rfm;
    member(&profile, &group, i < 20U ? 40U : 2U);
    sp_rfm_measure(&profile, &review.at, SP_POPULATION_MEMBER, &rfm);
    sp_churn_rate(&profile, &review, true, &score, NULL);
    sp_group_sums_add(&sums, &profile, &score, &rfm, &review);
  }
  struct sp_group_facts facts = {.key_persons = 3,
                                 .key_lost = 2,
                                 .complaints = 1,
                                 .arrears_days = 45,
                                 .contract_days = -3,
                                 .satisfaction = 88};
  struct sp_group_case of = {&group, &sums, &facts, &review};
  sp_group_rate(&of, 20000, &risk);
  ck_assert_int_eq(risk.values[SP_GROUP_KEY], 2);
  ck_assert_int_eq(risk.values[SP_GROUP_LOSS], 408); /* (20 + 20 x 0.02) / (30 + 20) */
  ck_assert_int_lt(risk.values[SP_GROUP_MINUTES], -50);
  ck_assert_int_eq(sp_group_level(&risk, sums.members, false), SP_LEVEL_RED);
  ck_assert_int_eq(sp_group_level(&risk, 2, false), SP_LEVEL_YELLOW);
  sp_group_reason(&of, &risk, SP_GROUP_LOSS, &text);
  ck_assert_str_eq(line,
                   "20 of 30 members lost (20 silent for 30 days, 0 left in 90), 40.8 % weighed"
                   " with all groups");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_group_reason(&of, &risk, SP_GROUP_KEY, &text);
  ck_assert_str_eq(line, "2 of 3 key persons lost");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_group_reason(&of, &risk, SP_GROUP_CONTRACT, &text);
  ck_assert_str_eq(line, "contract ended 3 days ago");
  for (uint32_t k = 0; k < SP_GROUP_FEATURE_COUNT; k++) {
    text = (struct sp_text)SP_TEXT_INIT(line);
    sp_group_reason(&of, &risk, (enum sp_group_feature)k, &text);
    ck_assert_uint_gt(text.length, 5);
    ck_assert(!text.cut);
    ck_assert_uint_gt(strlen(sp_group_action((enum sp_group_feature)k)), 10);
  }
}
END_TEST

START_TEST(an_unseen_group_warns_of_nothing)
{
  struct sp_review review = review_now();
  struct sp_group_profile group = {0};
  struct sp_group_sums sums = {.unseen = 10};
  struct sp_group_risk risk;
  struct sp_rfm rfm;
  struct sp_group_facts facts = {.contract_days = SP_CARD_UNKNOWN, .satisfaction = SP_CARD_UNKNOWN};
  struct sp_group_case of = {&group, &sums, &facts, &review};
  sp_group_rate(&of, 20000, &risk);
  ck_assert_int_eq(risk.values[SP_GROUP_ARREARS], 0); /* no fact: none known */
  ck_assert_int_eq(risk.values[SP_GROUP_COMPLAINTS], 0);
  risk.values[SP_GROUP_ARREARS] = risk.values[SP_GROUP_COMPLAINTS] = SP_CARD_UNKNOWN;
  for (uint32_t k = 0; k < SP_GROUP_FEATURE_COUNT; k++) {
    ck_assert_int_eq(risk.values[k], SP_CARD_UNKNOWN);
  }
  ck_assert_int_eq(sp_group_level(&risk, 0, false), SP_LEVEL_NONE);
  sp_group_rfm(&group, &sums, &review.at, &rfm);
  ck_assert_uint_eq(rfm.r_days, SP_RFM_NEVER);
}
END_TEST

START_TEST(indicators_call_by_their_lines)
{
  for (uint32_t i = 0; i < sp_indicator_count; i++) {
    const struct sp_indicator *indicator = &sp_indicators[i];
    ck_assert_int_eq(sp_indicator_level(indicator, SP_CARD_UNKNOWN), SP_LEVEL_NONE);
    int below = SP_LEVEL_NONE;
    for (uint32_t k = 0; k < SP_LEVEL_COUNT - 1U; k++) {
      int32_t line = indicator->lines[k];
      if (line != SP_INDICATOR_NEVER) {
        ck_assert_int_eq(sp_indicator_level(indicator, line), (int)k + 1);
        ck_assert_int_eq(sp_indicator_level(indicator, line - indicator->sense), below);
        below = (int)k + 1;
      }
    }
  }
}
END_TEST

START_TEST(levels_are_entered_at_once_and_left_after_two_reviews)
{
  static const struct {
    enum sp_level upper, lower;
    bool port_out;
    enum sp_level want;
  } reviews[] = {
      {SP_LEVEL_NONE, SP_LEVEL_NONE, false, SP_LEVEL_NONE},
      {SP_LEVEL_ORANGE, SP_LEVEL_ORANGE, false, SP_LEVEL_ORANGE},
      {SP_LEVEL_YELLOW, SP_LEVEL_ORANGE, false, SP_LEVEL_ORANGE}, /* above the lower line */
      {SP_LEVEL_BLUE, SP_LEVEL_YELLOW, false, SP_LEVEL_ORANGE},   /* once below */
      {SP_LEVEL_YELLOW, SP_LEVEL_ORANGE, false, SP_LEVEL_ORANGE}, /* counts anew */
      {SP_LEVEL_BLUE, SP_LEVEL_YELLOW, false, SP_LEVEL_ORANGE},
      {SP_LEVEL_BLUE, SP_LEVEL_YELLOW, false, SP_LEVEL_YELLOW}, /* twice below */
      {SP_LEVEL_NONE, SP_LEVEL_NONE, true, SP_LEVEL_RED},       /* a request: red at once */
      {SP_LEVEL_NONE, SP_LEVEL_NONE, false, SP_LEVEL_RED},
      {SP_LEVEL_NONE, SP_LEVEL_NONE, false, SP_LEVEL_NONE},
  };
  struct sp_warning warning = {0};
  for (size_t i = 0; i < sizeof reviews / sizeof *reviews; i++) {
    sp_warning_review(&warning, reviews[i].upper, reviews[i].lower, reviews[i].port_out);
    ck_assert_int_eq(warning.level, (int)reviews[i].want);
  }
}
END_TEST

START_TEST(score_lines)
{
  ck_assert_int_eq(sp_score_level(79999, false), SP_LEVEL_NONE);
  ck_assert_int_eq(sp_score_level(80000, false), SP_LEVEL_BLUE);
  ck_assert_int_eq(sp_score_level(399999, false), SP_LEVEL_ORANGE);
  ck_assert_int_eq(sp_score_level(399999, true), SP_LEVEL_RED);
  ck_assert_str_eq(sp_level_word(SP_LEVEL_RED), "red");
  ck_assert_str_eq(sp_level_word(SP_LEVEL_NONE), "none");
  ck_assert_str_eq(sp_level_word(5), "");
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, loss_is_shrunken);
  tcase_add_test(tests, a_tree_is_the_sum_of_its_members);
  tcase_add_test(tests, merging_takes_the_later_ring);
  tcase_add_test(tests, points_follow_the_sense_of_each_feature);
  tcase_add_test(tests, a_fading_group_is_red_with_reasons);
  tcase_add_test(tests, an_unseen_group_warns_of_nothing);
  tcase_add_test(tests, indicators_call_by_their_lines);
  tcase_add_test(tests, levels_are_entered_at_once_and_left_after_two_reviews);
  tcase_add_test(tests, score_lines);
  return check_run("group_risk", tests);
}
