#include "tools/gen_random.h"

#include <stdbool.h>

/* Quantiles of the half normal at 0.5 + k/256 in 1/65536; the last is cut at 3.2. */
static const uint32_t quantile_q16[129] = {
    0,      642,    1283,   1925,   2567,   3210,   3852,   4495,   5139,   5783,   6427,   7072,
    7718,   8365,   9012,   9660,   10310,  10960,  11611,  12263,  12917,  13572,  14228,  14886,
    15545,  16206,  16869,  17533,  18199,  18867,  19536,  20208,  20882,  21559,  22237,  22918,
    23601,  24287,  24976,  25668,  26362,  27059,  27759,  28463,  29170,  29880,  30594,  31311,
    32032,  32758,  33487,  34220,  34958,  35700,  36446,  37198,  37954,  38715,  39482,  40254,
    41032,  41816,  42605,  43401,  44203,  45012,  45828,  46651,  47482,  48320,  49166,  50021,
    50884,  51756,  52637,  53528,  54428,  55340,  56262,  57195,  58140,  59097,  60067,  61051,
    62048,  63060,  64087,  65131,  66191,  67268,  68364,  69480,  70616,  71774,  72954,  74159,
    75389,  76647,  77933,  79250,  80600,  81985,  83408,  84871,  86377,  87931,  89536,  91196,
    92917,  94704,  96565,  98507,  100540, 102675, 104924, 107304, 109834, 112540, 115453, 118613,
    122076, 125918, 130248, 135235, 141156, 148519, 158437, 174330, 209715};

/* 2^(k/64) in 1/65536. */
static const uint32_t power_q16[65] = {
    65536,  66250,  66971,  67700,  68438,  69183,  69936,  70698,  71468,  72246,  73032,
    73828,  74632,  75444,  76266,  77096,  77936,  78785,  79642,  80510,  81386,  82273,
    83169,  84074,  84990,  85915,  86851,  87796,  88752,  89719,  90696,  91684,  92682,
    93691,  94711,  95743,  96785,  97839,  98905,  99982,  101070, 102171, 103283, 104408,
    105545, 106694, 107856, 109031, 110218, 111418, 112631, 113858, 115098, 116351, 117618,
    118899, 120194, 121502, 122825, 124163, 125515, 126882, 128263, 129660, 131072};

static uint64_t splitmix(uint64_t *state)
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void sp__random_seed(struct sp_random *random, uint64_t seed)
{
  for (int i = 0; i < 4; i++) {
    random->word[i] = splitmix(&seed);
  }
}

static uint64_t rotate_left(uint64_t x, int bits)
{
  return (x << bits) | (x >> (64 - bits));
}

uint64_t sp__random_next(struct sp_random *random)
{
  uint64_t *s = random->word;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

/* The upper half of a 64 x 64 bit product, without a 128-bit type. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
  uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  uint64_t middle = a1 * b0 + ((a0 * b0) >> 32);
  uint64_t cross = a0 * b1 + (middle & 0xffffffffu);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

uint64_t sp__random_below(struct sp_random *random, uint64_t bound)
{
  return multiply_high(sp__random_next(random), bound);
}

uint64_t sp__random_mix(uint64_t seed, uint64_t salt, uint64_t index)
{
  uint64_t state = seed ^ (salt * 0xd6e8feb86659fd93u) ^ (index * 0xa0761d6478bd642fu);
  (void)splitmix(&state);
  return splitmix(&state);
}

/* factor x 2^exponent_q16 for a factor below 2^32: table, then a straight line between entries. */
static uint64_t times_power(uint64_t factor, uint32_t exponent_q16)
{
  uint32_t whole = exponent_q16 >> 16, part = exponent_q16 & 0xffffu;
  uint32_t k = part >> 10, rest = part & 1023u;
  uint64_t power = power_q16[k] + (((uint64_t)(power_q16[k + 1] - power_q16[k]) * rest) >> 10);
  uint64_t scaled = (factor * power) >> 16;
  return whole > 30 ? UINT64_MAX : scaled << whole;
}

uint64_t sp__random_lognormal(struct sp_random *random, uint64_t median, uint32_t spread_q8,
                              uint64_t max)
{
  uint64_t bits = sp__random_next(random);
  bool below = (bits & 1u) != 0;
  uint32_t k = (uint32_t)(bits >> 1) & 127u, rest = (uint32_t)(bits >> 8) & 1023u;
  uint64_t z = quantile_q16[k] + (((uint64_t)(quantile_q16[k + 1] - quantile_q16[k]) * rest) >> 10);
  uint32_t exponent_q16 = (uint32_t)((z * spread_q8) >> 8);
  uint64_t value;
  if (below) {
    uint64_t divisor = times_power(65536, exponent_q16);
    value = (median << 16) / divisor;
  } else {
    value = times_power(median, exponent_q16);
  }
  return value > max ? max : value;
}
