/* The generator's own tariff: one table of rules from which both the book's files are written and
 * list prices are computed. Shares no code with rating/: it is the oracle of totals. */
#ifndef SP_TOOLS_GEN_TARIFF_H
#define SP_TOOLS_GEN_TARIFF_H

#include "tools/gen_calendar.h"

#include <stdbool.h>
#include <stdint.h>

enum sp_gen_plan {
  SP_GEN_TALK,
  SP_GEN_SIXER,
  SP_GEN_NIGHT,
  SP_GEN_FLOW,
  SP_GEN_STEPS,
  SP_GEN_BUNDLE,
  SP_GEN_SENIOR,
  SP_GEN_WORKS,
  SP_GEN_BASE_MAX, /* base plans end here */
  SP_GEN_VNET = SP_GEN_BASE_MAX,
  SP_GEN_VTREE,
  SP_GEN_HOMENET,
  SP_GEN_RATED_MAX, /* plans with rates end here */
  SP_GEN_POOL_S = SP_GEN_RATED_MAX,
  SP_GEN_POOL_L,
  SP_GEN_OFFICE,
  SP_GEN_BOSS,
  SP_GEN_DATAPACK,
  SP_GEN_TALKPACK,
  SP_GEN_SMSPACK,
  SP_GEN_PLAN_MAX
};

/* A lane is what the rules of one item see: service and, for data, the rating group. */
enum sp_gen_lane {
  SP_GEN_LANE_BASE, /* voice, item base */
  SP_GEN_LANE_LD,   /* voice, item ld */
  SP_GEN_LANE_SMS,
  SP_GEN_LANE_MMS,
  SP_GEN_LANE_DATA,
  SP_GEN_LANE_VIDEO, /* data with rating_group video */
  SP_GEN_LANE_MAX
};

enum sp_gen_direction {
  SP_GEN_MO,
  SP_GEN_MT,
  SP_GEN_CF,
  SP_GEN_NO_DIRECTION,
  SP_GEN_DIRECTION_MAX
};
enum sp_gen_roam {
  SP_GEN_HOME,
  SP_GEN_PROVINCE,
  SP_GEN_DOMESTIC,
  SP_GEN_HMT,
  SP_GEN_ABROAD,
  SP_GEN_ROAM_MAX
};
/* Zone; SP_GEN_ZONE_ASIA is international with the destination asia. */
enum sp_gen_zone {
  SP_GEN_ZONE_LOCAL,
  SP_GEN_ZONE_PROVINCE,
  SP_GEN_ZONE_DOMESTIC,
  SP_GEN_ZONE_HMT,
  SP_GEN_ZONE_WORLD,
  SP_GEN_ZONE_ASIA,
  SP_GEN_ZONE_SERVICE,
  SP_GEN_ZONE_NONE,
  SP_GEN_ZONE_MAX
};
enum sp_gen_net {
  SP_GEN_NET_GROUP,
  SP_GEN_NET_FAMILY,
  SP_GEN_NET_SERVICE,
  SP_GEN_NET_SP,
  SP_GEN_NET_FIXED,
  SP_GEN_NET_FOREIGN,
  SP_GEN_NET_ONNET,
  SP_GEN_NET_MOBILE,
  SP_GEN_NET_NONE,
  SP_GEN_NET_MAX
};

#define SP_GEN_ANY 0u /* a blank match cell */

/* One row of rates.csv. The sets are bits by the enums above, 0 = blank. Prices in micro-units of
 * the currency; per, increment and from in s, items or bytes. */
struct sp_gen_rate {
  uint8_t plan, lane;
  uint8_t direction, roam, zone;
  uint16_t net;
  bool tree; /* net = group_tree */
  uint8_t band;
  uint8_t priority;
  uint64_t from, price_micro, per, increment;
  uint64_t connect_micro;
  char rounding; /* h half_up, c ceil, f floor; 0 = the book's (half_up, 3 digits) */
  uint8_t digits;
  bool counter;
};

extern const struct sp_gen_rate sp__gen_rates[];
extern const uint32_t sp__gen_rate_count;
extern const char *const sp__gen_plan_name[SP_GEN_PLAN_MAX];

/* What of a usage the tariff looks at. quantity in s, items or bytes by its lane. */
struct sp_gen_facts {
  uint8_t plan, direction, roam, zone, net;
  bool tree;        /* both in one tree of groups */
  bool vnet, vtree; /* group plans of the served subscriber that hold rates */
  bool homenet;     /* family plan */
  int64_t start_s;  /* local, from the first day's midnight */
  uint64_t quantity;
  uint64_t counter; /* cycle counter of the data rule before this usage */
};

/* What a usage costs, in micro-units. list: rounded per item and added (book.md §8, §9). net is
 * right only in the plans without state (talk, sixer, night): sixer takes 5 % off item base, night
 * 20 % off the messages. counted: the data rule counts in the cycle. */
struct sp_gen_price {
  int64_t list_micro, net_micro;
  bool counted;
};

/* Prices the lanes of one usage. False: no item has a rule (no_rate). */
bool sp__gen_price(const struct sp_gen_facts *facts, const uint8_t *lanes, uint32_t lane_count,
                   struct sp_gen_price *price);

#endif
