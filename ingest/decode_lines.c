/* What both decoders share: opening, marks, UTF-8, and lines that are too long to be a record. */
#include "ingest/decode_slots.h"

#include <string.h>

#include "rating/text.h"

static const uint8_t utf8_mark[3] = {0xEF, 0xBB, 0xBF};

void sp_decoder_open(struct sp_decoder *decoder, const struct sp_decode_zone *zone)
{
  SP_ASSERT(decoder != NULL && zone != NULL && zone->from_local != NULL);
  memset(decoder, 0, sizeof(*decoder));
  decoder->magic = SP_DECODER_MAGIC;
  memcpy(decoder->date, "1970-01-01T", 11);
  memcpy(decoder->offset, "..+00:00", 8);
  sp_decoder_set_zone(decoder, zone);
  sp_decoder_begin(decoder);
}

void sp_decoder_set_zone(struct sp_decoder *decoder, const struct sp_decode_zone *zone)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC && zone->from_local != NULL);
  decoder->zone = *zone;
  for (unsigned i = 0; i < SP_DECODE_DAYS_CACHED; i++) {
    decoder->days[i].day = INT32_MIN; /* no day of the years 0 to 9999 */
  }
}

void sp_decoder_begin(struct sp_decoder *decoder)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC);
  decoder->header = SP_HEADER_NONE;
  decoder->columns = 0;
  decoder->columns_length = 0;
  decoder->line = 1;
  decoder->skipping = false;
  decoder->at_start = true;
  decoder->warned = false;
  decoder->warning[0] = '\0';
}

void sp_decoder_jump(struct sp_decoder *decoder, uint32_t line)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC);
  decoder->line = line;
  decoder->skipping = false;
  decoder->at_start = false;
}

const char *sp_decoder_warning(struct sp_decoder *decoder)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC);
  if (decoder->warned || decoder->warning[0] == '\0') {
    return NULL;
  }
  decoder->warned = true;
  return decoder->warning;
}

unsigned sp__utf8_length(const char *at, const char *end)
{
  return at == end ? 0 : (unsigned)sp_text_utf8((const unsigned char *)at, (size_t)(end - at));
}

bool sp__utf8_check(const char *at, const char *end)
{
  while (at < end) {
    uint64_t word;
    while (end - at >= (ptrdiff_t)sizeof(word)) {
      memcpy(&word, at, sizeof(word));
      if ((word & UINT64_C(0x8080808080808080)) != 0) {
        break;
      }
      at += sizeof(word);
    }
    if (at == end) {
      break;
    }
    unsigned length = sp__utf8_length(at, end);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

bool sp__mark_skip(struct sp_decoder *decoder, struct sp_decode *decode)
{
  if (!decoder->at_start) {
    return true;
  }
  size_t seen = decode->length < sizeof(utf8_mark) ? decode->length : sizeof(utf8_mark);
  bool same = memcmp(decode->bytes, utf8_mark, seen) == 0;
  if (same && seen < sizeof(utf8_mark) && !decode->last) {
    return false;
  }
  if (same && seen == sizeof(utf8_mark)) {
    decode->consumed = seen;
  }
  decoder->at_start = false;
  return true;
}

bool sp__line_skip(struct sp_decoder *decoder, struct sp_decode *decode)
{
  if (!decoder->skipping) {
    return true;
  }
  const char *from = decode->bytes + decode->consumed;
  size_t left = decode->length - decode->consumed;
  const char *at = left == 0 ? NULL : memchr(from, '\n', left);
  decode->consumed += at == NULL ? left : (size_t)(at - from) + 1;
  if (at == NULL) {
    return false;
  }
  decoder->skipping = false;
  decoder->line++;
  return true;
}

bool sp__line_give_up(struct sp_decoder *decoder, struct sp_decode *decode, size_t at)
{
  const char *from = decode->bytes + at;
  size_t left = decode->length - at;
  size_t seen = left < SP_LINE_BYTES_MAX ? left : SP_LINE_BYTES_MAX;
  const char *feed = memchr(from, '\n', seen);
  size_t length = feed == NULL ? seen : (size_t)(feed - from);
  if (feed == NULL && seen < SP_LINE_BYTES_MAX && !decode->last) {
    return false;
  }
  decode->consumed = at + length + (feed == NULL ? 0 : 1);
  if (feed == NULL && length == SP_LINE_BYTES_MAX) {
    decoder->skipping = true;
  } else if (length > 0 && from[length - 1] == '\r') {
    length--;
  }
  struct sp_raw *raw = &decode->raws[decode->count];
  *raw = (struct sp_raw){from, (uint32_t)length, decoder->line};
  sp__cdr_bad_line(&decode->cdrs[decode->count], from);
  decode->count++;
  decoder->line += decoder->skipping ? 0 : 1;
  return true;
}

void sp_decode_raw(struct sp_decoder *decoder, enum sp_decode_format format,
                   struct sp_decode_bytes columns, struct sp_decode_bytes raw, struct sp_cdr *cdr,
                   char *scratch)
{
  struct sp_raw kept;
  struct sp_decode decode = {.bytes = raw.at, .length = raw.length, .last = true, .count_max = 1};
  decode.whole = true;
  decode.cdrs = cdr;
  decode.raws = &kept;
  decode.scratch = scratch;
  decode.scratch_size = SP_DECODE_SCRATCH_BYTES;
  sp_decoder_jump(decoder, 1);
  if (format == SP_FORMAT_JSON) {
    sp_decode_json_message(decoder, &decode);
  } else {
    if (columns.length != decoder->columns_length || decoder->header == SP_HEADER_NONE ||
        (columns.length > 0 && memcmp(columns.at, decoder->columns_text, columns.length) != 0)) {
      sp_decoder_use_header(decoder, columns.at, columns.length);
    }
    sp_decode_csv_batch(decoder, &decode);
  }
  if (decode.count == 0) { /* not what came out of a stream: nothing can be told of it */
    sp__cdr_bad_line(cdr, raw.at);
  }
}
