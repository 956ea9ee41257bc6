/* A store's journals priced anew: a thread takes the next shard that nobody has had, in the order
 * of its journal, from an empty state. Nothing is allocated per record, nothing is written. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/resolve.h"
#include "rating/rate.h"
#include "store/cdr_codec.h"
#include "store/journal.h"
#include "tools/heap.h"
#include "tools/options.h"
#include "tools/parcel.h"
#include "tools/replay.h"
#include "tools/replay_cycle.h"
#include "tools/world.h"

#define SCRATCH_BYTES ((size_t)1 << 20) /* texts of a batch */
_Static_assert(SP_DECODE_SCRATCH_BYTES >= SP_CDR_SCRATCH_BYTES, "room for any record");
#define THREADS_MAX 64

struct kept { /* of a record, as journaled */
  int64_t net_micro;
  uint32_t group;
  uint16_t reason;
  uint8_t outcome;
};

struct due { /* records on their way */
  struct sp_usage usages[SP_BATCH_RECORDS_MAX];
  struct kept kept[SP_BATCH_RECORDS_MAX];
  uint32_t subscribers[SP_BATCH_RECORDS_MAX]; /* as journaled */
  uint32_t count;
};

struct batch {
  struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  struct due due[2];
  struct due *now, *next; /* resolved; those behind them, which are being read */
  struct sp_charge charge;
  size_t scratch_used;
  char scratch[SCRATCH_BYTES];
};

struct engine { /* one thread */
  pthread_t thread;
  struct sp_world *world;
  const struct sp_books *books; /* the other ones */
  bool own; /* they are the store's: each block is priced by those that it was rated by */
  const struct sp_replay_cycle *cycle; /* the only one that is counted, NULL: all of them are */
  const struct sp_books *with[SP_BOOKS_MAX + 1]; /* [n]: the cycle's, with the store's first n */
  _Atomic uint32_t *turn; /* the shard that nobody has had, for all threads */
  uint32_t shard;         /* its last one */
  struct sp_memory memory;
  struct sp_state *state;
  struct sp_rater *rater;
  struct sp_resolver *resolver;
  struct sp_memory resolving; /* the resolver's: given back when other books need another one */
  struct sp_decoder decoder;
  struct sp_block_view *view;
  struct batch *batch;
  struct sp_replay_tally tally;
  enum sp_status status;
  char error[256];
  bool started;
};

static enum sp_status engine_make(struct engine *engine)
{
  const struct sp_directory *directory = engine->world->directory;
  uint32_t subscribers = sp_directory_subscriber_count(directory);
  uint32_t groups = sp_directory_group_count(directory);
  engine->batch = sp_heap_take(sizeof(*engine->batch));
  if (engine->batch == NULL) {
    return SP_NO_MEMORY;
  }
  engine->batch->now = engine->batch->due;
  engine->batch->next = engine->batch->due + 1;
  sp_decoder_open(&engine->decoder, &engine->world->zone);
  SP_TRY(sp_state_make(&engine->state, subscribers, groups, &engine->memory));
  SP_TRY(sp_rater_make(&engine->rater, directory, engine->state, &engine->memory));
  SP_TRY(sp_rater_set_books(engine->rater, engine->books));
  SP_TRY(sp_resolver_make(&engine->resolver, directory, engine->books, &engine->resolving));
  return sp_block_view_make(&engine->view);
}

static void engine_free(struct engine *engine)
{
  sp_block_view_free(engine->view);
  sp_rater_free(engine->rater);
  sp_state_free(engine->state);
  sp_heap_give(engine->batch, sizeof(*engine->batch));
  sp_memory_free(&engine->resolving);
  sp_memory_free(&engine->memory);
}

/* The marks' outcomes stay as journaled: what was not rated for them is not rated now. */
static bool is_passed_by(uint32_t subscriber, const struct kept *kept)
{
  return subscriber == SP_NONE || kept->outcome == SP_OUTCOME_DUPLICATE ||
         kept->outcome == SP_OUTCOME_CONFLICT || kept->reason == SP_REASON_DUP_WINDOW_EXCEEDED;
}

/* Records of other cycles make the state that those of this one find. */
static bool is_counted(const struct engine *engine, int64_t start_utc_s)
{
  const struct sp_replay_cycle *cycle = engine->cycle;
  return cycle == NULL || (cycle->from_utc_s <= start_utc_s && start_utc_s < cycle->to_utc_s);
}

static enum sp_status record_price(struct engine *engine, uint32_t i)
{
  struct batch *batch = engine->batch;
  const struct sp_usage *usage = batch->now->usages + i;
  const struct kept *kept = batch->now->kept + i;
  uint32_t subscriber = batch->now->subscribers[i];
  if (subscriber != SP_NONE) {
    SP_TRY(sp_rater_notice(engine->rater, usage));
  }
  bool counts = is_counted(engine, usage->start_utc_s);
  if (is_passed_by(subscriber, kept)) {
    engine->tally.passed_by += counts;
    return SP_OK;
  }
  struct sp_charge *charge = &batch->charge;
  if (usage->subscriber != SP_NONE) {
    SP_TRY(sp_rate(engine->rater, usage, charge, NULL));
  } else { /* none of the other books is in force at its start */
    sp_charge_clear(charge);
    charge->outcome = SP_OUTCOME_SUSPENDED;
    charge->reason = usage->reason;
  }
  const struct sp_replay_record record = {usage,           subscriber,       kept->group,
                                          kept->outcome,   charge->outcome,  charge->reason,
                                          kept->net_micro, charge->net_micro};
  if (counts) {
    sp_replay_count(&engine->tally, &record);
  }
  return SP_OK;
}

/* Record i, counted from the first one in hand through those that wait behind them. false: there is
 * none. */
static inline bool record_at(const struct engine *engine, uint32_t i, const struct due **due,
                             uint32_t *index)
{
  uint32_t now = engine->batch->now->count;
  *due = i < now ? engine->batch->now : engine->batch->next;
  *index = i < now ? i : i - now;
  return *index < (*due)->count;
}

/* What counts a record: its customer's sums, then its group's. */
static inline void tally_prefetch(const struct engine *engine, uint32_t i)
{
  const struct sp_replay_tally *tally = &engine->tally;
  const struct due *due;
  uint32_t index;
  if (record_at(engine, i + sp_rater_ahead[0], &due, &index) &&
      due->usages[index].subscriber != SP_NONE) {
    sp_line_fetch_once(tally->customers + due->usages[index].subscriber);
  }
  if (record_at(engine, i + sp_rater_ahead[1], &due, &index) && due->kept[index].group != SP_NONE) {
    sp_line_fetch(tally->groups + due->kept[index].group);
  }
}

/* Prices the records in hand. Those behind them come nearer one by one, so that what is fetched for
 * them arrives meanwhile. */
static enum sp_status due_price(struct engine *engine)
{
  struct batch *batch = engine->batch;
  int steps = sp_rater_prefetch_steps(engine->rater);
  for (uint32_t i = 0; i < batch->now->count; i++) {
    const struct sp_usage *ahead[SP_RATER_STEPS];
    for (int k = 0; k < steps; k++) {
      const struct due *due;
      uint32_t index;
      bool there = record_at(engine, i + sp_rater_ahead[k], &due, &index);
      ahead[k] = there ? due->usages + index : NULL;
    }
    sp_rater_prefetch(engine->rater, ahead, steps);
    tally_prefetch(engine, i);
    SP_TRY(record_price(engine, i));
  }
  batch->now->count = 0;
  return SP_OK;
}

/* Resolves what was read and prices what was resolved before. */
static enum sp_status batch_price(struct engine *engine)
{
  struct batch *batch = engine->batch;
  struct due *next = batch->next;
  sp_resolve_batch_again(engine->resolver, batch->cdrs, next->subscribers, next->usages,
                         next->count);
  batch->scratch_used = 0;
  SP_TRY(due_price(engine));
  batch->next = batch->now;
  batch->now = next;
  return SP_OK;
}

/* Record i of the block to the batch, texts to its scratch. */
static enum sp_status record_put(struct engine *engine, uint32_t i)
{
  struct batch *batch = engine->batch;
  struct due *next = batch->next;
  struct sp_block_record record;
  const struct sp_charge *charge = &batch->charge;
  const struct sp_block_room room = {
      .cdr = batch->cdrs + next->count,
      .scratch = batch->scratch + batch->scratch_used,
      .texts = SP_RESOLVE_AGAIN_TEXTS,
      .charge = &batch->charge,
      .sums = true,
  };
  SP_TRY(sp_block_view_record_to(engine->view, i, &room, &record));
  if (record.cdr == NULL) {
    const struct sp_block_stream *stream = sp_block_view_stream(engine->view, record.stream);
    sp_decode_raw(&engine->decoder, stream->format,
                  (struct sp_decode_bytes){stream->columns, stream->columns_length},
                  (struct sp_decode_bytes){record.raw, record.raw_length}, room.cdr, room.scratch);
    record.text_bytes = SP_DECODE_SCRATCH_BYTES;
  }
  batch->scratch_used += record.text_bytes;
  next->subscribers[next->count] = record.subscriber;
  next->kept[next->count++] =
      (struct kept){charge->net_micro, record.group, charge->reason, charge->outcome};
  return SP_OK;
}

/* What prices the records of a block that was rated when the store had its first `count` books. */
static enum sp_status books_with(struct engine *engine, uint32_t count,
                                 const struct sp_books **books)
{
  *books = sp_world_books(engine->world, count);
  if (*books == NULL) {
    return SP_BAD_BOOK;
  }
  if (engine->own) {
    return SP_OK;
  }
  if (engine->with[count] == NULL) {
    SP_TRY(sp_replay_cycle_books(engine->cycle, *books, &engine->memory, &engine->with[count]));
  }
  *books = engine->with[count];
  return SP_OK;
}

/* The store's own books as they were loaded: from which block on is in its header (book.md §4.8).
 */
static enum sp_status books_follow(struct engine *engine)
{
  if (!engine->own && engine->cycle == NULL) {
    return SP_OK;
  }
  const struct sp_books *books;
  SP_TRY(books_with(engine, sp_block_view_header(engine->view)->books_count, &books));
  if (books == engine->books) {
    return SP_OK;
  }
  SP_TRY(due_price(engine)); /* by those before */
  engine->books = books;
  SP_TRY(sp_rater_set_books(engine->rater, engine->books));
  sp_memory_free(&engine->resolving);
  return sp_resolver_make(&engine->resolver, engine->world->directory, engine->books,
                          &engine->resolving);
}

static enum sp_status block_price(struct engine *engine)
{
  struct batch *batch = engine->batch;
  uint32_t records = sp_block_view_header(engine->view)->records;
  SP_TRY(books_follow(engine));
  for (uint32_t i = 0; i < records; i++) {
    if (batch->next->count == SP_BATCH_RECORDS_MAX ||
        SCRATCH_BYTES - batch->scratch_used < SP_DECODE_SCRATCH_BYTES) {
      SP_TRY(batch_price(engine));
    }
    SP_TRY(record_put(engine, i));
  }
  return batch_price(engine); /* raw bytes of the next block lie elsewhere */
}

static enum sp_status shard_price(struct engine *engine, uint32_t shard)
{
  char path[SP_PATH_BYTES_MAX];
  struct sp_journal *journal = NULL;
  sp_store_path(&engine->world->dir, path, "shards/%u/journal", shard);
  enum sp_status status = sp_journal_open(&journal, path, false);
  if (status == SP_OK) {
    status = sp_journal_seek(journal, (struct sp_journal_place){0, 0});
  }
  while (status == SP_OK) {
    status = sp_journal_next(journal, engine->view, true);
    if (status == SP_OK) {
      status = block_price(engine);
    }
  }
  if (status == SP_END) {
    status = due_price(engine);
  }
  if (status != SP_OK) {
    snprintf(engine->error, sizeof(engine->error), "shard %u: journal: %s", shard,
             status == SP_IO         ? strerror(errno)
             : status == SP_BAD_BOOK ? "a block was rated with books that the store does not have"
                                     : sp_status_text(status));
  }
  sp_journal_close(journal);
  return status;
}

static void *engine_run(void *context)
{
  struct engine *engine = context;
  sp_heap_init(&engine->memory);
  sp_heap_init(&engine->resolving);
  engine->status = engine_make(engine);
  while (engine->status == SP_OK) {
    engine->shard = atomic_fetch_add(engine->turn, 1);
    if (engine->shard >= engine->world->dir.shard_count) {
      break;
    }
    engine->status = shard_price(engine, engine->shard);
  }
  engine_free(engine);
  return NULL;
}

static uint32_t threads_count(const struct sp_world *world)
{
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  uint32_t count = processors < 1             ? 1
                   : processors > THREADS_MAX ? THREADS_MAX
                                              : (uint32_t)processors;
  return count < world->dir.shard_count ? count : world->dir.shard_count;
}

/* Of the first shard that failed: those before it were all taken, whichever thread had them. false:
 * said on stderr. */
static bool engines_good(const struct engine *engines, uint32_t count)
{
  const struct engine *first = NULL;
  for (uint32_t i = 0; i < count; i++) {
    if (engines[i].status != SP_OK && (first == NULL || engines[i].shard < first->shard)) {
      first = engines + i;
    }
  }
  if (first != NULL) {
    fprintf(stderr, "suanpan: %s: %s\n", first->world->dir.path,
            first->error[0] != '\0' ? first->error : sp_status_text(first->status));
  }
  return first == NULL;
}

/* All shards; the first engine's tally has all sums afterwards. false: said on stderr. */
static bool engines_run(struct engine *engines, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    engines[i].started = sp_replay_tally_make(&engines[i].tally, engines[i].world->directory,
                                              i == 0 ? NULL : &engines[0].tally);
    if (i == 0 && engines[0].started) {
      const struct sp_world *world = engines[0].world;
      sp_replay_plans(&engines[0].tally, world->books[world->books_count]);
      sp_replay_plans(&engines[0].tally, engines[0].books);
    }
    if (engines[i].started) {
      engines[i].started = pthread_create(&engines[i].thread, NULL, engine_run, engines + i) == 0;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!engines[i].started) {
      engines[i].status = SP_NO_MEMORY;
    } else {
      (void)pthread_join(engines[i].thread, NULL);
    }
  }
  if (!engines_good(engines, count)) {
    return false;
  }
  for (uint32_t i = 1; i < count; i++) {
    sp_replay_merge(&engines[0].tally, &engines[i].tally);
  }
  return true;
}

/* Whether these are the store's books. */
static bool books_own(struct sp_world *world, const struct sp_books *books)
{
  bool own = books->count == world->books_count;
  for (uint32_t i = 0; own && i < books->count; i++) {
    const uint8_t *hash = books->book[i].header->hash;
    uint32_t k = 0;
    while (k < world->books_count &&
           memcmp(world->book[k].header->hash, hash, sizeof(books->book->header->hash)) != 0) {
      k++;
    }
    own = k < world->books_count;
  }
  return own;
}

struct replayed {                      /* what records are priced by */
  const struct sp_books *others;       /* as given */
  const struct sp_books *books;        /* the same, or of a cycle with the store's own */
  const struct sp_replay_cycle *cycle; /* NULL: all that there are */
};

static int world_replay(struct sp_world *world, const struct replayed *by,
                        const struct sp_replay_asked *asked)
{
  uint32_t count = threads_count(world);
  struct engine *engines = calloc(count, sizeof(*engines));
  if (engines == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  bool own = books_own(world, by->others);
  _Atomic uint32_t turn = 0;
  for (uint32_t i = 0; i < count; i++) {
    engines[i].world = world;
    engines[i].own = own;
    engines[i].cycle = by->cycle;
    engines[i].books = own ? world->books[world->books_count] : by->books;
    engines[i].turn = &turn;
  }
  int code = SP_EXIT_ENVIRONMENT;
  if (engines_run(engines, count)) {
    struct sp_replay_view view = {&engines[0].tally, by->others, asked->cycle, true, asked->top};
    (asked->json ? sp_replay_json : sp_replay_print)(&view);
    if (asked->cycle != NULL && engines[0].tally.all.records == 0) {
      fprintf(stderr, "suanpan: %s: no record that can be priced starts in cycle %s\n",
              world->dir.path, asked->cycle);
    }
    code = SP_EXIT_DONE;
  }
  for (uint32_t i = count; i-- > 0;) {
    sp_replay_tally_free(&engines[i].tally, i > 0);
  }
  free(engines);
  return code;
}

static int others_replay(struct sp_world *world, const struct sp_books *others,
                         struct sp_memory *memory, const struct sp_replay_asked *asked)
{
  const struct sp_books *own = world->books[world->books_count];
  struct replayed by = {others, others, NULL};
  struct sp_replay_cycle cycle;
  if (!sp_replay_currency_is_one(own, others)) {
    return SP_EXIT_BOOK;
  }
  if (asked->cycle != NULL) {
    sp_replay_cycle_open(&cycle, others, asked->cycle_number);
    enum sp_status status = sp_replay_cycle_books(&cycle, own, memory, &by.books);
    if (status == SP_BAD_BOOK) {
      fprintf(stderr,
              "suanpan: --cycle: the other book does not go with the store's own: expected the "
              "same timezone, home_country and cycle_day, and at most %d books together; nothing "
              "was replayed\n",
              SP_BOOKS_MAX);
      return SP_EXIT_BOOK;
    }
    if (status != SP_OK) {
      fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
      return SP_EXIT_ENVIRONMENT;
    }
    by.cycle = &cycle;
  }
  return world_replay(world, &by, asked);
}

static int books_replay(struct sp_world *world, const struct sp_replay_asked *asked)
{
  struct sp_problem_list list;
  struct sp_memory memory;
  struct sp_books *books = sp_heap_take(sizeof(*books));
  struct sp_loaded_book *loaded = sp_heap_take(SP_BOOKS_MAX * sizeof(*loaded));
  sp_heap_init(&memory);
  sp_problem_list_init(&list);
  enum sp_status status = SP_NO_MEMORY;
  if (books != NULL && loaded != NULL) {
    status =
        sp_books_load(books, loaded, asked->books->values, asked->books->count, &memory, &list);
  }
  int code = status == SP_BAD_BOOK ? SP_EXIT_BOOK : SP_EXIT_ENVIRONMENT;
  if (status == SP_OK) {
    code = others_replay(world, books, &memory, asked);
    for (size_t i = 0; i < asked->books->count; i++) {
      sp_book_unload(loaded + i);
    }
  } else {
    sp_problem_list_print(&list, stderr);
    fprintf(stderr, "suanpan: %s; nothing was replayed\n", sp_status_text(status));
  }
  sp_problem_list_free(&list);
  sp_memory_free(&memory);
  sp_heap_give(loaded, SP_BOOKS_MAX * sizeof(*loaded));
  sp_heap_give(books, sizeof(*books));
  return code;
}

int sp_replay_store(const struct sp_replay_asked *asked)
{
  struct sp_world *world = sp_heap_take(sizeof(*world));
  if (world == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  int code = sp_world_open(world, asked->path);
  if (code == SP_EXIT_DONE) {
    code = books_replay(world, asked);
  }
  sp_world_close(world);
  sp_heap_give(world, sizeof(*world));
  return code;
}
