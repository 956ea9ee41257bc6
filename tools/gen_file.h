/* Text files of one folder, written one after the other; the first failure is kept. */
#ifndef SP_TOOLS_GEN_FILE_H
#define SP_TOOLS_GEN_FILE_H

#include <stdbool.h>
#include <stdio.h>

/* Start with the path and good = true. */
struct sp_gen_folder {
  const char *path; /* borrowed; the folder exists */
  FILE *open;
  bool good;
};

/* Closes the file before and opens NAME for writing. Never NULL: after a failure a scratch stream.
 */
FILE *sp__gen_file(struct sp_gen_folder *folder, const char *name);

/* Closes the last file; true if every file was written whole. errno tells why not. */
bool sp__gen_folder_done(struct sp_gen_folder *folder);

/* Makes a folder if it is not there. */
bool sp__gen_folder_make(const char *path);

#endif
