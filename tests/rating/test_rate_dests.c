/* Destination prefixes that no rule can tell apart share a frame, those that one can do not; the
 * charges are those of the way that is traced, which keeps them all apart. */
#include "rating/book_lookup.h"
#include "rating/number.h"
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/rate_case.h"

static const struct rate_case_file book[] = {
    BOOK_YAML,
    {"plans.csv", "plan,kind\np,base\n"},
    {"destinations.csv", "destination,prefix\na,91\na,92\nb,93\na,931\nb,94\na,941\na,95\nb,951\n"
                         "c,96\ne,96\nc,97\ne,97\nc,971\n"},
    {"rates.csv",
     "plan,item,service,price,per,dest\np,base,voice,0.10,1min,\n"
     "p,far,voice,0.30,1min,a\np,far,voice,0.50,1min,b\np,both,voice,0.07,1min,a;b;e\n"},
    {NULL, NULL}};

static struct rate_case it;

static uint32_t node_of(const char *number)
{
  return sp_book_find_dest_node(it.books.book, sp_number_pack(number, strlen(number)).digits);
}

static bool alike(const char *a, const char *b)
{
  const uint32_t *of = it.rater->dests[0];
  return of[node_of(a)] == of[node_of(b)];
}

START_TEST(test_alike)
{
  rate_case_open(&it, book, one_customer);
  ck_assert_uint_ne(node_of("91"), node_of("92"));
  ck_assert(alike("910", "920"));    /* a */
  ck_assert(!alike("910", "930"));   /* a, b */
  ck_assert(alike("930", "940"));    /* b */
  ck_assert(alike("9310", "9410"));  /* a in b */
  ck_assert(!alike("9310", "910"));  /* a in b, a alone */
  ck_assert(!alike("9310", "9510")); /* a in b, b in a */
  ck_assert(alike("960", "970"));    /* both at once */
  ck_assert(!alike("9710", "970"));  /* c in both */
  ck_assert(!alike("960", "910"));
  rate_case_close(&it);
}
END_TEST

static struct sp_usage call_to(const char *number)
{
  struct sp_usage usage = rate_case_usage(&it, 0, JUNE_UTC_S);
  usage.duration_s = 60;
  usage.dest_node = node_of(number);
  return usage;
}

static void nothing_told(void *context, const struct sp_trace_event *event)
{
  (void)context;
  (void)event;
}

START_TEST(test_charges)
{
  static const struct {
    const char *number;
    int64_t cents; /* base 10, far 30 or 50 by the longer prefix, both 7 */
  } calls[] = {{"80", 10},  {"910", 47},  {"920", 47}, {"930", 67},  {"9310", 47},
               {"940", 67}, {"9410", 47}, {"950", 47}, {"9510", 67}, {"9710", 17}};
  static struct sp_charge charge, told;
  rate_case_open(&it, book, one_customer);
  for (size_t round = 0; round < 2; round++) {
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
      struct sp_usage usage = call_to(calls[i].number);
      struct sp_trace trace = {NULL, nothing_told};
      ck_assert_int_eq(sp_rate(it.rater, &usage, &charge, NULL), SP_OK);
      ck_assert_int_eq(sp_rate(it.rater, &usage, &told, &trace), SP_OK);
      ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
      ck_assert_int_eq(charge.net_micro, calls[i].cents * 10000);
      ck_assert_int_eq(told.net_micro, charge.net_micro);
    }
  }
  rate_case_close(&it);
}
END_TEST

#define SEEN_BYTES 128

/* What the rules can see of a number: the destinations at each prefix of it, the longest first,
 * those left out that stand nearer. */
static void seen_fill(const struct sp_book *of, uint32_t node, char text[SEEN_BYTES])
{
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(of, dest_nodes, struct sp_book_dest_node);
  const uint32_t *dests = SP_BOOK_TABLE(of, node_dests, uint32_t);
  uint64_t before = 0;
  size_t length = 0;
  text[0] = '\0';
  for (; node != 0; node = nodes[node].parent) {
    uint64_t here = 0;
    for (uint32_t i = 0; i < nodes[node].dests_count; i++) {
      here |= UINT64_C(1) << dests[nodes[node].dests_at + i];
    }
    if ((here & ~before) != 0) {
      length += (size_t)snprintf(text + length, SEEN_BYTES - length, "%llx ",
                                 (unsigned long long)(here & ~before));
      ck_assert_uint_lt(length, SEEN_BYTES);
    }
    before |= here;
  }
}

/* Random prefixes in each other, each of one to three of six destinations. */
START_TEST(test_random)
{
  static char table[32768], rates[1024];
  static struct rate_case_file files[] = {{"book.yaml", NULL},
                                          {"plans.csv", NULL},
                                          {"destinations.csv", table},
                                          {"rates.csv", rates},
                                          {NULL, NULL}};
  draw_seed = (uint64_t)_i + 1;
  files[0].text = book[0].text;
  files[1].text = book[1].text;
  size_t at = (size_t)snprintf(table, sizeof(table), "destination,prefix\n");
  size_t rate = (size_t)snprintf(rates, sizeof(rates),
                                 "plan,item,service,price,per,dest\np,base,voice,0.10,1min,\n");
  for (uint32_t i = 0; i < 300; i++) {
    uint32_t drawn = draw(UINT32_C(1) << 31), length = 1 + drawn % 4;
    char prefix[8] = "";
    for (uint32_t k = 0; k < length; k++) {
      prefix[k] = (char)('1' + (drawn >> (8 + 2 * k)) % 4);
    }
    char row[16];
    snprintf(row, sizeof(row), "\nd%u,%s\n", (drawn >> 18) % 6, prefix);
    if (strstr(table, row) == NULL) {
      at += (size_t)snprintf(table + at, sizeof(table) - at, "%s", row + 1);
    }
  }
  for (uint32_t d = 0; d < 6; d++) {
    rate +=
        (size_t)snprintf(rates + rate, sizeof(rates) - rate, "p,i%u,voice,0.10,1min,d%u\n", d, d);
  }
  ck_assert_uint_lt(at, sizeof(table));
  ck_assert_uint_lt(rate, sizeof(rates));
  rate_case_open(&it, files, one_customer);
  const struct sp_book *of = it.books.book;
  uint32_t count = (uint32_t)of->header->dest_nodes.count, shared = 0;
  for (uint32_t a = 1; a < count; a++) {
    for (uint32_t b = 1; b < a; b++) {
      char one[SEEN_BYTES], other[SEEN_BYTES];
      if (it.rater->dests[0][a] != it.rater->dests[0][b]) {
        continue;
      }
      seen_fill(of, a, one);
      seen_fill(of, b, other);
      ck_assert_str_eq(one, other);
      shared++;
    }
  }
  ck_assert_uint_gt(shared, 0);
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_alike);
  tcase_add_test(tests, test_charges);
  tcase_add_loop_test(tests, test_random, 0, 8);
  return check_run("rate_dests", tests);
}
