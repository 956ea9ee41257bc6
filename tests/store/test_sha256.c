/* SHA-256 against the examples of FIPS 180-4 (NIST "Secure Hash Standard" examples), in pieces too.
 */
#include <string.h>

#include "store/sha256.h"
#include "tests/check_run.h"

static const struct {
  const char *text;
  size_t repeat;
  const char *digest;
} vectors[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrs"
     "mnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

START_TEST(vectors_hold)
{
  char hex[SP_SHA256_HEX_BYTES];
  uint8_t digest[SP_SHA256_BYTES];
  struct sp_sha256 sha;
  sp_sha256_begin(&sha);
  for (size_t i = 0; i < vectors[_i].repeat; i++) {
    sp_sha256_add(&sha, vectors[_i].text, strlen(vectors[_i].text));
  }
  sp_sha256_end(&sha, digest);
  sp_sha256_hex(digest, hex);
  ck_assert_str_eq(hex, vectors[_i].digest);
}
END_TEST

START_TEST(pieces_do_not_matter)
{
  uint8_t bytes[300];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)(i * 7U);
  }
  for (size_t size = 0; size <= sizeof bytes; size++) {
    struct sp_sha256 whole;
    struct sp_sha256 cut;
    uint8_t digest_whole[SP_SHA256_BYTES];
    uint8_t digest_cut[SP_SHA256_BYTES];
    sp_sha256_begin(&whole);
    sp_sha256_add(&whole, bytes, size);
    sp_sha256_end(&whole, digest_whole);
    sp_sha256_begin(&cut);
    for (size_t at = 0, step = 1; at < size; at += step, step = step * 3U % 71U + 1U) {
      step = step < size - at ? step : size - at;
      sp_sha256_add(&cut, bytes + at, step);
    }
    sp_sha256_end(&cut, digest_cut);
    ck_assert_mem_eq(digest_whole, digest_cut, sizeof digest_cut);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, vectors_hold, 0, (int)(sizeof vectors / sizeof *vectors));
  tcase_add_test(tests, pieces_do_not_matter);
  return check_run("sha256", tests);
}
