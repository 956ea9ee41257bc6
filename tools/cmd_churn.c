/* suanpan churn list: the groups that warn, by money at risk, with reasons and members. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/snapshot.h"
#include "tools/json_text.h"
#include "tools/reasons.h"
#include "tools/scored.h"
#include "tools/snapshot_json.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan churn list STORE [--manager M] [--most N] [--as-of TIME] [--json]",
    "  suanpan churn list /var/lib/suanpan --manager M00001\n"
    "  suanpan churn list /var/lib/suanpan --most 20 --json\n",
    "Lists the groups whose customers are at risk, by falling money at risk: level, probability,\n"
    "reasons with their numbers, what speaks against it, the members behind it, and what to do."};

struct list {
  struct sp_scored scored;
  struct sp_snapshot *rows;
  const char *manager; /* NULL: all */
  uint64_t most, shown;
  bool json;
};

static bool is_managed(const struct list *list, uint32_t group)
{
  const struct sp_directory *directory = list->scored.world.directory;
  uint32_t manager = sp_directory_group(directory, group)->manager;
  if (list->manager == NULL) {
    return true;
  }
  if (manager == SP_NONE) {
    return false;
  }
  struct sp_name name = sp_directory_manager_name(directory, manager);
  return name.length == strlen(list->manager) && memcmp(name.text, list->manager, name.length) == 0;
}

static void warning_json(struct list *list, uint32_t group, uint32_t row)
{
  struct sp_shown_reasons shown;
  sp_reasons_of_group(&list->scored.scores, group, &shown);
  printf("%s{", list->shown == 0 ? "" : ",");
  sp_snapshot_json(stdout, list->rows, SP_SNAPSHOT_WARNINGS, row);
  fputs(",\"contributions\":{", stdout);
  sp_reasons_json(stdout, &shown);
  fputs("},", stdout);
  sp_members_json(stdout, &list->scored.scores, group, true);
  putchar('}');
}

static void warning_print(const struct list *list, uint32_t group)
{
  const struct sp_scores *scores = &list->scored.scores;
  const struct sp_group_score *score = &scores->group_scores[group];
  struct sp_name name = sp_directory_group_name(scores->directory, group);
  struct sp_shown_reasons shown;
  sp_reasons_of_group(scores, group, &shown);
  printf("%s%-6s  %.*s  %u.%u %%, %u members, at risk ", list->shown == 0 ? "" : "\n",
         sp_level_word(score->warning.level), (int)name.length, name.text,
         score->risk.score.probability_ppm / 10000U,
         score->risk.score.probability_ppm / 1000U % 10U, score->sums.members);
  sp_money_print(stdout, score->sums.at_risk_micro);
  puts(" a month");
  if (score->facts.port_out_request) {
    puts("    !  asked for a port-out code");
  }
  sp_reasons_print(stdout, &shown);
  for (uint32_t k = 0; k < score->top_count && k < SP_REASONS_MOST; k++) {
    struct sp_name member = sp_directory_subscriber_name(scores->directory, score->top[k]);
    uint32_t ppm = scores->scores[score->top[k]].probability_ppm;
    printf("    member %.*s  %u.%u %%, at risk ", (int)member.length, member.text, ppm / 10000U,
           ppm / 1000U % 10U);
    sp_money_print(stdout, score->top_at_risk_micro[k]);
    putchar('\n');
  }
}

/* Rows come in the order of the snapshot's table; the group of a row is found by its name. */
static void rows_show(struct list *list, uint64_t first, uint32_t n)
{
  const struct sp_directory *directory = list->scored.world.directory;
  uint32_t count;
  uint32_t column = 0;
  const struct sp_parquet_column *columns = sp_snapshot_columns(SP_SNAPSHOT_WARNINGS, &count);
  while (strcmp(columns[column].name, "group") != 0) {
    column++;
    SP_ASSERT(column < count);
  }
  sp_snapshot_read(list->rows, first, n);
  for (uint32_t i = 0; i < n && list->shown < list->most; i++) {
    struct sp_parquet_text text = sp_snapshot_cell_at(list->rows, column, i).text;
    struct sp_name name = {text.bytes, text.size};
    uint32_t group = sp_directory_find_group(directory, name);
    if (!is_managed(list, group)) {
      continue;
    }
    if (list->json) {
      warning_json(list, group, i);
    } else {
      warning_print(list, group);
    }
    list->shown++;
  }
}

static void all_show(struct list *list)
{
  uint64_t rows = sp_snapshot_rows(list->rows);
  char instant[SP_INSTANT_BYTES];
  sp_instant_text(list->scored.scores.review.at.utc_s, instant);
  if (list->json) {
    printf("{\"as_of\":\"%s\",\"manager\":", instant);
    if (list->manager == NULL) {
      fputs("null", stdout);
    } else {
      sp_json_text(stdout, list->manager, strlen(list->manager));
    }
    fputs(",\"warnings\":[", stdout);
  } else {
    printf("as of %s\n", instant);
  }
  for (uint64_t first = 0; first < rows && list->shown < list->most; first += SP_SNAPSHOT_BATCH) {
    uint64_t left = rows - first;
    rows_show(list, first, left < SP_SNAPSHOT_BATCH ? (uint32_t)left : SP_SNAPSHOT_BATCH);
  }
  if (list->json) {
    puts("]}");
  } else if (list->shown == 0) {
    puts("no group warns");
  }
}

static int list_run(struct list *list, const char *store, const char *as_of)
{
  int code = sp_scored_open(&list->scored, store, as_of, false);
  if (code == SP_EXIT_DONE && list->manager != NULL) {
    struct sp_name name = {list->manager, (uint32_t)strlen(list->manager)};
    if (sp_directory_find_manager(list->scored.world.directory, name) == SP_NONE) {
      fprintf(stderr, "suanpan: --manager: %s: no such manager\n", list->manager);
      code = SP_EXIT_USAGE;
    }
  }
  if (code == SP_EXIT_DONE) {
    enum sp_status status = sp_snapshot_open(&list->rows, SP_SNAPSHOT_WARNINGS,
                                             &list->scored.scores, &list->scored.world.memory);
    if (status != SP_OK) {
      fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
      code = SP_EXIT_ENVIRONMENT;
    }
  }
  if (code == SP_EXIT_DONE) {
    all_show(list);
  }
  sp_snapshot_close(list->rows);
  sp_scored_close(&list->scored);
  return code;
}

int sp_cmd_churn(int argc, char **argv)
{
  const char *as_of = NULL;
  const char *manager = NULL;
  int64_t most = INT64_MAX;
  bool json = false;
  struct sp_option_list rest = {.count = 0};
  const struct sp_option table[] = {
      {"--manager", SP_OPTION_TEXT, &manager, "M", "only groups of this account manager"},
      {"--most", SP_OPTION_NUMBER, &most, "N", "only the first N (default: all)"},
      {"--as-of", SP_OPTION_TEXT, &as_of, "TIME", "instant of the scores (default: latest record)"},
      {"--json", SP_OPTION_FLAG, &json, NULL, "one object"}};
  int code = sp_options_read(&help, table, 4, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count != 2 || strcmp(rest.values[0], "list") != 0) {
    return sp_usage_error(&help, "expected list and one STORE");
  }
  struct list *list = calloc(1, sizeof *list);
  if (list == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  list->manager = manager;
  list->most = (uint64_t)most;
  list->json = json;
  code = list_run(list, rest.values[1], as_of);
  free(list);
  return code;
}
