/* The instant of a record: RFC 3339 with offset, or YYYYMMDDhhmmss on the book's wall clock. */
#include "ingest/decode_slots.h"

#include <string.h>

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

#define DAY_S 86400
#define USUAL_LENGTH 25 /* YYYY-MM-DDThh:mm:ss+hh:mm */
#define SEVERAL_OFFSETS INT32_MIN

static const uint8_t month_days[2][13] = {{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
                                          {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}};
static const uint16_t days_before[2][13] = {
    {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334},
    {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335}};

struct moment {
  unsigned year, month, day, hour, minute, second;
};

/* Seconds of a wall clock since 1970-01-01T00:00:00; false: no such date or time of day. No leap
 * seconds: no rate is asked of one, and most exporters smear them. */
static bool moment_seconds(const struct moment *m, int64_t *local_s)
{
  unsigned leap = (m->year & 3) == 0 && (m->year % 25 != 0 || (m->year & 15) == 0);
  if (m->month - 1 > 11 || m->day - 1 >= month_days[leap][m->month] || m->hour > 23 ||
      m->minute > 59 || m->second > 59) {
    return false;
  }
  int64_t y = m->year;
  int64_t days = 365 * y + (y + 3) / 4 - (y + 99) / 100 + (y + 399) / 400 - 719528 +
                 days_before[leap][m->month] + m->day - 1;
  *local_s = days * DAY_S + (int64_t)(m->hour * 3600 + m->minute * 60 + m->second);
  return true;
}

/* `n` digits (at most 4) as a number, or a number far out of any range. */
static unsigned digits_read(const char *at, unsigned n)
{
  unsigned value = 0;
  for (unsigned i = 0; i < n; i++) {
    unsigned digit = (unsigned)(unsigned char)at[i] - '0';
    if (digit > 9) {
      return 100000;
    }
    value = value * 10 + digit;
  }
  return value;
}

/* +hh:mm or -hh:mm as seconds east. */
static bool offset_read(const char *at, int64_t *offset_s)
{
  unsigned hour = digits_read(at + 1, 2), minute = digits_read(at + 4, 2);
  if ((at[0] != '+' && at[0] != '-') || at[3] != ':' || hour > 23 || minute > 59) {
    return false;
  }
  int64_t seconds = (int64_t)(hour * 3600 + minute * 60);
  *offset_s = at[0] == '-' ? -seconds : seconds;
  return true;
}

#if defined(__SSE4_1__)
/* The usual shape YYYY-MM-DDThh:mm:ss and what follows: 20 characters at least. False: not quite
 * so; rfc3339_read decides. */
static bool moment_read_quickly(const char *text, struct moment *m)
{
  const __m128i shape =
      _mm_setr_epi8('0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0', '0');
  const __m128i most = _mm_setr_epi8(9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9);
  const __m128i pairs = _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1);
  __m128i head = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)text), shape);
  __m128i within = _mm_cmpeq_epi8(_mm_max_epu8(head, most), most);
  unsigned s10 = (unsigned)(unsigned char)text[17] - '0';
  unsigned s1 = (unsigned)(unsigned char)text[18] - '0';
  if (_mm_movemask_epi8(within) != 0xFFFF || text[16] != ':' || s10 > 9 || s1 > 9) {
    return false;
  }
  const __m128i tens = _mm_set1_epi16(0x010A);
  __m128i twos = _mm_maddubs_epi16(_mm_shuffle_epi8(head, pairs), tens);
  m->year = (unsigned)_mm_extract_epi16(twos, 0) * 100 + (unsigned)_mm_extract_epi16(twos, 1);
  m->month = (unsigned)_mm_extract_epi16(twos, 2);
  m->day = (unsigned)_mm_extract_epi16(twos, 3);
  m->hour = (unsigned)_mm_extract_epi16(twos, 4);
  m->minute = (unsigned)_mm_extract_epi16(twos, 5);
  m->second = s10 * 10 + s1;
  return true;
}
#else
static bool moment_read_quickly(const char *text, struct moment *m)
{
  (void)text, (void)m;
  return false;
}
#endif

static bool moment_read(const char *text, struct moment *m)
{
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':') {
    return false;
  }
  m->year = digits_read(text, 4);
  m->month = digits_read(text + 5, 2);
  m->day = digits_read(text + 8, 2);
  m->hour = digits_read(text + 11, 2);
  m->minute = digits_read(text + 14, 2);
  m->second = digits_read(text + 17, 2);
  return m->year <= 9999 && m->day <= 31; /* the others are too large when they are no numbers */
}

/* RFC 3339 §5.6; t and z may be lower case, as it allows; the fraction is cut (book.md §4.1). */
static bool rfc3339_parse(const char *text, size_t length, int64_t *start_utc_s)
{
  struct moment m;
  int64_t local_s = 0, offset_s = 0;
  if ((!moment_read_quickly(text, &m) && !moment_read(text, &m)) || !moment_seconds(&m, &local_s)) {
    return false;
  }
  size_t at = 19;
  if (text[at] == '.') {
    at++;
    while (at < length && (unsigned)(unsigned char)text[at] - '0' <= 9) {
      at++;
    }
    if (at == 20) {
      return false;
    }
  }
  if (length - at == 6) {
    if (!offset_read(text + at, &offset_s)) {
      return false;
    }
  } else if (length - at != 1 || (text[at] != 'Z' && text[at] != 'z')) {
    return false;
  }
  *start_utc_s = local_s - offset_s;
  return true;
}

/* The offset of a whole local day if it has one, tried at every hour. */
static int32_t day_offset(const struct sp_decode_zone *zone, int64_t day_s)
{
  int64_t offset_s = day_s - zone->from_local(zone->context, day_s);
  for (int hour = 1; hour <= 24; hour++) {
    int64_t local_s = day_s + hour * 3600;
    if (local_s - zone->from_local(zone->context, local_s) != offset_s) {
      return SEVERAL_OFFSETS;
    }
  }
  return (int32_t)offset_s;
}

static int64_t local_to_utc(struct sp_decoder *decoder, int64_t local_s)
{
  int64_t day = (local_s - (local_s < 0 ? DAY_S - 1 : 0)) / DAY_S;
  struct sp_decode_day *slot = &decoder->days[(uint64_t)day % SP_DECODE_DAYS_CACHED];
  if (slot->day != (int32_t)day) {
    slot->day = (int32_t)day;
    slot->offset_s = day_offset(&decoder->zone, day * DAY_S);
  }
  if (slot->offset_s == SEVERAL_OFFSETS) {
    return decoder->zone.from_local(decoder->zone.context, local_s);
  }
  return local_s - slot->offset_s;
}

static bool local_parse(struct sp_decoder *decoder, const char *text, int64_t *start_utc_s)
{
  struct moment m = {digits_read(text, 4),      digits_read(text + 4, 2),
                     digits_read(text + 6, 2),  digits_read(text + 8, 2),
                     digits_read(text + 10, 2), digits_read(text + 12, 2)};
  int64_t local_s = 0;
  if (m.year > 9999 || !moment_seconds(&m, &local_s)) {
    return false;
  }
  *start_utc_s = local_to_utc(decoder, local_s);
  return true;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint64_t load8(const char *at)
{
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

/* YYYY-MM-DDThh:mm:ss+hh:mm with the date and the offset of the record before: only the time of day
 * is new. */
static inline bool same_day_parse(const struct sp_decoder *decoder, const char *text,
                                  int64_t *start_utc_s)
{
  const uint64_t shape = UINT64_C(0x30303A30303A3030);
  uint64_t differ = (load8(text) ^ load8(decoder->date)) |
                    (load8(text + 3) ^ load8(decoder->date + 3)) |
                    ((load8(text + 17) ^ load8(decoder->offset)) >> 16);
  uint64_t clock = load8(text + 11) ^ shape; /* h h 0 m m 0 s s, each a digit's value */
  uint64_t tens = clock & UINT64_C(0x000F00000F00000F), ones = clock >> 8;
  uint64_t wrong = (clock + UINT64_C(0x7676007676007676)) & UINT64_C(0x8080808080808080);
  uint64_t parts = (tens * 10) + (ones & UINT64_C(0x000F00000F00000F));
  unsigned hour = parts & 0xFF, minute = parts >> 24 & 0xFF, second = parts >> 48 & 0xFF;
  wrong |= clock & UINT64_C(0xF0F0FFF0F0FFF0F0);
  if (differ != 0 || wrong != 0 || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  *start_utc_s =
      decoder->date_s + (int64_t)(hour * 3600 + minute * 60 + second) - decoder->offset_s;
  return true;
}

/* Keeps date and offset of a right start for the next record. */
static void day_keep(struct sp_decoder *decoder, const char *text, int64_t start_utc_s)
{
  int64_t offset_s = 0;
  if (!offset_read(text + 19, &offset_s)) {
    return;
  }
  int64_t local_s = start_utc_s + offset_s;
  int64_t day = (local_s - (local_s < 0 ? DAY_S - 1 : 0)) / DAY_S;
  memcpy(decoder->date, text, 11);
  memcpy(decoder->offset + 2, text + 19, 6);
  decoder->date_s = day * DAY_S;
  decoder->offset_s = offset_s;
}

static bool usual_parse(struct sp_decoder *decoder, const char *text, int64_t *start_utc_s)
{
  if (SP_LIKELY(same_day_parse(decoder, text, start_utc_s))) {
    return true;
  }
  if (!rfc3339_parse(text, USUAL_LENGTH, start_utc_s)) {
    return false;
  }
  day_keep(decoder, text, *start_utc_s);
  return true;
}
#else
static bool usual_parse(struct sp_decoder *decoder, const char *text, int64_t *start_utc_s)
{
  (void)decoder;
  return rfc3339_parse(text, USUAL_LENGTH, start_utc_s);
}
#endif

bool sp__start_parse(struct sp_decoder *decoder, const char *text, size_t length,
                     int64_t *start_utc_s)
{
  if (SP_LIKELY(length == USUAL_LENGTH)) {
    return usual_parse(decoder, text, start_utc_s);
  }
  if (length >= 20) {
    return rfc3339_parse(text, length, start_utc_s);
  }
  return length == 14 && local_parse(decoder, text, start_utc_s);
}
