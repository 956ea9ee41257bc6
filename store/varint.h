/* LEB128 integers, signed ones by zigzag; reading is bounded and sticky: after the first overrun
 * everything is 0 and `bad`. */
#ifndef SP_STORE_VARINT_H
#define SP_STORE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static inline uint8_t *sp_varint_put_signed(uint8_t *to, int64_t value)
{
  return sp_varint_put(to, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

struct sp_varint_reader {
  const uint8_t *at, *end;
  bool bad;
};

static inline uint64_t sp_varint_get(struct sp_varint_reader *reader)
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

static inline int64_t sp_varint_get_signed(struct sp_varint_reader *reader)
{
  uint64_t value = sp_varint_get(reader);
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
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
