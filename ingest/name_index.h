/* Where a name stands in a list that grows with the years (files that came to a folder): by its
 * hash, so that neither a start nor a new name goes through all of them. */
#ifndef SP_INGEST_NAME_INDEX_H
#define SP_INGEST_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "rating/hash.h"
#include "rating/status.h"

#define SP_NAME_NONE UINT32_MAX

struct sp_name_index { /* zeroed: empty */
  struct sp_name_slot {
    uint32_t hash, place; /* place in the list + 1, 0 = free */
  } * slots;
  uint32_t size, count; /* size: 0 or a power of two; half of them stay free */
};

static inline uint32_t sp_name_hash(const char *name, size_t length)
{
  return (uint32_t)sp_hash64(name, length, 0);
}

/* A place in the list whose name has this hash, or SP_NAME_NONE; *at: 0 for the first one, then
 * left as it is for the next one. */
uint32_t sp_name_index_next(const struct sp_name_index *index, uint32_t hash, uint32_t *at);
/* NO_MEMORY: nothing changed. */
SP_MUST_CHECK enum sp_status sp_name_index_add(struct sp_name_index *index, uint32_t hash,
                                               uint32_t place);
void sp_name_index_free(struct sp_name_index *index);

#endif
