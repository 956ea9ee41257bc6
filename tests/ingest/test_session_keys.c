/* Keys of sessions against an obvious list, through growth and windows; and without memory. */
#include "ingest/session_keys.h"
#include "rating/hash.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/refusing.h"
#include "tools/heap.h"

#include <string.h>

#define WINDOW_S 1000

struct added {
  uint64_t key;
  int64_t start_s;
  struct sp_session_place place;
};

static void key_make(uint64_t key, uint64_t key_hash[2])
{
  struct sp_hash128 hash = sp_hash128(&key, sizeof(key), 7);
  key_hash[0] = hash.low;
  key_hash[1] = hash.high;
}

static enum sp_status look(struct sp_session_keys *keys, const uint64_t key_hash[2],
                           int64_t start_s, int64_t watermark_s, struct sp_session_place *place)
{
  const struct sp_session_record record = {start_s, watermark_s, watermark_s};
  return sp_session_keys_look(keys, key_hash, &record, place);
}

/* The obvious way: of all that were added with the key the one that starts first within the range.
 */
static const struct added *obvious(const struct added *list, size_t count, uint64_t key,
                                   int64_t from_s, int64_t last_s)
{
  const struct added *found = NULL;
  for (size_t i = 0; i < count; i++) {
    if (list[i].key == key && list[i].start_s >= from_s && list[i].start_s <= last_s &&
        (found == NULL || list[i].start_s < found->start_s)) {
      found = &list[i];
    }
  }
  return found;
}

/* As after a crash: some keys are there from the beginning, of records that come much later, and
 * come again before, within the window and behind it. */
START_TEST(test_against_list)
{
  enum { COUNT = 6000, AHEAD = 500, KEYS = 1500 };
  static struct added list[COUNT + AHEAD];
  size_t count = 0, found_count = 0, later = 0;
  uint64_t key_hash[2];
  struct sp_memory memory;
  struct sp_session_keys *keys;
  struct sp_session_place place;
  sp_heap_init(&memory);
  draw_begin(17);
  ck_assert_int_eq(sp_session_keys_open(&keys, &memory, WINDOW_S), SP_OK);
  for (uint64_t i = 0; i < AHEAD; i++) {
    list[count] = (struct added){i, 100000 + (int64_t)i * 12 + 1500, {63, (uint32_t)i}};
    key_make(i, key_hash);
    REQUIRE(sp_session_keys_add(keys, key_hash, list[count].start_s, list[count].place) == SP_OK);
    count++;
  }
  for (uint32_t i = 0; i < COUNT; i++) {
    int64_t now_s = 100000 + (int64_t)i, start_s = now_s - draw(900);
    uint64_t key = draw(KEYS);
    const struct added *expected = obvious(list, count, key, now_s - WINDOW_S, start_s + WINDOW_S);
    later += expected == NULL && obvious(list, count, key, now_s - WINDOW_S, INT64_MAX) != NULL;
    key_make(key, key_hash);
    sp_session_keys_prefetch(keys, key_hash);
    list[count] = (struct added){key, start_s, {i % 63, i}};
    place = list[count].place;
    REQUIRE(look(keys, key_hash, start_s, now_s, &place) == SP_OK);
    expected = expected == NULL ? &list[count++] : expected;
    REQUIRE(place.shard == expected->place.shard && place.ordinal == expected->place.ordinal);
    found_count += expected->place.ordinal != i ? 1 : 0;
  }
  ck_assert(found_count > 1000 && later > 100 && count > AHEAD + 2000);
  sp_session_keys_close(keys);
  sp_memory_free(&memory);
}
END_TEST

/* A shard that counts from a later watermark has lost a mark that others are still held against;
 * its new one takes the place. */
START_TEST(test_shard_further)
{
  const struct sp_session_place old = {1, 10};
  const struct sp_session_record early = {5000, 5000, 5000}, further = {5400, 5400, 6100};
  struct sp_memory memory;
  struct sp_session_keys *keys;
  uint64_t key_hash[2];
  key_make(1, key_hash);
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_session_keys_open(&keys, &memory, WINDOW_S), SP_OK);
  ck_assert_int_eq(sp_session_keys_add(keys, key_hash, 5000, old), SP_OK);
  struct sp_session_place place = {2, 20};
  ck_assert_int_eq(sp_session_keys_look(keys, key_hash, &further, &place), SP_OK);
  ck_assert(place.shard == 1 && place.ordinal == 10);
  place = (struct sp_session_place){1, 11};
  ck_assert_int_eq(sp_session_keys_look(keys, key_hash, &early, &place), SP_OK);
  ck_assert(place.shard == 1 && place.ordinal == 10);
  place = (struct sp_session_place){1, 12};
  ck_assert_int_eq(sp_session_keys_look(keys, key_hash, &further, &place), SP_OK);
  ck_assert(place.shard == 1 && place.ordinal == 12);
  place = (struct sp_session_place){2, 21};
  ck_assert_int_eq(look(keys, key_hash, 6300, 6300, &place), SP_OK);
  ck_assert(place.shard == 1 && place.ordinal == 12);
  ck_assert_uint_eq(sp_session_keys_count(keys), 1);
  sp_session_keys_close(keys);
  sp_memory_free(&memory);
}
END_TEST

/* What is gone makes room; the rest stays, however often tables grow. */
START_TEST(test_growth)
{
  enum { COUNT = 300000, LIVE = 50000 }; /* a window of seconds with a key each */
  struct sp_memory memory;
  struct sp_session_keys *keys;
  struct sp_session_place place;
  uint64_t key_hash[2];
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_session_keys_open(&keys, &memory, LIVE), SP_OK);
  for (uint32_t i = 0; i < COUNT; i++) {
    key_make(i, key_hash);
    place = (struct sp_session_place){i % 4, i};
    REQUIRE(look(keys, key_hash, i, i, &place) == SP_OK && place.ordinal == i);
  }
  for (uint32_t i = 0; i < COUNT; i++) {
    key_make(i, key_hash);
    place = (struct sp_session_place){4, i};
    if (i < COUNT - LIVE + 1000) { /* those that are not gone */
      continue;
    }
    REQUIRE(look(keys, key_hash, COUNT, COUNT, &place) == SP_OK);
    REQUIRE(place.shard == i % 4 && place.ordinal == i);
  }
  ck_assert_uint_lt(sp_session_keys_count(keys), LIVE * 4);
  ck_assert_uint_lt(memory.bytes_total, LIVE * 6 * 24);
  sp_session_keys_close(keys);
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
    struct sp_session_keys *keys = NULL;
    enum sp_status status = sp_session_keys_open(&keys, &memory, WINDOW_S);
    for (uint32_t i = 0; status == SP_OK && i < 20000; i++) {
      uint64_t key_hash[2];
      key_make(i, key_hash);
      status = sp_session_keys_add(keys, key_hash, i, (struct sp_session_place){1, i});
    }
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    complete = status == SP_OK;
    sp_session_keys_close(keys);
    ck_assert_int_eq(refusing.held, 0);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_against_list);
  tcase_add_test(tests, test_shard_further);
  tcase_add_test(tests, test_growth);
  tcase_add_test(tests, test_no_memory);
  return check_run("session_keys", tests);
}
