#include "tools/cgrates_book.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

static FILE *table_open(const char *book, const char *name)
{
  char path[PATH_MAX];
  int length = snprintf(path, sizeof(path), "%s/%s", book, name);
  errno = ENAMETOOLONG;
  return length > 0 && (size_t)length < sizeof(path) ? fopen(path, "w") : NULL;
}

bool sp_cgrates_book_write(const struct sp_cgrates *tariff, const char *book, unsigned digits)
{
  (void)tariff;
  FILE *yaml = table_open(book, "book.yaml");
  if (yaml == NULL) {
    return false;
  }
  fprintf(yaml,
          "name: cgrates\ntimezone: UTC\nrounding_digits: 4\n"
          "increment_digits: %u\n",
          digits);
  return fclose(yaml) == 0;
}
