/* Two books, customers that move, records in any order: late ones, chains over the moves, pre-rated
 * ones. A rater that is listened to charges what one that is not does; payers add up to the net. */
#include "rating/rate_parts.h"
#include "rating/trace.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"

enum { ROUNDS = 4000 };

/* From 2026-06-05: other allowances of the same name or none, another plan or none. */
static const struct rate_case_file later_book[] = {
    {"book.yaml", "name: later\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2026-06-05\n"},
    {"bands.csv", "band,days,from,to\na,all,08:00,08:10\na,all,08:20,08:30\nb,all,00:00,08:00\n"
                  "b,all,08:10,08:20\nb,all,08:30,24:00\n"},
    {"destinations.csv", "destination,prefix\nasia,81\ntokyo,813\n"},
    {"plans.csv", "plan,kind\np,base\ng,group\n"},
    {"rates.csv",
     "plan,item,service,direction,zone,dest,band,priority,connect_fee,price,per,"
     "increment,counter,rounding,digits\n"
     "p,base,voice,,,,,,0.05,0.3,1min,,,ceil,2\np,ld,voice,mo,domestic,,,,,0.013,6s,,,,3\n"
     "p,ld,voice,mo,,asia,,,,0.023,6s,,,,3\np,data,data,,,,,,,0.3,1MB,10KB,cycle,,3\n"
     "g,ld,voice,mo,local;domestic,,,,0.01,0.009,6s,,,,3\n"},
    {"allowances.csv", "plan,allowance,unit,service,amount,scope,priority,rollover\n"
                       "p,bytes,s,voice,2min,own,1,1\np,mine,s,voice,3min,own,2,1\n"
                       "g,other,s,voice,20min,pool,3,\n"},
    {"discounts.csv",
     "plan,discount,item,service,kind,value,set,priority\n"
     "p,a,,,percent,10,s,1\np,b,base,,percent,20,s,1\np,c,data,,free,,s,1\n"
     "p,d1,,,cap_day,9,,2\np,d2,base,,cap_day,8,,3\np,d3,ld,,cap_day,7,,4\n"
     "p,d4,,,cap_month,80,,5\np,d5,base,,cap_month,70,,6\np,d6,ld,,cap_month,60,,7\n"
     "p,d7,data,,cap_month,50,,8\np,d8,data,,cap_day,5,,9\np,d9,,,price_cap,4,,10\n"},
    {"payers.csv", "plan,payer,item,service,mode,value,member_cap,group_cap,priority\n"
                   "g,half,,voice,share,50,150,,1\ng,rest,ld,,amount,20,,90,2\n"},
    {NULL, NULL}};

/* S moves from one group to another and out of all; T comes late. K's plan is in one book only. */
static const struct rate_case_file moving_customers[] = {
    {"accounts.csv", "account\nA\nGA\nHA\n"},
    {"subscribers.csv", "subscriber,number,account\nS,8613800000001,A\nT,8613800000002,A\n"},
    {"groups.csv", "group,kind,account,parent,from,to\nG,enterprise,GA,,,\nH,enterprise,HA,,,\n"
                   "I,enterprise,GA,G,,2026-06-03T08:05:00\nF,family,,,,\n"},
    {"members.csv", "group,subscriber,from,to\nG,S,,2026-06-04\nH,S,2026-06-04,2026-06-07\n"
                    "I,T,2026-06-02,2026-06-06\nF,S,2026-06-02,2026-06-08\n"},
    {"subscriptions.csv", "owner,plan,from,to\nsubscriber:S,p,2025-01-01,\nsubscriber:T,p,2025-01-"
                          "01,2026-06-06T08:08:00\n"
                          "group:G,g,2026-05-20,\ngroup:H,g,2026-06-05,\ngroup:I,g,2026-06-01,\n"
                          "group:F,f,2025-01-01,2026-06-04T08:15:00\n"},
    {NULL, NULL}};

static void open_two(struct rate_case *it)
{
  static struct rate_case laters[8]; /* only for their images, which live until the end */
  static unsigned opened;
  rate_case_need(opened < 8, "more cases of two books");
  rate_case_open_two(it, &laters[opened++], tariff_book, later_book, moving_customers);
}

static void listen(void *context, const struct sp_trace_event *event)
{
  unsigned *heard = context;
  heard[event->kind]++;
}

/* Days go by with the rounds; some records are of one to four days before. */
static struct sp_usage moving_usage(const struct rate_case *it, int round)
{
  struct sp_usage usage = tariff_usage(it);
  int day = round * 10 / ROUNDS - (draw(4) == 0 ? (int)draw(5) : 0);
  usage.start_utc_s = JUNE_UTC_S + 8 * 3600 - 600 + draw(3000) + day * 86400;
  usage.book = (uint16_t)sp_books_at(&it->books, usage.start_utc_s);
  usage.account = sp_directory_account_at(it->directory, usage.subscriber, usage.start_utc_s);
  usage.domain = sp_directory_domain_at(it->directory, usage.subscriber, usage.start_utc_s);
  usage.dest_node = 0;
  usage.rating_group = 0;
  if (draw(3) == 0) {
    usage.chain_hash[0] = 1 + (uint64_t)(round * 300 / ROUNDS) + draw(20);
    usage.partial = SP_PARTIAL_MIDDLE;
    usage.start_utc_s = JUNE_UTC_S + (int64_t)usage.chain_hash[0] * 2500;
    usage.subscriber = usage.chain_hash[0] % 2;
    usage.book = (uint16_t)sp_books_at(&it->books, usage.start_utc_s);
    usage.domain = sp_directory_domain_at(it->directory, usage.subscriber, usage.start_utc_s);
    usage.service = usage.chain_hash[0] % 3 == 0 ? SP_SERVICE_DATA : SP_SERVICE_VOICE;
  } else if (draw(10) == 0) {
    usage.has_charge = 1;
    usage.charge_micro = draw(2) * 12345;
  }
  return usage;
}

START_TEST(test_late)
{
  static struct rate_case plain, traced;
  static struct sp_charge charge, again;
  draw_begin(20261130);
  unsigned heard[64] = {0}, late = 0, rated = 0, paid = 0;
  open_two(&plain);
  open_two(&traced);
  for (int round = 0; round < ROUNDS; round++) {
    struct sp_usage usage = moving_usage(&plain, round);
    struct sp_trace trace = {heard, listen};
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    rate_case_rate(&plain, &usage, &charge);
    rate_case_need(sp_rater_notice(traced.rater, &usage) == SP_OK, "notice");
    rate_case_need(sp_rate(traced.rater, &usage, &again, &trace) == SP_OK, "rate");
    ck_assert_msg(memcmp(&charge, &again, sizeof(charge)) == 0, "round %d", round);
    int64_t sum = 0;
    for (unsigned i = 0; i < charge.payers_count; i++) {
      sum += charge.payers[i].amount_micro;
    }
    ck_assert_int_eq(sum, charge.net_micro);
    ck_assert(usage.partial != SP_PARTIAL_WHOLE || charge.net_micro >= 0);
    late += (charge.flags & SP_FLAG_LATE) != 0;
    rated += charge.outcome == SP_OUTCOME_RATED;
    paid += charge.payers_count > 1;
  }
  printf("%u rated, %u late, %u with payers\n", rated, late, paid);
  ck_assert_uint_gt(rated, ROUNDS / 3);
  ck_assert_uint_gt(late, 100);
  ck_assert_uint_gt(paid, 10);
  rate_case_close(&plain);
  rate_case_close(&traced);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_late);
  return check_run("rate_late", tests);
}
