/* The generator's calendar: local days from 2026-01-01, which was a Thursday. No other zone than
 * +08:00 without daylight saving is needed, so all times are local seconds from that midnight. */
#ifndef SP_TOOLS_GEN_CALENDAR_H
#define SP_TOOLS_GEN_CALENDAR_H

#include <stdint.h>

#define SP_GEN_DAY_S 86400

enum sp_gen_band {
  SP_GEN_BAND_DAY,
  SP_GEN_BAND_EVE,
  SP_GEN_BAND_WEEKEND,
  SP_GEN_BAND_HOLIDAY,
  SP_GEN_BAND_MAX
};

struct sp_gen_date {
  uint32_t year, month, day;
};

/* The date of a day, negative before 2026-01-01. */
struct sp_gen_date sp__gen_date(int32_t day);

/* 0 Monday … 6 Sunday. */
uint32_t sp__gen_weekday(int32_t day);

/* Months since January 2026, negative before: the cycle of a day (cycle_day 1). */
int32_t sp__gen_cycle(int32_t day);

/* 'w' workday, 'e' weekend, 'h' holiday: the calendar table, else by weekday (book.md §4.4). */
char sp__gen_day_type(int32_t day);

/* The band of the table bands.csv that holds at a local second. */
enum sp_gen_band sp__gen_band(int64_t local_s);

/* The day of a local second. */
int32_t sp__gen_day(int64_t local_s);

/* Rows of calendar.csv, k from 0: false behind the last. */
struct sp_gen_calendar_row {
  struct sp_gen_date date;
  char type;
};
#define SP_GEN_CALENDAR_MAX 64
uint32_t sp__gen_calendar_rows(struct sp_gen_calendar_row rows[SP_GEN_CALENDAR_MAX]);

#endif
