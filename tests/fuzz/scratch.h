/* A folder of a target's own, gone with the program. */
#ifndef SP_TESTS_FUZZ_SCRATCH_H
#define SP_TESTS_FUZZ_SCRATCH_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rating/status.h"

static char scratch_folder[PATH_MAX];

static inline void scratch_remove(void)
{
  static const char *const names[] = {"data.mdb", "lock.mdb"};
  char path[PATH_MAX + 16];
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    snprintf(path, sizeof(path), "%s/%s", scratch_folder, names[i]);
    (void)unlink(path);
  }
}

static inline void scratch_end(void)
{
  scratch_remove();
  (void)rmdir(scratch_folder);
}

/* Once; in the build folder (SUANPAN_BUILD), else where the program runs. */
static inline void scratch_make(void)
{
  if (scratch_folder[0] == '\0') {
    const char *base = getenv("SUANPAN_BUILD");
    int length = snprintf(scratch_folder, sizeof(scratch_folder), "%s/fuzz-XXXXXX",
                          base == NULL ? "." : base);
    SP_ASSERT(length > 0 && (size_t)length < sizeof(scratch_folder));
    SP_ASSERT(mkdtemp(scratch_folder) != NULL);
    SP_ASSERT(atexit(scratch_end) == 0);
  }
}

#endif
