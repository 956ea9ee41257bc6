/* The scorecard: points, probability, exact contributions, monotony where sense demands it,
 * features of made-up customers, reasons with their numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "segment/churn.h"
#include "segment/fold.h"
#include "tests/check_run.h"
#include "tests/draw.h"

START_TEST(probability_is_the_logistic_curve)
{
  uint32_t before = 0;
  for (int32_t points = -2000; points <= 2000; points++) {
    uint32_t ppm = sp_card_probability_ppm(points);
    double want = 1e6 / (1 + exp(-points / 100.0));
    ck_assert_double_le(fabs(ppm - want), 1000.0);
    ck_assert_uint_ge(ppm, before);
    ck_assert_uint_gt(ppm, 0);
    ck_assert_uint_lt(ppm, SP_PPM);
    before = ppm;
  }
  ck_assert_uint_eq(sp_card_probability_ppm(0), 500000);
  ck_assert_uint_eq(sp_card_probability_ppm(INT32_MIN), sp_card_probability_ppm(-1200));
  ck_assert_uint_eq(sp_card_probability_ppm(INT32_MAX), sp_card_probability_ppm(1200));
}
END_TEST

START_TEST(points_follow_the_sense_of_each_feature)
{
  for (uint32_t k = 0; k < sp_churn_card.feature_count; k++) {
    const struct sp_card_feature *feature = &sp_churn_card.features[k];
    ck_assert_uint_le(feature->cut_count, SP_CARD_CUTS_MAX);
    ck_assert(feature->sense == 1 || feature->sense == -1);
    for (uint32_t cut = 1; cut < feature->cut_count; cut++) {
      ck_assert_int_lt(feature->cuts[cut - 1U], feature->cuts[cut]);
    }
    for (uint32_t bin = 2; bin <= feature->cut_count + 1U; bin++) {
      ck_assert_int_ge((feature->points[bin] - feature->points[bin - 1U]) * feature->sense, 0);
    }
  }
}
END_TEST

START_TEST(contributions_add_up_to_the_score)
{
  enum { N = 500 };
  static struct sp_card_score scores[N];
  struct sp_card_means means = {0};
  struct sp_card_means again = {0};
  struct sp_card_layout layout;
  int64_t total = 0;
  draw_seed = 4;
  sp_card_lay_out(&sp_churn_card, &layout);
  for (uint32_t i = 0; i < N; i++) {
    int32_t values[SP_CARD_FEATURES_MAX];
    for (uint32_t k = 0; k < SP_FEATURE_COUNT; k++) {
      values[k] = draw(6) == 0 ? SP_CARD_UNKNOWN : (int32_t)draw(200) - 100;
    }
    sp_card_rate(&layout, values, &scores[i], &means);
    sp_card_means_add(&sp_churn_card, &scores[i], &again);
    total += scores[i].points;
  }
  ck_assert_mem_eq(&means, &again, sizeof means);
  for (uint32_t i = 0; i < N; i++) {
    int64_t sum = 0;
    uint32_t reasons[SP_FEATURE_COUNT];
    for (uint32_t k = 0; k < SP_FEATURE_COUNT; k++) {
      sum += sp_card_contribution(&sp_churn_card, &scores[i], k, &means);
    }
    int64_t want = (scores[i].points * INT64_C(1000) * N - total * 1000) / N;
    ck_assert_int_le(llabs(sum - want), SP_FEATURE_COUNT); /* half a thousandth a feature */
    uint32_t count = sp_card_reasons(&sp_churn_card, &scores[i], &means, 1, 3, reasons);
    int64_t before = INT64_MAX;
    for (uint32_t r = 0; r < count; r++) {
      int64_t contribution = sp_card_contribution(&sp_churn_card, &scores[i], reasons[r], &means);
      ck_assert_int_gt(contribution, 0);
      ck_assert_int_le(contribution, before);
      before = contribution;
    }
    for (uint32_t k = 0; k < SP_FEATURE_COUNT && count == 3U; k++) { /* none greater is left out */
      bool listed = k == reasons[0] || k == reasons[1] || k == reasons[2];
      int64_t other = sp_card_contribution(&sp_churn_card, &scores[i], k, &means);
      ck_assert(listed || other <= before);
    }
  }
}
END_TEST

START_TEST(no_population_no_reason)
{
  struct sp_card_means means = {0};
  struct sp_card_score score;
  struct sp_card_layout layout;
  int32_t values[SP_CARD_FEATURES_MAX] = {0};
  uint32_t reasons[3];
  sp_card_lay_out(&sp_churn_card, &layout);
  sp_card_rate(&layout, values, &score, NULL);
  ck_assert_uint_eq(sp_card_reasons(&sp_churn_card, &score, &means, 1, 3, reasons), 0);
}
END_TEST

/* ---- customers ---- */

#define MONTH(year, month) ((year)*12U + (month)-1U)

/* One event on each of the days [from, to) of a month. */
static void use(struct sp_profile *profile, uint32_t month, uint32_t from, uint32_t to,
                struct sp_fold_event event)
{
  for (uint32_t day = from; day < to; day++) {
    event.active = 1;
    event.month = (uint16_t)month;
    event.day = (uint16_t)(sp_day_of_month_start(month) + day - 1U);
    event.start_utc_s = event.day * 86400U + 36000U;
    sp_profile_fold(profile, NULL, &event);
  }
}

static void review_at(struct sp_review *review, uint32_t month, uint32_t day_of_month)
{
  uint32_t day = sp_day_of_month_start(month) + day_of_month - 1U;
  sp_review_set(review, (int64_t)day * 86400, day);
}

static void call_all_months(struct sp_profile *profile)
{
  struct sp_fold_event event = {.calls = 1, .voice_s = 600, .net_micro = 2000000};
  for (uint32_t month = MONTH(2026U, 1U); month <= MONTH(2026U, 4U); month++) {
    for (uint32_t i = 0; i < 20U; i++) {
      event.contact = 1U << 31U | i;
      event.offnet = i < 4U;
      use(profile, month, i + 1U, i + 2U, event);
    }
  }
}

START_TEST(a_window_scales_the_running_month)
{
  struct sp_review review;
  review_at(&review, MONTH(2026U, 5U), 14);
  ck_assert_uint_eq(review.latest_month, MONTH(2026U, 4U));
  ck_assert_uint_eq(review.scale_days, 1);
  review_at(&review, MONTH(2026U, 5U), 15);
  ck_assert_uint_eq(review.latest_month, MONTH(2026U, 5U));
  ck_assert_uint_eq(review.scale_days, 31);
  ck_assert_uint_eq(review.scale_of_days, 15);
}
END_TEST

START_TEST(a_steady_customer_has_no_alarm)
{
  struct sp_profile profile = {0};
  struct sp_review review;
  int32_t values[SP_CARD_FEATURES_MAX];
  struct sp_card_score score;
  struct sp_fold_event event = {.calls = 1, .voice_s = 600, .net_micro = 2000000, .inside = 1};
  for (uint32_t month = MONTH(2025U, 12U); month <= MONTH(2026U, 5U); month++) {
    use(&profile, month, 1, 29, event);
  }
  review_at(&review, MONTH(2026U, 5U), 28);
  sp_churn_values(&profile, &review, true, values);
  ck_assert_int_eq(values[SP_FEATURE_SILENT], 0);
  ck_assert_int_ge(values[SP_FEATURE_SLOPE], 90);
  ck_assert_int_le(values[SP_FEATURE_SLOPE], 115);
  ck_assert_int_ge(values[SP_FEATURE_MINUTES], 0);
  ck_assert_int_le(values[SP_FEATURE_MINUTES], 12); /* 28 of 31 days scaled up */
  ck_assert_int_eq(values[SP_FEATURE_DATA], SP_CARD_UNKNOWN);
  ck_assert_int_eq(values[SP_FEATURE_INSIDE], 100);
  ck_assert_int_eq(values[SP_FEATURE_HOTLINE], 0);
  sp_churn_rate(&profile, &review, true, &score, NULL);
  ck_assert_uint_lt(score.probability_ppm, 30000);
  sp_churn_values(&profile, &review, false, values);
  ck_assert_int_eq(values[SP_FEATURE_INSIDE], SP_CARD_UNKNOWN);
}
END_TEST

START_TEST(a_fading_customer_has_reasons_with_numbers)
{
  struct sp_profile profile = {0};
  struct sp_review review;
  int32_t values[SP_CARD_FEATURES_MAX];
  struct sp_card_score score;
  char line[256];
  struct sp_text text = SP_TEXT_INIT(line);
  call_all_months(&profile); /* January to April: 200 minutes, 40.00, 20 % off-net, 20 contacts */
  struct sp_fold_event event = {.calls = 1, .voice_s = 260, .net_micro = 900000, .offnet = 1};
  event.contact = 1U << 31U | 1U;
  event.marks = 1U << SP_MARK_HOTLINE;
  use(&profile, MONTH(2026U, 5U), 1, 11, event); /* 43 min by May 10, then silence */
  review_at(&review, MONTH(2026U, 5U), 20);
  sp_churn_values(&profile, &review, false, values);
  ck_assert_int_eq(values[SP_FEATURE_SILENT], 10);
  ck_assert_int_eq(values[SP_FEATURE_MINUTES], -66); /* 43.3 x 31 / 20 = 67.2 of 200 */
  ck_assert_int_eq(values[SP_FEATURE_SPEND], -65);
  ck_assert_int_eq(values[SP_FEATURE_OFFNET], 80);
  ck_assert_int_eq(values[SP_FEATURE_HOTLINE], 10);
  ck_assert_int_lt(values[SP_FEATURE_CIRCLE], -90);
  ck_assert_int_lt(values[SP_FEATURE_SLOPE], 75);
  sp_churn_reason(&profile, &review, false, SP_FEATURE_MINUTES, &text);
  ck_assert_str_eq(line, "minutes 200 → 67 since 2026-05, −66 %");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_churn_reason(&profile, &review, false, SP_FEATURE_SPEND, &text);
  ck_assert_str_eq(line, "spend 40.00 → 13.95 since 2026-05, −65 %");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_churn_reason(&profile, &review, false, SP_FEATURE_HOTLINE, &text);
  ck_assert_str_eq(line, "competitors' hotlines called 10 times in two months");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_churn_reason(&profile, &review, false, SP_FEATURE_DATA, &text);
  ck_assert_str_eq(line, "data 0 MB → 0 MB since 2026-05");
  text = (struct sp_text)SP_TEXT_INIT(line);
  sp_churn_reason(&profile, &review, false, SP_FEATURE_INSIDE, &text);
  ck_assert_str_eq(line, "too little known of inside_share");
  sp_churn_rate(&profile, &review, false, &score, NULL);
  ck_assert_uint_gt(score.probability_ppm, 400000);
}
END_TEST

START_TEST(every_feature_has_words)
{
  struct sp_profile profile = {0};
  struct sp_review review;
  char line[256];
  call_all_months(&profile);
  review_at(&review, MONTH(2026U, 4U), 25);
  for (uint32_t k = 0; k < SP_FEATURE_COUNT; k++) {
    struct sp_text text = SP_TEXT_INIT(line);
    sp_churn_reason(&profile, &review, true, (enum sp_feature)k, &text);
    ck_assert_uint_gt(text.length, 5);
    ck_assert(!text.cut);
    ck_assert_uint_gt(strlen(sp_churn_action((enum sp_feature)k)), 10);
    ck_assert_uint_gt(strlen(sp_churn_card.features[k].word), 3);
  }
}
END_TEST

START_TEST(longer_silence_never_lowers_the_risk)
{
  struct sp_profile profile = {0};
  struct sp_review review;
  call_all_months(&profile);
  int32_t before = INT32_MIN;
  for (uint32_t day = 1; day < 14U; day++) { /* the window stays that of April */
    int32_t values[SP_CARD_FEATURES_MAX];
    review_at(&review, MONTH(2026U, 5U), day);
    sp_churn_values(&profile, &review, false, values);
    values[SP_FEATURE_DAYS] = SP_CARD_UNKNOWN; /* moves with its own window */
    struct sp_card_score score;
    sp_card_rate(&review.layout, values, &score, NULL);
    ck_assert_int_ge(score.points, before);
    before = score.points;
  }
}
END_TEST

START_TEST(a_new_customer_is_not_compared)
{
  struct sp_profile profile = {0};
  struct sp_review review;
  int32_t values[SP_CARD_FEATURES_MAX];
  struct sp_fold_event event = {.calls = 1, .voice_s = 60, .net_micro = 100000};
  use(&profile, MONTH(2026U, 4U), 10, 25, event); /* April is no whole month */
  use(&profile, MONTH(2026U, 5U), 1, 2, event);
  review_at(&review, MONTH(2026U, 5U), 20);
  sp_churn_values(&profile, &review, false, values);
  ck_assert_int_eq(values[SP_FEATURE_MINUTES], SP_CARD_UNKNOWN);
  ck_assert_int_eq(values[SP_FEATURE_SPEND], SP_CARD_UNKNOWN);
  ck_assert_int_eq(values[SP_FEATURE_TENURE], 40);
  ck_assert_int_eq(values[SP_FEATURE_DAYS], SP_CARD_UNKNOWN);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, probability_is_the_logistic_curve);
  tcase_add_test(tests, points_follow_the_sense_of_each_feature);
  tcase_add_test(tests, contributions_add_up_to_the_score);
  tcase_add_test(tests, no_population_no_reason);
  tcase_add_test(tests, a_window_scales_the_running_month);
  tcase_add_test(tests, a_steady_customer_has_no_alarm);
  tcase_add_test(tests, a_fading_customer_has_reasons_with_numbers);
  tcase_add_test(tests, every_feature_has_words);
  tcase_add_test(tests, longer_silence_never_lowers_the_risk);
  tcase_add_test(tests, a_new_customer_is_not_compared);
  return check_run("churn", tests);
}
