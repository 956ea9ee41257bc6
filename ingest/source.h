/* Sources of usage records, one interface for files, stdin and Kafka: batches of decoded records
 * with their raw bytes and positions. No allocation per record: bytes lie in pooled chunks or in
 * the Kafka client's messages and stay there until the batch is released.
 *
 * A source belongs to one thread: open, seek, next, release, pause, commit and close are called by
 * it alone; what a batch holds may be read by any thread until it is released. Batches may be
 * released in any order.
 *
 * A stream is one file or one partition of a topic. Its name lasts over restarts: a file's absolute
 * path without links, "stdin", "kafka/TOPIC/PARTITION". Positions and going on: README.md "Sources
 * and positions". */
#ifndef SP_INGEST_SOURCE_H
#define SP_INGEST_SOURCE_H

#include "ingest/decode.h"
#include "rating/position.h"

#define SP_SOURCE_STREAMS_MAX 1000000
#define SP_SOURCE_NAME_BYTES_MAX 1024
#define SP_SOURCE_ERROR_BYTES 1024
#define SP_SOURCE_TIMEOUT_MS 15000

struct sp_source;

struct sp_source_setting { /* of librdkafka, as it names them */
  const char *name;
  const char *value;
};

/* Either paths or brokers and topic. What is pointed to is borrowed during open, but for zone's and
 * warn's contexts. */
struct sp_source_options {
  const char *const *paths; /* files, folders (their *.csv, *.json, *.jsonl, *.ndjson, each also
                               .zst, by name), "-" = stdin; a folder may be empty */
  size_t paths_count;
  const char *brokers; /* host:port,host:port */
  const char *topic;
  const char *group; /* for offsets committed as information; NULL: "suanpan" */
  const struct sp_source_setting *settings;
  size_t settings_count;
  uint32_t timeout_ms;          /* broker silent for so long: BROKER; 0 = SP_SOURCE_TIMEOUT_MS */
  enum sp_decode_format format; /* UNKNOWN: files by their first byte; Kafka JSON */
  bool until_end;               /* END behind what is there at the start; else wait for more, new
                                   files and partitions included */
  struct sp_decode_zone zone;
  void (*warn)(void *context, const char *text); /* one line, may be NULL */
  void *context;
};

struct sp_source_stream {
  const char *name; /* zero-terminated; the source's, until it is closed */
  uint32_t name_length;
  enum sp_decode_format format;
  const char *columns; /* CSV header line the records are decoded with; length 0: JSON, none yet or
                          a bad one */
  uint32_t columns_length;
};

struct sp_batch { /* zeroed before its first use */
  uint32_t count;
  uint32_t stream; /* index of the one stream and layout of all its records: sp_source_stream */
  struct sp_position next; /* right behind the last record: where to go on */
  struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  struct sp_position positions[SP_BATCH_RECORDS_MAX];
  uint32_t holds_count; /* the source's own */
  void *holds[SP_BATCH_RECORDS_MAX];
  char scratch[SP_DECODE_SCRATCH_BYTES];
};

/* Opens; *source is set whatever comes out (unless NO_MEMORY) and must be closed. Errors, each with
 * sp_source_error: NOT_FOUND (a path, the topic), IO, LIMIT, BAD_CONFIG (a Kafka setting), BROKER,
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_source_open(struct sp_source **source,
                                            const struct sp_source_options *options);
void sp_source_close(struct sp_source *source);
/* What went wrong, in one line without line break. */
const char *sp_source_error(const struct sp_source *source);

/* Streams so far. A file whose header is not read yet has no columns; a Kafka stream with messages
 * of several headers gets one index for each: all with one name, and one position. Without
 * until_end files and partitions that are new join about a second later: next says AGAIN before it
 * reads the first of them, so that they can be told where to go on. */
uint32_t sp_source_streams(const struct sp_source *source);
const struct sp_source_stream *sp_source_stream(const struct sp_source *source, uint32_t index);

/* Before the first next, of a new stream before the next one: the stream goes on at `next`.
 * NOT_FOUND: no such stream (its file is not among the paths). */
SP_MUST_CHECK enum sp_status sp_source_seek(struct sp_source *source, const char *name,
                                            size_t name_length, struct sp_position next);

/* The next 1 to SP_BATCH_RECORDS_MAX records, all of one stream, into a batch that holds nothing.
 * END: until_end, and all is read. AGAIN: nothing there yet (Kafka waits up to 100 ms before saying
 * so, files and stdin do not). IO, BAD_FORMAT (broken zstd), DIFFERENT (the stream no longer has
 * the position it was to go on at), BROKER (may be called again), NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_source_next(struct sp_source *source, struct sp_batch *batch);
/* The batch's bytes may go. A batch of count 0 is released already. */
void sp_source_release(struct sp_source *source, struct sp_batch *batch);

/* Back-pressure: while paused, the Kafka client fetches nothing more; next gives what it has, then
 * AGAIN. Files do not care. */
void sp_source_pause(struct sp_source *source, bool pause);
/* Tells the broker's group how far a stream is durable, for lag tools only; best effort, does not
 * wait. Files do not care. */
void sp_source_commit(struct sp_source *source, uint32_t stream, struct sp_position next);

#endif
