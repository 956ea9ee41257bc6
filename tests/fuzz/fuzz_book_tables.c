/* Tables of a book: whatever the bytes, problems are reported or an image comes out that opens. An
 * input is the files of a book, each behind a line "== NAME"; a zone without changes stands in
 * where none is given. */
#include "tests/rating/book_made.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* TZif version 2 of a zone that is 8 hours east at all times. */
static const char zone[] =
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
    "\0\0\x70\x80\0\0CST\0"
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
    "\0\0\x70\x80\0\0CST\0\nCST-8\n";

static void quiet(void *context, const struct sp_problem *problem)
{
  (void)context;
  SP_ASSERT(problem->file != NULL && problem->message[0] != '\0');
}

/* The end of a line from `at`, or of the input. */
static size_t line_end(const char *text, size_t at, size_t size)
{
  const char *mark = at < size ? memchr(text + at, '\n', size - at) : NULL;
  return mark == NULL ? size : (size_t)(mark - text);
}

static size_t section_end(const char *text, size_t at, size_t size)
{
  while (at < size && !(size - at >= 3 && memcmp(text + at, "== ", 3) == 0)) {
    at = line_end(text, at, size) + 1;
  }
  return at < size ? at : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char names[MADE_FILES_MAX][64];
  const char *text = (const char *)data;
  struct made_book *made = calloc(1, sizeof(*made));
  made->grows_left = -1;
  made->memory = (struct sp_memory){.grow = made_grow, .release = made_release, .context = made};
  made->problems = (struct sp_problems){quiet, NULL, 0, 0};
  bool zoned = false;
  for (size_t at = section_end(text, 0, size); at < size && made->files < MADE_FILES_MAX - 1;) {
    size_t end = line_end(text, at, size);
    snprintf(names[made->files], sizeof(names[0]), "%.*s",
             (int)(end - at - 3 < 60 ? end - at - 3 : 60), text + at + 3);
    zoned = zoned || strcmp(names[made->files], SP_BOOK_ZONE_FILE) == 0;
    size_t from = end < size ? end + 1 : size;
    at = section_end(text, from, size);
    made_text(made, names[made->files], text + from, at - from);
  }
  if (!zoned) {
    made_text(made, SP_BOOK_ZONE_FILE, zone, sizeof(zone) - 1);
  }
  enum sp_status status = made_compile(made);
  SP_ASSERT(status == SP_OK || status == SP_BAD_BOOK || status == SP_LIMIT);
  SP_ASSERT((status == SP_BAD_BOOK) == (made->problems.errors > 0));
  made_end(made);
  return 0;
}
