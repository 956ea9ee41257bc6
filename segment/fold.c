#include "segment/fold.h"

#include <string.h>

/* ---- subscriber ---- */

static void pass_days(struct sp_profile *profile, uint32_t days)
{
  if (days >= SP_PROFILE_DAYS) {
    profile->days_low = profile->days_high = 0;
  } else if (days >= 64U) {
    profile->days_high = (uint32_t)(profile->days_low << (days - 64U));
    profile->days_low = 0;
  } else {
    profile->days_high =
        (uint32_t)(((uint64_t)profile->days_high << days) | (profile->days_low >> (64U - days)));
    profile->days_low <<= days;
  }
  profile->activity_short = sp_decay_short(profile->activity_short, days);
  profile->activity_long = sp_decay_long(profile->activity_long, days);
}

static uint32_t add_capped(uint32_t value, uint32_t add)
{
  return value > UINT32_MAX - add ? UINT32_MAX : value + add;
}

/* Marks the event's day; true if it was not active before. */
static bool mark_day(struct sp_profile *profile, uint32_t age)
{
  uint32_t word = age / 64U;
  uint64_t bit = UINT64_C(1) << (age % 64U);
  if (age >= SP_PROFILE_DAYS) {
    return false;
  }
  if (word == 0) {
    bool fresh = (profile->days_low & bit) == 0;
    profile->days_low |= bit;
    return fresh;
  }
  bool fresh = (profile->days_high & bit) == 0;
  profile->days_high |= (uint32_t)bit;
  return fresh;
}

/* Time of activity: days, decayed counters, first and last; true if the day is newly active. */
static bool fold_activity(struct sp_profile *profile, const struct sp_fold_event *event)
{
  uint32_t age = 0;
  uint32_t add_short = SP_ACTIVITY_ONE;
  uint32_t add_long = SP_ACTIVITY_ONE;
  if (event->day > profile->last_day) {
    if (profile->last_day != 0) {
      pass_days(profile, (uint32_t)event->day - profile->last_day);
    }
    profile->last_day = event->day;
  } else if (event->day < profile->last_day) {
    age = (uint32_t)profile->last_day - event->day;
    add_short = sp_decay_short(SP_ACTIVITY_ONE, age);
    add_long = sp_decay_long(SP_ACTIVITY_ONE, age);
  }
  profile->activity_short = add_capped(profile->activity_short, add_short);
  profile->activity_long = add_capped(profile->activity_long, add_long);
  if (profile->first_utc_s == 0 || event->start_utc_s < profile->first_utc_s) {
    profile->first_utc_s = event->start_utc_s;
  }
  if (event->start_utc_s > profile->last_utc_s) {
    profile->last_utc_s = event->start_utc_s;
  }
  return mark_day(profile, age);
}

static void pass_months(struct sp_profile *profile, uint32_t month)
{
  uint32_t passed = month - profile->month;
  bool next = passed == 1U && profile->month != 0;
  profile->contacts_before = next ? profile->contacts_now : 0;
  profile->inside_before = next ? profile->inside_now : 0;
  profile->contacts_now = 0;
  profile->inside_now = 0;
  for (uint32_t k = 0; k < SP_MARK_COUNT; k++) {
    profile->marks[k] = next ? (uint8_t)(profile->marks[k] << 4U) : 0;
  }
  passed = passed < SP_PROFILE_MONTHS ? passed : SP_PROFILE_MONTHS;
  for (uint32_t k = 0; k < passed; k++) {
    memset(&profile->months[(month - k) % SP_PROFILE_MONTHS], 0, sizeof *profile->months);
  }
  profile->month = (uint16_t)month;
}

/* Sums that stay at the limits of their field. */
static uint16_t add_u16(uint16_t value, int64_t add)
{
  int64_t sum = (int64_t)value + add;
  return (uint16_t)(sum < 0 ? 0 : sum > UINT16_MAX ? UINT16_MAX : sum);
}

static uint32_t add_u32(uint32_t value, int64_t add)
{
  int64_t sum = (int64_t)value + add;
  return (uint32_t)(sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : sum);
}

static int64_t add_within(int64_t value, int64_t add, int64_t low, int64_t high)
{
  int64_t sum;
  if (SP_UNLIKELY(__builtin_add_overflow(value, add, &sum))) {
    return add < 0 ? low : high;
  }
  return sum < low ? low : sum > high ? high : sum;
}

/* What is kept of the newest month and the one before only. back: 0 or 1. */
static void fold_recent(struct sp_profile *profile, const struct sp_fold_event *event,
                        uint32_t back)
{
  uint32_t shift = back * 4U;
  if (event->contact != 0) {
    uint32_t *map = back == 0 ? &profile->contacts_now : &profile->contacts_before;
    *map |= 1U << (event->contact % SP_CONTACT_BITS);
  }
  if (event->inside) {
    uint16_t *inside = back == 0 ? &profile->inside_now : &profile->inside_before;
    *inside = add_u16(*inside, (int64_t)event->calls + event->messages);
  }
  for (uint32_t set = event->marks; set != 0; set &= set - 1U) {
    uint8_t *mark = &profile->marks[__builtin_ctz(set)];
    uint32_t count = (*mark >> shift) & SP_MARK_MAX;
    *mark = (uint8_t)(*mark + ((count < SP_MARK_MAX ? 1U : 0U) << shift));
  }
}

/* The fields that an event leaves alone cost nothing: a call has no bytes, data no contacts. */
static void fold_month(struct sp_profile_month *month, const struct sp_fold_event *event,
                       bool fresh_day)
{
  int64_t net = (int64_t)(int16_t)month->net_high * (INT64_C(1) << 32) + month->net_low;
  net = add_within(net, event->net_micro, -(INT64_C(1) << 47), (INT64_C(1) << 47) - 1);
  month->net_low = (uint32_t)net;
  month->net_high = (uint16_t)((uint64_t)net >> 32U);
  if (event->bytes != 0) {
    int64_t bytes = (int64_t)(((uint64_t)month->bytes_high << 32U) | month->bytes_low);
    bytes = add_within(bytes, event->bytes, 0, (INT64_C(1) << 48) - 1);
    month->bytes_low = (uint32_t)bytes;
    month->bytes_high = (uint16_t)(bytes >> 32U);
  }
  uint32_t days = month->voice_days & 31U;
  int64_t voice_s = month->voice_days >> 5U;
  voice_s = add_within(voice_s, event->voice_s, 0, (INT64_C(1) << 27) - 1);
  days += fresh_day && days < 31U;
  month->voice_days = ((uint32_t)voice_s << 5U) | days;
  int64_t contacts = (int64_t)event->calls + event->messages;
  if (contacts == 0) {
    return;
  }
  month->calls = add_u16(month->calls, event->calls);
  month->messages = add_u16(month->messages, event->messages);
  if (event->offnet | event->international) {
    month->offnet = add_u16(month->offnet, event->offnet ? contacts : 0);
    month->international = add_u16(month->international, event->international ? contacts : 0);
  }
}

/* ---- group ---- */

static void fold_group(struct sp_group_profile *group, const struct sp_fold_event *event)
{
  if (event->active) {
    group->last_day = event->day > group->last_day ? event->day : group->last_day;
    if (group->first_utc_s == 0 || event->start_utc_s < group->first_utc_s) {
      group->first_utc_s = event->start_utc_s;
    }
    group->last_utc_s =
        event->start_utc_s > group->last_utc_s ? event->start_utc_s : group->last_utc_s;
  }
  if (event->month > group->month) {
    uint32_t passed = (uint32_t)event->month - group->month;
    for (uint32_t k = 0; k < passed && k < SP_PROFILE_MONTHS; k++) {
      memset(&group->months[(event->month - k) % SP_PROFILE_MONTHS], 0, sizeof *group->months);
    }
    group->month = event->month;
  }
  if ((uint32_t)group->month - event->month >= SP_PROFILE_MONTHS) {
    return;
  }
  struct sp_group_month *month = &group->months[event->month % SP_PROFILE_MONTHS];
  int64_t contacts = (int64_t)event->calls + event->messages;
  month->net_micro = add_within(month->net_micro, event->net_micro, INT64_MIN, INT64_MAX);
  month->voice_s = add_within(month->voice_s, event->voice_s, 0, INT64_MAX);
  month->bytes = add_within(month->bytes, event->bytes, 0, INT64_MAX);
  if (contacts != 0) {
    month->calls = add_u32(month->calls, event->calls);
    month->messages = add_u32(month->messages, event->messages);
    month->offnet = add_u32(month->offnet, event->offnet ? contacts : 0);
    month->inside = add_u32(month->inside, event->inside ? contacts : 0);
  }
}

/* [CDR 7/9] fold. in: what a charged record says of its customer; out: the profiles of subscriber
 * and group; next: journal (tools/writer.c), once the block of its shard is closed. */
void sp_profile_fold(struct sp_profile *profile, struct sp_group_profile *group,
                     const struct sp_fold_event *event)
{
  if (event->day == 0) {
    return;
  }
  SP_ASSERT(event->month != 0);
  bool fresh_day = event->active && fold_activity(profile, event);
  if (event->month > profile->month) {
    pass_months(profile, event->month);
  }
  uint32_t back = (uint32_t)profile->month - event->month;
  if (back < 2U) {
    fold_recent(profile, event, back);
  }
  if (back < SP_PROFILE_MONTHS) {
    fold_month(&profile->months[event->month % SP_PROFILE_MONTHS], event, fresh_day);
  }
  if (group != NULL) {
    fold_group(group, event);
  }
}
