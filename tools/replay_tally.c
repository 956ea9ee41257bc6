#include <string.h>

#include "rating/reason.h"
#include "tools/heap.h"
#include "tools/replay.h"

static size_t plans_bytes(const struct sp_directory *directory)
{
  return ((size_t)sp_directory_plan_count(directory) + 1) * sizeof(struct sp_replay_sum);
}

static size_t customers_bytes(const struct sp_directory *directory)
{
  return ((size_t)sp_directory_subscriber_count(directory) + 1) * sizeof(struct sp_replay_sum);
}

static size_t groups_bytes(const struct sp_directory *directory)
{
  return ((size_t)sp_directory_group_count(directory) + 1) * sizeof(struct sp_replay_sum);
}

bool sp_replay_tally_make(struct sp_replay_tally *tally, const struct sp_directory *directory,
                          const struct sp_replay_tally *shared)
{
  *tally = (struct sp_replay_tally){.directory = directory};
  tally->plans = sp_heap_take(plans_bytes(directory));
  if (shared != NULL) {
    tally->customers = shared->customers;
    tally->groups = shared->groups;
    tally->is_base = shared->is_base;
  } else {
    tally->customers = sp_heap_take(customers_bytes(directory));
    tally->groups = sp_heap_take(groups_bytes(directory));
    tally->is_base = sp_heap_take((size_t)sp_directory_plan_count(directory) + 1);
  }
  return tally->plans != NULL && tally->customers != NULL && tally->groups != NULL &&
         tally->is_base != NULL;
}

void sp_replay_tally_free(struct sp_replay_tally *tally, bool shared)
{
  const struct sp_directory *directory = tally->directory;
  if (directory == NULL) {
    return;
  }
  sp_heap_give(tally->plans, plans_bytes(directory));
  if (!shared) {
    sp_heap_give(tally->customers, customers_bytes(directory));
    sp_heap_give(tally->groups, groups_bytes(directory));
    sp_heap_give(tally->is_base, (size_t)sp_directory_plan_count(directory) + 1);
  }
  tally->directory = NULL;
}

void sp_replay_plans(struct sp_replay_tally *tally, const struct sp_books *books)
{
  for (uint32_t b = 0; b < books->count; b++) {
    const struct sp_book *book = books->book + b;
    const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
    for (uint32_t p = 0; p < sp_directory_plan_count(tally->directory); p++) {
      struct sp_name name = sp_directory_plan_name(tally->directory, p);
      uint32_t plan = sp_book_find_plan(book, name.text, name.length);
      tally->is_base[p] |= plan != SP_NONE && plans[plan].kind == SP_PLAN_BASE;
    }
  }
}

/* The base plan at the record's start, of the last row that holds; behind the last plan: none. */
static uint32_t base_plan(const struct sp_replay_tally *tally, uint32_t subscriber, int64_t at)
{
  uint32_t count, plan = sp_directory_plan_count(tally->directory);
  struct sp_subscription one;
  const struct sp_subscription *row =
      sp_directory_subscriptions(tally->directory, subscriber, &one, &count);
  for (; count > 0; count--, row++) {
    if (tally->is_base[row->plan] != 0 && at >= row->from_utc_s && at < row->to_utc_s) {
      plan = row->plan;
    }
  }
  return plan;
}

/* Sums of amounts that all fit: modulo 2^64, as the audit's. */
static void add(struct sp_replay_sum *sum, const struct sp_replay_record *record)
{
  sum->records++;
  sum->charged_micro = (int64_t)((uint64_t)sum->charged_micro + (uint64_t)record->net_micro);
  sum->replayed_micro = (int64_t)((uint64_t)sum->replayed_micro + (uint64_t)record->net_now_micro);
}

static bool was_charged(uint8_t outcome)
{
  return outcome == SP_OUTCOME_RATED || outcome == SP_OUTCOME_ZERO_RATED;
}

void sp_replay_count(struct sp_replay_tally *tally, const struct sp_replay_record *record)
{
  const struct sp_usage *usage = record->usage;
  SP_ASSERT(record->subscriber < sp_directory_subscriber_count(tally->directory));
  add(&tally->all, record);
  add(&tally->services[usage->service < SP_SERVICE_COUNT ? usage->service : SP_SERVICE_COUNT],
      record);
  add(&tally->plans[base_plan(tally, record->subscriber, usage->start_utc_s)], record);
  add(&tally->customers[record->subscriber], record);
  if (record->group != SP_NONE) {
    add(&tally->groups[record->group], record);
  }
  bool then = was_charged(record->outcome), now = was_charged(record->outcome_now);
  tally->changed +=
      record->net_micro != record->net_now_micro || record->outcome != record->outcome_now;
  tally->rated_now += !then && now;
  tally->suspended_now += then && !now;
  tally->reasons[record->reason_now % SP_REPLAY_REASONS] += !now;
}

static void sum_merge(struct sp_replay_sum *to, const struct sp_replay_sum *from)
{
  to->records += from->records;
  to->charged_micro = (int64_t)((uint64_t)to->charged_micro + (uint64_t)from->charged_micro);
  to->replayed_micro = (int64_t)((uint64_t)to->replayed_micro + (uint64_t)from->replayed_micro);
}

void sp_replay_merge(struct sp_replay_tally *to, const struct sp_replay_tally *from)
{
  sum_merge(&to->all, &from->all);
  for (unsigned i = 0; i <= SP_SERVICE_COUNT; i++) {
    sum_merge(&to->services[i], &from->services[i]);
  }
  for (uint32_t i = 0; i <= sp_directory_plan_count(to->directory); i++) {
    sum_merge(&to->plans[i], &from->plans[i]);
  }
  for (unsigned i = 0; i < SP_REPLAY_REASONS; i++) {
    to->reasons[i] += from->reasons[i];
  }
  to->passed_by += from->passed_by;
  to->changed += from->changed;
  to->rated_now += from->rated_now;
  to->suspended_now += from->suspended_now;
}
