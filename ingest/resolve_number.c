#include "ingest/resolve_number.h"

#include "rating/hash.h"

#define PACKED_00 UINT64_C(0x11) /* "00" in the two top nibbles */
#define PACKED_17951 UINT64_C(0x28A62)
#define PACKED_17911 UINT64_C(0x28A22)
#define PACKED_12593 UINT64_C(0x236A4)

/* All the text as digits, 1 to 16 of them; 0: it is something else. */
static uint64_t all_digits(const char *text, size_t length)
{
  if (length >= 8) {
    return sp__normal_digits(text, length);
  }
  struct sp_number number = sp_number_pack(text, length);
  return number.exact ? number.digits : 0;
}

static inline bool is_ip_prefix(uint64_t five)
{
  return five == PACKED_17951 || five == PACKED_17911 || five == PACKED_12593;
}

/* Steps 3 to 6 where all is digits. false: it does not fit 16 digits. */
static inline bool digits_normalise(uint64_t digits, uint64_t home, struct sp_normal *number)
{
  unsigned length = sp_number_length(digits);
  if (digits >> 56 == PACKED_00) {
    number->digits = digits << 8;
    return true;
  }
  if (length > 5 && is_ip_prefix(digits >> 44)) {
    number->ip = true;
    digits <<= 20;
    length -= 5;
    if (digits >> 56 == PACKED_00) {
      number->digits = digits << 8;
      return true;
    }
  }
  if (digits >> 60 == 1) {
    digits <<= 4;
    length--;
  } else if (length != 11 || digits >> 60 != 2) {
    number->digits = digits;
    return true;
  }
  unsigned home_length = sp_number_length(home);
  number->digits = home_length == 16 ? home : home | digits >> (4 * home_length);
  return home_length + length <= 16;
}

static size_t blanks_strip(const char *text, size_t length, char *to)
{
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '-') {
      to[n++] = text[i];
    }
  }
  return n;
}

/* Bytes of `+` or `00` in front. */
static size_t foreign_mark(const char *text, size_t length)
{
  if (length > 0 && text[0] == '+') {
    return 1;
  }
  return length > 1 && text[0] == '0' && text[1] == '0' ? 2 : 0;
}

static struct sp_normal text_keep(const char *text, size_t length, bool ip)
{
  struct sp_number number = sp_number_pack(text, length);
  struct sp_normal normal = {number.digits, 0, ip};
  if (length > 0 && !(number.exact && length <= SP_NUMBER_DIGITS_MAX)) {
    normal.rest = sp_hash64(text, length, 1) | 1;
  }
  return normal;
}

static bool all_decimal(const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
  }
  return true;
}

/* The same steps letter by letter, for every text. */
static struct sp_normal text_normalise(const char *text, size_t length, uint64_t home, char *room)
{
  char *at = room + 16; /* before it there is room for home_country */
  SP_ASSERT(length <= SP__NORMAL_ROOM - 32);
  length = blanks_strip(text, length, at);
  size_t mark = foreign_mark(at, length);
  bool ip = false;
  if (mark == 0 && length > 5 && is_ip_prefix(sp_number_pack(at, 5).digits >> 44)) {
    ip = true;
    at += 5;
    length -= 5;
    mark = foreign_mark(at, length);
  }
  if (mark > 0) {
    return text_keep(at + mark, length - mark, ip);
  }
  bool trunk = length > 0 && at[0] == '0';
  bool mobile = length == 11 && at[0] == '1' && all_decimal(at, length);
  if (trunk || mobile) {
    at += trunk;
    length -= trunk;
    unsigned home_length = sp_number_length(home);
    at -= home_length;
    length += home_length;
    (void)sp_number_print(home, at);
  }
  return text_keep(at, length, ip);
}

uint64_t sp__normal_short(const char *text, size_t length)
{
  char digits[7];
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == '-') {
      continue;
    }
    if (n == 6) {
      return 0;
    }
    digits[n++] = text[i];
  }
  struct sp_number number = sp_number_pack(digits, n);
  return n >= 3 && number.exact ? number.digits : 0;
}

struct sp_normal sp__normal_make(const char *text, size_t length, uint64_t home, char *room)
{
  struct sp_normal number = {0, 0, false};
  if (length == 0) {
    return number;
  }
  if (length > 1 && text[0] == '+') {
    number.digits = all_digits(text + 1, length - 1);
    if (number.digits != 0) {
      return number;
    }
  } else {
    uint64_t digits = all_digits(text, length);
    if (digits != 0 && digits_normalise(digits, home, &number)) {
      return number;
    }
  }
  return text_normalise(text, length, home, room);
}
