/* Parquet encoder: columns of values in, the bytes of one Parquet file out through a write
 * callback.
 *
 * Use: sp_parquet_open, then per batch one sp_parquet_append_* for each column and one
 * sp_parquet_rows_end, which may give a complete row group for sp_parquet_group_write, and
 * sp_parquet_close at the end. Batches are at most SP_PARQUET_BATCH_MAX rows. A row group is
 * complete when the next batch might not fit.
 *
 * The file: "PAR1", row groups, metadata (Thrift compact), its length (u32), "PAR1". A column chunk
 * is an optional dictionary page and one data page (version 1), each compressed with zstd as a
 * whole. A data page of a nullable column begins with its definition levels (u32 length, RLE hybrid
 * of width 1). Values are PLAIN, or RLE_DICTIONARY where dictionary and codes take at most half of
 * PLAIN, decided per chunk. Statistics: null count, min_value and max_value in the order of the
 * logical type; text longer than SP_PARQUET_STATISTIC_MAX has none. Source:
 * apache/parquet-format 2.10, parquet.thrift, Encodings.md.
 *
 * Pure: no file, clock or heap; the same appends give the same bytes. A handle belongs to one
 * thread, but with two buffer sets another one may write a complete group while the next is filled;
 * the caller orders the two (a lock or a join between giving a group and having it written). */
#ifndef SP_STORE_PARQUET_H
#define SP_STORE_PARQUET_H

#include "rating/status.h"

#define SP_PARQUET_BATCH_MAX 4096U            /* rows of one append */
#define SP_PARQUET_BATCH_TEXT_MAX (1U << 20U) /* bytes of text of one column and batch */
#define SP_PARQUET_GROUP_ROWS_MAX (1U << 17U) /* rows of one row group */
#define SP_PARQUET_COLUMNS_MAX 256U
#define SP_PARQUET_NAME_MAX 64U
#define SP_PARQUET_STATISTIC_MAX 64U

enum sp_parquet_type {
  SP_PARQUET_BOOL,      /* 0 or 1 */
  SP_PARQUET_I32,       /* INT(32, signed) */
  SP_PARQUET_U32,       /* INT(32, unsigned) */
  SP_PARQUET_I64,       /* INT(64, signed) */
  SP_PARQUET_U64,       /* INT(64, unsigned): the 64 bits as they are */
  SP_PARQUET_MONEY,     /* micro-units: DECIMAL(18, 6), |value| < 10^18 */
  SP_PARQUET_TIMESTAMP, /* milliseconds since 1970, UTC */
  SP_PARQUET_DATE,      /* days since 1970-01-01 */
  SP_PARQUET_TEXT       /* UTF-8 */
};

struct sp_parquet_column {
  const char *name; /* at most SP_PARQUET_NAME_MAX bytes */
  enum sp_parquet_type type;
  bool nullable;
};

struct sp_parquet_schema {
  const struct sp_parquet_column *columns;
  uint32_t column_count;
  uint32_t group_rows_max;  /* SP_PARQUET_BATCH_MAX..SP_PARQUET_GROUP_ROWS_MAX */
  uint32_t group_count_max; /* row groups of the file, see sp_parquet_groups */
  uint32_t buffer_sets;     /* 1, or 2: one row group is filled while another is written */
};

/* Where the bytes go, in order. What write returns other than SP_OK ends the file. */
struct sp_parquet_sink {
  enum sp_status (*write)(void *context, const void *bytes, size_t size);
  void *context;
};

struct sp_parquet_text {
  const char *bytes; /* need not end in 0 */
  uint32_t size;
};

struct sp_parquet;
struct sp_parquet_group; /* a complete row group that is not written yet */

/* Row groups that `rows` rows with at most `text_bytes` bytes in any one text column can take. */
uint32_t sp_parquet_groups(uint64_t rows, uint64_t text_bytes, uint32_t group_rows_max);

/* Bytes of memory that sp_parquet_open needs for this schema. */
size_t sp_parquet_memory_bytes(const struct sp_parquet_schema *schema);

/* Begins a file in `memory` (aligned to 64, of sp_parquet_memory_bytes), which the writer uses
 * until close and the caller keeps. The columns and their names are borrowed until close. Errors:
 * those of the sink, SP_LIMIT for a schema beyond the limits above. */
SP_MUST_CHECK enum sp_status sp_parquet_open(struct sp_parquet **writer, void *memory,
                                             const struct sp_parquet_schema *schema,
                                             const struct sp_parquet_sink *sink);

/* Appends n <= SP_PARQUET_BATCH_MAX values to a column that is not TEXT. nulls[i] != 0 makes row i
 * null (then values[i] is not read); NULL: none is. A value outside the range of its type is a bug.
 */
void sp_parquet_append_i64(struct sp_parquet *writer, uint32_t column, const int64_t *values,
                           const uint8_t *nulls, size_t n);

/* Appends n texts to a TEXT column; the bytes are copied.
 * Errors: SP_LIMIT if the batch has more than SP_PARQUET_BATCH_TEXT_MAX bytes in this column. */
SP_MUST_CHECK enum sp_status sp_parquet_append_text(struct sp_parquet *writer, uint32_t column,
                                                    const struct sp_parquet_text *values,
                                                    const uint8_t *nulls, size_t n);

/* Ends a batch: every column has the same number of rows now. A row group that is complete, else
 * NULL: it must be written before the next append (one buffer set), or before the next group is
 * complete (two). */
struct sp_parquet_group *sp_parquet_rows_end(struct sp_parquet *writer);

/* Encodes and writes a complete row group; groups in the order in which they were given.
 * Errors: those of the sink, SP_LIMIT beyond group_count_max. */
SP_MUST_CHECK enum sp_status sp_parquet_group_write(struct sp_parquet *writer,
                                                    struct sp_parquet_group *group);

/* Writes the rows since the last complete group, and the metadata; all groups given are written.
 * The handle is dead afterwards, also after an error. rows and bytes (either may be NULL) become
 * those of the whole file. */
SP_MUST_CHECK enum sp_status sp_parquet_close(struct sp_parquet *writer, uint64_t *rows,
                                              uint64_t *bytes);

#endif
