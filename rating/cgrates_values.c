/* Values in the cells of CGRateS tables and of calls: decimals, durations, times. */
#include <string.h>

#include "rating/cgrates_parts.h"
#include "rating/civil.h"

int64_t sp__cg_power(unsigned digits)
{
  int64_t power = 1;
  SP_ASSERT(digits <= 18);
  while (digits-- > 0) {
    power *= 10;
  }
  return power;
}

bool sp__cg_decimal_read(int64_t *value, struct sp_cell_text cell, unsigned decimals)
{
  const int64_t most = INT64_C(9000000000000000000);
  int64_t read = 0;
  unsigned behind = 0, digits = 0;
  bool point = false;
  for (uint32_t i = 0; i < cell.length; i++) {
    unsigned digit = (unsigned)(unsigned char)cell.text[i] - '0';
    if (cell.text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (digit > 9) {
      return false;
    }
    digits++;
    if (point && behind == decimals) {
      if (digit != 0) {
        return false;
      }
      continue;
    }
    behind += point;
    if (read > (most - (int64_t)digit) / 10) {
      return false;
    }
    read = read * 10 + (int64_t)digit;
  }
  for (; behind < decimals; behind++) {
    if (read > most / 10) {
      return false;
    }
    read *= 10;
  }
  *value = read;
  return digits > 0;
}

bool sp__cg_amount_read(int64_t *amount, struct sp_cell_text cell)
{
  struct sp_cell_text mantissa = cell;
  int64_t exponent = 0;
  unsigned decimals = SP_CGRATES_DECIMALS;
  for (uint32_t i = 0; i < cell.length; i++) {
    if (cell.text[i] == 'e' || cell.text[i] == 'E') { /* 5e-05, as programs write it */
      bool minus = i + 1 < cell.length && cell.text[i + 1] == '-';
      bool plus = i + 1 < cell.length && cell.text[i + 1] == '+';
      uint32_t from = i + 1 + (minus || plus);
      mantissa.length = i;
      if (!sp__cg_decimal_read(&exponent,
                               (struct sp_cell_text){cell.text + from, cell.length - from, 0}, 0) ||
          exponent > (minus ? SP_CGRATES_DECIMALS : 8)) {
        return false;
      }
      decimals = minus ? decimals - (unsigned)exponent : decimals + (unsigned)exponent;
      break;
    }
  }
  return sp__cg_decimal_read(amount, mantissa, decimals) && *amount <= INT64_MAX / 4;
}

/* One number with its unit from `at`; the bytes it takes, 0: it is none. `bare`: a unit may lack.
 */
static size_t part_read(sp_i128 *ns, const char *at, size_t length, bool bare)
{
  static const struct {
    char unit[4];
    int64_t ns;
  } units[] = {{"ns", 1},
               {"us", 1000},
               {"\xC2\xB5s", 1000}, /* micro sign */
               {"\xCE\xBCs", 1000}, /* Greek mu */
               {"ms", 1000000},
               {"s", 1000000000},
               {"m", INT64_C(60000000000)},
               {"h", INT64_C(3600000000000)},
               {"", 1}};
  size_t number = 0;
  while (number < length && ((at[number] >= '0' && at[number] <= '9') || at[number] == '.')) {
    number++;
  }
  bool whole = memchr(at, '.', number) == NULL;
  int64_t value;
  if (!sp__cg_decimal_read(&value, (struct sp_cell_text){at, (uint32_t)number, 0}, whole ? 0 : 9)) {
    return 0;
  }
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    size_t unit = strlen(units[i].unit);
    bool fits = unit > 0 || (bare && number == length);
    if (fits && length - number >= unit && memcmp(at + number, units[i].unit, unit) == 0) {
      *ns += (sp_i128)value * units[i].ns / (whole ? 1 : 1000000000);
      return number + unit;
    }
  }
  return 0;
}

bool sp_cgrates_duration_read(int64_t *ns, const char *text, size_t length)
{
  sp_i128 sum = 0;
  if (length == 0 || length > 64) {
    return false;
  }
  for (size_t at = 0; at < length;) {
    size_t part = part_read(&sum, text + at, length - at, at == 0);
    if (part == 0 || sum > SP_CGRATES_NS_MAX) {
      return false;
    }
    at += part;
  }
  *ns = (int64_t)sum;
  return true;
}

/* The fraction of a second behind byte 19, cut to nanoseconds; an offset stands behind it. */
static int64_t fraction_ns(const char *text, size_t length)
{
  int64_t ns = 0;
  size_t i = 20;
  if (length < 21 || text[19] != '.') {
    return 0;
  }
  for (int64_t unit = 100000000; text[i] >= '0' && text[i] <= '9'; i++) {
    ns += (text[i] - '0') * unit;
    unit /= 10;
  }
  return ns;
}

/* Minutes and hours at the end: "+08:00" or "Z". The parser before has proved the form. */
static int32_t offset_read(const char *text, size_t length)
{
  if (text[length - 6] != '+' && text[length - 6] != '-') {
    return 0;
  }
  const char *at = text + length - 6;
  int32_t offset_s =
      ((at[1] - '0') * 10 + at[2] - '0') * 3600 + ((at[4] - '0') * 10 + at[5] - '0') * 60;
  return at[0] == '-' ? -offset_s : offset_s;
}

/* Digits only: YYYYMMDDhhmmss in UTC, or seconds, milli-, micro- or nanoseconds since 1970. */
static bool digits_time_read(int64_t *utc_ns, const char *text, size_t length)
{
  int64_t number;
  if (!sp__cg_decimal_read(&number, (struct sp_cell_text){text, (uint32_t)length, 0}, 0) ||
      memchr(text, '.', length) != NULL) {
    return false;
  }
  if (length == 14) {
    char copy[19] = "0000-00-00T00:00:00";
    static const uint8_t places[14] = {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18};
    for (uint32_t i = 0; i < 14; i++) {
      copy[places[i]] = text[i];
    }
    if (sp_civil_parse(copy, sizeof(copy), &number) != SP_CIVIL_LOCAL || number < 0 ||
        number >= SP_CGRATES_TIME_MAX_NS / 1000000000) {
      return false;
    }
    *utc_ns = number * 1000000000;
    return true;
  }
  int64_t unit_ns = length == 10   ? 1000000000
                    : length == 13 ? 1000000
                    : length == 16 ? 1000
                    : length == 19 ? 1
                                   : 0;
  if (unit_ns == 0 || number >= SP_CGRATES_TIME_MAX_NS / unit_ns) {
    return false;
  }
  *utc_ns = number * unit_ns;
  return true;
}

bool sp_cgrates_time_read(int64_t *utc_ns, int32_t *offset_s, const char *text, size_t length)
{
  int64_t seconds;
  char copy[19];
  *offset_s = 0;
  if (length == 19 && (text[10] == ' ' || text[10] == 'T')) { /* without an offset: UTC */
    memcpy(copy, text, 19);
    copy[10] = 'T';
    if (sp_civil_parse(copy, 19, &seconds) != SP_CIVIL_LOCAL) {
      return false;
    }
  } else if (sp_civil_parse(text, length, &seconds) == SP_CIVIL_UTC) {
    *offset_s = offset_read(text, length);
  } else {
    return digits_time_read(utc_ns, text, length);
  }
  if (seconds < 0 || seconds >= SP_CGRATES_TIME_MAX_NS / 1000000000) {
    return false;
  }
  *utc_ns = seconds * 1000000000 + fraction_ns(text, length);
  return true;
}

void sp_cgrates_amount_add(struct sp_text *text, int64_t amount)
{
  char decimals[SP_CGRATES_DECIMALS + 1] = ".";
  int64_t whole = amount / sp__cg_power(SP_CGRATES_DECIMALS);
  int64_t rest = amount % sp__cg_power(SP_CGRATES_DECIMALS);
  size_t kept = 0;
  SP_ASSERT(amount >= 0);
  for (size_t i = SP_CGRATES_DECIMALS; i > 0; i--) {
    decimals[i] = (char)('0' + rest % 10);
    kept = kept == 0 && decimals[i] != '0' ? i : kept;
    rest /= 10;
  }
  sp_text_add_i64(text, whole);
  if (kept > 0) {
    sp_text_add_bytes(text, decimals, kept + 1);
  }
}
