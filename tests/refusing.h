/* Memory that ends in a test. Its pieces are the heap's, so that it can take the place of a heap's
 * grow while something lives in it. */
#ifndef SP_TESTS_REFUSING_H
#define SP_TESTS_REFUSING_H

#include "tools/heap.h"

struct refusing {
  long left; /* so many pieces are given, then none */
  long held; /* given and not given back */
  bool once; /* only one is refused, those behind it are given */
};

static inline void *refusing_grow(void *context, size_t bytes)
{
  struct refusing *refusing = context;
  bool refused = refusing->once ? refusing->left == 0 : refusing->left <= 0;
  refusing->left--;
  refusing->held += !refused;
  return refused ? NULL : sp_heap_take(bytes);
}

static inline void refusing_release(void *context, void *at, size_t bytes)
{
  struct refusing *refusing = context;
  refusing->held--;
  sp_heap_give(at, bytes);
}

static inline struct sp_memory refusing_memory(struct refusing *refusing)
{
  return (struct sp_memory){
      .grow = refusing_grow, .release = refusing_release, .context = refusing};
}

#endif
