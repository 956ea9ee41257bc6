/* Results of functions. enum sp_status says why something could not be done; numbers are frozen.
 * Classes: record = the data is bad, the run goes on; retry = the environment may recover; fatal =
 * stop. A bug is none of these: it is an SP_ASSERT, always on. */
#ifndef SP_RATING_STATUS_H
#define SP_RATING_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_status_class { SP_CLASS_OK, SP_CLASS_RECORD, SP_CLASS_RETRY, SP_CLASS_FATAL };

#define SP_STATUS_TABLE(X)                                                               \
  X(0, OK, "ok", "done", OK)                                                             \
  X(1, END, "end", "nothing more to read", OK)                                           \
  X(2, NO_MEMORY, "no_memory", "out of memory", FATAL)                                   \
  X(3, IO, "io", "input or output failed", FATAL)                                        \
  X(4, FULL, "full", "no room is left", FATAL)                                           \
  X(5, NOT_FOUND, "not_found", "no such thing", RECORD)                                  \
  X(6, BAD_FORMAT, "bad_format", "not in the expected format", RECORD)                   \
  X(7, BAD_VERSION, "bad_version", "written by another version", FATAL)                  \
  X(8, BAD_CHECKSUM, "bad_checksum", "checksum does not match", FATAL)                   \
  X(9, BAD_BOOK, "bad_book", "the tariff book has errors", FATAL)                        \
  X(10, BAD_CONFIG, "bad_config", "the configuration has errors", FATAL)                 \
  X(11, OVERFLOW, "overflow", "an amount does not fit", RECORD)                          \
  X(12, LIMIT, "limit", "a documented limit is exceeded", RECORD)                        \
  X(13, AGAIN, "again", "nothing there yet", RETRY)                                      \
  X(14, BROKER, "broker", "the broker does not answer", RETRY)                           \
  X(15, DIFFERENT, "different", "a recomputed value differs from the stored one", FATAL) \
  X(16, USAGE, "usage", "wrong usage", FATAL)

enum sp_status {
#define X(number, name, word, text, class) SP_##name = number,
  SP_STATUS_TABLE(X)
#undef X
};

/* The word and the sentence of a status; never NULL. */
const char *sp_status_word(enum sp_status status);
const char *sp_status_text(enum sp_status status);

#define SP_MUST_CHECK __attribute__((warn_unused_result))

/* Return at once with what went wrong; only before anything is held that must be given back. */
#define SP_TRY(expression)                        \
  do {                                            \
    enum sp_status sp_try_status_ = (expression); \
    if (sp_try_status_ != SP_OK) {                \
      return sp_try_status_;                      \
    }                                             \
  } while (0)

/* A broken promise of our own code: says where and stops the process. On in every build. */
#define SP_ASSERT(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : sp_assert_failed(#condition, __FILE__, __LINE__))
_Noreturn void sp_assert_failed(const char *condition, const char *file, int line);

/* Fetches the cache line at `at`, which is read or written soon. */
static inline void sp_line_fetch(const void *at)
{
  /* rule zero: banned: gcc takes a function that does nothing but fetch for one without effect and
   * leaves out the calls of it; the empty instruction keeps them and costs nothing */
  __builtin_prefetch(at);
  __asm__ volatile("");
}

/* The same for what is then not needed again for long, as one of many customers: does not push out
 * of the second cache what is, as the tariff. */
static inline void sp_line_fetch_once(const void *at)
{
  __builtin_prefetch(at, 0, 0); /* rule zero: banned: as above */
  __asm__ volatile("");
}

#define SP_LIKELY(x) __builtin_expect(!!(x), 1)
#define SP_UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
