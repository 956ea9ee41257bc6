#include "rating/directory_parts.h"

#define ROWS(directory, array, type) ((const type *)(directory)->array.at)

static void check(const struct sp_directory *directory)
{
  SP_ASSERT(directory != NULL && directory->magic == SP__DIRECTORY_MAGIC);
}

uint32_t sp_directory_subscriber_count(const struct sp_directory *directory)
{
  return directory->subscribers.names.count;
}

uint32_t sp_directory_group_count(const struct sp_directory *directory)
{
  return directory->groups.names.count;
}

uint32_t sp_directory_plan_count(const struct sp_directory *directory)
{
  return directory->plans.names.count;
}

struct sp_name sp_directory_subscriber_name(const struct sp_directory *directory,
                                            uint32_t subscriber)
{
  return sp__names_at(&directory->subscribers.names, subscriber);
}

struct sp_name sp_directory_account_name(const struct sp_directory *directory, uint32_t account)
{
  return sp__names_at(&directory->accounts.names, account);
}

struct sp_name sp_directory_group_name(const struct sp_directory *directory, uint32_t group)
{
  return sp__names_at(&directory->groups.names, group);
}

struct sp_name sp_directory_manager_name(const struct sp_directory *directory, uint32_t manager)
{
  return sp__names_at(&directory->managers.names, manager);
}

struct sp_name sp_directory_plan_name(const struct sp_directory *directory, uint32_t plan)
{
  return sp__names_at(&directory->plans.names, plan);
}

struct sp_name sp_directory_account_title(const struct sp_directory *directory, uint32_t account)
{
  return sp__names_at(&directory->account_titles, account);
}

struct sp_name sp_directory_text(const struct sp_directory *directory, uint32_t text)
{
  return sp__names_at(&directory->texts.names, text);
}

uint32_t sp_directory_find_account(const struct sp_directory *directory, struct sp_name name)
{
  check(directory);
  for (uint32_t account = 0; account < directory->accounts.names.count; account++) {
    if (sp__name_equal(sp__names_at(&directory->accounts.names, account), name)) {
      return account;
    }
  }
  return SP_NONE;
}

uint32_t sp_directory_find_subscriber(const struct sp_directory *directory, struct sp_name name)
{
  return sp__words_find(&directory->subscribers, name);
}

uint32_t sp_directory_find_group(const struct sp_directory *directory, struct sp_name name)
{
  return sp__words_find(&directory->groups, name);
}

uint32_t sp_directory_find_manager(const struct sp_directory *directory, struct sp_name name)
{
  return sp__words_find(&directory->managers, name);
}

uint64_t sp_directory_prefetch_number(const struct sp_directory *directory, uint64_t digits)
{
  uint64_t hash = sp_hash_word(digits);
  sp__index_prefetch(&directory->numbers, hash);
  return hash;
}

uint32_t sp_directory_prefetch_subscriber(const struct sp_directory *directory, uint64_t seek)
{
  struct sp__index_cursor cursor = sp__index_begin(&directory->numbers, seek);
  uint32_t ref = sp__index_next(&directory->numbers, seek, &cursor);
  if (ref != SP_NONE) {
    sp_line_fetch_once(sp__tenure_at(directory, ref));
  }
  return ref;
}

void sp_directory_prefetch_lists(const struct sp_directory *directory, uint32_t subscriber)
{
  const struct sp__lists *lists = ROWS(directory, lists, struct sp__lists) + subscriber;
  sp_line_fetch_once(lists);
  sp_line_fetch_once(lists + 1); /* its memberships end there: mostly the same line */
}

void sp_directory_prefetch_group(const struct sp_directory *directory, uint32_t group)
{
  const struct sp_group *row = ROWS(directory, group_rows, struct sp_group) + group;
  sp_line_fetch_once(row);
  sp_line_fetch_once(&row->family); /* of half of the rows in the next line */
}

void sp_directory_prefetch_tenure(const struct sp_directory *directory, uint32_t subscriber)
{
  sp_line_fetch_once(sp__tenure_at(directory, subscriber));
}

/* Whether a row gives the number at the instant; then `owner` is its. */
static inline bool owner_take(const struct sp_directory *directory, uint32_t ref, uint64_t digits,
                              uint64_t at, struct sp_owner *owner)
{
  const struct sp__tenure *tenure = sp__tenure_at(directory, ref);
  if (tenure->digits != digits || !sp__tenure_holds(tenure, at)) {
    return false;
  }
  owner->subscriber =
      ref & SP__TENURE_LATER
          ? ROWS(directory, later, struct sp__later)[ref & ~SP__TENURE_LATER].subscriber
          : ref;
  owner->account = tenure->account;
  owner->home_area = tenure->home_area;
  return true;
}

bool sp_directory_find_owner(const struct sp_directory *directory, uint32_t hint, uint64_t digits,
                             int64_t at_utc_s, struct sp_owner *owner)
{
  uint64_t at = sp__time_pack(at_utc_s);
  if (SP_LIKELY(hint != SP_NONE && owner_take(directory, hint, digits, at, owner))) {
    return true;
  }
  uint64_t hash = sp_hash_word(digits);
  struct sp__index_cursor cursor = sp__index_begin(&directory->numbers, hash);
  uint32_t ref;
  while ((ref = sp__index_next(&directory->numbers, hash, &cursor)) != SP_NONE) {
    if (owner_take(directory, ref, digits, at, owner)) {
      return true;
    }
  }
  return false;
}

uint32_t sp_directory_find_number(const struct sp_directory *directory, uint64_t digits,
                                  int64_t at_utc_s)
{
  struct sp_owner owner;
  return sp_directory_find_owner(directory, SP_NONE, digits, at_utc_s, &owner) ? owner.subscriber
                                                                               : SP_NONE;
}

uint32_t sp_directory_area_count(const struct sp_directory *directory)
{
  return directory->areas.names.count;
}

struct sp_name sp_directory_area(const struct sp_directory *directory, uint32_t area)
{
  return area == 0 ? (struct sp_name){"", 0} : sp__names_at(&directory->areas.names, area - 1);
}

static const struct sp__tenure *tenure_next(const struct sp_directory *directory,
                                            const struct sp__tenure *tenure)
{
  return tenure->next == 0 ? NULL : sp__tenure_at(directory, (tenure->next - 1) | SP__TENURE_LATER);
}

static const struct sp__tenure *tenure_find(const struct sp_directory *directory,
                                            uint32_t subscriber, int64_t at_utc_s)
{
  SP_ASSERT(subscriber < directory->subscribers.names.count);
  uint64_t at = sp__time_pack(at_utc_s);
  const struct sp__tenure *tenure = sp__tenure_at(directory, subscriber);
  while (tenure != NULL && !sp__tenure_holds(tenure, at)) {
    tenure = tenure_next(directory, tenure);
  }
  return tenure;
}

static struct sp_name home_area(const struct sp_directory *directory,
                                const struct sp__tenure *tenure)
{
  return sp_directory_area(directory, tenure == NULL ? 0 : tenure->home_area);
}

static bool tenure_give(const struct sp_directory *directory, const struct sp__tenure *from,
                        struct sp_tenure *tenure)
{
  if (from == NULL) {
    return false;
  }
  *tenure = (struct sp_tenure){.from_utc_s = sp__time_unpack(sp__tenure_from(from)),
                               .to_utc_s = sp__time_unpack(sp__tenure_to(from)),
                               .digits = from->digits,
                               .account = from->account,
                               .home_area = home_area(directory, from)};
  return true;
}

bool sp_directory_tenure(const struct sp_directory *directory, uint32_t subscriber, uint32_t index,
                         struct sp_tenure *tenure)
{
  SP_ASSERT(subscriber < directory->subscribers.names.count);
  const struct sp__tenure *from = sp__tenure_at(directory, subscriber);
  for (; from != NULL && index > 0; index--) {
    from = tenure_next(directory, from);
  }
  return tenure_give(directory, from, tenure);
}

uint32_t sp_directory_account_at(const struct sp_directory *directory, uint32_t subscriber,
                                 int64_t at_utc_s)
{
  const struct sp__tenure *tenure = tenure_find(directory, subscriber, at_utc_s);
  return tenure == NULL ? SP_NONE : tenure->account;
}

uint64_t sp_directory_number_at(const struct sp_directory *directory, uint32_t subscriber,
                                int64_t at_utc_s)
{
  const struct sp__tenure *tenure = tenure_find(directory, subscriber, at_utc_s);
  return tenure == NULL ? 0 : tenure->digits;
}

struct sp_account sp_directory_account(const struct sp_directory *directory, uint32_t account)
{
  SP_ASSERT(account < directory->accounts.names.count);
  const struct sp__account_class *class =
      &ROWS(directory, account_classes,
            struct sp__account_class)[ROWS(directory, account_class_of, uint32_t)[account]];
  return (struct sp_account){class->from_utc_s, class->to_utc_s, class->credit_micro,
                             class->kind != 0};
}

const struct sp_manager *sp_directory_manager(const struct sp_directory *directory,
                                              uint32_t manager)
{
  SP_ASSERT(manager < directory->managers.names.count);
  return ROWS(directory, manager_rows, struct sp_manager) + manager;
}

const struct sp_group *sp_directory_group(const struct sp_directory *directory, uint32_t group)
{
  SP_ASSERT(group < directory->groups.names.count);
  return ROWS(directory, group_rows, struct sp_group) + group;
}

const struct sp_membership *sp_directory_memberships(const struct sp_directory *directory,
                                                     uint32_t subscriber, uint32_t *count)
{
  SP_ASSERT(subscriber < directory->subscribers.names.count);
  const struct sp__lists *lists = ROWS(directory, lists, struct sp__lists) + subscriber;
  *count = lists[1].memberships_at - lists->memberships_at;
  return ROWS(directory, memberships, struct sp_membership) + lists->memberships_at;
}

const struct sp_membership *sp_directory_membership(const struct sp_directory *directory,
                                                    uint32_t membership)
{
  SP_ASSERT(membership < directory->memberships_count);
  return ROWS(directory, memberships, struct sp_membership) + membership;
}

const struct sp_group_member *sp_directory_group_members(const struct sp_directory *directory,
                                                         uint32_t group, uint32_t *count)
{
  SP_ASSERT(group < directory->groups.names.count);
  const uint32_t *at = ROWS(directory, group_members_at, uint32_t) + group;
  *count = at[1] - at[0];
  return ROWS(directory, group_members, struct sp_group_member) + at[0];
}

static uint64_t own_of(const struct sp_directory *directory, uint32_t subscriber)
{
  SP_ASSERT(subscriber < directory->subscribers.names.count);
  return sp__lists_own(ROWS(directory, lists, struct sp__lists) + subscriber);
}

/* list: + 1, 0 = none */
static const struct sp_subscription *list_at(const struct sp_directory *directory, uint32_t list,
                                             uint32_t *count)
{
  if (list == 0) {
    *count = 0;
    return NULL;
  }
  const struct sp__slice *slice = ROWS(directory, subscription_lists, struct sp__slice) + list - 1;
  *count = slice->count;
  return ROWS(directory, subscriptions, struct sp_subscription) + slice->at;
}

const struct sp_subscription *sp_directory_subscriptions(const struct sp_directory *directory,
                                                         uint32_t subscriber,
                                                         struct sp_subscription *one,
                                                         uint32_t *count)
{
  uint64_t own = own_of(directory, subscriber);
  if (SP_UNLIKELY((own & SP__OWN_ONE) == 0)) {
    return list_at(directory, (uint32_t)own, count);
  }
  *one = sp__own_unpack(own);
  *count = 1;
  return one;
}

const struct sp_subscription *sp_directory_group_subscriptions(const struct sp_directory *directory,
                                                               uint32_t group, uint32_t *count)
{
  SP_ASSERT(group < directory->groups.names.count);
  return list_at(directory, ROWS(directory, group_list_of, uint32_t)[group], count);
}

void sp_directory_prefetch_slice(const struct sp_directory *directory, uint32_t subscriber)
{
  uint64_t own = own_of(directory, subscriber);
  if ((own & SP__OWN_ONE) == 0 && own != 0) {
    sp_line_fetch(ROWS(directory, subscription_lists, struct sp__slice) + own - 1);
  }
}

void sp_directory_prefetch_subscriptions(const struct sp_directory *directory, uint32_t subscriber)
{
  uint64_t own = own_of(directory, subscriber);
  if ((own & SP__OWN_ONE) == 0) {
    uint32_t count;
    sp_line_fetch(list_at(directory, (uint32_t)own, &count));
  }
}

bool sp_directory_membership_holds(const struct sp_directory *directory,
                                   const struct sp_membership *membership, int64_t at_utc_s)
{
  const struct sp_group *group = ROWS(directory, group_rows, struct sp_group) + membership->group;
  return membership->from_utc_s <= at_utc_s && at_utc_s < membership->to_utc_s &&
         group->from_utc_s <= at_utc_s && at_utc_s < group->to_utc_s;
}

uint32_t sp_directory_domain_at(const struct sp_directory *directory, uint32_t subscriber,
                                int64_t at_utc_s)
{
  uint32_t count, family = SP_NONE;
  const struct sp_membership *memberships = sp_directory_memberships(directory, subscriber, &count);
  for (uint32_t i = 0; i < count; i++) {
    if (!sp_directory_membership_holds(directory, &memberships[i], at_utc_s)) {
      continue;
    }
    const struct sp_group *group = sp_directory_group(directory, memberships[i].group);
    if (!group->family) {
      return group->root | SP_DOMAIN_TREE;
    }
    family = memberships[i].group;
  }
  if (family != SP_NONE) {
    return family | SP_DOMAIN_FAMILY;
  }
  return sp_directory_account_at(directory, subscriber, at_utc_s);
}

/* The member of one group with a short number at an instant. */
static uint32_t short_in(const struct sp_directory *directory, uint32_t group,
                         uint64_t short_digits, int64_t at_utc_s)
{
  uint64_t hash = sp__short_hash(group, short_digits);
  struct sp__index_cursor cursor = sp__index_begin(&directory->shorts, hash);
  uint32_t ref;
  while ((ref = sp__index_next(&directory->shorts, hash, &cursor)) != SP_NONE) {
    const struct sp_group_member *member =
        ROWS(directory, group_members, struct sp_group_member) + ref;
    const struct sp_membership *membership = sp_directory_membership(directory, member->membership);
    if (membership->group == group && membership->short_digits == short_digits &&
        sp_directory_membership_holds(directory, membership, at_utc_s)) {
      return member->subscriber;
    }
  }
  return SP_NONE;
}

uint32_t sp_directory_find_short(const struct sp_directory *directory, uint32_t subscriber,
                                 uint64_t short_digits, int64_t at_utc_s)
{
  uint32_t count;
  const struct sp_membership *memberships = sp_directory_memberships(directory, subscriber, &count);
  for (int family = 0; family < 2 && count > 0; family++) {
    for (uint32_t i = 0; i < count; i++) {
      uint32_t group = memberships[i].group;
      if (sp_directory_group(directory, group)->family != family ||
          !sp_directory_membership_holds(directory, &memberships[i], at_utc_s)) {
        continue;
      }
      uint32_t found = short_in(directory, group, short_digits, at_utc_s);
      if (found != SP_NONE) {
        return found;
      }
    }
  }
  return SP_NONE;
}

const struct sp_fact *sp_directory_facts(const struct sp_directory *directory, uint32_t subject,
                                         uint32_t *count)
{
  const struct sp_fact *facts = ROWS(directory, facts, struct sp_fact);
  uint32_t low = 0, high = directory->facts_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (facts[middle].subject < subject) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  uint32_t end = low;
  while (end < directory->facts_count && facts[end].subject == subject) {
    end++;
  }
  *count = end - low;
  return facts + low;
}

/* The stable hash of a component: its first domain's key, as trees come before families before
 * accounts in the order in which they were loaded. Indices never change, so neither does this. */
static uint64_t component_hash(uint32_t component)
{
  return sp_hash_word(component + UINT64_C(0x53504F4D));
}

uint64_t sp_directory_component(const struct sp_directory *directory, uint32_t subscriber)
{
  SP_ASSERT(subscriber < directory->subscribers.names.count);
  return component_hash(ROWS(directory, tenures, struct sp__tenure)[subscriber].component);
}

uint64_t sp_directory_group_component(const struct sp_directory *directory, uint32_t group)
{
  SP_ASSERT(group < directory->groups.names.count);
  return component_hash(ROWS(directory, group_components, uint32_t)[group]);
}
