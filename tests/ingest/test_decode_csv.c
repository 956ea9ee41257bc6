/* Canonical CSV: tables of lines and records, and the properties that borders of chunks and batches
 * change nothing and that the quick and the careful way say the same. */
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/ingest/decode_show.h"

struct row {
  const char *csv;
  const char *records;
};

static const struct show_options plain = {.kind = SHOW_CSV, .count_max = SP_BATCH_RECORDS_MAX};

static void check_rows(const struct row *rows, size_t count, struct show_options options)
{
  for (size_t i = 0; i < count; i++) {
    struct show show;
    show_open(&show);
    show_decode(&show, rows[i].csv, strlen(rows[i].csv), &options);
    ck_assert_msg(strcmp(show.text, rows[i].records) == 0, "row %zu: %s\ngives %s\nnot   %s", i,
                  rows[i].csv, show.text, rows[i].records);
    free(show.text);
  }
}

#define CHECK_ROWS(rows)                                               \
  do {                                                                 \
    struct show_options check_options = plain;                         \
    check_rows(rows, sizeof(rows) / sizeof((rows)[0]), check_options); \
    check_options.count_max--; /* without wide registers */            \
    check_rows(rows, sizeof(rows) / sizeof((rows)[0]), check_options); \
    check_options.careful = true;                                      \
    check_rows(rows, sizeof(rows) / sizeof((rows)[0]), check_options); \
  } while (0)

#define T0 "2026-03-03T10:00:00+08:00" /* 1772503200 */

static const struct row lines[] = {
    {"", ""},
    {"service,start\n", ""},
    {"service,start\nvoice," T0 "\n", "ok service=voice start=1772503200\n"},
    {"service,start\nvoice," T0, "ok service=voice start=1772503200\n"},
    {"service,start\r\nvoice," T0 "\r\nsms," T0 "\r\n",
     "ok service=voice start=1772503200\nok service=sms start=1772503200\n"},
    {"service,start\r\nvoice," T0 "\r", "ok service=voice start=1772503200\n"},
    {"\xEF\xBB\xBFservice,start\nvoice," T0 "\n", "ok service=voice start=1772503200\n"},
    {"start,service\n" T0 ",voice\n", "ok service=voice start=1772503200\n"},
    {"# made by hand\n\nservice,start\n\n \t\n#voice\nvoice," T0 "\n# end",
     "ok service=voice start=1772503200\n"},
    {"service,start\n #voice," T0 "\n", "service_unknown start=1772503200\n"},
    {"id,service,start\na,voice," T0 ",\n", "bad_line\n"},
    {"id,service,start\na,voice\n,,\n", "bad_line\nservice_unknown\n"},
    {"id,service,start\nx\ry,voice," T0 "\n", "ok service=voice start=1772503200 id=x\ry\n"},
    {"id,service,start,color\na,voice," T0 ",red\n", "ok service=voice start=1772503200 id=a\n"},
    {"id,service,start,id\na,voice," T0 ",b\n", "bad_line\nbad_line\n"},
    {"1,2,3\n4,5,6\n", "bad_line\nbad_line\n"},
    {"id,service,start\na\xFF,voice," T0 "\n\xE4\xB8\xAD,voice," T0 "\n",
     "bad_line\nok service=voice start=1772503200 id=\xE4\xB8\xAD\n"},
};

START_TEST(test_lines)
{
  CHECK_ROWS(lines);
}
END_TEST

static const struct row quotes[] = {
    {"id,service,start\n\"a,b\",voice," T0 "\n", "ok service=voice start=1772503200 id=a,b\n"},
    {"id,service,start\n\"a \"\"b\"\"\",\"voice\"," T0 "\n",
     "ok service=voice start=1772503200 id=a \"b\"\n"},
    {"id,service,start\n \" a \" ,voice ,\t" T0 "\n", "ok service=voice start=1772503200 id=a\n"},
    {"id,service,start\n\"a\nb\",voice," T0 "\nc,sms," T0 "\n",
     "ok service=voice start=1772503200 id=a\nb\nok service=sms start=1772503200 id=c\n"},
    {"id,service,start\n\"a\n#b\",voice," T0 "\n", "ok service=voice start=1772503200 id=a\n#b\n"},
    {"id,service,start\n\"a\"b,voice," T0 "\n", "bad_line\n"},
    {"id,service,start\na\"b\"\"c,voice," T0 "\n",
     "ok service=voice start=1772503200 id=a\"b\"\"c\n"},
    {"id,service,start\n\"a,voice," T0 "\nb,sms," T0 "\n",
     "bad_line\nok service=sms start=1772503200 id=b\n"},
    {"\"id\",\"service\",\"start\"\n\"\",\"\",\"\"\n", "service_unknown\n"},
    {"id\n\"\"\n\n\"\"\"\"\n", "service_unknown\nservice_unknown id=\"\n"},
    {"id,\"service\nstart\n", "bad_line\nbad_line\n"},
};

START_TEST(test_quotes)
{
  CHECK_ROWS(quotes);
}
END_TEST

#define FIELDS "id,service,direction,start,duration_s,items,lac,seq,cause,partial,session,charge\n"

static const struct row fields[] = {
    {FIELDS "a,voice,mo," T0 ",61,,,,,,,\n",
     "ok service=voice dir=mo start=1772503200 s=61 id=a\n"},
    {FIELDS "a,data,," T0 ",999999999999999999,0,0,7,16,last,s,\n",
     "ok service=data start=1772503200 s=999999999999999999 items=0 lac=0 seq=7 cause=16 partial=3 "
     "id=a session=s\n"},
    {FIELDS "a,voice,mo," T0 ",1000000000000000000,,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",-60,,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",6 0,,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",+60,,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",60.0,,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",,1x,,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",,,0x1F,,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",,,,1e3,,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,mo," T0 ",,,,,-1,,,\n",
     "bad_field service=voice dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,MO," T0 ",,,,,,,,\n", "bad_field service=voice start=1772503200 id=a\n"},
    {FIELDS "a,voice,cf," T0 ",,,,,,whole,,\n", "ok service=voice dir=cf start=1772503200 id=a\n"},
    {FIELDS "a,voice,mt," T0 ",,,,,,first,,\n",
     "bad_field service=voice dir=mt start=1772503200 partial=1 id=a\n"},
    {FIELDS "a,voice,mt," T0 ",,,,,,middle,,0\n",
     "ok service=voice dir=mt start=1772503200 partial=2 charge=0 id=a\n"},
    {FIELDS "a,voice,mt," T0 ",,,,,,firts,s,\n",
     "bad_field service=voice dir=mt start=1772503200 id=a session=s\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,0.123456\n",
     "ok service=fee start=1772503200 charge=123456 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,12\n", "ok service=fee start=1772503200 charge=12000000 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,1.2345678\n", "bad_field service=fee start=1772503200 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,.5\n", "bad_field service=fee start=1772503200 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,5.\n", "bad_field service=fee start=1772503200 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,-1\n", "bad_field service=fee start=1772503200 id=a\n"},
    {FIELDS "a,fee,," T0 ",,,,,,,,99999999999999999999\n",
     "ok service=fee start=1772503200 charge=9223372036854775807 id=a\n"},
    /* the first test that fails decides */
    {FIELDS "a,fax,XX,yesterday,-1,,,,,,,\n", "service_unknown id=a\n"},
    {FIELDS "a,Voice,mo," T0 ",,,,,,,,\n", "service_unknown dir=mo start=1772503200 id=a\n"},
    {FIELDS "a,voice,XX,yesterday,-1,,,,,,,\n", "bad_start service=voice id=a\n"},
    {FIELDS "a,voice,XX,,-1,,,,,,,\n", "bad_start service=voice id=a\n"},
};

START_TEST(test_fields)
{
  CHECK_ROWS(fields);
}
END_TEST

START_TEST(test_services)
{
  static const struct row rows[] = {
      {"service,start\nvoice," T0 "\nsms," T0 "\nmms," T0 "\ndata," T0 "\nvas," T0 "\nfee," T0 "\n",
       "ok service=voice start=1772503200\nok service=sms start=1772503200\n"
       "ok service=mms start=1772503200\nok service=data start=1772503200\n"
       "ok service=vas start=1772503200\nok service=fee start=1772503200\n"},
      {"service,start\nvoic," T0 "\nsmt," T0 "\ndate," T0 "\nvoiceX," T0 "\n",
       "service_unknown start=1772503200\nservice_unknown start=1772503200\n"
       "service_unknown start=1772503200\nservice_unknown start=1772503200\n"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_every_text)
{
  static const struct row rows[] = {
      {"id,service,direction,served,other,third,start,duration_s,up_bytes,down_bytes,items,"
       "home_area,visited_area,other_area,plmn,lac,cell,rating_group,service_id,apn,node,session,"
       "seq,partial,cause,charge\n"
       "i,data,cf,+86 138,0010,9," T0 ",1,2,3,4,h,v,o,46000,5,c,r,x,a,n,s,6,last,7,8\n",
       "ok service=data dir=cf start=1772503200 s=1 up=2 down=3 items=4 lac=5 seq=6 cause=7 "
       "partial=3 charge=8000000 id=i served=+86 138 other=0010 third=9 home_area=h visited_area=v "
       "other_area=o plmn=46000 cell=c rg=r service_id=x apn=a node=n session=s\n"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_header_warning)
{
  struct sp_decoder decoder;
  struct sp_cdr cdrs[4];
  struct sp_raw raws[4];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  const char csv[] = "service,color,start,size\nvoice,red," T0 ",2\n";
  struct sp_decode decode = {.bytes = csv, .length = sizeof(csv) - 1, .last = true, .count_max = 4};
  decode.cdrs = cdrs;
  decode.raws = raws;
  decode.scratch = scratch;
  decode.scratch_size = sizeof(scratch);
  sp_decoder_open(&decoder, &show_zone);
  ck_assert_ptr_null(sp_decoder_warning(&decoder));
  sp_decode_csv_batch(&decoder, &decode);
  ck_assert_uint_eq(decode.count, 1);
  ck_assert_str_eq(sp_decoder_warning(&decoder), "unknown columns are left out: color, size");
  ck_assert_ptr_null(sp_decoder_warning(&decoder));
}
END_TEST

static void check_message(const char *csv, const char *expected)
{
  static struct sp_decoder decoder;
  static struct sp_cdr cdrs[8];
  static struct sp_raw raws[8];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  struct sp_decode decode = {.bytes = csv, .length = strlen(csv), .last = true, .count_max = 8};
  struct show show;
  show_open(&show);
  decode.cdrs = cdrs;
  decode.raws = raws;
  decode.scratch = scratch;
  decode.scratch_size = sizeof(scratch);
  sp_decoder_open(&decoder, &show_zone);
  size_t begin = sp_decoder_begin_message(&decoder, csv, strlen(csv));
  decode.bytes += begin;
  decode.length -= begin;
  sp_decode_csv_batch(&decoder, &decode);
  for (uint32_t i = 0; i < decode.count; i++) {
    show_cdr(&show, &cdrs[i]);
  }
  ck_assert_str_eq(show.text, expected);
  free(show.text);
}

START_TEST(test_messages)
{
  check_message("", "");
  check_message("# nothing\n\n", "");
  check_message("start,service\n" T0 ",voice\n", "ok service=voice start=1772503200\n");
  check_message("\xEF\xBB\xBF# x\nstart,service\n" T0 ",voice",
                "ok service=voice start=1772503200\n");
  check_message("i,data,,138,,," T0 ",1,2,3,,,,,,,,,,,,,,,,\n",
                "ok service=data start=1772503200 s=1 up=2 down=3 id=i served=138\n");
  check_message("i,data,,138\n", "bad_line\n");
}
END_TEST

/* A stream with everything in it that can meet a border. */
static const char mixed[] = "\xEF\xBB\xBF# head\r\nid,service,start,other,duration_s\r\n"
                            "a,voice," T0 ",13800138000,61\n"
                            "\"b\nb\",sms,20260303100000,\"1 \"\"2\"\"\",\r\n"
                            "\n# comment, \"with quote\n"
                            "c\"c,mms," T0 ",\xE4\xB8\xAD,3\r\n"
                            "d\rd,data,2026-03-03T10:00:00.5Z,,4\n"
                            "\"e,fee," T0 ",,\n"
                            "f\xFF,fee," T0 ",,\n"
                            "g,vas," T0 ",,,\n"
                            "  \t\r\n"
                            "h,vas," T0 ",\"x\"y,\n"
                            "last,voice,20260303100001,1,2\r";

START_TEST(test_borders)
{
  struct show whole, cut;
  struct show_options options = plain;
  options.raws = true;
  show_open(&whole);
  show_decode(&whole, mixed, sizeof(mixed) - 1, &options);
  ck_assert_msg(strstr(whole.text, "id=last") != NULL, "%s", whole.text);
  for (size_t step = 1; step < sizeof(mixed); step++) {
    for (uint32_t count = 1; count <= 3; count++) {
      options.step = step;
      options.count_max = count;
      options.careful = (step & 1) != 0;
      show_open(&cut);
      show_decode(&cut, mixed, sizeof(mixed) - 1, &options);
      ck_assert_msg(strcmp(cut.text, whole.text) == 0, "step %zu, %u a call: %s\nnot %s", step,
                    count, cut.text, whole.text);
      free(cut.text);
    }
  }
  free(whole.text);
}
END_TEST

START_TEST(test_quick_is_careful)
{
  static const char *const bits[] = {"voice",
                                     "sms",
                                     ",",
                                     ",",
                                     ",",
                                     ",",
                                     ",",
                                     "\n",
                                     "\n",
                                     "\r\n",
                                     "\"",
                                     " ",
                                     "#",
                                     T0,
                                     "20260303100000",
                                     "61",
                                     "7",
                                     "\xC3\xA9",
                                     "0123456789012345678901234567890123456789",
                                     "mo",
                                     "\r"};
  draw_begin(20261130);
  for (unsigned round = 0; round < 3000; round++) {
    char csv[2048] = "id,service,start,duration_s,direction\n";
    size_t length = strlen(csv);
    unsigned count = draw(40);
    for (unsigned i = 0; i < count; i++) {
      const char *bit = bits[draw(sizeof(bits) / sizeof(bits[0]))];
      memcpy(csv + length, bit, strlen(bit));
      length += strlen(bit);
    }
    struct show quick, careful;
    struct show_options options = plain;
    options.raws = true;
    options.count_max -= round % 2;
    show_open(&quick);
    show_open(&careful);
    show_decode(&quick, csv, length, &options);
    options.careful = true;
    options.step = 1 + round % 70;
    show_decode(&careful, csv, length, &options);
    ck_assert_msg(strcmp(quick.text, careful.text) == 0, "round %u: %.*s\n%s\nis not %s", round,
                  (int)length, csv, quick.text, careful.text);
    free(quick.text);
    free(careful.text);
  }
}
END_TEST

/* Long lines: `length` bytes of id, then the rest of a right record. */
static void check_long(size_t length, const char *expected, size_t step, bool quoted)
{
  const char head[] = "id,service,start\n", tail[] = ",voice," T0 "\n", next[] = "z,sms," T0 "\n";
  char *csv = malloc(length + 200);
  size_t at = sizeof(head) - 1;
  ck_assert_ptr_nonnull(csv);
  memcpy(csv, head, at);
  memset(csv + at, 'x', length);
  csv[at] = quoted ? '"' : 'x';
  csv[at + length - 1] = quoted ? '"' : 'x';
  at += length;
  memcpy(csv + at, tail, sizeof(tail) - 1);
  at += sizeof(tail) - 1;
  memcpy(csv + at, next, sizeof(next) - 1);
  at += sizeof(next) - 1;
  struct show show;
  struct show_options options = plain;
  options.step = step;
  show_open(&show);
  show_decode(&show, csv, at, &options);
  ck_assert_msg(strstr(show.text, expected) == show.text, "%zu bytes: %.60s", length, show.text);
  ck_assert_msg(strstr(show.text, "ok service=sms start=1772503200 id=z\n") != NULL, "%zu", length);
  free(show.text);
  free(csv);
}

START_TEST(test_long_lines)
{
  const size_t most = SP_CDR_BYTES_MAX - (sizeof(",voice," T0) - 1);
  for (int quoted = 0; quoted < 2; quoted++) {
    for (size_t step = 0; step <= 40000; step += 20000) {
      check_long(most, "ok service=voice", step, quoted != 0);
      check_long(most + 1, "bad_line\nok", step, quoted != 0);
      check_long(most + 40, "bad_line\nok", step, quoted != 0);
      check_long(2 * most, "bad_line\nok", step, quoted != 0);
    }
    check_long(SP_LINE_BYTES_MAX - 1, "bad_line\nok", 0, quoted != 0);
    check_long(SP_LINE_BYTES_MAX, "bad_line\nok", 300000, quoted != 0);
    check_long(3 * SP_LINE_BYTES_MAX, "bad_line\nok", 300000, quoted != 0);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_lines);
  tcase_add_test(tests, test_quotes);
  tcase_add_test(tests, test_fields);
  tcase_add_test(tests, test_services);
  tcase_add_test(tests, test_every_text);
  tcase_add_test(tests, test_header_warning);
  tcase_add_test(tests, test_messages);
  tcase_add_test(tests, test_borders);
  tcase_add_test(tests, test_quick_is_careful);
  tcase_add_test(tests, test_long_lines);
  return check_run("decode_csv", tests);
}
