#include "tools/demo_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/journal_walk.h"
#include "tools/verbs.h"

#define WARNINGS "3"

static const char *const service_name[SP_GEN_SERVICE_MAX] = {"voice", "sms", "mms",
                                                             "data",  "vas", "fee"};

struct revenue {
  uint64_t records;
  int64_t list_micro, net_micro;
};

struct sums { /* of all journals */
  struct sp_totals in, outcomes[SP_OUTCOME_COUNT];
  int64_t list_micro, net_micro;
  struct revenue services[SP_GEN_SERVICE_MAX];
  struct sp_charge charge; /* of the record at hand */
  enum sp_status status;
};

static uint32_t service_of(const struct sp_cdr *cdr)
{
  uint32_t s = 0;
  while (s < SP_GEN_SERVICE_MAX && strcmp(service_name[s], sp_service_word(cdr->service)) != 0) {
    s++;
  }
  return s;
}

static enum sp_status record_sum(struct sp_block_view *view, uint32_t i, struct sums *sums)
{
  struct sp_block_record record;
  SP_TRY(sp_block_view_record(view, i, &record, &sums->charge));
  if (sums->charge.outcome != SP_OUTCOME_RATED) {
    return SP_OK;
  }
  SP_ASSERT(record.cdr != NULL);
  uint32_t service = service_of(record.cdr);
  SP_ASSERT(service < SP_GEN_SERVICE_MAX);
  sums->services[service].records++;
  sums->services[service].list_micro += sums->charge.list_micro;
  sums->services[service].net_micro += sums->charge.net_micro;
  return SP_OK;
}

static bool block_sum(struct sp_walk *walk, struct sp_block_view *view)
{
  struct sums *sums = walk->context;
  const struct sp_block_header *header = sp_block_view_header(view);
  sp_totals_add(&sums->in, &header->in);
  for (uint32_t o = 0; o < SP_OUTCOME_COUNT; o++) {
    sp_totals_add(&sums->outcomes[o], &header->outcomes[o]);
  }
  sums->list_micro += header->list_micro;
  sums->net_micro += header->net_micro;
  for (uint32_t i = 0; i < header->records && sums->status == SP_OK; i++) {
    sums->status = record_sum(view, i, sums);
  }
  return sums->status == SP_OK;
}

static int store_sum(const char *store, struct sums *sums)
{
  struct sp_store_dir dir;
  int code = sp_store_dir_open(&dir, store);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  struct sp_walk walk = {.dir = &dir, .whole = true, .context = sums, .block = block_sum};
  code = sp_journal_walk(&walk);
  if (code == SP_EXIT_DONE && sums->status != SP_OK) {
    fprintf(stderr, "suanpan-demo: %s: %s\n", store, sp_status_text(sums->status));
    code = SP_EXIT_ENVIRONMENT;
  }
  sp_store_dir_close(&dir);
  return code;
}

static void money_print(int64_t micro)
{
  printf("%12" PRId64 ".%03" PRId64, micro / 1000000, micro % 1000000 / 1000);
}

static void revenue_print(const struct sums *sums)
{
  printf("\nRevenue by service (CNY)\n  %-8s %12s %16s %16s\n", "service", "records", "list",
         "charged");
  for (uint32_t s = 0; s < SP_GEN_SERVICE_MAX; s++) {
    const struct revenue *row = &sums->services[s];
    if (row->records == 0) {
      continue;
    }
    printf("  %-8s %12" PRIu64 " ", service_name[s], row->records);
    money_print(row->list_micro);
    printf(" ");
    money_print(row->net_micro);
    printf("\n");
  }
}

/* Whether the store's totals are those the generator expected. */
static bool expected_print(const struct sums *sums, const struct sp_gen_judge *expected)
{
  static const uint8_t outcome[SP_GEN_OUTCOME_MAX] = {SP_OUTCOME_RATED, SP_OUTCOME_ZERO_RATED,
                                                      SP_OUTCOME_DUPLICATE, SP_OUTCOME_CONFLICT,
                                                      SP_OUTCOME_SUSPENDED};
  bool equal = (uint64_t)sums->in.count == expected->in &&
               sums->list_micro == expected->outcome[SP_GEN_RATED].list_micro;
  for (uint32_t o = 0; o < SP_GEN_OUTCOME_MAX; o++) {
    equal = equal && (uint64_t)sums->outcomes[outcome[o]].count == expected->outcome[o].records;
  }
  printf("The generator, which shares no code with the engine, expected %s\n",
         equal ? "the same counts and the same list total, to the last digit." : "OTHER totals:");
  if (!equal) {
    printf(
        "  in %" PRIu64 ", rated %" PRIu64 ", zero_rated %" PRIu64 ", duplicate %" PRIu64
        ", conflict %" PRIu64 ", suspended %" PRIu64 ", list ",
        expected->in, expected->outcome[SP_GEN_RATED].records,
        expected->outcome[SP_GEN_ZERO_RATED].records, expected->outcome[SP_GEN_DUPLICATED].records,
        expected->outcome[SP_GEN_CONFLICTED].records, expected->outcome[SP_GEN_SUSPENDED].records);
    money_print(expected->outcome[SP_GEN_RATED].list_micro);
    printf("\n");
  }
  return equal;
}

/* The manager with most members in fading groups. */
static uint32_t manager_pick(const struct sp_gen_world *province)
{
  uint32_t best = 0;
  uint64_t best_members = 0;
  for (uint32_t m = 0; m < province->managers; m++) {
    uint64_t members = 0;
    for (uint32_t k = 0; k < province->options.groups; k++) {
      bool fades = province->groups[k].fade_day != SP_GEN_ALWAYS;
      members += fades && sp__gen_manager(province, k) == m ? province->groups[k].size : 0;
    }
    if (members > best_members) {
      best_members = members;
      best = m;
    }
  }
  return best;
}

static void next_print(const struct sp_demo_result *result, const char *manager)
{
  printf("\nSnapshot: %s (Parquet and manifest.json)\n\nTry next:\n", result->snapshot);
  printf("  %s audit %s --json\n", result->program, result->store);
  printf("  %s dump %s suspense | head\n", result->program, result->store);
  printf("  %s churn list %s --manager %s --json\n", result->program, result->store, manager);
  printf("  %s segment %s\n", result->program, result->store);
  printf("  %s view %s group:E000000\n", result->program, result->store);
  printf("  %s verify %s\n", result->program, result->store);
}

int sp__demo_report(const struct sp_demo_result *result)
{
  static struct sums sums;
  char manager[16], store[SP_PATH_BYTES_MAX], snapshot[SP_PATH_BYTES_MAX];
  int code = store_sum(result->store, &sums);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  snprintf(manager, sizeof manager, "M%05u", manager_pick(result->province));
  snprintf(store, sizeof store, "%s", result->store);
  snprintf(snapshot, sizeof snapshot, "%s", result->snapshot);
  printf("\n%" PRIu64 " records in %.1f s through Kafka to disk: %.0f records/s, %" PRIu64
         " journal blocks, %.1f bytes a record\n\n",
         result->run->records, result->run->seconds,
         (double)result->run->records / result->run->seconds, result->run->blocks,
         (double)result->run->bytes / (double)result->run->records);
  (void)fflush(stdout);
  char *audit[] = {(char[]){"audit"}, store};
  code = sp_cmd_audit(2, audit);
  bool equal = expected_print(&sums, result->expected);
  revenue_print(&sums);
  printf("\nWarnings of manager %s, the first %s: ", manager, WARNINGS);
  (void)fflush(stdout);
  char *churn[] = {(char[]){"churn"},  (char[]){"list"},  store, (char[]){"--manager"}, manager,
                   (char[]){"--most"}, (char[]){WARNINGS}};
  code = code == SP_EXIT_DONE ? sp_cmd_churn(sizeof churn / sizeof churn[0], churn) : code;
  (void)fflush(stdout);
  char *snapshots[] = {(char[]){"snapshot"}, store, snapshot};
  code = code == SP_EXIT_DONE ? sp_cmd_snapshot(3, snapshots) : code;
  if (code == SP_EXIT_DONE) {
    next_print(result, manager);
  }
  return code == SP_EXIT_DONE && !equal ? SP_EXIT_REJECTED : code;
}
