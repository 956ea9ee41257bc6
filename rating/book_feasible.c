#include "rating/book_checks.h"

#include "rating/sort.h"

#define SP_ZONE_BIT(zone) (1u << SP_ZONE_##zone)
#define SP_NET_BIT(net) (1u << SP_NET_##net)
#define SP_ZONES_ALL ((1u << SP_ZONE_COUNT) - 1)
#define SP_ZONES_OTHER (SP_ZONES_ALL & ~SP_ZONE_BIT(NONE)) /* with another party */
#define SP_ZONES_NEAR (SP_ZONE_BIT(LOCAL) | SP_ZONE_BIT(PROVINCE) | SP_ZONE_BIT(DOMESTIC))

/* The nets that a zone leaves (§6.9, §6.10): both follow from the kind of the other's number; group
 * and family come first. */
static unsigned zone_nets(unsigned zone)
{
  unsigned own = SP_NET_BIT(GROUP) | SP_NET_BIT(FAMILY);
  if (zone == SP_ZONE_NONE) {
    return SP_NET_BIT(NONE);
  }
  if (zone == SP_ZONE_SERVICE) {
    return own | SP_NET_BIT(SERVICE);
  }
  if (zone == SP_ZONE_HMT || zone == SP_ZONE_INTERNATIONAL) {
    return own | SP_NET_BIT(FOREIGN);
  }
  return own | SP_NET_BIT(SP) | SP_NET_BIT(FIXED) | SP_NET_BIT(ONNET) | SP_NET_BIT(MOBILE);
}

bool sp__feasible(unsigned roam, unsigned zone, unsigned net)
{
  bool tree = net >= SP_NET_COUNT;
  unsigned value = tree ? net - SP_NET_COUNT : net;
  bool abroad = roam == SP_ROAM_HMT || roam == SP_ROAM_INTERNATIONAL;
  if (abroad && (zone == SP_ZONE_LOCAL || zone == SP_ZONE_PROVINCE)) {
    return false; /* no charging area (§6.5) */
  }
  if ((zone_nets(zone) >> value & 1u) == 0) {
    return false;
  }
  /* One group is one tree; nobody is in no tree. */
  return value == SP_NET_GROUP ? tree : !(tree && value == SP_NET_NONE);
}

static bool begins(uint64_t prefix, uint64_t digits)
{
  return sp_number_head(digits, sp_number_length(prefix)) == prefix;
}

/* Zones that a foreign number beginning with `digits` may be in. */
static unsigned foreign_zones(uint64_t digits)
{
  static const char *const hmt[] = {"852", "853", "886"};
  unsigned zones = SP_ZONE_BIT(INTERNATIONAL);
  for (size_t i = 0; i < sizeof(hmt) / sizeof(hmt[0]); i++) {
    uint64_t code = sp_number_pack(hmt[i], 3).digits;
    if (begins(code, digits)) {
      return SP_ZONE_BIT(HMT);
    }
    zones |= begins(digits, code) ? SP_ZONE_BIT(HMT) : 0;
  }
  return zones;
}

static unsigned kind_zones(uint8_t kind, uint64_t digits)
{
  return kind == SP_KIND_SERVICE         ? SP_ZONE_BIT(SERVICE)
         : kind == SP_KIND_INTERNATIONAL ? foreign_zones(digits)
                                         : SP_ZONES_NEAR;
}

static uint64_t home_digits(const struct sp__draft *draft)
{
  return sp_number_pack(draft->settings.home_country, draft->settings.home_country_length).digits;
}

static unsigned unknown_zones(const struct sp__draft *draft, uint64_t digits)
{
  uint64_t home = home_digits(draft);
  if (begins(home, digits)) {
    return SP_ZONES_NEAR;
  }
  return foreign_zones(digits) | (begins(digits, home) ? SP_ZONES_NEAR : 0);
}

static int prefix_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__prefix *rows = context;
  return sp_compare_u64(rows[a].digits, rows[b].digits);
}

struct number_plan {
  const struct sp__draft *draft;
  const struct sp__prefix *rows;
  const uint32_t *order;
  uint32_t count;
};

/* How many rows have digits <= these. */
static uint32_t rows_to(const struct number_plan *plan, uint64_t digits)
{
  uint32_t low = 0;
  uint32_t high = plan->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (plan->rows[plan->order[middle]].digits <= digits) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Whether numbers of a row that begins with a node's digits are its own: no longer prefix of a
 * destination takes them into another class. */
static bool is_own(const struct sp__dest_tree *tree, uint32_t node, uint64_t digits)
{
  uint32_t low = node;
  uint32_t high = tree->nodes;
  while (high - low > 1) { /* the last key <= digits is the node's or below it */
    uint32_t middle = low + (high - low) / 2;
    if (tree->keys[middle] <= digits) {
      low = middle;
    } else {
      high = middle;
    }
  }
  while (low != node && !begins(tree->keys[low], digits)) {
    low = tree->parents[low] - 1;
  }
  return low == node;
}

/* Zones of the numbers whose longest prefix of a destination is a node's: by the longest row that
 * begins it, and by the longer rows that are its own. */
static unsigned node_zones(const struct number_plan *plan, const struct sp__dest_tree *tree,
                           uint32_t node)
{
  uint64_t digits = tree->keys[node];
  unsigned length = sp_number_length(digits);
  unsigned zones = 0;
  bool found = false;
  for (unsigned n = length; n > 0 && !found; n--) {
    uint64_t head = sp_number_head(digits, n);
    uint32_t at = rows_to(plan, head);
    if (at > 0 && plan->rows[plan->order[at - 1]].digits == head) {
      zones |= kind_zones(plan->rows[plan->order[at - 1]].kind, digits);
      found = true;
    }
  }
  zones |= found ? 0 : unknown_zones(plan->draft, digits);
  for (uint32_t i = rows_to(plan, digits); i < plan->count && zones != SP_ZONES_OTHER; i++) {
    const struct sp__prefix *row = &plan->rows[plan->order[i]];
    if (!begins(digits, row->digits)) {
      break;
    }
    unsigned more = kind_zones(row->kind, row->digits);
    zones |= (zones & more) != more && is_own(tree, node, row->digits) ? more : 0;
  }
  return zones;
}

/* Whether all numbers that begin with these digits are of some destination. */
static bool is_covered(const struct sp__dest_tree *tree, uint64_t digits)
{
  uint32_t low = 0; /* keys <= digits */
  uint32_t high = tree->nodes;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (tree->keys[middle] <= digits) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (uint32_t node = low; node != 0; node = tree->parents[node - 1]) {
    if (begins(tree->keys[node - 1], digits)) {
      return true;
    }
  }
  if (low == tree->nodes || !begins(digits, tree->keys[low])) {
    return false;
  }
  unsigned length = sp_number_length(digits); /* below that of the key behind */
  for (uint64_t digit = 1; digit <= 10; digit++) {
    if (!is_covered(tree, digits | digit << (60 - 4 * length))) {
      return false;
    }
  }
  return true;
}

/* Whether a number of the home country or of a near row has no destination. */
static bool near_plain(const struct number_plan *plan, const struct sp__dest_tree *tree)
{
  bool near = !is_covered(tree, home_digits(plan->draft));
  for (uint32_t i = 0; i < plan->count && !near; i++) {
    near = (kind_zones(plan->rows[i].kind, plan->rows[i].digits) & SP_ZONES_NEAR) != 0 &&
           !is_covered(tree, plan->rows[i].digits);
  }
  return near;
}

void sp__feasible_make(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  const struct sp__dest_tree *tree = checks->tree;
  struct number_plan plan = {draft, SP_LIST_AT(&draft->prefixes, struct sp__prefix, 0), NULL,
                             draft->prefixes.count};
  plan.order = sp__draft_order(draft, plan.count, prefix_compare, plan.rows);
  checks->class_zones = sp__draft_take(draft, (size_t)tree->classes.count + 1);
  checks->node_zones = sp__draft_take(draft, (size_t)tree->nodes + 1);
  if (draft->status != SP_OK) {
    return;
  }
  checks->class_zones[0] = SP_ZONES_ALL;
  checks->near_plain = near_plain(&plan, tree);
  for (uint32_t node = 0; node < tree->nodes; node++) {
    uint8_t *zones = &checks->class_zones[tree->node_class[node]];
    checks->node_zones[node] = (uint8_t)node_zones(&plan, tree, node);
    *zones |= checks->node_zones[node];
  }
  for (uint32_t class = 1; class < tree->classes.count; class ++) {
    checks->near_classes += (checks->class_zones[class] & SP_ZONES_NEAR) != 0;
  }
}

/* A number that has none of the destinations which the rules walked name is as one of class 0. */
unsigned sp__feasible_plain(const struct sp__checks *checks, uint32_t near_walked)
{
  bool near = checks->near_plain || near_walked < checks->near_classes;
  return near ? SP_ZONES_ALL : SP_ZONES_ALL & ~SP_ZONES_NEAR;
}

bool sp__feasible_near(const struct sp__checks *checks, uint32_t class)
{
  return (checks->class_zones[class] & SP_ZONES_NEAR) != 0;
}

/* Zones of the numbers that a dest cell accepts. */
static unsigned match_zones(const struct sp__checks *checks, const struct sp__match *match)
{
  if (match->dests_count == 0) {
    return SP_ZONES_ALL;
  }
  unsigned zones = 0;
  const uint32_t *dests = SP_LIST_AT(&checks->draft->match_ids, uint32_t, match->dests_at);
  for (uint32_t i = 0; i < match->dests_count; i++) {
    uint32_t count;
    const uint32_t *classes = sp__ids_of(&checks->tree->dest_classes, dests[i], &count);
    for (uint32_t k = 0; k < count; k++) {
      zones |= checks->class_zones[classes[k]];
    }
  }
  return zones;
}

bool sp__feasible_one(uint64_t *accepted, unsigned zones)
{
  uint64_t others = *accepted & ~(SP_FEATURES_ROAM | SP_FEATURES_ZONE | SP_FEATURES_NET);
  for (unsigned roam = 0; roam < SP_ROAM_COUNT; roam++) {
    for (unsigned zone = 0; zone < SP_ZONE_COUNT; zone++) {
      for (unsigned net = 0; net < 2 * SP_NET_COUNT; net++) {
        uint64_t bits = UINT64_C(1) << (SP_FEATURE_ROAM + roam) |
                        UINT64_C(1) << (SP_FEATURE_ZONE + zone) |
                        UINT64_C(1) << (SP_FEATURE_NET + net);
        if ((*accepted & bits) == bits && (zones >> zone & 1u) != 0 &&
            sp__feasible(roam, zone, net)) {
          *accepted = others | bits;
          return true;
        }
      }
    }
  }
  return false;
}

bool sp__feasible_match(const struct sp__checks *checks, const struct sp__match *match)
{
  unsigned zones = match_zones(checks, match);
  for (unsigned roam = 0; roam < SP_ROAM_COUNT; roam++) {
    for (unsigned zone = 0; zone < SP_ZONE_COUNT; zone++) {
      if ((match->accepted >> (SP_FEATURE_ROAM + roam) & 1u) == 0 ||
          (match->accepted >> (SP_FEATURE_ZONE + zone) & 1u) == 0 || (zones >> zone & 1u) == 0) {
        continue;
      }
      for (unsigned net = 0; net < 2 * SP_NET_COUNT; net++) {
        if ((match->accepted >> (SP_FEATURE_NET + net) & 1u) != 0 &&
            sp__feasible(roam, zone, net)) {
          return true;
        }
      }
    }
  }
  return false;
}
