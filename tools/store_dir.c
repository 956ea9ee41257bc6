#include "tools/store_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/journal.h"

void sp_store_path(const struct sp_store_dir *dir, char *to, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int n = snprintf(to, SP_PATH_BYTES_MAX, "%s/", dir->path);
  if (n > 0 && n < SP_PATH_BYTES_MAX) {
    vsnprintf(to + n, SP_PATH_BYTES_MAX - (size_t)n, format, arguments);
  }
  va_end(arguments);
}

enum sp_status sp_dir_make(const char *path)
{
  return mkdir(path, 0755) == 0 || errno == EEXIST ? SP_OK : SP_IO;
}

static enum sp_status bytes_write(int fd, const char *bytes, size_t length)
{
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return SP_IO;
    }
    bytes += n;
    length -= (size_t)n;
  }
  return fsync(fd) == 0 ? SP_OK : SP_IO;
}

enum sp_status sp_path_rename(const char *from, const char *to)
{
  char folder[SP_PATH_BYTES_MAX];
  if (rename(from, to) != 0) {
    return SP_IO;
  }
  snprintf(folder, sizeof(folder), "%s", to);
  char *slash = strrchr(folder, '/');
  if (slash == folder) {
    slash++;
  }
  if (slash != NULL) {
    *slash = '\0';
  }
  return sp_folder_sync(slash != NULL ? folder : ".");
}

enum sp_status sp_file_write(const char *path, const void *bytes, size_t length)
{
  char temporary[SP_PATH_BYTES_MAX];
  int name = snprintf(temporary, sizeof(temporary), "%s.tmp", path);
  if (name < 0 || (size_t)name >= sizeof(temporary)) {
    errno = ENAMETOOLONG;
    return SP_IO;
  }
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return SP_IO;
  }
  enum sp_status status = bytes_write(fd, bytes, length);
  if (close(fd) != 0 && status == SP_OK) {
    status = SP_IO;
  }
  status = status == SP_OK ? sp_path_rename(temporary, path) : status;
  if (status != SP_OK) {
    int saved = errno;
    unlink(temporary);
    errno = saved;
  }
  return status;
}

enum sp_status sp_file_read(const char *path, char **out, size_t *length)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return SP_IO;
  }
  struct stat stat;
  if (fstat(fd, &stat) != 0 || S_ISDIR(stat.st_mode)) {
    errno = S_ISDIR(stat.st_mode) ? EISDIR : errno;
    close(fd);
    return SP_IO;
  }
  size_t size = (size_t)stat.st_size;
  char *bytes = malloc(size + 1);
  size_t done = 0;
  while (bytes != NULL && done < size) {
    ssize_t n = read(fd, bytes + done, size - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break;
    }
    done += (size_t)n;
  }
  close(fd);
  if (bytes == NULL) {
    return SP_NO_MEMORY;
  }
  if (done < size) {
    free(bytes);
    errno = EIO;
    return SP_IO;
  }
  bytes[size] = '\0';
  *out = bytes;
  *length = size;
  return SP_OK;
}

static int not_a_store(const char *path, const char *why)
{
  fprintf(stderr, "suanpan: %s: %s\n", path, why);
  return SP_EXIT_ENVIRONMENT;
}

int sp_store_dir_open(struct sp_store_dir *dir, const char *path)
{
  memset(dir, 0, sizeof(*dir));
  dir->lock_fd = -1;
  if (strlen(path) + 256 > SP_PATH_BYTES_MAX) {
    return not_a_store(path, "this path is too long");
  }
  snprintf(dir->path, sizeof(dir->path), "%s", path);
  char file[SP_PATH_BYTES_MAX];
  sp_store_path(dir, file, "store.txt");
  char *text;
  size_t length;
  enum sp_status status = sp_file_read(file, &text, &length);
  if (status == SP_NO_MEMORY) {
    return not_a_store(path, sp_status_text(status));
  }
  if (status != SP_OK) {
    return not_a_store(path, errno == ENOENT
                                 ? "no store here (expected store.txt); suanpan init makes one"
                                 : strerror(errno));
  }
  unsigned version = 0, shards = 0;
  int n = sscanf(text, "suanpan store %u\nshards=%u\n", &version, &shards);
  free(text);
  if (n >= 1 && version != SP_STORE_VERSION) {
    fprintf(stderr, "suanpan: %s: a store of version %u; this program reads version %d\n", path,
            version, SP_STORE_VERSION);
    return SP_EXIT_ENVIRONMENT;
  }
  if (n != 2 || shards < 1 || shards > SP_SHARDS_MAX) {
    return not_a_store(file, "expected `suanpan store 4` and `shards=N` with N from 1 to 64");
  }
  dir->shard_count = shards;
  return SP_EXIT_DONE;
}

int sp_store_dir_lock(struct sp_store_dir *dir)
{
  char file[SP_PATH_BYTES_MAX];
  sp_store_path(dir, file, "lock");
  int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return not_a_store(file, strerror(errno));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = "?";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    fprintf(stderr,
            "suanpan: %s: another process (%s) writes to this store; wait for it or stop it\n",
            dir->path, pid);
    close(fd);
    return SP_EXIT_ENVIRONMENT;
  }
  char pid[32];
  int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
    close(fd);
    return not_a_store(file, strerror(errno));
  }
  dir->lock_fd = fd;
  return SP_EXIT_DONE;
}

void sp_store_dir_close(struct sp_store_dir *dir)
{
  if (dir->lock_fd >= 0) {
    close(dir->lock_fd);
    dir->lock_fd = -1;
  }
}
