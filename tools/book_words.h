/* What stands in a compiled book, in words as its tables write them. Each adds to an open text;
 * nothing is kept. */
#ifndef SP_TOOLS_BOOK_WORDS_H
#define SP_TOOLS_BOOK_WORDS_H

#include "rating/book_lookup.h"
#include "rating/text.h"

/* "90s", "1min", "10MB", "3" */
void sp_words_quantity(struct sp_text *text, int64_t value, enum sp_unit unit);
/* "0.20", "1/3": n/d currency units. */
void sp_words_price(struct sp_text *text, int64_t n, int64_t d);
/* "5.00": trailing zeros off, at least two decimals. */
void sp_words_money(struct sp_text *text, int64_t micro);
/* "voice, zone local;hmt, band night": the columns that are set; "all" for none. `unit`: of a rule,
 * whose services are those of its unit; SP_NONE for other rows. */
void sp_words_match(struct sp_text *text, const struct sp_book *book,
                    const struct sp_book_match *match, uint32_t unit);
/* "0.20 per 1min by 6s; from 3min 0.10 per 1min; connect fee 0.05" */
void sp_words_rule(struct sp_text *text, const struct sp_book *book,
                   const struct sp_book_item *item, const struct sp_book_rule *rule);
/* "2026-01-01" */
void sp_words_date(struct sp_text *text, int32_t day);
/* "2026-01-01T08:30:00" (without the time at midnight) in the book's zone, "always" at the open
 * ends. */
void sp_words_time(struct sp_text *text, const struct sp_book *book, int64_t utc_s);
void sp_words_name(struct sp_text *text, const struct sp_book *book, struct sp_book_name name);
/* "07:00", "07:00:30" */
void sp_words_clock(struct sp_text *text, uint32_t second);
/* Kinds of day, bit weekday * 3 + type, behind what ends with a blank: "always", "workdays,
 * holidays on fri". */
void sp_words_days(struct sp_text *text, uint32_t kinds);
const char *sp_words_kind(uint32_t kind);           /* of a plan */
const char *sp_words_proration(uint32_t proration); /* of a fee, ", first month free" */
const char *sp_words_rounding(uint32_t rounding);
const char *sp_words_band_mode(uint32_t mode);
const char *sp_words_discount(uint32_t kind);

#endif
