/* What a record will need is fetched ahead of it, in steps each of which reads what the one before
 * has fetched: its customer, what that leads to, its set of plans, its frame. Changes nothing but
 * guesses. */
#include "rating/hash.h"
#include "rating/rate_match.h"

/* Not the bits of changed owners: they are few lines, and fetching them costs a third of the time
 * of a record (measured: bench/README.md). */
static void slot_prefetch(const struct sp_state *state, uint32_t owner)
{
  uint32_t index = owner & ~SP_OWNER_GROUP;
  sp_line_fetch_once(state->slots[owner >> 31] + index);
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

static inline __attribute__((always_inline)) void set_prefetch(const struct sp_rater *rater,
                                                               const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  guess->usage = usage;
  guess->frame = 0;
  guess->key.set = 0;
  guess->book = SP_NONE; /* what else is there is of an earlier record until step 4 */
  if (usage->subscriber < rater->state->count[0] && usage->book < rater->books_count) {
    guess->key.set = sp__set_seen(rater, usage);
  }
  if (guess->key.set != 0) {
    sp_line_fetch(sp__set_at(rater, guess->key.set)->known + (usage->service != SP_SERVICE_VOICE));
    if (usage->dest_node != 0) {
      sp_line_fetch(rater->dests[usage->book] + usage->dest_node);
    }
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

/* A frame that its set does not know is mostly made, from what the book says of the set's plans, of
 * which the first is the customer's base plan. (The set may be one of before, of another book.) */
static inline void plan_fetch(const struct sp_rater *rater, const struct sp__plan_set *set)
{
  const struct sp_book *book = rater->books->book + set->book;
  const char *plan =
      (const char *)(SP_BOOK_TABLE(book, plans, struct sp_book_plan) + set->plans[0]);
  const char *items =
      (const char *)(SP_BOOK_TABLE(book, items, struct sp_book_item) + set->items_at);
  sp_line_fetch(plan);
  sp_line_fetch(plan + SP__LINE_BYTES);
  for (unsigned i = 0; i < ITEMS_USUAL; i++) {
    sp_line_fetch(items + i * sizeof(struct sp_book_item));
  }
}

/* And what the plan and its items lead to, and where the frame will lie. */
static __attribute__((noinline)) void meeting_prefetch(const struct sp_rater *rater,
                                                       const struct sp__guess *guess)
{
  size_t line =
      rater->chunk_used / SP__LINE_BYTES + 1; /* of a full chunk any of its lines will do */
  frame_fetch(rater, (uint32_t)(rater->chunk_now * SP__CHUNK_LINES + line % SP__CHUNK_LINES));
  const struct sp__plan_set *set = sp__set_at(rater, guess->key.set);
  if (set->book != guess->book) {
    return;
  }
  const struct sp_book *book = rater->books->book + set->book;
  const struct sp_book_plan *plan = SP_BOOK_TABLE(book, plans, struct sp_book_plan) + set->plans[0];
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  const struct sp__frame like = {.dest_node = guess->key.dest_node,
                                 .rating_group = guess->key.rating_group,
                                 .features = guess->key.features};
  struct sp__asked asked = sp__frame_asked(&like);
  sp_line_fetch(SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at);
  sp_line_fetch(SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at);
  for (uint32_t i = 0; i < plan->items_count && i < ITEMS_USUAL; i++, item++) {
    if (sp__match_unit(&asked, item->unit)) {
      sp__match_fetch(book, item, &asked);
    }
  }
}

/* Its frame, if the set of plans knows it; else where it stands among all, and of which plans it
 * would be made. */
static inline __attribute__((always_inline)) void frame_prefetch(const struct sp_rater *rater,
                                                                 const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (guess->usage == usage && guess->key.set != 0) {
    sp__frame_guess(rater, usage, guess);
    if (guess->frame != 0) {
      frame_fetch(rater, guess->frame);
    } else {
      sp_line_fetch(sp__set_at(rater, guess->key.set)->plans);
    }
  }
}

static inline __attribute__((always_inline)) void far_prefetch(const struct sp_rater *rater,
                                                               const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (guess->frame == 0 && guess->usage == usage && guess->key.set != 0) {
    sp__frame_guess_far(rater, guess);
    if (guess->frame != 0) {
      frame_fetch(rater, guess->frame);
    } else {
      plan_fetch(rater, sp__set_at(rater, guess->key.set));
    }
  }
}

/* What does not lie in the frame's two lines, and what other bands choose. */
static inline __attribute__((always_inline)) void choices_prefetch(const struct sp_rater *rater,
                                                                   const struct sp_usage *usage)
{
  const struct sp__guess *guess = sp__guess_of(rater, usage);
  if (guess->usage != usage || guess->key.set == 0) {
    return;
  }
  if (guess->frame == 0) {
    meeting_prefetch(rater, guess);
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
  return used < SP__CACHE_NEAR_BYTES ? 2 : 6;
}

/* The slots of the customer and of its group, and where its subscriptions are. */
static __attribute__((noinline)) void customer_prefetch(const struct sp_rater *rater,
                                                        const struct sp_usage *usage)
{
  slot_prefetch(rater->state, usage->subscriber);
  sp_directory_prefetch_lists(rater->directory, usage->subscriber);
  if (usage->group < rater->state->count[1]) {
    slot_prefetch(rater->state, usage->group | SP_OWNER_GROUP);
  }
}

/* Their cells, what the subscriptions come to, and what the group gives. */
static __attribute__((noinline)) void led_prefetch(const struct sp_rater *rater,
                                                   const struct sp_usage *usage)
{
  cells_prefetch(rater->state, usage->subscriber);
  uint32_t list = sp_directory_subscription_list(rater->directory, usage->subscriber);
  sp_line_fetch(rater->lists + list % SP__LISTS_CACHED);
  if (usage->group < rater->state->count[1]) {
    uint32_t count;
    sp_line_fetch_once(sp_directory_memberships(rater->directory, usage->subscriber, &count));
    sp_line_fetch(rater->groups + usage->group);
    cells_prefetch(rater->state, usage->group | SP_OWNER_GROUP);
  }
}

void sp_rater_prefetch_tariff(const struct sp_rater *rater, const struct sp_usage *const ahead[4])
{
  if (SP_LIKELY(ahead[0] != NULL)) {
    set_prefetch(rater, ahead[0]);
  }
  if (SP_LIKELY(ahead[1] != NULL)) {
    frame_prefetch(rater, ahead[1]);
  }
  if (SP_LIKELY(ahead[2] != NULL)) {
    far_prefetch(rater, ahead[2]);
  }
  if (SP_LIKELY(ahead[3] != NULL)) {
    choices_prefetch(rater, ahead[3]);
  }
}

void sp_rater_prefetch(const struct sp_rater *rater, const struct sp_usage *usage, int step)
{
  if (step > 2) {
    const struct sp_usage *ahead[4] = {NULL};
    ahead[(step - 3) & 3] = usage;
    sp_rater_prefetch_tariff(rater, ahead);
  } else if (usage->subscriber < rater->state->count[0]) {
    if (step == 1) {
      customer_prefetch(rater, usage);
    } else {
      led_prefetch(rater, usage);
    }
  }
}
