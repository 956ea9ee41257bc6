/* Rules of a time zone: from TZif bytes (RFC 8536) to offsets by UTC second, and local time by
 * them. Inside rating/ only. */
#ifndef SP_RATING_BOOK_ZONE_H
#define SP_RATING_BOOK_ZONE_H

#include "rating/book_draft.h"

#define SP_ZONE_YEAR_MAX 2100 /* the rule behind the last transition is written out up to here */

/* Fills `offsets` (struct sp_book_offset; the first holds from SP_TIME_MIN). false: not a TZif file
 * that can be used. */
bool sp__zone_read(struct sp__draft *draft, struct sp__list *offsets, const char *bytes,
                   size_t length);
/* Local to UTC: of two instants the first, in a gap the offset before it (§4.2). Without offsets:
 * UTC. */
int64_t sp__zone_from_local(const struct sp__list *offsets, int64_t local_s);
int64_t sp__offsets_from_local(const struct sp_book_offset *offsets, size_t count, int64_t local_s);
/* Index of the entry that holds at an instant. */
size_t sp__offsets_find(const struct sp_book_offset *offsets, size_t count, int64_t utc_s);

#endif
