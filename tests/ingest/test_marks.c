/* Duplicate marks against an obvious list; through the checkpoint and back; over any number of
 * shards. */
#include "ingest/marks.h"
#include "rating/hash.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/refusing.h"
#include "tools/heap.h"

#include <string.h>

#define WINDOW_S 1000

struct event {
  uint64_t key;
  uint64_t payload;
  int64_t start_s;
};

static void event_key(const struct event *event, uint64_t key_hash[2])
{
  struct sp_hash128 hash = sp_hash128(&event->key, sizeof(event->key), 7);
  key_hash[0] = hash.low;
  key_hash[1] = hash.high;
}

/* The obvious way: look at everything that came before. */
static enum sp_mark_seen obvious(const struct event *events, const bool *left, size_t at,
                                 int64_t window_start_s, uint64_t *first)
{
  for (size_t i = at; i-- > 0;) {
    if (left[i] && events[i].key == events[at].key) {
      if (events[i].start_s < window_start_s) {
        return SP_MARK_NEW;
      }
      *first = i;
      return events[i].payload == events[at].payload ? SP_MARK_DUPLICATE : SP_MARK_CONFLICT;
    }
  }
  return SP_MARK_NEW;
}

static void events_make(struct event *events, size_t count, uint64_t seed)
{
  int64_t now_s = 1767225600;
  draw_begin(seed);
  for (size_t i = 0; i < count; i++) {
    now_s += draw(3);
    events[i].key = draw((uint32_t)count / 3 + 1);
    events[i].payload = draw(3);
    events[i].start_s = now_s - draw(WINDOW_S / 2);
  }
}

START_TEST(test_against_list)
{
  enum { COUNT = 6000 };
  static struct event events[COUNT];
  static bool left[COUNT];
  struct sp_memory memory;
  struct sp_marks *marks;
  uint64_t seen[3] = {0, 0, 0};
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 0), SP_OK);
  events_make(events, COUNT, 11);
  int64_t latest_s = 0;
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t key[2], first = 0, first_seen = 0;
    latest_s = events[i].start_s > latest_s ? events[i].start_s : latest_s;
    event_key(&events[i], key);
    ck_assert_int_eq(sp_marks_reserve(marks, 1), SP_OK);
    sp_marks_prefetch(marks, key);
    enum sp_mark_seen expected = obvious(events, left, i, latest_s - WINDOW_S, &first);
    enum sp_mark_seen mark =
        sp_marks_check(marks, key, events[i].payload, latest_s - WINDOW_S, &first_seen);
    ck_assert_int_eq(mark, expected);
    seen[mark]++;
    left[i] = mark == SP_MARK_NEW;
    if (left[i]) {
      ck_assert_int_eq(sp_marks_add(marks, key, events[i].payload, events[i].start_s, i), SP_OK);
    } else {
      ck_assert_uint_eq(first_seen, first);
    }
  }
  ck_assert(seen[SP_MARK_NEW] > 1000 && seen[SP_MARK_DUPLICATE] > 500 &&
            seen[SP_MARK_CONFLICT] > 500);
  ck_assert_uint_lt(sp_marks_count(marks), COUNT);
  sp_marks_close(marks);
  sp_memory_free(&memory);
}
END_TEST

/* 200,000 keys: every table grows several times, every mark stays. */
START_TEST(test_growth)
{
  enum { COUNT = 200000 };
  struct sp_memory memory;
  struct sp_marks *marks;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 0), SP_OK);
  for (uint64_t i = 0; i < COUNT; i++) {
    struct event event = {.key = i};
    uint64_t key[2], first = 0;
    event_key(&event, key);
    REQUIRE(sp_marks_check(marks, key, i, 0, &first) == SP_MARK_NEW);
    REQUIRE(sp_marks_add(marks, key, i, 5, i) == SP_OK);
  }
  ck_assert_uint_eq(sp_marks_count(marks), COUNT);
  for (uint64_t i = 0; i < COUNT; i++) {
    struct event event = {.key = i};
    uint64_t key[2], first = 0;
    event_key(&event, key);
    REQUIRE(sp_marks_check(marks, key, i, 0, &first) == SP_MARK_DUPLICATE);
    REQUIRE(first == i);
  }
  sp_marks_close(marks);
  sp_memory_free(&memory);
}
END_TEST

/* When all is gone, tables do not grow. */
START_TEST(test_window_frees)
{
  struct sp_memory memory;
  struct sp_marks *marks;
  uint64_t bytes = 0;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 30000), SP_OK);
  for (uint64_t i = 0; i < 500000; i++) {
    struct event event = {.key = i};
    uint64_t key[2], first = 0;
    event_key(&event, key);
    REQUIRE(sp_marks_check(marks, key, i, (int64_t)i - 8000, &first) == SP_MARK_NEW);
    REQUIRE(sp_marks_add(marks, key, i, (int64_t)i, i) == SP_OK);
    if (i % 1000 == 0) {
      sp_marks_saved(marks);
      bytes = i == 20000 ? memory.bytes_total : bytes;
    }
  }
  ck_assert_uint_eq(memory.bytes_total, bytes);
  sp_marks_close(marks);
  sp_memory_free(&memory);
}
END_TEST

START_TEST(test_edges)
{
  struct sp_memory memory;
  struct sp_marks *marks;
  uint64_t zeros[2] = {0, 0}, one[2] = {1, 0}, first = 0;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 0), SP_OK);
  sp_marks_resume(marks, UINT64_C(0x1FFFFFFFF));
  ck_assert_int_eq(sp_marks_check(marks, zeros, 1, 100, &first), SP_MARK_NEW);
  ck_assert_int_eq(sp_marks_add(marks, zeros, 1, 100, UINT64_C(0x1FFFFFFFF)), SP_OK);
  ck_assert_int_eq(sp_marks_check(marks, zeros, 1, 100, &first), SP_MARK_DUPLICATE);
  ck_assert_uint_eq(first, UINT64_C(0x1FFFFFFFF));
  one[0] = 2;
  ck_assert_int_eq(sp_marks_add(marks, one, 1, 150, UINT64_C(0x200000005)), SP_OK);
  ck_assert_int_eq(sp_marks_check(marks, zeros, 2, 100, &first), SP_MARK_CONFLICT);
  ck_assert_uint_eq(first, UINT64_C(0x1FFFFFFFF)); /* over the edge of 32 bits */
  ck_assert_int_eq(sp_marks_check(marks, zeros, 1, 101, &first), SP_MARK_NEW); /* gone */
  ck_assert_int_eq(sp_marks_check(marks, zeros, 1, 100, &first), SP_MARK_NEW); /* for ever */
  ck_assert_int_eq(sp_marks_add(marks, zeros, 9, 160, UINT64_C(0x200000006)), SP_OK);
  ck_assert_int_eq(sp_marks_check(marks, zeros, 9, 101, &first), SP_MARK_DUPLICATE);
  ck_assert_uint_eq(first, UINT64_C(0x200000006));
  ck_assert_uint_eq(sp_marks_count(marks), 2);
  ck_assert_int_eq(sp_marks_load(marks, "short", 5, 0), SP_BAD_FORMAT);
  sp_marks_close(marks);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 0), SP_OK);
  sp_marks_resume(marks, 8);
  uint32_t stored[6] = {1, 1, 1, 7, 100, 0}; /* a key, ordinal 7, its start, a payload */
  ck_assert_int_eq(sp_marks_load(marks, stored, sizeof(stored), 0), SP_OK);
  stored[3] = 8; /* of a record that is yet to come */
  ck_assert_int_eq(sp_marks_load(marks, stored, sizeof(stored), 0), SP_BAD_FORMAT);
  stored[0] = stored[1] = stored[3] = 0;
  ck_assert_int_eq(sp_marks_load(marks, stored, sizeof(stored), 0), SP_BAD_FORMAT);
  sp_marks_close(marks);
  sp_memory_free(&memory);
}
END_TEST

/* One checkpoint: what `one` has not saved yet goes to `loaded`; how many chunks that were. */
static size_t chunks_move(struct sp_marks *one, struct sp_marks *loaded, char *saved)
{
  const void *bytes;
  size_t length, chunks = 0;
  for (; sp_marks_chunk(one, chunks, &bytes, &length); chunks++) {
    memcpy(saved, bytes, length);
    ck_assert_int_eq(sp_marks_load(loaded, saved, length, 0), SP_OK);
  }
  sp_marks_saved(one);
  ck_assert(!sp_marks_chunk(one, 0, &bytes, &length));
  return chunks;
}

/* Saved in several checkpoints and loaded, the marks say the same; so do three shards together. */
START_TEST(test_saved_and_shards)
{
  enum { COUNT = 5000, SHARDS = 3 };
  static struct event events[COUNT];
  static char saved[COUNT * SP_MARK_BYTES];
  size_t chunks = 0;
  struct sp_memory memory;
  struct sp_marks *one, *loaded, *shards[SHARDS];
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&one, &memory, 0), SP_OK);
  ck_assert_int_eq(sp_marks_open(&loaded, &memory, 1000), SP_OK);
  for (int s = 0; s < SHARDS; s++) {
    ck_assert_int_eq(sp_marks_open(&shards[s], &memory, 0), SP_OK);
  }
  events_make(events, COUNT, 29);
  int64_t latest_s = 0;
  uint64_t shard_ordinal = 0;
  sp_marks_resume(loaded, COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t key[2], first = 0;
    latest_s = events[i].start_s > latest_s ? events[i].start_s : latest_s;
    event_key(&events[i], key);
    struct sp_marks *shard = shards[key[1] % SHARDS];
    ck_assert_int_eq(sp_marks_reserve(one, 1), SP_OK);
    enum sp_mark_seen mark =
        sp_marks_check(one, key, events[i].payload, latest_s - WINDOW_S, &first);
    ck_assert_int_eq(sp_marks_check(shard, key, events[i].payload, latest_s - WINDOW_S, &first),
                     mark);
    if (mark == SP_MARK_NEW) {
      ck_assert_int_eq(sp_marks_add(one, key, events[i].payload, events[i].start_s, i), SP_OK);
      ck_assert_int_eq(
          sp_marks_add(shard, key, events[i].payload, events[i].start_s, shard_ordinal++), SP_OK);
    }
    if (i % 1700 == 1699 || i == COUNT - 1) {
      chunks += chunks_move(one, loaded, saved);
    }
  }
  ck_assert_uint_gt(chunks, 6);
  struct sp_marks_sum expected = sp_marks_sum(one, latest_s - WINDOW_S);
  struct sp_marks_sum sum = sp_marks_sum(loaded, latest_s - WINDOW_S);
  ck_assert_uint_gt(expected.count, 100);
  ck_assert_mem_eq(&sum, &expected, sizeof(sum));
  memset(&sum, 0, sizeof(sum));
  for (int s = 0; s < SHARDS; s++) {
    struct sp_marks_sum part = sp_marks_sum(shards[s], latest_s - WINDOW_S);
    sum.low += part.low;
    sum.high += part.high;
    sum.count += part.count;
    sp_marks_close(shards[s]);
  }
  ck_assert_mem_eq(&sum, &expected, sizeof(sum));
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t key[2], first = 0, first_loaded = 0;
    event_key(&events[i], key);
    ck_assert_int_eq(sp_marks_check(one, key, 0, latest_s - WINDOW_S, &first),
                     sp_marks_check(loaded, key, 0, latest_s - WINDOW_S, &first_loaded));
    ck_assert_uint_eq(first, first_loaded);
  }
  sp_marks_close(one);
  sp_marks_close(loaded);
  sp_memory_free(&memory);
}
END_TEST

START_TEST(test_chunk_is_gone)
{
  struct sp_memory memory;
  struct sp_marks *marks;
  const void *bytes;
  size_t length;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&marks, &memory, 0), SP_OK);
  static const int64_t starts_s[] = {100, 300, 200}; /* the latest decides, wherever it stands */
  for (uint64_t i = 0; i < 3; i++) {
    struct event event = {.key = i};
    uint64_t key[2];
    event_key(&event, key);
    ck_assert_int_eq(sp_marks_add(marks, key, i, starts_s[i], i), SP_OK);
  }
  ck_assert(sp_marks_chunk(marks, 0, &bytes, &length));
  ck_assert(!sp_marks_chunk_is_gone(bytes, length, INT64_MIN));
  ck_assert(!sp_marks_chunk_is_gone(bytes, length, 300));
  ck_assert(sp_marks_chunk_is_gone(bytes, length, 301));
  ck_assert(!sp_marks_chunk_is_gone(bytes, length - SP_MARK_BYTES, 300));
  ck_assert(sp_marks_chunk_is_gone(bytes, SP_MARK_BYTES, 101));
  sp_marks_close(marks);
  sp_memory_free(&memory);
}
END_TEST

struct visited {
  uint64_t low; /* a sum over what was visited, whatever the order */
  uint64_t count;
};

static enum sp_status visited_add(void *context, const uint64_t key_hash[2], int64_t start_utc_s,
                                  uint32_t ordinal)
{
  struct visited *visited = context;
  const uint64_t content[4] = {key_hash[0], key_hash[1], (uint64_t)start_utc_s, ordinal};
  visited->low += sp_hash128(content, sizeof(content), 3).low;
  visited->count++;
  return SP_OK;
}

/* While marks are held every one that was left and starts at the instant or later is visited, also
 * where a later one of its key took its place or its table grew; what check says is the same. */
START_TEST(test_hold)
{
  enum { COUNT = 30000, FROM_S = 1767225600 + 9000 };
  static struct event events[COUNT];
  struct sp_memory memory;
  struct sp_marks *held, *plain;
  struct visited expected = {0, 0}, visited = {0, 0};
  int64_t latest_s = 0;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_marks_open(&held, &memory, 0), SP_OK);
  ck_assert_int_eq(sp_marks_open(&plain, &memory, 0), SP_OK);
  sp_marks_hold(held, FROM_S);
  events_make(events, COUNT, 43);
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t key[2], first = 0, first_held = 0;
    latest_s = events[i].start_s > latest_s ? events[i].start_s : latest_s;
    event_key(&events[i], key);
    enum sp_mark_seen mark =
        sp_marks_check(plain, key, events[i].payload, latest_s - WINDOW_S, &first);
    REQUIRE(sp_marks_check(held, key, events[i].payload, latest_s - WINDOW_S, &first_held) == mark);
    REQUIRE(first == first_held);
    if (mark == SP_MARK_NEW) {
      REQUIRE(sp_marks_add(plain, key, events[i].payload, events[i].start_s, i) == SP_OK);
      REQUIRE(sp_marks_add(held, key, events[i].payload, events[i].start_s, i) == SP_OK);
      if (events[i].start_s >= FROM_S) {
        const uint64_t stored[2] = {key[0], (uint32_t)key[1]};
        REQUIRE(visited_add(&expected, stored, events[i].start_s, (uint32_t)i) == SP_OK);
      }
    }
  }
  ck_assert_int_eq(sp_marks_visit(held, 0, FROM_S, visited_add, &visited), SP_OK);
  ck_assert_uint_eq(visited.count, expected.count);
  ck_assert_uint_eq(visited.low, expected.low);
  struct visited odd = {0, 0}, none = {0, 0};
  ck_assert_int_eq(sp_marks_visit(held, 1, FROM_S, visited_add, &odd), SP_OK);
  ck_assert(odd.count > expected.count / 3 && odd.count < expected.count);
  ck_assert_int_eq(sp_marks_visit(held, 1, INT64_MAX, visited_add, &none), SP_OK);
  ck_assert_uint_eq(none.count, 0);
  uint64_t bytes = memory.bytes_total;
  sp_marks_hold_end(held);
  ck_assert_uint_lt(memory.bytes_total, bytes);
  visited.count = 0;
  ck_assert_int_eq(sp_marks_visit(held, 0, FROM_S, visited_add, &visited), SP_OK);
  ck_assert_uint_lt(visited.count + 1000, expected.count); /* whose places were taken */
  sp_marks_close(held);
  sp_marks_close(plain);
  sp_memory_free(&memory);
}
END_TEST

/* The k-th piece of memory is refused, for every k: NO_MEMORY, and everything is given back. */
START_TEST(test_no_memory)
{
  bool complete = false;
  for (long k = 0; !complete; k += k < 257 ? 1 : 50) {
    struct refusing refusing = {.left = k};
    struct sp_memory memory = refusing_memory(&refusing);
    struct sp_marks *marks = NULL;
    enum sp_status status = sp_marks_open(&marks, &memory, 0);
    if (status == SP_OK) {
      sp_marks_hold(marks, 0);
    }
    for (uint64_t i = 0; status == SP_OK && i < 20000; i++) {
      struct event event = {.key = i % 19000}; /* those that come again are held */
      uint64_t key[2];
      event_key(&event, key);
      status = sp_marks_reserve(marks, 1);
      if (status == SP_OK) {
        status = sp_marks_add(marks, key, i, 5, i);
      }
    }
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    complete = status == SP_OK;
    sp_marks_close(marks);
    ck_assert_int_eq(refusing.held, 0);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_against_list);
  tcase_add_test(tests, test_growth);
  tcase_add_test(tests, test_window_frees);
  tcase_add_test(tests, test_edges);
  tcase_add_test(tests, test_saved_and_shards);
  tcase_add_test(tests, test_chunk_is_gone);
  tcase_add_test(tests, test_hold);
  tcase_add_test(tests, test_no_memory);
  return check_run("marks", tests);
}
