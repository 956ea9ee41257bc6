/* Who is who: accounts, subscribers, numbers, groups, members, subscriptions, managers (book.md
 * §3), effective-dated, read-mostly, in memory. Built from the customer CSV tables by
 * customers_*.c, which refuse rows by §18.6, or from its LMDB environment (store/directory_db). At
 * most 100 B per customer with number and account, all in. Indices are dense from 0 in file order
 * and are the identity of customers in state and journal: they never change. Any number of threads
 * may read. Times are UTC seconds; open ends are SP_TIME_MIN and SP_TIME_MAX (rating/book.h). */
#ifndef SP_RATING_DIRECTORY_H
#define SP_RATING_DIRECTORY_H

#include "rating/book_lookup.h"

struct sp_directory;

struct sp_name { /* borrowed from the directory; not terminated */
  const char *text;
  uint32_t length;
};

struct sp_membership {          /* of one subscriber; sorted by (group name, from) */
  int64_t from_utc_s, to_utc_s; /* the row's own */
  uint64_t short_digits;        /* 0 = none */
  uint32_t group;
  uint32_t row : 31; /* line in members.csv */
  uint32_t key : 1;  /* role is `key`: a key person */
};

struct sp_subscription { /* of one owner, in file order */
  int64_t from_utc_s, to_utc_s;
  uint32_t plan; /* plan name id of the directory (sp_directory_plan_name) */
  uint32_t row;  /* place in its owner's list, from 0. A subscription is told from others of its
                    owner by (plan, from) */
};

struct sp_group {
  int64_t from_utc_s, to_utc_s;
  uint32_t parent;           /* group index or SP_NONE */
  uint32_t root;             /* top of its tree whatever the dates (§3.3) */
  uint32_t account, manager; /* or SP_NONE */
  uint32_t rank;             /* by name among all groups */
  uint8_t family, strategic;
  uint16_t reserved;
  int64_t contract_end_utc_s;                            /* SP_TIME_MAX = none */
  uint32_t title, class_text, industry, region, section; /* texts: sp_directory_text; 0 = blank */
  uint32_t row;                                          /* line in groups.csv */
};

struct sp_manager {
  int64_t from_utc_s, to_utc_s;
  uint32_t title, section, region, role; /* texts */
  uint32_t row;                          /* line in managers.csv; 0 = only named by a group */
  uint32_t reserved;
};

struct sp_account {
  int64_t from_utc_s, to_utc_s;
  int64_t credit_micro; /* -1 = blank */
  bool prepaid;
};

struct sp_tenure { /* one row of subscribers.csv */
  int64_t from_utc_s, to_utc_s;
  uint64_t digits;
  uint32_t account;
  struct sp_name home_area;
};

#define SP_SUBJECT_GROUP \
  UINT32_C(0x80000000) /* subject = group index | this, or a subscriber index */

struct sp_fact { /* sorted by (subject, at), file order within */
  int64_t at_utc_s;
  int64_t value_micro; /* value x 10^6 if it is a decimal, else 0 */
  uint32_t subject;
  uint32_t kind, value; /* texts */
  uint32_t row;         /* line in facts.csv */
};

struct sp_group_member {
  uint32_t subscriber;
  uint32_t membership; /* index for sp_directory_membership */
};

/* Gives the arrays back; names stay in the arena of the sp_memory it was made with. NULL is fine.
 */
void sp_directory_free(struct sp_directory *directory);

uint32_t sp_directory_subscriber_count(const struct sp_directory *directory);
uint32_t sp_directory_group_count(const struct sp_directory *directory);
uint32_t sp_directory_plan_count(
    const struct sp_directory *directory); /* names of subscribed plans */

struct sp_name sp_directory_subscriber_name(const struct sp_directory *directory,
                                            uint32_t subscriber);
struct sp_name sp_directory_account_name(const struct sp_directory *directory, uint32_t account);
struct sp_name sp_directory_group_name(const struct sp_directory *directory, uint32_t group);
struct sp_name sp_directory_manager_name(const struct sp_directory *directory, uint32_t manager);
struct sp_name sp_directory_plan_name(const struct sp_directory *directory, uint32_t plan);
struct sp_name sp_directory_account_title(const struct sp_directory *directory,
                                          uint32_t account); /* column `name` */
/* A text of a group, manager or fact; 0 is the blank one. */
struct sp_name sp_directory_text(const struct sp_directory *directory, uint32_t text);
/* Index by name or SP_NONE. Accounts are searched one by one: for a person's question, not for a
 * record's. */
uint32_t sp_directory_find_account(const struct sp_directory *directory, struct sp_name name);
uint32_t sp_directory_find_subscriber(const struct sp_directory *directory, struct sp_name name);
uint32_t sp_directory_find_group(const struct sp_directory *directory, struct sp_name name);
uint32_t sp_directory_find_manager(const struct sp_directory *directory, struct sp_name name);

/* Three steps for a batch before find_owner, each over the whole batch: fetch the number's slot and
 * return where to seek; from that fetch its subscriber and return a hint; fetch the subscriber's
 * lists of memberships and subscriptions. */
uint64_t sp_directory_prefetch_number(const struct sp_directory *directory, uint64_t digits);
uint32_t sp_directory_prefetch_subscriber(const struct sp_directory *directory, uint64_t seek);
void sp_directory_prefetch_lists(const struct sp_directory *directory, uint32_t subscriber);
/* Fetches a group's row, for sp_directory_membership_holds. */
void sp_directory_prefetch_group(const struct sp_directory *directory, uint32_t group);
/* For sp_directory_subscriptions, in two steps behind sp_directory_prefetch_lists: where the rows
 * stand, and the first of them. */
void sp_directory_prefetch_slice(const struct sp_directory *directory, uint32_t subscriber);
void sp_directory_prefetch_subscriptions(const struct sp_directory *directory, uint32_t subscriber);
/* For a subscriber as the hint: fetches its first row. */
void sp_directory_prefetch_tenure(const struct sp_directory *directory, uint32_t subscriber);
/* Subscriber that has a number at an instant or SP_NONE. */
uint32_t sp_directory_find_number(const struct sp_directory *directory, uint64_t digits,
                                  int64_t at_utc_s);
struct sp_owner { /* of a number at an instant */
  uint32_t subscriber, account;
  uint32_t home_area; /* for sp_directory_area; 0 = blank */
};

/* The same with what the found row says besides; false: nobody has the number then. `hint` is what
 * sp_directory_prefetch_subscriber returned, a subscriber who may have it, or SP_NONE. */
bool sp_directory_find_owner(const struct sp_directory *directory, uint32_t hint, uint64_t digits,
                             int64_t at_utc_s, struct sp_owner *owner);
/* Texts of home areas: 1 .. count; the same text has the same number. */
uint32_t sp_directory_area_count(const struct sp_directory *directory);
struct sp_name sp_directory_area(const struct sp_directory *directory, uint32_t area);
/* Row `index` (from 0, in file order) of a subscriber; false: no more. */
bool sp_directory_tenure(const struct sp_directory *directory, uint32_t subscriber, uint32_t index,
                         struct sp_tenure *tenure);
struct sp_account sp_directory_account(const struct sp_directory *directory, uint32_t account);
const struct sp_manager *sp_directory_manager(const struct sp_directory *directory,
                                              uint32_t manager);

/* Of a subscriber at an instant: own account, domain (§13.1). */
uint32_t sp_directory_account_at(const struct sp_directory *directory, uint32_t subscriber,
                                 int64_t at_utc_s);

/* Domain key: group index of the tree's root | SP_DOMAIN_TREE, family group | SP_DOMAIN_FAMILY, or
 * account index. */
#define SP_DOMAIN_TREE UINT32_C(0x80000000)
#define SP_DOMAIN_FAMILY UINT32_C(0x40000000)
uint32_t sp_directory_domain_at(const struct sp_directory *directory, uint32_t subscriber,
                                int64_t at_utc_s);
/* Whether a membership counts at an instant: within its own dates and its group's (§3.3). */
bool sp_directory_membership_holds(const struct sp_directory *directory,
                                   const struct sp_membership *membership, int64_t at_utc_s);
/* All domains that share a subscriber at any instants form one component, which decides the shard:
 * a stable hash. */
uint64_t sp_directory_component(const struct sp_directory *directory, uint32_t subscriber);
uint64_t sp_directory_group_component(const struct sp_directory *directory, uint32_t group);

/* Lists, borrowed. */
const struct sp_membership *sp_directory_memberships(const struct sp_directory *directory,
                                                     uint32_t subscriber, uint32_t *count);
/* `one`: room for the only one of most, which is then what is given back. */
const struct sp_subscription *sp_directory_subscriptions(const struct sp_directory *directory,
                                                         uint32_t subscriber,
                                                         struct sp_subscription *one,
                                                         uint32_t *count);
const struct sp_subscription *sp_directory_group_subscriptions(const struct sp_directory *directory,
                                                               uint32_t group, uint32_t *count);
const struct sp_group *sp_directory_group(const struct sp_directory *directory, uint32_t group);
/* Direct members of a group, by subscriber, then from; a subscriber that came back is there again.
 */
const struct sp_group_member *sp_directory_group_members(const struct sp_directory *directory,
                                                         uint32_t group, uint32_t *count);
const struct sp_membership *sp_directory_membership(const struct sp_directory *directory,
                                                    uint32_t membership);
const struct sp_fact *sp_directory_facts(const struct sp_directory *directory, uint32_t subject,
                                         uint32_t *count);

/* Member with a short number in the groups `subscriber` is a direct member of at an instant, then
 * in its families (§6.2): that subscriber or SP_NONE. */
uint32_t sp_directory_find_short(const struct sp_directory *directory, uint32_t subscriber,
                                 uint64_t short_digits, int64_t at_utc_s);
/* A number the subscriber has at an instant (for a short number's owner), 0 = none. */
uint64_t sp_directory_number_at(const struct sp_directory *directory, uint32_t subscriber,
                                int64_t at_utc_s);

#endif
