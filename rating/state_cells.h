/* Inside of the state, for state*.c and rate*.c only: slots, cells in slabs, chain records.
 * Units: a slab is 1, 2, 4, ... units of 96 bytes, named by its first unit's number (0 = none). */
#ifndef SP_RATING_STATE_CELLS_H
#define SP_RATING_STATE_CELLS_H

#include "rating/state.h"

#define SP__UNIT_BYTES 96u     /* four cells */
#define SP__CHUNK_UNITS 65536u /* 6 MiB: three huge pages */
#define SP__CHUNKS_MAX 8192u   /* 48 GiB of slabs */
#define SP__CLASSES 16u        /* 1 .. 32768 units: 3 MiB */
#define SP__CELLS_FEW 64u      /* so many are searched one by one from the newest */
#define SP__STATE_MAGIC UINT64_C(0x5350535441544531)

/* What a cell counts; bits 28..31 of its period word. Frozen: they are stored. */
enum sp__cell_kind {
  SP__CELL_USED = 0,    /* allowance, cycle of the grant: used of it (book.md §10.4) */
  SP__CELL_MEMBER = 1,  /* what one member took in a cycle of what its group gives (§10.7) */
  SP__CELL_RULE = 2,    /* counter of a rule (§8.7) */
  SP__CELL_DAY = 3,     /* counted by a cap_day; low bits: local day (§11.6) */
  SP__CELL_MONTH = 4,   /* counted by a cap_month */
  SP__CELL_COUNTER = 5, /* counter of a block_cap (§11.7) */
  SP__CELL_BLOCK = 6,   /* taken by a block; low bits: number of the block */
  SP__CELL_PAID =
      7, /* paid by a payer: in the member's slab for it, in the group's for all (§12.2) */
  SP__CELL_CHAIN = 8, /* days (bit = local day mod 32) with the lead of a chain (§14.2) */
  SP__CELL_KINDS = 9
};

struct sp__cell { /* 24 bytes; in a slab ascending by (period, key), no two alike */
  uint64_t key;
  uint64_t period;
  int64_t value;
};

#define SP__PERIOD_SUB_BITS 28
#define SP__DAY_ZERO (1 << 27) /* added to a local day: the low bits of SP__CELL_DAY */
#define SP__DAY_BIT(sub) (INT64_C(1) << ((sub)&31)) /* of a cycle no two days have one bit */

static inline uint64_t sp__period(int32_t cycle, enum sp__cell_kind kind, uint32_t sub)
{
  return (uint64_t)((uint32_t)cycle + UINT32_C(0x80000000)) << 32 | (uint32_t)kind << 28 | sub;
}

struct sp__owner { /* 16 bytes, one for each subscriber and group */
  uint32_t slab;
  uint32_t domain;           /* present domain (§13.3), if seen */
  uint64_t latest_bits : 40; /* latest start so far, if seen; read by sp__owner_latest */
  uint64_t count : 16;       /* cells */
  uint64_t class : 4;        /* of the slab */
  uint64_t seen : 1;
  uint64_t reserved : 3;
};
_Static_assert(sizeof(struct sp__owner) == SP_STATE_SLOT_BYTES && sizeof(struct sp__cell) == 24,
               "compact state");
_Static_assert(SP_STATE_VALUE_BYTES_MAX == SP__UNIT_BYTES << (SP__CLASSES - 1), "the largest slab");

#define SP__LATEST_MASK ((UINT64_C(1) << 40) - 1)

static inline int64_t sp__owner_latest(const struct sp__owner *slot)
{
  return (int64_t)((uint64_t)slot->latest_bits << 24) >> 24;
}

static inline bool sp__owner_latest_fits(int64_t utc_s)
{
  return utc_s < INT64_C(1) << 39 && utc_s >= -(INT64_C(1) << 39);
}

static inline void sp__owner_set_latest(struct sp__owner *slot, int64_t utc_s)
{
  SP_ASSERT(sp__owner_latest_fits(utc_s));
  slot->latest_bits = (uint64_t)utc_s & SP__LATEST_MASK;
}

struct sp__chain_slot { /* open addressing, linear probing, at most half full; at = 0: empty */
  uint64_t hash[2];
  uint32_t at;
  uint32_t bytes : 22;
  uint32_t class : 4;
  uint32_t dirty : 1;
  uint32_t reserved : 5;
};

struct sp_state {
  uint64_t magic;
  struct sp_memory *memory;
  struct sp__owner *slots[2]; /* [0] subscribers, [1] groups */
  bool slots_lent;            /* those of subscribers, which other states may use for others */
  uint64_t *dirty[2];         /* bit per slot: changed since the last clean */
  uint64_t *known[2];         /* bit per slot: was loaded, or changed before that */
  uint32_t count[2];
  uint32_t chunks_count;
  uint32_t units_used; /* of the last chunk */
  uint32_t
      free[SP__CLASSES]; /* first free slab of a class; each holds the next in its first word */
  struct sp__chain_slot *chains;
  uint32_t chains_room; /* power of two, or 0 */
  uint32_t chains_count;
  uint64_t chains_dirty;
  uint8_t *value; /* SP_STATE_VALUE_BYTES_MAX: the entry being visited */
  char *chunks[SP__CHUNKS_MAX];
};

static inline void *sp__slab(const struct sp_state *state, uint32_t at)
{
  return state->chunks[at / SP__CHUNK_UNITS] + (size_t)(at % SP__CHUNK_UNITS) * SP__UNIT_BYTES;
}

/* owner: a subscriber's index, or a group's | SP_OWNER_GROUP. */
static inline struct sp__owner *sp__owner_of(const struct sp_state *state, uint32_t owner)
{
  uint32_t index = owner & ~SP_OWNER_GROUP;
  SP_ASSERT(index < state->count[owner >> 31]);
  return state->slots[owner >> 31] + index;
}

static inline void sp__owner_dirty(struct sp_state *state, uint32_t owner)
{
  uint32_t index = owner & ~SP_OWNER_GROUP;
  state->dirty[owner >> 31][index / 64] |= UINT64_C(1) << index % 64;
}

/* Of an owner with more: the newest one by one, those before them by halving. */
struct sp__cell *sp__cell_seek(struct sp__cell *cells, uint32_t count, uint64_t key,
                               uint64_t period);

/* The cell of an owner, or NULL. Searched from the newest: cells of older periods end the search.
 */
static inline struct sp__cell *sp__cell_find(const struct sp_state *state, uint32_t owner,
                                             uint64_t key, uint64_t period)
{
  const struct sp__owner *slot = sp__owner_of(state, owner);
  uint32_t count = slot->count;
  if (count - 1 >= SP__CELLS_FEW) { /* many, or none */
    return count == 0 ? NULL : sp__cell_seek(sp__slab(state, slot->slab), count, key, period);
  }
  struct sp__cell *cells = sp__slab(state, slot->slab);
  for (struct sp__cell *cell = cells + count; cell-- > cells;) {
    if (cell->period <= period) {
      if (cell->period < period) {
        return NULL;
      }
      if (cell->key == key) {
        return cell;
      }
    }
  }
  return NULL;
}

/* Slabs. sp__slab_take: 0 = no memory. The class for so many bytes (at most 32768 units). */
uint32_t sp__slab_take(struct sp_state *state, unsigned class);
void sp__slab_give(struct sp_state *state, uint32_t at, unsigned class);
unsigned sp__slab_class(size_t bytes);

/* Makes room for `more` cells of an owner; pointers to its cells are stale after it. LIMIT,
 * NO_MEMORY: nothing changed. */
SP_MUST_CHECK enum sp_status sp__cells_reserve(struct sp_state *state, uint32_t owner,
                                               uint32_t more);
/* Sets a cell, adding it if it is not there (room must be reserved); marks the owner changed. */
void sp__cell_set(struct sp_state *state, uint32_t owner, uint64_t key, uint64_t period,
                  int64_t value);

/* Ascending by (period, key), in place. */
void sp__cells_sort(struct sp__cell *cells, size_t count);
/* Cells behind the last one, not yet in order: reserved room is filled by `sp__cells_append`, then
 * `sp__cells_settle` takes them in. Nothing else may touch the owner in between. */
static inline void sp__cells_append(struct sp_state *state, const struct sp__owner *slot,
                                    uint32_t appended, const struct sp__cell *cell)
{
  struct sp__cell *cells = sp__slab(state, slot->slab);
  cells[slot->count + appended] = *cell;
}
void sp__cells_settle(struct sp_state *state, uint32_t owner, uint32_t appended);
/* Takes out the cells of cycles before `cycle`, but not what open chains need of them: README.md,
 * "State", rule 3. */
void sp__cells_forget(struct sp_state *state, uint32_t owner, int32_t cycle);

/* A chain's slot or NULL. */
struct sp__chain_slot *sp__chain_find(const struct sp_state *state, const uint64_t hash[2]);
/* Makes room for a record of so many bytes, so that sp__chain_set cannot fail. */
SP_MUST_CHECK enum sp_status sp__chain_reserve(struct sp_state *state, const uint64_t hash[2],
                                               size_t bytes);
/* Stores a chain's record; the old one must not be read any more. */
void sp__chain_set(struct sp_state *state, const uint64_t hash[2], const void *record,
                   size_t bytes);

#endif
