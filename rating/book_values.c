#include "rating/book_values.h"

#include <string.h>

#include "rating/money.h"
#include "rating/text.h"

#define SP_VALUE_DIGITS_MAX 18
#define SP_VALUE_NAME_MAX 64
#define SP_VALUE_RATIONAL_MAX 999999999

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

int64_t sp_value_gcd(int64_t a, int64_t b)
{
  while (b != 0) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

bool sp_value_integer(const char *text, size_t length, int64_t *value)
{
  bool minus = length > 0 && text[0] == '-';
  size_t digits = length - minus;
  if (digits == 0 || digits > SP_VALUE_DIGITS_MAX) {
    return false;
  }
  int64_t sum = 0;
  for (size_t i = minus; i < length; i++) {
    if (!is_digit(text[i])) {
      return false;
    }
    sum = sum * 10 + (text[i] - '0');
  }
  *value = minus ? -sum : sum;
  return true;
}

struct value_unit {
  const char *text;
  int64_t size;
  enum sp_unit unit;
};

static const struct value_unit *unit_find(const char *text, size_t length)
{
  static const struct value_unit units[] = {
      {"s", 1, SP_UNIT_SECOND},         {"min", 60, SP_UNIT_SECOND}, {"h", 3600, SP_UNIT_SECOND},
      {"B", 1, SP_UNIT_BYTE},           {"KB", 1024, SP_UNIT_BYTE},  {"MB", 1048576, SP_UNIT_BYTE},
      {"GB", 1073741824, SP_UNIT_BYTE},
  };
  static const struct value_unit items = {"", 1, SP_UNIT_ITEM};
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    if (strlen(units[i].text) == length && memcmp(units[i].text, text, length) == 0) {
      return &units[i];
    }
  }
  return length == 0 ? &items : NULL;
}

/* A decimal as whole / 10^decimals, at most 18 digits in all; returns how many characters it has,
 * 0: none. */
static size_t decimal_take(const char *text, size_t length, int64_t *whole, unsigned *decimals)
{
  size_t i = 0;
  size_t digits = 0;
  bool point = false;
  *whole = 0;
  *decimals = 0;
  for (; i < length; i++) {
    if (text[i] == '.' && !point && digits > 0) {
      point = true;
    } else if (is_digit(text[i]) && digits < SP_VALUE_DIGITS_MAX) {
      *whole = *whole * 10 + (text[i] - '0');
      *decimals += point;
      digits++;
    } else {
      break;
    }
  }
  bool broken = (point && *decimals == 0) || (i < length && is_digit(text[i]));
  return broken ? 0 : i;
}

bool sp_value_quantity(const char *text, size_t length, struct sp_quantity *quantity)
{
  int64_t whole = 1;
  unsigned decimals = 0;
  size_t digits = 0;
  if (length == 0) {
    return false;
  }
  if (is_digit(text[0])) {
    digits = decimal_take(text, length, &whole, &decimals);
    if (digits == 0) {
      return false;
    }
  }
  const struct value_unit *unit = unit_find(text + digits, length - digits);
  if (unit == NULL) {
    return false;
  }
  sp_i128 value = (sp_i128)whole * unit->size;
  for (; decimals > 0; decimals--) {
    if (value % 10 != 0) {
      return false;
    }
    value /= 10;
  }
  if (value > SP_BOOK_QUANTITY_MAX) {
    return false;
  }
  *quantity = (struct sp_quantity){(int64_t)value, unit->unit, digits == length};
  return true;
}

static bool part_read(const char *text, size_t length, int64_t *value)
{
  return length > 0 && is_digit(text[0]) && sp_value_integer(text, length, value) &&
         *value <= SP_VALUE_RATIONAL_MAX;
}

bool sp_value_price(const char *text, size_t length, struct sp_rational *price)
{
  const char *slash = length == 0 ? NULL : memchr(text, '/', length);
  if (slash == NULL) {
    price->d = SP_MICRO;
    return sp_money_parse(&price->n, text, length, 6);
  }
  size_t left = (size_t)(slash - text);
  return part_read(text, left, &price->n) && part_read(slash + 1, length - left - 1, &price->d) &&
         price->d > 0;
}

bool sp_value_is_decimal(const char *text, size_t length, size_t decimals_max)
{
  size_t whole = 0;
  while (whole < length && is_digit(text[whole])) {
    whole++;
  }
  size_t end = whole + (whole < length);
  while (end < length && is_digit(text[end])) {
    end++;
  }
  size_t decimals = end - whole; /* and the point */
  return whole > 0 && end == length &&
         (decimals == 0 || (text[whole] == '.' && decimals > 1 && decimals - 1 <= decimals_max));
}

bool sp_value_percent(const char *text, size_t length, int64_t *value)
{
  unsigned decimals;
  size_t digits = decimal_take(text, length, value, &decimals);
  if (digits == 0 || digits != length || decimals > 2 || *value > 10000) {
    return false;
  }
  for (; decimals < 2; decimals++) {
    *value *= 10;
  }
  return *value <= 10000;
}

bool sp_value_clock(const char *text, size_t length, bool end, uint32_t *seconds)
{
  if (length != 5 && length != 8) {
    return false;
  }
  uint32_t parts[3] = {0, 0, 0};
  for (size_t i = 0; i < length; i++) {
    if (i % 3 == 2 ? text[i] != ':' : !is_digit(text[i])) {
      return false;
    }
    if (i % 3 != 2) {
      parts[i / 3] = parts[i / 3] * 10 + (uint32_t)(text[i] - '0');
    }
  }
  *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return parts[1] < 60 && parts[2] < 60 && (parts[0] < 24 || (end && *seconds == 86400));
}

/* Length of the well-formed character at `text`, 0: none. `code` is its number. */
static size_t character_take(const char *text, size_t length, uint32_t *code)
{
  const unsigned char *at = (const unsigned char *)text;
  size_t size = sp_text_utf8(at, length);
  *code = size < 2 ? at[0] : at[0] & (0x7Fu >> size);
  for (size_t i = 1; i < size; i++) {
    *code = *code << 6 | (at[i] & 0x3Fu);
  }
  return size;
}

/* Blocks of Unicode without letters: Latin-1 signs, general and CJK punctuation, symbols, private
 * use, surrogates. */
static bool is_sign(uint32_t code)
{
  return (code >= 0x80 && code < 0xC0 && code != 0xAA && code != 0xB5 && code != 0xBA) ||
         code == 0xD7 || code == 0xF7 || (code >= 0x2000 && code <= 0x206F) ||
         (code >= 0x20A0 && code <= 0x20CF) || (code >= 0x2190 && code <= 0x2BFF) ||
         (code >= 0x3000 && code <= 0x3004) || (code >= 0x3008 && code <= 0x3020) ||
         (code >= 0xD800 && code <= 0xF8FF) || (code >= 0xFE00 && code <= 0xFE6F) ||
         (code >= 0xFF00 && code <= 0xFF20) || (code >= 0xFFF0 && code <= 0xFFFF) ||
         code >= 0xE0000;
}

bool sp_value_name(const char *text, size_t length)
{
  size_t characters = 0;
  for (size_t i = 0; i < length;) {
    uint32_t code;
    size_t size = character_take(text + i, length - i, &code);
    if (size == 0 || ++characters > SP_VALUE_NAME_MAX) {
      return false;
    }
    char c = text[i];
    bool plain = size == 1 && (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               c == '_' || c == '.' || c == '-');
    if (!plain && (size == 1 || is_sign(code))) {
      return false;
    }
    i += size;
  }
  return characters > 0;
}
