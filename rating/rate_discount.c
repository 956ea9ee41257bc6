/* Discounts and caps of the record in three passes (book.md §11). Of each set the one is taken that
 * leaves the least; percents multiply exactly and round once. */
#include "rating/rate_parts.h"

struct exact { /* an item's amount within pass 1: value / 10^(4 x factors) */
  sp_i128 value;
  unsigned factors;
};

static const int64_t powers[SP__SETS_MAX + 1] = {
    1, SP__PERCENT_ALL, INT64_C(100000000), INT64_C(1000000000000), INT64_C(10000000000000000)};

static bool item_is_on(const struct sp__work *work, const struct sp__cut *cut, uint32_t index)
{
  return work->items[index].quantity > 0 && (cut->item == SP__ITEM_NONE || cut->item == index);
}

static bool cut_applies(const struct sp__work *work, const struct sp__cut *cut)
{
  return cut->item == SP__ITEM_NONE || work->items[cut->item].quantity > 0;
}

static int64_t net_sum(const struct sp__work *work, const struct sp__cut *cut)
{
  int64_t sum = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (cut == NULL ? work->items[i].quantity > 0 : item_is_on(work, cut, i)) {
      sum += work->items[i].net_micro; /* at most the list, which fits */
    }
  }
  return sum;
}

/* A discount of its set, of which `taken` is taken; `all`: sum of all items before it; `sum` over
 * `denominator`: with it. */
struct told {
  const struct sp__cut *cut, *taken;
  int64_t all;
  sp_i128 sum;
  int64_t denominator;
};

static void cut_trace(struct sp_rater *rater, struct told told)
{
  const struct sp_book_discount *row = sp__cut_row(rater, told.cut);
  /* The denominator is a power of ten; it never falls below 1, for over 1 the sum fits. */
  while (told.sum > INT64_MAX && told.sum % 10 == 0) {
    told.sum /= 10;
    told.denominator /= 10;
  }
  bool fits = told.sum <= INT64_MAX;
  sp__trace(rater,
            (struct sp_trace_event){.kind = SP_TRACE_DISCOUNT,
                                    .why = told.cut == told.taken ? SP_WHY_TAKEN : SP_WHY_SET_LOST,
                                    .plan = row->plan,
                                    .item = row->item,
                                    .index = told.cut->row,
                                    .count = told.taken->row,
                                    .before = told.all,
                                    .after = net_sum(&rater->work, NULL),
                                    .price = fits ? (int64_t)told.sum : 0,
                                    .denominator = fits ? told.denominator : 0});
}

/* Pass 1 */

/* Sum over all items with this cut taken, over 10^16. */
static sp_i128 percent_sum(const struct sp__work *work, const struct exact *exacts,
                           const struct sp__cut *cut)
{
  sp_i128 sum = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (work->items[i].quantity == 0) {
      continue;
    }
    bool on = item_is_on(work, cut, i);
    unsigned rest = SP__SETS_MAX - exacts[i].factors - on;
    sum += exacts[i].value * (on ? sp__percent_left(cut) : 1) * powers[rest];
  }
  return sum;
}

/* No item may have more than four sets, taken or not (§11.4). */
static bool sets_fit(const struct sp_rater *rater, const struct sp__choice *choice)
{
  const struct sp__work *work = &rater->work;
  uint8_t counts[SP_BOOK_ITEMS_MAX] = {0};
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  for (uint32_t at = 0; at < choice->bounds_at;) {
    uint32_t end = cuts[at].set_end;
    uint64_t on = 0;
    for (; at < end; at++) {
      for (uint32_t i = 0; i < work->frame->items_count; i++) {
        on |= (uint64_t)item_is_on(work, cuts + at, i) << i;
      }
    }
    for (uint32_t i = 0; i < work->frame->items_count; i++) {
      counts[i] = (uint8_t)(counts[i] + (on >> i & 1));
      if (counts[i] > SP__SETS_MAX) {
        return false;
      }
    }
  }
  return true;
}

static const struct sp__cut *percent_choose(const struct sp__work *work, const struct exact *exacts,
                                            const struct sp__cut *cut, const struct sp__cut *end)
{
  const struct sp__cut *best = NULL;
  bool compared = false;
  sp_i128 least = 0;
  for (; cut < end; cut++) {
    if (!cut_applies(work, cut)) {
      continue;
    }
    if (best == NULL) {
      best = cut;
      continue;
    }
    if (!compared) {
      least = percent_sum(work, exacts, best);
      compared = true;
    }
    sp_i128 sum = percent_sum(work, exacts, cut);
    if (sum < least) {
      least = sum;
      best = cut;
    }
  }
  return best;
}

static void exact_round(struct sp__item *item, const struct exact *exact)
{
  int64_t step = sp_money_step(item->start->digits), divisor;
  if (!__builtin_mul_overflow(powers[exact->factors], step, &divisor) &&
      exact->value <= INT64_MAX) {
    int64_t value = (int64_t)exact->value, steps = value / divisor, rest = value % divisor;
    steps += rest >= divisor - rest;
    item->net_micro = steps * step;
    return;
  }
  item->net_micro = (int64_t)sp_money_divide(exact->value, (sp_i128)powers[exact->factors] * step,
                                             SP_ROUND_HALF_UP) *
                    step;
}

/* One percent alone: the usual case, in 64 bits. false: it does not fit. */
static bool percent_single(struct sp__work *work, const struct sp__cut *cut)
{
  int64_t left = sp__percent_left(cut);
  if (work->list_micro > INT64_MAX / (2 * SP__PERCENT_ALL)) {
    return false;
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    struct sp__item *item = work->items + i;
    if (!item_is_on(work, cut, i)) {
      continue;
    }
    int64_t step = sp_money_step(item->start->digits);
    uint64_t divisor = (uint64_t)step * SP__PERCENT_ALL;
    uint64_t value = (uint64_t)(item->net_micro * left), steps = (value + divisor / 2) / divisor;
    item->net_micro = (int64_t)steps * step;
  }
  return true;
}

static void pass_percents(struct sp_rater *rater, const struct sp__choice *choice)
{
  struct sp__work *work = &rater->work;
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  struct exact exacts[SP_BOOK_ITEMS_MAX];
  if (choice->bounds_at == 1 && !sp__traced(rater) &&
      (!cut_applies(work, cuts) || percent_single(work, cuts))) {
    return;
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    exacts[i] = (struct exact){work->items[i].net_micro, 0};
  }
  for (uint32_t at = 0; at < choice->bounds_at;) {
    uint32_t end = cuts[at].set_end;
    const struct sp__cut *cut = percent_choose(work, exacts, cuts + at, cuts + end);
    for (; at < end && sp__traced(rater); at++) {
      if (cut_applies(work, cuts + at)) {
        cut_trace(rater, (struct told){cuts + at, cut, 0, percent_sum(work, exacts, cuts + at),
                                       powers[SP__SETS_MAX]});
      }
    }
    for (uint32_t i = 0; cut != NULL && i < work->frame->items_count; i++) {
      if (item_is_on(work, cut, i)) {
        exacts[i].value *= sp__percent_left(cut);
        exacts[i].factors++;
      }
    }
    at = end;
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (exacts[i].factors > 0) {
      exact_round(work->items + i, exacts + i);
    }
  }
}

/* Passes 2 and 3 */

uint64_t sp__cap_period(const struct sp_rater *rater, const struct sp__cut *cut)
{
  const struct sp__work *work = &rater->work;
  if (cut->kind == SP_DISCOUNT_CAP_DAY) {
    int32_t day = sp_book_local_day(work->book, work->usage->start_utc_s);
    return sp__period(work->cycle, SP__CELL_DAY, (uint32_t)(day + SP__DAY_ZERO));
  }
  return sp__period(work->cycle, SP__CELL_MONTH, 0);
}

/* The cell of a cap_day or cap_month; remembered, for it is asked twice. */
static uint32_t cap_stage(struct sp_rater *rater, const struct sp__cut *cut, bool first)
{
  struct sp__work *work = &rater->work;
  const struct sp__choice *choice = rater->segments[0].choice;
  size_t at = (size_t)(cut - sp__cuts(rater, choice)) - work->caps_at;
  if (!first && at < SP__CAPS_KEPT) {
    return work->cap_stages[at];
  }
  uint32_t stage =
      sp__stage_of(rater, work->usage->subscriber, cut->key, sp__cap_period(rater, cut), false);
  if (at < SP__CAPS_KEPT) {
    work->cap_stages[at] = stage;
  }
  return stage;
}

/* What the items of a cut may cost together. */
static int64_t cut_bound(struct sp_rater *rater, const struct sp__cut *cut)
{
  switch ((enum sp_discount_kind)cut->kind) {
  case SP_DISCOUNT_PRICE_CAP:
    return cut->value;
  case SP_DISCOUNT_BLOCK_CAP:
    return sp__block_cap(rater, cut, false);
  case SP_DISCOUNT_CAP_DAY:
  case SP_DISCOUNT_CAP_MONTH: {
    int64_t left = cut->value - sp__stage_value(rater, cap_stage(rater, cut, true));
    return left > 0 ? left : 0;
  }
  case SP_DISCOUNT_PERCENT:
  case SP_DISCOUNT_FREE:
  default:
    SP_ASSERT(false && "a percent is no cap");
    return 0;
  }
}

/* A cap over several items is dealt by largest remainder (§11.5). */
static void cut_deal(struct sp_rater *rater, const struct sp__cut *cut, int64_t sum)
{
  struct sp__work *work = &rater->work;
  int64_t shares[SP_BOOK_ITEMS_MAX];
  uint32_t on[SP_BOOK_ITEMS_MAX], count = 0;
  unsigned digits = (unsigned)work->book->header->rounding_digits;
  unsigned decimals = sp_money_decimals(sum);
  digits = digits > decimals ? digits : decimals;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (item_is_on(work, cut, i)) {
      unsigned own = work->items[i].start->digits;
      digits = digits > own ? digits : own;
      on[count] = i;
      shares[count++] = work->items[i].net_micro;
    }
  }
  if (count > 1) {
    sp_money_deal(shares, count, sum, sp_money_step(digits));
  } else {
    shares[0] = sum;
  }
  for (uint32_t i = 0; i < count; i++) {
    work->items[on[i]].net_micro = shares[i];
  }
}

/* The cuts of a set that are not taken, before the taken one changes anything. */
static void lost_trace(struct sp_rater *rater, const struct sp__cut *first,
                       const struct sp__cut *end, const struct sp__cut *best)
{
  int64_t all = net_sum(&rater->work, NULL);
  for (const struct sp__cut *cut = first; cut < end; cut++) {
    if (cut != best && cut_applies(&rater->work, cut)) {
      int64_t sum = net_sum(&rater->work, cut), bound = cut_bound(rater, cut);
      cut_trace(rater, (struct told){cut, best, all, all - sum + (sum < bound ? sum : bound), 1});
    }
  }
}

/* Takes one cut of its set: the one that leaves the least, the first of equals. */
static void set_apply(struct sp_rater *rater, const struct sp__cut *first,
                      const struct sp__cut *end)
{
  struct sp__work *work = &rater->work;
  const struct sp__cut *best = NULL;
  int64_t least = 0, new_sum = 0, had = 0, all = net_sum(work, NULL);
  for (const struct sp__cut *cut = first; cut < end; cut++) {
    if (!cut_applies(work, cut)) {
      continue;
    }
    int64_t sum = net_sum(work, cut), bound = cut_bound(rater, cut);
    int64_t left = sum < bound ? sum : bound;
    if (best == NULL || all - sum + left < least) {
      best = cut;
      least = all - sum + left;
      new_sum = left;
      had = sum;
    }
  }
  if (best == NULL) {
    return;
  }
  if (sp__traced(rater)) {
    lost_trace(rater, first, end, best);
  }
  if (best->kind == SP_DISCOUNT_BLOCK_CAP) {
    work->items[best->item].net_micro = sp__block_cap(rater, best, true);
  } else if (new_sum < had) {
    cut_deal(rater, best, new_sum);
    work->capped |= sp__cut_row(rater, best)->pass == 3;
  }
  if (sp__traced(rater)) {
    cut_trace(rater, (struct told){best, best, all, least, 1});
  }
}

static void pass_trace(struct sp_rater *rater, enum sp_trace_kind kind, int64_t pass)
{
  for (uint32_t i = 0; i < rater->work.frame->items_count && sp__traced(rater); i++) {
    if (rater->work.items[i].quantity > 0) {
      sp__trace(rater, (struct sp_trace_event){.kind = kind,
                                               .item = rater->work.frame->names[i],
                                               .offset = pass,
                                               .amount_micro = rater->work.items[i].net_micro});
    }
  }
}

/* What caps count, whether or not they cut (§11.6). */
static void caps_count(struct sp_rater *rater, const struct sp__choice *choice, uint32_t at)
{
  for (; at < choice->cuts_count; at++) {
    const struct sp__cut *cut = sp__cuts(rater, choice) + at;
    if (!cut_applies(&rater->work, cut)) {
      continue;
    }
    uint32_t stage = cap_stage(rater, cut, false);
    int64_t before = sp__stage_value(rater, stage);
    sp__stage_add(rater, stage, net_sum(&rater->work, cut));
    if (sp__traced(rater)) {
      const struct sp_book_discount *row = sp__cut_row(rater, cut);
      sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_COUNTED,
                                               .plan = row->plan,
                                               .item = row->item,
                                               .index = cut->row,
                                               .before = before,
                                               .after = sp__stage_value(rater, stage)});
    }
  }
}

enum sp_reason sp__discounts_apply(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  const struct sp__choice *choice = rater->segments[0].choice;
  const struct sp__cut *cuts = sp__cuts(rater, choice);
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    work->items[i].net_micro = work->items[i].quantity > 0 ? work->items[i].amount_micro : 0;
  }
  if (choice->cuts_count == 0) {
    return SP_REASON_NONE;
  }
  if (choice->sets_many && !sets_fit(rater, choice)) {
    return SP_REASON_TOO_MANY_DISCOUNTS;
  }
  for (work->caps_at = choice->cuts_count;
       work->caps_at > 0 && sp__cut_is_cap(cuts + work->caps_at - 1);) {
    work->caps_at--;
  }
  if (choice->bounds_at > 0) {
    pass_percents(rater, choice);
    pass_trace(rater, SP_TRACE_PASS, 1);
  }
  for (uint32_t at = choice->bounds_at; at < choice->cuts_count;) {
    uint32_t end = cuts[at].set_end;
    set_apply(rater, cuts + at, cuts + end);
    pass_trace(rater, SP_TRACE_PASS, sp__cut_row(rater, cuts + at)->pass);
    at = end;
  }
  caps_count(rater, choice, work->caps_at);
  return SP_REASON_NONE;
}
