/* What does not depend on the time of a record: its set of plans and its frame (book.md
 * §7, §8.2). Both are made once for all records alike and found ever after; the places of those
 * found last lie with the list of subscriptions and with the set. */
#include "rating/hash.h"
#include "rating/rate_match.h"

#include <string.h>

/* Keeps names ascending, once each; one more than can be is kept as the sign that there are too
 * many. */
static void names_add(uint32_t *names, uint32_t *count, uint32_t name)
{
  uint32_t at = *count;
  while (at > 0 && names[at - 1] > name) {
    at--;
  }
  if ((at > 0 && names[at - 1] == name) || *count > SP_BOOK_ITEMS_MAX) {
    return;
  }
  memmove(names + at + 1, names + at, (*count - at) * sizeof(*names));
  names[at] = name;
  ++*count;
}

struct survey { /* rules of a plan's items that match apart from the band */
  bool any;
  uint64_t bands; /* that they ask for */
};

static void survey_visit(void *context, const struct sp_book_rule *rule, int length)
{
  (void)length;
  struct survey *survey = context;
  survey->any = true;
  survey->bands |= rule->match.bands;
}

/* Bands that the plan's rows ask for where the rest of them matches; its items that are priced. */
static uint64_t plan_survey(const struct sp_rater *rater, const struct sp_book_plan *plan,
                            const struct sp__frame *key, uint32_t *names, uint32_t *count)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  struct survey survey = {false, 0};
  for (uint32_t i = 0; i < plan->items_count; i++, item++) {
    survey.any = false;
    if (sp__match_unit(key, item->unit)) {
      sp__match_rules(book, item, key, survey_visit, &survey);
    }
    if (survey.any) {
      names_add(names, count, item->name_id);
    }
  }
  uint64_t bands = survey.bands;
  const struct sp_book_allowance *allowance =
      SP_BOOK_TABLE(book, allowances, struct sp_book_allowance) + plan->allowances_at;
  for (uint32_t i = 0; i < plan->allowances_count; i++) {
    bands |=
        sp__match(book, &allowance[i].match, key, SP__BANDS_ANY) ? allowance[i].match.bands : 0;
  }
  const struct sp_book_discount *discount =
      SP_BOOK_TABLE(book, discounts, struct sp_book_discount) + plan->discounts_at;
  for (uint32_t i = 0; i < plan->discounts_count; i++) {
    bands |= sp__match(book, &discount[i].match, key, SP__BANDS_ANY) ? discount[i].match.bands : 0;
  }
  const struct sp_book_payer *payer =
      SP_BOOK_TABLE(book, payers, struct sp_book_payer) + plan->payers_at;
  for (uint32_t i = 0; i < plan->payers_count; i++) {
    bands |= sp__match(book, &payer[i].match, key, SP__BANDS_ANY) ? payer[i].match.bands : 0;
  }
  return bands;
}

static struct sp__frame *frame_make(struct sp_rater *rater, const struct sp__plan_set *set,
                                    const struct sp__frame *key)
{
  const struct sp_book *book = rater->work.book;
  uint32_t names[SP_BOOK_ITEMS_MAX + 1], count = 0;
  uint64_t bands = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    if (sp__plan_is_first(set, i)) {
      bands |= plan_survey(rater, sp__plan_at(rater, set->plans[i]), key, names, &count);
    }
  }
  bool too_many = count > SP_BOOK_ITEMS_MAX;
  count = too_many ? SP_BOOK_ITEMS_MAX : count;
  uint32_t place;
  struct sp__frame *frame =
      sp__cache_take_lines(rater, sizeof(*frame) + count * sizeof(*names), &place);
  if (frame == NULL) {
    return NULL;
  }
  *frame = *key;
  frame->place = place;
  frame->set = set;
  frame->bands = bands;
  frame->items_count = (uint8_t)count;
  frame->too_many = too_many;
  frame->base = SP__ITEM_NONE;
  const struct sp_book_name *texts = SP_BOOK_TABLE(book, item_names, struct sp_book_name);
  for (uint32_t i = 0; i < count; i++) {
    frame->names[i] = names[i];
    if (texts[names[i]].length == 4 &&
        memcmp(sp_book_text(book, texts[names[i]]), "base", 4) == 0) {
      frame->base = (uint8_t)i;
    }
  }
  return frame;
}

struct told {             /* what all rows of a set together ask of a record */
  uint32_t dests, groups; /* above 0: some row has such a cell */
  uint64_t refused;       /* by the row before */
  /* Of each feature bit, what the rows say of it: bits of one column with equal signs lead to the
   * same rows, whatever the record. */
  uint64_t signs[SP_FEATURE_BITS];
};

static void row_tell(struct told *told, const struct sp_book_match *match)
{
  told->dests |= match->dests_count;
  told->groups |= match->groups_count;
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

/* alike[bit]: the lowest bit of its column that no row of the set tells from it. Services stay
 * apart: they also decide what is counted (book.md §8.2). Fewer frames, so that they stay in the
 * cache. */
static void set_alike(const struct told *told, struct sp__plan_set *set)
{
  static const uint8_t columns[] = {SP_FEATURE_DIRECTION, SP_FEATURE_ROAM, SP_FEATURE_ZONE,
                                    SP_FEATURE_NET, SP_FEATURE_BITS};
  for (unsigned column = 0; column + 1 < sizeof(columns); column++) {
    for (unsigned bit = columns[column]; bit < columns[column + 1]; bit++) {
      unsigned first = columns[column];
      while (told->signs[first] != told->signs[bit]) {
        first++;
      }
      set->alike[bit - SP_FEATURE_DIRECTION] = (uint8_t)first;
    }
  }
}

/* sp_usage_features(), each bit replaced by the one that stands for it. */
static uint64_t features_alike(const struct sp__plan_set *set, const struct sp_usage *usage)
{
  const uint8_t *alike = set->alike;
  unsigned net = (usage->flags & SP_USAGE_TREE) != 0 ? SP_FEATURE_NET_TREE : SP_FEATURE_NET;
  return UINT64_C(1) << (SP_FEATURE_SERVICE + usage->service) |
         UINT64_C(1) << alike[usage->direction] |
         UINT64_C(1) << alike[SP_FEATURE_ROAM - SP_FEATURE_DIRECTION + usage->roam] |
         UINT64_C(1) << alike[SP_FEATURE_ZONE - SP_FEATURE_DIRECTION + usage->zone] |
         UINT64_C(1) << alike[net - SP_FEATURE_DIRECTION + usage->net];
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
  struct told told = {.dests = 0};
  for (uint16_t i = 0; i < count; i++) {
    set->plans[i] = work->positions[i].plan;
    plan_tell(rater, set->plans[i], &told);
  }
  set->uses_dest = told.dests != 0;
  set->uses_rating_group = told.groups != 0;
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
static __attribute__((noinline)) struct sp__plan_set *set_seek(struct sp_rater *rater)
{
  const struct sp__work *work = &rater->work;
  struct sp__list_plans *own = work->own;
  unsigned others = work->positions_count - own->count;
  struct sp__plan_set *alone = set_intern(rater, own->count);
  if (alone == NULL) {
    return NULL;
  }
  own->set = alone->place;
  struct sp__plan_set *set = others == 0 ? alone : set_intern(rater, work->positions_count);
  if (set != NULL && (others == 1 || others == 2)) {
    const struct sp__position *at = work->positions + own->count;
    uint32_t second = others == 2 ? at[1].plan : SP_NONE;
    *company_at(rater, own->set, at[0].plan, second) =
        (struct sp__company){own->set, {at[0].plan, second}, set->place};
  }
  return set;
}

/* The set of the plans in hand: mostly its list of subscriptions knows it, or who has that list
 * and plans of groups beside. */
static inline struct sp__plan_set *set_find(struct sp_rater *rater)
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
  return SP_LIKELY(place != 0) ? sp__cache_at(rater, place) : set_seek(rater);
}

struct frame_key {
  uint64_t features, hash;
  uint32_t dest_node, rating_group;
};

/* The destination node that stands for a record's; explain tells of its own. */
static inline uint32_t dest_alike(const struct sp_rater *rater, const struct sp_usage *usage)
{
  return usage->dest_node == 0 || sp__traced(rater) ? usage->dest_node
                                                    : rater->dests[usage->book][usage->dest_node];
}

/* A record's frame under a plan set. */
static struct frame_key frame_key(const struct sp_rater *rater, const struct sp__plan_set *set,
                                  const struct sp_usage *usage)
{
  struct frame_key key = {.features = features_alike(set, usage),
                          .dest_node = set->uses_dest ? dest_alike(rater, usage) : 0,
                          .rating_group = set->uses_rating_group ? usage->rating_group : 0};
  uint64_t hash = sp_hash_fold(key.features ^ SP_HASH_K1, set->place ^ SP_HASH_K0);
  key.hash = sp_hash_fold(hash, ((uint64_t)key.dest_node << 32 | key.rating_group) ^ SP_HASH_K2);
  return key;
}

static bool frame_is(const struct sp__frame *frame, const struct sp__plan_set *set,
                     const struct frame_key *key)
{
  return frame->set == set && frame->features == key->features &&
         frame->dest_node == key->dest_node && frame->rating_group == key->rating_group;
}

/* Where the set does not know it. */
static __attribute__((noinline)) struct sp__frame *frame_intern(struct sp_rater *rater,
                                                                const struct sp__plan_set *set,
                                                                const struct frame_key *key)
{
  uint32_t *bucket = rater->frames + (key->hash >> 8) % SP__FRAME_BUCKETS;
  for (uint32_t place = *bucket; place != 0;) {
    struct sp__frame *frame = sp__cache_at(rater, place);
    if (frame_is(frame, set, key)) {
      return frame;
    }
    place = frame->next;
  }
  const struct sp__frame asked = {
      .features = key->features, .dest_node = key->dest_node, .rating_group = key->rating_group};
  struct sp__frame *made = frame_make(rater, set, &asked);
  if (made != NULL) {
    made->next = *bucket;
    *bucket = made->place;
  }
  return made;
}

#define KNOWN_REACH 4u /* so far from where a hash begins */
#define PLACE_MASK ((UINT32_C(1) << SP__PLACE_BITS) - 1)

/* What a list of known frames says of a hash, beside the place. */
static inline uint32_t known_sign(uint64_t hash)
{
  return (uint32_t)(hash >> 32) & ~PLACE_MASK;
}

/* Where a frame stands among the known ones, or may be put: a frame whose hash has the same sign
 * gives way to it, as does the first within reach if none is free. */
static inline unsigned known_find(const uint32_t *known, uint64_t hash)
{
  unsigned home = (unsigned)hash % SP__SET_FRAMES;
  for (unsigned i = 0; i < KNOWN_REACH; i++) {
    unsigned at = (home + i) % SP__SET_FRAMES;
    if (known[at] == 0 || (known[at] & ~PLACE_MASK) == known_sign(hash)) {
      return at;
    }
  }
  return home;
}

struct sp__frame *sp__frame_find(struct sp_rater *rater)
{
  const struct sp_usage *usage = rater->work.usage;
  struct sp__plan_set *set = set_find(rater);
  if (set == NULL) {
    return NULL;
  }
  struct frame_key key = frame_key(rater, set, usage);
  uint32_t *known = set->known[usage->service != SP_SERVICE_VOICE];
  known += known_find(known, key.hash);
  struct sp__frame *frame = *known == 0 ? NULL : sp__cache_at(rater, *known & PLACE_MASK);
  if (frame == NULL || !frame_is(frame, set, &key)) {
    frame = frame_intern(rater, set, &key);
    *known = frame == NULL ? 0 : known_sign(key.hash) | frame->place;
  }
  return frame;
}

/* Guesses: what was found last may be of another time, or be gone; they are only fetched. */
const struct sp__plan_set *sp__set_seen(const struct sp_rater *rater, const struct sp_usage *usage)
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
  return place == 0 ? NULL : sp__cache_at(rater, place);
}

const struct sp__frame *sp__frame_seen(const struct sp_rater *rater, const struct sp_usage *usage)
{
  const struct sp__plan_set *set = sp__set_seen(rater, usage);
  if (set == NULL) {
    return NULL;
  }
  struct frame_key key = frame_key(rater, set, usage);
  const uint32_t *known = set->known[usage->service != SP_SERVICE_VOICE];
  uint32_t place = known[known_find(known, key.hash)] & PLACE_MASK;
  return place == 0 ? NULL : sp__cache_at(rater, place);
}
