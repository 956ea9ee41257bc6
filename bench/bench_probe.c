/* How fast the machine is just now, to stand beside other figures: neighbours change it up to 1.8
 * times unseen. Elapsed time of a chain of multiplications, of dependent reads all over 64 MiB, and
 * of the chain on two threads at once, where a machine that is shared shows it. bench_probe [RUNS]
 */
#include <pthread.h>

#include "bench/figure.h"
#include "rating/hash.h"

#define STEPS 20000000u
#define READS 1000000u
#define WORDS ((size_t)8 << 20)

static uint64_t chain(uint64_t word)
{
  for (uint32_t i = 0; i < STEPS; i++) {
    word = word * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  }
  return word;
}

static void *chain_thread(void *word)
{
  *(uint64_t *)word = chain(*(uint64_t *)word);
  return NULL;
}

/* The elapsed time of a step on two threads at once. */
static double pair_ns(uint64_t words[2])
{
  pthread_t other;
  double from = figure_wall_ns();
  bool started = pthread_create(&other, NULL, chain_thread, &words[0]) == 0;
  words[1] = chain(words[1]);
  if (started) {
    pthread_join(other, NULL);
  }
  return (figure_wall_ns() - from) / STEPS;
}

int main(int argc, char **argv)
{
  struct figure_samples steps = {.count = 0}, reads = {.count = 0}, pairs = {.count = 0};
  uint64_t *table = malloc(WORDS * sizeof(*table)), words[2] = {1, 2}, sum = 3;
  if (table == NULL) {
    fprintf(stderr, "bench_probe: out of memory\n");
    return 4;
  }
  for (size_t i = 0; i < WORDS; i++) {
    table[i] = sp_hash_word(i);
  }
  for (unsigned runs = figure_runs(argc > 1 ? argv[1] : NULL, 3); runs > 0; runs--) {
    double from = figure_wall_ns();
    sum += chain(sum);
    figure_add(&steps, (figure_wall_ns() - from) / STEPS);
    from = figure_wall_ns();
    for (uint32_t i = 0; i < READS; i++) {
      sum = table[sum % WORDS] + i;
    }
    figure_add(&reads, (figure_wall_ns() - from) / READS);
    figure_add(&pairs, pair_ns(words));
  }
  char more[64];
  snprintf(more, sizeof(more), "\"sum\":%" PRIu64, (sum + words[0] + words[1]) % 1000);
  figure_print(&(struct figure){"probe", "step", "ns", STEPS, more}, &steps);
  figure_print(&(struct figure){"probe", "read", "ns", READS, NULL}, &reads);
  figure_print(&(struct figure){"probe", "step of two", "ns", STEPS, NULL}, &pairs);
  free(table);
  return 0;
}
