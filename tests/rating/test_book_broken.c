/* Tables that cannot be read, wholly or in a row: what is wrong is said where it is, what is wrong
 * elsewhere is said in the same run, and nothing that only follows from what is not known. */

#include "tests/check_run.h"
#include "tests/rating/book_made.h"

#define PLANS "plan,kind\nday,base\nteam,group\n"
#define BANDS "band,days,from,to\nam,all,00:00,12:00\npm,all,12:00,24:00\n"
#define DESTS "destination,prefix\njp,81\n"
#define AREAS "area\n755\n"
#define RATES "plan,item,service,band,dest,price,per\n"
#define RATES_GOOD RATES "day,base,voice,am,,1,1min\nday,base,voice,pm,,1,1min\n"
#define HALF RATES "day,base,voice,am,,1,1min\n"
#define X RATES_GOOD "day,x,voice,,,1x,1min\n"
#define X_SAYS "rates.csv:4:15\n"
#define S63 "123456789012345678901234567890123456789012345678901234567890123"
#define S64 S63 "4"
#define LOST "!" /* a file that cannot be read */

static const struct {
  const char *what;
  const char *file[4][2]; /* in place of the good ones */
  const char *expected;   /* file:line:column, with :w for a warning, in order of the text */
} cases[] = {
    {"all is good", {{"rates.csv", RATES_GOOD}}, ""},
    {"one wrong cell", {{"rates.csv", X}}, X_SAYS},
    {"plans that cannot be read",
     {{"plans.csv", LOST},
      {"rates.csv", X},
      {"allowances.csv", "plan,allowance,unit,amount\nday,a,s,1min\nday,a,s,xmin\n"},
      {"discounts.csv", "plan,discount,kind,value\nday,a,percent,5\n"}},
     "allowances.csv:3:9\n" X_SAYS},
    {"bands that cannot be read", {{"bands.csv", LOST}, {"rates.csv", X}}, X_SAYS},
    {"rows whose bands are not known are not the first of their set or payer",
     {{"bands.csv", LOST},
      {"rates.csv", X},
      {"discounts.csv", "plan,discount,kind,value,band,set,priority\nday,a,percent,5,am,s,1\n"
                        "day,b,percent,5,am,s,2\nday,c,percent,5,,s,3\nday,d,percent,5,,s,4\n"},
      {"payers.csv", "plan,payer,mode,band,member_cap\nteam,p,full,am,1\nteam,p,full,pm,2\n"
                     "team,p,full,,3\nteam,p,full,,4\n"}},
     "discounts.csv:5:20\npayers.csv:5:14\n" X_SAYS},
    {"destinations that cannot be read",
     {{"destinations.csv", LOST}, {"rates.csv", X "day,y,voice,,us,1,1min\n"}},
     X_SAYS},
    {"areas that cannot be read",
     {{"areas.csv", LOST}, {"numbers.csv", "prefix,kind,area\n86,mobile,20\n87,x,20\n"}},
     "numbers.csv:3:4\n"},
    {"rates that cannot be read",
     {{"rates.csv", LOST}, {"bands.csv", BANDS "x,x,x,x\n"}},
     "bands.csv:4:3\nbands.csv:4:5\nbands.csv:4:7\n"},
    {"a book.yaml that cannot be read", {{"book.yaml", LOST}, {"rates.csv", X}}, X_SAYS},
    {"a zone that cannot be read", {{SP_BOOK_ZONE_FILE, LOST}, {"rates.csv", X}}, X_SAYS},
    {"a quote that does not close: where it opens, and the rows behind it are read",
     {{"plans.csv", "plan,kind,name\nday,base,  \"Day\nteam,grup,\nday,base,\n"}, {"rates.csv", X}},
     "plans.csv:2:12\nplans.csv:3:6\nplans.csv:4:1\n" X_SAYS},
    {"one that a later row closes",
     {{"plans.csv", "plan,name,kind\r\nday,\"Day,base\r\nteam,\"Te\"\"am\",group\r\n"},
      {"rates.csv", HALF}},
     "plans.csv:2:5\n"},
    {"one in the cell of a name: any name may be it",
     {{"plans.csv", "plan,kind\n\"day,base\nteam,group\n"}, {"rates.csv", X}},
     "plans.csv:2:1\n" X_SAYS},
    {"text behind a closing quote: the rest of the row is not looked at",
     {{"plans.csv", "plan,name,kind\nday,\"Day\" x,bass\nteam,,grup\n"}, {"rates.csv", X}},
     "plans.csv:2:5\nplans.csv:3:7\n" X_SAYS},
    {"a quote of the header",
     {{"plans.csv", "plan,\"kind\nday,base\nteam,group\n"}, {"rates.csv", X}},
     "plans.csv:1:6\n" X_SAYS},
    {"a quote in a row of rates: no gap for want of it",
     {{"rates.csv", HALF "day,base,\"voice,pm,,1,1min\nday,x,voice,am,,1,1min\n"}},
     "rates.csv:3:10\nrates.csv:4:1\n"},
    {"a quote before plan and item: no gap at all",
     {{"rates.csv", HALF "\"day,base,voice,pm,,1,1min\nday,x,voice,am,,1,1min\n"}},
     "rates.csv:3:1\n"},
    {"a quote in a band: no gap where it may hold",
     {{"bands.csv", "band,days,to,from\nam,all,12:00,00:00\npm,all,\"24:00,12:00\n"},
      {"rates.csv", RATES_GOOD}},
     "bands.csv:3:8\n"},
    {"a quote in the name of a band: none is judged by its times",
     {{"bands.csv", "band,days,from,to\nam,all,00:00,12:00\n\"pm,all,12:00,24:00\n\"x\n"},
      {"rates.csv", RATES_GOOD "day,x,voice,am,,1,1min\n"}},
     "bands.csv:3:1\nbands.csv:4:1\n"},
    {"quotes in rows of one item, of any item of a plan, of any plan",
     {{"rates.csv",
       HALF "day,,\"voice,pm,,1,1min\n\"team,x,voice,,,1,1min\n\"q,base,voice,,,1,1min\n"
            "team,x,voice,am,,1,1min\nday,z,voice,am,,1,1min\n"}},
     "rates.csv:3:5\nrates.csv:3:6\nrates.csv:4:1\nrates.csv:5:1\n"},
    {"an item of a base plan that cannot be read may be that of a group plan",
     {{"rates.csv",
       RATES "day,,\"voice,pm,,1,1min\nteam,x,voice,am,,1,1min\nday,z,voice,am,,1,1min\n"}},
     "rates.csv:2:5\nrates.csv:2:6\n"},
    {"a plan that cannot be read may be a base plan that fills the gap",
     {{"plans.csv", "plan,kind\n\"day,base\nteam,group\n"},
      {"rates.csv", RATES "team,x,voice,am,,1,1min\nday,x,voice,pm,,1,1min\n"}},
     "plans.csv:2:1\n"},
    {"one whose rates cannot be known",
     {{"plans.csv", "plan,kind\n\"day,base\nteam,group\n"},
      {"rates.csv", RATES "team,x,voice,am,,1,1min\n"}},
     "plans.csv:2:1\n"},
    {"two tables that cannot be read",
     {{"plans.csv", LOST}, {"bands.csv", LOST}, {"rates.csv", X}},
     X_SAYS},
    {"a row of another item makes no doubt",
     {{"rates.csv", HALF "day,x,\"voice,,,1,1min\nteam,y,voice,am,,1,1min\n"}},
     "rates.csv:2:1\nrates.csv:3:7\nrates.csv:4:1\n"},
    {"areas that are blank, and one that cannot be read",
     {{"areas.csv", "area,name\n,x\n755,\n\"20,\n\"x,y\n"},
      {"numbers.csv", "prefix,area\n86,10\n\"87,\n\"88,\n"}},
     "areas.csv:2:1\nareas.csv:4:1\nareas.csv:5:1\nnumbers.csv:3:1\nnumbers.csv:4:"
     "1\n"},
    {"an area that is blank is no area that cannot be read",
     {{"areas.csv", "area\n755\n\"\"\n"}, {"numbers.csv", "prefix,area\n86,10\n"}},
     "areas.csv:3:1\nnumbers.csv:2:4\n"},
    {"an area of bytes that are no text may be any",
     {{"areas.csv", "area,name\n75\xFF,x\n20,\n"}, {"numbers.csv", "prefix,area\n86,10\n"}},
     "areas.csv:2:1\n"},
    {"quotes of all kinds that do not close well",
     {{"areas.csv", "area,name,province\n10,x\n11,\"\r\n12,\"a\" b,\"c\" d\n13,\"a\"\"b\r\n"
                    "14,x\"\"\n15,x,\"y\"\"\"\n16,\"\n17,\"z\"\""}},
     "areas.csv:3:4\nareas.csv:4:4\nareas.csv:5:4\nareas.csv:8:4\nareas.csv:9:4\n"},
    {"a quote of the first column",
     {{"plans.csv", "\"plan,kind\nday,base\n"}, {"rates.csv", X}},
     "plans.csv:1:1\n" X_SAYS},
    {"what a group plan may add to a base plan's row that cannot be read",
     {{"rates.csv", RATES "team,base,voice,am,,1,1min\nday,base,\"voice,,,1,1min\n"}},
     "rates.csv:3:10\n"},
    {"slots whose first one cannot be read, and what it may say of rounding",
     {{"rates.csv", "plan,item,service,from,price,per,zone,digits\nday,base,voice,,\"1,1min,,2\n"
                    "day,base,voice,3min,1,1min,,\nday,base,voice,,1,1min,local,2\n"}},
     "rates.csv:2:17\n"},
    {"numbers with a row that cannot be read: no rule is said to match none",
     {{"numbers.csv", "prefix,kind\n81,\"service\n"},
      {"rates.csv", "plan,item,service,zone,dest,price,per\nday,base,voice,service,jp,1,1min\n"}},
     "numbers.csv:2:4\n"},
    {"bytes that are no text",
     {{"plans.csv", "plan,kind,name\nd\xFFy,base,\nteam,group,T\xE9\n"}, {"rates.csv", X}},
     "plans.csv:2:1\nplans.csv:3:12\n" X_SAYS},
    {"control bytes, but tabs and line breaks in quotes",
     {{"plans.csv", "plan,kind,name\nday,base,\"a\tb\r\nc\"\nteam,group,\x1B[2J\n"}},
     "plans.csv:4:12\n"},
    {"names that are none count as there",
     {{"plans.csv", "plan,kind\nday,base\nteam a,group\n"},
      {"rates.csv", RATES_GOOD "team a,base,voice,,,1,1min\nteam b,base,voice,,,1,1min\n"}},
     "plans.csv:3:1\nrates.csv:5:1\n"},
    {"a column that is written wrong is said once",
     {{"plans.csv", "plan,knd\nday,base\nteam,group\n"}, {"rates.csv", X}},
     "plans.csv:1:6\n" X_SAYS},
    {"that of the names, too",
     {{"plans.csv", "plam,kind\nday,base\nteam,group\n"}, {"rates.csv", X}},
     "plans.csv:1:1\n" X_SAYS},
    {"a column of rates",
     {{"rates.csv", "plan,item,service,band,prise,per\nday,base,voice,am,1,1min\n"}},
     "rates.csv:1:24\n"},
    {"a header that is none: said once, its rows are not read",
     {{"plans.csv", "day,base\nteam,group\n"}, {"rates.csv", X}},
     "plans.csv:1:1\n" X_SAYS},
    {"semicolons between columns",
     {{"plans.csv", PLANS}, {"rates.csv", "plan;item;service\nday;base;voice\n"}},
     "rates.csv:1:1\n"},
    {"UTF-16", {{"plans.csv", "\xFF\xFEp,l,a,n\n"}, {"rates.csv", X}}, "plans.csv:1:1\n" X_SAYS},
    {"no row at all", {{"rates.csv", " \r\n# nothing\n\n"}}, "rates.csv:1:1:w\n"},
    {"a header and no row", {{"rates.csv", RATES}}, ""},
    {"every error of a row, and none that follows from another",
     {{"plans.csv", "plan,kind,valid_from,valid_to\nday,bass,2026-01-02,2026-01-01\n"
                    "team,group,2026-13-01,0001-01-01\n"},
      {"rates.csv",
       "plan,item,service,price,per,increment,from,connect_fee\n"
       "day,x,sms,1x,1min,1B,1,\nday,y,sms,1,min1,1B,1,\nday,z,smsx,1x,1min,,1GBx,1\n"},
      {"bands.csv", "band,days,from,to\nam,x,12:00,11:00\npm,x,24:00,24:00\n"},
      {"ported.csv", "number,from,to\n8x,2026-01-02,2026-01-01\n"}},
     "bands.csv:2:12\nbands.csv:2:4\nbands.csv:3:4\nbands.csv:3:6\nplans.csv:2:21\nplans.csv:2:5\n"
     "plans.csv:3:12\nported.csv:2:1\nported.csv:2:15\nrates.csv:2:11\nrates.csv:2:19\nrates.csv:2:"
     "22\n"
     "rates.csv:2:7\nrates.csv:3:13\nrates.csv:4:12\nrates.csv:4:21\nrates.csv:4:7\n"},
    {"values of book.yaml that cannot be read are not missing as well",
     {{"book.yaml", "name: \xFF\ncurrency: " S64 S64 S64 S64 "\ntimezone: \"Asia/Shanghai\"x\n"},
      {"rates.csv", X}},
     "book.yaml:1:7\nbook.yaml:2:11\nbook.yaml:3:11\n" X_SAYS},
    {"a value of 255 bytes is none too many",
     {{"book.yaml", "name: a\tb\ncurrency: " S64 S64 S64 S63 "\ntimezone: Asia/Shanghai\r\n"}},
     ""},
};

static char report[MADE_REPORT_BYTES];

static void place_report(void *context, const struct sp_problem *problem)
{
  size_t at = strlen(report);
  (void)context;
  snprintf(report + at, sizeof(report) - at, "%s:%u:%u%s\n", problem->file, problem->line,
           problem->column, problem->warning ? ":w" : "");
}

/* A file of a case, else the good one. */
static void file_add(struct made_book *made, size_t i, const char *name, const char *good)
{
  const char *text = good;
  for (size_t k = 0; k < 4; k++) {
    const char *const *file = cases[i].file[k];
    text = file[0] != NULL && strcmp(file[0], name) == 0 ? file[1] : text;
  }
  if (text != NULL && strcmp(text, LOST) != 0) {
    made_add(made, name, text);
  } else if (text != NULL) {
    made->file[made->files++] = (struct sp_book_file){name, NULL, 0};
  }
}

static int line_compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_sort(char *text)
{
  static char sorted[MADE_REPORT_BYTES];
  char *lines[64], *rest = text;
  size_t count = 0, at = 0;
  for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    lines[count++] = line;
  }
  qsort(lines, count, sizeof(*lines), line_compare);
  sorted[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    at += (size_t)snprintf(sorted + at, sizeof(sorted) - at, "%s\n", lines[i]);
  }
  memcpy(text, sorted, at + 1);
}

START_TEST(test_broken)
{
  struct made_book *made = calloc(1, sizeof(*made));
  size_t i = (size_t)_i;
  made->grows_left = -1;
  made->memory = (struct sp_memory){.grow = made_grow, .release = made_release, .context = made};
  made->problems = (struct sp_problems){place_report, NULL, 0, 0};
  report[0] = '\0';
  file_add(made, i, "book.yaml", "name: made\ntimezone: Asia/Shanghai\n");
  bool zone_lost =
      cases[i].file[0][0] != NULL && strcmp(cases[i].file[0][0], SP_BOOK_ZONE_FILE) == 0;
  if (zone_lost) {
    file_add(made, i, SP_BOOK_ZONE_FILE, NULL);
  } else {
    (void)made_zone(made, "Asia/Shanghai");
  }
  static const char *const files[][2] = {{"areas.csv", AREAS},     {"numbers.csv", NULL},
                                         {"bands.csv", BANDS},     {"destinations.csv", DESTS},
                                         {"plans.csv", PLANS},     {"rates.csv", RATES_GOOD},
                                         {"allowances.csv", NULL}, {"discounts.csv", NULL},
                                         {"ported.csv", NULL},     {"payers.csv", NULL}};
  for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
    file_add(made, i, files[k][0], files[k][1]);
  }
  (void)made_compile(made);
  lines_sort(report);
  ck_assert_msg(strcmp(report, cases[i].expected) == 0, "%s: reported\n%sexpected\n%s",
                cases[i].what, report, cases[i].expected);
  made_end(made);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, test_broken, 0, (int)(sizeof(cases) / sizeof(cases[0])));
  return check_run("book_broken", tests);
}
