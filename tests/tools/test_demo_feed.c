/* The demo's mock cluster: every line that is fed comes back once, in the order of its key. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tools/demo_feed.h"

#define LINES 5000u
#define WAIT_MS 1000
#define WAITS_MAX 60

static const char header[] = "key,number\n";

static rd_kafka_t *consumer_new(const char *brokers)
{
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error, sizeof error), 0);
  ck_assert_int_eq(rd_kafka_conf_set(conf, "group.id", "test", error, sizeof error), 0);
  rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  ck_assert_ptr_nonnull(consumer);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
  for (int32_t p = 0; p < (int32_t)SP_DEMO_PARTITIONS; p++) {
    rd_kafka_topic_partition_list_add(list, SP_DEMO_TOPIC, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  ck_assert_int_eq(rd_kafka_assign(consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_destroy(list);
  return consumer;
}

/* Checks the lines of one message and returns their number. */
static uint32_t message_check(const rd_kafka_message_t *message, uint32_t next[SP_DEMO_PARTITIONS])
{
  uint32_t count = 0;
  const char *at = message->payload, *end = at + message->len;
  ck_assert_int_eq(strncmp(at, header, strlen(header)), 0);
  at += strlen(header);
  while (at < end) {
    unsigned key = 0, number = 0;
    ck_assert_int_eq(sscanf(at, "%u,%u\n", &key, &number), 2);
    ck_assert_uint_eq(key % SP_DEMO_PARTITIONS, (unsigned)message->partition);
    ck_assert_uint_ge(number, next[message->partition]);
    next[message->partition] = number + 1;
    at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    count++;
  }
  return count;
}

START_TEST(every_line_comes_back)
{
  struct sp_demo_feed *feed = NULL;
  ck_assert_int_eq(sp__demo_feed_open(&feed, header), SP_OK);
  for (uint32_t i = 0; i < LINES; i++) {
    char line[64];
    int bytes = snprintf(line, sizeof line, "%u,%u\n", i * 7 % 13, i);
    ck_assert_int_eq(sp__demo_feed_line(feed, i * 7 % 13, line, (uint32_t)bytes), SP_OK);
  }
  ck_assert_int_eq(sp__demo_feed_flush(feed), SP_OK);
  rd_kafka_t *consumer = consumer_new(sp__demo_feed_brokers(feed));
  uint32_t next[SP_DEMO_PARTITIONS] = {0}, count = 0;
  for (int i = 0; i < WAITS_MAX && count < LINES; i++) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_MS);
    if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      count += message_check(message, next);
      i = 0;
    }
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
  }
  ck_assert_uint_eq(count, LINES);
  ck_assert_int_eq(rd_kafka_consumer_close(consumer), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy(consumer);
  sp__demo_feed_close(feed);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, every_line_comes_back);
  tcase_set_timeout(tests, 120);
  return check_run("demo_feed", tests);
}
