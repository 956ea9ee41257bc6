#include "rating/book_zone.h"

#include <string.h>

#include "rating/civil.h"

#define SP_ZONE_TYPES_MAX 256
#define SP_ZONE_TRANSITIONS_MAX 100000
#define SP_ZONE_OFFSET_MAX (26 * 3600)
#define SP_ZONE_TIME_MAX INT64_C(253402300800) /* the year 10000: no transition lies there */
#define SP_ZONE_WEEK_S (7 * SP_DAY_S)

size_t sp__offsets_find(const struct sp_book_offset *offsets, size_t count, int64_t utc_s)
{
  size_t low = 0;
  size_t high = count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (offsets[middle].from_utc_s <= utc_s) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

int64_t sp__offsets_from_local(const struct sp_book_offset *offsets, size_t count, int64_t local_s)
{
  if (count == 0) {
    return local_s;
  }
  size_t i = sp__offsets_find(offsets, count, local_s - SP_ZONE_OFFSET_MAX);
  for (; i + 1 < count; i++) {
    if (local_s < offsets[i + 1].from_utc_s + offsets[i].offset_s) {
      break;
    }
    /* Behind the end of i by its clock, before the beginning of i + 1 by its own: the gap. */
    if (local_s < offsets[i + 1].from_utc_s + offsets[i + 1].offset_s) {
      break;
    }
  }
  return local_s - offsets[i].offset_s;
}

int64_t sp__zone_from_local(const struct sp__list *offsets, int64_t local_s)
{
  return sp__offsets_from_local(SP_LIST_AT(offsets, const struct sp_book_offset, 0), offsets->count,
                                local_s);
}

struct zone_header {
  uint32_t is_utc, is_std, leaps, transitions, types, characters;
};

struct zone_bytes {
  const unsigned char *at;
  size_t left;
};

static uint32_t big32(const unsigned char *at)
{
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t big64(const unsigned char *at)
{
  return (int64_t)((uint64_t)big32(at) << 32 | big32(at + 4));
}

static const unsigned char *bytes_take(struct zone_bytes *bytes, size_t count)
{
  if (count > bytes->left) {
    return NULL;
  }
  const unsigned char *at = bytes->at;
  bytes->at += count;
  bytes->left -= count;
  return at;
}

static bool header_take(struct zone_bytes *bytes, struct zone_header *header, unsigned *version)
{
  const unsigned char *at = bytes_take(bytes, 44);
  if (at == NULL || memcmp(at, "TZif", 4) != 0) {
    return false;
  }
  *version = at[4] == 0 ? 1 : (unsigned)(at[4] - '0');
  *header = (struct zone_header){big32(at + 20), big32(at + 24), big32(at + 28),
                                 big32(at + 32), big32(at + 36), big32(at + 40)};
  return *version >= 1 && *version <= 9 && header->leaps == 0 &&
         header->transitions <= SP_ZONE_TRANSITIONS_MAX && header->types >= 1 &&
         header->types <= SP_ZONE_TYPES_MAX && header->characters <= 4096 &&
         header->is_utc <= SP_ZONE_TYPES_MAX && header->is_std <= SP_ZONE_TYPES_MAX;
}

static void offset_add(struct sp__draft *draft, struct sp__list *offsets, int64_t from_utc_s,
                       int32_t offset_s)
{
  if (offsets->count > 0 &&
      SP_LIST_AT(offsets, struct sp_book_offset, offsets->count - 1)->offset_s == offset_s) {
    return;
  }
  struct sp_book_offset *offset = sp__list_add(draft, offsets, sizeof(*offset));
  *offset = (struct sp_book_offset){from_utc_s, offset_s, 0};
}

/* The body of one version; `wide`: 8-byte times. */
static bool body_take(struct sp__draft *draft, struct sp__list *offsets, struct zone_bytes *bytes,
                      const struct zone_header *header, bool wide)
{
  size_t size = wide ? 8 : 4;
  const unsigned char *times = bytes_take(bytes, header->transitions * size);
  const unsigned char *indices = bytes_take(bytes, header->transitions);
  const unsigned char *types = bytes_take(bytes, header->types * 6);
  const unsigned char *rest =
      bytes_take(bytes, (size_t)header->characters + header->is_std + header->is_utc);
  if (times == NULL || indices == NULL || types == NULL || rest == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < header->types; i++) {
    int32_t offset_s = (int32_t)big32(types + i * 6);
    if (offset_s < -SP_ZONE_OFFSET_MAX || offset_s > SP_ZONE_OFFSET_MAX) {
      return false;
    }
  }
  offset_add(draft, offsets, SP_TIME_MIN, (int32_t)big32(types));
  int64_t last = SP_TIME_MIN;
  for (uint32_t i = 0; i < header->transitions; i++) {
    int64_t at = wide ? big64(times + i * 8) : (int32_t)big32(times + i * 4);
    if (indices[i] >= header->types || (i > 0 && at <= last) || at > SP_ZONE_TIME_MAX) {
      return false;
    }
    last = at;
    if (at > SP_TIME_MIN) {
      offset_add(draft, offsets, at, (int32_t)big32(types + indices[i] * 6));
    }
  }
  return true;
}

/* The rule behind the last transition: a POSIX TZ text, "CET-1CEST,M3.5.0,M10.5.0/3". */
struct zone_rule {
  char kind; /* 'M', 'J' or 'n' */
  int32_t month, week, day;
  int32_t time_s;
};

struct zone_footer {
  const char *at, *end;
};

static bool mark_take(struct zone_footer *text, char mark)
{
  if (text->at == text->end || *text->at != mark) {
    return false;
  }
  text->at++;
  return true;
}

static bool number_take(struct zone_footer *text, int32_t most, int32_t *value)
{
  const char *from = text->at;
  *value = 0;
  while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && text->at - from < 4) {
    *value = *value * 10 + (*text->at++ - '0');
  }
  return text->at > from && *value <= most;
}

static bool designation_skip(struct zone_footer *text)
{
  const char *from = text->at;
  bool quoted = mark_take(text, '<');
  while (text->at < text->end) {
    char c = *text->at;
    if (quoted ? c == '>' : !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      break;
    }
    text->at++;
  }
  return (!quoted || mark_take(text, '>')) && text->at > from;
}

static bool time_take(struct zone_footer *text, int32_t *seconds)
{
  int32_t parts[3] = {0, 0, 0};
  bool minus = mark_take(text, '-');
  if (!minus) {
    (void)mark_take(text, '+');
  }
  for (int i = 0; i < 3; i++) {
    if ((i > 0 && !mark_take(text, ':'))) {
      break;
    }
    if (!number_take(text, i == 0 ? 167 : 59, &parts[i])) {
      return false;
    }
  }
  *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  *seconds = minus ? -*seconds : *seconds;
  return true;
}

static bool rule_take(struct zone_footer *text, struct zone_rule *rule)
{
  memset(rule, 0, sizeof(*rule));
  rule->time_s = 7200;
  if (!mark_take(text, ',')) {
    return false;
  }
  if (mark_take(text, 'M')) {
    rule->kind = 'M';
    if (!number_take(text, 12, &rule->month) || rule->month < 1 || !mark_take(text, '.') ||
        !number_take(text, 5, &rule->week) || rule->week < 1 || !mark_take(text, '.') ||
        !number_take(text, 6, &rule->day)) {
      return false;
    }
  } else {
    rule->kind = mark_take(text, 'J') ? 'J' : 'n';
    if (!number_take(text, 365, &rule->day) || (rule->kind == 'J' && rule->day < 1)) {
      return false;
    }
  }
  return !mark_take(text, '/') || time_take(text, &rule->time_s);
}

/* The local second at which a rule takes effect in a year. */
static int64_t rule_local(const struct zone_rule *rule, int32_t year)
{
  int32_t day = sp_civil_to_day(year, 1, 1);
  if (rule->kind == 'M') {
    day = sp_civil_to_day(year, rule->month, 1);
    int32_t sunday_based = (int32_t)(sp_civil_weekday(day) + 1) % 7;
    day += (rule->day - sunday_based + 7) % 7 + (rule->week - 1) * 7;
    int32_t month_end =
        sp_civil_to_day(year, rule->month, 1) + sp_civil_month_days(year, rule->month);
    day -= day >= month_end ? 7 : 0;
  } else if (rule->kind == 'J') {
    day += rule->day - 1 + (sp_civil_leap(year) && rule->day >= 60);
  } else {
    day += rule->day;
  }
  return (int64_t)day * SP_DAY_S + rule->time_s;
}

static void years_add(struct sp__draft *draft, struct sp__list *offsets,
                      const struct zone_rule rules[2], const int32_t offset_s[2])
{
  int64_t last = SP_LIST_AT(offsets, struct sp_book_offset, offsets->count - 1)->from_utc_s;
  int32_t first = 1970;
  if (last > 0) {
    first = sp_civil_from_day(sp_civil_day_of(last)).year;
  }
  for (int32_t year = first; year <= SP_ZONE_YEAR_MAX; year++) {
    /* rules[0] begins summer time (by the standard clock), rules[1] ends it (by the summer clock).
     */
    int64_t begin = rule_local(&rules[0], year) - offset_s[0];
    int64_t end = rule_local(&rules[1], year) - offset_s[1];
    bool north = begin < end;
    int64_t at[2] = {north ? begin : end, north ? end : begin};
    for (int i = 0; i < 2; i++) {
      bool summer = (i == 0) == north;
      if (at[i] > last) {
        offset_add(draft, offsets, at[i], offset_s[summer]);
        last = at[i];
      }
    }
  }
}

static bool footer_read(struct sp__draft *draft, struct sp__list *offsets,
                        const struct zone_bytes *bytes)
{
  const char *at = (const char *)bytes->at;
  struct zone_footer text = {at, at + bytes->left};
  if (!mark_take(&text, '\n')) {
    return false;
  }
  const char *end = bytes->left < 2 ? NULL : memchr(text.at, '\n', bytes->left - 1);
  if (end == NULL) {
    return false;
  }
  text.end = end;
  if (text.at == text.end) {
    return true;
  }
  int32_t west_s[2] = {0, 0};
  struct zone_rule rules[2];
  if (!designation_skip(&text) || !time_take(&text, &west_s[0])) {
    return false;
  }
  if (text.at == text.end) {
    return true; /* no summer time: the last transition's offset goes on */
  }
  west_s[1] = west_s[0] - 3600;
  if (!designation_skip(&text) ||
      (text.at < text.end && *text.at != ',' && !time_take(&text, &west_s[1])) ||
      !rule_take(&text, &rules[0]) || !rule_take(&text, &rules[1]) || text.at != text.end) {
    return false;
  }
  int32_t offset_s[2] = {-west_s[0], -west_s[1]};
  if (offset_s[0] < -SP_ZONE_OFFSET_MAX || offset_s[1] < -SP_ZONE_OFFSET_MAX ||
      offset_s[0] > SP_ZONE_OFFSET_MAX || offset_s[1] > SP_ZONE_OFFSET_MAX) {
    return false;
  }
  years_add(draft, offsets, rules, offset_s);
  return true;
}

bool sp__zone_read(struct sp__draft *draft, struct sp__list *offsets, const char *file,
                   size_t length)
{
  struct zone_bytes bytes = {(const unsigned char *)file, length};
  struct zone_header header;
  unsigned version;
  if (!header_take(&bytes, &header, &version)) {
    return false;
  }
  if (version == 1) {
    return body_take(draft, offsets, &bytes, &header, false);
  }
  size_t old = (size_t)header.transitions * 5 + header.types * 6 + header.characters +
               header.is_std + header.is_utc;
  unsigned again;
  return bytes_take(&bytes, old) != NULL && header_take(&bytes, &header, &again) &&
         body_take(draft, offsets, &bytes, &header, true) && footer_read(draft, offsets, &bytes);
}
