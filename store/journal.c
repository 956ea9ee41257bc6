#include "store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAGIC 0x4A4F5552u
#define PATH_BYTES_MAX 4096

struct sp_journal {
  uint32_t magic;
  bool writable;
  char dir[PATH_BYTES_MAX];
  uint64_t *segments; /* ascending first block numbers */
  size_t segments_count, segments_size;
  size_t at_segment; /* index of the one being read */
  uint8_t *map;
  size_t map_bytes;
  uint64_t offset; /* of the next block in it */
  struct sp_journal_place block_place;
  uint64_t torn_bytes;
  int fd; /* for appending: the last segment, -1 = none */
  uint64_t fd_offset;
  uint64_t synced_offset; /* in it: up to here the bytes are on disk */
};

static enum sp_status segment_add(struct sp_journal *journal, uint64_t number)
{
  if (journal->segments_count == journal->segments_size) {
    size_t size = journal->segments_size * 2 + 16;
    uint64_t *moved = realloc(journal->segments, size * sizeof(*moved));
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    journal->segments = moved;
    journal->segments_size = size;
  }
  journal->segments[journal->segments_count++] = number;
  return SP_OK;
}

static int number_compare(const void *a, const void *b)
{
  const uint64_t *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

static enum sp_status segments_list(struct sp_journal *journal)
{
  DIR *dir = opendir(journal->dir);
  if (dir == NULL) {
    return SP_IO;
  }
  enum sp_status status = SP_OK;
  for (struct dirent *entry = readdir(dir); entry != NULL && status == SP_OK;
       entry = readdir(dir)) {
    char *end = NULL;
    unsigned long long number = strtoull(entry->d_name, &end, 10);
    if (end == entry->d_name + 20 && strcmp(end, ".spj") == 0 && number > 0) {
      status = segment_add(journal, number);
    }
  }
  closedir(dir);
  if (status == SP_OK && journal->segments_count > 0) {
    qsort(journal->segments, journal->segments_count, sizeof(uint64_t), number_compare);
  }
  return status;
}

enum sp_status sp_journal_open(struct sp_journal **out, const char *dir, bool writable)
{
  struct sp_journal *journal = calloc(1, sizeof(*journal));
  if (journal == NULL) {
    return SP_NO_MEMORY;
  }
  journal->magic = JOURNAL_MAGIC;
  journal->writable = writable;
  journal->fd = -1;
  snprintf(journal->dir, sizeof(journal->dir), "%s", dir);
  enum sp_status status = segments_list(journal);
  if (status != SP_OK) {
    sp_journal_close(journal);
    return status;
  }
  *out = journal;
  return SP_OK;
}

static void unmap(struct sp_journal *journal)
{
  if (journal->map != NULL) {
    munmap(journal->map, journal->map_bytes);
  }
  journal->map = NULL;
  journal->map_bytes = 0;
}

void sp_journal_close(struct sp_journal *journal)
{
  if (journal == NULL) {
    return;
  }
  SP_ASSERT(journal->magic == JOURNAL_MAGIC);
  journal->magic = 0;
  unmap(journal);
  if (journal->fd >= 0) {
    close(journal->fd);
  }
  free(journal->segments);
  free(journal);
}

static void segment_path(const struct sp_journal *journal, uint64_t number, char *path)
{
  int n = snprintf(path, PATH_BYTES_MAX + 32, "%s/%020llu.spj", journal->dir,
                   (unsigned long long)number);
  SP_ASSERT(n > 0 && n < PATH_BYTES_MAX + 32);
}

static enum sp_status segment_map(struct sp_journal *journal, size_t index, uint64_t offset)
{
  unmap(journal);
  journal->at_segment = index;
  journal->offset = offset;
  char path[PATH_BYTES_MAX + 32];
  segment_path(journal, journal->segments[index], path);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat stat;
  if (fd < 0) {
    return SP_IO;
  }
  if (fstat(fd, &stat) != 0) {
    close(fd);
    return SP_IO;
  }
  size_t bytes = (size_t)stat.st_size;
  if (bytes > 0) {
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
      close(fd);
      return SP_IO;
    }
    (void)madvise(map, bytes, MADV_SEQUENTIAL);
    journal->map = map;
    journal->map_bytes = bytes;
  }
  close(fd);
  return offset <= bytes ? SP_OK : SP_NOT_FOUND;
}

enum sp_status sp_journal_seek(struct sp_journal *journal, struct sp_journal_place place)
{
  SP_ASSERT(journal->magic == JOURNAL_MAGIC);
  journal->torn_bytes = 0;
  if (place.segment == 0) {
    unmap(journal);
    if (place.offset != 0) {
      return SP_NOT_FOUND;
    }
    journal->offset = 0;
    journal->at_segment = 0;
    return journal->segments_count == 0 ? SP_OK : segment_map(journal, 0, 0);
  }
  for (size_t i = 0; i < journal->segments_count; i++) {
    if (journal->segments[i] == place.segment) {
      return segment_map(journal, i, place.offset);
    }
  }
  return SP_NOT_FOUND;
}

/* Whether a whole block stands anywhere behind a place that holds none: then it is damage, not a
 * torn tail. */
static bool block_behind(const struct sp_journal *journal, struct sp_block_view *view)
{
  if (journal->at_segment + 1 < journal->segments_count) {
    return true;
  }
  const uint64_t magic = SP_BLOCK_MAGIC;
  const uint8_t *end = journal->map + journal->map_bytes;
  for (const uint8_t *at = journal->map + journal->offset + 1; (size_t)(end - at) > sizeof(magic);
       at++) {
    at = memmem(at, (size_t)(end - at), &magic, sizeof(magic));
    if (at == NULL) {
      return false;
    }
    size_t used;
    enum sp_status status = sp_block_peek(view, at, (size_t)(end - at), &used);
    if (status == SP_OK || status == SP_BAD_VERSION) {
      return true;
    }
  }
  return false;
}

static enum sp_status block_read(struct sp_journal *journal, struct sp_block_view *view, bool whole,
                                 size_t *used)
{
  const uint8_t *at = journal->map == NULL ? NULL : journal->map + journal->offset;
  size_t available = journal->map_bytes - (size_t)journal->offset;
  return whole ? sp_block_open(view, at, available, used)
               : sp_block_peek(view, at, available, used);
}

enum sp_status sp_journal_next(struct sp_journal *journal, struct sp_block_view *view, bool whole)
{
  SP_ASSERT(journal->magic == JOURNAL_MAGIC);
  journal->torn_bytes = 0;
  if (journal->segments_count == 0) {
    return SP_END;
  }
  if (journal->offset == journal->map_bytes && journal->at_segment + 1 < journal->segments_count) {
    SP_TRY(segment_map(journal, journal->at_segment + 1, 0));
  }
  size_t used = 0;
  enum sp_status status = block_read(journal, view, whole, &used);
  if (status == SP_OK) {
    journal->block_place =
        (struct sp_journal_place){journal->segments[journal->at_segment], journal->offset};
    journal->offset += used;
    return SP_OK;
  }
  if (status != SP_BAD_FORMAT && status != SP_BAD_CHECKSUM) {
    return status;
  }
  if (block_behind(journal, view)) {
    return status;
  }
  journal->torn_bytes = journal->map_bytes - journal->offset;
  return SP_END;
}

struct sp_journal_place sp_journal_block_place(const struct sp_journal *journal)
{
  return journal->block_place;
}

struct sp_journal_place sp_journal_place(const struct sp_journal *journal)
{
  if (journal->segments_count == 0) {
    return (struct sp_journal_place){0, 0};
  }
  if (journal->fd >= 0) {
    return (struct sp_journal_place){journal->segments[journal->segments_count - 1],
                                     journal->fd_offset};
  }
  return (struct sp_journal_place){journal->segments[journal->at_segment], journal->offset};
}

uint64_t sp_journal_torn_bytes(const struct sp_journal *journal)
{
  return journal->torn_bytes;
}

enum sp_status sp_folder_sync(const char *folder)
{
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return SP_IO;
  }
  int rc = fsync(fd), saved = errno;
  close(fd);
  errno = saved;
  return rc == 0 ? SP_OK : SP_IO;
}

enum sp_status sp_journal_cut(struct sp_journal *journal)
{
  SP_ASSERT(journal->writable && journal->fd < 0);
  if (journal->segments_count == 0) {
    return SP_OK;
  }
  SP_ASSERT(journal->at_segment + 1 == journal->segments_count);
  char path[PATH_BYTES_MAX + 32];
  segment_path(journal, journal->segments[journal->at_segment], path);
  unmap(journal);
  journal->fd = open(path, O_WRONLY | O_CLOEXEC);
  if (journal->fd < 0) {
    return SP_IO;
  }
  if (journal->torn_bytes > 0 && ftruncate(journal->fd, (off_t)journal->offset) != 0) {
    return SP_IO;
  }
  /* The process before may have ended between writing and syncing: a checkpoint must not speak of
   * blocks, nor a block follow others, that only the cache has. */
  if (fsync(journal->fd) != 0) {
    return SP_IO;
  }
  journal->fd_offset = journal->synced_offset = journal->offset;
  return sp_folder_sync(journal->dir);
}

static enum sp_status segment_begin(struct sp_journal *journal, uint64_t number)
{
  if (journal->fd >= 0) {
    int rc = fdatasync(journal->fd);
    close(journal->fd);
    journal->fd = -1;
    if (rc != 0) {
      return SP_IO;
    }
  }
  char path[PATH_BYTES_MAX + 32];
  segment_path(journal, number, path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    return SP_IO;
  }
  enum sp_status status = segment_add(journal, number);
  if (status != SP_OK) {
    close(fd);
    return status;
  }
  journal->fd = fd;
  journal->fd_offset = journal->synced_offset = 0;
  return sp_folder_sync(journal->dir);
}

enum sp_status sp_journal_append(struct sp_journal *journal, uint64_t number, const uint8_t *bytes,
                                 size_t length)
{
  SP_ASSERT(journal->magic == JOURNAL_MAGIC && journal->writable);
  if (journal->fd < 0 || journal->fd_offset >= SP_JOURNAL_SEGMENT_BYTES) {
    SP_TRY(segment_begin(journal, number));
  }
  size_t done = 0;
  while (done < length) {
    ssize_t n =
        pwrite(journal->fd, bytes + done, length - done, (off_t)(journal->fd_offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      errno = n == 0 ? ENOSPC : errno;
      return SP_IO;
    }
    done += (size_t)n;
  }
  journal->fd_offset += length;
  return SP_OK;
}

enum sp_status sp_journal_sync(struct sp_journal *journal)
{
  if (journal->fd >= 0 && fdatasync(journal->fd) != 0) {
    /* Linux forgets which pages it could not write: a later sync would succeed over blocks that
     * never came to disk. What is in doubt goes, and the sources are read again. */
    int saved = errno;
    (void)(ftruncate(journal->fd, (off_t)journal->synced_offset) == 0 && fsync(journal->fd) == 0);
    errno = saved;
    return SP_IO;
  }
  journal->synced_offset = journal->fd_offset;
  return SP_OK;
}
