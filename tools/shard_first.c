/* Conflicts: the first record of a key is read back, from a block in memory or from the journal, to
 * name the fields that differ (book.md §15.2, §15.3). Rare, so that it may read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/conflict.h"
#include "tools/shard_inside.h"

enum sp_status sp__block_index_add(struct sp_shard *shard, uint64_t first_ordinal, uint64_t number,
                                   size_t length)
{
  if (shard->blocks_count == shard->blocks_size) {
    size_t size = shard->blocks_size * 2 + 64;
    struct sp_block_index *moved = realloc(shard->blocks, size * sizeof(*moved));
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    shard->blocks = moved;
    shard->blocks_size = size;
  }
  struct sp_journal_place place = sp_journal_place_of(shard->meta.place, number);
  shard->blocks[shard->blocks_count++] = (struct sp_block_index){first_ordinal, place};
  shard->meta.place = (struct sp_journal_place){place.segment, place.offset + length};
  return SP_OK;
}

static enum sp_status reader_open(struct sp_shard *shard)
{
  sp_journal_close(shard->reader); /* again for each look: segments may have been added */
  shard->reader = NULL;
  char path[SP_PATH_BYTES_MAX];
  sp_store_path(&shard->world->dir, path, "shards/%u/journal", shard->index);
  return sp_journal_open(&shard->reader, path, false);
}

/* Blocks before this process's first one: their headers are read once, from the journal's
 * beginning. */
static enum sp_status index_complete(struct sp_shard *shard)
{
  uint64_t known_from =
      shard->blocks_count > 0 ? shard->blocks[0].first_ordinal : shard->meta.ordinal;
  SP_TRY(reader_open(shard));
  SP_TRY(sp_journal_seek(shard->reader, (struct sp_journal_place){0, 0}));
  size_t count = 0, size = shard->blocks_count + 64;
  struct sp_block_index *all = malloc(size * sizeof(*all));
  enum sp_status status = all == NULL ? SP_NO_MEMORY : SP_OK;
  while (status == SP_OK) {
    status = sp_journal_next(shard->reader, shard->view, false);
    if (status != SP_OK || sp_block_view_header(shard->view)->first_ordinal >= known_from) {
      break;
    }
    if (count + shard->blocks_count + 1 >= size) {
      size *= 2;
      struct sp_block_index *moved = realloc(all, size * sizeof(*all));
      if (moved == NULL) {
        status = SP_NO_MEMORY;
        break;
      }
      all = moved;
    }
    all[count++] = (struct sp_block_index){sp_block_view_header(shard->view)->first_ordinal,
                                           sp_journal_block_place(shard->reader)};
  }
  if (status != SP_OK && status != SP_END) {
    free(all);
    return status;
  }
  memcpy(all + count, shard->blocks, shard->blocks_count * sizeof(*all));
  free(shard->blocks);
  shard->blocks = all;
  shard->blocks_count += count;
  shard->blocks_size = size;
  return SP_OK;
}

/* Opens the journaled block with a record into shard->view; *record = its index there. */
static enum sp_status block_open(struct sp_shard *shard, uint64_t ordinal, uint32_t *record)
{
  if (shard->blocks_count == 0 || shard->blocks[0].first_ordinal > ordinal) {
    SP_TRY(index_complete(shard));
  }
  size_t low = 0, high = shard->blocks_count;
  while (low < high) { /* the last block that begins at or before it */
    size_t middle = (low + high) / 2;
    if (shard->blocks[middle].first_ordinal <= ordinal) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) { /* what should stand there cannot be read */
    return SP_BAD_FORMAT;
  }
  const struct sp_block_index *block = &shard->blocks[low - 1];
  if (shard->view_block != low ||
      sp_block_view_header(shard->view)->first_ordinal != block->first_ordinal) {
    SP_TRY(reader_open(shard));
    SP_TRY(sp_journal_seek(shard->reader, block->place));
    SP_TRY(sp_journal_next(shard->reader, shard->view, true));
    shard->view_block = low;
  }
  *record = (uint32_t)(ordinal - block->first_ordinal);
  return *record < sp_block_view_header(shard->view)->records ? SP_OK : SP_BAD_FORMAT;
}

/* The block of a record that lies in a builder yet: the open one, or one before it that may be on
 * its way to disk. They were filled one after the other. NULL: its block is on disk, for a builder
 * is not begun anew before that; else *record = its index there. */
static struct sp_block_builder *builder_of(const struct sp_shard *shard, uint64_t ordinal,
                                           uint32_t *record)
{
  uint64_t from = shard->meta.ordinal;
  for (uint32_t back = 0; back < SP_BUILDERS_MAX; back++) {
    uint32_t at = (shard->builder_open + SP_BUILDERS_MAX - back) % SP_BUILDERS_MAX;
    struct sp_block_builder *builder = shard->builders[at];
    from -= sp_block_records(builder);
    if (ordinal >= from) {
      *record = (uint32_t)(ordinal - from);
      return builder;
    }
  }
  return NULL;
}

/* A journaled record, borrowed from shard->view. */
static enum sp_status journaled_read(struct sp_shard *shard, uint64_t ordinal,
                                     struct sp_block_record *record,
                                     const struct sp_block_stream **stream)
{
  uint32_t index = 0;
  errno = 0;
  enum sp_status status = block_open(shard, ordinal, &index);
  if (status == SP_OK) {
    status = sp_block_view_record(shard->view, index, record, NULL);
  }
  if (status != SP_OK) {
    snprintf(shard->error, sizeof(shard->error),
             "shard %u: journal: the first record of a conflict cannot be read: %s", shard->index,
             status == SP_IO && errno != 0 ? strerror(errno) : sp_status_text(status));
    return status;
  }
  *stream = sp_block_view_stream(shard->view, record->stream);
  return SP_OK;
}

enum sp_status sp__first_record_compare(struct sp_shard *shard, uint64_t first_ordinal,
                                        const struct sp_cdr *cdr, uint32_t *fields)
{
  if (shard->resolver == NULL) {
    SP_TRY(sp_resolver_make_numbers(&shard->resolver, shard->world->directory, shard->books,
                                    &shard->memory));
  }
  /* marks keep 32 bits: the latest ordinal below the current one with these bits */
  uint64_t ordinal = (shard->meta.ordinal & ~(uint64_t)UINT32_MAX) | (uint32_t)first_ordinal;
  if (ordinal >= shard->meta.ordinal) {
    SP_ASSERT(ordinal >= UINT64_C(1) << 32);
    ordinal -= UINT64_C(1) << 32;
  }
  struct sp_block_record record;
  const struct sp_block_stream *stream;
  uint32_t index = 0;
  struct sp_block_builder *builder = builder_of(shard, ordinal, &index);
  if (builder != NULL) {
    SP_TRY(sp_block_record_at(builder, index, &record, &stream));
  } else {
    SP_TRY(journaled_read(shard, ordinal, &record, &stream));
  }
  struct sp_cdr first;
  if (record.cdr != NULL) {
    first = *record.cdr;
  } else {
    sp_decode_raw(&shard->decoder, stream->format,
                  (struct sp_decode_bytes){stream->columns, stream->columns_length},
                  (struct sp_decode_bytes){record.raw, record.raw_length}, &first, shard->scratch);
  }
  struct sp_numbers first_numbers, numbers;
  sp_resolve_numbers(shard->resolver, &first, &first_numbers);
  sp_resolve_numbers(shard->resolver, cdr, &numbers);
  *fields = sp_conflict_fields(&first, &first_numbers, cdr, &numbers);
  return SP_OK;
}
