/* Reading a journal block; see block.h. Everything read from disk is bounded before it is used. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "store/block_layout.h"
#include "store/charge_codec.h"

#define VIEW_MAGIC 0x56494557u
#define PAYLOAD_BYTES_MAX \
  ((uint64_t)SP_BLOCK_RAW_BYTES_MAX + SP_BLOCK_RECORDS_MAX * (uint64_t)(SP_BLOCK_ROW_BYTES + SP_CHARGE_ENCODED_MAX))

struct place {
  uint64_t charge, raw, offset;
};

struct sp_block_view {
  uint32_t magic;
  struct sp_block_header header;
  struct sp_block_stream streams[SP_BLOCK_STREAMS_MAX];
  uint64_t bases[SP_BLOCK_STREAMS_MAX];
  struct sp_block_columns columns;
  struct place *places; /* where record i's variable parts begin */
  const uint8_t *charges, *raw;
  uint8_t *payload;
  size_t payload_size, payload_length;
  ZSTD_DCtx *zstd;
};

enum sp_status sp_block_view_make(struct sp_block_view **out)
{
  struct sp_block_view *view = calloc(1, sizeof(*view));
  if (view == NULL) {
    return SP_NO_MEMORY;
  }
  view->magic = VIEW_MAGIC;
  view->zstd = ZSTD_createDCtx();
  view->places = malloc(SP_BLOCK_RECORDS_MAX * sizeof(*view->places));
  if (view->zstd == NULL || view->places == NULL) {
    sp_block_view_free(view);
    return SP_NO_MEMORY;
  }
  *out = view;
  return SP_OK;
}

void sp_block_view_free(struct sp_block_view *view)
{
  if (view == NULL) {
    return;
  }
  SP_ASSERT(view->magic == VIEW_MAGIC);
  view->magic = 0;
  ZSTD_freeDCtx(view->zstd);
  free(view->places);
  free(view->payload);
  free(view);
}

/* Header bounds and the hash over the whole block. */
static enum sp_status header_check(const struct sp_block_header *h, const uint8_t *bytes, size_t available,
                                   size_t *used)
{
  if (h->magic != SP_BLOCK_MAGIC || h->header_bytes != sizeof(*h) || h->records > SP_BLOCK_RECORDS_MAX ||
      h->streams > SP_BLOCK_STREAMS_MAX || h->payload_bytes > PAYLOAD_BYTES_MAX ||
      h->stored_bytes > ZSTD_COMPRESSBOUND(PAYLOAD_BYTES_MAX) ||
      h->streams_bytes > (uint64_t)SP_BLOCK_STREAMS_MAX * (sizeof(struct sp_block_stream_row) +
                                                           SP_BLOCK_NAME_BYTES_MAX + SP_BLOCK_COLUMNS_BYTES_MAX)) {
    return SP_BAD_FORMAT;
  }
  uint64_t whole = sizeof(*h) + h->streams_bytes + h->stored_bytes;
  if (whole > available) {
    return SP_BAD_FORMAT;
  }
  struct sp_block_header blank = *h;
  memset(blank.hash, 0, sizeof(blank.hash));
  XXH128_hash_t head = XXH3_128bits(&blank, sizeof(blank));
  XXH128_hash_t body = XXH3_128bits(bytes + sizeof(blank), (size_t)whole - sizeof(blank));
  if (memcmp(&head, h->hash, sizeof(h->hash)) != 0 || memcmp(&body, h->body_hash, sizeof(h->body_hash)) != 0) {
    return SP_BAD_CHECKSUM;
  }
  *used = (size_t)whole;
  return h->version == SP_BLOCK_VERSION ? SP_OK : SP_BAD_VERSION;
}

static enum sp_status streams_read(struct sp_block_view *view, const uint8_t *at, size_t length)
{
  const uint8_t *end = at + length;
  for (uint32_t i = 0; i < view->header.streams; i++) {
    struct sp_block_stream_row row;
    if ((size_t)(end - at) < sizeof(row)) {
      return SP_BAD_FORMAT;
    }
    memcpy(&row, at, sizeof(row));
    at += sizeof(row);
    if (row.name_length > SP_BLOCK_NAME_BYTES_MAX || row.columns_length > SP_BLOCK_COLUMNS_BYTES_MAX ||
        (size_t)(end - at) < row.name_length + row.columns_length) {
      return SP_BAD_FORMAT;
    }
    struct sp_block_stream *stream = &view->streams[i];
    *stream = (struct sp_block_stream){
        .name = (const char *)at,
        .columns = (const char *)at + row.name_length,
        .name_length = row.name_length,
        .columns_length = row.columns_length,
        .format = row.format,
        .next = row.next,
        .in = row.in,
    };
    memcpy(stream->outcomes, row.outcomes, sizeof(row.outcomes));
    view->bases[i] = row.base;
    at += row.name_length + row.columns_length;
  }
  return at == end ? SP_OK : SP_BAD_FORMAT;
}

static enum sp_status payload_unpack(struct sp_block_view *view, const uint8_t *frame)
{
  size_t size = (size_t)view->header.payload_bytes;
  if (view->payload_size < size + 1) {
    free(view->payload);
    view->payload_size = 0;
    view->payload = malloc(size + 1);
    if (view->payload == NULL) {
      return SP_NO_MEMORY;
    }
    view->payload_size = size + 1;
  }
  size_t n = ZSTD_decompressDCtx(view->zstd, view->payload, size, frame, (size_t)view->header.stored_bytes);
  view->payload_length = size;
  return ZSTD_isError(n) || n != size ? SP_BAD_FORMAT : SP_OK;
}

/* Where each record's variable parts begin; every length and index is checked here once. */
static enum sp_status places_make(struct sp_block_view *view)
{
  uint32_t n = view->header.records;
  size_t rows = (size_t)n * SP_BLOCK_ROW_BYTES;
  if (view->payload_length < rows) {
    return SP_BAD_FORMAT;
  }
  sp__block_columns_place(&view->columns, view->payload, n);
  uint64_t offsets[SP_BLOCK_STREAMS_MAX];
  memcpy(offsets, view->bases, sizeof(offsets));
  uint64_t charge = 0, raw = 0;
  const struct sp_block_columns *c = &view->columns;
  for (uint32_t i = 0; i < n; i++) {
    if (c->stream[i] >= view->header.streams || c->outcome[i] >= SP_OUTCOME_COUNT) {
      return SP_BAD_FORMAT;
    }
    offsets[c->stream[i]] += c->offset_delta[i];
    view->places[i] = (struct place){charge, raw, offsets[c->stream[i]]};
    charge += c->charge_length[i];
    raw += c->raw_length[i];
  }
  if (rows + charge + raw != view->payload_length) {
    return SP_BAD_FORMAT;
  }
  view->charges = view->payload + rows;
  view->raw = view->charges + charge;
  return SP_OK;
}

enum sp_status sp_block_peek(struct sp_block_view *view, const uint8_t *bytes, size_t available, size_t *used)
{
  SP_ASSERT(view->magic == VIEW_MAGIC);
  *used = 0;
  if (available == 0) {
    return SP_END;
  }
  if (available < sizeof(view->header)) {
    return SP_BAD_FORMAT;
  }
  memcpy(&view->header, bytes, sizeof(view->header));
  SP_TRY(header_check(&view->header, bytes, available, used));
  return streams_read(view, bytes + sizeof(view->header), (size_t)view->header.streams_bytes);
}

enum sp_status sp_block_open(struct sp_block_view *view, const uint8_t *bytes, size_t available, size_t *used)
{
  SP_TRY(sp_block_peek(view, bytes, available, used));
  SP_TRY(payload_unpack(view, bytes + sizeof(view->header) + view->header.streams_bytes));
  return places_make(view);
}

const struct sp_block_header *sp_block_view_header(const struct sp_block_view *view)
{
  return &view->header;
}

const struct sp_block_stream *sp_block_view_stream(const struct sp_block_view *view, uint32_t index)
{
  SP_ASSERT(index < view->header.streams);
  return &view->streams[index];
}

const uint8_t *sp_block_view_payload(const struct sp_block_view *view, size_t *length)
{
  *length = view->payload_length;
  return view->payload;
}

void sp_block_view_record(const struct sp_block_view *view, uint32_t i, struct sp_block_record *record)
{
  SP_ASSERT(view->magic == VIEW_MAGIC && i < view->header.records);
  const struct sp_block_columns *c = &view->columns;
  *record = (struct sp_block_record){
      .raw = (const char *)view->raw + view->places[i].raw,
      .raw_length = c->raw_length[i],
      .stream = c->stream[i],
      .position = {view->places[i].offset, c->sub[i], 0},
      .behind_s = c->behind_s[i],
      .subscriber = c->subscriber[i],
      .account = c->account[i],
      .group = c->group[i],
      .roam = (uint8_t)c->place[i],
      .zone = (uint8_t)(c->place[i] >> 8),
      .net = (uint8_t)(c->place[i] >> 16),
      .place_flags = (uint8_t)(c->place[i] >> 24),
  };
}

uint8_t sp_block_view_outcome(const struct sp_block_view *view, uint32_t i)
{
  SP_ASSERT(view->magic == VIEW_MAGIC && i < view->header.records);
  return view->columns.outcome[i];
}

enum sp_status sp_block_view_charge(const struct sp_block_view *view, uint32_t i, struct sp_charge *charge)
{
  SP_ASSERT(view->magic == VIEW_MAGIC && i < view->header.records);
  const struct sp_block_columns *c = &view->columns;
  charge->outcome = c->outcome[i];
  charge->flags = c->flags[i];
  charge->reason = c->reason[i];
  charge->book = c->book[i] == UINT8_MAX ? UINT16_MAX : c->book[i];
  return sp_charge_decode(charge, view->charges + view->places[i].charge, c->charge_length[i]);
}
