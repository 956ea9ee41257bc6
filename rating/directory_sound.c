/* Whether arrays read back hold together: every index and slice in bounds, every chain ends. What
 * lies in a store is checksummed; this is for bytes that are not a directory at all. */
#include "rating/directory_parts.h"

static bool names_sound(const struct sp__names *names)
{
  const uint32_t *blocks = names->blocks.at;
  for (uint32_t id = 0; id < names->count; id += SP__NAMES_BLOCK) {
    uint32_t place = blocks[id / SP__NAMES_BLOCK];
    if (place >= names->used) {
      return false;
    }
    const char *chunk = ((char *const *)names->chunks.at)[place >> SP__NAMES_CHUNK_SHIFT];
    uint32_t at = place & (SP__NAMES_CHUNK_BYTES - 1);
    for (uint32_t k = id; k < id + SP__NAMES_BLOCK && k < names->count; k++) {
      if (at >= SP__NAMES_CHUNK_BYTES) {
        return false;
      }
      at += 1u + (unsigned char)chunk[at];
      if (at > SP__NAMES_CHUNK_BYTES) {
        return false;
      }
    }
  }
  return true;
}

static bool tenure_sound(const struct sp_directory *directory, const struct sp__tenure *tenure,
                         uint32_t next_min)
{
  return tenure->account < directory->accounts.names.count &&
         tenure->home_area <= directory->areas.names.count &&
         (tenure->next == 0 || (tenure->next > next_min && tenure->next <= directory->later_count));
}

static bool own_sound(const struct sp_directory *directory, uint64_t own)
{
  return (own & SP__OWN_ONE) != 0 ? sp__own_plan(own) < directory->plans.names.count
                                  : own <= directory->lists_count;
}

static bool subscribers_sound(const struct sp_directory *directory)
{
  uint32_t count = directory->subscribers.names.count;
  const struct sp__later *later = directory->later.at;
  const struct sp__lists *lists = directory->lists.at;
  for (uint32_t i = 0; i < count; i++) {
    if (!tenure_sound(directory, sp__tenure_at(directory, i), 0) ||
        lists[i].memberships_at > lists[i + 1].memberships_at ||
        !own_sound(directory, sp__lists_own(lists + i))) {
      return false;
    }
  }
  for (uint32_t i = 0; i < directory->later_count; i++) {
    /* A further row stands behind the one that leads to it, so chains end. */
    if (!tenure_sound(directory, &later[i].tenure, i + 1) || later[i].subscriber >= count) {
      return false;
    }
  }
  return lists[0].memberships_at == 0 &&
         lists[count].memberships_at == directory->memberships_count;
}

static bool group_sound(const struct sp_directory *directory, uint32_t index)
{
  uint32_t groups = directory->groups.names.count, texts = directory->texts.names.count;
  const struct sp_group *rows = directory->group_rows.at;
  const struct sp_group *group = &rows[index];
  bool bounds = (group->parent == SP_NONE || group->parent < groups) && group->root < groups &&
                (group->account == SP_NONE || group->account < directory->accounts.names.count) &&
                (group->manager == SP_NONE || group->manager < directory->managers.names.count) &&
                group->title < texts && group->class_text < texts && group->industry < texts &&
                group->region < texts && group->section < texts &&
                ((const uint32_t *)directory->group_list_of.at)[index] <= directory->lists_count;
  if (!bounds) {
    return false;
  }
  uint32_t top = index, steps = 0;
  while (rows[top].parent != SP_NONE) {
    top = rows[top].parent;
    if (top >= groups || ++steps > groups) {
      return false;
    }
  }
  return top == group->root;
}

static bool groups_sound(const struct sp_directory *directory)
{
  uint32_t groups = directory->groups.names.count;
  const uint32_t *members_at = directory->group_members_at.at;
  const struct sp_group_member *members = directory->group_members.at;
  const struct sp_membership *memberships = directory->memberships.at;
  for (uint32_t i = 0; i < groups; i++) {
    if (!group_sound(directory, i) || members_at[i] > members_at[i + 1]) {
      return false;
    }
  }
  for (uint32_t i = 0; i < directory->memberships_count; i++) {
    if (memberships[i].group >= groups ||
        members[i].subscriber >= directory->subscribers.names.count ||
        members[i].membership >= directory->memberships_count) {
      return false;
    }
  }
  return members_at[0] == 0 && members_at[groups] == directory->memberships_count;
}

static bool lists_sound(const struct sp_directory *directory)
{
  const struct sp__slice *slices = directory->subscription_lists.at;
  const struct sp_subscription *subscriptions = directory->subscriptions.at;
  for (uint32_t i = 0; i < directory->lists_count; i++) {
    if (slices[i].at > directory->subscriptions_count ||
        slices[i].count > directory->subscriptions_count - slices[i].at) {
      return false;
    }
  }
  for (uint32_t i = 0; i < directory->subscriptions_count; i++) {
    if (subscriptions[i].plan >= directory->plans.names.count) {
      return false;
    }
  }
  return true;
}

static bool rest_sound(const struct sp_directory *directory)
{
  uint32_t texts = directory->texts.names.count, accounts = directory->accounts.names.count;
  const struct sp_manager *managers = directory->manager_rows.at;
  const struct sp_fact *facts = directory->facts.at;
  for (uint32_t i = 0; i < directory->managers.names.count; i++) {
    if (managers[i].title >= texts || managers[i].section >= texts || managers[i].region >= texts ||
        managers[i].role >= texts) {
      return false;
    }
  }
  for (uint32_t i = 0; i < directory->facts_count; i++) {
    uint32_t subject = facts[i].subject & ~SP_SUBJECT_GROUP;
    bool there = facts[i].subject & SP_SUBJECT_GROUP ? subject < directory->groups.names.count
                                                     : subject < directory->subscribers.names.count;
    if (!there || facts[i].kind >= texts || facts[i].value >= texts) {
      return false;
    }
  }
  for (uint32_t i = 0; i < accounts; i++) {
    if (((const uint32_t *)directory->account_class_of.at)[i] >= directory->account_classes_count) {
      return false;
    }
  }
  return directory->account_titles.count == accounts && texts > 0;
}

bool sp__directory_is_sound(const struct sp_directory *directory)
{
  const struct sp__names *names[] = {&directory->subscribers.names, &directory->groups.names,
                                     &directory->managers.names,    &directory->plans.names,
                                     &directory->areas.names,       &directory->texts.names,
                                     &directory->accounts.names,    &directory->account_titles};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (!names_sound(names[i])) {
      return false;
    }
  }
  return subscribers_sound(directory) && groups_sound(directory) && lists_sound(directory) &&
         rest_sound(directory);
}
