/* Does a row's match hold for a record (book.md §8.2)? Inside of the rater. Column by column, so
 * that explain can say which one did not. */
#ifndef SP_RATING_RATE_MATCH_H
#define SP_RATING_RATE_MATCH_H

#include "rating/rate_parts.h"

#define SP__BANDS_ANY UINT64_MAX /* match apart from the band (§8.4) */

/* Of a match with groups. */
bool sp__match_group(const struct sp_book *book, const struct sp_book_match *match,
                     const struct sp__asked *key);
/* All columns but dest and band. */
static inline bool sp__match_plain(const struct sp_book *book, const struct sp_book_match *match,
                                   const struct sp__asked *key)
{
  return (key->features & match->refused) == 0 &&
         (match->groups == 0 || sp__match_group(book, match, key));
}
/* Length of the longest prefix of `other` that a dest cell holds; 0 without dest; -1: does not
 * match. */
int sp__match_dest(const struct sp_book *book, const struct sp_book_match *match,
                   const struct sp__asked *key);
static inline bool sp__match_bands(const struct sp_book_match *match, uint64_t bands)
{
  return match->bands == 0 || (match->bands & bands) != 0;
}
static inline bool sp__match(const struct sp_book *book, const struct sp_book_match *match,
                             const struct sp__asked *key, uint64_t bands)
{
  return sp__match_bands(match, bands) && sp__match_plain(book, match, key) &&
         sp__match_dest(book, match, key) >= 0;
}
/* Is the service counted in this unit (§8.2)? */
bool sp__match_unit(const struct sp__asked *key, uint8_t unit);

/* Visits the rules of a plan's item that match apart from the band, with the lengths of their
 * prefixes, in no special order; a rule may come twice, then the greater length first. */
typedef void sp__rule_visit(void *context, const struct sp_book_rule *rule, int length);
void sp__match_rules(const struct sp_book *book, const struct sp_book_item *item,
                     const struct sp__asked *key, sp__rule_visit *visit, void *context);
/* Fetches what sp__match_rules will mostly read. */
void sp__match_fetch(const struct sp_book *book, const struct sp_book_item *item,
                     const struct sp__asked *key);
/* The best rule of a plan's item under these bands by §8.3, or NULL (rate_select.c). */
const struct sp_book_rule *sp__plan_best(const struct sp_rater *rater,
                                         const struct sp_book_item *item, uint64_t bands,
                                         int *length);
/* > 0: the first is better by §8.3 (priority, columns, length); the rank that decides: 1, 2, 3; 0
 * alike. */
int sp__rule_compare(const struct sp_book_rule *a, int a_length, const struct sp_book_rule *b,
                     int b_length);

#endif
