/* Inside the decoders: where the cells of a record are gathered before they are converted. The
 * texts come first in the order of enum sp_cdr_text, so that their spans are copied as one piece.
 */
#ifndef SP_INGEST_DECODE_SLOTS_H
#define SP_INGEST_DECODE_SLOTS_H

#include "ingest/decode.h"

#define SP_DECODER_MAGIC 0x53504443u /* "SPDC" */

enum sp__decode_slot {
  SP__SLOT_SERVICE = SP_CDR_TEXT_COUNT,
  SP__SLOT_DIRECTION,
  SP__SLOT_START,
  SP__SLOT_DURATION,
  SP__SLOT_UP,
  SP__SLOT_DOWN,
  SP__SLOT_ITEMS,
  SP__SLOT_LAC,
  SP__SLOT_SEQ,
  SP__SLOT_PARTIAL,
  SP__SLOT_CAUSE,
  SP__SLOT_CHARGE,
  SP__SLOT_UNKNOWN, /* kept out */
  SP__SLOT_COUNT
};

#define SP__NAME_BYTES_MAX 12 /* longest canonical name */

/* The slot of a canonical name, SP__SLOT_UNKNOWN for any other. */
unsigned sp__slot_find(const char *name, size_t length);
/* The canonical name at `index` of the order of engine.md §2 and its slot; NULL behind the last. */
const char *sp__slot_name(unsigned index, unsigned *slot);

/* Tests 2-4 and all conversions: fills `cdr` from cells that are spans of `text`, blanks trimmed.
 */
void sp__cdr_convert(struct sp_decoder *decoder, struct sp_cdr *cdr, const char *text,
                     const struct sp_span cells[SP__SLOT_COUNT]);
/* A record of which nothing can be told. */
void sp__cdr_bad_line(struct sp_cdr *cdr, const char *text);

/* RFC 3339 or YYYYMMDDhhmmss (book.md §4.1). false: it is neither, or does not exist. */
SP_MUST_CHECK bool sp__start_parse(struct sp_decoder *decoder, const char *text, size_t length,
                                   int64_t *start_utc_s);

/* Length of the UTF-8 sequence at `at`, 0 if it is none (overlong, surrogate, cut, beyond
 * U+10FFFF). */
unsigned sp__utf8_length(const char *at, const char *end);
SP_MUST_CHECK bool sp__utf8_check(const char *at, const char *end);

/* A line that is too long to be a record, or whose quote never closes: takes the physical line.
 * False: its end is not in the bytes yet. */
bool sp__line_give_up(struct sp_decoder *decoder, struct sp_decode *decode, size_t at);
/* Passes the rest of a line whose beginning was given. False: its end is not in the bytes yet. */
bool sp__line_skip(struct sp_decoder *decoder, struct sp_decode *decode);
/* Passes a byte order mark at the beginning of a stream. False: it cannot be told yet. */
bool sp__mark_skip(struct sp_decoder *decoder, struct sp_decode *decode);

static inline bool sp__is_blank(char c)
{
  return c == ' ' || c == '\t';
}

#endif
