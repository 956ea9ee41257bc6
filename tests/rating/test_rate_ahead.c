/* What is fetched ahead changes nothing: records of a tariff too large for one chunk of the rater's
 * caches, with the steps of sp_rater_prefetch before each and without any, members of two groups
 * and none with equal plans of their own, give the charges that they should; so do records for
 * which steps are left out, where what was guessed for one alike lies in their place, and records
 * that differ in any column from the one before. Where no step is left out, what is guessed is what
 * is found. */
#include "rating/book_lookup.h"
#include "rating/number.h"
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/rate_case.h"

#define TEXT_BYTES (256u << 10)

enum { PREFIXES = 4000, RECORDS = 32001, AHEAD = 4, STEPS = SP_RATER_STEPS, RING = 40 };

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
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\ng,group\nh,group\n"},
      {"destinations.csv", destinations},
      {"rates.csv", rates},
      {"allowances.csv", allowances},
      {"discounts.csv", "plan,discount,stage,kind,value\np,day,record,cap_day,9000000\n"
                        "p,month,record,cap_month,9000000\ng,day,record,cap_day,9000000\n"},
      {NULL, NULL}};
  rate_case_open(it, book, customers);
}

struct drawn {
  uint32_t customer, dest;
  uint32_t
      without; /* this step and those behind it are not taken; or 5 alone; 8: none is left out */
  bool only_fetched; /* a duplicate, as it turns out */
};

/* To one destination after the other, or to that of the record which lay in the same place before,
 * mostly by another customer. */
static struct drawn drawn_make(const struct drawn *drawn, uint32_t i)
{
  static const uint32_t without[] = {8, 8, 8, 8, 4, 4, 5, 6};
  struct drawn made = {draw(3), i / 4 % PREFIXES, without[draw(8)], draw(8) == 0};
  if (i >= RING && draw(2) == 0) {
    made.dest = drawn[i - RING].dest;
  }
  return made;
}

static struct sp_usage call_of(const struct rate_case *it, const struct drawn *drawn, uint32_t i)
{
  struct sp_usage usage = rate_case_usage(it, drawn->customer, JUNE_UTC_S + i);
  char text[16];
  int length = snprintf(text, sizeof(text), "9%u", 10000 + drawn->dest);
  uint64_t digits = sp_number_pack(text, (size_t)length).digits;
  usage.group = usage.subscriber == 0 ? SP_NONE : usage.subscriber - 1;
  usage.zone = SP_ZONE_INTERNATIONAL;
  usage.duration_s = 60 + i % 7 * 60;
  usage.dest_node = sp_book_find_dest_node(it->books.book, digits);
  return usage;
}

/* 0.10 and 0.30 to 0.79 a minute; G's plan takes 0.01 more, those of H 0.01 and 0.02. */
static int64_t net_of(const struct drawn *drawn, const struct sp_usage *usage)
{
  static const int64_t cents_of[] = {10, 11, 13};
  return usage->duration_s / 60 * (cents_of[drawn->customer] + 30 + drawn->dest % 50) * 10000;
}

static void tables_write(void)
{
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
                             "p,far,voice,international,0.%u,1min,d%u\n", 30 + i % 50, i);
    if (i >= 100 && i < 140) { /* less than a minute: it covers nothing, but is looked at */
      offers += (size_t)snprintf(allowances + offers, TEXT_BYTES - offers,
                                 "p,none%u,s,voice,%us,d%u\n", i, i % 60, i);
    }
  }
  ck_assert_uint_lt(offers, TEXT_BYTES);
  ck_assert_uint_lt(length, TEXT_BYTES);
  ck_assert_uint_lt(rows, TEXT_BYTES);
}

/* What must be forgotten of the last record. */
static void guesses_check(const struct rate_case *it, struct sp_usage *usage)
{
  const struct sp__guess *guess = sp__guess_of(it->rater, usage);
  usage->book = UINT16_MAX; /* as of a record of no book, even where it says a destination */
  for (int step = SP_RATER_STEPS_NEAR + 1; step <= STEPS; step++) {
    rate_case_ahead(it, usage, step);
  }
  ck_assert_ptr_eq(guess->usage, usage);
  ck_assert_ptr_null(guess->lead);
  usage->book = 0;
  sp__cache_clear(it->rater); /* as at a change of books: nothing is known any more */
  ck_assert_ptr_null(guess->usage);
  for (int step = SP_RATER_STEPS_NEAR + 1; step <= STEPS; step++) {
    rate_case_ahead(it, usage, step);
  }
  ck_assert_uint_eq(guess->frame, 0);
}

/* Records lie in a ring, as in the batches of a shard, and guesses are by their place. */
START_TEST(test_ahead_changes_nothing)
{
  static struct rate_case with, without;
  static struct drawn drawn[RECORDS];
  static struct sp_usage ring[RING];
  static struct sp_charge one, other;
  uint32_t right = 0, wrong = 0, stale = 0; /* wrong: though no step was left out */
  draw_begin(20261130);
  tables_write();
  books_open(&with);
  books_open(&without);
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), SP_RATER_STEPS_NEAR); /* nothing is known */
  for (uint32_t i = 0; i < RECORDS + (STEPS - 1) * AHEAD; i++) { /* record i comes into sight */
    if (i < RECORDS) {
      drawn[i] = drawn_make(drawn, i);
      ring[i % RING] = call_of(&with, drawn + i, i);
    }
    for (uint32_t step = 1; step <= STEPS; step++) {
      uint32_t at = i - (step - 1) * AHEAD;
      if (at < RECORDS && (step < drawn[at].without || (drawn[at].without == 5 && step > 5))) {
        rate_case_ahead(&with, ring + at % RING, (int)step);
      }
    }
    uint32_t now = i - (STEPS - 1) * AHEAD;
    if (now >= RECORDS || drawn[now].only_fetched) {
      continue;
    }
    const struct sp_usage *usage = ring + now % RING, plain = *usage;
    const struct sp__guess *guess = sp__guess_of(with.rater, usage);
    uint32_t guessed = guess->usage == usage ? guess->frame : 0;
    rate_case_rate(&with, usage, &one);
    if (guessed != 0) {
      bool same = sp__cache_at(with.rater, guessed) == (const void *)with.rater->work.frame;
      right += same;
      wrong += !same && drawn[now].without > STEPS;
      stale += !same && drawn[now].without <= STEPS;
    }
    rate_case_rate(&without, &plain, &other);
    ck_assert_mem_eq(&one, &other, sizeof(one));
    ck_assert_uint_eq(one.outcome, SP_OUTCOME_RATED);
    ck_assert_int_eq(one.net_micro, net_of(drawn + now, usage));
  }
  ck_assert_uint_gt(right, RECORDS / 4);
  ck_assert_uint_lt(wrong, RECORDS / 100); /* a byte of their hashes was alike */
  ck_assert_uint_gt(stale, RECORDS / 50);
  ck_assert_int_eq(sp_rater_prefetch_steps(with.rater), STEPS);
  ck_assert_uint_gt(with.rater->frames.count, 2 * PREFIXES);
  ck_assert_uint_gt(with.rater->frames.size, SP__FRAMES_LEAST);
  guesses_check(&with, ring + (RECORDS - 1) % RING);
  rate_case_close(&with);
  rate_case_close(&without);
}
END_TEST

static const struct rate_case_file guess_book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind,valid_from,valid_to\np,base,,\nq,base,,\ng,group,,\nh,group,,\n"
                  "old,add_on,,2026-05-01\nnew,add_on,2030-01-01,\nlater,add_on,,\n"},
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

/* Another, whose plan asks for no destination, beside the three, one of two plans that count, two
 * that do not, one to come and one that is over, and one whose only plan is gone. */
static const struct rate_case_file guess_customers[] = {
    {"accounts.csv", "account\nA\nGA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,13800000001,A\nT,13800000002,A\n"
                        "U,13800000003,A\nV,13800000004,A\nW,13800000005,A\n"
                        "X,13800000006,A\n"},
    {"groups.csv", "group,kind,account\nG,enterprise,GA\nH,enterprise,GA\n"},
    {"members.csv", "group,subscriber\nG,T\nH,U\n"},
    {"subscriptions.csv",
     "owner,plan,from,to\nsubscriber:S,p,2026-01-01,\nsubscriber:T,p,2026-01-01,\n"
     "subscriber:U,p,2026-01-01,\nsubscriber:V,q,2026-01-01,\n"
     "subscriber:W,p,2026-01-01,\nsubscriber:W,q,2026-01-01,\n"
     "subscriber:W,old,2026-01-01,\nsubscriber:W,new,2026-01-01,\n"
     "subscriber:W,later,2029-01-01,\nsubscriber:W,later,2025-01-01,2025-02-01\n"
     "subscriber:X,old,2026-01-01,\n"
     "group:G,g,2026-01-01,\ngroup:H,g,2026-01-01,\ngroup:H,h,2026-01-01,\n"},
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
 * record in hand, as with a rater that keeps nothing. */
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
  for (uint32_t round = 0; round < 10000; round++) {
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
    sp__cache_clear(without.rater); /* nothing that was kept can mislead it */
    rate_case_rate(&without, kinds + changed, &other);
    ck_assert_mem_eq(&one, &other, sizeof(one));
  }
  ck_assert_uint_gt(guessed, 2500); /* more features than a lead has frames */
  rate_case_close(&with);
  rate_case_close(&without);
  rate_case_close(&later[0]);
  rate_case_close(&later[1]);
}
END_TEST

/* In the place of a record of which only the first steps were taken lies another one, of which they
 * were not: without a customer, of no book, of another book. Nothing is read of what it has not. */
START_TEST(test_guess_of_one_gone)
{
  static struct rate_case it, later;
  rate_case_open_two(&it, &later, guess_book, guess_book_later, guess_customers);
  static struct sp_charge charge;
  for (uint32_t i = 0; i < GUESS_KINDS; i++) {
    const struct sp_usage usage = guess_usage(&it, i);
    rate_case_rate(&it, &usage, &charge);
  }
  for (uint32_t i = 0; i < GUESS_KINDS * 5; i++) {
    for (int change = 0; change < 3; change++) {
      for (int step = SP_RATER_STEPS_NEAR + 2; step <= SP_RATER_STEPS; step++) {
        struct sp_usage usage = guess_usage(&it, i / 5);
        usage.subscriber = i % 5 >= 3 ? i % 5 + 1 : usage.subscriber;
        for (int before = SP_RATER_STEPS_NEAR + 1; before < step; before++) {
          rate_case_ahead(&it, &usage, before);
        }
        usage.subscriber = change == 0 ? SP_NONE : usage.subscriber;
        usage.book = change == 1 ? UINT16_MAX : (uint16_t)(1 - usage.book);
        const struct sp__guess kept = *sp__guess_of(it.rater, &usage);
        for (int behind = step; behind <= SP_RATER_STEPS; behind++) {
          rate_case_ahead(&it, &usage, behind);
        }
        ck_assert_mem_eq(&kept, sp__guess_of(it.rater, &usage), sizeof(kept));
      }
    }
  }
  struct sp_usage unpriced = guess_usage(&it, 0); /* its frame has no choice */
  unpriced.service = SP_SERVICE_MMS;
  unpriced.items = 1;
  rate_case_rate(&it, &unpriced, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_NO_RATE);
  for (int step = SP_RATER_STEPS_NEAR + 1; step <= SP_RATER_STEPS; step++) {
    rate_case_ahead(&it, &unpriced, step);
  }
  ck_assert_uint_ne(sp__guess_of(it.rater, &unpriced)->frame, 0);
  rate_case_close(&it);
  rate_case_close(&later);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_ahead_changes_nothing);
  tcase_add_test(tests, test_guess_of_another);
  tcase_add_test(tests, test_guess_of_one_gone);
  return check_run("rate_ahead", tests);
}
