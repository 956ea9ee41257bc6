/* What analytics keeps of a customer (analytics.md §1): fixed records of integers, little-endian,
 * that are checkpointed as they lie. Zero bytes = never seen. Written by sp_profile_fold (fold.h)
 * only, by the one thread that owns the shard; read by anyone who holds a consistent copy.
 * Days are days since 1970-01-01 in the book's zone; months are year * 12 + month - 1. */
#ifndef SP_SEGMENT_PROFILE_H
#define SP_SEGMENT_PROFILE_H

#include "rating/usage.h"

#define SP_PROFILE_MONTHS 6U  /* months in the ring: the newest with an event and five before */
#define SP_PROFILE_DAYS 96U   /* days in the map of active days */
#define SP_ACTIVITY_ONE 4096U /* one event in the decayed counters: 12 bits of fraction */
#define SP_HALF_LIFE_SHORT 7U /* days */
#define SP_HALF_LIFE_LONG 90U /* days */
#define SP_MARK_MAX 15U       /* a mark counts to 15 a month */
#define SP_CONTACT_BITS 32U   /* of a contact map */

/* One month of the ring in 24 bytes. Amounts that do not fit stay at the limit. */
struct sp_profile_month {
  uint32_t net_low;    /* net charge, micro-units, 48 bits, two's complement */
  uint32_t bytes_low;  /* up and down, 48 bits */
  uint32_t voice_days; /* voice seconds << 5 | active days (0..31) */
  uint16_t net_high;
  uint16_t bytes_high;
  uint16_t calls;
  uint16_t messages;      /* items of sms and mms */
  uint16_t offnet;        /* calls and messages with another operator's mobile numbers */
  uint16_t international; /* calls and messages with other countries, Hong Kong, Macao, Taiwan */
};
_Static_assert(sizeof(struct sp_profile_month) == 24, "a month is checkpointed as it lies");

/* Things that are counted to 15 this month (low four bits) and the month before (high four). */
enum sp_mark {
  SP_MARK_HOTLINE,  /* contacts with competitors' hotlines */
  SP_MARK_FORWARD,  /* calls forwarded to another operator's mobile */
  SP_MARK_ROAM,     /* events outside the own province */
  SP_MARK_ABNORMAL, /* calls that ended with a cause */
  SP_MARK_COUNT
};

struct sp_profile {
  uint32_t first_utc_s; /* first and last activity, 0 = none; a fee is money, no activity */
  uint32_t last_utc_s;
  uint64_t days_low;       /* bit i: active on last_day - i */
  uint32_t days_high;      /* bits 64 to 95 */
  uint32_t activity_short; /* events, decayed up to last_day with half-life 7 days */
  uint32_t activity_long;  /* the same, 90 days */
  uint16_t last_day;       /* newest day with activity, 0 = none */
  uint16_t month;          /* newest month of the ring, 0 = none */
  uint32_t contacts_now;   /* linear-counting map of the month `month` */
  uint32_t contacts_before;
  uint16_t inside_now; /* calls and messages inside the own group tree in `month` */
  uint16_t inside_before;
  uint8_t marks[SP_MARK_COUNT];
  struct sp_profile_month months[SP_PROFILE_MONTHS]; /* month m lies in m % SP_PROFILE_MONTHS */
};
_Static_assert(sizeof(struct sp_profile) == 192, "a profile is checkpointed as it lies");
_Static_assert(offsetof(struct sp_profile, days_low) == 8, "no padding");
_Static_assert(offsetof(struct sp_profile, last_day) == 28, "no padding");
_Static_assert(offsetof(struct sp_profile, marks) == 44, "no padding");
_Static_assert(offsetof(struct sp_profile, months) == 48, "no padding");

/* A group's own record: what its direct members did while they were members. */
struct sp_group_month {
  int64_t net_micro;
  int64_t voice_s;
  int64_t bytes;
  uint32_t calls;
  uint32_t messages;
  uint32_t offnet;
  uint32_t inside; /* calls and messages inside the group tree */
};

struct sp_group_profile {
  uint32_t first_utc_s, last_utc_s; /* of activity */
  uint16_t last_day;
  uint16_t month;
  uint32_t reserved;
  struct sp_group_month months[SP_PROFILE_MONTHS];
};
_Static_assert(sizeof(struct sp_group_profile) == 256,
               "a group profile is checkpointed as it lies");
_Static_assert(offsetof(struct sp_group_profile, months) == 16, "no padding");

/* A month of a customer or group, unpacked. */
struct sp_month {
  int64_t net_micro, voice_s, bytes;
  uint32_t calls, messages, offnet, international, inside, active_days;
};

/* The month `month`; zeros for one after the ring's newest. false: it has left the ring. A group
 * has no international and active_days, a subscriber no inside. */
bool sp_profile_month_at(const struct sp_profile *profile, uint32_t month, struct sp_month *out);
bool sp_group_month_at(const struct sp_group_profile *group, uint32_t month, struct sp_month *out);

/* A decayed counter `days` days later. */
uint32_t sp_decay_short(uint32_t activity, uint32_t days);
uint32_t sp_decay_long(uint32_t activity, uint32_t days);

/* Distinct contacts behind a map, by linear counting: -m ln(zeros / m), in tenths. */
uint32_t sp_contacts_tenths(uint32_t map);

/* Active days among the `days` (1..96) days up to and with `day`. */
uint32_t sp_profile_active_days(const struct sp_profile *profile, uint32_t day, uint32_t days);

/* A mark in a month: the newest, the one before, else 0. */
uint32_t sp_profile_mark(const struct sp_profile *profile, enum sp_mark mark, uint32_t month);

/* The instant for which customers are scored. */
struct sp_as_of {
  int64_t utc_s;
  uint32_t day;
  uint32_t month;
  uint32_t day_of_month;  /* 1..31 */
  uint32_t days_in_month; /* 28..31 */
};

/* Calendar: fills all but utc_s from the local day. */
void sp_as_of_day(struct sp_as_of *at, uint32_t day);
/* Month (year * 12 + month - 1) and day of the month of a local day. */
uint32_t sp_month_of_day(uint32_t day, uint32_t *day_of_month);
/* First day of a month. */
uint32_t sp_day_of_month_start(uint32_t month);

#endif
