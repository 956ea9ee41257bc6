/* Texts of 1 to 16 bytes in one SSE register, first byte lowest, zeros behind: loaded without a
 * read beyond them, digits to a number and back, hexadecimal digits to half the bytes and back.
 * Pure. */
#ifndef SP_STORE_TEXT_LANES_H
#define SP_STORE_TEXT_LANES_H

#include <smmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SP_LANES 16u
#define SP_LANES_NUMBERS UINT64_C(10000000000000000) /* numbers of 16 digits are below it */

/* Shuffles by 16 bytes from place n on: n <= 16 moves the first n bytes to the end and puts zeros
 * in front, n > 16 drops the first n - 16. */
static const uint8_t sp_lanes_order[48] = {
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

static inline __m128i sp_lanes_read(const void *bytes)
{
  return _mm_loadu_si128((const __m128i *)bytes);
}

static inline void sp_lanes_write(void *to, __m128i lanes)
{
  _mm_storeu_si128((__m128i *)to, lanes);
}

static inline __m128i sp_lanes_load(const char *text, size_t length)
{
  uint64_t low = 0, high = 0;
  if (length >= 8) {
    unsigned known = (unsigned)(SP_LANES - length) * 4; /* half the bits that `low` has as well */
    memcpy(&low, text, 8);
    memcpy(&high, text + length - 8, 8);
    high = high >> known >> known;
  } else if (length >= 4) {
    uint32_t first, last;
    memcpy(&first, text, 4);
    memcpy(&last, text + length - 4, 4);
    low = first | (uint64_t)last << 8 * (length - 4);
  } else {
    const unsigned char *at = (const unsigned char *)text;
    low = at[0] | (uint64_t)at[length / 2] << 8 * (length / 2) |
          (uint64_t)at[length - 1] << 8 * (length - 1);
  }
  return _mm_set_epi64x((int64_t)high, (int64_t)low);
}

/* The value where all bytes are digits; false: they are not. */
static inline bool sp_lanes_number(__m128i lanes, size_t length, uint64_t *number)
{
  __m128i digits = _mm_sub_epi8(lanes, _mm_set1_epi8('0'));
  digits = _mm_shuffle_epi8(digits, sp_lanes_read(sp_lanes_order + length));
  __m128i good = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  __m128i twos = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A)); /* 10 a + b */
  __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(0x00010064)); /* 100 a + b */
  fours = _mm_packus_epi32(fours, fours);
  __m128i eights = _mm_madd_epi16(fours, _mm_set1_epi32(0x00012710)); /* 10000 a + b */
  uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
  *number = (both & UINT32_MAX) * 100000000 + (both >> 32);
  return _mm_movemask_epi8(good) == 0xFFFF;
}

/* number < SP_LANES_NUMBERS in digits, without leading zeros; how many: *length. */
static inline __m128i sp_lanes_digits(uint64_t number, size_t *length)
{
  const __m128i by_10000 = _mm_set1_epi32((int)UINT32_C(0xD1B71759)); /* 2^45 / 10000 */
  const __m128i by_100 = _mm_set1_epi16(5243);                        /* 2^19 / 100 */
  const __m128i by_10 = _mm_set1_epi16(103);                          /* 2^10 / 10 */
  __m128i eights = _mm_set_epi64x((int64_t)(number % 100000000), (int64_t)(number / 100000000));
  __m128i high = _mm_srli_epi64(_mm_mul_epu32(eights, by_10000), 45);
  __m128i low = _mm_sub_epi32(eights, _mm_mul_epu32(high, _mm_set1_epi32(10000)));
  __m128i fours = _mm_or_si128(high, _mm_slli_epi64(low, 32));
  high = _mm_srli_epi16(_mm_mulhi_epu16(fours, by_100), 3);
  low = _mm_sub_epi16(fours, _mm_mullo_epi16(high, _mm_set1_epi16(100)));
  __m128i twos = _mm_or_si128(high, _mm_slli_epi32(low, 16));
  high = _mm_srli_epi16(_mm_mullo_epi16(twos, by_10), 10);
  low = _mm_sub_epi16(twos, _mm_mullo_epi16(high, _mm_set1_epi16(10)));
  __m128i ones = _mm_or_si128(high, _mm_slli_epi16(low, 8));
  unsigned set = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(ones, _mm_setzero_si128()));
  unsigned skip = (unsigned)__builtin_ctz(set | 0x8000u);
  *length = SP_LANES - skip;
  return _mm_shuffle_epi8(_mm_add_epi8(ones, _mm_set1_epi8('0')),
                          sp_lanes_read(sp_lanes_order + SP_LANES + skip));
}

static inline __m128i sp_lanes_hex_words(void)
{
  return _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e',
                       'f');
}

/* Two lower-case hexadecimal digits a byte, the last of an odd number with a 0; false: there are
 * other bytes. */
static inline bool sp_lanes_pack(__m128i lanes, size_t length, uint64_t *packed)
{
  __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(lanes, _mm_set1_epi8('9')), _mm_set1_epi8(9));
  __m128i values = _mm_and_si128(_mm_add_epi8(lanes, letters), _mm_set1_epi8(15));
  __m128i back = _mm_shuffle_epi8(sp_lanes_hex_words(), values);
  unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(back, lanes));
  __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(0x0110)); /* 16 a + b */
  *packed = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs));
  return same == (UINT32_C(1) << length) - 1;
}

static inline __m128i sp_lanes_unpack(uint64_t packed)
{
  const uint64_t low = UINT64_C(0x0F0F0F0F0F0F0F0F);
  __m128i values = _mm_unpacklo_epi8(_mm_cvtsi64_si128((int64_t)(packed >> 4 & low)),
                                     _mm_cvtsi64_si128((int64_t)(packed & low)));
  return _mm_shuffle_epi8(sp_lanes_hex_words(), values);
}

#endif
