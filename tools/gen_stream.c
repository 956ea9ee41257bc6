#include "tools/gen_stream.h"

#include "rating/status.h"

#include <stdlib.h>

#define STREAM_MAGIC 0x6e65672d6c616e31u
#define RECENT_MAX 4096u /* power of 2: originals of duplicates */
#define CHAIN_PARTS_MAX 6u
#define CHAIN_STEP_S 1800
#define HOLD_ROOM_MIN 1024u

/* Records that wait for their time: a binary heap by (release_s, order). */
struct hold {
  struct sp_gen_usage *items; /* owned */
  size_t count, room;
};

struct sp_gen_stream {
  uint64_t magic;
  const struct sp_gen_world *world;
  struct sp_gen_maker maker;
  struct sp_gen_judge judge;
  struct hold hold;
  uint64_t order, debt; /* debt: lines that chains have taken from later slots */
  uint64_t weight_all, weight_done;
  uint64_t slots_done, minute_slots, minute_at; /* of the present minute */
  int64_t minute;                               /* from the first midnight; -1 before the first */
  struct sp_gen_usage *recent;                  /* owned; RECENT_MAX */
  uint64_t recent_count;
  struct sp_gen_usage current;
  char line[SP_GEN_LINE_MAX];
};

/* Traffic of the hours on a workday, and of the days. */
static const uint8_t hour_weight[24] = {6,  3,  2,  1,  2,  5,  12, 24, 42, 56, 60, 58,
                                        50, 46, 52, 56, 58, 60, 58, 54, 50, 42, 28, 14};

static uint64_t minute_weight(int64_t minute)
{
  int32_t day = (int32_t)(minute / 1440);
  char type = sp__gen_day_type(day);
  uint64_t of_day = type == 'w' ? 10 + (sp__gen_weekday(day) == 4) : type == 'e' ? 8 : 6;
  return hour_weight[minute % 1440 / 60] * of_day;
}

static bool before(const struct sp_gen_usage *a, const struct sp_gen_usage *b)
{
  return a->release_s != b->release_s ? a->release_s < b->release_s : a->order < b->order;
}

static bool hold_push(struct hold *hold, const struct sp_gen_usage *usage)
{
  if (hold->count == hold->room) {
    size_t room = hold->room == 0 ? HOLD_ROOM_MIN : hold->room * 2;
    struct sp_gen_usage *items = realloc(hold->items, room * sizeof *items);
    if (items == NULL) {
      return false;
    }
    hold->items = items;
    hold->room = room;
  }
  size_t at = hold->count++;
  while (at > 0 && before(usage, &hold->items[(at - 1) / 2])) {
    hold->items[at] = hold->items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  hold->items[at] = *usage;
  return true;
}

static void hold_pop(struct hold *hold, struct sp_gen_usage *usage)
{
  *usage = hold->items[0];
  const struct sp_gen_usage *last = &hold->items[--hold->count];
  size_t at = 0;
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= hold->count) {
      break;
    }
    if (child + 1 < hold->count && before(&hold->items[child + 1], &hold->items[child])) {
      child++;
    }
    if (!before(&hold->items[child], last)) {
      break;
    }
    hold->items[at] = hold->items[child];
    at = child;
  }
  hold->items[at] = *last;
}

struct sp_gen_stream *sp__gen_stream_open(const struct sp_gen_world *world)
{
  struct sp_gen_stream *stream = calloc(1, sizeof *stream);
  if (stream == NULL) {
    return NULL;
  }
  stream->magic = STREAM_MAGIC;
  stream->world = world;
  stream->minute = -1;
  sp__gen_maker_init(&stream->maker, world);
  stream->recent = calloc(RECENT_MAX, sizeof *stream->recent);
  if (!sp__gen_judge_init(&stream->judge, world) || stream->recent == NULL) {
    sp__gen_stream_close(stream);
    return NULL;
  }
  for (int64_t hour = 0; hour < (int64_t)world->options.days * 24; hour++) {
    stream->weight_all += minute_weight(hour * 60) * 60;
  }
  return stream;
}

void sp__gen_stream_close(struct sp_gen_stream *stream)
{
  SP_ASSERT(stream != NULL && stream->magic == STREAM_MAGIC);
  sp__gen_judge_free(&stream->judge);
  free(stream->hold.items);
  free(stream->recent);
  stream->magic = 0;
  free(stream);
}

const struct sp_gen_judge *sp__gen_stream_judge(const struct sp_gen_stream *stream)
{
  SP_ASSERT(stream->magic == STREAM_MAGIC);
  return &stream->judge;
}

/* Moves to the next minute that has a slot left; false: all records are made. */
static bool slot_find(struct sp_gen_stream *stream)
{
  uint64_t records = stream->world->options.records;
  while (stream->minute_at == stream->minute_slots) {
    if (stream->slots_done == records) {
      return false;
    }
    stream->minute++;
    stream->weight_done += minute_weight(stream->minute);
    /* weights of two years stay below 2^30, records below 2^34 */
    uint64_t until = records * stream->weight_done / stream->weight_all;
    stream->minute_slots = until - stream->slots_done;
    stream->minute_at = 0;
    stream->slots_done = until;
  }
  return true;
}

static int64_t slot_time(struct sp_gen_stream *stream)
{
  uint64_t spread = sp__random_below(&stream->maker.random, 60);
  uint64_t second = (stream->minute_at * 60 + spread) / stream->minute_slots;
  return stream->minute * 60 + (int64_t)second;
}

/* Whether the subscriber's records of that time are priced by a plan whose partials are simple. */
static bool may_chain(const struct sp_gen_stream *stream, const struct sp_gen_usage *usage)
{
  struct sp_gen_subscriber s = sp__gen_subscriber(stream->world, usage->served);
  uint64_t left = stream->world->options.records - stream->slots_done;
  bool sound =
      !s.no_plan && !s.two_plans && s.plan != SP_GEN_STEPS && s.change_day == SP_GEN_ALWAYS;
  bool used = usage->service == SP_GEN_VOICE ? usage->duration_s > 0 && !usage->ip
                                             : usage->down_bytes > CHAIN_PARTS_MAX;
  return sound && used && left > stream->debt + 64;
}

/* Part k of n of a whole: its share of the quantities, at its own time. */
static struct sp_gen_usage part_of(const struct sp_gen_usage *whole, uint32_t k, uint32_t n)
{
  struct sp_gen_usage part = *whole;
  part.part = (uint8_t)k;
  part.parts = (uint8_t)n;
  part.plant = SP_GEN_PARTIAL;
  part.chain_start_s = whole->start_s;
  part.start_s = whole->start_s + (int64_t)(k - 1) * CHAIN_STEP_S;
  part.duration_s = CHAIN_STEP_S;
  if (k == n) {
    part.duration_s = whole->duration_s % CHAIN_STEP_S + 1;
    part.up_bytes = whole->up_bytes - whole->up_bytes / n * (n - 1);
    part.down_bytes = whole->down_bytes - whole->down_bytes / n * (n - 1);
  } else {
    part.up_bytes = whole->up_bytes / n;
    part.down_bytes = whole->down_bytes / n;
  }
  part.seq = k;
  return part;
}

/* Cuts a record into a chain: the first part stays, the others wait for their time. */
static bool chain_make(struct sp_gen_stream *stream, struct sp_gen_usage *usage, uint64_t bits)
{
  uint32_t n = 2 + (uint32_t)(bits % (CHAIN_PARTS_MAX - 1));
  struct sp_gen_usage whole = *usage;
  if (usage->service == SP_GEN_VOICE) {
    whole.session = whole.id * 0x9e3779b1u & 0xffffffffffu;
    whole.total = (uint64_t)(n - 1) * CHAIN_STEP_S + whole.duration_s % CHAIN_STEP_S + 1;
  } else {
    whole.total = whole.up_bytes + whole.down_bytes;
  }
  for (uint32_t k = 1; k <= n; k++) {
    struct sp_gen_usage part = part_of(&whole, k, n);
    part.order = stream->order++;
    part.release_s = (uint64_t)part.start_s;
    if (bits >> 8 & 1u && k < n) {
      part.release_s += 2 * CHAIN_STEP_S + 60; /* this one is overtaken */
    }
    part.id = k == 1 ? whole.id : stream->maker.next_id++;
    if (!hold_push(&stream->hold, &part)) {
      return false;
    }
  }
  stream->debt += n - 1;
  return true;
}

/* Repeats a recent sound record, spelled otherwise, or with another quantity. */
static void repeat_make(struct sp_gen_stream *stream, struct sp_gen_usage *usage, uint64_t bits,
                        bool conflict)
{
  uint64_t held = stream->recent_count < RECENT_MAX ? stream->recent_count : RECENT_MAX;
  uint64_t release_s = usage->release_s;
  *usage = stream->recent[(bits >> 8) % held];
  usage->release_s = release_s;
  usage->style = (usage->style & 255u) | ((uint32_t)(bits >> 32) & ~255u);
  usage->plant = conflict ? SP_GEN_CONFLICT : SP_GEN_DUPLICATE;
  if (!conflict) {
    return;
  }
  if (usage->service == SP_GEN_VOICE) {
    usage->duration_s += 7;
  } else if (usage->service == SP_GEN_DATA) {
    usage->down_bytes += 1;
  } else {
    usage->items += 1;
  }
}

/* Sends a record later than it began; too late: past the window for duplicates. */
static bool delay_make(struct sp_gen_stream *stream, struct sp_gen_usage *usage, uint64_t bits,
                       uint32_t draw)
{
  if (draw < 6) {
    int64_t past_s =
        (SP_GEN_WINDOW_DAYS + 3) * (int64_t)SP_GEN_DAY_S + (int64_t)(bits % (4 * SP_GEN_DAY_S));
    if (usage->start_s < past_s + SP_GEN_DAY_S || stream->judge.in < 1000) {
      return hold_push(&stream->hold, usage);
    }
    usage->start_s -= past_s;
    usage->plant = SP_GEN_TOO_LATE;
  } else if (draw < 300) {
    usage->plant = SP_GEN_LATE;
    usage->release_s += 3600 + bits % (5 * SP_GEN_DAY_S);
  } else {
    usage->plant = SP_GEN_OUT_OF_ORDER;
    usage->release_s += 1 + bits % 600;
  }
  return hold_push(&stream->hold, usage);
}

/* Plants a fault by chance (per 100,000). *ready: usage is to be sent now, else it waits. */
static bool plant_make(struct sp_gen_stream *stream, struct sp_gen_usage *usage, bool *ready)
{
  static const struct {
    uint32_t below;
    enum sp_gen_plant plant;
  } faults[] = {
      {20, SP_GEN_BAD_LINE},  {40, SP_GEN_SERVICE_UNKNOWN},     {60, SP_GEN_BAD_START},
      {80, SP_GEN_BAD_FIELD}, {180, SP_GEN_UNKNOWN_SUBSCRIBER}, {220, SP_GEN_UNKNOWN_PREFIX},
      {240, SP_GEN_NO_RATE},  {640, SP_GEN_PRE_RATED}};
  uint64_t bits = sp__random_next(&stream->maker.random);
  uint32_t draw = (uint32_t)(bits >> 40) % 100000;
  bits = sp__random_next(&stream->maker.random);
  *ready = true;
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    if (draw < faults[i].below) {
      sp__gen_spoil(&stream->maker, faults[i].plant, usage);
      return true;
    }
  }
  bool repeat = draw < 1200 && stream->recent_count > 0;
  if (repeat) {
    repeat_make(stream, usage, bits, draw < 690);
    return true;
  }
  bool chain = draw >= 1200 && draw < 1500 && usage->service != SP_GEN_SMS &&
               usage->service != SP_GEN_MMS && !stream->world->options.simple;
  if (chain && may_chain(stream, usage)) {
    *ready = false;
    return chain_make(stream, usage, bits);
  }
  if (draw >= 1500 && draw < 3500) {
    *ready = false;
    return delay_make(stream, usage, bits, draw - 1500);
  }
  return true;
}

static void recent_add(struct sp_gen_stream *stream, const struct sp_gen_record *record)
{
  if (stream->current.plant == SP_GEN_PLAIN && record->verdict.outcome == SP_GEN_RATED) {
    stream->recent[stream->recent_count++ % RECENT_MAX] = stream->current;
  }
}

static enum sp_gen_result record_send(struct sp_gen_stream *stream, struct sp_gen_record *record)
{
  record->usage = &stream->current;
  record->line = stream->line;
  record->bytes = sp__gen_line(stream->world, &stream->current, stream->line);
  if (!sp__gen_judge(&stream->judge, &stream->current, &record->verdict)) {
    return SP_GEN_NO_MEMORY;
  }
  recent_add(stream, record);
  return SP_GEN_RECORD;
}

enum sp_gen_result sp__gen_stream_next(struct sp_gen_stream *stream, struct sp_gen_record *record)
{
  SP_ASSERT(stream->magic == STREAM_MAGIC);
  struct sp_gen_usage *usage = &stream->current;
  for (;;) {
    bool slot = slot_find(stream);
    int64_t now_s = slot ? stream->minute * 60 : INT64_MAX;
    if (stream->hold.count > 0 && (int64_t)stream->hold.items[0].release_s <= now_s) {
      hold_pop(&stream->hold, usage);
      return record_send(stream, record);
    }
    if (!slot) {
      return SP_GEN_END;
    }
    int64_t start_s = slot_time(stream);
    stream->minute_at++;
    if (stream->debt > 0) {
      stream->debt--;
      continue;
    }
    sp__gen_make(&stream->maker, start_s, usage);
    usage->release_s = (uint64_t)start_s;
    usage->order = stream->order++;
    bool ready = true;
    if (!stream->world->options.clean && !plant_make(stream, usage, &ready)) {
      return SP_GEN_NO_MEMORY;
    }
    if (ready) {
      return record_send(stream, record);
    }
  }
}
