/* suanpan view: all that is kept of one group or subscriber. */
#include <stdlib.h>
#include <string.h>

#include "store/snapshot.h"
#include "tools/json_text.h"
#include "tools/reasons.h"
#include "tools/scored.h"
#include "tools/snapshot_json.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan view STORE group:ID|subscriber:ID [--as-of TIME] [--json]",
    "  suanpan view /var/lib/suanpan group:E000017\n"
    "  suanpan view /var/lib/suanpan subscriber:S00000042 --json\n",
    "Shows one customer from all sides: who and whose it is, R, F, M and class, risk with its "
    "reasons,\n"
    "the last six months, and of a group its members at risk. The names are the columns of a\n"
    "snapshot."};

struct view {
  struct sp_scored scored;
  bool group; /* else a subscriber */
  uint32_t index;
  struct sp_snapshot *rows;
};

static enum sp_snapshot_table table_of(const struct view *view)
{
  return view->group ? SP_SNAPSHOT_GROUPS : SP_SNAPSHOT_SUBSCRIBERS;
}

static bool find(struct view *view, const char *subject)
{
  const struct sp_directory *directory = view->scored.world.directory;
  const char *id = strchr(subject, ':') + 1;
  struct sp_name name = {id, (uint32_t)strlen(id)};
  view->group = strncmp(subject, "group:", 6) == 0;
  view->index = view->group ? sp_directory_find_group(directory, name)
                            : sp_directory_find_subscriber(directory, name);
  return view->index != SP_NONE;
}

static void reasons_of(const struct view *view, struct sp_shown_reasons *shown)
{
  if (view->group) {
    sp_reasons_of_group(&view->scored.scores, view->index, shown);
  } else {
    sp_reasons_of_subscriber(&view->scored.scores, view->index, shown);
  }
}

static void view_json(const struct view *view, uint32_t row)
{
  struct sp_shown_reasons shown;
  char instant[SP_INSTANT_BYTES];
  sp_instant_text(view->scored.scores.review.at.utc_s, instant);
  reasons_of(view, &shown);
  printf("{\"as_of\":\"%s\",", instant);
  sp_snapshot_json(stdout, view->rows, table_of(view), row);
  fputs(",\"contributions\":{", stdout);
  sp_reasons_json(stdout, &shown);
  putchar('}');
  if (view->group) {
    putchar(',');
    sp_members_json(stdout, &view->scored.scores, view->index, false);
  }
  puts("}");
}

/* ---- text ---- */

static void cell_print(const struct sp_parquet_column *column, const struct sp_snapshot_cell *cell)
{
  char instant[SP_INSTANT_BYTES];
  if (column->type == SP_PARQUET_TEXT) {
    printf("%.*s", (int)cell->text.size, cell->text.bytes);
  } else if (column->type == SP_PARQUET_MONEY) {
    sp_money_print(stdout, cell->value);
  } else if (column->type == SP_PARQUET_TIMESTAMP) {
    sp_instant_text(cell->value / 1000, instant);
    fputs(instant, stdout);
  } else if (column->type == SP_PARQUET_BOOL) {
    fputs(cell->value != 0 ? "yes" : "no", stdout);
  } else {
    printf("%lld", (long long)cell->value);
  }
}

static bool is_month(const char *name)
{
  return name[0] == 'm' && name[1] >= '0' && name[1] <= '5' && name[2] == '_';
}

/* What is known, one line a column; reasons and months come in their own form. */
static void facts_print(const struct view *view, uint32_t row)
{
  uint32_t count;
  const struct sp_parquet_column *columns = sp_snapshot_columns(table_of(view), &count);
  for (uint32_t c = 0; c < count; c++) {
    struct sp_snapshot_cell cell = sp_snapshot_cell_at(view->rows, c, row);
    bool reason = strncmp(columns[c].name, "reason_", 7) == 0 ||
                  strncmp(columns[c].name, "contribution_", 13) == 0;
    if (!cell.null && !reason && !is_month(columns[c].name)) {
      printf("%-20s ", columns[c].name);
      cell_print(&columns[c], &cell);
      putchar('\n');
    }
  }
}

static void months_print(const struct view *view)
{
  const struct sp_scores *scores = &view->scored.scores;
  printf("\n%-8s %12s %9s %7s %9s %10s %8s\n", "month", "money", "minutes", "calls", "messages",
         "MB", "off-net");
  for (uint32_t back = 0; back < SP_PROFILE_MONTHS; back++) {
    uint32_t at = scores->review.at.month - back;
    struct sp_month month;
    bool known = view->group
                     ? sp_group_month_at(&scores->group_scores[view->index].profile, at, &month)
                     : sp_profile_month_at(&scores->profiles[view->index], at, &month);
    if (known) {
      printf("%04u-%02u  %9lld.%02lld %9lld %7u %9u %10lld %8u\n", at / 12U, at % 12U + 1U,
             (long long)(month.net_micro / SP_PPM),
             (long long)(llabs(month.net_micro) % SP_PPM / 10000), (long long)(month.voice_s / 60),
             month.calls, month.messages, (long long)(month.bytes >> 20U), month.offnet);
    }
  }
}

static void members_print(const struct view *view)
{
  const struct sp_scores *scores = &view->scored.scores;
  const struct sp_group_score *group = &scores->group_scores[view->index];
  puts("\nmembers at risk");
  for (uint32_t k = 0; k < group->top_count; k++) {
    struct sp_name name = sp_directory_subscriber_name(scores->directory, group->top[k]);
    uint32_t ppm = scores->scores[group->top[k]].probability_ppm;
    printf("    %-24.*s %3u.%u %%  ", (int)name.length, name.text, ppm / 10000U, ppm / 1000U % 10U);
    sp_money_print(stdout, group->top_at_risk_micro[k]);
    putchar('\n');
  }
}

static void view_print(const struct view *view, uint32_t row)
{
  struct sp_shown_reasons shown;
  reasons_of(view, &shown);
  facts_print(view, row);
  puts("\nrisk");
  sp_reasons_print(stdout, &shown);
  months_print(view);
  if (view->group && view->scored.scores.group_scores[view->index].top_count != 0) {
    members_print(view);
  }
}

static int view_run(struct view *view, const char *store, const char *subject, const char *as_of,
                    bool json)
{
  int code = sp_scored_open(&view->scored, store, as_of, false);
  if (code == SP_EXIT_DONE && !find(view, subject)) {
    fprintf(stderr, "suanpan: %s: no such %s\n", subject, view->group ? "group" : "subscriber");
    code = SP_EXIT_USAGE;
  }
  if (code == SP_EXIT_DONE) {
    enum sp_status status = sp_snapshot_open(&view->rows, table_of(view), &view->scored.scores,
                                             &view->scored.world.memory);
    if (status != SP_OK) {
      fprintf(stderr, "suanpan: %s\n", sp_status_text(status));
      code = SP_EXIT_ENVIRONMENT;
    }
  }
  if (code == SP_EXIT_DONE) {
    sp_snapshot_read(view->rows, view->index, 1);
    if (json) {
      view_json(view, 0);
    } else {
      view_print(view, 0);
    }
  }
  sp_snapshot_close(view->rows);
  sp_scored_close(&view->scored);
  return code;
}

int sp_cmd_view(int argc, char **argv)
{
  const char *as_of = NULL;
  bool json = false;
  struct sp_option_list rest = {.count = 0};
  const struct sp_option table[] = {
      {"--as-of", SP_OPTION_TEXT, &as_of, "TIME", "instant of the scores (default: latest record)"},
      {"--json", SP_OPTION_FLAG, &json, NULL, "one object"}};
  int code = sp_options_read(&help, table, 2, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count != 2 || (strncmp(rest.values[1], "group:", 6) != 0 &&
                          strncmp(rest.values[1], "subscriber:", 11) != 0)) {
    return sp_usage_error(&help, "expected STORE and group:ID or subscriber:ID");
  }
  struct view *view = calloc(1, sizeof *view);
  if (view == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  code = view_run(view, rest.values[0], rest.values[1], as_of, json);
  free(view);
  return code;
}
