/* suanpan VERB: finds the verb and hands over. */
#include <string.h>

#include "tools/options.h"
#include "tools/verbs.h"

static void usage_print(FILE *to)
{
  fprintf(to, "suanpan: rates usage records and scores customers (telecom)\n\n"
              "Usage: suanpan VERB [options]      suanpan VERB --help tells more\n\nVerbs:\n");
#define X(verb, text) fprintf(to, "  %-10s %s\n", #verb, text);
  SP_VERB_TABLE(X)
#undef X
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    usage_print(stderr);
    return SP_EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    usage_print(stdout);
    return SP_EXIT_DONE;
  }
  if (strcmp(argv[1], "--version") == 0) {
    return sp_cmd_version(argc - 1, argv + 1);
  }
#define X(verb, text)                      \
  if (strcmp(argv[1], #verb) == 0) {       \
    return sp_cmd_##verb(argc - 1, argv + 1); \
  }
  SP_VERB_TABLE(X)
#undef X
  fprintf(stderr, "suanpan: %s: no such verb; suanpan --help lists them\n", argv[1]);
  return SP_EXIT_USAGE;
}
