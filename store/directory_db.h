/* The directory in an LMDB environment of its own: put away as checksummed pieces
 * (rating/directory_image.h), loaded at start. A put is atomic: until its last transaction the
 * former directory stands. One process writes at a time (LMDB's lock), loading goes beside it.
 * Errors: NOT_FOUND (no directory was put), BAD_VERSION, BAD_CHECKSUM, BAD_FORMAT, NO_MEMORY, IO
 * (LMDB or system); `error` then holds one sentence. */
#ifndef SP_STORE_DIRECTORY_DB_H
#define SP_STORE_DIRECTORY_DB_H

#include "rating/directory_image.h"
#include "rating/text.h"

#define SP_DIRECTORY_DB_VERSION 1u
#define SP_DIRECTORY_DB_MAP_BYTES (UINT64_C(64) << 30) /* address space, not memory or disk */
#define SP_DIRECTORY_DB_COMMIT_PIECES 256              /* a transaction: 64 MiB */

/* `folder` is there already. */
SP_MUST_CHECK enum sp_status sp_directory_db_put(const char *folder,
                                                 const struct sp_directory *directory,
                                                 struct sp_text *error);
/* The directory lives in `memory`: sp_directory_free, then the memory. */
SP_MUST_CHECK enum sp_status sp_directory_db_load(struct sp_directory **directory,
                                                  const char *folder, struct sp_memory *memory,
                                                  struct sp_text *error);

#endif
