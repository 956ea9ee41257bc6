/* suanpan VERB: finds the verb and hands over. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/options.h"
#include "tools/verbs.h"

#define SP_STDOUT_BYTES (1 << 16)

static void usage_print(FILE *to)
{
  fprintf(to, "suanpan: rates usage records and scores customers (telecom)\n\n"
              "Usage: suanpan VERB [options]      suanpan VERB --help tells more\n\nVerbs:\n");
#define X(verb, text) fprintf(to, "  %-10s %s\n", #verb, text);
  SP_VERB_TABLE(X)
#undef X
}

/* Data that did not come to stdout are not done, whatever the verb says: the one place that does.
 */
static int ended(int code)
{
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout)) {
    return code;
  }
  fprintf(stderr, "suanpan: the output cannot be written%s%s\n", errno != 0 ? ": " : "",
          errno != 0 ? strerror(errno) : "");
  return SP_EXIT_ENVIRONMENT;
}

/* One write for many lines. */
static void stdout_widen(void)
{
  static char bytes[SP_STDOUT_BYTES];
  if (isatty(STDOUT_FILENO) == 0) {
    (void)setvbuf(stdout, bytes, _IOFBF, sizeof(bytes));
  }
}

/* A file that is opened must not come to be what a closed stdout or stderr writes to. */
static bool streams_hold(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd) {
      return false;
    }
  }
  return true;
}

/* LMDB and the journal's reader look into files as they lie in memory; what a cut file or a failing
 * disk does not have comes as this signal. LMDB cannot be asked before: a sound file may end before
 * its last, unused page. */
static void on_missing_bytes(int number)
{
  static const char line[] =
      "suanpan: a file has less in it than it says: it was cut short, or the disk cannot read it\n";
  (void)number;
  ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
  (void)written;
  _exit(SP_EXIT_ENVIRONMENT);
}

static int verb_run(int argc, char **argv)
{
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
      strcmp(argv[1], "help") == 0) {
    usage_print(stdout);
    return SP_EXIT_DONE;
  }
  if (strcmp(argv[1], "--version") == 0) {
    return sp_cmd_version(argc - 1, argv + 1);
  }
#define X(verb, text)                         \
  if (strcmp(argv[1], #verb) == 0) {          \
    return sp_cmd_##verb(argc - 1, argv + 1); \
  }
  SP_VERB_TABLE(X)
#undef X
  fprintf(stderr, "suanpan: %s: no such verb; suanpan --help lists them\n", argv[1]);
  return SP_EXIT_USAGE;
}

int main(int argc, char **argv)
{
  if (!streams_hold()) {
    return SP_EXIT_ENVIRONMENT;
  }
  stdout_widen();
  if (argc < 2) {
    usage_print(stderr);
    return SP_EXIT_USAGE;
  }
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_missing_bytes;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
  return ended(verb_run(argc, argv));
}
