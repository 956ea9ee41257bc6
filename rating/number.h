/* Telephone numbers as words. A number of up to 16 digits is one uint64_t: nibble by nibble from
 * the top, digit d stored as d + 1, 0 ends it. So equality is equality of words and "has prefix" is
 * a mask. What has other characters or more digits keeps its leading digits here and is not exact.
 */
#ifndef SP_RATING_NUMBER_H
#define SP_RATING_NUMBER_H

#include "rating/status.h"

#define SP_NUMBER_DIGITS_MAX 16

struct sp_number {
  uint64_t digits; /* leading digits, at most 16 */
  bool exact;      /* the whole text is these digits */
};

/* Packs `length` characters; stops at the first that is no digit or at the 17th. */
static inline struct sp_number sp_number_pack(const char *text, size_t length)
{
  struct sp_number number = {0, false};
  size_t i = 0;
  for (; i < length && i < SP_NUMBER_DIGITS_MAX; i++) {
    unsigned digit = (unsigned)(unsigned char)text[i] - '0';
    if (digit > 9) {
      break;
    }
    number.digits |= (uint64_t)(digit + 1) << (60 - 4 * i);
  }
  number.exact = i == length && length > 0;
  return number;
}

static inline unsigned sp_number_length(uint64_t digits)
{
  return digits == 0 ? 0 : 16 - (unsigned)__builtin_ctzll(digits) / 4;
}

/* The first `length` digits (0..16) of a number. */
static inline uint64_t sp_number_head(uint64_t digits, unsigned length)
{
  return length == 0 ? 0 : digits & (~UINT64_C(0) << (64 - 4 * length));
}

/* Writes the digits, no terminator; returns how many (at most 16). */
static inline unsigned sp_number_print(uint64_t digits, char *to)
{
  unsigned n = 0;
  for (; digits != 0; digits <<= 4) {
    to[n++] = (char)('0' + (digits >> 60) - 1);
  }
  return n;
}

#endif
