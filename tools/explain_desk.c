/* Explains records of a file or stdin: earlier ones are rated first, with their state. */
#include <string.h>

#include "ingest/conflict.h"
#include "tools/cmd_explain.h"
#include "tools/desk_input.h"
#include "tools/heap.h"

struct explain { /* of an input */
  const struct sp_explain_which *which;
  struct sp_told_events events;
  struct sp_told_fold fold;
  struct sp_fold_clock clock;
  struct sp_profile *profiles;
  struct sp_group_profile *groups;
  uint64_t told;
};

static bool is_asked(const struct explain *explain, const struct sp_desk_visit *visit,
                     const struct sp_desk_record *record)
{
  const struct sp_explain_which *which = explain->which;
  if (which->all) {
    return true;
  }
  if (which->id == NULL) {
    return record->number + 1 == visit->total;
  }
  size_t length = strlen(which->id);
  return record->cdr->reason != SP_REASON_BAD_LINE &&
         sp_cdr_text_length(record->cdr, SP_CDR_ID) == length &&
         memcmp(sp_cdr_text(record->cdr, SP_CDR_ID), which->id, length) == 0;
}

static void record_fold(struct explain *explain, const struct sp_desk *desk,
                        const struct sp_usage *usage)
{
  struct sp_told_fold *fold = &explain->fold;
  fold->done = desk->charge.outcome == SP_OUTCOME_RATED;
  if (!fold->done) {
    return;
  }
  struct sp_fold_event event;
  struct sp_profile *profile = explain->profiles + usage->subscriber;
  struct sp_group_profile *group = usage->group == SP_NONE ? NULL : explain->groups + usage->group;
  sp_fold_event_make(&event, usage, &desk->charge, &explain->clock);
  fold->before = *profile;
  if (group != NULL) {
    fold->group_before = *group;
  }
  sp_profile_fold(profile, group, &event);
  fold->after = *profile;
  if (group != NULL) {
    fold->group_after = *group;
  }
}

static void first_find(struct sp_told *told, struct sp_desk_visit *visit,
                       const struct sp_desk_record *record)
{
  uint64_t first = 0;
  told->first[0] = '\0';
  told->seen = SP_MARK_NEW;
  if (record->usage->subscriber == SP_NONE) {
    return;
  }
  told->seen = sp_marks_check(visit->desk->marks, record->usage->key_hash,
                              record->usage->payload_hash, SP_TIME_MIN, &first);
  if (told->seen != SP_MARK_NEW) {
    struct sp_text text = SP_TEXT_INIT(told->first);
    sp_text_add(&text, "record ");
    sp_text_add_u64(&text, first + 1);
    sp_text_add(&text, " of the input, offset ");
    sp_text_add_u64(&text, sp_desk_input_offset(visit, first));
  }
}

static enum sp_status record_explain(struct sp_desk_visit *visit,
                                     const struct sp_desk_record *record)
{
  struct explain *explain = visit->context;
  struct sp_desk *desk = visit->desk;
  bool asked = is_asked(explain, visit, record);
  struct sp_told told = {.source = {visit->path, (uint32_t)strlen(visit->path)},
                         .position = {record->offset, 0, 0},
                         .raw = {record->raw->at, record->raw->length},
                         .cdr = record->cdr,
                         .usage = record->usage,
                         .charge = &desk->charge,
                         .directory = desk->directory,
                         .books = &desk->books,
                         .resolver = desk->resolver,
                         .events = &explain->events,
                         .fold = &explain->fold};
  if (asked) {
    first_find(&told, visit, record);
  }
  explain->events.count = 0;
  desk->trace = asked ? &explain->events.trace : NULL;
  SP_TRY(sp_desk_input_judge(visit, desk, record));
  record_fold(explain, desk, record->usage);
  if (asked) {
    told.conflict = (struct sp_name){desk->conflict, (uint32_t)desk->conflict_length};
    if (explain->told++ > 0 && !explain->which->json) {
      putchar('\n');
    }
    sp_told_print(&told, stdout, explain->which->json);
  }
  return ferror(stdout) ? SP_END : SP_OK; /* main says why */
}

struct asked {
  const struct sp_explain_which *which;
  const char *path;
};

static int input_explain(struct sp_desk *desk, const void *context)
{
  const struct asked *asked = context;
  const struct sp_explain_which *which = asked->which;
  const char *path = asked->path;
  size_t subscribers = (size_t)sp_directory_subscriber_count(desk->directory) + 1;
  size_t groups = (size_t)sp_directory_group_count(desk->directory) + 1;
  struct explain *explain = sp_heap_take(sizeof(*explain));
  int code = SP_EXIT_ENVIRONMENT;
  if (explain == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return code;
  }
  explain->which = which;
  explain->profiles = sp_heap_take(subscribers * sizeof(struct sp_profile));
  explain->groups = sp_heap_take(groups * sizeof(struct sp_group_profile));
  sp_told_events_init(&explain->events);
  if (explain->profiles == NULL || explain->groups == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
  } else {
    sp_fold_clock_set(&explain->clock, &desk->books.book[0]);
    struct sp_desk_visit visit = {.desk = desk,
                                  .path = path,
                                  .context = explain,
                                  .record = record_explain,
                                  .count = !which->all && which->id == NULL};
    code = sp_desk_input_visit(&visit);
  }
  if (code == SP_EXIT_DONE && explain->told == 0) {
    fprintf(stderr,
            which->id == NULL ? "suanpan: %s: holds no record\n"
                              : "suanpan: %s: holds no record with id %s\n",
            path, which->id);
    code = SP_EXIT_REJECTED;
  }
  sp_told_events_free(&explain->events);
  sp_heap_give(explain->profiles, subscribers * sizeof(struct sp_profile));
  sp_heap_give(explain->groups, groups * sizeof(struct sp_group_profile));
  sp_heap_give(explain, sizeof(*explain));
  return code;
}

int sp_explain_desk(const struct sp_explain_which *which, const struct sp_option_list *books,
                    const char *customers, const char *path)
{
  const struct asked asked = {which, path};
  return sp_desk_use(books, customers, input_explain, &asked);
}
