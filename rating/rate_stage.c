/* Cells in hand. All of a record's reads and additions go through here; nothing is written before
 * the whole record is known to stand. In a chain a balance is seen without what the chain itself
 * put there, and a counter as it stood when the chain first used it (book.md §14.4). Few cells are
 * searched one by one; many by an index that a stamp empties. */
#include "rating/rate_parts.h"

#define INDEX_MASK (SP__STAGE_INDEX - 1)
#define OWNERS_MAX (2 * SP__POSITIONS_MAX + 2) /* of a chain's F before and after */

_Static_assert(SP__STAGE_INDEX >= 2 * SP__STAGES_MAX, "at most half full");

static uint32_t index_home(uint32_t owner, uint64_t key, uint64_t period)
{
  return (uint32_t)sp_hash_word(key ^ sp_hash_fold(period ^ SP_HASH_K1, owner ^ SP_HASH_K2)) &
         INDEX_MASK;
}

/* The stage of a cell or SP_NONE. */
static uint32_t index_find(const struct sp_rater *rater, uint32_t owner, uint64_t key,
                           uint64_t period)
{
  uint32_t at = index_home(owner, key, period);
  for (; rater->index[at].stamp == rater->index_stamp; at = (at + 1) & INDEX_MASK) {
    const struct sp__stage *stage = rater->stages + rater->index[at].stage;
    if (stage->key == key && stage->period == period && stage->owner == owner) {
      return rater->index[at].stage;
    }
  }
  return SP_NONE;
}

static void index_put(struct sp_rater *rater, uint32_t i)
{
  const struct sp__stage *stage = rater->stages + i;
  uint32_t at = index_home(stage->owner, stage->key, stage->period);
  while (rater->index[at].stamp == rater->index_stamp) {
    at = (at + 1) & INDEX_MASK;
  }
  rater->index[at].stamp = rater->index_stamp;
  rater->index[at].stage = i;
}

/* The last stage is one of many: the first of them empties the index and takes in those before. */
static void index_add(struct sp_rater *rater, uint32_t last)
{
  if (last > SP__STAGES_FEW) {
    index_put(rater, last);
    return;
  }
  if (++rater->index_stamp == 0) { /* once in 2^32 records */
    for (uint32_t i = 0; i < SP__STAGE_INDEX; i++) {
      rater->index[i].stamp = 0;
    }
    rater->index_stamp = 1;
  }
  for (uint32_t i = 0; i <= last; i++) {
    index_put(rater, i);
  }
}

/* A cell not yet in hand: read. */
static inline struct sp__stage *stage_push(struct sp_rater *rater, uint32_t owner, uint64_t key,
                                           uint64_t period, bool counter)
{
  struct sp__cell *cell = sp__cell_find(rater->state, owner, key, period);
  int64_t now = cell == NULL ? 0 : cell->value;
  struct sp__stage *stage = rater->stages + rater->work.stages_count++;
  *stage = (struct sp__stage){key, period, owner, counter, false, cell, now, 0, now, 0};
  return stage;
}

/* The same where there may be many; NULL: one too many. */
static struct sp__stage *stage_push_indexed(struct sp_rater *rater, uint32_t owner, uint64_t key,
                                            uint64_t period, bool counter)
{
  uint32_t i = rater->work.stages_count;
  if (i == SP__STAGES_MAX) {
    rater->work.overflow = true;
    return NULL;
  }
  struct sp__stage *stage = stage_push(rater, owner, key, period, counter);
  if (i >= SP__STAGES_FEW) {
    index_add(rater, i);
  }
  return stage;
}

static inline uint32_t list_find(const struct sp_rater *rater, uint32_t owner, uint64_t key,
                                 uint64_t period)
{
  const struct sp__stage *stages = rater->stages, *end = stages + rater->work.stages_count;
  for (const struct sp__stage *stage = stages; stage < end; stage++) {
    if (stage->key == key && stage->period == period && stage->owner == owner) {
      return (uint32_t)(stage - stages);
    }
  }
  return SP_NONE;
}

static __attribute__((noinline)) uint32_t stage_of_many(struct sp_rater *rater, uint32_t owner,
                                                        uint64_t key, uint64_t period, bool counter)
{
  uint32_t i = rater->work.stages_count > SP__STAGES_FEW ? index_find(rater, owner, key, period)
                                                         : list_find(rater, owner, key, period);
  if (i != SP_NONE) {
    return i;
  }
  const struct sp__stage *stage = stage_push_indexed(rater, owner, key, period, counter);
  /* The list has one place more, which nobody looks at. */
  return stage == NULL ? SP__STAGES_MAX : (uint32_t)(stage - rater->stages);
}

/* All cells of F before are in hand first, so that what it put there and F after does not is taken
 * back. */
void sp__stages_of_chain(struct sp_rater *rater)
{
  const struct sp__chain_head *head = rater->work.chain;
  const struct sp__chain_cell *cell = sp__chain_cells(head);
  for (unsigned i = 0; i < head->cells_count; i++, cell++) {
    unsigned kind = cell->period >> SP__PERIOD_SUB_BITS & 15;
    bool counter = kind == SP__CELL_RULE || kind == SP__CELL_COUNTER;
    struct sp__stage *stage =
        stage_push_indexed(rater, cell->owner, cell->key, cell->period, counter);
    if (stage == NULL) {
      return;
    }
    stage->old = cell->added;
    stage->used = counter;
    if (stage->old > stage->now) { /* not so in a sound store: the cell is a sum with it in it */
      rater->work.overflow = true;
      stage->old = stage->now;
    }
    stage->before = counter ? cell->start : stage->now - stage->old;
    rater->work.grows |= stage->cell == NULL && stage->old != 0;
  }
}

uint32_t sp__stage_of(struct sp_rater *rater, uint32_t owner, uint64_t key, uint64_t period,
                      bool counter)
{
  if (SP_UNLIKELY(rater->work.stages_count >= SP__STAGES_FEW)) {
    return stage_of_many(rater, owner, key, period, counter);
  }
  uint32_t i = list_find(rater, owner, key, period);
  if (i == SP_NONE) {
    i = rater->work.stages_count;
    (void)stage_push(rater, owner, key, period, counter);
  }
  return i;
}

void sp__stage_add(struct sp_rater *rater, uint32_t stage, int64_t amount)
{
  struct sp__stage *at = rater->stages + stage;
  int64_t sum;
  if (!sp_money_add(&at->added, at->added, amount) || !sp_money_add(&sum, at->before, at->added) ||
      !sp_money_add(&sum, at->now - at->old, at->added)) {
    rater->work.overflow = true;
    at->added = 0;
  }
  rater->work.grows |= at->cell == NULL && at->added != 0;
}

static int64_t stage_final(const struct sp__stage *stage)
{
  return stage->now - stage->old + stage->added;
}

struct growth { /* cells that an owner will get */
  uint32_t owner, more;
};

static uint32_t growth_of(struct growth *growths, uint32_t *count, uint32_t owner)
{
  for (uint32_t i = 0; i < *count; i++) {
    if (growths[i].owner == owner) {
      return i;
    }
  }
  if (*count < OWNERS_MAX) {
    growths[*count] = (struct growth){owner, 0};
  }
  return (*count)++;
}

/* When the subscriber's first cell of a later cycle comes, the cells of cycles that no record
 * within the window can reach any more go: README.md, "State", rule 3. */
static void old_forget(struct sp_rater *rater)
{
  uint32_t subscriber = rater->work.usage->subscriber;
  const struct sp__owner *slot = sp__owner_of(rater->state, subscriber);
  const struct sp__cell *cells = slot->count == 0 ? NULL : sp__slab(rater->state, slot->slab);
  uint64_t cycle = sp__period(rater->work.cycle, SP__CELL_USED, 0);
  if (cells == NULL || cells[slot->count - 1].period >= cycle || !slot->seen) {
    return;
  }
  int64_t earliest = sp__owner_latest(slot) - rater->window_s;
  sp__cells_forget(rater->state, subscriber, sp__cycle_at(rater, earliest)->cycle - 1);
}

/* Who has no room for more may have it once the cells of old cycles are gone, which does not show.
 */
static enum sp_status room_make(struct sp_rater *rater, const struct growth *growth)
{
  enum sp_status status = sp__cells_reserve(rater->state, growth->owner, growth->more);
  if (status == SP_LIMIT && rater->window_s != 0 &&
      growth->owner == rater->work.usage->subscriber) {
    old_forget(rater);
    status = sp__cells_reserve(rater->state, growth->owner, growth->more);
  }
  return status;
}

enum sp_status sp__stages_reserve(struct sp_rater *rater)
{
  struct sp__stage *stages = rater->stages;
  uint32_t count = rater->work.stages_count, owners = 0, at = 0;
  struct growth growths[OWNERS_MAX];
  if (!rater->work.grows) {
    return SP_OK;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (stages[i].cell != NULL || stages[i].added == stages[i].old) {
      continue;
    }
    if (owners == 0 || growths[at].owner != stages[i].owner) {
      at = growth_of(growths, &owners, stages[i].owner);
      if (at == OWNERS_MAX) {
        return SP_LIMIT;
      }
    }
    growths[at].more++;
  }
  for (uint32_t i = 0; i < owners; i++) {
    SP_TRY(room_make(rater, growths + i));
  }
  for (uint32_t i = 0; i < count; i++) {
    stages[i].cell = NULL; /* cells may have moved; sp__cell_set finds them again */
  }
  return SP_OK;
}

/* Many cells at once: the subscriber's new ones are put behind the others and sorted in. */
static void many_write(struct sp_rater *rater)
{
  uint32_t subscriber = rater->work.usage->subscriber, appended = 0;
  struct sp_state *state = rater->state;
  const struct sp__owner *slot = sp__owner_of(state, subscriber);
  const struct sp__stage *stage = rater->stages;
  for (uint32_t i = 0; i < rater->work.stages_count; i++, stage++) {
    if (stage->added == stage->old) {
      continue;
    }
    const struct sp__cell cell = {stage->key, stage->period, stage_final(stage)};
    if (stage->owner != subscriber ||
        sp__cell_find(state, stage->owner, stage->key, stage->period) != NULL) {
      sp__cell_set(state, stage->owner, cell.key, cell.period, cell.value);
    } else {
      sp__cells_append(state, slot, appended++, &cell);
    }
  }
  sp__cells_settle(state, subscriber, appended);
}

static __attribute__((noinline)) void growing_write(struct sp_rater *rater)
{
  if (rater->window_s != 0) {
    old_forget(rater);
  }
  if (rater->work.stages_count > SP__STAGES_FEW) {
    many_write(rater);
    return;
  }
  const struct sp__stage *stage = rater->stages;
  for (uint32_t i = 0; i < rater->work.stages_count; i++, stage++) {
    if (stage->added != stage->old) {
      sp__cell_set(rater->state, stage->owner, stage->key, stage->period, stage_final(stage));
    }
  }
}

void sp__stages_write(struct sp_rater *rater)
{
  if (rater->work.grows) {
    growing_write(rater);
    return;
  }
  struct sp__stage *stage = rater->stages;
  for (uint32_t i = 0; i < rater->work.stages_count; i++, stage++) {
    if (stage->added != stage->old) {
      SP_ASSERT(stage->cell != NULL);
      stage->cell->value = stage_final(stage);
      sp__owner_dirty(rater->state, stage->owner);
    }
  }
}
