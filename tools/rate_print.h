/* Rated output on a stream: JSON lines (book.md §17.1), CSV or a table for the eye. One thread. */
#ifndef SP_TOOLS_RATE_PRINT_H
#define SP_TOOLS_RATE_PRINT_H

#include <stdio.h>

#include "rating/charge_json.h"

enum sp_rate_format { SP_RATE_JSON, SP_RATE_CSV, SP_RATE_TABLE };

struct sp_rate_printer {
  enum sp_rate_format format;
  FILE *to;
  char *buffer; /* a line, or cells of it */
  bool headed;  /* its header was printed */
};

/* Prints nothing yet: the input may turn out not to be readable. NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_rate_printer_open(struct sp_rate_printer *printer,
                                                  enum sp_rate_format format, FILE *to);
/* The header, if the format has one and it was not printed: before the first record, or where there
 * is none. */
void sp_rate_printer_head(struct sp_rate_printer *printer);
/* One record. IO: `to` takes no more; LIMIT. */
SP_MUST_CHECK enum sp_status sp_rate_print(struct sp_rate_printer *printer,
                                           const struct sp_charge_view *view);
void sp_rate_printer_close(struct sp_rate_printer *printer);

#endif
