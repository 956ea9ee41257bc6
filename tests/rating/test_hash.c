/* rating/hash.h: pinned values (they are stored), every bit of the input counts, no collisions
 * among near keys. */
#include "rating/hash.h"
#include "tests/check_run.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(test_pinned)
{
  ck_assert_uint_eq(sp_hash64("", 0, 0), UINT64_C(0x0F406FC1914D565C));
  ck_assert_uint_eq(sp_hash64("13800138000", 11, 0), UINT64_C(0x719416B94AF75552));
  struct sp_hash128 hash =
      sp_hash128("voice|mo|8613800138000|8613900139000|1790000000|msc1|7", 54, 7);
  ck_assert_uint_eq(hash.low, UINT64_C(0x00C0D0F0E232432B));
  ck_assert_uint_eq(hash.high, UINT64_C(0xA2B9CC460AD9BD69));
}
END_TEST

START_TEST(test_every_bit_and_length)
{
  unsigned char bytes[80] = {0};
  for (size_t length = 0; length <= sizeof bytes; length++) {
    uint64_t plain = sp_hash64(bytes, length, 1);
    struct sp_hash128 wide = sp_hash128(bytes, length, 1);
    for (size_t bit = 0; bit < length * 8; bit++) {
      bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
      ck_assert_uint_ne(sp_hash64(bytes, length, 1), plain);
      struct sp_hash128 other = sp_hash128(bytes, length, 1);
      ck_assert_uint_ne(other.low, wide.low);
      ck_assert_uint_ne(other.high, wide.high);
      bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
    }
    ck_assert_uint_ne(sp_hash64(bytes, length, 2), plain);
    if (length > 0) {
      ck_assert_uint_ne(sp_hash64(bytes, length - 1, 1), plain);
    }
  }
}
END_TEST

static int compare_words(const void *a, const void *b)
{
  uint64_t x;
  uint64_t y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* 200,000 numbers in a row: no two hashes equal in any 64-bit word, and the low bits spread. */
START_TEST(test_near_keys)
{
  enum { KEYS = 200000, BUCKETS = 1024 };
  uint64_t *hashes = calloc(2 * KEYS, sizeof *hashes);
  uint32_t buckets[BUCKETS] = {0};
  ck_assert_ptr_nonnull(hashes);
  for (int i = 0; i < KEYS; i++) {
    char key[48];
    int length = snprintf(key, sizeof key, "86138%08d|86139%08d|%d", i, i * 7, i % 3);
    struct sp_hash128 wide = sp_hash128(key, (size_t)length, 0);
    hashes[i] = sp_hash64(key, (size_t)length, 0);
    ck_assert_uint_eq(wide.low, hashes[i]);
    hashes[KEYS + i] = wide.high;
    buckets[hashes[i] % BUCKETS]++;
  }
  qsort(hashes, 2 * KEYS, sizeof *hashes, compare_words);
  for (int i = 1; i < 2 * KEYS; i++) {
    ck_assert_uint_ne(hashes[i - 1], hashes[i]);
  }
  for (int i = 0; i < BUCKETS; i++) {
    ck_assert_uint_gt(buckets[i], 110);
    ck_assert_uint_lt(buckets[i], 290);
  }
  free(hashes);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_pinned);
  tcase_add_test(tests, test_every_bit_and_length);
  tcase_add_test(tests, test_near_keys);
  return check_run("hash", tests);
}
