/* Cells of customer rows: names, texts, numbers, times; and how a row is refused. */
#include "rating/customers_load.h"
#include "rating/number.h"
#include "rating/text.h"

#include <string.h>

#define VALUE_BYTES_MAX 80 /* of a cell shown in a message */
#define NAME_CHARACTERS_MAX 64

struct sp_name sp__load_cell(const struct sp__load *load, uint32_t column)
{
  SP_ASSERT(column < load->columns_count);
  uint32_t place = load->places[column];
  if (place == 0 || place > load->table.cells_count) {
    return (struct sp_name){"", 0};
  }
  const struct sp_cell_text *cell = &load->table.cells[place - 1];
  return (struct sp_name){cell->text, cell->length};
}

static void value_add(struct sp_text *text, struct sp_name value)
{
  sp_text_add_shown(text, value.text, sp_text_cut(value.text, value.length, VALUE_BYTES_MAX));
  if (value.length > VALUE_BYTES_MAX) {
    sp_text_add(text, "...");
  }
}

/* Says a problem, or holds it until all of its table are known. */
static void problem_tell(struct sp__load *load, struct sp_problem problem)
{
  size_t length = strlen(problem.message);
  if (load->hold && sp__array_room(&load->held, load->memory,
                                   (load->held_count + 1) * sizeof(problem)) == SP_OK) {
    char *copy = sp_memory_take(load->memory, length + 1);
    if (copy != NULL) {
      memcpy(copy, problem.message, length + 1);
      problem.message = copy;
      ((struct sp_problem *)load->held.at)[load->held_count++] = problem;
      return;
    }
  }
  if (problem.warning) {
    sp_problem_warning(load->problems, problem.file, problem.line, problem.column, problem.message);
  } else {
    sp_problem_error(load->problems, problem.file, problem.line, problem.column, problem.message);
  }
}

struct sp__place sp__load_place(const struct sp__load *load, uint32_t column)
{
  uint32_t place = load->places[column];
  if (place == 0 || place > load->table.cells_count) {
    return (struct sp__place){load->table.row_line, 1};
  }
  return (struct sp__place){load->table.cell_lines[place - 1], load->table.cells[place - 1].column};
}

static void cell_tell(struct sp__load *load, uint32_t column, const char *why, bool warning)
{
  char bytes[SP_PROBLEM_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(bytes);
  struct sp__place place = sp__load_place(load, column);
  sp_text_add(&text, load->columns[column]);
  sp_text_add(&text, " '");
  value_add(&text, sp__load_cell(load, column));
  sp_text_add(&text, "' ");
  sp_text_add(&text, why);
  problem_tell(load,
               (struct sp_problem){load->table.file, place.line, place.column, warning, bytes});
}

void sp__load_refuse(struct sp__load *load, uint32_t column, const char *why)
{
  cell_tell(load, column, why, false);
}

void sp__load_warn(struct sp__load *load, uint32_t column, const char *why)
{
  cell_tell(load, column, why, true);
}

void sp__load_refuse_at(struct sp__load *load, struct sp__place place, const char *why)
{
  problem_tell(load, (struct sp_problem){load->table.file, place.line, place.column, false, why});
}

static int held_order(const void *a, const void *b, const void *context)
{
  (void)context;
  const struct sp_problem *one = a, *other = b;
  return (one->line > other->line) - (one->line < other->line);
}

void sp__load_tell(struct sp__load *load)
{
  sp__sort(load->held.at, load->held_count, sizeof(struct sp_problem), held_order, NULL);
  const struct sp_problem *held = load->held.at;
  for (uint32_t i = 0; i < load->held_count; i++) {
    if (held[i].warning) {
      sp_problem_warning(load->problems, held[i].file, held[i].line, held[i].column,
                         held[i].message);
    } else {
      sp_problem_error(load->problems, held[i].file, held[i].line, held[i].column, held[i].message);
    }
  }
  load->held_count = 0;
  load->hold = false;
}

/* Length of the UTF-8 character at `text`, 0 = it is none; mostly ASCII, millions of them. */
static uint32_t utf8_length(const char *text, uint32_t room)
{
  const unsigned char *at = (const unsigned char *)text;
  return *at < 0x80 ? 1 : (uint32_t)sp_text_utf8(at, room);
}

static bool is_name_byte(char c)
{
  unsigned lower = (unsigned char)c | 0x20u;
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

static bool is_name(struct sp_name name)
{
  uint32_t characters = 0;
  for (uint32_t i = 0; i < name.length; characters++) {
    uint32_t length = utf8_length(name.text + i, name.length - i);
    if (length == 0 || (length == 1 && !is_name_byte(name.text[i]))) {
      return false;
    }
    i += length;
  }
  return characters > 0 && characters <= NAME_CHARACTERS_MAX && name.length <= SP__NAME_BYTES_MAX;
}

bool sp__load_name(struct sp__load *load, uint32_t column, struct sp_name *name)
{
  *name = sp__load_cell(load, column);
  if (is_name(*name)) {
    return true;
  }
  sp__load_refuse(load, column,
                  "is not a name, expected 1 to 64 of A-Z a-z 0-9 _ . - or other letters");
  return false;
}

bool sp__load_text(struct sp__load *load, uint32_t column, struct sp_name *text)
{
  *text = sp__load_cell(load, column);
  for (uint32_t i = 0; i < text->length;) {
    uint32_t length = utf8_length(text->text + i, text->length - i);
    if (length == 0) {
      sp__load_refuse(load, column, "is not UTF-8");
      return false;
    }
    i += length;
  }
  if (text->length > SP__NAME_BYTES_MAX) {
    sp__load_refuse(load, column, "is too long, expected at most 255 bytes");
    return false;
  }
  return true;
}

bool sp__load_number(struct sp__load *load, uint32_t column, uint64_t *digits)
{
  struct sp_name cell = sp__load_cell(load, column);
  struct sp_number number = sp_number_pack(cell.text, cell.length);
  *digits = number.digits;
  if (!number.exact) {
    sp__load_refuse(load, column, "is not a number, expected 1 to 16 digits");
  }
  return number.exact;
}

uint32_t sp__load_subject(const struct sp__load *load, uint32_t column)
{
  struct sp_name cell = sp__load_cell(load, column);
  if (cell.length > 11 && memcmp(cell.text, "subscriber:", 11) == 0) {
    return sp__words_find(&load->directory->subscribers,
                          (struct sp_name){cell.text + 11, cell.length - 11});
  }
  if (cell.length > 6 && memcmp(cell.text, "group:", 6) == 0) {
    uint32_t group =
        sp__words_find(&load->directory->groups, (struct sp_name){cell.text + 6, cell.length - 6});
    return group == SP_NONE ? SP_NONE : group | SP_SUBJECT_GROUP;
  }
  return SP_NONE;
}
