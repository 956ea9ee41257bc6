/* Times of customer rows (book.md §1.6): RFC 3339 with offset, or local date or date and time in
 * the books' zone. */
#include "rating/customers_load.h"

#include <string.h>

#include "rating/civil.h"

static bool time_read(const struct sp_books *books, struct sp_name cell, int64_t *utc_s)
{
  enum sp_civil_kind kind = sp_civil_parse(cell.text, cell.length, utc_s);
  if (kind == SP_CIVIL_LOCAL && books->count > 0) {
    *utc_s = sp_book_from_local(&books->book[0], *utc_s);
  }
  return kind != SP_CIVIL_NONE;
}

bool sp__load_time(struct sp__load *load, uint32_t column, unsigned memo, int64_t open,
                   int64_t *utc_s)
{
  SP_ASSERT(memo < SP__TIME_MEMOS);
  struct sp_name cell = sp__load_cell(load, column);
  if (cell.length == 0) {
    *utc_s = open;
    return true;
  }
  struct sp__time_memo *last = &load->memos[memo];
  if (cell.length == last->length && memcmp(cell.text, last->text, cell.length) == 0) {
    *utc_s = last->utc_s;
    return true;
  }
  if (cell.length > SP__TIME_BYTES_MAX || !time_read(load->books, cell, utc_s)) {
    sp__load_refuse(load, column,
                    "is not a time, expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or one with offset");
    return false;
  }
  memcpy(last->text, cell.text, cell.length);
  last->length = cell.length;
  last->utc_s = *utc_s;
  return true;
}

bool sp__load_interval(struct sp__load *load, uint32_t from, int64_t *from_utc_s, int64_t *to_utc_s)
{
  if (!sp__load_time(load, from, 0, SP_TIME_MIN, from_utc_s) ||
      !sp__load_time(load, from + 1, 1, SP_TIME_MAX, to_utc_s)) {
    return false;
  }
  if (*from_utc_s >= *to_utc_s) {
    sp__load_refuse(load, from, "is not before to, expected an interval that is not empty");
    return false;
  }
  return true;
}
