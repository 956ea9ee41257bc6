/* Number plan and destinations of one book as one tree over digits: a number's leading digits say
 * its row, its destination and what the row says (book.md §6.3, §6.4, §6.8). For large books: a
 * node says its next one to four digits at once, few prefixes under a head lie in one line, and
 * what many numbers have in common stands in few answers. Read only once made, any thread. */
#ifndef SP_INGEST_PREFIX_TABLE_H
#define SP_INGEST_PREFIX_TABLE_H

#include "rating/book.h"
#include "rating/memory.h"

struct sp__prefix_row { /* of the number plan: what a record asks of it; all 0: of no row */
  uint32_t area;        /* id (resolve_area.h) */
  uint32_t operator_id; /* without porting; 0 = unknown */
  uint8_t kind;         /* enum sp_number_kind */
  bool known;           /* there is a row */
};

struct sp__prefix_answer {
  struct sp__prefix_row row;
  uint32_t dest_node; /* as sp_book_find_dest_node */
};
_Static_assert(sizeof(struct sp__prefix_answer) == 16, "four answers a cache line");

/* A link is what is known behind some digits of a number. Its two lowest bits say which:
 *   0  a node: links, one for each of the one to four digits that follow
 *   1  a line of the stretches between a few prefixes: where the second and later ones begin, as
 *      the seven digits that follow, ascending, four numbers of which no digits reach the last;
 *      then the link of each stretch
 *   2  an answer, its number, from 1 on, in the other bits
 *   3  a line like 1 with eight of both
 * Nodes and lines: bits 2 to 5, how many digits came before; bits 6 to 11, how far the digits are
 * shifted down when those are shifted out; then where it lies, in eights of words. */
#define SP__PREFIX_FAN_MAX 4u /* digits */
#define SP__PREFIX_FEW 1u
#define SP__PREFIX_ANSWER 2u
#define SP__PREFIX_MORE 3u
#define SP__PREFIX_WORDS_MAX (1u << 23)

struct sp__prefix_table {
  const uint32_t *words; /* nodes and lines; NULL: there is no table */
  const struct sp__prefix_answer *answers;
  unsigned root_shift; /* of the node at the beginning, which is that of no digits */
};

/* The table of a book; rows: of its prefixes, by sp_book_find_prefix. No table where it would have
 * more than words_max words, at most SP__PREFIX_WORDS_MAX. Memory is the arena's. Error: NO_MEMORY.
 */
SP_MUST_CHECK enum sp_status sp__prefix_table_make(struct sp__prefix_table *table,
                                                   const struct sp_book *book,
                                                   const struct sp__prefix_row *rows,
                                                   uint32_t words_max, struct sp_memory *memory);

static inline const uint32_t *sp__prefix_at(const struct sp__prefix_table *table, uint32_t link,
                                            uint64_t digits)
{
  return table->words + (size_t)(link >> 12) * 8 + (digits << (link & 63) >> (link >> 6 & 63));
}

static inline const uint32_t *sp__prefix_line(const struct sp__prefix_table *table, uint32_t link)
{
  return table->words + (size_t)(link >> 12) * 8;
}

/* Link of the last stretch that does not begin behind the digits. */
static inline uint32_t sp__prefix_stretch(const uint32_t *line, unsigned all, uint32_t digits)
{
  uint32_t count = 0;
  for (unsigned i = 0; i < all; i++) {
    count += line[i] <= digits;
  }
  return line[all + count];
}

/* A search in three steps, so that many numbers are looked for side by side: each step fetches what
 * the next one reads. Links are never 0. */
static inline uint32_t sp__prefix_begin(const struct sp__prefix_table *table, uint64_t digits)
{
  uint32_t link = table->words[digits >> table->root_shift];
  if ((link & 3) == 0) {
    link = *sp__prefix_at(table, link, digits);
  }
  if ((link & 3) == 0) {
    sp_line_fetch(sp__prefix_at(table, link, digits));
  } else if ((link & 1) != 0) {
    sp_line_fetch(sp__prefix_line(table, link));
  }
  return link;
}

static inline const struct sp__prefix_answer *sp__prefix_end(const struct sp__prefix_table *table,
                                                             uint32_t link)
{
  return &table->answers[link >> 2];
}

static inline uint32_t sp__prefix_go(const struct sp__prefix_table *table, uint32_t link,
                                     uint64_t digits)
{
  while ((link & 3) == 0) {
    link = *sp__prefix_at(table, link, digits);
  }
  if ((link & 1) != 0) {
    uint32_t next = (uint32_t)(digits << (link & 60) >> (link >> 6 & 63));
    const uint32_t *line = sp__prefix_line(table, link);
    link = (link & 3) == SP__PREFIX_FEW ? sp__prefix_stretch(line, 4, next)
                                        : sp__prefix_stretch(line, 8, next);
  }
  sp_line_fetch(sp__prefix_end(table, link));
  return link;
}

#endif
