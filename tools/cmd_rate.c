/* suanpan rate: prices usage records from a file or stdin without a store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/resolve.h"
#include "tools/heap.h"
#include "tools/rate_desk.h"
#include "tools/rate_print.h"
#include "tools/verbs.h"

#define READ_BYTES ((size_t)1 << 20)

static const struct sp_verb_help help = {
    "suanpan rate --book DIR [--book DIR2 ...] --customers DIR [--json|--csv|--table] FILE|-",
    "  suanpan rate --book book --customers customers usage.csv           a table for the eye\n"
    "  suanpan rate --book book --customers customers --json usage.csv    one object a line\n"
    "  producer | suanpan rate --book book --customers customers --csv -\n",
    "Prices usage records (canonical CSV or JSON lines) in the order in which they come, from "
    "empty\n"
    "state: no store is read or written. Refused customer rows go to stderr and are left out.\n"
    "Exit status 0: every record has its outcome; 3: the book has errors, nothing was rated."};

struct place { /* of a record in the input */
  uint64_t at;
  uint32_t length, reserved;
};

struct input { /* all of it is kept: a conflict names the fields of the record that stood first */
  FILE *file;
  char *bytes;
  size_t length, size, done;
  bool last;
  struct place *places;
  size_t places_count, places_size;
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

/* Reads on; false: no memory or a read error, said on stderr. */
static bool input_fill(struct input *input, const char *path)
{
  void *bytes = input->bytes;
  bool fits = room_make(&bytes, &input->size, input->length + READ_BYTES, 1);
  input->bytes = bytes;
  if (!fits) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return false;
  }
  size_t got = fread(input->bytes + input->length, 1, READ_BYTES, input->file);
  input->length += got;
  input->last = got < READ_BYTES;
  if (ferror(input->file)) {
    fprintf(stderr, "suanpan: %s: cannot be read: %s\n", path, strerror(errno));
    return false;
  }
  return true;
}

static bool place_add(struct input *input, const struct sp_raw *raw)
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
  struct input *input = context;
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

static enum sp_status batch_judge(struct sp_desk *desk, struct input *input, struct batch *batch,
                                  uint32_t count, struct sp_rate_printer *printer)
{
  sp_resolve_batch(desk->resolver, batch->cdrs, batch->usages, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_cdr *cdr = batch->cdrs + i;
    uint64_t number = input->places_count;
    if (!place_add(input, batch->raws + i)) {
      return SP_NO_MEMORY;
    }
    SP_TRY(sp_desk_judge(desk, cdr, batch->usages + i, number, first_find, input));
    struct sp_name id = {sp_cdr_text(cdr, SP_CDR_ID), (uint32_t)sp_cdr_text_length(cdr, SP_CDR_ID)};
    if (cdr->reason == SP_REASON_BAD_LINE) {
      id = (struct sp_name){"", 0};
    }
    const struct sp_charge_view view = {
        &desk->charge,   batch->usages + i, id, {desk->conflict, (uint32_t)desk->conflict_length},
        desk->directory, &desk->books};
    SP_TRY(sp_rate_print(printer, &view));
  }
  return SP_OK;
}

static void format_find(struct input *input)
{
  size_t at = 0;
  while (at < input->length && strchr(" \t\r\n\xEF\xBB\xBF", input->bytes[at]) != NULL) {
    at++;
  }
  input->format = at < input->length && input->bytes[at] == '{' ? SP_FORMAT_JSON : SP_FORMAT_CSV;
}

/* All records of the input; an exit code. */
static int records_rate(struct sp_desk *desk, struct input *input, const char *path,
                        struct sp_rate_printer *printer)
{
  struct batch *batch = malloc(sizeof(*batch));
  enum sp_status status = batch == NULL ? SP_NO_MEMORY : SP_OK;
  bool readable = true, warned = false;
  while (status == SP_OK && readable) {
    struct sp_decode decode = {.bytes = input->bytes + input->done,
                               .length = input->length - input->done,
                               .last = input->last,
                               .count_max = SP_BATCH_RECORDS_MAX,
                               .cdrs = batch->cdrs,
                               .raws = batch->raws,
                               .scratch = batch->scratch,
                               .scratch_size = sizeof(batch->scratch)};
    if (input->format == SP_FORMAT_JSON) {
      sp_decode_json_batch(&input->decoder, &decode);
    } else {
      sp_decode_csv_batch(&input->decoder, &decode);
    }
    const char *warning = warned ? NULL : sp_decoder_warning(&input->decoder);
    if (warning != NULL) {
      warned = true;
      fprintf(stderr, "suanpan: %s: %s\n", path, warning);
    }
    input->done += decode.consumed;
    status = batch_judge(desk, input, batch, decode.count, printer);
    if (decode.count == 0 && decode.consumed == 0) {
      if (input->last) {
        break;
      }
      readable = input_fill(input, path);
    }
  }
  free(batch);
  if (status != SP_OK) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
  }
  return status == SP_OK && readable ? SP_EXIT_DONE : SP_EXIT_ENVIRONMENT;
}

static int input_rate(struct sp_desk *desk, const char *path, enum sp_rate_format format)
{
  static struct input input;
  input = (struct input){.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb")};
  if (input.file == NULL) {
    fprintf(stderr, "suanpan: %s: cannot be read: %s\n", path, strerror(errno));
    return SP_EXIT_ENVIRONMENT;
  }
  sp_decoder_open(&input.decoder, &desk->zone);
  sp_decoder_begin(&input.decoder);
  sp_decoder_open(&input.again, &desk->zone);
  input.again_scratch = malloc(SP_DECODE_SCRATCH_BYTES);
  struct sp_rate_printer printer;
  int code = SP_EXIT_ENVIRONMENT;
  if (input.again_scratch != NULL && sp_rate_printer_open(&printer, format, stdout) == SP_OK) {
    if (input_fill(&input, path)) {
      format_find(&input);
      code = records_rate(desk, &input, path, &printer);
    }
    if (sp_rate_printer_close(&printer) != SP_OK && code == SP_EXIT_DONE) {
      fprintf(stderr, "suanpan: the output cannot be written: %s\n", strerror(errno));
      code = SP_EXIT_ENVIRONMENT;
    }
  }
  if (input.file != stdin) {
    fclose(input.file);
  }
  free(input.bytes);
  free(input.places);
  free(input.again_scratch);
  return code;
}

int sp_cmd_rate(int argc, char **argv)
{
  bool json = false, csv = false, table = false;
  struct sp_option_list books = {{NULL}, 0}, paths = {{NULL}, 0};
  const char *customers = NULL;
  const struct sp_option options[] = {
      {"--book", SP_OPTION_LIST, &books, "DIR", "a tariff book, folder or compiled; several times"},
      {"--customers", SP_OPTION_TEXT, &customers, "DIR", "folder of the customer tables"},
      {"--json", SP_OPTION_FLAG, &json, NULL, "one JSON object a line"},
      {"--csv", SP_OPTION_FLAG, &csv, NULL, "CSV with a header"},
      {"--table", SP_OPTION_FLAG, &table, NULL, "a table for the eye (default)"}};
  int code =
      sp_options_read(&help, options, sizeof(options) / sizeof(options[0]), argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (books.count == 0 || customers == NULL || paths.count != 1) {
    return sp_usage_error(&help, "--book, --customers and one FILE (or -) are needed");
  }
  if (json + csv + table > 1) {
    return sp_usage_error(&help, "only one of --json, --csv, --table");
  }
  struct sp_desk *desk = sp_heap_take(sizeof(*desk));
  if (desk == NULL) {
    fprintf(stderr, "suanpan: %s\n", sp_status_text(SP_NO_MEMORY));
    return SP_EXIT_ENVIRONMENT;
  }
  code = sp_desk_open(desk, &books, customers);
  if (code == 0) {
    enum sp_rate_format format = json ? SP_RATE_JSON : csv ? SP_RATE_CSV : SP_RATE_TABLE;
    code = input_rate(desk, paths.values[0], format);
  }
  sp_desk_close(desk);
  sp_heap_give(desk, sizeof(*desk));
  return code;
}
