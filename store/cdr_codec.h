/* A decoded usage record as bytes in a journal block, and back to the last field: about 30 bytes
 * for a CSV record of 100. Fields are written as differences to the run's record before, short
 * texts that repeat as slots of a small table that writer and reader keep alike. Pure. Layout:
 * README.md, "Fields". */
#ifndef SP_STORE_CDR_CODEC_H
#define SP_STORE_CDR_CODEC_H

#include "rating/cdr.h"
#include "store/varint.h"

#define SP_CDR_TEXTS_BYTES_MAX \
  65535u /* all texts of a record together (their bytes stood in one line) */
#define SP_CDR_ENCODED_MAX (SP_CDR_TEXTS_BYTES_MAX + 256u)
#define SP_CDR_SCRATCH_BYTES (SP_CDR_TEXTS_BYTES_MAX + 33u) /* texts go in 16 or 32 at once */
#define SP_CDR_SLOTS 64u      /* of the table of short texts, for each field */
#define SP_CDR_SLOT_BYTES 32u /* longest text kept in it */

struct sp_cdr_coder { /* begins with each run */
  int64_t start_utc_s, seq, lac;
  uint64_t numbers[SP_CDR_TEXT_COUNT];              /* the last number of each text field */
  uint8_t lengths[SP_CDR_TEXT_COUNT][SP_CDR_SLOTS]; /* 0 = empty */
  char slots[SP_CDR_TEXT_COUNT][SP_CDR_SLOTS][SP_CDR_SLOT_BYTES]; /* first and last 16 bytes */
};

void sp_cdr_coder_begin(struct sp_cdr_coder *coder);
/* `to` has room for SP_CDR_ENCODED_MAX; returns behind the last byte. cdr->reason must be 0. */
uint8_t *sp_cdr_encode(struct sp_cdr_coder *coder, const struct sp_cdr *cdr, uint8_t *to);
#define SP_CDR_TEXTS_ALL ((1u << SP_CDR_TEXT_COUNT) - 1)
/* Reads one record; its texts are put into `scratch` of SP_CDR_SCRATCH_BYTES, those of a
 * whole record only with their bit in `wanted` (1 << enum sp_cdr_text), else they are left blank.
 * Returns their bytes together. reader->bad: no record. */
size_t sp_cdr_decode(struct sp_cdr_coder *coder, struct sp_varint_reader *reader, unsigned wanted,
                     struct sp_cdr *cdr, char *scratch);

#endif
