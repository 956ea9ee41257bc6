/* Sets of plans that count together (book.md §7): made once for all records alike and found ever
 * after, that of one plan with the plan, that of a few by the set before the last one, that of many
 * by all: who has many has mostly others than anybody else, and the sets before theirs are
 * nobody's.
 */
#include "rating/hash.h"
#include "rating/rate_parts.h"

struct told {             /* what all rows of a set together ask of a record */
  uint32_t dests, groups; /* above 0: some row has such a cell */
  uint64_t refused;       /* by the row before */
  /* Of each feature bit, what the rows say of it: bits of one column with equal signs lead to the
   * same rows, whatever the record. */
  uint64_t signs[SP_FEATURE_BITS];
};

static void row_tell(struct told *told, const struct sp_book_match *match)
{
  told->dests |= match->dests;
  told->groups |= match->groups;
  if (match->refused == told->refused) { /* as rows of one item for many destinations */
    return;
  }
  told->refused = match->refused;
  for (unsigned bit = 0; bit < SP_FEATURE_BITS; bit++) {
    told->signs[bit] =
        sp_hash_fold(told->signs[bit] ^ SP_HASH_K0, (match->refused >> bit & 1) ^ SP_HASH_K1);
  }
}

static void plan_tell(const struct sp_rater *rater, uint32_t index, struct told *told)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_plan *plan = sp__plan_at(rater, index);
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_rule *rule =
        SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item[i].rules_at;
    for (uint32_t r = 0; r < item[i].rules_count; r++) {
      row_tell(told, &rule[r].match);
    }
  }
  const struct sp_book_allowance *allowance =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    row_tell(told, &allowance[i].match);
  }
  const struct sp_book_discount *discount =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    row_tell(told, &discount[i].match);
  }
  const struct sp_book_payer *payer =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    row_tell(told, &payer[i].match);
  }
}

/* Services stay apart: they also decide what is counted (book.md §8.2). Fewer frames, so that they
 * stay in the cache. */
static void set_alike(const struct told *told, struct sp__plan_set *set)
{
  static const uint8_t ends[] = {SP_FEATURE_ROAM, SP_FEATURE_ZONE, SP_FEATURE_NET, SP_FEATURE_BITS};
  set->asks_dest = told->dests != 0;
  set->asks_group = told->groups != 0;
  unsigned bit = 0;
  for (; bit < SP_FEATURE_DIRECTION; bit++) {
    set->like[bit] = (uint8_t)bit;
  }
  for (unsigned column = 0; column < sizeof ends; column++) {
    for (unsigned first = bit; bit < ends[column]; bit++) {
      unsigned like = first;
      while (told->signs[like] != told->signs[bit]) {
        like++;
      }
      set->like[bit] = (uint8_t)like;
    }
  }
}
_Static_assert(SP_FEATURE_SERVICE == 0 && SP_FEATURE_DIRECTION < SP_FEATURE_ROAM &&
                   SP_FEATURE_ROAM < SP_FEATURE_ZONE && SP_FEATURE_ZONE < SP_FEATURE_NET,
               "columns in order");

static bool set_is(const struct sp__plan_set *set, const struct sp__work *work, uint16_t count)
{
  if (set->count != count || set->book != work->usage->book) {
    return false;
  }
  uint16_t same = 0;
  while (same < set->count && set->plans[same] == work->positions[same].plan) {
    same++;
  }
  return same == set->count;
}

static struct sp__plan_set *set_make(struct sp_rater *rater, uint16_t count, uint64_t hash)
{
  const struct sp__work *work = &rater->work;
  uint32_t place;
  struct sp__plan_set *set =
      sp__cache_take_lines(rater, sizeof(*set) + count * sizeof(*set->plans), &place);
  if (set == NULL) {
    return NULL;
  }
  set->hash = hash;
  set->place = place;
  set->book = work->usage->book;
  set->count = count;
  struct told told = {.dests = 0};
  for (uint16_t i = 0; i < count; i++) {
    set->plans[i] = work->positions[i].plan;
    plan_tell(rater, set->plans[i], &told);
  }
  set_alike(&told, set);
  return set;
}

/* The set of the first `count` plans in hand: looked for, or made. */
static struct sp__plan_set *set_intern(struct sp_rater *rater, uint16_t count)
{
  const struct sp__work *work = &rater->work;
  uint64_t hash = SP_HASH_K0 ^ work->usage->book;
  for (uint16_t i = 0; i < count; i++) {
    hash = sp_hash_fold(hash, work->positions[i].plan ^ SP_HASH_K1);
  }
  uint32_t *bucket = rater->sets + hash % SP__SET_BUCKETS;
  for (uint32_t place = *bucket; place != 0;) {
    struct sp__plan_set *set = sp__cache_at(rater, place);
    if (set->hash == hash && set_is(set, work, count)) {
      return set;
    }
    place = set->next;
  }
  struct sp__plan_set *made = set_make(rater, count, hash);
  if (made != NULL) {
    made->next = *bucket;
    *bucket = made->place;
  }
  return made;
}

struct sp__company *sp__company_at(const struct sp_rater *rater, uint32_t before, uint32_t plan)
{
  uint64_t hash = sp_hash_fold(before ^ SP_HASH_K0, plan ^ SP_HASH_K1);
  return rater->companies + (hash >> 32) % SP__COMPANIES;
}

static struct sp__lead lead_to(const struct sp__plan_set *set)
{
  return (struct sp__lead){
      .set = set->place, .asks_dest = set->asks_dest, .asks_group = set->asks_group};
}

/* To the set of the first `count` plans in hand. false: no memory. */
static __attribute__((noinline)) bool lead_make(struct sp_rater *rater, struct sp__lead *lead,
                                                uint16_t count)
{
  const struct sp__plan_set *set = set_intern(rater, count);
  if (set != NULL) {
    *lead = lead_to(set);
  }
  return set != NULL;
}

/* To the set of all of them, looked for as a whole. NULL: no memory. */
static __attribute__((noinline)) struct sp__lead *lead_of_many(struct sp_rater *rater)
{
  const struct sp__plan_set *set = set_intern(rater, rater->work.positions_count);
  if (set == NULL) {
    return NULL;
  }
  struct sp__company *company = sp__company_at(rater, set->place, SP_NONE);
  if (!sp__company_is(company, set->place, SP_NONE)) {
    *company = (struct sp__company){.before = set->place, .plan = SP_NONE, .lead = lead_to(set)};
  }
  return &company->lead;
}

struct sp__lead *sp__lead_find(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  if (SP_UNLIKELY(work->positions_count > SP__COMPANY_MAX)) {
    return lead_of_many(rater);
  }
  struct sp__lead *lead = &work->first->alone;
  if (SP_UNLIKELY(lead->set == 0) && !lead_make(rater, lead, 1)) {
    return NULL;
  }
  for (uint16_t i = 1; i < work->positions_count; i++) {
    uint32_t before = lead->set, plan = work->positions[i].plan;
    struct sp__company *company = sp__company_at(rater, before, plan);
    lead = &company->lead;
    if (SP_UNLIKELY(!sp__company_is(company, before, plan))) {
      company->before = 0;
      if (!lead_make(rater, lead, i + 1u)) {
        return NULL;
      }
      company->before = before;
      company->plan = plan;
    }
  }
  return lead;
}
