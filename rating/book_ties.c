#include "rating/book_checks.h"

/* Ties (§18.3): of the rules of one item with equal priority and number of columns, those that can
 * meet one record. Rules without dest cell are compared among each other; those with one only where
 * their destinations share a prefix, found by buckets of rules by destination. In a bucket of many
 * rules those with rating_group cells have buckets of their own, so that the work grows with the
 * pairs that can overlap at all. */

struct tie_entry {     /* a chain of the rules seen so far, the earliest first */
  uint32_t rule, next; /* next: entry + 1 */
};

struct tie_chain {
  uint32_t first, last; /* entry + 1 */
};

struct tie_heads {
  struct sp__keys keys;  /* (destination, group) -> chain */
  struct sp__list heads; /* struct tie_chain */
};

struct ties {
  struct sp__checks *checks;
  struct sp__draft *draft;
  struct sp__list entries; /* struct tie_entry */
  struct tie_heads heads;
};

#define SP_TIE_SLOTS_KEPT 1024
#define SP_TIE_TRIES_MAX 64      /* prefixes tried for an example */
#define SP_TIE_ANY (SP_NONE - 1) /* the bucket of rules without a cell */

static struct tie_chain *chain_of(struct ties *ties, uint32_t dest, uint32_t group)
{
  struct sp__list *heads = &ties->heads.heads;
  uint32_t at =
      sp__keys_put(ties->draft, &ties->heads.keys, (uint64_t)dest << 32 | group, heads->count);
  if (at == SP_NONE) {
    at = heads->count;
    *(struct tie_chain *)sp__list_add(ties->draft, heads, sizeof(struct tie_chain)) =
        (struct tie_chain){0, 0};
  }
  return ties->draft->status == SP_OK ? SP_LIST_AT(heads, struct tie_chain, at) : NULL;
}

static void rule_keep(struct ties *ties, uint32_t dest, uint32_t group, uint32_t rule)
{
  struct tie_chain *chain = chain_of(ties, dest, group);
  if (chain == NULL) {
    return;
  }
  struct tie_entry *entry = sp__list_add(ties->draft, &ties->entries, sizeof(*entry));
  *entry = (struct tie_entry){rule, 0};
  if (ties->draft->status != SP_OK) {
    return;
  }
  if (chain->last != 0) {
    SP_LIST_AT(&ties->entries, struct tie_entry, chain->last - 1)->next = ties->entries.count;
  }
  chain->first = chain->first == 0 ? ties->entries.count : chain->first;
  chain->last = ties->entries.count;
}

static bool features_overlap(const struct sp__match *a, const struct sp__match *b)
{
  for (uint32_t column = 0; column < SP_COLUMN_FEATURES; column++) {
    if ((a->accepted & b->accepted & sp__column_features(column)) == 0) {
      return false;
    }
  }
  return true;
}

static bool matches_overlap(const struct sp__draft *draft, const struct sp__match *a,
                            const struct sp__match *b)
{
  bool bands =
      a->bands == 0 || b->bands == 0 || (sp__bands_together(draft, a->bands) & b->bands) != 0;
  return bands && features_overlap(a, b);
}

/* The record of an example: `accepted` is narrowed to one roam, zone and net, if any go together.
 */
struct tie_example {
  uint64_t accepted;
  uint32_t node; /* prefix that both dest cells have, SP_NONE if they are blank */
  bool together;
};

static bool has_dest(const struct sp__checks *checks, uint32_t node, const uint32_t *dests,
                     uint32_t dests_count)
{
  uint32_t count;
  const uint32_t *found = sp__ids_of(&checks->tree->node_dests, node, &count);
  for (uint32_t k = 0; k < count * dests_count; k++) {
    if (found[k / dests_count] == dests[k % dests_count]) {
      return true;
    }
  }
  return false;
}

/* Of the prefixes that two dest cells share the first with a record that both match, else the
 * first. */
static void node_choose(const struct sp__checks *checks, const struct sp__match *a,
                        const struct sp__match *b, struct tie_example *example)
{
  const uint32_t *ids = SP_LIST_AT(&checks->draft->match_ids, uint32_t, 0);
  uint32_t tried = 0;
  for (uint32_t i = 0; i < a->dests_count; i++) {
    uint32_t count;
    const uint32_t *nodes = sp__ids_of(&checks->tree->dest_nodes, ids[a->dests_at + i], &count);
    for (uint32_t n = 0; n < count && tried < SP_TIE_TRIES_MAX; n++) {
      if (!has_dest(checks, nodes[n], ids + b->dests_at, b->dests_count)) {
        continue;
      }
      uint64_t accepted = example->accepted;
      example->together = sp__feasible_one(&accepted, checks->node_zones[nodes[n]]);
      example->node = example->together || tried == 0 ? nodes[n] : example->node;
      if (example->together) {
        example->accepted = accepted;
        return;
      }
      tried++;
    }
  }
}

static void group_example(struct sp_text *text, const struct sp__draft *draft,
                          const struct sp__match *a, const struct sp__match *b)
{
  const uint32_t *ids = SP_LIST_AT(&draft->match_ids, uint32_t, 0);
  const struct sp__match *one = a->groups_count > 0 ? a : b;
  const struct sp__match *other = one == a ? b : a;
  for (uint32_t i = 0; i < one->groups_count; i++) {
    uint32_t id = ids[one->groups_at + i];
    bool both = other->groups_count == 0;
    for (uint32_t k = 0; k < other->groups_count && !both; k++) {
      both = ids[other->groups_at + k] == id;
    }
    if (both) {
      sp__example_term(text, "rating_group", sp__terms_at(&draft->groups, id));
      return;
    }
  }
}

static void tie_report(struct ties *ties, const struct sp__rate *later,
                       const struct sp__rate *earlier)
{
  const struct sp__draft *draft = ties->draft;
  const struct sp__match *a = &later->match;
  const struct sp__match *b = &earlier->match;
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "ambiguous with line ");
  sp_text_add_u64(&text, earlier->line);
  sp_text_add(&text, ": equal priority and number of columns, and both match a record with ");
  uint64_t accepted = a->accepted & b->accepted;
  uint64_t counted = sp__unit_services((enum sp_unit)later->unit);
  if ((accepted & counted) != 0) {
    accepted &= counted | ~SP_FEATURES_SERVICE;
  }
  struct tie_example example = {accepted, SP_NONE, false};
  if (a->dests_count > 0) {
    node_choose(ties->checks, a, b, &example);
  } else {
    example.together = sp__feasible_one(&example.accepted, ties->checks->class_zones[0]);
  }
  sp__example_features(&text, example.accepted, a->set | b->set | 1u << SP_COLUMN_SERVICE);
  if (example.node != SP_NONE) {
    sp__example_number(&text, ties->checks->tree->keys[example.node]);
  }
  group_example(&text, draft, a, b);
  uint64_t bands[3] = {a->bands, b->bands, 0};
  if (a->bands != 0 || b->bands != 0) {
    sp_text_add(&text, " on ");
    (void)sp__example_time(&text, draft, bands);
  }
  sp_text_add(&text, example.together
                         ? ""
                         : " (the columns are compared one by one: so far no number has these "
                           "together)");
  sp_text_add(&text, "; expected another priority or other cells");
  sp_problem_error(ties->draft->problems, "rates.csv", later->line, 1, buffer);
}

/* Compares with the rules of one bucket, the earliest first; true: a tie was reported. */
static bool bucket_compare(struct ties *ties, uint32_t dest, uint32_t group,
                           const struct sp__rate *row)
{
  const struct tie_chain *chain = chain_of(ties, dest, group);
  for (uint32_t at = chain == NULL ? 0 : chain->first; at != 0;) {
    const struct tie_entry *entry = SP_LIST_AT(&ties->entries, struct tie_entry, at - 1);
    const struct sp__rate *other = sp__rule_row(ties->draft, entry->rule);
    if (other != row && matches_overlap(ties->draft, &row->match, &other->match)) {
      tie_report(ties, row, other);
      return true;
    }
    at = entry->next;
  }
  return false;
}

/* Rules with a group cell lie in a bucket for each value, and once more in the bucket SP_TIE_ANY of
 * all. */
static bool dest_compare(struct ties *ties, uint32_t dest, const struct sp__rate *row)
{
  if (row->match.groups_count == 0) {
    return bucket_compare(ties, dest, SP_TIE_ANY, row);
  }
  if (bucket_compare(ties, dest, SP_NONE, row)) {
    return true;
  }
  for (uint32_t i = 0; i < row->match.groups_count; i++) {
    uint32_t group = *SP_LIST_AT(&ties->draft->match_ids, uint32_t, row->match.groups_at + i);
    if (bucket_compare(ties, dest, group, row)) {
      return true;
    }
  }
  return false;
}

static void dest_keep(struct ties *ties, uint32_t dest, uint32_t rule)
{
  const struct sp__match *match = &sp__rule_row(ties->draft, rule)->match;
  uint32_t at = match->groups_at;
  rule_keep(ties, dest, SP_TIE_ANY, rule);
  if (match->groups_count == 0) {
    rule_keep(ties, dest, SP_NONE, rule);
  }
  for (uint32_t i = 0; i < match->groups_count; i++) {
    rule_keep(ties, dest, *SP_LIST_AT(&ties->draft->match_ids, uint32_t, at + i), rule);
  }
}

static void rule_compare(struct ties *ties, uint32_t rule)
{
  const struct sp__rate *row = sp__rule_row(ties->draft, rule);
  if (row->match.dests_count == 0) {
    (void)dest_compare(ties, SP_TIE_ANY, row);
    dest_keep(ties, SP_TIE_ANY, rule);
    return;
  }
  bool reported = false;
  for (uint32_t i = 0; i < row->match.dests_count && ties->draft->status == SP_OK; i++) {
    uint32_t dest = *SP_LIST_AT(&ties->draft->match_ids, uint32_t, row->match.dests_at + i);
    uint32_t count;
    const uint32_t *near = sp__ids_of(&ties->checks->tree->neighbours, dest, &count);
    for (uint32_t k = 0; k < count && !reported; k++) {
      reported = dest_compare(ties, near[k], row);
    }
    dest_keep(ties, dest, rule);
  }
}

/* Rules of equal right begin their buckets anew. */
static void run_begin(struct ties *ties)
{
  ties->entries.count = 0;
  ties->heads.heads.count = 0;
  ties->heads.keys.count = 0;
  if (ties->heads.keys.slots > SP_TIE_SLOTS_KEPT) {
    ties->heads.keys = (struct sp__keys){NULL, NULL, 0, 0}; /* a big one is not worth clearing */
  }
  for (uint32_t i = 0; i < ties->heads.keys.slots; i++) {
    ties->heads.keys.values[i] = 0;
  }
}

static bool equal_right(const struct sp__rate *a, const struct sp__rate *b)
{
  return a->priority == b->priority && a->match.columns == b->match.columns &&
         (a->match.dests_count == 0) == (b->match.dests_count == 0);
}

void sp__check_ties(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  struct ties ties = {checks, draft, {NULL, 0, 0, 0}, {{NULL, NULL, 0, 0}, {NULL, 0, 0, 0}}};
  for (uint32_t i = 0; i < draft->plan_items.count && draft->status == SP_OK; i++) {
    const struct sp__plan_item *item = SP_LIST_AT(&draft->plan_items, struct sp__plan_item, i);
    const uint32_t *rules = draft->rule_order + item->rules_at;
    for (uint32_t from = 0; from < item->rules_count;) {
      uint32_t to = from + 1;
      while (to < item->rules_count &&
             equal_right(sp__rule_row(draft, rules[from]), sp__rule_row(draft, rules[to]))) {
        to++;
      }
      if (to - from > 1) {
        run_begin(&ties);
      }
      for (uint32_t k = from; k < to && to - from > 1; k++) {
        rule_compare(&ties, rules[k]);
      }
      from = to;
    }
  }
}
