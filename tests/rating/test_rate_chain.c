/* Partial records (book.md §14): a usage in parts that arrive in any order, nothing else between
 * them, costs, takes and counts what it would in one record. And: whatever suspends leaves
 * everything as it was. */
#include "rating/state_cells.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"

enum { ROUNDS = 400, PARTS_MAX = 6, LINES_MAX = 64, BATCH = 256 };

struct sums { /* by name, owner, account */
  int64_t list, net;
  struct {
    uint32_t kind, name, owner;
    int64_t list, net, count;
  } lines[LINES_MAX];
  unsigned count;
};

static void line_add(struct sums *sums, uint32_t kind, uint32_t name, uint32_t owner,
                     const int64_t values[3])
{
  unsigned i = 0;
  while (i < sums->count && (sums->lines[i].kind != kind || sums->lines[i].name != name ||
                             sums->lines[i].owner != owner)) {
    i++;
  }
  ck_assert_uint_lt(i, LINES_MAX);
  if (i == sums->count) {
    sums->lines[sums->count].kind = kind;
    sums->lines[sums->count].name = name;
    sums->lines[sums->count].owner = owner;
    sums->count++;
  }
  sums->lines[i].list += values[0];
  sums->lines[i].net += values[1];
  sums->lines[i].count += values[2];
}

static void charge_add(struct sums *sums, const struct sp_charge *charge)
{
  int64_t items = 0, payers = 0;
  sums->list += charge->list_micro;
  sums->net += charge->net_micro;
  for (unsigned i = 0; i < charge->items_count; i++) {
    const struct sp_charge_item *item = charge->items + i;
    int64_t values[3] = {item->list_micro, item->net_micro, item->increments};
    line_add(sums, 0, item->name, 0, values);
    items += item->net_micro;
  }
  for (unsigned i = 0; i < charge->allowances_count; i++) {
    int64_t values[3] = {charge->allowances[i].used, 0, 0};
    ck_assert_int_ge(charge->allowances[i].left, 0);
    line_add(sums, 1, charge->allowances[i].name, charge->allowances[i].owner, values);
  }
  for (unsigned i = 0; i < charge->payers_count; i++) {
    int64_t values[3] = {charge->payers[i].amount_micro, 0, 0};
    line_add(sums, 2, charge->payers[i].account, 0, values);
    payers += charge->payers[i].amount_micro;
  }
  ck_assert_int_eq(items, charge->net_micro);
  ck_assert_int_eq(payers, charge->net_micro);
}

static int64_t sum_of(const struct sums *sums, unsigned of, const struct sums *in, int which)
{
  for (unsigned i = 0; i < in->count; i++) {
    if (in->lines[i].kind == sums->lines[of].kind && in->lines[i].name == sums->lines[of].name &&
        in->lines[i].owner == sums->lines[of].owner) {
      return which == 0 ? in->lines[i].list : which == 1 ? in->lines[i].net : in->lines[i].count;
    }
  }
  return 0;
}

static void sums_equal(const struct sums *a, const struct sums *b)
{
  ck_assert_int_eq(a->list, b->list);
  ck_assert_int_eq(a->net, b->net);
  for (unsigned i = 0; i < a->count; i++) {
    ck_assert_int_eq(a->lines[i].list, sum_of(a, i, b, 0));
    ck_assert_int_eq(a->lines[i].net, sum_of(a, i, b, 1));
    ck_assert_int_eq(a->lines[i].count, sum_of(a, i, b, 2));
  }
}

/* Cells of one state are in the other; what counts 0 is not there. */
static void state_within(const struct sp_state *a, const struct sp_state *b)
{
  for (uint32_t i = 0; i < a->count[0] + a->count[1]; i++) {
    uint32_t owner = i < a->count[0] ? i : (i - a->count[0]) | SP_OWNER_GROUP;
    const struct sp__owner *slot = sp__owner_of(a, owner);
    const struct sp__cell *cells = slot->count > 0 ? sp__slab(a, slot->slab) : NULL;
    for (uint32_t c = 0; c < slot->count; c++) {
      const struct sp__cell *other = sp__cell_find(b, owner, cells[c].key, cells[c].period);
      ck_assert_int_eq(cells[c].value, other == NULL ? 0 : other->value);
      ck_assert_int_ge(cells[c].value, 0);
    }
  }
}

static unsigned usage_split(const struct sp_usage *whole, struct sp_usage *parts, uint64_t key)
{
  unsigned count = 1 + draw(PARTS_MAX);
  int64_t seconds = whole->duration_s, bytes = whole->bytes, done = 0;
  for (unsigned i = 0; i < count; i++) {
    bool last = i + 1 == count;
    parts[i] = *whole;
    parts[i].chain_hash[0] = key;
    parts[i].chain_hash[1] = 7;
    parts[i].partial = i == 0 ? SP_PARTIAL_FIRST : SP_PARTIAL_MIDDLE;
    parts[i].seq = i;
    parts[i].start_utc_s = whole->start_utc_s + done;
    parts[i].duration_s = last ? seconds : (int64_t)draw((uint32_t)seconds + 1);
    parts[i].bytes = last ? bytes : (int64_t)draw((uint32_t)bytes + 1);
    seconds -= parts[i].duration_s;
    bytes -= parts[i].bytes;
    done += parts[i].duration_s;
  }
  for (unsigned i = count; i > 1; i--) { /* any order */
    unsigned k = draw(i);
    struct sp_usage moved = parts[i - 1];
    parts[i - 1] = parts[k];
    parts[k] = moved;
  }
  return count;
}

START_TEST(test_any_order)
{
  static struct rate_case whole, split;
  static struct sp_charge charge;
  draw_begin(20261130);
  rate_case_open(&whole, tariff_book, tariff_customers);
  rate_case_open(&split, tariff_book, tariff_customers);
  for (uint64_t round = 1; round <= ROUNDS; round++) {
    struct sp_usage usage = tariff_usage(&whole), parts[PARTS_MAX];
    static struct sums one, many;
    memset(&one, 0, sizeof(one));
    memset(&many, 0, sizeof(many));
    rate_case_rate(&whole, &usage, &charge);
    charge_add(&one, &charge);
    ck_assert_uint_eq(charge.outcome, SP_OUTCOME_RATED);
    unsigned count = usage_split(&usage, parts, round);
    for (unsigned i = 0; i < count; i++) {
      rate_case_rate(&split, parts + i, &charge);
      charge_add(&many, &charge);
    }
    sums_equal(&one, &many);
    sums_equal(&many, &one);
    state_within(whole.state, split.state);
    state_within(split.state, whole.state);
  }
  rate_case_close(&whole);
  rate_case_close(&split);
}
END_TEST

struct text_state {
  char bytes[1 << 16];
  size_t length;
};

static enum sp_status state_text(void *context, const struct sp_state_entry *entry)
{
  struct text_state *text = context;
  ck_assert_uint_lt(text->length + entry->value_length, sizeof(text->bytes));
  memcpy(text->bytes + text->length, entry->value, entry->value_length);
  text->length += entry->value_length;
  return SP_OK;
}

/* Whatever suspends, a whole record or a part, leaves every byte of the state as it was. */
START_TEST(test_suspended_changes_nothing)
{
  static struct rate_case it;
  static struct sp_charge charge;
  static struct text_state before, after;
  rate_case_open(&it, tariff_book, tariff_customers);
  for (uint64_t round = 1; round <= 60; round++) {
    struct sp_usage usage = tariff_usage(&it), parts[PARTS_MAX];
    unsigned count = usage_split(&usage, parts, round);
    for (unsigned i = 0; i < count; i++) {
      rate_case_rate(&it, parts + i, &charge);
    }
    struct sp_usage bad = parts[0];
    bad.chain_hash[0] *= draw(2);
    bad.chain_hash[1] = bad.chain_hash[0] == 0 ? 0 : bad.chain_hash[1];
    bad.start_utc_s = usage.start_utc_s - 5; /* leads its chain */
    bad.duration_s += 1;
    switch (usage.service == SP_SERVICE_VOICE ? draw(4) : 1 + draw(3)) {
    case 0:
      bad.duration_s = INT64_MAX / 2;
      break;
    case 1:
      bad.start_utc_s = 0; /* before the plan */
      break;
    case 2:
      bad.reason = SP_REASON_UNKNOWN_PREFIX;
      break;
    default:
      bad.service = SP_SERVICE_VAS; /* has no rate */
      break;
    }
    before.length = after.length = 0;
    ck_assert_int_eq(sp_state_visit_entries(it.state, true, state_text, &before), SP_OK);
    ck_assert_int_eq(sp_rate(it.rater, &bad, &charge, NULL), SP_OK);
    ck_assert_int_eq(sp_state_visit_entries(it.state, true, state_text, &after), SP_OK);
    ck_assert_uint_eq(charge.outcome, SP_OUTCOME_SUSPENDED);
    ck_assert_uint_ne(charge.reason, 0);
    ck_assert_int_eq(charge.net_micro, 0);
    ck_assert_int_eq(charge.items_count + charge.payers_count + charge.allowances_count, 0);
    ck_assert_uint_eq(before.length, after.length);
    ck_assert_mem_eq(before.bytes, after.bytes, before.length);
  }
  rate_case_close(&it);
}
END_TEST

/* A state saved and loaded after each record gives the same charges, and the same entries. */
START_TEST(test_reloaded)
{
  static struct rate_case one, two;
  static struct sp_charge charge, again;
  static struct text_state first, second;
  rate_case_open(&one, tariff_book, tariff_customers);
  rate_case_open(&two, tariff_book, tariff_customers);
  for (uint64_t round = 1; round <= 40; round++) {
    struct sp_usage usage = tariff_usage(&one), parts[PARTS_MAX];
    unsigned count = usage_split(&usage, parts, round % 7 + 1); /* chains meet */
    for (unsigned i = 0; i < count; i++) {
      memset(&charge, 0, sizeof(charge));
      memset(&again, 0, sizeof(again));
      rate_case_rate(&one, parts + i, &charge);
      rate_case_rate(&two, parts + i, &again);
      ck_assert_mem_eq(&charge, &again, sizeof(charge));
      rate_case_reload(&two, 2, 1);
      ck_assert_int_eq(sp_rater_set_books(two.rater, &two.books), SP_OK); /* nothing is kept */
    }
  }
  first.length = second.length = 0;
  ck_assert_int_eq(sp_state_visit_entries(one.state, true, state_text, &first), SP_OK);
  ck_assert_int_eq(sp_state_visit_entries(two.state, true, state_text, &second), SP_OK);
  ck_assert_uint_eq(first.length, second.length);
  ck_assert_mem_eq(first.bytes, second.bytes, first.length);
  rate_case_close(&one);
  rate_case_close(&two);
}
END_TEST

/* Batches of 256, prefetched as a whole first, are so many batches of one. */
START_TEST(test_batches)
{
  static struct rate_case one, many;
  static struct sp_charge charge[BATCH], again;
  static struct sp_usage usages[BATCH];
  static struct text_state first, second;
  rate_case_open(&one, tariff_book, tariff_customers);
  rate_case_open(&many, tariff_book, tariff_customers);
  for (unsigned batch = 0; batch < 4; batch++) {
    for (unsigned i = 0; i < BATCH; i++) {
      usages[i] = tariff_usage(&one);
      usages[i].group = draw(2) == 0 ? 0 : SP_NONE;
      usages[i].chain_hash[0] = draw(3) == 0 ? draw(30) + 1 : 0;
      usages[i].partial = usages[i].chain_hash[0] != 0 ? SP_PARTIAL_MIDDLE : SP_PARTIAL_WHOLE;
      memset(&charge[i], 0, sizeof(charge[i]));
      rate_case_rate(&one, &usages[i], &charge[i]);
    }
    for (int step = 1; step <= SP_RATER_STEPS; step++) {
      for (unsigned i = 0; i < BATCH; i++) {
        rate_case_ahead(&many, &usages[i], step);
      }
    }
    for (unsigned i = 0; i < BATCH; i++) {
      memset(&again, 0, sizeof(again));
      rate_case_rate(&many, &usages[i], &again);
      ck_assert_mem_eq(&charge[i], &again, sizeof(again));
    }
  }
  first.length = second.length = 0;
  ck_assert_int_eq(sp_state_visit_entries(one.state, true, state_text, &first), SP_OK);
  ck_assert_int_eq(sp_state_visit_entries(many.state, true, state_text, &second), SP_OK);
  ck_assert_uint_eq(first.length, second.length);
  ck_assert_mem_eq(first.bytes, second.bytes, first.length);
  rate_case_close(&one);
  rate_case_close(&many);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_any_order);
  tcase_add_test(tests, test_suspended_changes_nothing);
  tcase_add_test(tests, test_reloaded);
  tcase_add_test(tests, test_batches);
  return check_run("rate_chain", tests);
}
