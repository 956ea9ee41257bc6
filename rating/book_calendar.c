#include "rating/book_tables.h"

#include <string.h>

#include "rating/civil.h"
#include "rating/sort.h"

#define SP_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define SP_DAY_TYPES 3
#define SP_DAY_TYPE_BIT 7 /* of sp__band_row.days: the first 7 are weekdays */

static int day_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__day *rows = context;
  return sp_compare_i64(rows[a].day, rows[b].day);
}

uint32_t *sp__day_order(struct sp__draft *draft)
{
  return sp__draft_order(draft, draft->days.count, day_compare,
                         SP_LIST_AT(&draft->days, struct sp__day, 0));
}

static void calendar_read(struct sp__draft *draft)
{
  enum { DATE, DAY };
  static const char *const columns[] = {"date", "day"};
  static const char *const types[] = {"workday", "weekend", "holiday"};
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "calendar.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp_cell_text date = sp__book_reader_cell(&reader, DATE);
    int64_t local_s = 0;
    bool dated = true;
    if (date.length != 10 || sp_civil_parse(date.text, date.length, &local_s) != SP_CIVIL_LOCAL) {
      sp__book_reader_error(&reader, DATE, "expected a date that exists, as YYYY-MM-DD");
      dated = false;
    }
    if (sp__book_reader_blank(&reader, DAY)) {
      sp__book_reader_error(&reader, DAY, "is blank; expected workday, weekend or holiday");
    }
    struct sp__day row = {sp_civil_day_of(local_s),
                          sp__book_reader_word(&reader, DAY, types, SP_COUNT(types), 0),
                          sp__book_reader_line(&reader)};
    if (dated && sp__keys_put(draft, &keys, (uint64_t)(uint32_t)row.day, row.line) != SP_NONE) {
      sp__book_reader_error(&reader, DATE, "is there twice; expected one row a date");
    }
    if (!reader.bad) {
      *(struct sp__day *)sp__list_add(draft, &draft->days, sizeof(row)) = row;
    }
  }
}

static uint32_t days_bits(struct sp_cell_text element)
{
  static const char *const words[] = {"mon", "tue", "wed",     "thu",     "fri",
                                      "sat", "sun", "workday", "weekend", "holiday"};
  if (sp__cell_is(element, "all")) {
    return 0x7F;
  }
  for (uint32_t i = 0; i < SP_COUNT(words); i++) {
    if (sp__cell_is(element, words[i])) {
      return 1u << i;
    }
  }
  return 0;
}

static uint32_t days_take(struct sp__book_reader *reader, uint32_t column)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  struct sp_cell_text element;
  uint32_t days = 0;
  if (cell.length == 0) {
    sp__book_reader_error(reader, column, "is blank; expected days, for example all or mon;tue");
    return 0;
  }
  while (sp__list_next(&cell, &element)) {
    uint32_t bits = days_bits(element);
    if (bits == 0) {
      sp__book_reader_error(
          reader, column,
          "expected a list of mon tue wed thu fri sat sun, workday, weekend, holiday or "
          "all, separated by ';'");
      return 0;
    }
    days |= bits;
  }
  return days;
}

static uint32_t clock_take(struct sp__book_reader *reader, uint32_t column, bool end)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  uint32_t seconds = 0;
  if (!sp_value_clock(cell.text, cell.length, end, &seconds)) {
    sp__book_reader_error(reader, column,
                          end ? "expected a time of day HH:MM or HH:MM:SS up to 24:00"
                              : "expected a time of day HH:MM or HH:MM:SS before 24:00");
    return end ? SP_DAY_S : 0;
  }
  return seconds;
}

static void bands_read(struct sp__draft *draft)
{
  enum { BAND, DAYS, FROM, TO };
  static const char *const columns[] = {"band", "days", "from", "to"};
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "bands.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    uint32_t names = draft->bands.list.count;
    struct sp__band_row row = {sp__book_reader_name(&reader, BAND, &draft->bands, true),
                               clock_take(&reader, FROM, false), clock_take(&reader, TO, true),
                               days_take(&reader, DAYS)};
    if (names >= SP_BOOK_BANDS_MAX && draft->bands.list.count > names) {
      sp__book_reader_error(&reader, BAND,
                            "is one name too many; expected at most 64 bands in a book");
    }
    if (row.from_s >= row.to_s) { /* never so by what stands for a wrong time */
      sp__book_reader_error(&reader, TO,
                            "is not after `from`; expected a later time, or two rows for a band "
                            "over midnight: to 24:00 and from 00:00");
    }
    if (reader.unread && row.band < SP_BOOK_BANDS_MAX) {
      draft->doubt.bands |= UINT64_C(1) << row.band;
    }
    if (!reader.bad) {
      *(struct sp__band_row *)sp__list_add(draft, &draft->band_rows, sizeof(row)) = row;
    }
  }
}

/* Whether a row holds on days of this weekday and type. */
static bool row_on(const struct sp__band_row *row, uint32_t weekday, uint32_t type)
{
  return (row->days & (1u << weekday | 1u << (SP_DAY_TYPE_BIT + type))) != 0;
}

static int edge_compare(const void *context, uint32_t a, uint32_t b)
{
  const uint32_t *edges = context;
  return sp_compare_u64(edges[a], edges[b]);
}

/* The edges of all rows: row r begins at edge 2r and ends at edge 2r + 1. */
struct edges {
  const uint32_t *at_s, *order;
  uint32_t count;
};

/* The spans of one kind of day: between neighbouring edges of rows the set of bands is the same. */
static void day_spans(struct sp__draft *draft, uint32_t weekday, uint32_t type,
                      const struct edges *edges)
{
  struct sp__list *spans = &draft->spans.spans;
  const struct sp__band_row *rows = SP_LIST_AT(&draft->band_rows, struct sp__band_row, 0);
  uint32_t holding[SP_BOOK_BANDS_MAX] = {0}; /* rows of a band that hold */
  uint32_t first = spans->count;
  uint64_t bands = 0;
  uint32_t next = 0;
  for (uint32_t at_s = 0; at_s < SP_DAY_S;) {
    for (; next < edges->count && edges->at_s[edges->order[next]] == at_s; next++) {
      uint32_t edge = edges->order[next];
      const struct sp__band_row *row = &rows[edge / 2];
      if (row_on(row, weekday, type)) {
        holding[row->band] += edge % 2 == 0 ? 1 : UINT32_MAX;
        uint64_t bit = UINT64_C(1) << row->band;
        bands = holding[row->band] > 0 ? bands | bit : bands & ~bit;
      }
    }
    if (spans->count == first ||
        SP_LIST_AT(spans, struct sp_book_span, spans->count - 1)->bands != bands) {
      struct sp_book_span *span = sp__list_add(draft, spans, sizeof(*span));
      *span = (struct sp_book_span){at_s, 0, bands};
      for (uint64_t rest = bands; rest != 0; rest &= rest - 1) {
        draft->spans.together[__builtin_ctzll(rest)] |= bands;
      }
    }
    at_s = next < edges->count ? edges->at_s[edges->order[next]] : SP_DAY_S;
  }
}

static void spans_make(struct sp__draft *draft)
{
  uint32_t rows = draft->band_rows.count;
  uint32_t *at_s = sp__draft_take(draft, (2 * (size_t)rows + 1) * sizeof(*at_s));
  if (at_s == NULL) {
    return;
  }
  for (uint32_t i = 0; i < rows; i++) {
    const struct sp__band_row *row = SP_LIST_AT(&draft->band_rows, struct sp__band_row, i);
    at_s[2 * (size_t)i] = row->from_s;
    at_s[2 * (size_t)i + 1] = row->to_s;
  }
  struct edges edges = {at_s, sp__draft_order(draft, 2 * (size_t)rows, edge_compare, at_s),
                        2 * rows};
  if (edges.order == NULL) {
    return;
  }
  for (uint32_t weekday = 0; weekday < 7; weekday++) {
    for (uint32_t type = 0; type < SP_DAY_TYPES; type++) {
      draft->spans.starts[weekday * SP_DAY_TYPES + type] = draft->spans.spans.count;
      day_spans(draft, weekday, type, &edges);
    }
  }
  draft->spans.starts[7 * SP_DAY_TYPES] = draft->spans.spans.count;
}

void sp__read_calendar(struct sp__draft *draft)
{
  calendar_read(draft);
  bands_read(draft);
  spans_make(draft);
}
