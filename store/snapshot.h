/* The tables of a snapshot (operations.md §5): what stands in which column of subscribers, groups,
 * warnings and rfm, as rows for people and programs and as Parquet. Pure: bytes leave by a sink,
 * memory comes from the caller. One thread a writer.
 *
 * Columns that are the same in all tables: m0_.. to m5_.. are calendar months, m0 the month of the
 * instant; null: the month has left the record's ring. Money is micro-units (DECIMAL(18,6)). */
#ifndef SP_STORE_SNAPSHOT_H
#define SP_STORE_SNAPSHOT_H

#include "segment/scores.h"
#include "store/parquet.h"

#define SP_SNAPSHOT_VERSION 1U /* of the tables' columns: rises when one changes */
#define SP_SNAPSHOT_COLUMNS_MAX 96U
#define SP_SNAPSHOT_BATCH 256U
#define SP_SNAPSHOT_GROUP_ROWS \
  (1U << 16U) /* of a row group: 8 bytes a row and column are buffered */
#define SP_SNAPSHOT_TEXT_BYTES (1U << 20U) /* of texts made for one batch */

enum sp_snapshot_table {
  SP_SNAPSHOT_SUBSCRIBERS, /* one row a subscriber, in the order of the directory */
  SP_SNAPSHOT_GROUPS,      /* one row a group, in the order of the directory */
  SP_SNAPSHOT_WARNINGS,    /* one row a group that warns, by falling money at risk */
  SP_SNAPSHOT_RFM,         /* one row a cell of population, R, F, M and class that has customers */
  SP_SNAPSHOT_TABLES
};

struct sp_snapshot; /* a reader of one table's rows, and its Parquet writer */

const char *sp_snapshot_name(enum sp_snapshot_table table); /* "subscribers", .. */
const struct sp_parquet_column *sp_snapshot_columns(enum sp_snapshot_table table, uint32_t *count);

/* Rows of a table over scores, which are borrowed. NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_snapshot_open(struct sp_snapshot **snapshot,
                                              enum sp_snapshot_table table,
                                              const struct sp_scores *scores,
                                              struct sp_memory *memory);
void sp_snapshot_close(struct sp_snapshot *snapshot);
uint64_t sp_snapshot_rows(const struct sp_snapshot *snapshot);

/* One cell of the batch read last. */
struct sp_snapshot_cell {
  bool null;
  int64_t value;               /* not TEXT */
  struct sp_parquet_text text; /* TEXT; borrowed until the next batch */
};
/* Reads rows [first, first + n), n <= SP_SNAPSHOT_BATCH; the cells of row first + i stay until the
 * next batch. */
void sp_snapshot_read(struct sp_snapshot *snapshot, uint64_t first, uint32_t n);
struct sp_snapshot_cell sp_snapshot_cell_at(const struct sp_snapshot *snapshot, uint32_t column,
                                            uint32_t i);

/* Where complete row groups are written: by another thread, while the next is filled. write waits
 * for the group before and sees to this one; wait returns when all are written. Both return the
 * first error of writing. */
struct sp_snapshot_relay {
  enum sp_status (*write)(void *context, struct sp_parquet *writer, struct sp_parquet_group *group);
  enum sp_status (*wait)(void *context);
  void *context;
};

/* Writes the whole table as one Parquet file; relay NULL: all in this thread. The bytes are the
 * same. NO_MEMORY; the sink's errors. */
SP_MUST_CHECK enum sp_status sp_snapshot_write(struct sp_snapshot *snapshot,
                                               const struct sp_parquet_sink *sink,
                                               const struct sp_snapshot_relay *relay,
                                               uint64_t *bytes);

#endif
