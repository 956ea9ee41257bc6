#include "tools/demo_feed.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>

#define FEED_MAGIC 0x64656d6f66656564u
#define ERROR_BYTES 256
#define POLL_MS 20
#define FLUSH_MS 30000
#define SEND_TRIES_MAX 1000

struct message {
  uint32_t bytes;
  char text[SP_DEMO_MESSAGE_BYTES_MAX];
};

struct sp_demo_feed {
  uint64_t magic;
  rd_kafka_t *producer;
  rd_kafka_topic_t *topic;
  const char *header, *brokers;
  uint32_t header_bytes;
  uint64_t failed; /* messages that the cluster did not take */
  struct message messages[SP_DEMO_PARTITIONS];
};

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
  struct sp_demo_feed *feed = opaque;
  (void)producer;
  feed->failed += message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_t *producer_new(struct sp_demo_feed *feed)
{
  static const char *const settings[][2] = {
      {"test.mock.num.brokers", "1"},
      {"linger.ms", "1"},
      {"batch.size", "1000000"},
      {"log_level", "3"},
      {"acks", "1"},
      {"queue.buffering.max.messages", "10000"},
  };
  char error[ERROR_BYTES];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  bool good = true;
  for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    good = good && rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) ==
                       RD_KAFKA_CONF_OK;
  }
  rd_kafka_conf_set_opaque(conf, feed);
  rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_t *producer = good ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error) : NULL;
  if (producer == NULL) {
    rd_kafka_conf_destroy(conf);
  }
  return producer;
}

enum sp_status sp__demo_feed_open(struct sp_demo_feed **feed, const char *header)
{
  struct sp_demo_feed *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = FEED_MAGIC;
  made->header = header;
  made->header_bytes = (uint32_t)strlen(header);
  SP_ASSERT(made->header_bytes < SP_DEMO_MESSAGE_BYTES_MAX / 2);
  made->producer = producer_new(made);
  rd_kafka_mock_cluster_t *cluster =
      made->producer == NULL ? NULL : rd_kafka_handle_mock_cluster(made->producer);
  if (cluster != NULL && rd_kafka_mock_topic_create(cluster, SP_DEMO_TOPIC, SP_DEMO_PARTITIONS,
                                                    1) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    made->brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    made->topic = rd_kafka_topic_new(made->producer, SP_DEMO_TOPIC, NULL);
  }
  if (made->topic == NULL) {
    sp__demo_feed_close(made);
    return SP_BROKER;
  }
  *feed = made;
  return SP_OK;
}

void sp__demo_feed_close(struct sp_demo_feed *feed)
{
  if (feed == NULL) {
    return;
  }
  SP_ASSERT(feed->magic == FEED_MAGIC);
  if (feed->topic != NULL) {
    rd_kafka_topic_destroy(feed->topic);
  }
  if (feed->producer != NULL) {
    rd_kafka_destroy(feed->producer);
  }
  feed->magic = 0;
  free(feed);
}

const char *sp__demo_feed_brokers(const struct sp_demo_feed *feed)
{
  SP_ASSERT(feed->magic == FEED_MAGIC);
  return feed->brokers;
}

static enum sp_status message_send(struct sp_demo_feed *feed, uint32_t partition)
{
  struct message *message = &feed->messages[partition];
  for (int i = 0; i < SEND_TRIES_MAX && message->bytes > 0; i++) {
    if (rd_kafka_produce(feed->topic, (int32_t)partition, RD_KAFKA_MSG_F_COPY, message->text,
                         message->bytes, NULL, 0, NULL) == 0) {
      message->bytes = 0;
    } else if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return SP_BROKER;
    }
    rd_kafka_poll(feed->producer, message->bytes == 0 ? 0 : POLL_MS);
  }
  return message->bytes == 0 && feed->failed == 0 ? SP_OK : SP_BROKER;
}

enum sp_status sp__demo_feed_line(struct sp_demo_feed *feed, uint64_t key, const char *line,
                                  uint32_t bytes)
{
  SP_ASSERT(feed->magic == FEED_MAGIC);
  SP_ASSERT(bytes + feed->header_bytes <= SP_DEMO_MESSAGE_BYTES_MAX);
  uint32_t partition = (uint32_t)(key % SP_DEMO_PARTITIONS);
  struct message *message = &feed->messages[partition];
  if (message->bytes + bytes > SP_DEMO_MESSAGE_BYTES_MAX) {
    SP_TRY(message_send(feed, partition));
  }
  if (message->bytes == 0) {
    memcpy(message->text, feed->header, feed->header_bytes);
    message->bytes = feed->header_bytes;
  }
  memcpy(message->text + message->bytes, line, bytes);
  message->bytes += bytes;
  return SP_OK;
}

enum sp_status sp__demo_feed_flush(struct sp_demo_feed *feed)
{
  SP_ASSERT(feed->magic == FEED_MAGIC);
  for (uint32_t partition = 0; partition < SP_DEMO_PARTITIONS; partition++) {
    SP_TRY(message_send(feed, partition));
  }
  bool flushed = rd_kafka_flush(feed->producer, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
  return flushed && feed->failed == 0 ? SP_OK : SP_BROKER;
}
