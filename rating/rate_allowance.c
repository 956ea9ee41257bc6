/* Allowances, own and pooled, in one list (book.md §10). The increments of one item are walked run
 * by run: within a run every part gives as many whole increments as it has, so nothing is looped
 * over. */
#include "rating/rate_parts.h"

static int64_t less(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* The item walked (§10.6.1): base, or the first by name with increments. */
static uint32_t walked_item(const struct sp__work *work)
{
  if (work->frame->base != SP__ITEM_NONE && work->items[work->frame->base].quantity > 0) {
    return work->frame->base;
  }
  uint32_t index = 0;
  while (work->items[index].quantity == 0) {
    index++;
  }
  return index;
}

/* Does the usage cost anything (§10.6.2)? */
static bool usage_costs(const struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  const struct sp_book_slot *slots = SP_BOOK_TABLE(work->book, slots, struct sp_book_slot);
  if (work->list_micro > 0) {
    return true;
  }
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    if (work->items[i].quantity > 0 && work->items[i].start->fee != 0) {
      return true;
    }
  }
  for (uint32_t i = 0; i < work->runs_count; i++) {
    if (!slots[rater->runs[i].slot].price_zero) {
      return true;
    }
  }
  return false;
}

/* What a part may give: its balance; of a pool the chain has left, only what it gave already
 * (§13.4). */
static int64_t part_left(const struct sp_rater *rater, const struct sp__part *part, int64_t granted)
{
  const struct sp__stage *stage = rater->stages + part->stage;
  int64_t left = granted - (stage->before + stage->added);
  if (rater->work.late && part->allowance->pool) {
    left = less(left, stage->old - stage->added);
  }
  return left > 0 ? left : 0;
}

static struct sp__part *part_push(struct sp_rater *rater, uint32_t line, bool rolled)
{
  struct sp__work *work = &rater->work;
  if (work->parts_count == SP__PARTS_MAX) {
    work->overflow = true;
    return NULL;
  }
  const struct sp__line *of = rater->lines + line;
  struct sp__part *part = rater->parts + work->parts_count++;
  part->allowance = of->allowance;
  part->position = of->position;
  part->line = line;
  part->rolled = rolled;
  part->stage = rolled ? of->rolled_stage : of->base_stage;
  part->left = part_left(rater, part, rolled ? of->rolled_granted : of->granted);
  return part;
}

static uint32_t stage_balance(struct sp_rater *rater, const struct sp__line *line, int32_t cycle)
{
  const struct sp__position *position = rater->work.positions + line->position;
  uint32_t owner = line->allowance->pool ? position->owner : rater->work.usage->subscriber;
  return sp__stage_of(rater, owner, line->key, sp__period(cycle, SP__CELL_USED, 0), false);
}

/* Reads the balance of an offer once: its grants and its cells. */
static uint32_t line_of(struct sp_rater *rater, const struct sp__offer *offer)
{
  struct sp__work *work = &rater->work;
  const struct sp_book_allowance *row = sp__offer_row(rater, offer);
  for (uint32_t i = 0; i < work->lines_count; i++) {
    if (rater->lines[i].allowance == row && rater->lines[i].position == offer->position) {
      return i;
    }
  }
  if (work->lines_count == SP__LINES_MAX) {
    work->overflow = true;
    return SP_NONE;
  }
  const struct sp__position *position = work->positions + offer->position;
  struct sp__line *line = rater->lines + work->lines_count;
  bool rolls = false;
  *line = (struct sp__line){.allowance = row,
                            .key = sp__balance_key(offer->key, position),
                            .position = offer->position,
                            .order = SP_NONE,
                            .rolled_stage = SP_NONE,
                            .member_stage = SP_NONE};
  line->granted = sp__grant(rater, position, row, &work->now, &rolls);
  line->base_stage = stage_balance(rater, line, work->cycle);
  if (position->from_utc_s < work->now.from_utc_s) {
    line->rolled_granted = sp__grant(rater, position, row, sp__cycle_former(rater), &rolls);
    if (rolls) {
      line->rolled_stage = stage_balance(rater, line, work->cycle - 1);
    }
  }
  if (offer->pool || offer->joins) {
    line->member_stage = sp__stage_of(rater, work->usage->subscriber, line->key,
                                      sp__period(work->cycle, SP__CELL_MEMBER, 0), false);
  }
  return work->lines_count++;
}

/* Order of §10.5; all parts have one cycle, so its end decides nothing. */
static bool part_before(const struct sp_rater *rater, const struct sp__part *a,
                        const struct sp__part *b)
{
  const struct sp_book_allowance *x = a->allowance, *y = b->allowance;
  if (a->rolled != b->rolled) {
    return a->rolled;
  }
  if (x->priority != y->priority) {
    return x->priority < y->priority;
  }
  int64_t a_end = rater->lines[a->line].end_utc_s, b_end = rater->lines[b->line].end_utc_s;
  if (a_end != b_end) {
    return a_end < b_end;
  }
  if (x->pool != y->pool) {
    return x->pool < y->pool;
  }
  if (x->name_id != y->name_id) {
    return x->name_id < y->name_id;
  }
  return x->plan != y->plan ? x->plan < y->plan : a->position < b->position;
}

static void part_sort_last(struct sp_rater *rater)
{
  uint32_t at = rater->work.parts_count - 1;
  struct sp__part part = rater->parts[at];
  for (; at > 0 && part_before(rater, &part, rater->parts + at - 1); at--) {
    rater->parts[at] = rater->parts[at - 1];
  }
  rater->parts[at] = part;
}

/* What the member may still take (§10.7), INT64_MAX without a cap. What it takes is counted in any
 * case: the next book may have a cap, and that goes by what was taken in the cycle (§4.8). */
static int64_t member_left(const struct sp_rater *rater, const struct sp__part *part)
{
  uint32_t member = rater->lines[part->line].member_stage;
  int64_t cap = part->allowance->member_cap;
  if (member == SP_NONE || cap < 0) {
    return INT64_MAX;
  }
  int64_t left = cap - sp__stage_value(rater, member);
  return left < 0 ? 0 : left;
}

/* A part and what it gives; without a run: what it has, `offset` is where it is asked for. */
static void part_trace(struct sp_rater *rater, const struct sp__part *part,
                       const struct sp__run *run, int64_t offset)
{
  const struct sp__line *line = rater->lines + part->line;
  struct sp_trace_event event = {.kind = run == NULL ? SP_TRACE_PART : SP_TRACE_COVER,
                                 .item = SP_NONE,
                                 .offset = offset,
                                 .size = part->rolled};
  event.index = (uint32_t)(part->allowance -
                           SP_BOOK_TABLE(rater->work.book, allowances, struct sp_book_allowance));
  event.slot = rater->work.positions[part->position].owner;
  event.owner = part->allowance->pool ? event.slot : rater->work.usage->subscriber;
  event.plan = part->allowance->plan;
  event.before = part->left;
  event.after = part->rolled ? line->rolled_granted : line->granted;
  int64_t may = member_left(rater, part);
  event.used = may == INT64_MAX ? -1 : may;
  if (run != NULL) {
    event.offset = run->offset;
    event.size = run->size;
    event.count = run->count;
    event.used = part->rolled;
    event.after = part->left - run->size * run->count;
  }
  sp__trace(rater, event);
}

static int64_t end_of(const struct sp_rater *rater, uint32_t position)
{
  const struct sp__work *work = &rater->work;
  const struct sp__position *at = work->positions + position;
  int64_t plan_to = SP_BOOK_TABLE(work->book, plans, struct sp_book_plan)[at->plan].valid_to_utc_s;
  int64_t cycle_to = work->now.to_utc_s;
  return less(cycle_to, less(at->to_utc_s, plan_to));
}

/* The parts of a segment, and at the start what its choice offers in another unit than the walked
 * item's, or as pools to a late record. */
static void parts_trace(struct sp_rater *rater, uint32_t segment, const struct sp__winner *by)
{
  const struct sp__work *work = &rater->work;
  const struct sp__choice *choice = rater->segments[segment].choice;
  uint32_t item =
      sp_book_rest(work->book, SP_BOOK_TABLE(work->book, rules, struct sp_book_rule) + by->rule)
          ->item;
  for (uint32_t i = 0; i < choice->offers_count && segment == 0; i++) {
    const struct sp__offer *offer = sp__offers(rater, choice) + i;
    struct sp_trace_event event = {.kind = SP_TRACE_PASSED,
                                   .why = offer->unit != by->unit ? SP_WHY_UNIT : SP_WHY_LATE,
                                   .plan = work->positions[offer->position].plan,
                                   .item = item,
                                   .index = offer->row,
                                   .slot = SP_TRACE_ALLOWANCES};
    if (event.why == SP_WHY_UNIT || (work->late && offer->pool && work->chain == NULL)) {
      sp__trace(rater, event);
    }
  }
  for (uint32_t i = 0; i < work->parts_count; i++) {
    part_trace(rater, rater->parts + i, NULL, rater->segments[segment].from_s);
  }
}

/* The parts that the choice of a segment offers, in the unit of the item walked. */
static void parts_find(struct sp_rater *rater, uint32_t segment, const struct sp__winner *by)
{
  struct sp__work *work = &rater->work;
  const struct sp__choice *choice = rater->segments[segment].choice;
  uint8_t unit = by->unit;
  work->parts_count = 0;
  for (uint32_t i = 0; i < choice->offers_count && !work->overflow; i++) {
    const struct sp__offer *offer = sp__offers(rater, choice) + i;
    if (offer->unit != unit || (work->late && offer->pool && work->chain == NULL)) {
      continue;
    }
    uint32_t index = line_of(rater, offer);
    if (index == SP_NONE) {
      return;
    }
    struct sp__line *line = rater->lines + index;
    line->end_utc_s = end_of(rater, line->position);
    if (line->rolled_stage != SP_NONE && part_push(rater, index, true) != NULL) {
      part_sort_last(rater);
    }
    if (part_push(rater, index, false) != NULL) {
      part_sort_last(rater);
    }
  }
  if (sp__traced(rater)) {
    parts_trace(rater, segment, by);
  }
}

static int64_t part_can(const struct sp_rater *rater, const struct sp__part *part, int64_t size)
{
  int64_t left = less(part->left, member_left(rater, part));
  return left < size ? 0 : left / size;
}

static void part_take(struct sp_rater *rater, struct sp__part *part, const struct sp__run *run)
{
  struct sp__line *line = rater->lines + part->line;
  int64_t amount = run->count * run->size;
  if (sp__traced(rater)) {
    part_trace(rater, part, run, 0);
  }
  part->left -= amount;
  line->used += amount;
  if (line->order == SP_NONE) {
    line->order = rater->work.lines_used++;
  }
  sp__stage_add(rater, part->stage, amount);
  if (line->member_stage != SP_NONE) {
    sp__stage_add(rater, line->member_stage, amount);
  }
}

/* A piece of a run: `count` increments from `done` on. */
static bool piece_push(struct sp_rater *rater, struct sp__item *item, const struct sp__run *run,
                       int64_t done, int64_t count, bool waived)
{
  if (rater->work.cut_runs_count == SP__CUT_RUNS_MAX) {
    rater->work.overflow = true;
    return false;
  }
  struct sp__run *piece = rater->cut_runs + rater->work.cut_runs_count++;
  *piece = *run;
  piece->offset = run->offset + done * run->size;
  piece->count = count;
  uint64_t whole = (uint64_t)count * (uint64_t)run->size; /* as in rule_runs() */
  int64_t left = run->used - done * run->size;
  piece->used = whole < (uint64_t)left ? (int64_t)whole : left;
  piece->waived = waived;
  item->cut_count++;
  return true;
}

/* Covers what it can of `count` increments of a run from `done` on, under one choice. */
static bool run_cover(struct sp_rater *rater, struct sp__item *item, const struct sp__run *run,
                      int64_t done, int64_t count)
{
  int64_t stop = done + count;
  for (uint32_t p = 0; p < rater->work.parts_count && done < stop; p++) {
    struct sp__part *part = rater->parts + p;
    int64_t n = less(stop - done, part_can(rater, part, run->size));
    if (n == 0) {
      continue;
    }
    if (!piece_push(rater, item, run, done, n, true)) {
      return false;
    }
    part_take(rater, part, rater->cut_runs + rater->work.cut_runs_count - 1);
    done += n;
  }
  return done == stop || piece_push(rater, item, run, done, stop - done, false);
}

static bool item_walk(struct sp_rater *rater, struct sp__item *item)
{
  struct sp__work *work = &rater->work;
  const struct sp__winner *by = item->start;
  bool timed =
      by->unit == SP_UNIT_SECOND && by->band_mode != SP_BAND_CALL_START && work->segments_count > 1;
  uint32_t segment = 0;
  item->cut_at = work->cut_runs_count;
  item->cut_count = 0;
  item->is_cut = true;
  for (uint32_t r = 0; r < item->runs_count; r++) {
    const struct sp__run *run = rater->runs + item->runs_at + r;
    for (int64_t done = 0; done < run->count;) {
      int64_t at = run->offset + done * run->size, count = run->count - done;
      uint32_t now = segment;
      while (timed && now + 1 < work->segments_count && rater->segments[now + 1].from_s <= at) {
        now++;
      }
      if (now != segment) {
        segment = now;
        parts_find(rater, segment, by);
      }
      if (timed && segment + 1 < work->segments_count) {
        count = less(count, (rater->segments[segment + 1].from_s - at - 1) / run->size + 1);
      }
      if (work->overflow || !run_cover(rater, item, run, done, count)) {
        return false;
      }
      done += count;
    }
  }
  return true;
}

/* The part of a run of another item that has the offsets and the size of a covered piece (§10.6.5):
 * increments [from, to) of the run. */
static bool run_meets(const struct sp__run *run, const struct sp__run *piece, int64_t *from,
                      int64_t *to)
{
  int64_t apart = piece->offset - run->offset;
  if (!piece->waived || piece->size != run->size || apart % run->size != 0) {
    return false;
  }
  *from = apart / run->size;
  *to = *from + piece->count;
  *from = *from > 0 ? *from : 0;
  *to = less(*to, run->count);
  return *from < *to;
}

/* Splits a run where covered pieces begin and end. Runs and pieces both ascend: `*first` is the
 * first piece that may still meet this run or a later one. */
static void run_waive(struct sp_rater *rater, struct sp__item *item, const struct sp__run *run,
                      const struct sp__item *walked, uint32_t *first)
{
  const struct sp__run *pieces = rater->cut_runs + walked->cut_at;
  int64_t done = 0, from, to;
  while (*first < walked->cut_count && pieces[*first].offset < run->offset &&
         run->offset - pieces[*first].offset >= pieces[*first].used) {
    ++*first;
  }
  for (uint32_t i = *first; i < walked->cut_count; i++) {
    if (pieces[i].offset - run->offset >= run->used) {
      break;
    }
    if (!run_meets(run, pieces + i, &from, &to)) {
      continue;
    }
    if (from > done && !piece_push(rater, item, run, done, from - done, false)) {
      return;
    }
    if (!piece_push(rater, item, run, from, to - from, true)) {
      return;
    }
    done = to;
  }
  if (done < run->count) {
    (void)piece_push(rater, item, run, done, run->count - done, false);
  }
}

static void waived_trace(struct sp_rater *rater, uint32_t index)
{
  const struct sp__item *item = rater->work.items + index;
  for (uint32_t i = 0; i < item->cut_count; i++) {
    const struct sp__run *piece = rater->cut_runs + item->cut_at + i;
    if (piece->waived) {
      sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_WAIVE,
                                               .item = rater->work.frame->names[index],
                                               .offset = piece->offset,
                                               .size = piece->size,
                                               .count = piece->count});
    }
  }
}

static void others_waive(struct sp_rater *rater, uint32_t walked)
{
  struct sp__work *work = &rater->work;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    struct sp__item *item = work->items + i;
    if (i == walked || item->quantity == 0 ||
        item->start->unit != work->items[walked].start->unit) {
      continue;
    }
    item->cut_at = work->cut_runs_count;
    item->cut_count = 0;
    item->is_cut = true;
    uint32_t first = 0;
    for (uint32_t r = 0; r < item->runs_count && !work->overflow; r++) {
      run_waive(rater, item, rater->runs + item->runs_at + r, work->items + walked, &first);
    }
    if (sp__traced(rater)) {
      waived_trace(rater, i);
    }
  }
}

static void due_trace(struct sp_rater *rater, uint32_t index)
{
  const struct sp__item *item = rater->work.items + index;
  struct sp_trace_event event = {.kind = SP_TRACE_DUE,
                                 .item = rater->work.frame->names[index],
                                 .size = item->all_waived,
                                 .amount_micro = item->amount_micro};
  for (uint32_t i = 0; i < item->cut_count; i++) {
    const struct sp__run *piece = rater->cut_runs + item->cut_at + i;
    event.count += piece->waived ? piece->count : 0;
  }
  sp__trace_exact(&event, item, item->due_sum);
  sp__trace(rater, event);
}

/* What is due: the list's sum less the waived increments, and less the connect fee if all are
 * (§8.8). */
static void due_find(struct sp_rater *rater, struct sp__item *item)
{
  bool some = false, all = true;
  for (uint32_t i = 0; i < item->cut_count; i++) {
    const struct sp__run *piece = rater->cut_runs + item->cut_at + i;
    if (piece->waived) {
      item->due_sum -=
          (sp_i128)piece->count * piece->price * (item->denominator / piece->by->denominator);
      some = true;
    } else {
      all = false;
    }
  }
  item->all_waived = some && all;
  if (item->all_waived) {
    item->due_sum -= item->fee;
  }
  if (some && !sp__item_round(&item->amount_micro, item->due_sum, item)) {
    rater->work.overflow = true;
  }
}

void sp__allowances_walk(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  work->cut_runs_count = work->lines_count = work->lines_used = work->parts_count = 0;
  uint32_t offers = 0;
  for (uint32_t i = 0; i < work->segments_count; i++) {
    offers += rater->segments[i].choice->offers_count;
  }
  if (offers == 0) {
    return;
  }
  if (!usage_costs(rater)) {
    if (sp__traced(rater)) {
      sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_FREE, .item = SP_NONE});
    }
    return;
  }
  uint32_t walked = walked_item(work);
  parts_find(rater, 0, work->items[walked].start);
  if (work->overflow || !item_walk(rater, work->items + walked) || work->lines_used == 0) {
    work->items[walked].is_cut = work->lines_used > 0;
    return;
  }
  others_waive(rater, walked);
  for (uint32_t i = 0; i < work->frame->items_count && !work->overflow; i++) {
    if (work->items[i].is_cut && work->items[i].quantity > 0) {
      due_find(rater, work->items + i);
      if (sp__traced(rater)) {
        due_trace(rater, i);
      }
    }
  }
}
