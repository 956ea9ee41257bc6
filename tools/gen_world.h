/* The generated province: who the subscribers, groups and families are. Everything about one of
 * them follows from the seed and its index, so that ten million need no memory but the groups'. */
#ifndef SP_TOOLS_GEN_WORLD_H
#define SP_TOOLS_GEN_WORLD_H

#include "tools/gen_tariff.h"

#include <stdbool.h>
#include <stdint.h>

#define SP_GEN_SUBSCRIBERS_MAX 90000000u
#define SP_GEN_GROUPS_MAX 1000000u
#define SP_GEN_DAYS_MAX 730u
#define SP_GEN_NONE UINT32_MAX
#define SP_GEN_ALWAYS INT32_MAX

#define SP_GEN_BLOCK_USED 9500u /* numbers of a block of 10,000 that subscribers have */
#define SP_GEN_BLOCKS_MIN 24u   /* so that a small province has all areas, too */
#define SP_GEN_HOME_AREAS 12u
#define SP_GEN_AREAS 42u
#define SP_GEN_PORTED 2000u /* numbers of a rival that the home operator has now */
#define SP_GEN_PLMN_HOME 46009u
#define SP_GEN_LAC_FIRST 4001u
#define SP_GEN_LACS 40u /* location areas of an area */

struct sp_gen_options {
  uint64_t seed, records;
  uint32_t subscribers, groups, days;
  bool simple; /* first rating only: base plans, no counter, no discount */
  bool clean;  /* no planted faults, no chains, no late records */
};

/* The plans of a group, bits by enum sp_gen_plan from SP_GEN_VNET on. */
struct sp_gen_group {
  uint32_t first, size; /* its members are subscribers first … first + size - 1 */
  uint32_t root;        /* index of the root group of its tree */
  uint32_t parent;      /* SP_GEN_NONE for a root */
  int32_t fade_day;     /* first day of fading, SP_GEN_ALWAYS = never */
  bool vnet, vtree, pool, office, boss, shorts;
};

struct sp_gen_world {
  struct sp_gen_options options;
  struct sp_gen_group *groups; /* owned */
  uint32_t *group_of;          /* owned; of the first `members` subscribers */
  uint32_t members;            /* subscribers 0 … members - 1 are in enterprise groups */
  uint32_t families, managers;
  uint32_t blocks, block_size;
};

/* What is known of a subscriber. Days from the first, SP_GEN_ALWAYS = never. */
struct sp_gen_subscriber {
  uint8_t plan, next_plan;
  int32_t change_day;          /* from this day next_plan */
  int32_t churn_day;           /* silent from this day */
  int32_t join_day, leave_day; /* of its group; join_day below 0 = long before */
  bool no_plan, two_plans;     /* planted faults */
  uint32_t add_ons;            /* bits from SP_GEN_DATAPACK on */
  uint32_t activity;           /* 1 to 16 */
};

/* False: not enough memory. Free with sp__gen_world_free. */
bool sp__gen_world_make(struct sp_gen_world *world, const struct sp_gen_options *options);
void sp__gen_world_free(struct sp_gen_world *world);

struct sp_gen_subscriber sp__gen_subscriber(const struct sp_gen_world *world, uint32_t index);

/* Activity from 0 to 16 on a day: less while its group fades, 0 when it has churned. */
uint32_t sp__gen_activity(const struct sp_gen_world *world, uint32_t index, int32_t day);

/* The enterprise group the subscriber is a member of on a day, else SP_GEN_NONE. */
uint32_t sp__gen_group_on(const struct sp_gen_world *world, uint32_t index, int32_t day);

/* The family, else SP_GEN_NONE. */
uint32_t sp__gen_family(const struct sp_gen_world *world, uint32_t index);

/* Members of a family: 2 or 3 subscribers. */
uint32_t sp__gen_family_members(const struct sp_gen_world *world, uint32_t family,
                                uint32_t members[3]);

/* The manager of a group. */
uint32_t sp__gen_manager(const struct sp_gen_world *world, uint32_t group);

/* The short number of a member in its tree. */
uint32_t sp__gen_short(const struct sp_gen_world *world, uint32_t index);

/* --- number plan: E.164 with 86 in front; areas 0 … SP_GEN_HOME_AREAS - 1 are the home province.
 */
uint64_t sp__gen_number(const struct sp_gen_world *world, uint32_t index);
uint32_t sp__gen_home_area(const struct sp_gen_world *world, uint32_t index);
/* The area of a mobile number's block: segment 160 … 163, block 0 … 9999. */
uint32_t sp__gen_block_area(uint32_t segment, uint32_t block);
/* Ported number k below SP_GEN_PORTED; they end on 9999, other generated rivals do not. */
uint64_t sp__gen_ported(uint32_t k);
uint32_t sp__gen_area_code(uint32_t area);
uint32_t sp__gen_area_province(uint32_t area);

/* --- book/ and customers/ as files in folder; false: a file could not be written (errno). */
bool sp__gen_book_write(const struct sp_gen_world *world, const char *folder);
bool sp__gen_customers_write(const struct sp_gen_world *world, const char *folder);

#endif
