/* Events of a rating: they change nothing, and they add up: increments and fee to the list, what is
 * covered to what allowances gave, the last pass to the net, payers and own account to the net. */
#include "rating/money.h"
#include "rating/trace.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"

enum { ROUNDS = 600, ITEMS_MAX = 16 };

struct heard { /* by item name id of the book */
  unsigned counts[SP_TRACE_CHAIN + 1];
  unsigned whys[SP_WHY_LATE + 1];
  sp_i128 sums[ITEMS_MAX];
  int64_t denominators[ITEMS_MAX];
  int64_t increments[ITEMS_MAX], list[ITEMS_MAX], due[ITEMS_MAX], pass[ITEMS_MAX];
  bool listed[ITEMS_MAX], passed[ITEMS_MAX];
  int64_t covered, paid, own, chain_net;
};

static void hear_price(struct heard *heard, const struct sp_trace_event *event)
{
  uint32_t item = event->item;
  ck_assert_uint_lt(item, ITEMS_MAX);
  if (heard->denominators[item] == 0) {
    heard->denominators[item] = event->denominator;
  }
  int64_t count = event->kind == SP_TRACE_RUN ? event->count : 1;
  /* Denominators of the tariff divide 10^6: a common one. */
  heard->sums[item] += (sp_i128)count * event->price * (1000000 / event->denominator);
  heard->increments[item] += event->kind == SP_TRACE_RUN ? count : 0;
  ck_assert_int_eq(1000000 % event->denominator, 0);
}

static void hear(void *context, const struct sp_trace_event *event)
{
  struct heard *heard = context;
  heard->counts[event->kind]++;
  heard->whys[event->why]++;
  switch (event->kind) {
  case SP_TRACE_RUN:
  case SP_TRACE_FEE:
    hear_price(heard, event);
    break;
  case SP_TRACE_LIST:
    heard->listed[event->item] = true;
    heard->list[event->item] = event->amount_micro;
    ck_assert_int_eq(event->count, heard->increments[event->item]);
    break;
  case SP_TRACE_COVER:
    ck_assert_int_eq(event->before - event->after, event->size * event->count);
    ck_assert_int_ge(event->after, 0);
    heard->covered += event->size * event->count;
    break;
  case SP_TRACE_PASS:
    heard->passed[event->item] = true;
    heard->pass[event->item] = event->amount_micro;
    break;
  case SP_TRACE_PAYER:
    heard->paid += event->amount_micro;
    break;
  case SP_TRACE_OWN:
    heard->own = event->amount_micro;
    break;
  case SP_TRACE_CHAIN:
    heard->chain_net = event->after - event->before;
    break;
  case SP_TRACE_DUE:
    heard->due[event->item] = event->amount_micro;
    break;
  case SP_TRACE_PLAN:
  case SP_TRACE_SEGMENT:
  case SP_TRACE_RULE:
  case SP_TRACE_CHOSEN:
  case SP_TRACE_PASSED:
  case SP_TRACE_GRANT:
  case SP_TRACE_SHARE:
  case SP_TRACE_FREE:
  case SP_TRACE_PART:
  case SP_TRACE_WAIVE:
  case SP_TRACE_DISCOUNT:
  case SP_TRACE_BLOCK:
  case SP_TRACE_COUNTED:
    break;
  }
}

static void adds_up(const struct heard *heard, const struct sp_charge *charge)
{
  unsigned listed = 0, item = 0;
  int64_t covered = 0, payers = 0;
  for (unsigned i = 0; i < charge->allowances_count; i++) {
    covered += charge->allowances[i].used;
  }
  for (unsigned i = 0; i < charge->payers_count; i++) {
    payers += charge->payers[i].amount_micro;
  }
  for (unsigned i = 0; i < ITEMS_MAX; i++) {
    if (!heard->listed[i]) {
      continue;
    }
    listed++; /* charge items are by name, and so are the book's ids */
    ck_assert_uint_lt(item, charge->items_count);
    ck_assert_int_eq(charge->items[item].list_micro, heard->list[i]);
    ck_assert_int_eq(charge->items[item].increments, heard->increments[i]);
    if (heard->passed[i]) {
      ck_assert_int_eq(charge->items[item].net_micro, heard->pass[i]);
    }
    /* Rounded up to 2 decimals, or half up to 3: never further off than a step. */
    int64_t exact = (int64_t)(heard->sums[i] / 1000000);
    ck_assert_int_lt(llabs(charge->items[item].list_micro - exact), 10001);
    item++;
  }
  ck_assert_uint_eq(listed, charge->items_count);
  ck_assert_int_eq(heard->covered, covered);
  ck_assert_int_eq(heard->paid + heard->own, charge->net_micro);
  ck_assert_int_eq(payers, charge->net_micro);
}

START_TEST(test_adds_up)
{
  static struct rate_case plain, traced;
  static struct sp_charge charge, again;
  draw_begin(20261130);
  struct heard all = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, 0, 0, 0, 0};
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&traced, tariff_book, tariff_customers);
  for (int round = 0; round < ROUNDS; round++) {
    struct sp_usage usage = tariff_usage(&plain);
    struct heard heard;
    memset(&heard, 0, sizeof(heard));
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    bool partial = draw(4) == 0;
    usage.chain_hash[0] = partial ? draw(20) + 1 : 0;
    usage.partial = partial ? SP_PARTIAL_MIDDLE : SP_PARTIAL_WHOLE;
    struct sp_trace trace = {&heard, hear};
    rate_case_rate(&plain, &usage, &charge);
    rate_case_need(sp_rater_notice(traced.rater, &usage) == SP_OK, "notice");
    ck_assert_int_eq(sp_rate(traced.rater, &usage, &again, &trace), SP_OK);
    ck_assert_mem_eq(&charge, &again, sizeof(charge));
    if (!partial) {
      adds_up(&heard, &charge);
    } else {
      ck_assert_int_eq(heard.chain_net, charge.net_micro);
    }
    for (unsigned i = 0; i <= SP_TRACE_CHAIN; i++) {
      all.counts[i] += heard.counts[i];
    }
    for (unsigned i = 0; i <= SP_WHY_SET_LOST; i++) {
      all.whys[i] += heard.whys[i];
    }
  }
  for (unsigned i = 0; i <= SP_TRACE_CHAIN; i++) { /* all that a sink can hear was heard */
    /* Nobody of this tariff comes in the middle of a cycle: golden 14 and tests/cli have grants. */
    ck_assert_msg(all.counts[i] > 0 || i == SP_TRACE_GRANT, "event %u never came", i);
  }
  for (unsigned i = 0; i <= SP_WHY_SET_LOST; i++) {
    /* UNIT: only where two group plans count an item that no base plan has in two units. */
    ck_assert_msg(all.whys[i] > 0 || i == SP_WHY_UNIT, "why %u never came", i);
  }
  rate_case_close(&plain);
  rate_case_close(&traced);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_adds_up);
  return check_run("rate_trace", tests);
}
