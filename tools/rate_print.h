/* Rated output on a stream: JSON lines (book.md §17.1), CSV or a table for the eye. One thread. */
#ifndef SP_TOOLS_RATE_PRINT_H
#define SP_TOOLS_RATE_PRINT_H

#include <stdio.h>

#include "rating/charge_json.h"

enum sp_rate_format { SP_RATE_JSON, SP_RATE_CSV, SP_RATE_TABLE };

struct sp_rate_printer {
  enum sp_rate_format format;
  FILE *to;
  char *buffer; /* output not written yet */
  size_t used;
};

/* Begins (headers are printed). NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_rate_printer_open(struct sp_rate_printer *printer,
                                                  enum sp_rate_format format, FILE *to);
/* One record. IO, LIMIT. */
SP_MUST_CHECK enum sp_status sp_rate_print(struct sp_rate_printer *printer,
                                           const struct sp_charge_view *view);
/* Writes what is left and frees the buffer. IO. */
SP_MUST_CHECK enum sp_status sp_rate_printer_close(struct sp_rate_printer *printer);

#endif
