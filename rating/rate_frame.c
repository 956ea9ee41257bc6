/* What does not depend on the time of a record: its frame (book.md §8.2). Made once for all records
 * alike and found ever after: by features alone with what leads to the set of plans, else in a
 * table. */
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

/* Features that no row of the set tells from these: mostly those of its frame made last. */
static uint64_t features_like(struct sp__plan_set *set, uint64_t features)
{
  uint64_t first = sp__features_first(set, features);
  if (set->like_first != first) {
    set->like_first = first;
    set->like_last = 0;
    for (unsigned bit = 0; bit < SP_FEATURE_BITS; bit++) {
      set->like_last |= (first >> set->like[bit] & 1) << bit;
    }
  }
  return set->like_last;
}

/* Place of the frame made; 0: no memory. */
static uint32_t frame_make(struct sp_rater *rater, const struct sp__frame_key *key)
{
  const struct sp_book *book = rater->work.book;
  struct sp__plan_set *set = sp__set_at(rater, key->set);
  struct sp__frame made = {.set = key->set,
                           .dest_node = key->dest_node,
                           .rating_group = key->rating_group,
                           .base = SP__ITEM_NONE,
                           .like = features_like(set, key->features) & SP_FEATURES_ALL};
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

/* Frames with a destination or rating group are searched by the service alone, so that no set need
 * be asked which other features are alike; there are few for each. */
static inline void key_hash(struct sp__frame_key *key, uint64_t first)
{
  bool asks = (key->dest_node | key->rating_group) != 0;
  uint64_t features = asks ? key->features & SP_FEATURES_SERVICE : first;
  uint64_t hash = sp_hash_fold(((uint64_t)key->set << 32 | key->dest_node) ^ SP_HASH_K0,
                               (features + key->rating_group * SP_HASH_K2) ^ SP_HASH_K1);
  key->hash = (uint32_t)(hash >> 32);
}

static inline bool frame_is(const struct sp__frame *frame, const struct sp__frame_key *key)
{
  return frame->set == key->set && (key->features & ~(uint64_t)frame->like) == 0 &&
         frame->dest_node == key->dest_node && frame->rating_group == key->rating_group;
}

/* What stands beside a place: of the hash. */
static inline uint32_t sign_of(uint32_t hash)
{
  return hash & SP__SIGN;
}

/* Where a frame stands in the table of all, or may be put. */
static inline uint32_t *frames_find(const struct sp_rater *rater, const struct sp__frame_key *key)
{
  const struct sp__frames *frames = &rater->frames;
  for (uint32_t at = key->hash;; at++) {
    uint32_t *found = frames->at + (at & (frames->size - 1));
    if (*found == 0 || (sign_of(*found ^ key->hash) == 0 &&
                        frame_is(sp__cache_at(rater, *found & SP__PLACE), key))) {
      return found;
    }
  }
}

/* As it stands in the table. */
static struct sp__frame_key frame_key(const struct sp__frame *frame)
{
  uint64_t first = sp__frame_asked(frame).features;
  struct sp__frame_key key = {.features = first,
                              .set = frame->set,
                              .dest_node = frame->dest_node,
                              .rating_group = frame->rating_group};
  key_hash(&key, first);
  return key;
}

uint32_t sp__frame_hash(const struct sp__frame *frame)
{
  return frame_key(frame).hash;
}

void sp__frames_keep(struct sp_rater *rater, uint32_t place)
{
  struct sp__frame_key key = frame_key(sp__cache_at(rater, place));
  *frames_find(rater, &key) = sign_of(key.hash) | place;
  rater->frames.count++;
}

/* The lead's frame of these features; NULL: it has none. */
static inline struct sp__lead_frame *lead_frame(struct sp__lead *lead, uint64_t features)
{
  for (struct sp__lead_frame *at = lead->frames;
       at < lead->frames + SP__LEAD_FRAMES && at->place != 0; at++) {
    if ((features & ~(uint64_t)at->like) == 0) {
      return at;
    }
  }
  return NULL;
}

/* Into the first line of a lead, and what gives way for it behind; if all is full the oldest there
 * goes. */
static void lead_keep(struct sp__lead *lead, struct sp__lead_frame kept)
{
  unsigned at = 0;
  while (at < SP__LEAD_FRAMES && lead->frames[at].place != 0) {
    at++;
  }
  if (at < SP__LEAD_NEAR) {
    lead->frames[at] = kept;
    return;
  }
  unsigned near = lead->next % SP__LEAD_NEAR;
  unsigned far =
      at < SP__LEAD_FRAMES ? at : SP__LEAD_NEAR + lead->next % (SP__LEAD_FRAMES - SP__LEAD_NEAR);
  lead->frames[far] = lead->frames[near];
  lead->frames[near] = kept;
  lead->next++;
}

/* Does no row ask for more of it than its features? */
static inline bool by_features(const struct sp__lead *lead, const struct sp_usage *usage)
{
  return (usage->dest_node == 0 || !lead->asks_dest) &&
         (usage->rating_group == 0 || !lead->asks_group);
}

/* All but its hash. */
static inline struct sp__frame_key key_of(const struct sp_rater *rater, const struct sp__lead *lead,
                                          const struct sp_usage *usage)
{
  return (struct sp__frame_key){.features = sp_usage_features(usage),
                                .set = lead->set,
                                .dest_node = lead->asks_dest ? dest_alike(rater, usage) : 0,
                                .rating_group = lead->asks_group ? usage->rating_group : 0};
}

bool sp__frame_guess(const struct sp_rater *rater, const struct sp_usage *usage,
                     struct sp__guess *guess)
{
  struct sp__lead *lead = guess->lead;
  if (by_features(lead, usage)) {
    const struct sp__lead_frame *known = lead_frame(lead, sp_usage_features(usage));
    guess->frame = known == NULL ? 0 : known->place;
    return known != NULL;
  }
  guess->key = key_of(rater, lead, usage);
  key_hash(&guess->key, 0);
  sp_line_fetch(rater->frames.at + (guess->key.hash & (rater->frames.size - 1)));
  return false;
}

/* By the sign alone: the frame itself is not there yet. */
bool sp__frame_guess_far(const struct sp_rater *rater, struct sp__guess *guess)
{
  const struct sp__frames *frames = &rater->frames;
  uint32_t at = guess->key.hash, found;
  do {
    found = frames->at[at++ & (frames->size - 1)];
  } while (found != 0 && sign_of(found ^ guess->key.hash) != 0);
  guess->frame = found & SP__PLACE;
  return found != 0;
}

/* Where it does not stand with the lead: in the table of all, or it is made. */
static __attribute__((noinline)) struct sp__frame *frame_seek(struct sp_rater *rater,
                                                              struct sp__lead *lead)
{
  const struct sp_usage *usage = rater->work.usage;
  struct sp__frame_key key = key_of(rater, lead, usage);
  bool asks = (key.dest_node | key.rating_group) != 0;
  key_hash(&key, asks ? 0 : sp__features_first(sp__set_at(rater, key.set), key.features));
  uint32_t place = *frames_find(rater, &key) & SP__PLACE;
  if (place == 0) {
    place = frame_make(rater, &key);
    if (place == 0) {
      return NULL;
    }
    sp__frames_keep(rater, place);
  }
  struct sp__frame *frame = sp__cache_at(rater, place);
  if (by_features(lead, usage)) {
    lead_keep(lead, (struct sp__lead_frame){.like = frame->like, .place = place & SP__PLACE});
  }
  return frame;
}

struct sp__frame *sp__frame_find(struct sp_rater *rater)
{
  struct sp__lead *lead = sp__lead_find(rater);
  if (lead == NULL) {
    return NULL;
  }
  const struct sp_usage *usage = rater->work.usage;
  if (SP_LIKELY(by_features(lead, usage))) {
    struct sp__lead_frame *known = lead_frame(lead, sp_usage_features(usage));
    if (SP_LIKELY(known != NULL)) {
      uint32_t place = known->place;
      if (known >= lead->frames + SP__LEAD_NEAR) { /* nearer, the next one gives way */
        struct sp__lead_frame *near = lead->frames + lead->next++ % SP__LEAD_NEAR, met = *known;
        *known = *near;
        *near = met;
      }
      return sp__cache_at(rater, place);
    }
  }
  return frame_seek(rater, lead);
}
