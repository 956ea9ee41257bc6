/* Where the pure layers' struct sp_memory gets its bytes: malloc for small chunks, mappings with
 * huge pages asked for from 2 MiB on (1.2-1.7 times faster on big state, quality.md §1). */
#ifndef SP_TOOLS_HEAP_H
#define SP_TOOLS_HEAP_H

#include "rating/memory.h"

void sp_heap_init(struct sp_memory *memory);
/* Zeroed bytes from the same place; NULL: no memory. Give back with the same size. */
void *sp_heap_take(size_t bytes);
void sp_heap_give(void *at, size_t bytes);

#endif
