/* Memory as the pure layers see it: an arena whose chunks the caller's grow function supplies.
 * Used only while something is loaded, compiled or opened; never per record. Not thread safe: one
 * owner. */
#ifndef SP_RATING_MEMORY_H
#define SP_RATING_MEMORY_H

#include "rating/status.h"

/* Gives `bytes` zeroed bytes, aligned to 64, or NULL. tools/ supplies malloc or huge-page mappings.
 */
typedef void *sp_memory_grow(void *context, size_t bytes);
typedef void sp_memory_release(void *context, void *at, size_t bytes);

struct sp_memory {
  sp_memory_grow *grow;
  sp_memory_release *release; /* may be NULL: memory lives until the process ends */
  void *context;
  char *chunk; /* current chunk */
  size_t used, size;
  struct sp_memory_chunk *chunks; /* all of them, for release */
  uint64_t bytes_total;
};

#define SP_MEMORY_CHUNK_BYTES ((size_t)1 << 20)

/* From the arena: zeroed, aligned to 16, valid until sp_memory_free. NULL: no memory. */
void *sp_memory_take(struct sp_memory *memory, size_t bytes);
/* A table of its own, outside the arena's chunks, aligned to 64; give it back by
 * sp_memory_give_table. */
void *sp_memory_take_table(struct sp_memory *memory, size_t bytes);
void sp_memory_give_table(struct sp_memory *memory, void *at, size_t bytes);
/* Gives back all chunks of the arena (tables are their owners'). */
void sp_memory_free(struct sp_memory *memory);

#endif
