/* A Kafka topic as a source: all its partitions by assign(), offsets owned by the caller. Messages
 * are decoded where the client holds them and given back when their batch is released. */
#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/clock.h"
#include "ingest/source_inside.h"

#define WINDOW_MESSAGES 512 /* taken from the client at a time */
#define WAIT_MS 100
#define TOPIC_WAIT_MS 3000 /* a topic that is not known yet may just have been made */
#define PROBE_MS 2000
#define LOOK_MS 2000 /* between looks for new partitions */
#define LOOK_WAIT_MS 500
#define LAYOUTS_MAX 64 /* different headers in one partition */
#define SLAB_MESSAGES 1024
#define DEFAULT_GROUP "suanpan"

struct message { /* one of the client's, while somebody needs its bytes */
  struct message *next;
  rd_kafka_message_t *client;
  uint32_t refs;
};

struct slab {
  struct slab *next;
  struct message messages[SLAB_MESSAGES];
};

struct partition {
  uint32_t stream;    /* its first */
  int64_t end_offset; /* until_end: high watermark at the start */
  bool done;
};

struct kafka {
  rd_kafka_t *client;
  rd_kafka_queue_t *queue;
  char *brokers, *topic;
  rd_kafka_topic_t *handle; /* of the topic */
  struct partition *partitions;
  int32_t partitions_count, partitions_left;
  int32_t assigned;  /* the first so many partitions are read */
  int64_t looked_ms; /* when new partitions were last looked for */
  bool layouts_told; /* that there are too many headers */
  rd_kafka_message_t *window[WINDOW_MESSAGES];
  size_t window_at, window_count;
  /* the message at hand */
  struct message *current;
  size_t current_at;    /* decoded up to */
  uint32_t current_sub; /* records of it so far */
  uint32_t current_stream;
  struct message *spare;
  struct slab *slabs;
  enum sp_status pending; /* failed behind a batch that was given first */
  bool down;              /* the client lost all brokers at down_ms */
  int64_t down_ms;
  char down_text[256];
};

/* ---- messages and their memory ---- */

static struct message *message_take(struct kafka *kafka, rd_kafka_message_t *client)
{
  if (kafka->spare == NULL) {
    struct slab *slab = calloc(1, sizeof(*slab));
    if (slab == NULL) {
      return NULL;
    }
    slab->next = kafka->slabs;
    kafka->slabs = slab;
    for (size_t i = 0; i < SLAB_MESSAGES; i++) {
      slab->messages[i].next = kafka->spare;
      kafka->spare = &slab->messages[i];
    }
  }
  struct message *message = kafka->spare;
  kafka->spare = message->next;
  *message = (struct message){NULL, client, 1};
  return message;
}

static void message_release(struct kafka *kafka, struct message *message)
{
  SP_ASSERT(message->refs > 0);
  if (--message->refs == 0) {
    rd_kafka_message_destroy(message->client);
    message->next = kafka->spare;
    kafka->spare = message;
  }
}

/* ---- opening ---- */

static void log_drop(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
  (void)client, (void)level, (void)facility, (void)text; /* errors come through error_note */
}

static void error_note(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
  (void)client;
  struct sp_source *source = opaque;
  struct kafka *kafka = source->inside;
  snprintf(kafka->down_text, sizeof(kafka->down_text), "%s", reason);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !kafka->down) {
    kafka->down = true;
    kafka->down_ms = sp_clock_ms();
    if (kafka->assigned > 0) {
      sp__source_warn(source, "%s: %s", kafka->brokers, reason);
    }
  }
}

static const struct sp_source_setting defaults[] = {
    {"queued.min.messages", "1000000"},
    {"queued.max.messages.kbytes", "131072"},
    {"fetch.wait.max.ms", "50"},
};

/* What exactly-once rests on; a configuration cannot say otherwise. */
static const struct sp_source_setting fixed[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {"enable.partition.eof", "true"},
};

static enum sp_status setting_apply(struct sp_source *source, rd_kafka_conf_t *conf,
                                    const struct sp_source_setting *setting)
{
  char text[256] = "";
  if (rd_kafka_conf_set(conf, setting->name, setting->value, text, sizeof(text)) !=
      RD_KAFKA_CONF_OK) {
    return sp__source_fail(source, SP_BAD_CONFIG, "kafka: %s", text); /* names, never values */
  }
  return SP_OK;
}

static enum sp_status settings_apply(struct sp_source *source, rd_kafka_conf_t *conf,
                                     const struct sp_source_options *options)
{
  const struct sp_source_setting own[] = {
      {"bootstrap.servers", options->brokers},
      {"group.id", options->group == NULL ? DEFAULT_GROUP : options->group},
  };
  for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
    SP_TRY(setting_apply(source, conf, &defaults[i]));
  }
  for (size_t i = 0; i < options->settings_count; i++) {
    for (size_t k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++) {
      if (strcmp(options->settings[i].name, fixed[k].name) == 0) {
        return sp__source_fail(source, SP_BAD_CONFIG, "kafka: %s is always %s", fixed[k].name,
                               fixed[k].value);
      }
    }
    SP_TRY(setting_apply(source, conf, &options->settings[i]));
  }
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
    SP_TRY(setting_apply(source, conf, &own[i]));
  }
  for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
    SP_TRY(setting_apply(source, conf, &fixed[i]));
  }
  return SP_OK;
}

static enum sp_status client_make(struct sp_source *source, const struct sp_source_options *options)
{
  struct kafka *kafka = source->inside;
  char text[256] = "";
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  enum sp_status status = settings_apply(source, conf, options);
  if (status != SP_OK) {
    rd_kafka_conf_destroy(conf);
    return status;
  }
  rd_kafka_conf_set_opaque(conf, source);
  rd_kafka_conf_set_error_cb(conf, error_note);
  rd_kafka_conf_set_log_cb(conf, log_drop);
  kafka->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
  if (kafka->client == NULL) {
    rd_kafka_conf_destroy(conf);
    return sp__source_fail(source, SP_BAD_CONFIG, "kafka: %s", text);
  }
  rd_kafka_poll_set_consumer(kafka->client);
  kafka->queue = rd_kafka_queue_get_consumer(kafka->client);
  return SP_OK;
}

/* Streams for those up to `count`. */
static enum sp_status partitions_add(struct sp_source *source, int32_t count)
{
  struct kafka *kafka = source->inside;
  char name[SP_SOURCE_NAME_BYTES_MAX];
  struct partition *grown = realloc(kafka->partitions, (size_t)count * sizeof(*kafka->partitions));
  if (grown == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory for %d partitions", (int)count);
  }
  kafka->partitions = grown;
  for (; kafka->partitions_count < count; kafka->partitions_count++) {
    struct partition *partition = &grown[kafka->partitions_count];
    *partition = (struct partition){0};
    snprintf(name, sizeof(name), "kafka/%s/%d", kafka->topic, (int)kafka->partitions_count);
    SP_TRY(sp__source_stream_add(source, name, &partition->stream));
    source->streams[partition->stream].stream.format = source->format;
  }
  return SP_OK;
}

/* One question to the brokers: how many partitions the topic has. 0: it is not there. */
static rd_kafka_resp_err_t partitions_ask(struct kafka *kafka, int wait_ms, int32_t *count)
{
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t error =
      rd_kafka_metadata(kafka->client, 0, kafka->handle, &metadata, wait_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error;
  }
  *count = 0;
  if (metadata->topic_cnt == 1) {
    error = metadata->topics[0].err;
    *count = metadata->topics[0].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return error;
}

static enum sp_status topic_open(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  kafka->handle = rd_kafka_topic_new(kafka->client, kafka->topic, NULL);
  if (kafka->handle == NULL) {
    return sp__source_fail(source, SP_BAD_CONFIG, "kafka: topic %s: %s", kafka->topic,
                           rd_kafka_err2str(rd_kafka_last_error()));
  }
  int64_t begin_ms = sp_clock_ms(), left_ms = source->timeout_ms;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  int32_t count = 0;
  bool answered = false;
  while (count == 0 && left_ms > 0) {
    error = partitions_ask(kafka, (int)(left_ms < 1000 ? left_ms : 1000), &count);
    rd_kafka_poll(kafka->client, count == 0 ? WAIT_MS : 0);
    answered |= error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    int64_t limit_ms =
        answered && source->timeout_ms > TOPIC_WAIT_MS ? TOPIC_WAIT_MS : source->timeout_ms;
    left_ms = begin_ms + limit_ms - sp_clock_ms();
  }
  if (count > 0) {
    return partitions_add(source, count);
  }
  if (answered) {
    return sp__source_fail(source, SP_NOT_FOUND, "kafka: there is no topic %s at %s", kafka->topic,
                           kafka->brokers);
  }
  return sp__source_fail(source, SP_BROKER, "kafka: no answer from %s within %u ms: %s",
                         kafka->brokers, source->timeout_ms,
                         kafka->down_text[0] != '\0' ? kafka->down_text : rd_kafka_err2str(error));
}

/* ---- beginning to read ---- */

/* Where a partition goes on, and where it ends for until_end. */
static enum sp_status partition_place(struct sp_source *source, int32_t number, int64_t *from)
{
  struct kafka *kafka = source->inside;
  struct partition *partition = &kafka->partitions[number];
  struct sp_position position = source->streams[partition->stream].from;
  const char *name = source->streams[partition->stream].stream.name;
  int64_t low = 0, high = 0;
  rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
      kafka->client, kafka->topic, number, &low, &high,
      kafka->assigned == 0 ? (int)source->timeout_ms : LOOK_WAIT_MS);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return sp__source_fail(source, SP_BROKER, "%s: no answer from %s: %s", name, kafka->brokers,
                           rd_kafka_err2str(error));
  }
  bool fresh = position.offset == 0 && position.sub == 0;
  *from = fresh ? low : (int64_t)position.offset;
  if (*from < low) {
    return sp__source_fail(
        source, SP_DIFFERENT,
        "%s: messages %lld to %lld are gone from the broker before they were read", name,
        (long long)*from, (long long)low - 1);
  }
  if (*from > high) {
    return sp__source_fail(source, SP_DIFFERENT,
                           "%s: ends at %lld, but was read up to %lld: was the topic made anew?",
                           name, (long long)high, (long long)*from);
  }
  partition->end_offset = high;
  partition->done = source->until_end && *from >= high;
  return SP_OK;
}

static enum sp_status list_assign(struct sp_source *source,
                                  const rd_kafka_topic_partition_list_t *list)
{
  struct kafka *kafka = source->inside;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (kafka->assigned == 0) {
    code = rd_kafka_assign(kafka->client, list);
  } else {
    rd_kafka_error_t *error = rd_kafka_incremental_assign(kafka->client, list);
    code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
  }
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? SP_OK
                                            : sp__source_fail(source, SP_BROKER, "kafka: %s: %s",
                                                              kafka->topic, rd_kafka_err2str(code));
}

/* Begins to read those that are not read yet: all of them, later the new ones. */
static enum sp_status partitions_assign(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  rd_kafka_topic_partition_list_t *list =
      rd_kafka_topic_partition_list_new(kafka->partitions_count);
  enum sp_status status = SP_OK;
  for (int32_t i = kafka->assigned; i < kafka->partitions_count && status == SP_OK; i++) {
    int64_t from = 0;
    status = partition_place(source, i, &from);
    if (status == SP_OK && !kafka->partitions[i].done) {
      rd_kafka_topic_partition_list_add(list, kafka->topic, i)->offset = from;
    }
  }
  if (status == SP_OK && list->cnt > 0) {
    status = list_assign(source, list);
  }
  if (status == SP_OK) {
    kafka->partitions_left += list->cnt;
    for (; kafka->assigned < kafka->partitions_count; kafka->assigned++) {
      source->streams[kafka->partitions[kafka->assigned].stream].begun = true;
    }
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

/* Once in a while: has the topic got more partitions? They become streams (AGAIN: and may be told
 * where they go on), and at the next look they are read. The broker may need a moment for them. */
static enum sp_status partitions_look(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  int64_t now = sp_clock_ms();
  if (source->until_end || kafka->assigned == 0 || kafka->down ||
      now - kafka->looked_ms < LOOK_MS) {
    return SP_OK;
  }
  kafka->looked_ms = now;
  if (kafka->assigned < kafka->partitions_count) {
    enum sp_status status = partitions_assign(source);
    return status == SP_BROKER ? SP_OK : status;
  }
  int32_t count = 0;
  if (partitions_ask(kafka, LOOK_WAIT_MS, &count) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      count <= kafka->partitions_count) {
    return SP_OK;
  }
  SP_TRY(partitions_add(source, count));
  return SP_AGAIN;
}

/* ---- reading ---- */

static void partition_done(struct kafka *kafka, int32_t number)
{
  struct partition *partition = &kafka->partitions[number];
  if (partition->done) {
    return;
  }
  partition->done = true;
  kafka->partitions_left--;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, kafka->topic, number);
  (void)rd_kafka_pause_partitions(kafka->client, list); /* what still comes is not looked at */
  rd_kafka_topic_partition_list_destroy(list);
}

/* No message came: is the broker away for too long? */
static enum sp_status silence(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  const struct rd_kafka_metadata *metadata;
  if (!kafka->down || sp_clock_ms() - kafka->down_ms < (int64_t)source->timeout_ms) {
    return SP_AGAIN;
  }
  /* not by the watermarks: while the client tries to connect, that question never times out */
  if (rd_kafka_metadata(kafka->client, 0, NULL, &metadata, PROBE_MS) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
    kafka->down = false; /* it came back with nothing to say */
    return SP_AGAIN;
  }
  return sp__source_fail(source, SP_BROKER, "kafka: no answer from %s for %lld ms: %s",
                         kafka->brokers, (long long)(sp_clock_ms() - kafka->down_ms),
                         kafka->down_text);
}

/* What the client says instead of a message. */
static enum sp_status event_take(struct sp_source *source, const rd_kafka_message_t *event)
{
  struct kafka *kafka = source->inside;
  bool ours =
      event->rkt != NULL && event->partition >= 0 && event->partition < kafka->partitions_count;
  if (event->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    kafka->down = false;
    if (ours && source->until_end) {
      partition_done(kafka, event->partition);
    }
    return SP_OK;
  }
  const char *name =
      ours ? source->streams[kafka->partitions[event->partition].stream].stream.name : kafka->topic;
  if (event->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
      event->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    return sp__source_fail(source, SP_DIFFERENT,
                           "%s: the broker no longer has the message to go on at: %s", name,
                           rd_kafka_message_errstr(event));
  }
  if (event->err == RD_KAFKA_RESP_ERR__TRANSPORT || event->err == RD_KAFKA_RESP_ERR__TIMED_OUT ||
      event->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
      event->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
    return SP_OK; /* the client tries again by itself; silence() sees when it takes too long */
  }
  return sp__source_fail(source, SP_BROKER, "%s: %s", name, rd_kafka_message_errstr(event));
}

/* Nothing of a partition that is done; empty ones (a compacted topic's tombstones) hold no record.
 */
static bool message_wanted(struct sp_source *source, const rd_kafka_message_t *client)
{
  struct kafka *kafka = source->inside;
  const struct partition *partition = &kafka->partitions[client->partition];
  if (source->until_end && client->offset >= partition->end_offset) {
    partition_done(kafka, client->partition);
  }
  return !partition->done && client->len > 0;
}

/* The next message in the window becomes the current one. AGAIN: none came within the wait. */
static enum sp_status message_next(struct sp_source *source, int wait_ms)
{
  struct kafka *kafka = source->inside;
  while (kafka->current == NULL) {
    if (kafka->window_at == kafka->window_count) {
      ssize_t n =
          rd_kafka_consume_batch_queue(kafka->queue, wait_ms, kafka->window, WINDOW_MESSAGES);
      kafka->window_at = 0;
      kafka->window_count = n < 0 ? 0 : (size_t)n;
      if (kafka->window_count == 0) {
        return wait_ms == 0 ? SP_AGAIN : silence(source);
      }
    }
    rd_kafka_message_t *client = kafka->window[kafka->window_at++];
    enum sp_status status = SP_OK;
    if (client->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = event_take(source, client);
    } else if (message_wanted(source, client)) {
      kafka->down = false;
      kafka->current = message_take(kafka, client);
      kafka->current_at = 0;
      kafka->current_sub = 0;
      status = kafka->current == NULL
                   ? sp__source_fail(source, SP_NO_MEMORY, "%s: out of memory", kafka->topic)
                   : SP_OK;
    }
    if (kafka->current == NULL) {
      rd_kafka_message_destroy(client);
      SP_TRY(status);
      if (source->until_end && kafka->partitions_left == 0) {
        return SP_END;
      }
    }
  }
  return SP_OK;
}

/* The stream of a partition whose records are decoded with the header at hand. */
static enum sp_status layout_find(struct sp_source *source, uint32_t first, uint32_t *stream)
{
  const struct sp_decoder *decoder = &source->decoder;
  const char *name = source->streams[first].stream.name;
  uint32_t same = 0;
  for (uint32_t i = first; i < source->streams_count; i++) {
    struct sp__stream *row = &source->streams[i];
    if (i != first && strcmp(row->stream.name, name) != 0) {
      continue;
    }
    same++;
    if (!row->columns_known) {
      row->columns_known = true;
      *stream = i;
      return sp__source_columns_keep(source, i);
    }
    if (row->stream.columns_length == decoder->columns_length &&
        memcmp(row->stream.columns, decoder->columns_text, decoder->columns_length) == 0) {
      *stream = i;
      return SP_OK;
    }
  }
  if (same >= LAYOUTS_MAX && decoder->columns_length > 0) {
    return SP_LIMIT;
  }
  SP_TRY(sp__source_stream_add(source, name, stream));
  source->streams[*stream].stream.format = SP_FORMAT_CSV;
  source->streams[*stream].columns_known = true;
  return sp__source_columns_keep(source, *stream);
}

/* Begins the current message: its header and by it its stream. One header too many: all its lines
 * are bad ones. */
static enum sp_status message_begin(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  const rd_kafka_message_t *client = kafka->current->client;
  uint32_t first = kafka->partitions[client->partition].stream;
  kafka->current_stream = first;
  if (source->format != SP_FORMAT_CSV || kafka->current_at > 0) {
    return SP_OK;
  }
  kafka->current_at = sp_decoder_begin_message(&source->decoder, client->payload, client->len);
  enum sp_status status = layout_find(source, first, &kafka->current_stream);
  if (status == SP_LIMIT) {
    if (!kafka->layouts_told) {
      sp__source_warn(source, "%s: more than %d different headers: this one is not taken",
                      source->streams[first].stream.name, LAYOUTS_MAX);
    }
    kafka->layouts_told = true;
    kafka->current_at = 0;
    sp_decoder_use_header(&source->decoder, "", 0);
    status = layout_find(source, first, &kafka->current_stream);
  }
  sp__source_decoder_warning(source, first);
  return status;
}

/* Records of the current message behind those of the batch. False: no room in the batch's scratch.
 */
static bool message_decode(struct sp_source *source, struct sp_batch *batch, size_t *scratch_used)
{
  struct kafka *kafka = source->inside;
  struct message *message = kafka->current;
  const rd_kafka_message_t *client = message->client;
  const struct sp_position from = source->streams[kafka->partitions[client->partition].stream].from;
  uint32_t skip = (uint64_t)client->offset == from.offset ? from.sub : 0;
  struct sp_decode decode = sp__batch_decode(batch, *scratch_used);
  decode.bytes = (const char *)client->payload + kafka->current_at;
  decode.length = client->len - kafka->current_at;
  decode.last = true;
  bool skipping = kafka->current_sub < skip;
  if (skipping && decode.count_max > skip - kafka->current_sub) {
    decode.count_max = skip - kafka->current_sub;
  }
  if (source->format == SP_FORMAT_CSV) {
    sp_decode_csv_batch(&source->decoder, &decode);
  } else {
    sp_decode_json_message(&source->decoder, &decode);
  }
  if (decode.consumed == 0 && decode.length > 0) {
    return false;
  }
  kafka->current_at += decode.consumed;
  for (uint32_t i = 0; i < decode.count && !skipping; i++) {
    batch->positions[batch->count + i] =
        (struct sp_position){(uint64_t)client->offset, kafka->current_sub + i, 0};
  }
  kafka->current_sub += decode.count;
  if (decode.count > 0 && !skipping) {
    message->refs++;
    batch->holds[batch->holds_count++] = message;
    batch->count += decode.count;
    *scratch_used += decode.scratch_used;
    batch->next = (struct sp_position){(uint64_t)client->offset, kafka->current_sub, 0};
  }
  return true;
}

/* The current message is decoded to its end. */
static void message_end(struct sp_source *source, struct sp_batch *batch)
{
  struct kafka *kafka = source->inside;
  const rd_kafka_message_t *client = kafka->current->client;
  int64_t behind = client->offset + 1;
  int32_t number = client->partition;
  if (batch->count > 0) {
    batch->next = (struct sp_position){(uint64_t)behind, 0, 0};
  }
  message_release(kafka, kafka->current);
  kafka->current = NULL;
  if (source->until_end && behind >= kafka->partitions[number].end_offset) {
    partition_done(kafka, number);
  }
}

static enum sp_status batch_read(struct sp_source *source, struct sp_batch *batch)
{
  struct kafka *kafka = source->inside;
  size_t scratch_used = 0;
  int32_t number = -1;
  while (batch->count < SP_BATCH_RECORDS_MAX) {
    if (source->until_end && kafka->partitions_left == 0 && kafka->current == NULL) {
      return SP_END;
    }
    SP_TRY(message_next(source, batch->count > 0 ? 0 : WAIT_MS));
    if (batch->count > 0 && kafka->current->client->partition != number) {
      return SP_OK;
    }
    if (kafka->current_at == 0) {
      SP_TRY(message_begin(source));
    }
    if (batch->count > 0 && kafka->current_stream != batch->stream) {
      return SP_OK;
    }
    number = kafka->current->client->partition;
    batch->stream = kafka->current_stream;
    if (!message_decode(source, batch, &scratch_used)) {
      return SP_OK;
    }
    if (kafka->current_at == kafka->current->client->len) {
      message_end(source, batch);
    }
  }
  return SP_OK;
}

static enum sp_status kafka_next(struct sp_source *source, struct sp_batch *batch)
{
  struct kafka *kafka = source->inside;
  if (kafka->assigned == 0) {
    SP_TRY(partitions_assign(source));
  }
  SP_TRY(partitions_look(source));
  if (kafka->pending != SP_OK) {
    enum sp_status pending = kafka->pending;
    kafka->pending = SP_OK;
    return pending;
  }
  enum sp_status status = batch_read(source, batch);
  if (batch->count > 0) {
    sp__source_decoder_warning(source, batch->stream);
    kafka->pending = status == SP_AGAIN || status == SP_END ? SP_OK : status;
    return SP_OK;
  }
  return status == SP_OK ? SP_AGAIN : status;
}

static void kafka_release(struct sp_source *source, struct sp_batch *batch)
{
  for (uint32_t i = 0; i < batch->holds_count; i++) {
    message_release(source->inside, batch->holds[i]);
  }
}

static void kafka_pause(struct sp_source *source, bool pause)
{
  struct kafka *kafka = source->inside;
  if (kafka->partitions_left == 0) {
    return;
  }
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(kafka->assigned);
  for (int32_t i = 0; i < kafka->assigned; i++) {
    if (!kafka->partitions[i].done) {
      rd_kafka_topic_partition_list_add(list, kafka->topic, i);
    }
  }
  rd_kafka_resp_err_t error = pause ? rd_kafka_pause_partitions(kafka->client, list)
                                    : rd_kafka_resume_partitions(kafka->client, list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    sp__source_warn(source, "kafka: %s: %s", kafka->topic, rd_kafka_err2str(error));
  }
}

static void kafka_commit(struct sp_source *source, uint32_t stream, struct sp_position next)
{
  struct kafka *kafka = source->inside;
  const char *name = source->streams[stream].stream.name;
  for (int32_t i = 0; i < kafka->partitions_count; i++) {
    if (strcmp(source->streams[kafka->partitions[i].stream].stream.name, name) == 0) {
      rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
      rd_kafka_topic_partition_list_add(list, kafka->topic, i)->offset = (int64_t)next.offset;
      (void)rd_kafka_commit(kafka->client, list, 1); /* for lag tools: best effort */
      rd_kafka_topic_partition_list_destroy(list);
      return;
    }
  }
}

static void kafka_close(struct sp_source *source)
{
  struct kafka *kafka = source->inside;
  if (kafka == NULL) {
    return;
  }
  if (kafka->current != NULL) {
    message_release(kafka, kafka->current);
  }
  for (; kafka->window_at < kafka->window_count; kafka->window_at++) {
    rd_kafka_message_destroy(kafka->window[kafka->window_at]);
  }
  if (kafka->client != NULL) {
    if (kafka->handle != NULL) {
      rd_kafka_topic_destroy(kafka->handle);
    }
    if (kafka->assigned > 0) {
      (void)rd_kafka_consumer_close(kafka->client); /* offsets are not the broker's to keep */
    }
    rd_kafka_queue_destroy(kafka->queue);
    rd_kafka_destroy(kafka->client);
  }
  while (kafka->slabs != NULL) {
    struct slab *slab = kafka->slabs;
    kafka->slabs = slab->next;
    free(slab);
  }
  free(kafka->partitions);
  free(kafka->brokers);
  free(kafka->topic);
  free(kafka);
}

static const struct sp__source_kind kafka_kind = {.next = kafka_next,
                                                  .release = kafka_release,
                                                  .pause = kafka_pause,
                                                  .commit = kafka_commit,
                                                  .close = kafka_close};

enum sp_status sp__kafka_open(struct sp_source *source, const struct sp_source_options *options)
{
  source->kind = &kafka_kind;
  source->format = source->format == SP_FORMAT_UNKNOWN ? SP_FORMAT_JSON : source->format;
  struct kafka *kafka = calloc(1, sizeof(*kafka));
  if (kafka == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory");
  }
  source->inside = kafka;
  kafka->brokers = strdup(options->brokers);
  kafka->topic = strdup(options->topic);
  if (kafka->brokers == NULL || kafka->topic == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory");
  }
  SP_TRY(client_make(source, options));
  return topic_open(source);
}
