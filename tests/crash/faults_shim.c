/*
 * A library for LD_PRELOAD that fails calls which write: FAULTS_KIND says of which kind, FAULTS_AT
 * which one of them (1, 2, …; 0 = none). At exit FAULTS_SEEN gets {"calls":n,"hit":0|1}.
 *
 *   write     one write of any sort: ENOSPC        full      that one and all behind it: ENOSPC
 *   torn      half of one write, ENOSPC for the next        sync      fsync, fdatasync: EIO
 *   truncate  ftruncate: EIO                       create    open with O_CREAT: EACCES
 *   rename    rename: EIO                          mkdir     mkdir: ENOSPC
 *   thread    pthread_create: EAGAIN                memory    malloc and its like, anonymous mmap:
 * ENOMEM
 *
 * Standard output and error are left alone. Calls are counted over all threads.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  NOTHING,
  WRITE,
  FULL,
  TORN,
  SYNC,
  TRUNCATE,
  CREATE,
  RENAME,
  MKDIR,
  THREAD,
  MEMORY,
  KINDS
};
static const char *const words[KINDS] = {"",       "write",  "full",  "torn",   "sync",  "truncate",
                                         "create", "rename", "mkdir", "thread", "memory"};

static enum kind kind;
static unsigned long at;
static _Atomic unsigned long calls;
static _Atomic int hit;

/* Functions behind ours, found once before threads start. */
static struct {
  ssize_t (*write)(int, const void *, size_t);
  ssize_t (*pwrite)(int, const void *, size_t, off_t);
  ssize_t (*writev)(int, const struct iovec *, int);
  int (*fsync)(int);
  int (*fdatasync)(int);
  int (*ftruncate)(int, off_t);
  int (*open)(const char *, int, ...);
  int (*rename)(const char *, const char *);
  int (*mkdir)(const char *, mode_t);
  int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  void *(*mmap)(void *, size_t, int, int, int, off_t);
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void *(*aligned_alloc)(size_t, size_t);
} next;

/* dlsym allocates nothing for a name that is there (glibc). */
static void *find(const char *name)
{
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) {
    abort();
  }
  return found;
}

static void find_all(void)
{
  if (next.mkdir != NULL) {
    return;
  }
  next.write = find("write");
  next.pwrite = find("pwrite");
  next.writev = find("writev");
  next.fsync = find("fsync");
  next.fdatasync = find("fdatasync");
  next.ftruncate = find("ftruncate");
  next.open = find("open");
  next.rename = find("rename");
  next.pthread_create = find("pthread_create");
  next.mmap = find("mmap");
  next.malloc = find("malloc");
  next.calloc = find("calloc");
  next.realloc = find("realloc");
  next.aligned_alloc = find("aligned_alloc");
  next.mkdir = find("mkdir");
}

__attribute__((constructor)) static void begin(void)
{
  const char *word = getenv("FAULTS_KIND"), *number = getenv("FAULTS_AT");
  find_all();
  for (int i = 1; word != NULL && i < KINDS; i++) {
    kind = strcmp(word, words[i]) == 0 ? (enum kind)i : kind;
  }
  at = number == NULL ? 0 : strtoul(number, NULL, 10);
}

__attribute__((destructor)) static void end(void)
{
  const char *path = getenv("FAULTS_SEEN");
  int seen = hit;
  unsigned long count = calls;
  kind = NOTHING;
  FILE *file = path == NULL ? NULL : fopen(path, "w");
  if (file != NULL) {
    fprintf(file, "{\"calls\":%lu,\"hit\":%d}\n", count, seen);
    (void)fclose(file);
  }
}

/* Counts a call of a kind: whether it must fail. */
static int fails(enum kind of, int error)
{
  if (kind != of) {
    return 0;
  }
  unsigned long number = atomic_fetch_add(&calls, 1) + 1;
  if (at == 0 || number < at || (number > at && of != FULL)) {
    return 0;
  }
  hit = 1;
  errno = error;
  return 1;
}

/* How much of a write goes through: all of `size`, half, or -1. */
static ssize_t allowed(int fd, size_t size)
{
  if (fd <= STDERR_FILENO) {
    return (ssize_t)size;
  }
  if (fails(WRITE, ENOSPC) || fails(FULL, ENOSPC)) {
    return -1;
  }
  if (kind != TORN) {
    return (ssize_t)size;
  }
  unsigned long number = atomic_fetch_add(&calls, 1) + 1;
  if (at != 0 && number == at && size > 1) {
    hit = 1;
    return (ssize_t)(size / 2);
  }
  if (at != 0 && number == at + 1 && hit != 0) {
    errno = ENOSPC;
    return -1;
  }
  return (ssize_t)size;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
  find_all();
  ssize_t some = allowed(fd, size);
  return some < 0 ? -1 : next.write(fd, bytes, (size_t)some);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
  find_all();
  ssize_t some = allowed(fd, size);
  return some < 0 ? -1 : next.pwrite(fd, bytes, (size_t)some, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
  find_all();
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    size += parts[i].iov_len;
  }
  ssize_t some = allowed(fd, size);
  if (some < 0) {
    return -1;
  }
  return (size_t)some == size ? next.writev(fd, parts, count) : next.writev(fd, parts, count / 2);
}

int fsync(int fd)
{
  find_all();
  return fails(SYNC, EIO) ? -1 : next.fsync(fd);
}

int fdatasync(int fd)
{
  find_all();
  return fails(SYNC, EIO) ? -1 : next.fdatasync(fd);
}

int ftruncate(int fd, off_t length)
{
  find_all();
  return fails(TRUNCATE, EIO) ? -1 : next.ftruncate(fd, length);
}

int open(const char *path, int flags, ...)
{
  find_all();
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list more;
    va_start(more, flags);
    mode = (mode_t)va_arg(more, int);
    va_end(more);
    if (fails(CREATE, EACCES)) {
      return -1;
    }
  }
  return next.open(path, flags, mode);
}

int rename(const char *from, const char *to)
{
  find_all();
  return fails(RENAME, EIO) ? -1 : next.rename(from, to);
}

int mkdir(const char *path, mode_t mode)
{
  find_all();
  return fails(MKDIR, ENOSPC) ? -1 : next.mkdir(path, mode);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *),
                   void *context)
{
  find_all();
  return fails(THREAD, EAGAIN) ? EAGAIN : next.pthread_create(thread, how, body, context);
}

/* Only what the program itself asks for: jemalloc does not survive a refusal while it makes a
 * thread's arena. */
static int own_call(const void *from)
{
  Dl_info about;
  return dladdr(from, &about) != 0 && about.dli_fname != NULL &&
         strstr(about.dli_fname, "/lib/") == NULL;
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
  find_all();
  if (kind == MEMORY && (flags & MAP_ANONYMOUS) != 0 && own_call(__builtin_return_address(0)) &&
      fails(MEMORY, ENOMEM)) {
    return MAP_FAILED;
  }
  return next.mmap(where, size, protection, flags, fd, offset);
}

void *malloc(size_t size)
{
  find_all();
  return fails(MEMORY, ENOMEM) ? NULL : next.malloc(size);
}

void *calloc(size_t count, size_t size)
{
  find_all();
  return fails(MEMORY, ENOMEM) ? NULL : next.calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
  find_all();
  return fails(MEMORY, ENOMEM) ? NULL : next.realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
  find_all();
  return fails(MEMORY, ENOMEM) ? NULL : next.aligned_alloc(alignment, size);
}
