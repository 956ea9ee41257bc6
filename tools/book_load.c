#include "tools/book_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/book_words.h"
#include "tools/heap.h"

#define SP_LOAD_FILES_MAX 64
#define SP_LOAD_TABLES_MAX 16 /* of them tables, book.yaml and the zone */
#define SP_LOAD_NAME_MAX 128
#define SP_ZONE_FOLDER "/usr/share/zoneinfo"

struct folder_files {
  struct sp_book_file file[SP_LOAD_FILES_MAX];
  char names[SP_LOAD_FILES_MAX][SP_LOAD_NAME_MAX];
  size_t sizes[SP_LOAD_FILES_MAX]; /* of the blocks from the heap */
  size_t count;
};

static void problem(struct sp_problem_list *list, const char *file, const char *what)
{
  char message[SP_PROBLEM_BYTES_MAX];
  snprintf(message, sizeof(message), "%s%s%s", what, errno == 0 ? "" : ": ",
           errno == 0 ? "" : strerror(errno));
  sp_problem_error(&list->problems, file, 0, 0, message);
}

static bool bytes_read(int fd, char *bytes, size_t length)
{
  for (size_t at = 0; at < length;) {
    ssize_t got = read(fd, bytes + at, length - at);
    if (got == 0 || (got < 0 && errno != EINTR)) {
      errno = got == 0 ? EIO : errno;
      return false;
    }
    at += got > 0 ? (size_t)got : 0;
  }
  return true;
}

/* The bytes of a file, its size in `sizes`. BAD_BOOK: it cannot be read, which is said. */
static enum sp_status file_read(struct folder_files *files, size_t i, const char *path,
                                struct sp_problem_list *list)
{
  struct stat stat;
  const char *name = files->names[i];
  errno = 0;
  int fd =
      open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe nobody writes to does not wait */
  bool known = fd >= 0 && fstat(fd, &stat) == 0;
  if (!known || !S_ISREG(stat.st_mode)) {
    problem(list, name, known ? "is not a file; expected a table" : "cannot be read");
    if (fd >= 0) {
      close(fd);
    }
    return SP_BAD_BOOK;
  }
  size_t length = (size_t)stat.st_size;
  char *bytes = sp_heap_take(length + 1);
  if (bytes == NULL) {
    close(fd);
    return SP_NO_MEMORY;
  }
  enum sp_status status = SP_OK;
  if (bytes_read(fd, bytes, length)) {
    files->file[i].bytes = bytes;
    files->file[i].length = length;
    files->sizes[i] = length + 1;
  } else {
    problem(list, name, "cannot be read");
    sp_heap_give(bytes, length + 1);
    status = SP_BAD_BOOK;
  }
  close(fd);
  return status;
}

/* A file without bytes yet: as one that cannot be read, of which nothing hangs on is reported. */
static size_t name_add(struct folder_files *files, const char *name)
{
  size_t i = files->count++;
  SP_ASSERT(i < SP_LOAD_FILES_MAX && strlen(name) < SP_LOAD_NAME_MAX);
  memcpy(files->names[i], name, strlen(name) + 1);
  files->file[i] = (struct sp_book_file){files->names[i], NULL, 0};
  files->sizes[i] = 0;
  return i;
}

/* A CSV file that is no table is not opened; the compiler warns of its name. */
static bool is_stray(const struct folder_files *files, const char *name)
{
  size_t length = strlen(name);
  return length > 4 && length < SP_LOAD_NAME_MAX && name[0] != '.' &&
         strcasecmp(name + length - 4, ".csv") == 0 &&
         files->count < SP_LOAD_FILES_MAX - SP_LOAD_TABLES_MAX;
}

/* The tables of a folder. BAD_BOOK: one of them cannot be read, the others are there. */
static enum sp_status tables_read(struct folder_files *files, DIR *folder, const char *path,
                                  struct sp_problem_list *list)
{
  enum sp_status status = SP_OK;
  for (const struct dirent *entry = readdir(folder); entry != NULL && status != SP_NO_MEMORY;
       entry = readdir(folder)) {
    char full[PATH_MAX];
    if (strcmp(entry->d_name, "book.yaml") != 0 && !sp_book_is_table(entry->d_name)) {
      if (is_stray(files, entry->d_name)) {
        (void)name_add(files, entry->d_name);
      }
      continue;
    }
    int length = snprintf(full, sizeof(full), "%s/%s", path, entry->d_name);
    size_t i = name_add(files, entry->d_name);
    enum sp_status one = SP_BAD_BOOK;
    if (length < 0 || (size_t)length >= sizeof(full)) {
      errno = ENAMETOOLONG;
      problem(list, entry->d_name, "cannot be read");
    } else {
      one = file_read(files, i, full, list);
    }
    status = one == SP_OK ? status : one;
  }
  return status;
}

static enum sp_status folder_read(struct folder_files *files, const char *path,
                                  struct sp_problem_list *list)
{
  DIR *folder = opendir(path);
  if (folder == NULL) {
    problem(list, "book.yaml", "cannot be read");
    return SP_NOT_FOUND;
  }
  enum sp_status status = tables_read(files, folder, path, list);
  closedir(folder);
  return status;
}

/* The rules of the book's time zone from the system; a zone that is not there is the compiler's to
 * report. */
static enum sp_status zone_add(struct folder_files *files, struct sp_problem_list *list)
{
  char name[SP_BOOK_ZONE_NAME_MAX];
  char path[PATH_MAX];
  struct sp_book_files all = {files->file, files->count};
  if (!sp_book_find_zone(&all, name)) {
    return SP_OK;
  }
  struct stat stat_of;
  snprintf(path, sizeof(path), SP_ZONE_FOLDER "/%s", name);
  if (stat(path, &stat_of) != 0 || !S_ISREG(stat_of.st_mode)) {
    return SP_OK;
  }
  return file_read(files, name_add(files, SP_BOOK_ZONE_FILE), path, list);
}

static void files_free(struct folder_files *files)
{
  for (size_t i = 0; i < files->count; i++) {
    sp_heap_give(files->file[i].bytes, files->sizes[i]);
  }
}

static enum sp_status folder_compile(struct sp_loaded_book *loaded, struct folder_files *files,
                                     const char *path, struct sp_problem_list *list)
{
  struct sp_book_image image = {NULL, 0};
  struct sp_memory memory;
  sp_heap_init(&memory);
  enum sp_status read = folder_read(files, path, list);
  if (read == SP_OK || read == SP_BAD_BOOK) {
    enum sp_status zone = zone_add(files, list);
    read = zone == SP_OK ? read : zone;
  }
  enum sp_status status = read == SP_NOT_FOUND ? SP_BAD_BOOK : read;
  if (read == SP_OK || read == SP_BAD_BOOK) { /* else there is nothing to look at */
    struct sp_book_files all = {files->file, files->count};
    status = sp_book_compile(&all, &list->problems, &memory, read == SP_OK ? &image : NULL);
    status = status == SP_OK ? read : status;
  }
  sp_memory_free(&memory);
  if (status != SP_OK) {
    return status;
  }
  *loaded = (struct sp_loaded_book){{NULL, NULL}, image.bytes, image.length, false};
  status = sp_book_open(&loaded->book, image.bytes, image.length);
  SP_ASSERT(status == SP_OK); /* what we have just written */
  return status;
}

static enum sp_status file_map(struct sp_loaded_book *loaded, const char *path,
                               struct sp_problem_list *list)
{
  struct stat stat;
  errno = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &stat) != 0) {
    problem(list, path, "cannot be read");
    if (fd >= 0) {
      close(fd);
    }
    return SP_BAD_BOOK;
  }
  size_t bytes = (size_t)stat.st_size;
  void *image = bytes == 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  errno = 0;
  if (image == MAP_FAILED) {
    problem(list, path, "is not a compiled book; expected one, or the folder of a book");
    return SP_BAD_BOOK;
  }
  enum sp_status status = sp_book_open(&loaded->book, image, bytes);
  if (status != SP_OK) {
    char what[SP_PROBLEM_BYTES_MAX];
    snprintf(what, sizeof(what),
             "is not a compiled book of this version: %s; expected a file of `tariff compile`",
             sp_status_text(status));
    problem(list, path, what);
    munmap(image, bytes);
    return SP_BAD_BOOK;
  }
  loaded->image = image;
  loaded->bytes = bytes;
  loaded->mapped = true;
  return SP_OK;
}

enum sp_status sp_book_load(struct sp_loaded_book *loaded, const char *path,
                            struct sp_problem_list *list)
{
  struct stat stat_of;
  memset(loaded, 0, sizeof(*loaded));
  if (stat(path, &stat_of) == 0 && !S_ISDIR(stat_of.st_mode)) {
    list->folder = NULL;
    return file_map(loaded, path, list);
  }
  list->folder = path;
  struct folder_files *files = sp_heap_take(sizeof(*files));
  if (files == NULL) {
    return SP_NO_MEMORY;
  }
  enum sp_status status = folder_compile(loaded, files, path, list);
  files_free(files);
  sp_heap_give(files, sizeof(*files));
  return status;
}

void sp_book_unload(struct sp_loaded_book *loaded)
{
  if (loaded->image != NULL && loaded->mapped) {
    munmap(loaded->image, loaded->bytes);
  } else if (loaded->image != NULL) {
    sp_heap_give(loaded->image, loaded->bytes);
  }
  memset(loaded, 0, sizeof(*loaded));
}

static bool differ(const struct sp_book *a, struct sp_book_name x, const struct sp_book *b,
                   struct sp_book_name y)
{
  return x.length != y.length || memcmp(sp_book_text(a, x), sp_book_text(b, y), x.length) != 0;
}

static void clash_say(struct sp_problem_list *list, const struct sp_book *earlier, const char *what)
{
  char words[512] = "";
  struct sp_text text = SP_TEXT_INIT(words);
  sp_text_add(&text, "does not go with book ");
  sp_words_name(&text, earlier, earlier->header->name);
  sp_text_add(&text, ": expected ");
  sp_text_add(&text, what);
  sp_problem_error(&list->problems, "book.yaml", 1, 1, words);
}

/* All that keeps a book from going with those before it (book.md §18.5). */
static void clashes_say(struct sp_problem_list *list, const struct sp_book *book, size_t at)
{
  const struct sp_book *b = book + at;
  const struct sp_book_header *x = book->header, *y = b->header;
  const struct {
    bool clash;
    const char *says;
  } unlike[] = {{differ(book, x->timezone, b, y->timezone), "the same timezone"},
                {differ(book, x->currency, b, y->currency), "the same currency"},
                {differ(book, x->home_country, b, y->home_country), "the same home_country"},
                {x->cycle_day != y->cycle_day, "the same cycle_day"}};
  for (size_t i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++) {
    if (unlike[i].clash) {
      clash_say(list, book, unlike[i].says);
    }
  }
  for (const struct sp_book *a = book; a < b; a++) {
    if (a->header->valid_from_utc_s == y->valid_from_utc_s) {
      clash_say(list, a, "another valid_from");
      break; /* one other is enough to know what is wrong */
    }
  }
}

/* Those that could be loaded go together or not, whatever is wrong with the others. */
static enum sp_status set_make(struct sp_books *books, const struct sp_loaded_book *loaded,
                               const char *const *paths, size_t count, struct sp_memory *memory,
                               struct sp_problem_list *list)
{
  struct sp_book opened[SP_BOOKS_MAX] = {{NULL, NULL}};
  uint32_t clash = SP_NONE, good = 0, errors = list->problems.errors;
  for (size_t i = 0; i < count; i++) {
    if (loaded[i].image != NULL) {
      list->folder = paths[i];
      opened[good] = loaded[i].book;
      clashes_say(list, opened, good++);
    }
  }
  return good == count && list->problems.errors == errors
             ? sp_books_make(books, opened, good, memory, &clash)
             : SP_BAD_BOOK;
}

enum sp_status sp_books_load(struct sp_books *books, struct sp_loaded_book *loaded,
                             const char *const *paths, size_t count, struct sp_memory *memory,
                             struct sp_problem_list *list)
{
  SP_ASSERT(count <= SP_BOOKS_MAX);
  enum sp_status status = SP_OK;
  memset(loaded, 0, count * sizeof(*loaded));
  for (size_t i = 0; i < count && status != SP_NO_MEMORY; i++) {
    enum sp_status one = sp_book_load(&loaded[i], paths[i], list);
    status = one == SP_OK ? status : one;
  }
  if (status == SP_OK || status == SP_BAD_BOOK) {
    status = set_make(books, loaded, paths, count, memory, list);
  }
  for (size_t i = 0; status != SP_OK && i < count; i++) {
    sp_book_unload(&loaded[i]);
  }
  return status;
}
