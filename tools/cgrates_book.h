/* A CGRateS tariff as the tables of a book, as far as a book can say it (book.md §2). */
#ifndef SP_TOOLS_CGRATES_BOOK_H
#define SP_TOOLS_CGRATES_BOOK_H

#include "rating/cgrates.h"

/* Writes book.yaml, plans, rates, bands and destinations into the folder; what cannot be said is
 * told on stderr. false with errno: not written. */
bool sp_cgrates_book_write(const struct sp_cgrates *tariff, const char *book, unsigned digits);

#endif
