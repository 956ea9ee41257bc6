/* A book's zone file and book.yaml, written by hand: what is read, what is refused, never a crash.
 * Zone files are TZif (RFC 8536): two headers with their bodies and the rule for later years. */

#include "tests/check_run.h"
#include "tests/rating/book_made.h"

#define ZONE_BYTES_MAX 8192

struct zone_file {
  unsigned char at[ZONE_BYTES_MAX];
  size_t length;
};

struct zone_plan { /* what a written zone file holds */
  char version;
  uint32_t leaps, transitions, types, characters, is_utc, is_std; /* as the headers say */
  int64_t times[4];
  unsigned char indices[4];
  int32_t offsets[4];
  const char *footer; /* NULL: none */
};

static void put(struct zone_file *file, uint64_t value, int bytes)
{
  for (int i = bytes - 1; i >= 0; i--) {
    ck_assert_uint_lt(file->length, sizeof(file->at));
    file->at[file->length++] = (unsigned char)(value >> (8 * i));
  }
}

static void put_part(struct zone_file *file, const struct zone_plan *plan, int size)
{
  memcpy(file->at + file->length, "TZif", 4);
  file->length += 4;
  put(file, (unsigned char)plan->version, 1);
  file->length += 15;
  const uint32_t counts[6] = {plan->is_utc,      plan->is_std, plan->leaps,
                              plan->transitions, plan->types,  plan->characters};
  for (int i = 0; i < 6; i++) {
    put(file, counts[i], 4);
  }
  for (uint32_t i = 0; i < plan->transitions && i < 4; i++) {
    put(file, (uint64_t)plan->times[i], size);
  }
  for (uint32_t i = 0; i < plan->transitions && i < 4; i++) {
    put(file, plan->indices[i], 1);
  }
  for (uint32_t i = 0; i < plan->types && i < 4; i++) {
    put(file, (uint32_t)plan->offsets[i], 4);
    put(file, 0, 2);
  }
  for (uint32_t i = 0; i < plan->characters + plan->is_std + plan->is_utc && i < 8; i++) {
    put(file, 'A', 1);
  }
}

static void put_file(struct zone_file *file, const struct zone_plan *plan)
{
  memset(file, 0, sizeof(*file));
  put_part(file, plan, 4);
  if (plan->version == 0) {
    return;
  }
  put_part(file, plan, 8);
  for (const char *c = plan->footer; c != NULL && *c != '\0'; c++) {
    put(file, (unsigned char)*c, 1);
  }
}

static struct zone_plan zone_plain(const char *footer)
{
  return (struct zone_plan){.version = '2',
                            .transitions = 2,
                            .types = 2,
                            .characters = 4,
                            .times = {-1000, 1000000},
                            .indices = {1, 0},
                            .offsets = {3600, 7200},
                            .footer = footer};
}

/* The book of a zone file and a text; made_end by the caller. */
static struct made_book *made_of(const char *yaml, const void *zone, size_t length)
{
  struct made_book *made = calloc(1, sizeof(*made));
  made->grows_left = -1;
  made->memory = (struct sp_memory){.grow = made_grow, .release = made_release, .context = made};
  made->problems = (struct sp_problems){made_report, made, 0, 0};
  made_add(made, "book.yaml", yaml);
  if (zone != NULL) {
    made_text(made, SP_BOOK_ZONE_FILE, zone, length);
  }
  made_add(made, "plans.csv", "plan,kind\np,base\n");
  return made;
}

static bool zone_good(const struct zone_file *file)
{
  struct made_book *made = made_of("name: z\ntimezone: Z\n", file->at, file->length);
  enum sp_status status = made_compile(made);
  ck_assert_msg(status == SP_OK || status == SP_BAD_BOOK, "%d", status);
  if (status == SP_OK) {
    made_questions(&made->book);
  } else {
    ck_assert_str_eq(made->report, "book.yaml:2\n");
  }
  made_end(made);
  return status == SP_OK;
}

START_TEST(test_footers)
{
  static const struct {
    const char *footer;
    bool good;
  } cases[] = {{"\n\n", true},
               {"\nCST-8\n", true},
               {"\n<+08>-8\n", true},
               {"\n<+0545>-05:45:30\n", true},
               {"\nA+1\n", true},
               {"\nCET-1CEST,M3.5.0,M10.5.0/3\n", true},
               {"\nCET-1CEST-2,M3.5.0/2:30,M10.5.6/-1\n", true},
               {"\nNZST-12NZDT,M9.5.0,M4.1.0/3\n", true},
               {"\nX3Y,J60,J300/167\n", true},
               {"\nX3Y,59,365/0:00:01\n", true},
               {"\nX3Y,0/+2,J1\n", true},
               {"\nzst3z,M1.1.0,M12.4.3\n", true},
               {"", false},
               {"\n", false},
               {"CST-8\n", false},
               {"\nCST-8", false},
               {"\n-8\n", false},
               {"\n<+08-8\n", false},
               {"\n<+08\n", false},
               {"\nCST\n", false},
               {"\nCST-168\n", false},
               {"\nCST-1:60\n", false},
               {"\nCST-1:\n", false},
               {"\nCST-12345\n", false},
               {"\nCST-27\n", true},
               {"\nCET-1,M3.5.0,M10.5.0\n", false},
               {"\nCET-1CEST\n", false},
               {"\nCET-1CEST-\n", false},
               {"\nCET-1CEST-x,M3.5.0,M10.5.0\n", false},
               {"\nCET-1CEST,M3.5.0\n", false},
               {"\nCET-1CEST,M3.5.0,M10.5.0x\n", false},
               {"\nCET-1CEST,M0.5.0,M10.5.0\n", false},
               {"\nCET-1CEST,M13.5.0,M10.5.0\n", false},
               {"\nCET-1CEST,M.5.0,M10.5.0\n", false},
               {"\nCET-1CEST,M3-5.0,M10.5.0\n", false},
               {"\nCET-1CEST,M3.0.0,M10.5.0\n", false},
               {"\nCET-1CEST,M3.6.0,M10.5.0\n", false},
               {"\nCET-1CEST,M3.5-0,M10.5.0\n", false},
               {"\nCET-1CEST,M3.5.7,M10.5.0\n", false},
               {"\nCET-1CEST,M3.5.0,M10.5.x\n", false},
               {"\nCET-1CEST,J0,M10.5.0\n", false},
               {"\nCET-1CEST,J366,M10.5.0\n", false},
               {"\nCET-1CEST,366,M10.5.0\n", false},
               {"\nCET-1CEST,x,M10.5.0\n", false},
               {"\nCET-1CEST,M3.5.0/x,M10.5.0\n", false},
               {"\nA27B,M3.5.0,M10.5.0\n", false},
               {"\nA-27B,M3.5.0,M10.5.0\n", false},
               {"\nA1B27,M3.5.0,M10.5.0\n", false},
               {"\nA1B-27,M3.5.0,M10.5.0\n", false}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct zone_file file;
    struct zone_plan plan = zone_plain(cases[i].footer);
    put_file(&file, &plan);
    ck_assert_msg(zone_good(&file) == cases[i].good, "%s", cases[i].footer);
    plan.transitions = 0; /* the rule holds from 1970 */
    put_file(&file, &plan);
    ck_assert_msg(zone_good(&file) == cases[i].good, "%s", cases[i].footer);
  }
}
END_TEST

static bool plan_good(const struct zone_plan *plan)
{
  struct zone_file file;
  put_file(&file, plan);
  return zone_good(&file);
}

#define WITH(change)                                 \
  do {                                               \
    struct zone_plan plan = zone_plain("\n\n");      \
    change;                                          \
    ck_assert_msg(!plan_good(&plan), "%s", #change); \
  } while (0)

START_TEST(test_headers)
{
  WITH(plan.version = '0');
  WITH(plan.version = ':');
  WITH(plan.version = 1);
  WITH(plan.leaps = 1);
  WITH(plan.transitions = 100001);
  WITH(plan.transitions = 100000);
  WITH(plan.types = 0);
  WITH(plan.types = 257);
  WITH(plan.types = 256);
  WITH(plan.characters = 4097);
  WITH(plan.characters = 4096);
  WITH(plan.is_utc = 257);
  WITH(plan.is_std = 257);
  WITH(plan.indices[1] = 2);
  WITH(plan.times[1] = -1000);
  WITH(plan.times[1] = INT64_C(1) << 40);
  WITH(plan.offsets[0] = 26 * 3600 + 1);
  WITH(plan.offsets[1] = -26 * 3600 - 1);
  struct zone_plan plan = zone_plain("\n\n");
  plan.is_utc = plan.is_std = 2;
  ck_assert(plan_good(&plan));
  plan.times[0] = INT64_MIN; /* before all time: what holds then */
  ck_assert(plan_good(&plan));
  plan.version = 0;
  plan.times[0] = -1000;
  ck_assert(plan_good(&plan));
}
END_TEST

/* A file that ends anywhere, and one with any byte altered. */
START_TEST(test_damage)
{
  struct zone_file file;
  for (char version = 0; version <= '3'; version = (char)(version == 0 ? '3' : '4')) {
    struct zone_plan plan = zone_plain("\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    plan.version = version;
    put_file(&file, &plan);
    size_t length = file.length;
    for (file.length = 0; file.length < length; file.length++) {
      ck_assert_msg(!zone_good(&file), "%zu bytes", file.length);
    }
    for (size_t at = 0; at < length; at++) {
      for (unsigned bit = 1; bit < 256; bit *= 2) {
        file.at[at] ^= (unsigned char)bit;
        (void)zone_good(&file);
        file.at[at] ^= (unsigned char)bit;
      }
    }
  }
}
END_TEST

/* Lines behind `name: z\n` and whether they are read; `zone`: their timezone is one to be opened.
 */
static const struct yaml_case {
  const char *text;
  bool good;
  const char *zone;
} yaml_cases[] = {
    {"timezone: Z", true, "Z"},
    {"timezone: Asia/Shang_hai-1+2", true, "Asia/Shang_hai-1+2"},
    {"timezone:\t Z \t\r\n", true, "Z"},
    {"timezone: \"Z\" # where\n", true, "Z"},
    {"timezone: 'Z'\n", true, "Z"},
    {"timezone: 'Z'x\n", false, NULL},
    {"timezone: 'Z\n", false, NULL},
    {"timezone: Z # comment", true, "Z"},
    {"timezone: Z#1", false, NULL},
    {"timezone: # nothing", false, NULL},
    {"timezone:", false, NULL},
    {"timezone : Z", true, "Z"},
    {"timezone:Z", false, NULL},
    {" timezone: Z", false, NULL},
    {"timezone", false, NULL},
    {"timezone: /Z", false, NULL},
    {"timezone: Z.Z", false, NULL},
    {"timezone: ../Z", false, NULL},
    {"timezone: \xC3\xA9", false, NULL},
    {"timezone: 0123456789012345678901234567890123456789012345678901234567890123456789", false,
     NULL},
    {"timezone: Z\n---\n \t\n# x\n  # y\n", true, "Z"},
    {"timezone: Z\ntimezone: Z\n", false, "Z"},
    {"timezone: Z\n: v\n", false, "Z"},
    {"timezone: Z\n--- x\n", false, "Z"},
    {"timezone: Z\n-x-\n", false, "Z"},
    {"timezone: Z\nunheard: 1\n", false, "Z"},
    {"timezone: Z\n~~~~: [a]\n", false, "Z"},
    {"timezone: Z\ncycle_day: 28\nrounding: ceil\nrounding_digits: 6\nincrement_digits: 12\n", true,
     "Z"},
    {"timezone: Z\nincrement_digits: none\nvalid_from: none\n", true, "Z"},
    {"timezone: Z\nincrement_digits:\nvalid_from:\nrounding:\nhome_country:\nhome_mcc:\n", true,
     "Z"},
    {"timezone: Z\nvalid_from: 2026-01-01\nhome_country: 1\n", true, "Z"},
    {"timezone: Z\nvalid_from: 2026-01-01T00:00:00Z\n", true, "Z"},
    {"timezone: Z\nvalid_from: 2026-02-30\n", false, "Z"},
    {"timezone: Z\ncycle_day: 29\n", false, "Z"},
    {"timezone: Z\ncycle_day: 0\n", false, "Z"},
    {"timezone: Z\ncycle_day: one\n", false, "Z"},
    {"timezone: Z\nrounding: up\n", false, "Z"},
    {"timezone: Z\nincrement_digits: 13\n", false, "Z"},
    {"timezone: Z\nhome_country: 86x\n", false, "Z"},
    {"timezone: Z\nhome_country: 86123\n", false, "Z"},
    {"timezone: Z\nhome_mcc: 460;461 ; 455\n", true, "Z"},
    {"timezone: Z\nhome_mcc: 4600\n", false, "Z"},
    {"timezone: Z\nhome_mcc: -60\n", false, "Z"},
    {"timezone: Z\nhome_mcc: 46x\n", false, "Z"},
    {"timezone: Z\nhome_mcc: 001;002;003;004;005;006;007;008;009;010;011;012;013;014;015;016\n",
     true, "Z"},
    {"timezone: Z\nhome_mcc: 001;002;003;004;005;006;007;008;009;010;011;012;013;014;015;016;017\n",
     false, "Z"},
};

START_TEST(test_yaml)
{
  struct zone_file file;
  struct zone_plan plan = zone_plain("\n\n");
  put_file(&file, &plan);
  for (size_t i = 0; i < sizeof(yaml_cases) / sizeof(yaml_cases[0]); i++) {
    const struct yaml_case *one = &yaml_cases[i];
    char yaml[1024], zone[SP_BOOK_ZONE_NAME_MAX];
    snprintf(yaml, sizeof(yaml), "%sname: z\n%s", i % 2 == 0 ? "\xEF\xBB\xBF" : "", one->text);
    struct made_book *made = made_of(yaml, file.at, file.length);
    struct sp_book_files files = {made->file, made->files};
    ck_assert_msg(sp_book_find_zone(&files, zone) == (one->zone != NULL), "%s", one->text);
    if (one->zone != NULL) {
      ck_assert_str_eq(zone, one->zone);
    }
    ck_assert_msg((made_compile(made) == SP_OK) == one->good, "%s", one->text);
    ck_assert_msg((made->problems.errors == 0) == one->good, "%s", one->text);
    made_end(made);
  }
}
END_TEST

START_TEST(test_yaml_missing)
{
  struct zone_file file;
  char zone[SP_BOOK_ZONE_NAME_MAX];
  struct zone_plan plan = zone_plain("\n\n");
  put_file(&file, &plan);
  static const char *const texts[] = {"", "\xEF\xBB\xBF", "x", "name:\ntimezone: Z\n",
                                      "timezone: Z\n"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    struct made_book *made = made_of(texts[i], file.at, file.length);
    ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
    made_end(made);
  }
  struct made_book *made = made_of("name: z\ntimezone: Z\n", NULL, 0); /* no zone file */
  ck_assert_int_eq(made_compile(made), SP_BAD_BOOK);
  struct sp_book_files none = {made->file + 1, 1}; /* no book.yaml */
  ck_assert(!sp_book_find_zone(&none, zone));
  ck_assert_int_eq(sp_book_compile(&none, &made->problems, &made->memory, &made->image),
                   SP_BAD_BOOK);
  made_end(made);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_footers);
  tcase_add_test(tests, test_headers);
  tcase_add_test(tests, test_damage);
  tcase_add_test(tests, test_yaml);
  tcase_add_test(tests, test_yaml_missing);
  return check_run("book_zone", tests);
}
