/* A CSV table of a book or of customers in memory (book.md §1.1): RFC 4180, UTF-8, BOM allowed,
 * line breaks inside quotes,
 * `#` comments only at the start of a line outside quotes, blank lines skipped. Reads row by row;
 * cells are unquoted in place (the buffer is changed). One thread. */
#ifndef SP_RATING_TABLE_H
#define SP_RATING_TABLE_H

#include "rating/problem.h"

#define SP_TABLE_CELLS_MAX 64

struct sp_cell_text {
  const char *text; /* not terminated, blanks at both ends removed, quotes gone */
  uint32_t length;
  uint32_t column; /* where the cell begins in its line, from 1, in bytes */
};

struct sp_table {
  const char *file; /* name for messages */
  char *at, *end;
  uint32_t line;     /* physical line the next row begins on */
  uint32_t row_line; /* of the row just read */
  uint32_t cells_count;
  bool bad_quotes; /* the row just read has an unclosed quote or text behind one: see below */
  uint32_t quote_line, quote_column;             /* where the first such cell's quote opens */
  uint32_t quote_cell;                           /* its number; those before it are sound */
  struct sp_cell_text cells[SP_TABLE_CELLS_MAX]; /* of the row just read; more cells than this are
                                                    counted, not kept */
  uint32_t cell_lines[SP_TABLE_CELLS_MAX];       /* physical line on which each of them begins */
};

#define SP_TABLE_QUOTE_WORDS                                                                       \
  "a quote opens here and does not close well; expected \"...\" up to the next comma, \"\" for a " \
  "quote inside"

/* Begins at the bytes of a whole file; they stay the caller's and are changed. */
void sp_table_open(struct sp_table *table, const char *file, char *bytes, size_t length);
/* The next row that is neither blank nor comment, the header included. false: no more. A row whose
 * quote does not close in its line, and not well in a later one, ends with its line: what follows
 * is read. */
bool sp_table_next(struct sp_table *table);

#endif
