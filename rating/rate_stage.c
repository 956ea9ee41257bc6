/* Cells in hand. All of a record's reads and additions go through here; nothing is written before
 * the whole record is known to stand. In a chain a balance is seen without what the chain itself
 * put there, and a counter as it stood when the chain first used it (book.md §14.4). */
#include "rating/rate_parts.h"

static void stage_chain(struct sp_rater *rater, struct sp__stage *stage)
{
  const struct sp__chain_head *head = rater->work.chain;
  const struct sp__chain_cell *cell = sp__chain_cells(head);
  for (unsigned i = 0; i < head->cells_count; i++, cell++) {
    if (cell->key == stage->key && cell->period == stage->period && cell->owner == stage->owner) {
      stage->old = cell->added;
      stage->before = stage->counter ? cell->start : stage->now - cell->added;
      stage->used = stage->counter;
      return;
    }
  }
}

uint32_t sp__stage_of(struct sp_rater *rater, uint32_t owner, uint64_t key, uint64_t period,
                      bool counter)
{
  struct sp__work *work = &rater->work;
  struct sp__stage *stage = rater->stages;
  for (uint32_t i = 0; i < work->stages_count; i++, stage++) {
    if (stage->key == key && stage->period == period && stage->owner == owner) {
      return i;
    }
  }
  if (work->stages_count == SP__STAGES_MAX) {
    work->overflow = true;
    return SP__STAGES_MAX; /* the list has one place more, which nobody looks at */
  }
  struct sp__cell *cell = sp__cell_find(rater->state, owner, key, period);
  int64_t now = cell == NULL ? 0 : cell->value;
  *stage = (struct sp__stage){key, period, owner, counter, false, cell, now, 0, now, 0};
  if (work->chain != NULL) {
    stage_chain(rater, stage);
  }
  return work->stages_count++;
}

void sp__stage_add(struct sp_rater *rater, uint32_t stage, int64_t amount)
{
  struct sp__stage *at = rater->stages + stage;
  int64_t sum;
  if (!sp_money_add(&at->added, at->added, amount) || !sp_money_add(&sum, at->before, at->added) ||
      !sp_money_add(&sum, at->now, at->added)) {
    rater->work.overflow = true;
    at->added = 0;
  }
  rater->work.grows |= at->cell == NULL && at->added != 0;
}

static int64_t stage_final(const struct sp__stage *stage)
{
  return stage->now - stage->old + stage->added;
}

enum sp_status sp__stages_reserve(struct sp_rater *rater)
{
  struct sp__stage *stages = rater->stages;
  uint32_t count = rater->work.stages_count;
  if (!rater->work.grows) {
    return SP_OK;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (stages[i].cell != NULL || stages[i].added == 0) {
      continue;
    }
    uint32_t more = 0;
    bool first = true;
    for (uint32_t k = 0; k < count; k++) {
      bool adds =
          stages[k].owner == stages[i].owner && stages[k].cell == NULL && stages[k].added != 0;
      first = first && !(adds && k < i);
      more += adds;
    }
    if (first) {
      SP_TRY(sp__cells_reserve(rater->state, stages[i].owner, more));
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    stages[i].cell = NULL; /* cells may have moved; sp__cell_set finds them again */
  }
  return SP_OK;
}

void sp__stages_write(struct sp_rater *rater)
{
  struct sp__stage *stage = rater->stages;
  for (uint32_t i = 0; i < rater->work.stages_count; i++, stage++) {
    if (stage->added == stage->old) {
      continue;
    }
    if (stage->cell != NULL) {
      stage->cell->value = stage_final(stage);
      sp__owner_dirty(rater->state, stage->owner);
    } else {
      sp__cell_set(rater->state, stage->owner, stage->key, stage->period, stage_final(stage));
    }
  }
}
