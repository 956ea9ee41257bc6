/* Writing of numbers (book.md §6.1): from what was dialled to one normalised number. Pure; the
 * quick way works on packed digits, what has other characters or more than 16 digits goes through
 * `room`. */
#ifndef SP_INGEST_RESOLVE_NUMBER_H
#define SP_INGEST_RESOLVE_NUMBER_H

#include <string.h>
#include <tmmintrin.h>

#include "rating/number.h"

/* A normalised number: of at most 16 digits and nothing else it is `digits` and `rest` is 0;
 * otherwise `digits` are its leading digits (at most 16) and `rest` is a hash of all of it, never
 * 0. Both 0: there is no number. Equal numbers are equal words. */
struct sp_normal {
  uint64_t digits;
  uint64_t rest;
  bool ip; /* came with an IP prefix */
};

static inline bool sp_normal_is_none(struct sp_normal number)
{
  return (number.digits | number.rest) == 0;
}

/* Digits after step 1 if 3 to 6 of them are all the text has, else 0: what may be a short number
 * (step 2). */
uint64_t sp__normal_short(const char *text, size_t length);
/* Steps 1 and 3 to 6. `home`: digits of home_country. `room`: SP__NORMAL_ROOM bytes of scratch. */
#define SP__NORMAL_ROOM (65535 + 32)
struct sp_normal sp__normal_make(const char *text, size_t length, uint64_t home, char *room);

/* All the text as digits, 8 to 16 of them; 0: it is something else. The first and the last eight
 * letters (they may overlap) side by side: minus '0', checked, plus 1, two to a byte. */
static inline uint64_t sp__normal_digits(const char *text, size_t length)
{
  if (length - 8 > 8) {
    return 0;
  }
  const __m128i nine = _mm_set1_epi8(9);
  __m128i first = _mm_loadl_epi64((const __m128i *)(const void *)text);
  __m128i last = _mm_loadl_epi64((const __m128i *)(const void *)(text + length - 8));
  __m128i values = _mm_sub_epi8(_mm_unpacklo_epi64(first, last), _mm_set1_epi8('0'));
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine)) != 0xFFFF) {
    return 0;
  }
  values = _mm_add_epi8(values, _mm_set1_epi8(1));
  __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(0x0110)); /* 16 a + b */
  uint64_t packed = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs));
  uint64_t both = __builtin_bswap64(packed);
  uint64_t low = both & UINT64_C(0xFFFFFFFF);
  return (both - low) | low << (64 - 4 * length);
}

/* The usual writings at once: +86..., 86..., 1 and ten digits. false: sp__normal_make knows. */
static inline bool sp__normal_quick(const char *text, size_t length, uint64_t home,
                                    struct sp_normal *number)
{
  size_t plus = length > 0 && text[0] == '+';
  uint64_t digits = sp__normal_digits(text + plus, length - plus);
  unsigned first = (unsigned)(digits >> 60);
  *number = (struct sp_normal){digits, 0, false};
  if (digits == 0 || plus != 0) {
    return digits != 0;
  }
  if (first == 2 && length == 11) {
    unsigned home_bits = 4 * sp_number_length(home);
    number->digits = home | digits >> home_bits;
    return home_bits <= 20;
  }
  return first > 2;
}

#endif
