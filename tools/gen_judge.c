#include "tools/gen_judge.h"

#include <stdlib.h>
#include <string.h>

struct sp_gen_counter {
  uint64_t key; /* subscriber * 4096 + cycle + 1; 0 = free */
  uint64_t bytes;
};

#define COUNTER_ROOM_MIN 4096u
#define COUNTER_CYCLES 4096u

bool sp__gen_judge_init(struct sp_gen_judge *judge, const struct sp_gen_world *world)
{
  *judge = (struct sp_gen_judge){.world = world, .latest_s = INT64_MIN / 2};
  judge->counter_room = COUNTER_ROOM_MIN;
  judge->counters = calloc(COUNTER_ROOM_MIN, sizeof *judge->counters);
  return judge->counters != NULL;
}

void sp__gen_judge_free(struct sp_gen_judge *judge)
{
  free(judge->counters);
  judge->counters = NULL;
}

static struct sp_gen_counter *counter_find(struct sp_gen_counter *counters, uint64_t room,
                                           uint64_t key)
{
  uint64_t at = sp__random_mix(0, 1, key) & (room - 1);
  while (counters[at].key != 0 && counters[at].key != key) {
    at = (at + 1) & (room - 1);
  }
  return &counters[at];
}

/* The counter of a subscriber in a cycle, made on first use; NULL: no memory. */
static struct sp_gen_counter *counter_of(struct sp_gen_judge *judge, uint64_t key)
{
  if (judge->counter_used * 2 >= judge->counter_room) {
    uint64_t room = judge->counter_room * 2;
    struct sp_gen_counter *larger = calloc(room, sizeof *larger);
    if (larger == NULL) {
      return NULL;
    }
    for (uint64_t i = 0; i < judge->counter_room; i++) {
      const struct sp_gen_counter *old = &judge->counters[i];
      if (old->key != 0) {
        *counter_find(larger, room, old->key) = *old;
      }
    }
    free(judge->counters);
    judge->counters = larger;
    judge->counter_room = room;
  }
  struct sp_gen_counter *counter = counter_find(judge->counters, judge->counter_room, key);
  if (counter->key == 0) {
    counter->key = key;
    judge->counter_used++;
  }
  return counter;
}

static void sum_add(struct sp_gen_sum *sum, const struct sp_gen_usage *usage, int64_t list_micro)
{
  sum->records++;
  sum->duration_s += usage->duration_s;
  sum->bytes += usage->up_bytes + usage->down_bytes;
  sum->items += usage->items;
  sum->list_micro += list_micro;
}

static void reason_count(struct sp_gen_judge *judge, const char *reason)
{
  for (uint32_t i = 0; i < SP_GEN_REASONS_MAX; i++) {
    struct sp_gen_reason_count *row = &judge->reasons[i];
    if (row->reason == NULL) {
      row->reason = reason;
    }
    if (strcmp(row->reason, reason) == 0) {
      row->records++;
      return;
    }
  }
}

/* Faults of the line itself: nothing behind them is looked at. */
static const char *line_fault(const struct sp_gen_usage *usage)
{
  switch ((enum sp_gen_plant)usage->plant) {
  case SP_GEN_BAD_LINE:
  case SP_GEN_SERVICE_UNKNOWN:
  case SP_GEN_BAD_START:
  case SP_GEN_BAD_FIELD:
    return sp__gen_plant_name[usage->plant];
  case SP_GEN_UNKNOWN_SUBSCRIBER:
    return "unknown_subscriber";
  case SP_GEN_PLAIN:
  case SP_GEN_DUPLICATE:
  case SP_GEN_CONFLICT:
  case SP_GEN_UNKNOWN_PREFIX:
  case SP_GEN_NO_RATE:
  case SP_GEN_PRE_RATED:
  case SP_GEN_LATE:
  case SP_GEN_OUT_OF_ORDER:
  case SP_GEN_TOO_LATE:
  case SP_GEN_PARTIAL:
  case SP_GEN_NO_PLAN:
  case SP_GEN_TWO_PLANS:
  case SP_GEN_PLANT_MAX:
    break;
  }
  return NULL;
}

/* The plans' faults and the number's, in the order of book.md §5.3. */
static const char *plan_fault(const struct sp_gen_usage *usage, struct sp_gen_subscriber s)
{
  if (s.no_plan) {
    return "no_plan";
  }
  if (s.two_plans) {
    return "two_base_plans";
  }
  if (usage->party == SP_GEN_NO_PREFIX) {
    return "unknown_prefix";
  }
  return usage->service == SP_GEN_FEE || usage->service == SP_GEN_VAS ? "no_rate" : NULL;
}

static bool nothing_used(const struct sp_gen_usage *usage)
{
  switch ((enum sp_gen_service)usage->service) {
  case SP_GEN_VOICE:
    return usage->duration_s == 0;
  case SP_GEN_DATA:
    return usage->up_bytes + usage->down_bytes == 0 && usage->duration_s == 0;
  case SP_GEN_SMS:
  case SP_GEN_MMS:
    return usage->cause != 0 || usage->items == 0;
  case SP_GEN_VAS:
  case SP_GEN_FEE:
  case SP_GEN_SERVICE_MAX:
    break;
  }
  return usage->items == 0;
}

/* zone and net of the other party from the two areas (book.md §6.9, §6.10). */
static void place_facts(const struct sp_gen_usage *usage, struct sp_gen_facts *facts)
{
  bool abroad = usage->roam == SP_GEN_HMT || usage->roam == SP_GEN_ABROAD;
  facts->zone = SP_GEN_ZONE_DOMESTIC;
  switch ((enum sp_gen_party)usage->party) {
  case SP_GEN_NOBODY:
    facts->zone = SP_GEN_ZONE_NONE;
    facts->net = SP_GEN_NET_NONE;
    return;
  case SP_GEN_HOTLINE:
    facts->zone = SP_GEN_ZONE_SERVICE;
    facts->net = SP_GEN_NET_SERVICE;
    return;
  case SP_GEN_CONTENT:
  case SP_GEN_NO_PREFIX:
    facts->net = SP_GEN_NET_SP;
    return;
  case SP_GEN_FOREIGN_HMT:
  case SP_GEN_FOREIGN_ASIA:
  case SP_GEN_FOREIGN_WORLD:
    facts->zone = usage->party == SP_GEN_FOREIGN_HMT    ? SP_GEN_ZONE_HMT
                  : usage->party == SP_GEN_FOREIGN_ASIA ? SP_GEN_ZONE_ASIA
                                                        : SP_GEN_ZONE_WORLD;
    facts->net = SP_GEN_NET_FOREIGN;
    return;
  case SP_GEN_FIXED:
    facts->net = SP_GEN_NET_FIXED;
    break;
  case SP_GEN_RIVAL:
    facts->net = SP_GEN_NET_MOBILE;
    break;
  case SP_GEN_CUSTOMER:
  case SP_GEN_ONNET:
  case SP_GEN_AWAY:
  case SP_GEN_PORTED_IN:
    facts->net = SP_GEN_NET_ONNET;
    break;
  }
  if (!abroad && usage->other_area == usage->visited) {
    facts->zone = SP_GEN_ZONE_LOCAL;
  } else if (!abroad &&
             sp__gen_area_province(usage->other_area) == sp__gen_area_province(usage->visited)) {
    facts->zone = SP_GEN_ZONE_PROVINCE;
  }
}

/* Memberships of both at the start: net group and family, one tree; and the served one's group
 * and family plans. */
static void circle_facts(const struct sp_gen_world *world, const struct sp_gen_usage *usage,
                         int32_t day, struct sp_gen_facts *facts)
{
  uint32_t group = sp__gen_group_on(world, usage->served, day);
  uint32_t family = sp__gen_family(world, usage->served);
  if (group != SP_GEN_NONE) {
    /* plans of the groups above hold, too (book.md §7.2) */
    const struct sp_gen_group *root = &world->groups[world->groups[group].root];
    facts->vnet = world->groups[group].vnet || root->vnet;
    facts->vtree = root->vtree;
  }
  facts->homenet = family != SP_GEN_NONE && !world->options.simple;
  if (usage->party != SP_GEN_CUSTOMER) {
    return;
  }
  uint32_t other = sp__gen_group_on(world, usage->other, day);
  if (group != SP_GEN_NONE && other != SP_GEN_NONE) {
    facts->tree = world->groups[group].root == world->groups[other].root;
  }
  if (group != SP_GEN_NONE && other == group) {
    facts->net = SP_GEN_NET_GROUP;
  } else if (family != SP_GEN_NONE && family == sp__gen_family(world, usage->other)) {
    facts->net = SP_GEN_NET_FAMILY;
  }
}

static uint32_t lanes_of(const struct sp_gen_usage *usage, uint8_t lanes[2])
{
  lanes[0] = usage->service == SP_GEN_VOICE ? SP_GEN_LANE_BASE
             : usage->service == SP_GEN_SMS ? SP_GEN_LANE_SMS
             : usage->service == SP_GEN_MMS ? SP_GEN_LANE_MMS
             : usage->video                 ? SP_GEN_LANE_VIDEO
                                            : SP_GEN_LANE_DATA;
  lanes[1] = SP_GEN_LANE_LD;
  return usage->service == SP_GEN_VOICE ? 2 : 1;
}

/* The list price; a chain's stands whole at its first part, 0 at the others. */
static bool price_judge(struct sp_gen_judge *judge, const struct sp_gen_usage *usage,
                        struct sp_gen_subscriber s, struct sp_gen_verdict *verdict)
{
  const struct sp_gen_world *world = judge->world;
  int64_t start_s = usage->parts != 0 ? usage->chain_start_s : usage->start_s;
  int32_t day = sp__gen_day(start_s);
  struct sp_gen_facts facts = {.direction = usage->direction, .roam = usage->roam};
  facts.plan = day >= s.change_day ? s.next_plan : s.plan;
  facts.start_s = start_s;
  uint64_t quantity = usage->service == SP_GEN_VOICE  ? usage->duration_s
                      : usage->service == SP_GEN_DATA ? usage->up_bytes + usage->down_bytes
                                                      : usage->items;
  facts.quantity = usage->parts != 0 ? usage->total : quantity;
  place_facts(usage, &facts);
  circle_facts(world, usage, day, &facts);
  bool counts =
      facts.plan == SP_GEN_STEPS && usage->service == SP_GEN_DATA && !world->options.simple;
  struct sp_gen_counter *counter = NULL;
  if (counts) {
    uint64_t cycle = (uint64_t)(sp__gen_cycle(day) + 64);
    counter = counter_of(judge, (uint64_t)usage->served * COUNTER_CYCLES + cycle + 1);
    if (counter == NULL) {
      return false;
    }
    facts.counter = counter->bytes;
  }
  uint8_t lanes[2];
  struct sp_gen_price price;
  uint32_t lane_count = lanes_of(usage, lanes);
  if (!sp__gen_price(&facts, lanes, lane_count, &price)) {
    verdict->outcome = SP_GEN_SUSPENDED;
    verdict->reason = "no_rate";
    return true;
  }
  if (counter != NULL && price.counted) {
    counter->bytes += facts.quantity;
  }
  verdict->plan = facts.plan;
  verdict->has_list = usage->parts == 0;
  verdict->list_micro = usage->part <= 1 ? price.list_micro : 0;
  verdict->net_micro = world->options.simple ? price.list_micro : price.net_micro;
  bool stateless = facts.plan <= SP_GEN_NIGHT && s.add_ons == 0 && usage->served >= world->members;
  verdict->has_net = usage->parts == 0 && (world->options.simple || stateless);
  return true;
}

static bool identified_judge(struct sp_gen_judge *judge, const struct sp_gen_usage *usage,
                             struct sp_gen_verdict *verdict)
{
  if (usage->start_s < judge->latest_s - (int64_t)SP_GEN_WINDOW_DAYS * SP_GEN_DAY_S) {
    verdict->outcome = SP_GEN_SUSPENDED;
    verdict->reason = "dup_window_exceeded";
    return true;
  }
  if (usage->start_s > judge->latest_s) {
    judge->latest_s = usage->start_s;
  }
  if (usage->plant == SP_GEN_DUPLICATE) {
    verdict->outcome = SP_GEN_DUPLICATED;
    return true;
  }
  if (usage->plant == SP_GEN_CONFLICT) {
    verdict->outcome = SP_GEN_CONFLICTED;
    verdict->reason = usage->service == SP_GEN_VOICE  ? "duration_s"
                      : usage->service == SP_GEN_DATA ? "down_bytes"
                                                      : "items";
    return true;
  }
  if (usage->plant == SP_GEN_PRE_RATED) {
    verdict->plan = SP_GEN_BASE_MAX;
    verdict->has_list = verdict->has_net = true;
    verdict->list_micro = verdict->net_micro = (int64_t)usage->charge_micro;
    return true;
  }
  if (nothing_used(usage)) {
    verdict->outcome = SP_GEN_ZERO_RATED;
    return true;
  }
  struct sp_gen_subscriber s = sp__gen_subscriber(judge->world, usage->served);
  verdict->reason = plan_fault(usage, s);
  if (verdict->reason != NULL) {
    verdict->outcome = SP_GEN_SUSPENDED;
    return true;
  }
  if (usage->service == SP_GEN_DATA && usage->up_bytes + usage->down_bytes == 0) {
    verdict->outcome = SP_GEN_ZERO_RATED; /* time was used, but all rules count bytes (§5.3, 14) */
    return true;
  }
  return price_judge(judge, usage, s, verdict);
}

bool sp__gen_judge(struct sp_gen_judge *judge, const struct sp_gen_usage *usage,
                   struct sp_gen_verdict *verdict)
{
  static const struct sp_gen_usage nothing = {0};
  const char *fault = line_fault(usage);
  *verdict = (struct sp_gen_verdict){.outcome = SP_GEN_RATED, .reason = fault};
  judge->in++;
  judge->planted[usage->plant]++;
  if (fault != NULL) {
    verdict->outcome = SP_GEN_SUSPENDED;
  } else if (!identified_judge(judge, usage, verdict)) {
    return false;
  }
  if (verdict->outcome == SP_GEN_SUSPENDED) {
    reason_count(judge, verdict->reason);
  }
  bool broken = fault != NULL && usage->plant != SP_GEN_UNKNOWN_SUBSCRIBER;
  bool rated = verdict->outcome == SP_GEN_RATED;
  int64_t list_micro = rated ? verdict->list_micro : 0;
  sum_add(&judge->outcome[verdict->outcome], broken ? &nothing : usage, list_micro);
  if (rated) {
    sum_add(&judge->service[usage->service], usage, list_micro);
    sum_add(&judge->plan[verdict->plan][usage->service], usage, list_micro);
  }
  if (rated && verdict->has_net) {
    judge->net_records++;
    judge->net_micro += verdict->net_micro;
    judge->net_list_micro += list_micro;
  }
  if (verdict->reason == NULL) {
    verdict->reason = "";
  }
  return true;
}
