/* Values as they stand in cells of a book (book.md §1.4 to §1.7): text to number. Pure. */
#ifndef SP_RATING_BOOK_VALUES_H
#define SP_RATING_BOOK_VALUES_H

#include "rating/book.h"

struct sp_quantity {
  int64_t value; /* s, B or items, below 10^18 */
  enum sp_unit unit;
  bool bare; /* written without unit */
};

struct sp_rational {
  int64_t n, d; /* d > 0 */
};

int64_t sp_value_gcd(int64_t a, int64_t b);
/* A whole number with optional minus, at most 18 digits. */
bool sp_value_integer(const char *text, size_t length, int64_t *value);
/* "61s", "1min", "0.5KB", "min", "80": whole s or B, items without unit (§1.5). */
bool sp_value_quantity(const char *text, size_t length, struct sp_quantity *quantity);
/* Currency units: a decimal with at most 6 decimals, or a/b with both below 10^9 (§1.4, §16.2). */
bool sp_value_price(const char *text, size_t length, struct sp_rational *price);
/* Digits, and up to so many decimals behind a point: an amount, if it is not too large for one. */
bool sp_value_is_decimal(const char *text, size_t length, size_t decimals_max);
#define SP_VALUE_AMOUNT_WORDS "is too large; expected an amount up to 9223372036854.775807"
/* Hundredths of a percent: 0 to 100 with at most 2 decimals. */
bool sp_value_percent(const char *text, size_t length, int64_t *value);
/* HH:MM or HH:MM:SS to seconds of the day; 24:00 only if `end`. */
bool sp_value_clock(const char *text, size_t length, bool end, uint32_t *seconds);
/* [A-Za-z0-9_.-] and letters beyond ASCII, well-formed UTF-8, at most 64 of them (§1.7). */
bool sp_value_name(const char *text, size_t length);

#endif
