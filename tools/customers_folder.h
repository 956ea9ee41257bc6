/* Customer tables from a directory of CSV files into a directory in memory: maps the files, calls
 * rating/customers.h. */
#ifndef SP_TOOLS_CUSTOMERS_FOLDER_H
#define SP_TOOLS_CUSTOMERS_FOLDER_H

#include "rating/customers.h"

/* A file that is not there is an empty table; other files of the folder are not looked at. Refused
 * rows and what cannot be read go to `problems` as `PATH/file.csv`, line and message. `memory` as
 * for sp_customers_read. NOT_FOUND: there is no such folder; IO: a file cannot be read; NO_MEMORY,
 * LIMIT as sp_customers_read. */
SP_MUST_CHECK enum sp_status sp_customers_load(struct sp_directory **directory, const char *folder,
                                               const struct sp_books *books,
                                               struct sp_memory *memory,
                                               struct sp_problems *problems);

#endif
