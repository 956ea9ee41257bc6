/* All customers' scores over a small customer table: who is a member of what, trees, who left, key
 * persons, facts, order of warnings; and the event that a rated record folds. */
#include "rating/number.h"
#include "segment/fold.h"
#include "segment/scores.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/customers_case.h"

static const struct case_file book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\nb,base\n"},
    {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\n"}};

/* H is the head office of N and S; S has a branch T; F is a family; O an office that is closed, Q
 * one without members. */
static const struct case_file customers[] = {
    {"accounts.csv", "account\nA\n"},
    {"subscribers.csv",
     "subscriber,number,account\ns0,8613900000000,A\ns1,8613900000001,A\ns2,8613900000002,A\n"
     "s3,8613900000003,A\ns4,8613900000004,A\ns5,8613900000005,A\ns6,8613900000006,A\n"
     "s7,8613900000007,A\n"},
    {"groups.csv", "group,kind,parent,manager,contract_end,to\nH,enterprise,,m1,2026-05-17,\n"
                   "N,enterprise,H,m1,,\nS,enterprise,H,m2,,\nT,enterprise,S,m2,,\nF,family,,,,\n"
                   "O,enterprise,,,,2026-01-01\n"
                   "Q,enterprise,,,,\n"},
    {"members.csv",
     "group,subscriber,role,from,to\nN,s0,key,,\nN,s1,,,\nS,s2,member,,\nT,s3,key,,\n"
     "H,s3,,,\n"              /* also a direct member of the head office: counts once there */
     "T,s4,key,,2026-04-20\n" /* left 17 days ago */
     "N,s5,,,2026-04-01\nS,s5,,2026-04-01,\n" /* moved within the tree: left N only */
     "F,s6,,,\nO,s7,,,\n"},
    {"managers.csv", "manager\nm1\nm2\n"},
    {"facts.csv", "subject,kind,value,at\ngroup:H,complaint,1,2026-04-01\n"
                  "group:H,complaint,1,2026-05-06\ngroup:H,complaint,1,2026-05-08\n" /* later */
                  "group:H,complaint,1,2025-12-01\n"                                 /* too old */
                  "group:S,arrears_days,45,2026-04-10\ngroup:S,satisfaction,72,2025-06-01\n"
                  "group:T,port_out_request,1,2026-05-01\n"
                  "subscriber:s6,port_out_request,1,2026-05-06\n"}};

enum { SUBSCRIBERS = 8, GROUPS = 7 };

struct scored {
  struct customers_case own;
  struct sp_profile profiles[SUBSCRIBERS];
  struct sp_group_profile groups[GROUPS];
  struct sp_memory memory;
  struct sp_scores scores;
  int64_t now_utc_s;
};

/* A call of every second day up to `last_ago` days before the instant, in the own direct group. */
static void use(struct scored *scored, const char *name, const char *group, uint32_t last_ago,
                int64_t net_micro)
{
  uint32_t now = (uint32_t)sp_book_local_day(&scored->own.books.book[0], scored->now_utc_s);
  struct sp_group_profile *of =
      group == NULL ? NULL : &scored->groups[case_group(&scored->own, group)];
  for (uint32_t day = now - 120U; day <= now - last_ago; day += 2U) {
    struct sp_fold_event event = {.calls = 1, .voice_s = 120, .active = 1, .net_micro = net_micro};
    event.day = (uint16_t)day;
    event.month = (uint16_t)sp_month_of_day(day, NULL);
    event.start_utc_s = day * 86400U - 20000U; /* local day, UTC second */
    sp_profile_fold(&scored->profiles[case_subscriber(&scored->own, name)], of, &event);
  }
}

static void make(struct scored *scored)
{
  memset(scored, 0, sizeof *scored);
  case_begin(&scored->own);
  case_book(&scored->own, book, sizeof book / sizeof *book);
  case_customers(&scored->own, customers, sizeof customers / sizeof *customers);
  ck_assert_str_eq(scored->own.lines, "");
  sp_heap_init(&scored->memory);
  scored->now_utc_s = case_time(&scored->own, "2026-05-07T12:00:00");
  use(scored, "s0", "N", 2, 9000000);
  use(scored, "s1", "N", 40, 1000000); /* silent for 40 days */
  use(scored, "s2", "S", 2, 2000000);
  use(scored, "s3", "T", 40, 3000000); /* a key person, silent */
  use(scored, "s4", "T", 18, 1000000);
  use(scored, "s5", "S", 2, 1000000);
  use(scored, "s6", "F", 2, 1000000);
  scored->groups[case_group(&scored->own, "O")] = scored->groups[case_group(&scored->own, "N")];
  struct sp_scores_input input = {
      .directory = scored->own.directory,
      .profiles = scored->profiles,
      .groups = scored->groups,
      .as_of_utc_s = scored->now_utc_s,
      .as_of_day = (uint32_t)sp_book_local_day(&scored->own.books.book[0], scored->now_utc_s)};
  ck_assert_int_eq(sp_scores_make(&scored->scores, &input, &scored->memory), SP_OK);
}

static void end(struct scored *scored)
{
  sp_scores_free(&scored->scores, &scored->memory);
  sp_memory_free(&scored->memory);
  case_end(&scored->own);
}

static const struct sp_group_score *group_of(const struct scored *scored, const char *name)
{
  return &scored->scores.group_scores[case_group(&scored->own, name)];
}

static void check_counts(const struct scored *scored, const char *name, uint32_t members,
                         uint32_t silent, uint32_t left)
{
  const struct sp_group_sums *sums = &group_of(scored, name)->sums;
  ck_assert_msg(sums->members == members && sums->silent_30 == silent && sums->left_30 == left,
                "%s: %u members, %u silent, %u left; expected %u, %u, %u", name, sums->members,
                sums->silent_30, sums->left_30, members, silent, left);
}

START_TEST(members_count_in_all_groups_above_once)
{
  struct scored *scored = malloc(sizeof *scored);
  ck_assert_ptr_nonnull(scored);
  make(scored);
  check_counts(scored, "N", 2, 1, 0);
  ck_assert_uint_eq(group_of(scored, "N")->sums.left_60, 1); /* s5 moved on April 1 */
  check_counts(scored, "T", 1, 1, 1);
  check_counts(scored, "S", 3, 1, 1); /* s2, s5 and of T s3; s4 left */
  check_counts(scored, "H", 5, 2, 1); /* s5 is still below H */
  ck_assert_uint_eq(group_of(scored, "H")->sums.left_60, 1);
  ck_assert_uint_eq(group_of(scored, "O")->sums.members, 0); /* the group has ended */
  ck_assert_uint_eq(group_of(scored, "F")->sums.members, 0); /* families are not scored */
  ck_assert_uint_eq(scored->scores.loss.of, 6);   /* s0 .. s3 and s5 are members, s4 was one */
  ck_assert_uint_eq(scored->scores.loss.lost, 3); /* s1 and s3 silent, s4 left */
  end(scored);
  free(scored);
}
END_TEST

START_TEST(populations_and_groups_of_subscribers)
{
  struct scored *scored = malloc(sizeof *scored);
  ck_assert_ptr_nonnull(scored);
  make(scored);
  static const struct {
    const char *subscriber, *group;
    enum sp_population population;
  } want[] = {{"s0", "N", SP_POPULATION_MEMBER},      {"s3", "H", SP_POPULATION_MEMBER},
              {"s4", NULL, SP_POPULATION_INDIVIDUAL}, {"s5", "S", SP_POPULATION_MEMBER},
              {"s6", "F", SP_POPULATION_INDIVIDUAL},  {"s7", NULL, SP_POPULATION_INDIVIDUAL}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    uint32_t subscriber = case_subscriber(&scored->own, want[i].subscriber);
    uint32_t group = want[i].group == NULL ? SP_NONE : case_group(&scored->own, want[i].group);
    ck_assert_uint_eq(sp_scores_group_of(&scored->scores, subscriber), group);
    ck_assert_int_eq(scored->scores.rfm[subscriber].population, (int)want[i].population);
  }
  uint32_t unseen = case_subscriber(&scored->own, "s7");
  ck_assert_uint_eq(scored->scores.rfm[unseen].r_days, SP_RFM_NEVER);
  ck_assert_int_eq(sp_scores_level(&scored->scores, unseen), SP_LEVEL_NONE);
  ck_assert_int_eq(sp_scores_level(&scored->scores, case_subscriber(&scored->own, "s6")),
                   SP_LEVEL_RED); /* asked for a port-out code */
  end(scored);
  free(scored);
}
END_TEST

START_TEST(facts_and_key_persons)
{
  struct scored *scored = malloc(sizeof *scored);
  ck_assert_ptr_nonnull(scored);
  make(scored);
  const struct sp_group_facts *head = &group_of(scored, "H")->facts;
  ck_assert_uint_eq(head->complaints, 2); /* not the one to come, nor the old one */
  ck_assert_int_eq(head->contract_days, 9);
  ck_assert_uint_eq(head->key_persons, 3); /* s0; s3 in T; s4, who left T */
  ck_assert_uint_eq(head->key_lost, 2);
  const struct sp_group_facts *south = &group_of(scored, "S")->facts;
  ck_assert_int_eq(south->arrears_days, 45);
  ck_assert_int_eq(south->satisfaction, 72);
  ck_assert_int_eq(south->contract_days, SP_CARD_UNKNOWN);
  ck_assert(group_of(scored, "T")->facts.port_out_request);
  ck_assert_uint_eq(group_of(scored, "T")->warning.level, SP_LEVEL_RED);
  ck_assert(!head->port_out_request);
  ck_assert_int_eq(group_of(scored, "F")->facts.satisfaction, SP_CARD_UNKNOWN);
  uint32_t closed = case_group(&scored->own, "O"); /* its record is there, but it has ended */
  ck_assert_uint_eq(scored->scores.group_rfm[closed].r_days, SP_RFM_NEVER);
  ck_assert_uint_eq(group_of(scored, "O")->warning.level, SP_LEVEL_NONE);
  end(scored);
  free(scored);
}
END_TEST

START_TEST(a_tree_has_the_months_of_all_below)
{
  struct scored *scored = malloc(sizeof *scored);
  struct sp_month whole;
  struct sp_month part;
  ck_assert_ptr_nonnull(scored);
  make(scored);
  uint32_t month = scored->scores.review.at.month - 1U;
  int64_t net = 0;
  for (uint32_t i = 0; i < 6U; i++) { /* s0 .. s5 belong to H's tree */
    ck_assert(sp_profile_month_at(&scored->profiles[i], month, &part));
    net += part.net_micro;
  }
  ck_assert(sp_group_month_at(&group_of(scored, "H")->profile, month, &whole));
  ck_assert_int_eq(whole.net_micro, net);
  ck_assert_uint_eq(group_of(scored, "T")->top_count, 1);
  ck_assert_uint_eq(group_of(scored, "H")->top_count, 5);
  for (uint32_t k = 1; k < 5U; k++) {
    ck_assert_int_ge(group_of(scored, "H")->top_at_risk_micro[k - 1U],
                     group_of(scored, "H")->top_at_risk_micro[k]);
  }
  end(scored);
  free(scored);
}
END_TEST

START_TEST(warnings_fall_by_money_at_risk)
{
  struct scored *scored = malloc(sizeof *scored);
  uint32_t order[GROUPS];
  uint32_t scratch[GROUPS];
  ck_assert_ptr_nonnull(scored);
  make(scored);
  uint32_t count = sp_scores_warnings(&scored->scores, order, scratch);
  ck_assert_uint_ge(count, 3);
  for (uint32_t k = 1; k < count; k++) {
    ck_assert_int_ge(scored->scores.group_scores[order[k - 1U]].sums.at_risk_micro,
                     scored->scores.group_scores[order[k]].sums.at_risk_micro);
  }
  end(scored);
  free(scored);
}
END_TEST

/* Cut points of the month are used as they are, those of another month are not. */
START_TEST(frozen_cuts_are_kept)
{
  struct scored *scored = malloc(sizeof *scored);
  struct sp_rfm_cuts frozen[SP_POPULATION_COUNT];
  struct sp_scores again;
  ck_assert_ptr_nonnull(scored);
  make(scored);
  memcpy(frozen, scored->scores.cuts, sizeof frozen);
  frozen[SP_POPULATION_MEMBER].m[0] = -1;
  struct sp_scores_input input = {.directory = scored->own.directory,
                                  .profiles = scored->profiles,
                                  .groups = scored->groups,
                                  .as_of_utc_s = scored->now_utc_s,
                                  .as_of_day = scored->scores.review.at.day,
                                  .frozen = frozen};
  ck_assert_int_eq(sp_scores_make(&again, &input, &scored->memory), SP_OK);
  ck_assert_int_eq(again.cuts[SP_POPULATION_MEMBER].m[0], -1);
  sp_scores_free(&again, &scored->memory);
  frozen[SP_POPULATION_MEMBER].month--;
  ck_assert_int_eq(sp_scores_make(&again, &input, &scored->memory), SP_OK);
  ck_assert_int_ne(again.cuts[SP_POPULATION_MEMBER].m[0], -1);
  ck_assert_mem_eq(&again.cuts[SP_POPULATION_MEMBER], &scored->scores.cuts[SP_POPULATION_MEMBER],
                   sizeof *frozen);
  sp_scores_free(&again, &scored->memory);
  end(scored);
  free(scored);
}
END_TEST

/* A level stays for two reviews that ask for less; the same day is no review, an earlier one is
 * blind. */
START_TEST(kept_levels_are_left_after_two_reviews)
{
  struct scored *scored = malloc(sizeof *scored);
  struct sp_scores again;
  ck_assert_ptr_nonnull(scored);
  make(scored);
  uint32_t group = case_group(&scored->own, "Q"); /* nothing to warn of */
  uint32_t day = scored->scores.review.at.day;
  ck_assert_uint_eq(scored->scores.group_scores[group].warning.level, SP_LEVEL_NONE);
  struct sp_warning kept[GROUPS] = {{0, 0}};
  kept[group].level = SP_LEVEL_ORANGE;
  struct sp_scores_input input = {.directory = scored->own.directory,
                                  .profiles = scored->profiles,
                                  .groups = scored->groups,
                                  .as_of_utc_s = scored->now_utc_s,
                                  .as_of_day = day,
                                  .kept = kept,
                                  .kept_count = GROUPS};
  static const struct {
    uint32_t days_ago;
    uint8_t reviews;
    enum sp_level want;
  } rows[] = {{0, 0, SP_LEVEL_ORANGE},
              {0, 1, SP_LEVEL_ORANGE},
              {1, 0, SP_LEVEL_ORANGE},
              {1, 1, SP_LEVEL_NONE}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    input.kept_day = day - rows[i].days_ago;
    kept[group].reviews = rows[i].reviews;
    ck_assert_int_eq(sp_scores_make(&again, &input, &scored->memory), SP_OK);
    ck_assert_int_eq(again.group_scores[group].warning.level, (int)rows[i].want);
    sp_scores_free(&again, &scored->memory);
  }
  input.kept_day = day + 1U;
  ck_assert_int_eq(sp_scores_make(&again, &input, &scored->memory), SP_OK);
  ck_assert_uint_eq(again.group_scores[group].warning.level, SP_LEVEL_NONE);
  sp_scores_free(&again, &scored->memory);
  end(scored);
  free(scored);
}
END_TEST

/* ---- the event of a record ---- */

static struct sp_fold_event event_of(const struct scored *scored, struct sp_usage usage)
{
  static struct sp_charge charge;
  struct sp_fold_clock clock;
  struct sp_fold_event event;
  sp_charge_clear(&charge);
  charge.net_micro = 250000;
  sp_fold_clock_set(&clock, &scored->own.books.book[0]);
  sp_fold_event_make(&event, &usage, &charge, &clock);
  return event;
}

START_TEST(events_say_what_the_record_was)
{
  struct scored *scored = malloc(sizeof *scored);
  ck_assert_ptr_nonnull(scored);
  make(scored);
  int64_t start = case_time(&scored->own, "2026-05-07T00:30:00"); /* May 6 in UTC */
  struct sp_usage call = {.start_utc_s = start,
                          .duration_s = 61,
                          .service = SP_SERVICE_VOICE,
                          .direction = SP_DIRECTION_MO,
                          .net = SP_NET_MOBILE,
                          .zone = SP_ZONE_LOCAL,
                          .other = sp_number_pack("8618900000001", 13).digits};
  struct sp_fold_event event = event_of(scored, call);
  ck_assert_uint_eq(event.day, (unsigned)scored->scores.review.at.day);
  ck_assert_uint_eq(event.month, 2026U * 12U + 4U);
  ck_assert_int_eq(event.net_micro, 250000);
  ck_assert(event.calls == 1 && event.voice_s == 61 && event.active && event.offnet);
  ck_assert(event.messages == 0 && event.bytes == 0 && event.contact != 0 && event.marks == 0);
  call.partial = SP_PARTIAL_LAST; /* its first part was the call */
  call.net = SP_NET_GROUP;
  call.cause = 31;
  event = event_of(scored, call);
  ck_assert(event.calls == 0 && event.voice_s == 61 && event.inside && !event.offnet);
  ck_assert_uint_eq(event.marks, 1U << SP_MARK_ABNORMAL);
  call = (struct sp_usage){.start_utc_s = start,
                           .service = SP_SERVICE_VOICE,
                           .direction = SP_DIRECTION_CF,
                           .net = SP_NET_MOBILE,
                           .roam = SP_ROAM_HMT,
                           .zone = SP_ZONE_INTERNATIONAL,
                           .other = 1};
  event = event_of(scored, call);
  ck_assert_uint_eq(event.marks, 1U << SP_MARK_FORWARD | 1U << SP_MARK_ROAM);
  ck_assert(event.international);
  static const char *const hotlines[] = {"10010", "10000", "10099", "10086"};
  for (size_t i = 0; i < 4; i++) {
    call = (struct sp_usage){.start_utc_s = start,
                             .service = SP_SERVICE_VOICE,
                             .net = SP_NET_SERVICE,
                             .other = sp_number_pack(hotlines[i], 5).digits};
    event = event_of(scored, call);
    ck_assert_uint_eq(event.marks, i < 3 ? 1U << SP_MARK_HOTLINE : 0U);
    ck_assert_int_eq(event.contact != 0, i == 3);
  }
  struct sp_usage data = {
      .start_utc_s = start, .service = SP_SERVICE_DATA, .bytes = 1024, .duration_s = 9, .items = 1};
  event = event_of(scored, data);
  ck_assert(event.bytes == 1024 && event.voice_s == 0 && event.calls == 0 && event.contact == 0);
  struct sp_usage sms = {.start_utc_s = start, .service = SP_SERVICE_SMS, .items = 3, .other = 7};
  event = event_of(scored, sms);
  ck_assert(event.messages == 3 && event.calls == 0 && event.contact != 0);
  struct sp_usage fee = {.start_utc_s = start, .service = SP_SERVICE_FEE, .items = 1};
  event = event_of(scored, fee);
  ck_assert(!event.active && event.net_micro == 250000 && event.messages == 0);
  fee.start_utc_s = -5;
  ck_assert_uint_eq(event_of(scored, fee).day, 0);
  end(scored);
  free(scored);
}
END_TEST

START_TEST(a_clock_answers_as_the_book)
{
  struct scored *scored = malloc(sizeof *scored);
  struct sp_fold_clock clock;
  draw_seed = 5;
  ck_assert_ptr_nonnull(scored);
  make(scored);
  sp_fold_clock_set(&clock, &scored->own.books.book[0]);
  for (int i = 0; i < 20000; i++) {
    int64_t utc_s = (int64_t)(draw_word() % (i % 2 == 0 ? 4000000000U : 800000000U)) + 86400;
    int32_t want = sp_book_local_day(&scored->own.books.book[0], utc_s);
    struct sp_fold_day day = sp_fold_clock_at(&clock, utc_s);
    ck_assert_int_eq(day.day, want);
    ck_assert_uint_eq(day.month, sp_month_of_day((uint32_t)want, NULL));
    ck_assert(day.from_utc_s <= utc_s && utc_s < day.to_utc_s);
  }
  end(scored);
  free(scored);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, members_count_in_all_groups_above_once);
  tcase_add_test(tests, populations_and_groups_of_subscribers);
  tcase_add_test(tests, facts_and_key_persons);
  tcase_add_test(tests, a_tree_has_the_months_of_all_below);
  tcase_add_test(tests, warnings_fall_by_money_at_risk);
  tcase_add_test(tests, frozen_cuts_are_kept);
  tcase_add_test(tests, kept_levels_are_left_after_two_reviews);
  tcase_add_test(tests, events_say_what_the_record_was);
  tcase_add_test(tests, a_clock_answers_as_the_book);
  return check_run("scores", tests);
}
