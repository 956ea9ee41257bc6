/* Which subscriptions count at the record's start (book.md §7.1-7.3): the subscriber's own, then
 * those of its groups and of the groups above them. What a group gives is kept for the span of time
 * in which it stays the same, so that a member of a large group costs no more than one of a small
 * group. */
#include "rating/rate_parts.h"

#include <string.h>

static uint32_t plan_of(const struct sp_rater *rater, uint16_t book, uint32_t plan)
{
  SP_ASSERT(plan < rater->plans_count); /* a directory never changes under its rater */
  return rater->plan_index[(size_t)book * rater->plans_count + plan];
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
    uint32_t plan = plan_of(rater, usage->book, row->plan);
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
  if (kept->book == usage->book && usage->start_utc_s >= kept->span.from_utc_s &&
      usage->start_utc_s < kept->span.to_utc_s) {
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

/* false: no memory. */
static bool list_keep(struct sp_rater *rater, struct sp__list_plans *kept,
                      struct sp__list_plans *made, const struct sp__own_plan *plans)
{
  uint32_t few = made->count < SP__LIST_FEW ? made->count : SP__LIST_FEW;
  if (made->count - few > made->room) {
    made->room = SP__LIST_POSITIONS_MAX;
    made->more = sp__cache_take(rater, SP__LIST_POSITIONS_MAX * sizeof(*plans));
    if (made->more == NULL) {
      return false;
    }
  }
  memcpy(made->first, plans, few * sizeof(*plans));
  if (made->count > few) {
    memcpy(made->more, plans + few, (made->count - few) * sizeof(*plans));
  }
  *kept = *made;
  return true;
}

/* A subscriber's own subscriptions at the record's start. Subscribers with the same rows share a
 * list, so what a list comes to is kept for the span of time in which it stays the same. NULL: too
 * many. */
static struct sp__list_plans *list_plans(struct sp_rater *rater, uint32_t list)
{
  const struct sp_usage *usage = rater->work.usage;
  struct sp__list_plans *kept = rater->lists + list % SP__LISTS_CACHED;
  if (SP_LIKELY(kept->list == list && kept->book == usage->book &&
                usage->start_utc_s >= kept->span.from_utc_s &&
                usage->start_utc_s < kept->span.to_utc_s)) {
    return kept;
  }
  const struct sp_book_plan *plans = SP_BOOK_TABLE(rater->work.book, plans, struct sp_book_plan);
  int64_t at = usage->start_utc_s;
  uint32_t count;
  const struct sp_subscription *row =
      sp_directory_subscriptions(rater->directory, usage->subscriber, &count);
  struct sp__own_plan own[SP__LIST_POSITIONS_MAX];
  struct sp__list_plans made = {.span = {SP_TIME_MIN, SP_TIME_MAX},
                                .list = list,
                                .room = kept->room,
                                .book = usage->book,
                                .more = kept->more};
  for (; count > 0; count--, row++) {
    uint32_t plan = plan_of(rater, usage->book, row->plan);
    if (plan == SP_NONE || plans[plan].kind > SP_PLAN_ADD_ON ||
        !span_narrow(&made.span, at, row->from_utc_s, row->to_utc_s) ||
        !span_narrow(&made.span, at, plans[plan].valid_from_utc_s, plans[plan].valid_to_utc_s)) {
      continue;
    }
    if (made.count == SP__LIST_POSITIONS_MAX) {
      return NULL;
    }
    if (plans[plan].kind == SP_PLAN_BASE) {
      made.bases++;
    }
    own[made.count++] = (struct sp__own_plan){plan, row->from_utc_s, row->to_utc_s};
  }
  return list_keep(rater, kept, &made, own) ? kept : NULL;
}

enum sp_reason sp__plans_find(struct sp_rater *rater)
{
  struct sp__work *work = &rater->work;
  uint32_t subscriber = work->usage->subscriber;
  struct sp__list_plans *own =
      list_plans(rater, sp_directory_subscription_list(rater->directory, subscriber));
  if (own == NULL) {
    return SP_REASON_OVERFLOW;
  }
  if (own->bases != 1) {
    return own->bases == 0 ? SP_REASON_NO_PLAN : SP_REASON_TWO_BASE_PLANS;
  }
  for (uint16_t i = 0; i < own->count; i++) {
    const struct sp__own_plan *at =
        i < SP__LIST_FEW ? own->first + i : own->more + (i - SP__LIST_FEW);
    work->positions[i] =
        (struct sp__position){at->plan, subscriber, at->from_utc_s, at->to_utc_s, SP_NONE, 0};
  }
  work->own = own;
  work->positions_count = own->count;
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
