#include "store/cdr_codec.h"

#include "rating/hash.h"
#include "store/text_lanes.h"

/* First byte of a text. */
#define TAG_SLOT 0x00 /* + slot: as in the table */
#define TAG_NEW 0x40  /* + slot: length, bytes; goes into the table */
#define TAG_NUMBER                                                                               \
  0x80               /* + bytes: difference to the field's number before, zigzag: digits without \
                        a leading 0 */
#define TAG_HEX 0x90 /* + length - 1: hexadecimal digits, two a byte */
#define TAG_LITERAL 0xA0 /* length, bytes */

/* Bits of the word of numbers: those that differ from their default (or, seq and lac, from the
 * record before). */
#define HAS_DURATION 1u
#define HAS_BYTES 2u
#define HAS_ITEMS 4u
#define HAS_CHARGE 8u
#define HAS_SEQ 16u
#define HAS_CAUSE 32u
#define HAS_LAC 64u
#define HAS_ALL 127u

/* Texts that are numbers or never come again: no table for them. */
#define PLAIN_TEXTS                                                                  \
  (1u << SP_CDR_ID | 1u << SP_CDR_SERVED | 1u << SP_CDR_OTHER | 1u << SP_CDR_THIRD | \
   1u << SP_CDR_CELL | 1u << SP_CDR_SESSION)

void sp_cdr_coder_begin(struct sp_cdr_coder *coder)
{
  coder->start_utc_s = coder->seq = 0;
  coder->lac = -1;
  memset(coder->numbers, 0, sizeof(coder->numbers));
  memset(coder->lengths, 0, sizeof(coder->lengths));
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
  if (SP_UNLIKELY(length > SP_LANES)) {
    return literal_put(to, text, length);
  }
  __m128i lanes = sp_lanes_load(text, length);
  uint64_t number, packed;
  if (sp_lanes_number(lanes, length, &number) && text[0] != '0') {
    uint64_t more = sp_varint_zigzag((int64_t)(number - coder->numbers[field]));
    unsigned bytes = sp_varint_word_bytes(more);
    coder->numbers[field] = number;
    *to = (uint8_t)(TAG_NUMBER + bytes);
    return sp_varint_put_word(to + 1, more, bytes);
  }
  if (sp_lanes_pack(lanes, length, &packed)) {
    *to = (uint8_t)(TAG_HEX + length - 1);
    return sp_varint_put_word(to + 1, packed, (unsigned)(length + 1) / 2);
  }
  return literal_put(to, text, length);
}

/* A slot keeps the first 16 bytes of a text and, of a longer one, the last 16. */
static inline uint8_t *table_put(struct sp_cdr_coder *coder, unsigned field, const char *text,
                                 size_t length, uint8_t *to)
{
  if (SP_UNLIKELY(length > SP_CDR_SLOT_BYTES)) {
    return literal_put(to, text, length);
  }
  bool two = length > SP_LANES;
  __m128i first = sp_lanes_load(text, two ? SP_LANES : length);
  __m128i last = two ? sp_lanes_read(text + length - SP_LANES) : first;
  __m128i both = _mm_add_epi64(first, _mm_slli_epi64(last, 1));
  uint64_t low = (uint64_t)_mm_cvtsi128_si64(both), high = (uint64_t)_mm_extract_epi64(both, 1);
  unsigned index = (unsigned)((low + high * 3) * SP_HASH_K0 >> 58);
  _Static_assert(SP_CDR_SLOTS == 64, "six bits of the product");
  char *slot = coder->slots[field][index];
  __m128i same = _mm_and_si128(_mm_cmpeq_epi8(sp_lanes_read(slot), first),
                               _mm_cmpeq_epi8(sp_lanes_read(slot + SP_LANES), last));
  if (coder->lengths[field][index] == length && _mm_movemask_epi8(same) == 0xFFFF) {
    *to++ = (uint8_t)(TAG_SLOT + index);
    return to;
  }
  coder->lengths[field][index] = (uint8_t)length;
  sp_lanes_write(slot, first);
  sp_lanes_write(slot + SP_LANES, last);
  *to = (uint8_t)(TAG_NEW + index);
  to[1] = (uint8_t)length;
  to += 2;
  sp_lanes_write(to, first);
  if (two) {
    sp_lanes_write(to + length - SP_LANES, last);
  }
  return to + length;
}

static uint8_t *numbers_put(struct sp_cdr_coder *coder, const struct sp_cdr *cdr, uint8_t *to)
{
  uint64_t up = (uint64_t)cdr->up_bytes, down = (uint64_t)cdr->down_bytes;
  unsigned has = (cdr->duration_s != 0 ? HAS_DURATION : 0) | ((up | down) != 0 ? HAS_BYTES : 0) |
                 (cdr->items != 1 ? HAS_ITEMS : 0) | (cdr->has_charge != 0 ? HAS_CHARGE : 0) |
                 (cdr->seq != coder->seq ? HAS_SEQ : 0) | (cdr->cause != 0 ? HAS_CAUSE : 0) |
                 (cdr->lac != coder->lac ? HAS_LAC : 0);
  *to++ = (uint8_t)has;
  if (has & HAS_DURATION) {
    to = sp_varint_put(to, (uint64_t)cdr->duration_s);
  }
  if (has & HAS_BYTES) {
    unsigned up_bytes = sp_varint_word_bytes(up), down_bytes = sp_varint_word_bytes(down);
    *to = (uint8_t)(up_bytes | down_bytes << 4);
    to = sp_varint_put_word(to + 1, up, up_bytes);
    to = sp_varint_put_word(to, down, down_bytes);
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

static inline void numbers_get(struct sp_cdr_coder *coder, struct sp_varint_reader *reader,
                               struct sp_cdr *cdr)
{
  unsigned has = sp_varint_get_byte(reader);
  cdr->duration_s = has & HAS_DURATION ? (int64_t)sp_varint_get(reader) : 0;
  if (has & HAS_BYTES) {
    unsigned bytes = sp_varint_get_byte(reader);
    if ((bytes & 15) > 8 || bytes >> 4 > 8) {
      reader->bad = true;
      return;
    }
    cdr->up_bytes = (int64_t)sp_varint_get_word(reader, bytes & 15);
    cdr->down_bytes = (int64_t)sp_varint_get_word(reader, bytes >> 4);
  }
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
  int64_t signs = cdr->duration_s | cdr->up_bytes | cdr->down_bytes | cdr->items |
                  cdr->charge_micro | cdr->seq | cdr->cause;
  reader->bad = reader->bad || signs < 0 || cdr->lac < -1 || has > HAS_ALL;
}

static inline bool slot_get(char *slot, uint8_t *known, struct sp_varint_reader *reader)
{
  size_t length = sp_varint_get_byte(reader);
  const char *from = (const char *)sp_varint_get_bytes(reader, length);
  if (from == NULL || length > SP_CDR_SLOT_BYTES || length == 0) {
    return false;
  }
  bool two = length > SP_LANES;
  __m128i first = sp_lanes_load(from, two ? SP_LANES : length);
  *known = (uint8_t)length;
  sp_lanes_write(slot, first);
  sp_lanes_write(slot + SP_LANES, two ? sp_lanes_read(from + length - SP_LANES) : first);
  return true;
}

/* A text of the table to where SP_CDR_SLOT_BYTES are free; its length, 0 = it is none. */
static inline size_t table_get(struct sp_cdr_coder *coder, unsigned field, unsigned tag,
                               struct sp_varint_reader *reader, char *to)
{
  char *slot = coder->slots[field][tag % SP_CDR_SLOTS];
  uint8_t *known = &coder->lengths[field][tag % SP_CDR_SLOTS];
  if (SP_UNLIKELY(tag >= TAG_NEW) && !slot_get(slot, known, reader)) {
    return 0;
  }
  size_t length = *known;
  sp_lanes_write(to, sp_lanes_read(slot));
  if (SP_UNLIKELY(length > SP_LANES)) {
    sp_lanes_write(to + length - SP_LANES, sp_lanes_read(slot + SP_LANES));
  }
  return length;
}

static inline uint64_t number_get(struct sp_cdr_coder *coder, unsigned field, unsigned tag,
                                  struct sp_varint_reader *reader)
{
  uint64_t more = sp_varint_get_word(reader, tag - TAG_NUMBER);
  return coder->numbers[field] += (uint64_t)sp_varint_zigzag_back(more);
}

static size_t literal_get(struct sp_varint_reader *reader, size_t room, char *to)
{
  uint64_t length = sp_varint_get(reader);
  const uint8_t *from = sp_varint_get_bytes(reader, length);
  if (from == NULL || length > room) {
    return 0;
  }
  memcpy(to, from, length);
  return length;
}

/* One text to scratch, where 32 bytes more than `room` are free; its length, 0 = it is none. */
static inline size_t text_get(struct sp_cdr_coder *coder, unsigned field,
                              struct sp_varint_reader *reader, size_t room, char *to)
{
  unsigned tag = sp_varint_get_byte(reader);
  size_t length = 0;
  if (tag < TAG_NUMBER) {
    length = table_get(coder, field, tag, reader, to);
  } else if (tag <= TAG_NUMBER + 8) {
    uint64_t number = number_get(coder, field, tag, reader);
    if (number < SP_LANES_NUMBERS) {
      sp_lanes_write(to, sp_lanes_digits(number, &length));
    }
  } else if (tag >= TAG_HEX && tag < TAG_LITERAL) {
    length = tag - TAG_HEX + 1;
    sp_lanes_write(to, sp_lanes_unpack(sp_varint_get_word(reader, (unsigned)(length + 1) / 2)));
  } else if (tag == TAG_LITERAL) {
    length = literal_get(reader, room, to);
  }
  return length <= room ? length : 0;
}

/* The same text, not wanted: only what later ones are written against. `to`: 32 bytes for nothing.
 */
static inline bool text_skip(struct sp_cdr_coder *coder, unsigned field,
                             struct sp_varint_reader *reader, char *to)
{
  unsigned tag = sp_varint_get_byte(reader);
  if (tag < TAG_NEW) {
    return true;
  }
  if (tag < TAG_NUMBER) {
    return table_get(coder, field, tag, reader, to) != 0;
  }
  if (tag <= TAG_NUMBER + 8) {
    (void)number_get(coder, field, tag, reader);
    return true;
  }
  if (tag >= TAG_HEX && tag < TAG_LITERAL) {
    return sp_varint_get_bytes(reader, (tag - TAG_HEX + 2) / 2) != NULL;
  }
  return tag == TAG_LITERAL && sp_varint_get_bytes(reader, sp_varint_get(reader)) != NULL;
}

size_t sp_cdr_decode(struct sp_cdr_coder *coder, struct sp_varint_reader *reader, unsigned wanted,
                     struct sp_cdr *cdr, char *scratch)
{
  struct sp_varint_reader bytes = *reader; /* in registers */
  memset(cdr, 0, sizeof(*cdr));
  unsigned head = sp_varint_get_byte(&bytes);
  unsigned texts = sp_varint_get_byte(&bytes);
  texts |= (unsigned)sp_varint_get_byte(&bytes) << 8;
  cdr->service = head & 7;
  cdr->direction = head >> 3 & 3;
  cdr->partial = head >> 5 & 3;
  cdr->has_charge = (uint8_t)(texts >> SP_CDR_TEXT_COUNT);
  bytes.bad = bytes.bad || cdr->service >= SP_SERVICE_COUNT || head >> 7 != 0 ||
              cdr->has_charge > SP_CDR_CHARGE_OVERFLOW;
  coder->start_utc_s =
      (int64_t)((uint64_t)coder->start_utc_s + (uint64_t)sp_varint_get_signed(&bytes));
  cdr->start_utc_s = coder->start_utc_s;
  numbers_get(coder, &bytes, cdr);
  cdr->text = scratch;
  size_t used = 0;
  wanted |= cdr->partial != SP_PARTIAL_WHOLE ? SP_CDR_TEXTS_ALL : 0;
  for (unsigned left = texts & ((1u << SP_CDR_TEXT_COUNT) - 1); left != 0 && !bytes.bad;
       left &= left - 1) {
    unsigned field = (unsigned)__builtin_ctz(left);
    if ((wanted >> field & 1) == 0) {
      bytes.bad = !text_skip(coder, field, &bytes, scratch + used) || bytes.bad;
      continue;
    }
    size_t length = text_get(coder, field, &bytes, SP_CDR_TEXTS_BYTES_MAX - used, scratch + used);
    cdr->texts[field] = (struct sp_span){(uint16_t)used, (uint16_t)length};
    used += length;
    bytes.bad = bytes.bad || length == 0;
  }
  *reader = bytes;
  return used;
}
