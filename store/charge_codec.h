/* A charge as bytes in a journal block: varints, what is usual in few bytes. Pure. Layout:
 * README.md, "Record". */
#ifndef SP_STORE_CHARGE_CODEC_H
#define SP_STORE_CHARGE_CODEC_H

#include "rating/charge.h"
#include "store/varint.h"

/* Largest encoding: 24 + 64 items x 35 + 64 allowances x 30 + 64 payers x 15. */
#define SP_CHARGE_ENCODED_MAX 5200u

/* Writes what the counts say; outcome, reason and book are written by the block. Returns behind the
 * last byte. */
uint8_t *sp_charge_encode(const struct sp_charge *charge, uint32_t subscriber, uint32_t account,
                          uint8_t *to);
/* charge->outcome is set already. Fills flags, items, allowances, payers, list, net,
 * conflict_fields. reader->bad: no charge. */
void sp_charge_decode(struct sp_charge *charge, uint32_t subscriber, uint32_t account,
                      struct sp_varint_reader *reader);
/* The same without items, allowances and payers: their counts are 0. */
void sp_charge_decode_sums(struct sp_charge *charge, struct sp_varint_reader *reader);

#endif
