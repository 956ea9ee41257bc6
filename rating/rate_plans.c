/* Which subscriptions count at the record's start (book.md §7.1-7.3): the subscriber's own, then
 * those of its groups and of the groups above them. What a group gives is kept for the span of time
 * in which it stays the same, so that a member of a large group costs no more than one of a small
 * group. */
#include "rating/rate_parts.h"

#include <string.h>

static void plan_look_up(const struct sp_book *book, struct sp_name name,
                         struct sp__plan_known *known)
{
  *known = (struct sp__plan_known){.valid = {SP_TIME_MAX, SP_TIME_MIN},
                                   .plan = sp_book_find_plan(book, name.text, name.length)};
  if (known->plan != SP_NONE) {
    const struct sp_book_plan *plan = SP_BOOK_TABLE(book, plans, struct sp_book_plan) + known->plan;
    if (plan->kind <= SP_PLAN_ADD_ON) {
      known->valid = (struct sp__span){plan->valid_from_utc_s, plan->valid_to_utc_s};
    }
    known->base = plan->kind == SP_PLAN_BASE;
    known->items_at = plan->items_at & INT32_MAX;
  }
}

void sp__plans_look_up(struct sp_rater *rater)
{
  for (uint32_t b = 0; b < rater->books_count; b++) {
    for (uint32_t p = 0; p < rater->plans_count; p++) {
      plan_look_up(rater->books->book + b, sp_directory_plan_name(rater->directory, p),
                   sp__plans_known(rater, b) + p);
    }
  }
}

/* Narrows [from, to) around `at` by an interval that holds or does not hold at `at`. */
static bool span_narrow(struct sp__span *span, int64_t at, int64_t from, int64_t to)
{
  if (at < from) {
    span->to_utc_s = from < span->to_utc_s ? from : span->to_utc_s;
    return false;
  }
  if (at >= to) {
    span->from_utc_s = to > span->from_utc_s ? to : span->from_utc_s;
    return false;
  }
  span->from_utc_s = from > span->from_utc_s ? from : span->from_utc_s;
  span->to_utc_s = to < span->to_utc_s ? to : span->to_utc_s;
  return true;
}

/* Order of positions: plan name, owner's name, then the subscription's start. */
static bool position_before(const struct sp_rater *rater, const struct sp__position *a,
                            const struct sp__position *b)
{
  if (a->plan != b->plan) {
    return a->plan < b->plan;
  }
  uint32_t a_rank = sp_directory_group(rater->directory, a->owner & ~SP_OWNER_GROUP)->rank;
  uint32_t b_rank = sp_directory_group(rater->directory, b->owner & ~SP_OWNER_GROUP)->rank;
  return a_rank != b_rank ? a_rank < b_rank : a->from_utc_s < b->from_utc_s;
}

/* Adds in order, once per owner and subscription (§7.3). false: too many. */
static bool position_insert(const struct sp_rater *rater, struct sp__position *list,
                            uint16_t *count, uint16_t first, const struct sp__position *position)
{
  uint16_t at = *count;
  while (at > first && position_before(rater, position, list + at - 1)) {
    at--;
  }
  if (at > first && list[at - 1].plan == position->plan && list[at - 1].owner == position->owner &&
      list[at - 1].from_utc_s == position->from_utc_s) {
    return true;
  }
  if (*count == SP__POSITIONS_MAX) {
    return false;
  }
  memmove(list + at + 1, list + at, (size_t)(*count - at) * sizeof(*list));
  list[at] = *position;
  ++*count;
  return true;
}

static bool group_add(struct sp_rater *rater, struct sp__group_plans *span, uint32_t group,
                      struct sp__position *list)
{
  const struct sp_usage *usage = rater->work.usage;
  const struct sp_book_plan *plans = SP_BOOK_TABLE(rater->work.book, plans, struct sp_book_plan);
  int64_t at = usage->start_utc_s;
  uint32_t count;
  const struct sp_subscription *row =
      sp_directory_group_subscriptions(rater->directory, group, &count);
  for (; count > 0; count--, row++) {
    uint32_t plan = sp__plans_known(rater, usage->book)[row->plan].plan;
    if (plan == SP_NONE || plans[plan].kind < SP_PLAN_GROUP ||
        !span_narrow(&span->span, at, row->from_utc_s, row->to_utc_s) ||
        !span_narrow(&span->span, at, plans[plan].valid_from_utc_s, plans[plan].valid_to_utc_s)) {
      continue;
    }
    struct sp__position position = {plan,
                                    group | SP_OWNER_GROUP,
                                    row->from_utc_s,
                                    row->to_utc_s,
                                    sp_directory_group(rater->directory, group)->account,
                                    0};
    if (!position_insert(rater, list, &span->count, 0, &position)) {
      return false;
    }
  }
  return true;
}

/* What a group and those above it give at the record's start; NULL: too many, or no memory. */
static const struct sp__group_plans *group_plans(struct sp_rater *rater, uint32_t group)
{
  const struct sp_usage *usage = rater->work.usage;
  struct sp__group_plans *kept = rater->groups + group;
  if (kept->book == usage->book && sp__span_holds(&kept->span, usage->start_utc_s)) {
    return kept;
  }
  struct sp__position list[SP__POSITIONS_MAX];
  struct sp__group_plans made = {.span = {SP_TIME_MIN, SP_TIME_MAX},
                                 .more = kept->more,
                                 .room = kept->room,
                                 .book = usage->book};
  for (uint32_t g = group; g != SP_NONE;) {
    const struct sp_group *node = sp_directory_group(rater->directory, g);
    bool holds = span_narrow(&made.span, usage->start_utc_s, node->from_utc_s, node->to_utc_s);
    if (holds && !group_add(rater, &made, g, list)) {
      return NULL;
    }
    g = !holds && g == group ? SP_NONE : node->parent; /* no membership counts in it (§3.3) */
  }
  if (made.count > made.room + 1) {
    made.room = made.count + 3u;
    made.more = sp__cache_take(rater, made.room * sizeof(*list));
    if (made.more == NULL) {
      return NULL;
    }
  }
  if (made.count > 0) {
    made.first = list[0];
  }
  if (made.count > 1) {
    memcpy(made.more, list + 1, (made.count - 1u) * sizeof(*list));
  }
  *kept = made;
  return kept;
}

static bool groups_add(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  int64_t at = work->usage->start_utc_s;
  uint16_t own = work->positions_count;
  uint32_t count;
  const struct sp_membership *member =
      sp_directory_memberships(rater->directory, work->usage->subscriber, &count);
  for (; count > 0; count--, member++) {
    if (at < member->from_utc_s || at >= member->to_utc_s) {
      continue;
    }
    const struct sp__group_plans *plans = group_plans(rater, member->group);
    if (plans == NULL) {
      return false;
    }
    if (SP_LIKELY(plans->count == 1 && work->positions_count == own)) {
      work->positions[own] = plans->first; /* mostly: one group that gives one plan */
      work->positions_count++;
      continue;
    }
    for (uint16_t i = 0; i < plans->count; i++) {
      const struct sp__position *position = i == 0 ? &plans->first : plans->more + i - 1;
      if (!position_insert(rater, work->positions, &work->positions_count, own, position)) {
        return false;
      }
    }
  }
  return true;
}

static void positions_trace(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  for (uint16_t i = 0; i < work->positions_count; i++) {
    const struct sp__position *position = work->positions + i;
    sp__trace(rater, (struct sp_trace_event){.kind = SP_TRACE_PLAN,
                                             .plan = position->plan,
                                             .item = SP_NONE,
                                             .owner = position->owner,
                                             .before = position->from_utc_s,
                                             .after = position->to_utc_s});
  }
}

/* A subscriber's own subscriptions at the record's start. */
static enum sp_reason own_find(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  const struct sp_usage *usage = work->usage;
  int64_t at = usage->start_utc_s;
  struct sp__plan_known *plans = sp__plans_known(rater, usage->book);
  struct sp_subscription one;
  uint32_t rows, bases = 0;
  const struct sp_subscription *row =
      sp_directory_subscriptions(rater->directory, usage->subscriber, &one, &rows);
  uint16_t count = 0;
  for (; rows > 0; rows--, row++) {
    SP_ASSERT(row->plan < rater->plans_count); /* a directory never changes under its rater */
    struct sp__plan_known *known = plans + row->plan;
    if (!sp__subscription_holds(row, at) || !sp__span_holds(&known->valid, at)) {
      continue;
    }
    if (count == SP__OWN_MAX) {
      return SP_REASON_OVERFLOW;
    }
    work->first = count == 0 ? known : work->first;
    bases += known->base;
    work->positions[count++] = (struct sp__position){
        known->plan, usage->subscriber, row->from_utc_s, row->to_utc_s, SP_NONE, 0};
  }
  work->positions_count = count;
  return bases == 1 ? SP_REASON_NONE : bases == 0 ? SP_REASON_NO_PLAN : SP_REASON_TWO_BASE_PLANS;
}

enum sp_reason sp__plans_find(struct sp_rater *rater)
{
  enum sp_reason reason = own_find(rater);
  if (reason != SP_REASON_NONE) {
    return reason;
  }
  if (!groups_add(rater)) {
    return SP_REASON_OVERFLOW;
  }
  if (sp__traced(rater)) {
    positions_trace(rater);
  }
  return SP_REASON_NONE;
}

static bool group_is_in(const struct sp_rater *rater, uint32_t group, uint32_t above)
{
  while (group != SP_NONE && group != above) {
    group = sp_directory_group(rater->directory, group)->parent;
  }
  return group == above;
}

/* First instant of a cycle at which the subscriber is a member of a group or of one below it, each
 * membership cut by its own group's dates (§10.2). false: none. */
bool sp__plans_member_since(struct sp_rater *rater, uint32_t group, const struct sp__cycle *cycle,
                            int64_t *first_utc_s)
{
  uint32_t count;
  const struct sp_membership *member =
      sp_directory_memberships(rater->directory, rater->work.usage->subscriber, &count);
  int64_t first = SP_TIME_MAX;
  for (; count > 0; count--, member++) {
    const struct sp_group *own = sp_directory_group(rater->directory, member->group);
    int64_t from = member->from_utc_s > own->from_utc_s ? member->from_utc_s : own->from_utc_s;
    int64_t to = member->to_utc_s < own->to_utc_s ? member->to_utc_s : own->to_utc_s;
    from = from > cycle->from_utc_s ? from : cycle->from_utc_s;
    to = to < cycle->to_utc_s ? to : cycle->to_utc_s;
    if (from < to && from < first && group_is_in(rater, member->group, group)) {
      first = from;
    }
  }
  *first_utc_s = first;
  return first != SP_TIME_MAX;
}
