/* What a record will need is fetched ahead of it, in steps each of which reads what the one before
 * has fetched: its customer, what that leads to, its set of plans, its frame. Changes nothing but
 * guesses. */
#include "rating/hash.h"
#include "rating/rate_match.h"

/* And the bit that says that it has changed: of millions of owners the bits, too, lie far away. */
static void slot_prefetch(const struct sp_state *state, uint32_t owner)
{
  uint32_t index = owner & ~SP_OWNER_GROUP;
  sp_line_fetch_once(state->slots[owner >> 31] + index);
  sp_line_fetch(state->dirty[owner >> 31] + index / 64);
}

/* The newest are searched first: the last 72 bytes of the slab at least. */
static void cells_prefetch(const struct sp_state *state, uint32_t owner)
{
  const struct sp__owner *slot = sp__owner_of(state, owner);
  if (slot->count > 0) {
    const char *first = sp__slab(state, slot->slab);
    const char *last = first + slot->count * sizeof(struct sp__cell) - 1;
    const char *before = last - first >= 64 ? last - 64 : first;
    sp_line_fetch_once(last);
    sp_line_fetch_once(before);
    sp_line_fetch_once(before - first >= 64 ? before - 64 : first);
  }
}

#define ITEMS_USUAL 3u /* of a plan */

/* A frame and its first choice, winner and offer. */
static void frame_fetch(const struct sp_rater *rater, uint32_t place)
{
  const char *frame = sp__cache_at(rater, place);
  sp_line_fetch(frame);
  sp_line_fetch(frame + SP__LINE_BYTES);
}

/* A frame that is not known is made, from what the book says of the set's plans, of which the first
 * is mostly the customer's base plan. */
static inline void plan_fetch(const struct sp_rater *rater, const struct sp_usage *usage,
                              uint32_t base)
{
  const struct sp_book *book = rater->books->book + usage->book;
  const struct sp__plan_known *known = sp__plans_known(rater, usage->book) + base;
  const char *plan = (const char *)(SP_BOOK_TABLE(book, plans, struct sp_book_plan) + known->plan);
  const char *items =
      (const char *)(SP_BOOK_TABLE(book, items, struct sp_book_item) + known->items_at);
  sp_line_fetch(plan);
  sp_line_fetch(plan + SP__LINE_BYTES);
  for (unsigned i = 0; i < ITEMS_USUAL; i++) {
    sp_line_fetch(items + i * sizeof(struct sp_book_item));
  }
}

/* And what the plan leads to, and where the frame will lie. */
static __attribute__((noinline)) void meeting_prefetch(const struct sp_rater *rater,
                                                       const struct sp_usage *usage,
                                                       const struct sp__guess *guess)
{
  size_t line =
      rater->chunk_used / SP__LINE_BYTES + 1; /* of a full chunk any of its lines will do */
  frame_fetch(rater, (uint32_t)(rater->chunk_now * SP__CHUNK_LINES + line % SP__CHUNK_LINES));
  const struct sp_book *book = rater->books->book + usage->book;
  const struct sp_book_plan *plan = SP_BOOK_TABLE(book, plans, struct sp_book_plan) +
                                    sp__plans_known(rater, usage->book)[guess->base].plan;
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  struct sp__asked asked = {guess->key.features, guess->key.dest_node, guess->key.rating_group};
  sp_line_fetch(SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at);
  sp_line_fetch(SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at);
  for (uint32_t i = 0; i < plan->items_count && i < ITEMS_USUAL; i++, item++) {
    if (sp__match_unit(&asked, item->unit)) {
      sp__match_fetch(book, item, &asked);
    }
  }
}

/* The plans of its own subscriptions. */
static inline __attribute__((always_inline)) void plans_prefetch(const struct sp_rater *rater,
                                                                 const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  guess->usage = usage;
  guess->subscriber = usage->subscriber;
  guess->book = usage->book;
  guess->lead = NULL;
  guess->holding = 0;
  guess->key.set = guess->before = guess->frame = 0;
  if (usage->subscriber >= rater->state->count[0] || usage->book >= rater->books_count) {
    return;
  }
  if (usage->dest_node != 0) {
    sp_line_fetch(rater->dests[usage->book] + usage->dest_node);
  }
  const struct sp__plan_known *plans = sp__plans_known(rater, usage->book);
  struct sp_subscription one;
  uint32_t rows;
  const struct sp_subscription *row =
      sp_directory_subscriptions(rater->directory, usage->subscriber, &one, &rows);
  for (; rows > 0; rows--, row++) {
    if (sp__subscription_holds(row, usage->start_utc_s)) {
      sp_line_fetch(plans + row->plan);
      guess->base = guess->holding == 0 ? row->plan : guess->base;
      guess->holding++;
    }
  }
}

/* Where the step before was not taken of it, what stands there is of another record that lay in its
 * place: of another book, or of a customer where this one has none. */
static inline bool guess_is(const struct sp__guess *guess, const struct sp_usage *usage)
{
  return guess->usage == usage && guess->subscriber == usage->subscriber &&
         guess->book == usage->book;
}

static inline bool company_holds(const struct sp_rater *rater, const struct sp__guess *guess)
{
  return sp__company_is(sp__company_at(rater, guess->before, guess->plan), guess->before,
                        guess->plan);
}

/* To the plans that the guess has one more. Which company it is of is seen before the next one, or
 * when its line has arrived. */
static void lead_further(const struct sp_rater *rater, struct sp__guess *guess, uint32_t plan)
{
  if (guess->lead == NULL || (guess->before != 0 && !company_holds(rater, guess))) {
    guess->lead = NULL;
    return;
  }
  guess->before = guess->lead->set;
  guess->plan = plan;
  guess->lead = &sp__company_at(rater, guess->before, plan)->lead;
}

/* Of own plans of which not only the first holds. */
static __attribute__((noinline)) void lead_own(const struct sp_rater *rater,
                                               const struct sp_usage *usage,
                                               struct sp__guess *guess)
{
  struct sp__plan_known *plans = sp__plans_known(rater, usage->book);
  struct sp_subscription one;
  uint32_t rows;
  const struct sp_subscription *row =
      sp_directory_subscriptions(rater->directory, usage->subscriber, &one, &rows);
  bool first = true;
  for (; rows > 0; rows--, row++) {
    struct sp__plan_known *known = plans + row->plan;
    if (!sp__subscription_holds(row, usage->start_utc_s) ||
        !sp__span_holds(&known->valid, usage->start_utc_s)) {
      continue;
    }
    if (first) {
      guess->lead = &known->alone;
      guess->base = row->plan;
      first = false;
    } else {
      lead_further(rater, guess, known->plan);
    }
  }
}

static __attribute__((noinline)) void lead_groups(const struct sp_rater *rater,
                                                  const struct sp_usage *usage,
                                                  struct sp__guess *guess)
{
  const struct sp__group_plans *group = rater->groups + usage->group;
  if (group->count > 0) {
    lead_further(rater, guess, group->first.plan);
  }
  if (group->count > 1) {
    lead_further(rater, guess, group->more[0].plan);
  }
}

static inline void frame_prefetch(const struct sp_rater *rater, const struct sp_usage *usage,
                                  struct sp__guess *guess)
{
  if (guess->lead->set != 0 && sp__frame_guess(rater, usage, guess)) {
    frame_fetch(rater, guess->frame);
  }
}

/* What leads to its set of plans: mostly its only plan, which knows most frames. */
static inline __attribute__((always_inline)) void lead_prefetch(const struct sp_rater *rater,
                                                                const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (!guess_is(guess, usage) || guess->holding == 0) {
    return;
  }
  if (guess->holding == 1) {
    struct sp__plan_known *known = sp__plans_known(rater, usage->book) + guess->base;
    guess->lead = sp__span_holds(&known->valid, usage->start_utc_s) ? &known->alone : NULL;
  } else {
    lead_own(rater, usage, guess);
  }
  if (usage->group < rater->groups_count) {
    lead_groups(rater, usage, guess);
  }
  if (guess->lead != NULL && guess->before == 0) {
    frame_prefetch(rater, usage, guess);
  } else if (guess->lead != NULL) {
    sp_line_fetch(sp__company_at(rater, guess->before, guess->plan));
  }
}

static inline __attribute__((always_inline)) void far_prefetch(const struct sp_rater *rater,
                                                               const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (!guess_is(guess, usage) || guess->frame != 0) {
    return;
  }
  if (guess->key.set != 0) {
    if (sp__frame_guess_far(rater, guess)) {
      frame_fetch(rater, guess->frame);
    } else {
      plan_fetch(rater, usage, guess->base);
    }
  } else if (guess->lead != NULL && guess->before != 0 && company_holds(rater, guess)) {
    frame_prefetch(rater, usage, guess);
  }
}

/* Of a company the table is asked only now, else the frame must be made. */
static __attribute__((noinline)) void late_prefetch(const struct sp_rater *rater,
                                                    const struct sp_usage *usage,
                                                    struct sp__guess *guess)
{
  if (guess->before != 0 && sp__frame_guess_far(rater, guess)) {
    frame_fetch(rater, guess->frame);
  } else {
    meeting_prefetch(rater, usage, guess);
  }
}

/* What does not lie in the frame's two lines, and what other bands choose. */
static inline __attribute__((always_inline)) void choices_prefetch(const struct sp_rater *rater,
                                                                   const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (!guess_is(guess, usage)) {
    return;
  }
  if (guess->frame == 0) {
    if (guess->key.set != 0) {
      late_prefetch(rater, usage, guess);
    }
    return;
  }
  const struct sp__frame *frame = sp__cache_at(rater, guess->frame);
  const struct sp__choice *first = (const struct sp__choice *)(const void *)(frame + 1);
  if (frame->begun && first->lists != 0) {
    sp_line_fetch(sp__cache_at_eight(rater, first->lists));
  } else if (frame->items_count + first->offers_count + first->cuts_count + first->claims_count >
             2) { /* else a winner and an offer at most */
    sp_line_fetch((const char *)frame + 2 * (size_t)SP__LINE_BYTES);
  }
  if (frame->choices != 0) {
    sp_line_fetch(sp__cache_at(rater, frame->choices));
  }
}

int sp_rater_prefetch_steps(const struct sp_rater *rater)
{
  size_t used = rater->chunk_now * SP__CACHE_CHUNK_BYTES + rater->chunk_used;
  return used < SP__CACHE_NEAR_BYTES ? SP_RATER_STEPS_NEAR : SP_RATER_STEPS;
}

/* The slots of the customer and of its group, and where its lists are. */
static inline void customer_prefetch(const struct sp_rater *rater, const struct sp_usage *usage)
{
  slot_prefetch(rater->state, usage->subscriber);
  sp_directory_prefetch_lists(rater->directory, usage->subscriber);
  if (usage->group < rater->state->count[1]) {
    slot_prefetch(rater->state, usage->group | SP_OWNER_GROUP);
  }
}

/* Their cells, where its subscriptions are, and what the group gives. */
static inline void led_prefetch(const struct sp_rater *rater, const struct sp_usage *usage)
{
  cells_prefetch(rater->state, usage->subscriber);
  sp_directory_prefetch_slice(rater->directory, usage->subscriber);
  if (usage->group < rater->state->count[1]) {
    uint32_t count;
    sp_line_fetch_once(sp_directory_memberships(rater->directory, usage->subscriber, &count));
    sp_line_fetch(rater->groups + usage->group);
    cells_prefetch(rater->state, usage->group | SP_OWNER_GROUP);
  }
}

static inline bool is_known(const struct sp_rater *rater, const struct sp_usage *usage)
{
  return SP_LIKELY(usage != NULL) && usage->subscriber < rater->state->count[0];
}

static __attribute__((noinline)) void tariff_prefetch(const struct sp_rater *rater,
                                                      const struct sp_usage *const ahead[])
{
  if (SP_LIKELY(ahead[0] != NULL)) {
    plans_prefetch(rater, ahead[0]);
  }
  if (SP_LIKELY(ahead[1] != NULL)) {
    lead_prefetch(rater, ahead[1]);
  }
  if (SP_LIKELY(ahead[2] != NULL)) {
    far_prefetch(rater, ahead[2]);
  }
  if (SP_LIKELY(ahead[3] != NULL)) {
    choices_prefetch(rater, ahead[3]);
  }
}

void sp_rater_prefetch(const struct sp_rater *rater,
                       const struct sp_usage *const ahead[SP_RATER_STEPS], int steps)
{
  if (is_known(rater, ahead[0])) {
    customer_prefetch(rater, ahead[0]);
  }
  if (is_known(rater, ahead[1])) {
    led_prefetch(rater, ahead[1]);
  }
  if (is_known(rater, ahead[2])) {
    sp_directory_prefetch_subscriptions(rater->directory, ahead[2]->subscriber);
  }
  if (steps > SP_RATER_STEPS_NEAR) {
    tariff_prefetch(rater, ahead + SP_RATER_STEPS_NEAR);
  }
}
