/* block_cap: of one item each block of so much on the cycle's counter costs at most a value
 * (book.md §11.7). */
#include "rating/rate_parts.h"

struct blocks { /* going through the increments that nothing waived */
  struct sp_rater *rater;
  const struct sp_book_discount *row;
  uint32_t index; /* of the row */
  struct sp__item *item;
  int64_t position;     /* counter */
  int64_t block;        /* the one being filled, -1 before the first */
  sp_i128 upto_sum;     /* exact prices of this and all earlier blocks */
  int64_t upto_micro;   /* of the amount that enters, dealt so far */
  int64_t amount_micro; /* that the blocks take */
  bool take;
};

/* What the block has taken: the period word has 28 bits of its number, the key the others. */
static uint32_t block_stage(const struct blocks *at)
{
  struct sp_rater *rater = at->rater;
  uint64_t key = at->row->key, high = (uint64_t)at->block >> SP__PERIOD_SUB_BITS;
  uint32_t low = (uint32_t)at->block & ((1u << SP__PERIOD_SUB_BITS) - 1);
  key = SP_LIKELY(high == 0) ? key : sp_hash_fold(key ^ SP_HASH_K2, high * SP_HASH_K3);
  return sp__stage_of(rater, rater->work.usage->subscriber, key,
                      sp__period(rater->work.cycle, SP__CELL_BLOCK, low), false);
}

/* The block is complete: deals its share of the amount and caps it. */
static void block_close(struct blocks *at, bool last)
{
  if (at->block < 0) {
    return;
  }
  struct sp_rater *rater = at->rater;
  const struct sp__item *item = at->item;
  int64_t upto = item->net_micro;
  if (!last && item->due_sum > 0) {
    int64_t step = sp_money_step(item->start->digits);
    upto = sp_money_part(item->net_micro, at->upto_sum, item->due_sum, step);
  }
  int64_t share = upto - at->upto_micro;
  at->upto_micro = upto;
  uint32_t stage = block_stage(at);
  int64_t taken = sp__stage_value(rater, stage), room = at->row->value - taken;
  int64_t takes = share < room ? share : room;
  takes = takes > 0 ? takes : 0;
  at->amount_micro += takes;
  if (at->take) {
    sp__stage_add(rater, stage, takes);
  }
  if (sp__traced(rater)) {
    bool fits = at->upto_sum <= INT64_MAX;
    sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_BLOCK,
                                             .plan = at->row->plan,
                                             .item = at->row->item,
                                             .index = at->index,
                                             .size = at->take,
                                             .offset = at->position,
                                             .count = at->block,
                                             .before = taken,
                                             .price = share,
                                             .amount_micro = takes,
                                             .after = upto,
                                             .used = fits ? (int64_t)at->upto_sum : 0,
                                             .denominator = fits ? item->denominator : 0});
  }
}

static void block_run(struct blocks *at, const struct sp__run *run)
{
  int64_t threshold = at->row->threshold, left = run->used;
  int64_t factor = sp__item_factor(at->item, run->by);
  for (int64_t done = 0; done < run->count && !at->rater->work.overflow;) {
    int64_t block = at->position / threshold;
    if (block != at->block) {
      block_close(at, false);
      at->upto_sum += at->block < 0 && !at->item->all_waived ? at->item->fee : 0;
      at->block = block;
    }
    int64_t room = threshold - at->position % threshold;
    int64_t count = (room - 1) / run->size + 1;
    count = count < run->count - done ? count : run->count - done;
    uint64_t whole = (uint64_t)count * (uint64_t)run->size;
    int64_t used = whole < (uint64_t)left ? (int64_t)whole : left;
    at->upto_sum += (sp_i128)count * run->price * factor;
    done += count;
    left -= used;
    if (!sp_money_add(&at->position, at->position, used)) {
      at->rater->work.overflow = true;
    }
  }
}

/* The item's new amount; with `take` the counter and the blocks are staged. */
int64_t sp__block_cap(struct sp_rater *rater, const struct sp__cut *cut, bool take)
{
  struct sp__item *item = rater->work.items + cut->item;
  uint32_t stage = sp__stage_of(rater, rater->work.usage->subscriber, cut->key,
                                sp__period(rater->work.cycle, SP__CELL_COUNTER, 0), true);
  int64_t start = sp__stage_value(rater, stage);
  struct blocks at = {rater, sp__cut_row(rater, cut), cut->row, item, start, -1, 0, 0, 0, take};
  const struct sp__run *run =
      item->is_cut ? rater->cut_runs + item->cut_at : rater->runs + item->runs_at;
  uint32_t count = item->is_cut ? item->cut_count : item->runs_count;
  for (; count > 0; count--, run++) {
    if (!run->waived) {
      block_run(&at, run);
    }
  }
  block_close(&at, true);
  if (take) {
    rater->stages[stage].used = true;
    sp__stage_add(rater, stage, at.position - start);
  }
  return at.amount_micro;
}
