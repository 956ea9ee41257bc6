/* suanpan book load|list: books of a store. A running service takes an added book at the next block
 * boundary. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tools/book_load.h"
#include "tools/book_words.h"
#include "tools/heap.h"
#include "tools/store_dir.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan book load STORE DIR  |  suanpan book list STORE",
    "  suanpan book load /var/lib/suanpan tariffs/2027\n  suanpan book list /var/lib/suanpan\n",
    "load: checks and compiles a book with a later valid_from, adds it to the store, and tells a "
    "running service, which\n"
    "takes it at its next block boundary without a pause; records that start before its valid_from "
    "keep their book. Nothing\n"
    "is re-rated. list: the books of a store in the order in which they were loaded."};

struct books {
  struct sp_store_dir dir;
  struct sp_memory memory;
  struct sp_problem_list list;
  struct sp_loaded_book loaded[SP_BOOKS_MAX];
  struct sp_books set;
  char paths[SP_BOOKS_MAX][SP_PATH_BYTES_MAX];
  uint32_t count; /* of the store */
};

static int failed(const char *path, const char *why)
{
  fprintf(stderr, "suanpan: %s: %s\n", path, why);
  return SP_EXIT_ENVIRONMENT;
}

static int store_open(struct books *books, const char *store)
{
  int code = sp_store_dir_open(&books->dir, store);
  while (code == SP_EXIT_DONE && books->count < SP_BOOKS_MAX) {
    char *path = books->paths[books->count];
    sp_store_path(&books->dir, path, "books/%04u.book", books->count + 1);
    if (access(path, F_OK) != 0) {
      break;
    }
    books->count++;
  }
  return code;
}

/* The store's books and, if given, one more: all of them must go together. */
static int set_load(struct books *books, const char *more)
{
  const char *paths[SP_BOOKS_MAX + 1];
  for (uint32_t i = 0; i < books->count; i++) {
    paths[i] = books->paths[i];
  }
  uint32_t count = books->count;
  if (more != NULL) {
    if (count == SP_BOOKS_MAX) {
      return failed(books->dir.path, "has 64 books, which is the most");
    }
    paths[count++] = more;
  }
  enum sp_status status =
      sp_books_load(&books->set, books->loaded, paths, count, &books->memory, &books->list);
  sp_problem_list_print(&books->list, stderr);
  if (status == SP_OK) {
    return SP_EXIT_DONE;
  }
  fprintf(stderr, "suanpan: nothing was loaded\n");
  return status == SP_NO_MEMORY ? SP_EXIT_ENVIRONMENT : SP_EXIT_BOOK;
}

/* A running service writes its pid into the lock file and holds the lock. */
static void service_tell(const struct books *books)
{
  char path[SP_PATH_BYTES_MAX], text[32] = "";
  sp_store_path(&books->dir, path, "lock");
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && pread(fd, text, sizeof(text) - 1, 0) > 0) {
    long pid = strtol(text, NULL, 10);
    if (pid > 1 && kill((pid_t)pid, SIGHUP) == 0) {
      printf("told the running service %ld\n", pid);
    }
  }
  close(fd);
}

static int book_add(struct books *books, const char *path)
{
  char lock[SP_PATH_BYTES_MAX], to[SP_PATH_BYTES_MAX];
  sp_store_path(&books->dir, lock, "books/lock");
  int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || flock(fd, LOCK_EX) != 0) {
    int code = failed(lock, strerror(errno));
    if (fd >= 0) {
      close(fd);
    }
    return code;
  }
  char store[SP_PATH_BYTES_MAX];
  snprintf(store, sizeof(store), "%s", books->dir.path);
  books->count = 0;
  int code = store_open(books, store); /* again, now that nobody else adds */
  code = code == SP_EXIT_DONE ? set_load(books, path) : code;
  if (code == SP_EXIT_DONE) {
    const struct sp_loaded_book *added = &books->loaded[books->count];
    sp_store_path(&books->dir, to, "books/%04u.book", books->count + 1);
    if (sp_file_write(to, added->image, added->bytes) != SP_OK) {
      code = failed(to, strerror(errno));
    } else {
      printf("%s: book %u\n", books->dir.path, books->count + 1);
      service_tell(books);
    }
  }
  close(fd);
  return code;
}

static int books_list(struct books *books)
{
  int code = set_load(books, NULL);
  for (uint32_t i = 0; code == SP_EXIT_DONE && i < books->set.count; i++) {
    const struct sp_book *book = &books->set.book[i];
    const struct sp_book_header *header = book->header;
    printf("%u  %.*s  ", i + 1, (int)header->name.length, sp_book_text(book, header->name));
    if (header->valid_from_utc_s <= SP_TIME_MIN) {
      printf("always valid  ");
    } else {
      char words[64] = "";
      struct sp_text text = SP_TEXT_INIT(words);
      sp_words_time(&text, book, header->valid_from_utc_s);
      printf("valid from %s  ", words);
    }
    for (unsigned k = 0; k < sizeof(header->hash); k++) {
      printf("%02x", header->hash[k]);
    }
    printf("\n");
  }
  return code;
}

int sp_cmd_book(int argc, char **argv)
{
  struct sp_option_list rest = {.count = 0};
  int code = sp_options_read(&help, NULL, 0, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  bool load = rest.count == 3 && strcmp(rest.values[0], "load") == 0;
  if (!load && !(rest.count == 2 && strcmp(rest.values[0], "list") == 0)) {
    return sp_usage_error(&help, "expected load STORE DIR or list STORE");
  }
  struct books *books = calloc(1, sizeof(*books));
  if (books == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  sp_heap_init(&books->memory);
  sp_problem_list_init(&books->list);
  code = store_open(books, rest.values[1]);
  if (code == SP_EXIT_DONE && load) {
    code = book_add(books, rest.values[2]);
  } else if (code == SP_EXIT_DONE) {
    code = books_list(books);
  }
  for (uint32_t i = 0; i < books->set.count; i++) {
    sp_book_unload(&books->loaded[i]);
  }
  sp_problem_list_free(&books->list);
  sp_memory_free(&books->memory);
  free(books);
  return code;
}
