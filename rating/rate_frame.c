/* What does not depend on the time of a record: its frame (book.md §8.2). Made once for all records
 * alike and found ever after; the places of those found last lie with the set of plans. */
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
  struct sp__met *met;
  const struct sp_book_item *item;
  bool any;
  uint64_t bands; /* that they ask for */
};

static void survey_visit(void *context, const struct sp_book_rule *rule, int length)
{
  struct survey *survey = context;
  struct sp__met *met = survey->met;
  survey->any = true;
  survey->bands |= rule->match.bands;
  if (met->count < SP__MET_MAX) {
    met->rules[met->count].item = survey->item;
    met->rules[met->count].rule = rule;
    met->rules[met->count].length = length;
  }
  met->count++;
}

/* Bands that the plan's rows ask for where the rest of them matches; its items that are priced. */
static uint64_t plan_survey(struct sp_rater *rater, const struct sp_book_plan *plan,
                            const struct sp__asked *key, uint32_t *names, uint32_t *count)
{
  const struct sp_book *book = rater->work.book;
  const struct sp_book_item *item =
      SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at;
  struct survey survey = {.met = &rater->met};
  for (uint32_t i = 0; i < plan->items_count; i++, item++) {
    survey.any = false;
    survey.item = item;
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

/* Names of a frame's items, kept: mostly they are those of the set's first frame, or of its last.
 */
static const uint32_t *names_keep(struct sp_rater *rater, struct sp__plan_set *set,
                                  const uint32_t *names, uint32_t count)
{
  if (set->names_few_count == 0 && count <= SP__NAMES_FEW) {
    memcpy(set->names_few, names, count * sizeof(*names));
    set->names_few_count = (uint8_t)count;
  }
  if (count <= SP__NAMES_FEW && count == set->names_few_count) {
    uint32_t same = 0;
    while (same < count && set->names_few[same] == names[same]) {
      same++;
    }
    if (same == count) {
      return set->names_few;
    }
  }
  size_t bytes = count * sizeof(*names);
  if (set->names == NULL || set->names_count != count || memcmp(set->names, names, bytes) != 0) {
    uint32_t *kept = sp__cache_take(rater, bytes);
    if (kept == NULL) {
      return NULL;
    }
    memcpy(kept, names, bytes);
    set->names = kept;
    set->names_count = (uint8_t)count;
  }
  return set->names;
}

/* Place of the frame made; 0: no memory. */
static uint32_t frame_make(struct sp_rater *rater, const struct sp__frame_key *key)
{
  const struct sp_book *book = rater->work.book;
  struct sp__plan_set *set = sp__set_at(rater, key->set);
  struct sp__frame made = {.set = key->set,
                           .dest_node = key->dest_node,
                           .rating_group = key->rating_group,
                           .hash = (uint32_t)(key->hash >> 32),
                           .base = SP__ITEM_NONE,
                           .features = key->features};
  struct sp__asked asked = sp__frame_asked(&made);
  uint32_t names[SP_BOOK_ITEMS_MAX + 1], count = 0;
  rater->met.frame = NULL;
  rater->met.count = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    if (sp__plan_is_first(set, i)) {
      made.bands |= plan_survey(rater, sp__plan_at(rater, set->plans[i]), &asked, names, &count);
    }
  }
  made.items_count = count > SP_BOOK_ITEMS_MAX ? SP__ITEMS_TOO_MANY : (uint8_t)count;
  const struct sp_book_name *texts = SP_BOOK_TABLE(book, item_names, struct sp_book_name);
  for (uint32_t i = 0; i < count; i++) {
    if (texts[names[i]].length == 4 &&
        memcmp(sp_book_text(book, texts[names[i]]), "base", 4) == 0) {
      made.base = (uint8_t)i;
    }
  }
  made.names = names_keep(rater, set, names, count);
  uint32_t place = 0;
  struct sp__frame *frame =
      made.names == NULL ? NULL : sp__cache_take_lines(rater, sizeof(*frame), &place);
  if (frame == NULL) {
    return 0;
  }
  *frame = made;
  rater->met.frame = rater->met.count <= SP__MET_MAX ? frame : NULL;
  return place;
}

/* The destination node that stands for a record's; explain tells of its own. */
static inline uint32_t dest_alike(const struct sp_rater *rater, const struct sp_usage *usage)
{
  return usage->dest_node == 0 || sp__traced(rater) ? usage->dest_node
                                                    : rater->dests[usage->book][usage->dest_node];
}

/* The usage's features, each value replaced by the one that stands for it. */
static inline unsigned features_alike(const uint64_t *alike, const struct sp_usage *usage)
{
  uint64_t nets = alike[(usage->flags & SP_USAGE_TREE) != 0 ? 2 : 1];
  return usage->service |
         (unsigned)(alike[0] >> (SP__ALIKE_DIRECTION + 2 * usage->direction) & 3)
             << SP__PACKED_DIRECTION |
         (unsigned)(alike[0] >> (SP__ALIKE_ROAM + 3 * usage->roam) & 7) << SP__PACKED_ROAM |
         (unsigned)(alike[0] >> (SP__ALIKE_ZONE + 3 * usage->zone) & 7) << SP__PACKED_ZONE |
         (unsigned)(nets >> SP__ALIKE_NET_BITS * usage->net & 31) << SP__PACKED_NET;
}
_Static_assert(SP_SERVICE_COUNT <= 8 && SP_DIRECTION_CF < 4 && SP_ROAM_COUNT <= 5 &&
                   SP_ZONE_COUNT <= 7 && 2 * SP_NET_COUNT <= 32 &&
                   SP_FEATURE_NET_TREE == SP_FEATURE_NET + SP_NET_COUNT,
               "features fit");

static inline __attribute__((always_inline)) struct sp__frame_key frame_key(
    const struct sp_rater *rater, uint32_t set, const struct sp__known *known,
    const struct sp_usage *usage)
{
  bool dest = (known->alike[0] >> SP__ALIKE_DEST & 1) != 0;
  bool group = (known->alike[0] >> SP__ALIKE_RATING_GROUP & 1) != 0;
  struct sp__frame_key key = {.set = set,
                              .dest_node = dest ? dest_alike(rater, usage) : 0,
                              .rating_group = group ? usage->rating_group : 0,
                              .features = (uint16_t)features_alike(known->alike, usage)};
  key.hash = sp_hash_fold(((uint64_t)key.set << 32 | key.dest_node) ^ SP_HASH_K0,
                          ((uint64_t)key.features << 32 | key.rating_group) ^ SP_HASH_K1);
  return key;
}

static inline bool frame_is(const struct sp__frame *frame, const struct sp__frame_key *key)
{
  return frame->set == key->set && frame->features == key->features &&
         frame->dest_node == key->dest_node && frame->rating_group == key->rating_group;
}

/* What stands beside a place: of the hash. */
static inline uint32_t known_sign(uint64_t hash)
{
  return (uint32_t)(hash >> 32) & SP__SIGN;
}

/* Where a frame stands in the table of all, or may be put. */
static inline uint32_t *frames_find(const struct sp_rater *rater, const struct sp__frame_key *key)
{
  const struct sp__frames *frames = &rater->frames;
  uint32_t hash = (uint32_t)(key->hash >> 32);
  for (uint32_t at = hash;; at++) {
    uint32_t *found = frames->at + (at & (frames->size - 1));
    if (*found == 0 || (((*found ^ hash) & SP__SIGN) == 0 &&
                        frame_is(sp__cache_at(rater, *found & SP__PLACE), key))) {
      return found;
    }
  }
}

/* Where the set does not know it. 0: no memory. */
static __attribute__((noinline)) uint32_t frame_intern(struct sp_rater *rater,
                                                       const struct sp__frame_key *key)
{
  uint32_t *found = frames_find(rater, key);
  if (*found == 0) {
    uint32_t made = frame_make(rater, key);
    if (made == 0) {
      return 0;
    }
    *found = known_sign(key->hash) | made;
    rater->frames.count++;
  }
  return *found & SP__PLACE;
}

#define KNOWN_REACH 4u /* so far from where a hash begins */

/* Where a frame stands among the known ones, or may be put: a frame whose hash has the same sign
 * gives way to it, as does the first within reach if none is free. */
static inline unsigned known_find(const uint32_t *known, uint64_t hash)
{
  unsigned home = (unsigned)((hash & UINT32_MAX) * SP__SET_FRAMES >> 32);
  for (unsigned i = 0; i < KNOWN_REACH; i++) {
    unsigned at = home + i < SP__SET_FRAMES ? home + i : home + i - SP__SET_FRAMES;
    if (known[at] == 0 || (known[at] & SP__SIGN) == known_sign(hash)) {
      return at;
    }
  }
  return home;
}

static inline struct sp__known *known_of(const struct sp_rater *rater, uint32_t set,
                                         const struct sp_usage *usage)
{
  return sp__set_at(rater, set)->known + (usage->service != SP_SERVICE_VOICE);
}

/* What of a usage a frame depends on besides destination, rating group and set: a word. */
static inline uint64_t usage_columns(const struct sp_usage *usage)
{
  uint64_t word;
  memcpy(&word, (const char *)usage + offsetof(struct sp_usage, service), sizeof(word));
  return word;
}
_Static_assert(offsetof(struct sp_usage, flags) == offsetof(struct sp_usage, service) + 7,
               "service, direction, roam, zone, net and flags lie in one word");

void sp__frame_guess(const struct sp_rater *rater, const struct sp_usage *usage,
                     struct sp__guess *guess)
{
  const struct sp__known *known = known_of(rater, guess->key.set, usage);
  guess->key = frame_key(rater, guess->key.set, known, usage);
  uint32_t found = known->frames[known_find(known->frames, guess->key.hash)];
  bool same = (found & SP__SIGN) == known_sign(guess->key.hash);
  guess->frame = same ? found & SP__PLACE : 0;
  if (guess->frame == 0) {
    sp_line_fetch(rater->frames.at + ((guess->key.hash >> 32) & (rater->frames.size - 1)));
  }
  guess->columns = usage_columns(usage);
  guess->dest_node = usage->dest_node;
  guess->rating_group = usage->rating_group;
  guess->book = usage->book;
}

/* By the sign alone: the frame itself is not there yet. */
void sp__frame_guess_far(const struct sp_rater *rater, struct sp__guess *guess)
{
  const struct sp__frames *frames = &rater->frames;
  uint32_t at = (uint32_t)(guess->key.hash >> 32), sign = known_sign(guess->key.hash), found;
  do {
    found = frames->at[at++ & (frames->size - 1)];
  } while (found != 0 && (found & SP__SIGN) != sign);
  guess->frame = found & SP__PLACE;
}

/* A guess may be an earlier record's that lay in the same place. */
static inline bool guess_is(const struct sp__guess *guess, const struct sp_usage *usage,
                            uint32_t set)
{
  return guess->usage == usage && guess->key.set == set && guess->frame != 0 &&
         guess->columns == usage_columns(usage) && guess->dest_node == usage->dest_node &&
         guess->rating_group == usage->rating_group && guess->book == usage->book;
}

struct sp__frame *sp__frame_find(struct sp_rater *rater)
{
  const struct sp_usage *usage = rater->work.usage;
  uint32_t set = sp__set_find(rater);
  if (set == 0) {
    return NULL;
  }
  const struct sp__guess *guess = sp__guess_of(rater, usage);
  if (guess_is(guess, usage, set) && !sp__traced(rater)) {
    struct sp__frame *frame = sp__cache_at(rater, guess->frame);
    if (SP_LIKELY(frame_is(frame, &guess->key))) {
      return frame;
    }
  }
  struct sp__known *known = known_of(rater, set, usage);
  struct sp__frame_key key = frame_key(rater, set, known, usage);
  uint32_t *of = known->frames + known_find(known->frames, key.hash);
  bool same = (*of & SP__SIGN) == known_sign(key.hash); /* else another's: not worth a look */
  uint32_t place = same ? *of & SP__PLACE : 0;
  if (place == 0 || !frame_is(sp__cache_at(rater, place), &key)) {
    place = frame_intern(rater, &key);
    *of = place == 0 ? 0 : known_sign(key.hash) | place;
  }
  return place == 0 ? NULL : sp__cache_at(rater, place);
}
