/* Shared by the source*.c files only: what all kinds of sources have, and what a kind does. */
#ifndef SP_INGEST_SOURCE_INSIDE_H
#define SP_INGEST_SOURCE_INSIDE_H

#include "ingest/source.h"

#define SP__SOURCE_MAGIC 0x53505352u /* "SPSR" */

struct sp__source_kind {
  enum sp_status (*next)(struct sp_source *source, struct sp_batch *batch);
  void (*release)(struct sp_source *source, struct sp_batch *batch);
  void (*pause)(struct sp_source *source, bool pause);
  void (*commit)(struct sp_source *source, uint32_t stream, struct sp_position next);
  void (*close)(struct sp_source *source); /* also after an open that failed half way */
};

struct sp__stream {
  struct sp_source_stream stream; /* name and columns are malloc'ed */
  struct sp_position from;        /* where to go on; {0, 0}: from the beginning */
  bool begun;                     /* reading it has begun */
  bool columns_known;             /* Kafka: a header was taken for it, if only a bad one */
};

struct sp_source {
  uint32_t magic;
  bool until_end;
  uint32_t timeout_ms;
  enum sp_decode_format format;
  struct sp_decoder decoder;
  const struct sp__source_kind *kind;
  void *inside; /* the kind's own */
  struct sp__stream *streams;
  uint32_t streams_count, streams_size;
  uint32_t sought; /* behind the stream that was sought last: mostly they come in their order */
  void (*warn)(void *context, const char *text);
  void *context;
  char error[SP_SOURCE_ERROR_BYTES];
};

SP_MUST_CHECK enum sp_status sp__files_open(struct sp_source *source,
                                            const struct sp_source_options *options);
SP_MUST_CHECK enum sp_status sp__kafka_open(struct sp_source *source,
                                            const struct sp_source_options *options);

/* Keeps the text of what went wrong and gives `status` back. */
enum sp_status sp__source_fail(struct sp_source *source, enum sp_status status, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));
void sp__source_warn(struct sp_source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds a stream; *index is its place. Errors: LIMIT, NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp__source_stream_add(struct sp_source *source, const char *name,
                                                   uint32_t *index);
/* Keeps the decoder's header as the stream's columns. Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp__source_columns_keep(struct sp_source *source, uint32_t stream);
/* Hands on what the decoder has to say of the stream. */
void sp__source_decoder_warning(struct sp_source *source, uint32_t stream);
/* An empty call of a decoder into the free part of a batch. */
struct sp_decode sp__batch_decode(struct sp_batch *batch, size_t scratch_used);

#endif
