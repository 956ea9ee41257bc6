/* Row groups written by another thread: the same bytes as by one thread, every error reported, no
 * end without an answer. */
#include <stdlib.h>

#include "tests/check_run.h"
#include "tools/snapshot_relay.h"

enum { BATCHES = 40, BATCH = 1000 };

struct target {
  uint64_t hash, size;
  int writes_left; /* -1: no limit */
};

static enum sp_status target_write(void *context, const void *bytes, size_t size)
{
  struct target *target = context;
  if (target->writes_left == 0) {
    return SP_IO;
  }
  target->writes_left -= target->writes_left > 0;
  for (size_t i = 0; i < size; i++) {
    target->hash = (target->hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3U;
  }
  target->size += size;
  return SP_OK;
}

static enum sp_status fill(struct sp_parquet *writer, const struct sp_snapshot_relay *relay)
{
  static int64_t values[2][BATCH];
  for (int64_t batch = 0; batch < BATCHES; batch++) {
    for (int64_t i = 0; i < BATCH; i++) {
      values[0][i] = batch * BATCH + i;
      values[1][i] = (batch * BATCH + i) % 7;
    }
    sp_parquet_append_i64(writer, 0, values[0], NULL, BATCH);
    sp_parquet_append_i64(writer, 1, values[1], NULL, BATCH);
    struct sp_parquet_group *full = sp_parquet_rows_end(writer);
    if (full != NULL) {
      SP_TRY(relay == NULL ? sp_parquet_group_write(writer, full)
                           : relay->write(relay->context, writer, full));
    }
  }
  return SP_OK;
}

static enum sp_status write_file(struct target *target, bool by_thread)
{
  static const struct sp_parquet_column columns[] = {{"row", SP_PARQUET_I64, false},
                                                     {"rest", SP_PARQUET_U32, false}};
  struct sp_parquet_schema schema = {columns, 2, 2 * SP_PARQUET_BATCH_MAX, 0, by_thread ? 2 : 1};
  struct sp_parquet_sink sink = {target_write, target};
  schema.group_count_max = sp_parquet_groups(BATCHES * BATCH, 0, schema.group_rows_max);
  size_t size = (sp_parquet_memory_bytes(&schema) + 63U) & ~(size_t)63U;
  void *memory = aligned_alloc(64, size);
  struct sp_parquet *writer;
  ck_assert_ptr_nonnull(memory);
  struct sp_relay *relay = by_thread ? sp_relay_start() : NULL;
  struct sp_snapshot_relay by = sp_relay_of(relay);
  ck_assert(!by_thread || relay != NULL);
  enum sp_status status = sp_parquet_open(&writer, memory, &schema, &sink);
  if (status == SP_OK) {
    status = fill(writer, relay == NULL ? NULL : &by);
    if (relay != NULL) {
      enum sp_status waited = by.wait(by.context);
      status = status == SP_OK ? waited : status;
    }
    status = status == SP_OK ? sp_parquet_close(writer, NULL, NULL) : status;
  }
  sp_relay_stop(relay);
  free(memory);
  return status;
}

START_TEST(two_threads_give_the_bytes_of_one)
{
  struct target one = {.writes_left = -1};
  struct target two = {.writes_left = -1};
  ck_assert_int_eq(write_file(&one, false), SP_OK);
  ck_assert_int_eq(write_file(&two, true), SP_OK);
  ck_assert_uint_eq(one.size, two.size);
  ck_assert_uint_eq(one.hash, two.hash);
}
END_TEST

START_TEST(every_failing_write_is_reported)
{
  enum sp_status status = SP_IO;
  int writes = 0;
  for (; status == SP_IO && writes < 1000; writes++) {
    struct target target = {.writes_left = writes};
    status = write_file(&target, true);
    ck_assert(status == SP_IO || status == SP_OK);
  }
  ck_assert_int_eq(status, SP_OK);
  ck_assert_int_gt(writes, 40); /* two columns, two pieces each, some ten groups */
}
END_TEST

START_TEST(a_relay_may_have_nothing_to_do)
{
  struct sp_relay *relay = sp_relay_start();
  ck_assert_ptr_nonnull(relay);
  struct sp_snapshot_relay by = sp_relay_of(relay);
  ck_assert_int_eq(by.wait(by.context), SP_OK);
  sp_relay_stop(relay);
  sp_relay_stop(NULL);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, two_threads_give_the_bytes_of_one);
  tcase_add_test(tests, every_failing_write_is_reported);
  tcase_add_test(tests, a_relay_may_have_nothing_to_do);
  return check_run("snapshot_relay", tests);
}
