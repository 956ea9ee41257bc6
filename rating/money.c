#include "rating/money.h"

bool sp_money_parse(int64_t *micro, const char *text, size_t length, unsigned decimals_max)
{
  SP_ASSERT(decimals_max <= 6);
  int64_t value = 0;
  size_t i = 0;
  unsigned decimals = 0;
  bool point = false, digits = false;
  for (; i < length; i++) {
    if (text[i] == '.' && !point && digits) {
      point = true;
      continue;
    }
    unsigned digit = (unsigned)(unsigned char)text[i] - '0';
    if (digit > 9 || (point && ++decimals > decimals_max)) {
      return false;
    }
    digits = true;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (int64_t)digit, &value)) {
      return false;
    }
  }
  if (!digits || (point && decimals == 0)) {
    return false;
  }
  if (__builtin_mul_overflow(value, sp_money_step(decimals), &value) || value > SP_MONEY_MAX) {
    return false;
  }
  *micro = value;
  return true;
}
