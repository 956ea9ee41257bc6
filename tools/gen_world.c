#include "tools/gen_world.h"

#include "tools/gen_random.h"

#include <stdlib.h>

/* Salts of sp__random_mix: one per kind of question. */
enum salt { SALT_SUBSCRIBER = 1, SALT_MEMBER, SALT_GROUP, SALT_MANAGER };

/* The share (per 256) of individuals and of members on each base plan. */
static const uint8_t individual_plan[SP_GEN_BASE_MAX] = {32, 26, 24, 46, 20, 82, 26, 0};
static const uint8_t member_plan[SP_GEN_BASE_MAX] = {20, 16, 16, 40, 14, 70, 8, 72};

static const uint8_t activity_of[16] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 10, 12, 16};

static void groups_size(struct sp_gen_world *world, uint32_t total)
{
  uint32_t count = world->options.groups, first = 0;
  uint64_t weights = 0;
  for (uint32_t k = 0; k < count; k++) {
    weights += 1000000000u / (k + 6);
  }
  for (uint32_t k = 0; k < count; k++) {
    struct sp_gen_group *group = &world->groups[k];
    uint64_t size = (uint64_t)total * (1000000000u / (k + 6)) / weights;
    uint64_t left = total - first;
    size = size < 2 ? 2 : size;
    group->first = first;
    group->size = (uint32_t)(size < left ? size : left);
    first += group->size;
  }
  world->members = first;
}

static void group_traits(struct sp_gen_world *world, uint32_t k)
{
  struct sp_gen_group *group = &world->groups[k];
  uint64_t bits = sp__random_mix(world->options.seed, SALT_GROUP, k);
  int32_t days = (int32_t)world->options.days;
  uint32_t branch = k % 10 == 4 ? 1 : k % 10 == 5 ? 2 : 0;
  group->parent = branch > 0 ? k - branch : SP_GEN_NONE;
  group->root = branch > 0 ? k - branch : k;
  group->vnet = bits % 100 < 60;
  group->vtree = k % 10 == 3 && bits % 2 == 0;
  group->pool = (bits >> 8) % 100 < 45;
  group->office = (bits >> 16) % 100 < 20;
  group->boss = (bits >> 24) % 100 < 10;
  if (world->options.simple) {
    group->vnet = group->vtree = group->pool = group->office = group->boss = false;
  }
  group->shorts = (bits >> 32) % 100 < 70;
  bool fades = group->size >= 5 && (bits >> 40) % 100 < 7;
  group->fade_day =
      fades ? days * 2 / 5 + (int32_t)((bits >> 48) % 1000) * days / 3500 : SP_GEN_ALWAYS;
  for (uint32_t i = 0; i < group->size; i++) {
    world->group_of[group->first + i] = k;
  }
}

bool sp__gen_world_make(struct sp_gen_world *world, const struct sp_gen_options *options)
{
  uint32_t people = options->subscribers;
  uint32_t total = (uint32_t)((uint64_t)people * 3 / 10);
  *world = (struct sp_gen_world){.options = *options};
  if (world->options.groups > total / 2) {
    world->options.groups = total / 2;
  }
  uint32_t blocks = (people + SP_GEN_BLOCK_USED - 1) / SP_GEN_BLOCK_USED;
  world->blocks = blocks < SP_GEN_BLOCKS_MIN ? SP_GEN_BLOCKS_MIN : blocks;
  world->block_size = (people + world->blocks - 1) / world->blocks;
  world->managers = world->options.groups / 25 + 1;
  world->groups = calloc(world->options.groups + 1u, sizeof *world->groups);
  world->group_of = malloc(((size_t)total + 1) * sizeof *world->group_of);
  if (world->groups == NULL || world->group_of == NULL) {
    sp__gen_world_free(world);
    return false;
  }
  if (world->options.groups > 0) {
    groups_size(world, total);
  }
  for (uint32_t k = 0; k < world->options.groups; k++) {
    group_traits(world, k);
  }
  world->families = (people - world->members) / 12;
  return true;
}

void sp__gen_world_free(struct sp_gen_world *world)
{
  free(world->groups);
  free(world->group_of);
  world->groups = NULL;
  world->group_of = NULL;
}

static uint8_t plan_of(const uint8_t share[SP_GEN_BASE_MAX], uint32_t draw)
{
  uint8_t plan = 0;
  while (plan + 1 < SP_GEN_BASE_MAX && draw >= share[plan]) {
    draw -= share[plan];
    plan++;
  }
  return plan;
}

/* A churner's last day; one in 25 individuals, and every second member of a fading group. */
static int32_t churn_day(const struct sp_gen_world *world, uint32_t index, uint64_t bits)
{
  int32_t days = (int32_t)world->options.days;
  if (index >= world->members) {
    bool leaves = bits % 25 == 0 && days >= 10;
    return leaves ? days * 2 / 5 + (int32_t)((bits >> 8) % 1000) * days / 2000 : SP_GEN_ALWAYS;
  }
  const struct sp_gen_group *group = &world->groups[world->group_of[index]];
  if (group->fade_day == SP_GEN_ALWAYS || bits % 2 == 0) {
    return SP_GEN_ALWAYS;
  }
  return group->fade_day + 2 + (int32_t)((bits >> 8) % 20);
}

struct sp_gen_subscriber sp__gen_subscriber(const struct sp_gen_world *world, uint32_t index)
{
  const struct sp_gen_options *options = &world->options;
  uint64_t bits = sp__random_mix(options->seed, SALT_SUBSCRIBER, index);
  uint64_t more = sp__random_mix(options->seed, SALT_MEMBER, index);
  int32_t days = (int32_t)options->days;
  bool member = index < world->members;
  const uint8_t *share = member ? member_plan : individual_plan;
  struct sp_gen_subscriber s = {.change_day = SP_GEN_ALWAYS, .join_day = -1000};
  s.plan = plan_of(share, (uint32_t)(bits & 255u));
  s.next_plan = plan_of(share, (uint32_t)(bits >> 8 & 255u));
  s.activity = activity_of[bits >> 16 & 15u];
  s.churn_day = churn_day(world, index, bits >> 20);
  s.leave_day = SP_GEN_ALWAYS;
  if (s.next_plan != s.plan && more % 50 == 0 && days > 4) {
    s.change_day = 1 + (int32_t)((more >> 8) % (uint32_t)(days - 1));
  }
  uint32_t role = (uint32_t)(more >> 20) % 100;
  if (member && role < 4) {
    s.join_day = (int32_t)((more >> 28) % (uint32_t)days);
  } else if (member && role < 7 && days > 2) {
    s.leave_day = 1 + (int32_t)((more >> 28) % (uint32_t)(days - 1));
  }
  if (!options->simple) {
    s.add_ons |= (more >> 40) % 100 < 12 ? 1u << SP_GEN_DATAPACK : 0;
    s.add_ons |= (more >> 47) % 100 < 10 ? 1u << SP_GEN_TALKPACK : 0;
    s.add_ons |= (more >> 54) % 100 < 8 ? 1u << SP_GEN_SMSPACK : 0;
  }
  if (!options->clean) {
    s.no_plan = index % 3000 == 1777;
    s.two_plans = index % 3000 == 2777;
  }
  if (s.no_plan || s.two_plans) {
    s.next_plan = (uint8_t)((s.plan + 1) % SP_GEN_BASE_MAX);
    s.change_day = SP_GEN_ALWAYS;
  }
  return s;
}

uint32_t sp__gen_activity(const struct sp_gen_world *world, uint32_t index, int32_t day)
{
  uint64_t bits = sp__random_mix(world->options.seed, SALT_SUBSCRIBER, index);
  uint32_t activity = activity_of[bits >> 16 & 15u];
  if (day >= churn_day(world, index, bits >> 20)) {
    return 0;
  }
  if (index >= world->members) {
    return activity;
  }
  int32_t fade_day = world->groups[world->group_of[index]].fade_day;
  if (day < fade_day) {
    return activity;
  }
  uint32_t since = (uint32_t)(day - fade_day), left = since >= 18 ? 2 : 20 - since;
  return (activity * left + 19) / 20;
}

uint32_t sp__gen_group_on(const struct sp_gen_world *world, uint32_t index, int32_t day)
{
  if (index >= world->members) {
    return SP_GEN_NONE;
  }
  struct sp_gen_subscriber s = sp__gen_subscriber(world, index);
  return day >= s.join_day && day < s.leave_day ? world->group_of[index] : SP_GEN_NONE;
}

/* Family f has the individuals members + 2 f and + 2 f + 1; every fourth also the enterprise
 * member 3 f / 4. */
uint32_t sp__gen_family(const struct sp_gen_world *world, uint32_t index)
{
  uint32_t family = SP_GEN_NONE;
  if (index >= world->members) {
    family = (index - world->members) / 2;
  } else if (index % 3 == 0) {
    family = index / 3 * 4;
  }
  return family < world->families ? family : SP_GEN_NONE;
}

uint32_t sp__gen_family_members(const struct sp_gen_world *world, uint32_t family,
                                uint32_t members[3])
{
  members[0] = world->members + 2 * family;
  members[1] = members[0] + 1;
  members[2] = family / 4 * 3;
  return family % 4 == 0 && members[2] < world->members ? 3 : 2;
}

uint32_t sp__gen_short(const struct sp_gen_world *world, uint32_t index)
{
  const struct sp_gen_group *group = &world->groups[world->group_of[index]];
  uint32_t place = index - world->groups[group->root].first;
  return place < 10000 ? 60000 + place : 600000 + place;
}

uint32_t sp__gen_manager(const struct sp_gen_world *world, uint32_t group)
{
  uint64_t bits = sp__random_mix(world->options.seed, SALT_MANAGER, group);
  return (uint32_t)(bits >> 16) % world->managers;
}
