/* Writing a journal block; see block.h for the layout. */
#include "store/block.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "store/block_layout.h"

#define BUILDER_MAGIC 0x42554C44u
#define ROWS_BYTES_FIRST (4u << 20)
#define RUNS_MAX (SP_BLOCK_RECORDS_MAX / SP_BLOCK_RUN_RECORDS)
#define RUNS_ROOM ((RUNS_MAX + 1) * sizeof(uint32_t)) /* before the rows, for the table of runs */

struct stream_slot {
  struct sp_block_stream stream;
  char *text; /* name, then columns */
};

struct sp_block_builder {
  uint32_t magic;
  uint32_t records, streams;
  uint64_t raw_bytes; /* of records added, kept or not: bounded */
  uint8_t *bytes;     /* RUNS_ROOM, then the rows */
  size_t rows_length, bytes_size;
  uint32_t runs[RUNS_MAX + 1]; /* where each run of rows begins */
  struct sp_row_context context;
  struct sp_totals outcomes[SP_OUTCOME_COUNT];
  int64_t list_micro, net_micro;
  uint64_t suspense_sum;
  struct stream_slot slots[SP_BLOCK_STREAMS_MAX];
  uint8_t *out;
  size_t out_size;
  ZSTD_CCtx *zstd;
  struct sp_row_reader
      *reader; /* for reading records of the open block back; made when first needed */
};

static bool grow(uint8_t **bytes, size_t *size, size_t needed)
{
  if (needed <= *size) {
    return true;
  }
  size_t larger = needed + needed / 2;
  uint8_t *moved = realloc(*bytes, larger);
  if (moved == NULL) {
    return false;
  }
  *bytes = moved;
  *size = larger;
  return true;
}

enum sp_status sp_block_builder_make(struct sp_block_builder **out)
{
  struct sp_block_builder *builder = calloc(1, sizeof(*builder));
  if (builder == NULL) {
    return SP_NO_MEMORY;
  }
  builder->magic = BUILDER_MAGIC;
  builder->zstd = ZSTD_createCCtx();
  if (builder->zstd == NULL ||
      !grow(&builder->bytes, &builder->bytes_size, RUNS_ROOM + ROWS_BYTES_FIRST)) {
    sp_block_builder_free(builder);
    return SP_NO_MEMORY;
  }
  *out = builder;
  return SP_OK;
}

void sp_block_builder_free(struct sp_block_builder *builder)
{
  if (builder == NULL) {
    return;
  }
  SP_ASSERT(builder->magic == BUILDER_MAGIC);
  sp_block_begin(builder);
  builder->magic = 0;
  ZSTD_freeCCtx(builder->zstd);
  free(builder->bytes);
  free(builder->reader);
  free(builder->out);
  free(builder);
}

void sp_block_begin(struct sp_block_builder *builder)
{
  SP_ASSERT(builder->magic == BUILDER_MAGIC);
  for (uint32_t i = 0; i < builder->streams; i++) {
    free(builder->slots[i].text);
  }
  builder->records = builder->streams = 0;
  builder->rows_length = builder->raw_bytes = 0;
  builder->list_micro = builder->net_micro = 0;
  builder->suspense_sum = 0;
  memset(builder->outcomes, 0, sizeof(builder->outcomes));
}

enum sp_status sp_block_stream_add(struct sp_block_builder *builder,
                                   const struct sp_block_stream *stream, uint32_t *index)
{
  SP_ASSERT(stream->name_length <= SP_BLOCK_NAME_BYTES_MAX &&
            stream->columns_length <= SP_BLOCK_COLUMNS_BYTES_MAX);
  if (builder->streams == SP_BLOCK_STREAMS_MAX) {
    return SP_LIMIT;
  }
  struct stream_slot *slot = &builder->slots[builder->streams];
  memset(slot, 0, sizeof(*slot));
  slot->text = malloc((size_t)stream->name_length + stream->columns_length + 1);
  if (slot->text == NULL) {
    return SP_NO_MEMORY;
  }
  memcpy(slot->text, stream->name, stream->name_length);
  if (stream->columns_length > 0) {
    memcpy(slot->text + stream->name_length, stream->columns, stream->columns_length);
  }
  slot->stream.name = slot->text;
  slot->stream.columns = slot->text + stream->name_length;
  slot->stream.name_length = stream->name_length;
  slot->stream.columns_length = stream->columns_length;
  slot->stream.format = stream->format;
  slot->stream.next = stream->next;
  *index = builder->streams++;
  return SP_OK;
}

void sp_block_stream_next(struct sp_block_builder *builder, uint32_t index, struct sp_position next)
{
  SP_ASSERT(index < builder->streams);
  builder->slots[index].stream.next = next;
}

uint32_t sp_block_records(const struct sp_block_builder *builder)
{
  return builder->records;
}

static uint32_t runs_of(uint32_t records)
{
  return (records + SP_BLOCK_RUN_RECORDS - 1) / SP_BLOCK_RUN_RECORDS;
}

enum sp_status sp_block_record_at(struct sp_block_builder *builder, uint32_t i,
                                  struct sp_block_record *record,
                                  const struct sp_block_stream **stream)
{
  SP_ASSERT(builder->magic == BUILDER_MAGIC && i < builder->records);
  if (builder->reader == NULL) {
    builder->reader = malloc(sizeof(*builder->reader));
    if (builder->reader == NULL) {
      return SP_NO_MEMORY;
    }
  }
  struct sp_row_reader *reader = builder->reader;
  sp__row_run_begin(&reader->context, SP_BLOCK_STREAMS_MAX);
  const uint8_t *rows = builder->bytes + RUNS_ROOM;
  reader->bytes = (struct sp_varint_reader){rows + builder->runs[i / SP_BLOCK_RUN_RECORDS],
                                            rows + builder->rows_length, false};
  const struct sp_block_room room = {
      .cdr = &reader->cdr,
      .scratch = reader->scratch,
      .texts = SP_CDR_TEXTS_ALL,
      .charge = &reader->charge,
      .sums = true,
  };
  for (uint32_t k = i - i % SP_BLOCK_RUN_RECORDS; k <= i; k++) {
    bool good = sp__row_get(reader, builder->streams, &room, record);
    SP_ASSERT(good);
  }
  *stream = &builder->slots[record->stream].stream;
  return SP_OK;
}

static void sums_add(struct sp_block_builder *builder, const struct sp_block_record *record,
                     const struct sp_charge *charge, const struct sp_totals *amounts)
{
  SP_ASSERT(amounts->count == 1);
  sp_totals_add(&builder->outcomes[charge->outcome], amounts);
  if (charge->outcome == SP_OUTCOME_RATED) {
    builder->list_micro = (int64_t)((uint64_t)builder->list_micro + (uint64_t)charge->list_micro);
    builder->net_micro = (int64_t)((uint64_t)builder->net_micro + (uint64_t)charge->net_micro);
  } else if (charge->outcome == SP_OUTCOME_SUSPENDED || charge->outcome == SP_OUTCOME_CONFLICT) {
    uint64_t seed = (uint64_t)charge->reason << 32 | charge->conflict_fields;
    builder->suspense_sum += XXH3_64bits_withSeed(record->raw, record->raw_length, seed);
  }
}

enum sp_status sp_block_add(struct sp_block_builder *builder, const struct sp_block_record *record,
                            const struct sp_charge *charge, const struct sp_totals *amounts)
{
  SP_ASSERT(builder->magic == BUILDER_MAGIC && record->stream < builder->streams);
  SP_ASSERT(charge->outcome < SP_OUTCOME_COUNT);
  uint32_t i = builder->records;
  if (i == SP_BLOCK_RECORDS_MAX ||
      builder->raw_bytes + record->raw_length > SP_BLOCK_RAW_BYTES_MAX) {
    return SP_FULL;
  }
  if (!grow(&builder->bytes, &builder->bytes_size,
            RUNS_ROOM + builder->rows_length + SP_ROW_BYTES_MAX + record->raw_length)) {
    return SP_NO_MEMORY;
  }
  if (i % SP_BLOCK_RUN_RECORDS == 0) {
    builder->runs[i / SP_BLOCK_RUN_RECORDS] = (uint32_t)builder->rows_length;
    sp__row_run_begin(&builder->context, SP_BLOCK_STREAMS_MAX);
  }
  uint8_t *at = builder->bytes + RUNS_ROOM + builder->rows_length;
  builder->rows_length += (size_t)(sp__row_put(&builder->context, record, charge, at) - at);
  builder->raw_bytes += record->raw_length;
  struct sp_block_stream *stream = &builder->slots[record->stream].stream;
  stream->in++;
  stream->outcomes[charge->outcome]++;
  sums_add(builder, record, charge, amounts);
  builder->records = i + 1;
  return SP_OK;
}

void sp_block_payload(struct sp_block_builder *builder, const uint8_t **bytes, size_t *length)
{
  size_t runs = (size_t)runs_of(builder->records) * sizeof(builder->runs[0]);
  uint8_t *at = builder->bytes + RUNS_ROOM - runs;
  memcpy(at, builder->runs, runs);
  *bytes = at;
  *length = runs + builder->rows_length;
}

/* The equation of engine.md §1 rule 6, for each of count, duration, bytes and money. */
static void equation_assert(const struct sp_block_header *header)
{
  struct sp_totals sum = {0, 0, 0, 0};
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    sp_totals_add(&sum, &header->outcomes[i]);
  }
  SP_ASSERT(sum.count == header->in.count && sum.duration_s == header->in.duration_s);
  SP_ASSERT(sum.bytes == header->in.bytes && sum.charge_micro == header->in.charge_micro);
  SP_ASSERT(sum.count == (int64_t)header->records);
}

static void header_fill(const struct sp_block_builder *builder, struct sp_block_header *header)
{
  header->magic = SP_BLOCK_MAGIC;
  header->version = SP_BLOCK_VERSION;
  header->header_bytes = sizeof(*header);
  header->records = builder->records;
  header->streams = builder->streams;
  memcpy(header->outcomes, builder->outcomes, sizeof(header->outcomes));
  header->list_micro = builder->list_micro;
  header->net_micro = builder->net_micro;
  header->suspense_sum = builder->suspense_sum;
  header->reserved = 0;
  memset(header->pad, 0, sizeof(header->pad));
  memset(header->hash, 0, sizeof(header->hash));
}

static size_t streams_write(const struct sp_block_builder *builder, uint8_t *to)
{
  uint8_t *at = to;
  for (uint32_t i = 0; i < builder->streams; i++) {
    const struct stream_slot *slot = &builder->slots[i];
    struct sp_block_stream_row row = {
        .next = slot->stream.next,
        .name_length = slot->stream.name_length,
        .columns_length = slot->stream.columns_length,
        .format = slot->stream.format,
        .in = slot->stream.in,
    };
    memcpy(row.outcomes, slot->stream.outcomes, sizeof(row.outcomes));
    memcpy(at, &row, sizeof(row));
    at += sizeof(row);
    memcpy(at, slot->text, row.name_length + row.columns_length);
    at += row.name_length + row.columns_length;
  }
  return (size_t)(at - to);
}

enum sp_status sp_block_close(struct sp_block_builder *builder, struct sp_block_header *header,
                              int level, const uint8_t **bytes, size_t *length)
{
  const uint8_t *payload;
  size_t payload_length;
  sp_block_payload(builder, &payload, &payload_length);
  size_t streams_max = 0;
  for (uint32_t i = 0; i < builder->streams; i++) {
    streams_max += sizeof(struct sp_block_stream_row) + builder->slots[i].stream.name_length +
                   builder->slots[i].stream.columns_length;
  }
  size_t bound = sizeof(*header) + streams_max + ZSTD_compressBound(payload_length);
  if (!grow(&builder->out, &builder->out_size, bound)) {
    return SP_NO_MEMORY;
  }
  header_fill(builder, header);
  equation_assert(header);
  header->streams_bytes = streams_write(builder, builder->out + sizeof(*header));
  uint8_t *frame = builder->out + sizeof(*header) + header->streams_bytes;
  size_t stored = ZSTD_compressCCtx(builder->zstd, frame, ZSTD_compressBound(payload_length),
                                    payload, payload_length, level);
  if (ZSTD_isError(stored)) {
    SP_ASSERT(ZSTD_getErrorCode(stored) ==
              ZSTD_error_memory_allocation); /* the room is what the bound says */
    return SP_NO_MEMORY;
  }
  header->payload_bytes = payload_length;
  header->stored_bytes = stored;
  *length = sizeof(*header) + header->streams_bytes + stored;
  XXH128_hash_t hash = XXH3_128bits(builder->out + sizeof(*header), *length - sizeof(*header));
  memcpy(header->body_hash, &hash, sizeof(hash));
  hash = XXH3_128bits(header, sizeof(*header));
  memcpy(header->hash, &hash, sizeof(hash));
  memcpy(builder->out, header, sizeof(*header));
  *bytes = builder->out;
  return SP_OK;
}
