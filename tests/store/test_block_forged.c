/* Blocks whose hashes are right and whose inside is not: each byte of stream table and payload
 * altered, the payload cut at every length, headers that say too much or too little. Refused, or
 * every record is read within its bounds (the sanitizers watch) or refused itself. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "store/block.h"
#include "tests/check_run.h"

enum { RECORDS = 3 * SP_BLOCK_RUN_RECORDS - 300, BYTES_MAX = 1 << 18 };

struct forged { /* a block, unpacked */
  struct sp_block_header header;
  uint8_t inside[BYTES_MAX]; /* stream table, then payload */
  size_t streams, payload;   /* bytes of each */
};

static struct sp_block_view *view;
static struct forged good;

static void charge_make(struct sp_charge *charge, uint32_t i)
{
  sp_charge_clear(charge);
  charge->outcome = (uint8_t)(i % SP_OUTCOME_COUNT);
  charge->reason = charge->outcome == SP_OUTCOME_SUSPENDED ? 404 : 0;
  if (charge->outcome != SP_OUTCOME_RATED) {
    return;
  }
  charge->book = (uint16_t)(i % 3);
  charge->list_micro = 1000 * (int64_t)i;
  charge->net_micro = i % 2 == 0 ? charge->list_micro : 7;
  charge->items_count = (uint8_t)(i % 4);
  charge->allowances_count = (uint8_t)(i / 4 % 3);
  charge->payers_count = (uint8_t)(i / 8 % 3);
  for (unsigned k = 0; k < charge->items_count; k++) {
    charge->items[k] = (struct sp_charge_item){k, 0, 5 * k, -5, 7};
  }
  for (unsigned k = 0; k < charge->allowances_count; k++) {
    charge->allowances[k] = (struct sp_charge_allowance){3, i | SP_OWNER_GROUP, INT64_MIN, 9};
  }
  for (unsigned k = 0; k < charge->payers_count; k++) {
    charge->payers[k] = (struct sp_charge_payer){k, 0, charge->net_micro};
  }
}

/* Texts of every kind: none, numbers, hexadecimal digits, words that come again, a long one. */
static void cdr_make(struct sp_cdr *cdr, char *text, size_t room, uint32_t i)
{
  static const char *const words[] = {"",
                                      "16000020778",
                                      "0571",
                                      "beef00",
                                      "x",
                                      "a word of its own",
                                      "a text that is longer than a slot of the table"};
  size_t used = 0;
  memset(cdr, 0, sizeof(*cdr));
  cdr->text = text;
  for (unsigned k = 0; k < SP_CDR_TEXT_COUNT; k++) {
    const char *word = words[(i + k) % 7];
    size_t length = strlen(word);
    ck_assert_uint_le(used + length, room);
    memcpy(text + used, word, length);
    cdr->texts[k] = (struct sp_span){(uint16_t)used, (uint16_t)length};
    used += length;
  }
  cdr->start_utc_s = INT64_C(1780000000) + 1000 * (int64_t)i;
  cdr->duration_s = i % 3 == 0 ? 0 : 60 * (int64_t)i;
  cdr->up_bytes = i % 5 == 0 ? INT64_C(999999999999999999) : 0;
  cdr->lac = (int64_t)(i % 5) - 1;
  cdr->service = (uint8_t)(i % SP_SERVICE_COUNT);
  cdr->partial = (uint8_t)(i % 4);
  cdr->has_charge = (uint8_t)(i % 3);
}

static void block_make(struct sp_block_builder *builder, const uint8_t **bytes, size_t *length)
{
  struct sp_block_header header = {.shard_count = 1, .number = 1, .books_count = 1};
  struct sp_block_stream stream = {
      .name = "a.csv", .name_length = 5, .columns = "id,service", .columns_length = 10};
  uint32_t a, b;
  sp_block_begin(builder);
  ck_assert_int_eq(sp_block_stream_add(builder, &stream, &a), SP_OK);
  stream = (struct sp_block_stream){.name = "topic/1", .name_length = 7, .format = 2};
  ck_assert_int_eq(sp_block_stream_add(builder, &stream, &b), SP_OK);
  for (uint32_t i = 0; i < RECORDS; i++) {
    static struct sp_charge charge;
    struct sp_cdr cdr;
    char text[1024];
    charge_make(&charge, i);
    cdr_make(&cdr, text, sizeof(text), i);
    struct sp_block_record record = {.raw = "raw bytes of a record",
                                     .cdr = &cdr,
                                     .raw_length = i % 22,
                                     .stream = i % 2 ? a : b,
                                     .position = {i * UINT64_C(100), i % 3, 0},
                                     .behind_s = i,
                                     .subscriber = i * 7,
                                     .account = i,
                                     .group = SP_NONE};
    struct sp_totals amounts = {1, i, i, i};
    ck_assert_int_eq(sp_block_add(builder, &record, &charge, &amounts), SP_OK);
    sp_totals_add(&header.in, &amounts);
  }
  ck_assert_int_eq(sp_block_close(builder, &header, 1, bytes, length), SP_OK);
}

static void setup(void)
{
  struct sp_block_builder *builder;
  const uint8_t *bytes;
  size_t length;
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  block_make(builder, &bytes, &length);
  memcpy(&good.header, bytes, sizeof(good.header));
  good.streams = (size_t)good.header.streams_bytes;
  good.payload = (size_t)good.header.payload_bytes;
  ck_assert_uint_lt(good.streams + good.payload, sizeof(good.inside));
  memcpy(good.inside, bytes + sizeof(good.header), good.streams);
  size_t n =
      ZSTD_decompress(good.inside + good.streams, sizeof(good.inside) - good.streams,
                      bytes + sizeof(good.header) + good.streams, (size_t)good.header.stored_bytes);
  ck_assert_uint_eq(n, good.payload);
  sp_block_builder_free(builder);
}

static void teardown(void)
{
  sp_block_view_free(view);
}

/* Packs and seals what `from` says; returns the length. `stored` > 0: the header says so, whatever
 * the frame is. */
static size_t seal(const struct forged *from, size_t stored, uint8_t *to)
{
  struct sp_block_header header = from->header;
  uint8_t *streams = to + sizeof(header);
  memcpy(streams, from->inside, from->streams);
  size_t n = ZSTD_compress(streams + from->streams, BYTES_MAX, from->inside + from->streams,
                           from->payload, 1);
  ck_assert(!ZSTD_isError(n));
  header.stored_bytes = stored > 0 ? stored : n;
  size_t body = (size_t)header.streams_bytes + (size_t)header.stored_bytes;
  XXH128_hash_t hash = XXH3_128bits(streams, body < BYTES_MAX ? body : 0);
  memcpy(header.body_hash, &hash, sizeof(hash));
  memset(header.hash, 0, sizeof(header.hash));
  hash = XXH3_128bits(&header, sizeof(header));
  memcpy(header.hash, &hash, sizeof(hash));
  memcpy(to, &header, sizeof(header));
  return sizeof(header) + from->streams + n;
}

/* What opening says; of a block that opens each record is read, once in order and once alone. */
static enum sp_status look(const struct forged *forged, size_t stored, unsigned *refused)
{
  static uint8_t bytes[sizeof(struct sp_block_header) + 2 * BYTES_MAX];
  static struct sp_charge charge;
  size_t length = seal(forged, stored, bytes), used;
  enum sp_status status = sp_block_open(view, bytes, length, &used);
  for (uint32_t k = 0; status == SP_OK && k < 2 * forged->header.records; k++) {
    struct sp_block_record record;
    uint32_t i = k < forged->header.records ? k : 2 * forged->header.records - 1 - k;
    enum sp_status read = sp_block_view_record(view, i, &record, &charge);
    ck_assert(read == SP_OK || read == SP_BAD_FORMAT);
    *refused += read != SP_OK;
    k += read != SP_OK ? 7 : 0; /* what follows in its run is refused, too */
  }
  return status;
}

START_TEST(what_is_sealed_again_is_whole)
{
  unsigned refused = 0;
  ck_assert_int_eq(look(&good, 0, &refused), SP_OK);
  ck_assert_uint_eq(refused, 0);
}
END_TEST

START_TEST(any_byte_altered)
{
  static struct forged forged;
  static const uint8_t changes[] = {0x01, 0x80, 0xFF};
  unsigned refused = 0, bad = 0, opened = 0;
  forged = good;
  for (size_t i = 0; i < good.streams + good.payload; i++) {
    for (size_t k = 0; k < sizeof(changes); k++) {
      forged.inside[i] ^= changes[k];
      enum sp_status status = look(&forged, 0, &refused);
      ck_assert_msg(status == SP_OK || status == SP_BAD_FORMAT, "byte %zu: %d", i, (int)status);
      bad += status != SP_OK;
      opened += status == SP_OK;
      forged.inside[i] = good.inside[i];
      i += i < good.streams + 600 ? 0 : 20; /* further on the rows are like those before */
      i = i < good.streams + good.payload ? i : good.streams + good.payload - 1;
    }
  }
  ck_assert_uint_gt(bad, 20);     /* lengths in the stream table, starts of runs */
  ck_assert_uint_gt(opened, 100); /* amounts: nobody can know */
  ck_assert_uint_gt(refused, 100);
}
END_TEST

START_TEST(payload_cut_at_every_length)
{
  static struct forged forged;
  unsigned refused = 0;
  forged = good;
  for (size_t length = 0; length < good.payload; length += length < 600 ? 1 : 31) {
    forged.payload = length;
    forged.header.payload_bytes = length;
    unsigned before = refused;
    enum sp_status status = look(&forged, 0, &refused);
    ck_assert(status == SP_BAD_FORMAT || (status == SP_OK && refused > before));
  }
  forged = good;
  forged.header.payload_bytes--; /* more in the frame than the header says, and less */
  ck_assert_int_eq(look(&forged, 0, &refused), SP_BAD_FORMAT);
  forged.header.payload_bytes += 2;
  ck_assert_int_eq(look(&forged, 0, &refused), SP_BAD_FORMAT);
}
END_TEST

START_TEST(headers_that_lie)
{
  unsigned refused = 0;
  struct forged *forged = malloc(sizeof(*forged));
  ck_assert_ptr_nonnull(forged);
#define LIE(field, value, status)                        \
  do {                                                   \
    *forged = good;                                      \
    forged->header.field = (value);                      \
    ck_assert_int_eq(look(forged, 0, &refused), status); \
  } while (0)
  LIE(magic, good.header.magic + 1, SP_BAD_FORMAT);
  LIE(magic, good.header.magic - (UINT64_C(1) << 56), SP_BAD_VERSION);
  LIE(magic, (good.header.magic << 8 >> 8) | UINT64_C(0x41) << 56, SP_BAD_FORMAT);
  LIE(magic, (good.header.magic << 8 >> 8) | UINT64_C(0x21) << 56, SP_BAD_FORMAT);
  LIE(version, SP_BLOCK_VERSION + 1, SP_BAD_VERSION);
  LIE(header_bytes, 511, SP_BAD_FORMAT);
  LIE(records, SP_BLOCK_RECORDS_MAX + 1, SP_BAD_FORMAT);
  LIE(streams, SP_BLOCK_STREAMS_MAX + 1, SP_BAD_FORMAT);
  LIE(streams, good.header.streams + 1, SP_BAD_FORMAT);
  LIE(streams, good.header.streams - 1, SP_BAD_FORMAT);
  LIE(payload_bytes, UINT64_MAX, SP_BAD_FORMAT);
  LIE(streams_bytes, UINT64_C(1) << 40, SP_BAD_FORMAT);
  LIE(streams_bytes, 1 << 17, SP_BAD_FORMAT); /* beyond the end */
  LIE(records, SP_BLOCK_RECORDS_MAX, SP_BAD_FORMAT);
#undef LIE
  *forged = good;
  ck_assert_int_eq(look(forged, SIZE_MAX, &refused), SP_BAD_FORMAT);
  ck_assert_int_eq(look(forged, 1 << 17, &refused), SP_BAD_FORMAT);
  forged->header.records++; /* one row more than there is, in the last run */
  ck_assert_int_eq(look(forged, 0, &refused), SP_OK);
  ck_assert_uint_gt(refused, 0);
  free(forged);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, what_is_sealed_again_is_whole);
  tcase_add_test(tests, any_byte_altered);
  tcase_add_test(tests, payload_cut_at_every_length);
  tcase_add_test(tests, headers_that_lie);
  return check_run("block_forged", tests);
}
