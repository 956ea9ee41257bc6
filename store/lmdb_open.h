/* Opening an LMDB environment with as much address space as the process may have. Inside store/. */
#ifndef SP_STORE_LMDB_OPEN_H
#define SP_STORE_LMDB_OPEN_H

/* rule zero: include: the one door to LMDB for checkpoint.c and directory_db.c, inside store/ only.
 */
#include "rating/text.h"

struct MDB_env; /* LMDB's; its header stays in the .c files */

/* Opens with `map_bytes` of address space; where that is refused (limits, checkers) with a quarter
 * of it, down to 1 GiB. All pages are read, in the order of the file where they come from disk, and
 * must hold together (lmdb_pages.h). Returns LMDB's code; `why` says it in words, and *env is NULL,
 * unless it is 0. */
int sp__lmdb_open(struct MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                  uint64_t map_bytes, struct sp_text *why);

#endif
