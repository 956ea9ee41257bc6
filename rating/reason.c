#include "rating/reason.h"

const char *sp_reason_word(unsigned reason)
{
  switch (reason) {
#define X(number, name, word) \
  case number:                \
    return word;
    SP_REASON_TABLE(X)
#undef X
  default:
    return "unknown";
  }
}

const char *sp_outcome_word(unsigned outcome)
{
  switch (outcome) {
#define X(number, name, word) \
  case number:                \
    return word;
    SP_OUTCOME_TABLE(X)
#undef X
  default:
    return "unknown";
  }
}
