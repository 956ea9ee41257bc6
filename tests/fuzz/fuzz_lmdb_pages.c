/* Pages of an LMDB file: refused, or LMDB reads, puts and removes everything in it. The file is one
 * that was written here; an input turns bytes of it or cuts it (tests/fuzz/patches.h; `part` is a
 * page). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lmdb_pages.h"
#include "tests/fuzz/patches.h"
#include "tests/fuzz/scratch.h"
#include "tests/store/lmdb_touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAGE_BYTES = 4096, ROUNDS = 5, ENTRIES = 150, MARKS = 12, VALUE_BYTES = 9000 };

static char path[PATH_MAX + 16];
static uint8_t *whole;
static size_t whole_length;

/* Three levels, values in overflow pages, numbers as keys, free pages. */
static void round_write(MDB_env *env, uint32_t round)
{
  static uint8_t value_bytes[VALUE_BYTES];
  char key_bytes[400];
  MDB_txn *txn;
  MDB_dbi entries, marks;
  SP_ASSERT(mdb_txn_begin(env, NULL, 0, &txn) == 0);
  SP_ASSERT(mdb_dbi_open(txn, "entries", MDB_CREATE, &entries) == 0);
  SP_ASSERT(mdb_dbi_open(txn, "marks", MDB_CREATE | MDB_INTEGERKEY, &marks) == 0);
  for (uint32_t i = round; i < ENTRIES; i += 2) {
    memset(key_bytes, (int)(i % 100), sizeof(key_bytes));
    key_bytes[0] = (char)i;
    MDB_val key = {i % 3 == 0 ? sizeof(key_bytes) : 5, key_bytes};
    MDB_val value = {(i + round) % 17 == 0 ? VALUE_BYTES : i * 7 % 300, value_bytes};
    SP_ASSERT(mdb_put(txn, entries, &key, &value, 0) == 0);
  }
  for (uint64_t i = (uint64_t)round * MARKS; i < (uint64_t)(round + 1) * MARKS; i++) {
    uint64_t gone = i - MARKS;
    MDB_val key = {sizeof(i), &i}, value = {i * 100 % VALUE_BYTES, value_bytes};
    MDB_val former = {sizeof(gone), &gone};
    SP_ASSERT(mdb_put(txn, marks, &key, &value, 0) == 0);
    SP_ASSERT(round == 0 || i % 3 == 0 || mdb_del(txn, marks, &former, NULL) == 0);
  }
  SP_ASSERT(mdb_txn_commit(txn) == 0);
}

static void whole_make(void)
{
  char words[256];
  struct sp_text why = SP_TEXT_INIT(words);
  struct stat stat_of;
  MDB_env *env;
  scratch_make();
  snprintf(path, sizeof(path), "%s/data.mdb", scratch_folder);
  SP_ASSERT(sp__lmdb_open(&env, scratch_folder, MDB_NOTLS | MDB_NOSYNC, 4, TOUCH_MAP_BYTES, &why) ==
            0);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    round_write(env, i);
  }
  mdb_env_close(env);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  SP_ASSERT(fd >= 0 && fstat(fd, &stat_of) == 0);
  whole_length = (size_t)stat_of.st_size;
  whole = malloc(whole_length);
  SP_ASSERT(whole != NULL && read(fd, whole, whole_length) == stat_of.st_size);
  close(fd);
}

static void file_write(const uint8_t *bytes, size_t length)
{
  scratch_remove();
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  SP_ASSERT(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
  close(fd);
}

/* The same question to bytes that end where they end, so that a read behind them is seen. */
static void bytes_look(const uint8_t *bytes, size_t length)
{
  char words[256];
  struct sp__lmdb_meta meta;
  for (uint64_t number = ROUNDS - 1; number <= ROUNDS; number++) {
    struct sp_text why = SP_TEXT_INIT(words);
    const struct sp__lmdb_file file = {bytes, length};
    if (sp__lmdb_is_openable(&file, TOUCH_MAP_BYTES, &why) &&
        sp__lmdb_meta_find(&file, number, &meta)) {
      uint8_t *seen = calloc(meta.last_page / 8 + 1, 1);
      SP_ASSERT(seen != NULL);
      SP_ASSERT(sp__lmdb_is_sound(&file, &meta, seen, &why) || why.length > 0);
      free(seen);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (whole == NULL) {
    whole_make();
  }
  size_t length = whole_length;
  struct patch patch;
  uint8_t *bytes = malloc(length);
  SP_ASSERT(bytes != NULL);
  memcpy(bytes, whole, length);
  bool touched = false;
  while (patch_next(&patch, &data, &size)) {
    size_t at = (size_t)patch.part * PAGE_BYTES + patch.at % PAGE_BYTES;
    if (at < length && patch.turn != 0) {
      bytes[at] ^= patch.turn;
    } else if (at < length && at > 0) {
      length = at;
    }
    touched = true;
  }
  uint8_t *exact = malloc(length);
  SP_ASSERT(exact != NULL);
  memcpy(exact, bytes, length);
  bytes_look(exact, length);
  file_write(exact, length);
  char words[256];
  struct sp_text why = SP_TEXT_INIT(words);
  SP_ASSERT(lmdb_touch(scratch_folder, &why) || touched);
  free(exact);
  free(bytes);
  return 0;
}
