/* The directory's LMDB environment: put, load, put again; nothing there, another version, damaged
 * bytes, a folder that is not there. */
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/directory_db.h"
#include "tests/check_run.h"
#include "tests/folder.h"
#include "tests/rating/customers_case.h"

static const struct case_file book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\nb,base\n"},
    {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};

static char folder[PATH_MAX];
static char message[256];
static struct sp_text error;

static void setup(void)
{
  test_folder_make(folder);
}

static void teardown(void)
{
  test_folder_remove(folder);
}

static struct sp_text *error_begin(void)
{
  error = (struct sp_text)SP_TEXT_INIT(message);
  message[0] = '\0';
  return &error;
}

/* `count` customers, so that there are several pieces of a section. */
static void customers_make(struct customers_case *own, int count)
{
  size_t size = (size_t)count * 40 + 64;
  char *accounts = malloc(size), *subscribers = malloc(size);
  ck_assert(accounts != NULL && subscribers != NULL);
  size_t a = (size_t)snprintf(accounts, size, "account\n"),
         s = (size_t)snprintf(subscribers, size, "subscriber,number,account\n");
  for (int i = 0; i < count; i++) {
    a += (size_t)snprintf(accounts + a, size - a, "account%08d\n", i);
    s += (size_t)snprintf(subscribers + s, size - s, "S%d,86138%08d,account%08d\n", i, i, i);
  }
  const struct case_file files[] = {{"accounts.csv", accounts},
                                    {"subscribers.csv", subscribers},
                                    {"subscriptions.csv", "owner,plan\nsubscriber:S7,b\n"}};
  case_begin(own);
  case_book(own, book, 3);
  case_customers(own, files, 3);
  ck_assert_msg(own->problems.errors == 0, "%s", own->lines);
  free(accounts);
  free(subscribers);
}

static void loaded_check(int count)
{
  struct sp_memory memory;
  struct sp_directory *directory;
  sp_heap_init(&memory);
  enum sp_status status = sp_directory_db_load(&directory, folder, &memory, error_begin());
  ck_assert_msg(status == SP_OK, "%s: %s", sp_status_word(status), message);
  ck_assert_uint_eq(sp_directory_subscriber_count(directory), (uint32_t)count);
  uint32_t subscriber = sp_directory_find_subscriber(directory, (struct sp_name){"S7", 2});
  ck_assert_uint_eq(subscriber, 7);
  ck_assert(case_is(sp_directory_account_name(directory, sp_directory_account_at(directory, 7, 0)),
                    "account00000007"));
  struct sp_subscription one;
  uint32_t subscriptions;
  (void)sp_directory_subscriptions(directory, 7, &one, &subscriptions);
  ck_assert_uint_eq(subscriptions, 1);
  sp_directory_free(directory);
  sp_memory_free(&memory);
}

START_TEST(test_put_load_put)
{
  static struct customers_case own;
  struct sp_memory memory;
  struct sp_directory *directory;
  sp_heap_init(&memory);
  ck_assert_int_ne(sp_directory_db_load(&directory, folder, &memory, error_begin()), SP_OK);
  ck_assert_str_ne(message, "");
  ck_assert_ptr_null(directory);
  customers_make(&own, 30000);
  enum sp_status status = sp_directory_db_put(folder, own.directory, error_begin());
  ck_assert_msg(status == SP_OK, "%s", message);
  loaded_check(30000);
  case_end(&own);
  customers_make(&own, 20); /* another put replaces it whole */
  ck_assert_int_eq(sp_directory_db_put(folder, own.directory, error_begin()), SP_OK);
  loaded_check(20);
  ck_assert_int_eq(sp_directory_db_put(folder, own.directory, error_begin()), SP_OK);
  loaded_check(20);
  case_end(&own);
  sp_memory_free(&memory);
}
END_TEST

/* Changes one stored value in place. */
static void value_change(int number, size_t at)
{
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi table;
  MDB_cursor *cursor;
  MDB_val key, value;
  ck_assert_int_eq(mdb_env_create(&env), 0);
  ck_assert_int_eq(mdb_env_set_mapsize(env, 1 << 30), 0);
  ck_assert_int_eq(mdb_env_open(env, folder, 0, 0644), 0);
  ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
  ck_assert_int_eq(mdb_dbi_open(txn, NULL, 0, &table), 0);
  ck_assert_int_eq(mdb_cursor_open(txn, table, &cursor), 0);
  ck_assert_int_eq(mdb_cursor_get(cursor, &key, &value, number < 0 ? MDB_LAST : MDB_FIRST), 0);
  for (int i = 0; i < number; i++) {
    ck_assert_int_eq(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), 0);
  }
  if (at == SIZE_MAX) {
    ck_assert_int_eq(mdb_cursor_del(cursor, 0), 0);
  } else {
    char *copy = malloc(value.mv_size);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[at % value.mv_size] ^= 0x40;
    MDB_val changed = {value.mv_size, copy};
    ck_assert_int_eq(mdb_cursor_put(cursor, &key, &changed, MDB_CURRENT), 0);
    free(copy);
  }
  mdb_cursor_close(cursor);
  ck_assert_int_eq(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

START_TEST(test_damaged)
{
  static const struct {
    int number; /* of the value, -1 the last: meta */
    size_t at;
    enum sp_status status;
  } cases[] = {{0, 100, SP_BAD_CHECKSUM}, {3, 5, SP_BAD_CHECKSUM},     {2, SIZE_MAX, SP_BAD_FORMAT},
               {-1, 8, SP_BAD_VERSION},   {-1, 0, SP_BAD_FORMAT},      {-1, 20, SP_BAD_CHECKSUM},
               {-1, 40, SP_BAD_CHECKSUM}, {-1, SIZE_MAX, SP_NOT_FOUND}};
  static struct customers_case own;
  customers_make(&own, 3000);
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    teardown();
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    ck_assert_int_eq(sp_directory_db_put(folder, own.directory, error_begin()), SP_OK);
    value_change(cases[i].number, cases[i].at);
    struct sp_memory memory;
    struct sp_directory *directory;
    sp_heap_init(&memory);
    enum sp_status status = sp_directory_db_load(&directory, folder, &memory, error_begin());
    ck_assert_msg(status == cases[i].status && *message != '\0', "case %zu: %s: %s", i,
                  sp_status_word(status), message);
    sp_memory_free(&memory);
  }
  case_end(&own);
}
END_TEST

START_TEST(test_no_folder)
{
  static struct customers_case own;
  struct sp_memory memory;
  struct sp_directory *directory;
  char path[PATH_MAX + 64];
  snprintf(path, sizeof(path), "%s/none", folder);
  customers_make(&own, 8);
  ck_assert_int_eq(sp_directory_db_put(path, own.directory, error_begin()), SP_IO);
  ck_assert_ptr_nonnull(strstr(message, "No such file"));
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_directory_db_load(&directory, path, &memory, error_begin()), SP_IO);
  sp_memory_free(&memory);
  case_end(&own);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_put_load_put);
  tcase_add_test(tests, test_damaged);
  tcase_add_test(tests, test_no_folder);
  return check_run("directory_db", tests);
}
