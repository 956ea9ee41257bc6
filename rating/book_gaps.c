#include "rating/book_checks.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/sort.h"

/* Gaps (§18.3): an item that some record meets at one time and not at another. The records are
 * walked by classes: by the set of destinations of the other's number, by rating group, then by
 * service, direction, roam, zone and net as far as §6 lets them occur together. For one class the
 * rules that match apart from the band have to cover all times or none. Most books have few ways to
 * write an item, so the answer is kept by the matches that an item is made of. */

struct gap_rule {
  const struct sp__match *match;
  uint64_t accepted; /* services that the unit counts only */
  uint64_t bands;    /* 0 = all times */
};

struct gap_found {   /* an example: a class and the bands of the rules that match it */
  uint64_t features; /* one bit per column */
  uint64_t covered;
  uint32_t class, group; /* group: rating group id or SP_NONE */
};

struct gap_use { /* a rule in a class of destinations, or with a rating group */
  uint32_t in, rule;
};

struct gap_uses {       /* memory that one walk after the other uses */
  struct sp__list list; /* struct gap_use */
  uint32_t *order, *scratch;
  uint32_t room;
};

struct gaps {
  struct sp__checks *checks;
  struct sp__draft *draft;
  struct gap_rule *rules; /* of the items walked now */
  uint32_t *sets[8];      /* scratch: rules left at each step */
  uint32_t rules_count, room;
  uint32_t class, group;
  unsigned plain_zones; /* of the numbers that have no destination of these rules */
  uint32_t base_plans;
  struct gap_uses classes, groups;
  struct sp__keys answers; /* by signature: 0 no gap, 1 gap */
  struct sp__keys walked;  /* of one search: rules and zones of classes */
  struct gap_found found;
};

static bool covers(const struct gaps *gaps, uint64_t bands)
{
  for (uint32_t i = 0; i < gaps->checks->span_sets.count; i++) {
    if ((*SP_LIST_AT(&gaps->checks->span_sets, uint64_t, i) & bands) == 0) {
      return false;
    }
  }
  return true;
}

/* Those of `from` that accept all of `bits`; none if no one of them has a band cell. */
static uint32_t filter(const struct gaps *gaps, const uint32_t *from, uint32_t count, uint64_t bits,
                       uint32_t *to)
{
  uint32_t kept = 0;
  bool banded = false;
  for (uint32_t i = 0; i < count; i++) {
    const struct gap_rule *rule = &gaps->rules[from[i]];
    if ((rule->accepted & bits) == bits) {
      to[kept++] = from[i];
      banded = banded || rule->bands != 0;
    }
  }
  return banded ? kept : 0; /* without bands there is no gap: nothing to look at */
}

static bool leaf(struct gaps *gaps, const uint32_t *rules, uint32_t count, uint64_t features)
{
  uint64_t bands = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (gaps->rules[rules[i]].bands == 0) {
      return false;
    }
    bands |= gaps->rules[rules[i]].bands;
  }
  if (count == 0 || covers(gaps, bands)) {
    return false;
  }
  gaps->found = (struct gap_found){features, bands, gaps->class, gaps->group};
  return true;
}

/* The same, but of the values of one column that leave all of `from` only the first counts: what
 * follows is the same for each. `all` starts as false. */
static uint32_t narrow(const struct gaps *gaps, const uint32_t *from, uint32_t count, uint64_t bit,
                       uint32_t *to, bool *all)
{
  uint32_t left = filter(gaps, from, count, bit, to);
  if (left < count) {
    return left;
  }
  bool again = *all;
  *all = true;
  return again ? 0 : left;
}

static bool nets_walk(struct gaps *gaps, unsigned roam, unsigned zone, uint32_t count,
                      uint64_t features)
{
  bool all = false;
  for (unsigned net = 0; net < 2 * SP_NET_COUNT; net++) {
    uint64_t net_bit = UINT64_C(1) << (SP_FEATURE_NET + net);
    if (!sp__feasible(roam, zone, net)) {
      continue;
    }
    uint32_t left = narrow(gaps, gaps->sets[6], count, net_bit, gaps->sets[7], &all);
    if (leaf(gaps, gaps->sets[7], left, features | net_bit)) {
      return true;
    }
  }
  return false;
}

/* Roam, zone and net together, as they can be. At home everything is possible that is possible
 * elsewhere, so the first roam that leaves all rules stands for the others that do. */
static bool places_walk(struct gaps *gaps, const uint32_t *rules, uint32_t count, uint64_t features)
{
  unsigned zones = gaps->class == 0 ? gaps->plain_zones : gaps->checks->class_zones[gaps->class];
  bool all = false;
  for (unsigned roam = 0; roam < SP_ROAM_COUNT; roam++) {
    uint64_t roam_bit = UINT64_C(1) << (SP_FEATURE_ROAM + roam);
    uint32_t in_roam = narrow(gaps, rules, count, roam_bit, gaps->sets[5], &all);
    for (unsigned zone = 0; in_roam > 0 && zone < SP_ZONE_COUNT; zone++) {
      uint64_t zone_bit = UINT64_C(1) << (SP_FEATURE_ZONE + zone);
      uint32_t in_zone = 0;
      if ((zones >> zone & 1u) != 0) {
        in_zone = filter(gaps, gaps->sets[5], in_roam, zone_bit, gaps->sets[6]);
      }
      if (in_zone > 0 && nets_walk(gaps, roam, zone, in_zone, features | roam_bit | zone_bit)) {
        return true;
      }
    }
  }
  return false;
}

static bool features_walk(struct gaps *gaps, const uint32_t *rules, uint32_t count)
{
  bool all_services = false;
  for (unsigned service = 0; service < SP_SERVICE_COUNT; service++) {
    uint64_t service_bit = UINT64_C(1) << (SP_FEATURE_SERVICE + service);
    uint32_t served = narrow(gaps, rules, count, service_bit, gaps->sets[3], &all_services);
    bool all_directions = false;
    for (unsigned direction = 0; served > 0 && direction < 4; direction++) {
      uint64_t direction_bit = UINT64_C(1) << (SP_FEATURE_DIRECTION + direction);
      uint32_t left =
          narrow(gaps, gaps->sets[3], served, direction_bit, gaps->sets[4], &all_directions);
      if (left > 0 && places_walk(gaps, gaps->sets[4], left, service_bit | direction_bit)) {
        return true;
      }
    }
  }
  return false;
}

static int use_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct gap_use *uses = context;
  return uses[a].in != uses[b].in ? sp_compare_u64(uses[a].in, uses[b].in)
                                  : sp_compare_u64(uses[a].rule, uses[b].rule);
}

static void use_add(struct gaps *gaps, struct gap_uses *uses, uint32_t in, uint32_t rule)
{
  *(struct gap_use *)sp__list_add(gaps->draft, &uses->list, sizeof(struct gap_use)) =
      (struct gap_use){in, rule};
}

/* Their order by what they are in. NULL: there are none, or no memory. */
static const uint32_t *uses_sort(struct sp__draft *draft, struct gap_uses *uses)
{
  uint32_t count = uses->list.count;
  if (count > uses->room) {
    uses->room = count * 2;
    uses->order = sp__draft_take(draft, (size_t)uses->room * sizeof(*uses->order));
    uses->scratch = sp__draft_take(draft, (size_t)uses->room * sizeof(*uses->scratch));
  }
  if (draft->status != SP_OK || count == 0) {
    return NULL;
  }
  for (uint32_t i = 0; i < count; i++) {
    uses->order[i] = i;
  }
  sp_sort(uses->order, uses->scratch, count, use_compare,
          SP_LIST_AT(&uses->list, struct gap_use, 0));
  return uses->order;
}

/* The rating groups that the cells name, one after the other; the walk without any of them comes
 * first. */
static bool groups_walk(struct gaps *gaps, const uint32_t *rules, uint32_t count)
{
  struct sp__draft *draft = gaps->draft;
  struct sp__list *list = &gaps->groups.list;
  uint32_t blank = 0;
  list->count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct sp__match *match = gaps->rules[rules[i]].match;
    for (uint32_t k = 0; k < match->groups_count; k++) {
      uint32_t group = *SP_LIST_AT(&draft->match_ids, uint32_t, match->groups_at + k);
      use_add(gaps, &gaps->groups, group, rules[i]);
    }
    if (match->groups_count == 0) {
      gaps->sets[2][blank++] = rules[i];
    }
  }
  gaps->group = SP_NONE;
  if (draft->status != SP_OK || features_walk(gaps, gaps->sets[2], blank)) {
    return draft->status == SP_OK;
  }
  const uint32_t *order = uses_sort(draft, &gaps->groups);
  const struct gap_use *uses = SP_LIST_AT(list, struct gap_use, 0);
  for (uint32_t from = 0; order != NULL && from < list->count;) {
    uint32_t group = uses[order[from]].in;
    uint32_t left = blank;
    for (; from < list->count && uses[order[from]].in == group; from++) {
      gaps->sets[2][left++] = uses[order[from]].rule;
    }
    gaps->group = group;
    if (features_walk(gaps, gaps->sets[2], left)) {
      return true;
    }
  }
  return false;
}

/* A rule is in a class once, though several of its destinations are. */
static void class_uses(struct gaps *gaps, uint32_t rule)
{
  const struct sp__match *match = gaps->rules[rule].match;
  for (uint32_t i = 0; i < match->dests_count; i++) {
    uint32_t dest = *SP_LIST_AT(&gaps->draft->match_ids, uint32_t, match->dests_at + i);
    uint32_t count;
    const uint32_t *classes = sp__ids_of(&gaps->checks->tree->dest_classes, dest, &count);
    for (uint32_t k = 0; k < count; k++) {
      use_add(gaps, &gaps->classes, classes[k], rule);
    }
  }
}

/* Whether no class walked before has these rules and these zones: only the number differs then. */
static bool class_is_new(struct gaps *gaps, uint32_t count)
{
  uint64_t key = sp_hash64(gaps->sets[1], count * sizeof(**gaps->sets),
                           gaps->checks->class_zones[gaps->class]);
  return sp__keys_put(gaps->draft, &gaps->walked, key, 0) == SP_NONE;
}

/* Whether the rules in `gaps` leave a gap for some record. */
static bool gap_search(struct gaps *gaps)
{
  struct sp__draft *draft = gaps->draft;
  struct sp__list *list = &gaps->classes.list;
  uint32_t plain = 0;
  bool banded = false;
  for (uint32_t i = 0; i < gaps->rules_count && !banded; i++) {
    banded = gaps->rules[i].bands != 0;
  }
  if (!banded) {
    return false;
  }
  list->count = 0;
  for (uint32_t i = 0; i < gaps->rules_count; i++) {
    class_uses(gaps, i);
    if (gaps->rules[i].match->dests_count == 0) {
      gaps->sets[1][plain++] = i;
    }
  }
  if (draft->status != SP_OK) {
    return false;
  }
  const uint32_t *order = uses_sort(draft, &gaps->classes);
  const struct gap_use *uses = SP_LIST_AT(list, struct gap_use, 0);
  uint32_t near = 0;
  for (uint32_t i = 0; order != NULL && i < list->count; i++) {
    near += (i == 0 || uses[order[i]].in != uses[order[i - 1]].in) &&
            sp__feasible_near(gaps->checks, uses[order[i]].in);
  }
  gaps->plain_zones = sp__feasible_plain(gaps->checks, near);
  gaps->class = 0;
  if (groups_walk(gaps, gaps->sets[1], plain)) {
    return true;
  }
  gaps->walked.count = 0;
  for (uint32_t i = 0; i < gaps->walked.slots; i++) {
    gaps->walked.values[i] = 0;
  }
  for (uint32_t from = 0; order != NULL && from < list->count && draft->status == SP_OK;) {
    uint32_t left = plain;
    gaps->class = uses[order[from]].in;
    for (; from < list->count && uses[order[from]].in == gaps->class; from++) {
      if (left == plain || gaps->sets[1][left - 1] != uses[order[from]].rule) {
        gaps->sets[1][left++] = uses[order[from]].rule;
      }
    }
    if (class_is_new(gaps, left) && groups_walk(gaps, gaps->sets[1], left)) {
      return true;
    }
  }
  return false;
}

static bool rules_add(struct gaps *gaps, const struct sp__plan_item *item)
{
  struct sp__draft *draft = gaps->draft;
  uint32_t count = gaps->rules_count + item->rules_count;
  if (count > gaps->room) {
    uint32_t room = count * 2;
    struct gap_rule *rules = sp__draft_take(draft, room * sizeof(*rules));
    for (uint32_t i = 1; i < 8; i++) {
      gaps->sets[i] = sp__draft_take(draft, room * sizeof(**gaps->sets));
    }
    if (draft->status != SP_OK) {
      return false;
    }
    if (gaps->rules_count > 0) {
      memcpy(rules, gaps->rules, gaps->rules_count * sizeof(*rules));
    }
    gaps->rules = rules;
    gaps->room = room;
  }
  uint64_t services = sp__unit_services((enum sp_unit)item->unit) | ~SP_FEATURES_SERVICE;
  for (uint32_t i = 0; i < item->rules_count; i++) {
    const struct sp__match *match =
        &sp__rule_row(draft, draft->rule_order[item->rules_at + i])->match;
    gaps->rules[gaps->rules_count++] =
        (struct gap_rule){match, match->accepted & services, match->bands};
  }
  return true;
}

/* What the answer depends on: the matches of an item's rules, in any order. */
static uint64_t item_signature(const struct sp__draft *draft, const struct sp__plan_item *item)
{
  uint64_t sum = item->unit;
  for (uint32_t i = 0; i < item->rules_count; i++) {
    const struct sp__match *match =
        &sp__rule_row(draft, draft->rule_order[item->rules_at + i])->match;
    const uint32_t *ids = SP_LIST_AT(&draft->match_ids, uint32_t, 0);
    uint64_t words[5] = {match->accepted, match->bands, match->set, 0, 0};
    if (match->dests_count > 0) {
      words[3] = sp_hash64(ids + match->dests_at, match->dests_count * sizeof(*ids), 1);
    }
    if (match->groups_count > 0) {
      words[4] = sp_hash64(ids + match->groups_at, match->groups_count * sizeof(*ids), 2);
    }
    sum += sp_hash64(words, sizeof(words), 0);
  }
  return sp_hash_word(sum);
}

/* A prefix of the class found whose numbers may be in the zone found. */
static uint64_t found_number(const struct gaps *gaps)
{
  const struct sp__dest_tree *tree = gaps->checks->tree;
  uint64_t zones = gaps->found.features >> SP_FEATURE_ZONE;
  uint32_t node = 0;
  while (tree->node_class[node] != gaps->found.class ||
         (gaps->checks->node_zones[node] & zones) == 0) {
    node++;
  }
  return tree->keys[node];
}

static void gap_report(struct gaps *gaps, const struct sp__plan_item *item,
                       const struct sp__term *base)
{
  const struct sp__draft *draft = gaps->draft;
  const struct gap_found *found = &gaps->found;
  const struct sp__term *name = sp__terms_at(&draft->items, item->item);
  uint64_t bands[3] = {0, 0, found->covered};
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "item ");
  sp_text_add_bytes(&text, name->text, name->length);
  sp_text_add(&text, base == NULL ? "" : " with base plan ");
  sp_text_add_bytes(&text, base == NULL ? "" : base->text, base == NULL ? 0 : base->length);
  sp_text_add(&text, " has no rule on ");
  (void)sp__example_time(&text, draft, bands);
  sp_text_add(&text, ", but at other times, for a record with ");
  sp__example_features(&text, found->features, (1u << SP_COLUMN_FEATURES) - 1);
  if (found->class != 0) {
    sp__example_number(&text, found_number(gaps));
  }
  if (found->group != SP_NONE) {
    sp__example_term(&text, "rating_group", sp__terms_at(&draft->groups, found->group));
  }
  sp_text_add(&text, "; expected a rule at every time");
  sp_problem_error(draft->problems, "rates.csv", item->first_line, 1, buffer);
}

static bool items_search(struct gaps *gaps, const struct sp__plan_item *a,
                         const struct sp__plan_item *b)
{
  gaps->rules_count = 0;
  return rules_add(gaps, a) && (b == NULL || rules_add(gaps, b)) && gap_search(gaps);
}

struct gap_item { /* an item of a base, group or family plan */
  const struct sp__plan_item *item;
  uint64_t signature;
  bool group, gap;
  bool doubt; /* a row that cannot be read may fill it */
};

/* Whether the item alone has a gap; the same matches give the same answer. */
static bool item_gap(struct gaps *gaps, const struct gap_item *one)
{
  uint32_t known = sp__keys_find(&gaps->answers, one->signature);
  if (known != SP_NONE) {
    return known == 1;
  }
  bool gap = items_search(gaps, one->item, NULL);
  (void)sp__keys_put(gaps->draft, &gaps->answers, one->signature, gap);
  return gap;
}

/* Whether a group plan's item has a gap together with that of a base plan which has none alone. */
static bool pair_gap(struct gaps *gaps, const struct gap_item *base, const struct gap_item *group)
{
  uint64_t signature = sp_hash_word(base->signature + 1) ^ group->signature;
  uint32_t known = sp__keys_find(&gaps->answers, signature);
  if (known != SP_NONE) {
    return known == 1;
  }
  bool gap = items_search(gaps, base->item, group->item);
  (void)sp__keys_put(gaps->draft, &gaps->answers, signature, gap);
  return gap;
}

/* The plans that have one item: base plans first, those with equal matches next to each other. */
static int item_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct gap_item *x = (const struct gap_item *)context + a;
  const struct gap_item *y = (const struct gap_item *)context + b;
  if (x->item->item != y->item->item) {
    return sp_compare_u64(x->item->item, y->item->item);
  }
  if (x->group != y->group) {
    return x->group ? 1 : -1;
  }
  return x->signature != y->signature ? sp_compare_u64(x->signature, y->signature)
                                      : sp_compare_u64(x->item->first_line, y->item->first_line);
}

/* A gap of a group plan counts where some base plan, without a gap of its own, does not fill it. */
static void group_check(struct gaps *gaps, const struct gap_item *items, const uint32_t *order,
                        uint32_t base_count, const struct gap_item *group)
{
  if (base_count < gaps->base_plans || gaps->base_plans == 0) {
    if (items_search(gaps, group->item, NULL)) {
      gap_report(gaps, group->item, NULL);
    }
    return;
  }
  for (uint32_t i = 0; i < base_count && gaps->draft->status == SP_OK; i++) {
    const struct gap_item *base = &items[order[i]];
    bool again = i > 0 && items[order[i - 1]].signature == base->signature;
    if (base->gap || again || !pair_gap(gaps, base, group)) {
      continue;
    }
    if (items_search(gaps, base->item, group->item)) {
      gap_report(gaps, group->item, sp__terms_at(&gaps->draft->plans, base->item->plan));
    }
    return;
  }
}

static void items_check(struct gaps *gaps, struct gap_item *items, uint32_t count)
{
  uint32_t *order = sp__draft_order(gaps->draft, count, item_compare, items);
  for (uint32_t from = 0; order != NULL && from < count;) {
    uint32_t to = from;
    uint32_t base_count = 0;
    for (; to < count && items[order[to]].item->item == items[order[from]].item->item; to++) {
      struct gap_item *one = &items[order[to]];
      one->gap = one->doubt || item_gap(gaps, one);
      base_count += !one->group;
      if (one->doubt) {
        continue;
      }
      if (one->gap && !one->group && items_search(gaps, one->item, NULL)) {
        gap_report(gaps, one->item, NULL);
      } else if (one->gap && one->group) {
        group_check(gaps, items, order + from, base_count, one);
      }
      if (gaps->draft->status != SP_OK) {
        return;
      }
    }
    from = to;
  }
}

/* Whether rows that cannot be read may have made another item of it. */
static bool item_doubt(const struct sp__draft *draft, const struct sp__plan_item *item,
                       bool of_group)
{
  bool doubt = sp__doubt_of(draft, item->plan, item->item) ||
               (of_group && sp__doubt_of_others(draft, item->item));
  for (uint32_t i = 0; i < item->rules_count && !doubt; i++) {
    uint64_t bands = sp__rule_row(draft, draft->rule_order[item->rules_at + i])->match.bands;
    doubt = (bands & draft->doubt.bands) != 0 || (bands != 0 && draft->bands.lost);
  }
  return doubt;
}

void sp__check_gaps(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  struct gaps *gaps = sp__draft_take(draft, sizeof(*gaps));
  struct gap_item *items = sp__draft_take(draft, draft->plan_items.count * sizeof(*items));
  if (gaps == NULL || items == NULL) {
    return;
  }
  gaps->checks = checks;
  gaps->draft = draft;
  for (uint32_t i = 0; i < draft->plan_rows.count; i++) {
    gaps->base_plans += sp__plan_kind(draft, i) == SP_PLAN_BASE;
  }
  uint32_t count = 0;
  for (uint32_t i = 0; i < draft->plan_items.count; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    bool of_group = sp__plan_kind(draft, item->plan) != SP_PLAN_BASE;
    items[count++] = (struct gap_item){item, item_signature(draft, item), of_group, false,
                                       item_doubt(draft, item, of_group)};
  }
  items_check(gaps, items, count);
}
