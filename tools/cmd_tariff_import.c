/* suanpan tariff import: tariffs of other engines as books. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cgrates_book.h"
#include "tools/cgrates_folder.h"
#include "tools/cmd_tariff.h"

static const struct sp_verb_help import_help = {
    "suanpan tariff import cgrates DIR OUTBOOK [--digits 5]",
    "  suanpan tariff import cgrates tariffplans/mine mybook\n"
    "  suanpan rate --book mybook --cgrates calls.jsonl\n"
    "  suanpan tariff show mybook\n",
    "Reads the six tables of a CGRateS tariff plan (Destinations, Timings, Rates, "
    "DestinationRates,\nRatingPlans, RatingProfiles), proves them and writes a book: the tables "
    "kept in OUTBOOK/cgrates\nfor exact prices, and plans, rates, bands and destinations of our "
    "own as far as a book can say\nthem. --digits: decimals of an increment's cost (CGRateS ships "
    "5, its unit tests use 6).\nDestinations and Timings may lack; without RatingProfiles only "
    "calls that name their\nrating_plan have a price. An earlier import is written over, another "
    "book is not.\nExit status 3: the tables have errors, nothing was written."};

static bool folder_make(const char *path)
{
  struct stat stat_of;
  return mkdir(path, 0777) == 0 ||
         (errno == EEXIST && stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode));
}

/* One file under two names: writing it would empty it before it is read. */
static bool is_same_file(const char *one, const char *other)
{
  struct stat a, b;
  return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A table that is not there is not there in the copy, either. */
static bool file_copy(const char *from, const char *to)
{
  static char bytes[65536];
  FILE *in = fopen(from, "rb");
  if (in == NULL) {
    return errno == ENOENT && (unlink(to) == 0 || errno == ENOENT);
  }
  FILE *out = fopen(to, "wb");
  bool written = out != NULL;
  for (size_t got = 1; written && got > 0;) {
    got = fread(bytes, 1, sizeof(bytes), in);
    written = fwrite(bytes, 1, got, out) == got;
  }
  written = written && !ferror(in);
  int error = errno;
  fclose(in);
  if (out != NULL && fclose(out) != 0 && written) {
    written = false;
    error = errno;
  }
  errno = error;
  return written;
}

/* The six tables, as they are, into OUTBOOK/cgrates. */
static bool tables_keep(const char *folder, const char *kept)
{
  if (!folder_make(kept)) {
    return false;
  }
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    const char *name = sp_cgrates_table_name((enum sp_cgrates_table)i);
    char from[PATH_MAX + 32], to[PATH_MAX + 32];
    snprintf(from, sizeof(from), "%s/%s", folder, name);
    snprintf(to, sizeof(to), "%s/%s", kept, name);
    if (!is_same_file(from, to) && !file_copy(from, to)) {
      return false;
    }
  }
  return true;
}

/* A book of somebody's own hand is not written over. */
static bool is_own_book(const char *book, const char *kept)
{
  char yaml[PATH_MAX + 32];
  struct stat stat_of;
  snprintf(yaml, sizeof(yaml), "%s/book.yaml", book);
  return stat(yaml, &stat_of) == 0 && stat(kept, &stat_of) != 0;
}

static int plan_write(const struct sp_cgrates_plan *plan, const char *folder, const char *book,
                      unsigned digits)
{
  char kept[PATH_MAX];
  int length = snprintf(kept, sizeof(kept), "%s/" SP_CGRATES_FOLDER, book);
  errno = ENAMETOOLONG;
  if (length > 0 && (size_t)length < sizeof(kept) && is_own_book(book, kept)) {
    fprintf(stderr, "suanpan: %s: is a book that no import wrote; expected a new folder\n", book);
    return SP_EXIT_ENVIRONMENT;
  }
  if (length < 0 || (size_t)length >= sizeof(kept) || !folder_make(book) ||
      !tables_keep(folder, kept) || !sp_cgrates_book_write(plan->tariff, book, digits)) {
    fprintf(stderr, "suanpan: %s: cannot be written: %s\n", book, strerror(errno));
    return SP_EXIT_ENVIRONMENT;
  }
  return SP_EXIT_DONE;
}

static int cgrates_import(const char *folder, const char *book, unsigned digits)
{
  static struct sp_cgrates_plan plan;
  struct sp_problem_list list;
  struct stat kind;
  bool there = stat(folder, &kind) == 0;
  if (!there || !S_ISDIR(kind.st_mode)) {
    fprintf(stderr, "suanpan: %s: expected the folder of a tariff plan: %s\n", folder,
            strerror(there ? ENOTDIR : errno));
    return SP_EXIT_BOOK;
  }
  sp_problem_list_init(&list);
  enum sp_status status = sp_cgrates_plan_open(&plan, folder, digits, &list);
  sp_problem_list_print(&list, stderr);
  int code = status == SP_OK ? SP_EXIT_DONE : SP_EXIT_BOOK;
  if (status == SP_NO_MEMORY) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
    code = SP_EXIT_ENVIRONMENT;
  } else if (status != SP_OK) {
    fprintf(stderr, "suanpan: %s: %u error%s; nothing was written\n", folder, list.problems.errors,
            list.problems.errors == 1 ? "" : "s");
  } else {
    code = plan_write(&plan, folder, book, digits);
  }
  sp_problem_list_free(&list);
  sp_cgrates_plan_close(&plan);
  return code;
}

int sp_cmd_tariff_import(int argc, char **argv)
{
  struct sp_option_list paths = {{NULL}, 0};
  int64_t digits = 5;
  const struct sp_option options[] = {
      {"--digits", SP_OPTION_NUMBER, &digits, "N", "decimals of an increment's cost, 0 to 9"}};
  int code = sp_options_read(&import_help, options, 1, argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (paths.count != 3 || strcmp(paths.values[0], "cgrates") != 0) {
    return sp_usage_error(&import_help, "expected cgrates, the plan's folder and the book to make");
  }
  if (digits > SP_CGRATES_DIGITS_MAX) {
    return sp_usage_error(&import_help, "--digits: expected 0 to %d", SP_CGRATES_DIGITS_MAX);
  }
  return cgrates_import(paths.values[1], paths.values[2], (unsigned)digits);
}
