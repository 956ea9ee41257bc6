/* Dates of the Gregorian calendar as days since 1970-01-01, and the writings of an instant (book.md
 * §1.6). Pure, any thread. */
#ifndef SP_RATING_CIVIL_H
#define SP_RATING_CIVIL_H

#include "rating/status.h"

#define SP_DAY_S 86400

struct sp_civil {
  int32_t year, month, day; /* month 1..12, day 1..31 */
};

static inline bool sp_civil_leap(int32_t year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* 28..31 */
int32_t sp_civil_month_days(int32_t year, int32_t month);
/* Days since 1970-01-01 of a date that exists, and back. Years -30000..30000. */
int32_t sp_civil_to_day(int32_t year, int32_t month, int32_t day);
struct sp_civil sp_civil_from_day(int32_t day);

/* 0 = Monday .. 6 = Sunday. */
static inline uint32_t sp_civil_weekday(int32_t day)
{
  int32_t rest = (day + 3) % 7;
  return (uint32_t)(rest < 0 ? rest + 7 : rest);
}

/* The day and the second of the day of a count of seconds. */
static inline int32_t sp_civil_day_of(int64_t local_s)
{
  int64_t day = local_s / SP_DAY_S;
  return (int32_t)(day - (local_s % SP_DAY_S < 0));
}

enum sp_civil_kind {
  SP_CIVIL_NONE,  /* no time, or one that does not exist */
  SP_CIVIL_LOCAL, /* YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS: `seconds` are local */
  SP_CIVIL_UTC    /* RFC 3339 with offset: `seconds` are UTC; a fraction is cut off */
};

/* Reads one of these writings; `seconds` count from 1970-01-01T00:00:00. */
enum sp_civil_kind sp_civil_parse(const char *text, size_t length, int64_t *seconds);

#endif
