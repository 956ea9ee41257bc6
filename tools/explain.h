/* One record's whole way as it was found, for `suanpan explain`; told by explain_record.c and the
 * files beside it. Everything is borrowed for the call but the events. One thread. */
#ifndef SP_TOOLS_EXPLAIN_H
#define SP_TOOLS_EXPLAIN_H

#include "ingest/marks.h"
#include "ingest/resolve.h"
#include "rating/position.h"
#include "rating/trace.h"
#include "segment/fold.h"
#include "tools/explain_tell.h"

struct sp_told_events {  /* what the core said of the record */
  struct sp_trace trace; /* for sp_rate */
  struct sp_trace_event *event;
  size_t count, size;
  bool failed; /* no memory: some are missing */
};

struct sp_told_fold { /* customer and group before and after */
  bool done;          /* the record was folded */
  struct sp_profile before, after;
  struct sp_group_profile group_before, group_after;
};

struct sp_told_store { /* NULL of a record given by hand */
  uint32_t shard, shard_count;
  uint64_t block, ordinal;
  uint64_t checkpoint_ordinal;       /* the shard's checkpoint holds records before it */
  const struct sp_charge *journaled; /* what stands in the journal */
};

struct sp_told {
  struct sp_name source; /* stream, file or "-" */
  struct sp_position position;
  struct sp_name raw; /* text NULL: the journal keeps the fields alone */
  bool raw_now;       /* raw is what the file has at that place now */
  const struct sp_cdr *cdr;
  const struct sp_usage *usage;
  const struct sp_charge *charge;
  struct sp_name conflict; /* fields, of a conflict */
  const struct sp_directory *directory;
  const struct sp_books *books;
  struct sp_resolver *resolver;
  struct sp_told_events *events;
  struct sp_told_fold *fold;
  const struct sp_told_store *store;
  enum sp_mark_seen seen;
  char first[128]; /* where the first record of the key stands, unless new */
};

/* Ready to listen: events->trace. */
void sp_told_events_init(struct sp_told_events *events);
void sp_told_events_free(struct sp_told_events *events);

/* Writes all stations; JSON: one object and a line break. */
void sp_told_print(const struct sp_told *told, FILE *to, bool json);
/* Is what came out what was journaled? */
bool sp_told_equal(const struct sp_charge *one, const struct sp_charge *other);

/* Inside: the stations, in their files. */
void sp__told_resolve(const struct sp_told *told, struct sp_tell *tell); /* explain_places.c */
void sp__told_rate(const struct sp_told *told, struct sp_tell *tell);    /* explain_rate.c */
void sp__told_fold(const struct sp_told *told, struct sp_tell *tell);    /* explain_fold.c */
/* The events of a rating from the first on that price, allowances, discounts and payers bring. */
void sp__told_price(const struct sp_told *told, struct sp_tell *tell,
                    const struct sp_trace_event *event); /* explain_price.c */
void sp__told_cut(const struct sp_told *told, struct sp_tell *tell,
                  const struct sp_trace_event *event); /* explain_cut.c: discounts and payers */

static inline const struct sp_book *sp__told_book(const struct sp_told *told,
                                                  const struct sp_trace_event *event)
{
  return told->books->book + event->book;
}
/* The item of the plan that a rule belongs to. */
static inline const struct sp_book_item *sp__told_item(const struct sp_book *book,
                                                       uint32_t rule_index)
{
  const struct sp_book_rule_rest *rule =
      SP_BOOK_TABLE(book, rule_rests, struct sp_book_rule_rest) + rule_index;
  const struct sp_book_plan *plan = SP_BOOK_TABLE(book, plans, struct sp_book_plan) + rule->plan;
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  while (item->name_id != rule->item) {
    item++;
  }
  return item;
}

static inline struct sp_name sp__told_name(const struct sp_book *book, struct sp_book_name name)
{
  return (struct sp_name){sp_book_text(book, name), name.length};
}

static inline void sp__told_name_add(struct sp_text *text, struct sp_name name)
{
  sp_text_add_bytes(text, name.text, name.length);
}

static inline void sp__told_place_add(struct sp_text *text, const char *file, uint32_t row)
{
  sp_text_add(text, " [");
  sp_text_add(text, file);
  sp_text_add(text, ":");
  sp_text_add_u64(text, row);
  sp_text_add(text, "]");
}

#endif
