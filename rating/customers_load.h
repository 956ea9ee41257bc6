/* The loading of customer tables, shared by rating/customers*.c: cells of a row and what is kept
 * only while loading. */
#ifndef SP_RATING_CUSTOMERS_LOAD_H
#define SP_RATING_CUSTOMERS_LOAD_H

#include "rating/customers.h"
#include "rating/directory_parts.h"
#include "rating/table.h"

#define SP__CUSTOMER_COLUMNS_MAX 14
#define SP__TIME_MEMOS 2
#define SP__TIME_BYTES_MAX 40

struct sp__time_memo { /* the same times stand in row after row */
  char text[SP__TIME_BYTES_MAX];
  uint32_t length;
  int64_t utc_s;
};

struct sp__member_row {
  int64_t from_utc_s, to_utc_s;
  uint64_t short_digits;
  uint32_t group, subscriber;
  uint32_t next; /* earlier row of the same subscriber + 1 */
  uint32_t row : 31;
  uint32_t key : 1;
};

struct sp__subscription_row {
  int64_t from_utc_s, to_utc_s;
  uint32_t plan;
  uint32_t next; /* earlier row of the same owner + 1 */
};

#define SP__PLAN_SHARED 0x100u /* has a pool or a payer */
#define SP__PLAN_PAYER 0x200u

struct sp__place { /* in a file, from 1 */
  uint32_t line, column;
};

struct sp__load {
  struct sp_directory *directory;
  const struct sp_books *books;
  struct sp_memory *memory;
  struct sp_problems *problems;
  const struct sp_customer_file *files;
  /* the table that is being read */
  struct sp_table table;
  const char *const *columns;
  uint32_t columns_count, header_cells;
  uint32_t places[SP__CUSTOMER_COLUMNS_MAX]; /* cell + 1, 0 = the column is not there */
  struct sp__time_memo memos[SP__TIME_MEMOS];
  bool hold;             /* messages wait to be told by line */
  struct sp__array held; /* struct sp_problem */
  uint32_t held_count;
  /* between tables */
  struct sp__array member_rows, member_heads;
  struct sp__array subscription_rows, subscriber_heads, group_heads;
  struct sp__array united;     /* uint32_t: groups whose members share state */
  struct sp__array plan_flags; /* uint32_t by plan name: bit per kind, SP__PLAN_* */
  struct sp__words plan_names;
  struct sp__array scratch;
  struct sp__index index;
  uint32_t member_count, subscription_count, united_count;
};

/* Begins a table; false: it is not there or has no header. */
bool sp__load_open(struct sp__load *load, enum sp_customer_table table, const char *const *columns,
                   uint32_t columns_count);
/* The next row that is a row of its table. */
bool sp__load_next(struct sp__load *load);
/* At most so many rows have this table. */
uint64_t sp__load_rows_max(const struct sp__load *load, enum sp_customer_table table);
struct sp_name sp__load_cell(const struct sp__load *load, uint32_t column);

/* Refuses the row: "COLUMN 'VALUE' WHY". */
void sp__load_refuse(struct sp__load *load, uint32_t column, const char *why);
void sp__load_warn(struct sp__load *load, uint32_t column, const char *why);
/* "WHY" at a place. */
void sp__load_refuse_at(struct sp__load *load, struct sp__place place, const char *why);
/* Where a cell begins; one that is not there is where its row does. */
struct sp__place sp__load_place(const struct sp__load *load, uint32_t column);
/* Tells what was held, by line. */
void sp__load_tell(struct sp__load *load);

/* Cells by kind; false: refused. A blank number or name is refused, a blank text is one, a blank
 * time gives `open`. */
SP_MUST_CHECK bool sp__load_name(struct sp__load *load, uint32_t column, struct sp_name *name);
SP_MUST_CHECK bool sp__load_text(struct sp__load *load, uint32_t column, struct sp_name *text);
SP_MUST_CHECK bool sp__load_number(struct sp__load *load, uint32_t column, uint64_t *digits);
SP_MUST_CHECK bool sp__load_time(struct sp__load *load, uint32_t column, unsigned memo,
                                 int64_t open, int64_t *utc_s);
/* The columns `from` and the next one, `to`. */
SP_MUST_CHECK bool sp__load_interval(struct sp__load *load, uint32_t from, int64_t *from_utc_s,
                                     int64_t *to_utc_s);
/* `subscriber:ID` or `group:ID`: index, groups with SP_SUBJECT_GROUP; SP_NONE: there is no such
 * thing. */
uint32_t sp__load_subject(const struct sp__load *load, uint32_t column);

/* Tables, in their order. */
SP_MUST_CHECK enum sp_status sp__load_accounts(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_subscribers(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_groups(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_members(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_subscriptions(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_managers(struct sp__load *load);
SP_MUST_CHECK enum sp_status sp__load_facts(struct sp__load *load);

/* Heap sort of `count` things of `size` <= 64 bytes. */
typedef int sp__order(const void *a, const void *b, const void *context);
void sp__sort(void *base, size_t count, size_t size, sp__order *order, const void *context);

static inline bool sp__overlap(int64_t from_a, int64_t to_a, int64_t from_b, int64_t to_b)
{
  return from_a < to_b && from_b < to_a;
}

#endif
