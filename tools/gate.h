/* A place to wait for another thread's progress: a counter that one thread advances (release), or
 * several do, and others watch (acquire). Advancing costs one atomic addition and one load unless
 * somebody sleeps; waiting spins shortly, then sleeps in the kernel (futex). Memory order: what the
 * advancing thread wrote before sp_gate_advance is seen after a wait that returns because of it;
 * the fence between storing the count and reading `sleepers` pairs with the one between raising
 * `sleepers` and reading the count, so that a sleeper is never missed. */
#ifndef SP_TOOLS_GATE_H
#define SP_TOOLS_GATE_H

#include <stdatomic.h>
#include <stdint.h>

struct sp_gate {
  _Alignas(64) _Atomic uint32_t count;
  _Atomic uint32_t sleepers;
};

void sp_gate_advance(struct sp_gate *gate);
/* Returns when count is no longer `seen`, at the latest after about 100 ms (so that a stop is
 * noticed). */
void sp_gate_wait(struct sp_gate *gate, uint32_t seen);
static inline uint32_t sp_gate_count(struct sp_gate *gate)
{
  return atomic_load_explicit(&gate->count, memory_order_acquire);
}

/* Around ck_ring: its fences are machine code that the thread sanitizer does not see, so it is told
 * that what was written before an enqueue is seen behind the dequeue. Nothing in other builds. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SP_RING_IS_WATCHED
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(SP_RING_IS_WATCHED)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define SP_RING_GIVES(ring) __tsan_release(ring)
#define SP_RING_TAKEN(ring) __tsan_acquire(ring)
#else
#define SP_RING_GIVES(ring) ((void)(ring))
#define SP_RING_TAKEN(ring) ((void)(ring))
#endif

#endif
