/* The order of a destination's rates is that of sort.Sort of Go 1.22: digests of its permutations,
 * made with that program from the same numbers, which must not be others. */
#include "rating/cgrates_price.h"
#include "tests/check_run.h"
#include "tests/draw.h"

enum { ITEMS_MAX = 256, TIMINGS = 256, ROUNDS = 400 };

static struct sp_cg_timing timings[TIMINGS]; /* the n-th begins at n */
static struct sp_cgrates tariff = {.timings = timings};
static struct sp_cg_interval items[ITEMS_MAX];
static const struct sp_cg_interval *order[ITEMS_MAX];

static uint64_t arranged(uint64_t digest, uint32_t count)
{
  sp__cg_intervals_arrange(&tariff, order, count);
  for (uint32_t i = 0; i < count; i++) {
    digest = digest * UINT64_C(1099511628211) + order[i]->row;
  }
  return digest;
}

static void setup(void)
{
  for (uint32_t i = 0; i < TIMINGS; i++) {
    timings[i].start_ns = i;
  }
  for (uint32_t i = 0; i < ITEMS_MAX; i++) {
    items[i] = (struct sp_cg_interval){.row = i};
    order[i] = items + i;
  }
  draw_seed = 20261201;
}

enum kind { AT_RANDOM, EQUALS, RISING, FALLING, UP_AND_DOWN, KINDS };

static void items_make(enum kind kind, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    order[i] = items + i;
    items[i].weight = kind == AT_RANDOM ? draw(3) : 0;
    items[i].timing = kind == AT_RANDOM                      ? draw(24)
                      : kind == EQUALS                       ? draw(6)
                      : kind == RISING                       ? i
                      : kind == UP_AND_DOWN && i < count / 2 ? i
                                                             : count - i;
  }
  for (uint32_t k = kind == RISING || kind == FALLING ? draw(8) : 0; k > 0; k--) {
    uint32_t a = draw(count), b = draw(count), kept = items[a].timing;
    items[a].timing = items[b].timing;
    items[b].timing = kept;
  }
}

/* Heavier ones that begin later than lighter ones make it an order that is none. Each is sorted
 * twice, as a call sorts them for each of its spans. */
START_TEST(test_orders)
{
  static const uint64_t wanted[KINDS] = {UINT64_C(0x8B3E4FBAD7CD14CA), UINT64_C(0x1553902E5D8DF148),
                                         UINT64_C(0x77E4061BF41D0558), UINT64_C(0x8532DD7A9F992256),
                                         UINT64_C(0x2FB8E627AC28B338)};
  setup();
  for (int kind = 0; kind < KINDS; kind++) {
    uint64_t digest = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
      uint32_t count = 1 + draw(200);
      items_make((enum kind)kind, count);
      digest = arranged(arranged(digest, count), count);
    }
    ck_assert_msg(digest == wanted[kind], "kind %d: %016" PRIX64, kind, digest);
  }
}
END_TEST

/* Every pivot of these is a bad one, until a heap sorts the rest. */
START_TEST(test_heap)
{
  static const uint8_t starts[] = {2,  3,  4,  5,  6,  7,  8,  9,  14, 0,  10, 13,
                                   17, 33, 34, 32, 36, 11, 1,  31, 15, 18, 20, 12,
                                   29, 16, 19, 30, 21, 22, 28, 27, 26, 25, 24, 23};
  setup();
  for (uint32_t i = 0; i < sizeof(starts); i++) {
    items[i].timing = starts[i];
  }
  uint64_t digest = arranged(0, sizeof(starts));
  ck_assert_msg(digest == UINT64_C(0x0A775A5F3D07BA0C), "%016" PRIX64, digest);
  for (uint32_t i = 1; i < sizeof(starts); i++) {
    ck_assert_uint_lt(order[i - 1]->timing, order[i]->timing);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_orders);
  tcase_add_test(tests, test_heap);
  return check_run("cgrates_sort", tests);
}
