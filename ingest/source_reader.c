#include "ingest/source_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define IN_BYTES ((size_t)128 << 10)
#define MAGIC_BYTES 4
#define PIPE_WAIT_MS 5

static const unsigned char zstd_magic[MAGIC_BYTES] = {0x28, 0xB5, 0x2F, 0xFD};

struct sp_reader {
  int fd;
  bool seekable, regular;
  bool known;            /* whether it is zstd */
  bool in_frame;         /* zstd: inside a frame */
  ZSTD_DStream *zstd;    /* NULL: plain */
  size_t in_at, in_size; /* bytes read but not given yet */
  char in[IN_BYTES];
};

/* More input behind what is there; *got 0: the end for now. */
/* A pipe may have nothing for long: the caller has blocks to close meanwhile. */
static bool readable(const struct sp_reader *reader)
{
  struct pollfd poll_of = {.fd = reader->fd, .events = POLLIN};
  return reader->regular || poll(&poll_of, 1, PIPE_WAIT_MS) > 0;
}

static enum sp_status input_read(struct sp_reader *reader, size_t *got)
{
  SP_ASSERT(reader->in_size < IN_BYTES);
  if (!readable(reader)) {
    return SP_AGAIN;
  }
  ssize_t n = read(reader->fd, reader->in + reader->in_size, IN_BYTES - reader->in_size);
  if (n < 0) {
    return errno == EINTR || errno == EAGAIN ? SP_AGAIN : SP_IO;
  }
  reader->in_size += (size_t)n;
  *got = (size_t)n;
  return SP_OK;
}

/* The first bytes decide: zstd or plain. */
static enum sp_status kind_find(struct sp_reader *reader)
{
  size_t got = 1;
  while (reader->in_size < MAGIC_BYTES && got > 0) {
    SP_TRY(input_read(reader, &got));
  }
  reader->known = reader->in_size > 0; /* an empty file may become either */
  if (reader->in_size < MAGIC_BYTES || memcmp(reader->in, zstd_magic, MAGIC_BYTES) != 0) {
    return SP_OK;
  }
  reader->zstd = ZSTD_createDStream();
  return reader->zstd == NULL ? SP_NO_MEMORY : SP_OK;
}

enum sp_status sp_reader_open(struct sp_reader **reader, const char *path)
{
  struct sp_reader *made = calloc(1, sizeof(*made));
  struct stat about;
  *reader = made;
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->fd = path == NULL ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (made->fd < 0) {
    return SP_IO;
  }
  if (fstat(made->fd, &about) != 0) {
    return SP_IO;
  }
  made->regular = S_ISREG(about.st_mode);
  made->seekable = path != NULL && made->regular;
  (void)posix_fadvise(made->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice only */
  return SP_OK;
}

void sp_reader_close(struct sp_reader *reader)
{
  if (reader == NULL) {
    return;
  }
  ZSTD_freeDStream(reader->zstd);
  if (reader->fd > STDIN_FILENO) {
    (void)close(reader->fd); /* read only: nothing can be lost */
  }
  free(reader);
}

static enum sp_status plain_read(struct sp_reader *reader, char *to, size_t size, size_t *got)
{
  size_t held = reader->in_size - reader->in_at;
  if (held > 0) {
    *got = held < size ? held : size;
    memcpy(to, reader->in + reader->in_at, *got);
    reader->in_at += *got;
    return SP_OK;
  }
  if (!readable(reader)) {
    return SP_AGAIN;
  }
  ssize_t n = read(reader->fd, to, size);
  if (n < 0) {
    return errno == EINTR || errno == EAGAIN ? SP_AGAIN : SP_IO;
  }
  *got = (size_t)n;
  return SP_OK;
}

static enum sp_status zstd_read(struct sp_reader *reader, char *to, size_t size, size_t *got)
{
  ZSTD_outBuffer out = {to, size, 0};
  while (out.pos < out.size) {
    if (reader->in_at == reader->in_size) {
      size_t more = 0;
      reader->in_at = reader->in_size = 0;
      enum sp_status status = input_read(reader, &more);
      if (status != SP_OK && out.pos == 0) {
        return status;
      }
      if (status != SP_OK || more == 0) {
        break;
      }
    }
    ZSTD_inBuffer in = {reader->in, reader->in_size, reader->in_at};
    size_t left = ZSTD_decompressStream(reader->zstd, &out, &in);
    if (ZSTD_isError(left)) {
      return SP_BAD_FORMAT;
    }
    reader->in_at = in.pos;
    reader->in_frame = left != 0;
  }
  *got = out.pos;
  return SP_OK;
}

enum sp_status sp_reader_read(struct sp_reader *reader, char *to, size_t size, size_t *got)
{
  SP_ASSERT(size > 0);
  *got = 0;
  if (!reader->known) {
    SP_TRY(kind_find(reader));
  }
  return reader->zstd != NULL ? zstd_read(reader, to, size, got)
                              : plain_read(reader, to, size, got);
}

bool sp_reader_jump(struct sp_reader *reader, uint64_t offset)
{
  struct stat about;
  if (!reader->known || reader->zstd != NULL || !reader->seekable ||
      fstat(reader->fd, &about) != 0 || offset > (uint64_t)about.st_size ||
      lseek(reader->fd, (off_t)offset, SEEK_SET) < 0) {
    return false;
  }
  reader->in_at = reader->in_size = 0;
  return true;
}

bool sp_reader_cut(const struct sp_reader *reader)
{
  return reader->in_frame;
}
