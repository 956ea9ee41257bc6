#include "rating/civil.h"

int32_t sp_civil_month_days(int32_t year, int32_t month)
{
  static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  SP_ASSERT(month >= 1 && month <= 12);
  return month == 2 && sp_civil_leap(year) ? 29 : days[month - 1];
}

/* Years begin in March here, so that the leap day is a year's last; 400 years have 146097 days. */
int32_t sp_civil_to_day(int32_t year, int32_t month, int32_t day)
{
  SP_ASSERT(year > -30000 && year < 30000 && month >= 1 && month <= 12);
  int32_t from_march = (month + 9) % 12;
  int32_t y = year - (from_march >= 10) + 400 * 100;
  int32_t day_of_year = (153 * from_march + 2) / 5 + day - 1;
  int32_t days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year;
  return days - 100 * 146097 - 719468;
}

struct sp_civil sp_civil_from_day(int32_t day)
{
  int64_t days = (int64_t)day + 719468 + INT64_C(100) * 146097;
  SP_ASSERT(days >= 0);
  int64_t era = days / 146097;
  int64_t of_era = days % 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  int64_t from_march = (5 * of_year + 2) / 153;
  int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  struct sp_civil civil = {(int32_t)(year + era * 400 - 400 * 100 + (month <= 2)), (int32_t)month,
                           (int32_t)(of_year - (153 * from_march + 2) / 5 + 1)};
  return civil;
}

struct civil_text {
  const char *at, *end;
};

/* Exactly `count` digits. */
static bool digits_take(struct civil_text *text, int count, int32_t *value)
{
  *value = 0;
  if (text->end - text->at < count) {
    return false;
  }
  for (int i = 0; i < count; i++) {
    unsigned digit = (unsigned)(unsigned char)*text->at++ - '0';
    if (digit > 9) {
      return false;
    }
    *value = *value * 10 + (int32_t)digit;
  }
  return true;
}

static bool mark_take(struct civil_text *text, char mark)
{
  if (text->at == text->end || *text->at != mark) {
    return false;
  }
  text->at++;
  return true;
}

static bool date_take(struct civil_text *text, int64_t *seconds)
{
  int32_t year;
  int32_t month;
  int32_t day;
  if (!digits_take(text, 4, &year) || !mark_take(text, '-') || !digits_take(text, 2, &month) ||
      !mark_take(text, '-') || !digits_take(text, 2, &day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > sp_civil_month_days(year, month)) {
    return false;
  }
  *seconds = (int64_t)sp_civil_to_day(year, month, day) * SP_DAY_S;
  return true;
}

static bool clock_take(struct civil_text *text, bool with_seconds, int64_t *seconds)
{
  int32_t hour;
  int32_t minute;
  int32_t second = 0;
  if (!digits_take(text, 2, &hour) || !mark_take(text, ':') || !digits_take(text, 2, &minute)) {
    return false;
  }
  if (with_seconds && (!mark_take(text, ':') || !digits_take(text, 2, &second))) {
    return false;
  }
  *seconds += hour * 3600 + minute * 60 + second;
  return hour < 24 && minute < 60 && second < 60;
}

static bool fraction_skip(struct civil_text *text)
{
  if (!mark_take(text, '.')) {
    return true;
  }
  const char *from = text->at;
  while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
    text->at++;
  }
  return text->at > from;
}

static bool offset_take(struct civil_text *text, int64_t *seconds)
{
  if (mark_take(text, 'Z') || mark_take(text, 'z')) {
    return text->at == text->end;
  }
  bool east = mark_take(text, '+');
  int64_t offset_s = 0;
  if ((!east && !mark_take(text, '-')) || !clock_take(text, false, &offset_s)) {
    return false;
  }
  *seconds -= east ? offset_s : -offset_s;
  return text->at == text->end;
}

enum sp_civil_kind sp_civil_parse(const char *text, size_t length, int64_t *seconds)
{
  struct civil_text rest = {text, text + length};
  if (!date_take(&rest, seconds)) {
    return SP_CIVIL_NONE;
  }
  if (rest.at == rest.end) {
    return SP_CIVIL_LOCAL;
  }
  if ((!mark_take(&rest, 'T') && !mark_take(&rest, 't')) || !clock_take(&rest, true, seconds)) {
    return SP_CIVIL_NONE;
  }
  if (rest.at == rest.end) {
    return SP_CIVIL_LOCAL;
  }
  return fraction_skip(&rest) && offset_take(&rest, seconds) ? SP_CIVIL_UTC : SP_CIVIL_NONE;
}
