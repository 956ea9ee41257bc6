/* The rules of an item that a record meets are found by its destination's place among the item's:
 * over random books they are those that a look at each rule finds. */
#include "rating/rate_match.h"
#include "tests/rating/book_made.h"

#include <check.h>

enum { DESTS = 120, ROWS = 150, TABLE_BYTES = 32768, BOOKS = 40 };

static uint64_t draw_state;

static unsigned draw(unsigned below)
{
  draw_state = draw_state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (unsigned)(draw_state >> 33) % below;
}

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
    draw_state = i + 1;
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

int main(void)
{
  Suite *suite = suite_create("book_match");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 0);
  tcase_add_test(all, test_found);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
