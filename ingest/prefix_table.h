/* Number plan and destinations of one book as one tree over digits: a number's leading digits say
 * its row and its destination (book.md §6.3, §6.4, §6.8). For large books: what a search reads is
 * two or three lines of memory, and where they lie is known early, so that many numbers are looked
 * for side by side. Read only once made, any thread. */
#ifndef SP_INGEST_PREFIX_TABLE_H
#define SP_INGEST_PREFIX_TABLE_H

#include <tmmintrin.h>

#include "rating/book.h"
#include "rating/memory.h"

struct sp__prefix_row { /* of the number plan: what a record asks of it; all 0: of no row */
  uint32_t area;        /* id (resolve_area.h) */
  uint32_t operator_id; /* without porting; 0 = unknown */
  uint8_t kind;         /* enum sp_number_kind */
  bool known;           /* there is a row */
};

struct sp__prefix_rows {            /* of one book; rows that say the same are one */
  const uint32_t *at;               /* by sp_book_find_prefix, in: */
  const struct sp__prefix_row *row; /* the first: of no row */
  uint32_t count;
};

/* A link is what is known behind some digits of a number. Its two lowest bits say which:
 *   0  a node: links, one for each of the one to four digits that follow
 *   1  a line: up to ten heads of the next one to four digits, as those digits and zeros behind
 *      them, ascending, then the link of no head and that of each; its pair, of up to twenty, where
 *      bit 6 is set
 *   2  an answer: destination node and number of the row in the other bits (sp__prefix_table)
 *   3  a node of bytes: each is the number of one of 256 links, which stand before the bytes
 * Nodes and lines: bits 2 to 5, how many digits came before; nodes, bits 6 to 11: how far the
 * digits are shifted down when those are shifted out; then the line where it begins. */
#define SP__PREFIX_FAN_MAX 4u /* digits */
#define SP__PREFIX_NODE 0u
#define SP__PREFIX_LINE 1u
#define SP__PREFIX_ANSWER 2u
#define SP__PREFIX_BYTES 3u
#define SP__PREFIX_PAIR 64u        /* bit of a link to a line */
#define SP__PREFIX_SMALL (7u << 9) /* bits of a link to a node of one or two digits */
#define SP__PREFIX_HEADS 10u       /* of a line */
#define SP__PREFIX_HEADS_PAIR 20u
#define SP__PREFIX_LINE_WORDS 16u
#define SP__PREFIX_CODES 256u /* links of a node of bytes */
#define SP__PREFIX_WORDS_MAX (1u << 23)

struct sp__prefix_table {
  const uint32_t *words; /* nodes and lines; NULL: there is no table */
  const struct sp__prefix_row *rows;
  unsigned root_shift; /* of the node at the beginning, which is that of no digits */
  unsigned dest_bits;  /* of a destination node in an answer */
};

/* The table of a book. No table where it would have more than words_max words, at most
 * SP__PREFIX_WORDS_MAX, or a row and a destination do not fit into a link. Memory is the arena's;
 * `rows` must outlive the table. Error: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp__prefix_table_make(struct sp__prefix_table *table,
                                                   const struct sp_book *book,
                                                   const struct sp__prefix_rows *rows,
                                                   uint32_t words_max, struct sp_memory *memory);

static inline const uint32_t *sp__prefix_line(const struct sp__prefix_table *table, uint32_t link)
{
  return table->words + (size_t)(link >> 12) * SP__PREFIX_LINE_WORDS;
}

static inline size_t sp__prefix_next(uint32_t link, uint64_t digits)
{
  return (size_t)(digits << (link & 60) >> (link >> 6 & 63));
}

/* Which of eight heads begin with all their digits what follows: all ones where one does. */
static inline __m128i sp__prefix_begins(__m128i heads, __m128i next)
{
  __m128i some = _mm_or_si128(heads, _mm_srli_epi16(heads, 1));
  some = _mm_and_si128(_mm_or_si128(some, _mm_srli_epi16(some, 2)), _mm_set1_epi16(0x1111));
  __m128i mask = _mm_sub_epi16(_mm_slli_epi16(some, 4), some); /* of the digits a head has */
  return _mm_cmpeq_epi16(_mm_and_si128(_mm_xor_si128(heads, next), mask), _mm_setzero_si128());
}

/* Link of the longest head of a line that begins what follows; heads lie in each other, so that is
 * the last one that does. */
static inline uint32_t sp__prefix_head_link(const uint32_t *line, uint32_t link, uint64_t digits)
{
  const __m128i next = _mm_set1_epi16((short)(uint16_t)(digits << (link & 60) >> 48));
  __m128i first = sp__prefix_begins(_mm_load_si128((const __m128i *)(const void *)line), next);
  __m128i second = _mm_load_si128((const __m128i *)(const void *)(line + 4));
  __m128i both = _mm_packs_epi16(first, sp__prefix_begins(second, next));
  uint32_t begins = (uint32_t)_mm_movemask_epi8(both);
  if ((link & SP__PREFIX_PAIR) == 0) {
    begins &= (1u << SP__PREFIX_HEADS) - 1;
    return line[SP__PREFIX_HEADS / 2 + (begins == 0 ? 0 : 32 - (uint32_t)__builtin_clz(begins))];
  }
  __m128i third = _mm_load_si128((const __m128i *)(const void *)(line + 8));
  third = _mm_packs_epi16(sp__prefix_begins(third, next), _mm_setzero_si128());
  begins |= ((uint32_t)_mm_movemask_epi8(third) & 15) << 16;
  return line[SP__PREFIX_HEADS_PAIR / 2 + (begins == 0 ? 0 : 32 - (uint32_t)__builtin_clz(begins))];
}

static inline const uint8_t *sp__prefix_byte(const uint32_t *node, uint32_t link, uint64_t digits)
{
  return (const uint8_t *)(node + SP__PREFIX_CODES) + sp__prefix_next(link, digits);
}

/* A search in three steps, so that many numbers are looked for side by side: each fetches what the
 * next one reads. The first and the second: */
static inline void sp__prefix_fetch(const struct sp__prefix_table *table, uint64_t digits)
{
  sp_line_fetch(&table->words[digits >> table->root_shift]);
}

/* Never 0. Small nodes are where many numbers go by: they are there. */
static inline uint32_t sp__prefix_begin(const struct sp__prefix_table *table, uint64_t digits)
{
  uint32_t link = table->words[digits >> table->root_shift];
  while ((link & (SP__PREFIX_SMALL | 3)) == (SP__PREFIX_SMALL | SP__PREFIX_NODE)) {
    link = sp__prefix_line(table, link)[sp__prefix_next(link, digits)];
  }
  if ((link & 3) == SP__PREFIX_ANSWER) {
    return link;
  }
  const uint32_t *at = sp__prefix_line(table, link);
  if ((link & 3) == SP__PREFIX_LINE) {
    sp_line_fetch(at);
    sp_line_fetch(at + ((link & SP__PREFIX_PAIR) == 0 ? 0 : SP__PREFIX_LINE_WORDS));
  } else if ((link & 3) == SP__PREFIX_BYTES) {
    sp_line_fetch(sp__prefix_byte(at, link, digits));
  } else {
    sp_line_fetch(at + sp__prefix_next(link, digits));
  }
  return link;
}

/* The third: the answer. */
uint32_t sp__prefix_end(const struct sp__prefix_table *table, uint32_t link, uint64_t digits);

static inline const struct sp__prefix_row *sp__prefix_row(const struct sp__prefix_table *table,
                                                          uint32_t answer)
{
  return &table->rows[answer >> 2 >> table->dest_bits];
}

/* As sp_book_find_dest_node. */
static inline uint32_t sp__prefix_dest_node(const struct sp__prefix_table *table, uint32_t answer)
{
  return answer >> 2 & ((1u << table->dest_bits) - 1);
}

#endif
