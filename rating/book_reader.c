#include "rating/book_tables.h"

#include <string.h>

#include "rating/book_zone.h"
#include "rating/civil.h"

bool sp__cell_is(struct sp_cell_text cell, const char *word)
{
  return strlen(word) == cell.length && memcmp(word, cell.text, cell.length) == 0;
}

bool sp__list_next(struct sp_cell_text *cell, struct sp_cell_text *element)
{
  if (cell->text == NULL) {
    return false;
  }
  const char *end = cell->text + cell->length;
  const char *mark = cell->length == 0 ? NULL : memchr(cell->text, ';', cell->length);
  const char *stop = mark == NULL ? end : mark;
  const char *from = cell->text;
  element->column = cell->column;
  while (from < stop && (*from == ' ' || *from == '\t')) {
    from++;
  }
  const char *to = stop;
  while (to > from && (to[-1] == ' ' || to[-1] == '\t')) {
    to--;
  }
  element->text = from;
  element->length = (uint32_t)(to - from);
  cell->text = mark == NULL ? NULL : mark + 1;
  cell->length = mark == NULL ? 0 : (uint32_t)(end - mark - 1);
  return true;
}

static void error_at(struct sp__book_reader *reader, uint32_t line, uint32_t column,
                     const char *message)
{
  reader->bad = true;
  sp_problem_error(reader->draft->problems, reader->table.file, line, column, message);
}

static uint32_t column_find(const struct sp__book_reader *reader, struct sp_cell_text cell)
{
  uint32_t known = 0;
  while (known < reader->names_count && !sp__cell_is(cell, reader->names[known])) {
    known++;
  }
  return known;
}

static void header_error(struct sp__book_reader *reader, uint32_t i, const char *before,
                         const char *behind)
{
  struct sp_cell_text cell = reader->table.cells[i];
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, before);
  sp_text_add_shown(&text, cell.text, sp_text_cut(cell.text, cell.length, 64));
  sp_text_add(&text, behind);
  for (uint32_t known = 0; known < reader->names_count; known++) {
    sp_text_add(&text, known == 0 ? " " : ", ");
    sp_text_add(&text, reader->names[known]);
  }
  reader->header_bad = true;
  error_at(reader, reader->table.cell_lines[i], cell.column, buffer);
}

static void header_cell(struct sp__book_reader *reader, uint32_t i)
{
  uint32_t known = column_find(reader, reader->table.cells[i]);
  if (known == reader->names_count) {
    header_error(reader, i, "unknown column \"", "\"; expected");
  } else if (reader->cell_of[known] == SP_NONE) {
    reader->cell_of[known] = i;
  } else {
    char buffer[SP_DRAFT_TEXT_MAX];
    struct sp_text text = SP_TEXT_INIT(buffer);
    sp_text_add(&text, reader->names[known]);
    sp_text_add(&text, ": this column is there twice; expected once");
    error_at(reader, reader->table.cell_lines[i], reader->table.cells[i].column, buffer);
  }
}

static void header_read(struct sp__book_reader *reader)
{
  const struct sp_table *table = &reader->table;
  uint32_t cells =
      table->cells_count < SP_TABLE_CELLS_MAX ? table->cells_count : SP_TABLE_CELLS_MAX;
  uint32_t known = 0;
  reader->header_cells = table->cells_count;
  if (table->bad_quotes) {
    reader->header_bad = true;
    error_at(reader, table->quote_line, table->quote_column, SP_TABLE_QUOTE_WORDS);
    cells = cells < table->quote_cell ? cells : table->quote_cell;
    reader->header_cells = UINT32_MAX; /* how many there are is not known */
  }
  for (uint32_t i = 0; i < cells; i++) {
    known += column_find(reader, table->cells[i]) < reader->names_count;
  }
  if (known == 0 && cells > 0) { /* of another table, or none at all: said once */
    bool text = sp_text_is_plain(table->cells[0].text, table->cells[0].length);
    header_error(reader, 0,
                 text ? "this header begins with \"" : "this header is no UTF-8: it begins with \"",
                 "\" and has no column of this table; expected one with some of");
    sp__doubt_table(reader->draft, table->file);
    reader->table.at = reader->table.end;
    return;
  }
  for (uint32_t i = 0; i < cells; i++) {
    header_cell(reader, i);
  }
  if (table->cells_count > SP_TABLE_CELLS_MAX) {
    error_at(reader, table->row_line, 1, "more than 64 columns; expected no more than are known");
  }
}

bool sp__book_reader_open(struct sp__book_reader *reader, struct sp__draft *draft, const char *file,
                          const char *const *columns, uint32_t count)
{
  SP_ASSERT(count <= SP_READER_COLUMNS_MAX);
  memset(reader, 0, sizeof(*reader));
  reader->draft = draft;
  reader->names = columns;
  reader->names_count = count;
  memset(reader->cell_of, 0xFF, sizeof(reader->cell_of));
  for (size_t i = 0; i < draft->files->count; i++) {
    const struct sp_book_file *from = &draft->files->file[i];
    if (strcmp(from->name, file) == 0) {
      sp_table_open(&reader->table, from->name, from->bytes, from->length);
      break;
    }
  }
  if (reader->table.file == NULL) {
    return false;
  }
  if (!sp_table_next(&reader->table)) {
    bool read = reader->table.end != NULL; /* else it is said that it cannot be */
    if (read) {
      sp_problem_warning(draft->problems, file, 1, 1,
                         "is empty; expected a header (a table that is not needed is left out)");
    }
    return false;
  }
  header_read(reader);
  return true;
}

/* Cells lie in their row from left to right: mostly all of it is plain, looked at once. */
static void cells_check(struct sp__book_reader *reader)
{
  const struct sp_table *table = &reader->table;
  uint32_t count =
      table->cells_count < SP_TABLE_CELLS_MAX ? table->cells_count : SP_TABLE_CELLS_MAX;
  reader->spoilt = 0;
  if (count > 0) {
    const struct sp_cell_text *first = &table->cells[0], *last = &table->cells[count - 1];
    count = sp_text_is_plain(first->text, (size_t)(last->text - first->text) + last->length)
                ? 0
                : count;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!sp_text_is_plain(table->cells[i].text, table->cells[i].length)) {
      char buffer[SP_DRAFT_TEXT_MAX];
      struct sp_text text = SP_TEXT_INIT(buffer);
      sp_text_add(&text, "\"");
      sp_text_add_shown(&text, table->cells[i].text,
                        sp_text_cut(table->cells[i].text, table->cells[i].length, 64));
      sp_text_add(&text, "\" holds a byte that is no text; expected UTF-8 without control bytes");
      error_at(reader, table->cell_lines[i], table->cells[i].column, buffer);
      reader->spoilt |= UINT64_C(1) << i;
      reader->unread = true;
    }
  }
}

bool sp__book_reader_next(struct sp__book_reader *reader)
{
  struct sp_table *table = &reader->table;
  if (reader->draft->status != SP_OK || !sp_table_next(table)) {
    return false;
  }
  reader->bad = reader->lost = false;
  reader->quotes = reader->unread = table->bad_quotes;
  if (table->bad_quotes) {
    error_at(reader, table->quote_line, table->quote_column, SP_TABLE_QUOTE_WORDS);
    table->cells_count = table->quote_cell;
  }
  if (table->cells_count > reader->header_cells) {
    uint32_t i = reader->header_cells < SP_TABLE_CELLS_MAX ? reader->header_cells : 0;
    error_at(reader, table->row_line, table->cells[i].column,
             "the row has more cells than the header; expected no more");
  }
  cells_check(reader);
  return true;
}

bool sp__book_reader_is_lost(const struct sp__book_reader *reader, uint32_t column)
{
  uint32_t i = reader->cell_of[column];
  if (i == SP_NONE) {
    return reader->header_bad;
  }
  return i < reader->table.cells_count ? (reader->spoilt >> i & 1u) != 0 : reader->quotes;
}

struct sp_cell_text sp__book_reader_cell(const struct sp__book_reader *reader, uint32_t column)
{
  static const struct sp_cell_text blank = {"", 0, 1};
  uint32_t i = reader->cell_of[column];
  return i == SP_NONE || i >= reader->table.cells_count ? blank : reader->table.cells[i];
}

/* Of a row over several lines each cell has its own; one that is not there is where the row is. */
static uint32_t line_of(const struct sp__book_reader *reader, uint32_t column)
{
  const struct sp_table *table = &reader->table;
  uint32_t i = reader->cell_of[column];
  return i == SP_NONE || i >= table->cells_count ? table->row_line : table->cell_lines[i];
}

uint16_t sp__book_reader_column(const struct sp__book_reader *reader, uint32_t column)
{
  uint32_t at = sp__book_reader_cell(reader, column).column;
  return at > UINT16_MAX ? UINT16_MAX : (uint16_t)at;
}

void sp__book_reader_error(struct sp__book_reader *reader, uint32_t column, const char *what)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  reader->bad = true;
  if (sp__book_reader_is_lost(reader, column)) {
    reader->unread = true;
    return;
  }
  sp_text_add(&text, reader->names[column]);
  if (cell.length > 0) {
    sp_text_add(&text, " \"");
    sp_text_add_shown(&text, cell.text, sp_text_cut(cell.text, cell.length, 128));
    sp_text_add(&text, "\"");
  }
  sp_text_add(&text, ": ");
  sp_text_add(&text, what);
  error_at(reader, line_of(reader, column), cell.column, buffer);
}

static void words_error(struct sp__book_reader *reader, uint32_t column, const char *const *words,
                        uint32_t count)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "expected ");
  for (uint32_t i = 0; i < count; i++) {
    sp_text_add(&text, i == 0 ? "" : i + 1 == count ? " or " : ", ");
    sp_text_add(&text, words[i]);
  }
  sp__book_reader_error(reader, column, buffer);
}

uint8_t sp__book_reader_word(struct sp__book_reader *reader, uint32_t column,
                             const char *const *words, uint32_t count, uint8_t blank)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length == 0) {
    return blank;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (sp__cell_is(cell, words[i])) {
      return (uint8_t)i;
    }
  }
  words_error(reader, column, words, count);
  return blank;
}

int64_t sp__book_reader_integer(struct sp__book_reader *reader, uint32_t column, int64_t low,
                                int64_t high, int64_t blank)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  int64_t value;
  if (cell.length == 0) {
    return blank;
  }
  if (sp_value_integer(cell.text, cell.length, &value) && value >= low && value <= high) {
    return value;
  }
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "expected a whole number from ");
  sp_text_add_i64(&text, low);
  sp_text_add(&text, " to ");
  sp_text_add_i64(&text, high);
  sp__book_reader_error(reader, column, buffer);
  return blank;
}

int64_t sp__book_reader_money(struct sp__book_reader *reader, uint32_t column, int64_t blank)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  int64_t micro;
  if (cell.length == 0) {
    return blank;
  }
  if (sp_money_parse(&micro, cell.text, cell.length, 6)) {
    return micro;
  }
  sp__book_reader_error(reader, column,
                        sp_value_is_decimal(cell.text, cell.length, 6)
                            ? SP_VALUE_AMOUNT_WORDS
                            : "expected an amount >= 0 with at most 6 decimals");
  return blank;
}

bool sp__book_reader_quantity(struct sp__book_reader *reader, uint32_t column,
                              struct sp_quantity *quantity)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length == 0) {
    return false;
  }
  if (sp_value_quantity(cell.text, cell.length, quantity)) {
    return true;
  }
  sp__book_reader_error(
      reader, column,
      "expected a quantity: whole items, or s min h, or B KB MB GB (6s, 1min, 10MB), at most "
      "999999999999999999 items, s or B");
  return false;
}

int64_t sp__book_reader_time(struct sp__book_reader *reader, uint32_t column, int64_t blank)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  int64_t seconds;
  if (cell.length == 0) {
    return blank;
  }
  switch (sp_civil_parse(cell.text, cell.length, &seconds)) {
  case SP_CIVIL_UTC:
    return seconds;
  case SP_CIVIL_LOCAL:
    return sp__zone_from_local(&reader->draft->offsets, seconds);
  case SP_CIVIL_NONE:
    break;
  }
  sp__book_reader_error(
      reader, column,
      "expected a time that exists: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or with offset");
  return blank;
}

uint64_t sp__book_reader_digits(struct sp__book_reader *reader, uint32_t column)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  struct sp_number number = sp_number_pack(cell.text, cell.length);
  if (cell.length > SP_NUMBER_DIGITS_MAX - 1) {
    sp__book_reader_error(reader, column, "expected at most 15 digits");
    return 0;
  }
  if (!number.exact) {
    sp__book_reader_error(reader, column,
                          cell.length == 0 ? "is blank; expected digits" : "expected digits only");
    return 0;
  }
  return number.digits;
}

uint32_t sp__book_reader_name(struct sp__book_reader *reader, uint32_t column,
                              struct sp__terms *names, bool needed)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length == 0) {
    if (needed) {
      names->lost = names->lost || sp__book_reader_is_lost(reader, column);
      sp__book_reader_error(reader, column, "is blank; expected a name");
    }
    return SP_NONE;
  }
  if (!sp_value_name(cell.text, cell.length)) {
    sp__book_reader_error(reader, column,
                          "expected a name: at most 64 letters, digits, '_', '.' or '-'");
  }
  if (sp__book_reader_is_lost(reader, column)) {
    names->lost = true;
    return SP_NONE;
  }
  return sp__terms_add(reader->draft, names, cell.text, cell.length);
}

uint32_t sp__book_reader_known(struct sp__book_reader *reader, uint32_t column,
                               const struct sp__terms *names, const char *table)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  if (cell.length == 0) {
    return SP_NONE;
  }
  uint32_t id = sp__terms_find(names, cell.text, cell.length);
  if (id == SP_NONE && names->lost) {
    reader->lost = true;
  } else if (id == SP_NONE) {
    char buffer[SP_DRAFT_TEXT_MAX];
    struct sp_text text = SP_TEXT_INIT(buffer);
    sp_text_add(&text, "is not in ");
    sp_text_add(&text, table);
    sp_text_add(&text, "; expected a name that is");
    sp__book_reader_error(reader, column, buffer);
  }
  return id;
}

uint32_t sp__book_reader_text(struct sp__book_reader *reader, uint32_t column,
                              struct sp__terms *names)
{
  struct sp_cell_text cell = sp__book_reader_cell(reader, column);
  return cell.length == 0 ? 0 : sp__terms_add(reader->draft, names, cell.text, cell.length) + 1;
}
