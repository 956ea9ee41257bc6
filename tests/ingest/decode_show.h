/* A decoded record as one line of text, so that tests are tables of what goes in and what comes
 * out. */
#ifndef SP_TESTS_INGEST_DECODE_SHOW_H
#define SP_TESTS_INGEST_DECODE_SHOW_H

#include "ingest/decode.h"
#include "rating/reason.h"
#include "tests/check_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW_BYTES_MAX (1 << 20)

struct show {
  char *text;
  size_t length;
};

static inline void show_open(struct show *show)
{
  show->text = malloc(SHOW_BYTES_MAX);
  SP_ASSERT(show->text != NULL);
  show->text[0] = '\0';
  show->length = 0;
}

static inline void show_add(struct show *show, const char *name, const char *text, size_t length)
{
  if (length > 0) {
    int n = snprintf(show->text + show->length, SHOW_BYTES_MAX - show->length, " %s=%.*s", name,
                     (int)length, text);
    show->length += (size_t)n;
    SP_ASSERT(show->length < SHOW_BYTES_MAX);
  }
}

static inline void show_number(struct show *show, const char *name, int64_t value, int64_t blank)
{
  char digits[32];
  if (value != blank) {
    snprintf(digits, sizeof(digits), "%" PRId64, value);
    show_add(show, name, digits, strlen(digits));
  }
}

/* "reason service direction start" and every field that is not blank. */
static inline void show_cdr(struct show *show, const struct sp_cdr *cdr)
{
  static const char *const names[SP_CDR_TEXT_COUNT] = {
      "id",   "served", "other", "third",      "home_area", "visited_area", "other_area",
      "plmn", "cell",   "rg",    "service_id", "apn",       "node",         "session"};
  const char *reason = cdr->reason == 0 ? "ok" : sp_reason_word(cdr->reason);
  show->length +=
      (size_t)snprintf(show->text + show->length, SHOW_BYTES_MAX - show->length, "%s", reason);
  show_add(show, "service", sp_service_word(cdr->service), strlen(sp_service_word(cdr->service)));
  show_add(show, "dir", sp_direction_word(cdr->direction),
           strlen(sp_direction_word(cdr->direction)));
  show_number(show, "start", cdr->start_utc_s, 0);
  show_number(show, "s", cdr->duration_s, 0);
  show_number(show, "up", cdr->up_bytes, 0);
  show_number(show, "down", cdr->down_bytes, 0);
  show_number(show, "items", cdr->items, 1);
  show_number(show, "lac", cdr->lac, -1);
  show_number(show, "seq", cdr->seq, 0);
  show_number(show, "cause", cdr->cause, 0);
  show_number(show, "partial", cdr->partial, 0);
  if (cdr->has_charge) {
    show_number(show, "charge", cdr->charge_micro, -1);
  }
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    show_add(show, names[i], sp_cdr_text(cdr, i), sp_cdr_text_length(cdr, i));
  }
  show->text[show->length++] = '\n';
  show->text[show->length] = '\0';
}

/* A zone 8 hours east, but on 1990-04-15 the clocks go from 02:00 to 03:00 and on 1990-09-16 back
 * from 02:00 to 01:00, as in China that year. */
static inline int64_t show_from_local(const void *context, int64_t local_s)
{
  (void)context;
  const int64_t forward_utc_s = 640116000, back_utc_s = 653418000;
  const int64_t before = local_s - 8 * 3600, summer = local_s - 9 * 3600;
  if (before < forward_utc_s) {
    return before;
  }
  if (summer < forward_utc_s) {
    return before; /* a gap: the offset before it */
  }
  return summer < back_utc_s ? summer : before;
}

static const struct sp_decode_zone show_zone = {show_from_local, NULL};

enum show_kind { SHOW_CSV, SHOW_JSON };

struct show_options {
  enum show_kind kind;
  bool careful;
  bool raws;          /* also line numbers and raw bytes */
  uint32_t count_max; /* records per call */
  size_t step;        /* bytes that become visible per call; 0: all at once */
};

/* What was decoded from the stream comes out of the raw bytes alone, too. */
static inline void show_check_raw(const struct sp_decoder *decoder, enum show_kind kind,
                                  const struct sp_raw *raw, const struct sp_cdr *cdr)
{
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  static struct sp_decoder other;
  static struct show first, second;
  struct sp_cdr again;
  struct sp_decode_bytes columns = {decoder->columns_text, decoder->columns_length};
  struct sp_decode_bytes bytes = {raw->at, raw->length};
  if (first.text == NULL) {
    show_open(&first);
    show_open(&second);
  }
  sp_decoder_open(&other, &show_zone);
  sp_decode_raw(&other, kind == SHOW_CSV ? SP_FORMAT_CSV : SP_FORMAT_JSON, columns, bytes, &again,
                scratch);
  first.length = second.length = 0;
  show_cdr(&first, cdr);
  show_cdr(&second, &again);
  SP_ASSERT(strcmp(first.text, second.text) == 0);
}

/* Everything in `bytes`, decoded as told; stops when the decoder is done. */
static inline void show_decode(struct show *show, const char *bytes, size_t length,
                               const struct show_options *options)
{
  static struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  static struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  static struct sp_decoder decoder;
  size_t at = 0, seen = options->step == 0 ? length : 0;
  sp_decoder_open(&decoder, &show_zone);
  decoder.careful = options->careful;
#if defined(__x86_64__)
  decoder.wide = options->count_max % 2 == 0 && __builtin_cpu_supports("avx2") &&
                 __builtin_cpu_supports("bmi2");
#endif
  for (;;) {
    /* a copy of exactly what is visible, so that a sanitizer sees any byte read beyond it */
    char *copy = malloc(seen - at + (seen == at));
    SP_ASSERT(copy != NULL);
    memcpy(copy, bytes + at, seen - at);
    struct sp_decode decode = {.bytes = copy, .length = seen - at, .last = seen == length};
    decode.count_max = options->count_max;
    decode.cdrs = cdrs;
    decode.raws = raws;
    decode.scratch = scratch;
    decode.scratch_size = sizeof(scratch);
    if (options->kind == SHOW_CSV) {
      sp_decode_csv_batch(&decoder, &decode);
    } else {
      sp_decode_json_batch(&decoder, &decode);
    }
    for (uint32_t i = 0; i < decode.count; i++) {
      if (options->raws) {
        int n =
            snprintf(show->text + show->length, SHOW_BYTES_MAX - show->length, "%u[%.*s] ",
                     raws[i].line, (int)(raws[i].length < 200 ? raws[i].length : 200), raws[i].at);
        show->length += (size_t)n;
      }
      show_check_raw(&decoder, options->kind, &raws[i], &cdrs[i]);
      show_cdr(show, &cdrs[i]);
    }
    at += decode.consumed;
    free(copy);
    if (decode.consumed == 0 && decode.count == 0) {
      if (seen == length) {
        break;
      }
      seen += options->step < length - seen ? options->step : length - seen;
    }
  }
  SP_ASSERT(at == length);
}

#endif
