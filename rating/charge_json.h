/* One record's rated output as one line of JSON (book.md §17.1), without line break. Pure, any
 * thread. */
#ifndef SP_RATING_CHARGE_JSON_H
#define SP_RATING_CHARGE_JSON_H

#include "rating/charge.h"
#include "rating/directory.h"

#define SP_CHARGE_JSON_BYTES_MAX ((size_t)1 << 20) /* the longest line */

struct sp_charge_view { /* all borrowed for the call */
  const struct sp_charge *charge;
  const struct sp_usage *usage; /* the record's own, a partial's too */
  struct sp_name id;
  struct sp_name conflict; /* of a conflict: the differing fields joined by `;` */
  const struct sp_directory *directory;
  const struct sp_books *books;
};

/* Writes to `to` and says how long it is. LIMIT: it does not fit `size`; SP_CHARGE_JSON_BYTES_MAX
 * is enough for any record. */
SP_MUST_CHECK enum sp_status sp_charge_json(const struct sp_charge_view *view, char *to,
                                            size_t size, size_t *length);

/* What a record shows of itself, for other writers: quantity of §17.2; start known? */
int64_t sp_charge_quantity(const struct sp_usage *usage);
bool sp_charge_has_start(const struct sp_usage *usage);
#define SP_CHARGE_START_BYTES 32
/* "2026-03-03T10:00:00+08:00" in the books' zone; returns its length. */
size_t sp_charge_start(const struct sp_books *books, int64_t start_utc_s,
                       char to[SP_CHARGE_START_BYTES]);
/* "-12.345678"; returns its length (at most 21). */
size_t sp_charge_amount(int64_t micro, char to[32]);
/* Words of the flags in the order of §17.2; NULL behind the last. */
const char *sp_charge_flag_word(unsigned index, uint8_t *flag);

#endif
