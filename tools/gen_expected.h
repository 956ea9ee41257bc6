/* The folders of a generated province on disk: usage files, what was planted, what must come out.
 */
#ifndef SP_TOOLS_GEN_EXPECTED_H
#define SP_TOOLS_GEN_EXPECTED_H

#include "tools/gen_stream.h"

#include <stdio.h>

#define SP_GEN_FILE_LINES_MAX 1000000u
#define SP_GEN_SAMPLE_MAX 200000u /* records.csv has at most about this many rows */
#define SP_GEN_PATH_MAX 4096u

/* Writes the stream's records as usage/usage-NNNNN.csv and beside them expected/. Start with
 * everything 0 but path and world. */
struct sp_gen_writer {
  const char *path;                 /* borrowed */
  const struct sp_gen_world *world; /* borrowed */
  FILE *usage, *planted, *records;  /* owned */
  char name[32];                    /* of the usage file that is open */
  uint64_t file_count, line;        /* physical line of the last record; 1 is the header */
  uint64_t written, sample_step, bytes;
};

/* False: a file could not be made or written (errno). */
bool sp__gen_writer_open(struct sp_gen_writer *writer);
bool sp__gen_writer_add(struct sp_gen_writer *writer, const struct sp_gen_record *record);
bool sp__gen_writer_close(struct sp_gen_writer *writer, const struct sp_gen_judge *judge);

/* totals.json. */
void sp__gen_totals_write(FILE *to, const struct sp_gen_judge *judge);

#endif
