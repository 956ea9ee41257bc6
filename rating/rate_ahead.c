/* What a record will need is fetched ahead of it, in steps each of which reads what the one before
 * has fetched: its customer, what that leads to, its set of plans, its frame. Changes nothing but
 * guesses. */
#include "rating/hash.h"
#include "rating/rate_parts.h"

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

#define FRAME_LINES_USUAL 3u /* a frame, its first choice, winners and offers */
#define CHOICE_LINES_USUAL 2u

static void lines_fetch(const void *at, unsigned lines)
{
  for (unsigned line = 0; line < lines; line++) {
    sp_line_fetch((const char *)at + (size_t)line * SP__LINE_BYTES);
  }
}

static __attribute__((noinline)) void set_prefetch(const struct sp_rater *rater,
                                                   const struct sp_usage *usage)
{
  struct sp__guess *guess = sp__guess_of(rater, usage);
  guess->usage = usage;
  guess->frame = 0;
  guess->set = usage->book < rater->books_count ? sp__set_seen(rater, usage) : 0;
  if (guess->set != 0) {
    sp_line_fetch(sp__set_at(rater, guess->set)->known + (usage->service != SP_SERVICE_VOICE));
    if (usage->dest_node != 0) {
      sp_line_fetch(rater->dests[usage->book] + usage->dest_node);
    }
  }
}

/* Mostly a frame's first choice lies behind it. What other bands choose is known once it is there.
 */
static __attribute__((noinline)) void frame_prefetch(const struct sp_rater *rater,
                                                     const struct sp_usage *usage)
{
  struct sp__ahead *ahead = rater->ahead;
  if (ahead->frame != NULL && ahead->frame->choices != 0) {
    lines_fetch(sp__cache_at(rater, ahead->frame->choices), CHOICE_LINES_USUAL);
  }
  ahead->frame = NULL;
  struct sp__guess *guess = sp__guess_of(rater, usage);
  if (guess->usage == usage && guess->set != 0) {
    sp__frame_guess(rater, usage, guess);
    if (guess->frame != 0) {
      ahead->frame = sp__cache_at(rater, guess->frame);
      lines_fetch(ahead->frame, FRAME_LINES_USUAL);
    }
  }
}

int sp_rater_prefetch_steps(const struct sp_rater *rater)
{
  size_t used = rater->chunk_now * SP__CACHE_CHUNK_BYTES + rater->chunk_used;
  return used < SP__CACHE_NEAR_BYTES ? 2 : 4;
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

void sp_rater_prefetch(const struct sp_rater *rater, const struct sp_usage *usage, int step)
{
  if (usage->subscriber >= rater->state->count[0]) {
    return;
  }
  switch (step) {
  case 1:
    customer_prefetch(rater, usage);
    return;
  case 2:
    led_prefetch(rater, usage);
    return;
  case 3:
    set_prefetch(rater, usage);
    return;
  default:
    frame_prefetch(rater, usage);
    return;
  }
}
