/* What is fetched ahead changes nothing: records of a tariff too large for one chunk of the rater's
 * caches, with all steps of sp_rater_prefetch before each and without any, members of two groups
 * and none with equal plans of their own, give the charges that they should. What is guessed is the
 * frame that is then found, whatever lay in the same place before. */
#include "rating/book_lookup.h"
#include "rating/number.h"
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"

#define TEXT_BYTES (256u << 10)

enum { PREFIXES = 4000, ROUND = 4 * PREFIXES, RECORDS = 2 * ROUND };

static char destinations[TEXT_BYTES], rates[TEXT_BYTES], allowances[TEXT_BYTES];

static const struct rate_case_file customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,13800000001,A\n"
                        "T,13800000002,A\nU,13800000003,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nH,enterprise,GA\n"},
    {"members.csv", "group,subscriber\nG,T\nH,U\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2026-01-01\n"
                          "subscriber:T,p,2026-01-01\nsubscriber:U,p,2026-01-01\n"
                          "group:G,g,2026-01-01\ngroup:H,g,2026-01-01\ngroup:H,h,2026-01-01\n"},
    {NULL, NULL}};

static void books_open(struct rate_case *it)
{
  const struct rate_case_file book[] = {
      {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
      {"plans.csv", "plan,kind\np,base\ng,group\nh,group\n"},
      {"destinations.csv", destinations},
      {"rates.csv", rates},
      {"allowances.csv", allowances},
      {"discounts.csv", "plan,discount,stage,kind,value\np,day,record,cap_day,9000000\n"
                        "p,month,record,cap_month,9000000\ng,day,record,cap_day,9000000\n"},
      {NULL, NULL}};
  rate_case_open(it, book, customers);
}

static struct sp_usage call_of(const struct rate_case *it, uint32_t i)
{
  struct sp_usage usage = rate_case_usage(it, i % 3, JUNE_UTC_S + i);
  char text[16];
  int length = snprintf(text, sizeof(text), "9%u", 10000 + i / 4 % PREFIXES);
  uint64_t digits = sp_number_pack(text, (size_t)length).digits;
  usage.group = usage.subscriber == 0 ? SP_NONE : usage.subscriber - 1;
  usage.zone = SP_ZONE_INTERNATIONAL;
  usage.duration_s = 60 + i % 7 * 60;
  usage.dest_node = sp_book_find_dest_node(it->books.book, digits);
  return usage;
}

/* All steps of those behind record i, as a pipeline does. */
static void steps_take(const struct rate_case *it, const struct sp_usage *usages, uint32_t count,
                       uint32_t i)
{
  const struct sp_usage *ahead[SP_RATER_STEPS];
  for (int step = 0; step < SP_RATER_STEPS; step++) {
    uint32_t at = i + sp_rater_ahead[step];
    ahead[step] = at < count ? usages + at : NULL;
  }
  sp_rater_prefetch(it->rater, ahead, SP_RATER_STEPS);
}

START_TEST(test_ahead_changes_nothing)
{
  static struct rate_case with, without;
  static struct sp_usage usages[RECORDS];
  static struct sp_charge one, other;
  uint32_t right = 0; /* in the second round */
  size_t length = (size_t)snprintf(destinations, TEXT_BYTES, "destination,prefix\n");
  size_t offers =
      (size_t)snprintf(allowances, TEXT_BYTES, "plan,allowance,unit,service,amount,dest\n");
  size_t rows = (size_t)snprintf(rates, TEXT_BYTES,
                                 "plan,item,service,zone,price,per,dest\n"
                                 "p,base,voice,,0.10,1min,\n"
                                 "g,club,voice,,0.01,1min,\nh,hall,voice,,0.02,1min,\n");
  for (uint32_t i = 0; i < PREFIXES; i++) { /* each a destination of its own */
    length +=
        (size_t)snprintf(destinations + length, TEXT_BYTES - length, "d%u,9%u\n", i, 10000 + i);
    rows += (size_t)snprintf(rates + rows, TEXT_BYTES - rows,
                             "p,far,voice,international,0.30,1min,d%u\n", i);
    if (i >= 100 && i < 140) { /* less than a minute: it covers nothing, but is looked at */
      offers += (size_t)snprintf(allowances + offers, TEXT_BYTES - offers,
                                 "p,none%u,s,voice,%us,d%u\n", i, i % 60, i);
    }
  }
  ck_assert_uint_lt(offers, TEXT_BYTES);
  ck_assert_uint_lt(length, TEXT_BYTES);
  ck_assert_uint_lt(rows, TEXT_BYTES);
  books_open(&with);
  books_open(&without);
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), SP_RATER_STEPS_NEAR); /* nothing is known */
  for (uint32_t i = 0; i < RECORDS; i++) {
    usages[i] = call_of(&with, i);
  }
  for (uint32_t i = 0; i < RECORDS; i++) {
    steps_take(&with, usages, RECORDS, i);
    memset(&one, 0, sizeof(one));
    memset(&other, 0, sizeof(other));
    const struct sp__guess *guess = sp__guess_of(with.rater, usages + i);
    uint32_t guessed = guess->usage == usages + i ? guess->frame : 0;
    rate_case_rate(&with, usages + i, &one);
    right += i >= ROUND && guessed != 0 &&
             sp__cache_at(with.rater, guessed) == (const void *)with.rater->work.frame;
    rate_case_rate(&without, usages + i, &other);
    ck_assert_mem_eq(&one, &other, sizeof(one));
    ck_assert_uint_eq(one.outcome, SP_OUTCOME_RATED);
    /* 0.10 and 0.30 a minute; G's plan takes 0.01 more, those of H 0.01 and 0.02 */
    static const int64_t cents_of[] = {40, 41, 43};
    int64_t minutes = usages[i].duration_s / 60, cents = cents_of[i % 3];
    ck_assert_int_eq(one.net_micro, minutes * cents * 10000);
  }
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), SP_RATER_STEPS);
  ck_assert_uint_gt(with.rater->frames.count, 3 * (PREFIXES - 1));
  ck_assert_uint_gt(with.rater->frames.size, SP__FRAMES_LEAST);
  /* all have been met; but a byte of hashes may be alike, and the first have none before them */
  ck_assert_uint_gt(right, ROUND - ROUND / 50);
  usages[0].book = UINT16_MAX; /* as of a record of no book, even where it says a destination */
  for (int step = SP_RATER_STEPS_NEAR + 1; step <= SP_RATER_STEPS; step++) {
    rate_case_ahead(&with, usages, step);
  }
  ck_assert_ptr_null(sp__guess_of(with.rater, usages)->lead);
  usages[0].book = 0;
  sp__cache_clear(with.rater); /* as at a change of books: nothing is known any more */
  rate_case_ahead(&with, usages, SP_RATER_STEPS_NEAR + 1);
  rate_case_ahead(&with, usages, SP_RATER_STEPS_NEAR + 2);
  ck_assert_uint_eq(sp__guess_of(with.rater, usages)->frame, 0);
  rate_case_close(&with);
  rate_case_close(&without);
}
END_TEST

static const struct rate_case_file guess_book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\np,base\nq,base\ng,group\nh,group\n"},
    {"destinations.csv", "destination,prefix\na,91\nb,92\n"},
    {"rates.csv", "plan,item,service,zone,net,price,per,dest,rating_group\n"
                  "p,base,voice,,,0.10,1min,,\np,base,voice,,group,0.11,1min,,\n"
                  "p,base,voice,international,group_tree,0.12,1min,,\n"
                  "p,base,voice,international,,0.20,1min,a,\n"
                  "p,base,voice,international,,0.30,1min,b,\n"
                  "p,flow,data,,,0.01,1KB,,\np,flow,data,,,0.02,1KB,,x\n"
                  "p,flow,data,,,0.03,1KB,,y\np,text,sms,,,0.40,1,,\n"
                  "g,text,sms,,,0.50,1,,\nh,text,sms,,,0.60,1,,\n"
                  "q,base,voice,,,0.70,1min,,\nq,flow,data,,,0.07,1KB,,\nq,text,sms,,,0.77,1,,\n"},
    {NULL, NULL}};

/* Another, whose plan asks for no destination, beside the three. */
static const struct rate_case_file guess_customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,13800000001,A\nT,13800000002,A\n"
                        "U,13800000003,A\nV,13800000004,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nH,enterprise,GA\n"},
    {"members.csv", "group,subscriber\nG,T\nH,U\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2026-01-01\nsubscriber:T,p,2026-01-01\n"
                          "subscriber:U,p,2026-01-01\nsubscriber:V,q,2026-01-01\n"
                          "group:G,g,2026-01-01\ngroup:H,g,2026-01-01\ngroup:H,h,2026-01-01\n"},
    {NULL, NULL}};

/* Other prices, and other destinations alike. */
static const struct rate_case_file guess_book_later[] = {
    {"book.yaml", "name: t\nvalid_from: 2026-06-02\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\np,base\nq,base\ng,group\nh,group\n"},
    {"destinations.csv", "destination,prefix\na,91\na,92\nb,93\n"},
    {"rates.csv", "plan,item,service,zone,net,price,per,dest,rating_group\n"
                  "p,base,voice,,,1.10,1min,,\np,base,voice,,group,1.11,1min,,\n"
                  "p,base,voice,international,group_tree,1.12,1min,,\n"
                  "p,base,voice,international,,1.20,1min,a,\n"
                  "p,base,voice,international,,1.30,1min,b,\n"
                  "p,flow,data,,,1.01,1KB,,\np,flow,data,,,1.02,1KB,,x\n"
                  "p,flow,data,,,1.03,1KB,,y\np,text,sms,,,1.40,1,,\n"
                  "g,text,sms,,,1.50,1,,\nh,text,sms,,,1.60,1,,\n"
                  "q,base,voice,,,1.70,1min,,\nq,flow,data,,,1.07,1KB,,\nq,text,sms,,,1.77,1,,\n"},
    {NULL, NULL}};

/* Records of which those that differ in one column lie guess_steps of it apart. */
static const size_t guess_sizes[8] = {4, 3, 2, 2, 3, 2, 2, 2};
static const size_t guess_steps[8] = {1, 4, 12, 24, 48, 144, 288, 576};
enum { GUESS_KINDS = 1152 };

static struct sp_usage guess_usage(const struct rate_case *it, uint32_t i)
{
  struct sp_usage usage = rate_case_usage(it, i % 4, JUNE_UTC_S + i);
  usage.group = usage.subscriber % 3 == 0 ? SP_NONE : usage.subscriber - 1;
  usage.duration_s = 61;
  static const uint8_t services[] = {SP_SERVICE_VOICE, SP_SERVICE_DATA, SP_SERVICE_SMS};
  usage.service = services[i / 4 % 3];
  usage.bytes = usage.service == SP_SERVICE_DATA ? 5000 : 0;
  usage.items = usage.service == SP_SERVICE_SMS ? 1 : 0;
  usage.net = i / 12 % 2 == 0 ? SP_NET_MOBILE : SP_NET_GROUP;
  usage.flags = i / 24 % 2 == 0 ? 0 : SP_USAGE_TREE;
  usage.rating_group = i / 48 % 3;
  usage.zone = i / 144 % 2 == 0 ? SP_ZONE_LOCAL : SP_ZONE_INTERNATIONAL;
  usage.dest_node = usage.zone == SP_ZONE_LOCAL ? 0 : 1 + i / 288 % 2;
  usage.book = (uint16_t)(i / 576);
  return usage;
}

static void event_ignore(void *context, const struct sp_trace_event *event)
{
  (void)context;
  (void)event;
}

/* Two books, the second with other prices; records that differ from the one before in any column,
 * and are rated as another than they were guessed as: what leads to sets and frames is that of the
 * record in hand. */
START_TEST(test_guess_of_another)
{
  static struct rate_case with, without, later[2];
  rate_case_open_two(&with, &later[0], guess_book, guess_book_later, guess_customers);
  rate_case_open_two(&without, &later[1], guess_book, guess_book_later, guess_customers);
  static struct sp_usage kinds[GUESS_KINDS];
  for (uint32_t i = 0; i < GUESS_KINDS; i++) {
    kinds[i] = guess_usage(&with, i);
  }
  static struct sp_charge one, other;
  struct sp_usage usage = kinds[0];
  struct sp_trace trace = {.event = event_ignore};
  uint64_t seed = 1;
  uint32_t guessed = 0;
  for (uint32_t round = 0; round < 40000; round++) {
    seed = sp_hash_word(seed + round);
    size_t drawn = seed % GUESS_KINDS, column = (seed >> 40) % 8;
    usage = kinds[drawn];
    for (int step = 1; step <= SP_RATER_STEPS; step++) {
      rate_case_ahead(&with, &usage, step);
    }
    guessed += sp__guess_of(with.rater, &usage)->frame != 0;
    size_t value = drawn / guess_steps[column] % guess_sizes[column];
    size_t other_value = (value + 1 + round / 8 % 2) % guess_sizes[column];
    size_t changed = drawn + other_value * guess_steps[column] - value * guess_steps[column];
    usage = kinds[changed];
    memset(&one, 0, sizeof(one));
    memset(&other, 0, sizeof(other));
    bool traced = seed >> 60 == 0; /* explain tells of the record's own destination */
    rate_case_need(sp_rater_notice(with.rater, &usage) == SP_OK, "notice");
    rate_case_need(sp_rate(with.rater, &usage, &one, traced ? &trace : NULL) == SP_OK, "rate");
    rate_case_rate(&without, kinds + changed, &other);
    ck_assert_mem_eq(&one, &other, sizeof(one));
  }
  ck_assert_uint_gt(guessed, 10000); /* more features than a lead has frames */
  rate_case_close(&with);
  rate_case_close(&without);
  rate_case_close(&later[0]);
  rate_case_close(&later[1]);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_ahead_changes_nothing);
  tcase_add_test(tests, test_guess_of_another);
  return check_run("rate_ahead", tests);
}
