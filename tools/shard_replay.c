/* The journal behind the checkpoint, block by block: raw bytes are decoded, resolved and judged
 * again, and the block that comes out must be the block that was written, byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/heap.h"
#include "tools/shard_inside.h"

struct replay {
  struct sp_shard *shard;
  struct sp_block_view *view; /* the block at hand; the shard's own view serves conflicts */
  struct sp_resolver *resolver;
  struct sp_memory *memory;
  const struct sp_books *books;                   /* of the resolver */
  struct sp_parcel *parcel;                       /* as the router would have sent it */
  struct sp_stream streams[SP_BLOCK_STREAMS_MAX]; /* of the block at hand */
  struct sp_cut cut;
  struct sp_cut_stream cut_streams[SP_BLOCK_STREAMS_MAX];
  uint32_t behind_s[SP_BATCH_RECORDS_MAX];
  uint8_t flags[SP_BATCH_RECORDS_MAX]; /* what the router knew: SP_USAGE_ELSEWHERE */
  char *scratch; /* for texts that had to be unescaped: SP_BATCH_RECORDS_MAX times
                    SP_DECODE_SCRATCH_BYTES */
};

static enum sp_status wrong(struct sp_shard *shard, enum sp_status status, const char *what)
{
  snprintf(shard->error, sizeof(shard->error), "shard %u: journal block %llu: %s", shard->index,
           (unsigned long long)shard->meta.block + 1, what);
  return status;
}

/* Does the block follow what is known? */
static enum sp_status header_check(struct sp_shard *shard, const struct sp_block_header *header)
{
  if (header->shard != shard->index || header->shard_count != shard->world->dir.shard_count ||
      header->number != shard->meta.block + 1 || header->first_ordinal != shard->meta.ordinal) {
    return wrong(shard, SP_BAD_FORMAT, "does not follow the block before it");
  }
  if (memcmp(header->previous_hash, shard->meta.block_hash, sizeof(header->previous_hash)) != 0) {
    return wrong(shard, SP_BAD_CHECKSUM, "its previous hash is not that of the block before it");
  }
  const struct sp_books *books = sp_world_books(shard->world, header->books_count);
  if (books == NULL || memcmp(books->hash, header->books_hash, sizeof(header->books_hash)) != 0) {
    return wrong(shard, SP_BAD_BOOK, "was rated with books that the store does not have");
  }
  return SP_OK;
}

/* Streams of this block get run-wide indices by name, so that the shard knows them again. */
static void streams_set(struct replay *replay)
{
  const struct sp_block_view *view = replay->view;
  uint32_t count = sp_block_view_header(view)->streams;
  replay->cut.streams_count = count;
  replay->cut.streams = replay->cut_streams;
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_block_stream *stream = sp_block_view_stream(view, i);
    replay->streams[i] = (struct sp_stream){i,
                                            stream->format,
                                            stream->name,
                                            stream->columns,
                                            stream->name_length,
                                            stream->columns_length};
    replay->cut_streams[i] = (struct sp_cut_stream){&replay->streams[i], 0, stream->next};
  }
  for (uint32_t i = 0; i < replay->shard->streams_size; i++) {
    replay->shard->streams[i] =
        (struct sp_shard_stream){0}; /* indices mean other names in each block */
  }
}

/* The record as the source's decoder gave it, its texts in slot n of the scratch. */
static void record_put(struct replay *replay, uint32_t n, const struct sp_block_record *record)
{
  struct sp_parcel *parcel = replay->parcel;
  const struct sp_stream *stream = &replay->streams[record->stream];
  char *scratch = replay->scratch + (size_t)n * SP_DECODE_SCRATCH_BYTES;
  struct sp_cdr *cdr = &parcel->batch.cdrs[n];
  if (record->cdr != NULL) {
    size_t used = 0;
    *cdr = *record->cdr;
    for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
      size_t end = (size_t)cdr->texts[i].at + cdr->texts[i].length;
      used = end > used ? end : used;
    }
    memcpy(scratch, cdr->text, used);
    cdr->text = scratch;
  } else {
    sp_decode_raw(&replay->shard->decoder, stream->format,
                  (struct sp_decode_bytes){stream->columns, stream->columns_length},
                  (struct sp_decode_bytes){record->raw, record->raw_length}, cdr, scratch);
  }
  parcel->stream = stream;
  parcel->batch.raws[n] = (struct sp_raw){record->raw, record->raw_length, 0};
  parcel->batch.positions[n] = record->position;
  replay->behind_s[n] = record->behind_s;
  replay->flags[n] = record->place_flags & SP_USAGE_ELSEWHERE;
  parcel->elsewhere_fields[n] = record->conflict_fields;
}

/* The n records put, all of one stream, through the shard. */
static enum sp_status run_records(struct replay *replay, uint32_t n)
{
  struct sp_shard *shard = replay->shard;
  struct sp_parcel *parcel = replay->parcel;
  uint16_t order[SP_BATCH_RECORDS_MAX];
  sp_resolve_batch(replay->resolver, parcel->batch.cdrs, parcel->usages, n);
  for (uint32_t i = 0; i < n; i++) {
    order[i] = (uint16_t)i;
    parcel->usages[i].behind_s = replay->behind_s[i];
    parcel->usages[i].flags |= replay->flags[i];
    struct sp_totals amounts = sp__record_amounts(&parcel->usages[i]);
    sp_totals_add(&replay->cut.in[shard->index], &amounts);
  }
  enum sp_status status = sp_shard_records(shard, parcel, order, n);
  bool said = status == SP_OK || status == SP_END || shard->error[0] != '\0';
  return said ? status : wrong(shard, status, sp_status_text(status));
}

static enum sp_status block_records(struct replay *replay)
{
  uint32_t count = sp_block_view_header(replay->view)->records, n = 0, stream = 0;
  memset(&replay->cut.in, 0, sizeof(replay->cut.in));
  for (uint32_t i = 0; i < count; i++) {
    struct sp_block_record record;
    SP_TRY(sp_block_view_record(replay->view, i, &record, NULL));
    if (n == SP_BATCH_RECORDS_MAX || (n > 0 && record.stream != stream)) {
      SP_TRY(run_records(replay, n));
      n = 0;
    }
    stream = record.stream;
    record_put(replay, n++, &record);
  }
  return n > 0 ? run_records(replay, n) : SP_OK;
}

/* The rebuilt block against the journaled one; then the shard stands behind it. */
static enum sp_status block_compare(struct replay *replay, size_t stored_bytes)
{
  struct sp_shard *shard = replay->shard;
  const struct sp_block_header header = *sp_block_view_header(replay->view);
  size_t length, rebuilt_length;
  const uint8_t *payload = sp_block_view_payload(replay->view, &length);
  const uint8_t *rebuilt;
  sp_block_payload(shard->builders[shard->builder_open], &rebuilt, &rebuilt_length);
  if (length != rebuilt_length || memcmp(payload, rebuilt, length) != 0) {
    return wrong(shard, SP_DIFFERENT,
                 "its records come out otherwise than they were journaled; "
                 "was the store written by another build, or its books or customers changed?");
  }
  for (uint32_t i = 0; i < header.streams; i++) {
    const struct sp_block_stream *stream = sp_block_view_stream(replay->view, i);
    uint32_t at;
    SP_TRY(sp__shard_position_add(shard, stream->name, stream->name_length, &at));
    struct sp_name_position *position = &shard->positions[at - 1];
    if (sp_position_compare(stream->next, position->next) > 0) {
      position->next = stream->next;
      position->changed = true;
    }
  }
  SP_TRY(sp__block_index_add(shard, header.first_ordinal, header.number, stored_bytes));
  sp__shard_advance(shard, &header);
  shard->watermark_utc_s = header.watermark_utc_s;
  atomic_store(&shard->durable_block, header.number);
  shard->builder_stamp++;
  sp_block_begin(shard->builders[shard->builder_open]);
  return SP_OK;
}

static enum sp_status block_replay(struct replay *replay)
{
  struct sp_shard *shard = replay->shard;
  const struct sp_block_header *header = sp_block_view_header(replay->view);
  SP_TRY(header_check(shard, header));
  const struct sp_books *books = sp_world_books(shard->world, header->books_count);
  if (books != shard->books) {
    shard->books = books;
    SP_TRY(sp_rater_set_books(shard->rater, books));
  }
  if (books != replay->books) {
    SP_TRY(sp_resolver_make(&replay->resolver, shard->world->directory, books, replay->memory));
    replay->books = books;
  }
  streams_set(replay);
  size_t stored = sizeof(*header) + (size_t)header->streams_bytes + (size_t)header->stored_bytes;
  SP_TRY(block_records(replay));
  return block_compare(replay, stored);
}

static void replay_free(struct replay *replay)
{
  if (replay != NULL) {
    sp_block_view_free(replay->view);
    free(replay->scratch);
    free(replay->parcel);
    free(replay);
  }
}

static enum sp_status replay_make(struct sp_shard *shard, struct sp_memory *memory,
                                  struct replay **out)
{
  struct replay *replay = calloc(1, sizeof(*replay));
  if (replay == NULL) {
    return SP_NO_MEMORY;
  }
  *out = replay;
  replay->shard = shard;
  replay->memory = memory;
  replay->parcel = aligned_alloc(64, (sizeof(*replay->parcel) + 63) / 64 * 64);
  replay->scratch = malloc((size_t)SP_BATCH_RECORDS_MAX * SP_DECODE_SCRATCH_BYTES);
  if (replay->parcel == NULL || replay->scratch == NULL) {
    return SP_NO_MEMORY;
  }
  memset(replay->parcel, 0, sizeof(*replay->parcel));
  return sp_block_view_make(&replay->view);
}

enum sp_status sp__shard_replay(struct sp_shard *shard)
{
  struct replay *replay = NULL;
  struct sp_memory memory;
  sp_heap_init(&memory);
  enum sp_status status = replay_make(shard, &memory, &replay);
  while (status == SP_OK && !sp__shard_is_needless(shard)) {
    status = sp_journal_next(shard->journal, replay->view, true);
    if (status == SP_OK) {
      status = block_replay(replay);
    }
  }
  replay_free(replay);
  sp_memory_free(&memory);
  if (status != SP_END && status != SP_OK) {
    return shard->error[0] != '\0' ? status : wrong(shard, status, sp_status_text(status));
  }
  for (uint32_t i = 0; i < shard->streams_size; i++) {
    shard->streams[i] = (struct sp_shard_stream){0};
  }
  shard->torn_bytes = sp_journal_torn_bytes(shard->journal);
  return SP_OK;
}
