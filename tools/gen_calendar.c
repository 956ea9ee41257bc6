#include "tools/gen_calendar.h"

/* Public holidays and shifted workdays of 2026, month * 100 + day. */
struct span {
  uint16_t first, last;
  char type;
};
static const struct span spans[] = {
    {101, 103, 'h'}, {104, 104, 'w'},   {214, 214, 'w'},  {215, 223, 'h'}, {228, 228, 'w'},
    {404, 406, 'h'}, {501, 505, 'h'},   {509, 509, 'w'},  {619, 621, 'h'}, {920, 920, 'w'},
    {925, 927, 'h'}, {1001, 1007, 'h'}, {1010, 1010, 'w'}};
#define SPAN_COUNT (sizeof spans / sizeof spans[0])

/* Days of a date from 0000-03-01 by eras of 400 years; year from 1. */
static int64_t days_from_date(struct sp_gen_date date)
{
  uint32_t year = date.month <= 2 ? date.year - 1 : date.year;
  uint32_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  uint32_t era = year / 400, of_era = year % 400;
  uint32_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
}

static int64_t base_days(void)
{
  return days_from_date((struct sp_gen_date){2026, 1, 1});
}

struct sp_gen_date sp__gen_date(int32_t day)
{
  uint64_t days = (uint64_t)(base_days() + day);
  uint64_t era = days / 146097, of_era = days % 146097;
  uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  uint64_t day_of_year = of_era - (365 * year + year / 4 - year / 100);
  uint64_t month = (5 * day_of_year + 2) / 153;
  struct sp_gen_date date;
  date.day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = (uint32_t)(month < 10 ? month + 3 : month - 9);
  date.year = (uint32_t)(year + era * 400 + (date.month <= 2 ? 1 : 0));
  return date;
}

uint32_t sp__gen_weekday(int32_t day)
{
  return (uint32_t)(((day % 7) + 7 + 3) % 7);
}

int32_t sp__gen_cycle(int32_t day)
{
  struct sp_gen_date date = sp__gen_date(day);
  return (int32_t)((int64_t)date.year * 12 + date.month - 1 - 2026 * 12);
}

char sp__gen_day_type(int32_t day)
{
  struct sp_gen_date date = sp__gen_date(day);
  uint32_t key = date.month * 100 + date.day;
  for (uint32_t i = 0; date.year == 2026 && i < SPAN_COUNT; i++) {
    if (spans[i].first <= key && key <= spans[i].last) {
      return spans[i].type;
    }
  }
  return sp__gen_weekday(day) >= 5 ? 'e' : 'w';
}

int32_t sp__gen_day(int64_t local_s)
{
  int64_t day = local_s / SP_GEN_DAY_S;
  return (int32_t)(local_s % SP_GEN_DAY_S < 0 ? day - 1 : day);
}

enum sp_gen_band sp__gen_band(int64_t local_s)
{
  int32_t day = sp__gen_day(local_s);
  char type = sp__gen_day_type(day);
  if (type == 'h') {
    return SP_GEN_BAND_HOLIDAY;
  }
  if (type == 'e') {
    return SP_GEN_BAND_WEEKEND;
  }
  int64_t of_day = local_s - (int64_t)day * SP_GEN_DAY_S;
  return of_day >= 7 * 3600 && of_day < 21 * 3600 ? SP_GEN_BAND_DAY : SP_GEN_BAND_EVE;
}

uint32_t sp__gen_calendar_rows(struct sp_gen_calendar_row rows[SP_GEN_CALENDAR_MAX])
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < SPAN_COUNT; i++) {
    for (uint32_t key = spans[i].first; key <= spans[i].last; key++) {
      rows[count++] = (struct sp_gen_calendar_row){{2026, key / 100, key % 100}, spans[i].type};
    }
  }
  return count;
}
