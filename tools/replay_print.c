/* Sums of a replay for the eye and for tools. */
#include <stdlib.h>
#include <string.h>

#include "rating/charge_json.h"
#include "rating/reason.h"
#include "tools/json_text.h"
#include "tools/replay.h"

#define TOP_MAX 1000
#define MISSING_SHOWN_MAX 20 /* names for the eye; JSON has all */

static int64_t difference(const struct sp_replay_sum *sum)
{
  return (int64_t)((uint64_t)sum->replayed_micro - (uint64_t)sum->charged_micro);
}

struct sums { /* of one kind: the sums and the names of their owners */
  const struct sp_replay_sum *sum;
  uint32_t count;
  struct sp_name (*name)(const struct sp_directory *directory, uint32_t index);
};

/* Indices of the `top` sums with the least (sign 1) or most (sign -1) difference, of those below
 * (above) zero, in that order; returns how many. */
static uint32_t top_find(const struct sums *sums, int sign, uint32_t top, uint32_t *indices)
{
  uint32_t found = 0;
  for (uint32_t i = 0; i < sums->count; i++) {
    int64_t own = difference(sums->sum + i);
    if (sign > 0 ? own >= 0 : own <= 0) {
      continue;
    }
    uint32_t at = found;
    while (at > 0 && (sign > 0 ? own < difference(sums->sum + indices[at - 1])
                               : own > difference(sums->sum + indices[at - 1]))) {
      at--;
    }
    if (at == top) {
      continue;
    }
    found += found < top;
    memmove(indices + at + 1, indices + at, (found - at - 1) * sizeof(*indices));
    indices[at] = i;
  }
  return found;
}

static struct sp_name plan_name(const struct sp_directory *directory, uint32_t plan)
{
  return plan == sp_directory_plan_count(directory) ? (struct sp_name){"", 0}
                                                    : sp_directory_plan_name(directory, plan);
}

static struct sp_name service_name(const struct sp_directory *directory, uint32_t service)
{
  (void)directory;
  const char *word = sp_service_word(service);
  word = word == NULL ? "" : word;
  return (struct sp_name){word, (uint32_t)strlen(word)};
}

static struct sums plans_of(const struct sp_replay_tally *tally)
{
  return (struct sums){tally->plans, sp_directory_plan_count(tally->directory) + 1, plan_name};
}

static struct sums services_of(const struct sp_replay_tally *tally)
{
  return (struct sums){tally->services, SP_SERVICE_COUNT + 1, service_name};
}

static struct sums groups_of(const struct sp_replay_tally *tally)
{
  return (struct sums){tally->groups, sp_directory_group_count(tally->directory),
                       sp_directory_group_name};
}

static struct sums customers_of(const struct sp_replay_tally *tally)
{
  return (struct sums){tally->customers, sp_directory_subscriber_count(tally->directory),
                       sp_directory_subscriber_name};
}

static void line_print(const struct sp_replay_view *view, struct sp_name name,
                       const struct sp_replay_sum *sum)
{
  char charged[32], replayed[32], differs[32];
  charged[sp_charge_amount(sum->charged_micro, charged)] = '\0';
  replayed[sp_charge_amount(sum->replayed_micro, replayed)] = '\0';
  differs[sp_charge_amount(difference(sum), differs)] = '\0';
  printf("  %-24.*s %12llu %20s %20s %20s\n", (int)name.length, name.text,
         (unsigned long long)sum->records, view->compared ? charged : "-", replayed,
         view->compared ? differs : "-");
}

static void table_print(const struct sp_replay_view *view, const char *title, struct sums sums)
{
  printf("%s\n", title);
  for (uint32_t i = 0; i < sums.count; i++) {
    if (sums.sum[i].records > 0) {
      struct sp_name own = sums.name(view->tally->directory, i);
      line_print(view, own.length == 0 ? (struct sp_name){"(none)", 6} : own, sums.sum + i);
    }
  }
}

struct side { /* those who win (sign 1) or lose (-1) most */
  const char *title;
  struct sums sums;
  int sign;
};

static void side_print(const struct sp_replay_view *view, const struct side *side)
{
  uint32_t indices[TOP_MAX + 1];
  uint32_t found = top_find(&side->sums, side->sign, view->top, indices);
  printf("%s%s\n", side->title, found == 0 ? ": nobody" : "");
  for (uint32_t i = 0; i < found; i++) {
    line_print(view, side->sums.name(view->tally->directory, indices[i]),
               side->sums.sum + indices[i]);
  }
}

bool sp_replay_currency_is_one(const struct sp_books *charged, const struct sp_books *other)
{
  const struct sp_book *a = charged->book, *b = other->book; /* those of a set have one (§18.5) */
  struct sp_book_name then = a->header->currency, now = b->header->currency;
  if (then.length == now.length &&
      memcmp(sp_book_text(a, then), sp_book_text(b, now), now.length) == 0) {
    return true;
  }
  fprintf(stderr,
          "suanpan: the other book counts in %.*s, what was charged in %.*s: they cannot be "
          "compared; nothing was replayed\n",
          (int)now.length, sp_book_text(b, now), (int)then.length, sp_book_text(a, then));
  return false;
}

/* Plans that customers subscribe and none of the other books has. */
static bool is_missing(const struct sp_replay_view *view, uint32_t plan)
{
  struct sp_name name = sp_directory_plan_name(view->tally->directory, plan);
  for (uint32_t i = 0; i < view->books->count; i++) {
    if (sp_book_find_plan(view->books->book + i, name.text, name.length) != SP_NONE) {
      return false;
    }
  }
  return true;
}

static void missing_print(const struct sp_replay_view *view)
{
  const struct sp_directory *directory = view->tally->directory;
  uint32_t shown = 0;
  for (uint32_t i = 0; i < sp_directory_plan_count(directory); i++) {
    if (is_missing(view, i) && shown++ < MISSING_SHOWN_MAX) {
      struct sp_name name = sp_directory_plan_name(directory, i);
      printf("%s%.*s", shown == 1 ? "  plans of customers that the other book has not: " : ", ",
             (int)name.length, name.text);
    }
  }
  if (shown > MISSING_SHOWN_MAX) {
    printf(" and %u more", shown - MISSING_SHOWN_MAX);
  }
  fputs(shown > 0 ? "\n" : "", stdout);
}

static void missing_json(const struct sp_replay_view *view)
{
  const struct sp_directory *directory = view->tally->directory;
  const char *between = "";
  fputs(",\"missing_plans\":[", stdout);
  for (uint32_t i = 0; i < sp_directory_plan_count(directory); i++) {
    if (is_missing(view, i)) {
      struct sp_name name = sp_directory_plan_name(directory, i);
      fputs(between, stdout);
      sp_json_text(stdout, name.text, name.length);
      between = ",";
    }
  }
  fputs("]", stdout);
}

void sp_replay_print(const struct sp_replay_view *view)
{
  const struct sp_replay_tally *tally = view->tally;
  printf("%-26s %12s %20s %20s %20s\n", "", "records", "charged", "replayed", "difference");
  line_print(view, (struct sp_name){"all", 3}, &tally->all);
  if (view->cycle != NULL) {
    printf("  of records that start in cycle %s\n", view->cycle);
  }
  printf("  %llu records come out otherwise; %llu that were charged are suspended now, %llu the "
         "other way round; "
         "%llu were not rated again\n",
         (unsigned long long)(view->compared ? tally->changed : 0),
         (unsigned long long)tally->suspended_now, (unsigned long long)tally->rated_now,
         (unsigned long long)tally->passed_by);
  for (unsigned i = 0; i < SP_REPLAY_REASONS; i++) {
    if (tally->reasons[i] > 0) {
      printf("  not rated by the other book: %s %llu\n", sp_reason_word(i),
             (unsigned long long)tally->reasons[i]);
    }
  }
  missing_print(view);
  table_print(view, "by base plan", plans_of(tally));
  table_print(view, "by service", services_of(tally));
  table_print(view, "by group", groups_of(tally));
  if (!view->compared) {
    return;
  }
  const struct side sides[] = {{"subscribers who win most", customers_of(tally), 1},
                               {"subscribers who lose most", customers_of(tally), -1},
                               {"groups that win most", groups_of(tally), 1},
                               {"groups that lose most", groups_of(tally), -1}};
  for (unsigned i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
    side_print(view, sides + i);
  }
}

static void amounts_json(const struct sp_replay_view *view, const struct sp_replay_sum *sum)
{
  printf("\"records\":%llu,\"charged\":", (unsigned long long)sum->records);
  if (view->compared) {
    sp_json_micro(stdout, sum->charged_micro);
  } else {
    fputs("null", stdout);
  }
  fputs(",\"replayed\":", stdout);
  sp_json_micro(stdout, sum->replayed_micro);
  fputs(",\"difference\":", stdout);
  if (view->compared) {
    sp_json_micro(stdout, difference(sum));
  } else {
    fputs("null", stdout);
  }
}

static void row_json(const struct sp_replay_view *view, const char *key, struct sp_name name,
                     const struct sp_replay_sum *sum)
{
  printf("{\"%s\":", key);
  sp_json_text(stdout, name.text, name.length);
  fputs(",", stdout);
  amounts_json(view, sum);
  fputs("}", stdout);
}

static void table_json(const struct sp_replay_view *view, const char *key, struct sums sums)
{
  const char *between = "";
  printf(",\"by_%s\":[", key);
  for (uint32_t i = 0; i < sums.count; i++) {
    if (sums.sum[i].records > 0) {
      fputs(between, stdout);
      row_json(view, key, sums.name(view->tally->directory, i), sums.sum + i);
      between = ",";
    }
  }
  fputs("]", stdout);
}

static void side_json(const struct sp_replay_view *view, const char *key, const struct side *side)
{
  uint32_t indices[TOP_MAX + 1];
  uint32_t found = view->compared ? top_find(&side->sums, side->sign, view->top, indices) : 0;
  printf(",\"%s\":[", side->title);
  for (uint32_t i = 0; i < found; i++) {
    fputs(i > 0 ? "," : "", stdout);
    row_json(view, key, side->sums.name(view->tally->directory, indices[i]),
             side->sums.sum + indices[i]);
  }
  fputs("]", stdout);
}

static void reasons_json(const struct sp_replay_tally *tally)
{
  const char *between = "";
  fputs(",\"reasons\":[", stdout);
  for (unsigned i = 0; i < SP_REPLAY_REASONS; i++) {
    if (tally->reasons[i] > 0) {
      printf("%s{\"reason\":\"%s\",\"records\":%llu}", between, sp_reason_word(i),
             (unsigned long long)tally->reasons[i]);
      between = ",";
    }
  }
  fputs("]", stdout);
}

void sp_replay_json(const struct sp_replay_view *view)
{
  const struct sp_replay_tally *tally = view->tally;
  fputs("{", stdout);
  if (view->cycle != NULL) {
    printf("\"cycle\":\"%s\",", view->cycle);
  }
  amounts_json(view, &tally->all);
  printf(",\"changed\":%llu,\"suspended_now\":%llu,\"rated_now\":%llu,\"passed_by\":%llu",
         (unsigned long long)(view->compared ? tally->changed : 0),
         (unsigned long long)tally->suspended_now, (unsigned long long)tally->rated_now,
         (unsigned long long)tally->passed_by);
  reasons_json(tally);
  missing_json(view);
  table_json(view, "plan", plans_of(tally));
  table_json(view, "service", services_of(tally));
  table_json(view, "group", groups_of(tally));
  const struct side customers[] = {{"subscriber_winners", customers_of(tally), 1},
                                   {"subscriber_losers", customers_of(tally), -1}};
  const struct side sides[] = {{"group_winners", groups_of(tally), 1},
                               {"group_losers", groups_of(tally), -1}};
  for (unsigned i = 0; i < 2; i++) {
    side_json(view, "subscriber", customers + i);
  }
  for (unsigned i = 0; i < 2; i++) {
    side_json(view, "group", sides + i);
  }
  fputs("}\n", stdout);
}
