#include "store/cdr_codec.h"

#include <emmintrin.h>

/* First byte of a text. */
#define TAG_SLOT 0x00    /* + slot: as in the table */
#define TAG_NEW 0x40     /* + slot: length, bytes; goes into the table */
#define TAG_LITERAL 0x80 /* length, bytes */
#define TAG_NUMBER 0x81  /* difference to the field's number before: digits without a leading 0 */

/* Bits of the word of numbers: those that differ from their default (or, seq and lac, from the
 * record before). */
#define HAS_DURATION 1u
#define HAS_UP 2u
#define HAS_DOWN 4u
#define HAS_ITEMS 8u
#define HAS_CHARGE 16u
#define HAS_SEQ 32u
#define HAS_CAUSE 64u
#define HAS_LAC 128u

/* Texts that are numbers or never come again: no table for them. */
#define PLAIN_TEXTS                                                                  \
  (1u << SP_CDR_ID | 1u << SP_CDR_SERVED | 1u << SP_CDR_OTHER | 1u << SP_CDR_THIRD | \
   1u << SP_CDR_CELL | 1u << SP_CDR_SESSION)

void sp_cdr_coder_begin(struct sp_cdr_coder *coder)
{
  coder->start_utc_s = coder->seq = 0;
  coder->lac = -1;
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    coder->numbers[i] = 0;
    for (unsigned k = 0; k < SP_CDR_SLOTS; k++) {
      coder->slots[i][k].length = 0;
    }
  }
}

static inline uint64_t eight_bytes(const char *text)
{
  uint64_t word;
  memcpy(&word, text, sizeof(word));
  return word;
}

static inline uint32_t four_bytes(const char *text)
{
  uint32_t word;
  memcpy(&word, text, sizeof(word));
  return word;
}

/* Eight digits at once, the first in the lowest byte; *bad collects whether any is none. */
static inline uint64_t eight_digits(uint64_t word, uint64_t *bad)
{
  *bad |= ((word & UINT64_C(0xF0F0F0F0F0F0F0F0)) ^ UINT64_C(0x3030303030303030)) |
          (((word + UINT64_C(0x0606060606060606)) & UINT64_C(0xF0F0F0F0F0F0F0F0)) ^
           UINT64_C(0x3030303030303030));
  word &= UINT64_C(0x0F0F0F0F0F0F0F0F);
  word = (word * 10 + (word >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
  word = (word * 100 + (word >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
  return (word * 10000 + (word >> 32)) & UINT64_C(0xFFFFFFFF);
}

static const uint64_t powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* The value of 1 to 16 digits without a leading 0; false: it is not that. */
static inline bool number_of(const char *text, size_t length, uint64_t *value)
{
  if (length > 16 || text[0] == '0') {
    return false;
  }
  uint64_t bad = 0, number = 0;
  if (length >= 8) {
    number = eight_digits(eight_bytes(text), &bad);
    unsigned left = (unsigned)length - 8;
    if (left > 0) { /* the last eight with the ones counted already taken as 0 */
      uint64_t word = eight_bytes(text + left);
      uint64_t keep = ~UINT64_C(0) << (64 - 8 * left);
      word = (word & keep) | (UINT64_C(0x3030303030303030) & ~keep);
      number = number * powers[left] + eight_digits(word, &bad);
    }
    *value = number;
    return bad == 0;
  }
  if (length >=
      4) { /* the last four, before them what the first four have besides, before that zeros */
    unsigned blank = 8 * (8 - (unsigned)length);
    uint64_t high = (uint64_t)four_bytes(text + length - 4) << 32;
    uint32_t low = (uint32_t)((uint64_t)four_bytes(text) << blank) |
                   (uint32_t)(UINT64_C(0x30303030) >> (32 - blank));
    *value = eight_digits(high | low, &bad);
    return bad == 0;
  }
  bool wrong = false;
  for (size_t i = 0; i < length; i++) {
    unsigned digit = (unsigned)(unsigned char)text[i] - '0';
    wrong |= digit > 9; /* also what stands below 0, wrapped */
    number = number * 10 + digit;
  }
  *value = number;
  return !wrong;
}

static uint8_t *literal_put(uint8_t *to, const char *text, size_t length)
{
  *to++ = TAG_LITERAL;
  to = sp_varint_put(to, length);
  memcpy(to, text, length);
  return to + length;
}

static inline uint8_t *plain_put(struct sp_cdr_coder *coder, unsigned field, const char *text,
                                 size_t length, uint8_t *to)
{
  uint64_t number;
  if (!number_of(text, length, &number)) {
    return literal_put(to, text, length);
  }
  *to++ = TAG_NUMBER;
  to = sp_varint_put_signed(to, (int64_t)(number - coder->numbers[field]));
  coder->numbers[field] = number;
  return to;
}

/* Lengths 1 to SP_CDR_SLOT_BYTES. */
static inline bool short_equal(const char *a, const char *b, size_t length)
{
  if (length < 4) {
    return a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1];
  }
  if (length <= 8) {
    uint32_t x, y, u, v;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    memcpy(&u, a + length - 4, 4);
    memcpy(&v, b + length - 4, 4);
    return x == y && u == v;
  }
  return memcmp(a, b, length) == 0;
}

static inline uint8_t *table_put(struct sp_cdr_coder *coder, unsigned field, const char *text,
                                 size_t length, uint8_t *to)
{
  if (length > SP_CDR_SLOT_BYTES) {
    return literal_put(to, text, length);
  }
  unsigned hash = (unsigned)(unsigned char)text[length - 1] * 7u +
                  (unsigned)(unsigned char)text[length / 2] * 13u +
                  (unsigned)(unsigned char)text[0] + (unsigned)length * 29u;
  unsigned index = (hash ^ hash >> 6) % SP_CDR_SLOTS;
  struct sp_cdr_slot *slot = &coder->slots[field][index];
  if (slot->length == length && short_equal(slot->text, text, length)) {
    *to++ = (uint8_t)(TAG_SLOT + index);
    return to;
  }
  slot->length = (uint8_t)length;
  memcpy(slot->text, text, length);
  *to++ = (uint8_t)(TAG_NEW + index);
  *to++ = (uint8_t)length;
  memcpy(to, text, length);
  return to + length;
}

static uint8_t *numbers_put(struct sp_cdr_coder *coder, const struct sp_cdr *cdr, uint8_t *to)
{
  unsigned has = (cdr->duration_s != 0 ? HAS_DURATION : 0) | (cdr->up_bytes != 0 ? HAS_UP : 0) |
                 (cdr->down_bytes != 0 ? HAS_DOWN : 0) | (cdr->items != 1 ? HAS_ITEMS : 0) |
                 (cdr->has_charge != 0 ? HAS_CHARGE : 0) | (cdr->seq != coder->seq ? HAS_SEQ : 0) |
                 (cdr->cause != 0 ? HAS_CAUSE : 0) | (cdr->lac != coder->lac ? HAS_LAC : 0);
  *to++ = (uint8_t)has;
  if (has & HAS_DURATION) {
    to = sp_varint_put(to, (uint64_t)cdr->duration_s);
  }
  if (has & HAS_UP) {
    to = sp_varint_put(to, (uint64_t)cdr->up_bytes);
  }
  if (has & HAS_DOWN) {
    to = sp_varint_put(to, (uint64_t)cdr->down_bytes);
  }
  if (has & HAS_ITEMS) {
    to = sp_varint_put(to, (uint64_t)cdr->items);
  }
  if (has & HAS_CHARGE) {
    to = sp_varint_put(to, (uint64_t)cdr->charge_micro);
  }
  if (has & HAS_SEQ) {
    to = sp_varint_put_signed(to, cdr->seq - coder->seq);
    coder->seq = cdr->seq;
  }
  if (has & HAS_CAUSE) {
    to = sp_varint_put(to, (uint64_t)cdr->cause);
  }
  if (has & HAS_LAC) {
    to = sp_varint_put_signed(to, cdr->lac - coder->lac);
    coder->lac = cdr->lac;
  }
  return to;
}

/* Bit i: text i is not blank. Lengths are the upper halves of 32-bit lanes. */
static inline unsigned texts_present(const struct sp_span *texts)
{
  _Static_assert(sizeof(struct sp_span) == 4 && offsetof(struct sp_span, length) == 2,
                 "lanes of lengths");
  const char *at = (const char *)texts;
  __m128i a = _mm_srli_epi32(_mm_loadu_si128((const __m128i *)(const void *)at), 16);
  __m128i b = _mm_srli_epi32(_mm_loadu_si128((const __m128i *)(const void *)(at + 16)), 16);
  __m128i c = _mm_srli_epi32(_mm_loadu_si128((const __m128i *)(const void *)(at + 32)), 16);
  __m128i d = _mm_srli_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(at + 48)), 16);
  __m128i zero = _mm_setzero_si128();
  /* 32-bit compares first: a length of 65535 stays what it is when packed */
  __m128i low = _mm_packs_epi32(_mm_cmpeq_epi32(a, zero), _mm_cmpeq_epi32(b, zero));
  __m128i high = _mm_packs_epi32(_mm_cmpeq_epi32(c, zero), _mm_cmpeq_epi32(d, zero));
  unsigned blank = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
  return ~blank & ((1u << SP_CDR_TEXT_COUNT) - 1);
}

uint8_t *sp_cdr_encode(struct sp_cdr_coder *coder, const struct sp_cdr *cdr, uint8_t *to)
{
  SP_ASSERT(cdr->reason == 0 && cdr->service < SP_SERVICE_COUNT && cdr->direction < 4 &&
            cdr->partial < 4 && cdr->has_charge < 4);
  *to++ = (uint8_t)(cdr->service | cdr->direction << 3 | cdr->partial << 5);
  unsigned texts = texts_present(cdr->texts);
  texts |= (unsigned)cdr->has_charge << SP_CDR_TEXT_COUNT;
  *to++ = (uint8_t)texts;
  *to++ = (uint8_t)(texts >> 8);
  to = sp_varint_put_signed(to, cdr->start_utc_s - coder->start_utc_s);
  coder->start_utc_s = cdr->start_utc_s;
  to = numbers_put(coder, cdr, to);
  for (unsigned left = texts & ((1u << SP_CDR_TEXT_COUNT) - 1); left != 0; left &= left - 1) {
    unsigned field = (unsigned)__builtin_ctz(left);
    const char *text = cdr->text + cdr->texts[field].at;
    size_t length = cdr->texts[field].length;
    to = (PLAIN_TEXTS >> field & 1) != 0 ? plain_put(coder, field, text, length, to)
                                         : table_put(coder, field, text, length, to);
  }
  return to;
}

_Static_assert(SP_CDR_TEXT_COUNT == 14, "two bits of the texts' word are left for has_charge");

static void numbers_get(struct sp_cdr_coder *coder, struct sp_varint_reader *reader,
                        struct sp_cdr *cdr)
{
  unsigned has = sp_varint_get_byte(reader);
  cdr->duration_s = has & HAS_DURATION ? (int64_t)sp_varint_get(reader) : 0;
  cdr->up_bytes = has & HAS_UP ? (int64_t)sp_varint_get(reader) : 0;
  cdr->down_bytes = has & HAS_DOWN ? (int64_t)sp_varint_get(reader) : 0;
  cdr->items = has & HAS_ITEMS ? (int64_t)sp_varint_get(reader) : 1;
  cdr->charge_micro = has & HAS_CHARGE ? (int64_t)sp_varint_get(reader) : 0;
  if (has & HAS_SEQ) {
    coder->seq = (int64_t)((uint64_t)coder->seq + (uint64_t)sp_varint_get_signed(reader));
  }
  cdr->cause = has & HAS_CAUSE ? (int64_t)sp_varint_get(reader) : 0;
  if (has & HAS_LAC) {
    coder->lac = (int64_t)((uint64_t)coder->lac + (uint64_t)sp_varint_get_signed(reader));
  }
  cdr->seq = coder->seq;
  cdr->lac = coder->lac;
  reader->bad = reader->bad || cdr->duration_s < 0 || cdr->up_bytes < 0 || cdr->down_bytes < 0 ||
                cdr->items < 0 || cdr->charge_micro < 0 || cdr->seq < 0 || cdr->cause < 0 ||
                cdr->lac < -1;
}

/* One text to scratch at *used; its length, 0 and bad if it is none. */
static size_t text_get(struct sp_cdr_coder *coder, unsigned field, struct sp_varint_reader *reader,
                       char *scratch, size_t used)
{
  uint8_t tag = sp_varint_get_byte(reader);
  const char *from;
  char digits[20];
  size_t length;
  if (tag == TAG_NUMBER) {
    uint64_t number = coder->numbers[field] + (uint64_t)sp_varint_get_signed(reader);
    coder->numbers[field] = number;
    length = sizeof(digits);
    do {
      digits[--length] = (char)('0' + number % 10);
      number /= 10;
    } while (number != 0);
    from = digits + length;
    length = sizeof(digits) - length;
  } else if (tag < TAG_NEW) {
    from = coder->slots[field][tag].text;
    length = coder->slots[field][tag].length;
  } else if (tag < TAG_LITERAL) {
    length = sp_varint_get_byte(reader);
    from = (const char *)sp_varint_get_bytes(reader, length);
    if (from == NULL || length > SP_CDR_SLOT_BYTES) {
      reader->bad = true;
      return 0;
    }
    coder->slots[field][tag - TAG_NEW].length = (uint8_t)length;
    memcpy(coder->slots[field][tag - TAG_NEW].text, from, length);
  } else {
    length = sp_varint_get(reader);
    from = (const char *)sp_varint_get_bytes(reader, length);
    reader->bad = reader->bad || tag != TAG_LITERAL;
  }
  if (from == NULL || length == 0 || reader->bad || length > SP_CDR_TEXTS_BYTES_MAX - used) {
    reader->bad = true;
    return 0;
  }
  memcpy(scratch + used, from, length);
  return length;
}

void sp_cdr_decode(struct sp_cdr_coder *coder, struct sp_varint_reader *reader, struct sp_cdr *cdr,
                   char *scratch)
{
  memset(cdr, 0, sizeof(*cdr));
  uint8_t head = sp_varint_get_byte(reader);
  unsigned texts = sp_varint_get_byte(reader);
  texts |= (unsigned)sp_varint_get_byte(reader) << 8;
  cdr->service = head & 7;
  cdr->direction = head >> 3 & 3;
  cdr->partial = head >> 5 & 3;
  cdr->has_charge = (uint8_t)(texts >> SP_CDR_TEXT_COUNT);
  reader->bad = reader->bad || cdr->service >= SP_SERVICE_COUNT || head >> 7 != 0 ||
                cdr->has_charge > SP_CDR_CHARGE_OVERFLOW;
  coder->start_utc_s =
      (int64_t)((uint64_t)coder->start_utc_s + (uint64_t)sp_varint_get_signed(reader));
  cdr->start_utc_s = coder->start_utc_s;
  numbers_get(coder, reader, cdr);
  cdr->text = scratch;
  size_t used = 0;
  for (unsigned left = texts & ((1u << SP_CDR_TEXT_COUNT) - 1); left != 0 && !reader->bad;
       left &= left - 1) {
    unsigned field = (unsigned)__builtin_ctz(left);
    size_t length = text_get(coder, field, reader, scratch, used);
    cdr->texts[field] = (struct sp_span){(uint16_t)used, (uint16_t)length};
    used += length;
  }
}
