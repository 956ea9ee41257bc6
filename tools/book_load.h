/* Tariff books from where they lie: a directory of tables, compiled on the way, or a compiled file,
 * used as it lies. */
#ifndef SP_TOOLS_BOOK_LOAD_H
#define SP_TOOLS_BOOK_LOAD_H

#include "rating/book_compile.h"
#include "rating/book_lookup.h"
#include "tools/problem_list.h"

struct sp_loaded_book {
  struct sp_book book; /* into `image` */
  void *image;
  size_t bytes;
  bool mapped; /* from a file, else from the heap */
};

/* Reads the book at `path`. Problems of its tables go to `list` with `path` as their folder
 * (borrowed by the list). BAD_BOOK: errors were reported, among them a file that cannot be read or
 * is no compiled book; NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_book_load(struct sp_loaded_book *loaded, const char *path,
                                          struct sp_problem_list *list);
void sp_book_unload(struct sp_loaded_book *loaded);

/* Reads `count` books (at most SP_BOOKS_MAX), each with all its problems, and makes a set of them;
 * books that do not go together (book.md §18.5) are a problem, too. All or none: after an error
 * nothing is loaded. `memory` holds the set. */
SP_MUST_CHECK enum sp_status sp_books_load(struct sp_books *books, struct sp_loaded_book *loaded,
                                           const char *const *paths, size_t count,
                                           struct sp_memory *memory, struct sp_problem_list *list);

#endif
