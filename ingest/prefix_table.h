/* Number plan and destinations of one book as one table of the stretches between their prefixes: a
 * number lies in one stretch, which says its row, its destination and what the row says (book.md
 * §6.3, §6.4, §6.8). For large books: a search reads two lines of 64 bytes that lie in no cache of
 * the processor, and many numbers are looked for side by side. Read only once made, any thread. */
#ifndef SP_INGEST_PREFIX_TABLE_H
#define SP_INGEST_PREFIX_TABLE_H

#include "rating/book.h"
#include "rating/memory.h"

#define SP__PREFIX_LEVELS_MAX 10u

struct sp__prefix_row { /* of the number plan: what a record asks of it; all 0: of no row */
  uint32_t area;        /* id (resolve_area.h) */
  uint32_t operator_id; /* without porting; 0 = unknown */
  uint8_t kind;         /* enum sp_number_kind */
};

struct sp__prefix_stretch { /* until the next one begins */
  uint64_t from;            /* digits as in struct sp_number */
  uint64_t said;            /* row + 1 (24 bits), destination node (24), row's words (16) */
};

struct sp__prefix_table {
  const struct sp__prefix_stretch *stretches;   /* ascending, the first from 0 on, four a line */
  const uint64_t *level[SP__PREFIX_LEVELS_MAX]; /* beginnings of the lines of the level below, eight
                                                   a line; of level 0: of the stretches' */
  unsigned levels;                              /* 0: there is no table */
  const struct sp__prefix_row *words;           /* different rows, once each; 0: of no row */
};

struct sp__prefix_found {
  uint32_t prefix; /* as sp_book_find_prefix */
  uint32_t dest_node;
  const struct sp__prefix_row *row;
};

/* The table of a book; rows: of its prefixes, by sp_book_find_prefix. No table (levels 0) where the
 * book has more than the fields of a stretch can say. Memory is the arena's. Error: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp__prefix_table_make(struct sp__prefix_table *table,
                                                   const struct sp_book *book,
                                                   const struct sp__prefix_row *rows,
                                                   struct sp_memory *memory);

/* A search in three steps, each of which fetches what the next one reads. */
size_t sp__prefix_table_begin(const struct sp__prefix_table *table, uint64_t digits);
size_t sp__prefix_table_go(const struct sp__prefix_table *table, uint64_t digits, size_t line);
struct sp__prefix_found sp__prefix_table_end(const struct sp__prefix_table *table, uint64_t digits,
                                             size_t line);

#endif
