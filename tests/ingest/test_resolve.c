/* Resolve (book.md §6): tables of places and nets by hand; hashes; batches of any size give the
 * same. */
#include "ingest/conflict.h"
#include "ingest/decode.h"
#include "ingest/resolve.h"
#include "rating/reason.h"
#include "tests/check_run.h"
#include "tests/rating/customers_case.h"

static const struct case_file book[] = {
    {"book.yaml", "name: one\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CMCC\n"
                  "valid_from: 2020-01-01\n"},
    {"areas.csv", "area,name,province\n755,Shenzhen,Guangdong\n20,Guangzhou,Guangdong\n"
                  "10,Beijing,Beijing\n898,Nowhere,\n899,Nowhere too,\n"},
    {"numbers.csv", "prefix,operator,kind,area\n86138000,CMCC,mobile,755\n86138010,CMCC,mobile,20\n"
                    "86138020,CMCC,mobile,10\n86138030,CMCC,mobile,\n86130000,CUCC,mobile,755\n"
                    "86755,CTCC,fixed,755\n8610,CTCC,fixed,10\n10086,CMCC,service,\n110,,service,\n"
                    "12590,SPX,sp,\n852,,international,\n81,,international,\n86139,,mobile,755\n"},
    {"ported.csv", "number,operator,from,to\n8613000000007,CMCC,2026-02-01,2026-03-01\n"
                   "8613800000007,CUCC,2026-02-01,2026-03-01\n"},
    {"cells.csv", "plmn,lac_from,lac_to,area\n46000,1000,1999,10\n46000,2000,2000,20\n"},
    {"destinations.csv", "destination,prefix\nasia,81\nasia,852\nhongkong,852\n"},
    {"plans.csv", "plan,kind\nb,base\n"},
    {"rates.csv", "plan,item,service,dest,rating_group,price,per\nb,base,voice,,,0.20,1min\n"
                  "b,data,data,,10,0.20,1MB\nb,data,data,,,0.20,1MB\nb,intl,voice,asia,,1,1min\n"}};
static const struct case_file second_book[] = {
    {"book.yaml", "name: two\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CUCC\n"
                  "valid_from: 2026-06-01\n"},
    {"areas.csv", "area,name,province\n755,Shenzhen,South\n20,Guangzhou,North\n10,Beijing,South\n"},
    {"numbers.csv", "prefix,operator,kind,area\n86138,CUCC,mobile,10\n"},
    {"plans.csv", "plan,kind\nb,base\n"},
    {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};
static const struct case_file customers[] = {
    {"accounts.csv", "account\nA1\nA2\n"},
    {"subscribers.csv", "subscriber,number,account,home_area,from,to\n"
                        "S1,8613800000001,A1,755,2020-01-01,\nS2,8613800000002,A1,,2020-01-01,\n"
                        "S3,8613800000003,A2,755,2020-01-01,\nS4,8613800000004,A2,999,2020-01-01,\n"
                        "S5,8613800000005,A2,755,2020-01-01,2026-02-01\n"
                        "S6,8613800000005,A1,20,2026-02-01,\n"
                        "S7,8613800000007,A1,898,2020-01-01,\nS8,8613800000008,A1,,2010-01-01,\n"
                        "S9,8613803000009,A1,,2020-01-01,\n"},
    {"groups.csv", "group,kind,parent,from,to\nZ,enterprise,,,\nB,enterprise,Z,,\n"
                   "A,enterprise,Z,,2026-04-01\nF,family,,,\nE,enterprise,,,\n"},
    {"members.csv", "group,subscriber,short_number,from,to\nB,S1,661,2020-01-01,\n"
                    "A,S1,662,2026-01-01,\nB,S2,663,2026-02-01,\nA,S3,664,2026-01-01,\n"
                    "F,S1,6611,,\nF,S4,6612,,\nE,S6,661,,\nF,S5,6613,,\n"}};

struct fixture {
  struct customers_case own;
  struct sp_memory memory;
  struct sp_resolver *resolver;
  struct sp_decoder decoder;
  struct sp_cdr cdrs[300];
  struct sp_usage usages[300];
  struct sp_raw raws[300];
  char scratch[SP_DECODE_SCRATCH_BYTES];
  char lines[65536];
};
static struct fixture f;

static int64_t from_local(const void *context, int64_t local_s)
{
  return sp_book_from_local(context, local_s);
}

static void setup(void)
{
  memset(&f, 0, sizeof(f));
  case_begin(&f.own);
  case_book(&f.own, book, sizeof(book) / sizeof(book[0]));
  case_book(&f.own, second_book, sizeof(second_book) / sizeof(second_book[0]));
  case_customers(&f.own, customers, 4);
  ck_assert_msg(f.own.problems.errors == 0, "%s", f.own.lines);
  sp_heap_init(&f.memory);
  ck_assert_int_eq(sp_resolver_make(&f.resolver, f.own.directory, &f.own.books, &f.memory), SP_OK);
  struct sp_decode_zone zone = {from_local, &f.own.books.book[0]};
  sp_decoder_open(&f.decoder, &zone);
}

static void teardown(void)
{
  sp_memory_free(&f.memory);
  case_end(&f.own);
}

/* Decodes a header and lines into f.cdrs; returns how many. */
static uint32_t decode(const char *header, const char *lines)
{
  snprintf(f.lines, sizeof(f.lines), "%s\n%s\n", header, lines);
  struct sp_decode decode = {.bytes = f.lines,
                             .length = strlen(f.lines),
                             .last = true,
                             .count_max = 300,
                             .cdrs = f.cdrs,
                             .raws = f.raws,
                             .scratch = f.scratch};
  sp_decoder_begin(&f.decoder);
  sp_decode_csv_batch(&f.decoder, &decode);
  return decode.count;
}

static const struct sp_usage *resolve(const char *header, const char *line)
{
  ck_assert_uint_eq(decode(header, line), 1);
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 1);
  return &f.usages[0];
}

static const char *const roams[] = {"home", "province", "domestic", "hmt", "international"};
static const char *const zones[] = {"-",   "local",         "province", "domestic",
                                    "hmt", "international", "service"};
static const char *const nets[] = {"-",     "group",   "family", "service", "sp",
                                   "fixed", "foreign", "onnet",  "mobile"};

/* served, other, day, visited_area, other_area, home_area, plmn, lac -> roam zone net flags reason
 */
static const struct {
  const char *record, *expected;
} places[] = {
    {"13800000001,13000000001,2026-03-03,,,,,", "home local mobile"},
    {"13800000001,13801000001,2026-03-03,,,,,", "home province onnet"},
    {"13800000001,13802000001,2026-03-03,,,,,", "home domestic onnet"},
    {"13800000001,075512345678,2026-03-03,,,,,", "home local fixed"},
    {"13800000001,01087654321,2026-03-03,,,,,", "home domestic fixed"},
    {"13800000001,10086,2026-03-03,,,,,", "home service service"},
    {"13800000001,110,2026-03-03,,,,,", "home service service"},
    {"13800000001,125901,2026-03-03,,,,,", "home domestic sp"}, /* it has a row: not foreign */
    {"13800000001,0085261234567,2026-03-03,,,,,", "home hmt foreign"},
    {"13800000001,0085361234567,2026-03-03,,,,,", "home hmt foreign"},
    {"13800000001,0088661234567,2026-03-03,,,,,", "home hmt foreign"},
    {"13800000001,0081312345678,2026-03-03,,,,,", "home international foreign"},
    {"13800000001,0014155550123,2026-03-03,,,,,", "home international foreign"},
    {"13800000001,15100000000,2026-03-03,,,,,", "home domestic mobile"}, /* no row, but home */
    {"13800000001,,2026-03-03,,,,,", "home - -"},
    {"13800000001,-,2026-03-03,,,,,", "home - -"},
    {"13800000001,95566,2026-03-03,,,,,", "home international foreign 302"},
    {"13800000001,1795195566,2026-03-03,,,,,", "home international foreign ip 302"},
    {"13800000001,1795113802000001,2026-03-03,,,,,", "home domestic onnet ip"},
    {"13800000001,+99123,2026-03-03,,,,,", "home international foreign 302"},
    {"13800000001,+9912345,2026-03-03,,,,,", "home international foreign"},
    {"13800000001,CMCC,2026-03-03,,,,,", "home international foreign"},
    /* areas on the record, by cell, abroad */
    {"13800000001,13802000001,2026-03-03,10,,,,", "domestic local onnet"},
    {"13800000001,13802000001,2026-03-03,20,,,,", "province domestic onnet"},
    {"13800000001,13000000001,2026-03-03,,10,,,", "home domestic mobile"},
    {"13800000001,13802000001,2026-03-03,,,,46000,1000", "domestic local onnet"},
    {"13800000001,13802000001,2026-03-03,,,,46000,1999", "domestic local onnet"},
    {"13800000001,13802000001,2026-03-03,,,,46000,2000", "province domestic onnet"},
    {"13800000001,13802000001,2026-03-03,,,,46000,2001", "home domestic onnet"},
    {"13800000001,13802000001,2026-03-03,,,,46000,", "home domestic onnet"},
    {"13800000001,13802000001,2026-03-03,,,,46001,1000", "home domestic onnet"},
    {"13800000001,13802000001,2026-03-03,20,,,46000,1000", "province domestic onnet"},
    {"13800000001,13000000001,2026-03-03,,,,45400,", "hmt domestic mobile"},
    {"13800000001,13000000001,2026-03-03,755,,,45500,", "hmt domestic mobile"},
    {"13800000001,13000000001,2026-03-03,,755,,46692,", "hmt domestic mobile"},
    {"13800000001,0085261234567,2026-03-03,,,,45400,", "hmt hmt foreign"},
    {"13800000001,13000000001,2026-03-03,,,,44010,", "international domestic mobile"},
    {"13800000001,10086,2026-03-03,,,,44010,", "international service service"},
    {"13800000001,13000000001,2026-03-03,,,,46100,", "home local mobile"},
    {"13800000001,13000000001,2026-03-03,,,,46,", "international domestic mobile"},
    /* home area: the subscriber's, the record's, the number plan's */
    {"13800000001,13000000001,2026-03-03,755,,10,,", "home local mobile"},
    {"13800000002,13000000001,2026-01-03,755,,10,,", "domestic local mobile"},
    {"13800000002,13000000001,2026-01-03,755,,,,", "home local mobile"},
    {"13803000009,13803000001,2026-01-03,,,,,",
     "domestic domestic onnet"},                                         /* blank equals nothing */
    {"13800000004,13000000001,2026-03-03,,999,,,", "home local mobile"}, /* no row: equals itself */
    {"13800000004,13000000001,2026-03-03,998,998,,,", "domestic local mobile"},
    {"13800000007,13000000001,2026-03-03,899,898,,,", "domestic domestic mobile"}, /* no province */
    {"13800000007,13000000001,2026-03-03,898,898,,,", "home local mobile"},
    {"13800000001,13000000001,2026-03-03,a-long-name-of-an-area,a-long-name-of-an-area,,,",
     "domestic local mobile"},
    /* ported numbers, in their time */
    {"13800000001,13000000007,2026-01-31,,,,,", "home local mobile"},
    {"13800000001,13000000007,2026-02-01,,,,,", "home local onnet"},
    {"13800000001,13000000007,2026-03-01,,,,,", "home local mobile"},
    {"13800000001,13800000007,2026-02-10,,,,,", "home local mobile"},
    {"13800000001,13900000000,2026-02-10,,,,,", "home local mobile"}, /* no operator */
    /* groups, families, short numbers */
    {"13800000001,13800000002,2026-01-31,,,,,", "home local onnet"},
    {"13800000001,13800000002,2026-02-01,,,,,", "home local group tree"},
    {"13800000001,13800000003,2026-02-01,,,,,", "home local group tree"},
    {"13800000001,13800000003,2026-04-01,,,,,", "home local onnet"}, /* A is over */
    {"13800000002,13800000003,2026-02-01,,,,,", "home local onnet tree"},
    {"13800000001,13800000004,2026-02-01,,,,,", "home local family"},
    {"13800000001,13800000001,2026-02-01,,,,,", "home local group tree"},
    {"13800000001,13800000005,2026-01-31,,,,,", "home local family"}, /* S5, */
    {"13800000001,13800000005,2026-02-01,,,,,", "home local onnet"},  /* then S6 */
    {"13800000001,663,2026-02-01,,,,,", "home local group tree"},
    {"13800000001,6-6 3,2026-02-01,,,,,", "home local group tree"},
    {"13800000001,663,2026-01-31,,,,,", "home international foreign 302"},
    {"13800000001,664,2026-03-31,,,,,", "home local group tree"},
    {"13800000001,664,2026-04-01,,,,,", "home international foreign 302"},
    {"13800000002,664,2026-02-01,,,,,",
     "home international foreign 302"}, /* not its direct group */
    {"13800000001,6612,2026-02-01,,,,,", "home local family"},
    {"13800000004,661,2026-02-01,,,,,", "home international foreign 302"},
    {"13800000004,6611,2026-02-01,,,,,", "home domestic family"},
    {"13800000001,17951661,2026-02-01,,,,,", "home international foreign ip 302"},
    /* who and when */
    {"13800000009,13000000001,2026-02-01,,,,,", "301"},
    {",13000000001,2026-02-01,,,,,", "301"},
    {"CMCC,13000000001,2026-02-01,,,,,", "301"},
    {"13800000008,13000000001,2019-12-31,,,,,", "401"},
    {"13800000099,13000000001,2019-12-31,,,,,", "401"},
    /* the second book: other areas, provinces and operator */
    {"13800000001,13800000088,2026-05-31,,,,,", "home local onnet"},
    {"13800000001,13800000088,2026-06-01,,,,,", "home province onnet"},
    {"13800000001,13800000088,2026-06-01,20,,,,", "domestic domestic onnet"},
    {"13800000001,10086,2026-06-01,,,,,", "home international foreign 302"},
};

static void show(const struct sp_usage *usage, char *to, size_t size)
{
  *to = '\0';
  if (usage->reason == 0 || usage->reason == SP_REASON_UNKNOWN_PREFIX) {
    snprintf(to, size, "%s %s %s", roams[usage->roam], zones[usage->zone], nets[usage->net]);
  }
  static const struct {
    unsigned bit;
    const char *word;
  } flags[] = {{SP_USAGE_TREE, "tree"}, {SP_USAGE_IP, "ip"}};
  for (size_t i = 0; i < 2; i++) {
    if (usage->flags & flags[i].bit) {
      snprintf(to + strlen(to), size - strlen(to), " %s", flags[i].word);
    }
  }
  if (usage->reason != 0) {
    snprintf(to + strlen(to), size - strlen(to), "%s%u", *to == '\0' ? "" : " ", usage->reason);
  }
}

START_TEST(test_places)
{
  char line[256], got[128];
  const char *date = strstr(places[_i].record, ",2"); /* the day is the third cell */
  date = strchr(strchr(places[_i].record, ',') + 1, ',') + 1;
  snprintf(line, sizeof(line), "%.*sT12:00:00+08:00%s,voice,mo,60",
           (int)(date + 10 - places[_i].record), places[_i].record, date + 10);
  const struct sp_usage *usage =
      resolve("served,other,start,visited_area,other_area,home_area,plmn,lac,service,direction,"
              "duration_s",
              line);
  show(usage, got, sizeof(got));
  ck_assert_msg(strcmp(got, places[_i].expected) == 0, "%s -> %s, got %s", places[_i].record,
                places[_i].expected, got);
  ck_assert_int_eq((usage->flags & SP_USAGE_OTHER) != 0, usage->zone != SP_ZONE_NONE);
}
END_TEST

START_TEST(test_who)
{
  const char *header = "service,served,other,start,duration_s";
  const struct sp_usage *usage =
      resolve(header, "voice,13800000001,663,2026-02-01T12:00:00+08:00,60");
  ck_assert_uint_eq(usage->subscriber, case_subscriber(&f.own, "S1"));
  ck_assert_uint_eq(usage->account, 0);
  ck_assert_uint_eq(usage->group, case_group(&f.own, "A")); /* the lowest name */
  ck_assert_uint_eq(usage->domain, case_group(&f.own, "Z") | SP_DOMAIN_TREE);
  ck_assert_uint_eq(usage->other, sp_number_pack("8613800000002", 13).digits);
  ck_assert_uint_eq(usage->book, 0);
  usage = resolve(header, "voice,13800000001,,2026-04-01T12:00:00+08:00,60");
  ck_assert_uint_eq(usage->group, case_group(&f.own, "B"));
  usage = resolve(header, "voice,13800000004,,2026-02-01T12:00:00+08:00,60");
  ck_assert_uint_eq(usage->group, case_group(&f.own, "F"));
  ck_assert_uint_eq(usage->domain, case_group(&f.own, "F") | SP_DOMAIN_FAMILY);
  ck_assert_uint_eq(usage->account, 1);
  usage = resolve(header, "voice,13800000007,,2026-06-01T00:00:00+08:00,60");
  ck_assert_uint_eq(usage->group, SP_NONE);
  ck_assert_uint_eq(usage->domain, 0);
  ck_assert_uint_eq(usage->book, 1);
  usage = resolve(header, "voice,13800000007,,2026-05-31T23:59:59+08:00,60");
  ck_assert_uint_eq(usage->book, 0);
  usage = resolve(header, "voice,13800000007,+852123,2026-05-31T23:59:59+08:00,60");
  ck_assert_uint_ne(usage->dest_node, 0);
  usage = resolve(header, "voice,13800000007,+853123,2026-05-31T23:59:59+08:00,60");
  ck_assert_uint_eq(usage->dest_node, 0);
  usage = resolve(header, "voice,13800000007,,sometime,60");
  ck_assert_uint_eq(usage->reason, SP_REASON_BAD_START);
  ck_assert_uint_eq(usage->subscriber, SP_NONE);
  usage = resolve("service,served,start,rating_group,up_bytes,down_bytes",
                  "data,13800000007,2026-05-31T23:59:59+08:00,10,999999999999999999,2");
  ck_assert_uint_ne(usage->rating_group, 0);
  ck_assert_int_eq(usage->bytes, INT64_C(1000000000000000001));
  usage = resolve("service,served,start,rating_group,up_bytes",
                  "data,13800000007,2026-05-31T23:59:59+08:00,20,1");
  ck_assert_uint_eq(usage->rating_group, 0);
}
END_TEST

#define FULL_HEADER                                                                               \
  "id,service,direction,served,other,third,start,duration_s,up_bytes,down_bytes,items,home_area," \
  "visited_area,other_area,plmn,lac,cell,rating_group,service_id,apn,node,session,seq,partial,"   \
  "cause,charge"

/* Two cells for every field but service and start, told apart; the record has the first. */
static const char *const cells[SP_FIELD_COUNT][2] = {
    {"i1", "i2"},
    {"voice", "voice"},
    {"mo", "mt"},
    {"13800000001", "13800000002"},
    {"13000000001", "13000000002"},
    {"13000000003", "13000000004"},
    {"2026-02-01T12:00:00+08:00", "2026-02-01T12:00:01+08:00"},
    {"60", "61"},
    {"5", "6"},
    {"7", "8"},
    {"1", "2"},
    {"755", "20"},
    {"755", "10"},
    {"10", "20"},
    {"46000", "46001"},
    {"1000", "1001"},
    {"c1", "c2"},
    {"10", "11"},
    {"s1", "s2"},
    {"a1", "a2"},
    {"n1", "n2"},
    {"x1", "x2"},
    {"3", "4"},
    {"whole", "first"},
    {"0", "1"},
    {"1.5", "1.6"}};

static void full_line(char *line, size_t size, const char *service, uint32_t second)
{
  *line = '\0';
  for (unsigned i = 0; i < SP_FIELD_COUNT; i++) {
    const char *cell = i == SP_FIELD_SERVICE ? service : cells[i][second >> i & 1];
    snprintf(line + strlen(line), size - strlen(line), "%s%s", i == 0 ? "" : ",", cell);
  }
}

/* Key and payload (§15.1, §15.2): each field changes the one it belongs to, and only that. */
START_TEST(test_key_and_payload)
{
  static const struct {
    const char *service, *keys;
  } services[] = {{"voice", "service;direction;served;other;start;node;seq"},
                  {"data", "service;node;session;seq;rating_group"},
                  {"sms", "service;served;other;start;node;id"},
                  {"vas", "service;served;other;start;node;id"}};
  for (size_t s = 0; s < 4; s++) {
    char lines[2048], expected[64];
    for (unsigned field = 0; field < SP_FIELD_COUNT; field++) {
      size_t length = 0;
      for (uint32_t second = 0; second < 2; second++) {
        full_line(lines + length, sizeof(lines) - length, services[s].service, second << field);
        length = strlen(lines);
        lines[length++] = '\n';
        lines[length] = '\0';
      }
      ck_assert_uint_eq(decode(FULL_HEADER, lines), 2);
      sp_resolve_batch(f.resolver, f.cdrs, f.usages, 2);
      ck_assert_uint_eq(f.usages[0].reason, 0);
      snprintf(expected, sizeof(expected), ";%s;", sp_field_word(field));
      char keys[128];
      snprintf(keys, sizeof(keys), ";%s;", services[s].keys);
      bool in_key = strstr(keys, expected) != NULL && field != SP_FIELD_SERVICE;
      bool in_payload = !in_key && field != SP_FIELD_ID && field != SP_FIELD_SERVICE;
      bool key = memcmp(f.usages[0].key_hash, f.usages[1].key_hash, 16) != 0;
      bool whose = strstr(keys, ";served;") == NULL;
      ck_assert_uint_eq(f.usages[0].key_hash[1] & SP_KEY_OF_SESSION, whose ? SP_KEY_OF_SESSION : 0);
      bool payload = f.usages[0].payload_hash != f.usages[1].payload_hash;
      ck_assert_msg(key == in_key, "%s: key and %s", services[s].service, sp_field_word(field));
      ck_assert_msg(!in_payload || payload, "%s: payload and %s", services[s].service,
                    sp_field_word(field));
      ck_assert_msg(field != SP_FIELD_ID || !payload, "id is in no payload");
      struct sp_numbers numbers[2];
      sp_resolve_numbers(f.resolver, &f.cdrs[0], &numbers[0]);
      sp_resolve_numbers(f.resolver, &f.cdrs[1], &numbers[1]);
      uint32_t fields = sp_conflict_fields(&f.cdrs[0], &numbers[0], &f.cdrs[1], &numbers[1]);
      bool none = field == SP_FIELD_ID || field == SP_FIELD_SERVICE;
      ck_assert_uint_eq(fields, none ? 0 : UINT32_C(1) << field);
    }
  }
}
END_TEST

START_TEST(test_numbers_alone)
{
  struct sp_memory memory;
  struct sp_resolver *alone;
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_resolver_make_numbers(&alone, f.own.directory, &f.own.books, &memory), SP_OK);
  const char *lines =
      "13800000001,13000000001,13000000002,2026-03-03\n13800000001,075512345678,,2026-03-03\n"
      "13800000001,661,662,2026-03-03\n13800000002,663,,2026-03-03\n,,,2026-03-03\n"
      "13800000001,663,,2026-01-03\n13800000006,661,1795113802000001,2026-03-03\n"
      "+8613800000001,+99123,CMCC,2026-03-03\n13800000001,663,,never\nnobody,663,,2026-03-03\n";
  uint32_t count = decode("served,other,third,start", lines);
  ck_assert_uint_eq(count, 10);
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < count; i++) {
      struct sp_numbers all, own;
      memset(&all, 0, sizeof(all));
      memset(&own, 0, sizeof(own));
      sp_resolve_numbers(f.resolver, &f.cdrs[i], &all);
      sp_resolve_numbers(alone, &f.cdrs[i], &own);
      ck_assert_uint_eq(all.served.digits, own.served.digits);
      ck_assert_uint_eq(all.other.digits, own.other.digits);
      ck_assert_uint_eq(all.third.digits, own.third.digits);
      ck_assert_uint_eq(all.other.rest, own.other.rest);
      ck_assert_uint_eq(all.third.rest, own.third.rest);
      ck_assert(all.other.ip == own.other.ip);
    }
    sp_resolve_batch(f.resolver, f.cdrs, f.usages, count);
  }
  sp_memory_free(&memory);
}
END_TEST

START_TEST(test_same_record)
{
  /* Blank and default, other writings of numbers and of the instant: the same key and payload. */
  const char *lines =
      "voice,mo,13800000001,13000000001,2026-03-03T10:00:00+08:00,61,0,0,1,M1,0,0,whole\n"
      "voice,mo,+8613800000001,0130-0000-0001,2026-03-03T02:00:00.700Z,61,,,,M1,,,\n"
      "voice,mo,008613800000001,17951013000000001,20260303100000,61,,,,M1,,,\n"
      "voice,mo,13800000001,13000000001,20260303100000,61,,,,M1,,,,\n";
  ck_assert_uint_eq(decode("service,direction,served,other,start,duration_s,up_bytes,down_bytes,"
                           "items,node,seq,cause,partial",
                           lines),
                    4);
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 4);
  for (int i = 1; i < 3; i++) {
    ck_assert_mem_eq(f.usages[0].key_hash, f.usages[i].key_hash, 16);
    ck_assert_uint_eq(f.usages[0].payload_hash, f.usages[i].payload_hash);
    struct sp_numbers numbers[2];
    sp_resolve_numbers(f.resolver, &f.cdrs[0], &numbers[0]);
    sp_resolve_numbers(f.resolver, &f.cdrs[i], &numbers[1]);
    ck_assert_uint_eq(sp_conflict_fields(&f.cdrs[0], &numbers[0], &f.cdrs[i], &numbers[1]), 0);
  }
  ck_assert_uint_eq(f.usages[3].reason, SP_REASON_BAD_LINE);
  const char *charges = "fee,13800000001,2026-03-03T10:00:00+08:00,0\n"
                        "fee,13800000001,2026-03-03T10:00:00+08:00,\n"
                        "fee,13800000001,2026-03-03T10:00:00+08:00,0.000000\n";
  ck_assert_uint_eq(decode("service,served,start,charge", charges), 3);
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 3);
  ck_assert_uint_ne(f.usages[0].payload_hash, f.usages[1].payload_hash);
  ck_assert_uint_eq(f.usages[0].payload_hash, f.usages[2].payload_hash);
}
END_TEST

START_TEST(test_key_of_data)
{
  /* Without session also served and start; a session's parts have their chain. */
  const char *lines = "13800000001,2026-03-03T10:00:00+08:00,P1,,1,10,whole\n"
                      "13800000001,2026-03-03T10:00:01+08:00,P1,,1,10,whole\n"
                      "13800000002,2026-03-03T10:00:00+08:00,P1,,1,10,whole\n"
                      "13800000001,2026-03-03T10:00:00+08:00,P1,y,1,10,first\n"
                      "13800000001,2026-03-03T10:00:05+08:00,P1,y,2,10,last\n"
                      "13800000001,2026-03-03T10:00:05+08:00,P1,y,2,20,last\n"
                      "13800000002,2026-03-03T10:00:05+08:00,P1,y,2,10,last\n"
                      "13800000002,2026-03-03T10:00:05+08:00,P1,y,2,10,whole\n";
  char all[2048] = "";
  for (const char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1) {
    snprintf(all + strlen(all), sizeof(all) - strlen(all), "data,%.*s",
             (int)(strcspn(at, "\n") + 1), at);
  }
  ck_assert_uint_eq(decode("service,served,start,node,session,seq,rating_group,partial", all), 8);
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 8);
  ck_assert_mem_ne(f.usages[0].key_hash, f.usages[1].key_hash, 16);
  ck_assert_mem_ne(f.usages[0].key_hash, f.usages[2].key_hash, 16);
  ck_assert_mem_eq(f.usages[4].key_hash, f.usages[6].key_hash, 16);
  ck_assert_uint_eq(f.usages[0].chain_hash[0] | f.usages[0].chain_hash[1], 0);
  ck_assert_mem_eq(f.usages[3].chain_hash, f.usages[4].chain_hash, 16);
  ck_assert_mem_ne(f.usages[4].chain_hash, f.usages[5].chain_hash, 16);
  ck_assert_mem_ne(f.usages[4].chain_hash, f.usages[6].chain_hash, 16);
  ck_assert_uint_eq(f.usages[7].chain_hash[0] | f.usages[7].chain_hash[1], 0);
}
END_TEST

/* The same record gives the same bytes alone, in a batch, and with memos full of others. */
START_TEST(test_batches)
{
  static struct sp_usage alone[300];
  char all[32768] = "";
  for (size_t i = 0; i < 280; i++) {
    const char *record = places[i * 7 % (sizeof(places) / sizeof(places[0]))].record;
    const char *date = strchr(strchr(record, ',') + 1, ',') + 1;
    snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*sT12:00:00+08:00%s,voice\n",
             (int)(date + 10 - record), record, date + 10);
  }
  ck_assert_uint_eq(
      decode("served,other,start,visited_area,other_area,home_area,plmn,lac,service", all), 280);
  for (size_t i = 0; i < 280; i++) {
    sp_resolve_batch(f.resolver, &f.cdrs[i], &alone[i], 1);
  }
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 280);
  ck_assert_mem_eq(alone, f.usages, 280 * sizeof(struct sp_usage));
  sp_resolve_batch(f.resolver, f.cdrs, f.usages, 0);
}
END_TEST

/* Again: the same but for the hashes of the key, whoever the record is said to have been of; and
 * without the texts that it does not read. */
START_TEST(test_again)
{
  static struct sp_usage first[300];
  char all[32768] = "";
  for (size_t i = 0; i < 280; i++) { /* S5 and S6 have one number, one after the other */
    snprintf(all + strlen(all), sizeof(all) - strlen(all),
             "1380000000%zu,1380000000%zu,2026-0%zu-15T12:00:00+08:00,voice,n%zu,s,%s,i%zu\n",
             i % 10, i / 10 % 10, 1 + i % 3, i % 4, i % 5 == 0 ? "first" : "", i);
  }
  ck_assert_uint_eq(decode("served,other,start,service,node,session,partial,id", all), 280);
  sp_resolve_batch(f.resolver, f.cdrs, first, 280);
  for (uint32_t round = 0; round < 4; round++) {
    uint32_t subscribers[300];
    for (uint32_t i = 0; i < 280; i++) {
      uint32_t others[] = {first[i].subscriber, SP_NONE, i % 12, first[i].subscriber + 1};
      subscribers[i] = others[round];
      for (unsigned text = 0; f.cdrs[i].partial == SP_PARTIAL_WHOLE && text < SP_CDR_TEXT_COUNT;
           text++) {
        f.cdrs[i].texts[text].length *= SP_RESOLVE_AGAIN_TEXTS >> text & 1;
      }
    }
    sp_resolve_batch_again(f.resolver, f.cdrs, subscribers, f.usages, 280);
    for (uint32_t i = 0; i < 280; i++) {
      ck_assert_uint_eq(f.usages[i].key_hash[0] | f.usages[i].key_hash[1], 0);
      memcpy(f.usages[i].key_hash, first[i].key_hash, sizeof(first[i].key_hash));
      f.usages[i].payload_hash = first[i].payload_hash;
    }
    ck_assert_mem_eq(first, f.usages, 280 * sizeof(struct sp_usage));
  }
}
END_TEST

/* Many ported numbers are fetched ahead, for records of any book; what is found stays the same. */
START_TEST(test_many_ported)
{
  enum { ROWS = 9000, RECORDS = 4 };
  static struct sp_usage few[RECORDS];
  static struct sp_books books;
  static char rows[ROWS * 40];
  const char *header = "served,other,start,service";
  const char *lines = "13800000001,13000000007,2019-01-01T12:00:00+08:00,voice\n"
                      "13800000001,13000000007,2026-02-15T12:00:00+08:00,voice\n"
                      "13800000001,,2026-02-15T12:00:00+08:00,voice\n"
                      "13800000001,13800000007,2026-07-15T12:00:00+08:00,voice\n"
                      "13800000001,13000010007,2027-07-15T12:00:00+08:00,voice\n"
                      "13800000001,13000020007,2027-07-15T12:00:00+08:00,voice\n";
  ck_assert_uint_eq(decode(header, lines), RECORDS + 2);
  sp_resolve_batch(f.resolver, f.cdrs, few, RECORDS);
  size_t length = (size_t)snprintf(rows, sizeof(rows), "number,operator,from,to\n");
  for (unsigned i = 0; i < ROWS; i++) {
    length += (size_t)snprintf(rows + length, sizeof(rows) - length,
                               "861300001%04u,CUCC,2027-01-01,\n", i);
  }
  const struct case_file third_book[] = {
      {"book.yaml", "name: three\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CUCC\n"
                    "valid_from: 2027-01-01\n"},
      {"areas.csv", "area,name,province\n755,Shenzhen,South\n"},
      {"numbers.csv", "prefix,operator,kind,area\n86130,CMCC,mobile,755\n"},
      {"ported.csv", rows},
      {"plans.csv", "plan,kind\nb,base\n"},
      {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};
  case_book(&f.own, third_book, sizeof(third_book) / sizeof(third_book[0]));
  uint32_t clash;
  struct sp_resolver *many;
  ck_assert_int_eq(sp_books_make(&books, f.own.book, 3, &f.memory, &clash), SP_OK);
  ck_assert_int_eq(sp_resolver_make(&many, f.own.directory, &books, &f.memory), SP_OK);
  sp_resolve_batch(many, f.cdrs, f.usages, RECORDS + 2);
  ck_assert_mem_eq(few, f.usages, sizeof(few));
  ck_assert_uint_eq(f.usages[RECORDS].net, SP_NET_ONNET);
  ck_assert_uint_eq(f.usages[RECORDS + 1].net, SP_NET_MOBILE);
}
END_TEST

/* A third book, with so many rows that nobody dials, and what the first two and it say of f.cdrs.
 */
static void with_third(unsigned more, uint32_t count, struct sp_usage *usages)
{
  static char rows[6000 * 32];
  struct sp_book chosen[3];
  struct sp_books books;
  struct sp_resolver *resolver;
  uint32_t clash, at = f.own.books_count;
  size_t length = (size_t)snprintf(rows, sizeof(rows),
                                   "prefix,operator,kind,area\n86130,CMCC,mobile,755\n"
                                   "8613001,CUCC,mobile,10\n86138,CUCC,mobile,10\n"
                                   "861380000,CMCC,mobile,755\n85,,international,\n"
                                   "8610,CMCC,fixed,10\n10086,CMCC,service,\n");
  for (unsigned i = 0; i < more; i++) {
    length +=
        (size_t)snprintf(rows + length, sizeof(rows) - length, "997%04u,CUCC,mobile,755\n", i);
  }
  const struct case_file third_book[] = {
      {"book.yaml", "name: three\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CUCC\n"
                    "valid_from: 2027-01-01\n"},
      {"areas.csv", "area,name,province\n755,Shenzhen,South\n10,Beijing,North\n"},
      {"numbers.csv", rows},
      {"destinations.csv", "destination,prefix\nasia,81\nasia,852\nhongkong,8529\nusa,1\n"},
      {"plans.csv", "plan,kind\nb,base\n"},
      {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};
  case_book(&f.own, third_book, sizeof(third_book) / sizeof(third_book[0]));
  ck_assert_msg(f.own.problems.errors == 0, "%s", f.own.lines);
  memcpy(chosen, f.own.book, 2 * sizeof(*chosen));
  chosen[2] = f.own.book[at];
  ck_assert_int_eq(sp_books_make(&books, chosen, 3, &f.memory, &clash), SP_OK);
  ck_assert_int_eq(sp_resolver_make(&resolver, f.own.directory, &books, &f.memory), SP_OK);
  sp_resolve_batch(resolver, f.cdrs, usages, count);
}

/* In a large book, beside others, numbers are looked for in another way: what is found stays the
 * same, of other and of served numbers. */
START_TEST(test_large)
{
  enum { RECORDS = 280 };
  static const char *const others[] = {"13000000007",
                                       "13001000007",
                                       "13800000003",
                                       "008115551234",
                                       "00852955512",
                                       "0012125551212",
                                       "",
                                       "10086",
                                       "01012345678",
                                       "00996000112",
                                       "8613",
                                       "1380000000a"};
  static const char *const days[] = {"2027-02-03", "2026-02-03", "2027-12-30", "2026-07-01",
                                     "2019-05-05"};
  static struct sp_usage small[RECORDS], large[RECORDS];
  char all[32768] = "";
  for (unsigned i = 0; i < RECORDS; i++) {
    snprintf(all + strlen(all), sizeof(all) - strlen(all),
             "1380000000%u,%s,%sT12:00:00+08:00,%s,voice\n", i % 11, others[i * 7 % 12],
             days[i * 3 % 5], i % 4 == 0 ? "10" : "");
  }
  ck_assert_uint_eq(decode("served,other,start,home_area,service", all), RECORDS);
  with_third(0, RECORDS, small);
  with_third(5000, RECORDS, large);
  ck_assert_mem_eq(small, large, sizeof(small));
}
END_TEST

START_TEST(test_places_for_explain)
{
  struct sp_places at;
  resolve("service,served,other,start,plmn,lac",
          "voice,13800000001,13000000007,2026-02-01T12:00:00+08:00,46000,1500");
  sp_resolve_places(f.resolver, &f.cdrs[0], &at);
  ck_assert(case_is(at.home, "755") && case_is(at.visited, "10") && case_is(at.charging, "10"));
  ck_assert(case_is(at.other, "755") && at.ported && at.prefix != 0 && at.operator_id != 0);
  resolve("service,served,other,start,plmn,lac",
          "voice,13800000001,,2026-02-01T12:00:00+08:00,45400,1500");
  sp_resolve_places(f.resolver, &f.cdrs[0], &at);
  ck_assert(case_is(at.charging, "") && case_is(at.other, "") && at.prefix == 0);
}
END_TEST

START_TEST(test_conflict_words)
{
  char bytes[SP_CONFLICT_REASON_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(bytes);
  sp_conflict_reason(&text, 1u << SP_FIELD_UP_BYTES | 1u << SP_FIELD_START);
  ck_assert_str_eq(bytes, "start;up_bytes");
  struct sp_text all = SP_TEXT_INIT(bytes);
  sp_conflict_reason(&all, UINT32_MAX);
  ck_assert(!all.cut);
  ck_assert_ptr_null(sp_field_word(SP_FIELD_COUNT));
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, test_places, 0, sizeof(places) / sizeof(places[0]));
  tcase_add_test(tests, test_who);
  tcase_add_test(tests, test_key_and_payload);
  tcase_add_test(tests, test_numbers_alone);
  tcase_add_test(tests, test_same_record);
  tcase_add_test(tests, test_key_of_data);
  tcase_add_test(tests, test_batches);
  tcase_add_test(tests, test_again);
  tcase_add_test(tests, test_many_ported);
  tcase_add_test(tests, test_large);
  tcase_add_test(tests, test_places_for_explain);
  tcase_add_test(tests, test_conflict_words);
  return check_run("resolve", tests);
}
