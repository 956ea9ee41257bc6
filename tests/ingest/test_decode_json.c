/* Canonical JSON: tables of objects and records; borders change nothing. */
#include "tests/check_run.h"
#include "tests/ingest/decode_show.h"

struct row {
  const char *json;
  const char *records;
};

static const struct show_options plain = {.kind = SHOW_JSON, .count_max = SP_BATCH_RECORDS_MAX};

#define T0 "\"start\":\"2026-03-03T10:00:00+08:00\""
#define R0 "ok service=voice start=1772503200"

static const struct row objects[] = {
    {"", ""},
    {"\n \r\n", ""},
    {"\xEF\xBB\xBF{\"service\":\"voice\"," T0 "}", R0 "\n"},
    {"{\"service\":\"voice\"," T0 "}\n{\"service\":\"voice\"," T0 "}\r\n", R0 "\n" R0 "\n"},
    {" { \"service\" : \"voice\" ,\t" T0 " } \n", R0 "\n"},
    {"{\"service\":\"voice\"," T0 ",\"duration_s\":61,\"served\":13800138000,\"seq\":\"7\"}",
     R0 " s=61 seq=7 served=13800138000\n"},
    {"{\"service\":\"voice\"," T0 ",\"duration_s\":null,\"id\":null,\"items\":\"\"}", R0 "\n"},
    {"{\"service\":\"voice\"," T0 ",\"charge\":0.123456}", R0 " charge=123456\n"},
    {"{\"service\":\"voice\",\"start\":20260303100000}", R0 "\n"},
    {"{\"service\":\"voice\"," T0 ",\"color\":\"red\",\"big\":true,\"small\":false}", R0 "\n"},
    {"{}", "service_unknown\n"},
    {"{ }", "service_unknown\n"},
    /* escapes */
    {"{\"service\":\"voice\"," T0 ",\"id\":\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\"}",
     R0 " id=a\"b\\c/d\b\f\n\r\te\n"},
    {"{\"service\":\"\\u0076oice\"," T0 ",\"id\":\"\\u4e2d\\uD83D\\uDE00\\u00e9\"}",
     R0 " id=\xE4\xB8\xAD\xF0\x9F\x98\x80\xC3\xA9\n"},
    {"{\"serv\\u0069ce\":\"voice\"," T0 ",\"id\":7,\"duration_s\":5}", R0 " s=5 id=7\n"},
    {"{\"service\":\"voice\"," T0 ",\"id\":\" a b \"}", R0 " id=a b\n"},
    {"{\"service\":\"voice\"," T0 ",\"id\":\"\xE4\xB8\xAD\"}", R0 " id=\xE4\xB8\xAD\n"},
    /* right JSON, wrong values */
    {"{\"service\":\"voice\"," T0 ",\"duration_s\":60.0}",
     "bad_field service=voice start=1772503200\n"},
    {"{\"service\":\"voice\"," T0 ",\"duration_s\":-1}",
     "bad_field service=voice start=1772503200\n"},
    {"{\"service\":\"voice\"," T0 ",\"duration_s\":1e2}",
     "bad_field service=voice start=1772503200\n"},
    {"{\"service\":\"fax\"," T0 ",\"id\":\"a\"}", "service_unknown start=1772503200 id=a\n"},
    {"{\"service\":\"sms\",\"start\":\"\",\"id\":\"a\"}", "bad_start service=sms id=a\n"},
};

static const char *const no_objects[] = {
    "x",
    "{",
    "}",
    "[]",
    "[{\"service\":\"voice\"," T0 "}]",
    "\"service\"",
    "7",
    "null",
    "# comment",
    "{\"service\":\"voice\"," T0,
    "{\"service\":\"voice\"," T0 ",}",
    "{\"service\":\"voice\"," T0 "} x",
    "{\"service\":\"voice\"," T0 "}{}",
    "{\"service\":\"voice\" " T0 "}",
    "{\"service\" \"voice\"}",
    "{service:\"voice\"," T0 "}",
    "{\"service\":'voice'," T0 "}",
    "{\"service\":\"voice\",\"service\":\"voice\"," T0 "}",
    "{\"service\":\"voice\"," T0 ",\"id\":true}",
    "{\"service\":\"voice\"," T0 ",\"id\":{}}",
    "{\"service\":\"voice\"," T0 ",\"id\":[1]}",
    "{\"service\":\"voice\"," T0 ",\"other thing\":{\"a\":1}}",
    "{\"service\":\"voice\"," T0 ",\"id\":nul}",
    "{\"service\":\"voice\"," T0 ",\"id\":}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":01}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":+1}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":1.}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":.5}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":1e}",
    "{\"service\":\"voice\"," T0 ",\"duration_s\":-}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"a\\x\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"a\\u12\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"a\\u12g4\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\\uD800\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\\uDC00\\uD800\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\\uD800\\u0041\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"a\tb\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"a\\\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\xFF\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\xC0\xAF\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\xED\xA0\x80\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\xF4\x90\x80\x80\"}",
    "{\"service\":\"voice\"," T0 ",\"id\":\"\xE4\xB8\"}",
};

static void check_row(const char *json, const char *expected)
{
  struct show show;
  show_open(&show);
  show_decode(&show, json, strlen(json), &plain);
  ck_assert_msg(strcmp(show.text, expected) == 0, "%s\ngives %s\nnot   %s", json, show.text,
                expected);
  free(show.text);
}

START_TEST(test_objects)
{
  for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
    check_row(objects[i].json, objects[i].records);
  }
}
END_TEST

START_TEST(test_no_objects)
{
  for (size_t i = 0; i < sizeof(no_objects) / sizeof(no_objects[0]); i++) {
    check_row(no_objects[i], "bad_line\n");
  }
}
END_TEST

START_TEST(test_borders)
{
  static const char text[] =
      "\xEF\xBB\xBF{\"service\":\"voice\"," T0 ",\"id\":\"a\"}\r\n\r\n"
      "{\"service\":\"sms\"," T0 ",\"id\":\"\\u4e2d\xE4\xB8\xAD\"}\nx\n \n"
      "{\"service\":\"mms\"," T0 ",\"id\":\"\\\\\"}\n{\"service\":\"fee\"}\r";
  struct show whole, cut;
  struct show_options options = plain;
  options.raws = true;
  show_open(&whole);
  show_decode(&whole, text, sizeof(text) - 1, &options);
  ck_assert_msg(strstr(whole.text, "bad_start service=fee") != NULL, "%s", whole.text);
  for (size_t step = 1; step < sizeof(text); step++) {
    options.step = step;
    options.count_max = 1 + (uint32_t)step % 3;
    show_open(&cut);
    show_decode(&cut, text, sizeof(text) - 1, &options);
    ck_assert_str_eq(cut.text, whole.text);
    free(cut.text);
  }
  free(whole.text);
}
END_TEST

/* Every beginning of an object is no object. */
START_TEST(test_cut_anywhere)
{
  static const char text[] =
      "{\"service\":\"voice\"," T0
      ",\"id\":\"\\u4e2d\xE4\xB8\xAD\",\"lac\":-1.5e+7,\"seq\":null,\"x\":true}";
  char part[sizeof(text)];
  for (size_t length = 1; length < sizeof(text) - 1; length++) {
    memcpy(part, text, length);
    part[length] = '\0';
    check_row(part, "bad_line\n");
  }
  check_row(text, "bad_field service=voice start=1772503200 id=\xE4\xB8\xAD\xE4\xB8\xAD\n");
}
END_TEST

static void check_message(const char *json, size_t length, const char *expected)
{
  static struct sp_decoder decoder;
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  struct sp_cdr cdr;
  struct sp_raw raw;
  struct show show;
  struct sp_decode decode = {.bytes = json, .length = length, .last = true, .count_max = 1};
  decode.cdrs = &cdr;
  decode.raws = &raw;
  decode.scratch = scratch;
  decode.scratch_size = sizeof(scratch);
  show_open(&show);
  sp_decoder_open(&decoder, &show_zone);
  sp_decode_json_message(&decoder, &decode);
  ck_assert_uint_eq(decode.consumed, length);
  for (uint32_t i = 0; i < decode.count; i++) {
    show_cdr(&show, &cdr);
  }
  ck_assert_str_eq(show.text, expected);
  free(show.text);
}

START_TEST(test_messages)
{
  const char over_lines[] = "{\n  \"service\": \"voice\",\n  " T0 "\n}\n";
  const char two[] = "{\"service\":\"voice\"," T0 "}\n{\"service\":\"voice\"," T0 "}\n";
  check_message(over_lines, sizeof(over_lines) - 1, R0 "\n");
  check_message(two, sizeof(two) - 1, "bad_line\n");
  check_message(" \n", 2, "");
  check_message("", 0, "");
  char *large = malloc(2 * SP_LINE_BYTES_MAX);
  ck_assert_ptr_nonnull(large);
  memset(large, '{', 2 * SP_LINE_BYTES_MAX);
  check_message(large, 2 * SP_LINE_BYTES_MAX, "bad_line\n");
  free(large);
}
END_TEST

/* A line of the greatest length, all escapes: the scratch is filled and a new batch begun. */
START_TEST(test_long_escapes)
{
  const char head[] = "{\"service\":\"voice\"," T0 ",\"id\":\"";
  size_t size = SP_CDR_BYTES_MAX + 1, at = 0;
  char *text = malloc(4 * size);
  ck_assert_ptr_nonnull(text);
  for (int line = 0; line < 4; line++) {
    size_t begin = at;
    memcpy(text + at, head, sizeof(head) - 1);
    at += sizeof(head) - 1;
    while (at - begin + 4 < SP_CDR_BYTES_MAX) {
      text[at++] = '\\';
      text[at++] = '\\';
    }
    text[at++] = '"';
    text[at++] = '}';
    text[at++] = '\n';
  }
  struct show show;
  show_open(&show);
  show_decode(&show, text, at, &plain);
  unsigned count = 0;
  for (const char *line = show.text; *line != '\0'; line = strchr(line, '\n') + 1) {
    ck_assert_msg(strncmp(line, R0 " id=\\\\\\", sizeof(R0 " id=\\\\\\") - 1) == 0, "%.60s", line);
    count++;
  }
  ck_assert_uint_eq(count, 4);
  free(show.text);
  free(text);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_objects);
  tcase_add_test(tests, test_no_objects);
  tcase_add_test(tests, test_borders);
  tcase_add_test(tests, test_cut_anywhere);
  tcase_add_test(tests, test_messages);
  tcase_add_test(tests, test_long_escapes);
  return check_run("decode_json", tests);
}
