/* What both usage decoders must hold for any bytes: the same records whatever the borders of calls
 * are, the quick way as the careful one, and every record again from its raw bytes alone. */
#ifndef SP_TESTS_FUZZ_USAGE_FUZZ_H
#define SP_TESTS_FUZZ_USAGE_FUZZ_H

#include "ingest/decode.h"
#include "rating/hash.h"
#include "rating/reason.h"

#include <stdlib.h>
#include <string.h>

#define FUZZ_RECORDS_MAX 8192

struct fuzz_run {
  enum sp_decode_format format;
  bool careful;
  uint32_t count_max; /* 1 .. SP_BATCH_RECORDS_MAX */
  size_t step;        /* bytes that become visible at a time */
  uint32_t count;
  uint64_t records[FUZZ_RECORDS_MAX]; /* a hash of each */
};

static inline int64_t fuzz_from_local(const void *context, int64_t local_s)
{
  (void)context;
  return local_s - 8 * 3600;
}

static const struct sp_decode_zone fuzz_zone = {fuzz_from_local, NULL};

/* All that a record says, wherever its texts lie. */
static inline uint64_t fuzz_record(const struct sp_cdr *cdr)
{
  const int64_t numbers[] = {cdr->start_utc_s, cdr->duration_s,  cdr->up_bytes, cdr->down_bytes,
                             cdr->items,       cdr->seq,         cdr->cause,    cdr->lac,
                             cdr->service,     cdr->direction,   cdr->partial,  cdr->has_charge,
                             cdr->reason,      cdr->charge_micro};
  uint64_t hash = sp_hash64(numbers, sizeof(numbers), 1);
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    hash = sp_hash64(sp_cdr_text(cdr, i), sp_cdr_text_length(cdr, i), hash);
  }
  SP_ASSERT(cdr->duration_s >= 0 && cdr->up_bytes >= 0 && cdr->down_bytes >= 0);
  SP_ASSERT(cdr->items >= 0 && cdr->seq >= 0 && cdr->cause >= 0 && cdr->lac >= -1);
  SP_ASSERT(cdr->charge_micro >= 0 && (cdr->has_charge != 0 || cdr->charge_micro == 0));
  SP_ASSERT(cdr->reason != 0 || cdr->service < SP_SERVICE_COUNT);
  return hash;
}

static inline void fuzz_check_raw(const struct sp_decoder *decoder, const struct fuzz_run *run,
                                  const struct sp_raw *raw, uint64_t record)
{
  static struct sp_decoder other;
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  struct sp_cdr cdr;
  if (other.magic == 0) {
    sp_decoder_open(&other, &fuzz_zone);
  }
  sp_decode_raw(&other, run->format,
                (struct sp_decode_bytes){decoder->columns_text, decoder->columns_length},
                (struct sp_decode_bytes){raw->at, raw->length}, &cdr, scratch);
  SP_ASSERT(fuzz_record(&cdr) == record);
}

static inline void fuzz_decode(struct fuzz_run *run, const uint8_t *data, size_t size)
{
  static struct sp_decoder decoder;
  static struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  static struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  size_t at = 0, seen = run->step < size ? run->step : size;
  sp_decoder_open(&decoder, &fuzz_zone);
  decoder.careful = run->careful;
#if defined(__x86_64__)
  decoder.wide =
      run->count_max % 4 != 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
  run->count = 0;
  for (;;) {
    char *copy = malloc(seen - at + (seen == at)); /* exactly what is visible */
    SP_ASSERT(copy != NULL);
    if (seen > at) {
      memcpy(copy, data + at, seen - at);
    }
    struct sp_decode decode = {.bytes = copy, .length = seen - at, .last = seen == size};
    decode.count_max = run->count_max;
    decode.cdrs = cdrs;
    decode.raws = raws;
    decode.scratch = scratch;
    decode.scratch_size = sizeof(scratch);
    if (run->format == SP_FORMAT_CSV) {
      sp_decode_csv_batch(&decoder, &decode);
    } else {
      sp_decode_json_batch(&decoder, &decode);
    }
    SP_ASSERT(decode.count <= run->count_max && decode.consumed <= decode.length);
    for (uint32_t i = 0; i < decode.count && run->count < FUZZ_RECORDS_MAX; i++) {
      SP_ASSERT(raws[i].at >= copy && raws[i].at + raws[i].length <= copy + decode.consumed);
      run->records[run->count] = fuzz_record(&cdrs[i]);
      fuzz_check_raw(&decoder, run, &raws[i], run->records[run->count]);
      run->count++;
    }
    free(copy);
    at += decode.consumed;
    if (decode.consumed == 0 && decode.count == 0) {
      if (seen == size) {
        break;
      }
      seen += run->step < size - seen ? run->step : size - seen;
    }
  }
  SP_ASSERT(at == size);
}

/* The first two bytes choose borders, the rest is the input. */
static inline int fuzz_usage(enum sp_decode_format format, const uint8_t *data, size_t size)
{
  static struct fuzz_run whole, cut;
  if (size < 2) {
    return 0;
  }
  whole.format = cut.format = format;
  whole.count_max = SP_BATCH_RECORDS_MAX;
  whole.step = size;
  cut.careful = (data[0] & 1) != 0;
  cut.count_max = 1 + data[0] / 2;
  cut.step = 1 + (size_t)data[1] * (size < 65536 ? 1 : 997);
  fuzz_decode(&whole, data + 2, size - 2);
  fuzz_decode(&cut, data + 2, size - 2);
  SP_ASSERT(whole.count == cut.count);
  SP_ASSERT(memcmp(whole.records, cut.records, whole.count * sizeof(whole.records[0])) == 0);
  return 0;
}

#endif
