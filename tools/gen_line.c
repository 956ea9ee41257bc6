/* Writes a record as a line of canonical CSV, in one of the usual spellings. */
#include "tools/gen_usage.h"

#include <string.h>

const char sp__gen_header[] = "id,service,direction,served,other,third,start,duration_s,up_bytes,"
                              "down_bytes,items,plmn,lac,rating_group,node,session,seq,partial,"
                              "cause,charge\n";

/* Bits of style: 0–1 short number, 2–7 IP prefix, then these. */
static uint32_t style_of(const struct sp_gen_usage *usage, uint32_t shift)
{
  return usage->style >> shift & 15u;
}
#define STYLE_START 8
#define STYLE_SERVED 12
#define STYLE_OTHER 16
#define STYLE_BLANKS 20
#define STYLE_FAULT 24

static char *put_text(char *at, const char *text)
{
  size_t n = strlen(text);
  memcpy(at, text, n);
  return at + n;
}

static char *put_number(char *at, uint64_t value)
{
  char digits[20];
  uint32_t n = 0;
  do {
    digits[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (n > 0) {
    *at++ = digits[--n];
  }
  return at;
}

static char *put_two(char *at, uint32_t value)
{
  *at++ = (char)('0' + value / 10 % 10);
  *at++ = (char)('0' + value % 10);
  return at;
}

static char *put_comma(char *at)
{
  *at = ',';
  return at + 1;
}

/* The digits behind 86; a mobile number needs no more, a fixed one a 0 in front. */
static char *put_national(char *at, uint64_t e164, bool fixed)
{
  if (fixed) {
    *at++ = '0';
  }
  return put_number(at, e164 % 100000000000u);
}

static char *put_served(char *at, const struct sp_gen_usage *usage, uint64_t e164)
{
  uint32_t style = style_of(usage, STYLE_SERVED);
  if (style < 12) {
    return put_national(at, e164, false);
  }
  at = put_text(at, style == 12 ? "+" : style == 13 ? "00" : "");
  return put_number(at, e164);
}

static char *put_other(char *at, const struct sp_gen_world *world, const struct sp_gen_usage *usage)
{
  uint32_t style = style_of(usage, STYLE_OTHER);
  if (usage->party == SP_GEN_NOBODY) {
    return at;
  }
  if (usage->short_dialled) {
    return put_number(at, sp__gen_short(world, usage->other));
  }
  if (usage->ip) {
    at = put_text(at, style & 1u ? "17951" : "17911");
  }
  switch ((enum sp_gen_party)usage->party) {
  case SP_GEN_FOREIGN_HMT:
  case SP_GEN_FOREIGN_ASIA:
  case SP_GEN_FOREIGN_WORLD:
    at = put_text(at, style & 1u ? "00" : "+");
    return put_number(at, usage->other_number);
  case SP_GEN_HOTLINE:
  case SP_GEN_CONTENT:
  case SP_GEN_NO_PREFIX:
    return put_number(at, usage->other_number);
  case SP_GEN_NOBODY:
  case SP_GEN_CUSTOMER:
  case SP_GEN_ONNET:
  case SP_GEN_AWAY:
  case SP_GEN_RIVAL:
  case SP_GEN_PORTED_IN:
  case SP_GEN_FIXED:
    break;
  }
  if (style < 13) {
    return put_national(at, usage->other_number, usage->party == SP_GEN_FIXED);
  }
  at = put_text(at, style == 13 ? "+" : style == 14 ? "00" : "");
  return put_number(at, usage->other_number);
}

static char *put_start(char *at, const struct sp_gen_usage *usage)
{
  static const char *const bad[] = {"2026-02-30T10:00:00+08:00", "20261301000000", "yesterday",
                                    "2026-01-05T25:00:00+08:00"};
  uint32_t style = style_of(usage, STYLE_START);
  if (usage->plant == SP_GEN_BAD_START) {
    return put_text(at, bad[style_of(usage, STYLE_FAULT) % 4]);
  }
  bool local = style >= 9 && style < 14, utc = style == 14;
  int64_t shown = utc ? usage->start_s - 8 * 3600 : usage->start_s;
  int32_t day = sp__gen_day(shown);
  uint32_t of_day = (uint32_t)(shown - (int64_t)day * SP_GEN_DAY_S);
  struct sp_gen_date date = sp__gen_date(day);
  at = put_number(at, date.year);
  if (!local) {
    *at++ = '-';
  }
  at = put_two(at, date.month);
  if (!local) {
    *at++ = '-';
  }
  at = put_two(at, date.day);
  if (!local) {
    *at++ = 'T';
  }
  at = put_two(at, of_day / 3600);
  if (!local) {
    *at++ = ':';
  }
  at = put_two(at, of_day / 60 % 60);
  if (!local) {
    *at++ = ':';
  }
  at = put_two(at, of_day % 60);
  if (local) {
    return at;
  }
  return put_text(at, utc ? "Z" : style == 15 ? ".250+08:00" : "+08:00");
}

static char *put_quantities(char *at, const struct sp_gen_usage *usage)
{
  bool voice = usage->service == SP_GEN_VOICE, data = usage->service == SP_GEN_DATA;
  bool bad = usage->plant == SP_GEN_BAD_FIELD;
  if (voice || data) {
    at = put_number(at, usage->duration_s);
  }
  if (bad) {
    at = put_text(at, style_of(usage, STYLE_FAULT) & 1u ? "x" : ".5");
  }
  at = put_comma(at);
  if (data) {
    at = put_number(at, usage->up_bytes);
  }
  at = put_comma(at);
  if (data) {
    at = put_number(at, usage->down_bytes);
  }
  at = put_comma(at);
  bool blank = usage->items == 1 && (style_of(usage, STYLE_BLANKS) & 1u) != 0;
  if (!voice && !data && !blank) {
    at = put_number(at, usage->items);
  }
  return put_comma(at);
}

static char *put_hex(char *at, uint64_t value)
{
  for (int shift = 36; shift >= 0; shift -= 4) {
    *at++ = "0123456789abcdef"[value >> shift & 15u];
  }
  return at;
}

static char *put_network(char *at, const struct sp_gen_usage *usage)
{
  static const char letter[SP_GEN_SERVICE_MAX] = {'M', 'C', 'C', 'P', 'V', 'V'};
  at = put_comma(put_number(at, usage->plmn));
  if (usage->lac != 0) {
    at = put_number(at, usage->lac);
  }
  at = put_comma(at);
  if (usage->video) {
    at = put_text(at, "video");
  }
  at = put_comma(at);
  *at++ = letter[usage->service];
  at = put_comma(put_two(at, usage->node));
  if (usage->session != 0) {
    at = put_hex(at, usage->session);
  }
  at = put_comma(at);
  if (usage->seq != 0) {
    at = put_number(at, usage->seq);
  }
  at = put_comma(at);
  if (usage->parts != 0) {
    at = put_text(at, usage->part == 1 ? "first" : usage->part == usage->parts ? "last" : "middle");
  }
  at = put_comma(at);
  if (usage->cause != 0 || (style_of(usage, STYLE_BLANKS) & 6u) == 6) {
    at = put_number(at, usage->cause);
  }
  at = put_comma(at);
  if (usage->plant == SP_GEN_PRE_RATED) {
    at = put_number(at, usage->charge_micro / 1000000);
    *at++ = '.';
    at = put_two(at, (uint32_t)(usage->charge_micro / 10000 % 100));
  }
  return at;
}

uint32_t sp__gen_line(const struct sp_gen_world *world, const struct sp_gen_usage *usage,
                      char line[SP_GEN_LINE_MAX])
{
  static const char *const service[SP_GEN_SERVICE_MAX] = {"voice", "sms", "mms",
                                                          "data",  "vas", "fee"};
  static const char *const direction[SP_GEN_DIRECTION_MAX] = {"mo", "mt", "cf", ""};
  uint64_t served = sp__gen_number(world, usage->served);
  char *at = put_comma(put_number(line, 1000000 + usage->id));
  if (usage->plant == SP_GEN_UNKNOWN_SUBSCRIBER) {
    served = served / 10000 * 10000 + SP_GEN_BLOCK_USED + usage->served % 500;
  }
  at = put_text(at, usage->plant == SP_GEN_SERVICE_UNKNOWN ? "fax" : service[usage->service]);
  at = put_comma(at);
  at = put_comma(put_text(at, direction[usage->direction]));
  at = put_comma(put_served(at, usage, served));
  at = put_comma(put_other(at, world, usage));
  if (usage->direction == SP_GEN_CF) {
    at = put_national(at, sp__gen_number(world, usage->third), false);
  }
  at = put_comma(at);
  at = put_comma(put_start(at, usage));
  at = put_quantities(at, usage);
  if (usage->plant == SP_GEN_BAD_LINE && style_of(usage, STYLE_FAULT) & 1u) {
    *at++ = '\n'; /* the line breaks off */
    return (uint32_t)(at - line);
  }
  at = put_network(at, usage);
  if (usage->plant == SP_GEN_BAD_LINE) {
    at = put_text(at, ",,");
  }
  *at++ = '\n';
  return (uint32_t)(at - line);
}
