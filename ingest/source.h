/* Where usage records come from: files, stdin, Kafka; one interface. A source gives batches of decoded records of one stream
 * (a file, a partition) each, with the raw bytes they stand in and their positions. One thread (the router).
 *
 * Bytes belong to chunks that the source counts references of: a batch holds its chunks until sp_batch_release, which may
 * be called by another thread than sp_source_next, one batch at a time (the router calls it when it reuses a parcel).
 * No memory is taken per record.
 *
 * Positions: for a file the offset of the line in the (decompressed) text, sub = 0; for Kafka the message's offset and the record's
 * index in it. `next` of a batch is the position behind its last record: whoever has everything before `next`
 * continues with sp_source_seek(stream, next). */
#ifndef SP_INGEST_SOURCE_H
#define SP_INGEST_SOURCE_H

#include "ingest/decode.h"
#include "rating/position.h"

enum sp_source_format { SP_FORMAT_CSV, SP_FORMAT_JSON };

/* A stream of a source. Its address stays the same while the source is open. */
struct sp_source_stream {
  uint32_t index;      /* dense from 0 in the order in which they were found */
  uint32_t format;     /* enum sp_source_format */
  const char *name;    /* files: the path as given; Kafka: "kafka:TOPIC/PARTITION" */
  uint32_t name_length;
  uint32_t columns_length;
  const char *columns; /* CSV: the header line in force for the batch at hand (changes with it), "" for JSON. With it a raw
                        * record can be decoded again: sp_decode_raw */
};

struct sp_batch_chunks; /* the source's */

struct sp_batch {
  const struct sp_source_stream *stream;
  uint32_t count; /* 0 .. SP_BATCH_RECORDS_MAX */
  struct sp_position next;
  struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  struct sp_position positions[SP_BATCH_RECORDS_MAX];
  char scratch[SP_DECODE_SCRATCH_BYTES];
  struct sp_batch_chunks *chunks;
};

struct sp_source;

#define SP_SOURCE_ERROR_BYTES 512

struct sp_source_options {
  struct sp_decode_zone zone;
  int format;              /* enum sp_source_format, -1 = by name and content (files) */
  bool until_end;          /* END at the end of files, at the high watermarks of Kafka as of opening; else wait for more */
  void *(*take)(size_t bytes); /* zeroed memory; chunks are taken at opening and when more are in flight than ever */
  void (*give)(void *at, size_t bytes);
};

/* Files and folders (their files by name, not hidden ones), "-" = stdin; plain or zstd. On an error `error` says which and why. */
SP_MUST_CHECK enum sp_status sp_source_open_files(struct sp_source **source, const char *const *paths, size_t count,
                                                  const struct sp_source_options *options,
                                                  char error[SP_SOURCE_ERROR_BYTES]);
/* A topic of a Kafka cluster, all its partitions by assign; offsets are the caller's, `group` (or NULL) is only told of them. `settings`: further
 * librdkafka settings, name and value in turn, NULL ends. BROKER after timeout_ms without an answer. */
SP_MUST_CHECK enum sp_status sp_source_open_kafka(struct sp_source **source, const char *brokers, const char *topic,
                                                  const char *group, const char *const *settings, int timeout_ms,
                                                  const struct sp_source_options *options,
                                                  char error[SP_SOURCE_ERROR_BYTES]);
void sp_source_close(struct sp_source *source);

uint32_t sp_source_stream_count(const struct sp_source *source);
const struct sp_source_stream *sp_source_stream_at(const struct sp_source *source, uint32_t index);
/* Before the first sp_source_next: the stream begins at a position (default: its beginning). */
SP_MUST_CHECK enum sp_status sp_source_seek(struct sp_source *source, uint32_t stream,
                                            struct sp_position position);

/* The next batch. END: nothing more (until_end). AGAIN: nothing within wait_ms. IO, BROKER, BAD_FORMAT (a damaged zstd file): sp_source_error. */
SP_MUST_CHECK enum sp_status sp_source_next(struct sp_source *source, struct sp_batch *batch, int wait_ms);
/* Gives the batch's chunks back; the records' texts and raw bytes are gone. */
void sp_batch_release(struct sp_batch *batch);
const char *sp_source_error(const struct sp_source *source);
/* Unknown columns and the like, once per stream, or NULL: printed by the caller. */
const char *sp_source_warning(struct sp_source *source);

/* Back-pressure: pause = true stops fetching (Kafka: partitions are paused) while sp_source_next is not called for long. */
void sp_source_pause(struct sp_source *source, bool pause);
/* Kafka with a group: tells it how far the store is (for lag tools only). */
void sp_source_commit(struct sp_source *source, uint32_t stream, struct sp_position next);
/* For progress: bytes read and bytes there are in all, 0 = not known. */
void sp_source_progress(const struct sp_source *source, uint64_t *done, uint64_t *all);

/* Decodes one raw record again as the source did: format and columns of its stream. The result is the same to the last
 * field. `scratch` has SP_DECODE_SCRATCH_BYTES. */
struct sp_raw_decoder {
  struct sp_decoder decoder;
  uint64_t columns_hash[2]; /* of the columns the decoder is set to */
  uint32_t format;
  bool set;
};
void sp_raw_decoder_open(struct sp_raw_decoder *raw, const struct sp_decode_zone *zone);
void sp_raw_decode(struct sp_raw_decoder *raw, uint32_t format, const char *columns, size_t columns_length,
                   const char *bytes, size_t length, char *scratch, struct sp_cdr *cdr);

#endif
