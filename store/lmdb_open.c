#include "store/lmdb_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/lmdb_pages.h"

#define MAP_BYTES_LEAST (UINT64_C(1) << 30)
#define FETCH_BYTES (128 << 10) /* what Linux reads ahead at once, whatever it is asked for */
#define LOOKS_MAX 100           /* a writer does not commit 200 times while one reader looks */
#define OPENINGS_MAX 5000       /* with PAUSE_NS between: five seconds and more */
#define PAUSE_NS 1000000

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

static int file_map(struct sp__lmdb_file *file, int fd)
{
  struct stat stat_of;
  *file = (struct sp__lmdb_file){NULL, 0};
  if (fstat(fd, &stat_of) != 0) {
    return errno;
  }
  if (stat_of.st_size == 0) {
    return 0;
  }
  void *at = mmap(NULL, (size_t)stat_of.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) {
    return errno;
  }
  *file = (struct sp__lmdb_file){at, (size_t)stat_of.st_size};
  return 0;
}

static void file_unmap(const struct sp__lmdb_file *file)
{
  if (file->bytes != NULL) {
    munmap((void *)(uintptr_t)file->bytes, file->length);
  }
}

/* `why` so far, unless it turns out that nothing is wrong. */
static void damage_begin(struct sp_text *why)
{
  why->length = 0;
  sp_text_add(why, "data.mdb is damaged: ");
}

/* What LMDB would not find out while it opens: a page size of 0 ends it; or would say oddly: who
 * only reads cannot make an empty file one of its own. No file yet is none of it. */
static int metas_check(const char *folder, unsigned flags, uint64_t map_bytes, struct sp_text *why)
{
  char path[PATH_MAX];
  struct sp__lmdb_file file;
  int length = snprintf(path, sizeof(path), "%s/data.mdb", folder);
  int fd = length < 0 || (size_t)length >= sizeof(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0; /* LMDB says so, or makes it */
  }
  int rc = file_map(&file, fd);
  damage_begin(why);
  if (rc == 0 && file.length == 0 && (flags & MDB_RDONLY) != 0) {
    sp_text_add(why, "it is empty");
    rc = MDB_CORRUPTED;
  } else if (rc == 0 && !sp__lmdb_is_openable(&file, map_bytes, why)) {
    rc = MDB_CORRUPTED;
  }
  file_unmap(&file);
  close(fd);
  return rc;
}

/* The pages of the instant that `txn` reads. NOTFOUND: the writer has gone on since. */
static int snapshot_check(MDB_txn *txn, int fd, struct sp_text *why)
{
  struct sp__lmdb_file file;
  struct sp__lmdb_meta meta, after;
  uint64_t number = mdb_txn_id(txn);
  int rc = file_map(&file, fd);
  if (rc != 0) {
    return rc;
  }
  if (!sp__lmdb_meta_find(&file, number, &meta)) {
    rc = MDB_NOTFOUND;
  } else {
    uint8_t *seen = calloc((size_t)(meta.last_page / 8 + 1), 1);
    rc = seen == NULL ? ENOMEM : sp__lmdb_is_sound(&file, &meta, seen, why) ? 0 : MDB_CORRUPTED;
    free(seen);
    bool held =
        sp__lmdb_meta_find(&file, number, &after) && memcmp(&meta, &after, sizeof(meta)) == 0;
    rc = rc == MDB_CORRUPTED && !held ? MDB_NOTFOUND : rc;
  }
  file_unmap(&file);
  return rc;
}

/* Asks the system to read the whole file from disk, in its order: whoever visits all of it would
 * wait for each page else. Nothing happens to what is in the cache. */
static void file_fetch(int fd)
{
  struct stat stat_of;
  if (fstat(fd, &stat_of) != 0) {
    return;
  }
  for (off_t at = 0; at < stat_of.st_size; at += FETCH_BYTES) {
    if (readahead(fd, at, FETCH_BYTES) != 0) {
      return; /* a file system that has no such thing: pages come when they are asked for */
    }
  }
}

/* While a reader looks, pages of its instant stay; its meta page does not when a writer commits
 * twice between, so it looks again. */
static int pages_check(MDB_env *env, struct sp_text *why)
{
  int fd, rc = mdb_env_get_fd(env, &fd);
  if (rc != 0) {
    return rc;
  }
  file_fetch(fd);
  for (int i = 0; i < LOOKS_MAX; i++) {
    MDB_txn *txn;
    rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
      return rc;
    }
    damage_begin(why);
    rc = snapshot_check(txn, fd, why);
    mdb_txn_abort(txn);
    if (rc != MDB_NOTFOUND) {
      return rc;
    }
  }
  sp_text_add(why, "its meta page has another number");
  return MDB_CORRUPTED;
}

static int env_open_within(MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                           uint64_t map_bytes)
{
  int rc = env_open(env, folder, flags, tables, map_bytes);
  while ((rc == ENOMEM || rc == EINVAL) && map_bytes / 4 >= MAP_BYTES_LEAST) {
    map_bytes /= 4;
    rc = env_open(env, folder, flags, tables, map_bytes);
  }
  return rc;
}

/* Whether who reads is given an instant before the latest: for a moment while a writer commits, and
 * for good where lock.mdb has a wrong number. LMDB's first opener writes it there, and where that
 * one is killed just then, those that wait for it take what stands there, mostly 0. */
static bool is_behind(MDB_env *env)
{
  MDB_envinfo info;
  MDB_txn *txn;
  if (mdb_env_info(env, &info) != 0 || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0) {
    return false; /* pages_check meets the same */
  }
  bool behind = mdb_txn_id(txn) < info.me_last_txnid;
  mdb_txn_abort(txn);
  return behind;
}

/* Opened again until the number is right: once all have closed it, the next one writes it. */
static int env_open_latest(MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                           uint64_t map_bytes)
{
  int rc = env_open_within(env, folder, flags, tables, map_bytes);
  for (int i = 1; rc == 0 && i < OPENINGS_MAX && is_behind(*env); i++) {
    mdb_env_close(*env);
    nanosleep(&(const struct timespec){0, PAUSE_NS}, NULL);
    rc = env_open_within(env, folder, flags, tables, map_bytes);
  }
  return rc;
}

int sp__lmdb_open(MDB_env **env, const char *folder, unsigned flags, unsigned tables,
                  uint64_t map_bytes, struct sp_text *why)
{
  *env = NULL;
  int rc = metas_check(folder, flags, map_bytes, why);
  bool said = rc == MDB_CORRUPTED;
  if (rc == 0) {
    rc = env_open_latest(env, folder, flags, tables, map_bytes);
  }
  if (rc == 0) {
    rc = pages_check(*env, why);
    said = rc == MDB_CORRUPTED;
    if (rc != 0) {
      mdb_env_close(*env);
      *env = NULL;
    }
  }
  if (rc != 0 && !said) {
    why->length = 0;
    sp_text_add(why, mdb_strerror(rc));
  }
  return rc;
}
