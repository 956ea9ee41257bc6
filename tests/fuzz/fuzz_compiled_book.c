/* A compiled book from a file: refused, or every question to it has an answer. The hash and the
 * length are set right first, so that what lies behind them is met, too. */
#include "rating/hash.h"
#include "tests/rating/book_made.h"
#include "tests/rating/book_met.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sp_book_header *header = aligned_alloc(64, (size + 64) / 64 * 64);
  struct sp_book book;
  memcpy(header, data, size);
  if (size >= sizeof(*header)) {
    header->bytes = size;
    struct sp_hash128 hash = sp_hash128((const char *)header + SP_BOOK_UNHASHED,
                                        size - SP_BOOK_UNHASHED, SP_BOOK_VERSION);
    memcpy(header->hash, &hash, sizeof(hash));
  }
  if (sp_book_open(&book, header, size) == SP_OK) {
    made_questions(&book);
    made_rules(&book);
  }
  free(header);
  return 0;
}
