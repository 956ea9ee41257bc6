/* Pricing one record: first and second rating in the order of engine.md §4. Pure: same books,
 * directory, state and record give the same charge and the same state. One rater per worker, single
 * thread. */
#ifndef SP_RATING_RATE_H
#define SP_RATING_RATE_H

#include "rating/charge.h"
#include "rating/directory.h"
#include "rating/state.h"

struct sp_rater; /* scratch and caches of one worker; holds no truth */
struct sp_trace; /* rating/trace.h: receives every step for explain; NULL on the hot path */

SP_MUST_CHECK enum sp_status sp_rater_make(struct sp_rater **rater,
                                           const struct sp_directory *directory,
                                           struct sp_state *state, struct sp_memory *memory);
void sp_rater_free(struct sp_rater *rater);
/* Goes on with another shard's state of the same directory: one rater and its caches for all shards
 * of a worker. */
void sp_rater_set_state(struct sp_rater *rater, struct sp_state *state);
/* Records that start so far behind the latest of all are not given to sp_rate (§15.5): cells that
 * no other can reach are dropped. At make 0: none is too old, nothing is dropped. The same for all
 * of a state's life, for what is dropped is part of what the state is. */
void sp_rater_set_window(struct sp_rater *rater, int64_t window_s);
/* The books from now on: at make none, then at each block boundary where a book was added. Clears
 * caches. */
SP_MUST_CHECK enum sp_status sp_rater_set_books(struct sp_rater *rater,
                                                const struct sp_books *books);

/* Every identified record, whatever becomes of it (duplicates too), before sp_rate: keeps the
 * present domain (§13.3). */
SP_MUST_CHECK enum sp_status sp_rater_notice(struct sp_rater *rater, const struct sp_usage *usage);

/* Tests 9 to 16 of book.md §5.3 and the charge. usage->reason other than 0 and 302 gives that
 * suspense at once. OK with charge->outcome rated, zero_rated or suspended; a suspended record
 * changes nothing. NO_MEMORY: the state could not grow, nothing was changed.
 * BAD_FORMAT: the chain's record in a damaged store names what is not there. */
SP_MUST_CHECK enum sp_status sp_rate(struct sp_rater *rater, const struct sp_usage *usage,
                                     struct sp_charge *charge, struct sp_trace *trace);
/* Hints before a batch: fetches what sp_rate will touch, in steps each of which reads what the one
 * before has fetched, so some records behind it. Near: 1: slots and lists of the customer; 2: what
 * those lead to; 3: its subscriptions. Far, of a tariff that lies in no cache: 4: its plans; 5: its
 * frame, if it was found before; 6: if elsewhere, or the plan's rules; 7: what other bands choose.
 */
#define SP_RATER_STEPS_NEAR 3
#define SP_RATER_STEPS_FAR 4
#define SP_RATER_STEPS (SP_RATER_STEPS_NEAR + SP_RATER_STEPS_FAR)
/* How many records behind the one that is rated next each step is best taken: all about as far
 * apart as a line takes to come. */
static const uint8_t sp_rater_ahead[SP_RATER_STEPS] = {11, 9, 7, 6, 4, 2, 1};
/* Before a record is rated, the first `steps` of one record each; NULL: of none. */
void sp_rater_prefetch(const struct sp_rater *rater,
                       const struct sp_usage *const ahead[SP_RATER_STEPS], int steps);
/* How many of the steps are worth their time just now: SP_RATER_STEPS_NEAR, or all once the rater
 * has met so many plans that their rules lie far away. */
int sp_rater_prefetch_steps(const struct sp_rater *rater);

#endif
