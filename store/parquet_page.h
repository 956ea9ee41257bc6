/* The uncompressed bytes of one column chunk: its dictionary page, its data page, its statistics.
 * Internal to the Parquet encoder (parquet.h); exposed for its tests. Pure. */
#ifndef SP_STORE_PARQUET_PAGE_H
#define SP_STORE_PARQUET_PAGE_H

#include "store/parquet.h"

/* Distinct values that a dictionary found by hashing, or by a table over a small range, may have.
 */
#define SP__PARQUET_HASHED_MAX (1U << 15U)
#define SP__PARQUET_RANGE_MAX (1U << 16U)

/* Rows of one chunk as appended. Only values that are not null are in values or heap. */
struct sp__parquet_chunk {
  enum sp_parquet_type type;
  bool nullable;
  uint32_t rows, value_count;
  const uint8_t *nulls;      /* rows flags, read only if value_count < rows */
  const int64_t *values;     /* not TEXT: value_count values */
  const uint32_t *text_ends; /* TEXT: value_count + 1 offsets into heap, the first is 0 */
  const uint8_t *heap;
};

/* Working memory of one writer, reused by every chunk. */
struct sp__parquet_work {
  uint32_t *slots;   /* SP__PARQUET_RANGE_MAX */
  uint32_t *entries; /* SP__PARQUET_RANGE_MAX: value index of each dictionary entry */
  uint32_t *codes;   /* group_rows_max: dictionary code of each value */
  uint8_t *dictionary;
  uint8_t *data;
  size_t page_bytes_max; /* of dictionary and of data each, see sp__parquet_page_bytes */
};

struct sp__parquet_pages {
  uint32_t dictionary_count; /* 0: no dictionary page */
  bool dictionary_sorted;
  size_t dictionary_size, data_size;
  bool has_range;
  uint8_t min[SP_PARQUET_STATISTIC_MAX], max[SP_PARQUET_STATISTIC_MAX];
  uint32_t min_size, max_size;
};

/* Most bytes of a page of `rows` rows with `heap_bytes` of text. */
size_t sp__parquet_page_bytes(uint32_t rows, size_t heap_bytes);

/* Encodes a chunk into work->dictionary and work->data. */
void sp__parquet_pages(const struct sp__parquet_chunk *chunk, struct sp__parquet_work *work,
                       struct sp__parquet_pages *pages);

/* RLE / bit-packing hybrid of `count` values of `width` bits (1..16); returns the end of what it
 * wrote. */
uint8_t *sp__parquet_hybrid(uint8_t *out, const uint32_t *values, uint32_t count, uint32_t width);

#endif
