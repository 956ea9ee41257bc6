/* Who pays (book.md §12): the payers of group and family plans in order, each on what is left of
 * its items; the rest stays with the subscriber's own account. */
#include "rating/hash.h"
#include "rating/rate_parts.h"

static int64_t less(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static bool item_is_on(const struct sp__work *work, const struct sp__claim *claim, uint32_t index)
{
  return work->items[index].quantity > 0 && (claim->item == SP__ITEM_NONE || claim->item == index);
}

struct asked { /* a payer and its cells */
  const struct sp__claim *claim;
  uint32_t owner;                   /* group | SP_OWNER_GROUP */
  uint32_t member_stage, all_stage; /* paid for this member; for all */
  int64_t left, want, take;
};

static void payer_want(struct sp_rater *rater, struct asked *asked)
{
  const struct sp__claim *claim = asked->claim;
  const struct sp__stage *member = rater->stages + asked->member_stage;
  int64_t paid = member->before + member->added;
  switch ((enum sp_payer_mode)claim->mode) {
  case SP_PAYER_FULL:
    asked->want = asked->left;
    break;
  case SP_PAYER_SHARE: {
    int64_t step = sp_money_step((unsigned)rater->work.book->header->rounding_digits);
    asked->want = sp_money_part(asked->left, claim->value, 10000, step);
    break;
  }
  case SP_PAYER_AMOUNT:
    asked->want = claim->value - paid;
    break;
  }
  int64_t take = less(asked->left, asked->want);
  if (claim->member_cap_micro >= 0) {
    take = less(take, claim->member_cap_micro - paid);
  }
  if (claim->group_cap_micro >= 0) {
    take = less(take, claim->group_cap_micro - sp__stage_value(rater, asked->all_stage));
  }
  if (rater->work.late) { /* no more than this chain has got from it already (§13.4) */
    take = less(take, member->old - member->added);
  }
  asked->take = take > 0 ? take : 0;
}

/* What is taken comes from each item in proportion (§12.3). */
static void payer_take(struct sp_rater *rater, const struct asked *asked)
{
  struct sp__work *work = &rater->work;
  int64_t shares[SP_BOOK_ITEMS_MAX];
  uint32_t on[SP_BOOK_ITEMS_MAX], count = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (item_is_on(work, asked->claim, i)) {
      on[count] = i;
      shares[count++] = work->items[i].left_micro;
    }
  }
  if (count > 1) {
    sp_money_deal(shares, count, asked->take, 1);
  } else {
    shares[0] = asked->take;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (count > 1 && sp__traced(rater)) {
      sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_SHARE,
                                               .item = work->frame->names[on[i]],
                                               .before = work->items[on[i]].left_micro,
                                               .amount_micro = shares[i]});
    }
    work->items[on[i]].left_micro -= shares[i];
  }
  sp__stage_add(rater, asked->member_stage, asked->take);
  sp__stage_add(rater, asked->all_stage, asked->take);
}

static void payer_trace(struct sp_rater *rater, const struct asked *asked)
{
  const struct sp_book_payer *row = sp__claim_row(rater, asked->claim);
  sp__trace(rater, (struct sp_trace_event){
                       .kind = SP_TRACE_PAYER,
                       .plan = row->plan,
                       .item = row->item,
                       .index = asked->claim->row,
                       .owner = rater->work.positions[asked->claim->position].owner,
                       .used = sp__stage_value(rater, asked->all_stage),
                       .before = asked->left,
                       .price = asked->want,
                       .amount_micro = asked->take,
                       .after = sp__stage_value(rater, asked->member_stage) + asked->take});
}

static void line_add(struct sp_rater *rater, struct sp_charge *charge, uint32_t account,
                     int64_t amount)
{
  for (unsigned i = 0; i < charge->payers_count; i++) {
    if (charge->payers[i].account == account) {
      charge->payers[i].amount_micro += amount;
      return;
    }
  }
  if (charge->payers_count == SP_CHARGE_PAYERS_MAX) {
    rater->work.overflow = true;
    return;
  }
  charge->payers[charge->payers_count++] = (struct sp_charge_payer){account, 0, amount};
}

static void payer_ask(struct sp_rater *rater, const struct sp__claim *claim,
                      struct sp_charge *charge, int64_t *own)
{
  struct sp__work *work = &rater->work;
  const struct sp__position *position = work->positions + claim->position;
  struct asked asked = {claim, position->owner, SP_NONE, SP_NONE, 0, 0, 0};
  if ((position->owner & SP_OWNER_GROUP) == 0) {
    return;
  }
  uint32_t account = position->account;
  bool has = claim->item == SP__ITEM_NONE || work->items[claim->item].quantity > 0;
  if (account == SP_NONE || !has) {
    return;
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    asked.left += item_is_on(work, claim, i) ? work->items[i].left_micro : 0;
  }
  uint64_t key = sp_hash_fold(claim->key ^ SP_HASH_K4, position->owner * SP_HASH_K3 + 1);
  uint64_t period = sp__period(work->cycle, SP__CELL_PAID, 0);
  asked.member_stage = sp__stage_of(rater, work->usage->subscriber, key, period, false);
  asked.all_stage = sp__stage_of(rater, position->owner, key, period, false);
  payer_want(rater, &asked);
  if (sp__traced(rater)) {
    payer_trace(rater, &asked);
  }
  if (asked.take > 0) {
    payer_take(rater, &asked);
    *own -= asked.take;
    if (account != work->usage->account) {
      line_add(rater, charge, account, asked.take);
    } else {
      *own += asked.take; /* one line for the own account, the last (§12.5) */
    }
  }
}

/* A late record that is no chain's asks nobody (§13.4). */
static void late_trace(struct sp_rater *rater, const struct sp__choice *choice)
{
  const struct sp__work *work = &rater->work;
  bool late = work->late && work->chain == NULL;
  for (uint32_t i = 0; i < choice->claims_count && late; i++) {
    const struct sp__claim *claim = sp__claims(rater, choice) + i;
    sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_PASSED,
                                             .why = SP_WHY_LATE,
                                             .plan = sp__claim_row(rater, claim)->plan,
                                             .item = SP_NONE,
                                             .index = claim->row,
                                             .slot = SP_TRACE_PAYERS});
  }
}

void sp__payers_ask(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const struct sp__choice *choice = rater->segments[0].choice;
  int64_t own = work->net_micro;
  charge->payers_count = 0;
  if (choice->claims_count > 0 && (!work->late || work->chain != NULL)) {
    for (uint32_t i = 0; i < work->frame->items_count; i++) {
      work->items[i].left_micro = work->items[i].net_micro;
    }
    for (uint32_t i = 0; i < choice->claims_count; i++) {
      payer_ask(rater, sp__claims(rater, choice) + i, charge, &own);
    }
  }
  if (own != 0) {
    line_add(rater, charge, work->usage->account, own);
  }
  if (sp__traced(rater)) {
    late_trace(rater, choice);
    sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_OWN,
                                             .item = SP_NONE,
                                             .owner = work->usage->account,
                                             .amount_micro = own});
  }
}
