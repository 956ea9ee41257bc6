/* Explains records of a store: the shard is opened as of their moment, from the last checkpoint
 * before them or from the journal's beginning, and what comes out is compared with the journal. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/conflict.h"
#include "tools/cmd_explain.h"
#include "tools/heap.h"
#include "tools/journal_walk.h"
#include "tools/shard.h"
#include "tools/stored_record.h"

#define RAW_BYTES_MAX 4096 /* of a line with its end; a longer one is not shown */
#define FOUND_MAX 64       /* records told at once; more are counted */

struct found {
  uint32_t shard;
  uint64_t block, ordinal;
  struct sp_charge charge; /* as journaled */
};

struct search {
  struct sp_world *world;
  struct sp_stored_reader reader;
  const char *id;
  const char *stream; /* of a position; NULL: the id is none */
  size_t stream_length;
  uint64_t offset;
  int64_t sub; /* -1: any */
  struct found found[FOUND_MAX];
  uint32_t count;
  uint64_t more;
  bool failed;
};

/* STREAM:OFFSET[.SUB] */
static void position_read(struct search *search)
{
  const char *colon = strrchr(search->id, ':');
  char *end;
  search->sub = -1;
  if (colon == NULL || colon[1] < '0' || colon[1] > '9') {
    return;
  }
  search->offset = strtoull(colon + 1, &end, 10);
  if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
    search->sub = (int64_t)strtoull(end + 1, &end, 10);
  }
  if (*end == '\0') {
    search->stream = search->id;
    search->stream_length = (size_t)(colon - search->id);
  }
}

/* A stream is asked for by its name or the end of it behind a '/': of files the store knows the
 * whole path. */
static bool is_stream(const struct search *search, const struct sp_block_stream *stream)
{
  size_t length = search->stream_length;
  if (stream->name_length < length || length == 0 ||
      memcmp(stream->name + stream->name_length - length, search->stream, length) != 0) {
    return false;
  }
  return stream->name_length == length || stream->name[stream->name_length - length - 1] == '/';
}

static bool is_asked(const struct search *search, const struct sp_stored_record *record)
{
  size_t length = strlen(search->id);
  if (record->cdr.reason != SP_REASON_BAD_LINE &&
      sp_cdr_text_length(&record->cdr, SP_CDR_ID) == length && length > 0 &&
      memcmp(sp_cdr_text(&record->cdr, SP_CDR_ID), search->id, length) == 0) {
    return true;
  }
  return search->stream != NULL && record->stored.position.offset == search->offset &&
         (search->sub < 0 || record->stored.position.sub == search->sub) &&
         is_stream(search, record->stream);
}

static bool block_search(struct sp_walk *walk, struct sp_block_view *view)
{
  struct search *search = walk->context;
  uint32_t records = sp_block_view_header(view)->records;
  const struct sp_stored_record *record = &search->reader.record;
  for (uint32_t i = 0; i < records; i++) {
    if (sp_stored_read(&search->reader, view, i) != SP_OK) {
      search->failed = true;
      return false;
    }
    if (!is_asked(search, record)) {
      continue;
    }
    if (search->count < FOUND_MAX) {
      search->found[search->count++] =
          (struct found){walk->shard, record->block, record->ordinal, record->charge};
    } else {
      search->more++;
    }
  }
  return true;
}

/* All records with the id or at the position; an exit code. */
static int search_run(struct search *search)
{
  struct sp_walk walk = {
      .dir = &search->world->dir, .whole = true, .context = search, .block = block_search};
  position_read(search);
  if (sp_stored_reader_open(&search->reader, search->world) != SP_OK) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  int code = sp_journal_walk(&walk);
  sp_stored_reader_close(&search->reader);
  if (code == SP_EXIT_DONE && search->failed) {
    fprintf(stderr, "suanpan: %s: shard %u: the journal holds what cannot be shown\n",
            search->world->dir.path, walk.shard);
    code = SP_EXIT_REJECTED;
  } else if (code == SP_EXIT_DONE && search->count == 0) {
    fprintf(stderr, "suanpan: %s: no record %s; ask for an id or STREAM:OFFSET\n",
            search->world->dir.path, search->id);
    code = SP_EXIT_REJECTED;
  } else if (search->more > 0) {
    fprintf(stderr, "suanpan: %s: %llu more records %s are not shown\n", search->world->dir.path,
            (unsigned long long)search->more, search->id);
  }
  return code;
}

struct telling { /* the records found in one shard */
  const struct found *found;
  uint32_t left; /* of them */
  bool json, different, out_of_memory;
  bool *told_any;
  struct sp_charge charge; /* as it came out, told with the book that is in force at its start */
  struct sp_told told;
  struct sp_told_events events;
  struct sp_told_fold fold;
  struct sp_shard_watch watch;
  struct sp_memory memory; /* of the resolver */
  const struct sp_books *books;
};

static void first_find(struct telling *telling, struct sp_shard *shard,
                       const struct sp_usage *usage)
{
  struct sp_told *told = &telling->told;
  uint64_t first = 0;
  told->seen = SP_MARK_NEW;
  told->first[0] = '\0';
  if (usage->subscriber == SP_NONE || sp_usage_is_beyond_window(usage)) {
    return;
  }
  if ((usage->flags & SP_USAGE_ELSEWHERE) != 0) {
    told->seen = SP_MARK_CONFLICT;
    snprintf(told->first, sizeof(told->first), "another customer's, in another shard");
    return;
  }
  told->seen = sp_marks_check(shard->marks, usage->key_hash, usage->payload_hash,
                              sp_usage_window_start_s(usage), &first);
  if (told->seen != SP_MARK_NEW) {
    struct sp_text text = SP_TEXT_INIT(told->first);
    sp_text_add(&text, "number ");
    sp_text_add_u64(&text, first);
    sp_text_add(&text, " of the shard");
  }
}

static void before_judged(struct sp_shard_watch *watch, struct sp_shard *shard,
                          const struct sp_parcel *parcel, uint32_t i)
{
  struct telling *telling = watch->context;
  const struct sp_usage *usage = &parcel->usages[i];
  telling->events.count = 0;
  first_find(telling, shard, usage);
  if (usage->subscriber != SP_NONE) {
    telling->fold.before = shard->world->profiles[usage->subscriber];
  }
  if (usage->group != SP_NONE) {
    telling->fold.group_before = shard->world->group_profiles[usage->group];
  }
  if (telling->books != shard->books) {
    telling->books = shard->books;
    telling->out_of_memory = sp_resolver_make(&telling->told.resolver, shard->world->directory,
                                              shard->books, &telling->memory) != SP_OK;
  }
}

/* Where a line ends: CSV goes on behind a line break in quotes, JSON has none in a record. */
static size_t line_length(const char *bytes, size_t length)
{
  bool quoted = false;
  for (size_t at = 0; at < length; at++) {
    quoted ^= bytes[at] == '"' && bytes[0] != '{';
    if (bytes[at] == '\n' && !quoted) {
      return at > 0 && bytes[at - 1] == '\r' ? at - 1 : at;
    }
  }
  return length;
}

#define ZSTD_MAGIC "\x28\xB5\x2F\xFD"

/* The journal has the fields of a record alone. Where its file still lies there uncompressed, with
 * the beginning of a line at that place, the raw bytes are read from it. */
static void raw_read(struct sp_told *told, char bytes[RAW_BYTES_MAX])
{
  char path[PATH_MAX], magic[4], before;
  struct sp_name stream = told->source;
  off_t offset = (off_t)told->position.offset;
  struct stat kind;
  if (stream.length == 0 || stream.text[0] != '/' || stream.length >= sizeof(path)) {
    return;
  }
  memcpy(path, stream.text, stream.length);
  path[stream.length] = '\0';
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return;
  }
  ssize_t got = -1;
  if (fstat(fd, &kind) == 0 && S_ISREG(kind.st_mode) &&
      (pread(fd, magic, 4, 0) != 4 || memcmp(magic, ZSTD_MAGIC, 4) != 0) &&
      (offset == 0 || (pread(fd, &before, 1, offset - 1) == 1 && before == '\n'))) {
    got = pread(fd, bytes, RAW_BYTES_MAX, offset);
  }
  close(fd);
  size_t length = got > 0 ? line_length(bytes, (size_t)got) : RAW_BYTES_MAX;
  if (length < RAW_BYTES_MAX) {
    told->raw = (struct sp_name){bytes, (uint32_t)length};
    told->raw_now = true;
  }
}

static void after_judged(struct sp_shard_watch *watch, struct sp_shard *shard,
                         const struct sp_parcel *parcel, uint32_t i)
{
  struct telling *telling = watch->context;
  struct sp_told *told = &telling->told;
  const struct found *found = telling->found;
  const struct sp_usage *usage = &parcel->usages[i];
  char conflict[SP_CONFLICT_REASON_BYTES_MAX] = "";
  struct sp_text fields = SP_TEXT_INIT(conflict);
  sp_conflict_reason(&fields, shard->charge.conflict_fields);
  const struct sp_told_store store = {
      shard->index,   shard->world->dir.shard_count, found->block,
      found->ordinal, watch->checkpoint_ordinal,     &found->charge};
  told->source = (struct sp_name){parcel->stream->name, parcel->stream->name_length};
  told->position = parcel->batch.positions[i];
  char raw[RAW_BYTES_MAX];
  told->raw = (struct sp_name){parcel->batch.raws[i].at, parcel->batch.raws[i].length};
  told->raw_now = false;
  if (told->raw.text == NULL) {
    raw_read(told, raw);
  }
  told->cdr = &parcel->batch.cdrs[i];
  told->usage = usage;
  telling->charge = shard->charge;
  if (telling->charge.book == UINT16_MAX && usage->book < shard->books->count) {
    telling->charge.book = usage->book;
  }
  told->charge = &telling->charge;
  told->conflict = (struct sp_name){conflict, (uint32_t)fields.length};
  told->directory = shard->world->directory;
  told->books = shard->books;
  told->store = &store;
  telling->fold.done = shard->charge.outcome == SP_OUTCOME_RATED;
  if (usage->subscriber != SP_NONE) {
    telling->fold.after = shard->world->profiles[usage->subscriber];
  }
  if (usage->group != SP_NONE) {
    telling->fold.group_after = shard->world->group_profiles[usage->group];
  }
  telling->different |= !sp_told_equal(&shard->charge, &found->charge);
  if (!telling->out_of_memory) {
    fputs(*telling->told_any && !telling->json ? "\n" : "", stdout);
    sp_told_print(told, stdout, telling->json);
    *telling->told_any = true;
  }
  telling->left--;
  telling->found++;
  watch->ordinal = telling->left > 0 ? telling->found->ordinal : UINT64_MAX;
}

/* The records found in the shard of the first; an exit code. */
static int shard_tell(struct telling *telling, struct sp_world *world)
{
  struct sp_shard *shard = sp_heap_take(sizeof(*shard));
  if (shard == NULL) {
    return SP_EXIT_ENVIRONMENT;
  }
  sp_heap_init(&telling->memory);
  sp_told_events_init(&telling->events);
  telling->told.events = &telling->events;
  telling->told.fold = &telling->fold;
  telling->watch = (struct sp_shard_watch){.ordinal = telling->found->ordinal,
                                           .trace = &telling->events.trace,
                                           .context = telling,
                                           .before = before_judged,
                                           .after = after_judged};
  enum sp_status status =
      sp_shard_open_watched(shard, world, telling->found->shard, &telling->watch);
  int code = SP_EXIT_DONE;
  if (status != SP_OK || telling->out_of_memory || telling->left > 0) {
    fprintf(stderr, "suanpan: %s: %s\n", world->dir.path,
            status == SP_OK ? sp_status_text(SP_NO_MEMORY) : shard->error);
    code = status == SP_DIFFERENT ? SP_EXIT_REJECTED : SP_EXIT_ENVIRONMENT;
  } else if (telling->different) {
    fprintf(stderr, "suanpan: %s: shard %u: what comes out is not what was journaled\n",
            world->dir.path, telling->found[-1].shard);
    code = SP_EXIT_REJECTED;
  }
  sp_shard_close(shard);
  sp_heap_give(shard, sizeof(*shard));
  sp_told_events_free(&telling->events);
  sp_memory_free(&telling->memory);
  return code;
}

static int found_tell(const struct search *search, bool json)
{
  bool told_any = false;
  int code = SP_EXIT_DONE;
  for (uint32_t i = 0; i < search->count && code == SP_EXIT_DONE;) {
    uint32_t count = 1;
    while (i + count < search->count && search->found[i + count].shard == search->found[i].shard) {
      count++;
    }
    struct telling *telling = sp_heap_take(sizeof(*telling));
    if (telling == NULL) {
      return SP_EXIT_ENVIRONMENT;
    }
    telling->found = search->found + i;
    telling->left = count;
    telling->json = json;
    telling->told_any = &told_any;
    code = shard_tell(telling, search->world);
    sp_heap_give(telling, sizeof(*telling));
    i += count;
  }
  return code;
}

int sp_explain_store(const struct sp_explain_which *which, const char *store)
{
  struct search *search = sp_heap_take(sizeof(*search));
  struct sp_world *world = sp_heap_take(sizeof(*world));
  int code = SP_EXIT_ENVIRONMENT;
  if (search != NULL && world != NULL) {
    search->world = world;
    search->id = which->id;
    code = sp_world_open(world, store);
    if (code == SP_EXIT_DONE) {
      code = search_run(search);
    }
    if (code == SP_EXIT_DONE) {
      code = found_tell(search, which->json);
    }
    sp_world_close(world);
  }
  sp_heap_give(world, sizeof(*world));
  sp_heap_give(search, sizeof(*search));
  return code;
}
