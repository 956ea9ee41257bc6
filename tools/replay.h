/* What recorded usage would cost by other books, beside what it was charged: sums by plan, service,
 * group and customer. For `suanpan replay`. */
#ifndef SP_TOOLS_REPLAY_H
#define SP_TOOLS_REPLAY_H

#include "rating/charge.h"
#include "rating/directory.h"

#define SP_REPLAY_REASONS 512 /* beyond every number of rating/reason.h */

struct sp_replay_sum { /* two of them a cache line, and none across two */
  uint64_t records;
  int64_t charged_micro, replayed_micro;
  uint64_t reserved;
};

/* One thread's own; `customers` and `groups` are shared: a domain lies in one shard, so each entry
 * has one writer. */
struct sp_replay_tally {
  const struct sp_directory *directory;
  uint8_t *is_base; /* by the directory's plan: a base plan of one of the books */
  struct sp_replay_sum *customers, *groups;
  struct sp_replay_sum all, services[SP_SERVICE_COUNT + 1];
  struct sp_replay_sum *plans;         /* by the directory's plan, behind the last: no base plan */
  uint64_t passed_by;                  /* not rated again: nobody's, duplicates, conflicts */
  uint64_t changed;                    /* another net or outcome */
  uint64_t rated_now, suspended_now;   /* suspended then, rated now; the other way round */
  uint64_t reasons[SP_REPLAY_REASONS]; /* of those suspended now */
};

struct sp_replay_record { /* charged then and now */
  const struct sp_usage *usage;
  uint32_t subscriber, group;
  uint8_t outcome, outcome_now;
  uint16_t reason_now;
  int64_t net_micro, net_now_micro;
};

void sp_replay_count(struct sp_replay_tally *tally, const struct sp_replay_record *record);
/* Adds a thread's sums to the first one's. */
void sp_replay_merge(struct sp_replay_tally *to, const struct sp_replay_tally *from);
/* Room for a directory; false: no memory. `shared`: customers, groups and plan kinds are those of
 * another tally. */
bool sp_replay_tally_make(struct sp_replay_tally *tally, const struct sp_directory *directory,
                          const struct sp_replay_tally *shared);
void sp_replay_tally_free(struct sp_replay_tally *tally, bool shared);
/* Marks what these books have as base plans. Before the first record, of a tally that shares
 * nothing. */
void sp_replay_plans(struct sp_replay_tally *tally, const struct sp_books *books);

struct sp_replay_view { /* what is printed */
  const struct sp_replay_tally *tally;
  const struct sp_books *books; /* the other ones */
  const char *cycle;            /* the only one that is counted, NULL: all are */
  bool compared;                /* there is something that was charged */
  uint32_t top;                 /* winners and losers */
};
/* Whether amounts by both sets of books can be compared; false: said on stderr. */
bool sp_replay_currency_is_one(const struct sp_books *charged, const struct sp_books *other);
void sp_replay_print(const struct sp_replay_view *view);
void sp_replay_json(const struct sp_replay_view *view);

struct sp_option_list;
struct sp_replay_asked {
  const struct sp_option_list *books;      /* the other ones */
  const struct sp_option_list *charged_by; /* of a file: those it was charged with; may be none */
  const char *customers, *path;            /* of a file; customers NULL: path is a store */
  const char *cycle;    /* of a store: what was written, NULL: all cycles are counted */
  int32_t cycle_number; /* the same as the book counts them */
  uint32_t top;
  bool json;
};
/* Exit codes, messages on stderr. */
int sp_replay_store(const struct sp_replay_asked *asked);
int sp_replay_file(const struct sp_replay_asked *asked);

#endif
