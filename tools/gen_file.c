#include "tools/gen_file.h"

#include <errno.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 4096

static void file_close(struct sp_gen_folder *folder)
{
  if (folder->open == NULL) {
    return;
  }
  bool bad = ferror(folder->open) != 0;
  bad = fclose(folder->open) != 0 || bad;
  folder->good = folder->good && !bad;
  folder->open = NULL;
}

FILE *sp__gen_file(struct sp_gen_folder *folder, const char *name)
{
  char path[PATH_MAX_BYTES];
  file_close(folder);
  int n = snprintf(path, sizeof path, "%s/%s", folder->path, name);
  if (n < 0 || n >= PATH_MAX_BYTES) {
    errno = ENAMETOOLONG;
  } else {
    folder->open = fopen(path, "w");
  }
  if (folder->open == NULL) {
    folder->good = false;
    folder->open = fopen("/dev/null", "w");
  }
  return folder->open != NULL ? folder->open : stderr;
}

bool sp__gen_folder_done(struct sp_gen_folder *folder)
{
  file_close(folder);
  return folder->good;
}

bool sp__gen_folder_make(const char *path)
{
  return mkdir(path, 0777) == 0 || errno == EEXIST;
}
