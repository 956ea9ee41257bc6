/* Writing of numbers (book.md §6.1): from what was dialled to one normalised number. Pure; the
 * quick way works on packed digits, what has other characters or more than 16 digits goes through
 * `room`. */
#ifndef SP_INGEST_RESOLVE_NUMBER_H
#define SP_INGEST_RESOLVE_NUMBER_H

#include <string.h>

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

#define SP__NORMAL_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight digits of text, the first in the lowest byte, to eight nibbles, the first on top; `bad`
 * collects the sign of other characters. */
static inline uint64_t sp__normal_eight(const char *text, uint64_t *bad)
{
  uint64_t word;
  memcpy(&word, text, 8);
  uint64_t values = word - SP__NORMAL_BYTES('0');
  *bad |= ((word + SP__NORMAL_BYTES(0x46)) | values) & SP__NORMAL_BYTES(0x80);
  values = __builtin_bswap64(values + SP__NORMAL_BYTES(1));
  values = (values | values >> 4) & UINT64_C(0x00FF00FF00FF00FF);
  values = (values | values >> 8) & UINT64_C(0x0000FFFF0000FFFF);
  return (values | values >> 16) & UINT64_C(0xFFFFFFFF);
}

/* All the text as digits, 8 to 16 of them; 0: it is something else. */
static inline uint64_t sp__normal_digits(const char *text, size_t length)
{
  uint64_t bad = 0;
  if (length - 8 > 8) {
    return 0;
  }
  uint64_t first = sp__normal_eight(text, &bad);
  uint64_t last = sp__normal_eight(text + length - 8, &bad);
  return bad != 0 ? 0 : first << 32 | last << (64 - 4 * length);
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
