#include "tools/options.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int sp_usage_error(const struct sp_verb_help *help, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "suanpan: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\nusage: %s\n", help->usage);
  va_end(arguments);
  return SP_EXIT_USAGE;
}

static void help_print(const struct sp_verb_help *help, const struct sp_option *options,
                       size_t count)
{
  printf("%s\n\nExamples:\n%s\nUsage: %s\n\nOptions:\n", help->text, help->examples, help->usage);
  for (size_t i = 0; i < count; i++) {
    char left[64];
    snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].value ? " " : "",
             options[i].value ? options[i].value : "");
    printf("  %-24s %s\n", left, options[i].help);
  }
  printf("  %-24s %s\n", "--help", "this text");
}

static bool number_read(const char *text, int64_t *to)
{
  char *end = NULL;
  if (!isdigit((unsigned char)text[0])) {
    return false;
  }
  long long value = strtoll(text, &end, 10);
  if (*end != '\0' || value == LLONG_MAX) {
    return false;
  }
  *to = value;
  return true;
}

static bool list_add(struct sp_option_list *list, const char *value)
{
  if (list->count == SP_OPTION_LIST_MAX) {
    return false;
  }
  list->values[list->count++] = value;
  return true;
}

static bool value_take(const struct sp_option *option, const char *value)
{
  switch (option->kind) {
  case SP_OPTION_FLAG:
    *(bool *)option->to = true;
    return true;
  case SP_OPTION_TEXT:
    *(const char **)option->to = value;
    return true;
  case SP_OPTION_NUMBER:
    return number_read(value, option->to);
  case SP_OPTION_LIST:
  case SP_OPTION_REST:
    return list_add(option->to, value);
  }
  return false;
}

static int value_error(const struct sp_verb_help *help, const struct sp_option *option,
                       const char *name, const char *value)
{
  return option->kind == SP_OPTION_NUMBER
             ? sp_usage_error(help, "%s: %s is not a number; expected a whole one from 0", name,
                              value)
             : sp_usage_error(help, "%s: %s is one too many; expected at most %d", name, value,
                              SP_OPTION_LIST_MAX);
}

/* SUANPAN_BOOK for --book: the default of an option that takes a value. An exit code, or -1. */
static int environment_read(const struct sp_verb_help *help, const struct sp_option *options,
                            size_t count)
{
  for (size_t i = 0; i < count; i++) {
    char name[64] = "SUANPAN_";
    size_t n = strlen(name);
    for (const char *c = options[i].name + 2; *c != '\0' && n < sizeof(name) - 1; c++) {
      name[n++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
    name[n] = '\0';
    const char *value = getenv(name);
    if (value != NULL && value[0] != '\0' && options[i].kind != SP_OPTION_FLAG &&
        options[i].kind != SP_OPTION_REST && !value_take(&options[i], value)) {
      return value_error(help, &options[i], name, value);
    }
  }
  return -1;
}

/* What stands on the command line takes the place of what the environment says. */
static bool first_take(const struct sp_option *options, const struct sp_option *option,
                       uint64_t *given, const char *value)
{
  uint64_t bit = UINT64_C(1) << (option - options);
  if (option->kind == SP_OPTION_LIST && (*given & bit) == 0) {
    ((struct sp_option_list *)option->to)->count = 0;
  }
  *given |= bit;
  return value_take(option, value);
}

static const struct sp_option *option_find(const struct sp_option *options, size_t count,
                                           const char *name)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(options[i].name, name) == 0) {
      return &options[i];
    }
  }
  return NULL;
}

int sp_options_read(const struct sp_verb_help *help, const struct sp_option *options, size_t count,
                    int argc, char **argv, struct sp_option_list *rest)
{
  uint64_t given = 0; /* bit per option met */
  SP_ASSERT(count <= 64);
  int code = environment_read(help, options, count);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      help_print(help, options, count);
      return SP_EXIT_DONE;
    }
    if (code >= 0) {
      return code;
    }
    if (argv[i][0] != '-' || argv[i][1] == '\0') {
      if (!list_add(rest, argv[i])) {
        return sp_usage_error(help, "more than %d arguments", SP_OPTION_LIST_MAX);
      }
      continue;
    }
    const struct sp_option *option = option_find(options, count, argv[i]);
    if (option == NULL) {
      return sp_usage_error(help, "%s: no such option", argv[i]);
    }
    const char *name = argv[i];
    if (option->kind != SP_OPTION_FLAG && i + 1 == argc) {
      return sp_usage_error(help, "%s: expected a %s behind it", name, option->value);
    }
    const char *value = option->kind == SP_OPTION_FLAG ? NULL : argv[++i];
    if (!first_take(options, option, &given, value)) {
      return value_error(help, option, name, value);
    }
    while (option->kind == SP_OPTION_REST && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0) {
      if (!value_take(option, argv[++i])) {
        return sp_usage_error(help, "%s: more than %d values", name, SP_OPTION_LIST_MAX);
      }
    }
  }
  return code;
}

int sp_options_read_store(const struct sp_verb_help *help, const struct sp_option *options,
                          size_t count, int argc, char **argv, const char **store)
{
  struct sp_option_list rest = {.count = 0};
  int code = sp_options_read(help, options, count, argc, argv, &rest);
  *store = rest.values[0];
  return code < 0 && rest.count != 1 ? sp_usage_error(help, "expected one STORE") : code;
}
