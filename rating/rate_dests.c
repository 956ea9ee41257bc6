/* Destination prefixes that no rule can tell apart: those with the same destinations, and the next
 * shorter ones likewise (book.md §8.3 asks for the longest prefix, so for their order only).
 * Records to all of them have one frame: tens of thousands of prefixes are a few hundred
 * destinations. */
#include "rating/hash.h"
#include "rating/rate_parts.h"

#include <string.h>

struct alike { /* one book's prefixes while they are compared */
  const struct sp_book_dest_node *nodes;
  const uint32_t *dests; /* of the nodes */
  uint32_t *of;          /* node -> the first one like it */
  uint32_t *slots;       /* open hash of those first ones; 0 = free */
  uint32_t mask;
};

static uint64_t node_hash(const struct alike *alike, const struct sp_book_dest_node *node)
{
  uint64_t hash = alike->of[node->parent] ^ SP_HASH_K0;
  for (uint32_t i = 0; i < node->dests_count; i++) {
    hash = sp_hash_fold(hash, alike->dests[node->dests_at + i] ^ SP_HASH_K1);
  }
  return hash;
}

static bool nodes_equal(const struct alike *alike, const struct sp_book_dest_node *a,
                        const struct sp_book_dest_node *b)
{
  return alike->of[a->parent] == alike->of[b->parent] && a->dests_count == b->dests_count &&
         memcmp(alike->dests + a->dests_at, alike->dests + b->dests_at,
                a->dests_count * sizeof(*alike->dests)) == 0;
}

/* A node's parent comes before it. */
static uint32_t first_like(const struct alike *alike, uint32_t index)
{
  const struct sp_book_dest_node *node = alike->nodes + index;
  uint32_t at = (uint32_t)(node_hash(alike, node) >> 32) & alike->mask;
  while (alike->slots[at] != 0 && !nodes_equal(alike, alike->nodes + alike->slots[at], node)) {
    at = (at + 1) & alike->mask;
  }
  alike->slots[at] = alike->slots[at] == 0 ? index : alike->slots[at];
  return alike->slots[at];
}

static enum sp_status book_dests(struct sp_rater *rater, uint32_t index)
{
  const struct sp_book *book = rater->books->book + index;
  uint64_t count = book->header->dest_nodes.count, slots = 16;
  if (count <= 1) {
    return SP_OK;
  }
  while (slots < 2 * count) {
    slots *= 2;
  }
  struct alike alike = {.nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node),
                        .dests = SP_BOOK_TABLE(book, node_dests, uint32_t),
                        .mask = (uint32_t)(slots - 1)};
  alike.of = sp_memory_take_table(rater->memory, count * sizeof(*alike.of));
  alike.slots = sp_memory_take_table(rater->memory, slots * sizeof(*alike.slots));
  for (uint32_t i = 1; i < count && alike.of != NULL && alike.slots != NULL; i++) {
    alike.of[i] = first_like(&alike, i);
  }
  rater->dests[index] = alike.of;
  rater->dests_count[index] = (uint32_t)count;
  bool made = alike.of != NULL && alike.slots != NULL;
  sp_memory_give_table(rater->memory, alike.slots, slots * sizeof(*alike.slots));
  return made ? SP_OK : SP_NO_MEMORY;
}

enum sp_status sp__dests_make(struct sp_rater *rater)
{
  for (uint32_t i = 0; i < rater->books->count; i++) {
    SP_TRY(book_dests(rater, i));
  }
  return SP_OK;
}

void sp__dests_free(struct sp_rater *rater)
{
  for (uint32_t i = 0; i < SP_BOOKS_MAX; i++) {
    sp_memory_give_table(rater->memory, rater->dests[i], rater->dests_count[i] * sizeof(uint32_t));
    rater->dests[i] = NULL;
    rater->dests_count[i] = 0;
  }
}
