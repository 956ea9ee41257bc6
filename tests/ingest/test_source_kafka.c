/* A topic as a source, on the client's mock cluster in this process: formats, partitions, going on
 * at every record, what is not there. The mock proves no guarantee of a broker: tests/kafka does,
 * with a real one. */
#include "tests/check_run.h"
#include "tests/ingest/source_show.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define T0 "2026-03-03T10:00:00+08:00"
#define PARTITIONS 2

static rd_kafka_t *producer;
static rd_kafka_mock_cluster_t *cluster;
static const char *brokers;

static void cluster_make(void)
{
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  ck_assert_int_eq(rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", text, sizeof(text)),
                   RD_KAFKA_CONF_OK);
  ck_assert_int_eq(rd_kafka_conf_set(conf, "log_level", "0", text, sizeof(text)), RD_KAFKA_CONF_OK);
  ck_assert_int_eq(rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof(text)), RD_KAFKA_CONF_OK);
  producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
  ck_assert_ptr_nonnull(producer);
  cluster = rd_kafka_handle_mock_cluster(producer);
  ck_assert_ptr_nonnull(cluster);
  brokers = rd_kafka_mock_cluster_bootstraps(cluster);
  ck_assert_int_eq(rd_kafka_mock_topic_create(cluster, "usage", PARTITIONS, 1),
                   RD_KAFKA_RESP_ERR_NO_ERROR);
  warnings[0] = '\0';
}

static void cluster_end(void)
{
  rd_kafka_destroy(producer);
}

static void produce(int32_t partition, const char *bytes, size_t length)
{
  rd_kafka_resp_err_t error =
      rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("usage"), RD_KAFKA_V_PARTITION(partition),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_VALUE((void *)(uintptr_t)bytes, length), RD_KAFKA_V_END);
  ck_assert_int_eq(error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void produce_text(int32_t partition, const char *text)
{
  produce(partition, text, strlen(text));
}

static void produce_flush(void)
{
  ck_assert_int_eq(rd_kafka_flush(producer, 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static struct sp_source_options options_of(enum sp_decode_format format)
{
  struct sp_source_options options = {.brokers = brokers, .topic = "usage", .until_end = true};
  options.format = format;
  options.zone = show_zone;
  options.warn = note_warning;
  options.timeout_ms = 30000;
  return options;
}

static struct sp_source *source_open(const struct sp_source_options *options)
{
  struct sp_source *source;
  enum sp_status status = sp_source_open(&source, options);
  ck_assert_msg(status == SP_OK, "%s", sp_source_error(source));
  return source;
}

/* Of one partition only, so that their order is certain. */
static void records_of(struct records *records, const struct records *all, const char *stream)
{
  *records = (struct records){0};
  records->lines = calloc(all->count + 1, sizeof(char *));
  records->streams = calloc(all->count + 1, sizeof(char *));
  records->positions = calloc(all->count + 1, sizeof(struct sp_position));
  for (size_t i = 0; i < all->count; i++) {
    if (strcmp(all->streams[i], stream) == 0) {
      records->lines[records->count] = strdup(all->lines[i]);
      records->streams[records->count] = strdup(stream);
      records->positions[records->count++] = all->positions[i];
    }
  }
}

static void expect_lines(const struct records *records, const char *lines)
{
  char text[8192] = "";
  for (size_t i = 0; i < records->count; i++) {
    strncat(text, records->lines[i], sizeof(text) - strlen(text) - 1);
  }
  ck_assert_str_eq(text, lines);
}

static void read_all(struct records *records, enum sp_decode_format format)
{
  struct sp_source_options options = options_of(format);
  struct sp_source *source = source_open(&options);
  *records = (struct records){0};
  records_read(records, source, SP_END);
  sp_source_close(source);
}

START_TEST(test_json)
{
  struct records all, one;
  produce_text(0, "{\"service\":\"sms\",\"start\":\"" T0 "\",\"id\":\"a\"}");
  produce_text(1, "{\"service\":\"sms\",\"start\":\"" T0 "\",\"id\":\"other\"}");
  produce_text(0, "no json");
  produce_text(0, "");
  produce_text(0, "{\n\"service\":\"sms\",\n\"start\":\"" T0 "\",\"id\":\"\\u4e2d\", \"x\":1}\n");
  produce_flush();
  read_all(&all, SP_FORMAT_UNKNOWN);
  ck_assert_uint_eq(all.count, 4);
  records_of(&one, &all, "kafka/usage/0");
  expect_lines(&one, "ok service=sms start=1772503200 id=a\nbad_line\n"
                     "ok service=sms start=1772503200 id=\xE4\xB8\xAD\n");
  ck_assert_uint_eq(one.positions[2].offset, 3);
  records_free(&one);
  records_of(&one, &all, "kafka/usage/1");
  expect_lines(&one, "ok service=sms start=1772503200 id=other\n");
  records_free(&one);
  records_free(&all);
  ck_assert_ptr_nonnull(strstr(warnings, "unknown keys are left out: x"));
}
END_TEST

START_TEST(test_csv)
{
  struct records all;
  produce_text(0, "id,service,start\na,sms," T0 "\nb,sms," T0 "\n");
  produce_text(0, "service,start,id\nsms," T0 ",c");
  produce_text(0, "id,service,start\nd,sms," T0 "\n");
  produce_text(0, "e,sms,,,,," T0 ",,,,,,,,,,,,,,,,,,,\nshort\n");
  produce_text(0, "# nothing\n");
  produce_text(0, "id,service,start\r\nf,\"s\"\"m\",never\r\n");
  produce_flush();
  read_all(&all, SP_FORMAT_CSV);
  expect_lines(&all, "ok service=sms start=1772503200 id=a\nok service=sms start=1772503200 id=b\n"
                     "ok service=sms start=1772503200 id=c\nok service=sms start=1772503200 id=d\n"
                     "ok service=sms start=1772503200 id=e\nbad_line\nservice_unknown id=f\n");
  ck_assert_uint_eq(all.positions[1].offset, 0);
  ck_assert_uint_eq(all.positions[1].sub, 1);
  ck_assert_uint_eq(all.positions[6].offset, 5);
  records_free(&all);
}
END_TEST

/* More different headers than are kept: their lines are bad ones, the header's too; the others go
 * on. */
START_TEST(test_many_headers)
{
  struct records all;
  char text[256];
  for (int i = 0; i < 70; i++) {
    snprintf(text, sizeof(text), "id,service,start,x%d\n%d,sms," T0 ",\n", i, i);
    produce_text(0, text);
  }
  produce_text(0, "id,service,start,x5\nlast,sms," T0 ",\n");
  produce_flush();
  read_all(&all, SP_FORMAT_CSV);
  ck_assert_uint_eq(all.count, 64 + 2 * 6 + 1);
  ck_assert_str_eq(all.lines[63], "ok service=sms start=1772503200 id=63\n");
  ck_assert_str_eq(all.lines[64], "bad_line\n");
  ck_assert_ptr_nonnull(strstr(warnings, "more than 64 different headers"));
  ck_assert_str_eq(all.lines[all.count - 1], "ok service=sms start=1772503200 id=last\n");
  records_free(&all);
}
END_TEST

static size_t produce_mixed(void)
{
  char text[65536];
  size_t records = 0;
  for (int message = 0; message < 40; message++) {
    size_t length = 0;
    int lines = message == 11 ? 700 : message % 5;
    length += (size_t)snprintf(text, sizeof(text), "%s",
                               message % 3 == 0 ? "service,start,id\n" : "id,service,start,node\n");
    for (int line = 0; line < lines; line++, records++) {
      size_t left = sizeof(text) - length;
      length += (size_t)(message % 3 == 0
                             ? snprintf(text + length, left, "sms," T0 ",%d-%d\n", message, line)
                             : snprintf(text + length, left, "%d-%d,sms," T0 ",\"\"\"\"\n", message,
                                        line));
    }
    produce(0, text, length);
  }
  produce_flush();
  return records;
}

START_TEST(test_resume)
{
  struct records all, part;
  size_t count = produce_mixed();
  read_all(&all, SP_FORMAT_CSV);
  ck_assert_uint_eq(all.count, count);
  for (size_t i = 0; i < all.count; i += i < 30 || i > all.count - 20 ? 3 : 97) {
    struct sp_source_options options = options_of(SP_FORMAT_CSV);
    struct sp_source *source = source_open(&options);
    struct sp_position next = {all.positions[i].offset, all.positions[i].sub + 1, 0};
    ck_assert_int_eq(sp_source_seek(source, "kafka/usage/0", 13, next), SP_OK);
    part = (struct records){0};
    records_read(&part, source, SP_END);
    records_equal(&all, i + 1, &part);
    records_free(&part);
    sp_source_close(source);
  }
  records_free(&all);
}
END_TEST

/* until_end stops where the topic ended at the start; the next run goes on there; commit and pause
 * do no harm. */
START_TEST(test_go_on)
{
  struct records first = {0}, second = {0};
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  produce_text(0, "{\"id\":\"a\"}");
  produce_flush();
  struct sp_source *source = source_open(&options);
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  enum sp_status status;
  while ((status = sp_source_next(source, batch)) == SP_AGAIN) {
  }
  ck_assert_int_eq(status, SP_OK);
  produce_text(0, "{\"id\":\"b\"}");
  produce_flush();
  sp_source_release(source, batch);
  ck_assert_int_eq(sp_source_next(source, batch), SP_END);
  struct sp_position next = {1, 0, 0};
  sp_source_commit(source, 0, next);
  sp_source_close(source);
  source = source_open(&options);
  ck_assert_int_eq(sp_source_seek(source, "kafka/usage/0", 13, next), SP_OK);
  ck_assert_int_eq(sp_source_seek(source, "kafka/usage/9", 13, next), SP_NOT_FOUND);
  sp_source_pause(source, true);
  records_read(&second, source, SP_END);
  expect_lines(&second, "service_unknown id=b\n");
  sp_source_close(source);
  records_free(&first);
  records_free(&second);
  free(batch);
}
END_TEST

START_TEST(test_pause)
{
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  options.until_end = false;
  struct sp_source *source = source_open(&options);
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  ck_assert_int_eq(sp_source_next(source, batch), SP_AGAIN);
  sp_source_pause(source, true);
  sp_source_pause(source, false);
  produce_text(1, "{\"id\":\"a\"}");
  produce_flush();
  enum sp_status status;
  while ((status = sp_source_next(source, batch)) == SP_AGAIN) {
  }
  ck_assert_int_eq(status, SP_OK);
  ck_assert_uint_eq(batch->count, 1);
  ck_assert_uint_eq(batch->next.offset, 1);
  sp_source_release(source, batch);
  sp_source_close(source);
  free(batch);
}
END_TEST

static void expect_failure(const struct sp_source_options *options, enum sp_status status,
                           const char *words)
{
  struct sp_source *source;
  enum sp_status got = sp_source_open(&source, options);
  ck_assert_msg(got == status, "%s: %s", sp_status_word(got), sp_source_error(source));
  ck_assert_msg(strstr(sp_source_error(source), words) != NULL, "%s", sp_source_error(source));
  sp_source_close(source);
}

START_TEST(test_not_there)
{
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  options.brokers = "127.0.0.1:1";
  options.timeout_ms = 1500;
  expect_failure(&options, SP_BROKER, "no answer from 127.0.0.1:1 within 1500 ms");
  options = options_of(SP_FORMAT_JSON);
  struct sp_source_setting wrong = {"no.such.setting", "1"}, ours = {"enable.auto.commit", "true"};
  options.settings = &wrong;
  options.settings_count = 1;
  expect_failure(&options, SP_BAD_CONFIG, "no.such.setting");
  options.settings = &ours;
  expect_failure(&options, SP_BAD_CONFIG, "enable.auto.commit is always false");
}
END_TEST

START_TEST(test_other_topic)
{
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  produce_text(0, "{\"id\":\"a\"}");
  produce_flush();
  struct sp_source *source = source_open(&options);
  ck_assert_int_eq(sp_source_seek(source, "kafka/usage/0", 13, (struct sp_position){7, 0, 0}),
                   SP_OK);
  ck_assert_int_eq(sp_source_next(source, batch), SP_DIFFERENT);
  ck_assert_str_eq(sp_source_error(source),
                   "kafka/usage/0: ends at 1, but was read up to 7: was the "
                   "topic made anew?");
  sp_source_close(source);
  free(batch);
}
END_TEST

/* The broker goes for a while and comes back: nothing is lost, nothing comes twice. */
START_TEST(test_broker_away)
{
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  struct records records = {0};
  options.until_end = false;
  struct sp_source_setting quick = {"reconnect.backoff.max.ms", "200"};
  options.settings = &quick;
  options.settings_count = 1;
  produce_text(0, "{\"id\":\"a\"}");
  produce_flush();
  struct sp_source *source = source_open(&options);
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  while (records.count < 2) {
    enum sp_status status = sp_source_next(source, batch);
    ck_assert(status == SP_OK || status == SP_AGAIN);
    for (uint32_t i = 0; i < batch->count; i++) {
      records_add(&records, source, batch, i);
    }
    if (status == SP_OK && records.count == 1) {
      ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
      sp_source_release(source, batch);
      ck_assert_int_eq(sp_source_next(source, batch), SP_AGAIN);
      ck_assert_int_eq(rd_kafka_mock_broker_set_up(cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
      produce_text(0, "{\"id\":\"b\"}");
      produce_flush();
    }
    sp_source_release(source, batch);
  }
  expect_lines(&records, "service_unknown id=a\nservice_unknown id=b\n");
  sp_source_close(source);
  records_free(&records);
  free(batch);
}
END_TEST

START_TEST(test_broker_gone)
{
  struct sp_source_options options = options_of(SP_FORMAT_JSON);
  options.until_end = false;
  options.timeout_ms = 1000;
  struct sp_source *source = source_open(&options);
  struct sp_batch *batch = calloc(1, sizeof(*batch));
  ck_assert_ptr_nonnull(batch);
  ck_assert_int_eq(sp_source_next(source, batch), SP_AGAIN);
  ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  enum sp_status status;
  while ((status = sp_source_next(source, batch)) == SP_AGAIN) {
  }
  ck_assert_int_eq(status, SP_BROKER);
  ck_assert_ptr_nonnull(strstr(sp_source_error(source), "no answer from"));
  sp_source_close(source);
  free(batch);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, cluster_make, cluster_end);
  tcase_add_test(tests, test_json);
  tcase_add_test(tests, test_csv);
  tcase_add_test(tests, test_many_headers);
  tcase_add_test(tests, test_resume);
  tcase_add_test(tests, test_go_on);
  tcase_add_test(tests, test_pause);
  tcase_add_test(tests, test_not_there);
  tcase_add_test(tests, test_other_topic);
  tcase_add_test(tests, test_broker_away);
  tcase_add_test(tests, test_broker_gone);
  return check_run("source_kafka", tests);
}
