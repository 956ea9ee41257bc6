#include "rating/table.h"

#include <string.h>

void sp_table_open(struct sp_table *table, const char *file, char *bytes, size_t length)
{
  SP_ASSERT(table != NULL && (bytes != NULL || length == 0));
  memset(table, 0, sizeof(*table));
  table->file = file;
  table->at = bytes;
  table->end = length == 0 ? bytes : bytes + length;
  table->line = 1;
  if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
    table->at += 3;
  }
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Past the line break at `at`, if one is there. */
static char *break_skip(struct sp_table *table, char *at)
{
  if (at < table->end && *at == '\r') {
    at++;
  }
  if (at < table->end && *at == '\n') {
    at++;
  }
  table->line++;
  return at;
}

static bool at_break(const struct sp_table *table, const char *at)
{
  return at == table->end || *at == '\n' ||
         (*at == '\r' && (at + 1 == table->end || at[1] == '\n'));
}

/* Where a cell begins. */
struct place {
  uint32_t line, column;
};

static void cell_keep(struct sp_table *table, const char *from, const char *to, struct place place)
{
  while (from < to && is_blank(*from)) {
    from++;
  }
  while (to > from && is_blank(to[-1])) {
    to--;
  }
  if (table->cells_count < SP_TABLE_CELLS_MAX) {
    table->cells[table->cells_count] =
        (struct sp_cell_text){from, (uint32_t)(to - from), place.column};
    table->cell_lines[table->cells_count] = place.line;
  }
  table->cells_count++;
}

/* The quote that closes a cell whose text begins at `at`; the end: there is none. */
static char *quote_find(const struct sp_table *table, char *at)
{
  while (at < table->end && (at = memchr(at, '"', (size_t)(table->end - at))) != NULL) {
    if (at + 1 == table->end || at[1] != '"') {
      return at;
    }
    at += 2;
  }
  return table->end;
}

/* Where a row goes on behind a cell that is not quoted well: at the next comma or break if it
 * closes in its line, else at that line's break: what follows are rows rather than its text. */
static char *quote_leave(struct sp_table *table, char *at, char *close, uint32_t column)
{
  if (!table->bad_quotes) {
    table->bad_quotes = true;
    table->quote_line = table->line;
    table->quote_column = column;
    table->quote_cell = table->cells_count;
  }
  char *stop = close == table->end ? close : close + 1;
  char *line_end = memchr(at, '\n', (size_t)(stop - at));
  if (close == table->end || line_end != NULL) {
    line_end = line_end == NULL ? stop : line_end;
    return line_end > at && line_end[-1] == '\r' ? line_end - 1 : line_end;
  }
  while (!at_break(table, stop) && *stop != ',') {
    stop++;
  }
  return stop;
}

/* A quoted cell from its opening quote; unquotes in place; returns what stands behind it. */
static char *quoted_cell(struct sp_table *table, char *at, char **line_start, struct place place)
{
  uint32_t column = (uint32_t)(at - *line_start) + 1;
  char *to = ++at;
  const char *from = at;
  char *close = quote_find(table, at);
  char *behind = close == table->end ? close : close + 1;
  while (behind < table->end && is_blank(*behind)) {
    behind++;
  }
  if (close == table->end || (!at_break(table, behind) && *behind != ',')) {
    at = quote_leave(table, at, close, column);
    cell_keep(table, from, from, place);
    return at;
  }
  for (; at < close; at++) {
    at += *at == '"';
    if (*at == '\n') {
      table->line++;
      *line_start = at + 1;
    }
    *to++ = *at;
  }
  cell_keep(table, from, to, place);
  return behind;
}

static char *row_read(struct sp_table *table, char *at)
{
  char *line_start = at;
  for (;;) {
    struct place place = {table->line, (uint32_t)(at - line_start) + 1};
    char *from = at;
    while (at < table->end && is_blank(*at)) {
      at++;
    }
    if (at < table->end && *at == '"') {
      at = quoted_cell(table, at, &line_start, place);
    } else {
      while (!at_break(table, at) && *at != ',') {
        at++;
      }
      cell_keep(table, from, at, place);
    }
    if (at_break(table, at)) {
      return break_skip(table, at);
    }
    at++;
  }
}

bool sp_table_next(struct sp_table *table)
{
  char *at = table->at;
  for (;;) {
    if (at == table->end) {
      table->at = at;
      return false;
    }
    char *from = at;
    while (!at_break(table, at) && is_blank(*at)) {
      at++;
    }
    if (*from == '#') {
      while (!at_break(table, at)) {
        at++;
      }
    }
    if (!at_break(table, at)) {
      at = from;
      break;
    }
    if (at != table->end) {
      at = break_skip(table, at);
    }
  }
  table->row_line = table->line;
  table->cells_count = 0;
  table->bad_quotes = false;
  table->at = row_read(table, at);
  return true;
}
