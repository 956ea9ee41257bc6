/* The checkpoint's tables: what is put is read back, nothing of an aborted one, marks leave from
 * the front. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/checkpoint.h"
#include "tests/check_run.h"
#include "tests/folder.h"

enum { CHUNKS = 40, CHUNK_BYTES = 512 * 24 };

static char folder[PATH_MAX];
static struct sp_checkpoint *checkpoint;

static void setup(void)
{
  test_folder_make(folder);
  ck_assert_int_eq(sp_checkpoint_open(&checkpoint, folder, true), SP_OK);
}

static void teardown(void)
{
  sp_checkpoint_close(checkpoint);
  test_folder_remove(folder);
}

static struct sp_checkpoint_meta meta_of(uint64_t chunks)
{
  return (struct sp_checkpoint_meta){.version = SP_CHECKPOINT_VERSION, .marks_chunks = chunks};
}

/* A chunk is filled with its number; `length` of the last may be less. */
static void chunks_put(uint64_t from, uint64_t to, size_t length)
{
  static uint8_t bytes[CHUNK_BYTES];
  for (uint64_t i = from; i < to; i++) {
    memset(bytes, (int)i, length);
    ck_assert_int_eq(sp_checkpoint_put_marks(checkpoint, i, bytes, length), SP_OK);
  }
}

struct seen {
  uint64_t count, bytes;
  int first, last;
};

static enum sp_status see(void *context, const void *key, size_t key_length, const void *value,
                          size_t value_length)
{
  struct seen *seen = context;
  const uint8_t *bytes = value;
  (void)key;
  ck_assert_uint_eq(key_length, sizeof(uint64_t));
  seen->first = seen->count == 0 ? bytes[0] : seen->first;
  seen->last = bytes[value_length - 1];
  seen->count++;
  seen->bytes += value_length;
  return SP_OK;
}

static struct seen marks_seen(void)
{
  struct seen seen = {0, 0, -1, -1};
  uint64_t estimate;
  ck_assert_int_eq(sp_checkpoint_read_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_marks(checkpoint, see, &seen), SP_OK);
  ck_assert_int_eq(sp_checkpoint_marks_bytes(checkpoint, &estimate), SP_OK);
  sp_checkpoint_read_end(checkpoint);
  ck_assert_uint_ge(estimate, seen.bytes);
  ck_assert_uint_le(estimate, seen.bytes + seen.bytes / 3 + 8192);
  return seen;
}

static bool below(void *context, const void *marks, size_t length)
{
  (void)length;
  return ((const uint8_t *)marks)[0] < *(const int *)context;
}

static void trim(int limit, uint64_t chunks_max)
{
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_trim_marks(checkpoint, chunks_max, below, &limit), SP_OK);
  struct sp_checkpoint_meta meta = meta_of(CHUNKS);
  ck_assert_int_eq(sp_checkpoint_commit(checkpoint, &meta), SP_OK);
}

START_TEST(test_marks_leave)
{
  struct sp_checkpoint_meta meta = meta_of(CHUNKS);
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  chunks_put(0, CHUNKS - 1, CHUNK_BYTES);
  chunks_put(CHUNKS - 1, CHUNKS, 240);
  ck_assert_int_eq(sp_checkpoint_commit(checkpoint, &meta), SP_OK);
  struct seen seen = marks_seen();
  ck_assert_uint_eq(seen.count, CHUNKS);
  ck_assert_int_eq(seen.first, 0);
  trim(5, UINT64_MAX); /* up to the first that stays */
  seen = marks_seen();
  ck_assert_uint_eq(seen.count, CHUNKS - 5);
  ck_assert_int_eq(seen.first, 5);
  trim(CHUNKS, 3); /* no more than asked for */
  ck_assert_int_eq(marks_seen().first, 8);
  trim(CHUNKS, UINT64_MAX); /* all */
  ck_assert_uint_eq(marks_seen().count, 0);
  trim(CHUNKS, UINT64_MAX); /* of nothing */
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  chunks_put(CHUNKS, CHUNKS + 2, CHUNK_BYTES); /* numbers go on */
  ck_assert_int_eq(sp_checkpoint_commit(checkpoint, &meta), SP_OK);
  seen = marks_seen();
  ck_assert_uint_eq(seen.count, 2);
  ck_assert_int_eq(seen.last, CHUNKS + 1);
}
END_TEST

START_TEST(test_aborted)
{
  struct sp_checkpoint_meta meta = meta_of(2), read;
  ck_assert_int_eq(sp_checkpoint_read_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_meta(checkpoint, &read), SP_NOT_FOUND);
  sp_checkpoint_read_end(checkpoint);
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  chunks_put(0, 2, CHUNK_BYTES);
  ck_assert_int_eq(sp_checkpoint_commit(checkpoint, &meta), SP_OK);
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  int limit = 2;
  ck_assert_int_eq(sp_checkpoint_trim_marks(checkpoint, 2, below, &limit), SP_OK);
  chunks_put(2, 9, CHUNK_BYTES);
  sp_checkpoint_abort(checkpoint);
  ck_assert_uint_eq(marks_seen().count, 2);
  ck_assert_int_eq(sp_checkpoint_read_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_meta(checkpoint, &read), SP_OK);
  ck_assert_uint_eq(read.marks_chunks, 2);
  sp_checkpoint_read_end(checkpoint);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_marks_leave);
  tcase_add_test(tests, test_aborted);
  return check_run("checkpoint", tests);
}
