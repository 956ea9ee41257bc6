/* The record of a chain as it lies in the state (book.md §14): its lead partial as it was resolved,
 * the sums of all partials, F as charged so far, and what F put into which cells. All parts are
 * multiples of 8 bytes, little-endian; README.md, section "State". Written by rate_chain.c. */
#ifndef SP_RATING_CHAIN_RECORD_H
#define SP_RATING_CHAIN_RECORD_H

#include "rating/charge.h"

#define SP__CHAIN_VERSION 2u

struct sp__chain_head { /* followed by items, allowances, payers, cells */
  struct sp_usage lead;
  int64_t duration_s, bytes, items; /* sums */
  int64_t list_micro, net_micro;
  uint8_t items_count, allowances_count, payers_count;
  uint8_t flags;   /* SP_FLAG_CAPPED, SP_FLAG_LATE of the chain */
  uint8_t rated;   /* 0: all its rules count 0 so far (§14.7) */
  uint8_t version; /* SP__CHAIN_VERSION */
  uint16_t cells_count;
};

struct sp__chain_allowance { /* one line: rolled and base of one balance together */
  uint32_t name, owner;      /* as in struct sp_charge_allowance */
  uint32_t pool;             /* 1: its cells lie with the group */
  int32_t cycle;             /* of the record: base part; the rolled part is the cycle before */
  uint64_t key;              /* of its cells */
  int64_t granted;           /* base and rolled */
  int64_t rolled;            /* granted of the rolled part; -1: there is none */
  int64_t used;
};

struct sp__chain_cell {
  uint64_t key, period;
  uint32_t owner;
  uint32_t reserved;
  int64_t added; /* what F put there */
  int64_t start; /* counters: where it stood when the chain first used it; else 0 */
};

_Static_assert(sizeof(struct sp__chain_head) == 200 && sizeof(struct sp__chain_allowance) == 48 &&
                   sizeof(struct sp__chain_cell) == 40 && sizeof(struct sp_charge_item) == 32 &&
                   sizeof(struct sp_charge_payer) == 16,
               "chain records are stored as they lie");

static inline size_t sp__chain_bytes(const struct sp__chain_head *head)
{
  return sizeof(*head) + head->items_count * sizeof(struct sp_charge_item) +
         head->allowances_count * sizeof(struct sp__chain_allowance) +
         head->payers_count * sizeof(struct sp_charge_payer) +
         head->cells_count * sizeof(struct sp__chain_cell);
}

static inline const struct sp_charge_item *sp__chain_items(const struct sp__chain_head *head)
{
  return (const struct sp_charge_item *)(const void *)(head + 1);
}

static inline const struct sp__chain_allowance *sp__chain_allowances(
    const struct sp__chain_head *head)
{
  return (const struct sp__chain_allowance *)(const void *)(sp__chain_items(head) +
                                                            head->items_count);
}

static inline const struct sp_charge_payer *sp__chain_payers(const struct sp__chain_head *head)
{
  return (const struct sp_charge_payer *)(const void *)(sp__chain_allowances(head) +
                                                        head->allowances_count);
}

static inline const struct sp__chain_cell *sp__chain_cells(const struct sp__chain_head *head)
{
  return (const struct sp__chain_cell *)(const void *)(sp__chain_payers(head) + head->payers_count);
}

#endif
