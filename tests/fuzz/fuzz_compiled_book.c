/* A compiled book from a file: refused, or every question to it has an answer. The hash and the
 * length are set right first, so that what lies behind them is met, too. */
#include "rating/hash.h"
#include "rating/number.h"
#include "tests/rating/book_made.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void questions(const struct sp_book *book)
{
  static const char *const numbers[] = {
      "", "1", "8613800138000", "85261234567", "10086", "9999999999999999"};
  static const char *const texts[] = {"", "755", "46000", "day", "1001"};
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    uint64_t digits = sp_number_pack(numbers[i], strlen(numbers[i])).digits;
    sum += sp_book_find_prefix(book, digits) + sp_book_find_dest_node(book, digits);
    sum += sp_book_find_ported(book, digits, 1790000000) != NULL;
  }
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    size_t length = strlen(texts[i]);
    sum += sp_book_find_province(book, texts[i], length) +
           sp_book_find_plan(book, texts[i], length) +
           sp_book_find_rating_group(book, texts[i], length) +
           sp_book_find_cell_area(book, texts[i], length, 1500).length;
  }
  for (int64_t utc_s = -4000000000; utc_s < 5000000000; utc_s += 123456789) {
    int64_t until_s;
    sum += sp_book_bands(book, utc_s, &until_s);
    SP_ASSERT(until_s > utc_s);
    sum += (uint64_t)sp_book_from_local(book, utc_s + sp_book_offset(book, utc_s));
    sum += (uint64_t)sp_book_cycle_start(book, sp_book_cycle(book, utc_s));
  }
  SP_ASSERT(sum != 1); /* is used */
}

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
    questions(&book);
  }
  free(header);
  return 0;
}
