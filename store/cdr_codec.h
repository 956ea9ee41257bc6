/* A decoded usage record as bytes in a journal block, and back to the last field: about 35 bytes
 * for a CSV record of 100. Fields are written as differences to the block's record before, short
 * texts that repeat as slots of a small table that writer and reader keep alike. Pure. Layout:
 * README.md, "Record". */
#ifndef SP_STORE_CDR_CODEC_H
#define SP_STORE_CDR_CODEC_H

#include "rating/cdr.h"
#include "store/varint.h"

#define SP_CDR_TEXTS_BYTES_MAX \
  65535u /* all texts of a record together (their bytes stood in one line) */
#define SP_CDR_ENCODED_MAX (SP_CDR_TEXTS_BYTES_MAX + 256u)
#define SP_CDR_SLOTS 64u      /* of the table of short texts, for each field */
#define SP_CDR_SLOT_BYTES 24u /* longest text kept in it */

struct sp_cdr_slot {
  uint8_t length; /* 0 = empty */
  char text[SP_CDR_SLOT_BYTES];
};

struct sp_cdr_coder { /* begins with each block */
  int64_t start_utc_s, seq, lac;
  uint64_t numbers[SP_CDR_TEXT_COUNT]; /* the last number of each text field */
  struct sp_cdr_slot slots[SP_CDR_TEXT_COUNT][SP_CDR_SLOTS];
};

void sp_cdr_coder_begin(struct sp_cdr_coder *coder);
/* `to` has room for SP_CDR_ENCODED_MAX; returns behind the last byte. cdr->reason must be 0. */
uint8_t *sp_cdr_encode(struct sp_cdr_coder *coder, const struct sp_cdr *cdr, uint8_t *to);
/* Reads one record; its texts are put into `scratch` of SP_CDR_TEXTS_BYTES_MAX bytes. reader->bad:
 * no record. */
void sp_cdr_decode(struct sp_cdr_coder *coder, struct sp_varint_reader *reader, struct sp_cdr *cdr,
                   char *scratch);

#endif
