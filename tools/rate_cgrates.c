#include "tools/rate_cgrates.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cgrates_folder.h"
#include "tools/options.h"

struct output {
  const char *path;  /* of the calls */
  uint64_t number;   /* of the line */
  uint64_t rejected; /* lines that are no call */
  char *texts;       /* of a line */
  size_t texts_size;
};

static void answer_print(enum sp_cgrates_answer answer, const struct sp_cgrates_cost *cost)
{
  static const char *const errors[] = {"", "RATING_PLAN_NOT_FOUND", "UNAUTHORIZED_DESTINATION",
                                       "OVERFLOW"};
  char line[128];
  struct sp_text text = SP_TEXT_INIT(line);
  if (answer == SP_CGRATES_COST) {
    sp_text_add(&text, "{\"call_cost\":\"");
    sp_cgrates_amount_add(&text, cost->call);
    sp_text_add(&text, "\",\"event_cost\":\"");
    sp_cgrates_amount_add(&text, cost->event);
  } else {
    sp_text_add(&text, "{\"error\":\"");
    sp_text_add(&text, errors[answer]);
  }
  sp_text_add(&text, "\"}\n");
  fwrite(line, 1, text.length, stdout);
}

/* One line of the input; false: no memory. */
static bool line_rate(const struct sp_cgrates *tariff, struct output *output, const char *at,
                      size_t length)
{
  struct sp_cgrates_line line;
  struct sp_cgrates_cost cost;
  if (length > output->texts_size) {
    char *moved = realloc(output->texts, length * 2);
    if (moved == NULL) {
      return false;
    }
    output->texts = moved;
    output->texts_size = length * 2;
  }
  line.texts = output->texts;
  sp_cgrates_line_read(&line, at, length);
  if (line.wrong != NULL) {
    output->rejected++;
    fprintf(stderr, "%s:%llu:%u: %s\n", output->path, (unsigned long long)output->number,
            line.column, line.wrong);
    puts("{\"error\":\"BAD_LINE\"}");
    return true;
  }
  answer_print(sp_cgrates_rate(tariff, &line.call, &cost), &cost);
  return true;
}

static int lines_rate(const struct sp_cgrates *tariff, const char *path)
{
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  struct output output = {file == stdin ? "stdin" : path, 0, 0, NULL, 0};
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  bool memory = true;
  if (file == NULL) {
    fprintf(stderr, "suanpan: %s: cannot be read: %s\n", path, strerror(errno));
    return SP_EXIT_ENVIRONMENT;
  }
  errno = 0;
  while (memory && (length = getline(&line, &size, file)) >= 0) {
    output.number++;
    if (line[strspn(line, " \t\r\n")] != '\0' || strlen(line) != (size_t)length) {
      length -= line[length - 1] == '\n'; /* what is missing is missing in this line */
      memory = line_rate(tariff, &output, line, (size_t)length);
    }
  }
  int code = output.rejected > 0 ? SP_EXIT_REJECTED : SP_EXIT_DONE;
  if (!memory || ferror(file)) {
    fprintf(stderr, "suanpan: %s: %s\n", path,
            memory ? strerror(errno) : sp_status_text(SP_NO_MEMORY));
    code = SP_EXIT_ENVIRONMENT;
  } else if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "suanpan: the output cannot be written: %s\n", strerror(errno));
    code = SP_EXIT_ENVIRONMENT;
  }
  if (file != stdin) {
    fclose(file);
  }
  free(line);
  free(output.texts);
  return code;
}

int sp_rate_cgrates(const char *book, const char *path)
{
  static struct sp_cgrates_plan plan;
  char folder[PATH_MAX];
  struct sp_problem_list list;
  unsigned digits;
  int length = snprintf(folder, sizeof(folder), "%s/" SP_CGRATES_FOLDER, book);
  if (length < 0 || (size_t)length >= sizeof(folder) ||
      sp_cgrates_book_digits(book, &digits) != SP_OK) {
    return SP_EXIT_BOOK;
  }
  sp_problem_list_init(&list);
  enum sp_status status = sp_cgrates_plan_open(&plan, folder, digits, &list);
  if (status != SP_OK) { /* warnings were said by the import */
    sp_problem_list_print(&list, stderr);
  }
  int code = status == SP_NO_MEMORY ? SP_EXIT_ENVIRONMENT : SP_EXIT_BOOK;
  if (status == SP_OK) {
    code = lines_rate(plan.tariff, path);
  }
  sp_problem_list_free(&list);
  sp_cgrates_plan_close(&plan);
  return code;
}
