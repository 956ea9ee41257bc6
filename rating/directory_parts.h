/* How the directory lies in memory. Only rating/directory*.c and rating/customers*.c include this.
 *
 * Subscribers are dense; a subscriber's first row is tenure number = subscriber, further rows are
 * in `later`, chained. Times are 40-bit seconds, so that a tenure is half a cache line. The
 * only subscription of most lies with its subscriber, other lists are kept once each. A membership
 * list is a slice of one array sorted by (subscriber, group, from). */
#ifndef SP_RATING_DIRECTORY_PARTS_H
#define SP_RATING_DIRECTORY_PARTS_H

#include "rating/directory_names.h"

#define SP__DIRECTORY_MAGIC UINT64_C(0x3152494450535F5F)
#define SP__SUBSCRIBERS_MAX UINT32_C(0x7FFFFFFE)
#define SP__ACCOUNTS_MAX \
  UINT32_C(0x3FFFFFFE) /* account indices leave the flag bits of domain keys free */
#define SP__GROUPS_MAX UINT32_C(0x3FFFFFFE)
#define SP__AREAS_MAX 65534u

/* 40-bit seconds: instant + 2^39; 0 and 2^40 - 1 are open ends. Keeps the order of instants of
 * 17,000 years. */
#define SP__TIME_BIAS (INT64_C(1) << 39)
#define SP__TIME_TOP ((INT64_C(1) << 40) - 1)

static inline uint64_t sp__time_pack(int64_t utc_s)
{
  if (utc_s <= 1 - SP__TIME_BIAS) {
    return 0;
  }
  return utc_s >= SP__TIME_BIAS - 1 ? (uint64_t)SP__TIME_TOP : (uint64_t)(utc_s + SP__TIME_BIAS);
}

static inline int64_t sp__time_unpack(uint64_t packed)
{
  if (packed == 0) {
    return SP_TIME_MIN;
  }
  return packed == (uint64_t)SP__TIME_TOP ? SP_TIME_MAX : (int64_t)packed - SP__TIME_BIAS;
}

struct sp__tenure { /* one row of subscribers.csv */
  uint64_t digits;
  uint32_t from_low, to_low;
  uint8_t from_high, to_high;
  uint16_t home_area; /* id in areas + 1, 0 = blank */
  uint32_t account;
  uint32_t next;      /* further row of the same subscriber: index in `later` + 1, 0 = none */
  uint32_t component; /* of the subscriber; only in its first row */
};
_Static_assert(sizeof(struct sp__tenure) == 32, "two tenures a cache line");

static inline uint64_t sp__tenure_from(const struct sp__tenure *tenure)
{
  return (uint64_t)tenure->from_high << 32 | tenure->from_low;
}

static inline uint64_t sp__tenure_to(const struct sp__tenure *tenure)
{
  return (uint64_t)tenure->to_high << 32 | tenure->to_low;
}

static inline bool sp__tenure_holds(const struct sp__tenure *tenure, uint64_t packed)
{
  return sp__tenure_from(tenure) <= packed && packed < sp__tenure_to(tenure);
}

#define SP__TENURE_LATER \
  UINT32_C(0x80000000) /* in the number index: index in `later` | this, or a subscriber */

struct sp__later { /* a further row of a subscriber */
  struct sp__tenure tenure;
  uint32_t subscriber, reserved;
};

struct sp__lists { /* of one subscriber; one more stands behind the last */
  uint32_t memberships_at;
  uint32_t own_low, own_high; /* its subscriptions: SP__OWN_ONE, or a list + 1, 0 = none */
};
_Static_assert(sizeof(struct sp__lists) == 12, "a word in halves, so that nothing is left free");

/* A single subscription without end: its start in the low 40 bits, its plan above. */
#define SP__OWN_ONE (UINT64_C(1) << 63)
#define SP__OWN_PLAN_BITS 23
static inline uint64_t sp__lists_own(const struct sp__lists *lists)
{
  return (uint64_t)lists->own_high << 32 | lists->own_low;
}
static inline void sp__lists_set_own(struct sp__lists *lists, uint64_t own)
{
  lists->own_low = (uint32_t)own;
  lists->own_high = (uint32_t)(own >> 32);
}
static inline uint32_t sp__own_plan(uint64_t own)
{
  return (uint32_t)(own >> 40) & ((UINT32_C(1) << SP__OWN_PLAN_BITS) - 1);
}
static inline struct sp_subscription sp__own_unpack(uint64_t own)
{
  return (struct sp_subscription){sp__time_unpack(own & (uint64_t)SP__TIME_TOP), SP_TIME_MAX,
                                  sp__own_plan(own), 0};
}
/* 0: it is not one that fits. */
static inline uint64_t sp__own_pack(const struct sp_subscription *list, uint32_t count)
{
  uint64_t from = sp__time_pack(list->from_utc_s);
  bool fits = count == 1 && list->to_utc_s == SP_TIME_MAX &&
              list->plan < UINT32_C(1) << SP__OWN_PLAN_BITS &&
              sp__time_unpack(from) == list->from_utc_s;
  return fits ? SP__OWN_ONE | (uint64_t)list->plan << 40 | from : 0;
}

struct sp__slice {
  uint32_t at, count;
};

struct sp__account_class { /* what accounts have in common, kept once each */
  int64_t from_utc_s, to_utc_s;
  int64_t credit_micro; /* -1 = blank */
  uint32_t kind, reserved;
};

struct sp_directory {
  uint64_t magic;
  struct sp_memory *memory;
  struct sp__words subscribers, groups, managers, plans, areas, texts;
  struct sp__words accounts;           /* index only while loading */
  struct sp__names account_titles;     /* id = account */
  struct sp__array account_class_of;   /* uint32_t by account */
  struct sp__array account_classes;    /* struct sp__account_class */
  struct sp__array tenures;            /* struct sp__tenure by subscriber */
  struct sp__array later;              /* struct sp__later */
  struct sp__array lists;              /* struct sp__lists by subscriber, and one more */
  struct sp__array memberships;        /* struct sp_membership */
  struct sp__array subscriptions;      /* struct sp_subscription */
  struct sp__array subscription_lists; /* struct sp__slice */
  struct sp__array group_rows;         /* struct sp_group */
  struct sp__array group_members_at;   /* uint32_t by group, and one more */
  struct sp__array group_members;      /* struct sp_group_member, by (group, subscriber, from) */
  struct sp__array group_list_of;      /* uint32_t by group: subscription list + 1 */
  struct sp__array group_components;   /* uint32_t by group */
  struct sp__array manager_rows;       /* struct sp_manager */
  struct sp__array facts;              /* struct sp_fact, by (subject, at, row) */
  struct sp__index numbers;            /* digits -> tenure */
  struct sp__index shorts;             /* (group, short number) -> membership */
  uint32_t later_count, memberships_count, subscriptions_count, lists_count, account_classes_count,
      facts_count;
};

static inline const struct sp__tenure *sp__tenure_at(const struct sp_directory *directory,
                                                     uint32_t ref)
{
  return ref & SP__TENURE_LATER
             ? &((const struct sp__later *)directory->later.at)[ref & ~SP__TENURE_LATER].tenure
             : &((const struct sp__tenure *)directory->tenures.at)[ref];
}

static inline uint64_t sp__short_hash(uint32_t group, uint64_t short_digits)
{
  return sp_hash_word(short_digits ^ sp_hash_word(group));
}

/* Makes an empty directory in the arena. */
SP_MUST_CHECK enum sp_status sp__directory_make(struct sp_directory **directory,
                                                struct sp_memory *memory);
/* Indexes made anew from the arrays: numbers and short numbers. */
SP_MUST_CHECK enum sp_status sp__directory_index_numbers(struct sp_directory *directory,
                                                         uint64_t room);
SP_MUST_CHECK enum sp_status sp__directory_index_shorts(struct sp_directory *directory);
/* A list of subscriptions kept once: its id + 1. `index` maps hashes of lists to ids. */
SP_MUST_CHECK enum sp_status sp__directory_keep_list(struct sp_directory *directory,
                                                     struct sp__index *index,
                                                     const struct sp_subscription *list,
                                                     uint32_t count, uint32_t *list_of);
/* Components of all subscribers and groups, once everything else is there. `united`: groups whose
 * members share state whatever their domains (a family that has a pool). */
SP_MUST_CHECK enum sp_status sp__directory_components(struct sp_directory *directory,
                                                      const uint32_t *united,
                                                      uint32_t united_count);

/* Whether every index and slice is in bounds and every chain ends. */
bool sp__directory_is_sound(const struct sp_directory *directory);

#endif
