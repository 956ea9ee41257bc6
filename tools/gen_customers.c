/* Writes the customer tables of the generated province. Every name is made up from syllables. */
#include "tools/gen_world.h"

#include "tools/gen_file.h"
#include "tools/gen_random.h"

#include <stdio.h>

#define SINCE "2025-01-01"
#define SALT_NAME 100
#define SALT_FACT 101
#define SALT_SIGNED 102

static const char *const given[] = {"Anlu",  "Bohai", "Chuman", "Dening", "Fayin",  "Gusha",
                                    "Haimo", "Jinko", "Kaiso",  "Luwen",  "Minrai", "Ningto",
                                    "Ouyan", "Peilo", "Qisan",  "Ruoke"};
static const char *const trade[] = {"Textile Works", "Port Services", "Kitchens",  "Clinic",
                                    "School",        "Machine Shop",  "Logistics", "Farm Union",
                                    "Savings House", "Engineers",     "Hotels",    "Chemicals"};
static const char *const industry[] = {"textile",   "port",     "catering",  "health",
                                       "education", "machine",  "logistics", "farming",
                                       "finance",   "building", "hotel",     "chemistry"};

static uint64_t bits_of(const struct sp_gen_world *world, uint64_t salt, uint32_t index)
{
  return sp__random_mix(world->options.seed, salt, index);
}

static void day_write(FILE *to, int32_t day)
{
  struct sp_gen_date date = sp__gen_date(day);
  fprintf(to, "%04u-%02u-%02u", date.year, date.month, date.day);
}

static void accounts_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "account,name,kind,credit,from,to\n");
  for (uint32_t k = 0; k < world->options.groups; k++) {
    fprintf(to, "GA%06u,Account of group %u,postpaid,,,\n", k, k);
  }
  for (uint32_t i = 0; i < world->options.subscribers; i++) {
    uint64_t bits = bits_of(world, SALT_NAME, i);
    fprintf(to, "A%08u,%s %s,%s,,,\n", i, given[bits & 15u], given[bits >> 4 & 15u],
            bits >> 8 & 3u ? "postpaid" : "prepaid");
  }
}

/* The second of a family uses the account of the first. */
static uint32_t account_of(const struct sp_gen_world *world, uint32_t index)
{
  uint32_t members[3];
  uint32_t family = sp__gen_family(world, index);
  if (family == SP_GEN_NONE || index < world->members || family % 2 != 0) {
    return index;
  }
  (void)sp__gen_family_members(world, family, members);
  return members[0];
}

static void subscribers_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "subscriber,number,account,home_area,from,to\n");
  for (uint32_t i = 0; i < world->options.subscribers; i++) {
    fprintf(to, "S%08u,%llu,A%08u,", i, (unsigned long long)sp__gen_number(world, i),
            account_of(world, i));
    if (i % 2 == 0) {
      fprintf(to, "%u", sp__gen_area_code(sp__gen_home_area(world, i)));
    }
    fprintf(to, "," SINCE ",\n");
  }
}

static void enterprise_write(FILE *to, const struct sp_gen_world *world, uint32_t k)
{
  const struct sp_gen_group *group = &world->groups[k];
  uint64_t bits = bits_of(world, SALT_NAME, 0x80000000u + k);
  uint32_t manager = sp__gen_manager(world, k);
  char class_word = k < world->options.groups / 20 + 1  ? 'A'
                    : k < world->options.groups / 5 + 1 ? 'B'
                    : k < world->options.groups / 2 + 1 ? 'C'
                                                        : 'D';
  fprintf(to, "E%06u,enterprise,", k);
  if (group->parent != SP_GEN_NONE) {
    fprintf(to, "E%06u", group->parent);
  }
  uint32_t area = group->size > 0 ? sp__gen_home_area(world, group->first) : 0;
  fprintf(to, ",%s %s %u,%c,%s,%u,section%u,M%05u,GA%06u,", given[bits & 15u],
          trade[(bits >> 4) % 12], k, class_word, industry[(bits >> 4) % 12],
          sp__gen_area_code(area), manager / 8, manager, k);
  day_write(to, 20 + (int32_t)((bits >> 40) % 700));
  fprintf(to, ",%u," SINCE ",\n", k % 40 == 0 ? 1u : 0u);
}

static void groups_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "group,kind,parent,name,class,industry,region,section,manager,account,"
              "contract_end,strategic,from,to\n");
  for (uint32_t k = 0; k < world->options.groups; k++) {
    enterprise_write(to, world, k);
  }
  for (uint32_t f = 0; f < world->families; f++) {
    fprintf(to, "F%08u,family,,Family %u,,,,,,,,," SINCE ",\n", f, f);
  }
}

static void members_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "group,subscriber,short_number,role,from,to\n");
  for (uint32_t i = 0; i < world->members; i++) {
    uint32_t k = world->group_of[i];
    struct sp_gen_subscriber s = sp__gen_subscriber(world, i);
    fprintf(to, "E%06u,S%08u,", k, i);
    if (world->groups[k].shorts) {
      fprintf(to, "%u", sp__gen_short(world, i));
    }
    fprintf(to, ",%s,", i - world->groups[k].first < 2 ? "key" : "member");
    day_write(to, s.join_day < 0 ? -200 : s.join_day);
    fputc(',', to);
    if (s.leave_day != SP_GEN_ALWAYS) {
      day_write(to, s.leave_day);
    }
    fputc('\n', to);
  }
  for (uint32_t f = 0; f < world->families; f++) {
    uint32_t members[3];
    uint32_t count = sp__gen_family_members(world, f, members);
    for (uint32_t m = 0; m < count; m++) {
      fprintf(to, "F%08u,S%08u,,member," SINCE ",\n", f, members[m]);
    }
  }
}

/* When a subscriber took its plan, in the year before the period: each in a second of its own, as
 * people do. */
static void signed_write(FILE *to, const struct sp_gen_world *world, uint32_t i)
{
  uint64_t bits = bits_of(world, SALT_SIGNED, i);
  uint32_t second = (uint32_t)(bits >> 32) % 86400;
  day_write(to, (int32_t)(bits % 300) - 360);
  fprintf(to, "T%02u:%02u:%02u+08:00", second / 3600, second / 60 % 60, second % 60);
}

static void plan_write(FILE *to, const struct sp_gen_world *world, uint32_t i, uint32_t plan)
{
  fprintf(to, "subscriber:S%08u,%s,", i, sp__gen_plan_name[plan]);
  signed_write(to, world, i);
  fputc(',', to);
}

static void own_plans_write(FILE *to, const struct sp_gen_world *world, uint32_t i)
{
  struct sp_gen_subscriber s = sp__gen_subscriber(world, i);
  if (!s.no_plan) {
    plan_write(to, world, i, s.plan);
    if (s.change_day != SP_GEN_ALWAYS) {
      day_write(to, s.change_day);
    }
    fputc('\n', to);
  }
  if (s.two_plans) {
    plan_write(to, world, i, s.next_plan);
    fputc('\n', to);
  }
  if (s.change_day != SP_GEN_ALWAYS) {
    fprintf(to, "subscriber:S%08u,%s,", i, sp__gen_plan_name[s.next_plan]);
    day_write(to, s.change_day);
    fputs(",\n", to);
  }
  for (uint32_t plan = SP_GEN_DATAPACK; plan < SP_GEN_PLAN_MAX; plan++) {
    if ((s.add_ons >> plan & 1u) == 0) {
      continue;
    }
    /* Some packs begin inside the period, so that grants are cut by day. */
    fprintf(to, "subscriber:S%08u,%s,", i, sp__gen_plan_name[plan]);
    day_write(to, i % 5 == 0 ? (int32_t)(i / 5 % 28) : -365);
    fputs(",\n", to);
  }
}

static void subscriptions_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "owner,plan,from,to\n");
  for (uint32_t i = 0; i < world->options.subscribers; i++) {
    own_plans_write(to, world, i);
  }
  for (uint32_t k = 0; k < world->options.groups; k++) {
    const struct sp_gen_group *group = &world->groups[k];
    const bool has[] = {group->vnet,
                        group->vtree,
                        false,
                        group->pool && group->size < 100,
                        group->pool && group->size >= 100,
                        group->office,
                        group->boss};
    for (uint32_t p = 0; p < sizeof has / sizeof has[0]; p++) {
      if (has[p]) {
        fprintf(to, "group:E%06u,%s," SINCE ",\n", k, sp__gen_plan_name[SP_GEN_VNET + p]);
      }
    }
  }
  for (uint32_t f = 0; f < world->families && !world->options.simple; f++) {
    fprintf(to, "group:F%08u,homenet," SINCE ",\n", f);
  }
}

static void managers_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "manager,name,section,region,role,from,to\n");
  for (uint32_t m = 0; m < world->managers; m++) {
    fprintf(to, "M%05u,%s %s,section%u,%u,manager," SINCE ",\n", m, given[m & 15u],
            given[(m * 7 + 3) & 15u], m / 8, sp__gen_area_code(m % SP_GEN_HOME_AREAS));
  }
}

static void fact_write(FILE *to, const char *subject, const char *fact, int32_t day)
{
  fprintf(to, "%s,%s,", subject, fact);
  day_write(to, day < 0 ? 0 : day);
  fputc('\n', to);
}

static void facts_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "subject,kind,value,at\n");
  for (uint32_t k = 0; k < world->options.groups; k++) {
    char subject[32];
    uint64_t bits = bits_of(world, SALT_FACT, k);
    int32_t fade_day = world->groups[k].fade_day;
    int32_t any_day = (int32_t)(bits % world->options.days);
    snprintf(subject, sizeof subject, "group:E%06u", k);
    if (fade_day != SP_GEN_ALWAYS && bits >> 8 & 1u) {
      fact_write(to, subject, "complaint,1", fade_day - 3);
    }
    if (fade_day != SP_GEN_ALWAYS && (bits >> 9 & 3u) == 0) {
      fact_write(to, subject, "arrears_days,45", fade_day + 5);
    }
    if (fade_day == SP_GEN_ALWAYS && (bits >> 16) % 30 == 0) {
      fact_write(to, subject, "complaint,1", any_day);
    }
    if ((bits >> 24) % 5 == 0) {
      fact_write(to, subject, "satisfaction,88", any_day);
    }
  }
  for (uint32_t i = world->members; i < world->options.subscribers; i++) {
    char subject[32];
    struct sp_gen_subscriber s = sp__gen_subscriber(world, i);
    if (s.churn_day == SP_GEN_ALWAYS || i % 3 != 0) {
      continue;
    }
    snprintf(subject, sizeof subject, "subscriber:S%08u", i);
    fact_write(to, subject, "port_out_request,1", s.churn_day - 1);
  }
}

bool sp__gen_customers_write(const struct sp_gen_world *world, const char *folder)
{
  struct sp_gen_folder customers = {.path = folder, .good = true};
  accounts_write(sp__gen_file(&customers, "accounts.csv"), world);
  subscribers_write(sp__gen_file(&customers, "subscribers.csv"), world);
  groups_write(sp__gen_file(&customers, "groups.csv"), world);
  members_write(sp__gen_file(&customers, "members.csv"), world);
  subscriptions_write(sp__gen_file(&customers, "subscriptions.csv"), world);
  managers_write(sp__gen_file(&customers, "managers.csv"), world);
  facts_write(sp__gen_file(&customers, "facts.csv"), world);
  return sp__gen_folder_done(&customers);
}
