/* Inside of a journal block, shared by its writer and its reader. */
#ifndef SP_STORE_BLOCK_LAYOUT_H
#define SP_STORE_BLOCK_LAYOUT_H

#include "store/block.h"

/* One value per record; widest columns first, so that all are aligned when the payload is. */
struct sp_block_columns {
  uint32_t *offset_delta, *sub, *behind_s, *subscriber, *account, *group, *place, *raw_length;
  uint16_t *charge_length, *reason;
  uint8_t *stream, *outcome, *flags, *book;
};

#define SP_BLOCK_ROW_BYTES (8u * 4u + 2u * 2u + 4u)

struct sp_block_stream_row { /* followed by name and columns */
  uint64_t base;             /* offset that the first record's delta counts from */
  struct sp_position next;
  uint32_t name_length, columns_length;
  uint32_t format, in;
  uint32_t outcomes[SP_OUTCOME_COUNT];
  uint32_t reserved;
};
_Static_assert(sizeof(struct sp_block_stream_row) == 72, "stream row is 72 bytes on disk");

/* Places the columns for n records in `bytes`, in the order of the struct. */
void sp__block_columns_place(struct sp_block_columns *columns, uint8_t *bytes, uint32_t n);
void sp__block_columns_copy(const struct sp_block_columns *to, const struct sp_block_columns *from, uint32_t n);

#endif
