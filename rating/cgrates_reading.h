/* How the tables of a CGRateS tariff plan are read; within rating/. */
#ifndef SP_RATING_CGRATES_READING_H
#define SP_RATING_CGRATES_READING_H

#include "rating/cgrates_parts.h"

/* A whole number >= 0; zeros may stand behind a point. */
bool sp__cg_whole_read(int64_t *value, struct sp_cell_text cell);
/* An amount of a cell that is not empty, >= 0, up to INT64_MAX / 4 of 10^-SP_CGRATES_DECIMALS; it
 * may have a plus, any number of decimals and an exponent. */
bool sp__cg_amount_read(struct sp_cg_amount *amount, struct sp_cell_text cell);

bool sp__cg_amount_equal(const struct sp_cg_amount *a, const struct sp_cg_amount *b);
/* But for the rate whose they are. */
bool sp__cg_slot_equal(const struct sp_cg_slot *a, const struct sp_cg_slot *b);

/* What the tables' readers share. */
struct sp_cg_reading {
  struct sp_cgrates *tariff;
  struct sp_memory *memory;
  struct sp_problems *problems;
  struct sp_table table;
  uint32_t which;  /* enum sp_cgrates_table: the table being read */
  uint32_t absent; /* a bit for each table that was reported: nothing is said to lack in it */
};

void sp__cg_error(struct sp_cg_reading *reading, uint32_t cell, const char *what,
                  struct sp_cell_text text);
/* The same, and which cells the table has. */
void sp__cg_cells_error(struct sp_cg_reading *reading, uint32_t cell, const char *what,
                        struct sp_cell_text text);
struct sp_cell_text sp__cg_cell(const struct sp_cg_reading *reading, uint32_t cell);
/* The next row; false: no more. Rows that cannot be read are reported and left out. */
bool sp__cg_row_next(struct sp_cg_reading *reading);
/* One of each text. */
uint32_t sp__cg_name_take(struct sp_cg_reading *reading, struct sp_cell_text text);
void sp__cg_timing_read(struct sp_cg_reading *reading);
void sp__cg_rate_row_read(struct sp_cg_reading *reading);
void sp__cg_profile_row_read(struct sp_cg_reading *reading);
/* After all tables: what must fit together. */
SP_MUST_CHECK enum sp_status sp__cg_targets_build(struct sp_cg_reading *reading);
SP_MUST_CHECK enum sp_status sp__cg_profiles_build(struct sp_cg_reading *reading);
SP_MUST_CHECK enum sp_status sp__cg_rates_build(struct sp_cg_reading *reading);

#endif
