#include <string.h>

#include "rating/number.h"
#include "segment/fold.h"

void sp_fold_clock_set(struct sp_fold_clock *clock, const struct sp_book *book)
{
  memset(clock, 0, sizeof *clock);
  clock->book = book;
}

struct sp_fold_day sp_fold_clock_at(struct sp_fold_clock *clock, int64_t utc_s)
{
  struct sp_fold_day none = {0, 0, 0, 0, 0};
  if (utc_s < 86400 || utc_s > UINT32_MAX) {
    return none;
  }
  /* A UTC day meets two local days: the half day tells them apart for most zones. */
  struct sp_fold_day *slot = &clock->days[(uint64_t)utc_s / 43200U % SP_FOLD_CLOCK_DAYS];
  if (utc_s >= slot->from_utc_s && utc_s < slot->to_utc_s) {
    return *slot;
  }
  int32_t day = sp_book_local_day(clock->book, utc_s);
  if (day < 1 || day > UINT16_MAX) {
    return none;
  }
  slot->from_utc_s = sp_book_day_start(clock->book, day);
  slot->to_utc_s = sp_book_day_start(clock->book, day + 1);
  slot->day = (uint16_t)day;
  slot->month = (uint16_t)sp_month_of_day((uint32_t)day, NULL);
  return *slot;
}

/* Competitors' hotlines (analytics.md §1): 10010, 10000, 10099, as sp_number digits. */
static bool is_hotline(uint64_t digits)
{
#define HOTLINE(d4, d5)                                                                   \
  (UINT64_C(0x2) << 60 | UINT64_C(0x1) << 56 | UINT64_C(0x1) << 52 | UINT64_C(d4) << 48 | \
   UINT64_C(d5) << 44) /* a digit is kept as itself + 1 */
  return digits == HOTLINE(0x2, 0x1) || digits == HOTLINE(0x1, 0x1) || digits == HOTLINE(0xA, 0xA);
#undef HOTLINE
}

static int32_t clamp_i32(int64_t value)
{
  return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

void sp_fold_event_make(struct sp_fold_event *event, const struct sp_usage *usage,
                        const struct sp_charge *charge, struct sp_fold_clock *clock)
{
  struct sp_fold_day day = sp_fold_clock_at(clock, usage->start_utc_s);
  memset(event, 0, sizeof *event);
  event->net_micro = charge->net_micro;
  event->start_utc_s = day.day == 0 ? 0 : (uint32_t)usage->start_utc_s;
  event->day = day.day;
  event->month = day.month;
  event->active = usage->service != SP_SERVICE_FEE;
  bool first = usage->partial == SP_PARTIAL_WHOLE || usage->partial == SP_PARTIAL_FIRST;
  if (usage->service == SP_SERVICE_VOICE) {
    event->voice_s = usage->duration_s;
    event->calls = first;
  } else if (usage->service == SP_SERVICE_SMS || usage->service == SP_SERVICE_MMS) {
    event->messages = clamp_i32(usage->items);
  } else if (usage->service == SP_SERVICE_DATA) {
    event->bytes = usage->bytes;
  }
  bool person = usage->service <= SP_SERVICE_MMS && usage->other != 0;
  uint64_t mixed = usage->other * UINT64_C(0x9E3779B97F4A7C15);
  bool hotline = person && is_hotline(usage->other);
  event->contact = person && !hotline ? (uint32_t)(mixed >> 32U) | 1U << 31U : 0;
  event->offnet = person && usage->net == SP_NET_MOBILE;
  event->international =
      person && (usage->zone == SP_ZONE_HMT || usage->zone == SP_ZONE_INTERNATIONAL);
  event->inside = person && (usage->net == SP_NET_GROUP || (usage->flags & SP_USAGE_TREE) != 0);
  bool forward = usage->direction == SP_DIRECTION_CF && event->offnet;
  bool roam = event->active && usage->roam > SP_ROAM_PROVINCE;
  bool abnormal = usage->service == SP_SERVICE_VOICE && usage->cause != 0;
  event->marks =
      (uint8_t)((uint32_t)hotline << SP_MARK_HOTLINE | (uint32_t)forward << SP_MARK_FORWARD |
                (uint32_t)roam << SP_MARK_ROAM | (uint32_t)abnormal << SP_MARK_ABNORMAL);
}
