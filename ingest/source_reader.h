/* Inside the file source: the decompressed bytes of one file or of stdin, in order. */
#ifndef SP_INGEST_SOURCE_READER_H
#define SP_INGEST_SOURCE_READER_H

#include "rating/status.h"

struct sp__reader;

/* `path` NULL: stdin. zstd is known by its magic. IO: errno says why. */
SP_MUST_CHECK enum sp_status sp__source_reader_open(struct sp__reader **reader, const char *path);
void sp__source_reader_close(struct sp__reader *reader);
/* Up to `size` bytes; *got 0: the end for now. IO (errno), AGAIN (a signal came), BAD_FORMAT (not
 * zstd any more). */
SP_MUST_CHECK enum sp_status sp__reader_read(struct sp__reader *reader, char *to, size_t size,
                                             size_t *got);
/* Goes to a byte at once. False: it can only be read up to it. */
bool sp__reader_jump(struct sp__reader *reader, uint64_t offset);
/* The end came inside a zstd frame. */
bool sp__reader_cut(const struct sp__reader *reader);

#endif
