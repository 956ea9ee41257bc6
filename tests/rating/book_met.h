/* The rules of a compiled book that records meet, asked for as the rater does. */
#ifndef SP_TESTS_BOOK_MET_H
#define SP_TESTS_BOOK_MET_H

#include "rating/rate_match.h"

struct made_met {
  const struct sp_book *book;
  uint64_t sum;
};

static inline void made_visit(void *context, const struct sp_book_rule *rule, int length)
{
  struct made_met *met = (struct made_met *)context;
  const struct sp_book_rule_rest *rest = sp_book_rest(met->book, rule);
  const struct sp_book_slot *slots =
      SP_BOOK_TABLE(met->book, slots, struct sp_book_slot) + rule->slots_at;
  met->sum += rest->key + (uint64_t)slots[rest->slots_count - 1].price + (uint64_t)length;
}

/* Asks an image that opens for the rules of each item for calls to some destinations; answers only
 * have to come. */
static inline void made_rules(const struct sp_book *book)
{
  const struct sp_book_item *items = SP_BOOK_TABLE(book, items, struct sp_book_item);
  const struct sp_book_rule *rules = SP_BOOK_TABLE(book, rules, struct sp_book_rule);
  struct made_met met = {book, 0};
  uint32_t nodes = (uint32_t)book->header->dest_nodes.count;
  for (uint32_t node = 0; node < nodes && node < 8; node++) {
    const struct sp__asked asked = {.dest_node = node, .rating_group = node};
    for (uint64_t i = 0; i < book->header->items.count; i++) {
      sp__match_fetch(book, items + i, &asked);
      sp__match_rules(book, items + i, &asked, made_visit, &met);
    }
    for (uint64_t r = 0; r < book->header->rules.count; r++) {
      met.sum += sp__match(book, &rules[r].match, &asked, SP__BANDS_ANY);
    }
  }
  SP_ASSERT(met.sum != UINT64_MAX); /* is used */
}

#endif
