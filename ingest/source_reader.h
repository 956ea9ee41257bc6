/* The decompressed bytes of one file or of stdin, in order. The caller owns a reader and closes it,
 * also one that could not be opened. One thread. */
#ifndef SP_INGEST_SOURCE_READER_H
#define SP_INGEST_SOURCE_READER_H

#include "rating/status.h"

struct sp_reader;

/* `path` NULL: stdin. zstd is known by its magic. IO: errno says why; NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_reader_open(struct sp_reader **reader, const char *path);
void sp_reader_close(struct sp_reader *reader);
/* Up to `size` bytes; *got 0: the end for now. IO (errno), AGAIN (a signal came), BAD_FORMAT (not
 * zstd any more). */
SP_MUST_CHECK enum sp_status sp_reader_read(struct sp_reader *reader, char *to, size_t size,
                                            size_t *got);
/* Goes to a byte at once. False: it can only be read up to it. */
bool sp_reader_jump(struct sp_reader *reader, uint64_t offset);
/* The end came inside a zstd frame. */
bool sp_reader_cut(const struct sp_reader *reader);

#endif
