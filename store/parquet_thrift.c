#include "store/parquet_thrift.h"

#include <string.h>

void sp__thrift_init(struct sp__thrift *out, uint8_t *bytes, size_t capacity)
{
  memset(out, 0, sizeof *out);
  out->bytes = bytes;
  out->capacity = capacity;
}

static void put(struct sp__thrift *out, const void *bytes, size_t size)
{
  if (size > out->capacity - out->size) {
    out->full = true;
    return;
  }
  if (size != 0) {
    memcpy(out->bytes + out->size, bytes, size);
  }
  out->size += size;
}

static void put_byte(struct sp__thrift *out, uint32_t value)
{
  uint8_t byte = (uint8_t)value;
  put(out, &byte, 1);
}

static void put_varint(struct sp__thrift *out, uint64_t value)
{
  while (value >= 0x80U) {
    put_byte(out, (uint32_t)(value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  put_byte(out, (uint32_t)value);
}

static void put_zigzag(struct sp__thrift *out, int64_t value)
{
  put_varint(out, ((uint64_t)value << 1U) ^ (value < 0 ? UINT64_MAX : 0U));
}

static void put_field(struct sp__thrift *out, uint32_t field, enum sp__thrift_type type)
{
  uint32_t last = out->last_field[out->depth];
  SP_ASSERT(field > last);
  if (field - last <= 15U) {
    put_byte(out, ((field - last) << 4U) | (uint32_t)type);
  } else {
    put_byte(out, (uint32_t)type);
    put_zigzag(out, (int64_t)field);
  }
  out->last_field[out->depth] = field;
}

static void descend(struct sp__thrift *out)
{
  SP_ASSERT(out->depth + 1U < SP__THRIFT_DEPTH_MAX);
  out->last_field[++out->depth] = 0;
}

void sp__thrift_bool(struct sp__thrift *out, uint32_t field, bool value)
{
  put_field(out, field, value ? SP__THRIFT_TRUE : SP__THRIFT_FALSE);
}

void sp__thrift_i8(struct sp__thrift *out, uint32_t field, int8_t value)
{
  put_field(out, field, SP__THRIFT_I8);
  put_byte(out, (uint8_t)value);
}

void sp__thrift_int(struct sp__thrift *out, uint32_t field, enum sp__thrift_type type,
                    int64_t value)
{
  SP_ASSERT(type == SP__THRIFT_I16 || type == SP__THRIFT_I32 || type == SP__THRIFT_I64);
  put_field(out, field, type);
  put_zigzag(out, value);
}

void sp__thrift_binary(struct sp__thrift *out, uint32_t field, const void *bytes, size_t size)
{
  put_field(out, field, SP__THRIFT_BINARY);
  sp__thrift_element_binary(out, bytes, size);
}

void sp__thrift_list(struct sp__thrift *out, uint32_t field, enum sp__thrift_type of,
                     uint32_t count)
{
  put_field(out, field, SP__THRIFT_LIST);
  if (count < 15U) {
    put_byte(out, (count << 4U) | (uint32_t)of);
  } else {
    put_byte(out, 0xF0U | (uint32_t)of);
    put_varint(out, count);
  }
}

void sp__thrift_struct(struct sp__thrift *out, uint32_t field)
{
  put_field(out, field, SP__THRIFT_STRUCT);
  descend(out);
}

void sp__thrift_element_int(struct sp__thrift *out, int64_t value)
{
  put_zigzag(out, value);
}

void sp__thrift_element_binary(struct sp__thrift *out, const void *bytes, size_t size)
{
  put_varint(out, size);
  put(out, bytes, size);
}

void sp__thrift_element_struct(struct sp__thrift *out)
{
  descend(out);
}

void sp__thrift_end(struct sp__thrift *out)
{
  SP_ASSERT(out->depth > 0);
  put_byte(out, 0);
  out->depth--;
}
