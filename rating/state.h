/* One shard's rating state: for every subscriber and group its cells (balances used, counters,
 * caps, what payers paid), for every open chain its record. One writer: the shard's worker. Entries
 * are visited sorted for the checkpoint and summed into the state hash; they are loaded back entry
 * by entry. All amounts int64. No malloc per record: tables grow by slabs from struct sp_memory.
 *
 * A cell: {name key (64-bit stable hash of plan and name, and owner where it matters), period,
 * value}. Period = cycle, or local day, or block number within a cycle; the kind is part of the
 * period word. Layout and entries byte by byte: README.md, section "State". */
#ifndef SP_RATING_STATE_H
#define SP_RATING_STATE_H

#include "rating/charge.h"
#include "rating/memory.h"

struct sp_state;

/* Room for a directory's subscribers and groups; sparse: memory only for those seen. */
SP_MUST_CHECK enum sp_status sp_state_make(struct sp_state **state, uint32_t subscribers,
                                           uint32_t groups, struct sp_memory *memory);
/* As sp_state_make, but the subscribers' slots are the caller's: SP_STATE_SLOT_BYTES zero bytes
 * each, which states of other shards may have too, so that memory does not grow with the shards.
 * Each subscriber is one state's alone, and that one's thread's. */
#define SP_STATE_SLOT_BYTES 16
SP_MUST_CHECK enum sp_status sp_state_make_within(struct sp_state **state, void *slots,
                                                  uint32_t subscribers, uint32_t groups,
                                                  struct sp_memory *memory);
/* More room after customers were loaded; never less, and not for slots that are the caller's. On
 * NO_MEMORY the state is as it was. */
SP_MUST_CHECK enum sp_status sp_state_grow(struct sp_state *state, uint32_t subscribers,
                                           uint32_t groups);
void sp_state_free(struct sp_state *state);

/* Entries as bytes. Kinds in this order: subscribers by index, groups by index, chains by key. */
enum sp_state_kind { SP_STATE_SUBSCRIBER, SP_STATE_GROUP, SP_STATE_CHAIN };
#define SP_STATE_KEY_BYTES 17 /* kind (1), then big-endian index (4) or chain key (16) */
#define SP_STATE_VALUE_BYTES_MAX (UINT32_C(3) << 20) /* the largest slab */
#define SP_STATE_CELLS_MAX 65535 /* of one subscriber or group; one more: reason `overflow` */

struct sp_state_entry {
  uint8_t key[SP_STATE_KEY_BYTES];
  uint8_t key_length;
  uint16_t reserved;
  uint32_t value_length;
  const uint8_t *value; /* borrowed until the next entry or the state changes */
};

/* Visits entries changed since the last sp_state_clean (all = true: every entry), ascending by key.
 * The visitor's status other than OK ends the visit and is returned. NO_MEMORY: no room to sort. */
typedef enum sp_status sp_state_visit(void *context, const struct sp_state_entry *entry);
SP_MUST_CHECK enum sp_status sp_state_visit_entries(struct sp_state *state, bool all,
                                                    sp_state_visit *visit, void *context);
/* Number of entries changed since the last clean. */
uint64_t sp_state_dirty_count(const struct sp_state *state);
void sp_state_clean(struct sp_state *state);
/* Puts one entry back. BAD_FORMAT: not an entry of this version (bounds, order, kinds all checked).
 */
SP_MUST_CHECK enum sp_status sp_state_load(struct sp_state *state, const uint8_t *key,
                                           size_t key_length, const uint8_t *value,
                                           size_t value_length);
/* For reports: bytes held by tables and slabs. */
uint64_t sp_state_bytes(const struct sp_state *state);

#endif
