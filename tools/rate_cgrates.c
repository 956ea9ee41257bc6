#include "tools/rate_cgrates.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/source_reader.h"
#include "tools/cgrates_folder.h"
#include "tools/options.h"

#define SP_LINES_BYTES ((size_t)1 << 20)

struct output {
  const char *path;  /* of the calls */
  uint64_t number;   /* of the line */
  uint64_t calls;    /* lines that are not blank */
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

/* Lines of a file that may be packed, as `run` reads it. */
struct lines {
  struct sp_reader *reader;
  char *bytes;
  size_t at, length, size; /* the next line begins at `at` */
  bool last;               /* nothing follows what is there */
};

/* More bytes behind those that are there; those before `at` go. */
static enum sp_status lines_fill(struct lines *lines)
{
  if (lines->length - lines->at > lines->size / 2 || lines->size == 0) {
    size_t size = lines->size == 0 ? SP_LINES_BYTES : lines->size * 2;
    char *moved = realloc(lines->bytes, size);
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    lines->bytes = moved;
    lines->size = size;
  }
  lines->length -= lines->at;
  memmove(lines->bytes, lines->bytes + lines->at, lines->length);
  lines->at = 0;
  size_t got = 0;
  enum sp_status status = SP_AGAIN;
  while (status == SP_AGAIN) {
    status = sp_reader_read(lines->reader, lines->bytes + lines->length,
                            lines->size - lines->length, &got);
  }
  lines->length += got;
  lines->last = status == SP_OK && got == 0;
  return lines->last && sp_reader_cut(lines->reader) ? SP_BAD_FORMAT : status;
}

/* The next line without its break. END: no more. */
static enum sp_status line_next(struct lines *lines, const char **at, size_t *length)
{
  const char *mark = NULL;
  for (;;) {
    size_t left = lines->length - lines->at;
    mark = left == 0 ? NULL : memchr(lines->bytes + lines->at, '\n', left);
    if (mark != NULL || lines->last) {
      break;
    }
    SP_TRY(lines_fill(lines));
  }
  *at = lines->bytes + lines->at;
  *length = mark == NULL ? lines->length - lines->at : (size_t)(mark - *at);
  lines->at += *length + (mark != NULL);
  return mark == NULL && *length == 0 ? SP_END : SP_OK;
}

static bool is_blank(const char *at, size_t length)
{
  while (length > 0 &&
         (at[length - 1] == ' ' || at[length - 1] == '\t' || at[length - 1] == '\r')) {
    length--;
  }
  return length == 0;
}

static enum sp_status lines_rate(const struct sp_cgrates *tariff, struct lines *lines,
                                 struct output *output)
{
  const char *at = NULL;
  size_t length = 0;
  enum sp_status status;
  while ((status = line_next(lines, &at, &length)) == SP_OK && !ferror(stdout)) {
    output->number++;
    if (output->number == 1 && length >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
      at += 3; /* a mark that some editors put before a text */
      length -= 3;
    }
    if (is_blank(at, length)) {
      continue;
    }
    output->calls++;
    if (!line_rate(tariff, output, at, length)) {
      return SP_NO_MEMORY;
    }
  }
  return status == SP_END ? SP_OK : status;
}

/* What went wrong with the calls or with the answers, said on stderr; an exit code. */
static int end_say(const struct output *output, enum sp_status status)
{
  if (status == SP_BAD_FORMAT) {
    fprintf(stderr, "suanpan: %s: broken zstd data, or they end in the middle\n", output->path);
  } else if (status != SP_OK) {
    fprintf(stderr, "suanpan: %s: cannot be read: %s\n", output->path,
            status == SP_IO ? strerror(errno) : sp_status_text(status));
  } else {
    if (output->calls == 0) {
      fprintf(stderr, "suanpan: %s: holds no call\n", output->path);
    }
    return output->rejected > 0 ? SP_EXIT_REJECTED : SP_EXIT_DONE;
  }
  return SP_EXIT_ENVIRONMENT;
}

static int file_rate(const struct sp_cgrates *tariff, const char *path)
{
  bool standard = strcmp(path, "-") == 0;
  struct output output = {standard ? "stdin" : path, 0, 0, 0, NULL, 0};
  struct lines lines = {NULL, NULL, 0, 0, 0, false};
  enum sp_status status = sp_reader_open(&lines.reader, standard ? NULL : path);
  if (status == SP_OK) {
    status = lines_rate(tariff, &lines, &output);
  }
  int code = end_say(&output, status);
  sp_reader_close(lines.reader);
  free(lines.bytes);
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
    code = file_rate(plan.tariff, path);
  }
  sp_problem_list_free(&list);
  sp_cgrates_plan_close(&plan);
  return code;
}
