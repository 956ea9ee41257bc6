/*
 * produce: sends the lines of a file to a Kafka topic, for the tests and measurements with a real
 * broker.
 *
 * The topic is made when it is not there, and gets more partitions when it has fewer. Lines go to
 * the one partition of --partition, or to `hash(key) % N` with --key, else in turn. Several lines
 * travel in one message with --lines; with
 * --header the file's first line stands first in each message. The producer is idempotent, so that
 * a broker that dies and comes back neither loses nor doubles a message.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#define PARTITIONS_MAX 256
#define MESSAGE_BYTES_MAX 900000
#define TOPIC_WAIT_MS 60000
#define FLUSH_WAIT_MS 600000

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 4 };

struct options {
  const char *brokers;
  const char *topic;
  const char *path;
  const char
      *key; /* a column's name (CSV with --header) or a member's name (JSON); NULL = in turn */
  int64_t partitions;
  int64_t partition; /* all lines go there; -1 = by key or in turn */
  int64_t lines;     /* at most so many in one message */
  int64_t rate;      /* lines in a second, 0 = as fast as it goes */
  int64_t from_line; /* the first to send, 0 = the first after the header */
  int64_t to_line;   /* the first not to send, -1 = to the end */
  bool header;
};

/* What waits to be sent to one partition. */
struct batch {
  char *bytes;
  size_t length;
  int64_t lines;
};

struct producer {
  const struct options *options;
  rd_kafka_t *client;
  struct batch batch[PARTITIONS_MAX];
  char *header;
  size_t header_length;
  int key_column;
  int64_t sent_lines;
  int64_t sent_messages;
  int64_t failed_messages;
  int64_t turn;
  struct timespec began;
};

static const char usage_text[] =
    "usage: produce BROKERS TOPIC FILE|- [--partitions N] [--lines N] [--header] [--key NAME]\n"
    "               [--partition NUMBER] [--rate LINES_PER_S] [--from LINE] [--to LINE]\n"
    "  produce 127.0.0.1:9092 usage usage.csv --partitions 4 --lines 100 --header --key served\n";

static int fail(const char *what, const char *why)
{
  fprintf(stderr, "produce: %s: %s\n", what, why);
  return EXIT_ENVIRONMENT;
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
  struct producer *producer = opaque;
  (void)client;
  if (message->err) {
    producer->failed_messages++;
    fprintf(stderr, "produce: not delivered: %s\n", rd_kafka_err2str(message->err));
  }
}

static bool parse_number(const char *text, int64_t *number)
{
  char *end = NULL;
  errno = 0;
  long long parsed = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || parsed < 0) {
    return false;
  }
  *number = parsed;
  return true;
}

static int parse_options(int argc, char **argv, struct options *options)
{
  if (argc < 4) {
    return EXIT_USAGE;
  }
  *options = (struct options){.brokers = argv[1], .topic = argv[2], .path = argv[3]};
  options->partitions = 1;
  options->lines = 1;
  options->to_line = -1;
  options->partition = -1;
  const struct {
    const char *name;
    int64_t *number;
  } numbers[] = {{"--partitions", &options->partitions}, {"--partition", &options->partition},
                 {"--lines", &options->lines},           {"--rate", &options->rate},
                 {"--from", &options->from_line},        {"--to", &options->to_line}};
  for (int at = 4; at < argc; at++) {
    if (strcmp(argv[at], "--header") == 0) {
      options->header = true;
      continue;
    }
    if (at + 1 == argc) {
      return EXIT_USAGE;
    }
    if (strcmp(argv[at], "--key") == 0) {
      options->key = argv[++at];
      continue;
    }
    size_t which = 0;
    while (which < sizeof numbers / sizeof numbers[0] &&
           strcmp(argv[at], numbers[which].name) != 0) {
      which++;
    }
    if (which == sizeof numbers / sizeof numbers[0] ||
        !parse_number(argv[++at], numbers[which].number)) {
      return EXIT_USAGE;
    }
  }
  bool fits = options->partitions >= 1 && options->partitions <= PARTITIONS_MAX;
  fits = fits && options->partition < options->partitions;
  return fits && options->lines >= 1 ? EXIT_DONE : EXIT_USAGE;
}

/* What the broker said to a topic's creation (creating) or to more partitions; an event is needed.
 */
static rd_kafka_resp_err_t topic_error(rd_kafka_event_t *event, bool creating)
{
  size_t count = 0;
  const rd_kafka_topic_result_t **results =
      creating
          ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
          : rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                    &count);
  return count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
}

/* A topic that was there already: as many partitions as are asked for, if it has fewer. */
static int grow_topic(rd_kafka_t *client, const struct options *options)
{
  char text[512];
  rd_kafka_NewPartitions_t *more =
      rd_kafka_NewPartitions_new(options->topic, (size_t)options->partitions, text, sizeof text);
  if (more == NULL) {
    return fail("partitions", text);
  }
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TOPIC_WAIT_MS);
  int status = EXIT_DONE;
  if (event == NULL) {
    status = fail("partitions", "no answer from the broker");
  } else if (rd_kafka_event_error(event)) {
    status = fail("partitions", rd_kafka_event_error_string(event));
  } else {
    rd_kafka_resp_err_t error = topic_error(event, false);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_INVALID_PARTITIONS) {
      status = fail("partitions", rd_kafka_err2str(error)); /* the other: it has as many */
    }
  }
  if (event != NULL) {
    rd_kafka_event_destroy(event);
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewPartitions_destroy(more);
  return status;
}

/* Makes the topic; one that is there already is as good. */
static int make_topic(rd_kafka_t *client, const struct options *options)
{
  char text[512];
  rd_kafka_NewTopic_t *topic =
      rd_kafka_NewTopic_new(options->topic, (int)options->partitions, 1, text, sizeof text);
  if (topic == NULL) {
    return fail("topic", text);
  }
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_AdminOptions_t *admin =
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  (void)rd_kafka_AdminOptions_set_request_timeout(admin, TOPIC_WAIT_MS, text, sizeof text);
  rd_kafka_CreateTopics(client, &topic, 1, admin, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TOPIC_WAIT_MS);
  int status = EXIT_DONE;
  if (event == NULL) {
    status = fail("topic", "no answer from the broker");
  } else if (rd_kafka_event_error(event)) {
    status = fail("topic", rd_kafka_event_error_string(event));
  } else {
    rd_kafka_resp_err_t error = topic_error(event, true);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      status = grow_topic(client, options);
    } else if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = fail("topic", rd_kafka_err2str(error));
    }
  }
  if (event != NULL) {
    rd_kafka_event_destroy(event);
  }
  rd_kafka_AdminOptions_destroy(admin);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
  return status;
}

static rd_kafka_t *open_client(struct producer *producer)
{
  static const char *const settings[][2] = {
      {"enable.idempotence", "true"},           {"linger.ms", "20"},
      {"message.max.bytes", "1000000"},         {"message.timeout.ms", "600000"},
      {"queue.buffering.max.kbytes", "131072"}, {"log_level", "3"}};
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
  (void)rd_kafka_conf_set(conf, "bootstrap.servers", producer->options->brokers, text, sizeof text);
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_conf_set_opaque(conf, producer);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (client == NULL) {
    (void)fail("client", text);
    rd_kafka_conf_destroy(conf);
  }
  return client;
}

/* Finds the key in a line: the member of that name (JSON, no nesting or escapes here) or the
 * header's column. */
static const char *find_key(const struct producer *producer, const char *line, size_t *length)
{
  const char *found = line;
  if (line[0] == '{') {
    char name[80];
    (void)snprintf(name, sizeof name, "\"%s\":", producer->options->key);
    found = strstr(line, name);
    if (found == NULL) {
      *length = 0;
      return line;
    }
    found += strlen(name);
    found += strspn(found, " \"");
    *length = strcspn(found, "\",}");
    return found;
  }
  for (int column = 0; column < producer->key_column; column++) {
    found += strcspn(found, ",\n");
    found += *found == ',';
  }
  *length = strcspn(found, ",\r\n");
  return found;
}

static uint32_t choose_partition(struct producer *producer, const char *line)
{
  uint32_t partitions = (uint32_t)producer->options->partitions;
  if (producer->options->partition >= 0) {
    return (uint32_t)producer->options->partition;
  }
  if (producer->options->key == NULL) {
    return (uint32_t)(producer->turn / producer->options->lines % partitions);
  }
  size_t length = 0;
  const char *key = find_key(producer, line, &length);
  uint32_t hash = 2166136261U; /* FNV-1a */
  for (size_t at = 0; at < length; at++) {
    hash = (hash ^ (unsigned char)key[at]) * 16777619U;
  }
  return hash % partitions;
}

static int send_batch(struct producer *producer, uint32_t partition)
{
  struct batch *batch = &producer->batch[partition];
  if (batch->lines == 0) {
    return EXIT_DONE;
  }
  rd_kafka_resp_err_t error;
  do {
    error = rd_kafka_producev(producer->client, RD_KAFKA_V_TOPIC(producer->options->topic),
                              RD_KAFKA_V_PARTITION((int32_t)partition),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_VALUE(batch->bytes, batch->length), RD_KAFKA_V_END);
    rd_kafka_poll(producer->client, error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 50 : 0);
  } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail("send", rd_kafka_err2str(error));
  }
  producer->sent_messages++;
  producer->sent_lines += batch->lines;
  batch->lines = 0;
  batch->length = 0;
  return EXIT_DONE;
}

static int add_line(struct producer *producer, const char *line, size_t length)
{
  uint32_t partition = choose_partition(producer, line);
  struct batch *batch = &producer->batch[partition];
  if (producer->header_length + length > MESSAGE_BYTES_MAX) {
    return fail("line", "too long for a message");
  }
  if (batch->length + length > MESSAGE_BYTES_MAX) {
    int status = send_batch(producer, partition);
    if (status != EXIT_DONE) {
      return status;
    }
  }
  if (batch->bytes == NULL) {
    batch->bytes = malloc(MESSAGE_BYTES_MAX);
    if (batch->bytes == NULL) {
      return fail("memory", strerror(errno));
    }
  }
  if (batch->lines == 0 && producer->header_length > 0) {
    memcpy(batch->bytes, producer->header, producer->header_length);
    batch->length = producer->header_length;
  }
  memcpy(batch->bytes + batch->length, line, length);
  batch->length += length;
  batch->lines++;
  producer->turn++;
  return batch->lines == producer->options->lines ? send_batch(producer, partition) : EXIT_DONE;
}

/* Sleeps until the rate allows the next line; the messages on the way are served meanwhile. */
static void keep_rate(struct producer *producer)
{
  int64_t rate = producer->options->rate;
  if (rate == 0) {
    return;
  }
  for (;;) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t passed_us = ((int64_t)now.tv_sec - producer->began.tv_sec) * 1000000 +
                        (now.tv_nsec - producer->began.tv_nsec) / 1000;
    int64_t due_us = producer->turn * 1000000 / rate;
    if (passed_us >= due_us) {
      return;
    }
    int64_t wait_ms = (due_us - passed_us) / 1000;
    rd_kafka_poll(producer->client, wait_ms > 100 ? 100 : (int)wait_ms + 1);
  }
}

static int take_header(struct producer *producer, const char *line, size_t length)
{
  producer->header = malloc(length + 1);
  if (producer->header == NULL) {
    return fail("memory", strerror(errno));
  }
  memcpy(producer->header, line, length + 1);
  producer->header_length = length;
  if (producer->options->key == NULL) {
    return EXIT_DONE;
  }
  size_t key_length = strlen(producer->options->key);
  for (const char *name = line; *name != '\0';) {
    size_t name_length = strcspn(name, ",\r\n");
    if (name_length == key_length && memcmp(name, producer->options->key, key_length) == 0) {
      return EXIT_DONE;
    }
    name += name_length;
    name += strspn(name, ",\r\n");
    producer->key_column++;
  }
  return fail("key", "the header has no such column");
}

static int send_file(struct producer *producer, FILE *file)
{
  const struct options *options = producer->options;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length = 0;
  int64_t number = 0;
  int status = EXIT_DONE;
  while (status == EXIT_DONE && (length = getline(&line, &capacity, file)) > 0) {
    if (options->header && producer->header == NULL) {
      status = take_header(producer, line, (size_t)length);
      continue;
    }
    if (options->to_line >= 0 && number >= options->to_line) {
      break;
    }
    if (number++ >= options->from_line) {
      keep_rate(producer);
      status = add_line(producer, line, (size_t)length);
    }
  }
  free(line);
  for (uint32_t at = 0; status == EXIT_DONE && at < (uint32_t)options->partitions; at++) {
    status = send_batch(producer, at);
  }
  return status;
}

static int run(struct producer *producer)
{
  const struct options *options = producer->options;
  FILE *file = strcmp(options->path, "-") == 0 ? stdin : fopen(options->path, "rb");
  if (file == NULL) {
    return fail(options->path, strerror(errno));
  }
  int status = EXIT_ENVIRONMENT;
  producer->client = open_client(producer);
  if (producer->client != NULL) {
    status = make_topic(producer->client, options);
    (void)clock_gettime(CLOCK_MONOTONIC, &producer->began);
    if (status == EXIT_DONE) {
      status = send_file(producer, file);
    }
    if (rd_kafka_flush(producer->client, FLUSH_WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = fail("flush", "messages are still on the way");
    }
    rd_kafka_destroy(producer->client);
  }
  if (file != stdin) {
    (void)fclose(file);
  }
  if (producer->failed_messages > 0) {
    status = EXIT_ENVIRONMENT;
  }
  return status;
}

int main(int argc, char **argv)
{
  struct options options;
  if (parse_options(argc, argv, &options) != EXIT_DONE) {
    fputs(usage_text, stderr);
    return EXIT_USAGE;
  }
  struct producer *producer = calloc(1, sizeof *producer);
  if (producer == NULL) {
    return fail("memory", strerror(errno));
  }
  producer->options = &options;
  int status = run(producer);
  printf("{\"messages\":%" PRId64 ",\"lines\":%" PRId64 ",\"failed\":%" PRId64 "}\n",
         producer->sent_messages, producer->sent_lines, producer->failed_messages);
  for (size_t at = 0; at < PARTITIONS_MAX; at++) {
    free(producer->batch[at].bytes);
  }
  free(producer->header);
  free(producer);
  return status;
}
