/* One table of a book, row by row, cells by column name, with the problems of rows said as they are
 * met. Inside rating/ only. */
#ifndef SP_RATING_BOOK_READER_H
#define SP_RATING_BOOK_READER_H

#include "rating/book_draft.h"
#include "rating/book_values.h"

#define SP_READER_COLUMNS_MAX 24

struct sp__book_reader {
  struct sp__draft *draft;
  const char *const *names; /* of the known columns */
  uint32_t names_count;
  uint32_t header_cells;
  uint32_t cell_of[SP_READER_COLUMNS_MAX]; /* known column -> cell or SP_NONE */
  struct sp_table table;
  uint64_t spoilt; /* bit per cell of the row that is no text, which is reported */
  bool header_bad; /* a column that is not there may be one that is written wrong */
  bool bad;        /* the row has an error */
  bool lost;       /* it names what may be in a row that could not be read: no error of its own */
  bool quotes;     /* the cells from a bad quote on are not there, which is reported */
  bool unread;     /* what it says is not known: quotes, spoilt, a column that is not there */
};

/* Finds a table by file name and reads its header. false: it is not there or has no row. */
bool sp__book_reader_open(struct sp__book_reader *reader, struct sp__draft *draft, const char *file,
                          const char *const *columns, uint32_t count);
/* The next row; false: no more, or no memory. */
bool sp__book_reader_next(struct sp__book_reader *reader);
/* A cell of the row; what is not there is blank and stands where the row begins. */
struct sp_cell_text sp__book_reader_cell(const struct sp__book_reader *reader, uint32_t column);
static inline bool sp__book_reader_blank(const struct sp__book_reader *reader, uint32_t column)
{
  return sp__book_reader_cell(reader, column).length == 0;
}
uint16_t sp__book_reader_column(const struct sp__book_reader *reader, uint32_t column);
static inline uint32_t sp__book_reader_line(const struct sp__book_reader *reader)
{
  return reader->table.row_line;
}

/* Whether what the row says counts for other rows. */
static inline bool sp__book_reader_sound(const struct sp__book_reader *reader)
{
  return !reader->bad && !reader->lost;
}

/* Whether a cell is not known, which is reported: what is wrong with it only follows. */
bool sp__book_reader_is_lost(const struct sp__book_reader *reader, uint32_t column);

/* An error at a cell: COLUMN "VALUE": what. Marks the row. Says nothing where it follows from an
 * error that is reported: of the header, of a quote, of bytes that are no text. */
void sp__book_reader_error(struct sp__book_reader *reader, uint32_t column, const char *what);

/* Values of cells. Each reports what is wrong and then gives the default; blank gives the default.
 */
uint8_t sp__book_reader_word(struct sp__book_reader *reader, uint32_t column,
                             const char *const *words, uint32_t count, uint8_t blank);
int64_t sp__book_reader_integer(struct sp__book_reader *reader, uint32_t column, int64_t low,
                                int64_t high, int64_t blank);
int64_t sp__book_reader_money(struct sp__book_reader *reader, uint32_t column, int64_t blank);
bool sp__book_reader_quantity(struct sp__book_reader *reader, uint32_t column,
                              struct sp_quantity *quantity);
int64_t sp__book_reader_time(struct sp__book_reader *reader, uint32_t column, int64_t blank);
/* Digits of a number or prefix (1..15) as sp_number digits; 0: reported. */
uint64_t sp__book_reader_digits(struct sp__book_reader *reader, uint32_t column);
/* A name of the book: added to `names`, also one that is none, which is reported; SP_NONE if
 * blank, or bytes that are no text. */
uint32_t sp__book_reader_name(struct sp__book_reader *reader, uint32_t column,
                              struct sp__terms *names, bool needed);
/* A name that a table has to have; SP_NONE if blank, or not there: reported, or the row is lost. */
uint32_t sp__book_reader_known(struct sp__book_reader *reader, uint32_t column,
                               const struct sp__terms *names, const char *table);
/* Any text, interned: id + 1, 0 = blank. */
uint32_t sp__book_reader_text(struct sp__book_reader *reader, uint32_t column,
                              struct sp__terms *names);

/* Match columns, which begin at `first` in the table's columns in the order of §2.3. */
void sp__book_reader_match(struct sp__book_reader *reader, uint32_t first, struct sp__match *match);
#define SP_MATCH_COLUMNS \
  "service", "direction", "roam", "zone", "net", "dest", "band", "rating_group"

/* The next element of a `;` list, blanks removed; false: no more. `cell` shrinks. */
bool sp__list_next(struct sp_cell_text *cell, struct sp_cell_text *element);
bool sp__cell_is(struct sp_cell_text cell, const char *word);

#endif
