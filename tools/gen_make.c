/* Makes records: who, when, with whom, how long. Draws from one seeded stream in a fixed order. */
#include "tools/gen_usage.h"

#define SALT_CONTACT 200
#define SALT_TRIP 201
#define TRIES_MAX 256
#define TRIP_DAYS 4
#define CONTACTS 24u

const char *const sp__gen_plant_name[SP_GEN_PLANT_MAX] = {
    "plain",        "duplicate",           "conflict",
    "bad_line",     "service_unknown",     "bad_start",
    "bad_field",    "unknown_subscriber",  "unknown_prefix",
    "no_rate",      "pre_rated",           "late",
    "out_of_order", "dup_window_exceeded", "partial",
    "no_plan",      "two_base_plans"};

void sp__gen_maker_init(struct sp_gen_maker *maker, const struct sp_gen_world *world)
{
  *maker = (struct sp_gen_maker){.world = world, .next_id = 1};
  sp__random_seed(&maker->random, world->options.seed);
}

static uint64_t below(struct sp_gen_maker *maker, uint64_t bound)
{
  return sp__random_below(&maker->random, bound);
}

/* A subscriber with the chance of its activity that day. */
static uint32_t served_pick(struct sp_gen_maker *maker, int32_t day)
{
  uint32_t index = 0;
  for (int i = 0; i < TRIES_MAX; i++) {
    uint64_t bits = sp__random_next(&maker->random);
    uint64_t scaled = (bits >> 32) * maker->world->options.subscribers;
    index = (uint32_t)(scaled >> 32);
    if ((bits & 15u) < sp__gen_activity(maker->world, index, day)) {
      break;
    }
  }
  return index;
}

/* Where it is: one stay of some days in 16 is a trip. */
static void place_pick(struct sp_gen_maker *maker, struct sp_gen_usage *usage, int32_t day)
{
  const struct sp_gen_world *world = maker->world;
  uint32_t home = sp__gen_home_area(world, usage->served), visited = home;
  uint64_t trip = sp__random_mix(world->options.seed, SALT_TRIP,
                                 (uint64_t)usage->served * 1024 + (uint32_t)day / TRIP_DAYS);
  usage->plmn = SP_GEN_PLMN_HOME;
  usage->roam = SP_GEN_HOME;
  if (trip % 16 == 0) {
    uint32_t kind = (uint32_t)(trip >> 8) % 100, pick = (uint32_t)(trip >> 16) & 0xffffu;
    if (kind < 55) {
      visited = pick % SP_GEN_HOME_AREAS;
      usage->roam = visited == home ? SP_GEN_HOME : SP_GEN_PROVINCE;
    } else if (kind < 95) {
      visited = SP_GEN_HOME_AREAS + pick % (SP_GEN_AREAS - SP_GEN_HOME_AREAS);
      usage->roam = SP_GEN_DOMESTIC;
    } else {
      usage->roam = kind < 98 ? SP_GEN_HMT : SP_GEN_ABROAD;
      usage->plmn = kind < 98 ? 45412 : 44010;
    }
  }
  usage->visited = (uint8_t)visited;
  bool abroad = usage->roam == SP_GEN_HMT || usage->roam == SP_GEN_ABROAD;
  bool blank = visited == home && (trip >> 40) % 8 == 0;
  if (!abroad && !blank) {
    usage->lac = SP_GEN_LAC_FIRST + visited * SP_GEN_LACS + (uint32_t)below(maker, SP_GEN_LACS);
  }
}

static void party_number(struct sp_gen_maker *maker, struct sp_gen_usage *usage, uint64_t bits)
{
  const struct sp_gen_world *world = maker->world;
  uint64_t block = (bits >> 20) % 10000, last = (bits >> 36) % 9999;
  uint64_t line = (bits >> 20) % 90000000 + 10000000;
  static const uint32_t hotline[] = {10086, 10010, 10000, 110, 120, 95599, 12580};
  static const uint32_t asia[] = {81, 82, 65, 66}, wide[] = {1, 44, 49, 33};
  static const uint32_t hmt[] = {852, 853, 886};
  switch ((enum sp_gen_party)usage->party) {
  case SP_GEN_CUSTOMER:
    usage->other_number = sp__gen_number(world, usage->other);
    usage->other_area = sp__gen_home_area(world, usage->other);
    break;
  case SP_GEN_ONNET:
    block %= world->blocks;
    usage->other_number = 8616000000000u + block * 10000 + SP_GEN_BLOCK_USED + last % 500;
    usage->other_area = sp__gen_block_area(160, (uint32_t)block);
    break;
  case SP_GEN_AWAY:
    usage->other_number = 8616100000000u + block * 10000 + last;
    usage->other_area = sp__gen_block_area(161, (uint32_t)block);
    break;
  case SP_GEN_RIVAL: {
    uint32_t segment = bits >> 18 & 1u ? 162 : 163;
    usage->other_number = 8600000000000u + segment * 100000000ull + block * 10000 + last;
    usage->other_area = sp__gen_block_area(segment, (uint32_t)block);
    break;
  }
  case SP_GEN_PORTED_IN:
    usage->other_number = sp__gen_ported((uint32_t)(block % SP_GEN_PORTED));
    usage->other_area =
        sp__gen_block_area(162, (uint32_t)((usage->other_number - 8616200000000u) / 10000));
    break;
  case SP_GEN_FIXED: {
    uint32_t area = bits >> 16 & 3u ? sp__gen_home_area(world, usage->served)
                                    : (uint32_t)(block % SP_GEN_AREAS);
    usage->other_number = (86000ull + sp__gen_area_code(area)) * 100000000 + line;
    usage->other_area = area;
    break;
  }
  case SP_GEN_HOTLINE:
    usage->other_number = hotline[block % 7];
    break;
  case SP_GEN_CONTENT:
    usage->other_number = 12590000 + block % 1000;
    break;
  case SP_GEN_FOREIGN_HMT:
    usage->other_number = hmt[block % 3] * 100000000ull + line;
    break;
  case SP_GEN_FOREIGN_ASIA:
    usage->other_number = asia[block % 4] * 10000000000ull + line;
    break;
  case SP_GEN_FOREIGN_WORLD:
    usage->other_number = wide[block % 4] * 10000000000ull + 4000000000u + line;
    break;
  case SP_GEN_NO_PREFIX:
    usage->other_number = 70000 + block;
    break;
  case SP_GEN_NOBODY:
    break;
  }
}

/* One of the subscriber's regular contacts; the first are called most. */
static void contact_pick(struct sp_gen_maker *maker, struct sp_gen_usage *usage)
{
  const struct sp_gen_world *world = maker->world;
  uint64_t a = below(maker, CONTACTS), b = below(maker, CONTACTS);
  uint64_t contact = a < b ? a : b;
  uint64_t bits = sp__random_mix(world->options.seed, SALT_CONTACT,
                                 (uint64_t)usage->served * CONTACTS + contact);
  uint32_t kind = (uint32_t)(bits & 0xffffu) % 100;
  usage->party = kind < 40   ? SP_GEN_CUSTOMER
                 : kind < 45 ? SP_GEN_ONNET
                 : kind < 52 ? SP_GEN_AWAY
                 : kind < 84 ? SP_GEN_RIVAL
                 : kind < 87 ? SP_GEN_PORTED_IN
                             : SP_GEN_FIXED;
  if (usage->service != SP_GEN_VOICE && usage->party == SP_GEN_FIXED) {
    usage->party = SP_GEN_RIVAL;
  }
  usage->other = (uint32_t)((bits >> 24) % world->options.subscribers);
  if (usage->other == usage->served) {
    usage->party = SP_GEN_RIVAL;
  }
  party_number(maker, usage, bits);
}

/* A member of the own group, the head office or the family; false: no such circle. */
static bool circle_pick(struct sp_gen_maker *maker, struct sp_gen_usage *usage, int32_t day,
                        uint64_t draw)
{
  const struct sp_gen_world *world = maker->world;
  uint32_t group = sp__gen_group_on(world, usage->served, day);
  uint32_t family = sp__gen_family(world, usage->served);
  if (draw < 330 && group != SP_GEN_NONE) {
    const struct sp_gen_group *from = &world->groups[group];
    if (draw < 30) {
      from = &world->groups[from->root];
    }
    usage->other = from->first + (uint32_t)below(maker, from->size);
  } else if (draw >= 330 && draw < 430 && family != SP_GEN_NONE) {
    uint32_t members[3];
    uint32_t count = sp__gen_family_members(world, family, members);
    usage->other = members[below(maker, count)];
  } else {
    return false;
  }
  if (usage->other == usage->served) {
    return false;
  }
  usage->party = SP_GEN_CUSTOMER;
  party_number(maker, usage, 0);
  uint32_t other_group = sp__gen_group_on(world, usage->other, day);
  usage->short_dialled = group != SP_GEN_NONE && other_group == group &&
                         world->groups[group].shorts && (usage->style & 3u) == 0;
  return true;
}

static void other_pick(struct sp_gen_maker *maker, struct sp_gen_usage *usage, int32_t day)
{
  uint64_t draw = below(maker, 1000);
  if (circle_pick(maker, usage, day, draw)) {
    return;
  }
  uint64_t bits = sp__random_next(&maker->random);
  int32_t churn_day = sp__gen_subscriber(maker->world, usage->served).churn_day;
  bool leaving = churn_day != SP_GEN_ALWAYS && day + 25 > churn_day;
  if (leaving && draw >= 900) {
    /* Before a customer goes it asks the rivals' hotlines. */
    usage->party = SP_GEN_HOTLINE;
    usage->other_number = draw % 2 ? 10010 : 10000;
    return;
  }
  if (draw >= 985) {
    usage->party = SP_GEN_HOTLINE;
  } else if (draw >= 980) {
    usage->party = SP_GEN_FOREIGN_HMT;
  } else if (draw >= 976) {
    usage->party = draw % 2 ? SP_GEN_FOREIGN_ASIA : SP_GEN_FOREIGN_WORLD;
  } else if (draw >= 970 && usage->service == SP_GEN_SMS) {
    usage->party = SP_GEN_CONTENT;
  }
  if (usage->party == SP_GEN_NOBODY) {
    contact_pick(maker, usage);
  } else {
    party_number(maker, usage, bits);
  }
  usage->ip = usage->service == SP_GEN_VOICE && usage->party != SP_GEN_HOTLINE &&
              (usage->style >> 2 & 63u) == 0;
}

static void voice_make(struct sp_gen_maker *maker, struct sp_gen_usage *usage, int32_t day)
{
  uint64_t draw = below(maker, 1000);
  usage->direction = draw < 580 ? SP_GEN_MO : draw < 985 ? SP_GEN_MT : SP_GEN_CF;
  other_pick(maker, usage, day);
  bool foreign = usage->party >= SP_GEN_FOREIGN_HMT;
  usage->duration_s = sp__random_lognormal(&maker->random, foreign ? 150 : 58, 430, 14400);
  if (usage->direction == SP_GEN_CF) {
    usage->third = (uint32_t)below(maker, maker->world->options.subscribers);
    usage->short_dialled = false;
  }
  if (usage->direction == SP_GEN_MT) {
    usage->ip = false;
  }
  if (draw % 100 == 7) {
    usage->duration_s = 0;
  } else if (usage->duration_s == 0) {
    usage->duration_s = 1;
  }
  usage->cause = draw % 100 == 8 ? 31 : 0;
  usage->node = (uint8_t)(1 + usage->visited % 24);
  usage->seq = ++maker->seq[usage->node];
}

static void message_make(struct sp_gen_maker *maker, struct sp_gen_usage *usage, int32_t day)
{
  uint64_t draw = below(maker, 1000);
  bool mms = usage->service == SP_GEN_MMS;
  usage->direction = draw < 820 || mms ? SP_GEN_MO : SP_GEN_MT;
  other_pick(maker, usage, day);
  usage->items = mms || draw % 8 != 0 ? 1 : 2 + draw % 3;
  usage->cause = draw % 140 == 9 ? 21 : 0;
  usage->node = (uint8_t)(40 + draw % 4);
}

static void data_make(struct sp_gen_maker *maker, struct sp_gen_usage *usage)
{
  struct sp_random *random = &maker->random;
  uint64_t draw = below(maker, 1000);
  usage->direction = SP_GEN_NO_DIRECTION;
  usage->video = draw % 9 == 0;
  uint64_t median = usage->video ? 6000000 : 400000;
  usage->down_bytes = sp__random_lognormal(random, median, 560, 4000000000u);
  usage->up_bytes = 40 + usage->down_bytes / (4 + draw % 23);
  usage->duration_s = sp__random_lognormal(random, 240, 400, 7200);
  if (draw % 200 == 3) {
    usage->up_bytes = usage->down_bytes = 0;
  }
  if (draw == 3) {
    usage->duration_s = 0;
  }
  usage->node = (uint8_t)(50 + draw % 6);
  usage->session = usage->id * 0x9e3779b1u & 0xffffffffffu;
  usage->seq = 1;
}

void sp__gen_make(struct sp_gen_maker *maker, int64_t start_s, struct sp_gen_usage *usage)
{
  int32_t day = sp__gen_day(start_s);
  *usage = (struct sp_gen_usage){.start_s = start_s, .items = 0};
  usage->id = maker->next_id++;
  usage->served = served_pick(maker, day);
  uint64_t bits = sp__random_next(&maker->random);
  usage->style = (uint32_t)(bits >> 32);
  uint32_t draw = (uint32_t)(bits & 0xffffu) % 1000;
  usage->service = draw < 470   ? SP_GEN_VOICE
                   : draw < 620 ? SP_GEN_SMS
                   : draw < 630 ? SP_GEN_MMS
                                : SP_GEN_DATA;
  place_pick(maker, usage, day);
  if (usage->service == SP_GEN_VOICE) {
    voice_make(maker, usage, day);
  } else if (usage->service == SP_GEN_DATA) {
    data_make(maker, usage);
  } else {
    message_make(maker, usage, day);
  }
}

/* A message record, whatever it was before. */
static void as_message(struct sp_gen_usage *usage, enum sp_gen_service service)
{
  usage->service = (uint8_t)service;
  usage->direction = SP_GEN_MO;
  usage->duration_s = usage->up_bytes = usage->down_bytes = usage->session = 0;
  usage->seq = usage->cause = 0;
  usage->items = 1;
  usage->party = SP_GEN_NOBODY;
  usage->short_dialled = usage->ip = usage->video = false;
  usage->node = 44;
}

void sp__gen_spoil(struct sp_gen_maker *maker, enum sp_gen_plant plant, struct sp_gen_usage *usage)
{
  uint64_t bits = sp__random_next(&maker->random);
  usage->plant = (uint8_t)plant;
  if (plant == SP_GEN_UNKNOWN_PREFIX) {
    as_message(usage, SP_GEN_SMS);
    usage->party = SP_GEN_NO_PREFIX;
    party_number(maker, usage, bits);
  } else if (plant == SP_GEN_NO_RATE) {
    as_message(usage, SP_GEN_FEE);
  } else if (plant == SP_GEN_PRE_RATED) {
    as_message(usage, SP_GEN_VAS);
    usage->party = SP_GEN_CONTENT;
    usage->charge_micro = (bits >> 8) % 200 * 50000;
    party_number(maker, usage, bits);
  }
}
