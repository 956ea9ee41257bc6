/* How much an allowance gives in a cycle (book.md §10.2, §10.3). */
#include "rating/rate_parts.h"

#define SECONDS_OF_MINUTE 60
#define BYTES_OF_MB 1048576

static const struct sp_book_plan *plan_by_name(const struct sp_book *book,
                                               const struct sp_book_plan *like,
                                               const struct sp_book *of)
{
  struct sp_book_name name = like->name;
  uint32_t index = sp_book_find_plan(book, sp_book_text(of, name), name.length);
  return index == SP_NONE ? NULL : SP_BOOK_TABLE(book, plans, struct sp_book_plan) + index;
}

uint32_t sp__grant_book(const struct sp_rater *rater, int64_t at_utc_s)
{
  uint32_t index = sp_books_at(rater->books, at_utc_s);
  return index == SP_NONE ? rater->books->by_start[0] : index;
}

/* The allowance of that plan and name in the book in force at the grant instant, or NULL. */
static const struct sp_book_allowance *allowance_in(const struct sp_rater *rater, int64_t at_utc_s,
                                                    const struct sp_book_allowance *allowance)
{
  const struct sp_books *books = rater->books;
  const struct sp_book *of = rater->work.book;
  if (books->count == 1) {
    return allowance;
  }
  const struct sp_book *book = books->book + sp__grant_book(rater, at_utc_s);
  if (book == of) {
    return allowance;
  }
  const struct sp_book_plan *like = SP_BOOK_TABLE(of, plans, struct sp_book_plan) + allowance->plan;
  const struct sp_book_plan *plan = plan_by_name(book, like, of);
  if (plan == NULL) {
    return NULL;
  }
  const struct sp_book_allowance *row =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    if (row[i].key == allowance->key) {
      return row + i;
    }
  }
  return NULL;
}

static int64_t by_days(const struct sp_rater *rater, const struct sp_book_allowance *row,
                       const struct sp__cycle *cycle, int64_t at_utc_s)
{
  const struct sp_book *book = rater->books->book;
  int64_t first = sp_book_local_day(book, cycle->from_utc_s);
  int64_t end = sp_book_local_day(book, cycle->to_utc_s);
  int64_t day = sp_book_local_day(book, at_utc_s);
  if (day <= first) {
    return row->amount;
  }
  int64_t whole = row->unit == SP_UNIT_SECOND ? SECONDS_OF_MINUTE
                  : row->unit == SP_UNIT_BYTE ? BYTES_OF_MB
                                              : 1;
  sp_i128 part = (sp_i128)row->amount * (end - day);
  sp_i128 units = sp_money_divide(part, (sp_i128)(end - first) * whole, SP_ROUND_CEIL);
  return (int64_t)(units * whole); /* fits: at most 30 of 31 days of 63 bits, and one unit */
}

/* Says how a grant comes that is not the amount of the record's row: by another book, by days, or
 * none. */
static __attribute__((noinline, cold)) void grant_trace(struct sp_rater *rater,
                                                        const struct sp_book_allowance *allowance,
                                                        const struct sp_book_allowance *row,
                                                        const struct sp__cycle *cycle,
                                                        int64_t at_utc_s, int64_t granted)
{
  const struct sp_book *book = rater->books->book;
  int64_t day = sp_book_local_day(book, at_utc_s);
  int64_t first = sp_book_local_day(book, cycle->from_utc_s);
  int64_t end = sp_book_local_day(book, cycle->to_utc_s);
  bool by_days = row != NULL && row->by_day && day > first;
  if (granted == allowance->amount && !by_days) {
    return;
  }
  sp__trace(rater, (struct sp_trace_event){
                       .kind = SP_TRACE_GRANT,
                       .plan = allowance->plan,
                       .item = SP_NONE,
                       .index = (uint32_t)(allowance - SP_BOOK_TABLE(rater->work.book, allowances,
                                                                     struct sp_book_allowance)),
                       .offset = at_utc_s,
                       .used = cycle != &rater->work.now,
                       .count = by_days ? end - day : 0,
                       .size = by_days ? end - first : 0,
                       .before = row == NULL ? -1 : row->amount,
                       .after = granted});
}

int64_t sp__grant(struct sp_rater *rater, const struct sp__position *position,
                  const struct sp_book_allowance *allowance, const struct sp__cycle *cycle,
                  bool *rolls)
{
  *rolls = false;
  if (position->from_utc_s >= cycle->to_utc_s || position->to_utc_s <= cycle->from_utc_s) {
    return 0;
  }
  int64_t at = cycle->from_utc_s > position->from_utc_s ? cycle->from_utc_s : position->from_utc_s;
  if ((position->owner & SP_OWNER_GROUP) != 0 && !allowance->pool) {
    int64_t joined;
    if (!sp__plans_member_since(rater, position->owner & ~SP_OWNER_GROUP, cycle, &joined)) {
      if (sp__traced(rater)) {
        grant_trace(rater, allowance, NULL, cycle, at, 0);
      }
      return 0;
    }
    at = joined > at ? joined : at;
  }
  const struct sp_book_allowance *row = allowance_in(rater, at, allowance);
  if (row == NULL || row->unit != allowance->unit) {
    if (sp__traced(rater)) {
      grant_trace(rater, allowance, NULL, cycle, at, 0);
    }
    return 0;
  }
  *rolls = row->rollover;
  int64_t amount =
      row->by_day && at > cycle->from_utc_s ? by_days(rater, row, cycle, at) : row->amount;
  if (sp__traced(rater)) {
    grant_trace(rater, allowance, row, cycle, at, amount);
  }
  return amount;
}
