/* Cells of cycles that nothing within the window can reach are dropped (rating/README.md, "State"):
 * no charge is another one for it, chains with an old lead included; a customer of many years stays
 * small, one whose room is full has it again; a state that is saved and loaded on the way is the
 * same. */
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"

#include <stdio.h>
#include <string.h>

enum { DAYS = 1461, RECORDS_A_DAY = 4, ENTRY_BYTES = 1 << 20 };
#define WINDOW_S (INT64_C(62) * 86400)

static const char discounts[] =
    "plan,discount,item,service,kind,value,threshold,set,priority\n"
    "p,ten,base,,percent,10,,,1\np,block,data,data,block_cap,0.80,4MB,,1\n"
    "p,day,,,cap_day,2.50,,,1\np,second,,voice,cap_day,1.90,,,2\np,third,,data,cap_day,1.30,,,3\n"
    "p,month,,,cap_month,60,,,4\ng,five,,voice,percent,5,,duo,1\n";

static void open_case(struct rate_case *it, int64_t window_s)
{
  struct rate_case_file book[RATE_CASE_FILES_MAX];
  size_t count = 0;
  for (; tariff_book[count].name != NULL; count++) {
    book[count] = tariff_book[count];
    if (strcmp(book[count].name, "discounts.csv") == 0) {
      book[count].text = discounts;
    }
  }
  book[count] = tariff_book[count];
  rate_case_open(it, book, tariff_customers);
  sp_rater_set_window(it->rater, window_s);
}

struct entries {
  uint64_t count;
  size_t length;
  uint8_t bytes[ENTRY_BYTES];
};

static enum sp_status entry_add(void *context, const struct sp_state_entry *entry)
{
  struct entries *all = context;
  if (entry->key[0] == SP_STATE_CHAIN) { /* stays as it is: compared by what it makes of records */
    return SP_OK;
  }
  size_t length = entry->key_length + entry->value_length;
  ck_assert_uint_le(all->length + length, ENTRY_BYTES);
  memcpy(all->bytes + all->length, entry->key, entry->key_length);
  memcpy(all->bytes + all->length + entry->key_length, entry->value, entry->value_length);
  all->length += length;
  all->count++;
  return SP_OK;
}

/* Partial of a new chain in every sixth cycle, else of a late or of a very old one. */
static void partial_make(struct sp_usage *usage, int day)
{
  static uint64_t session;
  bool fresh = session == 0 || (day / 30 % 6 == 0 && draw(2) == 0);
  uint64_t last = session - (session > 8 ? 8 : session);
  session += fresh;
  usage->chain_hash[0] = usage->subscriber + 1;
  usage->chain_hash[1] = fresh          ? session
                         : draw(2) == 0 ? 1 + draw((uint32_t)session)
                                        : last + 1 + draw(8);
  usage->partial = SP_PARTIAL_MIDDLE;
  usage->seq = (int64_t)draw(100);
  usage->duration_s = usage->service == SP_SERVICE_DATA ? 0 : usage->duration_s % 200 + 1;
  usage->bytes = usage->bytes % 500000;
}

/* A record of the day, or one that is up to the whole window late. */
static struct sp_usage usage_at(const struct rate_case *it, int day, int64_t *latest, bool chains)
{
  const int64_t first = INT64_C(1735660800); /* 2025-01-01 in Shanghai */
  struct sp_usage usage = tariff_usage(it);
  int64_t of_day = (usage.start_utc_s - first) % 86400;
  usage.start_utc_s = first + (int64_t)day * 86400 + of_day;
  *latest = usage.start_utc_s > *latest ? usage.start_utc_s : *latest;
  if (draw(3) == 0) {
    int64_t days = draw(2) == 0 ? draw(63) : 60 + draw(3);
    usage.start_utc_s -= days * 86400;
    int64_t earliest = *latest - WINDOW_S;
    usage.start_utc_s = usage.start_utc_s < earliest ? earliest : usage.start_utc_s;
  }
  if (chains && draw(6) == 0) {
    partial_make(&usage, day);
  }
  return usage;
}

static uint32_t cells_of(const struct rate_case *it, uint32_t subscriber)
{
  return sp__owner_of(it->state, subscriber)->count;
}

/* With and without dropping: the same charges for four years. */
START_TEST(test_same_charges)
{
  static struct rate_case kept, dropped;
  static struct sp_charge charge, again;
  draw_begin(20261130);
  int64_t latest = 0;
  open_case(&kept, 0);
  open_case(&dropped, WINDOW_S);
  uint32_t partials = 0, old_leads = 0;
  for (int i = 0; i < DAYS * RECORDS_A_DAY; i++) {
    struct sp_usage usage = usage_at(&kept, i / RECORDS_A_DAY, &latest, true);
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    rate_case_rate(&kept, &usage, &charge);
    rate_case_rate(&dropped, &usage, &again);
    ck_assert_msg(memcmp(&charge, &again, sizeof(charge)) == 0, "record %d", i);
    ck_assert_uint_ne(charge.reason, SP_REASON_OVERFLOW);
    partials += usage.chain_hash[0] != 0;
    old_leads += usage.chain_hash[0] != 0 && dropped.rater->whole.start_utc_s < latest - WINDOW_S;
    if (i % 400 == 399) {
      rate_case_reload(&dropped, 2, 2);
    }
  }
  ck_assert_uint_gt(partials, 500);
  ck_assert_uint_gt(old_leads, 100);
  ck_assert_uint_gt(cells_of(&kept, 0), 2500);
  ck_assert_uint_lt(cells_of(&dropped, 0), cells_of(&kept, 0) / 2);
  printf("%u partials, %u of chains older than the window; %u cells, %u kept\n", partials,
         old_leads, cells_of(&kept, 0), cells_of(&dropped, 0));
  rate_case_close(&kept);
  rate_case_close(&dropped);
}
END_TEST

/* Without chains an owner has the cells of some five cycles, however long it is a customer; a state
 * that was saved and loaded has the same bytes. */
START_TEST(test_bounded)
{
  static struct rate_case plain, loaded;
  static struct sp_charge charge;
  static struct entries first, second;
  int64_t latest = 0;
  open_case(&plain, WINDOW_S);
  open_case(&loaded, WINDOW_S);
  uint32_t most = 0;
  for (int i = 0; i < DAYS * RECORDS_A_DAY; i++) {
    struct sp_usage usage = usage_at(&plain, i / RECORDS_A_DAY, &latest, false);
    rate_case_rate(&plain, &usage, &charge);
    rate_case_rate(&loaded, &usage, &charge);
    ck_assert_uint_ne(charge.reason, SP_REASON_OVERFLOW);
    uint32_t cells = cells_of(&plain, usage.subscriber);
    most = cells > most ? cells : most;
    if (i % 300 == 299) {
      rate_case_reload(&loaded, 2, 2);
    }
  }
  ck_assert_uint_gt(most, 200);
  ck_assert_uint_lt(most, 700);
  first.length = second.length = first.count = second.count = 0;
  ck_assert_int_eq(sp_state_visit_entries(plain.state, true, entry_add, &first), SP_OK);
  ck_assert_int_eq(sp_state_visit_entries(loaded.state, true, entry_add, &second), SP_OK);
  ck_assert_uint_eq(first.length, second.length);
  ck_assert_mem_eq(first.bytes, second.bytes, first.length);
  rate_case_close(&plain);
  rate_case_close(&loaded);
}
END_TEST

static uint16_t reason_of_blocks(struct rate_case *it, int day, int64_t blocks)
{
  static struct sp_charge charge;
  const int64_t first = INT64_C(1735660800); /* 2025-01-01 in Shanghai */
  struct sp_usage usage = rate_case_usage(it, 0, first + (int64_t)day * 86400);
  usage.service = SP_SERVICE_DATA;
  usage.zone = SP_ZONE_NONE;
  usage.net = SP_NET_NONE;
  usage.flags = 0;
  usage.bytes = blocks << 22;
  rate_case_rate(it, &usage, &charge);
  return charge.reason;
}

/* Whose room is full has it again when the cycle that filled it is out of reach, not before. */
START_TEST(test_full)
{
  static struct rate_case it;
  open_case(&it, WINDOW_S);
  ck_assert_uint_eq(reason_of_blocks(&it, 0, 60000), SP_REASON_NONE);
  ck_assert_uint_eq(reason_of_blocks(&it, 1, 6000), SP_REASON_OVERFLOW);
  ck_assert_uint_eq(reason_of_blocks(&it, 2, 5500), SP_REASON_NONE);
  ck_assert_uint_eq(reason_of_blocks(&it, 32, 60), SP_REASON_OVERFLOW);
  ck_assert_uint_gt(cells_of(&it, 0), 65500);
  ck_assert_uint_eq(reason_of_blocks(&it, 150, 60), SP_REASON_NONE);
  ck_assert_uint_lt(cells_of(&it, 0), 100);
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_same_charges);
  tcase_add_test(tests, test_bounded);
  tcase_add_test(tests, test_full);
  return check_run("rate_forget", tests);
}
