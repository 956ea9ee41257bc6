/* What all sources have in common; see source.h. */
#include "ingest/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/source_inside.h"

enum sp_status sp__source_fail(struct sp_source *source, enum sp_status status, const char *format,
                               ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(source->error, sizeof(source->error), format, arguments);
  va_end(arguments);
  for (char *at = source->error; *at != '\0'; at++) {
    *at = *at == '\n' || *at == '\r' ? ' ' : *at;
  }
  return status;
}

void sp__source_warn(struct sp_source *source, const char *format, ...)
{
  char text[SP_SOURCE_ERROR_BYTES];
  va_list arguments;
  if (source->warn == NULL) {
    return;
  }
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  source->warn(source->context, text);
}

enum sp_status sp__source_stream_add(struct sp_source *source, const char *name, uint32_t *index)
{
  size_t length = strlen(name);
  if (source->streams_count == SP_SOURCE_STREAMS_MAX || length > SP_SOURCE_NAME_BYTES_MAX) {
    return sp__source_fail(source, SP_LIMIT, "%.200s: %s", name,
                           length > SP_SOURCE_NAME_BYTES_MAX ? "the name is too long"
                                                             : "too many files or partitions");
  }
  if (source->streams_count == source->streams_size) {
    uint32_t size = source->streams_size * 2 + 16;
    struct sp__stream *grown = realloc(source->streams, size * sizeof(*grown));
    if (grown == NULL) {
      return sp__source_fail(source, SP_NO_MEMORY, "out of memory for the list of streams");
    }
    source->streams = grown;
    source->streams_size = size;
  }
  char *copy = strdup(name);
  if (copy == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory for the list of streams");
  }
  *index = source->streams_count++;
  source->streams[*index] =
      (struct sp__stream){.stream = {.name = copy, .name_length = (uint32_t)length, .columns = ""}};
  return SP_OK;
}

static void columns_free(struct sp_source_stream *stream)
{
  if (stream->columns_length > 0) {
    free((void *)(uintptr_t)stream->columns);
  }
  stream->columns = "";
  stream->columns_length = 0;
}

enum sp_status sp__source_columns_keep(struct sp_source *source, uint32_t stream)
{
  struct sp_source_stream *row = &source->streams[stream].stream;
  uint32_t length = source->decoder.columns_length;
  if (row->columns_length == length &&
      memcmp(row->columns, source->decoder.columns_text, length) == 0) {
    return SP_OK;
  }
  if (row->columns_length > 0) {
    return sp__source_fail(source, SP_DIFFERENT,
                           "%s: has another header than before: was it replaced?", row->name);
  }
  char *copy = malloc(length);
  if (copy == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "%s: out of memory", row->name);
  }
  memcpy(copy, source->decoder.columns_text, length);
  row->columns = copy;
  row->columns_length = length;
  return SP_OK;
}

void sp__source_decoder_warning(struct sp_source *source, uint32_t stream)
{
  const char *warning = sp_decoder_warning(&source->decoder);
  if (warning != NULL) {
    sp__source_warn(source, "%s: %s", source->streams[stream].stream.name, warning);
  }
}

struct sp_decode sp__batch_decode(struct sp_batch *batch, size_t scratch_used)
{
  struct sp_decode decode = {.count_max = SP_BATCH_RECORDS_MAX - batch->count};
  decode.cdrs = batch->cdrs + batch->count;
  decode.raws = batch->raws + batch->count;
  decode.scratch = batch->scratch + scratch_used;
  decode.scratch_size = sizeof(batch->scratch) - scratch_used;
  return decode;
}

enum sp_status sp_source_open(struct sp_source **source, const struct sp_source_options *options)
{
  SP_ASSERT(source != NULL && options != NULL && options->zone.from_local != NULL);
  bool kafka = options->brokers != NULL;
  SP_ASSERT(kafka ? options->topic != NULL && options->paths_count == 0 : options->paths_count > 0);
  struct sp_source *made = calloc(1, sizeof(*made));
  *source = made;
  if (made == NULL) {
    return SP_NO_MEMORY;
  }
  made->magic = SP__SOURCE_MAGIC;
  made->until_end = options->until_end;
  made->timeout_ms = options->timeout_ms == 0 ? SP_SOURCE_TIMEOUT_MS : options->timeout_ms;
  made->format = options->format;
  made->warn = options->warn;
  made->context = options->context;
  sp_decoder_open(&made->decoder, &options->zone);
#if defined(__x86_64__)
  made->decoder.wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
  return kafka ? sp__kafka_open(made, options) : sp__files_open(made, options);
}

void sp_source_close(struct sp_source *source)
{
  if (source == NULL) {
    return;
  }
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  if (source->kind != NULL) {
    source->kind->close(source);
  }
  for (uint32_t i = 0; i < source->streams_count; i++) {
    free((void *)(uintptr_t)source->streams[i].stream.name);
    columns_free(&source->streams[i].stream);
  }
  free(source->streams);
  source->magic = 0;
  free(source);
}

const char *sp_source_error(const struct sp_source *source)
{
  return source == NULL ? "out of memory" : source->error;
}

uint32_t sp_source_streams(const struct sp_source *source)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  return source->streams_count;
}

const struct sp_source_stream *sp_source_stream(const struct sp_source *source, uint32_t index)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC && index < source->streams_count);
  return &source->streams[index].stream;
}

enum sp_status sp_source_seek(struct sp_source *source, const char *name, size_t name_length,
                              struct sp_position next)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  for (uint32_t tried = 0; tried < source->streams_count; tried++) {
    uint32_t i = (source->sought + tried) % source->streams_count;
    struct sp__stream *stream = &source->streams[i];
    if (stream->stream.name_length == name_length &&
        memcmp(stream->stream.name, name, name_length) == 0) {
      SP_ASSERT(!stream->begun);
      stream->from = next;
      source->sought = i + 1;
      return SP_OK;
    }
  }
  return SP_NOT_FOUND;
}

enum sp_status sp_source_next(struct sp_source *source, struct sp_batch *batch)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  SP_ASSERT(batch->holds_count == 0); /* released, or fresh and zeroed */
  batch->count = 0;
  enum sp_status status = source->kind->next(source, batch);
  SP_ASSERT((status == SP_OK) == (batch->count > 0));
  return status;
}

void sp_source_release(struct sp_source *source, struct sp_batch *batch)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  if (batch->holds_count > 0) {
    source->kind->release(source, batch);
    batch->holds_count = 0;
  }
  batch->count = 0;
}

void sp_source_pause(struct sp_source *source, bool pause)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC);
  if (source->kind->pause != NULL) {
    source->kind->pause(source, pause);
  }
}

void sp_source_commit(struct sp_source *source, uint32_t stream, struct sp_position next)
{
  SP_ASSERT(source->magic == SP__SOURCE_MAGIC && stream < source->streams_count);
  if (source->kind->commit != NULL) {
    source->kind->commit(source, stream, next);
  }
}
