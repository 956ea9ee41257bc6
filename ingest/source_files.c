/* Files and stdin as a source: read in pieces into pooled chunks, decoded where they lie. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ingest/clock.h"
#include "ingest/source_paths.h"
#include "ingest/source_reader.h"

#define CHUNK_BYTES ((size_t)4 << 20)
#define READ_BYTES ((size_t)256 << 10) /* at a time: what was read last is still in the cache */
#define LOOK_MS 1000                   /* between looks for new files in folders */
#define REST_STREAMS_PER_MS 100        /* asking a file for its size takes a microsecond: 10 % */

/* What is left of a line moves to the next chunk: it must fit beside one more piece. */
_Static_assert(SP_LINE_BYTES_MAX + 2 * READ_BYTES < CHUNK_BYTES, "a line fits a chunk");

struct chunk {
  struct chunk *next; /* of the spare ones */
  uint32_t refs;      /* the reader and every batch with bytes in it */
  char bytes[CHUNK_BYTES];
};

struct files {
  struct sp__paths paths;
  struct chunk *spare;
  uint32_t chunks;      /* made */
  uint32_t current;     /* stream at hand, if `reader` is open; else the next to open */
  uint32_t idle;        /* streams in a row that had nothing new */
  uint64_t *seen_bytes; /* size of each file when its end was reached; UINT64_MAX: not yet */
  uint32_t seen_count, seen_size;
  int64_t looked_ms; /* when folders were last looked into */
  int64_t rest_ms;   /* nobody has anything new: not asked again before that */
  struct sp_reader *reader;
  /* of the file at hand */
  struct chunk *chunk;
  size_t at, fill; /* in the chunk: decoded up to, filled up to */
  uint64_t base;   /* file's byte at the chunk's beginning */
  bool end;        /* the file's end was reached */
  bool prepared;   /* format, header and place are found */
  bool skip_one;   /* the record at `next` is done already */
  struct sp_position next;
};

static void chunk_release(struct files *files, struct chunk *chunk)
{
  SP_ASSERT(chunk->refs > 0);
  if (--chunk->refs == 0) {
    chunk->next = files->spare;
    files->spare = chunk;
  }
}

static struct chunk *chunk_take(struct files *files)
{
  struct chunk *chunk = files->spare;
  if (chunk != NULL) {
    files->spare = chunk->next;
  } else {
    chunk = malloc(sizeof(*chunk));
    if (chunk == NULL) {
      return NULL;
    }
    files->chunks++;
  }
  chunk->refs = 1;
  return chunk;
}

static const char *current_name(const struct sp_source *source)
{
  const struct files *files = source->inside;
  return source->streams[files->current].stream.name;
}

static bool is_stdin(const struct sp_source *source, uint32_t stream)
{
  return strcmp(source->streams[stream].stream.name, SP__STDIN_NAME) == 0;
}

/* Room for a piece behind `fill`; what is not decoded moves to a new chunk if need be. */
static enum sp_status room_make(struct sp_source *source)
{
  struct files *files = source->inside;
  if (files->chunk != NULL && CHUNK_BYTES - files->fill >= READ_BYTES) {
    return SP_OK;
  }
  struct chunk *chunk = chunk_take(files);
  if (chunk == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "%s: out of memory", current_name(source));
  }
  if (files->chunk != NULL) {
    size_t rest = files->fill - files->at;
    SP_ASSERT(rest + READ_BYTES <= CHUNK_BYTES);
    memcpy(chunk->bytes, files->chunk->bytes + files->at, rest);
    chunk_release(files, files->chunk);
    files->base += files->at;
    files->fill = rest;
    files->at = 0;
  }
  files->chunk = chunk;
  return SP_OK;
}

/* One more piece behind `fill`, or the end. */
static enum sp_status piece_read(struct sp_source *source)
{
  struct files *files = source->inside;
  size_t got = 0;
  SP_TRY(room_make(source));
  enum sp_status status =
      sp_reader_read(files->reader, files->chunk->bytes + files->fill, READ_BYTES, &got);
  if (status == SP_BAD_FORMAT) {
    return sp__source_fail(source, status, "%s: broken zstd data behind byte %llu of the text",
                           current_name(source), (unsigned long long)(files->base + files->fill));
  }
  if (status == SP_IO) {
    return sp__source_fail(source, status, "%s: %s", current_name(source), strerror(errno));
  }
  SP_TRY(status);
  files->fill += got;
  files->end = got == 0;
  if (files->end && source->until_end && sp_reader_cut(files->reader)) {
    return sp__source_fail(source, SP_BAD_FORMAT, "%s: the zstd data end in the middle",
                           current_name(source));
  }
  return SP_OK;
}

/* Whether no bytes follow those that were read: what is left without line break is a record. */
static bool nothing_follows(const struct sp_source *source)
{
  const struct files *files = source->inside;
  return files->end && (source->until_end || is_stdin(source, files->current));
}

/* The first byte that is not blank: { is JSON. UNKNOWN: not read yet. */
static enum sp_decode_format format_find(const struct sp_source *source)
{
  const struct files *files = source->inside;
  const char *bytes = files->chunk->bytes;
  if (source->format != SP_FORMAT_UNKNOWN) {
    return source->format;
  }
  size_t at = files->fill >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < files->fill && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0') {
    at++;
  }
  if (at < files->fill && (at > 0 || bytes[0] != '\xEF' || files->fill >= 3)) {
    return bytes[at] == '{' ? SP_FORMAT_JSON : SP_FORMAT_CSV;
  }
  return nothing_follows(source) || files->fill > CHUNK_BYTES - 2 * READ_BYTES ? SP_FORMAT_CSV
                                                                               : SP_FORMAT_UNKNOWN;
}

/* Decodes up to `count_max` records from what is there. */
static void decode_some(struct sp_source *source, struct sp_batch *batch, uint32_t count_max,
                        struct sp_decode *decode)
{
  struct files *files = source->inside;
  batch->count = 0;
  *decode = sp__batch_decode(batch, 0);
  decode->count_max = count_max;
  decode->bytes = files->chunk->bytes + files->at;
  decode->length = files->fill - files->at;
  decode->last = nothing_follows(source);
  if (source->streams[files->current].stream.format == SP_FORMAT_JSON) {
    sp_decode_json_batch(&source->decoder, decode);
  } else {
    sp_decode_csv_batch(&source->decoder, decode);
  }
  files->at += decode->consumed;
}

/* Reads a CSV file's header before it jumps over what is done. */
static enum sp_status header_read(struct sp_source *source, struct sp_batch *batch)
{
  struct files *files = source->inside;
  while (source->streams[files->current].stream.format == SP_FORMAT_CSV &&
         source->decoder.header == SP_HEADER_NONE) {
    struct sp_decode decode;
    decode_some(source, batch, 1, &decode);
    if (decode.consumed == 0 && source->decoder.header == SP_HEADER_NONE) {
      if (files->end) {
        break;
      }
      SP_TRY(piece_read(source));
    }
  }
  return SP_OK;
}

/* To the byte at which the source goes on. */
static enum sp_status offset_reach(struct sp_source *source, uint64_t offset)
{
  struct files *files = source->inside;
  bool within = offset >= files->base && offset <= files->base + files->fill;
  if (!within && sp_reader_jump(files->reader, offset)) {
    files->base = offset;
    files->at = files->fill = 0;
    files->end = false;
    return SP_OK;
  }
  while (files->base + files->fill < offset && !files->end) {
    files->base += files->fill;
    files->at = files->fill = 0;
    SP_TRY(piece_read(source));
  }
  if (offset < files->base || offset > files->base + files->fill) {
    return sp__source_fail(source, SP_DIFFERENT,
                           "%s: is shorter than what was read of it before: was it replaced?",
                           current_name(source));
  }
  files->at = (size_t)(offset - files->base);
  return SP_OK;
}

/* Goes on behind what is done. */
static enum sp_status resume(struct sp_source *source, struct sp_batch *batch)
{
  struct files *files = source->inside;
  SP_TRY(header_read(source, batch));
  SP_TRY(offset_reach(source, files->next.offset));
  sp_decoder_jump(&source->decoder, 0);
  files->skip_one = files->next.sub > 0;
  return SP_OK;
}

static void file_close(struct files *files)
{
  sp_reader_close(files->reader);
  files->reader = NULL;
  if (files->chunk != NULL) {
    chunk_release(files, files->chunk);
    files->chunk = NULL;
  }
}

/* A folder's file that was taken away since it was listed: done with, mostly. */
static bool went_away(struct sp_source *source, const struct sp__stream *stream)
{
  struct files *files = source->inside;
  if (errno != ENOENT || source->until_end || files->paths.folders_count == 0) {
    return false;
  }
  if (stream->from.offset == 0 && stream->from.sub == 0) {
    sp__source_warn(source, "%s: went away before it was read", stream->stream.name);
  }
  sp_reader_close(files->reader);
  files->reader = NULL;
  files->seen_bytes[files->current] = 0; /* it may come back */
  return true;
}

/* NOT_FOUND: it is not there any more. */
static enum sp_status file_open(struct sp_source *source)
{
  struct files *files = source->inside;
  struct sp__stream *stream = &source->streams[files->current];
  stream->begun = true;
  bool from_stdin = is_stdin(source, files->current);
  enum sp_status status = sp_reader_open(&files->reader, from_stdin ? NULL : stream->stream.name);
  if (status == SP_IO && went_away(source, stream)) {
    return SP_NOT_FOUND;
  }
  if (status != SP_OK) {
    return sp__source_fail(source, status, "%s: %s", stream->stream.name,
                           status == SP_IO ? strerror(errno) : sp_status_text(status));
  }
  files->at = files->fill = 0;
  files->base = 0;
  files->end = false;
  files->prepared = false;
  files->skip_one = false;
  files->next = stream->from;
  sp_decoder_begin(&source->decoder);
  return SP_OK;
}

/* Finds the format, and the place to go on at. May be called again after AGAIN. What is left
 * unprepared has no byte yet that tells its format. */
static enum sp_status file_prepare(struct sp_source *source, struct sp_batch *batch)
{
  struct files *files = source->inside;
  struct sp_source_stream *stream = &source->streams[files->current].stream;
  SP_TRY(room_make(source));
  stream->format = stream->format == SP_FORMAT_UNKNOWN ? format_find(source) : stream->format;
  while (stream->format == SP_FORMAT_UNKNOWN && !files->end) {
    SP_TRY(piece_read(source));
    stream->format = format_find(source);
  }
  if (stream->format == SP_FORMAT_UNKNOWN) {
    return SP_OK;
  }
  if (files->next.offset > 0 || files->next.sub > 0) {
    SP_TRY(resume(source, batch));
  }
  files->prepared = true;
  return SP_OK;
}

/* Whether a file may have something new: it was not read to its end, or has another size since. */
static bool worth_opening(const struct sp_source *source, uint32_t stream)
{
  const struct files *files = source->inside;
  struct stat about;
  if (files->seen_bytes[stream] == UINT64_MAX) {
    return true;
  }
  return !source->until_end && !is_stdin(source, stream) &&
         stat(source->streams[stream].stream.name, &about) == 0 &&
         (uint64_t)about.st_size != files->seen_bytes[stream];
}

/* Every stream has its seen_bytes. */
static enum sp_status seen_room(struct sp_source *source)
{
  struct files *files = source->inside;
  if (files->seen_size < source->streams_count) {
    uint32_t size = source->streams_count * 2;
    uint64_t *grown = realloc(files->seen_bytes, size * sizeof(*grown));
    if (grown == NULL) {
      return sp__source_fail(source, SP_NO_MEMORY, "out of memory for the list of files");
    }
    files->seen_bytes = grown;
    files->seen_size = size;
  }
  while (files->seen_count < source->streams_count) {
    files->seen_bytes[files->seen_count++] = UINT64_MAX;
  }
  return SP_OK;
}

/* Once in a while: files that came to the folders. AGAIN: there are some, and their reader may say
 * first where they go on. */
static enum sp_status folders_look(struct sp_source *source, int64_t now)
{
  struct files *files = source->inside;
  uint32_t before = source->streams_count;
  if (now - files->looked_ms < LOOK_MS) {
    return SP_OK;
  }
  files->looked_ms = now;
  SP_TRY(sp__paths_look(source, &files->paths));
  SP_TRY(seen_room(source));
  if (source->streams_count == before) {
    return SP_OK;
  }
  files->idle = 0;
  files->rest_ms = 0;
  return SP_AGAIN;
}

/* Opens the next file with something new. END: there is none; AGAIN: there may be one later. */
static enum sp_status file_next(struct sp_source *source)
{
  struct files *files = source->inside;
  int64_t now = 0;
  if (!source->until_end) {
    now = sp_clock_ms();
    SP_TRY(folders_look(source, now));
    if (now < files->rest_ms) {
      return SP_AGAIN;
    }
  }
  while (files->idle < source->streams_count) {
    enum sp_status status =
        worth_opening(source, files->current) ? file_open(source) : SP_NOT_FOUND;
    if (status != SP_NOT_FOUND) {
      return status;
    }
    files->idle++;
    files->current = (files->current + 1) % source->streams_count;
  }
  files->idle = 0;
  if (source->until_end) {
    return SP_END;
  }
  files->rest_ms = now + source->streams_count / REST_STREAMS_PER_MS;
  bool more = files->paths.folders_count > 0;
  for (uint32_t i = 0; i < source->streams_count && !more; i++) {
    more = !is_stdin(source, i);
  }
  return more ? SP_AGAIN : SP_END; /* nothing comes behind the end of stdin */
}

/* The file is read to its end, for now. */
static enum sp_status file_end(struct sp_source *source)
{
  struct files *files = source->inside;
  struct stat about;
  uint32_t stream = files->current;
  if (files->skip_one && files->at == files->fill) {
    return sp__source_fail(source, SP_DIFFERENT,
                           "%s: is shorter than what was read of it before: was it replaced?",
                           current_name(source));
  }
  bool sized = !is_stdin(source, stream) && stat(current_name(source), &about) == 0;
  files->seen_bytes[stream] = sized ? (uint64_t)about.st_size : 0;
  source->streams[stream].from = files->next;
  file_close(files);
  files->idle++;
  files->current = (stream + 1) % source->streams_count;
  return SP_OK;
}

/* Positions, columns and the hold on the chunk for the records just decoded. */
static enum sp_status batch_fill(struct sp_source *source, struct sp_batch *batch, uint32_t count)
{
  struct files *files = source->inside;
  for (uint32_t i = 0; i < count; i++) {
    size_t at = (size_t)(batch->raws[i].at - files->chunk->bytes);
    batch->positions[i] = (struct sp_position){files->base + at, 0, 0};
  }
  batch->count = count;
  batch->stream = files->current;
  batch->next = (struct sp_position){batch->positions[count - 1].offset, 1, 0};
  files->next = batch->next;
  batch->holds[0] = files->chunk;
  batch->holds_count = 1;
  files->chunk->refs++;
  files->idle = 0;
  return SP_OK;
}

/* One step with the file at hand: true when the batch is filled. */
static enum sp_status file_step(struct sp_source *source, struct sp_batch *batch, bool *filled)
{
  struct files *files = source->inside;
  struct sp_decode decode;
  if (!files->prepared) {
    SP_TRY(file_prepare(source, batch));
    return files->prepared ? SP_OK : file_end(source);
  }
  decode_some(source, batch, files->skip_one ? 1 : SP_BATCH_RECORDS_MAX, &decode);
  sp__source_decoder_warning(source, files->current);
  if (decode.count > 0 && files->skip_one) {
    files->skip_one = false;
    return SP_OK;
  }
  if (decode.count > 0) {
    SP_TRY(sp__source_columns_keep(source, files->current));
    *filled = true;
    return batch_fill(source, batch, decode.count);
  }
  if (decode.consumed > 0) {
    return SP_OK;
  }
  return files->end ? file_end(source) : piece_read(source);
}

static enum sp_status files_next(struct sp_source *source, struct sp_batch *batch)
{
  struct files *files = source->inside;
  bool filled = false;
  while (!filled) {
    enum sp_status status =
        files->reader == NULL ? file_next(source) : file_step(source, batch, &filled);
    if (status != SP_OK) {
      batch->count = 0;
      return status;
    }
  }
  return SP_OK;
}

static void files_release(struct sp_source *source, struct sp_batch *batch)
{
  for (uint32_t i = 0; i < batch->holds_count; i++) {
    chunk_release(source->inside, batch->holds[i]);
  }
}

static void files_close(struct sp_source *source)
{
  struct files *files = source->inside;
  if (files == NULL) {
    return;
  }
  file_close(files);
  while (files->spare != NULL) {
    struct chunk *chunk = files->spare;
    files->spare = chunk->next;
    free(chunk);
    files->chunks--;
  }
  SP_ASSERT(files->chunks == 0); /* every batch was released */
  sp__paths_free(&files->paths);
  free(files->seen_bytes);
  free(files);
}

static const struct sp__source_kind files_kind = {
    .next = files_next, .release = files_release, .close = files_close};

enum sp_status sp__files_open(struct sp_source *source, const struct sp_source_options *options)
{
  source->kind = &files_kind;
  struct files *files = calloc(1, sizeof(*files));
  if (files == NULL) {
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory");
  }
  source->inside = files;
  for (size_t i = 0; i < options->paths_count; i++) {
    SP_TRY(sp__paths_add(source, &files->paths, options->paths[i]));
  }
  files->looked_ms = sp_clock_ms();
  return seen_room(source);
}
