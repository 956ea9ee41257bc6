/* Texts of a record through its codec: numbers of every length, the same with each foreign byte at
 * each place, hexadecimal digits, cut records. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/cdr_codec.h"
#include "tests/check_run.h"

#define LENGTH_MAX 20
#define PLACES_MAX 36 /* beyond the longest text of the table */

static struct sp_cdr_coder writer, reader;
static uint8_t bytes[SP_CDR_ENCODED_MAX];
static char scratch[SP_CDR_SCRATCH_BYTES];

/* The text as id (numbers, no table) and as node (table): twice, so that differences and slots are
 * met as well. */
static size_t round_trip(const char *text, size_t length)
{
  struct sp_cdr cdr, back;
  size_t size = 0;
  memset(&cdr, 0, sizeof(cdr));
  cdr.text = text;
  cdr.items = 1;
  cdr.lac = -1;
  cdr.texts[SP_CDR_ID] = cdr.texts[SP_CDR_NODE] = (struct sp_span){0, (uint16_t)length};
  for (int i = 0; i < 2; i++) {
    size = (size_t)(sp_cdr_encode(&writer, &cdr, bytes) - bytes);
    struct sp_varint_reader from = {bytes, bytes + size, false};
    sp_cdr_decode(&reader, &from, SP_CDR_TEXTS_ALL, &back, scratch);
    bool same = !from.bad && from.at == from.end;
    for (unsigned field = 0; same && field < SP_CDR_TEXT_COUNT; field++) {
      same = back.texts[field].length == cdr.texts[field].length &&
             memcmp(back.text + back.texts[field].at, text, back.texts[field].length) == 0;
    }
    if (!same) { /* an assertion that holds costs a system call */
      ck_abort_msg("'%.*s' came back as another text", (int)length, text);
    }
  }
  return size;
}

static void begin(void)
{
  sp_cdr_coder_begin(&writer);
  sp_cdr_coder_begin(&reader);
}

START_TEST(numbers_of_every_length_come_back)
{
  static const char *const digits[] = {"98765432109876543210", "11111111111111111111",
                                       "10000000000000000000", "99999999999999999999",
                                       "12345678901234567890", "01234567890123456789"};
  for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
      char *text = malloc(length); /* nothing behind it: a read too far is seen */
      ck_assert_ptr_nonnull(text);
      memcpy(text, digits[i], length);
      begin();
      (void)round_trip(text, length);
      free(text);
    }
  }
}
END_TEST

START_TEST(foreign_bytes_are_kept_at_every_place)
{
  for (size_t length = 1; length <= PLACES_MAX; length++) {
    for (size_t place = 0; place < length; place++) {
      begin();
      for (unsigned byte = 0; byte < 256; byte++) {
        char text[PLACES_MAX];
        memcpy(text, "234567892345678923456789234567892345", PLACES_MAX);
        text[place] = (char)byte;
        (void)round_trip(text, length);
      }
    }
  }
}
END_TEST

/* The second time a number is a difference of 0: the tag says it all. */
START_TEST(a_number_is_short_the_second_time)
{
  for (size_t length = 1; length <= 16; length++) {
    begin();
    size_t number = round_trip("2345678923456789", length), blank = round_trip("", 0);
    ck_assert_uint_eq(number, blank + 2); /* and one for the slot of the node */
  }
}
END_TEST

/* Half the bytes for what is hexadecimal and no number; capital letters are no such digits. */
START_TEST(hexadecimal_digits_take_half_the_bytes)
{
  static const char text[] = "0f9e8d7c6b5a4032";
  for (size_t length = 1; length <= 16; length++) {
    begin();
    size_t number = round_trip(text, length), blank = round_trip("", 0);
    ck_assert_uint_eq(number, blank + 1 + (length + 1) / 2 + 1);
  }
  begin();
  size_t literal = round_trip("0F9e", 4), blank = round_trip("", 0);
  ck_assert_uint_eq(literal, blank + 2 + 4 + 1);
}
END_TEST

/* Every number of few digits, and each power of ten with its neighbours. */
START_TEST(numbers_around_powers_of_ten_come_back)
{
  char text[24];
  begin();
  for (unsigned number = 0; number < 20000; number++) {
    (void)round_trip(text, (size_t)snprintf(text, sizeof(text), "%u", number));
  }
  for (uint64_t power = 10; power <= UINT64_C(10000000000000000); power *= 10) {
    for (int more = -2; more <= 2; more++) {
      uint64_t number = power + (uint64_t)more;
      (void)round_trip(text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
    }
  }
}
END_TEST

/* Cut at every byte a record is bad, and nothing beyond the cut is read. */
START_TEST(a_record_that_is_cut_is_bad)
{
  static const char *const texts[] = {"16000020009", "0f9e8d7c", "+8616000020009", "x", "7"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    begin();
    size_t size = round_trip(texts[i], strlen(texts[i]));
    for (size_t cut = 0; cut < size; cut++) {
      uint8_t *some = malloc(cut + 1);
      ck_assert_ptr_nonnull(some);
      memcpy(some, bytes, cut);
      struct sp_cdr back;
      struct sp_varint_reader from = {some, some + cut, false};
      (void)sp_cdr_decode(&reader, &from, cut % 2 == 0 ? SP_CDR_TEXTS_ALL : 0, &back, scratch);
      ck_assert(from.bad);
      free(some);
    }
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, numbers_of_every_length_come_back);
  tcase_add_test(tests, foreign_bytes_are_kept_at_every_place);
  tcase_add_test(tests, a_number_is_short_the_second_time);
  tcase_add_test(tests, hexadecimal_digits_take_half_the_bytes);
  tcase_add_test(tests, numbers_around_powers_of_ten_come_back);
  tcase_add_test(tests, a_record_that_is_cut_is_bad);
  return check_run("cdr_codec", tests);
}
