/* Questions to a compiled book (rating/book.h). Pure, any thread, no allocation. */
#ifndef SP_RATING_BOOK_LOOKUP_H
#define SP_RATING_BOOK_LOOKUP_H

#include "rating/book.h"

/* Opens an image that lies in memory (aligned to 64) and stays the caller's: checks magic, version,
 * size, hash, every offset and index. Errors: BAD_FORMAT, BAD_VERSION, BAD_CHECKSUM. */
SP_MUST_CHECK enum sp_status sp_book_open(struct sp_book *book, const void *image, size_t bytes);

/* Longest number-plan prefix of a number: index in `prefixes` + 1, 0 = none (book.md §6.4). */
uint32_t sp_book_find_prefix(const struct sp_book *book, uint64_t digits);
/* Longest destination prefix node, 0 = none. */
uint32_t sp_book_find_dest_node(const struct sp_book *book, uint64_t digits);
/* Two steps before sp_book_find_ported, each for many numbers: fetch the number's slot and return
 * it; from that fetch the row. */
uint32_t sp_book_prefetch_ported(const struct sp_book *book, uint64_t digits);
void sp_book_prefetch_ported_row(const struct sp_book *book, uint32_t slot);
/* Ported row of a number at an instant or NULL. */
const struct sp_book_ported *sp_book_find_ported(const struct sp_book *book, uint64_t digits,
                                                 int64_t at_utc_s);
/* Area of a cell (length 0: none), by plmn and lac (§6.5). */
struct sp_book_name sp_book_find_cell_area(const struct sp_book *book, const char *plmn,
                                           size_t length, int64_t lac);
/* Province id of an area text, 0 = none or no such area. */
uint32_t sp_book_find_province(const struct sp_book *book, const char *area, size_t length);
/* Id of a rating_group text, 0 = not named in the book. */
uint32_t sp_book_find_rating_group(const struct sp_book *book, const char *text, size_t length);
/* Index of a plan by name or SP_NONE; of an item name or SP_NONE. */
uint32_t sp_book_find_plan(const struct sp_book *book, const char *name, size_t length);

/* Local time. offset: seconds east of UTC at an instant. from_local: §4.2 (first of two, offset
 * before the gap). */
int32_t sp_book_offset(const struct sp_book *book, int64_t utc_s);
int64_t sp_book_from_local(const struct sp_book *book, int64_t local_s);

/* Bands that hold at an instant, and until which UTC second (exclusive, at least one second on)
 * that set surely holds. */
uint64_t sp_book_bands(const struct sp_book *book, int64_t utc_s, int64_t *until_utc_s);

/* The cycle (index = year * 12 + month of its first day) and the local day (days since 1970) of an
 * instant (§4.3). */
int32_t sp_book_cycle(const struct sp_book *book, int64_t utc_s);
int32_t sp_book_local_day(const struct sp_book *book, int64_t utc_s);
/* First second of a cycle; of a local day. */
int64_t sp_book_cycle_start(const struct sp_book *book, int32_t cycle);
int64_t sp_book_day_start(const struct sp_book *book, int32_t local_day);

/* Loaded books, by valid_from ascending (book.md §4.7). Names of items and allowances of all of
 * them have ids of the set (`names`), which stay the same when a book is added: new names go
 * behind. */
#define SP_BOOKS_MAX 64

struct sp_books {
  uint32_t count;
  struct sp_book
      book[SP_BOOKS_MAX]; /* in the order in which they were loaded: the index never changes */
  uint32_t by_start[SP_BOOKS_MAX];             /* indices by valid_from ascending */
  const uint32_t *item_ids[SP_BOOKS_MAX];      /* book's item name id -> set's name id */
  const uint32_t *allowance_ids[SP_BOOKS_MAX]; /* book's allowance name id -> set's name id */
  const uint32_t *plan_ids[SP_BOOKS_MAX];      /* book's plan index -> set's name id */
  const struct sp_set_name *names;             /* all names of the set */
  uint32_t names_count;
  uint8_t hash[16]; /* of the books' hashes in order */
};

struct sp_set_name {
  const char *text; /* not terminated */
  uint32_t length;
  uint32_t rank; /* by UTF-8 bytes among all names of the set: order of names */
};

struct sp_memory;

/* Makes a set of `count` opened books (their images stay the caller's and must outlive the set).
 * Fails with BAD_BOOK and `clash` = index of the later book if zone, currency, cycle_day,
 * home_country differ or a valid_from is there twice (§18.5). */
SP_MUST_CHECK enum sp_status sp_books_make(struct sp_books *books, const struct sp_book *book,
                                           uint32_t count, struct sp_memory *memory,
                                           uint32_t *clash);
/* Index of the book in force at an instant (§4.7) or SP_NONE. */
uint32_t sp_books_at(const struct sp_books *books, int64_t at_utc_s);

#endif
