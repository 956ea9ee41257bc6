/*
 * A library for LD_PRELOAD that counts what must not be done per record: allocations, locks, system
 * calls made through libc. At exit the counts go to the file named by HOT_PATH_COUNTS as one JSON
 * object {"malloc":n, …}.
 *
 * What an allocator does inside an allocation (its own locks, mmap) counts as that allocation. What
 * a library does inside itself without a libc call by name (a stdio buffer's read, glibc's own
 * futex) is not seen; the engine uses neither. clock_gettime is no system call on our machines.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#define COUNTED(X) \
  X(malloc) X(calloc) X(realloc) X(free) X(aligned_alloc) X(posix_memalign) \
  X(pthread_mutex_lock) X(pthread_mutex_trylock) X(pthread_cond_wait) \
  X(pthread_cond_signal) X(pthread_cond_broadcast) X(pthread_rwlock_rdlock) \
  X(pthread_rwlock_wrlock) X(read) X(pread) X(write) X(pwrite) X(writev) X(pwritev) \
  X(lseek) X(syscall) X(mmap) X(munmap) X(madvise) X(fsync) X(fdatasync) X(nanosleep) \
  X(poll) X(sched_yield)
/* clang-format on */

#define NAME(name) COUNT_##name,
enum counted { COUNTED(NAME) COUNTED_MAX };
#undef NAME

#define NAME(name) #name,
static const char *const names[COUNTED_MAX] = {COUNTED(NAME)};
#undef NAME

static _Atomic uint64_t counts[COUNTED_MAX];
static void *found[COUNTED_MAX]; /* the functions behind ours; written once, before threads start */

/* What dlsym asks for while the allocator is not found yet. */
#define EARLY_BYTES_MAX 65536
static _Alignas(16) char early[EARLY_BYTES_MAX];
static size_t early_used;
static int finding;

/* Above 0 in a thread that is inside the allocator. */
static _Thread_local int allocating __attribute__((tls_model("initial-exec")));

static void *early_take(size_t bytes)
{
  size_t at = early_used;
  early_used += (bytes + 15) / 16 * 16;
  return early_used <= sizeof early ? early + at : NULL;
}

static int is_early(const void *pointer)
{
  uintptr_t at = (uintptr_t)pointer;
  return at >= (uintptr_t)early && at < (uintptr_t)early + sizeof early;
}

__attribute__((constructor)) static void find_all(void)
{
  if (finding != 0 || found[COUNTED_MAX - 1] != NULL) {
    return;
  }
  finding = 1;
  for (int i = 0; i < COUNTED_MAX; i++) {
    found[i] = dlsym(RTLD_NEXT, names[i]);
  }
  finding = 0;
}

/* Counts and gives the function behind; NULL only while the allocator is being looked for. */
static void *behind(enum counted which)
{
  if (allocating == 0) {
    atomic_fetch_add_explicit(&counts[which], 1, memory_order_relaxed);
  }
  if (found[which] == NULL) {
    find_all();
  }
  return found[which];
}

__attribute__((destructor)) static void counts_write(void)
{
  const char *path = getenv("HOT_PATH_COUNTS");
  uint64_t seen[COUNTED_MAX];
  for (int i = 0; i < COUNTED_MAX; i++) {
    seen[i] = atomic_load(&counts[i]);
  }
  FILE *file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) {
    return;
  }
  for (int i = 0; i < COUNTED_MAX; i++) {
    fprintf(file, "%s\"%s\":%llu", i == 0 ? "{" : ",", names[i], (unsigned long long)seen[i]);
  }
  fputs("}\n", file);
  (void)fclose(file);
}

void *malloc(size_t size)
{
  void *(*next)(size_t) = behind(COUNT_malloc);
  allocating++;
  void *made = next == NULL ? early_take(size) : next(size);
  allocating--;
  return made;
}

void *calloc(size_t count, size_t size)
{
  void *(*next)(size_t, size_t) = behind(COUNT_calloc);
  allocating++;
  void *made = next == NULL ? early_take(count * size) : next(count, size);
  allocating--;
  return made;
}

void *realloc(void *pointer, size_t size)
{
  void *(*next)(void *, size_t) = behind(COUNT_realloc);
  if (next == NULL || is_early(pointer)) {
    void *moved = next == NULL ? early_take(size) : malloc(size);
    if (moved != NULL && pointer != NULL) {
      size_t left = (size_t)(early + sizeof early - (char *)pointer);
      memcpy(moved, pointer, size < left ? size : left);
    }
    return moved;
  }
  allocating++;
  void *made = next(pointer, size);
  allocating--;
  return made;
}

void free(void *pointer)
{
  void (*next)(void *) = behind(COUNT_free);
  if (next != NULL && !is_early(pointer)) {
    allocating++;
    next(pointer);
    allocating--;
  }
}

void *aligned_alloc(size_t alignment, size_t size)
{
  void *(*next)(size_t, size_t) = behind(COUNT_aligned_alloc);
  allocating++;
  void *made = next(alignment, size);
  allocating--;
  return made;
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
  int (*next)(void **, size_t, size_t) = behind(COUNT_posix_memalign);
  allocating++;
  int status = next(pointer, alignment, size);
  allocating--;
  return status;
}

/* One function of one argument, int by int. */
#define PASS_ONE(name, type)                  \
  int name(type only)                         \
  {                                           \
    int (*next)(type) = behind(COUNT_##name); \
    return next(only);                        \
  }
PASS_ONE(pthread_mutex_lock, pthread_mutex_t *)
PASS_ONE(pthread_mutex_trylock, pthread_mutex_t *)
PASS_ONE(pthread_cond_signal, pthread_cond_t *)
PASS_ONE(pthread_cond_broadcast, pthread_cond_t *)
PASS_ONE(pthread_rwlock_rdlock, pthread_rwlock_t *)
PASS_ONE(pthread_rwlock_wrlock, pthread_rwlock_t *)
PASS_ONE(fsync, int)
PASS_ONE(fdatasync, int)

int sched_yield(void)
{
  int (*next)(void) = behind(COUNT_sched_yield);
  return next();
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
  int (*next)(pthread_cond_t *, pthread_mutex_t *) = behind(COUNT_pthread_cond_wait);
  return next(condition, mutex);
}

ssize_t read(int fd, void *bytes, size_t size)
{
  ssize_t (*next)(int, void *, size_t) = behind(COUNT_read);
  return next(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
  ssize_t (*next)(int, void *, size_t, off_t) = behind(COUNT_pread);
  return next(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
  ssize_t (*next)(int, const void *, size_t) = behind(COUNT_write);
  return next(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
  ssize_t (*next)(int, const void *, size_t, off_t) = behind(COUNT_pwrite);
  return next(fd, bytes, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
  ssize_t (*next)(int, const struct iovec *, int) = behind(COUNT_writev);
  return next(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
  ssize_t (*next)(int, const struct iovec *, int, off_t) = behind(COUNT_pwritev);
  return next(fd, parts, count, offset);
}

off_t lseek(int fd, off_t offset, int whence)
{
  off_t (*next)(int, off_t, int) = behind(COUNT_lseek);
  return next(fd, offset, whence);
}

long syscall(long number, ...)
{
  long (*next)(long, ...) = behind(COUNT_syscall);
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) {
    arguments[i] = va_arg(list, long);
  }
  va_end(list);
  return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  void *(*next)(void *, size_t, int, int, int, off_t) = behind(COUNT_mmap);
  return next(at, size, protection, flags, fd, offset);
}

int munmap(void *at, size_t size)
{
  int (*next)(void *, size_t) = behind(COUNT_munmap);
  return next(at, size);
}

int madvise(void *at, size_t size, int advice)
{
  int (*next)(void *, size_t, int) = behind(COUNT_madvise);
  return next(at, size, advice);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
  int (*next)(const struct timespec *, struct timespec *) = behind(COUNT_nanosleep);
  return next(wanted, left);
}

int poll(struct pollfd *waits, nfds_t count, int timeout_ms)
{
  int (*next)(struct pollfd *, nfds_t, int) = behind(COUNT_poll);
  return next(waits, count, timeout_ms);
}
