/* suanpan init: a new store from a book and customers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/checkpoint.h"
#include "store/directory_db.h"
#include "tools/book_load.h"
#include "tools/config.h"
#include "tools/customers_folder.h"
#include "tools/heap.h"
#include "tools/store_dir.h"
#include "tools/verbs.h"

#define STORE_BYTES_MAX (SP_PATH_BYTES_MAX - 512) /* with room for what lies in it */

static const struct sp_verb_help help = {
    "suanpan init STORE --book DIR [--book DIR2] --customers DIR [--shards 4] [--config FILE]",
    "  suanpan init /var/lib/suanpan --book book/ --customers customers/\n"
    "  suanpan init store --book 2026 --book 2027 --customers customers --shards 16\n",
    "Makes a new store: checks and compiles the books, reads the customers (rows that cannot stand "
    "are reported and left\n"
    "out), and makes the shards. The number of shards stays for the store's life."};

struct init {
  struct sp_store_dir dir; /* under its temporary name */
  struct sp_option_list books;
  const char *customers, *config;
  int64_t shards;
  struct sp_memory memory;
  struct sp_loaded_book loaded[SP_BOOKS_MAX];
  struct sp_books set;
  bool books_loaded;
  struct sp_directory *directory;
};

static int failed(const char *path, const char *why)
{
  fprintf(stderr, "suanpan: %s: %s\n", path, why);
  return SP_EXIT_ENVIRONMENT;
}

static int books_load(struct init *init)
{
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  enum sp_status status = sp_books_load(&init->set, init->loaded, init->books.values,
                                        init->books.count, &init->memory, &list);
  sp_problem_list_print(&list, stderr);
  sp_problem_list_free(&list);
  init->books_loaded = status == SP_OK;
  if (status == SP_OK) {
    return SP_EXIT_DONE;
  }
  fprintf(stderr, "suanpan: the book has errors; nothing was made\n");
  return status == SP_NO_MEMORY ? SP_EXIT_ENVIRONMENT : SP_EXIT_BOOK;
}

static int books_write(struct init *init)
{
  char path[SP_PATH_BYTES_MAX];
  for (uint32_t i = 0; i < init->set.count; i++) {
    sp_store_path(&init->dir, path, "books/%04u.book", i + 1);
    if (sp_file_write(path, init->loaded[i].image, init->loaded[i].bytes) != SP_OK) {
      return failed(path, strerror(errno));
    }
  }
  return SP_EXIT_DONE;
}

static int customers_write(struct init *init)
{
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  enum sp_status status = sp_customers_load(&init->directory, init->customers, &init->set,
                                            &init->memory, &list.problems);
  sp_problem_list_print(&list, stderr);
  sp_problem_list_free(&list);
  if (status != SP_OK) {
    return failed(init->customers, status == SP_NO_MEMORY
                                       ? sp_status_text(status)
                                       : "the customers cannot be read; nothing was made");
  }
  char path[SP_PATH_BYTES_MAX], words[512];
  struct sp_text error = SP_TEXT_INIT(words);
  sp_store_path(&init->dir, path, "directory");
  if (sp_dir_make(path) != SP_OK) {
    return failed(path, strerror(errno));
  }
  status = sp_directory_db_put(path, init->directory, &error);
  return status == SP_OK ? SP_EXIT_DONE
                         : failed(path, error.length > 0 ? error.at : sp_status_text(status));
}

static int shards_make(struct init *init)
{
  char path[SP_PATH_BYTES_MAX];
  for (uint32_t i = 0; i < init->shards; i++) {
    static const char *const folders[] = {"", "/journal", "/state"};
    for (unsigned k = 0; k < 3; k++) {
      sp_store_path(&init->dir, path, "shards/%u%s", i, folders[k]);
      if (sp_dir_make(path) != SP_OK) {
        return failed(path, strerror(errno));
      }
    }
    struct sp_checkpoint *checkpoint = NULL; /* makes its tables, so that readers find them */
    enum sp_status status = sp_checkpoint_open(&checkpoint, path, true);
    if (status != SP_OK) {
      int code = failed(path, checkpoint != NULL ? sp_checkpoint_error(checkpoint)
                                                 : sp_status_text(status));
      sp_checkpoint_close(checkpoint);
      return code;
    }
    sp_checkpoint_close(checkpoint);
  }
  return SP_EXIT_DONE;
}

static int config_copy(struct init *init)
{
  if (init->config == NULL) {
    return SP_EXIT_DONE;
  }
  struct sp_config *config = NULL;
  int code = sp_config_read(&config, init->config, true);
  sp_config_free(config); /* read to be checked only: its text is copied as it stands */
  if (code != SP_EXIT_DONE) {
    return code;
  }
  char *bytes, path[SP_PATH_BYTES_MAX];
  size_t length;
  if (sp_file_read(init->config, &bytes, &length) != SP_OK) {
    return failed(init->config, strerror(errno));
  }
  sp_store_path(&init->dir, path, "suanpan.yaml");
  enum sp_status status = sp_file_write(path, bytes, length);
  free(bytes);
  return status == SP_OK ? SP_EXIT_DONE : failed(path, strerror(errno));
}

static int store_fill(struct init *init)
{
  static const char *const folders[] = {"books", "shards"};
  char path[SP_PATH_BYTES_MAX];
  for (unsigned i = 0; i < 2; i++) {
    sp_store_path(&init->dir, path, "%s", folders[i]);
    if (sp_dir_make(path) != SP_OK) {
      return failed(path, strerror(errno));
    }
  }
  int code = books_write(init);
  code = code == SP_EXIT_DONE ? customers_write(init) : code;
  code = code == SP_EXIT_DONE ? shards_make(init) : code;
  code = code == SP_EXIT_DONE ? config_copy(init) : code;
  if (code != SP_EXIT_DONE) {
    return code;
  }
  char text[128];
  int n = snprintf(text, sizeof(text), "suanpan store %d\nshards=%lld\n", SP_STORE_VERSION,
                   (long long)init->shards);
  sp_store_path(&init->dir, path, "store.txt");
  return sp_file_write(path, text, (size_t)n) == SP_OK ? SP_EXIT_DONE
                                                       : failed(path, strerror(errno));
}

/* Removes what a failed init left: only what init makes. */
static void remove_made(const struct init *init)
{
  char command_path[SP_PATH_BYTES_MAX];
  static const char *const files[] = {"store.txt", "suanpan.yaml", "directory/data.mdb",
                                      "directory/lock.mdb", "directory"};
  for (uint32_t i = 0; i < SP_BOOKS_MAX; i++) {
    sp_store_path(&init->dir, command_path, "books/%04u.book", i + 1);
    unlink(command_path);
  }
  for (uint32_t i = 0; i < init->shards; i++) {
    static const char *const parts[] = {"state/data.mdb", "state/lock.mdb", "state", "journal", ""};
    for (unsigned k = 0; k < 5; k++) {
      sp_store_path(&init->dir, command_path, "shards/%u/%s", i, parts[k]);
      if (unlink(command_path) != 0) {
        rmdir(command_path);
      }
    }
  }
  for (unsigned i = 0; i < 5; i++) {
    sp_store_path(&init->dir, command_path, "%s", files[i]);
    if (unlink(command_path) != 0) {
      rmdir(command_path);
    }
  }
  sp_store_path(&init->dir, command_path, "books");
  rmdir(command_path);
  sp_store_path(&init->dir, command_path, "shards");
  rmdir(command_path);
  rmdir(init->dir.path);
}

static int store_make(struct init *init, const char *store)
{
  struct stat stat_of;
  if (lstat(store, &stat_of) == 0) {
    return failed(store, "is there already; expected a new path");
  }
  snprintf(init->dir.path, sizeof(init->dir.path), "%s.init-%ld", store, (long)getpid());
  int code = books_load(init);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  if (mkdir(init->dir.path, 0755) != 0) {
    return failed(init->dir.path, strerror(errno));
  }
  code = store_fill(init);
  if (code == SP_EXIT_DONE && sp_path_rename(init->dir.path, store) != SP_OK) {
    code = failed(store, strerror(errno));
    (void)rename(store, init->dir.path); /* what could not be made to stay is taken away below */
  }
  if (code != SP_EXIT_DONE) {
    remove_made(init);
    return code;
  }
  fprintf(stderr, "suanpan: %s: %lld shards, %u books, %u subscribers, %u groups\n", store,
          (long long)init->shards, init->set.count, sp_directory_subscriber_count(init->directory),
          sp_directory_group_count(init->directory));
  return SP_EXIT_DONE;
}

int sp_cmd_init(int argc, char **argv)
{
  struct init *init = calloc(1, sizeof(*init));
  if (init == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  init->shards = 4;
  sp_heap_init(&init->memory);
  struct sp_option_list rest = {.count = 0};
  const struct sp_option table[] = {
      {"--book", SP_OPTION_LIST, &init->books, "DIR", "tariff book, may be given several times"},
      {"--customers", SP_OPTION_TEXT, &init->customers, "DIR", "customer tables"},
      {"--shards", SP_OPTION_NUMBER, &init->shards, "N", "1 to 64 (default 4)"},
      {"--config", SP_OPTION_TEXT, &init->config, "FILE", "becomes the store's suanpan.yaml"}};
  int code = sp_options_read(&help, table, 4, argc, argv, &rest);
  if (code < 0) {
    if (rest.count != 1 || init->books.count == 0 || init->customers == NULL) {
      code = sp_usage_error(&help, "expected one STORE, --book and --customers");
    } else if (init->shards < 1 || init->shards > SP_SHARDS_MAX) {
      code = sp_usage_error(&help, "--shards: expected 1 to %d", SP_SHARDS_MAX);
    } else if (strlen(rest.values[0]) >= STORE_BYTES_MAX) {
      code = sp_usage_error(&help, "the path of STORE is too long");
    } else {
      char store[STORE_BYTES_MAX];
      size_t length = strlen(rest.values[0]);
      memcpy(store, rest.values[0], length + 1);
      while (length > 1 && store[length - 1] == '/') {
        store[--length] = '\0';
      }
      code = store_make(init, store);
    }
  }
  if (init->directory != NULL) {
    sp_directory_free(init->directory);
  }
  for (uint32_t i = 0; init->books_loaded && i < init->set.count; i++) {
    sp_book_unload(&init->loaded[i]);
  }
  sp_memory_free(&init->memory);
  free(init);
  return code;
}
