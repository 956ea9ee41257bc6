/* Fields of a profile without unpacking whole months: for the passes over all customers. Internal.
 */
#ifndef SP_SEGMENT_PROFILE_READ_H
#define SP_SEGMENT_PROFILE_READ_H

#include "segment/profile.h"

extern const struct sp_profile_month sp__month_none; /* a month without events */

/* The ring's month; none after its newest one. NULL: it has left the ring. */
static inline const struct sp_profile_month *sp__ring_month(const struct sp_profile *profile,
                                                            uint32_t month)
{
  if (month > profile->month) {
    return &sp__month_none;
  }
  return profile->month - month < SP_PROFILE_MONTHS ? &profile->months[month % SP_PROFILE_MONTHS]
                                                    : NULL;
}

static inline int64_t sp__month_net(const struct sp_profile_month *month)
{
  return (int64_t)(((uint64_t)(uint32_t)(int32_t)(int16_t)month->net_high << 32U) | month->net_low);
}

static inline int64_t sp__month_bytes(const struct sp_profile_month *month)
{
  return (int64_t)(((uint64_t)month->bytes_high << 32U) | month->bytes_low);
}

static inline int64_t sp__month_voice(const struct sp_profile_month *month)
{
  return month->voice_days >> 5U;
}

static inline uint32_t sp__month_contacts(const struct sp_profile_month *month)
{
  return (uint32_t)month->calls + month->messages;
}

/* Active days among the `days` (1..96) days up to and with `day`, which is not before last_day. */
static inline uint32_t sp__days_active(const struct sp_profile *profile, uint32_t day,
                                       uint32_t days)
{
  uint32_t silent = day - profile->last_day;
  if (silent >= days) {
    return 0;
  }
  uint32_t keep = days - silent;
  uint64_t low = keep >= 64U ? UINT64_MAX : (UINT64_C(1) << keep) - 1U;
  uint64_t high = keep <= 64U ? 0 : (UINT64_C(1) << (keep - 64U)) - 1U;
  return (uint32_t)__builtin_popcountll(profile->days_low & low) +
         (uint32_t)__builtin_popcountll(profile->days_high & high);
}

#endif
