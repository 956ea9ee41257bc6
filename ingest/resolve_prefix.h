/* What the leading digits of a number say: its row of the number plan and its destination (book.md
 * §6.3, §6.4, §6.8). A memo makes what repeats cheap; of a large book, whose prefixes lie in no
 * cache of the processor, the numbers of a batch are looked for side by side in its table. One
 * thread. */
#ifndef SP_INGEST_RESOLVE_PREFIX_H
#define SP_INGEST_RESOLVE_PREFIX_H

#include "ingest/resolve_area.h"
#include "rating/book_lookup.h"

void sp__prefix_fill(const struct sp__areas *areas, const struct sp_books *books, uint32_t book,
                     uint64_t digits, struct sp__prefix_memo *memo);

static inline struct sp__prefix_memo *sp__prefix_memo_at(struct sp__areas *areas, uint64_t head)
{
  return &areas->prefixes[head * SP_HASH_K0 >> (64 - SP__PREFIX_BITS)];
}

/* The digits of a number that can decide which prefixes begin it: mostly less than the longest
 * prefix of the book has, so that more numbers share a memo. */
static inline uint64_t sp__prefix_head(const struct sp__areas *areas, uint32_t book,
                                       uint64_t digits)
{
  return sp_number_head(digits, *sp__area_depth(areas->depths[book], digits));
}

/* Fetches what sp__prefix_of reads first. */
static inline void sp__prefix_prefetch(struct sp__areas *areas, uint32_t book, uint64_t digits)
{
  sp_line_fetch(sp__prefix_memo_at(areas, sp__prefix_head(areas, book, digits)));
}

/* Number plan row and destination node of a number in a book. */
static inline const struct sp__prefix_memo *sp__prefix_of(struct sp__areas *areas,
                                                          const struct sp_books *books,
                                                          uint32_t book, uint64_t digits)
{
  uint64_t head = sp__prefix_head(areas, book, digits);
  struct sp__prefix_memo *memo = sp__prefix_memo_at(areas, head);
  if (SP_UNLIKELY(memo->head != head || memo->book != book + 1)) {
    sp__prefix_fill(areas, books, book, digits, memo);
  }
  return memo;
}

#endif
