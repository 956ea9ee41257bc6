/* The rules of an item that a record meets are found by its destination's place among the item's:
 * over random books they are those that a look at each rule finds. */
#include "rating/rate_match.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/book_made.h"

enum { DESTS = 120, ROWS = 150, TABLE_BYTES = 32768, BOOKS = 40 };

struct table {
  char text[TABLE_BYTES];
  size_t length;
};

static void put(struct table *table, const char *text)
{
  size_t length = strlen(text);
  ck_assert_uint_lt(table->length + length, TABLE_BYTES);
  memcpy(table->text + table->length, text, length + 1);
  table->length += length;
}

static void put_number(struct table *table, const char *before, unsigned number, const char *after)
{
  char digits[16];
  snprintf(digits, sizeof(digits), "%03u", number);
  put(table, before);
  put(table, digits);
  put(table, after);
}

/* Destinations of one book: mostly all alike, few, one, or many rules for one of them. */
static unsigned draw_dest(unsigned kind)
{
  static const unsigned from[] = {0, 30, 60, 0}, count[] = {DESTS, 20, 1, DESTS};
  unsigned dest = from[kind] + draw(count[kind]);
  return kind == 3 && draw(3) > 0 ? 17 : dest;
}

static struct made_book *book_draw(void)
{
  static const char *const services[] = {",voice", ",", ",voice"};
  static const char *const zones[] = {",", ",international", ",domestic;local"};
  static struct table dests, rates;
  dests.length = rates.length = 0;
  put(&dests, "destination,prefix\n");
  for (unsigned i = 0; i < DESTS; i++) {
    put_number(&dests, "d", i, ",");
    put_number(&dests, "", 2000 + i * 3, "\n");
    put_number(&dests, "d", draw(DESTS), ",");
    put_number(&dests, "", 20000 + i * 30 + draw(9), "\n"); /* within that of another */
  }
  unsigned kind = draw(4), rows = 1 + draw(ROWS), lists = draw(2) * 4, plain = draw(20);
  put(&rates, "plan,item,priority,service,zone,rating_group,per,price,dest\n");
  for (unsigned i = 0; i < rows; i++) {
    put_number(&rates, "p,base,", i, services[draw(3)]);
    put(&rates, zones[draw(kind == 1 ? 2 : 3)]);
    if (draw(5) == 0) {
      put_number(&rates, ",9;", 1 + draw(4), ",1min,0.10,");
    } else {
      put(&rates, ",,1min,0.10,");
    }
    for (unsigned more = draw(20) < plain ? 0 : 1 + draw(1 + lists); more > 0; more--) {
      put_number(&rates, "d", draw_dest(kind), more > 1 ? ";" : "");
    }
    put(&rates, "\n");
  }
  struct made_book *made = made_begin("UTC");
  made_add(made, "plans.csv", "plan,kind\np,base\n");
  made_add(made, "destinations.csv", dests.text);
  made_add(made, "rates.csv", rates.text);
  return made;
}

struct met { /* the length of each rule that was visited, 0 = not, else + 1 */
  const struct sp_book_rule *rules;
  int length[ROWS];
  unsigned count;
};

static void met_visit(void *context, const struct sp_book_rule *rule, int length)
{
  struct met *met = context;
  int *of = &met->length[rule - met->rules];
  ck_assert_int_ge(rule - met->rules, 0);
  ck_assert(*of == 0 || length < *of);
  *of = *of == 0 ? length + 1 : *of;
  met->count++;
}

static unsigned ask(const struct sp_book *book, const struct sp_book_item *item,
                    const struct sp__asked *asked)
{
  struct met met = {.rules = SP_BOOK_TABLE(book, rules, struct sp_book_rule)};
  sp__match_fetch(book, item, asked); /* changes nothing */
  sp__match_rules(book, item, asked, met_visit, &met);
  for (uint32_t i = 0; i < item->rules_count; i++) {
    const struct sp_book_rule *rule = met.rules + item->rules_at + i;
    int length = sp__match_plain(book, &rule->match, asked)
                     ? sp__match_dest(book, &rule->match, asked) + 1
                     : 0;
    ck_assert_int_eq(met.length[item->rules_at + i], length);
  }
  return met.count;
}

START_TEST(test_found)
{
  unsigned met = 0, compiled = 0;
  for (unsigned i = 0; i < BOOKS; i++) {
    draw_seed = i + 1;
    struct made_book *made = book_draw();
    if (made_compile(made) == SP_OK) {
      const struct sp_book *book = &made->book;
      const struct sp_book_item *item = SP_BOOK_TABLE(book, items, struct sp_book_item);
      compiled++;
      for (uint32_t node = 0; node < book->header->dest_nodes.count; node++) {
        unsigned zone = node % 2 == 0 ? SP_ZONE_INTERNATIONAL : SP_ZONE_LOCAL;
        struct sp__asked asked = {
            sp_features(SP_SERVICE_VOICE, SP_DIRECTION_MO, SP_ROAM_HOME, zone, SP_NET_MOBILE), node,
            node % 5};
        met += ask(book, item, &asked);
      }
    }
    made_end(made);
  }
  ck_assert_uint_gt(compiled, BOOKS / 2);
  ck_assert_uint_gt(met, 10000);
}
END_TEST

/* An item of very many rows, of which the first is of a destination far below the others: each is
 * looked for where it would be if the rows lay evenly, 100,000 rows from where it is. */
#define FAR_ROWS 300000u
#define FAR_GAP 4000000u
enum { FAR_RULES = 16, FAR_ASKED = 40 };

static struct { /* the sections of a book that are asked for */
  _Alignas(64) struct sp_book_header header;
  struct sp_book_rule rules[FAR_RULES];
  struct sp_book_dest_node nodes[2];
  uint32_t node_dests[1];
  struct sp_book_dest_rule rows[FAR_ROWS];
} far;

static struct sp_book_array far_section(const void *at, uint64_t count)
{
  return (struct sp_book_array){(uint64_t)((const char *)at - (const char *)&far), count};
}

static uint32_t far_dest(uint32_t row)
{
  return row == 0 ? 0 : FAR_GAP + row / 2;
}

START_TEST(test_far_guess)
{
  far.header.rules = far_section(far.rules, FAR_RULES);
  far.header.dest_nodes = far_section(far.nodes, 2);
  far.header.node_dests = far_section(far.node_dests, 1);
  far.header.dest_rules = far_section(far.rows, FAR_ROWS);
  far.nodes[1] = (struct sp_book_dest_node){.dests_count = 1, .length = 3};
  for (uint32_t i = 0; i < FAR_ROWS; i++) {
    far.rows[i] = (struct sp_book_dest_rule){far_dest(i), i % FAR_RULES};
  }
  struct sp_book book = {&far.header, (const char *)&far};
  struct sp_book_item item = {
      .rules_count = FAR_RULES, .dest_index_count = FAR_ROWS, .dest_last = far_dest(FAR_ROWS - 1)};
  struct sp__asked asked = {
      sp_features(SP_SERVICE_VOICE, SP_DIRECTION_MO, SP_ROAM_HOME, SP_ZONE_LOCAL, SP_NET_MOBILE), 1,
      0};
  draw_seed = 1;
  for (uint32_t i = 0; i < FAR_ASKED; i++) {
    uint32_t row = i < 4 ? i : i < 8 ? FAR_ROWS + 3 - i : draw(FAR_ROWS);
    far.node_dests[0] = far_dest(row);
    struct met met = {.rules = far.rules};
    sp__match_fetch(&book, &item, &asked);
    sp__match_rules(&book, &item, &asked, met_visit, &met);
    ck_assert_int_eq(met.length[row % FAR_RULES], 3 + 1);
    ck_assert_uint_eq(met.count, row < 2 ? 1 : 2); /* the others stand in two rows each */
  }
  far.node_dests[0] = FAR_GAP / 2; /* between the first and the others */
  struct met none = {.rules = far.rules};
  sp__match_rules(&book, &item, &asked, met_visit, &none);
  ck_assert_uint_eq(none.count, 0);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_found);
  tcase_add_test(tests, test_far_guess);
  return check_run("book_match", tests);
}
