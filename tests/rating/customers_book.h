/* A book without a compiler: only what reading customers asks of one. Plans a (add_on), b (base), f
 * (family), p (family with a pool), v (group with a payer); the zone is UTC + 8 hours. */
#ifndef SP_TESTS_CUSTOMERS_BOOK_H
#define SP_TESTS_CUSTOMERS_BOOK_H

#include <string.h>

#include "rating/book_lookup.h"

static inline const struct sp_books *customers_book(void)
{
  static struct {
    struct sp_book_header header;
    struct sp_book_plan plans[5];
    struct sp_book_allowance pool;
    struct sp_book_offset offset;
    char strings[8];
  } image;
  static struct sp_books books;
  static const uint32_t kinds[5] = {SP_PLAN_ADD_ON, SP_PLAN_BASE, SP_PLAN_FAMILY, SP_PLAN_FAMILY,
                                    SP_PLAN_GROUP};
  if (books.count > 0) {
    return &books;
  }
  const char *base = (const char *)&image;
  memcpy(image.strings, "abfpv", 5);
  image.header.strings = (struct sp_book_array){(uint64_t)(image.strings - base), 8};
  image.header.plans = (struct sp_book_array){(uint64_t)((const char *)image.plans - base), 5};
  image.header.allowances = (struct sp_book_array){(uint64_t)((const char *)&image.pool - base), 1};
  image.header.offsets = (struct sp_book_array){(uint64_t)((const char *)&image.offset - base), 1};
  image.offset = (struct sp_book_offset){.from_utc_s = SP_TIME_MIN, .offset_s = 28800};
  image.pool.pool = 1;
  for (uint32_t i = 0; i < 5; i++) {
    image.plans[i].name = (struct sp_book_name){i, 1};
    image.plans[i].kind = kinds[i];
  }
  image.plans[3].allowances_count = 1;
  image.plans[4].payers_count = 1;
  books.count = 1;
  books.book[0] = (struct sp_book){&image.header, base};
  return &books;
}

#endif
