/* Who is who: accounts, subscribers, numbers, groups, members, subscriptions, managers (book.md §3), effective-dated,
 * read-mostly, in memory. Built from the customer CSV tables by customers_*.c, which refuse rows by §18.6, or from its LMDB
 * environment (store/directory_db). At most 100 B per customer with number and account, all in.
 * Indices are dense from 0 in file order and are the identity of customers in state and journal: they never change.
 * Any number of threads may read. Times are UTC seconds; open ends are SP_TIME_MIN and SP_TIME_MAX (rating/book.h). */
#ifndef SP_RATING_DIRECTORY_H
#define SP_RATING_DIRECTORY_H

#include "rating/book_lookup.h"

struct sp_directory;

struct sp_name { /* borrowed from the directory; not terminated */
  const char *text;
  uint32_t length;
};

struct sp_membership { /* of one subscriber; sorted by (group name, from) */
  int64_t from_utc_s, to_utc_s; /* the row's own */
  uint64_t short_digits;        /* 0 = none */
  uint32_t group, row;
};

struct sp_subscription { /* of one owner, in file order */
  int64_t from_utc_s, to_utc_s;
  uint32_t plan; /* plan name id of the directory (sp_directory_plan_name) */
  uint32_t row;
};

struct sp_group {
  int64_t from_utc_s, to_utc_s;
  uint32_t parent; /* group index or SP_NONE */
  uint32_t root;   /* top of its tree whatever the dates (§3.3) */
  uint32_t account, manager; /* or SP_NONE */
  uint32_t rank;   /* by name among all groups */
  uint8_t family, strategic;
  uint16_t reserved;
};

uint32_t sp_directory_subscriber_count(const struct sp_directory *directory);
uint32_t sp_directory_account_count(const struct sp_directory *directory);
uint32_t sp_directory_group_count(const struct sp_directory *directory);
uint32_t sp_directory_manager_count(const struct sp_directory *directory);
uint32_t sp_directory_plan_count(const struct sp_directory *directory); /* names of subscribed plans */

struct sp_name sp_directory_subscriber_name(const struct sp_directory *directory, uint32_t subscriber);
struct sp_name sp_directory_account_name(const struct sp_directory *directory, uint32_t account);
struct sp_name sp_directory_group_name(const struct sp_directory *directory, uint32_t group);
struct sp_name sp_directory_manager_name(const struct sp_directory *directory, uint32_t manager);
struct sp_name sp_directory_plan_name(const struct sp_directory *directory, uint32_t plan);
/* Index by name or SP_NONE. */
uint32_t sp_directory_find_subscriber(const struct sp_directory *directory, struct sp_name name);
uint32_t sp_directory_find_group(const struct sp_directory *directory, struct sp_name name);
uint32_t sp_directory_find_manager(const struct sp_directory *directory, struct sp_name name);

/* Fetches the cache line of a number's slot, then of its subscriber: call for a batch before find_number. */
void sp_directory_prefetch_number(const struct sp_directory *directory, uint64_t digits);
/* Subscriber that has a number at an instant or SP_NONE. */
uint32_t sp_directory_find_number(const struct sp_directory *directory, uint64_t digits, int64_t at_utc_s);

/* Of a subscriber at an instant: own account, home_area text (length 0 = blank), domain (§13.1). */
uint32_t sp_directory_account_at(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s);
struct sp_name sp_directory_home_area_at(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s);

/* Domain key: group index of the tree's root | SP_DOMAIN_TREE, family group | SP_DOMAIN_FAMILY, or account index. */
#define SP_DOMAIN_TREE UINT32_C(0x80000000)
#define SP_DOMAIN_FAMILY UINT32_C(0x40000000)
uint32_t sp_directory_domain_at(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s);
/* All domains that share a subscriber at any instants form one component, which decides the shard: a stable hash. */
uint64_t sp_directory_component(const struct sp_directory *directory, uint32_t subscriber);
uint64_t sp_directory_group_component(const struct sp_directory *directory, uint32_t group);

/* Lists, borrowed. */
const struct sp_membership *sp_directory_memberships(const struct sp_directory *directory, uint32_t subscriber,
                                                     uint32_t *count);
const struct sp_subscription *sp_directory_subscriptions(const struct sp_directory *directory, uint32_t subscriber,
                                                         uint32_t *count);
const struct sp_subscription *sp_directory_group_subscriptions(const struct sp_directory *directory, uint32_t group,
                                                               uint32_t *count);
const struct sp_group *sp_directory_group(const struct sp_directory *directory, uint32_t group);

/* Member with a short number in the groups `subscriber` is a direct member of at an instant, then in its families
 * (§6.2): that subscriber or SP_NONE. */
uint32_t sp_directory_find_short(const struct sp_directory *directory, uint32_t subscriber, uint64_t short_digits,
                                 int64_t at_utc_s);
/* A number the subscriber has at an instant (for a short number's owner), 0 = none. */
uint64_t sp_directory_number_at(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s);

#endif
