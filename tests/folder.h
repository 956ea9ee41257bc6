/* A folder of a test's own, in the build folder (SUANPAN_BUILD), else where it runs. */
#ifndef SP_TESTS_FOLDER_H
#define SP_TESTS_FOLDER_H

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* path: its absolute name without links. */
static inline void test_folder_make(char path[PATH_MAX])
{
  char made[PATH_MAX];
  const char *base = getenv("SUANPAN_BUILD");
  int length = snprintf(made, sizeof(made), "%s/test-XXXXXX", base == NULL ? "." : base);
  ck_assert(length > 0 && (size_t)length < sizeof(made));
  ck_assert_ptr_nonnull(mkdtemp(made));
  ck_assert_ptr_nonnull(realpath(made, path));
}

/* With the files in it; there are no folders in it. */
static inline void test_folder_remove(const char *path)
{
  DIR *entries = opendir(path);
  ck_assert_ptr_nonnull(entries);
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      ck_assert_int_eq(unlinkat(dirfd(entries), entry->d_name, 0), 0);
    }
  }
  closedir(entries);
  ck_assert_int_eq(rmdir(path), 0);
}

#endif
