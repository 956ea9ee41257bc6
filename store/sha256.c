#include "store/sha256.h"

#include <string.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate(uint32_t value, uint32_t by)
{
  return (value >> by) | (value << (32U - by));
}

static inline uint32_t choice(uint32_t x, uint32_t y, uint32_t z)
{
  return (x & y) ^ (~x & z);
}

static inline uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
  return (x & y) ^ (x & z) ^ (y & z);
}

/* One round; instead of moving the eight variables on, the next round takes them one place further.
 */
static inline void round_of(uint32_t v[8], size_t i, uint32_t word)
{
  uint32_t a = v[(0 - i) & 7U];
  uint32_t e = v[(4 - i) & 7U];
  uint32_t *h = &v[(7 - i) & 7U];
  uint32_t first = *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                   choice(e, v[(5 - i) & 7U], v[(6 - i) & 7U]) + round_constants[i] + word;
  uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                    majority(a, v[(1 - i) & 7U], v[(2 - i) & 7U]);
  v[(3 - i) & 7U] += first;
  *h = first + second;
}

static void digest_block(uint32_t state[8], const uint8_t *block)
{
  uint32_t words[64];
  for (size_t i = 0; i < 16; i++) {
    uint32_t word;
    memcpy(&word, block + i * 4, sizeof word);
    words[i] = __builtin_bswap32(word);
  }
  for (size_t i = 16; i < 64; i++) {
    uint32_t low = words[i - 15];
    uint32_t high = words[i - 2];
    low = rotate(low, 7) ^ rotate(low, 18) ^ (low >> 3U);
    high = rotate(high, 17) ^ rotate(high, 19) ^ (high >> 10U);
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
  uint32_t v[8]; /* a to h of the standard */
  memcpy(v, state, sizeof v);
  for (size_t i = 0; i < 64; i += 8) { /* by eight, so that places are known when compiled */
    round_of(v, i, words[i]);
    round_of(v, i + 1, words[i + 1]);
    round_of(v, i + 2, words[i + 2]);
    round_of(v, i + 3, words[i + 3]);
    round_of(v, i + 4, words[i + 4]);
    round_of(v, i + 5, words[i + 5]);
    round_of(v, i + 6, words[i + 6]);
    round_of(v, i + 7, words[i + 7]);
  }
  for (size_t i = 0; i < 8; i++) {
    state[i] += v[i];
  }
}

void sp_sha256_begin(struct sp_sha256 *sha)
{
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(sha, 0, sizeof *sha);
  memcpy(sha->state, start, sizeof start);
}

void sp_sha256_add(struct sp_sha256 *sha, const void *bytes, size_t size)
{
  const uint8_t *at = bytes;
  size_t held = (size_t)(sha->size % 64U);
  sha->size += size;
  if (held != 0) {
    size_t room = 64U - held < size ? 64U - held : size;
    memcpy(sha->block + held, at, room);
    at += room;
    size -= room;
    if (held + room < 64U) {
      return;
    }
    digest_block(sha->state, sha->block);
  }
  for (; size >= 64U; at += 64, size -= 64U) {
    digest_block(sha->state, at);
  }
  if (size != 0) {
    memcpy(sha->block, at, size);
  }
}

void sp_sha256_end(struct sp_sha256 *sha, uint8_t digest[SP_SHA256_BYTES])
{
  static const uint8_t padding[64] = {0x80};
  uint64_t bits = __builtin_bswap64(sha->size * 8U);
  size_t held = (size_t)(sha->size % 64U);
  sp_sha256_add(sha, padding, held < 56U ? 56U - held : 120U - held);
  sp_sha256_add(sha, &bits, sizeof bits);
  SP_ASSERT(sha->size % 64U == 0);
  for (size_t i = 0; i < 8; i++) {
    uint32_t word = __builtin_bswap32(sha->state[i]);
    memcpy(digest + i * 4, &word, sizeof word);
  }
}

void sp_sha256_hex(const uint8_t digest[SP_SHA256_BYTES], char text[SP_SHA256_HEX_BYTES])
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < SP_SHA256_BYTES; i++) {
    text[i * 2] = digits[digest[i] >> 4U];
    text[i * 2 + 1] = digits[digest[i] & 15U];
  }
  text[64] = 0;
}
