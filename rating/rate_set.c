/* Sets of plans that count together (book.md §7): made once for all records alike and found ever
 * after; the place of the one found last lies with the list of subscriptions. */
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

/* Of a column's values, the lowest that no row of the set tells from each, `bits` bits a value.
 * Services stay apart: they also decide what is counted (book.md §8.2). Fewer frames, so that they
 * stay in the cache. */
static uint64_t column_alike(const struct told *told, unsigned from, unsigned count, unsigned first,
                             unsigned bits)
{
  uint64_t alike = 0;
  for (unsigned value = 0; value < count; value++) {
    unsigned like = 0; /* of the whole column, which may begin before `from` */
    while (told->signs[first + like] != told->signs[from + value]) {
      like++;
    }
    alike |= (uint64_t)like << value * bits;
  }
  return alike;
}

static void set_alike(const struct told *told, struct sp__plan_set *set)
{
  struct sp__known *known = set->known;
  known->alike[0] =
      column_alike(told, SP_FEATURE_DIRECTION, SP_DIRECTION_CF + 1, SP_FEATURE_DIRECTION, 2)
          << SP__ALIKE_DIRECTION |
      column_alike(told, SP_FEATURE_ROAM, SP_ROAM_COUNT, SP_FEATURE_ROAM, 3) << SP__ALIKE_ROAM |
      column_alike(told, SP_FEATURE_ZONE, SP_ZONE_COUNT, SP_FEATURE_ZONE, 3) << SP__ALIKE_ZONE |
      (uint64_t)(told->dests != 0) << SP__ALIKE_DEST |
      (uint64_t)(told->groups != 0) << SP__ALIKE_RATING_GROUP;
  known->alike[1] =
      column_alike(told, SP_FEATURE_NET, SP_NET_COUNT, SP_FEATURE_NET, SP__ALIKE_NET_BITS);
  known->alike[2] =
      column_alike(told, SP_FEATURE_NET_TREE, SP_NET_COUNT, SP_FEATURE_NET, SP__ALIKE_NET_BITS);
  for (unsigned i = 0; i < 3; i++) {
    set->known[1].alike[i] = known->alike[i];
  }
}

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
  set->items_at = sp__plan_at(rater, work->positions[0].plan)->items_at;
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

static inline struct sp__company *company_at(const struct sp_rater *rater, uint32_t own,
                                             uint32_t first, uint32_t second)
{
  uint64_t hash = sp_hash_fold(own ^ SP_HASH_K0, ((uint64_t)second << 32 | first) ^ SP_HASH_K1);
  return rater->companies + (hash >> 32) % SP__COMPANIES;
}

static inline bool company_is(const struct sp__company *company, uint32_t own, uint32_t first,
                              uint32_t second)
{
  return company->own == own && company->plans[0] == first && company->plans[1] == second;
}

/* Where neither list nor company knows it. */
static __attribute__((noinline)) uint32_t set_seek(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  struct sp__list_plans *own = work->own;
  unsigned others = work->positions_count - own->count;
  struct sp__plan_set *alone = set_intern(rater, own->count);
  if (alone == NULL) {
    return 0;
  }
  own->set = alone->place;
  struct sp__plan_set *set = others == 0 ? alone : set_intern(rater, work->positions_count);
  if (set != NULL && (others == 1 || others == 2)) {
    const struct sp__position *at = work->positions + own->count;
    uint32_t second = others == 2 ? at[1].plan : SP_NONE;
    *company_at(rater, own->set, at[0].plan, second) =
        (struct sp__company){own->set, {at[0].plan, second}, set->place};
  }
  return set == NULL ? 0 : set->place;
}

/* Mostly its list of subscriptions knows it, or who has that list
 * and plans of groups beside. */
uint32_t sp__set_find(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  uint32_t own = work->own->set, place = own;
  unsigned others = work->positions_count - work->own->count; /* plans that groups give */
  if (others > 0) {
    const struct sp__position *at = work->positions + work->own->count;
    uint32_t second = others == 2 ? at[1].plan : SP_NONE;
    const struct sp__company *company = company_at(rater, own, at[0].plan, second);
    bool known = own != 0 && others <= 2 && company_is(company, own, at[0].plan, second);
    place = known ? company->set : 0;
  }
  return SP_LIKELY(place != 0) ? place : set_seek(rater);
}

/* A guess: what was found last may be of another time, or be gone. */
uint32_t sp__set_seen(const struct sp_rater *rater, const struct sp_usage *usage)
{
  uint32_t list = sp_directory_subscription_list(rater->directory, usage->subscriber);
  const struct sp__list_plans *own = rater->lists + list % SP__LISTS_CACHED;
  uint32_t place = own->list == list ? own->set : 0;
  if (usage->group < rater->groups_count && rater->groups[usage->group].count > 0) {
    const struct sp__group_plans *group = rater->groups + usage->group;
    uint32_t first = group->first.plan, second = group->count > 1 ? group->more[0].plan : SP_NONE;
    const struct sp__company *company = company_at(rater, place, first, second);
    place = company_is(company, place, first, second) ? company->set : 0;
  }
  return place;
}
