/* Binary floating point in whole numbers: what a binary64 does to a price, to its last bit. */
#include "rating/cgrates_price.h"

static int32_t width(sp_u128 value)
{
  uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
  return high != 0 ? 128 - __builtin_clzll(high) : low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* value * 2^power and a little more if `more`, to 53 bits, ties to even. */
static struct sp_cg_binary rounded(sp_u128 value, int32_t power, bool more)
{
  int32_t over = width(value) - 53;
  if (value == 0) {
    return (struct sp_cg_binary){0, 0};
  }
  if (over <= 0) { /* only whole values are so short, and nothing is left of them */
    return (struct sp_cg_binary){(uint64_t)value << -over, power + over};
  }
  sp_u128 half = (sp_u128)1 << (over - 1), rest = value & (2 * half - 1);
  uint64_t bits = (uint64_t)(value >> over);
  bits += rest > half || (rest == half && (more || (bits & 1) != 0));
  if (bits == UINT64_C(1) << 53) {
    bits >>= 1;
    over++;
  }
  return (struct sp_cg_binary){bits, power + over};
}

struct sp_cg_binary sp__cg_binary_ratio(uint64_t over, uint64_t under)
{
  int32_t shift = 126 - width(over);
  SP_ASSERT(under > 0);
  sp_u128 top = (sp_u128)over << shift;
  sp_u128 quotient = top / under;
  return rounded(quotient, -shift, quotient * under != top);
}

struct sp_cg_binary sp__cg_binary_decimal(sp_u128 digits, unsigned decimals, bool more)
{
  sp_u128 under = 1, rest, quotient;
  int32_t power = 0;
  for (unsigned i = 0; i < decimals; i++) {
    under *= 10;
  }
  quotient = digits / under;
  rest = digits % under;
  while (rest != 0 && width(quotient) < 64) { /* bit by bit, as 10^37 is too long to be shifted */
    rest *= 2;
    quotient = quotient * 2 + (rest >= under);
    rest -= rest >= under ? under : 0;
    power--;
  }
  return rounded(quotient, power, more || rest != 0);
}

struct sp_cg_binary sp__cg_binary_times(struct sp_cg_binary a, struct sp_cg_binary b)
{
  return rounded((sp_u128)a.bits * b.bits, a.power + b.power, false);
}

struct sp_cg_binary sp__cg_binary_over(struct sp_cg_binary a, struct sp_cg_binary b)
{
  struct sp_cg_binary ratio = sp__cg_binary_ratio(a.bits, b.bits);
  ratio.power += ratio.bits == 0 ? 0 : a.power - b.power;
  return ratio;
}

struct sp_cg_binary sp__cg_binary_plus(struct sp_cg_binary a, struct sp_cg_binary b)
{
  struct sp_cg_binary more = a.power >= b.power ? a : b, less = a.power >= b.power ? b : a;
  int32_t apart = more.power - less.power;
  if (more.bits == 0 || less.bits == 0) {
    return more.bits == 0 ? less : more;
  }
  if (apart > 70) { /* far below the last bit: it only keeps a tie from being one, and none is */
    return more;
  }
  return rounded(((sp_u128)more.bits << apart) + less.bits, less.power, false);
}

bool sp__cg_binary_reaches(struct sp_cg_binary a, struct sp_cg_binary b)
{
  if (a.bits == 0) {
    return false;
  }
  return a.power != b.power ? a.power > b.power : a.bits >= b.bits;
}

uint64_t sp__cg_binary_round(struct sp_cg_binary a, unsigned decimals, enum sp_cg_rounding method)
{
  struct sp_cg_binary ten = sp__cg_binary_ratio((uint64_t)sp__cg_power(decimals), 1);
  struct sp_cg_binary scaled = sp__cg_binary_times(a, ten), rest = {0, 0};
  uint64_t whole = 0;
  if (scaled.power > 10) {
    return UINT64_MAX;
  }
  if (scaled.power >= 0) {
    return scaled.bits << scaled.power;
  }
  if (scaled.power > -64) {
    whole = scaled.bits >> -scaled.power;
    rest = rounded(scaled.bits - (whole << -scaled.power), scaled.power, false);
  } else {
    rest = scaled;
  }
  struct sp_cg_binary least = sp__cg_binary_ratio(1, 2); /* *middle */
  if (method == SP_CG_DOWN) {
    return whole;
  }
  if (method == SP_CG_UP) { /* less is taken for the noise of binary numbers */
    least = sp__cg_binary_ratio(1, (uint64_t)sp__cg_power(decimals > 7 ? decimals : 7));
  }
  return whole + sp__cg_binary_reaches(rest, least);
}
