/* Writing of numbers (book.md §6.1): a table by hand, and a model letter by letter against both
 * ways of the code. */
#include <stdio.h>
#include <string.h>

#include "ingest/resolve_number.h"
#include "tests/check_run.h"
#include "tests/draw.h"

static char room[SP__NORMAL_ROOM];

static uint64_t pack(const char *text)
{
  return sp_number_pack(text, strlen(text)).digits;
}

static const struct {
  const char *dialled, *normal;
  bool ip;
} table[] = {
    {"13800138000", "8613800138000", false},
    {"+8613800138000", "8613800138000", false},
    {"008613800138000", "8613800138000", false},
    {"8613800138000", "8613800138000", false},
    {"0086-138-0013-8000", "8613800138000", false},
    {"+86 138 0013\t8000", "8613800138000", false},
    {"013800138000", "8613800138000", false},
    {"0755-12345678", "8675512345678", false},
    {"01087654321", "861087654321", false},
    {"12345678", "12345678", false},
    {"10086", "10086", false},
    {"661", "661", false},
    {"+14155550123", "14155550123", false},
    {"0014155550123", "14155550123", false},
    {"14155550123", "8614155550123", false}, /* 11 digits starting with 1 */
    {"1795113800138000", "8613800138000", true},
    {"17951013800138000", "8613800138000", true},
    {"17911075512345678", "8675512345678", true},
    {"12593008613800138000", "8613800138000", true},
    {"17951+8613800138000", "8613800138000", true},
    {"17951+14155550123", "14155550123", true},
    {"1795195566", "95566", true},
    {"17951 013800138000", "8613800138000", true},
    {"17951", "17951", false},              /* nothing follows */
    {"17951-", "17951", false},             /* a dash is nothing */
    {"+17951013800", "17951013800", false}, /* what is international stays as it is */
    {"0017951013800", "17951013800", false},
    {"1795117951138", "17951138", true}, /* once */
    {"23800138000", "23800138000", false},
    {"1380013800", "1380013800", false},
    {"138001380001", "138001380001", false},
    {"0", "86", false},
    {"00", "", false},
    {"+", "", false},
    {"", "", false},
    {" - ", "", false},
    {"+99123", "99123", false},
};

START_TEST(test_table)
{
  struct sp_normal number =
      sp__normal_make(table[_i].dialled, strlen(table[_i].dialled), pack("86"), room);
  ck_assert_msg(number.digits == pack(table[_i].normal) && number.rest == 0 &&
                    number.ip == table[_i].ip,
                "%s -> %s: got %016llx rest %llx ip %d", table[_i].dialled, table[_i].normal,
                (unsigned long long)number.digits, (unsigned long long)number.rest, number.ip);
}
END_TEST

START_TEST(test_shorts)
{
  static const struct {
    const char *text, *digits;
  } shorts[] = {{"661", "661"}, {"66 1", "661"}, {"6-6-1-2-3-4", "661234"},
                {"66", ""},     {"6612345", ""}, {"66a", ""},
                {"+661", ""},   {"", ""},        {"  --  ", ""},
                {"000", "000"}};
  for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
    ck_assert_msg(sp__normal_short(shorts[i].text, strlen(shorts[i].text)) ==
                      pack(shorts[i].digits),
                  "short '%s'", shorts[i].text);
  }
}
END_TEST

START_TEST(test_other_texts_are_told_apart)
{
  /* Letters, more than 16 digits: not exact, but equal if and only if the whole text is. */
  static const char *const texts[] = {"CMCC",
                                      "CMCD",
                                      "1380013800a",
                                      "1380013800b",
                                      "12345678901234567",
                                      "12345678901234568",
                                      "+861234567890123456",
                                      "861234567890123456789"};
  size_t count = sizeof(texts) / sizeof(texts[0]);
  for (size_t i = 0; i < count; i++) {
    struct sp_normal one = sp__normal_make(texts[i], strlen(texts[i]), pack("86"), room);
    ck_assert_uint_ne(one.rest, 0);
    for (size_t k = 0; k < count; k++) {
      struct sp_normal other = sp__normal_make(texts[k], strlen(texts[k]), pack("86"), room);
      ck_assert_int_eq(i == k, one.digits == other.digits && one.rest == other.rest);
    }
  }
  struct sp_normal spaced = sp__normal_make("12345678901 234567", 18, pack("86"), room);
  struct sp_normal plain = sp__normal_make("12345678901234567", 17, pack("86"), room);
  ck_assert_uint_eq(spaced.rest, plain.rest);
  /* 16 digits and a leading 0 do not fit any more behind 86. */
  struct sp_normal long_one = sp__normal_make("0123456789012345", 16, pack("86"), room);
  ck_assert_uint_ne(long_one.rest, 0);
  ck_assert_uint_eq(long_one.digits, pack("8612345678901234"));
}
END_TEST

/* The rules of §6.1 on strings, as plainly as they are written. */
static bool model_front(char *text, const char *front)
{
  size_t length = strlen(front);
  if (strncmp(text, front, length) != 0) {
    return false;
  }
  memmove(text, text + length, strlen(text + length) + 1);
  return true;
}

static void model(const char *dialled, char *to, bool *ip)
{
  static const char *const prefixes[] = {"17951", "17911", "12593"};
  size_t n = 0;
  for (const char *at = dialled; *at != '\0'; at++) {
    if (*at != ' ' && *at != '\t' && *at != '-') {
      to[n++] = *at;
    }
  }
  to[n] = '\0';
  *ip = false;
  if (model_front(to, "+") || model_front(to, "00")) {
    return;
  }
  for (int i = 0; i < 3 && !*ip; i++) {
    if (strlen(to) > 5 && model_front(to, prefixes[i])) {
      *ip = true;
      if (model_front(to, "+") || model_front(to, "00")) {
        return;
      }
    }
  }
  bool mobile = strlen(to) == 11 && to[0] == '1' && strspn(to, "0123456789") == 11;
  if (model_front(to, "0") || mobile) {
    memmove(to + 2, to, strlen(to) + 1);
    memcpy(to, "86", 2);
  }
}

START_TEST(test_model)
{
  static const char *const parts[] = {"+",   "00", "0",   "17951", "17911", "12593", "86",
                                      "138", "1",  "755", "-",     " ",     "\t",    "a"};
  draw_begin(20261130);
  for (int round = 0; round < 200000; round++) {
    char dialled[96] = "", expected[160];
    for (int k = 0; k < 6; k++) {
      unsigned choice = draw(24);
      if (choice < 14) {
        snprintf(dialled + strlen(dialled), sizeof(dialled) - strlen(dialled), "%s", parts[choice]);
      } else if (choice < 22) {
        snprintf(dialled + strlen(dialled), sizeof(dialled) - strlen(dialled), "%0*u",
                 (int)(choice - 13), draw(10));
      }
    }
    bool ip;
    model(dialled, expected, &ip);
    struct sp_normal number = sp__normal_make(dialled, strlen(dialled), pack("86"), room);
    bool exact = strlen(expected) <= 16 && strspn(expected, "0123456789") == strlen(expected);
    ck_assert_msg(number.digits == pack(expected) && (number.rest == 0) == exact && number.ip == ip,
                  "'%s' -> '%s': got %016llx rest %llx ip %d", dialled, expected,
                  (unsigned long long)number.digits, (unsigned long long)number.rest, number.ip);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, test_table, 0, sizeof(table) / sizeof(table[0]));
  tcase_add_test(tests, test_shorts);
  tcase_add_test(tests, test_other_texts_are_told_apart);
  tcase_add_test(tests, test_model);
  return check_run("resolve_number", tests);
}
