/* What one record came to: the outcome with everything book.md §17 prints, as numbers. Names are
 * ids of the book set (sp_books.names), owners and accounts indices of the directory. One instance
 * per worker is reused; encoders copy what counts say. */
#ifndef SP_RATING_CHARGE_H
#define SP_RATING_CHARGE_H

#include "rating/reason.h"
#include "rating/usage.h"

#define SP_CHARGE_ITEMS_MAX 64
#define SP_CHARGE_ALLOWANCES_MAX 64
#define SP_CHARGE_PAYERS_MAX 64

#define SP_OWNER_GROUP                                                      \
  UINT32_C(0x80000000) /* owner = group index | this, or a subscriber index \
                        */

#define SP_FLAG_CAPPED 1u
#define SP_FLAG_CORRECTED 2u
#define SP_FLAG_IP 4u
#define SP_FLAG_LATE 8u
#define SP_FLAG_PRE_RATED 16u

struct sp_charge_item {
  uint32_t name; /* set name id; sorted by name within a charge. SP_NAME_PRE_RATED for a pre-rated
                    record */
  uint32_t reserved;
  int64_t list_micro, net_micro, increments; /* a partial's may be negative (§14.6) */
};

struct sp_charge_allowance { /* one line per balance, rolled and base together, in order of first
                                use */
  uint32_t name;
  uint32_t owner;
  int64_t used, left;
};

struct sp_charge_payer { /* in order of first payment, own account last; no zeros */
  uint32_t account;
  uint32_t reserved;
  int64_t amount_micro;
};

#define SP_NAME_PRE_RATED (UINT32_MAX - 1)

struct sp_charge {
  uint8_t outcome; /* enum sp_outcome */
  uint8_t flags;   /* SP_FLAG_* */
  uint16_t reason; /* enum sp_reason of a suspended record, else 0 (501 for a conflict) */
  uint16_t book;   /* index in the set of the record's (chain's) book; UINT16_MAX = none */
  uint8_t items_count, allowances_count, payers_count;
  uint8_t reserved[3];
  uint32_t conflict_fields; /* conflict: bit i = field i of the canonical fields in the order of
                               engine.md §2 */
  int64_t list_micro, net_micro;
  struct sp_charge_item items[SP_CHARGE_ITEMS_MAX];
  struct sp_charge_allowance allowances[SP_CHARGE_ALLOWANCES_MAX];
  struct sp_charge_payer payers[SP_CHARGE_PAYERS_MAX];
};

static inline void sp_charge_clear(struct sp_charge *charge)
{
  *(uint64_t *)(void *)charge = 0;
  charge->items_count = charge->allowances_count = charge->payers_count = 0;
  charge->book = UINT16_MAX;
  charge->conflict_fields = 0;
  charge->list_micro = charge->net_micro = 0;
}

#endif
