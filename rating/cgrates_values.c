/* Values in the cells of CGRateS tables and of calls: decimals, durations, times. */
#include <string.h>

#include "rating/cgrates_price.h"
#include "rating/cgrates_reading.h"
#include "rating/civil.h"

int64_t sp__cg_power(unsigned digits)
{
  static const int64_t powers[] = {1,
                                   10,
                                   100,
                                   1000,
                                   10000,
                                   100000,
                                   1000000,
                                   10000000,
                                   100000000,
                                   1000000000,
                                   10000000000,
                                   100000000000,
                                   1000000000000,
                                   10000000000000,
                                   100000000000000,
                                   1000000000000000,
                                   10000000000000000,
                                   100000000000000000,
                                   1000000000000000000};
  SP_ASSERT(digits < sizeof(powers) / sizeof(powers[0]));
  return powers[digits];
}

bool sp__cg_whole_read(int64_t *value, struct sp_cell_text cell)
{
  int64_t read = 0;
  bool point = false, any = false;
  for (uint32_t i = 0; i < cell.length; i++) {
    unsigned digit = (unsigned)(unsigned char)cell.text[i] - '0';
    if (cell.text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (digit > 9 || (point && digit != 0) || read > (INT64_MAX - (int64_t)digit) / 10) {
      return false;
    }
    read = point ? read : read * 10 + (int64_t)digit;
    any = true;
  }
  *value = read;
  return any;
}

/* An exponent, 0 if there is none; `mantissa` ends before it. false: it is none. */
static bool exponent_take(struct sp_cell_text *mantissa, int64_t *exponent)
{
  struct sp_cell_text cell = *mantissa;
  *exponent = 0;
  for (uint32_t i = 0; i < cell.length; i++) {
    if (cell.text[i] == 'e' || cell.text[i] == 'E') { /* 5e-05, as programs write it */
      bool minus = i + 1 < cell.length && cell.text[i + 1] == '-';
      bool plus = i + 1 < cell.length && cell.text[i + 1] == '+';
      uint32_t from = i + 1 + (minus || plus);
      struct sp_cell_text digits = {cell.text + from, cell.length - from, 0};
      bool read = sp__cg_whole_read(exponent, digits) && *exponent < 1000;
      mantissa->length = i;
      *exponent = minus ? -*exponent : *exponent;
      return read;
    }
  }
  return true;
}

/* A decimal as it is read. */
struct decimal {
  sp_u128 digits; /* below 2^124 */
  int64_t behind; /* how many of them stand behind the point; below 0: as many zeros lack */
  bool more;      /* others than 0 were cut off */
};

#define DIGITS_FULL ((sp_u128)INT64_MAX * 1000000000000000000) /* one more digit below 2^127 */

/* A number without sign or exponent; digits that are too many are cut off. */
static bool mantissa_read(struct decimal *decimal, struct sp_cell_text text)
{
  bool point = false, any = false;
  *decimal = (struct decimal){0, 0, false};
  for (uint32_t i = 0; i < text.length; i++) {
    unsigned digit = (unsigned)(unsigned char)text.text[i] - '0';
    if (text.text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (digit > 9) {
      return false;
    }
    any = true;
    if (decimal->digits < DIGITS_FULL) {
      decimal->digits = decimal->digits * 10 + digit;
      decimal->behind += point;
    } else {
      decimal->more |= digit != 0;
      decimal->behind -= !point;
    }
  }
  return any;
}

bool sp__cg_amount_read(struct sp_cg_amount *amount, struct sp_cell_text cell)
{
  const sp_u128 most = INT64_MAX / 4;
  struct sp_cell_text text = cell;
  struct decimal decimal;
  int64_t exponent;
  if (text.text[0] == '+') {
    text.text++;
    text.length--;
  }
  if (!exponent_take(&text, &exponent) || !mantissa_read(&decimal, text)) {
    return false;
  }
  for (decimal.behind -= exponent; decimal.behind > 37; decimal.behind--) {
    decimal.more |= decimal.digits % 10 != 0;
    decimal.digits /= 10;
  }
  for (; decimal.behind < SP_CGRATES_DECIMALS && decimal.digits <= most; decimal.behind++) {
    decimal.digits *= 10;
  }
  sp_u128 value = decimal.digits, ten = 1;
  for (int64_t i = SP_CGRATES_DECIMALS; i < decimal.behind; i++) {
    ten *= 10;
  }
  value /= ten;
  if (decimal.behind < SP_CGRATES_DECIMALS || value > most) {
    return false;
  }
  amount->value = (int64_t)value;
  amount->finer = decimal.more || value * ten != decimal.digits;
  amount->binary = sp__cg_binary_decimal(decimal.digits, (unsigned)decimal.behind, decimal.more);
  return true;
}

#define PART_DECIMALS 18

/* Digits of a fraction in 10^-PART_DECIMALS, with no byte between them but points; false: there is
 * one, or there are more digits. */
static bool part_digits_read(int64_t *part, const char *at, size_t length)
{
  *part = 0;
  if (length > PART_DECIMALS) {
    return false;
  }
  for (size_t i = 0; i < PART_DECIMALS; i++) {
    char digit = i < length ? at[i] : '0';
    if (digit == '.') {
      return false;
    }
    *part = *part * 10 + (digit - '0');
  }
  return true;
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
  const char *point = memchr(at, '.', number);
  size_t before = point == NULL ? number : (size_t)(point - at);
  size_t behind = point == NULL ? 0 : number - before - 1;
  int64_t whole = 0, part = 0; /* the latter of 10^-PART_DECIMALS */
  if (before + behind == 0 || !part_digits_read(&part, point == NULL ? at : point + 1, behind) ||
      (before > 0 && !sp__cg_whole_read(&whole, (struct sp_cell_text){at, (uint32_t)before, 0}))) {
    return 0;
  }
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    size_t unit = strlen(units[i].unit);
    bool fits = unit > 0 || (bare && number == length);
    if (fits && length - number >= unit && memcmp(at + number, units[i].unit, unit) == 0) {
      *ns += (sp_i128)whole * units[i].ns;
      *ns += (sp_i128)part * units[i].ns / sp__cg_power(PART_DECIMALS);
      return number + unit;
    }
  }
  return 0;
}

bool sp_cgrates_duration_read(int64_t *ns, const char *text, size_t length)
{
  sp_i128 sum = 0;
  size_t from = length > 0 && text[0] == '+' ? 1 : 0;
  if (length == from || length > 64) {
    return false;
  }
  for (size_t at = from; at < length;) {
    size_t part = part_read(&sum, text + at, length - at, at == from);
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
  if (!sp__cg_whole_read(&number, (struct sp_cell_text){text, (uint32_t)length, 0}) ||
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

/* "2013-12-30 15:00:01.5 +0100 CET" and "2013-12-30T15:00:01+0100" as RFC 3339; its length, 0: it
 * is neither. The offset counts, not the zone's name. */
static size_t time_rewrite(char to[40], const char *text, size_t length)
{
  size_t at = 19, made = 19;
  if (length < 24 || (text[10] != ' ' && text[10] != 'T')) {
    return 0;
  }
  memcpy(to, text, 19);
  to[10] = 'T';
  if (text[at] == '.') {
    to[made++] = text[at++];
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
      to[made] = text[at];
      made += made < 30; /* nanoseconds and more */
    }
  }
  at += at < length && text[at] == ' ';
  if (length - at < 5 || (length - at > 5 && text[at + 5] != ' ')) {
    return 0;
  }
  memcpy(to + made, text + at, 3); /* the sign is proved with the rest */
  to[made + 3] = ':';
  memcpy(to + made + 4, text + at + 3, 2);
  return made + 6;
}

bool sp_cgrates_time_read(int64_t *utc_ns, int32_t *offset_s, const char *text, size_t length)
{
  int64_t seconds;
  char copy[40];
  size_t made = time_rewrite(copy, text, length);
  if (made > 0) {
    text = copy;
    length = made;
  }
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
