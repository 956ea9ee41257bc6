#include "tools/cgrates_folder.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/heap.h"

#define YAML_BYTES_MAX 65536

/* Bytes of a whole file; NULL with errno: it cannot be read. */
static char *file_read(const char *path, size_t *length)
{
  char *bytes = NULL;
  struct stat kind;
  if (stat(path, &kind) == 0 && !S_ISREG(kind.st_mode)) {
    errno = S_ISDIR(kind.st_mode) ? EISDIR : ENODEV;
    return NULL;
  }
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return NULL;
  }
  long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  if (end >= 0 && fseek(file, 0, SEEK_SET) == 0) {
    bytes = sp_heap_take((size_t)end + 1);
    errno = bytes == NULL ? ENOMEM : 0;
  }
  *length = bytes == NULL ? 0 : fread(bytes, 1, (size_t)end, file);
  if (bytes != NULL && *length != (size_t)end) {
    errno = errno == 0 ? EIO : errno;
    sp_heap_give(bytes, (size_t)end + 1);
    bytes = NULL;
  }
  int error = errno;
  fclose(file);
  errno = error;
  return bytes;
}

static bool file_path(char path[PATH_MAX], const char *folder, const char *name)
{
  int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);
  return length > 0 && length < PATH_MAX;
}

enum sp_status sp_cgrates_plan_open(struct sp_cgrates_plan *plan, const char *path, unsigned digits,
                                    struct sp_problem_list *list)
{
  memset(plan, 0, sizeof(*plan));
  sp_heap_init(&plan->memory);
  list->folder = path;
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    const char *name = sp_cgrates_table_name((enum sp_cgrates_table)i);
    char full[PATH_MAX];
    errno = ENAMETOOLONG;
    struct stat link; /* one that leads nowhere is a table that cannot be read */
    if (file_path(full, path, name)) {
      plan->files[i].bytes = file_read(full, &plan->files[i].length);
    }
    if (plan->files[i].bytes == NULL && (errno != ENOENT || lstat(full, &link) == 0)) {
      char message[SP_PROBLEM_BYTES_MAX];
      snprintf(message, sizeof(message), "cannot be read: %s", strerror(errno));
      sp_problem_error(&list->problems, name, 0, 0, message);
      plan->files[i].unreadable = true;
    }
  }
  return sp_cgrates_read(&plan->tariff, plan->files, digits, &plan->memory, &list->problems);
}

void sp_cgrates_plan_close(struct sp_cgrates_plan *plan)
{
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    if (plan->files[i].bytes != NULL) {
      sp_heap_give(plan->files[i].bytes, plan->files[i].length + 1);
    }
  }
  sp_memory_free(&plan->memory);
}

enum sp_status sp_cgrates_book_digits(const char *book, unsigned *digits)
{
  static const char key[] = "increment_digits:";
  char path[PATH_MAX], line[256];
  enum sp_status status = SP_BAD_BOOK;
  errno = ENAMETOOLONG;
  FILE *file = file_path(path, book, "book.yaml") ? fopen(path, "r") : NULL;
  if (file == NULL) {
    fprintf(stderr, "suanpan: %s/book.yaml: cannot be read: %s\n", book, strerror(errno));
    return SP_BAD_BOOK;
  }
  while (status != SP_OK && fgets(line, sizeof(line), file) != NULL) {
    const char *at = line + sizeof(key) - 1;
    if (strncmp(line, key, sizeof(key) - 1) == 0) {
      at += strspn(at, " \t");
      *digits = (unsigned)(unsigned char)*at - '0';
      status = *digits <= SP_CGRATES_DIGITS_MAX && strchr("\r\n \t#", at[1]) != NULL ? SP_OK
                                                                                     : SP_BAD_BOOK;
    }
  }
  fclose(file);
  if (status != SP_OK) {
    fprintf(stderr,
            "suanpan: %s: expected a line increment_digits: 0 to %d, as a CGRateS import "
            "has it\n",
            path, SP_CGRATES_DIGITS_MAX);
  }
  return status;
}
