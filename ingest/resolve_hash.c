#include "ingest/resolve_hash.h"

#include "rating/hash.h"

#define SEED_KEY UINT64_C(0x6B6579)
#define SEED_CHAIN UINT64_C(0x636861)
#define SEED_PAYLOAD UINT64_C(0x706179)
#define KIND_SHIFT 48 /* an instant has less bits */

/* A text of a record as a word: 0 for the blank one. Short ones, nearly all, in one step. */
__attribute__((always_inline)) static inline uint64_t text_hash(const struct sp_cdr *cdr,
                                                                enum sp_cdr_text field)
{
  size_t length = sp_cdr_text_length(cdr, field);
  if (length == 0) {
    return 0;
  }
  const char *text = sp_cdr_text(cdr, field);
  if (SP_UNLIKELY(length > 16)) {
    return sp_hash64(text, length, field + 1u);
  }
  uint64_t tail[2];
  sp_hash_tail((const unsigned char *)text, length, tail);
  return sp_hash_fold(tail[0] ^ SP_HASH_K1, tail[1] ^ (length << 8 | (field + 1u)) * SP_HASH_K4);
}

struct texts { /* of the fields that a key or a chain may have */
  uint64_t node, session, rating_group;
};

/* What numbers have beyond their 16 digits; 0 for all usual ones. */
static inline uint64_t rest_of(struct sp_normal number, uint64_t seed)
{
  return SP_UNLIKELY(number.rest != 0) ? sp_hash_word(number.rest ^ seed) : 0;
}

static inline void mix(uint64_t lanes[2], uint64_t a, uint64_t b)
{
  lanes[0] = sp_hash_fold(a ^ SP_HASH_K1, b ^ lanes[0]);
  lanes[1] = sp_hash_fold(a ^ lanes[1], b ^ SP_HASH_K2);
}

static inline void lanes_end(uint64_t lanes[2], uint64_t to[2])
{
  to[0] = sp_hash_word(lanes[0]);
  to[1] = sp_hash_word(lanes[1] + lanes[0] * SP_HASH_K3);
}

/* What a key has of one service; what it has not is 0 (book.md §15.1). */
static inline void key_hash(struct sp_usage *usage, const struct sp_cdr *cdr,
                            const struct sp_numbers *numbers, const struct texts *texts)
{
  uint64_t kind = cdr->service + 1u, third, more = 0;
  uint64_t served = numbers->served.digits, other = numbers->other.digits;
  uint64_t start = (uint64_t)cdr->start_utc_s;
  uint64_t lanes[2] = {SEED_KEY ^ SP_HASH_K0 ^ rest_of(numbers->served, 1), SP_HASH_K3};
  uint64_t of_session = 0;
  if (cdr->service == SP_SERVICE_DATA) {
    if (texts->session != 0) {
      of_session = SP_KEY_OF_SESSION;
      served = start = 0;
      lanes[0] = SEED_KEY ^ SP_HASH_K0;
    }
    other = texts->session;
    third = (uint64_t)cdr->seq;
    more = texts->rating_group;
  } else {
    lanes[0] ^= rest_of(numbers->other, 2);
    if (cdr->service == SP_SERVICE_VOICE) {
      kind |= (cdr->direction + 1u) << 8;
      third = (uint64_t)cdr->seq;
    } else {
      third = text_hash(cdr, SP_CDR_ID);
    }
  }
  mix(lanes, start ^ kind << KIND_SHIFT, served);
  mix(lanes, other, third);
  mix(lanes, texts->node, more);
  lanes_end(lanes, usage->key_hash);
  usage->key_hash[1] = (usage->key_hash[1] & ~SP_KEY_OF_SESSION) | of_session;
}

static inline uint64_t lane_mix(uint64_t lane, uint64_t a, uint64_t b)
{
  return sp_hash_fold(a ^ SP_HASH_K1, b ^ lane);
}

static inline uint64_t text_mix(uint64_t hash, const struct sp_cdr *cdr, enum sp_cdr_text field)
{
  return sp_cdr_text_length(cdr, field) == 0
             ? hash
             : sp_hash_fold(hash ^ SP_HASH_K3, text_hash(cdr, field));
}

/* Texts that only a payload has; most records have few of them. */
static inline uint64_t texts_hash(const struct sp_cdr *cdr)
{
  uint64_t hash = text_mix(0, cdr, SP_CDR_HOME_AREA);
  hash = text_mix(hash, cdr, SP_CDR_VISITED_AREA);
  hash = text_mix(hash, cdr, SP_CDR_OTHER_AREA);
  hash = text_mix(hash, cdr, SP_CDR_PLMN);
  hash = text_mix(hash, cdr, SP_CDR_CELL);
  hash = text_mix(hash, cdr, SP_CDR_SERVICE_ID);
  return text_mix(hash, cdr, SP_CDR_APN);
}

/* Every field but id, and but service and node, which every key has; other fields of the key are
 * equal where payloads are compared. */
static inline uint64_t payload_hash(const struct sp_cdr *cdr, const struct sp_numbers *numbers,
                                    const struct texts *texts)
{
  uint64_t kind = (uint64_t)cdr->direction | (uint64_t)cdr->partial << 4 |
                  (uint64_t)(cdr->has_charge != 0) << 8;
  uint64_t charge = cdr->has_charge ? (uint64_t)cdr->charge_micro : 0;
  uint64_t lane = SEED_PAYLOAD ^ SP_HASH_K0 ^ rest_of(numbers->served, 1) ^
                  rest_of(numbers->other, 2) ^ rest_of(numbers->third, 3);
  lane = lane_mix(lane, (uint64_t)cdr->start_utc_s ^ kind << KIND_SHIFT, (uint64_t)cdr->duration_s);
  lane = lane_mix(lane, (uint64_t)cdr->up_bytes, (uint64_t)cdr->down_bytes);
  lane = lane_mix(lane, (uint64_t)cdr->items ^ charge * SP_HASH_K4,
                  (uint64_t)cdr->seq ^ (uint64_t)cdr->cause * SP_HASH_K4);
  lane = lane_mix(lane, (uint64_t)cdr->lac ^ numbers->third.digits * SP_HASH_K4,
                  numbers->served.digits);
  lane = lane_mix(lane, numbers->other.digits, texts->session);
  lane = lane_mix(lane, texts->rating_group, texts_hash(cdr));
  return sp_hash_word(lane);
}

static inline bool is_part(const struct sp_cdr *cdr)
{
  return cdr->partial != SP_PARTIAL_WHOLE && !cdr->has_charge;
}

static void chain_hash(struct sp_usage *usage, const struct texts *texts)
{
  uint64_t lanes[2] = {SEED_CHAIN ^ SP_HASH_K0, SP_HASH_K3};
  mix(lanes, texts->node, texts->session);
  mix(lanes, usage->subscriber, texts->rating_group);
  lanes_end(lanes, usage->chain_hash);
}

static inline void texts_make(const struct sp_cdr *cdr, struct texts *texts)
{
  *texts = (struct texts){text_hash(cdr, SP_CDR_NODE), text_hash(cdr, SP_CDR_SESSION),
                          text_hash(cdr, SP_CDR_RATING_GROUP)};
}

void sp__resolve_hash(struct sp_usage *usage, const struct sp_cdr *cdr,
                      const struct sp_numbers *numbers)
{
  struct texts texts;
  texts_make(cdr, &texts);
  key_hash(usage, cdr, numbers, &texts);
  usage->payload_hash = payload_hash(cdr, numbers, &texts);
  if (is_part(cdr)) {
    chain_hash(usage, &texts);
  }
}

void sp__resolve_hash_chain(struct sp_usage *usage, const struct sp_cdr *cdr)
{
  if (SP_UNLIKELY(is_part(cdr))) {
    struct texts texts;
    texts_make(cdr, &texts);
    chain_hash(usage, &texts);
  }
}
