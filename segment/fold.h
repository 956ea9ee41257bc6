/* Folding one rated record into the profiles of its subscriber and group (analytics.md §1):
 * integers only, O(1), no memory. The same events in the same order give the same bytes. The order
 * of arrival matters only to the last bits of the decayed counters, to what has left a window (a
 * month older than the ring, a day older than the map) and beyond the limits of the fields.
 * Thread: the shard's owner. */
#ifndef SP_SEGMENT_FOLD_H
#define SP_SEGMENT_FOLD_H

#include "rating/book_lookup.h"
#include "rating/charge.h"
#include "segment/profile.h"

/* What fold needs of a record. Amounts are added as they are: a correction brings the negative of
 * what it takes back, a partial brings its own quantities and the difference of the charge. */
struct sp_fold_event {
  int64_t net_micro;
  int64_t voice_s;
  int64_t bytes;
  int32_t calls; /* 1 for a call, also for the first part of one, -1 to take one back */
  int32_t messages;
  uint32_t start_utc_s;
  uint32_t contact; /* hash of the other party's number, 0 = none */
  uint16_t day;     /* local; 0: outside 1970..2149, the event is not folded */
  uint16_t month;
  uint8_t active;                        /* 0: money only (a fee, a correction) */
  uint8_t offnet, international, inside; /* 1: the calls and messages are that */
  uint8_t marks;                         /* bit per enum sp_mark */
  uint8_t reserved[3];
};

/* Local days by instant, without asking the zone rules for each record. Zero it, set the book. */
#define SP_FOLD_CLOCK_DAYS 64U
struct sp_fold_day {
  int64_t from_utc_s, to_utc_s; /* [from, to) is one local day; to 0: empty */
  uint16_t day, month;
  uint32_t reserved;
};
struct sp_fold_clock {
  const struct sp_book *book;
  struct sp_fold_day days[SP_FOLD_CLOCK_DAYS];
};
void sp_fold_clock_set(struct sp_fold_clock *clock, const struct sp_book *book);
/* The local day of an instant; day 0 outside 1970-01-02..2149-06-06. */
struct sp_fold_day sp_fold_clock_at(struct sp_fold_clock *clock, int64_t utc_s);

/* The event of a rated record. */
void sp_fold_event_make(struct sp_fold_event *event, const struct sp_usage *usage,
                        const struct sp_charge *charge, struct sp_fold_clock *clock);

/* Folds an event; group may be NULL. */
void sp_profile_fold(struct sp_profile *profile, struct sp_group_profile *group,
                     const struct sp_fold_event *event);

#endif
