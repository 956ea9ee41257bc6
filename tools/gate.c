#include "tools/gate.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPINS_MAX 64
#define SLEEP_NS 100000000

static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  const struct timespec *timeout)
{
  return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

void sp_gate_advance(struct sp_gate *gate)
{
  atomic_fetch_add_explicit(&gate->count, 1, memory_order_seq_cst);
  if (atomic_load_explicit(&gate->sleepers, memory_order_seq_cst) > 0) {
    futex(&gate->count, FUTEX_WAKE, INT32_MAX, NULL);
  }
}

void sp_gate_wait(struct sp_gate *gate, uint32_t seen)
{
  for (int i = 0; i < SPINS_MAX; i++) {
    if (atomic_load_explicit(&gate->count, memory_order_acquire) != seen) {
      return;
    }
    __builtin_ia32_pause();
  }
  const struct timespec timeout = {0, SLEEP_NS};
  atomic_fetch_add_explicit(&gate->sleepers, 1, memory_order_seq_cst);
  if (atomic_load_explicit(&gate->count, memory_order_seq_cst) == seen) {
    futex(&gate->count, FUTEX_WAIT, seen, &timeout);
  }
  atomic_fetch_sub_explicit(&gate->sleepers, 1, memory_order_seq_cst);
}
