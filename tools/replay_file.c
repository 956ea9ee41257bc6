/* Usage records of a file priced by two sets of books side by side, each from empty state. */
#include <string.h>

#include "ingest/resolve.h"
#include "tools/desk_input.h"
#include "tools/heap.h"
#include "tools/replay.h"

struct beside { /* the desk that the input is read for, and the one it is compared with */
  struct sp_desk *now, *then;
  struct sp_replay_tally tally;
};

static enum sp_status record_replay(struct sp_desk_visit *visit,
                                    const struct sp_desk_record *record)
{
  struct beside *beside = visit->context;
  const struct sp_charge *now = &beside->now->charge;
  struct sp_replay_record sums = {.usage = record->usage,
                                  .subscriber = record->usage->subscriber,
                                  .group = record->usage->group};
  SP_TRY(sp_desk_input_judge(visit, beside->now, record));
  sums.outcome_now = sums.outcome = now->outcome;
  sums.reason_now = now->reason;
  sums.net_now_micro = now->net_micro;
  if (beside->then != NULL) {
    struct sp_desk_record other = *record;
    struct sp_usage usage;
    sp_resolve_batch(beside->then->resolver, record->cdr, &usage, 1);
    other.usage = &usage;
    SP_TRY(sp_desk_input_judge(visit, beside->then, &other));
    sums.outcome = beside->then->charge.outcome;
    sums.net_micro = beside->then->charge.net_micro;
    sums.subscriber = usage.subscriber != SP_NONE ? usage.subscriber : sums.subscriber;
    sums.group = usage.subscriber != SP_NONE ? usage.group : sums.group;
  }
  bool passed_by = now->outcome == SP_OUTCOME_DUPLICATE || now->outcome == SP_OUTCOME_CONFLICT;
  if (sums.subscriber == SP_NONE || passed_by) {
    beside->tally.passed_by++;
    return SP_OK;
  }
  sp_replay_count(&beside->tally, &sums);
  return SP_OK;
}

static int desks_replay(struct beside *beside, const struct sp_replay_asked *asked)
{
  if (!sp_replay_tally_make(&beside->tally, beside->now->directory, NULL)) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  sp_replay_plans(&beside->tally, &beside->now->books);
  if (beside->then != NULL) {
    sp_replay_plans(&beside->tally, &beside->then->books);
  }
  struct sp_desk_visit visit = {
      .desk = beside->now, .path = asked->path, .context = beside, .record = record_replay};
  int code = sp_desk_input_visit(&visit);
  if (code == SP_EXIT_DONE && visit.total == 0) {
    fprintf(stderr, "suanpan: %s: holds no record\n", asked->path);
  }
  if (code == SP_EXIT_DONE) {
    struct sp_replay_view view = {&beside->tally, &beside->now->books, NULL, beside->then != NULL,
                                  asked->top};
    (asked->json ? sp_replay_json : sp_replay_print)(&view);
  }
  sp_replay_tally_free(&beside->tally, false);
  return code;
}

int sp_replay_file(const struct sp_replay_asked *asked)
{
  struct sp_desk *desks = sp_heap_take(2 * sizeof(*desks));
  struct beside *beside = sp_heap_take(sizeof(*beside));
  int code = SP_EXIT_ENVIRONMENT;
  if (desks == NULL || beside == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
  } else {
    bool compared = asked->charged_by->count > 0;
    beside->now = desks;
    beside->then = compared ? desks + 1 : NULL;
    code = sp_desk_open(desks, asked->books, asked->customers);
    if (code == SP_EXIT_DONE && compared) {
      code = sp_desk_open(desks + 1, asked->charged_by, asked->customers);
    }
    if (code == SP_EXIT_DONE && compared &&
        !sp_replay_currency_is_one(&desks[1].books, &desks->books)) {
      code = SP_EXIT_BOOK;
    }
    if (code == SP_EXIT_DONE) {
      code = desks_replay(beside, asked);
    }
    sp_desk_close(desks);
    if (compared && desks[1].directory != NULL) {
      sp_desk_close(desks + 1);
    }
  }
  sp_heap_give(beside, sizeof(*beside));
  sp_heap_give(desks, 2 * sizeof(*desks));
  return code;
}
