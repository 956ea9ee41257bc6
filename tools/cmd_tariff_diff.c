#include <string.h>

#include "tools/book_facts.h"
#include "tools/book_load.h"
#include "tools/book_words.h"
#include "tools/cmd_tariff.h"
#include "tools/json_text.h"

static const struct sp_verb_help diff_help = {
    "suanpan tariff diff A B [--json]",
    "  suanpan tariff diff book book-next        what changes, plan by plan\n",
    "Says what changes from book A to book B and for whom: costs, rates, allowances, discounts, "
    "payers, bands, "
    "numbers, places. Lines begin with - (only in A), + (only in B) or ~ (changed)."};

struct diff {
  const struct sp_book *books[2];
  const char *plan; /* whose heading was printed last */
  size_t changes;
  bool json;
};

/* For whom a plan's facts hold. */
static const char *plan_people(const struct diff *diff, const char *plan)
{
  static const char *const people[] = {"its subscribers", "subscribers who add it",
                                       "members of the groups that have it",
                                       "members of the families that have it"};
  for (int i = 1; i >= 0; i--) {
    uint32_t at = sp_book_find_plan(diff->books[i], plan, strlen(plan));
    if (at != SP_NONE) {
      return people[SP_BOOK_TABLE(diff->books[i], plans, struct sp_book_plan)[at].kind];
    }
  }
  return "all";
}

static void json_fact(const char *key, const struct sp_fact *fact)
{
  printf(",\"%s\":", key);
  if (fact == NULL) {
    printf("null");
  } else {
    sp_json_text(stdout, fact->says, strlen(fact->says));
  }
}

/* One change: `was` or `is` may be NULL. */
static void change_print(struct diff *diff, const struct sp_fact *was, const struct sp_fact *is)
{
  const struct sp_fact *fact = was != NULL ? was : is;
  const char *section = sp_fact_section_word(fact->section);
  diff->changes++;
  if (diff->json) {
    printf("%s{\"plan\":", diff->changes > 1 ? "," : "");
    sp_json_text(stdout, fact->plan, strlen(fact->plan));
    printf(",\"for\":\"%s\",\"section\":\"%s\",\"about\":", plan_people(diff, fact->plan), section);
    sp_json_text(stdout, fact->about, strlen(fact->about));
    json_fact("was", was);
    json_fact("is", is);
    putchar('}');
    return;
  }
  if (diff->plan == NULL || strcmp(diff->plan, fact->plan) != 0) {
    if (fact->plan[0] == '\0') {
      printf("the book, for all:\n");
    } else {
      printf("%splan %s, for %s:\n", diff->plan == NULL ? "" : "\n", fact->plan,
             plan_people(diff, fact->plan));
    }
    diff->plan = fact->plan;
  }
  printf("  %c %s %s: %s",
         was == NULL  ? '+'
         : is == NULL ? '-'
                      : '~',
         section, fact->about, fact->says);
  if (was != NULL && is != NULL) {
    printf(" -> %s", is->says);
  }
  putchar('\n');
}

static void facts_compare(struct diff *diff, const struct sp_facts *a, const struct sp_facts *b)
{
  size_t i = 0;
  size_t k = 0;
  while (i < a->count || k < b->count) {
    int order = i == a->count ? 1 : k == b->count ? -1 : sp_fact_compare(&a->fact[i], &b->fact[k]);
    if (order < 0) {
      change_print(diff, &a->fact[i++], NULL);
    } else if (order > 0) {
      change_print(diff, NULL, &b->fact[k++]);
    } else {
      if (strcmp(a->fact[i].says, b->fact[k].says) != 0) {
        change_print(diff, &a->fact[i], &b->fact[k]);
      }
      i++;
      k++;
    }
  }
}

static int books_compare(struct diff *diff)
{
  struct sp_facts facts[2];
  if (sp_facts_make(&facts[0], diff->books[0], true) != SP_OK) {
    return SP_EXIT_ENVIRONMENT;
  }
  if (sp_facts_make(&facts[1], diff->books[1], true) != SP_OK) {
    sp_facts_free(&facts[0]);
    return SP_EXIT_ENVIRONMENT;
  }
  sp_facts_sort(&facts[0]);
  sp_facts_sort(&facts[1]);
  printf("%s", diff->json ? "{\"changes\":[" : "");
  facts_compare(diff, &facts[0], &facts[1]);
  printf("%s", diff->json ? "]}\n" : "");
  sp_facts_free(&facts[0]);
  sp_facts_free(&facts[1]);
  return SP_EXIT_DONE;
}

int sp_cmd_tariff_diff(int argc, char **argv)
{
  struct diff diff = {{NULL, NULL}, NULL, 0, false};
  struct sp_option_list paths = {{NULL}, 0};
  const struct sp_option options[] = {{"--json", SP_OPTION_FLAG, &diff.json, NULL,
                                       "{\"changes\":[{plan,for,section,about,was,is}]}"}};
  int code = sp_options_read(&diff_help, options, 1, argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (paths.count != 2) {
    return sp_usage_error(&diff_help, "expected two books");
  }
  struct sp_loaded_book loaded[2] = {{{NULL, NULL}, NULL, 0, false},
                                     {{NULL, NULL}, NULL, 0, false}};
  code = sp_tariff_load(&loaded[0], paths.values[0]);
  int second = sp_tariff_load(&loaded[1], paths.values[1]);
  code = code != SP_EXIT_DONE ? code : second;
  if (code == SP_EXIT_DONE) {
    diff.books[0] = &loaded[0].book;
    diff.books[1] = &loaded[1].book;
    code = books_compare(&diff);
    fprintf(stderr, "suanpan: %zu changes\n", diff.changes);
  }
  sp_book_unload(&loaded[0]);
  sp_book_unload(&loaded[1]);
  return code;
}
