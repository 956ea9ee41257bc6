/* Pages of an LMDB file hold together after whatever was written; a turned byte is refused, or LMDB
 * can read and write all the same. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lmdb_pages.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/folder.h"
#include "tests/store/lmdb_touch.h"

enum {
  COMMITS = 150,
  PUTS_MAX = 120,
  VALUE_BYTES_MAX = 20000,
  TURNS = 2000,
  PAGE_BYTES = 4096,
  FILE_BYTES_MAX = 64 << 20
};

static char folder[PATH_MAX], path[PATH_MAX + 16];
static MDB_env *env;

static void setup(void)
{
  char words[256];
  struct sp_text why = SP_TEXT_INIT(words);
  test_folder_make(folder);
  snprintf(path, sizeof(path), "%s/data.mdb", folder);
  ck_assert_int_eq(sp__lmdb_open(&env, folder, MDB_NOTLS | MDB_NOSYNC, 4, TOUCH_MAP_BYTES, &why),
                   0);
}

static void teardown(void)
{
  if (env != NULL) {
    mdb_env_close(env);
  }
  test_folder_remove(folder);
}

static uint8_t *file_bytes(size_t *length)
{
  struct stat stat_of;
  int fd = open(path, O_RDONLY);
  ck_assert(fd >= 0 && fstat(fd, &stat_of) == 0 && stat_of.st_size < FILE_BYTES_MAX);
  *length = (size_t)stat_of.st_size;
  uint8_t *bytes = malloc(*length);
  ck_assert_ptr_nonnull(bytes);
  ck_assert_int_eq(read(fd, bytes, *length), stat_of.st_size);
  close(fd);
  return bytes;
}

/* The latest instant holds together, and each page up to the last is in it or free. */
static void sound_now(void)
{
  char words[256] = "";
  struct sp_text why = SP_TEXT_INIT(words);
  struct sp__lmdb_meta meta;
  MDB_envinfo info;
  size_t length;
  uint8_t *bytes = file_bytes(&length);
  const struct sp__lmdb_file file = {bytes, length};
  ck_assert_int_eq(mdb_env_info(env, &info), 0);
  REQUIRE(sp__lmdb_is_openable(&file, TOUCH_MAP_BYTES, &why));
  REQUIRE(sp__lmdb_meta_find(&file, info.me_last_txnid, &meta));
  uint8_t *seen = calloc(meta.last_page / 8 + 1, 1);
  ck_assert_ptr_nonnull(seen);
  ck_assert_msg(sp__lmdb_is_sound(&file, &meta, seen, &why), "transaction %llu: %s",
                (unsigned long long)info.me_last_txnid, words);
  for (uint64_t page = 2; page <= meta.last_page; page++) {
    REQUIRE((seen[page >> 3] & 1u << (page & 7)) != 0);
  }
  free(seen);
  free(bytes);
}

static void entry_change(MDB_txn *txn, MDB_dbi table, uint32_t keys, size_t value_max)
{
  static uint8_t bytes[VALUE_BYTES_MAX];
  char name[512];
  uint32_t number = draw(keys);
  size_t length = number % 7 == 0 ? 500 : 5;
  memset(name, (int)(number & 0x7F) + 1, sizeof(name));
  memcpy(name, &number, sizeof(number));
  MDB_val key = {length, name}, value = {draw((uint32_t)value_max), bytes};
  int rc = draw(3) == 0 ? mdb_del(txn, table, &key, NULL) : mdb_put(txn, table, &key, &value, 0);
  REQUIRE(rc == 0 || rc == MDB_NOTFOUND);
}

/* Some changes of entries, marks at the end and away from the front, as a checkpoint does. */
static void changes_commit(uint32_t keys, uint64_t *mark_first, uint64_t *mark_next)
{
  static uint8_t chunk[512 * 24];
  MDB_txn *txn;
  MDB_dbi entries, marks;
  REQUIRE(mdb_txn_begin(env, NULL, 0, &txn) == 0);
  REQUIRE(mdb_dbi_open(txn, "entries", MDB_CREATE, &entries) == 0);
  REQUIRE(mdb_dbi_open(txn, "marks", MDB_CREATE | MDB_INTEGERKEY, &marks) == 0);
  size_t value_max = draw(8) == 0 ? VALUE_BYTES_MAX : draw(3) == 0 ? 40 : 700;
  for (uint32_t i = draw(PUTS_MAX); i > 0; i--) {
    entry_change(txn, entries, keys, value_max);
  }
  if (draw(20) == 0) {
    REQUIRE(mdb_drop(txn, draw(2) == 0 ? entries : marks, 0) == 0);
    *mark_first = *mark_next;
  }
  for (uint32_t i = draw(30); i > 0; i--) {
    MDB_val key = {sizeof(*mark_next), mark_next}, value = {draw(sizeof(chunk)), chunk};
    REQUIRE(mdb_put(txn, marks, &key, &value, 0) == 0);
    ++*mark_next;
  }
  for (uint32_t i = draw(30); i > 0 && *mark_first < *mark_next; i--) {
    MDB_val key = {sizeof(*mark_first), mark_first};
    int rc = mdb_del(txn, marks, &key, NULL);
    REQUIRE(rc == 0 || rc == MDB_NOTFOUND);
    ++*mark_first;
  }
  if (draw(10) == 0) {
    mdb_txn_abort(txn);
  } else {
    REQUIRE(mdb_txn_commit(txn) == 0);
  }
}

/* Also while a reader keeps pages from being used again, so that the list of free ones grows. */
START_TEST(test_sound_after_anything)
{
  uint64_t mark_first = 0, mark_next = 0;
  MDB_txn *reader = NULL;
  draw_begin(1);
  sound_now();
  for (int i = 0; i < COMMITS; i++) {
    if (i % 40 == 5) {
      REQUIRE(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader) == 0);
    }
    changes_commit(i < COMMITS / 2 ? 2000 : 300, &mark_first, &mark_next);
    sound_now();
    if (i % 40 == 30) {
      mdb_txn_abort(reader);
      reader = NULL;
    }
  }
  mdb_txn_abort(reader); /* NULL is fine */
}
END_TEST

/* The file as it is, but for one byte. */
static void file_put(const uint8_t *bytes, size_t length)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ck_assert(fd >= 0);
  ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
  close(fd);
}

/* Half of them where pages keep what holds them together. */
static size_t place_draw(size_t length)
{
  uint32_t page = draw((uint32_t)(length / PAGE_BYTES));
  return (size_t)page * PAGE_BYTES + draw(draw(2) == 0 ? 160 : PAGE_BYTES);
}

START_TEST(test_turned_byte)
{
  char words[256];
  uint64_t mark_first = 0, mark_next = 0;
  size_t length, refused = 0;
  draw_begin(2);
  for (int i = 0; i < 6; i++) {
    changes_commit(80, &mark_first, &mark_next);
  }
  mdb_env_close(env);
  env = NULL;
  uint8_t *bytes = file_bytes(&length);
  for (int i = 0; i < TURNS; i++) {
    struct sp_text why = SP_TEXT_INIT(words);
    size_t at = place_draw(length);
    uint8_t was = bytes[at];
    bytes[at] ^= (uint8_t)(draw(3) == 0 ? 0xFF : 1u << draw(8));
    file_put(bytes, length);
    refused += lmdb_touch(folder, &why) ? 0 : 1;
    bytes[at] = was;
  }
  free(bytes);
  ck_assert_uint_gt(refused, TURNS / 50);
  ck_assert_uint_lt(refused, TURNS);
}
END_TEST

/* What LMDB would open and then end the process with: no page size, a tree in another place. */
START_TEST(test_words)
{
  static const struct {
    size_t at;
    uint8_t to;
    const char *says;
  } turned[] = {{16 + 25, 0x00, "page 0: is no meta page of ours"},
                {PAGE_BYTES + 16 + 25, 0x00, "page 1: is no meta page of ours"}};
  char words[256];
  mdb_env_close(env);
  env = NULL;
  size_t length;
  uint8_t *bytes = file_bytes(&length);
  for (size_t i = 0; i < sizeof(turned) / sizeof(turned[0]); i++) {
    struct sp_text why = SP_TEXT_INIT(words);
    uint8_t was = bytes[turned[i].at];
    bytes[turned[i].at] = turned[i].to;
    file_put(bytes, length);
    ck_assert(!lmdb_touch(folder, &why));
    ck_assert_ptr_nonnull(strstr(words, turned[i].says));
    bytes[turned[i].at] = was;
  }
  file_put(bytes, length);
  struct sp_text why = SP_TEXT_INIT(words);
  ck_assert(lmdb_touch(folder, &why));
  free(bytes);
}
END_TEST

/* Made, and nothing was written: who only reads says so, who writes goes on. */
START_TEST(test_empty)
{
  char words[256];
  mdb_env_close(env);
  env = NULL;
  file_put(NULL, 0);
  struct sp_text why = SP_TEXT_INIT(words);
  ck_assert_int_ne(sp__lmdb_open(&env, folder, MDB_NOTLS | MDB_RDONLY, 4, TOUCH_MAP_BYTES, &why),
                   0);
  ck_assert_ptr_null(env);
  ck_assert_str_eq(words, "data.mdb is damaged: it is empty");
  ck_assert(lmdb_touch(folder, &why));
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_sound_after_anything);
  tcase_add_test(tests, test_turned_byte);
  tcase_add_test(tests, test_words);
  tcase_add_test(tests, test_empty);
  return check_run("lmdb_pages", tests);
}
