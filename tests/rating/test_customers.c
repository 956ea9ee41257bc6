/* Customer tables: what is refused (book.md §18.6), what is warned of, what is used all the same.
 */
#include "tests/check_run.h"
#include "tests/rating/customers_case.h"
#include "tests/refusing.h"

static const struct case_file book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CMCC\n"},
    {"areas.csv", "area,name,province\n755,Shenzhen,Guangdong\n"},
    {"numbers.csv", "prefix,operator,kind,area\n86138000,CMCC,mobile,755\n"},
    {"plans.csv", "plan,kind\nb,base\nadd,add_on\nv,group\nw,group\nf,family\npool,family\n"
                  "boss,family\n"},
    {"rates.csv", "plan,item,service,net,price,per\nb,base,voice,,0.20,1min\n"
                  "v,base,voice,group,0.10,1min\nw,base,voice,group,0.10,1min\n"
                  "f,base,voice,family,0.05,1min\n"},
    {"allowances.csv", "plan,allowance,unit,service,amount,scope\npool,m,s,voice,60min,pool\n"
                       "w,m,s,voice,60min,pool\n"},
    {"payers.csv", "plan,payer,mode\nv,boss,full\nboss,boss,full\n"}};

#define ACCOUNTS                                                           \
  {                                                                        \
    "accounts.csv", "account,name,kind\nA1,one,postpaid\nA2,two,prepaid\n" \
  }
#define SUBSCRIBERS                                                                  \
  {                                                                                  \
    "subscribers.csv",                                                               \
        "subscriber,number,account,home_area,from,to\n"                              \
        "S1,8613800000001,A1,755,2020-01-01,\nS2,8613800000002,A1,,2020-01-01,\n"    \
        "S3,8613800000003,A2,755,2020-01-01,\nS4,8613800000004,A2,755,2020-01-01,\n" \
  }
#define GROUPS                                                                               \
  {                                                                                          \
    "groups.csv", "group,kind,parent,account,from,to\nG1,enterprise,,A1,2020-01-01,\n"       \
                  "G2,enterprise,G1,A1,2020-01-01,2026-03-01\nG3,enterprise,,,2020-01-01,\n" \
                  "F1,family,,A2,2020-01-01,\nF2,family,,,2020-01-01,\n"                     \
  }

/* Each case: one table in question behind the usual ones, and the lines that must be refused. */
static const struct {
  const char *table, *text, *refused;
} refusals[] = {
    {"accounts.csv",
     "account,kind,credit,from,to\nA1,postpaid,,,\n,postpaid,,,\nA 2,,,,\nA3,gold,,,\n"
     "A4,,x,,\nA5,,1.5,2026-01-02,2026-01-01\nA6,,,2026-02-30,\n账户,prepaid,100,,\n",
     "3 4 5 6 7 8"},
    {"subscribers.csv",
     "subscriber,number,account,from,to\n"
     "S1,8613800000001,A1,2020-01-01,2021-01-01\n"
     "S1,8613800000009,A1,2021-01-01,\n"           /* a new number from that instant on */
     "S2,8613800000001,A1,2021-01-01,\n"           /* the old one is another's */
     "S3,8613800000001,A1,2022-01-01,\n"           /* which is taken */
     "S1,8613800000005,A1,2020-06-01,2020-07-01\n" /* S1 is there already */
     "S4,,A1,,\nS5,86138x,A1,,\nS6,86138000000060000,A1,,\nS7,8613800000007,A9,,\n"
     "S8,8613800000008,A1,x,\nS9,8613800000010,A1,2026-01-01,2026-01-01\n"
     "S9,8613800000010,A1,2026-01-01T00:00:00+08:00,2026-01-01T00:00:01+08:00,more\n"
     "\"S\"x,8613800000011,A1,,\nS10,8613800000010,A1,,\nS11,8613800000010,A1,2020-01-01,\n"
     "S12\n", /* ends before the column that is wrong */
     "5 6 7 8 9 10 11 12 13 14 16 17"},
    {"groups.csv",
     "group,kind,parent,account,from,to\n"
     "G1,enterprise,G2,,,\n"                      /* the parent stands in a later row */
     "G2,enterprise,,,,\nG1,enterprise,,,,\n"     /* twice */
     "G3,enterprise,G9,,,\nG4,enterprise,G3,,,\n" /* G3 is not there, so G4's parent is not */
     "G5,enterprise,G6,,,\nG6,enterprise,G7,,,\nG7,enterprise,G5,,,\n" /* a circle */
     "G8,enterprise,G8,,,\nG9,enterprise,,A9,,\nF1,family,G1,,,\nG10,enterprise,F2,,,\n"
     "F2,family,,,,\nX,club,,,,\nG11,enterprise,G5,,,\nG12,enterprise,,,2026-01-01,2020-01-01\n"
     "G13,enterprise,G12,,,\nG12,enterprise,G13,,,\n,enterprise,,,,\n",
     /* G13's parent is its later row's G12, whose parent is G13: a circle */
     "4 5 6 7 8 9 10 11 12 13 15 16 17 18 19 20"},
    {"members.csv",
     "group,subscriber,short_number,role,from,to\n"
     "G1,S1,661,,2020-01-01,2021-01-01\nG1,S1,661,,2021-01-01,\n" /* comes back: two rows */
     "G1,S1,,,2020-06-01,2020-07-01\n"                            /* in that group already */
     "G2,S1,662,key,2020-01-01,\n"                                /* another group of the tree */
     "G3,S1,,,2020-06-01,\n"                                      /* another tree */
     "G2,S2,661,,2020-01-01,\n" /* S1's short number in that tree */
     "G2,S2,663,,2020-01-01,\n"
     "G3,S3,661,,2020-01-01,\n" /* another tree may have it */
     "F1,S1,661,,2020-01-01,\n" /* so may a family */
     "F1,S2,661,,2020-01-01,\n"
     "F1,S3,66x,,2020-01-01,\nF1,S3,,,2020-01-01,2020-02-01\nF2,S3,,,2020-01-15,\n" /* two families
                                                                                     */
     "F2,S3,,,2020-02-01,\nG9,S1,,,,\nG1,S9,,,,\nG1,S4,,,2026-01-01,2025-01-01\n",
     "4 6 7 11 12 14 16 17 18"},
    {"subscriptions.csv",
     "owner,plan,from,to\n"
     "subscriber:S1,b,2020-01-01,2021-01-01\nsubscriber:S1,b,2021-01-01,\n"
     "subscriber:S1,b,2020-06-01,2020-07-01\n" /* has it then */
     "subscriber:S1,add,,\nsubscriber:S1,v,,\nsubscriber:S1,f,,\nsubscriber:S9,b,,\n"
     "group:G1,v,,\ngroup:G3,v,,\n" /* a payer without an account */
     "group:G1,b,,\ngroup:F1,v,,\ngroup:F1,f,,\ngroup:G9,v,,\nS1,b,,\ngroup:G1,gone,,\n"
     "group:G3,w,,\n"
     "group:F1,pool,,\ngroup:F2,pool,,\ngroup:F2,boss,,\ngroup:F1,boss,2026-01-01,2025-01-01\n",
     "4 6 7 8 10 11 12 14 15 16 20 21"},
    {"managers.csv", "manager,name,from,to\nM1,Li,,\n,Wu,,\nM2,,2026-02-01,2026-01-01\n", "3 4"},
    {"facts.csv",
     "subject,kind,value,at\nsubscriber:S1,complaint,1,2026-01-01\nS1,complaint,1,\n"
     "group:G9,arrears_days,3,\ngroup:G1,satisfaction,87.72,2026-01-01\n"
     "group:G1,,1,\nsubscriber:S2,complaint,1,soon\n",
     "3 4 6 7"},
    {"subscribers.csv", "subscriber,account\nS1,A1\n", "2"}, /* for a column that is not there */
};

START_TEST(test_refused)
{
  static struct customers_case own;
  struct case_file files[] = {ACCOUNTS, SUBSCRIBERS, GROUPS, {NULL, NULL}};
  size_t count = 3;
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(files[i].name, refusals[_i].table) == 0) {
      files[i].text = refusals[_i].text;
      count = i;
    }
  }
  if (count == 3) {
    files[count] = (struct case_file){refusals[_i].table, refusals[_i].text};
  }
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, count == 3 ? 4 : count + 1);
  char got[256] = "";
  uint32_t last = 0;
  for (char *line = own.lines; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    char *colon = memchr(line, ':', (size_t)(end - line));
    ck_assert_ptr_nonnull(colon);
    ck_assert_msg(strncmp(line, refusals[_i].table, (size_t)(colon - line)) == 0, "%s", line);
    uint32_t number = (uint32_t)strtoul(colon + 1, NULL, 10);
    ck_assert_uint_gt(number, last); /* in file order, once each */
    last = number;
    snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u", *got == '\0' ? "" : " ", number);
    line = end + 1;
  }
  ck_assert_msg(strcmp(got, refusals[_i].refused) == 0, "%s: refused %s, expected %s\n%s",
                refusals[_i].table, got, refusals[_i].refused, own.lines);
  ck_assert_uint_eq(own.problems.warnings, 0);
  case_end(&own);
}
END_TEST

/* book.md §13.2: which families share one domain all the time of the subscription. */
START_TEST(test_one_domain)
{
  static const struct {
    const char *members, *from_to;
    bool stands;
  } cases[] = {
      {"F1,S1,,,,\nF1,S2,,,,\n", ",", true},
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,,\nG2,S2,,,,\n", ",", true}, /* one tree */
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,,\n", ",", false},
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,,\nG3,S2,,,,\n", ",", false},
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,2026-05-01,2026-06-01\n", "2026-01-01,2026-05-01", true},
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,2026-05-01,2026-06-01\n", "2026-01-01,2026-05-02", false},
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,2026-05-01,2026-06-01\n", "2026-06-01,", true},
      {"F1,S1,,,,\nF1,S2,,,2026-06-01,\nG1,S1,,,2026-05-01,2026-06-01\n", "2026-01-01,", true},
      {"F1,S1,,,,\nF1,S2,,,2026-05-31,\nG1,S1,,,2026-05-01,2026-06-01\n", "2026-01-01,", false},
      /* judged by the rows' own dates: that G2 ended in March changes nothing */
      {"F1,S1,,,,\nF1,S2,,,,\nG1,S1,,,,\nG2,S2,,,,\n", "2026-04-01,", true},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    static struct customers_case own;
    char members[512], subscriptions[256];
    snprintf(members, sizeof(members), "group,subscriber,short_number,role,from,to\n%s",
             cases[i].members);
    snprintf(subscriptions, sizeof(subscriptions), "owner,plan,from,to\ngroup:F1,pool,%s\n",
             cases[i].from_to);
    const struct case_file files[] = {ACCOUNTS,
                                      SUBSCRIBERS,
                                      GROUPS,
                                      {"members.csv", members},
                                      {"subscriptions.csv", subscriptions}};
    case_begin(&own);
    case_book(&own, book, sizeof(book) / sizeof(book[0]));
    case_customers(&own, files, 5);
    ck_assert_msg((own.problems.errors == 0) == cases[i].stands, "case %zu\n%s", i, own.lines);
    case_end(&own);
  }
}
END_TEST

START_TEST(test_warnings_and_rest)
{
  static struct customers_case own;
  const struct case_file files[] = {
      {"accounts.csv",
       "\xEF\xBB\xBFkind,account,colour,name\n# a note\npostpaid,A1,red,\"Zhang, \"\"San\"\"\"\n"
       "prepaid,A1,,again\n\n"},
      {"subscribers.csv", "subscriber,number,account,number\nS1,8613800000001,A1,5\n"},
      {"groups.csv", "group,kind,name,class,manager,strategic,contract_end,account\n"
                     "G1,enterprise,Works,A,M7,1,2027-01-01,A1\nG2,enterprise,Shop,,,maybe,,\n"},
      {"members.csv", "group,subscriber,role\nG1,S1,chief\n"},
      {"managers.csv", "manager,name,section,region,role\nM1,Li,north,SZ,head\nM1,Wu,,,\n"},
      {"facts.csv", "subject,kind,value,at\ngroup:G1,satisfaction,87.72,2026-02-01\n"
                    "group:G1,note,-1.5,2026-01-01\ngroup:G1,port_out_request,,2026-03-01\n"},
  };
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 6);
  ck_assert_msg(own.problems.errors == 0, "%s", own.lines);
  ck_assert_uint_eq(own.problems.warnings, 6);
  static const char *const expected[] = {"warning accounts.csv:1 column 'colour' is not known",
                                         "warning accounts.csv:4 account 'A1' has an earlier row",
                                         "warning subscribers.csv:1 column 'number' is there twice",
                                         "warning groups.csv:3 strategic 'maybe' is not known",
                                         "warning members.csv:2 role 'chief' is not known",
                                         "warning managers.csv:3 manager 'M1' has an earlier row"};
  for (size_t i = 0; i < 6; i++) {
    ck_assert_msg(strstr(own.lines, expected[i]) != NULL, "%s\n%s", expected[i], own.lines);
  }
  const struct sp_directory *directory = own.directory;
  ck_assert(case_is(sp_directory_account_title(directory, 0), "Zhang, \"San\""));
  ck_assert(!sp_directory_account(directory, 0).prepaid);
  const struct sp_group *group = sp_directory_group(directory, 0);
  ck_assert(case_is(sp_directory_text(directory, group->title), "Works"));
  ck_assert(case_is(sp_directory_text(directory, group->class_text), "A"));
  ck_assert(group->strategic && !sp_directory_group(directory, 1)->strategic);
  ck_assert_int_eq(group->contract_end_utc_s, case_time(&own, "2027-01-01"));
  ck_assert(case_is(sp_directory_manager_name(directory, group->manager), "M7"));
  ck_assert_uint_eq(sp_directory_manager(directory, group->manager)->row, 0);
  uint32_t manager = sp_directory_find_manager(directory, (struct sp_name){"M1", 2}), count;
  ck_assert(case_is(sp_directory_text(directory, sp_directory_manager(directory, manager)->section),
                    "north"));
  const struct sp_fact *facts = sp_directory_facts(directory, SP_SUBJECT_GROUP | 0, &count);
  ck_assert_uint_eq(count, 3); /* by time */
  ck_assert(case_is(sp_directory_text(directory, facts[0].kind), "note"));
  ck_assert_int_eq(facts[0].value_micro, -1500000);
  ck_assert_int_eq(facts[1].value_micro, 87720000);
  ck_assert(case_is(sp_directory_text(directory, facts[2].value), ""));
  ck_assert_uint_eq(sp_directory_find_account(directory, (struct sp_name){"A1", 2}), 0);
  ck_assert_uint_eq(sp_directory_find_account(directory, (struct sp_name){"A2", 2}), SP_NONE);
  case_end(&own);
}
END_TEST

START_TEST(test_nothing_there)
{
  static struct customers_case own;
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, NULL, 0);
  ck_assert_uint_eq(sp_directory_subscriber_count(own.directory), 0);
  ck_assert_uint_eq(sp_directory_find_number(own.directory, 1, 0), SP_NONE);
  case_end(&own);
}
END_TEST

static enum sp_status read_failing(const struct customers_case *own, struct refusing *refusing)
{
  struct sp_memory memory = refusing_memory(refusing);
  struct case_file texts[] = {ACCOUNTS, SUBSCRIBERS, GROUPS, {NULL, NULL}, {NULL, NULL}};
  struct sp_customer_file files[SP_CUSTOMER_TABLES] = {0};
  struct sp_problems problems = {NULL, NULL, 0, 0};
  struct sp_directory *directory = NULL;
  for (size_t i = 3; i < 5; i++) {
    texts[i] = (struct case_file){refusals[i].table, refusals[i].text};
  }
  for (size_t i = 0; i < 5; i++) {
    files[i].bytes = case_copy(texts[i].text);
    files[i].length = strlen(texts[i].text);
  }
  enum sp_status status = sp_customers_read(&directory, files, &own->books, &memory, &problems);
  ck_assert((status == SP_OK) == (directory != NULL));
  sp_directory_free(directory);
  sp_memory_free(&memory);
  for (size_t i = 0; i < 5; i++) {
    free(files[i].bytes);
  }
  return status;
}

START_TEST(test_no_memory)
{
  static struct customers_case own;
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, NULL, 0);
  enum sp_status status = SP_NO_MEMORY;
  for (long k = 0; status != SP_OK; k++) {
    struct refusing refusing = {.left = k, .once = true};
    status = read_failing(&own, &refusing);
    ck_assert(status == SP_OK || status == SP_NO_MEMORY);
    ck_assert_int_eq(refusing.held, 0);
    ck_assert_int_lt(k, 1000);
  }
  case_end(&own);
}
END_TEST

/* Different home areas, as many as there may be and two more. */
START_TEST(test_home_areas)
{
  enum { AREAS = 65534, ROW_BYTES = 48 };
  static struct customers_case own;
  static char table[(AREAS + 5) * ROW_BYTES];
  size_t at = (size_t)snprintf(table, sizeof(table), "subscriber,number,account,home_area\n");
  for (int i = 0; i < AREAS + 3; i++) { /* the last one is in an area that is there */
    at += (size_t)snprintf(table + at, sizeof(table) - at, "S%d,86138%08d,A1,a%d\n", i, i,
                           i == AREAS + 2 ? 7 : i);
  }
  const struct case_file files[] = {ACCOUNTS, {"subscribers.csv", table}};
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 2);
  ck_assert_uint_eq(own.problems.errors, 2);
  ck_assert_msg(strncmp(own.lines, "subscribers.csv:65536 ", 22) == 0, "%s", own.lines);
  ck_assert_uint_eq(sp_directory_area_count(own.directory), AREAS);
  ck_assert_uint_eq(sp_directory_subscriber_count(own.directory), AREAS + 1);
  case_end(&own);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_no_memory);
  tcase_add_loop_test(tests, test_refused, 0, sizeof(refusals) / sizeof(refusals[0]));
  tcase_add_test(tests, test_one_domain);
  tcase_add_test(tests, test_warnings_and_rest);
  tcase_add_test(tests, test_nothing_there);
  tcase_add_test(tests, test_home_areas);
  return check_run("customers", tests);
}
