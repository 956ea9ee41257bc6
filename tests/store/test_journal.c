/* The journal's promise when a sync fails or never came: what a later reader finds is what is on
 * disk. fdatasync and fsync stand here in place of libc's, which dlsym finds. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/journal.h"
#include "tests/check_run.h"
#include "tests/folder.h"

static bool sync_fails;
static unsigned syncs;

int fdatasync(int fd);
int fsync(int fd);

static int sync_counted(const char *name, int fd)
{
  int (*next)(int);
  void *found = dlsym(RTLD_NEXT, name);
  memcpy(&next, &found, sizeof(next));
  syncs++;
  if (sync_fails) {
    errno = EIO;
    return -1;
  }
  return next(fd);
}

int fdatasync(int fd)
{
  return sync_counted("fdatasync", fd);
}

int fsync(int fd)
{
  return sync_counted("fsync", fd);
}

static char folder[PATH_MAX];
static struct sp_block_builder *builder;
static struct sp_block_view *view;

static void setup(void)
{
  test_folder_make(folder);
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  sync_fails = false;
}

static void teardown(void)
{
  test_folder_remove(folder);
  sp_block_builder_free(builder);
  sp_block_view_free(view);
}

/* An empty block of this number; valid until the next. */
static size_t block_make(uint64_t number, const uint8_t **bytes)
{
  struct sp_block_header header = {.shard_count = 1, .number = number, .books_count = 1};
  size_t length;
  sp_block_begin(builder);
  ck_assert_int_eq(sp_block_close(builder, &header, 1, bytes, &length), SP_OK);
  return length;
}

static void append(struct sp_journal *journal, uint64_t number)
{
  const uint8_t *bytes;
  size_t length = block_make(number, &bytes);
  ck_assert_int_eq(sp_journal_append(journal, number, bytes, length), SP_OK);
}

/* Opens, reads to the end and gives the number of blocks; the journal is ready for more if it is
 * writable. */
static unsigned reopen(struct sp_journal **journal, bool writable)
{
  unsigned count = 0;
  ck_assert_int_eq(sp_journal_open(journal, folder, writable), SP_OK);
  ck_assert_int_eq(sp_journal_seek(*journal, (struct sp_journal_place){0, 0}), SP_OK);
  while (sp_journal_next(*journal, view, true) == SP_OK) {
    count++;
  }
  ck_assert_uint_eq(sp_journal_torn_bytes(*journal), 0);
  if (writable) {
    ck_assert_int_eq(sp_journal_cut(*journal), SP_OK);
  }
  return count;
}

START_TEST(a_block_whose_sync_failed_is_not_there)
{
  struct sp_journal *journal;
  ck_assert_uint_eq(reopen(&journal, true), 0);
  append(journal, 1);
  ck_assert_int_eq(sp_journal_sync(journal), SP_OK);
  append(journal, 2);
  append(journal, 3);
  sync_fails = true;
  errno = 0;
  ck_assert_int_eq(sp_journal_sync(journal), SP_IO);
  ck_assert_int_eq(errno, EIO);
  sp_journal_close(journal);
  sync_fails = false;
  ck_assert_uint_eq(reopen(&journal, true), 1);
  append(journal, 2);
  ck_assert_int_eq(sp_journal_sync(journal), SP_OK);
  sp_journal_close(journal);
  ck_assert_uint_eq(reopen(&journal, false), 2);
  sp_journal_close(journal);
}
END_TEST

START_TEST(what_an_earlier_process_wrote_is_synced_before_more_is_built_on_it)
{
  struct sp_journal *journal;
  ck_assert_uint_eq(reopen(&journal, true), 0);
  append(journal, 1); /* and no sync: the process ends here */
  sp_journal_close(journal);
  syncs = 0;
  ck_assert_uint_eq(reopen(&journal, true), 1);
  ck_assert_uint_ge(syncs, 2); /* the segment, and its name in the folder */
  sp_journal_close(journal);
  ck_assert_int_eq(sp_journal_open(&journal, folder, true), SP_OK);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 0}), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_END);
  sync_fails = true;
  ck_assert_int_eq(sp_journal_cut(journal), SP_IO);
  sync_fails = false;
  sp_journal_close(journal);
}
END_TEST

START_TEST(a_place_that_cannot_be_is_not_found)
{
  struct sp_journal *journal;
  ck_assert_uint_eq(reopen(&journal, true), 0);
  append(journal, 1);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 512}), SP_NOT_FOUND);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){2, 0}), SP_NOT_FOUND);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){1, UINT64_MAX}),
                   SP_NOT_FOUND);
  sp_journal_close(journal);
}
END_TEST

enum { SEGMENTS = 20 };

/* A file of the folder that ends as it does; `cut` bytes of its block are left out. */
static void file_make(const char *name, unsigned number, size_t cut)
{
  char path[PATH_MAX + 64];
  const uint8_t *bytes;
  size_t length = block_make(number, &bytes);
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, length - cut, file), length - cut);
  ck_assert_int_eq(fclose(file), 0);
}

static void segment_make(unsigned number, size_t cut)
{
  char name[64];
  snprintf(name, sizeof(name), "%020u.spj", number);
  file_make(name, number, cut);
}

/* Reads to the end: how it ends, and how many blocks came in order. */
static enum sp_status read_all(bool writable, struct sp_journal **journal, unsigned *count)
{
  enum sp_status status;
  *count = 0;
  ck_assert_int_eq(sp_journal_open(journal, folder, writable), SP_OK);
  ck_assert_int_eq(sp_journal_seek(*journal, (struct sp_journal_place){0, 0}), SP_OK);
  while ((status = sp_journal_next(*journal, view, true)) == SP_OK) {
    ck_assert_uint_eq(sp_block_view_header(view)->number, ++*count);
    ck_assert_uint_eq(sp_journal_block_place(*journal).segment, *count);
  }
  return status;
}

START_TEST(segments_are_read_in_order_and_other_files_not_at_all)
{
  struct sp_journal *journal;
  unsigned count;
  for (unsigned i = SEGMENTS; i > 0; i--) {
    segment_make(i, 0);
  }
  file_make("00000000000000000000.spj", 99, 0);
  file_make("00000000000000000021.tmp", 99, 0);
  file_make("7.spj", 99, 0);
  file_make("notes", 99, 0);
  ck_assert_int_eq(read_all(true, &journal, &count), SP_END);
  ck_assert_uint_eq(count, SEGMENTS);
  ck_assert_int_eq(sp_journal_cut(journal), SP_OK);
  append(journal, SEGMENTS + 1);
  ck_assert_uint_eq(sp_journal_place(journal).segment, SEGMENTS);
  sp_journal_close(journal);
}
END_TEST

START_TEST(only_the_last_segment_may_have_a_torn_tail)
{
  struct sp_journal *journal;
  unsigned count;
  const uint8_t *bytes;
  size_t length = block_make(3, &bytes);
  for (size_t cut = 1; cut < length; cut += 37) {
    segment_make(1, 0);
    segment_make(2, 0);
    segment_make(3, cut);
    ck_assert_int_eq(read_all(true, &journal, &count), SP_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(sp_journal_torn_bytes(journal), length - cut);
    ck_assert_int_eq(sp_journal_cut(journal), SP_OK);
    sp_journal_close(journal);
    ck_assert_int_eq(read_all(false, &journal, &count), SP_END);
    ck_assert_uint_eq(sp_journal_torn_bytes(journal), 0); /* it was cut off */
    sp_journal_close(journal);
    segment_make(3, 0);
    segment_make(2, cut);
    enum sp_status status = read_all(false, &journal, &count);
    ck_assert(status == SP_BAD_FORMAT || status == SP_BAD_CHECKSUM);
    ck_assert_uint_eq(count, 1);
    sp_journal_close(journal);
  }
}
END_TEST

/* Bytes that look like the beginning of a block behind the damage, and are none. */
START_TEST(a_magic_word_alone_is_no_block)
{
  struct sp_journal *journal;
  const uint64_t magic = SP_BLOCK_MAGIC;
  char path[PATH_MAX + 64];
  unsigned count;
  segment_make(1, 0);
  snprintf(path, sizeof(path), "%s/%020u.spj", folder, 1u);
  FILE *file = fopen(path, "ab");
  ck_assert_ptr_nonnull(file);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_uint_eq(fwrite("torn ", 1, 5, file), 5);
    ck_assert_uint_eq(fwrite(&magic, 1, sizeof(magic), file), sizeof(magic));
  }
  ck_assert_int_eq(fclose(file), 0);
  ck_assert_int_eq(read_all(true, &journal, &count), SP_END);
  ck_assert_uint_eq(count, 1);
  ck_assert_uint_eq(sp_journal_torn_bytes(journal), 3 * 13);
  sp_journal_close(journal);
}
END_TEST

/* Files that go away, and a folder that was never there. */
START_TEST(what_cannot_be_read_is_said)
{
  struct sp_journal *journal;
  unsigned count;
  char path[PATH_MAX + 64];
  segment_make(1, 0);
  segment_make(2, 0);
  ck_assert_int_eq(read_all(true, &journal, &count), SP_END);
  snprintf(path, sizeof(path), "%s/%020u.spj", folder, 2u);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){2, 0}), SP_IO);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 0}), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_IO);
  ck_assert_int_eq(sp_journal_cut(journal), SP_IO);
  sp_journal_close(journal);
  ck_assert_int_eq(sp_journal_open(&journal, "/nonexistent/journal", false), SP_IO);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, a_block_whose_sync_failed_is_not_there);
  tcase_add_test(tests, what_an_earlier_process_wrote_is_synced_before_more_is_built_on_it);
  tcase_add_test(tests, a_place_that_cannot_be_is_not_found);
  tcase_add_test(tests, segments_are_read_in_order_and_other_files_not_at_all);
  tcase_add_test(tests, only_the_last_segment_may_have_a_torn_tail);
  tcase_add_test(tests, a_magic_word_alone_is_no_block);
  tcase_add_test(tests, what_cannot_be_read_is_said);
  return check_run("journal", tests);
}
