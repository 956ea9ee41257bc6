/* The short way of the common record: a whole usage with one rule and one run of like increments
 * for each item, wholly covered by one part of an allowance or not at all, below its caps. Steps,
 * order and results are those of rate_price.c, rate_allowance.c and rate_discount.c; what is left
 * out are their lists of runs, pieces, parts and lines, and sums beyond 64 bits.
 *
 * Nothing is written before a record stands, so wherever something is unusual, `false` sends it the
 * general way from the start. Only the general way is traced: tests/rating/test_rate_short.c rates
 * with and without a trace and finds the same charges and cells. */
#include "rating/rate_parts.h"

static int64_t less(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Can records with this choice go the short way? Decided once, when the choice is made. */
bool sp__short_fits(const struct sp_rater *rater, const struct sp__choice *choice)
{
  const struct sp__frame *frame = rater->work.frame;
  const struct sp__winner *winners = sp__winners(choice);
  const struct sp__offer *offers = sp__offers(rater, choice);
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  bool fits = choice->offers_count <= SP__SHORT_MAX && choice->cuts_count <= SP__SHORT_MAX;
  for (uint32_t i = 0; i < frame->items_count; i++) {
    fits = fits && winners[i].rule != SP_NONE && winners[i].simple;
  }
  for (uint32_t i = 0; i < choice->offers_count && fits; i++) {
    const struct sp_book_allowance *row = sp__offer_row(rater, offers + i);
    fits = offers[i].name < SP__OFFER_NAME_MAX;
    /* Where priorities are equal the ends of subscriptions have a say (§10.5). */
    for (uint32_t k = i; k-- > 0 && sp__offer_row(rater, offers + k)->priority == row->priority;) {
      fits = fits && offers[k].unit != row->unit;
    }
  }
  for (uint32_t i = 0; i < choice->cuts_count && fits; i++) {
    /* One cut a set: there is nothing to choose. */
    fits = cuts[i].set_end == i + 1 && cuts[i].kind != SP_DISCOUNT_BLOCK_CAP;
  }
  return fits && !choice->sets_many;
}

/* List prices (§8): one run an item, as the rule has one slot and no counter, and there is one
 * choice for all of the usage. An item without quantity goes the general way. */
static bool short_price(struct sp_rater *rater, const struct sp__choice *choice,
                        struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const struct sp_usage *usage = work->usage;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    const struct sp__winner *winner = sp__winners(choice) + i;
    int64_t quantity = winner->unit == SP_UNIT_SECOND ? usage->duration_s
                       : winner->unit == SP_UNIT_BYTE ? usage->bytes
                                                      : usage->items;
    if (quantity <= 0) {
      return false;
    }
    int64_t count = (quantity - 1) / winner->size + 1, step = sp_money_step(winner->digits);
    int64_t divisor = sp__winner_divisor(winner, step);
    int64_t bias = sp__winner_bias(winner, divisor), sum;
    if (__builtin_mul_overflow(count, winner->price, &sum) ||
        __builtin_add_overflow(sum, winner->fee, &sum) || sum > INT64_MAX - bias) {
      return false;
    }
    uint64_t steps = (uint64_t)(sum + bias) / (uint64_t)divisor;
    int64_t list_micro = (int64_t)steps * step;
    charge->items[i] = (struct sp_charge_item){winner->name, 0, list_micro, list_micro, count};
    if (!sp_money_add(&work->list_micro, work->list_micro, list_micro)) {
      return false;
    }
  }
  return true;
}

/* What is granted in a cycle (§10.2, §10.3). A subscription that is not for the members' own holds
 * at the record's start; where it began before the cycle, the grant instant is the cycle's start,
 * and if this record's book was in force then, its row gives the whole amount. */
static inline int64_t granted_in(struct sp_rater *rater, const struct sp__offer *offer,
                                 const struct sp__cycle *cycle, bool *rolls)
{
  const struct sp__position *position = rater->work.positions + offer->position;
  if (SP_LIKELY(!offer->joins && cycle->book == rater->work.usage->book &&
                position->from_utc_s <= cycle->from_utc_s)) {
    *rolls = offer->rollover;
    return (int64_t)offer->amount;
  }
  return sp__grant(rater, position, sp__offer_row(rater, offer), cycle, rolls);
}

/* Is there that part of an offer's balance (§10.4), and what was granted to it? */
static inline bool part_granted(struct sp_rater *rater, const struct sp__offer *offer, bool rolled,
                                int64_t *granted)
{
  struct sp__work *work = &rater->work;
  bool rolls = false;
  if (!rolled) {
    *granted = granted_in(rater, offer, &work->now, &rolls);
    return true;
  }
  if (work->positions[offer->position].from_utc_s >= work->now.from_utc_s) {
    return false;
  }
  *granted = granted_in(rater, offer, sp__cycle_former(rater), &rolls);
  return rolls;
}

static inline uint32_t part_stage(struct sp_rater *rater, const struct sp__offer *offer,
                                  bool rolled)
{
  const struct sp__work *work = &rater->work;
  const struct sp__position *position = work->positions + offer->position;
  return sp__stage_of(rater, offer->pool ? position->owner : work->usage->subscriber,
                      sp__balance_key(offer->key, position),
                      sp__period(work->cycle - rolled, SP__CELL_USED, 0), false);
}

/* What a part can take of `need`, in increments of `size`. */
enum cover { COVER_NOTHING, COVER_SOME, COVER_ALL };

static enum cover part_take(struct sp_rater *rater, const struct sp__offer *offer, bool rolled,
                            int64_t size, int64_t need)
{
  int64_t granted;
  if (!part_granted(rater, offer, rolled, &granted)) {
    return COVER_NOTHING;
  }
  uint32_t stage = part_stage(rater, offer, rolled), member = SP_NONE;
  int64_t left = sp__balance_left(granted, sp__stage_value(rater, stage));
  if (offer->pool || offer->joins) { /* counted without a cap, too (§4.8): as in line_of() */
    const struct sp__work *work = &rater->work;
    member = sp__stage_of(rater, work->usage->subscriber,
                          sp__balance_key(offer->key, work->positions + offer->position),
                          sp__period(work->cycle, SP__CELL_MEMBER, 0), false);
    if (offer->capped) {
      left = less(left, sp__offer_row(rater, offer)->member_cap - sp__stage_value(rater, member));
    }
  }
  if (left < need) {
    return left < size ? COVER_NOTHING : COVER_SOME;
  }
  sp__stage_add(rater, stage, need);
  if (member != SP_NONE) {
    sp__stage_add(rater, member, need);
  }
  return COVER_ALL;
}

/* The line of the allowance that covered the record (§17): rolled and base part together. */
static void allowance_fill(struct sp_rater *rater, const struct sp__offer *offer, int64_t used,
                           struct sp_charge *charge)
{
  const struct sp__work *work = &rater->work;
  int64_t left = 0, granted;
  for (int rolled = 0; rolled < 2; rolled++) {
    if (part_granted(rater, offer, rolled, &granted)) {
      left += sp__balance_left(granted, sp__stage_value(rater, part_stage(rater, offer, rolled)));
    }
  }
  charge->allowances[0] = (struct sp_charge_allowance){
      offer->name, offer->pool ? work->positions[offer->position].owner : work->usage->subscriber,
      used, left};
  charge->allowances_count = 1;
}

/* Waives the walked item, and those with the same increments (§10.6.5), which are then all of
 * theirs: fee included, nothing is left of them. */
static void items_waive(const struct sp__work *work, const struct sp__choice *choice,
                        uint32_t walked, struct sp_charge *charge)
{
  const struct sp__winner *winners = sp__winners(choice), *by = winners + walked;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (winners[i].unit == by->unit && winners[i].size == by->size) {
      charge->items[i].net_micro = 0;
    }
  }
}

/* Allowances (§10): parts in their order, as far as they have less than one increment. A part that
 * covers some of them only is for the general way. Balances behind the one that covers are not
 * read: they would only be looked at. */
static bool short_cover(struct sp_rater *rater, const struct sp__choice *choice,
                        struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  uint32_t walked = work->frame->base == SP__ITEM_NONE ? 0 : work->frame->base;
  const struct sp__winner *winners = sp__winners(choice), *by = winners + walked;
  const struct sp__offer *offers = sp__offers(rater, choice);
  bool costs = work->list_micro > 0;
  for (uint32_t i = 0; i < work->frame->items_count && !costs; i++) {
    costs = !winners[i].free;
  }
  int64_t need;
  if (__builtin_mul_overflow(charge->items[walked].increments, by->size, &need)) {
    return false;
  }
  for (uint32_t i = 0; i < 2 * choice->offers_count && costs; i++) {
    bool rolled = i < choice->offers_count; /* rolled parts come first */
    const struct sp__offer *offer = offers + i - (rolled ? 0 : choice->offers_count);
    if (offer->unit != by->unit) {
      continue;
    }
    enum cover cover = part_take(rater, offer, rolled, by->size, need);
    if (cover == COVER_ALL) {
      allowance_fill(rater, offer, need, charge);
      items_waive(work, choice, walked, charge);
    }
    if (cover != COVER_NOTHING) {
      return cover == COVER_ALL;
    }
  }
  return true;
}

/* Pass 1 (§11.4): percents multiply exactly, each item rounds once, half up. Their sum anew. */
static bool short_percents(struct sp_rater *rater, const struct sp__choice *choice,
                           struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  work->net_micro = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    uint64_t step = (uint64_t)sp_money_step(sp__winners(choice)[i].digits), divisor = step;
    uint64_t value = (uint64_t)charge->items[i].net_micro;
    for (uint32_t c = 0; c < choice->bounds_at; c++) {
      const struct sp__cut *cut = cuts + c;
      if ((cut->item == SP__ITEM_NONE || cut->item == i) &&
          (__builtin_mul_overflow(value, (uint64_t)sp__percent_left(cut), &value) ||
           __builtin_mul_overflow(divisor, (uint64_t)SP__PERCENT_ALL, &divisor))) {
        return false;
      }
    }
    if (divisor != step) {
      if (__builtin_add_overflow(value, divisor / 2, &value)) {
        return false;
      }
      charge->items[i].net_micro = (int64_t)(value / divisor * step);
    }
    work->net_micro += charge->items[i].net_micro; /* at most the list */
  }
  return true;
}

static int64_t net_sum(const struct sp__work *work, uint32_t item, const struct sp_charge *charge)
{
  int64_t sum = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    sum +=
        item == SP__ITEM_NONE || item == i ? charge->items[i].net_micro : 0; /* at most the list */
  }
  return sum;
}

/* Passes 2 and 3 (§11.6): caps that leave all of the sum, and count it. */
static bool short_caps(struct sp_rater *rater, const struct sp__choice *choice,
                       const struct sp_charge *charge)
{
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  for (uint32_t c = choice->bounds_at; c < choice->cuts_count; c++) {
    const struct sp__cut *cut = cuts + c;
    int64_t sum = net_sum(&rater->work, cut->item, charge), bound = cut->value;
    if (sp__cut_is_cap(cut)) {
      uint32_t stage = sp__stage_of(rater, rater->work.usage->subscriber, cut->key,
                                    sp__cap_period(rater, cut), false);
      bound -= sp__stage_value(rater, stage);
      sp__stage_add(rater, stage, sum);
    }
    if (sum > bound) {
      return false;
    }
  }
  return true;
}

/* Who pays (§12): as in the general way, from the items' nets. */
static void short_payers(struct sp_rater *rater, struct sp__choice *choice,
                         struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  for (uint32_t i = 0; i < work->frame->items_count && choice->claims_count > 0; i++) {
    work->items[i].quantity = 1; /* it has one: see short_price() */
    work->items[i].net_micro = charge->items[i].net_micro;
  }
  rater->segments[0] = (struct sp__segment){0, choice};
  sp__payers_ask(rater, charge);
}

/* The choice that holds from the record's start to its end, if there is one. */
static struct sp__choice *choice_of(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  int64_t start = work->usage->start_utc_s, until = SP_TIME_MAX;
  uint64_t bands = work->frame->bands == 0 ? 0 : sp__bands_at(rater, start, &until);
  return work->usage->duration_s > until - start ? NULL : sp__choice_find(rater, bands);
}

bool sp__rate_short(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  struct sp__choice *choice = choice_of(rater);
  if (choice == NULL || !choice->fits_short || !short_price(rater, choice, charge) ||
      !short_cover(rater, choice, charge)) {
    return false;
  }
  work->net_micro = net_sum(work, SP__ITEM_NONE, charge);
  if (work->net_micro > 0) { /* of nothing there is nothing to cut, to count or to pay */
    if (!short_percents(rater, choice, charge) || !short_caps(rater, choice, charge)) {
      return false;
    }
    short_payers(rater, choice, charge);
  }
  work->counts = true;
  charge->items_count = (uint8_t)work->frame->items_count;
  charge->list_micro = work->list_micro;
  charge->net_micro = work->net_micro;
  return !work->overflow;
}
