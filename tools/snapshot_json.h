/* Rows of the snapshot's tables as JSON: the same names and values as the columns of the Parquet
 * files. Text, null and bool as such; counts as numbers; money as "12.345678"; instants as RFC 3339
 * in UTC. */
#ifndef SP_TOOLS_SNAPSHOT_JSON_H
#define SP_TOOLS_SNAPSHOT_JSON_H

#include <stdio.h>

#include "store/snapshot.h"
#include "tools/scored.h"

/* The cells of row i of the batch read last, as "name":value,.. without braces. */
void sp_snapshot_json(FILE *to, const struct sp_snapshot *snapshot, enum sp_snapshot_table table,
                      uint32_t i);
/* `dump STORE customers`: one object a line, one line a subscriber. 0 or an exit code. */
int sp_customers_dump(const char *store);

#endif
