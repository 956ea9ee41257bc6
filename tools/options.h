/* Command line options of a verb from one table: parsing, --help with examples first, one-line
 * errors with a hint. Every option reads its default from the environment as SUANPAN_<NAME> first
 * (flag > environment > default). */
#ifndef SP_TOOLS_OPTIONS_H
#define SP_TOOLS_OPTIONS_H

#include <stdio.h>

#include "rating/status.h"

/* Exit codes of every verb (house.md, Command line). */
enum sp_exit {
  SP_EXIT_DONE = 0,
  SP_EXIT_REJECTED = 1,
  SP_EXIT_USAGE = 2,
  SP_EXIT_BOOK = 3,
  SP_EXIT_ENVIRONMENT = 4
};

#define SP_OPTION_LIST_MAX 64

struct sp_option_list {
  const char *values[SP_OPTION_LIST_MAX];
  size_t count;
};

enum sp_option_kind {
  SP_OPTION_FLAG,   /* bool * */
  SP_OPTION_TEXT,   /* const char ** */
  SP_OPTION_NUMBER, /* int64_t *, >= 0 */
  SP_OPTION_LIST,   /* struct sp_option_list *: may be given several times */
  SP_OPTION_REST /* struct sp_option_list *: takes all following arguments up to the next option */
};

struct sp_option {
  const char *name; /* with its dashes: "--book" */
  enum sp_option_kind kind;
  void *to;
  const char *value; /* name of the value in --help, NULL for a flag */
  const char *help;
};

struct sp_verb_help {
  const char *usage;    /* "suanpan rate --book DIR --customers DIR [--json] FILE|-" */
  const char *examples; /* lines, printed first */
  const char *text;     /* what it does, one paragraph */
};

/* Reads argv[1..]. Positional arguments go to `rest` in order. Returns -1 to go on, else the exit
 * code (help was printed: 0; wrong usage: 2). */
int sp_options_read(const struct sp_verb_help *help, const struct sp_option *options, size_t count,
                    int argc, char **argv, struct sp_option_list *rest);
/* The same for a verb whose one positional argument is STORE. */
int sp_options_read_store(const struct sp_verb_help *help, const struct sp_option *options,
                          size_t count, int argc, char **argv, const char **store);
/* "suanpan: TEXT\nTry: suanpan VERB --help"; returns SP_EXIT_USAGE. */
int sp_usage_error(const struct sp_verb_help *help, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
