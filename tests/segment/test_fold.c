/* Fold against a slow model that keeps every event and adds up when asked; order of arrival,
 * corrections, limits, decay. The seed is printed with a failure. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "rating/number.h"
#include "segment/fold.h"
#include "tests/check_run.h"
#include "tests/draw.h"

enum { EVENTS_MAX = 600, FIRST_DAY = 20400 };

static struct sp_fold_event events[EVENTS_MAX];
static uint32_t event_count;

static void draw_events(uint32_t days)
{
  event_count = 1U + draw(EVENTS_MAX);
  for (uint32_t i = 0; i < event_count; i++) {
    struct sp_fold_event *event = &events[i];
    memset(event, 0, sizeof *event);
    event->day = (uint16_t)(FIRST_DAY + draw(days));
    event->month = (uint16_t)sp_month_of_day(event->day, NULL);
    event->start_utc_s = event->day * 86400U + draw(86400);
    event->net_micro = draw(5000) * 1000;
    event->active = draw(10) != 0;
    event->voice_s = draw(3) == 0 ? draw(4000) : 0;
    event->calls = event->voice_s != 0;
    event->messages = event->calls ? 0 : (int32_t)draw(3);
    event->bytes = event->calls || event->messages ? 0 : (int64_t)draw(1U << 30U) * 4;
    event->contact = event->calls ? draw(1000) | 1U << 31U : 0;
    event->offnet = (uint8_t)draw(2);
    event->international = (uint8_t)(draw(8) == 0);
    event->inside = (uint8_t)(draw(4) == 0);
    event->marks = (uint8_t)(draw(5) == 0 ? draw(16) : 0);
  }
}

static void shuffle(void)
{
  for (uint32_t i = event_count; i > 1U; i--) {
    uint32_t k = draw(i);
    struct sp_fold_event event = events[k];
    events[k] = events[i - 1U];
    events[i - 1U] = event;
  }
}

static void fold_all(struct sp_profile *profile, struct sp_group_profile *group)
{
  memset(profile, 0, sizeof *profile);
  memset(group, 0, sizeof *group);
  for (uint32_t i = 0; i < event_count; i++) {
    sp_profile_fold(profile, group, &events[i]);
  }
}

/* ---- the model ---- */

static struct sp_month model_month(uint32_t month)
{
  struct sp_month sums = {0};
  for (uint32_t i = 0; i < event_count; i++) {
    const struct sp_fold_event *event = &events[i];
    if (event->month == month) {
      uint32_t contacts = (uint32_t)(event->calls + event->messages);
      sums.net_micro += event->net_micro;
      sums.voice_s += event->voice_s;
      sums.bytes += event->bytes;
      sums.calls += (uint32_t)event->calls;
      sums.messages += (uint32_t)event->messages;
      sums.offnet += event->offnet ? contacts : 0;
      sums.international += event->international ? contacts : 0;
      sums.inside += event->inside ? contacts : 0;
    }
  }
  return sums;
}

static bool model_active(uint32_t day)
{
  for (uint32_t i = 0; i < event_count; i++) {
    if (events[i].active && events[i].day == day) {
      return true;
    }
  }
  return false;
}

static void model_extremes(uint32_t *last_day, uint32_t *first, uint32_t *last, uint32_t *month)
{
  *last_day = *first = *last = *month = 0;
  for (uint32_t i = 0; i < event_count; i++) {
    const struct sp_fold_event *event = &events[i];
    *month = event->month > *month ? event->month : *month;
    if (event->active) {
      *last_day = event->day > *last_day ? event->day : *last_day;
      *first = *first == 0 || event->start_utc_s < *first ? event->start_utc_s : *first;
      *last = event->start_utc_s > *last ? event->start_utc_s : *last;
    }
  }
}

static void check_against_model(const struct sp_profile *profile,
                                const struct sp_group_profile *group)
{
  uint32_t last_day;
  uint32_t first;
  uint32_t last;
  uint32_t newest;
  model_extremes(&last_day, &first, &last, &newest);
  ck_assert_uint_eq(profile->last_day, last_day);
  ck_assert_uint_eq(profile->first_utc_s, first);
  ck_assert_uint_eq(profile->last_utc_s, last);
  ck_assert_uint_eq(profile->month, newest);
  ck_assert_uint_eq(group->last_utc_s, last);
  for (uint32_t month = newest - SP_PROFILE_MONTHS + 1U; month <= newest + 1U; month++) {
    struct sp_month want = model_month(month);
    struct sp_month have;
    ck_assert(sp_group_month_at(group, month, &have));
    ck_assert_int_eq(have.net_micro, want.net_micro);
    ck_assert_int_eq(have.bytes, want.bytes);
    ck_assert_int_eq(have.voice_s, want.voice_s);
    ck_assert_uint_eq(have.inside, want.inside);
    ck_assert(sp_profile_month_at(profile, month, &have));
    ck_assert_int_eq(have.net_micro, want.net_micro);
    ck_assert_int_eq(have.bytes, want.bytes);
    ck_assert_int_eq(have.voice_s, want.voice_s);
    ck_assert_uint_eq(have.calls, want.calls);
    ck_assert_uint_eq(have.messages, want.messages);
    ck_assert_uint_eq(have.offnet, want.offnet);
    ck_assert_uint_eq(have.international, want.international);
  }
  struct sp_month gone;
  ck_assert(!sp_profile_month_at(profile, newest - SP_PROFILE_MONTHS, &gone));
}

static void check_days(const struct sp_profile *profile)
{
  for (uint32_t as_of = profile->last_day; as_of < profile->last_day + 100U; as_of += 7U) {
    for (uint32_t days = 1; days <= 90U; days += 8U) {
      uint32_t want = 0;
      for (uint32_t day = as_of - days + 1U; day <= as_of; day++) {
        want += model_active(day);
      }
      ck_assert_uint_eq(sp_profile_active_days(profile, as_of, days), want);
    }
  }
}

START_TEST(equals_the_model)
{
  draw_begin(7000 + (uint64_t)_i);
  struct sp_profile profile;
  struct sp_group_profile group;
  draw_events(20U + draw(150));
  fold_all(&profile, &group);
  check_against_model(&profile, &group);
  check_days(&profile);
}
END_TEST

START_TEST(order_of_arrival_does_not_matter)
{
  draw_begin(9000 + (uint64_t)_i);
  struct sp_profile first;
  struct sp_profile again;
  struct sp_group_profile group_first;
  struct sp_group_profile group_again;
  draw_events(85); /* no day and no month leaves its window */
  fold_all(&first, &group_first);
  shuffle();
  fold_all(&again, &group_again);
  ck_assert_mem_eq(&group_first, &group_again, sizeof group_first);
  double long_first = first.activity_long;
  ck_assert_double_le(fabs(long_first - again.activity_long), 2.0 * event_count);
  ck_assert_double_le(fabs((double)first.activity_short - again.activity_short), 2.0 * event_count);
  again.activity_short = first.activity_short;
  again.activity_long = first.activity_long;
  ck_assert_mem_eq(&first, &again, sizeof first);
}
END_TEST

START_TEST(same_events_same_bytes)
{
  draw_seed = 31;
  struct sp_profile first;
  struct sp_profile again;
  struct sp_group_profile group_first;
  struct sp_group_profile group_again;
  draw_events(200);
  fold_all(&first, &group_first);
  fold_all(&again, &group_again);
  ck_assert_mem_eq(&first, &again, sizeof first);
  ck_assert_mem_eq(&group_first, &group_again, sizeof group_first);
}
END_TEST

START_TEST(a_correction_takes_back_what_it_added)
{
  draw_seed = 11;
  struct sp_profile before;
  struct sp_profile after;
  struct sp_group_profile group;
  draw_events(60);
  fold_all(&before, &group);
  after = before;
  struct sp_fold_event event = events[event_count / 2U];
  event.net_micro = 123456789;
  event.voice_s = 61;
  event.calls = 1;
  event.marks = 0;
  event.contact = 0;
  event.inside = 0;
  event.active = 0;
  sp_profile_fold(&after, NULL, &event);
  ck_assert_mem_ne(&before, &after, sizeof before);
  event.net_micro = -event.net_micro;
  event.voice_s = -event.voice_s;
  event.bytes = -event.bytes;
  event.calls = -event.calls;
  event.messages = -event.messages;
  sp_profile_fold(&after, NULL, &event);
  ck_assert_mem_eq(&before, &after, sizeof before);
}
END_TEST

START_TEST(a_fee_is_money_but_no_activity)
{
  struct sp_profile profile = {0};
  struct sp_fold_event event = {.net_micro = 39000000, .day = FIRST_DAY, .start_utc_s = 1};
  struct sp_month month;
  event.month = (uint16_t)sp_month_of_day(event.day, NULL);
  sp_profile_fold(&profile, NULL, &event);
  ck_assert_uint_eq(profile.last_utc_s, 0);
  ck_assert_uint_eq(sp_profile_active_days(&profile, FIRST_DAY, 90), 0);
  ck_assert(sp_profile_month_at(&profile, event.month, &month));
  ck_assert_int_eq(month.net_micro, 39000000);
  event.net_micro = -40000000; /* a partial's difference may be negative */
  sp_profile_fold(&profile, NULL, &event);
  ck_assert(sp_profile_month_at(&profile, event.month, &month));
  ck_assert_int_eq(month.net_micro, -1000000);
}
END_TEST

START_TEST(amounts_stop_at_their_limit)
{
  struct sp_profile profile = {0};
  struct sp_group_profile group = {0};
  struct sp_fold_event event = {.net_micro = INT64_MAX / 4,
                                .voice_s = 999999999999999999,
                                .bytes = 1999999999999999998,
                                .calls = 1,
                                .messages = INT32_MAX,
                                .day = FIRST_DAY,
                                .start_utc_s = UINT32_MAX,
                                .active = 1,
                                .offnet = 1,
                                .international = 1,
                                .inside = 1,
                                .marks = 15};
  struct sp_month month;
  event.month = (uint16_t)sp_month_of_day(event.day, NULL);
  for (int i = 0; i < 20; i++) {
    sp_profile_fold(&profile, &group, &event);
  }
  ck_assert(sp_profile_month_at(&profile, event.month, &month));
  ck_assert_int_eq(month.net_micro, (INT64_C(1) << 47) - 1);
  ck_assert_int_eq(month.voice_s, (INT64_C(1) << 27) - 1);
  ck_assert_int_eq(month.bytes, (INT64_C(1) << 48) - 1);
  ck_assert_uint_eq(month.messages, UINT16_MAX);
  ck_assert_uint_eq(month.active_days, 1);
  ck_assert_uint_eq(profile.inside_now, UINT16_MAX);
  ck_assert_uint_eq(sp_profile_mark(&profile, SP_MARK_ROAM, event.month), SP_MARK_MAX);
  ck_assert(sp_group_month_at(&group, event.month, &month));
  ck_assert_int_eq(month.net_micro, INT64_MAX);
}
END_TEST

START_TEST(decay_is_exponential)
{
  for (uint32_t days = 0; days < 1200U; days++) {
    double want = 4.0e9 * pow(2.0, -(double)days / 7.0);
    ck_assert_double_le(fabs((double)sp_decay_short(4000000000U, days) - want), 2.0);
    want = 4.0e9 * pow(2.0, -(double)days / 90.0);
    ck_assert_double_le(fabs((double)sp_decay_long(4000000000U, days) - want), 2.0);
  }
}
END_TEST

START_TEST(marks_and_contacts_roll_with_the_month)
{
  struct sp_profile profile = {0};
  struct sp_fold_event event = {.calls = 1, .active = 1, .inside = 1, .day = FIRST_DAY};
  uint32_t month = sp_month_of_day(FIRST_DAY, NULL);
  event.month = (uint16_t)month;
  event.marks = 1U << SP_MARK_HOTLINE;
  for (uint32_t i = 0; i < 3U; i++) {
    event.contact = 1U << 31U | i;
    sp_profile_fold(&profile, NULL, &event);
  }
  event.day = (uint16_t)sp_day_of_month_start(month + 1U);
  event.month++;
  event.contact = 1U << 31U;
  sp_profile_fold(&profile, NULL, &event);
  ck_assert_uint_eq(sp_profile_mark(&profile, SP_MARK_HOTLINE, month), 3);
  ck_assert_uint_eq(sp_profile_mark(&profile, SP_MARK_HOTLINE, month + 1U), 1);
  ck_assert_uint_eq(sp_profile_mark(&profile, SP_MARK_FORWARD, month + 1U), 0);
  ck_assert_uint_eq(profile.inside_before, 3);
  ck_assert_int_eq(__builtin_popcount(profile.contacts_before), 3);
  ck_assert_int_eq(__builtin_popcount(profile.contacts_now), 1);
  event.day = (uint16_t)sp_day_of_month_start(month + 3U);
  event.month = (uint16_t)(month + 3U);
  sp_profile_fold(&profile, NULL, &event); /* a month without events lies between */
  ck_assert_uint_eq(profile.contacts_before, 0);
  ck_assert_uint_eq(sp_profile_mark(&profile, SP_MARK_HOTLINE, month + 2U), 0);
}
END_TEST

START_TEST(contacts_are_estimated)
{
  for (uint32_t truth = 1; truth <= 60U; truth++) {
    double sum = 0;
    draw_seed = 5;
    for (int round = 0; round < 400; round++) {
      uint32_t map = 0;
      for (uint32_t i = 0; i < truth; i++) {
        map |= 1U << draw(SP_CONTACT_BITS);
      }
      sum += sp_contacts_tenths(map) / 10.0;
    }
    ck_assert_double_le(fabs(sum / 400 - truth), 1.0 + truth * 0.1);
  }
  ck_assert_uint_eq(sp_contacts_tenths(0), 0);
}
END_TEST

START_TEST(calendar_equals_the_c_library)
{
  uint32_t month_before = sp_month_of_day(0, NULL);
  for (uint32_t day = 0; day <= UINT16_MAX; day++) {
    time_t instant = (time_t)day * 86400;
    struct tm tm;
    uint32_t of_month;
    ck_assert_ptr_nonnull(gmtime_r(&instant, &tm));
    uint32_t month = sp_month_of_day(day, &of_month);
    ck_assert_uint_eq(month, (uint32_t)(tm.tm_year + 1900) * 12U + (uint32_t)tm.tm_mon);
    ck_assert_uint_eq(of_month, (uint32_t)tm.tm_mday);
    if (month != month_before) {
      ck_assert_uint_eq(sp_day_of_month_start(month), day);
      month_before = month;
    }
  }
  struct sp_as_of at = {0};
  sp_as_of_day(&at, 20512); /* 2026-02-28 */
  ck_assert_uint_eq(at.month, 2026U * 12U + 1U);
  ck_assert_uint_eq(at.day_of_month, 28);
  ck_assert_uint_eq(at.days_in_month, 28);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, equals_the_model, 0, 60);
  tcase_add_loop_test(tests, order_of_arrival_does_not_matter, 0, 40);
  tcase_add_test(tests, same_events_same_bytes);
  tcase_add_test(tests, a_correction_takes_back_what_it_added);
  tcase_add_test(tests, a_fee_is_money_but_no_activity);
  tcase_add_test(tests, amounts_stop_at_their_limit);
  tcase_add_test(tests, decay_is_exponential);
  tcase_add_test(tests, marks_and_contacts_roll_with_the_month);
  tcase_add_test(tests, contacts_are_estimated);
  tcase_add_test(tests, calendar_equals_the_c_library);
  return check_run("fold", tests);
}
