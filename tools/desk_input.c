#include "tools/desk_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/resolve.h"
#include "ingest/source_reader.h"

#define READ_BYTES ((size_t)1 << 20)

struct place { /* of a record in the input */
  uint64_t at;
  uint32_t length, reserved;
};

struct sp_desk_input { /* all of it is kept: a conflict names the fields of the record that stood
                          first */
  struct sp_reader *reader;
  char *bytes;
  size_t length, size, done;
  bool last;
  struct place *places;
  size_t places_count, places_size;
  bool warned;
  enum sp_decode_format format;
  struct sp_decoder decoder;
  struct sp_decoder again; /* for records decoded a second time */
  char *again_scratch;
};

static bool room_make(void **at, size_t *size, size_t wanted, size_t each)
{
  if (wanted <= *size) {
    return true;
  }
  size_t grown = *size * 2 > wanted ? *size * 2 : wanted;
  void *moved = realloc(*at, grown * each);
  if (moved == NULL) {
    return false;
  }
  *at = moved;
  *size = grown;
  return true;
}

/* What is wrong with what has been read, said on stderr. */
static void unreadable_say(const struct sp_desk_input *input, const char *path,
                           enum sp_status status)
{
  if (status == SP_IO) {
    fprintf(stderr, "suanpan: %s: cannot be read: %s\n", path, strerror(errno));
  } else if (status == SP_BAD_FORMAT) {
    fprintf(stderr, "suanpan: %s: broken zstd data behind byte %zu of the text\n", path,
            input->length);
  } else {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
  }
}

/* Reads on, a whole piece or up to the end; false: said on stderr why not. */
static bool input_fill(struct sp_desk_input *input, const char *path)
{
  void *bytes = input->bytes;
  size_t end = input->length + READ_BYTES;
  bool fits = room_make(&bytes, &input->size, end, 1);
  input->bytes = bytes;
  enum sp_status status = fits ? SP_OK : SP_NO_MEMORY;
  while (!input->last && input->length < end && (status == SP_OK || status == SP_AGAIN)) {
    size_t got;
    status = sp_reader_read(input->reader, input->bytes + input->length, end - input->length, &got);
    input->length += got;
    input->last = status == SP_OK && got == 0;
  }
  if (status != SP_OK && status != SP_AGAIN) {
    unreadable_say(input, path, status);
    return false;
  }
  if (input->last && sp_reader_cut(input->reader)) {
    fprintf(stderr, "suanpan: %s: the zstd data end in the middle; expected the whole file\n",
            path);
    return false;
  }
  return true;
}

static bool place_add(struct sp_desk_input *input, const struct sp_raw *raw)
{
  void *places = input->places;
  bool fits =
      room_make(&places, &input->places_size, input->places_count + 1, sizeof(struct place));
  input->places = places;
  if (fits) {
    input->places[input->places_count++] =
        (struct place){(uint64_t)(raw->at - input->bytes), raw->length, 0};
  }
  return fits;
}

static bool first_find(void *context, uint64_t number, struct sp_cdr *cdr)
{
  struct sp_desk_input *input = context;
  if (number >= input->places_count) {
    return false;
  }
  const struct place *place = input->places + number;
  struct sp_decode_bytes columns = {input->decoder.columns_text, input->decoder.columns_length};
  struct sp_decode_bytes raw = {input->bytes + place->at, place->length};
  sp_decode_raw(&input->again, input->format, columns, raw, cdr, input->again_scratch);
  return true;
}

struct batch {
  struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  struct sp_usage usages[SP_BATCH_RECORDS_MAX];
  char scratch[SP_DECODE_SCRATCH_BYTES];
};

static enum sp_status batch_visit(struct sp_desk_visit *visit, struct batch *batch, uint32_t count)
{
  struct sp_desk_input *input = visit->input;
  sp_resolve_batch(visit->desk->resolver, batch->cdrs, batch->usages, count);
  for (uint32_t i = 0; i < count; i++) {
    struct sp_desk_record record = {batch->cdrs + i, batch->usages + i, batch->raws + i,
                                    input->places_count,
                                    (uint64_t)(batch->raws[i].at - input->bytes)};
    if (!place_add(input, batch->raws + i)) {
      return SP_NO_MEMORY;
    }
    SP_TRY(visit->record(visit, &record));
  }
  return SP_OK;
}

/* Packed otherwise than can be unpacked here: said on stderr, else each of its lines is bad. */
static bool is_gzip(const struct sp_desk_input *input, const char *path)
{
  bool gzip = input->length >= 2 && memcmp(input->bytes, "\x1F\x8B", 2) == 0;
  if (gzip) {
    fprintf(stderr, "suanpan: %s: is packed with gzip; expected CSV or JSON lines, plain or zstd\n",
            path);
  }
  return gzip;
}

static void format_find(struct sp_desk_input *input)
{
  size_t at = 0;
  while (at < input->length && strchr(" \t\r\n\xEF\xBB\xBF", input->bytes[at]) != NULL) {
    at++;
  }
  input->format = at < input->length && input->bytes[at] == '{' ? SP_FORMAT_JSON : SP_FORMAT_CSV;
}

/* Decodes what has been read and not been done: how many records, how many bytes. */
static void batch_decode(struct sp_desk_input *input, struct batch *batch, struct sp_decode *decode)
{
  *decode = (struct sp_decode){.bytes = input->bytes + input->done,
                               .length = input->length - input->done,
                               .last = input->last,
                               .count_max = SP_BATCH_RECORDS_MAX,
                               .cdrs = batch->cdrs,
                               .raws = batch->raws,
                               .scratch = batch->scratch,
                               .scratch_size = sizeof(batch->scratch)};
  if (input->format == SP_FORMAT_JSON) {
    sp_decode_json_batch(&input->decoder, decode);
  } else {
    sp_decode_csv_batch(&input->decoder, decode);
  }
  input->done += decode->consumed;
}

/* All records of the input; an exit code. */
static int records_visit(struct sp_desk_visit *visit, struct batch *batch)
{
  struct sp_desk_input *input = visit->input;
  enum sp_status status = SP_OK;
  bool readable = true;
  while (status == SP_OK && readable) {
    struct sp_decode decode;
    batch_decode(input, batch, &decode);
    const char *warning = input->warned ? NULL : sp_decoder_warning(&input->decoder);
    if (warning != NULL) {
      input->warned = true;
      fprintf(stderr, "suanpan: %s: %s\n", visit->path, warning);
    }
    status = batch_visit(visit, batch, decode.count);
    if (decode.count == 0 && decode.consumed == 0) {
      if (input->last) {
        break;
      }
      readable = input_fill(input, visit->path);
    }
  }
  if (status != SP_OK && status != SP_END) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
    return SP_EXIT_ENVIRONMENT;
  }
  return readable ? SP_EXIT_DONE : SP_EXIT_ENVIRONMENT;
}

/* Reads all and counts; then it begins anew. */
static bool input_count(struct sp_desk_visit *visit, struct batch *batch)
{
  struct sp_desk_input *input = visit->input;
  while (!input->last) {
    if (!input_fill(input, visit->path)) {
      return false;
    }
  }
  struct sp_decode decode;
  do {
    batch_decode(input, batch, &decode);
    visit->total += decode.count;
  } while (decode.count > 0 || decode.consumed > 0);
  input->done = 0;
  sp_decoder_begin(&input->decoder);
  return true;
}

static int input_visit(struct sp_desk_visit *visit)
{
  struct sp_desk_input *input = visit->input;
  struct batch *batch = malloc(sizeof(*batch));
  input->again_scratch = malloc(SP_DECODE_SCRATCH_BYTES);
  int code = SP_EXIT_ENVIRONMENT;
  if (batch == NULL || input->again_scratch == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
  } else if (input_fill(input, visit->path) && !is_gzip(input, visit->path)) {
    format_find(input);
    if (!visit->count || input_count(visit, batch)) {
      code = records_visit(visit, batch);
    }
  }
  free(batch);
  return code;
}

int sp_desk_input_visit(struct sp_desk_visit *visit)
{
  bool standard = strcmp(visit->path, "-") == 0;
  struct sp_desk_input *input = calloc(1, sizeof(*input));
  enum sp_status status =
      input == NULL ? SP_NO_MEMORY : sp_reader_open(&input->reader, standard ? NULL : visit->path);
  int code = SP_EXIT_ENVIRONMENT;
  if (status != SP_OK) {
    unreadable_say(input, visit->path, status);
  } else {
    visit->input = input;
    visit->total = 0;
    sp_decoder_open(&input->decoder, &visit->desk->zone);
    sp_decoder_begin(&input->decoder);
    sp_decoder_open(&input->again, &visit->desk->zone);
    code = input_visit(visit);
    visit->total = input->places_count;
    visit->input = NULL;
  }
  if (input != NULL) {
    sp_reader_close(input->reader);
    free(input->bytes);
    free(input->places);
    free(input->again_scratch);
  }
  free(input);
  return code;
}

enum sp_status sp_desk_input_judge(struct sp_desk_visit *visit, struct sp_desk *desk,
                                   const struct sp_desk_record *record)
{
  return sp_desk_judge(desk, record->cdr, record->usage, record->number, first_find, visit->input);
}

uint64_t sp_desk_input_offset(const struct sp_desk_visit *visit, uint64_t number)
{
  SP_ASSERT(number < visit->input->places_count);
  return visit->input->places[number].at;
}
