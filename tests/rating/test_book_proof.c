/* Ties and gaps of random small books against their definitions (book.md §18.3), walked record by
 * record and time by time. */

#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/book_made.h"

#define BOOKS 400
#define RULES_MAX 9
#define COLUMNS 8

/* Values of the cells as they are written, and as the naive walk knows them. */
static const char *const cell_words[COLUMNS][4] = {
    {"voice", "data", "voice;data", NULL},
    {"mo", "cf", "mt", "mt;cf"},
    {"home", "hmt", "home;domestic", NULL},
    {"local", "international", "local;international", NULL},
    {"group", "group_tree", "onnet", "foreign;mobile"},
    {"a", "b", "c", "a;c"},
    {"am", "pm", "we", "am;pm"},
    {"1", "2", "1;2", NULL}};
/* What a record has in each column; bands apart. Zones and nets by name, "-" for none. */
static const char *const services[] = {"voice", "data"};
static const char *const directions[] = {"-", "mo", "mt", "cf"};
static const char *const roams[] = {"home", "province", "domestic", "hmt", "international"};
static const char *const zones[] = {"-",   "local",         "province", "domestic",
                                    "hmt", "international", "service"};
static const char *const nets[] = {"-",     "group",   "family", "service", "sp",
                                   "fixed", "foreign", "onnet",  "mobile"};
/* Numbers by the destinations that hold for them: a = 81; b = 811, 82; c = 86. The first: none of
 * these. */
static const char *const numbers[] = {"", "a", "ab", "b", "c"};
static const char *const groups[] = {"-", "1", "2"};
/* Kinds of time: am and pm of days that are a weekend or not. `am` is 00:00-12:00, `pm`
 * 12:00-18:00, `we` all weekend days. */
static const char *const times[] = {"am", "pm", "", "am we", "pm we", "we"};

struct naive_rule {
  const char *cells[COLUMNS]; /* NULL: blank */
  unsigned plan, item, priority, columns, line;
};

struct naive_book {
  struct naive_rule rules[RULES_MAX];
  unsigned count, plans;
};

static bool list_has(const char *list, const char *word)
{
  size_t length = strlen(word);
  for (const char *at = list; at != NULL; at = strchr(at, ';')) {
    at += *at == ';';
    if (strncmp(at, word, length) == 0 && (at[length] == ';' || at[length] == '\0')) {
      return true;
    }
  }
  return false;
}

static bool text_has(const char *text, const char *word)
{
  return strstr(text, word) != NULL;
}

/* --- ties --- */

static const char *dest_prefixes(char dest)
{
  return dest == 'a' ? "81" : dest == 'b' ? "811;82" : "86";
}

static bool dests_share(const char *a, const char *b)
{
  for (char x = 'a'; x <= 'c'; x++) {
    for (char y = 'a'; y <= 'c'; y++) {
      char one[2] = {x, '\0'};
      char other[2] = {y, '\0'};
      if (list_has(a, one) && list_has(b, other) &&
          (x == y || list_has(dest_prefixes(x), dest_prefixes(y)))) {
        return true;
      }
    }
  }
  return false;
}

static bool times_share(const char *a, const char *b)
{
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
    static const char *const bands[] = {"am", "pm", "we"};
    bool in_a = false;
    bool in_b = false;
    for (size_t k = 0; k < 3; k++) {
      bool holds = text_has(times[i], bands[k]);
      in_a = in_a || (holds && list_has(a, bands[k]));
      in_b = in_b || (holds && list_has(b, bands[k]));
    }
    if (in_a && in_b) {
      return true;
    }
  }
  return false;
}

static bool values_share(unsigned column, const char *a, const char *b)
{
  static const char *const words[] = {"voice", "data",       "mo",    "cf",      "mt",
                                      "home",  "domestic",   "hmt",   "local",   "international",
                                      "group", "group_tree", "onnet", "foreign", "mobile",
                                      "1",     "2"};
  if (column == 4 && (list_has(a, "group_tree") || list_has(b, "group_tree"))) {
    return true;
  }
  if (column == 1 &&
      ((list_has(a, "mo") && list_has(b, "cf")) || (list_has(a, "cf") && list_has(b, "mo")))) {
    return true;
  }
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    if (list_has(a, words[i]) && list_has(b, words[i])) {
      return true;
    }
  }
  return false;
}

static bool cells_overlap(unsigned column, const char *a, const char *b)
{
  if (column == 5 && (a == NULL) != (b == NULL)) {
    return false;
  }
  if (a == NULL || b == NULL) {
    return true;
  }
  return column == 5   ? dests_share(a, b)
         : column == 6 ? times_share(a, b)
                       : values_share(column, a, b);
}

static bool rules_tie(const struct naive_rule *a, const struct naive_rule *b)
{
  if (a->plan != b->plan || a->item != b->item || a->priority != b->priority ||
      a->columns != b->columns) {
    return false;
  }
  for (unsigned column = 0; column < COLUMNS; column++) {
    if (!cells_overlap(column, a->cells[column], b->cells[column])) {
      return false;
    }
  }
  return true;
}

/* --- gaps --- */

struct naive_record {
  const char *service, *direction, *roam, *zone, *net, *number, *group;
  bool tree;
};

static bool record_possible(const struct naive_record *r)
{
  bool abroad = text_has("hmt international", r->roam);
  bool near_zone = text_has("local province domestic", r->zone);
  bool foreign = text_has("hmt international", r->zone);
  if (r->zone[0] == '-' || r->net[0] == '-') {
    return r->zone[0] == r->net[0] && !r->tree && r->number[0] == '\0';
  }
  if (abroad && (strcmp(r->zone, "local") == 0 || strcmp(r->zone, "province") == 0)) {
    return false;
  }
  if (strcmp(r->net, "group") == 0 && !r->tree) {
    return false;
  }
  if (r->number[0] == '\0' && near_zone) {
    return false; /* all of 86 are of c */
  }
  /* Numbers of a and b are foreign, 81... and 82... not of Hong Kong, Macao, Taiwan; those of c are
   * at home. */
  if (r->number[0] != '\0' &&
      (r->number[0] == 'c' ? !near_zone : strcmp(r->zone, "international") != 0)) {
    return false;
  }
  if (strcmp(r->net, "group") == 0 || strcmp(r->net, "family") == 0) {
    return true;
  }
  return strcmp(r->net, "foreign") == 0   ? foreign
         : strcmp(r->net, "service") == 0 ? strcmp(r->zone, "service") == 0
                                          : near_zone;
}

static bool direction_matches(const char *cell, const char *direction)
{
  return list_has(cell, direction) || (strcmp(direction, "cf") == 0 && list_has(cell, "mo"));
}

static bool dest_matches(const char *cell, const char *number)
{
  return (text_has(number, "a") && list_has(cell, "a")) ||
         (text_has(number, "b") && list_has(cell, "b")) ||
         (text_has(number, "c") && list_has(cell, "c"));
}

static bool rule_matches(const struct naive_rule *rule, const struct naive_record *r)
{
  const char *const *cells = rule->cells;
  return (cells[0] == NULL || list_has(cells[0], r->service)) &&
         (cells[1] == NULL || direction_matches(cells[1], r->direction)) &&
         (cells[2] == NULL || list_has(cells[2], r->roam)) &&
         (cells[3] == NULL || list_has(cells[3], r->zone)) &&
         (cells[4] == NULL || list_has(cells[4], r->net) ||
          (r->tree && list_has(cells[4], "group_tree"))) &&
         (cells[5] == NULL || dest_matches(cells[5], r->number)) &&
         (cells[7] == NULL || list_has(cells[7], r->group));
}

static bool rule_holds(const struct naive_rule *rule, const char *time)
{
  const char *cell = rule->cells[6];
  return cell == NULL || (text_has(time, "am") && list_has(cell, "am")) ||
         (text_has(time, "pm") && list_has(cell, "pm")) ||
         (text_has(time, "we") && list_has(cell, "we"));
}

/* Whether the rules (by bit) price this record at one time and not at another. */
static bool record_gap(const struct naive_book *book, unsigned rules, const struct naive_record *r)
{
  unsigned priced = 0;
  for (unsigned i = 0; i < book->count; i++) {
    priced |= (rules >> i & 1u) != 0 && rule_matches(&book->rules[i], r) ? 1u << i : 0;
  }
  for (size_t t = 0; priced != 0 && t < sizeof(times) / sizeof(times[0]); t++) {
    bool held = false;
    for (unsigned i = 0; i < book->count; i++) {
      held = held || ((priced >> i & 1u) != 0 && rule_holds(&book->rules[i], times[t]));
    }
    if (!held) {
      return true;
    }
  }
  return false;
}

#define EACH(list, name) for (size_t name = 0; name < sizeof(list) / sizeof((list)[0]); name++)

static bool nets_gap(const struct naive_book *book, unsigned rules, struct naive_record *r)
{
  EACH(nets, net)
  {
    for (int tree = 0; tree < 2; tree++) {
      r->net = nets[net];
      r->tree = tree == 1;
      if (record_possible(r) && record_gap(book, rules, r)) {
        return true;
      }
    }
  }
  return false;
}

static bool places_gap(const struct naive_book *book, unsigned rules, struct naive_record *r)
{
  EACH(roams, roam)
  {
    EACH(zones, zone)
    {
      EACH(numbers, number)
      {
        r->roam = roams[roam];
        r->zone = zones[zone];
        r->number = numbers[number];
        if (nets_gap(book, rules, r)) {
          return true;
        }
      }
    }
  }
  return false;
}

static bool rules_gap(const struct naive_book *book, unsigned rules)
{
  struct naive_record r = {0};
  bool banded = false;
  for (unsigned i = 0; i < book->count; i++) {
    banded = banded || ((rules >> i & 1u) != 0 && book->rules[i].cells[6] != NULL);
  }
  EACH(services, service)
  {
    EACH(directions, direction)
    {
      EACH(groups, group)
      {
        r.service = services[service];
        r.direction = directions[direction];
        r.group = groups[group];
        if (banded && places_gap(book, rules, &r)) {
          return true;
        }
      }
    }
  }
  return false;
}

static unsigned rules_of(const struct naive_book *book, unsigned plan, unsigned item,
                         unsigned *first_line)
{
  unsigned rules = 0;
  *first_line = 0;
  for (unsigned i = 0; i < book->count; i++) {
    if (book->rules[i].plan == plan && book->rules[i].item == item) {
      *first_line = rules == 0 ? book->rules[i].line : *first_line;
      rules |= 1u << i;
    }
  }
  return rules;
}

/* --- the two against each other: plans 0 and 1 are base plans, 2 and 3 group plans --- */

static void naive_report(const struct naive_book *book, bool lines[RULES_MAX + 2])
{
  for (unsigned i = 0; i < book->count; i++) {
    for (unsigned k = 0; k < i; k++) {
      lines[book->rules[i].line] =
          lines[book->rules[i].line] || rules_tie(&book->rules[i], &book->rules[k]);
    }
  }
  for (unsigned item = 0; item < 2; item++) {
    unsigned first[4];
    unsigned rules[4];
    bool alone[2];
    for (unsigned plan = 0; plan < 4; plan++) {
      rules[plan] = rules_of(book, plan, item, &first[plan]);
    }
    for (unsigned base = 0; base < 2; base++) {
      alone[base] = rules_gap(book, rules[base]);
      if (alone[base]) {
        lines[first[base]] = true;
      }
    }
    for (unsigned plan = 2; plan < 4; plan++) {
      for (unsigned base = 0; base < 2 && rules[plan] != 0; base++) {
        if (!alone[base] && rules_gap(book, rules[base] | rules[plan])) {
          lines[first[plan]] = true;
        }
      }
    }
  }
}

static void random_book(struct naive_book *book, char *table, size_t room)
{
  static const char *const plans[] = {"base1", "base2", "v1", "v2"};
  size_t at = (size_t)snprintf(
      table, room,
      "plan,item,service,direction,roam,zone,net,dest,band,rating_group,priority,price,per\n");
  book->count = 2 + draw(RULES_MAX - 1);
  unsigned blanks = 1 + draw(3); /* some books have few cells set, some many */
  for (unsigned i = 0; i < book->count; i++) {
    struct naive_rule *rule = &book->rules[i];
    *rule = (struct naive_rule){
        .plan = draw(4), .item = draw(3) == 0, .priority = draw(3) == 0, .line = i + 2};
    at += (size_t)snprintf(table + at, room - at, "%s,i%u", plans[rule->plan], rule->item);
    for (unsigned column = 0; column < COLUMNS; column++) {
      bool set = column == 6 ? draw(2) == 0 : draw(blanks + 2) == 0;
      const char *word = cell_words[column][draw(4)];
      rule->cells[column] = set ? word : NULL;
      rule->columns += rule->cells[column] != NULL;
      at += (size_t)snprintf(table + at, room - at, ",%s",
                             rule->cells[column] == NULL ? "" : rule->cells[column]);
    }
    at += (size_t)snprintf(table + at, room - at, ",%u,0.1,1s\n", rule->priority);
  }
}

/* Rows that are slots of one rule, which the naive walk does not know, are left for the other
 * tests. */
static bool rules_differ(const struct naive_book *book)
{
  for (unsigned i = 0; i < book->count; i++) {
    for (unsigned k = 0; k < i; k++) {
      const struct naive_rule *a = &book->rules[i];
      const struct naive_rule *b = &book->rules[k];
      bool same = a->plan == b->plan && a->item == b->item && a->priority == b->priority;
      for (unsigned column = 0; column < COLUMNS; column++) {
        same = same && a->cells[column] == b->cells[column];
      }
      if (same) {
        return false;
      }
    }
  }
  return true;
}

static void book_compare(const struct naive_book *book, const char *table, unsigned number,
                         unsigned counts[2])
{
  bool wanted[RULES_MAX + 2] = {false};
  bool got[RULES_MAX + 2] = {false};
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "plans.csv", "plan,kind\nbase1,base\nbase2,base\nv1,group\nv2,family\n");
  made_add(made, "destinations.csv", "destination,prefix\na,81\nb,811\nb,82\nc,86\n");
  made_add(made, "bands.csv",
           "band,days,from,to\nam,all,00:00,12:00\npm,all,12:00,18:00\nwe,weekend,00:00,24:00\n");
  made_add(made, "rates.csv", table);
  enum sp_status status = made_compile(made);
  naive_report(book, wanted);
  for (char *line = made->report; *line != '\0'; line = strchr(line, '\n') + 1) {
    unsigned at;
    char mark;
    if (sscanf(line, "rates.csv:%u%c", &at, &mark) == 2 && mark == '\n') {
      got[at] = true;
    }
  }
  for (unsigned i = 0; i < RULES_MAX + 2; i++) {
    ck_assert_msg(wanted[i] == got[i], "book %u: line %u %s reported\n%s%s", number, i,
                  got[i] ? "is" : "is not", table, made->report);
  }
  ck_assert(status == SP_OK || status == SP_BAD_BOOK);
  counts[status == SP_BAD_BOOK]++;
  made_end(made);
}

START_TEST(test_random_books)
{
  draw_begin(20261130);
  unsigned counts[2] = {0, 0};
  for (unsigned number = 0; number < BOOKS; number++) {
    struct naive_book book;
    char table[4096];
    do {
      random_book(&book, table, sizeof(table));
    } while (!rules_differ(&book));
    book_compare(&book, table, number, counts);
  }
  printf("%u good books, %u with errors\n", counts[0], counts[1]);
  ck_assert_uint_gt(counts[0], BOOKS / 20);
  ck_assert_uint_gt(counts[1], BOOKS / 20);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_random_books);
  return check_run("book_proof", tests);
}
