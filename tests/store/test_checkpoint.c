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

/* Turns a bit in the first copy of `text` in the file that holds the tables. */
static void turn(const char *text)
{
  char path[PATH_MAX + 16];
  static char bytes[1 << 20];
  snprintf(path, sizeof(path), "%s/data.mdb", folder);
  FILE *file = fopen(path, "r+b");
  ck_assert_ptr_nonnull(file);
  size_t length = fread(bytes, 1, sizeof(bytes), file);
  ck_assert_uint_lt(length, sizeof(bytes));
  size_t at = 0, of = strlen(text);
  while (at + of <= length && memcmp(bytes + at, text, of) != 0) {
    at++;
  }
  ck_assert_uint_le(at + of, length);
  ck_assert_int_eq(fseek(file, (long)(at + of - 1), SEEK_SET), 0);
  ck_assert_int_ne(fputc(bytes[at + of - 1] ^ 4, file), EOF);
  ck_assert_int_eq(fclose(file), 0);
}

static enum sp_status pass(void *context, const void *key, size_t key_length, const void *value,
                           size_t value_length)
{
  (void)context;
  (void)key;
  (void)value;
  return key_length > 0 && value_length > 0 ? SP_OK : SP_BAD_FORMAT;
}

/* What reading the tables ends with when a bit of `text` is another one. */
static void sealed(const char *text, enum sp_status meta_is, enum sp_status entries_are,
                   enum sp_status streams_are, enum sp_status marks_are)
{
  struct sp_checkpoint_meta meta = meta_of(0), read;
  memcpy(meta.block_hash, "hash of a block", sizeof(meta.block_hash));
  teardown();
  setup();
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_put(checkpoint, "key of one", 10, "value of one", 12), SP_OK);
  ck_assert_int_eq(sp_checkpoint_put(checkpoint, "key of two", 10, "value of two", 12), SP_OK);
  ck_assert_int_eq(sp_checkpoint_put_marks(checkpoint, 7, "a chunk", 7), SP_OK);
  ck_assert_int_eq(sp_checkpoint_put_stream(checkpoint, "a stream", 8, (struct sp_position){0}),
                   SP_OK);
  ck_assert_int_eq(sp_checkpoint_commit(checkpoint, &meta), SP_OK);
  sp_checkpoint_close(checkpoint);
  if (text != NULL) {
    turn(text);
  }
  ck_assert_int_eq(sp_checkpoint_open(&checkpoint, folder, false), SP_OK);
  ck_assert_int_eq(sp_checkpoint_read_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_meta(checkpoint, &read), meta_is);
  ck_assert_int_eq(sp_checkpoint_entries(checkpoint, pass, NULL), entries_are);
  ck_assert_int_eq(sp_checkpoint_streams(checkpoint, pass, NULL), streams_are);
  ck_assert_int_eq(sp_checkpoint_marks(checkpoint, pass, NULL), marks_are);
  sp_checkpoint_read_end(checkpoint);
}

START_TEST(test_seals)
{
  sealed(NULL, SP_OK, SP_OK, SP_OK, SP_OK);
  sealed("value of one", SP_OK, SP_BAD_CHECKSUM, SP_OK, SP_OK);
  sealed("key of two", SP_OK, SP_BAD_CHECKSUM, SP_OK, SP_OK);
  sealed("a stream", SP_OK, SP_OK, SP_BAD_CHECKSUM, SP_OK);
  sealed("hash of a block", SP_BAD_CHECKSUM, SP_OK, SP_OK, SP_OK);
  sealed("a chunk", SP_OK, SP_OK, SP_OK, SP_BAD_CHECKSUM);
  sp_checkpoint_close(checkpoint); /* trimming reads the marks, too */
  ck_assert_int_eq(sp_checkpoint_open(&checkpoint, folder, true), SP_OK);
  int limit = CHUNKS;
  ck_assert_int_eq(sp_checkpoint_begin(checkpoint), SP_OK);
  ck_assert_int_eq(sp_checkpoint_trim_marks(checkpoint, 1, below, &limit), SP_BAD_CHECKSUM);
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
  tcase_add_test(tests, test_seals);
  return check_run("checkpoint", tests);
}
