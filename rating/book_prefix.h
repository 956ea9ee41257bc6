/* Longest prefix over sorted digits. The index is a tree: the root decides by 4 digits, every
 * further node by 2; a digit counts 1..10, 0 is the number's end. Entry: top 2 bits 0: the answer
 * (index of the prefix + 1, 0 = none); 1: a node, whose number is above its parent's; 2: a bucket
 * of up to 16 neighbouring prefixes, 24 bits first, 5 bits count: among these and their parents
 * lies the answer. A book with up to 16 prefixes has no tree: they are
 * one bucket. So a number costs at most some loads of 4 bytes and one bucket. Inside rating/
 * only. */
#ifndef SP_RATING_BOOK_PREFIX_H
#define SP_RATING_BOOK_PREFIX_H

#include "rating/book_draft.h"

#define SP_PREFIX_ROOT 14641 /* 11^4 entries */
#define SP_PREFIX_NODE 121   /* 11^2 */
#define SP_PREFIX_BUCKET 16
#define SP_PREFIX_COUNT_MAX ((1u << 24) - 1)
#define SP_PREFIX_TAG 30
#define SP_PREFIX_TAG_NODE 1u
#define SP_PREFIX_TAG_BUCKET 2u

/* The index of `count` sorted unique keys (struct sp_number digits); status LIMIT if there are too
 * many. */
void sp__prefix_build(struct sp__draft *draft, const uint64_t *keys, size_t count,
                      struct sp__list *index);
/* For each key the longest other key that begins it: index + 1, 0 = none. */
void sp__prefix_parents(const uint64_t *keys, size_t count, uint32_t *parents);
/* Whether every entry leads somewhere inside and no way goes in circles. */
bool sp__prefix_good(const uint32_t *index, uint64_t entries, uint64_t count);

struct sp__prefix_view {
  uint64_t entries, count; /* of index and keys */
  const uint32_t *index;
  const uint64_t *keys;
  const char *parents; /* a uint32_t every `stride` bytes */
  size_t stride;
};

static inline unsigned sp__prefix_digit(uint64_t digits, unsigned i)
{
  return (unsigned)(digits >> (60 - 4 * i)) & 15u;
}

/* Index + 1 of the longest key that begins `digits`, 0 = none. */
uint32_t sp__prefix_find(const struct sp__prefix_view *view, uint64_t digits);

#endif
