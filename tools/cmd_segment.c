/* suanpan segment: customers by R, F, M, the eight classes, the curve of revenue. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/heap.h"
#include "tools/json_text.h"
#include "tools/reasons.h"
#include "tools/scored.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan segment STORE [--as-of TIME] [--json]",
    "  suanpan segment /var/lib/suanpan\n  suanpan segment /var/lib/suanpan --json\n",
    "Scores all customers as of the latest record: recency, frequency, money with the month's "
    "frozen\n"
    "cut points, the eight classes, and how few customers make 80 % of the revenue. The first call "
    "of\n"
    "a month fixes its cut points, so that a score moves only when its customer does."};

enum { CURVE_STEPS = 10, EIGHTY = 80 };

struct class_sum {
  uint64_t customers, groups;
  int64_t money_micro;
};

struct report {
  const struct sp_scores *scores;
  uint64_t scored, unseen;
  uint64_t trends[3];
  struct class_sum classes[SP_CUSTOMER_CLASSES];
  uint64_t grid[5][5][5];     /* subscribers by r - 1, f - 1, m - 1 */
  int64_t money_micro;        /* of all with M above 0 */
  uint64_t payers;            /* those customers */
  uint64_t eighty;            /* the fewest of them that make 80 % */
  int64_t curve[CURVE_STEPS]; /* money of the best 10 %, 20 %, .. of the scored */
};

static void add_subscriber(struct report *report, const struct sp_rfm *rfm)
{
  if (rfm->r_days == SP_RFM_NEVER) {
    report->unseen++;
    return;
  }
  report->scored++;
  report->trends[rfm->trend]++;
  if (rfm->r != 0) {
    report->classes[rfm->customer_class].customers++;
    report->classes[rfm->customer_class].money_micro += rfm->money_micro;
    report->grid[rfm->r - 1][rfm->f - 1][rfm->m - 1]++;
  }
}

static int compare_falling(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a;
  int64_t y = *(const int64_t *)b;
  return (x < y) - (x > y);
}

/* Money of the scored, greatest first; sums stay below 2^63: a customer has at most 2^49. */
static void make_curve(struct report *report, int64_t *money)
{
  uint64_t n = 0;
  for (uint32_t i = 0; i < report->scores->subscribers; i++) {
    const struct sp_rfm *rfm = &report->scores->rfm[i];
    if (rfm->r_days != SP_RFM_NEVER) {
      money[n++] = rfm->money_micro > 0 ? rfm->money_micro : 0;
      report->money_micro += money[n - 1U];
      report->payers += money[n - 1U] > 0;
    }
  }
  qsort(money, n, sizeof *money, compare_falling);
  int64_t sum = 0;
  int64_t wanted = report->money_micro / 100 * EIGHTY + report->money_micro % 100 * EIGHTY / 100;
  for (uint64_t i = 0; i < n; i++) {
    if (sum < wanted || (sum == 0 && money[i] > 0)) {
      report->eighty++;
    }
    sum += money[i];
    for (uint64_t step = 1; step <= CURVE_STEPS; step++) {
      if (i + 1U == (step * n + CURVE_STEPS - 1U) / CURVE_STEPS) {
        report->curve[step - 1U] = sum;
      }
    }
  }
}

static bool make_report(struct report *report, const struct sp_scores *scores)
{
  size_t bytes = ((size_t)scores->subscribers + 1U) * sizeof(int64_t);
  int64_t *money = sp_heap_take(bytes);
  memset(report, 0, sizeof *report);
  report->scores = scores;
  if (money == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < scores->subscribers; i++) {
    add_subscriber(report, &scores->rfm[i]);
  }
  for (uint32_t g = 0; g < scores->groups; g++) {
    if (scores->group_rfm[g].r != 0) {
      report->classes[scores->group_rfm[g].customer_class].groups++;
    }
  }
  make_curve(report, money);
  sp_heap_give(money, bytes);
  return true;
}

/* ---- JSON ---- */

static void cuts_json(const char *name, const int64_t cuts[SP_CUTS], bool money)
{
  printf(",\"%s\":[", name);
  for (uint32_t k = 0; k < SP_CUTS; k++) {
    fputs(k == 0 ? "" : ",", stdout);
    if (money) {
      sp_json_micro(stdout, cuts[k]);
    } else {
      printf("%" PRId64, cuts[k]);
    }
  }
  putchar(']');
}

static void populations_json(const struct sp_scores *scores)
{
  fputs(",\"populations\":[", stdout);
  for (uint32_t k = 0; k < SP_POPULATION_COUNT; k++) {
    const struct sp_rfm_cuts *cuts = &scores->cuts[k];
    printf("%s{\"population\":\"%s\",\"month\":\"%04u-%02u\",\"customers\":%" PRIu64,
           k == 0 ? "" : ",", sp_population_word(k), cuts->month / 12U, cuts->month % 12U + 1U,
           cuts->count);
    cuts_json("recency_days", cuts->r, false);
    cuts_json("active_days_90", cuts->f, false);
    cuts_json("money_3m", cuts->m, true);
    putchar('}');
  }
  putchar(']');
}

static void classes_json(const struct report *report)
{
  fputs(",\"classes\":[", stdout);
  for (uint32_t k = 0; k < SP_CUSTOMER_CLASSES; k++) {
    const struct class_sum *sum = &report->classes[k];
    printf("%s{\"class\":\"%s\",\"label\":\"%s\",\"customers\":%" PRIu64 ",\"groups\":%" PRIu64
           ",\"money_3m\":",
           k == 0 ? "" : ",", sp_class_word(k), sp_class_label(k), sum->customers, sum->groups);
    sp_json_micro(stdout, sum->money_micro);
    putchar('}');
  }
  putchar(']');
}

static void grid_json(const struct report *report)
{
  bool first = true;
  fputs(",\"grid\":[", stdout);
  for (uint32_t cell = 0; cell < 125U; cell++) {
    uint64_t customers = report->grid[cell / 25U][cell / 5U % 5U][cell % 5U];
    if (customers != 0) {
      printf("%s{\"r\":%u,\"f\":%u,\"m\":%u,\"customers\":%" PRIu64 "}", first ? "" : ",",
             cell / 25U + 1U, cell / 5U % 5U + 1U, cell % 5U + 1U, customers);
      first = false;
    }
  }
  putchar(']');
}

static void report_json(const struct report *report, bool frozen)
{
  char instant[SP_INSTANT_BYTES];
  sp_instant_text(report->scores->review.at.utc_s, instant);
  printf("{\"as_of\":\"%s\",\"subscribers\":%u,\"scored\":%" PRIu64 ",\"unseen\":%" PRIu64
         ",\"cuts_frozen\":%s",
         instant, report->scores->subscribers, report->scored, report->unseen,
         frozen ? "true" : "false");
  populations_json(report->scores);
  classes_json(report);
  grid_json(report);
  printf(",\"trend\":{\"rising\":%" PRIu64 ",\"steady\":%" PRIu64 ",\"falling\":%" PRIu64 "}",
         report->trends[SP_TREND_RISING], report->trends[SP_TREND_STEADY],
         report->trends[SP_TREND_FALLING]);
  fputs(",\"money_3m\":", stdout);
  sp_json_micro(stdout, report->money_micro);
  fputs(",\"curve\":[", stdout);
  for (uint32_t k = 0; k < CURVE_STEPS; k++) {
    printf("%s{\"customers_percent\":%u,\"money_3m\":", k == 0 ? "" : ",",
           (k + 1U) * (100U / CURVE_STEPS));
    sp_json_micro(stdout, report->curve[k]);
    putchar('}');
  }
  printf("],\"eighty_percent\":{\"customers\":%" PRIu64 ",\"of\":%" PRIu64 "}}\n", report->eighty,
         report->scored);
}

/* ---- text ---- */

static void print_share(uint64_t part, uint64_t whole)
{
  uint64_t tenths = whole == 0 ? 0 : part * 1000U / whole;
  printf("%4" PRIu64 ".%" PRIu64 " %%", tenths / 10U, tenths % 10U);
}

static void report_print(const struct report *report)
{
  char instant[SP_INSTANT_BYTES];
  sp_instant_text(report->scores->review.at.utc_s, instant);
  printf("as of %s: %" PRIu64 " customers with activity, %" PRIu64 " without, %u groups\n\n",
         instant, report->scored, report->unseen, report->scores->groups);
  printf("%-20s %-13s %12s %8s %8s %16s\n", "class", "", "customers", "share", "groups",
         "money, 3 months");
  for (uint32_t k = 0; k < SP_CUSTOMER_CLASSES; k++) {
    const struct class_sum *sum = &report->classes[k];
    printf("%-20s %s  %12" PRIu64 " ", sp_class_word(k), sp_class_label(k), sum->customers);
    print_share(sum->customers, report->scored);
    printf(" %8" PRIu64 " %13" PRId64 ".%02" PRId64 "\n", sum->groups, sum->money_micro / SP_PPM,
           (sum->money_micro < 0 ? -sum->money_micro : sum->money_micro) % SP_PPM / 10000);
  }
  printf("\nactive days: %" PRIu64 " rising, %" PRIu64 " steady, %" PRIu64 " falling\n",
         report->trends[SP_TREND_RISING], report->trends[SP_TREND_STEADY],
         report->trends[SP_TREND_FALLING]);
  printf("80 %% of ");
  sp_money_print(stdout, report->money_micro);
  printf(" comes from %" PRIu64 " customers (", report->eighty);
  print_share(report->eighty, report->scored);
  puts(")");
}

static int segment_run(const char *store, const char *as_of, bool json)
{
  struct sp_scored *scored = malloc(sizeof *scored);
  struct report *report = malloc(sizeof *report);
  int code = SP_EXIT_ENVIRONMENT;
  if (scored == NULL || report == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    free(scored);
    free(report);
    return code;
  }
  code = sp_scored_open(scored, store, as_of, false);
  if (code == SP_EXIT_DONE && !make_report(report, &scored->scores)) {
    fprintf(stderr, "suanpan: out of memory\n");
    code = SP_EXIT_ENVIRONMENT;
  }
  if (code == SP_EXIT_DONE) {
    /* What was scored for another instant, or of an empty store, is not kept. */
    bool kept = as_of == NULL && report->scored != 0 && sp_scored_keep(scored);
    bool frozen = scored->cuts_frozen || kept;
    if (json) {
      report_json(report, frozen);
    } else {
      report_print(report);
    }
  }
  sp_scored_close(scored);
  free(scored);
  free(report);
  return code;
}

int sp_cmd_segment(int argc, char **argv)
{
  bool json = false;
  const char *as_of = NULL;
  const char *store;
  const struct sp_option table[] = {
      {"--as-of", SP_OPTION_TEXT, &as_of, "TIME", "instant of the scores (default: latest record)"},
      {"--json", SP_OPTION_FLAG, &json, NULL, "one object"}};
  int code = sp_options_read_store(&help, table, 2, argc, argv, &store);
  if (code >= 0) {
    return code;
  }
  return segment_run(store, as_of, json);
}
