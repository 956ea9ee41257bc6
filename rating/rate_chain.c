/* Partial records (book.md §14): each is charged what the whole chain costs with it, less what it
 * cost before. F is the same function as for a whole record; what differs is what it sees of the
 * state (rate_stage.c). */
#include "rating/rate_parts.h"

#include <string.h>

/* The chain with this partial, as one record (§14.2). false: the sums do not fit. */
static bool whole_make(struct sp_rater *rater, const struct sp_usage *usage)
{
  const struct sp__chain_head *chain = rater->work.chain;
  struct sp_usage *whole = &rater->whole;
  if (chain == NULL) {
    *whole = *usage;
    return true;
  }
  const struct sp_usage *lead = &chain->lead;
  bool leads = usage->start_utc_s != lead->start_utc_s ? usage->start_utc_s < lead->start_utc_s
                                                       : usage->seq < lead->seq;
  *whole = leads ? *usage : *lead;
  return sp_money_add(&whole->duration_s, chain->duration_s, usage->duration_s) &&
         sp_money_add(&whole->bytes, chain->bytes, usage->bytes) &&
         sp_money_add(&whole->items, chain->items, usage->items);
}

/* Entries are checked by themselves when they are loaded; what only the books can say of a chain is
 * checked here. */
static bool chain_fits(const struct sp_rater *rater, const struct sp__chain_head *chain)
{
  const struct sp_books *books = rater->books;
  const struct sp_usage *lead = &chain->lead;
  bool fits = lead->book >= books->count ||
              lead->dest_node < books->book[lead->book].header->dest_nodes.count;
  for (unsigned i = 0; i < chain->items_count; i++) {
    fits = fits && sp__chain_items(chain)[i].name < books->names_count;
  }
  for (unsigned i = 0; i < chain->allowances_count; i++) {
    fits = fits && sp__chain_allowances(chain)[i].name < books->names_count;
  }
  return fits;
}

static struct sp__chain_allowance line_record(const struct sp_rater *rater,
                                              const struct sp__line *line,
                                              const struct sp_charge_allowance *shown)
{
  bool rolled = line->rolled_stage != SP_NONE;
  return (struct sp__chain_allowance){
      .name = shown->name,
      .owner = shown->owner,
      .pool = line->allowance->pool,
      .cycle = rater->work.cycle,
      .key = line->key,
      .granted = line->granted,
      .rolled = rolled ? line->rolled_granted : -1,
      .used = line->used,
  };
}

/* Lays out the chain's next record: F and what it put where. */
static void chain_make(struct sp_rater *rater, const struct sp_charge *after)
{
  const struct sp__work *work = &rater->work;
  struct sp__chain_head *head = rater->chain_made;
  memset(head, 0, sizeof(*head));
  head->lead = rater->whole;
  head->lead.reason = 0;
  head->lead.behind_s = 0; /* of other domains' records: no part of this one's state */
  head->duration_s = rater->whole.duration_s;
  head->bytes = rater->whole.bytes;
  head->items = rater->whole.items;
  head->list_micro = after->list_micro;
  head->net_micro = after->net_micro;
  head->items_count = after->items_count;
  head->allowances_count = after->allowances_count;
  head->payers_count = after->payers_count;
  head->flags = (work->capped ? SP_FLAG_CAPPED : 0) | (work->late ? SP_FLAG_LATE : 0);
  head->version = SP__CHAIN_VERSION;
  head->rated = work->counts;
  struct sp_charge_item *items = (struct sp_charge_item *)(void *)(head + 1);
  memcpy(items, after->items, after->items_count * sizeof(*items));
  struct sp__chain_allowance *allowances =
      (struct sp__chain_allowance *)(void *)(items + head->items_count);
  for (uint32_t i = 0; i < work->lines_count; i++) {
    const struct sp__line *line = rater->lines + i;
    if (line->order != SP_NONE) {
      allowances[line->order] = line_record(rater, line, after->allowances + line->order);
    }
  }
  struct sp_charge_payer *payers =
      (struct sp_charge_payer *)(void *)(allowances + head->allowances_count);
  memcpy(payers, after->payers, after->payers_count * sizeof(*payers));
  struct sp__chain_cell *cells = (struct sp__chain_cell *)(void *)(payers + head->payers_count);
  for (uint32_t i = 0; i < work->stages_count; i++) {
    const struct sp__stage *stage = rater->stages + i;
    if (stage->added != 0 || (stage->counter && stage->used)) {
      cells[head->cells_count++] =
          (struct sp__chain_cell){stage->key, stage->period, stage->owner,
                                  0,          stage->added,  stage->counter ? stage->before : 0};
    }
  }
}

/* A chain stays open for ever: where its lead is, the cells of the cycle and day stay, too. */
static void lead_mark(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  const struct sp_usage *lead = &rater->whole;
  if (rater->window_s == 0 ||
      (work->chain != NULL && work->chain->lead.start_utc_s == lead->start_utc_s)) {
    return;
  }
  int64_t bit = SP__DAY_BIT(sp_book_local_day(work->book, lead->start_utc_s) + SP__DAY_ZERO);
  uint32_t stage =
      sp__stage_of(rater, lead->subscriber, 0, sp__period(work->cycle, SP__CELL_CHAIN, 0), false);
  if ((sp__stage_value(rater, stage) & bit) == 0) {
    sp__stage_add(rater, stage, bit);
  }
}

static uint32_t name_rank(const struct sp_rater *rater, uint32_t name)
{
  return rater->books->names[name].rank;
}

/* Items of F after and before, by name; the difference of each. */
static void items_differ(struct sp_rater *rater, const struct sp_charge *after,
                         struct sp_charge *charge)
{
  const struct sp__chain_head *chain = rater->work.chain;
  const struct sp_charge_item *old = chain == NULL ? NULL : sp__chain_items(chain);
  unsigned old_count = chain == NULL ? 0 : chain->items_count, count = 0, o = 0;
  for (unsigned i = 0; i < after->items_count || o < old_count;) {
    const struct sp_charge_item *now = i < after->items_count ? after->items + i : NULL;
    const struct sp_charge_item *was = o < old_count ? old + o : NULL;
    if (now != NULL && was != NULL && now->name != was->name) {
      if (name_rank(rater, now->name) < name_rank(rater, was->name)) {
        was = NULL;
      } else {
        now = NULL;
      }
    }
    if (count == SP_CHARGE_ITEMS_MAX) {
      rater->work.overflow = true;
      break;
    }
    struct sp_charge_item item = {now != NULL ? now->name : was->name, 0, 0, 0, 0};
    if (now != NULL) {
      item = *now;
      i++;
    }
    if (was != NULL) {
      item.list_micro -= was->list_micro;
      item.net_micro -= was->net_micro;
      item.increments -= was->increments;
      o++;
    }
    charge->items[count++] = item;
  }
  charge->items_count = (uint8_t)count;
}

static bool same_balance(const struct sp__chain_allowance *a, const struct sp__chain_allowance *b)
{
  return a->key == b->key && a->owner == b->owner && a->cycle == b->cycle;
}

static int64_t used_in(const struct sp__chain_head *chain, const struct sp__chain_allowance *like)
{
  const struct sp__chain_allowance *line = chain == NULL ? NULL : sp__chain_allowances(chain);
  for (unsigned i = 0; chain != NULL && i < chain->allowances_count; i++) {
    if (same_balance(line + i, like)) {
      return line[i].used;
    }
  }
  return 0;
}

static bool is_in(const struct sp__chain_head *chain, const struct sp__chain_allowance *like)
{
  const struct sp__chain_allowance *line = sp__chain_allowances(chain);
  for (unsigned i = 0; i < chain->allowances_count; i++) {
    if (same_balance(line + i, like)) {
      return true;
    }
  }
  return false;
}

static void allowance_add(struct sp_rater *rater, struct sp_charge *charge,
                          const struct sp__chain_allowance *line, int64_t used)
{
  if (used == 0) {
    return;
  }
  if (charge->allowances_count == SP_CHARGE_ALLOWANCES_MAX) {
    rater->work.overflow = true;
    return;
  }
  uint32_t owner = line->pool ? line->owner : rater->whole.subscriber;
  uint32_t stage =
      sp__stage_of(rater, owner, line->key, sp__period(line->cycle, SP__CELL_USED, 0), false);
  int64_t left = sp__balance_left(line->granted, sp__stage_value(rater, stage));
  if (line->rolled >= 0) {
    stage =
        sp__stage_of(rater, owner, line->key, sp__period(line->cycle - 1, SP__CELL_USED, 0), false);
    int64_t rolled = sp__balance_left(line->rolled, sp__stage_value(rater, stage));
    rater->work.overflow |= !sp_money_add(&left, left, rolled);
  }
  charge->allowances[charge->allowances_count++] =
      (struct sp_charge_allowance){line->name, line->owner, used, left};
}

/* Lines of F after in their order, then those that F before alone had. */
static void allowances_differ(struct sp_rater *rater, struct sp_charge *charge)
{
  const struct sp__chain_head *chain = rater->work.chain, *made = rater->chain_made;
  const struct sp__chain_allowance *now = sp__chain_allowances(made);
  for (unsigned i = 0; i < made->allowances_count; i++) {
    allowance_add(rater, charge, now + i, now[i].used - used_in(chain, now + i));
  }
  const struct sp__chain_allowance *was = chain == NULL ? NULL : sp__chain_allowances(chain);
  for (unsigned i = 0; chain != NULL && i < chain->allowances_count; i++) {
    if (!is_in(made, was + i)) {
      allowance_add(rater, charge, was + i, -was[i].used);
    }
  }
}

static int64_t paid_in(const struct sp_charge_payer *payers, unsigned count, uint32_t account,
                       bool *found)
{
  *found = false;
  for (unsigned i = 0; i < count; i++) {
    if (payers[i].account == account) {
      *found = true;
      return payers[i].amount_micro;
    }
  }
  return 0;
}

static void payer_add(struct sp_rater *rater, struct sp_charge *charge, uint32_t account,
                      int64_t amount)
{
  if (amount == 0) {
    return;
  }
  if (charge->payers_count == SP_CHARGE_PAYERS_MAX) {
    rater->work.overflow = true;
    return;
  }
  charge->payers[charge->payers_count++] = (struct sp_charge_payer){account, 0, amount};
}

/* Accounts in the order of F after, then those of F before alone; the own account last (§12.5). */
static void payers_differ(struct sp_rater *rater, const struct sp_charge *after,
                          struct sp_charge *charge)
{
  const struct sp__chain_head *chain = rater->work.chain;
  const struct sp_charge_payer *old = chain == NULL ? NULL : sp__chain_payers(chain);
  unsigned old_count = chain == NULL ? 0 : chain->payers_count;
  uint32_t own = rater->whole.account;
  bool found;
  for (unsigned i = 0; i < after->payers_count; i++) {
    uint32_t account = after->payers[i].account;
    if (account != own) {
      payer_add(rater, charge, account,
                after->payers[i].amount_micro - paid_in(old, old_count, account, &found));
    }
  }
  for (unsigned i = 0; i < old_count; i++) {
    (void)paid_in(after->payers, after->payers_count, old[i].account, &found);
    if (!found && old[i].account != own) {
      payer_add(rater, charge, old[i].account, -old[i].amount_micro);
    }
  }
  int64_t now = paid_in(after->payers, after->payers_count, own, &found);
  payer_add(rater, charge, own, now - paid_in(old, old_count, own, &found));
}

static void chain_trace(struct sp_rater *rater, const struct sp_charge *after)
{
  const struct sp__chain_head *chain = rater->work.chain;
  const struct sp_usage *whole = &rater->whole;
  int64_t quantity = whole->service == SP_SERVICE_VOICE  ? whole->duration_s
                     : whole->service == SP_SERVICE_DATA ? whole->bytes
                                                         : whole->items;
  sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_CHAIN,
                                           .item = SP_NONE,
                                           .offset = whole->start_utc_s,
                                           .count = (int64_t)sp_usage_features(whole),
                                           .used = quantity,
                                           .before = chain == NULL ? 0 : chain->net_micro,
                                           .after = after->net_micro});
}

/* Writes cells and chain; LIMIT is what does not fit, nothing is changed then. */
static enum sp_status chain_write(struct sp_rater *rater, const uint64_t hash[2])
{
  size_t bytes = sp__chain_bytes(rater->chain_made);
  SP_TRY(sp__stages_reserve(rater));
  SP_TRY(sp__chain_reserve(rater->state, hash, bytes));
  sp__stages_write(rater);
  sp__chain_set(rater->state, hash, rater->chain_made, bytes);
  return SP_OK;
}

static void differ(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const struct sp_charge *after = rater->whole_charge;
  chain_make(rater, after);
  items_differ(rater, after, charge);
  allowances_differ(rater, charge);
  payers_differ(rater, after, charge);
  charge->list_micro = after->list_micro - (work->chain == NULL ? 0 : work->chain->list_micro);
  charge->net_micro = after->net_micro - (work->chain == NULL ? 0 : work->chain->net_micro);
  if (sp__traced(rater)) {
    chain_trace(rater, after);
  }
}

enum sp_status sp__rate_partial(struct sp_rater *rater, const struct sp_usage *usage,
                                struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const struct sp__chain_slot *slot = sp__chain_find(rater->state, usage->chain_hash);
  work->chain = slot == NULL ? NULL : sp__slab(rater->state, slot->at);
  if (work->chain != NULL && !chain_fits(rater, work->chain)) {
    return SP_BAD_FORMAT;
  }
  if (!whole_make(rater, usage)) {
    return sp__rate_suspend(rater, charge, SP_REASON_OVERFLOW);
  }
  if (rater->whole.book >= rater->books->count) {
    return sp__rate_suspend(rater, charge, SP_REASON_NO_BOOK);
  }
  work->usage = &rater->whole;
  work->partial = true;
  work->book = rater->books->book + rater->whole.book;
  work->late = sp__rate_is_late(rater, &rater->whole);
  sp_charge_clear(rater->whole_charge);
  enum sp_reason reason = sp__rate_whole(rater, rater->whole_charge);
  if (work->no_memory || reason != SP_REASON_NONE) {
    return sp__rate_suspend(rater, charge, reason);
  }
  bool rated = work->counts || (work->chain != NULL && work->chain->rated);
  differ(rater, charge);
  lead_mark(rater);
  enum sp_status status = work->overflow ? SP_LIMIT : chain_write(rater, usage->chain_hash);
  if (status != SP_OK) {
    return status == SP_LIMIT ? sp__rate_suspend(rater, charge, SP_REASON_OVERFLOW) : status;
  }
  charge->book = rater->whole.book;
  charge->outcome = rated ? SP_OUTCOME_RATED : SP_OUTCOME_ZERO_RATED;
  charge->flags = rated ? charge->flags | rater->chain_made->flags : 0;
  return SP_OK;
}
