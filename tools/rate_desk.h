/* The tariff desk: books and customers from folders, an empty state, and usage records priced one
 * after the other without a store. `rate` and `explain` sit on it. One thread. */
#ifndef SP_TOOLS_RATE_DESK_H
#define SP_TOOLS_RATE_DESK_H

#include "ingest/conflict.h"
#include "ingest/decode.h"
#include "ingest/marks.h"
#include "rating/charge_json.h"
#include "rating/rate.h"
#include "tools/book_load.h"
#include "tools/options.h"

struct sp_desk {
  struct sp_memory memory;
  struct sp_books books;
  struct sp_loaded_book loaded[SP_BOOKS_MAX];
  size_t loaded_count;
  struct sp_directory *directory;
  struct sp_state *state;
  struct sp_rater *rater;
  struct sp_resolver *resolver;
  struct sp_marks *marks;
  struct sp_decode_zone zone;
  struct sp_charge charge;                     /* of the record just judged */
  char conflict[SP_CONFLICT_REASON_BYTES_MAX]; /* and the fields in conflict */
  size_t conflict_length;
  struct sp_trace *trace; /* listens to records from now on; NULL = nobody does */
};

/* Loads all; what is wrong goes to stderr as file:line:column. 0, or an exit code (3: a bad book).
 */
int sp_desk_open(struct sp_desk *desk, const struct sp_option_list *books, const char *customers);
void sp_desk_close(struct sp_desk *desk);
/* The same around one piece of work, on a desk from the heap; an exit code. */
typedef int sp_desk_work(struct sp_desk *desk, const void *context);
int sp_desk_use(const struct sp_option_list *books, const char *customers, sp_desk_work *work,
                const void *context);

/* Finds the first record of a key again, by its number. */
typedef bool sp_desk_first(void *context, uint64_t number, struct sp_cdr *cdr);

/* One record's outcome, in desk->charge. `number`: of the record, rising.
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_desk_judge(struct sp_desk *desk, const struct sp_cdr *cdr,
                                           const struct sp_usage *usage, uint64_t number,
                                           sp_desk_first *first, void *context);

#endif
