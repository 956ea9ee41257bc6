/* Any bytes as canonical JSON, as lines and as a Kafka message. */
#include "tests/fuzz/usage_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void message_run(const uint8_t *data, size_t size)
{
  static struct sp_decoder decoder;
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  struct sp_cdr cdr;
  struct sp_raw raw;
  struct sp_decode decode = {
      .bytes = (const char *)data, .length = size, .last = true, .count_max = 1};
  decode.cdrs = &cdr;
  decode.raws = &raw;
  decode.scratch = scratch;
  decode.scratch_size = sizeof(scratch);
  sp_decoder_open(&decoder, &fuzz_zone);
  sp_decode_json_message(&decoder, &decode);
  SP_ASSERT(decode.consumed == size && decode.count <= 1);
  if (decode.count == 1) {
    (void)fuzz_record(&cdr);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > 2) {
    message_run(data + 2, size - 2);
  }
  return fuzz_usage(SP_FORMAT_JSON, data, size);
}
