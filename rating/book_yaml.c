#include "rating/book_tables.h"

#include <string.h>

#include "rating/book_zone.h"
#include "rating/civil.h"

#define SP_YAML_KEYS 11
#define SP_YAML_VALUE_MAX 255

enum yaml_key {
  YAML_NAME,
  YAML_CURRENCY,
  YAML_TIMEZONE,
  YAML_HOME_OPERATOR,
  YAML_HOME_COUNTRY,
  YAML_HOME_MCC,
  YAML_CYCLE_DAY,
  YAML_ROUNDING,
  YAML_ROUNDING_DIGITS,
  YAML_INCREMENT_DIGITS,
  YAML_VALID_FROM
};

static const char *const yaml_keys[SP_YAML_KEYS] = {
    "name",      "currency", "timezone",        "home_operator",    "home_country", "home_mcc",
    "cycle_day", "rounding", "rounding_digits", "increment_digits", "valid_from"};

const char *const sp__roundings[3] = {"half_up", "ceil", "floor"};

struct yaml_entry {
  struct sp_cell_text value;
  uint32_t line;
  bool there;
  bool lost; /* its line is wrong, which is said: the value is not known */
};

struct yaml_text {
  struct sp__draft *draft;
  const char *file;
  const char *at, *end;
  uint32_t line;
  bool lost; /* the file cannot be read, which is said */
  struct yaml_entry entries[SP_YAML_KEYS];
};

static void yaml_error(struct sp__draft *draft, const char *file, uint32_t line,
                       struct sp_cell_text cell, const char *what)
{
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, "\"");
  sp_text_add_shown(&text, cell.text, sp_text_cut(cell.text, cell.length, 128));
  sp_text_add(&text, "\": ");
  sp_text_add(&text, what);
  sp_problem_error(draft->problems, file, line, cell.column, buffer);
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* The value behind a colon: quotes off, or up to a comment. false: an open quote or text behind
 * one. */
static bool value_take(const char *at, const char *end, struct sp_cell_text *value)
{
  value->text = at;
  if (at < end && (*at == '"' || *at == '\'')) {
    const char *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
    if (quote == NULL) {
      return false;
    }
    value->text = at + 1;
    value->length = (uint32_t)(quote - at - 1);
    at = quote + 1;
    while (at < end && is_blank(*at)) {
      at++;
    }
    return at == end || *at == '#';
  }
  const char *stop = at;
  while (stop < end && !(*stop == '#' && (stop == at || is_blank(stop[-1])))) {
    stop++;
  }
  while (stop > at && is_blank(stop[-1])) {
    stop--;
  }
  value->length = (uint32_t)(stop - at);
  return true;
}

static uint32_t key_find(struct sp_cell_text key)
{
  for (uint32_t i = 0; i < SP_YAML_KEYS; i++) {
    if (sp__cell_is(key, yaml_keys[i])) {
      return i;
    }
  }
  return SP_NONE;
}

static void entry_keep(struct yaml_text *yaml, struct sp_cell_text key, struct sp_cell_text value)
{
  uint32_t i = key_find(key);
  if (i == SP_NONE) {
    yaml_error(yaml->draft, yaml->file, yaml->line, key,
               "unknown key; expected name, currency, timezone, home_operator, home_country, "
               "home_mcc, cycle_day, rounding, rounding_digits, increment_digits or valid_from");
  } else if (yaml->entries[i].there) {
    yaml_error(yaml->draft, yaml->file, yaml->line, key, "this key is there twice; expected once");
  } else {
    yaml->entries[i] = (struct yaml_entry){value, yaml->line, true, value.text == NULL};
  }
}

/* One line without its break: `key: value`, a comment, or nothing. */
static void line_read(struct yaml_text *yaml, const char *from, const char *end)
{
  const char *at = from;
  while (at < end && is_blank(*at)) {
    at++;
  }
  while (end > at && (is_blank(end[-1]) || end[-1] == '\r')) {
    end--;
  }
  if (at == end || *at == '#' || (end - at == 3 && memcmp(at, "---", 3) == 0)) {
    return;
  }
  const char *colon = memchr(at, ':', (size_t)(end - at));
  struct sp_cell_text key = {at, (uint32_t)((colon == NULL ? end : colon) - at),
                             (uint32_t)(at - from) + 1};
  if (colon == NULL || at != from || (colon + 1 < end && !is_blank(colon[1]))) {
    yaml_error(yaml->draft, yaml->file, yaml->line, key, "expected a line `key: value`");
    return;
  }
  at = colon + 1;
  while (at < end && is_blank(*at)) {
    at++;
  }
  struct sp_cell_text value = {at, 0, (uint32_t)(at - from) + 1};
  bool quoted = value_take(at, end, &value);
  if (!quoted || !sp_text_is_plain(value.text, value.length) || value.length > SP_YAML_VALUE_MAX) {
    value.length = quoted ? value.length : (uint32_t)(end - value.text);
    yaml_error(yaml->draft, yaml->file, yaml->line, value,
               !quoted ? "a quote opens here and does not close well; expected one value"
               : value.length > SP_YAML_VALUE_MAX
                   ? "is too long; expected at most 255 bytes"
                   : "holds a byte that is no text; expected UTF-8 without control bytes");
    value = (struct sp_cell_text){NULL, 0, value.column};
  }
  while (key.length > 0 && is_blank(key.text[key.length - 1])) {
    key.length--;
  }
  entry_keep(yaml, key, value);
}

static const struct sp_book_file *file_find(const struct sp_book_files *files, const char *name)
{
  for (size_t i = 0; i < files->count; i++) {
    if (strcmp(files->file[i].name, name) == 0) {
      return &files->file[i];
    }
  }
  return NULL;
}

static bool yaml_read(struct yaml_text *yaml, const struct sp_book_files *files)
{
  const struct sp_book_file *file = file_find(files, "book.yaml");
  if (file == NULL) {
    return false;
  }
  yaml->file = file->name;
  yaml->at = file->bytes;
  yaml->lost = file->bytes == NULL;
  yaml->end = file->length == 0 ? file->bytes : file->bytes + file->length;
  yaml->line = 1;
  if (file->length >= 3 && memcmp(file->bytes, "\xEF\xBB\xBF", 3) == 0) {
    yaml->at += 3;
  }
  while (yaml->at < yaml->end) {
    const char *mark = memchr(yaml->at, '\n', (size_t)(yaml->end - yaml->at));
    const char *stop = mark == NULL ? yaml->end : mark;
    line_read(yaml, yaml->at, stop);
    yaml->at = mark == NULL ? yaml->end : mark + 1;
    yaml->line++;
  }
  return true;
}

static bool zone_name_good(const char *text, size_t length)
{
  if (length == 0 || length >= SP_BOOK_ZONE_NAME_MAX || text[0] == '/') {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '/' || c == '_' || c == '+' || c == '-';
    if (!good) {
      return false;
    }
  }
  return true;
}

bool sp_book_find_zone(const struct sp_book_files *files, char name[SP_BOOK_ZONE_NAME_MAX])
{
  struct sp_problems silent = {NULL, NULL, 0, 0};
  struct sp__draft draft;
  struct yaml_text yaml;
  memset(&draft, 0, sizeof(draft));
  memset(&yaml, 0, sizeof(yaml));
  draft.problems = &silent;
  yaml.draft = &draft;
  if (!yaml_read(&yaml, files) || !yaml.entries[YAML_TIMEZONE].there) {
    return false;
  }
  struct sp_cell_text zone = yaml.entries[YAML_TIMEZONE].value;
  if (!zone_name_good(zone.text, zone.length)) {
    return false;
  }
  memcpy(name, zone.text, zone.length);
  name[zone.length] = '\0';
  return true;
}

/* The entry of a key, NULL if it is blank. */
static const struct yaml_entry *entry_of(const struct yaml_text *yaml, enum yaml_key key)
{
  const struct yaml_entry *entry = &yaml->entries[key];
  return entry->there && entry->value.length > 0 ? entry : NULL;
}

/* Whether a value is not there only because it could not be read. */
static bool is_lost(const struct yaml_text *yaml, enum yaml_key key)
{
  return yaml->lost || yaml->entries[key].lost;
}

static void entry_error(const struct yaml_text *yaml, const struct yaml_entry *entry,
                        const char *what)
{
  yaml_error(yaml->draft, yaml->file, entry->line, entry->value, what);
}

static int32_t integer_set(const struct yaml_text *yaml, enum yaml_key key, int32_t low,
                           int32_t high, int32_t blank)
{
  const struct yaml_entry *entry = entry_of(yaml, key);
  int64_t value;
  if (entry == NULL) {
    return blank;
  }
  if (sp_value_integer(entry->value.text, entry->value.length, &value) && value >= low &&
      value <= high) {
    return (int32_t)value;
  }
  char buffer[SP_DRAFT_TEXT_MAX];
  struct sp_text text = SP_TEXT_INIT(buffer);
  sp_text_add(&text, yaml_keys[key]);
  sp_text_add(&text, ": expected a whole number from ");
  sp_text_add_i64(&text, low);
  sp_text_add(&text, " to ");
  sp_text_add_i64(&text, high);
  entry_error(yaml, entry, buffer);
  return blank;
}

static void zone_set(const struct yaml_text *yaml, struct sp__draft *draft)
{
  const struct yaml_entry *entry = entry_of(yaml, YAML_TIMEZONE);
  if (entry == NULL) {
    if (!is_lost(yaml, YAML_TIMEZONE)) {
      sp_problem_error(
          draft->problems, yaml->file, 1, 1,
          "timezone is missing; expected the name of a zone, for example Asia/Shanghai");
    }
    return;
  }
  draft->settings.timezone = entry->value.text;
  draft->settings.timezone_length = entry->value.length;
  const struct sp_book_file *zone = file_find(draft->files, SP_BOOK_ZONE_FILE);
  if (!zone_name_good(entry->value.text, entry->value.length) || zone == NULL) {
    entry_error(yaml, entry, "no such time zone here; expected a name as Asia/Shanghai");
  } else if (zone->bytes != NULL &&
             !sp__zone_read(draft, &draft->offsets, zone->bytes, zone->length)) {
    draft->offsets.count = 0;
    entry_error(yaml, entry,
                "the rules of this time zone cannot be read; expected TZif without leap seconds");
  }
}

static void mcc_set(const struct yaml_text *yaml, struct sp__settings *settings)
{
  const struct yaml_entry *entry = entry_of(yaml, YAML_HOME_MCC);
  if (entry == NULL) {
    settings->home_mcc[0] = 460;
    settings->home_mcc[1] = 461;
    settings->home_mcc_count = 2;
    return;
  }
  struct sp_cell_text cell = entry->value;
  struct sp_cell_text element;
  while (sp__list_next(&cell, &element)) {
    int64_t code;
    if (element.length != 3 || element.text[0] == '-' ||
        !sp_value_integer(element.text, element.length, &code) || settings->home_mcc_count == 16) {
      entry_error(yaml, entry, "expected at most 16 codes of three digits separated by ';'");
      return;
    }
    settings->home_mcc[settings->home_mcc_count++] = (uint32_t)code;
  }
}

static void text_set(const struct yaml_text *yaml, enum yaml_key key, const char **text,
                     uint32_t *length)
{
  const struct yaml_entry *entry = entry_of(yaml, key);
  *text = entry == NULL ? "" : entry->value.text;
  *length = entry == NULL ? 0 : entry->value.length;
}

static void rounding_set(const struct yaml_text *yaml, struct sp__settings *settings)
{
  const struct yaml_entry *entry = entry_of(yaml, YAML_ROUNDING);
  if (entry == NULL) {
    return;
  }
  for (uint32_t i = 0; i < 3; i++) {
    if (sp__cell_is(entry->value, sp__roundings[i])) {
      settings->rounding = i;
      return;
    }
  }
  entry_error(yaml, entry, "rounding: expected half_up, ceil or floor");
}

static void country_set(const struct yaml_text *yaml, struct sp__settings *settings)
{
  const struct yaml_entry *entry = entry_of(yaml, YAML_HOME_COUNTRY);
  settings->home_country = "86";
  settings->home_country_length = 2;
  if (entry == NULL) {
    return;
  }
  settings->home_country = entry->value.text;
  settings->home_country_length = entry->value.length;
  if (!sp_number_pack(entry->value.text, entry->value.length).exact || entry->value.length > 4) {
    entry_error(yaml, entry, "home_country: expected a country code of 1 to 4 digits");
  }
}

static void valid_from_set(const struct yaml_text *yaml, struct sp__draft *draft)
{
  const struct yaml_entry *entry = entry_of(yaml, YAML_VALID_FROM);
  draft->settings.valid_from_utc_s = SP_TIME_MIN;
  if (entry == NULL || sp__cell_is(entry->value, "none")) {
    return;
  }
  int64_t seconds;
  switch (sp_civil_parse(entry->value.text, entry->value.length, &seconds)) {
  case SP_CIVIL_UTC:
    draft->settings.valid_from_utc_s = seconds;
    return;
  case SP_CIVIL_LOCAL:
    draft->settings.valid_from_utc_s = sp__zone_from_local(&draft->offsets, seconds);
    return;
  case SP_CIVIL_NONE:
    break;
  }
  entry_error(
      yaml, entry,
      "valid_from: expected a time that exists: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or with offset");
}

void sp__read_settings(struct sp__draft *draft)
{
  struct yaml_text yaml;
  struct sp__settings *settings = &draft->settings;
  memset(&yaml, 0, sizeof(yaml));
  yaml.draft = draft;
  yaml.file = "book.yaml";
  settings->rounding_digits = 3;
  settings->increment_digits = -1;
  settings->cycle_day = 1;
  if (!yaml_read(&yaml, draft->files)) {
    sp_problem_error(draft->problems, "book.yaml", 0, 0,
                     "is not there; expected it, as a book begins with it");
    return;
  }
  text_set(&yaml, YAML_NAME, &settings->name, &settings->name_length);
  if (settings->name_length == 0 && !is_lost(&yaml, YAML_NAME)) {
    sp_problem_error(draft->problems, yaml.file, 1, 1, "name is missing; expected the book's name");
  }
  text_set(&yaml, YAML_CURRENCY, &settings->currency, &settings->currency_length);
  text_set(&yaml, YAML_HOME_OPERATOR, &settings->home_operator, &settings->home_operator_length);
  zone_set(&yaml, draft);
  country_set(&yaml, settings);
  mcc_set(&yaml, settings);
  settings->cycle_day = integer_set(&yaml, YAML_CYCLE_DAY, 1, 28, 1);
  rounding_set(&yaml, settings);
  settings->rounding_digits = integer_set(&yaml, YAML_ROUNDING_DIGITS, 0, 6, 3);
  const struct yaml_entry *exact = entry_of(&yaml, YAML_INCREMENT_DIGITS);
  if (exact == NULL || !sp__cell_is(exact->value, "none")) {
    settings->increment_digits = integer_set(&yaml, YAML_INCREMENT_DIGITS, 0, 12, -1);
  }
  valid_from_set(&yaml, draft);
}
