/* The rules that match a frame are found when it is made and kept for the choices made next: as
 * many as are kept, one more, far more; asked for by other bands before and after another frame was
 * made; of a plan that counts twice. Each hour of a record has a rule of its own, so its price says
 * which rule was taken; explain tells of the same. */
#include "rating/rate_parts.h"
#include "rating/trace.h"
#include "tests/check_run.h"
#include "tests/rating/rate_case.h"

enum { HOURS = 24, HOUR_S = 3600, TABLE_BYTES = 4096, CENT = 10000 };

static char bands[TABLE_BYTES], rates[TABLE_BYTES];

static const struct rate_case_file customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,13800000001,A\nT,13800000002,A\n"},
    {"groups.csv", "group,kind,account,parent\nR,enterprise,GA,\nG,enterprise,GA,R\nF,family,,\n"},
    {"members.csv", "group,subscriber\nG,T\nF,T\n"},
    {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2026-01-01\nsubscriber:T,p,2026-01-01\n"
                          "group:G,g,2026-01-01\ngroup:R,g,2026-01-01\ngroup:F,f,2026-01-01\n"},
    {NULL, NULL}};

static void add(char *table, const char *format, unsigned a, unsigned b)
{
  size_t length = strlen(table);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  length += (size_t)snprintf(table + length, TABLE_BYTES - length, format, a, b);
#pragma GCC diagnostic pop
  ck_assert_uint_lt(length, TABLE_BYTES);
}

/* A minute costs 0.10, in hours 0 .. hours - 1 of the day 0.11 and so on. */
static void hours_open(struct rate_case *it, unsigned hours)
{
  bands[0] = rates[0] = '\0';
  add(bands, "band,days,from,to\n", 0, 0);
  add(rates, "plan,item,service,band,price,per\np,base,voice,,0.10,1min\np,text,sms,,0.50,1\n", 0,
      0);
  add(rates, "g,club,voice,,0.02,1min\ng,club,voice,h00,0.03,1min\nf,club,sms,,0.60,1\n", 0, 0);
  for (unsigned i = 0; i < HOURS; i++) {
    add(bands, i + 1 < HOURS ? "h%02u,all,%02u:00," : "h%02u,all,%02u:00,24:00\n", i, i);
    add(bands, i + 1 < HOURS ? "%02u:00\n" : "", i + 1, 0);
    add(rates, i < hours ? "p,base,voice,h%02u,0.%02u,1min\n" : "", i, 11 + i);
  }
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"plans.csv", "plan,kind\np,base\ng,group\nf,family\n"},
                                        {"bands.csv", bands},
                                        {"rates.csv", rates},
                                        {NULL, NULL}};
  rate_case_open(it, book, customers);
}

struct told {
  const struct rate_case *it;
  unsigned looked_at, taken;
  int64_t price; /* of the rule that was taken last, in cents */
};

static void event_keep(void *context, const struct sp_trace_event *event)
{
  struct told *told = context;
  if (event->kind != SP_TRACE_RULE) {
    return;
  }
  told->looked_at++;
  if (event->why == SP_WHY_TAKEN) {
    const struct sp_book *book = told->it->books.book;
    const struct sp_book_rule *rule =
        SP_BOOK_TABLE(book, rules, struct sp_book_rule) + event->index;
    told->taken++;
    told->price = rule->price;
  }
}

/* Two minutes of S in an hour of the day. */
static void hour_rate(struct rate_case *it, unsigned hour, unsigned hours, bool traced)
{
  static struct sp_charge charge;
  struct sp_usage usage = rate_case_usage(it, 0, JUNE_UTC_S + (int64_t)hour * HOUR_S);
  usage.duration_s = 61;
  struct told told = {.it = it};
  struct sp_trace trace = {.event = event_keep, .context = &told};
  rate_case_need(sp_rater_notice(it->rater, &usage) == SP_OK, "notice");
  rate_case_need(sp_rate(it->rater, &usage, &charge, traced ? &trace : NULL) == SP_OK, "rate");
  int64_t cents = hour < hours ? 11 + hour : 10;
  ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
  ck_assert_int_eq(charge.net_micro, 2 * cents * CENT);
  if (traced) {
    ck_assert_uint_eq(told.looked_at, 2 + hours); /* and that of a message */
    ck_assert_uint_eq(told.taken, 1);
    ck_assert_int_eq(told.price, cents * CENT);
  }
}

static void text_rate(struct rate_case *it)
{
  static struct sp_charge charge;
  struct sp_usage usage = rate_case_usage(it, 0, JUNE_UTC_S);
  usage.service = SP_SERVICE_SMS;
  rate_case_rate(it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, 50 * CENT);
}

START_TEST(test_as_many_as_kept)
{
  static struct rate_case it;
  static const unsigned counts[] = {1, SP__MET_MAX - 1, SP__MET_MAX, SP__MET_MAX + 1, HOURS};
  for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
    unsigned hours = counts[n] - 1; /* and the rule of all others */
    for (unsigned traced = 0; traced < 2; traced++) {
      hours_open(&it, hours);
      const struct sp__met *met = &it.rater->met;
      hour_rate(&it, 3, hours, traced != 0);
      ck_assert_uint_eq(met->count, counts[n]);
      ck_assert(counts[n] > SP__MET_MAX ? met->frame == NULL : met->frame == it.rater->work.frame);
      for (unsigned hour = 0; hour < HOURS / 2; hour++) {
        hour_rate(&it, hour, hours, hour % 2 == traced);
      }
      text_rate(&it); /* now the rules that are kept are another frame's */
      ck_assert_ptr_eq(met->frame, it.rater->work.frame);
      ck_assert_uint_eq(met->count, 1);
      for (unsigned hour = HOURS / 2 - 1; hour < HOURS; hour++) {
        hour_rate(&it, hour, hours, hour % 2 == traced);
      }
      sp__cache_clear(it.rater);
      ck_assert_ptr_null(met->frame);
      hour_rate(&it, 5, hours, false);
      rate_case_close(&it);
    }
  }
}
END_TEST

/* T's group and the one above it give plan g: its rules are met once and taken once. */
START_TEST(test_plan_twice)
{
  static struct rate_case it;
  static struct sp_charge charge;
  hours_open(&it, 2);
  struct sp_usage usage = rate_case_usage(&it, 1, JUNE_UTC_S + 2 * HOUR_S - 60);
  usage.group = 0;
  usage.duration_s = 120; /* of items base and club; the second minute begins in hour 2 */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(it.rater->work.positions_count, 4);
  ck_assert_uint_eq(it.rater->met.count, 3 + 2);
  ck_assert_ptr_eq(it.rater->met.frame, it.rater->work.frame);
  ck_assert_uint_eq(charge.items_count, 2);
  ck_assert_int_eq(charge.net_micro, (12 + 10 + 2 + 2) * CENT);
  struct sp_usage message = usage; /* has item club, too: of f, by another unit */
  message.service = SP_SERVICE_SMS;
  rate_case_rate(&it, &message, &charge);
  ck_assert_int_eq(charge.net_micro, (50 + 60) * CENT);
  usage.start_utc_s = JUNE_UTC_S + HOUR_S - 60; /* hours 0 and 1 */
  rate_case_rate(&it, &usage, &charge);
  ck_assert_int_eq(charge.net_micro, (11 + 12 + 3 + 2) * CENT);
  rate_case_close(&it);
}
END_TEST

/* So many rating groups of one plan that where their hashes begin and a byte of them does not tell
 * all apart, each with a price of its own: what is fetched ahead may be another's frame, what is
 * taken is not. */
START_TEST(test_signs)
{
  enum { GROUPS = 5000, ROUNDS = 3, STEPS = SP_RATER_STEPS - 1 };
  static char table[GROUPS * 40];
  static struct rate_case it;
  static struct sp_charge charge;
  size_t length = (size_t)snprintf(table, sizeof(table),
                                   "plan,item,service,rating_group,price,per\n"
                                   "p,base,data,,9,1KB\n");
  for (unsigned i = 0; i < GROUPS; i++) {
    length += (size_t)snprintf(table + length, sizeof(table) - length,
                               "p,base,data,g%u,%u.%02u,1KB\n", 10000 + i, i / 100, i % 100);
  }
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"plans.csv", "plan,kind\np,base\ng,group\nf,family\n"},
                                        {"rates.csv", table},
                                        {NULL, NULL}};
  rate_case_open(&it, book, customers);
  static struct sp_usage usages[GROUPS];
  unsigned others = 0; /* guesses by the byte alone */
  for (unsigned i = 0; i < ROUNDS * GROUPS; i++) {
    struct sp_usage *usage = usages + i % GROUPS;
    *usage = rate_case_usage(&it, 0, JUNE_UTC_S + i);
    usage->service = SP_SERVICE_DATA;
    usage->bytes = 1024;
    usage->rating_group = 1 + i * 7 % GROUPS;
    for (int step = 1; step <= STEPS; step++) {
      rate_case_ahead(&it, usage, step);
    }
    const struct sp__guess *guess = sp__guess_of(it.rater, usage);
    const struct sp__frame *frame = guess->frame == 0 ? NULL : sp__cache_at(it.rater, guess->frame);
    others += frame != NULL && frame->rating_group != usage->rating_group;
    rate_case_rate(&it, usage, &charge);
    ck_assert_uint_eq(it.rater->work.frame->rating_group, usage->rating_group);
    ck_assert_int_eq(charge.net_micro, (int64_t)(usage->rating_group - 1) * CENT);
  }
  ck_assert_uint_gt(others, 3);
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_as_many_as_kept);
  tcase_add_test(tests, test_plan_twice);
  tcase_add_test(tests, test_signs);
  return check_run("rate_met", tests);
}
