/* Why a record is in suspense: numbers that never change (book.md §5.4). New ones go behind these.
 */
#ifndef SP_RATING_REASON_H
#define SP_RATING_REASON_H

#include <stdint.h>

#define SP_REASON_TABLE(X)                         \
  X(0, NONE, "")                                   \
  X(101, BAD_LINE, "bad_line")                     \
  X(201, SERVICE_UNKNOWN, "service_unknown")       \
  X(202, BAD_START, "bad_start")                   \
  X(203, BAD_FIELD, "bad_field")                   \
  X(301, UNKNOWN_SUBSCRIBER, "unknown_subscriber") \
  X(302, UNKNOWN_PREFIX, "unknown_prefix")         \
  X(401, NO_BOOK, "no_book")                       \
  X(402, NO_PLAN, "no_plan")                       \
  X(403, TWO_BASE_PLANS, "two_base_plans")         \
  X(404, NO_RATE, "no_rate")                       \
  X(405, OVERFLOW, "overflow")                     \
  X(406, TOO_MANY_DISCOUNTS, "too_many_discounts") \
  X(501, CONFLICT, "conflict")                     \
  X(502, DUP_WINDOW_EXCEEDED, "dup_window_exceeded")

enum sp_reason {
#define X(number, name, word) SP_REASON_##name = number,
  SP_REASON_TABLE(X)
#undef X
};

/* Outcome of a record (engine.md §1 rule 6); filtered and held_partial are reserved by us: always
 * 0. */
#define SP_OUTCOME_TABLE(X)      \
  X(0, RATED, "rated")           \
  X(1, ZERO_RATED, "zero_rated") \
  X(2, DUPLICATE, "duplicate")   \
  X(3, CONFLICT, "conflict")     \
  X(4, SUSPENDED, "suspended")   \
  X(5, FILTERED, "filtered")     \
  X(6, HELD_PARTIAL, "held_partial")

enum sp_outcome {
#define X(number, name, word) SP_OUTCOME_##name = number,
  SP_OUTCOME_TABLE(X)
#undef X
      SP_OUTCOME_COUNT = 7
};

const char *sp_reason_word(unsigned reason); /* "" for 0, "unknown" for a number not in the table */
const char *sp_outcome_word(unsigned outcome); /* "unknown" for a number not in the table */

#endif
