/* Writing of numbers (book.md §6.1): from what was dialled to one normalised number. Pure; the
 * quick way works on packed digits, what has other characters or more than 16 digits goes through
 * `room`. */
#ifndef SP_INGEST_RESOLVE_NUMBER_H
#define SP_INGEST_RESOLVE_NUMBER_H

#include "rating/number.h"

/* A normalised number: of at most 16 digits and nothing else it is `digits` and `rest` is 0;
 * otherwise `digits` are its leading digits (at most 16) and `rest` is a hash of all of it, never
 * 0. Both 0: there is no number. Equal numbers are equal words. */
struct sp_normal {
  uint64_t digits;
  uint64_t rest;
  bool ip; /* came with an IP prefix */
};

static inline bool sp_normal_is_none(struct sp_normal number)
{
  return (number.digits | number.rest) == 0;
}

/* Digits after step 1 if 3 to 6 of them are all the text has, else 0: what may be a short number
 * (step 2). */
uint64_t sp__normal_short(const char *text, size_t length);
/* Steps 1 and 3 to 6. `home`: digits of home_country. `room`: SP_NORMAL_ROOM bytes of scratch. */
#define SP__NORMAL_ROOM (65535 + 32)
struct sp_normal sp__normal_make(const char *text, size_t length, uint64_t home, char *room);

#endif
