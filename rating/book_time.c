#include "rating/book_lookup.h"
#include "rating/book_zone.h"
#include "rating/civil.h"

/* Instants beyond these are not asked for: years -30000..30000 keep the day arithmetic in 32 bits.
 */
#define SP_CLOCK_MAX INT64_C(900000000000)

static int64_t clamp(int64_t utc_s)
{
  return utc_s > SP_CLOCK_MAX ? SP_CLOCK_MAX : utc_s < -SP_CLOCK_MAX ? -SP_CLOCK_MAX : utc_s;
}

/* The entry of `offsets` that holds; most records are younger than the last change or two. */
static size_t offset_find(const struct sp_book *book, int64_t utc_s)
{
  const struct sp_book_offset *offsets = SP_BOOK_TABLE(book, offsets, struct sp_book_offset);
  size_t count = (size_t)book->header->offsets.count;
  if (offsets[count - 1].from_utc_s <= utc_s) {
    return count - 1;
  }
  return sp__offsets_find(offsets, count, utc_s);
}

int32_t sp_book_offset(const struct sp_book *book, int64_t utc_s)
{
  return SP_BOOK_TABLE(book, offsets, struct sp_book_offset)[offset_find(book, utc_s)].offset_s;
}

int64_t sp_book_from_local(const struct sp_book *book, int64_t local_s)
{
  return sp__offsets_from_local(SP_BOOK_TABLE(book, offsets, struct sp_book_offset),
                                (size_t)book->header->offsets.count, local_s);
}

static uint32_t day_type(const struct sp_book *book, int32_t day)
{
  const struct sp_book_day *days = SP_BOOK_TABLE(book, days, struct sp_book_day);
  size_t low = 0;
  size_t high = (size_t)book->header->days.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (days[middle].day == day) {
      return days[middle].type;
    }
    if (days[middle].day < day) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return sp_civil_weekday(day) >= 5;
}

uint64_t sp_book_bands(const struct sp_book *book, int64_t utc_s, int64_t *until_utc_s)
{
  if (book->header->band_names.count == 0) {
    *until_utc_s = SP_TIME_MAX;
    return 0;
  }
  utc_s = clamp(utc_s);
  const struct sp_book_offset *offsets = SP_BOOK_TABLE(book, offsets, struct sp_book_offset);
  size_t offset = offset_find(book, utc_s);
  int64_t local_s = utc_s + offsets[offset].offset_s;
  int32_t day = sp_civil_day_of(local_s);
  uint32_t of_day_s = (uint32_t)(local_s - (int64_t)day * SP_DAY_S);
  const uint32_t *starts =
      SP_BOOK_TABLE(book, span_starts, uint32_t) + sp_civil_weekday(day) * 3 + day_type(book, day);
  const struct sp_book_span *spans = SP_BOOK_TABLE(book, spans, struct sp_book_span);
  uint32_t at = starts[0];
  uint32_t end = starts[1];
  while (end - at > 1) {
    uint32_t middle = at + (end - at) / 2;
    if (spans[middle].from_s <= of_day_s) {
      at = middle;
    } else {
      end = middle;
    }
  }
  uint32_t until_s = at + 1 < starts[1] ? spans[at + 1].from_s : SP_DAY_S;
  *until_utc_s = utc_s + (until_s - of_day_s);
  if (offset + 1 < book->header->offsets.count && offsets[offset + 1].from_utc_s < *until_utc_s) {
    *until_utc_s = offsets[offset + 1].from_utc_s;
  }
  return spans[at].bands;
}

int32_t sp_book_local_day(const struct sp_book *book, int64_t utc_s)
{
  utc_s = clamp(utc_s);
  return sp_civil_day_of(utc_s + sp_book_offset(book, utc_s));
}

int64_t sp_book_day_start(const struct sp_book *book, int32_t local_day)
{
  return sp_book_from_local(book, (int64_t)local_day * SP_DAY_S);
}

int32_t sp_book_cycle(const struct sp_book *book, int64_t utc_s)
{
  struct sp_civil date = sp_civil_from_day(sp_book_local_day(book, utc_s));
  return date.year * 12 + date.month - 1 - (date.day < book->header->cycle_day);
}

int64_t sp_book_cycle_start(const struct sp_book *book, int32_t cycle)
{
  int32_t year = cycle / 12 - (cycle % 12 < 0);
  return sp_book_day_start(book,
                           sp_civil_to_day(year, cycle - year * 12 + 1, book->header->cycle_day));
}
