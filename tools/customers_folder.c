#include "tools/customers_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapped {
  struct sp_customer_file files[SP_CUSTOMER_TABLES];
  char names[SP_CUSTOMER_TABLES][PATH_MAX];
};

static void cannot_read(struct sp_problems *problems, const char *name)
{
  char message[256];
  snprintf(message, sizeof(message), "cannot be read: %s", strerror(errno));
  sp_problem_error(problems, name, 0, 0, message);
}

/* Private mapping: cells are unquoted in place, the file itself does not change. */
static enum sp_status file_map(struct sp_customer_file *file, struct sp_problems *problems)
{
  static char nothing[1];
  int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat stat;
  if (fd < 0 && errno == ENOENT && lstat(file->name, &stat) != 0) {
    return SP_OK; /* a link that leads nowhere is a table that cannot be read */
  }
  if (fd < 0 || fstat(fd, &stat) != 0) {
    cannot_read(problems, file->name);
    if (fd >= 0) {
      close(fd);
    }
    return SP_IO;
  }
  enum sp_status status = SP_OK;
  if (!S_ISREG(stat.st_mode)) {
    sp_problem_error(problems, file->name, 0, 0, "is not a file; expected a table");
    status = SP_IO;
  } else if (stat.st_size == 0) {
    file->bytes = nothing;
  } else {
    size_t length = (size_t)stat.st_size;
    void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
      cannot_read(problems, file->name);
      status = SP_IO;
    } else {
      (void)madvise(at, length, MADV_SEQUENTIAL);
      file->bytes = at;
      file->length = length;
    }
  }
  close(fd);
  return status;
}

static enum sp_status files_map(struct mapped *mapped, const char *folder,
                                struct sp_problems *problems)
{
  enum sp_status status = SP_OK;
  for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
    const char *table = sp_customer_table_name((enum sp_customer_table)i);
    int length = snprintf(mapped->names[i], PATH_MAX, "%s/%s", folder, table);
    if (length < 0 || length >= PATH_MAX) {
      sp_problem_error(problems, folder, 0, 0, "is too long a path");
      return SP_IO;
    }
    mapped->files[i].name = mapped->names[i];
    if (file_map(&mapped->files[i], problems) != SP_OK) {
      status = SP_IO;
    }
  }
  return status;
}

static void files_unmap(struct mapped *mapped)
{
  for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
    if (mapped->files[i].length > 0) {
      munmap(mapped->files[i].bytes, mapped->files[i].length);
    }
  }
}

enum sp_status sp_customers_load(struct sp_directory **directory, const char *folder,
                                 const struct sp_books *books, struct sp_memory *memory,
                                 struct sp_problems *problems)
{
  struct stat stat_of;
  if (stat(folder, &stat_of) != 0 || !S_ISDIR(stat_of.st_mode)) {
    sp_problem_error(problems, folder, 0, 0, "is not a folder of customer tables");
    return SP_NOT_FOUND;
  }
  struct mapped mapped = {0};
  enum sp_status status = files_map(&mapped, folder, problems);
  if (status == SP_OK) {
    status = sp_customers_read(directory, mapped.files, books, memory, problems);
  }
  files_unmap(&mapped);
  return status;
}
