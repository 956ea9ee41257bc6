/* Inside of the rater, for rate*.c only: caches, and the scratch of the record in hand.
 * Way of a record: plans (rate_plans.c) -> frame (rate_frame.c) -> choice (rate_select.c) -> runs
 * of increments and list (rate_price.c) -> allowances (rate_allowance.c) -> discounts
 * (rate_discount.c, rate_block.c) -> payers (rate_payer.c), or all of it by rate_short.c; cells are
 * read and staged by rate_stage.c, which writes them at the very end. */
/* rule zero: header: inside only, and what one record has in hand is read in one place */
#ifndef SP_RATING_RATE_PARTS_H
#define SP_RATING_RATE_PARTS_H

#include "rating/chain_record.h"
#include "rating/hash.h"
#include "rating/money.h"
#include "rating/rate.h"
#include "rating/rate_kept.h"
#include "rating/state_cells.h"
#include "rating/trace.h"

#define SP__RATER_MAGIC UINT64_C(0x5350524154455231)
#define SP__RUNS_MAX 65536u      /* runs of like increments in one record */
#define SP__SEGMENTS_MAX 65536u  /* stretches of one record with one choice */
#define SP__CHANGES_MAX 1048576u /* changes of bands within one record */
#define SP__CUT_RUNS_MAX 262144u /* runs where coverage begins and ends */
#define SP__LINES_MAX 256u       /* allowances in reach of one record */
#define SP__PARTS_MAX 512u       /* their parts */
#define SP__STAGES_MAX 65535u    /* cells one record reads: one chain record holds them all */
#define SP__STAGES_FEW 16u       /* so many are searched one by one */
#define SP__STAGE_INDEX 131072u  /* places of the index of more: a power of two */
#define SP__SETS_MAX 4u          /* percent and free sets on one item (§11.4) */
#define SP__OWN_MAX 32u          /* subscriptions of one subscriber that count */
#define SP__CACHE_BYTES_MAX ((size_t)128 << 20)
#define SP__CACHE_CHUNKS_FULL (SP__CACHE_BYTES_MAX / SP__CACHE_CHUNK_BYTES)
#define SP__CACHE_NEAR_BYTES ((size_t)512 << 10) /* kept near; beyond it is fetched ahead */
#define SP__FRAMES_LEAST 16384u /* places of the table of frames at first: a power of two */
#define SP__FRAMES_MOST (UINT32_C(1) << 23)
#define SP__SET_BUCKETS 8192u
#define SP__COMPANIES 8192u /* a power of two */
#define SP__COMPANY_MAX 3u  /* plans whose set is found one by one */
#define SP__MET_MAX 16u
#define SP__CAPS_KEPT 8u  /* cells of caps remembered between cutting and counting */
#define SP__SHORT_MAX 16u /* allowances, discounts in reach of a record that goes the short way */
#define SP__BANDS_CACHED 1024u /* of 4,096 s: a month of records in any order */
#define SP__CYCLES_CACHED 4u

struct sp__segment { /* from this second of the usage on */
  int64_t from_s;
  struct sp__choice *choice;
};

struct sp__run {  /* like increments, one behind the other */
  int64_t offset; /* of the first */
  int64_t size, count;
  int64_t used;  /* quantity used by all of them */
  int64_t price; /* of one, over the denominator of its winner */
  const struct sp__winner *by;
  uint32_t slot; /* index in the book's slots */
  uint32_t waived;
};

struct sp__item {                 /* scratch: one item of the record */
  const struct sp__winner *start; /* rule at the start of the usage */
  int64_t quantity;               /* 0: left out */
  int64_t denominator;            /* of the sums; a multiple of those of its runs */
  sp_i128 list_sum, due_sum;
  sp_i128 fee; /* connect fee, in both sums unless waived */
  int64_t increments;
  int64_t list_micro, amount_micro; /* amount: after allowances, then after each pass */
  int64_t net_micro, left_micro;    /* left: what payers have not taken yet */
  uint32_t runs_at, runs_count;     /* in `runs` */
  uint32_t cut_at, cut_count;       /* in `cut_runs`, split where coverage begins and ends */
  bool is_cut, all_waived;
};

struct sp__stage { /* a cell in hand */
  uint64_t key, period;
  uint32_t owner;
  bool counter;          /* chain: starts where the chain first used it (§14.4) */
  bool used;             /* counter: belongs to the chain even if nothing was added */
  struct sp__cell *cell; /* NULL: not there yet */
  int64_t now;           /* as it stands */
  int64_t old;           /* what this chain put there */
  int64_t before;        /* what F sees first */
  int64_t added;         /* by F */
};

struct sp__stage_place { /* of the index; empty unless the stamp is the record's */
  uint32_t stamp, stage;
};

struct sp__line { /* a balance of allowances: rolled and base part */
  const struct sp_book_allowance *allowance;
  uint64_t key; /* of its cells */
  uint32_t position;
  uint32_t order;                    /* of first use, SP_NONE = not used */
  uint32_t base_stage, rolled_stage; /* SP_NONE = no rolled part */
  uint32_t member_stage, reserved;   /* SP_NONE = no cap */
  int64_t granted, rolled_granted;   /* base; rolled */
  int64_t used, end_utc_s;
};

struct sp__part { /* one part of an allowance, in order of §10.5 */
  const struct sp_book_allowance *allowance;
  uint32_t position, line; /* line: its balance in `lines` */
  uint32_t stage;
  bool rolled;
  int64_t left;
};

struct sp__cycle { /* one cycle of the books' calendar */
  int64_t from_utc_s, to_utc_s;
  int32_t cycle;
  uint32_t book; /* that grants at its start (§10.3) */
};

struct sp__bands { /* the set of bands at all instants of [from, until) */
  int64_t from_utc_s, until_utc_s;
  uint64_t bands;
};

struct sp__work { /* the record, or the whole chain, in hand */
  const struct sp_usage *usage;
  const struct sp_book *book;
  struct sp_trace *trace;
  struct sp__plan_known *first; /* of the first position */
  struct sp__frame *frame;
  const struct sp__chain_head *chain; /* the chain so far or NULL */
  bool partial;                       /* even the first of its chain */
  bool late;
  bool short_way; /* it went that way to the end: for tests */
  bool capped;
  bool counts;    /* false: all rules that match count what is 0 */
  bool overflow;  /* set wherever an amount or a list does not fit */
  bool no_memory; /* the caches could not grow */
  uint16_t positions_count;
  int32_t cycle;
  bool grows;                         /* a cell will have to be added */
  struct sp__cycle now, former;       /* the cycle, and once asked for, the one before */
  uint32_t caps_at;                   /* index of the first cap_day or cap_month among the cuts */
  uint32_t cap_stages[SP__CAPS_KEPT]; /* of cuts from there on */
  int64_t list_micro, net_micro;
  uint32_t segments_count, runs_count, cut_runs_count;
  uint32_t stages_count, parts_count, lines_count, lines_used;
  struct sp__position positions[SP__POSITIONS_MAX];
  struct sp__item items[SP_BOOK_ITEMS_MAX];
};

struct sp__met { /* rules that match the frame made last apart from the band: its choices ask for
                    them */
  const struct sp__frame *frame; /* NULL: of none, or they were too many */
  uint32_t count;
  struct {
    const struct sp_book_item *item;
    const struct sp_book_rule *rule;
    int length; /* of the prefix */
  } rules[SP__MET_MAX];
};

struct sp__frames {     /* open hash of all frames */
  uint32_t *at;         /* place, a byte of the hash above (SP__SIGN); 0: free */
  uint32_t size, count; /* at most half of the places are taken */
};

struct sp_rater {
  uint64_t magic;
  const struct sp_directory *directory;
  struct sp_state *state;
  struct sp_memory *memory;
  const struct sp_books *books;
  int64_t window_s; /* 0: none */
  /* caches */
  uint32_t *sets; /* places of the first of each bucket */
  struct sp__frames frames;
  struct sp__met met;
  struct sp__company *companies;
  struct sp__group_plans *groups;
  uint32_t groups_count;
  struct sp__plan_known *plans; /* [book][directory's plan] */
  uint32_t plans_count, books_count;
  uint32_t
      *dests[SP_BOOKS_MAX]; /* destination node -> the one that stands for it; NULL: no nodes */
  uint32_t dests_count[SP_BOOKS_MAX];
  struct sp__bands *bands;
  struct sp__ahead *ahead;
  struct sp__cycle cycles[SP__CYCLES_CACHED];
  uint32_t cycle_next;
  char *chunks[SP__CACHE_CHUNKS_MAX];
  uint32_t chunks_count, chunk_now;
  size_t chunk_used;
  /* scratch of a record */
  struct sp__segment *segments;
  struct sp__run *runs, *cut_runs;
  struct sp__stage *stages;
  struct sp__stage_place *index; /* of stages, once there are many */
  uint32_t index_stamp;
  struct sp__part *parts;
  struct sp__line *lines;
  struct sp__chain_head *chain_made; /* SP_STATE_VALUE_BYTES_MAX: the chain's next record */
  struct sp_usage whole;             /* the chain as one record */
  struct sp_charge *whole_charge;    /* and its F */
  struct sp__work work;
};

/* rate_cache.c: memory and calendar */
void *sp__cache_take(struct sp_rater *rater,
                     size_t bytes); /* zeroed; NULL: no memory, work.no_memory is set */
/* The same from the beginning of a line on, and where. */
void *sp__cache_take_lines(struct sp_rater *rater, size_t bytes, uint32_t *place);
/* Directly behind what was taken last, from `at` on, or NULL: it does not fit there. */
void *sp__cache_take_behind(struct sp_rater *rater, const void *at, size_t bytes);
/* Gives back what of the last one taken lies from `end` on. */
void sp__cache_end(struct sp_rater *rater, const void *end);
static inline void *sp__cache_at(const struct sp_rater *rater, uint32_t place)
{
  return rater->chunks[place / SP__CHUNK_LINES] +
         (size_t)(place % SP__CHUNK_LINES) * SP__LINE_BYTES;
}
#define SP__CHUNK_EIGHTS (SP__CACHE_CHUNK_BYTES / 8)
static inline void *sp__cache_at_eight(const struct sp_rater *rater, uint32_t at)
{
  return rater->chunks[at / SP__CHUNK_EIGHTS] + (size_t)(at % SP__CHUNK_EIGHTS) * 8;
}
/* Lists of a choice of the frame in hand. */
static inline const struct sp__offer *sp__offers(const struct sp_rater *rater,
                                                 const struct sp__choice *choice)
{
  const void *at = sp__winners(choice) + rater->work.frame->items_count;
  if (choice->lists != 0) {
    at = sp__cache_at_eight(rater, choice->lists);
  }
  return at;
}
static inline const struct sp__cut *sp__cuts(const struct sp_rater *rater,
                                             const struct sp__choice *choice)
{
  return (const struct sp__cut *)(const void *)(sp__offers(rater, choice) + choice->offers_count);
}
static inline const struct sp__claim *sp__claims(const struct sp_rater *rater,
                                                 const struct sp__choice *choice)
{
  return (const struct sp__claim *)(const void *)(sp__cuts(rater, choice) + choice->cuts_count);
}
void sp__cache_clear(struct sp_rater *rater);
/* Between records: more room for frames; forgets all if it has become large. */
void sp__cache_trim_now(struct sp_rater *rater);
static inline void sp__cache_trim(struct sp_rater *rater)
{
  if (SP_UNLIKELY(rater->frames.count >= rater->frames.size / 2 ||
                  rater->chunk_now >= SP__CACHE_CHUNKS_FULL)) {
    sp__cache_trim_now(rater);
  }
}
SP_MUST_CHECK enum sp_status sp__frames_make(struct sp_rater *rater);
void sp__frames_free(struct sp_rater *rater);
const struct sp__cycle *sp__cycle_at(struct sp_rater *rater, int64_t utc_s);
const struct sp__cycle *sp__cycle_of(struct sp_rater *rater, int32_t cycle);
/* The cycle before that of the record in hand. */
static inline const struct sp__cycle *sp__cycle_former(struct sp_rater *rater)
{
  if (rater->work.former.cycle != rater->work.cycle - 1) {
    rater->work.former = *sp__cycle_of(rater, rater->work.cycle - 1);
  }
  return &rater->work.former;
}
uint64_t sp__bands_at(struct sp_rater *rater, int64_t utc_s, int64_t *until_utc_s);

/* rate_dests.c: for the books that the rater has; sp__dests_free also after NO_MEMORY */
SP_MUST_CHECK enum sp_status sp__dests_make(struct sp_rater *rater);
void sp__dests_free(struct sp_rater *rater);

/* rate_plans.c: fills work.positions (§7); reason NO_PLAN, TWO_BASE_PLANS, OVERFLOW */
enum sp_reason sp__plans_find(struct sp_rater *rater);
/* Fills rater->plans of all books. */
void sp__plans_look_up(struct sp_rater *rater);
bool sp__plans_member_since(struct sp_rater *rater, uint32_t group, const struct sp__cycle *cycle,
                            int64_t *first_utc_s);

static inline const struct sp_book_plan *sp__plan_at(const struct sp_rater *rater, uint32_t plan)
{
  return SP_BOOK_TABLE(rater->work.book, plans, struct sp_book_plan) + plan;
}
/* Is this position the first with its plan (§7.3)? */
static inline bool sp__plan_is_first(const struct sp__plan_set *set, uint32_t position)
{
  uint32_t first = 0;
  while (set->plans[first] != set->plans[position]) {
    first++;
  }
  return first == position;
}

static inline struct sp__plan_known *sp__plans_known(const struct sp_rater *rater, uint32_t book)
{
  return rater->plans + (size_t)book * rater->plans_count;
}

static inline bool sp__subscription_holds(const struct sp_subscription *row, int64_t at_utc_s)
{
  return at_utc_s >= row->from_utc_s && at_utc_s < row->to_utc_s;
}

/* rate_set.c: what leads to the set of the plans in hand; NULL = no memory (work.no_memory) */
struct sp__lead *sp__lead_find(struct sp_rater *rater);
/* Where the set of some plans and one more behind them is kept. */
struct sp__company *sp__company_at(const struct sp_rater *rater, uint32_t before, uint32_t plan);
static inline bool sp__company_is(const struct sp__company *company, uint32_t before, uint32_t plan)
{
  return company->before == before && company->plan == plan;
}
static inline struct sp__plan_set *sp__set_at(const struct sp_rater *rater, uint32_t place)
{
  return sp__cache_at(rater, place);
}
/* Of the frame in hand. */
static inline const struct sp__plan_set *sp__set_of(const struct sp_rater *rater)
{
  return sp__set_at(rater, rater->work.frame->set);
}

/* rate_frame.c, rate_select.c: NULL = no memory (work.no_memory) */
struct sp__frame *sp__frame_find(struct sp_rater *rater);
struct sp__choice *sp__choice_find(struct sp_rater *rater, uint64_t bands);
/* Where it will most likely be, by the guess's lead. false: it does not say; the guess's key is set
 * if sp__frame_guess_far can find it among all frames, where it stands is fetched. */
bool sp__frame_guess(const struct sp_rater *rater, const struct sp_usage *usage,
                     struct sp__guess *guess);
bool sp__frame_guess_far(const struct sp_rater *rater, struct sp__guess *guess);
/* Puts a frame into the table of all. */
void sp__frames_keep(struct sp_rater *rater, uint32_t place);
/* Where a search for it begins there, the uppermost byte its sign. */
uint32_t sp__frame_hash(const struct sp__frame *frame);
static inline struct sp__guess *sp__guess_of(const struct sp_rater *rater,
                                             const struct sp_usage *usage)
{
  /* usages in a row have places of their own: 19 words each, an odd number */
  return rater->ahead->guesses + ((uintptr_t)usage >> 3) % SP__GUESSES;
}
/* Of features one a column those that stand for them. */
static inline uint64_t sp__features_first(const struct sp__plan_set *set, uint64_t features)
{
  uint64_t first = 0;
  for (; features != 0; features &= features - 1) {
    first |= UINT64_C(1) << set->like[__builtin_ctzll(features)];
  }
  return first;
}
static inline uint64_t sp__lowest_of(uint64_t features, uint64_t column)
{
  return (features & column) & -(features & column);
}
static inline struct sp__asked sp__frame_asked(const struct sp__frame *frame)
{
  uint64_t like = frame->like;
  return (struct sp__asked){
      sp__lowest_of(like, SP_FEATURES_SERVICE) | sp__lowest_of(like, SP_FEATURES_DIRECTION) |
          sp__lowest_of(like, SP_FEATURES_ROAM) | sp__lowest_of(like, SP_FEATURES_ZONE) |
          sp__lowest_of(like, SP_FEATURES_NET),
      frame->dest_node, frame->rating_group};
}

/* rate_price.c: segments, runs, list (§8, §9) */
enum sp_reason sp__price(struct sp_rater *rater);
bool sp__item_round(int64_t *micro, sp_i128 numerator, const struct sp__item *item);
/* numerator of the item's sums for a price in units of its own plan item. */
static inline int64_t sp__item_factor(const struct sp__item *item, const struct sp__winner *by)
{
  return SP_LIKELY(item->denominator == by->denominator) ? 1 : item->denominator / by->denominator;
}

/* rate_allowance.c, rate_grant.c (§10): covers increments, sets amounts after allowances */
void sp__allowances_walk(struct sp_rater *rater);
static inline const struct sp_book_allowance *sp__offer_row(const struct sp_rater *rater,
                                                            const struct sp__offer *offer)
{
  return SP_BOOK_TABLE(rater->work.book, allowances, struct sp_book_allowance) + offer->row;
}
int64_t sp__grant(struct sp_rater *rater, const struct sp__position *position,
                  const struct sp_book_allowance *allowance, const struct sp__cycle *cycle,
                  bool *rolls);
/* The book that grants at an instant (§10.3). */
uint32_t sp__grant_book(const struct sp_rater *rater, int64_t at_utc_s);
/* Of the cells of a balance: the allowance, and whose subscription of it (§10.1). */
static inline uint64_t sp__balance_key(uint64_t allowance_key, const struct sp__position *position)
{
  uint64_t group = (position->owner & SP_OWNER_GROUP) != 0 ? position->owner : 0;
  return sp_hash_fold(allowance_key ^ SP_HASH_K0,
                      (uint64_t)position->from_utc_s * SP_HASH_K2 + group * SP_HASH_K3 + 1);
}
/* What is left of a balance of one part; granted < 0: no such part. */
static inline int64_t sp__balance_left(int64_t granted, int64_t used)
{
  return granted > used ? granted - used : 0;
}

/* rate_discount.c, rate_block.c (§11) */
enum sp_reason sp__discounts_apply(struct sp_rater *rater);
#define SP__PERCENT_ALL 10000 /* hundredths of a percent */
static inline const struct sp_book_discount *sp__cut_row(const struct sp_rater *rater,
                                                         const struct sp__cut *cut)
{
  return SP_BOOK_TABLE(rater->work.book, discounts, struct sp_book_discount) + cut->row;
}
static inline bool sp__cut_is_cap(const struct sp__cut *cut)
{
  return cut->kind == SP_DISCOUNT_CAP_DAY || cut->kind == SP_DISCOUNT_CAP_MONTH;
}
static inline int64_t sp__percent_left(const struct sp__cut *cut)
{
  return cut->kind == SP_DISCOUNT_FREE ? 0 : SP__PERCENT_ALL - cut->value;
}
/* Period of the cell of a cap_day or cap_month. */
uint64_t sp__cap_period(const struct sp_rater *rater, const struct sp__cut *cut);
int64_t sp__block_cap(struct sp_rater *rater, const struct sp__cut *cut, bool take);

/* rate_payer.c (§12) */
static inline const struct sp_book_payer *sp__claim_row(const struct sp_rater *rater,
                                                        const struct sp__claim *claim)
{
  return SP_BOOK_TABLE(rater->work.book, payers, struct sp_book_payer) + claim->row;
}
void sp__payers_ask(struct sp_rater *rater, struct sp_charge *charge);

/* rate_stage.c: index in `stages` of a cell, read on first use; the last one is a scratch on
 * overflow */
uint32_t sp__stage_of(struct sp_rater *rater, uint32_t owner, uint64_t key, uint64_t period,
                      bool counter);
/* All cells of the chain in hand, the first of the record. */
void sp__stages_of_chain(struct sp_rater *rater);
void sp__stage_add(struct sp_rater *rater, uint32_t stage, int64_t amount);
static inline int64_t sp__stage_value(const struct sp_rater *rater, uint32_t stage)
{
  return rater->stages[stage].before + rater->stages[stage].added;
}
/* Makes room for all that sp__stages_write will add. LIMIT, NO_MEMORY: nothing changed. */
SP_MUST_CHECK enum sp_status sp__stages_reserve(struct sp_rater *rater);
void sp__stages_write(struct sp_rater *rater);

/* rate.c: F of work.usage (§7 to §12) with state staged and nothing written; fills items,
 * allowances, payers, list and net of the charge. The caller has set usage, book, chain, late and
 * trace. */
enum sp_reason sp__rate_whole(struct sp_rater *rater, struct sp_charge *charge);
/* rate_short.c: the same for a common record, by fewer steps. false: it is not one; what was staged
 * and filled is void. */
bool sp__rate_short(struct sp_rater *rater, struct sp_charge *charge);
bool sp__short_fits(const struct sp_rater *rater, const struct sp__choice *choice);
/* Makes it suspended, or says NO_MEMORY if that was why. */
SP_MUST_CHECK enum sp_status sp__rate_suspend(struct sp_rater *rater, struct sp_charge *charge,
                                              enum sp_reason reason);
/* Is the domain at a record's start another one than the present (§13.4)? */
static inline bool sp__rate_is_late(const struct sp_rater *rater, const struct sp_usage *usage)
{
  const struct sp__owner *slot = sp__owner_of(rater->state, usage->subscriber);
  return slot->seen && slot->domain != usage->domain;
}

/* rate_chain.c (§14) */
SP_MUST_CHECK enum sp_status sp__rate_partial(struct sp_rater *rater, const struct sp_usage *usage,
                                              struct sp_charge *charge);

/* rate_trace.c: out of the way of the hot path */
void sp__trace(struct sp_rater *rater, struct sp_trace_event event);
void sp__trace_rules(struct sp_rater *rater, const struct sp__segment *segment);
/* Rules of the items that no rule prices. */
void sp__trace_unpriced(struct sp_rater *rater);
/* Allowances, discounts and payers that do not match at the start of the usage. */
void sp__trace_passed(struct sp_rater *rater);
/* price / denominator of an event: a sum over an item's denominator. */
void sp__trace_exact(struct sp_trace_event *event, const struct sp__item *item, sp_i128 sum);

static inline bool sp__traced(const struct sp_rater *rater)
{
  return SP_UNLIKELY(rater->work.trace != NULL);
}

#endif
