/* Components: domains that share a subscriber, whenever it was theirs, stay together in one shard,
 * so that a change of domain never moves state between shards (book.md §13.1). Union-find over
 * groups (tree roots and families) and accounts; a component is named by its first node, so groups
 * come before accounts. */
#include "rating/directory_parts.h"

struct unions {
  uint32_t *parents; /* groups, then accounts */
  uint32_t groups;
};

static uint32_t node_of(const struct unions *unions, uint32_t domain)
{
  if (domain & (SP_DOMAIN_TREE | SP_DOMAIN_FAMILY)) {
    return domain & ~(SP_DOMAIN_TREE | SP_DOMAIN_FAMILY);
  }
  return unions->groups + domain;
}

static uint32_t root_of(struct unions *unions, uint32_t node)
{
  while (unions->parents[node] != node) {
    unions->parents[node] = unions->parents[unions->parents[node]];
    node = unions->parents[node];
  }
  return node;
}

static void unite(struct unions *unions, uint32_t a, uint32_t b)
{
  a = root_of(unions, a);
  b = root_of(unions, b);
  if (a < b) {
    unions->parents[b] = a;
  } else {
    unions->parents[a] = b;
  }
}

/* Unites the domains a subscriber has while `tenure` holds: that at its start and at each change of
 * a membership. */
static void tenure_unite(struct unions *unions, const struct sp_directory *directory,
                         uint32_t subscriber, const struct sp_tenure *tenure, uint32_t first)
{
  uint32_t count;
  const struct sp_membership *memberships = sp_directory_memberships(directory, subscriber, &count);
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_group *group = sp_directory_group(directory, memberships[i].group);
    int64_t instants[4] = {memberships[i].from_utc_s, memberships[i].to_utc_s, group->from_utc_s,
                           group->to_utc_s};
    for (int k = 0; k < 4; k++) {
      if (instants[k] > tenure->from_utc_s && instants[k] < tenure->to_utc_s) {
        uint32_t domain = sp_directory_domain_at(directory, subscriber, instants[k]);
        unite(unions, first, node_of(unions, domain));
      }
    }
  }
}

/* Unites all domains of one subscriber; returns one of them. */
static uint32_t subscriber_unite(struct unions *unions, const struct sp_directory *directory,
                                 uint32_t subscriber)
{
  uint32_t first = SP_NONE;
  struct sp_tenure tenure;
  for (uint32_t i = 0; sp_directory_tenure(directory, subscriber, i, &tenure); i++) {
    uint32_t domain = sp_directory_domain_at(directory, subscriber, tenure.from_utc_s);
    uint32_t node = node_of(unions, domain);
    if (first == SP_NONE) {
      first = node;
    }
    unite(unions, first, node);
    tenure_unite(unions, directory, subscriber, &tenure, first);
  }
  SP_ASSERT(first != SP_NONE);
  return first;
}

/* The key of a component: its first node as a domain key. */
static uint32_t component_of(struct unions *unions, const struct sp_directory *directory,
                             uint32_t node)
{
  uint32_t root = root_of(unions, node);
  if (root >= unions->groups) {
    return root - unions->groups;
  }
  return root | (sp_directory_group(directory, root)->family ? SP_DOMAIN_FAMILY : SP_DOMAIN_TREE);
}

static void groups_unite(struct unions *unions, const struct sp_directory *directory,
                         const uint32_t *united, uint32_t united_count)
{
  for (uint32_t i = 0; i < united_count; i++) {
    uint32_t count;
    const struct sp_group_member *members =
        sp_directory_group_members(directory, united[i], &count);
    for (uint32_t k = 0; k < count; k++) {
      uint32_t domain =
          ((struct sp__tenure *)directory->tenures.at)[members[k].subscriber].component;
      unite(unions, united[i], domain);
    }
  }
}

enum sp_status sp__directory_components(struct sp_directory *directory, const uint32_t *united,
                                        uint32_t united_count)
{
  uint32_t groups = directory->groups.names.count;
  uint64_t nodes = (uint64_t)groups + directory->accounts.names.count;
  struct sp__array parents = {NULL, 0};
  SP_TRY(sp__array_room(&parents, directory->memory, nodes * sizeof(uint32_t)));
  struct unions unions = {parents.at, groups};
  for (uint32_t node = 0; node < nodes; node++) {
    unions.parents[node] = node;
  }
  struct sp__tenure *tenures = directory->tenures.at;
  uint32_t subscribers = directory->subscribers.names.count;
  for (uint32_t i = 0; i < subscribers; i++) {
    tenures[i].component = subscriber_unite(&unions, directory, i);
  }
  groups_unite(&unions, directory, united, united_count);
  for (uint32_t i = 0; i < subscribers; i++) {
    tenures[i].component = component_of(&unions, directory, tenures[i].component);
  }
  for (uint32_t i = 0; i < groups; i++) {
    const struct sp_group *group = sp_directory_group(directory, i);
    ((uint32_t *)directory->group_components.at)[i] =
        component_of(&unions, directory, group->family ? i : group->root);
  }
  sp__array_free(&parents, directory->memory);
  return SP_OK;
}
