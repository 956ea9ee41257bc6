#include <stdlib.h>
#include <string.h>

#include "rating/civil.h"
#include "rating/money.h"
#include "rating/number.h"
#include "tools/book_facts.h"
#include "tools/book_words.h"

/* What usual things cost by the rates of one plan alone, over the week: a minute, a message, a
 * megabyte. Bands by the start of the usage; allowances, discounts and other plans come on top. */

struct sample {
  const char *what;
  uint8_t service, zone, net;
  int64_t seconds, bytes, items;
};

static const struct sample samples[] = {
    {"a local minute (own network)", SP_SERVICE_VOICE, SP_ZONE_LOCAL, SP_NET_ONNET, 60, 0, 0},
    {"a local minute (other network)", SP_SERVICE_VOICE, SP_ZONE_LOCAL, SP_NET_MOBILE, 60, 0, 0},
    {"a minute within the group", SP_SERVICE_VOICE, SP_ZONE_LOCAL, SP_NET_GROUP, 60, 0, 0},
    {"a minute within the family", SP_SERVICE_VOICE, SP_ZONE_LOCAL, SP_NET_FAMILY, 60, 0, 0},
    {"a domestic minute", SP_SERVICE_VOICE, SP_ZONE_DOMESTIC, SP_NET_MOBILE, 60, 0, 0},
    {"an international minute", SP_SERVICE_VOICE, SP_ZONE_INTERNATIONAL, SP_NET_FOREIGN, 60, 0, 0},
    {"a message", SP_SERVICE_SMS, SP_ZONE_LOCAL, SP_NET_ONNET, 0, 0, 1},
    {"a megabyte", SP_SERVICE_DATA, SP_ZONE_NONE, SP_NET_NONE, 60, 1048576, 0},
};

static uint64_t sample_features(const struct sample *sample)
{
  unsigned net =
      sample->net + (sample->net == SP_NET_GROUP ? SP_FEATURE_NET_TREE - SP_FEATURE_NET : 0u);
  return sp_features(sample->service, SP_DIRECTION_MO, SP_ROAM_HOME, sample->zone, net);
}

/* The rule of an item for these features and bands; rules with dest or rating_group are for special
 * numbers: left out. */
static const struct sp_book_rule *rule_find(const struct sp_book *book,
                                            const struct sp_book_item *item, uint64_t features,
                                            uint64_t bands)
{
  const struct sp_book_rule *rules =
      SP_BOOK_TABLE(book, rules, struct sp_book_rule) + item->rules_at;
  for (uint32_t i = 0; i < item->rules_plain; i++) {
    const struct sp_book_match *match = &rules[i].match;
    if ((match->refused & features) == 0 && match->groups == 0 &&
        (match->bands == 0 || (match->bands & bands) != 0)) {
      return &rules[i];
    }
  }
  return NULL;
}

/* Price of a quantity by one rule from offset 0. false: does not fit. */
static bool rule_cost(const struct sp_book *book, const struct sp_book_item *item,
                      const struct sp_book_rule *rule, int64_t quantity, int64_t *micro)
{
  const struct sp_book_slot *slots =
      SP_BOOK_TABLE(book, slots, struct sp_book_slot) + rule->slots_at;
  uint32_t slots_count = sp_book_rest(book, rule)->slots_count;
  sp_i128 sum = quantity > 0 ? rule->connect_fee : 0;
  int64_t at = 0;
  for (uint32_t i = 0; i < slots_count && at < quantity; i++) {
    bool last = i + 1 == slots_count || slots[i + 1].from >= quantity;
    int64_t end = last ? quantity : slots[i + 1].from;
    int64_t count = end <= at ? 0 : (end - at - 1) / slots[i].increment + 1;
    sum += (sp_i128)count * slots[i].price;
    at += count * slots[i].increment;
  }
  return sp_money_round(micro, sum, item->denominator, item->digits,
                        (enum sp_rounding)item->rounding);
}

static int64_t sample_quantity(const struct sample *sample, const struct sp_book_item *item)
{
  return item->unit == SP_UNIT_SECOND ? sample->seconds
         : item->unit == SP_UNIT_BYTE ? sample->bytes
                                      : sample->items;
}

/* All items of the plan together. false: no item prices the sample then. */
static bool plan_cost(const struct sp_book *book, const struct sp_book_plan *plan,
                      const struct sample *sample, uint64_t bands, int64_t *micro)
{
  bool priced = false;
  *micro = 0;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_item *item =
        SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at + i;
    const struct sp_book_rule *rule = rule_find(book, item, sample_features(sample), bands);
    int64_t cost;
    if (rule != NULL && rule_cost(book, item, rule, sample_quantity(sample, item), &cost)) {
      priced = true;
      *micro += cost;
    }
  }
  return priced;
}

#define SP_COST_BYTES_MAX 16384

/* "0.20", or "0.20; from 07:00 0.40; from 23:00 0.20" on one kind of day. */
static void day_costs(struct sp_text *text, const struct sp_book *book,
                      const struct sp_book_plan *plan, const struct sample *sample, uint32_t kind)
{
  const uint32_t *starts = SP_BOOK_TABLE(book, span_starts, uint32_t) + kind;
  const struct sp_book_span *spans = SP_BOOK_TABLE(book, spans, struct sp_book_span);
  int64_t former = -2;
  for (uint32_t i = starts[0]; i < starts[1]; i++) {
    int64_t micro;
    micro = plan_cost(book, plan, sample, spans[i].bands, &micro) ? micro : -1;
    if (micro == former) {
      continue;
    }
    if (former != -2) {
      sp_text_add(text, "; from ");
      sp_words_clock(text, spans[i].from_s);
      sp_text_add(text, " ");
    }
    former = micro;
    if (micro < 0) {
      sp_text_add(text, "-");
    } else if (micro == 0) {
      sp_text_add(text, "free");
    } else {
      sp_words_money(text, micro);
    }
  }
}

uint8_t *sp_cost_dest_zones(const struct sp_book *book)
{
  uint8_t *zones = calloc(book->header->dest_names.count + 1, sizeof(*zones));
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  const struct sp_book_prefix *rows = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  struct sp_book_name country = book->header->home_country;
  uint64_t home = sp_number_pack(sp_book_text(book, country), country.length).digits;
  for (uint64_t i = 1; zones != NULL && i < book->header->dest_nodes.count; i++) {
    uint64_t digits = nodes[i].digits;
    uint32_t row = sp_book_find_prefix(book, digits); /* + 1 */
    uint8_t kind = row == 0 ? SP_KIND_NONE : rows[row - 1].kind;
    bool inside = sp_number_head(digits, country.length) == home;
    bool around = sp_number_head(home, sp_number_length(digits)) == digits;
    bool far = row == 0 ? !inside : kind == SP_KIND_INTERNATIONAL;
    bool near = row == 0 ? inside || around : !far && kind != SP_KIND_SERVICE;
    const uint32_t *ids = SP_BOOK_TABLE(book, node_dests, uint32_t) + nodes[i].dests_at;
    for (uint32_t k = 0; k < nodes[i].dests_count; k++) {
      zones[ids[k]] |= (uint8_t)((near ? 1u << SP_ZONE_LOCAL | 1u << SP_ZONE_DOMESTIC : 0u) |
                                 (far ? 1u << SP_ZONE_INTERNATIONAL : 0u));
    }
  }
  return zones;
}

static bool dests_meet(const struct sp_book *book, const struct sp_book_match *match,
                       const uint8_t *dest_zones, uint8_t zone)
{
  const uint32_t *dests = SP_BOOK_LIST(book, match_dests, match->dests);
  for (uint32_t i = 0; match->dests != 0 && i < sp_book_list_count(dests); i++) {
    if ((dest_zones[dests[i] - 1] >> zone & 1u) != 0) {
      return true;
    }
  }
  return match->dests == 0;
}

/* Says what has prices of its own that are not in the cost: numbers of destinations, usage of
 * rating groups. */
static void apart_add(struct sp_text *text, const struct sp_book *book,
                      const struct sp_book_plan *plan, const struct sample *sample,
                      const uint8_t *dest_zones)
{
  bool dests = false;
  bool groups = false;
  for (uint32_t i = 0; i < plan->items_count; i++) {
    const struct sp_book_item *item =
        SP_BOOK_TABLE(book, items, struct sp_book_item) + plan->items_at + i;
    for (uint32_t k = 0; k < item->rules_count && !(dests && groups); k++) {
      const struct sp_book_match *match =
          &SP_BOOK_TABLE(book, rules, struct sp_book_rule)[item->rules_at + k].match;
      if ((match->refused & sample_features(sample)) == 0 &&
          (match->dests != 0 || match->groups != 0) &&
          dests_meet(book, match, dest_zones, sample->zone)) {
        dests = dests || match->dests != 0;
        groups = groups || match->groups != 0;
      }
    }
  }
  sp_text_add(text, dests && groups ? " (destinations and rating groups apart)"
                    : dests         ? " (destinations apart)"
                    : groups        ? " (rating groups apart)"
                                    : "");
}

static bool sample_add(struct sp_facts *facts, const struct sp_book *book,
                       const struct sp_book_plan *plan, const char *name,
                       const struct sample *sample, const char *what)
{
  char costs[21][SP_COST_BYTES_MAX];
  uint32_t done = 0;
  for (uint32_t kind = 0; kind < 21; kind++) {
    struct sp_text text = SP_TEXT_INIT(costs[kind]);
    costs[kind][0] = '\0';
    day_costs(&text, book, plan, sample, kind);
  }
  for (uint32_t kind = 0; kind < 21; kind++) {
    char about[SP_COST_BYTES_MAX];
    struct sp_text text = SP_TEXT_INIT(about);
    uint32_t alike = 0;
    if ((done >> kind & 1u) != 0 || strcmp(costs[kind], "-") == 0) {
      continue;
    }
    for (uint32_t other = kind; other < 21; other++) {
      alike |= strcmp(costs[kind], costs[other]) == 0 ? 1u << other : 0;
    }
    done |= alike;
    sp_text_add(&text, what);
    sp_text_add(&text, ", ");
    sp_words_days(&text, alike);
    if (!sp_facts_add(facts, SP_FACT_COST, name, about, costs[kind], 0)) {
      return false;
    }
  }
  return true;
}

bool sp_facts_add_costs(struct sp_facts *facts, const struct sp_book *book,
                        const struct sp_book_plan *plan, const char *name,
                        const uint8_t *dest_zones)
{
  for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
    bool inside = samples[i].net == SP_NET_GROUP || samples[i].net == SP_NET_FAMILY;
    if (inside && plan->kind != SP_PLAN_GROUP && plan->kind != SP_PLAN_FAMILY) {
      continue;
    }
    char what[128] = "";
    struct sp_text text = SP_TEXT_INIT(what);
    sp_text_add(&text, samples[i].what);
    if (dest_zones != NULL) {
      apart_add(&text, book, plan, &samples[i], dest_zones);
    }
    if (!sample_add(facts, book, plan, name, &samples[i], what)) {
      return false;
    }
  }
  return true;
}
