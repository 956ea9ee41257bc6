/* LEB128 integers, signed ones by zigzag, and words of a length that is known otherwise; reading is
 * bounded and sticky: after the first overrun everything is 0 and `bad`. */
#ifndef SP_STORE_VARINT_H
#define SP_STORE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rating/status.h"

#define SP_VARINT_BYTES_MAX 10

static inline uint8_t *sp_varint_put(uint8_t *to, uint64_t value)
{
  while (value >= 0x80) {
    *to++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *to++ = (uint8_t)value;
  return to;
}

static inline uint64_t sp_varint_zigzag(int64_t value)
{
  return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t sp_varint_zigzag_back(uint64_t value)
{
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static inline uint8_t *sp_varint_put_signed(uint8_t *to, int64_t value)
{
  return sp_varint_put(to, sp_varint_zigzag(value));
}

/* Bytes that a word needs, 0 of 0. */
static inline unsigned sp_varint_word_bytes(uint64_t value)
{
  return value == 0 ? 0 : 8 - (unsigned)__builtin_clzll(value) / 8;
}

/* The word's lowest bytes, lowest first; writes 8 whatever their number. */
static inline uint8_t *sp_varint_put_word(uint8_t *to, uint64_t value, unsigned bytes)
{
  memcpy(to, &value, sizeof(value));
  return to + bytes;
}

struct sp_varint_reader {
  const uint8_t *at, *end;
  bool bad;
};

/* The same byte by byte, for the end of what there is. */
static inline uint64_t sp_varint_get_last(struct sp_varint_reader *reader)
{
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    uint8_t byte = *reader->at++;
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  reader->bad = true;
  return 0;
}

static inline uint64_t sp_varint_get(struct sp_varint_reader *reader)
{
  const uint8_t *at = reader->at;
  if (SP_UNLIKELY(reader->end - at < SP_VARINT_BYTES_MAX)) {
    return sp_varint_get_last(reader);
  }
  uint64_t byte = *at++;
  uint64_t value = byte & 0x7F;
  for (unsigned shift = 7; byte >= 0x80 && shift < 64; shift += 7) {
    byte = *at++;
    value |= (byte & 0x7F) << shift;
  }
  reader->at = at;
  if (SP_UNLIKELY(byte >= 0x80)) {
    reader->bad = true;
    return 0;
  }
  return value;
}

static inline int64_t sp_varint_get_signed(struct sp_varint_reader *reader)
{
  return sp_varint_zigzag_back(sp_varint_get(reader));
}

/* A word of 0 to 8 bytes. */
static inline uint64_t sp_varint_get_word(struct sp_varint_reader *reader, unsigned bytes)
{
  uint64_t word = 0;
  if (SP_LIKELY(reader->end - reader->at >= 8 && bytes > 0)) {
    memcpy(&word, reader->at, 8);
    reader->at += bytes;
    return word & UINT64_MAX >> (64 - 8 * bytes);
  }
  if ((size_t)(reader->end - reader->at) < bytes) {
    reader->bad = true;
    return 0;
  }
  for (unsigned i = 0; i < bytes; i++) {
    word |= (uint64_t)*reader->at++ << 8 * i;
  }
  return word;
}

static inline uint32_t sp_varint_get_u32(struct sp_varint_reader *reader)
{
  uint64_t value = sp_varint_get(reader);
  reader->bad = reader->bad || value > UINT32_MAX;
  return (uint32_t)value;
}

static inline uint8_t sp_varint_get_byte(struct sp_varint_reader *reader)
{
  if (reader->at == reader->end) {
    reader->bad = true;
    return 0;
  }
  return *reader->at++;
}

/* A uint32_t written as the signed difference to `base`. */
static inline uint32_t sp_varint_get_near(struct sp_varint_reader *reader, uint32_t base)
{
  int64_t value = (int64_t)((uint64_t)sp_varint_get_signed(reader) + (uint64_t)base);
  reader->bad = reader->bad || value < 0 || value > (int64_t)UINT32_MAX;
  return (uint32_t)value;
}

/* Passes over so many integers. */
static inline void sp_varint_skip(struct sp_varint_reader *reader, unsigned integers)
{
  const uint8_t *at = reader->at;
  while (integers > 0 && at < reader->end) {
    integers -= *at++ < 0x80;
  }
  reader->at = at;
  reader->bad = reader->bad || integers > 0;
}

/* `length` bytes in place; NULL and bad when there are fewer. */
static inline const uint8_t *sp_varint_get_bytes(struct sp_varint_reader *reader, size_t length)
{
  if (reader->bad || (size_t)(reader->end - reader->at) < length) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *bytes = reader->at;
  reader->at += length;
  return bytes;
}

#endif
