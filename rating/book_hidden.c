#include "rating/book_checks.h"

/* Warnings (§18.4): rules that no record can meet by their own cells, and rules that another rule
 * of the item, which comes before them at every record, hides. A rule can hide others only if its
 * priority is above the lowest or if one of its cells lists all values of a column; so there are
 * few to compare with. */

struct hiders {
  struct sp__checks *checks;
  struct sp__draft *draft;
  struct sp__list chain; /* struct hider_entry: candidates of the item looked at */
  struct sp__list heads; /* uint32_t: entry + 1, by place in `keys` */
  struct sp__keys keys;  /* destination, rating group -> head of a chain, the best rule first */
};

struct hider_entry {
  uint32_t rule, next;
};

#define SP_HIDER_SLOTS_KEPT 1024
#define SP_HIDER_GROUPS_MAX 16 /* a rule with more rating groups is kept as if it had none */

/* Whether at every time at which a band of `inner` holds (0 = always) one of `outer` does (0 =
 * always). */
static bool bands_within(const struct sp__checks *checks, uint64_t inner, uint64_t outer)
{
  for (uint32_t i = 0; i < checks->span_sets.count && outer != 0; i++) {
    uint64_t set = *SP_LIST_AT(&checks->span_sets, uint64_t, i);
    if ((inner == 0 || (set & inner) != 0) && (set & outer) == 0) {
      return false;
    }
  }
  return true;
}

static bool hides_at_all(const struct sp__checks *checks, const struct sp__match *match,
                         const struct sp__plan_item *item, bool above)
{
  uint64_t services = sp__unit_services((enum sp_unit)item->unit);
  for (uint32_t column = 0; column < SP_COLUMN_FEATURES; column++) {
    uint64_t all = sp__column_features(column);
    all = column == SP_COLUMN_SERVICE ? all & services : all;
    above = above || ((match->set >> column & 1u) != 0 && (match->accepted & all) == all);
  }
  return above || (match->bands != 0 && bands_within(checks, 0, match->bands));
}

static bool has_id(const uint32_t *ids, uint32_t count, uint32_t id)
{
  uint32_t low = 0;
  while (low < count) {
    uint32_t middle = low + (count - low) / 2;
    if (ids[middle] == id) {
      return true;
    }
    if (ids[middle] < id) {
      low = middle + 1;
    } else {
      count = middle;
    }
  }
  return false;
}

static bool groups_within(const struct sp__draft *draft, const struct sp__match *inner,
                          const struct sp__match *outer)
{
  const uint32_t *ids = SP_LIST_AT(&draft->match_ids, uint32_t, 0);
  if (outer->groups_count == 0) {
    return true;
  }
  for (uint32_t i = 0; i < inner->groups_count; i++) {
    if (!has_id(ids + outer->groups_at, outer->groups_count, ids[inner->groups_at + i])) {
      return false;
    }
  }
  return inner->groups_count > 0;
}

/* Every prefix of `inner` begins with a prefix of `outer`, or is one. */
static bool dests_within(const struct hiders *hiders, const struct sp__match *inner,
                         const struct sp__match *outer)
{
  const uint32_t *ids = SP_LIST_AT(&hiders->draft->match_ids, uint32_t, 0);
  const struct sp__dest_tree *tree = hiders->checks->tree;
  if (outer->dests_count == 0) {
    return true;
  }
  for (uint32_t i = 0; i < inner->dests_count; i++) {
    uint32_t nodes_count;
    const uint32_t *nodes = sp__ids_of(&tree->dest_nodes, ids[inner->dests_at + i], &nodes_count);
    for (uint32_t n = 0; n < nodes_count; n++) {
      uint32_t count;
      const uint32_t *dests = sp__ids_of(&tree->classes, tree->node_class[nodes[n]], &count);
      bool found = false;
      for (uint32_t k = 0; k < count && !found; k++) {
        found = has_id(ids + outer->dests_at, outer->dests_count, dests[k]);
      }
      if (!found) {
        return false;
      }
    }
  }
  return inner->dests_count > 0;
}

static bool comes_before(const struct sp__rate *a, const struct sp__rate *b)
{
  return a->priority != b->priority ? a->priority > b->priority
                                    : a->match.columns > b->match.columns;
}

static bool hides(const struct hiders *hiders, const struct sp__rate *outer,
                  const struct sp__rate *inner)
{
  const struct sp__match *a = &inner->match;
  const struct sp__match *b = &outer->match;
  uint64_t services = sp__unit_services((enum sp_unit)inner->unit) | ~SP_FEATURES_SERVICE;
  return comes_before(outer, inner) && (a->accepted & services & ~b->accepted) == 0 &&
         groups_within(hiders->draft, a, b) && bands_within(hiders->checks, a->bands, b->bands) &&
         dests_within(hiders, a, b);
}

static void warn(struct sp__draft *draft, const struct sp__rate *row, const char *what,
                 uint32_t line)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "this rule can never match: ");
  sp_text_add(&text, what);
  if (line != 0) {
    sp_text_add_u64(&text, line);
  }
  sp_problem_warning(draft->problems, "rates.csv", row->line, 1, buffer);
}

static bool never_matches(const struct hiders *hiders, const struct sp__rate *row)
{
  const struct sp__match *match = &row->match;
  if (match->bands != 0 && sp__bands_together(hiders->draft, match->bands) == 0) {
    return true; /* all rows of its bands have errors, which are reported there */
  }
  if (!sp__feasible_match(hiders->checks, match)) {
    if (hiders->draft->doubt.numbers) {
      return true; /* a row that cannot be read may hold numbers that it means */
    }
    warn(hiders->draft, row, "no record has such a roam, zone, net and dest together", 0);
    return true;
  }
  return false;
}

static uint64_t hider_key(uint32_t dest, uint32_t group)
{
  return (uint64_t)dest << 32 | group;
}

static void chain_keep(struct hiders *hiders, uint64_t key, uint32_t rule)
{
  struct sp__draft *draft = hiders->draft;
  uint32_t at = sp__keys_put(draft, &hiders->keys, key, hiders->heads.count);
  if (at == SP_NONE) {
    at = hiders->heads.count;
    *(uint32_t *)sp__list_add(draft, &hiders->heads, sizeof(uint32_t)) = 0;
  }
  struct hider_entry *entry = sp__list_add(draft, &hiders->chain, sizeof(*entry));
  if (draft->status != SP_OK) {
    return;
  }
  uint32_t *head = SP_LIST_AT(&hiders->heads, uint32_t, at);
  *entry = (struct hider_entry){rule, *head};
  *head = hiders->chain.count;
}

/* Keeps a candidate under each of its destinations and rating groups, SP_NONE if it has none. */
static void candidate_keep(struct hiders *hiders, const struct sp__match *match, uint32_t rule)
{
  struct sp__draft *draft = hiders->draft;
  bool grouped = match->groups_count > 0 && match->groups_count <= SP_HIDER_GROUPS_MAX;
  uint32_t groups = grouped ? match->groups_count : 1;
  uint32_t dests = match->dests_count > 0 ? match->dests_count : 1;
  for (uint32_t i = 0; i < dests * groups && draft->status == SP_OK; i++) {
    const uint32_t *ids = SP_LIST_AT(&draft->match_ids, uint32_t, 0);
    uint32_t dest = match->dests_count > 0 ? ids[match->dests_at + i / groups] : SP_NONE;
    uint32_t group = grouped ? ids[match->groups_at + i % groups] : SP_NONE;
    chain_keep(hiders, hider_key(dest, group), rule);
  }
}

/* The best hider of `row` among those kept for a destination: without rating groups, or with the
 * first one of `row`. */
static const struct sp__rate *chain_hider(const struct hiders *hiders, uint32_t dest,
                                          const struct sp__rate *row)
{
  uint32_t groups[2] = {SP_NONE, SP_NONE};
  uint32_t count = 1;
  if (row->match.groups_count > 0) {
    groups[count++] = *SP_LIST_AT(&hiders->draft->match_ids, uint32_t, row->match.groups_at);
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t head = sp__keys_find(&hiders->keys, hider_key(dest, groups[i]));
    uint32_t at = head == SP_NONE ? 0 : *SP_LIST_AT(&hiders->heads, uint32_t, head);
    while (at != 0) {
      const struct hider_entry *entry = SP_LIST_AT(&hiders->chain, struct hider_entry, at - 1);
      const struct sp__rate *other = sp__rule_row(hiders->draft, entry->rule);
      if (!comes_before(other, row)) {
        break; /* nor does any behind it */
      }
      if (hides(hiders, other, row)) {
        return other;
      }
      at = entry->next;
    }
  }
  return NULL;
}

/* A hider of `row`, or NULL: it has no dest cell, or a destination that the first prefix of `row`
 * is in. */
static const struct sp__rate *row_hider(const struct hiders *hiders, const struct sp__rate *row)
{
  const struct sp__dest_tree *tree = hiders->checks->tree;
  const struct sp__rate *hider = chain_hider(hiders, SP_NONE, row);
  if (hider != NULL || row->match.dests_count == 0) {
    return hider;
  }
  uint32_t count;
  uint32_t first = *SP_LIST_AT(&hiders->draft->match_ids, uint32_t, row->match.dests_at);
  const uint32_t *nodes = sp__ids_of(&tree->dest_nodes, first, &count);
  if (count == 0) {
    return NULL;
  }
  const uint32_t *dests = sp__ids_of(&tree->classes, tree->node_class[nodes[0]], &count);
  for (uint32_t i = 0; i < count && hider == NULL; i++) {
    hider = chain_hider(hiders, dests[i], row);
  }
  return hider;
}

static void rule_check(struct hiders *hiders, uint32_t rule)
{
  const struct sp__rate *row = sp__rule_row(hiders->draft, rule);
  /* §18.4 asks for no more than its own cells; what hides it may be a row yet to be mended. */
  if (never_matches(hiders, row) || hiders->draft->problems->errors > 0) {
    return;
  }
  const struct sp__rate *hider = row_hider(hiders, row);
  if (hider != NULL) {
    warn(hiders->draft, row, "another rule comes before it wherever it does: line ", hider->line);
  }
}

static void item_begin(struct hiders *hiders)
{
  hiders->chain.count = 0;
  hiders->heads.count = 0;
  hiders->keys.count = 0;
  if (hiders->keys.slots > SP_HIDER_SLOTS_KEPT) {
    hiders->keys = (struct sp__keys){NULL, NULL, 0, 0};
  }
  for (uint32_t i = 0; i < hiders->keys.slots; i++) {
    hiders->keys.values[i] = 0;
  }
}

static void item_check(struct hiders *hiders, const struct sp__plan_item *item)
{
  struct sp__draft *draft = hiders->draft;
  const uint32_t *rules = draft->rule_order + item->rules_at;
  int64_t lowest = INT64_MAX;
  item_begin(hiders);
  for (uint32_t i = 0; i < item->rules_count; i++) {
    int64_t priority = sp__rule_row(draft, rules[i])->priority;
    lowest = priority < lowest ? priority : lowest;
  }
  for (uint32_t i = item->rules_count; i-- > 0;) { /* the best one of a chain is its head */
    const struct sp__rate *row = sp__rule_row(draft, rules[i]);
    if (hides_at_all(hiders->checks, &row->match, item, row->priority > lowest)) {
      candidate_keep(hiders, &row->match, rules[i]);
    }
  }
  for (uint32_t i = 0; i < item->rules_count && draft->status == SP_OK; i++) {
    rule_check(hiders, rules[i]);
  }
}

void sp__check_hidden(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  struct hiders hiders = {.checks = checks, .draft = draft};
  for (uint32_t i = 0; i < draft->plan_items.count && draft->status == SP_OK; i++) {
    item_check(&hiders, SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i));
  }
}
