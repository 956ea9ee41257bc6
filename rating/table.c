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

/* A quoted cell from its opening quote; unquotes in place; returns what stands behind the closing
 * quote. */
static char *quoted_cell(struct sp_table *table, char *at, char **line_start, struct place place)
{
  char *to = ++at;
  const char *from = at;
  bool closed = false;
  while (at < table->end) {
    if (*at == '"' && at + 1 < table->end && at[1] == '"') {
      at++;
    } else if (*at == '"') {
      at++;
      closed = true;
      break;
    } else if (*at == '\n') {
      table->line++;
      *line_start = at + 1;
    }
    *to++ = *at++;
  }
  while (at < table->end && is_blank(*at)) {
    at++;
  }
  if (!closed || (!at_break(table, at) && *at != ',')) {
    table->bad_quotes = true;
    while (!at_break(table, at) && *at != ',') {
      at++;
    }
  }
  cell_keep(table, from, to, place);
  return at;
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
