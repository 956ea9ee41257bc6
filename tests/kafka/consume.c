/*
 * consume: writes every message of a Kafka topic to stdout, from the first to what stood last when
 * it began.
 *
 * Only committed messages are seen, as a consumer of the outgoing topics would see them;
 * --uncommitted shows all. A line end is added to a message without one. `partition 0` first, then
 * 1, …: the output depends on the topic alone.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define ANSWER_WAIT_MS 60000

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 4 };

static int fail(const char *what, const char *why)
{
  fprintf(stderr, "consume: %s: %s\n", what, why);
  return EXIT_ENVIRONMENT;
}

static rd_kafka_t *open_client(const char *brokers, bool uncommitted)
{
  const char *const settings[][2] = {
      {"bootstrap.servers", brokers},
      {"group.id", "test-consume"},
      {"enable.auto.commit", "false"},
      {"auto.offset.reset", "earliest"},
      {"enable.partition.eof", "true"},
      {"isolation.level", uncommitted ? "read_uncommitted" : "read_committed"},
      {"log_level", "3"}};
  char text[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (size_t at = 0; at < sizeof settings / sizeof settings[0]; at++) {
    if (rd_kafka_conf_set(conf, settings[at][0], settings[at][1], text, sizeof text) !=
        RD_KAFKA_CONF_OK) {
      (void)fail(settings[at][0], text);
      rd_kafka_conf_destroy(conf);
      return NULL;
    }
  }
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (client == NULL) {
    (void)fail("client", text);
    rd_kafka_conf_destroy(conf);
    return NULL;
  }
  (void)rd_kafka_poll_set_consumer(client);
  return client;
}

/* How many partitions the topic has; 0 when it is not there or nobody answers. */
static int32_t count_partitions(rd_kafka_t *client, const char *name)
{
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
  if (topic == NULL) {
    return 0;
  }
  const struct rd_kafka_metadata *metadata = NULL;
  int32_t count = 0;
  if (rd_kafka_metadata(client, 0, topic, &metadata, ANSWER_WAIT_MS) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      count = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(topic);
  return count;
}

static void print_message(const rd_kafka_message_t *message)
{
  const char *bytes = message->payload;
  if (message->len == 0) {
    (void)putchar('\n');
    return;
  }
  (void)fwrite(bytes, 1, message->len, stdout);
  if (bytes[message->len - 1] != '\n') {
    (void)putchar('\n');
  }
}

static int read_partition(rd_kafka_t *client, const char *topic, int32_t partition)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_resp_err_t error = rd_kafka_assign(client, list);
  rd_kafka_topic_partition_list_destroy(list);
  bool ended = false;
  while (error == RD_KAFKA_RESP_ERR_NO_ERROR && !ended) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, ANSWER_WAIT_MS);
    if (message == NULL) {
      error = RD_KAFKA_RESP_ERR__TIMED_OUT;
      break;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ended = true;
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      error = message->err;
    } else {
      print_message(message);
    }
    rd_kafka_message_destroy(message);
  }
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? EXIT_DONE : fail(topic, rd_kafka_err2str(error));
}

int main(int argc, char **argv)
{
  bool uncommitted = argc == 4 && strcmp(argv[3], "--uncommitted") == 0;
  if (argc != 3 && !uncommitted) {
    fputs("usage: consume BROKERS TOPIC [--uncommitted]\n", stderr);
    return EXIT_USAGE;
  }
  rd_kafka_t *client = open_client(argv[1], uncommitted);
  if (client == NULL) {
    return EXIT_ENVIRONMENT;
  }
  int32_t partitions = count_partitions(client, argv[2]);
  int status = partitions > 0 ? EXIT_DONE : fail(argv[2], "no such topic, or no answer");
  for (int32_t at = 0; status == EXIT_DONE && at < partitions; at++) {
    status = read_partition(client, argv[2], at);
  }
  (void)rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  if (fflush(stdout) != 0) {
    return fail("stdout", "cannot write");
  }
  return status;
}
