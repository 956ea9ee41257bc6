/* The order of loading: accounts, subscribers, groups, members, subscriptions, managers, facts;
 * then components. */
#include "rating/customers_load.h"

#include <string.h>

const char *sp_customer_table_name(enum sp_customer_table table)
{
  static const char *const names[SP_CUSTOMER_TABLES] = {
      "accounts.csv",      "subscribers.csv", "groups.csv", "members.csv",
      "subscriptions.csv", "managers.csv",    "facts.csv"};
  SP_ASSERT(table < SP_CUSTOMER_TABLES);
  return names[table];
}

uint64_t sp__load_rows_max(const struct sp__load *load, enum sp_customer_table table)
{
  const struct sp_customer_file *file = &load->files[table];
  uint64_t rows = 1;
  const char *at = file->bytes, *end = at == NULL ? NULL : at + file->length;
  while (at != NULL && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    at++;
    rows++;
  }
  return rows;
}

static void quote_tell(struct sp__load *load)
{
  struct sp__place place = {load->table.quote_line, load->table.quote_column};
  sp__load_refuse_at(load, place, SP_TABLE_QUOTE_WORDS);
}

static uint32_t column_find(const struct sp__load *load, uint32_t cell)
{
  const struct sp_cell_text *name = &load->table.cells[cell];
  uint32_t column = 0;
  while (column < load->columns_count &&
         !(strlen(load->columns[column]) == name->length &&
           memcmp(load->columns[column], name->text, name->length) == 0)) {
    column++;
  }
  return column;
}

/* A cell of the header that is no column, or not the first of its name. */
static void header_tell(struct sp__load *load, uint32_t cell, const char *why, bool list,
                        bool warning)
{
  const struct sp_cell_text *name = &load->table.cells[cell];
  char bytes[SP_PROBLEM_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(bytes);
  sp_text_add(&text, "column '");
  sp_text_add_shown(&text, name->text, sp_text_cut(name->text, name->length, 64));
  sp_text_add(&text, why);
  for (uint32_t k = 0; list && k < load->columns_count; k++) {
    sp_text_add(&text, " ");
    sp_text_add(&text, load->columns[k]);
  }
  (warning ? sp_problem_warning : sp_problem_error)(
      load->problems, load->table.file, load->table.cell_lines[cell], name->column, bytes);
}

/* false: the rows under it cannot be read. */
static bool header_read(struct sp__load *load)
{
  uint32_t cells = load->table.cells_count, known = 0;
  cells = cells < SP_TABLE_CELLS_MAX ? cells : SP_TABLE_CELLS_MAX;
  if (load->table.bad_quotes) {
    quote_tell(load);
    return false;
  }
  for (uint32_t i = 0; i < cells; i++) {
    known += column_find(load, i) < load->columns_count;
  }
  if (known == 0) {
    header_tell(load, 0, "' is none of this table and no other is, expected some of:", true, false);
    return false;
  }
  for (uint32_t i = 0; i < cells; i++) {
    uint32_t column = column_find(load, i);
    if (column == load->columns_count) {
      header_tell(load, i, "' is not known, expected one of:", true, true);
    } else if (load->places[column] == 0) {
      load->places[column] = i + 1;
    } else {
      header_tell(load, i, "' is there twice, expected it once", false, true);
    }
  }
  load->header_cells = load->table.cells_count;
  return true;
}

bool sp__load_open(struct sp__load *load, enum sp_customer_table table, const char *const *columns,
                   uint32_t columns_count)
{
  SP_ASSERT(columns_count <= SP__CUSTOMER_COLUMNS_MAX);
  const struct sp_customer_file *file = &load->files[table];
  if (file->bytes == NULL) {
    return false;
  }
  load->columns = columns;
  load->columns_count = columns_count;
  memset(load->places, 0, sizeof(load->places));
  sp_table_open(&load->table, file->name == NULL ? sp_customer_table_name(table) : file->name,
                file->bytes, file->length);
  if (!sp_table_next(&load->table)) {
    sp_problem_warning(load->problems, load->table.file, 1, 1,
                       "is empty, expected a header (a table that is not needed is left out)");
    return false;
  }
  return header_read(load);
}

bool sp__load_next(struct sp__load *load)
{
  while (sp_table_next(&load->table)) {
    if (load->table.bad_quotes) {
      quote_tell(load);
    } else if (load->table.cells_count > load->header_cells) {
      uint32_t i = load->header_cells < SP_TABLE_CELLS_MAX ? load->header_cells : 0;
      struct sp__place place = {load->table.cell_lines[i], load->table.cells[i].column};
      sp__load_refuse_at(load, place, "the row has more cells than the header, expected no more");
    } else {
      return true;
    }
  }
  return false;
}

static void *place(void *base, size_t size, size_t index)
{
  return (char *)base + size * index;
}

static void swap(void *a, void *b, size_t size)
{
  char between[64];
  SP_ASSERT(size <= sizeof(between));
  memcpy(between, a, size);
  memcpy(a, b, size);
  memcpy(b, between, size);
}

void sp__sort(void *base, size_t count, size_t size, sp__order *order, const void *context)
{
  size_t heap = count / 2, end = count;
  while (end > 1) {
    if (heap > 0) {
      heap--;
    } else {
      end--;
      swap(base, place(base, size, end), size);
    }
    size_t at = heap;
    for (size_t child; (child = 2 * at + 1) < end; at = child) {
      if (child + 1 < end &&
          order(place(base, size, child), place(base, size, child + 1), context) < 0) {
        child++;
      }
      if (order(place(base, size, at), place(base, size, child), context) >= 0) {
        break;
      }
      swap(place(base, size, at), place(base, size, child), size);
    }
  }
}

static void load_free(struct sp__load *load)
{
  struct sp__array *arrays[] = {&load->held,
                                &load->member_rows,
                                &load->member_heads,
                                &load->subscription_rows,
                                &load->subscriber_heads,
                                &load->group_heads,
                                &load->united,
                                &load->plan_flags,
                                &load->scratch};
  for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
    sp__array_free(arrays[i], load->memory);
  }
  sp__words_free(&load->plan_names);
  sp__index_free(&load->index, load->memory);
  /* Accounts are asked for by name while loading only. */
  sp__index_free(&load->directory->accounts.index, load->memory);
}

static enum sp_status tables_load(struct sp__load *load)
{
  SP_TRY(sp__words_make(&load->plan_names, load->memory, 0));
  SP_TRY(sp__load_accounts(load));
  SP_TRY(sp__load_subscribers(load));
  SP_TRY(sp__load_groups(load));
  SP_TRY(sp__load_members(load));
  SP_TRY(sp__load_subscriptions(load));
  SP_TRY(sp__load_managers(load));
  SP_TRY(sp__load_facts(load));
  return sp__directory_components(load->directory, load->united.at, load->united_count);
}

enum sp_status sp_customers_read(struct sp_directory **directory,
                                 const struct sp_customer_file files[SP_CUSTOMER_TABLES],
                                 const struct sp_books *books, struct sp_memory *memory,
                                 struct sp_problems *problems)
{
  SP_ASSERT(directory != NULL && files != NULL && books != NULL && problems != NULL);
  struct sp__load load = {.books = books, .memory = memory, .problems = problems, .files = files};
  SP_TRY(sp__directory_make(directory, memory));
  load.directory = *directory;
  enum sp_status status = tables_load(&load);
  load_free(&load);
  if (status != SP_OK) {
    sp_directory_free(*directory);
    *directory = NULL;
  }
  return status;
}
