/* Journal blocks: what goes in comes out; damage and cut tails are seen at every byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/block.h"
#include "store/cdr_codec.h"
#include "store/charge_codec.h"
#include "store/journal.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/folder.h"

static void random_charge(struct sp_charge *charge)
{
  sp_charge_clear(charge);
  charge->outcome = (uint8_t)(draw_word() % 5);
  charge->book = draw_word() % 7 == 0 ? UINT16_MAX : (uint16_t)(draw_word() % 3);
  charge->flags = (uint8_t)(draw_word() % 32);
  if (charge->outcome != SP_OUTCOME_RATED) {
    charge->flags = 0;
  }
  if (charge->outcome == SP_OUTCOME_SUSPENDED) {
    charge->reason = 404;
  } else if (charge->outcome == SP_OUTCOME_CONFLICT) {
    charge->reason = 501;
    charge->conflict_fields = (uint32_t)draw_word();
  } else if (charge->outcome == SP_OUTCOME_RATED) {
    charge->list_micro = (int64_t)draw_word() >> (draw_word() % 60);
    charge->net_micro = (int64_t)(draw_word() % 100000) - 50000;
    charge->items_count = (uint8_t)(draw_word() % 4);
    charge->allowances_count = (uint8_t)(draw_word() % 3);
    charge->payers_count = (uint8_t)(draw_word() % 3);
    for (unsigned i = 0; i < charge->items_count; i++) {
      charge->items[i] =
          (struct sp_charge_item){(uint32_t)draw_word(), 0, (int64_t)draw_word(), -5, 7};
    }
    for (unsigned i = 0; i < charge->allowances_count; i++) {
      charge->allowances[i] =
          (struct sp_charge_allowance){3, (uint32_t)draw_word(), INT64_MIN, INT64_MAX};
    }
    for (unsigned i = 0; i < charge->payers_count; i++) {
      charge->payers[i] = (struct sp_charge_payer){(uint32_t)draw_word(), 0, -1};
    }
  }
}

/* Texts of every kind: blank, number, leading zero, words that come again, long ones. */
static void random_cdr(struct sp_cdr *cdr, char *text)
{
  static const char *const words[] = {"",
                                      "16000020778",
                                      "0571",
                                      "M03",
                                      "+8613800138000",
                                      "x",
                                      "123456789012345678",
                                      "1234567890123456789",
                                      "a text that is longer than a slot of the table"};
  memset(cdr, 0, sizeof(*cdr));
  size_t used = 0;
  cdr->text = text;
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    const char *word = words[draw_word() % 9];
    size_t length = strlen(word);
    if (used + length > 400) {
      length = 0;
    }
    memcpy(text + used, word, length);
    cdr->texts[i] = (struct sp_span){(uint16_t)used, (uint16_t)length};
    used += length;
  }
  cdr->start_utc_s = (int64_t)(draw_word() >> (draw_word() % 64)) / 2;
  int64_t *const fields[] = {&cdr->duration_s,   &cdr->up_bytes, &cdr->down_bytes, &cdr->items,
                             &cdr->charge_micro, &cdr->seq,      &cdr->cause};
  for (unsigned i = 0; i < 7; i++) {
    *fields[i] = draw_word() % 3 == 0
                     ? 0
                     : (int64_t)(draw_word() % 1000000000000000000u) >> (draw_word() % 60);
  }
  cdr->lac = (int64_t)(draw_word() % 5) - 1;
  cdr->service = (uint8_t)(draw_word() % SP_SERVICE_COUNT);
  cdr->direction = (uint8_t)(draw_word() % 4);
  cdr->partial = (uint8_t)(draw_word() % 4);
  cdr->has_charge = (uint8_t)(draw_word() % 3);
  cdr->charge_micro = cdr->has_charge != 0 ? cdr->charge_micro : 0;
}

/* All fields, and the texts that were wanted; the others are blank. */
static void cdr_expect(const struct sp_cdr *read, const struct sp_cdr *written, unsigned wanted)
{
  struct sp_cdr x = *read, y = *written;
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    size_t length = (wanted >> i & 1) != 0 ? sp_cdr_text_length(written, i) : 0;
    ck_assert_uint_eq(sp_cdr_text_length(read, i), length);
    ck_assert(memcmp(sp_cdr_text(read, i), sp_cdr_text(written, i), length) == 0);
    x.texts[i] = y.texts[i] = (struct sp_span){0, 0};
  }
  x.text = y.text = NULL;
  ck_assert_mem_eq(&x, &y, sizeof(x));
}

static void charge_expect(const struct sp_charge *a, const struct sp_charge *b)
{
  ck_assert_uint_eq(a->outcome, b->outcome);
  ck_assert_uint_eq(a->flags, b->flags);
  ck_assert_uint_eq(a->reason, b->reason);
  ck_assert_uint_eq(a->book, b->book);
  ck_assert_uint_eq(a->conflict_fields, b->conflict_fields);
  ck_assert_int_eq(a->list_micro, b->list_micro);
  ck_assert_int_eq(a->net_micro, b->net_micro);
  ck_assert_uint_eq(a->items_count, b->items_count);
  ck_assert_uint_eq(a->allowances_count, b->allowances_count);
  ck_assert_uint_eq(a->payers_count, b->payers_count);
  ck_assert_mem_eq(a->items, b->items, a->items_count * sizeof(a->items[0]));
  ck_assert_mem_eq(a->allowances, b->allowances, a->allowances_count * sizeof(a->allowances[0]));
  ck_assert_mem_eq(a->payers, b->payers, a->payers_count * sizeof(a->payers[0]));
}

/* Fills the builder with n records of two streams; returns the header's sums in `header`. */
static void fill(struct sp_block_builder *builder, uint32_t n, uint64_t seed,
                 struct sp_block_header *header)
{
  draw_seed = seed;
  sp_block_begin(builder);
  memset(header, 0, sizeof(*header));
  uint32_t a, b;
  struct sp_block_stream stream = {
      .name = "a.csv", .name_length = 5, .columns = "id,service", .columns_length = 10};
  ck_assert_int_eq(sp_block_stream_add(builder, &stream, &a), SP_OK);
  stream = (struct sp_block_stream){.name = "topic/1", .name_length = 7, .format = 2};
  ck_assert_int_eq(sp_block_stream_add(builder, &stream, &b), SP_OK);
  struct sp_charge charge;
  struct sp_cdr cdr;
  char raw[100], text[400];
  memset(raw, 'x', sizeof(raw));
  for (uint32_t i = 0; i < n; i++) {
    random_charge(&charge);
    random_cdr(&cdr, text);
    struct sp_block_record record = {.raw = raw,
                                     .cdr = &cdr,
                                     .raw_length = (uint32_t)(draw_word() % 100),
                                     .stream = i % 2 ? a : b,
                                     .position = {i * UINT64_C(1000), i % 3, 0},
                                     .behind_s = i,
                                     .subscriber = i * 7,
                                     .account = i,
                                     .group = SP_NONE,
                                     .roam = 1,
                                     .zone = 2,
                                     .net = 3,
                                     .place_flags = 4};
    struct sp_totals amounts = {1, i, i * 2, i * 3};
    ck_assert_int_eq(sp_block_add(builder, &record, &charge, &amounts), SP_OK);
    sp_totals_add(&header->in, &amounts);
  }
  sp_block_stream_next(builder, a, (struct sp_position){n * UINT64_C(1000), 0, 0});
}

/* Into the caller's room, without what is not wanted: the rest is the same. */
static void sums_expect(struct sp_block_view *view, uint32_t records)
{
  const unsigned wanted = 1u << SP_CDR_SERVED | 1u << SP_CDR_NODE;
  static char scratch[SP_CDR_SCRATCH_BYTES];
  struct sp_cdr cdr;
  struct sp_charge whole, sums;
  const struct sp_block_room room = {&cdr, scratch, wanted, &sums, true};
  for (uint32_t i = 0; i < records; i++) {
    struct sp_block_record record;
    ck_assert_int_eq(sp_block_view_record_to(view, i, &room, &record), SP_OK);
    uint32_t raw_length = record.raw_length;
    ck_assert_int_eq(sp_block_view_record(view, i, &record, &whole), SP_OK);
    ck_assert_int_eq(sums.net_micro, whole.net_micro);
    ck_assert_int_eq(sums.list_micro, whole.list_micro);
    ck_assert_uint_eq(sums.flags, whole.flags);
    ck_assert_uint_eq(sums.outcome, whole.outcome);
    ck_assert_uint_eq(sums.reason, whole.reason);
    ck_assert_uint_eq(sums.book, whole.book);
    ck_assert_uint_eq(raw_length, record.raw_length);
    if (record.cdr != NULL) {
      bool part = record.cdr->partial != SP_PARTIAL_WHOLE;
      cdr_expect(&cdr, record.cdr, part ? SP_CDR_TEXTS_ALL : wanted);
    }
  }
}

START_TEST(block_comes_back)
{
  struct sp_block_builder *builder;
  struct sp_block_view *view;
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  const uint32_t sizes[] = {0, 1, 2, 1000};
  for (unsigned k = 0; k < 4; k++) {
    struct sp_block_header header;
    fill(builder, sizes[k], k + 1, &header);
    const uint8_t *bytes;
    size_t length, used;
    ck_assert_int_eq(sp_block_close(builder, &header, 1, &bytes, &length), SP_OK);
    ck_assert_int_eq(sp_block_open(view, bytes, length, &used), SP_OK);
    ck_assert_uint_eq(used, length);
    ck_assert_mem_eq(sp_block_view_header(view), &header, sizeof(header));
    ck_assert_uint_eq(sp_block_view_stream(view, 0)->next.offset, sizes[k] * UINT64_C(1000));
    draw_seed = k + 1;
    struct sp_charge expected, charge;
    struct sp_cdr cdr;
    char text[400];
    for (uint32_t i = 0; i < sizes[k]; i++) {
      random_charge(&expected);
      random_cdr(&cdr, text);
      uint32_t raw_length = (uint32_t)(draw_word() % 100);
      struct sp_block_record record;
      ck_assert_int_eq(sp_block_view_record(view, i, &record, &charge), SP_OK);
      if (expected.outcome == SP_OUTCOME_SUSPENDED || expected.outcome == SP_OUTCOME_CONFLICT) {
        ck_assert_uint_eq(record.raw_length, raw_length);
        ck_assert_ptr_null(record.cdr);
      } else {
        cdr_expect(record.cdr, &cdr, SP_CDR_TEXTS_ALL);
      }
      ck_assert_uint_eq(record.position.offset, i * UINT64_C(1000));
      ck_assert_uint_eq(record.position.sub, i % 3);
      ck_assert_uint_eq(record.subscriber, i * 7);
      ck_assert_uint_eq(record.account, i);
      ck_assert_uint_eq(record.behind_s, i);
      ck_assert_uint_eq(record.place_flags, 4);
      ck_assert_uint_eq(record.conflict_fields, expected.conflict_fields);
      ck_assert_uint_eq(record.roam, 1);
      ck_assert_uint_eq(record.zone, 2);
      ck_assert_uint_eq(record.net, 3);
      charge_expect(&expected, &charge);
    }
    sums_expect(view, sizes[k]);
  }
  sp_block_view_free(view);
  sp_block_builder_free(builder);
}
END_TEST

START_TEST(every_changed_byte_is_seen)
{
  struct sp_block_builder *builder;
  struct sp_block_view *view;
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  struct sp_block_header header;
  fill(builder, 20, 9, &header);
  const uint8_t *bytes;
  size_t length, used;
  ck_assert_int_eq(sp_block_close(builder, &header, 1, &bytes, &length), SP_OK);
  uint8_t *copy = malloc(length);
  for (size_t i = 0; i < length; i++) {
    memcpy(copy, bytes, length);
    copy[i] ^= 0x10;
    enum sp_status status = sp_block_open(view, copy, length, &used);
    ck_assert_msg(status == SP_BAD_CHECKSUM || status == SP_BAD_FORMAT, "byte %zu: %s", i,
                  sp_status_word(status));
    ck_assert_msg(sp_block_open(view, bytes, i, &used) != SP_OK, "cut at %zu was taken", i);
  }
  memcpy(copy, bytes, length);
  copy[7] = '3';
  ck_assert_int_eq(sp_block_open(view, copy, length, &used), SP_BAD_VERSION);
  free(copy);
  sp_block_view_free(view);
  sp_block_builder_free(builder);
}
END_TEST

START_TEST(torn_tail_is_cut_at_every_byte)
{
  char dir[PATH_MAX];
  test_folder_make(dir);
  struct sp_block_builder *builder;
  struct sp_block_view *view;
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  struct sp_journal *journal;
  ck_assert_int_eq(sp_journal_open(&journal, dir, true), SP_OK);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 0}), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_END);
  ck_assert_int_eq(sp_journal_cut(journal), SP_OK);
  size_t length = 0, whole = 0;
  for (uint64_t number = 1; number <= 3; number++) {
    struct sp_block_header header;
    fill(builder, 3, number, &header);
    header.number = number;
    const uint8_t *bytes;
    ck_assert_int_eq(sp_block_close(builder, &header, 1, &bytes, &length), SP_OK);
    ck_assert_int_eq(sp_journal_append(journal, number, bytes, length), SP_OK);
    whole += length;
  }
  ck_assert_int_eq(sp_journal_sync(journal), SP_OK);
  sp_journal_close(journal);
  char path[PATH_MAX + 64];
  snprintf(path, sizeof(path), "%s/%020d.spj", dir, 1);
  for (size_t cut = 1; cut < length; cut++) {
    ck_assert_int_eq(truncate(path, (off_t)(whole - cut)), 0);
    ck_assert_int_eq(sp_journal_open(&journal, dir, true), SP_OK);
    ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 0}), SP_OK);
    ck_assert_int_eq(sp_journal_next(journal, view, true), SP_OK);
    ck_assert_int_eq(sp_journal_next(journal, view, true), SP_OK);
    ck_assert_uint_eq(sp_block_view_header(view)->number, 2);
    ck_assert_int_eq(sp_journal_next(journal, view, true), SP_END);
    ck_assert_uint_eq(sp_journal_torn_bytes(journal), length - cut);
    sp_journal_close(journal);
  }
  ck_assert_int_eq(sp_journal_open(&journal, dir, true), SP_OK);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){1, 0}), SP_OK);
  while (sp_journal_next(journal, view, false) == SP_OK) {
  }
  ck_assert_int_eq(sp_journal_cut(journal), SP_OK);
  ck_assert_uint_eq(sp_journal_place(journal).offset, whole - length);
  sp_journal_close(journal);
  sp_block_view_free(view);
  sp_block_builder_free(builder);
  test_folder_remove(dir);
}
END_TEST

START_TEST(damage_before_a_whole_block_is_an_error)
{
  char dir[PATH_MAX], path[PATH_MAX + 64];
  test_folder_make(dir);
  struct sp_block_builder *builder;
  struct sp_block_view *view;
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  struct sp_journal *journal;
  ck_assert_int_eq(sp_journal_open(&journal, dir, true), SP_OK);
  ck_assert_int_eq(sp_journal_cut(journal), SP_OK);
  for (uint64_t number = 1; number <= 2; number++) {
    struct sp_block_header header;
    fill(builder, 3, number, &header);
    const uint8_t *bytes;
    size_t length;
    ck_assert_int_eq(sp_block_close(builder, &header, 1, &bytes, &length), SP_OK);
    ck_assert_int_eq(sp_journal_append(journal, number, bytes, length), SP_OK);
  }
  sp_journal_close(journal);
  snprintf(path, sizeof(path), "%s/%020d.spj", dir, 1);
  FILE *file = fopen(path, "r+");
  ck_assert_ptr_nonnull(file);
  fseek(file, 700, SEEK_SET);
  int c = fgetc(file);
  fseek(file, 700, SEEK_SET);
  fputc(c ^ 1, file);
  fclose(file);
  ck_assert_int_eq(sp_journal_open(&journal, dir, false), SP_OK);
  ck_assert_int_eq(sp_journal_seek(journal, (struct sp_journal_place){0, 0}), SP_OK);
  ck_assert_int_eq(sp_journal_next(journal, view, true), SP_BAD_CHECKSUM);
  sp_journal_close(journal);
  sp_block_view_free(view);
  sp_block_builder_free(builder);
  test_folder_remove(dir);
}
END_TEST

START_TEST(any_record_can_be_read_alone)
{
  struct sp_block_builder *builder;
  struct sp_block_view *view;
  ck_assert_int_eq(sp_block_builder_make(&builder), SP_OK);
  ck_assert_int_eq(sp_block_view_make(&view), SP_OK);
  struct sp_block_header header;
  fill(builder, 700, 5, &header);
  struct sp_block_record record;
  const struct sp_block_stream *stream;
  for (uint32_t k = 0; k < 700; k++) {
    uint32_t i = k * 331 % 700;
    ck_assert_int_eq(sp_block_record_at(builder, i, &record, &stream), SP_OK);
    ck_assert_uint_eq(record.subscriber, i * 7);
    ck_assert_uint_eq(stream->format, i % 2 ? 0 : 2);
  }
  const uint8_t *bytes;
  size_t length, used;
  ck_assert_int_eq(sp_block_close(builder, &header, 1, &bytes, &length), SP_OK);
  ck_assert_int_eq(sp_block_open(view, bytes, length, &used), SP_OK);
  for (uint32_t k = 0; k < 700; k++) {
    uint32_t i = k * 331 % 700;
    ck_assert_int_eq(sp_block_view_record(view, i, &record, NULL), SP_OK);
    ck_assert_uint_eq(record.subscriber, i * 7);
    ck_assert_uint_eq(record.position.offset, i * UINT64_C(1000));
  }
  sp_block_view_free(view);
  sp_block_builder_free(builder);
}
END_TEST

START_TEST(charge_bytes_never_read_beyond)
{
  uint8_t bytes[SP_CHARGE_ENCODED_MAX];
  struct sp_charge charge, again;
  for (uint64_t seed = 1; seed < 300; seed++) {
    draw_seed = seed;
    random_charge(&charge);
    size_t length = (size_t)(sp_charge_encode(&charge, 7, 9, bytes) - bytes);
    for (size_t cut = 0; cut <= length; cut++) {
      struct sp_varint_reader reader = {bytes, bytes + cut, false};
      again.outcome = charge.outcome;
      sp_charge_decode(&again, 7, 9, &reader);
      ck_assert_int_eq(reader.bad, cut < length);
      reader = (struct sp_varint_reader){bytes, bytes + cut, false};
      sp_charge_decode_sums(&again, &reader);
      ck_assert_int_eq(reader.bad, cut < length);
      ck_assert(cut < length || reader.at == reader.end);
    }
    struct sp_varint_reader reader = {bytes, bytes + length, false};
    sp_charge_decode(&again, 7, 9, &reader);
    again.reason = charge.reason;
    again.book = charge.book;
    charge_expect(&again, &charge);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, block_comes_back);
  tcase_add_test(tests, every_changed_byte_is_seen);
  tcase_add_test(tests, torn_tail_is_cut_at_every_byte);
  tcase_add_test(tests, damage_before_a_whole_block_is_an_error);
  tcase_add_test(tests, any_record_can_be_read_alone);
  tcase_add_test(tests, charge_bytes_never_read_beyond);
  return check_run("block", tests);
}
