/* One record's row in a journal block. */
#include "store/block_layout.h"

#define SAME_STREAM 0x08u /* above three bits of outcome */
#define SAME_BOOK 0x10u
#define HAS_SUB 0x20u
#define HAS_BEHIND 0x40u
#define HAS_GROUP 0x80u
#define IS_RAW 0x4000u /* in the places' word */
#define NO_SUBSCRIBER 0x8000u
#define PLACE_FLAGS_BITS 4
#define BOOK_NONE 255u

_Static_assert(SP_OUTCOME_COUNT <= 8, "three bits of outcome");
_Static_assert(SP_ROAM_COUNT <= 8 && SP_ZONE_COUNT <= 8 && SP_NET_COUNT <= 16,
               "bits of the places' word");

void sp__row_run_begin(struct sp_row_context *context, uint32_t streams)
{
  memset(context->offsets, 0, streams * sizeof(context->offsets[0]));
  context->stream = UINT32_MAX;
  context->subscriber = 0;
  context->book = 0;
  sp_cdr_coder_begin(&context->coder);
}

static bool keeps_raw(const struct sp_block_record *record, const struct sp_charge *charge)
{
  return charge->outcome == SP_OUTCOME_SUSPENDED || charge->outcome == SP_OUTCOME_CONFLICT ||
         record->cdr == NULL;
}

static inline uint8_t *place_put(struct sp_row_context *context,
                                 const struct sp_block_record *record, unsigned head, uint8_t *to)
{
  if ((head & SAME_STREAM) == 0) {
    *to++ = (uint8_t)record->stream;
    context->stream = record->stream;
  }
  to = sp_varint_put(to, record->position.offset - context->offsets[record->stream]);
  context->offsets[record->stream] = record->position.offset;
  if ((head & HAS_SUB) != 0) {
    to = sp_varint_put(to, record->position.sub);
  }
  if ((head & HAS_BEHIND) != 0) {
    to = sp_varint_put(to, record->behind_s);
  }
  return to;
}

static inline uint8_t *who_put(struct sp_row_context *context, const struct sp_block_record *record,
                               unsigned head, bool raw, uint8_t *to)
{
  unsigned places = (unsigned)record->roam | (unsigned)record->zone << 3 |
                    (unsigned)record->net << 6 | (unsigned)record->place_flags << 10 |
                    (raw ? IS_RAW : 0) | (record->subscriber == SP_NONE ? NO_SUBSCRIBER : 0);
  SP_ASSERT(record->place_flags < 1u << PLACE_FLAGS_BITS);
  *to++ = (uint8_t)places;
  *to++ = (uint8_t)(places >> 8);
  if (record->subscriber == SP_NONE) {
    return to;
  }
  to = sp_varint_put_signed(to, (int64_t)record->subscriber - (int64_t)context->subscriber);
  context->subscriber = record->subscriber;
  to = sp_varint_put_signed(to, (int64_t)record->account - (int64_t)record->subscriber);
  return (head & HAS_GROUP) != 0 ? sp_varint_put(to, record->group) : to;
}

uint8_t *sp__row_put(struct sp_row_context *context, const struct sp_block_record *record,
                     const struct sp_charge *charge, uint8_t *to)
{
  uint8_t book = charge->book == UINT16_MAX ? BOOK_NONE : (uint8_t)charge->book;
  bool group = record->subscriber != SP_NONE && record->group != SP_NONE;
  unsigned head =
      (unsigned)charge->outcome | (record->stream == context->stream ? SAME_STREAM : 0) |
      (book == context->book ? SAME_BOOK : 0) | (record->position.sub != 0 ? HAS_SUB : 0) |
      (record->behind_s != 0 ? HAS_BEHIND : 0) | (group ? HAS_GROUP : 0);
  bool raw = keeps_raw(record, charge);
  *to++ = (uint8_t)head;
  to = place_put(context, record, head, to);
  to = who_put(context, record, head, raw, to);
  if ((head & SAME_BOOK) == 0) {
    *to++ = book;
    context->book = book;
  }
  if (charge->outcome == SP_OUTCOME_SUSPENDED) {
    to = sp_varint_put(to, charge->reason);
  }
  to = sp_charge_encode(charge, record->subscriber, record->account, to);
  if (!raw) {
    return sp_cdr_encode(&context->coder, record->cdr, to);
  }
  to = sp_varint_put(to, record->raw_length);
  memcpy(to, record->raw, record->raw_length);
  return to + record->raw_length;
}

static inline void place_get(struct sp_row_context *context, struct sp_varint_reader *bytes,
                             uint32_t streams, unsigned head, struct sp_block_record *record)
{
  if ((head & SAME_STREAM) == 0) {
    context->stream = sp_varint_get_byte(bytes);
  }
  if (context->stream >= streams) {
    bytes->bad = true;
    return;
  }
  record->stream = context->stream;
  context->offsets[context->stream] += sp_varint_get(bytes);
  record->position.offset = context->offsets[context->stream];
  record->position.sub = (head & HAS_SUB) != 0 ? sp_varint_get_u32(bytes) : 0;
  record->behind_s = (head & HAS_BEHIND) != 0 ? sp_varint_get_u32(bytes) : 0;
}

/* Whether the row keeps raw bytes. */
static inline bool who_get(struct sp_row_context *context, struct sp_varint_reader *bytes,
                           unsigned head, struct sp_block_record *record)
{
  unsigned places = sp_varint_get_byte(bytes);
  places |= (unsigned)sp_varint_get_byte(bytes) << 8;
  record->roam = places & 7;
  record->zone = places >> 3 & 7;
  record->net = places >> 6 & 15;
  record->place_flags = places >> 10 & ((1u << PLACE_FLAGS_BITS) - 1);
  if ((places & NO_SUBSCRIBER) == 0) {
    record->subscriber = context->subscriber = sp_varint_get_near(bytes, context->subscriber);
    record->account = sp_varint_get_near(bytes, record->subscriber);
    record->group = (head & HAS_GROUP) != 0 ? sp_varint_get_u32(bytes) : SP_NONE;
  } else {
    record->subscriber = record->account = record->group = SP_NONE;
  }
  return (places & IS_RAW) != 0;
}

static inline void charge_get(struct sp_row_context *context, struct sp_varint_reader *bytes,
                              const struct sp_block_record *record, unsigned head,
                              const struct sp_block_room *room)
{
  struct sp_charge *charge = room->charge;
  charge->outcome = head & 7;
  if ((head & SAME_BOOK) == 0) {
    context->book = sp_varint_get_byte(bytes);
  }
  charge->book = context->book == BOOK_NONE ? UINT16_MAX : context->book;
  charge->reason = charge->outcome == SP_OUTCOME_CONFLICT ? SP_REASON_CONFLICT : SP_REASON_NONE;
  if (charge->outcome == SP_OUTCOME_SUSPENDED) {
    charge->reason = (uint16_t)sp_varint_get(bytes);
  }
  if (charge->outcome >= SP_OUTCOME_COUNT) {
    bytes->bad = true;
  } else if (room->sums) {
    sp_charge_decode_sums(charge, bytes);
  } else {
    sp_charge_decode(charge, record->subscriber, record->account, bytes);
  }
}

bool sp__row_get(struct sp_row_reader *reader, uint32_t streams, const struct sp_block_room *room,
                 struct sp_block_record *record)
{
  struct sp_varint_reader bytes = reader->bytes; /* in registers */
  struct sp_row_context *context = &reader->context;
  memset(record, 0, sizeof(*record));
  unsigned head = sp_varint_get_byte(&bytes);
  place_get(context, &bytes, streams, head, record);
  bool raw = who_get(context, &bytes, head, record);
  charge_get(context, &bytes, record, head, room);
  if (bytes.bad) {
    return false;
  }
  record->conflict_fields = room->charge->conflict_fields;
  if (!raw) {
    record->text_bytes =
        (uint32_t)sp_cdr_decode(&context->coder, &bytes, room->texts, room->cdr, room->scratch);
    record->cdr = room->cdr;
  } else {
    uint64_t length = sp_varint_get(&bytes);
    record->raw = (const char *)sp_varint_get_bytes(&bytes, length);
    record->raw_length = (uint32_t)length;
  }
  reader->bytes = bytes;
  return !bytes.bad;
}
