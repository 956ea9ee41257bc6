/* Stable hashes of bytes: 64 and 128 bits, the same on every machine and in every version (they are
 * stored). 16 bytes a step: one multiplication to 128 bits whose halves are folded back over both
 * factors, so that a zero factor loses nothing; not for use against an attacker. Pure, any thread,
 * inline for short keys. Changing a digit of it makes every stored key and image hash wrong:
 * tests/rating/test_hash.c pins values. */
#ifndef SP_RATING_HASH_H
#define SP_RATING_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SP_HASH_K0 UINT64_C(0x9E3779B97F4A7C15)
#define SP_HASH_K1 UINT64_C(0xC2B2AE3D27D4EB4F)
#define SP_HASH_K2 UINT64_C(0xD6E8FEB86659FD93)
#define SP_HASH_K3 UINT64_C(0xA0761D6478BD642F)
#define SP_HASH_K4 UINT64_C(0xE7037ED1A0B428DB)

struct sp_hash128 {
  uint64_t low, high;
};

/* All 64 bits of a word depend on all of the other; one to one. */
static inline uint64_t sp_hash_word(uint64_t word)
{
  word ^= word >> 32;
  word *= SP_HASH_K2;
  word ^= word >> 29;
  word *= SP_HASH_K0;
  return word ^ (word >> 32);
}

static inline uint64_t sp_hash_fold(uint64_t a, uint64_t b)
{
  __extension__ unsigned __int128 product = (unsigned __int128)a * b;
  return a ^ b ^ (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t sp_hash_read8(const unsigned char *at)
{
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* The last 0..16 bytes of `length` as two words; reads back into earlier bytes where there are any.
 */
static inline void sp_hash_tail(const unsigned char *at, size_t length, uint64_t tail[2])
{
  if (length >= 8) {
    size_t rest = length < 16 ? length : 16;
    tail[0] = sp_hash_read8(at + length - rest);
    tail[1] = sp_hash_read8(at + length - 8);
  } else if (length >= 4) {
    uint32_t first;
    uint32_t last;
    memcpy(&first, at, sizeof first);
    memcpy(&last, at + length - 4, sizeof last);
    tail[0] = first;
    tail[1] = last;
  } else {
    tail[0] =
        length > 0 ? (uint64_t)at[0] << 16 | (uint64_t)at[length / 2] << 8 | at[length - 1] : 0;
    tail[1] = 0;
  }
}

static inline uint64_t sp_hash64(const void *bytes, size_t length, uint64_t seed)
{
  const unsigned char *at = (const unsigned char *)bytes;
  uint64_t lane = seed ^ SP_HASH_K0;
  uint64_t tail[2];
  for (size_t i = 0; i + 16 < length; i += 16) {
    lane = sp_hash_fold(sp_hash_read8(at + i) ^ SP_HASH_K1, sp_hash_read8(at + i + 8) ^ lane);
  }
  sp_hash_tail(at, length, tail);
  lane = sp_hash_fold(tail[0] ^ SP_HASH_K1, tail[1] ^ lane);
  return sp_hash_word(lane ^ ((uint64_t)length * SP_HASH_K4));
}

/* Its low word is sp_hash64 of the same; the high word is a second hash of its own. */
static inline struct sp_hash128 sp_hash128(const void *bytes, size_t length, uint64_t seed)
{
  const unsigned char *at = (const unsigned char *)bytes;
  uint64_t lane0 = seed ^ SP_HASH_K0;
  uint64_t lane1 = seed ^ SP_HASH_K3;
  uint64_t tail[2];
  for (size_t i = 0; i + 16 < length; i += 16) {
    uint64_t a = sp_hash_read8(at + i);
    uint64_t b = sp_hash_read8(at + i + 8);
    lane0 = sp_hash_fold(a ^ SP_HASH_K1, b ^ lane0);
    lane1 = sp_hash_fold(a ^ lane1, b ^ SP_HASH_K2);
  }
  sp_hash_tail(at, length, tail);
  lane0 = sp_hash_fold(tail[0] ^ SP_HASH_K1, tail[1] ^ lane0);
  lane1 = sp_hash_fold(tail[0] ^ lane1, tail[1] ^ SP_HASH_K2);
  lane0 ^= (uint64_t)length * SP_HASH_K4;
  return (struct sp_hash128){sp_hash_word(lane0), sp_hash_word(lane1 + lane0 * SP_HASH_K3)};
}

#endif
