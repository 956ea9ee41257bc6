/* A journal block: refused, or each of its records can be read, in order as out of order. The input
 * is header, stream table and the payload as it is before compression; packing, lengths and hashes
 * are set right first, so that what lies behind them is met, too. The first byte of the input may
 * say `=`: then the rest is taken as it lies. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "store/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct block {
  uint8_t *bytes;
  size_t length;
};

/* The input as a block whose outside is whole. */
static struct block packed(const uint8_t *data, size_t size)
{
  struct sp_block_header header;
  memcpy(&header, data, sizeof(header));
  size_t inner = size - sizeof(header);
  header.streams_bytes = header.streams_bytes < inner ? header.streams_bytes : inner;
  header.payload_bytes = inner - header.streams_bytes;
  size_t bound = ZSTD_compressBound((size_t)header.payload_bytes);
  struct block block = {malloc(sizeof(header) + (size_t)header.streams_bytes + bound), 0};
  SP_ASSERT(block.bytes != NULL);
  uint8_t *streams = block.bytes + sizeof(header);
  memcpy(streams, data + sizeof(header), (size_t)header.streams_bytes);
  size_t stored =
      ZSTD_compress(streams + header.streams_bytes, bound,
                    data + sizeof(header) + header.streams_bytes, (size_t)header.payload_bytes, 1);
  SP_ASSERT(!ZSTD_isError(stored));
  header.stored_bytes = stored;
  block.length = sizeof(header) + (size_t)header.streams_bytes + stored;
  XXH128_hash_t hash = XXH3_128bits(streams, block.length - sizeof(header));
  memcpy(header.body_hash, &hash, sizeof(hash));
  memset(header.hash, 0, sizeof(header.hash));
  hash = XXH3_128bits(&header, sizeof(header));
  memcpy(header.hash, &hash, sizeof(hash));
  memcpy(block.bytes, &header, sizeof(header));
  return block;
}

struct look {
  struct sp_position position;
  uint32_t raw_length, subscriber;
  uint8_t outcome, items_count;
};

static bool record_look(struct sp_block_view *view, uint32_t i, struct look *look)
{
  struct sp_block_record record;
  struct sp_charge charge;
  memset(look, 0, sizeof(*look));
  if (sp_block_view_record(view, i, &record, &charge) != SP_OK) {
    return false;
  }
  SP_ASSERT((record.raw == NULL) != (record.cdr == NULL));
  SP_ASSERT(record.stream < sp_block_view_header(view)->streams);
  look->position = record.position;
  look->raw_length = record.raw_length;
  look->subscriber = record.subscriber;
  look->outcome = (uint8_t)charge.outcome;
  look->items_count = (uint8_t)charge.items_count;
  return true;
}

/* Every record in ascending order, then some again by a jump: the same. */
static void records_read(struct sp_block_view *view)
{
  uint32_t count = sp_block_view_header(view)->records;
  struct look *looks = calloc(count + 1u, sizeof(*looks));
  SP_ASSERT(looks != NULL);
  uint32_t whole = 0;
  while (whole < count && record_look(view, whole, &looks[whole])) {
    whole++;
  }
  for (uint32_t i = whole; i > 0; i -= (i + 6) / 7) {
    struct look again;
    SP_ASSERT(record_look(view, i - 1, &again) &&
              memcmp(&again, &looks[i - 1], sizeof(again)) == 0);
  }
  free(looks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sp_block_view *view = NULL;
  SP_ASSERT(sp_block_view_make(&view) == SP_OK);
  size_t used = 0;
  if (size > 0 && data[0] == '=') {
    if (sp_block_open(view, data + 1, size - 1, &used) == SP_OK) {
      records_read(view);
    }
  } else if (size >= sizeof(struct sp_block_header)) {
    struct block block = packed(data, size);
    if (sp_block_open(view, block.bytes, block.length, &used) == SP_OK) {
      SP_ASSERT(used == block.length);
      records_read(view);
    }
    free(block.bytes);
  }
  sp_block_view_free(view);
  return 0;
}
