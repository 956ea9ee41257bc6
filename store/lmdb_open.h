/* Opening an LMDB environment with as much address space as the process may have. Inside store/. */
#ifndef SP_STORE_LMDB_OPEN_H
#define SP_STORE_LMDB_OPEN_H

/* rule zero: include: the one door to LMDB for checkpoint.c and directory_db.c, inside store/ only.
 */
#include <stdint.h>

struct MDB_env; /* LMDB's; its header stays in the .c files */

/* Opens with `map_bytes` of address space; where that is refused (limits, checkers) with a quarter
 * of it, down to 1 GiB. Returns LMDB's code; *env is NULL unless it is 0. */
int sp__lmdb_open(struct MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                  uint64_t map_bytes);

/* Asks the system to read the whole environment from disk, in the order of the file: whoever is
 * going to visit all of it would wait for each page else. Nothing happens to what is in the cache.
 */
void sp__lmdb_fetch(struct MDB_env *env);

#endif
