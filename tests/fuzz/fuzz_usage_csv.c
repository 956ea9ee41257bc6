/* Any bytes as canonical CSV, as a stream and as a Kafka message. */
#include "tests/fuzz/usage_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void message_run(const uint8_t *data, size_t size)
{
  static struct sp_decoder decoder;
  static struct sp_cdr cdrs[8];
  static struct sp_raw raws[8];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  if (decoder.magic == 0) {
    sp_decoder_open(&decoder, &fuzz_zone);
  }
  size_t at = sp_decoder_begin_message(&decoder, (const char *)data, size);
  SP_ASSERT(at <= size);
  while (at < size) {
    struct sp_decode decode = {.bytes = (const char *)data + at, .length = size - at, .last = true};
    decode.count_max = 8;
    decode.cdrs = cdrs;
    decode.raws = raws;
    decode.scratch = scratch;
    decode.scratch_size = sizeof(scratch);
    sp_decode_csv_batch(&decoder, &decode);
    SP_ASSERT(decode.consumed > 0);
    at += decode.consumed;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > 2) {
    message_run(data + 2, size - 2);
  }
  return fuzz_usage(SP_FORMAT_CSV, data, size);
}
