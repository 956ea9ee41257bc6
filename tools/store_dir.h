/* The folder of a store:
 *
 *     STORE/store.txt      "suanpan store 4", shard count: one line each, key=value
 *     STORE/lock           held (flock) by the process that writes
 *     STORE/books/NNNN.book compiled books in the order in which they were loaded
 *     STORE/directory/     LMDB: the customers
 *     STORE/shards/N/journal/ (segments) and STORE/shards/N/state/ (LMDB)
 *     STORE/suanpan.yaml   configuration of `run` (optional)
 *
 * Made under a temporary name and renamed, so that a half-made store never looks like one. */
#ifndef SP_TOOLS_STORE_DIR_H
#define SP_TOOLS_STORE_DIR_H

#include "tools/options.h"

#define SP_STORE_VERSION 4
#define SP_SHARDS_MAX 64
#define SP_PATH_BYTES_MAX 4096

struct sp_store_dir {
  char path[SP_PATH_BYTES_MAX];
  uint32_t shard_count;
  int lock_fd; /* -1: not locked */
};

/* Messages go to stderr; the result is an exit code, 0 = done. */
int sp_store_dir_open(struct sp_store_dir *dir, const char *path);
/* Takes the writer's lock; another writer: SP_EXIT_ENVIRONMENT and its message. */
int sp_store_dir_lock(struct sp_store_dir *dir);
void sp_store_dir_close(struct sp_store_dir *dir);

/* STORE/<format>; to has SP_PATH_BYTES_MAX bytes. A longer path is cut and will not be found: paths
 * are bounded at open. */
void sp_store_path(const struct sp_store_dir *dir, char *to, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* All SP_IO with errno. mkdir if it is not there; renames, durably; writes a small file under a
 * temporary name, syncs and renames. */
SP_MUST_CHECK enum sp_status sp_dir_make(const char *path);
SP_MUST_CHECK enum sp_status sp_path_rename(const char *from, const char *to);
SP_MUST_CHECK enum sp_status sp_file_write(const char *path, const void *bytes, size_t length);
/* The whole file by malloc, with a zero behind it; the caller frees. SP_IO with errno. */
SP_MUST_CHECK enum sp_status sp_file_read(const char *path, char **bytes, size_t *length);

#endif
