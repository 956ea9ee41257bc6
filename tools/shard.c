/* Records through one shard, and its blocks; see shard.h. */
#include "tools/shard.h"

#include <stdlib.h>
#include <string.h>

#include "tools/shard_inside.h"

#define AHEAD_WRITTEN 16u /* records ahead of the one at hand */

/* The last byte's line as well: a decoded record lies over one more every fourth time, a raw line
 * every other time. */
static inline void lines_prefetch(const void *at, size_t bytes)
{
  for (size_t line = 0; line < bytes; line += 64) {
    sp_line_fetch_once((const char *)at + line);
  }
  sp_line_fetch_once((const char *)at + bytes - 1);
}

/* What another thread wrote about it. */
static void prefetch_written(const struct sp_parcel *parcel, uint32_t i)
{
  lines_prefetch(&parcel->usages[i], sizeof(struct sp_usage));
  lines_prefetch(&parcel->batch.cdrs[i], sizeof(struct sp_cdr));
  sp_line_fetch_once(&parcel->batch.raws[i]);
  sp_line_fetch_once(&parcel->batch.positions[i]);
}

/* What that names, but for what the rater will ask for. */
static void prefetch_named(const struct sp_shard *shard, const struct sp_parcel *parcel, uint32_t i)
{
  const struct sp_usage *usage = &parcel->usages[i];
  sp_marks_prefetch(shard->marks, usage->key_hash);
  const struct sp_raw *raw = &parcel->batch.raws[i];
  sp_line_fetch_once(raw->at); /* of a usual one all */
  sp_line_fetch_once(raw->at + 64);
  sp_line_fetch_once(raw->at + raw->length);
  if (usage->subscriber != SP_NONE) {
    lines_prefetch(&shard->world->profiles[usage->subscriber], sizeof(struct sp_profile));
  }
  if (usage->group != SP_NONE) {
    lines_prefetch(&shard->world->group_profiles[usage->group], sizeof(struct sp_group_profile));
  }
}

/* For the records behind record k, which is the one at hand; before the first one it has wrapped.
 */
static void prefetch(const struct sp_shard *shard, const struct sp_parcel *parcel,
                     const uint16_t *order, uint32_t count, uint32_t k, int steps)
{
  const struct sp_usage *usages = parcel->usages, *ahead[SP_RATER_STEPS] = {NULL};
  if (k + AHEAD_WRITTEN < count) {
    prefetch_written(parcel, order[k + AHEAD_WRITTEN]);
  }
  if (k + sp_rater_ahead[0] < count) {
    prefetch_named(shard, parcel, order[k + sp_rater_ahead[0]]);
    ahead[0] = usages + order[k + sp_rater_ahead[0]];
  }
  for (int i = 1; i < SP_RATER_STEPS_NEAR; i++) {
    uint32_t at = k + sp_rater_ahead[i];
    ahead[i] = at < count ? usages + order[at] : NULL;
  }
  for (int i = SP_RATER_STEPS_NEAR; i < steps; i++) {
    uint32_t at = k + sp_rater_ahead[i];
    ahead[i] = at < count ? usages + order[at] : NULL;
  }
  sp_rater_prefetch(shard->rater, ahead, steps);
}

/* The stream's index in the open block. FULL: the block must be closed first. */
static enum sp_status stream_local(struct sp_shard *shard, const struct sp_stream *stream,
                                   uint32_t *local)
{
  if (stream->index >= shard->streams_size) {
    uint32_t size = stream->index * 2 + 16;
    struct sp_shard_stream *moved = realloc(shard->streams, size * sizeof(*moved));
    if (moved == NULL) {
      return SP_NO_MEMORY;
    }
    memset(moved + shard->streams_size, 0, (size - shard->streams_size) * sizeof(*moved));
    shard->streams = moved;
    shard->streams_size = size;
  }
  struct sp_shard_stream *known = &shard->streams[stream->index];
  if (known->stamp != shard->builder_stamp) {
    if (known->position == 0) {
      SP_TRY(sp__shard_position_add(shard, stream->name, stream->name_length, &known->position));
    }
    struct sp_block_stream row = {
        .name = stream->name,
        .columns = stream->columns,
        .name_length = stream->name_length,
        .columns_length = stream->columns_length,
        .format = stream->format,
        .next = shard->positions[known->position - 1].next,
    };
    SP_TRY(sp_block_stream_add(shard->builders[shard->builder_open], &row, &known->local));
    known->stamp = shard->builder_stamp;
  }
  *local = known->local;
  return SP_OK;
}

/* [CDR 5/9] dedup. in: a resolved record; out: new, duplicate or conflict; next: rate
 * (rating/rate.c). Tests 7 and 8 of book.md §5.3: the window, then the key. Of a key that another
 * shard has the router knows, and another customer's record has another payload. */
static enum sp_status dedup(struct sp_shard *shard, const struct sp_parcel *parcel, uint32_t i)
{
  const struct sp_usage *usage = &parcel->usages[i];
  struct sp_charge *charge = &shard->charge;
  if (sp_usage_is_beyond_window(usage)) {
    charge->outcome = SP_OUTCOME_SUSPENDED;
    charge->reason = SP_REASON_DUP_WINDOW_EXCEEDED;
    return SP_OK;
  }
  if (SP_UNLIKELY((usage->flags & SP_USAGE_ELSEWHERE) != 0)) {
    charge->outcome = SP_OUTCOME_CONFLICT;
    charge->reason = SP_REASON_CONFLICT;
    charge->conflict_fields = parcel->elsewhere_fields[i];
    return SP_OK;
  }
  uint64_t first = 0;
  switch (sp_marks_check(shard->marks, usage->key_hash, usage->payload_hash,
                         sp_usage_window_start_s(usage), &first)) {
  case SP_MARK_NEW:
    return sp_marks_add(shard->marks, usage->key_hash, usage->payload_hash, usage->start_utc_s,
                        shard->meta.ordinal);
  case SP_MARK_DUPLICATE:
    charge->outcome = SP_OUTCOME_DUPLICATE;
    return SP_OK;
  case SP_MARK_CONFLICT:
    charge->outcome = SP_OUTCOME_CONFLICT;
    charge->reason = SP_REASON_CONFLICT;
    return sp__first_record_compare(shard, first, &parcel->batch.cdrs[i], &charge->conflict_fields);
  }
  return SP_OK;
}

/* One record's outcome: everything up to here only reads; state changes only where the outcome is
 * rated or zero_rated. */
static enum sp_status judge(struct sp_shard *shard, const struct sp_parcel *parcel, uint32_t i)
{
  const struct sp_usage *usage = &parcel->usages[i];
  struct sp_charge *charge = &shard->charge;
  sp_charge_clear(charge);
  if (usage->subscriber == SP_NONE) {
    charge->outcome = SP_OUTCOME_SUSPENDED;
    charge->reason = usage->reason;
    SP_ASSERT(usage->reason != 0);
    return SP_OK;
  }
  SP_TRY(sp_rater_notice(shard->rater, usage));
  charge->outcome = SP_OUTCOME_RATED;
  SP_TRY(dedup(shard, parcel, i));
  if (charge->outcome != SP_OUTCOME_RATED) {
    return SP_OK;
  }
  SP_TRY(sp_rate(shard->rater, usage, charge, shard->trace));
  if (charge->outcome == SP_OUTCOME_RATED) {
    struct sp_fold_event event;
    sp_fold_event_make(&event, usage, charge, &shard->clock);
    struct sp_group_profile *group = NULL;
    if (usage->group != SP_NONE) {
      group = &shard->world->group_profiles[usage->group];
      shard->groups_touched[usage->group / 64] |= UINT64_C(1) << usage->group % 64;
    }
    sp_profile_fold(&shard->world->profiles[usage->subscriber], group, &event);
  }
  return SP_OK;
}

/* END: the last watched record has been judged. */
static enum sp_status judge_watched(struct sp_shard *shard, const struct sp_parcel *parcel,
                                    uint32_t i)
{
  struct sp_shard_watch *watch = shard->watch;
  bool watched = watch->ordinal == shard->meta.ordinal;
  if (watched) {
    watch->before(watch, shard, parcel, i);
    shard->trace = watch->trace;
  }
  SP_TRY(judge(shard, parcel, i));
  shard->trace = NULL;
  if (watched) {
    watch->after(watch, shard, parcel, i);
  }
  return watch->ordinal == UINT64_MAX ? SP_END : SP_OK;
}

static enum sp_status record_add(struct sp_shard *shard, const struct sp_parcel *parcel, uint32_t i,
                                 uint32_t local)
{
  const struct sp_usage *usage = &parcel->usages[i];
  if (SP_UNLIKELY(shard->watch != NULL)) {
    SP_TRY(judge_watched(shard, parcel, i));
  } else {
    SP_TRY(judge(shard, parcel, i));
  }
  struct sp_block_record record = {
      .raw = parcel->batch.raws[i].at,
      .cdr = parcel->batch.cdrs[i].reason == 0 ? &parcel->batch.cdrs[i] : NULL,
      .raw_length = parcel->batch.raws[i].length,
      .stream = local,
      .position = {parcel->batch.positions[i].offset, parcel->batch.positions[i].sub, 0},
      .behind_s = usage->behind_s,
      .subscriber = usage->subscriber,
      .account = usage->account,
      .group = usage->group,
      .roam = usage->roam,
      .zone = usage->zone,
      .net = usage->net,
      .place_flags = usage->flags,
  };
  struct sp_totals amounts = sp__record_amounts(usage);
  SP_TRY(sp_block_add(shard->builders[shard->builder_open], &record, &shard->charge, &amounts));
  shard->meta.ordinal++;
  return SP_OK;
}

void sp_shard_share_rater(struct sp_shard *shard, const struct sp_shard *lender)
{
  SP_ASSERT(!shard->rater_lent && !lender->rater_lent && shard->books == lender->books);
  sp_rater_free(shard->rater);
  shard->rater = lender->rater;
  shard->rater_lent = true;
}

enum sp_status sp_shard_records(struct sp_shard *shard, const struct sp_parcel *parcel,
                                const uint16_t *order, uint32_t count)
{
  SP_ASSERT(shard->magic == SP_SHARD_MAGIC && count <= SP_BATCH_RECORDS_MAX);
  if (count == 0) {
    return SP_OK;
  }
  uint32_t local;
  sp_rater_set_state(shard->rater, shard->state);
  SP_TRY(stream_local(shard, parcel->stream, &local));
  SP_TRY(sp_marks_reserve(shard->marks, count));
  int steps = sp_rater_prefetch_steps(shard->rater);
  for (uint32_t k = 0; k < AHEAD_WRITTEN; k++) {
    prefetch(shard, parcel, order, count, k - AHEAD_WRITTEN, steps);
  }
  for (uint32_t k = 0; k < count; k++) {
    prefetch(shard, parcel, order, count, k, steps);
    SP_TRY(record_add(shard, parcel, order[k], local));
  }
  return SP_OK;
}

enum sp_status sp_shard_open_next(struct sp_shard *shard)
{
  uint32_t next = (shard->builder_open + 1) % SP_BUILDERS_MAX;
  for (;;) {
    uint32_t seen = sp_gate_count(&shard->durable);
    if (atomic_load_explicit(&shard->builder_busy[next], memory_order_acquire) == 0) {
      break;
    }
    if (atomic_load_explicit(&shard->world->stop, memory_order_acquire) != 0) {
      return SP_IO;
    }
    sp_gate_wait(&shard->durable, seen);
  }
  shard->builder_open = next;
  shard->builder_stamp++;
  sp_block_begin(shard->builders[next]);
  return SP_OK;
}

/* Streams that moved get their new position in the block. `moved` tells whether there is anything
 * to write. */
static enum sp_status positions_cut(struct sp_shard *shard, const struct sp_cut *cut, bool *moved)
{
  *moved = sp_block_records(shard->builders[shard->builder_open]) > 0;
  for (uint32_t i = 0; i < cut->streams_count; i++) {
    const struct sp_cut_stream *row = &cut->streams[i];
    uint32_t local;
    SP_TRY(stream_local(shard, row->stream, &local));
    struct sp_name_position *known =
        &shard->positions[shard->streams[row->stream->index].position - 1];
    if (sp_position_compare(row->next, known->next) > 0) {
      *moved = true;
      known->changed = true;
      known->next = row->next;
    }
    sp_block_stream_next(shard->builders[shard->builder_open], local, known->next);
  }
  return SP_OK;
}

void sp__shard_advance(struct sp_shard *shard, const struct sp_block_header *header)
{
  struct sp_checkpoint_meta *meta = &shard->meta;
  meta->block = header->number;
  memcpy(meta->block_hash, header->hash, sizeof(meta->block_hash));
  memcpy(meta->books_hash, header->books_hash, sizeof(meta->books_hash));
  meta->books_count = header->books_count;
  meta->watermark_utc_s = header->watermark_utc_s;
  meta->suspense_sum += header->suspense_sum;
  meta->list_micro = (int64_t)((uint64_t)meta->list_micro + (uint64_t)header->list_micro);
  meta->net_micro = (int64_t)((uint64_t)meta->net_micro + (uint64_t)header->net_micro);
  sp_totals_add(&meta->in, &header->in);
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    sp_totals_add(&meta->outcomes[i], &header->outcomes[i]);
  }
}

enum sp_status sp_shard_cut(struct sp_shard *shard, const struct sp_cut *cut,
                            struct sp_closed *closed)
{
  SP_ASSERT(shard->magic == SP_SHARD_MAGIC);
  closed->shard = NULL;
  bool moved;
  SP_TRY(positions_cut(shard, cut, &moved));
  /* what it has seen before a crash may be later (tools/router.c) */
  shard->watermark_utc_s =
      cut->watermark_utc_s > shard->watermark_utc_s ? cut->watermark_utc_s : shard->watermark_utc_s;
  shard->meta.settled_utc_s = cut->settled_utc_s;
  struct sp_block_builder *builder = shard->builders[shard->builder_open];
  if (moved) {
    struct sp_block_header header = {
        .shard = shard->index,
        .shard_count = shard->world->dir.shard_count,
        .number = shard->meta.block + 1,
        .first_ordinal = shard->meta.ordinal - sp_block_records(builder),
        .books_count = shard->books->count,
        .watermark_utc_s = shard->watermark_utc_s,
        .in = cut->in[shard->index],
    };
    memcpy(header.books_hash, shard->books->hash, sizeof(header.books_hash));
    memcpy(header.previous_hash, shard->meta.block_hash, sizeof(header.previous_hash));
    SP_TRY(
        sp_block_close(builder, &header, SP_JOURNAL_ZSTD_LEVEL, &closed->bytes, &closed->length));
    SP_TRY(sp__block_index_add(shard, header.first_ordinal, header.number, closed->length));
    sp__shard_advance(shard, &header);
    closed->shard = shard;
    closed->builder = builder;
    closed->number = header.number;
    atomic_store_explicit(&shard->builder_busy[shard->builder_open], 1, memory_order_relaxed);
  } else {
    shard->builder_stamp++;
    sp_block_begin(builder);
  }
  if (cut->books != shard->books) {
    shard->books = cut->books;
    sp_rater_set_state(shard->rater, shard->state);
    SP_TRY(sp_rater_set_books(shard->rater, cut->books));
  }
  return SP_OK;
}

void sp_shard_durable(struct sp_shard *shard, const struct sp_closed *closed)
{
  uint64_t number = closed->number; /* *closed is the worker's again with the builder */
  const struct sp_block_builder *builder = closed->builder;
  for (uint32_t i = 0; i < SP_BUILDERS_MAX; i++) {
    if (shard->builders[i] == builder) {
      atomic_store_explicit(&shard->builder_busy[i], 0, memory_order_release);
    }
  }
  atomic_store_explicit(&shard->durable_block, number, memory_order_release);
  sp_gate_advance(&shard->durable);
}
