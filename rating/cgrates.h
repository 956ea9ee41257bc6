/* CGRateS tariff plans: six tables read and linked, and what a call costs by them, exactly as
 * GetCost and EventCost say it (rating/README.md, CGRateS). Times are nanoseconds since 1970 UTC,
 * quantities nanoseconds (data and messages: units), amounts 10^-10 of the plan's currency.
 * Reading takes memory from the caller's arena and reports every problem; the tariff is read-only
 * afterwards: any number of threads. */
#ifndef SP_RATING_CGRATES_H
#define SP_RATING_CGRATES_H

#include "rating/memory.h"
#include "rating/problem.h"

enum sp_cgrates_table {
  SP_CGRATES_DESTINATIONS,
  SP_CGRATES_TIMINGS,
  SP_CGRATES_RATES,
  SP_CGRATES_DESTINATION_RATES,
  SP_CGRATES_RATING_PLANS,
  SP_CGRATES_RATING_PROFILES,
  SP_CGRATES_TABLES
};

#define SP_CGRATES_DECIMALS 10               /* of every amount in memory */
#define SP_CGRATES_DIGITS_MAX 9              /* of `digits` */
#define SP_CGRATES_DEPTH_MAX 3               /* a profile, its fallback and that one's fallback */
#define SP_CGRATES_PERIODS_MAX 64            /* plans that one call may pass through */
#define SP_CGRATES_NS_MAX (INT64_C(1) << 60) /* of a usage, unit, increment, group start */
#define SP_CGRATES_TIME_MAX_NS INT64_C(4102444800000000000) /* answers lie in 1970 … 2099 */

struct sp_cgrates_file { /* the bytes are changed; NULL: there is no such file */
  char *bytes;
  size_t length;
  bool unreadable; /* there is one, which was reported: what names its rows is not */
};

struct sp_cgrates_text { /* borrowed, not terminated */
  const char *at;
  uint32_t length;
};

struct sp_cgrates;

/* "Destinations.csv" … */
const char *sp_cgrates_table_name(enum sp_cgrates_table table);

/* Reads all tables; `digits` (0 … SP_CGRATES_DIGITS_MAX): decimals to which an increment's cost is
 * rounded before it is multiplied. BAD_BOOK: errors were reported; NO_MEMORY. The bytes must stay
 * as long as the tariff; it lies in `memory`. */
SP_MUST_CHECK enum sp_status sp_cgrates_read(struct sp_cgrates **tariff,
                                             const struct sp_cgrates_file files[SP_CGRATES_TABLES],
                                             unsigned digits, struct sp_memory *memory,
                                             struct sp_problems *problems);

struct sp_cgrates_call {
  struct sp_cgrates_text tenant, category, subject, destination;
  struct sp_cgrates_text rating_plan; /* not empty: by this plan, not by a profile */
  int64_t answer_utc_ns;              /* 0 … SP_CGRATES_TIME_MAX_NS */
  int64_t usage_ns;                   /* 0 … SP_CGRATES_NS_MAX */
  int32_t offset_s;                   /* of the answer time: timings go by this wall clock */
  bool voice;                         /* else time passes no midnight and no plan change */
  bool goes_on;                       /* loop index above 0: no connect fee */
};

enum sp_cgrates_answer {
  SP_CGRATES_COST,
  SP_CGRATES_NO_PLAN,      /* RATING_PLAN_NOT_FOUND */
  SP_CGRATES_UNAUTHORIZED, /* UNAUTHORIZED_DESTINATION */
  SP_CGRATES_OVERFLOW      /* an amount of 9 × 10^8 or more, or too many plans in one call */
};

struct sp_cgrates_cost { /* in 10^-SP_CGRATES_DECIMALS */
  int64_t call, event;
};

/* What the call costs. Pure, any thread, no memory. */
enum sp_cgrates_answer sp_cgrates_rate(const struct sp_cgrates *tariff,
                                       const struct sp_cgrates_call *call,
                                       struct sp_cgrates_cost *cost);

/* "0.6", "12": without zeros at the end. */
void sp_cgrates_amount_add(struct sp_text *text, int64_t amount);
/* "60s", "1m30s", "1.5h", "+60s", bare: nanoseconds. false: it is none, or beyond
 * SP_CGRATES_NS_MAX. */
bool sp_cgrates_duration_read(int64_t *ns, const char *text, size_t length);
/* RFC 3339 with offset and fraction; the same with a blank for its T, "+0100" for its offset and a
 * zone's name behind; without an offset "YYYY-MM-DD HH:MM:SS", a T between them, or YYYYMMDDHHMMSS,
 * in UTC; or 10, 13, 16 or 19 digits: s, ms, us, ns since 1970. */
bool sp_cgrates_time_read(int64_t *utc_ns, int32_t *offset_s, const char *text, size_t length);

#endif
