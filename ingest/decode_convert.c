/* Cells to the fields of a record, the same for CSV and JSON. */
#include "ingest/decode_slots.h"

#include "rating/money.h"
#include "rating/reason.h"

#include <string.h>

_Static_assert(sizeof(struct sp_span) == 4, "spans are copied as one piece");

/* The order of engine.md §2, which is the canonical header's. */
static const struct {
  const char *name;
  uint8_t slot;
} canonical[] = {
    {"id", SP_CDR_ID},
    {"service", SP__SLOT_SERVICE},
    {"direction", SP__SLOT_DIRECTION},
    {"served", SP_CDR_SERVED},
    {"other", SP_CDR_OTHER},
    {"third", SP_CDR_THIRD},
    {"start", SP__SLOT_START},
    {"duration_s", SP__SLOT_DURATION},
    {"up_bytes", SP__SLOT_UP},
    {"down_bytes", SP__SLOT_DOWN},
    {"items", SP__SLOT_ITEMS},
    {"home_area", SP_CDR_HOME_AREA},
    {"visited_area", SP_CDR_VISITED_AREA},
    {"other_area", SP_CDR_OTHER_AREA},
    {"plmn", SP_CDR_PLMN},
    {"lac", SP__SLOT_LAC},
    {"cell", SP_CDR_CELL},
    {"rating_group", SP_CDR_RATING_GROUP},
    {"service_id", SP_CDR_SERVICE_ID},
    {"apn", SP_CDR_APN},
    {"node", SP_CDR_NODE},
    {"session", SP_CDR_SESSION},
    {"seq", SP__SLOT_SEQ},
    {"partial", SP__SLOT_PARTIAL},
    {"cause", SP__SLOT_CAUSE},
    {"charge", SP__SLOT_CHARGE},
};

#define CANONICAL_COUNT (sizeof(canonical) / sizeof(canonical[0]))
_Static_assert(CANONICAL_COUNT == SP__SLOT_UNKNOWN, "every slot has one name");

const char *sp__slot_name(unsigned index, unsigned *slot)
{
  if (index >= CANONICAL_COUNT) {
    return NULL;
  }
  *slot = canonical[index].slot;
  return canonical[index].name;
}

/* Places in the list above by the length of the name, NONE behind the last: few to compare with. */
#define NONE 0xFF
static const uint8_t by_length[SP__NAME_BYTES_MAX + 1][6] = {
    {NONE},
    {NONE},
    {0, NONE},
    {15, 19, 22, NONE},
    {14, 16, 20, NONE},
    {4, 5, 6, 10, 24, NONE},
    {3, 25, NONE},
    {1, 21, 23, NONE},
    {8, NONE},
    {2, 11, NONE},
    {7, 9, 13, 18, NONE},
    {NONE},
    {12, 17, NONE},
};

unsigned sp__slot_find(const char *name, size_t length)
{
  if (length > SP__NAME_BYTES_MAX) {
    return SP__SLOT_UNKNOWN;
  }
  for (const uint8_t *at = by_length[length]; *at != NONE; at++) {
    const char *known = canonical[*at].name;
    if (known[0] == name[0] && known[1] == name[1] && memcmp(known, name, length) == 0) {
      return canonical[*at].slot;
    }
  }
  return SP__SLOT_UNKNOWN;
}

static unsigned service_find(const char *at, size_t length)
{
  switch (length) {
  case 5:
    return memcmp(at, "voice", 5) == 0 ? SP_SERVICE_VOICE : SP_SERVICE_COUNT;
  case 4:
    return memcmp(at, "data", 4) == 0 ? SP_SERVICE_DATA : SP_SERVICE_COUNT;
  case 3:
    return memcmp(at, "sms", 3) == 0   ? SP_SERVICE_SMS
           : memcmp(at, "mms", 3) == 0 ? SP_SERVICE_MMS
           : memcmp(at, "vas", 3) == 0 ? SP_SERVICE_VAS
           : memcmp(at, "fee", 3) == 0 ? SP_SERVICE_FEE
                                       : SP_SERVICE_COUNT;
  default:
    return SP_SERVICE_COUNT;
  }
}

static bool direction_find(const char *at, size_t length, uint8_t *direction)
{
  if (length == 0) {
    *direction = SP_DIRECTION_NONE;
    return true;
  }
  if (length != 2) {
    return false;
  }
  *direction = memcmp(at, "mo", 2) == 0   ? SP_DIRECTION_MO
               : memcmp(at, "mt", 2) == 0 ? SP_DIRECTION_MT
               : memcmp(at, "cf", 2) == 0 ? SP_DIRECTION_CF
                                          : SP_DIRECTION_NONE;
  return *direction != SP_DIRECTION_NONE;
}

static bool partial_find(const char *at, size_t length, uint8_t *partial)
{
  for (unsigned i = SP_PARTIAL_WHOLE; i <= SP_PARTIAL_LAST; i++) {
    const char *word = sp_partial_word(i);
    if (strlen(word) == length && memcmp(word, at, length) == 0) {
      *partial = (uint8_t)i;
      return true;
    }
  }
  *partial = SP_PARTIAL_WHOLE;
  return length == 0;
}

/* 1 to 8 digits without a branch per digit; `at` has 8 readable bytes before its end. */
static __attribute__((noinline)) bool number_quickly(const char *at, size_t length, int64_t *value)
{
  uint64_t x;
  memcpy(&x, at + length - 8, 8);
  x ^= UINT64_C(0x3030303030303030);
  x = x >> (64 - 8 * length) << (64 - 8 * length);
  bool digits = (((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080)) == 0;
  x = (x * 10 + (x >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
  x = (x * 100 + (x >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
  if (digits) {
    *value = (int64_t)((x * 10000 + (x >> 32)) & UINT32_MAX);
  }
  return digits;
}

static bool number_slowly(const char *text, struct sp_span cell, int64_t *value)
{
  int64_t sum = 0;
  bool good = cell.length <= 18;
  for (size_t i = 0; good && i < cell.length; i++) {
    unsigned digit = (unsigned)(unsigned char)text[cell.at + i] - '0';
    good = digit <= 9;
    sum = sum * 10 + (int64_t)digit;
  }
  *value = good ? sum : *value;
  return good;
}

/* A whole number >= 0 of at most 18 digits (book.md §5.5); blank leaves `value` as it is. */
static inline bool number_read(const char *text, struct sp_span cell, int64_t *value)
{
  if (cell.length == 0) {
    return true;
  }
  bool quick = cell.length <= 8 && cell.at + cell.length >= 8;
  return SP_LIKELY(quick && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
             ? number_quickly(text + cell.at, cell.length, value)
             : number_slowly(text, cell, value);
}

/* A decimal >= 0 with at most 6 decimals. One that does not fit is right here: test 15 takes it. */
static bool charge_read(const char *text, struct sp_span cell, struct sp_cdr *cdr)
{
  const char *at = text + cell.at;
  size_t whole = 0, decimals = 0;
  while (whole < cell.length && (unsigned)(unsigned char)at[whole] - '0' <= 9) {
    whole++;
  }
  bool point = whole < cell.length && at[whole] == '.';
  while (point && whole + 1 + decimals < cell.length &&
         (unsigned)(unsigned char)at[whole + 1 + decimals] - '0' <= 9) {
    decimals++;
  }
  if (whole == 0 || whole + (point ? 1 + decimals : 0) != cell.length || (point && decimals == 0) ||
      decimals > 6) {
    return false;
  }
  cdr->has_charge = 1;
  if (!sp_money_parse(&cdr->charge_micro, at, cell.length, 6)) {
    cdr->has_charge = SP_CDR_CHARGE_OVERFLOW;
    cdr->charge_micro = INT64_MAX;
  }
  return true;
}

static const struct sp_cdr blank = {
    .items = 1, .lac = -1, .service = SP_SERVICE_COUNT, .reason = SP_REASON_NONE};

/* Test 4. Goes on after a wrong field, so that suspense shows what is right. */
static bool fields_read(struct sp_cdr *cdr, const char *text,
                        const struct sp_span cells[SP__SLOT_COUNT])
{
  struct sp_span direction = cells[SP__SLOT_DIRECTION], partial = cells[SP__SLOT_PARTIAL];
  bool good = direction_find(text + direction.at, direction.length, &cdr->direction);
  if (partial.length != 0) {
    good &= partial_find(text + partial.at, partial.length, &cdr->partial);
  }
  good &= number_read(text, cells[SP__SLOT_DURATION], &cdr->duration_s);
  good &= number_read(text, cells[SP__SLOT_UP], &cdr->up_bytes);
  good &= number_read(text, cells[SP__SLOT_DOWN], &cdr->down_bytes);
  good &= number_read(text, cells[SP__SLOT_ITEMS], &cdr->items);
  good &= number_read(text, cells[SP__SLOT_LAC], &cdr->lac);
  good &= number_read(text, cells[SP__SLOT_SEQ], &cdr->seq);
  good &= number_read(text, cells[SP__SLOT_CAUSE], &cdr->cause);
  if (cells[SP__SLOT_CHARGE].length != 0) {
    good &= charge_read(text, cells[SP__SLOT_CHARGE], cdr);
  }
  if (cdr->partial != SP_PARTIAL_WHOLE && !cdr->has_charge && cells[SP_CDR_SESSION].length == 0) {
    good = false;
  }
  return good;
}

/* Which fields test 4 does not take, for explain: reads them once more. */
static __attribute__((noinline, cold)) uint16_t fields_wrong(const char *text,
                                                             const struct sp_span cells[])
{
  static const uint8_t numbers[][2] = {
      {SP__SLOT_DURATION, SP_CDR_WRONG_DURATION}, {SP__SLOT_UP, SP_CDR_WRONG_UP},
      {SP__SLOT_DOWN, SP_CDR_WRONG_DOWN},         {SP__SLOT_ITEMS, SP_CDR_WRONG_ITEMS},
      {SP__SLOT_LAC, SP_CDR_WRONG_LAC},           {SP__SLOT_SEQ, SP_CDR_WRONG_SEQ},
      {SP__SLOT_CAUSE, SP_CDR_WRONG_CAUSE}};
  struct sp_cdr cdr = blank;
  struct sp_span direction = cells[SP__SLOT_DIRECTION], partial = cells[SP__SLOT_PARTIAL];
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    int64_t value = 0;
    wrong |= number_read(text, cells[numbers[i][0]], &value) ? 0 : 1u << numbers[i][1];
  }
  if (!direction_find(text + direction.at, direction.length, &cdr.direction)) {
    wrong |= 1u << SP_CDR_WRONG_DIRECTION;
  }
  if (!partial_find(text + partial.at, partial.length, &cdr.partial)) {
    wrong |= 1u << SP_CDR_WRONG_PARTIAL;
  }
  if (cells[SP__SLOT_CHARGE].length != 0 && !charge_read(text, cells[SP__SLOT_CHARGE], &cdr)) {
    wrong |= 1u << SP_CDR_WRONG_CHARGE;
  }
  if (cdr.partial != SP_PARTIAL_WHOLE && !cdr.has_charge && cells[SP_CDR_SESSION].length == 0) {
    wrong |= 1u << SP_CDR_WRONG_SESSION;
  }
  return (uint16_t)wrong;
}

/* [CDR 2/9] decode. in: where a record's cells lie in its line or object; out: the usage record
 * with its values checked one by one, or a reason 1xx or 2xx; next: resolve (ingest/resolve.c). */
void sp__cdr_convert(struct sp_decoder *decoder, struct sp_cdr *cdr, const char *text,
                     const struct sp_span cells[SP__SLOT_COUNT])
{
  *cdr = blank;
  cdr->text = text;
  memcpy(cdr->texts, cells, sizeof(cdr->texts));
  struct sp_span service = cells[SP__SLOT_SERVICE], start = cells[SP__SLOT_START];
  cdr->service = (uint8_t)service_find(text + service.at, service.length);
  bool right = fields_read(cdr, text, cells);
  bool begun = sp__start_parse(decoder, text + start.at, start.length, &cdr->start_utc_s);
  cdr->reason = cdr->service == SP_SERVICE_COUNT ? SP_REASON_SERVICE_UNKNOWN
                : !begun                         ? SP_REASON_BAD_START
                : !right                         ? SP_REASON_BAD_FIELD
                                                 : SP_REASON_NONE;
  if (SP_UNLIKELY(!right)) {
    cdr->wrong = fields_wrong(text, cells);
  }
}

void sp__cdr_bad_line(struct sp_cdr *cdr, const char *text)
{
  *cdr = blank;
  cdr->text = text;
  cdr->reason = SP_REASON_BAD_LINE;
}
