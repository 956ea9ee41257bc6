/* A charge as bytes in a journal block: varints, zigzag for amounts. Pure. Table in store/README.md. */
#ifndef SP_STORE_CHARGE_CODEC_H
#define SP_STORE_CHARGE_CODEC_H

#include "rating/charge.h"

/* Largest encoding: 4 + 64 items x 35 + 64 allowances x 30 + 64 payers x 15 + 25. */
#define SP_CHARGE_ENCODED_MAX 5200u

/* Writes what the counts say; `to` has room for SP_CHARGE_ENCODED_MAX. Returns the length. Outcome, flags, reason and book are
 * columns of the block, not part of these bytes. */
size_t sp_charge_encode(const struct sp_charge *charge, uint8_t *to);
/* Fills items, allowances, payers, list, net, conflict_fields. BAD_FORMAT: not exactly `length` bytes of a charge. */
SP_MUST_CHECK enum sp_status sp_charge_decode(struct sp_charge *charge, const uint8_t *from, size_t length);

#endif
