#include "rating/book_tables.h"

#include <string.h>

#include "rating/sort.h"

#define SP_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

static void twice_error(struct sp__book_reader *reader, uint32_t column, uint32_t line)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "is there twice: line ");
  sp_text_add_u64(&text, line);
  sp_text_add(&text, " has it, too; expected one row");
  sp__book_reader_error(reader, column, buffer);
}

static void areas_read(struct sp__draft *draft)
{
  enum { AREA, NAME, PROVINCE };
  static const char *const columns[] = {"area", "name", "province"};
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "areas.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__area_row row = {0, sp__book_reader_text(&reader, NAME, &draft->strings),
                               sp__book_reader_text(&reader, PROVINCE, &draft->provinces),
                               sp__book_reader_line(&reader)};
    struct sp_cell_text area = sp__book_reader_cell(&reader, AREA);
    draft->areas.lost = draft->areas.lost || sp__book_reader_is_lost(&reader, AREA);
    if (area.length == 0) {
      sp__book_reader_error(&reader, AREA, "is blank; expected an area code");
      continue;
    }
    if (!sp_number_pack(area.text, area.length).exact) {
      sp__book_reader_error(&reader, AREA, "expected digits only, at most 16");
    }
    row.area = sp__terms_add(draft, &draft->areas, area.text, area.length);
    uint32_t earlier = sp__keys_put(draft, &keys, row.area, row.line);
    if (earlier != SP_NONE) {
      twice_error(&reader, AREA, earlier);
    }
    if (reader.bad) {
      continue;
    }
    *(struct sp__area_row *)sp__list_add(draft, &draft->area_rows, sizeof(row)) = row;
  }
}

static void numbers_read(struct sp__draft *draft)
{
  enum { PREFIX, OPERATOR, KIND, AREA };
  static const char *const columns[] = {"prefix", "operator", "kind", "area"};
  static const char *const kinds[] = {"", "mobile", "fixed", "service", "sp", "international"};
  struct sp__book_reader reader;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  if (!sp__book_reader_open(&reader, draft, "numbers.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__prefix row = {0, 0, 0, sp__book_reader_line(&reader), 0, 0};
    row.digits = sp__book_reader_digits(&reader, PREFIX);
    row.length = (uint8_t)sp_number_length(row.digits);
    row.operator_id = sp__book_reader_text(&reader, OPERATOR, &draft->operators);
    row.kind =
        (uint8_t)(sp__book_reader_word(&reader, KIND, kinds + 1, SP_COUNT(kinds) - 1, SP_BLANK) +
                  1);
    row.area = sp__book_reader_known(&reader, AREA, &draft->areas, "areas.csv") + 1;
    uint32_t earlier = row.digits == 0 ? SP_NONE : sp__keys_put(draft, &keys, row.digits, row.line);
    if (earlier != SP_NONE) {
      twice_error(&reader, PREFIX, earlier);
    }
    draft->doubt.numbers = draft->doubt.numbers || reader.unread;
    if (sp__book_reader_sound(&reader)) {
      *(struct sp__prefix *)sp__list_add(draft, &draft->prefixes, sizeof(row)) = row;
    }
  }
}

static void ported_read(struct sp__draft *draft)
{
  enum { NUMBER, OPERATOR, FROM, TO };
  static const char *const columns[] = {"number", "operator", "from", "to"};
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "ported.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    struct sp__ported row = {
        sp__book_reader_digits(&reader, NUMBER), sp__book_reader_time(&reader, FROM, SP_TIME_MIN),
        sp__book_reader_time(&reader, TO, SP_TIME_MAX),
        sp__book_reader_text(&reader, OPERATOR, &draft->operators), sp__book_reader_line(&reader)};
    if (row.from_utc_s >= row.to_utc_s) { /* never so by what stands for a wrong time */
      sp__book_reader_error(&reader, TO, "the interval is empty; expected `from` before `to`");
    }
    if (!reader.bad) {
      *(struct sp__ported *)sp__list_add(draft, &draft->ported, sizeof(row)) = row;
    }
  }
}

static void cells_read(struct sp__draft *draft)
{
  enum { PLMN, LAC_FROM, LAC_TO, AREA };
  static const char *const columns[] = {"plmn", "lac_from", "lac_to", "area"};
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "cells.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    int64_t top = SP_DRAFT_QUANTITY_MAX;
    struct sp__cell row = {sp__book_reader_integer(&reader, LAC_FROM, 0, top, 0),
                           sp__book_reader_integer(&reader, LAC_TO, 0, top, top),
                           sp__book_reader_text(&reader, PLMN, &draft->plmns) - 1,
                           sp__book_reader_known(&reader, AREA, &draft->areas, "areas.csv"),
                           sp__book_reader_line(&reader)};
    for (uint32_t column = PLMN; column <= AREA; column++) {
      if (sp__book_reader_blank(&reader, column)) {
        sp__book_reader_error(&reader, column, "is blank; expected each cell of the row");
      }
    }
    if (row.lac_from > row.lac_to) { /* never so by what stands for a wrong bound */
      sp__book_reader_error(&reader, LAC_TO, "expected lac_from <= lac_to");
    }
    if (sp__book_reader_sound(&reader)) {
      *(struct sp__cell *)sp__list_add(draft, &draft->cells, sizeof(row)) = row;
    }
  }
}

/* Overlaps: rows sorted by their place, then walked in file order against an index of those that
 * stand. Simple form: sorted by start, a row that overlaps the reach of the rows before it is in
 * conflict; of the two the later line is wrong. */
struct overlap {
  const char *file, *what;
  uint64_t key;
  int64_t from, to; /* [from, to) */
  uint32_t line;
  bool bad;
};

static int overlap_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct overlap *x = (const struct overlap *)context + a;
  const struct overlap *y = (const struct overlap *)context + b;
  if (x->key != y->key) {
    return sp_compare_u64(x->key, y->key);
  }
  return x->from != y->from ? sp_compare_i64(x->from, y->from) : sp_compare_u64(x->line, y->line);
}

static void overlap_report(struct sp__draft *draft, struct overlap *later,
                           const struct overlap *earlier)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  later->bad = true;
  sp_text_add(&text, later->what);
  sp_text_add(&text, " overlap those of line ");
  sp_text_add_u64(&text, earlier->line);
  sp_text_add(&text, "; expected each to end before the next");
  sp_problem_error(draft->problems, later->file, later->line, 1, buffer);
}

/* Reports the later line of two that overlap until no two do; rows are marked. */
static void overlaps_find(struct sp__draft *draft, struct overlap *rows, uint32_t count)
{
  uint32_t *order = sp__draft_order(draft, count, overlap_compare, rows);
  if (order == NULL || count == 0) {
    return;
  }
  struct overlap *kept = &rows[order[0]];
  for (uint32_t i = 1; i < count; i++) {
    struct overlap *row = &rows[order[i]];
    if (row->key != kept->key || row->from >= kept->to) {
      kept = row;
      continue;
    }
    if (row->line > kept->line) {
      overlap_report(draft, row, kept);
    } else {
      overlap_report(draft, kept, row);
      kept = row;
    }
  }
}

static struct overlap *overlaps_take(struct sp__draft *draft, uint32_t count)
{
  return sp__draft_take(draft, count * sizeof(struct overlap));
}

static void ported_check(struct sp__draft *draft)
{
  struct sp__list *list = &draft->ported;
  struct overlap *rows = overlaps_take(draft, list->count);
  for (uint32_t i = 0; rows != NULL && i < list->count; i++) {
    const struct sp__ported *row = SP_LIST_AT(list, struct sp__ported, i);
    rows[i] = (struct overlap){"ported.csv",  "the times of this number",
                               row->digits,   row->from_utc_s,
                               row->to_utc_s, row->line,
                               false};
  }
  if (rows != NULL) {
    overlaps_find(draft, rows, list->count);
  }
}

static void cells_check(struct sp__draft *draft)
{
  struct sp__list *list = &draft->cells;
  struct overlap *rows = overlaps_take(draft, list->count);
  for (uint32_t i = 0; rows != NULL && i < list->count; i++) {
    const struct sp__cell *row = SP_LIST_AT(list, struct sp__cell, i);
    rows[i] = (struct overlap){"cells.csv",
                               "the lac ranges of this plmn",
                               row->plmn,
                               row->lac_from,
                               row->lac_to + 1,
                               row->line,
                               false};
  }
  if (rows != NULL) {
    overlaps_find(draft, rows, list->count);
  }
}

void sp__read_places(struct sp__draft *draft)
{
  areas_read(draft);
  numbers_read(draft);
  ported_read(draft);
  ported_check(draft);
  cells_read(draft);
  cells_check(draft);
}

void sp__read_destinations(struct sp__draft *draft)
{
  enum { DESTINATION, PREFIX };
  static const char *const columns[] = {"destination", "prefix"};
  struct sp__book_reader reader;
  if (!sp__book_reader_open(&reader, draft, "destinations.csv", columns, SP_COUNT(columns))) {
    return;
  }
  while (sp__book_reader_next(&reader)) {
    uint32_t dest = sp__book_reader_name(&reader, DESTINATION, &draft->dests, true);
    uint64_t digits = sp__book_reader_digits(&reader, PREFIX);
    struct sp__dest row = {digits, dest, sp_number_length(digits)};
    draft->doubt.numbers = draft->doubt.numbers || reader.unread;
    if (!reader.bad) {
      *(struct sp__dest *)sp__list_add(draft, &draft->dest_rows, sizeof(row)) = row;
    }
  }
}
