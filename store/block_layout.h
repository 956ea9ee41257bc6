/* Inside of a journal block, shared by its writer and its reader: stream rows and record rows. */
#ifndef SP_STORE_BLOCK_LAYOUT_H
#define SP_STORE_BLOCK_LAYOUT_H

#include "store/block.h"
#include "store/cdr_codec.h"
#include "store/charge_codec.h"

struct sp_block_stream_row { /* followed by name and columns */
  struct sp_position next;
  uint32_t name_length, columns_length;
  uint32_t format, in;
  uint32_t outcomes[SP_OUTCOME_COUNT];
  uint32_t reserved;
};
_Static_assert(sizeof(struct sp_block_stream_row) == 64, "stream row is 64 bytes on disk");

/* What one row is written against: the rows before it in its run. Writer and reader keep it alike.
 */
struct sp_row_context {
  uint64_t offsets[SP_BLOCK_STREAMS_MAX]; /* last offset of each stream in this run */
  uint32_t stream, subscriber;
  uint8_t book;
  struct sp_cdr_coder coder;
};

/* Longest row but for raw bytes. */
#define SP_ROW_BYTES_MAX (SP_CDR_ENCODED_MAX + SP_CHARGE_ENCODED_MAX + 128u)

void sp__row_run_begin(struct sp_row_context *context, uint32_t streams);
/* Writes a row; `to` has room for SP_ROW_BYTES_MAX and the raw bytes. Returns behind the last byte.
 */
uint8_t *sp__row_put(struct sp_row_context *context, const struct sp_block_record *record,
                     const struct sp_charge *charge, uint8_t *to);

struct sp_row_reader {
  struct sp_row_context context;
  struct sp_varint_reader bytes;
  struct sp_cdr cdr;
  struct sp_charge charge;
  char scratch[SP_CDR_SCRATCH_BYTES];
};

/* Reads the next row into `room` and `record`. false: no row. */
bool sp__row_get(struct sp_row_reader *reader, uint32_t streams, const struct sp_block_room *room,
                 struct sp_block_record *record);

#endif
