/* Reading a journal block; see block.h. Everything read from disk is bounded before it is used. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "store/block_layout.h"

#define VIEW_MAGIC 0x56494557u
#define PAYLOAD_BYTES_MAX ((uint64_t)1 << 32)

struct sp_block_view {
  uint32_t magic;
  struct sp_block_header header;
  struct sp_block_stream streams[SP_BLOCK_STREAMS_MAX];
  const uint8_t *rows; /* behind the table of runs */
  size_t rows_length;
  uint32_t next; /* index of the row that `reader` stands before */
  struct sp_row_reader reader;
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
  if (view->zstd == NULL) {
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
  free(view->payload);
  free(view);
}

/* "SPBLOCK" and another digit than ours. What else such a header says is not known here, so that
 * alone refuses it: never is the journal of a former version a torn tail. */
static bool is_other_version(uint64_t magic)
{
  uint64_t digit = magic >> 56;
  return (magic ^ SP_BLOCK_MAGIC) << 8 == 0 && magic != SP_BLOCK_MAGIC && digit >= '0' &&
         digit <= '9';
}

/* Header bounds and the hash over the whole block. */
static enum sp_status header_check(const struct sp_block_header *h, const uint8_t *bytes,
                                   size_t available, size_t *used)
{
  if (is_other_version(h->magic)) {
    return SP_BAD_VERSION;
  }
  if (h->magic != SP_BLOCK_MAGIC || h->header_bytes != sizeof(*h) ||
      h->records > SP_BLOCK_RECORDS_MAX || h->streams > SP_BLOCK_STREAMS_MAX ||
      h->payload_bytes > PAYLOAD_BYTES_MAX ||
      h->stored_bytes > ZSTD_COMPRESSBOUND(PAYLOAD_BYTES_MAX) ||
      h->streams_bytes >
          (uint64_t)SP_BLOCK_STREAMS_MAX * (sizeof(struct sp_block_stream_row) +
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
  if (memcmp(&head, h->hash, sizeof(h->hash)) != 0 ||
      memcmp(&body, h->body_hash, sizeof(h->body_hash)) != 0) {
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
    if (row.name_length > SP_BLOCK_NAME_BYTES_MAX ||
        row.columns_length > SP_BLOCK_COLUMNS_BYTES_MAX ||
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
  size_t n = ZSTD_decompressDCtx(view->zstd, view->payload, size, frame,
                                 (size_t)view->header.stored_bytes);
  view->payload_length = size;
  return ZSTD_isError(n) || n != size ? SP_BAD_FORMAT : SP_OK;
}

static uint32_t run_start(const struct sp_block_view *view, uint32_t run)
{
  uint32_t at;
  memcpy(&at, view->payload + (size_t)run * sizeof(at), sizeof(at));
  return at;
}

/* The runs follow one another within the payload; their rows are checked as they are read. */
static enum sp_status runs_check(struct sp_block_view *view)
{
  uint32_t runs = (view->header.records + SP_BLOCK_RUN_RECORDS - 1) / SP_BLOCK_RUN_RECORDS;
  size_t table = (size_t)runs * sizeof(uint32_t);
  if (view->payload_length < table) {
    return SP_BAD_FORMAT;
  }
  view->rows = view->payload + table;
  view->rows_length = view->payload_length - table;
  view->next = UINT32_MAX;
  for (uint32_t i = 0; i < runs; i++) {
    uint32_t at = run_start(view, i);
    if (at >= view->rows_length || (i > 0 ? at <= run_start(view, i - 1) : at != 0)) {
      return SP_BAD_FORMAT;
    }
  }
  return SP_OK;
}

enum sp_status sp_block_peek(struct sp_block_view *view, const uint8_t *bytes, size_t available,
                             size_t *used)
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

enum sp_status sp_block_open(struct sp_block_view *view, const uint8_t *bytes, size_t available,
                             size_t *used)
{
  SP_TRY(sp_block_peek(view, bytes, available, used));
  SP_TRY(payload_unpack(view, bytes + sizeof(view->header) + view->header.streams_bytes));
  return runs_check(view);
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

static void run_begin(struct sp_block_view *view, uint32_t run)
{
  sp__row_run_begin(&view->reader.context, SP_BLOCK_STREAMS_MAX);
  view->reader.bytes = (struct sp_varint_reader){view->rows + run_start(view, run),
                                                 view->rows + view->rows_length, false};
  view->next = run * SP_BLOCK_RUN_RECORDS;
}

enum sp_status sp_block_view_record_to(struct sp_block_view *view, uint32_t i,
                                       const struct sp_block_room *room,
                                       struct sp_block_record *record)
{
  SP_ASSERT(view->magic == VIEW_MAGIC && i < view->header.records && view->rows != NULL);
  uint32_t run = i / SP_BLOCK_RUN_RECORDS;
  if (view->next > i || view->next <= run * SP_BLOCK_RUN_RECORDS) {
    run_begin(view, run);
  }
  while (view->next <= i) {
    if (!sp__row_get(&view->reader, view->header.streams, room, record)) {
      view->next = UINT32_MAX;
      return SP_BAD_FORMAT;
    }
    view->next++;
  }
  return SP_OK;
}

enum sp_status sp_block_view_record(struct sp_block_view *view, uint32_t i,
                                    struct sp_block_record *record, struct sp_charge *charge)
{
  struct sp_row_reader *reader = &view->reader;
  const struct sp_block_room room = {
      .cdr = &reader->cdr,
      .scratch = reader->scratch,
      .texts = SP_CDR_TEXTS_ALL,
      .charge = charge != NULL ? charge : &reader->charge,
      .sums = charge == NULL,
  };
  return sp_block_view_record_to(view, i, &room, record);
}
