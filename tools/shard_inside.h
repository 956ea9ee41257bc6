/* Shared by the shard*.c files only. */
#ifndef SP_TOOLS_SHARD_INSIDE_H
#define SP_TOOLS_SHARD_INSIDE_H

#include "tools/shard.h"

/* What a record brings to the audit equation. */
static inline struct sp_totals sp__record_amounts(const struct sp_usage *usage)
{
  return (struct sp_totals){1, usage->duration_s, usage->bytes,
                            usage->has_charge == 1 ? usage->charge_micro : 0};
}

/* The differing payload fields of a conflict (§15.2, §15.3): reads the first record of the key
 * back. */
SP_MUST_CHECK enum sp_status sp__first_record_compare(struct sp_shard *shard,
                                                      uint64_t first_ordinal,
                                                      const struct sp_cdr *cdr, uint32_t *fields);
/* Notes where block `number` of `length` bytes goes and moves meta.place behind it. */
SP_MUST_CHECK enum sp_status sp__block_index_add(struct sp_shard *shard, uint64_t first_ordinal,
                                                 uint64_t number, size_t length);
/* The running totals behind a block. */
void sp__shard_advance(struct sp_shard *shard, const struct sp_block_header *header);
/* Until every closed block is on disk. IO: the writer has failed. */
SP_MUST_CHECK enum sp_status sp__shard_durable_wait(struct sp_shard *shard);
/* Replays the journal behind the checkpoint. */
SP_MUST_CHECK enum sp_status sp__shard_replay(struct sp_shard *shard);
/* Whether a shard before it has failed, so that this one need not be opened (tools/shard_crew.h).
 */
static inline bool sp__shard_is_needless(const struct sp_shard *shard)
{
  return shard->index >= atomic_load_explicit(&shard->world->shards_needed, memory_order_relaxed);
}
/* The place of a stream in `positions`, + 1; added at its beginning if the shard has never seen it.
 */
SP_MUST_CHECK enum sp_status sp__shard_position_add(struct sp_shard *shard, const char *name,
                                                    uint32_t length, uint32_t *position);

#endif
