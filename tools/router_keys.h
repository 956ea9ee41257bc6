/* What the router knows of keys that hold no subscriber (data with a session, book.md §15.1): a
 * record may come with the key of one that went to another shard. It stays in its own domain's
 * shard, told that its key lies elsewhere; so where a record goes depends on nothing but its
 * customer, and no start after a crash can take a record to be done by a shard that never had it.
 *
 * Owned by the router. A store of one shard needs none of it: its marks know every key. */
#ifndef SP_TOOLS_ROUTER_KEYS_H
#define SP_TOOLS_ROUTER_KEYS_H

#include "ingest/session_keys.h"
#include "tools/shard.h"

#define SP_SHARD_NONE UINT8_MAX /* of a record that its shard has already */

struct sp_router_keys {
  struct sp_session_keys *keys; /* NULL: one shard */
  struct sp_memory memory;
  uint32_t ordinals[SP_SHARDS_MAX]; /* low 32 bits of each shard's next record's */
};

/* From the marks of all shards, opened and not yet at work: those that count at a watermark (the
 * lowest of the shards') or later. Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_router_keys_make(struct sp_router_keys *keys,
                                                 struct sp_shard *shards, uint32_t shard_count,
                                                 int64_t watermark_utc_s);
void sp_router_keys_free(struct sp_router_keys *keys);

/* Whether the record has such a key and will be held against others. */
static inline bool sp_router_keys_has(const struct sp_router_keys *keys,
                                      const struct sp_usage *usage)
{
  return keys->keys != NULL && usage->subscriber != SP_NONE &&
         (usage->key_hash[1] & SP_KEY_OF_SESSION) != 0;
}

struct sp_router_look { /* at the records of one batch, in order */
  struct sp_parcel *parcel;
  const uint8_t *shards;  /* of the records up to the one at hand */
  const uint16_t *counts; /* of each shard before it */
  struct sp_resolver *resolver;
  uint32_t earlier_s; /* so far is the watermark before that which the record's shard counts from */
};

/* Record i, which has such a key: fills its flags, and elsewhere_fields or elsewhere of the parcel.
 * Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_router_keys_look(struct sp_router_keys *keys,
                                                 const struct sp_router_look *look, uint32_t i);
/* So many records of the batch went to each shard. */
static inline void sp_router_keys_advance(struct sp_router_keys *keys, const uint16_t *counts,
                                          uint32_t shard_count)
{
  for (uint32_t s = 0; s < shard_count; s++) {
    keys->ordinals[s] += counts[s];
  }
}

#endif
