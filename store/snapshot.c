#include "store/snapshot.h"

#include <string.h>

#include "store/snapshot_columns.h"

#define SP_SNAPSHOT_MAGIC 0x534E4150U
#define X(name, type, nullable) {#name, SP_PARQUET_##type, nullable},
static const struct sp_parquet_column subscriber_columns[] = {SP__SUBSCRIBER_COLUMNS(X)};
static const struct sp_parquet_column group_columns[] = {SP__GROUP_COLUMNS(X)};
static const struct sp_parquet_column warning_columns[] = {SP__WARNING_COLUMNS(X)};
static const struct sp_parquet_column cell_columns[] = {SP__CELL_COLUMNS(X)};
#undef X
_Static_assert(SP__SUBSCRIBER_COUNT <= SP_SNAPSHOT_COLUMNS_MAX, "columns of a batch");
_Static_assert(SP__GROUP_COUNT <= SP_SNAPSHOT_COLUMNS_MAX, "columns of a batch");

static const struct {
  const char *name;
  const struct sp_parquet_column *columns;
  uint32_t count;
} tables[SP_SNAPSHOT_TABLES] = {
    {"subscribers", subscriber_columns, SP__SUBSCRIBER_COUNT},
    {"groups", group_columns, SP__GROUP_COUNT},
    {"warnings", warning_columns, SP__WARNING_COUNT},
    {"rfm", cell_columns, SP__CELL_COUNT},
};

const char *sp_snapshot_name(enum sp_snapshot_table table)
{
  SP_ASSERT(table < SP_SNAPSHOT_TABLES);
  return tables[table].name;
}

const struct sp_parquet_column *sp_snapshot_columns(enum sp_snapshot_table table, uint32_t *count)
{
  SP_ASSERT(table < SP_SNAPSHOT_TABLES);
  *count = tables[table].count;
  return tables[table].columns;
}

/* ---- memory: one table of each kind, sizes follow from the snapshot alone ---- */

static size_t order_bytes(const struct sp_snapshot *snapshot)
{
  return snapshot->table == SP_SNAPSHOT_WARNINGS
             ? ((size_t)snapshot->scores->groups + 1U) * sizeof(uint32_t)
             : SP__SNAPSHOT_CELLS * sizeof(uint32_t);
}

static void *take(struct sp_snapshot *snapshot, size_t bytes, bool *short_of)
{
  void *table = sp_memory_take_table(snapshot->memory, bytes);
  *short_of = *short_of || table == NULL;
  return table;
}

static void give(struct sp_snapshot *snapshot, void *table, size_t bytes)
{
  if (table != NULL) {
    sp_memory_give_table(snapshot->memory, table, bytes);
  }
}

void sp_snapshot_close(struct sp_snapshot *snapshot)
{
  if (snapshot == NULL) {
    return;
  }
  SP_ASSERT(snapshot->magic == SP_SNAPSHOT_MAGIC);
  give(snapshot, snapshot->order, order_bytes(snapshot));
  give(snapshot, snapshot->cells, SP__SNAPSHOT_CELLS * sizeof *snapshot->cells);
  give(snapshot, snapshot->values, SP_SNAPSHOT_COLUMNS_MAX * sizeof *snapshot->values);
  give(snapshot, snapshot->nulls, SP_SNAPSHOT_COLUMNS_MAX * sizeof *snapshot->nulls);
  give(snapshot, snapshot->texts, SP_SNAPSHOT_COLUMNS_MAX * sizeof *snapshot->texts);
  give(snapshot, snapshot->made, SP_SNAPSHOT_TEXT_BYTES);
  snapshot->magic = 0;
  sp_memory_give_table(snapshot->memory, snapshot, sizeof *snapshot);
}

static enum sp_status take_warnings(struct sp_snapshot *snapshot)
{
  bool short_of = false;
  snapshot->order = take(snapshot, order_bytes(snapshot), &short_of);
  uint32_t *scratch = take(snapshot, order_bytes(snapshot), &short_of);
  if (!short_of) {
    snapshot->rows = sp_scores_warnings(snapshot->scores, snapshot->order, scratch);
  }
  give(snapshot, scratch, order_bytes(snapshot));
  return short_of ? SP_NO_MEMORY : SP_OK;
}

static enum sp_status take_rows(struct sp_snapshot *snapshot)
{
  bool short_of = false;
  switch (snapshot->table) {
  case SP_SNAPSHOT_SUBSCRIBERS:
    snapshot->rows = snapshot->scores->subscribers;
    break;
  case SP_SNAPSHOT_GROUPS:
    snapshot->rows = snapshot->scores->groups;
    break;
  case SP_SNAPSHOT_WARNINGS:
    return take_warnings(snapshot);
  case SP_SNAPSHOT_RFM:
    snapshot->order = take(snapshot, order_bytes(snapshot), &short_of);
    snapshot->cells = take(snapshot, SP__SNAPSHOT_CELLS * sizeof *snapshot->cells, &short_of);
    if (!short_of) {
      sp__snapshot_cells(snapshot);
    }
    break;
  case SP_SNAPSHOT_TABLES:
    SP_ASSERT(false);
  }
  return short_of ? SP_NO_MEMORY : SP_OK;
}

enum sp_status sp_snapshot_open(struct sp_snapshot **snapshot, enum sp_snapshot_table table,
                                const struct sp_scores *scores, struct sp_memory *memory)
{
  bool short_of = false;
  struct sp_snapshot *made = sp_memory_take_table(memory, sizeof *made);
  *snapshot = NULL;
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  memset(made, 0, sizeof *made);
  made->magic = SP_SNAPSHOT_MAGIC;
  made->table = table;
  made->scores = scores;
  made->memory = memory;
  made->values = take(made, SP_SNAPSHOT_COLUMNS_MAX * sizeof *made->values, &short_of);
  made->nulls = take(made, SP_SNAPSHOT_COLUMNS_MAX * sizeof *made->nulls, &short_of);
  made->texts = take(made, SP_SNAPSHOT_COLUMNS_MAX * sizeof *made->texts, &short_of);
  made->made = take(made, SP_SNAPSHOT_TEXT_BYTES, &short_of);
  enum sp_status status = short_of ? SP_NO_MEMORY : take_rows(made);
  if (status != SP_OK) {
    sp_snapshot_close(made);
    return status;
  }
  *snapshot = made;
  return SP_OK;
}

uint64_t sp_snapshot_rows(const struct sp_snapshot *snapshot)
{
  return snapshot->rows;
}

/* ---- rows ---- */

void sp_snapshot_read(struct sp_snapshot *snapshot, uint64_t first, uint32_t n)
{
  SP_ASSERT(snapshot->magic == SP_SNAPSHOT_MAGIC && n <= SP_SNAPSHOT_BATCH);
  SP_ASSERT(first + n <= snapshot->rows);
  snapshot->made_bytes = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t row = (uint32_t)first + i;
    switch (snapshot->table) {
    case SP_SNAPSHOT_SUBSCRIBERS:
      sp__snapshot_subscriber(snapshot, row, i);
      break;
    case SP_SNAPSHOT_GROUPS:
      sp__snapshot_group(snapshot, row, i);
      break;
    case SP_SNAPSHOT_WARNINGS:
      sp__snapshot_warning(snapshot, snapshot->order[row], i);
      break;
    case SP_SNAPSHOT_RFM:
      sp__snapshot_rfm(snapshot, snapshot->order[row], i);
      break;
    case SP_SNAPSHOT_TABLES:
      SP_ASSERT(false);
    }
  }
}

struct sp_snapshot_cell sp_snapshot_cell_at(const struct sp_snapshot *snapshot, uint32_t column,
                                            uint32_t i)
{
  SP_ASSERT(column < tables[snapshot->table].count && i < SP_SNAPSHOT_BATCH);
  const struct sp_parquet_column *of = &tables[snapshot->table].columns[column];
  struct sp_snapshot_cell cell = {false, 0, {NULL, 0}};
  cell.null = of->nullable && snapshot->nulls[column][i] != 0;
  if (of->type == SP_PARQUET_TEXT) {
    cell.text = snapshot->texts[column][i];
  } else {
    cell.value = snapshot->values[column][i];
  }
  return cell;
}

static enum sp_status append(struct sp_snapshot *snapshot, struct sp_parquet *writer, uint32_t n)
{
  for (uint32_t c = 0; c < tables[snapshot->table].count; c++) {
    const struct sp_parquet_column *of = &tables[snapshot->table].columns[c];
    const uint8_t *nulls = of->nullable ? snapshot->nulls[c] : NULL;
    if (of->type == SP_PARQUET_TEXT) {
      SP_TRY(sp_parquet_append_text(writer, c, snapshot->texts[c], nulls, n));
    } else {
      sp_parquet_append_i64(writer, c, snapshot->values[c], nulls, n);
    }
  }
  return SP_OK;
}

static enum sp_status write_rows(struct sp_snapshot *snapshot, struct sp_parquet *writer,
                                 const struct sp_snapshot_relay *relay)
{
  for (uint64_t first = 0; first < snapshot->rows; first += SP_SNAPSHOT_BATCH) {
    uint64_t left = snapshot->rows - first;
    uint32_t n = left < SP_SNAPSHOT_BATCH ? (uint32_t)left : SP_SNAPSHOT_BATCH;
    sp_snapshot_read(snapshot, first, n);
    SP_TRY(append(snapshot, writer, n));
    struct sp_parquet_group *full = sp_parquet_rows_end(writer);
    if (full != NULL) {
      SP_TRY(relay == NULL ? sp_parquet_group_write(writer, full)
                           : relay->write(relay->context, writer, full));
    }
  }
  return SP_OK;
}

/* The relay is waited for in any case: it may still be writing from our memory. */
static enum sp_status write_all(struct sp_snapshot *snapshot, struct sp_parquet *writer,
                                const struct sp_snapshot_relay *relay, uint64_t *bytes)
{
  enum sp_status status = write_rows(snapshot, writer, relay);
  enum sp_status waited = relay == NULL ? SP_OK : relay->wait(relay->context);
  SP_TRY(status);
  SP_TRY(waited);
  return sp_parquet_close(writer, NULL, bytes);
}

enum sp_status sp_snapshot_write(struct sp_snapshot *snapshot, const struct sp_parquet_sink *sink,
                                 const struct sp_snapshot_relay *relay, uint64_t *bytes)
{
  SP_ASSERT(snapshot->magic == SP_SNAPSHOT_MAGIC);
  struct sp_parquet_schema schema = {.columns = tables[snapshot->table].columns,
                                     .column_count = tables[snapshot->table].count,
                                     .group_rows_max = SP_SNAPSHOT_GROUP_ROWS,
                                     .buffer_sets = relay == NULL ? 1U : 2U};
  /* Few rows need no room for many; a name has 64 bytes at most, a text that is made 1,024. */
  uint64_t text_bytes = snapshot->table == SP_SNAPSHOT_WARNINGS ? 1024U : 64U * 4U;
  while (schema.group_rows_max > SP_PARQUET_BATCH_MAX * 2U &&
         schema.group_rows_max / 4U > snapshot->rows) {
    schema.group_rows_max /= 2U;
  }
  schema.group_count_max =
      sp_parquet_groups(snapshot->rows, snapshot->rows * text_bytes, schema.group_rows_max);
  size_t size = sp_parquet_memory_bytes(&schema);
  void *memory = sp_memory_take_table(snapshot->memory, size);
  if (memory == NULL) {
    return SP_NO_MEMORY;
  }
  struct sp_parquet *writer;
  enum sp_status status = sp_parquet_open(&writer, memory, &schema, sink);
  if (status == SP_OK) {
    status = write_all(snapshot, writer, relay, bytes);
  }
  sp_memory_give_table(snapshot->memory, memory, size);
  return status;
}
