/* Reads the customer tables (book.md §3) into a directory and refuses rows that cannot stand
 * (§18.6), each reported as an error with file, line and what was expected; columns that are not
 * listed are warnings. The rest is used. Pure: the caller brings the bytes of the files, which stay
 * its own and are changed in place; they are not needed afterwards. One thread. Limits: names of 64
 * characters, other texts of 255 bytes, 65,534 different home areas: beyond them a row is refused.
 */
#ifndef SP_RATING_CUSTOMERS_H
#define SP_RATING_CUSTOMERS_H

#include "rating/directory.h"
#include "rating/memory.h"
#include "rating/problem.h"

enum sp_customer_table {
  SP_CUSTOMER_ACCOUNTS,
  SP_CUSTOMER_SUBSCRIBERS,
  SP_CUSTOMER_GROUPS,
  SP_CUSTOMER_MEMBERS,
  SP_CUSTOMER_SUBSCRIPTIONS,
  SP_CUSTOMER_MANAGERS,
  SP_CUSTOMER_FACTS,
  SP_CUSTOMER_TABLES
};

struct sp_customer_file {
  const char *name; /* for messages; NULL: the table's own file name */
  char *bytes;      /* NULL: the table is not there, which is an empty one */
  size_t length;
};

/* "accounts.csv", ...: the order of the enum is the order of reading. */
const char *sp_customer_table_name(enum sp_customer_table table);

/* `books` give plan names, kinds, pools and payers of subscriptions, and the zone of local times.
 * The directory lives in `memory`; free it by sp_directory_free before the memory.
 * NO_MEMORY; LIMIT: more than 2^31 subscribers or 2^30 accounts or groups, or 4 GiB of one kind of
 * names. */
SP_MUST_CHECK enum sp_status sp_customers_read(
    struct sp_directory **directory, const struct sp_customer_file files[SP_CUSTOMER_TABLES],
    const struct sp_books *books, struct sp_memory *memory, struct sp_problems *problems);

#endif
