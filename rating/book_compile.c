#include "rating/book_compile.h"

#include <string.h>

#include "rating/book_checks.h"
#include "rating/book_image.h"

bool sp_book_is_table(const char *name)
{
  static const char *const known[] = {"areas.csv",      "numbers.csv",   "ported.csv",
                                      "cells.csv",      "calendar.csv",  "bands.csv",
                                      "plans.csv",      "rates.csv",     "destinations.csv",
                                      "allowances.csv", "discounts.csv", "payers.csv"};
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (strcmp(name, known[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* Also as another system writes it: on ours that is no table, which nobody would notice. */
static bool is_csv(const char *name)
{
  size_t length = strlen(name);
  const char *end = name + length - (length < 4 ? length : 4);
  return length > 4 && end[0] == '.' && (end[1] | 0x20) == 'c' && (end[2] | 0x20) == 's' &&
         (end[3] | 0x20) == 'v';
}

static void files_check(struct sp__draft *draft)
{
  for (size_t i = 0; i < draft->files->count; i++) {
    const struct sp_book_file *file = &draft->files->file[i];
    if (file->bytes == NULL) {
      sp__doubt_table(draft, file->name);
    }
    if (is_csv(file->name) && !sp_book_is_table(file->name)) {
      sp_problem_warning(draft->problems, file->name, 0, 0,
                         "is no table of a book and is not read; expected areas.csv, numbers.csv, "
                         "ported.csv, cells.csv, calendar.csv, bands.csv, destinations.csv, "
                         "plans.csv, rates.csv, allowances.csv, discounts.csv or payers.csv");
    }
  }
}

enum sp_status sp_book_compile(const struct sp_book_files *files, struct sp_problems *problems,
                               struct sp_memory *memory, struct sp_book_image *image)
{
  struct sp__draft *draft = sp_memory_take(memory, sizeof(*draft));
  if (draft == NULL) {
    return SP_NO_MEMORY;
  }
  uint32_t errors = problems->errors;
  draft->memory = memory;
  draft->problems = problems;
  draft->files = files;
  files_check(draft);
  sp__read_settings(draft);
  sp__read_places(draft);
  sp__read_calendar(draft);
  sp__read_destinations(draft);
  sp__read_plans(draft);
  sp__read_rates(draft);
  sp__read_extras(draft);
  sp__make_rules(draft);
  sp__check_rules(draft);
  if (draft->status != SP_OK) {
    return draft->status;
  }
  if (problems->errors != errors) {
    return SP_BAD_BOOK;
  }
  return image == NULL ? SP_OK : sp__image_make(draft, image);
}
