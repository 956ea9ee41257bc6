/* The six tables of a CGRateS tariff plan, row by row; what must fit together comes after. */
#include <string.h>

#include "rating/cgrates_reading.h"
#include "rating/hash.h"

static const struct {
  const char *name;
  uint32_t columns, needed;
  const char *cells; /* as CGRateS 0.10 has them */
} tables[SP_CGRATES_TABLES] = {
    {"Destinations.csv", 2, 2, "Tag,Prefix"},
    {"Timings.csv", 6, 6, "Tag,Years,Months,MonthDays,WeekDays,Time"},
    {"Rates.csv", 6, 6, "Tag,ConnectFee,Rate,RateUnit,RateIncrement,GroupIntervalStart"},
    {"DestinationRates.csv", 7, 3,
     "Tag,DestinationsTag,RatesTag,RoundingMethod,RoundingDecimals,MaxCost,MaxCostStrategy"},
    {"RatingPlans.csv", 4, 3, "Tag,DestinationRatesTag,TimingTag,Weight"},
    {"RatingProfiles.csv", 8, 5,
     "Tenant,Category,Subject,ActivationTime,RatingPlanTag,FallbackSubjects, or *out before "
     "Tenant (CGRateS 0.9)"},
};

const char *sp_cgrates_table_name(enum sp_cgrates_table table)
{
  SP_ASSERT(table < SP_CGRATES_TABLES);
  return tables[table].name;
}

struct sp_cell_text sp__cg_cell(const struct sp_cg_reading *reading, uint32_t cell)
{
  SP_ASSERT(cell < SP_TABLE_CELLS_MAX);
  if (cell < reading->table.cells_count) {
    return reading->table.cells[cell];
  }
  return (struct sp_cell_text){"", 0, 0};
}

/* "…: TEXT" at a cell of the row just read. */
void sp__cg_error(struct sp_cg_reading *reading, uint32_t cell, const char *what,
                  struct sp_cell_text text)
{
  char message[SP_PROBLEM_BYTES_MAX];
  struct sp_text to = SP_TEXT_INIT(message);
  sp_text_add(&to, "'");
  sp_text_add_shown(&to, text.text, sp_text_cut(text.text, text.length, 80));
  sp_text_add(&to, "': ");
  sp_text_add(&to, what);
  bool there = cell < reading->table.cells_count;
  uint32_t column = there ? sp__cg_cell(reading, cell).column : 0;
  uint32_t line = there ? reading->table.cell_lines[cell] : reading->table.row_line;
  sp_problem_error(reading->problems, reading->table.file, line, column, message);
}

void sp__cg_cells_error(struct sp_cg_reading *reading, uint32_t cell, const char *what,
                        struct sp_cell_text text)
{
  char message[256];
  struct sp_text to = SP_TEXT_INIT(message);
  sp_text_add(&to, what);
  sp_text_add(&to, ": expected ");
  sp_text_add(&to, tables[reading->which].cells);
  sp__cg_error(reading, cell, message, text);
}

static bool cell_is(struct sp_cell_text cell, const char *word)
{
  return cell.length == strlen(word) && memcmp(cell.text, word, cell.length) == 0;
}

/* A header without the `#` before it: no row of values looks like one. */
static bool is_header(const struct sp_cg_reading *reading)
{
  static const char *const seconds[] = {"Prefix",
                                        "Prefixes",
                                        "Years",
                                        "ConnectFee",
                                        "DestinationsTag",
                                        "DestinationTag",
                                        "DestinationsId",
                                        "DestinationId",
                                        "DestinationRatesId",
                                        "DestinationRatesTag",
                                        "DestRatesId",
                                        "DestRatesTag",
                                        "DestratesTag",
                                        "Category",
                                        "Tenant"};
  for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
    if (cell_is(sp__cg_cell(reading, 1), seconds[i])) {
      return true;
    }
  }
  return false;
}

bool sp__cg_row_next(struct sp_cg_reading *reading)
{
  bool first = reading->table.row_line == 0;
  uint32_t which = reading->which;
  while (sp_table_next(&reading->table)) {
    if (first && is_header(reading)) {
      first = false;
      continue;
    }
    first = false;
    if (reading->table.bad_quotes) {
      sp_problem_error(reading->problems, reading->table.file, reading->table.quote_line,
                       reading->table.quote_column, SP_TABLE_QUOTE_WORDS);
    } else if (reading->table.cells_count < tables[which].needed) {
      sp__cg_cells_error(reading, reading->table.cells_count,
                         "a cell is missing at the end of the row", sp__cg_cell(reading, 0));
    } else if (reading->table.cells_count > tables[which].columns) {
      sp__cg_cells_error(reading, tables[which].columns, "one cell too many",
                         sp__cg_cell(reading, tables[which].columns));
    } else {
      return true;
    }
  }
  return false;
}

uint32_t sp__cg_name_find(const struct sp_cgrates *tariff, const char *text, uint32_t length)
{
  uint64_t hash = sp_hash64(text, length, 0);
  uint32_t at = tariff->name_lines[hash & tariff->names_mask];
  while (at != SP_CG_NONE) {
    const struct sp_cg_name *name = tariff->names + at;
    if (name->length == length && memcmp(name->text, text, length) == 0) {
      return at;
    }
    at = name->next;
  }
  return SP_CG_NONE;
}

uint32_t sp__cg_name_take(struct sp_cg_reading *reading, struct sp_cell_text text)
{
  struct sp_cgrates *tariff = reading->tariff;
  uint32_t found = sp__cg_name_find(tariff, text.text, text.length);
  if (found != SP_CG_NONE) {
    return found;
  }
  uint32_t *line = tariff->name_lines + (sp_hash64(text.text, text.length, 0) & tariff->names_mask);
  uint32_t at = tariff->names_count++;
  tariff->names[at] =
      (struct sp_cg_name){text.text,  text.length, *line,      SP_CG_NONE, SP_CG_NONE,
                          SP_CG_NONE, SP_CG_NONE,  SP_CG_NONE, SP_CG_NONE};
  *line = at;
  return at;
}

static bool name_needed(struct sp_cg_reading *reading, uint32_t cell)
{
  struct sp_cell_text text = sp__cg_cell(reading, cell);
  if (text.length == 0) {
    sp__cg_error(reading, cell, "expected a name", text);
  }
  return text.length > 0;
}

static void destination_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cell_text prefix = sp__cg_cell(reading, 1);
  if (!name_needed(reading, 0)) {
    return;
  }
  if (prefix.length == 0 || prefix.length > SP_CG_LENGTHS) {
    sp__cg_error(reading, 1, "expected a prefix of 1 to 64 characters", prefix);
    return;
  }
  uint32_t tag = sp__cg_name_take(reading, sp__cg_cell(reading, 0));
  uint32_t name = sp__cg_name_take(reading, prefix);
  if (tariff->names[tag].destination == SP_CG_NONE) {
    tariff->destination_names[tariff->destinations_count] = tag;
    tariff->names[tag].destination = tariff->destinations_count++;
  }
  uint32_t *link = &tariff->names[name].prefix;
  while (*link != SP_CG_NONE) { /* behind those before it: of equal weights the first counts */
    if (tariff->destination_rows[*link].destination == tariff->names[tag].destination) {
      return;
    }
    link = &tariff->destination_rows[*link].next;
  }
  *link = tariff->destination_rows_count;
  tariff->destination_rows[tariff->destination_rows_count++] =
      (struct sp_cg_destination_row){tariff->names[tag].destination, SP_CG_NONE, name};
  tariff->lengths |= UINT64_C(1) << (prefix.length - 1);
}

static bool rating_cells_read(struct sp_cg_reading *reading, struct sp_cg_rating *rating)
{
  static const char *const methods[] = {"", "*up", "*middle", "*down"};
  struct sp_cell_text method = sp__cg_cell(reading, 3), decimals = sp__cg_cell(reading, 4);
  struct sp_cell_text most = sp__cg_cell(reading, 5), strategy = sp__cg_cell(reading, 6);
  int64_t count = 0;
  rating->rounding = 0;
  while (rating->rounding < 4 && !cell_is(method, methods[rating->rounding])) {
    rating->rounding++;
  }
  if (rating->rounding == 4) {
    sp__cg_error(reading, 3, "expected *up, *middle or *down", method);
    return false;
  }
  if ((decimals.length > 0 && !sp__cg_whole_read(&count, decimals)) || count > SP_CG_ROUNDED_MAX) {
    sp__cg_error(reading, 4, "expected a number of decimals from 0 to 20", decimals);
    return false;
  }
  rating->decimals = (uint8_t)count;
  struct sp_cg_amount limit = {.value = 0};
  if (most.length > 0 && (!sp__cg_amount_read(&limit, most) || limit.finer)) {
    sp__cg_error(reading, 5, "expected an amount from 0 with at most 10 decimals", most);
    return false;
  }
  rating->cost_max = limit.value;
  rating->strategy = cell_is(strategy, "*free")         ? SP_CG_FREE
                     : cell_is(strategy, "*disconnect") ? SP_CG_DISCONNECT
                                                        : SP_CG_NO_STRATEGY;
  if (strategy.length > 0 && rating->strategy == SP_CG_NO_STRATEGY) {
    sp__cg_error(reading, 6, "expected *free, *disconnect or nothing", strategy);
    return false;
  }
  return true;
}

/* What a name leads to; an error if it leads nowhere. */
static uint32_t linked(struct sp_cg_reading *reading, uint32_t cell, uint32_t number,
                       enum sp_cgrates_table table, const char *what)
{
  if (number == SP_CG_NONE && (reading->absent >> table & 1) == 0) {
    sp__cg_error(reading, cell, what, sp__cg_cell(reading, cell));
  }
  return number;
}

static void destination_rate_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cg_rating rating = {.next = SP_CG_NONE};
  if (!name_needed(reading, 0)) {
    return;
  }
  uint32_t tag = sp__cg_name_take(reading, sp__cg_cell(reading, 0));
  if (tariff->names[tag].destination_rate == SP_CG_NONE) { /* there, though its rows be wrong */
    tariff->names[tag].destination_rate = tariff->tags_count;
    tariff->tag_first[tariff->tags_count] = tariff->tag_last[tariff->tags_count] = SP_CG_NONE;
    tariff->tags_count++;
  }
  uint32_t number = tariff->names[tag].destination_rate;
  uint32_t destination = sp__cg_name_take(reading, sp__cg_cell(reading, 1));
  rating.destination = linked(reading, 1, tariff->names[destination].destination,
                              SP_CGRATES_DESTINATIONS, "no such destination in Destinations.csv");
  uint32_t rate = sp__cg_name_take(reading, sp__cg_cell(reading, 2));
  rating.rate =
      linked(reading, 2, tariff->names[rate].rate, SP_CGRATES_RATES, "no such rate in Rates.csv");
  if (!rating_cells_read(reading, &rating) || rating.destination == SP_CG_NONE ||
      rating.rate == SP_CG_NONE) {
    return;
  }
  uint32_t at = tariff->ratings_count++;
  tariff->ratings[at] = rating;
  if (tariff->tag_first[number] == SP_CG_NONE) {
    tariff->tag_first[number] = at;
  } else {
    tariff->ratings[tariff->tag_last[number]].next = at;
  }
  tariff->tag_last[number] = at;
}

static void rating_plan_read(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  struct sp_cell_text weight = sp__cg_cell(reading, 3);
  struct sp_cg_plan_row row = {.next = SP_CG_NONE,
                               .line = reading->table.row_line,
                               .column = sp__cg_cell(reading, 2).column};
  if (!name_needed(reading, 0)) {
    return;
  }
  uint32_t tag = sp__cg_name_take(reading, sp__cg_cell(reading, 0));
  if (tariff->names[tag].plan == SP_CG_NONE) {
    tariff->plans[tariff->plans_count] = (struct sp_cg_plan){tag, SP_CG_NONE, SP_CG_NONE};
    tariff->names[tag].plan = tariff->plans_count++;
  }
  struct sp_cg_plan *plan = tariff->plans + tariff->names[tag].plan;
  row.plan = tariff->names[tag].plan;
  uint32_t rates = sp__cg_name_take(reading, sp__cg_cell(reading, 1));
  row.ratings = linked(reading, 1, tariff->names[rates].destination_rate,
                       SP_CGRATES_DESTINATION_RATES, "no such tag in DestinationRates.csv");
  uint32_t timing = sp__cg_name_take(reading, sp__cg_cell(reading, 2));
  row.timing = linked(reading, 2, tariff->names[timing].timing, SP_CGRATES_TIMINGS,
                      "no such timing in Timings.csv");
  if (row.timing != SP_CG_NONE && tariff->timings[row.timing].clockless) {
    sp__cg_error(reading, 2, "a timing without a time of day prices nothing: expected HH:MM:SS",
                 sp__cg_cell(reading, 2));
    return;
  }
  struct sp_cg_amount heavy = {.value = 0};
  if (weight.length > 0 && (!sp__cg_amount_read(&heavy, weight) || heavy.finer)) {
    sp__cg_error(reading, 3, "expected a weight, a number from 0 with at most 10 decimals", weight);
    return;
  }
  row.weight = heavy.value;
  if (row.ratings == SP_CG_NONE || row.timing == SP_CG_NONE) {
    return;
  }
  uint32_t at = tariff->plan_rows_count++;
  tariff->plan_rows[at] = row;
  if (plan->first_row == SP_CG_NONE) {
    plan->first_row = at;
  } else {
    tariff->plan_rows[plan->last_row].next = at;
  }
  plan->last_row = at;
}

/* There need be neither destinations nor timings, as there is *any. */
static void absent_say(struct sp_cg_reading *reading, enum sp_cgrates_table which, bool unreadable)
{
  char message[SP_PROBLEM_BYTES_MAX];
  struct sp_text to = SP_TEXT_INIT(message);
  bool needed = which > SP_CGRATES_TIMINGS && which < SP_CGRATES_RATING_PROFILES;
  reading->absent |= (uint32_t)(needed || unreadable) << which;
  if (unreadable) {
    return;
  }
  if (which == SP_CGRATES_RATING_PROFILES) {
    sp_problem_warning(reading->problems, tables[which].name, 0, 0,
                       "the table is missing: only calls that name their rating_plan have a price");
  } else if (needed) {
    sp_text_add(&to, "the table is missing: expected a file of this name with rows of ");
    sp_text_add(&to, tables[which].cells);
    sp_problem_error(reading->problems, tables[which].name, 0, 0, message);
  }
}

static void table_read(struct sp_cg_reading *reading, enum sp_cgrates_table which,
                       struct sp_cgrates_file file)
{
  static void (*const readers[SP_CGRATES_TABLES])(struct sp_cg_reading *) = {
      destination_read,      sp__cg_timing_read, sp__cg_rate_row_read,
      destination_rate_read, rating_plan_read,   sp__cg_profile_row_read};
  sp_table_open(&reading->table, tables[which].name, file.bytes, file.length);
  reading->which = which;
  if (file.bytes == NULL) {
    absent_say(reading, which, file.unreadable);
    return;
  }
  while (sp__cg_row_next(reading)) {
    readers[which](reading);
  }
}

/* Rows and names that the bytes can hold at most. */
static void bytes_count(const struct sp_cgrates_file *file, size_t *rows, size_t *names)
{
  size_t lines = 1, cells = 1;
  for (size_t i = 0; i < file->length; i++) {
    lines += file->bytes[i] == '\n';
    cells += file->bytes[i] == '\n' || file->bytes[i] == ',' || file->bytes[i] == ';';
  }
  *rows = lines;
  *names += cells;
}

/* 0 bytes are none. */
#define TAKE(to, count)                                                   \
  do {                                                                    \
    (to) = sp_memory_take(memory, ((size_t)(count) + 1) * sizeof(*(to))); \
    if ((to) == NULL) {                                                   \
      return SP_NO_MEMORY;                                                \
    }                                                                     \
  } while (0)

static enum sp_status arrays_take(struct sp_cgrates *tariff, const size_t rows[SP_CGRATES_TABLES],
                                  size_t names, struct sp_memory *memory)
{
  size_t lines = 64;
  while (lines < names) {
    lines *= 2;
  }
  tariff->names_mask = (uint32_t)(lines - 1);
  TAKE(tariff->names, names + 8);
  TAKE(tariff->name_lines, lines);
  memset(tariff->name_lines, 0xFF, lines * sizeof(*tariff->name_lines));
  TAKE(tariff->destination_rows, rows[SP_CGRATES_DESTINATIONS]);
  TAKE(tariff->destination_names, rows[SP_CGRATES_DESTINATIONS] + 1);
  TAKE(tariff->timings, rows[SP_CGRATES_TIMINGS] + 1);
  TAKE(tariff->rates, rows[SP_CGRATES_RATES]);
  TAKE(tariff->slots, rows[SP_CGRATES_RATES]);
  TAKE(tariff->ratings, rows[SP_CGRATES_DESTINATION_RATES]);
  TAKE(tariff->tag_first, rows[SP_CGRATES_DESTINATION_RATES]);
  TAKE(tariff->tag_last, rows[SP_CGRATES_DESTINATION_RATES]);
  TAKE(tariff->plans, rows[SP_CGRATES_RATING_PLANS]);
  TAKE(tariff->plan_rows, rows[SP_CGRATES_RATING_PLANS]);
  TAKE(tariff->activations, rows[SP_CGRATES_RATING_PROFILES]);
  TAKE(tariff->fallbacks, names);
  lines = 16;
  while (lines < 2 * rows[SP_CGRATES_RATING_PROFILES]) {
    lines *= 2;
  }
  tariff->profiles_mask = (uint32_t)(lines - 1);
  TAKE(tariff->profiles, lines);
  for (size_t i = 0; i < lines; i++) {
    tariff->profiles[i].tenant = SP_CG_NONE;
  }
  return SP_OK;
}

/* *any is a destination, a timing and a subject without a row. */
static void any_make(struct sp_cg_reading *reading)
{
  struct sp_cgrates *tariff = reading->tariff;
  tariff->any = sp__cg_name_take(reading, (struct sp_cell_text){"*any", 4, 0});
  tariff->names[tariff->any].destination = tariff->any_destination = tariff->destinations_count;
  tariff->destination_names[tariff->destinations_count++] = tariff->any;
  tariff->names[tariff->any].timing = tariff->timings_count;
  tariff->timings[tariff->timings_count++] = (struct sp_cg_timing){.name = tariff->any};
}

enum sp_status sp_cgrates_read(struct sp_cgrates **to,
                               const struct sp_cgrates_file files[SP_CGRATES_TABLES],
                               unsigned digits, struct sp_memory *memory,
                               struct sp_problems *problems)
{
  size_t rows[SP_CGRATES_TABLES] = {0}, names = 0;
  uint32_t errors = problems->errors;
  struct sp_cgrates *tariff;
  SP_ASSERT(digits <= SP_CGRATES_DIGITS_MAX);
  TAKE(tariff, 1);
  tariff->digits = digits;
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    if (files[i].length > UINT32_MAX / 4) {
      sp_problem_error(problems, tables[i].name, 0, 0,
                       "the table is too long: expected below 1 GiB");
      return SP_BAD_BOOK;
    }
    bytes_count(files + i, rows + i, &names);
  }
  SP_TRY(arrays_take(tariff, rows, names, memory));
  struct sp_cg_reading reading = {.tariff = tariff, .memory = memory, .problems = problems};
  any_make(&reading);
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    table_read(&reading, (enum sp_cgrates_table)i, files[i]);
    if (i == SP_CGRATES_RATES) {
      SP_TRY(sp__cg_rates_build(&reading));
    }
  }
  if (reading.absent == 0) { /* else every plan would have gaps */
    SP_TRY(sp__cg_targets_build(&reading));
  }
  SP_TRY(sp__cg_profiles_build(&reading));
  *to = tariff;
  return problems->errors == errors && reading.absent == 0 ? SP_OK : SP_BAD_BOOK;
}
