/* rating/cgrates.h at its edges: tables at their limits, each wrong cell with line and column, and
 * calls that take the rare ways. Costs worked out beside each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/cgrates_parts.h"
#include "rating/hash.h"
#include "tests/check_run.h"
#include "tools/heap.h"

enum { TEXT_MAX = 1 << 20 };

static char told[4096]; /* "file:line:column: message\n" of every problem */

static void tell(void *context, const struct sp_problem *problem)
{
  (void)context;
  size_t length = strlen(told);
  snprintf(told + length, sizeof(told) - length, "%s:%u:%u: %s\n", problem->file, problem->line,
           problem->column, problem->message);
}

struct plan {
  char *bytes[SP_CGRATES_TABLES];
  struct sp_memory memory;
  struct sp_cgrates *tariff;
  enum sp_status status;
};

static int unreadable = -1; /* of the tables that are NULL, the one that is there */

/* NULL: there is no such file. */
static void plan_open(struct plan *plan, const char *const tables[SP_CGRATES_TABLES],
                      unsigned digits)
{
  struct sp_cgrates_file files[SP_CGRATES_TABLES];
  struct sp_problems problems = {tell, NULL, 0, 0};
  told[0] = '\0';
  sp_heap_init(&plan->memory);
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    plan->bytes[i] = tables[i] == NULL ? NULL : strdup(tables[i]);
    files[i] = (struct sp_cgrates_file){
        plan->bytes[i], plan->bytes[i] == NULL ? 0 : strlen(plan->bytes[i]), i == unreadable};
  }
  plan->status = sp_cgrates_read(&plan->tariff, files, digits, &plan->memory, &problems);
}

static void plan_close(struct plan *plan)
{
  for (int i = 0; i < SP_CGRATES_TABLES; i++) {
    free(plan->bytes[i]);
  }
  sp_memory_free(&plan->memory);
}

static const char *const small[SP_CGRATES_TABLES] = {"D,1\n",
                                                     "T,*any,*any,*any,*any,00:00:00\n",
                                                     "R,0,1,1s,1s,0s\n",
                                                     "A,D,R,*up,4,0,\n",
                                                     "P,A,*any,10\n",
                                                     "t,c,*any,,P,\n"};

/* The small plan with one table replaced: what is told, or nothing. */
static void says(enum sp_cgrates_table table, const char *text, const char *wanted)
{
  const char *tables[SP_CGRATES_TABLES];
  struct plan plan;
  memcpy(tables, small, sizeof(tables));
  tables[table] = text;
  plan_open(&plan, tables, 5);
  ck_assert_msg(wanted[0] == '\0' ? told[0] == '\0' : strstr(told, wanted) != NULL,
                "%s\n told: %s\n not: %s", text, told, wanted);
  plan_close(&plan);
}

static const struct {
  enum sp_cgrates_table table;
  const char *text, *wanted;
} cells[] = {
    {SP_CGRATES_DESTINATIONS,
     "D,12345678901234567890123456789012345678901234567890123456789012345\n",
     "Destinations.csv:1:3: "},
    {SP_CGRATES_DESTINATIONS, "D,1\n,2\n", "Destinations.csv:2:1: '': expected a name"},
    {SP_CGRATES_DESTINATIONS, "D,1\nD,1\nD,\"2\n", "Destinations.csv:3:3: "},
    {SP_CGRATES_DESTINATIONS, "D,1\nD\n", "Destinations.csv:2:0: 'D': a cell is missing"},
    {SP_CGRATES_DESTINATIONS, "D,1,2\n", "Destinations.csv:1:5: '2': one cell too many"},
    {SP_CGRATES_TIMINGS, "T,2001;x,*all,*all,*all,00:00:00\n", "Timings.csv:1:3: 'x'"},
    {SP_CGRATES_TIMINGS, "T,0,,,,\n", "Timings.csv:1:3: '0': expected *any or a list"},
    {SP_CGRATES_TIMINGS, "T,10000,,,,\n", "Timings.csv:1:3: '10000'"},
    {SP_CGRATES_TIMINGS, "T,20.0.0,,,,\n", "Timings.csv:1:3: '20.0.0'"},
    {SP_CGRATES_TIMINGS, "T,,13,,,\n", "Timings.csv:1:4: '13': expected *any or a list of"},
    {SP_CGRATES_TIMINGS, "T,,,32,,\n", "Timings.csv:1:5: '32'"},
    {SP_CGRATES_TIMINGS, "T,,,-2,,\n", "Timings.csv:1:5: '-2'"},
    {SP_CGRATES_TIMINGS, "T,,-1,,,\n", "Timings.csv:1:4: '-1'"},
    {SP_CGRATES_TIMINGS, ",,,,,\n", "Timings.csv:1:1: '': expected a name"},
    {SP_CGRATES_TIMINGS, "T,*all,*abc,,,\n", "Timings.csv:1:8: '*abc'"},
    {SP_CGRATES_TIMINGS, "T,,,1;-1,,;18:00:00\nT,,,-1;1,*all,00:00:00\n", ""},
    {SP_CGRATES_TIMINGS, "*any,2001,,,,08:00:00\n", ""},
    {SP_CGRATES_TIMINGS, "T,,,,,08:00:00\nT,,,,,08:00:01\n", "Timings.csv:2:1: 'T': a second"},
    {SP_CGRATES_TIMINGS, "T,,,1,,\nT,x,,2,,\n", "Timings.csv:2:3: 'x'"},
    {SP_CGRATES_TIMINGS, "T,,,1,,\nT,,,2,,\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,,1,,,\nT,,2,,,\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,,,,1,\nT,,,,2,\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,,,,,\nT,,,,,*asap\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,2001,,,,\nT,2001;2002,,,,\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,2001,,,,\nT,2002,,,,\n", "Timings.csv:2:1: "},
    {SP_CGRATES_TIMINGS, "T,2001,,,7,1:2:3;4:5:6\nT,2001,*any,*any,0,01:02:03\n", ""},
    {SP_CGRATES_RATES, ",0,1,1s,1s,0s\n", "Rates.csv:1:1: '': expected a name"},
    {SP_CGRATES_RATES, "R,300000000,1,1s,1s,0s\n", "Rates.csv:1:3: '300000000'"},
    {SP_CGRATES_RATES, "R,0,-1,1s,1s,0s\n", "Rates.csv:1:5: '-1': expected an amount from 0"},
    {SP_CGRATES_RATES, "R,0,1e,1s,1s,0s\n", "Rates.csv:1:5: '1e'"},
    {SP_CGRATES_RATES, "R,0,1e-,1s,1s,0s\n", "Rates.csv:1:5: '1e-'"},
    {SP_CGRATES_RATES, "R,0,1e1000,1s,1s,0s\n", "Rates.csv:1:5: '1e1000'"},
    {SP_CGRATES_RATES, "R,0,1e1.5,1s,1s,0s\n", "Rates.csv:1:5: '1e1.5'"},
    {SP_CGRATES_RATES, "R,0,1e-11,1s,1s,0s\nR,0,1.5e-10,1s,1s,9s\n", ""},
    {SP_CGRATES_RATES, "R,0,e5,1s,1s,0s\n", "Rates.csv:1:5: 'e5'"},
    {SP_CGRATES_RATES, "R,0,.,1s,1s,0s\n", "Rates.csv:1:5: '.'"},
    {SP_CGRATES_RATES, "R,0,1.2.3,1s,1s,0s\n", "Rates.csv:1:5: '1.2.3'"},
    {SP_CGRATES_RATES, "R,0,++1,1s,1s,0s\n", "Rates.csv:1:5: '++1'"},
    {SP_CGRATES_RATES, "R,0,99999999999999999999999999999999999999999,1s,1s,0s\n",
     "Rates.csv:1:5: '99999999999999999999999999999999999999999'"},
    {SP_CGRATES_RATES, "R,0,230584301,1s,1s,0s\n", "Rates.csv:1:5: '230584301'"},
    {SP_CGRATES_RATES, "R,0,1e9,1s,1s,0s\n", "Rates.csv:1:5: '1e9'"},
    {SP_CGRATES_RATES, "R,1E2,1e8,1s,1s,0s\nR,0,2.5e+01,1s,1s,9s\nR,0,1e-10,1s,1s,99s\n", ""},
    {SP_CGRATES_RATES, "R,0,+0.00000000001,1s,1s,0s\nR,0,+.00000000001,1s,1s,0s\n", ""},
    {SP_CGRATES_RATES, "R,0,0.00000000001,1s,1s,0s\nR,0,0.00000000002,1s,1s,0s\n",
     "Rates.csv:2:25: a second row of this rate"},
    {SP_CGRATES_RATES, "R,0,1e-11,1s,1s,0s\nR,0,2e-11,1s,1s,0s\n", "Rates.csv:2:17: a second"},
    {SP_CGRATES_RATES, "R,0,1,1x,1s,0s\n", "Rates.csv:1:7: '1x': expected a duration"},
    {SP_CGRATES_RATES, "R,0,1,1s,-1s,0s\n", "Rates.csv:1:10: '-1s'"},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,*any\n", "Rates.csv:1:13: '*any'"},
    {SP_CGRATES_RATES, "R,0,200000000,1s,2s,0s\n", "Rates.csv:1:5: an increment of this rate"},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,1s\n", "Rates.csv:1:13: this rate has no price at the"},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,0s\nR,0,2,1s,1s,0s\n", "Rates.csv:2:13: a second row"},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,0s\nR,0,3,1s,1s,0s\n", "Rates.csv:2:13: a second row"},
    {SP_CGRATES_RATES, "R,0,1.5e-40,1s,1s,0s\nR,0,1.23e-37,1s,1s,1s\nR,0,0e-999,1s,1s,2s\n", ""},
    {SP_CGRATES_RATES, "R,0,0.10000000000000000000000000000000000000001,1s,1s,0s\n", ""},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,0s\nR,0,1,2s,1s,0s\n", "Rates.csv:2:13: a second row"},
    {SP_CGRATES_RATES, "R,0,1,1s,1s,0s\nR,0,1,1s,2s,0s\n", "Rates.csv:2:13: a second row"},
    {SP_CGRATES_RATES, "S,0,1,1s,1s,0s\nR,0,1,1s,1s,60s\nS,0,1,1s,1s,0s\nR,0,1,1s,1s,0s\n", ""},
    {SP_CGRATES_DESTINATION_RATES, ",D,R,*up,4,0,\n", "DestinationRates.csv:1:1: '': expected"},
    {SP_CGRATES_DESTINATION_RATES, "A,E,R,*up,4,0,\n", "DestinationRates.csv:1:3: 'E': no such"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,S,*up,4,0,\n", "DestinationRates.csv:1:5: 'S': no such"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*on,4,0,\n", "DestinationRates.csv:1:7: '*on'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,21,0,\n", "DestinationRates.csv:1:11: '21'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,x,0,\n", "DestinationRates.csv:1:11: 'x'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,4,x,\n", "DestinationRates.csv:1:13: 'x'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,4,1e-11,\n", "DestinationRates.csv:1:13: '1e-11'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,4,300000000,\n", "DestinationRates.csv:1:13: "},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R,*up,4,1,*fre\n", "DestinationRates.csv:1:15: '*fre'"},
    {SP_CGRATES_DESTINATION_RATES, "A,D,R\n", ""},
    {SP_CGRATES_RATING_PLANS, ",A,*any,1\n", "RatingPlans.csv:1:1: '': expected a name"},
    {SP_CGRATES_RATING_PLANS, "P,B,*any,1\n", "RatingPlans.csv:1:3: 'B': no such tag"},
    {SP_CGRATES_RATING_PLANS, "P,A,U,1\n", "RatingPlans.csv:1:5: 'U': no such timing"},
    {SP_CGRATES_RATING_PLANS, "P,A,*any,-1\n", "RatingPlans.csv:1:10: '-1': expected a weight"},
    {SP_CGRATES_RATING_PLANS, "P,A,*any,1e-11\n", "RatingPlans.csv:1:10: '1e-11': expected"},
    {SP_CGRATES_RATING_PLANS, "P,A,*any,1e1\nP,A,*any,+10\n", ""},
    {SP_CGRATES_RATING_PLANS, "Id,DestinationRatesTag,x,Weight\nP,A,*any,1\n", ""},
    {SP_CGRATES_RATING_PROFILES, ",c,s,,P,\n", "RatingProfiles.csv:1:1: '': expected a name"},
    {SP_CGRATES_RATING_PROFILES, "t,,s,,P,\n", "RatingProfiles.csv:1:3: '': expected a name"},
    {SP_CGRATES_RATING_PROFILES, "t,c,,,P,\n", "RatingProfiles.csv:1:5: '': expected a name"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,soon,P,\n", "RatingProfiles.csv:1:7: 'soon': expected"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,*unlimitex,P,\n", "RatingProfiles.csv:1:7: '*unlimitex'"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,x,P,\n", "RatingProfiles.csv:1:7: 'x': expected"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,2100-01-01T00:00:00Z,P,\nt,c,r,0,P,\n", ""},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,1969-01-01T00:00:00Z,P,\nt,c,r,*unlimited,P\n", ""},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,Q,\n", "RatingProfiles.csv:1:8: 'Q': no such plan"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,P,,x\n",
     "RatingProfiles.csv:1:11: 'x': one cell too many: expected Tenant,Category,Subject,"},
    {SP_CGRATES_RATING_PROFILES, "*out,t,c,s,,P,,x,y\n", "RatingProfiles.csv:1:18: 'y': one"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,P\n",
     "RatingProfiles.csv:1:0: 't': a cell is missing at the end of the row: expected Tenant,"},
    {SP_CGRATES_RATING_PROFILES, "*out,t,c,s,,P,,x\n*in,t,c,s,,Q,,x\n", ""},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,P,r\n", "RatingProfiles.csv:1:10: fallback subject 'r'"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,P,ab;a;abc;b;a\nt,c,s,,P,a;ab;b;abc;a\n",
     "RatingProfiles.csv:1:10: "},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,P,\nt,c,s,,P,\nt,c,s,,P,s\n",
     "RatingProfiles.csv:3:7: a second plan"},
    {SP_CGRATES_RATING_PROFILES, "t,c,s,,P,s\nt,c,r,,P,\nt,c,s,,P,r\n",
     "RatingProfiles.csv:3:7: a second plan"},
};

/* Of a table that is not there one thing is told, or nothing if its reader has told it; what is
 * wrong in the others beside, but not that they name its rows. */
START_TEST(test_absent)
{
  static const char *const wrong[SP_CGRATES_TABLES] = {"D,1\nE\n",
                                                       "T,*any,*any,*any,*any,00:00:00\nU\n",
                                                       "R,0,1,1s,1s,0s\nS,0,x,1s,1s,0s\n",
                                                       "A,D,R,*up,4,0,\nB,D,R,*on,4,0,\n",
                                                       "P,A,T,10\nO,A,T,-1\n",
                                                       "t,c,*any,,P,\nt,c,r,soon,P,\n"};
  for (int absent = 0; absent < SP_CGRATES_TABLES; absent++) {
    for (int there = 0; there < 2; there++) {
      const char *tables[SP_CGRATES_TABLES];
      struct plan plan;
      memcpy(tables, wrong, sizeof(tables));
      tables[absent] = NULL;
      unreadable = there ? absent : -1;
      plan_open(&plan, tables, 5);
      unreadable = -1;
      ck_assert_int_eq(plan.status, SP_BAD_BOOK);
      bool told_missing = strstr(told, "the table is missing") != NULL;
      ck_assert_msg(told_missing == (!there && absent > SP_CGRATES_TIMINGS), "%d: %s", absent,
                    told);
      bool may_lack = !there && absent <= SP_CGRATES_TIMINGS; /* these need not be there */
      ck_assert_msg((strstr(told, "no such") != NULL) == may_lack, "%d: %s", absent, told);
      for (int i = 0; i < SP_CGRATES_TABLES; i++) {
        char place[64];
        snprintf(place, sizeof(place), "\n%s:2:", sp_cgrates_table_name((enum sp_cgrates_table)i));
        bool told_here =
            strstr(told, place) != NULL || strncmp(told, place + 1, strlen(place) - 1) == 0;
        ck_assert_msg(told_here == (i != absent), "%d %d: %s", absent, i, told);
      }
      plan_close(&plan);
    }
  }
}
END_TEST

START_TEST(test_cells)
{
  for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
    says(cells[i].table, cells[i].text, cells[i].wanted);
  }
}
END_TEST

START_TEST(test_other_plan)
{
  const char *tables[SP_CGRATES_TABLES];
  struct plan plan;
  memcpy(tables, small, sizeof(tables));
  tables[SP_CGRATES_RATING_PLANS] = "P,A,*any,10\nQ,A,*any,10\n";
  tables[SP_CGRATES_RATING_PROFILES] = "t,c,s,,P,\nt,c,s,,Q,\n";
  plan_open(&plan, tables, 5);
  ck_assert_int_eq(plan.status, SP_BAD_BOOK);
  ck_assert_str_eq(told,
                   "RatingProfiles.csv:2:7: a second plan of this profile from the same time: "
                   "expected one\n");
  plan_close(&plan);
}
END_TEST

/* `count` rows, each with its number, of two digits at least, between two texts. */
static char *rows_make(const char *before, const char *behind, unsigned count)
{
  char *text = malloc(TEXT_MAX);
  size_t length = 0;
  ck_assert(text != NULL);
  for (unsigned i = 0; i < count; i++) {
    length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s%02u%s", before, i, behind);
    ck_assert_uint_lt(length, TEXT_MAX);
  }
  return text;
}

static void sizes_say(unsigned ratings, unsigned plan_rows, const char *wanted)
{
  const char *tables[SP_CGRATES_TABLES];
  struct plan plan;
  char *rates = rows_make("A,D,R,*up,4,", ",*free\n", ratings);
  char *plans = rows_make("P,A,*any,", "\n", plan_rows);
  memcpy(tables, small, sizeof(tables));
  tables[SP_CGRATES_DESTINATION_RATES] = rates;
  tables[SP_CGRATES_RATING_PLANS] = plans;
  plan_open(&plan, tables, 5);
  ck_assert_msg(wanted[0] == '\0' ? told[0] == '\0' : strstr(told, wanted) != NULL, "%s", told);
  plan_close(&plan);
  free(rates);
  free(plans);
}

START_TEST(test_sizes)
{
  const struct sp_cgrates_file huge[SP_CGRATES_TABLES] = {{NULL, UINT32_MAX, false}};
  struct sp_problems problems = {tell, NULL, 0, 0};
  struct sp_memory memory;
  struct sp_cgrates *tariff;
  sizes_say(32, 32, "");
  sizes_say(41, 25, "RatingPlans.csv:1:5: too many rates of one destination in this plan");
  sizes_say(8300, 8192, "RatingPlans.csv:0:0: too many rates in plans");
  char *years = rows_make(";20", "", 33);
  char row[512];
  snprintf(row, sizeof(row), "T,2000%s,,,,\n", years);
  says(SP_CGRATES_TIMINGS, row,
       "Timings.csv:1:3: '2031': expected *any or a list of at most 32 years");
  free(years);
  told[0] = '\0';
  sp_heap_init(&memory);
  ck_assert_int_eq(sp_cgrates_read(&tariff, huge, 5, &memory, &problems), SP_BAD_BOOK);
  ck_assert_str_eq(told, "Destinations.csv:0:0: the table is too long: expected below 1 GiB\n");
  sp_memory_free(&memory);
}
END_TEST

/* One plan with so many destinations that two of them meet in the index: each is found again. */
START_TEST(test_many_destinations)
{
  enum { COUNT = 500 };
  const char *tables[SP_CGRATES_TABLES];
  struct plan plan;
  unsigned moved = 0;
  char *destinations = rows_make("D", ",1\n", COUNT), *ratings = rows_make("A,D", ",R\n", COUNT);
  memcpy(tables, small, sizeof(tables));
  tables[SP_CGRATES_DESTINATIONS] = destinations;
  tables[SP_CGRATES_DESTINATION_RATES] = ratings;
  plan_open(&plan, tables, 5);
  ck_assert_str_eq(told, "");
  const struct sp_cgrates *tariff = plan.tariff;
  uint32_t found = 0;
  for (uint32_t at = 0; at <= tariff->targets_mask; at++) {
    const struct sp_cg_target *target = tariff->targets + at;
    if (target->plan != SP_CG_NONE) {
      ck_assert_uint_eq(sp__cg_target_place(tariff, target->plan, target->destination), at);
      uint64_t key = (uint64_t)target->plan << 32 | target->destination;
      moved += ((uint32_t)sp_hash_word(key) & tariff->targets_mask) != at;
      found++;
    }
  }
  ck_assert_uint_eq(found, COUNT);
  ck_assert_uint_gt(moved, 0);
  plan_close(&plan);
  free(destinations);
  free(ratings);
}
END_TEST

/* What a call by a plan answers: "call event" or the error's number. */
static const char *cost_of(const struct plan *plan, const struct sp_cgrates_call *call)
{
  static char text[64];
  struct sp_cgrates_cost cost;
  struct sp_text to = SP_TEXT_INIT(text);
  enum sp_cgrates_answer answer = sp_cgrates_rate(plan->tariff, call, &cost);
  if (answer != SP_CGRATES_COST) {
    sp_text_add(&to, "error ");
    sp_text_add_u64(&to, answer);
    return text;
  }
  sp_cgrates_amount_add(&to, cost.call);
  sp_text_add(&to, " ");
  sp_cgrates_amount_add(&to, cost.event);
  return text;
}

static struct sp_cgrates_text text_of(const char *text)
{
  return (struct sp_cgrates_text){text, (uint32_t)strlen(text)};
}

/* 2014-08-04 was a Monday. */
static struct sp_cgrates_call call_of(const char *subject, const char *destination,
                                      const char *time, int64_t usage_ns)
{
  struct sp_cgrates_call call = {.tenant = text_of("t"),
                                 .category = text_of("c"),
                                 .subject = text_of(subject),
                                 .destination = text_of(destination),
                                 .usage_ns = usage_ns,
                                 .voice = true};
  ck_assert(sp_cgrates_time_read(&call.answer_utc_ns, &call.offset_s, time, strlen(time)));
  return call;
}

#define S INT64_C(1000000000)

static const char *const rare[SP_CGRATES_TABLES] = {
    "D,1\nE,2\nF,3\nX,9\n",
    ("HALF1,,1;2;3;4;5;6,,,00:00:00\nHALF2,,7;8;9;10;11;12,,,00:00:00\n"
     "EIGHT,,,,,08:00:00\nMON,,,,1,00:00:00\nREST,,,,2;3;4;5;6;7,00:00:00\n"),
    ("ONE,0,1,1s,1s,0s\nTEN,0,10,1s,1s,0s\nTEN,0,20,1s,1s,30s\nPLAIN,5e-01,1E+0,1s,1s,0s\n"
     "ODD,0,0.1234567891,999999999999999989ns,1000000007ns,0s\n"
     "BIG,0,199999999.9999999999,1s,11ns,0s\nMID,0,100000000.0000000001,1s,7ns,0s\n"
     "FINE,0,123456789.1,999999999999999989ns,1000000007ns,0s\n"),
    ("A,D,ONE,*up,4,,\nB,D,TEN,*up,4,,\nC,E,ONE,*down,2,,\nM,E,TEN,*up,1,,\nO,D,ODD,*up,9,,\n"
     "G,D,BIG,*up,9,,\nL,*any,PLAIN,*up,4,,\nN,F,TEN,*up,1,0,*free\nK,F,ONE,*up,1,,\nI,E,MID,*up,1,"
     ",\n"
     "J,F,FINE,*up,5,,\n"),
    ("P,A,HALF1,10\nP,A,HALF2,10\nP,B,EIGHT,10\nWEEK,C,MON,10\nWEEK,M,REST,10\nODD,O,*any,1\n"
     "BIG,G,*any,1\nBIG,I,*any,1\nBIG,J,*any,1\nANY,L,*any,1\nONLY,A,*any,1\n"
     "HEAVY,N,*any,5\nHEAVY,K,EIGHT,10\n"),
    ("t,c,s,,P,\nt,c,w,,WEEK,\nt,c,odd,,ODD,\nt,c,big,,BIG,\nt,c,l,,ANY,\n"
     "t,c,f,,WEEK,g\nt,c,g,,ONLY,\nt,c,g,2014-08-04T12:00:10Z,WEEK,h\nt,c,h,,WEEK,\n"
     "t,c,late,2014-08-04T12:00:10Z,ANY,\n"
     "t,c,heavy,,HEAVY,\nt,c,two,,ANY,\nt,c,two,2014-08-04T12:00:10Z,ANY,s\n")};
static const struct {
  const char *subject, *destination, *time;
  int64_t usage_ns;
  const char *answer;
} ways[] = {
    /* 08:00 has a group interval start at 30 s: until there 1 a second, behind it 20 */
    {"s", "1", "2014-08-04T07:59:50Z", 60 * S, "630 630"},
    /* from the day before Monday nothing is left in its first half second: one increment */
    {"w", "2", "2014-08-04T00:00:00Z", S / 2, "1 1"},
    {"w", "2", "2014-08-05T00:00:00Z", S / 2, "10 10"},
    /* 1234567891 x 1000000007 / 999999999999999989 = 1.2345679 of 10^-10: 1.2 of 10^-10 is 0 */
    {"odd", "1", "2014-08-04T12:00:00Z", S, "0 0"},
    /* 199999999.9999999999 x 11 / 10^9 = 2.19999999...: 2.2 */
    {"big", "1", "2014-08-04T12:00:00Z", 11, "2.2 2.2"},
    {"big", "1", "2014-08-04T12:00:00Z", 12, "4.4 4.4"},
    {"big", "1", "2014-08-04T12:00:00Z", SP_CGRATES_NS_MAX, "error 3"},
    /* 0.7 of 7 ns, three of them */
    {"big", "2", "2014-08-04T12:00:00Z", 21, "2.1 2.1"},
    /* 1234567891 x 1000000007 / 999999999999999989 = 0.123456790... of 9 decimals */
    {"big", "3", "2014-08-04T12:00:00Z", S, "0.12346 0.12345679"},
    /* a group interval start cuts the lighter one at 30 s, behind it the heavier one holds: 300 +
       30 */
    {"heavy", "3", "2014-08-04T07:59:50Z", 60 * S, "330 330"},
    {"l", "*any", "2014-08-04T12:00:00Z", S, "1.5 1.5"},
    {"l", "", "2014-08-04T12:00:00Z", S, "1.5 1.5"},
    {"l", "1234", "2014-08-04T12:00:00Z", S, "1.5 1.5"},
    {"s", "9999", "2014-08-04T12:00:00Z", S, "error 2"},
    /* over midnight twice: 3 x 24 h less a minute, each day a span */
    {"l", "1", "2014-08-04T12:00:00Z", 172800 * S, "172800.5 172800.5"},
    /* g prices until 12:00:10, then nobody: it goes on */
    {"f", "1", "2014-08-04T12:00:00Z", 20 * S, "20 20"},
    {"f", "9", "2014-08-04T12:00:00Z", 20 * S, "error 2"},
    {"late", "1", "2014-08-04T12:00:00Z", 5 * S, "error 2"},
    {"late", "1", "2014-08-04T12:00:00Z", 20 * S, "error 2"},
    {"late", "1", "2014-08-04T12:00:10Z", 20 * S, "20.5 20.5"},
    {"two", "1", "2014-08-04T12:00:00Z", 20 * S, "20.5 20.5"},
};

START_TEST(test_rare_ways)
{
  struct plan plan;
  plan_open(&plan, rare, 9);
  ck_assert_str_eq(told, "");
  for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
    const struct sp_cgrates_call call =
        call_of(ways[i].subject, ways[i].destination, ways[i].time, ways[i].usage_ns);
    const char *got = cost_of(&plan, &call);
    ck_assert_msg(strcmp(got, ways[i].answer) == 0, "%s %s %s %lld: %s, expected %s",
                  ways[i].subject, ways[i].destination, ways[i].time, (long long)ways[i].usage_ns,
                  got, ways[i].answer);
  }
  plan_close(&plan);
  plan_open(&plan, rare, 5);
  const struct sp_cgrates_call fine = call_of("big", "3", "2014-08-04T12:00:00Z", S);
  ck_assert_str_eq(cost_of(&plan, &fine), "0.12346 0.12346");
  plan_close(&plan);
}
END_TEST

/* By a plan that the call names; a name of something else is none. */
START_TEST(test_named_plans)
{
  static const char *const names[] = {"P", "R", "none"}, *const answers[] = {"1 1", "error 1"};
  struct plan plan;
  plan_open(&plan, small, 5);
  for (size_t i = 0; i < 3; i++) {
    struct sp_cgrates_call call = call_of("nobody", "1", "2014-08-04T12:00:00Z", S);
    call.rating_plan = text_of(names[i]);
    ck_assert_str_eq(cost_of(&plan, &call), answers[i > 0]);
  }
  plan_close(&plan);
}
END_TEST

/* What has one timing, one weight and equal prices is one rate, by whatever names. */
START_TEST(test_equal_rates)
{
  static const char *const tables[SP_CGRATES_TABLES] = {
      "D,1\n",
      "T,*any,*any,*any,*any,00:00:00\n",
      ("A,0,1,1s,1s,0s\nB,0,1,1s,1s,0s\nFEE,0.5,1,1s,1s,0s\nTWO,0,1,1s,1s,0s\nTWO,0,1,1s,1s,30s\n"
       "LATER,0,1,1s,1s,0s\nLATER,0,1,1s,1s,60s\nDEAR,0,2,1s,1s,0s\nUNIT,0,1,2s,1s,0s\n"
       "STEP,0,1,1s,2s,0s\n"),
      ("A,D,A,*up,4,0,\nB,D,B,*up,4,0,\nFEE,D,FEE,*up,4,0,\nTWO,D,TWO,*up,4,0,\n"
       "LATER,D,LATER,*up,4,0,\nDEAR,D,DEAR,*up,4,0,\nUNIT,D,UNIT,*up,4,0,\n"
       "STEP,D,STEP,*up,4,0,\nDOWN,D,A,*down,4,0,\nFIVE,D,A,*up,5,0,\nFREE,D,A,*up,4,0,*free\n"
       "MOST,D,A,*up,4,1,\n"),
      ("P,A,*any,10\nP,B,*any,10\nP,FEE,*any,10\nP,TWO,*any,10\nP,LATER,*any,10\n"
       "P,DEAR,*any,10\nP,UNIT,*any,10\nP,STEP,*any,10\nP,DOWN,*any,10\nP,FIVE,*any,10\n"
       "P,FREE,*any,10\nP,MOST,*any,10\nP,A,T,10\nP,A,*any,20\nP,A,*any,10\nP,B,T,10\n"),
      "t,c,*any,,P,\n"};
  struct plan plan;
  plan_open(&plan, tables, 5);
  ck_assert_str_eq(told, "");
  const struct sp_cg_target *target =
      sp__cg_target_find(plan.tariff, 0, (struct sp_cgrates_text){"1", 1});
  ck_assert_ptr_nonnull(target);
  ck_assert_uint_eq(target->count, 13); /* of 16: B, A again and B at T are there */
  plan_close(&plan);
}
END_TEST

/* Plans that follow one another in a call: 64 are followed, 65 are too many. */
START_TEST(test_many_plans)
{
  const char *tables[SP_CGRATES_TABLES];
  struct plan plan;
  char *profiles = rows_make("t,c,s,14071572", ",P,\n", 66);
  memcpy(tables, small, sizeof(tables));
  tables[SP_CGRATES_RATING_PROFILES] = profiles;
  plan_open(&plan, tables, 5);
  ck_assert_int_eq(plan.status, SP_OK);
  const struct sp_cgrates_call fits = call_of("s", "1", "1407157200", 63 * S);
  ck_assert_str_eq(cost_of(&plan, &fits), "63 63");
  const struct sp_cgrates_call over = call_of("s", "1", "1407157200", 64 * S);
  ck_assert_str_eq(cost_of(&plan, &over), "error 3");
  plan_close(&plan);
  free(profiles);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_absent);
  tcase_add_test(tests, test_cells);
  tcase_add_test(tests, test_other_plan);
  tcase_add_test(tests, test_sizes);
  tcase_add_test(tests, test_many_destinations);
  tcase_add_test(tests, test_rare_ways);
  tcase_add_test(tests, test_named_plans);
  tcase_add_test(tests, test_equal_rates);
  tcase_add_test(tests, test_many_plans);
  return check_run("cgrates_limits", tests);
}
