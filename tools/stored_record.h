/* One journaled record as a whole: what was stored, its raw bytes decoded again, the usage as far
 * as the journal knows it, its charge. For dump, explain and replay. One thread. */
#ifndef SP_TOOLS_STORED_RECORD_H
#define SP_TOOLS_STORED_RECORD_H

#include "ingest/decode.h"
#include "store/block.h"
#include "tools/world.h"

struct sp_stored_record {
  struct sp_block_record stored;
  const struct sp_block_stream *stream;
  uint64_t block, ordinal;
  const struct sp_books *books; /* the set it was rated with */
  struct sp_cdr cdr;
  struct sp_usage usage; /* amounts, places, subscriber, account, group; no hashes */
  struct sp_charge charge;
};

struct sp_stored_reader {
  struct sp_world *world;
  struct sp_decoder decoder;
  char *scratch;
  struct sp_stored_record record; /* borrowed from the block view and valid until the next read */
};

SP_MUST_CHECK enum sp_status sp_stored_reader_open(struct sp_stored_reader *reader,
                                                   struct sp_world *world);
void sp_stored_reader_close(struct sp_stored_reader *reader);
/* Record i of an opened block into reader->record. BAD_BOOK: rated with books the store does not
 * have. */
SP_MUST_CHECK enum sp_status sp_stored_read(struct sp_stored_reader *reader,
                                            struct sp_block_view *view, uint32_t i);

#endif
