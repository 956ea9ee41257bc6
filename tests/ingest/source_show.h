/* Everything that a source gives, as a list of lines "stream offset.sub record", and what tests of
 * sources share. */
#ifndef SP_TESTS_INGEST_SOURCE_SHOW_H
#define SP_TESTS_INGEST_SOURCE_SHOW_H

#include "ingest/source.h"
#include "tests/ingest/decode_show.h"

#include <check.h>

struct records {
  size_t count, size;
  char **lines;
  struct sp_position *positions;
  char **streams;
};

static inline void records_free(struct records *records)
{
  for (size_t i = 0; i < records->count; i++) {
    free(records->lines[i]);
    free(records->streams[i]);
  }
  free(records->lines);
  free(records->positions);
  free(records->streams);
  *records = (struct records){0};
}

static inline void records_add(struct records *records, const struct sp_source *source,
                               const struct sp_batch *batch, uint32_t i)
{
  if (records->count == records->size) {
    records->size = records->size * 2 + 64;
    records->lines = realloc(records->lines, records->size * sizeof(char *));
    records->streams = realloc(records->streams, records->size * sizeof(char *));
    records->positions = realloc(records->positions, records->size * sizeof(struct sp_position));
  }
  const struct sp_source_stream *stream = sp_source_stream(source, batch->stream);
  static struct show show;
  if (show.text == NULL) {
    show_open(&show);
  }
  show.length = 0;
  show_cdr(&show, &batch->cdrs[i]);
  records->lines[records->count] = strdup(show.text);
  records->streams[records->count] = strdup(stream->name);
  records->positions[records->count] = batch->positions[i];
  records->count++;
  /* what a journal keeps of the record gives the record again */
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  static struct sp_decoder decoder;
  struct sp_cdr again;
  if (decoder.magic == 0) {
    sp_decoder_open(&decoder, &show_zone);
  }
  sp_decode_raw(
      &decoder, stream->format, (struct sp_decode_bytes){stream->columns, stream->columns_length},
      (struct sp_decode_bytes){batch->raws[i].at, batch->raws[i].length}, &again, scratch);
  show.length = 0;
  show_cdr(&show, &again);
  REQUIRE(strcmp(show.text, records->lines[records->count - 1]) == 0);
}

/* Reads until END (or AGAIN, if that is what is waited for), with several batches held at a time.
 */
static inline void records_read(struct records *records, struct sp_source *source,
                                enum sp_status until)
{
  enum { HELD = 3 };
  struct sp_batch *batches = calloc(HELD, sizeof(*batches));
  ck_assert_ptr_nonnull(batches);
  struct sp_position last = {0, 0, 0};
  uint32_t last_stream = UINT32_MAX;
  for (size_t turn = 0;; turn++) {
    struct sp_batch *batch = &batches[turn % HELD];
    sp_source_release(source, batch);
    enum sp_status status = sp_source_next(source, batch);
    if (status == until) {
      break;
    }
    if (status == SP_AGAIN) {
      continue;
    }
    if (status != SP_OK) {
      ck_abort_msg("%s: %s", sp_status_word(status), sp_source_error(source));
    }
    for (uint32_t i = 0; i < batch->count; i++) {
      struct sp_position position = batch->positions[i];
      REQUIRE(batch->stream != last_stream || sp_position_compare(last, position) < 0);
      last = position;
      last_stream = batch->stream;
      records_add(records, source, batch, i);
    }
    REQUIRE(sp_position_compare(batch->next, last) > 0);
  }
  for (size_t i = 0; i < HELD; i++) {
    sp_source_release(source, &batches[i]);
  }
  free(batches);
}

static inline void records_equal(const struct records *all, size_t from, const struct records *part)
{
  ck_assert_uint_eq(part->count, all->count - from);
  for (size_t i = 0; i < part->count; i++) {
    REQUIRE(strcmp(part->lines[i], all->lines[from + i]) == 0);
    REQUIRE(strcmp(part->streams[i], all->streams[from + i]) == 0);
    REQUIRE(sp_position_compare(part->positions[i], all->positions[from + i]) == 0);
  }
}

static char warnings[4096];

static inline void note_warning(void *context, const char *text)
{
  (void)context;
  size_t length = strlen(warnings);
  snprintf(warnings + length, sizeof(warnings) - length, "%s\n", text);
}

#endif
