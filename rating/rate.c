/* One usage record to its charge: tests 9 to 16 of book.md §5.3, then first and second rating in
 * the order of engine.md §4. Compute first, write after: everything is read and added up in
 * scratch, a suspended record leaves no trace, and the state changes at the very end. */
#include "rating/rate_parts.h"

#include <string.h>

static void *table_take(struct sp_rater *rater, size_t bytes, bool *fits)
{
  void *at = sp_memory_take_table(rater->memory, bytes);
  *fits = *fits && at != NULL;
  return at;
}

#define SETS_BYTES (SP__SET_BUCKETS * sizeof(uint32_t))
#define COMPANIES_BYTES (SP__COMPANIES * sizeof(struct sp__company))
#define BANDS_BYTES ((size_t)SP__BANDS_CACHED * SP_BOOKS_MAX * sizeof(struct sp__bands))
#define AHEAD_BYTES sizeof(struct sp__ahead)
#define SEGMENTS_BYTES (SP__SEGMENTS_MAX * sizeof(struct sp__segment))
#define RUNS_BYTES (SP__RUNS_MAX * sizeof(struct sp__run))
#define CUT_RUNS_BYTES (SP__CUT_RUNS_MAX * sizeof(struct sp__run))
#define STAGES_BYTES ((SP__STAGES_MAX + 1) * sizeof(struct sp__stage))
#define INDEX_BYTES (SP__STAGE_INDEX * sizeof(struct sp__stage_place))
#define PARTS_BYTES (SP__PARTS_MAX * sizeof(struct sp__part))
#define LINES_BYTES (SP__LINES_MAX * sizeof(struct sp__line))

enum sp_status sp_rater_make(struct sp_rater **rater, const struct sp_directory *directory,
                             struct sp_state *state, struct sp_memory *memory)
{
  struct sp_rater *made = sp_memory_take_table(memory, sizeof(*made));
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  bool fits = true;
  made->magic = SP__RATER_MAGIC;
  made->directory = directory;
  made->state = state;
  made->memory = memory;
  made->sets = table_take(made, SETS_BYTES, &fits);
  made->companies = table_take(made, COMPANIES_BYTES, &fits);
  fits = sp__frames_make(made) == SP_OK && fits;
  made->bands = table_take(made, BANDS_BYTES, &fits);
  made->ahead = table_take(made, AHEAD_BYTES, &fits);
  made->segments = table_take(made, SEGMENTS_BYTES, &fits);
  made->runs = table_take(made, RUNS_BYTES, &fits);
  made->cut_runs = table_take(made, CUT_RUNS_BYTES, &fits);
  made->stages = table_take(made, STAGES_BYTES, &fits);
  made->index = table_take(made, INDEX_BYTES, &fits);
  made->parts = table_take(made, PARTS_BYTES, &fits);
  made->lines = table_take(made, LINES_BYTES, &fits);
  made->chain_made = table_take(made, SP_STATE_VALUE_BYTES_MAX, &fits);
  made->whole_charge = table_take(made, sizeof(struct sp_charge), &fits);
  if (!fits) {
    sp_rater_free(made);
    return SP_NO_MEMORY;
  }
  *rater = made;
  return SP_OK;
}

static void books_free(struct sp_rater *rater)
{
  sp_memory_give_table(rater->memory, rater->plans,
                       (size_t)rater->books_count * rater->plans_count * sizeof(*rater->plans));
  sp_memory_give_table(rater->memory, rater->groups,
                       rater->groups_count * sizeof(struct sp__group_plans));
  sp__dests_free(rater);
  rater->books = NULL;
  rater->plans = NULL;
  rater->groups = NULL;
  rater->books_count = rater->plans_count = rater->groups_count = 0;
}

void sp_rater_free(struct sp_rater *rater)
{
  if (rater == NULL) {
    return;
  }
  SP_ASSERT(rater->magic == SP__RATER_MAGIC);
  struct sp_memory *memory = rater->memory;
  books_free(rater);
  for (uint32_t i = 0; i < rater->chunks_count; i++) {
    sp_memory_give_table(memory, rater->chunks[i], SP__CACHE_CHUNK_BYTES);
  }
  sp_memory_give_table(memory, rater->sets, SETS_BYTES);
  sp_memory_give_table(memory, rater->companies, COMPANIES_BYTES);
  sp__frames_free(rater);
  sp_memory_give_table(memory, rater->bands, BANDS_BYTES);
  sp_memory_give_table(memory, rater->ahead, AHEAD_BYTES);
  sp_memory_give_table(memory, rater->segments, SEGMENTS_BYTES);
  sp_memory_give_table(memory, rater->runs, RUNS_BYTES);
  sp_memory_give_table(memory, rater->cut_runs, CUT_RUNS_BYTES);
  sp_memory_give_table(memory, rater->stages, STAGES_BYTES);
  sp_memory_give_table(memory, rater->index, INDEX_BYTES);
  sp_memory_give_table(memory, rater->parts, PARTS_BYTES);
  sp_memory_give_table(memory, rater->lines, LINES_BYTES);
  sp_memory_give_table(memory, rater->chain_made, SP_STATE_VALUE_BYTES_MAX);
  sp_memory_give_table(memory, rater->whole_charge, sizeof(struct sp_charge));
  rater->magic = 0;
  sp_memory_give_table(memory, rater, sizeof(*rater));
}

void sp_rater_set_state(struct sp_rater *rater, struct sp_state *state)
{
  SP_ASSERT(rater->magic == SP__RATER_MAGIC && state != NULL);
  rater->state = state;
}

void sp_rater_set_window(struct sp_rater *rater, int64_t window_s)
{
  SP_ASSERT(rater->magic == SP__RATER_MAGIC && window_s >= 0);
  rater->window_s = window_s;
}

static enum sp_status books_take(struct sp_rater *rater, const struct sp_books *books)
{
  const struct sp_directory *directory = rater->directory;
  uint32_t plans = sp_directory_plan_count(directory), groups = sp_directory_group_count(directory);
  SP_TRY(sp_state_grow(rater->state, sp_directory_subscriber_count(directory), groups));
  rater->books = books;
  rater->books_count = books->count;
  if (plans > 0) {
    size_t bytes = (size_t)books->count * plans * sizeof(*rater->plans);
    rater->plans = sp_memory_take_table(rater->memory, bytes);
    if (rater->plans == NULL) {
      return SP_NO_MEMORY;
    }
    rater->plans_count = plans;
  }
  if (groups > 0) {
    rater->groups = sp_memory_take_table(rater->memory, groups * sizeof(struct sp__group_plans));
    if (rater->groups == NULL) {
      return SP_NO_MEMORY;
    }
    rater->groups_count = groups;
  }
  sp__plans_look_up(rater);
  return sp__dests_make(rater);
}

enum sp_status sp_rater_set_books(struct sp_rater *rater, const struct sp_books *books)
{
  SP_ASSERT(rater->magic == SP__RATER_MAGIC && books->count > 0);
  books_free(rater);
  sp__cache_clear(rater);
  enum sp_status status = books_take(rater, books);
  if (status != SP_OK) {
    books_free(rater);
  }
  return status;
}

enum sp_status sp_rater_notice(struct sp_rater *rater, const struct sp_usage *usage)
{
  if (usage->subscriber == SP_NONE) {
    return SP_OK;
  }
  struct sp__owner *slot = sp__owner_of(rater->state, usage->subscriber);
  if (!slot->seen || usage->start_utc_s >= sp__owner_latest(slot)) {
    sp__owner_set_latest(slot, usage->start_utc_s);
    slot->domain = usage->domain;
    slot->seen = 1;
  }
  sp__owner_dirty(rater->state, usage->subscriber); /* what is kept beside the state goes with it */
  return SP_OK;
}

static void allowances_fill(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  if (work->lines_used > SP_CHARGE_ALLOWANCES_MAX) {
    work->overflow = true;
    return;
  }
  const uint32_t *names = rater->books->allowance_ids[work->usage->book];
  for (uint32_t i = 0; i < work->lines_count; i++) {
    const struct sp__line *line = rater->lines + i;
    if (line->order == SP_NONE) {
      continue;
    }
    int64_t left = sp__balance_left(line->granted, sp__stage_value(rater, line->base_stage));
    if (line->rolled_stage != SP_NONE) {
      left += sp__balance_left(line->rolled_granted, sp__stage_value(rater, line->rolled_stage));
    }
    uint32_t owner =
        line->allowance->pool ? work->positions[line->position].owner : work->usage->subscriber;
    charge->allowances[line->order] =
        (struct sp_charge_allowance){names[line->allowance->name_id], owner, line->used, left};
  }
  charge->allowances_count = (uint8_t)work->lines_used;
}

static void items_fill(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  const uint32_t *names = rater->books->item_ids[work->usage->book];
  unsigned count = 0;
  work->net_micro = 0;
  for (uint32_t i = 0; i < work->frame->items_count; i++) {
    const struct sp__item *item = work->items + i;
    if (item->quantity > 0) {
      charge->items[count++] = (struct sp_charge_item){
          names[work->frame->names[i]], 0, item->list_micro, item->net_micro, item->increments};
      work->net_micro += item->net_micro; /* at most the list */
    }
  }
  charge->items_count = (uint8_t)count;
}

/* Before first and second rating, and again where the short way was none. */
static void work_clear(struct sp__work *work)
{
  work->short_way = false;
  work->overflow = work->capped = work->counts = work->grows = false;
  work->stages_count = work->lines_count = work->lines_used = 0;
  work->net_micro = work->list_micro = 0;
}

/* First and second rating of any record, step by step. */
static enum sp_reason rate_general(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  enum sp_reason reason = sp__price(rater);
  if (reason != SP_REASON_NONE || !work->counts) {
    return reason;
  }
  sp__allowances_walk(rater);
  reason = sp__discounts_apply(rater);
  if (reason != SP_REASON_NONE && !work->overflow) {
    return reason;
  }
  items_fill(rater, charge);
  allowances_fill(rater, charge);
  sp__payers_ask(rater, charge);
  charge->list_micro = work->list_micro;
  charge->net_micro = work->net_micro;
  return work->overflow ? SP_REASON_OVERFLOW : SP_REASON_NONE;
}

enum sp_reason sp__rate_whole(struct sp_rater *rater, struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  work->no_memory = false;
  work_clear(work);
  if (work->chain != NULL) {
    sp__stages_of_chain(rater);
  }
  enum sp_reason reason = sp__plans_find(rater);
  if (reason != SP_REASON_NONE) {
    return reason;
  }
  if (work->usage->reason == SP_REASON_UNKNOWN_PREFIX) {
    return SP_REASON_UNKNOWN_PREFIX;
  }
  work->frame = sp__frame_find(rater);
  if (work->frame == NULL || work->frame->items_count == SP__ITEMS_TOO_MANY) {
    return SP_REASON_OVERFLOW;
  }
  if (work->frame->items_count == 0) {
    if (sp__traced(rater)) {
      sp__trace_unpriced(rater);
    }
    return SP_REASON_NO_RATE;
  }
  if (work->usage->start_utc_s < work->now.from_utc_s ||
      work->usage->start_utc_s >= work->now.to_utc_s) {
    work->now = *sp__cycle_at(rater, work->usage->start_utc_s);
    work->cycle = work->now.cycle;
  }
  if (!work->partial && !work->late && !sp__traced(rater)) {
    work->short_way = sp__rate_short(rater, charge);
    if (SP_LIKELY(work->short_way)) {
      return SP_REASON_NONE;
    }
    work_clear(work);
  }
  return rate_general(rater, charge);
}

static enum sp_status suspend(struct sp_charge *charge, enum sp_reason reason)
{
  charge->outcome = SP_OUTCOME_SUSPENDED;
  charge->reason = (uint16_t)reason;
  charge->flags = 0;
  charge->items_count = charge->allowances_count = charge->payers_count = 0;
  charge->list_micro = charge->net_micro = 0;
  return SP_OK;
}

enum sp_status sp__rate_suspend(struct sp_rater *rater, struct sp_charge *charge,
                                enum sp_reason reason)
{
  return rater->work.no_memory ? SP_NO_MEMORY : suspend(charge, reason);
}

static void pre_rated_fill(struct sp_rater *rater, const struct sp_usage *usage,
                           struct sp_charge *charge)
{
  charge->outcome = SP_OUTCOME_RATED;
  charge->flags |= SP_FLAG_PRE_RATED | (sp__rate_is_late(rater, usage) ? SP_FLAG_LATE : 0);
  charge->list_micro = charge->net_micro = usage->charge_micro;
  charge->items[0] =
      (struct sp_charge_item){SP_NAME_PRE_RATED, 0, usage->charge_micro, usage->charge_micro, 0};
  charge->items_count = 1;
  if (usage->charge_micro != 0) {
    charge->payers[0] = (struct sp_charge_payer){usage->account, 0, usage->charge_micro};
    charge->payers_count = 1;
  }
}

/* book.md §5.6 */
static bool nothing_used(const struct sp_usage *usage)
{
  switch (usage->service) {
  case SP_SERVICE_VOICE:
    return usage->duration_s == 0;
  case SP_SERVICE_DATA:
    return usage->bytes == 0 && usage->duration_s == 0;
  case SP_SERVICE_SMS:
  case SP_SERVICE_MMS:
    return usage->items == 0 || usage->cause != 0;
  default:
    return usage->items == 0;
  }
}

static enum sp_status rate_record(struct sp_rater *rater, const struct sp_usage *usage,
                                  struct sp_charge *charge)
{
  struct sp__work *work = &rater->work;
  work->usage = usage;
  work->book = rater->books->book + usage->book;
  work->chain = NULL;
  work->partial = false;
  work->late = sp__rate_is_late(rater, usage);
  enum sp_reason reason = sp__rate_whole(rater, charge);
  if (work->no_memory || reason != SP_REASON_NONE) {
    return sp__rate_suspend(rater, charge, reason);
  }
  if (!work->counts) {
    charge->outcome = SP_OUTCOME_ZERO_RATED;
    charge->flags = 0;
    return SP_OK;
  }
  enum sp_status status = sp__stages_reserve(rater);
  if (status != SP_OK) {
    return status == SP_LIMIT ? suspend(charge, SP_REASON_OVERFLOW) : status;
  }
  sp__stages_write(rater);
  charge->flags |= (work->capped ? SP_FLAG_CAPPED : 0) | (work->late ? SP_FLAG_LATE : 0);
  charge->outcome = SP_OUTCOME_RATED;
  return SP_OK;
}

/* [CDR 6/9] rate. in: a new resolved record and the state of its domain; out: its charge, fee by
 * fee, and the state after it; next: fold (segment/fold.c). */
enum sp_status sp_rate(struct sp_rater *rater, const struct sp_usage *usage,
                       struct sp_charge *charge, struct sp_trace *trace)
{
  SP_ASSERT(rater->magic == SP__RATER_MAGIC && rater->books != NULL);
  sp_charge_clear(charge);
  charge->book = usage->book < rater->books->count ? usage->book : UINT16_MAX;
  if (usage->reason != SP_REASON_NONE && usage->reason != SP_REASON_UNKNOWN_PREFIX) {
    return suspend(charge, (enum sp_reason)usage->reason);
  }
  SP_ASSERT(usage->subscriber != SP_NONE && usage->book < rater->books->count);
  rater->work.trace = trace;
  rater->work.no_memory = false;
  sp__cache_trim(rater);
  charge->flags = (usage->flags & SP_USAGE_IP) != 0 ? SP_FLAG_IP : 0;
  if (usage->has_charge == SP_CDR_CHARGE_OVERFLOW) {
    return suspend(charge, SP_REASON_OVERFLOW);
  }
  if (usage->has_charge) {
    pre_rated_fill(rater, usage, charge);
    return SP_OK;
  }
  if (nothing_used(usage)) {
    charge->outcome = SP_OUTCOME_ZERO_RATED;
    charge->flags = 0;
    return SP_OK;
  }
  if ((usage->chain_hash[0] | usage->chain_hash[1]) != 0) {
    return sp__rate_partial(rater, usage, charge);
  }
  return rate_record(rater, usage, charge);
}
