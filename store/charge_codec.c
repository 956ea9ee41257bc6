#include "store/charge_codec.h"

static inline uint8_t *put(uint8_t *to, uint64_t value)
{
  while (value >= 0x80) {
    *to++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *to++ = (uint8_t)value;
  return to;
}

static inline uint8_t *put_signed(uint8_t *to, int64_t value)
{
  return put(to, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

size_t sp_charge_encode(const struct sp_charge *charge, uint8_t *to)
{
  uint8_t *at = to;
  SP_ASSERT(charge->items_count <= SP_CHARGE_ITEMS_MAX && charge->allowances_count <= SP_CHARGE_ALLOWANCES_MAX &&
            charge->payers_count <= SP_CHARGE_PAYERS_MAX);
  if (charge->outcome == SP_OUTCOME_CONFLICT) {
    return (size_t)(put(at, charge->conflict_fields) - to);
  }
  if (charge->outcome != SP_OUTCOME_RATED) {
    return 0;
  }
  *at++ = charge->items_count;
  *at++ = charge->allowances_count;
  *at++ = charge->payers_count;
  at = put_signed(at, charge->list_micro);
  at = put_signed(at, charge->net_micro);
  for (unsigned i = 0; i < charge->items_count; i++) {
    at = put(at, charge->items[i].name);
    at = put_signed(at, charge->items[i].list_micro);
    at = put_signed(at, charge->items[i].net_micro);
    at = put_signed(at, charge->items[i].increments);
  }
  for (unsigned i = 0; i < charge->allowances_count; i++) {
    at = put(at, charge->allowances[i].name);
    at = put(at, charge->allowances[i].owner);
    at = put_signed(at, charge->allowances[i].used);
    at = put_signed(at, charge->allowances[i].left);
  }
  for (unsigned i = 0; i < charge->payers_count; i++) {
    at = put(at, charge->payers[i].account);
    at = put_signed(at, charge->payers[i].amount_micro);
  }
  return (size_t)(at - to);
}

struct reader {
  const uint8_t *at, *end;
  bool bad;
};

static uint64_t get(struct reader *reader)
{
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    uint8_t byte = *reader->at++;
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  reader->bad = true;
  return 0;
}

static int64_t get_signed(struct reader *reader)
{
  uint64_t value = get(reader);
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static uint32_t get_u32(struct reader *reader)
{
  uint64_t value = get(reader);
  reader->bad = reader->bad || value > UINT32_MAX;
  return (uint32_t)value;
}

static void rated_read(struct sp_charge *charge, struct reader *reader)
{
  charge->items_count = reader->at[0];
  charge->allowances_count = reader->at[1];
  charge->payers_count = reader->at[2];
  reader->at += 3;
  if (charge->items_count > SP_CHARGE_ITEMS_MAX || charge->allowances_count > SP_CHARGE_ALLOWANCES_MAX ||
      charge->payers_count > SP_CHARGE_PAYERS_MAX) {
    reader->bad = true;
    return;
  }
  charge->list_micro = get_signed(reader);
  charge->net_micro = get_signed(reader);
  for (unsigned i = 0; i < charge->items_count; i++) {
    charge->items[i].name = get_u32(reader);
    charge->items[i].reserved = 0;
    charge->items[i].list_micro = get_signed(reader);
    charge->items[i].net_micro = get_signed(reader);
    charge->items[i].increments = get_signed(reader);
  }
  for (unsigned i = 0; i < charge->allowances_count; i++) {
    charge->allowances[i].name = get_u32(reader);
    charge->allowances[i].owner = get_u32(reader);
    charge->allowances[i].used = get_signed(reader);
    charge->allowances[i].left = get_signed(reader);
  }
  for (unsigned i = 0; i < charge->payers_count; i++) {
    charge->payers[i].account = get_u32(reader);
    charge->payers[i].reserved = 0;
    charge->payers[i].amount_micro = get_signed(reader);
  }
}

enum sp_status sp_charge_decode(struct sp_charge *charge, const uint8_t *from, size_t length)
{
  struct reader reader = {from, from + length, false};
  charge->items_count = charge->allowances_count = charge->payers_count = 0;
  charge->list_micro = charge->net_micro = 0;
  charge->conflict_fields = 0;
  if (charge->outcome == SP_OUTCOME_CONFLICT) {
    charge->conflict_fields = get_u32(&reader);
  } else if (charge->outcome == SP_OUTCOME_RATED) {
    if (length < 5) {
      return SP_BAD_FORMAT;
    }
    rated_read(charge, &reader);
  }
  return reader.bad || reader.at != reader.end ? SP_BAD_FORMAT : SP_OK;
}
