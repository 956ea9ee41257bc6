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

bool sp__match_group(const struct sp_book *book, const struct sp_book_match *match,
                     const struct sp__asked *key)
{
  const uint32_t *groups = SP_BOOK_LIST(book, match_groups, match->groups);
  return ids_hold(groups, sp_book_list_count(groups), key->rating_group);
}

int sp__match_dest(const struct sp_book *book, const struct sp_book_match *match,
                   const struct sp__asked *key)
{
  if (match->dests == 0) {
    return 0;
  }
  const uint32_t *dests = SP_BOOK_LIST(book, match_dests, match->dests);
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  const uint32_t *node_dests = SP_BOOK_TABLE(book, node_dests, uint32_t);
  for (uint32_t n = key->dest_node; n != 0; n = nodes[n].parent) {
    for (uint32_t i = 0; i < nodes[n].dests_count; i++) {
      if (ids_hold(dests, sp_book_list_count(dests), node_dests[nodes[n].dests_at + i] + 1)) {
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

/* Where the first row of a destination between the item's first and last would be if each had as
 * many. */
static uint32_t dest_guess(const struct sp_book_item *item, uint32_t dest)
{
  return (uint32_t)((uint64_t)(dest - item->dest_first) * item->dest_index_count /
                    ((uint64_t)(item->dest_last - item->dest_first) + 1));
}

/* Rules of a guessed row and those behind it: where each rule has one destination the rules lie as
 * the rows do. */
static void dest_rules_fetch(const struct sp_book_item *item, const struct sp_book_rule *rules,
                             uint32_t at, uint32_t more)
{
  if (item->dest_index_count == item->rules_count - item->rules_plain) {
    uint32_t left = item->dest_index_count - at - 1;
    for (uint32_t i = 0; i <= (left < more ? left : more); i++) {
      sp_line_fetch(rules + item->rules_plain + at + i);
    }
  }
}

#define RULES_USUAL 3u /* of one destination, and a guess that is one off */

void sp__match_fetch(const struct sp_book *book, const struct sp_book_item *item,
                     const struct sp__asked *key)
{
  const struct sp_book_rule *rules =
      SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item->rules_at;
  const struct sp_book_dest_node *node =
      SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node) + key->dest_node;
  if ((key->features & item->plain_refused) == 0) {
    sp_line_fetch(rules);
    sp_line_fetch(rules + (item->rules_plain > 1));
  }
  if (node->dests_count > 0 && (key->features & item->dest_refused) == 0) {
    uint32_t dest = SP_BOOK_TABLE(book, node_dests, uint32_t)[node->dests_at];
    if (dest >= item->dest_first && dest <= item->dest_last) {
      uint32_t at = dest_guess(item, dest);
      sp_line_fetch(SP_BOOK_TABLE(book, dest_rules, struct sp_book_dest_rule) +
                    item->dest_index_at + at);
      dest_rules_fetch(item, rules, at, RULES_USUAL);
    }
  }
}

/* First row of a destination between the item's first and last: most items price many alike, so it
 * is looked for from where it would be if each had as many rows, each step twice as far as the one
 * before.
 */
static uint32_t dest_row(const struct sp_book_item *item, const struct sp_book_dest_rule *rows,
                         const struct sp_book_rule *rules, uint32_t dest)
{
  uint32_t low = 0, high = item->dest_index_count, step = 1, at = dest_guess(item, dest);
  dest_rules_fetch(item, rules, at, 1);
  while (low < high) {
    if (rows[at].dest < dest) {
      low = at + 1;
      at = high - low > step ? low + step : low + (high - low) / 2;
    } else {
      high = at;
      at = high - low > step ? high - step : low + (high - low) / 2;
    }
    step *= step < high ? 2 : 1; /* beyond it halves are taken */
  }
  return low;
}

static void dest_rules_visit(const struct visit *of, uint32_t dest, int length)
{
  const struct sp_book_item *item = of->item;
  if (dest < item->dest_first || dest > item->dest_last) {
    return;
  }
  const struct sp_book_dest_rule *rows =
      SP_BOOK_TABLE(of->book, dest_rules, struct sp_book_dest_rule) + item->dest_index_at;
  const struct sp_book_rule *rules = SP_BOOK_TABLE(of->book, rules, struct sp_book_rule);
  uint32_t low = dest_row(item, rows, rules + item->rules_at, dest);
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
  uint32_t plain = (key->features & item->plain_refused) == 0 ? item->rules_plain : 0;
  sp_line_fetch(rule);
  sp_line_fetch(rule + (plain > 1));
  uint32_t node = (key->features & item->dest_refused) == 0 ? key->dest_node : 0;
  for (uint32_t n = node; n != 0; n = nodes[n].parent) {
    for (uint32_t i = 0; i < nodes[n].dests_count; i++) {
      dest_rules_visit(&of, node_dests[nodes[n].dests_at + i], (int)nodes[n].length);
    }
  }
  for (uint32_t i = 0; i < plain; i++, rule++) {
    if (sp__match_plain(book, &rule->match, key)) {
      visit(context, rule, 0);
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
