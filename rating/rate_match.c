/* Match columns against a record's frame (book.md §8.2), and the rules of an item that match. */
#include "rating/rate_match.h"

static bool ids_hold(const uint32_t *ids, uint32_t count, uint32_t id)
{
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (ids[middle] < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count && ids[low] == id;
}

bool sp__match_plain(const struct sp_book *book, const struct sp_book_match *match,
                     const struct sp__asked *key)
{
  if ((key->features & match->refused) != 0) {
    return false;
  }
  const uint32_t *groups = SP_BOOK_TABLE(book, match_groups, uint32_t) + match->groups_at;
  return match->groups_count == 0 ||
         (key->rating_group != 0 && ids_hold(groups, match->groups_count, key->rating_group));
}

int sp__match_dest(const struct sp_book *book, const struct sp_book_match *match,
                   const struct sp__asked *key)
{
  if (match->dests_count == 0) {
    return 0;
  }
  const uint32_t *dests = SP_BOOK_TABLE(book, match_dests, uint32_t) + match->dests_at;
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  const uint32_t *node_dests = SP_BOOK_TABLE(book, node_dests, uint32_t);
  for (uint32_t n = key->dest_node; n != 0; n = nodes[n].parent) {
    for (uint32_t i = 0; i < nodes[n].dests_count; i++) {
      if (ids_hold(dests, match->dests_count, node_dests[nodes[n].dests_at + i])) {
        return (int)nodes[n].length;
      }
    }
  }
  return -1;
}

bool sp__match_unit(const struct sp__asked *key, uint8_t unit)
{
  bool voice = (key->features & UINT64_C(1) << (SP_FEATURE_SERVICE + SP_SERVICE_VOICE)) != 0;
  bool data = (key->features & UINT64_C(1) << (SP_FEATURE_SERVICE + SP_SERVICE_DATA)) != 0;
  return unit == SP_UNIT_SECOND ? voice || data : unit == SP_UNIT_BYTE ? data : !voice && !data;
}

struct visit { /* of the rules of one item */
  const struct sp_book *book;
  const struct sp_book_item *item;
  const struct sp__asked *key;
  sp__rule_visit *visit;
  void *context;
};

static void dest_rules_visit(const struct visit *of, uint32_t dest, int length)
{
  const struct sp_book_item *item = of->item;
  const struct sp_book_dest_rule *rows =
      SP_BOOK_TABLE(of->book, dest_rules, struct sp_book_dest_rule) + item->dest_index_at;
  const struct sp_book_rule *rules = SP_BOOK_TABLE(of->book, rules, struct sp_book_rule);
  uint32_t low = 0, high = item->dest_index_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows[middle].dest < dest) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < item->dest_index_count && rows[low].dest == dest; low++) {
    const struct sp_book_rule *rule = rules + rows[low].rule;
    if (sp__match_plain(of->book, &rule->match, of->key)) {
      of->visit(of->context, rule, length);
    }
  }
}

void sp__match_rules(const struct sp_book *book, const struct sp_book_item *item,
                     const struct sp__asked *key, sp__rule_visit *visit, void *context)
{
  const struct visit of = {book, item, key, visit, context};
  const struct sp_book_rule *rule =
      SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item->rules_at;
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  const uint32_t *node_dests = SP_BOOK_TABLE(book, node_dests, uint32_t);
  for (uint32_t i = 0; i < item->rules_plain; i++, rule++) {
    if (sp__match_plain(book, &rule->match, key)) {
      visit(context, rule, 0);
    }
  }
  for (uint32_t n = key->dest_node; n != 0; n = nodes[n].parent) {
    for (uint32_t i = 0; i < nodes[n].dests_count; i++) {
      dest_rules_visit(&of, node_dests[nodes[n].dests_at + i], (int)nodes[n].length);
    }
  }
}

int sp__rule_compare(const struct sp_book_rule *a, int a_length, const struct sp_book_rule *b,
                     int b_length)
{
  if (a->priority != b->priority) {
    return a->priority > b->priority ? 1 : -1;
  }
  if (a->match.columns != b->match.columns) {
    return a->match.columns > b->match.columns ? 2 : -2;
  }
  return a_length == b_length ? 0 : a_length > b_length ? 3 : -3;
}
