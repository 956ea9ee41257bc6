/* How a CGRateS tariff lies in memory; within rating/ and for the writer of a book from it. */
#ifndef SP_RATING_CGRATES_PARTS_H
#define SP_RATING_CGRATES_PARTS_H

#include "rating/cgrates.h"
#include "rating/money.h"
#include "rating/table.h"

#define SP_CG_NONE UINT32_MAX
#define SP_CG_YEARS_MAX 32
#define SP_CG_DAY_NS (INT64_C(86400) * 1000000000)
#define SP_CG_LENGTHS 64 /* destinations are matched by their first 64 bytes */
#define SP_CG_TARGET_INTERVALS_MAX 1024u
#define SP_CG_ROUNDED_MAX 20 /* decimals; those beyond SP_CGRATES_DECIMALS round nothing */

enum sp_cg_rounding { SP_CG_AS_IS, SP_CG_UP, SP_CG_MIDDLE, SP_CG_DOWN };

enum sp_cg_strategy { SP_CG_NO_STRATEGY, SP_CG_FREE, SP_CG_DISCONNECT };

/* A binary64 (IEEE 754) >= 0 as bits * 2^power; bits 0, or from 2^52 below 2^53. */
struct sp_cg_binary {
  uint64_t bits;
  int32_t power;
};

struct sp_cg_amount {         /* of a cell */
  int64_t value;              /* in 10^-SP_CGRATES_DECIMALS, cut */
  bool finer;                 /* there was something to cut */
  struct sp_cg_binary binary; /* the nearest to what is written */
};

struct sp_cg_name { /* one of each text; numbers lead to what bears it */
  const char *text;
  uint32_t length, next;                                      /* next of the same hash line */
  uint32_t destination, timing, rate, destination_rate, plan; /* SP_CG_NONE: no such thing */
  uint32_t prefix; /* first destination row of this prefix */
};

struct sp_cg_destination_row {
  uint32_t destination; /* number */
  uint32_t next;        /* of the same prefix */
  uint32_t prefix;      /* name */
};

struct sp_cg_timing {
  int64_t start_ns;          /* of the day */
  uint32_t name, month_days; /* bit = day; 0 = any */
  uint16_t months;           /* bit = month; 0 = any */
  uint8_t week_days;         /* bit 0 = Sunday; 0 = any */
  uint8_t years_count;
  bool clockless; /* *asap and the like: for other uses than prices */
  uint16_t years[SP_CG_YEARS_MAX];
};

struct sp_cg_slot {
  int64_t from_ns, unit_ns, increment_ns;
  struct sp_cg_amount price; /* per unit */
  uint64_t over, under; /* an increment's price in 10^-digits, lowest terms; under 0: too large */
  uint32_t rate, line, price_column, from_column;
};

struct sp_cg_rate {
  uint32_t name, first, count; /* slots by from_ns */
  uint32_t line;               /* of the tag's first row */
  struct sp_cg_amount fee;     /* connect fee of the tag's first row */
};

struct sp_cg_rating {               /* a row of DestinationRates */
  uint32_t destination, rate, next; /* destination: number; next of the same tag */
  uint8_t rounding, decimals;
  uint8_t strategy; /* enum sp_cg_strategy */
  int64_t cost_max; /* 0: none */
};

struct sp_cg_interval {
  uint32_t timing, rating;
  int64_t weight;
  uint32_t row; /* of its target's, in the order of RatingPlans */
};

struct sp_cg_target { /* what a plan says of a destination: intervals, the first that holds wins */
  uint32_t plan, destination; /* plan SP_CG_NONE: an empty place of the index */
  uint32_t first, count;
  int64_t weight;
  uint32_t line, column; /* of the first row of RatingPlans that gives it, its timing */
  bool plain;            /* one interval, always, one slot */
  bool calm;             /* arranging it again moves nothing */
};

struct sp_cg_plan {
  uint32_t name, first_row, last_row; /* of RatingPlans */
};

struct sp_cg_plan_row {
  uint32_t plan, ratings, timing, next; /* ratings: a tag's number */
  int64_t weight;
  uint32_t line, column; /* column: of the timing */
};

struct sp_cg_activation {
  int64_t from_ns; /* INT64_MIN: always */
  uint32_t plan;
  uint32_t fallbacks, fallbacks_count;
  uint32_t profile, line;
  uint32_t from_column, fallbacks_column;
};

struct sp_cg_profile {                /* tenant SP_CG_NONE: an empty place of the index */
  uint32_t tenant, category, subject; /* names */
  uint32_t first, count;              /* activations by time */
};

struct sp_cgrates {
  unsigned digits;
  struct sp_cg_name *names;
  uint32_t *name_lines;
  uint32_t names_count, names_mask;
  uint32_t any; /* the name *any */
  struct sp_cg_destination_row *destination_rows;
  uint32_t destination_rows_count, destinations_count, any_destination;
  uint32_t *destination_names;
  uint64_t lengths; /* bit n - 1: there are prefixes of n bytes */
  struct sp_cg_timing *timings;
  uint32_t timings_count;
  struct sp_cg_rate *rates;
  uint32_t rates_count, slots_count;
  struct sp_cg_slot *slots;
  struct sp_cg_rating *ratings;
  uint32_t ratings_count;
  uint32_t *tag_first, *tag_last; /* of DestinationRates: first and last row */
  uint32_t tags_count;
  struct sp_cg_plan *plans;
  uint32_t plans_count;
  struct sp_cg_plan_row *plan_rows;
  uint32_t plan_rows_count;
  struct sp_cg_target *targets; /* index by (plan, destination) */
  uint32_t targets_mask;
  struct sp_cg_interval *intervals;
  const struct sp_cg_interval **looked; /* as CGRateS looks through them; not calm: by rows */
  uint32_t intervals_count;
  struct sp_cg_profile *profiles; /* index by (tenant, category, subject) */
  uint32_t profiles_mask;
  struct sp_cg_activation *activations;
  uint32_t activations_count;
  uint32_t *fallbacks; /* places of profiles */
  uint32_t fallbacks_count;
};

/* SP_CG_NONE: no such name. */
uint32_t sp__cg_name_find(const struct sp_cgrates *tariff, const char *text, uint32_t length);
/* The place of (tenant, category, subject) in `profiles`, one that is empty if it is not there. */
uint32_t sp__cg_profile_place(const struct sp_cgrates *tariff, uint32_t tenant, uint32_t category,
                              uint32_t subject);
/* The same, SP_CG_NONE: not there. */
uint32_t sp__cg_profile_find(const struct sp_cgrates *tariff, uint32_t tenant, uint32_t category,
                             uint32_t subject);
/* The place of (plan, destination) in `targets`, one that is empty if it is not there. */
uint32_t sp__cg_target_place(const struct sp_cgrates *tariff, uint32_t plan, uint32_t destination);
/* The plan's target for a destination, NULL: it serves none of its prefixes and not *any. */
const struct sp_cg_target *sp__cg_target_find(const struct sp_cgrates *tariff, uint32_t plan,
                                              struct sp_cgrates_text destination);
/* Whether a timing holds on a local day (days since 1970), whatever the time of day. */
bool sp__cg_timing_on(const struct sp_cg_timing *timing, int32_t day);

int64_t sp__cg_power(unsigned digits);

/* A stretch of the call under one plan. */
struct sp_cg_period {
  int64_t from_ns;
  const struct sp_cg_target *target;
};

struct sp_cg_route {
  uint32_t count;
  bool full; /* there were more */
  struct sp_cg_period periods[SP_CGRATES_PERIODS_MAX];
};

/* The periods of a call, by time, the first at its start. */
enum sp_cgrates_answer sp__cg_route_find(const struct sp_cgrates *tariff,
                                         const struct sp_cgrates_call *call,
                                         struct sp_cg_route *route);

#endif
