/* Inside the file source: from the paths a person gives to streams. */
#ifndef SP_INGEST_SOURCE_PATHS_H
#define SP_INGEST_SOURCE_PATHS_H

#include "ingest/source_inside.h"

#define SP__STDIN_NAME "stdin"

/* A file, a folder's usage files by name, or "-". Errors: NOT_FOUND, IO, LIMIT, NO_MEMORY, with
 * their text. */
SP_MUST_CHECK enum sp_status sp__path_add(struct sp_source *source, const char *path);

#endif
