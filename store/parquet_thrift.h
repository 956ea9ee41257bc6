/* Thrift compact protocol, writing side, into a buffer of fixed size: just what Parquet's metadata
 * needs. A write that does not fit sets `full` and is left out; the caller looks once at the end.
 * Source: apache/thrift doc/specs/thrift-compact-protocol.md. */
#ifndef SP_STORE_PARQUET_THRIFT_H
#define SP_STORE_PARQUET_THRIFT_H

#include "rating/status.h"

#define SP__THRIFT_DEPTH_MAX 8U

enum sp__thrift_type {
  SP__THRIFT_TRUE = 1,
  SP__THRIFT_FALSE = 2,
  SP__THRIFT_I8 = 3,
  SP__THRIFT_I16 = 4,
  SP__THRIFT_I32 = 5,
  SP__THRIFT_I64 = 6,
  SP__THRIFT_BINARY = 8,
  SP__THRIFT_LIST = 9,
  SP__THRIFT_STRUCT = 12
};

struct sp__thrift {
  uint8_t *bytes;
  size_t size, capacity;
  uint32_t depth;
  uint32_t last_field[SP__THRIFT_DEPTH_MAX];
  bool full;
};

void sp__thrift_init(struct sp__thrift *out, uint8_t *bytes, size_t capacity);

/* Fields of the current struct, in rising order of their number. */
void sp__thrift_bool(struct sp__thrift *out, uint32_t field, bool value);
void sp__thrift_i8(struct sp__thrift *out, uint32_t field, int8_t value);
void sp__thrift_int(struct sp__thrift *out, uint32_t field, enum sp__thrift_type type,
                    int64_t value);
void sp__thrift_binary(struct sp__thrift *out, uint32_t field, const void *bytes, size_t size);
void sp__thrift_list(struct sp__thrift *out, uint32_t field, enum sp__thrift_type of,
                     uint32_t count);
void sp__thrift_struct(struct sp__thrift *out, uint32_t field);

/* Elements of a list. A struct, from a field or as an element, is closed by sp__thrift_end. */
void sp__thrift_element_int(struct sp__thrift *out, int64_t value);
void sp__thrift_element_binary(struct sp__thrift *out, const void *bytes, size_t size);
void sp__thrift_element_struct(struct sp__thrift *out);
void sp__thrift_end(struct sp__thrift *out);

#endif
