#include "ingest/resolve_hash.h"

#include "rating/hash.h"

#define SEED_KEY 0x6B6579u
#define SEED_CHAIN 0x636861u
#define SEED_PAYLOAD 0x706179u

static inline uint64_t text_hash(const struct sp_cdr *cdr, enum sp_cdr_text field)
{
  size_t length = sp_cdr_text_length(cdr, field);
  return length == 0 ? 0 : sp_hash64(sp_cdr_text(cdr, field), length, field + 1u);
}

struct texts { /* of the fields that a key or a chain may have */
  uint64_t node, session, rating_group;
};

/* What a key has of one service; what it has not is 0 (book.md §15.1). */
struct key {
  uint64_t kind; /* service, and direction where it counts */
  uint64_t served, served_rest, other, other_rest;
  uint64_t start, seq;
  uint64_t node, session, more; /* more: rating_group of data, id of messages */
};

static void key_make(struct key *key, const struct sp_cdr *cdr, const struct sp_numbers *numbers,
                     const struct texts *texts)
{
  bool data = cdr->service == SP_SERVICE_DATA;
  *key = (struct key){.kind = cdr->service, .node = texts->node};
  if (!data || texts->session == 0) {
    key->served = numbers->served.digits;
    key->served_rest = numbers->served.rest;
    key->start = (uint64_t)cdr->start_utc_s;
  }
  if (!data) {
    key->other = numbers->other.digits;
    key->other_rest = numbers->other.rest;
  }
  if (data) {
    key->session = texts->session;
    key->seq = (uint64_t)cdr->seq;
    key->more = texts->rating_group;
  } else if (cdr->service == SP_SERVICE_VOICE) {
    key->kind |= (uint64_t)(cdr->direction + 1u) << 8;
    key->seq = (uint64_t)cdr->seq;
  } else {
    key->more = text_hash(cdr, SP_CDR_ID);
  }
}

/* The payload may as well have the fields of the key: they are equal where it is compared; only id
 * must stay out. */
struct payload {
  uint64_t kind; /* service, direction, partial, has_charge */
  uint64_t served, served_rest, other, other_rest, third, third_rest;
  uint64_t start, duration, up, down, items, charge, seq, cause, lac;
  uint64_t node, session, rating_group, texts;
};

static uint64_t payload_hash(const struct sp_cdr *cdr, const struct sp_numbers *numbers,
                             const struct texts *texts)
{
  static const uint8_t fields[] = {SP_CDR_HOME_AREA, SP_CDR_VISITED_AREA, SP_CDR_OTHER_AREA,
                                   SP_CDR_PLMN,      SP_CDR_CELL,         SP_CDR_SERVICE_ID,
                                   SP_CDR_APN};
  struct payload payload = {.kind = (uint64_t)cdr->service | (uint64_t)cdr->direction << 8 |
                                    (uint64_t)cdr->partial << 16 |
                                    (uint64_t)(cdr->has_charge != 0) << 24,
                            .served = numbers->served.digits,
                            .served_rest = numbers->served.rest,
                            .other = numbers->other.digits,
                            .other_rest = numbers->other.rest,
                            .third = numbers->third.digits,
                            .third_rest = numbers->third.rest,
                            .start = (uint64_t)cdr->start_utc_s,
                            .duration = (uint64_t)cdr->duration_s,
                            .up = (uint64_t)cdr->up_bytes,
                            .down = (uint64_t)cdr->down_bytes,
                            .items = (uint64_t)cdr->items,
                            .charge = cdr->has_charge ? (uint64_t)cdr->charge_micro : 0,
                            .seq = (uint64_t)cdr->seq,
                            .cause = (uint64_t)cdr->cause,
                            .lac = (uint64_t)cdr->lac,
                            .node = texts->node,
                            .session = texts->session,
                            .rating_group = texts->rating_group};
  for (size_t i = 0; i < sizeof(fields); i++) {
    enum sp_cdr_text field = (enum sp_cdr_text)fields[i];
    if (sp_cdr_text_length(cdr, field) > 0) {
      payload.texts = sp_hash_fold(payload.texts ^ SP_HASH_K3, text_hash(cdr, field) ^ SP_HASH_K4);
    }
  }
  return sp_hash64(&payload, sizeof(payload), SEED_PAYLOAD);
}

void sp__resolve_hash(struct sp_usage *usage, const struct sp_cdr *cdr,
                      const struct sp_numbers *numbers)
{
  struct texts texts = {text_hash(cdr, SP_CDR_NODE), text_hash(cdr, SP_CDR_SESSION),
                        text_hash(cdr, SP_CDR_RATING_GROUP)};
  struct key key;
  key_make(&key, cdr, numbers, &texts);
  struct sp_hash128 hash = sp_hash128(&key, sizeof(key), SEED_KEY);
  usage->key_hash[0] = hash.low;
  usage->key_hash[1] = hash.high;
  usage->payload_hash = payload_hash(cdr, numbers, &texts);
  if (cdr->partial != SP_PARTIAL_WHOLE && !cdr->has_charge) {
    uint64_t chain[4] = {texts.node, texts.session, usage->subscriber, texts.rating_group};
    hash = sp_hash128(chain, sizeof(chain), SEED_CHAIN);
    usage->chain_hash[0] = hash.low;
    usage->chain_hash[1] = hash.high;
  }
}
