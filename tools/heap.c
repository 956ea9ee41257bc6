#include "tools/heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_BYTES ((size_t)2 << 20)

/* What jemalloc reads at its start, where it is linked: huge pages for what is smaller than one as
 * well (the tables of marks: a prefetch that has to walk page tables comes too late), and nothing
 * goes back to the kernel to be cleared and faulted in again. */
extern const char *malloc_conf;
const char *malloc_conf = "thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1";

void *sp_heap_take(size_t bytes)
{
  if (bytes < HUGE_BYTES) {
    void *at = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    if (at != NULL) {
      memset(at, 0, bytes);
    }
    return at;
  }
  /* Aligned by hand, so that the first page is huge as well. */
  size_t whole = (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
  char *at = mmap(NULL, whole + HUGE_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    return NULL;
  }
  size_t head = (HUGE_BYTES - (uintptr_t)at % HUGE_BYTES) % HUGE_BYTES;
  if (head > 0) {
    munmap(at, head);
  }
  if (head < HUGE_BYTES) {
    munmap(at + head + whole, HUGE_BYTES - head);
  }
  (void)madvise(at + head, whole, MADV_HUGEPAGE);
  return at + head;
}

void sp_heap_give(void *at, size_t bytes)
{
  if (at == NULL) {
    return;
  }
  if (bytes < HUGE_BYTES) {
    free(at);
  } else {
    munmap(at, (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
  }
}

static void *grow(void *context, size_t bytes)
{
  (void)context;
  return sp_heap_take(bytes);
}

static void release(void *context, void *at, size_t bytes)
{
  (void)context;
  sp_heap_give(at, bytes);
}

void sp_heap_init(struct sp_memory *memory)
{
  memset(memory, 0, sizeof(*memory));
  memory->grow = grow;
  memory->release = release;
}
