/* Tables of a tariff book (book.md §2) to the compiled image of rating/book.h. Pure: bytes in,
 * image out. */
#ifndef SP_RATING_BOOK_COMPILE_H
#define SP_RATING_BOOK_COMPILE_H

#include "rating/book.h"
#include "rating/memory.h"
#include "rating/problem.h"

/* The rules of the book's time zone come as a file of this name: a TZif file (RFC 8536). */
#define SP_BOOK_ZONE_FILE "zoneinfo"
#define SP_BOOK_ZONE_NAME_MAX 64

struct sp_book_file {
  const char *name; /* "rates.csv", "book.yaml", without folder */
  char *bytes;      /* the whole file; changed while it is read. NULL: it cannot be read, which the
                       caller has reported; nothing is reported for want of it */
  size_t length;
};

struct sp_book_files { /* in any order; a table that is not there is empty */
  const struct sp_book_file *file;
  size_t count;
};

struct sp_book_image { /* aligned to 64; the caller gives it back by sp_memory_give_table */
  void *bytes;
  size_t length;
};

/* "rates.csv" … : the tables of book.md §2.2. */
bool sp_book_is_table(const char *name);

/* The value of `timezone` in book.yaml, terminated: what SP_BOOK_ZONE_FILE has to hold. false:
 * there is none that could be a zone's name (letters, digits and /_+- only). Changes nothing. */
bool sp_book_find_zone(const struct sp_book_files *files, char name[SP_BOOK_ZONE_NAME_MAX]);

/* Reads, checks (book.md §18) and compiles. All problems of the book are reported in one run, in no
 * special order. OK: there is no error and `image` is the book. BAD_BOOK: errors were reported.
 * NO_MEMORY. `memory` holds what is needed on the way until its owner frees it; the image is a
 * table of its own. With `image` NULL the book is checked only. */
SP_MUST_CHECK enum sp_status sp_book_compile(const struct sp_book_files *files,
                                             struct sp_problems *problems, struct sp_memory *memory,
                                             struct sp_book_image *image);

#endif
