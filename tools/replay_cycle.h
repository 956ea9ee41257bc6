/* What a replay of one billing cycle is priced by: until the cycle opens the store's own books, so
 * that balances, caps and chains stand as they stood, from then on the other ones. */
#ifndef SP_TOOLS_REPLAY_CYCLE_H
#define SP_TOOLS_REPLAY_CYCLE_H

#include "rating/book_lookup.h"

struct sp_replay_cycle {
  int64_t from_utc_s, to_utc_s; /* records that start in it are counted; `to` is not of it */
  const struct sp_books *other;
  uint32_t first;               /* of the others, what is in force when the cycle opens */
  struct sp_book_header header; /* its own, but valid from then on */
};

/* Reads "YYYY-MM", the month in which the cycle begins (book.md §4.3); false: it is none. */
bool sp_replay_cycle_read(int32_t *cycle, const char *text);
/* The others stay the caller's. Of these the one in force when the cycle opens, or if none is the
 * earliest, is taken from that instant on; later ones from their valid_from on. */
void sp_replay_cycle_open(struct sp_replay_cycle *cycle, const struct sp_books *other,
                          int32_t number);
/* The set of the others and those of `own` (in the order in which they were loaded) that come
 * before the cycle. What books of `own` are called in it does not change when more of them come.
 * BAD_BOOK: they do not go together (§18.5) or are more than SP_BOOKS_MAX; NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_replay_cycle_books(const struct sp_replay_cycle *cycle,
                                                   const struct sp_books *own,
                                                   struct sp_memory *memory,
                                                   const struct sp_books **books);

#endif
