/* rule zero: header: the records of all tables of a book read better in one place */
/* A book between its tables and its image: rows as they were read, names interned. Inside rating/
 * only. Lists grow in the arena; when memory ends, `status` says so, adding gives a scratch record
 * and the phases stop. */
#ifndef SP_RATING_BOOK_DRAFT_H
#define SP_RATING_BOOK_DRAFT_H

#include "rating/book_compile.h"
#include "rating/money.h"
#include "rating/number.h"
#include "rating/table.h"

#define SP_DRAFT_RECORD_MAX 512 /* bytes of one record of a list */
#define SP_DRAFT_NAME_MAX 64    /* characters of a name (§1.7) */
#define SP_DRAFT_QUANTITY_MAX SP_BOOK_QUANTITY_MAX
#define SP_DRAFT_TEXT_MAX SP_PROBLEM_BYTES_MAX

struct sp__list {
  char *at;
  uint32_t count, room, size;
};

static inline void *sp__list_get(const struct sp__list *list, size_t i, size_t size)
{
  return list->at == NULL ? NULL : list->at + i * size;
}

#define SP_LIST_AT(list, type, i) ((type *)sp__list_get((list), (i), sizeof(type)))

struct sp__term {
  const char *text;
  uint32_t length;
  uint32_t rank; /* by bytes, once ranked */
};

struct sp__terms {      /* ids in order of first appearance */
  struct sp__list list; /* struct sp__term */
  uint32_t *slots;      /* id + 1 */
  uint32_t *order;      /* ids by rank */
  uint32_t slots_count;
  bool lost; /* not every name of its table could be read: one that is not there may be one */
};

enum sp__column {
  SP_COLUMN_SERVICE,
  SP_COLUMN_DIRECTION,
  SP_COLUMN_ROAM,
  SP_COLUMN_ZONE,
  SP_COLUMN_NET,
  SP_COLUMN_DEST,
  SP_COLUMN_BAND,
  SP_COLUMN_GROUP,
  SP_COLUMN_COUNT
};
#define SP_COLUMN_FEATURES 5 /* the first so many are features */

struct sp__match {
  uint64_t accepted;                /* feature bits; all of a blank column */
  uint64_t bands;                   /* bit per band id; 0 = blank */
  uint32_t dests_at, dests_count;   /* in `match_ids`: destination ids, ascending, once each */
  uint32_t groups_at, groups_count; /* rating-group ids likewise */
  uint32_t set;                     /* bit per enum sp__column that is not blank */
  uint32_t columns;                 /* how many */
  uint64_t written; /* the values of the cells as a set: `mo` accepts what `mo;cf` does (§6.12), but
                     * is another cell */
};

struct sp__plan {
  uint32_t name, line;          /* plan name id; its first row */
  uint32_t title;               /* string id + 1 */
  uint32_t fee_item, exclusion; /* string id or SP_NONE */
  uint8_t kind;                 /* enum sp_plan_kind; SP_PLAN_UNKNOWN */
  uint8_t proration;            /* enum sp_proration */
  int64_t from_utc_s, to_utc_s, monthly_fee_micro, min_spend_micro;
};
#define SP_PLAN_UNKNOWN 255

#define SP_BLANK 255 /* of a small value in a row: the cell is blank */

struct sp__rate { /* one row of rates */
  struct sp__match match;
  int64_t priority, from, increment, per;
  int64_t price_n, price_d;                     /* currency units */
  int64_t cost_n, cost_d;                       /* of one increment in micro-units, lowest terms */
  int64_t fee_n, fee_d;                         /* connect fee in micro-units, lowest terms */
  uint32_t plan, item, line, rule, denominator; /* the last: index in `denominators` */
  uint16_t column_per, column_from, column_rounding, column_digits, column_mode, column_counter;
  uint16_t column_price;
  uint8_t unit, rounding, digits, mode, counter, has_fee, price_zero;
  bool bad;
};

struct sp__rule { /* rows of rates with equal plan, item, match and priority */
  uint32_t plan, item;
  uint32_t first, line;                          /* its first row: index and line */
  uint32_t slots_at, slots_count;                /* in `slot_order` */
  uint8_t unit, rounding, digits, mode, counter; /* SP_BLANK: no row says */
};

struct sp__plan_item { /* one item of one plan, sorted by plan and item name */
  uint32_t plan, item;
  uint32_t rules_at, rules_count, rules_plain; /* in `rule_order`; as struct sp_book_item */
  uint32_t first_line;
  int64_t denominator;
  uint8_t unit, rounding, digits, mode;
};

struct sp__allowance {
  struct sp__match match;
  int64_t amount, member_cap, priority;
  uint32_t plan, name, line;
  uint8_t unit, pool, rollover, by_day;
  bool bad;
};

struct sp__discount {
  struct sp__match match;
  int64_t value, threshold, priority;
  uint32_t plan, name, line, item; /* item id or SP_NONE */
  uint32_t set;                    /* set name id or SP_NONE */
  uint16_t column_set;
  uint8_t kind, pass, threshold_unit, bill;
  bool bad;
};

struct sp__payer {
  struct sp__match match;
  int64_t value, member_cap, group_cap, priority;
  uint32_t plan, name, line, item;
  uint16_t column_member, column_group;
  uint8_t mode;
  bool bad;
};

struct sp__area_row {
  uint32_t area, name, province; /* area id; string id + 1; province id + 1, 0 = blank */
  uint32_t line;
};

struct sp__prefix {
  uint64_t digits;
  uint32_t operator_id, area; /* operator id + 1; area id + 1 */
  uint32_t line;
  uint8_t kind, length;
};

struct sp__ported {
  uint64_t digits;
  int64_t from_utc_s, to_utc_s;
  uint32_t operator_id, line;
};

struct sp__cell {
  int64_t lac_from, lac_to;
  uint32_t plmn, area, line; /* plmn id, area id */
};

struct sp__day {
  int32_t day;
  uint32_t type, line;
};

struct sp__band_row {
  uint32_t band, from_s, to_s;
  uint32_t days; /* bit per weekday (0 = Monday), bit 7 + day type */
};

struct sp__dest { /* one prefix of one destination */
  uint64_t digits;
  uint32_t dest, length;
};

struct sp__settings {
  const char *name, *currency, *timezone, *home_country, *home_operator;
  uint32_t name_length, currency_length, timezone_length, home_country_length, home_operator_length;
  uint32_t home_mcc[16];
  uint32_t home_mcc_count;
  int64_t valid_from_utc_s;
  int32_t cycle_day, rounding_digits, increment_digits;
  uint32_t rounding;
  uint32_t timezone_line, timezone_column;
};

struct sp__spans {       /* times of a week by weekday and day type with the bands that hold */
  struct sp__list spans; /* struct sp_book_span */
  uint32_t starts[7 * 3 + 1];
  uint64_t together[SP_BOOK_BANDS_MAX]; /* bands that hold at some time together with this one */
};

struct sp__dest_tree;

/* The lookup of the k-th record under a key: an open hash table in the arena, for doubled rows. */
struct sp__keys {
  uint64_t *keys;
  uint32_t *values; /* + 1 */
  uint32_t slots, count;
};

/* What rows and tables that cannot be read may have said: what would be judged by it is not
 * (book_doubt.c). */
struct sp__doubt {
  struct sp__keys rates; /* (plan, item) of such rows of rates; SP_NONE: any */
  uint64_t bands;        /* bit per band with such a row */
  bool rates_all;        /* a row of rates whose plan and item are not known either */
  bool numbers;          /* a row of numbers or destinations */
};

struct sp__draft {
  struct sp_memory *memory;
  struct sp_problems *problems;
  const struct sp_book_files *files;
  enum sp_status status;
  uint64_t sink[SP_DRAFT_RECORD_MAX / 8];
  struct sp__settings settings;
  struct sp__terms strings, areas, operators, provinces, plmns, bands, dests, plans, items, groups;
  struct sp__terms allowance_names, discount_names, payer_names, set_names;
  struct sp__list denominators; /* int64_t per (plan, item) met */
  struct sp__list area_rows, prefixes, ported, cells, days, band_rows, dest_rows, plan_rows;
  struct sp__list rates, rules, allowances, discounts, payers;
  struct sp__list match_ids;  /* uint32_t */
  uint32_t *slot_order;       /* rows of rules, each rule's by `from` */
  uint32_t *rule_order;       /* rules of plan_items, best first */
  struct sp__list plan_items; /* struct sp__plan_item */
  struct sp__list offsets;    /* struct sp_book_offset */
  struct sp__spans spans;
  struct sp__doubt doubt;
  const struct sp__dest_tree *dest_tree; /* book_dests.h */
};

/* Lists and names: book_draft.c */
void *sp__list_add(struct sp__draft *draft, struct sp__list *list, uint32_t size);
void *sp__draft_take(struct sp__draft *draft, size_t bytes);
uint32_t sp__terms_add(struct sp__draft *draft, struct sp__terms *names, const char *text,
                       size_t length);
uint32_t sp__terms_find(const struct sp__terms *names, const char *text, size_t length);
void sp__terms_rank(struct sp__draft *draft, struct sp__terms *names);
const struct sp__term *sp__terms_at(const struct sp__terms *names, uint32_t id);
/* The order of a list's records by `compare` over its indices; NULL: no memory. */
uint32_t *sp__draft_order(struct sp__draft *draft, size_t count,
                          int (*compare)(const void *context, uint32_t a, uint32_t b),
                          const void *context);

#endif
