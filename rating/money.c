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
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, (int64_t)digit, &value)) {
      return false;
    }
  }
  if (!digits || (point && decimals == 0)) {
    return false;
  }
  if (__builtin_mul_overflow(value, sp_money_step(decimals), &value)) {
    return false;
  }
  *micro = value;
  return true;
}

void sp_money_ratio(uint64_t amount, sp_u128 part, sp_u128 whole, uint64_t *quotient, sp_u128 *rest)
{
  SP_ASSERT(whole > 0 && part <= whole && whole >> 125 == 0);
  if ((uint64_t)(part >> 64) == 0) {
    sp_u128 product = (sp_u128)amount * (uint64_t)part;
    *quotient = (uint64_t)(product / whole);
    *rest = product % whole;
    return;
  }
  /* The product needs up to 192 bits: bit by bit of the amount, the remainder stays below 2^125. */
  uint64_t q = 0;
  sp_u128 r = 0;
  for (int bit = 63; bit >= 0; bit--) {
    r = r * 2 + ((amount >> bit & 1) != 0 ? part : 0);
    q *= 2;
    while (r >= whole) {
      r -= whole;
      q++;
    }
  }
  *quotient = q;
  *rest = r;
}

int64_t sp_money_part(int64_t amount, sp_i128 part, sp_i128 whole, int64_t step)
{
  SP_ASSERT(amount >= 0 && part >= 0);
  uint64_t quotient;
  sp_u128 rest;
  sp_money_ratio((uint64_t)amount, (sp_u128)part, (sp_u128)whole, &quotient, &rest);
  uint64_t over = quotient % (uint64_t)step;
  bool up = step == 1 ? rest >= (sp_u128)whole - rest : over >= (uint64_t)step / 2;
  uint64_t part_micro = quotient - over + (up ? (uint64_t)step : 0);
  return part_micro > INT64_MAX ? INT64_MAX : (int64_t)part_micro;
}

unsigned sp_money_decimals(int64_t micro)
{
  unsigned decimals = 0;
  while (micro % sp_money_step(decimals) != 0) {
    decimals++;
  }
  return decimals;
}

void sp_money_deal(int64_t *shares, unsigned count, int64_t total, int64_t step)
{
  SP_ASSERT(count <= SP_MONEY_SHARES_MAX && total >= 0 && total % step == 0);
  uint64_t rests[SP_MONEY_SHARES_MAX];
  uint64_t sum = 0, steps = (uint64_t)(total / step), left = steps;
  for (unsigned i = 0; i < count; i++) {
    sum += (uint64_t)shares[i];
  }
  SP_ASSERT(sum > 0 && sum <= INT64_MAX);
  for (unsigned i = 0; i < count; i++) {
    sp_u128 product = (sp_u128)steps * (uint64_t)shares[i];
    uint64_t whole = (uint64_t)(product / sum);
    rests[i] = (uint64_t)(product % sum);
    left -= whole;
    shares[i] = (int64_t)whole * step;
  }
  for (; left > 0; left--) {
    unsigned most = 0;
    for (unsigned i = 1; i < count; i++) {
      most = rests[i] > rests[most] ? i : most;
    }
    shares[most] += step;
    rests[most] = 0;
  }
}
