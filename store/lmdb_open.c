#include "store/lmdb_open.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stddef.h>

#define MAP_BYTES_LEAST (UINT64_C(1) << 30)
#define FETCH_BYTES \
  ((size_t)128 << 10) /* what Linux reads ahead at once, whatever it is asked for */

static int env_open(MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                    uint64_t map_bytes)
{
  int rc = mdb_env_create(env);
  if (rc != 0) {
    *env = NULL;
    return rc;
  }
  rc = mdb_env_set_mapsize(*env, map_bytes);
  if (rc == 0 && tables > 0) {
    rc = mdb_env_set_maxdbs(*env, tables);
  }
  if (rc == 0) {
    rc = mdb_env_open(*env, folder, flags, 0644);
  }
  if (rc != 0) {
    mdb_env_close(*env);
    *env = NULL;
  }
  return rc;
}

int sp__lmdb_open(struct MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                  uint64_t map_bytes)
{
  for (;;) {
    int rc = env_open(env, folder, flags, tables, map_bytes);
    if ((rc != ENOMEM && rc != EINVAL) || map_bytes / 4 < MAP_BYTES_LEAST) {
      return rc;
    }
    map_bytes /= 4;
  }
}

void sp__lmdb_fetch(struct MDB_env *env)
{
  int fd;
  MDB_envinfo info;
  MDB_stat stat;
  if (mdb_env_get_fd(env, &fd) != 0 || mdb_env_info(env, &info) != 0 ||
      mdb_env_stat(env, &stat) != 0) {
    return;
  }
  uint64_t bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
  for (uint64_t at = 0; at < bytes; at += FETCH_BYTES) {
    if (readahead(fd, (off_t)at, FETCH_BYTES) != 0) {
      return; /* a file system that has no such thing: pages come when they are asked for */
    }
  }
}
