/* rule zero: header: one byte layout reads better whole */
/* The compiled tariff book: one immutable image, content-hashed, mapped into memory and used as it
 * lies. Made by book_compile*.c, read by rate*.c and resolve. All places are byte offsets from the
 * image's start; arrays are sorted as said. Little-endian, no pointers. Any number of threads may
 * read it. Opening a file checks size, version, hash and every offset and index: an altered image
 * is BAD_CHECKSUM or BAD_FORMAT. */
#ifndef SP_RATING_BOOK_H
#define SP_RATING_BOOK_H

#include "rating/usage.h"

#define SP_BOOK_MAGIC UINT64_C(0x314B4F4F42505327) /* "'SPBOOK1" */
#define SP_BOOK_VERSION 3u
#define SP_BOOK_BANDS_MAX 64 /* names of bands in one book */
#define SP_BOOK_ITEMS_MAX \
  64 /* items of one record: base plan's and those of all group and family plans */
#define SP_BOOK_DENOMINATOR_MAX 1000000000               /* book.md §16.2 */
#define SP_BOOK_QUANTITY_MAX INT64_C(999999999999999999) /* s, B or items */
#define SP_BOOK_UNHASHED 64         /* bytes of the header before what the hash covers */
#define SP_TIME_MIN (INT64_MIN / 4) /* open from */
#define SP_TIME_MAX (INT64_MAX / 4) /* open to */

struct sp_book_array { /* a section: `count` records at byte `at` */
  uint64_t at;
  uint64_t count;
};

/* Text in the string section: names compare by bytes; ids of names are ranks in sorted order, so
 * that comparing ids compares names (book.md §1.7). */
struct sp_book_name {
  uint32_t at; /* from the string section's start */
  uint32_t length;
};

enum sp_unit { SP_UNIT_ITEM, SP_UNIT_SECOND, SP_UNIT_BYTE };
enum sp_rounding { SP_ROUND_HALF_UP, SP_ROUND_CEIL, SP_ROUND_FLOOR };
enum sp_band_mode { SP_BAND_UNIT_START, SP_BAND_CALL_START, SP_BAND_SPLIT_CEIL };
enum sp_plan_kind { SP_PLAN_BASE, SP_PLAN_ADD_ON, SP_PLAN_GROUP, SP_PLAN_FAMILY };
enum sp_proration {
  SP_PRORATION_NONE,
  SP_PRORATION_BY_DAY,
  SP_PRORATION_HALF,
  SP_PRORATION_FIRST_FREE
};
enum sp_discount_kind {
  SP_DISCOUNT_PERCENT,
  SP_DISCOUNT_FREE,
  SP_DISCOUNT_PRICE_CAP,
  SP_DISCOUNT_BLOCK_CAP,
  SP_DISCOUNT_CAP_DAY,
  SP_DISCOUNT_CAP_MONTH
};

/* The pass in which a discount of this kind works (book.md §11.4). */
static inline uint8_t sp__discount_pass(uint8_t kind)
{
  return kind < SP_DISCOUNT_PRICE_CAP ? 1 : kind < SP_DISCOUNT_CAP_DAY ? 2 : 3;
}

enum sp_payer_mode { SP_PAYER_FULL, SP_PAYER_SHARE, SP_PAYER_AMOUNT };
enum sp_number_kind {
  SP_KIND_NONE,
  SP_KIND_MOBILE,
  SP_KIND_FIXED,
  SP_KIND_SERVICE,
  SP_KIND_SP,
  SP_KIND_INTERNATIONAL
};

/* What a row's match columns accept. A list is a place in `match_dests` or `match_groups`: ids from
 * 1 (index + 1), ascending; the word before them says how many (SP_BOOK_LIST). */
struct sp_book_match {
  uint64_t refused : SP_FEATURE_BITS; /* feature bits not accepted (usage.h); the two net halves
                                         follow §6.10, §6.11 */
  uint64_t columns : 8;               /* how many match columns are set */
  uint64_t reserved : 16;
  uint64_t bands;  /* bit per band name; 0 = any */
  uint32_t dests;  /* list of destinations; 0 = any */
  uint32_t groups; /* list of rating groups; 0 = any */
};

struct sp_book_plan { /* sorted by name */
  struct sp_book_name name;
  uint64_t key; /* stable hash of the name: the same in every book */
  int64_t valid_from_utc_s, valid_to_utc_s;
  uint32_t kind;                            /* enum sp_plan_kind */
  uint32_t name_id;                         /* rank of the plan's name = its index */
  uint32_t items_at, items_count;           /* in `items`, sorted by item name */
  uint32_t allowances_at, allowances_count; /* in `allowances`, sorted by name */
  uint32_t discounts_at, discounts_count;   /* in `discounts`: stage record only, sorted by name */
  uint32_t payers_at, payers_count;         /* in `payers`: in order of §12.1 within the plan */
  struct sp_book_name title;                /* column `name` */
  struct sp_book_name fee_item, exclusion; /* these and `proration` take no part in rating (§7.4) */
  int64_t monthly_fee_micro, min_spend_micro; /* -1 = blank */
  uint32_t row;                               /* line in plans.csv */
  uint32_t proration;                         /* enum sp_proration */
};

struct sp_book_item { /* one item of one plan */
  uint32_t name_id;   /* in item names */
  uint32_t rules_at,
      rules_count;      /* in `rules`: first those without dest cell, then those with one by the
                         * first of its destinations; each best first: priority, then columns,
                         * both falling; then row. All items' rules: one behind the other */
  uint32_t rules_plain; /* so many have no dest cell */
  int64_t denominator;  /* of all prices and fees of the item: 1 .. SP_BOOK_DENOMINATOR_MAX */
  uint8_t unit;         /* enum sp_unit */
  uint8_t rounding;     /* enum sp_rounding */
  uint8_t digits;       /* 0..6 */
  uint8_t band_mode;    /* enum sp_band_mode */
  uint32_t dest_index_at,
      dest_index_count; /* in `dest_rules`: (dest, rule) of the rules with dest cell, sorted */
  uint32_t dest_first, dest_last; /* of its rows there; without any SP_NONE, 0 */
  uint32_t reserved;
  /* Feature bits that all rules without dest cell refuse, that all those with one do: where a
   * record has one of them no rule need be read. Without such rules: all. */
  uint64_t plain_refused, dest_refused;
};
_Static_assert(sizeof(struct sp_book_item) == 64, "a line");

struct sp_book_dest_rule {
  uint32_t dest;
  uint32_t rule; /* index in `rules` */
};

struct sp_book_rule { /* what matching and pricing by one slot ask */
  struct sp_book_match match;
  int64_t priority;
  int64_t connect_fee;      /* in micro-units x the item's denominator; exact */
  int64_t increment, price; /* of the first slot, as there */
  uint32_t slots_at;  /* in `slots`, ascending by from; those of all rules one behind the other */
  uint8_t counter;    /* 1: counter = cycle */
  uint8_t single;     /* 1: one slot */
  uint8_t price_zero; /* of the first slot, as there */
  uint8_t reserved;
};
_Static_assert(sizeof(struct sp_book_rule) == 64, "a line");

struct sp_book_rule_rest { /* and what they do not: one for each rule, sp_book_rest */
  uint64_t key; /* stable hash of (plan, item, match, priority): the rule's counter (§8.7, §4.8) */
  uint32_t plan, item; /* index in `plans`; item name id */
  uint32_t slots_count;
  uint32_t row; /* first line in rates.csv */
};

struct sp_book_slot {
  int64_t from;      /* s, B or items */
  int64_t increment; /* > 0 */
  int64_t price; /* of one whole increment, micro-units x the item's denominator; increment_digits
                    applied (§8.9) */
  int64_t price_per_numerator, price_per_denominator,
      per;            /* as written, for show and explain: n/d currency units per `per` */
  uint8_t price_zero; /* price is 0 before increment_digits (§10.6.2) */
  uint8_t reserved[3];
  uint32_t row;
};

struct sp_book_allowance {
  struct sp_book_match match;
  uint64_t key;       /* stable hash of (plan, allowance) */
  int64_t amount;     /* s, B or items */
  int64_t member_cap; /* -1 = none */
  int64_t priority;
  uint32_t name_id; /* in allowance names */
  uint32_t plan;
  uint8_t unit, pool, rollover, by_day;
  uint32_t row;
};

struct sp_book_discount {
  struct sp_book_match match;
  uint64_t key;      /* stable hash of (plan, discount) */
  int64_t value;     /* percent: hundredths of a percent (10.5 % = 1050); caps: micro-units */
  int64_t threshold; /* block_cap: s, B or items; else 0 */
  int64_t priority;
  uint64_t set_order; /* rank of (pass, priority, name of set, plan for rows without set): equal =
                         one set */
  uint32_t name_id;   /* in discount names */
  uint32_t plan;
  uint32_t item;          /* item name id or SP_NONE = all */
  uint8_t kind, pass;     /* enum sp_discount_kind; 1..3 */
  uint8_t threshold_unit; /* enum sp_unit */
  uint8_t value_decimals; /* decimals of the value's micro-units as a sum may need them (§11.5) */
  uint32_t row;
  uint32_t set_id;         /* rank of the set's identity */
  struct sp_book_name set; /* blank: a set of its own */
};

struct sp_book_payer {
  struct sp_book_match match;
  uint64_t key;  /* stable hash of (plan, payer) */
  int64_t value; /* share: hundredths of a percent; amount: micro-units */
  int64_t member_cap_micro, group_cap_micro; /* -1 = none */
  int64_t priority;
  uint32_t name_id;
  uint32_t plan;
  uint32_t item; /* item name id or SP_NONE */
  uint32_t mode; /* enum sp_payer_mode */
  uint32_t row, reserved;
};

struct sp_book_area { /* sorted by area text */
  struct sp_book_name area, name;
  uint32_t province; /* province id, 0 = none */
  uint32_t reserved;
};

struct sp_book_prefix { /* number plan; sorted by digits, then length; parent = longest shorter
                           prefix */
  uint64_t digits;
  uint32_t parent;          /* index + 1, 0 = none */
  uint32_t operator_id;     /* 0 = unknown */
  struct sp_book_name area; /* length 0 = blank */
  uint8_t kind, length;
  uint16_t reserved;
  uint32_t reserved2;
};

struct sp_book_dest_node { /* a destination prefix (or any prefix of the trie that carries one);
                              node 0 = none */
  uint64_t digits;
  uint32_t parent;                /* next shorter prefix node, 0 = none */
  uint32_t dests_at, dests_count; /* in `node_dests`: destinations that have exactly this prefix */
  uint32_t length;
};

struct sp_book_ported { /* sorted by (digits, from) */
  uint64_t digits;
  int64_t from_utc_s, to_utc_s;
  uint32_t operator_id, reserved;
};

struct sp_book_cell { /* sorted by (plmn text, lac_from); lac ranges of one plmn do not overlap */
  struct sp_book_name plmn, area;
  int64_t lac_from, lac_to;
};

struct sp_book_plmn { /* sorted by text: its rows in `cells` */
  struct sp_book_name plmn;
  uint32_t cells_at, cells_count;
};

struct sp_book_offset { /* zone rules: from this UTC second on the local time is UTC + offset;
                           sorted */
  int64_t from_utc_s;
  int32_t offset_s;
  uint32_t reserved;
};

struct sp_book_day { /* calendar rows, sorted: days since 1970-01-01 */
  int32_t day;
  uint32_t type; /* 0 workday 1 weekend 2 holiday */
};

struct sp_book_span { /* for each of 7 weekdays x 3 day types: spans of a day with one set of bands,
                         sorted by from */
  uint32_t from_s;    /* of the local day; ends where the next begins, the last at 86400 */
  uint32_t reserved;
  uint64_t bands;
};

struct sp_book_header {
  uint64_t magic;
  uint32_t version, reserved;
  uint64_t bytes;   /* of the whole image */
  uint8_t hash[16]; /* sp_hash128 (low, high) of all behind the header's first 64 bytes: the content
                       hash */
  uint8_t pad[24];  /* header's first 64 bytes end here */
  int64_t valid_from_utc_s; /* SP_TIME_MIN = always */
  int32_t cycle_day;        /* 1..28 */
  int32_t rounding_digits;  /* 0..6 */
  int32_t increment_digits; /* -1 = exact */
  uint32_t rounding;
  struct sp_book_name name, currency, timezone, home_country;
  uint32_t home_operator; /* operator id, 0 = none set */
  uint32_t home_mcc_count;
  uint32_t home_mcc[16]; /* three digits each */
  uint32_t flags, reserved2;
  struct sp_book_array strings; /* bytes */
  struct sp_book_array plans, items, rules, rule_rests, dest_rules, slots;
  struct sp_book_array allowances, discounts, payers;
  struct sp_book_array match_dests, match_groups;
  struct sp_book_array item_names, allowance_names, discount_names, payer_names, set_names,
      band_names, dest_names, group_names, operator_names,
      province_names; /* struct sp_book_name, sorted; id = index (operators, provinces, rating
                         groups: index + 1) */
  struct sp_book_array areas, area_slots, prefixes, prefix_keys, prefix_index;
  struct sp_book_array dest_nodes, dest_keys, dest_index, node_dests;
  struct sp_book_array ported, ported_slots, cells, cell_plmns;
  struct sp_book_array offsets, days, span_starts,
      spans; /* span_starts: 22 uint32: weekday*3+type -> index in spans */
};

/* *_keys: the digits of prefixes and of nodes 1.. alone (uint64_t), *_index: tables over the digits
 * (uint32_t), built and read only by book_prefix.c. *_slots: open hash tables of index + 1
 * (uint32_t, a power of two, 0 = empty) by sp_hash64 of the area text, by sp_hash_word of the
 * ported number (its first row). */

struct sp_book {
  const struct sp_book_header *header;
  const char *base;
};

#define SP_BOOK_TABLE(book, section, type) \
  ((const type *)(const void *)((book)->base + (book)->header->section.at))

static inline const char *sp_book_text(const struct sp_book *book, struct sp_book_name name)
{
  return book->base + book->header->strings.at + name.at;
}

/* A match's list of ids in a section, and how many there are. */
#define SP_BOOK_LIST(book, section, place) (SP_BOOK_TABLE(book, section, uint32_t) + (place))
static inline uint32_t sp_book_list_count(const uint32_t *list)
{
  return list[-1];
}

static inline const struct sp_book_rule_rest *sp_book_rest(const struct sp_book *book,
                                                           const struct sp_book_rule *rule)
{
  return SP_BOOK_TABLE(book, rule_rests, struct sp_book_rule_rest) +
         (rule - SP_BOOK_TABLE(book, rules, struct sp_book_rule));
}

#endif
