#include "rating/status.h"

#include <assert.h>

const char *sp_status_word(enum sp_status status)
{
  switch (status) {
#define X(number, name, word, text, class) \
  case SP_##name:                          \
    return word;
    SP_STATUS_TABLE(X)
#undef X
  }
  return "unknown";
}

const char *sp_status_text(enum sp_status status)
{
  switch (status) {
#define X(number, name, word, text, class) \
  case SP_##name:                          \
    return text;
    SP_STATUS_TABLE(X)
#undef X
  }
  return "unknown status";
}

void sp_assert_failed(const char *condition, const char *file, int line)
{
  __assert_fail(condition, file, (unsigned)line, "suanpan");
}
