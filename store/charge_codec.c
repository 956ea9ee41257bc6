#include "store/charge_codec.h"

/* First byte of a rated charge. */
#define ONE_ITEM 1u /* one item, whose list and net are those of the charge */
#define OWN_PAYS 2u /* one payer, the own account, all of net */
#define NO_ALLOWANCE 4u
#define NET_IS_LIST 8u
#define NO_FLAGS 16u
#define NO_PAYER 32u

static unsigned shape_of(const struct sp_charge *charge, uint32_t account)
{
  unsigned shape = 0;
  shape |= charge->items_count == 1 && charge->items[0].list_micro == charge->list_micro &&
                   charge->items[0].net_micro == charge->net_micro
               ? ONE_ITEM
               : 0;
  shape |= charge->payers_count == 1 && charge->payers[0].account == account &&
                   charge->payers[0].amount_micro == charge->net_micro
               ? OWN_PAYS
               : 0;
  shape |= charge->payers_count == 0 ? NO_PAYER : 0;
  shape |= charge->allowances_count == 0 ? NO_ALLOWANCE : 0;
  shape |= charge->net_micro == charge->list_micro ? NET_IS_LIST : 0;
  shape |= charge->flags == 0 ? NO_FLAGS : 0;
  return shape;
}

static uint8_t *items_put(const struct sp_charge *charge, unsigned shape, uint8_t *to)
{
  if ((shape & ONE_ITEM) != 0) {
    to = sp_varint_put(to, charge->items[0].name);
    return sp_varint_put_signed(to, charge->items[0].increments);
  }
  *to++ = charge->items_count;
  for (unsigned i = 0; i < charge->items_count; i++) {
    to = sp_varint_put(to, charge->items[i].name);
    to = sp_varint_put_signed(to, charge->items[i].list_micro);
    to = sp_varint_put_signed(to, charge->items[i].net_micro);
    to = sp_varint_put_signed(to, charge->items[i].increments);
  }
  return to;
}

uint8_t *sp_charge_encode(const struct sp_charge *charge, uint32_t subscriber, uint32_t account,
                          uint8_t *to)
{
  SP_ASSERT(charge->items_count <= SP_CHARGE_ITEMS_MAX &&
            charge->allowances_count <= SP_CHARGE_ALLOWANCES_MAX &&
            charge->payers_count <= SP_CHARGE_PAYERS_MAX);
  if (charge->outcome == SP_OUTCOME_CONFLICT) {
    return sp_varint_put(to, charge->conflict_fields);
  }
  if (charge->outcome != SP_OUTCOME_RATED) {
    return to;
  }
  unsigned shape = shape_of(charge, account);
  *to++ = (uint8_t)shape;
  if ((shape & NO_FLAGS) == 0) {
    *to++ = charge->flags;
  }
  to = sp_varint_put_signed(to, charge->list_micro);
  if ((shape & NET_IS_LIST) == 0) {
    to = sp_varint_put_signed(to, charge->net_micro);
  }
  to = items_put(charge, shape, to);
  if ((shape & NO_ALLOWANCE) == 0) {
    *to++ = charge->allowances_count;
    for (unsigned i = 0; i < charge->allowances_count; i++) {
      const struct sp_charge_allowance *line = &charge->allowances[i];
      to = sp_varint_put(to, line->name);
      to = sp_varint_put_signed(to, (int64_t)line->owner - (int64_t)subscriber);
      to = sp_varint_put_signed(to, line->used);
      to = sp_varint_put_signed(to, line->left);
    }
  }
  if ((shape & (OWN_PAYS | NO_PAYER)) == 0) {
    *to++ = charge->payers_count;
    for (unsigned i = 0; i < charge->payers_count; i++) {
      to = sp_varint_put_signed(to, (int64_t)charge->payers[i].account - (int64_t)account);
      to = sp_varint_put_signed(to, charge->payers[i].amount_micro);
    }
  }
  return to;
}

static uint8_t count_get(struct sp_varint_reader *reader, unsigned max)
{
  uint8_t count = sp_varint_get_byte(reader);
  if (count > max) {
    reader->bad = true;
    return 0;
  }
  return count;
}

static void items_get(struct sp_charge *charge, unsigned shape, struct sp_varint_reader *reader)
{
  charge->items_count = (shape & ONE_ITEM) != 0 ? 1 : count_get(reader, SP_CHARGE_ITEMS_MAX);
  for (unsigned i = 0; i < charge->items_count; i++) {
    struct sp_charge_item *item = &charge->items[i];
    item->name = sp_varint_get_u32(reader);
    item->reserved = 0;
    item->list_micro = (shape & ONE_ITEM) != 0 ? charge->list_micro : sp_varint_get_signed(reader);
    item->net_micro = (shape & ONE_ITEM) != 0 ? charge->net_micro : sp_varint_get_signed(reader);
    item->increments = sp_varint_get_signed(reader);
  }
}

static void payers_get(struct sp_charge *charge, unsigned shape, uint32_t account,
                       struct sp_varint_reader *reader)
{
  if ((shape & NO_PAYER) != 0) {
    return;
  }
  if ((shape & OWN_PAYS) != 0) {
    charge->payers_count = 1;
    charge->payers[0] = (struct sp_charge_payer){account, 0, charge->net_micro};
    return;
  }
  charge->payers_count = count_get(reader, SP_CHARGE_PAYERS_MAX);
  for (unsigned i = 0; i < charge->payers_count; i++) {
    uint32_t payer = sp_varint_get_near(reader, account);
    charge->payers[i] = (struct sp_charge_payer){payer, 0, sp_varint_get_signed(reader)};
  }
}

/* What stands before items, allowances and payers; the shape that tells of them. */
static inline unsigned sums_get(struct sp_charge *charge, struct sp_varint_reader *reader)
{
  charge->flags = charge->items_count = charge->allowances_count = charge->payers_count = 0;
  charge->list_micro = charge->net_micro = 0;
  charge->conflict_fields = 0;
  if (charge->outcome == SP_OUTCOME_CONFLICT) {
    charge->conflict_fields = sp_varint_get_u32(reader);
  }
  if (charge->outcome != SP_OUTCOME_RATED) {
    return 0;
  }
  unsigned shape = sp_varint_get_byte(reader);
  charge->flags = (shape & NO_FLAGS) != 0 ? 0 : sp_varint_get_byte(reader);
  charge->list_micro = sp_varint_get_signed(reader);
  charge->net_micro =
      (shape & NET_IS_LIST) != 0 ? charge->list_micro : sp_varint_get_signed(reader);
  return shape;
}

void sp_charge_decode(struct sp_charge *charge, uint32_t subscriber, uint32_t account,
                      struct sp_varint_reader *reader)
{
  unsigned shape = sums_get(charge, reader);
  if (charge->outcome != SP_OUTCOME_RATED) {
    return;
  }
  items_get(charge, shape, reader);
  charge->allowances_count =
      (shape & NO_ALLOWANCE) != 0 ? 0 : count_get(reader, SP_CHARGE_ALLOWANCES_MAX);
  for (unsigned i = 0; i < charge->allowances_count; i++) {
    struct sp_charge_allowance *line = &charge->allowances[i];
    line->name = sp_varint_get_u32(reader);
    line->owner = sp_varint_get_near(reader, subscriber);
    line->used = sp_varint_get_signed(reader);
    line->left = sp_varint_get_signed(reader);
  }
  payers_get(charge, shape, account, reader);
}

void sp_charge_decode_sums(struct sp_charge *charge, struct sp_varint_reader *reader)
{
  unsigned shape = sums_get(charge, reader);
  if (charge->outcome != SP_OUTCOME_RATED) {
    return;
  }
  sp_varint_skip(reader, (shape & ONE_ITEM) != 0 ? 2 : 4u * count_get(reader, SP_CHARGE_ITEMS_MAX));
  if ((shape & NO_ALLOWANCE) == 0) {
    sp_varint_skip(reader, 4u * count_get(reader, SP_CHARGE_ALLOWANCES_MAX));
  }
  if ((shape & (OWN_PAYS | NO_PAYER)) == 0) {
    sp_varint_skip(reader, 2u * count_get(reader, SP_CHARGE_PAYERS_MAX));
  }
}
