#include <lmdb.h>
#include <zstd.h>

#include "tools/options.h"
#include "tools/verbs.h"

int sp_cmd_version(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  printf("suanpan %s\nlmdb %d.%d.%d\nzstd %s\n", SP_VERSION, MDB_VERSION_MAJOR, MDB_VERSION_MINOR,
         MDB_VERSION_PATCH, ZSTD_versionString());
  return SP_EXIT_DONE;
}
