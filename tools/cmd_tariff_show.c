#include <string.h>

#include "tools/book_facts.h"
#include "tools/book_load.h"
#include "tools/cmd_tariff.h"
#include "tools/json_text.h"

static const struct sp_verb_help show_help = {
    "suanpan tariff show BOOK [PLAN] [--json]",
    "  suanpan tariff show book              all plans of a book\n"
    "  suanpan tariff show book day          one plan\n"
    "  suanpan tariff show book.img --json   facts as JSON, of a compiled book as well\n",
    "Shows plans as a person reads them: what a local minute costs when, what is free, what caps. "
    "Costs are "
    "those of the plan's own rates, before allowances, discounts and other plans."};

static const char *section_file(enum sp_fact_section section)
{
  switch (section) {
  case SP_FACT_PLAN:
    return "plans.csv";
  case SP_FACT_RATE:
    return "rates.csv";
  case SP_FACT_ALLOWANCE:
    return "allowances.csv";
  case SP_FACT_DISCOUNT:
    return "discounts.csv";
  case SP_FACT_PAYER:
    return "payers.csv";
  case SP_FACT_BOOK:
  case SP_FACT_BAND:
  case SP_FACT_DAY:
  case SP_FACT_DESTINATION:
  case SP_FACT_AREA:
  case SP_FACT_NUMBER:
  case SP_FACT_PORTED:
  case SP_FACT_CELL:
  case SP_FACT_COST:
  case SP_FACT_ITEM:
    break;
  }
  return "";
}

static void fact_json(const struct sp_fact *fact, FILE *to)
{
  fprintf(to, "{\"plan\":");
  sp_json_text(to, fact->plan, strlen(fact->plan));
  fprintf(to, ",\"section\":\"%s\",\"about\":", sp_fact_section_word(fact->section));
  sp_json_text(to, fact->about, strlen(fact->about));
  fprintf(to, ",\"says\":");
  sp_json_text(to, fact->says, strlen(fact->says));
  fprintf(to, ",\"file\":\"%s\",\"line\":%u}", section_file(fact->section), fact->line);
}

static void fact_print(const struct sp_fact *fact)
{
  if (fact->section == SP_FACT_PLAN) {
    printf("\nplan %s: %s\n", fact->plan, fact->says);
    return;
  }
  printf("  %-10s %s: %s", sp_fact_section_word(fact->section), fact->about, fact->says);
  if (fact->line > 0) {
    printf("  [%s:%u]", section_file(fact->section), fact->line);
  }
  putchar('\n');
}

static void facts_print(const struct sp_facts *facts, const char *plan, bool json)
{
  size_t shown = 0;
  printf("%s", json ? "{\"facts\":[" : "");
  for (size_t i = 0; i < facts->count; i++) {
    const struct sp_fact *fact = &facts->fact[i];
    if (plan != NULL && strcmp(fact->plan, plan) != 0) {
      continue;
    }
    if (json) {
      printf("%s", shown > 0 ? "," : "");
      fact_json(fact, stdout);
    } else {
      fact_print(fact);
    }
    shown++;
  }
  printf("%s", json ? "]}\n" : "");
}

int sp_tariff_load(struct sp_loaded_book *loaded, const char *path)
{
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  enum sp_status status = sp_book_load(loaded, path, &list);
  if (status != SP_OK) {
    sp_problem_list_print(&list, stderr);
    if (status != SP_BAD_BOOK) {
      fprintf(stderr, "suanpan: %s: %s\n", path, sp_status_text(status));
    }
  }
  sp_problem_list_free(&list);
  return status == SP_OK                               ? SP_EXIT_DONE
         : status == SP_BAD_BOOK || status == SP_LIMIT ? SP_EXIT_BOOK
                                                       : SP_EXIT_ENVIRONMENT;
}

int sp_cmd_tariff_show(int argc, char **argv)
{
  bool json = false;
  struct sp_option_list rest = {{NULL}, 0};
  const struct sp_option options[] = {
      {"--json", SP_OPTION_FLAG, &json, NULL, "{\"facts\":[{plan,section,about,says,file,line}]}"}};
  int code = sp_options_read(&show_help, options, 1, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count < 1 || rest.count > 2) {
    return sp_usage_error(&show_help, "expected a book, and a plan or none");
  }
  struct sp_loaded_book loaded;
  code = sp_tariff_load(&loaded, rest.values[0]);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  const char *plan = rest.count == 2 ? rest.values[1] : NULL;
  struct sp_facts facts;
  if (plan != NULL && sp_book_find_plan(&loaded.book, plan, strlen(plan)) == SP_NONE) {
    fprintf(stderr, "suanpan: %s: no such plan in %s\n", plan, rest.values[0]);
    code = SP_EXIT_REJECTED;
  } else if (sp_facts_make(&facts, &loaded.book, false) != SP_OK) {
    fprintf(stderr, "suanpan: out of memory\n");
    code = SP_EXIT_ENVIRONMENT;
  } else {
    facts_print(&facts, plan, json);
    sp_facts_free(&facts);
  }
  sp_book_unload(&loaded);
  return code;
}
