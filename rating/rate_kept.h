/* What the rater keeps of a tariff between records, as it lies in memory: plans and groups with
 * what they come to, sets of plans, frames, choices, guesses. Plain values of rate_cache.c's
 * chunks, of one thread, none of it truth. Laid out by lines of 64 bytes: of a large tariff none
 * lies in a cache of the processor, and a record costs what the lines cost that it reads. */
/* rule zero: header: inside only, and what lies behind one another in memory is read in one place
 */
#ifndef SP_RATING_RATE_KEPT_H
#define SP_RATING_RATE_KEPT_H

#include "rating/money.h"
#include "rating/usage.h"

#define SP__CACHE_CHUNK_BYTES ((size_t)1 << 20)
#define SP__CACHE_CHUNKS_MAX 1024u
#define SP__NAMES_FEW 2u
#define SP__LISTS_KEPT 4u
#define SP__LEAD_NEAR 4u    /* frames in the first line of what leads to a set, */
#define SP__LEAD_FRAMES 12u /* and in both */
#define SP__GUESSES 64u /* a power of two: more than records are between step 4 and the rating */
#define SP__POSITIONS_MAX 128u /* subscriptions that count for one record */

/* Where something lies in the caches, in lines of 64 bytes; 0: nowhere. Half of a
 * pointer: what a record needs of a large tariff lies in no cache of the processor, so every line
 * counts. */
#define SP__LINE_BYTES 64u
#define SP__CHUNK_LINES (SP__CACHE_CHUNK_BYTES / SP__LINE_BYTES)
#define SP__PLACE_BITS 24u
#define SP__PLACES ((size_t)1 << SP__PLACE_BITS)
_Static_assert(SP__PLACES == SP__CACHE_CHUNKS_MAX * SP__CHUNK_LINES, "places fit");
#define SP__PLACE (SP__PLACES - 1)
#define SP__SIGN                                                                  \
  (~(uint32_t)SP__PLACE) /* the byte above a place: of the hash, as it lies there \
                          */

/* What rows are matched against. */
struct sp__asked {
  uint64_t features; /* as sp_features() */
  uint32_t dest_node, rating_group;
};

/* Offers, cuts and claims of a choice of a plan set, which others of it refer to: those of most
 * destinations are alike. */
struct sp__set_lists {
  uint32_t at, bytes; /* at: in eights of bytes */
};

/* Plans of the positions in order, of one book; interned. No record asks for it: its place is
 * enough to tell one from another. */
struct sp__plan_set {
  uint64_t hash;
  uint32_t next, place;  /* next: of its bucket */
  const uint32_t *names; /* of the items of its frame made last; or they are these: */
  uint32_t names_few[SP__NAMES_FEW];
  struct sp__set_lists lists[SP__LISTS_KEPT];
  uint16_t book, count;
  uint8_t names_count, names_few_count, lists_next; /* lists_next: give way to the next ones */
  bool asks_dest, asks_group;     /* some row has a dest cell; a rating_group cell */
  uint8_t like[SP_FEATURE_BITS];  /* of each feature bit the lowest of its column that no row of the
                                   * set tells from it */
  uint64_t like_first, like_last; /* of its frame made last: those that stand for it, all like it */
  uint32_t plans[];
};

/* A frame of no destination and no rating group, and all features that lead to it. */
struct sp__lead_frame {
  uint64_t like : SP_FEATURE_BITS;
  uint64_t place : SP__PLACE_BITS; /* 0: none, nor behind it */
};
_Static_assert(SP_FEATURE_BITS + SP__PLACE_BITS == 64, "a word");

/* What a set of plans is found by, kept where the records that ask for it come by. */
struct sp__lead {
  uint32_t set; /* place; 0: not known */
  bool asks_dest, asks_group;
  uint16_t next; /* of the far frames that which gives way to one met */
  struct sp__lead_frame frames[SP__LEAD_FRAMES];
};

/* The columns of rows that records ask for are copied into what follows: a row is two or three
 * lines of a large image, and what stands behind one another here is fetched at once: a frame, its
 * first choice, a winner and an offer are two lines. */

struct sp__winner {         /* the rule of an item */
  int64_t size, price, fee; /* of the first slot; connect fee */
  uint32_t rule;            /* index in the book's `rules` or SP_NONE */
  uint32_t name;            /* of the item in the set of books */
  uint32_t denominator;     /* of the plan item that the rule belongs to, as is what follows */
  uint8_t unit, rounding;
  uint8_t digits : 4, band_mode : 4;
  bool simple : 1; /* one slot, no counter: all increments are alike */
  bool free : 1;   /* and they and the fee cost nothing before rounding (§10.6.2) */
};
_Static_assert(sizeof(struct sp__winner) == 40, "and an offer: a line");
_Static_assert(SP_BOOK_DENOMINATOR_MAX <= UINT32_MAX, "a denominator fits");

/* Numerators to steps of its digits, which are so many micro-units. */
static inline int64_t sp__winner_divisor(const struct sp__winner *winner, int64_t step)
{
  return winner->denominator * step;
}

/* Added before dividing by the divisor: half_up, ceil, floor. */
static inline int64_t sp__winner_bias(const struct sp__winner *winner, int64_t divisor)
{
  return winner->rounding == SP_ROUND_HALF_UP ? divisor / 2
         : winner->rounding == SP_ROUND_CEIL  ? divisor - 1
                                              : 0;
}

#define SP__OFFER_AMOUNT_BITS 60
#define SP__OFFER_NAME_MAX ((UINT32_C(1) << 22) - 1)

struct sp__offer {
  uint64_t key; /* these are of its row */
  uint64_t amount : SP__OFFER_AMOUNT_BITS;
  bool pool : 1, rollover : 1, capped : 1; /* capped: a pool with member_cap */
  bool joins : 1; /* own in a group's plan: the grant depends on when the member joined (§10.2) */
  uint32_t row;   /* index in the book's `allowances` */
  uint32_t name : 22; /* of the allowance in the set of books, or SP__OFFER_NAME_MAX: ask the row */
  uint32_t unit : 2, position : 8;
};
_Static_assert(sizeof(struct sp__offer) == 24, "and a winner: a line");
_Static_assert(SP_BOOK_QUANTITY_MAX < INT64_C(1) << SP__OFFER_AMOUNT_BITS, "an amount fits");
_Static_assert(SP__POSITIONS_MAX <= UINT8_MAX, "a position fits");

#define SP__ITEM_NONE UINT8_MAX
_Static_assert(SP_BOOK_ITEMS_MAX < SP__ITEM_NONE, "an item's index fits");

struct sp__cut {
  uint64_t key; /* these are of its row */
  int64_t value;
  uint32_t row;     /* index in the book's `discounts` */
  uint16_t set_end; /* index of the first cut behind its set */
  uint8_t item;     /* index in the frame's items or SP__ITEM_NONE = all */
  uint8_t kind;
};

struct sp__claim {
  uint64_t key; /* these are of its row */
  int64_t value, member_cap_micro, group_cap_micro;
  uint32_t row; /* index in the book's `payers` */
  uint8_t item; /* index in the frame's items or SP__ITEM_NONE = all */
  uint8_t position, mode;
};

/* What holds under one set of bands. Behind it lie one winner for each of the frame's items, and
 * mostly its lists: offers, cuts, claims. */
struct sp__choice {
  uint64_t bands;                 /* those that matter to the frame */
  uint32_t next : SP__PLACE_BITS; /* place of the frame's next one */
  uint32_t sets_many : 1;         /* more than SP__SETS_MAX percent and free sets among the cuts */
  uint32_t fits_short : 1;        /* records with it may go the short way (rate_short.c) */
  uint32_t lists;                 /* where they lie, in eights of bytes; 0: behind the winners */
  uint16_t offers_count, cuts_count, claims_count;
  uint16_t bounds_at; /* of the first cut of pass 2 or 3 */
};
_Static_assert(SP__CACHE_CHUNK_BYTES / sizeof(struct sp__cut) <= UINT16_MAX, "counts fit");

#define SP__ITEMS_TOO_MANY UINT8_MAX /* more than a record can have */

/* All that does not depend on the time: interned by set, features, destination, rating group. Its
 * first choice mostly lies behind it. */
struct sp__frame {
  uint64_t bands;                    /* that any of its rules, allowances, discounts, payers asks
                                      * for */
  const uint32_t *names;             /* of its items in the book, ascending: so the texts are */
  uint64_t like : SP_FEATURE_BITS;   /* all features that lead to it */
  uint64_t base : 8;                 /* index of item `base` or SP__ITEM_NONE */
  uint64_t items_count : 8;          /* or SP__ITEMS_TOO_MANY */
  uint64_t begun : 1;                /* a choice lies behind it */
  uint32_t set;                      /* place */
  uint32_t dest_node, rating_group;  /* 0 unless the set asks */
  uint32_t choices : SP__PLACE_BITS; /* place of the newest choice that does not lie behind it */
};
_Static_assert(sizeof(struct sp__frame) + sizeof(struct sp__choice) == SP__LINE_BYTES, "a line");

static inline const struct sp__winner *sp__winners(const struct sp__choice *choice)
{
  return (const struct sp__winner *)(const void *)(choice + 1);
}
/* A record's frame under a plan set. */
struct sp__frame_key {
  uint64_t features; /* one bit a column: sp_usage_features() */
  uint32_t set, dest_node, rating_group;
  uint32_t hash;
};

/* What is found ahead for a record from step to step. */
struct sp__guess {
  _Alignas(SP__LINE_BYTES) const struct sp_usage *usage;
  struct sp__lead *lead;    /* NULL: none */
  struct sp__frame_key key; /* its set 0: none yet */
  uint32_t subscriber;      /* the usage's, as is its book */
  uint32_t base;            /* the first of its own plans at its start: the directory's */
  uint32_t before, plan;    /* of the company that has the lead; before 0: base has it */
  uint32_t frame;           /* place; 0: none, or not yet */
  uint16_t holding;         /* of its own subscriptions at its start */
  uint16_t book;
};
_Static_assert(sizeof(struct sp__guess) == SP__LINE_BYTES, "a line");

struct sp__ahead {
  struct sp__guess guesses[SP__GUESSES]; /* by address of the usage */
};

struct sp__position { /* one subscription that counts at the record's start */
  uint32_t plan;      /* index in the book's `plans` */
  uint32_t owner;     /* subscriber, or group | SP_OWNER_GROUP */
  int64_t from_utc_s, to_utc_s;
  uint32_t account, reserved; /* of a group: who pays for its payers (§12.1) */
};

struct sp__span { /* instants at which something stays the same */
  int64_t from_utc_s, to_utc_s;
};
static inline bool sp__span_holds(const struct sp__span *span, int64_t at_utc_s)
{
  return at_utc_s >= span->from_utc_s && at_utc_s < span->to_utc_s;
}

struct sp__plan_known {  /* a plan that the directory names, in one book */
  struct sp__span valid; /* empty: the book has it not, or it is none of a subscriber */
  uint32_t plan;         /* index in the book's `plans` or SP_NONE */
  uint32_t base : 1;
  uint32_t items_at : 31; /* as its row says */
  struct sp__lead alone;  /* to the set of it alone */
};
_Static_assert(sizeof(struct sp__plan_known) == 2 * SP__LINE_BYTES &&
                   offsetof(struct sp__plan_known, alone.frames[SP__LEAD_NEAR]) == SP__LINE_BYTES,
               "two lines");

struct sp__company {                        /* a set of plans and one more behind them */
  _Alignas(SP__LINE_BYTES) uint32_t before; /* place of that set; 0: nothing kept here */
  uint32_t plan;                            /* SP_NONE: none, the set itself, which is of many */
  struct sp__lead lead;                     /* to the set of all */
};

struct sp__group_plans { /* what a group and those above it give; most give one: one cache line */
  struct sp__span span;
  struct sp__position first, *more; /* more: those behind the first */
  uint32_t room;
  uint16_t count, book;
};
_Static_assert(sizeof(struct sp__group_plans) == SP__LINE_BYTES, "a line");

#endif
