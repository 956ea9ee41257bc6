/* Closed form against a loop: records of random plans (slots, counters, bands that change in the
 * middle of a call, the three band modes, connect fee, an allowance) priced by the engine and by
 * one increment after the other. */
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/rate_case.h"

enum { SLOTS_MAX = 3, PLANS = 60, RECORDS = 60, EDGE_S = 100, EDGES = 12, SEVEN_S = 7 * 3600 };

struct rule { /* of one band */
  int64_t from[SLOTS_MAX], size[SLOTS_MAX], price[SLOTS_MAX];
  int slots;
  bool counter;
  int64_t counted;
};

struct plan {
  struct rule rules[2]; /* band a, band b */
  int mode;             /* unit_start, call_start, split_ceil */
  int64_t fee[2];
  int64_t free_s; /* allowance, 0 = none */
  bool free_in_a; /* it holds in band a only */
  int64_t left_s;
};

/* Band a and b take turns every 100 s from 07:00 on; at all other times it is b. */
static int band_at(int64_t second_of_day)
{
  int64_t edge = second_of_day - SEVEN_S;
  return edge >= 0 && edge < EDGES * EDGE_S && edge / EDGE_S % 2 == 0 ? 0 : 1;
}

struct priced {
  int64_t list, net, increments, covered_s;
  bool all_covered;
};

struct increment { /* the one at hand */
  int rule;
  int64_t allowance_at; /* second of the day at which an allowance must hold */
  int64_t offset, limit;
};

/* Its size. */
static int64_t increment_price(struct plan *plan, const struct increment *at, struct priced *sum)
{
  struct rule *rule = &plan->rules[at->rule];
  int64_t position = rule->counter ? rule->counted : at->offset;
  int slot = 0;
  while (slot + 1 < rule->slots && rule->from[slot + 1] <= position) {
    slot++;
  }
  int64_t size = rule->size[slot], left = at->limit - at->offset, used = left < size ? left : size;
  rule->counted += rule->counter ? used : 0;
  sum->list += rule->price[slot];
  sum->increments++;
  bool matches = plan->free_s > 0 && (!plan->free_in_a || band_at(at->allowance_at) == 0);
  if (matches && plan->left_s >= size) {
    plan->left_s -= size;
    sum->covered_s += size;
  } else {
    sum->net += rule->price[slot];
    sum->all_covered = false;
  }
  return size;
}

static struct priced loop_price(struct plan *plan, int64_t second_of_day, int64_t quantity)
{
  struct priced sum = {0, 0, 0, 0, true};
  int first = band_at(second_of_day);
  for (int64_t offset = 0; offset < quantity;) {
    int band = band_at(second_of_day + offset);
    struct increment at = {plan->mode == 1 ? first : band, 0, offset, quantity};
    if (plan->mode == 2) { /* the piece ends where the band changes */
      at.limit = offset + 1;
      while (at.limit < quantity && band_at(second_of_day + at.limit) == band) {
        at.limit++;
      }
    }
    do {
      at.allowance_at = plan->mode == 1 ? second_of_day : second_of_day + at.offset;
      at.offset += increment_price(plan, &at, &sum);
    } while (plan->mode != 0 && at.offset < at.limit);
    offset = at.offset < at.limit ? at.offset : at.limit;
  }
  sum.list += plan->fee[first];
  sum.net += sum.all_covered ? 0 : plan->fee[first];
  return sum;
}

static void rule_make(struct rule *rule)
{
  memset(rule, 0, sizeof(*rule));
  rule->slots = 1 + (int)draw(SLOTS_MAX);
  rule->counter = draw(3) == 0;
  int64_t from = 0;
  for (int s = 0; s < rule->slots; s++) {
    rule->from[s] = from;
    rule->size[s] = 1 + draw(draw(2) == 0 ? 10 : draw(4) == 0 ? 400 : 90);
    rule->price[s] = draw(4) == 0 ? 0 : (int64_t)draw(500000);
    from += 1 + draw(300);
  }
}

static void plan_make(struct plan *plan)
{
  memset(plan, 0, sizeof(*plan));
  rule_make(&plan->rules[0]);
  rule_make(&plan->rules[1]);
  plan->rules[1].counter = plan->rules[0].counter; /* one item: likewise in both is not asked */
  plan->mode = (int)draw(3);
  plan->fee[0] = draw(2) == 0 ? 0 : (int64_t)draw(900000);
  plan->fee[1] = draw(2) == 0 ? 0 : (int64_t)draw(900000);
  plan->free_s = draw(3) == 0 ? 0 : 60 * (int64_t)(1 + draw(60));
  plan->free_in_a = draw(2) == 0;
  plan->left_s = plan->free_s;
}

static size_t rule_text(const struct plan *plan, int band, char *to, size_t room)
{
  static const char *const modes[] = {"unit_start", "call_start", "split_ceil"};
  const struct rule *rule = &plan->rules[band];
  size_t length = 0;
  for (int s = 0; s < rule->slots; s++) {
    char fee[32] = "";
    if (s == 0) {
      snprintf(fee, sizeof(fee), "0.%06lld", (long long)plan->fee[band]);
    }
    length += (size_t)snprintf(
        to + length, room - length, "p,base,voice,%c,%llds,%s,0.%06lld,%llds,%s,6,%s\n", 'a' + band,
        (long long)rule->from[s], fee, (long long)rule->price[s], (long long)rule->size[s],
        rule->counter ? "cycle" : "", modes[plan->mode]);
  }
  return length;
}

static void bands_text(char *to, size_t room)
{
  size_t length = (size_t)snprintf(to, room, "band,days,from,to\nb,all,00:00,07:00\n");
  for (int e = 0; e < EDGES; e++) {
    int from = SEVEN_S + e * EDGE_S, until = from + EDGE_S;
    length += (size_t)snprintf(to + length, room - length, "%c,all,%02d:%02d:%02d,%02d:%02d:%02d\n",
                               e % 2 == 0 ? 'a' : 'b', from / 3600, from / 60 % 60, from % 60,
                               until / 3600, until / 60 % 60, until % 60);
  }
  int last = SEVEN_S + EDGES * EDGE_S;
  snprintf(to + length, room - length, "b,all,%02d:%02d:%02d,24:00\n", last / 3600, last / 60 % 60,
           last % 60);
}

static void case_make(struct rate_case *it, const struct plan *plan)
{
  static char rates[4096], bands[2048], allowances[512];
  size_t length = (size_t)snprintf(
      rates, sizeof(rates),
      "plan,item,service,band,from,connect_fee,price,per,counter,digits,band_mode\n");
  length += rule_text(plan, 0, rates + length, sizeof(rates) - length);
  rule_text(plan, 1, rates + length, sizeof(rates) - length);
  bands_text(bands, sizeof(bands));
  snprintf(allowances, sizeof(allowances), "plan,allowance,unit,service,band,amount\n");
  if (plan->free_s > 0) {
    snprintf(allowances, sizeof(allowances),
             "plan,allowance,unit,service,band,amount\np,free,s,voice,%s,%llds\n",
             plan->free_in_a ? "a" : "", (long long)plan->free_s);
  }
  const struct rate_case_file book[] = {BOOK_YAML,
                                        {"bands.csv", bands},
                                        {"plans.csv", "plan,kind\np,base\n"},
                                        {"rates.csv", rates},
                                        {"allowances.csv", allowances},
                                        {NULL, NULL}};
  rate_case_open(it, book, one_customer);
}

START_TEST(test_closed_form)
{
  static struct rate_case it;
  static struct sp_charge charge;
  draw_begin(20261130);
  const int64_t midnight = JUNE_UTC_S;
  for (int p = 0; p < PLANS; p++) {
    struct plan plan;
    plan_make(&plan);
    case_make(&it, &plan);
    for (int r = 0; r < RECORDS; r++) {
      int64_t second = SEVEN_S - 300 + draw(EDGES * EDGE_S + 400), quantity = 1 + draw(700);
      struct sp_usage usage = rate_case_usage(&it, 0, midnight + 86400 * (r % 20) + second);
      usage.duration_s = quantity;
      int64_t left_s = plan.left_s;
      struct priced expected = loop_price(&plan, second, quantity);
      rate_case_rate(&it, &usage, &charge);
      ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
      ck_assert_msg(charge.list_micro == expected.list,
                    "plan %d record %d: second %lld, %lld s, mode %d: %lld, expected %lld", p, r,
                    (long long)second, (long long)quantity, plan.mode, (long long)charge.list_micro,
                    (long long)expected.list);
      ck_assert_int_eq(charge.items[0].increments, expected.increments);
      if (expected.list == 0) { /* it costs nothing, so allowances give nothing (§10.6.2) */
        plan.left_s = left_s;
        expected.covered_s = 0;
      }
      ck_assert_int_eq(charge.net_micro, expected.net);
      ck_assert_int_eq(charge.allowances_count > 0 ? charge.allowances[0].used : 0,
                       expected.covered_s);
      if (charge.allowances_count > 0) {
        ck_assert_int_eq(charge.allowances[0].left, plan.left_s);
      }
    }
    rate_case_close(&it);
  }
}
END_TEST

/* A call of 10^17 s by the second costs no more work than a short one, and its sum is exact. */
START_TEST(test_long_call)
{
  static struct rate_case it;
  static struct sp_charge charge;
  const struct rate_case_file book[] = {
      BOOK_YAML,
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv", "plan,item,service,price,per,digits\np,base,voice,0.000007,1s,6\n"},
      {NULL, NULL}};
  rate_case_open(&it, book, one_customer);
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = INT64_C(100000000000000000);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
  ck_assert_int_eq(charge.list_micro, INT64_C(700000000000000000));
  ck_assert_int_eq(charge.items[0].increments, INT64_C(100000000000000000));
  usage.duration_s = INT64_C(999999999999999999);
  for (int i = 0; i < 2; i++) { /* 7 x 10^18 fits int64 */
    rate_case_rate(&it, &usage, &charge);
    ck_assert_int_eq(charge.list_micro, INT64_C(6999999999999999993));
  }
  rate_case_close(&it);
}
END_TEST

/* A call whose increments come from plans with unlike denominators: sevenths in one band, thirds
 * (and for one of the groups ninths of a fen's thousandth) in the others; the sum is exact until it
 * is rounded once. */
START_TEST(test_denominators)
{
  static struct rate_case it;
  static struct sp_charge charge;
  static char bands[2048];
  bands_text(bands, sizeof(bands));
  const struct rate_case_file book[] = {
      BOOK_YAML,
      {"bands.csv", bands},
      {"plans.csv", "plan,kind\np,base\ng,group\n"},
      {"rates.csv", "plan,item,service,band,connect_fee,price,per,digits,rounding\n"
                    "p,base,voice,,1/11,1/7,10s,6,floor\ng,base,voice,a,1/13,1/3,10s,6,floor\n"},
      {NULL, NULL}};
  const struct rate_case_file customers[] = {
      {"accounts.csv", "account\nA\n"},
      {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\n"},
      {"groups.csv", "group,kind\nG,enterprise\n"},
      {"members.csv", "group,subscriber\nG,S\n"},
      {"subscriptions.csv", "owner,plan,from\nsubscriber:S,p,2025-01-01\ngroup:G,g,2025-01-01\n"},
      {NULL, NULL}};
  rate_case_open(&it, book, customers);
  for (int r = 0; r < 200; r++) {
    int64_t second = SEVEN_S - 100 + draw(EDGES * EDGE_S), quantity = 1 + draw(900);
    struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S + second);
    usage.duration_s = quantity;
    int64_t sevenths = 0, thirds = 0, first = band_at(second);
    for (int64_t offset = 0; offset < quantity; offset += 10) {
      *(band_at(second + offset) == 0 ? &thirds : &sevenths) += 1;
    }
    /* In units of 1 / (3 x 7 x 11 x 13) micro. */
    __extension__ __int128 sum = (__int128)(thirds * 1001 + sevenths * 429) * 1000000;
    sum += (__int128)(first == 0 ? 231 : 273) * 1000000;
    rate_case_rate(&it, &usage, &charge);
    ck_assert_int_eq(charge.list_micro, (int64_t)(sum / 3003));
    ck_assert_int_eq(charge.items[0].increments, thirds + sevenths);
  }
  rate_case_close(&it);
}
END_TEST

/* Bands that change too often within one call, or a sum that does not fit, are `overflow`, at once.
 */
START_TEST(test_too_much)
{
  static struct rate_case it;
  static struct sp_charge charge;
  static char bands[2048];
  bands_text(bands, sizeof(bands));
  const struct rate_case_file book[] = {
      BOOK_YAML,
      {"bands.csv", bands},
      {"plans.csv", "plan,kind\np,base\n"},
      {"rates.csv",
       "plan,item,service,band,from,price,per,counter\n"
       "p,base,voice,a,,0,1s,\np,base,voice,b,,0,1s,\n"
       "p,text,sms,,,9000000000,1,\np,more,vas,,,1,1,cycle\np,more,vas,,5,0,1,cycle\n"},
      {NULL, NULL}};
  rate_case_open(&it, book, one_customer);
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = INT64_C(999999999999999999);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  usage.service = SP_SERVICE_SMS;
  usage.items = 1024;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
  ck_assert_int_eq(charge.list_micro, INT64_C(9216000000000000000));
  usage.items = 1025;
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  usage.items = INT64_C(999999999999999999);
  rate_case_rate(&it, &usage, &charge);
  ck_assert_uint_eq(charge.reason, SP_REASON_OVERFLOW);
  usage.service = SP_SERVICE_VAS; /* the counter fits nine times */
  for (int i = 0; i < 10; i++) {
    rate_case_rate(&it, &usage, &charge);
    ck_assert_uint_eq(charge.reason, i < 9 ? 0 : SP_REASON_OVERFLOW);
  }
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_closed_form);
  tcase_add_test(tests, test_long_call);
  tcase_add_test(tests, test_denominators);
  tcase_add_test(tests, test_too_much);
  return check_run("rate_price", tests);
}
