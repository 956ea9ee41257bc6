#include "tools/snapshot_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tools/json_text.h"

static void cell_print(FILE *to, enum sp_parquet_type type, const struct sp_snapshot_cell *cell)
{
  char instant[SP_INSTANT_BYTES];
  if (cell->null) {
    fputs("null", to);
    return;
  }
  switch (type) {
  case SP_PARQUET_BOOL:
    fputs(cell->value != 0 ? "true" : "false", to);
    break;
  case SP_PARQUET_MONEY:
    sp_json_micro(to, cell->value);
    break;
  case SP_PARQUET_TIMESTAMP:
    sp_instant_text(cell->value / 1000, instant);
    fprintf(to, "\"%s\"", instant);
    break;
  case SP_PARQUET_TEXT:
    sp_json_text(to, cell->text.bytes, cell->text.size);
    break;
  case SP_PARQUET_I32:
  case SP_PARQUET_U32:
  case SP_PARQUET_I64:
  case SP_PARQUET_DATE:
    fprintf(to, "%" PRId64, cell->value);
    break;
  case SP_PARQUET_U64:
    fprintf(to, "%" PRIu64, (uint64_t)cell->value);
    break;
  }
}

void sp_snapshot_json(FILE *to, const struct sp_snapshot *snapshot, enum sp_snapshot_table table,
                      uint32_t i)
{
  uint32_t count;
  const struct sp_parquet_column *columns = sp_snapshot_columns(table, &count);
  for (uint32_t c = 0; c < count; c++) {
    struct sp_snapshot_cell cell = sp_snapshot_cell_at(snapshot, c, i);
    fprintf(to, "%s\"%s\":", c == 0 ? "" : ",", columns[c].name);
    cell_print(to, columns[c].type, &cell);
  }
}

static int rows_dump(struct sp_scored *scored)
{
  struct sp_snapshot *snapshot;
  enum sp_status status =
      sp_snapshot_open(&snapshot, SP_SNAPSHOT_SUBSCRIBERS, &scored->scores, &scored->world.memory);
  if (status != SP_OK) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
    return SP_EXIT_ENVIRONMENT;
  }
  uint64_t rows = sp_snapshot_rows(snapshot);
  for (uint64_t first = 0; first < rows && !ferror(stdout); first += SP_SNAPSHOT_BATCH) {
    uint32_t n = rows - first < SP_SNAPSHOT_BATCH ? (uint32_t)(rows - first) : SP_SNAPSHOT_BATCH;
    sp_snapshot_read(snapshot, first, n);
    for (uint32_t i = 0; i < n; i++) {
      putchar('{');
      sp_snapshot_json(stdout, snapshot, SP_SNAPSHOT_SUBSCRIBERS, i);
      fputs("}\n", stdout);
    }
  }
  sp_snapshot_close(snapshot);
  return SP_EXIT_DONE;
}

int sp_customers_dump(const char *store)
{
  struct sp_scored *scored = malloc(sizeof *scored);
  if (scored == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  int code = sp_scored_open(scored, store, NULL, false);
  if (code == SP_EXIT_DONE) {
    code = rows_dump(scored);
  }
  sp_scored_close(scored);
  free(scored);
  return code;
}
