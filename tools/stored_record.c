#include "tools/stored_record.h"

#include <stdlib.h>
#include <string.h>

enum sp_status sp_stored_reader_open(struct sp_stored_reader *reader, struct sp_world *world)
{
  memset(reader, 0, sizeof(*reader));
  reader->world = world;
  reader->scratch = malloc(SP_DECODE_SCRATCH_BYTES);
  if (reader->scratch == NULL) {
    return SP_NO_MEMORY;
  }
  sp_decoder_open(&reader->decoder, &world->zone);
  return SP_OK;
}

void sp_stored_reader_close(struct sp_stored_reader *reader)
{
  free(reader->scratch);
  reader->scratch = NULL;
}

static void usage_fill(struct sp_stored_record *record)
{
  const struct sp_cdr *cdr = &record->cdr;
  struct sp_usage *usage = &record->usage;
  memset(usage, 0, sizeof(*usage));
  usage->start_utc_s = cdr->start_utc_s;
  usage->duration_s = cdr->duration_s;
  usage->bytes = cdr->up_bytes + cdr->down_bytes;
  usage->items = cdr->items;
  usage->charge_micro = cdr->charge_micro;
  usage->seq = cdr->seq;
  usage->cause = cdr->cause;
  usage->service = cdr->service;
  usage->direction = cdr->direction;
  usage->partial = cdr->partial;
  usage->has_charge = cdr->has_charge;
  usage->reason = cdr->reason;
  usage->subscriber = record->stored.subscriber;
  usage->account = record->stored.account;
  usage->group = record->stored.group;
  usage->domain = SP_NONE;
  usage->book = record->charge.book;
  usage->roam = record->stored.roam;
  usage->zone = record->stored.zone;
  usage->net = record->stored.net;
  usage->flags = record->stored.place_flags;
  usage->behind_s = record->stored.behind_s;
}

enum sp_status sp_stored_read(struct sp_stored_reader *reader, struct sp_block_view *view,
                              uint32_t i)
{
  const struct sp_block_header *header = sp_block_view_header(view);
  struct sp_stored_record *record = &reader->record;
  record->books = sp_world_books(reader->world, header->books_count);
  if (record->books == NULL ||
      memcmp(record->books->hash, header->books_hash, sizeof(header->books_hash)) != 0) {
    return SP_BAD_BOOK;
  }
  SP_TRY(sp_block_view_record(view, i, &record->stored, &record->charge));
  record->stream = sp_block_view_stream(view, record->stored.stream);
  record->block = header->number;
  record->ordinal = header->first_ordinal + i;
  if (record->stored.cdr != NULL) {
    record->cdr = *record->stored.cdr;
  } else {
    sp_decode_raw(&reader->decoder, record->stream->format,
                  (struct sp_decode_bytes){record->stream->columns, record->stream->columns_length},
                  (struct sp_decode_bytes){record->stored.raw, record->stored.raw_length},
                  &record->cdr, reader->scratch);
  }
  usage_fill(record);
  return SP_OK;
}
