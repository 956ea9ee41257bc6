/* From paths to streams of files. Inside ingest/. */
#ifndef SP_INGEST_SOURCE_PATHS_H
#define SP_INGEST_SOURCE_PATHS_H

#include "ingest/name_index.h"
#include "ingest/source_inside.h"

#define SP__STDIN_NAME "stdin" /* the stream of "-" */

struct sp__folder;

/* What was given, so that folders can be looked into again, and which files are streams already. */
struct sp__paths {
  struct sp__folder *folders;
  uint32_t folders_count;
  struct sp_name_index names; /* of the streams */
};

/* A file, a folder's usage files by name, or "-". NOT_FOUND, IO, LIMIT, NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp__paths_add(struct sp_source *source, struct sp__paths *paths,
                                           const char *path);
/* Files that came to the folders since become streams, each folder's by name. What goes away while
 * it is looked at is not there; a folder that cannot be read any more is an error. */
SP_MUST_CHECK enum sp_status sp__paths_look(struct sp_source *source, struct sp__paths *paths);
void sp__paths_free(struct sp__paths *paths);

#endif
